package calendar

import (
	"time"

	"hastaluego/internal/when"
)

// Unit is what a period is counted in.
type Unit string

// The units, as they are written: 1min, 24h, 14d, 15bd, 2mo. Years are twelve months.
const (
	Minutes      Unit = "min"
	Hours        Unit = "h"
	Days         Unit = "d"
	BusinessDays Unit = "bd"
	Months       Unit = "mo"
)

func (u Unit) exact() bool { return u == Minutes || u == Hours }

// Period is a length of time as laws write it.
//
// Minutes and hours go by as on a watch, through clock changes and holidays. Everything
// else is civil: it lasts until the end of its last day where the person lives.
// A month ends on the day with the same number, or on its last one.
type Period struct {
	N    int
	Unit Unit
	// IncludeStart counts the day on which it begins as its first one; otherwise
	// the day after is.
	IncludeStart bool
	// Roll moves an end on a day that is no business day to the next one; minutes
	// and hours are never moved (as Regulation 1182/71, art. 3(4), has it).
	Roll bool
}

// Last is the last day of a period that begins on the day; never before it.
// Minutes and hours are read as whole days.
func (c *Calendar) Last(start when.Date, p Period) when.Date {
	if p.IncludeStart && p.N > 0 {
		start = start.AddDays(-1)
	}
	last := start
	switch p.Unit {
	case Months:
		last = start.AddMonths(p.N)
		if p.IncludeStart && p.N > 0 { // from the 1st for a month is until the last of it
			last = start.AddDays(1).AddMonths(p.N).AddDays(-1)
		}
	case BusinessDays:
		if p.N > 0 {
			last = c.Add(start, p.N)
		}
	case Hours:
		last = start.AddDays((p.N + 23) / 24)
	case Minutes:
		last = start.AddDays((p.N + 1439) / 1440)
	default:
		last = start.AddDays(p.N)
	}
	if p.Roll && !p.Unit.exact() {
		last = c.Next(last)
	}
	return last
}

// End is the first instant after a period that begins at start, for somebody
// who lives in the zone.
func (c *Calendar) End(start time.Time, p Period, zone *time.Location) time.Time {
	switch p.Unit {
	case Minutes:
		return start.Add(time.Duration(p.N) * time.Minute).UTC()
	case Hours:
		return start.Add(time.Duration(p.N) * time.Hour).UTC()
	}
	return c.Last(when.DateOf(start, zone), p).End(zone)
}

// Before is the last day on which something may be done that must be done at
// least a period before the day: the day itself is not counted. With Roll it
// is a business day.
func (c *Calendar) Before(day when.Date, p Period) when.Date {
	switch p.Unit {
	case Months:
		day = day.AddMonths(-p.N)
	case BusinessDays:
		if p.N > 0 {
			day = c.Add(day, -p.N)
		}
	case Hours:
		day = day.AddDays(-(p.N + 23) / 24)
	case Minutes:
		day = day.AddDays(-(p.N + 1439) / 1440)
	default:
		day = day.AddDays(-p.N)
	}
	if p.Roll {
		day = c.Previous(day)
	}
	return day
}
