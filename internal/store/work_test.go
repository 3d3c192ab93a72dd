package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// works stores n works of a system, due at the instant.
func (b *bundle) works(n int, system string, due time.Time) {
	b.t.Helper()
	b.tx(func(tx app.Tx) error {
		for i := range n {
			w := offboarding.Work{
				ID: offboarding.WorkID(id.New("work")), Kind: "cancel_billing", Item: fmt.Sprint(i), System: system, Key: id.New("k"),
				Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: due,
			}
			if err := tx.InsertWork(b.t.Context(), w); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bundle) claim(limit, perSystem int) (list []offboarding.Work) {
	b.t.Helper()
	b.tx(func(tx app.Tx) (err error) {
		list, err = tx.Claim(b.t.Context(), app.ClaimInput{Worker: "w", Limit: limit, PerSystem: perSystem, Lease: time.Minute})
		return err
	})
	return list
}

func TestExpiredLeasesAreClaimedInTheFirstBatchesWhateverTheBacklog(t *testing.T) {
	conform(t, func(b *bundle) {
		b.works(5, "billing", noon.Add(-2*time.Hour))
		dead := map[offboarding.WorkID]bool{}
		for _, w := range b.claim(5, 100) {
			dead[w.ID] = true
		}
		b.clock.Advance(2 * time.Minute)               // their worker died
		b.works(1000, "billing", noon.Add(-time.Hour)) // a backlog that is older than their leases
		again := 0
		for range 2 {
			for _, w := range b.claim(10, 1000) {
				if dead[w.ID] {
					again++
					if w.Attempt != 2 {
						b.t.Errorf("attempt %d", w.Attempt)
					}
				}
			}
		}
		if again != 5 {
			b.t.Errorf("%d of 5 expired works in the first two batches of ten", again)
		}
	})
}

func TestADeadSystemDoesNotDelayAnother(t *testing.T) {
	conform(t, func(b *bundle) {
		b.works(3000, "dead", noon.Add(-time.Hour))
		hung := b.claim(4, 4) // these hang
		b.works(3, "alive", noon.Add(-time.Minute))
		got := b.claim(10, 4)
		if len(hung) != 4 || len(got) != 3 {
			b.t.Fatalf("%d hang, %d claimed", len(hung), len(got))
		}
		for _, w := range got {
			if w.System != "alive" {
				b.t.Errorf("claimed a work of %s", w.System)
			}
		}
	})
}

func TestNoWorkIsClaimedTwice(t *testing.T) {
	conform(t, func(b *bundle) {
		b.works(300, "billing", noon)
		var mu sync.Mutex
		seen := map[offboarding.WorkID]int{}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					var list []offboarding.Work
					err := b.Tx(b.t.Context(), func(tx app.Tx) (err error) {
						list, err = tx.Claim(b.t.Context(), app.ClaimInput{Worker: "w", Limit: 7, PerSystem: 1000, Lease: time.Minute})
						return err
					})
					if err != nil {
						b.t.Error(err)
					}
					mu.Lock()
					for _, w := range list {
						seen[w.ID]++
					}
					done := len(seen) == 300
					mu.Unlock()
					if err != nil || done {
						return
					}
				}
			})
		}
		wg.Wait()
		for w, n := range seen {
			if n != 1 {
				b.t.Errorf("%s claimed %d times", w, n)
			}
		}
	})
}

// A system whose acts would undo each other has one at a time, however many nodes
// claim, and gets its next one when that is over or its lease has ended.
func TestOneWorkAtATimeRunsOnASystemThatIsActedOnAlone(t *testing.T) {
	conform(t, func(b *bundle) {
		b.works(40, "files", noon)
		b.works(40, "billing", noon)
		claim := func() (list []offboarding.Work) {
			err := b.Tx(b.t.Context(), func(tx app.Tx) (err error) {
				list, err = tx.Claim(b.t.Context(), app.ClaimInput{Worker: "w", Limit: 20, PerSystem: 5, Lease: time.Minute, Alone: []string{"archive", "files"}})
				return err
			})
			if err != nil {
				b.t.Error(err)
			}
			return list
		}
		for range 3 {
			var mu sync.Mutex
			of := map[string]int{}
			var one offboarding.Work
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for _, w := range claim() {
						mu.Lock()
						if of[w.System]++; w.System == "files" {
							one = w
						}
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			if of["files"] != 1 || of["billing"] < 5 {
				b.t.Fatalf("claimed at once: %v", of)
			}
			if more := claim(); len(more) > 0 && more[0].System == "files" {
				b.t.Fatal("another was claimed while one runs")
			}
			b.clock.Advance(2 * time.Minute) // its worker died
			again := 0
			for _, w := range claim() {
				if w.System == "files" {
					if again++; w.ID != one.ID {
						b.t.Errorf("%s goes before %s, which may have begun", w.ID, one.ID)
					}
				}
			}
			if again != 1 {
				b.t.Fatalf("%d claimed after the lease", again)
			}
			b.clock.Advance(2 * time.Minute)
		}
	})
}

func TestALeaseDoesNotOutlastAClockThatIsSetBack(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		b.works(3, "billing", noon)
		b.clock.Advance(2 * time.Hour) // it was wrong
		if n := len(b.claim(2, 2)); n != 2 {
			b.t.Fatalf("%d claimed", n)
		}
		if mine, err := b.Lease(ctx, "sequencer", "one", 10*time.Second); !mine || err != nil {
			b.t.Fatal(mine, err)
		}
		b.clock.Advance(-2 * time.Hour)
		again := b.claim(3, 3)
		if len(again) != 3 {
			b.t.Errorf("%d of 3 claimed after the clock was set back", len(again))
		}
		if mine, err := b.Lease(ctx, "sequencer", "two", 10*time.Second); !mine || err != nil {
			b.t.Errorf("the sequencer's lease outlasts its clock: %v %v", mine, err)
		}
		if n := len(b.claim(3, 3)); n != 0 {
			b.t.Errorf("%d of them claimed twice", n)
		}
	})
}

