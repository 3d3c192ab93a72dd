package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// noScript turns scripts off for the pages that follow.
func (b *browser) noScript() {
	b.t.Helper()
	b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return chromedp.Void{}, err
	})
	b.open("data:text/html,<title>off</title><script>document.title='on'</script>")
	if title, err := chromedp.Run(b.ctx, chromedp.Title()); err != nil || title != "off" {
		b.t.Fatalf("scripts still run: %q %v", title, err)
	}
}

func (b *browser) at() string {
	b.t.Helper()
	where, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		b.t.Fatal(err)
	}
	return where
}

// secretOf is the code for the downloads in a letter: that of the departure has
// an HL- before it.
func secretOf(letter string) string {
	return regexp.MustCompile(`[^-]\b([0-9A-Z]{4}-[0-9A-Z]{4})\b`).FindStringSubmatch(letter)[1]
}

// From the form to the undone departure with scripts turned off.
func TestThePortalIsWholeWithoutScript(t *testing.T) {
	t.Parallel()
	s := setStage(t, "")
	b := openBrowser(t)
	b.noScript()
	b.do(chromedp.EmulateViewport(390, 844))
	const account, typed = "iker@puertoalto.example", "iker.en.casa@correo.example"
	b.open(s.info.Portal + "?lang=es")
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), account), chromedp.SendKeys(chromedp.CSS("#receipt"), typed), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
	b.press("confirm", testid("ack"))
	b.open(s.link(s.letter(account, "onfirma"), "/v/"))
	if got := b.text(testid("papers")); !strings.Contains(got, typed) || !strings.Contains(got, account) {
		t.Errorf("where the papers go: %s", got)
	}
	b.press("act", testid("receipt"))
	if got := b.text("main"); !strings.Contains(got, "Raíz") {
		t.Errorf("the receipt bears no proof: %s", got)
	}
	private := strings.TrimSuffix(b.at(), "/receipt")
	b.press("follow", testid("state"))
	s.letter(typed, "ustificante")
	for try := range 200 {
		b.open(private + "/data")
		if b.count(testid("send-code")) > 0 {
			break
		}
		breath(try)
	}
	b.press("send-code", testid("open-data"))
	b.do(chromedp.SendKeys(chromedp.CSS("#code"), secretOf(s.letter(account, "descargar"))))
	b.press("open-data", testid("download"))
	b.open(private)
	b.press("undo", testid("act"))
	b.press("act", testid("state"))
	for try := range 200 {
		if b.open(private); strings.Contains(b.text("h1"), "eshecha") {
			break
		}
		breath(try)
	}
	if got := b.text("h1"); got != "Deshecha y comprobada" {
		t.Errorf("the private page says %q", got)
	}
	b.open(s.link(s.letter(account, "deshecha"), "/not-me/"))
	b.press("act", testid("over"))
	b.open(s.info.Portal + "again")
	b.do(chromedp.SendKeys(chromedp.CSS("#code"), "HL-AAAA-AAAA"))
	b.press("act", testid("sent"))
}

