package console

import (
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/erasure"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// askedView is what a processor is asked in a step.
type askedView struct {
	ID, System, Name string
	State            badge
	What             []string // that it holds
	Facts            []string // what became of it, in order
	SHA256           string
	Ask, Keep        bool   // this person may say that they asked, or keep its receipt
	GiveUp           bool   // or go on without one: it never answered
	How              string // a person asks it so
	Form             string // whose form was refused
	Fields           map[string]control
}

// askedFields are the fields of the forms about a processor, with their words.
var askedFields = map[string]string{"how": "ask.how", "why": "give_up.why", "file": "file", "says": "says", "erased_on": "erased_on"}

func (v *visit) viewAsked(c app.CaseView, s offboarding.Step, sv stepView, today when.Date, e echo) (out []askedView) {
	word := func(code string, args ...any) string { return v.say("processor."+code, args...) }
	for _, x := range c.Processors {
		if x.Step != string(s.ID) {
			continue
		}
		av := askedView{ID: string(x.ID), System: x.System, Name: x.Processor, SHA256: x.SHA256, Facts: v.askedFacts(x)}
		switch state := string(x.State); {
		case x.Late(today):
			av.State = badge{"alert", "warn", word("state.late")}
		case x.State == erasure.Proved:
			av.State = badge{"check", "info", word("state." + state)}
		case x.State == erasure.Silent:
			av.State = badge{"alert", "warn", word("state." + state)}
		default:
			av.State = badge{"clock", "", word("state." + state)}
		}
		for _, h := range x.Holdings {
			av.What = append(av.What, word("what", "title", offboarding.Worded(h.Titles, v.lang), "fields", strings.Join(h.Fields, ", ")))
		}
		may := sv.Open && sv.May
		av.Ask, av.Keep = may && x.State == erasure.ToAsk, may && x.State != erasure.Proved
		av.GiveUp = may && x.GiveUp
		if av.Ask {
			av.How = offboarding.Worded(x.Ask, v.lang)
		}
		mine := e.Step == s.Key && e.Item == x.System
		if mine {
			av.Form = e.Form
		}
		av.Fields = map[string]control{}
		for name, code := range askedFields {
			f := control{ID: av.ID + "-" + name, Name: name, Label: word(code), Required: true}
			if text.Known(v.lang, "console.processor."+code+".hint") {
				f.Hint = word(code + ".hint")
			}
			if name == "erased_on" {
				f.Kind = "date"
			}
			if mine {
				f.Value, f.Error = e.Answers[name], e.Errors[name]
			}
			av.Fields[name] = f
		}
		out = append(out, av)
	}
	return out
}

// askedFacts is what became of what a processor was asked, in words.
func (v *visit) askedFacts(x app.AskedView) (out []string) {
	tell := func(code string, args ...any) { out = append(out, v.say("processor."+code, args...)) }
	tell("reference", "reference", x.Reference)
	if x.Owner != "" {
		tell("owner", "owner", x.Owner)
	}
	at, due := text.ShortInstant(v.lang, x.AskedAt, v.zone()), text.LongDate(v.lang, x.Due)
	switch {
	case x.AskedAt.IsZero() && x.State == erasure.ToAsk && !x.ByHand:
		tell("will_write", "email", x.Email)
	case x.AskedAt.IsZero():
	case x.By != "":
		tell("asked.person", "by", x.By, "at", at, "how", x.How, "due", due)
	case x.Email != "":
		tell("asked.letter", "email", x.Email, "at", at, "due", due)
	}
	if x.Reminded > 0 {
		tell("reminded", "n", x.Reminded)
	}
	if x.Because != "" {
		tell("silent", "date", text.LongDate(v.lang, x.SilentOn), "why", x.Because)
	}
	if x.State != erasure.Proved {
		return out
	}
	if x.Says != "" {
		tell("erased", "date", text.LongDate(v.lang, x.ErasedOn), "says", x.Says)
	}
	why := ""
	if x.Why != "" {
		why = v.say("processor.why." + x.Why)
	}
	tell("proof."+x.Proof, "key", x.Key, "why", why)
	return out
}

func (v *visit) askedEcho(form string, err error) echo {
	e := echo{Step: v.r.PathValue("step"), Item: v.r.PathValue("system"), Form: form, Answers: map[string]string{}, Errors: text.FieldErrors(v.lang, err)}
	for name := range askedFields {
		if name != "file" {
			e.Answers[name] = v.form.Get(name)
		}
	}
	return e
}

// askedProcessor says that a person asked a processor.
func (v *visit) askedProcessor() error {
	step := v.r.PathValue("step")
	err := v.App.SayAsked(v.r.Context(), v.actor, v.caseID(), step, v.r.PathValue("system"), v.form.Get("how"))
	return v.after(err, v.askedEcho("asked", err), "#"+step)
}

// giveUpProcessor says that a processor never answered, and why we go on.
func (v *visit) giveUpProcessor() error {
	step := v.r.PathValue("step")
	err := v.App.GiveUpProcessor(v.r.Context(), v.actor, v.caseID(), step, v.r.PathValue("system"), v.form.Get("why"))
	return v.after(err, v.askedEcho("unanswered", err), "#"+step)
}

// keepReceipt keeps the receipt of a processor.
func (v *visit) keepReceipt() error {
	name, body, err := v.formWithFile()
	if err != nil {
		return err
	}
	step := v.r.PathValue("step")
	err = v.App.KeepReceipt(v.r.Context(), v.actor, app.ReceiptInput{
		Case: v.caseID(), Step: step, System: v.r.PathValue("system"), Name: name, Body: body, Says: v.form.Get("says"), ErasedOn: v.form.Get("erased_on"),
	})
	return v.after(err, v.askedEcho("receipt", err), "#"+step)
}
