package bundle_test

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"hastaluego/internal/bundle"
	"hastaluego/internal/testkit"
)

// attacks are texts of which each runs something, where a page takes it for more
// than text.
var attacks = []string{
	`<script>window.owned=1</script>`,
	`</script><script>window.owned=1</script>`,
	`"><img src=x onerror="window.owned=1">`,
	`' onmouseover='window.owned=1' autofocus onfocus='window.owned=1`,
	`</title></style><svg onload=window.owned=1>`,
	`javascript:window.owned=1//`,
	`<iframe srcdoc="<script>parent.owned=1</script>"></iframe>`,
	`<meta http-equiv=refresh content="0;url=https://attacker.example/">`,
	`<base href="https://attacker.example/"><link rel=stylesheet href="//attacker.example/x.css">`,
	`{{.W}}<!--`,
	`<math><mtext></table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.owned=1&gt;">`,
	"\u2028<body onload=window.owned=1>\x00",
}

// hostileBundle has attacks wherever there is text: cells, columns, titles,
// names of tables and files, what is missing, and files that are attacks.
func hostileBundle(t testing.TB) *taken {
	k := newTaken(t)
	all := strings.Join(attacks, " ")
	both := map[string]string{"es": all, "en": all}
	k.pkg.Titles, k.pkg.Descriptions, k.pkg.Source = both, both, all
	k.pkg.Missing = []bundle.Missing{{Name: all, Titles: both, Why: both}}
	given := bundle.NewNames()
	for i, a := range attacks[:4] {
		var columns []bundle.Field
		for _, b := range attacks {
			if !strings.ContainsAny(b, "\x00") && !strings.HasPrefix(b, "'") {
				columns = append(columns, bundle.Field{Name: b, Type: bundle.String, Titles: both, Descriptions: both})
			}
		}
		row := make([]bundle.Cell, len(columns))
		for j := range row {
			row[j] = text(attacks[(i+j)%len(attacks)])
		}
		k.table(given.SafeName(a+".csv"), bundle.CSV, columns, nil, row, row)
		r := &k.pkg.Resources[len(k.pkg.Resources)-1]
		r.Titles, r.Descriptions = both, both
	}
	for _, a := range attacks {
		for _, ending := range []string{".png", ".html", ".svg", ".txt"} {
			k.file(given.SafeName(a+ending), a+ending, a, []byte(attacks[0]))
			k.pkg.Resources[len(k.pkg.Resources)-1].Titles = both
		}
	}
	k.file("punto.png", "", "image/png", dot(t))
	return k
}

