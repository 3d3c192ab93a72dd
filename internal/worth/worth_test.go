package worth_test

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/survival"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
	"hastaluego/internal/worth"
)

var today = when.Date{Year: 2026, Month: time.November, Day: 29}

// drawn are contracts of two products whose chance to end in a month is constant, each
// seen from its beginning for two years at most.
func drawn(seed uint64, n int, chance map[string]float64) (list []worth.Seen) {
	r := rand.New(rand.NewPCG(seed, 7))
	for i := range n {
		product := []string{"line", "fibre"}[i%2]
		s := worth.Seen{Alike: worth.Alike{Product: product, Interval: "month"}}
		for most := 1 + r.IntN(24); s.Until < most && s.Cause == 0; {
			s.Until++
			if r.Float64() < chance[product] {
				s.Cause = 1
			}
		}
		list = append(list, s)
	}
	return list
}

func learn(t testing.TB, seen []worth.Seen, discount int64) *worth.Model {
	t.Helper()
	m, err := worth.Learn(today, seen, discount)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var chances = map[string]float64{"line": .08, "fibre": .02}

func rates() worth.Rates {
	r := worth.Nothing()
	r.Currency, r.Margin, r.Margins, r.Incident, r.Hour, r.Late = "EUR", 6000, map[string]int64{"fibre": 4000}, 1250, 4500, 800
	return r
}

var counted = map[worth.Kind]bool{worth.Incidents: true, worth.Hours: true, worth.Late: true}

// Whatever is on record, the parts of a value add up to it to the last cent, it lies in
// its interval, and every part is its month for its months.
func TestAValueIsTheSumOfItsParts(t *testing.T) {
	m := learn(t, drawn(1, 600, chances), worth.DefaultDiscount)
	rapid.Check(t, func(t *rapid.T) {
		f := worth.Facts{
			Days: rapid.IntRange(0, 365).Draw(t, "days"), Incidents: rapid.Int64Range(0, 1e6).Draw(t, "incidents"),
			Minutes: rapid.Int64Range(0, 1e5).Draw(t, "minutes"), Overdue: rapid.Int64Range(0, 1e9).Draw(t, "overdue"), Counted: counted,
		}
		for range rapid.IntRange(1, 4).Draw(t, "contracts") {
			f.Contracts = append(f.Contracts, worth.Contract{
				Alike:  worth.Alike{Product: rapid.SampledFrom([]string{"line", "fibre", "other"}).Draw(t, "product"), Interval: rapid.SampledFrom([]string{"month", "year"}).Draw(t, "interval")},
				Passed: rapid.IntRange(0, 400).Draw(t, "passed"), Monthly: rapid.Int64Range(1, 1e10).Draw(t, "monthly"), Currency: "EUR",
			})
		}
		r := rates()
		r.Margin, r.Incident, r.Hour, r.Late = rapid.Int64Range(0, 10_000).Draw(t, "margin"), rapid.Int64Range(-1, 1e6).Draw(t, "incident"), rapid.Int64Range(-1, 1e6).Draw(t, "hour"), rapid.Int64Range(-1, 10_000).Draw(t, "late")
		v := m.Of(f, r)
		if !v.Known() {
			t.Fatalf("%+v", v)
		}
		var sum int64
		for _, p := range v.Parts {
			sum += p.Sum
			if exact := float64(p.Month) * float64(p.Life.Months) / worth.Unit; math.Abs(float64(p.Sum)-exact) > .5+math.Abs(exact)*1e-15 {
				t.Fatalf("%+v is not %f", p, exact)
			}
			if (p.Kind == worth.Price) != (p.Month > 0) {
				t.Fatalf("%+v", p)
			}
			if p.Life.Low < 0 || p.Life.Low > p.Life.Months || p.Life.Months > p.Life.High || p.Life.High > worth.Horizon*worth.Unit {
				t.Fatalf("%+v", p.Life)
			}
		}
		if sum != v.Sum || v.Low > v.Sum || v.Sum > v.High {
			t.Fatalf("the parts come to %d, and the value is %+v", sum, v)
		}
		for _, k := range []struct {
			kind worth.Kind
			rate int64
		}{{worth.Incidents, r.Incident}, {worth.Hours, r.Hour}, {worth.Late, r.Late}} {
			if slices.Contains(v.Left, k.kind) != (k.rate < 0) {
				t.Fatalf("%s: rate %d, left out: %v", k.kind, k.rate, v.Left)
			}
		}
	})
}

// More margin is never worth less, and more cost never more.
func TestAValueGoesTheWayOfItsRates(t *testing.T) {
	m := learn(t, drawn(1, 600, chances), worth.DefaultDiscount)
	rapid.Check(t, func(t *rapid.T) {
		f := worth.Facts{
			Days: 365, Incidents: rapid.Int64Range(0, 1e5).Draw(t, "incidents"), Minutes: rapid.Int64Range(0, 1e4).Draw(t, "minutes"), Counted: counted,
			Contracts: []worth.Contract{{Alike: worth.Alike{Product: "line", Interval: "month"}, Passed: rapid.IntRange(0, 60).Draw(t, "passed"), Monthly: rapid.Int64Range(1, 1e6).Draw(t, "monthly"), Currency: "EUR"}},
		}
		a, b := rates(), rates()
		b.Margin = rapid.Int64Range(a.Margin, 10_000).Draw(t, "margin")
		if x, y := m.Of(f, a), m.Of(f, b); y.Sum < x.Sum || y.Month() < x.Month() {
			t.Fatalf("%d, and with more margin %d", x.Sum, y.Sum)
		}
		b = rates()
		b.Hour = rapid.Int64Range(a.Hour, 1e6).Draw(t, "hour")
		if x, y := m.Of(f, a), m.Of(f, b); y.Sum > x.Sum {
			t.Fatalf("%d, and with dearer hours %d", x.Sum, y.Sum)
		}
	})
}

func one(product string) worth.Facts {
	return worth.Facts{Days: 365, Counted: counted, Contracts: []worth.Contract{{Alike: worth.Alike{Product: product, Interval: "month"}, Monthly: 3000, Currency: "EUR"}}}
}

// Where nothing is known no figure stands.
func TestWhatIsNotKnownIsNoFigure(t *testing.T) {
	known, few := learn(t, drawn(1, 600, chances), worth.DefaultDiscount), learn(t, drawn(1, 40, chances), worth.DefaultDiscount)
	if few.Learned().Left >= worth.FewestLeft || few.Learned().Left == 0 {
		t.Fatalf("%+v", few.Learned())
	}
	two, foreign := one("line"), one("line")
	two.Contracts = append(two.Contracts, worth.Contract{Alike: two.Contracts[0].Alike, Monthly: 10, Currency: "USD"})
	foreign.Contracts[0].Currency, foreign.Minutes = "MXN", 60
	unsaid := rates()
	unsaid.Margin, unsaid.Margins = worth.Unsaid, nil
	huge := one("line")
	huge.Contracts[0].Monthly = math.MaxInt64 / 2
	for why, v := range map[worth.Unknown]worth.Value{
		worth.FewLeft: few.Of(one("line"), rates()), worth.NoMargin: known.Of(one("line"), unsaid), worth.NoPrice: known.Of(worth.Facts{}, rates()), worth.TooLarge: known.Of(huge, rates()),
	} {
		if v.Why != why || v.Sum != 0 || v.Low != 0 || v.High != 0 || v.Parts != nil {
			t.Errorf("%s: %+v", why, v)
		}
	}
	for name, v := range map[string]worth.Value{"two currencies": known.Of(two, rates()), "costs in another": known.Of(foreign, rates())} {
		if v.Why != worth.Currencies {
			t.Errorf("%s: %+v", name, v)
		}
	}
	silent := one("line")
	silent.Counted = nil
	if v := known.Of(silent, rates()); !slices.Equal(v.Left, []worth.Kind{worth.Incidents, worth.Hours, worth.Late}) || !v.Known() {
		t.Errorf("nothing was ever recorded: %+v", v)
	}
	if v := known.Of(one("line"), rates()); v.Left != nil {
		t.Errorf("nothing happened: %+v", v)
	}
	// A customer who costs more than they pay is worth less than nothing, and the interval has its ends in order.
	dear := one("line")
	dear.Minutes = 12 * 60 * 10
	if v := known.Of(dear, rates()); v.High >= 0 || v.Low >= v.Sum || v.Sum >= v.High {
		t.Errorf("%+v", v)
	}
}

// The interval holds the truth about as often as it promises, in the products of which
// there are many and in one that counts among the others.
func TestTheIntervalHoldsTheTruth(t *testing.T) {
	truth := func(p float64) (sum float64) {
		stay := 1.0
		for range worth.Horizon {
			stay *= 1 - p
			sum += stay
		}
		return sum * worth.Unit
	}
	inside, all := 0, 0
	for seed := range uint64(100) {
		m := learn(t, drawn(seed, 400, chances), 0)
		for product, p := range chances {
			l := m.Life(worth.Alike{Product: product, Interval: "month"}, 0)
			if x := truth(p); float64(l.Low) <= x && x <= float64(l.High) {
				inside++
			}
			all++
		}
	}
	t.Logf("the truth lies in the interval in %d of %d", inside, all)
	if inside*100 < all*92 {
		t.Errorf("the truth lies in the interval in %d of %d", inside, all)
	}
}

// For each way of paying of IBM's telecom the life that is foretold is about the mean of
// its own curve, and a contract of another product is told by all of them.
func TestLivesAreThoseOfTheCurves(t *testing.T) {
	file, err := os.Open(testkit.Shared(t, "telco_ibm.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	var seen []worth.Seen
	spells := map[string][]survival.Spell{}
	for _, row := range rows[1:] {
		months, err := strconv.Atoi(at(row, "tenure"))
		if err != nil {
			t.Fatal(err)
		}
		s := survival.Spell{Until: months}
		if at(row, "Churn") == "Yes" {
			s.Cause = 1
		}
		c := at(row, "Contract")
		seen, spells[c] = append(seen, worth.Seen{Alike: worth.Alike{Product: "line", Interval: c}, Spell: s}), append(spells[c], s)
	}
	m := learn(t, seen, 0)
	for c, list := range spells {
		l := m.Life(worth.Alike{Product: "line", Interval: c}, 0)
		mean, _ := survival.Estimate(list).Mean(worth.Horizon)
		t.Logf("%s: %d, %d to %d; the curve says %.0f", c, l.Months, l.Low, l.High, mean*worth.Unit)
		if math.Abs(float64(l.Months)-mean*worth.Unit) > 2500 {
			t.Errorf("%s: %+v, and the curve says %.1f", c, l, mean)
		}
	}
	strange := m.Life(worth.Alike{Product: "nobody has it", Interval: "never heard of"}, 0)
	known := m.Life(worth.Alike{Product: "line", Interval: "Month-to-month"}, 0)
	if strange.High-strange.Low <= known.High-known.Low {
		t.Errorf("of what nobody knows it is as sure as of what it has seen: %+v and %+v", strange, known)
	}
}

func TestAContractIsSeenFromWhenItIsOnRecord(t *testing.T) {
	day := func(s string) when.Date {
		d, err := when.ParseDate(s)
		if err != nil && s != "" {
			t.Fatal(err)
		}
		return d
	}
	for _, x := range []struct {
		began, recorded, last string
		want                  survival.Spell
	}{
		{"2026-01-01", "2025-01-01", "", survival.Spell{Until: 10}},
		{"2026-01-01", "2026-03-01", "", survival.Spell{From: 2, Until: 10}},
		{"2026-01-01", "2026-03-02", "", survival.Spell{From: 3, Until: 10}},
		{"2026-01-01", "2026-01-01", "2026-01-31", survival.Spell{Until: 1, Cause: 1}},
		{"2026-01-01", "2026-01-01", "2026-02-01", survival.Spell{Until: 2, Cause: 1}},
		{"2026-01-15", "2026-01-01", "2026-01-15", survival.Spell{Until: 1, Cause: 1}},
		{"2027-01-01", "2026-01-01", "", survival.Spell{}},
	} {
		got := worth.SeenOn(worth.Alike{}, day(x.began), day(x.recorded), day(x.last), today)
		if got.Spell != x.want {
			t.Errorf("%+v: %+v", x, got.Spell)
		}
	}
}

// BenchmarkMillion is the value of a million customers with two contracts each, beside
// the same with every life foretold anew, and beside adding up their prices alone.
func BenchmarkMillion(b *testing.B) {
	const customers = 1_000_000
	var seen []worth.Seen
	for range 25 {
		seen = append(seen, drawn(uint64(len(seen)), 40_000, chances)...)
	}
	facts := func(i int) worth.Facts {
		return worth.Facts{
			Days: 365, Incidents: int64(i%4) * 1000, Minutes: int64(i % 90), Overdue: int64(i % 3 * 1000), Counted: counted,
			Contracts: []worth.Contract{
				{Alike: worth.Alike{Product: "line", Interval: "month"}, Passed: i % 72, Monthly: int64(1000 + i%5000), Currency: "EUR"},
				{Alike: worth.Alike{Product: "fibre", Interval: "month"}, Passed: i % 48, Monthly: int64(2000 + i%3000), Currency: "EUR"},
			},
		}
	}
	r := rates()
	b.Run("learn and value", func(b *testing.B) {
		for b.Loop() {
			m := learn(b, seen, worth.DefaultDiscount)
			var sum int64
			for i := range customers {
				sum += m.Of(facts(i), r).Sum
			}
		}
	})
	m := learn(b, seen, worth.DefaultDiscount)
	b.Run("value", func(b *testing.B) {
		for b.Loop() {
			for i := range customers {
				m.Of(facts(i), r)
			}
		}
	})
	b.Run("baseline: every life anew", func(b *testing.B) {
		for b.Loop() {
			for i := range customers {
				m.Forget()
				m.Of(facts(i), r)
			}
		}
	})
}
