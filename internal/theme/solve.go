package theme

import (
	"math"
	"slices"
)

// rows are texts as sparse vectors, one after the other.
type rows struct {
	end    []int // of each, in columns and values
	column []int
	value  []float64
	label  []int
	weight []float64
}

const (
	// looseness is how far weights may go from zero for the sake of one more
	// example (the inverse of the penalty on their squares).
	looseness   = 8
	closeEnough = 5e-4 // of the best, in nats of an example
	mostRounds  = 1000
)

// solve finds the weights (by feature, then by label) and the biases (last, as a
// feature that every text has) of the multinomial logistic regression with the
// least penalised loss, where the penalty on a weight is the less the more its feature
// says about its label (says). There is one such, and it is walked to in the dual
// (Shalev-Shwartz and Zhang 2013): each example holds a share of the weights, and
// in its turn moves it towards what the model still gets wrong about it. How far
// it is from the best at most is the mean distance between what the shares say
// and what the model says, and that ends it.
func (d *rows) solve(features, labels int) []float64 {
	x, all := make([]float64, (features+1)*labels), 0.
	bias := x[features*labels:]
	share := make([]float64, len(d.label)*labels) // what is left of the truth: q of the label's unit vector less q
	for _, w := range d.weight {
		all += w
	}
	start := make([]int, len(d.end))
	for i := 1; i < len(start); i++ {
		start[i] = d.end[i-1]
	}
	p, squares, says := make([]float64, labels), make([]float64, labels), d.says(features, labels, start)
	// A step of the golden ratio visits all in an order that mixes them.
	n := len(d.label)
	stride := coprime(int(.618*float64(n)), n)
	for range mostRounds {
		gap := 0.
		for turn := range n {
			i := turn * stride % n
			columns, values := d.column[start[i]:d.end[i]], d.value[start[i]:d.end[i]]
			copy(p, bias)
			clear(squares)
			for j, c := range columns {
				v := values[j]
				for k, r := range says[c*labels : c*labels+labels] {
					squares[k] += v * v * r
				}
				for k, w := range x[c*labels : c*labels+labels] {
					p[k] += v * w
				}
			}
			square := 1 + slices.Max(squares)
			softmax(p)
			mine := share[i*labels : (i+1)*labels]
			step := 1 / (1 + square*looseness*d.weight[i]/2) // half is the most that the slope of the softmax changes
			for k := range p {
				q := -mine[k]
				if k == d.label[i] {
					q++
				}
				if q > 0 {
					gap += d.weight[i] * q * math.Log(q/max(p[k], 1e-300))
				}
				move := step * (q - p[k])
				mine[k] += move
				p[k] = move * looseness * d.weight[i]
				bias[k] += p[k]
			}
			for j, c := range columns {
				v := values[j]
				w, r := x[c*labels:c*labels+labels], says[c*labels:c*labels+labels]
				for k := range w {
					w[k] += v * p[k] * r[k]
				}
			}
		}
		if gap <= closeEnough*all {
			break
		}
	}
	return x
}

// coprime is the first number from n on that has no divisor in common with m.
func coprime(n, m int) int {
	for n = max(1, n); ; n++ {
		a, b := n, m
		for b > 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return n
		}
	}
}

// unseen is how much of a text with each feature every label is taken to have had
// before any was read.
const unseen = .5

// says is how much each feature says about each label by being there, by feature and
// then by label: the square of the logarithm of how much more often texts with the label
// have it than the others (the ratio of naive Bayes, with which Wang and Manning 2012
// scale the features of a support vector machine).
func (d *rows) says(features, labels int, start []int) []float64 {
	with, of, all := make([]float64, features*labels), make([]float64, labels), 0.
	for i, k := range d.label {
		for _, c := range d.column[start[i]:d.end[i]] {
			with[c*labels+k] += d.weight[i]
		}
		of[k] += d.weight[i]
		all += d.weight[i]
	}
	for f := range features {
		row, total := with[f*labels:f*labels+labels], 0.
		for _, n := range row {
			total += n
		}
		for k, n := range row {
			if of[k] == 0 || of[k] == all { // nothing to compare with
				row[k] = 0
				continue
			}
			share := of[k] / all
			inside := (n + unseen*share) / (of[k] + unseen*share)
			outside := (total - n + unseen*(1-share)) / (all - of[k] + unseen*(1-share))
			r := math.Log(inside / outside)
			row[k] = r * r
		}
	}
	return with
}
