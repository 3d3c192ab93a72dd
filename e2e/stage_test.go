package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/testkit"
)

// binary is the program under test.
var binary string

func TestMain(m *testing.M) {
	if os.Getenv("HASTA_E2E") != "1" {
		fmt.Println("HASTA_E2E is not set: no browser, no story")
		os.Exit(0)
	}
	// The companies of these stories count their days in Madrid: so do the dates
	// that a story writes into files and forms, also in the hours when London is
	// a day behind.
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	time.Local = madrid
	dir, err := os.MkdirTemp("", "hasta-e2e-")
	if err == nil {
		binary = filepath.Join(dir, "hasta")
		out, berr := exec.Command("go", "build", "-o", binary, "hastaluego/cmd/hasta").CombinedOutput()
		if err = berr; err != nil {
			fmt.Printf("%s\n", out)
		}
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// stage is a running demo with its mail server and billing system.
type stage struct {
	t       *testing.T
	lang    string
	dir     string
	maildir string
	info    struct {
		Portal, Customer, Console, Peer, Database, Systems string
		Token                                              string `json:"peer_token"`
		Keys                                               string `json:"keys_dir"`
	}
	billing peer.Client
	demo    *exec.Cmd
	sample  demo.Sample
	read    map[string]letter // what came, by file
	told    int               // to the API
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// start starts a process that says "listening …" or the word on its standard
// output, and returns that line.
func (s *stage) start(word string, name string, args ...string) (*exec.Cmd, string) {
	s.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	s.must(err)
	s.must(cmd.Start())
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed: its status says nothing
	})
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			s.t.Fatalf("%s ended before it said %q", name, word)
		}
		if strings.Contains(line, word) {
			go func() { _, _ = io.Copy(io.Discard, in) }()
			return cmd, strings.TrimSpace(line)
		}
	}
}

// everything is whether each story is told on both databases and in both
// languages: make stories. It takes a quarter of an hour.
var everything = os.Getenv("HASTA_STORIES") == "full"

// eachStage tells the story of a stage. In CI it is told on PostgreSQL, while
// the long story runs through all of them on SQLite.
func eachStage(t *testing.T, story func(t *testing.T, e testkit.Engine)) {
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		if everything || e.Name != "sqlite" || os.Getenv("HASTA_TEST_POSTGRES") == "" {
			story(t, e)
		}
	})
}

// languages are those that a story is told in: Spanish on SQLite and English on
// PostgreSQL, or both on both with make stories.
func languages(e testkit.Engine) []string {
	switch {
	case everything:
		return []string{"es", "en"}
	case e.Name == "sqlite":
		return []string{"es"}
	}
	return []string{"en"}
}

func setStage(t *testing.T, database string) *stage {
	t.Helper()
	return setStageIn(t, database, "es")
}

// setStageIn is a stage whose company speaks the language.
func setStageIn(t *testing.T, database, lang string) *stage {
	t.Helper()
	s := &stage{t: t, lang: lang, dir: filepath.Join(t.TempDir(), "demo"), maildir: filepath.Join(t.TempDir(), "mail")}
	mailer := s.catchMail()
	var err error
	s.sample, err = demo.In(lang)
	s.must(err)
	args := []string{"demo", "--lang", lang, "--no-history", "--dir", s.dir, "--smtp", mailer}
	if strings.HasPrefix(database, "postgres") {
		args = append(args, "--database", database)
	}
	s.demo, _ = s.start("Ctrl-C", binary, args...)
	raw, err := os.ReadFile(filepath.Join(s.dir, "demo.json"))
	s.must(err)
	s.must(json.Unmarshal(raw, &s.info))
	s.billing = peer.Client{Base: s.info.Peer, Token: s.info.Token}
	return s
}

// catchMail starts a mail server that keeps every letter, and returns its address.
func (s *stage) catchMail() string {
	s.t.Helper()
	_, line := s.start("listening ", "/usr/bin/python3", filepath.Join(testkit.Root(s.t), "scripts", "smtp_catcher.py"), "--dir", s.maildir, "--port", "0")
	return "smtp://" + strings.TrimPrefix(line, "listening ")
}

