package httpsystem_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

const secret = "s3cr3t-token-that-nobody-may-see"

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// far is a far end on a real socket: it counts the effects that it applied.
type far struct {
	url     string
	effects atomic.Int32

	mu   sync.Mutex
	last *http.Request
	body string
}

func (f *far) seen() (*http.Request, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last, f.body
}

func listen(t *testing.T, h func(f *far, w http.ResponseWriter, r *http.Request)) *far {
	t.Helper()
	f := &far{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		f.last, f.body = r, string(b)
		f.mu.Unlock()
		h(f, w, r)
	}))
	t.Cleanup(srv.CloseClientConnections)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

func config(t *testing.T, url string) httpsystem.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return httpsystem.Config{
		System: "billing", BaseURL: url,
		Auth:      httpsystem.Auth{Header: "Authorization", Scheme: "Bearer", Value: "file:" + file},
		Effect:    connector.Verifiable,
		KeyHeader: "Idempotency-Key",
		Undo:      connector.Restorable,
		Timeout:   2 * time.Second, Limit: 4096,
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Billing: &httpsystem.Billing{
			Read:   httpsystem.Operation{Method: "GET", Path: "/subs/{reference}"},
			Cancel: httpsystem.Operation{Method: "POST", Path: "/subs/{reference}/cancel", Body: map[string]any{"at": "{ends_at}", "why": "exit {reference}", "n": 1}, Receipt: "id"},
			Resume: httpsystem.Operation{Method: "POST", Path: "/subs/{reference}/resume"},
			State:  httpsystem.State{Status: "data.status", Ended: []string{"canceled"}, EndsAt: "data.cancel_at"},
		},
	}
}

func connect(t *testing.T, cfg httpsystem.Config) connector.Billing {
	t.Helper()
	return open(t, cfg).Connector().Billing
}

func open(t *testing.T, cfg httpsystem.Config) *httpsystem.System {
	t.Helper()
	s, err := httpsystem.New(cfg, when.NewManual(noon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func send(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

const active = `{"data":{"status":"active","cancel_at":null,"holder":"Ada Lovelace"}}`

func wantFault(t *testing.T, err error, kind fault.Kind, code string) *fault.Error {
	t.Helper()
	if fault.KindOf(err) != kind || fault.CodeOf(err) != code {
		t.Fatalf("got %v %q (%v), want %v %q", fault.KindOf(err), fault.CodeOf(err), err, kind, code)
	}
	if strings.Contains(err.Error(), secret) {
		t.Fatalf("the error tells the secret: %v", err)
	}
	return err.(*fault.Error)
}

func TestACallCarriesWhatTheDeclarationSaysAndNothingElse(t *testing.T) {
	t.Parallel()
	f := listen(t, func(_ *far, w http.ResponseWriter, _ *http.Request) {
		send(w, 200, `{"id":"op_7","data":{"status":"active","cancel_at":"2026-12-01T00:00:00+01:00","holder":"Ada Lovelace"}}`)
	})
	s := connect(t, config(t, f.url+"/"))
	ends := time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)
	got, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "a/b 8842?x", EndsAt: ends, Key: "work_1"})
	if err != nil {
		t.Fatal(err)
	}
	r, body := f.seen()
	if r.RequestURI != "/subs/a%2Fb%208842%3Fx/cancel" || r.Method != "POST" {
		t.Errorf("called %s %s", r.Method, r.RequestURI)
	}
	if body != `{"at":"2026-11-30T23:00:00Z","n":1,"why":"exit a/b 8842?x"}` {
		t.Errorf("body %s", body)
	}
	if r.Header.Get("Authorization") != "Bearer "+secret || r.Header.Get("Idempotency-Key") != "work_1" || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", r.Header)
	}
	if got.Reference != "op_7" || !got.At.Equal(noon) {
		t.Errorf("receipt %+v", got)
	}
	if strings.Contains(string(got.Answer), "Ada") {
		t.Errorf("the evidence keeps the person: %s", got.Answer)
	}
	var ev map[string]any
	if err := json.Unmarshal(got.Answer, &ev); err != nil {
		t.Fatal(err)
	}
	delete(ev, "body_sha256")
	want := map[string]any{"status": 200.0, "fields": map[string]any{"id": "op_7", "data.status": "active", "data.cancel_at": "2026-12-01T00:00:00+01:00"}}
	if d := cmp.Diff(want, ev); d != "" {
		t.Error(d)
	}
	if _, err = s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if _, body := f.seen(); body != `{"n":1,"why":"exit 1"}` {
		t.Errorf("an end that is now must not be named: %s", body)
	}
}

