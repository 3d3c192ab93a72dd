package httpsystem

import (
	"slices"
	"strconv"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
)

// Kinds are the words for this connector in systems.yaml, and how their entries
// are read.
func Kinds() []declaration.Kind {
	return []declaration.Kind{{Name: KindName, Read: read}, {Name: HookKind, Read: readHook}}
}

// reading is one entry being read.
type reading struct{ *declaration.Entry }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	r, mark := reading{e}, e.Mark()
	top := r.Top("like", "level", "base_url", "auth", "headers", "with", "errors", "effect", "key_header", "key_life", "undo",
		"timeout", "limit", "rate", "allow", "ping", "rights", "operations", "state", "access", "inventory", "charges", "ledger", "export", "erase", "actions", "webhook", messagesKey)
	if top == nil {
		return nil, false
	}
	if top.Has("like") {
		return r.like(top, mark)
	}
	c := Config{
		System:    e.Name,
		Level:     connector.Level(r.Word(top, nil, "level")),
		BaseURL:   r.Word(top, nil, "base_url"),
		Effect:    connector.EffectClass(r.Word(top, nil, "effect")),
		KeyHeader: r.Word(top, nil, "key_header"),
		Undo:      connector.UndoClass(r.Word(top, nil, "undo")),
		KeyLife:   r.Duration(top, nil, "key_life"),
		Timeout:   r.Duration(top, nil, "timeout"),
		Limit:     r.Size(top, nil, "limit"),
		Rate:      r.Rate(top, nil, "rate"),
		Allow:     r.Prefixes(top, nil, "allow"),
		Headers:   r.Table(top, nil, "headers"),
		With:      r.with(top),
	}
	if m := r.Keys(at("auth"), "header", "scheme", "value"); m != nil {
		c.Auth = Auth{Header: r.Word(m, at("auth"), "header"), Scheme: r.Word(m, at("auth"), "scheme"), Value: r.Ref(m, at("auth"), "value")}
	}
	if top.Has("errors") {
		c.Errors = r.errors(at("errors"))
	}
	if top.Has("ping") {
		c.Ping = r.calls(at("ping"))
	}
	if top.Has("rights") {
		c.Rights = r.rights(at("rights"))
	}
	c.Billing = r.billing(top)
	if top.Has("inventory") {
		c.Inventory = r.inventory(at("inventory"))
	}
	if top.Has("charges") {
		c.Charges = r.charges(at("charges"))
	}
	if top.Has("ledger") {
		c.Ledger = r.ledger(at("ledger"))
	}
	if top.Has("export") {
		c.Export = r.export(at("export"))
	}
	if top.Has("erase") {
		c.Erase = r.holdings(at("erase"))
	}
	if top.Has("access") {
		c.Access = r.access(at("access"))
	}
	if top.Has("actions") {
		c.Actions = map[string]Action{}
		for _, name := range r.Names(at("actions")) {
			c.Actions[name] = r.action(at("actions", name))
		}
	}
	if top.Has("webhook") {
		c.Reports = r.reports()
	}
	if top.Has(messagesKey) {
		c.Messages = r.messages()
	}
	good := r.Judge(mark, c.check())
	c.Places = r.Places()
	return c.defaults(), good
}

func (r reading) reports() *Reports {
	m := r.Keys(at("webhook"), "secret", "secret_next", "reference")
	return &Reports{Keys: r.secrets(m, at("webhook")), Reference: r.Word(m, at("webhook"), "reference")}
}

// with reads the slots that are the same in every call.
func (r reading) with(top declaration.Map) map[string]string {
	all := r.Table(top, nil, "with")
	for name, value := range all {
		all[name] = r.Root(value)
	}
	return all
}

func (r reading) errors(path []string) *Errors {
	m := r.Keys(path, "path", "unknown", "already", "credential", "no_right", "busy")
	return &Errors{
		Path: r.Word(m, path, "path"), Unknown: r.Words(m, path, "unknown"), Already: r.Words(m, path, "already"),
		Credential: r.Words(m, path, "credential"), NoRight: r.Words(m, path, "no_right"), Busy: r.Words(m, path, "busy"),
	}
}

// operation reads one call, which may have more keys than others.
func (r reading) operation(path []string, more ...string) (Operation, declaration.Map) {
	m := r.Keys(path, append([]string{
		"method", "path", "query", "headers", "body", "form", "receipt", "already", "take", "items", "left_out", "where", "pages", "each",
	}, more...)...)
	o := Operation{
		Method: r.Word(m, path, "method"), Path: r.Word(m, path, "path"), Receipt: r.Word(m, path, "receipt"), Body: r.Body(m, path, "body"),
		Query: r.Table(m, path, "query"), Headers: r.Table(m, path, "headers"), Form: r.Table(m, path, "form"),
		Already: r.Numbers(m, path, "already"), Take: r.Table(m, path, "take"), Each: r.Table(m, path, "each"),
		Items: r.Word(m, path, "items"), LeftOut: r.Flag(m, path, "left_out"),
	}
	if m.Has("where") {
		e := r.expect(below(path, "where"))
		o.Where = &e
	}
	if m.Has("pages") {
		o.Pages = r.pages(below(path, "pages"))
	}
	return o, m
}

