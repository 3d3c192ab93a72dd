package ldapsystem_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/ldapsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

const whole = `systems:
  people:
    kind: ldap
    url: ldaps://ldap.example
    ca: file:ca.pem
    bind: cn=hasta,dc=example
    password: env:LDAP_PASSWORD
    base: ou=people,dc=example
    find_by: uid
    filter: (objectClass=person)
    inventory: (o={owner})
    close: mark
    mark: {attribute: nsAccountLock, closed: TRUE, open: FALSE}
    groups: {base: "ou=groups,dc=example", member: uniqueMember}
    signed_in: {attribute: lastLogonTimestamp}
    probe:
      password: "file:/run/{reference}"
      as: "uid={reference},ou=people,dc=example"
      refused: [49, 53]
`

func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	if _, err := declaration.Load("systems.yaml", []byte(whole), ldapsystem.Kind()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, with, want string }{
		{"env:LDAP_PASSWORD", "hunter2", "7:15 system.secret_inline /systems/people/password"},
		{"ldaps://ldap.example", "https://ldap.example", "4:10 system.ldap_url /systems/people/url"},
		{"ldaps://ldap.example", "ldaps://ana@ldap.example", "4:10 system.ldap_url /systems/people/url"},
		{"ldaps://ldap.example", "ldaps://ldap.example/dc=example??sub", "4:10 system.ldap_url /systems/people/url"},
		{"ldaps://ldap.example", "ldap://ldap.example", "4:10 system.plain_ldap /systems/people/url"},
		{"ldaps://ldap.example\n", "ldaps://ldap.example\n    start_tls: true\n", "4:10 system.ldap_url /systems/people/url"},
		{"    url: ldaps://ldap.example\n", "", "2:3 system.missing /systems/people/url"},
		{"file:ca.pem", "ca.pem", "5:9 system.ca /systems/people/ca"},
		{"    bind: cn=hasta,dc=example\n", "", "2:3 system.missing /systems/people/bind"},
		{"base: ou=people,dc=example", "base: people", "8:11 system.dn /systems/people/base"},
		{"find_by: uid", "find_by: uid)(x", "9:14 system.attribute /systems/people/find_by"},
		{"(objectClass=person)", "objectClass=person", "10:13 system.filter /systems/people/filter"},
		{"(objectClass=person)", "(objectClass=person)(a=b)", "10:13 system.filter /systems/people/filter"},
		{"close: mark", "close: forget", "12:12 system.word /systems/people/close; 13:11 system.unknown_key /systems/people/mark"},
		{"open: FALSE", "open: true", "13:58 system.same /systems/people/mark/open"},
		{"closed: TRUE, ", "", "13:11 system.missing /systems/people/mark/closed"},
		{"    groups: {base: \"ou=groups,dc=example\"", "    groups: {base: \"groups\"", "14:20 system.dn /systems/people/groups/base"},
		{"/run/{reference}", "/run/all", "17:17 system.probe_file /systems/people/probe/password"},
		{"uid={reference}", "uid=ana", "18:11 system.slot_once /systems/people/probe/as"},
		{"[49, 53]", "[0]", "19:16 system.range /systems/people/probe/refused"},
		{"[49, 53]", "[no]", "19:17 system.want_number /systems/people/probe/refused/0"},
		{"(o={owner})", "(o=acme)", "11:16 system.slot_once /systems/people/inventory"},
		{"(o={owner})", "o={owner}", "11:16 system.filter /systems/people/inventory"},
		{"{attribute: lastLogonTimestamp}", "{attribute: last logon, form: iso}", "15:28 system.attribute /systems/people/signed_in/attribute; 15:46 system.word /systems/people/signed_in/form"},
		{"{attribute: lastLogonTimestamp}", "{}", "15:16 system.missing /systems/people/signed_in/attribute"},
		{"find_by", "find", "9:5 system.unknown_key /systems/people/find"},
	} {
		src := strings.Replace(whole, c.old, c.with, 1)
		if src == whole {
			t.Fatalf("%q is not there", c.old)
		}
		_, err := declaration.Load("systems.yaml", []byte(src), ldapsystem.Kind())
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Error("the error holds the password")
		}
	}
}

// Whatever the file holds, reading it ends in a declaration or in what is wrong
// with it.
func FuzzLoadNeverPanics(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("systems: {a: {kind: ldap, filter: \"(&\", base: \"=,\", groups: {}, mark: [], probe: {refused: [999999999999]}}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		all, err := declaration.Load("systems.yaml", src, ldapsystem.Kind())
		if (err == nil) == (len(all) == 0) {
			t.Errorf("%d systems, %v", len(all), err)
		}
	})
}

func TestUndoingIsWhatTheDeclarationAllows(t *testing.T) {
	t.Parallel()
	marked := whole[:strings.Index(whole, "    groups:")]
	for src, want := range map[string]connector.UndoClass{
		whole: connector.Final, marked: connector.Restorable,
		strings.Replace(marked[:strings.Index(marked, "    mark:")], "close: mark", "close: delete", 1): connector.Final,
	} {
		all, err := declaration.Load("systems.yaml", []byte(src), ldapsystem.Kind())
		if err != nil {
			t.Fatal(err)
		}
		if info := all[0].Info(); info.Undo != want || info.Kind != "ldap" || info.Effect != connector.Idempotent || info.Level != connector.RealPeer {
			t.Errorf("%+v, want %s", info, want)
		}
	}
	disable := strings.Replace(marked[:strings.Index(marked, "    mark:")], "close: mark", "close: disable", 1)
	if all, err := declaration.Load("systems.yaml", []byte(disable), ldapsystem.Kind()); err != nil || all[0].Info().Level != connector.ShapesOnly {
		t.Errorf("no Active Directory was ever seen: %v", err)
	}
}

// What is referred to is read when the system is opened, and told by its place.
func TestWhatIsReferredToIsReadAtTheStart(t *testing.T) {
	dir := t.TempDir()
	open := func() error {
		all, err := declaration.Load(dir+"/systems.yaml", []byte(whole), ldapsystem.Kind())
		if err != nil {
			t.Fatal(err)
		}
		_, err = all[0].Open(when.NewManual(noon), nil)
		return err
	}
	told := func(want string) {
		t.Helper()
		var got []string
		for _, e := range fault.Fields(open()) {
			got = append(got, e.Code+" "+e.Field)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	told("system.env_missing /password; system.file_missing /ca")
	t.Setenv("LDAP_PASSWORD", "x")
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	told("system.ca /ca")
}
