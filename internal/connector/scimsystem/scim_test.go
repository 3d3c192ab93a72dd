package scimsystem_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/scimsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/conformance"
	"hastaluego/internal/when"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const secret = "s3cret-token"

// A schema of a provider's own, and the attribute of it that says when a user last
// signed in.
const (
	extended = "urn:ietf:params:scim:schemas:extension:acme:2.0:User"
	lastSeen = extended + ":lastSignIn"
)

// load reads one declaration; more is further keys.
func load(t *testing.T, base, more string) (scimsystem.Config, error) {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	src := "systems:\n  people:\n    kind: scim\n    base_url: " + base + "\n    token: file:" + token + "\n    allow: [127.0.0.1/32]\n" + more
	all, err := declaration.Load("systems.yaml", []byte(src), scimsystem.Kind())
	if err != nil {
		return scimsystem.Config{}, err
	}
	return all[0].(scimsystem.Config), nil
}

func connect(t *testing.T, base, more string) connector.System {
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

// put writes the credential of a user.
func put(t *testing.T, dir, who, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, url.PathEscape(who)), []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestItConformsToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	conformance.Run(t, conformance.Dialect{
		Secret: secret, Looks: true,
		Connect: func(t *testing.T, base string) connector.System {
			dir := t.TempDir()
			put(t, dir, conformance.Reference, secret+"-of-the-access")
			return connect(t, base, "    timeout: 300ms\n    limit: 4096\n    inventory: organization eq {owner}\n    signed_in: "+lastSeen+"\n    probe: {resource: "+base+"/me, secret: \"file:"+dir+"/{reference}\"}\n")
		},
		List: func(w http.ResponseWriter, r *http.Request, accounts []string) {
			from, err := strconv.Atoi(r.URL.Query().Get("startIndex"))
			if err != nil || r.URL.Query().Get("filter") != `organization eq "`+conformance.Reference+`"` {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			page := []map[string]any{}
			for i := from - 1; i < min(from+2, len(accounts)); i++ {
				page = append(page, map[string]any{"id": "id of " + accounts[i], "userName": accounts[i], "active": true})
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"totalResults": len(accounts), "startIndex": from, "Resources": page})
		},
		Well: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/scim+json")
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, `{"totalResults":1,"Resources":[{"id":"u7","userName":"`+conformance.Reference+`","active":true,"displayName":"`+conformance.Person+`","`+extended+`":{"lastSignIn":"2026-11-27T08:00:00Z"}}]}`)
				return
			}
			_, _ = io.WriteString(w, `{"id":"u7","active":true,"displayName":"`+conformance.Person+`"}`)
		},
	})
}

func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	for more, want := range map[string]string{
		"    close: forget\n":                "7:12 system.word /systems/people/close",
		"    find_by: 'a b'\n":               "7:14 system.path /systems/people/find_by",
		"    leave_groups: false\n":          "7:19 system.want_true /systems/people/leave_groups",
		"    timeout: 5h\n":                  "7:14 system.range /systems/people/timeout",
		"    operations: {}\n":               "7:5 system.unknown_key /systems/people/operations",
		"    close: [deactivate]\n":          "7:12 system.want_text /systems/people/close",
		"    inventory: 'a eq b'\n":          "7:16 system.slot_once /systems/people/inventory",
		"    limit: 1GiB\n":                  "7:12 system.size /systems/people/limit",
		"    signed_in: last at\n":           "7:16 system.path /systems/people/signed_in",
		"    signed_in: meta.lastModified\n": "7:16 system.not_a_sign_in /systems/people/signed_in",
		"    probe: {resource: 'https://id.example/me', secret: 'file:/run/{reference}', scheme: digest, refused: [200, 404, 429]}\n": "7:89 system.word /systems/people/probe/scheme; 7:106 system.status /systems/people/probe/refused; 7:106 system.status /systems/people/probe/refused",
		"    probe: {resource: 'ftp://id.example/me', secret: hunter2}\n":                                                             "7:23 system.base_url /systems/people/probe/resource; 7:54 system.probe_file /systems/people/probe/secret",
		"    probe: {}\n":             "7:12 system.missing /systems/people/probe/resource; 7:12 system.missing /systems/people/probe/secret",
		"  mail:\n    kind: scim\n":   "7:3 system.name /systems/mail; 7:3 system.missing /systems/mail/base_url; 7:3 system.missing /systems/mail/token",
		"  other:\n    kind: scimm\n": "8:11 system.kind /systems/other/kind",
	} {
		_, err := load(t, "https://id.example/scim/v2", more)
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != want {
			t.Errorf("%q:\n got %s\nwant %s", more, got, want)
		}
	}
}

