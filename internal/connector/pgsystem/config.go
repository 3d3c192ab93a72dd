// Package pgsystem connects databases of PostgreSQL. An access is a role: it
// loses its right to sign in and its sessions, and can be tried with its own
// password. Actions are statements with the number of rows that they may touch:
// where it is another number, nothing is changed. What it gives away of a customer
// are the rows of declared statements, which only read.
package pgsystem

import (
	"maps"
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
const KindName = "postgres"

// Config declares one database. It may be printed: what is secret is a reference.
type Config struct {
	System  string
	URL     string                  // reference: postgres://user:password@host/database?sslmode=verify-full
	Roles   *Roles                  // nil: it lets nobody in
	Actions Actions                 // by name
	Export  []Export                // in the order of the declaration; nil: it gives nothing away
	Erase   declaration.SQLHoldings // the data map, in the order of the declaration; nil: it erases nothing
	Timeout time.Duration
	Limit   int64 // bytes of an answer; what it gives away is as long as it is
	Allow   []netip.Prefix

	declaration.Places
	Vault declaration.Vault // opens the sealed secrets
}

// Roles says that accesses are roles.
type Roles struct {
	Password string // file:PATH with the slot {reference}: the password of each role; empty: they cannot be tried
	Owned    string // statement whose first column names the roles of the customer $1; empty: it cannot say
	SignedIn string // statement that gives when the role $1 last signed in; empty: it does not say
	ReadOnly *ReadOnly
}

// ReadOnly says how a role is left to read: by the groups, themselves roles, that it
// leaves and joins. What was granted to the role itself stays as it is.
type ReadOnly struct {
	Leave []string
	Join  []string
	Try   string // statement that changes something; the role makes it and it is rolled back. Empty: it cannot be tried
}

// Actions are statements, by their name.
type Actions map[string]Action

// Action is a statement about one customer, whose reference is $1.
type Action struct {
	Run    string
	Rows   Rows
	Read   string // gives one row; its first column says how things stand
	Expect string // what Read says when it is done
	Undo   Undo
}

// Undo says how an action is taken back.
type Undo struct {
	Class  connector.UndoClass
	Loses  connector.Loss // of Final alone; empty: data
	Run    string
	Rows   Rows
	Expect string // what Read says then; empty: anything but Action.Expect
}

// Rows is how many rows a statement may touch.
type Rows struct{ Least, Most int }

func (r Rows) String() string {
	if r.Least == r.Most {
		return strconv.Itoa(r.Least)
	}
	return strconv.Itoa(r.Least) + "-" + strconv.Itoa(r.Most)
}

var rows = regexp.MustCompile(`^(\d{1,7})(?:-(\d{1,7}))?$`)

// parseRows reads 1 or 1-100; anything else is a Rows with Most below Least.
func parseRows(s string) Rows {
	m := rows.FindStringSubmatch(s)
	if m == nil {
		return Rows{1, 0}
	}
	least, _ := strconv.Atoi(m[1])
	if m[2] == "" {
		return Rows{least, least}
	}
	most, _ := strconv.Atoi(m[2])
	return Rows{least, most}
}

// Kind reads entries of this kind.
func Kind() declaration.Kind { return declaration.Kind{Name: KindName, Read: read} }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	mark := e.Mark()
	top := e.Top("url", "roles", "actions", "export", "erase", "timeout", "limit", "allow")
	if top == nil {
		return nil, false
	}
	c := Config{
		System: e.Name, URL: e.Ref(top, nil, "url"), Timeout: e.Duration(top, nil, "timeout"), Limit: e.Size(top, nil, "limit"), Allow: e.Prefixes(top, nil, "allow"),
	}.defaults()
	if top.Has("roles") {
		where := declaration.Path("roles")
		m := e.Keys(where, "password", "inventory", "signed_in", "read_only")
		c.Roles = &Roles{Password: e.Ref(m, where, "password"), Owned: e.Word(m, where, "inventory"), SignedIn: e.Word(m, where, "signed_in")}
		if where := declaration.Below(where, "read_only"); m.Has("read_only") {
			m := e.Keys(where, "leave", "join", "try")
			c.Roles.ReadOnly = &ReadOnly{Leave: e.Words(m, where, "leave"), Join: e.Words(m, where, "join"), Try: e.Word(m, where, "try")}
		}
	}
	where := declaration.Path("actions")
	for _, name := range e.Names(where) {
		if c.Actions == nil {
			c.Actions = Actions{}
		}
		at := declaration.Below(where, name)
		m := e.Keys(at, "run", "rows", "read", "expect", "undo")
		x := Action{Run: e.Word(m, at, "run"), Rows: parseRows(one(e, m, at, "rows")), Read: e.Word(m, at, "read"), Expect: one(e, m, at, "expect")}
		at = declaration.Below(at, "undo")
		m = e.Keys(at, "class", "loses", "run", "rows", "expect")
		x.Undo = Undo{Class: connector.UndoClass(e.Word(m, at, "class")), Loses: connector.Loss(e.Word(m, at, "loses")), Run: e.Word(m, at, "run"), Rows: parseRows(one(e, m, at, "rows")), Expect: one(e, m, at, "expect")}
		c.Actions[name] = x
	}
	c.Export = readExport(e)
	c.Erase = e.SQLHoldings()
	good := e.Judge(mark, c.check())
	c.Places = e.Places()
	return c, good
}

