package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hastaluego/internal/testkit"
)

// useOf is a file of three columns: what a customer used, day by day, less and
// less.
func (s *stage) useOf(reference string) string {
	s.t.Helper()
	var b strings.Builder
	b.WriteString("cliente;fecha;uso\n")
	for i := range 140 {
		n := 40
		if i < 28 {
			n = 6
		}
		fmt.Fprintf(&b, "%s;%s;%d\n", reference, time.Now().AddDate(0, 0, -i).Format(time.DateOnly), n)
	}
	file := filepath.Join(s.t.TempDir(), "uso.csv")
	s.must(os.WriteFile(file, []byte(b.String()), 0o600))
	return file
}

// signIn signs somebody of the sample company in.
func (s *stage) signIn(who int) *browser {
	s.t.Helper()
	b := openBrowser(s.t)
	b.open(s.info.Portal + "console?lang=" + s.lang)
	b.do(chromedp.SendKeys(chromedp.CSS("#login"), s.sample.Users[who].Login), chromedp.SendKeys(chromedp.CSS("#password"), s.sample.Password))
	b.press("signin", testid("me"))
	return b
}

// A risk is seen from three columns and a play is carried through; the customer
// leaves all the same, is told what they achieved, answers, lets the company
// show their words, and the team reads it: in both languages.
func TestARiskIsSeenAndTheGoodbyeIsGood(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, e testkit.Engine) {
		s := setStage(t, e.URL)
		const ref, account = "FE-30112", "anke@brennerphysio.example"
		if out, code := s.hasta("import", "readings", s.useOf(ref), "--lang", "es"); code != 0 || !strings.Contains(out, "140 filas: 140") {
			t.Fatalf("import: status %d\n%s", code, out)
		}
		base, check := strings.TrimSuffix(s.info.Portal, "/"), axe(t)
		staff := s.signIn(0)
		staff.open(base + "/console/risks?band=medium&lang=es")
		staff.shot(e.Name + "-risk-1-list")
		if got := staff.text(testid("risks")); !strings.Contains(got, "Brenner Physio GmbH") || !strings.Contains(got, "Usa un 85 % menos") {
			t.Errorf("the list says %s", got)
		}
		staff.inspect(check, e.Name+"-risks", base+"/console/risks?band=medium")
		staff.open(base + "/console/risks?band=medium&lang=en")
		if got := staff.text(testid("risks")); !strings.Contains(got, "Uses 85% less") {
			t.Errorf("the list says in English %s", got)
		}
		staff.open(base + "/console/risks?band=medium&lang=es")
		row := fmt.Sprintf(`[...document.querySelectorAll('%s th a')].find(a => a.textContent.includes('Brenner')).href`, testid("risks"))
		page, err := chromedp.Run(staff.ctx, chromedp.Evaluate[string](row))
		s.must(err)
		staff.open(page)
		staff.press("open-play", testid("save-plan"))
		owner, err := chromedp.Run(staff.ctx, chromedp.Evaluate[string](`document.querySelector('select[name="owner"] option:nth-child(2)').value`))
		s.must(err)
		staff.do(chromedp.SetValue(chromedp.CSS(`select[name="owner"]`), owner),
			chromedp.SetValue(chromedp.CSS(`input[name="due"]`), time.Now().AddDate(0, 0, 3).Format(time.DateOnly)),
			chromedp.SendKeys(chromedp.CSS(`textarea[name="plan"]`), "Llamar a Anke y escuchar"))
		staff.shot(e.Name + "-risk-2-play")
		staff.press("save-plan", testid("begin-play"))
		staff.press("begin-play", testid("finish-play"))
		staff.do(chromedp.SetValue(chromedp.CSS(`select[name="outcome"]`), "unchanged"), chromedp.SendKeys(chromedp.CSS(`textarea[name="note"]`), "Cierran la consulta"))
		staff.press("finish-play", testid("plays"))
		staff.inspect(check, e.Name+"-risk", page)
		if got := staff.text(testid("plays")); !strings.Contains(got, "Sigue igual") || !strings.Contains(got, "Usa un 85 % menos") {
			t.Errorf("the play says %s", got)
		}

		b := openBrowser(t)
		b.open(s.info.Portal + "?lang=es")
		b.do(chromedp.SendKeys(chromedp.CSS("#account"), account), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
		b.press("confirm", testid("ack"))
		b.open(s.link(s.letter(account, "onfirma"), "/v/"))
		b.press("act", testid("receipt"))
		staff.open(base + "/console")
		staff.turn(testid("cases")+" th a", testid("plan"))
		casefile, err := chromedp.Run(staff.ctx, chromedp.Location())
		s.must(err)
		staff.open(page)
		if got := staff.text("main"); !strings.Contains(got, "Cómo estaba cuando pidió la baja") || !strings.Contains(got, "Usa un 85 % menos") {
			t.Errorf("whoever leaves is rated as they were: %s", got)
		}
		staff.open(casefile)
		s.workAll(staff)
		finance := s.signIn(1)
		finance.open(casefile)
		s.workAll(finance)
		for range 40 {
			staff.open(casefile)
			if staff.count(testid("recap")) > 0 && strings.Contains(staff.text("main"), "errad") {
				break
			}
			if staff.count(testid("clock-next")+":not([aria-disabled])") > 0 {
				staff.press("clock-next", testid("plan"))
			}
			time.Sleep(300 * time.Millisecond)
		}
		staff.shot(e.Name + "-bye-5-recap")
		if got := staff.text(testid("recap")); !strings.Contains(got, "Usa un 85 % menos") || !strings.Contains(got, "veces que lo usaste") {
			t.Errorf("the recap says %s", got)
		}

		letter := s.letter(account, "asta luego|racias")
		if !strings.Contains(letter, "Lo que conseguiste") || !strings.Contains(letter, "días en los que te sirvió") {
			t.Errorf("the farewell does not tell what was achieved:\n%s", letter)
		}
		bye := s.link(letter, "/bye/")
		b.open(bye + "?lang=es")
		b.shot(e.Name + "-bye-1-page")
		if b.count(testid("ask")) != 1 || !strings.Contains(b.text("main"), "Lo que conseguiste") {
			t.Errorf("the farewell page: %s", b.text("main"))
		}
		b.inspect(check, e.Name+"-bye", bye)
		b.inspect(check, e.Name+"-survey", bye+"/survey")
		b.open(bye + "?lang=es")
		b.press("survey", testid("confidential"))
		if got := b.text("main"); !strings.Contains(got, "Es confidencial") || b.count("fieldset, textarea") > 4 {
			t.Errorf("the survey: %s", got)
		}
		b.press("answer", testid("errors")) // nothing was answered
		b.do(chromedp.Click(chromedp.CSS("#csat-4")), chromedp.Click(chromedp.CSS("#nps-8")), chromedp.Click(chromedp.CSS(`input[name="reason"][value="company_changed"]`)),
			chromedp.SendKeys(chromedp.CSS("#idea"), "Un plan de verano"))
		b.shot(e.Name + "-bye-2-survey")
		b.press("answer", testid("given"))
		if b.count(testid("ask")) != 0 {
			t.Error("whoever has just answered is asked again")
		}
		b.open(bye + "?lang=en")
		if got := b.text("main"); !strings.Contains(got, "What you achieved") || !strings.Contains(got, "Would you leave us a few words?") {
			t.Errorf("in English: %s", got)
		}
		b.inspect(check, e.Name+"-testimonial", bye+"/testimonial")
		b.open(bye + "?lang=en")
		b.press("testimonial", testid("give"))
		b.do(chromedp.SendKeys(chromedp.CSS("#text"), "They were kind to the end"), chromedp.SendKeys(chromedp.CSS("#name"), "Anke"))
		b.press("give", testid("error-consent"))
		b.shot(e.Name + "-bye-3-testimonial")
		b.do(chromedp.Click(chromedp.CSS("#consent")))
		b.press("give", testid("withdraw"))

		for lang, words := range map[string][]string{"es": {"Lo que dicen quienes se van", "Un plan de verano", "Cambios en mi empresa"}, "en": {"What leavers say", "Un plan de verano", "Changes in my company"}} {
			staff.open(base + "/console/voices?lang=" + lang)
			for _, w := range words {
				if got := staff.text("main"); !strings.Contains(got, w) {
					t.Errorf("the voices in %s lack %q: %s", lang, w, got)
				}
			}
		}
		staff.open(base + "/console/voices?what=testimonial&lang=es")
		staff.shot(e.Name + "-bye-4-voices")
		if got := staff.text(testid("voices")); !strings.Contains(got, "They were kind to the end") || !strings.Contains(got, "Se puede enseñar hasta") {
			t.Errorf("the testimonial: %s", got)
		}
		b.press("withdraw", testid("given"))
		staff.open(base + "/console/voices?what=testimonial&lang=es")
		if got := staff.text(testid("voices")); !strings.Contains(got, "Ya no se puede enseñar") {
			t.Errorf("taken back: %s", got)
		}
		if out, code := s.hasta("audit", "verify"); code != 0 {
			t.Errorf("audit verify: status %d\n%s", code, out)
		}
	})
}
