package backtest

import (
	_ "embed"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/text"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("").Funcs(template.FuncMap{
	"percent": func(float64) string { return "" }, "say": func(string, ...any) string { return "" }, "field": func(Field) string { return "" },
	"number": func(float64, int) string { return "" }, "count": func(int) string { return "" },
}).Parse(pageSource))

// view is what the page shows, worded and drawn.
type view struct {
	Report
	Lang, File string
	Lede       string
	Asked      []Field // that seem to know what happened
	Facts      []fact
	Curve      plot // foretold against seen
	Caught     plot
	Bars       []bar
	Rest       int // drivers that are not drawn
}

type fact struct{ Name, Value, Means string }

// plot is a drawing in units of its own: places from the left and from the top.
type plot struct {
	XTicks, YTicks []tick
	Points         []spot
	Line           string
	Equal          string // the line of what would be so by luck, or where all is right
}

type tick struct {
	At    float64
	Label string
}

type spot struct {
	X, Y, Low, High float64
	Title           string
}

type bar struct {
	Driver
	Wide  float64
	Value string
	Parts []partBar
}

type partBar struct {
	Name, Rows, Seen, Effect string
	From, Wide               float64
	Up                       bool
}

// The field that a plot is drawn in.
const (
	plotLeft, plotTop, plotWide, plotHigh = 56.0, 14.0, 460.0, 300.0
	mostBars, mostParts                   = 8, 12
)

func place(share, most float64) float64 { return plotTop + plotHigh*(1-share/most) }

func across(share, most float64) float64 { return plotLeft + plotWide*share/most }

// WritePage writes a report as a page that needs nothing but itself, in a language of
// staff.
func WritePage(w io.Writer, lang, file string, r Report) error {
	say := func(code string, args ...any) string { return text.Say(lang, "backtest."+code, args...) }
	v := view{Report: r, Lang: lang, File: file, Lede: say("verdict."+string(r.Verdict)+".means", "n", r.Events, "need", r.Need, "stayed", r.Rows-r.Events)}
	for _, f := range r.Fields {
		if f.Why.Leak() {
			v.Asked = append(v.Asked, f)
		}
	}
	p := writer{lang}
	if f := r.Figures; f != nil {
		add := func(code, value string) {
			v.Facts = append(v.Facts, fact{say("figure." + code), value, say("figure." + code + ".means")})
		}
		add("auc", p.interval(f.Area, 3))
		if t := r.Top; t != nil {
			add("top", say("figure.top.value", "caught", p.percent(t.Caught), "lift", p.number(t.Lift, 1)))
			if e := t.Early; e != nil {
				add("early", say("figure.early.value", "median", p.number(e.Median, 0), "first", p.number(e.First, 0), "third", p.number(e.Third, 0)))
			}
		}
		add("brier", say("figure.beside", "value", p.number(f.Brier, 4), "rate", p.number(f.BrierOfRate, 4)))
		add("loss", say("figure.beside", "value", p.number(f.Loss, 4), "rate", p.number(f.LossOfRate, 4)))
		add("precision", p.number(f.Precision, 3))
		add("slope", say("figure.slope.value", "slope", p.number(f.Slope, 2), "intercept", p.number(f.Intercept, 2)))
		add("ece", p.percent(f.Miscalibrate))
		v.Curve, v.Caught = p.curve(r.Deciles), p.caught(r)
		v.Bars = p.bars(r.Drivers)
		v.Rest = len(r.Drivers) - len(v.Bars)
	}
	t, err := page.Clone()
	if err != nil {
		return err
	}
	return t.Funcs(template.FuncMap{
		"say":     say,
		"percent": p.percent,
		"number":  p.number,
		"count":   func(n int) string { return text.Number(lang, int64(n)) },
		"field": func(f Field) string {
			return say("why."+string(f.Why), "same", f.Same, "auc", p.number(f.Area, 3), "n", f.Rows, "column", f.Name)
		},
	}).Execute(w, v)
}

// writer writes figures in a language.
type writer struct{ lang string }

