// Package connector says what a far system can be asked to do, as small
// capability interfaces, and how its answers are classed. It implements
// nothing: each connector is a folder below this one and a line in
// cmd/hasta/connectors.go.
package connector

import (
	"context"
	"encoding/json"
	"time"
)

// EffectClass says what may be done when a call may or may not have happened,
// because the process died or the line broke between call and answer.
type EffectClass string

// The classes of effect, from the easiest to the hardest to recover.
const (
	Idempotent EffectClass = "idempotent" // call again: the second call changes nothing
	Keyed      EffectClass = "keyed"      // call again with the same key while the key lives
	Verifiable EffectClass = "verifiable" // read first, then decide
	Ask        EffectClass = "ask"        // never call again: a person decides
)

// UndoClass says what undoing an act brings back.
type UndoClass string

// The classes of undoing.
const (
	Restorable UndoClass = "restorable" // everything comes back
	Reissuable UndoClass = "reissuable" // comes back with a new secret, which is told
	Final      UndoClass = "final"      // does not come back
)

// Loss says what is gone for good after a final act.
type Loss string

// The losses. An act that does not say is taken to lose data.
const (
	LosesData   Loss = "data"   // what the customer may still want to fetch
	LosesAccess Loss = "access" // a way in: a token, a session, a place in a group
)

// Level says what a connector, or a declaration, was tried against before it was
// shipped. It says nothing about the system of whoever uses it: that is what
// reading back is for.
type Level string

// The levels, from the strongest.
const (
	RealPeer   Level = "real_peer"   // in CI, against a real server of its protocol
	ShapesOnly Level = "shapes_only" // against requests and answers as they were published or recorded
	Declared   Level = "declared"    // against nothing by us: whoever runs this declared it, and answers for it
	Example    Level = "example"     // against nothing: a beginning, whose readings verify nothing
)

// Info describes a connected system.
type Info struct {
	System  string        // name in systems.yaml: "billing"
	Kind    string        // connector: "http"
	Level   Level         // of the connector, or of what is declared for it
	Effect  EffectClass   // of its acts
	KeyLife time.Duration // for Keyed: how long the far end remembers a key
	Undo    UndoClass     // of its acts
	Loses   Loss          // of a final act; empty: data
}

// SubscriptionState is what the billing system says of one subscription.
type SubscriptionState struct {
	Found    bool
	Status   string          // the far system's own word
	Ended    bool            // it has ended
	EndsAt   time.Time       // it will end then; zero if it renews
	PaidTo   time.Time       // its period is over then, and it renews unless it ends; zero: it does not say
	Paused   bool            // it goes on and charges nothing
	Until    time.Time       // it is paused until then; zero: until it is told to go on
	Coupons  []string        // discounts that it has, by the far system's numbers
	Reason   StatedReason    // why it ends, as the far system was told
	Answer   json.RawMessage // the far system's answer, cut to what is evidence
	ReadAt   time.Time       // business time of the reading
	Location string          // what was read: "GET /subscriptions/8842"
}

// CancelInput asks for the end of a subscription.
type CancelInput struct {
	Reference string       // its number at the far system
	EndsAt    time.Time    // zero: now
	Period    bool         // with its period, which is over at about EndsAt; only where SubscriptionState.PaidTo said when
	Reason    StatedReason // why it ends; a system that keeps no reasons passes it over
	NoCredit  bool         // what is paid for and not used is given back otherwise: a system that would credit it does not
	Key       string       // stable over attempts
}

// ResumeInput asks to take a cancellation back.
type ResumeInput struct {
	Reference string
	Key       string
}

// Receipt is what the far system answered to an act. Accepted is "done" in
// our words, not "verified".
type Receipt struct {
	Reference string          // the far system's number for the act, if it gives one
	Answer    json.RawMessage // cut to what is evidence
	At        time.Time
}

// Billing is a system that charges customers.
//
// Errors are faults: Transient (never reached it, or 429 and 5xx before any
// effect; RetryAfter where it said so), Invalid (it refused for good, code
// connector.refused), NotFound (it does not know the reference) and Uncertain
// (the act may have happened). Reading never fails with Uncertain.
type Billing interface {
	Info() Info
	ReadSubscription(ctx context.Context, reference string) (SubscriptionState, error)
	CancelSubscription(ctx context.Context, in CancelInput) (Receipt, error)
	ResumeSubscription(ctx context.Context, in ResumeInput) (Receipt, error)
}

// AccessState is what a system says of one access.
type AccessState struct {
	Found  bool
	Open   bool            // whoever has it can enter, says the system
	Status string          // the far system's own word
	Answer json.RawMessage // the far system's answer, cut to what is evidence
}

// AccessInput asks to close or open an access.
type AccessInput struct {
	Account string // its name at the far system
	Key     string // stable over attempts
}

