// Package httpcall makes the calls of connectors that speak JSON over HTTP. It
// never calls twice by itself, follows no redirect, classes what comes back, and
// keeps of an answer only what is asked of it. It does not retry, schedule or
// decide.
package httpcall

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

// Caller calls one far system. It is safe for concurrent use.
type Caller struct {
	System string
	Clock  when.Clock
	reader *outbound.Client
	writer *outbound.Client
}

// New makes a Caller; it makes no call. Connections are used again for what
// changes nothing.
func New(system string, clock when.Clock, o outbound.Options) *Caller {
	reading := o
	reading.Reuse = true
	return &Caller{System: system, Clock: clock, reader: outbound.New(reading), writer: outbound.New(o)}
}

// Close lets go of idle connections.
func (c *Caller) Close() { c.reader.Close() }

// Do sends the request once and reads the answer; write says that it changes
// something.
func (c *Caller) Do(req *http.Request, write bool) (Answer, *outbound.Failure) {
	client := c.reader
	if write {
		client = c.writer
	}
	got, failed := client.Do(req, c.Clock.Wall)
	if failed != nil {
		return Answer{}, failed
	}
	return answer(got), nil
}

// Stream sends a request that changes nothing once, and leaves the body of a success
// to whoever asked (and closes it). Any other answer is a nil Stream and as Do
// gives it.
func (c *Caller) Stream(req *http.Request) (*outbound.Stream, Answer, *outbound.Failure) {
	stream, got, failed := c.reader.Open(req, c.Clock.Wall)
	if failed != nil || stream != nil {
		return stream, Answer{}, failed
	}
	return nil, answer(got), nil
}

// answer takes apart what came.
func answer(got outbound.Answer) Answer {
	ans := Answer{Status: got.Status, RetryAfter: got.RetryAfter, Named: got.Named, Replayed: got.Replayed, Next: next(got.Links), Tag: got.Tag, Header: got.Header, Err: got.Err}
	if ans.Err == nil {
		ans.Read(got.Body)
	}
	return ans
}

// link is one of a Link header, with what follows its address.
var link = regexp.MustCompile(`<([^>]*)>((?:\s*;\s*[A-Za-z*]+\s*=\s*(?:"[^"]*"|[^",;\s]*))*)`)

// nextRel is what says that a link leads to the next page.
var nextRel = regexp.MustCompile(`(?i);\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?:[\s;]|$))`)

// next is the address of the next page among the links of an answer.
func next(links []string) string {
	for _, line := range links {
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			if nextRel.MatchString(m[2]) {
				return m[1]
			}
		}
	}
	return ""
}

// Partly is the fault of an act of several calls of which some went well before
// this one failed: it is to be looked at, and asked for again from its start.
func (c *Caller) Partly(op string, err error) *fault.Error {
	f := c.Say(fault.Uncertain, "connector.partly", 0)
	var e *fault.Error
	if errors.As(err, &e) {
		f.RetryAfter = e.RetryAfter
	}
	return f.At(op, err)
}

// Call is Do, with what is not plain success as its fault. With a fault the
// answer, if there was one, still tells what came.
func (c *Caller) Call(op string, req *http.Request, write bool) (Answer, error) {
	ans, failed := c.Do(req, write)
	if failed != nil {
		return ans, c.Fault(op, failed, write)
	}
	if f := c.Class(op, ans, write); f != nil {
		return ans, f
	}
	return ans, nil
}

