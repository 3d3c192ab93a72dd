package erasure

import (
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// AskedID identifies what a processor was asked (ask_…).
type AskedID string

// AskedState is how far a processor is.
type AskedState string

// The states.
const (
	ToAsk  AskedState = "open"   // nobody has asked it yet
	Waits  AskedState = "asked"  // it was asked, and sent no receipt
	Proved AskedState = "proved" // its receipt is here
	Silent AskedState = "silent" // it never answered: a person said why we go on without it
)

// Asked is a processor that is to erase what it holds of somebody, and whose erasing
// nobody can read back: its receipt ends it, or a person who answers for going on
// without one. That it was written to ends nothing.
type Asked struct {
	ID       AskedID
	Customer string
	Case     string
	Step     string
	System   string // name in systems.yaml
	State    AskedState
	AskedAt  time.Time
	Due      when.Date // the receipt is expected by then; zero until it was asked
	Reminded int
	ErasedOn when.Date // as the receipt says
	Proof    string    // how it is known to be theirs (package receipt)
	Key      string    // SHA-256 of the key that signed it; empty: none was checked
	SHA256   string    // of the receipt
	File     string    // id of it; empty once who it was about was erased
	Version  int64
	AskedWords
}

// AskedWords are what is said of it; sealed at rest.
type AskedWords struct {
	Processor string    // who that is
	Email     string    // where it was written to; empty: a person asked
	Owner     string    // the name by which they know the customer
	How       string    // how a person asked
	By        string    // of us, who asked; empty: the letter did
	Says      string    // who of them says that it was erased
	Why       string    // why no signature was checked
	Because   string    // why we go on without its receipt
	SilentOn  when.Date // the day on which that was said
}

// Ask says that it was asked, and by when the receipt is expected.
func (x *Asked) Ask(at time.Time, due when.Date) error {
	if x.State != ToAsk {
		return fault.New(fault.Blocked, "receipt.asked")
	}
	x.State, x.AskedAt, x.Due = Waits, at, due
	return nil
}

// RemindAfter are the days after Due on which a processor is reminded.
var RemindAfter = []int{1, 8}

// GiveUpAfter is how many days after Due a person may go on without its receipt.
const GiveUpAfter = 14

// Reminder is the day of the n-th reminder, from 1, as of the day: never less than the
// time between two after the last, though that was late; zero where there is none.
func (x Asked) Reminder(n int, today when.Date) when.Date {
	if n < 1 || n > len(RemindAfter) {
		return when.Date{}
	}
	on := x.Due.AddDays(RemindAfter[n-1])
	if n == 1 {
		return on
	}
	if apart := today.AddDays(RemindAfter[n-1] - RemindAfter[n-2]); on.Before(apart) {
		return apart
	}
	return on
}

// Remind counts a reminder; false where there is nothing to remind of.
func (x *Asked) Remind() bool {
	if x.State != Waits || x.Reminded >= len(RemindAfter) {
		return false
	}
	x.Reminded++
	return true
}

// Unanswered reports whether it may be given up, as of the day: it was asked and
// reminded as often as it is, and the last of that is over.
func (x Asked) Unanswered(today when.Date) bool {
	return x.State == Waits && x.Reminded == len(RemindAfter) && x.Due.AddDays(GiveUpAfter).Before(today)
}

// GiveUp says that it never answered, and why we go on without its receipt. Nothing
// says then that it erased anything.
func (x *Asked) GiveUp(why string, today when.Date) error {
	switch {
	case x.State == Proved:
		return fault.New(fault.Blocked, "receipt.proved")
	case x.State == Silent:
		return fault.New(fault.Blocked, "receipt.silent")
	case !x.Unanswered(today):
		return fault.New(fault.Blocked, "receipt.too_soon", "n", len(RemindAfter))
	case why == "":
		return fault.New(fault.Invalid, "field.required").On("why")
	}
	x.State, x.Because, x.SilentOn = Silent, why, today
	return nil
}

// Receipt is what ends it.
type Receipt struct {
	ErasedOn when.Date
	Says     string // who of them says so
	Proof    string
	Key      string
	Why      string
	SHA256   string
	File     string
}

// Prove ends it with a receipt. One that was not asked from here may send one too:
// somebody asked in another way; and so may one that had been given up.
func (x *Asked) Prove(r Receipt, today when.Date) error {
	switch {
	case x.State == Proved:
		return fault.New(fault.Blocked, "receipt.proved")
	case r.ErasedOn.IsZero():
		return fault.New(fault.Invalid, "field.required").On("erased_on")
	case today.Before(r.ErasedOn):
		return fault.New(fault.Invalid, "receipt.future").On("erased_on")
	case r.Says == "":
		return fault.New(fault.Invalid, "field.required").On("says")
	}
	x.State, x.ErasedOn, x.Proof, x.Key, x.SHA256, x.File = Proved, r.ErasedOn, r.Proof, r.Key, r.SHA256, r.File
	x.Says, x.Why = r.Says, r.Why
	return nil
}

// Late reports whether its receipt is overdue, as of the day.
func (x Asked) Late(today when.Date) bool { return x.State == Waits && x.Due.Before(today) }
