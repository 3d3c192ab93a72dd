package console

import (
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// termFields are the fields of the terms of a contract, in their order.
var termFields = []string{
	"tax_percent", "tax_on_top", "trial_until", "minimum_until", "later_prices", "exit_fee", "exit_fee_for", "exit_fee_from", "exit_fee_amount", "exit_fee_percent", "benefit_amount", "tells_users",
}

// termsWere are the terms of a contract as its form shows them.
func termsWere(lang string, s customer.Subscription) map[string]string {
	t := s.Terms
	sum := func(minor int64) string {
		if minor == 0 {
			return ""
		}
		return text.Typed(lang, money.Amount{Minor: minor, Currency: s.Amount.Currency})
	}
	percent := func(n int64) string {
		if n == 0 {
			return ""
		}
		return customer.Percent(n)
	}
	return map[string]string{
		"subscription.tax_percent": percent(t.Tax.Rate), "subscription.tax_on_top": map[bool]string{false: "no", true: "yes"}[t.Tax.OnTop],
		"subscription.trial_until": t.Trial.String(), "subscription.exit_fee": string(t.ExitFee.Kind), "subscription.exit_fee_for": t.ExitFee.For,
		"subscription.exit_fee_from": t.ExitFee.From.String(), "subscription.exit_fee_amount": sum(t.ExitFee.Sum),
		"subscription.exit_fee_percent": percent(t.ExitFee.Percent * 100), "subscription.benefit_amount": sum(t.ExitFee.Given),
		"subscription.minimum_until": t.Minimum.String(), "subscription.later_prices": customer.PricesText(t.Prices, s.Amount.Currency),
		"subscription.tells_users": map[bool]string{false: "no", true: "yes"}[t.TellsUsers],
	}
}

// termsOpen reports whether the terms of a form are shown at once: because they say
// something, or because something in them is wrong.
func (v customerPageView) termsOpen(form string, r thingRow) bool {
	return slices.ContainsFunc(termFields, func(f string) bool {
		name := "subscription." + f
		was := r.Was[name]
		return was != "" && was != "no" || v.refused(form, r.ID) && v.Errors[name] != ""
	})
}

// feeKinds are the ways in which leaving early is charged.
func (v customerPageView) feeKinds() []option {
	out := []option{{"", v.word("subscription.exit_fee.none")}}
	for _, k := range customer.FeeKinds {
		out = append(out, option{string(k), v.word("subscription.exit_fee." + string(k))})
	}
	return out
}

// contracts are those that something can have been used of.
func (v customerPageView) contracts() []option {
	return append([]option{{"", v.word("use.contract.none")}}, v.Contracts...)
}

// counted says how a sum of use came about, and what an invoice or a credit note is
// for; nothing for any other.
func (v customerPageView) counted(b customer.Balance) string {
	if b.Billed != (customer.Billed{}) {
		return v.billed(b.Billed)
	}
	u := b.Used
	if b.Kind != customer.Usage || u.Quantity == 1 && u.Unit == "" {
		return ""
	}
	code := "use.line"
	if u.Free > 0 {
		code = "use.line.free"
	}
	return v.word(code, "quantity", text.Number(v.Lang, u.Quantity), "unit", u.Unit, "free", text.Number(v.Lang, u.Free),
		"price", text.Money(v.Lang, money.Amount{Minor: u.Price, Currency: b.Amount.Currency}), "per", text.Number(v.Lang, u.Per))
}

// billed says what contracts a bill is of, and for which days.
func (v customerPageView) billed(b customer.Billed) string {
	of := customer.SharesText(b.Contracts)
	if b.From.IsZero() {
		return v.word("balance.of", "contracts", of)
	}
	return v.word("balance.of.days", "contracts", of, "from", b.From, "until", b.Until)
}

// readTerms reads the terms of a contract with a currency, and what in them cannot
// be read.
func (v *visit) readTerms(currency string) (t customer.Terms, wrong fault.List) {
	f := func(name string) string { return strings.TrimSpace(v.form.Get("subscription." + name)) }
	refuse := func(e *fault.Error, field string) {
		if e != nil {
			wrong = append(wrong, e.On(field))
		}
	}
	percent := func(field string) (n int64) {
		if s := f(field); s != "" {
			var e *fault.Error
			n, e = customer.ParsePercent(s)
			refuse(e, field)
		}
		return n
	}
	sum := func(field string) int64 {
		if f(field) == "" {
			return 0
		}
		a, e := readAmount(v.lang, f(field), currency)
		if refuse(e, field); e != nil {
			return 0
		}
		return a.Minor // what is below zero is refused with its place
	}
	for field, day := range map[string]*when.Date{"trial_until": &t.Trial, "minimum_until": &t.Minimum, "exit_fee_from": &t.ExitFee.From} {
		if s := f(field); s != "" {
			var err error
			if *day, err = when.ParseDate(s); err != nil {
				refuse(fault.New(fault.Invalid, "date.unreadable"), field)
			}
		}
	}
	t.Tax.Rate, t.Tax.OnTop = percent("tax_percent"), f("tax_on_top") == "yes"
	var unread *fault.Error
	t.Prices, unread = customer.ParsePrices(f("later_prices"), currency)
	refuse(unread, "later_prices")
	t.TellsUsers = f("tells_users") == "yes"
	t.ExitFee.Kind, t.ExitFee.For = customer.FeeKind(f("exit_fee")), f("exit_fee_for")
	t.ExitFee.Sum, t.ExitFee.Given = sum("exit_fee_amount"), sum("benefit_amount")
	if n := percent("exit_fee_percent"); n%100 != 0 {
		refuse(fault.New(fault.Invalid, "field.invalid"), "exit_fee_percent")
	} else {
		t.ExitFee.Percent = n / 100
	}
	return t, wrong
}

// patchTerms changes all terms to those of a form.
func patchTerms(t customer.Terms) app.TermsPatch {
	return app.TermsPatch{
		TaxRate: &t.Tax.Rate, TaxOnTop: &t.Tax.OnTop, Trial: &t.Trial, Fee: &t.ExitFee.Kind, FeeFor: &t.ExitFee.For, FeeFrom: &t.ExitFee.From,
		FeeSum: &t.ExitFee.Sum, FeePercent: &t.ExitFee.Percent, Given: &t.ExitFee.Given, TellsUsers: &t.TellsUsers, Minimum: &t.Minimum, Prices: &t.Prices,
	}
}

// addUse notes what was used and is not billed.
func (v *visit) addUse(c customer.ID) error {
	f := func(name string) string { return strings.TrimSpace(v.form.Get("use." + name)) }
	price, e := readAmount(v.lang, f("price"), f("currency"))
	var wrong fault.List
	if e != nil {
		wrong = append(wrong, e.On("price"))
	}
	b := customer.Balance{
		Customer: c, Reference: f("reference"), Kind: customer.Usage, About: f("about"), Amount: money.Amount{Currency: price.Currency},
		Used: customer.Used{Contract: f("contract"), Unit: f("unit"), Price: price.Minor, Tax: customer.Tax{OnTop: f("tax_on_top") == "yes"}},
	}
	for field, n := range map[string]*int64{"quantity": &b.Used.Quantity, "free": &b.Used.Free, "per": &b.Used.Per} {
		s := f(field)
		if s == "" && field != "quantity" {
			continue
		}
		var err error
		if *n, err = strconv.ParseInt(s, 10, 64); err != nil || *n < 0 {
			wrong = append(wrong, fault.New(fault.Invalid, "number.unreadable").On(field))
		}
	}
	if s := f("tax_percent"); s != "" {
		if b.Used.Tax.Rate, e = customer.ParsePercent(s); e != nil {
			wrong = append(wrong, e.On("tax_percent"))
		}
	}
	if len(wrong) > 0 && v.actor.May("statement") {
		return wrong.Under("use")
	}
	_, err := v.App.AddBalance(v.r.Context(), v.actor, b)
	if l := fault.Fields(err); len(l) > 0 { // the same fields by another name
		out := make(fault.List, len(l))
		for i, x := range l {
			out[i] = x.On("use." + strings.TrimPrefix(x.Field, "balance."))
		}
		return out
	}
	return err
}
