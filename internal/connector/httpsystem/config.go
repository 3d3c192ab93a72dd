// Package httpsystem connects any far system that speaks JSON over HTTP, from
// a declaration: where it is, which three calls read, cancel and resume a
// subscription, and which fields of its answers matter. It never calls twice
// by itself, follows no redirect, and keeps only the declared fields of an
// answer. It does not retry, schedule or decide: the engine does.
package httpsystem

import (
	"encoding/json"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
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
	KeyHeader string        // header that carries the idempotency key; required for Keyed
	KeyLife   time.Duration // for Keyed: how long the far end remembers a key
	Undo      connector.UndoClass
	Timeout   time.Duration  // of one call; zero: DefaultTimeout
	Limit     int64          // bytes of an answer; zero: DefaultLimit
	Allow     []netip.Prefix // private addresses that may be called
	Read      Operation
	Cancel    Operation
	Resume    Operation // empty Method: cannot be taken back
	State     State
}

// Auth says how we prove who we are.
type Auth struct {
	Header string // empty: no authentication
	Scheme string // put before the secret: "Bearer"
	Value  string // env:NAME or file:PATH
}

// Operation is one call. Path holds the slot {reference}. Body may hold
// {reference} inside a text, and {ends_at} as a whole text: the instant in
// RFC 3339, left out when the end is now.
type Operation struct {
	Method  string
	Path    string
	Body    map[string]any
	Receipt string // dotted path of the far system's number for the act; optional
}

// State says how to read a subscription out of an answer. Paths are dotted:
// "data.status".
type State struct {
	Status string   // path of the far system's word
	Ended  []string // the words that mean: it has ended
	EndsAt string   // path of the instant at which it will end; optional
}

// problem is one thing wrong with a declaration; at is the path of keys to it.
type problem struct {
	at   []string
	code string
	args []any
}

// fault tells the problem of a Config that came from no file.
func (p problem) fault(system string) *fault.Error {
	field := "/" + strings.Join(p.at, "/")
	return fault.New(fault.Invalid, p.code, append([]any{"at", system + field}, p.args...)...).On(field)
}

