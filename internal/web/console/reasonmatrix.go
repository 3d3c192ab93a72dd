package console

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/metric"
	"hastaluego/internal/money"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// reasonsView is why customers left: by reason, segment, who could have done
// something about it, and money; and what they said against what lay behind it.
type reasonsView struct {
	Lang, From, To string
	By             reason.Kind
	Bys            []tab
	Workbook       string // empty: there is none
	Kpis           []kpiView
	Main, Segments gridView
	Confusion      gridView
	Written        gridView
	Wrong          string
}

// gridView is a table whose cells may lead somewhere.
type gridView struct {
	ID, Title, About, First string
	Cols                    []string
	Rows                    []gridRow
	None                    string
}

type gridRow struct {
	Name, Sub, Link string
	Cells           []gridCell
}

type gridCell struct {
	Text, Sub, Link string
	Same            bool // what was said is what was found
}

func reasonsWord(lang, code string, args ...any) string {
	return text.Say(lang, "console.reasons."+code, args...)
}

func (v reasonsView) word(code string, args ...any) string { return reasonsWord(v.Lang, code, args...) }

// days reads the days of the address; zero where none is said.
func (v *visit) days() (from, to when.Date, err error) {
	for name, d := range map[string]*when.Date{"from": &from, "to": &to} {
		s := v.r.URL.Query().Get(name)
		if s == "" {
			continue
		}
		if *d, err = when.ParseDate(s); err != nil {
			return from, to, fault.New(fault.Invalid, "form.date").On(name)
		}
	}
	return from, to, nil
}

// usualDays is a report; where the days that were asked for are wrong, that of the
// usual time, with what is wrong.
func usualDays[R any](r R, err error, usual func() (R, error)) (report R, wrong, failed error) {
	if err != nil && fault.KindOf(err) == fault.Invalid {
		r, failed = usual()
		return r, err, failed
	}
	return r, nil, err
}

func (v *visit) reasonMatrix() error {
	from, to, err := v.days()
	var m app.ReasonMatrix
	if err == nil {
		m, err = v.App.ReasonMatrix(v.r.Context(), v.actor, from, to)
	}
	m, wrong, err := usualDays(m, err, func() (app.ReasonMatrix, error) {
		return v.App.ReasonMatrix(v.r.Context(), v.actor, when.Date{}, when.Date{})
	})
	if err != nil {
		return err
	}
	wrote, err := v.App.Themes(v.r.Context(), v.actor, m.From, m.To)
	if err != nil {
		return err
	}
	rv := v.viewReasons(m, reason.Kind(v.r.URL.Query().Get("by")))
	rv.Written = v.writtenAbout(wrote, m.Matrix)
	status := http.StatusOK
	if wrong != nil {
		rv.Wrong, status = text.Error(v.lang, wrong), http.StatusUnprocessableEntity
	}
	v.show(status, "learn", rv.word("title"), "", reasonsPage(rv))
	return nil
}

func (v *visit) viewReasons(m app.ReasonMatrix, by reason.Kind) reasonsView {
	if by != reason.Stated {
		by = reason.Root
	}
	rv := reasonsView{Lang: v.lang, From: m.From.String(), To: m.To.String(), By: by}
	days := url.Values{"from": {rv.From}, "to": {rv.To}}
	with := func(path string, pairs ...string) string {
		q := url.Values{}
		for k, x := range days {
			q[k] = x
		}
		for i := 0; i < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return path + "?" + q.Encode()
	}
	for _, k := range []reason.Kind{reason.Root, reason.Stated} {
		rv.Bys = append(rv.Bys, tab{Name: rv.word("by." + string(k)), Href: with("/console/learn/reasons", "by", string(k)), Current: k == by})
	}
	if v.o.ReasonWorkbook != nil {
		rv.Workbook = with("/console/learn/reasons.xlsx", "lang", v.lang)
	}
	cases := func(pairs ...string) string { return with("/console/learn/reasons/cases", pairs...) }
	all := m.All()
	rv.kpis(m, all)
	rv.main(m, all, cases)
	rv.segments(m, cases)
	rv.confusion(m, cases)
	return rv
}

// shareWords says a share with its interval, or that there are too few.
func shareWords(lang string, yes, n int) (is, between string) {
	if n < reason.FewestToCompare {
		return reasonsWord(lang, "few"), reasonsWord(lang, "of", "yes", yes, "n", n)
	}
	e := reason.Share(yes, n)
	return percentOf(lang, e.Point), reasonsWord(lang, "between", "low", percentOf(lang, e.Low), "high", percentOf(lang, e.High), "yes", yes, "n", n)
}

func percentOf(lang string, share float64) string {
	return text.Percent(lang, int64(share*100+.5)*100)
}

