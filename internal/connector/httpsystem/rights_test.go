package httpsystem_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

const rightful = `systems:
  code:
    kind: http
    base_url: https://code.example
    auth: {header: Authorization, scheme: Bearer, value: "env:TOKEN"}
    effect: idempotent
    undo: final
    rights:
      call: {method: GET, path: /me}
      header: X-OAuth-Scopes
      implies: {"admin:org": ["read:org"]}
      need:
        access: ["admin:org"]
        actions: {hide: [write]}
    access:
      operations:
        read: {method: GET, path: "/u/{reference}"}
        revoke: {method: DELETE, path: "/u/{reference}"}
      state: {status: status, open: [active]}
    actions:
      hide:
        call: {method: POST, path: "/u/{reference}/hide"}
        read: {method: GET, path: "/u/{reference}"}
        expect: {path: shown, equals: "false"}
        undo: {class: final}
`

func TestWhatIsWrongWithRightsIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	if _, err := load("systems.yaml", []byte(rightful)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, with, want string }{
		{"{method: GET, path: /me}", "{method: PUT, path: /me}", "9:22 system.word /systems/code/rights/call/method"},
		{"{method: GET, path: /me}", "{method: GET, path: /me, body: {a: b}}", "9:44 system.read_body /systems/code/rights/call/body"},
		{"{method: GET, path: /me}", `{method: GET, path: "/me/{credential}"}`, "9:33 system.slot /systems/code/rights/call/path"},
		{"{method: GET, path: /me}", `{method: GET, path: /me, query: {token: "{credential}"}}`, "9:53 system.slot /systems/code/rights/call/query/token"},
		{"{method: GET, path: /me}", `{method: POST, path: /me, body: {token: "{secret}"}}`, "9:45 system.body_slot /systems/code/rights/call/body"},
		{"{method: GET, path: /me}", `{method: GET, path: "/u/{reference}"}`, "9:33 system.path_plain /systems/code/rights/call/path"},
		{"{method: GET, path: /me}", `{method: GET, path: /me, take: {a: b}}`, "9:44 system.not_here /systems/code/rights/call/take"},
		{"      header: X-OAuth-Scopes\n", "", "9:7 system.missing /systems/code/rights/header"},
		{"header: X-OAuth-Scopes", "header: X OAuth", "10:15 system.header /systems/code/rights/header"},
		{"header: X-OAuth-Scopes", "{header: X-OAuth-Scopes, path: scopes}", "-"},
		{"header: X-OAuth-Scopes", "header: X-OAuth-Scopes\n      path: scopes", "11:13 system.not_here /systems/code/rights/path"},
		{"header: X-OAuth-Scopes", "path: a..b", "10:13 system.path /systems/code/rights/path"},
		{`["read:org"]`, "read:org", "11:30 system.want_list /systems/code/rights/implies/admin:org"},
		{"[\"admin:org\"]\n", "[]\n", "13:17 system.blank /systems/code/rights/need/access"},
		{"access: [\"admin:org\"]", "inventory: [read]", "13:20 system.unknown_key /systems/code/rights/need/inventory"},
		{"hide: [write]", "hidden: [write]", "14:27 system.unknown_key /systems/code/rights/need/actions/hidden"},
		{"need:\n        access: [\"admin:org\"]\n        actions: {hide: [write]}\n", "need: {}\n", "-"},
		{"      need:", "      needs:", "-"},
		{"call: {method: GET, path: /me}\n      header: X-OAuth-Scopes", "claims: [roles]", ""},
		{"call: {method: GET, path: /me}\n      header: X-OAuth-Scopes", "claims: []", "9:15 system.blank /systems/code/rights/claims"},
		{"header: X-OAuth-Scopes", "claims: [roles]", "9:13 system.not_here /systems/code/rights/call"},
		{"call: {method: GET, path: /me}\n      header: X-OAuth-Scopes", `tries: {write: {method: PATCH, path: "/u/{nobody}"}}`, ""},
		{"call: {method: GET, path: /me}\n      header: X-OAuth-Scopes", `tries: {write: {method: PATCH, path: "/u/ada"}}`, "9:44 system.path_slot /systems/code/rights/tries/write/path"},
		{"call: {method: GET, path: /me}\n      header: X-OAuth-Scopes", `tries: {other: {method: GET, path: "/u/{nobody}"}}`, "9:15 system.unknown_key /systems/code/rights/tries/other"},
		{"call: {method: GET, path: /me}\n      header: X-OAuth-Scopes", `tries: {write: {method: GET, path: "/u/{nobody}", already: [404]}}`, "9:66 system.not_here /systems/code/rights/tries/write/already"},
		{"call: {method: GET, path: /me}\n      header: X-OAuth-Scopes", `tries: {}`, "9:14 system.blank /systems/code/rights/tries"},
	} {
		src := strings.Replace(rightful, c.old, c.with, 1)
		if src == rightful {
			t.Fatalf("%q is not there", c.old)
		}
		_, err := load("systems.yaml", []byte(src))
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
			for _, lang := range text.Langs() {
				if !text.Known(lang, "error."+e.Code) {
					t.Errorf("%s has no words for %s", lang, e.Code)
				}
			}
		}
		if got := strings.Join(told, "; "); got != c.want && (c.want != "-" || err == nil) {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
	}
}

