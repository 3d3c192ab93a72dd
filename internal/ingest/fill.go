package ingest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// row makes a customer of one record. What is wrong names the column.
func (m *Map) row(t *table, record []string, vars map[string]any) (Row, *fault.Error) {
	for _, c := range m.Columns {
		value := record[t.index[c]]
		if _, err := customer.CheckText(c, value, 10_000, true); err != nil {
			return Row{}, err
		}
		if t.latin1 && strings.ContainsRune(value, '\uFFFD') {
			return Row{}, fault.New(fault.Invalid, "field.text").On(c)
		}
	}
	for v, column := range m.variables {
		vars[v] = record[t.index[column]]
	}
	f := filler{m: m, row: Row{
		Existing: m.Existing, Only: m.fills,
		Customer:     customer.Customer{Kind: customer.Person, Consumer: true},
		Contact:      customer.Contact{Role: customer.Owner},
		Subscription: customer.Subscription{Interval: customer.Monthly, Status: customer.Active},
		Grant:        customer.Grant{Kind: "login", Status: customer.Granted},
		Balance:      customer.Balance{Kind: customer.Invoice, Status: customer.Due},
	}, engagement: customer.Subscription{Interval: customer.Monthly, Status: customer.Active}}
	f.row.Departure.Interval = customer.Monthly
	for _, s := range m.sources {
		value := s.constant
		switch {
		case s.column != "":
			value = record[t.index[s.column]]
		case s.expr != nil:
			var err error
			if value, err = s.expr.Eval(vars); err != nil {
				return f.row, fault.New(fault.Invalid, "csv.expression", "what", err.Error()).On(s.field)
			}
		}
		value = strings.TrimSpace(value)
		f.there[s.group] = f.there[s.group] || value != "" && s.constant == ""
		f.values = append(f.values, value)
	}
	for i, s := range m.sources {
		if s.group != customerGroup && !f.there[s.group] {
			continue
		}
		if err := f.set(s.field, f.values[i]); err != nil {
			if err.Field == "" {
				err = err.On(s.field)
			}
			return f.row, err
		}
	}
	return f.row, f.finish()
}

// filler fills a row field by field.
type filler struct {
	m                       *Map
	row                     Row
	values                  []string
	there                   [groups]bool // a group whose columns are all empty is not there
	amount                  string       // of the subscription, until its currency is known
	sum                     string       // of the balance
	prices                  string       // later ones of the contract
	fee, given, taxed, used string       // of the contract, and of the balance

	engagement customer.Subscription
	price      string // of the engagement
	paid       string // of the departure
	renewal    string // of the thing
}

// choice takes one of the known values; nothing leaves what is there.
func choice[T ~string](into *T, value string, known ...T) *fault.Error {
	if value == "" {
		return nil
	}
	if i := slices.Index(known, T(value)); i >= 0 {
		*into = known[i]
		return nil
	}
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	return fault.New(fault.Invalid, "csv.choice", "value", short(value), "known", strings.Join(words, ", "))
}

