package erasure_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/erasure"
	"hastaluego/internal/when"
)

// Whatever is said, kept, done, looked at and taken back, in whatever order: an address
// is kept for nothing that was not allowed before the erasure, never longer than what it
// is for, and once it ended nothing brings it back.
func TestAnAddressIsKeptForWhatWasAllowedAndNoLonger(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c erasure.Contact
		today, now := when.Date{Year: 2027, Month: 1, Day: 1}, time.Unix(1, 0)
		allowed := map[erasure.Wish]bool{}
		var stays when.Date
		for range rapid.IntRange(1, 20).Draw(t, "acts") {
			was := c
			now, today = now.Add(time.Hour), today.AddDays(rapid.IntRange(0, 200).Draw(t, "days"))
			switch rapid.SampledFrom([]string{"say", "keep", "done", "due", "end"}).Draw(t, "act") {
			case "say":
				told, back := rapid.Bool().Draw(t, "told"), rapid.Bool().Draw(t, "back")
				if c.Say(told, back, "words", "es", now) {
					if was.Settled() {
						t.Fatal("said once it was settled")
					}
					allowed = map[erasure.Wish]bool{erasure.Told: told, erasure.Back: back}
				}
			case "keep":
				if stays = (when.Date{}); rapid.Bool().Draw(t, "stays") {
					stays = today.AddDays(rapid.IntRange(1, 3000).Draw(t, "for"))
				}
				if c.Keep("case_1", now, today, stays) {
					if c.Body = []byte("address"); was.Settled() || c.Until.Before(today) || !c.Told && c.Until != today.AddDays(erasure.BackDays) {
						t.Fatalf("kept %+v of %+v", c, was)
					}
				} else if !was.Settled() && c.Why != erasure.Needless {
					t.Fatalf("neither kept nor needless: %+v", c)
				}
			case "done":
				c.Done(rapid.SampledFrom(erasure.Wishes).Draw(t, "wish"))
			case "due":
				left := rapid.Bool().Draw(t, "left")
				why, due := c.Due(today, left)
				if due && c.Told && left {
					t.Fatal("forgotten before what stays was told of")
				}
				if c.Kept() && c.Until.Before(today) && (!c.Told || !left) && !due {
					t.Fatalf("kept beyond its day: %+v", c)
				}
				if due {
					c.End(why, now)
				}
			case "end":
				c.End(erasure.Revoked, now)
			}
			for _, w := range erasure.Wishes {
				if c.For(w) && !allowed[w] {
					t.Fatalf("kept for %s, which nobody allowed", w)
				}
			}
			if !was.EndedAt.IsZero() && (c.Kept() || len(c.Body) > 0) {
				t.Fatalf("back after it ended: %+v", c)
			}
			if c.Kept() && !c.Told && !c.Back {
				if why, due := c.Due(today, true); !due || why != erasure.Used {
					t.Fatal("kept for nothing")
				}
			}
		}
	})
}
