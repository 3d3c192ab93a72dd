package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/collection"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// booked has the billing system say of each contract of a customer that so much is open
// of the bill of owed; nothing: that it is paid.
func (w *world) booked(t *testing.T, cid customer.ID, open int64, account ...money.Amount) {
	t.Helper()
	var subs []customer.Subscription
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) { subs, err = tx.SubscriptionsOf(t.Context(), cid); return err }))
	w.bank.set(func() {
		w.bank.fails, w.bank.books = nil, map[string]connector.LedgerState{}
		for _, s := range subs {
			st := connector.LedgerState{Customer: "cus_almena", Credits: account}
			if open > 0 {
				st.Open = []connector.Invoice{{Reference: "in_90", Number: "F-90", Total: eur(2472), Tax: eur(429), Due: eur(open)}}
			}
			w.bank.books[s.Reference] = st
		}
	})
}

// morning pushes the clock to that hour of a day.
func (w *world) morning(t *testing.T, day when.Date, hour int) {
	t.Helper()
	must(t, w.PushClock(t.Context(), "", day.Start(w.Company().Zone).Add(time.Duration(hour)*time.Hour+5*time.Minute)))
	must(t, w.UntilQuiet(t.Context()))
}

func (w *world) collects(t *testing.T, c offboarding.CaseID) app.Collection {
	t.Helper()
	x, err := w.CollectionOf(t.Context(), finance, c)
	must(t, err)
	return x
}

// A reminder asks for what the billing system says is open, less what the account has;
// what is paid there is asked for no more, stays on record for a person to see, and
// nothing is sent twice.
func TestAReminderHeedsWhatTheBillingSystemSays(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, c, page, bill := w.owed(t)
		today := w.today(t)
		w.booked(t, cid, 1000, eur(400))
		w.morning(t, today.AddDays(3), 9)
		first := w.mail.wait(t, "reminder", firstMail)
		if len(first.Balances) != 2 || first.Balances[0].Amount != eur(1000) || first.Balances[0].Tax != 174 || first.Balances[0].PayURL == "" || first.Balances[1].Kind != customer.Credit || first.Balances[1].Amount != eur(400) {
			t.Errorf("the reminder asks for %+v", first.Balances)
		}
		if x := w.collects(t, c); len(x.Left) != 1 || x.Left[0] != eur(600) || len(x.Gone) != 0 {
			t.Errorf("what is owed: %+v", x)
		}
		if p, err := w.OpenCasePage(ctx, page, "case", ""); err != nil || p.Collection.Left[0] != eur(600) {
			t.Errorf("the page says %+v %v", p.Collection.Left, err)
		}
		again, err := w.RemindDebt(ctx, c, "collect")
		if must(t, err); again.IsZero() || w.mail.count("reminder") != 1 {
			t.Errorf("%d reminders, and the next %s", w.mail.count("reminder"), again)
		}

		w.booked(t, cid, 0) // it was paid there
		w.morning(t, today.AddDays(15), 9)
		w.morning(t, today.AddDays(30), 9)
		if n := w.mail.count("reminder"); n != 1 {
			t.Errorf("%d reminders of what is paid", n)
		}
		x := w.collects(t, c)
		if len(x.Owed) != 0 || len(x.Left) != 0 || len(x.Gone) != 1 || x.Gone[0].ID != bill || x.Gone[0].Status != customer.Due {
			t.Errorf("paid there, and %+v", x)
		}
		if st := w.stepState(t, c, "collect"); st != offboarding.StepReady {
			t.Errorf("nobody said that it was paid, and the step is %s", st)
		}
		code(t, w.PromiseToPay(ctx, page, w.today(t)), "collection.nothing_owed")
		must(t, w.SettleBalance(ctx, finance, cid, bill, customer.Paid))
		if st := w.stepState(t, c, "collect"); st != offboarding.StepDone {
			t.Errorf("paid, and the step is %s", st)
		}
		w.verifyLog(t)
	})
}

