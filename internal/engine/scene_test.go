package engine_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/blobs"
	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/engine"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/outbound"
	"hastaluego/internal/playbook"
	"hastaluego/internal/seal"
	"hastaluego/internal/step"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/webhook"
	"hastaluego/internal/when"
)

// asWorker in the environment turns the test binary into a worker.
const asWorker = "HASTA_TEST_AS_WORKER"

func TestMain(m *testing.M) {
	testkit.PeerMain()
	for env, main := range map[string]func() error{asWorker: workerMain, asMortal: mortalMain} {
		if os.Getenv(env) == "" {
			continue
		}
		if err := main(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// lease of workers in these tests: what a crash costs.
const lease = 2 * time.Second

// workerMain is an engine in a process of its own that can be killed.
func workerMain() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	h, err := openHouse(context.Background(), os.Getenv("WORKER_DB"), os.Getenv("WORKER_KEYS"), os.Getenv("WORKER_SYSTEMS"))
	if err != nil {
		return err
	}
	k := h.kinds["cancel_billing"].(step.Effector)
	h.kinds["cancel_billing"] = holding{k, os.Getenv("WORKER_HOLD")}
	workers, lease := 1, lease
	switch os.Getenv("WORKER_HOLD") {
	case "stop": // whatever waited for this lease would fail the test
		workers, lease = 8, 10*time.Minute
	case "": // not killed: eight at once on a busy machine need longer for a bundle
		workers, lease = 8, 5*lease
	case "slow":
		workers = 8
	}
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	name := id.New("node")
	seq := &engine.Sequencer{
		Log: h.store, Name: name, Keep: h.keys.AppendCheckpoint, Logger: log,
		Sign: func(size int64, root []byte) (string, error) {
			return audit.Sign(h.keys.LogSigner(), size, tlog.Hash(root))
		},
	}
	logging, endLog := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	// A process that is to be stopped in mid-air does not sequence: stopped in a
	// transaction it would hold SQLite's only lock.
	if hold := os.Getenv("WORKER_HOLD"); hold == "" || hold == "slow" {
		wg.Go(func() { _ = seq.Run(logging) })
	}
	err = engine.New(engine.Config{
		App: h.app, Store: h.store, Kinds: h.kinds, Name: name, Workers: workers, PerSystem: 100, Lease: lease,
		Heartbeat: lease / 4, Poll: 50 * time.Millisecond, Log: log,
	}).Run(ctx)
	endLog() // after the engine, as the program does
	wg.Wait()
	return err
}

// skewed is the machine's clock, wrong by so much.
type skewed struct{ by time.Duration }

func (c skewed) Now() time.Time  { return when.Machine{}.Now().Add(c.by) }
func (c skewed) Wall() time.Time { return when.Machine{}.Wall().Add(c.by) }

// holding is a kind that stands still at one point of its call, so that the
// process can be killed or stopped there.
type holding struct {
	step.Effector
	at string
}

// holdFor is long enough to be killed or stopped in, and short enough that a
// stopped worker goes on soon after it is continued.
const holdFor = 700 * time.Millisecond

func (h holding) hold(point, reference string) {
	if h.at == point {
		fmt.Println("holding", reference)
		time.Sleep(holdFor)
	}
}

// Observe, where the worker is to be stopped, looks at every other subscription
// for ever.
func (h holding) Observe(ctx context.Context, s step.Subject) (step.Findings, error) {
	if sub, _ := s.Subscription(); h.at == "stop" && strings.HasSuffix(sub.Reference, "1") {
		fmt.Println("looking", sub.Reference)
		<-ctx.Done()
		return step.Findings{}, fault.New(fault.Transient, "connector.unreachable").At("test", ctx.Err())
	}
	return h.Effector.Observe(ctx, s)
}

func (h holding) Apply(ctx context.Context, a step.Action, key string) (step.Outcome, error) {
	h.hold("before", a.Reference)
	if h.at == "during" {
		fmt.Println("holding", a.Reference)
	}
	if h.at == "stop" {
		fmt.Println("calling", a.Reference)
		time.Sleep(holdFor)
	}
	h.hold("slow", a.Reference)
	out, err := h.Effector.Apply(ctx, a, key)
	if err == nil {
		h.hold("after", a.Reference)
	}
	return out, err
}

// heldPost stands still before a message leaves, or when its answer is there.
type heldPost struct {
	app.Caller
	at string
}

func (p heldPost) Post(ctx context.Context, to string, header map[string]string, body []byte) (int, time.Duration, error) {
	if p.at == "unsent" {
		fmt.Println("holding", header[webhook.HeaderID])
		time.Sleep(holdFor)
	}
	status, wait, err := p.Caller.Post(ctx, to, header, body)
	if p.at == "answered" && err == nil {
		fmt.Println("holding", header[webhook.HeaderID])
		time.Sleep(holdFor)
	}
	return status, wait, err
}

// silent takes every letter.
type silent struct{}

func (silent) Send(context.Context, string, string, app.Paper) (string, string, error) {
	return "s", "t", nil
}

type house struct {
	app   *app.App
	store *store.Store
	keys  *seal.Keys
	kinds map[string]step.Kind
}

func openHouse(ctx context.Context, db, keys, declared string) (*house, error) {
	var h house
	var err error
	var clock when.Clock // nil: the engine's own
	if skew := os.Getenv("WORKER_SKEW"); skew != "" {
		by, err := time.ParseDuration(skew)
		if err != nil {
			return nil, err
		}
		clock = skewed{by}
	}
	if h.store, err = store.Open(ctx, store.Config{URL: db, Clock: clock}); err != nil {
		return nil, err
	}
	if err := h.store.Migrate(ctx); err != nil {
		return nil, err
	}
	if h.keys, err = seal.OpenKeys(ctx, keys, ""); err != nil {
		return nil, err
	}
	src, err := os.ReadFile(declared)
	if err != nil {
		return nil, err
	}
	configs, err := declaration.Load(declared, src, httpsystem.Kinds()...)
	if err != nil {
		return nil, err
	}
	var systems []connector.System
	for _, c := range configs {
		s, err := c.Open(when.Machine{}, nil)
		if err != nil {
			return nil, err
		}
		systems = append(systems, s.Connector())
	}
	h.kinds = step.All(step.Named(systems...))
	book, err := playbook.Load("saas-b2c", playbook.Builtin()["saas-b2c"], step.Specs())
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		return nil, err
	}
	h.app = app.New(app.Config{
		Store: h.store, Keys: h.keys, Blobs: blobs.Open(filepath.Join(filepath.Dir(keys), "blobs")), Post: silent{}, Kinds: h.kinds, Playbook: book,
		Company: app.Company{Name: "Faro", Zone: zone, Language: "es", PublicURL: "http://faro.test"},
		Hooks:   heldPost{outbound.NewPoster([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}), os.Getenv("WORKER_HOLD")}, PlainHooks: true,
	})
	return &h, nil
}

// scene is a database in which every customer's cancellation is about to be
// asked of the billing system.
type scene struct {
	*house
	t       *testing.T
	db      string
	keysDir string
	systems string
	billing peer.Client
	cases   map[string]offboarding.CaseID // by subscription
}

// setScene makes n departures. effect is what systems.yaml declares; honour is
// what the far end really does with keys.
func setScene(t *testing.T, db string, n int, effect connector.EffectClass, honour bool) *scene {
	t.Helper()
	dir := t.TempDir()
	s := &scene{t: t, db: db, keysDir: filepath.Join(dir, "keys"), systems: filepath.Join(dir, "systems.yaml"), cases: map[string]offboarding.CaseID{}}
	s.billing = testkit.StartPeer(t, honour)
	token := filepath.Join(dir, "token")
	s.must(os.WriteFile(token, []byte(s.billing.Token), 0o600))
	sample, err := demo.In("es")
	s.must(err)
	yaml := strings.ReplaceAll(sample.Systems(s.billing.Base, s.t.TempDir()), "env:HASTA_BILLING_TOKEN", "file:"+token)
	if effect == connector.Ask {
		yaml = strings.ReplaceAll(yaml, "effect: keyed", "effect: ask")
		yaml = strings.ReplaceAll(yaml, "    key_header: Idempotency-Key\n    key_life: 24h\n", "")
	}
	s.must(os.WriteFile(s.systems, []byte(yaml), 0o600))
	ctx := t.Context()
	s.house, err = openHouse(ctx, db, s.keysDir, s.systems)
	s.must(err)
	t.Cleanup(func() { _ = s.store.Close(); _ = s.keys.Close() })
	var seeds []peer.Subscription
	var mu sync.Mutex
	var wg sync.WaitGroup
	for first := range min(n, 8) { // so many depart at once
		wg.Go(func() {
			for i := first; i < n; i += 8 {
				ref := fmt.Sprintf("C-%02d", i)
				c := s.depart(ctx, ref)
				mu.Lock()
				seeds = append(seeds, peer.Subscription{Reference: ref, Status: "active", AmountMinor: 100, Currency: "EUR"})
				s.cases[ref] = c
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	s.must(s.billing.Seed(ctx, seeds))
	return s
}

var everybody = app.Actor{ID: "usr_all", Roles: []string{"agent", "finance", "admin"}}

// depart brings one customer to the point where billing is to be cancelled.
func (s *scene) depart(ctx context.Context, ref string) offboarding.CaseID {
	s.t.Helper()
	now, wall, err := s.app.Now(ctx)
	s.must(err)
	s.must(s.app.PutRows(ctx, []ingest.Row{{
		Customer: customer.Customer{Kind: customer.Person, Name: ref, Reference: ref, CreatedAt: now},
		Contact:  customer.Contact{Name: ref, Email: strings.ToLower(ref) + "@x.example", Role: customer.Owner},
		Subscription: customer.Subscription{
			Reference: ref, Product: "Faro", Amount: money.Amount{Minor: 100, Currency: "EUR"}, Interval: customer.Monthly,
			Start: when.DateOf(now, time.UTC).AddMonths(-3), Status: customer.Active,
		},
	}}))
	list, err := s.app.ListCustomers(ctx, everybody, app.CustomerFilter{Query: ref})
	s.must(err)
	link, err := app.SignHostLink(s.keys.HMACKey(app.HostLinkKey), app.HostClaim{Customer: list.Rows[0].Customer.ID, Expires: wall.Add(time.Minute), ID: id.New("jti"), Language: "es"})
	s.must(err)
	r, err := s.app.RequestExit(ctx, app.ExitInput{AccountEmail: ref + "@x.example", When: "period_end", Language: "es", Host: link})
	s.must(err)
	v, err := s.app.OpenCase(ctx, everybody, r.Case)
	s.must(err)
	for _, st := range v.Plan.Steps {
		if !st.Human || st.State != offboarding.StepReady { // what comes later nobody can do yet
			continue
		}
		for _, it := range st.Items {
			s.must(s.app.Tick(ctx, everybody, app.TickInput{Case: r.Case, Step: st.Key, Item: it.Key, Ticked: true}))
		}
		s.must(s.app.CompleteTask(ctx, everybody, app.CompleteInput{Case: r.Case, Step: st.Key, Note: "ok"}))
	}
	return r.Case
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// worker is a process that drives works.
type worker struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
}

// start starts a worker that stands still at the point; env is told to it too.
func (s *scene) start(hold string, env ...string) *worker {
	s.t.Helper()
	w := &worker{t: s.t, cmd: exec.Command(os.Args[0]), lines: make(chan string, 100_000)}
	w.cmd.Env = append(os.Environ(), asWorker+"=yes", "WORKER_DB="+s.db, "WORKER_KEYS="+s.keysDir, "WORKER_SYSTEMS="+s.systems, "WORKER_HOLD="+hold)
	w.cmd.Env = append(w.cmd.Env, env...)
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	s.must(err)
	s.must(w.cmd.Start())
	go w.read(out)
	s.t.Cleanup(func() {
		w.kill()
		w.tellWhy()
	})
	return w
}

// tellWhy prints, after a failure, the last that went wrong for a worker and that
// no test asked for.
func (w *worker) tellWhy() {
	if !w.t.Failed() {
		return
	}
	var last []string
	for line := range w.lines {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			last = append(last, line)
		}
	}
	for _, line := range last[max(0, len(last)-20):] {
		w.t.Log(line)
	}
}

func (w *worker) read(out io.Reader) {
	for in := bufio.NewScanner(out); in.Scan(); {
		w.lines <- in.Text()
	}
	close(w.lines)
}

// wait waits for a line that holds any of the words and returns it.
func (w *worker) wait(words ...string) string {
	w.t.Helper()
	end := time.After(2 * time.Minute)
	for {
		select {
		case line, ok := <-w.lines:
			if !ok {
				w.t.Fatalf("the worker ended before it said %q", words)
			}
			for _, word := range words {
				if strings.Contains(line, word) {
					return line
				}
			}
		case <-end:
			w.t.Fatalf("the worker never said %q", words)
		}
	}
}

func (w *worker) signal(sig syscall.Signal) {
	w.t.Helper()
	if err := w.cmd.Process.Signal(sig); err != nil {
		w.t.Fatal(err)
	}
}

// freeze stops a worker where it stands, as a machine does that falls asleep. One
// that held the database just then would keep everybody from it, which is not
// what is tried: it goes on for a moment and is stopped again.
func (s *scene) freeze(w *worker) {
	s.t.Helper()
	for range 100 {
		w.signal(syscall.SIGSTOP)
		if s.free() {
			return
		}
		w.signal(syscall.SIGCONT)
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatal("the worker holds the database whenever it is stopped")
}

// free reports whether nobody holds what a worker needs of the database.
func (s *scene) free() bool {
	s.t.Helper()
	driver, url, look := "sqlite", s.db+"?_txlock=immediate&_pragma=busy_timeout(200)", "SELECT 1"
	if strings.Contains(s.db, "://") {
		driver, url, look = "pgx", s.db, "SELECT id FROM work FOR UPDATE NOWAIT"
	}
	db, err := sql.Open(driver, url)
	s.must(err)
	defer db.Close()
	tx, err := db.BeginTx(s.t.Context(), nil)
	if err != nil {
		return false
	}
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(s.t.Context(), look)
	return err == nil
}

func (w *worker) kill() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait() // it was killed: its status says nothing
}

// effects counts what the billing system applied to a subscription.
func (s *scene) effects(ref string) int {
	s.t.Helper()
	list, err := s.billing.Effects(s.t.Context(), ref)
	s.must(err)
	return len(list)
}

// work returns the work that cancels a subscription, and its step's state.
func (s *scene) work(ref string) (offboarding.Work, offboarding.StepState) {
	s.t.Helper()
	v, err := s.app.OpenCase(s.t.Context(), everybody, s.cases[ref])
	s.must(err)
	for _, w := range v.Works {
		if w.Kind == "cancel_billing" {
			return w, v.Plan.Step("cancel_billing").State
		}
	}
	s.t.Fatalf("no work for %s", ref)
	return offboarding.Work{}, ""
}

// patience is how long a test waits for so many cases.
func (s *scene) patience() time.Duration {
	return 2*time.Minute + time.Duration(len(s.cases))*time.Second/2
}

// until waits until the works of all subscriptions were seen to satisfy ok.
func (s *scene) until(what string, ok func(offboarding.Work) bool) {
	s.t.Helper()
	open := maps.Clone(s.cases)
	for end := time.Now().Add(s.patience()); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for ref := range open {
			w, _ := s.work(ref)
			if !ok(w) {
				break // look again later
			}
			delete(open, ref)
		}
		if len(open) == 0 {
			return
		}
	}
	for ref := range open {
		w, st := s.work(ref)
		s.t.Logf("%s: work %s/%s attempt %d tries %d %s, step %s", ref, w.Phase, w.State, w.Attempt, w.Tries, w.LastError, st)
	}
	s.t.Fatalf("never happened for %d of %d: %s", len(open), len(s.cases), what)
}

// logged counts the entries of a type about a work in the log of its case.
func (s *scene) logged(ref, typ string) (n int) {
	s.t.Helper()
	w, _ := s.work(ref)
	v, err := s.app.OpenCase(s.t.Context(), everybody, s.cases[ref])
	s.must(err)
	for _, e := range v.Timeline {
		if e.Type == typ && e.Args["work"] == string(w.ID) {
			n++
		}
	}
	return n
}
