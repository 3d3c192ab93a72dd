package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/engine"
	"hastaluego/internal/money"
	"hastaluego/internal/step"
)

// farSystem runs the far system of the demo until the test is over, or until
// it is stopped.
func farSystem(t *testing.T, token string) (base string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r, w := io.Pipe()
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = peer.Run(ctx, peer.Options{Listen: "127.0.0.1:0", Token: token, File: filepath.Join(t.TempDir(), "peer.jsonl"), HonourKeys: true, Out: w})
	}()
	stop = func() { cancel(); <-over }
	t.Cleanup(stop)
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "listening ")), stop
}

func TestSystemsAreReachedAndWhatIsWrongIsToldAtItsLine(t *testing.T) {
	const token = "the-token-of-the-test"
	base, stop := farSystem(t, token)
	t.Setenv("HASTA_BILLING_URL", base)
	check := func(secret string, args ...string) (code int, stdout, stderr string) {
		t.Helper()
		t.Setenv("HASTA_BILLING_TOKEN", secret)
		var o, e bytes.Buffer
		code = run(append([]string{"system", "check", "--systems", "../../examples/systems.yaml"}, args...), out{&o, &e})
		if strings.Contains(o.String()+e.String(), token) {
			t.Errorf("the token is told: %s%s", o.String(), e.String())
		}
		return code, o.String(), e.String()
	}
	if code, o, e := check(token); code != exitOK || !strings.Contains(o, "billing: good, billing, charges, all_charges; keyed") ||
		!strings.Contains(o, "faro: good, access, probe, sign_ins, actions (close_account); keyed") {
		t.Errorf("well: %d %s%s", code, o, e)
	}
	if code, o, _ := check(token, "--json"); code != exitOK || !strings.Contains(o, `"system":"faro","kind":"http","level":"declared","ok":true`) {
		t.Errorf("as JSON: %d %s", code, o)
	}
	for _, c := range []struct{ name, secret, want string }{
		{"a wrong credential", "another", "systems.yaml:11:14: billing (declared by you, not tried by us): “billing” does not accept our credential"},
		{"no credential", "", "systems.yaml:11:14: billing (declared by you, not tried by us): The environment variable"},
	} {
		if code, o, e := check(c.secret); code != exitCheck || !strings.Contains(e, c.want) {
			t.Errorf("%s: %d %s%s", c.name, code, o, e)
		}
	}
	// What a wrong address answers, too, is not called good.
	silent := "systems:\n  far:\n    kind: http\n    base_url: " + base + "/elsewhere\n    auth: {header: Authorization, scheme: Bearer, value: \"env:HASTA_BILLING_TOKEN\"}\n    effect: verifiable\n    undo: final\n    allow: [127.0.0.1/32]\n" +
		"    access:\n      operations:\n        read: {method: GET, path: \"/accounts/{reference}\"}\n        revoke: {method: POST, path: \"/accounts/{reference}/block\"}\n      state: {status: status, open: [active]}\n"
	t.Setenv("HASTA_BILLING_TOKEN", token)
	if code, told := checked(t, silent); code != exitCheck || !strings.Contains(told, "answer") || strings.Contains(told, "good") {
		t.Errorf("a wrong address: %d %s", code, told)
	}
	if code, told := checked(t, strings.Replace(silent, "/elsewhere", "", 1)); code != exitOK || !strings.Contains(told, "far: could not tell, access; verifiable") || !strings.Contains(told, "answered 404 to what is not there") {
		t.Errorf("nothing but a 404: %d %s", code, told)
	}
	stop()
	if code, o, e := check(token); code != exitCheck || !strings.Contains(e, "systems.yaml:7:15: billing (declared by you, not tried by us): “billing”: "+strings.TrimPrefix(base, "http://")+" refuses the connection.") {
		t.Errorf("nobody there: %d %s%s", code, o, e)
	}
}

// checked checks a systems.yaml of its own.
func checked(t *testing.T, systems string, args ...string) (code int, told string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "systems.yaml")
	if err := os.WriteFile(file, []byte(systems), 0o600); err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	code = run(append([]string{"system", "check", "--systems", file}, args...), out{&o, &e})
	return code, o.String() + e.String()
}

// What cannot be called without sending something is not said to be good.
func TestASystemThatIsNotCalledIsNotCalledGood(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("whsec_"+strings.Repeat("a", 40)), 0o600); err != nil {
		t.Fatal(err)
	}
	for kind, entry := range map[string]string{
		"webhook":   "    url: https://crm.example/exit\n    secret: \"file:" + secret + "\"\n",
		"processor": "    title: Correo Claro\n    email: privacidad@correoclaro.example\n    language: es\n    days: 10\n    erase:\n      subscribers: {title: {es: Suscriptores, en: Subscribers}, fields: [email], category: contact, role: controller, basis: contract, after: erase}\n",
	} {
		code, told := checked(t, "systems:\n  far:\n    kind: "+kind+"\n"+entry)
		if code != exitOK || !strings.Contains(told, "far: could not tell") || !strings.Contains(told, "systems.yaml:2:3: far: ") || !strings.Contains(told, "Nothing of “far” was called") || strings.Contains(told, "good") {
			t.Errorf("%s: %d %s", kind, code, told)
		}
	}
}

