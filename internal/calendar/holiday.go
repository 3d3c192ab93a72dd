package calendar

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/when"
)

// holiday is the rule of a holiday: a day of every year, or listed days.
type holiday struct {
	name        string
	on          day
	days        []when.Date
	from, until int // years; 0: no bound
	every       int // years from `from` on; 0: each
	except      []int
	only        []time.Weekday // it is a holiday only where the day falls on one of these
	move        map[time.Weekday]int
	doubtful    bool
}

// in is the days of the holiday that belong to a year, moved.
func (h holiday) in(year int) (list []when.Date) {
	for _, d := range h.days {
		if d.Year == year {
			list = append(list, d)
		}
	}
	if h.on == nil || year < h.from || h.until != 0 && year > h.until || slices.Contains(h.except, year) {
		return list
	}
	if h.every > 1 && (year-h.from)%h.every != 0 {
		return list
	}
	d, is := h.on(year)
	if !is || h.only != nil && !slices.Contains(h.only, d.Weekday()) {
		return list
	}
	return append(list, d.AddDays(h.move[d.Weekday()]))
}

// day is a day of a year; false: that year has none.
type day func(year int) (when.Date, bool)

var (
	fixedForm  = regexp.MustCompile(`^(\d\d)-(\d\d)$`)
	easterForm = regexp.MustCompile(`^easter([+-]\d{1,3})?$`)
	nthForm    = regexp.MustCompile(`^(1st|2nd|3rd|4th|last) ([a-z]+) of ([a-z]+)$`)
	beforeForm = regexp.MustCompile(`^([a-z]+) before (\d\d)-(\d\d)$`)
)

// parseDay reads 12-25, easter+39, 3rd monday of january, last monday of may,
// wednesday before 11-23.
func parseDay(s string) (day, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if m := fixedForm.FindStringSubmatch(s); m != nil {
		return fixed(m[1], m[2])
	}
	if m := easterForm.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1]) // nothing is 0, and the form lets nothing else by
		return func(year int) (when.Date, bool) { return Easter(year).AddDays(n), true }, true
	}
	if m := beforeForm.FindStringSubmatch(s); m != nil {
		w, good := weekdays[m[1]]
		limit, is := fixed(m[2], m[3])
		return func(year int) (when.Date, bool) {
			d, there := limit(year)
			for d = d.AddDays(-1); d.Weekday() != w; {
				d = d.AddDays(-1)
			}
			return d, there
		}, good && is
	}
	m := nthForm.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	w, good := weekdays[m[2]]
	month := slices.Index(months, m[3]) + 1
	nth := map[string]int{"1st": 0, "2nd": 7, "3rd": 14, "4th": 21}
	return func(year int) (when.Date, bool) {
		if m[1] == "last" {
			d := when.Date{Year: year, Month: time.Month(month), Day: 1}.AddMonths(1).AddDays(-1)
			for d.Weekday() != w {
				d = d.AddDays(-1)
			}
			return d, true
		}
		d := when.Date{Year: year, Month: time.Month(month), Day: 1}
		for d.Weekday() != w {
			d = d.AddDays(1)
		}
		return d.AddDays(nth[m[1]]), true
	}, good && month > 0
}

func fixed(month, dd string) (day, bool) {
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(dd)
	if m < 1 || m > 12 || d < 1 || (when.Date{Year: 2024, Month: time.Month(m), Day: d}).AddDays(0).Month != time.Month(m) {
		return nil, false
	}
	return func(year int) (when.Date, bool) {
		out := when.Date{Year: year, Month: time.Month(m), Day: d}
		return out, out.AddDays(0) == out // 29 February
	}, true
}

var weekdays = func() map[string]time.Weekday {
	m := map[string]time.Weekday{}
	for w := time.Sunday; w <= time.Saturday; w++ {
		m[strings.ToLower(w.String())] = w
	}
	return m
}()

var months = func() (list []string) {
	for m := time.January; m <= time.December; m++ {
		list = append(list, strings.ToLower(m.String()))
	}
	return list
}()

// Easter is the Sunday of Easter in the Gregorian calendar (Meeus, Jones,
// Butcher).
func Easter(year int) when.Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return when.Date{Year: year, Month: time.Month(n / 31), Day: n%31 + 1}
}
