package portal_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
)

var admin = app.Actor{ID: "usr_admin", Name: "Noa", Roles: []string{"admin"}}

// What an administrator wrote down is what whoever leaves meets: name, logo,
// colours, and where the rules of the company stand.
func TestThePagesBearTheCompanysNameLogoColoursAndLinks(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	_, page, _ := s.body(http.Get(s.URL + "/"))
	if strings.Contains(page, "/brand/") || !strings.Contains(page, "Faro") {
		t.Fatal("before anybody changed it, the page bears ours")
	}
	var logo bytes.Buffer
	must(t, png.Encode(&logo, image.NewGray(image.Rect(0, 0, 40, 20))))
	p := s.app.Company().Profile()
	p.Name, p.Colour, p.Links = "Estudio Almena", "#ffd400", company.Links{Refunds: "https://almena.example/devoluciones", Privacy: "https://almena.example/privacidad"}
	_, err := s.app.SetCompany(t.Context(), admin, app.CompanyInput{Profile: p, Version: -1, Logo: logo.Bytes()})
	must(t, err)
	digest := s.app.Company().Logo.Digest
	for _, path := range []string{"/", "/nothing"} {
		_, page, _ = s.body(http.Get(s.URL + path))
		for _, want := range []string{
			`<link rel="stylesheet" href="/brand/ffd400.css"`, `<img src="/brand/` + digest + `" alt="Estudio Almena"`, `href="https://almena.example/devoluciones"`,
			`href="https://almena.example/privacidad"`,
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s", path, want)
			}
		}
	}
	status, css, head := s.body(http.Get(s.URL + "/brand/ffd400.css"))
	if status != http.StatusOK || !strings.Contains(css, "--go:light-dark(#ffd400,") || !strings.HasPrefix(head.Get("Content-Type"), "text/css") || !strings.Contains(head.Get("Cache-Control"), "immutable") {
		t.Errorf("%d %s %v", status, css, head)
	}
	if status, body, head := s.body(http.Get(s.URL + "/brand/" + digest)); status != http.StatusOK || head.Get("Content-Type") != "image/png" || !strings.HasPrefix(body, "\x89PNG") {
		t.Errorf("the logo: %d %v", status, head)
	}
	for _, nothing := range []string{"/brand/red.css", "/brand/0000", "/brand/..css"} {
		if status, _, _ := s.body(http.Get(s.URL + nothing)); status != http.StatusNotFound {
			t.Errorf("%s: %d", nothing, status)
		}
	}
}

// Own words stand on the page in the place of ours, in their language only, and
// what somebody typed in a slot is never read as one.
func TestThePagesSpeakInTheCompanysOwnWords(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	must(t, s.app.SetWords(t.Context(), admin, []app.Wording{
		{Language: "es", Key: "portal.form.when.now", Text: "Hoy mismo"}, {Language: "es", Key: "portal.form.optional", Text: "(si quieres)"},
	}))
	_, page, _ := s.body(http.Get(s.URL + "/?lang=es"))
	for _, want := range []string{"<strong>Hoy mismo</strong>", "(si quieres)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if _, page, _ := s.body(http.Get(s.URL + "/?lang=en")); strings.Contains(page, "Hoy mismo") || !strings.Contains(page, text.Say("en", "portal.form.when.now")) {
		t.Error("the English page speaks otherwise")
	}
}

// Every word that a customer reads here goes through the company's own words.
func TestNoPageOfThePortalSpeaksPastTheCompanysWords(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*")
	must(t, err)
	looked := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") || strings.HasSuffix(f, "_templ.go") {
			continue
		}
		raw, err := os.ReadFile(f)
		must(t, err)
		looked++
		for line := range strings.Lines(string(raw)) {
			if strings.Contains(line, `text.Say(`) && !strings.Contains(line, `.file")`) {
				t.Errorf("%s: %s", f, strings.TrimSpace(line))
			}
		}
	}
	if looked < 20 {
		t.Errorf("looked at %d files", looked)
	}
}

// Whoever leaves is asked for the reasons that the company chose, and can always
// say that it was another.
func TestTheReceiptOffersTheReasonsThatTheCompanyChose(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	_, page := s.leaving()
	offered := func() int {
		_, body, _ := s.body(s.visitor().Get(page + "/receipt?lang=es"))
		return strings.Count(body, `type="radio" name="reason"`)
	}
	if all := offered(); all < 6 {
		t.Fatalf("%d reasons are offered at first", all)
	}
	p := s.app.Company().Profile()
	p.Reasons = []string{"price", "service"}
	_, err := s.app.SetCompany(t.Context(), admin, app.CompanyInput{Profile: p, Version: -1})
	must(t, err)
	if n := offered(); n != 3 {
		t.Errorf("%d reasons are offered, want two and another", n)
	}
}