// What failed by a clock that was wrong is tried again by the one that is right,
// and what waits by the right one goes on waiting.
func TestABackOffDoesNotOutlastAClockThatIsSetBack(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		b.works(2, "billing", noon)
		fail := func() {
			w := b.claim(1, 1)[0]
			b.tx(func(tx app.Tx) error {
				w.State, w.Tries, w.FailedAt, w.RetryAt = offboarding.WorkReady, 1, tx.Wall(), tx.Wall().Add(time.Minute)
				ok, err := tx.SaveWork(ctx, w)
				if !ok {
					b.t.Error("not saved")
				}
				return err
			})
		}
		recalled := func() (n int) {
			b.tx(func(tx app.Tx) (err error) { n, err = tx.RecallWorks(ctx); return err })
			return n
		}
		b.clock.Advance(2 * time.Hour) // it was wrong
		fail()
		if n := recalled(); n != 0 {
			b.t.Errorf("%d recalled by the clock that told them", n)
		}
		b.clock.Advance(-2 * time.Hour)
		fail()
		if n := len(b.claim(2, 2)); n != 0 {
			b.t.Errorf("%d claimed before anybody met the clock", n)
		}
		if n := recalled(); n != 1 {
			b.t.Errorf("%d recalled", n)
		}
		if n := len(b.claim(2, 2)); n != 1 {
			b.t.Errorf("%d claimed afterwards", n)
		}
	})
}

func TestALateResultIsNotStored(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		b.works(1, "billing", noon)
		first := b.claim(1, 1)[0]
		b.clock.Advance(2 * time.Minute)
		second := b.claim(1, 1)[0]
		first.State, second.State = offboarding.WorkFailed, offboarding.WorkDone
		b.tx(func(tx app.Tx) error {
			if mine, err := tx.Heartbeat(ctx, first.ID, first.Attempt, time.Minute); mine || err != nil {
				b.t.Errorf("the first worker still beats: %v %v", mine, err)
			}
			if ok, err := tx.PutWork(ctx, second); ok || err != nil {
				b.t.Errorf("a person decided over a running work: %v %v", ok, err)
			}
			if ok, err := tx.SaveWork(ctx, first); ok || err != nil {
				b.t.Errorf("the late result got in: %v %v", ok, err)
			}
			ok, err := tx.SaveWork(ctx, second)
			if !ok {
				b.t.Error("the good result did not get in")
			}
			return err
		})
	})
}

func TestTimersFollowBusinessTimeAndBackOffWallTime(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		b.works(1, "billing", noon.Add(24*time.Hour))
		if n := len(b.claim(1, 1)); n != 0 {
			b.t.Error("claimed before its time")
		}
		b.tx(func(tx app.Tx) error {
			next, err := tx.NextTimer(ctx)
			if !next.Equal(noon.Add(24 * time.Hour)) {
				b.t.Errorf("next timer %v", next)
			}
			if err != nil {
				return err
			}
			return tx.PutSetting(ctx, app.OffsetSetting, fmt.Sprint((25 * time.Hour).Microseconds()))
		})
		w := b.claim(1, 1)[0]
		w.State, w.RetryAt = offboarding.WorkReady, noon.Add(time.Minute)
		b.tx(func(tx app.Tx) error { _, err := tx.SaveWork(ctx, w); return err })
		if n := len(b.claim(1, 1)); n != 0 {
			b.t.Error("a push of business time skipped the back-off")
		}
		b.clock.Advance(time.Minute)
		if n := len(b.claim(1, 1)); n != 1 {
			b.t.Error("not claimed after the back-off")
		}
	})
}

func TestWorksOfAPausedCaseStay(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		cus := aCustomer("Ana", "R-1")
		sub := aSubscription(cus.ID, "S-1")
		b.tx(func(tx app.Tx) error {
			if _, err := tx.InsertCustomers(ctx, app.FoundCustomer{Customer: cus}); err != nil {
				return err
			}
			if _, err := tx.InsertSubscriptions(ctx, sub); err != nil {
				return err
			}
			c, err := b.aCase(tx, sub)
			if err != nil {
				return err
			}
			p, err := tx.FindPlan(ctx, c)
			if err != nil {
				return err
			}
			p.Case.Paused = true
			if err := tx.SavePlan(ctx, &p); err != nil {
				return err
			}
			return tx.InsertWork(ctx, offboarding.Work{ID: "work_1", Case: c, System: "billing", Key: "k", State: offboarding.WorkReady, RunAt: noon})
		})
		if n := len(b.claim(1, 1)); n != 0 {
			b.t.Error("a work of a paused case was claimed")
		}
		b.tx(func(tx app.Tx) error {
			n, err := tx.Busy(ctx)
			if n != 0 {
				b.t.Error("a work that rests is counted as busy: the clock could not be pushed")
			}
			return err
		})
	})
}

func BenchmarkClaim(b *testing.B) {
	s := openBench(b)
	for b.Loop() {
		err := s.Tx(b.Context(), func(tx app.Tx) error {
			_, err := tx.Claim(b.Context(), app.ClaimInput{Worker: "w", Limit: 8, PerSystem: 1 << 30, Lease: time.Nanosecond})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit is the baseline: one row inserted and committed.
func BenchmarkCommit(b *testing.B) {
	s := openBench(b)
	for b.Loop() {
		if err := s.Tx(b.Context(), func(tx app.Tx) error { return tx.PutSetting(b.Context(), id.New("k"), "v") }); err != nil {
			b.Fatal(err)
		}
	}
}
