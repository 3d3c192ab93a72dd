package limit

import (
	"slices"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// Allows reports whether every rule about a parameter that holds, or may hold,
// lets the word be: on what ground somebody may be written to, or when.
func Allows(law *jurisdiction.Effective, param, word string) bool {
	s, _ := law.Of(param)
	return !slices.ContainsFunc(slices.Concat(s.By, s.Beaten, s.Maybe), func(a *jurisdiction.Applied) bool { return !slices.Contains(a.Value.Words, word) })
}

// searched is how far ahead an hour is looked for in which somebody may be written
// to.
const searched = 31 * 24

// WriteAt is the instant from which somebody who lives in the zone may be written to
// in order to win them back: at, or the first full hour after it that the law allows.
// ok is false where it allows none.
func WriteAt(law *jurisdiction.Effective, at time.Time, days *calendar.Calendar, zone *time.Location) (from time.Time, ok bool) {
	local := at.In(zone)
	full := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), 0, 0, 0, zone)
	for n := range searched {
		if n > 0 {
			at = full.Add(time.Duration(n) * time.Hour)
		}
		if Allows(law, "winback.hours", hours(at.In(zone), days)) {
			return at, true
		}
	}
	return time.Time{}, false
}

// hours names when an instant is, as winback.hours does. A day in doubt is a
// holiday: nobody is written to on it.
func hours(at time.Time, days *calendar.Calendar) string {
	_, holiday := days.Holiday(when.Date{Year: at.Year(), Month: at.Month(), Day: at.Day()})
	switch h := at.Hour(); {
	case holiday || at.Weekday() == time.Sunday:
		return "sunday_and_holidays"
	case at.Weekday() == time.Saturday && h >= 8 && h < 15:
		return "saturday_8_15"
	case at.Weekday() == time.Saturday:
		return "saturday_other"
	case h >= 7 && h < 19:
		return "weekdays_7_19"
	}
	return "weekdays_other"
}
