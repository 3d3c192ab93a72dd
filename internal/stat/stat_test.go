package stat_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/stat"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > within {
		t.Errorf("%s: %v, not %v", what, got, want)
	}
}

func TestDistributionsAreThoseOfTheTables(t *testing.T) {
	t.Parallel()
	near(t, "z of .975", stat.Quantile(.975), 1.959963984540054, 1e-12)
	near(t, "below 1.6449", stat.Below(1.6448536269514722), .95, 1e-12)
	for df, x := range map[int]float64{1: 3.841458821, 2: 5.991464547, 3: 7.814727903, 4: 9.487729037, 10: 18.30703805, 11: 19.67513757} {
		near(t, "chi-square", stat.ChiSquareAbove(x, df), .05, 1e-8)
	}
	if stat.ChiSquareAbove(0, 3) != 1 || stat.ChiSquareAbove(-1, 1) != 1 {
		t.Error("nothing is not surely above 0")
	}
}

// Student's table at 97.5 %, by the interval of a mean whose standard error is 1.
func TestTheIntervalOfAMeanIsStudents(t *testing.T) {
	t.Parallel()
	z := stat.Quantile(.975)
	for n, want := range map[int]float64{6: 2.5706, 11: 2.2281, 31: 2.0423, 101: 1.9840} {
		var m stat.Moments
		for i := range n { // mean 0, standard error 1 once it is scaled
			m.Add(float64(i) - float64(n-1)/2)
		}
		se := math.Sqrt(m.Variance() / float64(n))
		e := stat.Average(m, z)
		near(t, "t", e.High/se, want, .003*want)
		near(t, "its mirror", e.Low, -e.High, 1e-9)
	}
	var one stat.Moments
	one.Add(3)
	if e := stat.Average(one, z); e.Known() || e.Point != 3 || one.Variance() != 0 {
		t.Errorf("of one value: %+v", e)
	}
}

// The examples of Newcombe 1998, table II, method 10.
func TestSharesAndTheirDifferencesAreAsPublished(t *testing.T) {
	t.Parallel()
	z := stat.Quantile(.975)
	for _, c := range []struct {
		a, n, b, m int
		low, high  float64
	}{{56, 70, 48, 80, .0524, .3339}, {9, 10, 3, 10, .1705, .8090}, {5, 56, 0, 29, -.0381, .1926}} {
		e := stat.ShareDifference(c.a, c.n, c.b, c.m, z)
		near(t, "low", e.Low, c.low, 1e-4)
		near(t, "high", e.High, c.high, 1e-4)
	}
	e := stat.Share(0, 10, z)
	near(t, "none of ten", e.High, .2775, 1e-4)
	if e.Low != 0 || e.Point != 0 {
		t.Errorf("none of ten: %+v", e)
	}
	if e := stat.Share(0, 0, z); e.Low != 0 || e.High != 1 {
		t.Errorf("of nobody: %+v", e)
	}
	if e := stat.ShareDifference(4, 4, 0, 4, math.Inf(1)); !e.Holds(0) || !e.Holds(1) {
		t.Errorf("before anything can be said: %+v", e)
	}
}

func TestIntervalsAreAsWideAsTheyMustBe(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.IntRange(1, 500).Draw(t, "n"), rapid.IntRange(1, 500).Draw(t, "m")
		a, b := rapid.IntRange(0, n).Draw(t, "a"), rapid.IntRange(0, m).Draw(t, "b")
		z := rapid.Float64Range(.1, 9).Draw(t, "z")
		s, more := stat.Share(a, n, z), stat.Share(a, n, z+1)
		if s.Low < 0 || s.High > 1 || !s.Holds(s.Point) || more.Low > s.Low || more.High < s.High {
			t.Fatalf("%+v, and with more %+v", s, more)
		}
		d, back := stat.ShareDifference(a, n, b, m, z), stat.ShareDifference(b, m, a, n, z)
		if !d.Holds(d.Point) || math.Abs(d.Low+back.High) > 1e-12 || math.Abs(d.High+back.Low) > 1e-12 {
			t.Fatalf("%+v, and turned round %+v", d, back)
		}
	})
}

func TestMomentsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 0, 60).Draw(t, "values")
		cut := rapid.IntRange(0, len(values)).Draw(t, "cut")
		var all, left, right stat.Moments
		sum := 0.
		for i, v := range values {
			all.Add(v)
			sum += v
			if i < cut {
				left.Add(v)
			} else {
				right.Add(v)
			}
		}
		both := left.With(right)
		if both.N != len(values) || math.Abs(both.Mean-all.Mean) > 1e-6 || math.Abs(both.Variance()-all.Variance()) > 1e-6*(1+all.Variance()) {
			t.Fatalf("%+v and %+v", both, all)
		}
		if len(values) > 0 && math.Abs(all.Mean-sum/float64(len(values))) > 1e-6 {
			t.Fatalf("mean %v of %v", all.Mean, sum)
		}
	})
}

func TestAFewEqualValuesProveNothing(t *testing.T) {
	t.Parallel()
	var a, b stat.Moments
	for range 3 {
		a.Add(100)
		b.Add(0)
	}
	if e := stat.Difference(a, b, stat.Quantile(.975)); e.Point != 100 || !e.Known() || e.High-e.Low < 100 {
		t.Errorf("%+v", e)
	}
	var one stat.Moments
	one.Add(1)
	if stat.Difference(a, one, 2).Known() || stat.Difference(a, b, math.Inf(1)).Known() {
		t.Error("known from nearly nothing")
	}
}

