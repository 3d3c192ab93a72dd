package app_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
	"hastaluego/internal/testkit"
)

// settles is a plan in which finance looks before the statement goes out;
// unwatched one in which nobody does.
const (
	settles = `
playbook: settles
title: {es: "Con liquidación", en: "With a statement"}
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
  - {id: statement, kind: settle, title: {es: "Liquidar", en: "Settle"}, after: [accounts]}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [statement], params: {until: effective}}
`
	unwatched = `
playbook: unwatched
title: {es: "Con liquidación", en: "With a statement"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: statement, kind: settle, title: {es: "Liquidar", en: "Settle"}, after: [confirm]}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [statement], params: {until: effective}}
`
)

// preview is what the page of a signed link shows to a customer.
func (w *world) preview(t *testing.T, cus customer.ID) app.Preview {
	t.Helper()
	_, wall, err := w.Now(t.Context())
	must(t, err)
	link, err := app.SignHostLink(w.keys.HMACKey(app.HostLinkKey), app.HostClaim{Customer: cus, Expires: wall.Add(time.Minute), ID: string(cus), Language: "es"})
	must(t, err)
	page, err := w.OpenHostPage(t.Context(), link)
	must(t, err)
	if page.Preview == nil {
		t.Fatal("the page says nothing about money")
	}
	return *page.Preview
}

// leaves asks to leave on the public page and proves who it was.
func (w *world) leaves(t *testing.T, email, when string) (offboarding.CaseID, string) {
	t.Helper()
	_, err := w.RequestExit(t.Context(), app.ExitInput{Name: "Ana", AccountEmail: email, When: when, Language: "es"})
	must(t, err)
	confirm := w.mail.wait(t, "confirm", email)
	c, page, err := w.VerifyRequest(t.Context(), token(confirm.Links["verify"]))
	must(t, err)
	return c, page
}

func (w *world) statement(t *testing.T, c offboarding.CaseID) app.CaseStatement {
	t.Helper()
	x, err := w.StatementOf(t.Context(), finance, c)
	must(t, err)
	return x
}

// Whoever is told late what they owe has time to pay it.
func TestABalanceIsNotDueBeforeItIsTold(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx := t.Context()
		cus, email := w.buyer(t, "LATE-1", "ES", 40)
		_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "F-1", Kind: customer.Invoice, About: "Octubre", Amount: eur(2500)})
		must(t, err)
		c, _ := w.leaves(t, email, "period_end")
		eve := w.statement(t, c).Doc.DueOn
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", eve.AddDays(5).Start(w.Company().Zone)))
		if later, _, err := w.Now(ctx); err != nil || !later.After(now) {
			t.Fatalf("%s %v", later, err)
		}
		if due, today := w.statement(t, c).Doc.DueOn, w.today(t); due != today.AddDays(settlement.DaysToPay) || today.Before(eve) {
			t.Errorf("on %s it is due on %s, and was on %s", today, due, eve)
		}
	})
}

// What the page says before the click is what the statement says at the end,
// when nothing happened between: for both choices, line by line.
func TestWhatIsShownBeforeTheClickIsWhatIsSettled(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx := t.Context()
		for _, when := range []string{"now", "period_end"} {
			cus, email := w.buyer(t, "PRE-"+when, "ES", 40)
			_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "F-" + when, Kind: customer.Invoice, About: "Octubre", Amount: eur(2500)})
			must(t, err)
			before := w.preview(t, cus)
			if !before.Differ() || len(before.Now.Sections) != 1 || before.Now.Sections[0].Currency != "EUR" {
				t.Fatalf("preview: %+v", before)
			}
			// The invoice is open for both; leaving now brings back what is left of the year and of the month.
			if end := before.End.Sections[0]; end.Total != eur(-2500) || before.End.DueOn != before.End.LastDay().AddDays(-1) {
				t.Errorf("at the end: %+v, due %s", end, before.End.DueOn)
			}
			if now := before.Now.Sections[0]; len(now.Lines) != 3 || now.Lines[1].Why != "refund.days" || now.Lines[1].Amount != eur(36500-41*100) || now.Lines[1].By.Rule != "es.lgdcu.62-3.prepaid" {
				t.Errorf("now: %+v", now)
			}
			want := map[string]app.Statement{"now": before.Now, "period_end": before.End}[when]

			c, page := w.leaves(t, email, when)
			if draft := w.statement(t, c); draft.State != app.StatementDrawn || !reflect.DeepEqual(draft.Doc.Sections, want.Sections) {
				t.Fatalf("%s: the draft is %+v\nthe page said %+v", when, draft.Doc.Sections, want.Sections)
			}
			must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: "accounts", Item: "a", Ticked: true, Evidence: "visto"}))
			must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: "accounts", Note: "Visto"}))
			made := w.statement(t, c)
			if made.State != app.StatementSigned || made.SignedBy != finance.ID || !reflect.DeepEqual(made.Doc.Sections, want.Sections) || made.Doc.DueOn != want.DueOn || made.Doc.RefundOn != want.RefundOn {
				t.Fatalf("%s: the statement is %+v\nthe page said %+v", when, made, want)
			}
			letter := w.mail.wait(t, "statement", email)
			if letter.Statement == nil || !reflect.DeepEqual(letter.Statement.Doc.Sections, want.Sections) {
				t.Fatalf("%s: the letter says %+v", when, letter.Statement)
			}
			noted := w.refundsOf(t, cus)
			if when == "period_end" && len(noted) != 0 || when == "now" && (len(noted) != 2 || noted[0].Amount.Minor+noted[1].Amount.Minor != want.Sections[0].Total.Minor+2500) {
				t.Errorf("%s: noted are %+v", when, noted)
			}

			// It is told once more in the same words for whoever reads it later, and
			// the customer says once what they think of it.
			code(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Why: "  "}), "step.evidence_required")
			must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Agrees: true}))
			code(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Agrees: true}), "settlement.over")
			p, err := w.OpenCasePage(ctx, page, "case", "")
			must(t, err)
			if p.Statement.State != app.StatementAccepted || !reflect.DeepEqual(p.Statement.Doc.Sections, want.Sections) {
				t.Errorf("%s: the page says %+v", when, p.Statement)
			}
			raw, err := json.Marshal(app.ViewStatement(p.Statement))
			must(t, err)
			if !strings.Contains(string(raw), `"amount_minor":-2500`) || strings.Contains(string(raw), "Year") {
				t.Errorf("for programs: %s", raw)
			}
		}
		if n := w.logged(t, "statement.signed"); n != 2 {
			t.Errorf("%d signatures in the log", n)
		}
		w.verifyLog(t)
	})
}

