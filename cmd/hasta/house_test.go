package main

import (
	"bytes"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// Nobody is warned of a system that nobody needs: not on the first day, and not
// whoever works for clients whom no system charges. Where one does, the warning
// speaks the language of the house.
func TestTheServerWarnsOfWhatIsMissingWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	p := aPlace(t, testkit.Engine{Name: "sqlite", URL: t.TempDir() + "/hasta.db"})
	h := p.open()
	defer h.close()
	warned := func() string {
		var said bytes.Buffer
		h.log = newLog(&said, "warn", "")
		ok(t, h.warn(t.Context()))
		return said.String()
	}
	if said := warned(); said != "" {
		t.Errorf("on the first day: %s", said)
	}
	_, err := h.app.AddCustomer(t.Context(), app.Actor{ID: "usr_x", Roles: app.Roles}, app.CustomerInput{
		Kind: customer.Organisation, Name: "Kiosco Luna", Reference: "K-1", Contacts: []app.ContactInput{{Name: "Luna", Email: "luna@k.example", Role: customer.Owner}},
		Subscriptions: []app.SubscriptionInput{{
			Reference: "K-1-a", Product: "Web", Amount: money.Amount{Minor: 6000, Currency: "EUR"}, Interval: customer.Monthly, Start: when.Date{Year: 2026, Month: 1, Day: 1},
			Engagement: customer.Engagement{Kind: customer.Retainer},
		}},
	})
	ok(t, err)
	if said := warned(); said != "" {
		t.Errorf("with clients alone: %s", said)
	}
	ok(t, p.write(t.Context(), h, "ana"))
	if said := warned(); !strings.Contains(said, "no hay ningún sistema «billing»") {
		t.Errorf("somebody is charged: %s", said)
	}
}
