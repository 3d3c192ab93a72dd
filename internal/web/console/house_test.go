package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/blobs"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/engine"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/outbound"
	"hastaluego/internal/playbook"
	"hastaluego/internal/seal"
	"hastaluego/internal/step"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web"
	"hastaluego/internal/web/assets"
	"hastaluego/internal/web/console"
	"hastaluego/internal/when"
)

// billing is a billing system in memory. Where lost is set, the answer to a
// cancellation gets lost and nobody can say what happened.
type billing struct {
	mu   sync.Mutex
	ends map[string]time.Time
	lost bool
	over bool // what was cancelled has ended
}

func (b *billing) Info() connector.Info {
	return connector.Info{System: "billing", Kind: "memory", Effect: connector.Ask, Undo: connector.Restorable}
}

func (b *billing) ReadSubscription(_ context.Context, ref string) (connector.SubscriptionState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return connector.SubscriptionState{Found: true, Status: "active", EndsAt: b.ends[ref], Ended: b.over, Answer: json.RawMessage(`{"status":"active"}`)}, nil
}

func (b *billing) CancelSubscription(_ context.Context, in connector.CancelInput) (connector.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost {
		return connector.Receipt{}, fault.New(fault.Uncertain, "connector.uncertain", "system", "billing")
	}
	b.ends[in.Reference] = in.EndsAt
	return connector.Receipt{Answer: json.RawMessage(`{"ok":true}`)}, nil
}

func (b *billing) ResumeSubscription(_ context.Context, in connector.ResumeInput) (connector.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.ends, in.Reference)
	return connector.Receipt{Answer: json.RawMessage(`{"ok":true}`)}, nil
}

// post keeps letters.
type post struct {
	mu   sync.Mutex
	sent []app.Paper
}

func (p *post) Send(_ context.Context, _, _ string, paper app.Paper) (subject, body string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, paper)
	return "Baja " + paper.Code, "Hola:\n\n" + paper.Links["verify"] + paper.Links["case"] + ".\n", nil
}

func (p *post) link(kind, purpose string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sent {
		if s.Kind == kind && s.Links[purpose] != "" {
			return s.Links[purpose]
		}
	}
	return ""
}

// house is a running house with its console, on a real database.
type house struct {
	*app.App
	t        *testing.T
	mail     *post
	billing  *billing
	url      string
	database string            // file
	users    map[string]string // login → id
}

func newHouse(t *testing.T, demo bool) *house { return newHouseOf(t, demo, "saas-b2c") }

// newHouseOf is a house whose departures follow the built-in playbook.
func newHouseOf(t *testing.T, demo bool, name string) *house {
	t.Helper()
	return newHouseOn(t, demo, playbook.Builtin()[name])
}