// Where nobody of finance has looked, what was computed waits for a signature;
// who does not agree is answered by a person, and nothing noted before counts twice.
func TestAStatementIsSignedBeforeItIsToldAndAgainAfterADispute(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, unwatched)
		ctx := t.Context()
		cus, email := w.buyer(t, "SIG", "ES", 40)
		c, page := w.leaves(t, email, "now")
		must(t, w.UntilQuiet(ctx))
		x := w.statement(t, c)
		if x.State != app.StatementDrawn || x.Version == 0 || w.stepState(t, c, "statement_sign") != offboarding.StepReady || len(w.refundsOf(t, cus)) != 0 {
			t.Fatalf("nobody signed it: %+v", x)
		}
		code(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Agrees: true}), "settlement.over")
		code(t, w.SignStatement(ctx, agent, c), "forbidden.role")
		code(t, w.SignStatement(ctx, app.Actor{ID: "key_x", Scopes: []string{"statements:act"}}, c), "forbidden.person")
		must(t, w.SignStatement(ctx, finance, c))
		code(t, w.SignStatement(ctx, finance, c), "settlement.over")
		if s := w.stepState(t, c, "statement_sign"); s != offboarding.StepDone {
			t.Errorf("the step that asked for it is %s", s)
		}
		first := w.refundsOf(t, cus)
		if len(first) != 2 {
			t.Fatalf("noted: %+v", first)
		}
		w.push(t, 1) // the letter looks again
		w.mail.wait(t, "statement", email)

		// One of the sums was paid before the customer said that something is wrong.
		must(t, w.SettleBalance(ctx, finance, cus, first[0].ID, customer.Paid))
		must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Why: "Falta el abono de marzo"}))
		if s := w.stepState(t, c, "statement_dispute"); s != offboarding.StepReady {
			t.Fatalf("nobody looks: %s", s)
		}
		_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "R-3", Kind: customer.Credit, About: "Marzo", Amount: eur(300)})
		must(t, err)
		must(t, w.SignStatement(ctx, finance, c))
		again := w.statement(t, c)
		if again.State != app.StatementSigned || again.Doc.Sections[0].Total.Minor != first[1].Amount.Minor+300 {
			t.Fatalf("after %+v was paid and a credit noted: %+v", first[0], again.Doc.Sections)
		}
		due := slices.DeleteFunc(w.refundsOf(t, cus), func(b customer.Balance) bool { return b.Status != customer.Due })
		if len(due) != 1 || due[0].Amount != first[1].Amount {
			t.Errorf("noted twice: %+v", due)
		}
		must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Agrees: true}))

		// Whoever takes a departure back is owed nothing of it.
		cus, email = w.buyer(t, "BACK", "ES", 40)
		c, _ = w.leaves(t, email, "now")
		must(t, w.UntilQuiet(ctx))
		must(t, w.SignStatement(ctx, finance, c))
		must(t, w.UndoByStaff(ctx, agent, c))
		if due := slices.DeleteFunc(w.refundsOf(t, cus), func(b customer.Balance) bool { return b.Status != customer.Due }); len(due) != 0 {
			t.Errorf("still noted: %+v", due)
		}
		w.verifyLog(t)
	})
}

// stepAsked reports whether a departure has a step by now that somebody is to do.
func (w *world) stepAsked(t *testing.T, c offboarding.CaseID, step string) bool {
	t.Helper()
	v, err := w.OpenCase(t.Context(), finance, c)
	must(t, err)
	s := v.Plan.Step(step)
	return s != nil && s.State == offboarding.StepReady
}

