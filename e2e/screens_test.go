package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	neturl "net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"hastaluego/internal/demo"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web"
	"hastaluego/internal/web/console"
	"hastaluego/internal/web/portal"
)

// axe is the accessibility checker, run in the page.
func axe(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(testkit.Root(t), "web", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// inspected are the paths that axe has looked at.
var inspected sync.Map

// matrix is whether every page is looked at in every state (make a11y): both
// languages, both themes, both widths. Otherwise each is looked at once.
var matrix = os.Getenv("HASTA_A11Y") == "full"

// inspect runs axe on the page, and looks whether anything is wider than a
// narrow screen. It keeps pictures where HASTA_SHOTS names a folder.
func (b *browser) inspect(axe, name, url string) {
	b.t.Helper()
	langs, themes := []string{"es", "en"}, []string{"light", "dark"}
	if !matrix {
		langs, themes = langs[:1], themes[:1]
	}
	for _, lang := range langs {
		sep := "?"
		if strings.Contains(url, "?") {
			sep = "&"
		}
		b.open(url + sep + "lang=" + lang)
		for _, theme := range themes {
			for _, width := range []int64{390, 1280} {
				b.do(chromedp.EmulateViewport(width, 900), b.theme(theme))
				b.shot(fmt.Sprintf("%s-%s-%s-%d", name, lang, theme, width))
				wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > window.innerWidth"))
				if err != nil || wide {
					b.t.Errorf("%s in %s is wider than %d px (%v)", name, lang, width, err)
				}
				if matrix || width == 1280 {
					b.axe(axe, fmt.Sprintf("%s in %s, %s, %d px", name, lang, theme, width))
				}
			}
		}
		if n := b.count("script"); n != 0 {
			b.t.Errorf("%s ships %d scripts", name, n)
		}
	}
	where, err := neturl.Parse(url)
	if err != nil {
		b.t.Fatal(err)
	}
	inspected.Store(where.Path, true)
	b.do(chromedp.EmulateViewport(1280, 900), b.theme("light"))
}

func (b *browser) axe(axe, name string) {
	b.t.Helper()
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](axe+`;
		axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v =>
			v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')))`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("axe on %s: %v", name, err)
	}
	for _, f := range found {
		b.t.Errorf("%s: %s", name, f)
	}
}

// noPages are the routes that answer with a file, or lead to a page.
var noPages = map[string]bool{
	"GET /d/{token}/{file}": true, "GET /c/{token}/data/link": true, "GET /c/{token}/data/age": true, "GET /c/{token}/data/bucket": true, "GET /c/{token}/data/seat": true, "GET /g/{token}/data/{blob}": true,
	"GET /copy/{token}/data/link": true, "GET /copy/{token}/data/age": true, "GET /copy/{token}/data/bucket": true, "GET /copy/{token}/data/{blob}": true,
	"GET /c/{token}/receipt.pdf": true, "GET /c/{token}/act.pdf": true, "GET /c/{token}/renewals.ics": true, "GET /c/{token}/act/accepted.pdf": true, "GET /c/{token}/handover/{item}/file": true, "GET /c/{token}/proof.json": true, "GET /c/{token}/data/{blob}": true,
	"GET /console/cases/{id}/files/{blob}": true, "GET /c/{token}/report.pdf": true, "GET /c/{token}/certificate.pdf": true, "GET /c/{token}/certificate.json": true, "GET /c/{token}/report/{blob}": true,
	"GET /console/cases/{id}/meeting.ics": true, "GET /console/cases/{id}/steps/{step}/slip.pdf": true, "GET /c/{token}/meeting.ics": true,

	"GET /brand/{file}": true, "GET /console/start/company.yaml": true, "GET /console/learn/workbook.xlsx": true, "GET /console/learn/law.csv": true, "GET /console/learn/access.csv": true, "GET /console/learn/reasons.xlsx": true, "GET /console/learn/experiments/{name}/report.xlsx": true, "GET /console/cases/{id}/access.json": true, "GET /console/cases/{id}/evidence.zip": true, "GET /console/cases/{id}/evidence-bare.zip": true, "GET /console/learn/access.xlsx": true, "GET /console/received/{id}/letter.eml": true, "GET /console/cases/{id}/bundle": true, "GET /console/customers/{id}/copy": true,
	"GET /console/settings/form.html": true, "GET /console/settings/form.pdf": true, "GET /console/calendar/{token}": true,
}

// everyRouteWasInspected fails for a route of the portal or the console that
// axe did not look at.
func everyRouteWasInspected(t *testing.T) {
	t.Helper()
	missing, mux := map[string]bool{}, http.NewServeMux()
	for _, p := range append(portal.New(&web.Kit{}, nil).Patterns(), console.New(&web.Kit{}, console.Options{}).Patterns()...) {
		mux.HandleFunc(p, func(http.ResponseWriter, *http.Request) {})
		if !strings.HasPrefix(p, "POST ") && !noPages[p] {
			missing[p] = true
		}
	}
	inspected.Range(func(path, _ any) bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path.(string), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, p := mux.Handler(req)
		delete(missing, p)
		return true
	})
	for p := range missing {
		t.Errorf("%s was never looked at by axe: add it to screens_test.go", p)
	}
}

