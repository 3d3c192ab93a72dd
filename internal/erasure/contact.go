package erasure

import (
	"time"

	"hastaluego/internal/when"
)

// Wish is what somebody lets their address be kept for once they are erased.
type Wish string

// The wishes. Each is asked for by itself, and none is needed for anything.
const (
	Told Wish = "told" // one letter when the last of what stays of them is destroyed
	Back Wish = "back" // the one letter that asks them back
)

// Wishes are all of them.
var Wishes = []Wish{Told, Back}

// Why an address is no longer kept.
const (
	Revoked  = "revoked"  // they took it back, or asked us to forget it
	Used     = "used"     // what it was kept for is done
	Expired  = "expired"  // its last day passed
	Needless = "needless" // nothing stays, or nobody is on file: it was never kept
)

// BackDays is for how many days after the erasure an address is kept for the letter
// that asks them back.
const BackDays = 365

// Contact is the address of somebody who is to be erased, as far as they let it be
// kept: a wish until then, and from then on sealed under a key of its own.
type Contact struct {
	Customer string
	Case     string // in which they said so; once it is kept, the departure that erased them
	Told     bool
	Back     bool
	Wording  string // that they read
	Language string
	SaidAt   time.Time
	KeptAt   time.Time // zero: they are not erased, or there was nothing to keep it for
	Until    when.Date // its last day; Told may need it longer, where something is held
	KeyID    string
	Body     []byte
	EndedAt  time.Time // zero: it is kept, or may be yet
	Why      string    // it ended
	Version  int64
}

// Say takes down what it may be kept for, until it is: nothing is an answer too. It
// reports whether that changes anything.
func (c *Contact) Say(told, back bool, wording, language string, at time.Time) bool {
	if c.Settled() || c.Told == told && c.Back == back {
		return false
	}
	c.Told, c.Back, c.Wording, c.Language, c.SaidAt = told, back, wording, language, at
	return true
}

// Settled reports whether they were erased: from then on it can only end.
func (c Contact) Settled() bool { return !c.KeptAt.IsZero() || !c.EndedAt.IsZero() }

// Kept reports whether the address is there.
func (c Contact) Kept() bool { return !c.KeptAt.IsZero() && c.EndedAt.IsZero() }

// For reports whether the address is there for that.
func (c Contact) For(w Wish) bool {
	return c.Kept() && (w == Told && c.Told || w == Back && c.Back)
}

// Keep says until when it is kept: for the letter about what stays until the last day
// of that and as long again as the letter may need, for the one that asks them back
// for a year. stays is the last day of what stays, zero where nothing does.
func (c *Contact) Keep(departure string, at time.Time, today, stays when.Date) bool {
	if c.Settled() {
		return false
	}
	c.Told = c.Told && !stays.IsZero()
	if !c.Told && !c.Back {
		c.End(Needless, at)
		return false
	}
	c.Case, c.KeptAt, c.Until = departure, at, when.Date{}
	if c.Told {
		c.Until = stays.AddDays(toldDays)
	}
	if back := today.AddDays(BackDays); c.Back && c.Until.Before(back) {
		c.Until = back
	}
	return true
}

// toldDays is how long after the last day of what stays its letter may take to go out.
const toldDays = 30

// Done says that what it was kept for is done, or can be no more; false: it was not
// kept for that.
func (c *Contact) Done(w Wish) bool {
	if !c.For(w) {
		return false
	}
	switch w {
	case Told:
		c.Told = false
	case Back:
		c.Back = false
	}
	return true
}

// Due reports whether its key is to be destroyed, as of the day, and why. As long as
// something stays of them, the letter about it is still to be written.
func (c Contact) Due(today when.Date, stays bool) (why string, due bool) {
	switch {
	case !c.Kept():
		return "", false
	case !c.Told && !c.Back:
		return Used, true
	case c.Until.Before(today) && (!c.Told || !stays):
		return Expired, true
	}
	return "", false
}

// End ends it: nothing of it is left, and its key is to be destroyed.
func (c *Contact) End(why string, at time.Time) bool {
	if !c.EndedAt.IsZero() {
		return false
	}
	c.Told, c.Back, c.Body, c.EndedAt, c.Why = false, false, nil, at, why
	return true
}