func TestReadingMapsStatusAndEnd(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]connector.SubscriptionState{
		active:                           {Found: true, Status: "active"},
		`{"data":{"status":"Canceled"}}`: {Found: true, Status: "Canceled", Ended: true},
		`{"data":{"status":"active","cancel_at":"2026-12-01T00:00:00+01:00"}}`: {Found: true, Status: "active", EndsAt: time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)},
		`{"data":{"status":"active","cancel_at":1796079600}}`:                  {Found: true, Status: "active", EndsAt: time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)},
		`{"data":{"status":3,"cancel_at":""}}`:                                 {Found: true, Status: "3"},
	} {
		f := listen(t, func(_ *far, w http.ResponseWriter, _ *http.Request) { send(w, 200, body) })
		got, err := connect(t, config(t, f.url)).ReadSubscription(t.Context(), "8842")
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got.Answer == nil || got.Location != "GET /subs/8842" || !got.ReadAt.Equal(noon) {
			t.Errorf("%+v", got)
		}
		got.Answer, got.Location, got.ReadAt = nil, "", time.Time{}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", body, d)
		}
	}
}

// A time in words is as good as a number of seconds. It counts from what time
// the system says that it is or, where it says nothing, from ours.
func TestABusySystemMaySayWhenByADate(t *testing.T) {
	t.Parallel()
	f := listen(t, func(_ *far, w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		w.Header().Set("Retry-After", noon.Add(7*time.Second).Format(http.TimeFormat))
		send(w, 429, "{}")
	})
	_, err := connect(t, config(t, f.url)).ReadSubscription(t.Context(), "1")
	if e := wantFault(t, err, fault.Transient, "connector.busy"); e.RetryAfter != 7*time.Second {
		t.Errorf("retry after %v", e.RetryAfter)
	}
}

func TestAWriteWithoutContentIsAnAnswer(t *testing.T) {
	t.Parallel()
	f := listen(t, func(_ *far, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	got, err := connect(t, config(t, f.url)).ResumeSubscription(t.Context(), connector.ResumeInput{Reference: "1", Key: "k"})
	if err != nil || !strings.Contains(string(got.Answer), `"status":204`) {
		t.Fatalf("%+v %v", got, err)
	}
}

func TestNobodyListeningMeansNothingWasSent(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + ln.Addr().String()
	_ = ln.Close()
	s := connect(t, config(t, url))
	_, err = s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "k"})
	wantFault(t, err, fault.Transient, "connector.unreachable")
	_, err = s.ReadSubscription(t.Context(), "1")
	wantFault(t, err, fault.Transient, "connector.unreachable")
}

func TestACertificateNobodyTrustsMeansNothingWasSent(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains about us, as it should
	srv.StartTLS()
	t.Cleanup(srv.Close)
	s := connect(t, config(t, srv.URL))
	_, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "k"})
	wantFault(t, err, fault.Transient, "connector.unreachable")
	if calls.Load() != 0 {
		t.Error("the far end was called")
	}
}