func (f *filler) set(field, value string) *fault.Error {
	r := &f.row
	if system, ok := strings.CutPrefix(field, externalPrefix); ok {
		if value != "" {
			r.External = append(r.External, customer.ExternalID{System: system, Value: value})
		}
		return nil
	}
	switch field {
	case "customer.reference":
		r.Customer.Reference = value
	case "customer.name":
		r.Customer.Name = value
	case "customer.kind":
		return choice(&r.Customer.Kind, value, customer.Person, customer.Organisation)
	case "customer.consumer":
		return truth(&r.Customer.Consumer, value)
	case "customer.country":
		r.Customer.Country = value
	case "customer.region":
		r.Customer.Region = value
	case "customer.language":
		r.Customer.Language = value
	case "customer.segment":
		r.Customer.Segment = value
	case "contact.name":
		r.Contact.Name = value
	case "contact.email":
		r.Contact.Email = value
	case "contact.role":
		return choice(&r.Contact.Role, value, customer.Roles...)
	case "contact.language":
		r.Contact.Language = value
	case "subscription.reference":
		r.Subscription.Reference = value
	case "subscription.product":
		r.Subscription.Product = value
	case "subscription.plan":
		r.Subscription.Plan = value
	case "subscription.amount":
		f.amount = value
	case "subscription.currency":
		r.Subscription.Amount.Currency = strings.ToUpper(value)
	case "subscription.interval":
		return choice(&r.Subscription.Interval, value, customer.Intervals...)
	case "subscription.start":
		return f.date(&r.Subscription.Start, value)
	case "subscription.paid_until":
		return f.date(&r.Subscription.PaidUntil, value)
	case "subscription.term_end":
		return f.date(&r.Subscription.TermEnd, value)
	case "subscription.renews_on":
		return f.date(&r.Subscription.RenewsOn, value)
	case "subscription.lock_in_until":
		return f.date(&r.Subscription.LockIn, value)
	case "subscription.notice_days":
		return wholeNumber(&r.Subscription.Notice, value)
	case "subscription.not_renewed":
		return truth(&r.Subscription.NotRenewed, value)
	case "subscription.status":
		return choice(&r.Subscription.Status, value, customer.Statuses...)
	case "subscription.tax_percent":
		return percent(&r.Subscription.Terms.Tax.Rate, value)
	case "subscription.tells_users":
		return truth(&r.Subscription.Terms.TellsUsers, value)
	case "subscription.tax_on_top":
		return truth(&r.Subscription.Terms.Tax.OnTop, value)
	case "subscription.trial_until":
		return f.date(&r.Subscription.Terms.Trial, value)
	case "subscription.minimum_until":
		return f.date(&r.Subscription.Terms.Minimum, value)
	case "subscription.later_prices":
		f.prices = value
	case "subscription.exit_fee":
		return choice(&r.Subscription.Terms.ExitFee.Kind, value, customer.FeeKinds...)
	case "subscription.exit_fee_for":
		r.Subscription.Terms.ExitFee.For = value
	case "subscription.exit_fee_from":
		return f.date(&r.Subscription.Terms.ExitFee.From, value)
	case "subscription.exit_fee_amount":
		f.fee = value
	case "subscription.exit_fee_percent":
		return wholeNumber(&r.Subscription.Terms.ExitFee.Percent, value)
	case "subscription.benefit_amount":
		f.given = value
	case "engagement.reference":
		f.engagement.Reference = value
	case "engagement.kind":
		return choice(&f.engagement.Engagement.Kind, value, customer.EngagementKinds...)
	case "engagement.title":
		f.engagement.Product = value
	case "engagement.amount":
		f.price = value
	case "engagement.currency":
		f.engagement.Amount.Currency = strings.ToUpper(value)
	case "engagement.interval":
		return choice(&f.engagement.Interval, value, customer.Intervals...)
	case "engagement.start":
		return f.date(&f.engagement.Start, value)
	case "engagement.end":
		return f.date(&f.engagement.TermEnd, value)
	case "engagement.paid_until":
		return f.date(&f.engagement.PaidUntil, value)
	case "engagement.notice_days":
		return wholeNumber(&f.engagement.Notice, value)
	case "engagement.billed":
		return choice(&f.engagement.Engagement.Billed, value, customer.Invoicings...)
	case "engagement.status":
		return choice(&f.engagement.Status, value, customer.Statuses...)
	case "deliverable.title":
		r.Deliverable.Title = value
	case "deliverable.due":
		return f.date(&r.Deliverable.Due, value)
	case "deliverable.delivered":
		return f.date(&r.Deliverable.Delivered, value)
	case "deliverable.version":
		r.Deliverable.Piece.Version = value
	case "deliverable.format":
		r.Deliverable.Piece.Format = value
	case "deliverable.sha256":
		r.Deliverable.Piece.SHA256 = value
	case "departure.on":
		return f.date(&r.Departure.On, value)
	case "departure.since":
		return f.date(&r.Departure.Since, value)
	case "departure.reason":
		r.Departure.Reason, r.Departure.Said = value, value
		if code, ok := f.m.reasons[strings.ToLower(value)]; ok {
			r.Departure.Reason = code
		}
	case "departure.competitor":
		r.Departure.Competitor = value
	case "departure.words":
		r.Departure.Words = value
	case "departure.contract":
		r.Departure.Contract = value
	case "departure.product":
		r.Departure.Product = value
	case "departure.amount":
		f.paid = value
	case "departure.currency":
		r.Departure.Amount.Currency = strings.ToUpper(value)
	case "departure.interval":
		return choice(&r.Departure.Interval, value, customer.Prices...)
	case "grant.system":
		r.Grant.System = value
	case "grant.account":
		r.Grant.Account = value
	case "grant.kind":
		return choice(&r.Grant.Kind, value, customer.GrantKinds...)
	case "grant.depends_on":
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				r.Grant.DependsOn = append(r.Grant.DependsOn, name)
			}
		}
	case "grant.status":
		return choice(&r.Grant.Status, value, customer.Granted, customer.Revoked)
	case "grant.ours":
		return truth(&r.Grant.Ours, value)
	case "asset.reference":
		r.Asset.Reference = value
	case "asset.kind":
		r.Asset.Kind = value
	case "asset.name":
		r.Asset.Name = value
	case "asset.location":
		r.Asset.Location = value
	case "asset.owner":
		return choice(&r.Asset.Owner, value, customer.Ownerships...)
	case "asset.renews_on":
		return f.date(&r.Asset.RenewsOn, value)
	case "asset.renewal_amount":
		f.renewal = value
	case "asset.renewal_currency":
		r.Asset.Renewal.Currency = strings.ToUpper(value)
	case "asset.payer":
		return choice(&r.Asset.Payer, value, customer.Payers...)
	case "balance.reference":
		r.Balance.Reference = value
	case "balance.kind":
		return choice(&r.Balance.Kind, value, customer.BalanceKinds...)
	case "balance.about":
		r.Balance.About = value
	case "balance.amount":
		f.sum = value
	case "balance.currency":
		r.Balance.Amount.Currency = strings.ToUpper(value)
	case "balance.due_on":
		return f.date(&r.Balance.DueOn, value)
	case "balance.pay_url":
		r.Balance.PayURL = value
	case "balance.contracts":
		var wrong *fault.Error
		r.Balance.Billed.Contracts, wrong = customer.ParseShares(value)
		return wrong
	case "balance.from":
		return f.date(&r.Balance.Billed.From, value)
	case "balance.until":
		return f.date(&r.Balance.Billed.Until, value)
	case "balance.status":
		return choice(&r.Balance.Status, value, customer.Due, customer.Paid, customer.Void)
	case "balance.tax_amount":
		f.taxed = value
	case "balance.contract":
		r.Balance.Used.Contract = value
	case "balance.quantity":
		return wholeNumber(&r.Balance.Used.Quantity, value)
	case "balance.free":
		return wholeNumber(&r.Balance.Used.Free, value)
	case "balance.unit":
		r.Balance.Used.Unit = value
	case "balance.per":
		return wholeNumber(&r.Balance.Used.Per, value)
	case "balance.price":
		f.used = value
	case "balance.tax_percent":
		return percent(&r.Balance.Used.Tax.Rate, value)
	case "balance.tax_on_top":
		return truth(&r.Balance.Used.Tax.OnTop, value)
	default:
		return fault.New(fault.Internal, "internal").At("ingest.set", fmt.Errorf("no field %s", field))
	}
	return nil
}

