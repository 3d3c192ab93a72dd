package backtest

import (
	"cmp"
	"hash/maphash"
	"io"
	"math"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
)

// Type is what a column holds.
type Type string

// The types that are told apart.
const (
	Number Type = "number"
	Date   Type = "date"
	Word   Type = "word"
	ID     Type = "identifier"
	Prose  Type = "prose"
	Empty  Type = "empty"
)

// Column is a column of a file, and what was found out about it.
type Column struct {
	Name     string
	Type     Type
	Missing  int
	Distinct int // up to mostDistinct, then more
	Odd      int // cells that are none of its type, and are taken as missing
	OddCell  string
	Form     string // of its dates

	style   style
	form    int
	numbers []float64 // of numbers and dates (days since 1970), NaN where missing
	codes   []uint32  // of words, into levels
	levels  []string
	code    map[string]uint32
}

const (
	mostDistinct = 5000
	// looked is how many rows are looked at for whether no cell stands twice.
	looked = 20_000
	// mostLevels is how many words a column keeps; what comes later is one more.
	mostLevels = 1 << 16
	// mostTyped is how large a share of cells must be of a type for the column to be.
	mostTyped = .95
	// proseLength is from which mean length on words that never repeat are prose.
	proseLength = 40
)

// survey is what is counted about a column while the file is read the first time.
type survey struct {
	missing  int
	numbers  [styles]int
	dates    []int
	dateLike int
	distinct map[string]int
	over     bool // more than mostDistinct
	seen     map[uint64]struct{}
	again    bool // a cell stood twice among the rows that were looked at
	length   int
	low      float64
	high     float64
	whole    bool
	rising   bool
	last     float64
	odd      [styles]string
	known    int
}

func (s *survey) add(cell string, seed maphash.Seed) {
	if isAbsent(cell) {
		s.missing++
		return
	}
	s.known++
	s.length += len(cell)
	if !s.over {
		if _, ok := s.distinct[cell]; ok || len(s.distinct) < mostDistinct {
			s.distinct[strings.Clone(cell)]++
		} else {
			s.over = true
		}
	}
	if s.known <= looked && !s.again {
		h := maphash.String(seed, cell)
		if _, ok := s.seen[h]; ok {
			s.again, s.seen = true, nil
		} else {
			s.seen[h] = struct{}{}
		}
	}
	for st := range styles {
		v := st.number(cell)
		if math.IsNaN(v) {
			if s.odd[st] == "" {
				s.odd[st] = strings.Clone(cell)
			}
			continue
		}
		s.numbers[st]++
		if st == plain {
			s.whole = s.whole && v == math.Trunc(v)
			s.rising = s.rising && (s.known == 1 || v > s.last)
			s.low, s.high, s.last = min(s.low, v), max(s.high, v), v
			s.numbers[point]++ // what is plain is that, too; comma is not
			if !strings.Contains(cell, ".") {
				s.numbers[comma]++
			}
			break
		}
	}
	if looksLikeDate(cell) {
		s.dateLike++
		for f := range dates {
			if s.dates[f] == s.dateLike-1 && !math.IsNaN(day(f, cell)) { // a form that missed one is out
				s.dates[f]++
			}
		}
	}
}

