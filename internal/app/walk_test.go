package app_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/blobs"
	"hastaluego/internal/connector"
	"hastaluego/internal/connector/breaker"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/foldersystem"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/connector/processorsystem"
	"hastaluego/internal/connector/sqlitesystem"
	"hastaluego/internal/connector/stripesystem"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/engine"
	"hastaluego/internal/evidence"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/outbound"
	"hastaluego/internal/playbook"
	"hastaluego/internal/seal"
	"hastaluego/internal/step"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

func TestMain(m *testing.M) {
	testkit.PeerMain() // the billing system runs as a process of its own: this binary again
	os.Exit(m.Run())
}

// letters records what was handed to the mail system.
type letters struct {
	mu      sync.Mutex
	sent    []letter
	refused string      // kind of letter whose address is refused
	down    string      // kind of letter that the mail system does not take for now
	lacks   string      // kind of letter that lacks something
	tried   []app.Paper // that could not be sent
}

// stop makes the mail system take no letters of the kind from now on.
func (l *letters) stop(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = kind
}

// refuse makes the mail system refuse letters of the kind from now on.
func (l *letters) refuse(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused = kind
}

type letter struct {
	to    string
	id    string // Message-ID
	paper app.Paper
}

func (l *letters) Send(_ context.Context, to, id string, p app.Paper) (string, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.Kind == l.refused {
		return "", "", fault.New(fault.Invalid, "mail.refused")
	}
	if p.Kind == l.down {
		l.tried = append(l.tried, p)
		return "", "", fault.New(fault.Transient, "mail.unreachable")
	}
	l.sent = append(l.sent, letter{to, id, p})
	return p.Kind, p.Kind + " " + p.Code + " " + p.Secret + " " + strings.Join(slices.Collect(valuesOf(p.Links)), " "), nil
}

// Check implements app.Checker: every rule about contents is kept, but by letters
// of a class that lacks some.
func (l *letters) Check(p app.Paper, _ app.DocumentDelivery, _ *app.Paper, law *jurisdiction.Effective) (out []app.DocumentCheck) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range law.Rules(jurisdiction.Document) {
		if want := map[bool]string{true: "erase.exceptions", false: "ack.contents"}[p.Kind == "certificate"]; r.Rule.Param.Name != want {
			continue
		}
		c := app.DocumentCheck{Rule: r.Rule.ID, Param: r.Rule.Param.Name, Result: jurisdiction.Pass, Maybe: r.Missing}
		if p.Kind == l.lacks || p.Try[p.Language]["document.complain.adr"] == "Adiós" {
			c.Result, c.Lacks = jurisdiction.Fail, []string{"adr"}
		}
		out = append(out, c)
	}
	return out
}

// lack makes letters of the kind lack something from now on.
func (l *letters) lack(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lacks = kind
}

func valuesOf(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// wait returns the first letter of the kind to the address.
func (l *letters) wait(t *testing.T, kind, to string) app.Paper {
	t.Helper()
	var found app.Paper
	eventually(t, "a letter "+kind+" to "+to, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, x := range l.sent {
			if x.paper.Kind == kind && x.to == to {
				found = x.paper
				return true
			}
		}
		return false
	})
	return found
}

// forget forgets what was sent so far.
func (l *letters) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = nil
}

// papers returns what every letter was made of.
func (l *letters) papers() (out []app.Paper) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.sent {
		out = append(out, x.paper)
	}
	return out
}

// last returns the newest letter of the kind.
func (l *letters) last(t *testing.T, kind string) app.Paper {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range slices.Backward(l.sent) {
		if x.paper.Kind == kind {
			return x.paper
		}
	}
	t.Fatalf("no letter %s", kind)
	return app.Paper{}
}

// count counts the letters of a kind. One that a late worker sent again under
// its Message-ID is the same letter, as it is to whoever reads it.
func (l *letters) count(kind string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := map[string]bool{}
	for _, x := range l.sent {
		if x.paper.Kind == kind {
			ids[x.id] = true
		}
	}
	return len(ids)
}

var eventually = testkit.Eventually

// full says that there is no more room for large pieces on a disk.
type full struct {
	after atomic.Int64 // the piece at which it is full; 0: it has room
	said  atomic.Int64 // how many times it was full
}

// disk is a folder of pieces on a disk that may be full.
type disk struct {
	*blobs.Folder
	full *full
}

