package experiment_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
)

var secret = []byte("a secret of thirty-two bytes ...")

var begin = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// plain is one arm against a holdout of a fifth.
func plain() experiment.Definition {
	return experiment.Definition{
		Currency: "EUR", Holdout: 2000,
		Arms:    []experiment.Arm{{ID: "pause", Share: 8000, Content: "c1"}},
		Primary: experiment.Held90Paid, Baseline: .25, Effect: .12, Power: .9,
		Tolerance: map[experiment.Metric]float64{experiment.Complained: 0, experiment.ExitTime: 0, experiment.LeftAgain: .05},
	}
}

// two are two arms, the second compared with the first.
func two() experiment.Definition {
	d := plain()
	d.Arms = []experiment.Arm{{ID: "short", Share: 4500, Content: "c1"}, {ID: "long", Share: 4500, Content: "c2"}}
	d.Holdout, d.Against = 1000, "short"
	return d
}

func started(t testing.TB, d experiment.Definition) *experiment.Experiment {
	t.Helper()
	e := &experiment.Experiment{ID: "exp_1", Definition: d, State: experiment.Checked}
	if err := e.Start(begin, []string{"c1", "c2", "c3"}); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestADefinitionThatCannotBeHonestIsRefused(t *testing.T) {
	t.Parallel()
	for _, d := range []experiment.Definition{plain(), two()} {
		if l := d.Check(); len(l) > 0 {
			t.Fatal(l)
		}
	}
	for code, change := range map[string]func(*experiment.Definition){
		"experiment.currency":  func(d *experiment.Definition) { d.Currency = "euros" },
		"experiment.holdout":   func(d *experiment.Definition) { d.Holdout, d.Arms[0].Share = 0, 10_000 },
		"experiment.arms":      func(d *experiment.Definition) { d.Arms = nil },
		"experiment.arm_name":  func(d *experiment.Definition) { d.Arms[0].ID = experiment.Holdout },
		"experiment.arm_share": func(d *experiment.Definition) { d.Arms[0].Share = 0 },
		"experiment.shares":    func(d *experiment.Definition) { d.Arms[0].Share = 7000 },
		"experiment.fact": func(d *experiment.Definition) {
			d.Audience = []experiment.Condition{{Fact: "agent", In: []string{"Ana"}}}
		},
		"experiment.nobody":    func(d *experiment.Definition) { d.Audience = []experiment.Condition{{Fact: "reason"}} },
		"experiment.against":   func(d *experiment.Definition) { d.Against = "pause" },
		"experiment.tolerance": func(d *experiment.Definition) { delete(d.Tolerance, experiment.Complained) },
		"experiment.no_guard":  func(d *experiment.Definition) { d.Tolerance[experiment.Held30] = 1 },
		"experiment.primary":   func(d *experiment.Definition) { d.Primary = experiment.Accepted },
		"experiment.baseline":  func(d *experiment.Definition) { d.Baseline = math.NaN() },
		"experiment.effect":    func(d *experiment.Definition) { d.Effect = .75 },
		"experiment.spread":    func(d *experiment.Definition) { d.Primary = experiment.Retained },
		"experiment.power":     func(d *experiment.Definition) { d.Power = 1 },
	} {
		d := plain()
		change(&d)
		l := d.Check()
		if !slices.ContainsFunc(l, func(f *fault.Error) bool { return f.Code == code && f.Field != "" }) {
			t.Errorf("%s: %v", code, l)
		}
		if _, err := d.Plan(); err == nil {
			t.Errorf("%s: it was planned all the same", code)
		}
		e := experiment.Experiment{ID: "exp_1", Definition: d, State: experiment.Checked}
		if err := e.Start(begin, []string{"c1"}); err == nil || e.State != experiment.Checked {
			t.Errorf("%s: it started all the same", code)
		}
	}
	for _, tolerated := range []float64{-.01, .03, math.NaN(), math.Inf(1)} {
		d := plain()
		d.Tolerance[experiment.Complained] = tolerated
		if d.Check() == nil {
			t.Errorf("a guard that bears %v is none", tolerated)
		}
	}
}

// Whatever shares are asked for: what passes has a holdout of 1 to 20 %.
func TestTheHoldoutCannotBeSwitchedOff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := plain()
		d.Holdout = rapid.IntRange(-100, 10_100).Draw(t, "holdout")
		d.Arms[0].Share = rapid.OneOf(rapid.Just(10_000-d.Holdout), rapid.IntRange(-1, 10_001)).Draw(t, "share")
		if ok := d.Check() == nil; ok != (d.Holdout >= 100 && d.Holdout <= 2000 && d.Holdout+d.Arms[0].Share == 10_000) {
			t.Fatalf("holdout %d, arm %d: %v", d.Holdout, d.Arms[0].Share, d.Check())
		}
	})
}

