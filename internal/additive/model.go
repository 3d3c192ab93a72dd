package additive

import (
	"fmt"
	"math"
	"slices"
)

// Model is a fitted model. The log odds of a row are the intercept and what each column
// adds; over the rows it was fitted to, each column adds zero on average.
type Model struct {
	Scales    []Scale
	Intercept float64
	Effects   [][]float64 // for each scale, for each bin
	from      []int
	spread    []float64 // the covariance of the parameters before they were centred
	size      int
}

// chance is the chance of log odds.
func chance(logit float64) float64 { return 1 / (1 + math.Exp(-logit)) }

// Chance is the chance of log odds.
func Chance(logit float64) float64 { return chance(logit) }

// model is what was fitted, from the factor of its curvature.
func (f *fitting) model(l []float64) Model {
	n := f.size
	m := Model{Scales: f.table.Scales, Intercept: f.beta[0], from: f.from, size: n, spread: make([]float64, n*n)}
	// The inverse of the factor, row by row; the covariance is its transpose times it.
	inverse := make([]float64, n*n)
	for j := range n {
		inverse[j*n+j] = 1 / l[j*n+j]
		for i := j + 1; i < n; i++ {
			var v float64
			for k := j; k < i; k++ {
				v -= l[i*n+k] * inverse[k*n+j]
			}
			inverse[i*n+j] = v / l[i*n+i]
		}
	}
	for k := range n {
		row := inverse[k*n : k*n+k+1]
		for i, a := range row {
			out := m.spread[i*n : i*n+k+1]
			for j, b := range row {
				out[j] += a * b
			}
		}
	}
	for j, s := range f.table.Scales {
		effect := make([]float64, s.Bins())
		copy(effect, f.beta[f.from[j]:])
		var sum, trials float64
		for i, b := range f.table.Bins[j] {
			n := f.table.trials(i)
			sum, trials = sum+n*effect[b], trials+n
		}
		for b := range effect {
			effect[b] -= sum / trials
		}
		m.Intercept += sum / trials
		m.Effects = append(m.Effects, effect)
	}
	return m
}

// Logit is the log odds of a row, given its bin in each column.
func (m Model) Logit(row []uint8) float64 {
	v := m.Intercept
	for j, b := range row {
		v += m.Effects[j][b]
	}
	return v
}

// StdErr is the standard error of the log odds of a row: the deviation that the rows and
// the penalty leave (Wahba 1983, Bayesian "confidence intervals" for the
// cross-validated smoothing spline).
func (m Model) StdErr(row []uint8) float64 {
	n, v := m.size, m.spread[0]
	for j, b := range row {
		k := m.from[j] + int(b)
		v += m.spread[k*n+k] + 2*m.spread[k]
		for i, c := range row[:j] {
			v += 2 * m.spread[(m.from[i]+int(c))*n+k]
		}
	}
	return math.Sqrt(max(v, 0))
}

// Logits are the log odds of the rows of a table that was made with the same scales.
func (m Model) Logits(t Table) []float64 {
	out := make([]float64, t.Rows())
	inChunks(len(out), func(_, from, to int) {
		part := out[from:to]
		for i := range part {
			part[i] = m.Intercept
		}
		for j, col := range t.Bins {
			effect := m.Effects[j]
			for i, b := range col[from:to] {
				part[i] += effect[b]
			}
		}
	})
	return out
}

// LogLoss is the mean negative log likelihood per trial of log odds for a table.
func LogLoss(t Table, logits []float64) float64 {
	var sum, trials float64
	for i, v := range logits {
		n := t.trials(i)
		sum, trials = sum+n*softplus(v)-t.Events[i]*v, trials+n
	}
	return sum / trials
}

// Columns is the table of some of its columns.
func (t Table) Columns(of []int) Table {
	out := Table{Trials: t.Trials, Events: t.Events}
	for _, j := range of {
		out.Scales, out.Bins = append(out.Scales, t.Scales[j]), append(out.Bins, t.Bins[j])
	}
	return out
}

// Part is the rows of a table of which keep says so.
func (t Table) Part(keep func(row int) bool) Table {
	out := Table{Scales: t.Scales, Bins: make([][]uint8, len(t.Bins))}
	for i, e := range t.Events {
		if !keep(i) {
			continue
		}
		out.Events = append(out.Events, e)
		if t.Trials != nil {
			out.Trials = append(out.Trials, t.Trials[i])
		}
		for j, col := range t.Bins {
			out.Bins[j] = append(out.Bins[j], col[i])
		}
	}
	return out
}

// Choose is the penalty, of those given, with which rows that were left out are foretold
// best. Folds says for each row in which part it is left out; rows of one customer
// belong into one part.
func Choose(t Table, folds []int, smooth ...float64) (float64, error) {
	if len(folds) != t.Rows() {
		return 0, fmt.Errorf("additive: %d rows and %d folds", t.Rows(), len(folds))
	}
	parts := slices.Compact(slices.Sorted(slices.Values(folds)))
	best, least := 0.0, math.Inf(1)
	for _, s := range smooth {
		var loss, trials float64
		for _, f := range parts {
			learn, judge := t.Part(func(i int) bool { return folds[i] != f }), t.Part(func(i int) bool { return folds[i] == f })
			m, err := Fit(learn, s)
			if err != nil {
				return 0, err
			}
			var n float64
			for i := range judge.Events {
				n += judge.trials(i)
			}
			loss, trials = loss+n*LogLoss(judge, m.Logits(judge)), trials+n
		}
		if loss/trials < least {
			best, least = s, loss/trials
		}
	}
	return best, nil
}