// newHouseOn is a house whose departures follow the playbook.
func newHouseOn(t *testing.T, demo bool, source []byte) *house {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	file := filepath.Join(t.TempDir(), "hasta.db")
	s, err := store.Open(ctx, store.Config{URL: file})
	must(t, err)
	must(t, s.Migrate(ctx))
	keys, err := seal.OpenKeys(ctx, filepath.Join(t.TempDir(), "keys"), "")
	must(t, err)
	book, err := playbook.Load("test.yaml", source, step.Specs())
	must(t, err)
	zone, err := time.LoadLocation("Europe/Madrid")
	must(t, err)
	h := &house{t: t, database: file, mail: &post{}, billing: &billing{ends: map[string]time.Time{}}, users: map[string]string{}}
	kinds := step.All(step.Named(connector.System{Name: "billing", Billing: h.billing}))
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	var eng *engine.Engine
	h.App = app.New(app.Config{
		Hooks: outbound.NewPoster([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}), PlainHooks: true,
		Print: func(p app.Paper) (string, []byte, error) { return p.Kind + ".pdf", []byte("%PDF-1.7 " + p.Code), nil },
		Store: s, Keys: keys, Blobs: blobs.Open(t.TempDir()), Post: h.mail, Kinds: kinds, Playbook: book, Wake: func() { eng.Wake() },
		Lacks:   func(string) int { return 0 },
		Company: app.Company{Name: "Faro", Zone: zone, Language: "es", PublicURL: "http://faro.test"},
	})
	eng = engine.New(engine.Config{App: h.App, Store: s, Kinds: kinds, Name: "one", Poll: 50 * time.Millisecond, Lease: 10 * time.Second, Log: log})
	seq := &engine.Sequencer{
		Log: s, Name: "one", Every: 20 * time.Millisecond, Keep: keys.AppendCheckpoint, Logger: log,
		Sign: func(size int64, root []byte) (string, error) {
			return audit.Sign(keys.LogSigner(), size, tlog.Hash(root))
		},
	}
	files, err := assets.Open()
	must(t, err)
	kit := &web.Kit{Assets: files, App: h.App, Log: log, Demo: demo}
	srv := httptest.NewServer(console.New(kit, console.Options{Verify: func(context.Context) (console.AuditSummary, error) {
		return console.AuditSummary{OK: false, Size: 48213, Root: "7f3a", Entries: 48213, Problems: []string{"leaf_not_in_tree 7 <b>"}}, nil
	}, Letter: func(p app.Paper, name string) string {
		return `<p id="letter-` + name + `">` + templ.EscapeString(p.Words.Subject+": "+p.Words.Text) + "</p>"
	}, About: func(context.Context) (console.About, error) {
		return console.About{Version: "v1", Database: "sqlite", Schema: 14, LogKey: "log-key-of-the-test"}, nil
	}, Calendar: func(p app.Paper) (string, []byte) {
		return "text/calendar; method=X-" + string(p.Invitation.State), []byte("BEGIN:VCALENDAR " + p.Invitation.Place)
	}}))
	h.url = srv.URL
	var wg sync.WaitGroup
	wg.Go(func() { _ = eng.Run(ctx) })
	wg.Go(func() { _ = seq.Run(ctx) })
	t.Cleanup(func() {
		srv.Close()
		stop()
		wg.Wait()
		_ = s.Close()
		_ = keys.Close()
	})
	for login, roles := range map[string][]string{"ines": {"agent", "success"}, "tomas": {"finance"}, "laia": {"privacy", "auditor"}, "noa": {"admin"}} {
		u, err := h.AddUser(ctx, "", app.UserInput{Login: login, Name: strings.ToUpper(login[:1]) + login[1:], Password: password, Roles: roles})
		must(t, err)
		h.users[login] = u.ID
	}
	return h
}

const password = "una contraseña larga"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var eventually = testkit.Eventually

// browser is one person's browser; it follows no redirect by itself.
type browser struct {
	h    *house
	c    *http.Client
	lang string
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(h.t, err)
	return &browser{h: h, c: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as returns the browser of somebody who is signed in.
func (h *house) as(login string) *browser {
	h.t.Helper()
	token, err := h.OneTimeLink(h.t.Context(), h.users[login])
	must(h.t, err)
	b := h.browser()
	if r := b.post("/console/once/"+token, nil); r.status != http.StatusSeeOther {
		h.t.Fatalf("sign-in answered %d", r.status)
	}
	return b
}

func (h *house) actor(login string) app.Actor {
	users, err := h.Users(h.t.Context())
	must(h.t, err)
	i := slices.IndexFunc(users, func(u app.User) bool { return u.Login == login })
	return app.Actor{ID: users[i].ID, Name: users[i].Name, Roles: users[i].Roles}
}

// reply is an answer.
type reply struct {
	t      *testing.T
	status int
	to     string // where a redirect goes
	body   string
	cookie *http.Cookie
}

func (r reply) has(parts ...string) reply {
	r.t.Helper()
	for _, p := range parts {
		if !strings.Contains(r.body, p) {
			r.t.Errorf("page (status %d) lacks %q:\n%s", r.status, p, main(r.body))
		}
	}
	return r
}

func (r reply) lacks(parts ...string) reply {
	r.t.Helper()
	for _, p := range parts {
		if strings.Contains(r.body, p) {
			r.t.Errorf("page has %q", p)
		}
	}
	return r
}

func (r reply) is(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Errorf("status %d, want %d:\n%s", r.status, status, main(r.body))
	}
	return r
}

// main is the part of a page that is worth reading in a failure.
func main(page string) string {
	if _, after, ok := strings.Cut(page, "<main"); ok {
		return after
	}
	return page
}

func (b *browser) get(path string) reply { return b.do(http.MethodGet, path, nil) }

// post sends a form of alternating names and values.
func (b *browser) post(path string, form []string) reply {
	f := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		f.Add(form[i], form[i+1])
	}
	return b.do(http.MethodPost, path, []byte(f.Encode()))
}

