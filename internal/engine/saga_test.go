package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/connector/iamsystem"
	"hastaluego/internal/connector/ldapsystem"
	"hastaluego/internal/connector/oauthsystem"
	"hastaluego/internal/connector/pgsystem"
	"hastaluego/internal/connector/s3system"
	"hastaluego/internal/connector/scimsystem"
	"hastaluego/internal/connector/sqlitesystem"
	"hastaluego/internal/connector/stripesystem"
	"hastaluego/internal/customer"
	"hastaluego/internal/engine"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/outbound"
	"hastaluego/internal/playbook"
	"hastaluego/internal/seal"
	"hastaluego/internal/step"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// asMortal in the environment holds the nature of a process that dies when its
// time has come: the test binary is it then.
const asMortal = "HASTA_TEST_AS_MORTAL"

// nature is what a process of the saga is made of.
type nature struct {
	DB, Keys, Playbook, Journal string
	Systems                     string            // systems.yaml, where {{name}} stands for the address of a far system and {{own}} for a folder of this process
	Files                       map[string]string // of that folder, with the same slots
	Wires                       map[string]string // address of each far system, by name
	Kinds                       []string          // works whose commits are moments
	Last                        death             // what it dies of
	Ahead                       time.Duration     // its clock is wrong by so much
	Offers                      bool              // discounts are coupons at the system "far"
}

// ahead is a clock that was moved on.
type ahead struct{ by *atomic.Int64 }

func (c ahead) Now() time.Time  { return when.Machine{}.Now().Add(time.Duration(c.by.Load())) }
func (c ahead) Wall() time.Time { return when.Machine{}.Wall().Add(time.Duration(c.by.Load())) }

// process is one that works, in this process or as this process.
type process struct {
	*life
	app    *app.App
	store  *store.Store
	keys   *seal.Keys
	engine *engine.Engine
	by     atomic.Int64 // its clock, ahead of the machine's
	closes []func()
}

var everyKind = slices.Concat(httpsystem.Kinds(), []declaration.Kind{
	ldapsystem.Kind(), scimsystem.Kind(), oauthsystem.Kind(), pgsystem.Kind(), s3system.Kind(), iamsystem.Kind(), stripesystem.Kind(), sqlitesystem.Kind(),
})

// open makes the process. own is an empty folder.
func (n nature) open(ctx context.Context, own string) (p *process, err error) {
	p = &process{life: &life{dies: n.Last}}
	p.by.Store(int64(n.Ahead))
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	slots := []string{"{{own}}", own}
	for name, to := range n.Wires {
		w, err := stretch(p.life, name, to, speeches[name], n.Journal)
		if err != nil {
			return p, err
		}
		p.closes = append(p.closes, w.cut)
		slots = append(slots, "{{"+name+"}}", w.Addr().String())
	}
	fill := strings.NewReplacer(slots...)
	for name, text := range n.Files {
		if err := os.WriteFile(filepath.Join(own, name), []byte(fill.Replace(text)), 0o600); err != nil {
			return p, err
		}
	}
	declared, err := declaration.Load("systems.yaml", []byte(fill.Replace(n.Systems)), everyKind...)
	if err != nil {
		return p, err
	}
	var systems []connector.System
	on := playbook.Connected{}
	for _, d := range declared {
		s, err := d.Open(when.Machine{}, nil)
		if err != nil {
			return p, err
		}
		p.closes = append(p.closes, s.Close)
		systems = append(systems, s.Connector())
		can, actions := d.Can()
		on[d.Name()] = playbook.SystemSpec{Can: can, Actions: actions}
	}
	if p.store, err = store.Open(ctx, store.Config{URL: n.DB, Clock: ahead{&p.by}}); err != nil {
		return p, err
	}
	p.closes = append(p.closes, func() { _ = p.store.Close() })
	if p.keys, err = seal.OpenKeys(ctx, n.Keys, ""); err != nil {
		return p, err
	}
	p.closes = append(p.closes, func() { _ = p.keys.Close() })
	kinds := step.All(step.Named(systems...))
	book, err := playbook.Load("saga.yaml", []byte(n.Playbook), step.Specs())
	if err != nil {
		return p, err
	}
	watched := map[string]bool{}
	for _, k := range n.Kinds {
		watched[k] = true
	}
	mortal := mortalStore{p.store, p.life, watched}
	var offers *offer.Policy
	if n.Offers {
		if offers, err = discounts(); err != nil {
			return p, err
		}
	}
	p.app = app.New(app.Config{
		Offers: offers,
		Store:  mortal, Keys: p.keys, Post: silent{}, Kinds: kinds, Playbook: book, Connected: on, Systems: step.Named(systems...),
		Company: app.Company{Name: "Faro", Zone: time.UTC, Language: "es", PublicURL: "http://faro.test"},
		Hooks:   outbound.NewPoster([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}), PlainHooks: true,
		Wake: func() { p.engine.Wake() },
	})
	// One at a time, so that a life has the same moments whenever it is lived.
	p.engine = engine.New(engine.Config{
		App: p.app, Store: mortal, Kinds: kinds, Name: id.New("node"), Workers: 1, PerSystem: 1, Poll: 5 * time.Millisecond,
	})
	return p, nil
}

