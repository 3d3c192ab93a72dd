package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"hastaluego/internal/app"
	"hastaluego/internal/metric"
	"hastaluego/internal/text"
	"hastaluego/internal/web/api"
)

type metricsCmd struct {
	Show     metricsShowCmd     `cmd:"" default:"withargs" help:"Print churn by month, what customers pay against other days, NPS and CSAT, each with its n."`
	Reasons  metricsReasonsCmd  `cmd:"" help:"Print why customers left, or write it as a workbook (XLSX): by reason, segment, who could have acted and money, and what they say against what it was."`
	Workbook metricsWorkbookCmd `cmd:"" help:"Write the workbook of departures (XLSX): a row each, and a sheet by reason and segment."`
}

type metricsShowCmd struct {
	common
	JSON bool `help:"Answer as JSON, as GET /v1/metrics does."`
}

// system is whoever works at the terminal of the machine.
var system = app.Actor{ID: "system", Roles: []string{"admin", "agent"}}

func (c *metricsShowCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	f, err := h.app.Metrics(ctx, system)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(o.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(api.ViewMetrics(f))
	}
	return printMetrics(o, terminalLanguage(os.Getenv), f)
}

func printMetrics(o out, lang string, f app.Figures) error {
	say := func(code string, args ...any) string { return text.Say(lang, "console.learn."+code, args...) }
	rate := func(n int64, ok bool) string {
		if !ok {
			return say("unknown")
		}
		return text.Percent(lang, n)
	}
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, say("churn.definition", "threshold", text.Percent(lang, f.Threshold)))
	fmt.Fprintf(w, "\n%s\t%s\t%s\t%s\t%s\t\n", say("col.month"), say("col.start"), say("col.lost"), say("col.rate"), say("col.note"))
	for _, m := range f.Churn {
		note := ""
		switch {
		case !m.Known:
			note = say("churn.before")
		case m.AtStart > 0 && m.Small():
			note = say("few")
		}
		if f.Over(m) {
			note = say("over", "threshold", text.Percent(lang, f.Threshold)) + " · " + note
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t\n", text.Month(lang, m.First), m.AtStart, m.Lost, rate(m.Rate()), note)
	}
	fmt.Fprintf(w, "\n%s\n\n%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", say("mrr.definition"), say("col.span"), say("col.then"), say("col.now"), say("col.more"),
		say("col.same"), say("col.less"), say("col.new"), say("col.left"), say("col.n"), say("col.unknown"))
	for _, c := range f.MRR {
		for _, m := range c.Movements {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", say("span."+c.Span), text.Money(lang, m.Then), text.Money(lang, m.Now), m.More, m.Same, m.Less,
				m.New, m.Left, m.N(), m.Unknown)
		}
	}
	nps := say("unknown")
	if score, ok := f.NPS.Score(); ok {
		nps = text.Hundredths(lang, score)
	}
	fmt.Fprintf(w, "\nNPS\t%s\tn %d%s\n", nps, f.NPS.N, few(say, f.NPS.N))
	fmt.Fprintf(w, "CSAT\t%s\tn %d%s\n", rate(f.CSAT.Share()), f.CSAT.N, few(say, f.CSAT.N))
	return w.Flush()
}

func few(say func(string, ...any) string, n int) string {
	if n > 0 && n < metric.Few {
		return ", " + say("few")
	}
	return ""
}