func (r reading) pages(path []string) *Pages {
	m := r.Keys(path, "next", "link", "cursor", "into", "number", "size", "more", "most")
	return &Pages{
		Next: r.Word(m, path, "next"), Link: r.Flag(m, path, "link"), Cursor: r.Word(m, path, "cursor"), Into: r.Word(m, path, "into"),
		Number: r.Word(m, path, "number"), Size: r.Number(m, path, "size"), More: r.Word(m, path, "more"), Most: r.Number(m, path, "most"),
	}
}

// calls reads one call, or a list of calls of which the last is what the others
// are made for.
func (r reading) calls(path []string) Operation {
	all := r.list(path)
	if len(all) == 0 {
		return Operation{}
	}
	last := all[len(all)-1]
	last.Before = all[:len(all)-1]
	if len(last.Before) == 0 {
		last.Before = nil
	}
	return last
}

// list reads one call, or a list of calls.
func (r reading) list(path []string) []Operation {
	n, many := r.List(path)
	if !many {
		o, _ := r.operation(path)
		return []Operation{o}
	}
	all := make([]Operation, n)
	for i := range all {
		all[i], _ = r.operation(below(path, strconv.Itoa(i)))
	}
	return all
}

// find reads the calls before all others of a capability.
func (r reading) find(m declaration.Map, path []string) []Operation {
	if !m.Has("find") {
		return nil
	}
	return r.list(below(path, "find"))
}

// inventory reads one way of listing, or several.
func (r reading) inventory(path []string) []Inventory {
	n, many := r.List(path)
	if !many {
		return []Inventory{r.listed(path)}
	}
	all := make([]Inventory, n)
	for i := range all {
		all[i] = r.listed(below(path, strconv.Itoa(i)))
	}
	return all
}

func (r reading) listed(path []string) Inventory {
	m := r.Keys(path, "kind", "list", "account", "label", "status", "open")
	x := Inventory{
		Kind: r.Word(m, path, "kind"), Account: r.Scalars(m, path, "account"), Label: r.Word(m, path, "label"),
		Status: r.Word(m, path, "status"), Open: r.Words(m, path, "open"),
	}
	if m.Has("list") {
		x.List = r.calls(below(path, "list"))
	}
	return x
}

// charges reads how charges are listed.
func (r reading) charges(path []string) *Charges {
	m := r.Keys(path, "list", "id", "number", "amount", "units", "currency", "refunded", "at", "from", "to", "payment", "status", "taken", "void", "everyone")
	word := func(key string) string { return r.Word(m, path, key) }
	c := &Charges{
		ID: word("id"), Number: word("number"), Amount: word("amount"), Units: word("units"), Currency: word("currency"), Refunded: word("refunded"),
		At: word("at"), From: word("from"), To: word("to"), Payment: word("payment"), Status: word("status"),
		Taken: r.Words(m, path, "taken"), Void: r.Words(m, path, "void"),
	}
	if m.Has("list") {
		c.List = r.calls(below(path, "list"))
	}
	if at := below(path, "everyone"); m.Has("everyone") {
		x := r.Keys(at, "list", "owner", "email", "subscription")
		c.Everyone = &Everyone{Owner: r.Word(x, at, "owner"), Email: r.Word(x, at, "email"), Subscription: r.Word(x, at, "subscription")}
		if x.Has("list") {
			c.Everyone.List = r.calls(below(at, "list"))
		}
	}
	return c
}

// ledger reads how what is open is listed.
func (r reading) ledger(path []string) *Ledger {
	m := r.Keys(path, "units", "invoices", "unbilled", "balances")
	l := &Ledger{Units: r.Word(m, path, "units")}
	if m.Has("invoices") {
		l.Invoices = r.sums(below(path, "invoices"), "id", "number", "amount", "tax", "due", "currency", "at", "due_at", "from", "to", "pay_at")
	}
	if m.Has("unbilled") {
		x := r.sums(below(path, "unbilled"), "id", "text", "amount", "tax", "currency", "from", "to", "used")
		l.Unbilled = &x
	}
	if m.Has("balances") {
		x := r.sums(below(path, "balances"), "amount", "currency", "account", "positive")
		l.Balances = &x
	}
	return l
}

