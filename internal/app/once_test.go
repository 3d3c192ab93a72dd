package app_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/seal"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// office is a house where nothing happens by itself, with a clock that stands
// still.
type office struct {
	*app.App
	store *store.Store
	keys  *seal.Keys
	clock *when.Manual
	key   app.APIKey
}

func newOffice(t *testing.T, e testkit.Engine, driver string) *office {
	t.Helper()
	ctx := t.Context()
	o := &office{clock: when.NewManual(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))}
	var err error
	o.store, err = store.Open(ctx, store.Config{URL: e.URL, Driver: cmp.Or(driver, e.Driver), Clock: o.clock})
	must(t, err)
	must(t, o.store.Migrate(ctx))
	o.keys, err = seal.OpenKeys(ctx, filepath.Join(t.TempDir(), "keys"), "")
	must(t, err)
	t.Cleanup(func() { _, _ = o.store.Close(), o.keys.Close() })
	o.App = app.New(app.Config{Store: o.store, Keys: o.keys, Company: app.Company{Name: "Faro", Zone: time.UTC, Language: "es"}})
	o.key, _, err = o.MakeKey(ctx, app.Actor{}, app.KeyInput{Name: "erp", Scopes: []string{"requests:write", "cases:read"}})
	must(t, err)
	return o
}

func (o *office) requests(t *testing.T) int {
	t.Helper()
	list, _, err := o.PageRequests(t.Context(), agent, "", app.Place{Limit: 1000})
	must(t, err)
	return len(list)
}

func (o *office) ticket(name string) app.Ticket {
	return app.Ticket{Key: o.key.ID, Name: name, Hash: "what is asked"}
}

// seen is what is kept of what a ticket asks for.
func (o *office) seen(t app.Ticket) string {
	mac := hmac.New(sha256.New, o.keys.HMACKey("once"))
	mac.Write([]byte(t.Hash))
	return hex.EncodeToString(mac.Sum(nil))
}

// register is an act that nothing but Once keeps from happening twice.
func (o *office) register(ctx context.Context) (app.Reply, error) {
	r, err := o.RequestExit(ctx, app.ExitInput{Name: "Marta", AccountEmail: firstMail, Language: "es"})
	return app.Reply{Status: 201, Header: map[string]string{"Location": "/v1/requests/" + string(r.ID)}, Body: []byte(r.Code)}, err
}

func TestAnActHappensOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		o, ctx := newOffice(t, e, ""), t.Context()
		first, again, err := o.Once(ctx, o.ticket("one"), o.register)
		must(t, err)
		if again || o.requests(t) != 1 {
			t.Fatalf("again %v, %d requests", again, o.requests(t))
		}
		o.clock.Advance(29 * 24 * time.Hour)
		second, again, err := o.Once(ctx, o.ticket("one"), o.register)
		must(t, err)
		if !again || string(second.Body) != string(first.Body) || second.Status != first.Status || second.Header["Location"] != first.Header["Location"] {
			t.Errorf("was told %v, then %v (%v)", first, second, again)
		}
		other := o.ticket("one")
		other.Hash = "something else"
		_, _, err = o.Once(ctx, other, o.register)
		code(t, err, "once.other")
		neighbour, _, err := o.MakeKey(ctx, app.Actor{}, app.KeyInput{Name: "crm", Scopes: []string{"requests:write"}})
		must(t, err)
		_, again, err = o.Once(ctx, app.Ticket{Key: neighbour.ID, Name: "one", Hash: "what is asked"}, o.register)
		must(t, err)
		if n := o.requests(t); again || n != 2 {
			t.Errorf("the same name of another key: again %v, %d requests", again, n)
		}
		o.clock.Advance(2 * 24 * time.Hour)
		_, again, err = o.Once(ctx, o.ticket("one"), o.register)
		must(t, err)
		if n := o.requests(t); again || n != 3 {
			t.Errorf("after 31 days: again %v, %d requests", again, n)
		}
	})
}

func TestWhatIsSentAtOnceHappensOnce(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		o, ctx := newOffice(t, e, ""), t.Context()
		var wg sync.WaitGroup
		var mu sync.Mutex
		told := map[string]int{}
		for range 16 {
			wg.Go(func() {
				out, _, err := o.Once(ctx, o.ticket("crowd"), o.register)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					told[fault.CodeOf(err)]++
				} else {
					told[string(out.Body)]++
				}
			})
		}
		wg.Wait()
		if n := o.requests(t); n != 1 {
			t.Errorf("%d requests", n)
		}
		answers := len(told)
		if told["once.in_flight"] > 0 {
			answers--
		}
		if answers != 1 {
			t.Errorf("was told %v", told)
		}
	})
}

func TestAnAttemptThatIsGoneIsWaitedForAndThenReplaced(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		o, ctx := newOffice(t, e, ""), t.Context()
		// The process died after it took the act and before it did anything.
		act := o.ticket("gone")
		must(t, o.store.Tx(ctx, func(tx app.Tx) error {
			_, err := tx.HoldOnce(ctx, app.OnceRow{
				Key: act.Key, NameHash: hash(act.Name), Hash: o.seen(act), Holder: "try_dead",
				HeldUntil: tx.Wall().Add(2 * time.Minute), ExpiresAt: tx.Wall().Add(time.Hour),
			})
			return err
		}))
		_, _, err := o.Once(ctx, act, o.register)
		code(t, err, "once.in_flight")
		if n := o.requests(t); n != 0 {
			t.Fatalf("%d requests", n)
		}
		o.clock.Advance(2*time.Minute + time.Second)
		_, again, err := o.Once(ctx, act, o.register)
		must(t, err)
		if n := o.requests(t); again || n != 1 {
			t.Errorf("again %v, %d requests", again, n)
		}
	})
}

func TestWhatFailsLeavesNothingAndMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		o, ctx := newOffice(t, e, ""), t.Context()
		_, _, err := o.Once(ctx, o.ticket("fails"), func(ctx context.Context) (app.Reply, error) {
			if _, err := o.register(ctx); err != nil {
				return app.Reply{}, err
			}
			return app.Reply{}, fault.New(fault.Blocked, "case.paused")
		})
		code(t, err, "case.paused")
		if n := o.requests(t); n != 0 {
			t.Fatalf("%d requests of what failed", n)
		}
		different := o.ticket("fails")
		different.Hash = "put right"
		_, again, err := o.Once(ctx, different, o.register)
		must(t, err)
		if n := o.requests(t); again || n != 1 {
			t.Errorf("again %v, %d requests", again, n)
		}
	})
}

// With each call of the database failing in turn, the answer to a commit lost
// included, whoever sends the same again until they are told has it once.
func TestNoFailureOfTheDatabaseMakesAnActHappenTwice(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		driver, faults := testkit.FailingDriver(t, e)
		o, ctx := newOffice(t, e, driver), t.Context()
		for n := 1; ; n++ {
			act := o.ticket(fmt.Sprint("act ", n))
			faults.Nth(n)
			_, _, err := o.Once(ctx, act, o.register)
			fired := faults.Stop()
			for try := 0; err != nil; try++ {
				if try == 3 {
					t.Fatalf("with call %d failing: %v", n, err)
				}
				o.clock.Advance(3 * time.Minute)
				_, _, err = o.Once(ctx, act, o.register)
			}
			if got := o.requests(t); got != n {
				t.Fatalf("with call %d failing it happened %d times", n, got-n+1)
			}
			if !fired {
				if n < 10 {
					t.Errorf("only %d calls", n)
				}
				return
			}
		}
	})
}
