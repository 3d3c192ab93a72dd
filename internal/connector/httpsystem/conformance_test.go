package httpsystem_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/testkit/conformance"
	"hastaluego/internal/when"
)

const conforming = `systems:
  far:
    kind: http
    base_url: BASE
    auth: {header: Authorization, scheme: Bearer, value: "file:DIR/token"}
    effect: verifiable
    key_header: Idempotency-Key
    undo: restorable
    timeout: 300ms
    limit: 4096
    allow: [127.0.0.1/32]
    operations:
      read: {method: GET, path: "/subs/{reference}"}
      cancel: {method: POST, path: "/subs/{reference}/cancel", body: {at: "{ends_at}", why: "exit {reference}"}, receipt: id}
      resume: {method: POST, path: "/subs/{reference}/resume"}
    state: {status: status, ended: [canceled], ends_at: cancel_at}
    access:
      operations:
        read: {method: GET, path: "/accounts/{reference}"}
        revoke: {method: DELETE, path: "/accounts/{reference}"}
        restore: {method: PUT, path: "/accounts/{reference}"}
        probe:
          method: POST
          path: /sign-in
          body: {name: "{reference}", secret: "{secret}"}
          secret: "file:DIR/{reference}"
          refused: [401, 403]
      state: {status: status, open: [active], signed_in_at: seen}
      read_only:
        path: status
        words: [viewer]
        narrow: {method: PUT, path: "/accounts/{reference}/role", body: {role: viewer}}
        widen: {method: PUT, path: "/accounts/{reference}/role", body: {role: "{held}"}}
    charges:
      list: {method: GET, path: "/subs/{reference}/charges", query: {since: "{since}"}, items: charges}
      id: id
      amount: amount
      units: major
      currency: currency
      at: at
      everyone:
        list: {method: GET, path: /charges, query: {since: "{since}"}, items: charges}
        owner: customer
    ledger:
      units: major
      invoices: {list: {method: GET, path: "/subs/{reference}/invoices", items: charges}, id: id, amount: amount, currency: currency}
      unbilled: {list: {method: GET, path: "/subs/{reference}/pending", items: charges}, id: id, text: of, amount: amount, currency: currency}
    messages:
      call: {method: POST, path: /chat, body: {text: "{code} {event} {customer} {effective}"}, receipt: id}
      undone: {method: POST, path: /chat, body: {text: "{code} {event} undone"}, receipt: id}
    actions:
      hide:
        call: {method: PUT, path: "/directory/{reference}/hidden", receipt: id}
        read: {method: GET, path: "/directory/{reference}"}
        expect: {path: status, equals: hidden}
        undo: {class: restorable, call: {method: DELETE, path: "/directory/{reference}/hidden"}}
      wipe:
        call: {method: POST, path: /wipe, body: {who: "{reference}"}}
        read: {method: GET, path: "/directory/{reference}"}
        expect: {absent: true}
        undo: {class: final}
`

// Everything that takes several calls: what is looked up, acts in two calls, and
// a list on pages. PAGES is how the list goes on.
const several = `systems:
  far:
    kind: http
    base_url: BASE
    auth: {header: Authorization, scheme: Bearer, value: "file:DIR/token"}
    headers: {X-Api-Version: "2026-10"}
    with: {org: acme}
    effect: idempotent
    undo: restorable
    timeout: 300ms
    limit: 4096
    allow: [127.0.0.1/32]
    access:
      operations:
        find:
          method: GET
          path: "/orgs/{org}/people"
          query: {filter: "name eq '{reference}'"}
          items: people
          take: {user: $.id}
        read: {method: GET, path: "/people/{user}"}
        revoke:
          - {method: DELETE, path: "/people/{user}/keys"}
          - {method: POST, path: "/people/{user}/close", form: {why: "exit of {reference}"}, receipt: id}
        restore: {method: POST, path: "/people/{user}/open", body: {user: "{user}"}}
      state: {status: "$.people[?(@.id == 7)].status", open: [active]}
    inventory:
      kind: login
      list: {method: GET, path: "/orgs/{org}/customers/{owner}/people", query: {per_page: 3}, items: people, pages: PAGES}
      account: id
      label: name
    actions:
      empty:
        find: {method: GET, path: "/people", query: {name: "{reference}"}, items: $.people, where: {path: status, equals: active}, take: {user: id}}
        call:
          - {method: PUT, path: "/people/{user}/box"}
          - {method: DELETE, path: "/boxes", query: {of: "{user}"}, receipt: id}
          - {method: PATCH, path: "/people/{user}", body: {box: "none of {user}"}}
        read: {method: GET, path: "/people/{user}/box"}
        expect: {path: "$.people[0].box", equals: none}
        undo: {class: final}
`

func TestItConformsToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	conformance.Run(t, dialect(conforming))
}

func TestActsOfSeveralCallsConformToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	d := dialect(strings.Replace(several, "PAGES", "{cursor: next, into: after}", 1))
	d.Looks = true
	d.Well = func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			send(w, 200, `{"people":[{"id":7,"status":"active","name":"`+conformance.Person+`"}],"next":null}`)
			return
		}
		send(w, 200, `{"id":"op_7","by":"`+conformance.Person+`"}`)
	}
	d.List = pages(func(more map[string]any, _ http.ResponseWriter, _ *http.Request, next int) {
		more["next"] = strconv.Itoa(next)
	})
	conformance.Run(t, d)
}

func TestASystemThatTakesMessagesConformsToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	conformance.Run(t, conformance.Dialect{
		Secret: hookSecret, Bare: true,
		Connect: func(t *testing.T, base string) connector.System {
			t.Helper()
			file := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(file, []byte(hookSecret), 0o600); err != nil {
				t.Fatal(err)
			}
			all, err := load("s.yaml", []byte("systems:\n  crm:\n    kind: webhook\n    url: "+base+"\n    secret: file:"+file+"\n    timeout: 300ms\n    allow: [127.0.0.1/32]\n"))
			if err != nil {
				t.Fatal(err)
			}
			return open(t, all[0]).Connector()
		},
		Well: func(w http.ResponseWriter, _ *http.Request) { send(w, 202, `{"for":"`+conformance.Person+`"}`) },
	})
}

// hookSecret is one that both sides know.
const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestEveryWayOfPagesListsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	link := func(r *http.Request, next int) string {
		q := r.URL.Query()
		q.Set("after", strconv.Itoa(next))
		return "http://" + r.Host + r.URL.Path + "?" + q.Encode()
	}
	for declared, way := range map[string]func(more map[string]any, w http.ResponseWriter, r *http.Request, next int){
		`{next: "$['@next']"}`: func(more map[string]any, _ http.ResponseWriter, r *http.Request, next int) {
			more["@next"] = link(r, next)
		},
		`{next: links.next, more: meta.has_more}`: func(more map[string]any, _ http.ResponseWriter, r *http.Request, next int) {
			more["links"], more["meta"] = map[string]any{"next": strings.TrimPrefix(link(r, next), "http://"+r.Host)}, map[string]any{"has_more": true}
		},
		`{link: true}`: func(_ map[string]any, w http.ResponseWriter, r *http.Request, next int) {
			w.Header().Set("Link", `<`+link(r, 0)+`>; rel="first", <`+link(r, next)+`>; title="a, b"; rel="next"`)
		},
		`{number: page, size: 3}`: func(map[string]any, http.ResponseWriter, *http.Request, int) {},
	} {
		t.Run(declared, func(t *testing.T) {
			t.Parallel()
			d := dialect(strings.Replace(several, "PAGES", declared, 1))
			d.List = pages(way)
			conformance.RunLists(t, d)
		})
	}
}

// pages answers three accounts on a page, and tells where they go on.
func pages(tell func(more map[string]any, w http.ResponseWriter, r *http.Request, next int)) func(http.ResponseWriter, *http.Request, []string) {
	return func(w http.ResponseWriter, r *http.Request, accounts []string) {
		from, _ := strconv.Atoi(r.URL.Query().Get("after"))
		if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil {
			from = (n - 1) * 3
		}
		from = min(from, len(accounts))
		to := min(from+3, len(accounts))
		out := map[string]any{"people": []any{}, "boxes": []any{map[string]any{"id": "b1"}}}
		for _, name := range accounts[from:to] {
			out["people"] = append(out["people"].([]any), map[string]any{"id": name, "status": "active", "name": conformance.Person})
		}
		if to < len(accounts) {
			tell(out, w, r, to)
		}
		body, err := json.Marshal(out)
		if err != nil {
			panic(err)
		}
		send(w, 200, string(body))
	}
}

// dialect is that of a declared system.
func dialect(declared string) conformance.Dialect {
	return conformance.Dialect{
		Secret: secret,
		Connect: func(t *testing.T, base string) connector.System {
			t.Helper()
			dir := t.TempDir()
			for name, value := range map[string]string{"token": secret, conformance.Reference: secret + "-of-the-account"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			all, err := load("s.yaml", []byte(strings.NewReplacer("BASE", base, "DIR", dir).Replace(declared)))
			if err != nil {
				t.Fatal(err)
			}
			s, err := httpsystem.New(all[0], when.NewManual(noon))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			return s.Connector()
		},
		Well: func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				send(w, 200, `{"status":"active","cancel_at":null,"seen":null,"holder":"`+conformance.Person+`","charges":[{"id":"ch_1","amount":"9.00","currency":"EUR","at":"2026-11-27T08:00:00Z","customer":"7","of":"`+conformance.Person+`"}]}`)
				return
			}
			send(w, 200, `{"id":"op_7","by":"`+conformance.Person+`"}`)
		},
	}
}
