// Package scimsystem connects identity providers that speak SCIM 2.0 (RFC 7643,
// RFC 7644). An access is a user: it is found by its name, deactivated (and
// activated again) or deleted, and taken out of its groups where that is
// declared. A user who is not there, is not active and is in no such group is
// closed.
package scimsystem

import (
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/when"
)

// KindName is the word for this connector in systems.yaml.
const KindName = "scim"

// What closing an access does to the user.
const (
	Deactivate = "deactivate" // active becomes false
	Delete     = "delete"     // the user is gone, for ever
)

const defaultFindBy = "userName"

// Config declares one provider. It may be printed: the token is a reference.
type Config struct {
	System      string
	BaseURL     string // https://id.example/scim/v2, or env:NAME
	Token       string // reference to the bearer token
	FindBy      string // attribute that holds the name of an access: userName, externalId, emails.value
	Close       string // Deactivate or Delete
	LeaveGroups bool   // and take the user out of every group
	Probe       *Probe // nil: users cannot be tried
	SignedIn    string // attribute that says when a user last signed in; empty: it does not say
	Owned       string // filter with the slot {owner}: which users are a customer's; empty: it cannot say
	Timeout     time.Duration
	Limit       int64   // bytes of an answer
	Rate        float64 // calls a second at most; zero: as fast as it answers
	Allow       []netip.Prefix

	declaration.Places
	Vault declaration.Vault // opens the sealed secrets
}

// Probe says what a user of the provider gets in at with a credential of their
// own: SCIM itself knows no sign-in.
type Probe struct {
	Resource string // address that is asked by GET, or env:NAME
	Secret   string // file:PATH with the slot {reference}: the password or the token of each user
	Scheme   string // Basic or Bearer
	Refused  []int  // statuses that are the refusal
}

// How a user shows their credential (RFC 7617, RFC 6750).
const (
	Basic  = "basic"  // the name of the access and their password
	Bearer = "bearer" // their token
)

// Kind reads entries of this kind.
func Kind() declaration.Kind { return declaration.Kind{Name: KindName, Read: read} }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	mark := e.Mark()
	top := e.Top("base_url", "token", "find_by", "close", "leave_groups", "probe", "inventory", "signed_in", "timeout", "limit", "rate", "allow")
	if top == nil {
		return nil, false
	}
	c := Config{
		System: e.Name, BaseURL: e.Word(top, nil, "base_url"), Token: e.Ref(top, nil, "token"), FindBy: e.Word(top, nil, "find_by"),
		Close: e.Word(top, nil, "close"), LeaveGroups: e.Flag(top, nil, "leave_groups"), Owned: e.Word(top, nil, "inventory"), SignedIn: e.Word(top, nil, "signed_in"),
		Timeout: e.Duration(top, nil, "timeout"), Limit: e.Size(top, nil, "limit"), Rate: e.Rate(top, nil, "rate"), Allow: e.Prefixes(top, nil, "allow"),
	}
	if at := declaration.Path("probe"); top.Has("probe") {
		m := e.Keys(at, "resource", "secret", "scheme", "refused")
		c.Probe = &Probe{Resource: e.Word(m, at, "resource"), Secret: e.Ref(m, at, "secret"), Scheme: e.Word(m, at, "scheme"), Refused: e.Numbers(m, at, "refused")}
	}
	c = c.defaults()
	good := e.Judge(mark, c.check())
	c.Places = e.Places()
	return c, good
}

// defaults fills in what may be left out.
func (c Config) defaults() Config {
	if c.FindBy == "" {
		c.FindBy = defaultFindBy
	}
	if c.Close == "" {
		c.Close = Deactivate
	}
	if p := c.Probe; p != nil {
		filled := *p
		if filled.Scheme == "" {
			filled.Scheme = Basic
		}
		if len(filled.Refused) == 0 {
			filled.Refused = []int{http.StatusUnauthorized}
		}
		c.Probe = &filled
	}
	if c.Timeout == 0 {
		c.Timeout = declaration.DefaultTimeout
	}
	if c.Limit == 0 {
		c.Limit = declaration.DefaultLimit
	}
	return c
}

