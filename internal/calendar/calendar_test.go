package calendar_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/calendar"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

func at(id string) *calendar.Calendar { c, _ := calendar.Shipped().Of(id); return c }

func day(t testing.TB, s string) when.Date {
	t.Helper()
	d, err := when.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// drawn is a calendar in one of its readings, and a day.
func drawn(t *rapid.T) (*calendar.Calendar, when.Date) {
	c := at(rapid.SampledFrom(append(calendar.Shipped().IDs(), "")).Draw(t, "calendar"))
	switch rapid.IntRange(0, 2).Draw(t, "reading") {
	case 1:
		c = c.Strict()
	case 2:
		c = c.Generous()
	}
	return c, when.Date{Year: 2020, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 4000).Draw(t, "day"))
}

// naive walks day by day with one counter, and nothing of the package but which
// days are business days.
func naive(c *calendar.Calendar, d when.Date, n int) when.Date {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for found := 0; found < n; {
		if d = d.AddDays(step); c.Business(d) {
			found++
		}
	}
	return d
}

func TestBusinessDaysAreCountedAsOneWouldOnFingers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, d := drawn(t)
		n := rapid.IntRange(-60, 60).Draw(t, "n")
		got := c.Add(d, n)
		if !c.Business(got) {
			t.Fatalf("%s + %d = %s, which is no business day in %s", d, n, got, c.ID)
		}
		if n == 0 {
			if got.Before(d) || c.Count(d, got) > 1 || c.Business(d) && got != d {
				t.Fatalf("%s rolls to %s in %s", d, got, c.ID)
			}
			return
		}
		if want := naive(c, d, n); got != want {
			t.Fatalf("%s + %d = %s, want %s in %s", d, n, got, want, c.ID)
		}
		if back := c.Count(d, got); back != n {
			t.Fatalf("%s + %d = %s, but %d are counted between them in %s", d, n, got, back, c.ID)
		}
	})
}

func TestALaterStartOrALongerPeriodNeverEndsSooner(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, d := drawn(t)
		p := drawnPeriod(t)
		longer := p
		longer.N += rapid.IntRange(0, 20).Draw(t, "more")
		later := d.AddDays(rapid.IntRange(0, 40).Draw(t, "later"))
		last := c.Last(d, p)
		if c.Last(later, p).Before(last) {
			t.Fatalf("%v from %s ends on %s, from %s on %s in %s", p, d, last, later, c.Last(later, p), c.ID)
		}
		if c.Last(d, longer).Before(last) {
			t.Fatalf("%v from %s ends on %s, %v on %s in %s", p, d, last, longer, c.Last(d, longer), c.ID)
		}
		if last.Before(d) && !p.IncludeStart || p.Roll && p.Unit != calendar.Hours && p.Unit != calendar.Minutes && !c.Business(last) {
			t.Fatalf("%v from %s ends on %s in %s", p, d, last, c.ID)
		}
		if before := c.Before(d, p); d.Before(before) || c.Before(d, longer).AddDays(0) != c.Before(d, longer) || before.Before(c.Before(d, longer)) {
			t.Fatalf("%v before %s is %s, %v before it is %s in %s", p, d, before, longer, c.Before(d, longer), c.ID)
		}
	})
}

func drawnPeriod(t *rapid.T) calendar.Period {
	return calendar.Period{
		N: rapid.IntRange(0, 40).Draw(t, "n"), Unit: rapid.SampledFrom([]calendar.Unit{calendar.Minutes, calendar.Hours, calendar.Days, calendar.BusinessDays, calendar.Months}).Draw(t, "unit"),
		IncludeStart: rapid.Bool().Draw(t, "include"), Roll: rapid.Bool().Draw(t, "roll"),
	}
}

// Days in doubt never move a duty later nor a right sooner.
func TestDoubtNeverHurtsTheCustomer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, d := drawn(t)
		p := drawnPeriod(t)
		strict, generous := c.Strict().Last(d, p), c.Generous().Last(d, p)
		if plain := at(c.ID).Last(d, p); plain.Before(strict) || generous.Before(plain) {
			t.Fatalf("%v from %s: strict %s, as it is %s, generous %s in %s", p, d, strict, plain, generous, c.ID)
		}
	})
}

func TestPeriodsAreCountedAsTheLawsDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, from string
		p        calendar.Period
		want     string
	}{
		{"ES", "2026-12-03", calendar.Period{N: 1, Unit: calendar.BusinessDays}, "2026-12-04"},
		{"ES", "2026-12-04", calendar.Period{N: 1, Unit: calendar.BusinessDays}, "2026-12-07"},
		{"ES", "2026-12-04", calendar.Period{N: 2, Unit: calendar.BusinessDays}, "2026-12-09"}, // the 8th is a holiday
		{"ES-MD", "2026-12-04", calendar.Period{N: 1, Unit: calendar.BusinessDays}, "2026-12-07"},
		{"ES", "2026-12-05", calendar.Period{N: 1, Unit: calendar.BusinessDays}, "2026-12-07"},                     // a Saturday is not day one
		{"ES", "2026-12-05", calendar.Period{N: 1, Unit: calendar.BusinessDays, IncludeStart: true}, "2026-12-07"}, // nor if it is to be counted
		{"ES", "2026-12-04", calendar.Period{N: 1, Unit: calendar.BusinessDays, IncludeStart: true}, "2026-12-04"},
		{"ES", "2026-11-24", calendar.Period{N: 14, Unit: calendar.Days, Roll: true}, "2026-12-09"}, // to the 8th, which is moved
		{"ES", "2026-11-24", calendar.Period{N: 14, Unit: calendar.Days}, "2026-12-08"},
		{"ES", "2026-01-31", calendar.Period{N: 1, Unit: calendar.Months}, "2026-02-28"},
		{"ES", "2026-01-01", calendar.Period{N: 1, Unit: calendar.Months, IncludeStart: true}, "2026-01-31"},
		{"ES", "2026-01-31", calendar.Period{N: 1, Unit: calendar.Months, Roll: true}, "2026-03-02"},
		{"ES", "2024-02-29", calendar.Period{N: 12, Unit: calendar.Months}, "2025-02-28"},
		{"CO", "2026-06-05", calendar.Period{N: 5, Unit: calendar.BusinessDays}, "2026-06-16"}, // Corpus on the 8th, Sagrado Corazón on the 15th
		{"AR", "2026-06-12", calendar.Period{N: 1, Unit: calendar.BusinessDays}, "2026-06-16"}, // Güemes is moved to the 15th
		{"MX", "2026-11-13", calendar.Period{N: 1, Unit: calendar.BusinessDays}, "2026-11-17"},
		{"PE", "2026-07-27", calendar.Period{N: 1, Unit: calendar.BusinessDays}, "2026-07-30"},
		{"UY", "2026-04-01", calendar.Period{N: 1, Unit: calendar.BusinessDays}, "2026-04-02"},
		{"US-CA", "2026-11-25", calendar.Period{N: 1, Unit: calendar.BusinessDays}, "2026-11-27"},
		{"XX", "2026-12-25", calendar.Period{N: 0, Unit: calendar.BusinessDays}, "2026-12-25"},
	} {
		if got := at(c.in).Last(day(t, c.from), c.p); got != day(t, c.want) {
			t.Errorf("%+v from %s in %s ends on %s, want %s", c.p, c.from, c.in, got, c.want)
		}
	}
	if got := at("UY").Generous().Add(day(t, "2026-03-27"), 5); got != day(t, "2026-04-10") {
		t.Errorf("five days for a right in the week of Turismo end on %s", got)
	}
	if got := at("CO").Strict().Add(day(t, "2026-11-27"), 1); got != day(t, "2026-11-28") {
		t.Errorf("a duty of one day on a Friday in Colombia ends on %s", got)
	}
	if got := at("FR").Before(day(t, "2027-05-31"), calendar.Period{N: 3, Unit: calendar.Months}); got != day(t, "2027-02-28") {
		t.Errorf("three months before 31 May is %s", got)
	}
}

