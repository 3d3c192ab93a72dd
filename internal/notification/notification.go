// Package notification says what the people of the company are told about their
// work: what, who of them, and when, by what each of them wants. It is pure: it
// words nothing, sends nothing and looks at no clock. Customers are written to
// by package notice.
package notification

import (
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Kind is what somebody is told.
type Kind string

// The kinds.
const (
	Task       Kind = "task"       // there is something to do that is theirs, or their team's
	DueSoon    Kind = "due_soon"   // it is due before long
	Overdue    Kind = "overdue"    // its date has passed
	Escalation Kind = "escalation" // it is late, and they are asked although it was another's
	Stuck      Kind = "stuck"      // it cannot go on until somebody decides
	Digest     Kind = "digest"     // once a day: what is due, late and waiting for others
)

// Kinds are all of them, in the order in which they are shown.
var Kinds = []Kind{Task, DueSoon, Overdue, Escalation, Stuck, Digest}

// Urgent reports whether it passes quiet hours.
func (k Kind) Urgent() bool { return k == Escalation }

// Minute is a minute of the day: 8 hours after midnight is 480.
type Minute int

// Day is how many of them a day has.
const Day Minute = 24 * 60

// Preference is how one person wants to be told.
type Preference struct {
	Address  string    `json:"address,omitempty"` // e-mail; empty: no letters
	Language string    `json:"language"`
	Zone     string    `json:"zone"`
	Off      []Kind    `json:"off,omitempty"` // of these, nothing
	Hour     int       `json:"hour"`          // of the daily digest, in their zone
	From     Minute    `json:"from"`          // quiet from and until, in their zone; equal: never quiet
	To       Minute    `json:"to"`
	Away     when.Date `json:"away,omitzero"`    // first day away; zero: not away
	Back     when.Date `json:"back,omitzero"`    // last day away
	Stands   string    `json:"stands,omitempty"` // usr_… who stands in for them while they are away
}

// Default is how somebody is told who never said anything: of everything, at
// any hour, and the digest at eight.
func Default(address, language, zone string) Preference {
	return Preference{Address: address, Language: language, Zone: zone, Hour: 8}
}

// Location is the person's zone.
func (p Preference) Location() *time.Location {
	zone, err := when.Zone(p.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Wants reports whether they want to be told of the kind.
func (p Preference) Wants(k Kind) bool { return !slices.Contains(p.Off, k) }

// Check reports everything that is wrong, and tidies the address. languages are
// those that there are.
func (p *Preference) Check(languages []string) fault.List {
	var l fault.List
	add := func(code, field string) { l = append(l, fault.New(fault.Invalid, code).On(field)) }
	if p.Address != "" {
		address, wrong := customer.CheckEmail("address", p.Address)
		if wrong != nil {
			l = append(l, wrong)
		}
		p.Address = address
	}
	if !slices.Contains(languages, p.Language) {
		add("field.choice", "language")
	}
	if _, err := when.Zone(p.Zone); err != nil || p.Zone == "" || p.Zone == "Local" {
		add("told.zone", "zone")
	}
	if p.Hour < 0 || p.Hour > 23 {
		add("field.choice", "hour")
	}
	if p.From < 0 || p.From >= Day {
		add("told.minute", "from")
	}
	if p.To < 0 || p.To >= Day {
		add("told.minute", "to")
	}
	for _, k := range p.Off {
		if !slices.Contains(Kinds, k) {
			add("field.choice", "off")
			break
		}
	}
	switch {
	case p.Away.IsZero() && (!p.Back.IsZero() || p.Stands != ""):
		add("field.required", "away")
	case !p.Away.IsZero() && p.Back.IsZero():
		add("field.required", "back")
	case p.Back.Before(p.Away):
		add("told.back", "back")
	}
	return l
}

// Quiet reports whether the instant lies in their quiet hours, and when those
// end. The hours are those that a clock on the wall shows: on the night in which
// it changes they are longer or shorter, and end at the same figure.
func (p Preference) Quiet(at time.Time) (until time.Time, quiet bool) {
	if p.From == p.To {
		return time.Time{}, false
	}
	zone := p.Location()
	local := at.In(zone)
	m := Minute(local.Hour()*60 + local.Minute())
	day := when.DateOf(at, zone)
	switch {
	case p.From < p.To && (m < p.From || m >= p.To), p.From > p.To && m < p.From && m >= p.To:
		return time.Time{}, false
	case p.From > p.To && m >= p.From: // they end tomorrow
		day = day.AddDays(1)
	}
	until = clock(day, p.To, zone)
	if !until.After(at) { // the hour comes twice, and this is its second time
		until = at.Add(time.Minute).Truncate(time.Minute)
	}
	return until, true
}

// clock is the instant at which a clock in the zone first shows the minute on the
// day; where it is set forward over it, the one at which it goes on.
func clock(day when.Date, m Minute, zone *time.Location) time.Time {
	t := time.Date(day.Year, day.Month, day.Day, int(m/60), int(m%60), 0, 0, zone)
	if start := day.Start(zone); t.Before(start) {
		return start
	}
	for _, back := range []time.Duration{time.Hour, 30 * time.Minute} { // by so much clocks are set back
		if earlier := t.Add(-back); earlier.Hour() == t.Hour() && earlier.Minute() == t.Minute() {
			return earlier.UTC()
		}
	}
	return t.UTC()
}

// At is when to tell something of the kind that happened now.
func (p Preference) At(k Kind, now time.Time) time.Time {
	if until, quiet := p.Quiet(now); quiet && !k.Urgent() {
		return until
	}
	return now
}

// NextDigest is the next instant after one at which their digest is due, and
// the day that it is of. An hour that lies in their quiet hours is the end of
// those.
func (p Preference) NextDigest(after time.Time) (time.Time, when.Date) {
	zone := p.Location()
	for day := when.DateOf(after, zone).AddDays(-1); ; day = day.AddDays(1) {
		at := clock(day, Minute(p.Hour*60), zone)
		if until, quiet := p.Quiet(at); quiet {
			at = until
		}
		if at.After(after) {
			return at, when.DateOf(at, zone)
		}
	}
}

// Absent reports whether they are away at the instant.
func (p Preference) Absent(at time.Time) bool {
	if p.Away.IsZero() {
		return false
	}
	day := when.DateOf(at, p.Location())
	return !day.Before(p.Away) && !p.Back.Before(day)
}
