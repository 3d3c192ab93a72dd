package app_test

import (
	"reflect"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
	"hastaluego/internal/testkit"
)

// firm is a business, to whom no law gives back anything.
func (w *world) firm(t *testing.T, ref string) (id customer.ID, email string) {
	t.Helper()
	email = "oficina@" + ref + ".example"
	id, err := w.AddCustomer(t.Context(), agent, app.CustomerInput{
		Kind: customer.Organisation, Name: "Firma " + ref, Reference: ref, Country: "ES", Language: "es", Contacts: []app.ContactInput{{Name: "Eva", Email: email, Role: customer.Owner}},
		Subscriptions: []app.SubscriptionInput{{Reference: ref + "-1", Product: "Faro", Amount: eur(36500), Interval: customer.Yearly, Start: w.today(t).AddDays(-40)}},
	})
	must(t, err)
	return id, email
}

func (w *world) balance(t *testing.T, cus customer.ID, kind customer.BalanceKind, ref string, minor int64) {
	t.Helper()
	_, err := w.AddBalance(t.Context(), finance, customer.Balance{Customer: cus, Reference: ref, Kind: kind, About: ref, Amount: eur(minor), DueOn: w.today(t).AddDays(90)})
	must(t, err)
}

// backByHand gives back what the only step of people that is open asks for, and says how
// much that was.
func (w *world) backByHand(t *testing.T, c offboarding.CaseID) (sum int64) {
	t.Helper()
	n := 0
	for _, s := range w.byHandSteps(t, c) {
		if s.State != offboarding.StepReady {
			continue
		}
		if n++; n > 1 {
			t.Fatalf("people are asked in more than one step: %+v", s)
		}
		for _, it := range s.Items {
			sum += it.Sum.Minor
			must(t, w.Tick(t.Context(), finance, app.TickInput{Case: c, Step: s.Key, Item: it.Key, Ticked: true, Evidence: "Transferencia 17"}))
		}
		must(t, w.CompleteTask(t.Context(), finance, app.CompleteInput{Case: c, Step: s.Key, Note: "Devuelto"}))
	}
	return sum
}

// nothingDue fails where a sum of the customer is still open.
func (w *world) nothingDue(t *testing.T, cus customer.ID) {
	t.Helper()
	for _, b := range w.opened(t, cus).Balances {
		if b.Status == customer.Due {
			t.Errorf("%s %s of %s is open", b.Kind, b.Reference, b.Amount)
		}
	}
}

// What a statement gives back beside refunds is money, too: a deposit on record, and a
// credit that the billing system left in the account. Somebody gives it back by the day
// that the customer reads, what was shown before is what is settled, and only then the
// page says that it is done.
func TestADepositAndACreditAreGivenBackByHand(t *testing.T) {
	t.Parallel()
	for _, credit := range []bool{false, true} {
		testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
			w := newWorldWith(t, e, agreed)
			ctx := t.Context()
			cus, email := w.firm(t, "FIRMA")
			want := int64(2900)
			if credit {
				w.booked(t, cus, 0, eur(24000))
				want += 24000
			}
			w.balance(t, cus, customer.Deposit, "D-1", 2900)
			before := w.preview(t, cus)
			c, page := w.leaves(t, email, "now")
			must(t, w.UntilQuiet(ctx))
			x := w.statement(t, c)
			if !x.Live() || len(x.Doc.Sections) != 1 || x.Doc.Sections[0].Total != eur(want) || !reflect.DeepEqual(x.Doc.Sections, before.Now.Sections) {
				t.Fatalf("the statement is %+v\nthe page said %+v", x.Doc.Sections, before.Now.Sections)
			}
			eventually(t, "no system gives it back", func() bool { return w.stepState(t, c, "refund") == offboarding.StepSkipped })
			if s := w.step(t, c, "refund"); s.Blocked != "refund.by_person" {
				t.Errorf("it is left out because of %q", s.Blocked)
			}
			p, err := w.OpenCasePage(ctx, page, "case", "")
			must(t, err)
			if !p.Refunded.IsZero() {
				t.Errorf("the page says that it was given back on %s", p.Refunded)
			}
			if got := w.backByHand(t, c); got != want {
				t.Errorf("people are asked for %d, and the customer reads %d", got, want)
			}
			w.nothingDue(t, cus)
			if p, err = w.OpenCasePage(ctx, page, "case", ""); err != nil || p.Refunded != w.today(t) {
				t.Errorf("the page says %s %v", p.Refunded, err)
			}
			if w.bank.asked != 0 {
				t.Errorf("the system was asked %d times", w.bank.asked)
			}
			w.verifyLog(t)
		})
	}
}

