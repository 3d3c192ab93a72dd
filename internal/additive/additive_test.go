package additive_test

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
	"hastaluego/internal/testkit"
)

// sheet reads a file of reference data as columns.
func sheet(t testing.TB, name string) map[string][]string {
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
	out := map[string][]string{}
	for _, row := range rows[1:] {
		for j, v := range row {
			out[rows[0][j]] = append(out[rows[0][j]], v)
		}
	}
	return out
}

// telco is the table of IBM's telecom, and in which part each customer is left out.
func telco(t testing.TB) (additive.Table, []int) {
	t.Helper()
	data, parts := sheet(t, "telco_ibm.csv"), sheet(t, "telco_folds.csv")
	if !slices.Equal(data["customerID"], parts["customerID"]) {
		t.Fatal("the parts are of other customers")
	}
	var table additive.Table
	for _, name := range []string{"tenure", "MonthlyCharges", "TotalCharges"} {
		values := make([]float64, len(data[name]))
		for i, v := range data[name] {
			var err error
			if values[i], err = strconv.ParseFloat(v, 64); err != nil {
				values[i] = math.NaN()
			}
		}
		s := additive.Numbers(name, values, 24)
		table.Scales, table.Bins = append(table.Scales, s), append(table.Bins, s.NumberColumn(values))
	}
	for _, name := range []string{"gender", "SeniorCitizen", "Partner", "Dependents", "PhoneService", "MultipleLines", "InternetService", "OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies", "Contract", "PaperlessBilling", "PaymentMethod"} {
		s := additive.Words(name, data[name], 10)
		table.Scales, table.Bins = append(table.Scales, s), append(table.Bins, s.WordColumn(data[name]))
	}
	var folds []int
	for i, v := range data["Churn"] {
		left := 0.0
		if v == "Yes" {
			left = 1
		}
		table.Events = append(table.Events, left)
		f, err := strconv.Atoi(parts["fold_r1"][i])
		if err != nil {
			t.Fatal(err)
		}
		folds = append(folds, f)
	}
	return table, folds
}

// auc is the chance that a row with the event is put above one without.
func auc(events, logits []float64) float64 {
	order := make([]int, len(logits))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case logits[a] < logits[b]:
			return -1
		case logits[a] > logits[b]:
			return 1
		}
		return 0
	})
	var ranks, yes float64
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && logits[order[j]] == logits[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			if events[k] == 1 {
				ranks, yes = ranks+float64(i+j+1)/2, yes+1
			}
		}
		i = j
	}
	return (ranks - yes*(yes+1)/2) / (yes * (float64(len(order)) - yes))
}

// Left-out customers of a telecom are foretold as well as by the best model that is
// known for this table: ../shared/data.md has the figures.
func TestTheTelecomIsForetoldAsWellAsByTheBestModelKnown(t *testing.T) {
	table, folds := telco(t)
	logits := make([]float64, table.Rows())
	for part := range slices.Max(folds) + 1 {
		learn := additive.Table{Scales: table.Scales, Bins: make([][]uint8, len(table.Bins))}
		for i, f := range folds {
			if f == part {
				continue
			}
			learn.Events = append(learn.Events, table.Events[i])
			for j, col := range table.Bins {
				learn.Bins[j] = append(learn.Bins[j], col[i])
			}
		}
		m, err := additive.Fit(learn, 100)
		if err != nil {
			t.Fatal(err)
		}
		all := m.Logits(table)
		for i, f := range folds {
			if f == part {
				logits[i] = all[i]
			}
		}
	}
	var brier float64
	for i, v := range logits {
		d := additive.Chance(v) - table.Events[i]
		brier += d * d / float64(len(logits))
	}
	area, loss := auc(table.Events, logits), additive.LogLoss(table, logits)
	t.Logf("AUC %.4f, Brier %.4f, log loss %.4f", area, brier, loss)
	if area < .8490 || brier > .1335 || loss > .4112 {
		t.Errorf("AUC %.4f, Brier %.4f, log loss %.4f", area, brier, loss)
	}
	best, err := additive.Choose(table, folds, 1, 100, 10_000)
	if err != nil || best != 100 {
		t.Errorf("chosen: %g (%v)", best, err)
	}
}

// random draws a table from a known model: log odds that are straight in a number, with
// a step for a word, and nothing for a third column.
func random(seed uint64, rows int) (table additive.Table, odds []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	numbers, words, noise := make([]float64, rows), make([]string, rows), make([]float64, rows)
	for i := range rows {
		numbers[i], words[i], noise[i] = r.Float64()*10, []string{"a", "b", "c"}[r.IntN(3)], r.NormFloat64()
		if r.IntN(20) == 0 {
			numbers[i] = math.NaN()
		}
		v := -1.0
		if !math.IsNaN(numbers[i]) {
			v += .3 * (numbers[i] - 5)
		}
		if words[i] == "b" {
			v++
		}
		odds = append(odds, v)
		event := 0.0
		if r.Float64() < additive.Chance(v) {
			event = 1
		}
		table.Events = append(table.Events, event)
	}
	n, w, z := additive.Numbers("n", numbers, 24), additive.Words("w", words, 1), additive.Numbers("z", noise, 24)
	table.Scales = []additive.Scale{n, w, z}
	table.Bins = [][]uint8{n.NumberColumn(numbers), w.WordColumn(words), z.NumberColumn(noise)}
	return table, odds
}

func row(t additive.Table, i int) []uint8 {
	var out []uint8
	for _, col := range t.Bins {
		out = append(out, col[i])
	}
	return out
}

