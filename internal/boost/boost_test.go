package boost_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/additive"
	"hastaluego/internal/boost"
)

// crossed draws a table in which two columns say something only together, one is missing
// now and then, a word matters, and a column is noise.
func crossed(seed uint64, rows int) additive.Table {
	r := rand.New(rand.NewPCG(seed, 7))
	a, b, z, w := make([]float64, rows), make([]float64, rows), make([]float64, rows), make([]string, rows)
	t := additive.Table{Events: make([]float64, rows)}
	for i := range rows {
		a[i], b[i], z[i], w[i] = r.Float64()*2-1, r.Float64()*2-1, r.NormFloat64(), []string{"x", "y", "z", "v"}[r.IntN(4)]
		v := -1.0
		if (a[i] > 0) != (b[i] > 0) {
			v += 2.5
		}
		if w[i] == "y" {
			v++
		}
		if r.IntN(10) == 0 {
			a[i] = math.NaN()
		}
		if r.Float64() < additive.Chance(v) {
			t.Events[i] = 1
		}
	}
	for name, values := range map[string][]float64{"a": a, "b": b, "z": z} {
		s := additive.Numbers(name, values, 24)
		t.Scales, t.Bins = append(t.Scales, s), append(t.Bins, s.NumberColumn(values))
	}
	s := additive.Words("w", w, 1)
	t.Scales, t.Bins = append(t.Scales, s), append(t.Bins, s.WordColumn(w))
	order := []int{0, 1, 2, 3}
	slices.SortFunc(order, func(i, j int) int { return int(t.Scales[i].Name[0]) - int(t.Scales[j].Name[0]) })
	return t.Columns(order)
}

func row(t additive.Table, i int) []uint8 {
	out := make([]uint8, len(t.Bins))
	for j, col := range t.Bins {
		out[j] = col[i]
	}
	return out
}

func logits(m boost.Model, t additive.Table) []float64 {
	out := make([]float64, t.Rows())
	for i := range out {
		out[i] = m.Start
	}
	m.Add(t, 0, out)
	return out
}

func TestTreesSeeWhatColumnsSayTogether(t *testing.T) {
	learn, judge := crossed(1, 8000), crossed(2, 8000)
	// The bins of both are of the same shares of the same distributions.
	sum, err := additive.Fit(learn, 100)
	if err != nil {
		t.Fatal(err)
	}
	alone := additive.LogLoss(judge, sum.Logits(judge))
	for depth := 1; depth <= boost.MaxDepth; depth++ {
		m, err := boost.Fit(learn, nil, boost.Common(depth, 150), nil)
		if err != nil {
			t.Fatal(err)
		}
		loss := additive.LogLoss(judge, logits(m, judge))
		t.Logf("depth %d: %.4f; a sum of columns %.4f", depth, loss, alone)
		if depth > 1 && loss > alone-.08 || depth == 1 && loss < alone-.005 {
			t.Errorf("depth %d: %.4f beside %.4f of a sum", depth, loss, alone)
		}
	}
}

// What each column adds is what the row is told, to the last digits, and of all rows it
// was learned from each column adds as much on average as the trees promise.
func TestWhatColumnsAddIsWhatTheRowIsTold(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		table := crossed(rapid.Uint64().Draw(r, "seed"), 600)
		m, err := boost.Fit(table, nil, boost.Options{Depth: rapid.IntRange(1, boost.MaxDepth).Draw(r, "depth"), Rate: .3, Trees: 40, Leaf: 5, Ridge: 1}, nil)
		if err != nil {
			r.Fatal(err)
		}
		all := logits(m, table)
		for i := range table.Rows() {
			effects := make([]float64, len(table.Bins))
			sum := m.Start + m.Explain(row(table, i), effects)
			if at := m.Start + m.Average(); math.Abs(at-sum) > 1e-9 {
				r.Fatalf("on average %g and %g", sum, at)
			}
			for _, e := range effects {
				sum += e
			}
			if math.Abs(sum-all[i]) > 1e-9 {
				r.Fatalf("row %d: %.12f is told, columns add %.12f", i, all[i], sum)
			}
		}
	})
}

// The Shapley values of a tree are those of their definition: the mean, over the orders in
// which columns may be learned of, of what knowing one more changes.
func TestWhatColumnsAddIsTheirShapleyValue(t *testing.T) {
	table := crossed(3, 3000)
	m, err := boost.Fit(table, nil, boost.Common(3, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := len(table.Bins)
	for i := 0; i < table.Rows(); i += 150 {
		// What a tree says where only some columns are known: the others go both ways.
		told := func(known int) float64 { return m.Known(row(table, i), func(c int) bool { return known>>c&1 == 1 }) }
		want := make([]float64, n)
		var orders float64
		var walk func(left []int, known int)
		walk = func(left []int, known int) {
			if len(left) == 0 {
				orders++
			}
			for k, c := range left {
				ways := 1.0
				for f := 2; f < len(left); f++ {
					ways *= float64(f)
				}
				want[c] += ways * (told(known|1<<c) - told(known))
				rest := append(slices.Clone(left[:k]), left[k+1:]...)
				walk(rest, known|1<<c)
			}
		}
		walk([]int{0, 1, 2, 3}, 0)
		got := make([]float64, n)
		m.Explain(row(table, i), got)
		for c := range got {
			if math.Abs(got[c]-want[c]/orders) > 1e-12 {
				t.Fatalf("row %d: %v, by definition %v of %g orders", i, got, want, orders)
			}
		}
	}
}

func TestProcessorsChangeNothing(t *testing.T) {
	table := crossed(5, 5000)
	margin := make([]float64, table.Rows())
	for i := range margin {
		margin[i] = float64(i%7)/10 - 1
	}
	of := func(processors int) []float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		m, err := boost.Fit(table, margin, boost.Common(3, 30), nil)
		if err != nil {
			t.Fatal(err)
		}
		return logits(m, table)
	}
	if one := of(1); !slices.Equal(one, of(2)) || !slices.Equal(one, of(7)) {
		t.Error("not the same on other numbers of processors")
	}
}

func TestWhatCannotBeFittedIsSaid(t *testing.T) {
	table := crossed(1, 100)
	for name, fit := range map[string]func() error{
		"depth":  func() error { _, err := boost.Fit(table, nil, boost.Common(4, 1), nil); return err },
		"margin": func() error { _, err := boost.Fit(table, []float64{1}, boost.Common(2, 1), nil); return err },
		"nothing": func() error {
			t := table
			t.Events = make([]float64, 100)
			_, err := boost.Fit(t, nil, boost.Common(2, 1), nil)
			return err
		},
	} {
		if fit() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// BenchmarkFit grows ten trees on a hundred thousand rows of four columns, beside a sum of
// the same columns.
func BenchmarkFit(b *testing.B) {
	table := crossed(1, 100_000)
	b.Run("ten trees", func(b *testing.B) {
		for b.Loop() {
			if _, err := boost.Fit(table, nil, boost.Common(3, 10), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("baseline: additive", func(b *testing.B) {
		for b.Loop() {
			if _, err := additive.Fit(table, 100); err != nil {
				b.Fatal(err)
			}
		}
	})
}
