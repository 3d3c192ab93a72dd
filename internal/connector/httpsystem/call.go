package httpsystem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"hastaluego/internal/when"
)

// errLate says that the time for the call was over before its first byte left.
var errLate = errors.New("the call's time was over before it was sent")

// errAddress says that the far system's address may not be called.
var errAddress = errors.New("address may not be called")

// failure is a call that brought no answer.
type failure struct {
	err       error
	sent      bool // at least one byte of the request may have left
	late      bool // not sent because its time was over
	forbidden bool // the address may not be called
}

// call follows one request down to its connection.
type call struct {
	ctx  context.Context
	got  atomic.Bool // the connection is there: from here on, bytes are the request's
	sent atomic.Bool
	late atomic.Bool
}

type callKey struct{}

// over reports whether the context's time is over. A process that was stopped
// and goes on may run before its timers do, so the deadline itself is compared
// with the machine's clock, which contexts use too.
func over(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	deadline, ok := ctx.Deadline()
	return ok && !when.Machine{}.Wall().Before(deadline)
}

// gate is a connection that lets the first byte of a request pass only while
// its call has time, and remembers that it passed. A connection of the writing
// client serves exactly one call.
type gate struct {
	net.Conn
	call *call
}

func (g *gate) Write(b []byte) (int, error) {
	if g.call.got.Load() && !g.call.sent.Load() {
		// Said before it is checked: whoever sees the call end may take it for
		// sent when it was not, never the other way round.
		g.call.sent.Store(true)
		if over(g.call.ctx) {
			g.call.late.Store(true)
			g.call.sent.Store(false)
			return 0, errLate
		}
	}
	return g.Conn.Write(b)
}

// newClient returns the client for reading or for writing. A writing client
// opens a connection per call: on a kept one, a far end that closes it at that
// moment looks the same as one that died after the effect.
func newClient(cfg Config, plain, reading bool) *http.Client {
	var v4, v6 []netip.Prefix
	for _, p := range cfg.Allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	dialer := &net.Dialer{Timeout: cfg.Timeout, Control: func(network, address string, conn syscall.RawConn) error {
		if err := guard.Safe(network, address, conn); err != nil {
			return fmt.Errorf("%w: %w", errAddress, err)
		}
		// Without TLS the secret travels in the clear: only to the named addresses.
		if plain {
			ap, err := netip.ParseAddrPort(address)
			if err != nil || !slices.ContainsFunc(cfg.Allow, func(p netip.Prefix) bool { return p.Contains(ap.Addr()) }) {
				return fmt.Errorf("%w: %s without TLS", errAddress, address)
			}
		}
		return nil
	}}
	transport := &http.Transport{
		// Proxy stays nil: a proxy from the environment would dial for us, past the guard.
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    cfg.Timeout,
		DisableCompression:     true, // the bound is on what we read, and a small answer can unpack to a huge one
		DisableKeepAlives:      !reading,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if !reading {
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			c, ok := ctx.Value(callKey{}).(*call)
			if !ok {
				_ = conn.Close()
				return nil, errors.New("httpsystem: a connection without a call")
			}
			return &gate{Conn: conn, call: c}, nil
		}
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// do sends the request once and reads the answer within the system's time and
// size. A response whose body cannot be read is an answer with err set.
func (s *System) do(client *http.Client, req *http.Request) (answer, *failure) {
	ctx, cancel := context.WithTimeout(req.Context(), s.cfg.Timeout)
	defer cancel()
	if over(ctx) {
		return answer{}, &failure{err: errLate, late: true}
	}
	c := &call{ctx: ctx}
	ctx = context.WithValue(ctx, callKey{}, c)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	})
	res, err := client.Do(req.WithContext(ctx))
	if err != nil {
		sent := c.sent.Load()
		return answer{}, &failure{
			err: err, sent: sent, late: !sent && (c.late.Load() || over(req.Context())), forbidden: errors.Is(err, errAddress),
		}
	}
	defer func() { _ = res.Body.Close() }()
	ans := answer{status: res.StatusCode}
	ans.retryAfter, ans.named = retryAfter(res.Header.Get("Retry-After"), s.clock.Wall())
	body, err := io.ReadAll(io.LimitReader(res.Body, s.cfg.Limit+1))
	switch {
	case err != nil:
		ans.err = err
	case int64(len(body)) > s.cfg.Limit:
		ans.err = fmt.Errorf("the answer is over its bound of %d bytes", s.cfg.Limit)
	default:
		ans.read(body)
	}
	return ans, nil
}
