package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/web/console"
	"hastaluego/internal/when"
)

type metricsReasonsCmd struct {
	common
	File   string `arg:"" optional:"" type:"path" help:"The workbook to write, such as motivos.xlsx; without it the table is printed."`
	From   string `help:"The first day on which a departure was asked for; without it, twelve months before the last."`
	To     string `help:"The last day; without it, today."`
	Stated bool   `help:"By what customers said, not by what lay behind it."`
	Lang   string `help:"Its language: es or en; without it, the company's."`
}

func (c *metricsReasonsCmd) Run(ctx context.Context, o out) error {
	var from, to when.Date
	for field, d := range map[string]struct {
		said string
		into *when.Date
	}{"from": {c.From, &from}, "to": {c.To, &to}} {
		if d.said == "" {
			continue
		}
		var err error
		if *d.into, err = when.ParseDate(d.said); err != nil {
			return fault.New(fault.Invalid, "form.date").On(field)
		}
	}
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	lang := text.Pick(text.Langs(), c.Lang, "", h.app.Company().Language)
	m, err := h.app.ReasonMatrix(ctx, system, from, to)
	if err != nil {
		return err
	}
	b := reasonBook{lang, m}
	if c.File != "" {
		raw, err := b.workbook(h.app.Company().Name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.File, raw, 0o600); err != nil {
			return err
		}
		fmt.Fprintln(o.stdout, text.Say(lang, "workbook.written", "n", m.All().N, "file", c.File))
		return nil
	}
	kind := reason.Root
	if c.Stated {
		kind = reason.Stated
	}
	w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", b.say("col.reason"), b.say("col.n"), b.say("col.attribution"), b.say("col.money"))
	for _, l := range m.By(kind) {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", b.name(l.Edition, kind), l.N, b.attributions(l), b.money(l))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	x := m.Confusion()
	if x.Both >= reason.FewestToCompare {
		e := x.Agreement()
		fmt.Fprintf(o.stdout, "%s: %.0f %% (%.0f–%.0f %%, %d)\n", b.say("kpi.agree"), e.Point*100, e.Low*100, e.High*100, x.Both)
	}
	return nil
}

// reasonWorkbook makes the workbook of the matrix for the console.
func (h *house) reasonWorkbook(ctx context.Context, lang string, by app.Actor, from, to when.Date) ([]byte, error) {
	m, err := h.app.ReasonMatrix(ctx, by, from, to)
	if err != nil {
		return nil, err
	}
	return reasonBook{lang, m}.workbook(h.app.Company().Name)
}

// reasonBook words a matrix of reasons.
type reasonBook struct {
	lang string
	m    app.ReasonMatrix
}

func (b reasonBook) say(code string, args ...any) string {
	return text.Say(b.lang, "console.reasons."+code, args...)
}

func (b reasonBook) name(edition string, kind reason.Kind) string {
	none := "undecided"
	if kind == reason.Stated {
		none = "unsaid"
	}
	name, sub := console.ReasonName(b.lang, b.m.Matrix, edition, none)
	if sub != "" {
		name += " (" + sub + ")"
	}
	return name
}

func (b reasonBook) attribution(a reason.Attribution) string {
	return text.Say(b.lang, "console.why.attribution."+string(a))
}

func (b reasonBook) attributions(l reason.Line) (out string) {
	for _, a := range reason.Attributions {
		if n := l.Attributions[a]; n > 0 {
			if out != "" {
				out += ", "
			}
			out += fmt.Sprintf("%s %d", b.attribution(a), n)
		}
	}
	return out
}

func (b reasonBook) money(l reason.Line) (out string) {
	for _, c := range b.m.Currencies() {
		if sum, ok := l.Yearly[c]; ok {
			if out != "" {
				out += ", "
			}
			out += money.Amount{Minor: sum, Currency: c}.String()
		}
	}
	return out
}

// workbook has every group of like departures in a row, to be summed up in any
// way, and the tables of the page.
func (b reasonBook) workbook(company string) ([]byte, error) {
	number := func(n int) document.Cell { return document.Cell{Number: strconv.Itoa(n)} }
	column := func(code string, width float64) document.Column {
		return document.Column{Title: b.say("col." + code), Width: width}
	}
	rows := document.Grid{Frozen: 1, Columns: []document.Column{
		column("stated", 30), column("root", 30), column("attribution", 16), column("segment", 16), column("n", 12), column("money", 16), column("currency", 10),
		column("mendable", 16), column("judged", 16), column("guessed", 16), column("compared", 16), column("back_sum", 16), column("back_n", 16),
	}}
	for _, x := range b.m.Tallies {
		sum := document.Cell{}
		if x.Currency != "" {
			digits, err := money.Digits(x.Currency)
			if err != nil {
				return nil, err
			}
			sum.Number = money.Amount{Minor: x.Yearly, Currency: x.Currency}.Decimal(digits)
		}
		rows.Rows = append(rows.Rows, []document.Cell{
			words(b.name(x.Stated, reason.Stated)), words(b.name(x.Root, reason.Root)), words(b.attribution(x.Attribution)), words(x.Segment), number(x.N), sum, words(x.Currency),
			number(x.Mendable), number(x.Judged), number(x.Right), number(x.Guessed), number(x.Back), number(x.BackN),
		})
	}
	byReason := func(kind reason.Kind) document.Grid {
		g := document.Grid{Title: b.say("matrix." + string(kind)), Columns: []document.Column{column("reason", 36), column("n", 12)}}
		for _, a := range reason.Attributions {
			g.Columns = append(g.Columns, document.Column{Title: b.attribution(a), Width: 14})
		}
		segments := b.m.Segments()
		for _, s := range segments {
			if s == "" {
				s = b.say("segment.none")
			}
			g.Columns = append(g.Columns, document.Column{Title: s, Width: 14})
		}
		for _, l := range b.m.By(kind) {
			row := []document.Cell{words(b.name(l.Edition, kind)), number(l.N)}
			for _, a := range reason.Attributions {
				row = append(row, number(l.Attributions[a]))
			}
			for _, s := range segments {
				row = append(row, number(l.Segments[s]))
			}
			g.Rows = append(g.Rows, row)
		}
		return g
	}
	c := b.m.Confusion()
	confusion := document.Grid{Columns: []document.Column{{Title: b.say("confusion.first"), Width: 36}}}
	for i, s := range c.Families {
		confusion.Columns = append(confusion.Columns, document.Column{Title: b.name(s, reason.Root), Width: 18})
		row := []document.Cell{words(b.name(s, reason.Stated))}
		for _, n := range c.N[i] {
			row = append(row, number(n))
		}
		confusion.Rows = append(confusion.Rows, row)
	}
	notes := []string{b.say("text"), b.say("kpi.departures.n", "from", text.Date(b.lang, b.m.From), "to", text.Date(b.lang, b.m.To))}
	sheets := []document.Sheet{
		{Name: b.say("sheet.rows"), Notes: notes, Tables: []document.Grid{rows}},
		{Name: b.say("title"), Tables: []document.Grid{byReason(reason.Root), byReason(reason.Stated)}},
	}
	if len(confusion.Rows) > 0 {
		sheets = slices.Insert(sheets, 2, document.Sheet{Name: b.say("sheet.confusion"), Notes: []string{b.say("confusion")}, Tables: []document.Grid{confusion}})
	}
	return document.Workbook(document.Book{Title: b.say("title"), Creator: company, Lang: b.lang, Sheets: sheets})
}
