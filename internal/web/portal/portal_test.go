package portal_test

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/blobs"
	"hastaluego/internal/connector"
	"hastaluego/internal/connector/s3put"
	"hastaluego/internal/customer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/playbook"
	"hastaluego/internal/seal"
	"hastaluego/internal/step"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web"
	"hastaluego/internal/web/assets"
	"hastaluego/internal/web/portal"
	"hastaluego/internal/when"
)

// plain renders papers as what they are about, for tests of the pages around
// them.
type plain struct{}

func (plain) HTML(p app.Paper) string { return "<p>" + p.Kind + " " + p.Code + "</p>" }

func (p plain) Inset(x app.Paper, _ string) string { return p.HTML(x) }

func (plain) PDF(app.Paper) ([]byte, error) { return []byte("%PDF-"), nil }

func (plain) Renewals(p app.Paper) (string, []byte) {
	return "text/calendar", []byte(p.Renewals[0].Name)
}

func (plain) Calendar(p app.Paper) (string, []byte) {
	return "text/calendar; method=X-" + string(p.Invitation.State), []byte("BEGIN:VCALENDAR " + p.Invitation.Place)
}

type noPost struct{}

func (noPost) Send(context.Context, string, string, app.Paper) (string, string, error) {
	return "", "", nil
}

// site is a portal over a real database without an engine.
type site struct {
	*httptest.Server
	t     *testing.T
	app   *app.App
	store *store.Store
	keys  *seal.Keys
}

func open(t *testing.T, e testkit.Engine) *site {
	t.Helper()
	return openOn(t, e, "")
}

// openOn is open on a driver of the database, with far systems.
func openOn(t *testing.T, e testkit.Engine, driver string, systems ...connector.System) *site {
	t.Helper()
	return openBook(t, e, driver, "saas-b2c", systems...)
}

// openBook is openOn with another playbook.
func openBook(t *testing.T, e testkit.Engine, driver, name string, systems ...connector.System) *site {
	t.Helper()
	var named step.Systems
	var on playbook.Connected
	if len(systems) > 0 {
		named, on = step.Named(systems...), playbook.Connected{}
		for _, x := range systems {
			on[x.Name] = playbook.SystemSpec{}
		}
	}
	ctx := t.Context()
	s, err := store.Open(ctx, store.Config{URL: e.URL, Driver: cmp.Or(driver, e.Driver)})
	must(t, err)
	must(t, s.Migrate(ctx))
	keys, err := seal.OpenKeys(ctx, filepath.Join(t.TempDir(), "keys"), "")
	must(t, err)
	book, err := playbook.Load(name, playbook.Builtin()[name], step.Specs())
	must(t, err)
	zone, err := time.LoadLocation("Europe/Madrid")
	must(t, err)
	a := app.New(app.Config{
		Print: func(p app.Paper) (string, []byte, error) { return p.Kind + ".pdf", []byte("%PDF-1.7 " + p.Code), nil },
		Store: s, Keys: keys, Blobs: blobs.Open(t.TempDir()), Post: noPost{}, Kinds: step.All(named), Playbook: book, Systems: named, Connected: on,
		Buckets: s3put.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, when.Machine{}),
		Company: app.Company{Name: "Faro", LegalName: "Faro, S.L.", Email: "bajas@faro.example", Complaints: "r@faro.example", Zone: zone, Language: "es"},
	})
	must(t, a.PutRows(ctx, []ingest.Row{{
		Customer: customer.Customer{Kind: customer.Person, Name: "Marta", Reference: "R-1", Country: "PT"},
		Contact:  customer.Contact{Name: "Marta", Email: "marta@x.example", Role: customer.Owner},
		Subscription: customer.Subscription{
			Reference: "S-1", Product: "Faro", Amount: money.Amount{Minor: 100, Currency: "EUR"}, Interval: customer.Monthly,
			Start: when.Date{Year: 2024, Month: 1, Day: 1}, Status: customer.Active,
		},
	}}))
	files, err := assets.Open()
	must(t, err)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 1}))
	srv := httptest.NewServer(web.Secure(portal.New(&web.Kit{Assets: files, App: a, Log: log}, plain{})))
	t.Cleanup(func() { srv.Close(); _ = s.Close(); _ = keys.Close() })
	return &site{srv, t, a, s, keys}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// visitor is a browser without script.
func (s *site) visitor() *http.Client {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	return &http.Client{Jar: jar}
}

func (s *site) body(res *http.Response, err error) (int, string, http.Header) {
	s.t.Helper()
	must(s.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(s.t, err)
	return res.StatusCode, string(raw), res.Header
}

var code = regexp.MustCompile(`HL-[0-9A-Z]{4}-[0-9A-Z]{4}`)

// Byte for byte, but for the code: what a customer and a stranger are shown.
func TestACustomerAndAStrangerSeeTheSamePage(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		var pages, heads []string
		for _, who := range []string{"marta@x.example", "nadie@y.example"} {
			form := url.Values{"account": {who}, "name": {"Quien sea"}, "when": {"now"}, "nonce": {who}}
			status, page, head := s.body(s.visitor().PostForm(s.URL+"/", form))
			if status != http.StatusOK {
				t.Fatalf("status %d: %s", status, page)
			}
			if strings.Contains(page, "Quien sea") || strings.Contains(page, who) {
				t.Error("the page repeats what was typed")
			}
			head.Del("Date")
			pages, heads = append(pages, code.ReplaceAllString(page, "CODE")), append(heads, head.Get("Content-Length"))
		}
		if pages[0] != pages[1] || heads[0] != heads[1] {
			t.Errorf("the pages differ:\n%s\n%s", pages[0], pages[1])
		}
	})
}

