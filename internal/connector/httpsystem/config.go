// Package httpsystem connects any far system that speaks JSON over HTTP, from
// a declaration: where it is, which calls it answers, and which fields of its
// answers matter. A system can do what it declares: billing (read, cancel,
// resume), access (read, revoke, restore, probe) and actions of its own. The
// package never calls twice by itself, follows no redirect, and keeps only the
// declared fields of an answer. It does not retry, schedule or decide: the
// engine does.
package httpsystem

import (
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
	Level     connector.Level // what the declaration was tried against: ShapesOnly, or Example; empty: ShapesOnly
	BaseURL   string          // https://…, or env:NAME
	Auth      Auth
	Effect    connector.EffectClass
	KeyHeader string              // header that carries the idempotency key; required for Keyed
	KeyLife   time.Duration       // for Keyed: how long the far end remembers a key
	Undo      connector.UndoClass // of cancelling and revoking; actions have their own
	Timeout   time.Duration       // of one call; zero: DefaultTimeout
	Limit     int64               // bytes of an answer; zero: DefaultLimit
	Allow     []netip.Prefix      // private addresses that may be called
	Ping      Operation           // answered with 2xx whenever the system is well; optional
	Billing   *Billing            // nil: it charges nobody
	Access    *Access             // nil: it lets nobody in
	Actions   map[string]Action   // by name
	Reports   *Reports            // nil: it tells nothing by itself
	Hook      *Hook               // set: it takes signed messages, and nothing else of this is said

	declaration.Places // where it stands in its file
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

// Secrets are the references to secrets that it needs; the credentials of
// accounts that a probe tries are not ours.
func (c Config) Secrets() (refs []string) {
	refs = append(refs, c.Auth.Value)
	if c.Hook != nil {
		refs = append(refs, c.Hook.Secret, c.Hook.Next)
	}
	if c.Reports != nil {
		refs = append(refs, c.Reports.Secret, c.Reports.Next)
	}
	return slices.DeleteFunc(refs, func(ref string) bool { return ref == "" })
}

// Open connects it.
func (c Config) Open(clock when.Clock) (declaration.Opened, error) {
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

// Operation is one call. Path and Body may hold slots in braces, which are
// filled for each call.
type Operation struct {
	Method  string
	Path    string
	Body    map[string]any
	Receipt string // dotted path of the far system's number for the act; optional
}

// Billing says how subscriptions are read and ended.
type Billing struct {
	Read   Operation
	Cancel Operation
	Resume Operation // empty Method: cannot be taken back
	State  State
}

// State says how to read a subscription out of an answer. Paths are dotted:
// "data.status".
type State struct {
	Status string   // path of the far system's word
	Ended  []string // the words that mean: it has ended
	EndsAt string   // path of the instant at which it will end; optional
}

// Access says how accesses are read, closed and tried.
type Access struct {
	Read    Operation
	Revoke  Operation
	Restore Operation // empty Method: cannot be taken back
	Probe   *Probe    // nil: it cannot be tried
	Status  string    // path of the far system's word
	Open    []string  // the words that mean: it lets in
}

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
	Call   Operation
	Read   Operation
	Expect Expect // what reading shows when it is done
	Undo   ActionUndo
}

// ActionUndo says how an action is taken back.
type ActionUndo struct {
	Class  connector.UndoClass
	Call   Operation // empty Method for Final
	Expect *Expect   // what reading shows then; nil: the action's does not hold
}

// Expect is what must stand in an answer: one of the words at the dotted path,
// or nothing.
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
		c.Level = connector.ShapesOnly
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
