package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hastaluego/internal/bundle"
)

// copied asks for a copy of their data for an account, and is its private page.
func (s *stage) copied(b *browser, account string) string {
	s.t.Helper()
	b.open(strings.TrimSuffix(s.info.Portal, "/") + "/?lang=es")
	b.press("copy-link", "#account")
	b.fill("#account", account)
	b.press("act", testid("sent"))
	return s.link(s.letter(account, "copia de los datos"), "/copy/")
}

// ready waits until what somebody takes along is there.
func (s *stage) ready(b *browser, private string) {
	s.t.Helper()
	for try := range 200 {
		b.open(private + "/data?lang=es")
		if b.count(testid("send-code")) > 0 {
			return
		}
		breath(try)
	}
	s.t.Fatal("there is never a file")
}

// Somebody who stays takes their data along, with scripts turned off: from the page
// on which one leaves to a file that is whole. Nobody at the company sees a departure.
func TestACopyIsTakenWithoutScriptAndWithoutLeaving(t *testing.T) {
	t.Parallel()
	s := setStage(t, "")
	b := openBrowser(t)
	b.noScript()
	b.do(chromedp.EmulateViewport(390, 844))
	const account = "iker@puertoalto.example"
	private := s.copied(b, account)
	b.open(private)
	b.shot("copy-ask")
	b.press("open-copy", "h1")
	s.ready(b, private)
	b.press("send-code", testid("open-data"))
	b.do(chromedp.SendKeys(chromedp.CSS("#code"), secretOf(s.letter(account, "descargar"))))
	b.press("open-data", testid("download"))
	b.shot("copy-data")
	b.press("make-tool", testid("tool-link"))
	link, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector('[data-testid="tool-link"]').value`))
	s.must(err)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	s.must(err)
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	s.must(err)
	if r, err := bundle.Check(bytes.NewReader(raw), int64(len(raw))); err != nil || r.Files == 0 {
		t.Errorf("status %d, %d bytes: %v", res.StatusCode, len(raw), err)
	}

	staff := openBrowser(t)
	staff.open(strings.TrimSuffix(s.info.Portal, "/") + "/console?lang=es")
	staff.fill("#login", s.sample.Users[0].Login)
	staff.fill("#password", s.sample.Password)
	staff.press("signin", testid("empty"))
}

// copyScreens looks at every page of a copy.
func (s *stage) copyScreens(b *browser, check, base string) {
	s.t.Helper()
	b.inspect(check, "copy", base+"/copy")
	b.inspect(check, "copy-sent", base+"/copy?sent=1")
	b.inspect(check, "copy-gone", base+"/copy/nothing")
	private := s.copied(b, "iker@puertoalto.example")
	b.inspect(check, "copy-waiting", private)
	b.open(private + "?lang=es")
	b.press("open-copy", "h1")
	s.ready(b, private)
	b.inspect(check, "copy-data", private+"/data")
	b.open(private + "/data?lang=es")
	b.do(chromedp.Click(chromedp.CSS("details.small summary")))
	b.press("stop-copy", testid("copy-stopped"))
	b.inspect(check, "copy-stopped", private+"/data")
}
