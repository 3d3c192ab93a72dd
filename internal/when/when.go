// Package when is time: the two clocks, civil dates and the arithmetic between
// them. Instants are UTC; legal and contractual dates are civil dates that
// become instants only with a zone. It is the only package that may ask the
// machine what time it is.
package when

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Clock is both clocks of the program. Now is business time, which the time
// machine of the demo and of rehearsals may move forward: due dates, documents,
// timers, audit. Wall is real time, which nothing moves: leases, heartbeats,
// back-off, sessions, rate limits, signatures.
type Clock interface {
	Now() time.Time
	Wall() time.Time
}

// Machine is the clock of the machine, with business time Offset ahead.
type Machine struct{ Offset func() time.Duration }

// Wall returns the machine's time in UTC, cut to microseconds.
func (Machine) Wall() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Now returns the machine's time plus the offset.
func (m Machine) Now() time.Time {
	if m.Offset == nil {
		return m.Wall()
	}
	return m.Wall().Add(m.Offset())
}

// Manual is a clock for tests: both clocks stand still until they are moved.
type Manual struct {
	mu        sync.Mutex
	now, wall time.Time
}

// NewManual starts both clocks at t.
func NewManual(t time.Time) *Manual { return &Manual{now: t.UTC(), wall: t.UTC()} }

// Now returns business time.
func (m *Manual) Now() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.now }

// Wall returns real time.
func (m *Manual) Wall() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.wall }

// Advance lets d go by on both clocks.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now, m.wall = m.now.Add(d), m.wall.Add(d)
}

// zones keeps what was loaded: a zone is a file that is read and parsed.
var zones sync.Map // name → *time.Location

// Zone returns the time zone of an IANA name such as Europe/Madrid.
func Zone(name string) (*time.Location, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), nil
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	zones.Store(name, z)
	return z, nil
}

// Micros is the instant as it is stored: microseconds since 1970 in UTC, 0 for
// the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the reverse of Micros.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Date is a civil date without a zone. The zero Date is "no date".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the civil date of the instant in the zone.
func DateOf(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// ParseDate reads 2026-03-31 and nothing else.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("when: %q is not a date like 2026-03-31", s)
	}
	return DateOf(t, time.UTC), nil
}

// DateForms are how dates may be written in files, by the name of the form.
var DateForms = map[string]string{
	"yyyy-mm-dd": time.DateOnly, "yyyy/mm/dd": "2006/1/2", "yyyymmdd": "20060102",
	"dd/mm/yyyy": "2/1/2006", "mm/dd/yyyy": "1/2/2006", "dd-mm-yyyy": "2-1-2006", "dd.mm.yyyy": "2.1.2006",
}

// ParseDateAs reads a date written in one of DateForms. A time of day behind
// it is left out.
func ParseDateAs(s, form string) (Date, error) {
	layout, ok := DateForms[form]
	if !ok {
		return Date{}, fmt.Errorf("when: there is no form of dates %q", form)
	}
	if i := strings.IndexAny(s, " T"); i > 0 {
		s = s[:i]
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return Date{}, fmt.Errorf("when: %q is not a date like %s", s, form)
	}
	return DateOf(t, time.UTC), nil
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String writes 2026-03-31, or nothing for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// AddDays returns the date n days later.
func (d Date) AddDays(n int) Date { return DateOf(d.utc().AddDate(0, 0, n), time.UTC) }

// Weekday of the date.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// AddMonths returns the date n months later; a day that the month does not
// have becomes its last one (31 January plus one month is 28 or 29 February).
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Date{first.Year(), first.Month(), min(d.Day, last)}
}

// Before reports whether d is earlier than o.
func (d Date) Before(o Date) bool { return d.utc().Before(o.utc()) }

// MonthsUntil counts the whole months from d to o: the n for which AddMonths(n)
// is not after o and AddMonths(n+1) is. Zero when o is before d.
func (d Date) MonthsUntil(o Date) int {
	n := max(0, (o.Year-d.Year)*12+int(o.Month)-int(d.Month))
	for n > 0 && o.Before(d.AddMonths(n)) {
		n--
	}
	return n
}

// DaysUntil returns how many days o lies after d.
func (d Date) DaysUntil(o Date) int { return int(o.utc().Sub(d.utc()) / (24 * time.Hour)) }

// Start returns the first instant of the day in the zone. Where a clock change
// removes midnight, it is the first instant that exists.
func (d Date) Start(zone *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
	if DateOf(t, zone) != d { // midnight was skipped forward into the day before
		t = t.Add(time.Hour)
	}
	return t.UTC()
}

// End returns the first instant after the day in the zone: a contract that is
// effective on D ends at D+1 00:00.
func (d Date) End(zone *time.Location) time.Time { return d.AddDays(1).Start(zone) }
