package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/authority"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

// ordersView is what authorities ordered about a departure.
type ordersView struct {
	Lang, Case string
	List       []orderView
	May        bool // whoever looks may write one down
	Open       bool // the form is open: something was wrong with it
	Fields     []control
	Withhold   bool
	Named      bool
	Silent     bool
}

type orderView struct {
	ID, Name, Does, By  string
	State               badge
	Agree, Refuse, Lift bool     // whoever looks may do that
	Release             *control // whoever looks may say that the customer may know of it; nil: they may not
}

func (v ordersView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.order."+code, args...)
}

func (v *visit) viewOrders(c app.CaseView, e echo) *ordersView {
	ov := &ordersView{Lang: v.lang, Case: string(c.Plan.Case.ID), May: v.actor.May("erase") && !c.Erased, Withhold: true, Named: true}
	for _, o := range c.Orders {
		ov.List = append(ov.List, v.viewOrder(*ov, o, c.Users, e))
	}
	if !ov.May {
		if len(ov.List) == 0 {
			return nil
		}
		return ov
	}
	ov.Fields = []control{
		{ID: "order-authority", Name: "authority", Label: ov.word("authority"), Hint: ov.word("authority.hint"), Required: true},
		{ID: "order-reference", Name: "reference", Label: ov.word("reference"), Required: true},
		{ID: "order-until", Name: "until", Label: ov.word("until"), Hint: ov.word("until.hint"), Kind: "date"},
	}
	if e.Form == "order" {
		ov.Open, ov.Withhold, ov.Named, ov.Silent = true, e.Fields.Get("withhold") != "", e.Fields.Get("tell") != "", e.Fields.Get("silent") != ""
		for i := range ov.Fields {
			f := &ov.Fields[i]
			f.Value, f.Error = e.Fields.Get(f.Name), e.Errors[f.Name]
		}
	}
	return ov
}

func (v *visit) viewOrder(ov ordersView, o authority.Order, users map[string]string, e echo) orderView {
	x := orderView{ID: string(o.ID), Name: ov.word("name", "authority", o.Words.Authority, "reference", o.Words.Reference), Does: ov.word("keeps")}
	if o.Words.Authority == "" {
		x.Name = ov.word("unread")
	}
	if o.Withhold {
		x.Does = ov.word("withholds")
	}
	if o.Silent {
		x.Does += " " + ov.word("unsaid")
	}
	at := func(code, by string) string { return ov.word(code, "who", who(v.lang, by, users)) }
	switch o.State {
	case authority.Asked:
		x.State = badge{Icon: "clock", Class: "warn", Word: ov.word("state.asked")}
		x.By = at("asked", o.AskedBy)
	case authority.InForce:
		x.State = badge{Icon: "shield", Class: "bad", Word: ov.word("state.in_force")}
		x.By = ov.word("agreed", "who", who(v.lang, o.AskedBy, users), "second", who(v.lang, o.AgreedBy, users), "at", text.ShortInstant(v.lang, o.AgreedAt, v.zone()))
		if !o.Until.IsZero() {
			x.By += " " + ov.word("ends", "date", text.LongDate(v.lang, o.Until))
		}
	case authority.Refused:
		x.State = badge{Icon: "x", Word: ov.word("state.refused")}
		x.By = at("refused", o.OverBy)
	case authority.Over:
		x.State = badge{Icon: "check", Class: "ok", Word: ov.word("state.over")}
		x.By = ov.word("lifted", "who", who(v.lang, o.OverBy, users), "at", text.ShortInstant(v.lang, o.OverAt, v.zone()))
	}
	if v.actor.May("erase") {
		x.Agree = o.State == authority.Asked && o.AskedBy != v.actor.ID
		x.Refuse = o.State == authority.Asked
		x.Lift = o.State == authority.InForce
		if o.Silent {
			x.Release = &control{ID: "order-release-" + x.ID, Name: "release", Label: ov.word("release"), Hint: ov.word("release.hint"), Required: true}
			if e.Form == "release" && e.Fields.Get("order") == x.ID {
				x.Release.Value, x.Release.Error = e.Fields.Get("release"), e.Errors["release"]
			}
		}
	}
	return x
}

// askOrder writes down what an authority ordered.
func (v *visit) askOrder() error {
	f := v.form
	err := v.App.AskOrder(v.r.Context(), v.actor, app.OrderInput{
		Case: v.caseID(), Authority: f.Get("authority"), Reference: f.Get("reference"), Until: f.Get("until"), Withhold: f.Get("withhold") != "", Named: f.Get("tell") != "",
		Silent: f.Get("silent") != "",
	})
	e := echo{Form: "order", Fields: f}
	if err != nil {
		e.Errors = text.FieldErrors(v.lang, err)
	}
	return v.after(err, e, "#orders")
}

// decideOrder agrees to an order, refuses or lifts it, or says that the customer may know
// of it.
func (v *visit) decideOrder() error {
	ctx, id := v.r.Context(), authority.ID(v.r.PathValue("order"))
	var e echo
	var err error
	switch v.form.Get("act") {
	case "agree":
		err = v.App.AgreeOrder(ctx, v.actor, v.caseID(), id)
	case "refuse":
		err = v.App.RefuseOrder(ctx, v.actor, v.caseID(), id)
	case "lift":
		err = v.App.LiftOrder(ctx, v.actor, v.caseID(), id)
	case "tell":
		if err = v.App.TellOrder(ctx, v.actor, v.caseID(), id, v.form.Get("release")); err != nil {
			v.form.Set("order", string(id))
			e = echo{Form: "release", Fields: v.form, Errors: text.FieldErrors(v.lang, err)}
		}
	default:
		err = fault.New(fault.Invalid, "field.unknown").On("act")
	}
	return v.after(err, e, "#orders")
}
