package engine_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/connector"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// kills in each window on each engine, and over how many cases: make chaos says
// more.
var (
	kills = number("HASTA_CHAOS", 10)
	many  = max(number("HASTA_CHAOS_CASES", 0), len(windows)*kills)
)

func number(env string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(env)); err == nil {
		return n
	}
	return otherwise
}

// killIn kills a worker in the window, again and again, each time at another
// work.
func (s *scene) killIn(window string) {
	s.t.Helper()
	if window == "during" { // the far end takes its time before anything happens there
		s.must(s.billing.SetFaults(s.t.Context(), peer.Faults{DelayBefore: 400}))
	}
	for range min(kills, len(s.cases)) {
		w := s.start(window)
		w.wait("holding")
		if window == "during" {
			time.Sleep(100 * time.Millisecond) // the request is on its way
		}
		w.kill()
	}
	s.must(s.billing.SetFaults(s.t.Context(), peer.Faults{}))
}

var windows = []string{"before", "during", "after"}

func TestKilledAnywhereAFarEndThatHonoursKeysAppliesOncePerItem(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := setScene(t, e.URL, many, connector.Keyed, true)
		for _, window := range windows {
			s.killIn(window)
		}
		s.end()
		t.Logf("chaos: %s: %d kills in each of %v over %d departures", e.Name, kills, windows, len(s.cases))
	})
}

func TestKilledAnywhereAFarEndThatIgnoresKeysAppliesAtMostOnceAndAPersonIsAsked(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		for _, window := range windows {
			t.Run(window, func(t *testing.T) {
				s := setScene(t, e.AnotherMigrated(t).URL, min(kills, 25), connector.Ask, false)
				s.killIn(window)
				s.start("")
				s.until("all uncertain or verified", func(w offboarding.Work) bool {
					return w.State == offboarding.WorkUncertain || w.State == offboarding.WorkVerified
				})
				uncertain := 0
				for ref := range s.cases {
					w, st := s.work(ref)
					if n := s.effects(ref); n > 1 {
						t.Errorf("%s: applied %d times", ref, n)
					}
					if w.State == offboarding.WorkUncertain {
						uncertain++
						if st != offboarding.StepBlocked {
							t.Errorf("%s: nobody is asked: step is %s", ref, st)
						}
						s.settle(ref, w)
					}
				}
				if uncertain == 0 {
					t.Error("no kill left a work in doubt: the window was never hit")
				}
				s.untilDecided("all verified once a person decided")
				for ref := range s.cases {
					if n := s.effects(ref); n != 1 {
						t.Errorf("%s: applied %d times in the end", ref, n)
					}
				}
			})
		}
	})
}

// end lets every departure come to its end, business time included, and expects
// that each did once what it was to do and that the log is whole.
func (s *scene) end() {
	s.t.Helper()
	w := s.start("")
	s.until("all verified", func(w offboarding.Work) bool { return w.State == offboarding.WorkVerified })
	s.pushUntilClosed()
	for end := time.Now().Add(s.patience()); s.pending() > 0 && time.Now().Before(end); { // a killed sequencer's lease may last a while
		time.Sleep(50 * time.Millisecond)
	}
	w.signal(syscall.SIGTERM)
	if err := w.cmd.Wait(); err != nil {
		s.t.Errorf("the worker: %v", err)
	}
	all, err := s.billing.Effects(s.t.Context(), "")
	s.must(err)
	effects := map[string]int{}
	for _, e := range all {
		effects[e.Reference]++
	}
	for ref, c := range s.cases {
		if n := effects[ref]; n != 1 {
			s.t.Errorf("%s: applied %d times", ref, n)
		}
		if n := s.logged(ref, "work.done"); n != 1 {
			s.t.Errorf("%s: done %d times in the log", ref, n)
		}
		var works []offboarding.Work
		s.must(s.store.View(s.t.Context(), func(tx app.Tx) (err error) { works, err = tx.WorksOf(s.t.Context(), c); return err }))
		for _, w := range works {
			if w.State == offboarding.WorkReady || w.State == offboarding.WorkRunning {
				s.t.Errorf("%s: %s is over and its work %s %s is %s", ref, c, w.Kind, w.Item, w.State)
			}
		}
	}
	s.verifyLog()
}

