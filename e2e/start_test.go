package e2e_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// told tells the story of a company: with make stories in both languages on
// both databases, each from nothing; in CI once, on the database and in the
// language that are named, so that the stories together meet all of them.
func told(t *testing.T, engine, lang string, story func(t *testing.T, e testkit.Engine, lang string)) {
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		if everything {
			for _, l := range []string{"es", "en"} {
				t.Run(l, func(t *testing.T) { story(t, e.AnotherMigrated(t), l) })
			}
		} else if e.Name == engine || os.Getenv("HASTA_TEST_POSTGRES") == "" {
			story(t, e, lang)
		}
	})
}

// house is a company on its first day: hasta serve on an empty database, with
// the files and the commands of its guide.
type house struct {
	*stage
	name    string // of the pictures
	folder  string // where its guide is followed
	moves   []testkit.Move
	setup   company.Setup // what its guide answers to the ten questions
	written string        // the same as a file
	first   string        // link of the first person
	store   *store.Store
}

const password = "cuatro palabras que nadie adivina"

// openHouse starts the company that a guide is about.
func openHouse(t *testing.T, e testkit.Engine, page, lang string) *house {
	t.Helper()
	folder := t.TempDir()
	h := &house{
		stage: &stage{t: t, lang: lang, dir: filepath.Join(folder, "hasta-data"), maildir: filepath.Join(folder, "caught")},
		name:  e.Name + "-" + page + "-" + lang, folder: folder,
	}
	ending := ".md"
	if lang == "es" {
		ending = ".es.md"
	}
	raw, err := os.ReadFile(filepath.Join(testkit.Root(t), "docs", "guide", page+ending))
	h.must(err)
	h.moves = testkit.Moves(string(raw))
	const token = "token-of-a-test"
	letters := ""
	if bytes.Contains(raw, []byte("smtp:")) {
		_, line := h.start("listening ", "/usr/bin/python3", filepath.Join(testkit.Root(t), "scripts", "smtp_catcher.py"), "--dir", h.maildir, "--port", "0")
		letters = strings.TrimPrefix(line, "listening ")
	}
	if bytes.Contains(raw, []byte("systems:")) {
		_, line := h.start("listening ", "/usr/bin/env", "HASTA_BILLING_TOKEN="+token, binary, "peer", "--file", filepath.Join(folder, "billing.jsonl"))
		h.billing = peer.Client{Base: strings.TrimPrefix(line, "listening "), Token: token}
	}
	// What in the guide is far away is near here.
	near := regexp.MustCompile(`(?m)^listen: .*$|^public_url: .*\n|smtp: .*$|^( *)base_url: .*$`)
	for _, m := range h.moves {
		if m.File == "" {
			continue
		}
		text := near.ReplaceAllStringFunc(m.Text, func(line string) string {
			switch key, _, _ := strings.Cut(line, ":"); strings.TrimSpace(key) {
			case "listen":
				return "listen: 127.0.0.1:0\ndatabase: " + e.URL
			case "public_url":
				return ""
			case "smtp":
				return "smtp: smtp://" + letters
			default:
				return key + ": " + h.billing.Base + "\n" + strings.Repeat(" ", len(key)-len(strings.TrimLeft(key, " "))) + "allow: [127.0.0.1/32]"
			}
		})
		h.must(os.WriteFile(filepath.Join(folder, m.File), []byte(text), 0o600))
		if m.File == "company.yaml" {
			_, h.written, _ = strings.Cut(m.Text, "\n")
			h.setup, err = company.ParseSetup(m.File, []byte(m.Text))
			h.must(err)
		}
	}
	h.must(os.WriteFile(filepath.Join(folder, "billing.token"), []byte(token), 0o600))
	h.examples()
	said := regexp.MustCompile(`(http://\S+/)(console/first/\S+)`)
	_, line := h.start("console/first/", binary, "serve", "--config", filepath.Join(folder, "hasta.yaml"))
	found := said.FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("nobody is let in: %s", line)
	}
	h.info.Portal, h.first = found[1], found[0]
	h.info.Database, h.info.Keys = e.URL, filepath.Join(h.dir, "keys")
	h.store, err = store.Open(t.Context(), store.Config{URL: e.URL})
	h.must(err)
	t.Cleanup(func() { _ = h.store.Close() })
	return h
}

