package ldapsystem

import (
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"hastaluego/internal/fault"
)

// nobody is a value that no entry has.
const nobody = "hasta-luego-check-0"

// writable is the attribute in which Active Directory lists what whoever asks
// may write (MS-ADTS 3.1.1.4.5.19).
const writable = "allowedAttributesEffective"

// Check signs in, looks for somebody, and asks whether we may change what
// closing changes, with a change that cannot succeed. That we may delete cannot
// be asked without deleting; and where nobody is seen to have signed in, whether that
// is ours to see is not known.
func (s *System) Check(ctx context.Context) error {
	const op = "ldapsystem.Check"
	return s.with(ctx, op, s.us(), func(l line) error {
		got, err := s.search(l, s.cfg.Base, ldap.ScopeWholeSubtree, 1, s.among("("+s.cfg.FindBy+"=*)"), s.cfg.FindBy, control, writable)
		switch {
		case is(err, ldap.LDAPResultNoSuchObject): // also said to who may not know of it
			return s.missing(op, "search "+s.cfg.Base)
		case err != nil && !is(err, ldap.LDAPResultSizeLimitExceeded):
			return err
		case len(got.Entries) == 0:
			return s.say(fault.Invalid, "connector.nobody", 0).At(op, nil)
		}
		sample := got.Entries[0]
		switch s.cfg.Close {
		case Disable:
			err = s.lists(op, sample)
		case Lock:
			err = s.tries(op, l, sample.DN, locked, forever)
		case Marked:
			err = s.tries(op, l, sample.DN, s.cfg.Mark.Attribute, s.cfg.Mark.Closed)
		}
		if err == nil && s.cfg.Groups != nil {
			err = s.mayLeave(op, l)
		}
		if err != nil || s.cfg.SignedIn == nil {
			return err
		}
		return s.showsSignIns(op, l)
	})
}

// lists reads whether userAccountControl may be read and written.
func (s *System) lists(op string, sample *ldap.Entry) error {
	if sample.GetEqualFoldAttributeValue(control) == "" {
		return s.missing(op, "read "+control)
	}
	if !slices.ContainsFunc(sample.GetEqualFoldAttributeValues(writable), func(a string) bool { return strings.EqualFold(a, control) }) {
		return s.missing(op, "write "+control)
	}
	return nil
}

// tries asks for a change that cannot succeed: the same value is taken away
// twice, the second time in vain, and a change is made whole or not at all (RFC
// 4511 section 4.6). Whoever may not change the attribute is told so before.
func (s *System) tries(op string, l line, dn, attribute, value string) error {
	req := ldap.NewModifyRequest(dn, nil)
	req.Delete(attribute, []string{value})
	req.Delete(attribute, []string{value})
	err := l.Modify(req)
	switch {
	case is(err, ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultUndefinedAttributeType):
		return s.missing(op, "write "+attribute)
	case is(err, ldap.LDAPResultNoSuchAttribute):
		return nil
	}
	return err
}

// mayLeave looks for a group, and asks whether its members may be changed.
func (s *System) mayLeave(op string, l line) error {
	g := s.cfg.Groups
	got, err := s.search(l, g.Base, ldap.ScopeWholeSubtree, 1, "("+g.Member+"=*)", "1.1")
	switch {
	case is(err, ldap.LDAPResultNoSuchObject):
		return s.missing(op, "search "+g.Base)
	case err != nil && !is(err, ldap.LDAPResultSizeLimitExceeded):
		return err
	case len(got.Entries) == 0: // there is no group, and so nothing to leave
		return nil
	}
	value := nobody
	if g.Value == "" {
		value = "cn=" + nobody + "," + s.cfg.Base
	}
	return s.tries(op, l, got.Entries[0].DN, g.Member, value)
}
