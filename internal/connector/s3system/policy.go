package s3system

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// denial is a statement of ours in the policy of a bucket: what it denies to those
// whom it names.
type denial struct {
	sid     string
	actions []string
}

var (
	everything = denial{"HastaLuego", []string{"s3:*"}}
	writing    = denial{"HastaLuegoReadOnly", []string{"s3:Put*", "s3:Delete*", "s3:AbortMultipartUpload", "s3:RestoreObject", "s3:BypassGovernanceRetention"}}
)

// policy is the policy of a bucket, as it came: what is not ours to change is
// kept as it is.
type policy struct{ doc map[string]any }

// parse reads a policy; false when it is none.
func parse(body any) (policy, bool) {
	doc, ok := body.(map[string]any)
	if !ok {
		return policy{}, false
	}
	p := policy{doc}
	for _, s := range p.list() {
		if _, ok := s.(map[string]any); !ok {
			return policy{}, false
		}
	}
	return p, true
}

// none is the policy of a bucket that has none.
func none() policy { return policy{map[string]any{"Version": "2012-10-17"}} }

// list are the statements: one may stand alone.
func (p policy) list() []any {
	switch s := p.doc["Statement"].(type) {
	case []any:
		return s
	case nil:
		return nil
	default:
		return []any{s}
	}
}

func (p policy) statements() []map[string]any {
	var out []map[string]any
	for _, s := range p.list() {
		if m, ok := s.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// texts reads one text, or a list of them.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// named are the principals of a statement: "*", one, a list, or those of AWS.
func named(statement map[string]any) []string {
	if m, ok := statement["Principal"].(map[string]any); ok {
		return texts(m["AWS"])
	}
	return texts(statement["Principal"])
}

// denied reports whether a statement denies the principal everything in the
// bucket, without conditions.
func (p policy) denied(principal, bucket string) bool {
	return p.denies(everything, principal, bucket)
}

// denies reports whether a statement denies the principal as much as that, or all.
func (p policy) denies(what denial, principal, bucket string) bool {
	return slices.ContainsFunc(p.statements(), func(s map[string]any) bool {
		if s["Effect"] != "Deny" || s["Condition"] != nil {
			return false
		}
		who := named(s)
		if !slices.Contains(who, principal) && !slices.Contains(who, "*") {
			return false
		}
		actions := texts(s["Action"])
		all := slices.Contains(actions, "s3:*") || slices.Contains(actions, "*")
		if !all && slices.ContainsFunc(what.actions, func(a string) bool { return !slices.Contains(actions, a) }) {
			return false
		}
		covers := func(what string) bool {
			return slices.ContainsFunc(texts(s["Resource"]), func(r string) bool { return r == "*" || strings.HasSuffix(r, ":::"+what) })
		}
		return covers(bucket) && covers(bucket+"/*")
	})
}

// allowed reports whether a statement allows the principal anything: by its
// name, as one of all, or as one who is not among those who are not meant.
func (p policy) allowed(principal string) bool {
	return slices.ContainsFunc(p.statements(), func(s map[string]any) bool {
		if s["Effect"] == "Deny" {
			return false
		}
		if s["NotPrincipal"] != nil {
			return true
		}
		who := named(s)
		return slices.Contains(who, principal) || slices.Contains(who, "*")
	})
}

// principals are those whom a statement allows something by their names.
func (p policy) principals() []string {
	var out []string
	for _, s := range p.statements() {
		if s["Effect"] != "Deny" {
			out = append(out, named(s)...)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "*" })
}

// action is how a policy says what is denied: one text, or a list of them.
func (d denial) action() any {
	if len(d.actions) == 1 {
		return d.actions[0]
	}
	return d.actions
}

// with is the policy with one more statement, or another in its place.
func (p policy) with(statements []any) policy {
	doc := make(map[string]any, len(p.doc))
	for k, v := range p.doc {
		doc[k] = v
	}
	doc["Statement"] = statements
	return policy{doc}
}

// deny is the policy in which a statement of ours denies that to the principal, or
// no more.
func (p policy) deny(what denial, principal, bucket string, is bool) policy {
	var rest []any
	var who []string
	for _, s := range p.list() {
		if m, ok := s.(map[string]any); ok && m["Sid"] == what.sid {
			who = append(who, named(m)...)
			continue
		}
		rest = append(rest, s)
	}
	who = slices.DeleteFunc(who, func(x string) bool { return x == principal })
	if is {
		who = append(who, principal)
	}
	if slices.Sort(who); len(who) > 0 {
		rest = append(rest, map[string]any{
			"Sid": what.sid, "Effect": "Deny", "Principal": map[string]any{"AWS": slices.Compact(who)}, "Action": what.action(),
			"Resource": []string{"arn:aws:s3:::" + bucket, "arn:aws:s3:::" + bucket + "/*"},
		})
	}
	return p.with(rest)
}

// without is the policy in which no statement allows the principal anything by
// its name, and how many did.
func (p policy) without(principal string) (policy, int) {
	n := 0
	var rest []any
	for _, m := range p.statements() {
		who := named(m)
		if m["Effect"] == "Deny" || !slices.Contains(who, principal) {
			rest = append(rest, m)
			continue
		}
		n++
		who = slices.DeleteFunc(who, func(x string) bool { return x == principal })
		others, is := m["Principal"].(map[string]any)
		if len(who) == 0 && len(others) <= 1 { // nobody is left whom it allows anything
			continue
		}
		left := make(map[string]any, len(m))
		for k, v := range m {
			left[k] = v
		}
		switch {
		case !is:
			left["Principal"] = who
		default:
			kinds := make(map[string]any, len(others))
			for k, v := range others {
				kinds[k] = v
			}
			if delete(kinds, "AWS"); len(who) > 0 {
				kinds["AWS"] = who
			}
			left["Principal"] = kinds
		}
		rest = append(rest, left)
	}
	return p.with(rest), n
}

// empty reports whether nothing is said: a store keeps no such policy.
func (p policy) empty() bool { return len(p.list()) == 0 }

func (p policy) text() ([]byte, error) { return json.Marshal(p.doc) }

// same reports whether both say the same in the same words.
func (p policy) same(other policy) bool {
	a, err := json.Marshal(p.list())
	b, wrong := json.Marshal(other.list())
	return err == nil && wrong == nil && bytes.Equal(a, b)
}
