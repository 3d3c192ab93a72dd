// Package survival says how long customers stay: curves of those who are still there,
// beside those whose end nobody has seen yet, and a model of the chance to leave in each
// period. Time is whole periods, months as a rule. It is pure.
package survival

import (
	"errors"
	"math"
	"slices"
)

// Spell is how long one customer was seen.
type Spell struct {
	From  int // periods that had passed when counting began: 0 unless earlier leavers would be missing
	Until int // periods passed when last seen
	Cause int // 0: still there; otherwise why it ended
}

// told reports whether a spell says anything: one that ends where it begins does not.
func (s Spell) told() bool { return s.Until > s.From }

// Step is what a curve knows at the end of a period in which somebody left.
type Step struct {
	Time   int
	AtRisk int     // were there at its beginning
	Left   int     // left in it
	Stay   float64 // chance to be there after it
	StdErr float64 // of that chance (Greenwood 1926)
	Rate   float64 // of leaving, added up until then (Nelson 1969, Aalen 1978)
	RateSE float64 // its standard error (Aalen)
}

// Curve is the share of customers who are still there after each period, as Kaplan and
// Meier estimate it (1958): whoever was lost from sight counts as long as they were seen.
type Curve struct {
	Steps []Step
	Last  int // the longest that anybody was seen; nothing is known beyond
}

// moment is what happens at one time: who leaves, is lost from sight, begins to count.
type moment struct {
	time, lost, began int
	left              map[int]int // by cause
}

func (m moment) leavers() (n int) {
	for _, k := range m.left {
		n += k
	}
	return n
}

// moments are the times at which anything changes, ascending.
func moments(spells []Spell) []moment {
	at := map[int]*moment{}
	one := func(t int) *moment {
		if at[t] == nil {
			at[t] = &moment{time: t, left: map[int]int{}}
		}
		return at[t]
	}
	for _, s := range spells {
		if !s.told() {
			continue
		}
		one(s.From).began++
		if s.Cause == 0 {
			one(s.Until).lost++
		} else {
			one(s.Until).left[s.Cause]++
		}
	}
	out := make([]moment, 0, len(at))
	for _, m := range at {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b moment) int { return a.time - b.time })
	return out
}

// Estimate draws the curve of the spells.
func Estimate(spells []Spell) Curve {
	var c Curve
	stay, sum, atRisk := 1.0, 0.0, 0
	var rate, spread float64
	for _, m := range moments(spells) {
		if d := m.leavers(); d > 0 {
			n, k := float64(atRisk), float64(d)
			stay *= 1 - k/n
			sum += k / (n * (n - k)) // infinite where all leave: then nobody is there, for certain
			rate += k / n
			spread += k / (n * n)
			step := Step{Time: m.time, AtRisk: atRisk, Left: d, Stay: stay, Rate: rate, RateSE: math.Sqrt(spread)}
			if stay > 0 {
				step.StdErr = stay * math.Sqrt(sum)
			}
			c.Steps = append(c.Steps, step)
			atRisk -= d
		}
		// Whoever begins at a time is at risk after it.
		atRisk += m.began - m.lost
		c.Last = m.time
	}
	return c
}

// At is what the curve knows after so many periods.
func (c Curve) At(time int) Step {
	i, found := slices.BinarySearchFunc(c.Steps, time, func(s Step, t int) int { return s.Time - t })
	if found {
		return c.Steps[i]
	}
	if i == 0 {
		return Step{Time: time, Stay: 1}
	}
	s := c.Steps[i-1]
	return Step{Time: time, Stay: s.Stay, StdErr: s.StdErr, Rate: s.Rate, RateSE: s.RateSE}
}

// Interval is where the chance to be there lies, z standard errors to both sides of it on
// the scale log(−log), which never leaves 0 to 1 (Kalbfleisch and Prentice).
func (s Step) Interval(z float64) (low, high float64) {
	if s.Stay <= 0 || s.Stay >= 1 {
		return s.Stay, s.Stay
	}
	wide := math.Exp(z * s.StdErr / (s.Stay * -math.Log(s.Stay)))
	return math.Pow(s.Stay, wide), math.Pow(s.Stay, 1/wide)
}

// Median is after how many periods half have left; false if not half were seen to leave.
func (c Curve) Median() (int, bool) {
	for _, s := range c.Steps {
		if s.Stay <= .5 {
			return s.Time, true
		}
	}
	return 0, false
}

