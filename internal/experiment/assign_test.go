package experiment_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/stat"
)

func assigner(t testing.TB, e *experiment.Experiment) *experiment.Assigner {
	t.Helper()
	a, err := e.Assigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Everything that an experiment did not declare is perturbed, and nobody gets
// another arm: who they are, where, with what, at which hour, who attends them,
// facts that its audience does not name, what else is defined, who came before.
func TestNothingUndeclaredChangesAnArm(t *testing.T) {
	t.Parallel()
	undeclared := append([]experiment.Fact{"name", "address", "device", "hour", "agent", "age", "gender", "email", ""}, experiment.Facts...)
	value := rapid.SampledFrom([]string{"", "price", "service", "gold", "es", "x"})
	rapid.Check(t, func(t *rapid.T) {
		d := two()
		declared := map[experiment.Fact]bool{}
		for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom(experiment.Facts), 0, 3, rapid.ID).Draw(t, "declared") {
			declared[f] = true
			d.Audience = append(d.Audience, experiment.Condition{Fact: f, In: rapid.SliceOfN(value, 1, 3).Draw(t, "in")})
		}
		e := &experiment.Experiment{ID: "exp_1", Definition: d, State: experiment.Checked}
		if err := e.Start(begin, []string{"c1", "c2"}); err != nil {
			t.Fatal(err)
		}
		a, err := e.Assigner(secret)
		if err != nil {
			t.Fatal(err)
		}
		who := customer.ID(rapid.StringMatching(`cus_[a-z0-9]{6,20}`).Draw(t, "customer"))
		facts, other := map[experiment.Fact]string{}, map[experiment.Fact]string{}
		for _, f := range undeclared {
			facts[f] = value.Draw(t, "fact")
			other[f] = facts[f]
			if !declared[f] {
				other[f] = rapid.String().Draw(t, "another")
			}
		}
		first, in := a.Place(who, facts)

		e.Definition.Primary, e.Definition.Power, e.Definition.Effect = experiment.Held30, .7, .2
		e.Definition.Arms[0].Content, e.Definition.Tolerance[experiment.LeftAgain] = "c2", .01
		again, err := e.Assigner(secret)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 3).Draw(t, "others before") {
			again.Place(customer.ID(rapid.String().Draw(t, "other customer")), other)
		}
		at := begin.Add(time.Duration(rapid.Int64Range(0, int64(400*24*time.Hour)).Draw(t, "at")))
		x, seen := e.Expose(again, who, other, at)
		if seen != in || x.Arm != first || seen && (x.Customer != who || x.Experiment != e.ID || !x.Seen.Equal(at)) {
			t.Fatalf("%q and then %+v (%v, %v)", first, x, in, seen)
		}
		if in && first != a.Arm(who) {
			t.Fatalf("%s with facts, %s without", first, a.Arm(who))
		}
	})
}

// Arms come as often as they should: over many, in every situation alike, and what
// somebody gets in one experiment says nothing of the next.
func TestArmsComeWithTheirProbabilities(t *testing.T) {
	t.Parallel()
	d := two()
	d.Arms = append(d.Arms, experiment.Arm{ID: "rare", Share: 100, Content: "c3"})
	d.Arms[1].Share -= 100
	e := started(t, d)
	a := assigner(t, e)
	f := started(t, d)
	f.ID = "exp_2"
	b := assigner(t, f)
	const n = 200_000
	arms := []string{experiment.Holdout, "short", "long", "rare"}
	share := map[string]float64{experiment.Holdout: .10, "short": .45, "long": .44, "rare": .01}
	count, pair := map[string]int{}, map[[2]string]int{}
	device := map[string]map[string]int{}
	for i := range n {
		id := customer.ID(fmt.Sprintf("cus_%08d", i))
		kind := []string{"phone", "desk"}[i%2] // of no account
		arm, in := a.Place(id, map[experiment.Fact]string{"device": kind})
		if !in {
			t.Fatal("everybody is in it")
		}
		count[arm]++
		pair[[2]string{arm, b.Arm(id)}]++
		if device[kind] == nil {
			device[kind] = map[string]int{}
		}
		device[kind][arm]++
	}
	chi := func(what string, x float64, df int) {
		if p := stat.ChiSquareAbove(x, df); p < 1e-3 {
			t.Errorf("%s: chance does that with probability %g", what, p)
		}
	}
	x, y, z := 0., 0., 0.
	for _, m := range arms {
		x += math.Pow(float64(count[m])-n*share[m], 2) / (n * share[m])
		for _, k := range []string{"phone", "desk"} {
			z += math.Pow(float64(device[k][m])-n/2*share[m], 2) / (n / 2 * share[m])
		}
		for _, o := range arms {
			want := n * share[m] * share[o]
			y += math.Pow(float64(pair[[2]string{m, o}])-want, 2) / want
		}
	}
	chi("shares", x, 3)
	chi("shares by device", z, 7-1)
	chi("shares by arm of another experiment", y, 15)
}

func TestOnlyWhatRunsIsSeenAndOnlyByItsAudience(t *testing.T) {
	t.Parallel()
	d := plain()
	d.Audience = []experiment.Condition{{Fact: "family", In: []string{"price", "product"}}, {Fact: "market", In: []string{"es"}}}
	e := started(t, d)
	a := assigner(t, e)
	facts := map[experiment.Fact]string{"family": "price", "market": "es"}
	if _, ok := e.Expose(a, "cus_1", facts, begin); !ok {
		t.Error("not seen by whom it is about")
	}
	facts["market"] = "mx"
	if x, ok := e.Expose(a, "cus_1", facts, begin); ok || x != (experiment.Exposure{}) {
		t.Errorf("seen by whom it is not about: %+v", x)
	}
	facts["market"] = "es"
	if err := e.Stop(begin, "enough"); err != nil {
		t.Fatal(err)
	}
	if _, ok := e.Expose(a, "cus_2", facts, begin); ok {
		t.Error("seen after it was stopped")
	}
	if _, err := e.Assigner(secret[:31]); err == nil {
		t.Error("a secret that can be guessed")
	}
	other, err := e.Assigner([]byte("another secret of thirty-two byte"))
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for i := range 1000 {
		id := customer.ID(fmt.Sprint("cus_", i))
		if a.Arm(id) == other.Arm(id) {
			same++
		}
	}
	if same > 750 { // .2² + .8² = .68 by chance
		t.Errorf("with another secret %d of 1000 have the same arm", same)
	}
}

// Promised: under a microsecond. Beside it what it does at heart: one sum.
func BenchmarkArm(b *testing.B) {
	e := started(b, two())
	a := assigner(b, e)
	facts := map[experiment.Fact]string{"family": "price"}
	b.ReportAllocs()
	for b.Loop() {
		a.Place("cus_01j9zq4k3m7w8x2y", facts)
	}
}
