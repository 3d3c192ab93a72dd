package app_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/settlement"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// lineOf is the line of a kind of the only section of a statement.
func lineOf(t *testing.T, s app.Statement, k settlement.Kind) settlement.Line {
	t.Helper()
	if len(s.Sections) == 1 {
		for _, l := range s.Sections[0].Lines {
			if l.Kind == k {
				return l
			}
		}
	}
	t.Fatalf("no line of %s in %+v", k, s.Sections)
	return settlement.Line{}
}

// What a contract on record says about its tax, leaving early and its use is what
// the statement asks, and no more than the law lets it ask; what it asks for leaving
// is noted once, and void where the departure is taken back.
func TestTheTermsOnRecordAreWhatTheStatementAsks(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, unwatched)
		ctx := t.Context()
		today := w.today(t)
		email := "marta@terminos.example"
		cus, err := w.AddCustomer(ctx, agent, app.CustomerInput{
			Kind: customer.Organisation, Name: "Marta", Reference: "TERMS", Country: "US", Language: "es", Contacts: []app.ContactInput{{Name: "Marta", Email: email, Role: customer.Owner}},
		})
		must(t, err)
		// 400 days were agreed for a device of 200,00; 100 are over today.
		line := app.SubscriptionInput{
			Customer: cus, Reference: "TERMS-1", Product: "Faro", Amount: eur(3000), Interval: customer.Monthly, Start: today.AddDays(-99), LockIn: today.AddDays(300),
			PaidUntil: today.AddDays(5), Terms: customer.Terms{Tax: customer.Tax{Rate: 2100}, ExitFee: customer.ExitFee{Kind: customer.BenefitFee, For: "Router", Sum: 20000}},
		}
		sub, err := w.AddSubscription(ctx, agent, line)
		must(t, err)
		use := customer.Balance{Customer: cus, Reference: "USE-1", Kind: customer.Usage, About: "Envíos", Amount: eur(0), Used: customer.Used{
			Contract: "TERMS-1", Quantity: 1500, Free: 1000, Unit: "envíos", Per: 100, Price: 250, Tax: customer.Tax{Rate: 2100, OnTop: true},
		}}
		_, err = w.AddBalance(ctx, finance, use)
		must(t, err)
		_, err = w.AddBalance(ctx, finance, use)
		code(t, err, "inventory.taken")
		_, err = w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "F-1", Kind: customer.Invoice, About: "Octubre", Amount: eur(1210), Tax: 210})
		must(t, err)

		now := w.preview(t, cus).Now
		fee := lineOf(t, now, settlement.LineFee)
		if fee.Amount != eur(-15000) || fee.Tax != -2603 || fee.Quantity != 300 || fee.Of != 400 || fee.What != "Router" {
			t.Errorf("the fee: %+v", fee)
		}
		if l := lineOf(t, now, settlement.LineUsage); l.Amount != eur(-1512) || l.Tax != -262 || l.Quantity != 500 {
			t.Errorf("the use: %+v", l)
		}
		if l := lineOf(t, now, settlement.LineInvoice); l.Amount != eur(-1210) || l.Tax != -210 {
			t.Errorf("the invoice: %+v", l)
		}

		c, _ := w.leaves(t, email, "now")
		must(t, w.SignStatement(ctx, finance, c))
		fees := func(status customer.BalanceStatus) []customer.Balance {
			v, err := w.OpenCustomer(ctx, agent, cus)
			must(t, err)
			return slices.DeleteFunc(v.Balances, func(b customer.Balance) bool { return b.Kind != customer.Fee || b.Status != status })
		}
		if f := fees(customer.Due); len(f) != 1 || f[0].Amount != eur(15000) || f[0].Tax != 2603 || w.logged(t, "fee.noted") != 1 {
			t.Fatalf("noted: %+v", f)
		}
		// It stands in the statement by its arithmetic, not a second time as a sum.
		if total := w.statement(t, c).Doc.Sections[0].Total; total != eur(-15000-1512-1210) {
			t.Errorf("the total is %s", total)
		}
		must(t, w.UndoByStaff(ctx, agent, c))
		if f := fees(customer.Due); len(f) != 0 || len(fees(customer.Void)) != 1 {
			t.Errorf("after the departure was taken back: %+v", f)
		}

		// Changed, the terms are read back, and who changed what is in the log.
		none := customer.FeeKind("")
		code(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: cus, Subscription: sub, Terms: app.TermsPatch{Fee: &none}}), "field.required")
		nothing, zero := "", int64(0)
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: cus, Subscription: sub, Terms: app.TermsPatch{Fee: &none, FeeFor: &nothing, FeeSum: &zero}}))
		v, err := w.OpenCustomer(ctx, agent, cus)
		must(t, err)
		i := slices.IndexFunc(v.Lines, func(s customer.Subscription) bool { return s.ID == sub })
		if v.Lines[i].Terms != (customer.Terms{Tax: customer.Tax{Rate: 2100}}) {
			t.Errorf("the terms are %+v", v.Lines[i].Terms)
		}
		w.verifyLog(t)
	})
}

