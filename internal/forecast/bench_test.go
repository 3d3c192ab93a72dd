package forecast_test

import (
	"math/rand/v2"
	"testing"

	"hastaluego/internal/additive"
	"hastaluego/internal/boost"
	"hastaluego/internal/forecast"
)

// million is a table of a million rows and thirty columns of 24 bins, of which six matter.
func million() (additive.Table, []int) {
	const rows, columns = 1_000_000, 30
	r := rand.New(rand.NewPCG(1, 1))
	t := additive.Table{Events: make([]float64, rows)}
	groups := make([]int, rows)
	logits := make([]float64, rows)
	for j := range columns {
		s := additive.Scale{Name: string(rune('a' + j)), Cuts: make([]float64, 23)}
		for k := range s.Cuts {
			s.Cuts[k] = float64(k)
		}
		col := make([]uint8, rows)
		for i := range col {
			if col[i] = uint8(r.IntN(24)); j < 6 {
				logits[i] += (float64(col[i]) - 12) / 20
			}
		}
		t.Scales, t.Bins = append(t.Scales, s), append(t.Bins, col)
	}
	for i := range rows {
		if groups[i] = i; r.Float64() < additive.Chance(logits[i]-1) {
			t.Events[i] = 1
		}
	}
	return t, groups
}

// BenchmarkMillion learns from a million rows of thirty columns: a sum of columns, trees,
// and what choosing between them costs; and foretells them, beside only reading the bins.
func BenchmarkMillion(b *testing.B) {
	t, groups := million()
	m, err := additive.Fit(t, 100)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("sum", func(b *testing.B) {
		for b.Loop() {
			if _, err := additive.Fit(t, 100); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("200 trees", func(b *testing.B) {
		for b.Loop() {
			if _, err := boost.Fit(t, nil, boost.Common(3, 200), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("choose and learn", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := forecast.Learn(t, groups); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("foretell", func(b *testing.B) {
		for b.Loop() {
			m.Logits(t)
		}
	})
	b.Run("baseline: read", func(b *testing.B) {
		var sum int
		for b.Loop() {
			for _, col := range t.Bins {
				for _, v := range col {
					sum += int(v)
				}
			}
		}
	})
}
