package jurisdiction_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/calendar"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func setting(t rapid.TB, l *jurisdiction.Library, f jurisdiction.Facts, param string, packs ...string) jurisdiction.Setting {
	s, ok := effective(t, l, f, packs...).Of(param)
	if !ok || s.Outcome != jurisdiction.Settled {
		t.Fatalf("%s is %s", param, s.Outcome)
	}
	return s
}

// Days that a reader of the law can count on a calendar.
func TestDeadlinesEndWhenTheLawSays(t *testing.T) {
	t.Parallel()
	l, days, madrid := shipped(t), calendar.Shipped(), zone(t, "Europe/Madrid")
	large := jurisdiction.Facts{"customer.kind": "consumer", "seller.nonprofit": false, "seller.workers": int64(300), "seller.sector": "telecom", "data.role": "controller", "request.act": "terminate", "contract.off_premises": false, "service.goods": false, "contract.concluded_via": "web", "contract.after_auto_renewal": false}
	for _, c := range []struct {
		param, event, at, last string
		packs                  []string
	}{
		// Epiphany is no business day, nor are the weekends between.
		{"case.resolve.max", "request.submitted", "2026-12-28T10:00:00+01:00", "2027-01-20", []string{"es-l10-2025"}},
		{"complaint.max", "complaint.received", "2026-12-28T10:00:00+01:00", "2027-01-12", []string{"es"}},
		{"dsr.erase.max", "dsr.received", "2027-01-31T10:00:00+01:00", "2027-02-28", []string{"eu"}},
		{"withdraw.period", "contract.concluded", "2026-12-01T23:30:00+01:00", "2026-12-15", []string{"eu"}},
		// A right that ends on Sunday the 20th goes on until Monday, a duty does not.
		{"withdraw.period", "contract.concluded", "2026-12-06T10:00:00+01:00", "2026-12-21", []string{"es"}},
		{"complaint.max", "complaint.received", "2026-12-05T10:00:00+01:00", "2026-12-20", []string{"es"}},
		{"effect.max", "request.submitted", "2026-12-31T10:00:00+01:00", "2027-01-05", []string{"es-telecom"}},
		{"human.max_wait", "request.submitted", "2026-12-28T10:00:00+01:00", "2026-12-28", []string{"es-l10-2025"}},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		d, ok := setting(t, l, large, c.param, c.packs...).Deadline(map[string]time.Time{c.event: at}, days, madrid)
		if got := d.Last(madrid); !ok || got.String() != c.last {
			t.Errorf("%s from %s ends %s, want %s", c.param, c.at, got, c.last)
		}
	}
	s := setting(t, l, large, "case.resolve.max", "es-l10-2025")
	if d, ok := s.Deadline(nil, days, madrid); ok || len(d.Missing) != 1 || d.Missing[0] != "request.submitted" {
		t.Errorf("without its event it ends %v", d)
	}
}

// Of several times a duty takes the soonest and a right the latest, and another
// pack never makes a duty later or a right shorter.
func TestAnotherPackNeverMovesADutyLaterOrARightSooner(t *testing.T) {
	t.Parallel()
	l, days, lima := shipped(t), calendar.Shipped(), zone(t, "America/Lima")
	var ids []string
	for _, p := range l.Packs() {
		ids = append(ids, p.ID)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := facts(t)
		start := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(t, "minutes")) * time.Minute)
		happened := map[string]time.Time{}
		for _, e := range jurisdiction.Events() {
			happened[e] = start
		}
		one, other := rapid.SampledFrom(ids).Draw(t, "one"), rapid.SampledFrom(ids).Draw(t, "other")
		if slices.Contains(l.Chain(l.Pack(other)), l.Pack(one)) {
			return // no other law, but the same more closely
		}
		both := effective(t, l, f, one, other)
		for _, s := range effective(t, l, f, one).Settings {
			got, ok := both.Of(s.Param.Name)
			a, had := s.Deadline(happened, days, lima)
			b, has := got.Deadline(happened, days, lima)
			if !ok || !had || !has {
				continue
			}
			if duty := s.Param.Merge == jurisdiction.MinOf; duty && b.End.After(a.End) || !duty && b.End.Before(a.End) {
				t.Fatalf("%s: by %s until %s, with %s until %s", s.Param.Name, one, a.End, other, b.End)
			}
		}
	})
}

