package httpsystem

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
	with    map[string]string // slots that are the same in every call
	signing []webhook.Secret  // of what we send it, if it is a Hook
	reports []webhook.Secret  // of what it sends us
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
	base, code := cfg.Vault.Resolve(cfg.BaseURL)
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
		if secret, code = cfg.Vault.Resolve(cfg.Auth.Value); code != "" {
			list = append(list, declaration.Problem{At: []string{"auth", "value"}, Code: code, Args: []any{"ref", cfg.Auth.Value}}.Fault(cfg.System))
		}
	}
	with := map[string]string{}
	for name, ref := range cfg.With {
		value, code := cfg.Vault.Resolve(ref)
		if with[name] = value; code == "" && !usable(value) {
			code = "field.invalid"
		}
		if code != "" {
			list = append(list, declaration.Problem{At: at("with", name), Code: code, Args: []any{"ref", ref}}.Fault(cfg.System))
		}
	}
	var signing, reports []webhook.Secret
	var more fault.List
	if cfg.Hook != nil {
		signing, more = cfg.Hook.open(cfg.System, nil, cfg.Vault)
		list = append(list, more...)
	}
	if cfg.Reports != nil {
		reports, more = cfg.Reports.open(cfg.System, at("webhook"), cfg.Vault)
		list = append(list, more...)
	}
	if len(list) > 0 {
		return nil, list
	}
	if cfg.Hook == nil {
		base = strings.TrimRight(base, "/")
	}
	return &System{
		Caller: httpcall.New(cfg.System, clock, outbound.Options{Allow: cfg.Allow, Timeout: cfg.Timeout, Limit: cfg.Limit, Pace: declaration.Pace(cfg.Rate)}),
		cfg:    cfg,
		base:   base,
		secret: cfg.Auth.reader(secret, cfg.Vault), with: with, signing: signing, reports: reports,
	}, nil
}

// Connector returns what the system declares that it can do.
func (s *System) Connector() connector.System {
	if s.cfg.Hook != nil {
		return connector.System{Name: s.cfg.System, Level: s.Info().Level, Notifier: notifier{s}}
	}
	out := connector.System{Name: s.cfg.System, Level: s.Info().Level, Checker: s}
	if s.cfg.Reports != nil {
		out.Reporter = reporter{s}
	}
	if s.cfg.Billing != nil {
		out.Billing = billing{s, *s.cfg.Billing}
	}
	if s.cfg.Access != nil {
		a := access{s, *s.cfg.Access}
		out.Access = a
		if s.cfg.Access.Reading != nil {
			out.Narrower = a
		}
		if s.cfg.Access.Probe != nil {
			out.Prober = a
		}
		if s.cfg.Access.Seen != "" {
			out.SignIns = a
		}
	}
	if len(s.cfg.Inventory) > 0 {
		out.Lister = inventory{s}
	}
	out.Drive = out.Access != nil && slices.ContainsFunc(s.cfg.Inventory, func(x Inventory) bool { return x.Kind == "drive" })
	if s.cfg.Charges != nil {
		out.Charges = charges{s, *s.cfg.Charges}
		if s.cfg.Charges.Everyone != nil {
			out.Every = charges{s, *s.cfg.Charges}
		}
	}
	if s.cfg.Ledger != nil {
		out.Ledger = ledger{s, *s.cfg.Ledger}
	}
	if len(s.cfg.Export) > 0 {
		out.Exporter = exporter{s}
	}
	if len(s.cfg.Erase) > 0 {
		out.Eraser = eraser{s}
	}
	if len(s.cfg.Actions) > 0 {
		out.Actions = actions{s}
	}
	if s.cfg.Messages != nil {
		out.Notifier = teller{s, *s.cfg.Messages}
	}
	return out
}

// Config returns the declaration, with its defaults.
func (s *System) Config() Config { return s.cfg }

// Info describes the system and what may be done with a lost answer.
func (s *System) Info() connector.Info { return s.cfg.Info() }

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// nowhere is a reference that no system knows.
const nowhere = "hasta-luego-check-0"

// Check reaches the system with its ping or, without one, by reading something
// that is not there: being told so is the answer of a system that knows us. A 404
// is one that a wrong address gives too: connector.check_unclear. Of a system that
// says what our credential may do, it compares that with what is declared.
func (s *System) Check(ctx context.Context) error {
	const op = "httpsystem.Check"
	if err := s.answers(ctx, op); err != nil || s.cfg.Rights == nil {
		return err
	}
	return s.mayAll(ctx, op, *s.cfg.Rights)
}

// answers reports whether the system is there and knows us.
func (s *System) answers(ctx context.Context, op string) error {
	calls, slot := s.cfg.Ping.calls(), "reference"
	if !s.cfg.Ping.declared() {
		calls, slot = s.anyReading()
	}
	v := s.values(slot, nowhere)
	if a := s.cfg.Access; a != nil {
		for _, part := range a.Parts {
			v.slots[part] = nowhere
		}
	}
	ans, err := s.look(ctx, op, calls, v)
	switch {
	case s.cfg.Ping.declared() && ans.Status >= 200 && ans.Status < 300 && fault.CodeOf(err) == "connector.unreadable":
		return nil // what a ping says is its own business
	case !s.cfg.Ping.declared() && fault.KindOf(err) == fault.NotFound && err != nil:
		if ans.Status == http.StatusNotFound {
			return s.Say(fault.Invalid, connector.Unclear, ans.Status).At(op, err)
		}
		return nil
	}
	return err
}

// anyReading is what the system has to read by the reference of something, or by
// the name of an owner.
func (s *System) anyReading() (calls []Operation, slot string) {
	switch {
	case s.cfg.Billing != nil:
		return s.cfg.Billing.of(s.cfg.Billing.Read), "reference"
	case s.cfg.Access != nil:
		return s.cfg.Access.of(s.cfg.Access.Read), "reference"
	case len(s.cfg.Inventory) > 0:
		return s.cfg.Inventory[0].List.calls(), "owner"
	case len(s.cfg.Export) > 0:
		return s.cfg.Export[0].List.calls(), "owner"
	}
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Actions)) {
		x := s.cfg.Actions[name]
		return x.of(x.Read), "reference"
	}
	return nil, "reference"
}

// of is all calls of one of the operations.
func (b Billing) of(o Operation) []Operation { return append(slices.Clone(b.Find), o.calls()...) }

// of is all calls of one of the operations.
func (a Access) of(o Operation) []Operation { return append(slices.Clone(a.Find), o.calls()...) }

// of is all calls of one of the operations.
func (x Action) of(o Operation) []Operation { return append(slices.Clone(x.Find), o.calls()...) }

func location(o Operation, reference string) string {
	return o.Method + " " + strings.ReplaceAll(o.Path, "{reference}", url.PathEscape(reference))
}

// reader is how the secret is read at every call. That of a file, and one that is
// sealed, is read anew: whoever renews it there is heard.
func (a Auth) reader(secret string, vault declaration.Vault) func() string {
	return func() string {
		value := secret
		if declaration.IsFile(a.Value) || declaration.IsSealed(a.Value) {
			if now, code := vault.Resolve(a.Value); code == "" {
				value = now
			}
		}
		if a.Scheme != "" {
			return a.Scheme + " " + value
		}
		return value
	}
}
