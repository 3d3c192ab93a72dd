package ldapsystem_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/ldapsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const (
	us     = "cn=hasta," + testkit.DirectoryBase
	secret = "ours, and nobody else's"
	people = "ou=people," + testkit.DirectoryBase
	groups = "ou=groups," + testkit.DirectoryBase
	person = "Ada Lovelace" // stands in what the directory says, and may stay nowhere
)

// rights are those that the documentation asks for.
const rights = `
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="` + us + `" write by * none
`

func entry(uid, more string) string {
	return "dn: uid=" + ldap.EscapeDN(uid) + "," + people + "\nobjectClass: inetOrgPerson\nobjectClass: adUser\nuid: " + uid +
		"\ncn: " + person + "\nsn: Lovelace\nuserPassword: hers\nuserAccountControl: 66048\n" + more + "\n"
}

const ourEntry = "dn: " + us + "\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: hasta\nuserPassword: " + secret + "\n\n"

// base is a directory, and how we connect it.
type base struct {
	t    *testing.T
	dir  testkit.Directory
	keys string // folder of secrets
	root *ldap.Conn
}

func start(t *testing.T, conf, ldif string) *base {
	t.Helper()
	b := &base{t: t, dir: testkit.StartDirectory(t, conf, ourEntry+ldif), keys: t.TempDir()}
	b.put("ours", secret)
	var err error
	if b.root, err = ldap.DialURL(b.dir.Plain); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.root.Close() })
	if err := b.root.Bind(testkit.DirectoryRoot, testkit.DirectoryPassword); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *base) put(name, value string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.keys, url.PathEscape(name)), []byte(value), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// at declares the directory at an address; more is further keys.
func (b *base) at(address, more string) connector.System {
	b.t.Helper()
	return b.connect(address, us, "    base: "+people+"\n    filter: (objectClass=inetOrgPerson)\n"+more)
}