// A day of 23 or 25 hours is a day; 24 hours are 24 hours.
func TestHoursGoByWhileDaysAreCivil(t *testing.T) {
	t.Parallel()
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	santiago, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		start time.Time
		p     calendar.Period
		zone  *time.Location
		want  time.Time
	}{
		{time.Date(2026, 3, 28, 12, 0, 0, 0, madrid), calendar.Period{N: 24, Unit: calendar.Hours, Roll: true}, madrid, time.Date(2026, 3, 29, 13, 0, 0, 0, madrid)},
		{time.Date(2026, 3, 28, 12, 0, 0, 0, madrid), calendar.Period{N: 1, Unit: calendar.Days}, madrid, time.Date(2026, 3, 30, 0, 0, 0, 0, madrid)},
		{time.Date(2026, 10, 24, 12, 0, 0, 0, madrid), calendar.Period{N: 24, Unit: calendar.Hours}, madrid, time.Date(2026, 10, 25, 11, 0, 0, 0, madrid)},
		// 23:30 in Madrid is the same day there, and the one before in Chile
		{time.Date(2026, 11, 26, 23, 30, 0, 0, madrid), calendar.Period{N: 1, Unit: calendar.BusinessDays}, madrid, time.Date(2026, 11, 28, 0, 0, 0, 0, madrid)},
		{time.Date(2026, 11, 27, 2, 30, 0, 0, time.UTC), calendar.Period{N: 1, Unit: calendar.Days}, santiago, time.Date(2026, 11, 28, 0, 0, 0, 0, santiago)},
		{time.Date(2026, 9, 4, 12, 0, 0, 0, santiago), calendar.Period{N: 1, Unit: calendar.Days}, santiago, time.Date(2026, 9, 6, 1, 0, 0, 0, santiago)}, // midnight is left out on the 6th
	} {
		if got := calendar.Weekdays.End(c.start, c.p, c.zone); !got.Equal(c.want) {
			t.Errorf("%+v from %s ends at %s, want %s", c.p, c.start, got.In(c.zone), c.want)
		}
	}
}

func TestARegionWithoutACalendarHasThatOfItsCountry(t *testing.T) {
	t.Parallel()
	for want, places := range map[string][]string{
		"ES-MD": {"es-md"}, "ES": {"ES-AN"}, "US": {"US-MN"}, "DE-BY": {"DE-BY", "ES"}, "MX": {"", "MX"}, "": {"ZZ"},
	} {
		c, known := calendar.Shipped().Of(places...)
		if c.ID != want || known != (want != "") {
			t.Errorf("%v is the calendar %q, want %q", places, c.ID, want)
		}
	}
}

const own = `
- calendar: ES-ML
  names: {es: Melilla, en: Melilla}
  extends: ES
  weekend: [sunday]
  without: [Fiesta Nacional de España]
  holidays:
    - {name: Fiesta de la casa, on: 2nd friday of june, from: 2026, until: 2027}
    - {name: Inventario, days: [2026-12-30]}
- calendar: AR
  names: {es: Argentina, en: Argentina}
`

func TestACompanyAddsAndReplacesCalendars(t *testing.T) {
	t.Parallel()
	s, err := calendar.With([]calendar.File{{Name: "own.yaml", Source: []byte(own)}})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := s.Of("ES-ML")
	for d, want := range map[string]bool{
		"2026-06-12": false, "2025-06-13": true, "2028-06-09": true, "2026-12-30": false, "2026-10-12": true, "2026-12-08": false, "2026-11-28": true, "2026-11-29": false,
	} {
		if c.Business(day(t, d)) != want {
			t.Errorf("%s is a business day: %v", d, !want)
		}
	}
	if c, _ = s.Of("AR"); !c.Business(day(t, "2026-05-25")) {
		t.Error("the shipped calendar of Argentina was not replaced")
	}
	if !at("ES").Business(day(t, "2026-12-30")) {
		t.Error("the shipped set was changed")
	}
}