// attribute is a path of RFC 7644 section 3.10, without a filter of its own.
var attribute = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_$-]*(\.[A-Za-z][A-Za-z0-9_$-]*)?$`)

// extended is such a path, or one of an extension, after the name of its schema
// (RFC 7643 section 3.3).
var extended = regexp.MustCompile(`^(?:urn:[A-Za-z0-9][A-Za-z0-9:._-]*:)?[A-Za-z][A-Za-z0-9_$-]*(\.[A-Za-z][A-Za-z0-9_$-]*)?$`)

// check finds what is wrong with the declaration itself.
func (c Config) check() (found []declaration.Problem) {
	bad := func(key, code string, args ...any) {
		found = append(found, declaration.Problem{At: declaration.Path(key), Code: code, Args: args})
	}
	found = append(found, declaration.CheckName(c.System)...)
	switch {
	case c.BaseURL == "":
		bad("base_url", "field.required")
	case !declaration.IsEnv(c.BaseURL):
		if code := declaration.WrongURL(c.BaseURL, c.Allow); code != "" {
			bad("base_url", code)
		}
	}
	if code := declaration.CheckRef(c.Token); code != "" {
		bad("token", code)
	}
	if !attribute.MatchString(c.FindBy) {
		bad("find_by", "system.path")
	}
	if words := []string{Deactivate, Delete}; !slices.Contains(words, c.Close) {
		bad("close", "system.word", "words", strings.Join(words, ", "))
	}
	found = append(found, c.checkProbe()...)
	if c.Owned != "" && strings.Count(c.Owned, declaration.OwnerSlot) != 1 {
		bad("inventory", "system.slot_once", "slot", declaration.OwnerSlot)
	}
	switch {
	case c.SignedIn == "":
	case !extended.MatchString(c.SignedIn):
		bad("signed_in", "system.path")
	case strings.EqualFold(c.SignedIn, "meta") || strings.HasPrefix(strings.ToLower(c.SignedIn), "meta."):
		bad("signed_in", "system.not_a_sign_in", "attribute", c.SignedIn)
	}
	found = append(found, declaration.CheckTimeout(c.Timeout)...)
	found = append(found, declaration.CheckLimit(c.Limit)...)
	found = append(found, declaration.CheckRate(c.Rate)...)
	return found
}

// checkProbe finds what is wrong with how users are tried.
func (c Config) checkProbe() (found []declaration.Problem) {
	if c.Probe == nil {
		return nil
	}
	bad := func(key, code string, args ...any) {
		found = append(found, declaration.Problem{At: declaration.Path("probe", key), Code: code, Args: args})
	}
	switch p := c.Probe; {
	case p.Resource == "":
		bad("resource", "field.required")
	case !declaration.IsEnv(p.Resource):
		if code := declaration.WrongURL(p.Resource, c.Allow); code != "" {
			bad("resource", code)
		}
	}
	if code := declaration.CheckEach(c.Probe.Secret); code != "" {
		bad("secret", code, "slot", declaration.Slot)
	}
	if words := []string{Basic, Bearer}; !slices.Contains(words, c.Probe.Scheme) {
		bad("scheme", "system.word", "words", strings.Join(words, ", "))
	}
	for _, status := range c.Probe.Refused {
		// A success is in; one that asks to come back later is no refusal.
		if status < 300 || status > 499 || slices.Contains([]int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}, status) {
			bad("refused", "system.status", "status", strconv.Itoa(status))
		}
	}
	return found
}

// Name of the system.
func (c Config) Name() string { return c.System }

// Info describes the system. Asking twice changes nothing more; only a user who
// was deactivated, and lost no group, comes back whole.
func (c Config) Info() connector.Info {
	undo := connector.Restorable
	if c.Close == Delete || c.LeaveGroups {
		undo = connector.Final
	}
	return connector.Info{System: c.System, Kind: KindName, Level: connector.RealPeer, Effect: connector.Idempotent, Undo: undo}
}

// Can lists what the system can do.
func (c Config) Can() (can, actions []string) { return (&System{cfg: c}).Connector().Can(), nil }

// Secrets are the references to secrets that it needs.
func (c Config) Secrets() []string { return []string{c.Token} }

// Open connects it.
func (c Config) Open(clock when.Clock, vault declaration.Vault) (declaration.Opened, error) {
	c.Vault = vault
	s, err := New(c, clock)
	if err != nil {
		return nil, err
	}
	return s, nil
}
