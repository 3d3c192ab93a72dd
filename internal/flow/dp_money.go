package flow

import (
	"strings"

	"hastaluego/internal/jurisdiction"
)

// dp22 is law.md DP22, the hidden exit fee: money to pay, by whatever name, that
// is shown for the first time when it is too late to turn back, or that is not
// what was computed.
func dp22(v *View) (out []sight) {
	shown := map[string]bool{} // on the way, before the page that registers
	confirm := map[string]bool{}
	v.way(func(_ int, n *Node) {
		if n.Kind == "confirm" {
			confirm[n.page()] = true
		}
	})
	first := v.firstPages()
	v.way(func(_ int, n *Node) {
		if !confirm[n.page()] || first[n.page()] {
			for _, a := range n.Amounts {
				shown[a.ID] = true
			}
		}
	})
	for i := range v.in {
		if !v.onTheWay(i) && !v.isGoal(i) {
			continue
		}
		n := v.node(i)
		for k, a := range n.Amounts {
			if a.What == "refund" {
				continue // nobody is asked for it
			}
			switch {
			case !shown[a.ID]:
				out = append(out, at(i, indexed(".amounts", k), "fee_late", "id", a.ID))
			case a.From != "quote":
				out = append(out, at(i, indexed(".amounts", k)+".from", "fee_unquoted", "id", a.ID))
			}
		}
	}
	return out
}

// firstPages are those that an entry leads to: what stands there was not hidden.
func (v *View) firstPages() map[string]bool {
	out := map[string]bool{}
	for _, i := range v.entries {
		out[v.node(i).page()] = true
		for _, e := range v.out[i] {
			out[v.node(e.to).page()] = true
		}
	}
	return out
}

// dp32 is law.md DP32, closed by time: a state machine that closes what is open
// because time went by.
func dp32(v *View) (out []sight) {
	if len(v.Flow.Lifecycle) == 0 {
		return []sight{at(-1, ".flow", "lifecycle_unknown").unknown()}
	}
	for k, e := range v.Flow.Lifecycle {
		if e.To == "closed" && (e.On == "timer" || e.On == "silence") && e.From != "ended" {
			out = append(out, at(-1, indexed(".lifecycle", k), "closed_by_time", "from", e.From))
		}
	}
	return out
}

// dp34 is law.md DP34, the impossible date: one must say no to a renewal longer
// before it than the law allows. Thirty days are longer than a month in March
// and not in April: that is not known.
func dp34(v *View) []sight {
	most, ok := v.times("renewal.opt_out_deadline.max_before")
	days := v.Flow.Terms.OptOutDays
	switch {
	case !ok:
		return nil
	case days == nil:
		return []sight{at(-1, ".flow", "opt_out_unknown").unknown()}
	}
	early := at(-1, ".terms.opt_out_days_before_renewal", "opt_out_early", "days", *days, "max", jurisdiction.Value{Times: most}.String())
	switch within(jurisdiction.Span{N: *days, Unit: jurisdiction.Days}, most) {
	case jurisdiction.Fail:
		return []sight{early}
	case jurisdiction.Unknown:
		return []sight{early.unknown()}
	}
	return nil
}

// dp38 is law.md DP38, the penalty that charges itself: a fee that is posted
// without a record of why it is proportionate. Who posts it has to be said.
func dp38(v *View) (out []sight) {
	v.met(func(i int, n *Node) {
		for k, a := range n.Amounts {
			if a.What != "fee" || strings.TrimSpace(a.Proportion) != "" {
				continue
			}
			switch a.Posted {
			case "automatic":
				out = append(out, at(i, indexed(".amounts", k), "penalty", "id", a.ID))
			case "":
				out = append(out, at(i, indexed(".amounts", k), "penalty_unknown", "id", a.ID).unknown())
			}
		}
	})
	return out
}
