package httpsystem

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
)

var (
	headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
	schemeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,31}$`)
	slot       = regexp.MustCompile(`\{[^{}]*\}`)

	// These headers belong to the transport or to this package.
	reservedHeaders = []string{"host", "content-length", "content-type", "transfer-encoding", "connection", "accept", "te", "trailer", "upgrade"}

	reads  = []string{"GET"}
	writes = []string{"POST", "PUT", "PATCH", "DELETE"}
	probes = []string{"GET", "POST"}
)

// checker collects what is wrong with a declaration.
type checker struct {
	config Config
	found  []declaration.Problem
	seen   [][]string // places that were checked
}

func (k *checker) bad(at []string, code string, args ...any) {
	k.found = append(k.found, declaration.Problem{At: at, Code: code, Args: args})
}

func at(keys ...string) []string { return keys }

func below(path []string, key string) []string { return declaration.Below(path, key) }

// check finds what is wrong with the declaration itself, without looking at
// the environment, the disk or the network.
func (c Config) check() []declaration.Problem {
	k := &checker{config: c}
	k.found = append(k.found, declaration.CheckName(c.System)...)
	k.found = append(k.found, declaration.CheckTimeout(c.Timeout)...)
	if c.Hook != nil {
		c.Hook.check(k, c)
		return k.found
	}
	switch {
	case c.BaseURL == "":
		k.bad(at("base_url"), "field.required")
	case !declaration.IsEnv(c.BaseURL):
		if code := declaration.WrongURL(c.BaseURL, c.Allow); code != "" {
			k.bad(at("base_url"), code)
		}
	}
	c.checkKeys(k)
	k.found = append(k.found, declaration.CheckLimit(c.Limit)...)
	k.found = append(k.found, declaration.CheckRate(c.Rate)...)
	c.checkCalls(k)
	if c.Ping.declared() {
		k.reading(nil, nil, c.Ping, at("ping"), k.scope(never))
	}
	if c.Rights != nil {
		c.Rights.check(k, at("rights"))
	}
	if c.Billing == nil && c.Access == nil && len(c.Actions) == 0 && len(c.Inventory) == 0 && len(c.Export) == 0 && len(c.Erase) == 0 && c.Messages == nil {
		k.bad(nil, "system.nothing")
	}
	if c.tellsOnly() && !c.Ping.declared() {
		k.bad(at("ping"), "system.needs", "key", messagesKey, "needs", "ping")
	}
	if c.Billing != nil || c.Access != nil {
		if !slices.Contains(declaration.Undos, c.Undo) {
			k.bad(at("undo"), "system.word", "words", join(declaration.Undos))
		}
	}
	if c.Billing != nil {
		c.Billing.check(k, c.Undo)
	}
	if c.Access != nil {
		c.Access.check(k, c.Undo)
	}
	for i, x := range c.Inventory {
		x.check(k, indexed(at("inventory"), i, len(c.Inventory)))
	}
	if c.Charges != nil {
		c.Charges.check(k, at("charges"))
	}
	if c.Ledger != nil {
		if c.Billing == nil { // whether it knows the subscription at all is read first
			k.bad(at("ledger"), "system.needs", "key", "ledger", "needs", "operations")
		}
		c.Ledger.check(k, at("ledger"))
	}
	for _, x := range c.Export {
		x.check(k)
	}
	for _, h := range c.Erase {
		h.check(k)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Actions)) {
		c.Actions[name].check(k, name)
	}
	if c.Reports != nil {
		c.Reports.check(k)
	}
	if c.Messages != nil {
		c.Messages.check(k)
	}
	return k.found
}

// checkKeys checks how we prove who we are, and how calls are told apart.
func (c Config) checkKeys(k *checker) {
	if c.Auth != (Auth{}) {
		k.header(c.Auth.Header, at("auth", "header"))
		k.scheme(c.Auth.Scheme, at("auth", "scheme"))
		if !declaration.IsRef(c.Auth.Value) {
			k.bad(at("auth", "value"), "system.secret_inline") // the value itself is never repeated
		}
	}
	if !slices.Contains(declaration.Effects, c.Effect) {
		k.bad(at("effect"), "system.word", "words", join(declaration.Effects))
	}
	if levels := []connector.Level{connector.Declared, connector.Example}; !slices.Contains(levels, c.Level) && c.Level != "" && c.Like == "" {
		k.bad(at("level"), "system.word", "words", join(levels))
	}
	if c.KeyHeader != "" {
		if strings.EqualFold(c.KeyHeader, c.Auth.Header) {
			k.bad(at("key_header"), "system.header")
		} else {
			k.header(c.KeyHeader, at("key_header"))
		}
	}
	switch {
	case c.Effect == connector.Keyed && (c.KeyHeader == "" || c.KeyLife == 0):
		k.bad(at("effect"), "system.key_missing")
	case c.Effect != connector.Keyed && c.KeyLife != 0:
		k.bad(at("key_life"), "system.key_life")
	case c.KeyLife < 0 || c.KeyLife > maxKeyLife:
		k.bad(at("key_life"), "system.range", "min", "1s", "max", maxKeyLife.String())
	}
}

func (k *checker) header(name string, at []string) {
	if !headerName.MatchString(name) || slices.Contains(reservedHeaders, strings.ToLower(name)) {
		k.bad(at, "system.header")
	}
}

func (k *checker) scheme(s string, at []string) {
	if s != "" && !schemeName.MatchString(s) {
		k.bad(at, "field.invalid")
	}
}

func (k *checker) path(p string, at []string) {
	if !httpcall.GoodPath(p) {
		k.bad(at, "system.path")
	}
}

func (k *checker) words(list []string, at []string) {
	if len(list) == 0 || slices.Contains(list, "") {
		k.bad(at, "field.required")
	}
}

func (b Billing) check(k *checker, undo connector.UndoClass) {
	find := at("operations", "find")
	k.reading(b.Find, find, b.Read, at("operations", "read"), k.scope(once))
	k.acting(b.Find, find, b.Cancel, at("operations", "cancel"), k.scope(once, "ends_at"))
	k.back(b.Find, find, b.Resume, at("operations", "resume"), at("undo"), undo, k.scope(once))
	k.path(b.State.Status, at("state", "status"))
	k.words(b.State.Ended, at("state", "ended"))
	if b.State.EndsAt != "" {
		k.path(b.State.EndsAt, at("state", "ends_at"))
	}
}

func (a Access) check(k *checker, undo connector.UndoClass) {
	where := at("access", "operations")
	find := below(where, "find")
	a.checkParts(k, at("access", "parts"))
	k.reading(a.Find, find, a.Read, below(where, "read"), k.account(a, once))
	k.acting(a.Find, find, a.Revoke, below(where, "revoke"), k.account(a, once))
	k.back(a.Find, find, a.Restore, below(where, "restore"), at("undo"), undo, k.account(a, once))
	k.path(a.Status, at("access", "state", "status"))
	k.words(a.Open, at("access", "state", "open"))
	k.paths(at("access", "state"), map[string]string{"signed_in_at": a.Seen})
	if x, at := a.Reading, at("access", "read_only"); x != nil {
		k.path(x.Path, below(at, "path"))
		k.words(x.Words, below(at, "words"))
		k.acting(a.Find, find, x.Narrow, below(at, "narrow"), k.account(a, once))
		if x.Widen.declared() {
			k.acting(a.Find, find, x.Widen, below(at, "widen"), k.account(a, once, "held"))
		}
	}
	if a.Probe != nil {
		a.Probe.check(k, below(where, "probe"), k.account(a, maybe, "secret"))
	}
}

// account is what the calls about an access may hold.
func (k *checker) account(a Access, ref refs, more ...string) scope {
	s := k.scope(ref, more...)
	for _, part := range a.Parts {
		s.known[part] = true
	}
	return s
}

// checkParts checks what the parts of the name of an access are called.
func (a Access) checkParts(k *checker, where []string) {
	if a.Parts == nil {
		return
	}
	if len(a.Parts) < 2 {
		k.bad(where, "system.parts")
	}
	for i, name := range a.Parts {
		k.slotName(name, below(where, strconv.Itoa(i)))
		if _, fixed := k.config.With[name]; fixed || slices.Index(a.Parts, name) < i {
			k.bad(below(where, strconv.Itoa(i)), "system.slot_name", "name", name)
		}
	}
}

func (c Charges) check(k *checker, where []string) {
	list := func(o Operation, where []string, sc scope) {
		sc.known["since"], sc.fixed["since"] = true, true
		k.reading(nil, nil, o, where, sc)
		last := indexed(where, len(o.Before), len(o.Before)+1)
		switch {
		case o.Items == "":
			k.bad(last, "system.needs", "key", "list", "needs", "items")
		case len(o.Each) > 0:
			k.bad(below(last, "each"), "system.not_here", "key", "each")
		}
	}
	list(c.List, below(where, "list"), k.scope(once))
	if x, at := c.Everyone, below(where, "everyone"); x != nil {
		list(x.List, below(at, "list"), k.scope(never))
		if x.Owner == "" && x.Email == "" {
			k.bad(below(at, "owner"), "field.required")
		}
		k.paths(at, map[string]string{"owner": x.Owner, "email": x.Email, "subscription": x.Subscription})
	}
	for key, path := range map[string]string{"id": c.ID, "amount": c.Amount, "currency": c.Currency, "at": c.At} {
		k.path(path, below(where, key))
	}
	k.paths(where, map[string]string{"number": c.Number, "refunded": c.Refunded, "from": c.From, "to": c.To, "payment": c.Payment, "status": c.Status})
	if units := []string{UnitsMajor, UnitsMinor}; !slices.Contains(units, c.Units) {
		k.bad(below(where, "units"), "system.word", "words", join(units))
	}
	for key, words := range map[string][]string{"taken": c.Taken, "void": c.Void} {
		if len(words) > 0 && c.Status == "" {
			k.bad(below(where, key), "system.needs", "key", key, "needs", "status")
		}
	}
}

func (l Ledger) check(k *checker, where []string) {
	if units := []string{UnitsMajor, UnitsMinor}; !slices.Contains(units, l.Units) {
		k.bad(below(where, "units"), "system.word", "words", join(units))
	}
	l.Invoices.check(k, below(where, "invoices"), "id", "amount", "currency")
	if l.Unbilled != nil {
		l.Unbilled.check(k, below(where, "unbilled"), "id", "amount", "currency")
	}
	if l.Balances != nil {
		l.Balances.check(k, below(where, "balances"), "amount", "currency")
		if words := []string{"", PositiveHas, PositiveOwes}; !slices.Contains(words, l.Balances.Positive) {
			k.bad(below(below(where, "balances"), "positive"), "system.word", "words", join(words[1:]))
		}
	}
}

// check reports what is wrong with one list of a ledger; needed are the paths
// that it cannot do without.
func (x Sums) check(k *checker, where []string, needed ...string) {
	list := below(where, "list")
	k.reading(nil, nil, x.List, list, k.scope(once))
	last := indexed(list, len(x.List.Before), len(x.List.Before)+1)
	switch {
	case x.List.Items == "":
		k.bad(last, "system.needs", "key", "list", "needs", "items")
	case len(x.List.Each) > 0:
		k.bad(below(last, "each"), "system.not_here", "key", "each")
	}
	paths := map[string]string{
		"id": x.ID, "number": x.Number, "text": x.Text, "amount": x.Amount, "tax": x.Tax, "due": x.Due, "currency": x.Currency, "at": x.At, "due_at": x.DueAt,
		"from": x.From, "to": x.To, "pay_at": x.PayAt, "account": x.Account,
	}
	for _, key := range needed {
		k.path(paths[key], below(where, key))
		delete(paths, key)
	}
	k.paths(where, paths)
	if x.Used != nil {
		x.Used.check(k, below(where, "used"))
	}
}

func (x Inventory) check(k *checker, where []string) {
	switch {
	case x.Kind == "":
		k.bad(below(where, "kind"), "field.required")
	case !slices.Contains(connector.AccessKinds, x.Kind):
		k.bad(below(where, "kind"), "system.access_kind", "kind", x.Kind, "kinds", strings.Join(connector.AccessKinds, ", "))
	}
	sc := k.scope(once)
	delete(sc.known, "reference")
	sc.known["owner"] = true
	list := below(where, "list")
	k.reading(nil, nil, x.List, list, sc)
	switch {
	case x.List.Items == "":
		k.bad(indexed(list, len(x.List.Before), len(x.List.Before)+1), "system.needs", "key", "list", "needs", "items")
	case len(x.List.Each) > 0:
		k.bad(below(indexed(list, len(x.List.Before), len(x.List.Before)+1), "each"), "system.not_here", "key", "each")
	}
	x.checkAccount(k, below(where, "account"))
	k.paths(where, map[string]string{"label": x.Label, "status": x.Status})
	if len(x.Open) > 0 && x.Status == "" {
		k.bad(below(where, "open"), "system.needs", "key", "open", "needs", "status")
	}
}

// checkAccount checks of what the name of an access is put together.
func (x Inventory) checkAccount(k *checker, where []string) {
	want := 1
	if a := k.config.Access; a != nil && a.Parts != nil {
		want = len(a.Parts)
	}
	switch len(x.Account) {
	case want:
	case 0:
		k.path("", where)
		return
	default:
		k.bad(where, "system.account_parts", "parts", strconv.Itoa(want))
		return
	}
	taken := map[string]bool{}
	for _, o := range x.List.Before {
		for name := range o.Take {
			taken["{"+name+"}"] = true
		}
	}
	for i, path := range x.Account {
		if at := indexed(where, i, len(x.Account)); slot.MatchString(path) {
			if !taken[path] {
				k.bad(at, "system.slot", "slot", path, "allowed", strings.Join(slices.Sorted(maps.Keys(taken)), ", "))
			}
		} else {
			k.path(path, at)
		}
	}
}

func (p Probe) check(k *checker, where []string, sc scope) {
	if p.Receipt != "" {
		k.bad(below(where, "receipt"), "system.unknown_key", "key", "receipt")
	}
	wrong := p.lookingUp()
	wrong["already"] = len(p.Already) > 0
	for _, key := range are(wrong) {
		k.bad(below(where, key), "system.not_here", "key", key)
	}
	k.call(p.Operation, where, probes, sc)
	for _, key := range are(map[string]bool{"body": p.Body != nil, "form": p.Form != nil}) {
		if p.Method == "GET" {
			k.bad(below(where, key), "system.read_body")
		}
	}
	inBody := p.Body != nil && holds(p.Body, "{secret}") || slices.ContainsFunc(slices.Collect(maps.Values(p.Form)), func(text string) bool { return strings.Contains(text, "{secret}") })
	switch {
	case p.Secret == "":
		if inBody || p.Header != "" || p.Scheme != "" {
			k.bad(where, "system.probe_secret")
		}
	case declaration.CheckEach(p.Secret) != "":
		k.bad(below(where, "secret"), declaration.CheckEach(p.Secret), "slot", declaration.Slot)
	case inBody == (p.Header != ""): // it must go somewhere, and to one place only
		k.bad(below(where, "secret"), "system.probe_secret")
	}
	if p.Header != "" {
		k.header(p.Header, below(where, "header"))
	}
	k.scheme(p.Scheme, below(where, "scheme"))
	k.statuses(p.Entered, below(where, "entered"))
	k.statuses(p.Refused, below(where, "refused"))
	if len(p.Refused) == 0 {
		k.bad(below(where, "refused"), "field.required")
	}
	for _, s := range p.Refused {
		if p.entered(s) {
			k.bad(below(where, "refused"), "system.probe_both", "status", strconv.Itoa(s))
		}
	}
}

// statuses checks codes that mean something: what a busy or broken system
// answers never does.
func (k *checker) statuses(list []int, at []string) {
	for _, s := range list {
		if s < 200 || s > 499 || s == 408 || s == 425 || s == 429 {
			k.bad(at, "system.status", "status", strconv.Itoa(s))
		}
	}
}

func (a Action) check(k *checker, name string) {
	where := at("actions", name)
	if !declaration.SystemName.MatchString(name) {
		k.bad(where, "system.action_name", "name", name)
	}
	find := below(where, "find")
	k.acting(a.Find, find, a.Call, below(where, "call"), k.scope(maybe))
	k.reading(a.Find, find, a.Read, below(where, "read"), k.scope(maybe))
	a.Expect.check(k, below(where, "expect"))
	undo := below(where, "undo")
	if !slices.Contains(declaration.Undos, a.Undo.Class) {
		k.bad(below(undo, "class"), "system.word", "words", join(declaration.Undos))
	}
	k.found = append(k.found, declaration.CheckLoss(undo, a.Undo.Class, a.Undo.Loses)...)
	k.back(a.Find, find, a.Undo.Call, below(undo, "call"), undo, a.Undo.Class, k.scope(maybe))
	if a.Undo.Expect != nil {
		a.Undo.Expect.check(k, below(undo, "expect"))
	}
}

func (e Expect) check(k *checker, where []string) {
	if e.Path != "" || !e.Absent {
		k.path(e.Path, below(where, "path"))
	}
	if e.Absent == (len(e.Equals) > 0) || slices.Contains(e.Equals, "") {
		k.bad(where, "system.expect")
	}
}

// back checks what takes an act back: needed unless the class is final, whose
// place is class.
func (k *checker) back(find []Operation, findAt []string, o Operation, where, class []string, undo connector.UndoClass, sc scope) {
	switch {
	case o.declared():
		k.acting(find, findAt, o, where, sc)
	case undo != connector.Final && slices.Contains(declaration.Undos, undo):
		k.bad(class, "system.resume_missing", "operation", strings.Join(where, "."))
	}
}

// wholeSlots become a value of their own, not a part of a text.
var wholeSlots = []string{"{ends_at}"}

// wrongSlot returns the first slot of a body template that is none of the
// allowed ones or stands where it cannot be filled.
func wrongSlot(v any, allowed []string) string {
	switch v := v.(type) {
	case string:
		for _, s := range slot.FindAllString(v, -1) {
			if !slices.Contains(allowed, s) || slices.Contains(wholeSlots, s) && v != s {
				return s
			}
		}
	case []any:
		for _, x := range v {
			// An element cannot be left out without moving the others.
			if x == "{ends_at}" {
				return "{ends_at}"
			}
			if s := wrongSlot(x, allowed); s != "" {
				return s
			}
		}
	case map[string]any:
		for k, x := range v {
			// {ends_at} without quotes is, to YAML, a map with the key ends_at.
			if x == nil && len(v) == 1 && (slices.Contains(reservedSlots, k) || slices.Contains(allowed, "{"+k+"}")) {
				return "{" + k + "}"
			}
			if slot.MatchString(k) {
				return slot.FindString(k)
			}
			if s := wrongSlot(x, allowed); s != "" {
				return s
			}
		}
	}
	return ""
}

// holds reports whether a text somewhere in a body template has the slot.
func holds(v any, want string) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, want)
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return holds(x, want) })
	case map[string]any:
		for _, x := range v {
			if holds(x, want) {
				return true
			}
		}
	}
	return false
}