func (d *disk) Put(ctx context.Context, set string, fill func(put func(file, piece int, body []byte) error) error) error {
	return d.Folder.Put(ctx, set, func(put func(int, int, []byte) error) error {
		return fill(func(file, piece int, body []byte) error {
			if left := d.full.after.Load(); left == 1 && len(body) > 256<<10 {
				d.full.said.Add(1)
				return fault.New(fault.Transient, "blobs.full").At("disk", syscall.ENOSPC)
			} else if left > 1 && len(body) > 256<<10 {
				d.full.after.Add(-1)
			}
			return put(file, piece, body)
		})
	})
}

// world is a whole running house without web pages.
type world struct {
	blobs string // where the pieces of bundles lie
	full  full   // the disk that they lie on
	*app.App
	store   *store.Store
	keys    *seal.Keys
	mail    *letters
	billing peer.Client
	secrets string             // folder of the credentials of accounts
	bank    bank               // refunds of the system "billing"
	listed  listed             // accesses that the system "faro" lists
	others  map[string]*listed // those that other systems list, by their names
	keeps   holdings           // what it holds of customers, and gives away
	links   atomic.Int64       // signed links made
	engine  *engine.Engine
	between *meddled
	deaf    atomic.Bool // the store of the keys does not answer those who open
	// stopEngine ends the workers, and waits for them.
	stopEngine func()
}

// listed is what a system lists, of whoever is asked for.
type listed struct {
	mu    sync.Mutex
	of    map[string][]connector.FoundAccess // by owner
	asked int
	fails error // what it answers instead
}

// fail has the system answer everybody with a fault, or with a list again.
func (l *listed) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fails = err
}

func (l *listed) set(owner string, list ...connector.FoundAccess) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of = map[string][]connector.FoundAccess{owner: list}
}

func (l *listed) ListAccesses(_ context.Context, owner string) ([]connector.FoundAccess, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	return l.of[owner], l.fails
}

// meddled is a database between whose transactions something may come.
type meddled struct {
	*store.Store
	erasing atomic.Pointer[func()] // in a transaction that erases, before it is committed
	holding atomic.Pointer[func()] // before it waits for those that bring something in
}

// These are keys of functions in a context: one runs after every view, one in a
// transaction that has put what billing systems said.
type (
	afterView  struct{}
	afterBooks struct{}
)

func (m *meddled) View(ctx context.Context, fn func(app.Tx) error) error {
	err := m.Store.View(ctx, fn)
	if after, ok := ctx.Value(afterView{}).(func()); ok {
		after()
	}
	return err
}

func (m *meddled) Tx(ctx context.Context, fn func(app.Tx) error) error {
	return m.Store.Tx(ctx, func(tx app.Tx) error {
		x := &meddledTx{Tx: tx, m: m}
		err := fn(x)
		if come := m.erasing.Load(); come != nil && x.erases && err == nil {
			(*come)()
		}
		return err
	})
}

type meddledTx struct {
	app.Tx
	m      *meddled
	erases bool
}

func (x *meddledTx) HoldErasing(ctx context.Context) error {
	x.erases = true
	if come := x.m.holding.Load(); come != nil {
		(*come)()
	}
	return x.Tx.HoldErasing(ctx)
}

func (x *meddledTx) PutBooks(ctx context.Context, list ...app.Books) error {
	err := x.Tx.PutBooks(ctx, list...)
	if after, ok := ctx.Value(afterBooks{}).(func()); ok && err == nil {
		after()
	}
	return err
}

// awaiting is the key of a function in a context that runs before whoever brings in
// something of a customer waits for an erasure.
type awaiting struct{}

func (x *meddledTx) AwaitErasing(ctx context.Context) (int64, error) {
	if before, ok := ctx.Value(awaiting{}).(func()); ok {
		before()
	}
	return x.Tx.AwaitErasing(ctx)
}

// keyStore is a store of keys that may be out of reach.
type keyStore struct {
	*seal.Keys
	deaf *atomic.Bool
}

func (k keyStore) Open(ctx context.Context, keyID string, sealed, aad []byte) ([]byte, error) {
	if k.deaf.Load() {
		return nil, fault.New(fault.Transient, "store.unavailable")
	}
	return k.Keys.Open(ctx, keyID, sealed, aad)
}

const firstMail = "marta@estudioalmena.example"

