package settlement

import (
	"hastaluego/internal/when"
)

// Last is when a contract ends for a choice of whoever asked on the day.
func (c *Contract) Last(asked when.Date, choice Choice) Last {
	l := Last{Contract: c.Ref}
	switch {
	case !c.Ends.IsZero():
		l.On, l.Why = c.Ends, "fixed"
	case !c.Trial.Before(asked) && !c.Trial.IsZero():
		if l.On, l.Why = asked, "asked"; choice == End {
			l.On, l.Why = c.Trial, "trial"
		}
	default:
		l = c.earliest(asked)
		if choice == End {
			if end := c.paidEnd(l.On); l.On.Before(end) {
				l.On, l.Why, l.By = end, "paid", Source{}
			}
		}
	}
	if c.NotRenewed && c.Ends.IsZero() && !c.Term.IsZero() && !c.Term.Before(asked) && c.Term.Before(l.On) {
		l.On, l.Why, l.By = c.Term, "term", Source{}
	}
	return l
}

// earliest is the first day on which the contract may end.
func (c *Contract) earliest(asked when.Date) Last {
	l := Last{Contract: c.Ref, On: asked, Why: "asked"}
	if c.Law.Free {
		l.By = c.Law.FreeBy
		return l
	}
	if c.Notice > 0 {
		l.On, l.Why = asked.AddDays(c.Notice), "notice"
		if most := c.Law.NoticeLast; !most.IsZero() && most.Before(l.On) {
			if l.On, l.Why, l.By = most, "notice_law", c.Law.NoticeBy; most.Before(asked) {
				l.On = asked
			}
		}
	}
	minimum, by := c.Minimum, Source{}
	if most := c.Law.LockMost; !most.IsZero() && most.Before(minimum) {
		minimum, by = most, c.Law.LockBy
	}
	if !minimum.IsZero() && l.On.Before(minimum) {
		l.On, l.Why, l.By = minimum, "minimum", by
	}
	return l
}

// paidEnd is the last day that is paid, or would be, of a contract that may end
// on the day.
func (c *Contract) paidEnd(earliest when.Date) when.Date {
	switch {
	case !c.BilledUntil.IsZero() && !c.BilledUntil.Before(earliest):
		return c.BilledUntil
	case c.Interval.Recurs():
		_, until := c.period(c.index(earliest))
		return until
	case c.Term.Before(earliest):
		return earliest
	}
	return c.Term
}

// period is the n-th, from 0, counted in whole intervals from the start.
func (c *Contract) period(n int) (from, until when.Date) {
	return c.Interval.After(c.Start, n), c.Interval.After(c.Start, n+1).AddDays(-1)
}

// index is the period that the day lies in; 0 for days before the start.
func (c *Contract) index(day when.Date) int {
	n := 0
	if months := c.Interval.Months(); months > 0 {
		n = ((day.Year-c.Start.Year)*12 + int(day.Month-c.Start.Month)) / months
	} else {
		n = c.Start.DaysUntil(day) / 7
	}
	for n = max(0, n-1); ; n++ {
		if _, until := c.period(n); !until.Before(day) {
			return n
		}
	}
}

// price is the one in force on the day; ok is false where none is yet.
func (c *Contract) price(day when.Date) (p Price, ok bool) {
	for _, x := range c.Prices {
		if day.Before(x.From) {
			break
		}
		p, ok = x, true
	}
	return p, ok
}
