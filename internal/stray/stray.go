// Package stray is what happens to somebody who has left and should not: a
// charge after the end, a subscription that runs again, use, a sign-in. It says
// what counts as one and what is to be given back. It is pure: it reads no far
// system, keeps nothing and tells nobody.
package stray

import (
	"slices"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
)

// ID identifies a stray (str_…).
type ID string

// Kind is what happened.
type Kind string

// The kinds.
const (
	Charge  Kind = "charge"  // they were charged, or asked to pay
	Running Kind = "running" // their subscription runs again
	Use     Kind = "use"     // what they had is used
	SignIn  Kind = "sign_in" // somebody got in by their access
)

// Kinds are all of them.
var Kinds = []Kind{Charge, Running, Use, SignIn}

// State is what became of it.
type State string

// The states.
const (
	Open      State = "open"      // a person is asked
	Refunding State = "refunding" // a person decided to give the money back; it is not there yet
	Refunded  State = "refunded"  // it was given back
	Resolved  State = "resolved"  // a person looked, and said what it was
)

// States are all of them.
var States = []State{Open, Refunding, Refunded, Resolved}

// moves is the only truth about how they change, but for what is asked for and then paid: see Paid.
var moves = map[State][]State{Open: {Refunding, Resolved}, Refunding: {Refunded}}

// Stray is one thing that happened after the end of a departure.
type Stray struct {
	ID         ID
	Case       string // case_…: the departure that was over
	Customer   string // cus_…
	Kind       Kind
	System     string // where it was seen: a system of systems.yaml; ReadingsSystem for readings
	Far        string // its number there: the same one is found once
	About      string // what it is about: a subscription's number, an account, a metric
	HappenedAt time.Time
	FoundAt    time.Time
	Amount     money.Amount // of a charge, what is left of it; zero otherwise
	Back       money.Amount // of it, what belongs to the time after the end: what is proposed to be given back
	Taken      bool         // the money came in
	Payment    string       // what a refund is made of; empty: not by a program
	State      State
	Step       string // key of the step by which a person is asked
	Balance    string // bal_… of what is given back; empty: nothing yet
	Promise    string // msg_… of the letter that it is given back; empty: none was written
	Word       string // msg_… of the letter that it was; empty: none was written
	OverAt     time.Time
	OverBy     string // usr_…, engine
	Version    int64  // 0: not stored yet
}

// ErasedFar begins what stands in Far where the customer was erased: a keyed hash
// of the number, which leads nobody back to it.
const ErasedFar = "erased:"

// Erased reports whether it is a charge of somebody of whom nothing is kept: it is
// found at its system by its amount and its time.
func (s Stray) Erased() bool { return s.Kind == Charge && s.About == "" }

// ReadingsSystem stands in System for what the readings of our own record say.
const ReadingsSystem = "readings"

// To moves it on.
func (s *Stray) To(next State, by string, now time.Time) error {
	if !slices.Contains(moves[s.State], next) {
		return fault.New(fault.Blocked, "stray.over")
	}
	s.State = next
	if next != Refunding {
		s.OverAt, s.OverBy = now, by
	}
	return nil
}

// Paid says that what was asked for came in after all, as it was seen now: there is
// something to give back, though a person said before that there is nothing. It
// reports whether that is news.
func (s *Stray) Paid(seen Stray) bool {
	if s.Kind != Charge || s.Taken || !seen.Taken || s.State != Open && s.State != Resolved {
		return false
	}
	s.Taken, s.Payment, s.Amount, s.Back = true, seen.Payment, seen.Amount, seen.Back
	s.State, s.OverAt, s.OverBy = Open, time.Time{}, ""
	return true
}

// Over reports whether nothing more is to be done about it.
func (s Stray) Over() bool { return len(moves[s.State]) == 0 }

// Slack is by how much what a charge is for may reach over the end and still
// belong before it: a period that ends on the last day does so in other zones
// on another.
const Slack = 24 * time.Hour

// Bill is a charge as a far system tells it.
type Bill struct {
	Amount, Refunded money.Amount // of one currency
	At               time.Time    // when it was issued
	From, To         time.Time    // what it is for; zero: it does not say
}

// Left is what was not given back of it.
func (b Bill) Left() money.Amount {
	return money.Amount{Minor: b.Amount.Minor - b.Refunded.Minor, Currency: b.Amount.Currency}
}

// AfterEnd reports whether a charge is one that should not be after the end, and
// what of it belongs to the time after. What was issued before anybody asked to
// leave, what is for a time before the end and what was given back already is none;
// nor is what was issued until the end and does not say what it is for. One that is
// for a time on both sides is given back by the part of the time after the end.
func AfterEnd(asked, end time.Time, b Bill) (back money.Amount, is bool) {
	left := b.Left()
	back.Currency = left.Currency
	switch {
	case left.Minor <= 0, !b.At.After(asked), b.To.IsZero() && !b.At.After(end):
		return back, false
	case b.To.IsZero():
		return left, true
	case !b.To.After(end.Add(Slack)):
		return back, false
	case b.From.IsZero(), b.From.After(end.Add(-Slack)), !b.To.After(b.From):
		return left, true
	}
	part, err := b.Amount.Share(int64(b.To.Sub(end)/time.Second), int64(b.To.Sub(b.From)/time.Second))
	if err != nil || part.Minor > left.Minor {
		return left, true
	}
	return part, true
}