func (p *process) close() {
	for _, c := range slices.Backward(p.closes) {
		c()
	}
}

// run works until it is stopped or dies. Whatever waits for a moment of rest is
// not waited for: the clock is moved.
func (p *process) run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p.onEnd(stop)
	var all sync.WaitGroup
	all.Go(func() { _ = p.engine.Run(ctx) })
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
		var next time.Duration
		busy := 1
		err := p.store.View(ctx, func(tx app.Tx) (err error) {
			if busy, err = tx.Busy(ctx); err == nil {
				next, err = tx.NextDue(ctx)
			}
			return err
		})
		if err == nil && busy == 0 && next > 0 && next < generation/4 {
			p.by.Add(int64(next))
		}
	}
	all.Wait()
}

// generation is how far the clock of a process is ahead of that of the one before:
// more than a lease, and than all that one waits for.
const generation = 10 * time.Minute

// mortalMain is such a process of its own, which kills itself. It ends when its
// input does.
func mortalMain() error {
	var n nature
	if err := json.Unmarshal([]byte(os.Getenv(asMortal)), &n); err != nil {
		return err
	}
	own, err := os.MkdirTemp("", "mortal")
	if err != nil {
		return err
	}
	defer os.RemoveAll(own)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	p, err := n.open(ctx, own)
	if err != nil {
		return err
	}
	p.onEnd(kill)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	p.run(ctx)
	p.close()
	return nil
}

// saga is a house whose processes die, and a far system on which it acts.
type saga struct {
	t *testing.T
	nature
	*process // immortal, and works nothing: people ask it, and we look
	deed     deed
	name     string   // what its customers are called, with a number
	n        int      // departures so far
	rehearse bool     // the next life is one that nothing ends: note its moments
	moments  []string // of it
	afar     []bool   // whether the deed was done there at each of them
	apart    bool     // processes are real ones, killed as kill -9 kills
}

// deed is something that a departure does at a far system, and what the owner of
// that system sees of it.
type deed struct {
	name    string
	kind    string // of step
	steps   string // of the playbook
	systems string // entries of systems.yaml
	files   map[string]string
	wires   map[string]string
	// begin makes what it is about at the far system, by a name that is new there.
	begin func(t *testing.T, ref string)
	// row puts it on our record; nil: an access at the system "far".
	row func(ref string) []ingest.Row
	// done and others are asked of the far system itself, not of our connector:
	// whether it is done there, and whether what nobody asked for is as it was.
	done   func(t *testing.T, ref string) bool
	others func(t *testing.T) bool
	// times is how often it happened; nil: as often as it was asked for.
	times func(t *testing.T, ref string) int
	// more makes a further access of the same customer there, called ref and "x", of
	// which nobody knows; nil: it cannot list what a customer has.
	more func(t *testing.T, ref string)
	// whole reports whether it is as it was before anything was done; nil: where it is
	// not done.
	whole  func(t *testing.T, ref string) bool
	parts  int  // messages that it takes; an act that broke off is gone through again. Zero: one
	back   bool // it can be taken back
	told   bool // it cannot be read back
	plain  bool // it is read back, and cannot be tried
	offers bool // something is proposed instead of leaving
	anew   bool // it comes back with a new secret, for which a person is asked
}

