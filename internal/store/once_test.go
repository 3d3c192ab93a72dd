package store_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/id"
)

// Whoever took over from an attempt that was too slow is the only one that may
// answer.
func TestAnAttemptThatWasReplacedCannotAnswer(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx, key := b.t.Context(), id.New("key")
		row := func(holder string) app.OnceRow {
			return app.OnceRow{
				Key: key, NameHash: "n", Hash: "h", Holder: holder, HeldUntil: b.clock.Wall().Add(time.Minute),
				ExpiresAt: b.clock.Wall().Add(time.Hour), Answer: []byte("told"), SealedBy: "key",
			}
		}
		is := func(what string, want bool, do func(app.Tx) (bool, error)) {
			b.t.Helper()
			b.tx(func(tx app.Tx) error {
				got, err := do(tx)
				if got != want {
					b.t.Errorf("%s: %v", what, got)
				}
				return err
			})
		}
		b.tx(func(tx app.Tx) error { return tx.InsertAPIKey(ctx, app.APIKey{ID: key, Name: "erp"}) })
		slow, fast := row("slow"), row("fast")
		is("the first holds it", true, func(tx app.Tx) (bool, error) { return tx.HoldOnce(ctx, slow) })
		is("a second does not", false, func(tx app.Tx) (bool, error) { return tx.HoldOnce(ctx, fast) })
		b.clock.Advance(time.Minute)
		fast = row("fast")
		is("but later it does", true, func(tx app.Tx) (bool, error) { return tx.HoldOnce(ctx, fast) })
		is("the slow one answers", false, func(tx app.Tx) (bool, error) { return tx.AnswerOnce(ctx, slow) })
		b.tx(func(tx app.Tx) error { return tx.DropOnce(ctx, slow) })
		is("the fast one answers", true, func(tx app.Tx) (bool, error) { return tx.AnswerOnce(ctx, fast) })
		b.clock.Advance(2 * time.Minute)
		is("what was answered is taken", false, func(tx app.Tx) (bool, error) { return tx.HoldOnce(ctx, row("late")) })
		b.tx(func(tx app.Tx) error { return tx.DropOnce(ctx, fast) })
		b.tx(func(tx app.Tx) error {
			r, err := tx.FindOnce(ctx, key, "n")
			if string(r.Answer) != "told" || r.Holder != "fast" {
				b.t.Errorf("kept %+v", r)
			}
			return err
		})
		b.clock.Advance(time.Hour)
		is("and free when it is old", true, func(tx app.Tx) (bool, error) { return tx.HoldOnce(ctx, row("new")) })
	})
}
