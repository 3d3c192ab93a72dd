// Package ldapsystem connects directories that speak LDAP version 3 (RFC 4511):
// OpenLDAP, Active Directory and their like. An access is an entry: it is found
// by its name and disabled, locked, marked, taken out of its groups or deleted,
// and can be tried by signing in with its own password. Nothing that a server
// says about a person is kept or told.
package ldapsystem

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/when"
)

// KindName is the word for this connector in systems.yaml.
const KindName = "ldap"

// What closing an access does to its entry.
const (
	Disable = "disable" // Active Directory: bit 2 of userAccountControl
	Lock    = "lock"    // OpenLDAP with the password policy: pwdAccountLockedTime, for ever
	Marked  = "mark"    // an attribute gets a declared value
	Groups  = "groups"  // it is taken out of its groups, and nothing else
	Delete  = "delete"  // the entry is gone, for ever
)

var closings = []string{Disable, Lock, Marked, Groups, Delete}

// Attributes that the first two ways of closing write.
const (
	control = "userAccountControl"
	locked  = "pwdAccountLockedTime"
)

// Attributes in which directories say when a password was last set: with the
// password policy (draft-behera-ldap-password-policy section 5.3.2), and Active
// Directory.
const (
	changed = "pwdChangedTime"
	lastSet = "pwdLastSet"
)

// Config declares one directory. It may be printed: what is secret is a
// reference.
type Config struct {
	System   string
	URL      string    // ldaps://host:636 or ldap://host:389, or env:NAME
	StartTLS bool      // and only with ldap://
	CA       string    // file:PATH: certificates that may sign the directory's; empty: those of the machine
	Bind     string    // who we are there: a DN or, at Active Directory, a name
	Password string    // reference
	Base     string    // DN below which accesses are
	FindBy   string    // attribute that holds the name of an access
	Filter   string    // what else an entry must be (RFC 4515)
	Close    string    // one of the words above
	Mark     Mark      // with Marked
	Groups   *Teams    // groups that are left, whatever Close says; nil: none
	Probe    *Probe    // nil: accesses cannot be tried
	SignedIn *SignedIn // nil: it does not say when somebody got in
	Owned    string    // filter with the slot {owner}: which accesses are a customer's; empty: it cannot say
	Timeout  time.Duration
	Limit    int64 // bytes of what the directory says in one call
	Allow    []netip.Prefix

	declaration.Places
	Vault declaration.Vault // opens the sealed secrets
}

// Mark is an attribute that says whether an access is closed.
type Mark struct {
	Attribute string
	Closed    string // what stands there when it is
	Open      string // what stands there when it is not; empty: nothing
}

// Teams are groups, and how they name who is in them.
type Teams struct {
	Base   string // DN below which they are
	Member string // attribute of a group: member, uniqueMember, memberUid
	Value  string // attribute of the entry that stands there; empty: its DN
}

// Probe says how an access signs in.
type Probe struct {
	Password string   // file:PATH with the slot {reference}: the password of each access
	As       string   // DN or name with the slot {reference}; empty: the DN that is found
	Refused  []uint16 // result codes that are the refusal
}

// Defaults of what may be left out.
const (
	defaultFindBy  = "uid"
	defaultFilter  = "(objectClass=*)"
	defaultMember  = "member"
	invalidAttempt = ldap.LDAPResultInvalidCredentials // 49
)

