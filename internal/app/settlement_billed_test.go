package app_test

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/settlement"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

const billsMap = `
as_of: 2026-03-01
csv: {decimal: ",", dates: yyyy-mm-dd}
existing: true
fields:
  customer.reference: {column: ref}
  balance.reference: {column: number}
  balance.kind: {column: kind}
  balance.about: {value: Junio}
  balance.amount: {column: amount}
  balance.tax_amount: {column: tax}
  balance.currency: {value: EUR}
  balance.status: {column: status}
  balance.contracts: {column: of}
  balance.from: {column: from}
  balance.until: {column: until}
`

// twoContracts is a customer who pays two contracts by the month; the running one
// began twelve days ago.
func (w *world) twoContracts(t *testing.T, ref string) (cus customer.ID, email string, subs []customer.Subscription) {
	t.Helper()
	from := w.today(t).AddDays(-12)
	email = "ana@" + ref + ".example"
	cus, err := w.AddCustomer(t.Context(), agent, app.CustomerInput{
		Kind: customer.Person, Consumer: true, Name: "Ana", Reference: ref, Country: "ES", Language: "es", Contacts: []app.ContactInput{{Name: "Ana", Email: email, Role: customer.Owner}},
		Subscriptions: []app.SubscriptionInput{
			{Reference: ref + "-A", Product: "Faro", Amount: eur(9900), Interval: customer.Monthly, Start: from.AddMonths(-3), PaidUntil: from.AddMonths(1).AddDays(-1)},
			{Reference: ref + "-B", Product: "Boya", Amount: eur(4900), Interval: customer.Monthly, Start: from.AddMonths(-3), PaidUntil: from.AddMonths(1).AddDays(-1)},
		},
	})
	must(t, err)
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) { subs, err = tx.SubscriptionsOf(t.Context(), cus); return err }))
	return cus, email, subs
}

// previewOf is the page of a signed link that is about some contracts.
func (w *world) previewOf(t *testing.T, cus customer.ID, subs ...customer.SubscriptionID) app.Preview {
	t.Helper()
	_, wall, err := w.Now(t.Context())
	must(t, err)
	link, err := app.SignHostLink(w.keys.HMACKey(app.HostLinkKey), app.HostClaim{Customer: cus, Subscriptions: subs, Expires: wall.Add(time.Minute), ID: "some" + string(cus), Language: "es"})
	must(t, err)
	page, err := w.OpenHostPage(t.Context(), link)
	must(t, err)
	return *page.Preview
}

// An invoice over seats of two contracts, an upgrade with its credit note, and what was
// paid, all from a file: each contract has its part on the statement with its name, what
// is paid by invoice is not counted by the price too, and what is wrong has its place.
func TestRecordedInvoicesOfSeveralContractsReachTheStatement(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		cus, email, subs := w.twoContracts(t, "VARIAS")
		from := w.today(t).AddDays(-12)
		until := from.AddMonths(1).AddDays(-1)
		const header = "ref|number|kind|amount|tax|status|of|from|until\n"
		row := func(number, kind, amount, tax, status, of string, from, until when.Date) string {
			return strings.Join([]string{"VARIAS", number, kind, amount, tax, status, of, from.String(), until.String()}, "|") + "\n"
		}
		rep, bad := w.imported(t, billsMap, header+
			row("F-9", "invoice", "181,50", "31,50", "open", "VARIAS-A = 10; VARIAS-B = 5", from, until)+
			row("F-8", "invoice", "60,00", "", "paid", "VARIAS-A", from, until)+
			row("A-8", "credit", "30,00", "", "paid", "VARIAS-A", from.AddDays(6), until)+
			row("X-1", "invoice", "10,00", "", "open", "VARIAS-A; VARIAS-B", from, until)+
			row("X-2", "invoice", "10,00", "", "open", "OTRO-1", from, until)+
			row("X-3", "invoice", "10,00", "", "open", "VARIAS-A", until, from)+
			row("X-4", "deposit", "10,00", "", "open", "VARIAS-A", from, until)+
			row("X-5", "invoice", "10,00", "", "open", "", from, until), false)
		slices.SortFunc(bad, func(a, b ingest.RowError) int { return cmp.Compare(a.Row, b.Row) })
		var columns []string
		for _, x := range bad {
			columns = append(columns, x.Column)
		}
		if rep.Changed != 3 || !reflect.DeepEqual(columns, []string{"of", "of", "until", "of", "of"}) {
			t.Fatalf("%+v, refused %+v", rep, bad)
		}
		if again, _ := w.imported(t, billsMap, header+row("F-9", "invoice", "181,50", "31,50", "open", "VARIAS-A = 10; VARIAS-B = 5", from, until), false); again.Changed != 0 {
			t.Errorf("the same row again: %+v", again)
		}

		left, all := int64(w.today(t).DaysUntil(until)), int64(from.DaysUntil(until)+1)
		up := func(sum, left, all int64) int64 { return (sum*left + all - 1) / all }
		part := w.previewOf(t, cus, subs[0].ID).Now
		for _, want := range []struct {
			kind     settlement.Kind
			ref      string
			contract string
			what     string
			sum      int64
		}{
			{settlement.LineInvoice, "F-9", "VARIAS-A", "Junio: Faro", -12100},
			{settlement.LineInvoice, "F-9", "VARIAS-B", "Junio: Boya", -6050}, // it stays, and so does its part
			{settlement.LineRelief, "F-9", "VARIAS-A", "Junio: Faro", up(12100, left, all)},
			{settlement.LineRefund, "F-8", "VARIAS-A", "Junio: Faro", up(6000, left, all)},
			{settlement.LineRefund, "A-8", "VARIAS-A", "Junio: Faro", -(3000 * left / (all - 6))},
		} {
			n := 0
			for _, s := range part.Sections {
				for _, l := range s.Lines {
					if l.Kind == want.kind && l.Ref == want.ref && l.Contract == want.contract {
						if n++; l.Amount.Minor != want.sum || l.What != want.what {
							t.Errorf("%s %s is %d, not %d: %+v", want.kind, want.ref, l.Amount.Minor, want.sum, l)
						}
					}
				}
			}
			if n != 1 {
				t.Errorf("%d lines of %+v in %+v", n, want, part.Sections)
			}
		}
		if n := len(part.Sections[0].Lines); n != 5 {
			t.Errorf("%d lines: %+v", n, part.Sections[0].Lines)
		}

		both := w.preview(t, cus)
		if sum, _ := sumOf(both.Now, settlement.LineRelief, "F-9"); sum != up(12100, left, all)+up(6050, left, all) {
			t.Errorf("both end: %+v", both.Now.Sections)
		}
		c, _ := w.leaves(t, email, "now")
		if draft := w.statement(t, c).Doc; !reflect.DeepEqual(draft.Sections, both.Now.Sections) || draft.DueOn != both.Now.DueOn {
			t.Errorf("the draft is %+v\nthe page said %+v", draft.Sections, both.Now.Sections)
		}
	})
}

