package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/testkit"
)

// agreed is a playbook that gives back what its statement says, once a second person
// agreed, and leaves the rest to people.
const agreed = `
playbook: agreed
title: {es: "Liquidar y devolver", en: "Settle and refund"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: statement, kind: settle, title: {es: "Liquidar", en: "Settle"}, after: [confirm]}
  - id: refund_approval
    kind: approve
    title: {es: "Aprobar", en: "Approve"}
    after: [statement]
    role: finance
    due: {d: 60, from: ready}
    escalate: {d: 1, to: admin}
  - {id: refund, kind: refund, title: {es: "Devolver", en: "Refund"}, after: [refund_approval], params: {system: billing, otherwise: person}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [refund], params: {until: effective}}
`

// byHand are the steps by which somebody of finance is asked to give sums back.
func (w *world) byHandSteps(t *testing.T, c offboarding.CaseID) []offboarding.Step {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	return slices.DeleteFunc(slices.Clone(v.Plan.Steps), func(s offboarding.Step) bool { return !strings.HasPrefix(s.Key, "statement_refund") })
}

func (w *world) step(t *testing.T, c offboarding.CaseID, key string) offboarding.Step {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	return *v.Plan.Step(key)
}

// A plan that the program comes with gives back what is owed once a second person of
// finance agreed and the contract has ended: the billing system sends it once, and says
// so, and nobody is asked to do it by hand.
func TestAShippedPlanGivesBackAtTheBillingSystem(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, string(playbook.Builtin()["saas-b2c"]))
		ctx := t.Context()
		w.owe(t, 2500)
		_, c, _ := w.request(t, "period_end")
		w.workTasks(t, c)
		eventually(t, "a second person is asked", func() bool { return w.stepState(t, c, "refund_approval") == offboarding.StepReady })
		v, err := w.OpenCase(ctx, finance, c)
		must(t, err)
		if sums := v.GivesBack[v.Plan.Step("refund_approval").ID]; len(sums) != 1 || sums[0].Amount != eur(2500) {
			t.Errorf("who decides sees %+v", sums)
		}
		code(t, w.Approve(ctx, finance, c, "refund_approval", true, "Sí"), "approval.same_person")
		must(t, w.Approve(ctx, app.Actor{ID: "usr_second", Roles: []string{"finance"}}, c, "refund_approval", true, "De acuerdo"))
		if s := w.stepState(t, c, "refund"); s != offboarding.StepWaiting || w.bank.asked != 0 {
			t.Errorf("before the contract has ended it is %s", s)
		}
		next, err := w.NextTimer(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", next))
		eventually(t, "the money was sent", func() bool { return w.stepState(t, c, "refund") == offboarding.StepVerified })
		if w.bank.asked != 1 || len(w.bank.refunds) != 1 || w.bank.refunds[0].amount != eur(2500) {
			t.Errorf("asked %d times: %+v", w.bank.asked, w.bank.refunds)
		}
		if list := w.byHandSteps(t, c); len(list) > 0 {
			t.Errorf("people are asked too: %+v", list)
		}
		for _, b := range w.refundsOf(t, v.Customer.ID) {
			if b.ID == "bal_back" && b.Status != customer.Paid {
				t.Errorf("the record has it as %s", b.Status)
			}
		}
		w.verifyLog(t)
	})
}

// With nothing to give back nobody decides and nothing is asked, and the plan says why.
func TestWithNothingToGiveBackNobodyDecides(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, agreed)
		w.owe(t, 2500)
		must(t, w.SettleBalance(t.Context(), finance, w.firstCustomer(t), "bal_back", customer.Void))
		_, c, _ := w.request(t, "period_end")
		eventually(t, "it is not needed", func() bool { return w.stepState(t, c, "refund") == offboarding.StepSkipped })
		for _, key := range []string{"refund_approval", "refund"} {
			if s := w.step(t, c, key); s.State != offboarding.StepSkipped || s.Blocked != "refund.nothing" {
				t.Errorf("%s is %s because of %q", key, s.State, s.Blocked)
			}
		}
		if list := w.byHandSteps(t, c); len(list) > 0 || w.bank.asked != 0 {
			t.Errorf("asked %d times, and people %+v", w.bank.asked, list)
		}
		w.verifyLog(t)
	})
}

func (w *world) firstCustomer(t *testing.T) (id customer.ID) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) error {
		c, err := tx.FindCustomerByReference(t.Context(), "FE-20418")
		id = c.ID
		return err
	}))
	return id
}

