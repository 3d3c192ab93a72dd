package limit_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/calendar"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/when"
)

func window(notBefore, notAfter int, anchor string) jurisdiction.DaysBefore {
	w := jurisdiction.DaysBefore{Anchor: anchor, NotAfter: jurisdiction.Span{N: notAfter, Unit: jurisdiction.Days}}
	if notBefore > 0 {
		w.NotBefore = jurisdiction.Span{N: notBefore, Unit: jurisdiction.Days}
	}
	return w
}

// live looks once a day until it comes, and keeps what was told.
func live(c limit.Coming, windows []jurisdiction.DaysBefore, from when.Date, skip func(when.Date) bool) (days []when.Date, late int) {
	var told []string
	for d := from; d.Before(c.Day); d = d.AddDays(1) {
		if skip(d) {
			continue
		}
		t := c.Tell(windows, told, d, calendar.Shipped())
		if !t.Sends() {
			continue
		}
		days, late = append(days, d), late+len(t.Late)
		for _, w := range append(t.Now, t.Late...) {
			told = append(told, w.String())
		}
	}
	return days, late
}

func TestWhereNobodyKnowsTheLawARenewalIsToldTwice(t *testing.T) {
	t.Parallel()
	law := law(t, jurisdiction.Facts{"contract.auto_renews": true, "customer.kind": "consumer"})
	s, ok := law.Of("notice.renewal")
	if !ok {
		t.Fatal("nothing says when a renewal is told")
	}
	c := limit.Before(limit.Renewal, date(t, "2027-04-01"), 1)
	got, late := live(c, s.Value.Windows, date(t, "2026-12-28"), func(when.Date) bool { return false })
	if late > 0 || len(got) != 2 || got[0].DaysUntil(c.Deadline) != 35 || got[1].DaysUntil(c.Deadline) != 20 {
		t.Errorf("it is told on %v, %d too late", got, late)
	}
}

// Whatever the windows, and whenever nobody looked: a window is told in once,
// within it unless that was not possible, and nothing after it has come.
func TestEveryWindowIsToldInOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := limit.Before(limit.Renewal, date(t, "2027-04-01"), rapid.IntRange(0, 30).Draw(t, "notice"))
		var windows []jurisdiction.DaysBefore
		seen := map[string]bool{}
		for range rapid.IntRange(1, 4).Draw(t, "windows") {
			near := rapid.IntRange(0, 40).Draw(t, "near")
			w := window(near+rapid.IntRange(0, 30).Draw(t, "long"), near, rapid.SampledFrom([]string{"renewal.date", "cancel.deadline"}).Draw(t, "anchor"))
			if !seen[w.String()] {
				windows, seen[w.String()] = append(windows, w), true
			}
		}
		down := rapid.IntRange(0, 120).Draw(t, "down")
		long := rapid.IntRange(0, 40).Draw(t, "for")
		start := c.Day.AddDays(-120)
		days, late := live(c, windows, start, func(d when.Date) bool { n := start.DaysUntil(d); return n >= down && n < down+long })
		if len(days) > len(windows) {
			t.Fatalf("%d letters for %d windows", len(days), len(windows))
		}
		if long == 0 && late > 0 {
			t.Fatalf("nothing was missed, and %d windows were", late)
		}
		var told []string
		for _, d := range days {
			if !d.Before(c.Day) {
				t.Fatalf("told on %s, after it came", d)
			}
			x := c.Tell(windows, told, d, calendar.Shipped())
			for _, w := range append(x.Now, x.Late...) {
				told = append(told, w.String())
			}
			for _, w := range x.Now {
				anchor := c.Day
				if w.Anchor == "cancel.deadline" {
					anchor = c.Deadline
				}
				if n := d.DaysUntil(anchor); n < w.NotAfter.N || n > w.NotBefore.N && w.NotBefore.N > 0 {
					t.Fatalf("%s is not %s", d, w)
				}
			}
		}
		if open := start.AddDays(down + long); len(told) != len(windows) && open.Before(c.Day) {
			t.Fatalf("%d of %d windows were told in", len(told), len(windows))
		}
	})
}