// pushUntilClosed moves business time, far end first, until every case is
// closed. It is patient with a slow machine, as long as time moves on.
func (s *scene) pushUntilClosed() {
	s.t.Helper()
	ctx := s.t.Context()
	var furthest time.Time
	for end := time.Now().Add(s.patience()); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if s.closed() == len(s.cases) {
			return
		}
		next, err := s.app.NextTimer(ctx)
		s.must(err)
		if next.IsZero() {
			continue
		}
		if next.After(furthest) {
			furthest, end = next, time.Now().Add(s.patience())
		}
		s.must(s.billing.SetClock(ctx, next))
		if err := s.app.PushClock(ctx, "", next); err != nil && fault.CodeOf(err) != "clock.not_quiet" {
			s.t.Fatal(err)
		}
	}
	for ref, c := range s.cases {
		v, err := s.app.OpenCase(ctx, everybody, c)
		s.must(err)
		if v.Plan.Case.State == offboarding.CaseClosed {
			continue
		}
		for _, st := range v.Plan.Steps {
			s.t.Logf("%s: %s: step %s is %s", ref, v.Plan.Case.State, st.Key, st.State)
		}
		for _, w := range v.Works {
			s.t.Logf("%s: work %s %s %s/%s attempt %d tries %d %s, runs at %s, again at %s", ref, w.Kind, w.Item, w.Phase, w.State, w.Attempt, w.Tries, w.LastError, w.RunAt, w.RetryAt)
		}
	}
	s.t.Fatalf("%d of %d cases closed", s.closed(), len(s.cases))
}

func (s *scene) closed() (n int) {
	s.t.Helper()
	s.must(s.store.View(s.t.Context(), func(tx app.Tx) (err error) {
		_, n, err = tx.ListCases(s.t.Context(), app.CaseFilter{State: offboarding.CaseClosed, Limit: 1})
		return err
	}))
	return n
}

// pending counts entries of the log that have no place yet.
func (s *scene) pending() int64 {
	s.t.Helper()
	src, err := s.store.AuditSource(s.t.Context())
	s.must(err)
	defer src.Close()
	n, err := src.Tally(s.t.Context())
	s.must(err)
	return int64(n.Pending)
}

// verifyLog re-derives the log, of which every entry has its place by now.
func (s *scene) verifyLog() {
	s.t.Helper()
	ctx := s.t.Context()
	src, err := s.store.AuditSource(ctx)
	s.must(err)
	defer src.Close()
	n, err := src.Tally(ctx)
	s.must(err)
	external, err := s.keys.ReadCheckpoints()
	s.must(err)
	_, wall, err := s.app.Now(ctx)
	s.must(err)
	rep, err := audit.Verify(ctx, src, audit.Options{Verifiers: s.keys.LogVerifiers(), External: external, Opener: s.keys, Now: wall, Grace: time.Minute})
	s.must(err)
	if !rep.OK() || n.Pending > 0 {
		s.t.Errorf("the log: %d entries without a place, %v", n.Pending, rep.Findings)
	}
}

// refOf is the reference of the subscription whose case it is.
func (s *scene) refOf(c offboarding.CaseID) string {
	for ref, id := range s.cases {
		if id == c {
			return ref
		}
	}
	s.t.Fatalf("%s is no case of this scene", c)
	return ""
}

// settle is what a person does with an uncertain work: looks at the far system
// herself, and says "read it back" or "call it again".
func (s *scene) settle(ref string, w offboarding.Work) {
	s.t.Helper()
	decision := "again"
	if s.effects(ref) == 1 {
		decision = "look"
	}
	s.must(s.app.DecideWork(s.t.Context(), everybody, app.DecideInput{Work: w.ID, Decision: decision, Evidence: "mirado en el sistema"}))
}

// untilDecided waits until every work is verified, while a person settles what
// is in doubt: a machine that is too slow for the lease leaves doubts of its own.
func (s *scene) untilDecided(what string) {
	s.t.Helper()
	s.until(what, func(w offboarding.Work) bool {
		if w.State == offboarding.WorkUncertain {
			s.settle(s.refOf(w.Case), w)
		}
		return w.State == offboarding.WorkVerified
	})
}

