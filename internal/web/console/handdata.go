package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// dataHandView is how a file of data is handed over that no letter can bring.
type dataHandView struct {
	File, Size, SHA256 string
	Ways               []option
	Fields             map[string]control
}

// viewDataHand is nil for every other step, and once it is over.
func (v *visit) viewDataHand(c app.CaseView, s offboarding.Step, sv stepView, e echo) *dataHandView {
	if s.Key != app.HandKey || !s.Spec.House || !sv.Open {
		return nil
	}
	out := &dataHandView{Fields: map[string]control{}}
	for _, b := range c.Blobs {
		if b.Kind == "bundle" { // the last is the newest
			out.File, out.Size, out.SHA256 = b.Name, text.Size(v.lang, b.Size), b.SHA256
		}
	}
	for _, w := range app.HandWays {
		out.Ways = append(out.Ways, option{w, v.say("datahand.way." + w)})
	}
	for _, name := range []string{"way", "to", "how"} {
		f := control{ID: "datahand-" + name, Name: name, Label: v.say("datahand." + name), Required: name == "how"}
		if name == "how" {
			f.Hint = v.say("datahand.how.hint")
		}
		if e.Step == s.Key && e.Form == "datahand" {
			f.Value, f.Error = e.Answers[name], e.Errors[name]
		}
		out.Fields[name] = f
	}
	return out
}

// takeBundle sends the file to whoever is to hand it over.
func (v *visit) takeBundle() error {
	b, whole, err := v.App.TakeBundle(v.r.Context(), v.actor, v.caseID())
	if err != nil {
		return err
	}
	web.SendBundle(v.w, v.r, b, whole)
	return nil
}

// handBundle says who took it, and how.
func (v *visit) handBundle() error {
	in := app.HandInput{Case: v.caseID(), Way: v.form.Get("way"), To: v.form.Get("to"), How: v.form.Get("how")}
	err := v.App.HandBundle(v.r.Context(), v.actor, in)
	e := echo{Step: app.HandKey, Form: "datahand", Answers: map[string]string{"way": in.Way, "to": in.To, "how": in.How}, Errors: text.FieldErrors(v.lang, err)}
	return v.after(err, e, "#"+app.HandKey)
}
