package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// copyRow is one copy of a customer's data that was asked for without leaving.
type copyRow struct {
	Code, When, State string
	Take              bool // somebody gives it to them
}

func (v *visit) viewCopy(c app.CopyView) copyRow {
	state := "copy.state." + string(c.State)
	switch {
	case c.State != retrieval.Open:
	case c.Fetched:
		state = "copy.state.fetched"
	case !c.Ready.IsZero():
		state = "copy.state.ready"
	}
	return copyRow{c.Code, text.ShortInstant(v.lang, c.AskedAt, v.zone()), v.say("customer."+state, "date", text.LongDate(v.lang, c.Last)), c.ByHand && v.actor.May("case")}
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