// Where the record knows of a period only by its invoice, that says until when the
// contract is billed and what was paid; one that was let go brings nothing back, and
// one that was wrong is no bill.
func TestAnInvoiceSaysWhatIsBilledAndPaid(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx, today := t.Context(), w.today(t)
		for i, x := range []struct {
			status  customer.BalanceStatus
			refunds bool
			notes   string
		}{{customer.Paid, true, ""}, {customer.WrittenOff, false, ""}, {customer.Void, true, "paid"}} {
			ref := "SOLA-" + strconv.Itoa(i)
			cus, err := w.AddCustomer(ctx, agent, app.CustomerInput{
				Kind: customer.Person, Consumer: true, Name: "Ana", Reference: ref, Country: "ES", Language: "es", Contacts: []app.ContactInput{{Name: "Ana", Email: "ana@" + ref + ".example", Role: customer.Owner}},
				Subscriptions: []app.SubscriptionInput{{Reference: ref + "-A", Product: "Faro", Amount: eur(9900), Interval: customer.Monthly, Start: today.AddDays(-12)}},
			})
			must(t, err)
			of, wrong := customer.ParseShares(ref + "-A")
			if wrong != nil {
				t.Fatal(wrong)
			}
			bill, err := w.AddBalance(ctx, finance, customer.Balance{
				Customer: cus, Reference: "F-" + ref, Kind: customer.Invoice, Amount: eur(6000), Billed: customer.Billed{Contracts: of, From: today.AddDays(-12), Until: today.AddDays(17)},
			})
			must(t, err)
			must(t, w.store.Tx(ctx, func(tx app.Tx) error { return tx.SetBalanceStatus(ctx, bill, x.status) }))
			p := w.preview(t, cus)
			sum, _ := sumOf(p.Now, settlement.LineRefund, "F-"+ref)
			if (sum > 0) != (x.refunds && x.status != customer.Void) {
				t.Errorf("%s: %d of the invoice comes back", x.status, sum)
			}
			if all, _ := sumOf(p.Now, settlement.LineRefund, ""); (all > 0) != x.refunds {
				t.Errorf("%s: %d comes back", x.status, all)
			}
			why := ""
			for _, o := range p.Now.Open {
				why += o.Why
			}
			if why != x.notes {
				t.Errorf("%s: a person looks at %q", x.status, why)
			}
			if sum, _ := sumOf(p.End, settlement.LineRecurring, ""); sum != 0 {
				t.Errorf("%s: %d is asked for what is billed", x.status, sum)
			}
		}
		code(t, func() error {
			_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: w.byReference(t, "SOLA-0").Customer.ID, Reference: "F-0", Kind: customer.Invoice, Amount: eur(1), Billed: customer.Billed{Contracts: "1 OTRO"}})
			return err
		}(), "balance.contract")
	})
}
