// Package boost fits logistic models that are a sum of small trees, for tables in which
// columns matter together and not only one by one: gradient boosting on counted bins, exactly
// explainable (Shapley values of trees), the same on any number of processors. It is pure.
//
// The method is that of Friedman (Greedy function approximation, Ann. Statist. 29, 2001)
// with second derivatives (Chen and Guestrin, XGBoost, KDD 2016) and histograms of bins,
// of which that of the larger child is what is left of its parent's.
package boost

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"hastaluego/internal/additive"
)

// MaxDepth is how many questions a tree asks at most. With one it is a sum of columns,
// with two pairs of columns matter.
const MaxDepth = 3

const (
	nodes  = 1<<MaxDepth - 1 // of a full tree, in the order of a heap: those below k are 2k+1 and 2k+2
	leaves = 1 << MaxDepth
)

// Options say how a model is fitted.
type Options struct {
	Depth int     // 1 to MaxDepth
	Rate  float64 // how much of each tree is believed, above 0 up to 1
	Trees int     // at most
	Leaf  int     // rows that a leaf has at least
	Ridge float64 // penalty on what a leaf says, above 0
}

// Common are options that serve most tables: so many trees, of so many questions.
func Common(depth, trees int) Options {
	return Options{Depth: depth, Rate: .1, Trees: trees, Leaf: 20, Ridge: 5}
}

// split is one question of a tree: whether the bin of a column is one of those on the
// left. A node that is not asked has no column.
type split struct {
	column int // -1: not asked; everything goes left
	left   [additive.MaxBins / 64]uint64
}

func (s *split) goesLeft(bin uint8) bool {
	return s.column < 0 || s.left[bin>>6]>>(bin&63)&1 == 1
}

// tree is a full tree of MaxDepth levels; where fewer are asked, the rows go left.
type tree struct {
	splits [nodes]split
	value  [leaves]float64 // what it adds to the log odds
	cover  [nodes + leaves]float64
}

// leaf is the leaf that a row falls into.
func (t *tree) leaf(bin func(column int) uint8) int {
	k := 0
	for range MaxDepth {
		s := &t.splits[k]
		k = 2*k + 1
		if s.column >= 0 && !s.goesLeft(bin(s.column)) {
			k++
		}
	}
	return k - nodes
}

// Model is a fitted model: what its trees add to log odds that something else gave.
type Model struct {
	Start float64 // log odds of a row before any tree, where there is no margin
	trees []tree
}

// Trees is how many trees a model has.
func (m Model) Trees() int { return len(m.trees) }

// First is the model of the first n trees.
func (m Model) First(n int) Model {
	return Model{m.Start, m.trees[:min(n, len(m.trees))]}
}

// Fit fits a model to rows and what is known of them: log odds that something else gave
// (margin, nil for none). After each tree it asks whether to go on; nil: always.
func Fit(t additive.Table, margin []float64, o Options, more func(m Model) bool) (Model, error) {
	switch {
	case o.Depth < 1 || o.Depth > MaxDepth || o.Rate <= 0 || o.Rate > 1 || o.Ridge <= 0 || o.Leaf < 1:
		return Model{}, fmt.Errorf("boost: options %+v", o)
	case t.Trials != nil:
		return Model{}, errors.New("boost: a row counts once")
	case margin != nil && len(margin) != t.Rows():
		return Model{}, fmt.Errorf("boost: %d rows and %d margins", t.Rows(), len(margin))
	}
	if err := t.Check(); err != nil {
		return Model{}, err
	}
	f := newFitting(t, margin, o)
	m := Model{Start: f.start}
	for range o.Trees {
		t, grown := f.grow()
		if !grown {
			break
		}
		m.trees = append(m.trees, t)
		if more != nil && !more(m) {
			break
		}
	}
	return m, nil
}

// sums are the first and second derivatives of the loss over rows, and how many they are.
type sums struct{ slope, curve, rows float64 }

func (s sums) less(o sums) sums {
	return sums{s.slope - o.slope, s.curve - o.curve, s.rows - o.rows}
}

func (s sums) with(o sums) sums {
	return sums{s.slope + o.slope, s.curve + o.curve, s.rows + o.rows}
}

// gain is how much of the loss rows save that may all say one thing (twice as much).
func (s sums) gain(ridge float64) float64 { return s.slope * s.slope / (s.curve + ridge) }

