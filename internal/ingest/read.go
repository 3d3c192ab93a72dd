package ingest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

var variable = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Row is one line of the file: a customer, or something that one has. Ids are
// empty; what the line does not have has an empty reference or account.
type Row struct {
	Number       int64 // line of data, counting from 1
	Existing     bool  // only Customer.Reference is set of the customer
	Customer     customer.Customer
	Contact      customer.Contact
	Subscription customer.Subscription
	Grant        customer.Grant
	Asset        customer.Asset
	Balance      customer.Balance
	Source       *Source // the line as it stands in the file
}

// Source is a line as it stands in the file, for telling what is wrong with it
// later. It is valid until the next line is read; Clone keeps it.
type Source struct{ Header, Raw []string }

// Clone returns a source that stays as it is.
func (s *Source) Clone() *Source { return &Source{s.Header, slices.Clone(s.Raw)} }

// Refuse is why a good line cannot be kept after all.
func (r Row) Refuse(column, value string, why *fault.Error) RowError {
	return RowError{Row: r.Number, Column: column, Value: value, Fault: why, Header: r.Source.Header, Raw: r.Source.Raw}
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

// Summary counts rows: Rows = Good + Rejected.
type Summary struct{ Rows, Good, Rejected int }

// Read streams the file: each good row to good, each bad one to bad. A bad row
// never stops the others; a file that cannot be read as CSV, or lacks a column
// that the map needs, does. An error of good or bad ends the reading.
func Read(r io.Reader, m *Map, good func(Row) error, bad func(RowError) error) (Summary, error) {
	var sum Summary
	in, err := m.open(r)
	if err != nil {
		return sum, err
	}
	header, err := in.Read()
	if err != nil {
		return sum, fault.New(fault.Invalid, "csv.no_header").At("ingest.Read", err)
	}
	header = slices.Clone(header)
	index := map[string]int{}
	for i, h := range header {
		index[strings.TrimSpace(h)] = i
	}
	var missing fault.List
	for _, c := range m.Columns {
		if _, ok := index[c]; !ok {
			missing = append(missing, fault.New(fault.Invalid, "csv.missing_column", "column", c, "has", strings.Join(header, ", ")).On(c))
		}
	}
	if err := missing.Or(); err != nil {
		return sum, err
	}
	vars := map[string]any{"as_of": m.AsOf.String()}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return sum, nil
		}
		var p *csv.ParseError
		if err != nil && !errors.As(err, &p) {
			return sum, fault.Wrap("ingest.Read", err)
		}
		sum.Rows++
		row, e := Row{}, (*RowError)(nil)
		if p != nil {
			e = &RowError{Fault: fault.New(fault.Invalid, "csv.row", "line", p.Line, "what", p.Err.Error())}
		} else {
			row, e = m.row(record, index, vars)
		}
		if e != nil {
			sum.Rejected++
			e.Row, e.Header, e.Raw = int64(sum.Rows), header, record
			if err := bad(*e); err != nil {
				return sum, err
			}
			continue
		}
		sum.Good++
		row.Number, row.Source = int64(sum.Rows), &Source{header, record}
		if err := good(row); err != nil {
			return sum, err
		}
	}
}

// open finds out the encoding and the delimiter.
func (m *Map) open(r io.Reader) (*csv.Reader, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	head, err := br.Peek(1 << 16)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fault.Wrap("ingest.open", err)
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		if _, err := br.Discard(3); err != nil {
			return nil, fault.Wrap("ingest.open", err)
		}
		head = head[3:]
	}
	var src io.Reader = br
	if m.Encoding == "latin1" || m.Encoding == "auto" && !validHead(head) {
		src = charmap.ISO8859_1.NewDecoder().Reader(br)
	}
	c := csv.NewReader(src)
	c.ReuseRecord = true
	if c.Comma = m.Delimiter; c.Comma == 0 {
		line, _, _ := bytes.Cut(head, []byte("\n"))
		c.Comma = ','
		if bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
			c.Comma = ';'
		}
	}
	return c, nil
}

