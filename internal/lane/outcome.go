package lane

import (
	"math"

	"hastaluego/internal/stat"
)

// Metric is something that the guard looks at, written so that more is worse.
type Metric string

// The metrics.
const (
	Complained Metric = "complaints" // the share who complained since they asked
	Unhappy    Metric = "csat"       // how far their answer to "how was it" is below the best, from 0 to 4
	Slow       Metric = "exit_time"  // days: see docs/reference/lanes.md
)

// Metrics are all of them.
var Metrics = []Metric{Complained, Unhappy, Slow}

// The rule, stated once. A lane stops when the lower end of the interval of "its leavers
// less other leavers" is above zero. The interval is that of a line that the difference
// of two that are the same ever crosses with probability alpha, for all metrics
// together, however often it is looked at (stat.Rising): so it may be looked at every
// day. Fewer than Fewest on either side say nothing.
const (
	alpha  = .05
	Fewest = 20  // on either side
	whole  = 200 // leavers of the lane at which time is 1
	early  = .25 // at which part of them the line asks least
)

// Seen is what is known of one who left.
type Seen struct {
	Complained bool
	Answer     int     // 1 to 5; 0: none
	Days       float64 // below zero: not over yet
}

// Side is what came of one side, for one metric.
type Side struct {
	N       int
	Moments stat.Moments
}

func (s *Side) add(x float64) { s.N++; s.Moments.Add(x) }

// Compared is how the leavers of a lane did against others, for one metric.
type Compared struct {
	Metric       Metric
	Lane, Others Side
	Difference   stat.Estimate
}

// Enough reports whether there are as many as the guard needs.
func (c Compared) Enough() bool { return c.Lane.N >= Fewest && c.Others.N >= Fewest }

// Alarm is that the leavers of a lane fared worse than others.
type Alarm struct {
	Metric   Metric  `json:"metric"`
	Lane     float64 `json:"lane"`
	Others   float64 `json:"others"`
	Low      float64 `json:"low"` // lower end of the difference
	N        int     `json:"n"`
	NAgainst int     `json:"n_others"`
}

// Compare compares the leavers of a lane with others.
func Compare(lane, others []Seen) []Compared {
	line := stat.Rising(alpha/float64(len(Metrics)), early)
	out := make([]Compared, len(Metrics))
	for i, m := range Metrics {
		c := Compared{Metric: m, Lane: gather(m, lane), Others: gather(m, others)}
		z := line.Z(float64(c.Lane.N) / whole)
		if m == Complained {
			c.Difference = stat.ShareDifference(yes(c.Lane), c.Lane.N, yes(c.Others), c.Others.N, z)
		} else {
			c.Difference = stat.Difference(c.Lane.Moments, c.Others.Moments, z)
		}
		out[i] = c
	}
	return out
}

func yes(s Side) int { return int(math.Round(s.Moments.Mean * float64(s.N))) }

func gather(m Metric, list []Seen) (s Side) {
	for _, x := range list {
		switch {
		case m == Complained && x.Complained:
			s.add(1)
		case m == Complained:
			s.add(0)
		case m == Unhappy && x.Answer > 0:
			s.add(float64(5 - x.Answer))
		case m == Slow && x.Days >= 0:
			s.add(x.Days)
		}
	}
	return s
}

// Worse is the first metric by which the leavers of a lane fare worse; nil: none does, as
// far as anybody can tell.
func Worse(list []Compared) *Alarm {
	for _, c := range list {
		if c.Enough() && c.Difference.Low > 0 {
			return &Alarm{c.Metric, c.Lane.Moments.Mean, c.Others.Moments.Mean, c.Difference.Low, c.Lane.N, c.Others.N}
		}
	}
	return nil
}

// Effort is what people worked for the customers of a lane: in a month before it was
// agreed to them, and in a month since, over as many months on both sides.
type Effort struct {
	Customers     int
	Months        float64 // of customers, on each side
	Before, After int64   // minutes
}

// Add takes in a customer: minutes over as many days before as after.
func (e *Effort) Add(days int, before, after int64) {
	if days <= 0 {
		return
	}
	e.Customers++
	e.Months += float64(days) / (365.0 / 12)
	e.Before, e.After = e.Before+before, e.After+after
}

// FewestMonths is of how many months of customers a rate is told at least.
const FewestMonths = 3

// PerMonth is how many minutes a month of one customer took before and after; false: too
// little was seen.
func (e Effort) PerMonth() (before, after float64, ok bool) {
	if e.Months < FewestMonths {
		return 0, 0, false
	}
	return float64(e.Before) / e.Months, float64(e.After) / e.Months, true
}
