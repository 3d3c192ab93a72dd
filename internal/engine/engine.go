// Package engine drives works: it claims rows of the queue under a lease, runs
// what their kind says, and records the result behind the fence. It decides
// nothing about departures (app.Advance does) and knows no database.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// Config is what an Engine is made of.
type Config struct {
	App       *app.App
	Store     app.Store
	Kinds     map[string]step.Kind
	Name      string        // of this worker: unique among nodes
	Workers   int           // works at once
	PerSystem int           // works at once on one far system
	Alone     []string      // far systems on which one work runs at a time, of all nodes
	Lease     time.Duration // a worker that says nothing for so long has lost its work
	Heartbeat time.Duration // a third of Lease or less
	Poll      time.Duration // how long to sleep at most when nothing is due
	Tries     int           // failures in one phase before a person is asked
	Tidy      time.Duration // how often what is of no use any more is forgotten; zero: an hour
	LogWait   time.Duration // how long a receipt waits for the log before it asks again; zero: 100 ms
	Log       *slog.Logger
}

// Engine claims and runs works until its context is over.
type Engine struct {
	Config
	wake   chan struct{} // there may be work
	polled atomic.Int64  // wall instant at which it last was well, µs
	desk   desk
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
	def(&c.Tidy, time.Hour)
	def(&c.LogWait, 100*time.Millisecond)
	if c.Tries == 0 {
		c.Tries = 8
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{Config: c, wake: make(chan struct{}, 1)}
	e.well()
	return e
}

// Wake tells the engine that there may be work. It never blocks.
func (e *Engine) Wake() { nudge(e.wake) }

func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// perEndpoint is how many messages are on their way to one endpoint at once.
const perEndpoint = 2

// Run works until ctx is over; then it takes no more. What has not begun to
// call anybody is handed back at once; a call under way goes on until its
// deadline and is recorded.
func (e *Engine) Run(ctx context.Context) error {
	var lanes sync.WaitGroup
	lanes.Go(func() { e.lane(ctx, e.wake, app.ClaimInput{PerSystem: e.PerSystem, Alone: e.Alone}) })
	// Webhooks have workers of their own: endpoints that hang hold up no
	// departure. They find their work by polling.
	lanes.Go(func() { e.lane(ctx, make(chan struct{}, 1), app.ClaimInput{PerSystem: perEndpoint, Webhooks: true}) })
	lanes.Go(func() { e.tidy(ctx) })
	lanes.Go(func() { e.meetClock(ctx) })
	lanes.Go(func() { e.keepCounts(ctx) })
	lanes.Wait()
	return nil
}

// clockEvery is how often it is looked whether the clock was set back.
const clockEvery = 10 * time.Second

// meetClock sees to it that no work waits by a clock that was set back: one look
// at the start, and then every so often.
func (e *Engine) meetClock(ctx context.Context) {
	for ; ctx.Err() == nil; e.sleep(ctx, clockEvery, nil) {
		if err := e.App.MeetClock(ctx); err != nil && ctx.Err() == nil {
			e.Log.Warn("the clock was not met", "err", err)
		}
	}
}

const (
	// countsEvery is how often what was counted is stored.
	countsEvery = 20 * time.Second
	// lastCounts is how long that may take at the end.
	lastCounts = 2 * time.Second
)

// keepCounts stores what was counted of the way out, now and then and at the end.
func (e *Engine) keepCounts(ctx context.Context) {
	for e.sleep(ctx, countsEvery, nil); ctx.Err() == nil; e.sleep(ctx, countsEvery, nil) {
		if err := e.App.KeepCounts(ctx); err != nil && ctx.Err() == nil {
			e.Log.Warn("counts not kept", "err", err)
		}
	}
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), lastCounts)
	defer stop()
	if err := e.App.KeepCounts(last); err != nil {
		e.Log.Warn("counts not kept", "err", err)
	}
}

// tidy tidies up, now and then.
func (e *Engine) tidy(ctx context.Context) {
	for e.sleep(ctx, min(e.Tidy, time.Minute), nil); ctx.Err() == nil; e.sleep(ctx, e.Tidy, nil) {
		if err := e.App.TidyUp(ctx); err != nil && ctx.Err() == nil {
			e.Log.Warn("not tidied up", "err", err)
		}
	}
}

// lane claims and runs works of one sort.
func (e *Engine) lane(ctx context.Context, wake chan struct{}, in app.ClaimInput) {
	slots := make(chan struct{}, e.Workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	errorsInARow := 0
	var pace pace
	for ctx.Err() == nil {
		free := e.Workers - len(slots)
		if wait := pace.wait(free, e.Workers); wait > 0 {
			e.well()
			e.sleep(ctx, min(e.Poll, wait), wake)
			continue
		}
		begun := when.Machine{}.Wall()
		works, next, err := e.claim(ctx, in, free)
		pace.claimed(begun)
		if err != nil {
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
				defer func() { <-slots; nudge(wake) }()
				e.work(ctx, w)
			})
		}
		if len(works) < free {
			e.sleep(ctx, next, wake)
		}
	}
}