func newSaga(t *testing.T, e testkit.Engine, name string, d deed) *saga {
	t.Helper()
	dir := t.TempDir()
	s := &saga{t: t, name: name, deed: d, apart: os.Getenv("HASTA_CHAOS") != ""}
	s.nature = nature{
		DB: e.URL, Keys: filepath.Join(dir, "keys"), Journal: filepath.Join(dir, "journal"), Playbook: sagaBook + d.steps, Systems: "systems:\n" + d.systems,
		Files: d.files, Wires: d.wires, Kinds: []string{d.kind}, Offers: d.offers,
	}
	p, err := s.open(t.Context(), t.TempDir())
	s.must(err)
	s.process = p
	t.Cleanup(p.close)
	return s
}

const sagaBook = `playbook: saga
title: {es: "A", en: "A"}
retrieval: {d: 30}
steps:
  - {id: confirm, kind: confirm, title: {es: "A", en: "A"}}
`

func (s *saga) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// depart makes a departure that has not begun to act.
func (s *saga) depart(at string) (ref string, c offboarding.CaseID) {
	s.t.Helper()
	ctx := s.t.Context()
	s.n++
	ref = fmt.Sprint(s.name, s.n)
	s.deed.begin(s.t, ref)
	now, wall, err := s.app.Now(ctx)
	s.must(err)
	rows := []ingest.Row{{
		Customer: customer.Customer{Kind: customer.Person, Name: ref, Reference: ref, CreatedAt: now},
		Contact:  customer.Contact{Name: ref, Email: ref + "@x.example", Role: customer.Owner},
		Subscription: customer.Subscription{
			Reference: ref, Product: "Faro", Amount: money.Amount{Minor: 3000, Currency: "EUR"}, Interval: customer.Monthly,
			Start: when.DateOf(now, time.UTC).AddMonths(-3), Status: customer.Active,
		},
	}}
	if s.deed.row != nil {
		rows = append(rows, s.deed.row(ref)...)
	} else {
		rows = append(rows, access(ref, "far"))
	}
	s.must(s.app.PutRows(ctx, rows))
	list, err := s.app.ListCustomers(ctx, everybody, app.CustomerFilter{Query: ref + "@x.example"})
	s.must(err)
	if len(list.Rows) != 1 {
		s.t.Fatalf("%d customers are called %s", len(list.Rows), ref)
	}
	link, err := app.SignHostLink(s.keys.HMACKey(app.HostLinkKey), app.HostClaim{Customer: list.Rows[0].Customer.ID, Expires: wall.Add(time.Minute), ID: id.New("jti"), Language: "es"})
	s.must(err)
	r, err := s.app.RequestExit(ctx, app.ExitInput{AccountEmail: ref + "@x.example", When: at, Language: "es", Host: link})
	s.must(err)
	return ref, r.Case
}

// access is one of a customer, of the customer's own name.
func access(ref, system string) ingest.Row {
	return ingest.Row{
		Existing: true, Customer: customer.Customer{Reference: ref},
		Grant: customer.Grant{System: system, Account: ref, Kind: "login", Status: customer.Granted},
	}
}

// live lets a process live until over says so or the moment comes of which it
// dies, and reports whether it died. Zero is no moment.
func (s *saga) live(last death, over func() bool) (died bool) {
	s.t.Helper()
	n := s.nature
	n.Last, n.Ahead = last, time.Duration(s.by.Add(int64(generation)))
	if s.apart && last.N > 0 {
		return s.liveApart(n, over)
	}
	p, err := n.open(s.t.Context(), s.t.TempDir())
	s.must(err)
	defer p.close()
	if s.rehearse {
		s.rehearse = false
		ref := fmt.Sprint(s.name, s.n)
		p.seen = func(moment string) {
			s.moments, s.afar = append(s.moments, moment), append(s.afar, s.deed.done(s.t, ref))
		}
	}
	ctx, stop := context.WithCancel(s.t.Context())
	defer stop()
	ended := make(chan struct{})
	go func() { p.run(ctx); close(ended) }()
	s.wait(over, ended)
	stop()
	<-ended
	s.by.Store(max(s.by.Load(), p.by.Load()))
	return p.dead()
}

// liveApart is live in a process of its own.
func (s *saga) liveApart(n nature, over func() bool) (died bool) {
	s.t.Helper()
	told, err := json.Marshal(n)
	s.must(err)
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), asMortal+"="+string(told)), os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	s.must(err)
	s.must(cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	s.wait(over, ended)
	_ = in.Close()
	<-ended
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() && !cmd.ProcessState.Success() {
		s.t.Fatalf("a process failed: %v", cmd.ProcessState)
	}
	return status.Signaled()
}