// Against the textbook's Welch interval for many values.
func TestADifferenceOfMeansIsThatOfTheTextbook(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var a, b stat.Moments
	for range 4000 {
		a.Add(5 + r.NormFloat64())
	}
	for range 1000 {
		b.Add(3 + 3*r.NormFloat64())
	}
	e := stat.Difference(a, b, 1.96)
	near(t, "half", (e.High-e.Low)/2, 1.96*math.Sqrt(a.Variance()/4000+b.Variance()/1000), 5e-4)
	if !e.Holds(2) {
		t.Errorf("%+v", e)
	}
	// Where the small side varies less than all together do, that is not believed.
	if f := stat.Difference(b, a, 1.96); f.Low != -e.High || f.High != -e.Low {
		t.Errorf("turned round %+v", f)
	}
	var few stat.Moments
	for range 10 {
		few.Add(3)
	}
	if e := stat.Difference(b, few, 1.96); e.High-e.Low < 2*1.96*math.Sqrt(b.With(few).Variance()/10) {
		t.Errorf("ten equal ones are certain: %+v", e)
	}
}

func TestTheBootstrapCovers(t *testing.T) {
	t.Parallel()
	const runs, n = 400, 60
	held := 0
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 7))
		x := make([]float64, n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		e := stat.Bootstrap(n, 199, .95, seed, func(rows []int) float64 {
			s := 0.
			for _, i := range rows {
				s += x[i]
			}
			return s / n
		})
		if e.Holds(0) {
			held++
		}
		if seed == 0 && e != stat.Bootstrap(n, 199, .95, seed, func(rows []int) float64 {
			s := 0.
			for _, i := range rows {
				s += x[i]
			}
			return s / n
		}) {
			t.Error("the same seed drew other rows")
		}
	}
	near(t, "coverage", float64(held)/runs, .95, .03)
	of := func(rows []int) float64 { return float64(len(rows)) }
	if stat.Bootstrap(1, 199, .95, 1, of).Known() || stat.Bootstrap(50, 10, .95, 1, of).Known() {
		t.Error("known from one row, or ten rounds")
	}
}

func TestLinesAreCrossedAsSeldomAsTheySay(t *testing.T) {
	t.Parallel()
	flat := stat.Flat(.05)
	near(t, "flat", flat.A, 2.241402727604947, 1e-9)
	near(t, "both sides of the flat line", 2*flat.Crossed(1), .05, 1e-12)
	near(t, "at the end", flat.Z(1), flat.A, 1e-12)
	near(t, "at a quarter", flat.Z(.25), 2*flat.A, 1e-12)
	if !math.IsInf(flat.Z(0), 1) || !math.IsInf(flat.Z(1.01), 1) {
		t.Error("it bounds where it does not hold")
	}
	rising := stat.Rising(.05, .25)
	near(t, "rising, for ever", rising.Crossed(1e9), .05, 1e-12)
	if z := rising.Z(.25); rising.Z(.2) <= z || rising.Z(.3) <= z || rising.Crossed(1) >= .05 {
		t.Errorf("tightest at a quarter: %v, %v, %v", rising.Z(.2), z, rising.Z(.3))
	}
}

// Ten thousand walks, looked at after every step: the flat line on both sides, the
// rising one above. Seed 59.
func TestWalksThatAreLookedAtEveryDayCrossNoOftener(t *testing.T) {
	t.Parallel()
	const walks, days = 10_000, 90
	flat, rising := stat.Flat(.05), stat.Rising(.05, .25)
	r := rand.New(rand.NewPCG(59, 59))
	both, above, naive := 0, 0, 0
	for range walks {
		s, b, a, n := 0., false, false, false
		for day := 1; day <= days; day++ {
			s += r.NormFloat64()
			z, at := s/math.Sqrt(float64(day)), float64(day)/days
			b = b || math.Abs(z) > flat.Z(at)
			a = a || z > rising.Z(at)
			n = n || math.Abs(z) > 1.96
		}
		for hit, count := range map[*int]bool{&both: b, &above: a, &naive: n} {
			if count {
				*hit++
			}
		}
	}
	t.Logf("seed 59: flat %.4f, rising %.4f, the textbook's 1.96 every day %.4f", float64(both)/walks, float64(above)/walks, float64(naive)/walks)
	if both > walks/20 || both < walks/33 || above > walks/20 {
		t.Errorf("flat %d, rising %d of %d", both, above, walks)
	}
	if naive < 5*walks/20 {
		t.Errorf("looking every day at a textbook's interval went wrong only %d times: the test is blind", naive)
	}
}

func TestSizesAreThoseOfTheTextbook(t *testing.T) {
	t.Parallel()
	a, b := stat.Side{Variance: .6 * .4, Share: .5}, stat.Side{Variance: .5 * .5, Share: .5}
	if n := stat.Size(.1, stat.Quantile(.975), .8, a, b); n != 770 {
		t.Errorf("%d", n)
	}
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(.01, .5).Draw(t, "share")
		d := rapid.Float64Range(.01, 3).Draw(t, "difference")
		power := rapid.Float64Range(.5, .99).Draw(t, "power")
		a, b := stat.Side{Variance: rapid.Float64Range(.1, 9).Draw(t, "a"), Share: 1 - share}, stat.Side{Variance: rapid.Float64Range(.1, 9).Draw(t, "b"), Share: share}
		z := stat.Flat(.05).Z(1)
		n := stat.Size(d, z, power, a, b)
		if p := stat.Power(n, d, z, a, b); p < power-1e-9 {
			t.Fatalf("%d have %v", n, p)
		}
		if p := stat.Power(n*97/100, d, z, a, b); n > 100 && p >= power {
			t.Fatalf("%d would do: %v", n*97/100, p)
		}
	})
}

func BenchmarkShareDifference(b *testing.B) {
	for b.Loop() {
		stat.ShareDifference(31, 400, 11, 100, 2.24)
	}
}
