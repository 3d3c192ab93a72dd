package flow

import (
	"slices"

	"hastaluego/internal/jurisdiction"
)

func seeOffersBefore(v *View) []sight {
	n := v.offersBefore()
	var out []sight
	for _, i := range v.offersOnTheWay() {
		out = append(out, at(i, "", "offer_before", "count", n, "max", "{max}").sees(num(n)))
	}
	return out
}

func (v *View) eachOffer(do func(i int)) {
	v.met(func(i int, _ *Node) {
		if v.offering(i) {
			do(i)
		}
	})
}

func seePositions(v *View) (out []sight) {
	v.eachOffer(func(i int) {
		where := v.position(i)
		out = append(out, at(i, "", "offer_place", "where", where).about("offer_before").sees(word(where)))
	})
	return out
}

func seeOptIn(v *View) (out []sight) {
	v.eachOffer(func(i int) {
		out = append(out, at(i, "", "offer_unasked").about("offer_before").sees(yes(!v.onTheWay(i) && v.optedIn(i))))
	})
	return out
}

func seeAsks(v *View) []sight {
	last, n := v.asksPerAttempt()
	if last < 0 {
		return nil
	}
	return []sight{at(last, "", "asked_often", "count", n, "max", "{max}").sees(num(n))}
}

func seeLiveExits(v *View) (out []sight) {
	for _, i := range v.offersOnTheWay() {
		why, a := v.liveExit(i)
		s := at(i, "", or(why, "offer_no_exit"))
		if a != nil {
			s = s.by(a)
		}
		out = append(out, s.sees(yes(why == "")))
	}
	return out
}

func seeImproves(v *View) (out []sight) {
	v.eachOffer(func(i int) {
		s := at(i, "", "offer_no_better")
		if o := v.node(i).Offer; o == nil || o.Improves == nil {
			out = append(out, s.sees(nil))
		} else {
			out = append(out, s.sees(yes(*o.Improves)))
		}
	})
	return out
}

// seeExitFee sees what leaving costs by the terms, and every fee that a page
// names without having computed it.
func seeExitFee(v *View) (out []sight) {
	s := at(-1, ".terms.exit_fee", "exit_fee", "fee", v.Flow.Terms.ExitFee)
	if v.Flow.Terms.ExitFee == "" {
		s.path = "$.flow"
		return []sight{s.sees(nil)}
	}
	out = append(out, s.sees(word(v.Flow.Terms.ExitFee)))
	v.met(func(i int, n *Node) {
		for k, a := range n.Amounts {
			if a.What == "fee" && a.From == "fixed" {
				out = append(out, at(i, indexed(".amounts", k), "exit_fee", "fee", "fixed").sees(word("fixed")))
			}
		}
	})
	return out
}

func seeSwitchFee(v *View) []sight {
	s := at(-1, ".terms.switch_fee", "switch_fee", "fee", v.Flow.Terms.SwitchFee)
	if v.Flow.Terms.SwitchFee == "" {
		s.path = "$.flow"
		return []sight{s.sees(nil)}
	}
	return []sight{s.sees(word(v.Flow.Terms.SwitchFee))}
}

// judgeFee asks whether a kind of fee stays within sums, all of which hold.
// Whether a fixed fee does depends on its sum, which a flow does not say; it
// never stays within nothing, nor within what shrinks to nothing as the term
// runs out. What leaving costs the seller plus a profit is more than the cost.
func judgeFee(_ *View, want value, s sight) jurisdiction.Result {
	fee, result := s.seen.Word, jurisdiction.Pass
	if fee == "none" {
		return jurisdiction.Pass
	}
	for _, sum := range want.Sums {
		switch {
		case sum == jurisdiction.Sum{}:
			return jurisdiction.Fail
		case sum.Formula == "benefit_prorata" && fee == "prorata_benefit", sum.Formula == "direct_cost" && fee == "direct_cost":
		case fee == "fixed" && (sum.Formula == "benefit_prorata" || sum.Of == "remaining_fees"), sum.Formula == "direct_cost" && fee == "cost_plus":
			return jurisdiction.Fail
		default:
			result = jurisdiction.Unknown
		}
	}
	return result
}

func seeRefund(v *View) []sight {
	t := v.Flow.Terms
	s := at(-1, ".terms.refund", "refund", "refund", or(t.Refund, "–"))
	switch {
	case t.Prepaid != nil && !*t.Prepaid:
		return nil // nothing is paid in advance
	case t.Refund == "":
		s.path = "$.flow"
		return []sight{s.sees(nil)}
	}
	return []sight{s.sees(word(t.Refund))}
}

func seeLockIn(v *View) []sight {
	s := at(-1, ".terms.lock_in_months", "lock_in")
	if v.Flow.Terms.LockInMonths == nil {
		s.path = "$.flow"
		return []sight{s.sees(nil)}
	}
	s.args = []any{"months", *v.Flow.Terms.LockInMonths}
	return []sight{s.sees(lasts(*v.Flow.Terms.LockInMonths, jurisdiction.Months))}
}

func seeOptOut(v *View) []sight {
	days := v.Flow.Terms.OptOutDays
	if days == nil {
		return []sight{at(-1, ".flow", "opt_out_unknown").sees(nil)}
	}
	return []sight{at(-1, ".terms.opt_out_days_before_renewal", "opt_out_early", "days", *days, "max", "{max}").sees(lasts(*days, jurisdiction.Days))}
}

