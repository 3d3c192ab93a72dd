package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/testkit"
)

// What differs of necessity between two requests: codes, secrets and moments.
var differs = []*regexp.Regexp{
	codeForm,
	regexp.MustCompile(`(name="nonce" value=")[^"]+`),
	regexp.MustCompile(`(name="seen" value=")[^"]+`),
	regexp.MustCompile(`(/(?:v|c|bye|not-me)/)[A-Za-z0-9_-]+`),
	regexp.MustCompile(`(?i)\d{1,2}:\d{2}(?::\d{2})?`),
	regexp.MustCompile(`msg_[0-9a-z]{26}`),
	regexp.MustCompile(`[0-9a-f]{40,}`), // boundaries of parts
	regexp.MustCompile(`(?m)^(?:Date|To): .*$`),
}

func alike(s string) string {
	for _, re := range differs {
		s = re.ReplaceAllString(s, "${1}*")
	}
	return s
}

// apart shows where two texts part.
func apart(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := max(0, i-80)
	return fmt.Sprintf("%q\n%q", a[from:min(len(a), i+80)], b[from:min(len(b), i+80)])
}

// Byte for byte, but for codes, secrets and moments: whatever is shown or
// written to whoever typed the address of a customer, and to whoever typed that
// of nobody, on every page that they can go on to.
func TestAStrangerIsToldNothingThatACustomerIsNot(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := newSite(t, e)
		var seen [2][]answer
		var names []string
		for i, who := range []string{s.rows[0].Contact.Email, "nadie@ninguna.example"} {
			b := s.browser("es")
			note := func(name string, a answer) answer {
				if i == 0 {
					names = append(names, name)
				}
				a.head.Del("Date")
				seen[i] = append(seen[i], a)
				return a
			}
			receipt := fmt.Sprintf("casa%d@x.example", i)
			form := note("form", b("/"))
			nonce := regexp.MustCompile(`name="nonce" value="([^"]+)`).FindStringSubmatch(form.body)[1]
			typed := []string{"account", who, "receipt", receipt, "name", "Quien Sea", "reference", s.rows[0].Customer.Reference, "when", "now", "nonce", nonce}
			ack := note("acknowledgement", b("/", typed...))
			code := codeForm.FindString(ack.body)
			note("the same form again", b("/", typed...))
			note("a second tab", b("/", append(typed[:len(typed)-1], "other"+nonce)...))
			mistake := b("/", append(typed, "when", "never")...)
			mistake.body = strings.ReplaceAll(strings.ReplaceAll(mistake.body, who, "*"), receipt, "*") // what they typed
			note("a mistake", mistake)
			note("the acknowledgement again", b("/r/"+code))
			if i == 0 {
				s.letter("confirm", code) // by now it is known whose it is
			}
			raw, text := s.letter("ack", code)
			head, _, _ := strings.Cut(raw, "\r\n\r\n")
			note("letter", answer{body: head + text, head: http.Header{}})
			notMe := s.link(text, "/not-me/")
			note("not me", b(notMe))
			note("asked for a link", b("/again", "code", code))
			note("said", b(notMe, "x", "y"))
			note("not me, again", b(notMe))
			note("the acknowledgement at the end", b("/r/"+code))
		}
		for i, name := range names {
			a, b := seen[0][i], seen[1][i]
			if a.status != b.status || alike(a.body) != alike(b.body) || alike(fmt.Sprint(a.head)) != alike(fmt.Sprint(b.head)) || alike(a.path) != alike(b.path) {
				t.Errorf("%s differs: %d %s %v, %d %s %v\n%s", name, a.status, a.path, a.head, b.status, b.path, b.head, apart(alike(a.body), alike(b.body)))
			}
			if i > 0 && name != "letter" && a.status != http.StatusOK && name != "a mistake" {
				t.Errorf("%s: status %d at %s", name, a.status, a.path)
			}
		}
	})
}

