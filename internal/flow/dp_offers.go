package flow

import (
	"maps"
	"slices"

	"hastaluego/internal/jurisdiction"
)

// tempting is what an offer does when it is taken.
var tempting = []string{"accept_offer", "pause", "downgrade"}

// offering reports whether a node makes an offer, by whatever kind it is drawn:
// one from which an offer can be taken is one. What stands beside the button that
// registers is counted apart (offers.on_confirm_page), and a pause in the account
// is no offer to whoever did not begin to leave.
func (v *View) offering(i int) bool {
	n := v.node(i)
	switch n.Kind {
	case "offer":
		return true
	case "info", "form", "survey", "recap", "auth":
	default:
		return false
	}
	found := false
	v.eachAction(i, func(_ int, a *Action) { found = found || slices.Contains(tempting, a.Does) })
	return found && v.onTheWay(i)
}

// offersOnTheWay are the offers that somebody can meet before a receipt.
func (v *View) offersOnTheWay() (list []int) {
	v.way(func(i int, _ *Node) {
		if v.offering(i) {
			list = append(list, i)
		}
	})
	return list
}

// offersBefore is the greatest number of offers that one way meets before its
// receipt.
func (v *View) offersBefore() int {
	return v.most(v.entries, v.leads, v.isGoal, func(i int) bool { return v.onTheWay(i) && v.offering(i) })
}

// dp12 is law.md DP12, the offer before the registration: more of them than the
// law of the customer allows. Where no law counts, nothing is too many here:
// DP13 and DP14 look at how they are made.
func dp12(v *View) (out []sight) {
	limit, ok := v.number("offers.max_before_registration")
	if n := v.offersBefore(); ok && n > limit {
		for _, i := range v.offersOnTheWay() {
			out = append(out, at(i, "", "offer_before", "count", n, "max", limit))
		}
	}
	return out
}

// liveExit reports why an offer has no exit beside it; empty: it has one. The
// page is seen whole.
func (v *View) liveExit(i int) (why string, action *Action) {
	most := -1
	var loudest *Action
	v.eachOfPage(i, func(a *Action) {
		if (a.Role == "accept" || slices.Contains(tempting, a.Does)) && a.prominence() > most {
			most, loudest = a.prominence(), a
		}
	})
	why = "offer_no_exit"
	v.eachOfPage(i, func(a *Action) {
		if a.Role != "exit" || why == "" || slices.Contains(tempting, a.Does) {
			return
		}
		action = a
		to, leads := v.Flow.index[a.To]
		switch {
		case !leads || v.node(to).Kind != "confirm" && v.node(to).Kind != "receipt":
			why = "offer_exit_indirect"
		case loudest != nil && a.inView() != loudest.inView():
			why = "offer_exit_below"
		case a.prominence() < most:
			why = "offer_exit_quieter"
		default:
			why = ""
		}
	})
	return why, action
}

// dp13 is law.md DP13, the offer without a live exit beside it.
func dp13(v *View) (out []sight) {
	for _, i := range v.offersOnTheWay() {
		if why, a := v.liveExit(i); why != "" {
			s := at(i, "", why)
			if a != nil {
				s = s.by(a)
			}
			out = append(out, s)
		}
	}
	return out
}

// asks reports whether a node asks somebody to stay.
func (v *View) asks(i int) bool {
	n := v.node(i)
	if v.offering(i) {
		return true
	}
	found := false
	v.eachAction(i, func(_ int, a *Action) {
		found = found || n.Kind == "info" && a.Does != "undo" && (a.Role == "keep" || a.Role == "accept")
	})
	return found
}

// asksPerAttempt is how often one attempt can be asked to stay, before the
// receipt and behind it, and the last node that asks; −1: none does.
func (v *View) asksPerAttempt() (last, n int) {
	last = -1
	for i := range v.in {
		if v.in[i] && (v.onTheWay(i) || v.after[i]) && v.asks(i) {
			last = i
		}
	}
	if last < 0 {
		return last, 0
	}
	before := v.most(v.entries, v.leads, v.isGoal, func(i int) bool { return v.onTheWay(i) && v.asks(i) })
	after := v.most(v.goals, func(edge) bool { return true }, nil, func(i int) bool { return v.after[i] && v.asks(i) })
	return last, before + after
}

