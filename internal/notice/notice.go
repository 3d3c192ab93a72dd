// Package notice is the closed table of what the company may write to a
// customer: which classes of message there are, on which basis, and which of
// them may still go out after the goodbye, until when. It decides; it neither
// words nor sends anything.
package notice

import (
	"slices"
	"time"
)

// Basis is why a message may be sent at all.
type Basis string

// The bases.
const (
	Requested Basis = "requested" // the person asked for it just now
	Contract  Basis = "contract"  // carrying out what was agreed, or its end
	Law       Basis = "law"       // the law wants it to be told
	Consent   Basis = "consent"   // they allowed it, and may take that back
)

// Until is how long a class may still be sent after the goodbye.
type Until string

// The ends. What a matter is for one departure, the caller tells with Facts.
const (
	Goodbye   Until = "goodbye"   // never after it
	NewTurn   Until = "new_turn"  // always: it is about something new that the person did
	Always    Until = "always"    // always: the law wants it told
	Retrieval Until = "retrieval" // while the data can be fetched
	Settled   Until = "settled"   // while money is open between the two
	Approval  Until = "approval"  // while something waits for their approval
	Allowed   Until = "allowed"   // only after it, while they allow it
)

// Rule is one line of the table.
type Rule struct {
	Class  string
	Basis  Basis
	Before bool  // may go out while the departure goes on
	Until  Until // how long after the goodbye
	Most   int   // letters per departure; 0: as often as its reason comes up
	Asks   int   // questions or favours in it
	Last   bool  // tells of the erasure, and is all that still goes out after it
}

// Table is every class of message to customers. What is not in it is not sent.
var Table = []Rule{
	{Class: "ack", Basis: Requested, Before: true, Until: NewTurn},
	{Class: "ending", Basis: Law, Before: true, Until: Goodbye, Most: 1},
	{Class: "confirm", Basis: Requested, Before: true, Until: Goodbye},
	{Class: "receipt", Basis: Requested, Before: true, Until: NewTurn}, // again, when they ask for it
	{Class: "code", Basis: Requested, Before: true, Until: Retrieval},
	{Class: "statement", Basis: Law, Before: true, Until: Settled},
	{Class: "reminder", Basis: Contract, Before: true, Until: Settled, Most: 3},
	{Class: "instalments", Basis: Contract, Before: true, Until: Settled},  // what was agreed
	{Class: "written_off", Basis: Contract, Before: true, Until: Always},   // that nothing is owed any more
	{Class: "charged_after", Basis: Contract, Before: true, Until: Always}, // what was charged after the end, and that it goes back: once for each
	{Class: "given_back", Basis: Contract, Before: true, Until: Always},    // that it did, likewise
	{Class: "handover", Basis: Contract, Before: true, Until: Retrieval},
	{Class: "envelope", Basis: Contract, Before: true, Until: Retrieval},
	{Class: "owner", Basis: Contract, Before: true, Until: Retrieval},   // is whom we named right?
	{Class: "renewal", Basis: Contract, Before: true, Until: Retrieval}, // once for each thing and day
	{Class: "rotation", Basis: Contract, Before: true, Until: Retrieval, Most: 2},
	{Class: "data", Basis: Contract, Before: true, Until: Retrieval},
	{Class: "copy", Basis: Requested, Before: true, Until: NewTurn},              // of their data, without leaving
	{Class: "copy_none", Basis: Requested, Before: true, Until: NewTurn},         // nobody goes by the address that was typed
	{Class: "changes", Basis: Contract, Before: true, Until: Retrieval, Most: 1}, // in what they take along, before it is too late
	{Class: "users", Basis: Contract, Before: true, Until: Retrieval},            // to each of the customer's own users, once
	{Class: "users_back", Basis: Contract, Before: true, Until: Always},          // that it goes on, to each who was told
	{Class: "extended", Basis: Law, Before: true, Until: Always},                 // the answer about their data is put off, and why
	{Class: "erasure_waits", Basis: Law, Before: true, Until: Always},            // what was to be erased is kept, and why as far as it may be told
	{Class: "erasure_goes_on", Basis: Law, Before: true, Until: Always},          // that nothing keeps it any more
	{Class: "approval", Basis: Contract, Before: true, Until: Approval},
	{Class: "invitation", Basis: Contract, Before: true, Until: Goodbye, Most: 1, Asks: 1},
	{Class: "offer", Basis: Requested, Before: true, Until: Goodbye, Most: 1, Asks: 1},     // they asked what could be done
	{Class: "offer_failed", Basis: Contract, Before: true, Until: Always, Most: 1},         // what they accepted was not applied in time: they have left
	{Class: "certificate", Basis: Law, Before: true, Until: Always, Most: 1, Last: true},   // erasure is told, whatever was said before
	{Class: "destroyed", Basis: Consent, Before: true, Until: Always, Most: 1, Last: true}, // that what stayed is no more, where they let an address be kept for it
	{Class: "reversed", Basis: Contract, Before: true, Until: Goodbye},
	{Class: "winback", Basis: Consent, Until: Allowed, Most: 1, Asks: 1},
	{Class: "notice", Basis: Law, Before: true, Until: Goodbye}, // of what is coming for a contract: a renewal, the end of a trial, another price
	{Class: "farewell", Basis: Contract, Before: true, Until: Goodbye, Most: 1, Asks: 1},
}

// Find returns the rule of a class.
func Find(class string) (Rule, bool) {
	i := slices.IndexFunc(Table, func(r Rule) bool { return r.Class == class })
	if i < 0 {
		return Rule{}, false
	}
	return Table[i], true
}

// Facts are what a departure looks like at the moment of sending.
type Facts struct {
	Now     time.Time
	Goodbye time.Time      // when the farewell went out; zero: not yet
	Lasts   map[Until]bool // which matters still last
	Sent    int            // letters of this class in this departure that went out
	Silent  bool           // the person asked for silence
	Consent bool           // given and not taken back
	Erased  bool           // nothing is known any more of whom it would go to
	Quiet   bool           // they left for a closure, an illness or a death
	Barred  bool           // the law of where they live asks for more than a consent that somebody asked for
}

// The reasons for holding a message back: message codes.
const (
	UnknownClass = "notice.unknown_class"
	AfterGoodbye = "notice.after_goodbye"
	Enough       = "notice.enough"
	Silence      = "notice.silence"
	NoConsent    = "notice.no_consent"
	TooEarly     = "notice.too_early"
	Answered     = "notice.answered" // what it would ask is over
	Erased       = "notice.erased"
	Quiet        = "notice.quiet"
	Barred       = "notice.barred"
)

// Allow decides whether a message of the class may go out now, and if not, why
// not. What a person asked for and what the law wants told goes out in silence
// too.
func Allow(class string, f Facts) (ok bool, why string) {
	r, known := Find(class)
	after := !f.Goodbye.IsZero() && !f.Now.Before(f.Goodbye)
	switch {
	case !known:
		return false, UnknownClass
	case f.Erased && !r.Last:
		return false, Erased
	case f.Silent && r.Basis != Requested && r.Basis != Law:
		return false, Silence
	case r.Basis == Consent && !f.Consent:
		return false, NoConsent
	case r.Basis == Consent && f.Barred:
		return false, Barred
	case r.Basis == Consent && f.Quiet:
		return false, Quiet
	case r.Most > 0 && f.Sent >= r.Most:
		return false, Enough
	case after && r.Until != NewTurn && r.Until != Always && !f.Lasts[r.Until]:
		return false, AfterGoodbye
	case !after && !r.Before:
		return false, TooEarly
	}
	return true, ""
}
