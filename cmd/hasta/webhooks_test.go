package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// An endpoint is added, listed without its secret, rotated and turned off and on.
func TestAnEndpointIsRunFromTheCommandLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hasta := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		var o, e bytes.Buffer
		if got := run(append(append([]string{"webhook"}, args...), "--dir", dir), out{&o, &e}); got != want {
			t.Fatalf("hasta webhook %s ended with %d, not %d: %s", strings.Join(args, " "), got, want, e.String())
		}
		return o.String(), e.String()
	}
	ok := func(args ...string) string { t.Helper(); s, _ := hasta(exitOK, args...); return s }
	refused := func(words string, args ...string) {
		t.Helper()
		if _, said := hasta(exitCheck, args...); !strings.Contains(said, words) {
			t.Errorf("%v: %q does not say %q", args, said, words)
		}
	}
	read := func(s string) (v webhookView) {
		t.Helper()
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		return v
	}
	made := read(ok("add", "https://crm.example/hooks", "--events", "case.*,step.verified", "--json"))
	if !strings.HasPrefix(made.Secret, "whsec_") || made.State != "on" || len(made.Events) != 2 {
		t.Fatalf("made %+v", made)
	}
	if list := ok("list", "--json"); !strings.Contains(list, made.ID) || strings.Contains(list, "whsec_") {
		t.Errorf("the list names the endpoint and not its secret: %s", list)
	}
	refused("https", "add", "http://crm.example/hooks", "--events", "*")
	refused("case.fly", "add", "https://crm.example/hooks", "--events", "case.fly")

	again := read(ok("rotate", made.ID, "--keep", "1h", "--json"))
	if !strings.HasPrefix(again.Secret, "whsec_") || again.Secret == made.Secret || again.OldUntil == "" {
		t.Errorf("rotated %+v", again)
	}
	refused("30", "rotate", made.ID, "--keep", "9999h")
	ok("test", made.ID)
	if got := ok("off", made.ID); got != made.ID+"  off\n" {
		t.Errorf("off says %q", got)
	}
	if list := ok("list"); !strings.Contains(list, "off  https://crm.example/hooks  (case.*, step.verified)") {
		t.Errorf("the list says %s", list)
	}
	refused("turned off", "test", made.ID)
	if v := read(ok("on", made.ID, "--json")); v.State != "on" {
		t.Errorf("on says %+v", v)
	}
	ok("test", made.ID)
	hasta(exitCheck, "off", "whk_none")
}