// What is estimated lies within two standard errors of the truth about as often as that
// promises.
func TestAModelIsAsSureOfItselfAsItMayBe(t *testing.T) {
	inside, all := 0, 0
	for seed := range uint64(10) {
		table, odds := random(seed, 4000)
		m, err := additive.Fit(table, 100)
		if err != nil {
			t.Fatal(err)
		}
		logits := m.Logits(table)
		for i := 0; i < table.Rows(); i += 40 {
			r := row(table, i)
			if got := m.Logit(r); math.Abs(got-logits[i]) > 1e-12 {
				t.Fatalf("row %d: %g alone and %g together", i, got, logits[i])
			}
			// A bin of a number is as wide as a twenty-fourth of ten: that much of the truth is lost in it.
			if math.Abs(logits[i]-odds[i]) < 2*m.StdErr(r)+.3*10/24/2 {
				inside++
			}
			all++
		}
	}
	if share := float64(inside) / float64(all); share < .93 {
		t.Errorf("the truth lies in the interval in %.3f of the rows", share)
	}
}

// Rows that say the same may stand in one, and a model does not change with the order of
// its rows but for the last digits.
func TestRowsMayBePutTogether(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		table, _ := random(rapid.Uint64().Draw(r, "seed"), 300)
		m, err := additive.Fit(table, 10)
		if err != nil {
			return // nothing happened, or always
		}
		sum := additive.Table{Scales: table.Scales, Bins: make([][]uint8, len(table.Bins))}
		seen := map[string]int{}
		for i := range table.Rows() {
			key := string(row(table, i))
			k, known := seen[key]
			if !known {
				k = len(sum.Events)
				seen[key] = k
				sum.Events, sum.Trials = append(sum.Events, 0), append(sum.Trials, 0)
				for j, b := range row(table, i) {
					sum.Bins[j] = append(sum.Bins[j], b)
				}
			}
			sum.Events[k] += table.Events[i]
			sum.Trials[k]++
		}
		other, err := additive.Fit(sum, 10)
		if err != nil {
			r.Fatal(err)
		}
		for i := range table.Rows() {
			if a, b := m.Logit(row(table, i)), other.Logit(row(table, i)); math.Abs(a-b) > 1e-4 {
				r.Fatalf("row %d: %g and %g", i, a, b)
			}
		}
	})
}

func TestScalesCutNumbersIntoEqualSharesAndKeepWhatIsMissingApart(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 500).Draw(r, "values")
		if rapid.Bool().Draw(r, "few") {
			for i, v := range values {
				values[i] = math.Round(v / 5e5)
			}
		}
		s := additive.Numbers("x", values, 24)
		if s.Bins() > 25 || !slices.IsSorted(s.Cuts) {
			r.Fatalf("%d bins, cuts %v", s.Bins(), s.Cuts)
		}
		count := make([]int, s.Bins())
		for _, v := range values {
			b := s.Number(v)
			count[b]++
			if int(b) < len(s.Cuts) && v > s.Cuts[b] || b > 0 && int(b) <= len(s.Cuts) && v <= s.Cuts[b-1] {
				r.Fatalf("%g is in bin %d of %v", v, b, s.Cuts)
			}
		}
		if count[s.Bins()-1] != 0 || s.Number(math.NaN()) != uint8(s.Bins()-1) {
			r.Fatal("what is missing is not apart")
		}
		for b, n := range count[:s.Bins()-1] {
			if n == 0 {
				r.Fatalf("bin %d of %v is empty", b, s.Cuts)
			}
		}
	})
	s := additive.Words("w", []string{"b", "a", "b", "c", "c", "c"}, 2)
	if !slices.Equal(s.Levels, []string{"b", "c"}) || s.Word("a") != 2 || s.Word("new") != 2 || s.Word("c") != 1 {
		t.Errorf("%v", s)
	}
}

func TestWhatCannotBeLearnedIsSaid(t *testing.T) {
	s := additive.Numbers("x", []float64{1, 2}, 4)
	bins := [][]uint8{{0, 1}}
	for _, events := range [][]float64{{0, 0}, {1, 1}} {
		if _, err := additive.Fit(additive.Table{Scales: []additive.Scale{s}, Bins: bins, Events: events}, 1); !errors.Is(err, additive.ErrNothingToLearn) {
			t.Errorf("%v: %v", events, err)
		}
	}
	for name, table := range map[string]additive.Table{
		"events above trials": {Scales: []additive.Scale{s}, Bins: bins, Events: []float64{0, 2}},
		"no such bin":         {Scales: []additive.Scale{s}, Bins: [][]uint8{{0, 9}}, Events: []float64{0, 1}},
		"short column":        {Scales: []additive.Scale{s}, Bins: [][]uint8{{0}}, Events: []float64{0, 1}},
		"no column":           {Scales: []additive.Scale{s}, Events: []float64{0, 1}},
	} {
		if _, err := additive.Fit(table, 1); err == nil || errors.Is(err, additive.ErrNothingToLearn) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkFit fits a hundred thousand rows of three columns, and Logits tells of them
// all: beside them the sum of the same column of numbers, which only reads.
func BenchmarkFit(b *testing.B) {
	table, _ := random(1, 100_000)
	m, err := additive.Fit(table, 100)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("fit", func(b *testing.B) {
		for b.Loop() {
			if _, err := additive.Fit(table, 100); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("score", func(b *testing.B) {
		for b.Loop() {
			m.Logits(table)
		}
	})
	b.Run("baseline: read", func(b *testing.B) {
		var sum int
		for b.Loop() {
			for _, col := range table.Bins {
				for _, v := range col {
					sum += int(v)
				}
			}
		}
	})
}