func (v *reasonsView) kpis(m app.ReasonMatrix, all reason.Line) {
	kpi := func(id, value, n string, few bool) {
		k := kpiView{ID: id, Name: v.word("kpi." + id), Value: value, N: n, About: v.word("kpi." + id + ".about")}
		if few {
			k.State = badge{"info", "", say(v.Lang, "learn.few")}
		}
		v.Kpis = append(v.Kpis, k)
	}
	share := func(id string, yes, n int) {
		is, between := shareWords(v.Lang, yes, n)
		kpi(id, is, between, n > 0 && n < metric.Few)
	}
	known := all.N
	for _, l := range m.By(reason.Root) {
		if l.Edition == "" {
			known -= l.N
		}
	}
	c := m.Confusion()
	kpi("departures", text.Number(v.Lang, int64(all.N)), v.word("kpi.departures.n", "from", text.Date(v.Lang, m.From), "to", text.Date(v.Lang, m.To)), false)
	share("root", known, all.N)
	share("ours", all.Attributions[reason.Ours], all.N-all.Attributions[reason.Unknown])
	share("agree", c.Same, c.Both)
}

// ReasonName is what a reason was called when it was given; one that is worded
// otherwise today says so.
func ReasonName(lang string, m reason.Matrix, edition, none string) (name, sub string) {
	if edition == "" {
		return reasonsWord(lang, none), ""
	}
	e := m.Editions[edition]
	name = title(lang, e.Label, cmp.Or(e.Code, edition))
	if !m.Now(edition) {
		sub = reasonsWord(lang, "before")
	}
	return name, sub
}

func (v *reasonsView) main(m app.ReasonMatrix, all reason.Line, cases func(...string) string) {
	none, key := "undecided", "root"
	if v.By == reason.Stated {
		none, key = "unsaid", "stated"
	}
	g := gridView{ID: "matrix", Title: v.word("matrix." + string(v.By)), About: v.word("matrix.about", "few", reason.FewestToCompare), First: v.word("col.reason"), None: v.word("none")}
	g.Cols = []string{v.word("col.n"), v.word("col.share")}
	for _, a := range reason.Attributions {
		g.Cols = append(g.Cols, say(v.Lang, "why.attribution."+string(a)))
	}
	g.Cols = append(g.Cols, v.word("col.money"), v.word("col.return"), v.word("col.mendable"), v.word("col.guessed"))
	lines := m.By(v.By)
	for _, l := range lines {
		r := gridRow{}
		r.Name, r.Sub = ReasonName(v.Lang, m.Matrix, l.Edition, none)
		at := []string{key, l.Edition}
		r.Link = cases(at...)
		is, between := shareWords(v.Lang, l.N, all.N)
		r.Cells = []gridCell{{Text: text.Number(v.Lang, int64(l.N)), Link: r.Link}, {Text: is, Sub: between}}
		for _, a := range reason.Attributions {
			r.Cells = append(r.Cells, v.counted(l.Attributions[a], cases(append(slices.Clone(at), "attribution", string(a))...)))
		}
		r.Cells = append(r.Cells, gridCell{Text: v.moneyOf(l.Yearly)}, v.back(l), v.part(l.Mendable, l.Judged), v.part(l.Right, l.Guessed))
		g.Rows = append(g.Rows, r)
	}
	v.Main = g
}

// counted is how many, which lead to them; nothing where there are none.
func (v *reasonsView) counted(n int, link string) gridCell {
	if n == 0 {
		return gridCell{Text: "–"}
	}
	return gridCell{Text: text.Number(v.Lang, int64(n)), Link: link}
}

func (v *reasonsView) part(yes, n int) gridCell {
	if n == 0 {
		return gridCell{Text: "–"}
	}
	return gridCell{Text: v.word("of", "yes", yes, "n", n)}
}

func (v *reasonsView) back(l reason.Line) gridCell {
	if l.BackN == 0 {
		return gridCell{Text: "–"}
	}
	if l.BackN < reason.FewestToCompare {
		return gridCell{Text: v.word("few"), Sub: v.word("said", "n", l.BackN)}
	}
	return gridCell{Text: text.Thousandths(v.Lang, int64(l.Back)*10/int64(l.BackN)*100), Sub: v.word("said", "n", l.BackN)}
}

func (v *reasonsView) moneyOf(yearly map[string]int64) string {
	out := ""
	for _, c := range slices.Sorted(maps.Keys(yearly)) {
		if out != "" {
			out += "\n"
		}
		out += text.Money(v.Lang, money.Amount{Minor: yearly[c], Currency: c})
	}
	return cmp.Or(out, "–")
}

func (v *reasonsView) segments(m app.ReasonMatrix, cases func(...string) string) {
	none, key := "undecided", "root"
	if v.By == reason.Stated {
		none, key = "unsaid", "stated"
	}
	g := gridView{ID: "segments", Title: v.word("segments"), About: v.word("segments.about"), First: v.word("col.reason"), None: v.word("none")}
	segments := m.Segments()
	for _, s := range segments {
		g.Cols = append(g.Cols, cmp.Or(s, v.word("segment.none")))
	}
	for _, l := range m.By(v.By) {
		r := gridRow{}
		r.Name, r.Sub = ReasonName(v.Lang, m.Matrix, l.Edition, none)
		for _, s := range segments {
			r.Cells = append(r.Cells, v.counted(l.Segments[s], cases(key, l.Edition, "segment", s)))
		}
		g.Rows = append(g.Rows, r)
	}
	v.Segments = g
}

