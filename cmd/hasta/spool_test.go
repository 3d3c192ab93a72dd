package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/spool"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
	"hastaluego/internal/web/away"
	"hastaluego/internal/when"
)

// ownPostgres is a server that may be stopped, with scripts/postgres.sh.
type ownPostgres struct {
	t      *testing.T
	folder string
}

func (p ownPostgres) do(verb string, how ...string) string {
	p.t.Helper()
	said, err := exec.CommandContext(p.t.Context(), filepath.Join(testkit.Root(p.t), "scripts", "postgres.sh"), append([]string{verb, p.folder}, how...)...).Output()
	ok(p.t, err)
	return strings.TrimSpace(string(said))
}

// outage is a house that customers leave while it is away.
type outage struct {
	*testing.T
	cfg  config
	down func() // takes the database away
	up   func() // brings it back

	house *house
	main  *httptest.Server
	rest  func()

	spool   *exec.Cmd
	spoolAt atomic.Value // address
}

// begin opens the house and its pages.
func (o *outage) begin() {
	o.Helper()
	var err error
	o.house, err = build(o.Context(), o.cfg, newLog(io.Discard, "error", ""), nil)
	ok(o, err)
	handler, err := o.house.handler()
	ok(o, err)
	o.main = httptest.NewServer(handler)
	ctx, stop := context.WithCancel(o.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = o.house.while(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil }) })
	o.rest = func() { stop(); running.Wait(); o.main.Close(); o.house.close() }
}

// startSpool runs hasta spool as a process of its own.
func (o *outage) startSpool() {
	o.Helper()
	program, err := os.Executable()
	ok(o, err)
	o.spool = exec.CommandContext(o.Context(), program, "spool", "--dir", o.cfg.Spool.Dir, "--listen", "127.0.0.1:0")
	o.spool.Args[0] = "hasta"
	said, err := o.spool.StdoutPipe()
	ok(o, err)
	ok(o, o.spool.Start())
	line, err := bufio.NewReader(said).ReadString('\n')
	ok(o, err)
	o.spoolAt.Store(strings.TrimPrefix(strings.TrimSpace(line), "listening "))
}

func (o *outage) killSpool() { _, _ = o.spool.Process.Kill(), o.spool.Wait() }

// leaver is what one customer was answered.
type leaver struct{ code, at string }

var toldAt = regexp.MustCompile(`data-testid="at"><strong>([^<]+)</strong>`)

// withdraws reports whether the customer withdraws: one in four does.
func withdraws(n int) bool { return n%4 == 1 }

