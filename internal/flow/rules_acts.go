package flow

import (
	"slices"
)

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
