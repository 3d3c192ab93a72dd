package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/money"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/signal"
	"hastaluego/internal/stray"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/when"
)

// goneAway ends a contract at the billing system, and closes what customers enter by.
const goneAway = `
playbook: gone
title: {es: "Irse", en: "Leave"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: stop, kind: cancel_billing, title: {es: "Parar", en: "Stop"}, after: [confirm], params: {system: billing}, milestone: billing_stopped}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [stop], params: {until: effective}}
  - {id: ended, kind: verify_billing, title: {es: "Leer", en: "Read"}, after: [effective], params: {system: billing}}
  - {id: revoke, kind: revoke_access, title: {es: "Cerrar", en: "Close"}, after: [effective], params: {system: faro}, milestone: access_closed}
`

// left is a departure that is over since yesterday, and its end.
func (w *world) left(t *testing.T) (c offboarding.CaseID, end time.Time) {
	t.Helper()
	w.letIn(t)
	_, c, _ = w.request(t, "now")
	eventually(t, "the charges were stopped", func() bool {
		return w.stepState(t, c, "effective") == offboarding.StepRunning || w.stepState(t, c, "effective") == offboarding.StepReady
	})
	w.days(t, 48*time.Hour)
	eventually(t, "it is over", func() bool { return w.state(t, c) == offboarding.CaseClosed })
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	zone, err := time.LoadLocation(v.Plan.Case.Zone)
	must(t, err)
	return c, v.Plan.Case.Effective.End(zone)
}

// letIn gives every customer of the sample their account at the product.
func (w *world) letIn(t *testing.T) {
	t.Helper()
	now, _, err := w.Now(t.Context())
	must(t, err)
	sample, err := demo.In("es")
	must(t, err)
	var accounts []peer.Account
	for _, r := range sample.Customers(now, w.Company().Zone) {
		if r.Grant.System == sample.Others.System {
			accounts = append(accounts, peer.Account{Name: r.Grant.Account, Secret: "uno"})
		}
	}
	must(t, w.billing.SeedAccounts(t.Context(), accounts))
}

// strayStep is the step at which the only stray of a departure stands.
func (w *world) strayStep(t *testing.T, c offboarding.CaseID) string {
	t.Helper()
	v, err := w.OpenCase(t.Context(), finance, c)
	must(t, err)
	return app.StrayStep(&v.Plan, v.Strays[0]).Key
}

func (w *world) strays(t *testing.T) []app.StrayView {
	t.Helper()
	list, next, err := w.ListStrays(t.Context(), agent, "", "", 50)
	must(t, err)
	if next != "" {
		t.Fatalf("there are more than 50 strays: %+v", list)
	}
	return list
}

