package erasure_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Whatever people do in whatever order: nothing is destroyed before its day is
// over, nor while it is held; nothing comes out by one person, or twice for one
// asking; and of what is destroyed nothing is left.
func TestWhatStaysGoesOnItsDayAndComesOutByTwo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2027, 1, 1, 9, 0, 0, 0, time.UTC)
		r := erasure.Retained{System: erasure.House, Body: []byte("sealed"), Until: when.Date{Year: 2027, Month: 1, Day: rapid.IntRange(1, 28).Draw(t, "until")}}
		asked, by, heldBy := time.Time{}, "", ""
		for range rapid.IntRange(1, 40).Draw(t, "acts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "hours")) * time.Hour)
			who := rapid.SampledFrom([]string{"usr_a", "usr_b"}).Draw(t, "who")
			gone := !r.DestroyedAt.IsZero()
			var err error
			switch rapid.SampledFrom([]string{"hold", "lift", "ask", "release", "destroy"}).Draw(t, "act") {
			case "hold":
				if err = r.Hold(who, now); (err == nil) != (!gone && heldBy == "") {
					t.Fatalf("held: %v", err)
				} else if err == nil {
					heldBy = who
				}
			case "lift":
				if err = r.Lift(); (err == nil) != (!gone && heldBy != "") {
					t.Fatalf("lifted: %v", err)
				} else if err == nil {
					heldBy = ""
				}
			case "ask":
				if err = r.Ask(who, now); (err == nil) == gone {
					t.Fatalf("asked: %v", err)
				} else if err == nil {
					asked, by = now, who
				}
			case "release":
				may := !gone && by != "" && by != who && now.Sub(asked) <= erasure.AskLife
				if err = r.Release(who, now); (err == nil) != may {
					t.Fatalf("out: %v, asked by %q at %v, now %v by %s", err, by, asked, now, who)
				} else if err == nil {
					by = ""
				}
			case "destroy": // as the job does
				today := when.DateOf(now, time.UTC)
				if due := r.Due(today); due != (!gone && heldBy == "" && r.Until.Before(today)) {
					t.Fatalf("due %v on %v until %v, held by %q", due, today, r.Until, heldBy)
				} else if due {
					if err = r.Destroy(now); err != nil {
						t.Fatal(err)
					}
					by = ""
				}
			}
			if err != nil && fault.KindOf(err) != fault.Blocked && fault.KindOf(err) != fault.Forbidden {
				t.Fatalf("refused as %v", err)
			}
			if !r.DestroyedAt.IsZero() && (len(r.Body) > 0 || r.HeldBy != "" || r.AskedBy != "") {
				t.Fatalf("destroyed, and left: %+v", r)
			}
		}
	})
}

func TestWhatAFarSystemBlocksComesOutThere(t *testing.T) {
	t.Parallel()
	r := erasure.Retained{System: "crm", Body: []byte("sealed")}
	if err := r.Ask("usr_a", time.Now()); fault.CodeOf(err) != "retained.elsewhere" {
		t.Fatal(err)
	}
	if err := r.Hold("usr_a", time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := r.Destroy(time.Now()); fault.CodeOf(err) != "retained.held" {
		t.Fatal(err)
	}
}