// examples lays out the files that guides are followed with, in the language of
// the story, and with their days so that the newest month is the last one.
func (h *house) examples() {
	h.t.Helper()
	from, to := filepath.Join(testkit.Root(h.t), "examples"), filepath.Join(h.folder, "examples")
	h.must(os.CopyFS(to, os.DirFS(from)))
	now := time.Now()
	ago := (now.Year()-2026)*12 + int(now.Month()) - int(time.November)
	day := regexp.MustCompile(`\b\d\d/\d\d/20\d\d\b`)
	h.must(fs.WalkDir(os.DirFS(to), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(name, "bajas") && !strings.HasPrefix(name, "encargos") {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(to, name))
		h.must(err)
		text := day.ReplaceAllStringFunc(string(raw), func(s string) string {
			at, err := time.Parse("02/01/2006", s)
			if err != nil {
				return s // one that no calendar has: it is there to be refused
			}
			at = time.Date(at.Year(), at.Month(), min(at.Day(), 28), 0, 0, 0, 0, time.UTC)
			return at.AddDate(0, ago, 0).Format("02/01/2006")
		})
		text = strings.ReplaceAll(text, "as_of: 2026-11-01", "as_of: "+now.Format("2006-01")+"-01")
		text = strings.ReplaceAll(text, "language: {value: es}", "language: {value: "+h.lang+"}")
		return os.WriteFile(filepath.Join(to, name), []byte(text), 0o600)
	}))
}

// does types the commands of the guide that have the words, and expects of each
// what the guide says.
func (h *house) does(words string) (said string) {
	h.t.Helper()
	did := 0
	for _, m := range h.moves {
		if m.File != "" || m.Stays || !strings.Contains(m.Text, words) {
			continue
		}
		did++
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", m.Text)
		cmd.Dir, cmd.Env = h.folder, append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
		out, _ := cmd.CombinedOutput() // its status is looked at below
		if got := cmd.ProcessState.ExitCode(); got != m.Status {
			h.t.Fatalf("%s: exit status %d instead of %d\n%s", m.Text, got, m.Status, out)
		}
		said += string(out)
	}
	if did == 0 {
		h.t.Fatalf("the guide has no command %q", words)
	}
	return said
}

// answers is what the guide says to the ten questions, by field.
func (h *house) answers() []map[string]string {
	p := h.setup.Company
	return []map[string]string{
		{"name": p.Name, "legal_name": p.LegalName},
		{"country": p.Country, "language": p.Language}, // zone and currency follow
		{"email": p.Email, "phone": p.Phone, "complaints": p.Complaints, "address": p.Address},
		{},
		{"colour": p.Colour},
		{"sender_name": p.SenderName, "signer": p.Signer, "signature_es": p.Signature["es"], "signature_en": p.Signature["en"]},
		{"refunds": p.Links.Refunds, "warranty": p.Links.Warranty, "complaints_page": p.Links.Complaints, "privacy": p.Links.Privacy},
		{},
		{"pack": p.Pack},
		{},
	}
}

