package oauthsystem_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/oauthsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/conformance"
	"hastaluego/internal/when"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const (
	client = "hasta"
	secret = "s3cret+client/secret"
)

// house is a folder with the secret of the client and tokens of accesses.
type house struct{ dir string }

func newHouse(t *testing.T) house {
	t.Helper()
	h := house{t.TempDir()}
	h.put(t, "client", secret)
	return h
}

func (h house) put(t *testing.T, name, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
}

// source is a declaration; more is further keys.
func (h house) source(introspect, revoke, more string) string {
	return "systems:\n  tokens:\n    kind: oauth\n    introspect: " + introspect + "\n    revoke: " + revoke + "\n    client_id: " + client +
		"\n    client_secret: file:" + h.dir + "/client\n    token: \"file:" + h.dir + "/{reference}\"\n    allow: [127.0.0.1/32]\n" + more
}

func (h house) connect(t *testing.T, introspect, revoke, more string) connector.System {
	t.Helper()
	all, err := declaration.Load("systems.yaml", []byte(h.source(introspect, revoke, more)), oauthsystem.Kind())
	if err != nil {
		t.Fatal(err)
	}
	s, err := all[0].Open(when.NewManual(noon), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector()
}

func TestItConformsToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	conformance.Run(t, conformance.Dialect{
		Secret: secret, Bare: true,
		Connect: func(t *testing.T, base string) connector.System {
			h := newHouse(t)
			h.put(t, conformance.Reference, secret+"-of-the-access")
			return h.connect(t, base+"/introspect", base+"/revoke", "    timeout: 300ms\n    limit: 4096\n    resource: "+base+"/me\n")
		},
		Well: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/revoke" {
				_, _ = io.WriteString(w, `{"active":true,"username":"`+conformance.Person+`"}`)
			}
		},
	})
}

func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	h := house{"/run/secrets"}
	whole := h.source("https://id.example/introspect", "https://id.example/revoke", "    token_kind: refresh_token\n    resource: https://api.example/me\n")
	for _, c := range []struct{ old, with, want string }{
		{"introspect: https://id.example/introspect", "timeout: 5s", "2:3 system.missing /systems/tokens/introspect"},
		{"https://id.example/revoke", "https://u:p@id.example", "5:13 system.base_url_extra /systems/tokens/revoke"},
		{"client_id: hasta", "client_id: ''", "6:16 system.blank /systems/tokens/client_id"},
		{"file:/run/secrets/client", "hunter2", "7:20 system.secret_inline /systems/tokens/client_secret"},
		{"{reference}", "{account}", "8:12 system.probe_file /systems/tokens/token"},
		{"token_kind: refresh_token", "token_kind: id_token", "10:17 system.word /systems/tokens/token_kind"},
		{"https://api.example/me", "api", "11:15 system.base_url /systems/tokens/resource"},
		{"resource:", "ressource:", "11:5 system.unknown_key /systems/tokens/ressource"},
	} {
		src := strings.Replace(whole, c.old, c.with, 1)
		_, err := declaration.Load("systems.yaml", []byte(src), oauthsystem.Kind())
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Error("the error holds the secret")
		}
	}
}

// issue has the server give a token.
func issue(t *testing.T, base string) string {
	t.Helper()
	res := post(t, base+"/token", url.Values{"grant_type": {"client_credentials"}})
	defer res.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.Token == "" {
		t.Fatal(res.Status, err)
	}
	return got.Token
}

func post(t *testing.T, to string, form url.Values) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// A real server of somebody else, and what its tokens let in at: a token gets in, is revoked, reads so, and gets in no more; others do.
func TestTokensOfARealServerAreRevoked(t *testing.T) {
	t.Parallel()
	base := testkit.NodePeer(t, "oauth.mjs", client, secret)
	h, ctx := newHouse(t), t.Context()
	h.put(t, "ana", issue(t, base))
	h.put(t, "bea", issue(t, base))
	s := h.connect(t, base+"/token/introspection", base+"/token/revocation", "    resource: "+base+"/me\n")
	is := func(who string, open bool) {
		t.Helper()
		st, err := s.Access.ReadAccess(ctx, who)
		if err != nil || st.Open != open || len(st.Answer) == 0 {
			t.Errorf("%s reads %+v, %v; want open %v", who, st, err, open)
		}
		p, err := s.Prober.ProbeAccess(ctx, who)
		if err != nil || p.In != open || !p.In && p.Status != "401" {
			t.Errorf("%s tried: %+v, %v; want in %v", who, p, err, open)
		}
	}
	if err := s.Checker.Check(ctx); err != nil {
		t.Error(err)
	}
	is("ana", true)
	for range 2 {
		if _, err := s.Access.RevokeAccess(ctx, connector.AccessInput{Account: "ana", Key: "k"}); err != nil {
			t.Fatal(err)
		}
		is("ana", false)
	}
	is("bea", true)
	for _, who := range []string{"nobody", "../client"} { // of whom we hold no token
		if st, err := s.Access.ReadAccess(ctx, who); fault.CodeOf(err) != "connector.no_credential" || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %+v %v", who, st, err)
		}
	}
	if _, err := s.Access.RestoreAccess(ctx, connector.AccessInput{Account: "ana"}); fault.CodeOf(err) != "connector.cannot_resume" {
		t.Error(err)
	}
	h.put(t, "client", "another")
	if err := h.connect(t, base+"/token/introspection", base+"/token/revocation", "").Checker.Check(ctx); fault.CodeOf(err) != "connector.credential" {
		t.Error(err)
	}
	if err := s.Checker.Check(ctx); err != nil { // it was read once
		t.Error(err)
	}
}

// A client that may ask and not revoke is found out before anybody leaves.
func TestACheckNamesTheRightToRevokeThatIsMissing(t *testing.T) {
	t.Parallel()
	status, body := 0, ""
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/introspect" {
			_, _ = io.WriteString(w, `{"active":false}`)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(far.Close)
	s := newHouse(t).connect(t, far.URL+"/introspect", far.URL+"/revoke", "")
	for _, c := range []struct {
		status int
		body   string
		want   string
	}{
		{200, "", ""},
		{403, "", "connector.right_missing"},
		{400, `{"error":"unauthorized_client"}`, "connector.right_missing"},
		{400, `{"error":"unsupported_token_type"}`, ""},
		{401, `{"error":"invalid_client"}`, "connector.credential"},
		{404, "", "connector.refused"},
		{503, "", "connector.busy"},
	} {
		status, body = c.status, c.body
		if err := s.Checker.Check(t.Context()); err == nil != (c.want == "") || err != nil && fault.CodeOf(err) != c.want {
			t.Errorf("%d %s: %v, want %q", c.status, c.body, err, c.want)
		}
	}
}
