package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// holdView is what every page says while something is held back.
type holdView struct {
	Title, Text, About string
	May                bool
}

func (v *visit) viewHold(h app.Hold) *holdView {
	if h.What == app.HoldNothing {
		return nil
	}
	who := h.Name
	if who == "" {
		who = v.say("hold.machine")
	}
	waiting := v.say("hold.waiting", "n", h.Waiting)
	switch {
	case h.Waiting == 0:
		waiting = v.say("hold.waiting.none")
	case h.Waiting >= app.HoldCounted:
		waiting = v.say("hold.waiting.many", "n", app.HoldCounted)
	}
	return &holdView{
		Title: v.say("hold." + string(h.What)), Text: v.say("hold."+string(h.What)+".text") + " " + waiting,
		About: v.say("hold.about", "who", who, "at", text.ShortInstant(v.lang, h.Since, v.zone()), "why", h.Why), May: v.actor.May("settings"),
	}
}

// holdForm is where it is held back and let go.
type holdForm struct {
	Lang, Now, Who string
	Held, May      bool
	Why            control
}

func (v *visit) holdForm(wrong error) (holdForm, error) {
	h, err := v.App.Held(v.r.Context())
	if err != nil {
		return holdForm{}, err
	}
	f := holdForm{Lang: v.lang, Held: h.What != app.HoldNothing, May: v.actor.May("settings"), Who: roles(v.lang, []string{"admin"})}
	f.Why = control{ID: "why", Label: v.say("hold.why"), Hint: v.say("hold.why.hint"), Value: v.form.Get("why"), Error: text.FieldErrors(v.lang, wrong)["why"], Required: true}
	if f.Held {
		f.Now = v.say("hold." + string(h.What))
	}
	return f, nil
}

func (v *visit) setHold() error {
	err := v.App.SetHold(v.r.Context(), v.actor, app.Held(v.form.Get("what")), v.form.Get("why"))
	switch {
	case err == nil:
		v.to("/console/settings#hold")
		return nil
	case fault.KindOf(err) == fault.Invalid:
		return v.showSettings(web.Status(err), err)
	}
	return err
}
