// Package iamsystem closes access keys at Amazon's IAM, and at stores that speak
// its protocol. An access is one key of one user, USER/KEY: it is made inactive,
// or deleted, and can be tried by asking who it is. It knows nothing of what a key
// may do.
package iamsystem

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/when"
)

// KindName is the word for this connector in systems.yaml.
const KindName = "iam"

// What closing does to a key.
const (
	Disable = "disable" // it stays, inactive
	Delete  = "delete"  // it is gone
)

const (
	defaultURL    = "https://iam.amazonaws.com"
	defaultRegion = "us-east-1"
)

// Config declares one account of IAM. It may be printed: what is secret is a
// reference.
type Config struct {
	System    string
	BaseURL   string // or env:NAME
	Region    string // what requests are signed for
	AccessKey string // who we are there; a reference, or the text itself
	SecretKey string // reference
	Close     string // Disable or Delete
	Probe     *Probe // nil: keys cannot be tried
	Owned     string // paths and names of the users that are a customer's, with the slot {owner} and * for anything; empty: it cannot say
	Timeout   time.Duration
	Limit     int64   // bytes of an answer
	Rate      float64 // calls a second at most; zero: as fast as it answers
	Allow     []netip.Prefix

	declaration.Places
	Vault declaration.Vault // opens the sealed secrets
}

// Probe says how a key is tried: it asks a service of tokens (STS) who it is, which
// needs no right at all.
type Probe struct {
	Secret string // file:PATH with the slot {reference}: the secret of each key
	URL    string // of the service, or env:NAME
}

// Kind reads entries of this kind.
func Kind() declaration.Kind { return declaration.Kind{Name: KindName, Read: read} }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	mark := e.Mark()
	top := e.Top("base_url", "region", "access_key", "secret_key", "close", "probe", "inventory", "timeout", "limit", "rate", "allow")
	if top == nil {
		return nil, false
	}
	c := Config{
		System: e.Name, BaseURL: e.Word(top, nil, "base_url"), Region: e.Word(top, nil, "region"),
		AccessKey: e.Ref(top, nil, "access_key"), SecretKey: e.Ref(top, nil, "secret_key"),
		Close: e.Word(top, nil, "close"), Owned: e.Word(top, nil, "inventory"),
		Timeout: e.Duration(top, nil, "timeout"), Limit: e.Size(top, nil, "limit"), Rate: e.Rate(top, nil, "rate"), Allow: e.Prefixes(top, nil, "allow"),
	}.defaults()
	if at := declaration.Path("probe"); top.Has("probe") {
		m := e.Keys(at, "secret", "url")
		c.Probe = &Probe{Secret: e.Ref(m, at, "secret"), URL: e.Word(m, at, "url")}
	}
	good := e.Judge(mark, c.check())
	c.Places = e.Places()
	return c, good
}

// defaults fills in what may be left out.
func (c Config) defaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = defaultURL
	}
	if c.Region == "" {
		c.Region = defaultRegion
	}
	if c.Close == "" {
		c.Close = Disable
	}
	if c.Timeout == 0 {
		c.Timeout = declaration.DefaultTimeout
	}
	if c.Limit == 0 {
		c.Limit = declaration.DefaultLimit
	}
	return c
}

var region = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// check finds what is wrong with the declaration itself.
func (c Config) check() (found []declaration.Problem) {
	bad := func(at []string, code string, args ...any) {
		found = append(found, declaration.Problem{At: at, Code: code, Args: args})
	}
	address := func(at []string, raw string) {
		switch {
		case raw == "":
			bad(at, "field.required")
		case !declaration.IsEnv(raw):
			if code := declaration.WrongURL(raw, c.Allow); code != "" {
				bad(at, code)
			}
		}
	}
	found = append(found, declaration.CheckName(c.System)...)
	address(declaration.Path("base_url"), c.BaseURL)
	if !region.MatchString(c.Region) {
		bad(declaration.Path("region"), "system.region")
	}
	if c.AccessKey == "" {
		bad(declaration.Path("access_key"), "field.required")
	}
	if code := declaration.CheckRef(c.SecretKey); code != "" {
		bad(declaration.Path("secret_key"), code)
	}
	if words := []string{Disable, Delete}; !slices.Contains(words, c.Close) {
		bad(declaration.Path("close"), "system.word", "words", strings.Join(words, ", "))
	}
	if at := declaration.Path("probe"); c.Probe != nil {
		if code := declaration.CheckEach(c.Probe.Secret); code != "" {
			bad(declaration.Below(at, "secret"), code, "slot", declaration.Slot)
		}
		address(declaration.Below(at, "url"), c.Probe.URL)
	}
	switch {
	case c.Owned == "":
	case strings.Count(c.Owned, declaration.OwnerSlot) != 1:
		bad(declaration.Path("inventory"), "system.slot_once", "slot", declaration.OwnerSlot)
	case !strings.HasPrefix(c.Owned, "/"):
		bad(declaration.Path("inventory"), "system.user_path")
	}
	found = append(found, declaration.CheckTimeout(c.Timeout)...)
	found = append(found, declaration.CheckLimit(c.Limit)...)
	found = append(found, declaration.CheckRate(c.Rate)...)
	return found
}

// owned is which users are an owner's, and the path below which all of them are.
// Whatever the name of the owner holds is meant as it stands.
func (c Config) owned(owner string) (path string, theirs *regexp.Regexp) {
	parts := strings.Split(c.Owned, "*")
	for i, p := range parts {
		parts[i] = strings.Replace(p, declaration.OwnerSlot, owner, 1)
	}
	path = parts[0][:strings.LastIndexByte(parts[0], '/')+1]
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return path, regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
}

// Name of the system.
func (c Config) Name() string { return c.System }

// Info describes the system. Asking twice changes nothing more. A key that is
// deleted does not come back.
func (c Config) Info() connector.Info {
	undo := connector.Restorable
	if c.Close == Delete {
		undo = connector.Final
	}
	return connector.Info{System: c.System, Kind: KindName, Level: connector.RealPeer, Effect: connector.Idempotent, Undo: undo}
}

// Can lists what the system can do.
func (c Config) Can() (can, actions []string) { return (&System{cfg: c}).Connector().Can(), nil }

// Secrets are the references to secrets that it needs.
func (c Config) Secrets() []string {
	if declaration.IsRef(c.AccessKey) {
		return []string{c.AccessKey, c.SecretKey}
	}
	return []string{c.SecretKey}
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
