package signal_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

var today = when.Date{Year: 2026, Month: 11, Day: 26}

// series is a reading every so many days up to a day.
func series(until when.Date, n, every int, value func(i int) int64) []signal.Reading {
	var out []signal.Reading
	for i := range n {
		out = append(out, signal.Reading{Day: until.AddDays(-every * (n - 1 - i)), Value: value(i)})
	}
	return out
}

func same(v int64) func(int) int64 { return func(int) int64 { return v } }

// find finds the signal of use, or of spend.
func find(kind signal.Kind, now, newest when.Date, list []signal.Reading) signal.Signal {
	m := map[signal.Kind]signal.Metric{signal.FallingUse: signal.Use, signal.FallingSpend: signal.Spend, signal.RepeatedIncidents: signal.Incidents}[kind]
	return signal.Of(signal.Find(signal.Input{
		Today: now, Newest: map[signal.Metric]when.Date{m: newest}, Readings: map[signal.Metric][]signal.Reading{m: list},
	}), kind)
}

// What stays the same is steady on every day, whether it is told daily, weekly
// or by the month.
func TestWhatStaysTheSameIsSteadyHoweverOftenItIsTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		last := today.AddDays(-rapid.IntRange(0, 2000).Draw(t, "ago"))
		value := rapid.Int64Range(1, 1_000_000_000).Draw(t, "value")
		var list []signal.Reading
		every := rapid.SampledFrom([]int{1, 2, 7, 14, 0}).Draw(t, "every")
		if every == 0 { // on the same day of every month
			for i := range 12 {
				list = append(list, signal.Reading{Day: last.AddMonths(-i), Value: value})
			}
		} else {
			list = series(last, 200/every+2, every, same(value))
		}
		late := rapid.IntRange(0, 27).Draw(t, "late")
		if every != 0 {
			late = rapid.IntRange(0, every).Draw(t, "late within")
		}
		now := last.AddDays(late)
		for _, kind := range []signal.Kind{signal.FallingUse, signal.FallingSpend} {
			if s := find(kind, now, now, list); s.State != signal.No || s.Trend != signal.Steady {
				t.Fatalf("every %d days, %d days later: %+v", every, late, s)
			}
		}
	})
}

func TestTheOrderOfReadingsDoesNotMatterAndLaterOnesDoNotCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 50_000), 130, 130).Draw(t, "values")
		list := series(today, len(values), 1, func(i int) int64 { return values[i] })
		want := find(signal.FallingUse, today, today, list)
		for i := range 30 {
			list = append(list, signal.Reading{Day: today.AddDays(i + 1), Value: 1})
		}
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if got := find(signal.FallingUse, today, today.AddDays(30), list); got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

func TestAFallIsFoundWithItsFacts(t *testing.T) {
	t.Parallel()
	list := series(today, 140, 1, func(i int) int64 {
		if i >= 112 {
			return 4 * signal.Unit
		}
		return 10 * signal.Unit
	})
	s := find(signal.FallingUse, today, today, list)
	want := signal.Signal{
		Kind: signal.FallingUse, State: signal.Yes, Trend: signal.Falling, Recent: 112 * signal.Unit, Before: 280 * signal.Unit, Change: -60,
		From: today.AddDays(-27), Until: today, Count: 112,
	}
	if s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
	// Spend falls whatever the currency's size.
	for _, scale := range []int64{1, 7, 1000, 1_000_000} {
		scaled := make([]signal.Reading, len(list))
		for i, r := range list {
			scaled[i] = signal.Reading{Day: r.Day, Value: r.Value * scale}
		}
		if s := find(signal.FallingSpend, today, today, scaled); s.Change != -60 || s.State != signal.Yes {
			t.Errorf("%d times as much: %+v", scale, s)
		}
	}
}

// Silence while others' readings go on is a fall to nothing; nobody's readings
// going on is not.
func TestSilenceIsAFallOnlyWhileOthersAreHeard(t *testing.T) {
	t.Parallel()
	list := series(today.AddDays(-40), 120, 1, same(10*signal.Unit))
	if s := find(signal.FallingUse, today, today, list); s.State != signal.Yes || s.Change != -100 {
		t.Errorf("silent for 40 days: %+v", s)
	}
	if s := find(signal.FallingUse, today, today.AddDays(-40), list); s.State != signal.No {
		t.Errorf("the feed stopped 40 days ago: %+v", s)
	}
	if s := find(signal.FallingUse, today, today.AddDays(-46), list); s.State != signal.Unknown || s.Why != signal.Stale {
		t.Errorf("the feed stopped 46 days ago: %+v", s)
	}
}

func TestTooLittleIsUnknownAndNeverZero(t *testing.T) {
	t.Parallel()
	for why, list := range map[string][]signal.Reading{
		signal.NoReadings: nil,
		signal.Few:        {{Day: today.AddDays(-100), Value: 9000}, {Day: today.AddDays(-40), Value: 9000}, {Day: today, Value: 1000}},
		signal.Young:      series(today, 80, 1, same(9000)),
	} {
		for _, kind := range []signal.Kind{signal.FallingUse, signal.FallingSpend} {
			if s := find(kind, today, today, list); s.State != signal.Unknown || s.Trend != signal.NotKnown || s.Why != why {
				t.Errorf("%s: %+v", why, s)
			}
		}
	}
}

// Few uses a month may be none in the next by chance; as many euros may not.
func TestSmallCountsDoNotFallByChance(t *testing.T) {
	t.Parallel()
	var list []signal.Reading
	for i := range 6 {
		v := int64(3 * signal.Unit)
		if i == 0 {
			v = 0
		}
		list = append(list, signal.Reading{Day: today.AddMonths(-i), Value: v})
	}
	if s := find(signal.FallingUse, today, today, list); s.State != signal.No || s.Change != -100 {
		t.Errorf("from three uses to none: %+v", s)
	}
	if s := find(signal.FallingSpend, today, today, list); s.State != signal.Yes {
		t.Errorf("from three euros to none: %+v", s)
	}
}

func TestIncidentsAreRepeatedFromTheThirdWithinTwelveWeeks(t *testing.T) {
	t.Parallel()
	list := []signal.Reading{{Day: today, Value: 1000}, {Day: today.AddDays(-40), Value: 1000}, {Day: today.AddDays(-83), Value: 1000}}
	if s := find(signal.RepeatedIncidents, today, today, list); s.State != signal.Yes || s.Recent != 3000 || s.Count != 3 {
		t.Errorf("three: %+v", s)
	}
	if s := find(signal.RepeatedIncidents, today.AddDays(1), today, list); s.State != signal.No || s.Recent != 2000 {
		t.Errorf("a day later: %+v", s)
	}
	if s := find(signal.RepeatedIncidents, today, today.AddDays(-400), nil); s.State != signal.No {
		t.Errorf("incidents are told of, and this customer had none: %+v", s)
	}
	if s := find(signal.RepeatedIncidents, today, when.Date{}, nil); s.State != signal.Unknown || s.Why != signal.NoReadings {
		t.Errorf("nobody ever told of incidents: %+v", s)
	}
}
