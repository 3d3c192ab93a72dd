package experiment

import (
	"math"
	"time"

	"hastaluego/internal/money"
	"hastaluego/internal/stat"
)

// Report is how an experiment stands at an instant. Every interval in it holds at
// all instants at once: it may be looked at every day. Effects come first.
type Report struct {
	Experiment ID
	At         time.Time
	Planned    int
	Seen       int       // of the planned, who saw their arm by then
	Known      int       // of these, whose 90 days went by
	Primary    []Effect  // of each arm, on the primary metric
	Guards     []Guarded // of each arm against the holdout
	Groups     []Group   // holdout, first arm, second …
	Balance    float64   // how often chance gives arms that are as far from their shares, or farther
}

// Effect is how much more there is of a metric in an arm than in another, on average
// over whoever was given it.
type Effect struct {
	Arm, Against string
	Metric       Metric
	N, NAgainst  int // customers of whom it is known
	stat.Estimate
}

// Guarded is the effect of an arm on something that it must not make worse.
type Guarded struct {
	Effect
	Tolerance float64
}

// Harm reports whether it surely does more of it than is borne.
func (g Guarded) Harm() bool { return g.Low > g.Tolerance }

// Group is the customers of one arm.
type Group struct {
	Arm         string
	Seen        int
	Figures     []Figure // Saves, in their order
	Incremental *Incremental
}

// Figure is a share of those of whom it is known.
type Figure struct {
	Metric Metric
	Yes, N int
	stat.Estimate
}

// Incremental is what an arm brought that the holdout did not: of each of its
// customers, and of those N together.
type Incremental struct {
	N        int
	Held     stat.Estimate // share held at 90 days and paid, less that of the holdout
	AtList   Money         // paid, and what offers took off it
	Discount Money         // what offers took off
	Cost     Money         // what they cost besides
	Needless Money         // of both: given to whoever would have stayed without
	Net      Money         // AtList − Discount − Cost: what Retained is
}

// Money is an effect in money: of one customer, and of all N.
type Money struct{ Each, All Range }

// Range is an estimate in money. It is not Known before there are two customers on
// both sides whose time went by.
type Range struct {
	Low, Point, High money.Amount
	Known            bool
}

// srm is how unlikely the sizes of the arms may be before something is taken to be
// wrong with how they were given.
const srm = .0005

// Complete reports whether all who were planned were seen, and their time went by.
func (r Report) Complete() bool { return r.Planned > 0 && r.Known >= r.Planned }

// Unbalanced reports whether the sizes of the arms are no chance: some were given or
// logged otherwise than they should have been, and nothing follows from them.
func (r Report) Unbalanced() bool { return r.Balance < srm }

// Alarms are the guards that show harm.
func (r Report) Alarms() (list []Guarded) {
	for _, g := range r.Guards {
		if g.Harm() {
			list = append(list, g)
		}
	}
	return list
}

// outcome reads the interval.
func (f Effect) outcome() Outcome {
	up, down := f.Low > 0, f.High < 0
	if measures[f.Metric].lower {
		up, down = down, up
	}
	switch {
	case up:
		return Better
	case down:
		return Worse
	}
	return Unshown
}

// tally is what was counted of an arm.
type tally struct {
	seen, known30, known90                                     int
	deflected, accepted, held30, held90, complained, leftAgain int
	took                                                       int
	given                                                      float64 // discount and cost, to those who took an offer and were held
	exit, retained, list, discount, cost                       stat.Moments
}

// known is of how many the metric is known.
func (t *tally) known(m Metric) int {
	if m.After() == month {
		return t.known30
	}
	return t.known90
}

// yes is how many have it.
func (t *tally) yes(m Metric) int {
	switch m {
	case Deflected:
		return t.deflected
	case Accepted:
		return t.accepted
	case Held30:
		return t.held30
	case Held90Paid:
		return t.held90
	case Complained:
		return t.complained
	case LeftAgain:
		return t.leftAgain
	}
	return 0
}

// more is how much more of the metric there is in t than in o.
func (t *tally) more(o *tally, m Metric, z float64) stat.Estimate {
	switch {
	case measures[m].share:
		return stat.ShareDifference(t.yes(m), t.known(m), o.yes(m), o.known(m), z)
	case m == ExitTime:
		return stat.Difference(t.exit, o.exit, z)
	}
	return stat.Difference(t.retained, o.retained, z)
}

