package experiment_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
)

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func on(day int) time.Time { return begin.AddDate(0, 0, day) }

// asked is a departure asked for on a day and taken back on another; −1: it was not.
func asked(from, back int) experiment.Departure {
	d := experiment.Departure{Asked: on(from)}
	if back >= 0 {
		d.TakenBack = on(back)
	}
	return d
}

func unit(id customer.ID, arm string, paid, off int64, departures ...experiment.Departure) experiment.Unit {
	u := experiment.Unit{Customer: id, Arm: arm, Seen: begin, Departures: departures}
	if paid != 0 {
		u.Payments = []experiment.Payment{{At: on(10), Paid: eur(paid), Discount: eur(off)}}
	}
	return u
}

// seven customers, counted by hand.
func seven() []experiment.Unit {
	a1, a2 := unit("a1", "pause", 2000, 1000, asked(0, 2)), unit("a2", "pause", 0, 0, asked(0, -1))
	a3 := unit("a3", "pause", 1000, 500, asked(0, 1), asked(20, -1)) // stayed, and left all the same
	a4, a5 := unit("a4", "pause", 3000, 0, asked(0, 40)), unit("a5", "pause", 0, 0, asked(0, 5))
	a1.Accepted, a3.Accepted = on(2), on(1)
	a3.Payments[0].Cost = eur(100)
	a2.Departures[0].Ended, a2.Complained = on(3), on(4)
	h1, h2 := unit("h1", experiment.Holdout, 0, 0, asked(0, -1)), unit("h2", experiment.Holdout, 3000, 0, asked(-5, 3))
	h2.Payments = append(h2.Payments, experiment.Payment{At: on(91), Paid: eur(9999)}) // too late to count
	h1.Complained = on(30)                                                             // day 30 is no longer within 30 days
	return []experiment.Unit{a1, h1, a2, a3, h2, a4, a5}
}

func TestEveryFigureIsWhatItsDefinitionSays(t *testing.T) {
	t.Parallel()
	e := &experiment.Experiment{ID: "exp_1", Definition: plain(), State: experiment.Running, Planned: 7}
	c, err := e.Gather(seven())
	if err != nil {
		t.Fatal(err)
	}
	r := c.Report(on(90))
	if r.Seen != 7 || r.Known != 7 || !r.Complete() || len(r.Groups) != 2 || r.Groups[0].Arm != experiment.Holdout || r.Groups[0].Incremental != nil {
		t.Fatalf("%+v", r)
	}
	for i, want := range [][]int{{1, 0, 1, 1}, {3, 2, 2, 2}} {
		for j, f := range r.Groups[i].Figures {
			if f.Metric != experiment.Saves[j] || f.Yes != want[j] || f.N != []int{2, 5}[i] || !f.Holds(f.Point) || f.Low < 0 || f.High > 1 {
				t.Errorf("%s %s: %+v, not %d", r.Groups[i].Arm, experiment.Saves[j], f, want[j])
			}
		}
	}
	in := r.Groups[1].Incremental
	if in.N != 5 || math.Abs(in.Held.Point+.1) > 1e-12 {
		t.Errorf("%+v", in)
	}
	for name, w := range map[string]struct {
		got  experiment.Money
		each int64
	}{
		"at list price": {in.AtList, 0}, "discount": {in.Discount, 300}, "cost": {in.Cost, 20}, "net": {in.Net, -320}, "needless": {in.Needless, 300},
	} {
		if !w.got.Each.Known || w.got.Each.Point != eur(w.each) || w.got.All.Point != eur(5*w.each) || w.got.Each.Low.Minor > w.each || w.got.Each.High.Minor < w.each {
			t.Errorf("%s: %+v, not %d", name, w.got, w.each)
		}
	}
	if p := r.Primary; len(p) != 1 || p[0].Arm != "pause" || p[0].Against != experiment.Holdout || p[0].Metric != experiment.Held90Paid || p[0].N != 5 || p[0].NAgainst != 2 {
		t.Errorf("%+v", p)
	}
	// a1 48 h, a2 72, a3 24, a4 720 (the most), a5 120: 196.8; h1 720, h2 72: 396
	for i, want := range []float64{.2, 196.8 - 396, .2} {
		if g := r.Guards[i]; g.Metric != experiment.Guards[i] || math.Abs(g.Point-want) > 1e-9 || g.Harm() {
			t.Errorf("%+v, not %v", g, want)
		}
	}
	// A month earlier only what takes 30 days was known, and a day before that nothing.
	r = c.Report(on(60))
	if r.Known != 0 || r.Complete() || r.Groups[1].Figures[0].N != 5 || r.Groups[1].Figures[3].N != 0 || r.Groups[1].Incremental.Net.Each.Known || r.Groups[1].Incremental.Needless.Each.Known {
		t.Errorf("on day 60: %+v", r)
	}
	if r = c.Report(on(29)); r.Groups[1].Figures[0].N != 0 || r.Seen != 7 {
		t.Errorf("on day 29: %+v", r)
	}
	if r = c.Report(begin.Add(-time.Second)); r.Seen != 0 || r.Balance != 1 || r.Unbalanced() {
		t.Errorf("before: %+v", r)
	}
}