// Access is a system that lets people or programs in. An account that it does
// not know lets nobody in: reading it is no error, and proves nothing. Errors are as
// Billing says.
type Access interface {
	Info() Info
	ReadAccess(ctx context.Context, account string) (AccessState, error)
	RevokeAccess(ctx context.Context, in AccessInput) (Receipt, error)
	RestoreAccess(ctx context.Context, in AccessInput) (Receipt, error)
}

// AccessKinds are what an access can be; grants have the same (a test compares them).
var AccessKinds = []string{"login", "group", "role", "api_key", "token", "oauth_grant", "sso_link", "drive", "webhook", "device", "physical", "other"}

// FoundAccess is an access that a system says somebody has.
type FoundAccess struct {
	Account string `json:"account"`          // its name at the far system, as ReadAccess takes it
	Kind    string `json:"kind"`             // of AccessKinds; another word is "other"
	Label   string `json:"label,omitempty"`  // what people there call it
	Open    bool   `json:"open"`             // it lets in
	Status  string `json:"status,omitempty"` // the far system's own word
}

// Lister is a system that can tell which accesses a customer has there.
type Lister interface {
	// ListAccesses lists every access that the system ties to the owner: the name
	// by which the systems of the company know the customer. It changes nothing. The
	// list is whole, or an error (Transient with code connector.not_all where it
	// changed while it was read): what was not read is never taken for absent.
	// Errors are otherwise those of reading.
	ListAccesses(ctx context.Context, owner string) ([]FoundAccess, error)
}

// Probe is what came of trying to get in: In, or refused in the way in which
// the system refuses.
type Probe struct {
	In     bool      `json:"in"`
	Status string    `json:"status"` // the far system's own word: "401"
	SHA256 string    `json:"body_sha256,omitempty"`
	At     time.Time `json:"at"` // business time
	// Mark tells one credential from another; empty where none of the access was tried
	// with, or nobody marked it.
	Mark string `json:"mark,omitempty"`
	// Unsaid says that it was refused as a wrong credential is, and not why: it is a
	// refusal of the access only if the credential is still the one that it was.
	Unsaid bool `json:"unsaid,omitempty"`
	// Set is when the credential was last set, in the far system's own words; empty: it
	// does not say.
	Set string `json:"set,omitempty"`
	// With is the credential that it was tried with, until it is marked: no way of
	// printing a Probe shows it.
	With func() string `json:"-"`
}

// NeverSet is the Probe.Set of a credential of which the system was asked when it
// was set, and has nothing on record. It may keep no such record: two that were never
// set are not the same for that.
const NeverSet = "-"

// TriedWith is the credential of a probe.
func TriedWith(credential string) func() string { return func() string { return credential } }

// Prober is a system at which it can be tried whether an access still lets in.
// A refusal proves something only beside a control: the same probe that got in
// before the access was closed.
type Prober interface {
	// ProbeAccess tries to get in and changes nothing. What proves nothing is an
	// error: Transient (no answer, 5xx, too busy), NotFound with code
	// connector.no_credential (there is nothing to try with) and Invalid with code
	// connector.probe_unclear (an answer that is neither) or connector.wrong_password
	// (the credential is not, or no longer, the right one).
	ProbeAccess(ctx context.Context, account string) (Probe, error)
}

// ActionState is what reading says of a declared action.
type ActionState struct {
	Holds   bool // it is as the action leaves it
	Back    bool // it is as taking the action back leaves it
	Missing bool // nothing is where it was looked for, as nothing would be at a wrong address
	Answer  json.RawMessage
}

// ActionInput asks for a declared action.
type ActionInput struct {
	Action    string
	Reference string
	Key       string // stable over attempts
}

// Actions is a system with acts of its own, each with a name. Errors are as
// Billing says.
type Actions interface {
	// ActionInfo describes an action; false if there is none of that name.
	ActionInfo(name string) (Info, bool)
	ActionNames() []string
	ReadAction(ctx context.Context, name, reference string) (ActionState, error)
	Act(ctx context.Context, in ActionInput) (Receipt, error)
	TakeBack(ctx context.Context, in ActionInput) (Receipt, error)
}

// NotifyInput is a message for a system.
type NotifyInput struct {
	Key  string          // its id: the same in every attempt, and the far end takes it once
	Body json.RawMessage // as it is sent
}

// Notifier is a system that takes messages. Errors are as Billing says. Whether
// it did anything with one cannot be read back.
type Notifier interface {
	Info() Info
	Notify(ctx context.Context, in NotifyInput) (Receipt, error)
}

// Report is what a system told by itself: that something changed there about a
// subscription or an account. It is a reason to look, and nothing more.
type Report struct {
	ID        string // of the message; the same when it is sent again
	Reference string // empty: it is about nothing that we know how to name
	Why       bool   // it may hold why a subscription ends: SubscriptionState.Reason says it
}

// Reporter is a system that tells by itself when something changes there.
type Reporter interface {
	// ReadReport reads a message that came in; wall is real time. A message that
	// is not authentic, or too old, is fault.Unauthenticated.
	ReadReport(header func(name string) string, body []byte, wall time.Time) (Report, error)
}

