// Package pushed is what a host product hands over of a customer that no far system
// of ours can read: tables whose columns are declared and folders of files, each
// pushed whole, in parts. It reads rows and says what is wrong with one; it stores
// nothing and calls nobody.
package pushed

import (
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/bundle"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
)

// ID identifies a push (psh_…).
type ID string

// PartID identifies a part (ppt_…), and names the pieces in which it lies.
type PartID string

// Format is how what is pushed comes.
type Format string

// The formats.
const (
	CSV    Format = "csv"    // RFC 4180 in UTF-8 with a header; an empty cell is no value
	NDJSON Format = "ndjson" // an object a line
	Files  Format = "files"  // as they are
)

// State is how much of a push is there.
type State string

// The states.
const (
	Filling  State = "filling" // begun, and not all of it came
	Complete State = "complete"
)

// What may come, at most.
const (
	PartMost     = 8 << 20 // bytes of one part
	PushMost     = 1 << 30 // bytes of one push
	CustomerMost = 4 << 30 // bytes of all that is there of one customer
	NamesMost    = 100     // of one customer
	NumberMost   = 1<<53 - 1
	PartsMost    = 10_000
	columnMost   = 200
	lineMost     = 1 << 20
)

// Column is one of a table.
type Column struct {
	Name   string            `json:"name"`
	Type   bundle.FieldType  `json:"type"`
	Titles map[string]string `json:"titles,omitempty"` // for people: es, en
	Others bool              `json:"others,omitempty"` // personal data of other people
}

// Push is a table or a folder as a host product hands it over at one time. One with
// a higher number takes the place of those of its name, once all of it is there.
type Push struct {
	ID       ID
	Customer customer.ID
	Name     string
	Number   int64
	Format   Format
	Titles   map[string]string
	Columns  []Column // of a table
	State    State
	Parts    int // that came
	Highest  int // number of a part that came
	Total    int // how many there are; 0: nobody said yet which is the last
	Rows     int64
	Bytes    int64
	At       time.Time // begun
	Changed  time.Time
	Version  int64
}

// Part is a piece of a push as it came, at once.
type Part struct {
	ID     PartID
	Push   ID
	N      int // from 1: in which order they are put together
	Last   bool
	SHA256 string // of what came
	File   string // of Files: which it is a part of
	Rows   int64
	Bytes  int64
	Pieces int
	At     time.Time
}

// Same reports whether two parts are one that was told twice.
func (p Part) Same(o Part) bool {
	return p.N == o.N && p.Last == o.Last && p.SHA256 == o.SHA256 && p.File == o.File
}

var goodName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// types are those of columns.
var types = []bundle.FieldType{bundle.String, bundle.Integer, bundle.Number, bundle.Boolean, bundle.Date, bundle.DateTime, bundle.Any}

// Check says what is wrong with how a push is described: Invalid at name, push, format,
// titles, columns, columns.N.name, columns.N.type, columns.N.titles.
func (p Push) Check() (l fault.List) {
	wrong := func(field, code string, args ...any) {
		l = append(l, fault.New(fault.Invalid, code, args...).On(field))
	}
	if !goodName.MatchString(p.Name) {
		wrong("name", "push.name")
	}
	if p.Number < 1 || p.Number > NumberMost {
		wrong("push", "push.number")
	}
	if !slices.Contains([]Format{CSV, NDJSON, Files}, p.Format) {
		wrong("format", "field.choice")
	}
	if !goodTitles(p.Titles) {
		wrong("titles", "push.titles")
	}
	switch n := len(p.Columns); {
	case p.Format == Files && n > 0:
		wrong("columns", "push.no_columns")
	case p.Format != Files && n == 0, n > columnMost:
		wrong("columns", "push.columns", "most", columnMost)
	}
	seen := map[string]bool{}
	for i, c := range p.Columns {
		at := "columns." + strconv.Itoa(i)
		_, err := bundle.NewLines(io.Discard, []bundle.Field{{Name: c.Name, Type: bundle.String}})
		switch {
		case err != nil || !pointable(c.Name):
			wrong(at+".name", "push.column_name")
		case seen[c.Name]:
			wrong(at+".name", "push.column_twice")
		}
		seen[c.Name] = true
		if !slices.Contains(types, c.Type) {
			wrong(at+".type", "field.choice")
		}
		if !goodTitles(c.Titles) {
			wrong(at+".titles", "push.titles")
		}
	}
	return l
}

// pointable reports whether a name can be a part of the place that an error names.
func pointable(name string) bool {
	return name != "" && len(name) <= 100 && !strings.ContainsAny(name, "./~\x00") && strings.ToValidUTF8(name, "") == name
}

