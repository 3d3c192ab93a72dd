package stripesystem_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/stripesystem"
	"hastaluego/internal/testkit/conformance"
	"hastaluego/internal/when"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const (
	key        = "sk_test_s3cret"
	hookSecret = "whsec_0ur5ecret"
)

func file(t testing.TB, text string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(f, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file:" + f
}

// load reads one declaration; more is further keys.
func load(t testing.TB, base, more string) (stripesystem.Config, error) {
	t.Helper()
	src := "systems:\n  billing:\n    kind: stripe\n    base_url: " + base + "\n    key: " + file(t, key) + "\n    allow: [127.0.0.1/32]\n" + more
	all, err := declaration.Load("systems.yaml", []byte(src), stripesystem.Kind())
	if err != nil {
		return stripesystem.Config{}, err
	}
	return all[0].(stripesystem.Config), nil
}

func connect(t testing.TB, base, more string) connector.System {
	t.Helper()
	cfg, err := load(t, base, more)
	if err != nil {
		t.Fatal(err)
	}
	s, err := cfg.Open(when.NewManual(noon), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector()
}

func TestItConformsToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	missing := `{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such thing: ` + conformance.Person + `"}}`
	conformance.Run(t, conformance.Dialect{
		Secret: key, Looks: true,
		Connect: func(t *testing.T, base string) connector.System {
			return connect(t, base, "    timeout: 300ms\n    limit: 4096\n")
		},
		Well: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			id := filepath.Base(r.URL.Path)
			body, _ := io.ReadAll(r.Body)
			if strings.Contains(r.URL.Path+r.URL.RawQuery+string(body), "hasta_luego_check") {
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, missing)
				return
			}
			answer := map[string]string{
				"subscriptions": `{"id":"ID","object":"subscription","status":"active","customer":"cus_7","currency":"eur","cancel_at":null,"description":"PERSON"}`,
				"customers":     `{"id":"ID","object":"customer","balance":0,"name":"PERSON"}`,
				"charges":       `{"id":"ID","object":"charge","amount_captured":900,"amount_refunded":0,"currency":"eur","billing_details":{"name":"PERSON"}}`,
				"refunds":       `{"object":"list","has_more":false,"data":[]}`,
				"invoices":      `{"object":"list","has_more":false,"data":[]}`,
				"invoiceitems":  `{"object":"list","has_more":false,"data":[]}`,
			}[strings.Split(r.URL.Path, "/")[2]]
			switch {
			case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v1/refunds"):
				answer = `{"id":"re_1","object":"refund","status":"succeeded","amount":400,"currency":"eur","metadata":{"by":"PERSON"}}`
			case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v1/invoices/create_preview"):
				answer = `{"object":"invoice","currency":"eur","total":0,"customer_name":"PERSON","lines":{"object":"list","data":[]}}`
			}
			_, _ = io.WriteString(w, strings.NewReplacer("ID", id, "PERSON", conformance.Person).Replace(answer))
		},
	})
}
