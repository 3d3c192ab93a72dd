package ldapsystem

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// System is one directory behind its declaration. It is safe for concurrent use.
type System struct {
	cfg    Config
	clock  when.Clock
	host   string // with its port
	secure bool   // TLS from the first byte
	plain  bool   // no TLS at all
	tls    func() *tls.Config
	// us is a closure so that no way of printing a System shows the password.
	us func() who
}

var (
	_ connector.Access  = (*System)(nil)
	_ connector.Prober  = (*System)(nil)
	_ connector.Lister  = (*System)(nil)
	_ connector.Checker = (*System)(nil)
)

// New reads the references and makes no call. The error is a fault.List of
// Invalid faults with JSON pointers as fields.
func New(cfg Config, clock when.Clock) (*System, error) {
	var list fault.List
	cfg = cfg.defaults()
	for _, p := range cfg.check() {
		list = append(list, p.Fault(cfg.System))
	}
	if len(list) > 0 {
		return nil, list
	}
	bad := func(key, code, ref string) {
		list = append(list, declaration.Problem{At: declaration.Path(key), Code: code, Args: []any{"ref", ref}}.Fault(cfg.System))
	}
	raw, code := cfg.Vault.Resolve(cfg.URL)
	if code == "" {
		code = cfg.wrongURL(raw)
	}
	if code != "" {
		bad("url", code, cfg.URL)
	}
	password, code := cfg.Vault.Resolve(cfg.Password)
	if code != "" {
		bad("password", code, cfg.Password)
	}
	trusted, code := authorities(cfg.CA)
	if code != "" {
		bad("ca", code, cfg.CA)
	}
	if len(list) > 0 {
		return nil, list
	}
	u, err := url.Parse(raw)
	if err != nil { // it was parsed before
		return nil, fault.Wrap("ldapsystem.New", err)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"ldap": ldap.DefaultLdapPort, "ldaps": ldap.DefaultLdapsPort}[u.Scheme]
	}
	return &System{
		cfg: cfg, clock: clock, host: net.JoinHostPort(u.Hostname(), port),
		secure: u.Scheme == "ldaps", plain: u.Scheme == "ldap" && !cfg.StartTLS,
		tls: func() *tls.Config {
			return &tls.Config{ServerName: u.Hostname(), RootCAs: trusted, MinVersion: tls.VersionTLS12}
		},
		us: func() who { return who{cfg.Bind, password} },
	}, nil
}

// authorities reads who may sign the directory's certificate; nil: those of the
// machine.
func authorities(ref string) (pool *x509.CertPool, code string) {
	if ref == "" {
		return nil, ""
	}
	pem, err := os.ReadFile(strings.TrimPrefix(ref, "file:"))
	if err != nil {
		return nil, "system.file_missing"
	}
	if pool = x509.NewCertPool(); !pool.AppendCertsFromPEM(pem) {
		return nil, "system.ca"
	}
	return pool, ""
}

// Connector returns what the directory can do.
func (s *System) Connector() connector.System {
	out := connector.System{Name: s.cfg.System, Level: s.Info().Level, Access: s, Checker: s}
	if s.cfg.Probe != nil {
		out.Prober = s
	}
	if s.cfg.Owned != "" {
		out.Lister = s
	}
	if s.cfg.SignedIn != nil {
		out.SignIns = signIns{s}
	}
	return out
}

// Info describes the system.
func (s *System) Info() connector.Info { return s.cfg.Info() }

// String names the system and nothing more.
func (s *System) String() string { return KindName + ":" + s.cfg.System }

// Close has nothing to let go of: every call has a line of its own.
func (s *System) Close() {}

// Bounds of what is searched for.
const (
	page       = 200  // entries that are asked for at once (RFC 2696)
	mostGroups = 2000 // of one access
	mostOwned  = 5000 // accesses of one customer
)

// forever is pwdAccountLockedTime of an account that no time opens again
// (draft-behera-ldap-password-policy section 5.3.3).
const forever = "000001010000Z"

// disabled is the bit ACCOUNTDISABLE of userAccountControl.
const disabled = 2

// entry is what is known of an access.
type entry struct {
	dn      string // empty: nobody has this name
	control string // userAccountControl as it stands there
	closed  bool   // it says so
	paused  bool   // it is locked, by tries that failed or by somebody, and not for good
	set     string // when its password was set, as it says; empty: it does not
	member  string // what stands in its groups
	groups  []string
}

func (s *System) open(e entry) bool {
	return e.dn != "" && (!e.closed || len(e.groups) > 0)
}

