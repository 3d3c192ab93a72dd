// Package approval is how an act that needs a second person is decided where
// one person works: by the customer whom it concerns, or by a time that is
// waited for in sight of everybody and can be taken back until its end. It is
// pure: it stores nothing, asks nobody and looks at no clock, and it does not
// know who prepared what.
package approval

import (
	"slices"
	"time"

	"hastaluego/internal/fault"
)

// ID identifies an approval (apr_…).
type ID string

// Way is who looks instead of a second person.
type Way string

// The ways.
const (
	Client Way = "client" // the customer, on their private page or by mail
	Time   Way = "time"   // nobody: a time goes by in which it can be taken back
)

// Who decided, where it was nobody of the company.
const (
	ByClient = "customer"
	ByTime   = "time"
	// ByMail is the customer too, in a letter that somebody of the company read in.
	ByMail = "customer.mail"
)

// About is what is approved.
type About string

// What may be approved.
const (
	Step     About = "step"
	Playbook About = "playbook"
	Flow     About = "flow"
	Policy   About = "policy" // of offers
	Ending   About = "ending"
	Lane     About = "lane" // a lane, or a customer in one
)

// State is where an approval stands.
type State string

// The states.
const (
	Asked     State = "asked"
	Given     State = "given"
	Refused   State = "refused"   // the customer says what is missing
	Withdrawn State = "withdrawn" // taken back by whoever asked
	Void      State = "void"      // a second person decided, or there is nothing left to decide
)

// Transitions is the only truth about how approvals change.
var Transitions = map[State][]State{Asked: {Given, Refused, Withdrawn, Void}}

// Bounds of the time that is waited for, in hours of business time.
const (
	LeastHours = 24
	UsualHours = 72
	MostHours  = 720
)

// Mode is whether one person works here, since when, and for how long it is
// waited.
type Mode struct {
	On    bool
	Hours int
	Since time.Time
}

// Wait is how long it is waited.
func (m Mode) Wait() time.Duration { return time.Duration(m.Hours) * time.Hour }

// Covers reports whether what has waited for a second person since then may be
// decided in another way: what waited when the mode began stays under the rule
// under which it began.
func (m Mode) Covers(since time.Time) bool { return m.On && since.After(m.Since) }

// Approval is one act that was put to somebody else than a second person.
// Another attempt is another approval.
type Approval struct {
	ID      ID
	About   About
	Subject string // of the step, the playbook version or the ending
	Case    string // of a step
	Step    string // its key
	Way     Way
	State   State
	AskedAt time.Time
	AskedBy string
	Until   time.Time // end of the time; by when the customer is expected to answer
	OverAt  time.Time
	OverBy  string // customer, time, or usr_…
	Version int64
}

// Ask puts an act to somebody, if the mode covers what has waited since then.
func Ask(m Mode, since time.Time, a Approval, now time.Time) (Approval, error) {
	switch {
	case !m.On:
		return a, fault.New(fault.Forbidden, "approval.same_person")
	case !m.Covers(since):
		return a, fault.New(fault.Blocked, "approval.began_with_two")
	}
	a.State, a.AskedAt, a.Until = Asked, now, now.Add(m.Wait())
	return a, nil
}

func (a *Approval) to(s State, by string, now time.Time) error {
	if !slices.Contains(Transitions[a.State], s) {
		return fault.New(fault.Blocked, "approval.over")
	}
	a.State, a.OverBy, a.OverAt = s, by, now
	return nil
}

// Answer is the customer's word.
func (a *Approval) Answer(yes bool, now time.Time) error {
	if a.Way != Client {
		return fault.New(fault.Blocked, "approval.over")
	}
	if yes {
		return a.to(Given, ByClient, now)
	}
	return a.to(Refused, ByClient, now)
}

// Ripen approves what was waited for in full. False: it is not that time, or
// not any more.
func (a *Approval) Ripen(now time.Time) bool {
	return a.Way == Time && !now.Before(a.Until) && a.to(Given, ByTime, now) == nil
}

// Withdraw takes it back before it was decided.
func (a *Approval) Withdraw(by string, now time.Time) error { return a.to(Withdrawn, by, now) }

// Drop ends what a second person decided, or what is there no more.
func (a *Approval) Drop(by string, now time.Time) error { return a.to(Void, by, now) }

// Unanswered reports whether the customer was given the whole time and said
// nothing: then it may be waited for instead.
func (a Approval) Unanswered(now time.Time) bool {
	return a.Way == Client && a.State == Asked && !now.Before(a.Until)
}
