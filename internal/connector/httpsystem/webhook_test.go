package httpsystem_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/webhook"
)

const hooked = `systems:
  crm:
    kind: webhook
    url: https://crm.example/exit?source=hasta
    secret: env:CRM_SECRET
    secret_next: file:/run/secrets/crm_next
    timeout: 20s
    allow: [10.0.0.0/8]
  billing:
    kind: http
    base_url: https://billing.example/api
    effect: ask
    undo: final
    webhook: {secret: "env:BILLING_HOOK", reference: data.subscription.id}
    operations:
      read: {method: GET, path: "/s/{reference}"}
      cancel: {method: DELETE, path: "/s/{reference}"}
    state: {status: status, ended: [gone]}
`

func TestSystemsThatTakeMessagesAndThoseThatSendThemAreDeclared(t *testing.T) {
	t.Parallel()
	got, err := load("systems.yaml", []byte(hooked))
	if err != nil {
		t.Fatal(err)
	}
	crm, billing := got[0], got[1]
	if crm.Hook == nil || *crm.Hook != (httpsystem.Hook{Keys: httpsystem.Keys{Secret: "env:CRM_SECRET", Next: "file:/run/secrets/crm_next"}}) ||
		crm.BaseURL != "https://crm.example/exit?source=hasta" || crm.Timeout != 20*time.Second || crm.Effect != connector.Keyed {
		t.Errorf("%+v", crm)
	}
	if can, _ := crm.Can(); fmt.Sprint(can) != "[messages]" {
		t.Errorf("it can %v", can)
	}
	if billing.Reports == nil || billing.Reports.Secret != "env:BILLING_HOOK" || billing.Reports.Reference != "data.subscription.id" {
		t.Errorf("%+v", billing)
	}
	if can, _ := billing.Can(); fmt.Sprint(can) != "[billing reports]" {
		t.Errorf("it can %v", can)
	}
	for _, c := range []struct{ old, with, want string }{
		{"env:CRM_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "5:13 system.secret_inline /systems/crm/secret"},
		{"    secret: env:CRM_SECRET\n", "", "2:3 system.missing /systems/crm/secret"},
		{"https://crm.example", "http://crm.example", ""},
		{"    allow: [10.0.0.0/8]\n", "", ""},
		{"https://crm.example", "https://u:p@crm.example", "4:10 system.base_url_extra /systems/crm/url"},
		{"https://crm.example/exit?source=hasta", "crm", "4:10 system.base_url /systems/crm/url"},
		{"timeout: 20s", "undo: final", "7:5 system.unknown_key /systems/crm/undo"},
		{"kind: webhook", "kind: hook", "3:11 system.kind /systems/crm/kind"},
		{`"env:BILLING_HOOK"`, "s3cret", "14:23 system.secret_inline /systems/billing/webhook/secret"},
		{", reference: data.subscription.id", "", "14:14 system.missing /systems/billing/webhook/reference"},
	} {
		_, err := load("systems.yaml", []byte(strings.Replace(hooked, c.old, c.with, 1)))
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if all := strings.Join(told, "; "); c.want == "" != (err == nil) || !strings.Contains(all, c.want) || strings.Contains(fmt.Sprint(err), "MfKQ9") {
			t.Errorf("%q → %q:\n got %s\nwant %s", c.old, c.with, all, c.want)
		}
	}
}

func keyFile(t *testing.T, s webhook.Secret) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(f, []byte(s.Reveal()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file:" + f
}

func crm(t *testing.T, url string, keys httpsystem.Keys) connector.Notifier {
	t.Helper()
	return open(t, httpsystem.Config{
		System: "crm", BaseURL: url, Effect: connector.Keyed, Undo: connector.Restorable, Hook: &httpsystem.Hook{Keys: keys},
		Timeout: time.Second, Limit: 1024, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	}).Connector().Notifier
}

var note = connector.NotifyInput{Key: "step_1:case", Body: json.RawMessage(`{"type":"exit.done","data":{"case":"case_1"}}`)}

// What a far end can do to a message, and what that means: taken, not taken for
// good, to be sent again, or nobody knows and the same id is sent again.
func TestEveryEndOfAMessageHasItsClass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		far   func(f *far, w http.ResponseWriter, r *http.Request)
		kind  fault.Kind
		code  string
		after time.Duration
	}{
		{name: "taken, and it says anything", far: func(_ *far, w http.ResponseWriter, _ *http.Request) { send(w, 200, "<html>thanks") }},
		{name: "taken, without a word", far: func(_ *far, w http.ResponseWriter, _ *http.Request) { send(w, 204, "") }},
		{name: "taken, and it never ends to say so", far: func(_ *far, w http.ResponseWriter, r *http.Request) {
			send(w, 202, "thank you")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{name: "taken, and it says too much", far: func(_ *far, w http.ResponseWriter, _ *http.Request) { send(w, 200, strings.Repeat("x", 5000)) }},
		{name: "busy", kind: fault.Transient, code: "connector.busy", after: 7 * time.Second, far: func(_ *far, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			send(w, 429, "")
		}},
		{name: "closed for a while", kind: fault.Transient, code: "connector.busy", after: 9 * time.Second, far: func(_ *far, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "9")
			send(w, 503, "")
		}},
		{name: "broken", kind: fault.Uncertain, code: "connector.uncertain", far: func(_ *far, w http.ResponseWriter, _ *http.Request) { send(w, 500, "") }},
		{name: "took it and never answered", kind: fault.Uncertain, code: "connector.uncertain", far: func(f *far, _ http.ResponseWriter, r *http.Request) {
			f.effects.Add(1)
			<-r.Context().Done()
		}},
		{name: "cut the line", kind: fault.Uncertain, code: "connector.uncertain", far: func(*far, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{name: "does not want it", kind: fault.Invalid, code: "connector.refused", far: func(_ *far, w http.ResponseWriter, _ *http.Request) { send(w, 422, "") }},
		{name: "gone", kind: fault.Invalid, code: "connector.refused", far: func(_ *far, w http.ResponseWriter, _ *http.Request) { send(w, 410, "") }},
		{name: "moved", kind: fault.Invalid, code: "connector.refused", far: func(_ *far, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://elsewhere.example/")
			send(w, 308, "")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := listen(t, c.far)
			old, next := webhook.NewSecret(), webhook.NewSecret()
			n := crm(t, f.url+"/exit?source=hasta", httpsystem.Keys{Secret: keyFile(t, old), Next: keyFile(t, next)})
			r, err := n.Notify(t.Context(), note)
			if c.code == "" {
				if err != nil || r.Reference != note.Key || !strings.Contains(string(r.Answer), note.Key) || strings.Contains(string(r.Answer), "thank") {
					t.Errorf("%v, receipt %+v %s", err, r, r.Answer)
				}
			} else if f := wantFault(t, err, c.kind, c.code); f.RetryAfter != c.after {
				t.Errorf("comes back after %s", f.RetryAfter)
			}
			req, body := f.seen()
			if req.Method != http.MethodPost || req.URL.RequestURI() != "/exit?source=hasta" || body != string(note.Body) || req.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %s: %s", req.Method, req.URL, body)
			}
			for _, key := range []webhook.Secret{old, next} {
				if id, err := webhook.Verify(req.Header.Get, []byte(body), noon, key); err != nil || id != note.Key {
					t.Errorf("id %q, %v", id, err)
				}
			}
		})
	}
}

func TestASecretThatIsNoneIsNamedByItsPlace(t *testing.T) {
	t.Parallel()
	f := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(f, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config(t, "https://billing.example")
	cfg.Reports = &httpsystem.Reports{Keys: httpsystem.Keys{Secret: "file:" + f}, Reference: "id"}
	_, err := httpsystem.New(cfg, nil)
	if e := fault.Fields(err); len(e) != 1 || e[0].Code != "system.hook_secret" || e[0].Field != "/webhook/secret" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

// While the far end replaces its secret, messages with either are taken.
func TestAReportIsReadWithEitherSecret(t *testing.T) {
	t.Parallel()
	old, next, stranger := webhook.NewSecret(), webhook.NewSecret(), webhook.NewSecret()
	cfg := config(t, "https://billing.example")
	cfg.Reports = &httpsystem.Reports{Keys: httpsystem.Keys{Secret: keyFile(t, old), Next: keyFile(t, next)}, Reference: "data.object.0.subscription"}
	r := open(t, cfg).Connector().Reporter
	body := []byte(`{"data":{"object":[{"subscription":8842}]}}`)
	for _, c := range []struct {
		key  webhook.Secret
		code string
	}{{old, ""}, {next, ""}, {stranger, "webhook.forged"}} {
		h := webhook.Headers("evt_1", noon, body, c.key)
		got, err := r.ReadReport(func(name string) string { return h[name] }, body, noon)
		if c.code == "" && (err != nil || got != (connector.Report{ID: "evt_1", Reference: "8842"})) || c.code != "" && fault.CodeOf(err) != c.code {
			t.Errorf("%+v, %v", got, err)
		}
	}
}