func (s *System) status(e entry) string {
	switch {
	case e.dn == "":
		return ""
	case !e.closed:
		return "open"
	case len(e.groups) > 0:
		return "closed, in groups"
	}
	return "closed"
}

// evidence is what is kept of an entry: nothing of whose it is.
func (s *System) evidence(e entry) json.RawMessage {
	raw, err := json.Marshal(struct {
		Found  bool `json:"found"`
		Closed bool `json:"closed"`
		Groups *int `json:"groups,omitempty"` // how many it is in
	}{e.dn != "", e.dn != "" && e.closed, s.counted(e)})
	if err != nil { // it always marshals
		return nil
	}
	return raw
}

func (s *System) counted(e entry) *int {
	if s.cfg.Groups == nil {
		return nil
	}
	n := len(e.groups)
	return &n
}

// usable checks the name of an access; whatever it holds, it is one value of a
// filter and of a DN.
func (s *System) usable(op, name string) error {
	if name == "" || len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
		return s.say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	return nil
}

// search looks below a DN.
func (s *System) search(l line, base string, scope, most int, filter string, attributes ...string) (*ldap.SearchResult, error) {
	return l.Search(ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, most, seconds(s.cfg.Timeout), false, filter, attributes, nil))
}

// among are the entries that are accesses, and that match.
func (s *System) among(match string) string { return "(&" + s.cfg.Filter + match + ")" }

// wanted are the attributes that are read of an access.
func (s *System) wanted() []string {
	want := []string{s.cfg.FindBy, locked, changed, lastSet}
	switch s.cfg.Close {
	case Disable:
		want = append(want, control)
	case Marked:
		want = append(want, s.cfg.Mark.Attribute)
	}
	if s.cfg.Groups != nil && s.cfg.Groups.Value != "" {
		want = append(want, s.cfg.Groups.Value)
	}
	return want
}

// find looks for the entry of an access, and reads what it says.
func (s *System) find(op string, l line, account string) (e entry, err error) {
	found, err := s.only(op, l, account, s.wanted()...)
	if err != nil || found == nil {
		return e, err
	}
	return s.know(op, l, found)
}

// only looks for the entry of an access; nil: there is none. Several of one name are
// no answer.
func (s *System) only(op string, l line, account string, attributes ...string) (*ldap.Entry, error) {
	got, err := s.search(l, s.cfg.Base, ldap.ScopeWholeSubtree, 2, s.among("("+s.cfg.FindBy+"="+ldap.EscapeFilter(account)+")"), attributes...)
	more := is(err, ldap.LDAPResultSizeLimitExceeded)
	switch {
	case err != nil && !more:
		return nil, err
	case more || len(got.Entries) > 1:
		return nil, fault.New(fault.Invalid, "connector.ambiguous", "system", s.cfg.System, "count", max(2, len(got.Entries))).At(op, nil)
	case len(got.Entries) == 0:
		return nil, nil
	}
	return got.Entries[0], nil
}

// know reads what an entry says.
func (s *System) know(op string, l line, found *ldap.Entry) (e entry, err error) {
	if found.DN == "" {
		return e, s.say(fault.Transient, "connector.unreadable", 0).At(op, nil)
	}
	e = entry{dn: found.DN, closed: s.cfg.Close == Groups, member: found.DN, set: found.GetEqualFoldAttributeValue(changed)}
	if e.set == "" {
		e.set = found.GetEqualFoldAttributeValue(lastSet)
	}
	since := found.GetEqualFoldAttributeValues(locked)
	e.paused = len(since) > 0 && (s.cfg.Close != Lock || !slices.Contains(since, forever))
	switch s.cfg.Close {
	case Disable:
		e.control = found.GetEqualFoldAttributeValue(control)
		flags, err := strconv.ParseInt(e.control, 10, 64)
		if err != nil { // who may not see it would take every account for an open one
			return e, s.missing(op, "read "+control)
		}
		e.closed = flags&disabled != 0
	case Lock:
		e.closed = slices.Contains(since, forever)
	case Marked:
		e.closed = slices.ContainsFunc(found.GetEqualFoldAttributeValues(s.cfg.Mark.Attribute), func(v string) bool { return strings.EqualFold(v, s.cfg.Mark.Closed) })
	}
	if s.cfg.Groups == nil {
		return e, nil
	}
	if by := s.cfg.Groups.Value; by != "" {
		if e.member = found.GetEqualFoldAttributeValue(by); e.member == "" {
			return e, s.missing(op, "read "+by)
		}
	}
	e.groups, err = s.groups(op, l, e.member)
	return e, err
}

