package worth_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/worth"
)

// Whoever is expected to bring more is never of a lower band, and a value that nobody
// knows, or of another currency, is of none.
func TestABandFollowsTheValue(t *testing.T) {
	t.Parallel()
	order := map[string]int{worth.LowBand: 0, worth.MiddleBand: 1, worth.HighBand: 2}
	rapid.Check(t, func(t *rapid.T) {
		middle := rapid.Int64Range(0, 1000).Draw(t, "middle")
		b := worth.Borders{Currency: "EUR", Middle: middle, High: middle + rapid.Int64Range(1, 1000).Draw(t, "more")}
		x := worth.Value{Currency: "EUR", Sum: rapid.Int64Range(-3000, 3000).Draw(t, "less")}
		y := x
		y.Sum += rapid.Int64Range(0, 3000).Draw(t, "step")
		one, two := b.Of(x), b.Of(y)
		if _, known := order[one]; !known || order[two] < order[one] {
			t.Fatalf("%d is %q, %d is %q", x.Sum, one, y.Sum, two)
		}
		if (x.Sum >= b.High) != (one == worth.HighBand) || (x.Sum < b.Middle) != (one == worth.LowBand) {
			t.Fatalf("%d is %q between %d and %d", x.Sum, one, b.Middle, b.High)
		}
		for _, none := range []worth.Value{{Currency: "USD", Sum: x.Sum}, {Why: worth.FewLeft}} {
			if got := b.Of(none); got != "" {
				t.Fatalf("%+v is %q", none, got)
			}
		}
		if got := (worth.Borders{Currency: "EUR", Middle: -1, High: -1}).Of(x); got != "" {
			t.Fatalf("without borders %q", got)
		}
	})
}