// The system sends the refunds and somebody the deposit, each once; the page says that it
// is done when both are. Where a debt is taken off, somebody gives what is left of all,
// and the debt is over with it.
func TestARefundAndADepositGoBackOnceEach(t *testing.T) {
	t.Parallel()
	for _, debt := range []int64{0, 1500} {
		testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
			w := newWorldWith(t, e, agreed)
			ctx := t.Context()
			w.bank.payments = []connector.Payment{{Reference: "pi_1", Amount: eur(100_000), Refunded: eur(0)}}
			cus, email := w.buyer(t, "AMBAS", "ES", 40)
			w.balance(t, cus, customer.Deposit, "D-1", 2000)
			if debt > 0 {
				w.balance(t, cus, customer.Fee, "F-1", debt)
			}
			c, page := w.leaves(t, email, "now")
			must(t, w.UntilQuiet(ctx))
			must(t, w.SignStatement(ctx, finance, c))
			w.push(t, 1)
			doc := w.statement(t, c).Doc
			total := doc.Sections[0].Total.Minor
			if debt == 0 {
				eventually(t, "a second person is asked", func() bool { return w.stepState(t, c, "refund_approval") == offboarding.StepReady })
				must(t, w.Approve(ctx, app.Actor{ID: "usr_second", Roles: []string{"finance"}}, c, "refund_approval", true, "De acuerdo"))
				eventually(t, "the money was sent", func() bool { return w.stepState(t, c, "refund") == offboarding.StepVerified })
			} else {
				eventually(t, "no system gives it back", func() bool { return w.stepState(t, c, "refund") == offboarding.StepSkipped })
			}
			if p, err := w.OpenCasePage(ctx, page, "case", ""); err != nil || !p.Refunded.IsZero() {
				t.Errorf("the deposit is owed, and the page says %s %v", p.Refunded, err)
			}
			list := w.byHandSteps(t, c)
			if len(list) != 1 {
				t.Fatalf("people are asked %+v", list)
			}
			var sent int64
			for _, r := range w.bank.refunds {
				sent += r.amount.Minor
			}
			if byHand := w.backByHand(t, c); sent+byHand != total || (sent > 0) != (debt == 0) {
				t.Errorf("the system sent %d and people %d of %d", sent, byHand, total)
			}
			w.nothingDue(t, cus)
			if p, err := w.OpenCasePage(ctx, page, "case", ""); err != nil || p.Refunded != w.today(t) {
				t.Errorf("the page says %s %v", p.Refunded, err)
			}
			w.verifyLog(t)
		})
	}
}

// A deposit that is less than what the customer owes goes back to nobody: it is part of
// what they pay, and is over with that.
func TestADepositThatIsLessThanTheDebtPaysPartOfIt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, agreed)
		ctx := t.Context()
		cus, email := w.firm(t, "DEBE")
		w.balance(t, cus, customer.Deposit, "D-1", 2900)
		w.balance(t, cus, customer.Fee, "F-1", 5000)
		c, _ := w.leaves(t, email, "now")
		must(t, w.UntilQuiet(ctx))
		if x := w.statement(t, c); x.Doc.Sections[0].Total != (money.Amount{Minor: -2100, Currency: "EUR"}) {
			t.Fatalf("%+v", x.Doc.Sections)
		}
		eventually(t, "nothing goes back", func() bool { return w.stepState(t, c, "refund") == offboarding.StepSkipped })
		if s, list := w.step(t, c, "refund"), w.byHandSteps(t, c); s.Blocked != "refund.nothing" || len(list) > 0 {
			t.Errorf("left out because of %q, and people are asked %+v", s.Blocked, list)
		}
		for _, b := range w.opened(t, cus).Balances {
			if b.Reference == "F-1" {
				must(t, w.SettleBalance(ctx, finance, cus, b.ID, customer.Paid))
			}
		}
		w.nothingDue(t, cus)
		w.verifyLog(t)
	})
}

// A statement that is made anew asks for what it says then, and takes back what it asked
// for before; where somebody has begun to give back, that is finished first, and a credit
// of the billing system that was given back does not come twice.
func TestAStatementMadeAnewAsksOnceForWhatItGivesBack(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, unwatched)
		ctx := t.Context()
		cus, email := w.firm(t, "ANEW")
		w.booked(t, cus, 0, eur(24000))
		w.balance(t, cus, customer.Deposit, "D-1", 2900)
		c, page := w.leaves(t, email, "now")
		must(t, w.UntilQuiet(ctx))
		must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Why: "Falta una fianza"}))
		w.balance(t, cus, customer.Deposit, "D-2", 100)
		must(t, w.SignStatement(ctx, finance, c))
		list := w.byHandSteps(t, c)
		if len(list) != 2 || list[0].State != offboarding.StepSkipped || list[1].State != offboarding.StepReady {
			t.Fatalf("people are asked %+v", list)
		}
		must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: list[1].Key, Item: list[1].Items[1].Key, Ticked: true, Evidence: "Transferencia 17"}))
		must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Why: "Y otra"}))
		code(t, w.SignStatement(ctx, finance, c), "refund.begun")
		if got := w.backByHand(t, c); got != 27000 {
			t.Errorf("%d was given back", got)
		}
		w.nothingDue(t, cus)
		must(t, w.SignStatement(ctx, finance, c))
		if again, _ := sumOf(w.statement(t, c).Doc, settlement.LineCredit, ""); again != 24000 {
			t.Errorf("the billing system says %d", again)
		}
		if s := w.statement(t, c).Doc.Sections[0]; s.Total.Minor != 0 {
			t.Errorf("it gives back once more: %+v", s)
		}
		if got := w.backByHand(t, c); got != 0 {
			t.Errorf("%d is asked for once more", got)
		}
		w.verifyLog(t)
	})
}