// decide says what a column is.
func (s *survey) decide(name string, rows int, delimiter rune) Column {
	c := Column{Name: name, Missing: s.missing, Distinct: len(s.distinct)}
	if s.over {
		c.Distinct = mostDistinct + 1
	}
	never := !s.again && s.known >= 20 // no cell stands twice
	enough := int(math.Ceil(mostTyped * float64(s.known)))
	best := plain
	for _, st := range []style{point, comma} {
		if s.numbers[st] > s.numbers[best] || st == comma && delimiter == ';' && s.numbers[st] == s.numbers[best] && s.numbers[plain] < s.known {
			best = st
		}
	}
	form := 0
	for f := range dates {
		if s.dates[f] > s.dates[form] {
			form = f
		}
	}
	switch {
	case s.known == 0:
		c.Type = Empty
	case s.numbers[best] >= enough && s.numbers[best] > 0:
		c.Type, c.style = Number, best
		c.Odd, c.OddCell = s.known-s.numbers[best], s.odd[best]
		if c.Odd == 0 {
			c.OddCell = ""
		}
		if best == plain && never && s.whole && s.known == rows {
			span := s.high - s.low + 1
			if s.rising || span <= 3*float64(rows) || s.low >= 1e6 {
				c.Type = ID
			}
		}
	case s.dates[form] >= enough && s.dates[form] > 0:
		c.Type, c.form, c.Form = Date, form, dates[form]
		c.Odd = s.known - s.dates[form]
	case never && s.length/s.known >= proseLength:
		c.Type = Prose
	case never || c.Distinct > mostDistinct && s.known < 20*c.Distinct && s.over:
		c.Type = ID
	default:
		c.Type, c.code = Word, map[string]uint32{}
	}
	return c
}

func (c *Column) add(cell string) {
	gone := isAbsent(cell)
	switch c.Type {
	case Number, Date:
		v := math.NaN()
		if !gone {
			if c.Type == Number {
				v = c.style.number(cell)
			} else {
				v = day(c.form, cell)
			}
		}
		c.numbers = append(c.numbers, v)
	case Word:
		if gone {
			cell = ""
		}
		k, ok := c.code[cell]
		if !ok {
			if len(c.levels) >= mostLevels {
				k = mostLevels - 1
			} else {
				k = uint32(len(c.levels))
				cell = strings.Clone(cell)
				c.levels = append(c.levels, cell)
				c.code[cell] = k
			}
		}
		c.codes = append(c.codes, k)
	default:
	}
}

// file is a table that was read.
type file struct {
	columns []Column
	rows    int
	lines   []int // of each row; the file's lines
	ids     []string
	target  []string
}

