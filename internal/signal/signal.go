// Package signal turns the readings of one customer (use, spend, incidents)
// into signals with the facts behind them. What there is too little of to tell
// is unknown, never zero. It is pure: it reads nothing, and does not say how
// bad a signal is.
package signal

import (
	"slices"

	"hastaluego/internal/when"
)

// Metric is what a reading measures.
type Metric string

// The metrics that signals are made of.
const (
	Use       Metric = "use"       // how much the product was used: any count
	Spend     Metric = "spend"     // what the customer spent, in units of their currency
	Incidents Metric = "incidents" // how many things went wrong
)

// Metrics are the metrics that signals are made of.
var Metrics = []Metric{Use, Spend, Incidents}

// Unit is how a value of one is written: values are thousandths.
const Unit = 1000

// Reading is what a metric was on a day.
type Reading struct {
	Day   when.Date
	Value int64 // in thousandths, not negative
}

// Kind is what a signal is about.
type Kind string

// The signals.
const (
	FallingUse        Kind = "use_falling"
	FallingSpend      Kind = "spend_falling"
	RepeatedIncidents Kind = "incidents_repeated"
)

// Kinds are all signals, in the order in which they are told.
var Kinds = []Kind{FallingUse, FallingSpend, RepeatedIncidents}

// State is whether a signal is there.
type State string

// The states.
const (
	Yes     State = "yes"
	No      State = "no"
	Unknown State = "unknown"
)

// Trend is where a metric is going.
type Trend string

// The trends.
const (
	Rising   Trend = "rising"
	Steady   Trend = "steady"
	Falling  Trend = "falling"
	NotKnown Trend = "unknown"
)

// Why a signal is unknown: message codes.
const (
	NoReadings = "signal.no_readings" // there is none
	Stale      = "signal.stale"       // nobody's readings came for StaleDays
	Few        = "signal.few"         // fewer than FewestBefore to compare with
	Young      = "signal.young"       // they do not reach back far enough
)

// How signals are found. Four weeks are compared with the twelve before them,
// so that every weekday counts the same, and readings of every day, week or
// month are all served.
const (
	RecentDays    = 28
	BeforeDays    = 84
	IncidentDays  = 84
	StaleDays     = 45
	FewestBefore  = 3  // readings in the weeks before
	ReachBack     = 84 // days that readings must reach back from the newest
	FallPercent   = 30 // a change of so much is a fall, or a rise
	FewestToCount = 3  // incidents that are repeated ones
)

// Signal is one signal with its facts: those that it was found by, which later
// readings do not change.
type Signal struct {
	Kind   Kind      `json:"kind"`
	State  State     `json:"state"`
	Why    string    `json:"why,omitempty"` // of an unknown one
	Trend  Trend     `json:"trend,omitempty"`
	Recent int64     `json:"recent"`           // in the recent days, thousandths
	Before int64     `json:"before,omitempty"` // in as many days before them, on average
	Change int       `json:"change,omitempty"` // percent of Before; -62
	From   when.Date `json:"from,omitzero"`    // first and last of the recent days
	Until  when.Date `json:"until,omitzero"`
	Count  int       `json:"count,omitempty"` // readings that were used
}

// Input is what is known of one customer.
type Input struct {
	Today when.Date
	// Newest is the day of the newest reading of a metric of anybody: a customer
	// without readings while others have them did nothing.
	Newest   map[Metric]when.Date
	Readings map[Metric][]Reading
}

// Find finds every signal, in the order of Kinds. The order of readings does
// not matter; what lies after Today does not count.
func Find(in Input) []Signal {
	return []Signal{
		trend(FallingUse, in, Use, true),
		trend(FallingSpend, in, Spend, false),
		repeated(in),
	}
}

// until returns the readings up to the day, oldest first.
func until(list []Reading, day when.Date) []Reading {
	out := slices.DeleteFunc(slices.Clone(list), func(r Reading) bool { return day.Before(r.Day) })
	slices.SortFunc(out, func(a, b Reading) int { return b.Day.DaysUntil(a.Day) })
	return out
}

// trend compares the recent days with those before. A count changes by chance
// too: it falls only when the change is more than chance would do.
func trend(kind Kind, in Input, m Metric, counted bool) Signal {
	s := Signal{Kind: kind, State: Unknown, Trend: NotKnown}
	list := until(in.Readings[m], in.Today)
	newest := in.Newest[m]
	if in.Today.Before(newest) {
		newest = in.Today
	}
	switch {
	case len(list) == 0:
		s.Why = NoReadings
		return s
	case newest.AddDays(StaleDays).Before(in.Today):
		s.Why = Stale
		return s
	}
	end := lastDay(list, newest)
	s.From, s.Until = end.AddDays(1-RecentDays), end
	before := 0
	var earlier int64
	for _, r := range list {
		switch age := r.Day.DaysUntil(end); {
		case age < 0, age >= RecentDays+BeforeDays:
		case age < RecentDays:
			s.Recent += r.Value
			s.Count++
		default:
			earlier += r.Value
			before++
			s.Count++
		}
	}
	s.Before = earlier / (BeforeDays / RecentDays)
	switch {
	case before < FewestBefore:
		s.Why = Few
		return s
	case list[0].Day.DaysUntil(end) < ReachBack:
		s.Why = Young
		return s
	}
	s.State, s.Trend = No, Steady
	if s.Before == 0 {
		if s.Recent > 0 {
			s.Trend = Rising
		}
		return s
	}
	s.Change = int((s.Recent - s.Before) * 100 / s.Before)
	switch {
	case s.Change >= FallPercent:
		s.Trend = Rising
	case s.Change <= -FallPercent && (!counted || !byChance(s.Before, s.Recent)):
		s.State, s.Trend = Yes, Falling
	}
	return s
}

// lastDay is the day up to which a customer's readings tell something: that of
// their last one, unless they have been silent for longer than ever before;
// then that of the newest reading of anybody.
func lastDay(list []Reading, newest when.Date) when.Date {
	last := list[len(list)-1].Day
	longest := 0
	for i, r := range list[1:] {
		longest = max(longest, list[i].Day.DaysUntil(r.Day))
	}
	if last.DaysUntil(newest) <= longest {
		return last
	}
	return newest
}

// byChance reports whether a count that should be about expected is within two
// standard deviations of it (of a Poisson distribution).
func byChance(expected, got int64) bool {
	d := float64(expected-got) / Unit
	return d*d < 4*float64(expected)/Unit
}

// repeated counts incidents. Nobody's incident for a while is good news, not a
// lack of data; that incidents were never told of at all is.
func repeated(in Input) Signal {
	s := Signal{Kind: RepeatedIncidents, State: Unknown}
	if in.Newest[Incidents].IsZero() {
		s.Why = NoReadings
		return s
	}
	s.State, s.From, s.Until = No, in.Today.AddDays(1-IncidentDays), in.Today
	for _, r := range in.Readings[Incidents] {
		if age := r.Day.DaysUntil(in.Today); age >= 0 && age < IncidentDays {
			s.Recent += r.Value
			s.Count++
		}
	}
	if s.Recent >= FewestToCount*Unit {
		s.State = Yes
	}
	return s
}

// Of returns the signal of the kind; one that is not there is unknown.
func Of(list []Signal, k Kind) Signal {
	i := slices.IndexFunc(list, func(s Signal) bool { return s.Kind == k })
	if i < 0 {
		return Signal{Kind: k, State: Unknown, Trend: NotKnown}
	}
	return list[i]
}
