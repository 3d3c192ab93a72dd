// Package calendar knows which days are business days, where, and counts legal
// periods with them: which day is not counted, what happens to an end on a
// holiday, how long a month is. Calendars are data: those of some countries
// and regions are shipped, a company may add its own or replace one.
//
// Which law sets a period is not its matter, nor what happens when it ends.
package calendar

import (
	"sync"
	"time"

	"hastaluego/internal/when"
)

// Calendar says which days are business days. It is never changed once loaded
// and may be used by many at once.
//
// Some days are in doubt: a bridge that an employer may grant, a Saturday that
// one law counts and another does not. The calendar as it is reads them as
// people do: holidays in doubt are worked on, Saturdays are not. Strict and
// Generous read them for one side.
type Calendar struct {
	ID     string            // ES, DE-BY; empty: Monday to Friday, nothing else
	Names  map[string]string // language → name
	Source Source

	off, doubtful [7]bool // by day of the week
	holidays      []holiday
	strict        bool
	generous      bool
	years         *sync.Map // year → map[when.Date]Holiday
}

// Source is where the holidays of a calendar are set.
type Source struct {
	Ref string `yaml:"ref"`
	URL string `yaml:"url"`
}

// Holiday is a day on which nobody need work.
type Holiday struct {
	Date     when.Date
	Name     string // as it is called there
	Doubtful bool   // not for everybody
}

// Weekdays is the calendar of a place that is not known: Monday to Friday.
var Weekdays = &Calendar{off: weekend, years: new(sync.Map)}

var weekend = [7]bool{time.Saturday: true, time.Sunday: true}

// Strict is the calendar read against whoever owes something: every day in
// doubt is counted, so that a duty is never fulfilled too late.
func (c *Calendar) Strict() *Calendar { return c.read(true, false) }

// Generous is the calendar read for whoever has a right: no day in doubt is
// counted, so that a right never ends too early.
func (c *Calendar) Generous() *Calendar { return c.read(false, true) }

func (c *Calendar) read(strict, generous bool) *Calendar {
	other := *c
	other.strict, other.generous = strict, generous
	return &other
}

// Business reports whether the day is a business day.
func (c *Calendar) Business(d when.Date) bool {
	day := d.Weekday()
	if c.off[day] && (!c.strict || !c.doubtful[day]) {
		return false
	}
	h, is := c.year(d.Year)[d]
	return !is || h.Doubtful && !c.generous
}

// Holiday is the holiday on the day, in doubt or not; false: there is none.
func (c *Calendar) Holiday(d when.Date) (Holiday, bool) {
	h, is := c.year(d.Year)[d]
	return h, is
}

// Next is the day, or the first business day after it.
func (c *Calendar) Next(d when.Date) when.Date {
	for !c.Business(d) {
		d = d.AddDays(1)
	}
	return d
}

// Previous is the day, or the last business day before it.
func (c *Calendar) Previous(d when.Date) when.Date {
	for !c.Business(d) {
		d = d.AddDays(-1)
	}
	return d
}

// Add is the n-th business day after the day, which is not counted itself, or
// before it where n is negative. With 0 it is Next.
func (c *Calendar) Add(d when.Date, n int) when.Date {
	if n == 0 {
		return c.Next(d)
	}
	for ; n > 0; n-- {
		d = c.Next(d.AddDays(1))
	}
	for ; n < 0; n++ {
		d = c.Previous(d.AddDays(-1))
	}
	return d
}

// Count is how many business days lie behind a, up to and with b; where b is
// earlier, it is less than zero and counts from b on, without a. It is the n of
// Add.
func (c *Calendar) Count(a, b when.Date) (n int) {
	for d := a; d.Before(b); {
		if d = d.AddDays(1); c.Business(d) {
			n++
		}
	}
	for d := a; b.Before(d); {
		if d = d.AddDays(-1); c.Business(d) {
			n--
		}
	}
	return n
}

// Holidays are those of a year, by date.
func (c *Calendar) Holidays(year int) (list []Holiday) {
	for d := (when.Date{Year: year, Month: time.January, Day: 1}); d.Year == year; d = d.AddDays(1) {
		if h, is := c.Holiday(d); is {
			list = append(list, h)
		}
	}
	return list
}

// year is the holidays of a year by day. Whatever is moved over the turn of a
// year is in the year into which it is moved.
func (c *Calendar) year(y int) map[when.Date]Holiday {
	if known, is := c.years.Load(y); is {
		return known.(map[when.Date]Holiday)
	}
	of := map[when.Date]Holiday{}
	for _, h := range c.holidays {
		for around := y - 1; around <= y+1; around++ {
			for _, d := range h.in(around) {
				if was, is := of[d]; d.Year == y && (!is || was.Doubtful) {
					of[d] = Holiday{d, h.name, h.doubtful}
				}
			}
		}
	}
	c.years.Store(y, of)
	return of
}