// Somebody who has left is charged at the billing system. Within the hour finance
// is told, once; what belongs before the end, was called off or given back
// already alarms nobody; and the money goes back by the means by which it came,
// when a second person has approved, though the departure is long closed.
func TestAChargeAfterTheEndIsHeardOfWithinTheHourAndGivenBack(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, goneAway, "", 10*time.Second, func(systems string) string {
			return strings.Replace(systems, "      at: at\n", "      at: at\n      payment: id\n", 1)
		})
		ctx := t.Context()
		tomas, laia := w.person(t, "tomas", "finance"), w.person(t, "laia", "finance")
		c, end := w.left(t)
		const sub = "FE-20418-1"
		at := func(d time.Duration) *time.Time { x := end.Add(d); return &x }
		day := 24 * time.Hour
		for _, x := range []peer.Charge{
			{ID: "before", Status: "paid", AmountMinor: 900, At: end.Add(-time.Hour)},
			{ID: "of_before", Status: "paid", AmountMinor: 900, At: end.Add(time.Hour), From: at(-30 * day), To: at(0)},
			{ID: "called_off", Status: "void", AmountMinor: 900, At: end.Add(time.Hour)},
			{ID: "given_back", Status: "paid", AmountMinor: 900, RefundedMinor: 900, At: end.Add(time.Hour)},
			{ID: "credit", Status: "paid", AmountMinor: -900, At: end.Add(time.Hour)},
			{ID: "after", Status: "paid", AmountMinor: 2985, At: end.Add(2 * time.Hour), From: at(0), To: at(30 * day)},
		} {
			x.Subscription, x.Currency = sub, "EUR"
			_, err := w.billing.Charge(ctx, x)
			must(t, err)
		}
		w.days(t, time.Hour)
		eventually(t, "it was found", func() bool { return len(w.strays(t)) == 1 })
		w.days(t, time.Hour) // the next round finds nothing new
		list := w.strays(t)
		if len(list) != 1 {
			t.Fatalf("strays: %+v", list)
		}
		s := list[0]
		if s.Kind != stray.Charge || s.Far != "after" || s.About != sub || s.Back != (money.Amount{Minor: 2985, Currency: "EUR"}) || s.Payment != "after" || s.State != stray.Open ||
			s.Case != string(c) || !slices.Equal(s.Ways, []app.StrayWay{app.StrayRefund, app.StrayByHand, app.StraySeen}) {
			t.Fatalf("%+v", s)
		}
		eventually(t, "finance is told", func() bool {
			return slices.ContainsFunc(w.mail.toldOf("tomas@faro.example", notification.Task), func(title string) bool { return strings.HasPrefix(title, "Cobro a quien ya se fue") })
		})

		asked, err := w.OpenCase(ctx, tomas, c)
		must(t, err)
		if it := asked.Plan.Step(s.Step).Items[0]; it.Sum != s.Amount || it.Day != when.DateOf(s.HappenedAt, w.Company().Zone) || it.Clock != "" || strings.ContainsAny(it.Title["en"], "€.") {
			t.Errorf("asked about %+v", it)
		}

		in := app.StrayDecision{Case: c, Stray: s.ID, Way: app.StrayRefund, Why: "El ciclo de cobro estaba duplicado"}
		code(t, w.DecideStray(ctx, agent, in), "forbidden.role")
		code(t, w.DecideStray(ctx, tomas, app.StrayDecision{Case: c, Stray: s.ID, Way: app.StrayRefund}), "step.evidence_required")
		code(t, w.DecideStray(ctx, tomas, app.StrayDecision{Case: "case_x", Stray: s.ID, Way: app.StrayRefund, Why: "x"}), "not_found")
		must(t, w.DecideStray(ctx, tomas, in))
		code(t, w.DecideStray(ctx, tomas, in), "stray.over")
		suffix := s.Step[strings.LastIndex(s.Step, "_"):]
		approve, back := "after_end_approve"+suffix, "after_end_refund"+suffix
		eventually(t, "a second person is asked", func() bool { return w.stepState(t, c, approve) == offboarding.StepReady })
		if w.stepState(t, c, back) != offboarding.StepWaiting || w.bank.asked != 0 || w.strays(t)[0].State != stray.Refunding {
			t.Error("the money goes back before anybody approved")
		}
		waiting, err := w.OpenCase(ctx, laia, c)
		must(t, err)
		if got := waiting.GivesBack[waiting.Plan.Step(approve).ID]; len(got) != 1 || got[0].Amount.Minor != 2985 {
			t.Errorf("who decides sees %+v", got)
		}
		code(t, w.Approve(ctx, tomas, c, approve, true, "Lo he mirado yo"), "approval.same_person")
		if at := w.strayStep(t, c); at != approve {
			t.Errorf("it stands at %s", at)
		}
		theirs := w.linkFor(t, c, "case")
		told := func() []app.AfterEnd {
			t.Helper()
			p, err := w.OpenCasePage(ctx, theirs, "case", "es")
			must(t, err)
			if !p.Refunded.IsZero() {
				t.Errorf("the statement is said to have been refunded on %s", p.Refunded)
			}
			return p.After
		}
		if got := told(); len(got) != 0 {
			t.Errorf("nobody approved it, and the customer is told %+v", got)
		}
		must(t, w.Approve(ctx, laia, c, approve, true, "De acuerdo"))
		eventually(t, "it went back", func() bool { return w.strays(t)[0].State == stray.Refunded })
		if got := told(); len(got) != 1 || got[0].Back != eur(2985) || got[0].Due.IsZero() || got[0].Refunded != w.today(t) {
			t.Errorf("the customer is told %+v", got)
		}
		// A letter says that it went back; the one that it will was overtaken.
		letter := w.mail.wait(t, app.GivenBackPaper, firstMail)
		if e := letter.After; e == nil || e.Back != eur(2985) || e.Charged != when.DateOf(s.HappenedAt, w.Company().Zone) || e.Refunded != w.today(t) || e.ByPerson || letter.Links["case"] == "" {
			t.Errorf("the letter says %+v", letter.After)
		}
		w.days(t, 3*time.Hour)
		eventually(t, "the other letter is overtaken", func() bool {
			list, _, err := w.PageMessages(ctx, agent, app.MessageQuery{}, app.Place{Limit: 50})
			must(t, err)
			return slices.ContainsFunc(list, func(m app.Message) bool { return m.Paper == app.ChargedAfterPaper && m.State == "withheld" })
		})
		if a, b := w.mail.count(app.ChargedAfterPaper), w.mail.count(app.GivenBackPaper); a != 0 || b != 1 {
			t.Errorf("%d letters that it goes back, %d that it did", a, b)
		}
		w.bank.mu.Lock()
		refunds := slices.Clone(w.bank.refunds)
		w.bank.mu.Unlock()
		if len(refunds) != 1 || refunds[0].payment != "after" || refunds[0].amount.Minor != 2985 || w.stepState(t, c, back) != offboarding.StepVerified || w.state(t, c) != offboarding.CaseClosed {
			t.Errorf("refunds: %+v", refunds)
		}
		if at := w.strayStep(t, c); at != back {
			t.Errorf("it stands at %s", at)
		}

		// Who comes back is charged rightly.
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			v, err := tx.FindCase(ctx, c)
			if err != nil {
				return err
			}
			return tx.SetSubscriptionStatus(ctx, v.Subscriptions[0], customer.Active)
		}))
		_, err = w.billing.Charge(ctx, peer.Charge{ID: "returned", Subscription: sub, Status: "paid", AmountMinor: 2985, Currency: "EUR"})
		must(t, err)
		w.days(t, 2*time.Hour)
		if got := w.strays(t); len(got) != 1 {
			t.Errorf("they came back, and somebody is alarmed: %+v", got)
		}
		if w.logged(t, "stray.found") != 1 || w.logged(t, "stray.refunding") != 1 || w.logged(t, "stray.refunded") != 1 {
			t.Error("the log does not tell it as it was")
		}
		w.verifyLog(t)
	})
}

