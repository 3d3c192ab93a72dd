package jurisdiction

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Value is the value of a parameter: which field holds it is said by the kind
// of the parameter. Lists are sorted, and a list of times, sums or windows
// holds only those of which none is stricter than another: whichever comes
// first holds.
type Value struct {
	On      bool         `json:"on,omitempty"`      // Flag, Ban
	N       int64        `json:"n,omitempty"`       // Count, Percent
	Word    string       `json:"word,omitempty"`    // Enum
	Words   []string     `json:"words,omitempty"`   // Choice, Set
	Times   []Time       `json:"times,omitempty"`   // Duration
	Sums    []Sum        `json:"sums,omitempty"`    // Money
	Labels  []Wording    `json:"labels,omitempty"`  // Label
	Windows []DaysBefore `json:"windows,omitempty"` // Window
}

// Unit of a time.
type Unit string

// The units, as they are written: 1min, 24h, 14d, 15bd, 2mo. Years are twelve months.
const (
	Minutes      Unit = "min"
	Hours        Unit = "h"
	Days         Unit = "d"
	BusinessDays Unit = "bd"
	Months       Unit = "mo"
)

// Span is a length of time.
type Span struct {
	N    int  `json:"n"`
	Unit Unit `json:"unit"`
}

func (s Span) String() string {
	if s.Unit == Months && s.N >= 12 && s.N%12 == 0 {
		return strconv.Itoa(s.N/12) + "y"
	}
	return strconv.Itoa(s.N) + string(s.Unit)
}

// longest bounds a span, in its own unit.
const longest = 40_000

// parseSpan reads 1min, 24h, 14d, 15bd, 2mo or 2y.
func parseSpan(s string) (Span, bool) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	n, err := strconv.Atoi(s[:digits])
	if err != nil || n > longest {
		return Span{}, false
	}
	switch u := s[digits:]; u {
	case "y":
		return Span{n * 12, Months}, true
	case "min":
		if n%60 == 0 {
			return Span{n / 60, Hours}, true // one way to write one time
		}
		return Span{n, Minutes}, true
	case "h", "d", "bd", "mo":
		return Span{n, Unit(u)}, true
	}
	return Span{}, false
}

// Time is a span from an event, and how it is counted.
type Time struct {
	Span
	From     string `json:"from"`
	Count    string `json:"count,omitempty"`    // exclude_start (the day of the event is not counted) or include_start
	Roll     string `json:"roll,omitempty"`     // none, or next_bd: an end on a holiday is moved to the next business day
	Calendar string `json:"calendar,omitempty"` // of business days: of the pack, or AtHome
	// Formula stands in the place of the span where the length is computed.
	Formula string `json:"formula,omitempty"`
}

// AtHome stands in a pack for the calendar of where the customer lives: a law of
// a union has no holidays of its own. Effective puts that place in its stead.
const AtHome = "residence"

// Rolls reports whether an end on a day that is no business day is moved.
func (t Time) Rolls() bool { return t.Roll == "next_bd" }

func (t Time) String() string {
	s := t.Formula
	if s == "" {
		s = t.Span.String()
	}
	s += " from " + t.From
	switch {
	case t.Rolls():
		s += ", next_bd (" + t.Calendar + ")"
	case t.Unit == BusinessDays:
		s += " (" + t.Calendar + ")"
	}
	return s
}

// longestRest is more days than follow each other in any calendar without a
// business day between them.
const longestRest = 12

// days between which the time surely ends, for what is counted in days.
func (t Time) days() (least, most int) {
	least, most = t.plainDays()
	if t.Rolls() {
		most += longestRest
	}
	return least, most
}

// plainDays are days where no end is moved.
func (t Time) plainDays() (least, most int) {
	switch t.Unit {
	case BusinessDays:
		return t.N, 2*t.N + longestRest // weekends, and the longest holidays of a year
	case Months:
		return 30*t.N - 2 - t.N/12, 31 * t.N
	}
	return t.N, t.N
}

// minutes between which the time surely ends; a day ends at midnight, and where
// clocks are changed it has an hour more or less.
func (t Time) minutes() (least, most int) {
	switch t.Unit {
	case Minutes:
		return t.N, t.N
	case Hours:
		return 60 * t.N, 60 * t.N
	}
	least, most = t.days()
	return 24*60*least - 60, 24*60*(most+1) + 60
}

// Within asks whether a span, from whatever day both are counted, ends no later
// than another: Pass, always; Fail, never; Unknown, on some days, as thirty days
// against a month.
func (s Span) Within(most Span) Result {
	if s.Unit == most.Unit {
		if s.N <= most.N {
			return Pass
		}
		return Fail
	}
	ends := Time.calendarDays
	if s.Unit.exact() || most.Unit.exact() {
		ends = Time.minutes
	}
	shortest, longest := ends(Time{Span: s})
	least, greatest := ends(Time{Span: most})
	switch {
	case longest <= least:
		return Pass
	case shortest > greatest:
		return Fail
	}
	return Unknown
}

// The fewest and the most days that so many months in a row have.
var (
	fewestDays = [12]int{0, 28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334}
	mostDays   = [12]int{0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337}
)

// calendarDays is as days, with months as a calendar has them.
func (t Time) calendarDays() (least, most int) {
	if t.Unit != Months {
		return t.days()
	}
	years, rest := t.N/12, t.N%12
	return 365*years + fewestDays[rest], 366*years + mostDays[rest]
}

