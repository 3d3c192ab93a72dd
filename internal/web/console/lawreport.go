package console

import (
	"encoding/csv"
	"net/http"
	"strconv"

	"hastaluego/internal/app"
	"hastaluego/internal/limit"
	"hastaluego/internal/text"
)

// lawReportView is which time limits of the law were met and missed.
type lawReportView struct {
	Lang          string
	Kpis          []kpiView
	Late, Coming  []limitLineView
	Rules, Months []tallyRow
	Exit          []kpiView
	ExitDays      int
}

type limitLineView struct {
	Who, Link string
	limitView
}

type tallyRow struct{ Name, Cite, Met, Missed, Late, Running, Moot, Rate string }

func (v lawReportView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.lawreport."+code, args...)
}

func (v *visit) lawReport() error {
	r, err := v.App.ReportLaw(v.r.Context(), v.actor, app.LawMonths)
	if err != nil {
		return err
	}
	lv := lawReportView{Lang: v.lang}
	count := func(id string, n int) kpiView {
		return kpiView{ID: id, Name: lv.word("kpi." + id), Value: strconv.Itoa(n), About: lv.word("kpi." + id + ".about")}
	}
	rate := count("rate", 0)
	rate.Value = lv.rate(r.All)
	lv.Kpis = []kpiView{rate, count("missed", r.All.Missed), count("late", len(r.Late)), count("running", r.All.Running)}
	for _, l := range r.Late {
		lv.Late = append(lv.Late, v.limitLine(l))
	}
	for _, l := range r.Coming {
		lv.Coming = append(lv.Coming, v.limitLine(l))
	}
	for _, x := range r.Rules {
		row := lv.row(x.LimitTally)
		if row.Name, row.Cite = x.Message[v.lang], x.Cite; row.Name == "" {
			row.Name = x.Rule
		}
		lv.Rules = append(lv.Rules, row)
	}
	for i := len(r.Months) - 1; i >= 0; i-- { // the newest first
		m := r.Months[i]
		if m.LimitTally == (app.LimitTally{}) {
			continue
		}
		row := lv.row(m.LimitTally)
		row.Name = text.Month(v.lang, m.First)
		lv.Months = append(lv.Months, row)
	}
	f, err := v.App.ExitFigures(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	lv.exit(f)
	v.show(http.StatusOK, "learn", lv.word("title"), "", lawReportPage(lv))
	return nil
}

// exit tells how the way out works.
func (v *lawReportView) exit(f app.ExitFigures) {
	v.ExitDays = f.Days
	kpi := func(id string, value string, over bool, args ...any) {
		k := kpiView{ID: "exit-" + id, Name: v.word("exit." + id), Value: value, About: v.word("exit."+id+".about", args...)}
		if over {
			k.State = badge{"alert", "bad", v.word("exit.over")}
		}
		v.Exit = append(v.Exit, k)
	}
	percent := func(n int64, ok bool) string {
		if !ok {
			return v.word("unknown")
		}
		return text.Percent(v.Lang, n)
	}
	kpi("failed", percent(f.FailedShare()), f.Failing(), "n", f.Failed, "all", f.Confirmed+f.Refused+f.Failed)
	took := v.word("unknown")
	if f.ExitMS > 0 {
		took = v.word("exit.slow.value", "n", f.ExitMS)
	}
	kpi("slow", took, f.Slow(), "other", f.OtherMS)
	kpi("abandoned", percent(f.AbandonedShare()), false, "n", f.Confirmed, "all", f.Entries)
	kpi("kept", percent(f.KeptShare()), false, "n", f.KeptThenLeft, "all", f.Kept)
}

func (v lawReportView) rate(t app.LimitTally) string {
	n, ok := t.Rate()
	if !ok {
		return v.word("unknown")
	}
	return text.Percent(v.Lang, n)
}

func (v lawReportView) row(t app.LimitTally) tallyRow {
	return tallyRow{
		Met: strconv.Itoa(t.Met), Missed: strconv.Itoa(t.Missed), Late: strconv.Itoa(t.DoneLate), Running: strconv.Itoa(t.Running), Moot: strconv.Itoa(t.Moot), Rate: v.rate(t),
	}
}

func (v *visit) limitLine(l app.LimitLine) limitLineView {
	lv := limitLineView{Who: l.Name, Link: "/console/customers/" + l.Customer, limitView: v.viewLimit(l.Limit, nil)}
	if l.Case != "" {
		lv.Who, lv.Link = l.Name+" · "+l.Code, "/console/cases/"+l.Case+"#law"
	}
	if l.State == limit.Running && !l.Late.IsZero() {
		lv.State = limitBadges[limit.Missed]
		lv.State.Word = text.Say(v.lang, "limit.state.missed")
	}
	return lv
}

// lawCSV is the report as a file.
func (v *visit) lawCSV() error {
	r, err := v.App.ReportLaw(v.r.Context(), v.actor, app.LawMonths)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="time-limits.csv"`)
	h.Set("Cache-Control", "private, no-store")
	w := csv.NewWriter(v.w)
	if err := w.WriteAll(r.Table()); err != nil {
		v.Log.Warn("file not written to its end", "err", err)
	}
	return nil
}
