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

	"hastaluego/internal/survival"
	"hastaluego/internal/testkit"
)

// subjects reads a file with the columns that are asked for; a column of words is asked
// for as name=word, which is 1 where it says so.
func subjects(t *testing.T, name, time, ended, yes string, columns ...string) (out []survival.Subject) {
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
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, row := range rows[1:] {
		at := func(name string) string { return row[slices.Index(rows[0], name)] }
		s := survival.Subject{Spell: survival.Spell{Until: int(number(at(time)))}}
		if at(ended) == yes {
			s.Cause = 1
		}
		for _, c := range columns {
			if i := slices.Index([]byte(c), '='); i > 0 {
				v := 0.0
				if at(c[:i]) == c[i+1:] {
					v = 1
				}
				s.X = append(s.X, v)
				continue
			}
			s.X = append(s.X, number(at(c)))
		}
		out = append(out, s)
	}
	return out
}

var rossi = []string{"fin", "age", "race", "wexp", "mar", "paro", "prio"}

// The published figures of ../shared/data.md for the men who were followed after prison.
func TestFactorsAreThoseThatArePublished(t *testing.T) {
	all := subjects(t, "survival/lifelines_rossi.csv", "week", "arrest", "1", rossi...)
	m, err := survival.Regress(rossi, all, survival.Efron)
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range []float64{-.379422, -.057438, .313900, -.149796, -.433704, -.084871, .091497} {
		if !near(m.Beta[j], want, 1e-6) {
			t.Errorf("%s: %.7f, published %.6f", rossi[j], m.Beta[j], want)
		}
	}
	if got := m.Better(); !near(m.LogLik, -658.74766, 1e-5) || !near(got.ChiSquare, 33.265946, 1e-5) || got.Freedom != 7 || got.Above() > 1e-4 {
		t.Errorf("log likelihood %.6f, %+v", m.LogLik, got)
	}
	var spells []survival.Spell
	var scores []float64
	for _, s := range all {
		spells, scores = append(spells, s.Spell), append(scores, m.Log(s.X))
	}
	if c := survival.Concordance(spells, scores); !near(c, .640329, 1e-6) {
		t.Errorf("concordance %.6f", c)
	}
	if m, err = survival.Regress(rossi, all, survival.Breslow); err != nil || !near(m.LogLik, -659.12061, 1e-5) {
		t.Errorf("%.6f with Breslow's ties (%v)", m.LogLik, err)
	}
}

// What is added up of the rate are the shares of those at risk who leave: of the leukaemia
// of Miller 1997, one of 11, of 10, of 8, of 7, of 5, of 4 and of 2.
func TestTheRateIsAddedUp(t *testing.T) {
	c := survival.Estimate(read(t, "survival/r_aml.csv", "time", "status", "1", "x")["Maintained"])
	var rate, spread float64
	for k, at := range []float64{11, 10, 8, 7, 5, 4, 2} {
		rate, spread = rate+1/at, spread+1/(at*at)
		if got := c.At([]int{9, 13, 18, 23, 31, 34, 48}[k]); !near(got.Rate, rate, 1e-12) || !near(got.RateSE, math.Sqrt(spread), 1e-12) {
			t.Errorf("after %d: %.10f ± %.7f, want %.10f ± %.7f", got.Time, got.Rate, got.RateSE, rate, math.Sqrt(spread))
		}
	}
}

// Customers of a telecom do not leave at proportional rates, by far; men who have no such
// thing in their data do as often as chance lets them.
func TestRatesThatAreNotProportionalAreFound(t *testing.T) {
	columns := []string{"gender=Female", "SeniorCitizen", "Partner=Yes", "Contract=One year", "Contract=Two year", "InternetService=Fiber optic", "InternetService=No", "PaymentMethod=Electronic check", "MonthlyCharges"}
	all := subjects(t, "telco_ibm.csv", "tenure", "Churn", "Yes", columns...)
	m, err := survival.Regress(columns, all, survival.Efron)
	if err != nil {
		t.Fatal(err)
	}
	_, test, err := m.Proportional(all, survival.Efron)
	if err != nil || test.ChiSquare < 150 || test.Freedom != 9 || test.Above() > 1e-20 {
		t.Errorf("%+v (%v)", test, err)
	}
	// Of two hundred histories with proportional rates about a twentieth are called otherwise.
	found := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 9))
		var list []survival.Subject
		for range 150 {
			x := []float64{r.NormFloat64(), float64(r.IntN(2))}
			until := 1 + int(r.ExpFloat64()*30*math.Exp(-.5*x[0]-.3*x[1]))
			s := survival.Subject{Spell: survival.Spell{Until: until, Cause: 1}, X: x}
			if end := 1 + r.IntN(60); end < until {
				s.Until, s.Cause = end, 0
			}
			list = append(list, s)
		}
		m, err := survival.Regress([]string{"a", "b"}, list, survival.Efron)
		if err != nil {
			t.Fatal(seed, err)
		}
		if _, test, err := m.Proportional(list, survival.Efron); err != nil || test.Above() < .05 {
			found++
		}
	}
	if found < 3 || found > 20 {
		t.Errorf("%d of 200", found)
	}
}

// The factors that made a history are found, within strata whose rates have nothing to do
// with each other, and also where customers are seen only from later on.
func TestFactorsAreFoundWithinStrataAndFromLaterOn(t *testing.T) {
	inside := 0
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 4))
		var list []survival.Subject
		for len(list) < 300 {
			stratum, x := r.IntN(3), r.NormFloat64()
			x += float64(stratum) // who is where goes along with the column
			until := 1 + int(r.ExpFloat64()*[]float64{10, 40, 160}[stratum]*math.Exp(-.7*x))
			from := r.IntN(15)
			if until <= from || until > 400 {
				continue
			}
			list = append(list, survival.Subject{Spell: survival.Spell{From: from, Until: until, Cause: 1}, Stratum: stratum, X: []float64{x}})
		}
		m, err := survival.Regress([]string{"x"}, list, survival.Efron)
		if err != nil {
			t.Fatal(seed, err)
		}
		if math.Abs(m.Beta[0]-.7) < 2.2*m.StdErr[0] {
			inside++
		}
	}
	if inside < 90 {
		t.Errorf("the truth lies within the interval %d times of 100", inside)
	}
}

func TestWhatDeterminesNoModelIsSaid(t *testing.T) {
	one := func(until, cause int, x ...float64) survival.Subject {
		return survival.Subject{Spell: survival.Spell{Until: until, Cause: cause}, X: x}
	}
	for name, list := range map[string][]survival.Subject{
		"nobody":       nil,
		"nobody left":  {one(3, 0, 1), one(4, 0, 2)},
		"always alike": {one(3, 1, 1), one(4, 1, 1)},
		"parted":       {one(1, 1, 1), one(2, 1, 1), one(3, 1, 1), one(9, 0, 0), one(9, 0, 0), one(9, 0, 0)},
	} {
		if m, err := survival.Regress([]string{"x"}, list, survival.Efron); !errors.Is(err, survival.ErrNoModel) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	if _, err := survival.Regress([]string{"x", "y"}, []survival.Subject{one(1, 1, 1, 2), one(2, 1, 2, 4), one(3, 0, 0, 0), one(4, 1, 5, 10)}, survival.Efron); !errors.Is(err, survival.ErrNoModel) {
		t.Errorf("one column follows from another: %v", err)
	}
	if _, err := survival.Regress([]string{"x"}, []survival.Subject{one(1, 1)}, survival.Efron); err == nil || errors.Is(err, survival.ErrNoModel) {
		t.Errorf("a column is missing: %v", err)
	}
}
