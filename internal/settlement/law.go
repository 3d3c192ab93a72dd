package settlement

import (
	"slices"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// LawOf is what the law says about the money of one contract. happened are the
// instants that times count from: contract.concluded and request.submitted.
// Rules of which it is not known whether they hold count where they protect the
// customer: what leaving may cost at most.
func LawOf(e *jurisdiction.Effective, happened map[string]time.Time, days *calendar.Set, zone *time.Location) Law {
	var l Law
	if s, ok := settled(e, "refund.prepaid"); ok {
		l.Refund, l.RefundBy = Way(s.Value.Word), source(s.By)
	}
	if s, ok := settled(e, "billing.after_effect"); ok {
		l.After, l.AfterBy = s.Value.On, source(s.By)
	}
	if s, ok := settled(e, "notice.customer.max"); ok {
		if d, ok := s.Deadline(happened, days, zone); ok {
			l.NoticeLast, l.NoticeBy = d.Last(zone), source(s.By)
		}
	}
	if s, ok := settled(e, "lockin.max"); ok {
		if d, ok := s.Deadline(happened, days, zone); ok {
			l.LockMost, l.LockBy = d.Last(zone), source(s.By)
		}
	}
	if s, ok := settled(e, "renewal.exit_free_after"); ok {
		l.FreeRenewed, l.FreeRenewBy = s.Value.On, source(s.By)
	}
	if cause, _ := e.Facts["request.for_cause"].(bool); cause {
		if s, ok := settled(e, "change.free_exit"); ok {
			l.Free, l.FreeBy = s.Value.On, source(s.By)
		}
	}
	if s, ok := e.Of("fee.exit.max"); ok {
		for _, a := range slices.Concat(s.By, s.Beaten, s.Maybe) {
			for _, x := range a.Rule.Value.Sums {
				l.Most = append(l.Most, Cap{Minor: x.Minor, Currency: x.Currency, Percent: x.Percent, Formula: Formula(x.Formula + x.Of), By: source([]*jurisdiction.Applied{a})})
			}
			l.Missing = append(l.Missing, a.Missing...)
		}
		slices.Sort(l.Missing)
		l.Missing = slices.Compact(l.Missing)
	}
	return l
}

func settled(e *jurisdiction.Effective, param string) (jurisdiction.Setting, bool) {
	s, ok := e.Of(param)
	return s, ok && s.Outcome == jurisdiction.Settled
}

// source is the first of the rules that set a value.
func source(by []*jurisdiction.Applied) Source {
	if len(by) == 0 {
		return Source{}
	}
	r := by[0].Rule
	return Source{Rule: r.ID, Pack: r.Pack.ID, Cite: r.Cite.Ref}
}

// Facts are what laws ask of the contract, as far as its terms say it, on the
// day on which somebody asks to leave.
func (c *Contract) Facts(asked when.Date) jurisdiction.Facts {
	f := jurisdiction.Facts{
		"contract.benefit_given": c.Commitment != nil && (c.Commitment.Benefit > 0 || c.Commitment.Kind == Benefit),
		"contract.continuing":    c.Interval.Recurs(),
		"contract.days_run":      int64(max(0, c.Start.DaysUntil(asked))),
		"contract.concluded_on":  c.Start.String(),
		// An open-ended contract has no term that could be renewed.
		"contract.term_days":          int64(0),
		"contract.after_auto_renewal": false,
	}
	if !c.Term.IsZero() {
		f["contract.term_days"] = int64(c.Start.DaysUntil(c.Term) + 1)
		f["contract.after_auto_renewal"] = c.Term.Before(asked) && !c.NotRenewed
	}
	if !c.BilledUntil.IsZero() {
		f["contract.prepaid"] = asked.Before(c.BilledUntil)
	}
	if c.Commitment != nil {
		f["contract.lock_in_end"] = c.Commitment.Until.String()
	}
	return f
}
