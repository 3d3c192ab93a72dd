// Package suppression is the silence that an account asks for: nothing is
// written to it but what it asks for itself and what the law wants told. It is
// pure: it stores nothing and holds nothing back by itself; package notice
// decides with it.
package suppression

import (
	"time"

	"hastaluego/internal/customer"
)

// Silence is the wish of one account. It is kept when it is lifted, so that it
// can be told since when it held.
type Silence struct {
	Customer customer.ID
	Since    time.Time
	Lifted   time.Time // zero: it holds
	Version  int64
}

// Holds reports whether the account wants silence.
func (s Silence) Holds() bool { return !s.Since.IsZero() && s.Lifted.IsZero() }

// Ask begins the silence at the instant; again it changes nothing.
func (s *Silence) Ask(now time.Time) (changed bool) {
	if s.Holds() {
		return false
	}
	s.Since, s.Lifted = now, time.Time{}
	return true
}

// Lift ends the silence; again it changes nothing.
func (s *Silence) Lift(now time.Time) (changed bool) {
	if !s.Holds() {
		return false
	}
	s.Lifted = now
	return true
}
