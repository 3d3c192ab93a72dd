package iamsystem_test

import (
	"bytes"
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
	"hastaluego/internal/connector/iamsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/conformance"
	"hastaluego/internal/when"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// clock has business time of its own, and the machine's real time, moved: IAM
// refuses what is signed at another.
type clock struct {
	*when.Manual
	off time.Duration
}

func (c clock) Wall() time.Time { return when.Machine{}.Wall().Add(c.off) }

func put(t *testing.T, dir, name, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, url.PathEscape(name)), []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, base, dir, key, more string, off time.Duration) connector.System {
	t.Helper()
	all, err := declaration.Load("systems.yaml", []byte("systems:\n  keys:\n    kind: iam\n    base_url: "+base+"\n    access_key: "+key+
		"\n    secret_key: file:"+dir+"/ours\n    allow: [127.0.0.1/32]\n"+more), iamsystem.Kind())
	if err != nil {
		t.Fatal(err)
	}
	s, err := all[0].Open(clock{when.NewManual(noon), off}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector()
}

const theirKey = "AKIA0000000000000001"

func TestItConformsToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-of-ours"
	dir := t.TempDir()
	named := func(name string) string { return name + "/" + theirKey }
	put(t, dir, "ours", secret)
	put(t, dir, named(conformance.Reference), "their-secret")
	say := func(w http.ResponseWriter, action, result string) {
		_, _ = fmt.Fprintf(w, `<?xml version="1.0"?><%[1]sResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>%[3]s</RequestId></ResponseMetadata></%[1]sResponse>`, action, result, conformance.Person)
	}
	none := func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>`+conformance.Person+`</Message></Error></ErrorResponse>`)
	}
	// A key of a third word lets in, and both acts have something to write.
	well := func(w http.ResponseWriter, r *http.Request) {
		switch action := r.URL.Query().Get("Action"); {
		case r.Method == http.MethodPost:
			say(w, "UpdateAccessKey", "")
		case strings.HasPrefix(r.URL.Query().Get("UserName"), "hasta-luego"):
			none(w)
		case action == "ListUsers":
			say(w, action, "<Users><member><Path>/of/8842/</Path><UserName>8842</UserName></member></Users><IsTruncated>false</IsTruncated>")
		case action == "ListAccessKeys":
			say(w, action, "<AccessKeyMetadata><member><UserName>"+conformance.Person+"</UserName><AccessKeyId>"+theirKey+"</AccessKeyId><Status>Expired</Status></member>"+
				"<member><AccessKeyId>AKIA0000000000000002</AccessKeyId><Status>Inactive</Status></member></AccessKeyMetadata><IsTruncated>false</IsTruncated>")
		default:
			say(w, action, "<Arn>"+conformance.Person+"</Arn>")
		}
	}
	conformance.Run(t, conformance.Dialect{
		Secret: secret, Looks: true, Well: well, Named: named,
		Connect: func(t *testing.T, base string) connector.System {
			return connect(t, base, dir, "OURS", "    inventory: /of/{owner}/*\n    probe: {secret: \"file:"+dir+"/{reference}\", url: "+base+"}\n    timeout: 300ms\n    limit: 4096\n", 0)
		},
		List: func(w http.ResponseWriter, r *http.Request, accounts []string) {
			if r.URL.Query().Get("Action") == "ListAccessKeys" {
				for _, a := range accounts {
					if a == r.URL.Query().Get("UserName") {
						say(w, "ListAccessKeys", "<AccessKeyMetadata><member><AccessKeyId>"+theirKey+"</AccessKeyId><Status>Active</Status></member></AccessKeyMetadata>")
						return
					}
				}
				none(w)
				return
			}
			from := 0
			_, _ = fmt.Sscan(r.URL.Query().Get("Marker"), &from)
			var b strings.Builder
			from = min(from, len(accounts))
			to := min(from+3, len(accounts))
			for _, a := range accounts[from:to] {
				b.WriteString("<member><Path>/of/8842/</Path><UserName>" + a + "</UserName></member>")
			}
			more := fmt.Sprintf("<IsTruncated>%t</IsTruncated><Marker>%d</Marker>", to < len(accounts), to)
			say(w, "ListUsers", "<Users>"+b.String()+"</Users>"+more)
		},
	})
}

// account is one of somebody else's servers, with the users ana and bea of the
// customer 7, who have a key each, and cid of another one.
type account struct {
	t *testing.T
	testkit.Keys
	dir  string
	keys map[string]string // USER/KEY by user
}

func start(t *testing.T) *account {
	t.Helper()
	a := &account{t, testkit.StartKeys(t), t.TempDir(), map[string]string{}}
	put(t, a.dir, "ours", testkit.StoreSecret)
	for user, path := range map[string]string{"ana": "/customers/7/", "bea": "/customers/7/", "cid": "/customers/71/"} {
		a.Do(t, "CreateUser", "UserName", user, "Path", path)
		a.issue(user)
	}
	return a
}

func (a *account) issue(user string) (id, secret string) {
	a.t.Helper()
	id, secret = a.NewKey(a.t, user)
	a.keys[user] = user + "/" + id
	put(a.t, a.dir, a.keys[user], secret)
	return id, secret
}

func (a *account) connect(more string) connector.System {
	a.t.Helper()
	return connect(a.t, a.Base, a.dir, testkit.StoreKey, more+"    inventory: /customers/{owner}/*\n    probe: {secret: \"file:"+a.dir+"/{reference}\", url: "+a.Base+"}\n", 0)
}

// is asks both ways whether a key lets in.
func (a *account) is(s connector.System, key string, found, open bool) {
	a.t.Helper()
	st, err := s.Access.ReadAccess(a.t.Context(), key)
	if err != nil || st.Found != found || st.Open != open || len(st.Answer) == 0 || bytes.Contains(st.Answer, []byte("ana")) {
		a.t.Errorf("%s reads %+v %s, %v; want found %v, open %v", key, st, st.Answer, err, found, open)
	}
	p, err := s.Prober.ProbeAccess(a.t.Context(), key)
	if err != nil || p.In != open || !p.In && p.Status != "403 InvalidClientTokenId" || !p.At.Equal(noon) {
		a.t.Errorf("%s was tried: %+v, %v; want in %v", key, p, err, open)
	}
}

func twice(t *testing.T, do func() (connector.Receipt, error)) {
	t.Helper()
	for range 2 {
		if r, err := do(); err != nil || len(r.Answer) == 0 {
			t.Fatalf("%s %v", r.Answer, err)
		}
	}
}

// A real server of somebody else: a key got in, is made inactive, reads so and gets
// in no more, and does again when that is taken back. Other keys stay as they are.
func TestAKeyThatIsMadeInactiveLetsNobodyIn(t *testing.T) {
	t.Parallel()
	a := start(t)
	s, ctx := a.connect(""), t.Context()
	if err := s.Checker.Check(ctx); err != nil {
		t.Fatal(err)
	}
	ana := connector.AccessInput{Account: a.keys["ana"], Key: "k"}
	for range 2 {
		a.is(s, ana.Account, true, true)
		twice(t, func() (connector.Receipt, error) { return s.Access.RevokeAccess(ctx, ana) })
		a.is(s, ana.Account, true, false)
		a.is(s, a.keys["bea"], true, true)
		list, err := s.Lister.ListAccesses(ctx, "7")
		want := "[{" + ana.Account + " api_key ana false Inactive} {" + a.keys["bea"] + " api_key bea true Active}]"
		if err != nil || fmt.Sprint(list) != want {
			t.Errorf("%v %v, want %s", list, err, want)
		}
		twice(t, func() (connector.Receipt, error) { return s.Access.RestoreAccess(ctx, ana) })
	}
	a.is(s, ana.Account, true, true)
	at, err := s.SignIns.LastSignIn(ctx, ana.Account)
	if ago := (when.Machine{}).Wall().Sub(at); err != nil || ago < 0 || ago > time.Hour {
		t.Errorf("it was used at %v, %v", at, err)
	}
	a.issue("bea")
	if at, err := s.SignIns.LastSignIn(ctx, a.keys["bea"]); err != nil || !at.IsZero() {
		t.Errorf("a new key was used at %v, %v", at, err)
	}
	for _, who := range []string{"", "ana", "ana/short", "ana/" + theirKey + "/x", "a*/" + theirKey, "a\nb/" + theirKey} {
		if _, err := s.Access.RevokeAccess(ctx, connector.AccessInput{Account: who}); fault.CodeOf(err) != "connector.bad_reference" {
			t.Errorf("%q: %v", who, err)
		}
	}
	for _, who := range []string{"ana/" + theirKey, "nobody/" + theirKey} { // it is closed, and does not come back
		twice(t, func() (connector.Receipt, error) {
			return s.Access.RevokeAccess(ctx, connector.AccessInput{Account: who})
		})
		if st, err := s.Access.ReadAccess(ctx, who); err != nil || st.Found || st.Open {
			t.Errorf("%s reads %+v, %v", who, st, err)
		}
		if _, err := s.Access.RestoreAccess(ctx, connector.AccessInput{Account: who}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", who, err)
		}
	}
	for _, owner := range []string{"7/x", "", "."} {
		if _, err := s.Lister.ListAccesses(ctx, owner); fault.CodeOf(err) != "connector.bad_reference" {
			t.Errorf("%q: %v", owner, err)
		}
	}
	if list, err := s.Lister.ListAccesses(ctx, "*"); err != nil || len(list) > 0 {
		t.Errorf("a star is a name like any other: %v %v", list, err)
	}
}

func TestAKeyThatIsDeletedIsGone(t *testing.T) {
	t.Parallel()
	a := start(t)
	s, ctx := a.connect("    close: delete\n"), t.Context()
	if err := s.Checker.Check(ctx); err != nil {
		t.Fatal(err)
	}
	ana := connector.AccessInput{Account: a.keys["ana"]}
	a.is(s, ana.Account, true, true)
	twice(t, func() (connector.Receipt, error) { return s.Access.RevokeAccess(ctx, ana) })
	a.is(s, ana.Account, false, false)
	if at, err := s.SignIns.LastSignIn(ctx, ana.Account); err != nil || !at.IsZero() {
		t.Errorf("%v %v", at, err)
	}
	if _, err := s.Access.RestoreAccess(ctx, ana); fault.CodeOf(err) != "connector.cannot_resume" {
		t.Error(err)
	}
	// Whoever has another key is asked about that one.
	old := a.keys["bea"]
	a.issue("bea")
	twice(t, func() (connector.Receipt, error) {
		return s.Access.RevokeAccess(ctx, connector.AccessInput{Account: old})
	})
	a.is(s, old, false, false)
	a.is(s, a.keys["bea"], true, true)
	put(t, a.dir, a.keys["bea"], "another secret")
	if _, err := s.Prober.ProbeAccess(ctx, a.keys["bea"]); fault.CodeOf(err) != "connector.probe_unclear" {
		t.Errorf("another secret proves nothing: %v", err)
	}
	if _, err := s.Prober.ProbeAccess(ctx, "nobody/"+theirKey); fault.CodeOf(err) != "connector.no_credential" {
		t.Error(err)
	}
}

func TestTheCheckNamesTheRightThatIsMissing(t *testing.T) {
	t.Parallel()
	a := start(t)
	id, secret := a.issue("bea")
	// ours connects as bea, who may do what is named.
	ours := func(secret string, off time.Duration, may ...string) connector.System {
		put(t, a.dir, "ours", secret)
		a.Do(t, "PutUserPolicy", "UserName", "bea", "PolicyName", "may", "PolicyDocument",
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:`+strings.Join(may, `","iam:`)+`"],"Resource":"*"}]}`)
		return connect(t, a.Base, a.dir, id, "    inventory: /customers/{owner}/*\n", off)
	}
	for _, c := range []struct {
		want, secret string
		off          time.Duration
		may          []string
	}{
		{"", secret, 0, []string{"ListAccessKeys", "UpdateAccessKey", "GetAccessKeyLastUsed", "ListUsers"}},
		{"connector.right_missing iam:ListAccessKeys", secret, 0, []string{"UpdateAccessKey"}},
		{"connector.right_missing iam:UpdateAccessKey", secret, 0, []string{"ListAccessKeys", "DeleteAccessKey"}},
		{"connector.right_missing iam:GetAccessKeyLastUsed", secret, 0, []string{"ListAccessKeys", "UpdateAccessKey"}},
		{"connector.right_missing iam:ListUsers", secret, 0, []string{"ListAccessKeys", "UpdateAccessKey", "GetAccessKeyLastUsed"}},
		{"connector.credential", "wrong", 0, []string{"*"}},
		{"connector.clock", secret, time.Hour, []string{"*"}},
		{"connector.clock", secret, -time.Hour, []string{"*"}},
	} {
		err := ours(c.secret, c.off, c.may...).Checker.Check(t.Context())
		got := ""
		if f, ok := err.(*fault.Error); ok {
			if got = f.Code; len(f.Args) == 4 && f.Args[2] == "right" {
				got += fmt.Sprint(" ", f.Args[3])
			}
		}
		if got != c.want || got == "" && err != nil {
			t.Errorf("%v: %v, want %q", c.may, err, c.want)
		}
	}
	s := ours(secret, 0, "*")
	if _, err := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: "bea/" + id}); fault.CodeOf(err) != "connector.own_access" {
		t.Errorf("we closed our own door: %v", err)
	}
}

