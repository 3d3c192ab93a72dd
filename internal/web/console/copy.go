package console

import (
	"slices"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/limit"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// copyRow is one copy of a customer's data that was asked for without leaving.
type copyRow struct {
	Code, When, State string
	Take              bool   // somebody gives it to them
	Due               string // how it stands to the law
	Limits            []limitView
	Wrong             bool // with what was typed of one of them
}

// viewCopy shows a copy, with what was wrong with what was typed of one of its limits.
func (v *visit) viewCopy(c app.CopyView, users map[string]string, form string, typed, errs map[string]string) copyRow {
	state := "copy.state." + string(c.State)
	switch {
	case c.State != retrieval.Open:
	case c.Fetched:
		state = "copy.state.fetched"
	case !c.Ready.IsZero():
		state = "copy.state.ready"
	}
	row := copyRow{
		Code: c.Code, When: text.ShortInstant(v.lang, c.AskedAt, v.zone()), State: v.say("customer."+state, "date", text.LongDate(v.lang, c.Last)),
		Take: c.ByHand && v.actor.May("case"),
	}
	open := slices.ContainsFunc(c.Limits, func(l limit.Limit) bool { return l.Over.IsZero() })
	for i, l := range c.Limits {
		x := v.viewLimit(l, users)
		switch {
		case i == 0 && open:
			row.Due = v.say("customer.copy.due", "date", text.LongDate(v.lang, l.Last()))
		case i == 0:
			row.Due = v.say("customer.copy.law")
		}
		if form == "extend-"+x.ID {
			row.Wrong, x.Why.Value, x.Why.Error = true, typed["why"], errs["why"]
		}
		if form == x.ID {
			row.Wrong, x.Evidence.Value, x.Evidence.Error = true, typed["evidence"], errs["evidence"]
		}
		row.Limits = append(row.Limits, x)
	}
	return row
}

// attestOwed says of a time limit of a copy that what it wants was done where nobody else
// could see it.
func (v *visit) attestOwed() error {
	lid := v.r.PathValue("limit")
	if err := v.App.AttestLimit(v.r.Context(), v.actor, lid, v.form.Get("evidence")); err != nil {
		return v.customerDone(err, lid)
	}
	return v.customerDone(nil, "copy")
}

// extendOwed puts off a time limit of a copy.
func (v *visit) extendOwed() error {
	lid := v.r.PathValue("limit")
	if err := v.App.ExtendLimit(v.r.Context(), v.actor, lid, v.form.Get("why")); err != nil {
		return v.customerDone(err, "extend-"+lid)
	}
	return v.customerDone(nil, "copy")
}

// takeCopy sends the file to whoever gives it to the customer.
func (v *visit) takeCopy() error {
	b, whole, err := v.App.TakeCopy(v.r.Context(), v.actor, customer.ID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	web.SendBundle(v.w, v.r, b, whole)
	return nil
}

// makeCopy has a copy made for a customer who asked us.
func (v *visit) makeCopy() error {
	_, err := v.App.MakeCopy(v.r.Context(), v.actor, app.MakeCopyInput{Customer: customer.ID(v.r.PathValue("id")), How: v.form.Get("copy.how")})
	return v.customerDone(under("copy", err), "copy")
}
