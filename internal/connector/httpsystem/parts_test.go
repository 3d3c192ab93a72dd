package httpsystem_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit/conformance"
	"hastaluego/internal/text"
)

// A share is named by the thing that is shared and by whom it is shared with.
const shares = `systems:
  far:
    kind: http
    base_url: BASE
    auth: {header: Authorization, scheme: Bearer, value: "file:DIR/token"}
    effect: verifiable
    undo: restorable
    timeout: 300ms
    limit: 4096
    allow: [127.0.0.1/32]
    access:
      parts: [box, person]
      operations:
        find: {method: GET, path: "/boxes/{box}/people", items: people, where: {path: id, equals: "{person}"}, take: {share: share}}
        read: {method: GET, path: "/boxes/{box}/shares/{share}"}
        revoke: {method: DELETE, path: "/boxes/{box}/shares/{share}"}
        restore: {method: POST, path: "/boxes/{box}/shares", body: {to: "{person}"}, receipt: id}
      state: {status: role, open: [reader, writer]}
      read_only:
        path: role
        words: [reader]
        narrow: {method: PATCH, path: "/boxes/{box}/shares/{share}", body: {role: reader}}
        widen: {method: PATCH, path: "/boxes/{box}/shares/{share}", body: {role: "{held}"}}
    inventory:
      kind: drive
      list:
        - {method: GET, path: /boxes, query: {of: "{owner}"}, items: boxes, take: {box: id}}
        - {method: GET, path: "/boxes/{box}/people", query: {per_page: 3}, items: people, pages: {cursor: next, into: after}}
      account: ["{box}", id]
      status: status
      open: [active]
`

func TestSharesConformToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	d := dialect(shares)
	d.Looks, d.Named = true, func(name string) string { return "b1/" + name }
	d.Well = func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			send(w, 200, `{"role":"writer","boxes":[{"id":"b1"}],"people":[{"id":"`+conformance.Reference+`","share":"s7","status":"active","name":"`+conformance.Person+`"}],"next":null}`)
			return
		}
		send(w, 200, `{"id":"s7","by":"`+conformance.Person+`"}`)
	}
	d.List = pages(func(more map[string]any, _ http.ResponseWriter, _ *http.Request, next int) {
		more["next"] = strconv.Itoa(next)
	})
	conformance.Run(t, d)
	if can := d.Connect(t, "http://127.0.0.1:1").Can(); fmt.Sprint(can) != "[access inventory drive read_only]" {
		t.Errorf("it can %v", can)
	}
}

// Each part of a name fills its own slot, and none can be taken for another.
func TestANameOfSeveralPartsIsNotTakenForAnother(t *testing.T) {
	t.Parallel()
	var asked []string
	s, _, _ := declaredSystem(t, shares, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.EscapedPath())
		send(w, 200, `{"role":"writer","boxes":[{"id":"b1"}],"people":[{"id":"ada@x.example","share":"s7","status":"active"},{"id":"a/b","share":"s8","status":"active"}]}`)
	})
	if _, err := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: "b 1/ADA@x.example", Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(asked, ", "); got != "GET /boxes/b%201/people, DELETE /boxes/b%201/shares/s7" {
		t.Error(got)
	}
	asked = nil
	for _, name := range []string{"b1", "b1/", "/ada@x.example", "b1/ada@x.example/x", "../ada@x.example", "b1/..", "", "/"} {
		_, read := s.Access.ReadAccess(t.Context(), name)
		_, act := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: name, Key: "k"})
		_, reach := s.Narrower.ReadReach(t.Context(), name)
		for _, err := range []error{read, act, reach} {
			if fault.CodeOf(err) != "connector.bad_reference" {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	if len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
	// One whose part holds what parts them could be read as another: the list is none.
	if list, err := s.Lister.ListAccesses(t.Context(), "acme"); fault.CodeOf(err) != "connector.unreadable" || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
}

func TestWhatIsWrongWithPartsIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	whole := strings.NewReplacer("BASE", "https://files.example", "file:DIR/token", "env:TOKEN").Replace(shares)
	if _, err := load("systems.yaml", []byte(whole)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, with, want string }{
		{"parts: [box, person]", "parts: [box]", "12:14 system.parts /systems/far/access/parts"},
		{"parts: [box, person]", "parts: [box, owner]", "12:14 system.slot_name /systems/far/access/parts/1"},
		{"parts: [box, person]", "parts: [box, box]", "12:14 system.slot_name /systems/far/access/parts/1"},
		{`account: ["{box}", id]`, "account: id", "29:16 system.account_parts /systems/far/inventory/account"},
		{`account: ["{box}", id]`, `account: ["{shelf}", id]`, "29:16 system.slot /systems/far/inventory/account/0"},
		{`account: ["{box}", id]`, `account: ["{box}", "a..b"]`, "29:16 system.missing /systems/far/inventory/account/1"},
	} {
		src := strings.Replace(whole, c.old, c.with, 1)
		if src == whole {
			t.Fatalf("%q is not there", c.old)
		}
		_, err := load("systems.yaml", []byte(src))
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
			for _, lang := range text.Langs() {
				if words := text.Error(lang, e); !text.Known(lang, "error."+e.Code) || strings.Contains(strings.NewReplacer("{shelf}", "", "{box}", "", "{person}", "", "{reference}", "", "{owner}", "", "{share}", "").Replace(words), "{") {
					t.Errorf("%s: %s", lang, words)
				}
			}
		}
		if got := strings.Join(told, "; "); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
	}
}
