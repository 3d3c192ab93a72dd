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
		s := customer.Subscription{Start: start, Interval: rapid.SampledFrom([]customer.Interval{customer.Monthly, customer.Yearly}).Draw(t, "interval")}
		step := map[customer.Interval]int{customer.Monthly: 1, customer.Yearly: 12}[s.Interval]
		end := s.PaidThrough(today)
		whole := false
		for n := step; n < 400; n += step {
			whole = whole || start.AddMonths(n).AddDays(-1) == end
		}
		if end.Before(today) || !whole || today.DaysUntil(end) > 31*step {
			t.Fatalf("from %s, today %s: paid through %s", start, today, end)
		}
	})
}
