package collection_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/collection"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

var first = when.Date{Year: 2026, Month: 11, Day: 3}

func at(d when.Date) time.Time { return d.Start(time.UTC) }

// Whatever is promised, disputed and paid in whatever order: never more than
// three reminders, none on a day on which they rest or the clock stands still,
// none of what is not owed, and no two closer together than the gap. No more is
// promised than allowed, and what is over stays over.
func TestFewRemindersAndNoneWhileSomethingIsAgreed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.SliceOfNDistinct(rapid.IntRange(0, 60), 1, 3, rapid.ID[int]).Draw(t, "days")
		slices.Sort(days)
		gap := collection.Gap(days)
		ahead := rapid.IntRange(0, 120).Draw(t, "ahead")
		due := make([]when.Date, len(days)) // when each reminder is looked at next; zero: it is over
		for i, n := range days {
			due[i] = first.AddDays(n)
		}
		var made []collection.Promise
		var sent []when.Date
		owed, stopped := true, false
		for n := range 200 {
			today := first.AddDays(n)
			switch rapid.SampledFrom([]string{"", "", "", "", "", "", "promise", "dispute", "resolve", "pay"}).Draw(t, "event") {
			case "promise":
				on := today.AddDays(rapid.IntRange(-3, 100).Draw(t, "in"))
				if collection.MayPromise(made) == nil && collection.CheckDay(on, today, ahead) == nil {
					made = append(made, collection.Promise{On: on, State: collection.Waiting})
				}
			case "dispute":
				stopped = true
			case "resolve":
				stopped = false
			case "pay":
				owed = rapid.IntRange(0, 9).Draw(t, "in full") > 0
			}
			counts, waiting := 0, 0
			for i := range made {
				was := made[i]
				if to := was.Judge(today, owed, stopped); to != was.State {
					if err := made[i].To(to, at(today)); err != nil {
						t.Fatal(err)
					}
				}
				switch now := made[i]; {
				case was.State != collection.Waiting && now != was:
					t.Fatalf("%s became %s", was.State, now.State)
				case now.State == collection.Broken && !now.On.Before(dayOf(now.OverAt)):
					t.Fatalf("broken on %s, promised for %s", now.OverAt, now.On)
				case now.State == collection.Waiting:
					waiting++
				}
				if made[i].State != collection.Released {
					counts++
				}
			}
			if counts > collection.MostPromises || waiting > 1 || counts+collection.Left(made) != collection.MostPromises {
				t.Fatalf("%d promises, %d wait, %d left", counts, waiting, collection.Left(made))
			}
			for i := range due {
				if due[i].IsZero() || today.Before(due[i]) {
					continue
				}
				r := collection.Reminding{Owed: owed, Stopped: stopped, Sent: len(sent), Gap: gap}
				if len(sent) > 0 {
					r.Last = sent[len(sent)-1]
				}
				if p := collection.Standing(made); p != nil {
					r.Rest = p.On
				}
				out, again := r.Due(today)
				if again != (when.Date{}) && !today.Before(again) {
					t.Fatalf("looked at on %s, and again on %s", today, again)
				}
				if due[i] = again; !out {
					continue
				}
				if !owed || stopped || collection.Standing(made) != nil {
					t.Fatalf("reminded on %s: owed %v, stopped %v", today, owed, stopped)
				}
				if len(sent) > 0 && sent[len(sent)-1].DaysUntil(today) < gap {
					t.Fatalf("reminded on %s and %s", sent[len(sent)-1], today)
				}
				sent = append(sent, today)
			}
		}
		if len(sent) > collection.MostReminders || len(sent) > len(days) {
			t.Fatalf("%d reminders", len(sent))
		}
	})
}

func dayOf(t time.Time) when.Date { return when.DateOf(t, time.UTC) }

func TestADayToPayIsNearEnough(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in, step int
		code     string
	}{
		"today":                         {0, 0, ""},
		"the last day where none says":  {collection.UsualDays, 0, ""},
		"too far where none says":       {collection.UsualDays + 1, 0, "collection.day"},
		"the last day of the step":      {10, 10, ""},
		"too far for the step":          {11, 10, "collection.day"},
		"a step that allows a year":     {collection.MostDays, 365, ""},
		"more than any step may allow":  {collection.MostDays + 1, 365, "collection.day"},
		"yesterday":                     {-1, 10, "collection.day"},
		"a step with a number below it": {collection.UsualDays, -4, ""},
	} {
		err := collection.CheckDay(first.AddDays(c.in), first, c.step)
		if got := fault.CodeOf(err); c.code == "" && err != nil || c.code != "" && got != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := collection.CheckDay(when.Date{}, first, 0); fault.CodeOf(err) != "field.required" {
		t.Errorf("no day: %v", err)
	}
}

func TestADisputedPromiseIsNotBroken(t *testing.T) {
	t.Parallel()
	p := collection.Promise{On: first, State: collection.Waiting}
	for _, c := range []struct {
		today         when.Date
		owed, stopped bool
		want          collection.PromiseState
	}{
		{first, true, false, collection.Waiting},
		{first, true, true, collection.Waiting},
		{first, false, false, collection.Kept},
		{first.AddDays(1), true, false, collection.Broken},
		{first.AddDays(1), true, true, collection.Released},
		{first.AddDays(1), false, true, collection.Kept},
	} {
		if got := p.Judge(c.today, c.owed, c.stopped); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	list := []collection.Promise{{State: collection.Broken}, {State: collection.Released}}
	if !collection.LastBroken(list) || collection.LastBroken(list[1:]) || collection.Left(list) != 1 {
		t.Error("what was released counts")
	}
}
