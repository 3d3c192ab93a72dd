package app_test

import (
	"reflect"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
	"hastaluego/internal/testkit"
)

// endsLate is a plan as the built-in ones are: the statement is made before the end.
const endsLate = `
playbook: endslate
title: {es: "Con liquidación antes del fin", en: "With a statement before the end"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - id: accounts
    kind: task
    title: {es: "Cuentas", en: "Accounts"}
    after: [confirm]
    role: finance
    due: {d: 5, from: ready}
    escalate: {d: 1, to: admin}
    items: [{id: a, title: {es: "A", en: "A"}}]
  - {id: statement, kind: settle, title: {es: "Liquidar", en: "Settle"}, after: [accounts], milestone: settled}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [confirm], params: {until: effective}}
  - id: last
    kind: task
    title: {es: "Lo último", en: "The last"}
    after: [statement, effective]
    role: agent
    due: {d: 5, from: ready}
    escalate: {d: 1, to: admin}
    items: [{id: a, title: {es: "A", en: "A"}}]
`

// told has finance look at the accounts of a departure, and the customer told.
func (w *world) told(t *testing.T, c offboarding.CaseID, email string) app.CaseStatement {
	t.Helper()
	must(t, w.Tick(t.Context(), finance, app.TickInput{Case: c, Step: "accounts", Item: "a", Ticked: true, Evidence: "visto"}))
	must(t, w.CompleteTask(t.Context(), finance, app.CompleteInput{Case: c, Step: "accounts", Note: "Visto"}))
	eventually(t, "the statement is told", func() bool { return w.stepState(t, c, "statement") == offboarding.StepDone })
	return w.statement(t, c)
}

// comesToItsEnd waits for the last day of a departure.
func (w *world) comesToItsEnd(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	v, err := w.OpenCase(t.Context(), finance, c)
	must(t, err)
	must(t, w.PushClock(t.Context(), "", v.Plan.Case.Effective.AddDays(1).Start(w.Company().Zone)))
	eventually(t, "it ends", func() bool { return w.stepState(t, c, "effective") == offboarding.StepDone })
}

// What happened after the statement was told stands on it at the end: finance signs
// it again, the customer is told what changed and has time to pay, and nobody is
// reminded of anything before.
func TestWhatWasUsedAfterTheStatementIsOnItAtTheEnd(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, endsLate)
		ctx := t.Context()
		cus, email := w.buyer(t, "USED", "ES", 40)
		_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "F-1", Kind: customer.Invoice, About: "Octubre", Amount: eur(2500)})
		must(t, err)
		c, page := w.leaves(t, email, "period_end")
		first := w.told(t, c, email)
		must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Agrees: true}))
		if first.State != app.StatementSigned || first.Doc.Sections[0].Total != eur(-2500) {
			t.Fatalf("told first: %+v", first)
		}
		_, err = w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "USO-1", Kind: customer.Usage, About: "Envíos", Amount: eur(700)})
		must(t, err)
		if x := w.statement(t, c); x.State != app.StatementAccepted {
			t.Errorf("before the end it is %s", x.State)
		}
		w.comesToItsEnd(t, c)
		x := w.statement(t, c)
		if x.State != app.StatementChanged || !x.MaySign() || x.MayAnswer() || !w.stepAsked(t, c, "statement_again") || x.Doc.Sections[0].Total != eur(-3200) {
			t.Fatalf("finance is not asked: %+v", x)
		}
		code(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Agrees: true}), "settlement.over")
		must(t, w.SignStatement(ctx, finance, c))
		again := w.statement(t, c)
		r := again.Doc.Replaces
		if again.State != app.StatementSigned || again.Doc.Sections[0].Total != eur(-3200) || again.Doc.DueOn != w.today(t).AddDays(settlement.DaysToPay) ||
			r == nil || len(r.New) != 1 || r.New[0].Ref != "USO-1" || len(r.Gone) != 0 {
			t.Fatalf("signed anew: %+v", again)
		}
		if s := w.stepState(t, c, "statement_again"); s != offboarding.StepDone {
			t.Errorf("the step that asked for it is %s", s)
		}
		eventually(t, "the customer is told", func() bool {
			return w.mail.countTo("statement", email) == 2
		})
		if n := w.logged(t, "statement.changed"); n != 1 {
			t.Errorf("%d changes in the log", n)
		}
		must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Agrees: true}))
		w.verifyLog(t)
	})
}

