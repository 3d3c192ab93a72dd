package console

import (
	"cmp"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/handover"
	"hastaluego/internal/text"
)

// actsView is the act of a handover, and what it says beside the things that are
// given: what was promised, and what is renewed.
type actsView struct {
	Lang, ID           string
	Acts               []actRow
	Promised, Renewals []stateRow
	May, MayRead       bool
	Who                string
}

type actRow struct{ Title, Says, SHA256, File, Proof string }

// stateRow is something with how it stands.
type stateRow struct {
	Name, Says string
	Gap        bool
}

func (v actsView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.act."+code, args...)
}

// viewHandoverActs is nil where nothing is handed over.
func (v *visit) viewHandoverActs(c app.CaseView) *actsView {
	if len(c.Handover.List) == 0 {
		return nil
	}
	out := &actsView{Lang: v.lang, ID: string(c.Plan.Case.ID), May: v.actor.May("case"), MayRead: v.actor.MayRead("letter"), Who: whoMay(v.lang, "case")}
	for _, x := range c.Handover.Acts {
		r := actRow{
			Title: out.word("number", "n", x.Number, "at", text.ShortInstant(v.lang, x.MadeAt, v.zone())), Says: out.word("waits"), SHA256: x.SHA256, File: x.File, Proof: x.Proof,
		}
		if x.Accepted() {
			r.Says = out.word("accepted", "by", cmp.Or(x.AcceptedBy, "–"), "at", text.ShortInstant(v.lang, x.AcceptedAt, v.zone()))
		}
		out.Acts = append(out.Acts, r)
	}
	for _, p := range c.Handover.Promised {
		says := []string{out.word("promise." + string(p.State))}
		switch {
		case !p.Gap():
			says[0] = v.say("customer.deliverable.delivered", "date", text.LongDate(v.lang, p.Delivered))
		case !p.Due.IsZero():
			says = append(says, v.say("customer.deliverable.due_on", "date", text.LongDate(v.lang, p.Due)))
		}
		if out.MayRead && p.State == handover.Missing {
			says = append(says, v.say("handover.lacks", "lacks", p.Lacks))
		}
		out.Promised = append(out.Promised, stateRow{p.Title, strings.Join(append(says, pieceWords(v.lang, p.Piece)...), " · "), p.Gap()})
	}
	for _, a := range c.Handover.Renewals {
		out.Renewals = append(out.Renewals, stateRow{a.Name, renewalWords(v.lang, a), false})
	}
	return out
}

// renewalWords are when something is renewed, for how much, and who pays.
func renewalWords(lang string, a customer.Asset) string {
	if a.RenewsOn.IsZero() {
		return ""
	}
	says := []string{text.LongDate(lang, a.RenewsOn)}
	if a.Renewal.Currency != "" {
		says = append(says, text.Money(lang, a.Renewal))
	}
	if a.Payer != "" {
		says = append(says, text.Say(lang, "console.customer.asset.payer."+string(a.Payer)))
	}
	return strings.Join(says, " · ")
}

// drawAct draws up the act of a handover.
func (v *visit) drawAct() error {
	_, err := v.App.DrawAct(v.r.Context(), v.actor, v.caseID())
	return v.after(err, echo{}, "#acts")
}
