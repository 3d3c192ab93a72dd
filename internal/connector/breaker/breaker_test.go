package breaker_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/breaker"
	"hastaluego/internal/fault"
)

// far is a system whose next answers are set.
type far struct {
	connector.Billing
	err    error
	calls  int
	inside chan struct{} // when set, reading says here that it began,
	leave  chan struct{} // and waits here
}

func (f *far) ReadSubscription(context.Context, string) (connector.SubscriptionState, error) {
	f.calls++
	if f.inside != nil {
		close(f.inside)
		<-f.leave
	}
	return connector.SubscriptionState{}, f.err
}

type world struct {
	*far
	set  *breaker.Set
	sys  connector.System
	wall time.Time
}

func newWorld() *world {
	w := &world{far: &far{}, wall: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	w.set = breaker.New(breaker.Options{Failures: 3, Wait: 10 * time.Second, Longest: 40 * time.Second, Patience: 5 * time.Minute, Wall: func() time.Time { return w.wall }})
	w.sys = w.set.Watch(connector.System{Name: "billing", Billing: w.far})
	return w
}

func (w *world) read(t interface {
	Helper()
	Context() context.Context
},
) error {
	t.Helper()
	_, err := w.sys.Billing.ReadSubscription(t.Context(), "1")
	return err
}

var (
	dead  = fault.New(fault.Transient, "connector.unreachable")
	busy  = &fault.Error{Kind: fault.Transient, Code: "connector.busy", RetryAfter: time.Minute}
	said  = fault.New(fault.Invalid, "connector.refused")
	doubt = fault.New(fault.Uncertain, "connector.uncertain")
	late  = fault.New(fault.Transient, "connector.not_sent")
)

func (w *world) failing(t *testing.T, err error, times int) {
	t.Helper()
	w.err = err
	for range times {
		got := w.read(t)
		if fault.CodeOf(got) != fault.CodeOf(err) && (fault.CodeOf(got) != connector.Held || len(w.set.Broken()) == 0) {
			t.Fatalf("got %v, want %v", got, err)
		}
	}
}

func TestASystemThatDoesNotAnswerIsLeftAloneUntilItDoes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.failing(t, dead, 2)
	w.failing(t, doubt, 1) // a lost answer is no answer
	for wait := range []int{10, 20, 40, 40} {
		calls := w.calls
		err := w.read(t)
		f, _ := err.(*fault.Error)
		if fault.CodeOf(err) != connector.Held || f.RetryAfter <= 0 || w.calls != calls {
			t.Fatalf("round %d: %v after %d calls", wait, err, w.calls-calls)
		}
		if b := w.set.Broken(); len(b) != 1 || b[0].System != "billing" || !b[0].Next.After(w.wall) {
			t.Fatalf("broken: %+v", b)
		}
		w.wall = w.set.Broken()[0].Next
		if err := w.read(t); fault.CodeOf(err) != "connector.uncertain" || w.calls != calls+1 {
			t.Fatalf("round %d: the one that is let through: %v", wait, err)
		}
	}
	w.wall = w.set.Broken()[0].Next
	w.err = nil
	for range 3 {
		if err := w.read(t); err != nil {
			t.Fatal(err)
		}
	}
	if b := w.set.Broken(); len(b) != 0 {
		t.Fatalf("still broken: %+v", b)
	}
	w.failing(t, dead, 3)
	if got := w.set.Broken()[0].Next.Sub(w.wall); got != 10*time.Second {
		t.Errorf("after it was well it waits %v", got)
	}
}

func TestWhatIsAnAnswerDoesNotBreakASystem(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"refused": said, "too busy, and says when": busy, "not sent": late, "our clock": fault.New(fault.Transient, "connector.clock"),
		"too long": fault.New(fault.Transient, "connector.too_long"), "unknown": fault.New(fault.NotFound, "connector.unknown_reference"),
	} {
		w := newWorld()
		w.failing(t, err, 20)
		if b := w.set.Broken(); len(b) != 0 {
			t.Errorf("%s: %+v", name, b)
		}
	}
}