// With recorded sums alone, and no step of finance before it, a statement is sent
// and signed by nobody; the customer may agree before or after somebody of finance
// signs it as it was told.
func TestWhatNobodyOfFinanceSignedSaysSoUntilSomebodySigns(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, unwatched)
		ctx := t.Context()
		for i, first := range []string{"customer", "finance"} {
			cus, email := w.buyer(t, "SENT-"+first, "ES", 0)
			_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus, Reference: "F-" + first, Kind: customer.Invoice, About: "Octubre", Amount: eur(2500)})
			must(t, err)
			c, page := w.leaves(t, email, "period_end")
			w.mail.wait(t, "statement", email) // the books are looked into before
			sent := w.statement(t, c)
			if sent.State != app.StatementSent || sent.SignedBy != "" || !sent.SignedAt.IsZero() || !sent.MaySign() {
				t.Fatalf("nobody signed it: %+v", sent)
			}
			agrees := func() { must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Agrees: true})) }
			signs := func() {
				code(t, w.SignStatement(ctx, agent, c), "forbidden.role")
				code(t, w.SignStatement(ctx, app.Actor{ID: "key_x", Scopes: []string{"statements:act"}}, c), "forbidden.person")
				must(t, w.SignStatement(ctx, finance, c))
				code(t, w.SignStatement(ctx, finance, c), "settlement.over")
			}
			if first == "customer" {
				agrees()
				if x := w.statement(t, c); x.SignedBy != "" {
					t.Errorf("the customer signed for finance: %+v", x)
				}
				signs()
			} else {
				signs()
				if x := w.statement(t, c); x.State != app.StatementSigned {
					t.Errorf("signed, and %s", x.State)
				}
				agrees()
			}
			x := w.statement(t, c)
			if x.State != app.StatementAccepted || x.SignedBy != finance.ID || x.SignedAt.IsZero() || x.AnsweredAt.IsZero() || !reflect.DeepEqual(x.Doc, sent.Doc) {
				t.Errorf("%s first: %+v", first, x)
			}
			if n := w.logged(t, "statement.signed"); n != i+1 {
				t.Errorf("%d signatures in the log", n)
			}
		}
		if n := w.logged(t, "statement.sent"); n != 2 {
			t.Errorf("%d were sent unsigned", n)
		}

		// Whoever finishes the step that asks for a signature has signed.
		_, email := w.buyer(t, "STEP", "ES", 40)
		c, _ := w.leaves(t, email, "now")
		eventually(t, "finance is asked", func() bool { return w.stepAsked(t, c, "statement_sign") })
		must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: "statement_sign", Item: "read", Ticked: true}))
		code(t, w.CompleteTask(ctx, app.Actor{ID: "key_x", Scopes: []string{"statements:act"}}, app.CompleteInput{Case: c, Step: "statement_sign", Note: "Visto"}), "forbidden.person")
		must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: "statement_sign", Note: "Visto"}))
		if x := w.statement(t, c); x.State != app.StatementSigned || x.SignedBy != finance.ID {
			t.Errorf("the step is done and the statement %+v", x)
		}
		w.verifyLog(t)
	})
}

// A business customer without any right to a refund, and one with nothing open,
// get no statement; a record that makes no sense keeps nobody from leaving.
func TestNothingIsSettledWhereNothingIsOpen(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settles)
		ctx := t.Context()
		email := "oficina@seca.example"
		cus, err := w.AddCustomer(ctx, agent, app.CustomerInput{
			Kind: customer.Organisation, Name: "Seca", Reference: "SECA", Country: "ES", Language: "es", Contacts: []app.ContactInput{{Name: "Eva", Email: email, Role: customer.Owner}},
			Subscriptions: []app.SubscriptionInput{{Reference: "SECA-1", Product: "Faro", Amount: eur(36500), Interval: customer.Yearly, Start: w.today(t).AddDays(-40)}},
		})
		must(t, err)
		if p := w.preview(t, cus); len(p.Now.Sections)+len(p.End.Sections) != 0 {
			t.Errorf("a business customer is told %+v", p)
		}
		c, page := w.leaves(t, email, "now")
		must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: "accounts", Item: "a", Ticked: true, Evidence: "visto"}))
		must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: "accounts", Note: "Visto"}))
		if s := w.stepState(t, c, "statement"); s != offboarding.StepDone {
			t.Errorf("the step is %s", s)
		}
		if err := w.AnswerStatement(ctx, page, app.StatementAnswer{Agrees: true}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an answer to nothing: %v", err)
		}
		old, email := w.buyer(t, "OLD", "ES", 40)
		_, err = w.AddSubscription(ctx, agent, app.SubscriptionInput{Customer: old, Reference: "OLD-9", Product: "Faro", Amount: eur(900), Interval: customer.Weekly, Start: w.today(t).AddDays(-60_000)})
		must(t, err)
		if p := w.preview(t, old); !slices.ContainsFunc(p.Now.Open, func(o settlement.Open) bool { return o.Why == "records" }) {
			t.Errorf("a contract of two centuries: %+v", p.Now)
		}
		w.leaves(t, email, "now")
	})
}