// What Stripe tells of by itself is looked at at once, whatever the hour.
func TestAChargeAfterTheEndThatStripeTellsOfIsLookedAtAtOnce(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		const secret, sub = "whsec_of_ours", "FE-20418-1"
		began := when.Machine{}.Wall()
		far := fakestripe.Start(t, "sk_test_1", began)
		far.Put(fakestripe.Subscription(sub, "cus_1", "eur", began.AddDate(0, 0, -3), began.AddDate(0, 0, 27)))
		w := newWorldOn(t, e, goneAway, "", 10*time.Second, atStripe(t, far.URL, secret))
		ctx := t.Context()
		w.letIn(t)
		_, c, _ := w.request(t, "now")
		eventually(t, "the charges were stopped", func() bool { return w.stepState(t, c, "stop") == offboarding.StepVerified })
		far.Advance(60 * time.Hour)
		w.days(t, 48*time.Hour)
		eventually(t, "it is over", func() bool { return w.state(t, c) == offboarding.CaseClosed })
		w.days(t, 2*time.Hour) // a round that finds nothing
		if got := w.strays(t); len(got) != 0 {
			t.Fatalf("somebody is alarmed about %+v", got)
		}
		from := began.Add(60 * time.Hour)
		far.Put(fakestripe.Paid("9", sub, "cus_1", "eur", 2985, from, from.AddDate(0, 0, 30))...)
		event := far.Event("invoice.paid", "in_9")
		_, wall, err := w.Now(ctx)
		must(t, err)
		for range 2 { // sent again: its answer was lost
			must(t, w.ReportFromSystem(ctx, "billing", func(name string) string {
				return map[string]string{"Stripe-Signature": fakestripe.Sign(secret, wall, event)}[name]
			}, event))
		}
		eventually(t, "it was found", func() bool { return len(w.strays(t)) == 1 })
		s := w.strays(t)[0]
		if s.Far != "in_9" || s.Payment != "pi_9" || s.Back.Minor != 2985 || !s.Taken {
			t.Fatalf("%+v", s)
		}
		// By hand: somebody of finance gives it back and says so.
		if at := w.strayStep(t, c); at != s.Step {
			t.Errorf("it stands at %s", at)
		}
		must(t, w.DecideStray(ctx, finance, app.StrayDecision{Case: c, Stray: s.ID, Way: app.StrayByHand, Why: "Renovación que no se paró"}))
		hand := "after_end_by_hand" + s.Step[strings.LastIndex(s.Step, "_"):]
		if at := w.strayStep(t, c); at != hand {
			t.Errorf("it stands at %s", at)
		}
		if e := w.mail.wait(t, app.ChargedAfterPaper, firstMail).After; e == nil || e.Back != eur(2985) || e.Due.IsZero() || !e.Refunded.IsZero() {
			t.Errorf("the letter says %+v", e)
		}
		if n := w.mail.count(app.GivenBackPaper); n != 0 {
			t.Errorf("%d letters that it went back, and nobody gave it", n)
		}
		v, err := w.OpenCase(ctx, finance, c)
		must(t, err)
		for _, it := range v.Plan.Step(hand).Items {
			must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: hand, Item: it.Key, Ticked: true}))
		}
		must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: hand, Note: "Transferencia 88"}))
		if got := w.strays(t)[0]; got.State != stray.Refunded || got.OverBy != finance.ID {
			t.Errorf("%+v", got)
		}
		if e := w.mail.wait(t, app.GivenBackPaper, firstMail).After; e == nil || e.Back != eur(2985) || e.Refunded.IsZero() || !e.ByPerson {
			t.Errorf("the letter says %+v", e)
		}
		if a, b := w.mail.count(app.ChargedAfterPaper), w.mail.count(app.GivenBackPaper); a != 1 || b != 1 {
			t.Errorf("%d letters that it goes back, %d that it did", a, b)
		}
		w.verifyLog(t)
	})
}

