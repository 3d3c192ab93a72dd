// Package offer is what a company may propose, once, to a customer who leaves:
// the files that declare what it has to propose, the policy that chooses among
// them by declared facts alone, the guards that no file switches off, and the
// way from offered to applied. It is pure: it asks nobody, stores nothing and
// writes to nobody.
package offer

import (
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
)

// ID identifies an offer (ofr_…).
type ID string

// State is the state of an offer.
type State string

// The states of an offer.
const (
	Offered  State = "offered"
	Accepted State = "accepted" // we owe it; the departure is undone, or goes on until it is applied
	Declined State = "declined"
	Lapsed   State = "lapsed"   // nobody answered in time
	Applied  State = "applied"  // it was done, and seen
	Reversed State = "reversed" // it was taken back, or no longer wanted
	Failed   State = "failed"   // it was not applied in time: the departure went through
)

// Transitions is the only truth about how offers change. None leads back to
// offered: it is asked once.
var Transitions = map[State][]State{
	Offered:  {Accepted, Declined, Lapsed},
	Accepted: {Applied, Reversed, Failed},
	Applied:  {Reversed},
}

// Offer is the one thing that is proposed in a departure. What is written in
// words is sealed at rest.
type Offer struct {
	ID         ID
	Case       offboarding.CaseID
	Customer   customer.ID
	Kind       Kind
	State      State
	Until      when.Date // last day to answer
	By         when.Date // day by which we do it; of a discount or plan, from which it counts
	Complaint  relationship.ComplaintID
	Commitment relationship.CommitmentID // that it became when it was accepted
	OfferedBy  string
	OfferedAt  time.Time
	AnsweredAt time.Time
	OverBy     string // who applied it or took it back
	OverAt     time.Time
	Heard      string // what we understood
	What       string // what we can do, in one sentence
	Changes    string // what changes, losses included; a line each
	Evidence   string // how it is seen that it was applied, or why it was taken back
	Cost       string // what it costs them; empty in words of a person's own
	Why        string // why this, as the policy says to the customer
	Reason     string // why a person did otherwise than the policy
	Version    int64
	Basis
	How How // zero: words of a person's own, who owes it once it is accepted
}

// Waits reports whether the departure goes on until what was accepted is applied and
// read back: it changes what the billing system charges, or when.
func (o Offer) Waits() bool { return o.How.Apply != "" && o.Kind != Fix && o.Kind != Help }

// Basis is what an offer was made by.
type Basis struct {
	Policy    string // version; empty: before there was one
	Line      string // that decided; empty: none
	Name      string // version of the offer of the library; empty: words of a person's own
	Deviates  bool   // a person did otherwise than the policy
	Automatic bool   // nobody looked at it before it was made
}

// To changes the state of the offer by the table.
func (o *Offer) To(s State) error {
	if !slices.Contains(Transitions[o.State], s) {
		return fault.New(fault.Blocked, "offer.over")
	}
	o.State = s
	return nil
}

// Check reports everything that is wrong with a new offer, on a day, in a
// departure that takes effect at the end of another; wronged says that a bad
// service stands unrepaired.
func (o Offer) Check(today, effective when.Date, wronged bool) fault.List {
	var l fault.List
	switch {
	case !slices.Contains(Kinds, o.Kind):
		l = append(l, fault.New(fault.Invalid, "offer.choose").On("offer.kind"))
	case o.Kind == OtherProduct && wronged:
		l = append(l, fault.New(fault.Invalid, "offer.wronged").On("offer.kind"))
	case o.Kind != Fix && o.Complaint != "":
		l = append(l, fault.New(fault.Invalid, "offer.no_fix").On("offer.complaint"))
	}
	for field, s := range map[string]string{"offer.heard": o.Heard, "offer.what": o.What, "offer.changes": o.Changes} {
		if s == "" {
			l = append(l, fault.New(fault.Invalid, "field.required").On(field))
		}
	}
	if o.Until.IsZero() || o.Until.Before(today) || effective.Before(o.Until) {
		l = append(l, fault.New(fault.Invalid, "offer.until", "date", effective).On("offer.until"))
	}
	if o.By.IsZero() || o.By.Before(today) || today.AddDays(longest).Before(o.By) {
		l = append(l, fault.New(fault.Invalid, "offer.by").On("offer.by"))
	}
	return l
}

// longest is how many days ahead something may be promised.
const longest = 365
