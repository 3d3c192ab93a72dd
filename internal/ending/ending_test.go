package ending_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

var (
	today = when.Date{Year: 2026, Month: 3, Day: 9}
	now   = time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC)
)

func whole() ending.Ending {
	return ending.Ending{
		State: ending.Proposed, Pick: ending.Pick{Plan: "Básico"}, EndsOn: today.AddDays(30), PerMinute: 60, MadeBy: "usr_a",
		Words: map[string]ending.Words{"es": {Why: "Cerramos la tarifa"}, "en": {Why: "We close the tariff"}},
	}
}

func TestAnEndingNeedsContractsADayWordsAndARate(t *testing.T) {
	t.Parallel()
	if l := whole().Check(today, []string{"es", "en"}); len(l) > 0 {
		t.Fatal(l)
	}
	for field, spoil := range map[string]func(*ending.Ending){
		"product":    func(e *ending.Ending) { e.Pick = ending.Pick{} },
		"ends_on":    func(e *ending.Ending) { e.EndsOn = today.AddDays(ending.LeastNotice - 1) },
		"per_minute": func(e *ending.Ending) { e.PerMinute = 0 },
		"why_en":     func(e *ending.Ending) { e.Words = map[string]ending.Words{"es": e.Words["es"], "en": {Why: " "}} },
	} {
		e := whole()
		spoil(&e)
		if l := e.Check(today, []string{"es", "en"}); len(l) != 1 || l[0].Field != field {
			t.Errorf("%s: %v", field, l)
		}
	}
}

func TestASecondPersonDecidesOnce(t *testing.T) {
	t.Parallel()
	e := whole()
	if err := e.Decide(true, "usr_a", "", now); fault.CodeOf(err) != "approval.same_person" || e.State != ending.Proposed {
		t.Errorf("%v %s", err, e.State)
	}
	if err := e.Decide(false, "usr_b", " ", now); fault.KindOf(err) != fault.Invalid {
		t.Error("refused without a word")
	}
	if err := e.Decide(true, "usr_b", "", now); err != nil || e.State != ending.Approved || e.DecidedBy != "usr_b" {
		t.Errorf("%v %+v", err, e)
	}
	if err := e.Decide(false, "usr_c", "no", now); fault.CodeOf(err) != "ending.over" {
		t.Error(err)
	}
	if err := e.To(ending.Stopped); err != nil || e.To(ending.Done) == nil {
		t.Error("what is stopped goes on")
	}
}

// Nobody is ended before the day that was said, their own notice, their lock-in
// or what they have paid for; and not a day later than the last of these.
func TestTheContractsOwnTermsHoldForBothSides(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := func(name string) when.Date { return today.AddDays(rapid.IntRange(-400, 400).Draw(t, name)) }
		s := customer.Subscription{Notice: rapid.IntRange(0, 120).Draw(t, "notice")}
		if rapid.Bool().Draw(t, "locked") {
			s.LockIn = day("lock")
		}
		if rapid.Bool().Draw(t, "paid") {
			s.PaidUntil = day("paid until")
		}
		ends := day("ends")
		last := ending.LastDay(s, ends, today)
		terms := []when.Date{ends, today.AddDays(s.Notice), s.LockIn, s.PaidUntil}
		met := false
		for _, d := range terms {
			if last.Before(d) {
				t.Fatalf("%s is before %s", last, d)
			}
			met = met || last == d
		}
		if !met {
			t.Fatalf("%s is none of %v", last, terms)
		}
	})
}

// However many there are, no minute sees more notices than were allowed.
func TestNoticesKeepToTheRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := ending.Ending{PerMinute: rapid.IntRange(1, ending.MostRate).Draw(t, "rate")}
		n := rapid.IntRange(0, 20_000).Draw(t, "n")
		if gap := e.SendAt(n+e.PerMinute, now).Sub(e.SendAt(n, now)); gap < time.Minute-time.Microsecond {
			t.Fatalf("%d notices within %s", e.PerMinute+1, gap)
		}
		if e.SendAt(n+1, now).Before(e.SendAt(n, now)) {
			t.Fatal("out of turn")
		}
	})
}
