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
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
	"hastaluego/internal/webhook"
)

// HookKind is the word in systems.yaml for a system that takes signed messages
// and nothing else.
const HookKind = "webhook"

// Hook declares such a system: BaseURL is its address.
type Hook struct{ Keys }

// Reports declares what a system tells us by itself, in signed messages.
type Reports struct {
	Keys
	Reference string // dotted path, in the message, of the number of a subscription, or of the name of an account
}

// Keys are the secret of signed messages, and the next one while it is being
// replaced: references.
type Keys struct{ Secret, Next string }

func (r reading) secrets(m declaration.Map, path []string) Keys {
	return Keys{Secret: r.Ref(m, path, "secret"), Next: r.Ref(m, path, "secret_next")}
}

// readHook reads a system of kind webhook.
func readHook(e *declaration.Entry) (declaration.Declared, bool) {
	r, mark := reading{e}, e.Mark()
	top := r.Top("url", "secret", "secret_next", "timeout", "allow")
	if top == nil {
		return nil, false
	}
	c := Config{
		System: e.Name, BaseURL: r.Word(top, nil, "url"), Level: connector.ShapesOnly, Effect: connector.Keyed, Undo: connector.Restorable,
		Timeout: r.Duration(top, nil, "timeout"), Allow: r.Prefixes(top, nil, "allow"), Hook: &Hook{r.secrets(top, nil)},
	}
	good := r.Judge(mark, c.check())
	c.Places = r.Places()
	return c.defaults(), good
}

func (h Hook) check(k *checker, c Config) {
	switch {
	case c.BaseURL == "":
		k.bad(at("url"), "field.required")
	case !declaration.IsEnv(c.BaseURL):
		if code := c.wrongHookURL(c.BaseURL); code != "" {
			k.bad(at("url"), code)
		}
	}
	h.Keys.check(k, nil)
}

// wrongHookURL returns the code of what is wrong with the address, or "".
func (c Config) wrongHookURL(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "system.base_url"
	case u.User != nil || u.Fragment != "" || u.Opaque != "":
		return "system.base_url_extra"
	case u.Scheme == "http" && len(c.Allow) == 0:
		return "system.plain_http"
	}
	return ""
}

func (s Keys) check(k *checker, where []string) {
	if !declaration.IsRef(s.Secret) {
		k.bad(below(where, "secret"), "system.secret_inline")
	}
	if s.Next != "" && !declaration.IsRef(s.Next) {
		k.bad(below(where, "secret_next"), "system.secret_inline")
	}
}

func (r Reports) check(k *checker) {
	r.Keys.check(k, at("webhook"))
	k.path(r.Reference, at("webhook", "reference"))
}

// open reads the secrets; list holds what is wrong with them.
func (s Keys) open(system string, where []string, vault declaration.Vault) (keys []webhook.Secret, list fault.List) {
	for _, x := range []struct{ key, ref string }{{"secret", s.Secret}, {"secret_next", s.Next}} {
		if x.ref == "" {
			continue
		}
		value, code := vault.Resolve(x.ref)
		if code == "" {
			secret, err := webhook.ParseSecret(value)
			if keys = append(keys, secret); err != nil {
				code = "system.hook_secret"
			}
		}
		if code != "" {
			list = append(list, declaration.Problem{At: below(where, x.key), Code: code, Args: []any{"ref", x.ref}}.Fault(system))
		}
	}
	return keys, list
}

// notifier is a system of kind webhook as steps see it.
type notifier struct{ *System }

var _ connector.Notifier = notifier{}

// Notify posts the message once, signed. Any 2xx is a yes, whatever its body
// says. The id of the message is the key, so that the far end takes it once.
func (n notifier) Notify(ctx context.Context, in connector.NotifyInput) (connector.Receipt, error) {
	const op = "httpsystem.Notify"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.base, bytes.NewReader(in.Body))
	if err != nil {
		return connector.Receipt{}, fault.Wrap(op, err)
	}
	for name, value := range webhook.Headers(in.Key, n.Clock.Wall(), in.Body, n.signing...) {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "hasta-luego")
	ans, failed := n.Do(req, true)
	if failed != nil {
		return connector.Receipt{}, n.Fault(op, failed, true)
	}
	evidence, err := json.Marshal(struct {
		Status int    `json:"status"`
		ID     string `json:"webhook_id"`
		SHA256 string `json:"body_sha256,omitempty"`
	}{ans.Status, in.Key, ans.Hash})
	if err != nil {
		return connector.Receipt{}, fault.Wrap(op, err)
	}
	receipt := connector.Receipt{Reference: in.Key, Answer: evidence, At: n.Clock.Now()}
	if ans.Status >= 200 && ans.Status < 300 {
		return receipt, nil
	}
	if f := n.Class(op, ans, true); f != nil {
		return receipt, f
	}
	return receipt, nil
}

// reporter is a system that tells by itself.
type reporter struct{ *System }

var _ connector.Reporter = reporter{}

// ReadReport checks the signature and the age of a message, and reads which
// subscription or account it is about. Nothing else of it is believed.
func (r reporter) ReadReport(header func(string) string, body []byte, wall time.Time) (connector.Report, error) {
	id, err := webhook.Verify(header, body, wall, r.reports...)
	if err != nil {
		return connector.Report{}, err
	}
	var ans httpcall.Answer
	if ans.Read(body); ans.Err != nil {
		return connector.Report{}, fault.New(fault.Invalid, "webhook.body").At("httpsystem.ReadReport", ans.Err)
	}
	return connector.Report{ID: id, Reference: strings.TrimSpace(ans.Text(r.cfg.Reports.Reference))}, nil
}