// groups are the DNs of the groups that somebody is in, all of them.
func (s *System) groups(op string, l line, member string) (out []string, err error) {
	g := s.cfg.Groups
	err = s.pages(op, l, g.Base, "("+g.Member+"="+ldap.EscapeFilter(member)+")", mostGroups, []string{"1.1"}, func(e *ldap.Entry) error {
		if e.DN == "" {
			return s.say(fault.Transient, "connector.unreadable", 0).At(op, nil)
		}
		out = append(out, e.DN)
		return nil
	})
	return out, err
}

// pages goes through everything that is found (RFC 2696), or fails: a part of it
// is no answer.
func (s *System) pages(op string, l line, base, filter string, most int, attributes []string, each func(*ldap.Entry) error) error {
	ctl := ldap.NewControlPaging(page)
	req := ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, seconds(s.cfg.Timeout), false, filter, attributes, []ldap.Control{ctl})
	for n := 0; ; {
		got, err := l.Search(req)
		if is(err, ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultAdminLimitExceeded) {
			return s.notAll(op)
		}
		if err != nil {
			return err
		}
		for _, e := range got.Entries {
			if n++; n > most {
				return s.notAll(op)
			}
			if err := each(e); err != nil {
				return err
			}
		}
		next, _ := ldap.FindControl(got.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if next == nil || len(next.Cookie) == 0 {
			return nil
		}
		ctl.SetCookie(next.Cookie)
	}
}

func (s *System) notAll(op string) error {
	return s.say(fault.Transient, "connector.not_all", 0).At(op, nil)
}

// ReadAccess asks whether the entry lets in.
func (s *System) ReadAccess(ctx context.Context, account string) (st connector.AccessState, err error) {
	const op = "ldapsystem.ReadAccess"
	if err := s.usable(op, account); err != nil {
		return st, err
	}
	err = s.with(ctx, op, s.us(), func(l line) error {
		e, err := s.find(op, l, account)
		if err != nil {
			return err
		}
		st = connector.AccessState{Found: e.dn != "", Open: s.open(e), Status: s.status(e), Answer: s.evidence(e)}
		return nil
	})
	return st, err
}

