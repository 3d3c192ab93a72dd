package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/theme"
	"hastaluego/internal/when"
)

// themeMark says what a text is about, and lets whoever read it say otherwise.
type themeMark struct {
	Lang, Text, Back string
	Is               badge
	How              string   // how that is known
	Why              []string // words of the text that spoke for it
	May              bool
	Choice           control
	Options          []option
}

func themeWord(lang, code string, args ...any) string {
	return text.Say(lang, "console.themes."+code, args...)
}

func (m themeMark) word(code string, args ...any) string { return themeWord(m.Lang, code, args...) }

// themeName is what a theme is called.
func themeName(lang, label string) string {
	switch label {
	case theme.Unknown:
		return themeWord(lang, "unknown")
	case theme.None:
		return themeWord(lang, "says_nothing")
	}
	return reasonLabel(lang, label)
}

// markTheme shows what a text is about; back is the page to which whoever corrects it
// comes back.
func (v *visit) markTheme(t app.ThemeView, back string) *themeMark {
	m := &themeMark{Lang: v.lang, Text: t.Text, Back: back, May: v.actor.May("reason"), Is: badge{Icon: "note", Word: themeName(v.lang, t.Label())}}
	sure := percentOf(v.lang, float64(t.Permille)/1000)
	switch {
	case t.Said != "":
		m.How = m.word("how.said", "date", text.Date(v.lang, when.DateOf(t.SaidAt, v.zone())))
	case t.Label() != theme.Unknown:
		m.How, m.Why = m.word("how.sure", "sure", sure), t.Why
	default:
		m.Is.Icon = "alert"
		m.How = m.word("how.unknown", "theme", themeName(v.lang, t.Likely), "sure", sure)
	}
	m.Choice = control{ID: "theme-" + t.Text, Name: "theme", Label: m.word("correct.label"), Value: t.Label()}
	m.Options = v.themeOptions(true)
	return m
}

// themeOptions are what a text can be said to be about.
func (v *visit) themeOptions(choose bool) (out []option) {
	if choose {
		out = append(out, option{"", themeWord(v.lang, "correct.choose")})
	}
	for _, l := range app.ThemeLabels() {
		out = append(out, option{l, themeName(v.lang, l)})
	}
	return out
}

// themesView is what those who left wrote about.
type themesView struct {
	Lang, From, To string
	Wrong          string
	Told           string // it learns now
	Kpis           []kpiView
	Main           gridView
	Model          [][2]string
	May            bool
	Who            string
	Reads          bool
	Whose          string
}

func (v themesView) word(code string, args ...any) string { return themeWord(v.Lang, code, args...) }

func (v *visit) themes() error {
	from, to, wrong := v.days()
	var r app.ThemeReport
	err := wrong
	if err == nil {
		r, err = v.App.Themes(v.r.Context(), v.actor, from, to)
	}
	if r, wrong, err = usualDays(r, err, func() (app.ThemeReport, error) {
		return v.App.Themes(v.r.Context(), v.actor, when.Date{}, when.Date{})
	}); err != nil {
		return err
	}
	tv := v.viewThemes(r)
	status := http.StatusOK
	if wrong != nil {
		tv.Wrong, status = text.Error(v.lang, wrong), http.StatusUnprocessableEntity
	}
	v.show(status, "learn", tv.word("title"), "", themesPage(tv))
	return nil
}

