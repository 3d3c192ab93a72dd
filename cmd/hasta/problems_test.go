package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const badSystems = `systems:
  desk:
    kind: htp
  shop:
    kind: http
    base_url: http://shop.example
    efect: idempotent
    undo: restorable
    operations:
      read: {method: GET, path: {reference}}
  people:
    kind: ldap
    url: ldap://ldap.example
    bind: cn=hasta
    password: file:/run/secrets/ldap
    base: dc=example
    close: lock
`

// A bad file of systems is told in one go, in its order, for people and for programs,
// wherever the file is named.
func TestABadFileOfSystemsIsToldToProgramsAsJSON(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "systems.yaml")
	if err := os.WriteFile(file, []byte(badSystems), 0o600); err != nil {
		t.Fatal(err)
	}
	ran := func(args ...string) (int, string, string) {
		var o, e strings.Builder
		code := run(append([]string{"system", "check"}, args...), out{&o, &e})
		return code, o.String(), e.String()
	}
	code, o, e := ran(file, "--json")
	var got problems
	if err := json.Unmarshal([]byte(o), &got); err != nil || code != exitCheck || e != "" {
		t.Fatalf("%v: %d %s%s", err, code, o, e)
	}
	want := []problem{
		{Line: 3, Column: 11, Pointer: "/systems/desk/kind", Code: "system.kind"},
		{Line: 6, Column: 15, Pointer: "/systems/shop/base_url", Code: "system.plain_http"},
		{Line: 7, Column: 5, Pointer: "/systems/shop/efect", Code: "system.unknown_key"},
		{Line: 10, Column: 33, Pointer: "/systems/shop/operations/read/path", Code: "system.unquoted"},
		{Line: 13, Column: 10, Pointer: "/systems/people/url", Code: "system.plain_ldap"},
	}
	found := 0
	for i, p := range got.Problems {
		if i > 0 && (p.Line < got.Problems[i-1].Line) {
			t.Errorf("line %d after line %d", p.Line, got.Problems[i-1].Line)
		}
		if p.File != file || p.What == "" || strings.Contains(p.What, file) {
			t.Errorf("%+v", p)
		}
		for _, w := range want {
			if p.Line == w.Line && p.Column == w.Column && p.Pointer == w.Pointer && p.Code == w.Code {
				found++
			}
		}
	}
	if found != len(want) {
		t.Errorf("%d of %d are told: %+v", found, len(want), got.Problems)
	}
	byCode := map[string]problem{}
	for _, p := range got.Problems {
		byCode[p.Code] = p
	}
	for code, do := range map[string]string{"system.kind": "http", "system.unknown_key": "effect"} {
		if !strings.Contains(byCode[code].What+byCode[code].Do, do) {
			t.Errorf("%s does not say %q: %+v", code, do, byCode[code])
		}
	}
	if !strings.Contains(byCode["system.unquoted"].What, `"{reference}"`) {
		t.Errorf("%+v", byCode["system.unquoted"])
	}

	code, o, e = ran("--systems", file)
	if lines := strings.Split(strings.TrimSpace(e), "\n"); code != exitCheck || o != "" || len(lines) != len(got.Problems) {
		t.Errorf("%d %s%s", code, o, e)
	}
	if code, _, e = ran(file, "--systems", os.Args[0]); code != exitUse || !strings.Contains(e, "systems.yaml") {
		t.Errorf("two files: %d %s", code, e)
	}
}
