package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// FieldType is the type of a column, by the names of Frictionless Table Schema.
type FieldType string

// The types of columns, and how a cell of each is written.
const (
	String   FieldType = "string"   // any text
	Integer  FieldType = "integer"  // -12, without leading zeros
	Number   FieldType = "number"   // -1.50, 1e9, NaN, INF, -INF
	Boolean  FieldType = "boolean"  // true, false
	Date     FieldType = "date"     // 2026-11-24
	DateTime FieldType = "datetime" // 2026-11-24T09:00:00Z, RFC 3339
	Any      FieldType = "any"      // text whose type nobody knows
)

// Field is a column.
type Field struct {
	Name         string // as it stands in the header
	Type         FieldType
	Format       string            // of Table Schema; "" is its default
	Titles       map[string]string // by language: es, en
	Descriptions map[string]string // by language
	Required     bool              // no cell is null
	Unique       bool              // said to the reader; Row cannot see it
	Enum         []string          // all that a cell may say
}

// Fields reads columns from a short text: names with spaces between, each with
// its type behind a colon where it is no text, and an exclamation mark where it
// is never null: "reference! name consumer:boolean! since:datetime".
func Fields(text string) ([]Field, error) {
	var list []Field
	for _, f := range strings.Fields(text) {
		f, required := strings.CutSuffix(f, "!")
		name, kind, typed := strings.Cut(f, ":")
		if !typed {
			kind = string(String)
		}
		list = append(list, Field{Name: name, Type: FieldType(kind), Required: required})
	}
	return list, goodFields(list)
}

func goodFields(fields []Field) error {
	if len(fields) == 0 {
		return errors.New("bundle: a table without columns")
	}
	seen := map[string]bool{}
	for _, f := range fields {
		switch {
		case f.Name == "" || !utf8.ValidString(f.Name) || f.Name != strings.TrimSpace(f.Name) || strings.ContainsFunc(f.Name, unicode.IsControl):
			return fmt.Errorf("bundle: the column %q needs a name of its own without controls", f.Name)
		case guarded(f.Name):
			return fmt.Errorf("bundle: the column %q has a name that a spreadsheet takes for a formula: give it another", f.Name)
		case seen[f.Name]:
			return fmt.Errorf("bundle: the column %q stands twice", f.Name)
		case !slices.Contains([]FieldType{String, Integer, Number, Boolean, Date, DateTime, Any}, f.Type):
			return fmt.Errorf("bundle: the column %q is of the type %q, which is none", f.Name, f.Type)
		}
		seen[f.Name] = true
	}
	return nil
}

// Cell is one value. The zero Cell is empty text, which is not null.
type Cell struct {
	Text string
	Null bool
}

// Null is the absence of a value.
var Null = Cell{Null: true}

// Cells turns texts into cells of which none is empty: "" is null.
func Cells(texts []string) []Cell {
	cells := make([]Cell, len(texts))
	for i, s := range texts {
		cells[i] = Cell{s, s == ""}
	}
	return cells
}

// ErrCell says that a row is not of its columns. The error that wraps it names
// the row, from 1, and the column, and never the value: that is somebody's.
var ErrCell = errors.New("bundle: row")

// TableState is what a Table knows of the rows behind it; with it another goes
// on. It is kept beside the Mark of the file.
type TableState struct {
	Rows  int64  `json:"rows"`
	Loose []bool `json:"loose,omitempty"` // by column: what its type alone does not say, see Types
}

// Types says the types of columns as others read them after all rows were seen:
// an integer that has a value beyond 2⁵³ is told as a number, and a datetime that
// has fractions or a zone other than Z as one of any format. Readers of the
// data package refuse them otherwise.
func (s TableState) Types(fields []Field) []Field {
	fields = slices.Clone(fields)
	for i := range fields {
		if i < len(s.Loose) && s.Loose[i] {
			switch fields[i].Type {
			case Integer:
				fields[i].Type = Number
			case DateTime:
				fields[i].Format = "any"
			}
		}
	}
	return fields
}

