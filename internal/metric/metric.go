// Package metric turns what happened into figures: churn by month, what
// customers pay now and paid before, NPS, CSAT, tallies. Every figure carries
// its n, and what is not known is said, never guessed. It reads no database,
// words nothing and does not know whose figures they are.
package metric

import (
	"cmp"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Few is the n under which a rate is said to be small.
const Few = 30

// Price is what a subscription was during a time.
type Price struct {
	Through  when.Date // last day; zero: still
	Amount   money.Amount
	Interval customer.Interval
	Live     bool // false: it had ended
}

// Line is one subscription through time.
type Line struct {
	Customer customer.ID
	Start    when.Date
	End      when.Date // last day, by a departure that took effect; zero: none
	Recorded when.Date // first day on which its prices were on record
	Prices   []Price   // in order; the last one holds still
}

// price is what held on the day.
func (l Line) price(d when.Date) Price {
	for _, p := range l.Prices {
		if p.Through.IsZero() || !p.Through.Before(d) {
			return p
		}
	}
	return Price{}
}

// on reports whether the subscription ran on the day.
func (l Line) on(d when.Date) bool {
	if d.Before(l.Start) || !l.price(d).Live {
		return false
	}
	if l.End.IsZero() || !l.End.Before(d) {
		return true
	}
	// After its end it runs only if it was begun again.
	return slices.ContainsFunc(l.Prices, func(p Price) bool {
		return !p.Live && !p.Through.IsZero() && !p.Through.Before(l.End) && p.Through.Before(d)
	})
}

// Ended is the last day on which the subscription ran, as of today; false while it
// runs, and where nobody knows since when it does not.
func (l Line) Ended(today when.Date) (last when.Date, ok bool) {
	switch {
	case l.on(today) || today.Before(l.Start):
		return when.Date{}, false
	case !l.End.IsZero() && !today.Before(l.End):
		return l.End, true
	}
	for _, p := range slices.Backward(l.Prices) {
		if p.Live && !p.Through.IsZero() {
			return p.Through, true
		}
	}
	return when.Date{}, false
}

// Percent is part ÷ whole in hundredths of a percent, half away from zero;
// false when there is no whole.
func Percent(part, whole int) (hundredths int64, ok bool) {
	if whole <= 0 {
		return 0, false
	}
	n := int64(part) * 20000
	if n < 0 {
		return -((-n + int64(whole)) / (2 * int64(whole))), true
	}
	return (n + int64(whole)) / (2 * int64(whole)), true
}

// Month is the churn of one civil month: the customers on its first day, how
// many of those were lost by a full departure that took effect in it, and how
// many others are no customers any more without a departure on record.
type Month struct {
	First   when.Date
	AtStart int
	Lost    int
	Other   int
	Known   bool      // somebody was on record when it ended
	Since   when.Date // nothing was on record before this day of it; zero: all of it was
	Running bool      // it is not over
}

// Rate is Lost ÷ AtStart in hundredths of a percent; false where it is not
// known or there was nobody to lose.
func (m Month) Rate() (hundredths int64, ok bool) {
	if !m.Known {
		return 0, false
	}
	return Percent(m.Lost, m.AtStart)
}

// Small reports whether the rate is over few customers.
func (m Month) Small() bool { return m.AtStart < Few }

// Last is the last day of the month.
func (m Month) Last() when.Date { return m.First.AddMonths(1).AddDays(-1) }

// byCustomer parts lines by whose they are, in a fixed order.
func byCustomer(lines []Line) [][]Line {
	sorted := slices.Clone(lines)
	slices.SortStableFunc(sorted, func(a, b Line) int { return cmp.Compare(a.Customer, b.Customer) })
	var out [][]Line
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].Customer == sorted[0].Customer {
			n++
		}
		out, sorted = append(out, sorted[:n:n]), sorted[n:]
	}
	return out
}

func anyOn(lines []Line, d when.Date) bool {
	return slices.ContainsFunc(lines, func(l Line) bool { return l.on(d) })
}