// Checker is a system that can be asked whether it is there and knows us.
type Checker interface {
	// Check reaches the system and changes nothing. Invalid with code
	// connector.credential, connector.no_right or connector.right_missing: it is there
	// and does not let us; with a code of Unsaid: it answered, and that says too little.
	Check(ctx context.Context) error
}

// Unclear is the code of a check that could not tell whether a system is well.
const Unclear = "connector.check_unclear"

// RightsUnclear is the code of a check of a system that is well, and does not say what
// our credential may do there.
const RightsUnclear = "connector.rights_unclear"

// SignInsUnclear is the code of a check of a system that is well, and shows of nobody
// when they signed in.
const SignInsUnclear = "connector.no_sign_in_seen"

// The codes of a check of a system of which nothing can be called without sending
// something: an address that hears what happens, a company that people write to, and
// any other.
const (
	uncalledWebhook   = "connector.uncalled_webhook"
	uncalledProcessor = "connector.uncalled_processor"
	uncalledAny       = "connector.uncalled"
)

// Uncalled is the code that says of a system of a kind that nothing was called, and how
// to see whether it works.
func Uncalled(kind string) string {
	switch kind {
	case "webhook":
		return uncalledWebhook
	case "processor":
		return uncalledProcessor
	}
	return uncalledAny
}

// Unsaid reports whether the code of a check is that of a system that said too little,
// or was not called: no failure.
func Unsaid(code string) bool {
	switch code {
	case Unclear, RightsUnclear, SignInsUnclear, uncalledWebhook, uncalledProcessor, uncalledAny:
		return true
	}
	return false
}

// System is a connected system. What it cannot do is nil.
type System struct {
	Name       string
	Titles     map[string]string // what customers are told that it is, by language; nil: its name
	Level      Level
	Drive      bool // its accesses are shares of files and folders
	Alone      bool // an act reads, changes and writes a whole: two at once, of whatever process, undo each other
	Billing    Billing
	Ender      Ender
	Explainer  Explainer
	Pauser     Pauser
	Discounter Discounter
	Refunder   Refunder
	Ledger     Ledger
	Access     Access
	Prober     Prober
	Lister     Lister
	Narrower   Narrower
	Writes     WriteProber
	Charges    Charges
	Every      EveryCharge
	SignIns    SignIns
	Actions    Actions
	Checker    Checker
	Notifier   Notifier
	Reporter   Reporter
	Exporter   Exporter
	Eraser     Eraser
	Processor  *OnBehalf
}

// Held is the code of a call that was not made because its system does not
// answer anybody: waiting for it is no failure of the work.
const Held = "connector.held"

// Outage is a system that is not called because it does not answer.
type Outage struct {
	System string
	Since  time.Time // wall time
	Next   time.Time // wall time at which one call is let through
	Code   string    // message code of the last failure
}

// Words for what a system can do, as playbooks and people call them.
const (
	CanBilling  = "billing"
	CanEnd      = "endings"
	CanExplain  = "reasons"
	CanPause    = "pauses"
	CanDiscount = "coupons"
	CanRefund   = "refunds"
	CanLedger   = "ledger"
	CanAccess   = "access"
	CanProbe    = "probe"
	CanList     = "inventory"
	CanDrive    = "drive"
	CanNarrow   = "read_only"
	CanCharges  = "charges"
	CanEvery    = "all_charges"
	CanSignIns  = "sign_ins"
	CanAct      = "actions"
	CanNotify   = "messages"
	CanReport   = "reports"
	CanExport   = "export"
	CanErase    = "erasure"
	CanReceipt  = "receipts"
)

// Can lists what the system can do.
func (s System) Can() []string {
	var out []string
	for _, c := range []struct {
		word string
		has  bool
	}{
		{CanBilling, s.Billing != nil},
		{CanEnd, s.Ender != nil},
		{CanExplain, s.Explainer != nil},
		{CanPause, s.Pauser != nil},
		{CanDiscount, s.Discounter != nil},
		{CanRefund, s.Refunder != nil},
		{CanLedger, s.Ledger != nil},
		{CanAccess, s.Access != nil},
		{CanProbe, s.Prober != nil},
		{CanList, s.Lister != nil},
		{CanDrive, s.Drive},
		{CanNarrow, s.Narrower != nil},
		{CanCharges, s.Charges != nil},
		{CanEvery, s.Every != nil},
		{CanSignIns, s.SignIns != nil},
		{CanAct, s.Actions != nil},
		{CanNotify, s.Notifier != nil},
		{CanReport, s.Reporter != nil},
		{CanExport, s.Exporter != nil},
		{CanErase, s.Eraser != nil},
		{CanReceipt, s.Processor != nil},
	} {
		if c.has {
			out = append(out, c.word)
		}
	}
	return out
}