// Where nothing happened, or only what was told was paid, the end asks nobody and
// sends nothing.
func TestTheEndAsksNobodyWhereNothingHappened(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, endsLate)
		ctx := t.Context()
		for _, paid := range []bool{false, true} {
			ref := map[bool]string{false: "SAME", true: "PAID"}[paid]
			cus, email := w.buyer(t, ref, "ES", 40)
			bid, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "F-" + ref, Kind: customer.Invoice, About: "Octubre", Amount: eur(2500)})
			must(t, err)
			c, _ := w.leaves(t, email, "period_end")
			first := w.told(t, c, email)
			if paid {
				must(t, w.SettleBalance(ctx, finance, cus, bid, customer.Paid))
			}
			w.comesToItsEnd(t, c)
			must(t, w.UntilQuiet(ctx))
			if x := w.statement(t, c); x.State != app.StatementSigned || !reflect.DeepEqual(x.Doc, first.Doc) || w.stepAsked(t, c, "statement_again") || w.mail.countTo("statement", email) != 1 {
				t.Errorf("%s: %+v\nand was %+v", ref, x, first)
			}
		}
		if n := w.logged(t, "statement.changed"); n != 0 {
			t.Errorf("%d changes in the log", n)
		}
	})
}

// Where nothing was open when finance looked, what came after it is told at the end.
func TestWhatCameWhereNothingWasOpenIsToldAtTheEnd(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, endsLate)
		ctx := t.Context()
		cus, email := w.buyer(t, "NONE", "ES", 40)
		c, _ := w.leaves(t, email, "period_end")
		w.told(t, c, email)
		if n := w.mail.countTo("statement", email); n != 0 {
			t.Fatalf("told about nothing %d times", n)
		}
		_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "USO-2", Kind: customer.Usage, About: "Envíos", Amount: eur(700)})
		must(t, err)
		w.comesToItsEnd(t, c)
		must(t, w.SignStatement(ctx, finance, c))
		if x := w.statement(t, c); x.State != app.StatementSigned || x.Doc.Sections[0].Total != eur(-700) {
			t.Errorf("told: %+v", x)
		}
		eventually(t, "the customer is told", func() bool { return w.mail.countTo("statement", email) == 1 })
	})
}

// What was given back already is not given back again, and where less comes back by
// the end than was given, a person signs that it is told: nothing takes it back.
func TestWhatWasGivenBackStaysSoWhenTheEndSaysLess(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, endsLate)
		ctx := t.Context()
		cus, email := w.buyer(t, "BACK", "ES", 40)
		c, _ := w.leaves(t, email, "period_end")
		_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "R-1", Kind: customer.Refund, About: "Prometido", Amount: eur(1000)})
		must(t, err)
		first := w.told(t, c, email)
		given := w.refundsOf(t, cus)
		if len(given) != 1 || first.Doc.Sections[0].Total != eur(1000) {
			t.Fatalf("told: %+v, noted %+v", first, given)
		}
		must(t, w.SettleBalance(ctx, finance, cus, given[0].ID, customer.Paid))
		_, err = w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "USO-3", Kind: customer.Usage, About: "Envíos", Amount: eur(1700)})
		must(t, err)
		w.comesToItsEnd(t, c)
		if !w.stepAsked(t, c, "statement_again") {
			t.Fatal("nobody is asked")
		}
		must(t, w.SignStatement(ctx, finance, c))
		x := w.statement(t, c)
		if x.Doc.Sections[0].Total != eur(-1700) || len(w.refundsOf(t, cus)) != 1 {
			t.Errorf("after it was given back: %+v, noted %+v", x.Doc.Sections, w.refundsOf(t, cus))
		}
		if !strings.Contains(x.Doc.Replaces.New[0].Ref, "USO-3") || len(x.Doc.Replaces.New) != 1 {
			t.Errorf("told as new: %+v", x.Doc.Replaces)
		}
	})
}

// countTo is how many letters of the kind went to the address.
func (l *letters) countTo(kind, to string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.sent {
		if x.paper.Kind == kind && x.to == to {
			n++
		}
	}
	return n
}
