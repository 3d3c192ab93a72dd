// Package handover is what a client gets back when an engagement ends: sites,
// domains, accounts, documents and credentials, given by us and accepted by the
// client alone, with passwords changed before our own access goes. It is pure:
// it stores nothing, sends nothing and never holds a secret.
package handover

import (
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// ID identifies an item of a handover (hov_…).
type ID string

// Deliverable is the kind of what was promised within an engagement and had not
// been delivered when it was left.
const Deliverable = "deliverable"

// Kinds are the kinds of thing that are handed over.
var Kinds = []string{"site", "domain", "social", "ads", "analytics", "drive", "document", Deliverable, Confidential, "credential"}

// Enterable are those that somebody of us can enter until we leave.
var Enterable = []string{"site", "domain", "social", "ads", "analytics", "drive", "credential"}

// State is how far an item is.
type State string

// The states.
const (
	Open     State = "open"      // nothing was given yet
	Held     State = "held"      // a work that waits until the contract transfers it
	Given    State = "given"     // the client has it and has not answered
	Missing  State = "missing"   // the client says that something is missing
	Accepted State = "accepted"  // the client says that it is right
	Gone     State = "destroyed" // confidential: it is no more
	Kept     State = "kept"      // confidential: for a reason, until a day
)

// Transitions is the only truth about how items change. Whoever gives again
// asks again.
var Transitions = map[State][]State{
	Open:    {Given, Held, Gone, Kept},
	Held:    {Given},
	Given:   {Given, Missing, Accepted},
	Missing: {Given, Gone, Kept},
	Kept:    {Given, Gone},
}

// Way is how an item was given.
type Way string

// The ways.
const (
	Transfer Way = "transfer"  // its administration or the thing itself changed hands
	Envelope Way = "envelope"  // a credential, by a sealed envelope that opens once
	InPerson Way = "in_person" // from hand to hand
)

// Rotation is whether a credential was changed after it was given.
type Rotation string

// The states of a rotation.
const (
	NoRotation Rotation = ""           // it is no credential, or was not given yet
	Waiting    Rotation = "waiting"    // the client was asked
	Confirmed  Rotation = "confirmed"  // the client says that it is changed
	Unanswered Rotation = "unanswered" // reminded twice without an answer: a person is asked
	Attested   Rotation = "attested"   // that person answers for what was done instead
)

// Rotations is how rotations change; giving a credential again begins anew.
var Rotations = map[Rotation][]Rotation{
	Waiting:    {Confirmed, Unanswered},
	Unanswered: {Confirmed, Attested},
}

// Item is one thing that is handed over.
type Item struct {
	ID         ID
	Customer   customer.ID
	Case       offboarding.CaseID
	Step       offboarding.StepID
	Asset      customer.AssetID
	Kind       string
	Name       string
	State      State
	Way        Way
	GivenAt    time.Time
	AcceptedAt time.Time
	AcceptedBy string // Client, or the id of the slip that the client signed
	Rotation   Rotation
	RotateBy   when.Date
	RotatedAt  time.Time
	Owner      customer.Ownership
	Version    int64
	Words
}

// Words are what is said of an item; sealed at rest.
type Words struct {
	How      string         // what was given and how
	Piece    customer.Piece // which one of it was given
	File     string         // id of the file that was given with it; empty: none
	NewOwner string         // who administers it once it was given
	// NewOwnerEmail is where they are reached, OwnerNamedAt when they were named, and
	// OwnerConfirmedAt when the client said that this is right.
	NewOwnerEmail                  string
	OwnerNamedAt, OwnerConfirmedAt time.Time
	Prefers                        Way         // of a credential, as the client wants to get it; empty: they did not say
	GivenBy                        string      // of us, who gave it from hand to hand
	GivenTo                        string      // to whom
	SignedBy                       string      // who signed the slip for it
	Slip                           string      // its reference, as it stands on the slip
	Held                           string      // why it waits, by the contract
	PaidOn                         when.Date   // of a work that was ours until it was paid; zero: it was not, or nobody had to
	PaidBy                         string      // the reference of what paid it: an invoice, a transfer
	Lacks                          string      // what the client says is missing
	Destruction                    Destruction // of something confidential
	Keeping                        Keeping     // likewise
	EndedAt                        time.Time   // it was destroyed, or kept
	Attest                         string      // why a rotation without an answer is over
	Refusals                       []Refusal   // by the client, in order
}

// Refusal is what the client missed in what was given once.
type Refusal struct {
	At    time.Time
	Piece customer.Piece
	Lacks string
}

// Works are the kinds of thing that can be a work of ours.
var Works = []string{"site", "document", Deliverable}

// MayWait reports whether an item may be held back at all: a work of ours that
// the contract has not transferred yet. What the client brought, or pays for at
// somebody else's, waits for nothing: no debt and no dispute.
func (i Item) MayWait() bool {
	return i.Owner == customer.OwnerHouse && slices.Contains(Works, i.Kind)
}

// Hold says that the item waits until the contract transfers it, and why.
func (i *Item) Hold(why string) error {
	switch {
	case !i.MayWait():
		return fault.New(fault.Blocked, "handover.never_waits", "name", i.Name)
	case why == "":
		return fault.New(fault.Invalid, "field.required").On("held")
	}
	if err := i.to(Held); err != nil {
		return err
	}
	i.Held = why
	return nil
}

// Pay says on which day a work of ours was paid, and with what: from then on it is the
// client's, and waits for nothing. A day that was wrong can be said anew.
func (i *Item) Pay(on, today when.Date, with string) error {
	switch {
	case !i.MayWait() && i.PaidOn.IsZero():
		return fault.New(fault.Blocked, "handover.never_paid", "name", i.Name)
	case on.IsZero():
		return fault.New(fault.Invalid, "field.required").On("paid_on")
	case today.Before(on):
		return fault.New(fault.Invalid, "handover.paid_ahead").On("paid_on")
	}
	i.PaidOn, i.PaidBy, i.Owner = on, with, customer.OwnerClient
	if i.State == Held {
		i.State, i.Held = Open, ""
	}
	return nil
}

// Belongs says whose the item is, as the inventory has it now: it follows that until it
// was accepted. What turns out to be the client's waits no longer.
func (i *Item) Belongs(o customer.Ownership) {
	if i.State == Accepted || !i.PaidOn.IsZero() && o == customer.OwnerHouse {
		return
	}
	if i.Owner = o; i.State == Held && !i.MayWait() {
		i.State, i.Held = Open, ""
	}
}

// Client is who accepts: nobody of the company can.
const Client = "client"

// Reissued is the kind of an access that was closed and came back with another
// secret: nobody has that yet but the system that it is of.
const Reissued = "reissued"

// Credential reports whether it opens something.
func (i Item) Credential() bool { return i.Kind == "credential" || i.Kind == Reissued }

// Reissued reports whether it is the new secret of an access that came back.
func (i Item) Reissued() bool { return i.Kind == Reissued }

func (i *Item) to(s State) error {
	if !slices.Contains(Transitions[i.State], s) {
		return fault.New(fault.Blocked, "handover.state."+string(i.State), "name", i.Name)
	}
	i.State = s
	return nil
}

// Prefer is the client's word about how they want to get a credential.
func (i *Item) Prefer(w Way) error {
	switch {
	case w != Envelope && w != InPerson:
		return fault.New(fault.Invalid, "field.choice").On("way")
	case !i.Choosable():
		return fault.New(fault.Blocked, "handover.state."+string(i.State), "name", i.Name)
	}
	i.Prefers = w
	return nil
}

// Choosable reports whether the client may still say how they want to get it.
func (i Item) Choosable() bool { return i.Credential() && (i.State == Open || i.State == Missing) }

// Gift is how an item is given.
type Gift struct {
	Way    Way
	How    string
	Piece  customer.Piece
	File   string
	By, To string // who gave it and to whom; asked for where it goes from hand to hand
	NoPage bool   // there is none on which the client could have confirmed anything
}

// Give says that the client was given the item. A credential is to be changed
// by a day.
func (i *Item) Give(g Gift, at time.Time, rotateBy when.Date) error {
	ways := []Way{Transfer}
	if i.Credential() {
		ways = []Way{Envelope, InPerson}
	}
	if i.Reissued() { // some systems tell it themselves: an invitation, a letter of welcome
		ways = append(ways, Transfer)
	}
	if i.Secret() {
		ways = []Way{Transfer, InPerson}
	}
	switch {
	case !slices.Contains(ways, g.Way):
		return fault.New(fault.Invalid, "field.choice").On("way")
	case g.How == "":
		return fault.New(fault.Invalid, "field.required").On("how")
	case i.Secret() && g.To == "":
		return fault.New(fault.Invalid, "handover.returned_to").On("to")
	case g.Way == InPerson && g.To == "":
		return fault.New(fault.Invalid, "handover.to").On("to")
	case i.OwnerWaits() && i.Nameable() && !g.NoPage:
		return fault.New(fault.Blocked, "handover.owner_waits", "name", i.Name, "owner", i.NewOwner)
	}
	if err := i.to(Given); err != nil {
		return err
	}
	if g.Way != InPerson && !i.Secret() {
		g.By, g.To = "", ""
	}
	i.GivenBy, i.GivenTo, i.SignedBy, i.Slip = g.By, g.To, "", ""
	i.Way, i.How, i.GivenAt, i.Lacks, i.Held = g.Way, g.How, at, "", ""
	i.Keeping, i.EndedAt = Keeping{}, time.Time{}
	i.Piece, i.File = g.Piece, g.File
	if i.Credential() && !i.Reissued() { // that one nobody of us had before
		i.Rotation, i.RotateBy, i.RotatedAt, i.Attest = Waiting, rotateBy, time.Time{}, ""
	}
	return nil
}

// Accept says that the client has it and that it is right; by is Client or the
// slip that they signed.
func (i *Item) Accept(by string, at time.Time) error {
	if by == "" {
		return fault.New(fault.Invalid, "handover.slip").On("file")
	}
	if err := i.to(Accepted); err != nil {
		return err
	}
	i.AcceptedBy, i.AcceptedAt = by, at
	return nil
}

// Lack says what the client misses, of the version that they were given.
func (i *Item) Lack(what string, at time.Time) error {
	if what == "" {
		return fault.New(fault.Invalid, "handover.lacks").On("lacks." + string(i.ID))
	}
	if err := i.to(Missing); err != nil {
		return err
	}
	i.Lacks, i.Refusals = what, append(slices.Clone(i.Refusals), Refusal{at, i.Piece, what})
	return nil
}

// Rotate changes the state of the rotation.
func (i *Item) Rotate(to Rotation, why string, at time.Time) error {
	if !slices.Contains(Rotations[i.Rotation], to) {
		return fault.New(fault.Blocked, "handover.rotation", "name", i.Name)
	}
	if to == Attested && why == "" {
		return fault.New(fault.Invalid, "step.evidence_required").On("why")
	}
	i.Rotation = to
	if to == Confirmed || to == Attested {
		i.RotatedAt, i.Attest = at, why
	}
	return nil
}

// Over reports whether nothing is left to do about the item: it is accepted,
// and a credential was changed or somebody answers for it; or, being confidential, it
// was destroyed or is kept for a reason. A new secret is over once its envelope was
// opened, or it was told in another way.
func (i Item) Over() bool {
	if i.Reissued() {
		return i.State == Accepted || i.State == Given && i.Way != Envelope
	}
	return i.State == Gone || i.State == Kept || i.State == Accepted && (!i.Credential() || i.Rotation == Confirmed || i.Rotation == Attested)
}

// Days after RotateBy on which the client is reminded, and on which a person is
// asked when there was no answer.
var (
	RemindAfter = []int{1, 4}
	AskAfter    = 7
)

// EnvelopeID identifies an envelope (env_…).
type EnvelopeID string

// EnvelopeState is the state of an envelope.
type EnvelopeState string

// The states of an envelope. Only a sealed one holds anything.
const (
	Sealed    EnvelopeState = "sealed"
	Opened    EnvelopeState = "opened"
	Expired   EnvelopeState = "expired"
	Withdrawn EnvelopeState = "withdrawn" // a newer one took its place, or one side burned it
	Locked    EnvelopeState = "locked"    // too many wrong keys were tried
)

// EnvelopeKind is who sealed an envelope, and so what opens it.
type EnvelopeKind string

// The kinds of envelope.
const (
	ByLink    EnvelopeKind = ""        // whoever has its link; those that were sealed before there were keys
	ByBrowser EnvelopeKind = "browser" // sealed where it was typed: its key, in a browser
	ByKey     EnvelopeKind = "key"     // sealed here and forgotten: its key
	ByAge     EnvelopeKind = "age"     // sealed here to a key of age of theirs: it is given out sealed
)

// Keyed reports whether a key is asked for before it opens.
func (k EnvelopeKind) Keyed() bool { return k == ByBrowser || k == ByKey }

// MostGuesses is how many wrong keys an envelope bears.
const MostGuesses = 5

// Sheet is an envelope without what is in it.
type Sheet struct {
	ID       EnvelopeID
	Case     offboarding.CaseID
	Item     ID
	Kind     EnvelopeKind
	State    EnvelopeState
	Expires  time.Time
	OpenedAt time.Time
	Guesses  int // keys that were tried and were wrong
	Version  int64
}

// Left is how many more wrong keys it bears.
func (s *Sheet) Left() int { return max(0, MostGuesses-s.Guesses) }

// Open opens the envelope, once and in time, for whoever has what opens it. A wrong
// key counts, and the last of them locks it for good.
func (s *Sheet) Open(right bool, now time.Time) error {
	switch {
	case s.State == Opened:
		return fault.New(fault.Gone, "envelope.opened")
	case s.State == Locked:
		return fault.New(fault.Gone, "envelope.locked")
	case s.State != Sealed, !now.Before(s.Expires):
		return fault.New(fault.Gone, "envelope.expired")
	case right:
		s.State, s.OpenedAt = Opened, now
		return nil
	}
	if s.Guesses++; s.Left() == 0 {
		s.State = Locked
		return fault.New(fault.Gone, "envelope.locked")
	}
	return fault.New(fault.Invalid, "envelope.wrong_key", "n", s.Left()).On("key")
}

// Close ends a sealed envelope unopened: Expired or Withdrawn. It reports whether it
// was sealed.
func (s *Sheet) Close(to EnvelopeState) bool {
	if s.State != Sealed {
		return false
	}
	s.State = to
	return true
}
