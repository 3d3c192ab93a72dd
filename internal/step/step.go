// Package step has one file per kind of step. A kind says how to look at a far
// system, what follows from what was seen, how to do it once, how to read it
// back, and how to take it back. Kinds hold no state, know no database and do
// no arithmetic of money; app and engine drive them.
package step

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// Subject is what a kind may know when it plans or decides: the departure as
// recorded, read in one transaction. Item is what this work is about.
type Subject struct {
	Case          offboarding.Case
	Step          offboarding.Step
	Work          offboarding.Work
	Customer      customer.Customer
	Subscriptions []customer.Subscription // those that the case ends
	Grants        []customer.Grant
	Balances      []customer.Balance
	Sent          []customer.BalanceID // that other works may have given back
	Asked         []customer.BalanceID // that people are asked to give back
	ByHand        []customer.Balance   // credits and deposits that the statement gives back: people do
	Owing         []string             // currencies in which the statement asks something of the customer
	Unapproved    bool                 // an approval before the step was left out
	Owner         string               // the name by which the system of the work knows the customer, for what is erased there
	Reason        string               // what the customer said why, in the codes of billing systems; empty: nothing
	GivesBack     bool                 // the departure gives back what the contract of the work is paid for and not used
	Settled       bool                 // the statement of the departure has something in it
	Zone          *time.Location
	EffectiveAt   time.Time // first instant after the effective date
	RetrievalAt   time.Time // first instant after the retrieval window
	Now           time.Time // business time
}

// Subscription returns the subscription that the work is about.
func (s Subject) Subscription() (customer.Subscription, bool) {
	for _, x := range s.Subscriptions {
		if string(x.ID) == s.Work.Item {
			return x, true
		}
	}
	return customer.Subscription{}, false
}

// EndsAt is the first instant after the last day of the contract that the work is
// about.
func (s Subject) EndsAt() time.Time { return s.endOf(customer.SubscriptionID(s.Work.Item)) }

func (s Subject) endOf(sub customer.SubscriptionID) time.Time {
	if day, own := s.Case.Ends[sub]; own {
		return day.End(s.Zone)
	}
	return s.EffectiveAt
}

// Grant returns the access that the work is about.
func (s Subject) Grant() (customer.Grant, bool) {
	for _, g := range s.Grants {
		if string(g.ID) == s.Work.Item {
			return g, true
		}
	}
	return customer.Grant{}, false
}

// Open returns the balances that are neither paid nor void.
func (s Subject) Open() []customer.Balance {
	var out []customer.Balance
	for _, b := range s.Balances {
		if b.Status == customer.Due {
			out = append(out, b)
		}
	}
	return out
}

// split reads a list with commas.
func split(list string) map[string]bool {
	out := map[string]bool{}
	for _, s := range strings.Split(list, ",") {
		out[strings.TrimSpace(s)] = true
	}
	return out
}

// Job is one work that a step needs: an effect on one item, or a timer.
type Job struct {
	Item   string
	System string
	RunAt  time.Time // business time; zero: now
}

// Findings is what was read at the far system before deciding.
type Findings struct {
	Found   bool // the far system knows it
	Status  string
	Ended   bool
	EndsAt  time.Time
	PaidTo  time.Time // its period is over then; zero: nobody says
	Back    bool      // it is as taking the act back leaves it
	Pending bool      // it was accepted, and is on its way
	Twice   bool      // the system gives the same to the customer by itself
	Failed  bool      // it came to nothing: asking again for the same changes nothing
	// Reference is what the act would be about, where looking finds that out.
	Reference string
	Evidence  json.RawMessage
}

// Decision is what follows from the findings. With neither Already nor Act
// set, nothing can be done now: look again at Again.
type Decision struct {
	Already bool      // it is so already: nothing to call
	Act     bool      // call Action
	Action  Action    // what to call
	Again   time.Time // business time
}

// Action is one call of a far system, complete and repeatable: its hash is
// recorded before it is made.
type Action struct {
	System    string          `json:"system"`
	Verb      string          `json:"verb"`
	Name      string          `json:"name,omitempty"` // of a declared action
	Reference string          `json:"reference"`
	EndsAt    time.Time       `json:"ends_at,omitzero"`
	Period    bool            `json:"period,omitempty"`    // it ends with its period
	Reason    string          `json:"reason,omitempty"`    // code of why it ends
	NoCredit  bool            `json:"no_credit,omitempty"` // nothing is credited for what is not used
	Held      []string        `json:"held,omitempty"`      // what an access had before it was narrowed
	Body      json.RawMessage `json:"body,omitempty"`      // of a message
	// Refund is what is given back out of the payment Reference, without its key.
	Refund *connector.RefundInput `json:"refund,omitempty"`
}

// Outcome is what the far system answered to an action: "done" in our words.
type Outcome struct {
	Reference string
	Evidence  json.RawMessage
}

// Proof is what reading back showed. Holds makes it "verified".
type Proof struct {
	Holds    bool
	Evidence json.RawMessage
	Why      string    // message code, when it does not hold
	Again    time.Time // business time at which to look again; zero: by back-off
	Final    bool      // looking again changes nothing: a person is asked
}

// Kind is one kind of step. Human kinds and timers implement only Spec and
// Jobs; the engine asks the others.
type Kind interface {
	// Spec is what a playbook may say about this kind.
	Spec() playbook.KindSpec
	// Jobs returns the works of a step that became ready. Pure. A human kind
	// has none; a step without jobs that is not human is done at once.
	Jobs(s Subject) []Job
}

// Effector is a kind with an effect on a far system.
type Effector interface {
	Observer
	// Observe reads the far system; it never writes.
	Observe(ctx context.Context, s Subject) (Findings, error)
	// Decide is pure: a dry run is Observe and Decide.
	Decide(s Subject, f Findings) (Decision, error)
	// Apply makes the call, once per key. Errors are classed as connector.Billing says.
	Apply(ctx context.Context, a Action, key string) (Outcome, error)
	// Undo returns what takes the effect back, as Decide does.
	Undo(s Subject, f Findings) (Decision, error)
	// VerifyUndo reads back whether the effect is gone.
	VerifyUndo(ctx context.Context, s Subject) (Proof, error)
}

// Teller is an effector whose effect nobody can read back: its works end with
// the far end's word, as done and not as verified.
type Teller interface {
	Effector
	CannotReadBack()
}

// Observer is a kind that reads whether something is so: of one that is no Effector
// the work is done when it is.
type Observer interface {
	Kind
	// Info describes the system that is read.
	Info(s Subject) (connector.Info, error)
	// Verify reads whether it is so; of an Effector, whether the effect is there.
	Verify(ctx context.Context, s Subject) (Proof, error)
}

// Courier is a kind whose jobs are papers for the customer: app queues the
// message and the job is done when the mail system took it.
type Courier interface {
	Kind
	Paper() string // kind of letter: "farewell"
}

// Maker is a kind whose jobs make a file for the customer out of the record:
// app makes it, and reads it back.
type Maker interface {
	Kind
	Makes()
}

// Lister is a human kind whose checklist is made of the record when its turn
// comes; with nothing on it the step is not needed.
type Lister interface {
	Kind
	Items(s Subject) []offboarding.Item
}
