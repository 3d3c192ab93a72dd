// Package oauthsystem connects authorization servers of OAuth 2.0. An access is
// a token that was given to somebody: it is revoked (RFC 7009), asked about by
// introspection (RFC 7662) and, where a resource is declared, tried. A revoked
// token does not come back; another is issued.
package oauthsystem

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
const KindName = "oauth"

// The kinds of token (RFC 7009 section 2.1).
const (
	AccessToken  = "access_token"
	RefreshToken = "refresh_token"
)

// Config declares one server. It may be printed: secrets are references.
type Config struct {
	System       string
	Introspect   string // address, or env:NAME
	Revoke       string // address, or env:NAME
	ClientID     string
	ClientSecret string // reference
	Token        string // file:PATH with the slot {reference}: the token of an access
	TokenKind    string // AccessToken or RefreshToken
	Resource     string // what a token lets in at, by GET; empty: it cannot be tried
	Timeout      time.Duration
	Limit        int64   // bytes of an answer
	Rate         float64 // calls a second at most; zero: as fast as it answers
	Allow        []netip.Prefix

	declaration.Places
	Vault declaration.Vault // opens the sealed secrets
}

// Kind reads entries of this kind.
func Kind() declaration.Kind { return declaration.Kind{Name: KindName, Read: read} }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	mark := e.Mark()
	top := e.Top("introspect", "revoke", "client_id", "client_secret", "token", "token_kind", "resource", "timeout", "limit", "rate", "allow")
	if top == nil {
		return nil, false
	}
	c := Config{
		System: e.Name, Introspect: e.Word(top, nil, "introspect"), Revoke: e.Word(top, nil, "revoke"),
		ClientID: e.Word(top, nil, "client_id"), ClientSecret: e.Ref(top, nil, "client_secret"),
		Token: e.Ref(top, nil, "token"), TokenKind: e.Word(top, nil, "token_kind"), Resource: e.Word(top, nil, "resource"),
		Timeout: e.Duration(top, nil, "timeout"), Limit: e.Size(top, nil, "limit"), Rate: e.Rate(top, nil, "rate"), Allow: e.Prefixes(top, nil, "allow"),
	}.defaults()
	good := e.Judge(mark, c.check())
	c.Places = e.Places()
	return c, good
}

// defaults fills in what may be left out.
func (c Config) defaults() Config {
	if c.TokenKind == "" {
		c.TokenKind = AccessToken
	}
	if c.Timeout == 0 {
		c.Timeout = declaration.DefaultTimeout
	}
	if c.Limit == 0 {
		c.Limit = declaration.DefaultLimit
	}
	return c
}

// addresses are the keys that hold one, and what they hold.
func (c Config) addresses() map[string]string {
	return map[string]string{"introspect": c.Introspect, "revoke": c.Revoke, "resource": c.Resource}
}

// check finds what is wrong with the declaration itself.
func (c Config) check() (found []declaration.Problem) {
	bad := func(key, code string, args ...any) {
		found = append(found, declaration.Problem{At: declaration.Path(key), Code: code, Args: args})
	}
	found = append(found, declaration.CheckName(c.System)...)
	for _, key := range []string{"introspect", "revoke", "resource"} {
		switch raw := c.addresses()[key]; {
		case raw == "" && key != "resource":
			bad(key, "field.required")
		case raw == "", declaration.IsEnv(raw):
		default:
			if code := declaration.WrongURL(raw, c.Allow); code != "" {
				bad(key, code)
			}
		}
	}
	if c.ClientID == "" {
		bad("client_id", "field.required")
	}
	if code := declaration.CheckRef(c.ClientSecret); code != "" {
		bad("client_secret", code)
	}
	if code := declaration.CheckEach(c.Token); code != "" {
		bad("token", code, "slot", declaration.Slot)
	}
	if words := []string{AccessToken, RefreshToken}; !slices.Contains(words, c.TokenKind) {
		bad("token_kind", "system.word", "words", strings.Join(words, ", "))
	}
	found = append(found, declaration.CheckTimeout(c.Timeout)...)
	found = append(found, declaration.CheckLimit(c.Limit)...)
	found = append(found, declaration.CheckRate(c.Rate)...)
	return found
}

// Name of the system.
func (c Config) Name() string { return c.System }

// Info describes the system: revoking twice changes nothing more, and nothing
// brings a token back.
func (c Config) Info() connector.Info {
	return connector.Info{System: c.System, Kind: KindName, Level: connector.RealPeer, Effect: connector.Idempotent, Undo: connector.Final}
}

// Can lists what the system can do.
func (c Config) Can() (can, actions []string) { return (&System{cfg: c}).Connector().Can(), nil }

// Secrets are the references to secrets that it needs.
func (c Config) Secrets() []string { return []string{c.ClientSecret} }

// Open connects it.
func (c Config) Open(clock when.Clock, vault declaration.Vault) (declaration.Opened, error) {
	c.Vault = vault
	s, err := New(c, clock)
	if err != nil {
		return nil, err
	}
	return s, nil
}