// Churn is the churn of the month of today and of the so many months before it,
// newest first. recorded is the first day on which any customer was on record:
// who left before it is not known.
func Churn(lines []Line, recorded, today when.Date, before int) []Month {
	this := when.Date{Year: today.Year, Month: today.Month, Day: 1}
	out := make([]Month, before+1)
	for i := range out {
		m := &out[i]
		m.First = this.AddMonths(-i)
		m.Running = i == 0
		m.Known = !recorded.IsZero() && !m.Last().Before(recorded)
		if m.Known && m.First.Before(recorded) {
			m.Since = recorded
		}
	}
	for _, own := range byCustomer(lines) {
		for i := range out {
			m := &out[i]
			if !m.Known || !anyOn(own, m.First) {
				continue
			}
			m.AtStart++
			last := m.Last()
			if m.Running {
				last = today
			}
			switch {
			case lostIn(own, m.First, last):
				m.Lost++
			case !anyOn(own, last):
				m.Other++
			}
		}
	}
	return out
}

// lostIn reports whether a departure that took effect from the first to the
// last day left the customer with nothing on the day after.
func lostIn(own []Line, first, last when.Date) bool {
	return slices.ContainsFunc(own, func(l Line) bool {
		return !l.End.IsZero() && !l.End.Before(first) && !last.Before(l.End) && !anyOn(own, l.End.AddDays(1))
	})
}

// Monthly is what an amount per interval comes to in a month: a week counts
// 52 ÷ 12, a quarter 1 ÷ 3, a half-year 1 ÷ 6, a year 1 ÷ 12. What does not
// recur, a project or hours, comes to nothing.
func Monthly(a money.Amount, i customer.Interval) (money.Amount, error) {
	share := map[customer.Interval][2]int64{
		customer.Weekly: {52, 12}, customer.Monthly: {1, 1}, customer.Quarterly: {1, 3}, customer.HalfYearly: {1, 6}, customer.Yearly: {1, 12},
	}[i]
	return a.Share(share[0], max(share[1], 1))
}

// Movement compares what customers pay a month in one currency on two days.
// Then is without the customers that are Unknown; Now has everybody.
type Movement struct {
	Currency         string
	Then, Now        money.Amount
	More, Same, Less int // customers on both days
	New              int // not customers then
	Left             int // not customers now
	Unknown          int // customers then, and what they paid was not on record
}

// N is how many customers the comparison can say anything about.
func (m Movement) N() int { return m.More + m.Same + m.Less + m.New + m.Left }

// paid is what a customer pays a month on a day, in a currency, of what recurs;
// known is false where what they paid then was not on record.
func paid(own []Line, currency string, d when.Date) (sum money.Amount, live, known bool, err error) {
	sum, known = money.Amount{Currency: currency}, true
	for _, l := range own {
		p := l.price(d)
		if p.Amount.Currency != currency || !p.Interval.Recurs() || !l.on(d) {
			continue
		}
		if live = true; d.Before(l.Recorded) {
			known = false
			continue
		}
		m, err := Monthly(p.Amount, p.Interval)
		if err != nil {
			return sum, live, known, err
		}
		if sum, err = sum.Add(m); err != nil {
			return sum, live, known, err
		}
	}
	return sum, live, known, nil
}

// Compare compares what customers pay a month now with what they paid then, by
// currency.
func Compare(lines []Line, now, then when.Date) ([]Movement, error) {
	found := map[string]*Movement{}
	for _, own := range byCustomer(lines) {
		for _, currency := range currencies(own) {
			a, wasLive, known, err := paid(own, currency, then)
			if err != nil {
				return nil, err
			}
			b, isLive, _, err := paid(own, currency, now)
			if err != nil {
				return nil, err
			}
			if !wasLive && !isLive {
				continue
			}
			m := found[currency]
			if m == nil {
				m = &Movement{Currency: currency, Then: money.Amount{Currency: currency}, Now: money.Amount{Currency: currency}}
				found[currency] = m
			}
			if m.Now, err = m.Now.Add(b); err != nil {
				return nil, err
			}
			if wasLive && !known {
				m.Unknown++
				continue
			}
			if m.Then, err = m.Then.Add(a); err != nil {
				return nil, err
			}
			m.count(wasLive, isLive, cmp.Compare(b.Minor, a.Minor))
		}
	}
	out := make([]Movement, 0, len(found))
	for _, m := range found {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Movement) int { return cmp.Compare(a.Currency, b.Currency) })
	return out, nil
}

func (m *Movement) count(wasLive, isLive bool, change int) {
	switch {
	case !wasLive:
		m.New++
	case !isLive:
		m.Left++
	case change > 0:
		m.More++
	case change < 0:
		m.Less++
	default:
		m.Same++
	}
}

// currencies are those that a customer ever paid in.
func currencies(own []Line) []string {
	var out []string
	for _, l := range own {
		for _, p := range l.Prices {
			out = append(out, p.Amount.Currency)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
