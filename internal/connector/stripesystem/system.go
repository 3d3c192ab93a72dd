package stripesystem

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"sync"

	stripe "github.com/stripe/stripe-go/v85"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

// System is one account at Stripe behind its declaration. It is safe for
// concurrent use.
type System struct {
	*httpcall.Caller
	cfg Config
	// lib and secrets are closures so that no way of printing a System shows keys.
	lib     func() *stripe.Client
	secrets func() []string // of what Stripe sends us
}

var (
	_ connector.Billing    = (*System)(nil)
	_ connector.Ender      = (*System)(nil)
	_ connector.Pauser     = (*System)(nil)
	_ connector.Discounter = (*System)(nil)
	_ connector.Explainer  = (*System)(nil)
	_ connector.Ledger     = (*System)(nil)
	_ connector.Refunder   = refunder{}
	_ connector.Checker    = (*System)(nil)
	_ connector.Reporter   = (*System)(nil)
)

// New connects the declared account; it makes no call. The error is a
// fault.List of Invalid faults with JSON pointers as fields.
func New(cfg Config, clock when.Clock) (*System, error) {
	var list fault.List
	cfg = cfg.defaults()
	for _, p := range cfg.check() {
		list = append(list, p.Fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	resolve := func(ref string, at ...string) string {
		value, code := cfg.Vault.Resolve(ref)
		if code != "" {
			list = append(list, declaration.Problem{At: at, Code: code, Args: []any{"ref", ref}}.Fault(cfg.System))
		}
		return value
	}
	base := resolve(cfg.BaseURL, "base_url")
	if code := declaration.WrongURL(base, cfg.Allow); base != "" && code != "" {
		list = append(list, declaration.Problem{At: declaration.Path("base_url"), Code: code}.Fault(cfg.System))
	}
	key := resolve(cfg.Key, "key")
	var secrets []string
	if cfg.Tells {
		secrets = append(secrets, resolve(cfg.Secret, "webhook", "secret"))
	}
	if cfg.Next != "" {
		secrets = append(secrets, resolve(cfg.Next, "webhook", "secret_next"))
	}
	if len(list) > 0 {
		return nil, list
	}
	caller := httpcall.New(cfg.System, clock, outbound.Options{Allow: cfg.Allow, Timeout: cfg.Timeout, Limit: cfg.Limit, Pace: declaration.Pace(cfg.Rate)})
	client := library(caller, strings.TrimRight(base, "/"), key)
	return &System{
		Caller: caller, cfg: cfg, lib: func() *stripe.Client { return client }, secrets: func() []string { return secrets },
	}, nil
}

// Connector returns what the account can be asked for.
func (s *System) Connector() connector.System {
	out := connector.System{
		Name: s.cfg.System, Billing: s, Ender: s, Explainer: s, Pauser: s, Discounter: s, Refunder: refunder{s}, Ledger: s, Charges: s, Every: s, Checker: s,
	}
	if s.cfg.Tells {
		out.Reporter = s
	}
	return out
}

// Info describes the system.
func (s *System) Info() connector.Info { return s.cfg.Info() }

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// number is what Stripe gives as numbers. Nothing else becomes part of an
// address. It is compiled when it is first asked: so long a pattern takes a while.
var number = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`) })

// usable says what is wrong with a number.
func (s *System) usable(op, reference string) error {
	if !number().MatchString(reference) {
		return s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	return nil
}

func (s *System) receipt(reference string, answer json.RawMessage) connector.Receipt {
	return connector.Receipt{Reference: reference, Answer: answer, At: s.Clock.Now()}
}

// most is how many of a list are read. Whoever has more with one customer is
// nobody whose statement is made by a program.
const most = 1000

// page is how many are asked for at once: an answer has its bound.
const page = 50

// all reads a list whole, page by page; cut says that there is more. hashes are
// of the pages.
func all[T any](ctx context.Context, s *System, op string, ask func(context.Context) *stripe.V1List[T]) (out []T, hashes []string, cut bool, err error) {
	ctx, one := follow(ctx, false)
	pages := 0
	for x, unread := range ask(ctx).All(ctx) {
		if unread != nil {
			return nil, nil, false, s.outcome(op, one, unread, "list", "")
		}
		if one.calls > pages {
			pages, hashes = one.calls, append(hashes, one.ans.Hash)
		}
		if out = append(out, x); len(out) >= most {
			return out, hashes, true, nil
		}
	}
	if one.calls > pages {
		hashes = append(hashes, one.ans.Hash)
	}
	return out, hashes, false, s.outcome(op, one, nil, "list", "")
}
