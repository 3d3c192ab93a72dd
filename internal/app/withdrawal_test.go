package app_test

import (
	"slices"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/calendar"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/limit"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
	"hastaluego/internal/withdrawal"
)

// buyer is a consumer with a yearly contract that began some days ago, and one
// that is years old.
func (w *world) buyer(t *testing.T, ref, country string, days int) (id customer.ID, email string) {
	t.Helper()
	day, email := w.today(t), "compra."+ref+"@mini.example"
	id, err := w.AddCustomer(t.Context(), agent, app.CustomerInput{
		Kind: customer.Person, Consumer: true, Name: "Compra " + ref, Reference: ref, Country: country, Language: "es",
		Contacts: []app.ContactInput{{Name: "Ana", Email: email, Role: customer.Owner}},
		Subscriptions: []app.SubscriptionInput{
			{Reference: ref + "-1", Product: "Faro Uno", Amount: money.Amount{Minor: 36500, Currency: "EUR"}, Interval: customer.Yearly, Start: day.AddDays(-days)},
			{Reference: ref + "-2", Product: "Faro Viejo", Amount: money.Amount{Minor: 900, Currency: "EUR"}, Interval: customer.Monthly, Start: day.AddDays(-900)},
		},
	})
	must(t, err)
	return id, email
}

// declare asks to withdraw on the public page and proves who it was.
func (w *world) declare(t *testing.T, email, reference string) (offboarding.Request, offboarding.CaseID, string) {
	t.Helper()
	r, err := w.RequestExit(t.Context(), app.ExitInput{Name: "Ana", AccountEmail: email, Reference: reference, Language: "es", Act: "withdraw"})
	must(t, err)
	confirm := w.mail.wait(t, "confirm", email)
	c, page, err := w.VerifyRequest(t.Context(), token(confirm.Links["verify"]))
	must(t, err)
	return r, c, page
}

func (w *world) withdrawal(t *testing.T, c offboarding.CaseID) (x app.Withdrawal) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) { x, err = tx.WithdrawalOf(t.Context(), c); return err }))
	return x
}

// refundsOf are the sums that the company owes a customer.
func (w *world) refundsOf(t *testing.T, id customer.ID) []customer.Balance {
	t.Helper()
	return slices.DeleteFunc(w.opened(t, id).Balances, func(b customer.Balance) bool { return b.Kind != customer.Refund })
}

