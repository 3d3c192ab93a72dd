package offboarding_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/calendar"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// What stands before the end of a contract is due by the end, and by the limits
// of the law that are given; but not before today is over. Nothing else moves.
func TestWhatMustBeDoneBeforeTheEndIsDueByThen(t *testing.T) {
	t.Parallel()
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 90*24*60).Draw(t, "minutes")) * time.Minute)
		today := when.DateOf(now, madrid)
		p := &offboarding.Plan{Case: offboarding.Case{Effective: today.AddDays(rapid.IntRange(-3, 20).Draw(t, "days left"))}}
		task := offboarding.Spec{Due: offboarding.Due{N: rapid.IntRange(1, 15).Draw(t, "due in"), Business: rapid.Bool().Draw(t, "business days")}}
		p.Steps = []offboarding.Step{
			{Key: "review", Human: true, Spec: task},
			{Key: "second", Human: true, Spec: task, After: []string{"review"}},
			{Key: "stop", After: []string{"second"}, Milestone: "billing_stopped"},
			{Key: "end", After: []string{"stop"}, Milestone: "effective"},
			{Key: "after", Human: true, Spec: task, After: []string{"end"}},
			{Key: "aside", Human: true, Spec: task, After: []string{"review"}},
		}
		var law []time.Time
		for range rapid.IntRange(0, 2).Draw(t, "limits") {
			law = append(law, now.Add(time.Duration(rapid.IntRange(-48, 400).Draw(t, "hours until a limit"))*time.Hour))
		}
		for i := range p.Steps {
			s := &p.Steps[i]
			if !s.Human {
				continue
			}
			asked := p.DueOf(s, now, madrid, calendar.Weekdays)
			due := p.NoLater(s, asked, now, madrid, law...)
			if s.Key == "after" || s.Key == "aside" {
				if !due.Equal(asked) {
					t.Fatalf("%s was due at %s, and is now at %s", s.Key, asked, due)
				}
				continue
			}
			if due.After(asked) || due.Before(today.End(madrid)) {
				t.Fatalf("%s: %s, asked for %s, on %s", s.Key, due, asked, today)
			}
			for _, end := range append(law, p.Case.Effective.End(madrid)) {
				if due.After(end) && !due.Equal(today.End(madrid)) {
					t.Fatalf("%s is due at %s, after %s", s.Key, due, end)
				}
			}
		}
	})
}
