package httpsystem

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/webhook"
	"hastaluego/internal/when"
)

// System is one far system behind its declaration. It is safe for concurrent
// use.
type System struct {
	*httpcall.Caller
	cfg  Config
	base string // without a slash at its end
	// secret is a closure so that no way of printing a System shows it.
	secret  func() string
	signing []webhook.Secret // of what we send it, if it is a Hook
	reports []webhook.Secret // of what it sends us
}

// New connects the declared system; it makes no call. References to the
// environment and to files are read here, once. The error is a fault.List of
// Invalid faults with JSON pointers as fields.
func New(cfg Config, clock when.Clock) (*System, error) {
	var list fault.List
	for _, p := range cfg.check() {
		list = append(list, p.Fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	cfg = cfg.defaults()
	base, code := declaration.Resolve(cfg.BaseURL)
	key, wrong := "base_url", func(raw string) string { return declaration.WrongURL(raw, cfg.Allow) }
	if cfg.Hook != nil {
		key, wrong = "url", cfg.wrongHookURL
	}
	if code == "" {
		code = wrong(base)
	}
	if code != "" {
		list = append(list, declaration.Problem{At: []string{key}, Code: code, Args: []any{"ref", cfg.BaseURL}}.Fault(cfg.System))
	}
	secret := ""
	if cfg.Auth.Header != "" {
		if secret, code = declaration.Resolve(cfg.Auth.Value); code != "" {
			list = append(list, declaration.Problem{At: []string{"auth", "value"}, Code: code, Args: []any{"ref", cfg.Auth.Value}}.Fault(cfg.System))
		}
		if cfg.Auth.Scheme != "" {
			secret = cfg.Auth.Scheme + " " + secret
		}
	}
	var signing, reports []webhook.Secret
	var more fault.List
	if cfg.Hook != nil {
		signing, more = cfg.Hook.open(cfg.System, nil)
		list = append(list, more...)
	}
	if cfg.Reports != nil {
		reports, more = cfg.Reports.open(cfg.System, at("webhook"))
		list = append(list, more...)
	}
	if len(list) > 0 {
		return nil, list
	}
	if cfg.Hook == nil {
		base = strings.TrimRight(base, "/")
	}
	return &System{
		Caller: httpcall.New(cfg.System, clock, outbound.Options{Allow: cfg.Allow, Timeout: cfg.Timeout, Limit: cfg.Limit}),
		cfg:    cfg,
		base:   base,
		secret: func() string { return secret }, signing: signing, reports: reports,
	}, nil
}

// Connector returns what the system declares that it can do.
func (s *System) Connector() connector.System {
	if s.cfg.Hook != nil {
		return connector.System{Name: s.cfg.System, Notifier: notifier{s}}
	}
	out := connector.System{Name: s.cfg.System, Checker: s}
	if s.cfg.Reports != nil {
		out.Reporter = reporter{s}
	}
	if s.cfg.Billing != nil {
		out.Billing = billing{s, *s.cfg.Billing}
	}
	if s.cfg.Access != nil {
		a := access{s, *s.cfg.Access}
		out.Access = a
		if s.cfg.Access.Probe != nil {
			out.Prober = a
		}
	}
	if len(s.cfg.Actions) > 0 {
		out.Actions = actions{s}
	}
	return out
}

// Config returns the declaration, with its defaults.
func (s *System) Config() Config { return s.cfg }

// Info describes the system and what may be done with a lost answer.
func (s *System) Info() connector.Info { return s.cfg.Info() }

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// get makes one call that changes nothing. With an error the httpcall.Answer, if there
// was one, still tells what came.
func (s *System) get(ctx context.Context, op string, o Operation, reference string) (httpcall.Answer, error) {
	req, err := s.request(ctx, op, o, values{reference: reference})
	if err != nil {
		return httpcall.Answer{}, err
	}
	s.sign(req, "")
	return s.Call(op, req, false)
}

// act is one call that changes something.
type act struct {
	op     string
	call   Operation
	values values
	key    string
	// so reads whether it is already as wished, for a system that answers 409.
	so    func(ctx context.Context) (bool, json.RawMessage, error)
	paths []string // fields that are evidence
}

// send makes the call, once. When the far system answers 409, reading decides
// whether that means "already so".
func (s *System) send(ctx context.Context, a act) (connector.Receipt, error) {
	req, err := s.request(ctx, a.op, a.call, a.values)
	if err != nil {
		return connector.Receipt{}, err
	}
	s.sign(req, a.key)
	ans, failed := s.Do(req, true)
	if failed != nil {
		return connector.Receipt{}, s.Fault(a.op, failed, true)
	}
	receipt := connector.Receipt{Answer: ans.Evidence(append(a.paths, a.call.Receipt)...), At: s.Clock.Now()}
	if ans.Status == http.StatusConflict {
		so, seen, err := a.so(ctx)
		switch {
		case err != nil:
			return receipt, err // refused for now and not seen: nothing happened in this call
		case so:
			receipt.Answer = seen
			return receipt, nil
		case s.cfg.Effect == connector.Keyed:
			// 409 with a key also means that the first call with it is still being worked on.
			return receipt, s.Say(fault.Uncertain, "connector.uncertain", ans.Status).At(a.op, nil)
		}
	}
	if f := s.Class(a.op, ans, true); f != nil {
		return receipt, f
	}
	receipt.Reference = ans.Text(a.call.Receipt)
	return receipt, nil
}

// nowhere is a reference that no system knows.
const nowhere = "hasta-luego-check-0"

// Check reaches the system with its ping or, without one, by reading something
// that is not there: being told so is the answer of a system that knows us.
func (s *System) Check(ctx context.Context) error {
	const op = "httpsystem.Check"
	o := s.cfg.Ping
	if o.Method == "" {
		o = s.anyRead()
	}
	ans, err := s.get(ctx, op, o, nowhere)
	switch {
	case ans.Status >= 200 && ans.Status < 300: // what a ping says is its own business
		return nil
	case s.cfg.Ping.Method == "" && ans.Status == http.StatusNotFound:
		return nil
	}
	return err
}

// anyRead is a call of the system that changes nothing.
func (s *System) anyRead() Operation {
	switch {
	case s.cfg.Billing != nil:
		return s.cfg.Billing.Read
	case s.cfg.Access != nil:
		return s.cfg.Access.Read
	}
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Actions)) {
		return s.cfg.Actions[name].Read
	}
	return Operation{}
}

