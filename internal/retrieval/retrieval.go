// Package retrieval is a copy of their data that customers ask for without leaving:
// the act "retrieve". Nothing ends by it. It is no departure and is kept apart from
// them, so that nothing that counts, lists or follows up departures meets it. It is
// pure.
package retrieval

import (
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// ID identifies a copy (cpy_…).
type ID string

// Is reports whether an id is one of a copy.
func Is(id string) bool { return strings.HasPrefix(id, "cpy_") }

// State is how far a copy is.
type State string

// The states.
const (
	Asked   State = "asked"   // somebody typed an address; whose it is was not looked for yet
	Unfound State = "unfound" // nobody's: a letter said so to it
	Joined  State = "joined"  // its customer had a copy already, and was sent the link of that one
	Waiting State = "waiting" // its link went to the address on file
	Open    State = "open"    // it can be fetched, or is being made
	Stopped State = "stopped" // whoever had its link did not want it
	Over    State = "over"    // its last day passed, or its customer was erased
)

// moves are the states that may follow each.
var moves = map[State][]State{
	Asked:   {Unfound, Joined, Waiting},
	Waiting: {Open, Stopped, Over},
	Open:    {Stopped, Over},
}

// Live reports whether it can be fetched, or may be yet: a customer has one such
// copy at most.
func (s State) Live() bool { return s == Waiting || s == Open }

// Copy is one request for a copy, and what became of it.
type Copy struct {
	ID       ID
	Code     string // for people
	State    State
	AskedBy  string // customer, usr_… or key_…
	Account  string // the address as it was typed; forgotten once it was looked for
	Customer customer.ID
	Language string
	Zone     string // IANA
	Days     int    // for which it can be fetched
	AskedAt  time.Time
	OpenedAt time.Time
	OverAt   time.Time
	Last     when.Date // on which it can be fetched; zero until it is open
	Version  int64
}

func (c *Copy) to(s State) error {
	for _, next := range moves[c.State] {
		if next == s {
			c.State = s
			return nil
		}
	}
	return fault.New(fault.Conflict, "copy.state")
}

// Miss says that nobody goes by the address.
func (c *Copy) Miss(now time.Time) error {
	if err := c.over(Unfound, now); err != nil {
		return err
	}
	c.Account = ""
	return nil
}

// Join says that its customer has a copy already.
func (c *Copy) Join(now time.Time, of customer.ID) error {
	if err := c.over(Joined, now); err != nil {
		return err
	}
	c.Account, c.Customer = "", of
	return nil
}

// Match says whose it is, and for how many days they will be able to fetch it.
func (c *Copy) Match(of customer.ID, days int) error {
	if err := c.to(Waiting); err != nil {
		return err
	}
	c.Account, c.Customer, c.Days = "", of, days
	return nil
}

// Begin opens it, on a day of its zone.
func (c *Copy) Begin(now time.Time, today when.Date) error {
	if err := c.to(Open); err != nil {
		return err
	}
	c.OpenedAt, c.Last = now, today.AddDays(c.Days)
	return nil
}

// Stop ends it because whoever has its link does not want it.
func (c *Copy) Stop(now time.Time) error { return c.over(Stopped, now) }

// End ends it because its last day passed, or its customer is erased.
func (c *Copy) End(now time.Time) error { return c.over(Over, now) }

func (c *Copy) over(s State, now time.Time) error {
	if err := c.to(s); err != nil {
		return err
	}
	c.OverAt = now
	return nil
}