type fitting struct {
	table        additive.Table
	o            Options
	start        float64
	logits       []float64
	slope, curve []float64
	first        []int // where the bins of each column begin in a histogram
	bins         int
	rows, spare  []int32
	kept         [][]sums // histograms that nobody needs any more
}

func newFitting(t additive.Table, margin []float64, o Options) *fitting {
	n := t.Rows()
	f := &fitting{table: t, o: o, logits: make([]float64, n), slope: make([]float64, n), curve: make([]float64, n), rows: make([]int32, n), spare: make([]int32, n)}
	for _, s := range t.Scales {
		f.first = append(f.first, f.bins)
		f.bins += s.Bins()
	}
	if margin == nil {
		var events float64
		for _, e := range t.Events {
			events += e
		}
		f.start = math.Log(events / (float64(n) - events))
	}
	for i := range n {
		if f.logits[i] = f.start; margin != nil {
			f.logits[i] = margin[i]
		}
	}
	return f
}

// side by side does n things on as many processors as there are; each alone decides what
// it writes, so that their number changes nothing.
func sideBySide(n int, do func(k int)) {
	var wait sync.WaitGroup
	next := make(chan int)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for k := range next {
				do(k)
			}
		})
	}
	for k := range n {
		next <- k
	}
	close(next)
	wait.Wait()
}

// parts of rows that are looked at side by side.
const parts = 16

func inParts(n int, do func(from, to int)) {
	sideBySide(parts, func(k int) { do(k*n/parts, (k+1)*n/parts) })
}

// node is a part of the rows that falls into the same place of a tree.
type node struct {
	at       int // in the heap
	from, to int // among the rows
	all      sums
	hist     []sums
}

// grow makes the next tree, and reports whether there was anything left to ask.
func (f *fitting) grow() (t tree, grown bool) {
	inParts(len(f.rows), func(from, to int) {
		for i := from; i < to; i++ {
			p := additive.Chance(f.logits[i])
			f.rows[i], f.slope[i], f.curve[i] = int32(i), p-f.table.Events[i], p*(1-p)
		}
	})
	for k := range t.splits {
		t.splits[k].column = -1
	}
	root := node{to: len(f.rows)}
	root.hist = f.count(root)
	for _, s := range root.hist[:f.table.Scales[0].Bins()] {
		root.all = root.all.with(s)
	}
	level := []node{root}
	for depth := range f.o.Depth {
		var below []node
		for _, n := range level {
			t.cover[n.at] = n.all.rows
			s, left, ok := f.ask(n)
			if !ok {
				f.end(&t, n)
				f.kept = append(f.kept, n.hist)
				continue
			}
			grown = true
			t.splits[n.at] = s
			below = append(below, f.part(n, &s, left, depth+1 < f.o.Depth)...)
		}
		level = below
	}
	for _, n := range level {
		f.end(&t, n)
	}
	return t, grown
}

// end makes of a node a leaf: the way to it goes left from here on.
func (f *fitting) end(t *tree, n node) {
	k := n.at
	t.cover[k] = n.all.rows
	for k < nodes {
		k = 2*k + 1
		t.cover[k] = n.all.rows
	}
	v := -f.o.Rate * n.all.slope / (n.all.curve + f.o.Ridge)
	t.value[k-nodes] = v
	for _, i := range f.rows[n.from:n.to] {
		f.logits[i] += v
	}
}

// count counts the derivatives of the rows of a node by bin.
func (f *fitting) count(n node) []sums {
	var hist []sums
	if last := len(f.kept) - 1; last >= 0 {
		hist, f.kept = f.kept[last], f.kept[:last]
		clear(hist)
	} else {
		hist = make([]sums, f.bins)
	}
	rows := f.rows[n.from:n.to]
	sideBySide(len(f.table.Bins), func(j int) {
		col, part := f.table.Bins[j], hist[f.first[j]:f.first[j]+f.table.Scales[j].Bins()]
		for _, i := range rows {
			s := &part[col[i]]
			s.slope += f.slope[i]
			s.curve += f.curve[i]
			s.rows++
		}
	})
	return hist
}