// The form asks the database the same of everybody, and nothing about who is a
// customer: so it takes the same time too.
func TestTheFormLooksNobodyUp(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		driver, faults := testkit.FailingDriver(t, e)
		s := openOn(t, e, driver)
		ask := func(path string, form url.Values) []string {
			t.Helper()
			faults.Watch()
			if status, page, _ := s.body(s.visitor().PostForm(s.URL+path, form)); status != http.StatusOK {
				t.Fatalf("status %d: %s", status, page)
			}
			return faults.Seen()
		}
		for what, forms := range map[string][2]url.Values{
			"/": {
				{"account": {"marta@x.example"}, "receipt": {"a@z.example"}, "reference": {"R-1"}, "nonce": {"one"}},
				{"account": {"nadie@y.example"}, "receipt": {"b@z.example"}, "reference": {"R-1"}, "nonce": {"two"}},
			},
			"/copy":  {{"account": {"marta@x.example"}}, {"account": {"nadie@y.example"}}},
			"/again": {{"code": {"HL-AAAA-AAAA"}}, {"code": {"HL-BBBB-BBBB"}}},
		} {
			a, b := ask(what, forms[0]), ask(what, forms[1])
			if !slices.Equal(a, b) {
				t.Errorf("%s asks otherwise:\n%s\n\n%s", what, strings.Join(a, "\n"), strings.Join(b, "\n"))
			}
			if len(a) < 3 {
				t.Errorf("%s: %d statements", what, len(a))
			}
			for _, q := range a {
				if regexp.MustCompile(`(?i)\b(customer|contact|subscription|case_|step)\b`).MatchString(regexp.MustCompile(`(?i)customer_id`).ReplaceAllString(q, "")) {
					t.Errorf("%s looks somebody up: %s", what, q)
				}
			}
		}
	})
}

func TestAnAcknowledgementIsShownOnlyToTheBrowserThatTyped(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		mine := s.visitor()
		_, page, _ := s.body(mine.PostForm(s.URL+"/", url.Values{"account": {"marta@x.example"}}))
		at := s.URL + "/r/" + code.FindString(page)
		if status, again, _ := s.body(mine.Get(at)); status != http.StatusOK || again != page {
			t.Errorf("the back button: %d", status)
		}
		if status, _, _ := s.body(s.visitor().Get(at)); status != http.StatusNotFound {
			t.Errorf("another browser: %d", status)
		}
	})
}

func TestAFormWithMistakesLosesNothing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		status, page, _ := s.body(s.visitor().PostForm(s.URL+"/?lang=es", url.Values{"account": {"no es"}, "name": {`<script>"x"`}, "when": {"period_end"}}))
		for _, want := range []string{`value="no es"`, `value="&lt;script&gt;&#34;x&#34;"`, `data-testid="error-account"`, `value="period_end" checked`, `aria-invalid="true"`} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
		if status != http.StatusUnprocessableEntity || strings.Contains(page, "<script") {
			t.Errorf("status %d", status)
		}
		for name, body := range map[string]string{"not UTF-8": "account=a%ff@x.example", "NUL": "account=a%00@x.example", "half an escape": "account=%zz"} {
			status, _, _ := s.body(s.visitor().Post(s.URL+"/", "application/x-www-form-urlencoded", strings.NewReader(body)))
			if status != http.StatusUnprocessableEntity {
				t.Errorf("%s: status %d", name, status)
			}
		}
		if status, _, _ := s.body(s.visitor().Post(s.URL+"/", "application/x-www-form-urlencoded", strings.NewReader("name="+strings.Repeat("x", web.MaxForm)))); status != http.StatusRequestEntityTooLarge {
			t.Errorf("a huge form: status %d", status)
		}
	})
}

func TestLinksThatAreNoneSayNothing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		for _, path := range []string{"/v/x", "/c/x", "/c/x/receipt", "/c/x/receipt.pdf", "/c/x/undo", "/bye/x", "/not-me/x", "/s/v1.x.y", "/r/HL-AAAA-AAAA", "/nothing"} {
			status, page, head := s.body(s.visitor().Get(s.URL + path))
			if status != http.StatusNotFound || !strings.Contains(page, `data-testid="fail"`) {
				t.Errorf("%s: status %d", path, status)
			}
			if head.Get("Content-Security-Policy") == "" || strings.Contains(page, "style=") {
				t.Errorf("%s breaks the content policy", path)
			}
		}
		if status, page, _ := s.body(s.visitor().Get(s.URL + "/?lang=en")); status != http.StatusOK || !strings.Contains(page, `lang="en"`) {
			t.Errorf("English: %d", status)
		}
	})
}
