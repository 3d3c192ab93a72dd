// Package invitation is what a customer is invited to when somebody wants to
// listen: when, how, where, and that they may say no. It is pure: it writes to
// nobody, keeps no calendar and stores nothing.
package invitation

import (
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// ID identifies an invitation (inv_…).
type ID string

// Format is how people meet.
type Format string

// The formats.
const (
	InPerson Format = "in_person"
	Video    Format = "video"
	Phone    Format = "phone"
)

// Formats are all of them.
var Formats = []Format{Phone, Video, InPerson}

// State is the state of an invitation.
type State string

// The states of an invitation.
const (
	Invited   State = "invited"
	Declined  State = "declined"  // they prefer not to talk
	Cancelled State = "cancelled" // by us
)

// Transitions is the only truth about how invitations change. Another time is
// the same invitation, agreed again.
var Transitions = map[State][]State{
	Invited: {Invited, Declined, Cancelled},
}

// Invitation is one conversation that a customer is invited to. What is written
// in words is sealed at rest.
type Invitation struct {
	ID       ID
	Case     offboarding.CaseID
	Step     offboarding.StepID
	Customer customer.ID
	Format   Format
	Neutral  bool // neither their place nor ours
	Start    time.Time
	Minutes  int
	Sequence int // how often it was agreed anew; a calendar takes the newest
	State    State
	MadeBy   string
	MadeAt   time.Time
	Place    string // address, link or number
	Words    string // for the customer
	Version  int64
}

// End is when it is over.
func (i Invitation) End() time.Time { return i.Start.Add(time.Duration(i.Minutes) * time.Minute) }

// To changes the state of the invitation by the table.
func (i *Invitation) To(s State) error {
	if !slices.Contains(Transitions[i.State], s) {
		return fault.New(fault.Blocked, "invitation.over")
	}
	i.State = s
	return nil
}

// How long a conversation may be, in minutes, and how many days ahead.
const (
	Shortest = 10
	Longest  = 240
	Ahead    = 90
)

// Check reports everything that is wrong with an invitation that is made now.
func (i Invitation) Check(now time.Time) fault.List {
	var l fault.List
	if !slices.Contains(Formats, i.Format) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("invitation.format"))
	}
	if i.Place == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("invitation.place"))
	}
	if i.Start.IsZero() || !now.Before(i.Start) || now.AddDate(0, 0, Ahead).Before(i.Start) {
		l = append(l, fault.New(fault.Invalid, "invitation.start", "days", Ahead).On("invitation.date"))
	}
	if i.Minutes < Shortest || i.Minutes > Longest {
		l = append(l, fault.New(fault.Invalid, "form.scale", "min", Shortest, "max", Longest).On("invitation.minutes"))
	}
	return l
}