// Table writes rows. A cell that is not of its column's type is an ErrCell, and
// nothing of its row is written.
type Table struct {
	w      io.Writer
	fields []Field
	state  TableState
	row    []byte
	form   func(*Table, []Cell)
}

// Formats of tables.
const (
	CSV    = "csv"    // RFC 4180 in UTF-8, with the guard of Guard
	NDJSON = "ndjson" // an object a line, exactly as it was
)

// Guard stands before text that begins with what a spreadsheet would take for a
// formula, before text that begins with itself, and alone for empty text: an
// empty cell is null. Whoever takes one Guard off wherever a cell of text begins
// with it has the text as it was.
const Guard = "'"

// guards are the beginnings that get one; the wide ones are formulas to
// spreadsheets that are set to Chinese or Japanese.
const guards = "=+-@\t\r\n'＝＋－＠"

func guarded(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && strings.ContainsRune(guards, r)
}

// Unguard takes the guard off a cell of CSV: of text, or of any type.
func Unguard(cell string) string { return strings.TrimPrefix(cell, Guard) }

// NewTable begins a table in CSV with its header.
func NewTable(w io.Writer, fields []Field) (*Table, error) {
	t, err := ResumeTable(w, CSV, fields, TableState{})
	if err != nil {
		return nil, err
	}
	names := make([]Cell, len(fields))
	for i, f := range fields {
		names[i].Text = f.Name
	}
	t.csv(names)
	_, err = w.Write(t.row)
	return t, err
}

// NewLines begins a table in NDJSON, which has no header.
func NewLines(w io.Writer, fields []Field) (*Table, error) {
	return ResumeTable(w, NDJSON, fields, TableState{})
}

// ResumeTable goes on with a table whose beginning is written already.
func ResumeTable(w io.Writer, format string, fields []Field, s TableState) (*Table, error) {
	if err := goodFields(fields); err != nil {
		return nil, err
	}
	t := &Table{w: w, fields: fields, state: TableState{Rows: s.Rows, Loose: make([]bool, len(fields))}}
	copy(t.state.Loose, s.Loose)
	switch format {
	case CSV:
		t.form = (*Table).csv
	case NDJSON:
		t.form = (*Table).line
	default:
		return nil, fmt.Errorf("bundle: tables are %s or %s, not %q", CSV, NDJSON, format)
	}
	return t, nil
}

// State is what is to be kept with the Mark of the file, to go on from it.
func (t *Table) State() TableState {
	return TableState{Rows: t.state.Rows, Loose: slices.Clone(t.state.Loose)}
}

// Row writes one. It is written at once, so that a Mark made after it holds it.
func (t *Table) Row(cells ...Cell) error {
	n := t.state.Rows + 1
	if len(cells) != len(t.fields) {
		return fmt.Errorf("%w %d: it has %d cells for %d columns", ErrCell, n, len(cells), len(t.fields))
	}
	for i, c := range cells {
		loose, why := t.fields[i].judge(c)
		if why != "" {
			return fmt.Errorf("%w %d: column %q: it %s", ErrCell, n, t.fields[i].Name, why)
		}
		t.state.Loose[i] = t.state.Loose[i] || loose
	}
	t.row = t.row[:0]
	t.form(t, cells)
	if _, err := t.w.Write(t.row); err != nil {
		return err
	}
	t.state.Rows = n
	return nil
}

