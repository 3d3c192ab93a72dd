package console

import (
	"math"
	"strconv"

	"hastaluego/internal/app"
	"hastaluego/internal/experiment"
	"hastaluego/internal/money"
	"hastaluego/internal/stat"
	"hastaluego/internal/text"
	"hastaluego/internal/trial"
	"hastaluego/internal/when"
)

// ExperimentTable is one part of the report of an experiment, in words: what is found,
// never without the interval that holds it and the customers behind it.
type ExperimentTable struct {
	ID, Title, About string
	Cols             []string
	Rows             [][]string
	Plot             *plotView // the same to look at; nil: there is nothing to see yet
}

func experimentWord(lang, code string, args ...any) string {
	return text.Say(lang, "console.experiment."+code, args...)
}

// teller words the report of an experiment.
type teller struct {
	lang string
	v    app.ExperimentView
}

func (t teller) word(code string, args ...any) string { return experimentWord(t.lang, code, args...) }

// ExperimentTables are the parts of the report of an experiment, in their order:
// effects first, then the four shares, what each arm brought, the guards, and how it
// went. None before it started.
func ExperimentTables(lang string, v app.ExperimentView) []ExperimentTable {
	if v.Report == nil {
		return nil
	}
	t := teller{lang: lang, v: v}
	return append(append([]ExperimentTable{t.effects(), t.saves()}, t.brought()...), t.guards(), t.course())
}

// ExperimentStands is one sentence on how an experiment stands, and what is concluded.
func ExperimentStands(lang string, v app.ExperimentView) (lines []string) {
	t := teller{lang: lang, v: v}
	switch v.State {
	case experiment.Draft, experiment.Checked:
		lines = append(lines, t.word("stands."+string(v.State), "planned", v.Plan.Customers))
	case experiment.Stopped:
		lines = append(lines, t.word("stands.stopped", "why", t.why()))
		for _, g := range v.Alarms {
			lines = append(lines, t.word("stands.alarm", "arm", g.Arm, "metric", t.metric(g.Metric), "is", t.between(g.Metric, g.Estimate), "most", t.amount(g.Metric, g.Tolerance, false)))
		}
	case experiment.Decided:
		lines = append(lines, t.word("stands.decided", "n", v.Planned))
		for _, x := range v.Verdicts {
			lines = append(lines, t.word("outcome."+string(x.Outcome), "arm", x.Effect.Arm, "against", t.arm(x.Effect.Against), "metric", t.metric(x.Effect.Metric), "is", t.between(x.Effect.Metric, x.Effect.Estimate)))
		}
	default:
		r := v.Report
		lines = append(lines, t.word("stands.running", "seen", r.Seen, "known", r.Known, "planned", r.Planned))
		if r.Unbalanced() {
			lines = append(lines, t.word("stands.unbalanced"))
		}
	}
	return lines
}

func (t teller) why() string {
	if t.v.EndedBy == "engine" {
		return text.Say(t.lang, t.v.Why)
	}
	return t.v.Why
}

func (t teller) arm(id string) string {
	if id == experiment.Holdout {
		return t.word("holdout")
	}
	return id
}

func (t teller) metric(m experiment.Metric) string { return t.word("metric." + string(m)) }

// amount is a number of a metric in its unit; signed for what is a difference.
func (t teller) amount(m experiment.Metric, x float64, signed bool) string {
	switch {
	case math.IsInf(x, 0) || math.IsNaN(x):
		return "–"
	case m == experiment.ExitTime:
		return t.word("hours", "n", t.tenths(x, signed))
	case m == experiment.Retained:
		return t.money(money.Amount{Minor: int64(math.Round(x)), Currency: t.v.Definition.Currency}, signed)
	case signed:
		return t.word("points", "n", t.tenths(100*x, true))
	}
	return text.Percent(t.lang, int64(math.Round(x*1000))*10)
}

// tenths is a number with one decimal, and with its sign where it is a difference.
func (t teller) tenths(x float64, signed bool) string {
	n := int64(math.Round(x * 10))
	out := text.Thousandths(t.lang, max(n, -n)*100)
	switch {
	case n < 0:
		return "−" + out
	case n > 0 && signed:
		return "+" + out
	}
	return out
}