// Stripe asks for money after the end, and gets it later: at once, while finance is
// asked, or days after somebody said that the invoice was called off. Either way finance is
// told anew, once, and the money goes back; whoever paid has one letter of each kind.
func TestAChargeThatIsAskedForAndPaidLaterIsToldAgainAndGivenBack(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		const secret, sub = "whsec_of_ours", "FE-20418-1"
		began := when.Machine{}.Wall()
		far := fakestripe.Start(t, "sk_test_1", began)
		far.Put(fakestripe.Subscription(sub, "cus_1", "eur", began.AddDate(0, 0, -3), began.AddDate(0, 0, 27)))
		w := newWorldOn(t, e, goneAway, "", 10*time.Second, atStripe(t, far.URL, secret))
		ctx := t.Context()
		tomas, laia := w.person(t, "tomas", "finance"), w.person(t, "laia", "finance")
		w.letIn(t)
		_, c, _ := w.request(t, "now")
		eventually(t, "the charges were stopped", func() bool { return w.stepState(t, c, "stop") == offboarding.StepVerified })
		far.Advance(60 * time.Hour)
		w.days(t, 48*time.Hour)
		eventually(t, "it is over", func() bool { return w.state(t, c) == offboarding.CaseClosed })
		from := began.Add(60 * time.Hour)
		hears := func(kind, invoice string) {
			t.Helper()
			event := far.Event(kind, invoice)
			_, wall, err := w.Now(ctx)
			must(t, err)
			must(t, w.ReportFromSystem(ctx, "billing", func(name string) string {
				return map[string]string{"Stripe-Signature": fakestripe.Sign(secret, wall, event)}[name]
			}, event))
		}
		of := func(invoice string) (s app.StrayView) {
			for _, x := range w.strays(t) {
				if x.Far == invoice {
					s = x
				}
			}
			return s
		}
		told := func() (n int) {
			for _, title := range w.mail.toldOf("tomas@faro.example", notification.Task) {
				if strings.HasPrefix(title, "Cobro a quien ya se fue") {
					n++
				}
			}
			return n
		}
		for i, resolved := range []bool{false, true} {
			number := []string{"open", "resolved"}[i]
			far.Put(fakestripe.Bill(number, sub, "cus_1", "eur", 2985, 0, from.AddDate(0, 0, 14)))
			hears("invoice.finalized", "in_"+number)
			eventually(t, "it was found as asked for", func() bool { return of("in_"+number).ID != "" })
			asked := of("in_" + number)
			if asked.Taken || asked.Payment != "" || !slices.Equal(asked.Ways, []app.StrayWay{app.StraySeen}) {
				t.Fatalf("%s: %+v", number, asked)
			}
			eventually(t, "finance is told that it was asked for", func() bool { return told() == 2*i+1 })
			if resolved {
				must(t, w.DecideStray(ctx, tomas, app.StrayDecision{Case: c, Stray: asked.ID, Way: app.StraySeen, Why: "Vista y anulada"}))
			}
			far.Put(fakestripe.Paid(number, sub, "cus_1", "eur", 2985, from, from.AddDate(0, 0, 30))...)
			if resolved { // nothing tells of it: the sweep finds it
				w.days(t, 5*24*time.Hour)
			} else {
				hears("invoice.paid", "in_"+number)
			}
			eventually(t, "it was found as paid", func() bool { return of("in_" + number).Taken })
			w.days(t, 2*time.Hour) // the next round finds nothing new
			s := of("in_" + number)
			if s.ID != asked.ID || s.State != stray.Open || s.Payment != "pi_"+number || s.Back != eur(2985) || !s.OverAt.IsZero() || s.OverBy != "" || (s.Step != asked.Step) != resolved ||
				!slices.Equal(s.Ways, []app.StrayWay{app.StrayRefund, app.StrayByHand, app.StraySeen}) {
				t.Fatalf("%s: %+v", number, s)
			}
			eventually(t, "finance is told that it was paid", func() bool { return told() == 2*i+2 })
			must(t, w.DecideStray(ctx, tomas, app.StrayDecision{Case: c, Stray: s.ID, Way: app.StrayRefund, Why: "Se cobró igualmente"}))
			must(t, w.Approve(ctx, laia, c, "after_end_approve"+s.Step[strings.LastIndex(s.Step, "_"):], true, "De acuerdo"))
			eventually(t, "it went back", func() bool { return of("in_"+number).State == stray.Refunded })
			eventually(t, "they are told", func() bool { return w.mail.count(app.GivenBackPaper) == i+1 })
			w.bank.mu.Lock()
			back := slices.Clone(w.bank.refunds)
			w.bank.mu.Unlock()
			if len(back) != i+1 || back[i].payment != "pi_"+number || back[i].amount != eur(2985) {
				t.Errorf("%s: given back: %+v", number, back)
			}
		}
		if a, b := w.mail.count(app.ChargedAfterPaper), w.mail.count(app.GivenBackPaper); a != 0 || b != 2 {
			t.Errorf("%d letters that it goes back, %d that it did", a, b)
		}
		if w.logged(t, "stray.found") != 2 || w.logged(t, "stray.taken") != 2 || w.logged(t, "stray.refunded") != 2 {
			t.Error("the log does not tell it as it was")
		}
		w.verifyLog(t)
	})
}

