package stray_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/money"
	"hastaluego/internal/stray"
)

var end = time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func day(d int) time.Time { return end.AddDate(0, 0, d) }

func TestOnlyWhatBelongsToTheTimeAfterTheEndIsAStray(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bill stray.Bill
		back int64 // -1: it is none
	}{
		"charged afterwards, for no time":               {stray.Bill{Amount: eur(1200), At: day(3)}, 1200},
		"charged afterwards, for afterwards":            {stray.Bill{Amount: eur(1200), At: day(3), From: day(1), To: day(31)}, 1200},
		"charged for the period from the end":           {stray.Bill{Amount: eur(1200), At: day(1), From: end, To: day(30)}, 1200},
		"charged before they asked":                     {stray.Bill{Amount: eur(1200), At: day(-3), From: day(-3), To: day(27)}, -1},
		"renewed on the last day":                       {stray.Bill{Amount: eur(1200), At: end.Add(-9 * time.Hour), From: end.Add(-9 * time.Hour), To: day(30)}, 1200},
		"charged since they asked, for both sides":      {stray.Bill{Amount: eur(1200), At: day(-2), From: day(-2), To: day(2)}, 600},
		"charged since they asked, for before":          {stray.Bill{Amount: eur(1200), At: day(-1), From: day(-30), To: end}, -1},
		"charged before the end, for no time":           {stray.Bill{Amount: eur(1200), At: day(-1)}, -1},
		"charged in the very instant":                   {stray.Bill{Amount: eur(1200), At: end}, -1},
		"issued late, for before":                       {stray.Bill{Amount: eur(1200), At: day(9), From: day(-30), To: end}, -1},
		"for a period that ends on the last day at UTC": {stray.Bill{Amount: eur(1200), At: day(9), From: day(-30), To: end.Add(time.Hour)}, -1},
		"for a time on both sides":                      {stray.Bill{Amount: eur(1200), At: day(9), From: day(-15), To: day(15)}, 600},
		"given back already":                            {stray.Bill{Amount: eur(1200), Refunded: eur(1200), At: day(3)}, -1},
		"given back in part":                            {stray.Bill{Amount: eur(1200), Refunded: eur(200), At: day(3)}, 1000},
		"a time on both sides, mostly given back":       {stray.Bill{Amount: eur(1200), Refunded: eur(1000), At: day(9), From: day(-15), To: day(15)}, 200},
		"a credit":                       {stray.Bill{Amount: eur(-500), At: day(3)}, -1},
		"nothing":                        {stray.Bill{Amount: eur(0), At: day(3)}, -1},
		"for a time that makes no sense": {stray.Bill{Amount: eur(300), At: day(3), From: day(9), To: day(5)}, 300},
	} {
		back, is := stray.AfterEnd(day(-2).Add(-time.Hour), end, c.bill)
		if is != (c.back >= 0) || is && back != eur(c.back) {
			t.Errorf("%s: %v %v, want %d", name, back, is, c.back)
		}
	}
}

func TestNeverMoreIsGivenBackThanIsLeft(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hours := func(name string) time.Time {
			return end.Add(time.Duration(rapid.IntRange(-3000, 3000).Draw(t, name)) * time.Hour)
		}
		amount := rapid.Int64Range(0, 1_000_000_00).Draw(t, "amount")
		b := stray.Bill{Amount: eur(amount), Refunded: eur(rapid.Int64Range(0, amount).Draw(t, "refunded")), At: hours("at"), From: hours("from"), To: hours("to")}
		asked := end.Add(-time.Duration(rapid.IntRange(0, 3000).Draw(t, "asked")) * time.Hour)
		back, is := stray.AfterEnd(asked, end, b)
		if back.Minor < 0 || back.Minor > b.Left().Minor && is || is && !b.At.After(asked) || is && !b.At.After(end) && !b.To.After(end) {
			t.Fatalf("%+v: %v %v", b, back, is)
		}
	})
}

func TestWhatIsOverStaysOver(t *testing.T) {
	t.Parallel()
	for _, way := range [][]stray.State{{stray.Resolved}, {stray.Refunding, stray.Refunded}} {
		s := stray.Stray{State: stray.Open}
		for i, to := range way {
			if s.Over() || s.To(to, "usr_1", end) != nil || s.Over() != (i == len(way)-1) {
				t.Fatalf("%+v", s)
			}
		}
		for _, to := range stray.States {
			if s.To(to, "usr_2", day(1)) == nil || s.OverBy != "usr_1" {
				t.Errorf("%s went on to %s", way, to)
			}
		}
	}
}

// What was asked for and is paid is news once, whatever a person had said; nothing
// that goes back already, or was paid before, is opened by it.
func TestWhatIsPaidLaterIsOpenOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := stray.Stray{
			Kind: rapid.SampledFrom(stray.Kinds).Draw(t, "kind"), State: rapid.SampledFrom(stray.States).Draw(t, "state"), Taken: rapid.Bool().Draw(t, "taken"),
			Amount: eur(500), Back: eur(500),
		}
		if s.Over() {
			s.OverAt, s.OverBy = day(1), "usr_1"
		}
		before := s
		seen := stray.Stray{Kind: s.Kind, Taken: rapid.Bool().Draw(t, "paid"), Payment: "pi_1", Amount: eur(700), Back: eur(600)}
		news := s.Paid(seen)
		switch {
		case news != (before.Kind == stray.Charge && !before.Taken && seen.Taken && (before.State == stray.Open || before.State == stray.Resolved)):
			t.Fatalf("%+v: %v", before, news)
		case news && (s.State != stray.Open || !s.Taken || s.Payment != "pi_1" || s.Amount != eur(700) || s.Back != eur(600) || s.OverBy != "" || !s.OverAt.IsZero()), !news && s != before:
			t.Fatalf("%+v became %+v", before, s)
		case s.Paid(seen):
			t.Fatalf("%+v is news twice", before)
		}
	})
}
