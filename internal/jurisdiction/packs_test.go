package jurisdiction_test

import (
	"testing"

	"hastaluego/internal/calendar"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
)

func shipped(t testing.TB) *jurisdiction.Library {
	t.Helper()
	l, err := jurisdiction.Load(jurisdiction.ShippedFiles())
	for _, e := range fault.Fields(err) {
		t.Error(e)
	}
	if err != nil {
		t.Fatal("the shipped packs cannot be read")
	}
	return l
}

func TestTheShippedPacksCanBeRead(t *testing.T) {
	t.Parallel()
	if len(shipped(t).Packs()) < 5 {
		t.Error("packs are missing")
	}
}

// What was read and is in no rule has a reason, and no rule comes out of
// nowhere.
func TestEveryPredicateThatWasReadHasRulesOrAReason(t *testing.T) {
	t.Parallel()
	_, err := shipped(t).Cover(jurisdiction.ShippedCoverage())
	for _, e := range fault.Fields(err) {
		t.Error(e)
	}
}

// Business days are those of a calendar that there is. The Union has none: its
// days are Monday to Friday, the soonest that any member could count.
func TestEveryPackCountsByACalendarThatThereIs(t *testing.T) {
	t.Parallel()
	for _, p := range shipped(t).Packs() {
		if _, ok := calendar.Shipped().Of(p.Calendar); !ok && p.Calendar != "" && p.ID != "eu" {
			t.Errorf("%s counts by %s, which there is not", p.ID, p.Calendar)
		}
	}
}