func TestPrivateAddressesAreRefusedUnlessAllowed(t *testing.T) {
	t.Parallel()
	f := listen(t, func(f *far, w http.ResponseWriter, _ *http.Request) { f.effects.Add(1); send(w, 200, active) })
	for name, change := range map[string]func(*httpsystem.Config){
		"another network is allowed": func(c *httpsystem.Config) { c.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} },
		"nothing is allowed":         func(c *httpsystem.Config) { c.BaseURL, c.Allow = "https"+strings.TrimPrefix(f.url, "http"), nil },
		"a name that leads home": func(c *httpsystem.Config) {
			c.BaseURL, c.Allow = strings.Replace(f.url, "127.0.0.1", "localhost", 1), []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		},
		"without TLS only to named addresses": func(c *httpsystem.Config) {
			c.BaseURL, c.Allow = "http://93.184.216.34", []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		},
	} {
		cfg := config(t, f.url)
		change(&cfg)
		s := connect(t, cfg)
		_, err := s.ReadSubscription(t.Context(), "1")
		wantFault(t, err, fault.Invalid, "connector.address_refused")
		_, err = s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "k"})
		wantFault(t, err, fault.Invalid, "connector.address_refused")
		if f.effects.Load() != 0 {
			t.Errorf("%s: it was called", name)
		}
	}
}

func TestARedirectDoesNotCarryTheSecretAway(t *testing.T) {
	t.Parallel()
	thief := listen(t, func(f *far, w http.ResponseWriter, _ *http.Request) { f.effects.Add(1); send(w, 200, active) })
	f := listen(t, func(_ *far, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.url, http.StatusTemporaryRedirect)
	})
	s := connect(t, config(t, f.url))
	_, err := s.ReadSubscription(t.Context(), "1")
	wantFault(t, err, fault.Invalid, "connector.refused")
	_, err = s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "k"})
	wantFault(t, err, fault.Invalid, "connector.refused")
	if thief.effects.Load() != 0 {
		t.Error("the redirect was followed")
	}
}

// A process that was stopped past its lease and goes on must not call: its
// context's deadline has passed even if the context's timer has not run.
func TestACallWhoseTimeIsOverIsNotSent(t *testing.T) {
	t.Parallel()
	f := listen(t, func(f *far, w http.ResponseWriter, _ *http.Request) { f.effects.Add(1); send(w, 200, active) })
	s := connect(t, config(t, f.url))
	for name, ctx := range map[string]context.Context{
		"cancelled":                     ended(t),
		"deadline passed, timer asleep": asleep{t.Context(), when.Machine{}.Wall().Add(-time.Second)},
	} {
		_, err := s.CancelSubscription(ctx, connector.CancelInput{Reference: "1", Key: "k"})
		wantFault(t, err, fault.Transient, "connector.not_sent")
		_, err = s.ReadSubscription(ctx, "1")
		wantFault(t, err, fault.Transient, "connector.not_sent")
		if f.effects.Load() != 0 {
			t.Errorf("%s: it was called", name)
		}
	}
}

// The same, but the time runs out between opening the connection and writing.
func TestACallWhoseTimeEndsWhileConnectingIsNotSent(t *testing.T) {
	t.Parallel()
	f := listen(t, func(f *far, w http.ResponseWriter, _ *http.Request) { f.effects.Add(1); send(w, 200, active) })
	s := connect(t, config(t, f.url))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { cancel() }})
	_, err := s.CancelSubscription(ctx, connector.CancelInput{Reference: "1", Key: "k"})
	wantFault(t, err, fault.Transient, "connector.not_sent")
	if f.effects.Load() != 0 {
		t.Error("it was called")
	}
}

func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// asleep is a context whose timer has not run.
type asleep struct {
	context.Context
	deadline time.Time
}

func (a asleep) Deadline() (time.Time, bool) { return a.deadline, true }