// money reads an amount in the currency that it already has.
func (f *filler) money(into *money.Amount, value string) *fault.Error {
	digits, err := money.Digits(into.Currency)
	if err != nil {
		return fault.New(fault.Invalid, "field.currency").On("currency")
	}
	decimal := value
	if f.m.decimal != "" {
		decimal = text.Decimal(f.m.decimal, value, digits)
	}
	a, err := money.Parse(decimal, into.Currency)
	if err != nil {
		return fault.New(fault.Invalid, "csv.amount", "value", short(value), "currency", into.Currency).At("ingest", err).On("amount")
	}
	*into = a
	return nil
}

func (f *filler) date(into *when.Date, value string) *fault.Error {
	if value == "" {
		return nil
	}
	d, err := when.ParseDateAs(value, f.m.dates)
	if err != nil { // expressions yield 2026-03-31
		d, err = when.ParseDate(value)
	}
	if err != nil {
		return fault.New(fault.Invalid, "csv.date", "value", short(value), "form", f.m.dates)
	}
	*into = d
	return nil
}

func truth(into *bool, value string) *fault.Error {
	switch value {
	case "true", "false":
		*into = value == "true"
	case "":
	default:
		return fault.New(fault.Invalid, "csv.choice", "value", short(value), "known", "true, false")
	}
	return nil
}

// wholeNumber reads digits; nothing leaves what is there.
func wholeNumber[T int | int64](into *T, value string) *fault.Error {
	if value == "" {
		return nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return fault.New(fault.Invalid, "csv.whole_number", "value", short(value))
	}
	*into = T(n)
	return nil
}

// percent reads hundredths of a percent; nothing leaves what is there.
func percent(into *int64, value string) (err *fault.Error) {
	if value != "" {
		*into, err = customer.ParsePercent(value)
	}
	return err
}

// part reads a further sum of a record, in the currency of the record; nothing
// is no sum.
func (f *filler) part(into *int64, value, currency, field string) *fault.Error {
	if value == "" {
		return nil
	}
	a := money.Amount{Currency: currency}
	if err := f.money(&a, value); err != nil {
		return err.On(field)
	}
	*into = a.Minor
	return nil
}