// Mean is how many of the next periods a customer stays on average, counted up to a
// horizon (restricted mean survival time), and its standard error. The curve is not drawn
// further than anybody was seen.
func (c Curve) Mean(horizon int) (mean, stdErr float64) {
	horizon = min(horizon, c.Last)
	// The area under the curve from each step to the horizon.
	var steps []Step
	for _, s := range c.Steps {
		if s.Time < horizon {
			steps = append(steps, s)
		}
	}
	area, to, variance := 0.0, horizon, 0.0
	for _, s := range slices.Backward(steps) {
		area += s.Stay * float64(to-s.Time)
		to = s.Time
		if n, k := float64(s.AtRisk), float64(s.Left); n > k {
			variance += area * area * k / (n * (n - k))
		}
	}
	return area + float64(to), math.Sqrt(variance)
}

// Test is whether groups differ: its statistic has about the distribution χ² with so many
// degrees of freedom if they do not.
type Test struct {
	ChiSquare float64
	Freedom   int
}

// ErrNoComparison says that groups cannot be compared: there are fewer than two, or
// nobody left while more than one of them was there.
var ErrNoComparison = errors.New("survival: nobody left while more than one group was there")

// LogRank compares the curves of groups over their whole length (Mantel 1966).
func LogRank(groups ...[]Spell) (Test, error) {
	n := len(groups)
	if n < 2 {
		return Test{}, ErrNoComparison
	}
	var all []Spell
	at := make([]map[int]moment, n)
	for g, spells := range groups {
		all = append(all, spells...)
		at[g] = map[int]moment{}
		for _, m := range moments(spells) {
			at[g][m.time] = m
		}
	}
	risk, excess := make([]float64, n), make([]float64, n)
	spread := make([]float64, n*n)
	for _, m := range moments(all) {
		var total, left float64
		for g := range groups {
			total += risk[g]
		}
		left = float64(m.leavers())
		if left > 0 && total > 1 {
			scale := left * (total - left) / (total - 1)
			for g := range groups {
				share := risk[g] / total
				excess[g] += float64(at[g][m.time].leavers()) - left*share
				for h := range groups {
					v := -share * risk[h] / total
					if g == h {
						v += share
					}
					spread[g*n+h] += scale * v
				}
			}
		}
		for g := range groups {
			x := at[g][m.time]
			risk[g] += float64(x.began - x.lost - x.leavers())
		}
	}
	// The rows of the spread sum to zero: the last group follows from the others.
	chi, rank := quadratic(excess[:n-1], spread, n)
	if rank == 0 {
		return Test{}, ErrNoComparison
	}
	return Test{chi, rank}, nil
}

// quadratic is x·V⁻¹·x for the leading part of V as long as x, leaving out what V does
// not determine, and how much is left.
func quadratic(x, v []float64, width int) (sum float64, rank int) {
	n := len(x)
	a, b := make([]float64, n*n), slices.Clone(x)
	var most float64
	for i := range n {
		copy(a[i*n:(i+1)*n], v[i*width:i*width+n])
		most = max(most, a[i*n+i])
	}
	for k := range n {
		pivot := a[k*n+k]
		if pivot <= most*1e-12 {
			continue
		}
		rank++
		sum += b[k] * b[k] / pivot
		for i := k + 1; i < n; i++ {
			f := a[i*n+k] / pivot
			b[i] -= f * b[k]
			for j := k + 1; j < n; j++ {
				a[i*n+j] -= f * a[k*n+j]
			}
		}
	}
	return sum, rank
}

// Share is how many have left for one cause after a period, of all who began.
type Share struct {
	Time int
	Left float64
}

// ByCause is how many have left for each cause after each period in which somebody left
// for it (Aalen and Johansen 1978): who leaves for one cause cannot leave for another, and
// so the shares of all causes and of those who stay add up to one.
func ByCause(spells []Spell) map[int][]Share {
	out, sum := map[int][]Share{}, map[int]float64{}
	stay, atRisk := 1.0, 0
	for _, m := range moments(spells) {
		if d := m.leavers(); d > 0 {
			for cause, k := range m.left {
				sum[cause] += stay * float64(k) / float64(atRisk)
				out[cause] = append(out[cause], Share{m.time, sum[cause]})
			}
			stay *= 1 - float64(d)/float64(atRisk)
			atRisk -= d
		}
		atRisk += m.began - m.lost
	}
	return out
}
