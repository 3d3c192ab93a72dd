package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// users has a contract of the departure say that its users are told, by a step that waits
// for it, and gives the customer one.
func (s *site) users(c offboarding.CaseID) {
	s.t.Helper()
	ctx := s.t.Context()
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		subs, err := tx.SubscriptionsOf(ctx, p.Case.Customer)
		if err != nil {
			return err
		}
		for _, x := range subs {
			x.Terms.TellsUsers = true
			if err := tx.SaveSubscription(ctx, x, x.Status); err != nil {
				return err
			}
		}
		if _, err := tx.InsertContacts(ctx, customer.Contact{
			ID: customer.ContactID(id.New("con")), Customer: p.Case.Customer, Name: "Iker Sanz", Email: "iker@equipo.example", Role: customer.User,
		}); err != nil {
			return err
		}
		p.Steps = append(p.Steps, offboarding.Step{
			ID: offboarding.StepID(id.New("step")), Case: c, Key: "users", Seq: len(p.Steps), Kind: "tell_users", State: offboarding.StepRunning,
			Title: offboarding.Same("Avisar"),
		})
		return tx.SavePlan(ctx, &p)
	}))
}

// The customer sees who is told, when and in which words, and says with one press that
// they tell them themselves; where nobody is to be told there is no such page.
func TestTheCustomerSeesWhoIsToldAndMayTellThemThemselves(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		v := s.visitor()
		get := func(at string) (int, string) {
			t.Helper()
			status, body, _ := s.body(v.Get(page + at + "?lang=es"))
			return status, body
		}
		if status, _ := get("/users"); status != http.StatusNotFound {
			t.Errorf("where nobody is told: %d", status)
		}
		s.users(c)
		if _, body := get(""); !strings.Contains(body, "/users") || strings.Contains(body, "iker@equipo.example") {
			t.Error("the private page does not lead there, or names them itself")
		}
		status, body := get("/users")
		for _, want := range []string{"Iker Sanz · iker@equipo.example", "1 persona", `data-testid="users-self"`, "<p>users "} {
			if status != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%d, without %q", status, want)
			}
		}
		for _, who := range []string{"customer", "customer", "company"} { // pressed twice, and taken back
			status, body, _ := s.body(v.PostForm(page+"/users?lang=es", url.Values{"who": {who}}))
			if self := strings.Contains(body, `data-testid="users-company"`); status != http.StatusOK || self != (who == "customer") || strings.Contains(body, "<p>users ") == self {
				t.Errorf("%s: %d", who, status)
			}
		}
	})
}
