package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"text/tabwriter"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/trial"
	"hastaluego/internal/web/console"
)

type experimentCmd struct {
	Example experimentExampleCmd `cmd:"" help:"Print the file of an experiment, to begin your own with."`
	Plan    experimentPlanCmd    `cmd:"" help:"How many customers a file asks for, and for how long. Nothing is kept."`
	Check   experimentCheckCmd   `cmd:"" help:"Check a file against the policy, the flow and the law that count, and against what runs. Exit status 1 if anything is wrong. Nothing is kept."`
	Start   experimentStartCmd   `cmd:"" help:"Write an experiment down, check it and begin it. What decides is fixed from then on."`
	Stop    experimentStopCmd    `cmd:"" help:"End an experiment before its time. Nothing is concluded of it."`
	Report  experimentReportCmd  `cmd:"" help:"How an experiment stands: effects first, each with its interval."`
	List    experimentListCmd    `cmd:"" help:"List experiments."`
}

// trialFile reads the file of an experiment.
func trialFile(name string) (*trial.Trial, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "file.unreadable", "file", name).At("experiment", err)
	}
	return trial.Load(name, src)
}

type experimentExampleCmd struct{}

func (experimentExampleCmd) Run(o out) error {
	_, err := o.stdout.Write(trial.Example())
	return err
}

type experimentPlanCmd struct {
	langFlag
	File   string  `arg:"" help:"The file of the experiment."`
	PerDay float64 `help:"How many customers a day it would be about: then it says for how long it runs."`
}

func (c *experimentPlanCmd) Run(o out) error {
	t, err := trialFile(c.File)
	if err != nil {
		return err
	}
	p, err := t.Definition.Plan()
	if err != nil {
		return err
	}
	printPlan(o, c.Lang, app.ExperimentCheck{Trial: t, Plan: p, PerDay: c.PerDay, Days: p.Days(c.PerDay)})
	return nil
}

func printPlan(o out, lang string, c app.ExperimentCheck) {
	say := func(code string, args ...any) string { return text.Say(lang, "console.experiment."+code, args...) }
	fmt.Fprintln(o.stdout, say("plan.customers", "n", c.Plan.Customers, "power", text.Percent(lang, int64(c.Trial.Definition.Power*10_000+.5)), "factor", strconv.FormatFloat(c.Plan.Factor, 'f', 2, 64)))
	w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
	share := func(arm string, of int) {
		fmt.Fprintf(w, "  %s\t%s\t%d\n", arm, text.Percent(lang, int64(of)), c.Plan.Customers*of/experiment.Whole)
	}
	share(say("holdout"), c.Trial.Definition.Holdout)
	for _, a := range c.Trial.Definition.Arms {
		share(a.ID, a.Share)
	}
	_ = w.Flush() // what is written to a buffer of the terminal cannot fail halfway
	if c.Days > 0 {
		fmt.Fprintln(o.stdout, say("plan.days", "n", c.Days, "day", strconv.FormatFloat(c.PerDay, 'f', 1, 64)))
	}
}

type experimentCheckCmd struct {
	common
	langFlag
	File string `arg:"" help:"The file of the experiment."`
}

func (c *experimentCheckCmd) Run(ctx context.Context, o out) error {
	t, err := trialFile(c.File)
	if err != nil {
		return err
	}
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	x, err := h.app.TryExperiment(ctx, operator, t)
	if err != nil {
		return err
	}
	printPlan(o, c.Lang, x)
	fmt.Fprintln(o.stdout, text.Say(c.Lang, "console.experiment.good", "experiment", t.Version()))
	return nil
}

type experimentStartCmd struct {
	common
	langFlag
	File string `arg:"" help:"The file of the experiment."`
}

func (c *experimentStartCmd) Run(ctx context.Context, o out) error {
	t, err := trialFile(c.File)
	if err != nil {
		return err
	}
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	name, err := h.app.PutExperiment(ctx, operator, c.File, t.Source)
	if err != nil {
		return err
	}
	x, err := h.app.CheckExperiment(ctx, operator, name)
	if err != nil {
		return err
	}
	if err := h.app.StartExperiment(ctx, operator, name); err != nil {
		return err
	}
	printPlan(o, c.Lang, x)
	fmt.Fprintln(o.stdout, text.Say(c.Lang, "console.experiment.runs", "experiment", name))
	return nil
}

type experimentStopCmd struct {
	common
	langFlag
	Name string `arg:"" help:"Name of the experiment."`
	Why  string `required:"" help:"Why it is stopped."`
}

