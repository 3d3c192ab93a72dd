package webhook_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/webhook"
)

func TestAMessageIsTriedForThreeDaysAndThenGivenUp(t *testing.T) {
	t.Parallel()
	for _, jitter := range []float64{0, 1, 7, -3} {
		var total time.Duration
		attempts := 1
		for n := 1; ; n++ {
			d, again := webhook.Pause(n, 0, jitter)
			if !again {
				break
			}
			total += d
			attempts++
		}
		if attempts != webhook.Attempts || total < 3*24*time.Hour || total > 4*24*time.Hour {
			t.Errorf("jitter %v: %d attempts over %s", jitter, attempts, total)
		}
	}
	if _, again := webhook.Pause(0, 0, 0); again {
		t.Error("nothing failed yet, and there is a pause")
	}
}

// A receiver may ask for a longer pause, never for a shorter one, and never for
// more than a day.
func TestTheReceiverMayAskForALongerPause(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, webhook.Attempts-1).Draw(t, "failed")
		asked := time.Duration(rapid.Int64Range(0, int64(90*24*time.Hour)).Draw(t, "asked"))
		jitter := rapid.Float64Range(0, 1).Draw(t, "jitter")
		plain, _ := webhook.Pause(n, 0, jitter)
		d, again := webhook.Pause(n, asked, jitter)
		if want := max(plain, min(asked, 24*time.Hour)); !again || d != want {
			t.Fatalf("attempt %d asked for %s: waits %s, want %s", n, asked, d, want)
		}
	})
}

func TestAPatternMeansATypeANounOrEverything(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, typ string
		want         bool
	}{
		{"*", "case.opened", true},
		{"case.*", "case.opened", true},
		{"case.*", "casefile.opened", false},
		{"case*", "case.opened", false},
		{"case.opened", "case.opened", true},
		{"case.opened", "case.opened.twice", false},
		{"", "case.opened", false},
	} {
		if got := webhook.Matches(c.pattern, c.typ); got != c.want {
			t.Errorf("%q means %q: %v", c.pattern, c.typ, got)
		}
	}
	if !webhook.Wanted([]string{"step.done", "case.*"}, "case.closed") || webhook.Wanted(nil, "case.closed") {
		t.Error("a list of patterns means what any of them means")
	}
}