// dp14 is law.md DP14, nagging: asked more than once in one attempt, led back
// to an offer that was declined, or asked again another day without a pause.
func dp14(v *View) (out []sight) {
	limit := 1
	if n, ok := v.number("offers.asks_per_attempt"); ok {
		limit = n
	}
	if last, n := v.asksPerAttempt(); n > limit {
		out = append(out, at(last, "", "asked_often", "count", n, "max", limit))
	}
	v.met(func(i int, n *Node) {
		if !v.offering(i) {
			return
		}
		v.eachAction(i, func(j int, a *Action) {
			to, leads := v.Flow.index[a.To]
			if leads && (a.Role == "exit" || a.Role == "decline") && v.reach([]int{to}, v.forward, nil)[i] {
				out = append(out, at(i, actionAt(j)+".to", "offer_again").by(a))
			}
		})
		switch {
		case n.Kind != "offer": // nothing can say so there
			out = append(out, at(i, "", "no_cooldown").unknown())
		case n.Offer == nil || n.Offer.CooldownDays == 0:
			out = append(out, at(i, "", "no_cooldown"))
		}
	})
	return out
}

// forward is the way on of whoever leaves: not back.
func (v *View) forward(e edge) bool {
	return v.leads(e) && (e.action < 0 || v.Flow.Nodes[e.from].Action[e.action].Role != "back")
}

// leastRatio is how much smaller or paler the exit may be than what keeps.
const leastRatio = 0.9

// dp16 is law.md DP16, asymmetric prominence: the way out is quieter than the
// way back in, wherever on the page either stands. Each act has its own: a loud
// button to withdraw lends nothing to a link to cancel that nobody sees.
func dp16(v *View) (out []sight) {
	for _, page := range v.pressed() {
		var keep *Action
		exits := map[string]pressable{}
		for _, p := range page {
			switch p.action.Role {
			case "exit", "decline":
				for _, act := range actsOf(page, p.action) {
					if loudest, ok := exits[act]; !ok || p.action.prominence() > loudest.action.prominence() {
						exits[act] = p
					}
				}
			case "keep", "accept":
				if keep == nil || p.action.prominence() > keep.prominence() {
					keep = p.action
				}
			}
		}
		told := map[*Action]bool{}
		for _, act := range slices.Sorted(maps.Keys(exits)) {
			exit := exits[act]
			why, beside := v.quieter(exit.action, keep)
			if why == "" {
				for _, other := range slices.Sorted(maps.Keys(exits)) {
					if exits[other].action.prominence() >= exit.action.prominence()+muchLouder {
						why, beside = "exit_of_act_quieter", exits[other].action
					}
				}
			}
			if why == "" || told[exit.action] {
				continue
			}
			told[exit.action] = true
			s := at(exit.node, actionAt(exit.at), why).by(exit.action)
			if beside != nil {
				label, _, _ := v.Label(beside)
				s.args = []any{"keep", label}
			}
			out = append(out, s)
		}
	}
	return out
}

// muchLouder is by how much the exit of one act may not outshout that of
// another: a link beside a button is a difference, one that hardly shows beside
// the loudest is not meant to be seen.
const muchLouder = 2