// Somebody gets in by an access that was closed, and use is measured of whoever
// has no contract any more: people are told. Our own tries are nobody's sign-in.
func TestASignInAndUseAfterTheEndAreHeardOf(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, goneAway)
		ctx := t.Context()
		w.inventory(t)
		c, end := w.left(t)
		w.days(t, 2*time.Hour)
		if got := w.strays(t); len(got) != 0 {
			t.Fatalf("somebody is alarmed about %+v", got)
		}
		w.asOutsider(t, "/accounts/acc-key/unblock")
		w.days(t, 8*24*time.Hour)
		eventually(t, "it was tried by us", func() bool { return w.logged(t, "access.reopened") == 1 })
		w.days(t, 2*time.Hour)
		if got := w.strays(t); len(got) != 0 {
			t.Fatalf("our own try is taken for somebody: %+v", got)
		}
		w.signIn(t, "acc-key", "dos", http.StatusOK)
		w.days(t, time.Hour)
		eventually(t, "it was found", func() bool { return len(w.strays(t)) == 1 })
		if s := w.strays(t)[0]; s.Kind != stray.SignIn || s.About != "acc-key" || s.System != "faro" || !slices.Equal(s.Ways, []app.StrayWay{app.StraySeen}) {
			t.Errorf("%+v", s)
		}
		w.signIn(t, "acc-key", "dos", http.StatusOK)
		w.days(t, time.Hour) // somebody is looking into it
		if got := w.strays(t); len(got) != 1 {
			t.Errorf("people are told twice of one thing: %+v", got)
		}

		last := when.DateOf(end.Add(-time.Hour), w.Company().Zone)
		must(t, w.AddReadings(ctx, agent, []app.ReadingInput{{Customer: "FE-20418", Metric: string(signal.Use), Day: last, Value: 4000}}))
		w.days(t, 2*time.Hour)
		if got := w.strays(t); len(got) != 1 {
			t.Errorf("use on the last day alarms somebody: %+v", got)
		}
		must(t, w.AddReadings(ctx, agent, []app.ReadingInput{
			{Customer: "FE-20418", Metric: string(signal.Use), Day: last.AddDays(2), Value: 4000}, {Customer: "FE-20418", Metric: string(signal.Use), Day: last.AddDays(3), Value: 0},
		}))
		eventually(t, "use was found at once", func() bool { return len(w.strays(t)) == 2 })
		s := w.strays(t)[0]
		if s.Kind != stray.Use || s.System != stray.ReadingsSystem {
			t.Fatalf("%+v", s)
		}
		must(t, w.DecideStray(ctx, agent, app.StrayDecision{Case: c, Stray: s.ID, Way: app.StraySeen, Why: "Era una lectura repetida"}))
		w.days(t, 2*time.Hour)
		if got := w.strays(t); len(got) != 2 || got[0].State != stray.Resolved || w.logged(t, "stray.resolved") != 1 {
			t.Errorf("%+v", got)
		}
		w.verifyLog(t)
	})
}

