package console

import (
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/form"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
)

// formView is a guided form: to be filled in, or read when it is done.
type formView struct {
	Title, Intro string
	Done, Open   bool
	Fields       []formFieldView
}

type formFieldView struct {
	control
	Draw    string // input, area or radio
	Scale   bool   // radio: short choices in a row
	Options []option
	Known   string   // where what is filled in comes from
	Lines   []string // the answer as it is read
}

// fieldID keeps the fields of several forms on one page apart.
func fieldID(step, field string) string { return step + "." + field }

func (v *visit) viewForm(c app.CaseView, s offboarding.Step, e echo) *formView {
	f := v.App.FormOf(s)
	if f == nil {
		return nil
	}
	given, done := c.Given(s.ID)
	if e.Step == s.Key && e.Form == "" && e.Answers != nil {
		given = e.Answers
	}
	fv := &formView{Title: title(v.lang, f.Title, f.Name), Intro: title(v.lang, f.Intro, ""), Done: done}
	for _, x := range f.Fields {
		field := v.viewField(s.Key, x, given[x.ID])
		if e.Step == s.Key && e.Form == "" {
			field.Error = e.Errors[x.ID]
		}
		if c.Prefilled[s.ID][x.ID] != "" {
			field.Known = v.say("form.known")
		}
		fv.Fields = append(fv.Fields, field)
	}
	return fv
}

func (v *visit) viewField(step string, x form.Field, given string) formFieldView {
	fv := formFieldView{control: control{
		ID: fieldID(step, x.ID), Name: x.ID, Label: title(v.lang, x.Label, x.ID), Hint: title(v.lang, x.Hint, ""), Value: given, Required: x.Required,
	}}
	if x.WhenField != "" { // asked only after some answers: the browser must not demand it
		fv.Required = false
	}
	fv.Lines = strings.Split(x.Say(v.lang, given), "\n")
	switch x.Kind {
	case form.Text, form.List:
		fv.Draw = "area"
	case form.Choice:
		fv.Draw = "radio"
		for _, o := range x.Choices {
			fv.Options = append(fv.Options, option{o.Value, title(v.lang, o.Label, o.Value)})
		}
	case form.YesNo:
		fv.Draw = "radio"
		fv.Options = []option{{"yes", v.say("form.yes")}, {"no", v.say("form.no")}}
		for _, o := range fv.Options {
			if o.Value == given {
				fv.Lines = []string{o.Label}
			}
		}
	case form.Scale:
		fv.Draw, fv.Scale = "radio", true
		for n := x.Min; n <= x.Max; n++ {
			fv.Options = append(fv.Options, option{strconv.Itoa(n), strconv.Itoa(n)})
		}
	case form.Date:
		fv.Kind = "date"
	case form.Money:
		if a, ok := form.Amount(given); ok {
			fv.Lines = []string{text.Money(v.lang, a)}
		}
	case form.Number:
		fv.Kind = "number"
	}
	return fv
}

// answer keeps or finishes the form of a step.
func (v *visit) answer() error {
	in := app.FormInput{Case: v.caseID(), Step: v.r.PathValue("step"), Answers: form.Answers{}, Done: v.form.Get("done") == "1"}
	for name, values := range v.form {
		if name != "done" {
			in.Answers[name] = strings.Join(values, ",")
		}
	}
	err := v.App.AnswerForm(v.r.Context(), v.actor, in)
	e := echo{Step: in.Step, Answers: in.Answers, Errors: text.FieldErrors(v.lang, err)}
	return v.after(err, e, "#"+in.Step)
}
