package ingest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// Row is one line of the file: a customer, or something that one has. Ids are
// empty; what the line does not have has an empty reference, address or account.
type Row struct {
	Number       int64 // line of data, counting from 1
	Existing     bool  // only Customer.Reference is set of the customer
	Customer     customer.Customer
	External     []customer.ExternalID
	Contact      customer.Contact
	Subscription customer.Subscription // or an engagement
	Deliverable  customer.Deliverable  // of the engagement
	Departure    Departure             // of the past; the rest of the line says who left
	Grant        customer.Grant
	Asset        customer.Asset
	Balance      customer.Balance
	Only         map[string]bool // fields that the line tells; nil: all
	Source       *Source         // the line as it stands in the file
}

// Departure is a departure of the past. What is not told is zero; the interval is
// that of the amount.
type Departure struct {
	On         when.Date // last day as a customer
	Reason     string    // code, or what the map makes one of
	Competitor string
	Words      string // what they said
	Contract   string // reference of what they left; empty: everything, or nobody knows
	Product    string
	Since      when.Date
	Said       string       // the reason as the file says it
	Amount     money.Amount // without a currency: not told
	Interval   customer.Interval
}

// Tells reports whether the line says anything about the field: what it does
// not tell stays as it was.
func (r Row) Tells(field string) bool { return r.Only == nil || r.Only[field] }

// Source is a line as it stands in the file, for telling what is wrong with it
// later. It is valid until the next line is read; Clone keeps it.
type Source struct {
	Header, Raw []string
	columns     map[string]string // by field
}

// Clone returns a source that stays as it is.
func (s *Source) Clone() *Source {
	c := *s
	c.Raw = slices.Clone(s.Raw)
	return &c
}

// Refuse is why a good line cannot be kept after all; the fault names a field.
func (r Row) Refuse(why *fault.Error) RowError {
	e := RowError{Row: r.Number, Column: why.Field, Fault: why}
	if r.Source != nil {
		e.Header, e.Raw = r.Source.Header, r.Source.Raw
		if column, ok := r.Source.columns[why.Field]; ok {
			e.Column = column
			if i := slices.Index(e.Header, column); i >= 0 && i < len(e.Raw) {
				e.Value = short(e.Raw[i])
			}
		}
	}
	return e
}

// RowError is why a row was refused: the first thing that is wrong with it.
type RowError struct {
	Row    int64
	Column string // of the file, or the field where no column stands behind it
	Value  string
	Fault  *fault.Error
	Header []string
	Raw    []string
}

// RejectColumns are what a reject file adds to the columns of the source.
var RejectColumns = []string{"error_row", "error_column", "error_value", "error_why"}

// Why says in words what is wrong.
func (e RowError) Why(lang string) string { return text.Error(lang, e.Fault) }

// Record is the row as it stands in a reject file: the original columns, then
// where and why. A value that a spreadsheet would take for a formula is
// defused in the added columns; the original ones stay as they were, so that
// they can be corrected and imported.
func (e RowError) Record(lang string) []string {
	raw := slices.Clone(e.Raw)
	if len(raw) > len(e.Header) {
		raw = raw[:len(e.Header)]
	}
	for len(raw) < len(e.Header) {
		raw = append(raw, "")
	}
	return append(raw, fmt.Sprint(e.Row), e.Column, defuse(e.Value), defuse(e.Why(lang)))
}

func defuse(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// short cuts what is told about a value.
func short(s string) string {
	const most = 200
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "�"), "�")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Summary counts rows: Rows = Good + Rejected.
type Summary struct{ Rows, Good, Rejected int }

// Read streams the file: each good row to good, each bad one to bad. A bad row
// never stops the others; a file that cannot be read as CSV, or lacks a column
// that the map needs, does. Lines without any value are no rows. An error of
// good or bad ends the reading.
func Read(r io.Reader, m *Map, good func(Row) error, bad func(RowError) error) (Summary, error) {
	var sum Summary
	in, err := m.open(r)
	if err != nil {
		return sum, err
	}
	source := &Source{Header: in.header, columns: m.columns}
	vars := map[string]any{"as_of": m.AsOf.String()}
	err = in.each(source, func(n int64, record []string, broken *fault.Error) error {
		sum.Rows++
		row, wrong := Row{}, broken
		if wrong == nil {
			row, wrong = m.row(in, record, vars)
		}
		row.Number, row.Source = n, source
		if wrong != nil {
			sum.Rejected++
			return bad(row.Refuse(wrong))
		}
		sum.Good++
		return good(row)
	})
	return sum, err
}

// each calls do for every line that is not blank, with its number and the
// record or why it is none. The source is that line while do runs.
func (t *table) each(source *Source, do func(n int64, record []string, broken *fault.Error) error) error {
	for n := int64(1); ; {
		record, broken, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var wrong *fault.Error
		switch {
		case broken != nil:
			wrong = brokenLine(broken)
		case blank(record):
			continue
		}
		source.Raw = record
		if err := do(n, record, wrong); err != nil {
			return err
		}
		n++
	}
}

// blank reports whether nothing stands in the line, as spreadsheets write at
// the end.
func blank(record []string) bool {
	return !slices.ContainsFunc(record, func(s string) bool { return strings.TrimSpace(s) != "" })
}

func brokenLine(p *csv.ParseError) *fault.Error {
	code := map[error]string{csv.ErrFieldCount: "csv.field_count", csv.ErrQuote: "csv.quote", csv.ErrBareQuote: "csv.bare_quote"}[p.Err]
	return fault.New(fault.Invalid, code, "line", p.Line, "col", p.Column)
}
