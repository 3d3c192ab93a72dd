package authority_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/authority"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Whatever people do in whatever order: nothing is withheld that two people did not
// agree on in time, one person ends it, and what is over stays over.
func TestAnOrderHoldsByTwoAndEndsByOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2027, 1, 1, 9, 0, 0, 0, time.UTC)
		asker := rapid.SampledFrom([]string{"usr_a", "usr_b"}).Draw(t, "asker")
		o := authority.Order{State: authority.Asked, Withhold: true, AskedBy: asker, AskedAt: now}
		for range rapid.IntRange(1, 20).Draw(t, "acts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "hours")) * time.Hour)
			who, was := rapid.SampledFrom([]string{"usr_a", "usr_b"}).Draw(t, "who"), o.State
			switch rapid.SampledFrom([]string{"agree", "refuse", "lift"}).Draw(t, "act") {
			case "agree":
				may := was == authority.Asked && who != asker && now.Sub(o.AskedAt) <= authority.AskLife
				if err := o.Agree(who, now); (err == nil) != may || may && o.AgreedBy != who {
					t.Fatalf("%s agreed to what is %s: %v", who, was, err)
				}
			case "refuse":
				if err := o.Refuse(who, now); (err == nil) != (was == authority.Asked) {
					t.Fatalf("refused what is %s: %v", was, err)
				}
			case "lift":
				if err := o.Lift(who, now); (err == nil) != (was == authority.InForce) {
					t.Fatalf("lifted what is %s: %v", was, err)
				}
			}
			today := when.DateOf(now, time.UTC)
			if o.Withholds(today) != (o.State == authority.InForce) || o.Withholds(today) && o.AgreedBy == asker {
				t.Fatalf("%+v", o)
			}
		}
	})
}

// The silence about an order ends once, whatever became of the order, and changes
// nothing else of it.
func TestTheSilenceAboutAnOrderEndsOnce(t *testing.T) {
	t.Parallel()
	for _, state := range []authority.State{authority.Asked, authority.Refused, authority.InForce, authority.Over} {
		was := authority.Order{State: state, Withhold: true, Silent: true}
		o := was
		if err := o.Tell(); err != nil || o.Silent {
			t.Fatalf("%s: %v, %+v", state, err, o)
		}
		if err := o.Tell(); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: told twice: %v", state, err)
		}
		if o.Silent = true; o != was {
			t.Errorf("%s became %+v", state, o)
		}
	}
}

// Whoever was kept from their data has at least as many whole days left after the
// order as they had before it.
func TestTheDaysThatAnOrderTookAreGivenBack(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2027, 3, 1, 0, 0, 0, 0, zone).Add(time.Duration(rapid.IntRange(0, 60*24).Draw(t, "hours")) * time.Hour)
		to := from.Add(time.Duration(rapid.IntRange(0, 100*24).Draw(t, "lasts")) * time.Hour)
		end := when.DateOf(from, zone).AddDays(rapid.IntRange(-5, 60).Draw(t, "left"))
		o := authority.Order{State: authority.Over, Withhold: true, AgreedAt: from, OverAt: to}
		lost := o.Lost(end, zone)
		left, after := when.DateOf(from, zone).DaysUntil(end), when.DateOf(to, zone).DaysUntil(end.AddDays(lost))
		switch {
		case left < 0:
			if lost != 0 {
				t.Fatalf("the window was over, and %d days are given back", lost)
			}
		case after < left:
			t.Fatalf("%d days were left, and now %d", left, after)
		}
		o.Withhold = false
		if n := o.Lost(end, zone); n != 0 {
			t.Fatalf("nothing was withheld, and %d days are given back", n)
		}
	})
}

// Its last day ends an order, whether or not somebody writes that down; and what was
// written down late gives back no more than it took.
func TestTheLastDayEndsAnOrder(t *testing.T) {
	t.Parallel()
	last := when.Date{Year: 2027, Month: 6, Day: 30}
	o := authority.Order{State: authority.InForce, Withhold: true, Until: last, AgreedAt: last.AddDays(-9).Start(time.UTC)}
	if !o.Holds(last) || !o.Withholds(last) || o.Holds(last.AddDays(1)) || o.Withholds(last.AddDays(1)) {
		t.Errorf("%+v", o)
	}
	if err := o.Lift("engine", last.AddDays(40).Start(time.UTC)); err != nil || o.Lost(last, time.UTC) != 10 {
		t.Errorf("%d days, %v", o.Lost(last, time.UTC), err)
	}
}
