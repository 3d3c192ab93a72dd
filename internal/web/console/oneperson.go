package console

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/approval"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// onePersonForm is where it is said that one person works here.
type onePersonForm struct {
	Lang, Now, Who, Others string
	On, Void, May          bool // Void: it is on, but somebody else is there
	Hours                  control
}

func (v *visit) onePersonForm(wrong error) (onePersonForm, error) {
	o, err := v.App.OnePerson(v.r.Context())
	if err != nil {
		return onePersonForm{}, err
	}
	f := onePersonForm{
		Lang: v.lang, On: o.On, Void: o.On && !o.Holds(), Others: strings.Join(o.Others, ", "), May: v.actor.May("settings"), Who: whoMay(v.lang, "settings"),
	}
	hours := v.form.Get("hours")
	if hours == "" {
		hours = strconv.Itoa(o.Hours)
	}
	f.Hours = control{
		ID: "hours", Kind: "number", Label: v.say("one_person.hours"), Hint: v.say("one_person.hours.hint"), Value: hours,
		Error: text.FieldErrors(v.lang, wrong)["hours"], Required: true,
	}
	if o.On {
		f.Now = v.say("one_person.now", "n", o.Hours, "at", text.ShortInstant(v.lang, o.Since, v.zone()))
	}
	return f, nil
}

func (v *visit) setOnePerson() error {
	hours, err := strconv.Atoi(strings.TrimSpace(v.form.Get("hours")))
	if err != nil {
		hours = -1
	}
	on := v.form.Get("on") == "1"
	err = v.App.SetOnePerson(v.r.Context(), v.actor, on, hours)
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Blocked:
		return v.showSettings(web.Status(err), err)
	}
	if err != nil {
		return err
	}
	v.to("/console/settings#one-person")
	return nil
}

func (v *visit) askApproval() error {
	in := app.AskInput{Case: v.caseID(), Step: v.r.PathValue("step"), Note: v.form.Get("note"), Wait: v.form.Get("wait") == "1"}
	return v.after(v.App.AskApproval(v.r.Context(), v.actor, in), echo{Step: in.Step, Typed: in.Note}, "#"+in.Step)
}

func (v *visit) renewApproval() error {
	step := v.r.PathValue("step")
	return v.after(v.App.RenewApproval(v.r.Context(), v.actor, v.caseID(), step), echo{Step: step}, "#"+step)
}

func (v *visit) withdrawApproval() error {
	x, err := v.App.WithdrawApproval(v.r.Context(), v.actor, approval.ID(v.r.PathValue("approval")))
	if err != nil {
		return err
	}
	switch x.About {
	case approval.Playbook:
		v.to("/console/playbooks")
	case approval.Flow:
		v.to("/console/flows/" + x.Subject)
	case approval.Policy:
		v.to("/console/offers/policy/" + x.Subject)
	case approval.Ending:
		v.to("/console/endings/" + x.Subject)
	default:
		v.to("/console/cases/" + x.Case + "#" + x.Step)
	}
	return nil
}

// insteadView is what there is instead of a second person, at something that
// needs one.
type insteadView struct {
	Lang    string
	Old     bool         // it has waited since before one person worked here
	Client  bool         // the customer is asked
	Asked   *waitingView // nil: not yet
	MayWait bool         // the customer did not answer
	Hours   int
}

// waitingView is what waits for the customer, or for a time to end.
type waitingView struct{ Lang, ID, Text string }

func (v *visit) viewWaiting(x approval.Approval) *waitingView {
	return &waitingView{v.lang, string(x.ID), v.say("instead.waits."+string(x.Way), "at", text.Instant(v.lang, x.Until, v.zone()))}
}

// viewInstead is nil where a second person is asked.
func (v *visit) viewInstead(c app.CaseView, s offboarding.Step, now time.Time) *insteadView {
	if !c.OnePerson.Holds() {
		return nil
	}
	iv := &insteadView{Lang: v.lang, Hours: c.OnePerson.Hours, Old: !s.ReadyAt.After(c.OnePerson.Since)}
	iv.Client = c.Ways[s.Key] == approval.Client
	for _, x := range slices.Backward(c.Approvals) {
		if x.Subject == string(s.ID) && x.State == approval.Asked {
			iv.Asked, iv.MayWait = v.viewWaiting(x.Approval), x.Unanswered(now)
			if c.NoPortal && x.Way == approval.Client {
				iv.Asked.Text = v.say("instead.waits.client.no_portal", "at", text.Instant(v.lang, x.Until, v.zone()))
			}
			break
		}
	}
	return iv
}
