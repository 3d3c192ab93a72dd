package survival_test

import (
	"encoding/csv"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/additive"
	"hastaluego/internal/survival"
	"hastaluego/internal/testkit"
)

// read reads the spells of a file of reference data in groups.
func read(t testing.TB, name, time, ended, yes, group string) map[string][]survival.Spell {
	t.Helper()
	file, err := os.Open(testkit.Shared(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	out := map[string][]survival.Spell{}
	for _, row := range rows[1:] {
		until, err := strconv.ParseFloat(at(row, time), 64)
		if err != nil {
			t.Fatal(err)
		}
		s := survival.Spell{Until: int(until)}
		if at(row, ended) == yes {
			s.Cause = 1
		}
		out[at(row, group)] = append(out[at(row, group)], s)
	}
	return out
}

func together(groups map[string][]survival.Spell) (all []survival.Spell) {
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

func parted(groups map[string][]survival.Spell) (list [][]survival.Spell) {
	for _, g := range groups {
		list = append(list, g)
	}
	return list
}

func near(a, b, by float64) bool { return math.Abs(a-b) <= by }

// The published figures of ../shared/data.md.
func TestCurvesAreThoseThatArePublished(t *testing.T) {
	c := survival.Estimate(together(read(t, "telco_ibm.csv", "tenure", "Churn", "Yes", "Contract")))
	for time, want := range map[int]float64{12: .843200, 24: .788736, 48: .708840, 72: .592790} {
		if got := c.At(time); !near(got.Stay, want, 5e-7) {
			t.Errorf("after %d months %.6f stay, published %.6f", time, got.Stay, want)
		}
	}
	if got := c.At(12).StdErr; !near(got, .004492, 5e-7) {
		t.Errorf("standard error %.6f", got)
	}
	if _, half := c.Median(); half {
		t.Error("a median, and more than half stay")
	}
	for _, x := range []struct {
		file, time, ended, yes, group string
		chi                           float64
		freedom                       int
	}{
		{"telco_ibm.csv", "tenure", "Churn", "Yes", "Contract", 2352.8725, 2},
		{"telco_ibm.csv", "tenure", "Churn", "Yes", "gender", .5257, 1},
		{"survival/r_lung.csv", "time", "status", "2", "sex", 10.32674, 1},
		{"survival/r_aml.csv", "time", "status", "1", "x", 3.39639, 1},
		{"survival/lifelines_waltons_dataset.csv", "T", "E", "1", "group", 122.24913, 1},
		{"survival/lifelines_rossi.csv", "week", "arrest", "1", "fin", 3.83757, 1},
	} {
		got, err := survival.LogRank(parted(read(t, x.file, x.time, x.ended, x.yes, x.group))...)
		if err != nil || !near(got.ChiSquare, x.chi, 5e-5*max(1, x.chi/100)) || got.Freedom != x.freedom {
			t.Errorf("%s by %s: %.5f with %d, published %.5f with %d (%v)", x.file, x.group, got.ChiSquare, got.Freedom, x.chi, x.freedom, err)
		}
	}
}

// drawn are spells of any kind: early and late, for two causes or none, some of them seen
// only after a while.
var drawn = rapid.SliceOfN(rapid.Custom(func(r *rapid.T) survival.Spell {
	from := rapid.IntRange(0, 3).Draw(r, "from")
	return survival.Spell{From: from, Until: from + rapid.IntRange(0, 20).Draw(r, "for"), Cause: rapid.IntRange(0, 2).Draw(r, "cause")}
}), 0, 60)

func TestSharesAddUpWhateverWasSeen(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		spells := drawn.Draw(r, "spells")
		c, causes := survival.Estimate(spells), survival.ByCause(spells)
		before := 1.0
		for _, s := range c.Steps {
			low, high := s.Interval(1.96)
			if s.Stay > before || s.Stay < 0 || low > s.Stay || high < s.Stay || low < 0 || high > 1 || s.Left > s.AtRisk {
				r.Fatalf("%+v from %g to %g after %g", s, low, high, before)
			}
			before = s.Stay
			left := 0.0
			for _, list := range causes {
				share := 0.0
				for _, x := range list {
					if x.Time <= s.Time {
						share = x.Left
					}
				}
				left += share
			}
			if !near(left+s.Stay, 1, 1e-9) {
				r.Fatalf("at %d %g have left and %g stay", s.Time, left, s.Stay)
			}
		}
		short, _ := c.Mean(5)
		long, _ := c.Mean(10)
		if short > 5 || long < short || long > 10 {
			r.Fatalf("%g of 5 and %g of 10 periods", short, long)
		}
		mixed := slices.Clone(spells)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if other := survival.Estimate(mixed); !slices.Equal(other.Steps, c.Steps) {
			r.Fatal("the order matters")
		}
	})
}

// Groups that are the same do not differ, and a group beside nobody cannot be compared.
func TestGroupsAreComparedOnlyWhereThereIsSomethingToCompare(t *testing.T) {
	spells := []survival.Spell{{Until: 2, Cause: 1}, {Until: 3}, {Until: 5, Cause: 1}}
	got, err := survival.LogRank(spells, spells)
	if err != nil || !near(got.ChiSquare, 0, 1e-12) || got.Freedom != 1 {
		t.Errorf("%+v (%v)", got, err)
	}
	for _, groups := range [][][]survival.Spell{{spells}, {spells, nil}, {{{Until: 4}}, {{Until: 9}}}} {
		if _, err := survival.LogRank(groups...); !errors.Is(err, survival.ErrNoComparison) {
			t.Errorf("%v: %v", groups, err)
		}
	}
}

// Where there is nothing but time, and nothing is smoothed, the model says what the curve
// says.
func TestWithoutColumnsTheModelIsTheCurve(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var spells []survival.Spell
	for range 3000 {
		s := survival.Spell{Until: 1 + r.IntN(18)}
		if r.IntN(3) == 0 {
			s.Cause = 1
		}
		spells = append(spells, s)
	}
	h, err := survival.Learn(spells, nil, nil, 1e-6)
	if err != nil {
		t.Fatal(err)
	}
	c := survival.Estimate(spells)
	for k, got := range h.Forecast(18, 1).Stays(0, nil) {
		if want := c.At(k + 1).Stay; !near(got, want, .002) {
			t.Errorf("after %d periods %.4f, on the curve %.4f", k+1, got, want)
		}
	}
}

// telco are the customers of IBM's telecom by contract, and by what tells nothing.
func telco(t testing.TB) (spells []survival.Spell, scales []additive.Scale, bins [][]uint8) {
	t.Helper()
	var contract, nothing []string
	for name, group := range read(t, "telco_ibm.csv", "tenure", "Churn", "Yes", "Contract") {
		spells = append(spells, group...)
		for range group {
			contract = append(contract, name)
		}
	}
	for i := range contract {
		nothing = append(nothing, strconv.Itoa(i%7))
	}
	a, b := additive.Words("contract", contract, 10), additive.Words("nothing", nothing, 10)
	return spells, []additive.Scale{a, b}, [][]uint8{a.WordColumn(contract), b.WordColumn(nothing)}
}

// The model foretells for each contract about what its own curve shows, though the
// curves are far from proportional, and says how sure it is.
func TestTheModelFollowsTheCurvesOfGroups(t *testing.T) {
	spells, scales, bins := telco(t)
	smooth, err := survival.Choose(spells, scales, bins, 5, 1, 10, 100)
	if err != nil {
		t.Fatal(err)
	}
	h, err := survival.Learn(spells, scales, bins, smooth)
	if err != nil {
		t.Fatal(err)
	}
	f := h.Forecast(24, 1)
	lives := map[string]survival.Life{}
	for level, name := range scales[0].Levels {
		lives[name] = f.Of(0, []uint8{uint8(level), 3}, 1.96)
	}
	month, year, two := lives["Month-to-month"], lives["One year"], lives["Two year"]
	if month.Expected > year.Expected || year.Expected > two.Expected || two.High > 24 {
		t.Errorf("%+v, %+v, %+v", month, year, two)
	}
	for name, l := range lives {
		if l.Low > l.Expected || l.High < l.Expected {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if curve, _ := survival.Estimate(read(t, "telco_ibm.csv", "tenure", "Churn", "Yes", "Contract")["Month-to-month"]).Mean(24); !near(month.Expected, curve, 1.5) {
		t.Errorf("of 24 months a customer by the month is foretold to stay %.2f, and on the curve %.2f", month.Expected, curve)
	}
	if later := f.Of(40, []uint8{0, 3}, 0); later.Expected < month.Expected {
		t.Errorf("whoever stayed 40 months stays %.2f more, and a new one %.2f", later.Expected, month.Expected)
	}
	if near := h.Forecast(24, .98).Of(0, []uint8{0, 3}, 0); near.Expected >= month.Expected {
		t.Errorf("discounted %.2f, undiscounted %.2f", near.Expected, month.Expected)
	}
	for bin, add := range h.Adds()[1][:7] {
		if math.Abs(add) > .25 {
			t.Errorf("a column that tells nothing adds %.3f in bin %d", add, bin)
		}
	}
	if _, err := survival.Learn(spells[:3], scales, bins, 1); err == nil {
		t.Error("columns of other customers were taken")
	}
	if _, err := survival.Learn([]survival.Spell{{Until: 3}}, nil, nil, 1); !errors.Is(err, additive.ErrNothingToLearn) {
		t.Errorf("nobody ever left: %v", err)
	}
}

// BenchmarkLives foretells for a hundred thousand customers five years ahead, with an
// interval, beside the exponential function alone as often as the forecast has periods.
func BenchmarkLives(b *testing.B) {
	spells, scales, bins := telco(b)
	h, err := survival.Learn(spells, scales, bins, 10)
	if err != nil {
		b.Fatal(err)
	}
	const customers, months = 100_000, 60
	f := h.Forecast(months, .99)
	b.Run("forecast", func(b *testing.B) {
		row := make([]uint8, 2)
		for b.Loop() {
			for i := range customers {
				row[0], row[1] = uint8(i%3), uint8(i%7)
				f.Of(i%72, row, 1.96)
			}
		}
	})
	b.Run("baseline: exponentials", func(b *testing.B) {
		var sum float64
		for b.Loop() {
			for i := range customers * months {
				sum += math.Exp(-float64(i % 7))
			}
		}
	})
}
