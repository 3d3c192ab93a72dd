package achievement_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/achievement"
	"hastaluego/internal/fault"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

var end = when.Date{Year: 2026, Month: 11, Day: 22}

func used(days int, each int64) map[signal.Metric][]signal.Reading {
	out := map[signal.Metric][]signal.Reading{}
	for i := range days {
		out[signal.Use] = append(out[signal.Use], signal.Reading{Day: end.AddDays(-i), Value: each * signal.Unit})
	}
	return out
}

func TestFiguresAreCountedFromTheReadingsWhileTheyWereCustomers(t *testing.T) {
	t.Parallel()
	readings := used(40, 5)
	readings[signal.Use] = append(readings[signal.Use], signal.Reading{Day: end.AddDays(1), Value: 1_000_000})
	got := achievement.Builtin().Count(readings, end)
	if len(got) != 2 || got[0].ID != "use_total" || got[0].Value != 200 || got[1].ID != "use_days" || got[1].Value != 40 {
		t.Fatalf("%+v", got)
	}
	if got[0].From != end.AddDays(-39) || got[0].Until != end || got[0].Say("es") != "veces que lo usaste" {
		t.Errorf("%+v", got[0])
	}
}

// One figure is no achievement, and nothing is put beside it.
func TestFewerThanTwoFiguresAreLeftOut(t *testing.T) {
	t.Parallel()
	if got := achievement.Builtin().Count(used(29, 10), end); got != nil {
		t.Errorf("29 days of ten uses: %+v", got)
	}
	if got := achievement.Builtin().Count(nil, end); got != nil {
		t.Errorf("no readings: %+v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		days, each := rapid.IntRange(0, 60).Draw(t, "days"), rapid.Int64Range(0, 40).Draw(t, "each")
		want := 0
		if int64(days)*each >= 100 {
			want++
		}
		if each > 0 && days >= 30 {
			want++
		}
		if days > 0 && each >= 20 {
			want++
		}
		if want < 2 {
			want = 0
		}
		if got := achievement.Builtin().Count(used(days, each), end); len(got) != want {
			t.Fatalf("%d figures, want %d: %+v", len(got), want, got)
		}
	})
}

func TestAFileWithMistakesIsToldByPlace(t *testing.T) {
	t.Parallel()
	_, err := achievement.Load("a.yaml", []byte(`figures:
  - {id: a, metric: use, of: sum, from: 10, label: {es: "usos", en: "uses"}}
  - {id: a, metric: use, of: most, from: 1, label: {es: "usos"}}
`))
	var got []string
	for _, e := range fault.Fields(err) {
		got = append(got, e.Code+" "+e.Field)
	}
	for _, want := range []string{"file.twice a.yaml:3:", "file.not_one_of a.yaml:3:", "achievement.from a.yaml:3:", "file.language_missing a.yaml:3:"} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%v lacks %s", got, want)
		}
	}
	if _, err := achievement.Load("a.yaml", []byte("figures: []\n")); fault.CodeOf(err) != "file.empty_list" {
		t.Errorf("no figures: %v", err)
	}
}
