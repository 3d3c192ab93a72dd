package backtest

import (
	"cmp"
	"io"
	"math"
	"slices"

	"hastaluego/internal/additive"
	"hastaluego/internal/fault"
	"hastaluego/internal/forecast"
	"hastaluego/internal/stat"
)

const z = 1.959963984540054 // of an interval at 95 %

// turn is one model: from which rows it learns and which it foretells.
type turn struct{ learn, judge []int }

// plan is one way to leave every row out that can be.
type plan struct {
	name  string
	turns []turn
}

// Run reads a file and foretells in it who left. With scores, also what each row that was
// left out was told.
func Run(file io.ReadSeeker, a Ask, scores bool) (Report, Scores, error) {
	f, err := open(file, a)
	if err != nil {
		return Report{}, Scores{}, err
	}
	events, event, unknown, err := f.events(a)
	if err != nil {
		return Report{}, Scores{}, err
	}
	if err := f.dated(a); err != nil {
		return Report{}, Scores{}, err
	}
	r := Report{Verdict: TooFew, Rows: f.rows, Unknown: unknown, Need: needed, Target: a.Target, Event: event, ID: a.ID, Rounds: []Round{}}
	for _, e := range events {
		if e {
			r.Events++
		}
	}
	r.Rate = float64(r.Events) / float64(r.Rows)
	seen := map[string]bool{}
	for _, id := range f.ids {
		seen[id] = true
	}
	r.People = len(seen)
	features := f.look(a, events)
	r.Fields = features.fields
	var plans []plan
	if plans, r.Way, err = f.plans(a, events, r.People); err != nil {
		return r, Scores{}, err
	}
	if min(r.Events, r.Rows-r.Events) < least || len(plans) == 0 {
		return r, Scores{}, nil
	}
	if len(features.of) == 0 {
		r.Verdict = NoSignal
		return r, Scores{}, nil
	}
	b := bench{file: f, ask: a, events: events, features: features, report: &r, scores: scores}
	if err := b.judge(plans); err != nil {
		return r, Scores{}, err
	}
	if err := b.drive(); err != nil {
		return r, Scores{}, err
	}
	return r, b.told, nil
}

// dated reports whether the columns that have to hold dates do.
func (f *file) dated(a Ask) error {
	for _, name := range []string{a.Time, a.Left} {
		if c := f.column(name); name != "" && c.Type != Date && c.Type != Number {
			return fault.New(fault.Invalid, "backtest.no_dates", "column", name).On(name)
		}
	}
	return nil
}

// plans are the ways to leave rows out: as asked for, by time, or in five parts of the
// customers with as many who left in each.
func (f *file) plans(a Ask, events []bool, people int) (plans []plan, way string, err error) {
	switch {
	case len(a.Parts) > 0:
		for _, p := range a.Parts {
			of, known := make([]int, f.rows), 0
			for i, id := range f.ids {
				part, ok := p.Of[id]
				if !ok {
					part = -1
				} else {
					known++
				}
				of[i] = part
			}
			if known == 0 {
				return nil, "file", fault.New(fault.Invalid, "backtest.no_parts", "column", p.Name)
			}
			plans = append(plans, plan{p.Name, inTurn(of)})
		}
		return plans, "file", nil
	case a.Time != "":
		p := plan{"time", f.later(a, people)}
		p.turns = slices.DeleteFunc(p.turns, func(t turn) bool {
			yes := 0
			for _, i := range t.learn {
				if events[i] {
					yes++
				}
			}
			return min(yes, len(t.learn)-yes) < least || len(t.judge) == 0
		})
		if len(p.turns) == 0 {
			return nil, "time", nil
		}
		return []plan{p}, "time", nil
	}
	return []plan{{"folds", inTurn(f.parts(events))}}, "folds", nil
}

const folds = 5

// parts parts the customers into folds, with as many in each who left at any time.
func (f *file) parts(events []bool) []int {
	left := map[string]bool{}
	for i, id := range f.ids {
		left[id] = left[id] || events[i]
	}
	ids := make([]string, 0, len(left))
	for id := range left {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(x, y string) int { return cmp.Or(cmp.Compare(group(x), group(y)), cmp.Compare(x, y)) })
	part, next := map[string]int{}, map[bool]int{}
	for _, id := range ids {
		part[id] = next[left[id]] % folds
		next[left[id]]++
	}
	out := make([]int, f.rows)
	for i, id := range f.ids {
		out[i] = part[id]
	}
	return out
}

