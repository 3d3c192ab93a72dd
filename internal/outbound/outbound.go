// Package outbound calls far systems over HTTP. It connects to public
// addresses and to those that the operator named, never to others, whatever a
// name resolves to; follows no redirect; bounds the time of a call and the size
// of its answer; and knows, when no answer came, whether anything was sent. It
// calls once: whether to call again is for others to decide, and what an answer
// means, too.
package outbound

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
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/time/rate"

	"hastaluego/internal/when"
)

// Options is what a Client is made of.
type Options struct {
	Allow   []netip.Prefix // private addresses that may be called, and the only ones that are called without TLS
	Timeout time.Duration  // of one call, from connecting to the last byte
	Limit   int64          // bytes of an answer
	// Reuse keeps connections. Only for calls that change nothing: on a kept
	// one, a far end that closes it at that moment looks the same as one that
	// died after the effect.
	Reuse bool
	// Pace lets a call begin; nil: at once. Clients that share one keep it together.
	Pace *rate.Limiter
}

// Client calls far systems. It is safe for concurrent use.
type Client struct {
	o    Options
	http *http.Client
}

// Answer is what came back of one call.
type Answer struct {
	Status     int
	Body       []byte        // nil where Err is set
	RetryAfter time.Duration // what the far end asked us to wait, at most a day
	Named      bool          // it said when to come back
	Replayed   bool          // it said that this is its answer of before to the same key (Idempotent-Replayed)
	Links      []string      // its Link headers (RFC 8288)
	Header     http.Header   // all of them
	Tag        string        // its ETag, as it came
	Err        error         // the body could not be read, or is over its bound
}