// The token says of itself what it may do; whoever made it checks that it is real.
func TestATokenIsReadForItsRights(t *testing.T) {
	t.Parallel()
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { send(w, 200, `{}`) }))
	t.Cleanup(far.Close)
	for token, want := range map[string]string{
		part(`{}`) + "." + part(`{"roles":["admin:org","write"]}`) + ".sig":      "",
		part(`{}`) + "." + part(`{"scp":"write admin:org","roles":[]}`) + ".sig": "",
		part(`{}`) + "." + part(`{"roles":["write"]}`) + ".sig":                  "connector.right_missing admin:org (access)",
		part(`{}`) + "." + part(`{"roles":[]}`) + ".sig":                         "connector.right_missing admin:org (access), write (actions.hide)",
		part(`{}`) + "." + part(`{"aud":"us"}`) + ".sig":                         connector.RightsUnclear,
		part(`{}`) + "." + part(`{"roles":{"write":true}}`) + ".sig":             connector.RightsUnclear,
		part(`{}`) + "." + part(`["roles"]`) + ".sig":                            connector.RightsUnclear,
		part(`{}`) + ".%%%.sig":                                                  connector.RightsUnclear,
		"opaque":                                                                 connector.RightsUnclear,
	} {
		err := rightsAs(t, far.URL, token, "    rights:\n      claims: [roles, scp]\n      need: {access: [\"admin:org\"], actions: {hide: [write]}}\n").Check(t.Context())
		got := ""
		if err != nil {
			got = fault.CodeOf(err)
		}
		if f, ok := err.(*fault.Error); ok && f.Code == "connector.right_missing" {
			got += fmt.Sprint(" ", f.Args[3])
		}
		if got != want || err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v, want %s", token, err, want)
		}
	}
}

// rightsAt is an entry whose system says what our credential may do.
func rightsAt(t *testing.T, base, rights string) connector.Checker {
	t.Helper()
	return rightsAs(t, base, "s3cr3t", rights)
}

func rightsAs(t *testing.T, base, token, rights string) connector.Checker {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	src := strings.Replace(rightful, "base_url: https://code.example", "base_url: "+base+"\n    allow: [127.0.0.1/32]\n    ping: {method: GET, path: /ping}", 1)
	src = strings.Replace(src, "env:TOKEN", "file:"+dir+"/token", 1)
	before, after, _ := strings.Cut(src, "    rights:\n")
	_, after, _ = strings.Cut(after, "    access:\n")
	all, err := load("systems.yaml", []byte(before+rights+"    access:\n"+after))
	if err != nil {
		t.Fatal(err)
	}
	return open(t, all[0]).Connector().Checker
}

