package console

import (
	"hastaluego/internal/app"
	"hastaluego/internal/text"
	"hastaluego/internal/withdrawal"
)

// withdrawalView is what became of a declaration of withdrawal.
type withdrawalView struct {
	Lang, State, Declared, Until, By, Rule, Cite string
	Refunds                                      []refundView
	Missing                                      []string
}

type refundView struct{ Name, Back, How string }

func (v *visit) viewWithdrawal(c app.CaseView) *withdrawalView {
	w := c.Withdrawal
	if w == nil {
		return nil
	}
	out := &withdrawalView{
		Lang: v.lang, State: v.say("withdrawal.state." + string(w.State)), Declared: text.ShortInstant(v.lang, w.DeclaredAt, v.zone()), Rule: w.Rule, Cite: w.Cite,
	}
	if !w.Until.IsZero() {
		out.Until = text.ShortInstant(v.lang, w.Until.Add(-1), v.zone())
	}
	if !w.RefundBy.IsZero() {
		out.By = text.ShortInstant(v.lang, w.RefundBy.Add(-1), v.zone())
	}
	for _, r := range w.Refunds {
		x := refundView{r.Product + " " + r.Reference, text.Money(v.lang, r.Back), v.say("withdrawal.how.whole", "cite", r.Cite)}
		switch {
		case r.Unknown:
			x.Back, x.How = "", v.say("withdrawal.how.unknown")
		case r.Way == withdrawal.ProRata:
			x.How = v.say("withdrawal.how.prorata", "paid", r.Paid, "kept", r.Kept, "used", r.Used, "of", r.Of, "cite", r.Cite)
		}
		out.Refunds = append(out.Refunds, x)
	}
	for _, name := range w.Missing {
		out.Missing = append(out.Missing, known(v.lang, "law.fact."+name, name))
	}
	return out
}
