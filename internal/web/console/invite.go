package console

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/invitation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
)

// inviteView is the invitation of a step that talks with the customer.
type inviteView struct {
	Lang, Case, Step string
	Made             *invitedView
	Open             bool // the form was refused
	Formats          []option
	typed, wrong     map[string]string
}

type invitedView struct {
	When, Format, Place, Words, By string
	Neutral, Standing              bool
	State                          badge
}

func (v inviteView) word(code string, args ...any) string {
	return say(v.Lang, "invite."+code, args...)
}

func (v inviteView) field(name string) control {
	c := control{ID: v.Step + "-invite-" + name, Name: "invitation." + name, Label: v.word(name), Required: name != "words"}
	if hint := "console.invite." + name + ".hint"; text.Known(v.Lang, hint) {
		c.Hint = text.Say(v.Lang, hint)
	}
	switch name {
	case "date", "time":
		c.Kind = name
	case "minutes":
		c.Kind, c.Value = "number", "30"
	}
	if v.typed != nil {
		c.Value, c.Error = v.typed[c.Name], v.wrong[c.Name]
	}
	return c
}

var inviteBadges = map[invitation.State]badge{
	invitation.Invited: {Icon: "cal", Class: "info"}, invitation.Declined: {Icon: "dash"}, invitation.Cancelled: {Icon: "x"},
}

// viewInvite is nil for a step that talks with nobody.
func (v *visit) viewInvite(c app.CaseView, s offboarding.Step, e echo) *inviteView {
	if s.Kind != "meeting" {
		return nil
	}
	iv := &inviteView{Lang: v.lang, Case: string(c.Plan.Case.ID), Step: s.Key}
	for _, f := range invitation.Formats {
		iv.Formats = append(iv.Formats, option{string(f), v.say("invite.format." + string(f))})
	}
	if e.Step == s.Key && e.Form == "invite" {
		iv.Open, iv.typed, iv.wrong = true, e.Answers, e.Errors
	}
	for _, i := range c.Invitations {
		if i.Step != s.ID {
			continue
		}
		iv.Made = &invitedView{
			When: text.Instant(v.lang, i.Start, v.zone()) + " · " + v.say("invite.lasts", "n", i.Minutes), Format: v.say("invite.format." + string(i.Format)),
			Place: i.Place, Words: i.Words, Neutral: i.Neutral, Standing: i.State == invitation.Invited, State: inviteBadges[i.State],
			By: v.say("invite.by", "who", who(v.lang, i.MadeBy, c.Users), "at", text.ShortInstant(v.lang, i.MadeAt, v.zone())),
		}
		iv.Made.State.Word = v.say("invite.state." + string(i.State))
	}
	return iv
}

// invite invites to the conversation of a step, or agrees another time.
func (v *visit) invite() error {
	in := app.InviteInput{
		Case: v.caseID(), Step: v.r.PathValue("step"), Format: invitation.Format(v.form.Get("invitation.format")), Neutral: v.form.Get("invitation.neutral") == "1",
		Place: v.form.Get("invitation.place"), Words: v.form.Get("invitation.words"),
	}
	var wrong fault.List
	date, clock := strings.TrimSpace(v.form.Get("invitation.date")), strings.TrimSpace(v.form.Get("invitation.time"))
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		wrong = append(wrong, fault.New(fault.Invalid, "date.unreadable").On("invitation.date"))
	}
	if _, err := time.Parse("15:04", clock); err != nil {
		wrong = append(wrong, fault.New(fault.Invalid, "invitation.time").On("invitation.time"))
	}
	err := wrong.Or()
	if err == nil {
		in.Start, err = time.ParseInLocation("2006-01-02 15:04", date+" "+clock, v.zone())
	}
	if in.Minutes, _ = strconv.Atoi(strings.TrimSpace(v.form.Get("invitation.minutes"))); err == nil { // what is no number is out of bounds
		err = v.App.Invite(v.r.Context(), v.actor, in)
	}
	return v.after(err, echo{Step: in.Step, Form: "invite", Answers: v.typedForm(), Errors: text.FieldErrors(v.lang, err)}, "#"+in.Step)
}

// calendar sends the invitation of a case as a calendar file.
func (v *visit) calendar() error {
	if err := v.actor.CanRead("letter"); err != nil {
		return err
	}
	c, err := v.App.OpenCase(v.r.Context(), v.actor, v.caseID())
	if err != nil {
		return err
	}
	if len(c.Invitations) == 0 || v.o.Calendar == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	p := c.Plan.Case
	media, raw := v.o.Calendar(app.Paper{Kind: "invitation", Language: v.lang, Code: p.Code, Case: p, Invitation: &c.Invitations[0]})
	h := v.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": p.Code + ".ics"}))
	h.Set("Cache-Control", "private, no-store")
	v.w.WriteHeader(http.StatusOK)
	if _, err := v.w.Write(raw); err != nil {
		v.Log.Warn("file not written to its end", "err", err)
	}
	return nil
}