func location(o Operation, reference string) string {
	return o.Method + " " + strings.ReplaceAll(o.Path, "{reference}", url.PathEscape(reference))
}

// values are what the slots of a call become.
type values struct {
	reference string
	secret    string
	endsAt    time.Time // zero: left out
}

// request fills the declaration's slots. It bears nothing that says who we are.
func (s *System) request(ctx context.Context, op string, o Operation, v values) (*http.Request, error) {
	if !httpcall.Usable(v.reference) {
		return nil, s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	var body []byte
	if o.Body != nil {
		filled, _ := fill(o.Body, v)
		b, err := json.Marshal(filled)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		body = b
	}
	target := s.base + strings.ReplaceAll(o.Path, "{reference}", url.PathEscape(v.reference))
	req, err := http.NewRequestWithContext(ctx, o.Method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "hasta-luego")
	return req, nil
}

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
func fill(v any, in values) (out any, keep bool) {
	switch v := v.(type) {
	case string:
		if v == "{ends_at}" {
			return in.endsAt.UTC().Format(time.RFC3339), !in.endsAt.IsZero()
		}
		return strings.NewReplacer("{reference}", in.reference, "{secret}", in.secret).Replace(v), true
	case []any:
		list := make([]any, 0, len(v))
		for _, x := range v {
			if y, ok := fill(x, in); ok {
				list = append(list, y)
			}
		}
		return list, true
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, x := range v {
			if y, ok := fill(x, in); ok {
				m[k] = y
			}
		}
		return m, true
	default:
		return v, true
	}
}
