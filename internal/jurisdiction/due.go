package jurisdiction

import (
	"slices"
	"strings"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/when"
)

// Deadline is when a duration ends.
type Deadline struct {
	End     time.Time // the first instant after it
	Time    Time      // the one of the value that decides
	Missing []string  // events that have not happened, and formulas: with them it could be another
}

// Last is the last day on which it is in time, where the person lives.
func (d Deadline) Last(zone *time.Location) when.Date {
	return when.DateOf(d.End.Add(-time.Microsecond), zone)
}

// Deadline is when the duration of a setting ends for somebody who lives in the
// zone, from the instants at which events happened: for a duty the soonest of
// its times, with every day in doubt counted as a business day; for a right the
// latest, with none. ok is false where none of its events happened.
func (s Setting) Deadline(happened map[string]time.Time, days *calendar.Set, zone *time.Location) (d Deadline, ok bool) {
	duty := s.Param.Merge == MinOf
	for _, t := range s.Value.Times {
		start, known := happened[t.From]
		if t.Formula != "" || !known {
			d.Missing = append(d.Missing, strings.TrimSpace(t.From+" "+t.Formula))
			continue
		}
		end := t.end(start, days, zone, duty)
		if !ok || duty && end.Before(d.End) || !duty && end.After(d.End) {
			d.End, d.Time, ok = end, t, true
		}
	}
	return d, ok
}

func (t Time) end(start time.Time, days *calendar.Set, zone *time.Location, duty bool) time.Time {
	if t.Unit == Minutes {
		return start.Add(time.Duration(t.N) * time.Minute).UTC()
	}
	return side(days, t.Calendar, duty).End(start, t.period(t.Count == "include_start", t.Rolls()), zone)
}

func (s Span) period(include, roll bool) calendar.Period {
	return calendar.Period{N: s.N, Unit: calendar.Unit(s.Unit), IncludeStart: include, Roll: roll}
}

// side is a calendar read for whoever the time protects.
func side(days *calendar.Set, id string, duty bool) *calendar.Calendar {
	c, _ := days.Of(id)
	if duty {
		return c.Strict()
	}
	return c.Generous()
}

// Day is a day on which something is told, for which windows.
type Day struct {
	Date    when.Date
	Windows []DaysBefore
}

// Between is the first and the last day on which to tell something that comes on
// the day; the first is zero where there is no too soon.
func (w DaysBefore) Between(day when.Date, days *calendar.Set) (first, last when.Date) {
	if w.NotBefore != (Span{}) {
		first = side(days, w.Calendar, true).Before(day, w.NotBefore.period(false, false))
	}
	return first, side(days, w.Calendar, false).Before(day, w.NotAfter.period(false, false)) // further from the event: sooner
}

// Notices are the fewest days on which to tell something so that every window
// has one in it, the first one first; each is as late as its windows allow.
// anchors are the days of events. late are the windows whose last day is before
// from, and those of events that have no day: nothing can be told in them.
func Notices(windows []DaysBefore, anchors map[string]when.Date, from when.Date, days *calendar.Set) (plan []Day, late []DaysBefore) {
	type span struct {
		first, last when.Date
		of          DaysBefore
	}
	var open []span
	for _, w := range windows {
		day, ok := anchors[w.Anchor]
		first, last := w.Between(day, days)
		if first.Before(from) {
			first = from
		}
		if !ok || last.Before(first) {
			late = append(late, w)
			continue
		}
		open = append(open, span{first, last, w})
	}
	slices.SortStableFunc(open, func(a, b span) int { return b.last.DaysUntil(a.last) })
	for _, s := range open {
		if n := len(plan); n > 0 && !plan[n-1].Date.Before(s.first) {
			plan[n-1].Windows = append(plan[n-1].Windows, s.of)
			continue
		}
		plan = append(plan, Day{s.last, []DaysBefore{s.of}})
	}
	return plan, late
}
