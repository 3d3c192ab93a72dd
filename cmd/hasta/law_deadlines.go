package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"text/tabwriter"

	"hastaluego/internal/app"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
	"hastaluego/internal/web/api"
)

type lawDeadlinesCmd struct {
	common
	langFlag
	Months int  `help:"Of so many months, this one with them." default:"12"`
	JSON   bool `help:"As JSON, as GET /v1/time-limits answers." xor:"form"`
	CSV    bool `name:"csv" help:"As CSV: a row for each month and rule." xor:"form"`
}

func (c *lawDeadlinesCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	r, err := h.app.ReportLaw(ctx, system, c.Months)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return writeJSON(o, api.ViewLimits(r))
	case c.CSV:
		return csv.NewWriter(o.stdout).WriteAll(r.Table())
	}
	return printLimits(o, c.Lang, h.app.Law(), r)
}

func printLimits(o out, lang string, lib *jurisdiction.Library, r app.LawReport) error {
	say := func(code string) string { return text.Say(lang, "console.lawreport."+code) }
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	head := func(first string) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", first, say("col.met"), say("col.missed"), say("col.late"), say("col.running"), say("col.moot"), say("col.rate"))
	}
	row := func(name string, t app.LimitTally) {
		rate := say("unknown")
		if n, ok := t.Rate(); ok {
			rate = text.Percent(lang, n)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%s\n", name, t.Met, t.Missed, t.DoneLate, t.Running, t.Moot, rate)
	}
	head(say("col.month"))
	for _, m := range r.Months {
		row(text.Month(lang, m.First), m.LimitTally)
	}
	fmt.Fprintln(w)
	head(say("col.rule"))
	for _, x := range r.Rules {
		name := x.Rule
		if rule := lib.Rule(x.Rule); rule != nil { // one of an older pack may be gone
			name += " · " + rule.Message[lang]
		}
		row(name, x.LimitTally)
	}
	return w.Flush()
}
