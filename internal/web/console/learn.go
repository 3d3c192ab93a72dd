package console

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/improvement"
	"hastaluego/internal/metric"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// learnView is what the company learns from those who left: figures, what was
// said, and what is changed because of it.
type learnView struct {
	Lang      string
	Today     string
	Recorded  string // since when customers are on record; empty: none is
	Since     string // of opinions and evaluations
	Threshold string
	Kpis      []kpiView
	Bars      []barsView // for a wide and for a narrow page
	Churn     []churnRow
	Undated   string
	MRR       []moneyRow
	Third     string // how many evaluations
	Headings  []countRow
	Choices   []choiceCount
	Ideas     []ideaView
	Said      []saidView
	Reads     bool // may read what people wrote
	WhoReads  string
	Actions   []actionView
	Owners    []option
	Workbook  bool // there is a workbook of departures
	Copies    bool // may have it
	WhoCopies string
	Sets      bool // may set the threshold
	WhoSets   string
	Acts      bool // may add and end improvements
	WhoActs   string
	Form      string // the form that was refused
	Typed     map[string]string
	Errors    map[string]string
}

// kpiView is a figure with its n, its definition and what to think of it.
type kpiView struct {
	ID, Name, Value, N, About string
	State                     badge
}

type churnRow struct {
	Month, AtStart, Lost, Other, Rate, Note string
	State                                   badge
}

type moneyRow struct {
	Span, Then, Currency, Was, Now, More, Same, Less, New, Left, N, Unknown string
	WasOf, NowOf                                                            string // whom the sums are of, where they are not of the same
}

type countRow struct{ Name, N string }

type choiceCount struct {
	Name string
	Rows []countRow
}

type ideaView struct{ Text, Case, Code, On, From string }

type saidView struct{ Heading, Text, Case, Code, On string }

type actionView struct {
	ID, Heading, What, Owner, Case, Code, Effect string
	State                                        badge
	Due                                          dueView
	Open                                         bool
}

// barsView is a chart of the churn of each month, oldest first.
type barsView struct {
	Class, About, Box, Width, Step, Column string
	Middle                                 string
	Line                                   string // height of the threshold
	Bars                                   []bar
}

type bar struct{ X, Y, H, Label, Title, Class string }

func (v learnView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.learn."+code, args...)
}

// field is one control of a form; what was typed stays in the form that was
// refused.
func (v learnView) field(in, name, value string, required bool) control {
	c := control{ID: in + "-" + name, Name: name, Label: v.word(name), Required: required, Value: value}
	if hint := "console.learn." + name + ".hint"; text.Known(v.Lang, hint) {
		c.Hint = text.Say(v.Lang, hint)
	}
	if name == "due" {
		c.Kind = "date"
	}
	if v.Form == in {
		c.Value, c.Error = v.Typed[name], v.Errors[name]
	}
	return c
}

// ideaForm names the form under an idea.
func ideaForm(i int) string { return fmt.Sprint("idea-", i) }

func (v learnView) headings() []option {
	out := make([]option, len(improvement.Headings))
	for i, h := range improvement.Headings {
		out[i] = option{h, v.word("heading." + h)}
	}
	return out
}

func (v *visit) learn() error { return v.learnPage(http.StatusOK, "", "", nil, nil) }

