package e2e_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"

	"hastaluego/internal/testkit"
)

// Somebody leaves and allows one letter; the company reads what it means, takes
// the workbook, notes an improvement and writes once; they come back with a
// button, and then want silence. The customer reads one language and the
// company both.
func TestACompanyLearnsAndIsAllowedToAskBack(t *testing.T) {
	t.Parallel()
	check := axe(t)
	eachStage(t, func(t *testing.T, e testkit.Engine) {
		lang, other := "es", "en"
		if e.Name != "sqlite" {
			lang, other = other, lang
		}
		s := setStage(t, e.URL)
		base := strings.TrimSuffix(s.info.Portal, "/")
		const account = "iker@puertoalto.example"
		b := openBrowser(t)
		b.open(base + "/?lang=" + lang)
		b.do(chromedp.SendKeys(chromedp.CSS("#account"), account), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
		b.press("confirm", testid("ack"))
		b.open(s.link(s.letter(account, "onfirm"), "/v/"))
		b.press("act", testid("receipt"))
		b.press("follow", testid("allow-box"))
		private := b.at()
		if ticked, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.querySelector('`+testid("allow-box")+`').checked`)); err != nil || ticked {
			t.Errorf("the box is ticked before anybody touched it (%v)", err)
		}
		b.do(chromedp.Click(chromedp.CSS(testid("allow-box"))))
		b.press("allow-save", testid("allowed"))
		b.inspect(check, e.Name+"-track-allowed", private)

		staff, second := s.signedIn(0), s.signedIn(1)
		staff.turn(testid("cases")+" th a", testid("plan"))
		casefile := staff.at()
		s.workAll(staff)
		second.open(casefile)
		s.workAll(second)
		s.untilPortal(b, private+"?lang=es", "comprobad", "Cobros parados")
		for range 6 {
			if staff.open(casefile + "?lang=es"); staff.count(testid("clock-next")+":not([aria-disabled])") == 0 || strings.Contains(staff.text(".badge"), "errad") {
				break
			}
			staff.press("clock-next", testid("plan"))
			time.Sleep(300 * time.Millisecond)
		}
		s.letter(account, "asta luego|racias|ee you|hank")

		s.figures(t, staff, check, e.Name, base, other)
		s.improves(t, staff, base, lang)

		// The letter is read before it goes out.
		staff.inspect(check, e.Name+"-winback", base+"/console/winback")
		staff.open(base + "/console/winback?lang=" + other)
		for id, words := range map[string]string{
			"#subject_es": "Hemos arreglado los avisos", "#text_es": "Llegan al momento.", "#subject_en": "We fixed the notices", "#text_en": "They arrive at once.",
		} {
			staff.do(chromedp.SendKeys(chromedp.CSS(id), words))
		}
		staff.press("preview-letter", testid("send"))
		staff.shot(e.Name + "-winback-preview")
		if got := staff.text(testid("preview")); !strings.Contains(got, "Llegan al momento.") || !strings.Contains(got, "They arrive at once.") {
			t.Errorf("the preview: %s", got)
		}
		staff.press("send", testid("sent"))
		letter := s.letter(account, map[string]string{"es": "avisos", "en": "notices"}[lang])
		back, silence := s.link(letter, "/b/"), s.link(letter, "/u/")
		b.inspect(check, e.Name+"-back", back)
		b.open(back + "?lang=" + lang)
		b.press("return", testid("return-asked"))
		b.shot(e.Name + "-back-asked")
		b.inspect(check, e.Name+"-silence", silence)
		b.open(silence + "?lang=" + lang)
		b.press("act", testid("silent"))
		b.inspect(check, e.Name+"-silent", silence)
		staff.open(base + "/console/winback?lang=es")
		if got := staff.text(testid("leavers")); !strings.Contains(got, "Pidió silencio") {
			t.Errorf("the list: %s", got)
		}
		staff.open(casefile)
		if staff.count(testid("plan")) == 0 || !strings.Contains(staff.text("main"), "volver") {
			t.Errorf("nobody is asked to bring them back: %s", staff.text("main"))
		}
		if out, code := s.hasta("audit", "verify"); code != 0 {
			t.Errorf("audit verify: status %d\n%s", code, out)
		}
	})
}

// signedIn is a browser of somebody of the company.
func (s *stage) signedIn(n int) *browser {
	s.t.Helper()
	b := openBrowser(s.t)
	b.open(s.info.Portal + "console?lang=es")
	b.do(chromedp.SendKeys(chromedp.CSS("#login"), s.sample.Users[n].Login), chromedp.SendKeys(chromedp.CSS("#password"), s.sample.Password))
	b.press("signin", testid("cases"))
	return b
}

// figures looks at the page, at what programs read, and at the workbook.
func (s *stage) figures(t *testing.T, staff *browser, check, name, base, other string) {
	t.Helper()
	staff.inspect(check, name+"-learn", base+"/console/learn")
	out, code := s.hasta("metrics", "--json")
	var f struct {
		Churn []struct {
			AtStart int `json:"at_start"`
			Lost    int
			Rate    string
			Small   bool
		}
	}
	if err := json.Unmarshal([]byte(out), &f); err != nil || code != 0 {
		t.Fatalf("%v, status %d: %s", err, code, out)
	}
	i := slices.IndexFunc(f.Churn, func(m struct {
		AtStart int `json:"at_start"`
		Lost    int
		Rate    string
		Small   bool
	},
	) bool {
		return m.Lost == 1
	})
	if i < 0 || f.Churn[i].AtStart < 2 || !f.Churn[i].Small {
		t.Fatalf("nobody was lost: %s", out)
	}
	staff.open(base + "/console/learn?lang=" + other)
	if got := staff.text(testid("churn")); !strings.Contains(got, map[string]string{"es": "n pequeño", "en": "n is small"}[other]) ||
		!strings.Contains(strings.ReplaceAll(got, ",", "."), f.Churn[i].Rate) {
		t.Errorf("the page says %s, programs read %s", got, f.Churn[i].Rate)
	}
	href, err := chromedp.Run(staff.ctx, chromedp.Evaluate[string](`document.querySelector('`+testid("workbook")+`').href`))
	s.must(err)
	if res, err := http.Get(href); err != nil || res.Request.URL.Path == "/console/learn/workbook.xlsx" {
		t.Errorf("the workbook is anybody's: %v", err)
	}
	file := filepath.Join(t.TempDir(), "bajas.xlsx")
	if out, code := s.hasta("metrics", "workbook", file, "--lang", other); code != 0 {
		t.Fatalf("workbook: status %d %s", code, out)
	}
	openInOffice(t, file)
	raw, err := os.ReadFile(file)
	s.must(err)
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	s.must(err)
	var all strings.Builder
	for _, p := range z.File {
		r, err := p.Open()
		s.must(err)
		_, err = io.Copy(&all, r)
		s.must(err)
		_ = r.Close()
	}
	for _, want := range []string{"Puerto Alto", map[string]string{"es": "Por motivo y segmento", "en": "By reason and segment"}[other]} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("the workbook lacks %q", want)
		}
	}
}

// openInOffice opens a workbook with LibreOffice, which repairs nothing without
// a window, and expects in every sheet what the file holds.
func openInOffice(t *testing.T, file string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "soffice", "--headless", "-env:UserInstallation=file://"+dir+"/profile",
		"--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1", "--outdir", dir, file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("LibreOffice: %v\n%s", err, out)
	}
	f, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range f.GetSheetList() {
		want, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(file), ".xlsx")+"-"+name+".csv"))
		if err != nil {
			t.Errorf("LibreOffice shows no sheet %s: %v", name, err)
			continue
		}
		r := csv.NewReader(bytes.NewReader(raw))
		r.FieldsPerRecord = -1
		got, err := r.ReadAll()
		if err != nil || len(got) < len(want) {
			t.Errorf("LibreOffice shows %d rows of %d on sheet %s: %v", len(got), len(want), name, err)
			continue
		}
		for i, row := range want {
			for j, cell := range row {
				if _, number := strconv.ParseFloat(cell, 64); number != nil && (j >= len(got[i]) || got[i][j] != cell) {
					t.Errorf("LibreOffice shows sheet %s, row %d, column %d as %q instead of %q", name, i+1, j+1, got[i], cell)
				}
			}
		}
	}
}

// improves notes an improvement and ends it.
func (s *stage) improves(t *testing.T, staff *browser, base, lang string) {
	t.Helper()
	staff.open(base + "/console/learn?lang=" + lang)
	staff.do(chromedp.Click(chromedp.CSS(testid("add-action"))), chromedp.SendKeys(chromedp.CSS("#action-what"), "Avisar por SMS"))
	staff.press("save-action", testid("error-action-due"))
	staff.do(chromedp.SetValue(chromedp.CSS("#action-due"), "2031-01-31"))
	staff.press("save-action", testid("end-action"))
	staff.do(chromedp.Click(chromedp.CSS(testid("end-action"))), chromedp.SendKeys(chromedp.CSS(`textarea[name="effect"]`), "La mitad de quejas"))
	staff.press("action-done", testid("effect"))
	staff.shot("improved-" + lang)
}
