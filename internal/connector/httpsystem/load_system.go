package httpsystem

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"hastaluego/internal/connector"
)

// reading is one system being read: it remembers which node stands where, so
// that what is wrong is told at its place.
type reading struct {
	*loader
	at    []string            // of the system in the file
	nodes map[string]ast.Node // by path below the system; "": its name
}

// keys returns the values of a mapping that may have only these keys, and
// remembers where they stand.
func (r *reading) keys(n ast.Node, path []string, keys ...string) map[string]ast.Node {
	m := r.fields(n, r.below(path), keys...)
	for k, v := range m {
		r.nodes[strings.Join(below(path, k), "/")] = v
	}
	return m
}

func (r *reading) below(path []string) []string { return append(slices.Clone(r.at), path...) }

// word reads the text of a key; empty when it is not there.
func (r *reading) word(m map[string]ast.Node, path []string, key string) string {
	n, ok := m[key]
	if !ok {
		return ""
	}
	return r.text(n, r.below(below(path, key)))
}

func (l *loader) system(e entry) (Config, bool) {
	r := &reading{loader: l, at: []string{"systems", e.key}, nodes: map[string]ast.Node{"": e.node}}
	if n := r.kind(e); n != nil && n.GetToken().Value == HookKind {
		return r.finish(r.hook(e))
	}
	before := len(l.list)
	top := r.keys(e.val, nil, "kind", "base_url", "auth", "effect", "key_header", "key_life", "undo",
		"timeout", "limit", "allow", "ping", "operations", "state", "access", "actions", "webhook")
	if top == nil {
		return Config{}, false
	}
	if kind := r.word(top, nil, "kind"); kind != KindName {
		n, ok := top["kind"]
		if !ok {
			n = e.node
		}
		l.bad(n, r.below(at("kind")), "system.kind", "kind", kind)
	}
	c := Config{
		System:    e.key,
		BaseURL:   r.word(top, nil, "base_url"),
		Effect:    connector.EffectClass(r.word(top, nil, "effect")),
		KeyHeader: r.word(top, nil, "key_header"),
		Undo:      connector.UndoClass(r.word(top, nil, "undo")),
		KeyLife:   l.duration(top["key_life"], r.below(at("key_life"))),
		Timeout:   l.duration(top["timeout"], r.below(at("timeout"))),
		Limit:     l.size(top["limit"], r.below(at("limit"))),
		Allow:     l.prefixes(top["allow"], r.below(at("allow"))),
	}
	if n, ok := top["auth"]; ok {
		m := r.keys(n, at("auth"), "header", "scheme", "value")
		c.Auth = Auth{Header: r.word(m, at("auth"), "header"), Scheme: r.word(m, at("auth"), "scheme"), Value: r.word(m, at("auth"), "value")}
	}
	if n, ok := top["ping"]; ok {
		c.Ping, _ = r.operation(n, at("ping"))
	}
	c.Billing = r.billing(top)
	if n, ok := top["access"]; ok {
		c.Access = r.access(n, at("access"))
	}
	if n, ok := top["actions"]; ok {
		c.Actions = map[string]Action{}
		for _, a := range l.entries(n, r.below(at("actions"))) {
			r.nodes["actions/"+a.key] = a.node
			c.Actions[a.key] = r.action(a.val, at("actions", a.key))
		}
	}
	if n, ok := top["webhook"]; ok {
		m := r.keys(n, at("webhook"), "secret", "secret_next", "reference")
		c.Reports = &Reports{Keys: r.secrets(m, at("webhook")), Reference: r.word(m, at("webhook"), "reference")}
	}
	r.judge(c, before)
	return r.finish(c, len(l.list) == before)
}

// kind returns the node of what an entry says that it is; nil if it says nothing.
func (r *reading) kind(e entry) ast.Node {
	switch n := e.val.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if v.Key.GetToken().Value == "kind" {
				return v.Value
			}
		}
	case *ast.MappingValueNode:
		if n.Key.GetToken().Value == "kind" {
			return n.Value
		}
	}
	return nil
}

// finish remembers where everything of a system stands.
func (r *reading) finish(c Config, good bool) (Config, bool) {
	c.places = make(map[string]string, len(r.nodes))
	for path, n := range r.nodes {
		c.places[path] = r.place(first(n))
	}
	return c.defaults(), good
}

// judge checks what was read. A wrong type hides a value: then only what is
// there can be judged, and what was told is not told again.
func (r *reading) judge(c Config, before int) {
	whole := len(r.list) == before
	for _, p := range c.check() {
		n, there := r.nodes[strings.Join(p.at, "/")]
		switch {
		case whole:
			r.bad(r.nearest(p.at), r.below(p.at), p.code, p.args...)
		case there && !r.told(r.at, p.at):
			r.bad(n, r.below(p.at), p.code, p.args...)
		}
	}
}

