package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Client is for whoever runs the billing system: the demo and the tests fill
// it, push its clock and count its effects with it. Departures do not come
// this way; they use the API like any customer of the system.
type Client struct {
	Base  string // http://127.0.0.1:NNNN
	Token string
}

// Seed adds subscriptions; one that is known keeps its status.
func (c Client) Seed(ctx context.Context, subs []Subscription) error {
	return c.call(ctx, http.MethodPut, "/subscriptions", subs, nil)
}

// SeedAccounts adds accounts; one that is known stays as open as it is.
func (c Client) SeedAccounts(ctx context.Context, list []Account) error {
	return c.call(ctx, http.MethodPut, "/accounts", list, nil)
}

// Charge charges a subscription, also one that has ended, or changes a charge
// that is known by its ID. It returns the charge as the system keeps it.
func (c Client) Charge(ctx context.Context, in Charge) (out Charge, err error) {
	return out, c.call(ctx, http.MethodPut, "/charges", in, &out)
}

// SignIn tries to sign in as the account and returns the HTTP status.
func (c Client) SignIn(ctx context.Context, a Account) (int, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return 0, fmt.Errorf("peer: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+"/sign-in", bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("peer: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("peer: %w", err)
	}
	return res.StatusCode, res.Body.Close()
}

// SetClock moves the system's business time.
func (c Client) SetClock(ctx context.Context, now time.Time) error {
	return c.call(ctx, http.MethodPut, "/clock", map[string]time.Time{"now": now}, nil)
}

// SetFaults replaces what the system does wrong on purpose.
func (c Client) SetFaults(ctx context.Context, f Faults) error {
	return c.call(ctx, http.MethodPut, "/faults", f, nil)
}

// Effects returns every applied effect in order, of one subscription or (empty
// reference) of all.
func (c Client) Effects(ctx context.Context, reference string) ([]Effect, error) {
	var out []Effect
	err := c.call(ctx, http.MethodGet, "/effects?reference="+url.QueryEscape(reference), nil, &out)
	return out, err
}

func (c Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("peer: %w", err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("peer: %s %s: status %d", method, path, res.StatusCode)
	}
	if out == nil {
		_, err = io.Copy(io.Discard, res.Body)
	} else {
		err = json.NewDecoder(res.Body).Decode(out)
	}
	if err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	return nil
}
