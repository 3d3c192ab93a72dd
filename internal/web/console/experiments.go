package console

import (
	"net/http"
	"net/url"

	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/trial"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// experimentsView is the list of experiments, and where one is written down.
type experimentsView struct {
	Lang     string
	Rows     []experimentRow
	May      bool
	Who      string // who may, where this person may not
	Source   string
	Problems []string
}

type experimentRow struct {
	Name, Link, Planned, Started string
	State                        badge
}

// experimentView is the page of an experiment.
type experimentView struct {
	Lang, Name, Title, Question, Link, Source string
	State                                     badge
	Stands                                    []string
	Shows                                     [][2]string
	Tables                                    []ExperimentTable
	Workbook                                  string // empty: there is none
	May                                       bool
	Who                                       string
	MayCheck, MayBegin, MayStop               bool
	Why                                       string
	Problems                                  []string
	Planned                                   string
}

func (v experimentsView) word(code string, args ...any) string {
	return experimentWord(v.Lang, code, args...)
}

func (v experimentView) word(code string, args ...any) string {
	return experimentWord(v.Lang, code, args...)
}

// experimentStates are how the states of an experiment look.
func experimentState(lang string, s experiment.State) badge {
	class, icon := "info", ""
	switch s {
	case experiment.Running:
		icon = "clock"
	case experiment.Decided:
		class, icon = "ok", "check"
	case experiment.Stopped:
		class, icon = "warn", "pause"
	}
	return badge{class, icon, experimentWord(lang, "state."+string(s))}
}

func (v *visit) experiments() error { return v.experimentsPage(http.StatusOK, "", nil) }

func (v *visit) experimentsPage(status int, source string, wrong error) error {
	list, err := v.App.ListExperiments(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	ev := experimentsView{Lang: v.lang, May: v.actor.May("experiment"), Who: whoMay(v.lang, "experiment"), Source: source, Problems: v.problems(wrong)}
	if source == "" {
		ev.Source = string(trial.Example())
	}
	for _, e := range list {
		r := experimentRow{Name: e.Name, Link: "/console/learn/experiments/" + url.PathEscape(e.Name), State: experimentState(v.lang, e.State)}
		if e.Planned > 0 {
			r.Planned = text.Number(v.lang, int64(e.Planned))
			r.Started = text.Date(v.lang, when.DateOf(e.StartedAt, v.App.Company().Zone))
		}
		ev.Rows = append(ev.Rows, r)
	}
	v.show(status, "learn", ev.word("title"), "", experimentsPage(ev))
	return nil
}

// problems are everything that is wrong, a sentence each.
func (v *visit) problems(err error) (out []string) {
	if err == nil {
		return nil
	}
	list := fault.Fields(err)
	if len(list) == 0 {
		return []string{v.worded(err)}
	}
	for _, e := range list {
		out = append(out, text.Error(v.lang, e))
	}
	return out
}

// heeded reports whether what went wrong is for the person to read on the page.
func heeded(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Blocked:
		return true
	}
	return false
}

func (v *visit) putExperiment() error {
	source := v.form.Get("source")
	name, err := v.App.PutExperiment(v.r.Context(), v.actor, "experiment.yaml", []byte(source))
	if err != nil {
		if !heeded(err) {
			return err
		}
		return v.experimentsPage(web.Status(err), source, err)
	}
	v.to("/console/learn/experiments/" + url.PathEscape(name))
	return nil
}

func (v *visit) experiment() error { return v.experimentPage(http.StatusOK, nil) }

func (v *visit) experimentPage(status int, wrong error) error {
	x, err := v.App.OpenExperiment(v.r.Context(), v.actor, v.r.PathValue("name"))
	if err != nil {
		return err
	}
	ev := experimentView{
		Lang: v.lang, Name: x.Name, Title: title(v.lang, x.Trial.Title, x.Name), Question: title(v.lang, x.Trial.Question, ""), Link: "/console/learn/experiments/" + url.PathEscape(x.Name),
		Source: x.Source, State: experimentState(v.lang, x.State), Stands: ExperimentStands(v.lang, x), Shows: ExperimentShows(v.lang, x), Tables: ExperimentTables(v.lang, x),
		May: v.actor.May("experiment"), Who: whoMay(v.lang, "experiment"), Problems: v.problems(wrong), Why: v.form.Get("why"), Planned: text.Number(v.lang, int64(x.Plan.Customers)),
	}
	ev.MayBegin, ev.MayStop = x.State == experiment.Checked, x.State == experiment.Running
	ev.MayCheck = x.State == experiment.Draft || ev.MayBegin // what its arms show may have changed since it was checked
	if v.o.ExperimentWorkbook != nil && x.Report != nil {
		ev.Workbook = ev.Link + "/report.xlsx?lang=" + v.lang
	}
	v.show(status, "learn", ev.Title, "", experimentPage(ev))
	return nil
}

func (v *visit) experimentDone(err error) error {
	if err == nil {
		v.to("/console/learn/experiments/" + url.PathEscape(v.r.PathValue("name")))
		return nil
	}
	if !heeded(err) {
		return err
	}
	return v.experimentPage(web.Status(err), err)
}

func (v *visit) checkExperiment() error {
	_, err := v.App.CheckExperiment(v.r.Context(), v.actor, v.r.PathValue("name"))
	return v.experimentDone(err)
}

func (v *visit) beginExperiment() error {
	return v.experimentDone(v.App.StartExperiment(v.r.Context(), v.actor, v.r.PathValue("name")))
}

func (v *visit) stopExperiment() error {
	return v.experimentDone(v.App.StopExperiment(v.r.Context(), v.actor, v.r.PathValue("name"), v.form.Get("why")))
}

func (v *visit) experimentXLSX() error {
	if v.o.ExperimentWorkbook == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	raw, err := v.o.ExperimentWorkbook(v.r.Context(), v.lang, v.actor, v.r.PathValue("name"))
	if err != nil {
		return err
	}
	return v.download(v.r.PathValue("name")+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", raw)
}
