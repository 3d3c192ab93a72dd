// Package httpsystem connects any far system that speaks JSON over HTTP, from
// a declaration: where it is, which calls it answers, and which fields of its
// answers matter. A system can do what it declares: billing (read, cancel,
// resume), access (read, revoke, restore, probe), an inventory, and actions of
// its own. Each of these is one call or several: first what is looked up, then
// what changes something. The package repeats no call that changes something,
// follows no redirect, and keeps only the declared fields of an answer. It does
// not retry, schedule or decide: the engine does. An act that broke off half-way
// is asked for again from its start.
//
// It also holds declarations of well-known systems (folder vendors), which an
// entry takes over with the key like.
package httpsystem

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/when"
)

// KindName is the word for this connector in systems.yaml.
const KindName = "http"

// Bounds and defaults of a declaration.
const (
	DefaultTimeout = declaration.DefaultTimeout
	DefaultLimit   = declaration.DefaultLimit

	maxKeyLife = 366 * 24 * time.Hour
)

// Config declares one far system. Secrets are references, so that a Config may
// be printed.
type Config struct {
	System    string          // name of the system: "billing"
	Level     connector.Level // what the declaration was tried against: Declared, or Example; empty: Declared; of one of ours ShapesOnly
	Like      string          // name of the declaration of ours that it takes over; empty: none
	BaseURL   string          // https://…, or env:NAME
	Auth      Auth
	Headers   map[string]string // of every call of ours, beside Auth
	With      map[string]string // slots that are the same in every call: their value, env:NAME or file:PATH
	Errors    *Errors           // set: it also says in its body what went wrong
	Effect    connector.EffectClass
	KeyHeader string              // header that carries the idempotency key; required for Keyed
	KeyLife   time.Duration       // for Keyed: how long the far end remembers a key
	Undo      connector.UndoClass // of cancelling and revoking; actions have their own
	Timeout   time.Duration       // of one call; zero: DefaultTimeout
	Limit     int64               // bytes of an answer; zero: DefaultLimit
	Rate      float64             // calls a second at most; zero: as fast as it answers
	Allow     []netip.Prefix      // private addresses that may be called
	Ping      Operation           // answered with 2xx whenever the system is well; optional
	Rights    *Rights             // nil: it cannot say what our credential may do
	Billing   *Billing            // nil: it charges nobody
	Access    *Access             // nil: it lets nobody in
	Erase     []Holding           // the data map, in the order of the declaration
	Actions   map[string]Action   // by name
	Inventory []Inventory         // nil: it cannot tell which accesses a customer has
	Charges   *Charges            // nil: it cannot tell what it charged
	Ledger    *Ledger             // nil: it cannot tell what is open
	Export    []Export            // in the order of the declaration; nil: it gives nothing away
	Reports   *Reports            // nil: it tells nothing by itself
	Messages  *Messages           // nil: it is not told of departures
	Hook      *Hook               // set: it takes signed messages, and nothing else of this is said

	declaration.Places                   // where it stands in its file
	Vault              declaration.Vault // opens the sealed secrets
}

// Name of the system.
func (c Config) Name() string { return c.System }

// Info describes the system and what may be done with a lost answer.
func (c Config) Info() connector.Info {
	kind := KindName
	if c.Hook != nil {
		kind = HookKind
	}
	return connector.Info{System: c.System, Kind: kind, Level: c.Level, Effect: c.Effect, KeyLife: c.KeyLife, Undo: c.Undo}
}

// Can lists what the system declares that it can do, and its actions, without
// connecting it.
func (c Config) Can() (can, actions []string) {
	s := (&System{cfg: c}).Connector()
	if s.Actions != nil {
		actions = s.Actions.ActionNames()
	}
	return s.Can(), actions
}

// ActionInfo describes an action of the system.
func (c Config) ActionInfo(name string) (connector.Info, bool) {
	x, ok := c.Actions[name]
	info := c.Info()
	info.Undo, info.Loses = x.Undo.Class, x.Undo.Loses
	return info, ok
}

