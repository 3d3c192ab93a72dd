package stripesystem

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"

	stripe "github.com/stripe/stripe-go/v85"

	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
)

// seen is what came of one call of the library, before the library made
// anything of it. Its own errors quote what Stripe says, which no log of ours
// may.
type seen struct {
	write  bool // the call changes something
	calls  int
	ans    httpcall.Answer
	failed *outbound.Failure
}

type seenKey struct{}

// wire carries the library's calls to the caller.
type wire struct{ *httpcall.Caller }

// RoundTrip makes the call once. What it was like stands in the context.
func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	one, ok := req.Context().Value(seenKey{}).(*seen)
	if !ok {
		return nil, errors.New("stripesystem: a call that nobody follows")
	}
	req = req.Clone(req.Context())
	// The library tells its version, the machine's, and which other programs run
	// here: nobody's business.
	req.Header.Set("User-Agent", "hasta-luego")
	req.Header.Del("X-Stripe-Client-User-Agent")
	if req.Method == http.MethodGet {
		req.Body = http.NoBody
	}
	one.calls++
	one.ans, one.failed = w.Do(req, one.write)
	if one.failed != nil {
		return nil, one.failed
	}
	return &http.Response{
		StatusCode: one.ans.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: req,
		Body: io.NopCloser(bytes.NewReader(one.ans.Raw)), ContentLength: int64(len(one.ans.Raw)),
	}, nil
}

// library makes Stripe's library call through the caller: it repeats nothing,
// follows nothing, logs nothing and reports nothing.
func library(c *httpcall.Caller, base, key string) *stripe.Client {
	b := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL:               &base,
		HTTPClient:        &http.Client{Transport: wire{c}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		MaxNetworkRetries: stripe.Int64(0),
		EnableTelemetry:   stripe.Bool(false),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return stripe.NewClient(key, stripe.WithBackends(&stripe.Backends{API: b, Connect: b, Uploads: b, MeterEvents: b}))
}

// follow returns a context for one call of the library.
func follow(ctx context.Context, write bool) (context.Context, *seen) {
	one := &seen{write: write}
	return context.WithValue(ctx, seenKey{}, one), one
}

// right is the permission of a restricted key that Stripe names when it is
// missing.
var right = regexp.MustCompile(`'(rak_[a-z0-9_]{1,60})'`)

// outcome classes a call that the library made; nil: it went well, and what came
// is what was asked for. unread is the library's own error, of which only its
// being there is used; object is what Stripe calls what it answers with
// ("subscription"); id is its number, empty where that is not known before.
func (s *System) outcome(op string, one *seen, unread error, object, id string) error {
	switch {
	case one.failed != nil:
		return s.Fault(op, one.failed, one.write)
	case one.calls == 0: // the library refused to make it, as for a key that is too long
		return s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	ans := one.ans
	f := s.Class(op, ans, one.write)
	switch code := ans.Text("error.code"); {
	case f == nil && (unread != nil || ans.Text("object") != object || id != "" && ans.Text("id") != id):
		// JSON, and not what was asked for: an empty object is no empty list.
		if one.write {
			return s.Say(fault.Uncertain, "connector.uncertain", ans.Status).At(op, nil)
		}
		return s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
	case f == nil:
		return nil
	case code == string(stripe.ErrorCodeResourceMissing) && ans.Text("error.param") == "starting_after":
		// What the page began after is gone: the list changed while it was read.
		return s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
	case code == string(stripe.ErrorCodeResourceMissing):
		return s.Say(fault.NotFound, "connector.unknown_reference", ans.Status).At(op, nil)
	case ans.Status == http.StatusConflict && one.write:
		// The first call with the same key is still being worked on.
		return s.Say(fault.Uncertain, "connector.uncertain", ans.Status).At(op, nil)
	case ans.Status == http.StatusForbidden:
		if m := right.FindStringSubmatch(text(ans, "error.message")); m != nil {
			return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", m[1]).At(op, nil)
		}
	}
	return f
}

// text is a whole text of an answer, which Answer.Text would cut.
func text(ans httpcall.Answer, path string) string {
	t, _ := ans.At(path).(string)
	return t
}

// none is a number that Stripe gives to nobody; its own numbers hold no "hasta".
const none = "hasta_luego_check_0"

// missing reports whether Stripe itself says that something is not there. A 404
// that any server answers with says nothing.
func (o *seen) missing() bool {
	return o.failed == nil && o.ans.Text("error.code") == string(stripe.ErrorCodeResourceMissing)
}

// Check asks, with every right that the work needs, for something that is not
// there: being told so is the answer of a Stripe that knows us and lets us. The
// requests that would change something name nothing that exists. All rights that
// are missing are named at once.
func (s *System) Check(ctx context.Context) error {
	const op = "stripesystem.Check"
	var lacking []string
	for _, try := range s.tries() {
		call, one := follow(ctx, false)
		try.ask(call)
		if one.missing() {
			continue
		}
		err := s.outcome(op, one, nil, try.object, "")
		if fault.CodeOf(err) == "connector.right_missing" {
			for _, m := range right.FindAllStringSubmatch(text(one.ans, "error.message"), -1) {
				lacking = append(lacking, m[1])
			}
			continue
		}
		if err != nil {
			return err
		}
	}
	if len(lacking) > 0 {
		return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", strings.Join(lacking, ", ")).At(op, nil)
	}
	return nil
}

// attempt is one request that changes nothing.
type attempt struct {
	object string // what Stripe answers with, where it does not say that something is missing
	ask    func(ctx context.Context)
}

// tries are requests with every right that the work needs.
func (s *System) tries() []attempt {
	lib, one := s.lib(), stripe.Int64(1)
	return []attempt{
		{"subscription", func(ctx context.Context) { _, _ = lib.V1Subscriptions.Retrieve(ctx, "sub_"+none, nil) }},
		{"subscription", func(ctx context.Context) { _, _ = lib.V1Subscriptions.Update(ctx, "sub_"+none, nil) }},
		{"customer", func(ctx context.Context) { _, _ = lib.V1Customers.Retrieve(ctx, "cus_"+none, nil) }},
		{"payment_intent", func(ctx context.Context) { _, _ = lib.V1PaymentIntents.Retrieve(ctx, "pi_"+none, nil) }},
		{"charge", func(ctx context.Context) { _, _ = lib.V1Charges.Retrieve(ctx, "ch_"+none, nil) }},
		{"refund", func(ctx context.Context) { _, _ = lib.V1Refunds.Retrieve(ctx, "re_"+none, nil) }},
		{"refund", func(ctx context.Context) {
			_, _ = lib.V1Refunds.Create(ctx, &stripe.RefundCreateParams{PaymentIntent: stripe.String("pi_" + none)})
		}},
		{"list", func(ctx context.Context) {
			lib.V1Invoices.List(ctx, &stripe.InvoiceListParams{ListParams: stripe.ListParams{Limit: one}})
		}},
		{"list", func(ctx context.Context) {
			lib.V1InvoiceItems.List(ctx, &stripe.InvoiceItemListParams{ListParams: stripe.ListParams{Limit: one}})
		}},
		{"invoice", func(ctx context.Context) {
			_, _ = lib.V1Invoices.CreatePreview(ctx, &stripe.InvoiceCreatePreviewParams{Subscription: stripe.String("sub_" + none)})
		}},
	}
}