// staticPage looks at the file that people meet while the server is away: it is
// held to the same as the pages of the server.
func (s *stage) staticPage(b *browser, check string) {
	s.t.Helper()
	page, code := s.hasta("spool", "page", "--to", s.info.Portal)
	if code != 0 {
		s.t.Fatal(page)
	}
	file := filepath.Join(s.t.TempDir(), "leave.html")
	s.must(os.WriteFile(file, []byte(page), 0o600))
	b.inspect(check, "static", "file://"+file)
	if strings.Count(page, "<form") < 2 {
		s.t.Error("the file has no form for each language")
	}
}

// theme makes the page light or dark, as the reader's system would.
func (b *browser) theme(name string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: name},
				{Name: "prefers-reduced-motion", Value: "reduce"}, // colours half-way through a change are nobody's
			},
		})
		return chromedp.Void{}, err
	}
}

// Every page is accessible, fits a narrow screen, and ships no script; in both
// languages, both themes and both widths with make a11y.
func TestEveryPageIsAccessible(t *testing.T) {
	t.Parallel()
	check := axe(t)
	s := setStage(t, "")
	b := openBrowser(t)
	base := strings.TrimSuffix(s.info.Portal, "/")
	b.inspect(check, "form", base+"/")
	b.open(base + "/?lang=es")
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), "no es un correo"))
	b.press("confirm", testid("errors"))
	b.shot("form-errors")
	b.inspect(check, "form-law", base+"/?country=DE")
	b.inspect(check, "withdraw", base+"/withdraw?country=AR")
	b.open(base + "/?lang=es&country=FR")
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), "iker@puertoalto.example"))
	b.press("recap", testid("confirm"))
	b.axe(check, "recap")
	b.inspect(check, "gone", base+"/c/nothing")
	b.inspect(check, "handover-gone", base+"/c/nothing/handover")
	b.inspect(check, "report-gone", base+"/c/nothing/report")
	b.inspect(check, "certificate-gone", base+"/c/nothing/certificate")
	b.inspect(check, "envelope-gone", base+"/e/nothing")
	b.inspect(check, "not-found-portal", base+"/nothing")
	b.inspect(check, "bye-gone", base+"/bye/nothing")
	b.inspect(check, "silence-gone", base+"/u/nothing")
	b.inspect(check, "back-gone", base+"/b/nothing")
	b.inspect(check, "terms-gone", base+"/terms/nothing")
	b.inspect(check, "bye-survey-gone", base+"/bye/nothing/survey")
	b.inspect(check, "bye-testimonial-gone", base+"/bye/nothing/testimonial")
	b.inspect(check, "not-me-gone", base+"/not-me/nothing")
	b.inspect(check, "bye-not-me-gone", base+"/bye/nothing/not-me")
	b.inspect(check, "host-form", s.info.Customer)

	b.open(base + "/?lang=es")
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), "iker@puertoalto.example"), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
	b.press("confirm", testid("ack"))
	ack, err := chromedp.Run(b.ctx, chromedp.Location())
	s.must(err)
	b.inspect(check, "ack", ack)
	confirm := s.letter("iker@puertoalto.example", "onfirma")
	b.inspect(check, "not-me", s.link(confirm, "/not-me/"))
	verify := s.link(confirm, "/v/")
	b.inspect(check, "verify", verify)
	b.open(verify)
	b.press("act", testid("receipt"))
	receipt, err := chromedp.Run(b.ctx, chromedp.Location())
	s.must(err)
	b.inspect(check, "receipt", receipt)
	private := strings.TrimSuffix(receipt, "/receipt")
	b.inspect(check, "track", private)
	b.inspect(check, "undo", private+"/undo")
	b.inspect(check, "withdraw-instead", private+"/withdraw")
	b.inspect(check, "answer", private+"/answer")
	b.inspect(check, "approval-over", private+"/approval")
	b.inspect(check, "statement", private+"/statement")
	b.inspect(check, "pay", private+"/pay")
	b.inspect(check, "users-none", private+"/users")
	b.inspect(check, "meeting-gone", base+"/c/nothing/meeting")
	b.inspect(check, "data", private+"/data")
	b.inspect(check, "not-me-case", private+"/not-me")
	b.inspect(check, "again", base+"/again")
	b.inspect(check, "again-sent", base+"/again?sent=1")
	b.open(private + "/data?lang=es")
	b.press("send-code", testid("open-data"))
	b.do(chromedp.SendKeys(chromedp.CSS("#code"), "0000-0000"))
	b.press("open-data", testid("error-code"))
	b.shot("data-wrong-code")
	// The code of the case has an HL- before it; the one that opens has not.
	code := regexp.MustCompile(`[^-]\b([0-9A-Z]{4}-[0-9A-Z]{4})\b`).FindStringSubmatch(s.letter("iker@puertoalto.example", "descargar"))
	b.do(chromedp.Clear(chromedp.CSS("#code")), chromedp.SendKeys(chromedp.CSS("#code"), code[1]))
	b.press("open-data", testid("download"))
	b.inspect(check, "data-open", private+"/data")
	b.open(private + "/seats?lang=es")
	b.press("make-it", testid("seat-link"))
	seat := b.text(testid("seat-link"))
	b.inspect(check, "seats", private+"/seats")
	b.inspect(check, "seat", seat)
	b.open(private + "/data?lang=es")
	b.press("allow-seat-data", testid("seat-may"))
	b.inspect(check, "data-seat", private+"/data")
	b.inspect(check, "seat-data", seat)

	s.copyScreens(b, check, base)
	s.staticPage(b, check)

	staff := openBrowser(t)
	staff.inspect(check, "signin", base+"/console/signin")
	staff.inspect(check, "once", s.info.Console)
	staff.inspect(check, "signin-code", base+"/console/signin/code")
	staff.inspect(check, "reset-gone", base+"/console/reset/nothing")
	staff.inspect(check, "first-gone", base+"/console/first/nothing")
	staff.inspect(check, "import-file-gone", base+"/console/imports/files/nothing")
	staff.inspect(check, "import-gone", base+"/console/imports/nothing")
	staff.open(base + "/console?lang=es")
	staff.do(chromedp.SendKeys(chromedp.CSS("#login"), s.sample.Users[0].Login), chromedp.SendKeys(chromedp.CSS("#password"), s.sample.Password))
	staff.press("signin", testid("cases"))
	staff.inspect(check, "inbox", base+"/console")
	staff.inspect(check, "inbox-in", base+"/console/in")
	staff.inspect(check, "inbox-team", base+"/console?view=team&due=week&q=gimnasio")
	staff.inspect(check, "inbox-empty", base+"/console?view=closed")
	staff.inspect(check, "inbox-unmatched", base+"/console?view=unmatched")
	staff.inspect(check, "inbox-lacking", base+"/console?view=lacking")
	staff.open(base + "/console")
	staff.turn(testid("cases")+" th a", testid("plan"))
	casefile, err := chromedp.Run(staff.ctx, chromedp.Location())
	s.must(err)
	staff.inspect(check, "case", casefile)
	s.enter("privacy", "es").inspect(check, "erasure-plan", casefile+"/erasure")
	s.workAll(staff)
	staff.inspect(check, "undo-staff", casefile+"/undo")
	staff.inspect(check, "pause", casefile+"/pause")
	staff.inspect(check, "items", casefile+"/items")
	staff.inspect(check, "received", base+"/console/received")
	staff.fill("#text", "Hola, soy Iker. ¿Cómo va lo mío?")
	staff.press("read-in", testid("own"))
	staff.inspect(check, "received-one", staff.at())
	staff.inspect(check, "playbooks", base+"/console/playbooks")
	staff.inspect(check, "flows", base+"/console/flows")
	staff.inspect(check, "flow", base+"/console/flows/exit-first")
	staff.inspect(check, "flow-page", base+"/console/flows/exit-first/page?law=de&language=de&device=mobile&node=request")
	staff.inspect(check, "promises", base+"/console/promises")
	staff.inspect(check, "learn", base+"/console/learn")
	staff.inspect(check, "law-report", base+"/console/learn/law")
	staff.inspect(check, "access-report", base+"/console/learn/access")
	staff.inspect(check, "segments", base+"/console/segments")
	staff.inspect(check, "lanes", base+"/console/lanes")
	staff.inspect(check, "lane-gone", base+"/console/lanes/nothing")
	staff.inspect(check, "experiments", base+"/console/learn/experiments")
	staff.open(base + "/console/learn/experiments?lang=es")
	staff.press("write-experiment", testid("stands"))
	staff.inspect(check, "experiment", staff.at())
	staff.inspect(check, "reasons", base+"/console/learn/reasons")
	staff.inspect(check, "policies", base+"/console/offers/policy")
	staff.open(base + "/console/offers/policy?lang=es")
	staff.press("new-policy", testid("keep-policy"))
	staff.inspect(check, "policy", staff.at())
	staff.inspect(check, "themes", base+"/console/learn/themes")
	staff.inspect(check, "theme-texts", base+"/console/learn/themes/texts")
	staff.inspect(check, "reason-cases", base+"/console/learn/reasons/cases")
	staff.inspect(check, "winback", base+"/console/winback")
	staff.inspect(check, "endings", base+"/console/endings")
	staff.open(base + "/console/endings?lang=es")
	staff.fill("#plan", s.sample.Named[0].Plan)
	staff.fill("#ends_on", time.Now().AddDate(0, 0, 60).Format(time.DateOnly))
	staff.fill("#why_es", "Cerramos la tarifa de estudio.")
	staff.fill("#why_en", "We close the plan for studios.")
	staff.press("propose-ending", testid("facts"))
	staff.inspect(check, "ending", staff.at())
	staff.inspect(check, "announcement-gone", base+"/console/announcements/nothing")
	s.announces(staff, check, base)
	staff.inspect(check, "settings", base+"/console/settings")
	staff.fill("#why", "Ensayamos una baja de prueba con todo el equipo")
	staff.press("hold-outside", testid("held"))
	staff.inspect(check, "held", base+"/console/settings")
	staff.open(base + "/console/settings")
	staff.press("release", testid("hold-all"))
	staff.inspect(check, "assignment", base+"/console/settings/assignment")
	staff.inspect(check, "company", base+"/console/settings/company")
	staff.inspect(check, "start", base+"/console/start")
	steps := []string{"10", "review"} // the others are looked at where company A answers them
	if matrix {
		steps = []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "review"}
	}
	for _, step := range steps {
		staff.inspect(check, "start-"+step, base+"/console/start/"+step)
	}
	staff.inspect(check, "words", base+"/console/settings/words")
	staff.inspect(check, "word", base+"/console/settings/words/document.receipt.title")
	staff.inspect(check, "people", base+"/console/settings/users")
	staff.turn(testid("people")+" th a", testid("save-roles"))
	person, err := chromedp.Run(staff.ctx, chromedp.Location())
	s.must(err)
	staff.inspect(check, "person", person)
	staff.open(base + "/console/customers?q=puerto")
	staff.turn(testid("customers")+" th a", testid("balances"))
	one, err := chromedp.Run(staff.ctx, chromedp.Location())
	s.must(err)
	staff.inspect(check, "customer", one)
	staff.inspect(check, "voices", base+"/console/voices")
	staff.inspect(check, "offers", base+"/console/offers?reason=price")
	staff.inspect(check, "risks", base+"/console/risks")
	staff.inspect(check, "customer-risk", one+"/risk")
	staff.inspect(check, "customer-promises", one+"/promises")
	staff.inspect(check, "customers", base+"/console/customers")
	staff.inspect(check, "customer-new", base+"/console/customers/new")
	s.rehearsal(staff, b, check, base)
	staff.inspect(check, "imports", base+"/console/imports")
	staff.inspect(check, "outbox", base+"/console/outbox")
	staff.turn(testid("outbox")+" a", testid("letter"))
	letter, err := chromedp.Run(staff.ctx, chromedp.Location())
	s.must(err)
	staff.inspect(check, "letter", letter)
	staff.inspect(check, "account", base+"/console/account")
	staff.inspect(check, "factor", base+"/console/account/factor")
	staff.inspect(check, "audit", base+"/console/audit")
	staff.inspect(check, "not-found", base+"/console/nothing")
	if out, code := s.hasta("key", "add", "CRM", "--scopes", "cases:read,customers:read", "--days", "90"); code != 0 {
		t.Fatal(out)
	}
	admin := openBrowser(t)
	admin.open(base + "/console?lang=es")
	who := slices.IndexFunc(s.sample.Users, func(u demo.Person) bool { return slices.Contains(u.Roles, "admin") })
	admin.do(chromedp.SendKeys(chromedp.CSS("#login"), s.sample.Users[who].Login), chromedp.SendKeys(chromedp.CSS("#password"), s.sample.Password))
	admin.press("signin", testid("me"))
	admin.inspect(check, "keys", base+"/console/keys")
	admin.importsAFile(check, base)
	if out, code := s.hasta("webhook", "add", "https://crm.example/hooks", "--events", "case.*,step.verified"); code != 0 {
		t.Fatal(out)
	}
	admin.inspect(check, "webhooks", base+"/console/webhooks")
	admin.turn(testid("hooks")+" th a", testid("test-hook"))
	admin.press("test-hook", testid("deliveries"))
	hook, err := chromedp.Run(admin.ctx, chromedp.Location())
	s.must(err)
	admin.inspect(check, "webhook", hook)
	staff.inspect(check, "reference", base+"/docs")
	staff.inspect(check, "reference-noun", base+"/docs/requests")
	staff.inspect(check, "reference-records", base+"/docs/records")

	// A request that nobody can be found for.
	b.open(base + "/?lang=es")
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), "nadie@ninguna.example"))
	b.press("confirm", testid("ack"))
	for range 100 {
		if staff.open(base + "/console?view=unmatched"); staff.count(testid("requests")) > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	request, err := chromedp.Run(staff.ctx, chromedp.Evaluate[string](`document.querySelector('[data-testid="requests"] a').href`))
	s.must(err)
	staff.inspect(check, "request", request)
	everyRouteWasInspected(t)
}
