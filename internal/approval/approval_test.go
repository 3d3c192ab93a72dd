package approval_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/approval"
	"hastaluego/internal/fault"
)

var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// Whatever happens in whatever order, nothing is approved but by the customer
// who was asked, or by a time that went by in full after the asking.
func TestOnlyTheCustomerOrAWholeTimeApproves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := approval.Mode{On: true, Hours: rapid.IntRange(approval.LeastHours, approval.MostHours).Draw(t, "hours"), Since: began}
		now := began.Add(time.Hour)
		way := rapid.SampledFrom([]approval.Way{approval.Client, approval.Time}).Draw(t, "way")
		a, err := approval.Ask(m, now, approval.Approval{Way: way, AskedBy: "usr_one"}, now)
		if err != nil {
			t.Fatal(err)
		}
		said := false
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "minutes")) * time.Hour / 2)
			was := a
			switch rapid.SampledFrom([]string{"yes", "no", "ripen", "withdraw", "drop"}).Draw(t, "event") {
			case "yes":
				said = a.Answer(true, now) == nil || said
			case "no":
				_ = a.Answer(false, now)
			case "ripen":
				a.Ripen(now)
			case "withdraw":
				_ = a.Withdraw("usr_one", now)
			case "drop":
				_ = a.Drop("usr_two", now)
			}
			if was.State != approval.Asked && a != was {
				t.Fatalf("%s became %s", was.State, a.State)
			}
			if a.State != approval.Given {
				continue
			}
			byClient := a.Way == approval.Client && said && a.OverBy == approval.ByClient
			byTime := a.Way == approval.Time && a.OverBy == approval.ByTime && !a.OverAt.Before(a.AskedAt.Add(m.Wait()))
			if !byClient && !byTime {
				t.Fatalf("approved: %+v", a)
			}
		}
	})
}

// What waits for a second person when the mode begins stays under that rule,
// and without the mode nobody is asked instead of one.
func TestWhatWaitedBeforeStaysUnderItsRule(t *testing.T) {
	t.Parallel()
	m := approval.Mode{On: true, Hours: 72, Since: began}
	for _, since := range []time.Time{began.Add(-time.Hour), began} {
		if _, err := approval.Ask(m, since, approval.Approval{Way: approval.Time}, began.Add(time.Hour)); fault.CodeOf(err) != "approval.began_with_two" {
			t.Errorf("%s: %v", since, err)
		}
	}
	m.On = false
	if _, err := approval.Ask(m, began.Add(time.Hour), approval.Approval{Way: approval.Time}, began.Add(time.Hour)); fault.CodeOf(err) != "approval.same_person" {
		t.Errorf("%v", err)
	}
}

// Only a customer who had the whole time and said nothing is unanswered.
func TestACustomerHasTheWholeTimeToAnswer(t *testing.T) {
	t.Parallel()
	m := approval.Mode{On: true, Hours: 72, Since: began}
	now := began.Add(time.Minute)
	a, err := approval.Ask(m, now, approval.Approval{Way: approval.Client}, now)
	if err != nil {
		t.Fatal(err)
	}
	if a.Unanswered(a.Until.Add(-time.Microsecond)) || !a.Unanswered(a.Until) || a.Ripen(a.Until.Add(time.Hour)) {
		t.Errorf("%+v", a)
	}
	if err := a.Answer(false, a.Until); err != nil || a.Unanswered(a.Until) {
		t.Errorf("%+v: %v", a, err)
	}
}