// validHead reports whether the first bytes are UTF-8, but for a character cut
// at their end.
func validHead(b []byte) bool {
	for i := 0; i < utf8.UTFMax && len(b) > 0 && !utf8.Valid(b); i++ {
		b = b[:len(b)-1]
	}
	return utf8.Valid(b)
}

// row makes a customer of one record.
func (m *Map) row(record []string, index map[string]int, vars map[string]any) (Row, *RowError) {
	for name, i := range index {
		if _, err := customer.CheckText(name, record[i], 10_000, true); err != nil {
			return Row{}, &RowError{Column: name, Value: strings.ToValidUTF8(record[i], "�"), Fault: err}
		}
	}
	for v, column := range m.variables {
		vars[v] = record[index[column]]
	}
	b := builder{row: Row{
		Customer:     customer.Customer{Kind: customer.Person, Consumer: true},
		Contact:      customer.Contact{Role: customer.Owner},
		Subscription: customer.Subscription{Interval: customer.Monthly, Status: customer.Active},
		Grant:        customer.Grant{Kind: "login", Status: customer.Granted},
		Balance:      customer.Balance{Kind: customer.Invoice, Status: customer.Due},
		Existing:     m.Existing,
	}}
	for _, s := range m.sources {
		value, column := s.constant, s.field
		switch {
		case s.column != "":
			value, column = record[index[s.column]], s.column
		case s.expr != nil:
			var err error
			if value, err = s.expr.Eval(vars); err != nil {
				return Row{}, &RowError{Column: s.field, Fault: fault.New(fault.Invalid, "csv.expression", "what", err.Error()).On(s.field)}
			}
		}
		if err := b.set(s.field, value); err != nil {
			return Row{}, &RowError{Column: column, Value: value, Fault: err.On(column)}
		}
	}
	if err := b.finish(); err != nil {
		return Row{}, &RowError{Column: err.Field, Fault: err}
	}
	return b.row, nil
}

// builder fills a row field by field.
type builder struct {
	row    Row
	amount string // of the subscription, until its currency is known
	sum    string // of the balance
}

func choice[T ~string](value string, known ...T) (T, *fault.Error) {
	for _, k := range known {
		if string(k) == value {
			return k, nil
		}
	}
	return "", fault.New(fault.Invalid, "field.choice")
}

// shortText checks and stores a text of at most 200 characters.
func shortText(into *string, value string) *fault.Error {
	s, err := customer.CheckText("", value, 200, false)
	*into = s
	return err
}

