// Package authority is what a court, a prosecutor or another authority orders
// about a departure: that nothing is erased, and perhaps that the customer may not
// have their data for a while. Two people put an order in force, one is enough to
// end it. It is pure: it stores nothing and tells nobody.
package authority

import (
	"slices"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// ID identifies an order (ord_…).
type ID string

// State is how far an order is.
type State string

// The states.
const (
	Asked   State = "asked"    // one person wrote it down; it holds nothing yet
	Refused State = "refused"  // it never held: another person refused it, or it was taken back
	InForce State = "in_force" // it holds
	Over    State = "over"     // it was lifted, or its last day is past
)

// Transitions is the only truth about how orders change.
var Transitions = map[State][]State{
	Asked:   {InForce, Refused},
	InForce: {Over},
}

// AskLife is how long a second person has to agree.
const AskLife = 7 * 24 * time.Hour

// Order is one order about one departure. While it is in force nothing of the
// customer is erased.
type Order struct {
	ID       ID
	Case     string
	Customer string
	State    State
	Withhold bool      // the customer may not have their data either
	Named    bool      // they may know who ordered it
	Silent   bool      // they may not even know that there is one
	Until    when.Date // the last day; zero: until it is lifted
	Words    Words
	AskedBy  string
	AskedAt  time.Time
	AgreedBy string // who put it in force
	AgreedAt time.Time
	OverBy   string // who ended or refused it
	OverAt   time.Time
	Version  int64
}

// Words are what an order says. They are sealed at rest.
type Words struct {
	Authority string `json:"authority"`
	Reference string `json:"reference"` // of its file there
}

func (o *Order) to(s State) error {
	if !slices.Contains(Transitions[o.State], s) {
		return fault.New(fault.Blocked, "order.state."+string(o.State))
	}
	o.State = s
	return nil
}

// Agree puts it in force: a second person, within AskLife of the asking.
func (o *Order) Agree(by string, now time.Time) error {
	switch {
	case o.State != Asked:
	case o.AskedBy == by:
		return fault.New(fault.Forbidden, "approval.same_person")
	case now.Sub(o.AskedAt) > AskLife:
		return fault.New(fault.Blocked, "order.too_old")
	}
	if err := o.to(InForce); err != nil {
		return err
	}
	o.AgreedBy, o.AgreedAt = by, now
	return nil
}

// Refuse takes it back before it holds anything; whoever wrote it down may, too.
func (o *Order) Refuse(by string, now time.Time) error {
	if err := o.to(Refused); err != nil {
		return err
	}
	o.OverBy, o.OverAt = by, now
	return nil
}

// Lift ends it. One person is enough: it is for the customer.
func (o *Order) Lift(by string, now time.Time) error {
	if err := o.to(Over); err != nil {
		return err
	}
	o.OverBy, o.OverAt = by, now
	return nil
}

// Tell ends the silence about it: from now on the customer may know that there is, or
// was, one. What it holds stays as it is.
func (o *Order) Tell() error {
	if !o.Silent {
		return fault.New(fault.Conflict, "order.told")
	}
	o.Silent = false
	return nil
}

// Holds reports whether nothing may be erased on a day. The last day ends it, whether
// or not somebody has written that down.
func (o Order) Holds(today when.Date) bool {
	return o.State == InForce && (o.Until.IsZero() || !o.Until.Before(today))
}

// Withholds reports whether it keeps the customer from their data on a day.
func (o Order) Withholds(today when.Date) bool { return o.Withhold && o.Holds(today) }

// Lost is how many days of a window that ends on a day an order took that is over:
// those that the customer gets back. A day that was begun counts.
func (o Order) Lost(end when.Date, zone *time.Location) int {
	if o.State != Over || !o.Withhold {
		return 0
	}
	from, to := when.DateOf(o.AgreedAt, zone), when.DateOf(o.OverAt, zone)
	if !o.Until.IsZero() && o.Until.Before(to) { // it was written down later
		to = o.Until
	}
	if end.Before(from) { // it was over before
		return 0
	}
	return from.DaysUntil(to) + 1
}
