package away_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/flow"
	"hastaluego/internal/id"
	"hastaluego/internal/spool"
	"hastaluego/internal/text"
	"hastaluego/internal/web/assets"
	"hastaluego/internal/web/away"
)

var faro = app.Company{
	Name: "Faro", LegalName: "Faro, S. L.", Address: "Calle Mayor 1, Madrid", Email: "bajas@faro.example", Complaints: "quejas@faro.example", Language: "es",
	Zone: time.FixedZone("Europe/Madrid", 3600), PublicURL: "https://bajas.faro.example", Colour: "#7a1f5c",
	Logo:  &company.Logo{Media: "image/svg+xml", Body: []byte("<svg/>"), Digest: "ab"},
	Words: map[string]map[string]string{"es": {"spool.kept.what": "Lo que nos has pedido"}},
}

// ours is the flow that comes with the program with the edits, each old and new.
func ours(t *testing.T, edits ...string) *flow.Flow {
	t.Helper()
	f, err := flow.Load("exit-first.yaml", []byte(strings.NewReplacer(edits...).Replace(string(flow.Builtin()["exit-first"]))))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// under are the forms of a flow where these packs hold.
func under(f *flow.Flow, packs ...string) away.Forms {
	variants := func(packs ...string) map[string]*flow.View {
		by := map[string]*flow.View{}
		for _, lang := range f.Languages {
			by[lang] = f.Compile(flow.Law{Packs: packs}, flow.Variant{Language: lang, Device: "desktop"})
		}
		return by
	}
	return away.FormsOf(f, variants(packs...), variants("safe-everywhere"))
}

// front is a spool with its pages.
type front struct {
	*testing.T
	http.Handler
	dir  string
	now  time.Time
	from string // of the next request
}

func newFront(t *testing.T, most, rate int) *front {
	t.Helper()
	f := &front{T: t, dir: filepath.Join(t.TempDir(), "spool"), now: time.Date(2026, 11, 27, 9, 4, 5, 123456000, time.UTC), from: "203.0.113.7:999"}
	folder, err := spool.Open(f.dir, most)
	if err != nil {
		t.Fatal(err)
	}
	files, err := assets.Open()
	if err != nil {
		t.Fatal(err)
	}
	f.Handler = away.New(away.Options{
		Folder: folder, Assets: files, Start: away.ProfileOf(faro, under(ours(t), "safe-everywhere")), Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Rate: rate,
		Wall: func() time.Time { return f.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	return f
}

func (f *front) ask(method, path string, form url.Values) (int, string, http.Header) {
	f.Helper()
	r := httptest.NewRequestWithContext(f.Context(), method, path, strings.NewReader(form.Encode()))
	r.RemoteAddr = f.from
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "Browser")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

func (f *front) waiting() int {
	f.Helper()
	list, err := filepath.Glob(filepath.Join(f.dir, "waiting", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	return len(list)
}

var code = regexp.MustCompile(`HL-[0-9A-Z]{4}-[0-9A-Z]{4}`)

// only returns the one declaration that waits.
func (f *front) only() (d spool.Declaration) {
	f.Helper()
	list, err := filepath.Glob(filepath.Join(f.dir, "waiting", "*.json"))
	if err != nil || len(list) != 1 {
		f.Fatalf("%v %v", list, err)
	}
	raw, err := os.ReadFile(list[0])
	if err == nil {
		d, err = spool.Parse(raw)
	}
	if err != nil {
		f.Fatal(err)
	}
	return d
}

// Whoever leaves is told the code and the instant that are on the disk, in their
// language, and what happens next.
func TestWhoLeavesIsToldWhatIsOnTheDisk(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][]string{
		"es": {"Viernes 27 de noviembre de 2026, 10:04:05", "Tu baja está registrada", "papeles@x.example", "Al final de lo que ya has pagado"},
		"en": {"Friday 27 November 2026, 10:04:05", "Your cancellation is registered", "papeles@x.example", "At the end of what you have paid for"},
	} {
		f := newFront(t, 0, 0)
		nonce := id.Token()
		status, page, head := f.ask("POST", "/?lang="+lang, url.Values{
			"name": {" Ana <b> "}, "account": {"ana@x.example"}, "receipt": {"papeles@x.example"}, "reference": {"F-1"}, "when": {"period_end"}, "nonce": {nonce},
		})
		d := f.only()
		for _, w := range append(want, d.Code, "Ana &lt;b&gt;", "F-1", `<html lang="`+lang+`"`) {
			if !strings.Contains(page, w) {
				t.Errorf("%s: the page lacks %s", lang, w)
			}
		}
		if status != http.StatusOK || d.Code != id.CodeFor(nonce) || !d.At.Equal(f.now) || d.Name != "Ana <b>" || d.Language != lang || d.Network != "203.0.113.0/24" {
			t.Errorf("%s: %d %+v", lang, status, d)
		}
		if head.Get("Cache-Control") != "no-store" || head.Get("Set-Cookie") != "" || !strings.Contains(head.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") {
			t.Errorf("%v", head)
		}
	}
}

// A form that is sent twice is one declaration: by its nonce, or, from the static
// page, by its words and whoever sends them. Nobody else learns of it.
func TestOneWhoPressesTwiceLeavesOnce(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]url.Values{
		"with a nonce":    {"account": {"ana@x.example"}, "nonce": {id.Token()}},
		"the static page": {"account": {"ana@x.example"}},
	} {
		f := newFront(t, 0, 0)
		_, first, _ := f.ask("POST", "/", form)
		f.now = f.now.Add(time.Hour)
		_, second, _ := f.ask("POST", "/", form)
		if a, b := code.FindString(first), code.FindString(second); a == "" || a != b || f.waiting() != 1 || !strings.Contains(second, "10:04:05") {
			t.Errorf("%s: told %s and %s, %d files", name, a, b, f.waiting())
		}
	}
	f := newFront(t, 0, 0)
	_, first, _ := f.ask("POST", "/", url.Values{"account": {"ana@x.example"}})
	f.from = "203.0.113.8:999"
	_, other, _ := f.ask("POST", "/", url.Values{"account": {"ana@x.example"}})
	if code.FindString(first) == code.FindString(other) || f.waiting() != 2 {
		t.Errorf("somebody else was told %s, %d files", code.FindString(other), f.waiting())
	}
}

func TestWhatIsWrongStandsBesideItsFieldAndNothingIsLost(t *testing.T) {
	t.Parallel()
	f := newFront(t, 0, 0)
	status, page, _ := f.ask("POST", "/?lang=en", url.Values{"name": {"Ana Ruiz"}, "account": {"ana@"}, "when": {"period_end"}})
	for _, want := range []string{`data-testid="error-account"`, `aria-describedby="account-en-error"`, `value="Ana Ruiz"`, `value="ana@"`, `value="period_end" checked`, `role="alert"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if status != http.StatusUnprocessableEntity || f.waiting() != 0 {
		t.Errorf("%d, %d files", status, f.waiting())
	}
	status, page, _ = f.ask("POST", "/?lang=es", url.Values{"account": {strings.Repeat("a", 70_000)}})
	if status != http.StatusRequestEntityTooLarge || f.waiting() != 0 || !strings.Contains(page, "Darte de baja de Faro") {
		t.Errorf("%d %s", status, page[:200])
	}
}

// Where nothing can be kept, nobody is told that it was: they read why, in their
// language, and to whom to write.
func TestWhereNothingCanBeKeptTheyAreToldPlainly(t *testing.T) {
	t.Parallel()
	ask := func(f *front, lang, want string, kept int) {
		f.Helper()
		status, page, head := f.ask("POST", "/?lang="+lang, url.Values{"account": {"eva@x.example"}, "name": {"Eva"}})
		if status != http.StatusServiceUnavailable || !strings.Contains(page, want) || !strings.Contains(page, "mailto:bajas@faro.example") || !strings.Contains(page, `value="eva@x.example"`) {
			f.Errorf("%d, and it does not say “%s”", status, want)
		}
		if head.Get("Retry-After") == "" || code.MatchString(page) || f.waiting() != kept {
			f.Errorf("%v, %d files", head, f.waiting())
		}
	}
	full := newFront(t, 1, 0)
	full.ask("POST", "/", url.Values{"account": {"ana@x.example"}})
	ask(full, "es", "no ha quedado registrada", 1)
	ask(full, "en", "We have no room left", 1)

	lost := newFront(t, 0, 0)
	folder := filepath.Join(lost.dir, "waiting")
	if err := errors.Join(os.RemoveAll(folder), os.WriteFile(folder, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	ask(lost, "es", "No hemos podido guardar tu petición", 0)
	ask(lost, "en", "We could not keep your request", 0)
	if status, _, _ := lost.ask("GET", "/readyz", nil); status != http.StatusServiceUnavailable {
		t.Errorf("it says that it is well: %d", status)
	}
	if status, said, _ := full.ask("GET", "/healthz", nil); status != http.StatusOK || said != "ok\n" {
		t.Errorf("%d %s", status, said)
	}
}

func TestOneNetworkCannotFillTheSpool(t *testing.T) {
	t.Parallel()
	f := newFront(t, 0, 3)
	send := func() (int, string, http.Header) {
		return f.ask("POST", "/?lang=es", url.Values{"account": {"ana@x.example"}, "nonce": {id.Token()}})
	}
	for range 3 {
		if status, _, _ := send(); status != http.StatusOK {
			t.Fatalf("%d", status)
		}
	}
	status, page, head := send()
	if status != http.StatusTooManyRequests || head.Get("Retry-After") != "601" || !strings.Contains(page, "mailto:bajas@faro.example") {
		t.Errorf("%d, after %s", status, head.Get("Retry-After"))
	}
	f.from = "198.51.100.1:1"
	if status, _, _ := send(); status != http.StatusOK {
		t.Errorf("another network: %d", status)
	}
	f.from, f.now = "203.0.113.200:1", f.now.Add(11*time.Minute)
	if status, _, _ := send(); status != http.StatusOK {
		t.Errorf("later: %d", status)
	}
	f.from = "127.0.0.1:1" // a proxy that does not say whom it speaks for
	for range 5 {
		if status, _, _ := send(); status != http.StatusOK {
			t.Errorf("from here: %d", status)
		}
	}
}

// What was pressed on a page of the server counts as a declaration if it is the
// button that declares; else it is shown, to be confirmed here. Withdrawing is
// an act of its own.
func TestOnlyWhatDeclaresIsKept(t *testing.T) {
	t.Parallel()
	f := newFront(t, 0, 0)
	nonce := id.Token()
	form := url.Values{"account": {"ana@x.example"}, "nonce": {nonce}, "page": {"request"}, "go": {"recap"}, "ground": {"Nie geliefert"}, "kind": {"for_cause"}, "line": {"600"}}
	status, page, _ := f.ask("POST", "/?lang=de", form)
	for _, want := range []string{`value="` + nonce + `"`, `value="ana@x.example"`, `name="kind" value="for_cause"`, "Nie geliefert", `name="line" value="600"`, `data-testid="look"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if status != http.StatusOK || f.waiting() != 0 {
		t.Errorf("%d, %d files", status, f.waiting())
	}
	form.Set("go", "confirm")
	f.ask("POST", "/?lang=de", form)
	if d := f.only(); d.ID != nonce || d.Kind != "for_cause" || d.Ground != "Nie geliefert" || d.Line != "600" || d.Act != "cancel" {
		t.Errorf("%+v", d)
	}
	w := newFront(t, 0, 0)
	_, page, _ = w.ask("GET", "/withdraw?lang=es", nil)
	if !strings.Contains(page, `action="/withdraw?lang=es"`) || !strings.Contains(page, "Confirmar desistimiento") || strings.Contains(page, `name="when"`) {
		t.Error("the form to withdraw")
	}
	_, page, _ = w.ask("POST", "/withdraw?lang=es", url.Values{"receipt": {"ana@x.example"}, "page": {"withdrawal"}, "go": {"confirm"}})
	if d := w.only(); d.Act != "withdraw" || d.Account != "ana@x.example" || !strings.Contains(page, "Tu desistimiento está registrado") {
		t.Errorf("%+v", d)
	}
}

// Whoever withdraws reads the words of a withdrawal, in every language, and has
// what is missing marked beside each field, as whoever cancels has.
func TestAWithdrawalHasItsOwnWordsAndItsMarks(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]struct{ ours, not string }{
		"es": {"Código de tu desistimiento", "baja"}, "en": {"Code of your withdrawal", "cancellation"},
		"de": {"Code deines Widerrufs", "kündig"}, "fr": {"Code de votre rétractation", "résiliation"},
	} {
		f := newFront(t, 0, 0)
		status, page, _ := f.ask("POST", "/withdraw?lang="+lang, url.Values{"name": {""}, "reference": {" "}, "receipt": {""}, "page": {"withdrawal"}, "go": {"confirm"}})
		if status != http.StatusUnprocessableEntity || f.waiting() != 0 {
			t.Fatalf("%s: %d, %d files", lang, status, f.waiting())
		}
		for _, field := range []string{"name", "reference", "receipt"} {
			if !strings.Contains(page, `data-testid="error-`+field+`"`) {
				t.Errorf("%s: nothing is said beside %s", lang, field)
			}
		}
		if n := strings.Count(page, `aria-invalid="true"`); n != 3 {
			t.Errorf("%s: %d controls are marked", lang, n)
		}
		_, page, _ = f.ask("POST", "/withdraw?lang="+lang, url.Values{"name": {"Ana"}, "reference": {"C-1"}, "receipt": {"ana@x.example"}, "page": {"withdrawal"}, "go": {"confirm"}})
		_, kept, _ := strings.Cut(page, `data-testid="kept"`)
		kept, _, _ = strings.Cut(kept, "<footer")
		if f.only().Act != "withdraw" || !strings.Contains(kept, want.ours) || strings.Contains(strings.ToLower(kept), want.not) {
			t.Errorf("%s: the page that keeps it says:\n%s", lang, kept)
		}
	}
}

// Every other page of the house says that it is away, and how to leave now.
func TestEveryOtherPageSaysHowToLeaveNow(t *testing.T) {
	t.Parallel()
	f := newFront(t, 0, 0)
	for _, path := range []string{"/c/token?lang=en", "/console", "/v1/cases", "/s/x"} {
		status, page, head := f.ask("GET", path, nil)
		if status != http.StatusServiceUnavailable || head.Get("Retry-After") == "" || !strings.Contains(page, `href="/?lang=`) {
			t.Errorf("%s: %d", path, status)
		}
	}
	if _, page, _ := f.ask("GET", "/c/token?lang=en", nil); !strings.Contains(page, "This page is not available at the moment") {
		t.Error("not in English")
	}
	if status, page, _ := f.ask("GET", "/?lang=en", nil); status != http.StatusOK || !strings.Contains(page, `name="nonce"`) || !strings.Contains(page, "Cancel your Faro contract") {
		t.Errorf("the form: %d", status)
	}
}

// The profile that the server wrote down is that of the pages.
func TestThePagesAreThoseOfTheCompanyAsTheServerKnowsIt(t *testing.T) {
	t.Parallel()
	f := newFront(t, 0, 0)
	other := faro
	other.Name, other.Words = "Otra", nil
	known := away.ProfileOf(other, under(ours(t, `es: "Darte de baja de {company}"`, `es: "Adiós a {company}"`), "safe-everywhere"))
	if err := away.SaveProfile(f.dir, known); err != nil {
		t.Fatal(err)
	}
	if _, page, _ := f.ask("GET", "/?lang=es", nil); !strings.Contains(page, "Adiós a Otra") {
		t.Error("it is another company's")
	}
	back, _, err := away.LoadProfile(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	was, err := json.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	is, err := json.Marshal(back)
	if err != nil || string(was) != string(is) {
		t.Errorf("%v\n%s\n%s", err, was, is)
	}
}

// The static page refers to nothing outside itself, has every language once, and
// no id twice.
func TestTheStaticPageNeedsNothing(t *testing.T) {
	t.Parallel()
	files, err := assets.Open()
	if err != nil {
		t.Fatal(err)
	}
	page, err := away.Static(away.ProfileOf(faro, under(ours(t, `es: "Confirmar la baja"`, `es: "Confirmar mi baja de Faro"`), "es", "eu")), files, "https://bajas.faro.example/")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		inside := strings.HasPrefix(m[1], "#") || strings.HasPrefix(m[1], "data:") || strings.HasPrefix(m[1], "mailto:")
		if !inside && !strings.HasPrefix(m[1], "https://bajas.faro.example/?lang=") && !strings.HasPrefix(m[1], "https://bajas.faro.example/withdraw?lang=") {
			t.Errorf("it refers to %s", m[1])
		}
	}
	for _, no := range []string{"<script", "url(", "@import", "nonce\""} {
		if strings.Contains(page, no) {
			t.Errorf("it has %s", no)
		}
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if seen[m[1]] {
			t.Errorf("the id %s twice", m[1])
		}
		seen[m[1]] = true
	}
	for _, m := range regexp.MustCompile(` (?:for|form|aria-labelledby|aria-describedby)="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !seen[m[1]] {
			t.Errorf("nothing has the id %s", m[1])
		}
	}
	for _, lang := range text.CustomerLangs() {
		if !seen[lang] || !strings.Contains(page, `action="https://bajas.faro.example/?lang=`+lang+`"`) || !strings.Contains(page, `action="https://bajas.faro.example/withdraw?lang=`+lang+`"`) || !strings.Contains(page, `<div class="lang" id="`+lang+`" lang="`+lang+`"`) {
			t.Errorf("it lacks %s", lang)
		}
	}
	if !strings.Contains(page, "Confirmar mi baja de Faro") || !strings.Contains(page, "data:image/svg&#43;xml;base64,") && !strings.Contains(page, "data:image/svg+xml;base64,") || strings.LastIndex(page, `class="lang" id="es"`) < strings.LastIndex(page, `class="lang" id="en"`) {
		t.Error("own words, logo, or the company's language first")
	}
	t.Logf("%d kB", len(page)>>10)
}

// Labels, fields and pages are those of the flow that was published, under the
// law of where the company says that its customers live.
func TestTheFormsAreThoseOfTheFlowUnderItsLaw(t *testing.T) {
	t.Parallel()
	page := func(packs ...string) (*front, string) {
		f := newFront(t, 0, 0)
		if err := away.SaveProfile(f.dir, away.ProfileOf(faro, under(ours(t, `es: "Nombre y apellidos"`, `es: "Cómo te llamas"`), packs...))); err != nil {
			t.Fatal(err)
		}
		_, page, _ := f.ask("GET", "/?lang=es", nil)
		return f, page
	}
	for name, c := range map[string]struct {
		packs    []string
		has, not []string
	}{
		"Spain":     {[]string{"eu", "es"}, []string{"Cómo te llamas", ">Confirmar la baja<", ">Desistir del contrato aquí<", `value="confirm"`}, []string{`name="kind"`, `name="line"`}},
		"Germany":   {[]string{"eu", "de"}, []string{">jetzt kündigen<", `lang="de"`, "Confirmar la baja", `name="kind" value="for_cause"`, `name="ground"`}, []string{`name="line"`}},
		"Argentina": {[]string{"ar"}, []string{">BOTÓN DE BAJA DE SERVICIO<", ">BOTÓN DE ARREPENTIMIENTO<"}, []string{`name="kind"`}},
		"Mexico":    {[]string{"mx"}, []string{">Confirmar la baja<"}, []string{"Desistir"}},
		"France":    {[]string{"eu", "fr"}, []string{">Ver el resumen<", `name="line"`, `value="recap"`}, []string{">Notification de la résiliation<"}},
	} {
		_, page := page(c.packs...)
		for _, want := range c.has {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %s", name, want)
			}
		}
		for _, no := range c.not {
			if strings.Contains(page, no) {
				t.Errorf("%s: the page has %s", name, no)
			}
		}
	}

	// What the law wants shown once more before it counts is shown here, too.
	f, _ := page("eu", "fr")
	form := url.Values{"account": {"ana@x.example"}, "line": {"600"}, "page": {"request"}, "go": {"recap"}}
	if _, page, _ := f.ask("POST", "/?lang=es", form); f.waiting() != 0 || !strings.Contains(page, ">Notification de la résiliation<") || !strings.Contains(page, `value="summary"`) {
		t.Error("the summary")
	}
	form.Set("page", "summary")
	form.Set("go", "confirm")
	if f.ask("POST", "/?lang=es", form); f.only().Line != "600" {
		t.Errorf("%+v", f.only())
	}

	// Whoever withdraws on a page of another place is not made to cancel.
	f, _ = page("mx")
	if _, page, _ := f.ask("POST", "/withdraw?lang=es", url.Values{"receipt": {"ana@x.example"}, "page": {"withdrawal"}, "go": {"confirm"}}); f.only().Act != "withdraw" || !strings.Contains(page, "Tu desistimiento está registrado") {
		t.Errorf("%+v", f.only())
	}
}