// Sums, plans and dates of the end are shown with proof, and with nothing less.
func TestSumsNeedProof(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := newSite(t, e)
		row := s.rows[0]
		secrets := []string{row.Customer.Name, row.Contact.Name, row.Subscription.Reference, "€"}
		if row.Subscription.Plan != "" {
			secrets = append(secrets, row.Subscription.Plan)
		}
		b := s.browser("es")
		ack := b("/", "account", row.Contact.Email, "when", "period_end")
		code := codeForm.FindString(ack.body)
		_, mailed := s.letter("ack", code)
		_, confirm := s.letter("confirm", code)
		verify := s.link(confirm, "/v/")
		for name, body := range map[string]string{
			"form": b("/").body, "acknowledgement": ack.body, "its letter": mailed, "letter to confirm": confirm,
			"page to confirm": b(verify).body, "page of not me": b(s.link(mailed, "/not-me/")).body,
		} {
			for _, secret := range secrets {
				if strings.Contains(body, secret) {
					t.Errorf("%s says %q", name, secret)
				}
			}
		}
		receipt := b(verify, "papers", "typed")
		for _, proof := range []string{row.Contact.Name, "€", row.Subscription.Plan} {
			if !strings.Contains(receipt.body, proof) {
				t.Errorf("the receipt lacks %q", proof)
			}
		}
	})
}

// The receipt bears its place in the log at the first look, and so does the
// file; both are the proof that `hasta audit verify --against` takes.
func TestTheReceiptPageBearsItsProofAtTheFirstLook(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := newSite(t, e)
		b := s.browser("es")
		ack := b("/", "account", s.rows[0].Contact.Email, "when", "now")
		code := codeForm.FindString(ack.body)
		_, confirm := s.letter("confirm", code)
		receipt := b(s.link(confirm, "/v/"), "papers", "typed")
		for _, want := range []string{"Raíz", "Sello firmado", "Entradas del registro", `data-testid="proof"`} {
			if !strings.Contains(receipt.body, want) {
				t.Errorf("the first look at the receipt lacks %q", want)
			}
		}
		if strings.Contains(receipt.body, "http-equiv") || strings.Contains(receipt.body, `data-testid="proof-waits"`) {
			t.Error("the page says that it waits")
		}
		private := strings.TrimSuffix(receipt.path, "/receipt")
		file := b(private + "/proof.json")
		if got := file.head.Get("Content-Disposition"); !strings.Contains(got, code+".proof.json") {
			t.Errorf("the file is called %s", got)
		}
		raw, _ := s.letter("receipt", code)
		if !strings.Contains(raw, code+".proof.json") || !strings.Contains(raw, code+".pdf") {
			t.Error("the letter does not carry its proof and its paper")
		}
		path := filepath.Join(t.TempDir(), "proof.json")
		ok(t, os.WriteFile(path, []byte(file.body), 0o600))
		suspects, err := s.against(t.Context(), []string{path}, nil)
		ok(t, err)
		if len(suspects) != 0 {
			t.Errorf("the log contradicts the receipt: %v", suspects)
		}
	})
}

// The first view of every page comes in under sixty thousand bytes over the
// line, headers and stylesheet and all.
func TestTheFirstViewOfEveryPageIsLight(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := newSite(t, e)
		_, private := s.leave(s.rows[0].Contact.Email)
		b := s.browser("es")
		ack := b("/", "account", "nadie@x.example").path
		const most = 60_000
		css := regexp.MustCompile(`href="(/assets/[^"]+\.css)"`)
		for _, path := range []string{"/?lang=es", "/?lang=en", ack + "?lang=es", ack + "?lang=en", private, private + "?lang=en", private + "/receipt", private + "/undo", private + "/data", "/again"} {
			s.wire.sent.Store(0)
			page := b(path)
			if page.status != http.StatusOK {
				t.Fatalf("%s: status %d", path, page.status)
			}
			for _, sheet := range css.FindAllStringSubmatch(page.body, -1) {
				b(sheet[1])
			}
			for _, more := range []string{"<script", "<img", `rel="preload"`, "@import", "url("} {
				if strings.Contains(page.body, more) {
					t.Errorf("%s asks for more: %s", path, more)
				}
			}
			n := s.wire.sent.Load()
			t.Logf("%s: %d bytes", path[:min(len(path), 4)]+path[strings.LastIndexByte(path, '/'):], n)
			if n > most || n < 5_000 {
				t.Errorf("%s: %d bytes went over the line", path, n)
			}
		}
	})
}

