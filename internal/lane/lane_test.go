package lane_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/lane"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

var (
	today = when.Date{Year: 2026, Month: 3, Day: 9}
	now   = time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC)
)

func whole(w lane.Way) lane.Lane {
	l := lane.Lane{State: lane.Proposed, Way: w, Segment: "costly", Why: "Cuestan más de lo que dejan", MadeBy: "usr_a", Words: map[string]lane.Words{}}
	for _, lang := range []string{"es", "en"} {
		l.Words[lang] = lane.Words{Why: "x", Changes: "x", Alternatives: []lane.Alternative{{Name: "Agenda"}}}
	}
	if w == lane.Terms {
		l.Offer = lane.Offer{Plan: "Básico", Price: money.Amount{Minor: 1900, Currency: "EUR"}, Every: customer.Monthly, Day: today.AddDays(lane.LeastNotice)}
	}
	return l
}

func TestALaneNeedsWordsAndADayFarEnough(t *testing.T) {
	t.Parallel()
	for _, w := range lane.Ways {
		if l := whole(w).Check(today, []string{"es", "en"}); len(l) > 0 {
			t.Errorf("%s: %v", w, l)
		}
	}
	for _, c := range []struct {
		way   lane.Way
		field string
		spoil func(*lane.Lane)
	}{
		{lane.Exit, "segment", func(l *lane.Lane) { l.Segment = "" }},
		{lane.Exit, "why", func(l *lane.Lane) { l.Why = " " }},
		{lane.Exit, "alternatives_en", func(l *lane.Lane) { l.Words["en"] = lane.Words{} }},
		{lane.Renewal, "why_es", func(l *lane.Lane) { l.Words["es"] = lane.Words{Alternatives: l.Words["es"].Alternatives} }},
		{lane.Terms, "changes_es", func(l *lane.Lane) { l.Words["es"] = lane.Words{Why: "x"} }},
		{lane.Terms, "day", func(l *lane.Lane) { l.Offer.Day = today.AddDays(lane.LeastNotice - 1) }},
		{lane.Terms, "price", func(l *lane.Lane) { l.Offer.Price = money.Amount{} }},
		{lane.Terms, "every", func(l *lane.Lane) { l.Offer.Every = "" }},
		{lane.Terms, "product", func(l *lane.Lane) { l.Offer.Plan = "" }},
		{"push", "way", func(l *lane.Lane) { l.Way = "push" }},
	} {
		l := whole(lane.Terms)
		if c.way == lane.Exit || c.way == lane.Renewal {
			l = whole(c.way)
		}
		c.spoil(&l)
		wrong := l.Check(today, []string{"es", "en"})
		if !slices.ContainsFunc(wrong, func(e *fault.Error) bool { return e.Field == c.field }) {
			t.Errorf("%s %s: %v", c.way, c.field, wrong)
		}
	}
}

func TestAlternativesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	list, wrong := lane.ReadAlternatives("x", "Agenda Uno | https://uno.example | Para una sola persona\n\n  Cuaderno\nDos | Para dos\n")
	if wrong != nil || len(list) != 3 || list[0] != (lane.Alternative{"Agenda Uno", "https://uno.example", "Para una sola persona"}) || list[1].Name != "Cuaderno" || list[2].What != "Para dos" {
		t.Fatalf("%+v: %v", list, wrong)
	}
	again, _ := lane.ReadAlternatives("x", lane.WriteAlternatives(list))
	if !slices.Equal(again, list) {
		t.Errorf("%+v", again)
	}
	for _, bad := range []string{"| https://x.example", "Uno | http://x.example", "Uno | javascript://x", strings.Repeat("Uno\n", lane.MostAlternative+1)} {
		if list, wrong := lane.ReadAlternatives("x", bad); wrong == nil {
			t.Errorf("%q: %+v", bad, list)
		}
	}
}

// Whatever people and the guard do in whatever order: nobody but a second person lets a
// lane be open, also after it stopped by itself, and what is over stays over.
func TestOnlyASecondPersonOpensALane(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := whole(lane.Exit)
		for range rapid.IntRange(1, 12).Draw(t, "events") {
			was := l
			who := rapid.SampledFrom([]string{"usr_a", "usr_b"}).Draw(t, "who")
			var err error
			switch rapid.SampledFrom([]string{"agree", "refuse", "stop", "alarm", "reopen", "close"}).Draw(t, "event") {
			case "agree":
				err = l.Decide(true, who, "", now)
			case "refuse":
				err = l.Decide(false, who, "no", now)
			case "stop":
				err = l.Stop(who, "x", nil, now)
			case "alarm":
				err = l.Stop("engine", "", &lane.Alarm{Metric: lane.Slow}, now)
			case "reopen":
				err = l.Reopen(who, rapid.SampledFrom([]string{"", "se arregló"}).Draw(t, "note"), now)
			case "close":
				err = l.Close(who, "x", now)
			}
			if err != nil && l.State != was.State {
				t.Fatalf("refused, and %s became %s", was.State, l.State)
			}
			if l.State == lane.Open && was.State != lane.Open && (who == l.MadeBy || l.DecidedBy != who) {
				t.Fatalf("%s opened what they proposed", who)
			}
			if (was.State == lane.Closed || was.State == lane.Refused) && l.State != was.State {
				t.Fatalf("%s became %s", was.State, l.State)
			}
		}
	})
}

// Nobody is told, and nobody is in a lane, before somebody other than whoever put them
// forward agreed; who leaves stays among those who left.
func TestNobodyComesIntoALaneWithoutASecondPerson(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := lane.Member{State: lane.Chosen, ChosenBy: "usr_a"}
		agreed := false
		for range rapid.IntRange(1, 12).Draw(t, "events") {
			was := m.State
			if rapid.Bool().Draw(t, "decides") {
				who, yes := rapid.SampledFrom([]string{"usr_a", "usr_b"}).Draw(t, "who"), rapid.Bool().Draw(t, "yes")
				if err := m.Decide(yes, who, now); err == nil && who == "usr_a" {
					t.Fatal("decided about whom they put forward")
				} else if err == nil && yes {
					agreed = true
				}
			} else {
				to := rapid.SampledFrom([]lane.Standing{lane.Told, lane.Accepted, lane.Applied, lane.Left, lane.Silent, lane.Released}).Draw(t, "to")
				_ = m.To(to)
			}
			if !agreed && !slices.Contains([]lane.Standing{lane.Chosen, lane.Spared, lane.Released}, m.State) {
				t.Fatalf("%s became %s, and nobody agreed", was, m.State)
			}
			if (was == lane.Left || was == lane.Spared || was == lane.Released) && m.State != was {
				t.Fatalf("%s became %s", was, m.State)
			}
		}
	})
}

// New terms are about contracts of their kind and currency alone.
func TestTermsAreAboutTheirContractsAlone(t *testing.T) {
	t.Parallel()
	o := whole(lane.Terms).Offer
	s := customer.Subscription{Plan: "Básico", Status: customer.Active, Amount: money.Amount{Minor: 900, Currency: "EUR"}, Interval: customer.Monthly}
	if !o.Takes(s) {
		t.Error("its own contract is none of it")
	}
	for _, spoil := range []func(*customer.Subscription){
		func(s *customer.Subscription) { s.Plan = "Pro" }, func(s *customer.Subscription) { s.Status = customer.Ended }, func(s *customer.Subscription) { s.Amount.Currency = "USD" }, func(s *customer.Subscription) { s.Interval = customer.Yearly },
	} {
		x := s
		spoil(&x)
		if o.Takes(x) {
			t.Errorf("%+v", x)
		}
	}
}