func (u Unit) exact() bool { return u == Minutes || u == Hours }

// shorter reports whether a surely ends no later than b does, and is another
// time.
func shorter(a, b Time) bool {
	if a.From != b.From || a.Count != b.Count || a.Formula != "" || b.Formula != "" {
		return false
	}
	if a.Unit == b.Unit && a.Roll == b.Roll && a.Calendar == b.Calendar {
		return a.N < b.N
	}
	ends := Time.days
	if a.Unit.exact() || b.Unit.exact() {
		ends = Time.minutes
	}
	_, most := ends(a)
	least, _ := ends(b)
	return most <= least
}

// Sum is money, a percentage of something, or a formula.
type Sum struct {
	Minor    int64  `json:"minor"`              // in the smallest unit of the currency
	Currency string `json:"currency,omitempty"` // empty: nothing is nothing in every currency
	Percent  int64  `json:"percent,omitempty"`
	Of       string `json:"of,omitempty"` // formula whose percentage it is
	Formula  string `json:"formula,omitempty"`
}

func (s Sum) String() string {
	switch {
	case s.Formula != "":
		return s.Formula
	case s.Percent != 0:
		return fmt.Sprintf("%d %% of %s", s.Percent, s.Of)
	case s.Minor == 0:
		return "0"
	}
	return fmt.Sprintf("%d %s/100", s.Minor, s.Currency)
}

// less reports whether a is surely less than b.
func less(a, b Sum) bool {
	switch {
	case a == Sum{}:
		return b != Sum{}
	case a.Formula != "" || b.Formula != "":
		return false
	case a.Percent != 0 || b.Percent != 0:
		return a.Of == b.Of && a.Percent < b.Percent && a.Percent != 0
	}
	return a.Currency == b.Currency && a.Minor < b.Minor
}

// Wording is what must stand there in a language by a pack.
type Wording struct {
	Pack      string   `json:"pack"`
	Lang      string   `json:"lang"`
	AnyOf     []string `json:"any_of"`
	Exclusive bool     `json:"exclusive,omitempty"` // nothing but these words
	// Reviewed: other words of which nobody can doubt the meaning are allowed
	// once an operator has signed them.
	Reviewed bool `json:"reviewed,omitempty"`
}

func (w Wording) String() string {
	return fmt.Sprintf("%s/%s: %s", w.Pack, w.Lang, strings.Join(w.AnyOf, " | "))
}

// Accepts reports whether the words are among the prescribed ones; upper and
// lower case and white space at the ends do not count.
func (w Wording) Accepts(label string) bool {
	label = strings.Join(strings.Fields(label), " ")
	return slices.ContainsFunc(w.AnyOf, func(x string) bool { return strings.EqualFold(x, label) })
}

// DaysBefore is between when and when before an event something must be told.
type DaysBefore struct {
	Anchor    string `json:"anchor"`
	NotBefore Span   `json:"not_before,omitzero"` // no sooner than this before it; zero: as soon as one likes
	NotAfter  Span   `json:"not_after"`           // no later than this before it
	Calendar  string `json:"calendar,omitempty"`
}

func (w DaysBefore) String() string {
	if w.NotBefore == (Span{}) {
		return fmt.Sprintf("%s or more before %s", w.NotAfter, w.Anchor)
	}
	return fmt.Sprintf("%s to %s before %s", w.NotBefore, w.NotAfter, w.Anchor)
}

// inside reports whether whatever is in a is in b as well, and b is larger.
func inside(a, b DaysBefore) bool {
	if a.Anchor != b.Anchor || a == b {
		return false
	}
	time := func(s Span, w DaysBefore) Time { return Time{Span: s, Calendar: w.Calendar} }
	sooner := func(x, y Time) bool { return x.Span == y.Span && x.Calendar == y.Calendar || shorter(x, y) } // x ≤ y
	if !sooner(time(b.NotAfter, b), time(a.NotAfter, a)) {
		return false
	}
	return b.NotBefore == (Span{}) || a.NotBefore != (Span{}) && sooner(time(a.NotBefore, a), time(b.NotBefore, b))
}

func (v Value) String() string {
	switch {
	case v.Word != "":
		return v.Word
	case v.Words != nil:
		return "{" + strings.Join(v.Words, ", ") + "}"
	case v.Times != nil:
		return join(v.Times, " or ")
	case v.Sums != nil:
		return join(v.Sums, " or ")
	case v.Labels != nil:
		return join(v.Labels, "; ")
	case v.Windows != nil:
		return join(v.Windows, " and ")
	case v.On:
		return "yes"
	}
	return strconv.FormatInt(v.N, 10)
}

func join[T fmt.Stringer](list []T, by string) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = x.String()
	}
	return strings.Join(parts, by)
}

// tidy sorts a list and leaves out what is there twice or is not strict enough:
// of which another one is surely stricter.
func tidy[T comparable](list []T, stricter func(a, b T) bool) []T {
	var out []T
	for _, x := range list {
		if !slices.Contains(out, x) && !slices.ContainsFunc(list, func(o T) bool { return stricter(o, x) }) {
			out = append(out, x)
		}
	}
	if len(out) > 1 {
		slices.SortFunc(out, func(a, b T) int { return cmp.Compare(fmt.Sprintf("%#v", a), fmt.Sprintf("%#v", b)) })
	}
	return out
}
