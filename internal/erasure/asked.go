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
)

// Asked is a processor that is to erase what it holds of somebody, and whose erasing
// nobody can read back: only its receipt ends it. That it was written to ends nothing.
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
	Processor string // who that is
	Email     string // where it was written to; empty: a person asked
	Owner     string // the name by which they know the customer
	How       string // how a person asked
	By        string // of us, who asked; empty: the letter did
	Says      string // who of them says that it was erased
	Why       string // why no signature was checked
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

// Remind counts a reminder; false where there is nothing to remind of.
func (x *Asked) Remind() bool {
	if x.State != Waits || x.Reminded >= len(RemindAfter) {
		return false
	}
	x.Reminded++
	return true
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
// somebody asked in another way.
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