// What no connected system gives back somebody of finance is asked for, with every
// sum, by the day on which it must be there, and their word settles it. So is what the
// customer's own debt stands against, though a system could.
func TestWhatNoSystemGivesBackIsAskedOfFinance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		systems []func(string) string
		owes    bool
	}{{"no system", []func(string) string{nothingConnected}, false}, {"a debt", nil, true}} {
		testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
			w := newWorldOn(t, e, agreed, "", 10*time.Second, c.systems...)
			ctx := t.Context()
			w.bank.payments = []connector.Payment{{Reference: "pi_1", Amount: eur(100_000), Refunded: eur(0)}}
			cus, email := w.buyer(t, "HAND", "ES", 40)
			if c.owes {
				_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "F-1", Kind: customer.Fee, About: "Router", Amount: eur(1500), DueOn: w.today(t).AddDays(3)})
				must(t, err)
			}
			x, _ := w.leaves(t, email, "now")
			must(t, w.UntilQuiet(ctx))
			must(t, w.SignStatement(ctx, finance, x))
			w.push(t, 1)
			eventually(t, c.name+": it is not needed", func() bool { return w.stepState(t, x, "refund") == offboarding.StepSkipped })
			for _, key := range []string{"refund_approval", "refund"} {
				if s := w.step(t, x, key); s.Blocked != "refund.by_person" {
					t.Errorf("%s: %s is left out because of %q", c.name, key, s.Blocked)
				}
			}
			sums, list := w.refundsOf(t, cus), w.byHandSteps(t, x)
			if len(list) != 1 || len(sums) == 0 {
				t.Fatalf("%s: %d sums, and people are asked %+v", c.name, len(sums), list)
			}
			s := list[0]
			if by := sums[0].DueOn.End(w.Company().Zone); s.Due.After(by) {
				t.Errorf("%s: due %s, and it must be there by %s", c.name, s.Due, by)
			}
			for _, it := range s.Items {
				must(t, w.Tick(ctx, finance, app.TickInput{Case: x, Step: s.Key, Item: it.Key, Ticked: true, Evidence: "Transferencia 17"}))
			}
			must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: x, Step: s.Key, Note: "Devuelto"}))
			for _, b := range w.refundsOf(t, cus) {
				if b.Status != customer.Paid {
					t.Errorf("%s: %s is %s", c.name, b.Reference, b.Status)
				}
			}
			if w.bank.asked != 0 {
				t.Errorf("%s: the system was asked %d times", c.name, w.bank.asked)
			}
			w.verifyLog(t)
		})
	}
}

// Whoever decides has seen every sum that goes back: one that is owed since then, by a
// statement that was made anew, somebody of finance is asked for.
func TestWhatIsOwedSinceTheApprovalIsAskedOfFinance(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, strings.Replace(agreed, "after: [refund_approval]", "after: [refund_approval, later]", 1)+`  - id: later
    kind: task
    title: {es: "Luego", en: "Later"}
    after: [confirm]
    role: agent
    due: {d: 5, from: ready}
    escalate: {d: 1, to: admin}
`)
		ctx := t.Context()
		w.bank.payments = []connector.Payment{{Reference: "pi_1", Amount: eur(200_000), Refunded: eur(0)}}
		cus, email := w.buyer(t, "SINCE", "ES", 40)
		c, page := w.leaves(t, email, "now")
		must(t, w.UntilQuiet(ctx))
		must(t, w.SignStatement(ctx, finance, c))
		w.push(t, 1)
		eventually(t, "a second person is asked", func() bool { return w.stepState(t, c, "refund_approval") == offboarding.StepReady })
		if s, by := w.step(t, c, "refund_approval"), w.refundsOf(t, cus)[0].DueOn.End(w.Company().Zone); !s.Due.Equal(by) {
			t.Errorf("the decision is due %s, and the money by %s", s.Due, by)
		}
		must(t, w.Approve(ctx, app.Actor{ID: "usr_second", Roles: []string{"finance"}}, c, "refund_approval", true, "De acuerdo"))
		must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Why: "Pagué más"}))
		more := eur(73000)
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: cus, Subscription: w.opened(t, cus).Lines[0].ID, Amount: &more}))
		must(t, w.SignStatement(ctx, finance, c))
		if list := w.byHandSteps(t, c); len(list) != 1 {
			t.Fatalf("people are asked %+v", list)
		}
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "later", Note: "Ya"}))
		eventually(t, "the step leaves it", func() bool { return w.stepState(t, c, "refund") == offboarding.StepSkipped })
		if w.bank.asked != 0 {
			t.Errorf("what nobody approved was asked for %d times", w.bank.asked)
		}
		w.verifyLog(t)
	})
}
