package console

import (
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// settlementView is the statement of a departure, made or as it would be now.
type settlementView struct {
	Lang, Case, State, Draft, By, Due, Back, Sign string
	Said                                          string // by the customer
	Sections                                      []web.MoneySection
	Open                                          []string // what only people can know
	From, Ends                                    []string // where the figures come from
	Warns                                         bool
}

func (v *visit) viewSettlement(c app.CaseView) *settlementView {
	x := c.Statement
	if x == nil {
		return nil
	}
	out := &settlementView{Lang: v.lang, Case: string(c.Plan.Case.ID), State: v.say("settlement.state." + string(x.State)), Sections: web.MoneySections(v.lang, x.Doc)}
	switch {
	case !x.Live():
		out.Draft = v.say("settlement.draft")
		if !app.MustSign(&c.Plan, x.Doc) {
			out.Draft = v.say("settlement.draft.free")
		}
	case x.State == app.StatementChanged:
		out.Draft = v.say("settlement.changed")
	case x.SignedBy == "":
		out.By = v.say("settlement.unsigned", "at", text.ShortInstant(v.lang, x.MadeAt, v.zone()))
		if x.State != app.StatementDisputed { // then finance draws it up again
			out.By += " " + v.say("settlement.unsigned.free")
		}
	default:
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
	if changed := web.MoneyChanges(v.lang, x.Doc, v.zone()); changed != nil {
		out.Open = slices.Concat(out.Open, []string{changed.Title}, changed.Lines)
	}
	out.From, out.Ends = web.MoneyFrom(v.lang, "console.settlement.from.", x.Doc, v.zone()), web.MoneyEnds(v.lang, x.Doc)
	if said := map[app.StatementState]string{app.StatementAccepted: "agreed", app.StatementDisputed: "disagreed"}[x.State]; said != "" {
		out.Said, out.Warns = v.say("settlement."+said, "at", text.ShortInstant(v.lang, x.AnsweredAt, v.zone())), x.State == app.StatementDisputed
	}
	if x.MaySign() && v.actor.May("statement") {
		out.Sign = v.say("settlement.sign")
		if x.State == app.StatementDisputed || x.State == app.StatementChanged {
			out.Sign = v.say("settlement.again")
		}
	}
	return out
}

func (v *visit) signStatement() error {
	return v.after(v.App.SignStatement(v.r.Context(), v.actor, v.caseID()), echo{}, "#settlement")
}
