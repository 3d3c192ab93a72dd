// Package engine drives works: it claims rows of the queue under a lease, runs
// what their kind says, and records the result behind the fence. It decides
// nothing about departures (app.Advance does) and knows no database.
package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// Config is what an Engine is made of.
type Config struct {
	App       *app.App
	Store     app.Store
	Kinds     map[string]step.Kind
	Name      string        // of this worker: unique among nodes
	Workers   int           // works at once
	PerSystem int           // works at once on one far system
	Lease     time.Duration // a worker that says nothing for so long has lost its work
	Heartbeat time.Duration // a third of Lease or less
	Poll      time.Duration // how long to sleep at most when nothing is due
	Tries     int           // failures in one phase before a person is asked
	Log       *slog.Logger
}

// Engine claims and runs works until its context is over.
type Engine struct {
	Config
	wake chan struct{}
}

// New makes an Engine; zero fields get defaults.
func New(c Config) *Engine {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.Lease, time.Minute)
	def(&c.Heartbeat, c.Lease/3)
	def(&c.Poll, time.Second)
	if c.Workers == 0 {
		c.Workers = 8
	}
	if c.PerSystem == 0 {
		c.PerSystem = max(1, c.Workers/2)
	}
	if c.Tries == 0 {
		c.Tries = 8
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{c, make(chan struct{}, 1)}
}

// Wake tells the engine that there may be work. It never blocks.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx is over; then it takes no more, and waits for what is
// under way. What it cannot finish is claimed by another when its lease ends.
func (e *Engine) Run(ctx context.Context) error {
	slots := make(chan struct{}, e.Workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	errorsInARow := 0
	for ctx.Err() == nil {
		free := e.Workers - len(slots)
		var works []offboarding.Work
		var err error
		if free > 0 {
			err = e.Store.Tx(ctx, func(tx app.Tx) (err error) {
				works, err = tx.Claim(ctx, app.ClaimInput{Worker: e.Name, Limit: free, PerSystem: e.PerSystem, Lease: e.Lease})
				return err
			})
		}
		if err != nil && ctx.Err() == nil {
			// A full disk must not become a hot loop.
			errorsInARow++
			e.Log.Error("claim", "err", err)
			e.sleep(ctx, min(time.Duration(errorsInARow)*200*time.Millisecond, 10*time.Second), nil)
			continue
		}
		errorsInARow = 0
		for _, w := range works {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots; e.Wake() }()
				e.work(context.WithoutCancel(ctx), w)
			})
		}
		if len(works) == 0 {
			e.sleep(ctx, e.Poll, e.wake)
		}
	}
	return nil
}

func (e *Engine) sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-wake:
	}
}

// work runs one claimed work under a heartbeat. The deadline of whatever it
// calls lies before the end of its lease.
func (e *Engine) work(ctx context.Context, w offboarding.Work) {
	ctx, cancel := context.WithTimeout(ctx, e.Lease*9/10)
	defer cancel()
	done := make(chan struct{})
	defer close(done)
	go e.beat(ctx, cancel, w, done)
	log := e.Log.With("work", w.ID, "kind", w.Kind, "phase", w.Phase, "attempt", w.Attempt)
	r, err := e.safely(ctx, &w)
	if errors.Is(err, errLost) {
		log.Warn("lost to another worker before the call")
		return
	}
	if err != nil {
		r = e.verdict(w, err)
		if r.Code == app.WaitsForLog { // no failure: the sequencer works every moment
			log.Debug("waits for the log")
		} else {
			log.Warn("try failed", "err", err)
		}
	}
	// The result is recorded even when the deadline of the call has passed.
	save, stop := context.WithTimeout(context.WithoutCancel(ctx), e.Lease)
	defer stop()
	ok, err := e.App.Advance(save, w, r)
	switch {
	case err != nil:
		log.Error("result not recorded; the lease will end", "err", err)
	case !ok:
		log.Warn("result thrown away: another worker has this work")
	default:
		log.Info("worked", "verdict", r.Verdict)
	}
}