// sums reads one list of a ledger.
func (r reading) sums(path []string, keys ...string) (x Sums) {
	m := r.Keys(path, append([]string{"list"}, keys...)...)
	for key, into := range map[string]*string{
		"id": &x.ID, "number": &x.Number, "text": &x.Text, "amount": &x.Amount, "tax": &x.Tax, "due": &x.Due, "currency": &x.Currency, "at": &x.At, "due_at": &x.DueAt,
		"from": &x.From, "to": &x.To, "pay_at": &x.PayAt, "account": &x.Account, "positive": &x.Positive,
	} {
		if m.Has(key) {
			*into = r.Word(m, path, key)
		}
	}
	if m.Has("used") {
		used := r.expect(below(path, "used"))
		x.Used = &used
	}
	if m.Has("list") {
		x.List = r.calls(below(path, "list"))
	}
	return x
}

// operations reads the named calls of a capability; each is optional here.
func (r reading) operations(path []string, into map[string]*Operation, others ...string) declaration.Map {
	names := slices.Clone(others)
	for name := range into {
		names = append(names, name)
	}
	m := r.Keys(path, names...)
	for name, o := range into {
		if m.Has(name) {
			*o = r.calls(below(path, name))
		}
	}
	return m
}

// billing reads what stands at the top of a system that charges; nil when
// nothing of it does.
func (r reading) billing(top declaration.Map) *Billing {
	if !top.Has("operations") && !top.Has("state") {
		return nil
	}
	b := &Billing{}
	ops := r.operations(at("operations"), map[string]*Operation{"read": &b.Read, "cancel": &b.Cancel, "resume": &b.Resume}, "find")
	b.Find = r.find(ops, at("operations"))
	m := r.Keys(at("state"), "status", "ended", "ends_at")
	b.State.Status, b.State.EndsAt = r.Word(m, at("state"), "status"), r.Word(m, at("state"), "ends_at")
	b.State.Ended = r.Words(m, at("state"), "ended")
	return b
}

func (r reading) access(path []string) *Access {
	a := &Access{}
	top := r.Keys(path, "parts", "operations", "state", "read_only")
	a.Parts = r.Words(top, path, "parts")
	if top.Has("read_only") {
		where := below(path, "read_only")
		a.Reading = &Reading{}
		m := r.operations(where, map[string]*Operation{"narrow": &a.Reading.Narrow, "widen": &a.Reading.Widen}, "path", "words")
		a.Reading.Path, a.Reading.Words = r.Word(m, where, "path"), r.Words(m, where, "words")
	}
	where := below(path, "operations")
	ops := r.operations(where, map[string]*Operation{"read": &a.Read, "revoke": &a.Revoke, "restore": &a.Restore}, "probe", "find")
	a.Find = r.find(ops, where)
	if ops.Has("probe") {
		a.Probe = r.probe(below(where, "probe"))
	}
	where = below(path, "state")
	m := r.Keys(where, "status", "open", "signed_in_at")
	a.Status, a.Open, a.Seen = r.Word(m, where, "status"), r.Words(m, where, "open"), r.Word(m, where, "signed_in_at")
	return a
}

func (r reading) probe(path []string) *Probe {
	o, m := r.operation(path, "secret", "header", "scheme", "entered", "refused")
	return &Probe{
		Operation: o, Secret: r.Ref(m, path, "secret"), Header: r.Word(m, path, "header"), Scheme: r.Word(m, path, "scheme"),
		Entered: r.Numbers(m, path, "entered"), Refused: r.Numbers(m, path, "refused"),
	}
}

func (r reading) action(path []string) Action {
	m := r.Keys(path, "find", "call", "read", "expect", "undo")
	a := r.acted(m, path)
	if m.Has("undo") {
		where := below(path, "undo")
		m := r.Keys(where, "class", "loses", "call", "expect")
		a.Undo.Class, a.Undo.Loses = connector.UndoClass(r.Word(m, where, "class")), connector.Loss(r.Word(m, where, "loses"))
		if m.Has("call") {
			a.Undo.Call = r.calls(below(where, "call"))
		}
		if m.Has("expect") {
			e := r.expect(below(where, "expect"))
			a.Undo.Expect = &e
		}
	}
	return a
}

// acted reads how something is done, and what reading shows then.
func (r reading) acted(m declaration.Map, path []string) (a Action) {
	a.Find = r.find(m, path)
	if m.Has("call") {
		a.Call = r.calls(below(path, "call"))
	}
	if m.Has("read") {
		a.Read = r.calls(below(path, "read"))
	}
	if m.Has("expect") {
		a.Expect = r.expect(below(path, "expect"))
	}
	return a
}

func (r reading) expect(path []string) Expect {
	m := r.Keys(path, "path", "equals", "absent")
	return Expect{Path: r.Word(m, path, "path"), Equals: r.Scalars(m, path, "equals"), Absent: r.Flag(m, path, "absent")}
}
