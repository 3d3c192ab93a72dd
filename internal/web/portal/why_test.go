package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// leaving is a customer whose departure is open, and the address of their
// private page.
func (s *site) leaving() (offboarding.CaseID, string) {
	s.t.Helper()
	ctx, agent := s.t.Context(), app.Actor{ID: "usr_a", Roles: []string{"agent"}}
	list, err := s.app.ListCustomers(ctx, agent, app.CustomerFilter{Query: "R-1", Limit: 1})
	must(s.t, err)
	c, err := s.app.RegisterOnBehalf(ctx, agent, app.BehalfInput{Customer: list.Rows[0].Customer.ID, Channel: "phone", Reference: "1", When: "period_end", Proof: "DNI"})
	must(s.t, err)
	v, err := s.app.OpenCase(ctx, agent, c)
	must(s.t, err)
	token, err := s.app.HostLanding(ctx, v.Request)
	must(s.t, err)
	return c, s.URL + "/c/" + token
}

func TestTheReceiptAsksOnceWhatMadeThemLeave(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		_, body, _ := s.body(s.visitor().Get(page + "/receipt?lang=es"))
		if at, paper := strings.Index(body, `data-testid="why"`), strings.Index(body, `data-testid="receipt"`); at < 0 || paper < 0 || at < paper {
			t.Fatalf("the question is at %d, the receipt at %d", at, paper)
		}
		if n := strings.Count(body, "<fieldset"); n != 1 {
			t.Errorf("the receipt asks %d questions", n)
		}
		status, body, _ := s.body(s.visitor().PostForm(page+"/why?lang=es", url.Values{"words": {"Fue <b>caro</b>"}}))
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `data-testid="error-reason"`) || !strings.Contains(body, "Fue &lt;b&gt;caro&lt;/b&gt;") {
			t.Errorf("without a choice: %d", status)
		}
		status, body, _ = s.body(s.visitor().PostForm(page+"/why?lang=en", url.Values{"reason": {"price"}, "words": {"Fue caro"}}))
		if status != http.StatusOK || !strings.Contains(body, `data-testid="why-told"`) || strings.Contains(body, `data-testid="why"`) {
			t.Errorf("told: %d", status)
		}
		v, err := s.app.OpenCase(t.Context(), app.Actor{ID: "usr_a", Roles: []string{"agent"}}, c)
		must(t, err)
		if len(v.Reasons) != 1 || v.Reasons[0].Code != "price" || v.Reasons[0].Text != "Fue caro" || v.Reasons[0].By != "customer" {
			t.Errorf("written down: %+v", v.Reasons)
		}
	})
}