// pace says when it pays to claim. A claim costs the same for one work as for
// many: while most workers are busy it is made so seldom that all claims together
// take no more than a share of the time. Waiting for more free workers than that
// would leave them idle, and a far system unasked.
type pace struct{ over, next time.Time } // wall: when the last claim was over, and when the next may begin

// claimShare is the part of the time that claims may take under load: one in so
// many.
const claimShare = 10

// claimed notes how long a claim took that began then.
func (p *pace) claimed(begun time.Time) {
	p.over = when.Machine{}.Wall()
	p.next = p.over.Add(p.over.Sub(begun) * (claimShare - 1))
}

// wait is how long to let workers go on before the next claim; zero: not at all.
// Once a quarter of them is free none is made to wait.
func (p *pace) wait(free, workers int) time.Duration {
	now := when.Machine{}.Wall()
	switch {
	case free == 0:
		return math.MaxInt64
	case free >= max(1, workers/4), now.Before(p.over): // or the clock was set back
		return 0
	}
	return p.next.Sub(now)
}

// claim takes works for the free workers. next is how long to sleep when there
// are fewer.
func (e *Engine) claim(ctx context.Context, in app.ClaimInput, free int) (works []offboarding.Work, next time.Duration, err error) {
	// Not interrupted: what is claimed and not known to be would wait for its
	// lease.
	ctx = context.WithoutCancel(ctx)
	in.Worker, in.Limit, in.Lease = e.Name, free, e.Lease
	err = e.Store.Tx(ctx, func(tx app.Tx) (err error) {
		next = e.Poll
		works, err = tx.Claim(ctx, in)
		if err != nil || len(works) == free {
			return err
		}
		wait, err := tx.NextDue(ctx)
		if wait > 0 {
			next = min(next, wait)
		}
		return err
	})
	if err == nil {
		e.well()
	}
	return works, next, err
}

func (e *Engine) well() { e.polled.Store(when.Micros(when.Machine{}.Wall())) }

// Polled is the wall instant at which the engine last looked for work, or had
// all its workers busy.
func (e *Engine) Polled() time.Time { return when.FromMicros(e.polled.Load()) }

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
func (e *Engine) work(stop context.Context, w offboarding.Work) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stop), e.Lease*9/10)
	defer cancel()
	done := make(chan struct{})
	defer close(done)
	go e.beat(ctx, cancel, w, done)
	log := e.Log.With("work", w.ID, "kind", w.Kind, "phase", w.Phase, "attempt", w.Attempt)
	t := &try{Engine: e, work: w, stop: stop}
	r, err := t.safely(ctx)
	save, end := context.WithTimeout(context.WithoutCancel(ctx), e.Lease)
	defer end()
	switch {
	case errors.Is(err, errLost), err != nil && !t.called && stop.Err() != nil:
		mine, back := e.handBack(save, w)
		log.Warn("given up before the call", "why", err, "handed_back", mine, "err", back)
		return
	case err != nil:
		r = e.verdict(t.work, err)
		if r.Code == app.WaitsForLog { // no failure: the sequencer works every moment
			log.Debug("waits for the log")
		} else {
			log.Warn("try failed", "err", err)
		}
	}
	ok, err := e.record(save, t.work, r)
	switch {
	case err != nil:
		log.Error("result not recorded; the lease will end", "err", err)
	case !ok:
		log.Warn("result thrown away: another worker has this work")
	default:
		log.Info("worked", "verdict", r.Verdict)
	}
}

// handBack makes the work ready again; false if it is another worker's by now.
func (e *Engine) handBack(ctx context.Context, w offboarding.Work) (mine bool, err error) {
	err = e.Store.Tx(ctx, func(tx app.Tx) (err error) {
		mine, err = tx.Release(ctx, w.ID, w.Attempt)
		return err
	})
	return mine, err
}

// stillMine extends the lease of a work, if it is this worker's yet. A database that does
// not answer is asked for less time than the lease has left.
func (e *Engine) stillMine(ctx context.Context, w offboarding.Work) (mine bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.Lease-e.Heartbeat)
	defer cancel()
	err = e.Store.Tx(ctx, func(tx app.Tx) (err error) {
		mine, err = tx.Heartbeat(ctx, w.ID, w.Attempt, e.Lease)
		return err
	})
	return mine, err
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
			mine, err := e.stillMine(ctx, w)
			if err != nil || !mine {
				cancel()
				return
			}
		}
	}
}
