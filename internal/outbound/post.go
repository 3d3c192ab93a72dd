package outbound

import (
	"bytes"
	"context"
	"net/http"
	"net/netip"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Bounds of posting a message.
const (
	postTimeout = 20 * time.Second
	postLimit   = 64 << 10 // bytes of an answer, which nobody keeps
)

// Poster posts messages to addresses that people typed.
type Poster struct{ client *Client }

// NewPoster makes a Poster that may call public addresses with TLS, and those
// that the operator named.
func NewPoster(allow []netip.Prefix) Poster {
	return Poster{New(Options{Allow: allow, Timeout: postTimeout, Limit: postLimit})}
}

// Post sends the body once and returns the status of the answer and how long it
// asked us to wait. fault.Invalid (webhook.address_refused): the address may not
// be called; fault.Transient (webhook.unreachable): no answer came.
func (p Poster) Post(ctx context.Context, to string, header map[string]string, body []byte) (status int, wait time.Duration, err error) {
	const op = "outbound.Post"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, 0, fault.New(fault.Invalid, "webhook.url").At(op, err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	req.Header.Set("User-Agent", "hasta-luego")
	answer, failed := p.client.Do(req, when.Machine{}.Wall)
	switch {
	case failed != nil && failed.Forbidden:
		return 0, 0, fault.New(fault.Invalid, "webhook.address_refused").At(op, failed)
	case failed != nil:
		return 0, 0, fault.New(fault.Transient, "webhook.unreachable").At(op, failed)
	}
	return answer.Status, answer.RetryAfter, nil
}
