package theme

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

const (
	mostLabels   = 64
	longestLabel = 64 // bytes
)

// corpus are examples that were read.
type corpus struct {
	readings []*reading
	labels   []string
	label    []int
	weight   []float64
	from     []string
	group    []int
	plain    []string
}

// Train makes a model of examples. The same examples in any order make the same
// model, to the byte on the same kind of processor. They need two labels at
// least; a label is a short word, a weight a positive number.
func Train(examples []Example) (*Model, error) {
	sorted := slices.Clone(examples)
	slices.SortFunc(sorted, func(a, b Example) int {
		return cmp.Or(strings.Compare(a.Text, b.Text), strings.Compare(a.Label, b.Label), cmp.Compare(a.Weight, b.Weight), strings.Compare(a.From, b.From))
	})
	c, err := newCorpus(sorted)
	if err != nil {
		return nil, err
	}
	all := make([]int, len(sorted))
	for i := range all {
		all[i] = i
	}
	m := c.fit(all)
	fold := c.folds(calibrationFolds, 0)
	m.sharp = c.sharpness(c.outOfFold(fold), all)
	return m, nil
}

const calibrationFolds = 5

func newCorpus(examples []Example) (*corpus, error) {
	c := &corpus{}
	for _, e := range examples {
		c.labels = append(c.labels, e.Label)
	}
	slices.Sort(c.labels)
	c.labels = slices.Compact(c.labels)
	if len(c.labels) < 2 || len(c.labels) > mostLabels {
		return nil, fmt.Errorf("theme: examples have %d labels: 2 to %d can be told apart", len(c.labels), mostLabels)
	}
	for i, e := range examples {
		if e.Label == Unknown || len(e.Label) > longestLabel {
			return nil, fmt.Errorf("theme: example %d: a label has 1 to %d bytes, this one %d", i+1, longestLabel, len(e.Label))
		}
		w := cmp.Or(e.Weight, 1)
		if !(w > 0) || math.IsInf(w, 0) {
			return nil, errors.New("theme: a weight is a positive number")
		}
		r := read(e.Text)
		at, _ := slices.BinarySearch(c.labels, e.Label)
		c.readings, c.label, c.weight = append(c.readings, &r), append(c.label, at), append(c.weight, w)
		c.from, c.plain = append(c.from, e.From), append(c.plain, plain(e.Text))
	}
	c.group = groups(c.readings)
	return c, nil
}

// fit makes a model of some of the examples, without calibrating it.
func (c *corpus) fit(some []int) *Model {
	readings, from, d := make([]*reading, len(some)), make([]string, len(some)), &rows{}
	for i, at := range some {
		readings[i], from[i] = c.readings[at], c.from[at]
		d.label, d.weight = append(d.label, c.label[at]), append(d.weight, c.weight[at])
	}
	m := &Model{labels: c.labels, vocabulary: learn(readings, d.weight, from), sharp: 1}
	for _, r := range readings {
		m.weigh(r, func(_ term, column int, x float64) {
			d.column, d.value = append(d.column, column), append(d.value, x)
		})
		d.end = append(d.end, len(d.column))
	}
	m.keep(d.solve(len(m.keys), len(m.labels)))
	return m
}

// keep puts weights into the model as 16 bits each. What is read back from its
// bytes says exactly what it said before.
func (m *Model) keep(x []float64) {
	k := len(m.labels)
	m.bias = slices.Clone(x[len(m.keys)*k:])
	m.scale = make([]float64, k)
	for i, w := range x[:len(m.keys)*k] {
		m.scale[i%k] = max(m.scale[i%k], math.Abs(w)/math.MaxInt16)
	}
	m.weights = make([]int16, len(m.keys)*k)
	for i := range m.weights {
		if s := m.scale[i%k]; s > 0 {
			m.weights[i] = int16(math.Round(x[i] / s))
		}
	}
}

// outOfFold are the scores of each example by a model that was made without its
// fold.
func (c *corpus) outOfFold(fold []int) [][]float64 {
	scores := make([][]float64, len(fold))
	for f := range slices.Max(fold) + 1 {
		var in, out []int
		for i := range fold {
			if fold[i] == f {
				out = append(out, i)
			} else {
				in = append(in, i)
			}
		}
		if len(in) == 0 {
			in = out // all say the same: there is nothing to hold back
		}
		m := c.fit(in)
		for _, i := range out {
			scores[i] = m.scores(c.readings[i])
		}
	}
	return scores
}

// sharpness is what scores have to be multiplied with so that the labels of some
// examples are the likeliest: calibration with one number (temperature, Guo et
// al. 2017). It changes no guess, only how sure it is.
func (c *corpus) sharpness(scores [][]float64, some []int) float64 {
	// The loss is convex in it: the place where its slope is zero is found by halves.
	uphill := func(sharp float64) bool {
		slope, p := 0., make([]float64, len(c.labels))
		for _, i := range some {
			for k, z := range scores[i] {
				p[k] = sharp * z
			}
			softmax(p)
			mean := 0.
			for k, z := range scores[i] {
				mean += p[k] * z
			}
			slope += c.weight[i] * (mean - scores[i][c.label[i]])
		}
		return slope > 0
	}
	low, high := math.Log(dullest), math.Log(sharpest)
	for range 40 {
		if middle := (low + high) / 2; uphill(math.Exp(middle)) {
			high = middle
		} else {
			low = middle
		}
	}
	return math.Exp((low + high) / 2)
}

const dullest, sharpest = .01, 10
