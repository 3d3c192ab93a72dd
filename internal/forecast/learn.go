// Package forecast learns from a table of bins who of those like its rows will leave: a sum
// of functions of one column each, unless rows that were left out show that columns matter
// together and that trees which see it foretell better. It is pure, and what it learns is
// the same on any machine.
package forecast

import (
	"errors"
	"math"
	"slices"

	"hastaluego/internal/additive"
	"hastaluego/internal/boost"
	"hastaluego/internal/stat"
)

const (
	parts = 5 // in which rows are left out in turn, to choose
	// enough rows to choose by: of more, so many are looked at.
	enough = 40_000
	// widest is how many columns a sum is fitted to; of more, those that say most alone.
	widest = 120
	// trees are the most that are grown, and patience how many more than the best are tried.
	trees, patience = 400, 25
	// lowest is how many of either kind there must be to look for what columns say together.
	lowest = 100
)

// smooths are the penalties that are tried, from the middle outwards as long as it helps.
var smooths = []float64{1, 10, 100, 1000, 10_000, 100_000}

// Tried is one way to foretell and how it did with rows that were left out.
type Tried struct {
	Kind   Kind
	Smooth float64 // of the sum; 0 where there is none
	Depth  int     // of the trees
	Trees  int     // with how many it did best
	Loss   float64 // mean negative log likelihood of a row
	Gain   float64 // how much lower that is than the sum's, with its standard error
	StdErr float64
}

// Choice is what was tried, the sum first, and which of it was chosen.
type Choice struct {
	Tried  []Tried
	Chosen int
	Rows   int // that were looked at to choose
}

// Learn chooses a model for a table and fits it. Groups say which rows belong together, such
// as those of one customer: they are never on both sides when a part is left out. Trees
// are chosen only if they foretell better by more than one standard error.
func Learn(t additive.Table, groups []int) (Model, Choice, error) {
	if len(groups) != t.Rows() {
		return Model{}, Choice{}, errors.New("forecast: rows and groups differ")
	}
	columns := telling(t)
	m := Model{Kind: Additive, columns: columns, width: len(t.Scales), slope: 1}
	own := t.Columns(columns)
	sample, folds := own, make([]int, own.Rows())
	for i, g := range groups {
		folds[i] = int(mix(uint64(g)) % parts)
	}
	if own.Rows() > enough {
		limit := uint64(float64(enough) / float64(own.Rows()) * (1 << 32))
		in := func(i int) bool { return mix(uint64(groups[i])+1<<40)>>32 < limit }
		var few []int
		for i, f := range folds {
			if in(i) {
				few = append(few, f)
			}
		}
		sample, folds = own.Part(in), few
	}
	c, oof, err := choose(sample, folds)
	if err != nil {
		return Model{}, Choice{}, err
	}
	best := c.Tried[c.Chosen]
	m.Kind = best.Kind
	if m.Kind != Trees {
		if m.sum, err = additive.Fit(own, best.Smooth); err != nil {
			return Model{}, c, err
		}
	}
	if m.Kind == Additive {
		return m, c, nil
	}
	var margin []float64
	if m.Kind == Both {
		margin = m.sum.Logits(own)
	}
	if m.trees, err = boost.Fit(own, margin, boost.Common(best.Depth, best.Trees), nil); err != nil {
		return Model{}, c, err
	}
	m.level, m.slope = stat.Calibration(happened(sample.Events), oof)
	return m, c, nil
}

// mix spreads numbers evenly (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

func happened(events []float64) []bool {
	out := make([]bool, len(events))
	for i, e := range events {
		out[i] = e > 0
	}
	return out
}

// telling are the columns that say most on their own, as many as a sum is fitted to.
func telling(t additive.Table) []int {
	columns := make([]int, len(t.Scales))
	for j := range columns {
		columns[j] = j
	}
	if len(columns) <= widest {
		return columns
	}
	gain := make([]float64, len(columns))
	for j, s := range t.Scales {
		rows, events := make([]float64, s.Bins()), make([]float64, s.Bins())
		var all, yes float64
		for i, b := range t.Bins[j] {
			rows[b]++
			events[b] += t.Events[i]
			all++
			yes += t.Events[i]
		}
		rate := yes / all
		for b, n := range rows { // of each bin, less what a bin costs (Akaike)
			p := (events[b] + rate*4) / (n + 4)
			gain[j] += events[b]*math.Log(p/rate) + (n-events[b])*math.Log((1-p)/(1-rate))
			if n > 0 {
				gain[j]--
			}
		}
	}
	slices.SortStableFunc(columns, func(a, b int) int {
		switch {
		case gain[a] > gain[b]:
			return -1
		case gain[a] < gain[b]:
			return 1
		}
		return 0
	})
	columns = columns[:widest]
	slices.Sort(columns)
	return columns
}

// fold is one part that is left out.
type fold struct {
	learn, judge additive.Table
	rows         []int // that are judged
	sum          additive.Model
}