func goodTitles(titles map[string]string) bool {
	for lang, s := range titles {
		if lang != "es" && lang != "en" || s == "" {
			return false
		}
		if clean, err := customer.CheckText("titles", s, 200, false); err != nil || clean != s {
			return false
		}
	}
	return true
}

// Same reports whether two pushes are described in the same words.
func (p Push) Same(o Push) bool {
	return p.Format == o.Format && maps.Equal(p.Titles, o.Titles) && slices.EqualFunc(p.Columns, o.Columns, func(x, y Column) bool {
		return x.Name == y.Name && x.Type == y.Type && x.Others == y.Others && maps.Equal(x.Titles, y.Titles)
	})
}

// Begin decides whether a push begins beside all those of its customer: again is the
// one that it is already, gone those that were begun before under its name and
// that never came to their end. What is complete stays until the new one is.
func Begin(there []Push, p Push) (again *Push, gone []Push, err error) {
	names := map[string]bool{}
	for _, o := range there {
		names[o.Name] = true
		switch {
		case o.Name != p.Name:
		case o.Number == p.Number && !o.Same(p):
			return nil, nil, fault.New(fault.Conflict, "push.begun", "name", p.Name, "push", p.Number)
		case o.Number == p.Number:
			again = &o
		case o.Number > p.Number:
			return nil, nil, fault.New(fault.Conflict, "push.older", "name", p.Name, "push", o.Number)
		case o.State == Filling:
			gone = append(gone, o)
		}
	}
	if !names[p.Name] && len(names) >= NamesMost {
		return nil, nil, fault.New(fault.TooLarge, "push.names", "max", NamesMost)
	}
	return again, gone, nil
}

// Find is the push with the number among those of a customer.
func Find(there []Push, name string, number int64) (Push, error) {
	newest := int64(0)
	for _, o := range there {
		if o.Name == name {
			if newest = max(newest, o.Number); o.Number == number {
				return o, nil
			}
		}
	}
	if newest > number {
		return Push{}, fault.New(fault.Conflict, "push.older", "name", name, "push", newest)
	}
	return Push{}, fault.New(fault.NotFound, "push.none", "name", name, "push", number)
}

// Room refuses what would be more than may be there of one customer.
func Room(there []Push, more int64) error {
	for _, o := range there {
		more += o.Bytes
	}
	if more > CustomerMost {
		return fault.New(fault.TooLarge, "push.customer_full", "max", CustomerMost>>20)
	}
	return nil
}

// Add takes a part that had not come before. Once the last is known and all of them
// are there, the push is complete; then it takes nothing more.
func (p *Push) Add(part *Part, now time.Time) error {
	switch {
	case p.State == Complete:
		return fault.New(fault.Conflict, "push.complete", "name", p.Name, "push", p.Number)
	case p.Total > 0 && (part.N > p.Total || part.Last), part.Last && part.N < p.Highest:
		return fault.New(fault.Conflict, "push.behind", "part", max(p.Total, p.Highest)).On("part")
	case p.Bytes+part.Bytes > PushMost:
		return fault.New(fault.TooLarge, "push.too_large", "name", p.Name, "max", PushMost>>20)
	}
	part.Push, part.At = p.ID, now
	p.Parts, p.Highest = p.Parts+1, max(p.Highest, part.N)
	p.Rows, p.Bytes, p.Changed = p.Rows+part.Rows, p.Bytes+part.Bytes, now
	if part.Last {
		p.Total = part.N
	}
	if p.Parts == p.Total {
		p.State = Complete
	}
	return nil
}

// CheckPart refuses what is no number of a part: Invalid at part.
func CheckPart(n int) error {
	if n < 1 || n > PartsMost {
		return fault.New(fault.Invalid, "push.part", "max", PartsMost).On("part")
	}
	return nil
}

// Taken are the pushes of a customer that are taken along, the newest complete one
// of each name, and those of which none is complete; both by name.
func Taken(there []Push) (list, waiting []Push) {
	best := map[string]Push{}
	for _, o := range there {
		had, ok := best[o.Name]
		whole, was := o.State == Complete, had.State == Complete
		if !ok || whole && !was || whole == was && o.Number > had.Number {
			best[o.Name] = o
		}
	}
	for _, name := range slices.Sorted(maps.Keys(best)) {
		if o := best[name]; o.State == Complete {
			list = append(list, o)
		} else {
			waiting = append(waiting, o)
		}
	}
	return list, waiting
}
