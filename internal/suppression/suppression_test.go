package suppression_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/suppression"
)

func TestSilenceHoldsFromAskingToLifting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s suppression.Silence
		now, want := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC), false
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			now = now.Add(time.Minute)
			ask := rapid.Bool().Draw(t, "ask")
			changed := false
			if ask {
				changed = s.Ask(now)
			} else {
				changed = s.Lift(now)
			}
			if changed != (ask != want) {
				t.Fatalf("asked %v of %v: changed %v", ask, want, changed)
			}
			if want = ask; s.Holds() != want {
				t.Fatalf("holds %v, want %v", s.Holds(), want)
			}
		}
	})
}