// open reads a file twice: first what its columns are, then the columns.
func open(f io.ReadSeeker, a Ask) (*file, error) {
	var names []string
	var delimiter rune
	var surveys []*survey
	rows := 0
	seed := maphash.MakeSeed()
	err := ingest.ReadTable(f, func(header []string, d rune) error {
		names, delimiter = slices.Clone(header), d
		if err := a.fits(names); err != nil {
			return err
		}
		for range names {
			surveys = append(surveys, &survey{distinct: map[string]int{}, seen: map[uint64]struct{}{}, dates: make([]int, len(dates)), low: math.Inf(1), high: math.Inf(-1), whole: true, rising: true})
		}
		return nil
	}, func(_ int, record []string) error {
		rows++
		for i, cell := range record {
			surveys[i].add(strings.TrimSpace(cell), seed)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rows == 0 {
		return nil, fault.New(fault.Invalid, "backtest.no_rows")
	}
	out := &file{rows: rows}
	id, target := slices.Index(names, a.ID), slices.Index(names, a.Target)
	for i, s := range surveys {
		c := s.decide(names[i], rows, delimiter)
		if i == id || i == target {
			c.Type = ID // read apart
		}
		out.columns = append(out.columns, c)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fault.Wrap("backtest.open", err)
	}
	words := map[string]string{}
	err = ingest.ReadTable(f, func([]string, rune) error { return nil }, func(line int, record []string) error {
		out.lines = append(out.lines, line)
		for i := range out.columns {
			cell := strings.TrimSpace(record[i])
			switch i {
			case id:
				out.ids = append(out.ids, strings.Clone(cell))
			case target:
				if _, ok := words[cell]; !ok {
					words[strings.Clone(cell)] = strings.Clone(cell)
				}
				out.target = append(out.target, words[cell])
			default:
				out.columns[i].add(cell)
			}
		}
		return nil
	})
	return out, err
}

// keep keeps only some rows.
func (f *file) keep(rows []int) {
	take := func(values []float64) []float64 {
		if values == nil {
			return nil
		}
		out := make([]float64, len(rows))
		for k, i := range rows {
			out[k] = values[i]
		}
		return out
	}
	lines, ids := make([]int, len(rows)), make([]string, len(rows))
	for k, i := range rows {
		lines[k], ids[k] = f.lines[i], f.ids[i]
	}
	f.lines, f.ids, f.rows = lines, ids, len(rows)
	for j := range f.columns {
		c := &f.columns[j]
		c.numbers = take(c.numbers)
		if c.codes != nil {
			codes := make([]uint32, len(rows))
			for k, i := range rows {
				codes[k] = c.codes[i]
			}
			c.codes = codes
		}
	}
}

// column is a column of a name.
func (f *file) column(name string) *Column {
	if i := slices.IndexFunc(f.columns, func(c Column) bool { return c.Name == name }); i >= 0 {
		return &f.columns[i]
	}
	return nil
}

// leaving are words for having left, and staying for not having, of columns that say so.
var (
	leaving = []string{"1", "true", "yes", "y", "si", "sí", "s", "t", "churn", "churned", "left", "exited", "cancelled", "canceled", "lost", "baja", "cancelado", "cancelada", "leaver", "attrited customer", "gone", "inactive", "inactivo"}
	staying = []string{"0", "false", "no", "n", "f", "stayed", "active", "current", "activo", "activa", "alta", "retained", "existing customer", "joined", "0.0"}
)

// events says of each row whether the target happened; where it is not known, the row is
// left out. Event is which of its words says so, and others is which do not.
func (f *file) events(a Ask) (events []bool, event string, unknown int, err error) {
	count := map[string]int{}
	for _, v := range f.target {
		if isAbsent(v) {
			unknown++
			continue
		}
		count[v]++
	}
	values := make([]string, 0, len(count))
	for v := range count {
		values = append(values, v)
	}
	slices.SortFunc(values, func(x, y string) int { return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(x, y)) })
	told := values[:min(len(values), 8)]
	switch {
	case a.Event != "":
		if event = a.Event; count[event] == 0 {
			return nil, "", 0, fault.New(fault.Invalid, "backtest.no_event", "event", event, "column", a.Target, "has", strings.Join(told, ", "))
		}
	case len(values) == 2:
		yes := slices.IndexFunc(values, func(v string) bool { return slices.Contains(leaving, strings.ToLower(v)) })
		no := slices.IndexFunc(values, func(v string) bool { return slices.Contains(staying, strings.ToLower(v)) })
		switch {
		case yes >= 0 && (no < 0 || no != yes):
			event = values[yes]
		case no >= 0:
			event = values[1-no]
		case a.number(values):
			event = slices.MaxFunc(values, func(x, y string) int { return cmp.Compare(plain.number(x), plain.number(y)) })
		default:
			event = values[1] // the rarer
		}
	case len(values) == 1:
		return nil, values[0], unknown, fault.New(fault.Invalid, "backtest.one_class", "column", a.Target, "value", values[0], "rows", count[values[0]])
	case len(values) == 0:
		return nil, "", unknown, fault.New(fault.Invalid, "backtest.no_target", "column", a.Target)
	default:
		return nil, "", 0, fault.New(fault.Invalid, "backtest.many_classes", "column", a.Target, "n", len(values), "has", strings.Join(told, ", "))
	}
	var rows []int
	for i, v := range f.target {
		if !isAbsent(v) {
			rows, events = append(rows, i), append(events, v == event)
		}
	}
	if len(rows) < f.rows {
		f.keep(rows)
	}
	if count[event] == len(rows) {
		return nil, event, unknown, fault.New(fault.Invalid, "backtest.one_class", "column", a.Target, "value", event, "rows", len(rows))
	}
	return events, event, unknown, nil
}

// number reports whether all words are numbers.
func (Ask) number(words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return math.IsNaN(plain.number(w)) })
}
