package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web/api"
)

type accessCmd struct {
	List   accessListCmd   `cmd:"" help:"Who did what to the accesses of a departure, when, with which evidence: a signed list. Check it with hasta audit verify --key FILE --against LIST."`
	Report accessReportCmd `cmd:"" help:"How long it takes to close accesses and prove it, which are left behind, and what trying again showed."`
}

type accessListCmd struct {
	common
	Code string `arg:"" help:"Code of the departure, HL-…"`
	Out  string `placeholder:"FILE" help:"Where to write it; a file that is there is left alone. Without it, to the terminal."`
}

func (c *accessListCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	cid, err := h.app.CaseOfCode(ctx, operator, c.Code)
	if err != nil {
		return err
	}
	_, raw, err := h.app.ListAccess(ctx, operator, cid)
	if err != nil {
		return err
	}
	if c.Out == "" {
		_, err = o.stdout.Write(raw)
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.New(fault.Invalid, "file.unwritable", "file", c.Out).At("access list", err)
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(c.Out) // half a list would be handed over as a whole one
		return fault.New(fault.Invalid, "file.unwritable", "file", c.Out).At("access list", err)
	}
	return nil
}

type accessReportCmd struct {
	common
	langFlag
	Months int  `help:"Of so many months, this one with them." default:"12"`
	JSON   bool `help:"As JSON, as GET /v1/access-report answers." xor:"form"`
	CSV    bool `name:"csv" help:"As CSV: a row for each system and kind." xor:"form"`
}

func (c *accessReportCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	r, err := h.app.ReportAccess(ctx, system, c.Months)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return writeJSON(o, api.ViewAccess(r))
	case c.CSV:
		return csv.NewWriter(o.stdout).WriteAll(r.Table())
	}
	return printAccess(o, c.Lang, r)
}

func printAccess(o out, lang string, r app.AccessReport) error {
	say := func(code string, args ...any) string { return text.Say(lang, "console.accessreport."+code, args...) }
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%d\t(%s)\n", say("kpi.left"), r.LeftAll, say("left.target"))
	for _, l := range r.Left {
		fmt.Fprintf(w, "  %s: %s\t%s · %s\t%s\n", l.System, l.Item, l.Name, l.Code, say("left."+l.Why, "date", text.Date(lang, l.Since)))
	}
	fmt.Fprintf(w, "%s\t%d\n\n", say("kpi.strays"), r.Strays)
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", say("col.system"), say("col.kind"), say("col.closed"), say("col.tried"), say("col.read"), say("col.attested"), say("col.median"), say("col.p90"))
	for _, x := range append(r.Rows, r.All) {
		name := x.System
		if name == "" {
			name = say("all")
		}
		took := func(d time.Duration) string {
			if x.Verified == 0 {
				return say("unknown")
			}
			return text.Lasted(lang, d)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", name, x.Kind, x.Closed(), x.Tried, x.Read+x.Erased, x.Attested, took(x.Median), took(x.P90))
	}
	if len(r.Retests) > 0 {
		fmt.Fprintf(w, "\n%s\t%s\t%s\t%s\t%s\n", say("retests"), say("col.days"), say("col.still"), say("col.again"), say("col.unclear"))
		for _, x := range r.Retests {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\n", x.System, x.Days, x.Closed, x.Open, x.Unclear)
		}
	}
	return w.Flush()
}

// accessWorkbook makes the workbook of the report of accesses for the console.
func (h *house) accessWorkbook(ctx context.Context, lang string, by app.Actor) ([]byte, error) {
	r, err := h.app.ReportAccess(ctx, by, app.AccessMonths)
	if err != nil {
		return nil, err
	}
	say := func(code string, args ...any) string { return text.Say(lang, "console.accessreport."+code, args...) }
	number := func(n int) document.Cell { return document.Cell{Number: strconv.Itoa(n)} }
	columns := func(wide int, codes ...string) (out []document.Column) {
		for i, c := range codes {
			width := 14.0
			if i < wide {
				width = 26
			}
			out = append(out, document.Column{Title: say("col." + c), Width: width})
		}
		return out
	}
	closed := document.Grid{Frozen: 1, Columns: columns(2, "system", "kind", "closed", "tried", "read", "erased", "attested", "median", "p90")}
	for _, x := range append(r.Rows, r.All) {
		name := x.System
		if name == "" {
			name = say("all")
		}
		closed.Rows = append(closed.Rows, []document.Cell{
			words(name), words(x.Kind), number(x.Closed()), number(x.Tried), number(x.Read), number(x.Erased), number(x.Attested),
			number(int(app.WholeSeconds(x.Median))), number(int(app.WholeSeconds(x.P90))),
		})
	}
	left := document.Grid{Frozen: 1, Columns: columns(3, "customer", "account", "why", "code", "system", "kind", "since")}
	for _, l := range r.Left {
		left.Rows = append(left.Rows, []document.Cell{
			words(l.Name), words(l.Item), words(say("left."+l.Why, "date", text.Date(lang, l.Since))), words(l.Code), words(l.System), words(l.Kind), {Day: l.Since},
		})
	}
	again := document.Grid{Frozen: 1, Columns: columns(1, "system", "days", "still", "again", "unclear")}
	for _, x := range r.Retests {
		again.Rows = append(again.Rows, []document.Cell{words(x.System), number(x.Days), number(x.Closed), number(x.Open), number(x.Unclear)})
	}
	notes := []string{say("text"), say("since", "date", text.Date(lang, r.From)), say("seconds")}
	return document.Workbook(document.Book{
		Title: say("title"), Creator: h.app.Company().Name, Lang: lang,
		Sheets: []document.Sheet{
			{Name: say("sheet.closed"), Notes: notes, Tables: []document.Grid{closed}},
			{Name: say("sheet.left"), Notes: []string{say("kpi.left.about")}, Tables: []document.Grid{left}},
			{Name: say("sheet.retests"), Notes: []string{say("kpi.again.about")}, Tables: []document.Grid{again}},
		},
	})
}