// Class turns an answer that is not plain success into its fault, nil for one
// that is.
func (c *Caller) Class(op string, ans Answer, write bool) *fault.Error {
	var f *fault.Error
	switch {
	case ans.Throttled():
		f = c.Say(fault.Transient, "connector.busy", ans.Status)
		f.RetryAfter = ans.wait()
	case ans.Status == http.StatusNotFound && !write && !ans.spoken():
		// A gateway, or a wrong address: of the thing itself nothing was said.
		f = c.Say(fault.Transient, "connector.unreadable", ans.Status)
	case ans.Status == http.StatusNotFound:
		f = c.Say(fault.NotFound, "connector.unknown_reference", ans.Status)
	case ans.Status == http.StatusRequestTimeout || ans.Status == http.StatusTooEarly,
		// A 503 that names its time is the system speaking. One that does not is
		// often a proxy that lost the system after the request had reached it.
		ans.Status == http.StatusServiceUnavailable && (ans.Named || !write):
		f = c.Say(fault.Transient, "connector.busy", ans.Status)
		f.RetryAfter = ans.RetryAfter
	case ans.Status >= 200 && ans.Status < 300:
		// A part of an answer, and several outcomes in one, are no plain success.
		if ans.Err == nil && ans.Status != http.StatusPartialContent && ans.Status != http.StatusMultiStatus {
			return nil
		}
		var long outbound.TooLongError
		switch {
		case write:
			f = c.Say(fault.Uncertain, "connector.uncertain", ans.Status)
		case errors.As(ans.Err, &long):
			f = fault.New(fault.Transient, "connector.too_long", "system", c.System, "limit", long.Limit)
		default:
			f = c.Say(fault.Transient, "connector.unreadable", ans.Status)
		}
	case ans.Status == http.StatusUnauthorized:
		f = c.Say(fault.Invalid, "connector.credential", ans.Status)
	case ans.Status == http.StatusForbidden:
		f = c.Say(fault.Invalid, "connector.no_right", ans.Status)
	case ans.Status >= 400 && ans.Status < 500:
		f = c.Say(fault.Invalid, "connector.refused", ans.Status)
	case ans.Status >= 300 && ans.Status < 400:
		// A redirect is never followed: it would carry the secret to an address
		// that nobody declared. 307 and 308 say that nothing was done; 303 and
		// its elders are a common answer after something was.
		if write && ans.Status != http.StatusTemporaryRedirect && ans.Status != http.StatusPermanentRedirect {
			f = c.Say(fault.Uncertain, "connector.uncertain", ans.Status)
		} else {
			f = c.Say(fault.Invalid, "connector.refused", ans.Status)
		}
	case write:
		f = c.Say(fault.Uncertain, "connector.uncertain", ans.Status)
	default:
		f = c.Say(fault.Transient, "connector.unreachable", ans.Status)
		f.RetryAfter = ans.RetryAfter
	}
	return f.At(op, ans.Err)
}

// Unclear is the fault of a probe whose answer is neither getting in nor being
// refused: what may pass, as f says it does, is tried again, and all else proves
// nothing.
func (c *Caller) Unclear(op string, ans Answer, f *fault.Error) *fault.Error {
	if f != nil && f.Kind == fault.Transient && ans.Status != http.StatusNotFound {
		return f
	}
	return c.Say(fault.Invalid, "connector.probe_unclear", ans.Status).At(op, nil)
}

// Fault classes a call that brought no answer.
func (c *Caller) Fault(op string, failed *outbound.Failure, write bool) *fault.Error {
	switch {
	case failed.Forbidden:
		return c.Say(fault.Invalid, "connector.address_refused", 0).At(op, failed.Err)
	case failed.Late:
		return c.Say(fault.Transient, "connector.not_sent", 0).At(op, failed.Err)
	case write && failed.Sent:
		return c.Say(fault.Uncertain, "connector.uncertain", 0).At(op, failed.Err)
	default:
		return c.Say(fault.Transient, "connector.unreachable", 0).At(op, failed.Err)
	}
}

// Say makes a fault of the system; status 0 is left out.
func (c *Caller) Say(kind fault.Kind, code string, status int) *fault.Error {
	if status == 0 {
		return fault.New(kind, code, "system", c.System)
	}
	return fault.New(kind, code, "system", c.System, "status", status)
}

// Usable reports whether a reference may be a segment of a path: a dot segment
// would leave the declared one, escaped or not.
func Usable(reference string) bool {
	return reference != "" && reference != "." && reference != ".." && len(reference) <= 200 &&
		!strings.ContainsFunc(reference, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' })
}
