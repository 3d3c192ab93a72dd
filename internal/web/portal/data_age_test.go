package portal_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"

	"hastaluego/internal/testkit"
)

var ageFile = regexp.MustCompile(`name="file" value="(att_[^"]+)"`)

// Whoever gave the code, and whoever has the link for programs, gets the file sealed
// to their key of age: the same bytes each time, from any place; what is no key is
// told at the field, and gives nothing.
func TestTheFileIsSealedToAKeyOfAge(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		s.bundled(c, "01")
		who := s.verified(c, page)
		key, err := age.GenerateX25519Identity()
		must(t, err)
		link := s.tool(who, page)
		_, plain, _ := s.ask(http.MethodGet, link, "")
		opened := func(sealed string) string {
			t.Helper()
			r, err := age.Decrypt(strings.NewReader(sealed), key)
			must(t, err)
			b, err := io.ReadAll(r)
			must(t, err)
			return string(b)
		}
		sealedLink := link + "?age=" + url.QueryEscape(key.Recipient().String())
		status, sealed, head := s.ask(http.MethodGet, sealedLink, "")
		if status != http.StatusOK || !strings.Contains(head.Get("Content-Disposition"), ".zip.age") || opened(sealed) != plain {
			t.Errorf("status %d, %s", status, head.Get("Content-Disposition"))
		}
		half := len(sealed) / 2
		status, rest, again := s.ask(http.MethodGet, sealedLink, "bytes="+strconv.Itoa(half)+"-")
		if status != http.StatusPartialContent || rest != sealed[half:] || again.Get("ETag") != head.Get("ETag") {
			t.Errorf("the second half: %d, %d bytes, %s", status, len(rest), again.Get("ETag"))
		}
		if n := s.logged("bundle.downloaded"); n != 2 {
			t.Errorf("counted %d times", n)
		}
		if status, body, _ := s.ask(http.MethodGet, link+"?age=hola", ""); status != http.StatusUnprocessableEntity || strings.HasPrefix(body, "PK") {
			t.Errorf("to no key: %d", status)
		}

		_, body, _ := s.body(who.Get(page + "/data?lang=en"))
		found := ageFile.FindStringSubmatch(body)
		if found == nil {
			t.Fatal("the page does not offer it")
		}
		form := func(key string) url.Values { return url.Values{"file": {found[1]}, "age": {key}} }
		if status, sealed, _ := s.body(who.PostForm(page+"/data/age", form(" "+key.Recipient().String()))); status != http.StatusOK || opened(sealed) != plain {
			t.Errorf("from the page: %d", status)
		}
		status, body, _ = s.body(who.PostForm(page+"/data/age?lang=en", form(key.String())))
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `data-testid="error-age"`) || !strings.Contains(body, "no public key of age") {
			t.Errorf("to no key: %d", status)
		}
		if strings.Contains(body, key.String()) {
			t.Error("a private key is shown again")
		}

		// With a phrase: the address it leads to is good without it, and does not hold it.
		const phrase = "cuatro palabras al azar"
		phrased := url.Values{"file": {found[1]}, "phrase": {phrase}}
		res, err := who.PostForm(page+"/data/age", phrased)
		must(t, err)
		at := res.Request.URL.String()
		_, sealed, _ = s.body(res, nil)
		byPhrase, err := age.NewScryptIdentity(phrase)
		must(t, err)
		r, err := age.Decrypt(strings.NewReader(sealed), byPhrase)
		must(t, err)
		if got, err := io.ReadAll(r); err != nil || string(got) != plain || strings.Contains(at, "palabras") || !strings.Contains(at, "age=scrypt.") {
			t.Errorf("with a phrase, at %s: %v", at, err)
		}
		if _, again, _ := s.body(who.Get(at)); again != sealed {
			t.Error("it is another file at the second reading")
		}
		for field, want := range map[string]url.Values{
			"between 12 and 200": {"file": {found[1]}, "phrase": {"corta"}},
			"not both":           {"file": {found[1]}, "phrase": {phrase}, "age": {key.Recipient().String()}},
		} {
			status, body, _ := s.body(who.PostForm(page+"/data/age?lang=en", want))
			if status != http.StatusUnprocessableEntity || !strings.Contains(body, `data-testid="error-phrase"`) || !strings.Contains(body, field) || strings.Contains(body, phrase) {
				t.Errorf("%s: %d", field, status)
			}
		}
		stranger := *who
		stranger.Jar = nil
		if res, err := stranger.PostForm(page+"/data/age", phrased); err != nil || strings.Contains(res.Request.URL.String(), "scrypt") {
			t.Errorf("without the code: %v, %v", res.Request.URL, err)
		}
	})
}
