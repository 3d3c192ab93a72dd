package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"hastaluego/internal/demo/peer"
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
	if code, o, e := check(token); code != exitOK || !strings.Contains(o, "billing: good, billing, charges; keyed") ||
		!strings.Contains(o, "faro: good, access, probe, sign_ins, actions (close_account); keyed") {
		t.Errorf("well: %d %s%s", code, o, e)
	}
	if code, o, _ := check(token, "--json"); code != exitOK || !strings.Contains(o, `"system":"faro","kind":"http","level":"shapes_only","ok":true`) {
		t.Errorf("as JSON: %d %s", code, o)
	}
	for _, c := range []struct{ name, secret, want string }{
		{"a wrong credential", "another", "systems.yaml:11:14: billing: “billing” does not accept our credential"},
		{"no credential", "", "systems.yaml:11:14: billing: The environment variable"},
	} {
		if code, o, e := check(c.secret); code != exitCheck || !strings.Contains(e, c.want) {
			t.Errorf("%s: %d %s%s", c.name, code, o, e)
		}
	}
	stop()
	if code, o, e := check(token); code != exitCheck || !strings.Contains(e, "systems.yaml:7:15: billing: ") {
		t.Errorf("nobody there: %d %s%s", code, o, e)
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
