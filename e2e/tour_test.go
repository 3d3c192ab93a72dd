package e2e_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hastaluego/internal/testkit"
)

// A stranger with nothing but Go and Node takes a copy of the sources, and does
// what the README says: every command of it, verbatim, and every step of its
// tour in a browser. Each takes two programs with a year of history: CI follows
// one page, both are followed with HASTA_STORIES=full and in the chroot (make tour).
func TestAStrangerCompletesTheTour(t *testing.T) {
	t.Parallel()
	pages := map[string]func(*testing.T, *stranger){"README.es.md": tourInSpanish}
	if everything || os.Getenv("HASTA_TOUR") == "all" {
		pages["README.md"] = tourInEnglish
	}
	for page, tour := range pages {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(testkit.Root(t), page))
			if err != nil {
				t.Fatal(err)
			}
			s := newStranger(t)
			section := ""
			for _, m := range testkit.Moves(string(raw)) {
				if m.Section != section {
					s.leave()
					section = m.Section
				}
				s.does(m)
				if m.Stays && strings.Contains(m.Text, "--dir demo") {
					tour(t, s)
				}
			}
			s.leave()
			left, err := filepath.Glob(filepath.Join(s.temp, "hasta-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

// stranger is somebody at a terminal, in a clean copy of the sources, with an
// empty home.
type stranger struct {
	t         *testing.T
	dir, temp string
	env       []string
	running   *exec.Cmd
	said      *transcript
}

// transcript is what a command that stays has printed so far.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
	done chan struct{} // closed when it has said everything
}

func (s *transcript) String() string { s.mu.Lock(); defer s.mu.Unlock(); return s.text.String() }

func (s *transcript) read(r io.Reader) {
	defer close(s.done)
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		s.mu.Lock()
		s.text.WriteString(line)
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	s := &stranger{t: t, dir: filepath.Join(t.TempDir(), "hasta"), temp: t.TempDir()}
	root := testkit.Root(t)
	list, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z").Output()
	s.must(err)
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		raw, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) { // deleted, and not committed yet
			continue
		}
		s.must(err)
		info, err := os.Stat(filepath.Join(root, name))
		s.must(err)
		to := filepath.Join(s.dir, name)
		s.must(os.MkdirAll(filepath.Dir(to), 0o755))
		s.must(os.WriteFile(to, raw, info.Mode().Perm()))
	}
	// What Go has fetched and built is kept elsewhere: a home without it only
	// takes longer, which is tried in a chroot (make tour).
	caches, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE", "GOCACHE").Output()
	s.must(err)
	kept := strings.Fields(string(caches))
	s.env = append(os.Environ(), "HOME="+t.TempDir(), "TMPDIR="+s.temp, "XDG_CACHE_HOME=", "LC_ALL=C.UTF-8", "HASTA_LISTEN=127.0.0.1:0",
		"GOMODCACHE="+kept[0], "GOCACHE="+kept[1])
	t.Cleanup(func() {
		if s.running != nil {
			_ = syscall.Kill(-s.running.Process.Pid, syscall.SIGKILL)
		}
	})
	return s
}

func (s *stranger) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// does one thing that the page says.
func (s *stranger) does(m testkit.Move) {
	s.t.Helper()
	switch {
	case m.File != "":
		s.must(os.WriteFile(filepath.Join(s.dir, m.File), []byte(m.Text), 0o600))
	case strings.HasPrefix(m.Text, "make test"):
		// This test is part of it. In the chroot it is typed too.
	case m.Stays:
		s.leave()
		s.begin(m.Text)
	default:
		if m.Section != "A departure in ten minutes" && m.Section != "Una baja en diez minutos" {
			s.leave()
		}
		cmd := s.command(m.Text)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run() // its status is looked at
		if got := cmd.ProcessState.ExitCode(); got != m.Status {
			s.t.Errorf("%s: exit status %d instead of %d\n%s", m.Text, got, m.Status, out.String())
		}
	}
}