// Failure is a call that brought no answer.
type Failure struct {
	Err       error
	Sent      bool // at least one byte of the request may have left
	Late      bool // not sent because its time was over
	Forbidden bool // the address may not be called
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// errLate says that the time for the call was over before its first byte left.
var errLate = errors.New("the call's time was over before it was sent")

// ErrAddress says that the far system's address may not be called.
var ErrAddress = errors.New("address may not be called")

// call follows one request down to its connection.
type call struct {
	ctx   context.Context
	plain bool        // without TLS
	got   atomic.Bool // the connection is there: from here on, bytes are the request's
	sent  atomic.Bool
	late  atomic.Bool
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
// its call has time, and remembers that it passed. A connection that is not
// reused serves exactly one call.
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

// guarded dials public addresses and those that are named; where plain says
// that there is no TLS, a secret travels in the clear, and only the named ones.
func guarded(allow []netip.Prefix, timeout time.Duration, plain func(context.Context) bool) *net.Dialer {
	var v4, v6 []netip.Prefix
	for _, p := range allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	return &net.Dialer{Timeout: timeout, ControlContext: func(ctx context.Context, network, address string, conn syscall.RawConn) error {
		if err := guard.Safe(network, address, conn); err != nil {
			return fmt.Errorf("%w: %w", ErrAddress, err)
		}
		if plain(ctx) {
			ap, err := netip.ParseAddrPort(address)
			if err != nil || !slices.ContainsFunc(allow, func(p netip.Prefix) bool { return p.Contains(ap.Addr()) }) {
				return fmt.Errorf("%w: %s without TLS", ErrAddress, address)
			}
		}
		return nil
	}}
}

// Dial connects for protocols that are not HTTP, within the same bounds; an
// address that may not be called is ErrAddress. plain says that the connection
// may go without TLS.
func Dial(allow []netip.Prefix, timeout time.Duration, plain bool) func(ctx context.Context, network, address string) (net.Conn, error) {
	return guarded(allow, timeout, func(context.Context) bool { return plain }).DialContext
}

// keptIdle is how many connections are kept to one address while nobody calls: as
// many as may call at once, or each call beyond it would shake hands anew.
const keptIdle = 64

// New makes a Client; it makes no call.
func New(o Options) *Client {
	dialer := guarded(o.Allow, o.Timeout, func(ctx context.Context) bool {
		c, ok := ctx.Value(callKey{}).(*call)
		return !ok || c.plain
	})
	transport := &http.Transport{
		// Proxy stays nil: a proxy from the environment would dial for us, past the guard.
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    o.Timeout,
		DisableCompression:     true, // the bound is on what we read, and a small answer can unpack to a huge one
		DisableKeepAlives:      !o.Reuse,
		MaxIdleConnsPerHost:    keptIdle,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if !o.Reuse {
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			c, ok := ctx.Value(callKey{}).(*call)
			if !ok {
				_ = conn.Close()
				return nil, errors.New("outbound: a connection without a call")
			}
			return &gate{Conn: conn, call: c}, nil
		}
	}
	return &Client{o, &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Do sends the request once and reads the answer within the time and size of
// the client. wall is real time, from which a date in a Retry-After is counted
// when the answer does not say what time it is there. A response
// whose body cannot be read is an Answer with Err set.
func (c *Client) Do(req *http.Request, wall func() time.Time) (Answer, *Failure) {
	if failed := c.turn(req); failed != nil {
		return Answer{}, failed
	}
	ctx, cancel := context.WithTimeout(req.Context(), c.o.Timeout)
	defer cancel()
	res, failed := c.send(ctx, req)
	if failed != nil {
		return Answer{}, failed
	}
	defer func() { _ = res.Body.Close() }()
	return c.read(res, wall), nil
}

// turn waits until a call may begin, which is no part of the time that it may take.
func (c *Client) turn(req *http.Request) *Failure {
	if c.o.Pace != nil {
		if err := c.o.Pace.Wait(req.Context()); err != nil {
			return &Failure{Err: errLate, Late: true}
		}
	}
	return nil
}

// send sends the request once, unless the time of its context is over.
func (c *Client) send(ctx context.Context, req *http.Request) (*http.Response, *Failure) {
	if over(ctx) {
		return nil, &Failure{Err: errLate, Late: true}
	}
	one := &call{ctx: ctx, plain: req.URL.Scheme != "https"}
	ctx = context.WithValue(ctx, callKey{}, one)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { one.got.Store(true) },
	})
	// net/http sends a request with a key again by itself when a connection
	// dies; without GetBody it cannot. Calling again is not for it to decide.
	again := req.WithContext(ctx)
	again.GetBody = nil
	res, err := c.http.Do(again)
	if err != nil {
		sent := one.sent.Load()
		return nil, &Failure{
			Err: err, Sent: sent, Late: !sent && (one.late.Load() || over(req.Context())), Forbidden: errors.Is(err, ErrAddress),
		}
	}
	return res, nil
}

// read reads what came, within its bound.
func (c *Client) read(res *http.Response, wall func() time.Time) Answer {
	ans := Answer{Status: res.StatusCode, Header: res.Header, Links: res.Header.Values("Link"), Tag: res.Header.Get("Etag")}
	now := wall()
	if date, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		now = date // it counts by its own clock, however wrong that is
	}
	ans.RetryAfter, ans.Named = retryAfter(res.Header.Get("Retry-After"), now)
	ans.Replayed = res.Header.Get("Idempotent-Replayed") == "true"
	body, err := io.ReadAll(io.LimitReader(res.Body, c.o.Limit+1))
	switch {
	case err != nil:
		ans.Err = err
	case int64(len(body)) > c.o.Limit:
		ans.Err = TooLongError{c.o.Limit}
	default:
		ans.Body = body
	}
	return ans
}

// TooLongError says that an answer is longer than is read.
type TooLongError struct{ Limit int64 } // bytes

func (e TooLongError) Error() string {
	return fmt.Sprintf("the answer is over its bound of %d bytes", e.Limit)
}

// maxRetryAfter bounds what a far system may ask us to wait.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads both forms of the header.
func retryAfter(h string, now time.Time) (wait time.Duration, named bool) {
	if n, err := strconv.Atoi(h); err == nil {
		wait, named = time.Duration(min(max(n, 0), int(maxRetryAfter/time.Second)))*time.Second, true
	} else if t, err := http.ParseTime(h); err == nil {
		wait, named = t.Sub(now), true
	}
	return min(max(wait, 0), maxRetryAfter), named
}
