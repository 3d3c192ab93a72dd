package pushed

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"hastaluego/internal/bundle"
	"hastaluego/internal/fault"
)

// Read reads the rows of a part of a table, and hands each on as its cells, in the
// order of the columns, nil where there is no value. The first that is not of the
// columns ends it: Invalid (push.unreadable, push.type, push.no_column,
// push.lacks_column, push.twice) at rows.N or rows.N.COLUMN, from 1.
func (p Push) Read(r io.Reader, row func([]*string) error) error {
	t := reading{p: p, row: row}
	fields := make([]bundle.Field, len(p.Columns))
	for i, c := range p.Columns {
		fields[i] = bundle.Field{Name: c.Name, Type: c.Type}
	}
	for i := range fields { // one by one, so that it is known which column refuses
		one, err := bundle.NewLines(io.Discard, fields[i:i+1])
		if err != nil {
			return fault.Wrap("pushed.Read", err)
		}
		t.judges = append(t.judges, one)
	}
	if p.Format == CSV {
		return t.csv(r)
	}
	return t.lines(r)
}

// reading is a part while it is read.
type reading struct {
	p      Push
	row    func([]*string) error
	judges []*bundle.Table // by column
	n      int             // of the row
}

// wrong says in which row, and in which column where that has a name that can be told.
func (t *reading) wrong(column, code string, args ...any) error {
	if !pointable(column) {
		column = ""
	}
	at := "rows." + strconv.Itoa(t.n)
	if args = append(args, "row", t.n, "column", column); column != "" {
		at += "." + column
	}
	return fault.New(fault.Invalid, code, args...).On(at)
}

// hand judges a row by the types of its columns, and hands it on.
func (t *reading) hand(cells []*string) error {
	for i, c := range cells {
		if c == nil {
			continue
		}
		if err := t.judges[i].Row(bundle.Cell{Text: *c}); err != nil || strings.ContainsRune(*c, 0) {
			return t.wrong(t.p.Columns[i].Name, "push.type", "type", string(t.p.Columns[i].Type))
		}
	}
	return t.row(cells)
}

// csv reads a table whose first line names the columns, in any order.
func (t *reading) csv(r io.Reader) error {
	in := csv.NewReader(skipMark(r))
	in.ReuseRecord = true
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return t.wrong("", "push.unreadable", "format", string(CSV))
	}
	at := make([]int, len(t.p.Columns)) // of each column, where it stands
	for i := range at {
		at[i] = -1
	}
	for k, name := range head {
		i := t.column(name)
		switch {
		case i < 0:
			return t.wrong(name, "push.no_column")
		case at[i] >= 0:
			return t.wrong(name, "push.twice")
		}
		at[i] = k
	}
	for i, k := range at {
		if k < 0 {
			return t.wrong(t.p.Columns[i].Name, "push.lacks_column")
		}
	}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if t.n++; err != nil {
			return t.wrong("", "push.unreadable", "format", string(CSV))
		}
		cells := make([]*string, len(at))
		for i, k := range at {
			if record[k] != "" {
				s := strings.Clone(record[k])
				cells[i] = &s
			}
		}
		if err := t.hand(cells); err != nil {
			return err
		}
	}
}

// skipMark reads on behind the mark that some programs set before UTF-8.
func skipMark(r io.Reader) io.Reader {
	in := bufio.NewReader(r)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3) // peeked: it is there
	}
	return in
}

func (t *reading) column(name string) int {
	for i, c := range t.p.Columns {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// lines reads a table of which every line is an object. Lines without anything are
// none.
func (t *reading) lines(r io.Reader) error {
	in := bufio.NewScanner(skipMark(r))
	in.Buffer(make([]byte, 0, 64<<10), lineMost)
	for in.Scan() {
		line := bytes.TrimSpace(in.Bytes())
		if len(line) == 0 {
			continue
		}
		t.n++
		cells, err := t.object(line)
		if err != nil {
			return err
		}
		if err := t.hand(cells); err != nil {
			return err
		}
	}
	if in.Err() != nil {
		t.n++
		return t.wrong("", "push.unreadable", "format", string(NDJSON))
	}
	return nil
}

// object reads one.
func (t *reading) object(line []byte) ([]*string, error) {
	bad := func() error { return t.wrong("", "push.unreadable", "format", string(NDJSON)) }
	if !utf8.Valid(line) {
		return nil, bad()
	}
	in := json.NewDecoder(bytes.NewReader(line))
	if open, err := in.Token(); err != nil || open != json.Delim('{') {
		return nil, bad()
	}
	cells, seen := make([]*string, len(t.p.Columns)), make([]bool, len(t.p.Columns))
	for in.More() {
		token, err := in.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, bad()
		}
		i := t.column(name)
		switch {
		case i < 0:
			return nil, t.wrong(name, "push.no_column")
		case seen[i]:
			return nil, t.wrong(name, "push.twice")
		}
		seen[i] = true
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			return nil, bad()
		}
		if cells[i], err = cell(t.p.Columns[i].Type, raw); err != nil {
			return nil, t.wrong(name, "push.type", "type", string(t.p.Columns[i].Type))
		}
	}
	if _, err := in.Token(); err != nil {
		return nil, bad()
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) { // something stands behind it
		return nil, bad()
	}
	return cells, nil
}

var errCell = errors.New("pushed: of another type")

// cell is the text of a value of JSON in a column of the type, nil for null.
func cell(typ bundle.FieldType, raw json.RawMessage) (*string, error) {
	text := string(raw)
	if text == "null" {
		return nil, nil
	}
	quoted := strings.HasPrefix(text, `"`)
	switch typ {
	case bundle.Any:
		var tight bytes.Buffer
		if err := json.Compact(&tight, raw); err != nil {
			return nil, errCell
		}
		text = tight.String()
	case bundle.Integer, bundle.Number, bundle.Boolean:
		if quoted {
			return nil, errCell
		}
	default:
		if !quoted || json.Unmarshal(raw, &text) != nil {
			return nil, errCell
		}
	}
	return &text, nil
}
