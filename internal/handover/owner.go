package handover

import (
	"slices"
	"time"

	"hastaluego/internal/fault"
)

// Administered are the kinds of thing whose administration changes hands.
var Administered = []string{"site", "domain", "social", "ads", "analytics", "drive"}

// NewOwner is who administers a thing once it has changed hands.
type NewOwner struct{ Name, Email string }

// Administered reports whether somebody administers it.
func (i Item) Administered() bool { return slices.Contains(Administered, i.Kind) }

// Nameable reports whether it may still be said who administers it: before it is given.
func (i Item) Nameable() bool { return i.Administered() && i.State != Given && i.State != Accepted }

// NamedOwner is who was named; the zero value: nobody was.
func (i Item) NamedOwner() NewOwner { return NewOwner{i.NewOwner, i.NewOwnerEmail} }

// OwnerWaits reports whether somebody was named and the client did not say yet that
// this is right.
func (i Item) OwnerWaits() bool { return !i.OwnerNamedAt.IsZero() && i.OwnerConfirmedAt.IsZero() }

// NameOwner says who is to administer it, for the client to confirm; the zero value
// takes that back. The same name again changes nothing.
func (i *Item) NameOwner(o NewOwner, at time.Time) error {
	if err := i.mayName(); err != nil || o == i.NamedOwner() {
		return err
	}
	i.NewOwner, i.NewOwnerEmail, i.OwnerNamedAt, i.OwnerConfirmedAt = o.Name, o.Email, at, time.Time{}
	if o == (NewOwner{}) {
		i.OwnerNamedAt = time.Time{}
	}
	return nil
}

// ConfirmOwner is the client's word who it is: as it was named, or as they correct it.
func (i *Item) ConfirmOwner(o NewOwner, at time.Time) error {
	if err := i.mayName(); err != nil {
		return err
	}
	if o.Name == "" {
		return fault.New(fault.Invalid, "field.required").On("new_owner")
	}
	if o == i.NamedOwner() && !i.OwnerConfirmedAt.IsZero() {
		return nil
	}
	if o != i.NamedOwner() {
		i.NewOwner, i.NewOwnerEmail, i.OwnerNamedAt = o.Name, o.Email, at
	}
	i.OwnerConfirmedAt = at
	return nil
}

func (i Item) mayName() error {
	switch {
	case !i.Administered():
		return fault.New(fault.Blocked, "handover.no_owner", "name", i.Name)
	case !i.Nameable():
		return fault.New(fault.Blocked, "handover.state."+string(i.State), "name", i.Name)
	}
	return nil
}