// one reads one value as it is written.
func one(e *declaration.Entry, m declaration.Map, path []string, key string) string {
	list := e.Scalars(m, path, key)
	if len(list) != 1 {
		return ""
	}
	return list[0]
}

// defaults fills in what may be left out.
func (c Config) defaults() Config {
	if c.Timeout == 0 {
		c.Timeout = declaration.DefaultTimeout
	}
	if c.Limit == 0 {
		c.Limit = declaration.DefaultLimit
	}
	return c
}

// check finds what is wrong with the declaration itself.
func (c Config) check() (found []declaration.Problem) {
	bad := func(at []string, code string, args ...any) {
		found = append(found, declaration.Problem{At: at, Code: code, Args: args})
	}
	found = append(found, declaration.CheckName(c.System)...)
	if code := declaration.CheckRef(c.URL); code != "" { // it holds a password
		bad(declaration.Path("url"), code)
	}
	found = append(found, declaration.CheckTimeout(c.Timeout)...)
	found = append(found, declaration.CheckLimit(c.Limit)...)
	if c.Roles == nil && len(c.Actions) == 0 && len(c.Export) == 0 && len(c.Erase) == 0 {
		bad(nil, "system.nothing_to_do", "keys", "roles, actions, export, erase")
	}
	if c.Roles != nil && c.Roles.Password != "" {
		if code := declaration.CheckEach(c.Roles.Password); code != "" {
			bad(declaration.Path("roles", "password"), code, "slot", declaration.Slot)
		}
	}
	if c.Roles != nil && c.Roles.Owned != "" && !strings.Contains(c.Roles.Owned, "$1") {
		bad(declaration.Path("roles", "inventory"), "system.statement", "slot", "$1")
	}
	if c.Roles != nil && c.Roles.SignedIn != "" && !strings.Contains(c.Roles.SignedIn, "$1") {
		bad(declaration.Path("roles", "signed_in"), "system.statement", "slot", "$1")
	}
	if c.Roles != nil && c.Roles.ReadOnly != nil {
		x, where := c.Roles.ReadOnly, declaration.Path("roles", "read_only")
		if len(x.Leave) == 0 {
			bad(declaration.Below(where, "leave"), "field.required")
		}
		for _, g := range x.Join {
			if slices.Contains(x.Leave, g) {
				bad(declaration.Below(where, "join"), "system.same", "key", "leave")
			}
		}
		if x.Try != "" && c.Roles.Password == "" {
			bad(declaration.Below(where, "try"), "system.needs", "key", "try", "needs", "password")
		}
	}
	for _, x := range c.Export {
		found = append(found, x.check()...)
	}
	found = append(found, c.Erase.Check()...)
	for _, name := range slices.Sorted(maps.Keys(c.Actions)) {
		x, at := c.Actions[name], declaration.Path("actions", name)
		if !declaration.SystemName.MatchString(name) {
			bad(at, "system.action_name", "name", name)
		}
		statement := func(at []string, key, text string) {
			if strings.Count(text, "$1") == 0 {
				bad(declaration.Below(at, key), "system.statement", "slot", "$1")
			}
		}
		statement(at, "run", x.Run)
		statement(at, "read", x.Read)
		if x.Rows.Most < x.Rows.Least {
			bad(declaration.Below(at, "rows"), "system.rows")
		}
		if x.Expect == "" {
			bad(declaration.Below(at, "expect"), "field.required")
		}
		undo := declaration.Below(at, "undo")
		found = append(found, declaration.CheckLoss(undo, x.Undo.Class, x.Undo.Loses)...)
		switch {
		case !slices.Contains(declaration.Undos, x.Undo.Class):
			bad(declaration.Below(undo, "class"), "system.word", "words", "restorable, reissuable, final")
		case x.Undo.Class != connector.Final:
			statement(undo, "run", x.Undo.Run)
			if x.Undo.Rows.Most < x.Undo.Rows.Least {
				bad(declaration.Below(undo, "rows"), "system.rows")
			}
		}
		if x.Undo.Expect != "" && x.Undo.Expect == x.Expect {
			bad(declaration.Below(undo, "expect"), "system.expect")
		}
	}
	return found
}

// Name of the system.
func (c Config) Name() string { return c.System }

// ActionInfo describes an action of the system.
func (c Config) ActionInfo(name string) (connector.Info, bool) {
	x, ok := c.Actions[name]
	info := c.Info()
	info.Undo, info.Loses = x.Undo.Class, x.Undo.Loses
	return info, ok
}

// Info describes the system: how things stand can always be read.
func (c Config) Info() connector.Info {
	return connector.Info{System: c.System, Kind: KindName, Level: connector.RealPeer, Effect: connector.Verifiable, Undo: connector.Restorable}
}

// Can lists what the system can do.
func (c Config) Can() (can, actions []string) {
	return (&System{cfg: c}).Connector().Can(), slices.Sorted(maps.Keys(c.Actions))
}

// Secrets are the references to secrets that it needs.
func (c Config) Secrets() []string { return []string{c.URL} }

// Open connects it.
func (c Config) Open(clock when.Clock, vault declaration.Vault) (declaration.Opened, error) {
	c.Vault = vault
	s, err := New(c, clock)
	if err != nil {
		return nil, err
	}
	return s, nil
}