// A worker that is asked to end hands back at once what it only looked at, and
// records the call that is under way: nothing waits for a lease.
func TestAWorkerThatIsAskedToEndLeavesNothingToItsLease(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := setScene(t, e.URL, 2, connector.Ask, false)
		w := s.start("stop")
		if strings.HasPrefix(w.wait("looking", "calling"), "looking") {
			w.wait("calling")
		} else {
			w.wait("looking")
		}
		w.signal(syscall.SIGTERM)
		if err := w.cmd.Wait(); err != nil {
			t.Fatalf("the worker: %v", err)
		}
		called, _ := s.work("C-00")
		if called.State == offboarding.WorkRunning || called.DoneAt.IsZero() || s.effects("C-00") != 1 {
			t.Errorf("the call under way is %s, done %v, applied %d times", called.State, called.DoneAt, s.effects("C-00"))
		}
		looked, _ := s.work("C-01")
		if looked.State != offboarding.WorkReady || looked.Tries != 0 || s.effects("C-01") != 0 {
			t.Errorf("what was only looked at is %s, attempt %d, tries %d", looked.State, looked.Attempt, looked.Tries)
		}
		s.start("")
		s.untilDecided("all verified")
		for ref := range s.cases {
			if n := s.effects(ref); n != 1 {
				t.Errorf("%s: applied %d times", ref, n)
			}
		}
	})
}

// However the clock of the machine jumps between two crashes, what the crashed
// worker had is taken over, and nothing happens twice.
func TestAClockThatJumpsFreezesNothing(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := setScene(t, e.URL, 6, connector.Keyed, true)
		for _, skews := range [][2]string{{"2h", "-2h"}, {"1h", "-30m"}, {"0s", "48h"}} {
			w := s.start("after", "WORKER_SKEW="+skews[0])
			ref := strings.Fields(w.wait("holding"))[1]
			w.kill()
			w = s.start("", "WORKER_SKEW="+skews[1]) // its lease, of another time, holds nobody up
			for end := time.Now().Add(s.patience()); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				if w, _ := s.work(ref); w.State == offboarding.WorkVerified {
					break
				}
			}
			if w, _ := s.work(ref); w.State != offboarding.WorkVerified {
				t.Errorf("set from %s to %s: %s is still %s", skews[0], skews[1], ref, w.State)
			}
			w.kill()
		}
		s.end()
	})
}

func TestAStoppedWorkersLateResultIsThrownAway(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := setScene(t, e.URL, 1, connector.Keyed, true)
		zombie := s.start("after")
		zombie.wait("holding")
		s.freeze(zombie)
		time.Sleep(lease + 200*time.Millisecond)
		s.start("")
		s.until("the second worker finished", func(w offboarding.Work) bool { return w.State == offboarding.WorkVerified })
		zombie.signal(syscall.SIGCONT)
		zombie.wait("thrown away", "worked")
		w, _ := s.work("C-00")
		if n := s.logged("C-00", "work.done"); n != 1 || w.State != offboarding.WorkVerified || w.Phase != offboarding.Verify {
			t.Errorf("recorded twice: %d entries of work.done, the work is %s/%s", n, w.Phase, w.State)
		}
		if n := s.effects("C-00"); n != 1 {
			t.Errorf("applied %d times", n)
		}
	})
}

func TestAStoppedWorkerDoesNotCallAfterItsLease(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := setScene(t, e.URL, 1, connector.Ask, false)
		zombie := s.start("before")
		zombie.wait("holding")
		s.freeze(zombie)
		time.Sleep(lease + 200*time.Millisecond)
		s.start("")
		s.until("a person is asked", func(w offboarding.Work) bool { return w.State == offboarding.WorkUncertain })
		zombie.signal(syscall.SIGCONT)
		zombie.wait("thrown away", "worked")
		if n := s.effects("C-00"); n > 1 {
			t.Errorf("applied %d times", n)
		}
		if w, _ := s.work("C-00"); w.State != offboarding.WorkUncertain {
			t.Errorf("the work is %s", w.State)
		}
	})
}

// The fence is what the test above sees: built without it, that test must fail.
func TestWithoutTheFenceTheLateResultGetsIn(t *testing.T) {
	t.Parallel()
	if noFence {
		return // this is the build without it
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-tags", "nofence", "-count=1", "-run", "^TestAStoppedWorkersLateResultIsThrownAway$", ".")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "recorded twice") {
		t.Errorf("without the fence the test should fail with “recorded twice”: %v\n%s", err, out)
	}
}