func (v *visit) viewThemes(r app.ThemeReport) themesView {
	tv := themesView{
		Lang: v.lang, From: r.From.String(), To: r.To.String(), May: v.actor.May("reason"), Who: whoMay(v.lang, "reason"),
		Reads: v.actor.MayRead("note"), Whose: whoReads(v.lang, "note"),
	}
	if v.r.URL.Query().Has("learning") {
		tv.Told = tv.word("learning")
	}
	sum := map[string]app.ThemeTally{}
	var all app.ThemeTally
	named := 0
	for _, x := range r.Tallies {
		s := sum[x.Label]
		for _, into := range []*app.ThemeTally{&s, &all} {
			into.Texts, into.Said, into.Named, into.Right = into.Texts+x.Texts, into.Said+x.Said, into.Named+x.Named, into.Right+x.Right
		}
		sum[x.Label] = s
		if x.Label != theme.Unknown {
			named += x.Texts
		}
	}
	kpi := func(id, value, n string) {
		tv.Kpis = append(tv.Kpis, kpiView{ID: id, Name: tv.word("kpi." + id), Value: value, N: n, About: tv.word("kpi." + id + ".about")})
	}
	share := func(id string, yes, n int) {
		is, between := shareWords(v.lang, yes, n)
		kpi(id, is, between)
	}
	kpi("texts", text.Number(v.lang, int64(all.Texts)), tv.word("kpi.texts.n", "from", text.Date(v.lang, r.From), "to", text.Date(v.lang, r.To)))
	share("named", named, all.Texts)
	share("looked", all.Said, all.Texts)
	share("right", all.Right, all.Named)

	g := gridView{ID: "themes", Title: tv.word("by"), About: tv.word("by.about", "few", reason.FewestToCompare), First: tv.word("col.theme"), None: tv.word("none")}
	g.Cols = []string{tv.word("col.texts"), tv.word("col.share"), tv.word("col.said")}
	for _, l := range append(app.ThemeLabels(), theme.Unknown) {
		s := sum[l]
		if s.Texts == 0 {
			continue
		}
		link := ""
		if tv.Reads {
			link = themeTextsLink(tv.From, tv.To, "theme", cmp.Or(l, unknownTheme))
		}
		is, between := shareWords(v.lang, s.Texts, all.Texts)
		g.Rows = append(g.Rows, gridRow{
			Name:  themeName(v.lang, l),
			Cells: []gridCell{{Text: text.Number(v.lang, int64(s.Texts)), Link: link}, {Text: is, Sub: between}, {Text: text.Number(v.lang, int64(s.Said))}},
		})
	}
	tv.Main = g
	tv.Model = v.viewModel(r, tv)
	return tv
}

// unknownTheme stands in an address for texts of which nobody knows what they are
// about.
const unknownTheme = "unknown"

func themeTextsLink(from, to string, pairs ...string) string {
	return query("/console/learn/themes/texts", append([]string{"from", from, "to", to}, pairs...)...)
}

// viewModel is what the model was made of.
func (v *visit) viewModel(r app.ThemeReport, tv themesView) (facts [][2]string) {
	if r.Model.Number == 0 {
		return nil
	}
	facts = append(facts,
		[2]string{tv.word("model.at"), text.ShortInstant(v.lang, r.Model.At, v.zone())},
		[2]string{tv.word("model.of"), tv.word("model.of.is", "shipped", len(theme.Leaving()), "n", r.Model.Texts, "customers", r.Model.Customers)},
	)
	if !r.Grouped.IsZero() {
		facts = append(facts, [2]string{tv.word("model.grouped"), text.ShortInstant(v.lang, r.Grouped, v.zone())})
	}
	return facts
}