// newWorld is a world whose departures follow the playbook that most do. Nobody
// has an access yet: what closes them is looked at where accesses are.
func newWorld(t *testing.T, e testkit.Engine) *world {
	t.Helper()
	w := newWorldWith(t, e, string(playbook.Builtin()["saas-b2c"]))
	w.withoutAccesses(t, "FE-20418", "FE-11872")
	return w
}

// withoutAccesses says of the accesses of these customers that they are closed.
func (w *world) withoutAccesses(t *testing.T, references ...string) {
	t.Helper()
	ctx := t.Context()
	must(t, w.store.Tx(ctx, func(tx app.Tx) error {
		for _, r := range references {
			c, err := tx.FindCustomerByReference(ctx, r)
			if err != nil {
				return err
			}
			old, err := tx.GrantsOf(ctx, c.ID)
			if err != nil {
				return err
			}
			for _, g := range old {
				if err := tx.SetGrantStatus(ctx, g.ID, customer.Revoked); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// newWorldWith is a world whose departures follow the playbook.
func newWorldWith(t *testing.T, e testkit.Engine, source string) *world {
	t.Helper()
	return newWorldOn(t, e, source, "", 10*time.Second)
}

// newWorldOn is a world on a driver of the database, with leases of that length
// and what declares its systems changed.
func newWorldOn(t *testing.T, e testkit.Engine, source, driver string, lease time.Duration, changes ...func(systems string) string) *world {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s, err := store.Open(ctx, store.Config{URL: e.URL, Driver: cmp.Or(driver, e.Driver)})
	must(t, err)
	must(t, s.Migrate(ctx))
	keys, err := seal.OpenKeys(ctx, filepath.Join(t.TempDir(), "keys"), "")
	must(t, err)
	billing := testkit.StartPeer(t, true)
	secrets := t.TempDir()
	sample, err := demo.In("es")
	must(t, err)
	declared := strings.ReplaceAll(sample.Systems(billing.Base, secrets), "env:HASTA_BILLING_TOKEN", "file:"+tokenFile(t, billing.Token))
	for _, change := range changes {
		declared = change(declared)
	}
	configs, err := declaration.Load("systems.yaml", []byte(declared), append(httpsystem.Kinds(), stripesystem.Kind(), sqlitesystem.Kind(), foldersystem.Kind(), processorsystem.Kind())...)
	must(t, err)
	w := &world{blobs: t.TempDir(), others: map[string]*listed{}}
	var systems []connector.System
	breakers := breaker.New(breaker.Options{Failures: 4, Wait: 300 * time.Millisecond, Longest: time.Second, Wall: when.Machine{}.Wall})
	on := playbook.Connected{}
	for _, c := range configs {
		can, actions := c.Can()
		on[c.Name()] = playbook.SystemSpec{Can: can, Actions: actions}
		sys, err := c.Open(when.Machine{}, nil)
		must(t, err)
		s := sys.Connector()
		if s.Name == "faro" {
			s.Lister, s.Exporter = &w.listed, &w.keeps
		}
		if name, found := strings.CutPrefix(s.Name, "copy_"); found { // of the product, at another address
			w.others[name] = &listed{}
			s.Lister = w.others[name]
		}
		if s.Name == "billing" && !strings.Contains(declared, "prorate: true") { // a Stripe that credits by itself keeps its own books
			s.Refunder, s.Ledger, s.Explainer = &w.bank, &w.bank, &w.bank
		}
		systems = append(systems, breakers.Watch(s))
	}
	named := step.Named(systems...)
	kinds := step.All(named)
	book, err := playbook.Load("test.yaml", []byte(source), step.Specs())
	must(t, err)
	zone, err := time.LoadLocation("Europe/Madrid")
	must(t, err)
	w.store, w.between, w.keys, w.mail, w.billing, w.secrets = s, &meddled{Store: s}, keys, &letters{}, billing, secrets
	var eng *engine.Engine
	w.App = app.New(app.Config{
		Store: w.between, Keys: keyStore{keys, &w.deaf}, Blobs: &disk{blobs.Open(w.blobs), &w.full}, Post: w.mail, Checker: w.mail, Kinds: kinds, Playbook: book, Moved: billing.SetClock, Connected: on, Outages: breakers.Broken,
		Print: func(p app.Paper) (string, []byte, error) {
			n := 0
			if p.Act != nil {
				n = p.Act.Act.Number
			}
			return p.Kind + ".pdf", fmt.Appendf(nil, "%%PDF-1.7 %s %s %d", p.Kind, p.Code, n), nil
		},
		Hooks: outbound.NewPoster(loopback), PlainHooks: true, Systems: named,
		SignList: func(code string, body []byte) (string, error) { return audit.SignList(keys.LogSigner(), code, body) },
		Log: &app.LogKeys{
			Public: keys.LogPublic(), Kept: keys.ReadCheckpoints,
			SignPack: func(code string, manifest []byte) (string, error) {
				return evidence.Sign(keys.LogSigner(), code, manifest)
			},
		},
		Chat:    func(p app.Paper) ([]byte, error) { return json.Marshal(p.Told) },
		Company: app.Company{Name: "Faro", Zone: zone, Language: "es", PublicURL: "http://faro.test"},
		LawFacts: jurisdiction.Facts{
			"contract.concluded_via": "web", "contract.off_premises": false, "contract.withdrawal_informed": true, "contract.started_on_request": true, "service.goods": false,
			"contract.trial_days": int64(0),
		},
		Wake: func() { eng.Wake() },
	})
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	eng = engine.New(engine.Config{App: w.App, Store: s, Kinds: kinds, Name: "one", Poll: 100 * time.Millisecond, Lease: lease, Log: log})
	w.engine = eng
	seq := &engine.Sequencer{
		Log: s, Name: "one", Every: 50 * time.Millisecond, Keep: keys.AppendCheckpoint, Logger: log,
		Sign: func(size int64, root []byte) (string, error) {
			return audit.Sign(keys.LogSigner(), size, tlog.Hash(root))
		},
	}
	var wg sync.WaitGroup
	working, rest := context.WithCancel(ctx)
	var workers sync.WaitGroup
	workers.Go(func() { _ = eng.Run(working) })
	w.stopEngine = func() { rest(); workers.Wait() }
	wg.Go(func() { _ = seq.Run(ctx) })
	t.Cleanup(func() {
		stop()
		w.stopEngine()
		wg.Wait()
		_ = s.Close()
		_ = keys.Close()
	})
	now, _, err := w.Now(ctx)
	must(t, err)
	rows := sample.Customers(now, zone)
	must(t, w.PutRows(ctx, rows))
	must(t, billing.SetClock(ctx, now))
	must(t, billing.Seed(ctx, demo.Contracts(rows)))
	return w
}

func tokenFile(t *testing.T, token string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(f, []byte(token), 0o600))
	return f
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// verifyLog re-derives the log and expects nothing to differ.
func (w *world) verifyLog(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	eventually(t, "everything sequenced", func() bool {
		src, err := w.store.AuditSource(ctx)
		must(t, err)
		defer src.Close()
		n, err := src.Tally(ctx)
		must(t, err)
		return n.Pending == 0
	})
	src, err := w.store.AuditSource(ctx)
	must(t, err)
	defer src.Close()
	external, err := w.keys.ReadCheckpoints()
	must(t, err)
	_, wall, err := w.Now(ctx)
	must(t, err)
	rep, err := audit.Verify(ctx, src, audit.Options{Verifiers: w.keys.LogVerifiers(), External: external, Opener: w.keys, Now: wall, Grace: time.Minute})
	must(t, err)
	if !rep.OK() {
		t.Fatalf("the log differs: %v", rep.Findings)
	}
}

var (
	agent   = app.Actor{ID: "usr_agent", Name: "Inés", Roles: []string{"agent", "success", "admin"}}
	finance = app.Actor{ID: "usr_finance", Name: "Tomás", Roles: []string{"finance", "auditor"}}
)

func token(link string) string {
	link, _, _ = strings.Cut(link, "?")
	return link[strings.LastIndexByte(link, '/')+1:]
}

// workTasks does both human steps of the case.
func (w *world) workTasks(t *testing.T, c offboarding.CaseID) {
	t.Helper()
	ctx := t.Context()
	for step, by := range map[string]app.Actor{"review": agent, "accounts": finance} {
		v, err := w.OpenCase(ctx, by, c)
		must(t, err)
		for _, it := range v.Plan.Step(step).Items {
			must(t, w.Tick(ctx, by, app.TickInput{Case: c, Step: step, Item: it.Key, Ticked: true, Evidence: "visto"}))
		}
		must(t, w.CompleteTask(ctx, by, app.CompleteInput{Case: c, Step: step, Note: "Todo en orden"}))
	}
}

func (w *world) state(t *testing.T, c offboarding.CaseID) offboarding.CaseState {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	return v.Plan.Case.State
}

func (w *world) stepState(t *testing.T, c offboarding.CaseID, key string) offboarding.StepState {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	return v.Plan.Step(key).State
}

func (w *world) request(t *testing.T, when string) (offboarding.Request, offboarding.CaseID, string) {
	t.Helper()
	x, err := w.ExitOf(t.Context(), app.ExitFor{Place: "FR", Language: "es", Device: "desktop"})
	must(t, err)
	r, err := w.RequestExit(t.Context(), app.ExitInput{
		Name: "Marta Ibáñez", AccountEmail: " MARTA@estudioalmena.example ", ReceiptEmail: "casa@marta.example", When: when, Line: "600 111 222", Language: "es",
		Walk: &app.Walk{Exit: x, Seen: []app.Seen{{Node: "home", At: x.At}, {Node: "recap", At: x.At}}},
	})
	must(t, err)
	w.mail.wait(t, "ack", "casa@marta.example")
	confirm := w.mail.wait(t, "confirm", firstMail)
	c, page, err := w.VerifyRequest(t.Context(), token(confirm.Links["verify"]))
	must(t, err)
	return r, c, page
}

func TestACustomerLeavesEndToEnd(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		r, c, page := w.request(t, "period_end")
		receipt := w.mail.wait(t, "receipt", "casa@marta.example")
		if receipt.Proof == nil || receipt.Code != r.Code || receipt.Address != firstMail {
			t.Fatalf("receipt without proof or facts: %+v", receipt)
		}
		w.workTasks(t, c)
		eventually(t, "billing stopped and read back", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
		effects, err := w.billing.Effects(ctx, "FE-20418-1")
		must(t, err)
		if len(effects) != 1 {
			t.Fatalf("effects at the billing system: %v", effects)
		}
		next, err := w.NextTimer(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", next))
		eventually(t, "the end", func() bool { return w.state(t, c) == offboarding.CaseClosed })
		bye := w.mail.wait(t, "farewell", firstMail)
		if _, err := w.OpenCasePage(ctx, token(bye.Links["bye"]), "bye", ""); err != nil {
			t.Fatal(err)
		}
		p, err := w.OpenCasePage(ctx, page, "case", "en")
		must(t, err)
		for _, m := range p.Paper.Milestones {
			if m.State != "verified" && m.State != "done" {
				t.Errorf("milestone %s is %s", m.Name, m.State)
			}
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if v.Lines[0].Status != customer.Ended {
			t.Errorf("subscription is %s", v.Lines[0].Status)
		}
		if err := w.UndoByCustomer(ctx, page); fault.CodeOf(err) != "case.not_undoable" {
			t.Errorf("undo after the end: %v", err)
		}
		w.verifyLog(t)
	})
}

func TestADepartureIsUndoneBeforeItTakesEffect(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		w.workTasks(t, c)
		eventually(t, "billing stopped", func() bool { return w.stepState(t, c, "cancel_billing") == offboarding.StepVerified })
		must(t, w.UndoByCustomer(ctx, page))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		w.mail.wait(t, "reversed", firstMail)
		effects, err := w.billing.Effects(ctx, "FE-20418-1")
		must(t, err)
		if len(effects) != 2 {
			t.Fatalf("want a cancellation and a resumption, got %v", effects)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if v.Lines[0].Status != customer.Active {
			t.Errorf("subscription is %s", v.Lines[0].Status)
		}
		w.verifyLog(t)
	})
}

// Whoever changes their mind while the far system is just being called gets the
// contract back all the same: the reversal waits for that call and undoes it.
func TestUndoingWhileTheCallIsUnderWay(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		must(t, w.billing.SetFaults(ctx, peer.Faults{Held: true}))
		w.workTasks(t, c)
		eventually(t, "the call is under way", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return slices.ContainsFunc(v.Works, func(x offboarding.Work) bool { return !x.CallingAt.IsZero() })
		})
		must(t, w.UndoByCustomer(ctx, page))
		if st := w.state(t, c); st != offboarding.CaseReversing {
			t.Errorf("the case is %s while the call is under way", st)
		}
		must(t, w.billing.SetFaults(ctx, peer.Faults{}))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		effects, err := w.billing.Effects(ctx, "FE-20418-1")
		must(t, err)
		if len(effects) != 2 || effects[1].Kind != "resume" {
			t.Errorf("effects: %v", effects)
		}
		w.verifyLog(t)
	})
}

func TestAStrangerGetsTheSameAnswerAsACustomer(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		for i, account := range []string{firstMail, "nadie@ninguna.example"} {
			_, err := w.RequestExit(ctx, app.ExitInput{AccountEmail: account, ReceiptEmail: []string{"a@x.example", "b@x.example"}[i], Language: "es"})
			must(t, err)
		}
		a, b := w.mail.wait(t, "ack", "a@x.example"), w.mail.wait(t, "ack", "b@x.example")
		for _, p := range []*app.Paper{&a, &b} {
			p.Code, p.At, p.Now, p.Links = "", time.Time{}, time.Time{}, nil
		}
		if a.Name != b.Name || a.Address != "" || b.Address != "" || len(a.Lines)+len(b.Lines) > 0 || a.Request.ID != "" || b.Request.ID != "" {
			t.Errorf("the acknowledgements differ: %+v %+v", a, b)
		}
		w.mail.wait(t, "confirm", firstMail)
		if n := w.mail.count("confirm"); n != 1 {
			t.Errorf("%d confirmations", n)
		}
		in, err := w.OpenInbox(ctx, agent, app.CaseFilter{})
		must(t, err)
		if len(in.Unmatched) != 1 || in.Total != 1 {
			t.Errorf("inbox: %d cases, %d unmatched", in.Total, len(in.Unmatched))
		}
	})
}

func TestTheSameFormTwiceIsOneRequest(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		in := app.ExitInput{AccountEmail: firstMail, Language: "es", Nonce: "n1"}
		a, err := w.RequestExit(t.Context(), in)
		must(t, err)
		b, err := w.RequestExit(t.Context(), in)
		must(t, err)
		if a.ID != b.ID {
			t.Errorf("two requests: %s %s", a.ID, b.ID)
		}
		in.Nonce = "n2" // a second tab
		c, err := w.RequestExit(t.Context(), in)
		must(t, err)
		if c.ID == a.ID {
			t.Error("another form is another declaration")
		}
		eventually(t, "both matched", func() bool { return w.mail.count("confirm") == 2 })
		in2, err := w.OpenInbox(t.Context(), agent, app.CaseFilter{})
		must(t, err)
		if in2.Total != 1 {
			t.Errorf("%d cases for one departure", in2.Total)
		}
	})
}

