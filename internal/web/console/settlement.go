package console

import (
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// settlementView is the statement of a departure, made or as it would be now.
type settlementView struct {
	Lang, Case, State, Draft, By, Due, Back, Sign string
	Sections                                      []web.MoneySection
	Open                                          []string // what only people can know
	Warns                                         bool
}

func (v *visit) viewSettlement(c app.CaseView) *settlementView {
	x := c.Statement
	if x == nil {
		return nil
	}
	out := &settlementView{Lang: v.lang, Case: string(c.Plan.Case.ID), State: v.say("settlement.state." + string(x.State)), Sections: web.MoneySections(v.lang, x.Doc)}
	if !x.Live() {
		out.Draft = v.say("settlement.draft")
	} else {
		out.By = v.say("settlement.by", "who", who(v.lang, x.SignedBy, c.Users), "at", text.ShortInstant(v.lang, x.SignedAt, v.zone()))
	}
	if !x.Doc.DueOn.IsZero() {
		out.Due = text.LongDate(v.lang, x.Doc.DueOn)
	}
	if !x.Doc.RefundOn.IsZero() {
		out.Back = text.LongDate(v.lang, x.Doc.RefundOn)
		if cite := x.Doc.RefundBy.Cite; cite != "" {
			out.Back += ", " + cite
		}
	}
	for _, o := range x.Doc.Open {
		why, _, _ := strings.Cut(o.Why, ".")
		out.Open = append(out.Open, v.say("settlement.open."+why, "contract", o.Contract, "missing", strings.Join(o.Missing, ", ")))
	}
	if stored := x.Version > 0; stored && v.actor.May("statement") {
		switch x.State {
		case app.StatementDrawn:
			out.Sign = v.say("settlement.sign")
		case app.StatementDisputed:
			out.Sign, out.Warns = v.say("settlement.again"), true
		}
	}
	return out
}

func (v *visit) signStatement() error {
	return v.after(v.App.SignStatement(v.r.Context(), v.actor, v.caseID()), echo{}, "#settlement")
}
