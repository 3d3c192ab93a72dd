package stat

import (
	"cmp"
	"math"
	"slices"
)

// Area is the chance that a row with the event has the higher score than one without (the
// area under the ROC curve; half for a tie), with the interval at z of DeLong, DeLong and
// Clarke-Pearson (Biometrics 44, 1988) by mid-ranks (Sun and Xu, IEEE Signal Processing
// Letters 21, 2014). The interval is that of its log odds, so that it stays within 0 and 1.
// With rows of one kind only nothing is known.
func Area(events []bool, scores []float64, z float64) Estimate {
	var yes, no []float64
	for i, e := range events {
		if e {
			yes = append(yes, scores[i])
		} else {
			no = append(no, scores[i])
		}
	}
	if len(yes) == 0 || len(no) == 0 {
		return Estimate{0, .5, 1}
	}
	all := append(slices.Clone(yes), no...)
	among, amongYes, amongNo := midRanks(all), midRanks(yes), midRanks(no)
	m, n := float64(len(yes)), float64(len(no))
	var ofYes, ofNo Moments // how often each row is on the right side of those of the other kind
	for i := range yes {
		ofYes.Add((among[i] - amongYes[i]) / n)
	}
	for i := range no {
		ofNo.Add(1 - (among[len(yes)+i]-amongNo[i])/m)
	}
	area, spread := ofYes.Mean, math.Sqrt(ofYes.Variance()/m+ofNo.Variance()/n)
	if area <= 0 || area >= 1 || spread == 0 {
		// Nothing varies: as much as Wilson knows of the smaller kind.
		return Share(int(math.Round(area*min(m, n))), int(min(m, n)), z)
	}
	logit := math.Log(area / (1 - area))
	wide := z * spread / (area * (1 - area))
	at := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
	return Estimate{at(logit - wide), area, at(logit + wide)}
}

// midRanks are the ranks of values from 1, the average of theirs for those that are equal.
func midRanks(values []float64) []float64 {
	order := sorted(values)
	ranks := make([]float64, len(values))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && values[order[j]] == values[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			ranks[k] = float64(i+j+1) / 2
		}
		i = j
	}
	return ranks
}

// sorted are the indices of values, from the lowest value to the highest.
func sorted(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	return order
}

// Precision is the average precision: the mean, over the rows with the event, of the share
// of events among those that score at least as high.
func Precision(events []bool, scores []float64) float64 {
	order := sorted(scores)
	slices.Reverse(order)
	var hits, sum float64
	for i := 0; i < len(order); {
		j, more := i, 0.0
		for ; j < len(order) && scores[order[j]] == scores[order[i]]; j++ {
			if events[order[j]] {
				more++
			}
		}
		hits += more
		sum += more * hits / float64(j)
		i = j
	}
	return sum / max(hits, 1)
}

// Calibration is the intercept and the slope with which log odds would have to be taken to
// fit the events best (Cox, Two further applications of a model for binary regression,
// Biometrika 45, 1958): 0 and 1 where they are right. Where the log odds are all the same
// the slope is 1.
func Calibration(events []bool, logits []float64) (intercept, slope float64) {
	slope = 1
	var of Moments
	for _, v := range logits {
		of.Add(v)
	}
	for range 50 {
		var g0, g1, h00, h01, h11 float64
		for i, v := range logits {
			p := 1 / (1 + math.Exp(-(intercept + slope*v)))
			d := -p
			if events[i] {
				d++
			}
			w := p * (1 - p)
			g0, g1 = g0+d, g1+d*v
			h00, h01, h11 = h00+w, h01+w*v, h11+w*v*v
		}
		if of.Variance() < 1e-12 {
			if h00 <= 0 {
				break
			}
			step := g0 / h00
			intercept += step
			if math.Abs(step) < 1e-10 {
				break
			}
			continue
		}
		det := h00*h11 - h01*h01
		if !(det > 1e-12*h00*h11) {
			break
		}
		a, b := (h11*g0-h01*g1)/det, (h00*g1-h01*g0)/det
		// A step that goes too far is halved: scores that part the kinds completely have no best slope.
		a, b = max(-2, min(2, a)), max(-2, min(2, b))
		intercept, slope = intercept+a, slope+b
		if math.Abs(a)+math.Abs(b) < 1e-10 {
			break
		}
	}
	return intercept, slope
}

// Bin is a part of rows that lie next to each other when ordered by their chance.
type Bin struct {
	Rows   int
	Events int
	Chance float64  // foretold, on average
	Seen   Estimate // share of events, with Wilson's interval
}

// Reliability parts rows into so many bins of equally many, from the lowest chance to the
// highest; rows with the same chance stay together.
func Reliability(events []bool, chances []float64, bins int, z float64) []Bin {
	order := sorted(chances)
	var out []Bin
	for from := 0; from < len(order); {
		to := min(max((len(out)+1)*len(order)/bins, from+1), len(order))
		for to < len(order) && chances[order[to]] == chances[order[to-1]] {
			to++
		}
		b := Bin{Rows: to - from}
		for _, i := range order[from:to] {
			b.Chance += chances[i] / float64(to-from)
			if events[i] {
				b.Events++
			}
		}
		b.Seen = Share(b.Events, b.Rows, z)
		out, from = append(out, b), to
	}
	return out
}

// Miscalibration is how far what was foretold is from what was seen, on average over rows
// (expected calibration error of the bins).
func Miscalibration(bins []Bin) float64 {
	var sum, rows float64
	for _, b := range bins {
		sum += float64(b.Rows) * math.Abs(b.Chance-b.Seen.Point)
		rows += float64(b.Rows)
	}
	return sum / max(rows, 1)
}