func TestNotMeStopsADeparture(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		_, c, _ := w.request(t, "period_end")
		receipt := w.mail.wait(t, "receipt", "casa@marta.example")
		must(t, w.DisownRequest(t.Context(), token(receipt.Links["not_me"])))
		eventually(t, "reversed", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		if err := w.DisownRequest(t.Context(), token(receipt.Links["not_me"])); err != nil {
			t.Errorf("again: %v", err)
		}
		w.verifyLog(t)
	})
}

func TestASignedLinkProvesWhoItIs(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		list, err := w.ListCustomers(ctx, agent, app.CustomerFilter{Query: "almena"})
		must(t, err)
		_, wall, err := w.Now(ctx)
		must(t, err)
		link, err := app.SignHostLink(w.keys.HMACKey(app.HostLinkKey), app.HostClaim{Customer: list.Rows[0].Customer.ID, Expires: wall.Add(time.Minute), ID: "once", Language: "es"})
		must(t, err)
		in := app.ExitInput{AccountEmail: firstMail, When: "now", Language: "es", Host: link}
		r, err := w.RequestExit(ctx, in)
		must(t, err)
		if r.State != offboarding.RequestVerified || r.Case == "" {
			t.Fatalf("request: %+v", r)
		}
		w.mail.wait(t, "receipt", firstMail)
		if _, err := w.RequestExit(ctx, in); fault.CodeOf(err) != "link.used" {
			t.Errorf("the link again: %v", err)
		}
		in.Host = link[:len(link)-2]
		if _, err := w.RequestExit(ctx, in); fault.CodeOf(err) != "link.unknown" {
			t.Errorf("a forged link: %v", err)
		}
		w.verifyLog(t)
	})
}