func (b *base) connect(address, bind, more string) connector.System {
	b.t.Helper()
	all, err := declaration.Load("systems.yaml", []byte("systems:\n  people:\n    kind: ldap\n    url: "+address+"\n    bind: "+bind+"\n    password: file:"+b.keys+"/ours\n"+
		"    allow: [127.0.0.1/32]\n"+more), ldapsystem.Kind())
	if err != nil {
		b.t.Fatal(err)
	}
	s, err := all[0].Open(when.NewManual(noon), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(s.Close)
	return s.Connector()
}

// tried is the declaration of a probe.
func (b *base) tried(more string) string {
	return "    probe: {password: \"file:" + b.keys + "/{reference}\"" + more + "}\n"
}

func (b *base) is(s connector.System, account string, found, open bool) {
	b.t.Helper()
	st, err := s.Access.ReadAccess(b.t.Context(), account)
	if err != nil || st.Found != found || st.Open != open || len(st.Answer) == 0 || bytes.Contains(st.Answer, []byte("Ada")) {
		b.t.Errorf("%s reads %+v %s, %v; want found %v, open %v", account, st, st.Answer, err, found, open)
	}
}

func (b *base) lets(s connector.System, account string, in bool) {
	b.t.Helper()
	p, err := s.Prober.ProbeAccess(b.t.Context(), account)
	if want := map[bool]string{true: "0", false: "49"}[in]; err != nil || p.In != in || p.Status != want || !p.At.Equal(noon) {
		b.t.Errorf("%s was tried: %+v, %v; want in %v", account, p, err, in)
	}
}

// closes revokes an access twice; it was open before, and is closed then.
func (b *base) closes(s connector.System, account string) (receipt connector.Receipt) {
	b.t.Helper()
	b.is(s, account, true, true)
	for n := range 2 {
		r, err := s.Access.RevokeAccess(b.t.Context(), connector.AccessInput{Account: account, Key: "k"})
		if err != nil || len(r.Answer) == 0 || bytes.Contains(r.Answer, []byte("Ada")) {
			b.t.Fatalf("%s: %s %v", account, r.Answer, err)
		}
		if n == 0 {
			receipt = r
		}
	}
	return receipt
}

func (b *base) opens(s connector.System, account string) {
	b.t.Helper()
	for range 2 {
		if _, err := s.Access.RestoreAccess(b.t.Context(), connector.AccessInput{Account: account, Key: "k"}); err != nil {
			b.t.Fatal(account, err)
		}
		b.is(s, account, true, true)
	}
}

// A real directory of somebody else, over both ways of TLS: whoever is locked
// could sign in and cannot any more, and can again when it is taken back.
func TestWhoeverIsLockedCannotSignIn(t *testing.T) {
	t.Parallel()
	strange := `o'neill (x)* \, +"é" =#`
	b := start(t, rights, entry("ana", "o: acme\n")+entry("ana.maria", "")+entry(strange, "")+entry("eve", "description: twin\n")+entry("eva", "description: twin\n"))
	ctx := t.Context()
	for _, who := range []string{"ana", "ana.maria", strange} {
		b.put(who, "hers")
	}
	secured := "    ca: file:" + b.dir.CA + "\n    close: lock\n"
	first := b.at(b.dir.Secure, secured+b.tried(""))
	second := b.at(b.dir.Plain, "    start_tls: true\n"+secured+b.tried(`, as: "uid={reference},`+people+`"`))
	for _, s := range []connector.System{first, second} {
		if err := s.Checker.Check(ctx); err != nil {
			t.Fatal(err)
		}
		for _, who := range []string{"ana", strange} {
			b.lets(s, who, true)
			b.closes(s, who)
			b.is(s, who, true, false)
			b.lets(s, who, false)
			b.lets(s, "ana.maria", true)
			b.opens(s, who)
			b.lets(s, who, true)
		}
	}
	b.is(first, "nobody", false, false)
	if _, err := first.Access.RevokeAccess(ctx, connector.AccessInput{Account: "nobody"}); err != nil {
		t.Error(err)
	}
	if _, err := first.Access.RestoreAccess(ctx, connector.AccessInput{Account: "nobody"}); fault.CodeOf(err) != "connector.unknown_reference" {
		t.Error(err)
	}
	for _, who := range []string{"*", "a*", "ana)(uid=*", "ana)(|(uid=*)", `ana\2a`, "ana,ou=people"} {
		b.is(first, who, false, false)
	}
	for _, who := range []string{"", "a\x00", strings.Repeat("a", 300)} {
		if _, err := first.Access.ReadAccess(ctx, who); fault.CodeOf(err) != "connector.bad_reference" {
			t.Errorf("%q: %v", who, err)
		}
	}
	twins := b.at(b.dir.Secure, secured+"    find_by: description\n")
	if _, err := twins.Access.RevokeAccess(ctx, connector.AccessInput{Account: "twin"}); fault.CodeOf(err) != "connector.ambiguous" {
		t.Errorf("several of one name: %v", err)
	}
	if twins.Prober != nil {
		t.Error("it cannot be tried, and says that it can")
	}
	for _, who := range []string{"eve", "nobody"} {
		if _, err := first.Prober.ProbeAccess(ctx, who); fault.CodeOf(err) != "connector.no_credential" {
			t.Error(err)
		}
	}
	b.put("nobody", "hers")
	if _, err := first.Prober.ProbeAccess(ctx, "nobody"); fault.CodeOf(err) != "connector.no_credential" {
		t.Errorf("nobody has an entry to sign in with: %v", err)
	}
	// A lock that time opens again is no closed access.
	lock := ldap.NewModifyRequest("uid=ana,"+people, nil)
	lock.Replace("pwdAccountLockedTime", []string{"20260101000000Z"})
	if err := b.root.Modify(lock); err != nil {
		t.Fatal(err)
	}
	b.is(first, "ana", true, true)
	// Whoever signed the certificate is not one of the machine's.
	if err := b.at(b.dir.Secure, "    close: lock\n").Checker.Check(ctx); fault.CodeOf(err) != "connector.unreachable" {
		t.Errorf("a certificate that nobody we trust signed: %v", err)
	}
}

func TestEveryWayOfClosingIsReadBack(t *testing.T) {
	t.Parallel()
	member := "member: uid=ana," + people + "\n"
	b := start(t, rights, entry("ana", "employeeType: customer\n")+entry("bea", "employeeType: customer\n")+entry("cid", "")+entry("dan", "")+
		"dn: cn=two,"+groups+"\nobjectClass: groupOfNames\ncn: two\n"+member+"member: uid=bea,"+people+"\n\n"+
		"dn: cn=last,"+groups+"\nobjectClass: groupOfNames\ncn: last\nmember: uid=cid,"+people+"\n\n"+
		"dn: cn=shell,"+groups+"\nobjectClass: posixGroup\ncn: shell\ngidNumber: 1\nmemberUid: ana\nmemberUid: bea\n\n")
	ctx := t.Context()
	for _, who := range []string{"ana", "bea", "cid", "dan"} {
		b.put(who, "hers")
	}
	values := func(dn, attribute string) string {
		t.Helper()
		got, err := b.root.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{attribute}, nil))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(got.Entries[0].GetAttributeValues(attribute), " ")
	}
	disable := b.at(b.dir.Plain, "    close: disable\n")
	b.closes(disable, "ana")
	if got := values("uid=ana,"+people, "userAccountControl"); got != "66050" {
		t.Errorf("one bit was to be set, and it is %s", got)
	}
	b.is(disable, "ana", true, false)
	b.opens(disable, "ana")
	if got := values("uid=ana,"+people, "userAccountControl"); got != "66048" {
		t.Errorf("one bit was to be taken back, and it is %s", got)
	}

	mark := b.at(b.dir.Plain, "    close: mark\n    mark: {attribute: employeeType, closed: DEPARTED, open: customer}\n")
	b.closes(mark, "ana")
	b.is(mark, "ana", true, false)
	b.is(mark, "bea", true, true)
	b.opens(mark, "ana")
	bare := b.at(b.dir.Plain, "    close: mark\n    mark: {attribute: description, closed: FALSE}\n")
	b.closes(bare, "ana")
	b.is(bare, "ana", true, false)
	b.opens(bare, "ana")
	if got := values("uid=ana,"+people, "description"); got != "" {
		t.Error(got)
	}

	// Groups let in too, and a group of others stays theirs.
	grouped := "    groups: {base: \"" + groups + "\"}\n"
	both := b.at(b.dir.Plain, "    close: lock\n"+grouped+b.tried(""))
	b.lets(both, "ana", true)
	if r := b.closes(both, "ana"); !bytes.Contains(r.Answer, []byte(`"groups_left":["cn=two,`+groups+`"]`)) {
		t.Errorf("the receipt is all that remembers the groups: %s", r.Answer)
	}
	b.is(both, "ana", true, false)
	b.lets(both, "ana", false)
	if got := values("cn=two,"+groups, "member"); got != "uid=bea,"+people {
		t.Errorf("the group holds %s", got)
	}
	back := ldap.NewModifyRequest("cn=two,"+groups, nil)
	back.Add("member", []string{"uid=ana," + people})
	if err := b.root.Modify(back); err != nil {
		t.Fatal(err)
	}
	b.is(both, "ana", true, true) // behind our back
	if _, err := both.Access.RestoreAccess(ctx, connector.AccessInput{Account: "ana"}); fault.CodeOf(err) != "connector.cannot_resume" {
		t.Error(err)
	}
	if _, err := both.Access.RevokeAccess(ctx, connector.AccessInput{Account: "cid"}); fault.CodeOf(err) != "connector.last_member" {
		t.Errorf("a group of names cannot be empty: %v", err)
	}
	b.is(both, "cid", true, true)

	shell := b.at(b.dir.Plain, "    close: groups\n    groups: {base: \""+groups+"\", member: memberUid, value: uid}\n")
	b.closes(shell, "ana")
	b.is(shell, "ana", true, false)
	if got := values("cn=shell,"+groups, "memberUid"); got != "bea" {
		t.Error(got)
	}

	gone := b.at(b.dir.Plain, "    close: delete\n"+b.tried(`, as: "uid={reference},`+people+`"`))
	b.lets(gone, "dan", true)
	b.closes(gone, "dan")
	b.is(gone, "dan", false, false)
	b.lets(gone, "dan", false)
	if _, err := gone.Access.RestoreAccess(ctx, connector.AccessInput{Account: "dan"}); fault.CodeOf(err) != "connector.cannot_resume" {
		t.Error(err)
	}
}

