package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/form"
	"hastaluego/internal/invitation"
	"hastaluego/internal/testkit"
)

func TestTheCustomerIsInvitedOnceAndMaySayNo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		now, _, err := w.store.Now(ctx)
		must(t, err)
		in := app.InviteInput{Case: c, Step: "talk", Format: invitation.InPerson, Neutral: true, Place: "Café El Faro", Start: now.Add(48 * time.Hour), Minutes: 45}
		code(t, w.Invite(ctx, agent, in), "step.not_ready") // what is believed is not written down yet
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: "first", Answers: fill(w.FormOf(*v.Plan.Step("first"))), Done: true}))
		code(t, w.Invite(ctx, app.Actor{ID: "usr_f", Roles: []string{"finance"}}, in), "forbidden.role")
		in.Start = now.Add(-time.Hour)
		refused(t, "an hour ago", w.Invite(ctx, agent, in), "invitation.start", "invitation.date")
		in.Start = now.Add(48 * time.Hour)
		code(t, w.DeclineMeeting(ctx, page), "not_found")
		must(t, w.Invite(ctx, agent, in))
		if i := w.mail.wait(t, "invitation", firstMail).Invitation; i == nil || i.Place != "Café El Faro" || !i.Neutral || i.Sequence != 0 {
			t.Fatalf("the letter: %+v", i)
		}
		in.Start = now.Add(72 * time.Hour)
		must(t, w.Invite(ctx, agent, in)) // another time: on their page, without another letter
		must(t, w.UntilQuiet(ctx))
		p, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		if i := p.Paper.Invitation; i.Sequence != 1 || !i.Start.Equal(in.Start.Truncate(time.Microsecond)) || w.mail.count("invitation") != 1 {
			t.Fatalf("agreed anew: %+v, %d letters", i, w.mail.count("invitation"))
		}
		must(t, w.DeclineMeeting(ctx, page))
		must(t, w.DeclineMeeting(ctx, page))
		if n := w.logged(t, "meeting.declined"); n != 1 {
			t.Errorf("declined %d times", n)
		}
		code(t, w.Invite(ctx, agent, in), "invitation.over")
		v, err = w.OpenCase(ctx, agent, c)
		must(t, err)
		if given, _ := v.Given(v.Plan.Step("talk").ID); given["outcome"] != "declined" {
			t.Errorf("the form begins with %v", given)
		}
		must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: "talk", Answers: form.Answers{"outcome": "declined"}, Done: true}))
		w.verifyLog(t)
	})
}

// A conversation that is written down as held is not still to come, whatever its
// hour was.
func TestAConversationThatWasHeldIsNotStillToCome(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, listening)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		now, _, err := w.store.Now(ctx)
		must(t, err)
		answer := func(step string) {
			t.Helper()
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: step, Answers: fill(w.FormOf(*v.Plan.Step(step))), Done: true}))
		}
		answer("first")
		must(t, w.Invite(ctx, agent, app.InviteInput{Case: c, Step: "talk", Format: invitation.Phone, Place: "944 000 120", Start: now.Add(48 * time.Hour), Minutes: 30}))
		for _, held := range []bool{false, true} {
			if held {
				answer("talk")
			}
			p, err := w.OpenCasePage(ctx, page, "case", "")
			must(t, err)
			if p.Paper.Invitation == nil || p.Talked != held {
				t.Errorf("held: %t, and the page says %t", held, p.Talked)
			}
		}
	})
}

// Nobody is invited at an hour at which the law of where they live lets nobody be
// written to, nor to what would begin before the letter could go out.
func TestAnInvitationKeepsTheHoursOfWhereTheCustomerLives(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), listening)
	ctx := t.Context()
	who := w.mini(t, 1, func(_ int, in *app.CustomerInput) { in.Consumer, in.Country = true, "CO" })[0]
	w.host(t, who)
	eventually(t, "the departure", func() bool { return w.caseOf(t, who) != nil })
	c := *w.caseOf(t, who)
	v, err := w.OpenCase(ctx, agent, c.ID)
	must(t, err)
	must(t, w.AnswerForm(ctx, agent, app.FormInput{Case: c.ID, Step: "first", Answers: fill(w.FormOf(*v.Plan.Step("first"))), Done: true}))
	now, _, err := w.store.Now(ctx)
	must(t, err)
	zone, err := time.LoadLocation(c.Zone)
	must(t, err)
	local := now.In(zone)
	night := time.Date(local.Year(), local.Month(), local.Day()+int((time.Saturday-local.Weekday()+7)%7), 20, 0, 0, 0, zone)
	if !night.After(now) {
		night = night.AddDate(0, 0, 7)
	}
	w.days(t, night.Sub(now))
	in := app.InviteInput{Case: c.ID, Step: "talk", Format: invitation.Phone, Place: "944 000 120", Start: night.Add(14 * time.Hour), Minutes: 30}
	refused(t, "on Sunday", w.Invite(ctx, agent, in), "invitation.hours", "invitation.time")
	in.Start = night.Add(62 * time.Hour)
	must(t, w.Invite(ctx, agent, in))
	must(t, w.UntilQuiet(ctx))
	if n := w.mail.count("invitation"); n != 0 {
		t.Fatalf("%d letters on a Saturday night", n)
	}
	w.days(t, 60*time.Hour) // a Monday may be a holiday there
	eventually(t, "the letter", func() bool { return w.mail.count("invitation") == 1 })
}
