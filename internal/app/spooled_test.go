package app_test

import (
	"fmt"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/id"
	"hastaluego/internal/testkit"
)

// What was taken down elsewhere is registered once, under the code and with the
// instant that its customer was told, with each call of the database failing in
// turn, the answer to a commit lost included. What the page itself registered
// under the same nonce is that request. What can never be registered is told
// apart from what may be later.
func TestWhatWasTakenDownElsewhereIsRegisteredOnceWithItsOwnTime(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		driver, faults := testkit.FailingDriver(t, e)
		o, ctx := newOffice(t, e, driver), t.Context()
		at := o.clock.Wall().Add(-26 * time.Hour)
		for n := 1; ; n++ {
			in := app.ExitInput{AccountEmail: fmt.Sprintf("ana%d@x.example", n), Language: "es", Nonce: id.Token()}
			faults.Nth(n)
			_, _, err := o.RegisterSpooled(ctx, in, at)
			fired := faults.Stop()
			for try := 0; err != nil; try++ {
				if try == 3 {
					t.Fatalf("with call %d failing: %v", n, err)
				}
				_, _, err = o.RegisterSpooled(ctx, in, at)
			}
			r, fresh, err := o.RegisterSpooled(ctx, in, at.Add(time.Hour))
			must(t, err)
			if got := o.requests(t); got != n || fresh || !r.ReceivedAt.Equal(at) || r.Code != id.CodeFor(in.Nonce) {
				t.Fatalf("with call %d failing: %d requests, %v, received at %s with %s", n, got, fresh, r.ReceivedAt, r.Code)
			}
			paper, err := o.Acknowledged(ctx, r.Code, "es")
			must(t, err)
			if !paper.At.Equal(at) {
				t.Errorf("the acknowledgement says %s", paper.At)
			}
			if !fired {
				if n < 5 {
					t.Errorf("only %d calls failed", n-1)
				}
				break
			}
		}
		in := app.ExitInput{AccountEmail: "eva@x.example", Language: "es", Nonce: id.Token()}
		here, err := o.RequestExit(ctx, in)
		must(t, err)
		there, fresh, err := o.RegisterSpooled(ctx, in, at)
		must(t, err)
		if fresh || there.ID != here.ID || here.Code != id.CodeFor(in.Nonce) || !there.ReceivedAt.Equal(here.ReceivedAt) {
			t.Errorf("%v, %s and %s, %s", fresh, here.ID, there.ID, here.Code)
		}
		_, _, err = o.RegisterSpooled(ctx, app.ExitInput{AccountEmail: "eva@", Language: "es", Nonce: id.Token()}, at)
		code(t, err, "field.email")
		_, _, err = o.RegisterSpooled(ctx, app.ExitInput{AccountEmail: "eva@x.example", Language: "es", Nonce: id.Token()}, o.clock.Wall().Add(48*time.Hour))
		code(t, err, "spool.unreadable")
		_, _, err = o.RegisterSpooled(ctx, app.ExitInput{AccountEmail: "eva@x.example", Language: "es"}, at)
		code(t, err, "spool.unreadable")

		// Somebody else's number with the same code: what the page takes gets another
		// code, what its customer was told already goes to a person.
		taken := id.Token()
		must(t, o.store.Tx(ctx, func(tx app.Tx) error {
			r, err := app.ReadExit(app.ExitInput{AccountEmail: "luz@x.example", Language: "es", Nonce: id.Token()})
			if err != nil {
				return err
			}
			r.Code, r.ReceivedAt = id.CodeFor(taken), tx.Now()
			_, _, err = tx.InsertRequest(ctx, r)
			return err
		}))
		_, _, err = o.RegisterSpooled(ctx, app.ExitInput{AccountEmail: "eva@x.example", Language: "es", Nonce: taken}, at)
		code(t, err, "request.code_taken")
		r, err := o.RequestExit(ctx, app.ExitInput{AccountEmail: "eva@x.example", Language: "es", Nonce: taken})
		must(t, err)
		if r.Code == id.CodeFor(taken) || r.Nonce != taken {
			t.Errorf("%s is of two", r.Code)
		}
	})
}
