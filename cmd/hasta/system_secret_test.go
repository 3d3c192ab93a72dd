package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A credential that is sealed in the database connects a system, is replaced and
// removed, and stands nowhere in the clear.
func TestACredentialIsSealedAndConnectsItsSystem(t *testing.T) {
	const token = "the-token-of-the-sealed-test"
	base, _ := farSystem(t, token)
	dir := t.TempDir()
	file := func(name, content string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	t.Setenv("HASTA_BILLING_URL", base)
	example, err := os.ReadFile("../../examples/systems.yaml")
	if err != nil {
		t.Fatal(err)
	}
	systems := file("systems.yaml", strings.ReplaceAll(string(example), "env:HASTA_BILLING_TOKEN", "sealed:billing"))
	config := file("hasta.yaml", "database: "+filepath.Join(dir, "hasta.db")+"\nkeys: {dir: "+filepath.Join(dir, "keys")+"}\nsystems: "+systems+"\n")
	hasta := func(in string, args ...string) (int, string) {
		t.Helper()
		stdin := os.Stdin
		defer func() { os.Stdin = stdin }()
		f, err := os.Open(file("in", in))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		os.Stdin = f
		var o bytes.Buffer
		code := run(append(args, "--config", config), out{&o, &o})
		return code, o.String()
	}
	expect := func(step string, code, want int, said, words string) {
		t.Helper()
		if code != want || !strings.Contains(said, words) || strings.Contains(said, token) {
			t.Errorf("%s: %d %s", step, code, said)
		}
	}
	code, said := hasta("", "system", "check")
	expect("nothing is sealed yet", code, exitCheck, said, "systems.yaml:11:14: billing (declared by you, not tried by us): No secret is sealed here under the name in sealed:billing.")
	code, said = hasta("", "system", "secret", "list")
	expect("what is missing is listed", code, exitOK, said, "billing  missing; for billing")
	code, said = hasta("another\n", "system", "secret", "set", "billing")
	expect("a wrong one is kept", code, exitOK, said, "sealed:billing")
	code, said = hasta("", "system", "check")
	expect("a wrong one is not accepted", code, exitCheck, said, "billing (declared by you, not tried by us): “billing” does not accept our credential")
	code, said = hasta(token+"\n", "system", "secret", "set", "billing")
	expect("the right one", code, exitOK, said, "sealed:billing")
	code, said = hasta("", "system", "check")
	expect("the right one connects", code, exitOK, said, "billing: good, billing")
	code, said = hasta("", "system", "secret", "list", "--json")
	expect("it is listed", code, exitOK, said, `"for":["billing","faro"]`)
	code, said = hasta("", "audit", "verify")
	expect("the log holds", code, exitOK, said, "")
	code, said = hasta("two\nlines\n", "system", "secret", "set", "billing")
	expect("what is no secret is refused", code, exitCheck, said, "one line")
	code, said = hasta("x", "system", "secret", "set", "Billing!")
	expect("what is no name is refused", code, exitCheck, said, "lower-case")
	if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path) == "in" {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte(token)) {
			t.Errorf("%s holds the token in the clear", path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	code, said = hasta("", "system", "secret", "drop", "billing")
	expect("it goes", code, exitOK, said, "billing is gone")
	code, said = hasta("", "system", "secret", "drop", "billing")
	expect("once", code, exitCheck, said, "No secret is called billing.")
	code, said = hasta("", "system", "check")
	expect("and connects nothing", code, exitCheck, said, "No secret is sealed here")
}
