// Package ending is how the company ends contracts, one or many: a product that
// is closed, a tariff that goes. A second person agrees before anybody is told,
// and whoever is ended has the same rights as whoever leaves. It is pure: it
// stores nothing, asks nobody and writes to nobody.
package ending

import (
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// ID identifies an ending (end_…).
type ID string

// State is where an ending stands.
type State string

// The states.
const (
	Proposed State = "proposed" // nobody is told before a second person agrees
	Approved State = "approved" // departures are being opened
	Done     State = "done"     // everybody whom it picks was looked at
	Refused  State = "refused"
	Stopped  State = "stopped" // taken back, or no more are opened; those that were go on
)

// Transitions is the only truth about how endings change.
var Transitions = map[State][]State{Proposed: {Approved, Refused, Stopped}, Approved: {Done, Stopped}}

// Pick says which contracts end: all that are live and have everything that is
// said.
type Pick struct {
	Customer customer.ID `json:"customer,omitempty"`
	Product  string      `json:"product,omitempty"`
	Plan     string      `json:"plan,omitempty"`
	Country  string      `json:"country,omitempty"`
	Segment  string      `json:"segment,omitempty"`
}

// Takes reports whether the contract is one that ends, of a customer whom the
// pick takes.
func (p Pick) Takes(s customer.Subscription) bool {
	return s.Status != customer.Ended && (p.Product == "" || s.Product == p.Product) && (p.Plan == "" || s.Plan == p.Plan)
}

// Words are what the customers read, in one language.
type Words struct {
	Why          string `json:"why"`
	Alternatives string `json:"alternatives,omitempty"` // what they may have instead; may be empty
}

// Ending is one act of ending contracts. Its words go to everybody whom it
// picks: they name nobody.
type Ending struct {
	ID        ID
	State     State
	Pick      Pick
	EndsOn    when.Date // last day, inclusive; a contract whose own notice is longer ends later
	Words     map[string]Words
	PerMinute int // notices that may go out in a minute
	MadeAt    time.Time
	MadeBy    string
	DecidedAt time.Time
	DecidedBy string
	Note      string      // why it was refused or stopped
	Cursor    customer.ID // looked at so far, in the order of ids
	Opened    int         // departures opened
	Passed    int         // customers whom it picks and who leave already, or cannot be told
	Version   int64
}

// Bounds of an ending.
const (
	LeastNotice = 15   // days, if the contract says nothing longer
	MostNotice  = 1096 // days
	MostRate    = 6000 // notices a minute
	WordsMost   = 2000 // characters
)

// Check reports everything that is wrong with a new ending that somebody of the
// company decided on.
func (e Ending) Check(today when.Date, languages []string) fault.List {
	var l fault.List
	if e.Pick == (Pick{}) { // everybody is no product
		l = append(l, fault.New(fault.Invalid, "ending.pick").On("product"))
	}
	if e.EndsOn.IsZero() || e.EndsOn.Before(today.AddDays(LeastNotice)) || today.AddDays(MostNotice).Before(e.EndsOn) {
		l = append(l, fault.New(fault.Invalid, "ending.ends_on", "days", LeastNotice).On("ends_on"))
	}
	if e.PerMinute < 1 || e.PerMinute > MostRate {
		l = append(l, fault.New(fault.Invalid, "ending.per_minute", "max", MostRate).On("per_minute"))
	}
	for _, lang := range languages {
		if strings.TrimSpace(e.Words[lang].Why) == "" {
			l = append(l, fault.New(fault.Invalid, "field.required").On("why_"+lang))
		}
	}
	return l
}

// To changes the state.
func (e *Ending) To(s State) error {
	if !slices.Contains(Transitions[e.State], s) {
		return fault.New(fault.Blocked, "ending.over")
	}
	e.State = s
	return nil
}

// Decide agrees to an ending or refuses it; whoever proposed it does neither.
func (e *Ending) Decide(agree bool, by, note string, now time.Time) error {
	switch {
	case by == e.MadeBy:
		return fault.New(fault.Forbidden, "approval.same_person")
	case !agree && strings.TrimSpace(note) == "":
		return fault.New(fault.Invalid, "field.required").On("note")
	}
	to := Approved
	if !agree {
		to = Refused
	}
	if err := e.To(to); err != nil {
		return err
	}
	e.DecidedBy, e.DecidedAt, e.Note = by, now, note
	return nil
}

// LastDay is the last day of a contract under the ending: its own notice,
// counted from the day on which the customer is told, its lock-in and what is
// paid for hold for both sides.
func LastDay(s customer.Subscription, endsOn, told when.Date) when.Date {
	last := endsOn
	for _, d := range []when.Date{told.AddDays(s.Notice), s.LockIn, s.PaidUntil} {
		if last.Before(d) {
			last = d
		}
	}
	return last
}

// SendAt is when the notice of the n-th departure goes out, the first being 0.
func (e Ending) SendAt(n int, begun time.Time) time.Time {
	return begun.Add(time.Duration(n) * time.Minute / time.Duration(max(1, e.PerMinute)))
}