func (p writer) number(v float64, digits int) string {
	scale := math.Pow10(digits)
	s := strconv.FormatFloat(math.Round(v*scale)/scale, 'f', digits, 64)
	s = strings.Replace(s, "-", "−", 1)
	if p.lang == "es" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

func (p writer) percent(v float64) string { return text.Percent(p.lang, int64(math.Round(v*10_000))) }

func (p writer) interval(i Interval, digits int) string {
	return text.Say(p.lang, "backtest.interval", "point", p.number(i.Point, digits), "low", p.number(i.Low, digits), "high", p.number(i.High, digits))
}

// curve draws what was foretold against what was seen.
func (p writer) curve(spans []Span) (out plot) {
	most := .05
	for _, s := range spans {
		most = max(most, s.Chance, s.Seen.High)
	}
	most = min(1, math.Ceil(most*20)/20)
	out.XTicks, out.YTicks = p.ticks(most, across), p.ticks(most, place)
	out.Equal = line([]float64{0, most}, []float64{0, most}, most, most)
	var xs, ys []float64
	for _, s := range spans {
		xs, ys = append(xs, s.Chance), append(ys, s.Seen.Point)
		out.Points = append(out.Points, spot{
			across(s.Chance, most), place(s.Seen.Point, most), place(min(s.Seen.Low, most), most), place(min(s.Seen.High, most), most),
			text.Say(p.lang, "backtest.curve.point", "chance", p.percent(s.Chance), "seen", p.percent(s.Seen.Point), "low", p.percent(s.Seen.Low), "high", p.percent(s.Seen.High), "n", s.Rows),
		})
	}
	out.Line = line(xs, ys, most, most)
	return out
}

// caught draws which share of those who left is met by asking which share of all, those
// with the highest chances first.
func (p writer) caught(r Report) (out plot) {
	out.XTicks, out.YTicks = p.ticks(1, across), p.ticks(1, place)
	out.Equal = line([]float64{0, 1}, []float64{0, 1}, 1, 1)
	rows, events := 0, 0
	for _, s := range r.Deciles {
		rows, events = rows+s.Rows, events+s.Events
	}
	xs, ys := []float64{0}, []float64{0}
	asked, met := 0, 0
	for _, s := range slices.Backward(r.Deciles) {
		asked, met = asked+s.Rows, met+s.Events
		x, y := float64(asked)/float64(rows), float64(met)/float64(events)
		xs, ys = append(xs, x), append(ys, y)
		out.Points = append(out.Points, spot{
			X: across(x, 1), Y: place(y, 1), Low: place(y, 1), High: place(y, 1),
			Title: text.Say(p.lang, "backtest.caught.point", "asked", p.percent(x), "met", p.percent(y)),
		})
	}
	out.Line = line(xs, ys, 1, 1)
	return out
}

func (p writer) ticks(most float64, at func(share, most float64) float64) (out []tick) {
	step := .2
	for most/step < 3 {
		step /= 2
	}
	for v := 0.0; v <= most+1e-9; v += step {
		out = append(out, tick{at(v, most), p.percent(v)})
	}
	return out
}

func line(xs, ys []float64, mostX, mostY float64) string {
	var b []byte
	for i := range xs {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendFloat(b, across(xs[i], mostX), 'f', 1, 64)
		b = append(b, ',')
		b = strconv.AppendFloat(b, place(ys[i], mostY), 'f', 1, 64)
	}
	return string(b)
}

// bars draws the columns that move chances most, and what each of their bins does.
func (p writer) bars(drivers []Driver) (out []bar) {
	for _, d := range drivers[:min(len(drivers), mostBars)] {
		if d.Weight == 0 {
			break
		}
		b := bar{Driver: d, Wide: 100 * d.Weight / drivers[0].Weight, Value: p.number(d.Weight, 2)}
		parts := d.Parts
		if len(parts) > mostParts {
			parts = together(parts)
		}
		most := 0.0
		for _, x := range parts {
			most = max(most, math.Abs(x.Effect))
		}
		for _, x := range parts {
			one := partBar{Name: p.bin(x), Rows: text.Number(p.lang, int64(x.Rows)), Seen: p.percent(float64(x.Events) / float64(x.Rows)), Effect: p.number(x.Effect, 2), Up: x.Effect > 0}
			if most > 0 {
				one.Wide = 50 * math.Abs(x.Effect) / most
			}
			if one.From = 50; x.Effect < 0 {
				one.From -= one.Wide
			}
			b.Parts = append(b.Parts, one)
		}
		out = append(out, b)
	}
	return out
}

// together puts neighbouring bins of numbers together, and of many words keeps those of
// most rows, so that a person sees the whole in a glance.
func together(parts []Part) (out []Part) {
	if parts[0].Kind == "word" {
		out = slices.Clone(parts)
		slices.SortStableFunc(out, func(a, b Part) int { return b.Rows - a.Rows })
		return out[:mostParts]
	}
	each := (len(parts) + mostParts - 2) / (mostParts - 1)
	for _, p := range parts {
		last := len(out) - 1
		if p.Kind == "number" && last >= 0 && out[last].Kind == "number" && out[last].Rows > 0 && taken(parts, out[last], p) < each {
			o := &out[last]
			n := float64(o.Rows + p.Rows)
			o.Effect = (o.Effect*float64(o.Rows) + p.Effect*float64(p.Rows)) / n
			o.Rows, o.Events, o.To = o.Rows+p.Rows, o.Events+p.Events, p.To
			continue
		}
		out = append(out, p)
	}
	return out
}

// taken is how many of parts lie between the beginning of one and that of another.
func taken(parts []Part, from, to Part) (n int) {
	for _, p := range parts {
		if p.Kind == "number" && p.From >= from.From && p.From < to.From {
			n++
		}
	}
	return n
}

func (p writer) bin(x Part) string {
	figure := func(v float64) string {
		digits := 2
		switch a := math.Abs(v); {
		case v == math.Trunc(v) || a >= 1000:
			digits = 0
		case a < 1:
			digits = 3
		}
		return p.number(v, digits)
	}
	switch {
	case x.Kind != "number" && x.Kind != "word":
		return text.Say(p.lang, "backtest.bin."+x.Kind)
	case x.Kind == "word":
		return x.Label
	case math.IsInf(x.From, -1) && math.IsInf(x.To, 1):
		return text.Say(p.lang, "backtest.bin.all")
	case math.IsInf(x.From, -1):
		return text.Say(p.lang, "backtest.bin.until", "to", figure(x.To))
	case math.IsInf(x.To, 1):
		return text.Say(p.lang, "backtest.bin.above", "from", figure(x.From))
	}
	return text.Say(p.lang, "backtest.bin.between", "from", figure(x.From), "to", figure(x.To))
}

// WriteText writes what matters most of a report for a terminal, in a language of staff.
func WriteText(w io.Writer, lang string, r Report) {
	say := func(code string, args ...any) string { return text.Say(lang, "backtest."+code, args...) }
	p := writer{lang}
	line := func(s string) { _, _ = io.WriteString(w, s+"\n") } // a terminal that is gone is told nothing
	line(say("verdict." + string(r.Verdict)))
	line(say("verdict."+string(r.Verdict)+".means", "n", r.Events, "need", r.Need, "stayed", r.Rows-r.Events))
	line(say("read", "n", r.Rows, "customers", text.Number(lang, int64(r.People)), "left", text.Number(lang, int64(r.Events)), "rate", p.percent(r.Rate)) + " " +
		say("event", "column", r.Target, "event", r.Event))
	if f := r.Figures; f != nil {
		line("")
		line(say("figure.auc") + text.Colon(lang) + " " + p.interval(f.Area, 4))
		line(say("figure.brier") + text.Colon(lang) + " " + say("figure.beside", "value", p.number(f.Brier, 4), "rate", p.number(f.BrierOfRate, 4)))
		line(say("figure.loss") + text.Colon(lang) + " " + say("figure.beside", "value", p.number(f.Loss, 4), "rate", p.number(f.LossOfRate, 4)))
		line(say("figure.slope") + text.Colon(lang) + " " + say("figure.slope.value", "slope", p.number(f.Slope, 2), "intercept", p.number(f.Intercept, 2)))
		line(say("figure.top") + text.Colon(lang) + " " + say("figure.top.value", "caught", p.percent(r.Top.Caught), "lift", p.number(r.Top.Lift, 1)))
	}
	if r.Suspicious {
		line("\n" + say("suspicious"))
	}
	asked := false
	for _, f := range r.Fields {
		if !f.Why.Leak() {
			continue
		}
		if !asked {
			line("\n" + say("asked") + text.Colon(lang))
		}
		asked = true
		line("  " + f.Name + text.Colon(lang) + " " + say("why."+string(f.Why), "same", f.Same, "auc", p.number(f.Area, 3), "n", f.Rows, "column", f.Name))
	}
	if len(r.Drivers) > 0 {
		line("\n" + say("drivers") + text.Colon(lang))
		for _, d := range r.Drivers[:min(len(r.Drivers), 5)] {
			line("  " + d.Column + "  " + p.number(d.Weight, 2))
		}
	}
	line("")
}