// What was not reached only waits; what may have happened is never hidden.
func TestOnlyWhatCertainlyDidNothingWaits(t *testing.T) {
	t.Parallel()
	for _, err := range []error{dead, doubt} {
		w := newWorld()
		w.err = err
		for range 3 {
			_ = w.read(t)
		}
		w.wall = w.wall.Add(time.Minute)
		want := fault.CodeOf(err)
		if want == fault.CodeOf(dead) {
			want = connector.Held
		}
		if got := w.read(t); fault.CodeOf(got) != want || w.calls != 4 {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestOnlyOneTriesAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.failing(t, dead, 3)
	w.wall = w.wall.Add(11 * time.Second)
	w.inside, w.leave = make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	ctx := context.WithoutCancel(t.Context())
	go func() {
		_, err := w.sys.Billing.ReadSubscription(ctx, "1")
		first <- err
	}()
	<-w.inside
	if err := w.read(t); fault.CodeOf(err) != connector.Held {
		t.Errorf("a second one beside it: %v", err)
	}
	close(w.leave)
	if err := <-first; fault.CodeOf(err) != connector.Held || w.calls != 4 {
		t.Errorf("%v after %d calls", err, w.calls)
	}
}

func TestALongOutageCountsAsFailureAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.failing(t, dead, 3)
	w.wall = w.wall.Add(6 * time.Minute)
	if err := w.read(t); fault.CodeOf(err) != "connector.down" {
		t.Errorf("after longer than its patience: %v", err)
	}
}

func TestOtherSystemsAreNotTouched(t *testing.T) {
	t.Parallel()
	w := newWorld()
	other := &far{}
	sys := w.set.Watch(connector.System{Name: "faro", Billing: other})
	w.failing(t, dead, 3)
	if _, err := sys.Billing.ReadSubscription(t.Context(), "1"); err != nil || other.calls != 1 {
		t.Errorf("%v, %d calls", err, other.calls)
	}
}

func TestWhatASystemCannotDoItCannotDoBehindABreaker(t *testing.T) {
	t.Parallel()
	w := newWorld()
	if can := w.sys.Can(); len(can) != 1 || can[0] != connector.CanBilling {
		t.Errorf("%v", can)
	}
}

// Whatever a system answers: it is called whenever it is not broken, at most
// once per wait while it is, and it is broken only after that many failures in
// a row.
func TestABreakerNeverStarvesAndNeverHammers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		row, lastTry := 0, time.Time{}
		for range rapid.IntRange(1, 200).Draw(t, "calls") {
			w.wall = w.wall.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
			w.err = rapid.SampledFrom([]error{nil, dead, doubt, busy, said}).Draw(t, "answer")
			broken, calls := len(w.set.Broken()) == 1, w.calls
			err := w.read(t)
			called := w.calls > calls
			switch {
			case !broken && !called:
				t.Fatal("a system that is well was not called")
			case broken && row < 3:
				t.Fatalf("broken after %d failures", row)
			case broken && called && w.wall.Sub(lastTry) < 10*time.Second:
				t.Fatalf("called again after %v", w.wall.Sub(lastTry))
			case !called && fault.KindOf(err) != fault.Transient:
				t.Fatalf("held with %v", err)
			}
			if !called {
				continue
			}
			if w.err == error(dead) || w.err == error(doubt) {
				row++
			} else {
				row = 0
			}
			lastTry = w.wall
		}
	})
}

// everybody is a system that answers, and asks which of the charges are wanted.
type everybody struct{}

func (everybody) EveryChargeSince(_ context.Context, _ time.Time, pick func([]connector.Charged) ([]bool, error)) ([]connector.ChargedTo, error) {
	if _, err := pick(nil); err != nil {
		return nil, err
	}
	return []connector.ChargedTo{{}}, nil
}

// What our own record fails of while a system is read says nothing of the system.
func TestAFailureOfOursIsNoFailureOfTheSystem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	sys := w.set.Watch(connector.System{Name: "billing", Every: everybody{}})
	broken := fault.New(fault.Transient, "store.unavailable")
	ask := func(err error) (int, error) {
		list, got := sys.Every.EveryChargeSince(t.Context(), w.wall, func([]connector.Charged) ([]bool, error) { return nil, err })
		return len(list), got
	}
	for range 10 {
		if n, err := ask(broken); n != 0 || fault.CodeOf(err) != "store.unavailable" {
			t.Fatal(n, err)
		}
	}
	if out := w.set.Broken(); len(out) > 0 {
		t.Errorf("%+v", out)
	}
	if n, err := ask(nil); n != 1 || err != nil {
		t.Error(n, err)
	}
}