func TestWhoCannotBeCountedIsRefused(t *testing.T) {
	t.Parallel()
	e := started(t, plain())
	for code, change := range map[string]func(*experiment.Unit){
		"experiment.twice":   func(u *experiment.Unit) { u.Customer = "h1" },
		"experiment.no_arm":  func(u *experiment.Unit) { u.Arm = "gift" },
		"experiment.outside": func(u *experiment.Unit) { u.Departures = nil },
		"experiment.paid_in": func(u *experiment.Unit) { u.Payments[0].Cost = money.Amount{Minor: 1, Currency: "USD"} },
	} {
		units := seven()
		change(&units[0])
		if _, err := e.Gather(units); fault.CodeOf(err) != code {
			t.Errorf("%s: %v", code, err)
		}
	}
	u := seven()
	u[0].Seen = on(-1)
	if _, err := e.Gather(u); fault.CodeOf(err) != "experiment.outside" {
		t.Errorf("seen before it was asked: %v", err)
	}
	draft := experiment.Experiment{ID: "exp_1", Definition: plain(), State: experiment.Draft}
	if _, err := draft.Gather(nil); fault.CodeOf(err) != "experiment.state" {
		t.Errorf("counted before it started: %v", err)
	}
}

var same = cmp.Options{cmpopts.EquateApprox(1e-9, 1e-6), cmpopts.EquateNaNs()}

// nearly lets sums that were added in another order differ by a cent.
var nearly = cmp.Comparer(func(a, b money.Amount) bool {
	return a.Currency == b.Currency && a.Minor-b.Minor <= 1 && b.Minor-a.Minor <= 1
})

// A report is of its instant: neither the order in which customers are told, nor who
// comes after the planned ones, nor what happens later changes it.
func TestNothingLaterChangesAReport(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		e := &experiment.Experiment{ID: "exp_1", Definition: plain(), State: experiment.Running, Planned: rapid.IntRange(1, 80).Draw(t, "planned")}
		a, err := e.Assigner(secret)
		if err != nil {
			t.Fatal(err)
		}
		w := world{perDay: 5, stays: .4, kept: .2, accepts: .5, prices: prices}
		units := w.draw(rand.New(rand.NewPCG(seed, 1)), a, 100)
		at := on(rapid.IntRange(0, 130).Draw(t, "day"))
		report := func(units []experiment.Unit) experiment.Report {
			c, err := e.Gather(units)
			if err != nil {
				t.Fatal(err)
			}
			return c.Report(at)
		}
		r := report(units)
		for _, g := range r.Groups[1:] {
			if n := g.Incremental; n.Net.Each.Known {
				if d := n.AtList.Each.Point.Minor - n.Discount.Each.Point.Minor - n.Cost.Each.Point.Minor - n.Net.Each.Point.Minor; d < -2 || d > 2 {
					t.Fatalf("the parts do not make the whole: %+v", n)
				}
			}
		}
		later := slices.Clone(units)
		for i := range later {
			u := &later[i]
			after := u.Seen.Add(experiment.Retained.After())
			u.Payments = append(slices.Clone(u.Payments), experiment.Payment{At: after, Paid: eur(5000)})
			u.Departures = append(slices.Clone(u.Departures), experiment.Departure{Asked: after.Add(1)})
			if u.Complained.IsZero() {
				u.Complained = after
			}
		}
		later = append(later, experiment.Unit{Customer: "late", Arm: "pause", Seen: on(1000), Departures: []experiment.Departure{{Asked: on(1000)}}})
		rand.New(rand.NewPCG(seed, 2)).Shuffle(len(later), func(i, j int) { later[i], later[j] = later[j], later[i] })
		if diff := cmp.Diff(r, report(later), same); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Whoever is erased is counted on, as one of many: once their month is over the report
// is what it would have been with them.
func TestWhoIsErasedIsCountedOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := &experiment.Experiment{ID: "exp_1", Definition: two(), State: experiment.Running, Planned: 120}
		a, err := e.Assigner(secret)
		if err != nil {
			t.Fatal(err)
		}
		w := world{perDay: 5, stays: .4, kept: .2, accepts: .5, complains: .1, again: .1, prices: prices}
		units := w.draw(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3)), a, 120)
		var stay []experiment.Unit
		var gone []experiment.Gone
		for _, u := range units {
			if !rapid.Bool().Draw(t, "erased") {
				stay = append(stay, u)
				continue
			}
			g, err := e.Go(u)
			if err != nil {
				t.Fatal(err)
			}
			gone = experiment.Among(gone, g)
		}
		last := map[string]experiment.Gone{}
		for _, g := range gone {
			if o, more := last[g.Arm]; more && (o.Seen < 10 || !o.From.Before(g.From)) {
				t.Fatalf("what stays can be told to be of one of %d: %v and %v", o.Seen, o.From, g.From)
			}
			last[g.Arm] = g
		}
		report := func(at time.Time, units []experiment.Unit, gone ...experiment.Gone) experiment.Report {
			c, err := e.Gather(units, gone...)
			if err != nil {
				t.Fatal(err)
			}
			return c.Report(at)
		}
		if diff := cmp.Diff(report(on(4000), units), report(on(4000), stay, gone...), same, nearly); diff != "" {
			t.Fatal(diff)
		}
		early := report(on(60), stay, gone...)
		if early.Known > report(on(60), units).Known {
			t.Fatal("somebody is known before their time, because they were erased")
		}
	})
}

