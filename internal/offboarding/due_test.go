package offboarding_test

import (
	"testing"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/offboarding"
)

// A task that begins on the Friday before the holiday of 8 December.
func TestATaskInBusinessDaysWaitsForHolidaysOfItsCalendar(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 4, 10, 0, 0, 0, time.UTC)
	p := &offboarding.Plan{Case: offboarding.Case{}}
	for _, c := range []struct {
		place string
		due   offboarding.Due
		want  string
	}{
		{"", offboarding.Due{N: 2, Business: true}, "2026-12-09"},
		{"ES", offboarding.Due{N: 2, Business: true}, "2026-12-10"},
		{"DE-BY", offboarding.Due{N: 2, Business: true}, "2026-12-09"},
		{"PE", offboarding.Due{N: 2, Business: true}, "2026-12-11"},
		{"ES", offboarding.Due{N: 2}, "2026-12-07"},
	} {
		days, _ := calendar.Shipped().Of(c.place)
		got := p.DueOf(&offboarding.Step{Spec: offboarding.Spec{Due: c.due}}, now, time.UTC, days)
		if got.Format(time.DateOnly) != c.want {
			t.Errorf("%+v in %q is over at %s, want %s", c.due, c.place, got, c.want)
		}
	}
}