// digitsOf is how many digits text begins with.
func digitsOf(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// isInteger says that text is an integer in the one way of writing it.
func isInteger(s string) bool {
	rest, minus := strings.CutPrefix(s, "-")
	return rest != "" && digitsOf(rest) == len(rest) && (rest[0] != '0' || len(rest) == 1 && !minus)
}

// isNumber says that text is a number of JSON, or none of the numbers.
func isNumber(s string) bool {
	if s == "NaN" || s == "INF" || s == "-INF" {
		return true
	}
	s = strings.TrimPrefix(s, "-")
	n := digitsOf(s)
	if n == 0 || n > 1 && s[0] == '0' {
		return false
	}
	if s = s[n:]; strings.HasPrefix(s, ".") {
		if n = digitsOf(s[1:]); n == 0 {
			return false
		}
		s = s[1+n:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		return s != "" && digitsOf(s) == len(s)
	}
	return s == ""
}

// exact is the largest integer that every reader holds exactly: 2⁵³.
const exact = 1 << 53

// judge says why a cell cannot stand in a column, or whether it is loose.
func (f Field) judge(c Cell) (loose bool, why string) {
	if c.Null {
		if f.Required {
			return false, "is empty, and may not be"
		}
		return false, ""
	}
	switch f.Type {
	case Integer:
		if !isInteger(c.Text) {
			return false, "is no integer"
		}
		n, err := strconv.ParseInt(c.Text, 10, 64)
		loose = err != nil || n > exact || n < -exact
	case Number:
		if !isNumber(c.Text) {
			return false, "is no number"
		}
	case Boolean:
		if c.Text != "true" && c.Text != "false" {
			return false, "is neither true nor false"
		}
	case Date:
		if _, err := time.Parse(time.DateOnly, c.Text); err != nil {
			return false, "is no date like 2026-11-24"
		}
	case DateTime:
		if _, err := time.Parse(time.RFC3339Nano, c.Text); err != nil {
			return false, "is no time like 2026-11-24T09:00:00Z"
		}
		loose = len(c.Text) != len("2026-11-24T09:00:00Z") || c.Text[len(c.Text)-1] != 'Z'
	default:
		if !utf8.ValidString(c.Text) {
			return false, "is no text in UTF-8"
		}
	}
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, c.Text) {
		return false, "is none of what it may be"
	}
	return loose, ""
}

func (f Field) text() bool { return f.Type == String || f.Type == Any }

func (t *Table) csv(cells []Cell) {
	t.row = t.row[:0]
	for i, c := range cells {
		if i > 0 {
			t.row = append(t.row, ',')
		}
		guard := ""
		if !c.Null && t.fields[i].text() && (c.Text == "" || guarded(c.Text)) {
			guard = Guard
		}
		if !quoted(c, len(cells)) {
			t.row = append(append(t.row, guard...), c.Text...)
			continue
		}
		t.row = append(append(t.row, '"'), guard...)
		rest := c.Text
		for {
			before, after, more := strings.Cut(rest, `"`)
			if t.row = append(t.row, before...); !more {
				break
			}
			t.row = append(t.row, `""`...)
			rest = after
		}
		t.row = append(t.row, '"')
	}
	t.row = append(t.row, "\r\n"...)
}

// quoted says that a cell needs quotes: for what parts cells, and for what some
// readers cut off or skip.
func quoted(c Cell, cells int) bool {
	if c.Null || c.Text == "" {
		return c.Null && cells == 1 // an empty line is no row to some
	}
	return strings.ContainsAny(c.Text, "\",\r\n;") || unicode.IsSpace(rune(c.Text[0])) || unicode.IsSpace(rune(c.Text[len(c.Text)-1])) || c.Text[0] >= utf8.RuneSelf
}

func (t *Table) line(cells []Cell) {
	t.row = append(t.row[:0], '{')
	for i, c := range cells {
		if i > 0 {
			t.row = append(t.row, ',')
		}
		t.row = appendJSON(t.row, t.fields[i].Name)
		t.row = append(t.row, ':')
		switch f := t.fields[i]; {
		case c.Null:
			t.row = append(t.row, "null"...)
		case f.Type == Boolean, (f.Type == Integer || f.Type == Number) && c.Text[len(c.Text)-1] <= '9':
			t.row = append(t.row, c.Text...)
		default: // NaN and INF too, which JSON has no numbers for
			t.row = appendJSON(t.row, c.Text)
		}
	}
	t.row = append(t.row, "}\n"...)
}

// appendJSON writes a string of JSON. What HTML would read as a tag is escaped,
// as encoding/json does.
func appendJSON(b []byte, s string) []byte {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON
	}
	return append(b, raw...)
}