// What restoring sends, and what IAM says that is neither success nor a plain
// refusal.
func TestWhatIAMSaysIsTakenForWhatItMeans(t *testing.T) {
	t.Parallel()
	const list = `<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata><member><AccessKeyId>` + theirKey + `</AccessKeyId><Status>%s</Status></member></AccessKeyMetadata></ListAccessKeysResult></ListAccessKeysResponse>`
	for _, c := range []struct {
		stands, answer string
		status         int
		want           string
	}{
		{"Active", "<UpdateAccessKeyResponse/>", 200, ""},
		{"Inactive", "", 500, ""}, // it is not asked
		{"Expired", "<UpdateAccessKeyResponse/>", 200, ""},
		{"", "", 200, "connector.unreadable"},
		{"Active", "<html/>", 200, "connector.uncertain"},
		{"Active", "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", 400, "connector.busy"},
		{"Active", "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: 1 is now earlier than 2</Message></Error></ErrorResponse>", 403, "connector.clock"},
		{"Active", "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated…</Message></Error></ErrorResponse>", 403, "connector.credential"},
		{"Active", "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", 403, "connector.no_right"},
		{"Active", "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>", 404, "connector.unknown_reference"},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = fmt.Fprintf(w, list, c.stands)
				return
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.answer)
		}))
		dir := t.TempDir()
		put(t, dir, "ours", "x")
		s := connect(t, srv.URL, dir, "OURS", "", 0)
		if _, err := s.Access.RevokeAccess(t.Context(), connector.AccessInput{Account: "ana/" + theirKey}); (err == nil) != (c.want == "") || err != nil && fault.CodeOf(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
		srv.Close()
	}
}