func TestMistakesAreReportedAtTheirPlace(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ from, to, at, code string }{
		"no such day":             {"2nd friday of june", "friday the 13th", "own.yaml:8:", "calendar.day"},
		"the 31st of June":        {"2nd friday of june", "06-31", "own.yaml:8:", "calendar.day"},
		"no such date":            {"2026-12-30", "2026-12-32", "own.yaml:9:", "calendar.day"},
		"until before from":       {"until: 2027", "until: 2025", "own.yaml:8:", "calendar.years"},
		"no name":                 {"name: Inventario", `name: ""`, "own.yaml:9:", "calendar.name"},
		"a parent that is not":    {"extends: ES", "extends: XX", "own.yaml:4:", "calendar.extends"},
		"its own parent":          {"extends: ES", "extends: ES-ML", "own.yaml:4:", "calendar.cycle"},
		"nothing to take out":     {"Fiesta Nacional de España", "Halloween", "own.yaml:6:", "calendar.without"},
		"a weekend of a week":     {"[sunday]", "[sunday, monday, tuesday, wednesday, thursday]", "own.yaml:5:", "calendar.weekend"},
		"no day of the week":      {"[sunday]", "[domingo]", "own.yaml:5:", "calendar.weekday"},
		"twice":                   {"calendar: AR", "calendar: ES-ML", "own.yaml:10:", "calendar.twice"},
		"a name that is no place": {"calendar: AR", "calendar: Argentina", "own.yaml:10:", "calendar.id"},
		"an unknown key":          {"extends: ES", "extend: ES", "own.yaml:4:", "file.unknown_key"},
		"a holiday every day":     {"days: [2026-12-30]", "days: [" + strings.Repeat("2026-12-30, ", 120) + "2026-12-31]", "own.yaml:", "calendar.many"},
	} {
		_, err := calendar.With([]calendar.File{{Name: "own.yaml", Source: []byte(strings.Replace(own, c.from, c.to, 1))}})
		var list fault.List
		if !errors.As(err, &list) || list[0].Code != c.code || !strings.HasPrefix(list[0].Field, c.at) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzCalendarsAreReadOrRefused(f *testing.F) {
	f.Add(own)
	f.Add("- {calendar: ES, weekend: [], holidays: [{name: x, on: easter+999, move: {monday: 31}}]}")
	f.Fuzz(func(t *testing.T, src string) {
		s, err := calendar.Alone(calendar.File{Name: "f.yaml", Source: []byte(src)})
		if err != nil {
			if len(fault.Fields(err)) == 0 {
				t.Errorf("a problem without its place: %v", err)
			}
			return
		}
		for _, id := range s.IDs() {
			c, _ := s.Of(id)
			d := when.Date{Year: 2026, Month: 2, Day: 27}
			if got := c.Add(d, 3); c.Count(d, got) != 3 {
				t.Fatalf("%s: three days after %s is %s", id, d, got)
			}
		}
	})
}

func TestEveryShippedCalendarHasNamesAndASourceOrAParent(t *testing.T) {
	t.Parallel()
	for _, id := range calendar.Shipped().IDs() {
		c := at(id)
		if c.Names["es"] == "" || c.Names["en"] == "" {
			t.Errorf("%s has no names", id)
		}
		if c.Source.Ref == "" && !strings.Contains(id, "-") {
			t.Errorf("%s says not where its holidays are set", id)
		}
		if n := len(c.Holidays(2027)); n < 9 || n > 30 {
			t.Errorf("%s has %d holidays in 2027", id, n)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	c, d := at("ES-MD"), when.Date{Year: 2026, Month: 11, Day: 27}
	for b.Loop() {
		c.Add(d, 15)
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		s, err := calendar.With(nil)
		if err != nil {
			b.Fatal(err)
		}
		c, _ := s.Of("CO")
		c.Business(when.Date{Year: 2026, Month: 11, Day: 27})
	}
}