// focus says what has the focus, and fails when nobody could see that it has.
func (b *browser) focus() string {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(() => {
		const e = document.activeElement;
		if (!e || e === document.body) return "";
		const seen = e.closest(".choice") || e, s = getComputedStyle(e), c = getComputedStyle(seen), r = seen.getBoundingClientRect();
		const ring = [s, c].some(x => x.outlineStyle !== "none" && parseFloat(x.outlineWidth) > 1 || x.boxShadow !== "none");
		const inside = r.width > 0 && r.bottom > 0 && r.top < innerHeight;
		return (ring && inside ? "" : "UNSEEN ") + (e.dataset.testid || e.id || e.name || e.getAttribute("href") || e.tagName) + (e.type === "radio" ? "=" + e.value : "");
	})()`))
	if err != nil {
		b.t.Fatal(err)
	}
	if strings.HasPrefix(got, "UNSEEN") {
		b.t.Errorf("at %s nobody sees that it has the focus: %s", b.at(), got)
	}
	return strings.TrimPrefix(got, "UNSEEN ")
}

func (b *browser) key(keys string) { b.t.Helper(); b.do(chromedp.KeyEvent(keys)) }

// tabTo presses Tab until the thing has the focus.
func (b *browser) tabTo(id string) {
	b.t.Helper()
	var met []string
	for range 40 {
		b.key(kb.Tab)
		got := b.focus()
		if met = append(met, got); got == id {
			return
		}
	}
	b.t.Fatalf("at %s Tab does not lead to %s but to %s", b.at(), id, strings.Join(met, ", "))
}

// enter presses Enter and waits for the page that comes.
func (b *browser) enter(then string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("window.beforeTheClick = true")); err != nil {
		b.t.Fatal(err)
	}
	b.key(kb.Enter)
	b.arrive("Enter", then)
}

// From the form to the undone departure with nothing but a keyboard.
func TestThePortalIsDrivenByKeyboard(t *testing.T) {
	t.Parallel()
	s := setStage(t, "")
	b := openBrowser(t)
	const account = "iker@puertoalto.example"
	b.open(s.info.Portal + "?lang=es")
	b.key(kb.Tab)
	if b.count(".skip:focus") != 1 {
		t.Errorf("the first stop is %s and not the way past the head", b.focus())
	}
	b.tabTo("account")
	b.key(account)
	b.tabTo("when=now")
	b.key(kb.ArrowDown)
	if got := b.focus(); got != "when=period_end" {
		t.Errorf("the arrow leads to %s", got)
	}
	b.key(" ")
	b.tabTo("confirm")
	b.enter(testid("ack"))
	b.open(s.link(s.letter(account, "onfirma"), "/v/"))
	b.tabTo("act")
	b.enter(testid("receipt"))
	b.tabTo("follow")
	b.enter(testid("state"))
	b.tabTo("undo")
	b.enter(testid("act"))
	b.tabTo("act")
	b.enter(testid("state"))
	if got := b.text("h1"); !strings.Contains(strings.ToLower(got), "desh") {
		t.Errorf("the private page says %q", got)
	}
	b.tabTo("not-me")
	b.enter(testid("act"))
}

// print prints the page and returns the text on paper, page by page.
func (b *browser) print(name string) []string {
	b.t.Helper()
	pdf, err := chromedp.Run(b.ctx, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		got, err := cdp.Call(ctx, t, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: 8.27, PaperHeight: 11.69})
		return got.Data, err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(b.t.TempDir(), name+".pdf")
	if dir := os.Getenv("HASTA_SHOTS"); dir != "" {
		file = filepath.Join(dir, name+".pdf")
	}
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		b.t.Fatal(err)
	}
	out, err := exec.CommandContext(b.ctx, "pdftotext", "-layout", file, "-").Output()
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.Split(strings.TrimRight(string(out), "\f\n"), "\f")
}

// On paper the receipt and the private page say what they say on the screen,
// without what only a screen needs.
func TestThePortalPrints(t *testing.T) {
	t.Parallel()
	s := setStage(t, "")
	b := openBrowser(t)
	const account = "iker@puertoalto.example"
	b.open(s.info.Portal + "?lang=es")
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), account), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
	b.press("confirm", testid("ack"))
	ack := b.print("print-ack")
	b.open(s.link(s.letter(account, "onfirma"), "/v/"))
	b.press("act", testid("receipt"))
	code := regexp.MustCompile(`HL-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(b.text("main"))
	receipt := b.print("print-receipt")
	b.press("follow", testid("state"))
	track := b.print("print-track")
	for name, p := range map[string]struct {
		pages []string
		most  int
		has   []string
	}{
		"acknowledgement": {ack, 2, []string{code, "Acuse", "reclamaciones@faro.example"}},
		"receipt":         {receipt, 3, []string{code, "Termina", "€", "Raíz", "Sello firmado"}},
		"private page":    {track, 3, []string{code, "Registrada", "Cobros parados"}},
	} {
		all := strings.Join(p.pages, "\n")
		if len(p.pages) > p.most {
			t.Errorf("%s takes %d pages", name, len(p.pages))
		}
		for _, want := range p.has {
			if !strings.Contains(all, want) {
				t.Errorf("%s on paper lacks %q:\n%s", name, want, all)
			}
		}
		for _, not := range []string{"Saltar", "English", "Descargar el justificante", "Seguir mi baja", "Deshacer la baja", "No he sido yo"} {
			if strings.Contains(all, not) {
				t.Errorf("%s on paper says %q", name, not)
			}
		}
	}
}
