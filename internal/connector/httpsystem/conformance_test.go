package httpsystem_test

import (
	"net/http"
	"os"
	"path/filepath"
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
      state: {status: status, open: [active]}
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

func TestItConformsToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	conformance.Run(t, conformance.Dialect{
		Secret: secret,
		Connect: func(t *testing.T, base string) connector.System {
			t.Helper()
			dir := t.TempDir()
			for name, value := range map[string]string{"token": secret, conformance.Reference: secret + "-of-the-account"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			all, err := load("s.yaml", []byte(strings.NewReplacer("BASE", base, "DIR", dir).Replace(conforming)))
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
				send(w, 200, `{"status":"active","cancel_at":null,"holder":"`+conformance.Person+`"}`)
				return
			}
			send(w, 200, `{"id":"op_7","by":"`+conformance.Person+`"}`)
		},
	})
}
