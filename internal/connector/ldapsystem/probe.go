package ldapsystem

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
)

// ProbeAccess signs in as the access with its own password, and does nothing
// there. A wrong password is refused as a closed access is (49), so the directory is
// asked why: by what it says itself, by whether the entry is gone, or by whether the
// password is still the one that was set before.
func (s *System) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	const op = "ldapsystem.ProbeAccess"
	if err := s.usable(op, account); err != nil {
		return connector.Probe{}, err
	}
	none := s.say(fault.NotFound, "connector.no_credential", 0).At(op, nil)
	password, code := declaration.ResolveEach(s.cfg.Probe.Password, account)
	if code != "" {
		return connector.Probe{}, none
	}
	before, err := s.look(ctx, op, account)
	if err != nil {
		return connector.Probe{}, err
	}
	name := s.signs(account, before)
	if name == "" {
		return connector.Probe{}, none
	}
	out := connector.Probe{Status: "0", At: s.clock.Now(), Set: cmp.Or(before.set, connector.NeverSet), With: connector.TriedWith(password)}
	got, err := s.try(ctx, op, who{name, password})
	switch {
	case err != nil:
		return connector.Probe{}, err
	case got.code == 0:
		out.In = true
		return out, nil
	case !slices.Contains(s.cfg.Probe.Refused, got.code):
		return connector.Probe{}, s.unclear(op, got.code)
	}
	out.Status = strconv.Itoa(int(got.code))
	if got.code != invalidAttempt { // no directory says of a wrong password that it is anything else
		return out, nil
	}
	// What was changed before it was refused is to be seen.
	after, err := s.look(ctx, op, account)
	if err != nil {
		return connector.Probe{}, err
	}
	out.Set = cmp.Or(after.set, connector.NeverSet)
	out.Unsaid, err = s.unsaid(op, got, after)
	return out, err
}

// unsaid reports whether a refusal of the password may mean the password alone. What
// is refused for another reason than that the access is closed proves nothing.
func (s *System) unsaid(op string, got refusal, e entry) (bool, error) {
	switch {
	case got.why == wrong:
		return false, s.say(fault.Invalid, "connector.wrong_password", got.code).At(op, told(got.code))
	case e.dn == "": // nobody is there to whom a password could belong
		return false, nil
	case got.why == closed:
		return false, nil
	case got.why == passing, got.why == lockedOut && s.cfg.Close != Lock, e.paused:
		return false, s.unclear(op, got.code)
	}
	return got.why != lockedOut, nil
}

func (s *System) unclear(op string, code uint16) error {
	return s.say(fault.Invalid, "connector.probe_unclear", code).At(op, told(code))
}

// look reads the entry of an access, as we.
func (s *System) look(ctx context.Context, op, account string) (e entry, err error) {
	err = s.with(ctx, op, s.us(), func(l line) error {
		e, err = s.find(op, l, account)
		return err
	})
	return e, err
}

// signs is the name with which an access signs in; empty when it has none.
func (s *System) signs(account string, e entry) string {
	as := s.cfg.Probe.As
	if as == "" {
		return e.dn
	}
	if strings.Contains(as, "=") { // within a DN
		account = ldap.EscapeDN(account)
	}
	return strings.Replace(as, declaration.Slot, account, 1)
}

// refusal is how a directory refused somebody, and why, where it says so.
type refusal struct {
	code uint16 // 0: it did not
	why  reason
}

type reason int

const (
	silent    reason = iota
	wrong            // the password
	closed           // the account, for good
	lockedOut        // the account, for good or for a time
	passing          // the hour, the machine, a password that has run out
)

// reasons are those of Active Directory, which says them in the text of a refusal
// (MS-ADTS section 5.1.1.1.1, winerror.h).
var reasons = map[string]reason{
	"52e": wrong, "525": silent, // no such user: the entry tells
	"533": closed, "701": closed, "775": lockedOut,
	"530": passing, "531": passing, "532": passing, "568": passing, "773": passing,
}

var data = regexp.MustCompile(`\bdata ([0-9a-f]{1,8})\b`)

// accountLocked is the word of the password policy for an account that is locked
// (draft-behera-ldap-password-policy section 6.2).
const accountLocked = 1

// try signs in and returns how that was refused. The password policy says why only
// to whoever asks.
func (s *System) try(ctx context.Context, op string, as who) (got refusal, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	if over(ctx) {
		return got, s.say(fault.Transient, "connector.not_sent", 0).At(op, ctx.Err())
	}
	l, err := s.dial(ctx)
	if err != nil {
		return got, s.fault(op, err, false)
	}
	defer func() { _ = l.Close() }()
	res, err := l.SimpleBind(ldap.NewSimpleBindRequest(as.name, as.password, []ldap.Control{ldap.NewControlBeheraPasswordPolicy()}))
	if err == nil {
		return got, nil
	}
	n, answered := code(err)
	if !answered || is(err, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultOther) {
		return got, s.lost(op, l, err)
	}
	got.code = n
	var said *ldap.Error
	if errors.As(err, &said) && said.Err != nil {
		if m := data.FindStringSubmatch(said.Err.Error()); m != nil {
			got.why = reasons[m[1]]
		}
	}
	if res != nil {
		if c, ok := ldap.FindControl(res.Controls, ldap.ControlTypeBeheraPasswordPolicy).(*ldap.ControlBeheraPasswordPolicy); ok && c.Error == accountLocked {
			got.why = lockedOut
		}
	}
	return got, nil
}
