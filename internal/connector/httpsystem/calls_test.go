package httpsystem_test

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

const calls = `systems:
  desk:
    kind: http
    base_url: https://desk.example
    effect: idempotent
    undo: restorable
    headers: {X-Version: "2026-10"}
    with: {org: acme}
    errors:
      path: error
      unknown: [not_found]
    access:
      operations:
        find:
          method: GET
          path: "/{org}/people"
          query: {name: "{reference}"}
          items: people
          where: {path: name, equals: "{reference}"}
          pages: {cursor: next, into: after, most: 9}
          take: {user: id}
        read: {method: GET, path: "/people/{user}"}
        revoke:
          - method: GET
            path: "/people/{user}/teams"
            items: teams
            left_out: true
            pages: {link: true}
            each: {team: id}
          - {method: DELETE, path: "/teams/{team}/{user}", already: [404]}
          - {method: POST, path: /close, form: {user: "{user}"}}
        restore: {method: POST, path: "/people/{user}/open"}
      state: {status: state, open: [active]}
    inventory:
      kind: login
      list: {method: GET, path: "/{org}/of/{owner}", items: $, pages: {number: page, size: 50}}
      account: name
      status: state
      open: [active]
`

func TestEveryProblemOfSeveralCallsIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	if _, err := load("systems.yaml", []byte(calls)); err != nil {
		t.Fatal(err)
	}
	const access = "/systems/desk/access/operations/"
	for _, c := range []struct{ old, with, want string }{
		{"X-Version", "Host", "7:21 system.header /systems/desk/headers/Host"},
		{`"2026-10"`, `"a\nb"`, "7:26 field.invalid /systems/desk/headers/X-Version"},
		{"{X-Version: \"2026-10\"}", "no", "7:14 system.want_map /systems/desk/headers"},
		{"with: {org: acme}", "with: {Org: acme}", "8:17 system.slot_name /systems/desk/with/Org; 16:17 system.slot " + access + "find/path; 36:33 system.slot /systems/desk/inventory/list/path"},
		{"with: {org: acme}", "with: {org: ..}", "8:17 field.invalid /systems/desk/with/org"},
		{"path: error\n", "", "-"},
		{"path: error", "path: '[error'", "10:13 system.path /systems/desk/errors/path"},
		{"unknown: [not_found]", "unknown: not_found", "11:16 system.want_list /systems/desk/errors/unknown"},
		{"unknown: [", "known: [", "11:7 system.unknown_key /systems/desk/errors/known"},
		{`query: {name: "{reference}"}`, `query: {name: "{ref}"}`, "17:25 system.slot " + access + "find/query/name"},
		{`query: {name: "{reference}"}`, `query: [name]`, "17:18 system.want_map " + access + "find/query"},
		{"items: people", "items: people[", "18:18 system.path " + access + "find/items"},
		{"          items: people\n", "", "18:18 system.needs " + access + "find/where; 19:18 system.needs " + access + "find/pages"},
		{"where: {path: name, equals: \"{reference}\"}", "where: {path: name, equals: \"{who}\"}", "19:39 system.slot " + access + "find/where/equals"},
		{"where: {path: name, equals: \"{reference}\"}", "where: {path: name}", "19:18 system.expect " + access + "find/where"},
		{"pages: {cursor: next, into: after, most: 9}", "pages: {cursor: next}", "20:18 system.pages " + access + "find/pages"},
		{"pages: {cursor: next, into: after, most: 9}", "pages: {cursor: next, into: after, link: true}", "20:18 system.pages " + access + "find/pages"},
		{"most: 9", "most: 5000", "20:52 system.range " + access + "find/pages/most"},
		{"most: 9", "most: many", "20:52 system.want_number " + access + "find/pages/most"},
		{"take: {user: id}", "take: {reference: id}", "-"},
		{"take: {user: id}", "take: {user: 'id['}", "21:24 system.path " + access + "find/take/user"},
		{`path: "/people/{user}"}`, `path: "/people/{usr}"}`, "22:35 system.slot " + access + "read/path"},
		{`path: "/people/{user}"}`, `path: "/people"}`, "22:35 system.path_slot " + access + "read/path"},
		{`path: "/people/{user}"}`, `path: "/people/{user}", already: [404]}`, "22:62 system.not_here " + access + "read/already"},
		{`path: "/people/{user}"}`, `path: "/people/{user}", form: {a: b}}`, "22:59 system.read_body " + access + "read/form"},
		{`path: "/people/{user}"}`, `path: "/people/{user}", take: {x: id}}`, "22:59 system.not_here " + access + "read/take"},
		{"left_out: true", "left_out: false", "27:23 system.want_true " + access + "revoke/0/left_out"},
		{"each: {team: id}", "each: {user: id}", "29:26 system.slot_name " + access + "revoke/0/each/user; 30:36 system.slot " + access + "revoke/1/path"},
		{`/teams/{team}/{user}"`, `/teams/{tem}/{user}"`, "30:36 system.slot " + access + "revoke/1/path"},
		{"already: [404]", "already: [500]", "30:69 system.status " + access + "revoke/1/already"},
		{"already: [404]", "items: a", "30:67 system.not_here " + access + "revoke/1/items"},
		{"form: {user: \"{user}\"}", "form: {user: \"{user}\"}, body: {a: b}", "31:48 system.bodies " + access + "revoke/2/form"},
		{"path: /close, form: {user: \"{user}\"}", "path: /close, form: {user: x}", "31:34 system.path_slot " + access + "revoke/2/path"},
		{"{method: POST, path: /close,", "{method: GET, path: /close,", "31:22 system.word " + access + "revoke/2/method"},
		{"          - {method: POST, path: /close", "          - {method: GET, path: \"/x/{user}\"}\n          - {method: POST, path: /close", "31:22 system.read_late " + access + "revoke/2/method"},
		{"effect: idempotent", "effect: ask", "30:13 system.calls_ask " + access + "revoke/1; 31:13 system.calls_ask " + access + "revoke/2"},
		{"kind: login", "kind: Log in", "35:13 system.access_kind /systems/desk/inventory/kind"},
		{"/of/{owner}", "/of/{reference}", "36:33 system.slot /systems/desk/inventory/list/path"},
		{"/of/{owner}", "/of", "36:33 system.path_slot /systems/desk/inventory/list/path"},
		{", items: $, pages: {number: page, size: 50}", "", "36:13 system.needs /systems/desk/inventory/list"},
		{"    inventory:\n      kind: login\n      list:", "    inventory:\n    - kind: Log in\n      list:", "35:13 system.access_kind /systems/desk/inventory/0/kind"},
		{"    inventory:\n      kind: login\n      list: {method: GET, path: \"/{org}/of/{owner}\"", "    inventory:\n    - kind: login\n      list: {method: GET, path: \"/{org}/of\"", "36:33 system.path_slot /systems/desk/inventory/0/list/path"},
		{`query: {name: "{reference}"}`, "query: {name: {reference}}", "17:25 system.unquoted " + access + "find/query/name"},
		{"    effect: idempotent\n    undo: restorable\n", "    effects: idempotent\n    undo: [restorable]\n    timout: 5s\n", "5:5 system.unknown_key /systems/desk/effects; 6:11 system.want_text /systems/desk/undo; 7:5 system.unknown_key /systems/desk/timout"},
		{"    base_url: https://desk.example\n    effect: idempotent\n", "    limit: none\n", "2:3 system.missing /systems/desk/base_url; 2:3 system.missing_word /systems/desk/effect; 4:12 system.size /systems/desk/limit"},
		{"size: 50", "sizes: 50", "36:86 system.unknown_key /systems/desk/inventory/list/pages/sizes"},
		{"account: name", "account: ''", "37:16 system.path /systems/desk/inventory/account"},
		{"      status: state\n", "", "38:13 system.needs /systems/desk/inventory/open"},
	} {
		src := strings.Replace(calls, c.old, c.with, 1)
		if src == calls {
			t.Fatalf("%q is not there", c.old)
		}
		_, err := load("systems.yaml", []byte(src))
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
			for _, lang := range text.Langs() {
				if said := text.Error(lang, e); !text.Known(lang, "error."+e.Code) || strings.Contains(said, "{name}") || strings.Contains(said, "{key}") {
					t.Errorf("%s has no good words for %s: %s", lang, e.Code, said)
				}
			}
		}
		if got := strings.Join(told, "; "); got != c.want && (c.want != "-" || got == "") {
			t.Errorf("%q → %q:\n got %s\nwant %s", c.old, c.with, got, c.want)
		}
	}
}
