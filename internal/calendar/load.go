package calendar

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
	"hastaluego/internal/when"
)

//go:embed calendars/*.yaml
var shipped embed.FS

// File is a text with calendars.
type File struct {
	Name   string
	Source []byte
}

// Set is calendars that were read together.
type Set struct{ byID map[string]*Calendar }

// Shipped are the calendars of the program.
var Shipped = sync.OnceValue(func() *Set {
	s, err := With(nil)
	if err != nil {
		panic(err) // they are part of the program; a test reads them
	}
	return s
})

// With is the shipped calendars together with those of files of one's own: a
// calendar with the id of a shipped one stands in its place.
func With(own []File) (*Set, error) {
	entries, err := fs.ReadDir(shipped, "calendars")
	if err != nil {
		return nil, fault.Wrap("calendar.shipped", err)
	}
	var theirs []File
	for _, e := range entries {
		src, err := fs.ReadFile(shipped, path.Join("calendars", e.Name()))
		if err != nil {
			return nil, fault.Wrap("calendar.shipped", err)
		}
		theirs = append(theirs, File{e.Name(), src})
	}
	return load(theirs, own)
}

// Of is the calendar of the first place that has one: a region without one has
// that of its country. Where no place has one it is Weekdays, and false.
func (s *Set) Of(places ...string) (*Calendar, bool) {
	for _, p := range places {
		p = strings.ToUpper(p)
		country, _, _ := strings.Cut(p, "-")
		for _, id := range []string{p, country} {
			if c := s.byID[id]; c != nil {
				return c, true
			}
		}
	}
	return Weekdays, false
}

// IDs are the calendars there are.
func (s *Set) IDs() []string { return slices.Sorted(maps.Keys(s.byID)) }

// calendarFile is how a calendar is written; a file is a list of them.
type calendarFile struct {
	Calendar string            `yaml:"calendar"`
	Names    map[string]string `yaml:"names"`
	Extends  string            `yaml:"extends"`
	Source   Source            `yaml:"source"`
	Weekend  []string          `yaml:"weekend"`
	Doubtful []string          `yaml:"doubtful_days"`
	Without  []string          `yaml:"without"`
	Holidays []holidayFile     `yaml:"holidays"`
}

type holidayFile struct {
	Name     string         `yaml:"name"`
	On       string         `yaml:"on"`
	Days     []string       `yaml:"days"`
	From     int            `yaml:"from"`
	Until    int            `yaml:"until"`
	Every    int            `yaml:"every"`
	Except   []int          `yaml:"except"`
	Only     []string       `yaml:"only"`
	Move     map[string]int `yaml:"move"`
	Doubtful bool           `yaml:"doubtful"`
}

// What a calendar may hold: with more holidays, or fewer days of the week to
// work on, counting might find no business day at all.
const (
	mostHolidays = 100
	mostWeekend  = 4
	furthestMove = 31
)

var idForm = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)

// entry is a calendar that was read but not yet joined with what it extends.
type entry struct {
	calendarFile
	*source.File
	at  string // its path in the file
	own bool
	cal *Calendar
}

// load reads files strictly; every problem is reported as a fault.List, at its
// place.
func load(theirs, own []File) (*Set, error) {
	entries := map[string]*entry{}
	var files []*source.File
	for i, f := range slices.Concat(theirs, own) {
		var list []calendarFile
		at, err := source.Decode(f.Name, f.Source, &list)
		files = append(files, at)
		if err != nil {
			continue
		}
		for j, in := range list {
			e := &entry{calendarFile: in, File: at, at: fmt.Sprintf("$[%d]", j), own: i >= len(theirs)}
			if was := entries[in.Calendar]; was != nil && was.own == e.own {
				e.At(e.at+".calendar", "calendar.twice", "id", in.Calendar)
				continue
			}
			entries[in.Calendar] = e
		}
	}
	set := &Set{byID: map[string]*Calendar{}}
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		set.byID[id] = entries[id].join(entries, nil)
	}
	var found fault.List
	for _, f := range files {
		found = append(found, fault.Fields(f.Err())...)
	}
	if err := found.Or(); err != nil {
		return nil, err
	}
	return set, nil
}

