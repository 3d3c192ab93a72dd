package e2e_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/go-ldap/ldap/v3"
	"github.com/jackc/pgx/v5"

	"hastaluego/internal/demo"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/testkit/peers"
	"hastaluego/internal/text"
)

// show is make demo-systems: real far systems, and hasta demo beside them.
type show struct {
	*stage
	PID                                                int
	Leave, Hold, Payments, Superuser, Directory        string
	People, Files, Tokens, Secrets, Orphan, Regrant, W string
	Charge, Kept, Draw, Widen                          string
	Key                                                string `json:"payments_key"`
}

// openShow starts it as the Makefile does.
func openShow(t *testing.T, e testkit.Engine, lang string) *show {
	t.Helper()
	s := &show{stage: &stage{t: t, lang: lang, dir: filepath.Join(t.TempDir(), "demo"), maildir: filepath.Join(t.TempDir(), "mail")}}
	program := filepath.Join(t.TempDir(), "demo-systems")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "hastaluego/scripts/systems").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var err error
	s.sample, err = demo.In(lang)
	s.must(err)
	args := []string{"-C", testkit.Root(t), program, "-hasta", binary, "-lang", lang, "-dir", s.dir, "-smtp", s.catchMail()}
	if e.Name != "sqlite" {
		args = append(args, "-database", e.URL)
	}
	s.demo, _ = s.start("Ctrl-C", "/usr/bin/env", args...)
	s.look()
	return s
}

// look reads where everything is.
func (s *show) look() {
	s.t.Helper()
	for name, to := range map[string]any{"demo.json": &s.info, "show.json": s} {
		raw, err := os.ReadFile(filepath.Join(s.dir, name))
		s.must(err)
		s.must(json.Unmarshal(raw, to))
	}
}

// secret is the credential of an access.
func (s *show) secret(system, account string) string {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.Secrets, system, url.PathEscape(account)))
	s.must(err)
	return string(raw)
}

// lets tries an access at the far system itself, as whoever has it would.
func (s *show) lets(system, account string) bool {
	s.t.Helper()
	ctx, secret := s.t.Context(), s.secret(system, account)
	switch system {
	case "directory":
		raw, err := os.ReadFile(filepath.Join(s.Secrets, "directory-ca.pem"))
		s.must(err)
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(raw)
		c, err := ldap.DialURL(s.Directory, ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
		s.must(err)
		defer c.Close()
		err = c.Bind("uid="+account+",ou=people,"+testkit.DirectoryBase, secret)
		if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
			s.t.Fatal(err)
		}
		return err == nil
	case "warehouse":
		at, err := url.Parse(s.Superuser)
		s.must(err)
		at.User = url.UserPassword(account, secret)
		c, err := pgx.Connect(ctx, at.String())
		if err == nil {
			s.must(c.Close(context.WithoutCancel(ctx)))
		} else if !strings.Contains(err.Error(), "28000") {
			s.t.Fatal(err)
		}
		return err == nil
	case "people":
		return s.enters(s.People, func(r *http.Request) { r.SetBasicAuth(account, secret) })
	case "archive":
		name, key, _ := strings.Cut(secret, ":")
		status, said, err := peers.Store{Base: s.Files}.AskAs(ctx, name, key, http.MethodGet, "/archive?list-type=2&max-keys=1", "")
		s.must(err)
		if status != http.StatusOK && !strings.Contains(said, "AccessDenied") {
			s.t.Fatal(status, said)
		}
		return status == http.StatusOK
	default:
		return s.enters(s.Tokens, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) })
	}
}

func (s *show) enters(address string, as func(*http.Request)) bool {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, nil)
	s.must(err)
	as(req)
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	s.must(res.Body.Close())
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusUnauthorized {
		s.t.Fatalf("%s: %s", address, res.Status)
	}
	return res.StatusCode == http.StatusOK
}

// refunds are those that the billing system made.
func (s *show) refunds() (amounts []int64) {
	s.t.Helper()
	for _, payment := range []string{"pi_101", "pi_102"} {
		req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.Payments+"/v1/refunds?limit=100&payment_intent="+payment, nil)
		s.must(err)
		req.Header.Set("Authorization", "Bearer "+s.Key)
		req.Header.Set("Stripe-Version", fakestripe.Version)
		res, err := http.DefaultClient.Do(req)
		s.must(err)
		var got struct{ Data []struct{ Amount int64 } }
		s.must(json.NewDecoder(res.Body).Decode(&got))
		s.must(res.Body.Close())
		for _, r := range got.Data {
			amounts = append(amounts, r.Amount)
		}
	}
	return amounts
}