func TestAPlanIsWhatTheFormulaSays(t *testing.T) {
	t.Parallel()
	p, err := plain().Plan()
	if err != nil {
		t.Fatal(err)
	}
	// (2.24140 + 1.28155)² ÷ .12² × (.37 × .63 ÷ .8 + .25 × .75 ÷ .2)
	z := 2.241402727604947 + 1.2815515655446004
	want := int(math.Ceil(z * z / (.12 * .12) * (.37*.63/.8 + .25*.75/.2)))
	if p.Customers != want || math.Abs(p.Factor-2.2414) > 1e-4 {
		t.Errorf("%+v, not %d", p, want)
	}
	if got := p.Days(20); got != (want+19)/20+90 || p.Days(0) != 0 {
		t.Errorf("%d days", got)
	}
	// An arm has fifty customers at least, however large the effect.
	d := plain()
	d.Effect, d.Holdout, d.Arms[0].Share = .7, 100, 9900
	if p, err = d.Plan(); err != nil || p.Customers != 5000 {
		t.Errorf("%+v %v", p, err)
	}
	// Hours and money by their spread; more arms ask for more.
	d = plain()
	d.Primary, d.Baseline, d.Effect, d.Spread = experiment.Retained, 1000, 500, 3000
	one, err := d.Plan()
	if err != nil {
		t.Fatal(err)
	}
	d.Arms = []experiment.Arm{{ID: "a", Share: 4000, Content: "c1"}, {ID: "b", Share: 4000, Content: "c2"}}
	many, err := d.Plan()
	if err != nil || many.Customers <= one.Customers || many.Factor <= one.Factor {
		t.Errorf("%+v, %+v %v", one, many, err)
	}
	d.Effect = 1e-3
	if _, err = d.Plan(); fault.CodeOf(err) != "experiment.vast" {
		t.Error(err)
	}
}

// Whatever happens, in whatever order: it runs only checked and planned, is decided
// only complete, and what ended stays as it ended.
func TestAnExperimentEndsOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := experiment.Experiment{ID: "exp_1", Definition: plain(), State: experiment.Draft}
		ended := ""
		for i, what := range rapid.SliceOfN(rapid.SampledFrom([]string{"check", "check unchecked", "amend", "start", "start unchecked", "stop", "stop without a word", "early", "complete", "unbalanced", "harm", "heed", "other"}), 1, 15).Draw(t, "what happens") {
			was, at := e.State, begin.AddDate(0, 0, i)
			r := experiment.Report{Experiment: e.ID, At: at, Planned: 100, Known: 100, Balance: .5}
			var err error
			switch what {
			case "check":
				if passed := e.Pass([]string{"c1"}) == nil; passed != (was == experiment.Draft || was == experiment.Checked) {
					t.Fatalf("checked while %s: %v", was, passed)
				}
			case "check unchecked":
				if e.Pass([]string{"c2"}) == nil {
					t.Fatal("an arm passed that the checker had not passed")
				}
				continue
			case "amend":
				if amended := e.Amend(plain()) == nil; amended != (was == experiment.Draft || was == experiment.Checked) {
					t.Fatalf("amended while %s: %v", was, amended)
				}
			case "start":
				err = e.Start(at, []string{"c1"})
			case "start unchecked":
				if e.Start(at, []string{"c2"}) == nil {
					t.Fatal("an arm was shown that the checker had not passed")
				}
				continue
			case "stop":
				err = e.Stop(at, "a holiday")
			case "stop without a word":
				if e.Stop(at, "") == nil {
					t.Fatal("stopped, nobody says why")
				}
				continue
			case "early":
				r.Known = 99
			case "unbalanced":
				r.Balance = 1e-9
			case "other":
				r.Experiment = "exp_2"
			case "harm", "heed":
				g := experiment.Guarded{Tolerance: .01}
				g.Low, g.Point, g.High = .02, .03, .04
				r.Guards = []experiment.Guarded{g}
				if what == "heed" && e.Heed(r) != (was == experiment.Running) {
					t.Fatal("harm was not heeded, or twice")
				}
			}
			if !slices.Contains([]string{"check", "amend", "start", "stop", "heed"}, what) {
				if decided := e.Decide(r) == nil; decided != (what == "complete" && was == experiment.Running) {
					t.Fatalf("%s while %s: decided is %v", what, was, decided)
				}
			}
			if e.State != was && !slices.Contains(experiment.Transitions[was], e.State) || err != nil && e.State != was {
				t.Fatalf("%s to %s", was, e.State)
			}
			if e.State == experiment.Running && (e.Planned == 0 || e.StartedAt.IsZero()) {
				t.Fatal("it runs unplanned")
			}
			if ended != "" && string(e.State) != ended {
				t.Fatalf("%s after %s", e.State, ended)
			}
			if e.State == experiment.Decided || e.State == experiment.Stopped {
				ended = string(e.State)
			}
		}
	})
}
