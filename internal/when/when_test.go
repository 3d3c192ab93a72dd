package when_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/when"
)

func drawDate(t *rapid.T) when.Date {
	return when.Date{Year: 2000, Month: 1, Day: 1}.AddDays(rapid.IntRange(-20_000, 20_000).Draw(t, "day"))
}

func TestMonthsAreClamped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-01-31", 1, "2026-02-28"},
		{"2028-01-31", 1, "2028-02-29"},
		{"2026-03-31", -1, "2026-02-28"},
		{"2026-12-15", 1, "2027-01-15"},
		{"2028-02-29", 12, "2029-02-28"},
		{"2026-08-31", 0, "2026-08-31"},
	} {
		d, err := when.ParseDate(c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.AddMonths(c.n).String(); got != c.want {
			t.Errorf("%s + %d months = %s, want %s", c.from, c.n, got, c.want)
		}
	}
}

func TestDaysAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, n := drawDate(t), rapid.IntRange(-5000, 5000).Draw(t, "n")
		if e := d.AddDays(n); e.AddDays(-n) != d || d.DaysUntil(e) != n || d.Before(e) != (n > 0) {
			t.Fatalf("%s + %d = %s", d, n, e)
		}
		if back, err := when.ParseDate(d.String()); err != nil || back != d {
			t.Fatalf("%s: %v %v", d, back, err)
		}
	})
}

// A day ends where the next begins, on clock changes too, and its first
// instant belongs to it.
func TestDaysTouchInEveryZone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Madrid", "America/Santiago", "America/Havana", "Asia/Kathmandu", "UTC"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			d := drawDate(t)
			if !d.End(zone).Equal(d.AddDays(1).Start(zone)) {
				t.Fatalf("%s in %s ends at %v", d, name, d.End(zone))
			}
			if start := d.Start(zone); when.DateOf(start, zone) != d || when.DateOf(start.Add(-time.Microsecond), zone) == d {
				t.Fatalf("%s in %s begins at %v", d, name, start.In(zone))
			}
		})
	}
}

func TestNotADate(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "2026-02-30", "31/03/2026", "2026-3-1", "2026-03-01T00:00:00Z"} {
		if d, err := when.ParseDate(s); err == nil {
			t.Errorf("%q is %s", s, d)
		}
	}
}