// A billing system that is silent is asked again until noon; then the record counts.
func TestASilentBillingSystemHoldsAReminderUntilNoon(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		cid, _, _, _ := w.owed(t)
		today := w.today(t)
		w.booked(t, cid, 1000)
		w.bank.set(func() { w.bank.fails = fault.New(fault.Invalid, "connector.refused", "system", "billing") })
		asked := w.reads()
		for hour := 9; hour < 12; hour++ {
			w.morning(t, today.AddDays(3), hour)
		}
		if n := w.mail.count("reminder"); n != 0 || w.reads() == asked {
			t.Errorf("%d reminders, asked %d times", n, w.reads()-asked)
		}
		w.morning(t, today.AddDays(3), 12)
		if x := w.mail.wait(t, "reminder", firstMail); len(x.Balances) != 1 || x.Balances[0].Amount != eur(2472) {
			t.Errorf("by the record: %+v", x.Balances)
		}
		w.bank.set(func() { w.bank.fails = nil })
		w.morning(t, today.AddDays(15), 9)
		eventually(t, "the second reminder", func() bool { return w.mail.count("reminder") == 2 })
		if x := w.mail.last(t, "reminder"); x.Balances[0].Amount != eur(1000) {
			t.Errorf("by the books: %+v", x.Balances)
		}
		w.verifyLog(t)
	})
}

// A promise is kept where the billing system says by the end of its day that nothing is
// open, and a part of instalments that came in there is not late.
func TestPromisesAndInstalmentsHeedWhatTheBillingSystemSays(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, c, page, _ := w.owed(t)
		today := w.today(t)
		w.booked(t, cid, 2472)
		must(t, w.ProposeInstalments(ctx, finance, c, app.InstalmentInput{Parts: 2, First: today.AddDays(2)}))
		must(t, w.AnswerInstalments(ctx, page, true))
		w.booked(t, cid, 1236) // the first part came in there
		w.morning(t, today.AddDays(3), 9)
		w.morning(t, today.AddDays(20), 9)
		if n := w.mail.count("reminder"); n != 0 {
			t.Fatalf("%d reminders of a part that was paid", n)
		}
		w.morning(t, today.AddDays(45), 9) // the second is late
		if x := w.mail.wait(t, "reminder", firstMail); x.Balances[0].Amount != eur(1236) {
			t.Errorf("reminded of %+v", x.Balances)
		}
	})
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		cid, c, page, _ := w.owed(t)
		today := w.today(t)
		must(t, w.PromiseToPay(t.Context(), page, today.AddDays(2)))
		w.booked(t, cid, 0)
		w.morning(t, today.AddDays(3), 1)
		if list := w.promises(t, c); len(list) != 1 || list[0].State != collection.Kept {
			t.Errorf("promised: %+v", list)
		}
		w.morning(t, today.AddDays(30), 9)
		if n := w.mail.count("reminder"); n != 0 {
			t.Errorf("%d reminders", n)
		}
	})
}

// What a statement lets go of an invoice is not asked for.
func TestNobodyIsAskedForWhatTheStatementLetsGo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cus, email, _ := w.twoContracts(t, "SUELTA")
		from := w.today(t).AddDays(-12)
		_, err := w.AddBalance(ctx, finance, customer.Balance{
			Customer: cus, Reference: "F-9", Kind: customer.Invoice, About: "Junio", Amount: eur(18150), Tax: 3150,
			Billed: customer.Billed{Contracts: "10 SUELTA-A\n5 SUELTA-B", From: from, Until: from.AddMonths(1).AddDays(-1)},
		})
		must(t, err)
		c, _ := w.leaves(t, email, "now")
		eventually(t, "finance is asked", func() bool { return w.stepAsked(t, c, "statement_sign") })
		must(t, w.SignStatement(ctx, finance, c))
		w.push(t, 1) // the letter looks again
		total := w.statement(t, c).Doc.Sections[0].Total
		eventually(t, "somebody collects", func() bool { return w.stepState(t, c, "collect") == offboarding.StepReady })
		if x := w.collects(t, c); len(x.Owed) != 1 || x.Owed[0].Amount != total.Neg() || total.Minor >= 0 || total.Minor == -18150 || len(x.Left) != 1 || x.Left[0] != total.Neg() {
			t.Errorf("of a statement of %s is asked %+v", total, x)
		}
	})
}
