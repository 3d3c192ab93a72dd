package offboarding_test

import (
	"testing"
	"time"

	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// A departure whose last day passed without taking effect is late from the day
// after; one that took effect, or is not open, never is.
func TestADepartureThatDoesNotTakeEffectIsOverdue(t *testing.T) {
	t.Parallel()
	last := when.Date{Year: 2026, Month: 11, Day: 24}
	c := offboarding.Case{State: offboarding.CaseOpen, Effective: last}
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }
	for _, x := range []struct {
		now  time.Time
		late bool
	}{{at(24, 12), false}, {at(25, 23), false}, {at(26, 1), true}, {at(29, 12), true}} {
		if got := c.Overdue(x.now, time.UTC); got.IsZero() == x.late || x.late && got != last.AddDays(1) {
			t.Errorf("at %s: since %s", x.now, got)
		}
	}
	ended, closed := c, c
	ended.EffectiveAt, closed.State = at(25, 0), offboarding.CaseClosed
	if !ended.Overdue(at(29, 0), time.UTC).IsZero() || !closed.Overdue(at(29, 0), time.UTC).IsZero() {
		t.Error("what is over is overdue")
	}
}
