package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
	"hastaluego/internal/form"
	"hastaluego/internal/money"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

type metricsWorkbookCmd struct {
	common
	File string `arg:"" type:"path" help:"The file to write, such as bajas.xlsx."`
	Lang string `help:"Its language: es or en; without it, the company's."`
}

func (c *metricsWorkbookCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	lang := text.Pick(text.Langs(), c.Lang, "", h.app.Company().Language)
	book, err := h.app.OpenDepartureBook(ctx, system)
	if err != nil {
		return err
	}
	raw, err := departuresWorkbook(lang, h.app.Company().Name, book)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.File, raw, 0o600); err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, text.Say(lang, "workbook.written", "n", len(book.Departures), "file", c.File))
	return nil
}

// workbook makes the workbook of departures for the console.
func (h *house) workbook(ctx context.Context, lang string, by app.Actor) ([]byte, error) {
	book, err := h.app.OpenDepartureBook(ctx, by)
	if err != nil {
		return nil, err
	}
	return departuresWorkbook(lang, h.app.Company().Name, book)
}

// departuresWorkbook words what is known about departures: a row each, and a
// sheet that sums them up by reason and segment.
func departuresWorkbook(lang, company string, b app.DepartureBook) ([]byte, error) {
	w := bookWriter{lang: lang, book: b, currencies: currenciesOf(b)}
	notes := []string{w.say("note", "company", company, "date", text.LongDate(lang, b.Today), "n", len(b.Departures))}
	if b.More {
		notes = append(notes, w.say("more"))
	}
	pivots, err := w.pivots()
	if err != nil {
		return nil, err
	}
	return document.Workbook(document.Book{
		Title: w.say("title"), Creator: company, Lang: lang,
		Sheets: []document.Sheet{
			{Name: w.say("sheet.departures"), Notes: notes, Tables: []document.Grid{w.departures()}},
			{Name: w.say("sheet.pivot"), Notes: []string{w.say("pivot.note")}, Tables: pivots},
		},
	})
}

type bookWriter struct {
	lang       string
	book       app.DepartureBook
	currencies []string
}

func (w bookWriter) say(code string, args ...any) string {
	return text.Say(w.lang, "workbook."+code, args...)
}

// known says a code in words; one without words stays as it is.
func (w bookWriter) known(area, code string) string {
	if code == "" || !text.Known(w.lang, "workbook."+area+"."+code) {
		return code
	}
	return w.say(area + "." + code)
}