// A real directory writes down when somebody signs in, and the connector reads it:
// only of whoever got in, and each time anew.
func TestADirectorySaysWhenSomebodySignedIn(t *testing.T) {
	t.Parallel()
	b := start(t, rights+"lastbind on\n", entry("ana", "")+entry("bea", "")+entry("cid", "lastLogonTimestamp: 133769664000000000\n")+entry("dan", "lastLogonTimestamp: 0\n"))
	ctx := t.Context()
	b.put("ana", "hers")
	s := b.at(b.dir.Plain, "    close: lock\n    signed_in: {attribute: pwdLastSuccess}\n"+b.tried(""))
	last := func(s connector.System, who string) time.Time {
		t.Helper()
		at, err := s.SignIns.LastSignIn(ctx, who)
		if err != nil {
			t.Errorf("%s: %v", who, err)
		}
		return at
	}
	if err := s.Checker.Check(ctx); err != nil { // we signed in, and are nobody's access
		if fault.CodeOf(err) != connector.SignInsUnclear {
			t.Fatal(err)
		}
	}
	for _, who := range []string{"ana", "bea", "nobody"} {
		if at := last(s, who); !at.IsZero() {
			t.Errorf("%s never signed in, and did at %v", who, at)
		}
	}
	before := when.Machine{}.Wall().Add(-time.Second)
	b.lets(s, "ana", true)
	first := last(s, "ana")
	if first.Before(before) || first.After(when.Machine{}.Wall().Add(time.Second)) {
		t.Errorf("ana signed in now, and it says %v", first)
	}
	if err := s.Checker.Check(ctx); err != nil {
		t.Errorf("it shows when ana signed in: %v", err)
	}
	b.closes(s, "ana")
	b.lets(s, "ana", false)
	if at := last(s, "ana"); !at.Equal(first) {
		t.Errorf("ana was refused, and the last time is %v, not %v", at, first)
	}
	if at := last(s, "bea"); !at.IsZero() {
		t.Errorf("bea never signed in, and did at %v", at)
	}

	ad := b.at(b.dir.Plain, "    close: disable\n    signed_in: {attribute: lastLogonTimestamp}\n")
	if at := last(ad, "cid"); !at.Equal(time.Date(2024, 11, 25, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("as Active Directory writes it: %v", at)
	}
	if at := last(ad, "dan"); !at.IsZero() {
		t.Errorf("zero is never: %v", at)
	}
	if _, err := b.at(b.dir.Plain, "    close: lock\n    signed_in: {attribute: cn}\n").SignIns.LastSignIn(ctx, "ana"); fault.CodeOf(err) != "connector.unreadable" || strings.Contains(err.Error(), person) {
		t.Errorf("a name is no instant: %v", err)
	}
	if s := b.at(b.dir.Plain, "    close: lock\n"); s.SignIns != nil {
		t.Error("it does not say, and says that it does")
	}
}

// Our own entry is not closed, whether we sign in with its DN or, as at Active
// Directory, with a name.
func TestOurOwnDoorStaysOpen(t *testing.T) {
	t.Parallel()
	b := start(t, "access to * by dn.exact=\""+us+"\" write by anonymous read\n", entry("robot", "userPrincipalName: Robot@corp.example\nsAMAccountName: robot\n")+entry("ana", ""))
	for _, c := range []struct{ bind, account, more string }{
		{"CN=Hasta, " + strings.ToUpper(testkit.DirectoryBase), "hasta", "    base: " + testkit.DirectoryBase + "\n    find_by: cn\n    filter: (objectClass=simpleSecurityObject)\n    close: lock\n"},
		{"robot@corp.example", "robot", "    base: " + people + "\n    close: disable\n"},
		{`CORP\robot`, "robot", "    base: " + people + "\n    close: disable\n"},
	} {
		address := b.dir.Plain
		if !strings.Contains(c.bind, "=") { // OpenLDAP knows no names: somebody in between lets us in
			address = b.line(fake{op: bindRequest, answer: result(0)})
		}
		s := b.connect(address, c.bind, c.more)
		if _, err := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: c.account}); fault.CodeOf(err) != "connector.own_access" {
			t.Errorf("%s closed %s: %v", c.bind, c.account, err)
		}
		b.is(s, c.account, true, true)
		if c.account == "robot" {
			if _, err := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: "ana"}); fault.CodeOf(err) == "connector.own_access" {
				t.Error("ana is not we")
			}
		}
	}
}