func (t teller) money(a money.Amount, signed bool) string {
	if signed && a.Minor > 0 {
		return "+" + text.Money(t.lang, a)
	}
	return text.Money(t.lang, a)
}

func (t teller) between(m experiment.Metric, e stat.Estimate) string {
	if !e.Known() {
		return t.word("unknown")
	}
	return t.word("between", "low", t.amount(m, e.Low, true), "high", t.amount(m, e.High, true))
}

// estimate is what was found of a difference, with its interval.
func (t teller) estimate(m experiment.Metric, e stat.Estimate) string {
	if !e.Known() {
		return t.word("unknown")
	}
	return t.word("found", "is", t.amount(m, e.Point, true), "low", t.amount(m, e.Low, true), "high", t.amount(m, e.High, true))
}

func (t teller) number(n int) string { return text.Number(t.lang, int64(n)) }

// effects are those of the metric that decides.
func (t teller) effects() ExperimentTable {
	d := t.v.Definition
	out := ExperimentTable{
		ID: "effects", Title: t.word("effects", "metric", t.metric(d.Primary)), About: t.word("effects.about", "definition", t.word("metric."+string(d.Primary)+".about"), "planned", t.v.Planned),
		Cols: []string{t.word("col.arm"), t.word("col.against"), t.word("col.effect"), t.word("col.n"), t.word("col.n.against")},
	}
	p := t.plot("effects", d.Primary, true)
	p.mark(0, t.word("none"), "zero")
	p.mark(d.Effect, t.word("wanted"), "aim")
	for _, f := range t.v.Report.Primary {
		out.Rows = append(out.Rows, []string{f.Arm, t.arm(f.Against), t.estimate(f.Metric, f.Estimate), t.number(f.N), t.number(f.NAgainst)})
		p.add(f.Arm, t.word("n.both", "n", t.number(f.N), "other", t.number(f.NAgainst)), f.Estimate, t.estimate(f.Metric, f.Estimate))
	}
	out.Plot = p.done()
	return out
}

// saves are the four shares of every arm; the fifth number is what they brought.
func (t teller) saves() ExperimentTable {
	out := ExperimentTable{ID: "saves", Title: t.word("saves"), About: t.word("saves.about"), Cols: []string{t.word("col.metric"), t.word("col.arm"), t.word("col.share"), t.word("col.yes")}}
	p := t.plot("saves", experiment.Held30, false)
	for i, m := range experiment.Saves {
		for _, g := range t.v.Report.Groups {
			f := g.Figures[i]
			share := t.word("found", "is", t.amount(m, f.Point, false), "low", t.amount(m, f.Low, false), "high", t.amount(m, f.High, false))
			if f.N == 0 {
				share = t.word("unknown")
			}
			out.Rows = append(out.Rows, []string{t.metric(m), t.arm(g.Arm), share, t.word("yes.of", "yes", t.number(f.Yes), "n", t.number(f.N))})
			if f.N > 0 {
				p.add(t.metric(m)+" · "+t.arm(g.Arm), t.word("yes.of", "yes", t.number(f.Yes), "n", t.number(f.N)), f.Estimate, share)
			}
		}
	}
	out.Plot = p.done()
	return out
}

// brought is what each arm brought that the holdout did not: of each customer, and of
// all of them.
func (t teller) brought() (list []ExperimentTable) {
	each := ExperimentTable{
		ID: "brought", Title: t.word("brought"), About: t.word("brought.about"),
		Cols: []string{t.word("col.what"), t.word("col.arm"), t.word("col.each"), t.word("col.all"), t.word("col.n")},
	}
	p := t.plot("brought", experiment.Retained, true)
	p.mark(0, t.word("none"), "zero")
	for _, g := range t.v.Report.Groups {
		in := g.Incremental
		if in == nil {
			continue
		}
		each.Rows = append(each.Rows, []string{t.word("part.held"), g.Arm, t.estimate(experiment.Held90Paid, in.Held), "", t.number(in.N)})
		for _, x := range []struct {
			code string
			of   experiment.Money
		}{{"list", in.AtList}, {"discount", in.Discount}, {"cost", in.Cost}, {"net", in.Net}, {"needless", in.Needless}} {
			each.Rows = append(each.Rows, []string{t.word("part." + x.code), g.Arm, t.sum(x.of.Each), t.sum(x.of.All), t.number(in.N)})
			if r := x.of.Each; r.Known && x.code != "cost" {
				p.add(t.word("part."+x.code)+" · "+g.Arm, t.word("n.one", "n", t.number(in.N)), stat.Estimate{Low: float64(r.Low.Minor), Point: float64(r.Point.Minor), High: float64(r.High.Minor)}, t.sum(r))
			}
		}
	}
	if !t.v.Costed {
		each.About += " " + t.word("brought.uncosted")
	}
	each.Plot = p.done()
	return []ExperimentTable{each}
}

