package s3system_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/s3system"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/conformance"
	"hastaluego/internal/when"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// clock has business time of its own, and the machine's real time: a store
// refuses what is signed at another.
type clock struct {
	*when.Manual
	off time.Duration
}

func (c clock) Wall() time.Time { return when.Machine{}.Wall().Add(c.off) }

// put writes a secret and returns the reference to its folder.
func put(t *testing.T, dir, name, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, url.PathEscape(name)), []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, base, dir, key, more string) connector.System {
	t.Helper()
	return connectAt(t, base, dir, key, more, 0)
}

// connectAt connects with a clock that is that far off.
func connectAt(t *testing.T, base, dir, key, more string, off time.Duration) connector.System {
	t.Helper()
	all, err := declaration.Load("systems.yaml", []byte("systems:\n  files:\n    kind: s3\n    base_url: "+base+"\n    access_key: "+key+
		"\n    secret_key: file:"+dir+"/ours\n    allow: [127.0.0.1/32]\n"+more), s3system.Kind())
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

func TestItConformsToTheSuiteOfConnectors(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-of-ours"
	dir := t.TempDir()
	put(t, dir, "ours", secret)
	put(t, dir, conformance.Reference, "THEIRS:their-secret")
	// Our own statement is there, and somebody bound it to a condition: it closes
	// nothing, both acts have something to write, and other names stay.
	well := func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut && r.URL.Query().Has("uploadId"):
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "<Error><Code>NoSuchUpload</Code><Message>"+conformance.Person+"</Message></Error>")
		case r.Method != http.MethodGet && r.ContentLength == int64(len("hasta-luego-check")):
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "<Error><Code>MalformedPolicy</Code><Message>"+conformance.Person+"</Message></Error>")
		case r.Method != http.MethodGet:
			w.WriteHeader(http.StatusNoContent)
		case r.URL.Query().Has("list-type"):
			_, _ = io.WriteString(w, "<ListBucketResult><Contents><Key>"+conformance.Person+"</Key></Contents></ListBucketResult>")
		default:
			_, _ = io.WriteString(w, `{"Version":"2012-10-17","Id":"`+conformance.Person+`","Statement":[
				{"Effect":"Allow","Principal":{"AWS":["of/8842/8842","of/8842/other"]},"Action":"s3:*","Resource":"*"},
				{"Sid":"HastaLuego","Effect":"Deny","Principal":{"AWS":"of/8842/8842"},"Action":"s3:*","Resource":["arn:aws:s3:::acme","arn:aws:s3:::acme/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},
				{"Sid":"HastaLuegoReadOnly","Effect":"Deny","Principal":{"AWS":"of/8842/8842"},"Action":"s3:Put*","Resource":["arn:aws:s3:::acme","arn:aws:s3:::acme/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`)
		}
	}
	conformance.Run(t, conformance.Dialect{
		Secret: secret, Looks: true, Bare: true, Well: well,
		Connect: func(t *testing.T, base string) connector.System {
			return connect(t, base, dir, "OURS", "    bucket: acme\n    principal: of/8842/{reference}\n    inventory: of/{owner}/*\n    read_only: true\n    probe: {key: \"file:"+dir+"/{reference}\", write: box}\n    timeout: 300ms\n    limit: 4096\n")
		},
		List: func(w http.ResponseWriter, _ *http.Request, accounts []string) {
			who := make([]string, len(accounts))
			for i, a := range accounts {
				who[i] = "of/8842/" + a
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"Statement": map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": who}, "Action": "*", "Resource": "*"}})
		},
	})
}

// store is a server of somebody else with the buckets acme and empty, and the
// users ana, bea and cid.
type store struct {
	t *testing.T
	testkit.Store
	dir string
}

