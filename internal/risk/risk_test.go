package risk_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/risk"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

var day = when.Date{Year: 2026, Month: 11, Day: 26}

func drawn(t *rapid.T) []signal.Signal {
	out := make([]signal.Signal, len(signal.Kinds))
	for i, k := range signal.Kinds {
		s := signal.Signal{Kind: k, State: rapid.SampledFrom([]signal.State{signal.Yes, signal.No, signal.Unknown}).Draw(t, "state")}
		if s.State == signal.Yes {
			s.Change = -rapid.IntRange(signal.FallPercent, 100).Draw(t, "fall")
			s.Recent = rapid.Int64Range(signal.FewestToCount, 20).Draw(t, "times") * signal.Unit
		}
		out[i] = s
	}
	return out
}

// Points are those of the reasons, every signal that is there has exactly one,
// and nothing else has any.
func TestPointsAreThoseOfTheReasons(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := drawn(t)
		s := risk.Rate(day, list)
		sum, reasons := 0, map[signal.Kind]int{}
		for _, r := range s.Reasons {
			sum += r.Points
			reasons[r.Signal]++
		}
		known := false
		for _, x := range list {
			known = known || x.State != signal.Unknown
			want := 0
			if x.State == signal.Yes {
				want = 1
			}
			if reasons[x.Kind] != want {
				t.Fatalf("%+v has %d reasons", x, reasons[x.Kind])
			}
		}
		if sum != s.Points || s.Points > 100 {
			t.Fatalf("%d points of reasons, %d in all", sum, s.Points)
		}
		if (s.Band == risk.Unknown) == known {
			t.Fatalf("%s although known is %v", s.Band, known)
		}
	})
}

// Who uses less never has fewer points for it.
func TestAWorseSignalNeverHasFewerPoints(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := drawn(t)
		before := risk.Rate(day, list)
		i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
		if list[i].State != signal.Yes {
			list[i].State, list[i].Change, list[i].Recent = signal.Yes, -signal.FallPercent, signal.FewestToCount*signal.Unit
		}
		list[i].Change -= rapid.IntRange(0, 100).Draw(t, "more")
		list[i].Recent += rapid.Int64Range(0, 10).Draw(t, "times more") * signal.Unit
		if after := risk.Rate(day, list); after.Points < before.Points {
			t.Fatalf("%d points, then %d", before.Points, after.Points)
		}
	})
}

func TestTheBandsBeginWhereTheySay(t *testing.T) {
	t.Parallel()
	fall := func(k signal.Kind, by int) signal.Signal {
		return signal.Signal{Kind: k, State: signal.Yes, Change: -by}
	}
	for _, c := range []struct {
		want risk.Band
		list []signal.Signal
	}{
		{risk.Unknown, []signal.Signal{{Kind: signal.FallingUse, State: signal.Unknown}}},
		{risk.Low, []signal.Signal{{Kind: signal.FallingUse, State: signal.Unknown}, {Kind: signal.FallingSpend, State: signal.No}}},
		{risk.Medium, []signal.Signal{fall(signal.FallingUse, 60)}},
		{risk.Medium, []signal.Signal{fall(signal.FallingSpend, 30)}},
		{risk.High, []signal.Signal{fall(signal.FallingUse, 59), fall(signal.FallingSpend, 60)}},
	} {
		if s := risk.Rate(day, c.list); s.Band != c.want {
			t.Errorf("%+v is %s with %d points, want %s", c.list, s.Band, s.Points, c.want)
		}
	}
}