func (b *builder) set(field, value string) (err *fault.Error) {
	r := &b.row
	value = strings.TrimSpace(value)
	switch field {
	case "customer.reference":
		err = shortText(&r.Customer.Reference, value)
	case "customer.name":
		err = shortText(&r.Customer.Name, value)
	case "customer.kind":
		r.Customer.Kind, err = choice(value, customer.Person, customer.Organisation)
	case "customer.consumer":
		if value != "true" && value != "false" {
			return fault.New(fault.Invalid, "field.choice")
		}
		r.Customer.Consumer = value == "true"
	case "customer.country":
		err = shortText(&r.Customer.Country, value)
	case "customer.region":
		err = shortText(&r.Customer.Region, value)
	case "customer.language":
		err = shortText(&r.Customer.Language, value)
	case "customer.segment":
		err = shortText(&r.Customer.Segment, value)
	case "contact.name":
		err = shortText(&r.Contact.Name, value)
	case "contact.email":
		r.Contact.Email, err = customer.CheckEmail("", value)
	case "contact.role":
		r.Contact.Role, err = choice(value, customer.Owner, customer.Billing, customer.Admin, customer.User)
	case "contact.language":
		err = shortText(&r.Contact.Language, value)
	case "subscription.reference":
		err = shortText(&r.Subscription.Reference, value)
	case "subscription.product":
		err = shortText(&r.Subscription.Product, value)
	case "subscription.plan":
		err = shortText(&r.Subscription.Plan, value)
	case "subscription.amount":
		b.amount = value
	case "subscription.currency":
		r.Subscription.Amount, err = amountOf(b.amount, value)
	case "subscription.interval":
		r.Subscription.Interval, err = choice(value, customer.Monthly, customer.Yearly)
	case "subscription.start":
		r.Subscription.Start, err = dateOf(value)
	case "subscription.paid_until":
		r.Subscription.PaidUntil, err = dateOf(value)
	case "subscription.term_end":
		r.Subscription.TermEnd, err = dateOf(value)
	case "subscription.renews_on":
		r.Subscription.RenewsOn, err = dateOf(value)
	case "subscription.lock_in_until":
		r.Subscription.LockIn, err = dateOf(value)
	case "subscription.notice_days":
		r.Subscription.Notice, err = wholeNumber(value)
	case "grant.system":
		err = shortText(&r.Grant.System, value)
	case "grant.account":
		err = shortText(&r.Grant.Account, value)
	case "grant.kind":
		r.Grant.Kind, err = choice(value, customer.GrantKinds...)
	case "grant.depends_on":
		for name := range strings.SplitSeq(value, ",") {
			var clean string
			if err = shortText(&clean, name); err == nil && clean != "" {
				r.Grant.DependsOn = append(r.Grant.DependsOn, clean)
			}
		}
	case "grant.status":
		r.Grant.Status, err = choice(value, customer.Granted, customer.Revoked)
	case "asset.reference":
		err = shortText(&r.Asset.Reference, value)
	case "asset.kind":
		err = shortText(&r.Asset.Kind, value)
	case "asset.name":
		err = shortText(&r.Asset.Name, value)
	case "asset.location":
		err = shortText(&r.Asset.Location, value)
	case "balance.reference":
		err = shortText(&r.Balance.Reference, value)
	case "balance.kind":
		r.Balance.Kind, err = choice(value, customer.Invoice, customer.Fee, customer.Credit, customer.Deposit, customer.Refund)
	case "balance.about":
		err = shortText(&r.Balance.About, value)
	case "balance.amount":
		b.sum = value
	case "balance.currency":
		r.Balance.Amount, err = amountOf(b.sum, value)
	case "balance.due_on":
		r.Balance.DueOn, err = dateOf(value)
	case "balance.status":
		r.Balance.Status, err = choice(value, customer.Due, customer.Paid, customer.Void)
	case "subscription.status":
		r.Subscription.Status, err = choice(value, customer.Active, customer.Cancelling, customer.Ended)
	}
	return err
}

func amountOf(decimal, currency string) (money.Amount, *fault.Error) {
	a, err := money.Parse(decimal, currency)
	if err != nil {
		return a, fault.New(fault.Invalid, "csv.amount", "value", decimal, "currency", currency).At("ingest", err)
	}
	return a, nil
}

func dateOf(value string) (when.Date, *fault.Error) {
	if value == "" {
		return when.Date{}, nil
	}
	d, err := when.ParseDate(value)
	if err != nil {
		return d, fault.New(fault.Invalid, "csv.date", "value", value)
	}
	return d, nil
}

// wholeNumber reads digits; nothing is zero.
func wholeNumber(value string) (int, *fault.Error) {
	if value == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0, fault.New(fault.Invalid, "field.invalid")
	}
	return n, nil
}

// finish checks what only the whole row can show, and clears what the row does
// not have.
func (b *builder) finish() *fault.Error {
	r := &b.row
	if r.Existing {
		if r.Customer.Reference == "" {
			return fault.New(fault.Invalid, "field.required").On("reference")
		}
	} else if l := r.Customer.Check(); len(l) > 0 {
		return l[0]
	}
	if r.Grant.System == "" && r.Grant.Account == "" {
		r.Grant = customer.Grant{}
	} else if l := r.Grant.Check(); len(l) > 0 {
		return l[0]
	}
	if r.Asset.Reference == "" && r.Asset.Name == "" {
		r.Asset = customer.Asset{}
	} else if l := r.Asset.Check(); len(l) > 0 {
		return l[0]
	}
	if r.Balance.Reference == "" && b.sum == "" {
		r.Balance = customer.Balance{}
	} else if l := r.Balance.Check(); len(l) > 0 {
		return l[0]
	}
	if b.row.Subscription.Reference == "" && b.row.Subscription.Product == "" {
		b.row.Subscription = customer.Subscription{}
		return nil
	}
	if l := b.row.Subscription.Check(); len(l) > 0 {
		return l[0]
	}
	return nil
}
