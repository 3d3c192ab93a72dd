package console

import (
	"slices"

	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
)

// secretEnd is how something confidential may end beside being returned.
type secretEnd struct {
	Destroy, Keep         bool // this person may say so now
	DestroyOpen, KeepOpen bool // that form was refused
	Fields                map[string]control
	Methods, Bases        []option
}

// secretEndFields are the fields of both forms, each below the name of its form.
var secretEndFields = map[string][]string{
	"destroy": {"method", "by", "on", "witness", "how", "file"},
	"keep":    {"basis", "why", "until"},
}

func (v *visit) viewSecretEnd(c app.CaseView, s offboarding.Step, sv stepView, x handover.Item, e echo) (out secretEnd) {
	if !x.Secret() {
		return out
	}
	if sv.May && (sv.Open || app.EndsLate(c.Plan.Case, s, x)) {
		out.Destroy, out.Keep = slices.Contains(handover.Transitions[x.State], handover.Gone), slices.Contains(handover.Transitions[x.State], handover.Kept)
	}
	out.DestroyOpen, out.KeepOpen = e.Form == "destroy"+string(x.ID), e.Form == "keep"+string(x.ID)
	for _, m := range handover.Methods {
		out.Methods = append(out.Methods, option{string(m), v.say("handover.destroy.method." + string(m))})
	}
	for _, b := range handover.Bases {
		out.Bases = append(out.Bases, option{string(b), v.say("handover.keep.basis." + string(b))})
	}
	out.Fields = map[string]control{}
	for form, names := range secretEndFields {
		for _, name := range names {
			code := "handover." + form + "." + name
			f := control{ID: string(x.ID) + "-" + form + "-" + name, Name: name, Label: v.say(code), Required: name != "witness" && name != "file" && name != "how"}
			if text.Known(v.lang, "console."+code+".hint") {
				f.Hint = v.say(code + ".hint")
			}
			if name == "on" || name == "until" {
				f.Kind = "date"
			}
			if e.Form == form+string(x.ID) {
				f.Value, f.Error = e.Answers[name], e.Errors[name]
			}
			out.Fields[form+"."+name] = f
		}
	}
	return out
}

// endedFacts is how something confidential ended, in words.
func (v *visit) endedFacts(x handover.Item) (out []string) {
	switch d, k := x.Destruction, x.Keeping; x.State {
	case handover.Gone:
		out = append(out, text.Say(v.lang, "document.handed.destroyed", "date", text.LongDate(v.lang, d.On), "by", d.By, "method", text.Say(v.lang, "document.handed.method."+string(d.Method))))
		if d.Witness != "" {
			out = append(out, text.Say(v.lang, "document.handed.witness", "witness", d.Witness))
		}
	case handover.Kept:
		out = append(out, text.Say(v.lang, "document.handed.kept", "date", text.LongDate(v.lang, k.Until), "basis", text.Say(v.lang, "document.handed.basis."+string(k.Basis)), "why", k.Why))
	}
	return out
}

func (v *visit) secretEcho(form string, err error) echo {
	e := echo{Step: v.r.PathValue("step"), Form: form + v.r.PathValue("item"), Answers: map[string]string{}, Errors: text.FieldErrors(v.lang, err)}
	for _, name := range secretEndFields[form] {
		if name != "file" {
			e.Answers[name] = v.form.Get(name)
		}
	}
	return e
}

// destroyItem says that something confidential was destroyed.
func (v *visit) destroyItem() error {
	name, body, err := v.formWithFile()
	if err != nil {
		return err
	}
	item := v.r.PathValue("item")
	err = v.App.DestroyItem(v.r.Context(), v.actor, app.DestroyInput{
		Case: v.caseID(), Step: v.r.PathValue("step"), Item: handover.ID(item), Method: handover.Method(v.form.Get("method")), By: v.form.Get("by"),
		Witness: v.form.Get("witness"), On: v.form.Get("on"), How: v.form.Get("how"), Name: name, File: body,
	})
	return v.after(err, v.secretEcho("destroy", err), "#"+item)
}

// keepItem says why something confidential is kept, and until when.
func (v *visit) keepItem() error {
	item := v.r.PathValue("item")
	err := v.App.KeepItem(v.r.Context(), v.actor, app.KeepInput{
		Case: v.caseID(), Step: v.r.PathValue("step"), Item: handover.ID(item), Basis: handover.Basis(v.form.Get("basis")), Why: v.form.Get("why"), Until: v.form.Get("until"),
	})
	return v.after(err, v.secretEcho("keep", err), "#"+item)
}