// peer is a provider of somebody else, and what stands in it.
type peer struct {
	t    *testing.T
	base string
}

// put makes a record and returns its id.
func (p peer) put(where string, record map[string]any) string {
	p.t.Helper()
	raw, err := json.Marshal(record)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.ask(http.MethodPost, where, raw, http.StatusCreated)["id"].(string)
}

func (p peer) ask(method, where string, body []byte, status int) map[string]any {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+where, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/scim+json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || res.StatusCode != status {
		p.t.Fatalf("%s %s: %d %v %v", method, where, res.StatusCode, out, err)
	}
	return out
}

func (p peer) user(name string) string {
	return p.put("/Users", map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": name, "active": true})
}

// signsUp makes a user with a password of their own.
func (p peer) signsUp(name, password string) string {
	return p.put("/Users", map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": name, "active": true, "password": password})
}

func (p peer) group(members ...string) string {
	list := make([]map[string]string, len(members))
	for i, m := range members {
		list[i] = map[string]string{"value": m}
	}
	return p.put("/Groups", map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": "team", "members": list})
}

func reads(t *testing.T, s connector.System, account string, found, open bool) {
	t.Helper()
	st, err := s.Access.ReadAccess(t.Context(), account)
	if err != nil || st.Found != found || st.Open != open || len(st.Answer) == 0 {
		t.Errorf("%s reads %+v, %v; want found %v, open %v", account, st, err, found, open)
	}
}

// A real provider of somebody else: users are deactivated, taken out of their
// groups and deleted, each read back, and asked for twice without harm.
func TestUsersOfARealProviderAreClosed(t *testing.T) {
	t.Parallel()
	p := peer{t, testkit.NodePeer(t, "scim.mjs", secret)}
	ctx := t.Context()
	ana, strange := p.user("ana@x.example"), `o'neill or active eq true@x.example`
	p.user("ana@x.example.org")
	p.user(strange)
	bea, cid := p.user("bea@x.example"), p.user("cid@x.example")
	p.user("twin")
	p.user("twin")

	soft := connect(t, p.base, "")
	if err := soft.Checker.Check(ctx); err != nil {
		t.Error(err)
	}
	for _, who := range []string{"ana@x.example", strange} {
		reads(t, soft, who, true, true)
		for range 2 {
			if _, err := soft.Access.RevokeAccess(ctx, connector.AccessInput{Account: who, Key: "k"}); err != nil {
				t.Fatal(err)
			}
			reads(t, soft, who, true, false)
		}
		for range 2 {
			if _, err := soft.Access.RestoreAccess(ctx, connector.AccessInput{Account: who, Key: "k"}); err != nil {
				t.Fatal(err)
			}
			reads(t, soft, who, true, true)
		}
	}
	reads(t, soft, "ana@x.example.org", true, true)
	reads(t, soft, "nobody", false, false)
	for _, who := range []string{`x" or userName pr or userName eq "x`, `ana@x.example" or active eq "`, `\" or userName pr`} {
		if st, err := soft.Access.ReadAccess(ctx, who); err == nil && st.Found {
			t.Errorf("%s is somebody: %+v", who, st)
		}
		if _, err := soft.Access.RevokeAccess(ctx, connector.AccessInput{Account: who}); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Error(err)
		}
	}
	reads(t, soft, "ana@x.example", true, true)
	if _, err := soft.Access.RestoreAccess(ctx, connector.AccessInput{Account: "nobody"}); fault.CodeOf(err) != "connector.unknown_reference" {
		t.Error(err)
	}
	if _, err := soft.Access.ReadAccess(ctx, "twin"); fault.CodeOf(err) != "connector.ambiguous" {
		t.Errorf("several of one name: %v", err)
	}

	// Groups let in too, and one that others are in stays theirs.
	one, two := p.group(bea, ana), p.group(bea)
	grouped := connect(t, p.base, "    leave_groups: true\n")
	for range 2 {
		if _, err := grouped.Access.RevokeAccess(ctx, connector.AccessInput{Account: "bea@x.example"}); err != nil {
			t.Fatal(err)
		}
		reads(t, grouped, "bea@x.example", true, false)
	}
	if got := fmt.Sprint(p.ask(http.MethodGet, "/Groups/"+one, nil, http.StatusOK)["members"]); !strings.Contains(got, ana) || strings.Contains(got, bea) {
		t.Errorf("the group of two holds %s", got)
	}
	if got := fmt.Sprint(p.ask(http.MethodGet, "/Groups/"+two, nil, http.StatusOK)["members"]); strings.Contains(got, bea) {
		t.Errorf("the group of one holds %s", got)
	}
	p.group(bea) // behind our back
	reads(t, grouped, "bea@x.example", true, true)

	hard := connect(t, p.base, "    close: delete\n    find_by: id\n")
	for range 2 {
		if _, err := hard.Access.RevokeAccess(ctx, connector.AccessInput{Account: cid}); err != nil {
			t.Fatal(err)
		}
		reads(t, hard, cid, false, false)
	}
	if _, err := hard.Access.RestoreAccess(ctx, connector.AccessInput{Account: cid}); fault.CodeOf(err) != "connector.cannot_resume" {
		t.Error(err)
	}
}

// Every user of a customer is listed, whatever its name holds.
func TestTheUsersOfACustomerAreListed(t *testing.T) {
	t.Parallel()
	p := peer{t, testkit.NodePeer(t, "scim.mjs", secret)}
	ctx := t.Context()
	for n := range 130 {
		p.put("/Users", map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": fmt.Sprintf("u%d@acme.example", n), "title": "acme (north) or title pr", "active": n != 7})
	}
	p.user("ana@x.example")
	s := connect(t, p.base, "    inventory: title eq {owner}\n")
	list, err := s.Lister.ListAccesses(ctx, "acme (north) or title pr")
	seen := map[string]bool{}
	for _, a := range list {
		if seen[a.Account] = true; a.Open == (a.Account == "u7@acme.example") || a.Kind != "login" {
			t.Errorf("%+v", a)
		}
	}
	if err != nil || len(seen) != 130 || len(list) != 130 {
		t.Errorf("%d users of %d names, %v", len(list), len(seen), err)
	}
	for _, who := range []string{"acme", `x" or userName pr or title eq "x`} {
		// The provider does not understand a quote within a text, and refuses it.
		if list, err := s.Lister.ListAccesses(ctx, who); len(list) != 0 || err != nil && fault.CodeOf(err) != "connector.refused" {
			t.Errorf("%s has %v %v", who, list, err)
		}
	}
	by := connect(t, p.base, "    inventory: userName eq {owner}\n    find_by: id\n    leave_groups: true\n")
	if list, err := by.Lister.ListAccesses(ctx, "ana@x.example"); err != nil || len(list) != 1 || list[0].Account == "ana@x.example" || !list[0].Open {
		t.Errorf("%v %v", list, err)
	}
	if connect(t, p.base, "").Lister != nil {
		t.Error("it cannot say whose they are, and says that it can")
	}
}

// Users are tried with a credential of their own at what they use: they get in,
// are deactivated or deleted, and are refused; others still get in.
func TestUsersOfARealProviderAreTried(t *testing.T) {
	t.Parallel()
	p := peer{t, testkit.NodePeer(t, "scim.mjs", secret)}
	ctx, dir := t.Context(), t.TempDir()
	for _, who := range []string{"ana@x.example", "bea@x.example", "cid@x.example", "eva:x"} {
		p.signsUp(who, "pass of "+who)
		put(t, dir, who, "pass of "+who)
	}
	put(t, dir, "nobody", "x")
	probe := "    probe: {resource: " + strings.TrimSuffix(p.base, "/scim") + "/me, secret: \"file:" + dir + "/{reference}\""
	s, hard := connect(t, p.base, probe+"}\n"), connect(t, p.base, "    close: delete\n"+probe+"}\n")
	tried := func(who string, in bool) {
		t.Helper()
		got, err := s.Prober.ProbeAccess(ctx, who)
		if want := map[bool]string{true: "200", false: "401"}[in]; err != nil || got.In != in || got.Status != want || !got.At.Equal(noon) || got.SHA256 == "" {
			t.Errorf("%s was tried: %+v, %v; want in %v", who, got, err, in)
		}
	}
	tried("nobody", false)
	for who, by := range map[string]connector.System{"ana@x.example": s, "bea@x.example": hard} {
		tried(who, true)
		if _, err := by.Access.RevokeAccess(ctx, connector.AccessInput{Account: who, Key: "k"}); err != nil {
			t.Fatal(err)
		}
		tried(who, false)
	}
	tried("cid@x.example", true)
	if _, err := s.Access.RestoreAccess(ctx, connector.AccessInput{Account: "ana@x.example", Key: "k"}); err != nil {
		t.Fatal(err)
	}
	tried("ana@x.example", true)
	for who, want := range map[string]string{"eva:x": "connector.bad_reference", "..": "connector.bad_reference", "dan@x.example": "connector.no_credential"} {
		if _, err := s.Prober.ProbeAccess(ctx, who); fault.CodeOf(err) != want {
			t.Errorf("%s: %v", who, err)
		}
	}
	// What is there and says something else proves nothing.
	if _, err := connect(t, p.base, strings.Replace(probe, "/me", "/elsewhere", 1)+"}\n").Prober.ProbeAccess(ctx, "cid@x.example"); fault.CodeOf(err) != "connector.probe_unclear" {
		t.Error(err)
	}
	// A token in place of a password, and a refusal of another kind.
	var shown string
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = r.Header.Get("Authorization")
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(far.Close)
	bearer := connect(t, p.base, "    probe: {resource: "+far.URL+", secret: \"file:"+dir+"/{reference}\", scheme: bearer, refused: [401, 403]}\n")
	if got, err := bearer.Prober.ProbeAccess(ctx, "cid@x.example"); err != nil || got.In || got.Status != "403" || shown != "Bearer pass of cid@x.example" {
		t.Errorf("%+v %v, shown %q", got, err, shown)
	}
}

// A real provider keeps when its users signed in in a schema of its own.
func TestARealProviderSaysWhenAUserSignedIn(t *testing.T) {
	t.Parallel()
	p := peer{t, testkit.NodePeer(t, "scim.mjs", secret)}
	ctx, dir := t.Context(), t.TempDir()
	for _, who := range []string{"ana@x.example", "bea@x.example"} {
		p.signsUp(who, "pass of "+who)
		put(t, dir, who, "pass of "+who)
	}
	s := connect(t, p.base, "    signed_in: "+lastSeen+"\n    probe: {resource: "+strings.TrimSuffix(p.base, "/scim")+"/me, secret: \"file:"+dir+"/{reference}\"}\n")
	last := func(who string) time.Time {
		t.Helper()
		at, err := s.SignIns.LastSignIn(ctx, who)
		if err != nil {
			t.Errorf("%s: %v", who, err)
		}
		return at
	}
	if err := s.Checker.Check(ctx); fault.CodeOf(err) != connector.SignInsUnclear {
		t.Errorf("nobody signed in yet: %v", err)
	}
	before := when.Machine{}.Wall().Add(-time.Second)
	if got, err := s.Prober.ProbeAccess(ctx, "ana@x.example"); err != nil || !got.In {
		t.Fatal(got, err)
	}
	first := last("ana@x.example")
	if first.Before(before) || first.After(when.Machine{}.Wall().Add(time.Second)) {
		t.Errorf("ana signed in now, and it says %v", first)
	}
	if err := s.Checker.Check(ctx); err != nil {
		t.Errorf("it shows when ana signed in: %v", err)
	}
	if _, err := s.Access.RevokeAccess(ctx, connector.AccessInput{Account: "ana@x.example", Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Prober.ProbeAccess(ctx, "ana@x.example"); err != nil || got.In {
		t.Fatal(got, err)
	}
	if at := last("ana@x.example"); !at.Equal(first) {
		t.Errorf("ana was closed and refused, and the last time is %v, not %v", at, first)
	}
	for _, who := range []string{"bea@x.example", "nobody"} {
		if at := last(who); !at.IsZero() {
			t.Errorf("%s never signed in, and did at %v", who, at)
		}
	}
	if connect(t, p.base, "").SignIns != nil {
		t.Error("it does not say, and says that it does")
	}
}

// What a provider writes at the declared attribute is an instant or not understood,
// and the name of a schema is compared without regard to case.
func TestWhatIsNoInstantIsNoSignIn(t *testing.T) {
	t.Parallel()
	record := ""
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"totalResults":1,"Resources":[{"id":"u1","userName":"ada",`+record+`}]}`)
	}))
	t.Cleanup(far.Close)
	for _, c := range []struct{ attribute, record, want string }{
		{lastSeen, `"` + strings.ToUpper(extended) + `":{"LASTSIGNIN":"2026-11-27T09:00:00+01:00"}`, "2026-11-27T08:00:00Z"},
		{"lastLogin", `"lastLogin":"2026-11-27T08:00:00.5Z"`, "2026-11-27T08:00:00.5Z"},
		{"activity.last", `"activity":{"last":"2026-11-27T08:00:00Z"}`, "2026-11-27T08:00:00Z"},
		{lastSeen, `"active":true`, "0001-01-01T00:00:00Z"},
		{lastSeen, `"` + extended + `":{"lastSignIn":null}`, "0001-01-01T00:00:00Z"},
		{lastSeen, `"` + extended + `":{"lastSignIn":"yesterday"}`, "connector.unreadable"},
		{lastSeen, `"` + extended + `":{"lastSignIn":"2026-11-27T08:00:00"}`, "connector.unreadable"},
	} {
		record = c.record
		at, err := connect(t, far.URL, "    signed_in: "+c.attribute+"\n").SignIns.LastSignIn(t.Context(), "ada")
		got := at.Format(time.RFC3339Nano)
		if err != nil {
			got = fault.CodeOf(err)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.record, got, c.want)
		}
	}
}

func TestAProviderThatDoesNotKnowUsIsFoundByItsCheck(t *testing.T) {
	t.Parallel()
	s := connect(t, testkit.NodePeer(t, "scim.mjs", "another"), "")
	if err := s.Checker.Check(t.Context()); fault.CodeOf(err) != "connector.credential" {
		t.Error(err)
	}
}

func TestUndoingIsWhatTheDeclarationAllows(t *testing.T) {
	t.Parallel()
	for more, want := range map[string]connector.UndoClass{
		"": connector.Restorable, "    leave_groups: true\n": connector.Final, "    close: delete\n": connector.Final,
	} {
		cfg, err := load(t, "https://id.example", more)
		if err != nil || cfg.Info().Undo != want || cfg.Info().Kind != "scim" {
			t.Errorf("%q: %+v %v", more, cfg.Info(), err)
		}
		if can, _ := cfg.Can(); fmt.Sprint(can) != "[access]" {
			t.Error(can)
		}
	}
}

// A provider that passes over the filter lists somebody else, and nobody is closed.
func TestNobodyButTheOneWhoWasAskedForIsClosed(t *testing.T) {
	t.Parallel()
	var changed int
	record := `{"id":"u1","userName":"somebody@else.example","active":true}`
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			changed++
		}
		_, _ = io.WriteString(w, `{"totalResults":1,"Resources":[`+record+`]}`)
	}))
	t.Cleanup(far.Close)
	s := connect(t, far.URL, "")
	for _, c := range []struct{ record, want string }{
		{record, "connector.other_listed"},
		{`{"id":"u1","active":true}`, "connector.right_missing"},
	} {
		record = c.record
		_, err := s.Access.ReadAccess(t.Context(), "ada@x.example")
		_, wrong := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: "ada@x.example", Key: "k"})
		if fault.CodeOf(err) != c.want || fault.CodeOf(wrong) != c.want || changed != 0 {
			t.Errorf("%s: %v, %v, %d changes", c.record, err, wrong, changed)
		}
	}
	record = `{"id":"u1","USERNAME":"Ada@X.example","active":true}`
	if st, err := s.Access.ReadAccess(t.Context(), "ada@x.example"); err != nil || !st.Open {
		t.Errorf("in other letters: %+v %v", st, err)
	}
	byMail := connect(t, far.URL, "    find_by: emails.value\n")
	record = `{"id":"u1","emails":[{"value":"work@x.example"},{"value":"ada@x.example"}],"active":true}`
	if st, err := byMail.Access.ReadAccess(t.Context(), "ada@x.example"); err != nil || !st.Open {
		t.Errorf("by another of their addresses: %+v %v", st, err)
	}
}

// A token that may look and not change is found out before anybody leaves.
func TestACheckNamesTheRightToChangeThatIsMissing(t *testing.T) {
	t.Parallel()
	status, asked := 0, ""
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"totalResults":0}`)
			return
		}
		asked = r.Method + " " + r.URL.Path
		w.WriteHeader(status)
	}))
	t.Cleanup(far.Close)
	for _, c := range []struct {
		more   string
		status int
		want   string
	}{
		{"", 404, ""},
		{"", 204, ""},
		{"", 403, "PATCH /Users"},
		{"    close: delete\n", 403, "DELETE /Users"},
	} {
		status = c.status
		err := connect(t, far.URL, c.more).Checker.Check(t.Context())
		var f *fault.Error
		right := ""
		if errors.As(err, &f) && f.Code == "connector.right_missing" {
			right = fmt.Sprint(f.Args[3])
		}
		if right != c.want || (err == nil) != (c.want == "") || !strings.HasSuffix(asked, "/Users/hasta-luego-check-0") {
			t.Errorf("%+v: %v, asked %s", c, err, asked)
		}
	}
}
