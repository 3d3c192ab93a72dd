package console

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// The page of a customer says of each access how it is known to be closed.
func TestAnAccessSaysHowItIsKnownToBeClosed(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 6, 23, 30, 0, 0, time.UTC)
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		status customer.GrantStatus
		stand  app.AccessStand
		es, en string
	}{
		{customer.Revoked, app.AccessStand{How: app.AccessTried, At: at}, "cerrado: se probó el 7 de diciembre de 2026 y ya no deja entrar", "closed: tried on 7 December 2026, and refused"},
		{customer.Revoked, app.AccessStand{How: app.AccessRead, At: at}, "cerrado: lo dice su sistema, leído el 7 de diciembre de 2026", "closed: its system says so, read on 7 December 2026"},
		{customer.Revoked, app.AccessStand{How: app.AccessAttested, At: at}, "cerrado: lo afirma una persona, el 7 de diciembre de 2026", "closed: a person says so, on 7 December 2026"},
		{customer.Revoked, app.AccessStand{How: app.AccessAttested}, "cerrado: lo afirma una persona", "closed: a person says so"},
		{customer.Granted, app.AccessStand{How: app.AccessAgain, At: at}, "abierto otra vez, visto el 7 de diciembre de 2026", "open again, seen on 7 December 2026"},
		{customer.Granted, app.AccessStand{How: app.AccessAgain}, "abierto otra vez", "open again"},
		{customer.Granted, app.AccessStand{How: app.AccessAttested, At: at}, "abierto", "open"}, // the step is not finished
		{customer.Orphan, app.AccessStand{How: app.AccessAgain}, "encontrado, sin decidir", "found, undecided"},
	} {
		for lang, want := range map[string]string{"es": x.es, "en": x.en} {
			v := customerPageView{Lang: lang, Zone: zone}
			got := v.grantState(customer.Grant{ID: "gra_1", Status: x.status}, map[customer.GrantID]app.AccessStand{"gra_1": x.stand})
			if got != want {
				t.Errorf("%s %s: %q; want %q", x.status, x.stand.How, got, want)
			}
		}
	}
	v := customerPageView{Lang: "es", Zone: zone}
	if got := v.grantState(customer.Grant{ID: "gra_1", Status: customer.Revoked, Ours: true}, nil); got != "cerrado, "+v.word("grant.ours.mark") {
		t.Errorf("of which nothing is known: %q", got)
	}
}

// What comes next tells the days on which closed accesses are tried again, and
// nothing that was tried, or that is of another kind.
func TestWhatComesNextTellsWhenAccessesAreTriedAgain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 22, 0, 0, 0, time.UTC)
	later := func(days int, hours time.Duration) offboarding.Work {
		return offboarding.Work{Kind: app.RetestKind, State: offboarding.WorkReady, RunAt: now.AddDate(0, 0, days).Add(hours * time.Hour)}
	}
	over, other := later(9, 0), later(9, 0)
	over.State, other.Kind = offboarding.WorkDone, "revoke_access"
	works := []offboarding.Work{later(7, 0), later(7, -1), later(30, 0), later(7, 3), later(0, 0), later(-1, 0), over, other}
	first, n := retests(works, now, time.UTC)
	day, next, month := when.Date{Year: 2026, Month: 12, Day: 8}, when.Date{Year: 2026, Month: 12, Day: 9}, when.Date{Year: 2026, Month: 12, Day: 31}
	if len(n) != 3 || n[day] != 2 || n[next] != 1 || n[month] != 1 || !first[day].Equal(works[1].RunAt) {
		t.Errorf("%v, from %v", n, first)
	}
}