func (b *browser) do(method, path string, body []byte) reply {
	b.h.t.Helper()
	media := ""
	if method == http.MethodPost {
		media = "application/x-www-form-urlencoded"
	}
	return b.doAs(method, path, media, body)
}

func (b *browser) doAs(method, path, media string, body []byte) reply {
	b.h.t.Helper()
	req, err := http.NewRequestWithContext(b.h.t.Context(), method, b.h.url+path, bytes.NewReader(body))
	must(b.h.t, err)
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	req.Header.Set("Accept-Language", b.lang)
	resp, err := b.c.Do(req)
	must(b.h.t, err)
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	must(b.h.t, err)
	r := reply{t: b.h.t, status: resp.StatusCode, to: resp.Header.Get("Location"), body: string(page)}
	for _, c := range resp.Cookies() {
		if c.Name == "hasta_session" {
			r.cookie = c
		}
	}
	for _, used := range iconUsed.FindAllStringSubmatch(r.body, -1) {
		if !strings.Contains(r.body, `<symbol id="`+used[1]+`"`) {
			b.h.t.Errorf("%s %s draws an icon that there is not: %s", method, path, used[1])
		}
	}
	return r
}

// iconUsed finds the icons that a page draws.
var iconUsed = regexp.MustCompile(`<use href="#([^"]*)"`)

// customer stores one with a yearly contract.
func (h *house) customer(name, ref, email string) customer.ID {
	h.t.Helper()
	start, err := when.ParseDate("2026-03-08")
	must(h.t, err)
	id, err := h.AddCustomer(h.t.Context(), h.actor("ines"), app.CustomerInput{
		Kind: customer.Person, Consumer: true, Name: name, Reference: ref, Language: "es", Country: "ES",
		Contacts: []app.ContactInput{{Name: name, Email: email, Role: customer.Owner, Language: "es"}},
		Subscriptions: []app.SubscriptionInput{{
			Reference: ref + "-1", Product: "Estudio", Amount: money.Amount{Minor: 115200, Currency: "EUR"}, Interval: customer.Yearly, Start: start,
		}},
	})
	must(h.t, err)
	return id
}

// departure is a case whose customer has confirmed it.
func (h *house) departure(name, ref string) offboarding.CaseID {
	h.t.Helper()
	email := strings.ToLower(ref) + "@example.com"
	h.customer(name, ref, email)
	return h.confirmed(name, ref, email)
}

// confirmed is the case of a customer who asked for it and confirmed it.
func (h *house) confirmed(name, ref, email string) offboarding.CaseID {
	h.t.Helper()
	_, err := h.RequestExit(h.t.Context(), app.ExitInput{Name: name, AccountEmail: email, When: "period_end", Language: "es", Nonce: ref})
	must(h.t, err)
	eventually(h.t, "the letter to confirm", func() bool { return h.mail.link("confirm", "verify") != "" })
	link := h.mail.link("confirm", "verify")
	c, _, err := h.VerifyRequest(h.t.Context(), secretOf(link))
	must(h.t, err)
	return c
}

// secretOf is the token of a link of a letter.
func secretOf(link string) string {
	link, _, _ = strings.Cut(link, "?")
	return link[strings.LastIndexByte(link, '/')+1:]
}
