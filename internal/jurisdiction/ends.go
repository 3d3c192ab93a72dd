package jurisdiction

import (
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/when"
)

// Ends is the first instant after a time of the parameter that begins at start,
// for somebody who lives in the zone. The longest that somebody may take is
// counted against them, the least that somebody has in their favour: days in
// doubt hurt no customer. It is false where the length follows from the
// contract (a formula).
func (p *Param) Ends(t Time, start time.Time, zone *time.Location, days *calendar.Set) (time.Time, bool) {
	if t.Formula != "" {
		return time.Time{}, false
	}
	c, _ := days.Of(t.Calendar)
	if c = c.Strict(); p.Merge == MaxOf {
		c = c.Generous()
	}
	return c.End(start, calendar.Period{N: t.N, Unit: calendar.Unit(t.Unit), IncludeStart: t.Count == "include_start", Roll: t.Roll == "next_bd"}, zone), true
}

// Between is the first and the last day on which something may be told that is
// told within the window before the day of its anchor. The first is no day
// where one may tell it as soon as one likes.
func (w DaysBefore) Between(anchor when.Date, days *calendar.Set) (first, last when.Date) {
	c, _ := days.Of(w.Calendar)
	last = c.Generous().Before(anchor, calendar.Period{N: w.NotAfter.N, Unit: calendar.Unit(w.NotAfter.Unit)})
	if w.NotBefore != (Span{}) {
		first = c.Strict().Before(anchor, calendar.Period{N: w.NotBefore.N, Unit: calendar.Unit(w.NotBefore.Unit)})
	}
	return first, last
}