// A consumer in Spain is asked for no more than what was given for staying, in
// proportion; where nobody recorded what that was, for nothing, and finance is told
// what to look up.
func TestTheLawCapsWhatTheContractAsks(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, unwatched)
		ctx, today := t.Context(), w.today(t)
		for _, x := range []struct {
			name  string
			given int64
			want  int64
		}{{"CAP-KNOWN", 10000, 7500}, {"CAP-UNKNOWN", 0, 0}} {
			cus, _ := w.buyer(t, x.name, "ES", 40)
			_, err := w.AddSubscription(ctx, agent, app.SubscriptionInput{
				Customer: cus, Reference: x.name + "-T", Product: "Fibra", Amount: eur(3000), Interval: customer.Monthly, Start: today.AddDays(-99), LockIn: today.AddDays(300), PaidUntil: today.AddDays(2),
				Terms: customer.Terms{ExitFee: customer.ExitFee{Kind: customer.FixedFee, Sum: 50000, Given: x.given}},
			})
			must(t, err)
			var asked int64
			for _, s := range w.preview(t, cus).Now.Sections {
				for _, l := range s.Lines {
					if l.Kind == settlement.LineFee {
						asked -= l.Amount.Minor
						if l.By.Cite == "" {
							t.Errorf("%s: no law is named", x.name)
						}
					}
				}
			}
			if asked != x.want {
				t.Errorf("%s: %d are asked, not %d", x.name, asked, x.want)
			}
		}
	})
}

// On trial nothing was paid: nothing comes back, and nothing is asked for the free days.
func TestATrialCostsNothing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, unwatched)
		ctx, today := t.Context(), w.today(t)
		email := "prueba@gratis.example"
		cus, err := w.AddCustomer(ctx, agent, app.CustomerInput{
			Kind: customer.Person, Name: "Iria", Reference: "TRIAL", Country: "ES", Language: "es", Contacts: []app.ContactInput{{Name: "Iria", Email: email, Role: customer.Owner}},
			Subscriptions: []app.SubscriptionInput{{
				Reference: "TRIAL-1", Product: "Faro", Amount: eur(3000), Interval: customer.Monthly, Start: today.AddDays(-5), Terms: customer.Terms{Trial: today.AddDays(9)},
			}},
		})
		must(t, err)
		p := w.preview(t, cus)
		if len(p.Now.Sections)+len(p.End.Sections) != 0 {
			t.Errorf("on trial: %+v", p)
		}
		if last := p.End.LastDay(); last != today.AddDays(9) {
			t.Errorf("at the end of the trial: %s", last)
		}
		w.leaves(t, email, "period_end")
	})
}

const termsMap = `
as_of: 2026-03-01
csv: {decimal: ",", dates: yyyy-mm-dd}
columns: {ref: ref}
fields:
  customer.reference: {column: ref}
  customer.name: {column: ref}
  contact.email: {column: mail}
  subscription.reference: {column: ref}
  subscription.product: {value: Faro}
  subscription.amount: {column: price}
  subscription.currency: {value: EUR}
  subscription.start: {column: since}
  subscription.lock_in_until: {column: bound}
  subscription.tax_percent: {column: tax}
  subscription.exit_fee: {value: device}
  subscription.exit_fee_amount: {column: device}
  balance.reference: {expr: 'ref + "-uso"'}
  balance.kind: {value: usage}
  balance.currency: {value: EUR}
  balance.contract: {column: ref}
  balance.quantity: {column: gb}
  balance.unit: {value: GB}
  balance.price: {column: gb_price}
`