// beat extends the lease until done; a beat that fails ends the call.
func (e *Engine) beat(ctx context.Context, cancel context.CancelFunc, w offboarding.Work, done <-chan struct{}) {
	t := time.NewTicker(e.Heartbeat)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-t.C:
			var mine bool
			err := e.Store.Tx(ctx, func(tx app.Tx) (err error) {
				mine, err = tx.Heartbeat(ctx, w.ID, w.Attempt, e.Lease)
				return err
			})
			if err != nil || !mine {
				cancel()
				return
			}
		}
	}
}

var errLost = errors.New("engine: the work belongs to another worker")

// safely runs the work and turns a panic of a kind into a failure of this work
// alone.
func (e *Engine) safely(ctx context.Context, w *offboarding.Work) (r app.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			e.Log.Error("panic", "work", w.ID, "panic", p)
			err = fault.New(fault.Internal, "internal")
		}
	}()
	switch w.Kind {
	case "match":
		return e.match(ctx, *w)
	case app.AgainKind:
		return app.Result{Verdict: app.Accomplished}, e.App.SendLink(ctx, w.Item)
	case app.ChargeKind:
		return e.watch(ctx, *w)
	case "message":
		return app.Result{Verdict: app.Accomplished}, e.App.SendMessage(ctx, offboarding.MessageID(w.Item))
	}
	if w.Kind == app.AlarmKind {
		step, alarm, _ := strings.Cut(w.Item, ":")
		return app.Result{Verdict: app.Accomplished}, e.App.Ring(ctx, w.Case, step, alarm)
	}
	kind, ok := e.Kinds[w.Kind]
	if !ok {
		return app.Result{}, fault.New(fault.Invalid, "step.unknown_kind")
	}
	if _, ok := kind.(step.Courier); ok {
		return app.Result{Verdict: app.Accomplished}, e.App.SendMessage(ctx, offboarding.MessageID(w.Item))
	}
	if _, ok := kind.(step.Maker); ok {
		return e.make(ctx, *w)
	}
	observer, ok := kind.(step.Observer)
	s, err := e.App.Subject(ctx, *w)
	if err != nil {
		return app.Result{}, err
	}
	if !ok { // a timer: its time has come
		return e.App.WaitOver(s.Step, *w), nil
	}
	s.Work = *w
	effector, _ := kind.(step.Effector)
	switch w.Phase {
	case offboarding.Verify:
		p, err := observer.Verify(ctx, s)
		return e.proof(*w, p), err
	case offboarding.VerifyUndo:
		p, err := effector.VerifyUndo(ctx, s)
		return e.proof(*w, p), err
	default:
		return e.act(ctx, w, effector, s)
	}
}

func (e *Engine) match(ctx context.Context, w offboarding.Work) (app.Result, error) {
	err := e.Store.Tx(ctx, func(tx app.Tx) error { return e.App.MatchRequest(ctx, tx, offboarding.RequestID(w.Item)) })
	return app.Result{Verdict: app.Accomplished}, err
}

// watch asks a person when an unconfirmed departure is about to be charged.
func (e *Engine) watch(ctx context.Context, w offboarding.Work) (app.Result, error) {
	again, err := e.App.WatchCharge(ctx, w.Case)
	if err != nil || again.IsZero() {
		return app.Result{Verdict: app.Accomplished}, err
	}
	return app.Result{Verdict: app.Later, Again: again}, nil
}

// make makes a file for the customer, or reads it back.
func (e *Engine) make(ctx context.Context, w offboarding.Work) (app.Result, error) {
	if w.Phase == offboarding.Verify {
		evidence, err := e.App.CheckBundle(ctx, w)
		return app.Result{Verdict: app.Confirmed, Evidence: evidence}, err
	}
	evidence, err := e.App.MakeBundle(ctx, w)
	return app.Result{Verdict: app.Accomplished, Evidence: evidence, Verify: true}, err
}

