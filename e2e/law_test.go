package e2e_test

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"hastaluego/internal/flow"
	"hastaluego/internal/testkit"
)

// lawWalk is where somebody lives, the language that they read, and what their
// pages must say to the letter.
type lawWalk struct {
	place, lang              string
	leave, withdraw, confirm said
	pages                    int // that are opened from the entry to the one that registers, which counts
	fields                   map[string]string
}

// said is a label, the language that it is in, and what stands beside it where
// that is not the one of the page.
type said struct{ label, lang, beside string }

// lawWalks are those that the issue names. Germans read English here once, so
// that words of the law stand on a page of another language.
var lawWalks = []lawWalk{
	{"DE", "de", said{"Verträge hier kündigen", "", ""}, said{"Vertrag widerrufen", "", ""}, said{"jetzt kündigen", "", ""}, 1, map[string]string{"kind": "ordinary"}},
	{"FR", "fr", said{"Résilier votre contrat", "", ""}, said{"Renoncer au contrat ici", "", ""}, said{"Notification de la résiliation", "", ""}, 2, map[string]string{"line": "0600111222"}},
	{"AR", "es", said{"BOTÓN DE BAJA DE SERVICIO", "", ""}, said{"BOTÓN DE ARREPENTIMIENTO", "", ""}, said{"Confirmar la baja", "", ""}, 1, nil},
	{"ES", "es", said{"Dar de baja mi contrato", "", ""}, said{"Desistir del contrato aquí", "", ""}, said{"Confirmar la baja", "", ""}, 1, nil},
	{"MX", "es", said{"Dar de baja mi contrato", "", ""}, said{}, said{"Confirmar la baja", "", ""}, 1, nil},
	{"US-CA", "en", said{"Cancel contract", "", ""}, said{}, said{"Confirm cancellation", "", ""}, 1, nil},
	{"US-MN", "en", said{"Cancel contract", "", ""}, said{}, said{"Confirm cancellation", "", ""}, 1, nil},
	{"", "en", said{"Cancel contract", "", ""}, said{"Withdraw from contract here", "", ""}, said{"Confirm cancellation", "", ""}, 1, nil},
	{"DE", "en", said{"Verträge hier kündigen", "de", "Cancel contract"}, said{"Withdraw from contract here", "", ""}, said{"jetzt kündigen", "de", "Confirm cancellation"}, 1, nil},
}

// mayPress is everything that can be pressed before something is registered:
// the acts, the form, a person to talk to, and where one lives. Nothing is
// offered there.
var mayPress = []string{"entry-leave", "entry-withdraw", "entry-talk", "confirm", "recap", "change", "talk", "set-place"}

// From the entry to the receipt, wherever somebody lives: the words of the law,
// to the letter; as many pages as it allows; no login; nothing offered before
// the receipt; and no sentence in a language that they do not read.
func TestWhoeverLeavesMeetsTheirLaw(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	foreign := map[string][]string{}
	var s *stage
	for _, script := range []bool{true, false} {
		if s == nil || everything { // nobody leaves twice
			s = setStage(t, "")
		}
		rows := s.sample.Customers(time.Now(), time.UTC)
		b.scripts(script)
		for i, w := range lawWalks {
			if !everything && script != (i%2 == 0) { // CI walks each once
				continue
			}
			name := w.place + "-" + w.lang
			if !script {
				name += "-plain"
			}
			b.walksUnder(s, w, name, rows[i].Contact.Email, foreign)
		}
	}
}

// scripts turns scripts on or off for the pages that follow.
func (b *browser) scripts(on bool) {
	b.t.Helper()
	b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return chromedp.Void{}, err
	})
}

