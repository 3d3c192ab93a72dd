package e2e_test

import (
	"strings"

	"github.com/chromedp/chromedp"
)

// keyShown is the key that the form to give a credential shows: of the browser's own.
func (b *browser) keyShown() string {
	b.t.Helper()
	key, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector('[data-gives]:not(:has([name="key"])) [data-key]')?.textContent || ''`))
	if err != nil || key == "" {
		b.t.Fatalf("no browser made a key: %v", err)
	}
	return key
}

// unseal opens an envelope that a browser sealed: a wrong key first, which is counted,
// then its own. It returns what was in it.
func (b *browser) unseal(link, key string) string {
	b.t.Helper()
	b.open(link)
	b.await("form[data-opens]:not([hidden])")
	wrong := strings.Repeat("0", len(key))
	b.do(chromedp.SendKeys(chromedp.CSS("#key"), wrong), chromedp.Click(chromedp.CSS(testid("open"))))
	b.await("[data-malformed]:not([hidden])") // 29 zeros are no key, and no guess
	b.do(chromedp.SetValue(chromedp.CSS("#key"), wrong[:25]), chromedp.Click(chromedp.CSS(testid("open"))))
	b.await(testid("error-key"))
	b.do(chromedp.SetValue(chromedp.CSS("#key"), strings.ToLower(key)), chromedp.Click(chromedp.CSS(testid("open"))))
	b.await(testid("secret") + ":not([data-sealed])")
	b.await(`[data-files]:not([hidden]) [data-file="bitwarden"][href^="blob:"] ~ [data-file="keepass"][href^="blob:"]`) // made here, for whoever has a manager
	return b.text(testid("secret"))
}

// await waits until something is on the page.
func (b *browser) await(css string) {
	b.t.Helper()
	for try := range 600 {
		if b.count(css) > 0 {
			return
		}
		breath(try)
	}
	b.t.Fatalf("there is no %s: %s", css, b.text("main"))
}