var (
	systemName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
	schemeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,31}$`)
	fieldPath  = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	slot       = regexp.MustCompile(`\{[^{}]*\}`)

	// Works of the house and the outgoing mail share the name space of systems.
	reservedNames = []string{"house", "mail"}
	// These headers belong to the transport or to this package.
	reservedHeaders = []string{"host", "content-length", "content-type", "transfer-encoding", "connection", "accept", "te", "trailer", "upgrade"}

	effects = []connector.EffectClass{connector.Idempotent, connector.Keyed, connector.Verifiable, connector.Ask}
	undos   = []connector.UndoClass{connector.Restorable, connector.Reissuable, connector.Final}
	writes  = []string{"POST", "PUT", "PATCH", "DELETE"}
)

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

// check finds what is wrong with the declaration itself, without looking at
// the environment, the disk or the network.
func (c Config) check() (all []problem) {
	bad := func(code string, at []string, args ...any) {
		all = append(all, problem{at: at, code: code, args: args})
	}
	at := func(keys ...string) []string { return keys }
	if !systemName.MatchString(c.System) || slices.Contains(reservedNames, c.System) {
		bad("system.name", nil, "name", c.System)
	}
	switch {
	case c.BaseURL == "":
		bad("field.required", at("base_url"))
	case !isEnv(c.BaseURL):
		if code := c.wrongURL(c.BaseURL); code != "" {
			bad(code, at("base_url"))
		}
	}
	if c.Auth != (Auth{}) {
		if !headerName.MatchString(c.Auth.Header) || slices.Contains(reservedHeaders, strings.ToLower(c.Auth.Header)) {
			bad("system.header", at("auth", "header"))
		}
		if c.Auth.Scheme != "" && !schemeName.MatchString(c.Auth.Scheme) {
			bad("field.invalid", at("auth", "scheme"))
		}
		if !isEnv(c.Auth.Value) && !isFile(c.Auth.Value) {
			bad("system.secret_inline", at("auth", "value")) // the value itself is never repeated
		}
	}
	if !slices.Contains(effects, c.Effect) {
		bad("system.word", at("effect"), "words", join(effects))
	}
	if c.KeyHeader != "" && (!headerName.MatchString(c.KeyHeader) || slices.Contains(reservedHeaders, strings.ToLower(c.KeyHeader)) ||
		strings.EqualFold(c.KeyHeader, c.Auth.Header)) {
		bad("system.header", at("key_header"))
	}
	switch {
	case c.Effect == connector.Keyed && (c.KeyHeader == "" || c.KeyLife == 0):
		bad("system.key_missing", at("effect"))
	case c.Effect != connector.Keyed && c.KeyLife != 0:
		bad("system.key_life", at("key_life"))
	case c.KeyLife < 0 || c.KeyLife > maxKeyLife:
		bad("system.range", at("key_life"), "min", "1s", "max", maxKeyLife.String())
	}
	if !slices.Contains(undos, c.Undo) {
		bad("system.word", at("undo"), "words", join(undos))
	}
	if c.Timeout < 0 || c.Timeout > maxTimeout {
		bad("system.range", at("timeout"), "min", "1ms", "max", maxTimeout.String())
	}
	if c.Limit < 0 || c.Limit > maxLimit {
		bad("system.range", at("limit"), "min", "1B", "max", "16MiB")
	}
	all = append(all, c.Read.check("read", []string{"GET"})...)
	if c.Read.Body != nil {
		bad("system.read_body", at("operations", "read", "body"))
	}
	if c.Read.Receipt != "" {
		bad("system.unknown_key", at("operations", "read", "receipt"), "key", "receipt")
	}
	all = append(all, c.Cancel.check("cancel", writes)...)
	switch {
	case c.Resume.Method != "" || c.Resume.Path != "":
		all = append(all, c.Resume.check("resume", writes)...)
	case c.Undo != connector.Final && slices.Contains(undos, c.Undo):
		bad("system.resume_missing", at("undo"))
	}
	if !fieldPath.MatchString(c.State.Status) {
		bad("system.path", at("state", "status"))
	}
	if len(c.State.Ended) == 0 || slices.Contains(c.State.Ended, "") {
		bad("field.required", at("state", "ended"))
	}
	if c.State.EndsAt != "" && !fieldPath.MatchString(c.State.EndsAt) {
		bad("system.path", at("state", "ends_at"))
	}
	return all
}

func (o Operation) check(name string, methods []string) (all []problem) {
	bad := func(code, key string, args ...any) {
		all = append(all, problem{at: []string{"operations", name, key}, code: code, args: args})
	}
	switch {
	case o.Method == "":
		bad("field.required", "method")
	case !slices.Contains(methods, o.Method):
		bad("system.word", "method", "words", strings.Join(methods, ", "))
	}
	if !strings.HasPrefix(o.Path, "/") || strings.ContainsAny(o.Path, "?#\\ ") || strings.Contains(o.Path, "//") ||
		strings.Count(o.Path, "{reference}") != 1 || len(slot.FindAllString(o.Path, -1)) != 1 {
		bad("system.path_slot", "path", "slot", "{reference}")
	} else if u, err := url.Parse(strings.ReplaceAll(o.Path, "{reference}", "r")); err != nil || slices.Contains(strings.Split(u.Path, "/"), "..") {
		bad("system.path_slot", "path", "slot", "{reference}")
	}
	if o.Receipt != "" && !fieldPath.MatchString(o.Receipt) {
		bad("system.path", "receipt")
	}
	if o.Body != nil {
		if s := wrongSlot(o.Body); s != "" {
			bad("system.body_slot", "body", "slot", s, "allowed", "{reference}, {ends_at}")
		} else if _, err := json.Marshal(o.Body); err != nil {
			bad("field.invalid", "body")
		}
	}
	return all
}

// wrongSlot returns the first slot of a body template that does not exist or
// stands where it cannot be filled.
func wrongSlot(v any) string {
	switch v := v.(type) {
	case string:
		for _, s := range slot.FindAllString(v, -1) {
			if s != "{reference}" && (s != "{ends_at}" || v != s) {
				return s
			}
		}
	case []any:
		for _, x := range v {
			// An element cannot be left out without moving the others.
			if x == "{ends_at}" {
				return "{ends_at}"
			}
			if s := wrongSlot(x); s != "" {
				return s
			}
		}
	case map[string]any:
		for k, x := range v {
			// {ends_at} without quotes is, to YAML, a map with the key ends_at.
			if x == nil && (k == "ends_at" || k == "reference") && len(v) == 1 {
				return "{" + k + "}"
			}
			if slot.MatchString(k) {
				return slot.FindString(k)
			}
			if s := wrongSlot(x); s != "" {
				return s
			}
		}
	}
	return ""
}

// wrongURL returns the code of what is wrong with the base address, or "".
func (c Config) wrongURL(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "system.base_url"
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "":
		return "system.base_url_extra"
	case u.Scheme == "http" && len(c.Allow) == 0:
		return "system.plain_http"
	}
	return ""
}

func isEnv(s string) bool  { return strings.HasPrefix(s, "env:") && len(s) > len("env:") }
func isFile(s string) bool { return strings.HasPrefix(s, "file:") && len(s) > len("file:") }

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
