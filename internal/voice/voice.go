// Package voice is what somebody who leaves lets a company say in public, and
// the link by which they recommend it: only with their consent, for as long as
// they want. It is pure, and publishes nothing.
package voice

import (
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// ID identifies a voice (voi_…).
type ID string

// Kind is what it is.
type Kind string

// The kinds.
const (
	Testimonial Kind = "testimonial" // words, sound or film
	Referral    Kind = "referral"    // a link that they pass on
)

// Voice is one testimonial, or one referral link. Words and name are sealed at
// rest.
type Voice struct {
	ID        ID
	Case      offboarding.CaseID
	Customer  customer.ID
	Kind      Kind
	GivenAt   time.Time
	Until     when.Date // last day on which it may be shown; zero: while it stands
	Withdrawn time.Time // zero: it stands
	Blob      string    // sound or film; empty: none
	Name      string    // how they want to be called in public; empty: not at all
	Text      string
	Link      string // of a referral
	Version   int64
}

// Consented is how long a testimonial may be shown when nothing else was
// agreed, in years.
const Consented = 2

// Stands reports whether it may be shown on the day.
func (v Voice) Stands(day when.Date) bool {
	return v.Withdrawn.IsZero() && (v.Until.IsZero() || !v.Until.Before(day))
}

// Withdraw takes back what was allowed; what was taken back stays so.
func (v *Voice) Withdraw(now time.Time) bool {
	if !v.Withdrawn.IsZero() {
		return false
	}
	v.Withdrawn = now
	return true
}

// Check reports everything that is wrong with a new testimonial.
func (v Voice) Check(consent bool) fault.List {
	var l fault.List
	if v.Text == "" && v.Blob == "" {
		l = append(l, fault.New(fault.Invalid, "voice.empty").On("text"))
	}
	if !consent {
		l = append(l, fault.New(fault.Invalid, "voice.consent").On("consent"))
	}
	return l
}
