package handover

import (
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// Promise is something that was promised within what is left, beside what became
// of it.
type Promise struct {
	Title     string
	Due       when.Date // zero: no day was promised
	Delivered when.Date // zero: a gap
	Piece     customer.Piece
	State     State  // of its item, where it is handed over now
	Lacks     string // what the client misses in it
	Held      string // why it waits
}

// Gap reports whether it was promised and is not delivered.
func (p Promise) Gap() bool { return p.Delivered.IsZero() }

// Promised compares what was promised within the contracts that are left with
// what was delivered, gaps first.
func Promised(list []customer.Deliverable, left []customer.SubscriptionID, items []Item) (out []Promise) {
	for _, d := range list {
		if !slices.Contains(left, d.Subscription) {
			continue
		}
		p := Promise{Title: d.Title, Due: d.Due, Delivered: d.Delivered, Piece: d.Piece, State: Open}
		if !p.Gap() {
			p.State = Accepted
		}
		for _, x := range items {
			if x.Asset == customer.AssetID(d.ID) {
				p.State, p.Lacks, p.Held = x.State, x.Lacks, x.Held
				if p.Gap() {
					p.Piece = x.Piece
				}
			}
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(x, y Promise) int {
		switch {
		case x.Gap() == y.Gap():
			return 0
		case x.Gap():
			return -1
		}
		return 1
	})
	return out
}

// ActID identifies an act of handover (act_…).
type ActID string

// Act is a handover on paper, as it stood when it was drawn up: signed by us, and
// accepted by the client, or not yet. It is never changed: what changes
// afterwards is another act.
type Act struct {
	ID         ActID
	Customer   customer.ID
	Case       offboarding.CaseID
	Number     int // within its departure, from 1
	Language   string
	MadeAt     time.Time
	MadeBy     string
	File       string // id of the file that holds the paper
	SHA256     string // of its bytes
	AcceptedAt time.Time
	AcceptedBy string // as they called themselves; sealed at rest
	Proof      string // id of the file that holds the paper of the acceptance
	ProofSum   string // SHA-256 of its bytes
	Version    int64
}

// Accepted reports whether the client accepted it.
func (x Act) Accepted() bool { return !x.AcceptedAt.IsZero() }

// Accept says that the client accepts the act that has that sum, which is the one
// that they had before them. Twice, it changes nothing.
func (x *Act) Accept(name, sha256 string, at time.Time) error {
	switch {
	case sha256 != x.SHA256:
		return fault.New(fault.Conflict, "act.newer")
	case x.Accepted():
		return nil
	case name == "":
		return fault.New(fault.Invalid, "field.required").On("name")
	}
	x.AcceptedAt, x.AcceptedBy = at, name
	return nil
}