// Whoever is erased once an experiment has ended is in its report as they were then, and
// nothing of what they did later is kept.
func TestWhoIsErasedAfterTheEndStaysInItsReport(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := &experiment.Experiment{ID: "exp_1", Definition: two(), State: experiment.Stopped, Planned: 120, EndedAt: on(rapid.IntRange(1, 150).Draw(t, "ended"))}
		a, err := e.Assigner(secret)
		if err != nil {
			t.Fatal(err)
		}
		w := world{perDay: 5, stays: .4, kept: .2, accepts: .5, complains: .1, again: .1, prices: prices}
		units := w.draw(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4)), a, 120)
		units = slices.DeleteFunc(units, func(u experiment.Unit) bool { return u.Seen.After(e.EndedAt) })
		var stay []experiment.Unit
		var gone []experiment.Gone
		for _, u := range units {
			if !rapid.Bool().Draw(t, "erased") {
				stay = append(stay, u)
				continue
			}
			g, err := e.Go(u)
			if err != nil {
				t.Fatal(err)
			}
			if known := !u.Seen.Add(experiment.Retained.After()).After(e.EndedAt); known != (g.Known90 == 1) {
				t.Fatalf("seen %v, ended %v, and known is %v", u.Seen, e.EndedAt, !known)
			}
			gone = experiment.Among(gone, g)
		}
		all, err := e.Gather(units)
		if err != nil {
			t.Fatal(err)
		}
		left, err := e.Gather(stay, gone...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all.Report(e.EndedAt), left.Report(e.EndedAt), same, nearly); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Nobody can conclude before the planned number, whatever it looks like by then.
func TestNothingIsConcludedBelowThePlannedNumber(t *testing.T) {
	t.Parallel()
	e := started(t, plain())
	w := world{perDay: 20, stays: .25, kept: .5, prices: prices} // an effect that nobody could overlook
	units := w.draw(rand.New(rand.NewPCG(59, 1)), assigner(t, e), e.Planned)
	c, err := e.Gather(units[:len(units)-1])
	if err != nil {
		t.Fatal(err)
	}
	r := c.Report(on(4000))
	if r.Primary[0].Low <= 0 {
		t.Fatalf("even this cannot be seen: %+v", r.Primary[0])
	}
	if err := e.Decide(r); fault.CodeOf(err) != "experiment.too_early" || e.State != experiment.Running || len(e.Verdicts) > 0 {
		t.Errorf("one customer early: %v", err)
	}
	if c, err = e.Gather(units); err != nil {
		t.Fatal(err)
	}
	last := slices.MaxFunc(units, func(a, b experiment.Unit) int { return a.Seen.Compare(b.Seen) }).Seen.Add(experiment.Retained.After())
	if err := e.Decide(c.Report(last.Add(-1))); fault.CodeOf(err) != "experiment.too_early" {
		t.Errorf("an instant early: %v", err)
	}
	if err := e.Decide(c.Report(last)); err != nil || len(e.Verdicts) != 1 || e.Verdicts[0].Outcome != experiment.Better {
		t.Errorf("%v %+v", err, e.Verdicts)
	}
}