// writtenAbout is what those who chose a reason wrote about.
func (v *visit) writtenAbout(r app.ThemeReport, m reason.Matrix) gridView {
	g := gridView{
		ID: "written", Title: themeWord(v.lang, "written"), About: themeWord(v.lang, "written.about"), First: reasonsWord(v.lang, "col.stated"), None: themeWord(v.lang, "none"),
	}
	type cell struct{ chosen, label string }
	n, labels := map[cell]int{}, map[string]bool{}
	var chosen []string
	for _, x := range r.Tallies {
		if x.Source != app.TextOfReason {
			continue
		}
		e := reason.Builtin().Same(x.Chosen)
		if !slices.Contains(chosen, e) {
			chosen = append(chosen, e)
		}
		n[cell{e, x.Label}] += x.Texts
		labels[x.Label] = true
	}
	cols := slices.DeleteFunc(append(app.ThemeLabels(), theme.Unknown), func(l string) bool { return !labels[l] })
	for _, l := range cols {
		g.Cols = append(g.Cols, themeName(v.lang, l))
	}
	for _, l := range m.By(reason.Stated) {
		if !slices.Contains(chosen, l.Edition) {
			continue
		}
		row := gridRow{}
		row.Name, row.Sub = ReasonName(v.lang, m, l.Edition, "unsaid")
		for _, label := range cols {
			c := gridCell{Text: "–"}
			if k := n[cell{l.Edition, label}]; k > 0 {
				c.Text = text.Number(v.lang, int64(k))
				if v.actor.MayRead("note") {
					c.Link = themeTextsLink(r.From.String(), r.To.String(), "theme", cmp.Or(label, unknownTheme), "chosen", l.Edition)
				}
			}
			c.Same = m.Editions[l.Edition].Code == label
			row.Cells = append(row.Cells, c)
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// themeTextsView is what customers wrote about one theme.
type themeTextsView struct {
	Lang, Back, Next string
	What             []string
	Rows             []themedRow
}

type themedRow struct {
	Case, Name, Code, Day, Where string
	Quote                        []string
	Mark                         *themeMark
}

func (v themeTextsView) word(code string, args ...any) string {
	return themeWord(v.Lang, code, args...)
}

const themeTextsSize = 50

func (v *visit) themeTexts() error {
	from, to, err := v.days()
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	p := app.ThemePick{}
	tv := themeTextsView{Lang: v.lang, Back: query("/console/learn/themes", "from", q.Get("from"), "to", q.Get("to"))}
	if l := q.Get("theme"); l != "" {
		label := strings.TrimPrefix(l, unknownTheme)
		p.Label = &label
		tv.What = append(tv.What, tv.word("texts.theme", "theme", themeName(v.lang, label)))
	}
	if q.Has("chosen") {
		chosen := q.Get("chosen")
		p.Chosen = &chosen
		r, err := v.App.ReasonMatrix(v.r.Context(), v.actor, from, to)
		if err != nil {
			return err
		}
		name, _ := ReasonName(v.lang, r.Matrix, chosen, "unsaid")
		tv.What = append(tv.What, reasonsWord(v.lang, "cases.stated", "reason", name))
	}
	list, next, err := v.App.ThemeTexts(v.r.Context(), v.actor, from, to, p, app.Place{After: q.Get("after"), Limit: themeTextsSize})
	if err != nil {
		return err
	}
	if next != "" {
		after := url.Values{}
		for k, x := range q {
			after[k] = x
		}
		after.Set("after", next)
		tv.Next = "/console/learn/themes/texts?" + after.Encode()
	}
	for _, x := range list {
		tv.Rows = append(tv.Rows, themedRow{
			Case: string(x.Case), Name: x.Who.Name, Code: x.Code, Day: text.Date(v.lang, when.DateOf(x.At, v.zone())), Where: tv.word("source." + x.Source),
			Quote: linesOf(x.Words), Mark: v.markTheme(app.ThemeView{Theme: x.Theme}, v.r.URL.RequestURI()),
		})
	}
	v.show(http.StatusOK, "learn", tv.word("texts"), "", themeTextsPage(tv))
	return nil
}

// correctTheme says what a text is about.
func (v *visit) correctTheme() error {
	if err := v.App.CorrectTheme(v.r.Context(), v.actor, v.r.PathValue("text"), v.form.Get("theme")); err != nil {
		return err
	}
	v.to(local(v.form.Get("back")))
	return nil
}

// learnThemes has the model learn now.
func (v *visit) learnThemes() error {
	if err := v.App.LearnThemesSoon(v.r.Context(), v.actor); err != nil {
		return err
	}
	v.to("/console/learn/themes?learning=1")
	return nil
}