// ask finds the best question for the rows of a node, and the sums of those to the left.
func (f *fitting) ask(n node) (best split, left sums, ok bool) {
	if n.to-n.from < 2*f.o.Leaf {
		return best, left, false
	}
	type found struct {
		split
		left sums
		gain float64
	}
	all := make([]found, len(f.table.Scales))
	sideBySide(len(all), func(j int) {
		bins := n.hist[f.first[j] : f.first[j]+f.table.Scales[j].Bins()]
		all[j].column = j
		f.cut(f.table.Scales[j], bins, n.all, func(set [additive.MaxBins / 64]uint64, l sums, gain float64) {
			if gain > all[j].gain {
				all[j].split.left, all[j].left, all[j].gain = set, l, gain
			}
		})
	})
	const worth = 1e-6 // a gain that is nothing but rounding
	gain := n.all.gain(f.o.Ridge) + worth
	for _, c := range all {
		if c.gain > gain {
			best, left, gain, ok = c.split, c.left, c.gain, true
		}
	}
	return best, left, ok
}

// cut tells of every way to part the bins of a column: numbers below from numbers above
// with what is missing on either side, and words by what they alone would say, which has
// the best of all ways among it (Fisher 1958).
func (f *fitting) cut(s additive.Scale, bins []sums, all sums, tell func(set [additive.MaxBins / 64]uint64, left sums, gain float64)) {
	order := make([]int, 0, len(bins))
	for b := range bins {
		if bins[b].rows > 0 {
			order = append(order, b)
		}
	}
	missing := -1
	if s.Numeric() {
		if n := len(order); n > 0 && order[n-1] == len(bins)-1 {
			missing, order = order[n-1], order[:n-1]
		}
	} else {
		slices.SortStableFunc(order, func(a, b int) int {
			x, y := bins[a].slope/(bins[a].curve+f.o.Ridge), bins[b].slope/(bins[b].curve+f.o.Ridge)
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
	}
	try := func(set [additive.MaxBins / 64]uint64, l sums) {
		r := all.less(l)
		if l.rows >= float64(f.o.Leaf) && r.rows >= float64(f.o.Leaf) {
			tell(set, l, l.gain(f.o.Ridge)+r.gain(f.o.Ridge))
		}
	}
	var set [additive.MaxBins / 64]uint64
	var l sums
	if missing >= 0 { // what is missing against all that is known
		alone := set
		alone[missing>>6] |= 1 << (missing & 63)
		try(alone, bins[missing])
	}
	for i, b := range order {
		if i == len(order)-1 && missing < 0 {
			break // everything is left
		}
		set[b>>6] |= 1 << (b & 63)
		l = l.with(bins[b])
		if i < len(order)-1 {
			try(set, l)
		}
		if missing >= 0 && i < len(order)-1 {
			both := set
			both[missing>>6] |= 1 << (missing & 63)
			try(both, l.with(bins[missing]))
		}
	}
}

// part puts the rows of a node that go left before the others, and counts those of the
// smaller side; the other has what is left.
func (f *fitting) part(n node, s *split, left sums, deeper bool) []node {
	col, rest := f.table.Bins[s.column], f.spare[:0]
	at := n.from
	for _, i := range f.rows[n.from:n.to] {
		if s.goesLeft(col[i]) {
			f.rows[at] = i
			at++
		} else {
			rest = append(rest, i)
		}
	}
	copy(f.rows[at:n.to], rest)
	l := node{at: 2*n.at + 1, from: n.from, to: at, all: left}
	r := node{at: 2*n.at + 2, from: at, to: n.to, all: n.all.less(left)}
	if !deeper {
		f.kept = append(f.kept, n.hist)
		return []node{l, r}
	}
	small, large := &l, &r
	if l.to-l.from > r.to-r.from {
		small, large = &r, &l
	}
	small.hist = f.count(*small)
	for b := range n.hist {
		n.hist[b] = n.hist[b].less(small.hist[b])
	}
	large.hist = n.hist
	return []node{l, r}
}

// Add adds to the log odds of rows, from the k-th tree on, what the trees say of them.
func (m Model) Add(t additive.Table, from int, logits []float64) {
	inParts(len(logits), func(lo, hi int) {
		for k := from; k < len(m.trees); k++ {
			tree := &m.trees[k]
			for i := lo; i < hi; i++ {
				logits[i] += tree.value[tree.leaf(func(c int) uint8 { return t.Bins[c][i] })]
			}
		}
	})
}