// nearest returns the node at the path or, when it is not there, the closest
// one above it.
func (r *reading) nearest(path []string) ast.Node {
	for i := len(path); i > 0; i-- {
		if n, ok := r.nodes[strings.Join(path[:i], "/")]; ok {
			return n
		}
	}
	return r.nodes[""]
}

// operation reads one call, which may have more keys than others.
func (r *reading) operation(n ast.Node, path []string, more ...string) (Operation, map[string]ast.Node) {
	m := r.keys(n, path, append([]string{"method", "path", "body", "receipt"}, more...)...)
	o := Operation{Method: r.word(m, path, "method"), Path: r.word(m, path, "path"), Receipt: r.word(m, path, "receipt")}
	if b, ok := m["body"]; ok {
		o.Body = r.body(b, r.below(below(path, "body")))
	}
	return o, m
}

// operations reads the named calls of a capability; each is optional here.
func (r *reading) operations(n ast.Node, path []string, into map[string]*Operation, others ...string) map[string]ast.Node {
	names := slices.Clone(others)
	for name := range into {
		names = append(names, name)
	}
	m := r.keys(n, path, names...)
	for name, o := range into {
		if n, ok := m[name]; ok {
			*o, _ = r.operation(n, below(path, name))
		}
	}
	return m
}

// billing reads what stands at the top of a system that charges; nil when
// nothing of it does.
func (r *reading) billing(top map[string]ast.Node) *Billing {
	ops, hasOps := top["operations"]
	state, hasState := top["state"]
	if !hasOps && !hasState {
		return nil
	}
	b := &Billing{}
	if hasOps {
		r.operations(ops, at("operations"), map[string]*Operation{"read": &b.Read, "cancel": &b.Cancel, "resume": &b.Resume})
	}
	if hasState {
		m := r.keys(state, at("state"), "status", "ended", "ends_at")
		b.State.Status, b.State.EndsAt = r.word(m, at("state"), "status"), r.word(m, at("state"), "ends_at")
		if n, ok := m["ended"]; ok {
			b.State.Ended = r.texts(n, r.below(at("state", "ended")))
		}
	}
	return b
}

func (r *reading) access(n ast.Node, path []string) *Access {
	a := &Access{}
	m := r.keys(n, path, "operations", "state")
	if n, ok := m["operations"]; ok {
		where := below(path, "operations")
		ops := r.operations(n, where, map[string]*Operation{"read": &a.Read, "revoke": &a.Revoke, "restore": &a.Restore}, "probe")
		if n, ok := ops["probe"]; ok {
			a.Probe = r.probe(n, below(where, "probe"))
		}
	}
	if n, ok := m["state"]; ok {
		where := below(path, "state")
		m := r.keys(n, where, "status", "open")
		a.Status = r.word(m, where, "status")
		if n, ok := m["open"]; ok {
			a.Open = r.texts(n, r.below(below(where, "open")))
		}
	}
	return a
}

func (r *reading) probe(n ast.Node, path []string) *Probe {
	o, m := r.operation(n, path, "secret", "header", "scheme", "entered", "refused")
	p := &Probe{Operation: o, Secret: r.word(m, path, "secret"), Header: r.word(m, path, "header"), Scheme: r.word(m, path, "scheme")}
	if n, ok := m["entered"]; ok {
		p.Entered = r.numbers(n, r.below(below(path, "entered")))
	}
	if n, ok := m["refused"]; ok {
		p.Refused = r.numbers(n, r.below(below(path, "refused")))
	}
	return p
}

func (r *reading) action(n ast.Node, path []string) Action {
	var a Action
	m := r.keys(n, path, "call", "read", "expect", "undo")
	if n, ok := m["call"]; ok {
		a.Call, _ = r.operation(n, below(path, "call"))
	}
	if n, ok := m["read"]; ok {
		a.Read, _ = r.operation(n, below(path, "read"))
	}
	if n, ok := m["expect"]; ok {
		a.Expect = r.expect(n, below(path, "expect"))
	}
	if n, ok := m["undo"]; ok {
		where := below(path, "undo")
		m := r.keys(n, where, "class", "call", "expect")
		a.Undo.Class = connector.UndoClass(r.word(m, where, "class"))
		if n, ok := m["call"]; ok {
			a.Undo.Call, _ = r.operation(n, below(where, "call"))
		}
		if n, ok := m["expect"]; ok {
			e := r.expect(n, below(where, "expect"))
			a.Undo.Expect = &e
		}
	}
	return a
}

func (r *reading) expect(n ast.Node, path []string) Expect {
	m := r.keys(n, path, "path", "equals", "absent")
	e := Expect{Path: r.word(m, path, "path")}
	if n, ok := m["equals"]; ok {
		e.Equals = r.scalars(n, r.below(below(path, "equals")))
	}
	if n, ok := m["absent"]; ok {
		e.Absent = r.flag(n, r.below(below(path, "absent")))
	}
	return e
}
