package main

import (
	"cmp"
	"slices"
	"strconv"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
	"hastaluego/internal/money"
)

// pivotCell is how many departures, and what they were worth a month.
type pivotCell struct {
	n    int
	sums map[string]money.Amount
}

// pivot sums departures up by reason and segment.
type pivot struct {
	reasons, segments []string
	cells             map[[2]string]*pivotCell // reason, segment
}

// all is the name of every reason, or every segment, together.
const all = "\x00"

// counted is the reason by which a departure is counted: what lay behind it, else
// what the customer said.
func (w bookWriter) counted(d app.Departure) string {
	switch {
	case d.Why.Root != nil:
		return w.reason(d.Why.Root.Code)
	case d.Why.Stated != nil:
		return w.reason(d.Why.Stated.Code)
	default:
		return w.say("unknown")
	}
}

func (w bookWriter) pivot() (pivot, error) {
	p := pivot{cells: map[[2]string]*pivotCell{}}
	for _, d := range w.book.Departures {
		why, segment := w.counted(d), cmp.Or(d.Customer.Segment, w.say("no_segment"))
		p.reasons, p.segments = append(p.reasons, why), append(p.segments, segment)
		for _, at := range [][2]string{{why, segment}, {why, all}, {all, segment}, {all, all}} {
			if err := p.add(at, d); err != nil {
				return p, err
			}
		}
	}
	slices.Sort(p.segments)
	p.segments = append(slices.Compact(p.segments), all)
	slices.Sort(p.reasons)
	p.reasons = slices.Compact(p.reasons)
	slices.SortStableFunc(p.reasons, func(a, b string) int {
		return p.cells[[2]string{b, all}].n - p.cells[[2]string{a, all}].n // the most frequent first
	})
	return p, nil
}

func (p pivot) add(at [2]string, d app.Departure) (err error) {
	c := p.cells[at]
	if c == nil {
		c = &pivotCell{sums: map[string]money.Amount{}}
		p.cells[at] = c
	}
	c.n++
	for _, m := range d.Monthly {
		sum := money.Amount{Currency: m.Currency}
		if had, ok := c.sums[m.Currency]; ok {
			sum = had
		}
		if c.sums[m.Currency], err = sum.Add(m); err != nil {
			return err
		}
	}
	return nil
}

// pivots are the tables of the second sheet: how many left, then what they were
// worth a month in each currency.
func (w bookWriter) pivots() ([]document.Grid, error) {
	p, err := w.pivot()
	if err != nil {
		return nil, err
	}
	out := []document.Grid{w.grid(p, w.say("pivot.count"), func(c *pivotCell) document.Cell { return document.Cell{Number: strconv.Itoa(c.n)} })}
	for _, currency := range w.currencies {
		out = append(out, w.grid(p, w.say("pivot.money", "currency", currency), func(c *pivotCell) document.Cell {
			if m, ok := c.sums[currency]; ok {
				return number(m)
			}
			return document.Cell{}
		}))
	}
	return out, nil
}

func (w bookWriter) grid(p pivot, title string, say func(*pivotCell) document.Cell) document.Grid {
	g := document.Grid{Title: title, Columns: []document.Column{{Title: w.say("col.reason"), Width: 30}}}
	for _, s := range p.segments {
		name := s
		if s == all {
			name = w.say("total")
		}
		g.Columns = append(g.Columns, document.Column{Title: name, Width: 16})
	}
	row := func(why, name string) []document.Cell {
		cells := []document.Cell{words(name)}
		for _, s := range p.segments {
			if c := p.cells[[2]string{why, s}]; c != nil {
				cells = append(cells, say(c))
				continue
			}
			cells = append(cells, document.Cell{})
		}
		return cells
	}
	for _, r := range p.reasons {
		g.Rows = append(g.Rows, row(r, r))
	}
	g.Total = row(all, w.say("total"))
	return g
}
