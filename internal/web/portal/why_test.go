package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// leaving is a customer whose departure is open, and the address of their
// private page.
func (s *site) leaving() (offboarding.CaseID, string) {
	s.t.Helper()
	return s.leavingOf("R-1")
}

func (s *site) leavingOf(reference string) (offboarding.CaseID, string) {
	s.t.Helper()
	ctx, agent := s.t.Context(), app.Actor{ID: "usr_a", Roles: []string{"agent"}}
	list, err := s.app.ListCustomers(ctx, agent, app.CustomerFilter{Query: reference, Limit: 1})
	must(s.t, err)
	c, err := s.app.RegisterOnBehalf(ctx, agent, app.BehalfInput{Customer: list.Rows[0].Customer.ID, Channel: "phone", Reference: "1", When: "period_end", Proof: "DNI"})
	must(s.t, err)
	v, err := s.app.OpenCase(ctx, agent, c)
	must(s.t, err)
	token, err := s.app.HostLanding(ctx, v.Request)
	must(s.t, err)
	return c, s.URL + "/c/" + token
}

// options are the codes that a page offers, in its order.
func options(body string) string {
	var list []string
	for _, m := range regexp.MustCompile(`name="reason" value="(\w+)"`).FindAllStringSubmatch(body, -1) {
		list = append(list, m[1])
	}
	return strings.Join(list, " ")
}

func TestTheReceiptAsksOnceWhatMadeThemLeave(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		_, body, _ := s.body(s.visitor().Get(page + "/receipt?lang=es"))
		if at, paper := strings.Index(body, `data-testid="why"`), strings.Index(body, `data-testid="receipt"`); at < 0 || paper < 0 || at < paper {
			t.Fatalf("the question is at %d, the receipt at %d", at, paper)
		}
		if n := strings.Count(body, "<fieldset"); n != 1 {
			t.Errorf("the receipt asks %d questions", n)
		}
		_, again, _ := s.body(s.visitor().Get(page + "/receipt?lang=es"))
		if options(body) != options(again) || !strings.HasSuffix(options(again), "other") {
			t.Errorf("the options were %s, then %s", options(body), options(again))
		}
		status, body, _ := s.body(s.visitor().PostForm(page+"/why?lang=es", url.Values{"words": {" "}}))
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `data-testid="error-reason"`) {
			t.Errorf("without a choice or a word: %d", status)
		}
		status, body, _ = s.body(s.visitor().PostForm(page+"/why?lang=es", url.Values{"reason": {"price"}, "words": {"Fue <b>caro</b>" + strings.Repeat(" y caro", 1000)}}))
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `data-testid="error-words"`) || !strings.Contains(body, "Fue &lt;b&gt;caro&lt;/b&gt;") {
			t.Errorf("with too many words: %d", status)
		}
		status, body, _ = s.body(s.visitor().PostForm(page+"/why?lang=en", url.Values{"reason": {"price"}, "words": {"Fue caro"}}))
		if status != http.StatusOK || !strings.Contains(body, `data-testid="why-told"`) || strings.Contains(body, `data-testid="why"`) {
			t.Errorf("told: %d", status)
		}
		if !strings.Contains(body, `data-testid="why-more"`) || !strings.Contains(body, "¿Qué tendría que haber valido para ti?") {
			t.Error("they are not asked what a price asks")
		}
		status, body, _ = s.body(s.visitor().PostForm(page+"/why?lang=en", url.Values{"more": {"La mitad"}, "return": {"11"}}))
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `data-testid="error-return"`) || !strings.Contains(body, "La mitad") {
			t.Errorf("a number that is not offered: %d", status)
		}
		status, body, _ = s.body(s.visitor().PostForm(page+"/why?lang=en", url.Values{"more": {"La mitad"}, "return": {"7"}}))
		if status != http.StatusOK || strings.Contains(body, `data-testid="why-more"`) {
			t.Errorf("added: %d", status)
		}
		v, err := s.app.OpenCase(t.Context(), app.Actor{ID: "usr_a", Roles: []string{"agent"}}, c)
		must(t, err)
		if g := reason.Weigh(v.Reasons).Stated; g == nil || g.Code != "price" || g.Text != "Fue caro" || g.By != "customer" || g.More != "La mitad" || g.Return == nil || *g.Return != 7 {
			t.Errorf("written down: %+v", v.Reasons)
		}
	})
}

// Where a law wants nothing asked before the contract is over, and where nobody
// knows whose law holds, the receipt asks nothing.
func TestTheReceiptAsksNothingWhereTheLawDefersIt(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	for reference, country := range map[string]string{"R-2": "ES", "R-3": ""} {
		must(t, s.app.PutRows(t.Context(), []ingest.Row{{
			Customer: customer.Customer{Kind: customer.Person, Name: "Otra", Reference: reference, Country: country},
			Contact:  customer.Contact{Name: "Otra", Email: reference + "@x.example", Role: customer.Owner},
			Subscription: customer.Subscription{
				Reference: "S-" + reference, Product: "Faro", Amount: money.Amount{Minor: 100, Currency: "EUR"}, Interval: customer.Monthly,
				Start: when.Date{Year: 2024, Month: 1, Day: 1}, Status: customer.Active,
			},
		}}))
		_, page := s.leavingOf(reference)
		_, body, _ := s.body(s.visitor().Get(page + "/receipt?lang=es"))
		if !strings.Contains(body, `data-testid="receipt"`) || strings.Contains(body, "<fieldset") || strings.Contains(body, "<textarea") {
			t.Errorf("%q: the receipt asks something", country)
		}
	}
}