// wait waits until it is over, or the process ended.
func (s *saga) wait(over func() bool, ended <-chan struct{}) {
	s.t.Helper()
	for end := time.Now().Add(time.Minute); !over(); {
		select {
		case <-ended:
			return
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(end) {
			s.complain()
			return
		}
	}
}

func (s *saga) complain() {
	s.t.Helper()
	s.must(s.store.View(s.t.Context(), func(tx app.Tx) error {
		list, _, err := tx.ListCases(s.t.Context(), app.CaseFilter{Limit: 200})
		for _, c := range list {
			works, _ := tx.WorksOf(s.t.Context(), c.Case.ID)
			s.t.Logf("%s is %s with %d works", c.Case.ID, c.Case.State, len(works))
			for _, w := range works {
				if w.Step != "" && w.State != offboarding.WorkVerified && w.State != offboarding.WorkUndone {
					s.t.Logf("%s %s %s/%s tries %d: %s", c.Case.ID, w.Kind, w.Phase, w.State, w.Tries, w.LastError)
				}
			}
		}
		return err
	}))
	s.t.Error("it is not over")
}

// works are those of the steps of a case that act.
func (s *saga) works(c offboarding.CaseID) (list []offboarding.Work) {
	s.t.Helper()
	s.must(s.store.View(s.t.Context(), func(tx app.Tx) (err error) { list, err = tx.WorksOf(s.t.Context(), c); return err }))
	return slices.DeleteFunc(list, func(w offboarding.Work) bool {
		return w.Step == "" || !slices.Contains(s.Kinds, w.Kind) && w.Kind != "revoke_access"
	})
}

// all reports whether the works of a case are there and each is in the state.
func (s *saga) all(c offboarding.CaseID, state offboarding.WorkState) bool {
	works := s.works(c)
	return len(works) > 0 && !slices.ContainsFunc(works, func(w offboarding.Work) bool { return w.State != state })
}

// asked is how often a far system was asked to change something, in all.
func (s *saga) asked() int {
	s.t.Helper()
	raw, err := os.ReadFile(s.Journal)
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return strings.Count(string(raw), "\n")
}

// dangerous are the moments of which processes die in every run of the tests; make
// chaos has them die of all. Turned there and not heard of; and heard of, looked at
// again and not written down.
func (s *saga) dangerous() []death {
	s.t.Helper()
	turned := slices.Index(s.afar, !s.afar[0])
	written := turned + slices.IndexFunc(s.moments[max(0, turned):], func(m string) bool {
		return strings.HasPrefix(m, "result of") && strings.HasSuffix(m, "before the commit")
	})
	if turned < 0 || written < turned {
		s.t.Fatalf("turned at %d, written at %d of %q", turned, written, s.moments)
	}
	out := []death{s.deathAt(turned)}
	if !s.afar[0] && written > turned { // what is taken back looks the same way back; of a file nothing is heard
		out = append(out, s.deathAt(written))
	}
	return out
}

// deathAt is the death of a moment, counted from the commit before it.
func (s *saga) deathAt(moment int) (d death) {
	d.Of = s.moments[moment]
	for i, m := range s.moments[:moment] {
		if strings.HasSuffix(m, ", committed") {
			d.After, d.Seen, d.N = m, 1, 0
			for _, before := range s.moments[:i] {
				if before == m {
					d.Seen++
				}
			}
		} else if m == d.Of {
			d.N++
		}
	}
	d.N++
	return d
}

// lives are how many may pass without a moment: a busy machine claims a work once more
// than the life did that nothing ended, and the moment is then another.
const lives = 3

// eachWindow has fn called for what processes are to die of.
func (s *saga) eachWindow(fn func(last death) (died bool)) (windows int) {
	s.t.Helper()
	if !s.apart {
		for _, last := range s.dangerous() {
			died := fn(last)
			for tries := 1; !died && tries < lives && !s.t.Failed(); tries++ {
				died = fn(last)
			}
			if !died {
				s.t.Errorf("it was not %v of %q", last, s.moments)
			}
			windows++
		}
		return windows
	}
	for fn(death{N: windows + 1}) && !s.t.Failed() {
		windows++
	}
	if windows < len(s.moments)*3/4 {
		s.t.Errorf("it died of %d moments, and a life has %d: %q", windows, len(s.moments), s.moments)
	}
	return windows
}

// logged counts entries of the log of a case.
func (s *saga) logged(c offboarding.CaseID, typ string) (n int) {
	s.t.Helper()
	v, err := s.app.OpenCase(s.t.Context(), everybody, c)
	s.must(err)
	for _, e := range v.Timeline {
		if e.Type == typ {
			n++
		}
	}
	return n
}

// judge looks whether all is as it must be at the far system and on our record,
// after so many deaths. before is how often it had been asked for.
func (s *saga) judge(what, ref string, c offboarding.CaseID, before int) {
	s.t.Helper()
	if !s.deed.done(s.t, ref) {
		s.t.Errorf("%s: it is not done there, and we say that it is", what)
	}
	if s.deed.others != nil && !s.deed.others(s.t) {
		s.t.Errorf("%s: what nobody asked for was done", what)
	}
	n, most := s.asked()-before, 1
	if s.deed.times != nil {
		n = s.deed.times(s.t, ref)
	} else if s.deed.parts > 1 {
		most = 2*s.deed.parts - 1 // it may break off before its last part
	}
	if n < 1 || n > most {
		s.t.Errorf("%s: it was done %d times", what, n)
	}
	works := s.works(c)
	for _, w := range works {
		if w.Kind == "revoke_access" || w.Kind == "narrow_access" && !s.deed.plain {
			if p := step.ProofOf(w.Evidence); p.Control == nil || !p.Control.In || p.Probe == nil || p.Probe.In {
				s.t.Errorf("%s: it was not tried before and after: %s", what, w.Evidence)
			}
		}
	}
	end := "work.verified"
	if s.deed.told {
		end = "work.done"
	}
	for _, typ := range []string{"work.called", "work.done", end} {
		if n := s.logged(c, typ); n != len(works) {
			s.t.Errorf("%s: %s stands %d times in the log, and there are %d works", what, typ, n, len(works))
		}
	}
}

// stands looks whether what our inventory says of the accesses of a customer is so at
// the far system: none lets in further there than it is recorded to.
func (s *saga) stands(what, ref string, c offboarding.CaseID) {
	s.t.Helper()
	for _, g := range s.inventory(c) {
		if g.System == "far" && (g.Status == customer.Revoked || g.Status == customer.ReadOnly) && !s.deed.done(s.t, ref) {
			s.t.Errorf("%s: %s is on record as %s, and it reaches further there", what, g.Name(), g.Status)
		}
	}
}

func (s *saga) inventory(c offboarding.CaseID) (list []customer.Grant) {
	s.t.Helper()
	s.must(s.store.View(s.t.Context(), func(tx app.Tx) error {
		of, err := tx.FindCase(s.t.Context(), c)
		if err == nil {
			list, err = tx.GrantsOf(s.t.Context(), of.Customer)
		}
		return err
	}))
	return list
}

// Whatever a departure does at whatever far system, and wherever the process dies
// on the way: it is done there, once, and never said to be before it is. What was
// done is taken back in reverse order, once: at no instant is something open again
// whose follower is still closed.
func TestWhereverAProcessDiesWhatADepartureDoesHappensOnce(t *testing.T) {
	t.Parallel()
	eachDeed(t, deeds, func(t *testing.T, e testkit.Engine, d deed) {
		t.Run("done", func(t *testing.T) { doneOnce(t, e.AnotherMigrated(t), d) })
		if d.back {
			t.Run("taken back", func(t *testing.T) { takenBackOnce(t, e.AnotherMigrated(t), d) })
		}
	})
}

func doneOnce(t *testing.T, e testkit.Engine, d deed) {
	s := newSaga(t, e, "d", d)
	verified := offboarding.WorkVerified
	if d.told {
		verified = offboarding.WorkDone
	}
	ref, c := s.depart("period_end")
	over := func() bool { return s.all(c, verified) }
	s.rehearse = true
	s.live(death{}, over)
	s.judge("a life that nothing ended", ref, c, 0)
	n := s.eachWindow(func(last death) bool {
		before := s.asked()
		ref, c = s.depart("period_end")
		died := s.live(last, over)
		if over() && !d.done(t, ref) {
			t.Errorf("%v: verified, and not done there", last)
		}
		s.stands(last.String(), ref, c)
		s.live(death{}, over)
		s.judge(last.String(), ref, c, before)
		return died
	})
	t.Logf("chaos: %s on %s: dead in %d windows", d.name, e.Name, n)
}

// untilOver lets a departure wait for its day: until then it may be taken back.
const untilOver = "  - {id: effective, kind: wait, title: {es: \"A\", en: \"A\"}, after: [last], params: {until: effective}}\n"

func takenBackOnce(t *testing.T, e testkit.Engine, d deed) {
	frame, dir := openDoors(t), t.TempDir()
	frame.turned = func(system, who string, shut bool) {
		if d.done(t, who) == (system == "first") { // it is the one before it, and the one after it
			t.Errorf("%s: %s turns to shut %v out of its turn", who, system, shut)
		}
	}
	d.systems += frame.entry(dir, "first", frame.Listener.Addr().String(), shutDoor) + frame.entry(dir, "last", frame.Listener.Addr().String(), shutDoor)
	d.steps = "  - {id: first, kind: revoke_access, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: first}}\n" + strings.Replace(d.steps, "[confirm]", "[first]", 1) +
		"  - {id: last, kind: revoke_access, title: {es: \"A\", en: \"A\"}, after: [do], params: {system: last}}\n" + untilOver
	row, begin := d.row, d.begin
	d.row = func(ref string) []ingest.Row {
		rows := []ingest.Row{access(ref, "first"), access(ref, "last")}
		if row != nil {
			return append(rows, row(ref)...)
		}
		return append(rows, access(ref, "far"))
	}
	d.begin = func(t *testing.T, ref string) { put(t, dir, ref, "hers"); begin(t, ref) }
	s := newSaga(t, e, "b", d)
	var ref string
	var c offboarding.CaseID
	var before int
	leave := func() {
		ref, c = s.depart("period_end")
		s.live(death{}, func() bool { return len(s.works(c)) == 3 && s.all(c, offboarding.WorkVerified) })
		before = s.asked()
		s.must(s.app.UndoByStaff(t.Context(), everybody, c))
	}
	over := func() bool { return s.all(c, offboarding.WorkUndone) }
	judge := func(what string) {
		t.Helper()
		if d.done(t, ref) || d.others != nil && !d.others(t) || d.whole != nil && !d.whole(t, ref) {
			t.Errorf("%s: not as it was: done %v", what, d.done(t, ref))
		}
		for _, g := range s.inventory(c) {
			if g.Status != customer.Granted {
				t.Errorf("%s: %s is on record as %s, and was given back", what, g.Name(), g.Status)
			}
		}
		for _, system := range []string{"first", "last"} {
			if shut, _, acts := frame.is(system, ref); shut || acts != 2 {
				t.Errorf("%s: %s was turned %d times, shut %v", what, system, acts, shut)
			}
		}
		n, want, most := s.asked()-before, 1, max(1, 2*d.parts-1)
		if d.times != nil {
			n, want, most = d.times(t, ref), 2, 2 // there and back
		}
		if n < want || n > most {
			t.Errorf("%s: it was turned %d times", what, n)
		}
		if n := s.logged(c, "work.undone"); n != 3 {
			t.Errorf("%s: three works were undone, and the log has %d", what, n)
		}
		v, err := s.app.OpenCase(t.Context(), everybody, c)
		s.must(err)
		if v.Plan.Case.State != offboarding.CaseReversed {
			t.Errorf("%s: the departure is %s", what, v.Plan.Case.State)
		}
		asked := 0
		for _, x := range v.Plan.Steps {
			if strings.HasPrefix(x.Key, "new_secret") {
				asked += len(x.Items)
			}
		}
		if want := map[bool]int{true: 1}[d.anew]; asked != want || len(v.Handover.Anew) != want {
			t.Errorf("%s: %d new secrets are asked for, and %d are to be told, want %d", what, asked, len(v.Handover.Anew), want)
		}
	}
	leave()
	s.rehearse = true
	s.live(death{}, over)
	judge("a life that nothing ended")
	n := s.eachWindow(func(last death) bool {
		leave()
		died := s.live(last, over)
		if over() && d.done(t, ref) {
			t.Errorf("%v: taken back, and done there", last)
		}
		s.live(death{}, over)
		judge(last.String())
		return died
	})
	t.Logf("chaos: %s on %s, taken back: dead in %d windows", d.name, e.Name, n)
}