func currenciesOf(b app.DepartureBook) (list []string) {
	for _, d := range b.Departures {
		for _, m := range append(slices.Clone(d.Monthly), d.Owed...) {
			list = append(list, m.Currency)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// column is a column and how a departure fills it.
type column struct {
	title string
	width float64
	cell  func(app.Departure) document.Cell
}

// part is a group of columns.
type part struct {
	name    string
	columns []column
}

func words(s string) document.Cell { return document.Cell{Text: s} }

func (w bookWriter) column(code string, width float64, fill func(app.Departure) string) column {
	return column{w.say("col." + code), width, func(d app.Departure) document.Cell { return words(fill(d)) }}
}

func (w bookWriter) day(code string, of func(app.Departure) when.Date) column {
	return column{w.say("col." + code), 12, func(d app.Departure) document.Cell { return document.Cell{Day: of(d)} }}
}

func (w bookWriter) departures() document.Grid {
	g := document.Grid{Frozen: 2}
	parts := w.parts()
	for _, p := range parts {
		g.Groups = append(g.Groups, document.Group{Name: p.name, N: len(p.columns)})
		for _, c := range p.columns {
			g.Columns = append(g.Columns, document.Column{Title: c.title, Width: c.width})
		}
	}
	for _, d := range w.book.Departures {
		var row []document.Cell
		for _, p := range parts {
			for _, c := range p.columns {
				row = append(row, c.cell(d))
			}
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

func (w bookWriter) parts() []part {
	all := []part{
		{w.say("part.who"), []column{
			w.column("code", 15, func(d app.Departure) string { return d.Case.Code }),
			w.column("customer", 26, func(d app.Departure) string { return d.Customer.Name }),
			w.column("reference", 13, func(d app.Departure) string { return d.Customer.Reference }),
			w.column("segment", 13, func(d app.Departure) string { return d.Customer.Segment }),
			w.column("kind", 12, func(d app.Departure) string { return w.known("kind", string(d.Customer.Kind)) }),
			w.column("products", 24, products),
			w.column("state", 13, func(d app.Departure) string { return w.known("state", string(d.Case.State)) }),
		}},
		{w.say("part.dates"), []column{
			w.day("since", func(d app.Departure) when.Date { return d.Since }),
			w.day("asked", func(d app.Departure) when.Date { return d.Asked }),
			w.day("opened", func(d app.Departure) when.Date { return d.Opened }),
			w.day("effective", func(d app.Departure) when.Date { return d.Case.Effective }),
			w.day("closed", func(d app.Departure) when.Date { return d.Closed }),
			{w.say("col.months"), 10, months},
			w.column("terms", 13, func(d app.Departure) string { return w.known("terms", d.Terms) }),
		}},
		{w.say("part.why"), w.why()},
	}
	for _, name := range []string{"first_evaluation", "meeting", "second_evaluation", "decision", "third_evaluation"} {
		all = append(all, w.form(name))
	}
	return append(all, part{w.say("part.offer"), w.offer()}, part{w.say("part.money"), w.money()})
}

func products(d app.Departure) string {
	var list []string
	for _, s := range d.Lines {
		list = append(list, strings.Trim(s.Product+", "+s.Plan, ", "))
	}
	return strings.Join(list, "\n")
}

func months(d app.Departure) document.Cell {
	if d.Since.IsZero() {
		return document.Cell{}
	}
	return document.Cell{Number: strconv.Itoa(d.Since.MonthsUntil(d.Asked))}
}

// why tells the hypothesis, what the customer said, and what lay behind it.
func (w bookWriter) why() []column {
	given := func(code string, width float64, of func(reason.Why) *reason.Given, say func(reason.Given) string) column {
		return w.column(code, width, func(d app.Departure) string {
			if g := of(d.Why); g != nil {
				return say(*g)
			}
			return ""
		})
	}
	stated, root := func(y reason.Why) *reason.Given { return y.Stated }, func(y reason.Why) *reason.Given { return y.Root }
	label := func(g reason.Given) string { return w.reason(g.Code) }
	return []column{
		w.column("hypothesis", 22, func(d app.Departure) string { return w.answer("first_evaluation", "hypothesis", d) }),
		given("stated", 22, stated, label),
		given("stated_words", 34, stated, func(g reason.Given) string { return g.Text }),
		given("root", 22, root, label),
		w.column("attribution", 14, func(d app.Departure) string { return w.known("attribution", string(d.Why.Attribution())) }),
		given("controllable", 12, root, func(g reason.Given) string { return w.yesNo(g.Controllable) }),
		given("evidence", 34, root, func(g reason.Given) string { return g.Evidence }),
		given("decided_by", 16, root, func(g reason.Given) string {
			if name := w.book.Users[g.By]; name != "" {
				return name
			}
			return g.By
		}),
		w.column("quotes", 40, func(d app.Departure) string { return d.Answers["meeting"]["quotes"] }),
	}
}

func (w bookWriter) yesNo(yes bool) string {
	if yes {
		return w.say("yes")
	}
	return w.say("no")
}

// reason is the label of a reason.
func (w bookWriter) reason(code string) string {
	if r, ok := reason.Builtin().Find(code); ok {
		return r.Label[w.lang]
	}
	return code
}

// form has a column for every field of a form, with the answers in words.
func (w bookWriter) form(name string) part {
	f := form.Builtin()[name]
	p := part{name: f.Title[w.lang]}
	for _, x := range f.Fields {
		width := 16.0
		if x.Kind == form.Text || x.Kind == form.List {
			width = 34
		}
		p.columns = append(p.columns, column{x.Label[w.lang], width, func(d app.Departure) document.Cell { return w.cell(x, d.Answers[name][x.ID]) }})
	}
	return p
}

// cell is an answer as what it is: a day, a number, or words.
func (w bookWriter) cell(x form.Field, answer string) document.Cell {
	switch x.Kind {
	case form.Date:
		if d, err := when.ParseDate(answer); err == nil {
			return document.Cell{Day: d}
		}
	case form.Number, form.Scale:
		return document.Cell{Number: answer}
	case form.YesNo:
		if answer != "" {
			return words(w.yesNo(answer == "yes"))
		}
	default:
	}
	return words(x.Say(w.lang, answer))
}

func (w bookWriter) answer(name, field string, d app.Departure) string {
	x, _ := form.Builtin()[name].Field(field)
	return x.Say(w.lang, d.Answers[name][field])
}

func (w bookWriter) offer() []column {
	return []column{
		w.column("offer", 18, func(d app.Departure) string {
			if d.Offer == nil {
				return ""
			}
			return w.known("offer", string(d.Offer.Kind))
		}),
		w.column("offer_state", 14, func(d app.Departure) string {
			if d.Offer == nil {
				return ""
			}
			return w.known("offer_state", string(d.Offer.State))
		}),
	}
}

func (w bookWriter) money() (list []column) {
	for _, of := range []struct {
		code string
		sums func(app.Departure) []money.Amount
	}{{"monthly", func(d app.Departure) []money.Amount { return d.Monthly }}, {"owed", func(d app.Departure) []money.Amount { return d.Owed }}} {
		for _, c := range w.currencies {
			list = append(list, column{w.say("col."+of.code, "currency", c), 14, func(d app.Departure) document.Cell { return sumIn(of.sums(d), c) }})
		}
	}
	return list
}

// sumIn is the sum of the currency as a number; empty if there is none.
func sumIn(list []money.Amount, currency string) document.Cell {
	for _, m := range list {
		if m.Currency == currency {
			return number(m)
		}
	}
	return document.Cell{}
}

func number(m money.Amount) document.Cell {
	digits, err := money.Digits(m.Currency)
	if err != nil {
		return words(m.String())
	}
	return document.Cell{Number: m.Decimal(digits)}
}
