package experiment_test

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/money"
)

// price is what a customer pays a month, and how often there is one who does.
type price struct {
	minor int64
	often float64
}

// prices are skewed as real ones are; a discount of 30 % of each is a whole number.
var prices = []price{{990, .4}, {1990, .3}, {4990, .2}, {9990, .1}}

// world is what is true, and nobody sees but in customers.
type world struct {
	perDay    int
	stays     float64 // share that stays by itself, and pays three times in 90 days
	kept      float64 // share that an arm keeps besides; each of them accepted
	accepts   float64 // share of those who stay anyway that accepts all the same
	complains float64
	worse     float64 // complaints that an arm causes
	slower    float64 // hours by which an arm delays an exit
	again     float64 // share that an arm makes ask twice
	prices    []price
}

// off is the discount: 30 % for three months.
const off = 30

// draw lets n customers come.
func (w world) draw(r *rand.Rand, a *experiment.Assigner, n int) []experiment.Unit {
	units := make([]experiment.Unit, n)
	departures, payments := make([]experiment.Departure, 0, 2*n), make([]experiment.Payment, 0, 3*n)
	salt := r.Uint32()
	for i := range units {
		u := &units[i]
		u.Customer = customer.ID("cus_" + strconv.Itoa(i) + "_" + strconv.Itoa(int(salt)))
		u.Arm = a.Arm(u.Customer)
		u.Seen = begin.AddDate(0, 0, i/w.perDay).Add(time.Duration(i%w.perDay) * time.Minute)
		treated := u.Arm != experiment.Holdout
		p := w.prices[len(w.prices)-1].minor
		for x, j := r.Float64(), 0; j < len(w.prices); j++ {
			if x -= w.prices[j].often; x < 0 {
				p = w.prices[j].minor
				break
			}
		}
		luck := r.Float64()
		stays := luck < w.stays
		kept := treated && !stays && luck < w.stays+w.kept
		accepts := kept || treated && stays && r.Float64() < w.accepts
		d := experiment.Departure{Asked: u.Seen.Add(-time.Hour)}
		from := len(departures)
		if stays || kept {
			d.TakenBack = u.Seen.Add(time.Duration(r.IntN(48)) * time.Hour)
			departures = append(departures, d)
			if treated && r.Float64() < w.again {
				d.Asked, d.TakenBack = u.Seen.AddDate(0, 0, 20), u.Seen.AddDate(0, 0, 21)
				departures = append(departures, d)
			}
		} else {
			hours := r.ExpFloat64() * 40
			if treated {
				hours += w.slower
			}
			d.Ended = u.Seen.Add(time.Duration(hours * float64(time.Hour)))
			departures = append(departures, d)
		}
		u.Departures = departures[from:len(departures):len(departures)]
		times := 0
		if stays || kept {
			times = 3
		} else if r.Float64() < .5 { // the month they were in
			times = 1
		}
		var less int64
		if accepts {
			u.Accepted = u.Seen.Add(2 * time.Hour)
			less = p * off / 100
		}
		from = len(payments)
		for k := range times {
			payments = append(payments, experiment.Payment{At: u.Seen.AddDate(0, 0, 1+30*k), Paid: eur(p - less), Discount: eur(less), Cost: money.Amount{}})
		}
		u.Payments = payments[from:len(payments):len(payments)]
		x := r.Float64()
		if x < w.complains || treated && x < w.complains+w.worse {
			u.Complained = u.Seen.Add(time.Duration(1+r.IntN(500)) * time.Hour)
		}
	}
	return units
}

// truth is what an arm really brings of each customer: share held, money net, and
// what it gives to whoever would have stayed.
func (w world) truth() (held, net, needless float64) {
	mean := 0.
	for _, p := range w.prices {
		mean += float64(p.minor) * p.often
	}
	given := 3 * mean * off / 100
	needless = w.stays * w.accepts * given
	return w.kept, w.kept*(3*mean-given-mean/2) - needless, needless
}

// looks are what came of looking at one experiment every day until its end.
type looks struct {
	held, net, needless          bool // the truth was in the interval, on every day
	heldEnd, netEnd, needlessEnd bool // … on the last
	claimed, claimedNet, alarmed bool // on any day something was there, of any arm
	outcome                      experiment.Outcome
}

func (w world) look(t testing.TB, d experiment.Definition, seed uint64) looks {
	e := &experiment.Experiment{ID: experiment.ID("exp_" + strconv.FormatUint(seed, 10)), Definition: d, State: experiment.Checked}
	if err := e.Start(begin, []string{"c1", "c2"}); err != nil {
		t.Error(err)
		return looks{}
	}
	a, err := e.Assigner(secret)
	if err != nil {
		t.Error(err)
		return looks{}
	}
	c, err := e.Gather(w.draw(rand.New(rand.NewPCG(seed, 59)), a, e.Planned))
	if err != nil {
		t.Error(err)
		return looks{}
	}
	held, net, needless := w.truth()
	in := func(m experiment.Money, truth float64) bool {
		return !m.Each.Known || float64(m.Each.Low.Minor) <= truth+1 && truth-1 <= float64(m.Each.High.Minor)
	}
	l := looks{held: true, net: true, needless: true}
	var r experiment.Report
	for day, last := 30, e.Planned/w.perDay; !r.Complete(); day++ {
		if day == last+32 { // until somebody's 90 days are over nothing becomes known
			day = max(day, 90)
		}
		r = c.Report(on(day))
		n := r.Groups[1].Incremental // of the first arm
		l.heldEnd, l.netEnd, l.needlessEnd = r.Primary[0].Holds(held), in(n.Net, net), in(n.Needless, needless)
		l.held, l.net, l.needless = l.held && l.heldEnd, l.net && l.netEnd, l.needless && l.needlessEnd
		for i, g := range r.Groups[1:] {
			l.claimed = l.claimed || !r.Primary[i].Holds(0)
			l.claimedNet = l.claimedNet || !in(g.Incremental.Net, 0)
		}
		l.alarmed = l.alarmed || len(r.Alarms()) > 0
	}
	if r.Unbalanced() || len(r.Alarms()) > 0 { // chance does that too; then nothing is concluded
		l.outcome = experiment.Unshown
		return l
	}
	if err := e.Decide(r); err != nil {
		t.Error(err)
		return looks{}
	}
	for _, v := range e.Verdicts {
		if l.outcome = v.Outcome; l.outcome != experiment.Unshown {
			break
		}
	}
	return l
}