// act is the effect protocol: look, decide, mark, call.
func (e *Engine) act(ctx context.Context, w *offboarding.Work, k step.Effector, s step.Subject) (app.Result, error) {
	if w.Phase == offboarding.Act && s.Case.State != offboarding.CaseOpen {
		// The departure is being undone: Advance takes this work off the queue, or
		// turns it round if an earlier try may have called.
		return app.Result{Verdict: app.Later, Again: s.Now}, nil
	}
	info, err := k.Info(s)
	if err != nil {
		return app.Result{}, err
	}
	if !w.CallingAt.IsZero() && info.Effect == connector.Ask {
		// A call began whose answer nobody recorded, and reading cannot tell.
		return app.Result{Verdict: app.Doubtful, Code: "work.uncertain"}, nil
	}
	found, err := k.Observe(ctx, s)
	if err != nil {
		return app.Result{}, err
	}
	decide := k.Decide
	if w.Phase == offboarding.Undo {
		decide = k.Undo
	}
	d, err := decide(s, found)
	switch {
	case err != nil:
		return app.Result{}, err
	case d.Already:
		return app.Result{Verdict: app.Accomplished, Evidence: string(found.Evidence), Verify: true, Undo: info.Undo}, nil
	case !d.Act:
		return app.Result{Verdict: app.Later, Again: d.Again}, nil
	}
	hash, err := hashOf(d.Action)
	if err != nil {
		return app.Result{}, err
	}
	if mine, err := e.App.Calling(ctx, w, hash, string(found.Evidence)); err != nil {
		return app.Result{}, err
	} else if !mine {
		return app.Result{}, errLost
	}
	if err := ctx.Err(); err != nil { // stopped past its lease: the call is not ours to make
		return app.Result{}, fault.New(fault.Transient, "connector.unreachable").At("engine.act", err)
	}
	out, err := k.Apply(ctx, d.Action, w.Key)
	switch fault.KindOf(err) {
	case fault.Uncertain:
		if err != nil && info.Effect == connector.Ask {
			return app.Result{Verdict: app.Doubtful, Code: fault.CodeOf(err)}, nil
		}
		return app.Result{}, err
	default:
		if err != nil {
			r := e.verdict(*w, err)
			r.Untouched = true
			return r, nil
		}
	}
	return app.Result{Verdict: app.Accomplished, Evidence: string(out.Evidence), Verify: true, Undo: info.Undo}, nil
}

// proof turns what was read back into a verdict. What does not hold yet is
// looked at again; after Tries looks a person is asked.
func (e *Engine) proof(w offboarding.Work, p step.Proof) app.Result {
	switch {
	case p.Holds:
		return app.Result{Verdict: app.Confirmed, Evidence: string(p.Evidence)}
	case !p.Again.IsZero():
		return app.Result{Verdict: app.Later, Again: p.Again, Evidence: string(p.Evidence), Code: p.Why}
	case p.Final, w.Tries+1 >= e.Tries:
		return app.Result{Verdict: app.Failed, Evidence: string(p.Evidence), Code: p.Why}
	default:
		return app.Result{Verdict: app.Retry, Delay: e.backoff(w.Tries), Evidence: string(p.Evidence), Code: p.Why}
	}
}

// verdict turns an error into what to do about it.
func (e *Engine) verdict(w offboarding.Work, err error) app.Result {
	r := app.Result{Verdict: app.Retry, Code: fault.CodeOf(err), Delay: e.backoff(w.Tries)}
	var f *fault.Error
	if errors.As(err, &f) && f.RetryAfter > 0 {
		r.Delay = f.RetryAfter
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Forbidden, fault.Blocked, fault.Gone:
		r.Verdict = app.Failed
	case fault.Transient:
		if r.Code == app.WaitsForLog { // waits for the sequencer, which is not a failure
			r.Delay = 100 * time.Millisecond
			return r
		}
	}
	// Letters and matching are tried for as long as it takes; a far system's
	// step asks a person after Tries.
	if w.Step != "" && w.Tries+1 >= e.Tries {
		r.Verdict = app.Failed
	}
	return r
}

// backoff grows from half a second to five minutes, with jitter.
func (e *Engine) backoff(tries int) time.Duration {
	d := min(500*time.Millisecond<<min(tries, 10), 5*time.Minute)
	return d/2 + time.Duration(rand.Int64N(int64(d)))
}

func hashOf(a step.Action) (string, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return "", fault.Wrap("engine.hash", err)
	}
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:]), nil
}