func (v *reasonsView) confusion(m app.ReasonMatrix, cases func(...string) string) {
	c := m.Confusion()
	g := gridView{ID: "confusion", Title: v.word("confusion"), First: v.word("confusion.first"), None: v.word("confusion.none")}
	is, between := shareWords(v.Lang, c.Same, c.Both)
	g.About = v.word("confusion.about", "share", is, "between", between)
	if c.Both < reason.FewestToCompare {
		g.About = v.word("confusion.few", "yes", c.Same, "n", c.Both)
	}
	for i, s := range c.Families {
		name, sub := ReasonName(v.Lang, m.Matrix, s, "unsaid")
		g.Cols = append(g.Cols, name)
		r := gridRow{Name: name, Sub: sub}
		for j, f := range c.Families {
			cell := v.counted(c.N[i][j], cases("stated_family", s, "root_family", f))
			cell.Same = i == j
			r.Cells = append(r.Cells, cell)
		}
		g.Rows = append(g.Rows, r)
	}
	v.Confusion = g
}

// reasonCasesView is the departures behind a cell.
type reasonCasesView struct {
	Lang, Back, More string
	What             []string // of which
	Rows             []reasonCaseRow
}

type reasonCaseRow struct{ Link, Name, Code, Day, Segment, Stated, Root, Attribution string }

func (v reasonCasesView) word(code string, args ...any) string {
	return reasonsWord(v.Lang, code, args...)
}

// reasonCases names the departures behind a cell of the matrix.
func (v *visit) reasonCases() error {
	from, to, err := v.days()
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	p := app.ReasonPick{}
	for name, at := range map[string]**string{
		"stated": &p.Stated, "root": &p.Root, "stated_family": &p.StatedFamily, "root_family": &p.RootFamily, "attribution": &p.Attribution, "segment": &p.Segment,
	} {
		if q.Has(name) {
			s := q.Get(name)
			*at = &s
		}
	}
	list, more, err := v.App.ReasonCases(v.r.Context(), v.actor, from, to, p)
	if err != nil {
		return err
	}
	m, err := v.App.ReasonMatrix(v.r.Context(), v.actor, from, to)
	if err != nil {
		return err
	}
	back := url.Values{}
	for _, k := range []string{"from", "to"} {
		if q.Get(k) != "" {
			back.Set(k, q.Get(k))
		}
	}
	cv := reasonCasesView{Lang: v.lang, Back: "/console/learn/reasons?" + back.Encode()}
	if more {
		cv.More = cv.word("cases.more", "n", len(list))
	}
	name := func(edition, none string) string {
		s, sub := ReasonName(v.lang, m.Matrix, edition, none)
		if sub != "" {
			s += " (" + sub + ")"
		}
		return s
	}
	for _, x := range []struct {
		at        *string
		key, none string
	}{{p.Stated, "stated", "unsaid"}, {p.StatedFamily, "stated", "unsaid"}, {p.Root, "root", "undecided"}, {p.RootFamily, "root", "undecided"}} {
		if x.at != nil {
			cv.What = append(cv.What, cv.word("cases."+x.key, "reason", name(*x.at, x.none)))
		}
	}
	if p.Attribution != nil && slices.Contains(reason.Attributions, reason.Attribution(*p.Attribution)) {
		cv.What = append(cv.What, cv.word("cases.attribution", "who", say(v.lang, "why.attribution."+*p.Attribution)))
	}
	if p.Segment != nil {
		cv.What = append(cv.What, cv.word("cases.segment", "segment", cmp.Or(*p.Segment, cv.word("segment.none"))))
	}
	for _, x := range list {
		cv.Rows = append(cv.Rows, reasonCaseRow{
			Link: "/console/cases/" + string(x.Case), Name: x.Name, Code: x.Code, Day: text.Date(v.lang, when.DateOf(x.RequestedAt, v.zone())), Segment: x.Segment,
			Stated: name(x.Stated, "unsaid"), Root: name(x.Root, "undecided"), Attribution: say(v.lang, "why.attribution."+string(x.Attribution)),
		})
	}
	v.show(http.StatusOK, "learn", cv.word("cases"), "", reasonCasesPage(cv))
	return nil
}

// reasonXLSX is the matrix as a workbook.
func (v *visit) reasonXLSX() error {
	if v.o.ReasonWorkbook == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	from, to, err := v.days()
	if err != nil {
		return err
	}
	raw, err := v.o.ReasonWorkbook(v.r.Context(), v.lang, v.actor, from, to)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	h.Set("Content-Disposition", `attachment; filename="reasons.xlsx"`)
	h.Set("Cache-Control", "private, no-store")
	if _, err := v.w.Write(raw); err != nil {
		v.Log.Warn("file not written to its end", "err", err)
	}
	return nil
}
