package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// owing is a customer whose departure is open and who owes a sum that somebody
// looks after.
func (s *site) owing() (c offboarding.CaseID, page string) {
	s.t.Helper()
	ctx := s.t.Context()
	c, page = s.leaving()
	v, err := s.app.OpenCase(ctx, agent, c)
	must(s.t, err)
	_, err = s.app.AddBalance(ctx, app.Actor{ID: "usr_f", Roles: []string{"finance"}}, customer.Balance{
		Customer: v.Customer.ID, Reference: "F-77", Kind: customer.Invoice, About: "Noviembre", Amount: money.Amount{Minor: 2472, Currency: "EUR"}, DueOn: when.Date{Year: 2026, Month: 1, Day: 2},
	})
	must(s.t, err)
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error { // there is no engine here
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		for i := range p.Steps {
			if p.Steps[i].Kind == "collect" {
				p.Steps[i].State = offboarding.StepReady
			}
		}
		return tx.SavePlan(ctx, &p)
	}))
	return c, page
}

// What was typed into the wish to pay in parts is there when it is refused; and
// what was agreed and paid is told while a disagreement is looked into.
func TestPayingInPartsKeepsWhatWasTypedAndWhatWasPaid(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		ctx, finance := t.Context(), app.Actor{ID: "usr_f", Roles: []string{"finance"}}
		c, page := s.owing()
		get := func() string { _, body, _ := s.body(s.visitor().Get(page + "/pay?lang=es")); return body }
		send := func(parts, on string) string {
			status, body, _ := s.body(s.visitor().PostForm(page+"/pay?lang=es", url.Values{"does": {"parts"}, "parts": {parts}, "on": {on}}))
			if status != http.StatusUnprocessableEntity {
				t.Errorf("%s parts from %s: %d", parts, on, status)
			}
			return body
		}
		has(t, get(), `data-testid="ask-parts"`)
		has(t, send("4", "2020-02-02"), `<option value="4" selected>`, `value="2020-02-02"`, `data-testid="error-first"`)
		has(t, send("99", "2031-02-02"), `value="2031-02-02"`)

		_, wall, err := s.app.Now(ctx)
		must(t, err)
		today := when.DateOf(wall, s.app.Company().Zone)
		x, err := s.app.StatementOf(ctx, finance, c)
		must(t, err)
		x.State, x.MadeAt = app.StatementSent, x.MadeAt.Add(-time.Hour)
		must(t, s.store.Tx(ctx, func(tx app.Tx) error { return tx.PutStatement(ctx, x) }))
		must(t, s.app.ProposeInstalments(ctx, finance, c, app.InstalmentInput{Parts: 2, First: today.AddDays(2)}))
		token := page[len(s.URL+"/c/"):]
		must(t, s.app.AnswerInstalments(ctx, token, true))
		must(t, s.app.PayInstalment(ctx, finance, c, 1))
		has(t, get(), "Queda acordado pagar", "pagada", "por pagar")
		_, private, _ := s.body(s.visitor().Get(page + "?lang=es"))
		has(t, private, "De eso ya has pagado", "Pagar o decir cuándo")
		s.complain()
		_, private, _ = s.body(s.visitor().Get(page + "?lang=es"))
		has(t, private, "De eso ya has pagado", "Así quedó acordado pagar", ">Lo que queda por pagar</a>")
		has(t, get(), "Estamos mirando lo que nos dijiste", "Así quedó acordado pagar", "pagada", "no se pide mientras tanto")
	})
}

func has(t *testing.T, body string, all ...string) {
	t.Helper()
	for _, x := range all {
		if !strings.Contains(body, x) {
			t.Errorf("the page lacks %q", x)
		}
	}
}