// choose tries what there is, and returns how the chosen one foretold the rows that were
// left out.
func choose(t additive.Table, folds []int) (Choice, []float64, error) {
	var all []*fold
	for f := range parts {
		one := &fold{learn: t.Part(func(i int) bool { return folds[i] != f }), judge: t.Part(func(i int) bool { return folds[i] == f })}
		for i, of := range folds {
			if of == f {
				one.rows = append(one.rows, i)
			}
		}
		if len(one.rows) > 0 {
			all = append(all, one)
		}
	}
	c := Choice{Rows: t.Rows()}
	sum, logits, err := chooseSum(t, all)
	if err != nil {
		return c, nil, err
	}
	c.Tried = []Tried{sum}
	var yes float64
	for _, e := range t.Events {
		yes += e
	}
	if min(yes, float64(t.Rows())-yes) < lowest {
		return c, logits, nil
	}
	base, best := losses(t, logits), logits
	for _, kind := range []Kind{Both, Trees} {
		for depth := 2; depth <= boost.MaxDepth; depth++ {
			tried, out, err := tryTrees(t, all, kind, depth)
			if err != nil {
				return c, nil, err
			}
			if kind == Both {
				tried.Smooth = sum.Smooth
			}
			var d stat.Moments
			for i, l := range losses(t, out) {
				d.Add(base[i] - l)
			}
			tried.Gain, tried.StdErr = d.Mean, math.Sqrt(d.Variance()/float64(d.N))
			c.Tried = append(c.Tried, tried)
			if tried.Trees > 0 && tried.Gain > tried.StdErr && tried.Loss < c.Tried[c.Chosen].Loss {
				c.Chosen, best = len(c.Tried)-1, out
			}
		}
	}
	return c, best, nil
}

// chooseSum tries penalties, and keeps in each fold the sum with the best of them.
func chooseSum(t additive.Table, all []*fold) (Tried, []float64, error) {
	best := Tried{Kind: Additive, Loss: math.Inf(1)}
	var logits []float64
	try := func(smooth float64) (better bool, err error) {
		out, sums := make([]float64, t.Rows()), make([]additive.Model, len(all))
		for k, f := range all {
			if sums[k], err = additive.Fit(f.learn, smooth); err != nil {
				return false, err
			}
			for n, v := range sums[k].Logits(f.judge) {
				out[f.rows[n]] = v
			}
		}
		loss := additive.LogLoss(t, out)
		if loss >= best.Loss {
			return false, nil
		}
		best.Smooth, best.Loss, logits = smooth, loss, out
		for k, f := range all {
			f.sum = sums[k]
		}
		return true, nil
	}
	middle := len(smooths) / 2
	better := true
	var err error
	for k := middle; k < len(smooths) && better && err == nil; k++ {
		better, err = try(smooths[k])
	}
	better = true
	for k := middle - 1; k >= 0 && better && err == nil; k-- {
		better, err = try(smooths[k])
	}
	return best, logits, err
}

// tryTrees grows trees in all folds and finds with how many of them rows that were left
// out are foretold best.
func tryTrees(t additive.Table, all []*fold, kind Kind, depth int) (Tried, []float64, error) {
	loss := make([]float64, trees+1)
	models := make([]boost.Model, len(all))
	reached := trees
	for k, f := range all {
		var margin []float64
		logits := make([]float64, f.judge.Rows())
		if kind == Both {
			margin = f.sum.Logits(f.learn)
			logits = f.sum.Logits(f.judge)
		} else {
			start := logit(rate(f.learn))
			for i := range logits {
				logits[i] = start
			}
		}
		least, at := math.Inf(1), 0
		tell := func(n int) (more bool) {
			l := additive.LogLoss(f.judge, logits) * float64(len(f.rows))
			loss[n] += l
			if l < least {
				least, at = l, n
			}
			return n < at+patience
		}
		tell(0)
		m, err := boost.Fit(f.learn, margin, boost.Common(depth, trees), func(m boost.Model) bool {
			m.Add(f.judge, m.Trees()-1, logits)
			return tell(m.Trees())
		})
		if err != nil {
			return Tried{}, nil, err
		}
		models[k] = m
		reached = min(reached, m.Trees())
	}
	best := Tried{Kind: kind, Depth: depth, Loss: math.Inf(1)}
	for n, l := range loss[:reached+1] {
		if l /= float64(t.Rows()); l < best.Loss {
			best.Loss, best.Trees = l, n
		}
	}
	out := make([]float64, t.Rows())
	for k, f := range all {
		m := Model{Kind: kind, sum: f.sum, trees: models[k].First(best.Trees)}
		for n, v := range m.raw(f.judge) {
			out[f.rows[n]] = v
		}
	}
	return best, out, nil
}

func rate(t additive.Table) float64 {
	var yes float64
	for _, e := range t.Events {
		yes += e
	}
	return yes / float64(t.Rows())
}

// losses are the negative log likelihoods of rows.
func losses(t additive.Table, logits []float64) []float64 {
	out := make([]float64, len(logits))
	for i, v := range logits {
		if t.Events[i] > 0 {
			v = -v
		}
		out[i] = math.Log1p(math.Exp(-math.Abs(v))) + max(v, 0)
	}
	return out
}
