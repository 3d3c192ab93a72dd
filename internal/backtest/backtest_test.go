package backtest_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"hastaluego/internal/additive"
	"hastaluego/internal/backtest"
	"hastaluego/internal/fault"
	"hastaluego/internal/forecast"
	"hastaluego/internal/testkit"
)

func shared(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(testkit.Shared(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// parts reads the parts of customers from a column of a file.
func parts(t *testing.T, name, id, column string) backtest.Parts {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(shared(t, name))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, h := range rows[0] {
		at[h] = i
	}
	p := backtest.Parts{Name: column, Of: map[string]int{}}
	for _, r := range rows[1:] {
		n, err := strconv.Atoi(r[at[column]])
		if err != nil {
			t.Fatal(err)
		}
		p.Of[r[at[id]]] = n
	}
	return p
}

// The figures of ../shared/data.md for the fixed parts of a telecom: .848, .1335, a slope
// of .9 to 1.1 are what is asked for.
func TestTheTelecomIsForetoldAsPublished(t *testing.T) {
	r, scores, err := backtest.Run(bytes.NewReader(shared(t, "telco_ibm.csv")), backtest.Ask{
		ID: "customerID", Target: "Churn", Parts: []backtest.Parts{parts(t, "telco_folds.csv", "customerID", "fold_r1")},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	f := r.Figures
	t.Logf("%s %s: %+v, top %+v", r.Verdict, r.Model.Kind, *f, *r.Top)
	if r.Verdict != backtest.Learned || f.Area.Point < .848 || f.Brier > .1335 || f.Slope < .9 || f.Slope > 1.1 || r.Event != "Yes" || r.Events != 1869 {
		t.Errorf("%+v", r)
	}
	if r.Model.Kind != forecast.Additive {
		t.Errorf("%s was chosen: %+v", r.Model.Kind, r.Model.Tried)
	}
	for _, c := range r.Fields {
		if c.Why.Leak() || c.Name == "TotalCharges" && (c.Type != backtest.Number || c.Missing != 11) {
			t.Errorf("%+v", c)
		}
	}
	for _, s := range scores.Rows {
		sum := s.Base
		for _, e := range s.Effects {
			sum += e
		}
		if math.Abs(sum-s.Logit) > 1e-9 {
			t.Fatalf("%s is told %g, columns add %g", s.ID, s.Logit, sum)
		}
	}
	if len(scores.Rows) != 7043 {
		t.Errorf("%d scores", len(scores.Rows))
	}
}

// Subscriptions of a company that was made up without any reason to leave: nothing is to
// be learned, and the day they ended, which knows, is kept out.
func TestWhereThereIsNothingToLearnThatIsSaid(t *testing.T) {
	for name, a := range map[string]backtest.Ask{
		"ravenstack/ravenstack_subscriptions.csv": {ID: "subscription_id", Target: "churn_flag"},
		"ravenstack/ravenstack_accounts.csv":      {ID: "account_id", Target: "churn_flag"},
	} {
		r, _, err := backtest.Run(bytes.NewReader(shared(t, name)), a, false)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %+v", name, r.Figures)
		if r.Verdict != backtest.NoSignal || r.Event != "True" {
			t.Errorf("%s: %s of %q, %+v", name, r.Verdict, r.Event, r.Figures)
		}
		for _, c := range r.Fields {
			if c.Why.Leak() != (c.Name == "end_date") {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}

// drawn writes a table: chances known, of two columns, with traps beside them.
func drawn(seed uint64, rows int, strength float64, traps bool) []byte {
	r := rand.New(rand.NewPCG(seed, 11))
	var b strings.Builder
	b.WriteString("id;n.º;antigüedad;gasto;plan;alta;nota;fijo;motivo;encuesta;puntos;gasto x2;baja\n")
	for i := range rows {
		tenure, spend := r.IntN(60), 20+r.Float64()*1500
		plan := []string{"Básico", "Pro", "Empresa"}[r.IntN(3)]
		v := -1 + strength*(1-float64(tenure)/30)
		if plan == "Básico" {
			v += strength * .5
		}
		left := r.Float64() < additive.Chance(v)
		word, reason, survey, points := "no", "", "", r.NormFloat64()
		if left {
			word = "sí"
			if traps {
				reason = []string{"precio", "servicio", "se muda"}[r.IntN(3)]
				if r.IntN(3) == 0 {
					survey = strconv.Itoa(1 + r.IntN(5))
				}
				points += 4
			}
		}
		money := func(v float64) string {
			s := fmt.Sprintf("%.2f", v)
			whole, dec, _ := strings.Cut(s, ".")
			if len(whole) > 3 {
				whole = whole[:len(whole)-3] + "." + whole[len(whole)-3:]
			}
			return whole + "," + dec + " €"
		}
		fmt.Fprintf(&b, "C-%d;%d;%d;%s;%s;%02d/%02d/2024;%s;x;%s;%s;%.3f;%s;%s\n", i, i+1, tenure, money(spend), plan, 1+r.IntN(28), 1+r.IntN(12),
			fmt.Sprintf("nota larga que nadie repite, la del cliente número %d", i), reason, survey, points, money(spend*2), word)
	}
	return []byte(b.String())
}

func field(t *testing.T, r backtest.Report, name string) backtest.Field {
	t.Helper()
	for _, f := range r.Fields {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no column %q in %+v", name, r.Fields)
	return backtest.Field{}
}

// Columns are understood as a Spanish spreadsheet writes them, and those that know what
// happened are kept out unprompted, until a person says otherwise.
func TestColumnsThatKnowWhatHappenedAreKeptOut(t *testing.T) {
	file := drawn(1, 1500, 2, true)
	ask := backtest.Ask{ID: "id", Target: "baja"}
	r, _, err := backtest.Run(bytes.NewReader(file), ask, false)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]struct {
		is  backtest.Type
		why backtest.Why
	}{
		"id": {backtest.ID, backtest.WhyID}, "n.º": {backtest.ID, backtest.WhyID}, "antigüedad": {backtest.Number, ""}, "gasto": {backtest.Number, ""},
		"plan": {backtest.Word, ""}, "alta": {backtest.Date, ""}, "nota": {backtest.Prose, backtest.WhyProse}, "fijo": {backtest.Word, backtest.WhyConstant},
		"motivo": {backtest.Word, backtest.LeakArea}, "encuesta": {backtest.Number, backtest.LeakFilled}, "puntos": {backtest.Number, backtest.LeakArea},
		"gasto x2": {backtest.Number, backtest.WhySame},
	}
	for name, w := range want {
		if f := field(t, r, name); f.Type != w.is || f.Why != w.why || f.Used != (w.why == "") || f.Odd != 0 {
			t.Errorf("%+v, want %+v", f, w)
		}
	}
	if f := field(t, r, "gasto x2"); f.Same != "gasto" {
		t.Errorf("%+v", f)
	}
	if r.Verdict != backtest.Learned || r.Figures.Area.Point > .9 || r.Event != "sí" || r.Drivers[0].Column != "antigüedad" {
		t.Errorf("%s, %q, %+v, %+v", r.Verdict, r.Event, r.Figures, r.Drivers[0])
	}
	ask.Keep = []string{"encuesta"}
	if r, _, err = backtest.Run(bytes.NewReader(file), ask, false); err != nil || !field(t, r, "encuesta").Used || !field(t, r, "encuesta").Kept {
		t.Errorf("%+v (%v)", field(t, r, "encuesta"), err)
	}
	// Without what knows, and with nothing to know: nothing is found.
	if r, _, err := backtest.Run(bytes.NewReader(drawn(0, 1000, 0, false)), backtest.Ask{ID: "id", Target: "baja"}, false); err != nil || r.Verdict != backtest.NoSignal {
		t.Errorf("%s %+v (%v)", r.Verdict, r.Figures, err)
	}
}

// A rate that is stated brings chances to it, where they mean all customers and not those
// of the file.
func TestAStatedRateIsMet(t *testing.T) {
	r, _, err := backtest.Run(bytes.NewReader(drawn(2, 1500, 2, false)), backtest.Ask{ID: "id", Target: "baja", Rate: .05}, false)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Stated; s == nil || math.Abs(s.After-.05) > .005 || math.Abs(s.Before-r.Rate) > .02 {
		t.Errorf("%+v, rate %g", s, r.Rate)
	}
}

func TestFewLeaversAreRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("cliente,meses,baja\n")
	for i := range 12 {
		fmt.Fprintf(&b, "C%d,%d,%d\n", i, i*3, i%5/4)
	}
	r, _, err := backtest.Run(strings.NewReader(b.String()), backtest.Ask{ID: "cliente", Target: "baja"}, false)
	if err != nil || r.Verdict != backtest.TooFew || r.Figures != nil || r.Events != 2 || r.Need != 150 {
		t.Errorf("%+v (%v)", r, err)
	}
}

// months writes a row for each customer and month: who leaves is told by the use of the
// month before, and leaves within thirty days.
func months(seed uint64, customers int) []byte {
	r := rand.New(rand.NewPCG(seed, 5))
	var b strings.Builder
	b.WriteString("customer,month,use,noise,left,left_on\n")
	for c := range customers {
		for m := range 12 {
			use := r.NormFloat64()
			left := r.Float64() < additive.Chance(-3-1.5*use)
			on := ""
			if left {
				on = fmt.Sprintf("2024-%02d-%02d", m+1, 10+r.IntN(18))
			}
			fmt.Fprintf(&b, "C%d,2024-%02d-01,%.3f,%.3f,%t,%s\n", c, m+1, use, r.NormFloat64(), left, on)
			if left {
				break
			}
		}
	}
	return []byte(b.String())
}

// With a date, later rows are foretold from earlier ones, and how early is said.
func TestLaterRowsAreForetoldFromEarlierOnes(t *testing.T) {
	r, scores, err := backtest.Run(bytes.NewReader(months(1, 1500)), backtest.Ask{ID: "customer", Target: "left", Time: "month", Left: "left_on", Horizon: 30}, true)
	if err != nil {
		t.Fatal(err)
	}
	if r.Way != "time" || r.Verdict != backtest.Learned || r.Top.Early == nil || r.Top.Early.Median < 9 || r.Top.Early.Median > 27 || r.Figures.Slope < .8 || r.Figures.Slope > 1.25 {
		t.Errorf("%s %s, %+v, %+v, %+v", r.Way, r.Verdict, r.Figures, r.Top, r.Top.Early)
	}
	if len(scores.Rows) == 0 || len(scores.Rows) > r.Rows*7/10 {
		t.Errorf("%d of %d rows were foretold", len(scores.Rows), r.Rows)
	}
}

func TestWhatCannotBeReadIsRefusedWithItsPlace(t *testing.T) {
	ask := backtest.Ask{ID: "id", Target: "left"}
	for name, c := range map[string]struct {
		file string
		ask  backtest.Ask
		code string
	}{
		"empty":          {"", ask, "csv.no_header"},
		"header alone":   {"id,left\n", ask, "backtest.no_rows"},
		"no such column": {"id,gone\n1,2\n", ask, "csv.missing_column"},
		"column twice":   {"id,left,x,x\n1,0,1,1\n", ask, "csv.column_twice"},
		"one class":      {"id,x,left\n1,2,no\n2,3,no\n", ask, "backtest.one_class"},
		"many classes":   {"id,x,left\n1,2,a\n2,3,b\n3,3,c\n", ask, "backtest.many_classes"},
		"no class":       {"id,x,left\n1,2,\n2,3,\n", ask, "backtest.no_target"},
		"no such event":  {"id,x,left\n1,2,a\n2,3,b\n", backtest.Ask{ID: "id", Target: "left", Event: "z"}, "backtest.no_event"},
		"broken line":    {"id,x,left\n1,2\n2,3,b\n", ask, "csv.field_count"},
		"a spreadsheet":  {"PK\x03\x04xx", ask, "csv.spreadsheet"},
		"rate":           {"id,x,left\n1,2,0\n", backtest.Ask{ID: "id", Target: "left", Rate: 1}, "backtest.rate"},
		"same column":    {"id,x,left\n1,2,0\n", backtest.Ask{ID: "id", Target: "id"}, "backtest.same_column"},
		"horizon":        {"id,x,left\n1,2,0\n", backtest.Ask{ID: "id", Target: "left", Horizon: 3}, "backtest.horizon"},
		"no dates":       {"id,x,left\n1,a,0\n2,b,1\n", backtest.Ask{ID: "id", Target: "left", Time: "x"}, "backtest.no_dates"},
	} {
		if _, _, err := backtest.Run(strings.NewReader(c.file), c.ask, false); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// FuzzRun reads anything: it ends in a report or in a fault that people can be told.
func FuzzRun(f *testing.F) {
	f.Add([]byte("id,left\n1,0\n2,1\n"))
	f.Add(drawn(1, 30, 1, true))
	f.Add(months(1, 5))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 4000 {
			return
		}
		header, _, _ := strings.Cut(string(raw), "\n")
		names := strings.FieldsFunc(strings.TrimRight(header, "\r"), func(r rune) bool { return r == ',' || r == ';' })
		if len(names) < 2 {
			return
		}
		a := backtest.Ask{ID: names[0], Target: names[len(names)-1]}
		if _, _, err := backtest.Run(bytes.NewReader(raw), a, true); err != nil && fault.KindOf(err) == fault.Internal {
			t.Fatal(err)
		}
	})
}