// Neither a page nor the log gives away what opens something: no referrer, no
// token in the log, whatever fails.
func TestTokensStayWithWhoeverHasThem(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := newSite(t, e)
		code, private := s.leave(s.rows[0].Contact.Email)
		_, confirm := s.letter("confirm", code)
		_, receipt := s.letter("receipt", code)
		b := s.browser("es")
		verify, notMe := s.link(confirm, "/v/"), s.link(receipt, "/not-me/")
		for _, path := range []string{verify, notMe, private, private + "/receipt", private + "/data", private + "/undo", private + "/proof.json", private + "/nothing", private + "x", "/bye" + private[2:]} {
			a := b(path)
			if got := a.head.Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("%s: referrer policy %q", path, got)
			}
			if got := a.head.Get("Cache-Control"); !strings.Contains(got, "no-store") {
				t.Errorf("%s: cache control %q", path, got)
			}
		}
		b(private+"/data", "code", "AAAA-BBBB")
		b(private+"/data/code", "x", "y")
		_, letter := s.letter("code", code)
		said := s.said.String()
		for _, secret := range []string{strings.TrimPrefix(private, "/c/"), tokenOf(verify), tokenOf(notMe), regexp.MustCompile(`[^-]\b([0-9A-Z]{4}-[0-9A-Z]{4})\b`).FindStringSubmatch(letter)[1]} {
			if strings.Contains(said, secret) {
				t.Errorf("the log says %s", secret)
			}
		}
		if !strings.Contains(said, "worked") {
			t.Errorf("the log says nothing: %s", said)
		}
		if stored := s.dump(); strings.Contains(stored, tokenOf(verify)) || strings.Contains(stored, strings.TrimPrefix(private, "/c/")) {
			t.Error("a token is stored as it is")
		}
	})
}

func tokenOf(link string) string {
	link, _, _ = strings.Cut(link, "?")
	return link[strings.LastIndexByte(link, '/')+1:]
}

// dump is everything that is stored about letters and links.
func (s *site) dump() string {
	s.Helper()
	var b strings.Builder
	ok(s, s.store.View(s.Context(), func(tx app.Tx) error {
		list, err := tx.ListMessages(s.Context(), "", 1000)
		for _, m := range list {
			fmt.Fprintf(&b, "%+v %s\n", m, m.Body)
		}
		return err
	}))
	return b.String()
}

// Each level opens what it should and nothing more: 0 is whoever typed the
// request, 1 whoever has a link from the mailbox on file, 2 whoever read a
// second letter just now.
func TestEachLevelOpensWhatItShould(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := newSite(t, e)
		typist := s.browser("es")
		ack := typist("/", "account", s.rows[0].Contact.Email, "receipt", "otra@x.example", "when", "period_end")
		code := codeForm.FindString(ack.body)
		_, confirm := s.letter("confirm", code)
		owner := s.browser("es")
		receipt := owner(s.link(confirm, "/v/"), "papers", "typed")
		private := strings.TrimSuffix(receipt.path, "/receipt")
		_, mailed := s.letter("ack", code)

		// Level 0 stays level 0 when somebody else confirms.
		if again := typist("/r/" + code); again.body != typist("/r/"+code).body || strings.Contains(again.body, "€") || strings.Contains(again.body, "/c/") {
			t.Error("the acknowledgement became more than that")
		}
		for _, token := range []string{code, tokenOf(s.link(mailed, "/not-me/"))} {
			for _, path := range []string{"/c/", "/v/", "/bye/"} {
				if a := typist(path + token); a.status != http.StatusNotFound {
					t.Errorf("%s opens with what the typist has: %d", path, a.status)
				}
			}
		}
		// Level 1 sees amounts and undoes, but fetches nothing.
		var file string
		for range 500 {
			if file = s.blob(code); file != "" {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if file == "" {
			t.Fatal("no data came")
		}
		blob := file
		if a := owner(private + "/data/" + blob); a.status != http.StatusUnauthorized {
			t.Errorf("level 1 fetches data: %d", a.status)
		}
		// Level 2: with the code of the second letter, in this browser.
		owner(private+"/data/code", "x", "y")
		_, letter := s.letter("code", code)
		secret := regexp.MustCompile(`[^-]\b([0-9A-Z]{4}-[0-9A-Z]{4})\b`).FindStringSubmatch(letter)[1]
		if a := owner(private+"/data", "code", secret); a.status != http.StatusOK {
			t.Fatalf("the right code: %d", a.status)
		}
		if a := owner(private + "/data/" + blob); a.status != http.StatusOK || a.head.Get("Content-Disposition") == "" {
			t.Errorf("level 2 fetches data: %d", a.status)
		}
		if a := s.browser("es")(private + "/data/" + blob); a.status != http.StatusUnauthorized {
			t.Errorf("another browser fetches data: %d", a.status)
		}
		// Old links do no harm: a used one shows the same page, an old one nothing.
		if a := owner(s.link(confirm, "/v/"), "papers", "typed"); a.status != http.StatusOK {
			t.Errorf("the link again: %d", a.status)
		}
		if n := s.entries(code, "request.verified"); n != 1 {
			t.Errorf("confirmed %d times", n)
		}
	})
}

