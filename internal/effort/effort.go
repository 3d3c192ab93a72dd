// Package effort is the time that people of the company worked for a customer: who,
// when, for how long and what for. It is pure: it stores nothing, prices nothing and
// watches nobody.
package effort

import (
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// ID identifies recorded time (eff_…).
type ID string

// Effort is time that somebody worked for a customer on a day. What is written in words
// is sealed at rest.
type Effort struct {
	ID         ID
	Customer   customer.ID
	Day        when.Date
	Minutes    int
	Reference  string // of the line in the timesheet that it came from, unique for the customer; empty: there is none
	RecordedAt time.Time
	RecordedBy string // usr_… or key_…
	Who        string // worked
	What       string // for
}

// Bounds of what may be recorded at once.
const (
	MostMinutes = 24 * 60
	maxWho      = 120
	maxWhat     = 1000
	maxRef      = 100
)

// Check tidies what was typed and reports everything that is wrong with it, as of a day.
func (e *Effort) Check(today when.Date) (l fault.List) {
	for _, f := range []struct {
		field string
		text  *string
		most  int
		lines bool
	}{{"who", &e.Who, maxWho, false}, {"what", &e.What, maxWhat, true}, {"reference", &e.Reference, maxRef, false}} {
		clean, wrong := customer.CheckText(f.field, *f.text, f.most, f.lines)
		if *f.text = clean; wrong != nil {
			l = append(l, wrong)
		}
	}
	if e.Who == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("who"))
	}
	if e.What == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("what"))
	}
	if e.Minutes < 1 || e.Minutes > MostMinutes {
		l = append(l, fault.New(fault.Invalid, "effort.minutes", "max", MostMinutes).On("minutes"))
	}
	if e.Day.IsZero() || today.Before(e.Day) {
		l = append(l, fault.New(fault.Invalid, "effort.day").On("day"))
	}
	return l
}

// Minutes is how much a list comes to.
func Minutes(list []Effort) (sum int) {
	for _, e := range list {
		sum += e.Minutes
	}
	return sum
}
