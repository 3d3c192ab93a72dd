package console

import (
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
)

// handedView is one thing that is handed over.
type handedView struct {
	ID, Name, Kind, Check string
	State                 badge
	Facts                 []string // what became of it, in order
	Give                  bool     // it can be given now, by this person
	Again                 bool
	Credential            bool
	Attest                bool // nobody answered: this person may answer for it
	Open                  bool // its form was refused
	Fields                map[string]control
	Ways                  []option
}

// handingView is what a step hands over.
type handingView struct {
	Items []handedView
	Slip  bool   // something waits for the client, and this person may keep a slip
	Only  string // who may accept, and how
	Error string
}

func (v *visit) viewHandover(c app.CaseView, s offboarding.Step, sv stepView, e echo) (out handingView) {
	if s.Kind != "handover" || !v.actor.MayRead("letter") {
		return out
	}
	word := func(code string, args ...any) string { return v.say("handover."+code, args...) }
	for _, x := range c.Handover.List {
		if x.Step != s.ID {
			continue
		}
		hv := handedView{
			ID: string(x.ID), Name: x.Name, Kind: word("kind." + x.Kind), Check: word("check." + x.Kind), Credential: x.Credential(),
			State: handedBadge(v.lang, x), Open: e.Form == string(x.ID),
		}
		may := sv.Open && sv.May
		hv.Give, hv.Again = may && x.State != handover.Accepted, x.State != handover.Open
		hv.Attest = may && x.Rotation == handover.Unanswered
		hv.Facts = v.handedFacts(c, x)
		if hv.Credential {
			hv.Ways = []option{{string(handover.Envelope), word("way.envelope")}, {string(handover.InPerson), word("way.in_person")}}
			if c.NoPortal { // there is no page on which an envelope would open
				hv.Ways, hv.Check = hv.Ways[1:], word("check.credential.no_portal")
			}
		}
		hv.Fields = map[string]control{}
		for name, required := range map[string]bool{"how": true, "way": true, "secret": false, "why": true} {
			f := control{ID: hv.ID + "-" + name, Name: name, Label: word(map[string]string{"how": "how", "way": "way", "secret": "secret", "why": "attest"}[name]), Required: required}
			if name == "secret" {
				f.Hint = word("secret.hint")
			}
			if hv.Open {
				if f.Error = e.Errors[name]; name != "secret" { // a secret is never sent back
					f.Value = e.Answers[name]
				}
			}
			hv.Fields[name] = f
		}
		out.Only = word("client_only")
		if c.NoPortal {
			out.Only = word("client_only.no_portal")
		}
		out.Slip = out.Slip || may && x.State == handover.Given
		out.Items = append(out.Items, hv)
	}
	if e.Step == s.Key && e.Form == "slip" {
		out.Error = e.Error
	}
	return out
}

// handedFacts is what became of an item, in words.
func (v *visit) handedFacts(c app.CaseView, x handover.Item) (out []string) {
	tell := func(words string) { out = append(out, words) }
	at := func(t time.Time) string { return text.ShortInstant(v.lang, t, v.zone()) }
	if x.How != "" {
		tell(v.say("handover.how.is", "how", x.How))
	}
	if !x.GivenAt.IsZero() {
		tell(v.say("handover.given", "at", at(x.GivenAt)))
	}
	if s, ok := c.Handover.Sheet(x.ID); ok && x.Way == handover.Envelope {
		tell(v.say("handover.envelope."+string(s.State), "until", at(s.Expires.Add(-1)), "at", at(s.OpenedAt)))
	}
	if x.Lacks != "" {
		tell(v.say("handover.lacks", "lacks", x.Lacks))
	}
	if x.State == handover.Accepted {
		how := "slip"
		switch {
		case x.AcceptedBy == handover.Client:
			how = "accepted"
		case c.Handover.AcceptedByMail(x):
			how = "mail"
		}
		tell(v.say("handover."+how, "at", at(x.AcceptedAt)))
	}
	if x.Rotation != handover.NoRotation {
		tell(v.say("handover.rotation."+string(x.Rotation), "date", text.LongDate(v.lang, x.RotateBy), "why", x.Attest))
	}
	return out
}

func handedBadge(lang string, x handover.Item) badge {
	b := badge{"clock", "", text.Say(lang, "console.handover.state."+string(x.State))}
	switch x.State {
	case handover.Given:
		b.Icon, b.Class = "user", "info"
	case handover.Missing:
		b.Icon, b.Class = "alert", "warn"
	case handover.Accepted:
		b.Icon, b.Class = "check", "info"
	}
	return b
}

func (v *visit) handoverEcho(err error) echo {
	e := echo{Step: v.r.PathValue("step"), Form: v.r.PathValue("item"), Answers: map[string]string{}, Errors: text.FieldErrors(v.lang, err)}
	for _, name := range []string{"how", "way", "why"} {
		e.Answers[name] = v.form.Get(name)
	}
	return e
}

// give says that the client was given something.
func (v *visit) give() error {
	in := app.GiveInput{
		Case: v.caseID(), Step: v.r.PathValue("step"), Item: handover.ID(v.r.PathValue("item")), Way: handover.Way(v.form.Get("way")),
		How: v.form.Get("how"), Secret: v.form.Get("secret"),
	}
	err := v.App.GiveItem(v.r.Context(), v.actor, in)
	return v.after(err, v.handoverEcho(err), "#"+string(in.Item))
}

// attestRotation answers for a credential that nobody confirmed.
func (v *visit) attestRotation() error {
	item := v.r.PathValue("item")
	err := v.App.AttestRotation(v.r.Context(), v.actor, v.caseID(), v.r.PathValue("step"), handover.ID(item), v.form.Get("why"))
	return v.after(err, v.handoverEcho(err), "#"+item)
}

// slip keeps the paper that the client signed.
func (v *visit) slip() error {
	step := v.r.PathValue("step")
	name, body, err := v.upload()
	if err == nil {
		err = v.App.AcceptBySlip(v.r.Context(), v.actor, v.caseID(), step, name, body)
	}
	return v.after(err, echo{Step: step, Form: "slip"}, "#"+step)
}