// Secrets are the references to secrets that it needs; the credentials of
// accounts that a probe tries are not ours.
func (c Config) Secrets() (refs []string) {
	refs = append(refs, c.Auth.Value)
	for _, name := range slices.Sorted(maps.Keys(c.With)) {
		if declaration.IsRef(c.With[name]) {
			refs = append(refs, c.With[name])
		}
	}
	if c.Hook != nil {
		refs = append(refs, c.Hook.Secret, c.Hook.Next)
	}
	if c.Reports != nil {
		refs = append(refs, c.Reports.Secret, c.Reports.Next)
	}
	return slices.DeleteFunc(refs, func(ref string) bool { return ref == "" })
}

// Open connects it.
func (c Config) Open(clock when.Clock, vault declaration.Vault) (declaration.Opened, error) {
	c.Vault = vault
	s, err := New(c, clock)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Auth says how we prove who we are.
type Auth struct {
	Header string // empty: no authentication
	Scheme string // put before the secret: "Bearer"
	Value  string // env:NAME or file:PATH
}

// Operation is one call, after those that come before it. Texts may hold slots
// in braces, which are filled for each call.
type Operation struct {
	Method  string
	Path    string
	Query   map[string]string
	Headers map[string]string // of this call; they hold no slots
	Body    map[string]any    // sent as JSON
	Form    map[string]string // sent as application/x-www-form-urlencoded
	Receipt string            // path of the far system's number for the act; optional
	Already []int             // of an act: statuses that mean that it is so already

	Take    map[string]string // slots for the calls after it: where they stand in its answer
	Items   string            // of a reading: path of the list in its answer; the thing itself is the one of it that matches Where
	LeftOut bool              // the list is left out of the answer where nothing is on it
	Where   *Expect           // which of the list matter; equals may hold slots
	Pages   *Pages            // how the list goes on
	Each    map[string]string // slots for the calls after it, which are made once for each of the list: where they stand in it

	Before []Operation // the calls before it, in their order
}

// calls are all calls of the operation, in their order.
func (o Operation) calls() []Operation {
	last := o
	last.Before = nil
	return append(slices.Clone(o.Before), last)
}

// declared reports whether anything of it is.
func (o Operation) declared() bool { return o.Method != "" || o.Path != "" || len(o.Before) > 0 }

// Pages says how a list goes on: in one of four ways.
type Pages struct {
	Next   string // path of the address of the next page
	Link   bool   // the address is in the Link header (RFC 8288)
	Cursor string // path of what the next call is to send as Into
	Into   string // parameter of the query
	Number string // parameter of the query that is the number of the page, from 1
	Size   int    // with Number: what is on a full page; a shorter one is the last
	More   string // path of what is true while there is more; optional
	Most   int    // pages at most; zero: DefaultPages
}

// Bounds of lists.
const (
	DefaultPages = 100
	maxPages     = 1000
)

// Errors say what went wrong in a system that answers failures with success.
type Errors struct {
	Path       string   // where the system's word for it stands; nothing there: nothing went wrong
	Unknown    []string // it does not know the reference
	Already    []string // it is so already
	Credential []string // it does not accept our credential
	NoRight    []string // it does not let us
	Busy       []string // later
}

// Inventory says how accesses of one kind are listed.
type Inventory struct {
	Kind    string // of the accesses, as grants have it
	List    Operation
	Account []string // paths, in each of the list, or slots, of the parts of the name that Access takes
	Label   string   // path of what people call it; optional
	Status  string   // path of the far system's word; optional
	Open    []string // the words that mean: it lets in; empty: whatever is listed does
}

// Billing says how subscriptions are read and ended.
type Billing struct {
	Find   []Operation // before each of the others
	Read   Operation
	Cancel Operation
	Resume Operation // empty: cannot be taken back
	State  State
}

// State says how to read a subscription out of an answer.
type State struct {
	Status string   // path of the far system's word
	Ended  []string // the words that mean: it has ended
	EndsAt string   // path of the instant at which it will end; optional
}

// Access says how accesses are read, closed and tried.
type Access struct {
	Parts   []string    // slots that its name fills, one after the other, instead of {reference}; nil: it has one part
	Find    []Operation // before each of the others, but not before the probe
	Read    Operation
	Revoke  Operation
	Restore Operation // empty: cannot be taken back
	Reading *Reading  // nil: they cannot be left to read
	Probe   *Probe    // nil: it cannot be tried
	Status  string    // path of the far system's word
	Open    []string  // the words that mean: it lets in
	Seen    string    // path of the instant of the last sign-in; empty: it does not say
}

// Reading says how an access is left to read, and to change nothing.
type Reading struct {
	Path   string   // where reading the access says how far it reaches
	Words  []string // what stands there when it is to read
	Narrow Operation
	Widen  Operation // {held} is what stood there before; empty: cannot be taken back
}

// Charges say how what was charged for a subscription is listed.
type Charges struct {
	List     Operation // beside {reference} it may hold {since}, an instant in RFC 3339
	ID       string    // paths, in each of the list: of its number there,
	Number   string    // of that which the customer has; optional
	Amount   string    // of the amount,
	Units    string    // which is a decimal number (UnitsMajor) or one of the smallest units (UnitsMinor)
	Currency string    // of its currency
	Refunded string    // of what was given back of it; optional
	At       string    // of when it was issued
	From, To string    // of what it is for; optional
	Payment  string    // of the payment by which the money came in; optional
	Status   string    // of the far system's word; optional
	Taken    []string  // the words that mean: the money came in; empty: whatever is listed did
	Void     []string  // the words that mean: it is no charge, or none any more
	Everyone *Everyone // nil: it cannot list what anybody was charged
}

// Everyone says how the charges of everybody are listed, each as those of one
// subscription are.
type Everyone struct {
	List         Operation // it holds {since}, and no {reference}
	Owner        string    // paths, in each of the list: of the number of whoever is charged,
	Email        string    // of their address,
	Subscription string    // and of the subscription that it is for; optional
}

// Ledger says how what is open with a customer is listed, for a subscription.
type Ledger struct {
	Units    string // how amounts are written
	Invoices Sums   // those that are open
	Unbilled *Sums  // what is recorded and on no invoice yet; nil: nothing is
	Balances *Sums  // what the account has, or owes; nil: nothing
}

// Sums are one list of a ledger. Paths are in each of the list; amounts are with
// their tax.
type Sums struct {
	List     Operation
	ID       string // of its number there; not of balances
	Number   string // of that which the customer has; optional, of invoices
	Text     string // of what it is, for the customer; optional, of what is unbilled
	Amount   string
	Tax      string // within the amount; optional
	Due      string // what is still to be paid of it; empty: all; of invoices
	Currency string
	At       string // of when it was issued; optional, of invoices
	DueAt    string // of when it is due; optional, of invoices
	From, To string // of what it is for; optional
	PayAt    string // of the address at which it can be paid; optional, of invoices
	Used     *Expect
	Account  string // of the number of whoever has the balance; optional
	Positive string // of balances: who has what is more than zero; empty: PositiveHas
}

// Whose a balance above zero is.
const (
	PositiveHas  = "has"  // the customer has it
	PositiveOwes = "owes" // the customer owes it
)

// How amounts are written.
const (
	UnitsMajor = "major" // "12.34"
	UnitsMinor = "minor" // 1234
)

// Probe is a call that tries to get in. With Secret it bears the account's own
// credential and nothing of ours.
type Probe struct {
	Operation
	Secret  string // file:PATH with the slot {reference}: the credential of the account
	Header  string // header that carries it; otherwise {secret} stands in the body
	Scheme  string
	Entered []int // statuses that mean: got in; empty: any 2xx
	Refused []int // statuses that mean: refused as it should be
}

// Action is an act of the system's own.
type Action struct {
	Find   []Operation // before each of the others
	Call   Operation
	Read   Operation
	Expect Expect // what reading shows when it is done
	Undo   ActionUndo
}

// ActionUndo says how an action is taken back.
type ActionUndo struct {
	Class  connector.UndoClass
	Loses  connector.Loss // of Final alone; empty: data
	Call   Operation      // empty for Final
	Expect *Expect        // what reading shows then; nil: the action's does not hold
}

// Expect is what must stand in an answer: one of the words at the path, or
// nothing.
type Expect struct {
	Path   string
	Equals []string
	Absent bool // nothing stands at Path; without Path, the record itself is gone (404)
}

// defaults fills in what may be left out.
func (c Config) defaults() Config {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Limit == 0 {
		c.Limit = DefaultLimit
	}
	if c.Level == "" {
		c.Level = connector.Declared
	}
	return c
}

func join[T ~string](words []T) string {
	s := make([]string, len(words))
	for i, w := range words {
		s[i] = string(w)
	}
	return strings.Join(s, ", ")
}
