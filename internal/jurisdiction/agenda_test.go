package jurisdiction_test

import (
	"testing"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// Periods of shipped rules, counted where the person lives.
func TestTimesOfLawEndWhereThePersonLives(t *testing.T) {
	t.Parallel()
	l := shipped(t)
	for _, c := range []struct{ rule, zone, start, want string }{
		{"ar.d954.ack", "America/Argentina/Buenos_Aires", "2026-12-24T23:30", "2026-12-25T23:30"},         // hours know no holiday
		{"ar.25326.16.erase", "America/Argentina/Buenos_Aires", "2026-12-03T10:00", "2026-12-12T00:00"},   // the 7th is a bridge: a duty counts it; the 8th is not
		{"ar.24240.34.service", "America/Argentina/Buenos_Aires", "2026-12-03T10:00", "2026-12-14T00:00"}, // ten days, the first is the 4th
		{"co.1480.47.period", "America/Bogota", "2026-12-04T10:00", "2026-12-15T00:00"},                   // a right counts no Saturday, nor the 8th
		{"co.1581.14.access", "America/Bogota", "2026-12-04T10:00", "2026-12-18T00:00"},                   // a duty counts Saturdays
		{"uy.17250.16.period", "America/Montevideo", "2026-03-27T10:00", "2026-04-11T00:00"},              // the week of Turismo is in doubt
		{"uy.18331.15.erase", "America/Montevideo", "2026-03-27T10:00", "2026-04-04T00:00"},               // and a duty counts it
		{"mx.datos.erase", "America/Mexico_City", "2026-11-13T10:00", "2026-12-15T00:00"},                 // 16 November is a holiday
		{"pe.ds016.erase", "America/Lima", "2026-07-20T10:00", "2026-08-08T00:00"},                        // four holidays
		{"us-ca.ccpa.ack", "America/Los_Angeles", "2026-11-20T10:00", "2026-12-04T00:00"},                 // Saturdays count, Thanksgiving does not
		{"fr.l224-39.notice", "Europe/Paris", "2026-10-24T12:00", "2026-11-04T00:00"},                     // a day of 25 hours is a day
		{"de.309-9.renewal-notice", "Europe/Berlin", "2027-01-31T10:00", "2027-03-01T00:00"},              // a month without a 31st
		{"de.312k.ack", "Europe/Berlin", "2026-12-24T23:59", "2026-12-25T00:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		start, err := time.ParseInLocation("2006-01-02T15:04", c.start, zone)
		if err != nil {
			t.Fatal(err)
		}
		r := l.Rule(c.rule)
		if r == nil {
			t.Fatalf("there is no rule %s", c.rule)
		}
		got, ok := jurisdiction.Setting{Param: r.Param, Value: r.Value}.Deadline(map[string]time.Time{r.Value.Times[0].From: start}, calendar.Shipped(), zone)
		if s := got.End.In(zone).Format("2006-01-02T15:04"); !ok || s != c.want {
			t.Errorf("%s from %s ends at %s, want %s", c.rule, c.start, s, c.want)
		}
	}
}

func TestAPackIsReviewedBeforeLawChanges(t *testing.T) {
	t.Parallel()
	l := shipped(t)
	for id, want := range map[string]string{"de": "2027-01-12", "es-l10-2025": "2026-12-28", "us-mn": "2027-02-28", "safe-everywhere": "2027-01-12"} {
		if due, _ := l.ReviewDue(l.Pack(id)); due.String() != want {
			t.Errorf("%s is to be reviewed by %s, want %s", id, due, want)
		}
	}
	late := map[string]bool{}
	for _, e := range l.Overdue(when.Date{Year: 2027, Month: 1, Day: 1}) {
		late[e.Code] = true
	}
	if !late["law.review_event"] {
		t.Error("Ley 10/2025 is enforced and nobody is told to look again")
	}
	if n := len(l.Overdue(when.Date{Year: 2026, Month: 11, Day: 27})); n != 0 {
		t.Errorf("%d packs are overdue today", n)
	}
	for _, c := range jurisdiction.Agenda() {
		if c.What["es"] == "" || c.What["en"] == "" || c.ID == "" {
			t.Errorf("%s has no words", c.ID)
		}
		for _, p := range c.Packs {
			if l.Pack(p) == nil {
				t.Errorf("%s concerns %s, which is no pack", c.ID, p)
			}
		}
	}
}
