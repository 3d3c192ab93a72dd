package ingest

import (
	"io"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// AnnouncementRow is one line of a file of what is coming for contracts.
type AnnouncementRow struct {
	Line     int64  // in the file, from 1; the heading is the first
	Contract string // its number, as the company knows it
	Kind     string // one of AnnouncedKinds
	Day      when.Date
	Price    money.Amount // from then on; zero where none was said
	Source   *Source
}

// Refuse is why a good line cannot be kept after all; the fault names a field.
func (r AnnouncementRow) Refuse(why *fault.Error) RowError {
	return Row{Number: r.Line, Source: r.Source}.Refuse(why)
}

// AnnouncementFields are the columns of such a file, in any order and by their
// names in any language; the last two may be missing where no price changes.
var AnnouncementFields = []string{"contract", "kind", "day", "price", "currency"}

// announcementMust is how many of them have to be there.
const announcementMust = 3

// AnnouncedKinds are what may be announced; renewals are known from the contracts.
var AnnouncedKinds = []string{"trial_end", "price_change"}

// ReadAnnouncements streams the file: good lines to good and bad ones to bad, as
// in Read. Days are written 2027-01-31; a file whose columns are parted by
// semicolons, as spreadsheets of Europe write it, may have 31/01/2027 too, and a
// comma before the decimals.
func ReadAnnouncements(r io.Reader, good func(AnnouncementRow) error, bad func(RowError) error) error {
	t, err := (&Map{Encoding: "auto"}).open(r)
	if err != nil {
		return err
	}
	at, e := announcementColumns(t.header)
	if e != nil {
		return e
	}
	source := &Source{Header: t.header, columns: map[string]string{}}
	for field, i := range at {
		source.columns[field] = t.header[i]
	}
	european := t.Comma == ';'
	return t.each(source, func(_ int64, record []string, wrong *fault.Error) error {
		row := AnnouncementRow{Line: int64(t.line), Source: source}
		if len(record) > 0 {
			first, _ := t.FieldPos(0)
			row.Line = int64(first)
		}
		if wrong == nil {
			wrong = row.fill(at, record, european)
		}
		if wrong != nil {
			return bad(row.Refuse(wrong))
		}
		return good(row)
	})
}

// announcementColumns are where the fields stand.
func announcementColumns(header []string) (map[string]int, *fault.Error) {
	at := map[string]int{}
	wrong := func(name string) *fault.Error {
		return fault.New(fault.Invalid, "announced.column", "name", short(name), "known", strings.Join(AnnouncementFields, ", "))
	}
	for i, h := range header {
		k := slices.IndexFunc(AnnouncementFields, func(field string) bool { return called(h, "announced.column."+field) })
		if k < 0 {
			return nil, wrong(h)
		}
		if _, twice := at[AnnouncementFields[k]]; twice {
			return nil, wrong(h)
		}
		at[AnnouncementFields[k]] = i
	}
	for _, field := range AnnouncementFields[:announcementMust] {
		if _, there := at[field]; !there {
			return nil, wrong(field)
		}
	}
	return at, nil
}

func (r *AnnouncementRow) fill(at map[string]int, record []string, european bool) (wrong *fault.Error) {
	of := func(field string) string {
		if i, there := at[field]; there && i < len(record) {
			return strings.TrimSpace(record[i])
		}
		return ""
	}
	if r.Contract, wrong = customer.CheckText("contract", of("contract"), 200, false); wrong != nil {
		return wrong
	}
	for _, field := range AnnouncementFields[:announcementMust] {
		if of(field) == "" {
			return fault.New(fault.Invalid, "field.required").On(field)
		}
	}
	i := slices.IndexFunc(AnnouncedKinds, func(k string) bool {
		return customer.Fold(of("kind")) == k || called(of("kind"), "announced.kind."+k)
	})
	if i < 0 {
		return fault.New(fault.Invalid, "csv.choice", "value", short(of("kind")), "known", strings.Join(AnnouncedKinds, ", ")).On("kind")
	}
	r.Kind = AnnouncedKinds[i]
	var err error
	if r.Day, err = when.ParseDate(of("day")); err != nil && european {
		r.Day, err = when.ParseDateAs(of("day"), "dd/mm/yyyy")
	}
	if err != nil {
		return fault.New(fault.Invalid, "announced.date").On("day")
	}
	price, code := of("price"), strings.ToUpper(of("currency"))
	if price == "" {
		return nil
	}
	digits, err := money.Digits(code)
	if err != nil {
		return fault.New(fault.Invalid, "announced.price").On("currency")
	}
	writes := "en"
	if european {
		writes = "es"
	}
	if r.Price, err = money.Parse(text.Decimal(writes, price, digits), code); err != nil || r.Price.Minor <= 0 {
		return fault.New(fault.Invalid, "announced.price").On("price")
	}
	return nil
}