func (b *browser) walksUnder(s *stage, w lawWalk, name, account string, foreign map[string][]string) {
	t := b.t
	t.Helper()
	b.open(s.info.Portal + "?" + url.Values{"lang": {w.lang}, "country": {w.place}}.Encode())
	b.meets(w, name, foreign)
	b.labelled(name, "entry-leave", w.leave)
	b.labelled(name, "entry-withdraw", w.withdraw)
	if w.withdraw.label != "" {
		b.press("entry-withdraw", testid("confirm"))
		b.meets(w, name+" withdrawing", foreign)
		b.press("entry-leave", "#account")
	} else {
		b.press("entry-leave", "#account")
	}
	pages := 1
	b.meets(w, name, foreign)
	papers := strings.ToLower(name) + "@correo.example"
	b.fill("#account", account)
	b.fill("#receipt", papers)
	for field, value := range w.fields {
		if value != "" && field != "kind" {
			b.fill("#"+field, value)
		}
	}
	if k := w.fields["kind"]; k != "" {
		b.do(chromedp.Click(chromedp.CSS(`input[name="kind"][value="` + k + `"]`)))
	}
	b.do(chromedp.Click(chromedp.CSS(`input[name="when"][value="period_end"]`)))
	b.shot(name + "-1-form")
	if b.count(testid("confirm")) == 0 {
		b.press("recap", testid("confirm"))
		pages++
		b.meets(w, name+" summed up", foreign)
		if got := b.text(testid("recap")); !strings.Contains(got, account) || !strings.Contains(got, papers) {
			t.Errorf("%s: the summary says %s", name, got)
		}
		b.shot(name + "-2-recap")
	}
	if pages != w.pages {
		t.Errorf("%s: %d pages to the one that registers, want %d", name, pages, w.pages)
	}
	b.labelled(name, "confirm", w.confirm)
	b.press("confirm", testid("ack"))
	b.speaks(w, name+" acknowledged", foreign)
	b.shot(name + "-3-ack")
	code := regexp.MustCompile(`HL-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(b.text(testid("ack")))
	instant := regexp.MustCompile(`\d{1,2}:\d\d:\d\d`).FindString(b.text(testid("ack")))
	if code == "" || instant == "" || !strings.Contains(b.text(testid("ack")), "UTC+") {
		t.Errorf("%s: the acknowledgement says no code, or no time: %s", name, b.text(testid("ack")))
	}
	letter := s.letterWith(papers, ".", code)
	for _, want := range []string{instant, "UTC+", s.complaints()} {
		if !strings.Contains(letter, want) {
			t.Errorf("%s: the acknowledgement by mail lacks %q", name, want)
		}
	}
	b.tongue(w.lang, name+" acknowledgement by mail", letter)

	b.open(s.link(s.letterWith(account, ".", code), "/v/") + "?lang=" + w.lang)
	b.speaks(w, name+" asked", foreign)
	b.press("act", testid("receipt"))
	b.speaks(w, name+" receipt", foreign)
	b.shot(name + "-4-receipt")
	receipt := b.text(testid("receipt"))
	for _, want := range []string{code, instant, "UTC+", s.complaints()} {
		if !strings.Contains(receipt, want) {
			t.Errorf("%s: the receipt lacks %q: %s", name, want, receipt)
		}
	}
	if !regexp.MustCompile(`[€$£]|\d[\s\x{a0}\x{202f}][A-Z]{3}\b|\b[A-Z]{3}[\s\x{a0}\x{202f}]\d`).MatchString(receipt) {
		t.Errorf("%s: the receipt names no sum: %s", name, receipt)
	}
	if b.count(testid("pdf")) != 1 || b.count(testid("follow")) != 1 {
		t.Errorf("%s: the receipt cannot be kept, or leads nowhere", name)
	}
}

// complaints is the address at which the company hears complaints.
func (s *stage) complaints() string { return "reclamaciones@faro.example" }

// meets looks at a page before anything is registered.
func (b *browser) meets(w lawWalk, name string, foreign map[string][]string) {
	b.t.Helper()
	b.speaks(w, name, foreign)
	for _, css := range []string{`input[type="password"]`, `a[href*="console"]`, `a[href*="/answer"]`, `[data-testid="offer"]`, "dialog", "iframe"} {
		if n := b.count(css); n > 0 {
			b.t.Errorf("%s: %d × %s before anything is registered", name, n, css)
		}
	}
	pressed, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("main a, main button, main summary ~ form button")].map(e => e.dataset.testid || e.outerHTML)`))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, id := range pressed {
		if !slices.Contains(mayPress, id) {
			b.t.Errorf("%s: before anything is registered one can press %s", name, id)
		}
	}
}

