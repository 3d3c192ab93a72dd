package customer

import "hastaluego/internal/when"

// Charges returns the days after from, up to and including to, on which the
// rhythm of the subscription charges it: whole intervals before and after the
// renewal that is known, else the day after what is paid, else the start; none
// before the start, and none of what does not recur.
func (s Subscription) Charges(from, to when.Date) []when.Date {
	if !s.Interval.Recurs() {
		return nil
	}
	anchor := s.Start
	if !s.PaidUntil.IsZero() {
		anchor = s.PaidUntil.AddDays(1)
	}
	if !s.RenewsOn.IsZero() {
		anchor = s.RenewsOn
	}
	// Counting from the anchor, not from charge to charge, keeps the 31st the
	// 31st. From a whole interval before the first that can count.
	n := anchor.DaysUntil(from) / 7
	if months := s.Interval.Months(); months > 0 {
		n = ((from.Year-anchor.Year)*12 + int(from.Month-anchor.Month)) / months
	}
	var out []when.Date
	for n--; ; n++ {
		on := s.Interval.After(anchor, n)
		if to.Before(on) {
			return out
		}
		if from.Before(on) && !on.Before(s.Start) {
			out = append(out, on)
		}
	}
}

// NextCharge returns the first charge after the day: the renewal or the day
// after what is paid where that is still to come, else the next of the rhythm;
// zero where nothing recurs.
func (s Subscription) NextCharge(after when.Date) when.Date {
	if !s.Interval.Recurs() {
		return when.Date{}
	}
	if after.Before(s.RenewsOn) {
		return s.RenewsOn
	}
	if next := s.PaidUntil.AddDays(1); s.RenewsOn.IsZero() && !s.PaidUntil.IsZero() && after.Before(next) {
		return next
	}
	for to := after.AddMonths(13); ; to = to.AddMonths(1200) { // a start may lie ahead
		if all := s.Charges(after, to); len(all) > 0 {
			return all[0]
		}
	}
}