// finish checks what only the whole row can show, and clears what the row does
// not have.
func (f *filler) finish() *fault.Error {
	r := &f.row
	if r.Existing {
		if r.Customer.Reference == "" {
			return fault.New(fault.Invalid, "field.required").On("customer.reference")
		}
	} else if l := r.Customer.Tidy(); len(l) > 0 {
		return l.Under("customer")[0]
	}
	for i := range r.External {
		if l := r.External[i].Tidy(); len(l) > 0 {
			return l[0].On(externalPrefix + r.External[i].System)
		}
	}
	for _, g := range []struct {
		group group
		name  string
		tidy  func() fault.List
		clear func()
	}{
		{contactGroup, "contact", r.Contact.Tidy, func() { r.Contact = customer.Contact{} }},
		{subscriptionGroup, "subscription", func() fault.List {
			if err := f.money(&r.Subscription.Amount, f.amount); err != nil {
				return fault.List{err}
			}
			fee, currency := &r.Subscription.Terms.ExitFee, r.Subscription.Amount.Currency
			if err := f.part(&fee.Sum, f.fee, currency, "exit_fee_amount"); err != nil {
				return fault.List{err}
			}
			if err := f.part(&fee.Given, f.given, currency, "benefit_amount"); err != nil {
				return fault.List{err}
			}
			var wrong *fault.Error
			if r.Subscription.Terms.Prices, wrong = customer.ParsePrices(f.prices, currency); wrong != nil {
				return fault.List{wrong.On("later_prices")}
			}
			return r.Subscription.Tidy()
		}, func() { r.Subscription = customer.Subscription{} }},
		{engagementGroup, "engagement", f.engaged, func() {}},
		{deliverableGroup, "deliverable", func() fault.List {
			if !r.Subscription.Engaged() {
				return fault.List{fault.New(fault.Invalid, "deliverable.no_engagement").On("title")}
			}
			return r.Deliverable.Tidy()
		}, func() { r.Deliverable = customer.Deliverable{} }},
		{departureGroup, "departure", f.left, func() {}},
		{grantGroup, "grant", r.Grant.Tidy, func() { r.Grant = customer.Grant{} }},
		{assetGroup, "asset", f.asset, func() { r.Asset = customer.Asset{} }},
		{balanceGroup, "balance", func() fault.List {
			b := &r.Balance
			if f.sum != "" || f.used == "" { // what is counted needs no sum
				if err := f.money(&b.Amount, f.sum); err != nil {
					return fault.List{err}
				}
			}
			if err := f.part(&b.Tax, f.taxed, b.Amount.Currency, "tax_amount"); err != nil {
				return fault.List{err}
			}
			if err := f.part(&b.Used.Price, f.used, b.Amount.Currency, "price"); err != nil {
				return fault.List{err}
			}
			return b.Tidy()
		}, func() { r.Balance = customer.Balance{} }},
	} {
		if !f.there[g.group] {
			g.clear()
		} else if l := g.tidy(); len(l) > 0 {
			return l.Under(g.name)[0]
		}
	}
	return nil
}

// engaged makes the engagement of the row its contract.
func (f *filler) engaged() fault.List {
	s := &f.engagement
	if f.there[subscriptionGroup] {
		return fault.List{fault.New(fault.Invalid, "csv.two_contracts").On("reference")}
	}
	if s.Engagement.Kind == "" {
		return fault.List{fault.New(fault.Invalid, "field.required").On("kind")}
	}
	if err := f.money(&s.Amount, f.price); err != nil {
		return fault.List{err}
	}
	l := s.Tidy()
	for i, e := range l { // a map has other words for what both are
		if field, ok := map[string]string{"product": "title", "engagement": "kind", "term_end": "end"}[e.Field]; ok {
			l[i] = e.On(field)
		}
	}
	f.row.Subscription = *s
	return l
}

// asset checks the thing of the row.
func (f *filler) asset() fault.List {
	a := &f.row.Asset
	if err := f.part(&a.Renewal.Minor, f.renewal, a.Renewal.Currency, "renewal_amount"); err != nil {
		return fault.List{err}
	}
	return a.Tidy()
}

// left checks the departure of the row.
func (f *filler) left() fault.List {
	d := &f.row.Departure
	var l fault.List
	for field, s := range map[string]*string{"competitor": &d.Competitor, "words": &d.Words, "contract": &d.Contract, "product": &d.Product, "reason": &d.Reason} {
		clean, err := customer.CheckText(field, *s, map[string]int{"words": 2000}[field]+200, field == "words")
		if *s = clean; err != nil {
			l = append(l, err)
		}
	}
	if d.On.IsZero() {
		l = append(l, fault.New(fault.Invalid, "field.required").On("on"))
	} else if !d.Since.IsZero() && d.On.Before(d.Since) {
		l = append(l, fault.New(fault.Invalid, "date.before_start").On("on"))
	}
	if f.paid == "" {
		d.Amount = money.Amount{}
		return l
	}
	if err := f.money(&d.Amount, f.paid); err != nil {
		return append(l, err)
	}
	if d.Amount.Minor < 0 {
		l = append(l, fault.New(fault.Invalid, "field.invalid").On("amount"))
	}
	return l
}
