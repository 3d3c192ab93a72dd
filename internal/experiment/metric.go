package experiment

import "time"

// Metric is one thing that is counted of every customer who saw an arm.
type Metric string

// The metrics. Every one is counted over whoever saw an arm, by the arm they were
// given, whatever they did then; times run from the moment they saw it.
const (
	Deflected  Metric = "deflected"    // took their departure back, within 30 days
	Accepted   Metric = "accepted"     // took an offer, within 30 days
	Held30     Metric = "held_30"      // on day 30 a customer without a departure under way
	Held90Paid Metric = "held_90_paid" // the same on day 90, and more was paid than given back until then
	Retained   Metric = "retained"     // paid within 90 days, less what was given back and what the offer cost us besides its discount
	Complained Metric = "complained"   // complained, within 30 days
	ExitTime   Metric = "exit_time"    // hours until their departure was done or taken back, 30 days at most
	LeftAgain  Metric = "left_again"   // asked to leave a second time, within 90 days
)

const (
	day   = 24 * time.Hour
	month = 30 * day
	three = 90 * day
)

// measure is how a metric is counted and read.
type measure struct {
	after time.Duration // when it is known of a customer
	share bool          // yes or no; otherwise an amount
	lower bool          // less is better
	judge bool          // may be the primary metric
	most  float64       // how much harm may be tolerated in it at most; 0: no guard
}

// measures is the only truth about metrics. Deflected and Accepted judge nothing: a
// customer who clicked is not one who stayed, and nobody in the holdout can accept.
var measures = map[Metric]measure{
	Deflected:  {after: month, share: true},
	Accepted:   {after: month, share: true},
	Held30:     {after: month, share: true, judge: true},
	Held90Paid: {after: three, share: true, judge: true},
	Retained:   {after: three, judge: true},
	Complained: {after: month, share: true, lower: true, judge: true, most: .02},
	ExitTime:   {after: month, lower: true, judge: true, most: 48},
	LeftAgain:  {after: three, share: true, lower: true, judge: true, most: .10},
}

// Saves are the shares that are told of every arm, in this order; the fifth number
// is Incremental. None of them is "the save rate".
var Saves = []Metric{Deflected, Accepted, Held30, Held90Paid}

// Guards are the metrics in which an arm must do no harm. They cannot be switched
// off.
var Guards = []Metric{Complained, ExitTime, LeftAgain}

// After is how long after somebody saw an arm the metric is known of them.
func (m Metric) After() time.Duration { return measures[m].after }
