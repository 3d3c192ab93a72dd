package erasure_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/erasure"
	"hastaluego/internal/when"
)

// Whatever is tried in whatever order: only a receipt ends what a processor is asked;
// asking and reminding never do, and what ended stays as it is.
func TestOnlyAReceiptEndsWhatAProcessorIsAsked(t *testing.T) {
	t.Parallel()
	today := when.Date{Year: 2027, Month: 2, Day: 10}
	rapid.Check(t, func(t *rapid.T) {
		x := erasure.Asked{State: erasure.ToAsk}
		asked, reminders := false, 0
		for range rapid.IntRange(1, 12).Draw(t, "acts") {
			was := x
			switch rapid.SampledFrom([]string{"ask", "remind", "prove"}).Draw(t, "act") {
			case "ask":
				err := x.Ask(time.Unix(1, 0), today.AddDays(10))
				if (err == nil) != (was.State == erasure.ToAsk) {
					t.Fatalf("asked when it was %s: %v", was.State, err)
				}
				asked = asked || err == nil
			case "remind":
				if x.Remind() {
					reminders++
				}
			case "prove":
				r := erasure.Receipt{
					ErasedOn: today.AddDays(rapid.IntRange(-3, 3).Draw(t, "day")), Says: rapid.SampledFrom([]string{"", "Ana"}).Draw(t, "says"), SHA256: "ab", Proof: "attested",
				}
				err := x.Prove(r, today)
				good := was.State != erasure.Proved && r.Says != "" && !today.Before(r.ErasedOn)
				if (err == nil) != good || err == nil && (x.State != erasure.Proved || x.SHA256 != "ab") || err != nil && x != was {
					t.Fatalf("%+v proved with %+v: %v, %+v", was, r, err, x)
				}
				continue
			}
			if x.State == erasure.Proved && was.State != erasure.Proved {
				t.Fatal("it ended without a receipt")
			}
		}
		if reminders > len(erasure.RemindAfter) || reminders > 0 && !asked {
			t.Fatalf("%d reminders", reminders)
		}
	})
}

func TestAReceiptIsLateAfterItsDay(t *testing.T) {
	t.Parallel()
	due := when.Date{Year: 2027, Month: 2, Day: 10}
	x := erasure.Asked{State: erasure.Waits, Due: due}
	if x.Late(due) || !x.Late(due.AddDays(1)) || (erasure.Asked{State: erasure.Proved, Due: due}).Late(due.AddDays(1)) {
		t.Error("it is late from the day after, until its receipt is here")
	}
}
