package ldapsystem

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/go-ldap/ldap/v3"

	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

// line is a connection that serves one call.
type line struct {
	*ldap.Conn
	ctx  context.Context
	said *outbound.Bounded
}

// who signs in.
type who struct{ name, password string }

// with signs in and runs fn, within the time of a call. Every call has a line of
// its own, and nothing is ever sent twice.
func (s *System) with(ctx context.Context, op string, as who, fn func(l line) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	if over(ctx) {
		return s.say(fault.Transient, "connector.not_sent", 0).At(op, ctx.Err())
	}
	l, err := s.dial(ctx)
	if err != nil {
		return s.fault(op, err, false)
	}
	// Closing waits for the library's own writing, which the line's deadline ends.
	defer func() { _ = l.Close() }()
	if err := l.Bind(as.name, as.password); err != nil {
		return s.refusal(op, l, err)
	}
	err = fn(l)
	var ours *fault.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	return s.lost(op, l, err)
}

// lost classes what went wrong on a line before anything was changed.
func (s *System) lost(op string, l line, err error) *fault.Error {
	if long := l.said.Over(); long != nil { // it answers, and says more than is read
		return fault.New(fault.Transient, "connector.too_long", "system", s.cfg.System, "limit", s.cfg.Limit).At(op, long)
	}
	return s.fault(op, err, false)
}

// dial connects, with TLS where that is declared.
func (s *System) dial(ctx context.Context) (line, error) {
	raw, err := outbound.Dial(s.cfg.Allow, s.cfg.Timeout, s.plain)(ctx, "tcp", s.host)
	if err != nil {
		return line{}, err
	}
	end, _ := ctx.Deadline()
	if err := raw.SetDeadline(end); err != nil {
		_ = raw.Close()
		return line{}, err
	}
	// The library knows no context: a call that is given up loses its line.
	context.AfterFunc(ctx, func() { _ = raw.Close() })
	said := outbound.Bound(raw, s.cfg.Limit)
	conn := net.Conn(said)
	if s.secure {
		secured := tls.Client(conn, s.tls())
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return line{}, err
		}
		conn = secured
	}
	c := ldap.NewConn(conn, s.secure)
	c.SetTimeout(s.cfg.Timeout)
	c.Start()
	if s.cfg.StartTLS {
		if err := c.StartTLS(s.tls()); err != nil {
			_ = c.Close()
			return line{}, err
		}
	}
	return line{c, ctx, said}, nil
}

// over reports whether the time of a call is over: a process that was stopped
// and goes on may run before its timers do.
func over(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	end, ok := ctx.Deadline()
	return ok && !when.Machine{}.Wall().Before(end)
}

// change sends what changes something. Where no answer comes, whether it
// happened is not known.
func (s *System) change(op string, l line, send func() error) error {
	if over(l.ctx) {
		return s.say(fault.Transient, "connector.not_sent", 0).At(op, l.ctx.Err())
	}
	err := send()
	var ours *fault.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	return s.fault(op, err, true)
}

// code is what the directory answered; false when it answered nothing that is
// known.
func code(err error) (uint16, bool) {
	var said *ldap.Error
	if !errors.As(err, &said) || said.ResultCode >= ldap.ErrorNetwork && said.ResultCode < 1000 {
		return 0, false // the library's own numbers begin at 200
	}
	return said.ResultCode, true
}

// is reports whether the directory answered one of these codes.
func is(err error, codes ...uint16) bool {
	got, ok := code(err)
	if !ok {
		return false
	}
	for _, c := range codes {
		if got == c {
			return true
		}
	}
	return false
}

// refusal classes an answer to our own signing in.
func (s *System) refusal(op string, l line, err error) *fault.Error {
	n, _ := code(err)
	if is(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultInvalidDNSyntax,
		ldap.LDAPResultNoSuchObject, ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultConstraintViolation) {
		return s.say(fault.Invalid, "connector.credential", n).At(op, told(n))
	}
	return s.lost(op, l, err)
}

// told is all that is told of what a directory said: its words may quote what
// they are about.
type told uint16

func (t told) Error() string { return "LDAP result " + ldap.LDAPResultCodeMap[uint16(t)] }

// fault classes what went wrong (RFC 4511 appendix A); write says that something
// may have been changed.
func (s *System) fault(op string, err error, write bool) *fault.Error {
	n, answered := code(err)
	if !answered {
		switch {
		case errors.Is(err, outbound.ErrAddress):
			return s.say(fault.Invalid, "connector.address_refused", 0).At(op, err)
		case write:
			return s.say(fault.Uncertain, "connector.uncertain", 0).At(op, quiet(err))
		}
		return s.say(fault.Transient, "connector.unreachable", 0).At(op, quiet(err))
	}
	kind, word := fault.Invalid, "connector.refused"
	switch n {
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		kind, word = fault.Transient, "connector.busy"
	case ldap.LDAPResultTimeLimitExceeded: // it began, and gave up
		if kind, word = fault.Transient, "connector.busy"; write {
			kind, word = fault.Uncertain, "connector.uncertain"
		}
	case ldap.LDAPResultInsufficientAccessRights:
		word = "connector.no_right"
	case ldap.LDAPResultOther: // an error within, before or after the effect
		if kind, word = fault.Transient, "connector.unreachable"; write {
			kind, word = fault.Uncertain, "connector.uncertain"
		}
	case ldap.LDAPResultNoSuchObject:
		if write { // the entry went away between the look and the act
			kind, word = fault.NotFound, "connector.unknown_reference"
		}
	case ldap.LDAPResultNoSuchAttribute:
		if write { // what was to be changed stands there no more: somebody was faster
			kind, word = fault.Transient, "connector.busy"
		}
	}
	return s.say(kind, word, n).At(op, told(n))
}

// quiet is what broke the line, where that is the network's or the certificate's
// word; what the library says may quote what was said on the line.
func quiet(err error) error {
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &network):
		return network
	case errors.As(err, &certificate):
		return certificate
	}
	return errors.New("no answer that is known")
}

func (s *System) say(kind fault.Kind, word string, status uint16) *fault.Error {
	if status == 0 {
		return fault.New(kind, word, "system", s.cfg.System)
	}
	return fault.New(kind, word, "system", s.cfg.System, "status", int(status))
}

// seconds is the time of a call as searches say it, at least one second.
func seconds(d time.Duration) int { return max(1, int(d/time.Second)) }