func (t teller) sum(r experiment.Range) string {
	if !r.Known {
		return t.word("unknown")
	}
	return t.word("found", "is", t.money(r.Point, true), "low", t.money(r.Low, true), "high", t.money(r.High, true))
}

// guards are what an arm must not make worse.
func (t teller) guards() ExperimentTable {
	out := ExperimentTable{
		ID: "guards", Title: t.word("guards"), About: t.word("guards.about"),
		Cols: []string{t.word("col.metric"), t.word("col.arm"), t.word("col.more"), t.word("col.borne"), t.word("col.state"), t.word("col.n")},
	}
	p := t.plot("guards", experiment.LeftAgain, true)
	p.mark(0, t.word("none"), "zero")
	for _, g := range t.v.Report.Guards {
		state := t.word("guard.quiet")
		if g.Harm() {
			state = t.word("guard.harm")
		}
		n := t.word("n.both", "n", t.number(g.N), "other", t.number(g.NAgainst))
		out.Rows = append(out.Rows, []string{t.metric(g.Metric), g.Arm, t.estimate(g.Metric, g.Estimate), t.amount(g.Metric, g.Tolerance, true), state, n})
		if g.Metric != experiment.ExitTime { // hours have another axis; they are in the table
			p.add(t.metric(g.Metric)+" · "+g.Arm, t.word("borne", "most", t.amount(g.Metric, g.Tolerance, true)), g.Estimate, t.estimate(g.Metric, g.Estimate))
		}
	}
	out.Plot = p.done()
	return out
}

// course is how the metric that decides stood from time to time.
func (t teller) course() ExperimentTable {
	d := t.v.Definition
	out := ExperimentTable{
		ID: "course", Title: t.word("course"), About: t.word("course.about"),
		Cols: []string{t.word("col.day"), t.word("col.arm"), t.word("col.effect"), t.word("col.known")},
	}
	p := t.plot("course", d.Primary, true)
	p.mark(0, t.word("none"), "zero")
	p.mark(d.Effect, t.word("wanted"), "aim")
	const most = 12
	step := max(1, (len(t.v.Course)+most-1)/most)
	for i, r := range t.v.Course {
		day := text.Date(t.lang, when.DateOf(r.At, t.v.Zone))
		for _, f := range r.Primary {
			known := t.word("known.of", "n", t.number(r.Known), "planned", t.number(r.Planned))
			out.Rows = append(out.Rows, []string{day, f.Arm, t.estimate(f.Metric, f.Estimate), known})
			if (len(t.v.Course)-1-i)%step == 0 {
				p.add(day+" · "+f.Arm, t.word("n.both", "n", t.number(f.N), "other", t.number(f.NAgainst)), f.Estimate, t.estimate(f.Metric, f.Estimate))
			}
		}
	}
	out.Plot = p.done()
	return out
}

// plotView is intervals over one axis: a line from low to high, and a point where it
// was found. What is beyond the axis ends in an arrow.
type plotView struct {
	ID, Label, Unit string
	Ticks           []plotTick
	Marks           []plotTick
	Rows            []plotRow
	t               teller
	metric          experiment.Metric
	signed          bool
	marks           []plotMark
}

// plotTick is a place of the axis, in percent of its width.
type plotTick struct{ At, Text, Class string }

type plotMark struct {
	at          float64
	text, class string
}

type plotRow struct {
	Name, Sub, Text   string
	From, At, To      string // in percent
	LeftOut, RightOut bool   // it goes on beyond the axis
	e                 stat.Estimate
}