// Whatever rights there are, and whichever bring others along: those that are missing
// are named, each with what needs it, and no other. Nothing is asked that changes anything.
func TestExactlyTheRightsThatAreMissingAreNamed(t *testing.T) {
	t.Parallel()
	names := []string{"a:read", "a:write", "admin", "b", "c"}
	var mu sync.Mutex
	var has, methods []string
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		methods = append(methods, r.Method)
		w.Header().Set("X-OAuth-Scopes", strings.Join(has, ", "))
		_ = json.NewEncoder(w).Encode(map[string]any{"scopes": has, "text": strings.Join(has, " ")})
	}))
	t.Cleanup(far.Close)
	rapid.Check(t, func(rt *rapid.T) {
		some := func(label string) []string {
			return rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(rt, label)
		}
		given, implies, need := some("given"), map[string][]string{}, map[string][]string{"access": {}, "actions.hide": {}}
		for _, r := range some("implying") {
			if more := some("implies " + r); len(more) > 0 {
				implies[r] = more
			}
		}
		for thing := range need {
			if need[thing] = some("need " + thing); len(need[thing]) == 0 {
				need[thing] = []string{"b"}
			}
		}
		// What can be reached from what is given, found out in another way.
		reach := map[string]bool{}
		var walk func(r string)
		walk = func(r string) {
			if !reach[r] {
				reach[r] = true
				for _, m := range implies[r] {
					walk(m)
				}
			}
		}
		for _, r := range given {
			walk(r)
		}
		want := map[string][]string{}
		for _, thing := range []string{"access", "actions.hide"} {
			for _, r := range need[thing] {
				if !reach[r] {
					want[r] = append(want[r], thing)
				}
			}
		}
		var told []string
		for _, r := range slices.Sorted(maps.Keys(want)) {
			told = append(told, r+" ("+strings.Join(want[r], ", ")+")")
		}
		list := func(words []string) string { raw, _ := json.Marshal(words); return string(raw) }
		at := rapid.SampledFrom([]string{"header: X-OAuth-Scopes", "path: scopes", "path: text"}).Draw(rt, "at")
		if at == "path: text" && len(given) == 0 {
			at = "path: scopes" // an empty text says nothing
		}
		rights := "    rights:\n      call: {method: GET, path: /me}\n      " + at + "\n"
		if len(implies) > 0 {
			rights += "      implies:\n"
			for _, r := range slices.Sorted(maps.Keys(implies)) {
				rights += fmt.Sprintf("        %q: %s\n", r, list(implies[r]))
			}
		}
		rights += "      need:\n        access: " + list(need["access"]) + "\n        actions: {hide: " + list(need["actions.hide"]) + "}\n"
		mu.Lock()
		has, methods = given, nil
		if has == nil {
			has = []string{}
		}
		mu.Unlock()
		err := rightsAt(t, far.URL, rights).Check(t.Context())
		got := ""
		if f, ok := err.(*fault.Error); ok && f.Code == "connector.right_missing" {
			got = fmt.Sprint(f.Args[3])
		} else if err != nil {
			rt.Fatalf("%v", err)
		}
		if got != strings.Join(told, ", ") {
			rt.Fatalf("of %v, %v brought along, %v needed:\n got %s\nwant %s", given, implies, need, got, strings.Join(told, ", "))
		}
		if slices.ContainsFunc(methods, func(m string) bool { return m != http.MethodGet }) {
			rt.Fatalf("asked with %v", methods)
		}
	})
}

// A system that is well and does not say what we may do is not called broken for it,
// and one that does not answer is not called well.
func TestASystemThatDoesNotSayItsRightsIsTold(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`200 {"scopes": 7}`: connector.RightsUnclear, `200 {}`: connector.RightsUnclear, `200 {"scopes": [7]}`: connector.RightsUnclear, `200 <html>`: connector.RightsUnclear,
		`403 {}`: connector.RightsUnclear, `404 {}`: connector.RightsUnclear, `400 {}`: connector.RightsUnclear,
		`401 {}`: "connector.credential", `503 {}`: "connector.busy", `429 {}`: "connector.busy", `200 {"scopes": ["write", "admin:org"]}`: "",
	} {
		status, body, _ := strings.Cut(answer, " ")
		far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/me" {
				var code int
				_, _ = fmt.Sscan(status, &code)
				w.WriteHeader(code)
				_, _ = fmt.Fprint(w, body)
				return
			}
			_, _ = fmt.Fprint(w, `{}`)
		}))
		t.Cleanup(far.Close)
		err := rightsAt(t, far.URL, "    rights:\n      call: {method: POST, path: /me, form: {token: \"{credential}\"}}\n      path: scopes\n      need: {access: [\"admin:org\"], actions: {hide: [write]}}\n").Check(t.Context())
		if err != nil && fault.CodeOf(err) != want || (err == nil) != (want == "") || err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v, want %s", answer, err, want)
		}
	}
}
