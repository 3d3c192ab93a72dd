// Package improvement holds what the company decides to change because of
// those who left: who sees to it, by when, and what came of it. It is pure: it
// stores nothing and measures nothing.
package improvement

import (
	"slices"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// ID identifies an improvement (imp_…).
type ID string

// State is where an improvement stands.
type State string

// The states.
const (
	Open    State = "open"
	Done    State = "done"    // done, and what came of it was written down
	Dropped State = "dropped" // not done, with the reason
)

// Transitions is the only truth about how improvements change.
var Transitions = map[State][]State{Open: {Done, Dropped}}

// Headings are what an improvement is about: the five of the third evaluation,
// and what else leavers speak of.
var Headings = []string{"protocol", "quality", "attitude", "bad_practices", "thin_packages", "price", "other"}

// Action is one improvement. What is written in words is sealed at rest.
type Action struct {
	ID      ID
	Heading string
	What    string
	Owner   string // usr_…
	Due     when.Date
	Case    offboarding.CaseID // whose leaver gave the idea; empty: none in particular
	State   State
	Over    when.Date // done or dropped on
	Effect  string    // what came of it, or why it was dropped
	MadeAt  time.Time
	MadeBy  string
	Version int64
}

// Late reports whether the action is open after its day.
func (a Action) Late(today when.Date) bool { return a.State == Open && a.Due.Before(today) }

// Check reports everything that is wrong with a new action.
func (a Action) Check(today when.Date) fault.List {
	var l fault.List
	if a.What == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("what"))
	}
	if a.Owner == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("owner"))
	}
	if !slices.Contains(Headings, a.Heading) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("heading"))
	}
	if a.Due.IsZero() || a.Due.Before(today) || today.AddDays(3660).Before(a.Due) {
		l = append(l, fault.New(fault.Invalid, "improvement.due").On("due"))
	}
	return l
}

// End says how an action ended, on a day, and what came of it.
func (a *Action) End(s State, effect string, on when.Date) error {
	if !slices.Contains(Transitions[Open], s) {
		return fault.New(fault.Invalid, "field.choice").On("state")
	}
	if !slices.Contains(Transitions[a.State], s) {
		return fault.New(fault.Blocked, "improvement.over")
	}
	if effect == "" {
		return fault.New(fault.Invalid, "field.required").On("effect")
	}
	a.State, a.Effect, a.Over = s, effect, on
	return nil
}