// begin lets the first person in, answers the ten questions, sees the file that
// the guide shows, and applies it. look is called on every page.
func (h *house) begin(b *browser, name, login string, rehearse bool, look func(page string)) (links []string) {
	h.t.Helper()
	b.open(h.first + "?lang=" + h.lang)
	for field, value := range map[string]string{"name": name, "login": login, "password": password} {
		b.fill("#"+field, value)
	}
	look("first")
	b.press("first", testid("begin"))
	look("questions")
	b.press("begin", testid("next"))
	for i, fields := range h.answers() {
		for field, value := range fields {
			b.fill("#"+field, value)
		}
		switch i + 1 {
		case 4:
			b.check(`[name="playbook"]`, h.setup.Company.Playbook)
		case 8:
			if asked := h.setup.Company.Reasons; len(asked) > 0 {
				b.check(`[name="reasons"]`, asked...)
			}
		case 10:
			if h.setup.Alone {
				b.check("#alone", "1")
			}
			for n, p := range h.setup.People {
				b.fill(fmt.Sprint("#name_", n), p.Name)
				b.fill(fmt.Sprint("#login_", n), p.Login)
				b.check(fmt.Sprintf(`[name="roles_%d"]`, n), p.Roles...)
			}
		}
		look(fmt.Sprint("question-", i+1))
		then := testid("progress")
		if i == 9 {
			then = testid("yaml")
		}
		b.press("next", then)
	}
	if got := strings.TrimSpace(b.text(testid("yaml"))); got != strings.TrimSpace(h.written) {
		h.t.Errorf("the file of the answers is\n%s\nand that of the guide\n%s", got, h.written)
	}
	look("review")
	if !rehearse {
		b.check(`[name="rehearse"]`)
	}
	b.press("apply", `[data-testid="see-portal"], [data-testid="add-clients"]`)
	look("done")
	if held := b.count(testid("held")) > 0; held != rehearse {
		h.t.Errorf("nothing goes outside: %t", held)
	}
	links, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('[data-testid="link-href"]')].map(x => x.textContent)`))
	h.must(err)
	if len(links) != len(h.setup.People) {
		h.t.Errorf("%d links for %d people", len(links), len(h.setup.People))
	}
	return links
}

// check ticks those boxes, or that button of a group, that have one of the
// values, and no other.
func (b *browser) check(css string, values ...string) {
	b.t.Helper()
	n, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](fmt.Sprintf(
		`[...document.querySelectorAll(%q)].filter(x => x.checked = %q.split(' ').includes(x.value)).length`, css, strings.Join(values, " "))))
	if err != nil || n != len(values) {
		b.t.Fatalf("%d of %v ticked (%v): %s", n, values, err, b.text("main"))
	}
}

// joins opens the link of somebody who was invited, and signs in.
func (h *house) joins(link, login string) *browser {
	h.t.Helper()
	b := openBrowser(h.t)
	b.open(link + "?lang=" + h.lang)
	for _, field := range []string{"#password", "#again"} {
		b.fill(field, password)
	}
	b.press("reset-password", testid("signin"))
	b.fill("#login", login)
	b.fill("#password", password)
	b.press("signin", testid("me"))
	return b
}

// types writes a customer down on the page for one, and returns theirs.
func (h *house) types(b *browser, fields map[string]string) string {
	h.t.Helper()
	b.open(h.info.Portal + "console/customers/new")
	for field, value := range fields {
		b.fill("#"+field, value)
	}
	b.press("add", testid("added"))
	return before(b.at(), "?")
}

// moveTo moves business time to an instant, at the billing system too.
func (h *house) moveTo(at time.Time) {
	h.t.Helper()
	if h.billing.Base != "" {
		h.must(h.billing.SetClock(h.t.Context(), at))
	}
	ahead := fmt.Sprint(at.Sub(when.Machine{}.Wall()).Microseconds())
	h.must(h.store.Tx(h.t.Context(), func(tx app.Tx) error { return tx.PutSetting(h.t.Context(), app.OffsetSetting, ahead) }))
}

// over is the word of a departure that was closed, by language.
var over = map[string]string{"es": "Terminada", "en": "Over"}

// isOver reports whether the case that is looked at was closed.
func (h *house) isOver(b *browser) bool {
	h.t.Helper()
	return strings.Contains(b.text("h1 + .badge"), over[h.lang])
}

// untilOver lets people do what there is to do until the case is closed.
func (h *house) untilOver(casefile string, people ...*browser) {
	h.t.Helper()
	h.works(casefile, people, func() bool { return h.isOver(people[0]) })
}

// works lets people do what there is to do in a case until it is so; the first
// of them looks.
func (h *house) works(casefile string, people []*browser, so func() bool) {
	h.t.Helper()
	idle := 0
	for range 100 {
		did := 0
		for _, b := range slices.Backward(people) {
			did += h.actAll(b, casefile)
		}
		if so() {
			return
		}
		if did > 0 {
			idle = 0
			continue
		}
		breath(idle)
		idle++
	}
	h.t.Fatalf("%s never comes to it: %s", casefile, people[0].text("main"))
}

// gone reads how many left in the month that is so many before this one, and
// how many there were when it began.
func (h *house) gone(b *browser, ago int) (lost, start, rate string) {
	h.t.Helper()
	row := fmt.Sprintf("%s tbody tr:nth-child(%d) td", testid("churn"), ago+1)
	cell := func(n int) string { return strings.TrimSpace(b.text(fmt.Sprintf("%s:nth-child(%d)", row, n))) }
	return cell(3), cell(2), cell(5)
}

// verified expects that the log is whole.
func (h *house) verified() {
	h.t.Helper()
	if out, code := h.hasta("audit", "verify"); code != 0 {
		h.t.Errorf("audit verify: status %d\n%s", code, out)
	}
}

// before is what stands before the first of something.
func before(s, sep string) string {
	head, _, _ := strings.Cut(s, sep)
	return head
}