func start(t *testing.T) *store {
	t.Helper()
	s := &store{t, testkit.StartStore(t), t.TempDir()}
	put(t, s.dir, "ours", testkit.StoreSecret)
	for _, who := range []string{"ana", "bea", "cid"} {
		s.Admin(t, "create-user", "--access", who, "--secret", who+"-secret", "--role", "user")
		put(t, s.dir, who, who+":"+who+"-secret")
	}
	for _, path := range []string{"/acme", "/empty", "/acme/a%C3%B1o/hola%20%281%29%2B.txt"} {
		s.ask(http.MethodPut, path, "", 200)
	}
	s.policy(`{"Sid":"Others","Effect":"Allow","Principal":{"AWS":["ana","bea"]},"Action":"s3:*","Resource":["arn:aws:s3:::acme","arn:aws:s3:::acme/*"]}`,
		`{"Sid":"Alone","Effect":"Allow","Principal":"ana","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme/año/*"}`,
		`{"Sid":"Insecure","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::acme"}`)
	return s
}

// ask asks as the administrator.
func (s *store) ask(method, path, body string, want int) string {
	s.t.Helper()
	status, got, err := s.Ask(s.t.Context(), method, path, body)
	if err != nil || status != want {
		s.t.Fatalf("%s %s: %d %s %v", method, path, status, got, err)
	}
	return got
}

func (s *store) policy(statements ...string) {
	s.t.Helper()
	s.ask(http.MethodPut, "/acme?policy=", `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`, 204)
}

func (s *store) connect(more string) connector.System {
	s.t.Helper()
	return connect(s.t, s.Base, s.dir, testkit.StoreKey, more)
}

func (s *store) tried(object string) string {
	return "    probe: {key: \"file:" + s.dir + "/{reference}\"" + object + "}\n"
}

func (s *store) is(sys connector.System, account string, found, open bool) {
	s.t.Helper()
	st, err := sys.Access.ReadAccess(s.t.Context(), account)
	if err != nil || st.Found != found || st.Open != open || len(st.Answer) == 0 || bytes.Contains(st.Answer, []byte("ana")) {
		s.t.Errorf("%s reads %+v %s, %v; want found %v, open %v", account, st, st.Answer, err, found, open)
	}
}

func (s *store) lets(sys connector.System, account string, in bool) {
	s.t.Helper()
	p, err := sys.Prober.ProbeAccess(s.t.Context(), account)
	if err != nil || p.In != in || !in && p.Status != "403 AccessDenied" || !p.At.Equal(noon) {
		s.t.Errorf("%s was tried: %+v, %v; want in %v", account, p, err, in)
	}
}

func act(t *testing.T, do func() (connector.Receipt, error)) {
	t.Helper()
	for range 2 {
		if r, err := do(); err != nil || len(r.Answer) == 0 {
			t.Fatalf("%s %v", r.Answer, err)
		}
	}
}

