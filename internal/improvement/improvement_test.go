package improvement_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/improvement"
	"hastaluego/internal/when"
)

func day(n int) when.Date { return when.Date{Year: 2026, Month: 11, Day: 1}.AddDays(n) }

func TestAnActionNeedsSomethingSomebodyAndADay(t *testing.T) {
	t.Parallel()
	wrong := map[string]bool{}
	for _, e := range (improvement.Action{Due: day(-1)}).Check(day(0)) {
		wrong[e.Field] = true
	}
	for _, f := range []string{"what", "owner", "heading", "due"} {
		if !wrong[f] {
			t.Errorf("%s is not missed", f)
		}
	}
	if l := (improvement.Action{What: "x", Owner: "usr_1", Heading: "quality", Due: day(0)}).Check(day(0)); l != nil {
		t.Errorf("%v", l)
	}
}

func TestAnActionEndsOnceAndSaysWhatCameOfIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := improvement.Action{State: improvement.Open, Due: day(3)}
		over := false
		for i := range rapid.IntRange(1, 6).Draw(t, "events") {
			to := rapid.SampledFrom([]improvement.State{"open", "done", "dropped", "odd"}).Draw(t, "to")
			effect := rapid.SampledFrom([]string{"", "menos quejas"}).Draw(t, "effect")
			was := a
			err := a.End(to, effect, day(i))
			good := !over && effect != "" && (to == improvement.Done || to == improvement.Dropped)
			if (err == nil) != good || err != nil && a != was {
				t.Fatalf("%s from %s with %q: %v", to, was.State, effect, err)
			}
			over = over || good
		}
		if over == a.Late(day(9)) {
			t.Fatalf("late: %+v", a)
		}
	})
	a := improvement.Action{State: improvement.Done}
	if fault.CodeOf(a.End(improvement.Done, "x", day(0))) != "improvement.over" {
		t.Error("it ended twice")
	}
}
