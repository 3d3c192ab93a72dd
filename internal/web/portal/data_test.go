package portal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
)

// bundled makes what the customer of a departure takes along. Another number is
// another making.
func (s *site) bundled(c offboarding.CaseID, number string) {
	s.t.Helper()
	v, err := s.app.OpenCase(s.t.Context(), agent, c)
	must(s.t, err)
	var of offboarding.StepID
	for _, x := range v.Plan.Steps {
		if x.Kind == "export_data" {
			of = x.ID
		}
	}
	_, more, err := s.app.MakeBundle(s.t.Context(), offboarding.Work{ID: offboarding.WorkID("work_00000000000000000000" + number), Case: c, Step: of, Kind: "export_data"})
	if fault.CodeOf(err) != "connector.unreachable" { // it is there without what that system holds
		must(s.t, err)
	}
	if more {
		s.t.Fatal("it was not made at once")
	}
}

// verified is a browser that typed the code of a letter.
func (s *site) verified(c offboarding.CaseID, page string) *http.Client {
	s.t.Helper()
	v, err := s.app.OpenCase(s.t.Context(), agent, c)
	must(s.t, err)
	const key = "la-llave-de-un-codigo-que-se-escribio"
	hash := sha256.Sum256([]byte(key + string(c)))
	must(s.t, s.store.Tx(s.t.Context(), func(tx app.Tx) error {
		return tx.InsertLink(s.t.Context(), app.Link{
			ID: offboarding.LinkID("lnk_" + string(c)), TokenHash: hex.EncodeToString(hash[:]), Purpose: "data", Request: v.Plan.Case.Request, Case: c,
			CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(15 * time.Minute),
		})
	}))
	who := s.visitor()
	at, err := url.Parse(page + "/data")
	must(s.t, err)
	who.Jar.SetCookies(at, []*http.Cookie{{Name: "hasta_data", Value: key + string(c), Path: at.Path}})
	return who
}

// push moves business time on.
func (s *site) push(d time.Duration) {
	s.t.Helper()
	must(s.t, s.store.Tx(s.t.Context(), func(tx app.Tx) error {
		old, _, err := tx.Setting(s.t.Context(), app.OffsetSetting)
		if err != nil {
			return err
		}
		n, _ := strconv.ParseInt(old, 10, 64)
		return tx.PutSetting(s.t.Context(), app.OffsetSetting, strconv.FormatInt(n+d.Microseconds(), 10))
	}))
}

// ask sends a request of a program.
func (s *site) ask(method, address, rang string) (int, string, http.Header) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, address, nil)
	must(s.t, err)
	r.Header.Set("Accept-Language", "en")
	if rang != "" {
		r.Header.Set("Range", rang)
	}
	return s.body(http.DefaultClient.Do(r))
}

func (s *site) logged(typ string) (n int) {
	s.t.Helper()
	must(s.t, s.store.View(s.t.Context(), func(tx app.Tx) error {
		list, err := tx.Entries(s.t.Context(), 1000)
		for _, e := range list {
			if e.Type == typ {
				n++
			}
		}
		return err
	}))
	return n
}

// toolField is relative here: the site of these tests does not know its address.
var toolField = regexp.MustCompile(`value="(/d/[^"]+)" readonly[^>]* data-testid="tool-link"`)

// tool presses the button of the link for programs, and reads the link.
func (s *site) tool(who *http.Client, page string) string {
	s.t.Helper()
	status, body, head := s.body(who.PostForm(page+"/data/link", url.Values{}))
	if status != http.StatusOK || !strings.Contains(head.Get("Cache-Control"), "no-store") {
		s.t.Fatalf("status %d, %s", status, head.Get("Cache-Control"))
	}
	if m := toolField.FindStringSubmatch(body); m != nil {
		return s.URL + m[1]
	}
	s.t.Fatal("no link in the page")
	return ""
}