// inTurn leaves each part out in its turn.
func inTurn(of []int) []turn {
	var turns []turn
	for _, p := range slices.Compact(slices.Sorted(slices.Values(of))) {
		if p < 0 {
			continue
		}
		var t turn
		for i, q := range of {
			if q == p {
				t.judge = append(t.judge, i)
			} else {
				t.learn = append(t.learn, i)
			}
		}
		turns = append(turns, t)
	}
	return turns
}

// later foretells the last three fifths of the rows, a fifth at a time, each from rows
// whose outcome was known when it began, and never from rows of the same customer.
func (f *file) later(a Ask, people int) (turns []turn) {
	at := f.column(a.Time).numbers
	known := make([]float64, 0, len(at))
	for _, v := range at {
		if !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	if len(known) == 0 {
		return nil
	}
	slices.Sort(known)
	parts := 1
	if people < f.rows {
		parts = folds
	}
	until := math.Inf(1)
	for fifth := 4; fifth >= 2; fifth-- {
		from := known[fifth*len(known)/5]
		if from >= until {
			continue
		}
		for p := range parts {
			var t turn
			for i, v := range at {
				mine := parts == 1 || group(f.ids[i])%parts == p
				switch {
				case math.IsNaN(v):
				case v >= from && v < until:
					if mine {
						t.judge = append(t.judge, i)
					}
				case v+float64(a.Horizon) < from && (parts == 1 || !mine):
					t.learn = append(t.learn, i)
				}
			}
			turns = append(turns, t)
		}
		until = from
	}
	return turns
}

// bench is a backtest under way.
type bench struct {
	file     *file
	ask      Ask
	events   []bool
	features features
	report   *Report
	scores   bool
	told     Scores
}

func (b *bench) groups(rows []int) []int {
	out := make([]int, len(rows))
	for k, i := range rows {
		out[k] = group(b.file.ids[i])
	}
	return out
}

// some is the table of some rows.
func (b *bench) some(rows []int) additive.Table {
	t := b.features.table
	out := additive.Table{Scales: t.Scales, Bins: make([][]uint8, len(t.Bins)), Events: make([]float64, len(rows))}
	for k, i := range rows {
		out.Events[k] = t.Events[i]
	}
	for j, col := range t.Bins {
		part := make([]uint8, len(rows))
		for k, i := range rows {
			part[k] = col[i]
		}
		out.Bins[j] = part
	}
	return out
}

// foretold are rows that were left out, what they were told, and the rate of those that
// were learned from.
type foretold struct {
	rows   []int
	logits []float64
	rates  []float64
}

// judge leaves rows out in all ways and reports how they were foretold.
func (b *bench) judge(plans []plan) error {
	for n, p := range plans {
		var all foretold
		for _, t := range p.turns {
			learn := b.some(t.learn)
			m, _, err := forecast.Learn(learn, b.groups(t.learn))
			if err != nil {
				return fault.Wrap("backtest.judge", err)
			}
			judge := b.some(t.judge)
			logits := m.Logits(judge)
			var yes float64
			for _, e := range learn.Events {
				yes += e
			}
			rate := yes / float64(len(t.learn))
			all.rows = append(all.rows, t.judge...)
			all.logits = append(all.logits, logits...)
			for range t.judge {
				all.rates = append(all.rates, rate)
			}
			if b.scores && n == 0 {
				b.tell(m, judge, t.judge)
			}
		}
		b.report.Rounds = append(b.report.Rounds, b.round(p.name, all))
		if n == 0 {
			b.shape(all)
		}
	}
	b.conclude()
	return nil
}

// tell writes down what rows were told and why.
func (b *bench) tell(m forecast.Model, judge additive.Table, rows []int) {
	if b.ask.Rate > 0 {
		m = m.Shifted(b.report.Rate, b.ask.Rate)
	}
	if b.told.Columns == nil {
		for _, j := range b.features.of {
			b.told.Columns = append(b.told.Columns, b.features.fields[j].Name)
		}
	}
	logits := m.Logits(judge)
	row := make([]uint8, len(judge.Bins))
	for k, i := range rows {
		for j, col := range judge.Bins {
			row[j] = col[k]
		}
		base, effects := m.Explain(row)
		b.told.Rows = append(b.told.Rows, Score{
			ID: b.file.ids[i], Line: b.file.lines[i], Left: b.events[i],
			Chance: additive.Chance(logits[k]), Logit: logits[k], Base: base, Effects: effects,
		})
	}
}

func loss(left bool, logit float64) float64 {
	if left {
		logit = -logit
	}
	return math.Log1p(math.Exp(-math.Abs(logit))) + max(logit, 0)
}

// round are the figures of one way to leave rows out.
func (b *bench) round(name string, f foretold) Round {
	r := Round{Name: name, Rows: len(f.rows)}
	events, chances := make([]bool, len(f.rows)), make([]float64, len(f.rows))
	out := Figures{}
	n := float64(len(f.rows))
	gain, size := map[string]float64{}, map[string]float64{}
	var naive stat.Moments
	for k, i := range f.rows {
		events[k], chances[k] = b.events[i], additive.Chance(f.logits[k])
		y := 0.0
		if events[k] {
			y = 1
			r.Events++
		}
		of := math.Log(f.rates[k] / (1 - f.rates[k]))
		mine, rates := loss(events[k], f.logits[k]), loss(events[k], of)
		out.Loss += mine / n
		out.LossOfRate += rates / n
		out.Brier += (chances[k] - y) * (chances[k] - y) / n
		out.BrierOfRate += (f.rates[k] - y) * (f.rates[k] - y) / n
		gain[b.file.ids[i]] += rates - mine
		size[b.file.ids[i]]++
		naive.Add(rates - mine)
	}
	// Rows of one customer are not as many witnesses: the spread is that of customers.
	mean := out.LossOfRate - out.Loss
	ids := make([]string, 0, len(gain))
	for id := range gain {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var spread float64
	for _, id := range ids {
		d := gain[id] - size[id]*mean
		spread += d * d
	}
	spread = math.Sqrt(spread) / n
	out.Gain = Interval{mean - 2*spread, mean, mean + 2*spread}
	wider := 1.0
	if alone := math.Sqrt(naive.Variance() / n); alone > 0 {
		wider = max(1, spread/alone)
	}
	out.Area = interval(stat.Area(events, f.logits, z*wider))
	out.Precision = stat.Precision(events, f.logits)
	out.Intercept, out.Slope = stat.Calibration(events, f.logits)
	out.Miscalibrate = stat.Miscalibration(stat.Reliability(events, chances, 10, z))
	r.Figures = out
	return r
}

func interval(e stat.Estimate) Interval { return Interval{e.Low, e.Point, e.High} }

// shape are the tenths of rows by their chance, and what acting on the highest would have
// met.
func (b *bench) shape(f foretold) {
	events, chances := make([]bool, len(f.rows)), make([]float64, len(f.rows))
	order := make([]int, len(f.rows))
	all := 0
	for k, i := range f.rows {
		events[k], chances[k], order[k] = b.events[i], additive.Chance(f.logits[k]), k
		if events[k] {
			all++
		}
	}
	for _, s := range stat.Reliability(events, chances, 10, z) {
		b.report.Deciles = append(b.report.Deciles, Span{s.Rows, s.Events, s.Chance, interval(s.Seen)})
	}
	// Of rows with the same chance, by customer: whatever the order of the file was.
	slices.SortStableFunc(order, func(x, y int) int {
		return cmp.Or(cmp.Compare(f.logits[y], f.logits[x]), cmp.Compare(group(b.file.ids[f.rows[x]]), group(b.file.ids[f.rows[y]])))
	})
	top := &Top{Rows: (len(order) + 9) / 10}
	var early []float64
	for _, k := range order[:top.Rows] {
		if !events[k] {
			continue
		}
		top.Events++
		if days, ok := b.early(f.rows[k]); ok {
			early = append(early, days)
		}
	}
	if all > 0 {
		top.Caught = float64(top.Events) / float64(all)
		top.Lift = float64(top.Events) / float64(top.Rows) / (float64(all) / float64(len(order)))
	}
	if len(early) > 0 {
		slices.Sort(early)
		at := func(q int) float64 { return early[(len(early)-1)*q/4] }
		top.Early = &Early{len(early), at(1), at(2), at(3)}
	}
	b.report.Top = top
	if b.ask.Rate > 0 {
		shift := math.Log(b.ask.Rate/(1-b.ask.Rate)) - math.Log(b.report.Rate/(1-b.report.Rate))
		s := &Stated{Rate: b.ask.Rate, Sample: b.report.Rate}
		var weight float64
		for k, v := range f.logits {
			w := (1 - b.ask.Rate) / (1 - b.report.Rate)
			if events[k] {
				w = b.ask.Rate / b.report.Rate
			}
			s.Before += chances[k] / float64(len(chances))
			s.After += w * additive.Chance(v+shift)
			weight += w
		}
		s.After /= weight
		b.report.Stated = s
	}
}

// early is how many days before somebody left a row told it.
func (b *bench) early(row int) (days float64, ok bool) {
	at, left := b.file.column(b.ask.Time), b.file.column(b.ask.Left)
	if b.ask.Time == "" || b.ask.Left == "" {
		return 0, false
	}
	days = left.numbers[row] - at.numbers[row]
	return days, !math.IsNaN(days)
}

// conclude is the mean over rounds, and the verdict.
func (b *bench) conclude() {
	r := b.report
	var m Figures
	n := float64(len(r.Rounds))
	add := func(to *Interval, v Interval) {
		to.Low, to.Point, to.High = to.Low+v.Low/n, to.Point+v.Point/n, to.High+v.High/n
	}
	for _, one := range r.Rounds {
		f := one.Figures
		add(&m.Area, f.Area)
		add(&m.Gain, f.Gain)
		m.Precision += f.Precision / n
		m.Brier += f.Brier / n
		m.BrierOfRate += f.BrierOfRate / n
		m.Loss += f.Loss / n
		m.LossOfRate += f.LossOfRate / n
		m.Intercept += f.Intercept / n
		m.Slope += f.Slope / n
		m.Miscalibrate += f.Miscalibrate / n
	}
	r.Figures = &m
	switch {
	case m.Area.Low <= .5 || m.Gain.Low <= 0:
		r.Verdict = NoSignal
	case min(r.Events, r.Rows-r.Events) < needed:
		r.Verdict = TooFew
	default:
		r.Verdict = Learned
	}
	r.Suspicious = r.Verdict == Learned && m.Area.Point > .97
}

// sampled is how many rows are looked at for what columns do.
const sampled = 5000

// drive learns from all rows, and says which columns move chances and how.
func (b *bench) drive() error {
	rows := make([]int, b.file.rows)
	for i := range rows {
		rows[i] = i
	}
	t := b.features.table
	m, c, err := forecast.Learn(t, b.groups(rows))
	if err != nil {
		return fault.Wrap("backtest.drive", err)
	}
	out := &Model{Kind: m.Kind, Rows: c.Rows}
	for k, x := range c.Tried {
		out.Tried = append(out.Tried, Tried{x.Kind, x.Smooth, x.Depth, x.Trees, x.Loss, x.Gain, x.StdErr, k == c.Chosen})
	}
	b.report.Model = out
	if b.report.Verdict == NoSignal {
		return nil // what moves nothing drives nothing
	}
	step := max(1, b.file.rows/sampled)
	seen, effect := make([][]float64, len(t.Bins)), make([][]float64, len(t.Bins))
	for j, s := range t.Scales {
		seen[j], effect[j] = make([]float64, s.Bins()), make([]float64, s.Bins())
	}
	weight := make([]float64, len(t.Bins))
	row := make([]uint8, len(t.Bins))
	n := 0.0
	for i := 0; i < b.file.rows; i += step {
		for j, col := range t.Bins {
			row[j] = col[i]
		}
		_, effects := m.Explain(row)
		n++
		for j, e := range effects {
			weight[j] += math.Abs(e)
			seen[j][row[j]]++
			effect[j][row[j]] += e
		}
	}
	for j, s := range t.Scales {
		d := Driver{Column: s.Name, Weight: weight[j] / n}
		count, yes := make([]int, s.Bins()), make([]int, s.Bins())
		for i, bin := range t.Bins[j] {
			count[bin]++
			if b.events[i] {
				yes[bin]++
			}
		}
		for bin := range s.Bins() {
			if count[bin] == 0 || seen[j][bin] == 0 {
				continue
			}
			p := label(s, bin)
			p.Rows, p.Events, p.Effect = count[bin], yes[bin], effect[j][bin]/seen[j][bin]
			d.Parts = append(d.Parts, p)
		}
		b.report.Drivers = append(b.report.Drivers, d)
	}
	slices.SortStableFunc(b.report.Drivers, func(x, y Driver) int { return cmp.Compare(y.Weight, x.Weight) })
	return nil
}
