package app_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// erasing is a playbook with something final.
const erasing = `
playbook: erasing
title: {es: "Con borrado", en: "With erasure"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}, milestone: confirmed}
  - {id: export, kind: export_data, title: {es: "Datos", en: "Data"}, after: [confirm], milestone: data_ready}
  - id: first
    kind: erase_data
    title: {es: "Borrar el correo", en: "Erase the mail"}
    after: [export]
    role: privacy
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    params: {on: person_request}
    undo: {class: final}
    items: [{id: a, title: {es: "A", en: "A"}}]
  - id: last
    kind: erase_data
    title: {es: "Borrar todo", en: "Erase everything"}
    after: [first]
    role: privacy
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    params: {on: person_request}
    undo: {class: final}
    items: [{id: a, title: {es: "A", en: "A"}}, {id: b, title: {es: "B", en: "B"}}]
`

var privacy = app.Actor{ID: "usr_privacy", Name: "Tomás", Roles: []string{"privacy"}}

// Every kind of letter about a departure lets whoever reads it say that this was
// not them.
func TestEveryLetterHasALinkForWhoeverItIsNotAbout(t *testing.T) {
	t.Parallel()
	for kind, purposes := range app.Letters {
		if !slices.Contains(purposes, "not_me") && kind != app.NoticePaper && !strings.HasPrefix(kind, "copy") && !slices.Contains(app.UserPapers, kind) { // those of copies are about no departure, and users have no say in one
			t.Errorf("the letter %s has none", kind)
		}
	}
}

// "This was not me" freezes what is final: what has not been done of it is not
// done any more, by nobody; what was done is said, and a person is asked.
func TestNotMeFreezesWhatIsFinal(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, erasing)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		eventually(t, "the first erasure is asked for", func() bool { return w.stepState(t, c, "first") == offboarding.StepReady })
		must(t, w.Tick(ctx, privacy, app.TickInput{Case: c, Step: "first", Item: "a", Ticked: true}))
		must(t, w.CompleteTask(ctx, privacy, app.CompleteInput{Case: c, Step: "first", Note: "Borrado"}))
		must(t, w.Tick(ctx, privacy, app.TickInput{Case: c, Step: "last", Item: "a", Ticked: true}))

		must(t, w.DisownRequest(ctx, page)) // from the private page
		if err := w.Tick(ctx, privacy, app.TickInput{Case: c, Step: "last", Item: "b", Ticked: true}); fault.KindOf(err) != fault.Blocked {
			t.Errorf("what is final goes on: %v", err)
		}
		if err := w.CompleteTask(ctx, privacy, app.CompleteInput{Case: c, Step: "last", Note: "Borrado"}); fault.KindOf(err) != fault.Blocked {
			t.Errorf("what is final is completed: %v", err)
		}
		if s := w.stepState(t, c, "last"); s != offboarding.StepCancelled {
			t.Errorf("the second erasure is %s", s)
		}
		v, err := w.OpenDisownPage(ctx, page)
		must(t, err)
		if !v.Over || len(v.Final) != 1 || v.Final[0] != "erased" {
			t.Errorf("the page says %+v", v)
		}
		in, err := w.OpenInbox(ctx, agent, app.CaseFilter{Roles: []string{"agent"}, OpenOnly: true})
		must(t, err)
		if in.Total != 1 || in.Cases[0].Next == nil || in.Cases[0].Next.Key != "not_me" || in.Cases[0].Next.Due.IsZero() {
			t.Errorf("nobody is asked: %+v", in.Cases)
		}
		must(t, w.DisownRequest(ctx, page)) // again
		w.verifyLog(t)
	})
}

// Said with any of the letters, at any time of a departure, it stops what still
// moves; when nothing moves any more a person is asked.
func TestNotMeWorksFromEveryLetterAtAnyTime(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		ctx := t.Context()
		notMe := func(t *testing.T, p app.Paper) string { return token(p.Links["not_me"]) }
		asked := func(t *testing.T, w *world, c offboarding.CaseID) {
			t.Helper()
			if s := w.stepState(t, c, "not_me"); s != offboarding.StepReady {
				t.Errorf("the person is asked: %s", s)
			}
		}
		t.Run("before the proof", func(t *testing.T) {
			t.Parallel()
			for _, kind := range []string{"ack", "confirm"} {
				w := newWorld(t, e.AnotherMigrated(t))
				_, err := w.RequestExit(ctx, app.ExitInput{AccountEmail: firstMail, Language: "es"})
				must(t, err)
				confirm := w.mail.wait(t, "confirm", firstMail)
				must(t, w.DisownRequest(ctx, notMe(t, w.mail.wait(t, kind, firstMail))))
				in, err := w.OpenInbox(ctx, agent, app.CaseFilter{})
				must(t, err)
				if got := in.Cases[0].Plan.Case.State; got != offboarding.CaseStopped {
					t.Errorf("after the %s the case is %s", kind, got)
				}
				if _, _, err := w.VerifyRequest(ctx, token(confirm.Links["verify"])); fault.KindOf(err) != fault.Gone {
					t.Errorf("confirmed after it was disowned: %v", err)
				}
			}
		})
		t.Run("with the receipt and the code", func(t *testing.T) {
			t.Parallel()
			for _, kind := range []string{"receipt", "code"} {
				w := newWorld(t, e.AnotherMigrated(t))
				_, c, page := w.request(t, "period_end")
				to := "casa@marta.example"
				if kind == "code" {
					must(t, w.SendCode(ctx, page))
					to = firstMail
				}
				must(t, w.DisownRequest(ctx, notMe(t, w.mail.wait(t, kind, to))))
				eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
				asked(t, w, c)
			}
		})
		t.Run("when it was undone", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, e.AnotherMigrated(t))
			_, c, page := w.request(t, "period_end")
			must(t, w.UndoByCustomer(ctx, page))
			must(t, w.DisownRequest(ctx, notMe(t, w.mail.wait(t, "reversed", firstMail))))
			asked(t, w, c)
		})
		t.Run("when it is over", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, e.AnotherMigrated(t))
			_, c, _ := w.request(t, "period_end")
			w.workTasks(t, c)
			eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
			next, err := w.NextTimer(ctx)
			must(t, err)
			must(t, w.PushClock(ctx, "", next))
			eventually(t, "the end", func() bool { return w.state(t, c) == offboarding.CaseClosed })
			must(t, w.DisownRequest(ctx, notMe(t, w.mail.wait(t, "farewell", firstMail))))
			asked(t, w, c)
			in, err := w.OpenInbox(ctx, agent, app.CaseFilter{Roles: []string{"agent"}, OpenOnly: true})
			must(t, err)
			if in.Total != 1 {
				t.Errorf("%d cases wait for an agent", in.Total)
			}
			for _, it := range in.Cases[0].Next.Items {
				must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "not_me", Item: it.Key, Ticked: true}))
			}
			must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "not_me", Note: "Fue su hijo; todo aclarado"}))
			if got := w.state(t, c); got != offboarding.CaseClosed {
				t.Errorf("a terminal case became %s", got)
			}
			w.verifyLog(t)
		})
	})
}