// leave sends the form of one customer as a proxy does, from a page on another
// site: to the server, and to the spool where that is away. Where nobody answers
// they press again.
func (o *outage) leave(n int) leaver {
	o.Helper()
	mail, path := fmt.Sprintf("ana%d@x.example", n), "/?lang=es"
	form := url.Values{"name": {fmt.Sprint("Ana ", n)}, "account": {mail}, "nonce": {id.Token()}, "when": {"now"}, "page": {"request"}, "go": {"confirm"}}
	if withdraws(n) {
		path = "/withdraw?lang=es"
		form = url.Values{"name": {fmt.Sprint("Ana ", n)}, "receipt": {mail}, "nonce": {id.Token()}, "page": {"withdrawal"}, "go": {"confirm"}}
	}
	alone := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	send := func(base string) (int, string, string) {
		req, err := http.NewRequestWithContext(o.Context(), http.MethodPost, base+path, strings.NewReader(form.Encode()))
		ok(o, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		res, err := alone.Do(req)
		if err != nil {
			return 0, "", ""
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return 0, "", ""
		}
		return res.StatusCode, res.Header.Get("Location"), string(body)
	}
	for o.Context().Err() == nil {
		if status, to, _ := send(o.main.URL); status == http.StatusSeeOther {
			return leaver{code: strings.TrimPrefix(to, "/r/")}
		} else if status != 0 && status < 500 {
			o.Errorf("the server answered %d", status)
			return leaver{}
		}
		if status, _, page := send(o.spoolAt.Load().(string)); status == http.StatusOK {
			at := toldAt.FindStringSubmatch(page)
			if code := codeForm.FindString(page); at != nil && code != "" {
				return leaver{code, at[1]}
			}
			o.Errorf("the spool answered %s", page)
			return leaver{}
		} else if status != 0 {
			o.Errorf("the spool answered %d", status)
			return leaver{}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return leaver{}
}

const short = `
playbook: short
title: {es: "Corto", en: "Short"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}, milestone: confirmed}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [confirm], params: {until: effective}}
`

// Dozens of customers leave while the database goes away and comes back, and
// the spool is killed in between: every one of them was told a code, each is
// registered once, under that code, and the papers bear the time that they were
// told.
func TestNobodyWhoLeavesWhileWeAreDownIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	t.Run("the server is gone, SQLite", func(t *testing.T) {
		t.Parallel()
		o := &outage{T: t, cfg: config{Database: filepath.Join(t.TempDir(), "hasta.db")}}
		o.down = func() { o.rest(); ok(t, os.Rename(o.cfg.Database, o.cfg.Database+".away")) }
		o.up = func() { ok(t, os.Rename(o.cfg.Database+".away", o.cfg.Database)); o.begin() }
		o.walk(leavers())
	})
	if os.Getenv("HASTA_TEST_POSTGRES") == "" {
		if os.Getenv("HASTA_REQUIRE_POSTGRES") == "1" {
			t.Error("HASTA_REQUIRE_POSTGRES is set and HASTA_TEST_POSTGRES is not")
		}
		return
	}
	t.Run("the database is gone, PostgreSQL", func(t *testing.T) {
		t.Parallel()
		folder, err := os.MkdirTemp("", "hasta-pg") // t.TempDir lies in one that only we may enter
		ok(t, err)
		server := ownPostgres{t, folder}
		o := &outage{T: t, cfg: config{Database: server.do("start", "durable")}}
		running := true
		o.down = func() { server.do("stop"); running = false }
		o.up = func() { server.do("restart"); running = true }
		t.Cleanup(func() {
			if running {
				_ = exec.CommandContext(context.Background(), filepath.Join(testkit.Root(t), "scripts", "postgres.sh"), "stop", folder).Run()
			}
			_ = os.RemoveAll(folder)
		})
		o.walk(leavers())
	})
}

// leavers is how many leave: in make chaos, two hundred.
func leavers() int {
	if os.Getenv("HASTA_CHAOS") != "" {
		return 200
	}
	return 64
}

func (o *outage) walk(all int) {
	ctx, dir := o.Context(), o.TempDir()
	book := filepath.Join(dir, "short.yaml")
	ok(o, os.WriteFile(book, []byte(short), 0o600))
	o.cfg.Dir, o.cfg.Keys.Dir, o.cfg.Spool.Dir, o.cfg.Playbook = dir, filepath.Join(dir, "keys"), filepath.Join(dir, "spool"), book
	o.cfg.PublicURL, o.cfg.Company = "http://faro.test", companyConfig{Name: "Faro", Email: "bajas@faro.example"}
	o.cfg.Engine = engineConfig{Workers: 4, Poll: 50 * time.Millisecond, Lease: time.Second}
	o.begin()
	for n := range all {
		_, err := o.house.app.AddCustomer(ctx, staff, app.CustomerInput{
			Kind: customer.Person, Name: fmt.Sprint("Ana ", n), Reference: fmt.Sprint("N-", n),
			Contacts:      []app.ContactInput{{Name: "Ana", Email: fmt.Sprintf("ana%d@x.example", n), Role: customer.Owner}},
			Subscriptions: []app.SubscriptionInput{{Reference: fmt.Sprint("N-", n, "-1"), Product: "Faro", Amount: money.Amount{Minor: 2900, Currency: "EUR"}, Interval: customer.Monthly, Start: when.Date{Year: 2026, Month: 1, Day: 5}}},
		})
		ok(o, err)
	}
	o.startSpool()
	defer func() { o.killSpool() }()
	folder, err := spool.Open(o.cfg.Spool.Dir, 0)
	ok(o, err)

	answers := make([]leaver, all)
	var next, over atomic.Int64
	after := func(n int, do func()) { // once so many have left
		for over.Load() < int64(n) {
			time.Sleep(2 * time.Millisecond)
		}
		do()
	}
	var crowd sync.WaitGroup
	for range 6 {
		crowd.Go(func() {
			for n := int(next.Add(1)) - 1; n < all; n = int(next.Add(1)) - 1 {
				answers[n] = o.leave(n)
				over.Add(1)
			}
		})
	}
	after(all/8, o.down)
	after(all/2, func() { o.killSpool(); o.startSpool() })
	crowd.Wait()
	waits, err := folder.Waiting()
	ok(o, err)
	if len(waits) < all/2 {
		o.Errorf("%d requests wait in the spool", len(waits))
	}
	o.up()
	for len(waits) > 0 {
		time.Sleep(20 * time.Millisecond)
		waits, err = folder.Waiting()
		ok(o, err)
	}
	o.judge(answers)
	o.rest()
}

// judge compares what customers were told with what is registered and written.
func (o *outage) judge(answers []leaver) {
	o.Helper()
	ctx, zone := o.Context(), o.house.app.Company().Zone
	ok(o, o.house.app.UntilQuiet(ctx))
	list, _, err := o.house.app.PageRequests(ctx, staff, "", app.Place{Limit: 1000})
	ok(o, err)
	if len(list) != len(answers) {
		o.Errorf("%d requests are registered of %d", len(list), len(answers))
	}
	letters := must(filepath.Glob(filepath.Join(o.cfg.mailDir(), "*.eml")))(o.T)
	if want := 2 * len(answers); len(letters) != want { // an acknowledgement and a link to confirm
		o.Errorf("%d letters went out, want %d", len(letters), want)
	}
	spooled := 0
	for n, a := range answers {
		x := &noise{house: o.house, t: o.T, n: n}
		ok(o, o.house.store.View(ctx, func(tx app.Tx) (err error) { x.request, err = tx.FindRequestByCode(ctx, a.code); return err }))
		stands := text.WeekdayInstant("es", x.request.ReceivedAt, zone)
		if x.request.AccountEmail != fmt.Sprintf("ana%d@x.example", n) || a.at != "" && !strings.HasPrefix(a.at, stands) {
			o.Errorf("%d was told %+v, and there stands %s of %s", n, a, stands, x.request.AccountEmail)
		}
		if withdraws(n) != (x.request.Act == offboarding.Withdrawal) {
			o.Errorf("%d declared %s", n, x.request.Act)
		}
		if a.at != "" {
			spooled++
		}
		_, page, err := o.house.app.VerifyRequest(ctx, x.link("verify"))
		ok(o, err)
		receipt, err := o.house.app.OpenCasePage(ctx, page, "case", "es")
		ok(o, err)
		if !strings.Contains(o.house.papers.HTML(receipt.Paper), stands) {
			o.Errorf("the receipt of %s does not say %s", a.code, stands)
		}
	}
	if spooled < len(answers)/2 {
		o.Errorf("only %d were taken down by the spool", spooled)
	}
}

// What hasta spool says and does at the command line, without a server.
func TestWhatWasTakenDownIsDeliveredByHand(t *testing.T) {
	t.Parallel()
	p := place{t, t.TempDir(), filepath.Join(t.TempDir(), "hasta.db")}
	ok(t, os.WriteFile(p.file("hasta.yaml"), []byte("company: {name: Faro, email: bajas@faro.example}\n"), 0o600))
	dir := p.file("spool")
	if said, status := p.hasta("spool", "deliver", dir); status != 1 || !strings.Contains(said, dir) {
		t.Errorf("of no folder: %d %s", status, said)
	}
	folder, err := spool.Open(dir, 0)
	ok(t, err)
	at := time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)
	nonce := id.Token()
	d := spool.Declaration{ID: nonce, Code: id.CodeFor(nonce), At: at, Account: "ana@x.example", Receipt: "ana@x.example", Language: "en"}
	kept, err := folder.Keep(d, nonce)
	ok(t, err)
	copied := must(os.ReadFile(filepath.Join(dir, "waiting", must(folder.Waiting())(t)[0]+".json")))(t)
	ok(t, os.WriteFile(filepath.Join(dir, "waiting", "torn.json"), copied[:len(copied)/2], 0o600))
	said, status := p.hasta("spool", "deliver", dir)
	if status != 1 || !strings.Contains(said, "1 registered, 0 had been registered before") || !strings.Contains(said, "aside/torn.json") {
		t.Errorf("%d %s", status, said)
	}
	ok(t, os.Remove(filepath.Join(dir, "aside", "torn.json")))
	ok(t, os.WriteFile(filepath.Join(dir, "waiting", "copy.json"), copied, 0o600))
	if said := p.must("spool", "deliver", dir); !strings.Contains(said, "0 registered, 1 had been registered before") {
		t.Error(said)
	}
	h := p.open()
	defer h.close()
	paper, err := h.app.Acknowledged(t.Context(), kept.Code, "en")
	ok(t, err)
	if !paper.At.Equal(at) {
		t.Errorf("received at %s", paper.At)
	}
	page := p.must("spool", "page", "--to", "https://bajas.faro.example/")
	for _, want := range []string{`action="https://bajas.faro.example/?lang=es"`, `action="https://bajas.faro.example/?lang=en"`, "bajas.faro.example; base-uri", `action="https://bajas.faro.example/withdraw?lang=fr"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// The doctor sees a spool that is well, and each thing that may be wrong with it.
func TestTheDoctorLooksAtTheSpool(t *testing.T) {
	t.Parallel()
	var c spoolServeCmd
	wall := when.Machine{}.Wall()
	for code, plant := range map[string]func(e *examination, f *spool.Folder){
		"":           func(*examination, *spool.Folder) {},
		"spool.gone": func(e *examination, _ *spool.Folder) { e.cfg.Spool.Dir += "-elsewhere" },
		"spool.open": func(_ *examination, f *spool.Folder) { ok(t, os.Chmod(f.Dir(), 0o755)) },
		"spool.unfit": func(_ *examination, f *spool.Folder) {
			ok(t, errors.Join(os.RemoveAll(filepath.Join(f.Dir(), "waiting")), os.WriteFile(filepath.Join(f.Dir(), "waiting"), nil, 0o600)))
		},
		"spool.waits": func(e *examination, f *spool.Folder) {
			_, err := f.Keep(spool.Declaration{ID: "n", At: wall, Account: "a@x.example"}, "n")
			ok(t, err)
			e.wall = wall.Add(spoolLate + time.Minute)
		},
		"spool.aside": func(_ *examination, f *spool.Folder) {
			ok(t, os.WriteFile(filepath.Join(f.Dir(), "aside", "x.json"), nil, 0o600))
		},
		"spool.nobody": func(_ *examination, f *spool.Folder) { ok(t, os.Remove(filepath.Join(f.Dir(), "company.json"))) },
		"spool.silent": func(e *examination, _ *spool.Folder) { e.cfg.Spool.Listen = "127.0.0.1:" + closedPort(t) },
		"disk.full":    func(e *examination, _ *spool.Folder) { e.least = 1 << 60 },
	} {
		e := &examination{wall: wall, least: 1, low: 1}
		e.cfg.Spool.Dir = filepath.Join(t.TempDir(), "spool")
		handler, err := c.handler(e.cfg, newLog(io.Discard, "error", ""))
		ok(t, err)
		e.cfg.Spool.Listen = serving(t, handler)
		f, err := spool.Open(e.cfg.Spool.Dir, 0)
		ok(t, err)
		ok(t, away.SaveProfile(f.Dir(), away.ProfileOf(app.Company{Name: "Faro", Zone: time.UTC, Language: "es"}, away.Forms{})))
		plant(e, f)
		var got []string
		for _, x := range e.spool(t.Context()) {
			got = append(got, x.Code)
			if lang := tellFinding("es", x); strings.Contains(lang.What+lang.Do, "{") || lang.Do == "" {
				t.Errorf("%s is told as %+v", x.Code, lang)
			}
		}
		if want := strings.Fields(code); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("planted %q, found %v", code, got)
		}
	}
}

func TestTheSpoolSaysWhatItListensOn(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var said bytes.Buffer
	c := spoolServeCmd{Dir: filepath.Join(t.TempDir(), "s"), Listen: "127.0.0.1:0"}
	ok(t, c.Run(ctx, out{&said, io.Discard}))
	if !strings.HasPrefix(said.String(), "listening http://127.0.0.1:") {
		t.Error(said.String())
	}
	if err := (&spoolServeCmd{}).Run(ctx, out{io.Discard, io.Discard}); err == nil {
		t.Error("it begins without a folder")
	}
}
