package limit_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/calendar"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/text"
)

// Of everything that the law says about time and acts it is decided where it is
// evaluated, or why it is not: exactly one of it. A time within which to act is a
// limit of a departure or nothing.
func TestEveryParameterOfTheClockIsEvaluatedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	for _, p := range jurisdiction.Params() {
		_, watched := limit.Watched(p.Name)
		where, why := limit.Evaluated(p.Name), limit.Unwatched(p.Name)
		n := 0
		for _, is := range []bool{watched, where != "", why != ""} {
			if is {
				n++
			}
		}
		clock := p.Phase == jurisdiction.Clock
		if clock && n != 1 || !clock && n != 0 {
			t.Errorf("%s (%s): watched %v, evaluated in %q, not evaluated because of %q", p.Name, p.Phase, watched, where, why)
		}
		if watched && (p.Kind != jurisdiction.Duration || p.Merge != jurisdiction.MinOf) {
			t.Errorf("%s is no time within which to act", p.Name)
		}
		for _, lang := range []string{"es", "en"} {
			if why != "" && !text.Known(lang, "limit.unwatched."+why) {
				t.Errorf("%s: nobody says %s in %s", p.Name, why, lang)
			}
		}
	}
}

func law(t rapid.TB, facts jurisdiction.Facts) *jurisdiction.Effective {
	t.Helper()
	l := jurisdiction.Shipped()
	day := date(t, "2026-12-28")
	e, err := l.Effective(l.Select(facts), facts, day)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A large seller in Spain has fifteen business days, by the rule that says so,
// and they end where a calendar says.
func TestALimitBearsTheRuleThatSetIt(t *testing.T) {
	t.Parallel()
	duties := limit.Duties(law(t, jurisdiction.Facts{
		"customer.residence": "ES", "customer.kind": "consumer", "seller.country": "ES", "seller.workers": int64(300), "seller.nonprofit": false, "seller.sector": "software",
		"request.act": "terminate", "data.role": "controller",
	}))
	at := time.Date(2026, 12, 28, 9, 0, 0, 0, time.UTC)
	list := limit.From(duties, map[string]time.Time{"request.submitted": at}, calendar.Shipped(), zone(t, "Europe/Madrid"))
	i := slices.IndexFunc(list, func(l limit.Limit) bool { return l.Param == "case.resolve.max" })
	if i < 0 {
		t.Fatalf("no limit to resolve it: %+v", list)
	}
	if l := list[i]; l.Last().String() != "2027-01-20" || l.Rule.ID == "" || l.Rule.Pack != "es-l10-2025" || l.Rule.Message["es"] == "" || l.Time.String() != "15bd from request.submitted (ES)" {
		t.Errorf("it is %+v, until %s", l, l.Last())
	}
}

// Whatever happens in whatever order: what is done before its end is met, what is
// not is missed and stays so, and nobody is told of what is over.
func TestWhatIsDoneInTimeIsMetAndWhatIsMissedStaysMissed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
		l := limit.Limit{Param: "effect.max", State: limit.Running, Start: start, End: start.Add(time.Duration(rapid.IntRange(1, 60*24*40).Draw(t, "minutes")) * time.Minute)}
		now, missed := start, false
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 60*24*20).Draw(t, "later")) * time.Minute)
			over := !l.Over.IsZero()
			switch rapid.SampledFrom([]string{"ring", "done", "other", "drop"}).Draw(t, "what") {
			case "ring":
				if a, told := l.Ring(now); told && over {
					t.Fatalf("%s is told of what is over", a)
				}
			case "done":
				if l.Done(limit.Effective, now, "x") == over {
					t.Fatal("it ends twice, or not at all")
				}
			case "other":
				if l.Done(limit.Refunded, now, "x") {
					t.Fatal("another event ends it")
				}
			case "drop":
				l.Drop(now, "x")
			}
			if missed && l.State != limit.Missed {
				t.Fatalf("it was missed and is %s", l.State)
			}
			missed = l.State == limit.Missed
			if l.State == limit.Met && !l.Over.Before(l.End) || missed && l.Late.IsZero() && l.Over.Before(l.End) {
				t.Fatalf("%+v", l)
			}
		}
	})
}

