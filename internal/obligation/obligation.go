// Package obligation holds what a customer who leaves still owes in kind:
// equipment, cards and materials that come back, are charged, or are let go.
// It is pure: it stores nothing, charges nobody and writes to nobody.
package obligation

import (
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// ID identifies an obligation (obl_…).
type ID string

// State is the state of an obligation.
type State string

// The states.
const (
	Open     State = "open"     // it has not come back
	Returned State = "returned" // it is back, and the customer has a receipt
	Charged  State = "charged"  // it did not come back: a sum is owed instead
	Waived   State = "waived"   // nobody wants it back
)

// Transitions is the only truth about how obligations change. What comes back
// after it was charged is taken, and the charge with it.
var Transitions = map[State][]State{
	Open:    {Returned, Charged, Waived},
	Charged: {Returned},
}

// Kinds are the kinds of asset that are lent, not given.
var Kinds = []string{"equipment", "card", "material"}

// Obligation is one thing to be returned.
type Obligation struct {
	ID       ID
	Customer customer.ID
	Case     offboarding.CaseID
	Step     offboarding.StepID
	Asset    customer.AssetID
	Kind     string
	Name     string
	Due      when.Date
	State    State
	Over     when.Date
	Receipt  string       // number that the customer is given, once it is back
	Charge   money.Amount // once it is charged
	Balance  customer.BalanceID
	Evidence string // in words; sealed at rest
	Version  int64
}

// End is how an obligation ends.
type End struct {
	State    State
	On       when.Date
	Evidence string       // what was seen, or the grounds
	Charge   money.Amount // with Charged only
	Receipt  string       // with Returned only
}

// Check reports everything that is wrong with an end, whatever the obligation.
func (e End) Check() fault.List {
	var l fault.List
	if !slices.Contains([]State{Returned, Charged, Waived}, e.State) {
		l = append(l, fault.New(fault.Invalid, "field.choice").On("state"))
	}
	if e.Evidence == "" {
		l = append(l, fault.New(fault.Invalid, "step.evidence_required").On("evidence"))
	}
	if e.State == Charged && e.Charge.Minor <= 0 {
		l = append(l, fault.New(fault.Invalid, "obligation.charge").On("amount"))
	}
	return l
}

// To ends the obligation. What was charged keeps its sum only while it is
// charged.
func (o *Obligation) To(e End) error {
	if l := e.Check(); len(l) > 0 {
		return l
	}
	if !slices.Contains(Transitions[o.State], e.State) {
		return fault.New(fault.Blocked, "obligation.over", "name", o.Name)
	}
	o.State, o.Over, o.Evidence = e.State, e.On, e.Evidence
	o.Receipt, o.Charge = "", money.Amount{}
	switch e.State {
	case Returned:
		o.Receipt = e.Receipt
	case Charged:
		o.Charge = e.Charge
	}
	return nil
}

// Settled reports whether nothing has to come back any more.
func (o Obligation) Settled() bool { return o.State != Open }

// Late reports whether it has not come back in time, as of the day.
func (o Obligation) Late(today when.Date) bool { return o.State == Open && o.Due.Before(today) }
