package limit_test

import (
	"testing"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
)

// Nobody in Colombia is written to on Sundays, holidays or at night; in Peru nobody
// who was asked; in Spain at any hour.
func TestWhenAndOnWhatGroundSomebodyMayBeWrittenTo(t *testing.T) {
	t.Parallel()
	who := func(country string) *jurisdiction.Effective {
		return law(t, jurisdiction.Facts{"customer.residence": country, "customer.kind": "consumer", "data.role": "controller"})
	}
	for _, c := range []struct{ country, zone, at, from string }{
		{"CO", "America/Bogota", "2026-11-27 10:20", "2026-11-27 10:20"}, // a Friday
		{"CO", "America/Bogota", "2026-11-27 19:00", "2026-11-28 08:00"},
		{"CO", "America/Bogota", "2026-11-28 14:59", "2026-11-28 14:59"},
		{"CO", "America/Bogota", "2026-11-28 15:00", "2026-11-30 07:00"}, // past Sunday
		{"CO", "America/Bogota", "2026-11-29 11:00", "2026-11-30 07:00"},
		{"CO", "America/Bogota", "2026-12-07 22:00", "2026-12-09 07:00"}, // past the 8th, a holiday
		{"ES", "Europe/Madrid", "2026-11-29 03:00", "2026-11-29 03:00"},
	} {
		z := zone(t, c.zone)
		at, err := time.ParseInLocation("2006-01-02 15:04", c.at, z)
		if err != nil {
			t.Fatal(err)
		}
		days, _ := calendar.Shipped().Of(c.country)
		from, ok := limit.WriteAt(who(c.country), at, days, z)
		if got := from.In(z).Format("2006-01-02 15:04"); !ok || got != c.from {
			t.Errorf("%s at %s: from %s (%v), want %s", c.country, c.at, got, ok, c.from)
		}
	}
	for country, want := range map[string]bool{"PE": false, "ES": true, "CO": true, "": true} {
		f := jurisdiction.Facts{"customer.kind": "consumer", "data.role": "controller"}
		if country != "" {
			f["customer.residence"] = country
		}
		if got := limit.Allows(law(t, f), "winback.basis", "prior_consent"); got != want {
			t.Errorf("%q: whoever was asked may be written to: %v, want %v", country, got, want)
		}
	}
	// Of a firm in Peru the record does not say whether it is a consumer: it may be.
	if limit.Allows(law(t, jurisdiction.Facts{"customer.residence": "PE"}), "winback.basis", "prior_consent") {
		t.Error("what nobody knows is taken for allowed")
	}
}