// The dates of a limit come in their order, each once, whenever one looks.
func TestTheDatesOfALimitComeInTheirOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
		l := limit.Limit{Param: "effect.max", State: limit.Running, Start: start, End: start.Add(time.Duration(rapid.IntRange(0, 60*24*60).Draw(t, "minutes")) * time.Minute)}
		if w := l.WarnAt(); !w.IsZero() && (w.Before(l.Start) || !w.Before(l.End)) {
			t.Fatalf("from %s to %s the owner is reminded at %s", l.Start, l.End, w)
		}
		if !l.RaiseAt().After(l.End) {
			t.Fatal("somebody above is asked before it ran out")
		}
		var before time.Time
		for n := 0; ; n++ {
			_, at := l.Next()
			if at.IsZero() {
				break
			}
			if n > 3 || at.Before(before) {
				t.Fatalf("date %d at %s after %s", n, at, before)
			}
			if _, ok := l.Ring(at.Add(-time.Microsecond)); ok {
				t.Fatal("it rings before its date")
			}
			if _, ok := l.Ring(at); !ok {
				t.Fatal("it does not ring on its date")
			}
			before = at
		}
		if l.State != limit.Missed {
			t.Fatal("nobody did it and it was not missed")
		}
	})
}

// What is counted anew moves, keeps its id, and never what is over.
func TestALimitThatIsCountedAnewStaysTheSame(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	old := limit.Limit{ID: "lim_1", Param: "effect.max", State: limit.Running, Start: at, End: at.Add(time.Hour)}
	over := limit.Limit{ID: "lim_2", Param: "ack.max", State: limit.Met, Start: at, End: at.Add(time.Hour), Over: at}
	later := func(l limit.Limit) limit.Limit {
		l.ID, l.State, l.Over, l.End = "", limit.Running, time.Time{}, l.End.Add(time.Hour)
		return l
	}
	got := limit.Update([]limit.Limit{old, over}, []limit.Limit{later(old), later(over), {Param: "refund.max"}})
	if len(got) != 2 || got[0].ID != "lim_1" || !got[0].End.Equal(at.Add(2*time.Hour)) || got[1].Param != "refund.max" {
		t.Errorf("they are %+v", got)
	}
	// Whoever was reminded of the old end is reminded of the new one.
	warned := old
	warned.Warned = at.Add(45 * time.Minute)
	moved := limit.Update([]limit.Limit{warned}, []limit.Limit{{Param: old.Param, Start: at, End: at.Add(24 * time.Hour)}})
	if len(moved) != 1 {
		t.Fatalf("it did not move: %+v", moved)
	}
	if a, next := moved[0].Next(); a != limit.Warn || !next.Equal(at.Add(18*time.Hour)) {
		t.Errorf("next is %s at %s", a, next)
	}
	if same := limit.Update([]limit.Limit{warned}, []limit.Limit{{Param: old.Param, Start: at, End: old.End}}); same != nil {
		t.Errorf("what did not move was changed: %+v", same)
	}
}

// A limit is put off at most once, before its end and while it can be told, and never
// to an earlier end; what was put off is met and missed by its new one.
func TestALimitIsPutOffOnceAndInTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
		hours := func(label string) time.Time {
			return start.Add(time.Duration(rapid.IntRange(0, 2400).Draw(t, label)) * time.Hour)
		}
		param := rapid.SampledFrom([]string{"dsr.access.max", "dsr.erase.max", "refund.max"}).Draw(t, "param")
		l := limit.Limit{Param: param, Start: start, End: hours("end"), Zone: "Europe/Madrid", State: limit.Running}
		first := l.End
		for range rapid.IntRange(1, 6).Draw(t, "acts") {
			was, at := l, hours("at")
			if rapid.IntRange(0, 4).Draw(t, "done") == 0 {
				l.Done(limit.Attested, at, "usr_1")
				continue
			}
			x := limit.Extension{Until: hours("until"), Told: hours("told")}
			err := l.Extend(x, at, "usr_1")
			may := param != "refund.max" && was.Over.IsZero() && was.First.IsZero() && at.Before(was.End) && at.Before(x.Told) && x.Until.After(was.End)
			if (err == nil) != may {
				t.Fatalf("%+v, %+v at %s: %v", was, x, at, err)
			}
			if err == nil && (l.End != x.Until || l.First != first || l.Extended != at) || err != nil && (l.End != was.End || l.First != was.First) {
				t.Fatalf("%+v became %+v", was, l)
			}
		}
		if !l.First.IsZero() && len(limit.Update([]limit.Limit{l}, []limit.Limit{{Param: param, Start: start, End: first}})) > 0 {
			t.Fatal("counting anew takes back what was put off")
		}
	})
}