// A file says the same as a person, and a later one changes it; what it gets wrong
// has its place.
func TestAFileTellsTermsAndUse(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, unwatched)
		const header = "ref;mail;price;since;bound;tax;device;gb;gb_price\n"
		rep, bad := w.imported(t, termsMap, header+"A-1;a@example.test;30,00;2026-01-01;2026-12-31;10,5;120,50;12;0,75\n"+
			"A-2;b@example.test;30,00;2026-01-01;2026-12-31;210;120,50;12;0,75\n"+
			"A-3;c@example.test;30,00;2026-01-01;2026-12-31;21;120,50;muchos;0,75\n", false)
		if rep.Changed != 1 || len(bad) != 2 || bad[0].Column != "tax" || bad[1].Column != "gb" {
			t.Fatalf("%+v, refused %+v", rep, bad)
		}
		c := w.byReference(t, "A-1")
		want := customer.Terms{Tax: customer.Tax{Rate: 1050}, ExitFee: customer.ExitFee{Kind: customer.DeviceFee, Sum: 12050}}
		if len(c.Lines) != 1 || c.Lines[0].Terms != want {
			t.Errorf("terms: %+v", c.Lines)
		}
		if b := c.Balances; len(b) != 1 || b[0].Amount != eur(900) || b[0].Used.Quantity != 12 || b[0].Used.Price != 75 || b[0].Used.Contract != "A-1" {
			t.Errorf("use: %+v", b)
		}
		w.imported(t, termsMap, header+"A-1;a@example.test;30,00;2026-01-01;2026-12-31;21;100,00;20;0,75\n", false)
		c = w.byReference(t, "A-1")
		if c.Lines[0].Terms.Tax.Rate != 2100 || c.Lines[0].Terms.ExitFee.Sum != 10000 || c.Balances[0].Amount != eur(1500) {
			t.Errorf("later: %+v, %+v", c.Lines, c.Balances)
		}
	})
}

// A minimum term moves the day on which the contract ends, for whoever leaves now
// too, as far as no law caps it; and what is served until then is charged at the
// price that is in force on each day.
func TestAMinimumTermAndPricesThatChangeReachTheStatement(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx := t.Context()
		today := w.today(t)
		start := today.AddDays(-60)
		terms := customer.Terms{Minimum: today.AddDays(40), Prices: customer.PricesOf([]customer.Price{{From: today.AddDays(11), Plan: "Pro", Minor: 6000}})}
		cus, err := w.AddCustomer(ctx, agent, app.CustomerInput{
			Kind: customer.Organisation, Name: "Mínimo", Reference: "MIN", Country: "US", Region: "DE", Language: "es",
			Contacts: []app.ContactInput{{Name: "Ana", Email: "min@mini.example", Role: customer.Owner}},
			Subscriptions: []app.SubscriptionInput{{
				Reference: "MIN-1", Product: "Faro", Plan: "Base", Amount: eur(3000), Interval: customer.Yearly, Start: start, PaidUntil: today, Terms: terms,
			}},
		})
		must(t, err)
		p := w.preview(t, cus)
		if ends := endsOf(p.Now); ends["MIN-1"] != today.AddDays(40).String()+" minimum" {
			t.Fatalf("it ends %v", ends)
		}
		year := int64(start.DaysUntil(start.AddMonths(12)))
		var got []string
		for _, l := range p.Now.Sections[0].Lines {
			if l.Kind == settlement.LineRecurring {
				got = append(got, fmt.Sprint(l.What, " ", l.From, " ", l.Until, " ", l.Amount.Minor))
			}
		}
		want := []string{
			fmt.Sprint("Base ", today.AddDays(1), " ", today.AddDays(10), " ", -(3000 * 10 / year)), fmt.Sprint("Pro ", today.AddDays(11), " ", today.AddDays(40), " ", -(6000 * 30 / year)),
		}
		if !slices.Equal(got, want) {
			t.Errorf("served: %q, not %q", got, want)
		}
		c, _ := w.leaves(t, "min@mini.example", "now")
		must(t, w.UntilQuiet(ctx))
		if doc := w.statement(t, c).Doc; !reflect.DeepEqual(doc.Sections, p.Now.Sections) {
			t.Errorf("the draft is %+v\nthe page said %+v", doc, p.Now)
		}
		// It is changed like any other term, and the log says how.
		list, err := w.OpenCustomer(ctx, agent, cus)
		must(t, err)
		none, nobody := customer.LaterPrices(""), when.Date{}
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: cus, Subscription: list.Lines[0].ID, Terms: app.TermsPatch{Prices: &none, Minimum: &nobody}}))
		list, err = w.OpenCustomer(ctx, agent, cus)
		must(t, err)
		if has := list.Lines[0].Terms; has.Prices != "" || !has.Minimum.IsZero() {
			t.Errorf("the terms are %+v", has)
		}
	})
}