// everyone lets the billing system list what anybody was charged.
func everyone(systems string) string {
	return strings.Replace(systems, "      at: at\n", "      at: at\n      everyone:\n        list: {method: GET, path: /charges, query: {since: \"{since}\"}, items: charges}\n"+
		"        owner: customer\n        email: email\n        subscription: subscription\n", 1)
}

// Somebody who left is charged for something that is no contract of ours: whoever
// is on our record is found by their number there, or by their address. Whoever has
// a contract, and whoever is nobody's customer, alarms nobody.
func TestAChargeOfNoContractOfOursIsHeardOf(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, goneAway, "", 10*time.Second, everyone)
		ctx := t.Context()
		c, end := w.left(t)
		var cid customer.ID
		var mail, other string
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			v, err := tx.FindCase(ctx, c)
			must(t, err)
			cid = v.Customer
			contacts, err := tx.ContactsOf(ctx, cid)
			must(t, err)
			mail = contacts[0].Email
			list, err := tx.CustomersByReference(ctx, "FE-20391", "FE-20418")
			must(t, err)
			for _, x := range list {
				if x.ID != cid {
					other = x.Reference
				}
			}
			return nil
		}))
		must(t, w.AddExternalID(ctx, admin, app.ExternalInput{Customer: cid, System: "billing", Value: "cus_9"}))
		at := func(d time.Duration) *time.Time { x := end.Add(d); return &x }
		day := 24 * time.Hour
		for _, x := range []peer.Charge{
			{ID: "add_on", Subscription: "elsewhere-1", Customer: "cus_9"},
			{ID: "by_address", Customer: "cus_10", Email: strings.ToUpper(mail)},
			{ID: "before", Subscription: "elsewhere-1", Customer: "cus_9", From: at(-30 * day), To: at(0)},
			{ID: "ours", Subscription: "FE-20418-1", Customer: "cus_9", From: at(-30 * day), To: at(0)},
			{ID: "stranger", Subscription: "elsewhere-2", Customer: "cus_11", Email: "somebody@else.example"},
			{ID: "stays", Subscription: "elsewhere-3", Customer: other},
		} {
			x.Status, x.AmountMinor, x.Currency, x.At = "paid", 1200, "EUR", end.Add(2*time.Hour)
			_, err := w.billing.Charge(ctx, x)
			must(t, err)
		}
		w.days(t, time.Hour)
		eventually(t, "both were found", func() bool { return len(w.strays(t)) == 2 })
		w.days(t, time.Hour)
		about := map[string]string{}
		for _, s := range w.strays(t) {
			about[s.Far] = s.About
			if s.Case != string(c) || s.Kind != stray.Charge || s.Back.Minor != 1200 || s.Erased() {
				t.Errorf("%+v", s)
			}
		}
		if len(about) != 2 || about["add_on"] != "elsewhere-1" || about["by_address"] != "cus_10" {
			t.Errorf("found: %v", about)
		}
		w.verifyLog(t)
	})
}