// Kind reads entries of this kind.
func Kind() declaration.Kind { return declaration.Kind{Name: KindName, Read: read} }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	mark := e.Mark()
	top := e.Top("url", "start_tls", "ca", "bind", "password", "base", "find_by", "filter", "close", "mark", "groups", "probe", "inventory", "signed_in", "timeout", "limit", "allow")
	if top == nil {
		return nil, false
	}
	c := Config{
		System: e.Name, URL: e.Word(top, nil, "url"), StartTLS: e.Flag(top, nil, "start_tls"), CA: e.Ref(top, nil, "ca"),
		Bind: e.Word(top, nil, "bind"), Password: e.Ref(top, nil, "password"),
		Base: e.Word(top, nil, "base"), FindBy: e.Word(top, nil, "find_by"), Filter: e.Word(top, nil, "filter"), Close: e.Word(top, nil, "close"), Owned: e.Word(top, nil, "inventory"),
		Timeout: e.Duration(top, nil, "timeout"), Limit: e.Size(top, nil, "limit"), Allow: e.Prefixes(top, nil, "allow"),
	}
	if at := declaration.Path("mark"); top.Has("mark") {
		m := e.Keys(at, "attribute", "closed", "open")
		c.Mark = Mark{Attribute: e.Word(m, at, "attribute"), Closed: one(e, m, at, "closed"), Open: one(e, m, at, "open")}
	}
	if at := declaration.Path("groups"); top.Has("groups") {
		m := e.Keys(at, "base", "member", "value")
		c.Groups = &Teams{Base: e.Word(m, at, "base"), Member: e.Word(m, at, "member"), Value: e.Word(m, at, "value")}
	}
	if at := declaration.Path("probe"); top.Has("probe") {
		m := e.Keys(at, "password", "as", "refused")
		c.Probe = &Probe{Password: e.Ref(m, at, "password"), As: e.Word(m, at, "as")}
		for _, n := range e.Numbers(m, at, "refused") {
			if n <= 0 || n > 1<<15 {
				e.Bad(declaration.Below(at, "refused"), "system.range", "min", 1, "max", 1<<15)
				continue
			}
			c.Probe.Refused = append(c.Probe.Refused, uint16(n))
		}
	}
	if top.Has("signed_in") {
		c.SignedIn = readSignedIn(e)
	}
	c = c.defaults()
	good := e.Judge(mark, c.check())
	c.Places = e.Places()
	return c, good
}

// one reads one value as it is written: FALSE is a word here.
func one(e *declaration.Entry, m declaration.Map, path []string, key string) string {
	if list := e.Scalars(m, path, key); len(list) == 1 {
		return list[0]
	}
	return ""
}

// defaults fills in what may be left out.
func (c Config) defaults() Config {
	if c.FindBy == "" {
		c.FindBy = defaultFindBy
	}
	if c.Filter == "" {
		c.Filter = defaultFilter
	}
	if g := c.Groups; g != nil && g.Member == "" {
		c.Groups = &Teams{Base: g.Base, Member: defaultMember, Value: g.Value}
	}
	if p := c.Probe; p != nil && len(p.Refused) == 0 {
		c.Probe = &Probe{Password: p.Password, As: p.As, Refused: []uint16{invalidAttempt}}
	}
	if c.Timeout == 0 {
		c.Timeout = declaration.DefaultTimeout
	}
	if c.Limit == 0 {
		c.Limit = declaration.DefaultLimit
	}
	return c
}

// attribute is the description of one (RFC 4512 section 2.5), without options.
var attribute = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

