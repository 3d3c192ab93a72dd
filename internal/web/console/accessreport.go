package console

import (
	"cmp"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/stray"
	"hastaluego/internal/text"
)

// accessReportView is how well accesses are closed.
type accessReportView struct {
	Lang, Since      string
	Workbook         bool
	Kpis             []kpiView
	Left             []leftView
	LeftMore         string // there are more than are named
	Cols, RetestCols []string
	Rows, Retests    []cellRow
	Rounds           []roundView
}

type leftView struct{ What, Kind, Who, Link, Why string }

// cellRow is a row of a table: what it is of, and its cells in words.
type cellRow struct {
	Name, Sub string
	Cells     []string
}

type roundView struct {
	Name, Level, About string
	State              badge
}

func (v accessReportView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.accessreport."+code, args...)
}

func (v *visit) accessReport() error {
	r, err := v.App.ReportAccess(v.r.Context(), v.actor, app.AccessMonths)
	if err != nil {
		return err
	}
	lv := accessReportView{Lang: v.lang, Workbook: v.o.AccessWorkbook != nil}
	lv.Since = lv.word("since", "date", text.Date(v.lang, r.From))
	lv.kpis(r)
	for _, l := range r.Left {
		lv.Left = append(lv.Left, leftView{
			What: l.System + ": " + l.Item, Kind: v.grantKind(l.Kind), Who: l.Name + " · " + l.Code, Link: "/console/customers/" + l.Customer + "#grants",
			Why: lv.word("left."+l.Why, "date", text.Date(v.lang, l.Since)),
		})
	}
	if more := r.LeftAll - len(r.Left); more > 0 {
		lv.LeftMore = lv.word("left.more", "n", more)
	}
	for _, c := range []string{"best", "closed", "tried", "read", "attested", "median", "p90"} {
		lv.Cols = append(lv.Cols, lv.word("col."+c))
	}
	for _, x := range r.Rows {
		row := lv.row(x)
		row.Name, row.Sub = cmp.Or(x.System, lv.word("erased")), v.grantKind(x.Kind)
		lv.Rows = append(lv.Rows, row)
	}
	if len(lv.Rows) > 1 {
		row := lv.row(r.All)
		row.Name = lv.word("all")
		lv.Rows = append(lv.Rows, row)
	}
	for _, c := range []string{"days", "still", "again", "unclear"} {
		lv.RetestCols = append(lv.RetestCols, lv.word("col."+c))
	}
	for _, x := range r.Retests {
		lv.Retests = append(lv.Retests, cellRow{Name: x.System, Cells: []string{strconv.Itoa(x.Days), strconv.Itoa(x.Closed), strconv.Itoa(x.Open), strconv.Itoa(x.Unclear)}})
	}
	for _, x := range r.Rounds {
		lv.Rounds = append(lv.Rounds, v.round(lv, x))
	}
	v.show(http.StatusOK, "learn", lv.word("title"), "", accessReportPage(lv))
	return nil
}

// grantKind is the kind of an access in words; nothing where it is not known.
func (v *visit) grantKind(kind string) string {
	if code := "console.customer.grant.kind." + kind; kind != "" && text.Known(v.lang, code) {
		return text.Say(v.lang, code)
	}
	return kind
}

func (v *accessReportView) kpis(r app.AccessReport) {
	kpi := func(id, value string, bad bool, args ...any) {
		k := kpiView{ID: id, Name: v.word("kpi." + id), Value: value, About: v.word("kpi."+id+".about", args...)}
		if bad {
			k.State = badge{"alert", "bad", v.word("kpi.look")}
		}
		v.Kpis = append(v.Kpis, k)
	}
	left := strconv.Itoa(r.LeftAll)
	if r.LeftAll >= app.LeftMost {
		left = v.word("atleast", "n", app.LeftMost)
	}
	again := 0
	for _, x := range r.Retests {
		again += x.Open
	}
	kpi("left", left, r.LeftAll > 0)
	kpi("median", v.took(r.All.Median, r.All.Verified), false, "p90", v.took(r.All.P90, r.All.Verified))
	if r.All.Verified == 0 {
		v.Kpis[len(v.Kpis)-1].About = v.word("kpi.median.none")
	}
	kpi("again", strconv.Itoa(again), again > 0 && r.LeftAll > 0) // what was closed since is history
	kpi("strays", strconv.Itoa(r.Strays), r.Strays > 0)
}