// ListAccesses lists every entry that is an access and that the declared filter
// ties to the owner.
func (s *System) ListAccesses(ctx context.Context, owner string) (out []connector.FoundAccess, err error) {
	const op = "ldapsystem.ListAccesses"
	if err := s.usable(op, owner); err != nil {
		return nil, err
	}
	err = s.with(ctx, op, s.us(), func(l line) error {
		var all []*ldap.Entry
		err := s.pages(op, l, s.cfg.Base, s.among(s.cfg.owned(owner)), mostOwned, s.wanted(), func(e *ldap.Entry) error { all = append(all, e); return nil })
		if err != nil {
			return err
		}
		for _, found := range all { // not between pages: a line goes through one list at a time
			account := found.GetEqualFoldAttributeValue(s.cfg.FindBy)
			if account == "" {
				return s.missing(op, "read "+s.cfg.FindBy)
			}
			e, err := s.know(op, l, found)
			if err != nil {
				return err
			}
			out = append(out, connector.FoundAccess{Account: account, Kind: "login", Open: s.open(e), Status: s.status(e)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// RevokeAccess takes the entry out of its groups, where that is declared, and
// closes it. Every part may be asked for again.
func (s *System) RevokeAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "ldapsystem.RevokeAccess"
	if err := s.usable(op, in.Account); err != nil {
		return connector.Receipt{}, err
	}
	var before entry
	var left []string
	err := s.with(ctx, op, s.us(), func(l line) error {
		var err error
		if before, err = s.find(op, l, in.Account); err != nil || before.dn == "" { // nobody is left to be closed
			return err
		}
		if own, err := s.own(l, before.dn); own || err != nil {
			if err == nil {
				err = s.say(fault.Invalid, "connector.own_access", 0).At(op, nil)
			}
			return err
		}
		for _, g := range before.groups {
			if err := s.leave(op, l, g, before.member); err != nil {
				return err
			}
			left = append(left, g)
		}
		return s.shut(op, l, before)
	})
	if err != nil && len(left) > 0 { // a part is done: it is looked at, and gone through again
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "connector.last_member" {
			err = s.say(fault.Uncertain, "connector.partly", 0).At(op, err)
		}
	}
	return s.receipt(before, left), err
}

// leave takes somebody out of a group.
func (s *System) leave(op string, l line, group, member string) error {
	req := ldap.NewModifyRequest(group, nil)
	req.Delete(s.cfg.Groups.Member, []string{member})
	return s.change(op, l, func() error {
		err := l.Modify(req)
		switch {
		case is(err, ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultNoSuchObject): // somebody was faster
			return nil
		case is(err, ldap.LDAPResultObjectClassViolation):
			return s.say(fault.Invalid, "connector.last_member", ldap.LDAPResultObjectClassViolation).At(op, told(ldap.LDAPResultObjectClassViolation))
		}
		return err
	})
}

// shut closes the entry itself.
func (s *System) shut(op string, l line, e entry) error {
	req := ldap.NewModifyRequest(e.dn, nil)
	switch s.cfg.Close {
	case Groups:
		return nil
	case Delete:
		return s.change(op, l, func() error {
			if err := l.Del(ldap.NewDelRequest(e.dn, nil)); !is(err, ldap.LDAPResultNoSuchObject) {
				return err
			}
			return nil // somebody was faster
		})
	case Disable:
		if e.closed {
			return nil
		}
		s.flip(req, e)
	case Lock:
		req.Replace(locked, []string{forever})
	case Marked:
		req.Replace(s.cfg.Mark.Attribute, []string{s.cfg.Mark.Closed})
	}
	return s.change(op, l, func() error { return l.Modify(req) })
}

// flip changes the one bit, and only if everything beside it is as it was read:
// what another changes meanwhile is not written over.
func (s *System) flip(req *ldap.ModifyRequest, e entry) {
	flags, _ := strconv.ParseInt(e.control, 10, 64) // it was read as a number
	req.Delete(control, []string{e.control})
	req.Add(control, []string{strconv.FormatInt(flags^disabled, 10)})
}

// RestoreAccess opens the entry again. Who was deleted, or taken out of groups,
// does not come back whole.
func (s *System) RestoreAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "ldapsystem.RestoreAccess"
	if s.cfg.Info().Undo == connector.Final {
		return connector.Receipt{}, s.say(fault.Invalid, "connector.cannot_resume", 0).At(op, nil)
	}
	if err := s.usable(op, in.Account); err != nil {
		return connector.Receipt{}, err
	}
	var before entry
	err := s.with(ctx, op, s.us(), func(l line) error {
		var err error
		switch before, err = s.find(op, l, in.Account); {
		case err != nil:
			return err
		case before.dn == "":
			return s.say(fault.NotFound, "connector.unknown_reference", 0).At(op, nil)
		}
		req := ldap.NewModifyRequest(before.dn, nil)
		switch s.cfg.Close {
		case Disable:
			if !before.closed {
				return nil
			}
			s.flip(req, before)
		case Lock:
			req.Replace(locked, nil)
		case Marked:
			var open []string
			if s.cfg.Mark.Open != "" {
				open = []string{s.cfg.Mark.Open}
			}
			req.Replace(s.cfg.Mark.Attribute, open)
		}
		return s.change(op, l, func() error { return l.Modify(req) })
	})
	return s.receipt(before, nil), err
}

// receipt keeps how the entry stood before, and which groups it left: a person
// who wants to put it back finds their names here, and nowhere else.
func (s *System) receipt(before entry, left []string) connector.Receipt {
	raw, err := json.Marshal(struct {
		Before json.RawMessage `json:"before"`
		Left   []string        `json:"groups_left,omitempty"`
	}{s.evidence(before), left})
	if err != nil { // it always marshals
		raw = nil
	}
	return connector.Receipt{Answer: raw, At: s.clock.Now()}
}

// own reports whether an entry is the one that we sign in with.
func (s *System) own(l line, dn string) (bool, error) {
	if ours, err := ldap.ParseDN(s.cfg.Bind); err == nil && len(ours.RDNs) > 0 {
		theirs, err := ldap.ParseDN(dn)
		return err == nil && ours.EqualFold(theirs), nil
	}
	// Active Directory is signed in to by name: ana@corp.example, CORP\ana.
	name := s.cfg.Bind
	_, short, _ := strings.Cut(name, `\`)
	if short == "" {
		short = name
	}
	got, err := s.search(l, dn, ldap.ScopeBaseObject, 1, "(|(userPrincipalName="+ldap.EscapeFilter(name)+")(sAMAccountName="+ldap.EscapeFilter(short)+"))", "1.1")
	if err != nil {
		return false, err
	}
	return len(got.Entries) > 0, nil
}

func (s *System) missing(op, right string) error {
	return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", right).At(op, nil)
}