// join reads the rules of a calendar behind those that it extends.
func (e *entry) join(all map[string]*entry, below []string) *Calendar {
	if e.cal != nil {
		return e.cal
	}
	c := &Calendar{ID: e.Calendar, Names: e.Names, Source: e.Source, off: weekend, years: new(sync.Map)}
	e.cal = c
	if !idForm.MatchString(e.Calendar) {
		e.At(e.at+".calendar", "calendar.id", "id", e.Calendar)
	}
	if e.Extends != "" {
		switch parent := all[e.Extends]; {
		case parent == nil:
			e.At(e.at+".extends", "calendar.extends", "id", e.Extends, "known", strings.Join(slices.Sorted(maps.Keys(all)), ", "))
		case e.Extends == e.Calendar || slices.Contains(below, e.Extends):
			e.At(e.at+".extends", "calendar.cycle", "id", e.Extends)
		default:
			up := parent.join(all, append(below, e.Calendar))
			c.off, c.doubtful, c.holidays = up.off, up.doubtful, slices.Clone(up.holidays)
		}
	}
	if e.Weekend != nil {
		c.off = e.week(".weekend", e.Weekend)
	}
	if e.Doubtful != nil {
		c.doubtful = e.week(".doubtful_days", e.Doubtful)
	}
	for i, name := range e.Without {
		before := len(c.holidays)
		if c.holidays = slices.DeleteFunc(c.holidays, func(h holiday) bool { return h.name == name }); len(c.holidays) == before {
			e.At(fmt.Sprintf("%s.without[%d]", e.at, i), "calendar.without", "name", name)
		}
	}
	for i, h := range e.Holidays {
		c.holidays = append(c.holidays, e.holiday(fmt.Sprintf("%s.holidays[%d]", e.at, i), h))
	}
	e.bounded(c)
	return c
}

// bounded reports a calendar in which there might be no business day.
func (e *entry) bounded(c *Calendar) {
	resting := 0
	for _, off := range c.off {
		if off {
			resting++
		}
	}
	if resting > mostWeekend {
		e.At(e.at+".weekend", "calendar.weekend", "max", mostWeekend)
	}
	most, listed := 0, map[int]int{}
	for _, h := range c.holidays {
		if h.on != nil {
			most++
		}
		for _, d := range h.days {
			listed[d.Year]++
		}
	}
	busiest := 0
	for _, n := range listed {
		busiest = max(busiest, n)
	}
	if most+busiest > mostHolidays {
		e.At(e.at+".holidays", "calendar.many", "max", mostHolidays)
	}
}

func (e *entry) holiday(at string, in holidayFile) holiday {
	h := holiday{name: in.Name, from: in.From, until: in.Until, every: in.Every, except: in.Except, doubtful: in.Doubtful}
	if strings.TrimSpace(in.Name) == "" {
		e.At(at+".name", "calendar.name")
	}
	if in.On == "" && len(in.Days) == 0 {
		e.At(at, "calendar.day", "value", "")
	}
	if in.On != "" {
		var good bool
		if h.on, good = parseDay(in.On); !good {
			h.on = nil
			e.At(at+".on", "calendar.day", "value", in.On)
		}
	}
	for i, s := range in.Days {
		d, err := when.ParseDate(s)
		if err != nil {
			e.At(fmt.Sprintf("%s.days[%d]", at, i), "calendar.day", "value", s)
		}
		h.days = append(h.days, d)
	}
	if in.Until != 0 && in.Until < in.From || in.Every < 0 || in.Every > 0 && in.From == 0 {
		e.At(at+".from", "calendar.years")
	}
	for i, s := range in.Only {
		h.only = append(h.only, e.weekday(fmt.Sprintf("%s.only[%d]", at, i), s))
	}
	for _, s := range slices.Sorted(maps.Keys(in.Move)) {
		n := in.Move[s]
		if n < -furthestMove || n > furthestMove {
			e.At(at+".move", "calendar.move", "max", furthestMove)
		}
		if h.move == nil {
			h.move = map[time.Weekday]int{}
		}
		h.move[e.weekday(at+".move", s)] = n
	}
	return h
}

func (e *entry) week(at string, names []string) (week [7]bool) {
	for i, s := range names {
		week[e.weekday(fmt.Sprintf("%s%s[%d]", e.at, at, i), s)] = true
	}
	return week
}

func (e *entry) weekday(at, s string) time.Weekday {
	w, good := weekdays[strings.ToLower(s)]
	if !good {
		e.At(at, "calendar.weekday", "value", s, "known", "monday, tuesday, wednesday, thursday, friday, saturday, sunday")
	}
	return w
}