func (t teller) plot(id string, m experiment.Metric, signed bool) *plotView {
	unit := "share"
	switch {
	case m == experiment.ExitTime:
		unit = "hours"
	case m == experiment.Retained:
		unit = "money"
	case signed:
		unit = "points"
	}
	return &plotView{ID: id, Unit: t.word("unit."+unit, "currency", t.v.Definition.Currency), t: t, metric: m, signed: signed}
}

func (p *plotView) mark(at float64, name, class string) {
	p.marks = append(p.marks, plotMark{at, name, class})
}

func (p *plotView) add(name, sub string, e stat.Estimate, words string) {
	if e.Known() {
		p.Rows = append(p.Rows, plotRow{Name: name, Sub: sub, Text: words, e: e})
	}
}

// done lays the axis: over all points and marks, and intervals as far as they are not
// wider than three times that.
func (p *plotView) done() *plotView {
	if len(p.Rows) == 0 {
		return nil
	}
	low, high := math.Inf(1), math.Inf(-1)
	take := func(x float64) { low, high = min(low, x), max(high, x) }
	for _, m := range p.marks {
		take(m.at)
	}
	for _, r := range p.Rows {
		take(r.e.Point)
	}
	core := max(high-low, 1e-9)
	middle := (low + high) / 2
	for _, r := range p.Rows {
		take(max(r.e.Low, middle-1.5*core))
		take(min(r.e.High, middle+1.5*core))
	}
	if !p.signed { // shares
		low, high = 0, min(1, max(high, .1))
	}
	step := niceStep((high - low) / 4)
	low, high = math.Floor(low/step)*step, math.Ceil(high/step)*step
	at := func(x float64) string { return strconv.FormatFloat(4+92*(x-low)/(high-low), 'f', 2, 64) }
	n := int(math.Round((high - low) / step))
	every := 1 + n/6 // no more than fit on a telephone
	for i := 0; i <= n; i += every {
		x := low + float64(i)*step
		if math.Abs(x) < step/1e6 {
			x = 0
		}
		name := p.t.amount(p.metric, x, p.signed)
		if p.signed && p.metric != experiment.Retained && p.metric != experiment.ExitTime {
			name = p.t.tenths(100*x, true) // the unit stands above
		}
		p.Ticks = append(p.Ticks, plotTick{At: at(x), Text: name})
	}
	for _, m := range p.marks {
		p.Marks = append(p.Marks, plotTick{at(m.at), m.text, m.class})
	}
	for i := range p.Rows {
		r := &p.Rows[i]
		r.LeftOut, r.RightOut = r.e.Low < low, r.e.High > high
		r.From, r.At, r.To = at(max(r.e.Low, low)), at(min(max(r.e.Point, low), high)), at(min(r.e.High, high))
	}
	p.Label = p.Unit
	return p
}

// niceStep is the next of 1, 2, 2.5, 5 times a power of ten.
func niceStep(x float64) float64 {
	if !(x > 0) {
		return 1
	}
	ten := math.Pow(10, math.Floor(math.Log10(x)))
	for _, by := range []float64{1, 2, 2.5, 5} {
		if x <= by*ten*(1+1e-9) {
			return by * ten
		}
	}
	return 10 * ten
}

// ExperimentShows is what each arm shows, in one line.
func ExperimentShows(lang string, v app.ExperimentView) (rows [][2]string) {
	rows = append(rows, [2]string{experimentWord(lang, "holdout") + " · " + text.Percent(lang, int64(v.Trial.Definition.Holdout)), experimentWord(lang, "holdout.shows."+string(v.Trial.Place))})
	for i, x := range v.Shows {
		shows := experimentWord(lang, "shows.flow", "arm", x.Arm.Flow)
		if v.Trial.Place == trial.AtOffer {
			shows = experimentWord(lang, "shows.offer", "offer", x.Arm.Offer)
			if what := x.Texts["what"][lang]; what != "" {
				shows += ": " + what
			}
		}
		rows = append(rows, [2]string{x.Arm.ID + " · " + text.Percent(lang, int64(v.Trial.Definition.Arms[i].Share)), shows})
	}
	return rows
}
