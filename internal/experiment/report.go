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

// Tally is what was counted of an arm.
type Tally struct {
	Seen       int `json:"seen"`
	Known30    int `json:"known_30"`
	Known90    int `json:"known_90"`
	Deflected  int `json:"deflected"`
	Accepted   int `json:"accepted"`
	Held30     int `json:"held_30"`
	Held90     int `json:"held_90_paid"`
	Complained int `json:"complained"`
	LeftAgain  int `json:"left_again"`
	// Given is what those were given who took an offer and were held: discount and cost.
	Given    stat.Moments `json:"given"`
	Exit     stat.Moments `json:"exit"`
	Retained stat.Moments `json:"retained"`
	List     stat.Moments `json:"list"`
	Discount stat.Moments `json:"discount"`
	Cost     stat.Moments `json:"cost"`
}

// with takes in what is known of others.
func (t *Tally) with(o *Tally) {
	t.Known30, t.Known90 = t.Known30+o.Known30, t.Known90+o.Known90
	t.Deflected, t.Accepted, t.Complained, t.LeftAgain = t.Deflected+o.Deflected, t.Accepted+o.Accepted, t.Complained+o.Complained, t.LeftAgain+o.LeftAgain
	t.Held30, t.Held90 = t.Held30+o.Held30, t.Held90+o.Held90
	t.Given, t.Exit, t.Retained = t.Given.With(o.Given), t.Exit.With(o.Exit), t.Retained.With(o.Retained)
	t.List, t.Discount, t.Cost = t.List.With(o.List), t.Discount.With(o.Discount), t.Cost.With(o.Cost)
}

// known is of how many the metric is known.
func (t *Tally) known(m Metric) int {
	if m.After() == month {
		return t.Known30
	}
	return t.Known90
}

// yes is how many have it.
func (t *Tally) yes(m Metric) int {
	switch m {
	case Deflected:
		return t.Deflected
	case Accepted:
		return t.Accepted
	case Held30:
		return t.Held30
	case Held90Paid:
		return t.Held90
	case Complained:
		return t.Complained
	case LeftAgain:
		return t.LeftAgain
	}
	return 0
}

// more is how much more of the metric there is in t than in o.
func (t *Tally) more(o *Tally, m Metric, z float64) stat.Estimate {
	switch {
	case measures[m].share:
		return stat.ShareDifference(t.yes(m), t.known(m), o.yes(m), o.known(m), z)
	case m == ExitTime:
		return stat.Difference(t.Exit, o.Exit, z)
	}
	return stat.Difference(t.Retained, o.Retained, z)
}

// Report tells how it stood at an instant, by who had seen an arm by then and whose
// time had gone by.
func (c *Cohort) Report(at time.Time) Report {
	d := &c.of.Definition
	groups := make([]Tally, len(d.Arms)+1)
	r := Report{Experiment: c.of.ID, At: at, Planned: c.of.Planned}
	known30, now := 0, at.UnixMicro()
	for i := range c.rows {
		w := &c.rows[i]
		if w.seen > now {
			break
		}
		r.Seen++
		t := &groups[w.place]
		t.Seen++
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
	for i := range c.gone {
		g := &c.gone[i]
		t := &groups[d.arm(g.Arm)]
		t.Seen, r.Seen = t.Seen+g.Seen, r.Seen+g.Seen
		if !g.From.After(at) {
			t.with(&g.Tally)
			known30, r.Known = known30+g.Known30, r.Known+g.Known90
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
		g := Group{Arm: d.name(i), Seen: groups[i].Seen}
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
			g.Incremental = d.incremental(i, groups, z(all, Retained))
		}
		r.Groups = append(r.Groups, g)
	}
	return r
}

func (t *Tally) add30(w *row) {
	t.Known30++
	t.Deflected += one(w.deflected)
	t.Accepted += one(w.accepted)
	t.Held30 += one(w.held30)
	t.Complained += one(w.complained)
	t.Exit.Add(w.exit)
}

func (t *Tally) add90(w *row) {
	t.Known90++
	t.Held90 += one(w.held90)
	t.LeftAgain += one(w.leftAgain)
	t.Retained.Add(w.retained)
	t.List.Add(w.list)
	t.Discount.Add(w.discount)
	t.Cost.Add(w.cost)
	if w.took() {
		t.Given.Add(w.discount + w.cost)
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
func (d Definition) balance(groups []Tally, seen int) float64 {
	if seen == 0 {
		return 1
	}
	x := 0.
	for i := range groups {
		want := d.share(i) * float64(seen)
		x += (float64(groups[i].Seen) - want) * (float64(groups[i].Seen) - want) / want
	}
	return stat.ChiSquareAbove(x, len(groups)-1)
}

func (d Definition) incremental(place int, groups []Tally, z float64) *Incremental {
	t, o := &groups[place], &groups[0]
	in := func(e stat.Estimate) Money { return d.money(e, t.Known90) }
	return &Incremental{
		N:        t.Known90,
		Held:     t.more(o, Held90Paid, z),
		AtList:   in(stat.Difference(t.List, o.List, z)),
		Discount: in(stat.Difference(t.Discount, o.Discount, z)),
		Cost:     in(stat.Difference(t.Cost, o.Cost, z)),
		Needless: in(t.needless(o, z)),
		Net:      in(stat.Difference(t.Retained, o.Retained, z)),
	}
}

// needless is what was given, by customer of the arm, to whoever would have stayed
// without: of those who took an offer and were held, all but as many as were held
// more than in the holdout, each at what one of them was given on average. That
// whoever took no offer was not kept by it is all that it supposes. The average
// was found in the same customers: what follows from that (delta method) is in
// the values that are compared.
func (t *Tally) needless(o *Tally, z float64) stat.Estimate {
	took := t.Given.N
	if took == 0 || o.Known90 == 0 {
		return stat.Difference(t.Cost, o.Cost, math.Inf(1))
	}
	given := t.Given.Mean
	more := float64(t.Held90)/float64(t.Known90) - float64(o.Held90)/float64(o.Known90)
	by := 1 - more*float64(t.Known90)/float64(took)
	same := func(n int, x float64) stat.Moments { return stat.Moments{N: n, Mean: x * float64(min(n, 1))} }
	// Held without an offer: −given; with one: what it differs from the average by;
	// not held: nothing.
	here := same(t.Held90-took, -given).With(same(t.Known90-t.Held90, 0)).With(stat.Moments{N: took, Squares: by * by * t.Given.Squares})
	there := same(o.Held90, -given).With(same(o.Known90-o.Held90, 0))
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