func TestTheSafeProfileTellsOfARenewalOnThirtyFiveAndTwentyDaysBefore(t *testing.T) {
	t.Parallel()
	s := setting(t, shipped(t), jurisdiction.Facts{"contract.auto_renews": true}, "notice.renewal", jurisdiction.SafeEverywhere)
	deadline := when.Date{Year: 2027, Month: 3, Day: 31}
	plan, late := jurisdiction.Notices(s.Value.Windows, map[string]when.Date{"cancel.deadline": deadline}, when.Date{Year: 2026, Month: 12, Day: 1}, calendar.Shipped())
	if len(late) > 0 || len(plan) != 2 || plan[0].Date.DaysUntil(deadline) != 35 || plan[1].Date.DaysUntil(deadline) != 20 {
		t.Errorf("told on %v, too late for %v", plan, late)
	}
	_, late = jurisdiction.Notices(s.Value.Windows, map[string]when.Date{"cancel.deadline": deadline}, deadline.AddDays(-25), calendar.Shipped())
	if len(late) != 1 {
		t.Errorf("25 days before, it is too late for %v", late)
	}
}

// Every window has a day in it, and no fewer days would do.
func TestNoticesAreTheFewestDaysThatAreInEveryWindow(t *testing.T) {
	t.Parallel()
	days := calendar.Shipped()
	rapid.Check(t, func(t *rapid.T) {
		anchor := when.Date{Year: 2027, Month: 6, Day: 1}.AddDays(rapid.IntRange(0, 60).Draw(t, "anchor"))
		from := anchor.AddDays(-60)
		var windows []jurisdiction.DaysBefore
		for range rapid.IntRange(1, 5).Draw(t, "windows") {
			near := rapid.IntRange(0, 12).Draw(t, "near")
			w := jurisdiction.DaysBefore{Anchor: "renewal.date", NotAfter: jurisdiction.Span{N: near, Unit: jurisdiction.Days}}
			w.NotBefore = jurisdiction.Span{N: near + rapid.IntRange(0, 6).Draw(t, "long"), Unit: jurisdiction.Days}
			windows = append(windows, w)
		}
		plan, late := jurisdiction.Notices(windows, map[string]when.Date{"renewal.date": anchor}, from, days)
		if len(late) > 0 {
			t.Fatalf("too late for %v", late)
		}
		in := func(d int, w jurisdiction.DaysBefore) bool { return d >= w.NotAfter.N && d <= w.NotBefore.N }
		served := 0
		for _, day := range plan {
			for _, w := range day.Windows {
				if served++; !in(day.Date.DaysUntil(anchor), w) {
					t.Fatalf("%s is not within %s", day.Date, w)
				}
			}
		}
		if served != len(windows) {
			t.Fatalf("%d of %d windows are served", served, len(windows))
		}
		if best := fewest(windows, 0, in); len(plan) != best {
			t.Fatalf("%d days, and %d would do", len(plan), best)
		}
	})
}

// fewest tries every day for the first window that has none.
func fewest(open []jurisdiction.DaysBefore, used int, in func(int, jurisdiction.DaysBefore) bool) int {
	if len(open) == 0 {
		return used
	}
	best := used + len(open)
	for d := open[0].NotAfter.N; d <= open[0].NotBefore.N; d++ {
		var rest []jurisdiction.DaysBefore
		for _, w := range open {
			if !in(d, w) {
				rest = append(rest, w)
			}
		}
		best = min(best, fewest(rest, used+1, in))
	}
	return best
}