// An arm that is not given as it should be, or that is not logged when it is seen,
// concludes nothing.
func TestArmsThatWereGivenOtherwiseConcludeNothing(t *testing.T) {
	t.Parallel()
	e := started(t, plain())
	units := world{perDay: 20, stays: .25, prices: prices}.draw(rand.New(rand.NewPCG(59, 2)), assigner(t, e), 2*e.Planned)
	lost := 0
	units = slices.DeleteFunc(units, func(u experiment.Unit) bool { // every fifth of the arm went unlogged
		if u.Arm == experiment.Holdout {
			return false
		}
		lost++
		return lost%3 == 0
	})
	c, err := e.Gather(units)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Report(on(4000))
	if err := e.Decide(r); !r.Unbalanced() || fault.CodeOf(err) != "experiment.unbalanced" {
		t.Errorf("%v, chance does that with %v", err, r.Balance)
	}
}

func TestHarmStopsAnExperimentByItself(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]world{
		"complaints":   {perDay: 20, stays: .25, complains: .02, worse: .15, prices: prices},
		"slower exits": {perDay: 20, stays: .25, slower: 60, prices: prices},
		"left again":   {perDay: 20, stays: .40, again: .3, prices: prices},
	} {
		e := started(t, plain())
		e.ID = experiment.ID("exp_" + name)
		c, err := e.Gather(w.draw(rand.New(rand.NewPCG(59, 3)), assigner(t, e), e.Planned))
		if err != nil {
			t.Fatal(err)
		}
		day := 0
		for ; day < 200 && !e.Heed(c.Report(on(day))); day++ {
		}
		t.Logf("%s: stopped on day %d", name, day)
		if e.State != experiment.Stopped || len(e.Alarms) == 0 || len(e.Verdicts) > 0 {
			t.Errorf("%s: %s, %+v", name, e.State, e.Alarms)
		}
		if r := c.Report(on(4000)); e.Heed(r) || e.Decide(r) == nil {
			t.Errorf("%s: it ended twice", name)
		}
	}
}

// What is compared with another arm is compared with that one; money and harm always
// with the holdout.
func TestTextsAreComparedWithEachOther(t *testing.T) {
	t.Parallel()
	e := started(t, two())
	c, err := e.Gather(world{perDay: 50, stays: .25, prices: prices}.draw(rand.New(rand.NewPCG(59, 4)), assigner(t, e), e.Planned))
	if err != nil {
		t.Fatal(err)
	}
	r := c.Report(on(4000))
	if len(r.Primary) != 1 || r.Primary[0].Arm != "long" || r.Primary[0].Against != "short" || len(r.Groups) != 3 || len(r.Guards) != 6 {
		t.Fatalf("%+v", r.Primary)
	}
	for _, g := range r.Guards {
		if g.Against != experiment.Holdout {
			t.Errorf("%+v", g)
		}
	}
	if r.Groups[1].Incremental == nil || r.Groups[2].Incremental == nil {
		t.Error("an arm without what it brought")
	}
}

// A hundred thousand customers: told from what is stored, and told again for another
// day. Beside it what going over them once costs.
func BenchmarkReport(b *testing.B) {
	d := plain()
	d.Effect = .011
	e := started(b, d)
	units := world{perDay: 1000, stays: .25, kept: .05, accepts: .4, complains: .01, prices: prices}.draw(rand.New(rand.NewPCG(1, 1)), assigner(b, e), 100_000)
	if e.Planned < len(units) {
		b.Fatalf("%d planned", e.Planned)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	c, err := e.Gather(units)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("gather", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.Gather(units); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			if r := c.Report(on(4000)); r.Known != len(units) {
				b.Fatal(r.Known)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			sum := int64(0)
			for i := range units {
				for _, p := range units[i].Payments {
					sum += p.Paid.Minor
				}
			}
			if sum == 0 {
				b.Fatal(fmt.Sprint(sum))
			}
		}
	})
}