func TestTheCheckNamesTheRightThatIsMissing(t *testing.T) {
	t.Parallel()
	group := "dn: cn=two," + groups + "\nobjectClass: groupOfNames\ncn: two\nmember: uid=ana," + people + "\n\n"
	for _, c := range []struct{ acl, more, want string }{
		{rights, "    close: lock\n", ""},
		{rights, "    close: delete\n", ""},
		{rights, "    close: groups\n    groups: {base: \"" + groups + "\"}\n", ""},
		{rights, "    close: mark\n    mark: {attribute: employeeType, closed: gone}\n", ""},
		{rights, "    close: disable\n", ""},
		{"access to attrs=pwdAccountLockedTime by * read\n" + rights, "    close: lock\n", "right_missing write pwdAccountLockedTime"},
		{"access to attrs=employeeType by * read\n" + rights, "    close: mark\n    mark: {attribute: employeeType, closed: gone}\n", "right_missing write employeeType"},
		{rights, "    close: mark\n    mark: {attribute: nsAccountLock, closed: TRUE}\n", "right_missing write nsAccountLock"},
		{"access to attrs=member by * read\n" + rights, "    close: groups\n    groups: {base: \"" + groups + "\"}\n", "right_missing write member"},
		{rights, "    close: groups\n    groups: {base: \"ou=teams," + testkit.DirectoryBase + "\"}\n", "right_missing search ou=teams," + testkit.DirectoryBase},
		{"access to attrs=userAccountControl by * none\n" + rights, "    close: disable\n", "right_missing read userAccountControl"},
		{"access to attrs=allowedAttributesEffective by * none\n" + rights, "    close: disable\n", "right_missing write userAccountControl"},
		{"access to dn.subtree=\"" + people + "\" by * none\n" + rights, "    close: lock\n", "right_missing search " + people},
		{"access to dn.children=\"" + people + "\" by * none\n" + rights, "    close: lock\n", "nobody"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			b := start(t, c.acl, entry("ana", "allowedAttributesEffective: userAccountControl\n")+group)
			err := b.at(b.dir.Plain, c.more).Checker.Check(t.Context())
			got := ""
			if f, ok := err.(*fault.Error); ok {
				if got = strings.TrimPrefix(f.Code, "connector."); len(f.Args) == 4 && f.Args[2] == "right" {
					got += fmt.Sprint(" ", f.Args[3])
				}
			}
			if got != c.want || got == "" && err != nil {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