// A link for programs works without a code, goes on where it broke off, is counted
// once and written down nowhere; another one, its stop, the end of the window and
// erasing end it.
func TestALinkForProgramsOutlivesTheCode(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		s.bundled(c, "01")
		if res, err := s.visitor().PostForm(page+"/data/link", url.Values{}); err != nil || strings.Contains(res.Request.URL.Path, "link") {
			t.Errorf("without the code it is at %v, %v", res.Request.URL, err)
		}
		who := s.verified(c, page)
		link := s.tool(who, page)
		secret := strings.Split(link, "/")[4]
		if len(secret) != 43 || !regexp.MustCompile(`/HL-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9a-f]{8}\.zip$`).MatchString(link) {
			t.Errorf("the link is %s", link)
		}
		s.push(20 * time.Minute) // the code is too old
		if status, _, _ := s.ask(http.MethodHead, link, ""); status != http.StatusOK || s.logged("bundle.downloaded") != 0 {
			t.Errorf("whoever merely looks is told %d, and said to have it", status)
		}
		status, whole, head := s.ask(http.MethodGet, link, "")
		if status != http.StatusOK || head.Get("Content-Type") != "application/zip" || !strings.HasPrefix(whole, "PK") {
			t.Fatalf("status %d, %s", status, head.Get("Content-Type"))
		}
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Accept-Ranges": "bytes"} {
			if !strings.Contains(head.Get(name), want) {
				t.Errorf("%s is %q", name, head.Get(name))
			}
		}
		half := len(whole) / 2
		status, rest, _ := s.ask(http.MethodGet, link, "bytes="+strconv.Itoa(half)+"-")
		if status != http.StatusPartialContent || rest != whole[half:] {
			t.Errorf("the second half: %d, %d bytes", status, len(rest))
		}
		if status, body, head := s.ask(http.MethodHead, link, ""); status != http.StatusOK || body != "" || head.Get("Content-Length") != strconv.Itoa(len(whole)) {
			t.Errorf("what there is: %d, %s", status, head.Get("Content-Length"))
		}
		if n := s.logged("bundle.downloaded"); n != 1 {
			t.Errorf("counted %d times", n)
		}
		if n := s.logged("link.made"); n != 1 {
			t.Errorf("%d links were made", n)
		}
		who = s.visitor()
		if _, body, _ := s.body(who.Get(page + "/data?lang=en")); !strings.Contains(body, `data-testid="tool-made"`) || strings.Contains(body, secret) {
			t.Error("the page does not say that there is a link, or shows it again")
		}

		// Made again, the file is another: nobody is given the rest of it.
		s.push(time.Hour)
		s.bundled(c, "02")
		status, again, _ := s.ask(http.MethodGet, link, "bytes="+strconv.Itoa(half)+"-")
		if status != http.StatusOK || again == whole || !strings.HasPrefix(again, "PK") {
			t.Errorf("of another file: %d, %d bytes", status, len(again))
		}

		other := s.tool(s.verifiedAgain(c, page), page)
		gone := func(what, address string, code string) {
			t.Helper()
			status, body, head := s.ask(http.MethodGet, address, "bytes=10-")
			if status != http.StatusGone || !strings.Contains(body, text.Say("es", "error."+code)) || head.Get("X-Robots-Tag") == "" {
				t.Errorf("%s: %d, without %s:\n%s", what, status, code, body[max(0, len(body)-800):])
			}
		}
		gone("the one before", link, "link.stopped")
		who = s.verifiedAgain(c, page)
		if status, body, _ := s.body(who.PostForm(page+"/data/link/stop", url.Values{})); status != http.StatusOK || strings.Contains(body, `data-testid="tool-made"`) {
			t.Errorf("stopping: %d", status)
		}
		gone("the stopped one", other, "link.stopped")
		if n := s.logged("link.stopped"); n != 1 {
			t.Errorf("stopped %d times", n)
		}
		last := s.tool(who, page)
		s.push(120 * 24 * time.Hour)
		gone("after the window", last, "data.window_over")
		must(t, s.store.Tx(t.Context(), func(tx app.Tx) error {
			x, err := tx.FindCase(t.Context(), c)
			if err != nil {
				return err
			}
			return tx.PutErasure(t.Context(), app.Erasure{Case: c, Customer: x.Customer, ErasedAt: tx.Now(), KeyID: "key_1"})
		}))
		gone("after erasing", last, "data.erased")
	})
}

// verifiedAgain is another browser, with the code of another letter.
func (s *site) verifiedAgain(c offboarding.CaseID, page string) *http.Client {
	s.t.Helper()
	s.push(time.Second)
	must(s.t, s.store.Tx(s.t.Context(), func(tx app.Tx) error {
		l, err := tx.LiveLink(s.t.Context(), c, "data")
		if err != nil {
			return err
		}
		l.ExpiresAt = tx.Now().Add(15 * time.Minute)
		return tx.InsertLink(s.t.Context(), l) // lives on until then
	}))
	who := s.visitor()
	at, err := url.Parse(page + "/data")
	must(s.t, err)
	who.Jar.SetCookies(at, []*http.Cookie{{Name: "hasta_data", Value: "la-llave-de-un-codigo-que-se-escribio" + string(c), Path: at.Path}})
	return who
}

// Guesses are limited, and hold up nobody who has a link.
func TestGuessedLinksAreLimitedAndHoldNobodyUp(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	c, page := s.leaving()
	s.bundled(c, "01")
	link := s.tool(s.verified(c, page), page)
	counts := map[int]int{}
	for i := range 40 {
		status, _, head := s.ask(http.MethodGet, s.URL+"/d/"+strings.Repeat("x", 41)+strconv.Itoa(10+i)+"/a.zip", "")
		if counts[status]++; status == http.StatusTooManyRequests && head.Get("Retry-After") == "" {
			t.Error("it does not say when to try again")
		}
	}
	if counts[http.StatusNotFound] < 30 || counts[http.StatusTooManyRequests] < 5 {
		t.Errorf("answered %v", counts)
	}
	if status, body, _ := s.ask(http.MethodGet, link, ""); status != http.StatusOK || !strings.HasPrefix(body, "PK") {
		t.Errorf("the right one: %d", status)
	}
}
