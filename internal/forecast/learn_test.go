package forecast_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"hastaluego/internal/additive"
	"hastaluego/internal/forecast"
)

// drawn is a table of six numbers in which what each says alone, and what two say only
// together, are as strong as asked for.
func drawn(seed uint64, rows int, alone, together float64) (additive.Table, []int) {
	r := rand.New(rand.NewPCG(seed, 3))
	columns := make([][]float64, 6)
	for j := range columns {
		columns[j] = make([]float64, rows)
	}
	t := additive.Table{Events: make([]float64, rows)}
	groups := make([]int, rows)
	for i := range rows {
		groups[i] = i
		for j := range columns {
			columns[j][i] = r.Float64()*2 - 1
		}
		v := -1 + alone*columns[0][i]
		if columns[1][i]*columns[2][i] > 0 {
			v += together
		}
		if r.Float64() < additive.Chance(v) {
			t.Events[i] = 1
		}
	}
	for j, values := range columns {
		s := additive.Numbers(string(rune('a'+j)), values, 24)
		t.Scales, t.Bins = append(t.Scales, s), append(t.Bins, s.NumberColumn(values))
	}
	return t, groups
}

// Trees are chosen where columns say something together, and not where they do not.
func TestTreesAreChosenWhereTheyForetellBetter(t *testing.T) {
	for name, at := range map[string]struct {
		alone, together float64
		trees           bool
	}{"each alone": {2, 0, false}, "together": {1, 2, true}, "nothing": {0, 0, false}} {
		table, groups := drawn(1, 4000, at.alone, at.together)
		m, c, err := forecast.Learn(table, groups)
		if err != nil {
			t.Fatal(name, err)
		}
		if (m.Kind != forecast.Additive) != at.trees || c.Tried[c.Chosen].Kind != m.Kind {
			t.Errorf("%s: %s was chosen: %+v", name, m.Kind, c.Tried)
		}
		logits := m.Logits(table)
		for i := 0; i < table.Rows(); i += 37 {
			row := make([]uint8, len(table.Bins))
			for j, col := range table.Bins {
				row[j] = col[i]
			}
			sum, effects := m.Explain(row)
			for _, e := range effects {
				sum += e
			}
			if math.Abs(sum-logits[i]) > 1e-9 {
				t.Fatalf("%s: row %d is told %g and columns add %g", name, i, logits[i], sum)
			}
		}
	}
}

func TestProcessorsChangeNothing(t *testing.T) {
	table, groups := drawn(2, 2000, 1, 2)
	of := func(processors int) []float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		m, _, err := forecast.Learn(table, groups)
		if err != nil {
			t.Fatal(err)
		}
		return m.Logits(table)
	}
	if !slices.Equal(of(1), of(3)) {
		t.Error("not the same on other numbers of processors")
	}
}

// Of a sample in which leavers were made as frequent as others, a stated rate brings back
// the chances of the whole.
func TestAStatedRateIsHeeded(t *testing.T) {
	table, groups := drawn(4, 20_000, 2, 0)
	kept := table.Part(func(i int) bool { return table.Events[i] == 1 || i%3 == 0 })
	m, _, err := forecast.Learn(kept, groups[:kept.Rows()])
	if err != nil {
		t.Fatal(err)
	}
	share := func(t additive.Table) (s float64) {
		for _, e := range t.Events {
			s += e / float64(t.Rows())
		}
		return s
	}
	truth := share(table)
	var sum float64
	for _, v := range m.Shifted(share(kept), truth).Logits(table) {
		sum += additive.Chance(v) / float64(table.Rows())
	}
	if math.Abs(sum-truth) > .01 {
		t.Errorf("%.3f foretold, %.3f seen", sum, truth)
	}
}
