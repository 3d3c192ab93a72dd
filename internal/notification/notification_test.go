package notification_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/notification"
	"hastaluego/internal/when"
)

var zones = []string{"Europe/Madrid", "America/Santiago", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"}

func drawPreference(t *rapid.T) notification.Preference {
	p := notification.Default("ines@faro.example", "es", rapid.SampledFrom(zones).Draw(t, "zone"))
	p.Hour = rapid.IntRange(0, 23).Draw(t, "hour")
	p.From = notification.Minute(rapid.IntRange(0, 1439).Draw(t, "from"))
	p.To = notification.Minute(rapid.IntRange(0, 1439).Draw(t, "to"))
	return p
}

func drawInstant(t *rapid.T) time.Time {
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 3*366*24*60).Draw(t, "minute")) * time.Minute)
}

// shown is the minute that a clock on the wall of the zone shows.
func shown(p notification.Preference, at time.Time) notification.Minute {
	local := at.In(p.Location())
	return notification.Minute(local.Hour()*60 + local.Minute())
}

// Whatever the zone and its clock changes, quiet hours are those that the clock
// on the wall shows, they end, and what waits for their end is told then, not
// days later.
func TestQuietHoursAreThoseOfTheClockOnTheWall(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, at := drawPreference(t), drawInstant(t)
		m := shown(p, at)
		inside := p.From < p.To && m >= p.From && m < p.To || p.From > p.To && (m >= p.From || m < p.To)
		until, quiet := p.Quiet(at)
		if quiet != inside {
			t.Fatalf("%v shows %d, quiet %d to %d: %v", at, m, p.From, p.To, quiet)
		}
		if !quiet {
			if got := p.At(notification.Task, at); !got.Equal(at) {
				t.Fatalf("told at %v instead of %v", got, at)
			}
			return
		}
		if !until.After(at) || until.Sub(at) > 26*time.Hour {
			t.Fatalf("quiet from %v until %v", at, until)
		}
		if got := p.At(notification.Escalation, at); !got.Equal(at) {
			t.Fatalf("an escalation waits until %v", got)
		}
		// Following the ends leads out of them: at most once more through an hour
		// that comes twice.
		for n := 0; quiet; n++ {
			if n > 90 {
				t.Fatalf("quiet from %v never ends", at)
			}
			at = until
			until, quiet = p.Quiet(at)
		}
	})
}

// The quiet nights in which the clock changes.
func TestQuietHoursOnTheNightOfAClockChange(t *testing.T) {
	t.Parallel()
	p := notification.Default("", "es", "Europe/Madrid")
	p.From, p.To = 22*60, 2*60+30
	for _, c := range []struct{ at, until string }{
		{"2026-03-28T23:00:00+01:00", "2026-03-29T03:30:00+02:00"}, // 02:30 does not exist: the clock goes on at 03:30 of summer time
		{"2026-10-24T23:00:00+02:00", "2026-10-25T02:30:00+02:00"}, // the first of the two
		{"2026-06-01T22:00:00+02:00", "2026-06-02T02:30:00+02:00"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		until, quiet := p.Quiet(at)
		if got := until.In(p.Location()).Format(time.RFC3339); !quiet || got != c.until {
			t.Errorf("%s: %v until %s, want %s", c.at, quiet, got, c.until)
		}
	}
}

// There is one digest for every day, each at its hour and after the one before.
func TestEveryDayHasOneDigest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, at := drawPreference(t), drawInstant(t)
		for range 5 {
			next, day := p.NextDigest(at)
			if !next.After(at) || next.Sub(at) > 26*time.Hour {
				t.Fatalf("the digest after %v is at %v", at, next)
			}
			if got := when.DateOf(next, p.Location()); got != day {
				t.Fatalf("the digest of %s comes on %s", day, got)
			}
			if _, quiet := p.Quiet(next); quiet {
				t.Fatalf("the digest comes at %v, when it is quiet", next)
			}
			_, following := p.NextDigest(next)
			if following != day.AddDays(1) {
				t.Fatalf("the digest after that of %s is of %s", day, following)
			}
			at = next
		}
	})
}

