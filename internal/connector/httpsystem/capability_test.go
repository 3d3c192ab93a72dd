package httpsystem_test

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

const doors = `systems:
  faro:
    kind: http
    base_url: https://faro.example
    effect: verifiable
    undo: restorable
    ping: {method: GET, path: /health}
    access:
      operations:
        read: {method: GET, path: "/a/{reference}"}
        revoke: {method: POST, path: "/a/{reference}/block"}
        restore: {method: DELETE, path: "/a/{reference}/block"}
        probe:
          method: POST
          path: /sign-in
          body: {name: "{reference}", secret: "{secret}"}
          secret: "file:/run/secrets/{reference}"
          refused: [401, 403]
      state: {status: status, open: [active]}
    actions:
      hide:
        call: {method: PUT, path: "/a/{reference}/hidden", body: {by: "us"}}
        read: {method: GET, path: "/a/{reference}"}
        expect: {path: hidden, equals: true}
        undo:
          class: restorable
          call: {method: DELETE, path: "/a/{reference}/hidden"}
          expect: {path: hidden, absent: true}
      wipe:
        call: {method: POST, path: /wipe}
        read: {method: GET, path: /wiped}
        expect: {absent: true}
        undo: {class: final}
`

func TestCapabilitiesAreReadWhole(t *testing.T) {
	t.Parallel()
	got, err := load("systems.yaml", []byte(doors))
	if err != nil {
		t.Fatal(err)
	}
	c := got[0]
	if c.Billing != nil || c.Access == nil || len(c.Actions) != 2 || c.Ping.Path != "/health" {
		t.Fatalf("%+v", c)
	}
	if p := c.Access.Probe; p.Secret != "file:/run/secrets/{reference}" || len(p.Refused) != 2 || p.Body["secret"] != "{secret}" {
		t.Errorf("%+v", p)
	}
	hide := c.Actions["hide"]
	if hide.Expect.Path != "hidden" || hide.Expect.Equals[0] != "true" || !hide.Undo.Expect.Absent || hide.Undo.Class != connector.Restorable {
		t.Errorf("%+v", hide)
	}
	for path, want := range map[string]string{
		"base_url": "4:15", "access/operations/revoke/path": "11:38", "access/nothing": "9:7", "actions/wipe/undo/class": "33:23", "nothing": "2:3",
	} {
		if got := c.Place(strings.Split(path, "/")...); got != "systems.yaml:"+want {
			t.Errorf("%s stands at %s, want %s", path, got, want)
		}
	}
}

func TestEveryProblemOfACapabilityIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, with, want string }{
		{"    access:\n", "    acess:\n", "8:5 system.unknown_key /systems/faro/acess"},
		{"ping: {method: GET, path: /health}", "ping: {method: POST, path: /health}", "7:20 system.word /systems/faro/ping/method"},
		{"path: /health", `path: "/{reference}"`, "7:31 system.path_plain /systems/faro/ping/path"},
		{`"/a/{reference}/block"}` + "\n        restore", `"/a/block"}` + "\n        restore", "11:38 system.path_slot /systems/faro/access/operations/revoke/path"},
		{`        restore: {method: DELETE, path: "/a/{reference}/block"}` + "\n", "", "6:11 system.resume_missing /systems/faro/undo"},
		{"undo: restorable", "undo: sometimes", "6:11 system.word /systems/faro/undo"},
		{"open: [active]", "open: active", "19:37 system.want_list /systems/faro/access/state/open"},
		{"open: [active]", "closed: [blocked]", "19:14 system.missing /systems/faro/access/state/open; 19:31 system.unknown_key /systems/faro/access/state/closed"},
		{", open: [active]", "", "19:14 system.missing /systems/faro/access/state/open"},
		{"method: POST\n          path: /sign-in", "method: PUT\n          path: /sign-in", "14:19 system.word /systems/faro/access/operations/probe/method"},
		{"secret: \"{secret}\"", "secret: x", "17:19 system.probe_secret /systems/faro/access/operations/probe/secret"},
		{"secret: \"{secret}\"", `secret: "{token}"`, "16:17 system.body_slot /systems/faro/access/operations/probe/body; 17:19 system.probe_secret /systems/faro/access/operations/probe/secret"},
		{"file:/run/secrets/{reference}", "env:TOKEN", "17:19 system.probe_file /systems/faro/access/operations/probe/secret"},
		{"file:/run/secrets/{reference}", "file:/run/secret", "17:19 system.probe_file /systems/faro/access/operations/probe/secret"},
		{"          secret: \"file:/run/secrets/{reference}\"\n", "", "14:11 system.probe_secret /systems/faro/access/operations/probe"},
		{"          refused: [401, 403]\n", "", "14:11 system.missing /systems/faro/access/operations/probe/refused"},
		{"[401, 403]", "[401, 503]", "18:20 system.status /systems/faro/access/operations/probe/refused"},
		{"[401, 403]", "[401, 204]", "18:20 system.probe_both /systems/faro/access/operations/probe/refused"},
		{"[401, 403]", "[401, no]", "18:26 system.want_number /systems/faro/access/operations/probe/refused/1"},
		{"      hide:", "      Hide:", "21:7 system.action_name /systems/faro/actions/Hide"},
		{"equals: true", "equals: {a: b}", "24:40 system.want_text /systems/faro/actions/hide/expect/equals"},
		{"{path: hidden, equals: true}", "{path: hidden}", "24:17 system.expect /systems/faro/actions/hide/expect"},
		{"{path: hidden, absent: true}", "{path: hidden, absent: false}", "28:42 system.want_true /systems/faro/actions/hide/undo/expect/absent"},
		{"          call: {method: DELETE, path: \"/a/{reference}/hidden\"}\n", "", "26:11 system.resume_missing /systems/faro/actions/hide/undo"},
		{"{class: final}", "{class: never}", "33:23 system.word /systems/faro/actions/wipe/undo/class"},
		{"{class: final}", "{class: final, loses: sleep}", "33:37 system.word /systems/faro/actions/wipe/undo/loses"},
		{"undo:\n          class: restorable", "undo:\n          class: restorable\n          loses: data", "27:18 system.needs /systems/faro/actions/hide/undo/loses"},
		{`by: "us"`, `by: "{secret}"`, "22:66 system.body_slot /systems/faro/actions/hide/call/body"},
		{"        undo: {class: final}\n", "", "29:7 system.missing_word /systems/faro/actions/wipe/undo/class"},
	} {
		src := strings.Replace(doors, c.old, c.with, 1)
		if src == doors {
			t.Fatalf("%q is not there", c.old)
		}
		_, err := load("systems.yaml", []byte(src))
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
			for _, lang := range text.Langs() {
				if said := text.Error(lang, e); !text.Known(lang, "error."+e.Code) || strings.Contains(said, "{slot}") {
					t.Errorf("%s has no good words for %s: %s", lang, e.Code, said)
				}
			}
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
	}
}

func TestASystemThatCanDoNothingIsRefused(t *testing.T) {
	t.Parallel()
	_, err := load("s.yaml", []byte("systems:\n  faro: {kind: http, base_url: https://x.example, effect: ask}\n"))
	if fault.CodeOf(err) != "system.nothing" {
		t.Errorf("%v", err)
	}
}
