package httpsystem

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

// System is one far system behind its declaration. It is safe for concurrent
// use.
type System struct {
	cfg    Config
	base   string // without a slash at its end
	clock  when.Clock
	reader *outbound.Client
	writer *outbound.Client
	// secret is a closure so that no way of printing a System shows it.
	secret func() string
}

var _ connector.Billing = (*System)(nil)

// New connects the declared system; it makes no call. References to the
// environment and to files are read here, once. The error is a fault.List of
// Invalid faults with JSON pointers as fields.
func New(cfg Config, clock when.Clock) (*System, error) {
	var list fault.List
	for _, p := range cfg.check() {
		list = append(list, p.fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	cfg = cfg.defaults()
	base, code := resolve(cfg.BaseURL)
	if code == "" {
		code = cfg.wrongURL(base)
	}
	if code != "" {
		list = append(list, problem{[]string{"base_url"}, code, []any{"ref", cfg.BaseURL}}.fault(cfg.System))
	}
	secret := ""
	if cfg.Auth.Header != "" {
		if secret, code = resolve(cfg.Auth.Value); code != "" {
			list = append(list, problem{[]string{"auth", "value"}, code, []any{"ref", cfg.Auth.Value}}.fault(cfg.System))
		}
		if cfg.Auth.Scheme != "" {
			secret = cfg.Auth.Scheme + " " + secret
		}
	}
	if len(list) > 0 {
		return nil, list
	}
	o := outbound.Options{Allow: cfg.Allow, Timeout: cfg.Timeout, Limit: cfg.Limit}
	reading := o
	reading.Reuse = true
	return &System{
		cfg:    cfg,
		base:   strings.TrimRight(base, "/"),
		clock:  clock,
		reader: outbound.New(reading),
		writer: outbound.New(o),
		secret: func() string { return secret },
	}, nil
}

// Info describes the system and what may be done with a lost answer.
func (s *System) Info() connector.Info {
	return connector.Info{
		System: s.cfg.System, Kind: KindName, Effect: s.cfg.Effect,
		KeyLife: s.cfg.KeyLife, Undo: s.cfg.Undo,
	}
}

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// Close lets go of idle connections.
func (s *System) Close() { s.reader.Close() }

// ReadSubscription asks for the subscription as it is now. With a NotFound
// error the state still carries the evidence of the answer.
func (s *System) ReadSubscription(ctx context.Context, reference string) (connector.SubscriptionState, error) {
	const op = "httpsystem.ReadSubscription"
	state := connector.SubscriptionState{Location: s.location(s.cfg.Read, reference), ReadAt: s.clock.Now()}
	req, err := s.request(ctx, op, s.cfg.Read, reference, time.Time{}, "")
	if err != nil {
		return state, err
	}
	ans, failed := s.do(s.reader, req)
	if failed != nil {
		return state, s.fault(op, failed, false)
	}
	state.Answer = ans.evidence(s.cfg.State, "")
	if f := s.class(op, ans, false); f != nil {
		return state, f
	}
	status, endsAt, err := ans.state(s.cfg.State)
	if err != nil {
		return state, s.say(fault.Transient, "connector.unreadable", ans.status).At(op, err)
	}
	state.Found, state.Status, state.EndsAt = true, status, endsAt
	for _, word := range s.cfg.State.Ended {
		state.Ended = state.Ended || strings.EqualFold(word, status)
	}
	return state, nil
}

// CancelSubscription asks once for the end of the subscription. When the far
// system answers 409, reading decides whether that means "already so".
func (s *System) CancelSubscription(ctx context.Context, in connector.CancelInput) (connector.Receipt, error) {
	return s.act(ctx, "httpsystem.CancelSubscription", s.cfg.Cancel, in.Reference, in.EndsAt, in.Key,
		func(st connector.SubscriptionState) bool {
			until := in.EndsAt
			if until.IsZero() {
				until = s.clock.Now()
			}
			return st.Ended || !st.EndsAt.IsZero() && !st.EndsAt.After(until)
		})
}

// ResumeSubscription asks once to take the cancellation back. A system that
// declares no such call answers Invalid, connector.cannot_resume.
func (s *System) ResumeSubscription(ctx context.Context, in connector.ResumeInput) (connector.Receipt, error) {
	const op = "httpsystem.ResumeSubscription"
	if s.cfg.Resume.Method == "" {
		return connector.Receipt{}, s.say(fault.Invalid, "connector.cannot_resume", 0).At(op, nil)
	}
	return s.act(ctx, op, s.cfg.Resume, in.Reference, time.Time{}, in.Key,
		func(st connector.SubscriptionState) bool { return !st.Ended && st.EndsAt.IsZero() })
}

// act makes one call that changes something; so says whether the subscription
// is already as wished.
func (s *System) act(ctx context.Context, op string, o Operation, reference string, endsAt time.Time, key string,
	so func(connector.SubscriptionState) bool,
) (connector.Receipt, error) {
	req, err := s.request(ctx, op, o, reference, endsAt, key)
	if err != nil {
		return connector.Receipt{}, err
	}
	ans, failed := s.do(s.writer, req)
	if failed != nil {
		return connector.Receipt{}, s.fault(op, failed, true)
	}
	receipt := connector.Receipt{Answer: ans.evidence(s.cfg.State, o.Receipt), At: s.clock.Now()}
	if ans.status == http.StatusConflict {
		st, err := s.ReadSubscription(ctx, reference)
		switch {
		case err != nil:
			return receipt, err // refused for now and not seen: nothing happened in this call
		case so(st):
			receipt.Answer = st.Answer
			return receipt, nil
		case s.cfg.Effect == connector.Keyed:
			// 409 with a key also means that the first call with it is still being worked on.
			return receipt, s.say(fault.Uncertain, "connector.uncertain", ans.status).At(op, nil)
		}
	}
	if f := s.class(op, ans, true); f != nil {
		return receipt, f
	}
	receipt.Reference = ans.text(o.Receipt)
	return receipt, nil
}

// do sends the request once and reads the answer.
func (s *System) do(client *outbound.Client, req *http.Request) (answer, *outbound.Failure) {
	got, failed := client.Do(req, s.clock.Wall)
	if failed != nil {
		return answer{}, failed
	}
	ans := answer{status: got.Status, retryAfter: got.RetryAfter, named: got.Named, err: got.Err}
	if ans.err == nil {
		ans.read(got.Body)
	}
	return ans, nil
}

// class turns an answer that is not plain success into its fault, nil for one
// that is.
func (s *System) class(op string, ans answer, write bool) *fault.Error {
	var f *fault.Error
	switch {
	case ans.status == http.StatusNotFound:
		f = s.say(fault.NotFound, "connector.unknown_reference", ans.status)
	case ans.status == http.StatusTooManyRequests || ans.status == http.StatusRequestTimeout || ans.status == http.StatusTooEarly,
		// A 503 that names its time is the system speaking. One that does not is
		// often a proxy that lost the system after the request had reached it.
		ans.status == http.StatusServiceUnavailable && (ans.named || !write):
		f = s.say(fault.Transient, "connector.busy", ans.status)
		f.RetryAfter = ans.retryAfter
	case ans.status >= 200 && ans.status < 300:
		if ans.err == nil {
			return nil
		}
		if write {
			f = s.say(fault.Uncertain, "connector.uncertain", ans.status)
		} else {
			f = s.say(fault.Transient, "connector.unreadable", ans.status)
		}
	case ans.status >= 400 && ans.status < 500:
		f = s.say(fault.Invalid, "connector.refused", ans.status)
	case ans.status >= 300 && ans.status < 400:
		// A redirect is never followed: it would carry the secret to an address
		// that nobody declared. 307 and 308 say that nothing was done; 303 and
		// its elders are a common answer after something was.
		if write && ans.status != http.StatusTemporaryRedirect && ans.status != http.StatusPermanentRedirect {
			f = s.say(fault.Uncertain, "connector.uncertain", ans.status)
		} else {
			f = s.say(fault.Invalid, "connector.refused", ans.status)
		}
	case write:
		f = s.say(fault.Uncertain, "connector.uncertain", ans.status)
	default:
		f = s.say(fault.Transient, "connector.unreachable", ans.status)
		f.RetryAfter = ans.retryAfter
	}
	return f.At(op, ans.err)
}

// fault classes a call that brought no answer.
func (s *System) fault(op string, failed *outbound.Failure, write bool) *fault.Error {
	switch {
	case failed.Forbidden:
		return s.say(fault.Invalid, "connector.address_refused", 0).At(op, failed.Err)
	case failed.Late:
		return s.say(fault.Transient, "connector.not_sent", 0).At(op, failed.Err)
	case write && failed.Sent:
		return s.say(fault.Uncertain, "connector.uncertain", 0).At(op, failed.Err)
	default:
		return s.say(fault.Transient, "connector.unreachable", 0).At(op, failed.Err)
	}
}

func (s *System) say(kind fault.Kind, code string, status int) *fault.Error {
	if status == 0 {
		return fault.New(kind, code, "system", s.cfg.System)
	}
	return fault.New(kind, code, "system", s.cfg.System, "status", status)
}

func (s *System) location(o Operation, reference string) string {
	return o.Method + " " + strings.ReplaceAll(o.Path, "{reference}", url.PathEscape(reference))
}

// request fills the declaration's slots.
func (s *System) request(ctx context.Context, op string, o Operation, reference string, endsAt time.Time, key string) (*http.Request, error) {
	// A dot segment would leave the declared path, escaped or not.
	if reference == "" || reference == "." || reference == ".." || len(reference) > 200 ||
		strings.ContainsFunc(reference, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
		return nil, s.say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	var body []byte
	if o.Body != nil {
		filled, _ := fill(o.Body, reference, endsAt)
		b, err := json.Marshal(filled)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		body = b
	}
	target := s.base + strings.ReplaceAll(o.Path, "{reference}", url.PathEscape(reference))
	req, err := http.NewRequestWithContext(ctx, o.Method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "hasta-luego")
	if s.cfg.Auth.Header != "" {
		req.Header.Set(s.cfg.Auth.Header, s.secret())
	}
	if s.cfg.KeyHeader != "" && key != "" {
		req.Header.Set(s.cfg.KeyHeader, key)
	}
	return req, nil
}

// fill puts values into the slots of a body template; keep is false for a
// value that is left out.
func fill(v any, reference string, endsAt time.Time) (out any, keep bool) {
	switch v := v.(type) {
	case string:
		if v == "{ends_at}" {
			return endsAt.UTC().Format(time.RFC3339), !endsAt.IsZero()
		}
		return strings.ReplaceAll(v, "{reference}", reference), true
	case []any:
		list := make([]any, 0, len(v))
		for _, x := range v {
			if y, ok := fill(x, reference, endsAt); ok {
				list = append(list, y)
			}
		}
		return list, true
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, x := range v {
			if y, ok := fill(x, reference, endsAt); ok {
				m[k] = y
			}
		}
		return m, true
	default:
		return v, true
	}
}