// each looks at n experiments, seeds from one on, on all processors there are.
func (w world) each(t testing.TB, d experiment.Definition, n int, first uint64) []looks {
	all := make([]looks, n)
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := part; i < n; i += 4 {
				all[i] = w.look(t, d, first+uint64(i))
			}
		})
	}
	wg.Wait()
	return all
}

func count(all []looks, what func(looks) bool) (n int) {
	for _, l := range all {
		if what(l) {
			n++
		}
	}
	return n
}

// Two hundred experiments for each true effect, looked at on every day: the intervals
// hold the truth as often as they say, on all days at once; nothing is found where
// nothing is; what was planned for is found as often as the plan says.
func TestSimulatedExperimentsKeepTheirWord(t *testing.T) {
	t.Parallel()
	const runs, first = 200, 1
	d := plain()
	covered, coveredNet, coveredNeedless := 0, 0, 0
	for name, effect := range map[string]float64{"none": 0, "small": d.Effect / 3, "planned": d.Effect} {
		w := world{perDay: 20, stays: d.Baseline, kept: effect, accepts: .4, complains: .02, prices: prices}
		all := w.each(t, d, runs, first)
		held, net, needless := count(all, func(l looks) bool { return l.held }), count(all, func(l looks) bool { return l.net }), count(all, func(l looks) bool { return l.needless })
		covered, coveredNet, coveredNeedless = covered+held, coveredNet+net, coveredNeedless+needless
		found := count(all, func(l looks) bool { return l.outcome != experiment.Unshown })
		right := count(all, func(l looks) bool { return l.outcome == experiment.Better })
		t.Logf("effect %s (%.3f), seeds %d to %d: truth held on every day %d, of money %d, of what was needless %d (at the end %d, %d, %d); concluded %d, better %d", name, effect, first, first+runs-1,
			held, net, needless, count(all, func(l looks) bool { return l.heldEnd }), count(all, func(l looks) bool { return l.netEnd }), count(all, func(l looks) bool { return l.needlessEnd }), found, right)
		for what, n := range map[string]int{"the effect": held, "money": net, "what was needless": needless} {
			if n < runs*92/100 {
				t.Errorf("effect %s: the intervals of %s held the truth in %d of %d", name, what, n, runs)
			}
		}
		switch {
		case effect == 0 && float64(found) > experiment.Alpha*runs:
			t.Errorf("something was found in %d of %d where nothing was", found, runs)
		case effect == d.Effect && float64(right) < (d.Power-.05)*runs:
			t.Errorf("what was planned for was found in %d of %d", right, runs)
		}
	}
	for what, n := range map[string]int{"the effect": covered, "money": coveredNet, "what was needless": coveredNeedless} {
		if share := float64(n) / (3 * runs); share < .92 || share > .98 {
			t.Errorf("the intervals of %s held the truth on every day in %.1f %% of all", what, 100*share)
		}
	}
}

// Ten thousand experiments in which nothing differs, half of them with two arms, all
// small and with few in the holdout, looked at on every day: on no day of 95 % of
// them is anything claimed of any arm, of the primary metric, of money, or of harm.
func TestNothingIsFoundWhereNothingIsThoughSomebodyLooksEveryDay(t *testing.T) {
	t.Parallel()
	const runs, first = 10_000, 1001
	d := plain()
	d.Baseline, d.Effect, d.Power = .3, .25, .8
	d.Tolerance = map[experiment.Metric]float64{experiment.Complained: 0, experiment.ExitTime: 0, experiment.LeftAgain: 0}
	w := world{perDay: 16, stays: d.Baseline, complains: .02, prices: prices}
	all := w.each(t, d, runs/2, first)
	d.Arms = []experiment.Arm{{ID: "a", Share: 4000, Content: "c1"}, {ID: "b", Share: 4000, Content: "c2"}}
	more := w.each(t, d, runs/2, first+runs/2)
	for what, is := range map[string]func(looks) bool{
		"an effect":  func(l looks) bool { return l.claimed },
		"money":      func(l looks) bool { return l.claimedNet },
		"harm":       func(l looks) bool { return l.alarmed },
		"a decision": func(l looks) bool { return l.outcome != experiment.Unshown },
	} {
		for arms, n := range []int{count(all, is), count(more, is)} {
			t.Logf("%d arms, seeds %d to %d: %s in %d of %d", arms+1, first+arms*runs/2, first+(arms+1)*runs/2-1, what, n, runs/2)
			if float64(n) > experiment.Alpha*runs/2 {
				t.Errorf("%d arms: %s was claimed in %d of %d", arms+1, what, n, runs/2)
			}
		}
	}
}
