package httpsystem

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

// values are what the slots of calls become.
type values struct {
	slots  map[string]string   // by name
	each   map[string][]string // slots of which a call is made once for each value
	endsAt time.Time           // zero: left out
}

// values are those that every call has, and the one named.
func (s *System) values(name, value string) values {
	v := values{slots: map[string]string{name: value}, each: map[string][]string{}}
	maps.Copy(v.slots, s.with)
	return v
}

// with is a copy of the values in which a slot has one value more.
func (v values) with(name, value string) values {
	v.slots = maps.Clone(v.slots)
	v.slots[name] = value
	return v
}

// targets are the values with which a call is made: once, or once for each.
func (v values) targets(o Operation) (all []values, each bool) {
	for name, list := range v.each {
		if o.holds("{" + name + "}") {
			for _, x := range list {
				all = append(all, v.with(name, x))
			}
			return all, true
		}
	}
	return []values{v}, false
}

// fill puts the values into a text; "" is a value that cannot be sent. Between
// quotes, no value may end them.
func (v values) fill(text string, escape func(string) string) (filled string, ok bool) {
	quotes := strings.ContainsAny(text, `'"`)
	ok = true
	filled = slot.ReplaceAllStringFunc(text, func(s string) string {
		name := s[1 : len(s)-1]
		value := v.slots[name]
		if name != "secret" && !usable(value) || quotes && strings.ContainsAny(value, `'"\`) {
			ok = false
		}
		return escape(value)
	})
	return filled, ok
}

// usable reports whether a value may be sent anywhere in an address.
func usable(value string) bool { return httpcall.Usable(value) }

func asItIs(s string) string { return s }

// all fills the texts of a query or form; ok is false if one cannot be sent.
func (v values) all(texts map[string]string) (out url.Values, ok bool) {
	out = url.Values{}
	for key, text := range texts {
		filled, ok := v.fill(text, asItIs)
		if !ok {
			return nil, false
		}
		out.Set(key, filled)
	}
	return out, true
}

// request fills the declaration's slots. It bears nothing that says who we are.
func (s *System) request(ctx context.Context, op string, o Operation, v values) (*http.Request, error) {
	bad := s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	for _, name := range []string{"reference", "owner"} {
		if value, is := v.slots[name]; is && !usable(value) {
			return nil, bad
		}
	}
	path, ok := v.fill(o.Path, url.PathEscape)
	if !ok {
		return nil, bad
	}
	target := s.base + path
	if len(o.Query) > 0 {
		query, ok := v.all(o.Query)
		if !ok {
			return nil, bad
		}
		target += "?" + encoded(query)
	}
	var body []byte
	kind := ""
	switch {
	case o.Form != nil:
		form, ok := v.all(o.Form)
		if !ok {
			return nil, bad
		}
		body, kind = []byte(form.Encode()), "application/x-www-form-urlencoded"
	case o.Body != nil:
		filled, _ := fill(o.Body, v)
		b, err := json.Marshal(filled)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		body, kind = b, "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, o.Method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "hasta-luego")
	for _, more := range []map[string]string{s.cfg.Headers, o.Headers} {
		for name, value := range more {
			req.Header.Set(name, value)
		}
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return req, nil
}

// encoded is a query as every server reads it: a space is no plus.
func encoded(q url.Values) string { return strings.ReplaceAll(q.Encode(), "+", "%20") }

// sign says who we are and, for a call that changes something, which one it is.
func (s *System) sign(req *http.Request, key string) {
	if s.cfg.Auth.Header != "" {
		req.Header.Set(s.cfg.Auth.Header, s.secret())
	}
	if s.cfg.KeyHeader != "" && key != "" {
		req.Header.Set(s.cfg.KeyHeader, key)
	}
}

// fill puts values into the slots of a body template; keep is false for a
// value that is left out.
func fill(t any, in values) (out any, keep bool) {
	switch t := t.(type) {
	case string:
		if t == "{ends_at}" {
			return in.endsAt.UTC().Format(time.RFC3339), !in.endsAt.IsZero()
		}
		return slot.ReplaceAllStringFunc(t, func(s string) string {
			if value, is := in.slots[s[1:len(s)-1]]; is {
				return value
			}
			return s
		}), true
	case []any:
		list := make([]any, 0, len(t))
		for _, x := range t {
			if y, ok := fill(x, in); ok {
				list = append(list, y)
			}
		}
		return list, true
	case map[string]any:
		m := make(map[string]any, len(t))
		for k, x := range t {
			if y, ok := fill(x, in); ok {
				m[k] = y
			}
		}
		return m, true
	default:
		return t, true
	}
}

// said is the fault that an answer of success tells in its body; already: it is
// so already.
func (s *System) said(op string, ans httpcall.Answer) (f *fault.Error, already bool) {
	e := s.cfg.Errors
	if e == nil || ans.Status < 200 || ans.Status > 299 {
		return nil, false
	}
	word := ans.Text(e.Path)
	switch {
	case word == "":
		return nil, false
	case oneOf(e.Already, word):
		return nil, true
	case oneOf(e.Unknown, word):
		f = s.Say(fault.NotFound, "connector.unknown_reference", ans.Status)
	case oneOf(e.Credential, word):
		f = s.Say(fault.Invalid, "connector.credential", ans.Status)
	case oneOf(e.NoRight, word):
		f = s.Say(fault.Invalid, "connector.no_right", ans.Status)
	case oneOf(e.Busy, word):
		f = s.Say(fault.Transient, "connector.busy", ans.Status)
		f.RetryAfter = ans.RetryAfter
	default:
		f = s.Say(fault.Invalid, "connector.refused", ans.Status)
	}
	return f.At(op, nil), false
}

// get sends a request that changes nothing. With an error the answer, if there
// was one, still tells what came.
func (s *System) get(op string, req *http.Request) (httpcall.Answer, error) {
	s.sign(req, "")
	ans, err := s.Call(op, req, false)
	if err != nil {
		return ans, err
	}
	if f, _ := s.said(op, ans); f != nil {
		return ans, f
	}
	return ans, nil
}

// look makes calls that change nothing, in their order, and puts what is taken
// from each into the values. The answer is that of the last one; of a list, it is
// the one thing that matters. NotFound: one of them found nothing.
func (s *System) look(ctx context.Context, op string, calls []Operation, v values) (ans httpcall.Answer, err error) {
	for _, o := range calls {
		if o.Items == "" {
			req, err := s.request(ctx, op, o, v)
			if err != nil {
				return httpcall.Answer{}, err
			}
			if ans, err = s.get(op, req); err != nil {
				return ans, err
			}
		} else if ans, err = s.find(ctx, op, o, v); err != nil {
			return ans, err
		}
		for name, path := range o.Take {
			value := ans.Scalar(path)
			if !usable(value) {
				return ans, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
			}
			v.slots[name] = value
		}
	}
	return ans, nil
}

// find reads a list and answers with the one thing of it that matters or, where
// later calls are made for each, with all of them.
func (s *System) find(ctx context.Context, op string, o Operation, v values) (httpcall.Answer, error) {
	items, ans, err := s.list(ctx, op, o, v, slices.Sorted(maps.Values(o.marks())))
	if err != nil {
		return ans, err
	}
	items = slices.DeleteFunc(items, func(x any) bool { return o.Where != nil && !o.Where.filled(v).holds(httpcall.Answer{Body: x}, false) })
	if len(o.Each) > 0 {
		for name, path := range o.Each {
			list := make([]string, 0, len(items))
			for _, x := range items {
				value := (&httpcall.Answer{Body: x}).Scalar(path)
				if !usable(value) {
					return ans, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
				}
				list = append(list, value)
			}
			v.each[name] = list
		}
		return ans, nil
	}
	switch len(items) {
	case 0:
		ans.Body = nil
		return ans, s.Say(fault.NotFound, "connector.unknown_reference", 0).At(op, nil)
	case 1:
		ans.Body = items[0]
		return ans, nil
	default:
		return ans, fault.New(fault.Invalid, "connector.ambiguous", "system", s.cfg.System, "count", len(items)).At(op, nil)
	}
}

// marks are the paths by which things of a list are told apart.
func (o Operation) marks() map[string]string {
	m := maps.Clone(o.Take)
	if m == nil {
		m = map[string]string{}
	}
	maps.Copy(m, o.Each)
	if o.Where != nil {
		m[""] = o.Where.Path
	}
	return m
}

// filled is the expectation with the values in it.
func (e Expect) filled(v values) Expect {
	equals := make([]string, len(e.Equals))
	for i, text := range e.Equals {
		equals[i], _ = v.fill(text, asItIs)
	}
	e.Equals = equals
	return e
}

// act is what changes something, in one call or several.
type act struct {
	op     string
	calls  []Operation
	values values
	key    string
	// so reads whether it is already as wished, for a system that answers 409.
	so    func(ctx context.Context) (bool, json.RawMessage, error)
	paths []string // fields that are evidence
}

// maxKept is of how many calls of one act the answers are evidence.
const maxKept = 50

// send makes the calls of the act, each once: what is looked up, and then what
// changes something. If one fails after another went well, the fault is
// Uncertain, connector.partly: whoever asks again does so from the start.
func (s *System) send(ctx context.Context, a act) (connector.Receipt, error) {
	var receipt connector.Receipt
	var kept []json.RawMessage
	done, only := 0, 0
	for i, o := range a.calls {
		if o.Method == http.MethodGet {
			ans, err := s.look(ctx, a.op, []Operation{o}, a.values)
			if err != nil {
				return connector.Receipt{}, err
			}
			receipt.Answer = ans.Evidence()
			continue
		}
		only++
		targets, each := a.values.targets(o)
		for _, v := range targets {
			key := a.key
			if key != "" && (only > 1 || each) { // another call is another key, and the same one at every attempt
				key += "-" + strconv.Itoa(i)
			}
			if key != "" && each {
				sum := sha256.Sum256([]byte(target(o, v)))
				key += "-" + hex.EncodeToString(sum[:8])
			}
			number, answer, err := s.change(ctx, a, o, v, key)
			if len(kept) < maxKept && answer != nil {
				kept = append(kept, answer)
			}
			if receipt.Answer, receipt.At = answer, s.Clock.Now(); len(kept) > 1 {
				receipt.Answer, _ = json.Marshal(kept) // of JSON
			}
			switch {
			case err != nil && done > 0:
				return receipt, s.Partly(a.op, err)
			case err != nil:
				return receipt, err
			}
			if number != "" {
				receipt.Reference = number
			}
			done++
		}
	}
	receipt.At = s.Clock.Now()
	return receipt, nil
}

// target is what tells the calls of one operation apart.
func target(o Operation, v values) string {
	for name := range v.each {
		if o.holds("{" + name + "}") {
			return v.slots[name]
		}
	}
	return ""
}

// change makes one call that changes something. When the far system answers 409,
// reading decides whether that means "already so".
func (s *System) change(ctx context.Context, a act, o Operation, v values, key string) (number string, answer json.RawMessage, err error) {
	req, err := s.request(ctx, a.op, o, v)
	if err != nil {
		return "", nil, err
	}
	s.sign(req, key)
	ans, failed := s.Do(req, true)
	if failed != nil {
		return "", nil, s.Fault(a.op, failed, true)
	}
	answer = ans.Evidence(append(slices.Clone(a.paths), o.Receipt)...)
	if slices.Contains(o.Already, ans.Status) {
		return "", answer, nil
	}
	if ans.Status == http.StatusConflict {
		so, seen, err := a.so(ctx)
		switch {
		case err != nil:
			return "", answer, err // refused for now and not seen: nothing happened in this call
		case so:
			return "", seen, nil
		case s.cfg.Effect == connector.Keyed:
			// 409 with a key also means that the first call with it is still being worked on.
			return "", answer, s.Say(fault.Uncertain, "connector.uncertain", ans.Status).At(a.op, nil)
		}
	}
	if f := s.Class(a.op, ans, true); f != nil {
		return "", answer, f
	}
	if f, already := s.said(a.op, ans); f != nil {
		return "", answer, f
	} else if already {
		return "", answer, nil
	}
	return ans.Text(o.Receipt), answer, nil
}

// holds reports whether a slot stands anywhere in the call.
func (o Operation) holds(slot string) bool {
	in := func(m map[string]string) bool {
		return slices.ContainsFunc(slices.Collect(maps.Values(m)), func(text string) bool { return strings.Contains(text, slot) })
	}
	return strings.Contains(o.Path, slot) || in(o.Query) || in(o.Form) || holds(o.Body, slot)
}