// hasta runs the program beside the running demo and returns what it printed
// and its exit status.
func (s *stage) hasta(args ...string) (string, int) {
	s.t.Helper()
	cmd := exec.Command(binary, append(args, "--database", s.info.Database, "--keys-dir", s.info.Keys, "--dir", s.dir)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		s.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// stop ends the demo as Ctrl-C does and waits for it.
func (s *stage) stop() {
	s.t.Helper()
	s.must(s.demo.Process.Signal(os.Interrupt))
	if err := s.demo.Wait(); err != nil {
		s.t.Errorf("the demo did not end well: %v", err)
	}
}

// letter waits for a letter to the address whose subject matches, and returns
// its text and HTML.
func (s *stage) letter(to, subject string) string {
	s.t.Helper()
	return s.letterWith(to, subject, "")
}

// letterWith is letter, of those that have the words in them.
func (s *stage) letterWith(to, subject, words string) string {
	s.t.Helper()
	re := regexp.MustCompile(subject)
	for range 600 {
		for _, l := range s.letters() {
			if strings.Contains(l.to, to) && re.MatchString(l.subject) && strings.Contains(l.text, words) {
				return l.text
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("no letter to %s about %q with %q", to, subject, words)
	return ""
}

// letter is a letter that the mail server took.
type letter struct{ to, subject, text string }

// letters are all that the mail server took, those with the lowest names first. Each is
// read once.
func (s *stage) letters() (all []letter) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.maildir, "new", "*"))
	s.must(err)
	if s.read == nil {
		s.read = map[string]letter{}
	}
	for _, f := range files {
		l, known := s.read[f]
		if !known {
			raw, err := os.ReadFile(f)
			s.must(err)
			m, err := mail.ReadMessage(bytes.NewReader(raw))
			s.must(err)
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			s.must(err)
			l = letter{m.Header.Get("To"), subject, s.body(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)}
			s.read[f] = l
		}
		all = append(all, l)
	}
	return all
}

// body returns every text of a message, decoded.
func (s *stage) body(contentType, encoding string, r io.Reader) string {
	s.t.Helper()
	typ, params, err := mime.ParseMediaType(contentType)
	s.must(err)
	if strings.HasPrefix(typ, "multipart/") {
		var all strings.Builder
		for parts := multipart.NewReader(r, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return all.String()
			}
			s.must(err)
			all.WriteString(s.body(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p) + "\n")
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	raw, err := io.ReadAll(r)
	s.must(err)
	return string(raw)
}

// link finds the link below a path of the portal in a letter.
func (s *stage) link(letter, path string) string {
	s.t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(strings.TrimSuffix(s.info.Portal, "/")+path) + `[A-Za-z0-9_-]+`).FindString(letter)
	if found == "" {
		s.t.Fatalf("no link %s in the letter:\n%s", path, letter)
	}
	return found
}

// browser is a person with a browser of their own.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func openBrowser(t *testing.T) *browser {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, stop := chromedp.NewContext(alloc)
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(func() { cancel(); stop(); stopAlloc() })
	// The browser lives as long as the context of its first action.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return &browser{t, ctx}
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		where, _ := chromedp.Run(b.ctx, chromedp.Location())
		b.t.Fatalf("at %s: %v", where, err)
	}
}

// breath is how long somebody waits before they look again: a tenth of a second
// at first, half a second later. Every look is a whole page in a browser, and
// takes a tenth of a second of the processor from what is waited for.
func breath(try int) {
	time.Sleep(min(time.Duration(try+1)*100*time.Millisecond, 500*time.Millisecond))
}

func (b *browser) open(url string) { b.t.Helper(); b.do(chromedp.Navigate(url)) }

// press clicks what bears the test id and waits for what comes.
func (b *browser) press(id, then string) { b.t.Helper(); b.turn(testid(id), then) }

// turn clicks something that leads to another page, waits until that page is
// there, and for what must be on it.
func (b *browser) turn(css, then string) {
	b.t.Helper()
	mark := chromedp.Evaluate[bool]("window.beforeTheClick = true")
	if _, err := chromedp.Run(b.ctx, mark); err != nil {
		b.t.Fatalf("%s: %v", css, err)
	}
	b.do(chromedp.Click(chromedp.CSS(css)))
	b.arrive(css, then)
}

// arrive waits until what was done led to another page, and looks for what must
// be on it.
func (b *browser) arrive(css, then string) {
	b.t.Helper()
	for range 3000 { // a minute: a machine may have much else to do
		// While the page changes there is no page to ask: an error means not yet.
		fresh, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!window.beforeTheClick && document.readyState === 'complete'"))
		if err == nil && fresh {
			if b.count(then) == 0 {
				b.t.Fatalf("after %s there is no %s: %s", css, then, b.text("main"))
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("%s led nowhere", css)
}

func testid(id string) string { return `[data-testid="` + id + `"]` }

func (b *browser) text(css string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(css)))
	if err != nil {
		b.t.Fatalf("%s: %v", css, err)
	}
	return s
}

func (b *browser) count(css string) int {
	b.t.Helper()
	n, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](fmt.Sprintf("document.querySelectorAll(%q).length", css)))
	if err != nil {
		b.t.Fatalf("%s: %v", css, err)
	}
	return n
}

// tallest is how much of a page a picture shows: of one that goes on and on, such as a
// reference, the browser makes none at all.
const tallest = 12_000

// picture is what the page looks like, from its top.
func (b *browser) picture() ([]byte, error) {
	size, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]float64]("[document.documentElement.clientWidth, document.documentElement.scrollHeight]"))
	if err != nil {
		return nil, err
	}
	if size[1] <= tallest {
		return chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	}
	return chromedp.Run(b.ctx, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		beyond := true
		got, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{
			CaptureBeyondViewport: &beyond, Format: page.CaptureScreenshotFormatPng, Clip: &page.Viewport{Width: size[0], Height: tallest, Scale: 1},
		})
		return got.Data, err
	})
}

// shot keeps a picture where HASTA_SHOTS names a folder.
func (b *browser) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("HASTA_SHOTS")
	if dir == "" {
		return
	}
	png, err := b.picture()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	}
	if err != nil {
		b.t.Error(err)
	}
}