// Somebody who was erased is charged. What is kept of them, keyed hashes, says so:
// finance is told once, without a name or a number, and what was told of before
// they were erased is not told of again.
func TestAChargeOfSomebodyWhoWasErasedIsHeardOf(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldOn(t, e, forgetting, "", 10*time.Second, everyone)
		ctx := t.Context()
		_, c, _ := w.request(t, "now")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		w.clear(t, v.Plan.Case.Customer)
		must(t, w.AddExternalID(ctx, admin, app.ExternalInput{Customer: v.Plan.Case.Customer, System: "billing", Value: "cus_9"}))
		w.erased(t, c)
		zone, err := time.LoadLocation(v.Plan.Case.Zone)
		must(t, err)
		now, _, err := w.Now(ctx)
		must(t, err)
		end := v.Plan.Case.Effective.End(zone)
		for _, x := range []peer.Charge{
			{ID: "far_77", Subscription: "FE-20418-1", Customer: "cus_9", Status: "paid", At: now},
			{ID: "far_78", Subscription: "FE-20418-1", Customer: "FE-20418", Status: "open", At: now.Add(time.Minute)},
			{ID: "far_79", Subscription: "FE-20418-1", Customer: "cus_9", Status: "paid", At: now, From: &time.Time{}, To: &end},
			{ID: "far_80", Subscription: "elsewhere-2", Customer: "cus_11", Status: "paid", At: now},
		} {
			x.AmountMinor, x.Currency = 2985, "EUR"
			_, err := w.billing.Charge(ctx, x)
			must(t, err)
		}
		w.days(t, time.Hour)
		eventually(t, "both were found", func() bool { return len(w.strays(t)) == 2 })
		w.days(t, time.Hour)
		list := w.strays(t)
		if len(list) != 2 || w.logged(t, "stray.found") != 2 {
			t.Fatalf("%+v", list)
		}
		for _, s := range list {
			want := []app.StrayWay{app.StraySeen}
			if s.Taken { // by hand: what it was paid with leads to somebody
				want = []app.StrayWay{app.StrayByHand, app.StraySeen}
			}
			if !s.Erased() || !strings.HasPrefix(s.Far, stray.ErasedFar) || s.Payment != "" || s.Case != string(c) || !slices.Equal(s.Ways, want) {
				t.Errorf("%+v", s)
			}
		}
		if where := said(t, e, "far_77", "far_78", "cus_9", "FE-20418-1"); len(where) > 0 {
			t.Errorf("what leads to whoever was erased stands in %v", where)
		}
		paid := list[slices.IndexFunc(list, func(s app.StrayView) bool { return s.Taken })]
		must(t, w.DecideStray(ctx, finance, app.StrayDecision{Case: c, Stray: paid.ID, Way: app.StrayByHand, Why: "Quedó una suscripción viva"}))
		w.verifyLog(t)
	})
}