func (v *visit) learnPage(status int, problem, in string, typed, errs map[string]string) error {
	p, err := v.App.OpenLearn(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	lv := v.viewLearn(p)
	lv.Form, lv.Typed, lv.Errors = in, typed, errs
	v.show(status, "learn", lv.word("title"), problem, learnPage(lv))
	return nil
}

func (v *visit) viewLearn(p app.LearnPage) learnView {
	lv := learnView{
		Lang: v.lang, Today: text.LongDate(v.lang, p.Today), Since: text.LongDate(v.lang, p.Since),
		Threshold: text.Percent(v.lang, p.Threshold), Reads: v.actor.MayRead("note"), WhoReads: whoReads(v.lang, "note"),
		Acts: v.actor.May("improvement"), WhoActs: whoMay(v.lang, "improvement"), Sets: v.actor.May("settings"), WhoSets: whoMay(v.lang, "settings"),
		Workbook: v.o.Workbook != nil, Copies: v.actor.MayRead("note"), WhoCopies: whoReads(v.lang, "note"),
	}
	if !p.Recorded.IsZero() {
		lv.Recorded = text.LongDate(v.lang, p.Recorded)
	}
	if p.Undated > 0 {
		lv.Undated = lv.word("undated", "n", p.Undated)
	}
	lv.Kpis = []kpiView{lv.churnKpi(p.Figures, p.Churn[1]), lv.churnKpi(p.Figures, p.Churn[0]), lv.npsKpi(p.NPS), lv.csatKpi(p.CSAT)}
	lv.Bars = []barsView{lv.bars(p.Figures, "wide", 46), lv.bars(p.Figures, "narrow", 26)}
	for _, m := range p.Churn {
		lv.Churn = append(lv.Churn, lv.churnRow(p.Figures, m))
	}
	for _, c := range p.MRR {
		for _, m := range c.Movements {
			lv.MRR = append(lv.MRR, lv.moneyRow(c, m))
		}
	}
	slices.SortStableFunc(lv.MRR, func(a, b moneyRow) int { return cmp.Compare(a.Currency, b.Currency) })
	lv.leavers(p.Leavers)
	for _, x := range p.Ideas {
		lv.Ideas = append(lv.Ideas, ideaView{x.Text, string(x.Case), x.Code, text.Date(v.lang, x.On), lv.word("from." + x.From)})
	}
	for _, x := range p.Said {
		lv.Said = append(lv.Said, saidView{lv.word("heading." + x.Heading), x.Text, string(x.Case), x.Code, text.Date(v.lang, x.On)})
	}
	for _, u := range p.People {
		lv.Owners = append(lv.Owners, option{u.ID, u.Name})
	}
	for _, x := range p.Actions {
		lv.Actions = append(lv.Actions, lv.action(x, p.Users, p.Today))
	}
	return lv
}

// rate says a rate with what makes it worth little.
func (v learnView) rate(hundredths int64, ok bool) string {
	if !ok {
		return v.word("unknown")
	}
	return text.Percent(v.Lang, hundredths)
}

func (v learnView) few(n int) badge {
	if n > 0 && n < metric.Few {
		return badge{"info", "", v.word("few")}
	}
	return badge{}
}

func (v learnView) churnKpi(f app.Figures, m metric.Month) kpiView {
	rate, ok := m.Rate()
	k := kpiView{
		ID: "churn", Name: v.word("churn.of", "month", text.Month(v.Lang, m.First)), Value: v.rate(rate, ok),
		N: v.word("churn.n", "lost", m.Lost, "n", m.AtStart), About: v.word("churn.about", "threshold", v.Threshold), State: v.churnState(f, m),
	}
	if m.Running {
		k.ID, k.Name = "churn-now", v.word("churn.running", "month", text.Month(v.Lang, m.First))
	}
	if !m.Known {
		k.N = v.word("churn.before")
	}
	return k
}

// churnState says in words and shape what to think of a rate.
func (v learnView) churnState(f app.Figures, m metric.Month) badge {
	_, ok := m.Rate()
	switch {
	case !ok:
		return badge{}
	case f.Over(m):
		return badge{"alert", "bad", v.word("over", "threshold", v.Threshold)}
	default:
		return badge{"check", "ok", v.word("under", "threshold", v.Threshold)}
	}
}

func (v learnView) npsKpi(p metric.Promoters) kpiView {
	k := kpiView{ID: "nps", Name: v.word("nps"), Value: v.word("unknown"), N: v.word("answers", "n", p.N), About: v.word("nps.about", "since", v.Since), State: v.few(p.N)}
	if score, ok := p.Score(); ok {
		k.Value = text.Hundredths(v.Lang, score)
		k.N = v.word("nps.n", "n", p.N, "promoters", p.Promoters, "detractors", p.Detractors)
	}
	return k
}

func (v learnView) csatKpi(s metric.Satisfaction) kpiView {
	share, ok := s.Share()
	k := kpiView{ID: "csat", Name: v.word("csat"), Value: v.rate(share, ok), N: v.word("answers", "n", s.N), About: v.word("csat.about", "since", v.Since), State: v.few(s.N)}
	if ok {
		k.N = v.word("csat.n", "n", s.N, "satisfied", s.Satisfied)
	}
	return k
}

func (v learnView) churnRow(f app.Figures, m metric.Month) churnRow {
	rate, ok := m.Rate()
	r := churnRow{
		Month: text.Month(v.Lang, m.First), AtStart: text.Number(v.Lang, int64(m.AtStart)), Lost: text.Number(v.Lang, int64(m.Lost)),
		Other: text.Number(v.Lang, int64(m.Other)), Rate: v.rate(rate, ok), State: v.churnState(f, m),
	}
	var notes []string
	if m.Running {
		notes = append(notes, v.word("running"))
	}
	switch {
	case !m.Known:
		r.AtStart, r.Lost, r.Other = "–", "–", "–"
		notes = append(notes, v.word("churn.before"))
	case !m.Since.IsZero():
		notes = append(notes, v.word("recorded", "date", m.Since))
	}
	if m.Known && m.AtStart > 0 && m.Small() {
		notes = append(notes, v.word("few"))
	}
	r.Note = strings.Join(notes, " · ")
	return r
}

// bars draws the churn of each month on a height of 100, with so much for each.
func (v learnView) bars(f app.Figures, class string, step int) barsView {
	const height = 100
	top := max(f.Threshold, 1)
	for _, m := range f.Churn {
		if rate, ok := m.Rate(); ok {
			top = max(top, rate)
		}
	}
	width := len(f.Churn) * step
	out := barsView{
		Class: class, About: v.word("chart"), Box: fmt.Sprintf("0 -6 %d 132", width), Width: fmt.Sprint(width), Step: fmt.Sprint(step),
		Column: fmt.Sprint(step - 8), Middle: fmt.Sprint(step / 2), Line: fmt.Sprint(height - f.Threshold*height/top),
	}
	for i := range f.Churn {
		m := f.Churn[len(f.Churn)-1-i]
		rate, ok := m.Rate()
		h := rate * height / top
		b := bar{X: fmt.Sprint(i * step), Y: fmt.Sprint(height - h), H: fmt.Sprint(h), Class: "s1", Label: text.ShortMonth(v.Lang, m.First)}
		b.Title = text.Month(v.Lang, m.First) + ": " + v.rate(rate, ok)
		if f.Over(m) {
			b.Class = "s4"
		}
		if !ok {
			b.Class, b.H = "", ""
		}
		out.Bars = append(out.Bars, b)
	}
	return out
}

func (v learnView) moneyRow(c app.Compared, m metric.Movement) moneyRow {
	sum := func(a money.Amount) string { return text.Money(v.Lang, a) }
	n := func(i int) string { return text.Number(v.Lang, int64(i)) }
	r := moneyRow{
		Span: v.word("span." + c.Span), Then: text.Date(v.Lang, c.Then), Currency: m.Currency, Was: sum(m.Then), Now: sum(m.Now),
		More: n(m.More), Same: n(m.Same), Less: n(m.Less), New: n(m.New), Left: n(m.Left), N: n(m.N()), Unknown: n(m.Unknown),
	}
	if m.Unknown > 0 {
		r.WasOf, r.NowOf = v.word("mrr.without", "n", m.Unknown), v.word("mrr.with", "n", m.Unknown)
	}
	if m.Unknown > 0 && m.More+m.Same+m.Less+m.Left == 0 {
		r.Was = v.word("unknown")
	}
	return r
}

func (v *learnView) leavers(l app.Leavers) {
	v.Third = v.word("third.n", "n", l.N)
	for _, t := range l.Headings {
		v.Headings = append(v.Headings, countRow{v.word("heading." + t.Value), text.Number(v.Lang, int64(t.N))})
	}
	third := form.Builtin()["third_evaluation"]
	for _, name := range []string{"price_perception", "fit", "origin"} {
		field, _ := third.Field(name)
		c := choiceCount{Name: field.Label[v.Lang]}
		for _, t := range l.Choices[name] {
			c.Rows = append(c.Rows, countRow{field.Say(v.Lang, t.Value), text.Number(v.Lang, int64(t.N))})
		}
		v.Choices = append(v.Choices, c)
	}
}

func (v learnView) action(x app.ImprovementView, users map[string]string, today when.Date) actionView {
	a := actionView{
		ID: string(x.ID), Heading: v.word("heading." + x.Heading), What: x.What, Owner: users[x.Owner], Case: string(x.Case), Code: x.Code,
		Effect: x.Effect, Open: x.State == improvement.Open,
	}
	switch x.State {
	case improvement.Open:
		a.State, a.Due = badge{"clock", "", v.word("action.open")}, dueView{text.Date(v.Lang, x.Due), x.Late(today)}
	case improvement.Done:
		a.State = badge{"check", "info", v.word("action.done")}
	default:
		a.State = badge{"dash", "", v.word("action.dropped")}
	}
	return a
}

// workbook sends the workbook of departures as a file.
func (v *visit) workbook() error {
	if err := v.actor.CanRead("note"); err != nil {
		return err
	}
	if v.o.Workbook == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	raw, err := v.o.Workbook(v.r.Context(), v.lang, v.actor)
	if err != nil {
		return err
	}
	_, now, err := v.clock()
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	h.Set("Content-Disposition", `attachment; filename="`+v.say("learn.file", "date", when.DateOf(now, v.zone()).String())+`"`)
	h.Set("Cache-Control", "private, no-store")
	if _, err := v.w.Write(raw); err != nil {
		v.Log.Warn("file not written to its end", "err", err)
	}
	return nil
}

// learnDone goes back to the page, or shows it with what is wrong.
func (v *visit) learnDone(err error, in string) error {
	if err == nil {
		v.to("/console/learn#" + in)
		return nil
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Blocked:
	default:
		return err
	}
	typed := map[string]string{}
	for name := range v.form {
		typed[name] = v.form.Get(name)
	}
	return v.learnPage(web.Status(err), v.worded(err), in, typed, text.FieldErrors(v.lang, err))
}

func (v *visit) addImprovement() error {
	due, err := v.day("due")
	in := "action"
	if at := v.form.Get("at"); at != "" {
		in = at
	}
	if err == nil {
		_, err = v.App.AddImprovement(v.r.Context(), v.actor, improvement.Action{
			Heading: v.form.Get("heading"), What: v.form.Get("what"), Owner: v.form.Get("owner"), Due: due, Case: offboarding.CaseID(v.form.Get("case")),
		})
	}
	return v.learnDone(err, in)
}

func (v *visit) endImprovement() error {
	id := v.r.PathValue("id")
	err := v.App.EndImprovement(v.r.Context(), v.actor, improvement.ID(id), improvement.State(v.form.Get("state")), v.form.Get("effect"))
	return v.learnDone(err, id)
}

func (v *visit) setThreshold() error {
	n, ok := text.ParseHundredths(v.form.Get("threshold"))
	err := error(fault.New(fault.Invalid, "metric.threshold").On("threshold"))
	if ok {
		err = v.App.SetChurnThreshold(v.r.Context(), v.actor, n)
	}
	return v.learnDone(err, "threshold")
}
