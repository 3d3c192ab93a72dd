// Package erasure is what stays of somebody who was erased: until when, who may
// hold it longer or have it out, and when it is destroyed. It is pure: it keeps
// nothing, opens nothing and calls no system.
package erasure

import (
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// ID identifies a retained thing (ret_…).
type ID string

// Retained is one thing that stays of somebody who was erased: sums of our own
// record, or a holding of a far system that is blocked or kept there.
type Retained struct {
	ID          ID
	Case        string
	Customer    string
	System      string // House, or a system of systems.yaml
	Holding     string // Sums, or a holding of its data map
	Blocked     bool   // out of use (the bloqueo of LOPDGDD art. 32); otherwise the system goes on using it for what the law says
	Until       when.Date
	Rows        int // how many records
	KeyID       string
	Body        []byte // sealed; empty once it is destroyed
	HeldAt      time.Time
	HeldBy      string // zero: nobody holds it beyond Until
	AskedAt     time.Time
	AskedBy     string // who asks to have it out; empty: nobody
	DestroyedAt time.Time
	Version     int64
}

// What stays of our own record.
const (
	House = "house"
	Sums  = "sums"
)

// Due reports whether it is to be destroyed on a day: the first one after Until,
// unless somebody holds it.
func (r Retained) Due(today when.Date) bool {
	return r.DestroyedAt.IsZero() && r.HeldBy == "" && r.Until.Before(today)
}

// there refuses what would be done with something that is no more.
func (r Retained) there() error {
	if !r.DestroyedAt.IsZero() {
		return fault.New(fault.Blocked, "retained.destroyed")
	}
	return nil
}

// Hold keeps it beyond its day, for a claim or by order, until it is lifted.
func (r *Retained) Hold(by string, now time.Time) error {
	if err := r.there(); err != nil {
		return err
	}
	if r.HeldBy != "" {
		return fault.New(fault.Blocked, "retained.held")
	}
	r.HeldBy, r.HeldAt = by, now
	return nil
}

// Lift ends a hold.
func (r *Retained) Lift() error {
	if err := r.there(); err != nil {
		return err
	}
	if r.HeldBy == "" {
		return fault.New(fault.Blocked, "retained.not_held")
	}
	r.HeldBy, r.HeldAt = "", time.Time{}
	return nil
}

// Ask asks a second person to have it out. Whoever asks again asks anew.
func (r *Retained) Ask(by string, now time.Time) error {
	if err := r.there(); err != nil {
		return err
	}
	if r.System != House { // what a far system blocks is released there
		return fault.New(fault.Blocked, "retained.elsewhere")
	}
	r.AskedBy, r.AskedAt = by, now
	return nil
}

// AskLife is how long a second person has to agree.
const AskLife = 7 * 24 * time.Hour

// Release lets it out once: a second person agrees within AskLife of the asking.
func (r *Retained) Release(by string, now time.Time) error {
	if err := r.there(); err != nil {
		return err
	}
	switch {
	case r.AskedBy == "" || now.Sub(r.AskedAt) > AskLife:
		return fault.New(fault.Blocked, "retained.not_asked")
	case r.AskedBy == by:
		return fault.New(fault.Forbidden, "approval.same_person")
	}
	r.AskedBy, r.AskedAt = "", time.Time{}
	return nil
}

// Destroy says that it is no more. Nothing of it is left but that it was there.
func (r *Retained) Destroy(now time.Time) error {
	if err := r.there(); err != nil {
		return err
	}
	if r.HeldBy != "" {
		return fault.New(fault.Blocked, "retained.held")
	}
	r.DestroyedAt, r.Body, r.AskedBy, r.AskedAt = now, nil, "", time.Time{}
	return nil
}
