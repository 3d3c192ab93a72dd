package erasure_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Whatever is tried in whatever order: a receipt ends what a processor is asked, or a
// person who answers for its silence, once it was reminded as often as it is and its time
// went by. Asking and reminding never do, and what has its receipt stays as it is.
func TestAReceiptEndsWhatAProcessorIsAskedOrItsSilence(t *testing.T) {
	t.Parallel()
	today := when.Date{Year: 2027, Month: 2, Day: 10}
	rapid.Check(t, func(t *rapid.T) {
		x := erasure.Asked{State: erasure.ToAsk}
		asked, reminders := false, 0
		for range rapid.IntRange(1, 12).Draw(t, "acts") {
			was := x
			switch rapid.SampledFrom([]string{"ask", "remind", "prove", "give up"}).Draw(t, "act") {
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
			case "give up":
				why, on := rapid.SampledFrom([]string{"", "Cerró"}).Draw(t, "why"), today.AddDays(rapid.IntRange(0, 30).Draw(t, "late"))
				err := x.GiveUp(why, on)
				good := was.State == erasure.Waits && was.Reminded == len(erasure.RemindAfter) && was.Due.AddDays(erasure.GiveUpAfter).Before(on) && why != ""
				if (err == nil) != good || err == nil && (x.State != erasure.Silent || x.Because != why || x.SilentOn != on || !x.ErasedOn.IsZero()) || err != nil && x != was {
					t.Fatalf("%+v given up on %s: %v, %+v", was, on, err, x)
				}
				if was.Unanswered(on) != (good || why == "" && err != nil && fault.KindOf(err) == fault.Invalid) {
					t.Fatalf("%+v is unanswered on %s: %t", was, on, was.Unanswered(on))
				}
				continue
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
			if x.State == erasure.Proved && was.State != erasure.Proved || x.State == erasure.Silent && was.State != erasure.Silent {
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

// The second reminder comes a week after the first, though that was late: an order may
// have kept it.
func TestRemindersStandApart(t *testing.T) {
	t.Parallel()
	due := when.Date{Year: 2027, Month: 2, Day: 10}
	x := erasure.Asked{State: erasure.Waits, Due: due}
	for want, got := range map[when.Date]when.Date{
		due.AddDays(1): x.Reminder(1, due.AddDays(40)), due.AddDays(8): x.Reminder(2, due.AddDays(1)), due.AddDays(47): x.Reminder(2, due.AddDays(40)), {}: x.Reminder(3, due),
	} {
		if got != want {
			t.Errorf("a reminder on %s, and not on %s", got, want)
		}
	}
}
