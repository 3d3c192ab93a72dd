package app_test

import (
	"testing"

	"hastaluego/internal/app"
)

func TestTheCalendarIsThatOfTheRegionElseOfTheCountry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ region, country, want string }{
		{"ES-MD", "ES", "ES-MD"}, {"", "MX", "MX"}, {"", "", ""}, {"", "JP", ""}, {"US-CA", "ES", "US"},
	} {
		a := app.New(app.Config{Company: app.Company{Country: c.country}, Calendar: c.region})
		if got := a.Calendar().ID; got != c.want {
			t.Errorf("%q in %q has the calendar %q, want %q", c.region, c.country, got, c.want)
		}
	}
}