// labelled looks at what stands on an element, in which language, and at what
// stands beside it.
func (b *browser) labelled(name, id string, want said) {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`(() => {
		const e = document.querySelector('[data-testid="`+id+`"]');
		if (!e) return ["", "", ""];
		const d = document.getElementById(e.getAttribute("aria-describedby") || "");
		const r = e.getBoundingClientRect();
		return [e.textContent, e.getAttribute("lang") || "", d ? d.textContent : "", r.width > 0 && r.height >= 24 ? "" : "unseen"];
	})()`))
	if err != nil {
		b.t.Fatal(err)
	}
	if now := (said{got[0], got[1], got[2]}); now != want || len(got) > 3 && got[3] != "" {
		b.t.Errorf("%s: %s says %+v %v, want %+v", name, id, now, got[3:], want)
	}
}

// speaks looks for words of other languages on a page: outside what says that
// it is in another.
func (b *browser) speaks(w lawWalk, name string, foreign map[string][]string) {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`(() => {
		const page = document.documentElement, copy = page.cloneNode(true);
		const strange = [...copy.querySelectorAll("[lang]")].filter(e => e.lang !== page.lang);
		const labels = strange.filter(e => !e.hreflang).map(e => e.textContent.trim());
		strange.forEach(e => e.remove());
		copy.querySelectorAll("script, style, svg").forEach(e => e.remove());
		return [page.lang, copy.textContent, ...labels];
	})()`))
	if err != nil {
		b.t.Fatal(err)
	}
	if got[0] != w.lang {
		b.t.Errorf("%s: the page is in %s, and was asked for in %s", name, got[0], w.lang)
	}
	for _, label := range got[2:] {
		if label != w.leave.label && label != w.confirm.label && label != w.withdraw.label {
			b.t.Errorf("%s: %q is in another language, and no law prescribes it", name, label)
		}
	}
	b.tongue(w.lang, name, got[1])
	for _, s := range foreignTo(w.lang, foreign) {
		if strings.Contains(strings.Join(strings.Fields(got[1]), " "), s) {
			b.t.Errorf("%s: the page says %q", name, s)
		}
	}
}

// tongue looks for what we say to customers in other languages.
func (b *browser) tongue(lang, name, words string) {
	b.t.Helper()
	for _, s := range testkit.OtherWords(words, lang) {
		b.t.Errorf("%s: in a text in %s: %q", name, lang, s)
	}
}

// foreignTo is what the flow says in other languages and not in this one.
func foreignTo(lang string, kept map[string][]string) []string {
	if kept[lang] != nil {
		return kept[lang]
	}
	f, err := flow.Load("exit-first.yaml", flow.Builtin()["exit-first"])
	if err != nil {
		panic(err) // the program was built with it
	}
	var ours []string
	var others []flow.Words
	for _, n := range f.Nodes {
		for _, w := range n.Texts {
			others = append(others, w)
		}
		for _, x := range n.Fields {
			others = append(others, x.Label, x.Help)
		}
		for _, a := range n.Action {
			others = append(others, a.Label)
		}
	}
	for _, w := range others {
		ours = append(ours, w[lang])
	}
	all := strings.Join(ours, "\n")
	for _, w := range others {
		for l, s := range w {
			for _, part := range regexp.MustCompile(`\{[a-z]+\}`).Split(s, -1) {
				if part = strings.TrimSpace(part); l != lang && len(part) > 12 && !strings.Contains(all, part) {
					kept[lang] = append(kept[lang], part)
				}
			}
		}
	}
	return kept[lang]
}