// Withdrawing undoes what can still be undone and nothing else: at once, with
// what was paid less the days that were asked for, by the day that the law says.
// Too late it is a termination, which says why. Who only cancelled can withdraw
// until the right is over, once.
func TestAWithdrawalIsAnActOfItsOwn(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		zone, err := time.LoadLocation("Europe/Madrid")
		must(t, err)

		// Both acts are open for the new contract, and only for that.
		spain, email := w.buyer(t, "ES1", "ES", 7)
		acts, err := w.ActsOpen(ctx, spain)
		must(t, err)
		if len(acts.Withdraw) != 1 || acts.Withdraw[0].Reference != "ES1-1" || acts.Withdrawn()[0] != eur(36500-7*100) || acts.Ended()[0] != eur(36500-8*100) || acts.Best() != offboarding.Withdrawal {
			t.Fatalf("open acts: %+v", acts)
		}
		today := w.today(t)
		spanish, _ := calendar.Shipped().Of("ES")
		if got := when.DateOf(acts.Until.Add(-time.Minute), zone); got != spanish.Generous().Next(today.AddDays(7)) || acts.RefundBy != today.AddDays(14) {
			t.Errorf("until %s, refund by %s", got, acts.RefundBy)
		}
		if fn, confirm := acts.Labels("es"); fn.Text != "Desistir del contrato aquí" || confirm.Text != "Confirmar desistimiento" {
			t.Errorf("labels: %+v %+v", fn, confirm)
		}

		r, c, page := w.declare(t, email, "")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		x := w.withdrawal(t, c)
		if !x.Stands() || x.State != withdrawal.Open || x.Request != r.ID || x.Rule == "" || len(v.Plan.Case.Subscriptions) != 1 || v.Plan.Case.Effective != today {
			t.Fatalf("withdrawal: %+v of %+v", x, v.Plan.Case)
		}
		if s := v.Plan.Step("withdrawal_refund"); s == nil || s.Role != "finance" || !s.Due.Equal(today.AddDays(14).End(zone)) {
			t.Errorf("finance is asked: %+v", s)
		}
		owed := w.refundsOf(t, spain)
		if len(owed) != 1 || owed[0].Amount != eur(35800) || owed[0].DueOn != today.AddDays(14) {
			t.Errorf("refund: %+v", owed)
		}
		// The day by which it comes back is a limit of the law like any other: with
		// its rule, from the declaration, told to finance, and met once it is paid.
		back := w.limits(t, c)["refund.max"]
		if back.State != limit.Running || back.Rule.ID != "eu.crd.13.refund" || back.Time.From != "withdrawal.informed" || !back.Start.Equal(x.DeclaredAt) || !back.End.Equal(x.RefundBy) || back.Role() != "finance" || !back.Promise() {
			t.Errorf("its limit: %+v", back)
		}
		must(t, w.SettleBalance(ctx, finance, spain, owed[0].ID, customer.Paid))
		if l := w.limits(t, c)["refund.max"]; l.State != limit.Met || l.By != string(limit.Refunded) {
			t.Errorf("given back, it is %+v", l)
		}
		receipt := w.mail.wait(t, "receipt", email)
		if receipt.Withdrawal == nil || !receipt.Withdrawal.Stands() || receipt.Request.Act != offboarding.Withdrawal {
			t.Errorf("the receipt says nothing of it: %+v", receipt.Withdrawal)
		}
		if p, err := w.OpenCasePage(ctx, page, "case", "es"); err != nil || p.Acts.Open() {
			t.Errorf("it can be withdrawn from twice: %+v, %v", p.Acts, err)
		}
		if k := v.Plan.Step("review"); k != nil && k.State == offboarding.StepReady {
			t.Error("a withdrawal waits for a review")
		}

		// Too late: a termination, of which nothing is owed, and which says why.
		late, email := w.buyer(t, "ES2", "ES", 30)
		_, c, page = w.declare(t, email, "ES2-1")
		if x := w.withdrawal(t, c); x.Stands() || x.State != withdrawal.Over || len(x.Refunds) != 0 || x.Until.IsZero() {
			t.Errorf("too late: %+v", x)
		}
		if owed := w.refundsOf(t, late); len(owed) != 0 {
			t.Errorf("owed after the period: %+v", owed)
		}
		if err := w.WithdrawInstead(ctx, page); fault.CodeOf(err) != "withdrawal.closed" {
			t.Errorf("a right that is over: %v", err)
		}

		// Cancelled first, withdrawn after: a second declaration, its own receipt,
		// and one refund however often it is pressed.
		france, email := w.buyer(t, "FR1", "FR", 3)
		_, err = w.RequestExit(ctx, app.ExitInput{AccountEmail: email, Language: "es"})
		must(t, err)
		_, page, err = w.VerifyRequest(ctx, token(w.mail.wait(t, "confirm", email).Links["verify"]))
		must(t, err)
		p, err := w.OpenCasePage(ctx, page, "case", "es")
		must(t, err)
		if !p.Acts.Open() || p.Acts.Best() != offboarding.Withdrawal {
			t.Fatalf("after cancelling: %+v", p.Acts)
		}
		must(t, w.WithdrawInstead(ctx, page))
		if err := w.WithdrawInstead(ctx, page); fault.CodeOf(err) != "withdrawal.closed" {
			t.Errorf("withdrawn twice: %v", err)
		}
		if owed := w.refundsOf(t, france); len(owed) != 1 || owed[0].Amount != eur(36500-3*100) {
			t.Errorf("refund: %+v", owed)
		}
		// Nobody pays it: finance is reminded, it is missed, and the report has it.
		instead := w.caseOf(t, france).ID
		if l := w.limits(t, instead)["refund.max"]; l.State != limit.Running || l.Rule.ID != "eu.crd.13.refund" || !l.End.Equal(w.withdrawal(t, instead).RefundBy) {
			t.Errorf("its limit: %+v", l)
		}
		w.days(t, 14*24*time.Hour)
		eventually(t, "the reminder", func() bool { return !w.limits(t, instead)["refund.max"].Warned.IsZero() })
		w.days(t, 2*24*time.Hour)
		eventually(t, "the missed refund", func() bool { return w.limits(t, instead)["refund.max"].State == limit.Missed })
		w.days(t, 3*24*time.Hour)
		eventually(t, "the escalation", func() bool { return !w.limits(t, instead)["refund.max"].Raised.IsZero() })
		report, err := w.ReportLaw(ctx, agent, 2)
		must(t, err)
		if !slices.ContainsFunc(report.Late, func(l app.LimitLine) bool { return l.Param == "refund.max" }) {
			t.Errorf("late are %+v", report.Late)
		}
		eventually(t, "two receipts", func() bool {
			return len(slices.DeleteFunc(w.mail.all(), func(l letter) bool { return l.to != email || l.paper.Kind != "receipt" })) == 2
		})
		if n := w.logged(t, "withdrawal.declared"); n != 3 {
			t.Errorf("%d declarations in the log", n)
		}
		w.verifyLog(t)
	})
}

// Of several contracts, one whose refund stands already does not stop the others,
// nor that finance is asked.
func TestARefundThatStandsAlreadyStopsNoOther(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		id, email := w.buyer(t, "ES9", "ES", 3)
		day := w.today(t)
		_, err := w.AddSubscription(ctx, agent, app.SubscriptionInput{
			Customer: id, Reference: "ES9-3", Product: "Faro Dos", Amount: eur(36500), Interval: customer.Yearly, Start: day.AddDays(-3),
		})
		must(t, err)
		_, err = w.RequestExit(ctx, app.ExitInput{AccountEmail: email, Language: "es"})
		must(t, err)
		_, page, err := w.VerifyRequest(ctx, token(w.mail.wait(t, "confirm", email).Links["verify"]))
		must(t, err)
		c := w.caseOf(t, id)
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			_, err := tx.InsertBalances(ctx, customer.Balance{
				ID: "bal_standing", Customer: id, Reference: c.Code + "/ES9-1/withdrawal", Kind: customer.Refund, Amount: eur(1), DueOn: day, Status: customer.Due,
			})
			return err
		}))
		must(t, w.WithdrawInstead(ctx, page))
		var refs []string
		for _, b := range w.refundsOf(t, id) {
			refs = append(refs, b.Reference)
		}
		slices.Sort(refs)
		if want := []string{c.Code + "/ES9-1/withdrawal", c.Code + "/ES9-3/withdrawal"}; !slices.Equal(refs, want) {
			t.Errorf("owed are %q, want %q", refs, want)
		}
		v, err := w.OpenCase(ctx, agent, c.ID)
		must(t, err)
		if v.Plan.Step("withdrawal_refund") == nil {
			t.Error("nobody is asked to pay it")
		}
		w.verifyLog(t)
	})
}
