package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/invitation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reply"
	"hastaluego/internal/testkit"
)

// byMail is a departure without a portal, opened by the customer's own letters.
func (w *world) byMail(t *testing.T) (c offboarding.CaseID, code string) {
	t.Helper()
	must(t, w.SetPortal(t.Context(), alone, true))
	first := w.readIn(t, mailed(firstMail, "Baja", "hasta-request=1\naccount="+firstMail+"\nwhen=period_end"), reply.Request, "")
	confirm := w.mail.wait(t, "confirm", firstMail)
	w.readIn(t, mailed(firstMail, "Re: "+first.Code, "Yes, I confirm\n> "+confirm.ByMail.Key), reply.Confirm, "")
	return first.Case, first.Code
}

// guessed reads a letter in and does what it is taken for.
func (w *world) guessed(t *testing.T, raw []byte, want reply.Meaning) {
	t.Helper()
	id, err := w.ReadIn(t.Context(), alone, raw)
	must(t, err)
	v, err := w.OpenReceived(t.Context(), alone, id)
	must(t, err)
	if v.Guess != want {
		t.Fatalf("%q is taken for %s of %v", v.Reply.Own, v.Guess, v.Possible)
	}
	must(t, w.MeanReceived(t.Context(), alone, app.MeanInput{ID: id, Meaning: v.Guess}))
}

// What is missing of what they were given, and that they changed a credential, is
// said by mail as on the page; of one of several things only if it is named.
func TestWhatIsSaidOfAHandoverByMailIsDoneAsOnThePage(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, agencyLike)
		ctx := t.Context()
		w.lent(t, "site", "credential")
		c, hl := w.byMail(t)
		give := func(kind string, way handover.Way) handover.Item {
			x := w.handed(t, c, kind)
			must(t, w.GiveItem(ctx, alone, app.GiveInput{Case: c, Step: "handover", Item: x.ID, Way: way, How: "Handed over", To: "Marta"}))
			return x
		}
		site, key := give("site", handover.Transfer), give("credential", handover.InPerson)
		w.guessed(t, mailed(firstMail, "Re: "+hl, "Falta: una copia"), reply.Message) // of which of them?
		if x := w.handed(t, c, "site"); x.State != handover.Given {
			t.Fatalf("the site is %s", x.State)
		}
		w.guessed(t, mailed(firstMail, "Re: "+hl, "Missing: of "+site.Name+" the copy of March"), reply.Missing)
		if x := w.handed(t, c, "site"); x.State != handover.Missing || x.Lacks == "" {
			t.Errorf("the site is %s, and lacks %q", x.State, x.Lacks)
		}
		w.guessed(t, mailed(firstMail, "Re: "+hl, "I have changed it"), reply.Rotated)
		if x := w.handed(t, c, "credential"); x.Rotation != handover.Confirmed {
			t.Errorf("%s is %s", key.Name, x.Rotation)
		}
		w.guessed(t, mailed(firstMail, "Re: "+hl, "La he cambiado"), reply.Message) // nothing waits for it any more
		w.verifyLog(t)
	})
}

// The survey and the wish for silence come by mail, once, and count as if they
// came from the page.
func TestTheSurveyAndSilenceComeByMail(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), leaving)
	ctx := t.Context()
	c, hl := w.byMail(t)
	next, err := w.NextTimer(ctx)
	must(t, err)
	must(t, w.PushClock(ctx, "", next))
	farewell := w.mail.wait(t, "farewell", firstMail)
	if farewell.ByMail == nil || !farewell.ByMail.Survey {
		t.Fatalf("the letter asks nothing: %+v", farewell.ByMail)
	}
	eventually(t, "the case is closed", func() bool { return w.state(t, c) == offboarding.CaseClosed })
	w.guessed(t, mailed(firstMail, "Re: "+hl, "Irme: 7"), reply.Message) // no such number
	w.guessed(t, mailed(firstMail, "Re: "+hl, "Leaving: 4/5\nRecommend: 10\nShorter forms"), reply.Survey)
	list, err := w.ListVoices(ctx, alone, "answers", 10, 0)
	must(t, err)
	if len(list.Rows) != 1 || list.Rows[0].Answers["csat"] != "4" || list.Rows[0].Answers["nps"] != "10" || list.Rows[0].Answers["idea"] != "Shorter forms" {
		t.Errorf("%+v", list.Rows)
	}
	w.guessed(t, mailed(firstMail, "Re: "+hl, "Irme: 1"), reply.Message) // it was answered
	w.guessed(t, mailed(firstMail, "Re: "+hl, "No me escribáis más"), reply.Silence)
	if w.logged(t, "silence.asked") != 1 || w.logged(t, "form.answered") != 1 {
		t.Errorf("silence %d, survey %d", w.logged(t, "silence.asked"), w.logged(t, "form.answered"))
	}
	w.verifyLog(t)
}

// “No, thank you” declines the conversation where that is all that waits.
func TestAConversationIsDeclinedByMail(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), listening)
	ctx := t.Context()
	c, hl := w.byMail(t)
	v, err := w.OpenCase(ctx, agent, c)
	must(t, err)
	must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: "first", Answers: fill(w.FormOf(*v.Plan.Step("first"))), Done: true}))
	now, _, err := w.store.Now(ctx)
	must(t, err)
	w.guessed(t, mailed(firstMail, "Re: "+hl, "No, thank you"), reply.Message) // nobody invited them
	must(t, w.Invite(ctx, agent, app.InviteInput{Case: c, Step: "talk", Format: invitation.InPerson, Place: "Café El Faro", Start: now.Add(48 * time.Hour), Minutes: 45}))
	w.guessed(t, mailed(firstMail, "Re: "+hl, "No, gracias"), reply.NoMeeting)
	if w.logged(t, "meeting.declined") != 1 {
		t.Error("it stands")
	}
}
