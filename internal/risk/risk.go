// Package risk gives points to signals by rules, so that whoever reads a list
// of customers knows why one stands above another. It is pure, and no model:
// it says that somebody should look, not how likely it is that they leave.
package risk

import (
	"slices"

	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

// Band is how urgent it is to look.
type Band string

// The bands, the most urgent first.
const (
	High    Band = "high"
	Medium  Band = "medium"
	Low     Band = "low"
	Unknown Band = "unknown" // no signal is known
)

// Bands are all bands, the most urgent first.
var Bands = []Band{High, Medium, Low, Unknown}

// From how many points on.
const (
	HighFrom   = 50
	MediumFrom = 20
)

// Rule gives points for one signal.
type Rule struct {
	ID     string
	Signal signal.Kind
	Points int
	holds  func(signal.Signal) bool
}

// Rules are all rules. Of those about one signal the first that holds counts.
var Rules = []Rule{
	{"use_collapsed", signal.FallingUse, 40, fell(60)},
	{"use_less", signal.FallingUse, 25, fell(signal.FallPercent)},
	{"spend_collapsed", signal.FallingSpend, 30, fell(60)},
	{"spend_less", signal.FallingSpend, 20, fell(signal.FallPercent)},
	{"incidents_many", signal.RepeatedIncidents, 30, happened(6)},
	{"incidents_repeated", signal.RepeatedIncidents, 20, happened(signal.FewestToCount)},
}

func fell(percent int) func(signal.Signal) bool {
	return func(s signal.Signal) bool { return s.Change <= -percent }
}

func happened(times int64) func(signal.Signal) bool {
	return func(s signal.Signal) bool { return s.Recent >= times*signal.Unit }
}

// Reason is a rule that held, with its points.
type Reason struct {
	Rule   string      `json:"rule"`
	Signal signal.Kind `json:"signal"`
	Points int         `json:"points"`
}

// Score is what the rules say of one customer on a day, with the signals as
// they were then.
type Score struct {
	Day     when.Date       `json:"day"`
	Points  int             `json:"points"`
	Band    Band            `json:"band"`
	Reasons []Reason        `json:"reasons"`
	Signals []signal.Signal `json:"signals"`
}

// Rate scores signals as of a day. What is unknown adds nothing, and is not
// taken for good.
func Rate(day when.Date, signals []signal.Signal) Score {
	out := Score{Day: day, Band: Unknown, Signals: signals}
	for _, s := range signals {
		if s.State == signal.Unknown {
			continue
		}
		out.Band = Low
		if s.State != signal.Yes {
			continue
		}
		for _, r := range Rules {
			if r.Signal == s.Kind && r.holds(s) {
				out.Reasons = append(out.Reasons, Reason{r.ID, s.Kind, r.Points})
				out.Points += r.Points
				break
			}
		}
	}
	switch {
	case out.Points >= HighFrom:
		out.Band = High
	case out.Points >= MediumFrom:
		out.Band = Medium
	}
	slices.SortStableFunc(out.Reasons, func(a, b Reason) int { return b.Points - a.Points })
	return out
}

// Unknowns counts the signals that are not known.
func (s Score) Unknowns() (n int) {
	for _, x := range s.Signals {
		if x.State == signal.Unknown {
			n++
		}
	}
	return n
}

// Same reports whether two scores say the same, whatever their day.
func (s Score) Same(o Score) bool {
	return s.Points == o.Points && s.Band == o.Band && slices.Equal(s.Reasons, o.Reasons) && slices.Equal(s.Signals, o.Signals)
}
