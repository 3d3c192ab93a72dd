package engine_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/engine"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/store"
)

// watch is a store that notes when works were claimed.
type watch struct {
	app.Store
	mu      sync.Mutex
	claimed map[offboarding.WorkID]time.Time
}

type claims struct {
	app.Tx
	got *[]offboarding.Work
}

func (c claims) Claim(ctx context.Context, in app.ClaimInput) ([]offboarding.Work, error) {
	list, err := c.Tx.Claim(ctx, in)
	*c.got = list
	return list, err
}

func (w *watch) Tx(ctx context.Context, fn func(app.Tx) error) error {
	var got []offboarding.Work
	err := w.Store.Tx(ctx, func(tx app.Tx) error { return fn(claims{tx, &got}) })
	at := time.Now()
	if err == nil && len(got) > 0 {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, x := range got {
			w.claimed[x.ID] = at
		}
	}
	return err
}

func (w *watch) begun(x offboarding.WorkID) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := w.claimed[x]
	return at, ok
}

// idle is an engine with nothing to do but what the benchmark gives it: works
// that end at once.
func idle(b *testing.B, url string) (*watch, *engine.Engine) {
	b.Helper()
	s, err := store.Open(b.Context(), store.Config{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	w := &watch{Store: s, claimed: map[offboarding.WorkID]time.Time{}}
	eng := engine.New(engine.Config{App: app.New(app.Config{Store: w}), Store: w, Name: "one"})
	ctx, stop := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = eng.Run(ctx) })
	b.Cleanup(func() { stop(); wg.Wait(); _ = s.Close() })
	return w, eng
}

// put stores a work that is due at the instant and returns when that was
// committed.
func (w *watch) put(b *testing.B, at func(app.Tx) time.Time) (offboarding.WorkID, time.Time) {
	b.Helper()
	work := offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: "match", Item: "req_none", System: "house", Phase: offboarding.Act, State: offboarding.WorkReady,
	}
	work.Key = string(work.ID)
	err := w.Store.Tx(b.Context(), func(tx app.Tx) error {
		work.RunAt = at(tx)
		return tx.InsertWork(b.Context(), work)
	})
	if err != nil {
		b.Fatal(err)
	}
	return work.ID, time.Now()
}

// report waits until every work was claimed and tells how long after its
// instant.
func (w *watch) report(b *testing.B, due map[offboarding.WorkID]time.Time) {
	b.Helper()
	var late []float64
	for x, at := range due {
		for {
			if begun, ok := w.begun(x); ok {
				late = append(late, float64(begun.Sub(at).Microseconds())/1000)
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	slices.Sort(late)
	b.ReportMetric(late[len(late)/2], "p50-ms")
	b.ReportMetric(late[len(late)*99/100], "p99-ms")
	b.ReportMetric(late[len(late)-1], "max-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkStart is how long after the commit of what made it a work is in the
// hands of a worker, at 40 a second.
func BenchmarkStart(b *testing.B) {
	eachBenchEngine(b, func(b *testing.B, url string) {
		w, eng := idle(b, url)
		due := map[offboarding.WorkID]time.Time{}
		for range b.N {
			x, at := w.put(b, app.Tx.Now)
			eng.Wake() // as every verb does when it was committed
			due[x] = at
			time.Sleep(25 * time.Millisecond)
		}
		w.report(b, due)
	})
}

// BenchmarkTimer is how late a worker has a work whose time has come, of b.N
// timers spread over a few seconds.
func BenchmarkTimer(b *testing.B) {
	eachBenchEngine(b, func(b *testing.B, url string) {
		w, _ := idle(b, url)
		due := map[offboarding.WorkID]time.Time{}
		for range b.N {
			var at time.Time
			x, _ := w.put(b, func(tx app.Tx) time.Time {
				at = tx.Now().Add(2*time.Second + time.Duration(rand.Int64N(int64(time.Duration(b.N)*25*time.Millisecond))))
				return at
			})
			due[x] = at
		}
		w.report(b, due)
	})
}