func TestAKeyThatIsMissingIsNamedWithThePlaceOfItsEntry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, systems, want string }{
		{"an address", "systems:\n  m:\n    kind: oauth\n    introspect: https://id.example/i\n    client_id: hasta\n    client_secret: env:A\n    token: \"file:/run/{reference}\"\n", ":2:3: “revoke” is missing. Write it like this: revoke: https://id.example/oauth/revoke"},
		{"the address of SCIM", "systems:\n  m:\n    kind: scim\n    token: env:A\n", ":2:3: “base_url” is missing. Write it like this: base_url: https://id.example/scim/v2"},
		{"a secret", "systems:\n  m:\n    kind: scim\n    base_url: https://id.example/scim/v2\n", ":2:3: “token” is missing. Write it like this: token: env:NAME"},
		{"a word of a list", "systems:\n  m:\n    kind: ldap\n    url: ldaps://d.example\n    bind: cn=x,dc=example\n    password: env:A\n    base: dc=example\n", ":2:3: “close” is missing. One of these values goes there: disable, lock, mark, groups, delete."},
		{"a DN", "systems:\n  m:\n    kind: ldap\n    url: ldaps://d.example\n    bind: cn=x,dc=example\n    password: env:A\n    close: lock\n", ":2:3: “base” is missing. Write it like this: base: ou=people,dc=example,dc=org"},
		{"a state", "systems:\n  m:\n    kind: http\n    base_url: https://b.example\n    effect: idempotent\n    undo: final\n    operations:\n      read: {method: GET, path: \"/s/{reference}\"}\n      cancel: {method: DELETE, path: \"/s/{reference}\"}\n", ":2:3: “state.ended” is missing."},
		{"the kind", "systems:\n  m:\n    url: ldaps://d.example\n", ":2:3: “kind” is missing. One of these values goes there: http"},
		{"what a database can do", "systems:\n  m:\n    kind: postgres\n    url: env:A\n", ":2:3: this system does not say what it can do. Declare at least one of these: roles, actions, export, erase."},
		{"the unit of a time", "systems:\n  m:\n    kind: postgres\n    url: env:A\n    roles: {}\n    timeout: 5\n", ":6:14: 5 of what? Write 5s for seconds"},
		{"the unit of a pace", "systems:\n  m:\n    kind: scim\n    base_url: https://id.example\n    token: env:A\n    rate: 50\n", ":6:11: 50 in which time? Write 50/s"},
	} {
		if code, told := checked(t, c.systems); code == exitOK || !strings.Contains(told, "systems.yaml"+c.want) {
			t.Errorf("%s: %d %s", c.what, code, told)
		}
	}
}

func TestWhyASystemIsNotReachedIsSaid(t *testing.T) {
	t.Parallel()
	plain, err := net.Listen("tcp", "127.0.0.1:0") // speaks no TLS, and hangs up
	if err != nil {
		t.Fatal(err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = plain.Close(), silent.Close() })
	go func() {
		for {
			c, err := plain.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "HTTP/1.0 400 Bad Request\r\n\r\n")
			_ = c.Close()
		}
	}()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	scim := func(url string) string {
		return "systems:\n  people:\n    kind: scim\n    base_url: " + url + "\n    token: file:" + secret + "\n    timeout: 300ms\n    allow: [127.0.0.0/8]\n"
	}
	for _, c := range []struct{ what, systems, want string }{
		{"no such name", scim("https://nobody.invalid"), "4:15: people (tried against a real peer): “people”: no host is called nobody.invalid."},
		{"nobody listens", scim("https://127.0.0.1:1"), "“people”: 127.0.0.1:1 refuses the connection."},
		{"no TLS", scim("https://" + plain.Addr().String()), "“people”: TLS "},
		{"no answer", scim("https://" + silent.Addr().String()), "“people”: " + silent.Addr().String() + " did not answer within the time of a call."},
	} {
		if code, told := checked(t, c.systems); code != exitCheck || !strings.Contains(told, c.want) || strings.Contains(told, "s3cret") {
			t.Errorf("%s: %d %s", c.what, code, told)
		}
	}
	two := "systems:\n  m:\n    kind: oauth\n    introspect: https://id.example/i\n    revoke: https://id.example/r\n    client_id: hasta\n    client_secret: env:HASTA_NOT_THERE\n    token: \"file:/run/{reference}\"\n    resource: env:HASTA_NEITHER\n"
	if code, told := checked(t, two); code != exitCheck || !strings.Contains(told, "HASTA_NOT_THERE") || !strings.Contains(told, "HASTA_NEITHER") {
		t.Errorf("two variables: %d %s", code, told)
	}
}

func TestDeclarationsThatShipArePrinted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"system", "example"}, exitOK, "github\n"},
		{[]string{"system", "example", "github"}, exitOK, "base_url: https://api.github.com\n"},
		{[]string{"system", "example", "nobody"}, exitCheck, "There is no declaration “nobody”."},
	} {
		var o, e bytes.Buffer
		if code := run(c.args, out{&o, &e}); code != c.code || !strings.Contains(o.String()+e.String(), c.want) {
			t.Errorf("%v: %d %s%s", c.args, code, o.String(), e.String())
		}
	}
}

func TestARefundIsRehearsedWithItsSum(t *testing.T) {
	t.Parallel()
	var o bytes.Buffer
	tellRehearsal(&o, []engine.Rehearsal{{
		System: "payments", Would: "act", Effect: connector.Keyed, Undo: connector.Final,
		Action: &step.Action{Verb: "refund", Refund: &connector.RefundInput{Payment: "pi_7", Amount: money.Amount{Minor: 30668, Currency: "EUR"}}},
	}})
	if want := "payments: reads \"\", would call refund of 306.68 EUR out of the payment pi_7 (keyed, final)\n"; o.String() != want {
		t.Errorf("%s", o.String())
	}
}