// check finds what is wrong with the declaration itself.
func (c Config) check() (found []declaration.Problem) {
	bad := func(at []string, code string, args ...any) {
		found = append(found, declaration.Problem{At: at, Code: code, Args: args})
	}
	dn := func(at []string, name string) {
		if d, err := ldap.ParseDN(name); err != nil || len(d.RDNs) == 0 {
			bad(at, "system.dn")
		}
	}
	named := func(at []string, name string) {
		if !attribute.MatchString(name) {
			bad(at, "system.attribute")
		}
	}
	found = append(found, declaration.CheckName(c.System)...)
	if !declaration.IsEnv(c.URL) {
		if code := c.wrongURL(c.URL); code != "" {
			bad(declaration.Path("url"), code)
		}
	}
	if c.CA != "" && !declaration.IsFile(c.CA) {
		bad(declaration.Path("ca"), "system.ca")
	}
	if c.Bind == "" {
		bad(declaration.Path("bind"), "field.required")
	}
	if code := declaration.CheckRef(c.Password); code != "" {
		bad(declaration.Path("password"), code)
	}
	dn(declaration.Path("base"), c.Base)
	named(declaration.Path("find_by"), c.FindBy)
	if _, err := ldap.CompileFilter(c.Filter); err != nil {
		bad(declaration.Path("filter"), "system.filter")
	}
	if at := declaration.Path("inventory"); c.Owned != "" {
		if strings.Count(c.Owned, declaration.OwnerSlot) != 1 {
			bad(at, "system.slot_once", "slot", declaration.OwnerSlot)
		} else if _, err := ldap.CompileFilter(c.owned("x")); err != nil {
			bad(at, "system.filter")
		}
	}
	if !slices.Contains(closings, c.Close) {
		bad(declaration.Path("close"), "system.word", "words", strings.Join(closings, ", "))
	}
	if at := declaration.Path("mark"); c.Close == Marked {
		named(declaration.Below(at, "attribute"), c.Mark.Attribute)
		if c.Mark.Closed == "" {
			bad(declaration.Below(at, "closed"), "field.required")
		} else if strings.EqualFold(c.Mark.Closed, c.Mark.Open) {
			bad(declaration.Below(at, "open"), "system.same", "key", "closed")
		}
	} else if c.Mark != (Mark{}) {
		bad(at, "system.unknown_key", "key", "mark")
	}
	if at := declaration.Path("groups"); c.Groups != nil {
		dn(declaration.Below(at, "base"), c.Groups.Base)
		named(declaration.Below(at, "member"), c.Groups.Member)
		if c.Groups.Value != "" {
			named(declaration.Below(at, "value"), c.Groups.Value)
		}
	} else if c.Close == Groups {
		bad(at, "field.required")
	}
	if at := declaration.Path("probe"); c.Probe != nil {
		if code := declaration.CheckEach(c.Probe.Password); code != "" {
			bad(declaration.Below(at, "password"), code, "slot", declaration.Slot)
		}
		// Whoever is gone is found no more, and could not be tried.
		if as := c.Probe.As; (as != "" || c.Close == Delete) && strings.Count(as, declaration.Slot) != 1 {
			bad(declaration.Below(at, "as"), "system.slot_once", "slot", declaration.Slot)
		}
	}
	if c.SignedIn != nil {
		found = append(found, c.SignedIn.check()...)
	}
	found = append(found, declaration.CheckTimeout(c.Timeout)...)
	found = append(found, declaration.CheckLimit(c.Limit)...)
	return found
}

// wrongURL returns the code of what is wrong with the address, or "". Without
// TLS only named networks may be called.
func (c Config) wrongURL(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "ldap" && u.Scheme != "ldaps" || u.Scheme == "ldaps" && c.StartTLS,
		u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "system.ldap_url"
	case u.Scheme == "ldap" && !c.StartTLS && len(c.Allow) == 0:
		return "system.plain_ldap"
	}
	return ""
}

// owned is the filter of what an owner has; whatever its name holds, it is one
// value there.
func (c Config) owned(owner string) string {
	return strings.Replace(c.Owned, declaration.OwnerSlot, ldap.EscapeFilter(owner), 1)
}

// Name of the system.
func (c Config) Name() string { return c.System }

// Info describes the system. Asking twice changes nothing more. Which groups an
// entry was taken out of stands in the receipt alone, and a directory does not
// remember it: whoever left groups does not come back whole.
func (c Config) Info() connector.Info {
	undo, level := connector.Restorable, connector.RealPeer
	if c.Close == Delete || c.Groups != nil {
		undo = connector.Final
	}
	if c.Close == Disable { // no Active Directory runs where we test: an OpenLDAP has its attributes there
		level = connector.ShapesOnly
	}
	return connector.Info{System: c.System, Kind: KindName, Level: level, Effect: connector.Idempotent, Undo: undo}
}

// Can lists what the system can do.
func (c Config) Can() (can, actions []string) { return (&System{cfg: c}).Connector().Can(), nil }

// Secrets are the references to secrets that it needs.
func (c Config) Secrets() []string { return []string{c.Password} }

// Open connects it.
func (c Config) Open(clock when.Clock, vault declaration.Vault) (declaration.Opened, error) {
	c.Vault = vault
	s, err := New(c, clock)
	if err != nil {
		return nil, err
	}
	return s, nil
}
