package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/stray"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// strayListView is what happened after the end of a departure.
type strayListView struct {
	Lang, Case string
	List       []strayView
}

type strayView struct {
	ID, Kind, Name, What, Where, When string
	Back                              string // what is proposed
	Step, StepName                    string // at which it stands: its place on the page, and its title
	Over                              string
	State                             badge
	Ways                              []wayView // none for whoever may not decide
	Why                               control
}

type wayView struct {
	Value, Label, About string
	Checked             bool
}

func (v strayListView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.stray."+code, args...)
}

var strayBadges = map[stray.State]badge{
	stray.Open:      {Icon: "alert", Class: "bad"},
	stray.Refunding: {Icon: "clock", Class: "info"},
	stray.Refunded:  {Icon: "check", Class: "ok"},
	stray.Resolved:  {Icon: "check", Class: "ok"},
}

func (v *visit) viewStrays(c app.CaseView, e echo) *strayListView {
	if len(c.Strays) == 0 {
		return nil
	}
	lv := &strayListView{Lang: v.lang, Case: string(c.Plan.Case.ID)}
	for _, s := range c.Strays {
		sv := v.viewStray(s)
		if s.State == stray.Refunded || s.State == stray.Resolved {
			sv.Over = lv.word("over", "who", who(v.lang, s.OverBy, c.Users), "at", text.ShortInstant(v.lang, s.OverAt, v.zone()))
		}
		if at := app.StrayStep(&c.Plan, s); at != nil {
			sv.Step, sv.StepName = at.Key, title(v.lang, at.Title, at.Key)
		}
		step := c.Plan.Step(s.Step)
		if step != nil && v.actor.MayWork(*step) {
			for i, w := range app.Ways(s) {
				sv.Ways = append(sv.Ways, wayView{
					Value: string(w), Checked: i == 0, Label: lv.word("way." + string(w)), About: lv.word("way."+string(w)+".about", "amount", text.Money(v.lang, s.Back)),
				})
			}
		}
		sv.Why = control{ID: "why-" + string(s.ID), Name: "why", Label: lv.word("why"), Hint: lv.word("why.hint"), Required: true}
		if e.Form == string(s.ID) {
			sv.Why.Value, sv.Why.Error = e.Typed, e.Error
		}
		lv.List = append(lv.List, sv)
	}
	return lv
}

// viewStray says what a stray is.
func (v *visit) viewStray(s stray.Stray) strayView {
	lv := strayListView{Lang: v.lang}
	sv := strayView{
		ID: string(s.ID), Kind: string(s.Kind), Name: text.Say(v.lang, "stray.kind."+string(s.Kind)), State: strayBadges[s.State],
		Where: s.System, When: lv.word("at", "when", text.ShortInstant(v.lang, s.HappenedAt, v.zone()), "found", text.ShortInstant(v.lang, s.FoundAt, v.zone())),
		What: lv.word(string(s.Kind), "about", s.About, "amount", text.Money(v.lang, s.Amount)),
	}
	sv.State.Word = text.Say(v.lang, "stray.state."+string(s.State))
	switch s.Kind {
	case stray.Use:
		sv.Where, sv.When = lv.word("readings"), lv.word("at", "when", text.Date(v.lang, when.DateOf(s.HappenedAt, v.zone())), "found", text.ShortInstant(v.lang, s.FoundAt, v.zone()))
	case stray.Charge:
		word := func(of string) string {
			return lv.word(of, "about", s.About, "amount", text.Money(v.lang, s.Amount), "system", s.System, "far", s.Far)
		}
		of := map[bool]string{true: "_erased"}[s.Erased()] // of whom nothing is kept, nor the number
		sv.What, sv.Where = word("charge"+of), s.System
		if of == "" {
			sv.Where = word("number")
		}
		if !s.Taken {
			sv.What = word("asked" + of)
		}
		switch {
		case s.State != stray.Open:
		case !s.Taken:
			sv.Back = word("void" + of)
		default:
			sv.Back = lv.word("back", "amount", text.Money(v.lang, s.Back))
		}
	case stray.Running, stray.SignIn:
	}
	return sv
}

func (v *visit) decideStray() error {
	id, why := v.r.PathValue("stray"), v.form.Get("why")
	err := v.App.DecideStray(v.r.Context(), v.actor, app.StrayDecision{Case: v.caseID(), Stray: stray.ID(id), Way: app.StrayWay(v.form.Get("way")), Why: why})
	return v.after(err, echo{Form: id, Typed: why}, "#after-the-end")
}
