package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"hastaluego/internal/demo"
	"hastaluego/internal/testkit"
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

// inspect runs axe on the page in both languages and both themes, and looks
// whether anything is wider than a narrow screen. It keeps pictures where
// HASTA_SHOTS names a folder.
func (b *browser) inspect(axe, name, url string) {
	b.t.Helper()
	for _, lang := range []string{"es", "en"} {
		sep := "?"
		if strings.Contains(url, "?") {
			sep = "&"
		}
		b.open(url + sep + "lang=" + lang)
		for _, theme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 390} {
				b.do(chromedp.EmulateViewport(width, 900), b.theme(theme))
				b.shot(fmt.Sprintf("%s-%s-%s-%d", name, lang, theme, width))
				wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > window.innerWidth"))
				if err != nil || wide {
					b.t.Errorf("%s in %s is wider than %d px (%v)", name, lang, width, err)
				}
			}
			found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](axe+`;
				axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v =>
					v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')))`, chromedp.EvalAwaitPromise))
			if err != nil {
				b.t.Fatalf("axe on %s: %v", name, err)
			}
			for _, f := range found {
				b.t.Errorf("%s in %s, %s: %s", name, lang, theme, f)
			}
		}
		if n := b.count("script"); n != 0 {
			b.t.Errorf("%s ships %d scripts", name, n)
		}
	}
	b.do(chromedp.EmulateViewport(1280, 900), b.theme("light"))
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

// Every page is accessible, fits a narrow screen, and ships no script, in both
// languages and both themes.
func TestEveryPageIsAccessible(t *testing.T) {
	check := axe(t)
	s := setStage(t, "")
	b := openBrowser(t)
	base := strings.TrimSuffix(s.info.Portal, "/")
	b.inspect(check, "form", base+"/")
	b.open(base + "/?lang=es")
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), "no es un correo"))
	b.press("confirm", testid("errors"))
	b.shot("form-errors")
	b.inspect(check, "gone", base+"/c/nothing")
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

	staff := openBrowser(t)
	staff.inspect(check, "signin", base+"/console/signin")
	staff.inspect(check, "once", s.info.Console)
	staff.open(base + "/console?lang=es")
	staff.do(chromedp.SendKeys(chromedp.CSS("#login"), s.sample.Users[0].Login), chromedp.SendKeys(chromedp.CSS("#password"), s.sample.Password))
	staff.press("signin", testid("cases"))
	staff.inspect(check, "inbox", base+"/console")
	staff.inspect(check, "inbox-empty", base+"/console?view=closed")
	staff.open(base + "/console")
	staff.turn(testid("cases")+" th a", testid("plan"))
	casefile, err := chromedp.Run(staff.ctx, chromedp.Location())
	s.must(err)
	staff.inspect(check, "case", casefile)
	s.workAll(staff)
	staff.inspect(check, "undo-staff", casefile+"/undo")
	staff.inspect(check, "pause", casefile+"/pause")
	staff.inspect(check, "playbooks", base+"/console/playbooks")
	staff.open(base + "/console/customers?q=puerto")
	staff.turn(testid("customers")+" th a", testid("balances"))
	one, err := chromedp.Run(staff.ctx, chromedp.Location())
	s.must(err)
	staff.inspect(check, "customer", one)
	staff.inspect(check, "customers", base+"/console/customers")
	staff.inspect(check, "customer-new", base+"/console/customers/new")
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
	staff.inspect(check, "reference", base+"/docs")
	staff.inspect(check, "reference-noun", base+"/docs/requests")
	staff.inspect(check, "reference-records", base+"/docs/records")
}