func TestNothingRunsInThePages(t *testing.T) {
	t.Parallel()
	k := hostileBundle(t)
	list := pagesOf(k, 0)
	dir := unpacked(t, k.archive(append(list, bundle.Readme(k.pkg, root))...))
	axe, err := os.ReadFile(filepath.Join(testkit.Root(t), "web", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}

	chromium := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium-headless-shell", "chromium"} {
		if path, err := exec.LookPath(name); chromium == "" && err == nil {
			chromium = path
		}
	}
	if chromium == "" {
		t.Fatal("no Chromium: scripts/provision.sh installs it, or CHROMIUM names one")
	}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-component-update", true))...)
	defer stopAlloc()
	ctx, stop := chromedp.NewContext(alloc)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	do(chromedp.EmulateViewport(390, 900), chromedp.Navigate("about:blank"))
	var (
		mu    sync.Mutex
		files int      // asked of the disk
		asked []string // asked of anybody else
	)
	if err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok {
			mu.Lock()
			defer mu.Unlock()
			if strings.HasPrefix(e.Request.URL, "file:") {
				files++
			} else {
				asked = append(asked, e.Request.URL)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	ask := func(where, script, want string) {
		t.Helper()
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+script+")"))
		if err != nil || got != want {
			t.Errorf("%s: %s is %q, not %q (%v)", where, script, got, want, err)
		}
	}
	at := func(name string) string { return (&url.URL{Scheme: "file", Path: filepath.Join(dir, name)}).String() }
	checked := map[string]bool{} // kinds of pages that axe has seen
	for _, f := range list {
		kind := strings.TrimRight(strings.TrimSuffix(f.Name, ".html"), "0123456789-")
		if checked[kind] {
			continue
		}
		checked[kind] = true
		do(chromedp.Navigate(at(f.Name)))
		ask(f.Name, "window.owned", "undefined")
		ask(f.Name, "document.querySelectorAll('script').length", "1")
		ask(f.Name, "document.querySelectorAll('iframe,svg,math,link,base,object,embed,meta[http-equiv=refresh],[onload],[onerror],[onfocus],[onmouseover]').length", "0")
		// Its own script and style are known to the policy.
		if bytes.Contains(f.Body, []byte(`id="find"`)) {
			ask(f.Name, "document.getElementById('find').hidden", "false")
		}
		ask(f.Name, "getComputedStyle(document.querySelector('main')).maxWidth", "1088px")
		ask(f.Name, "document.documentElement.scrollWidth > innerWidth", "false")
		// Links lead to what is in the bag, and none to what a browser runs.
		ask(f.Name, `[...document.querySelectorAll('a,img')].map(e => e.href || e.src).filter(h => !h.startsWith(`+quoteJS(at(""))+`) ||
			/\.(html|svg)$/i.test(h.split('#')[0]) && !/(view\/[a-z]+(-\d+)*|index)\.html$/.test(h.split('#')[0])).join(' ')`, "")
		found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](string(axe)+`;
			axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')))`, chromedp.EvalAwaitPromise))
		if err != nil || len(found) > 0 {
			t.Errorf("axe on %s: %q, %v", f.Name, found, err)
		}
	}
	if len(checked) != 4 {
		t.Errorf("looked at %v", checked)
	}

	// A picture is shown, and what only says that it is one is none.
	do(chromedp.Navigate(at("view/files-1.html")))
	ask("pictures", "[...document.images].map(i => (i.loading = 'eager', i.decode().catch(() => 0))).length", "13")
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`Promise.all([...document.images].map(i => i.decode().catch(() => 0))).then(() => [...document.images].filter(i => i.naturalWidth == 1).map(i => decodeURI(i.src).split('/').pop()).join(' '))`, chromedp.EvalAwaitPromise))
	if err != nil || got != "punto.png" {
		t.Errorf("the pictures shown are %q: %v", got, err)
	}

	// A file of text that is a page stays text.
	do(chromedp.Navigate(at("data/" + strings.TrimPrefix(k.pkg.Resources[7].File.Name, "data/"))))
	ask("text", "window.owned", "undefined")

	// The search finds, without accents and capitals, and counts.
	do(chromedp.Navigate(at("view/search.html")))
	ask("search", "[...document.querySelectorAll('[data-find]')].filter(e => !e.hidden).length", "0")
	do(chromedp.SendKeys(chromedp.CSS("#what"), "WÍNDOW.owned srcdoc"))
	time.Sleep(300 * time.Millisecond) // longer than the script waits for the next key
	ask("search", "[...document.querySelectorAll('[data-find]')].filter(e => !e.hidden).length", "8")
	ask("search", "document.querySelector('[role=status]').textContent", "8 de 8")

	// Without script everything is shown, and no search is.
	if _, err := chromedp.Run(ctx, chromedp.Action[chromedp.Void](func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return chromedp.Void{}, err
	})); err != nil {
		t.Fatal(err)
	}
	do(chromedp.Navigate(at("view/search.html")))
	ask("no script", "[...document.querySelectorAll('[data-find]')].filter(e => e.offsetHeight > 0).length", "8")
	ask("no script", "document.getElementById('find').offsetHeight", "0")
	mu.Lock()
	defer mu.Unlock()
	if files == 0 || len(asked) > 0 {
		t.Errorf("the disk was asked %d times, and others for %q", files, asked)
	}
}

func quoteJS(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }
