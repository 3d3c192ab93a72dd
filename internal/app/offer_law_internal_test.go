package app

import (
	"testing"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// Where nobody knows which law holds, only whoever asked is shown anything; a place
// whose packs say nothing of it lets it wait on their page.
func TestWhereAnOfferMayStand(t *testing.T) {
	t.Parallel()
	l := New(Config{Company: Company{Country: "ES"}}).Law()
	for country, asks := range map[string]bool{"": true, "FR": false} {
		facts := jurisdiction.Facts{"customer.kind": "consumer", "request.act": "terminate"}
		if country != "" {
			livingIn(facts, country)
		}
		law, err := l.Effective(l.Select(facts), facts, when.Date{Year: 2026, Month: 11, Day: 29})
		if err != nil {
			t.Fatal(err)
		}
		if got := offersUnder(law); got.asks != asks || got.places != nil {
			t.Errorf("in %q: %+v", country, got)
		}
	}
}