func (s *stranger) command(line string) *exec.Cmd {
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", line)
	cmd.Dir, cmd.Env = s.dir, s.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// begin starts what stays, and waits until it says where it is.
func (s *stranger) begin(line string) {
	s.t.Helper()
	cmd := s.command(line)
	out, w, err := os.Pipe()
	s.must(err)
	cmd.Stdout, cmd.Stderr = w, w
	s.must(cmd.Start())
	s.must(w.Close())
	s.running, s.said = cmd, &transcript{done: make(chan struct{})}
	go s.said.read(out)
	for range 3000 {
		if text := s.said.String(); strings.Contains(text, "Ctrl-C") && !strings.HasSuffix(text, line) || strings.Contains(text, "listening ") {
			return
		}
		select {
		case <-s.said.done:
			s.t.Fatalf("%s ended:\n%s", line, s.said.String())
		case <-time.After(100 * time.Millisecond):
		}
	}
	s.t.Fatalf("%s never said where it is:\n%s", line, s.said.String())
}

// leave presses Ctrl-C on what stays, if anything does. A shell says then that
// its command was interrupted, and the program has finished what it had begun.
func (s *stranger) leave() {
	s.t.Helper()
	if s.running == nil {
		return
	}
	s.must(syscall.Kill(-s.running.Process.Pid, syscall.SIGINT))
	_ = s.running.Wait() // make tells of the interruption in its own way
	select {
	case <-s.said.done:
	case <-time.After(30 * time.Second):
		s.t.Errorf("it is still there half a minute after Ctrl-C:\n%s", s.said.String())
		_ = syscall.Kill(-s.running.Process.Pid, syscall.SIGKILL)
	}
	if strings.Contains(s.said.String(), "panic") {
		s.t.Error(s.said.String())
	}
	s.running = nil
}

// link finds an address that the demo printed, by what must be in it.
func (s *stranger) link(path string) string {
	s.t.Helper()
	found := regexp.MustCompile(`http://127\.0\.0\.1:\d+/` + path).FindString(s.said.String())
	if found == "" {
		s.t.Fatalf("the demo printed no address %s:\n%s", path, s.said.String())
	}
	return found
}

// trip is what differs between the tours.
type trip struct {
	lang, leaver, customer, second, confirm, ended, verified string
}

func tourInEnglish(t *testing.T, s *stranger) {
	s.walks(t, trip{"en", "owen@highharbour.example", "High Harbour Gym", "Tom Okafor", "Link to confirm", "ended on the day", "Verified"})
}

func tourInSpanish(t *testing.T, s *stranger) {
	s.walks(t, trip{"es", "iker@puertoalto.example", "Gimnasio Puerto Alto", "Tomás Ortega", "confirmar", "terminó el día previsto", "Comprobado"})
}

// walks the tour with two browsers: the customer's and the company's.
func (s *stranger) walks(t *testing.T, w trip) {
	t.Helper()
	base := s.link("")
	b, staff := openBrowser(t), openBrowser(t)

	// 1. Leave.
	b.open(base + "?lang=" + w.lang)
	b.do(chromedp.SendKeys(chromedp.CSS("#account"), w.leaver), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
	b.press("confirm", testid("ack"))
	if !strings.Contains(b.text(testid("ack")), "HL-") {
		t.Errorf("acknowledgement: %s", b.text(testid("ack")))
	}

	// 2. Prove it.
	staff.open(s.link("console/once/[A-Za-z0-9_-]+"))
	staff.press("once", testid("cases"))
	staff.open(base + "console?lang=" + w.lang)
	b.open(staff.letterLink(base, w.leaver, w.confirm, "/v/"))
	b.press("act", testid("receipt"))
	b.press("follow", testid("state"))
	private, err := chromedp.Run(b.ctx, chromedp.Location())
	s.must(err)
	private, _, _ = strings.Cut(private, "?")

	// 3. Work it, as two people.
	staff.turn(`a[href="/console"], a[href="/console/"], a[href="/console/cases"]`, testid("cases"))
	staff.follow(testid("cases")+" a", w.customer, testid("plan"))
	casefile, err := chromedp.Run(staff.ctx, chromedp.Location())
	s.must(err)
	staff.finishStep()
	staff.do(chromedp.SetValue(chromedp.CSS("#view-as"), optionOf(staff, w.second)))
	staff.turn(testid("view-as")+" button", testid("viewing-as"))
	staff.open(casefile)
	staff.finishStep()

	// 4. Watch it happen.
	b.until(private, func() bool { return b.count(".milestones li.done") >= 3 })

	// 5. Take the data.
	b.open(private + "/data?lang=" + w.lang)
	b.press("send-code", testid("open-data"))
	code := staff.letterText(base, w.leaver, `[^-]\b([0-9A-Z]{4}-[0-9A-Z]{4})\b`)
	b.do(chromedp.SendKeys(chromedp.CSS("#code"), code))
	b.press("open-data", testid("download"))

	// 6. Push the clock.
	staff.open(casefile)
	for range 40 { // as often as it takes: how many dates there are depends on the hour
		if staff.count(testid("clock-next")+":not([aria-disabled])") == 0 {
			break
		}
		b.open(private + "?lang=" + w.lang)
		if strings.Contains(b.text("h1"), w.ended) {
			break
		}
		staff.press("clock-next", testid("plan"))
	}
	b.until(private+"?lang="+w.lang, func() bool { return strings.Contains(b.text("h1"), w.ended) })
	b.open(staff.letterLink(base, w.leaver, "", "/bye/"))
	b.do(chromedp.WaitVisible(chromedp.CSS(testid("bye"))))

	// 7. Check the log.
	staff.open(base + "console/audit")
	staff.press("verify", testid("verification"))
	if got := staff.text(testid("verification")); !strings.Contains(got, w.verified) {
		t.Errorf("the log: %s", got)
	}
}

// finishStep ticks what this person may tick and finishes the step.
func (b *browser) finishStep() {
	b.t.Helper()
	for mine := testid("tick") + ":not([aria-disabled])"; b.count(mine) > 0; {
		b.turn(mine, testid("plan"))
	}
	b.do(chromedp.SendKeys(chromedp.CSS(`textarea[name="note"]`), "Seen with the contract at hand"))
	b.press("complete", testid("plan"))
}

// follow clicks the first link that has the words.
func (b *browser) follow(css, words, then string) {
	b.t.Helper()
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf(
		`(() => { const a = [...document.querySelectorAll(%q)].find(x => x.closest('tr, li, article').textContent.includes(%q)); a?.setAttribute('data-tour', 'here'); return !!a })()`, css, words)))
	if err != nil || !found {
		b.t.Fatalf("no %s with %q (%v): %s", css, words, err, b.text("main"))
	}
	b.turn(`[data-tour="here"]`, then)
}

