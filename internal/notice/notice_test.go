package notice_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/notice"
)

var goodbye = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

func TestWhatIsNotInTheTableIsNotSent(t *testing.T) {
	t.Parallel()
	if ok, why := notice.Allow("newsletter", notice.Facts{Now: goodbye}); ok || why != notice.UnknownClass {
		t.Errorf("%v %s", ok, why)
	}
}

func TestEveryLineOfTheTableIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range notice.Table {
		if seen[r.Class] || r.Class == "" || r.Basis == "" || r.Until == "" {
			t.Errorf("%+v", r)
		}
		seen[r.Class] = true
		if r.Asks > 1 {
			t.Errorf("%s asks %d things; one is the most", r.Class, r.Asks)
		}
		if r.Asks > 0 && r.Most != 1 {
			t.Errorf("%s asks for something and may be sent %d times", r.Class, r.Most)
		}
	}
}

// Whatever happens, after the goodbye only what the table lets through goes
// out, nothing breaks a silence but what was asked for or is law, and nothing
// goes out more often than its line says.
func TestNothingGoesOutBesideTheTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sent := map[string]int{}
		now := goodbye.Add(-30 * 24 * time.Hour)
		silent, consent, over, erased, quiet := false, false, false, false, false
		lasts := map[notice.Until]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "hours")) * time.Hour)
			over = over || rapid.IntRange(0, 9).Draw(t, "over") == 0 && !now.Before(goodbye)
			silent = silent || rapid.IntRange(0, 19).Draw(t, "silent") == 0
			erased = erased || rapid.IntRange(0, 29).Draw(t, "erased") == 0
			quiet = quiet || rapid.IntRange(0, 29).Draw(t, "quiet") == 0
			consent = rapid.Bool().Draw(t, "consent")
			for _, r := range notice.Table {
				lasts[r.Until] = r.Until != notice.Goodbye && !over
			}
			r := rapid.SampledFrom(notice.Table).Draw(t, "class")
			f := notice.Facts{Now: now, Goodbye: goodbye, Lasts: lasts, Sent: sent[r.Class], Silent: silent, Consent: consent, Erased: erased, Quiet: quiet}
			ok, why := notice.Allow(r.Class, f)
			if ok == (why != "") {
				t.Fatalf("%s: %v %q", r.Class, ok, why)
			}
			if !ok {
				continue
			}
			sent[r.Class]++
			after := !now.Before(goodbye)
			switch {
			case erased && r.Class != "certificate" && r.Class != "destroyed": // which asks for consent, as is looked at below
				t.Fatalf("%s to somebody who was erased", r.Class)
			case after && r.Until == notice.Goodbye:
				t.Fatalf("%s after the goodbye", r.Class)
			case after && over && r.Until != notice.NewTurn && r.Until != notice.Always:
				t.Fatalf("%s after its matter was over", r.Class)
			case silent && r.Basis != notice.Requested && r.Basis != notice.Law:
				t.Fatalf("%s broke the silence", r.Class)
			case r.Basis == notice.Consent && !consent:
				t.Fatalf("%s without consent", r.Class)
			case r.Basis == notice.Consent && quiet:
				t.Fatalf("%s to somebody who mourns", r.Class)
			case r.Most > 0 && sent[r.Class] > r.Most:
				t.Fatalf("%s went out %d times", r.Class, sent[r.Class])
			}
		}
	})
}