// A real store of somebody else: whoever is denied could enter and cannot any
// more, and can again when it is taken back; nothing of others' changes.
func TestWhoeverIsDeniedCannotEnterTheBucket(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := t.Context()
	sys := s.connect("    bucket: acme\n    inventory: \"{owner}*\"\n" + s.tried(""))
	one := s.connect("    bucket: acme\n" + s.tried(`, object: "año/hola (1)+.txt"`))
	if err := sys.Checker.Check(ctx); err != nil {
		t.Fatal(err)
	}
	before := s.ask(http.MethodGet, "/acme?policy=", "", 200)
	ana := connector.AccessInput{Account: "ana", Key: "k"}
	for range 2 {
		s.is(sys, "ana", true, true)
		s.lets(sys, "ana", true)
		s.lets(one, "ana", true)
		act(t, func() (connector.Receipt, error) { return sys.Access.RevokeAccess(ctx, ana) })
		s.is(sys, "ana", true, false)
		s.is(sys, "bea", true, true)
		s.lets(sys, "ana", false)
		s.lets(one, "ana", false)
		s.lets(sys, "bea", true)
		list, err := sys.Lister.ListAccesses(ctx, "ana")
		if err != nil || fmt.Sprint(list) != "[{ana login  false denied}]" {
			t.Errorf("%v %v", list, err)
		}
		act(t, func() (connector.Receipt, error) { return sys.Access.RestoreAccess(ctx, ana) })
		if got := s.ask(http.MethodGet, "/acme?policy=", "", 200); got != before && !sameJSON(t, got, before) {
			t.Errorf("what others wrote is changed:\n%s\n%s", got, before)
		}
	}
	// Acts at once do not undo each other.
	var all sync.WaitGroup
	for _, who := range []string{"ana", "bea", "cid"} {
		all.Go(func() {
			if _, err := sys.Access.RevokeAccess(ctx, connector.AccessInput{Account: who}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, who := range []string{"ana", "bea", "cid"} {
		s.is(sys, who, true, false)
		s.lets(sys, who, false)
	}
	// A bucket without a policy gets one, and loses it again.
	empty := s.connect("    bucket: empty\n")
	act(t, func() (connector.Receipt, error) { return empty.Access.RevokeAccess(ctx, ana) })
	s.is(empty, "ana", true, false)
	act(t, func() (connector.Receipt, error) { return empty.Access.RestoreAccess(ctx, ana) })
	s.ask(http.MethodGet, "/empty?policy=", "", 404)
	s.is(empty, "ana", true, true)

	for _, who := range []string{"*", "an*", "a?a", "", "a\nb"} {
		if _, err := sys.Access.RevokeAccess(ctx, connector.AccessInput{Account: who}); fault.CodeOf(err) != "connector.bad_reference" {
			t.Errorf("%q would be all: %v", who, err)
		}
	}
	if _, err := sys.Access.RevokeAccess(ctx, connector.AccessInput{Account: testkit.StoreKey}); fault.CodeOf(err) != "connector.own_access" {
		t.Errorf("we closed our own door: %v", err)
	}
	if _, err := sys.Access.RevokeAccess(ctx, connector.AccessInput{Account: "nobody"}); fault.CodeOf(err) != "connector.refused" {
		t.Errorf("the store knows no such user: %v", err)
	}
	if empty.Prober != nil || empty.Lister != nil {
		t.Error("it says that it can do what is not declared")
	}
}

// A real store of somebody else: whoever is left to read can list and fetch, and put
// and delete nothing; nothing of others' changes.
func TestWhoeverIsLeftToReadCanFetchAndChangeNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := t.Context()
	sys := s.connect("    bucket: acme\n    read_only: true\n" + s.tried(`, write: "año/nuevo.txt"`))
	before := s.ask(http.MethodGet, "/acme?policy=", "", 200)
	ana := connector.AccessInput{Account: "ana", Key: "k"}
	is := func(readOnly bool, status string) {
		t.Helper()
		r, err := sys.Narrower.ReadReach(ctx, "ana")
		if err != nil || !r.Found || !r.Open || r.ReadOnly != readOnly || r.Status != status || bytes.Contains(r.Answer, []byte("ana")) {
			t.Errorf("reads %+v %s, %v", r, r.Answer, err)
		}
		p, err := sys.Writes.ProbeWrite(ctx, "ana")
		if err != nil || p.In == readOnly || readOnly && p.Status != "403 AccessDenied" || !p.At.Equal(noon) {
			t.Errorf("tried to write: %+v, %v", p, err)
		}
		s.lets(sys, "ana", true)
		s.is(sys, "ana", true, true)
	}
	for range 2 {
		is(false, "open")
		act(t, func() (connector.Receipt, error) { return sys.Narrower.NarrowAccess(ctx, ana) })
		is(true, "read_only")
		if p, err := sys.Writes.ProbeWrite(ctx, "bea"); err != nil || !p.In {
			t.Errorf("somebody else: %+v, %v", p, err)
		}
		s.ask(http.MethodGet, "/acme/a%C3%B1o/nuevo.txt", "", 404) // trying wrote nothing
		// It is closed whole, and what it was left to comes back first.
		act(t, func() (connector.Receipt, error) { return sys.Access.RevokeAccess(ctx, ana) })
		s.lets(sys, "ana", false)
		act(t, func() (connector.Receipt, error) { return sys.Access.RestoreAccess(ctx, ana) })
		is(true, "read_only")
		act(t, func() (connector.Receipt, error) {
			return sys.Narrower.WidenAccess(ctx, connector.WidenInput{AccessInput: ana})
		})
		if got := s.ask(http.MethodGet, "/acme?policy=", "", 200); got != before && !sameJSON(t, got, before) {
			t.Errorf("what others wrote is changed:\n%s\n%s", got, before)
		}
	}
	if _, err := sys.Narrower.NarrowAccess(ctx, connector.AccessInput{Account: testkit.StoreKey}); fault.CodeOf(err) != "connector.own_access" {
		t.Errorf("we narrowed our own door: %v", err)
	}
	if none := s.connect("    bucket: acme\n" + s.tried("")); none.Narrower != nil || none.Writes != nil {
		t.Error("it says that it can do what is not declared")
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		t.Fatalf("%s\n%s", a, b)
	}
	one, _ := json.Marshal(x)
	two, _ := json.Marshal(y)
	return bytes.Equal(one, two)
}

func TestWhoeverIsTakenOutIsInNoStatement(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := t.Context()
	sys := s.connect("    bucket: acme\n    close: remove\n" + s.tried(""))
	s.lets(sys, "ana", true)
	s.is(sys, "cid", false, false)
	ana := connector.AccessInput{Account: "ana", Key: "k"}
	act(t, func() (connector.Receipt, error) { return sys.Access.RevokeAccess(ctx, ana) })
	s.is(sys, "ana", false, false)
	s.is(sys, "bea", true, true)
	s.lets(sys, "ana", false)
	s.lets(sys, "bea", true)
	if got := s.ask(http.MethodGet, "/acme?policy=", "", 200); strings.Contains(got, "ana") || strings.Contains(got, "Alone") || !strings.Contains(got, "Insecure") {
		t.Errorf("the policy is %s", got)
	}
	if _, err := sys.Access.RestoreAccess(ctx, ana); fault.CodeOf(err) != "connector.cannot_resume" {
		t.Error(err)
	}
	// Where all are allowed, one of them is not taken out.
	s.policy(`{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme"}`)
	if _, err := sys.Access.RevokeAccess(ctx, ana); err != nil {
		t.Error(err)
	}
	s.is(sys, "ana", true, true)
	s.lets(sys, "ana", true)
}

func TestOnlyAnExpectedRefusalIsOne(t *testing.T) {
	t.Parallel()
	s := start(t)
	sys := s.connect("    bucket: acme\n" + s.tried(""))
	s.lets(sys, "bea", true)
	put(t, s.dir, "bea", "bea:wrong")
	if _, err := sys.Prober.ProbeAccess(t.Context(), "bea"); fault.CodeOf(err) != "connector.probe_unclear" {
		t.Errorf("another secret proves nothing: %v", err)
	}
	put(t, s.dir, "bea", "no key")
	for _, who := range []string{"bea", "nobody"} {
		if _, err := sys.Prober.ProbeAccess(t.Context(), who); fault.CodeOf(err) != "connector.no_credential" {
			t.Error(err)
		}
	}
	s.Admin(t, "delete-user", "--access", "cid")
	if p, err := sys.Prober.ProbeAccess(t.Context(), "cid"); err != nil || p.In || p.Status != "403 InvalidAccessKeyId" {
		t.Errorf("a key that is gone: %+v %v", p, err)
	}
	gone := s.connect("    bucket: acme\n" + s.tried(", object: nothing.txt"))
	if _, err := gone.Prober.ProbeAccess(t.Context(), "ana"); fault.CodeOf(err) != "connector.probe_unclear" {
		t.Errorf("an object that is not there: %v", err)
	}
}

func TestTheCheckNamesTheRightThatIsMissing(t *testing.T) {
	t.Parallel()
	s := start(t)
	allow := `{"Sid":"Others","Effect":"Allow","Principal":{"AWS":["ana"]},"Action":"s3:GetBucketPolicy","Resource":"arn:aws:s3:::acme"}`
	s.policy(allow)
	before := s.ask(http.MethodGet, "/acme?policy=", "", 200)
	for _, c := range []struct{ key, secret, bucket, want string }{
		{testkit.StoreKey, testkit.StoreSecret, "acme", ""},
		{testkit.StoreKey, testkit.StoreSecret, "empty", ""},
		{testkit.StoreKey, testkit.StoreSecret, "nowhere", "connector.no_bucket"},
		{testkit.StoreKey, "wrong", "acme", "connector.credential"},
		{"nobody", "wrong", "acme", "connector.credential"},
		{"ana", "ana-secret", "acme", "connector.right_missing s3:PutBucketPolicy"},
		{"bea", "bea-secret", "acme", "connector.right_missing s3:GetBucketPolicy"},
	} {
		put(t, s.dir, "ours", c.secret)
		err := connect(t, s.Base, s.dir, c.key, "    bucket: "+c.bucket+"\n").Checker.Check(t.Context())
		got := ""
		if f, ok := err.(*fault.Error); ok {
			if got = f.Code; len(f.Args) == 4 && f.Args[2] == "right" {
				got += fmt.Sprint(" ", f.Args[3])
			}
		}
		if got != c.want || got == "" && err != nil {
			t.Errorf("%s at %s: %v, want %q", c.key, c.bucket, err, c.want)
		}
	}
	if got := s.ask(http.MethodGet, "/acme?policy=", "", 200); got != before {
		t.Errorf("looking changed the policy: %s", got)
	}
	s.ask(http.MethodGet, "/empty?policy=", "", 404)
	put(t, s.dir, "ours", testkit.StoreSecret)
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		err := connectAt(t, s.Base, s.dir, testkit.StoreKey, "    bucket: acme\n", off).Checker.Check(t.Context())
		if fault.CodeOf(err) != "connector.clock" || fault.KindOf(err) != fault.Transient {
			t.Errorf("our clock is %v off: %v", off, err)
		}
	}
}

// A policy is read as its language has it: one or many, by name or all, with
// conditions or without.
func TestAPolicyIsReadAsItIsMeant(t *testing.T) {
	t.Parallel()
	const both = `"Resource":["arn:aws:s3:::acme","arn:aws:s3:::acme/*"]`
	for said, want := range map[string]string{
		`{"Effect":"Deny","Principal":"ana","Action":"s3:*",` + both + `}`:                                "deny: denied; remove: ",
		`{"Effect":"Deny","Principal":{"AWS":"ana"},"Action":["*"],"Resource":"*"}`:                       "deny: denied; remove: ",
		`{"Effect":"Deny","Principal":"*","Action":"s3:*",` + both + `}`:                                  "deny: denied; remove: ",
		`{"Effect":"Deny","Principal":"ana","Action":"s3:GetObject",` + both + `}`:                        "deny: open; remove: ",
		`{"Effect":"Deny","Principal":"ana","Action":"s3:*","Resource":"arn:aws:s3:::acme/*"}`:            "deny: open; remove: ",
		`{"Effect":"Deny","Principal":"ana","Action":"s3:*","Condition":{"Bool":{"x":"y"}},` + both + `}`: "deny: open; remove: ",
		`{"Effect":"Deny","NotPrincipal":{"AWS":"bea"},"Action":"s3:*",` + both + `}`:                     "deny: open; remove: ",
		`{"Effect":"Allow","Principal":{"AWS":["bea","ana"]},"Action":"s3:GetObject",` + both + `}`:       "deny: open; remove: open",
		`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject",` + both + `}`:                 "deny: open; remove: open",
		`{"Effect":"Allow","NotPrincipal":{"AWS":"ana"},"Action":"s3:GetObject",` + both + `}`:            "deny: open; remove: open",
		`{"Effect":"Allow","Principal":{"Service":"logging"},"Action":"s3:PutObject",` + both + `}`:       "deny: open; remove: ",
	} {
		base := serve(t, `{"Version":"2012-10-17","Statement":`+said+`}`)
		dir := t.TempDir()
		put(t, dir, "ours", "x")
		got := ""
		for _, how := range []string{"deny", "remove"} {
			st, err := connect(t, base, dir, "OURS", "    bucket: acme\n    close: "+how+"\n").Access.ReadAccess(t.Context(), "ana")
			if err != nil || st.Open != (st.Status == "open") {
				t.Errorf("%+v %v", st, err)
			}
			got += how + ": " + st.Status + "; "
		}
		if got != want+"; " {
			t.Errorf("%s\n got %s\nwant %s", said, got, want)
		}
	}
	for _, said := range []string{`{"Statement":["x"]}`, `[]`, `"x"`, `{"Statement":7}`} {
		dir := t.TempDir()
		put(t, dir, "ours", "x")
		if _, err := connect(t, serve(t, said), dir, "OURS", "    bucket: acme\n").Access.ReadAccess(t.Context(), "ana"); fault.CodeOf(err) != "connector.unreadable" {
			t.Errorf("%s: %v", said, err)
		}
	}
}