// letter opens the newest letter to the address in the outbox that fits.
func (b *browser) letter(base, to string, fits func(text string) bool) string {
	b.t.Helper()
	for try := range 100 {
		b.open(base + "console/outbox")
		hrefs, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](fmt.Sprintf(
			`[...document.querySelectorAll('[data-testid="outbox"] tbody tr')].filter(r => r.textContent.includes(%q)).map(r => r.querySelector('th a')?.href).filter(Boolean)`, to)))
		if err != nil {
			b.t.Fatal(err)
		}
		for _, href := range hrefs {
			b.open(href)
			if b.count(testid("letter")) == 0 {
				continue // not sent yet
			}
			if text := b.text(testid("letter")); fits(text) {
				return text
			}
		}
		breath(try)
	}
	b.t.Fatalf("there is no such letter to %s", to)
	return ""
}

// letterLink returns the link below the path in a letter whose page has the
// words.
func (b *browser) letterLink(base, to, words, path string) string {
	b.t.Helper()
	link := regexp.MustCompile(regexp.QuoteMeta(strings.TrimSuffix(base, "/")+path) + `[A-Za-z0-9_-]+`)
	text := b.letter(base, to, func(text string) bool { return link.MatchString(text) && strings.Contains(b.text("main"), words) })
	return link.FindString(text)
}

func (b *browser) letterText(base, to, pattern string) string {
	b.t.Helper()
	re := regexp.MustCompile(pattern)
	return re.FindStringSubmatch(b.letter(base, to, re.MatchString))[1]
}

// until reloads a page until it is so.
func (b *browser) until(url string, so func() bool) {
	b.t.Helper()
	for try := range 100 {
		b.open(url)
		if so() {
			return
		}
		breath(try)
	}
	b.t.Fatalf("%s never came to it: %s", url, b.text("main"))
}
