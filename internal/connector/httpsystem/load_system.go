package httpsystem

import (
	"slices"

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
	top := r.Top("level", "base_url", "auth", "effect", "key_header", "key_life", "undo",
		"timeout", "limit", "allow", "ping", "operations", "state", "access", "actions", "webhook")
	if top == nil {
		return nil, false
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
		Allow:     r.Prefixes(top, nil, "allow"),
	}
	if m := r.Keys(at("auth"), "header", "scheme", "value"); m != nil {
		c.Auth = Auth{Header: r.Word(m, at("auth"), "header"), Scheme: r.Word(m, at("auth"), "scheme"), Value: r.Ref(m, at("auth"), "value")}
	}
	if top.Has("ping") {
		c.Ping, _ = r.operation(at("ping"))
	}
	c.Billing = r.billing(top)
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
		m := r.Keys(at("webhook"), "secret", "secret_next", "reference")
		c.Reports = &Reports{Keys: r.secrets(m, at("webhook")), Reference: r.Word(m, at("webhook"), "reference")}
	}
	good := r.Judge(mark, c.check())
	c.Places = r.Places()
	return c.defaults(), good
}

// operation reads one call, which may have more keys than others.
func (r reading) operation(path []string, more ...string) (Operation, declaration.Map) {
	m := r.Keys(path, append([]string{"method", "path", "body", "receipt"}, more...)...)
	return Operation{
		Method: r.Word(m, path, "method"), Path: r.Word(m, path, "path"), Receipt: r.Word(m, path, "receipt"), Body: r.Body(m, path, "body"),
	}, m
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
			*o, _ = r.operation(below(path, name))
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
	r.operations(at("operations"), map[string]*Operation{"read": &b.Read, "cancel": &b.Cancel, "resume": &b.Resume})
	m := r.Keys(at("state"), "status", "ended", "ends_at")
	b.State.Status, b.State.EndsAt = r.Word(m, at("state"), "status"), r.Word(m, at("state"), "ends_at")
	b.State.Ended = r.Words(m, at("state"), "ended")
	return b
}

func (r reading) access(path []string) *Access {
	a := &Access{}
	r.Keys(path, "operations", "state")
	where := below(path, "operations")
	ops := r.operations(where, map[string]*Operation{"read": &a.Read, "revoke": &a.Revoke, "restore": &a.Restore}, "probe")
	if ops.Has("probe") {
		a.Probe = r.probe(below(where, "probe"))
	}
	where = below(path, "state")
	m := r.Keys(where, "status", "open")
	a.Status, a.Open = r.Word(m, where, "status"), r.Words(m, where, "open")
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
	var a Action
	m := r.Keys(path, "call", "read", "expect", "undo")
	if m.Has("call") {
		a.Call, _ = r.operation(below(path, "call"))
	}
	if m.Has("read") {
		a.Read, _ = r.operation(below(path, "read"))
	}
	if m.Has("expect") {
		a.Expect = r.expect(below(path, "expect"))
	}
	if m.Has("undo") {
		where := below(path, "undo")
		m := r.Keys(where, "class", "call", "expect")
		a.Undo.Class = connector.UndoClass(r.Word(m, where, "class"))
		if m.Has("call") {
			a.Undo.Call, _ = r.operation(below(where, "call"))
		}
		if m.Has("expect") {
			e := r.expect(below(where, "expect"))
			a.Undo.Expect = &e
		}
	}
	return a
}

func (r reading) expect(path []string) Expect {
	m := r.Keys(path, "path", "equals", "absent")
	return Expect{Path: r.Word(m, path, "path"), Equals: r.Scalars(m, path, "equals"), Absent: r.Flag(m, path, "absent")}
}