// A stranger who types the address of a customer, and disowns what they typed,
// does not stop the departure that the customer asked for and confirmed.
func TestAStrangerCannotStopTheDepartureOfACustomer(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, err := w.RequestExit(ctx, app.ExitInput{AccountEmail: firstMail, ReceiptEmail: "mala@idea.example", Language: "es", Nonce: "stranger"})
		must(t, err)
		w.mail.wait(t, "confirm", firstMail)
		mine, err := w.RequestExit(ctx, app.ExitInput{AccountEmail: firstMail, Language: "es", Nonce: "mine"})
		must(t, err)
		eventually(t, "a letter to confirm each", func() bool { return w.mail.count("confirm") == 2 })
		must(t, w.DisownRequest(ctx, token(w.mail.wait(t, "ack", "mala@idea.example").Links["not_me"])))
		confirm := w.mail.last(t, "confirm")
		if confirm.Code != mine.Code {
			t.Fatalf("the last letter is about %s", confirm.Code)
		}
		c, _, err := w.VerifyRequest(ctx, token(confirm.Links["verify"]))
		must(t, err)
		if got := w.state(t, c); got != offboarding.CaseOpen {
			t.Errorf("the customer's departure is %s", got)
		}
		// Whoever has the mailbox says of the other letter that it was not them: the
		// departure stands on what they confirmed.
		first := w.mail.wait(t, "confirm", firstMail)
		must(t, w.DisownRequest(ctx, token(first.Links["not_me"])))
		if got := w.state(t, c); got != offboarding.CaseOpen {
			t.Errorf("the customer's departure is %s", got)
		}
	})
}

// The papers go where whoever has the mailbox on file says, not where somebody
// typed.
func TestWhoeverConfirmsSaysWhereThePapersGo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, err := w.RequestExit(ctx, app.ExitInput{AccountEmail: firstMail, ReceiptEmail: "otra@casa.example", Language: "es"})
		must(t, err)
		confirm := w.mail.wait(t, "confirm", firstMail)
		v, err := w.OpenVerifyPage(ctx, token(confirm.Links["verify"]))
		must(t, err)
		if v.Elsewhere() != "otra@casa.example" || v.OnFile != firstMail {
			t.Errorf("the page tells of %q and %q", v.Elsewhere(), v.OnFile)
		}
		_, _, err = w.VerifyRequestTo(ctx, token(confirm.Links["verify"]), true)
		must(t, err)
		w.mail.wait(t, "receipt", firstMail)
		if n := w.mail.count("receipt"); n != 1 {
			t.Errorf("%d receipts", n)
		}
	})
}

// What staff can read of a letter opens nothing: neither its links nor the code
// for the downloads.
func TestTheOutboxHidesWhatOpensSomething(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		must(t, w.SendCode(ctx, page))
		letter := w.mail.wait(t, "code", firstMail)
		// The acknowledgement is older than its case, and is listed with it.
		list, _, err := w.PageMessages(ctx, agent, app.MessageQuery{Case: c}, app.Place{Limit: 50})
		must(t, err)
		if !slices.ContainsFunc(list, func(m app.Message) bool { return m.Paper == "ack" && m.Case == c }) {
			t.Errorf("no acknowledgement among the letters of the departure: %+v", list)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		seen := 0
		for _, m := range v.Messages {
			var text string
			eventually(t, "sent", func() bool {
				_, text, err = w.OpenLetter(ctx, agent, m.ID, false)
				must(t, err)
				return text != ""
			})
			seen++
			if strings.Contains(text, letter.Secret) {
				t.Errorf("%s shows the code: %s", m.Paper, text)
			}
			for _, paper := range w.mail.papers() {
				for _, link := range paper.Links {
					if strings.Contains(text, token(link)) {
						t.Errorf("%s shows a link", m.Paper)
					}
				}
			}
			if m.Paper == "code" && !strings.Contains(text, letter.Code) {
				t.Errorf("the code of the departure is hidden too: %s", text)
			}
		}
		if seen < 3 {
			t.Errorf("%d letters", seen)
		}
	})
}