func drawPeople(t *rapid.T, at time.Time) notification.People {
	day := when.DateOf(at, time.UTC)
	var out notification.People
	for i := range rapid.IntRange(1, 6).Draw(t, "people") {
		p := notification.Person{ID: fmt.Sprint("usr_", i), Preference: notification.Default("", "es", "UTC")}
		p.Roles = rapid.SampledFrom([][]string{{"agent"}, {"finance"}, {"agent", "finance"}}).Draw(t, "roles")
		if rapid.Bool().Draw(t, "away") {
			p.Away = day.AddDays(rapid.IntRange(-3, 1).Draw(t, "first"))
			p.Back = p.Away.AddDays(rapid.IntRange(0, 4).Draw(t, "days"))
			p.Stands = fmt.Sprint("usr_", rapid.IntRange(0, 7).Draw(t, "stands"))
		}
		out = append(out, p)
	}
	return out
}

// Whoever hears of a step may work on it, is there if anybody is, and there is
// always somebody as long as the role has anybody.
func TestSomebodyWhoMayDoItHearsOfIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		people := drawPeople(t, at)
		role := []string{rapid.SampledFrom([]string{"agent", "finance"}).Draw(t, "role")}
		assignee := fmt.Sprint("usr_", rapid.IntRange(0, 7).Draw(t, "assignee"))
		told := people.Told(assignee, role, at)
		team := people.Team(role, at)
		if owner, active := people.Find(assignee); active {
			if len(told) != 1 {
				t.Fatalf("told %v of what is %s's", told, assignee)
			}
			if !owner.Absent(at) && told[0] != assignee {
				t.Fatalf("%s is there, and %s is told", assignee, told[0])
			}
			if x, _ := people.Find(told[0]); told[0] != assignee && (x.Absent(at) || !x.Holds(role...)) {
				t.Fatalf("%s stands in: away %v, roles %v", x.ID, x.Absent(at), x.Roles)
			}
			return
		}
		if !slices.Equal(told, team) {
			t.Fatalf("nobody's step: told %v, the team is %v", told, team)
		}
		present := false
		for _, x := range people {
			if x.Holds(role...) {
				present = present || !x.Absent(at)
				if len(team) == 0 {
					t.Fatal("nobody hears of it")
				}
			}
		}
		for _, id := range team {
			if x, _ := people.Find(id); !x.Holds(role...) || present && x.Absent(at) {
				t.Fatalf("%s is told: away %v, roles %v", id, x.Absent(at), x.Roles)
			}
		}
	})
}

func TestTheLeastBusyWhoIsThereGetsIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		people := drawPeople(t, at)
		var candidates []string
		load := map[string]int{}
		for i := range 8 {
			id := fmt.Sprint("usr_", i)
			load[id] = rapid.IntRange(0, 3).Draw(t, "load")
			if rapid.Bool().Draw(t, "candidate") {
				candidates = append(candidates, id)
			}
		}
		best := people.Least(candidates, load, at)
		for _, id := range candidates {
			x, active := people.Find(id)
			if !active || x.Absent(at) {
				if best == id {
					t.Fatalf("%s is not there", id)
				}
				continue
			}
			if best == "" || load[id] < load[best] {
				t.Fatalf("%s has %d to do, and %q with %d got it", id, load[id], best, load[best])
			}
		}
	})
}

func TestWhatSomebodyWantsIsChecked(t *testing.T) {
	t.Parallel()
	good := notification.Default("ines@faro.example", "es", "Europe/Madrid")
	for field, change := range map[string]func(*notification.Preference){
		"":         func(*notification.Preference) {},
		"address":  func(p *notification.Preference) { p.Address = "ines" },
		"language": func(p *notification.Preference) { p.Language = "xx" },
		"zone":     func(p *notification.Preference) { p.Zone = "Europe/Nowhere" },
		"hour":     func(p *notification.Preference) { p.Hour = 24 },
		"from":     func(p *notification.Preference) { p.From = notification.Day },
		"to":       func(p *notification.Preference) { p.To = -1 },
		"off":      func(p *notification.Preference) { p.Off = []notification.Kind{"odd"} },
		"away":     func(p *notification.Preference) { p.Stands = "usr_2" },
		"back": func(p *notification.Preference) {
			p.Away, p.Back = when.Date{Year: 2026, Month: 8, Day: 2}, when.Date{Year: 2026, Month: 8, Day: 1}
		},
	} {
		p := good
		change(&p)
		wrong := p.Check([]string{"es", "en"})
		if (field == "") != (len(wrong) == 0) || field != "" && wrong[0].Field != field {
			t.Errorf("%s: %v", field, fault.Fields(wrong))
		}
	}
}