// took says how long something took; nothing where there was none.
func (v accessReportView) took(d time.Duration, of int) string {
	if of == 0 {
		return v.word("unknown")
	}
	return text.Lasted(v.Lang, d)
}

func (v accessReportView) row(x app.AccessRow) cellRow {
	read := strconv.Itoa(x.Read)
	if x.Erased > 0 {
		read += " " + v.word("erased.n", "n", x.Erased)
	}
	best := "" // of all of them together
	if x.Best != "" {
		best = v.word("best." + string(x.Best))
	}
	return cellRow{Cells: []string{best, strconv.Itoa(x.Closed()), strconv.Itoa(x.Tried), read, strconv.Itoa(x.Attested), v.took(x.Median, x.Verified), v.took(x.P90, x.Verified)}}
}

func (v *visit) round(lv accessReportView, x app.SweepRound) roundView {
	out := roundView{Name: x.System}
	if x.System == stray.ReadingsSystem {
		out.Name = text.Say(v.lang, "console.stray.readings")
	}
	if x.Level != "" {
		out.Level = lv.word("level." + x.Level)
	}
	if !x.Tells {
		out.About = lv.word("rounds.cannot")
		return out
	}
	switch {
	case x.Why != "":
		out.State = badge{"alert", "bad", lv.word("rounds.waits")}
		out.About = strings.TrimSpace(text.Error(v.lang, fault.New(fault.Transient, x.Why, "system", x.System)))
	case x.Unread > 0:
		out.State = badge{"alert", "warn", lv.word("rounds.unread", "n", x.Unread)}
	}
	if x.Done.IsZero() {
		out.About = strings.TrimSpace(lv.word("rounds.never") + " " + out.About)
	} else {
		out.About = strings.TrimSpace(lv.word("rounds.done", "at", text.ShortInstant(v.lang, x.Done, v.zone()), "n", x.Looked) + " " + out.About)
	}
	return out
}

// accessList is the signed list of what was done to the accesses of a departure.
func (v *visit) accessList() error {
	code, raw, err := v.App.ListAccess(v.r.Context(), v.actor, v.caseID())
	if err != nil {
		return err
	}
	return v.download("accesses-"+code+".json", "application/json", raw)
}

// evidencePack is everything that the log knows of a departure, to be verified
// without us.
func (v *visit) evidencePack() error { return v.evidence(false) }

// evidenceBare is the same without what entries say, and without documents.
func (v *visit) evidenceBare() error { return v.evidence(true) }

func (v *visit) evidence(bare bool) error {
	code, raw, err := v.App.PackEvidence(v.r.Context(), v.actor, app.PackInput{Case: v.caseID(), Language: v.lang, Bare: bare})
	if err != nil {
		return err
	}
	return v.download("evidence-"+code+".zip", "application/zip", raw)
}

// accessCSV is the report as a file.
func (v *visit) accessCSV() error {
	r, err := v.App.ReportAccess(v.r.Context(), v.actor, app.AccessMonths)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="accesses.csv"`)
	h.Set("Cache-Control", "private, no-store")
	if err := csv.NewWriter(v.w).WriteAll(r.Table()); err != nil {
		v.Log.Warn("file not written to its end", "err", err)
	}
	return nil
}

// accessXLSX is the report as a workbook, with the accesses that are left behind.
func (v *visit) accessXLSX() error {
	if v.o.AccessWorkbook == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	raw, err := v.o.AccessWorkbook(v.r.Context(), v.lang, v.actor)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	h.Set("Content-Disposition", `attachment; filename="accesses.xlsx"`)
	h.Set("Cache-Control", "private, no-store")
	if _, err := v.w.Write(raw); err != nil {
		v.Log.Warn("file not written to its end", "err", err)
	}
	return nil
}