// Report tells how it stood at an instant, by who had seen an arm by then and whose
// time had gone by.
func (c *Cohort) Report(at time.Time) Report {
	d := &c.of.Definition
	groups := make([]tally, len(d.Arms)+1)
	r := Report{Experiment: c.of.ID, At: at, Planned: c.of.Planned}
	known30, now := 0, at.UnixMicro()
	for i := range c.rows {
		w := &c.rows[i]
		if w.seen > now {
			break
		}
		r.Seen++
		t := &groups[w.place]
		t.seen++
		age := now - w.seen
		if age < month.Microseconds() {
			continue
		}
		known30++
		t.add30(w)
		if age >= three.Microseconds() {
			r.Known++
			t.add90(w)
		}
	}
	r.Balance = d.balance(groups, r.Seen)
	z := func(line stat.Line, m Metric) float64 {
		n := r.Known
		if m.After() == month {
			n = known30
		}
		return line.Z(float64(n) / float64(r.Planned))
	}
	primary, all := d.line(d.rivals()), d.line(len(d.Arms))
	guard := stat.Rising(guardAlpha/float64(len(d.Arms)*len(Guards)), guardEarly)
	effect := func(i, j int, m Metric, line stat.Line) Effect {
		t, o := &groups[i], &groups[j]
		return Effect{d.name(i), d.name(j), m, t.known(m), o.known(m), t.more(o, m, z(line, m))}
	}
	against := d.arm(d.against())
	for i := range groups {
		g := Group{Arm: d.name(i), Seen: groups[i].seen}
		for _, m := range Saves {
			yes, n := groups[i].yes(m), groups[i].known(m)
			g.Figures = append(g.Figures, Figure{m, yes, n, stat.Share(yes, n, z(all, m))})
		}
		if i > 0 {
			if i != against {
				r.Primary = append(r.Primary, effect(i, against, d.Primary, primary))
			}
			for _, m := range Guards {
				r.Guards = append(r.Guards, Guarded{effect(i, 0, m, guard), d.Tolerance[m]})
			}
			g.Incremental = c.incremental(at, i, groups, z(all, Retained))
		}
		r.Groups = append(r.Groups, g)
	}
	return r
}

func (t *tally) add30(w *row) {
	t.known30++
	t.deflected += one(w.deflected)
	t.accepted += one(w.accepted)
	t.held30 += one(w.held30)
	t.complained += one(w.complained)
	t.exit.Add(w.exit)
}

func (t *tally) add90(w *row) {
	t.known90++
	t.held90 += one(w.held90)
	t.leftAgain += one(w.leftAgain)
	t.retained.Add(w.retained)
	t.list.Add(w.list)
	t.discount.Add(w.discount)
	t.cost.Add(w.cost)
	if w.took() {
		t.took++
		t.given += w.discount + w.cost
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// name is the arm at a place.
func (d Definition) name(place int) string {
	if place == 0 {
		return Holdout
	}
	return d.Arms[place-1].ID
}

// balance is the chi-square probability of arms as they were given.
func (d Definition) balance(groups []tally, seen int) float64 {
	if seen == 0 {
		return 1
	}
	x := 0.
	for i := range groups {
		want := d.share(i) * float64(seen)
		x += (float64(groups[i].seen) - want) * (float64(groups[i].seen) - want) / want
	}
	return stat.ChiSquareAbove(x, len(groups)-1)
}

func (c *Cohort) incremental(at time.Time, place int, groups []tally, z float64) *Incremental {
	t, o := &groups[place], &groups[0]
	in := func(e stat.Estimate) Money { return c.of.Definition.money(e, t.known90) }
	return &Incremental{
		N:        t.known90,
		Held:     t.more(o, Held90Paid, z),
		AtList:   in(stat.Difference(t.list, o.list, z)),
		Discount: in(stat.Difference(t.discount, o.discount, z)),
		Cost:     in(stat.Difference(t.cost, o.cost, z)),
		Needless: in(c.needless(at, place, groups, z)),
		Net:      in(stat.Difference(t.retained, o.retained, z)),
	}
}

// needless is what was given, by customer of the arm, to whoever would have stayed
// without: of those who took an offer and were held, all but as many as were held
// more than in the holdout, each at what one of them was given on average. That
// whoever took no offer was not kept by it is all that it supposes. The average
// was found in the same customers: what follows from that (delta method) is in
// the values that are compared.
func (c *Cohort) needless(at time.Time, place int, groups []tally, z float64) stat.Estimate {
	t, o := &groups[place], &groups[0]
	if t.took == 0 || o.known90 == 0 {
		return stat.Difference(t.cost, o.cost, math.Inf(1))
	}
	given := t.given / float64(t.took)
	share := float64(t.took) / float64(t.known90)
	more := float64(t.held90)/float64(t.known90) - float64(o.held90)/float64(o.known90)
	var here, there stat.Moments
	now := at.UnixMicro()
	for i := range c.rows {
		w := &c.rows[i]
		if now-w.seen < three.Microseconds() {
			break
		}
		held := given * float64(one(w.held90))
		switch w.place {
		case place:
			x := -held
			if w.took() {
				x += w.discount + w.cost - more/share*(w.discount+w.cost-given)
			}
			here.Add(x)
		case 0:
			there.Add(-held)
		}
	}
	return stat.Difference(here, there, z)
}

// money is an estimate of one customer as money, and of n.
func (d Definition) money(e stat.Estimate, n int) Money {
	in := func(by float64) Range {
		amount := func(x float64) money.Amount {
			return money.Amount{Minor: int64(math.Round(x * by)), Currency: d.Currency}
		}
		if !e.Known() || max(math.Abs(e.Low), math.Abs(e.High))*by > math.MaxInt64/2 {
			return Range{}
		}
		return Range{amount(e.Low), amount(e.Point), amount(e.High), true}
	}
	return Money{Each: in(1), All: in(float64(n))}
}
