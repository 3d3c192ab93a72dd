package flow

import (
	"hastaluego/internal/jurisdiction"
)

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
