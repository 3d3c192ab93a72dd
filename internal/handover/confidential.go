package handover

import (
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Confidential is the kind of what the client entrusted to us under a promise of
// secrecy: it goes back to them, is destroyed, or is kept for a reason until a day.
const Confidential = "confidential"

// Secret reports whether the item was entrusted under a promise of secrecy.
func (i Item) Secret() bool { return i.Kind == Confidential }

// Method is how something was destroyed, as NIST SP 800-88 calls it.
type Method string

// The methods, from the weakest.
const (
	Clear   Method = "clear"   // overwritten: nobody reads it with what they have at hand
	Purge   Method = "purge"   // nobody reads it in a laboratory either
	Destroy Method = "destroy" // what held it is no more
)

// Methods are all of them.
var Methods = []Method{Clear, Purge, Destroy}

// Basis is why something confidential may be kept.
type Basis string

// The bases.
const (
	ByLaw      Basis = "legal_obligation"
	ForClaims  Basis = "legal_claims"
	ByContract Basis = "contract" // what both agreed lets us
)

// Bases are all of them.
var Bases = []Basis{ByLaw, ForClaims, ByContract}

// Destruction is how something was destroyed.
type Destruction struct {
	Method  Method
	By      string // who did it
	On      when.Date
	Witness string // who saw it; empty: nobody
}

// Keeping is why something is kept, and until when.
type Keeping struct {
	Basis Basis
	Why   string
	Until when.Date
}

// Destroy says that the item was destroyed: how, by whom, when and before whom. File
// is a certificate of it; empty: there is none.
func (i *Item) Destroy(d Destruction, file string, now time.Time, today when.Date) error {
	var l fault.List
	bad := func(field, code string) { l = append(l, fault.New(fault.Invalid, code).On(field)) }
	if !slices.Contains(Methods, d.Method) {
		bad("method", "field.choice")
	}
	if d.By == "" {
		bad("by", "field.required")
	}
	switch {
	case d.On.IsZero():
		bad("on", "field.required")
	case today.Before(d.On):
		bad("on", "handover.future")
	}
	if d.Witness != "" && customer.Fold(d.Witness) == customer.Fold(d.By) {
		bad("witness", "handover.own_witness")
	}
	switch {
	case !i.Secret():
		return fault.New(fault.Blocked, "handover.not_confidential", "name", i.Name)
	case len(l) > 0:
		return l
	}
	if err := i.to(Gone); err != nil {
		return err
	}
	i.Destruction, i.File, i.Keeping, i.EndedAt = d, file, Keeping{}, now
	return nil
}

// Keep says why the item is kept, and until when. It is returned or destroyed then.
func (i *Item) Keep(k Keeping, now time.Time, today when.Date) error {
	var l fault.List
	bad := func(field, code string) { l = append(l, fault.New(fault.Invalid, code).On(field)) }
	if k.Why = strings.TrimSpace(k.Why); k.Why == "" {
		bad("why", "field.required")
	}
	if !slices.Contains(Bases, k.Basis) {
		bad("basis", "field.choice")
	}
	switch {
	case k.Until.IsZero():
		bad("until", "field.required")
	case !today.Before(k.Until):
		bad("until", "handover.past")
	}
	switch {
	case !i.Secret():
		return fault.New(fault.Blocked, "handover.not_confidential", "name", i.Name)
	case len(l) > 0:
		return l
	}
	if err := i.to(Kept); err != nil {
		return err
	}
	i.Keeping, i.EndedAt = k, now
	return nil
}
