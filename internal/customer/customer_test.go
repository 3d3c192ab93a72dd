package customer_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/when"
)

func TestFoldMakesNamesComparable(t *testing.T) {
	t.Parallel()
	for a, b := range map[string]string{"Ángela  Ñúñez": "angela nunez", "STRASSE": "straße", "Jose\u0301": "José", " x ": "X"} {
		if customer.Fold(a) != customer.Fold(b) {
			t.Errorf("%q and %q differ: %q %q", a, b, customer.Fold(a), customer.Fold(b))
		}
	}
}

// What is paid for never ends before today, and ends with a whole period.
func TestPaidThroughIsAWholePeriodAndNotPast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := when.Date{Year: 2015, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 4000).Draw(t, "start"))
		today := start.AddDays(rapid.IntRange(0, 4000).Draw(t, "today"))
		s := customer.Subscription{Start: start, Interval: rapid.SampledFrom(customer.Intervals).Draw(t, "interval")}
		longest := map[customer.Interval]int{customer.Weekly: 7, customer.Monthly: 31, customer.Quarterly: 92, customer.HalfYearly: 184, customer.Yearly: 366}[s.Interval]
		end := s.PaidThrough(today)
		whole := false
		for n := 1; n < 700; n++ {
			whole = whole || s.Interval.After(start, n).AddDays(-1) == end
		}
		if end.Before(today) || !whole || today.DaysUntil(end) > longest {
			t.Fatalf("from %s, today %s: paid through %s", start, today, end)
		}
	})
}

// The next charge is the day after what is paid for, unless the renewal is
// known; and the rhythm goes on from it, both ways, none left out.
func TestChargesFollowWhatIsPaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := when.Date{Year: 2015, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 4000).Draw(t, "start"))
		today := start.AddDays(rapid.IntRange(0, 1500).Draw(t, "today"))
		s := customer.Subscription{Start: start, Interval: rapid.SampledFrom(customer.Intervals).Draw(t, "interval")}
		if next, want := s.NextCharge(today), s.PaidThrough(today).AddDays(1); next != want {
			t.Fatalf("paid through %s, next charge %s", want, next)
		}
		paid := today.AddDays(rapid.IntRange(0, 400).Draw(t, "paid"))
		s.PaidUntil = paid
		if next := s.NextCharge(today); next != paid.AddDays(1) {
			t.Fatalf("paid until %s, next charge %s", paid, next)
		}
		if rapid.Bool().Draw(t, "renewal is known") {
			s.RenewsOn = today.AddDays(rapid.IntRange(1, 700).Draw(t, "renews"))
			if got := s.NextCharge(today); got != s.RenewsOn {
				t.Fatalf("renews on %s, next charge %s", s.RenewsOn, got)
			}
		}
		// Whoever reads the record after the renewal finds the same charges.
		next := s.NextCharge(today)
		later := s
		if s.RenewsOn.IsZero() {
			later.PaidUntil = s.Interval.After(next, 1).AddDays(-1)
		} else {
			later.RenewsOn = s.Interval.After(next, 1)
		}
		if next.Day <= 28 {
			if got := later.Charges(next.AddDays(-1), next); len(got) != 1 || got[0] != next {
				t.Fatalf("after the renewal the charge of %s is %v", next, got)
			}
		}
		to := next.AddDays(rapid.IntRange(0, 1500).Draw(t, "to"))
		all := s.Charges(next.AddDays(-1), to)
		for i, on := range all {
			if on != s.Interval.After(next, i) || to.Before(on) {
				t.Fatalf("charges from %s to %s: %v", next, to, all)
			}
		}
		if !to.Before(s.Interval.After(next, len(all))) {
			t.Fatalf("charges from %s to %s end early: %v", next, to, all)
		}
	})
}
