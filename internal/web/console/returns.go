package console

import (
	"cmp"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/money"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// returnView is one thing that is to come back.
type returnView struct {
	ID, Name, Kind, Due, Receipt, Sum, Evidence string
	State                                       badge
	Acts                                        map[obligation.State]bool // that this person may do now
	Who                                         string                    // who may, when this person may do nothing
	Open                                        bool                      // its form was refused
	Fields                                      map[string]control
}

func (v *visit) viewReturns(c app.CaseView, s offboarding.Step, now time.Time, e echo) (out []returnView) {
	today := when.DateOf(now, v.zone())
	for _, o := range c.Returns.List {
		if o.Step != s.ID {
			continue
		}
		rv := returnView{
			ID: string(o.ID), Name: o.Name, Kind: known(v.lang, "console.returns.kind."+o.Kind, o.Kind), Due: text.LongDate(v.lang, o.Due),
			State: obligationBadge(v.lang, o, today), Evidence: o.Evidence, Open: e.Form == string(o.ID), Acts: map[obligation.State]bool{},
		}
		if o.Receipt != "" {
			rv.Receipt = v.say("returns.receipt", "number", o.Receipt)
		}
		if o.State == obligation.Charged {
			rv.Sum = v.say("returns.sum", "amount", text.Money(v.lang, o.Charge))
		}
		if open := c.Plan.Case.State == offboarding.CaseOpen || c.Plan.Case.State == offboarding.CaseClosed; open {
			for _, to := range obligation.Transitions[o.State] {
				rv.Acts[to] = v.actor.May("obligation") && (to != obligation.Charged || v.actor.May("statement"))
			}
			if len(rv.Acts) > 0 && !v.actor.May("obligation") {
				rv.Who = whoMay(v.lang, "obligation")
			}
		}
		rv.Fields = v.returnFields(c, rv, e)
		out = append(out, rv)
	}
	return out
}

func (v *visit) returnFields(c app.CaseView, rv returnView, e echo) map[string]control {
	currency := ""
	for _, l := range c.Lines {
		currency = cmp.Or(currency, l.Amount.Currency)
	}
	out := map[string]control{}
	for name, was := range map[string]string{"evidence": "", "amount": "", "currency": currency} {
		f := control{ID: rv.ID + "-" + name, Name: name, Label: v.say("returns." + name), Value: was, Required: name == "evidence"}
		if rv.Open {
			f.Value, f.Error = e.Answers[name], e.Errors[name]
		}
		out[name] = f
	}
	return out
}

func obligationBadge(lang string, o obligation.Obligation, today when.Date) badge {
	b := badge{"clock", "", string(o.State)}
	switch {
	case o.Late(today):
		b = badge{"alert", "warn", "late"}
	case o.State == obligation.Returned:
		b.Icon, b.Class = "check", "info"
	case o.State == obligation.Charged:
		b.Icon, b.Class = "doc", "warn"
	case o.State == obligation.Waived:
		b.Icon = "dash"
	}
	b.Word = text.Say(lang, "console.returns.state."+b.Word)
	return b
}

// endObligation says that something came back, is charged or is let go.
func (v *visit) endObligation() error {
	in := app.ObligationEnd{
		Case: v.caseID(), Obligation: obligation.ID(v.r.PathValue("obligation")), State: obligation.State(v.form.Get("state")), Evidence: v.form.Get("evidence"),
	}
	var err error
	if in.State == obligation.Charged {
		amount, wrong := readAmount(v.lang, v.form.Get("amount"), v.form.Get("currency"))
		if in.Charge = amount; wrong != nil && v.actor.May("statement") {
			err = wrong
		}
	} else {
		in.Charge = money.Amount{}
	}
	if err == nil {
		err = v.App.EndObligation(v.r.Context(), v.actor, in)
	}
	e := echo{Form: string(in.Obligation), Answers: map[string]string{}, Errors: text.FieldErrors(v.lang, err)}
	for _, name := range []string{"evidence", "amount", "currency"} {
		e.Answers[name] = v.form.Get(name)
	}
	return v.after(err, e, "#"+string(in.Obligation))
}