func (c *experimentStopCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.app.StopExperiment(ctx, operator, c.Name, c.Why); err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, text.Say(c.Lang, "console.experiment.ended", "experiment", c.Name))
	return nil
}

type experimentReportCmd struct {
	common
	langFlag
	Name string `arg:"" help:"Name of the experiment."`
	JSON bool   `help:"Answer as JSON."`
	File string `type:"path" help:"Write a workbook instead, such as experimento.xlsx."`
}

func (c *experimentReportCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	v, err := h.app.OpenExperiment(ctx, operator, c.Name)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		return json.NewEncoder(o.stdout).Encode(struct {
			Name    string                 `json:"name"`
			State   string                 `json:"state"`
			Planned int                    `json:"planned"`
			Figures []app.ExperimentFigure `json:"figures"`
		}{v.Name, string(v.State), v.Planned, v.Figures()})
	case c.File != "":
		raw, err := experimentBook(c.Lang, h.app.Company().Name, v)
		if err != nil {
			return err
		}
		return os.WriteFile(c.File, raw, 0o600)
	}
	for _, line := range console.ExperimentStands(c.Lang, v) {
		fmt.Fprintln(o.stdout, line)
	}
	for _, t := range console.ExperimentTables(c.Lang, v) {
		fmt.Fprintf(o.stdout, "\n%s\n%s\n", t.Title, t.About)
		w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
		for _, row := range append([][]string{t.Cols}, t.Rows...) {
			for _, cell := range row {
				fmt.Fprintf(w, "%s\t", cell)
			}
			fmt.Fprintln(w)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// experimentBook is the report of an experiment as a workbook: its tables as they are
// read, and every number in a row.
func experimentBook(lang, company string, v app.ExperimentView) ([]byte, error) {
	say := func(code string, args ...any) string { return text.Say(lang, "console.experiment."+code, args...) }
	var sheets []document.Sheet
	for _, t := range console.ExperimentTables(lang, v) {
		g := document.Grid{}
		for _, c := range t.Cols {
			g.Columns = append(g.Columns, document.Column{Title: c, Width: 30})
		}
		for _, row := range t.Rows {
			var cells []document.Cell
			for _, s := range row {
				cells = append(cells, words(s))
			}
			g.Rows = append(g.Rows, cells)
		}
		sheets = append(sheets, document.Sheet{Name: say("sheet." + t.ID), Notes: append([]string{t.Title, t.About}, console.ExperimentStands(lang, v)...), Tables: []document.Grid{g}})
	}
	numbers := document.Grid{Frozen: 1}
	for _, c := range []string{"part", "metric", "arm", "against", "unit", "low", "found", "high", "n", "n.against"} {
		numbers.Columns = append(numbers.Columns, document.Column{Title: say("col." + c), Width: 16})
	}
	number := func(x *float64) document.Cell {
		if x == nil {
			return document.Cell{}
		}
		return document.Cell{Number: strconv.FormatFloat(*x, 'f', 6, 64)}
	}
	for _, f := range v.Figures() {
		numbers.Rows = append(numbers.Rows, []document.Cell{
			words(f.Part), words(f.Metric), words(f.Arm), words(f.Against), words(f.Unit), number(f.Low), number(f.Found), number(f.High),
			{Number: strconv.Itoa(f.N)},
			{Number: strconv.Itoa(f.NAgainst)},
		})
	}
	sheets = append(sheets, document.Sheet{Name: say("sheet.numbers"), Notes: []string{say("numbers.note")}, Tables: []document.Grid{numbers}})
	return document.Workbook(document.Book{Title: v.Name, Creator: company, Lang: lang, Sheets: sheets})
}

// experimentWorkbook makes it for the console.
func (h *house) experimentWorkbook(ctx context.Context, lang string, by app.Actor, name string) ([]byte, error) {
	v, err := h.app.OpenExperiment(ctx, by, name)
	if err != nil {
		return nil, err
	}
	return experimentBook(lang, h.app.Company().Name, v)
}

type experimentListCmd struct {
	common
	langFlag
}

func (c *experimentListCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	list, err := h.app.ListExperiments(ctx, operator)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
	for _, e := range list {
		fmt.Fprintf(w, "%s\t%s\t%d\n", e.Name, text.Say(c.Lang, "console.experiment.state."+string(e.State)), e.Planned)
	}
	return w.Flush()
}
