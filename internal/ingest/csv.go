package ingest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"hastaluego/internal/fault"
)

// longestLine bounds what one line of a file may be, in bytes: a quote that is
// never closed would else take the rest of the file for one field.
const longestLine = 1 << 20

// looked is how much of a file that cannot be read twice decides its encoding.
const looked = 1 << 16

// table is a file of lines with a header.
type table struct {
	*csv.Reader
	header []string
	index  map[string]int // of columns that the map needs
	latin1 bool
	guard  *guard
	line   int // of the last record that was read
}

// guard fails when more than longestLine is read without a line being done.
type guard struct {
	r    io.Reader
	left int
}

var errLongLine = errors.New("ingest: a line is too long")

func (g *guard) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, errLongLine
	}
	n, err := g.r.Read(p)
	g.left -= n
	return n, err
}

// open finds out encoding and delimiter where the map does not say them, and
// reads the header.
func (m *Map) open(r io.Reader) (*table, error) {
	br := bufio.NewReaderSize(r, looked)
	head, err := br.Peek(looked)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap("ingest.open", err)
	}
	t := &table{guard: &guard{r: br, left: longestLine}}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, fault.New(fault.Invalid, "csv.spreadsheet")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		t.guard.r = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(br)
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		if _, err := br.Discard(3); err != nil {
			return nil, fault.Wrap("ingest.open", err)
		}
	default:
		if t.latin1 = m.Encoding == "latin1"; m.Encoding == "auto" {
			if t.latin1, err = guessLatin1(r, head); err != nil {
				return nil, err
			}
		}
		if t.latin1 {
			// What calls itself Latin-1 is Windows-1252, with its € and quotes.
			t.guard.r = charmap.Windows1252.NewDecoder().Reader(br)
		}
	}
	lines := bufio.NewReaderSize(t.guard, looked)
	first, err := lines.Peek(looked / 4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap("ingest.open", err)
	}
	t.Reader = csv.NewReader(lines)
	t.ReuseRecord = true
	if t.Comma = m.Delimiter; t.Comma == 0 {
		t.Comma = guessDelimiter(first)
	}
	return t, t.readHeader(m)
}

// guessLatin1 reports whether the file is rather Latin-1 than UTF-8: whether
// more of its bytes cannot be UTF-8 than characters can. One broken byte in a
// file of proper ones is a broken row, not another encoding. A file is read to
// its end for it, anything else as far as its head goes.
func guessLatin1(r io.Reader, head []byte) (bool, error) {
	good, bad := 0, 0
	s, ok := r.(io.ReadSeeker)
	if !ok {
		count(head, &good, &bad, true)
		return bad > good, nil
	}
	at, err := s.Seek(0, io.SeekCurrent)
	if err != nil { // a pipe
		count(head, &good, &bad, true)
		return bad > good, nil
	}
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return false, fault.Wrap("ingest.guessLatin1", err)
	}
	buf, kept := make([]byte, looked), 0
	for {
		n, err := s.Read(buf[kept:])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, fault.Wrap("ingest.guessLatin1", err)
		}
		kept = copy(buf, count(buf[:kept+n], &good, &bad, false))
	}
	count(buf[:kept], &good, &bad, true)
	_, err = s.Seek(at, io.SeekStart)
	return bad > good, fault.Wrap("ingest.guessLatin1", err)
}

// count adds up characters beyond ASCII and bytes that are none, and returns
// what the end of b leaves undecided, nothing at the end of all.
func count(b []byte, good, bad *int, end bool) []byte {
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		if !end && !utf8.FullRune(b) {
			return b
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			*bad++
		} else {
			*good++
		}
		b = b[n:]
	}
	return nil
}

// guessDelimiter is what stands most often outside quotes in the first line.
func guessDelimiter(head []byte) rune {
	seen, quoted := map[rune]int{}, false
	for _, r := range string(head) {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '\n':
			head = nil
		default:
			seen[r]++
		}
		if head == nil {
			break
		}
	}
	best := ','
	for _, r := range []rune{';', '\t', '|'} {
		if seen[r] > seen[best] {
			best = r
		}
	}
	return best
}

// readHeader finds the columns that the map needs.
func (t *table) readHeader(m *Map) error {
	header, err := t.Read()
	switch {
	case errors.Is(err, io.EOF):
		return fault.New(fault.Invalid, "csv.no_header").At("ingest.readHeader", err)
	case err != nil:
		return t.fault(err)
	}
	t.header, t.index = slices.Clone(header), map[string]int{}
	t.line, _ = t.FieldPos(len(header) - 1)
	times := map[string]int{}
	for i, h := range t.header {
		h = strings.TrimSpace(h)
		t.header[i] = h
		times[h]++
		if slices.Contains(m.Columns, h) {
			t.index[h] = i
		}
	}
	var wrong fault.List
	for _, c := range m.Columns {
		switch times[c] {
		case 0:
			wrong = append(wrong, fault.New(fault.Invalid, "csv.missing_column", "column", c, "has", strings.Join(t.header, ", ")).On(c))
		case 1:
		default:
			wrong = append(wrong, fault.New(fault.Invalid, "csv.column_twice", "column", c).On(c))
		}
	}
	return wrong.Or()
}

// next reads a line. A line that is no CSV comes back as its parse error; what
// ends the reading, as a fault.
func (t *table) next() (record []string, broken *csv.ParseError, err error) {
	t.guard.left = longestLine
	record, err = t.Read()
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		if errors.Is(p.Err, csv.ErrFieldCount) || errors.Is(p.Err, csv.ErrQuote) || errors.Is(p.Err, csv.ErrBareQuote) {
			return record, p, nil
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, t.fault(err)
	}
	if len(record) > 0 {
		t.line, _ = t.FieldPos(len(record) - 1)
	}
	return record, nil, err
}

func (t *table) fault(err error) error {
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		return fault.New(fault.Invalid, "csv.row", "line", p.Line, "col", p.Column, "what", p.Err.Error()).At("ingest", err)
	}
	if errors.Is(err, errLongLine) {
		return fault.New(fault.Invalid, "csv.long_line", "line", t.line+1, "max", longestLine).At("ingest", err)
	}
	return fault.Wrap("ingest", err)
}
