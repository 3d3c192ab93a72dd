// Package stripesystem connects Stripe, with Stripe's own library and the
// version of Stripe's API that belongs to it. It reads and ends subscriptions
// (now, when what is paid for is over, on a date), takes an end back while it has
// not come, pauses, applies and removes coupons, gives payments back, and reads
// what stands open with a customer. Amounts are those of internal/money: Stripe
// counts some currencies in units of its own.
//
// The library neither repeats a call nor reports on itself to anybody: its calls
// leave through internal/outbound like those of every connector, and the engine
// decides what is tried again.
package stripesystem

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/when"
)

// KindName is the word for this connector in systems.yaml.
const KindName = "stripe"

// keyLife is how long Stripe remembers an idempotency key at least.
const keyLife = 24 * time.Hour

const defaultBase = "https://api.stripe.com"

// What becomes of invoices while billing is paused.
const (
	PauseVoid          = "void"
	PauseDraft         = "keep_as_draft"
	PauseUncollectible = "mark_uncollectible"
)

// Config declares one account at Stripe. It may be printed: secrets are
// references.
type Config struct {
	System     string
	Key        string // reference to the secret or, better, restricted key
	Tells      bool   // it has a webhook endpoint here
	Secret     string // reference to the signing secret of that endpoint
	Next       string // reference to the next one, while it is being replaced
	Prorate    bool   // a subscription that ends before its time credits what is paid for and not used
	InvoiceNow bool   // one that ends now has what was used and not billed billed at once
	Pause      string // what becomes of invoices while billing is paused
	BaseURL    string // of something that answers like Stripe, or env:NAME
	Timeout    time.Duration
	Limit      int64   // bytes of an answer
	Rate       float64 // calls a second at most; zero: as fast as it answers
	Allow      []netip.Prefix

	declaration.Places
	Vault declaration.Vault // opens the sealed secrets
}

// Kind reads entries of this kind.
func Kind() declaration.Kind { return declaration.Kind{Name: KindName, Read: read} }

func read(e *declaration.Entry) (declaration.Declared, bool) {
	mark := e.Mark()
	top := e.Top("key", "webhook", "prorate", "invoice_now", "pause", "base_url", "timeout", "limit", "rate", "allow")
	if top == nil {
		return nil, false
	}
	c := Config{
		System: e.Name, Key: e.Ref(top, nil, "key"), Prorate: e.Flag(top, nil, "prorate"), InvoiceNow: e.Flag(top, nil, "invoice_now"),
		Pause: e.Word(top, nil, "pause"), BaseURL: e.Word(top, nil, "base_url"),
		Timeout: e.Duration(top, nil, "timeout"), Limit: e.Size(top, nil, "limit"), Rate: e.Rate(top, nil, "rate"), Allow: e.Prefixes(top, nil, "allow"),
	}.defaults()
	hook := declaration.Path("webhook")
	if keys := e.Keys(hook, "secret", "secret_next"); keys != nil {
		c.Tells, c.Secret, c.Next = true, e.Ref(keys, hook, "secret"), e.Ref(keys, hook, "secret_next")
	}
	good := e.Judge(mark, c.check())
	c.Places = e.Places()
	return c, good
}

// defaults fills in what may be left out.
func (c Config) defaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = defaultBase
	}
	if c.Pause == "" {
		c.Pause = PauseVoid
	}
	if c.Timeout == 0 {
		c.Timeout = declaration.DefaultTimeout
	}
	if c.Limit == 0 {
		c.Limit = declaration.DefaultLimit
	}
	return c
}

// check finds what is wrong with the declaration itself.
func (c Config) check() (found []declaration.Problem) {
	bad := func(at []string, code string, args ...any) {
		found = append(found, declaration.Problem{At: at, Code: code, Args: args})
	}
	found = append(found, declaration.CheckName(c.System)...)
	if code := declaration.CheckRef(c.Key); code != "" {
		bad(declaration.Path("key"), code)
	}
	if code := declaration.CheckRef(c.Secret); c.Tells && code != "" {
		bad(declaration.Path("webhook", "secret"), code)
	}
	if code := declaration.CheckRef(c.Next); c.Next != "" && code != "" {
		bad(declaration.Path("webhook", "secret_next"), code)
	}
	if words := []string{PauseVoid, PauseDraft, PauseUncollectible}; !slices.Contains(words, c.Pause) {
		bad(declaration.Path("pause"), "system.word", "words", strings.Join(words, ", "))
	}
	if !declaration.IsEnv(c.BaseURL) {
		if code := declaration.WrongURL(c.BaseURL, c.Allow); code != "" {
			bad(declaration.Path("base_url"), code)
		}
	}
	found = append(found, declaration.CheckTimeout(c.Timeout)...)
	found = append(found, declaration.CheckLimit(c.Limit)...)
	found = append(found, declaration.CheckRate(c.Rate)...)
	return found
}

// Name of the system.
func (c Config) Name() string { return c.System }

// Info describes the system. An end that has not come can be taken back whole;
// the connector was tried against the shapes that Stripe publishes and a far
// system of ours that behaves as Stripe says.
func (c Config) Info() connector.Info {
	return connector.Info{System: c.System, Kind: KindName, Level: connector.ShapesOnly, Effect: connector.Keyed, KeyLife: keyLife, Undo: connector.Restorable}
}

// Can lists what the system can do.
func (c Config) Can() (can, actions []string) { return (&System{cfg: c}).Connector().Can(), nil }

// Secrets are the references to secrets that it needs.
func (c Config) Secrets() []string {
	return slices.DeleteFunc([]string{c.Key, c.Secret, c.Next}, func(ref string) bool { return ref == "" })
}

// Open connects it.
func (c Config) Open(clock when.Clock, vault declaration.Vault) (declaration.Opened, error) {
	c.Vault = vault
	s, err := New(c, clock)
	if err != nil {
		return nil, err
	}
	return s, nil
}