func (s *site) blob(code string) (id string) {
	s.Helper()
	ok(s, s.store.View(s.Context(), func(tx app.Tx) error {
		r, err := tx.FindRequestByCode(s.Context(), code)
		if err != nil {
			return err
		}
		list, err := tx.BlobsOf(s.Context(), r.Case)
		for _, b := range list {
			id = b.ID
		}
		return err
	}))
	return id
}

func (s *site) entries(code, typ string) (n int) {
	s.Helper()
	ok(s, s.store.View(s.Context(), func(tx app.Tx) error {
		r, err := tx.FindRequestByCode(s.Context(), code)
		if err != nil {
			return err
		}
		list, err := tx.Entries(s.Context(), 1000, string(r.ID), string(r.Case))
		for _, e := range list {
			if e.Type == typ {
				n++
			}
		}
		return err
	}))
	return n
}

// Everything speaks the language that was chosen, else that of the request,
// else the browser's, else the company's; links in letters carry it.
func TestThePortalSpeaksTheLanguageOfTheRequest(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := newSite(t, e)
		speaks := func(what string, a answer, lang string) {
			t.Helper()
			if !strings.Contains(a.body, `<html lang="`+lang+`"`) {
				t.Errorf("%s does not speak %s: %s", what, lang, a.body[:min(200, len(a.body))])
			}
		}
		speaks("the company", s.browser("")("/"), "es")
		speaks("a language that nobody speaks here", s.browser("fi")("/"), "es")
		speaks("the browser", s.browser("en-GB,en;q=0.9,es;q=0.5")("/"), "en")
		speaks("the choice", s.browser("es")("/?lang=en"), "en")

		// Without cookies the form itself keeps the choice.
		form := s.browser("es")("/?lang=en")
		action := regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(form.body)[1]
		b := s.browser("es")
		ack := b(action, "account", s.rows[0].Contact.Email, "when", "now")
		speaks("the acknowledgement", ack, "en")
		code := codeForm.FindString(ack.body)
		_, confirm := s.letter("confirm", code)
		if !strings.Contains(confirm, "Did you ask") && !strings.Contains(confirm, "Confirm") {
			t.Errorf("the letter speaks otherwise: %s", confirm)
		}
		verify := s.link(confirm, "/v/")
		if !strings.HasSuffix(verify, "?lang=en") {
			t.Errorf("the link does not carry its language: %s", verify)
		}
		bare, _, _ := strings.Cut(verify, "?")
		speaks("the page to confirm, in a Spanish browser", s.browser("es")(bare), "en")
		receipt := s.browser("es")(bare, "papers", "typed")
		speaks("the receipt, in a Spanish browser", receipt, "en")
		private := strings.TrimSuffix(receipt.path, "/receipt")
		reader := s.browser("es")
		speaks("the private page, when somebody chose", reader(private+"?lang=es"), "es")
		speaks("the private page after that", reader(private), "es")
		_, mailed := s.letter("receipt", code)
		speaks("the private page from the letter", s.browser("es")(s.link(mailed, "/c/")), "en")
	})
}

// A second tab with the same signed link lands where the first one did; in
// another browser the link opens nothing twice.
func TestASecondTabOfASignedLinkLandsOnTheSameDeparture(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := newSite(t, e)
		link, err := s.hostLink(t.Context(), s.rows[0].Customer.Reference, time.Minute)
		ok(t, err)
		link = strings.TrimPrefix(link, s.url)
		b := s.browser("es")
		typed := []string{"account", s.rows[0].Contact.Email, "receipt", s.rows[0].Contact.Email, "when", "now", "nonce", "tab1"}
		first := b(link, typed...)
		if first.status != http.StatusOK || !strings.HasSuffix(first.path, "/receipt") {
			t.Fatalf("status %d at %s", first.status, first.path)
		}
		typed[len(typed)-1] = "tab2"
		second := b(link, typed...)
		if second.status != http.StatusOK || codeForm.FindString(second.body) != codeForm.FindString(first.body) {
			t.Errorf("the second tab: status %d at %s", second.status, second.path)
		}
		if a := s.browser("es")(link, typed...); a.status != http.StatusGone {
			t.Errorf("another browser: status %d", a.status)
		}
		if n := s.entries(codeForm.FindString(first.body), "request.verified"); n != 1 {
			t.Errorf("%d departures", n)
		}
	})
}
