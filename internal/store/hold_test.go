package store_test

import (
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

// What is held back is given to no worker, also not what a worker left behind;
// what is done in the house goes on unless everything is held. Nothing is lost.
func TestWhatIsHeldBackIsNotClaimed(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		b.works(2, "billing", noon)
		left := b.claim(10, 4) // and its worker goes
		b.works(2, "billing", noon)
		b.works(3, "mail", noon)
		b.works(1, app.WebhookSystem+"1", noon)
		b.works(4, "house", noon)
		b.clock.Advance(time.Hour)
		hold := func(what app.Held) {
			b.tx(func(tx app.Tx) error { return tx.PutSetting(ctx, app.HoldSetting, string(what)) })
		}
		waiting := func() (held, busy int) {
			b.tx(func(tx app.Tx) (err error) {
				if held, err = tx.HeldWorks(ctx, 100); err != nil {
					return err
				}
				busy, err = tx.Busy(ctx)
				return err
			})
			return held, busy
		}
		hooks := func() (list []offboarding.Work) {
			b.tx(func(tx app.Tx) (err error) {
				list, err = tx.Claim(ctx, app.ClaimInput{Worker: "w", Limit: 10, PerSystem: 10, Lease: time.Minute, Webhooks: true})
				return err
			})
			return list
		}
		hold(app.HoldAll)
		if got := b.claim(20, 20); len(got) != 0 {
			b.t.Errorf("everything is held, and %d were claimed", len(got))
		}
		if held, _ := waiting(); held != 10 {
			b.t.Errorf("%d held back", held)
		}
		hold(app.HoldOutside)
		for _, w := range append(b.claim(20, 20), hooks()...) {
			if w.System != "house" {
				b.t.Errorf("a work of %s left the house", w.System)
			}
		}
		if held, busy := waiting(); held != 6 || busy != 4+len(left) {
			b.t.Errorf("%d held, %d busy", held, busy)
		}
		hold(app.HoldNothing)
		if got := append(b.claim(20, 20), hooks()...); len(got) != 6+len(left) {
			b.t.Errorf("let go, and %d were claimed", len(got))
		}
		if held, _ := waiting(); held != 0 {
			b.t.Errorf("%d held back by nothing", held)
		}
	})
}

// Many who write results of one case at the same moment come one after the
// other: none of them writes in vain.
func TestWhoHoldsACaseIsNotOutrun(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		var c offboarding.CaseID
		b.tx(func(tx app.Tx) (err error) {
			cus := aCustomer("Ana", "R-1")
			sub := aSubscription(cus.ID, "S-1")
			if _, err = tx.InsertCustomers(ctx, app.FoundCustomer{Customer: cus}); err != nil {
				return err
			}
			if _, err = tx.InsertSubscriptions(ctx, sub); err != nil {
				return err
			}
			c, err = b.aCase(tx, sub)
			return err
		})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 5 {
					err := b.Tx(ctx, func(tx app.Tx) error {
						if err := tx.HoldCase(ctx, c); err != nil {
							return err
						}
						p, err := tx.FindPlan(ctx, c)
						if err != nil {
							return err
						}
						time.Sleep(time.Millisecond) // as long as a result takes
						p.Steps[0].Items[0].Ticked = !p.Steps[0].Items[0].Ticked
						p.Case.Paused = !p.Case.Paused
						return tx.SavePlan(ctx, &p)
					})
					if err != nil {
						b.t.Error(err)
					}
				}
			})
		}
		all.Wait()
	})
}