// actsOf are the acts that an exit of a page is for: what it says it does, or
// each of those that the others of the page do.
func actsOf(page []pressable, a *Action) (list []string) {
	if a.Does == "cancel" || a.Does == "withdraw" {
		return []string{a.Does}
	}
	for _, p := range page {
		if b := p.action; (b.Role == "exit" || b.Role == "decline") && (b.Does == "cancel" || b.Does == "withdraw") && !slices.Contains(list, b.Does) {
			list = append(list, b.Does)
		}
	}
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

// quieter is why an exit is harder to see than it may be, and what it is
// quieter than; nil: than anything.
func (v *View) quieter(exit, keep *Action) (why string, than *Action) {
	switch {
	case exit.prominence() == 0:
		return "exit_unseen", nil
	case keep == nil:
		return "", nil
	case exit.prominence() < keep.prominence():
		return "exit_quieter", keep
	case exit.Kind == "link" && keep.Kind != "link":
		return "exit_is_link", keep
	case ratio(exit.Contrast, keep.Contrast, v.Flow.Defaults.Contrast) < leastRatio:
		return "exit_paler", keep
	case ratio(exit.Size, keep.Size, v.Flow.Defaults.Size) < leastRatio:
		return "exit_smaller", keep
	}
	return "", nil
}

// ratio of two measures, either of which may be left to the default; 1 where
// one of them is not known.
func ratio(a, b, otherwise float64) float64 {
	if a == 0 {
		a = otherwise
	}
	if b == 0 {
		b = otherwise
	}
	if a == 0 || b == 0 {
		return 1
	}
	return a / b
}

// dp17 is law.md DP17, keeping by default.
func dp17(v *View) (out []sight) {
	v.way(func(i int, _ *Node) {
		v.eachAction(i, func(j int, a *Action) {
			if a.Role != "keep" && a.Role != "accept" {
				return
			}
			if a.Preselected {
				out = append(out, at(i, actionAt(j)+".preselected", "preselected").by(a))
			}
			if a.DefaultOnEnter {
				out = append(out, at(i, actionAt(j)+".default_on_enter", "on_enter").by(a))
			}
		})
	})
	return out
}

// dp24 is law.md DP24, the silent undo: a request ends as "kept" or "paused"
// although nobody said so.
func dp24(v *View) (out []sight) {
	for i := range v.in {
		if !v.before[i] {
			continue
		}
		v.eachAction(i, func(j int, a *Action) {
			to, leads := v.Flow.index[a.To]
			if !leads || a.Role == "accept" || a.Role == "keep" {
				return
			}
			if o := v.node(to).outcome(); o == "kept" || o == "paused" {
				out = append(out, at(i, actionAt(j)+".to", "silent_"+o).by(a))
			}
		})
	}
	for k, e := range v.Flow.Lifecycle {
		undone := e.To == "kept" || e.To == "paused" || e.To == "abandoned"
		if undone && (e.From == "registered" || e.From == "verified") && (e.On == "timer" || e.On == "silence") {
			out = append(out, at(-1, indexed(".lifecycle", k), "undone_by_silence", "from", e.From, "to", e.To))
		}
	}
	if len(v.Flow.Lifecycle) == 0 {
		out = append(out, at(-1, ".flow", "lifecycle_unknown").unknown())
	}
	return out
}

// dp25 is law.md DP25, bait and switch: what is labelled as an end leads to a
// pause or a smaller plan, and to nothing else. That one can withdraw beside it
// makes it no end.
func dp25(v *View) (out []sight) {
	for _, i := range v.entries {
		v.eachAction(i, func(j int, a *Action) {
			meant, _ := v.meant(a)
			to, leads := v.Flow.index[a.To]
			if a.Role != "exit" || !leads || meant != "exit" && a.Does != "cancel" && a.Does != "withdraw" {
				return
			}
			var other string
			ends := false
			on := v.reach([]int{to}, func(e edge) bool { return v.leads(e) && v.node(e.to).Kind != "entry" }, v.isKind("receipt"))
			for k, seen := range on {
				if !seen {
					continue
				}
				switch o := v.node(k).outcome(); o {
				case "ended", "withdrawn":
					ends = true
				case "paused", "downgraded":
					other = or(other, o)
				}
			}
			if !ends && other != "" {
				label, _, _ := v.Label(a)
				out = append(out, at(i, v.labelAt(j, a), "bait", "outcome", other).by(a).said(label))
			}
		})
	}
	return out
}

// dp37 is law.md DP37, the offer in a thread of service: one that is attached
// to a request to leave or a complaint.
func dp37(v *View) (out []sight) {
	for i := range v.in {
		n := v.node(i)
		if !v.in[i] || n.Channel != "service" {
			continue
		}
		if n.Kind == "offer" {
			out = append(out, at(i, ".channel", "offer_in_service"))
			continue
		}
		v.eachAction(i, func(j int, a *Action) {
			if a.Does == "accept_offer" || a.Role == "accept" {
				out = append(out, at(i, actionAt(j), "offer_in_service").by(a))
			}
		})
	}
	return out
}

// position is where an offer stands, in the words of offers.position. Whether it
// was asked for is offers.opt_in; one that is looked at before anything is
// registered stands before it all the same.
func (v *View) position(i int) string {
	switch anyWay := func(edge) bool { return true }; {
	case v.onTheWay(i):
		if why, _ := v.liveExit(i); why == "" {
			return "beside_live_exit"
		}
		return "before_registration"
	case v.reach(v.entries, anyWay, v.isGoal)[i]:
		return "before_registration"
	}
	return "after_receipt"
}

// optedIn reports whether whoever meets a node pressed something for it: it
// stands on another page than what leads there.
func (v *View) optedIn(i int) bool {
	for from := range v.out {
		for _, e := range v.out[from] {
			if e.to == i && (e.action < 0 || v.node(from).page() == v.node(i).page()) {
				return false
			}
		}
	}
	return !slices.Contains(v.entries, i)
}

// onConfirmPage counts what is offered on the page that registers.
func onConfirmPage(v *View) (out []sight) {
	pages := map[string]bool{}
	v.way(func(i int, n *Node) {
		if n.Kind == "confirm" {
			pages[n.page()] = true
		}
	})
	var n int64
	last := at(-1, ".nodes", "on_confirm_page")
	for i := range v.in {
		if !v.in[i] || !pages[v.node(i).page()] || !v.before[i] {
			continue
		}
		if v.node(i).Kind == "offer" {
			n++
			last = at(i, "", "on_confirm_page")
			continue
		}
		v.eachAction(i, func(j int, a *Action) {
			if a.Role == "accept" || slices.Contains(tempting, a.Does) {
				n++
				last = at(i, actionAt(j), "on_confirm_page").by(a)
			}
		})
	}
	return []sight{last.sees(&jurisdiction.Value{N: n})}
}
