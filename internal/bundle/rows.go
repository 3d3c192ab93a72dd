package bundle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Rows reads a table as Table wrote it.
type Rows struct {
	in     *bufio.Reader
	fields []Field
	next   func(*Rows) ([]Cell, error)
	row    int64
	cell   []byte
}

// ErrTable says that a table is not as Table writes it.
var ErrTable = errors.New("bundle: not a table of ours")

// ReadTable begins to read a table of that format and those columns.
func ReadTable(r io.Reader, format string, fields []Field) (*Rows, error) {
	t := &Rows{in: bufio.NewReaderSize(r, 64<<10), fields: fields}
	switch format {
	case NDJSON:
		t.next = (*Rows).line
		return t, nil
	case CSV:
		t.next = (*Rows).csv
	default:
		return nil, fmt.Errorf("bundle: tables are %s or %s, not %q", CSV, NDJSON, format)
	}
	header, err := t.record()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("%w: its header: %w", ErrTable, err)
	}
	if !slices.EqualFunc(header, fields, func(h string, f Field) bool { return h == f.Name }) {
		return nil, fmt.Errorf("%w: its header has other columns", ErrTable)
	}
	return t, nil
}

// Next returns the next row, or io.EOF after the last.
func (t *Rows) Next() ([]Cell, error) {
	cells, err := t.next(t)
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if t.row++; err != nil {
		return nil, fmt.Errorf("%w: row %d: %w", ErrTable, t.row, err)
	}
	return cells, nil
}

func (t *Rows) csv() ([]Cell, error) {
	texts, err := t.record()
	if err != nil {
		return nil, err
	}
	if len(texts) != len(t.fields) {
		return nil, fmt.Errorf("%d cells for %d columns", len(texts), len(t.fields))
	}
	cells := make([]Cell, len(texts))
	for i, s := range texts {
		if cells[i].Null = s == ""; t.fields[i].text() {
			s = Unguard(s)
		}
		cells[i].Text = s
	}
	return cells, nil
}

// record reads one of RFC 4180. That of the standard library makes one end of
// line of another within a cell, which is not what was written.
func (t *Rows) record() ([]string, error) {
	var list []string
	for {
		end, err := t.field()
		if err != nil {
			if len(list) > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if list = append(list, string(t.cell)); end {
			return list, nil
		}
	}
}

// field reads a cell and what ends it, and says whether it is the last of a row.
func (t *Rows) field() (last bool, err error) {
	t.cell = t.cell[:0]
	b, err := t.in.ReadByte()
	if err != nil {
		return false, err
	}
	if b == '"' {
		for {
			part, err := t.in.ReadSlice('"')
			t.cell = append(t.cell, part...)
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if err != nil {
				return false, noEOF(err)
			}
			t.cell = t.cell[:len(t.cell)-1]
			if b, err = t.in.ReadByte(); err != nil {
				return false, noEOF(err)
			}
			if b != '"' {
				break
			}
			t.cell = append(t.cell, '"')
		}
	} else {
		for b != ',' && b != '\r' {
			if b == '"' || b == '\n' {
				return false, errors.New("a quote or an end of line where none may be")
			}
			t.cell = append(t.cell, b)
			if b, err = t.in.ReadByte(); err != nil {
				return false, noEOF(err)
			}
		}
	}
	if b == ',' {
		return false, nil
	}
	if b == '\r' {
		if b, err = t.in.ReadByte(); err == nil && b == '\n' {
			return true, nil
		}
	}
	return false, errors.New("a cell goes on behind its end")
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (t *Rows) line() ([]Cell, error) {
	raw, err := t.in.ReadBytes('\n')
	if len(raw) == 0 {
		return nil, err
	}
	if err != nil {
		return nil, noEOF(err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // so that digits stay as they are
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, err
	}
	if len(object) != len(t.fields) {
		return nil, fmt.Errorf("%d values for %d columns", len(object), len(t.fields))
	}
	cells := make([]Cell, len(t.fields))
	for i, f := range t.fields {
		switch v, there := object[f.Name]; v := v.(type) {
		case nil:
			if !there {
				return nil, fmt.Errorf("no value for %q", f.Name)
			}
			cells[i] = Null
		case string:
			cells[i].Text = v
		case json.Number:
			cells[i].Text = v.String()
		case bool:
			cells[i].Text = fmt.Sprint(v)
		default:
			return nil, fmt.Errorf("%q is neither text, number nor truth", f.Name)
		}
	}
	return cells, nil
}
