package ingest

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// ReadingForm says how a file of readings is written.
type ReadingForm struct {
	Dates   string   // one of when.DateForms; empty: 2026-03-31
	Decimal string   // language that writes numbers like the file; empty: Spanish where semicolons part columns, else English
	Metrics []string // that are known
	Today   when.Date
}

// ReadingRow is one line of a file of readings.
type ReadingRow struct {
	Number   int64
	Customer string // reference
	Day      when.Date
	Metric   string
	Value    int64 // thousandths
	One      bool  // the line is one event: its value is to be added to others of the day
	Source   *Source
}

// Refuse is why a good line cannot be kept after all; the fault names a field.
func (r ReadingRow) Refuse(why *fault.Error) RowError {
	return Row{Number: r.Number, Source: r.Source}.Refuse(why)
}

// The fields of a reading, as faults name them.
const (
	readingCustomer = "customer"
	readingDay      = "date"
	readingMetric   = "metric"
	readingValue    = "value"
)

// readingColumns are where the three columns stand.
type readingColumns struct {
	customer, day, third int
	metric               string // of all lines; empty: the third column names it, and every line is one
}

// ReadReadings streams a file of three columns, in any order: the customer's
// reference, the date, and a third. Where the third is called metric, its cells
// name a metric and every line is one event; else its name is the metric and
// its cells are values. Good lines go to good and bad ones to bad, as in Read.
func ReadReadings(r io.Reader, f ReadingForm, good func(ReadingRow) error, bad func(RowError) error) error {
	t, err := (&Map{Encoding: "auto"}).open(r)
	if err != nil {
		return err
	}
	if f.Dates == "" {
		f.Dates = "yyyy-mm-dd"
	}
	if f.Decimal == "" {
		if f.Decimal = "en"; t.Comma == ';' {
			f.Decimal = "es"
		}
	}
	at, e := f.columns(t.header)
	if e != nil {
		return e
	}
	source := &Source{Header: t.header, columns: map[string]string{
		readingCustomer: t.header[at.customer], readingDay: t.header[at.day], readingMetric: t.header[at.third], readingValue: t.header[at.third],
	}}
	return t.each(source, func(n int64, record []string, wrong *fault.Error) error {
		row := ReadingRow{Number: n, Source: source}
		if wrong == nil {
			wrong = f.fill(&row, at, record)
		}
		if wrong != nil {
			return bad(row.Refuse(wrong))
		}
		return good(row)
	})
}

// called reports whether a header is one of the names that a column has in any
// language.
func called(header, code string) bool {
	return slices.ContainsFunc(text.Langs(), func(lang string) bool {
		return slices.ContainsFunc(strings.Split(text.Say(lang, code), ","), func(name string) bool {
			return customer.Fold(strings.TrimSpace(name)) == customer.Fold(header)
		})
	})
}

func (f ReadingForm) columns(header []string) (at readingColumns, wrong *fault.Error) {
	at = readingColumns{customer: -1, day: -1, third: -1}
	for i, h := range header {
		switch {
		case at.customer < 0 && called(h, "readings.column.customer"):
			at.customer = i
		case at.day < 0 && called(h, "readings.column.date"):
			at.day = i
		case at.third < 0:
			at.third = i
		}
	}
	if len(header) != 3 || at.customer < 0 || at.day < 0 || at.third < 0 {
		return at, fault.New(fault.Invalid, "readings.columns", "has", strings.Join(header, ", "))
	}
	third := header[at.third]
	if called(third, "readings.column.metric") {
		return at, nil
	}
	if at.metric = f.metric(third); at.metric == "" {
		return at, fault.New(fault.Invalid, "readings.third", "value", short(third), "known", strings.Join(f.Metrics, ", ")).On(third)
	}
	return at, nil
}

// metric returns the known metric that is called so, in any language.
func (f ReadingForm) metric(name string) string {
	for _, m := range f.Metrics {
		if customer.Fold(name) == customer.Fold(m) || text.Known("en", "readings.metric."+m) && called(name, "readings.metric."+m) {
			return m
		}
	}
	return ""
}

func (f ReadingForm) fill(row *ReadingRow, at readingColumns, record []string) *fault.Error {
	var wrong *fault.Error
	if row.Customer, wrong = customer.CheckText(readingCustomer, record[at.customer], 200, false); wrong != nil {
		return wrong
	}
	if row.Customer == "" {
		return fault.New(fault.Invalid, "field.required").On(readingCustomer)
	}
	day := strings.TrimSpace(record[at.day])
	d, err := when.ParseDateAs(day, f.Dates)
	switch {
	case day == "":
		return fault.New(fault.Invalid, "field.required").On(readingDay)
	case err != nil:
		return fault.New(fault.Invalid, "csv.date", "value", short(day), "form", f.Dates).On(readingDay)
	case !f.Today.IsZero() && f.Today.Before(d):
		return fault.New(fault.Invalid, "readings.future").On(readingDay)
	}
	row.Day = d
	cell := strings.TrimSpace(record[at.third])
	switch {
	case cell == "" && at.metric == "":
		return fault.New(fault.Invalid, "field.required").On(readingMetric)
	case cell == "":
		return fault.New(fault.Invalid, "field.required").On(readingValue)
	case at.metric == "":
		if row.Metric = f.metric(cell); row.Metric == "" {
			return fault.New(fault.Invalid, "csv.choice", "value", short(cell), "known", strings.Join(f.Metrics, ", ")).On(readingMetric)
		}
		row.Value, row.One = thousand, true
		return nil
	}
	row.Metric = at.metric
	if row.Value, err = Thousandths(text.Decimal(f.Decimal, cell, 3)); err != nil {
		return fault.New(fault.Invalid, "readings.value", "value", short(cell)).On(readingValue)
	}
	return nil
}

const (
	thousand = 1000
	// mostWhole is how many digits the whole part of a value may have.
	mostWhole = 12
)

// Thousandths reads a number that is not negative and has three decimals at
// most, with a point before them.
func Thousandths(s string) (int64, error) {
	whole, part, dot := strings.Cut(s, ".")
	if len(whole) > mostWhole || len(part) > 3 || dot && part == "" {
		return 0, strconv.ErrRange
	}
	n, err := strconv.ParseUint(whole+(part + "000")[:3], 10, 63)
	if whole == "" {
		err = strconv.ErrSyntax
	}
	return int64(n), err
}