// passes lets days go by, as anybody can in the demo, and waits until the page has
// what they bring.
func (s *show) passes(b *browser, page string, days int, css string) {
	s.t.Helper()
	b.open(page)
	for range days {
		b.press("clock-day", testid("plan"))
	}
	s.eventually(css, func() bool { b.open(page); return b.count(css) > 0 })
}

func (s *show) eventually(what string, so func() bool) {
	s.t.Helper()
	for try := range 600 {
		if so() {
			return
		}
		breath(try)
	}
	s.t.Fatalf("never: %s", what)
}

// does runs a command that the show names, and returns what it says.
func (s *show) does(command string) string {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), "bash", "-c", command).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v: %s", command, err, out)
	}
	return string(out)
}

// reads looks whether the key that is kept reads, and changes nothing.
func (s *show) reads(when string) {
	s.t.Helper()
	if said := s.does(s.Draw); !strings.Contains(said, "AccessDenied") || !s.lets("archive", s.Kept) {
		s.t.Errorf("%s %s is not left to read: %s", when, s.Kept, said)
	}
}

// closedAt is how many accesses were closed of each system, with a try before and
// one after.
var closedAt = map[string]int{"tokens": 6, "files": 4, "warehouse": 7, "people": 9, "directory": 11}

// A company with forty accesses in six real systems leaves: it takes along what
// PostgreSQL, a store and a folder hold of it, an access that nobody had written
// down is found and decided about, all are closed and each is tried before and
// after, a person answers for three, the refund is made once although hasta is
// killed before it knows, and an access that is opened again behind our back is
// found a week later. One reads, and changes nothing, until the time to fetch the
// data is over; who lets it write meanwhile is asked for.
func TestACompanyLeavesRealSystems(t *testing.T) {
	t.Parallel()
	told(t, "sqlite", "es", func(t *testing.T, e testkit.Engine, lang string) {
		s := openShow(t, e, lang)
		name, console := e.Name+"-systems-"+lang, s.info.Portal+"console"
		for system, account := range map[string]string{"directory": "rn-maite", "people": "maite@rianueva.example", "warehouse": s.Orphan, "tokens": "rn-erp"} {
			if !s.lets(system, account) {
				t.Fatalf("%s does not let %s in before anything happened", system, account)
			}
		}
		if said := s.does(s.Draw); !strings.HasPrefix(said, "200") {
			t.Fatalf("%s cannot write before anything happened: %s", s.Kept, said)
		}

		s.pushes("maite@rianueva.example")
		// The customer leaves by the button of what the company sells.
		b := openBrowser(t)
		b.open(s.Leave)
		b.shot(name + "-1-leave")
		b.do(chromedp.Click(chromedp.CSS(`input[value="now"]`)))
		b.press("confirm", testid("receipt"))
		b.press("follow", testid("state"))
		private := before(b.at(), "?")
		s.takesAlong(b, private, "maite@rianueva.example")

		staff := s.signIn(0)
		staff.shows(console+"?view=all&lang="+lang, testid("cases")+" th a")
		staff.follow(testid("cases")+" th a", "Astilleros", testid("plan"))
		casefile := before(staff.at(), "?")

		// What nobody had written down holds everything up until somebody decides.
		staff.shows(casefile, testid("work"))
		staff.shot(name + "-2-orphan")
		if got := staff.text(testid("work")); staff.count(testid("work")) != 1 || s.lets("warehouse", s.Orphan) == false {
			t.Errorf("one is to be decided about, and is open until then: %s", got)
		}
		staff.press("decide-found", "#grant")
		staff.shot(name + "-3-grants")
		staff.choose(`[name="grant.id"]`, s.Orphan)
		staff.fill(`[name="grant.decision"]`, "theirs")
		staff.press("save-grant_decide", "#grant")

		// The day ends. Every access is closed and tried; three are closed by whoever has them.
		s.passes(staff, casefile, 1, "#by_hand "+testid("complete"))
		for system, n := range closedAt {
			proved := "#" + system + ` [data-proof="negative_test"]`
			if got := staff.count(proved); got != n || staff.count("#"+system+" [data-proof]") != n {
				t.Errorf("%s: %d of %d are proved by trying: %s", system, got, n, staff.text("#"+system))
			}
		}
		for system, accounts := range map[string][]string{
			"directory": {"rn-maite", "rn-admin", "rn-respaldo"}, "people": {"maite@rianueva.example"}, "warehouse": {"rn_etl", "rn_dueno", s.Orphan}, "tokens": {"rn-erp", "rn-nominas"},
		} {
			for _, account := range accounts {
				if s.lets(system, account) {
					t.Errorf("%s still lets %s in", system, account)
				}
			}
		}
		if got := staff.count(`#narrow [data-proof="negative_test"]`); got != 1 {
			t.Errorf("%d were tried and can only read: %s", got, staff.text("#narrow"))
		}
		s.reads("once the rest is closed")
		staff.shot(name + "-4-closed")
		s.actAll(staff, casefile, "by_hand")
		b.open(private)
		b.do(chromedp.Click(chromedp.CSS(testid("accesses-reading") + " summary")))
		if got := b.text(testid("accesses-reading")); !strings.Contains(got, s.Kept) {
			t.Errorf("what stays to read: %s", got)
		}
		// How it can be known at all, kind by kind, in words for whoever left.
		b.do(chromedp.Click(chromedp.CSS(testid("accesses-kinds") + " summary")))
		kinds := b.text(testid("accesses-kinds"))
		for _, best := range []string{"tried", "attested"} {
			if want := text.Say(lang, "portal.accesses.can."+best); !strings.Contains(kinds, want) {
				t.Errorf("the private page lacks %q: %s", want, kinds)
			}
		}
		b.shot(name + "-5-private")
		b.axe(axe(t), name+"-5-private")

		// The refund: its answer is lost, and so are we.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.Hold, nil)
		s.must(err)
		res, err := http.DefaultClient.Do(req)
		s.must(err)
		s.must(res.Body.Close())
		staff.shows(casefile, "#refund_approval "+testid("gives-back"))
		s.as(staff, 1)
		s.actAll(staff, casefile, "refund_approval")
		s.eventually("the refund is asked for", func() bool { return len(s.refunds()) > 0 })
		killed := s.PID
		s.must(syscall.Kill(killed, syscall.SIGKILL))
		s.eventually("hasta is started again", func() bool { s.look(); return s.PID != killed })
		s.eventually("it answers", func() bool {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.info.Portal+"readyz", nil)
			s.must(err)
			res, err := http.DefaultClient.Do(req)
			if err == nil {
				_ = res.Body.Close()
			}
			return err == nil && res.StatusCode == http.StatusOK
		})
		s.eventually("the refund is read back", func() bool { staff.open(casefile); return staff.count(`#refund > .state.ok`) > 0 })
		if got := s.refunds(); len(got) != 1 || got[0] != 120000 {
			t.Errorf("given back: %v", got)
		}
		staff.shot(name + "-6-refunded")
		b.open(private + "/statement")
		if got := b.text("main"); !strings.Contains(got, map[string]string{"es": "Te lo devolvimos el", "en": "We refunded it on"}[lang]) {
			t.Errorf("the statement does not say that the refund was made: %s", got)
		}
		b.shot(name + "-6-statement")

		// An access is opened again behind our back, and another one widened: both are
		// found, and what was widened only reads again.
		s.does(s.Regrant)
		s.does(s.Widen)
		if said := s.does(s.Draw); !s.lets("warehouse", "rn_etl") || !strings.HasPrefix(said, "200") {
			t.Fatalf("it was not opened again, or not widened: %s", said)
		}
		s.passes(staff, casefile, 8, `[id^="access_back_"]`)
		if got := staff.text(`[id^="access_back_"]`); !strings.Contains(got, "warehouse: rn_etl") {
			t.Errorf("to be closed again: %s", got)
		}
		s.eventually("it only reads again", func() bool {
			staff.open(casefile)
			return staff.count(`[id^="reach_back_"] [data-proof="negative_test"]`) == 1 && staff.count(`[id^="reach_why_"]`) == 1
		})
		if got := staff.text(testid("reopened")) + staff.text(testid("reopened")+" + "+testid("reopened")); !strings.Contains(got, "rn_etl") || !strings.Contains(got, s.Kept) {
			t.Errorf("the page says first: %s", got)
		}
		s.reads("once more")
		staff.shot(name + "-7-caught")

		// Somebody says that it is closed again: that is tried, and it is not so. Then it is.
		s.as(staff, 0)
		s.closes(staff, casefile, 1)
		s.eventually("their word is tried", func() bool { staff.open(casefile); return staff.count(`[id^="access_back_"]`) > 1 })
		s.does(strings.Replace(s.Regrant, " LOGIN", " NOLOGIN", 1))
		s.closes(staff, casefile, 2)
		key, err := chromedp.Run(staff.ctx, chromedp.Evaluate[string](`document.querySelector('[id^="reach_why_"]').id`))
		s.must(err)
		s.actAll(staff, casefile, key)

		// When the time to fetch the data is over, what still read is closed, and it is over.
		s.passes(staff, casefile, 23, `#archive [data-proof="negative_test"]`)
		if s.lets("archive", s.Kept) {
			t.Errorf("%s still reads", s.Kept)
		}
		s.eventually("it is over", func() bool { staff.open(casefile); return strings.Contains(staff.text("h1 + .badge"), over[lang]) })
		staff.shot(name + "-8-over")

		// They are charged although they left: the billing system tells of it at once,
		// and giving it back is proposed.
		if said := s.does(s.Charge); !strings.Contains(said, "1200.00 EUR charged") {
			t.Fatalf("%s: %s", s.Charge, said)
		}
		s.eventually("the alarm", func() bool { staff.open(casefile); return staff.count(testid("stray-charge")) > 0 })
		if got := staff.text(testid("stray-charge")); !strings.Contains(got, "1200,00") && !strings.Contains(got, "1.200,00") && !strings.Contains(got, "1,200.00") || staff.count(testid("stray-charge")+` a[href^="#charged_after"]`) != 1 {
			t.Errorf("the alarm: %s", got)
		}
		s.as(staff, 1)
		staff.open(casefile)
		staff.shot(name + "-9-charged")
		if out, code := s.hasta("audit", "verify"); code != 0 {
			t.Errorf("audit verify: status %d\n%s", code, out)
		}
		signedList(t, s.stage, regexp.MustCompile(`HL-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(staff.text("body")))
		s.stop()
	})
}

// closes has somebody say of as many accesses that were opened again that they closed
// them.
func (s *show) closes(b *browser, casefile string, n int) {
	s.t.Helper()
	b.open(casefile)
	keys, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('[id^="access_back_"]')].map(e => e.id)`))
	s.must(err)
	if len(keys) != n {
		s.t.Fatalf("opened again: %v", keys)
	}
	if did := s.actAll(b, casefile, keys[n-1]); did == 0 {
		s.t.Fatalf("nothing can be done: %s", b.text("#"+keys[n-1]))
	}
}

// signedList takes the list of who did what to the accesses of a departure away
// and has it checked with the public key alone; changed, it is refused.
func signedList(t *testing.T, s *stage, departure string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "list.txt")
	if out, code := s.hasta("access", "list", departure, "--out", file); code != 0 {
		t.Fatalf("access list: status %d\n%s", code, out)
	}
	verify := func(file string) (string, int) {
		return s.hasta("audit", "verify", "--key", filepath.Join(s.info.Keys, "log.pub"), "--against", file)
	}
	if out, code := verify(file); code != 0 || !strings.Contains(out, "entries proved") {
		t.Errorf("the list: status %d\n%s", code, out)
	}
	raw, err := os.ReadFile(file)
	s.must(err)
	for _, what := range []string{"rn_etl", "tarjeta-112", "retest", "attested", "rn-planos", "read_only"} {
		if !bytes.Contains(raw, []byte(what)) {
			t.Errorf("nothing of %s in the list:\n%s", what, raw)
		}
	}
	changed := filepath.Join(t.TempDir(), "changed.txt")
	s.must(os.WriteFile(changed, bytes.Replace(raw, []byte("attested"), []byte("verified"), 1), 0o600))
	if out, code := verify(changed); code == 0 {
		t.Errorf("a list that was changed is believed:\n%s", out)
	}
}