func TestAConflictIsSettledByReading(t *testing.T) {
	t.Parallel()
	ends := noon.Add(48 * time.Hour)
	state := func(status, at string) string {
		return fmt.Sprintf(`{"data":{"status":%q,"cancel_at":%q}}`, status, at)
	}
	for _, c := range []struct {
		name, state string
		effect      connector.EffectClass
		resume      bool
		kind        fault.Kind
		ok          bool
	}{
		{"cancelled already", state("canceled", ""), connector.Verifiable, false, 0, true},
		{"will end at that time already", state("active", "2026-11-24T12:00:00Z"), connector.Verifiable, false, 0, true},
		{"will end later than asked", state("active", "2027-01-01T00:00:00Z"), connector.Verifiable, false, fault.Invalid, false},
		{"not cancelled", state("active", ""), connector.Verifiable, false, fault.Invalid, false},
		{"not cancelled, but a call with the key may be on its way", state("active", ""), connector.Keyed, false, fault.Uncertain, false},
		{"resumed already", state("active", ""), connector.Verifiable, true, 0, true},
		{"still cancelled", state("canceled", ""), connector.Verifiable, true, fault.Invalid, false},
		{"cannot be read", `nonsense`, connector.Verifiable, true, fault.Transient, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := listen(t, func(_ *far, w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" {
					send(w, 200, c.state)
					return
				}
				send(w, 409, `{"error":"already so, Ada"}`)
			})
			cfg := config(t, f.url)
			cfg.Effect = c.effect
			if c.effect == connector.Keyed {
				cfg.KeyLife = time.Hour
			}
			s := connect(t, cfg)
			var err error
			if c.resume {
				_, err = s.ResumeSubscription(t.Context(), connector.ResumeInput{Reference: "1", Key: "k"})
			} else {
				_, err = s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", EndsAt: ends, Key: "k"})
			}
			if c.ok != (err == nil) || !c.ok && fault.KindOf(err) != c.kind {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestAReferenceCannotLeaveItsPath(t *testing.T) {
	t.Parallel()
	f := listen(t, func(f *far, w http.ResponseWriter, _ *http.Request) { f.effects.Add(1); send(w, 200, active) })
	s := connect(t, config(t, f.url))
	for _, ref := range []string{"", ".", "..", "a\nb", "a\x00", strings.Repeat("9", 201)} {
		_, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: ref, Key: "k"})
		wantFault(t, err, fault.Invalid, "connector.bad_reference")
	}
	if f.effects.Load() != 0 {
		t.Error("it was called")
	}
	if _, err := s.ReadSubscription(t.Context(), "../../admin"); err != nil {
		t.Fatal(err)
	}
	if r, _ := f.seen(); r.RequestURI != "/subs/..%2F..%2Fadmin" {
		t.Errorf("called %s", r.RequestURI)
	}
}

func TestNoWayOfPrintingASystemShowsItsSecret(t *testing.T) {
	t.Parallel()
	cfg := config(t, "http://127.0.0.1:1")
	s := open(t, cfg)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{s, *s, cfg, struct{ S *httpsystem.System }{s}} { //nolint:govet // the copy is what is printed
			if out := fmt.Sprintf(format, v); strings.Contains(out, secret) || strings.Contains(out, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s shows the secret", format)
			}
		}
	}
}

func TestASystemThatCannotResumeSaysSoAndDoesNotCall(t *testing.T) {
	t.Parallel()
	f := listen(t, func(f *far, _ http.ResponseWriter, _ *http.Request) { f.effects.Add(1) })
	cfg := config(t, f.url)
	cfg.Billing.Resume, cfg.Undo = httpsystem.Operation{}, connector.Final
	_, err := connect(t, cfg).ResumeSubscription(t.Context(), connector.ResumeInput{Reference: "1", Key: "k"})
	wantFault(t, err, fault.Invalid, "connector.cannot_resume")
	if f.effects.Load() != 0 {
		t.Error("it was called")
	}
}

func TestAMissingSecretIsNamedByItsPlace(t *testing.T) {
	t.Parallel()
	cfg := config(t, "http://127.0.0.1:1")
	for value, code := range map[string]string{
		"env:HASTA_TEST_NOT_SET_ANYWHERE": "system.env_missing",
		"file:/nowhere/at/all":            "system.file_missing",
		"plain-" + secret:                 "system.secret_inline",
	} {
		cfg.Auth.Value = value
		_, err := httpsystem.New(cfg, when.NewManual(noon))
		if fault.CodeOf(err) != code || fault.Fields(err)[0].Field != "/auth/value" || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", value, err)
		}
	}
}
