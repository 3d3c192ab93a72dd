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
	"os"
	"path/filepath"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// KindName is the word for this connector in systems.yaml.
const KindName = "http"

// Bounds and defaults of a declaration.
const (
	DefaultTimeout = 10 * time.Second
	DefaultLimit   = int64(1 << 20) // bytes of an answer

	maxTimeout = 2 * time.Minute
	maxLimit   = int64(16 << 20)
	maxKeyLife = 366 * 24 * time.Hour
)

// Config declares one far system. Secrets are references, so that a Config may
// be printed.
type Config struct {
	System    string // name of the system: "billing"
	BaseURL   string // https://…, or env:NAME
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

	places map[string]string // where things stand in the file, by path
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

// Place is where the nearest thing at the path stands: systems.yaml:12:5.
// Empty for a Config that came from no file.
func (c Config) Place(path ...string) string {
	for i := len(path); i > 0; i-- {
		if at, ok := c.places[strings.Join(path[:i], "/")]; ok {
			return at
		}
	}
	return c.places[""]
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

// problem is one thing wrong with a declaration; at is the path of keys to it.
type problem struct {
	at   []string
	code string
	args []any
}

// fault tells the problem of a Config that came from no file.
func (p problem) fault(system string) *fault.Error {
	field := pointer(p.at)
	return fault.New(fault.Invalid, p.code, append([]any{"at", system + field}, p.args...)...).On(field)
}

// pointer is the JSON pointer (RFC 6901) of a path.
func pointer(path []string) string {
	var b strings.Builder
	for _, key := range path {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
	}
	return b.String()
}

// defaults fills in what may be left out.
func (c Config) defaults() Config {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Limit == 0 {
		c.Limit = DefaultLimit
	}
	return c
}

func isEnv(s string) bool  { return strings.HasPrefix(s, "env:") && len(s) > len("env:") }
func isFile(s string) bool { return strings.HasPrefix(s, "file:") && len(s) > len("file:") }

// root makes the files that hold secrets start at the folder of the
// declaration, wherever the program was started.
func (c *Config) root(folder string) {
	at := func(ref *string) {
		if path := strings.TrimPrefix(*ref, "file:"); isFile(*ref) && !filepath.IsAbs(path) {
			*ref = "file:" + filepath.Join(folder, path)
		}
	}
	at(&c.Auth.Value)
	if c.Access != nil && c.Access.Probe != nil {
		at(&c.Access.Probe.Secret)
	}
}

// resolve reads a reference. It returns the code of what went wrong, or "".
func resolve(ref string) (value, code string) {
	switch {
	case isEnv(ref):
		v, ok := os.LookupEnv(strings.TrimPrefix(ref, "env:"))
		if !ok || v == "" {
			return "", "system.env_missing"
		}
		value = v
	case isFile(ref):
		b, err := os.ReadFile(strings.TrimPrefix(ref, "file:"))
		if err != nil {
			return "", "system.file_missing"
		}
		value = strings.TrimRight(string(b), "\r\n")
	default:
		return ref, ""
	}
	if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", "system.secret_unusable"
	}
	return value, ""
}

func join[T ~string](words []T) string {
	s := make([]string, len(words))
	for i, w := range words {
		s[i] = string(w)
	}
	return strings.Join(s, ", ")
}
