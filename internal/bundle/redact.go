package bundle

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// ErrNotRedacted says that a file cannot be read as the table that its name says it
// is, or has none of the columns: nobody knows what of it is about others.
var ErrNotRedacted = errors.New("bundle: not the table that was declared")

// longestRow is how long a row of a table that is redacted may be.
const longestRow = 16 << 20

func separated(name string) bool {
	return slices.Contains([]string{".csv", ".tsv"}, strings.ToLower(path.Ext(name)))
}

func lined(name string) bool {
	return slices.Contains([]string{".ndjson", ".jsonl"}, strings.ToLower(path.Ext(name)))
}

// Redacted are the bytes of a text table without some of its columns; the same table
// gives the same bytes. It reads row by row. A column that is nowhere in it, a row of
// another shape and anything else that is not such a table is ErrNotRedacted, before
// the row or at the end, and not a table that may still have it.
func Redacted(r io.Reader, name string, without []string) (io.Reader, error) {
	in := &measured{r: r}
	read := bufio.NewReaderSize(in, 64<<10)
	head, err := read.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	x := &redacting{}
	switch {
	case bytes.IndexByte(head, 0) >= 0:
		return nil, fmt.Errorf("%w: no text in UTF-8", ErrNotRedacted)
	case len(head) == 0: // there is nothing in it
		return bytes.NewReader(nil), nil
	case separated(name):
		x.next, err = rowsWithout(read, in, head, &x.out, without)
	case lined(name):
		x.next, err = linesWithout(read, &x.out, without), nil
	default:
		err = fmt.Errorf("%w: by its name it is no table", ErrNotRedacted)
	}
	return x, err
}

// redacting gives what was made of each row.
type redacting struct {
	out  bytes.Buffer
	next func() error // puts the next row into out; io.EOF behind the last
	err  error
}

func (x *redacting) Read(p []byte) (int, error) {
	for x.out.Len() == 0 && x.err == nil {
		x.err = x.next()
	}
	if x.out.Len() > 0 {
		return x.out.Read(p)
	}
	return 0, x.err
}

// measured refuses a row that never ends.
type measured struct {
	r    io.Reader
	read int // since the last row
}

func (m *measured) Read(p []byte) (int, error) {
	if m.read > longestRow {
		return 0, fmt.Errorf("%w: a row is too long", ErrNotRedacted)
	}
	n, err := m.r.Read(p)
	m.read += n
	return n, err
}

const byteOrderMark = "\ufeff"

// rowsWithout reads CSV, whose separator is the one with which the header has all the
// columns.
func rowsWithout(read *bufio.Reader, in *measured, head []byte, out *bytes.Buffer, without []string) (func() error, error) {
	if bytes.HasPrefix(head, []byte(byteOrderMark)) {
		_, _ = read.Discard(len(byteOrderMark))
		out.WriteString(byteOrderMark)
	}
	rows, comma, err := separatedBy(read, head, without)
	if err != nil {
		return nil, err
	}
	to := csv.NewWriter(out)
	to.Comma = comma
	var gone []bool
	return func() error {
		in.read = 0
		row, err := rows.Read()
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			return fmt.Errorf("%w: %w", ErrNotRedacted, wrong)
		}
		if err != nil {
			return err
		}
		if gone == nil {
			gone = make([]bool, len(row))
			for i, name := range row {
				gone[i] = slices.Contains(without, strings.TrimSpace(name))
			}
		}
		kept := make([]string, 0, len(row))
		for i, cell := range row {
			if !gone[i] {
				kept = append(kept, cell)
			}
		}
		if err := to.Write(kept); err != nil {
			return err
		}
		to.Flush()
		return to.Error()
	}, nil
}

func separatedBy(read *bufio.Reader, head []byte, without []string) (*csv.Reader, rune, error) {
	for _, comma := range []rune{',', ';', '\t', '|'} {
		first := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(head, []byte(byteOrderMark))))
		first.Comma = comma
		names, err := first.Read()
		if err != nil {
			continue
		}
		for i := range names {
			names[i] = strings.TrimSpace(names[i])
		}
		if !slices.ContainsFunc(without, func(c string) bool { return !slices.Contains(names, c) }) {
			rows := csv.NewReader(read)
			rows.Comma, rows.ReuseRecord = comma, true
			return rows, comma, nil
		}
	}
	return nil, 0, fmt.Errorf("%w: its header has not every column", ErrNotRedacted)
}

// linesWithout reads an object a line, and leaves out what stands at its top under the
// names.
func linesWithout(read *bufio.Reader, out *bytes.Buffer, without []string) func() error {
	seen := make(map[string]bool, len(without))
	return func() error {
		line, err := lineOf(read)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			for _, c := range without {
				if !seen[c] {
					return fmt.Errorf("%w: no line has %q", ErrNotRedacted, c)
				}
			}
			return io.EOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		if err := objectWithout(line, out, without, seen); err != nil {
			return fmt.Errorf("%w: %w", ErrNotRedacted, err)
		}
		return nil
	}
}

func lineOf(read *bufio.Reader) (line []byte, err error) {
	for {
		part, err := read.ReadSlice('\n')
		if line = append(line, part...); !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > longestRow {
			return nil, fmt.Errorf("%w: a line is too long", ErrNotRedacted)
		}
	}
}

func objectWithout(line []byte, out *bytes.Buffer, without []string, seen map[string]bool) error {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(line, []byte(byteOrderMark))))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return errors.Join(err, errors.New("a line is no object"))
	}
	var kept bytes.Buffer
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if slices.Contains(without, name) {
			seen[name] = true
			continue
		}
		if kept.Len() > 0 {
			kept.WriteByte(',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		kept.Write(key)
		kept.WriteByte(':')
		kept.Write(value)
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("a line has more than an object")
	}
	out.WriteByte('{')
	out.Write(kept.Bytes())
	out.WriteString("}\n")
	return nil
}
