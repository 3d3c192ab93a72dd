package console

import (
	"errors"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/relationship"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// offerView is the card about the one thing that may be proposed.
type offerView struct {
	Lang, Case   string
	See, May     bool
	Who          string
	Made         *madeOffer
	Asked        bool // the customer asked what could be done
	CanMake      bool
	Fixes        bool     // something unsolved stands behind the departure: a fix is proposed first
	Names        []option // of the library, after words of one's own
	Kinds        []option
	Complaints   []option
	Decided      *decidedOffer // nil: not known
	Form         string        // which form was refused
	typed, wrong map[string]string
	first        map[string]string // what the form begins with
}

// decidedOffer is what the policy says, and why.
type decidedOffer struct {
	Name   string // of what it proposes; empty: nothing
	Says   string // one sentence
	Why    string
	Turned []string // why nothing else
}

// madeOffer is the offer in words.
type madeOffer struct {
	Kind, Heard, What, Until, By, Made, Over, Evidence string
	Cost, Why, Line, Otherwise, Applying               string
	Changes                                            []string
	State                                              badge
	Accepted, Applied                                  bool
	Itself                                             bool // the billing system applies it, and says so
}

func (v offerView) word(code string, args ...any) string { return say(v.Lang, "offer."+code, args...) }

// field is one control of a form of the card.
func (v offerView) field(form, name string) control {
	c := control{ID: form + "-" + name, Name: "offer." + name, Label: v.word(name), Value: v.first["offer."+name], Required: name != "complaint" && name != "name" && name != "reason"}
	if hint := "console.offer." + name + ".hint"; text.Known(v.Lang, hint) {
		c.Hint = text.Say(v.Lang, hint)
	}
	if name == "until" || name == "by" {
		c.Kind = "date"
	}
	if v.Form == form {
		c.Value, c.Error = v.typed[c.Name], v.wrong[c.Name]
	}
	return c
}

// offerDays is how long there is to answer, if the departure leaves so much
// time.
const offerDays = 10

var offerBadges = map[offer.State]badge{
	offer.Offered: {Icon: "clock", Class: "info"}, offer.Accepted: {Icon: "check", Class: "info"}, offer.Declined: {Icon: "dash"},
	offer.Lapsed: {Icon: "dash"}, offer.Applied: {Icon: "check", Class: "info"}, offer.Reversed: {Icon: "undo"}, offer.Failed: {Icon: "x", Class: "bad"},
}

func (v *visit) viewOffer(c app.CaseView, now time.Time, e echo) offerView {
	p := c.Plan.Case
	ov := offerView{
		Lang: v.lang, Case: string(p.ID), See: v.actor.MayRead("offer"), May: v.actor.May("offer"), Who: whoMay(v.lang, "offer"), Asked: c.Asked,
		CanMake: c.Offer == nil && c.CanUndo && p.State == offboarding.CaseOpen,
	}
	if e.Form == "offer" || e.Form == "offer_end" {
		ov.Form, ov.typed, ov.wrong = e.Form, e.Answers, e.Errors
	}
	if c.Offer != nil {
		ov.Made = v.viewMade(c, *c.Offer)
		return ov
	}
	today := when.DateOf(now, v.zone())
	until := today.AddDays(offerDays)
	if p.Effective.Before(until) {
		until = p.Effective
	}
	ov.first = map[string]string{"offer.until": until.String()}
	if ov.Names = []option{{"", v.say("offer.name.own")}}; c.Decision != nil {
		ov.Decided = v.viewDecided(c)
		for _, d := range c.Library {
			ov.Names = append(ov.Names, option{d.Name, d.Title[v.lang]})
		}
	}
	for _, k := range offer.Kinds {
		ov.Kinds = append(ov.Kinds, option{string(k), v.say("offer.kind." + string(k))})
	}
	ov.Complaints = []option{{"", v.say("offer.complaint.none")}}
	for _, x := range c.Between.Complaints {
		if x.Unsolved() && v.actor.MayRead("complaint") {
			if !ov.Fixes {
				ov.Fixes = true
				ov.first["offer.kind"], ov.first["offer.complaint"], ov.first["offer.heard"] = string(offer.Fix), string(x.ID), x.What
			}
			ov.Complaints = append(ov.Complaints, option{string(x.ID), text.Date(v.lang, x.Received) + " · " + short(x.What)})
		}
	}
	return ov
}

// viewDecided words what the policy says for those who work here.
func (v *visit) viewDecided(c app.CaseView) *decidedOffer {
	d := c.Decision
	out := &decidedOffer{Says: text.Error(v.lang, d.Explain()), Why: d.Why[v.lang], Turned: OfferTurned(v.lang, *d, c.Library)}
	if d.Offer != nil {
		out.Name, out.Says = d.Offer.Name, v.say("offer.decided", "offer", d.Offer.Title[v.lang])
	}
	return out
}

// OfferTurned words, one by one, why something else is not proposed, and of which
// lines nobody knows whether they apply.
func OfferTurned(lang string, d offer.Decision, library []*offer.Definition) (out []string) {
	for _, t := range d.Turned {
		out = append(out, offerTitle(lang, t.Offer, library)+": "+text.Say(lang, "error.offer.guard."+string(t.Why), t.Args...))
	}
	for _, u := range d.Unread {
		out = append(out, text.Say(lang, "offer.cli.unread", "line", u.Line, "facts", strings.Join(u.Missing, ", ")))
	}
	return out
}

// offerTitle is how people who work here call an offer of the library.
func offerTitle(lang, name string, library []*offer.Definition) string {
	i := slices.IndexFunc(library, func(d *offer.Definition) bool { return d.Name == name })
	if i < 0 {
		return name
	}
	return library[i].Title[lang]
}

func (v *visit) viewMade(c app.CaseView, o offer.Offer) *madeOffer {
	m := &madeOffer{
		Kind: v.say("offer.kind." + string(o.Kind)), Heard: o.Heard, What: o.What, Changes: nonEmpty(o.Changes), Evidence: o.Evidence,
		Until: text.LongDate(v.lang, o.Until), By: text.LongDate(v.lang, o.By), State: offerBadges[o.State],
		Accepted: o.State == offer.Accepted, Applied: o.State == offer.Applied,
		Made: v.say("offer.made", "who", who(v.lang, o.OfferedBy, c.Users), "at", text.ShortInstant(v.lang, o.OfferedAt, v.zone())),
		Cost: o.Cost, Why: o.Why,
	}
	if o.Automatic {
		m.Made = v.say("offer.made.policy", "at", text.ShortInstant(v.lang, o.OfferedAt, v.zone()))
	}
	if o.Line != "" {
		m.Line = v.say("offer.line", "line", o.Line, "policy", o.Policy)
	}
	if o.Deviates {
		m.Otherwise = v.say("offer.otherwise", "reason", o.Reason)
	}
	m.State.Word = v.say("offer.state." + string(o.State))
	if m.Accepted && o.Waits() {
		m.State.Word, m.Applying = v.say("offer.state.applying"), v.say("offer.applying", "date", text.LongDate(v.lang, c.Plan.Case.Effective))
		m.Itself = c.Plan.Step("offer_apply") != nil
	}
	if o.State == offer.Failed {
		m.Over = v.say("offer.over.failed", "at", text.ShortInstant(v.lang, o.OverAt, v.zone()))
	} else if !o.OverAt.IsZero() && o.OverBy != "" {
		m.Over = v.say("offer.over."+string(o.State), "who", who(v.lang, o.OverBy, c.Users), "at", text.ShortInstant(v.lang, o.OverAt, v.zone()))
	}
	return m
}

// nonEmpty are the lines of a text that say something.
func nonEmpty(s string) []string {
	return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
}

func (v *visit) typedForm() map[string]string {
	typed := map[string]string{}
	for name := range v.form {
		typed[name] = v.form.Get(name)
	}
	return typed
}

// makeOffer proposes one thing to the customer of a case.
func (v *visit) makeOffer() error {
	var wrong fault.List
	days := map[string]when.Date{}
	name := v.form.Get("offer.name")
	for _, name := range []string{"offer.until", "offer.by"} {
		if v.form.Get("offer.name") != "" { // its file says how long
			break
		}
		d, err := v.day(name)
		var e *fault.Error
		if errors.As(err, &e) {
			wrong = append(wrong, e)
		} else if err != nil {
			return err
		}
		days[name] = d
	}
	err := wrong.Or()
	if err == nil {
		err = v.App.MakeOffer(v.r.Context(), v.actor, app.OfferInput{
			Case: v.caseID(), Name: name, Reason: v.form.Get("offer.reason"), Kind: offer.Kind(v.form.Get("offer.kind")), Complaint: relationship.ComplaintID(v.form.Get("offer.complaint")),
			Heard: v.form.Get("offer.heard"), What: v.form.Get("offer.what"), Changes: v.form.Get("offer.changes"),
			Until: days["offer.until"], By: days["offer.by"], Spoken: v.form.Get("offer.spoken") == "1",
		})
	}
	return v.after(err, echo{Form: "offer", Answers: v.typedForm(), Errors: text.FieldErrors(v.lang, err)}, "#offer")
}

// endOffer says that what was accepted was applied, or is taken back.
func (v *visit) endOffer() error {
	err := v.App.EndOffer(v.r.Context(), v.actor, v.caseID(), offer.State(v.form.Get("offer.state")), v.form.Get("offer.evidence"))
	return v.after(err, echo{Form: "offer_end", Answers: v.typedForm(), Errors: text.FieldErrors(v.lang, err)}, "#offer")
}
