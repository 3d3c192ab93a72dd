package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"hastaluego/internal/app"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

type settleCmd struct {
	common
	Code string `arg:"" help:"Code of the departure, HL-…"`
	JSON bool   `help:"Answer as JSON: lines with their sums in the smallest unit, tax, days and sources."`
}

// accountant reads statements at the terminal of the machine.
var accountant = app.Actor{ID: "system", Roles: []string{"finance"}}

func (c *settleCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	cid, err := h.app.CaseOfCode(ctx, accountant, c.Code)
	if err != nil {
		return err
	}
	x, err := h.app.StatementOf(ctx, accountant, cid)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(o.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(app.ViewStatement(x))
	}
	lang := terminalLanguage(os.Getenv)
	say := func(code string, args ...any) string { return text.Say(lang, "console.settlement."+code, args...) }
	fmt.Fprintf(o.stdout, "%s: %s\n", say("title"), say("state."+string(x.State)))
	if len(x.Doc.Sections) == 0 {
		fmt.Fprintln(o.stdout, say("none"))
	}
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	for _, s := range web.MoneySections(lang, x.Doc) {
		fmt.Fprintln(w)
		for _, r := range s.Rows {
			fmt.Fprintf(w, "%s\t%s\t%s\n", r.Label, r.Amount, r.Why)
		}
		fmt.Fprintf(w, "%s\t%s\t\n", say("total", "currency", s.Currency), s.Sum)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !x.Doc.DueOn.IsZero() {
		fmt.Fprintf(o.stdout, "\n%s %s\n", say("due"), text.LongDate(lang, x.Doc.DueOn))
	}
	if !x.Doc.RefundOn.IsZero() {
		fmt.Fprintf(o.stdout, "\n%s %s\n", say("refund"), text.LongDate(lang, x.Doc.RefundOn))
	}
	for _, e := range web.MoneyEnds(lang, x.Doc) {
		fmt.Fprintln(o.stdout, e)
	}
	if from := web.MoneyFrom(lang, "console.settlement.from.", x.Doc, h.app.Company().Zone); len(from) > 0 {
		fmt.Fprintf(o.stdout, "\n%s\n", text.Say(lang, "settlement.from"))
		for _, f := range from {
			fmt.Fprintln(o.stdout, "-", f)
		}
	}
	for _, n := range x.Doc.Open {
		why, _, _ := strings.Cut(n.Why, ".")
		fmt.Fprintln(o.stdout, say("open."+why, "contract", n.Contract, "missing", strings.Join(n.Missing, ", ")))
	}
	return nil
}