func lasts(n int, unit jurisdiction.Unit) *value {
	return &value{Times: []jurisdiction.Time{{Span: jurisdiction.Span{N: n, Unit: unit}}}}
}

// judgeTime asks whether a time of the contract stays within all times that the
// law sets. One that needs a formula is not known here, and one that stays
// within only on some days of the year is not either.
func judgeTime(_ *View, want value, s sight) jurisdiction.Result {
	return within(s.seen.Times[0].Span, want.Times)
}

func within(span jurisdiction.Span, most []jurisdiction.Time) jurisdiction.Result {
	result := jurisdiction.Pass
	for _, t := range most {
		if t.Formula != "" {
			result = worse(result, jurisdiction.Unknown)
			continue
		}
		result = worse(result, span.Within(t.Span))
	}
	return result
}

func seeWithdraw(v *View) []sight {
	found := v.Flow.Act == "withdraw"
	for _, i := range v.starts() { // on the page, where there is one
		v.eachAction(i, func(_ int, a *Action) { found = found || a.Does == "withdraw" })
	}
	s := at(-1, ".nodes", "no_withdrawal")
	if len(v.entries) > 0 {
		s = at(v.entries[0], "", "no_withdrawal")
	}
	return []sight{s.sees(yes(found))}
}

// withdrawals are the entries that offer to withdraw, and where that leads.
func (v *View) withdrawals(do func(entry, to int)) {
	for _, i := range v.entries {
		v.eachAction(i, func(_ int, a *Action) {
			if to, leads := v.Flow.index[a.To]; leads && (a.Does == "withdraw" || v.Flow.Act == "withdraw") {
				do(i, to)
			}
		})
	}
}

func seeWithdrawPermanent(v *View) (out []sight) {
	v.withdrawals(func(i, _ int) {
		s := at(i, "", "withdrawal_passing")
		if e := v.node(i).Entry; e == nil || e.Permanent == nil {
			out = append(out, s.sees(nil))
		} else {
			out = append(out, s.sees(yes(*e.Permanent)))
		}
	})
	return out
}

// seeWithdrawSeparate sees whether a withdrawal is confirmed by a press of its
// own.
func seeWithdrawSeparate(v *View) (out []sight) {
	confirms := v.isKind("confirm")
	v.withdrawals(func(i, to int) {
		seen := v.reach([]int{to}, func(e edge) bool { return v.leads(e) && !confirms(e.to) }, confirms)
		straight := slices.ContainsFunc(v.goals, func(g int) bool { return seen[g] })
		out = append(out, at(i, "", "withdrawal_unconfirmed").sees(yes(!straight)))
	})
	return out
}

// seeSelfService sees whether data can be fetched without asking anybody.
func seeSelfService(v *View) []sight {
	if v.Flow.Terms.HoldsData != nil && !*v.Flow.Terms.HoldsData {
		return nil
	}
	found := false
	v.met(func(i int, n *Node) {
		v.eachAction(i, func(_ int, a *Action) {
			found = found || a.Does == "export" && n.Kind != "handoff" && (n.medium() == "web" || n.medium() == "app" || n.medium() == "email")
		})
	})
	s := at(-1, ".nodes", "no_export")
	if len(v.goals) > 0 {
		s = at(v.goals[0], "", "no_export")
	}
	return []sight{s.about("maze export").sees(yes(found))}
}

func seeComplaints(v *View) []sight {
	by := v.Flow.Terms.Complaints
	if len(by) == 0 {
		return []sight{at(-1, ".flow", "complaints", "channels", "–").sees(nil)}
	}
	return []sight{at(-1, ".terms.complaint_channels", "complaints", "channels", names(by)).sees(&value{Words: by})}
}

func seeChoices(v *View) []sight {
	if len(v.Flow.Terms.Choices) == 0 {
		return []sight{at(-1, ".flow", "choices", "choices", "–").sees(nil)}
	}
	return []sight{at(-1, ".terms.switch_choices", "choices", "choices", names(v.Flow.Terms.Choices)).sees(&value{Words: v.Flow.Terms.Choices})}
}

// human reports whether a person can be had on a node.
func (v *View) human(i int) bool {
	found := v.node(i).Kind == "handoff" && v.node(i).medium() != "chat"
	v.eachAction(i, func(_ int, a *Action) { found = found || a.Does == "human" })
	return found
}

// seeHuman sees whether a person can be had from the start: on the page of the
// entry or on the one that it leads to.
func seeHuman(v *View) []sight {
	first, found := v.firstPages(), false
	v.way(func(i int, n *Node) { found = found || first[n.page()] && v.human(i) })
	s := at(-1, ".nodes", "no_human")
	if len(v.entries) > 0 {
		s = at(v.entries[0], "", "no_human")
	}
	return []sight{s.sees(yes(found))}
}

// seeOnlyBot sees chats from which no person can be had.
func seeOnlyBot(v *View) (out []sight) {
	v.way(func(i int, n *Node) {
		if n.medium() == "chat" && !v.human(i) {
			out = append(out, at(i, "", "only_bot").sees(yes(!slices.ContainsFunc(v.entries, func(e int) bool { return v.human(e) }))))
		}
	})
	return out
}
