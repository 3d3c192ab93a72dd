package portal_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// ledger is a far system that holds a table of everybody, unless it is down.
type ledger struct{ down atomic.Bool }

func (l *ledger) Info() connector.Info { return connector.Info{System: "faro"} }

func (l *ledger) Collections() []connector.Collection {
	return []connector.Collection{{Name: "visits", Table: true}}
}

func (l *ledger) ReadRows(_ context.Context, _, owner, _ string, to connector.TableSink) error {
	if l.down.Load() {
		return fault.New(fault.Transient, "connector.unreachable", "system", "faro")
	}
	if err := to.Columns([]connector.Column{{Name: "of", Type: connector.Text}}); err != nil {
		return err
	}
	return to.Row(connector.Row{Key: owner, Cells: []*string{&owner}})
}

func (l *ledger) ListFiles(context.Context, string, string, string, func(connector.HeldFile) error) error {
	return nil
}

func (l *ledger) OpenFile(context.Context, string, string, connector.HeldFile, int64) (io.ReadCloser, error) {
	return nil, fault.New(fault.NotFound, "not_found")
}

// What stands against a customer, or happens around them, in every combination.
// These cannot be taken back, so each has customers of its own…
type stands struct{ dispute, offer, demarketing, down, made bool }

// …and these change while they wait.
type changes struct {
	debt, survey, noLogin bool
	state                 string
}

// caseStates are the states of a departure, and how far an open one is.
var caseStates = []string{"registered", "open", "paused", "effective", "reversing", "reversed", "stopped", "closed"}

// leaver is a customer of one combination.
type leaver struct {
	stands
	c        offboarding.CaseID
	customer customer.ID
	page     string
	link     string // for programs, once it is made
	file     string // on the page
	who      *http.Client
	plan     offboarding.Plan
	debt     customer.Balance
	login    customer.Grant
	ready    []string // by when the page may say that it is there
}

// Nobody who proved who they are is kept from their data: in the full product of
// debt, dispute, unanswered survey, lost login, state of the departure, a far
// system that is down, a pending offer and a customer whom the company lets go,
// the answer is the file, or the page with the day by which it is there. What does
// refuse are only a missing proof, the end of the window and the order of an
// authority.
func TestNothingKeepsACustomerFromTheirData(t *testing.T) {
	t.Parallel()
	far := &ledger{}
	s := openOn(t, testkit.SQLite(t), "", connector.System{Name: "faro", Exporter: far})
	var list []*leaver
	yes := []bool{false, true}
	for _, dispute := range yes {
		for _, pending := range yes {
			for _, demarketing := range yes {
				for _, down := range yes {
					for _, made := range yes {
						far.down.Store(down)
						list = append(list, s.stand(len(list), stands{dispute, pending, demarketing, down, made}))
					}
				}
			}
		}
	}
	n, whole, pieces, building := 0, 0, 0, 0
	for _, survey := range yes {
		for _, x := range list {
			far.down.Store(x.down)
			if survey {
				s.answered(x)
			}
			for _, debt := range yes {
				for _, noLogin := range yes {
					for _, state := range caseStates {
						at := changes{debt, survey, noLogin, state}
						s.change(x, at)
						n++
						switch what := s.take(x, n); what {
						case "whole":
							whole++
						case "piece":
							pieces++
						case "building":
							building++
						default:
							t.Errorf("%+v %+v: %s", x.stands, at, what)
						}
					}
				}
			}
		}
	}
	t.Logf("%d combinations: %d files whole, %d in pieces, %d times the day by which it is there", n, whole, pieces, building)
	if n != 2048 || whole == 0 || pieces == 0 || building != n/2 {
		t.Errorf("%d combinations: %d, %d, %d", n, whole, pieces, building)
	}

	// The refusals that there are.
	for _, x := range list {
		if !x.made {
			continue
		}
		if status, _, _ := s.body(s.visitor().Get(x.file)); status != http.StatusUnauthorized {
			t.Errorf("%+v: who proved nothing got %d", x.stands, status)
		}
	}
	for _, x := range list {
		if x.made {
			s.ordered(x)
		}
	}
	s.push(500 * 24 * time.Hour)
	for _, x := range list {
		if x.made {
			if status, _, _ := s.ask(http.MethodGet, x.link, ""); status != http.StatusGone {
				t.Errorf("%+v: after the window it was %d", x.stands, status)
			}
		}
	}
}

// ordered has an authority order that their data are withheld, sees that nobody gets
// them in any way, and that they are given as before when that is over.
func (s *site) ordered(x *leaver) {
	s.t.Helper()
	ctx := s.t.Context()
	one, two := app.Actor{ID: "usr_one", Roles: []string{"privacy"}}, app.Actor{ID: "usr_two", Roles: []string{"privacy"}}
	must(s.t, s.app.AskOrder(ctx, one, app.OrderInput{Case: x.c, Authority: "Juzgado de lo Mercantil n.º 2", Reference: "AO 9/2027", Withhold: true, Named: true}))
	v, err := s.app.OpenCase(ctx, one, x.c)
	must(s.t, err)
	order := v.Orders[0].ID
	get := func(want int) {
		s.t.Helper()
		if status, _, _ := s.body(x.who.Get(x.file)); status != want {
			s.t.Errorf("%+v: on the page %d, and not %d", x.stands, status, want)
		}
		if status, _, _ := s.ask(http.MethodGet, x.link, ""); status != want {
			s.t.Errorf("%+v: by the link %d, and not %d", x.stands, status, want)
		}
	}
	get(http.StatusOK) // one person is not enough
	must(s.t, s.app.AgreeOrder(ctx, two, x.c, order))
	get(http.StatusUnavailableForLegalReasons)
	if status, body, _ := s.body(x.who.Get(x.page + "/data?lang=es")); status != http.StatusOK || !strings.Contains(body, "AO 9/2027") || strings.Contains(body, `data-testid="download"`) {
		s.t.Errorf("%+v: the page is %d, and says nothing of the order", x.stands, status)
	}
	must(s.t, s.app.LiftOrder(ctx, one, x.c, order))
	get(http.StatusOK)
}

// stand makes a customer whose departure is open and of whom all that is said
// holds.
func (s *site) stand(i int, is stands) *leaver {
	s.t.Helper()
	ctx := s.t.Context()
	x := &leaver{stands: is}
	reference := fmt.Sprintf("N-%03d", i)
	must(s.t, s.app.PutRows(ctx, []ingest.Row{{
		Customer: customer.Customer{Kind: customer.Person, Name: "Nadie Retenido", Reference: reference, Country: "PT"},
		Contact:  customer.Contact{Name: "Nadie", Email: strings.ToLower(reference) + "@x.example", Role: customer.Owner},
		Subscription: customer.Subscription{
			Reference: "S-" + reference, Product: "Faro", Amount: money.Amount{Minor: 100, Currency: "EUR"}, Interval: customer.Monthly,
			Start: when.Date{Year: 2024, Month: 1, Day: 1}, Status: customer.Active,
		},
	}}))
	x.c, x.page = s.leavingOf(reference)
	v, err := s.app.OpenCase(ctx, agent, x.c)
	must(s.t, err)
	x.plan, x.customer = v.Plan, v.Plan.Case.Customer
	end := x.plan.Case.Effective
	if is.offer {
		s.sendReceipt(string(x.c))
		must(s.t, s.app.MakeOffer(ctx, agent, app.OfferInput{Reason: "Lo pidió", Case: x.c, Kind: offer.Plan, Heard: "El precio", What: "Otro plan", Changes: "Menos", Until: end, By: end}))
	}
	now, _, err := s.app.Now(ctx)
	must(s.t, err)
	today := when.DateOf(now, time.UTC)
	if is.dispute {
		_, err := s.app.RecordComplaint(ctx, agent, relationship.Complaint{Customer: x.customer, Received: today, What: "Ante la Junta Arbitral"})
		must(s.t, err)
	}
	x.debt = customer.Balance{
		ID: customer.BalanceID("bal_" + reference), Customer: x.customer, Reference: "F-" + reference, Kind: customer.Invoice, About: "Cuota",
		Amount: money.Amount{Minor: 9900, Currency: "EUR"}, DueOn: today.AddDays(-90), Status: customer.Paid,
	}
	x.login = customer.Grant{ID: customer.GrantID("grt_" + reference), Customer: x.customer, System: "faro", Account: "acc-" + reference, Kind: "login", Status: customer.Granted}
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		if is.demarketing {
			e := ending.Ending{
				ID: ending.ID("end_" + reference), State: ending.Approved, Pick: ending.Pick{Customer: x.customer}, EndsOn: end, PerMinute: 1,
				Words: map[string]ending.Words{"es": {Why: "Dejamos de prestar el servicio."}}, MadeAt: tx.Now(), MadeBy: "usr_a",
			}
			if err := tx.PutEnding(ctx, e); err != nil {
				return err
			}
			r, err := tx.FindRequest(ctx, x.plan.Case.Request)
			if err != nil {
				return err
			}
			r.Ending = string(e.ID)
			if err := tx.SaveRequest(ctx, &r); err != nil {
				return err
			}
		}
		if _, err := tx.InsertBalances(ctx, x.debt); err != nil {
			return err
		}
		_, err := tx.InsertGrants(ctx, x.login)
		return err
	}))
	x.who = s.verified(x.c, x.page)
	for _, day := range []when.Date{today, today.AddDays(1), end} { // three days after today, or after the end; it may be past midnight here
		x.ready = append(x.ready, text.Say("es", "portal.data.none", "date", text.LongDate("es", day.AddDays(3))))
	}
	if is.made {
		s.bundled(x.c, fmt.Sprintf("%02d", i))
		x.link = s.tool(x.who, x.page)
		x.file = x.page + "/data/att_00000000000000000000" + fmt.Sprintf("%02d", i)
	}
	return x
}

// answered writes down that they answered the survey.
func (s *site) answered(x *leaver) {
	s.t.Helper()
	ctx := s.t.Context()
	id := "ans_" + string(x.c)[4:]
	key, err := s.keys.KeyFor(ctx, string(x.customer), "account")
	must(s.t, err)
	body, err := s.keys.Seal(ctx, key, []byte(`{"reason":"price"}`), []byte(id))
	must(s.t, err)
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		return tx.PutAnswer(ctx, app.Answer{
			ID: id, Case: x.c, Step: x.plan.Steps[len(x.plan.Steps)-1].ID, Form: "survey@1", By: "customer", SavedAt: tx.Now(), DoneAt: tx.Now(), KeyID: key, Body: body,
		})
	}))
}

// change makes of the customer what the combination says.
func (s *site) change(x *leaver, at changes) {
	s.t.Helper()
	ctx := s.t.Context()
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		debt, was := x.debt, x.debt.Status
		if debt.Status = customer.Paid; at.debt {
			debt.Status = customer.Due
		}
		if debt.Status != was {
			if err := tx.SaveBalance(ctx, debt, was); err != nil {
				return err
			}
			x.debt = debt
		}
		login, had := x.login, x.login.Status
		if login.Status = customer.Granted; at.noLogin {
			login.Status = customer.Revoked
		}
		if login.Status != had {
			if err := tx.SaveGrant(ctx, login, had); err != nil {
				return err
			}
			x.login = login
		}
		p, err := tx.FindPlan(ctx, x.c)
		if err != nil {
			return err
		}
		c := &p.Case
		c.Paused, c.EffectiveAt, c.ClosedAt, c.State = false, time.Time{}, time.Time{}, offboarding.CaseState(at.state)
		switch at.state {
		case "paused":
			c.State, c.Paused = offboarding.CaseOpen, true
		case "effective":
			c.State, c.EffectiveAt = offboarding.CaseOpen, tx.Now()
		case "closed":
			c.EffectiveAt, c.ClosedAt = tx.Now(), tx.Now()
		}
		return tx.SavePlan(ctx, &p)
	}))
}

// take asks for the data, in turns on the page, whole, in pieces, and by the link
// for programs. It says what came: whole, piece, building, or what is wrong.
func (s *site) take(x *leaver, n int) string {
	s.t.Helper()
	if !x.made {
		status, body, _ := s.body(x.who.Get(x.page + "/data?lang=es"))
		if status == http.StatusOK && slices.ContainsFunc(x.ready, func(day string) bool { return strings.Contains(body, day) }) {
			return "building"
		}
		return fmt.Sprintf("%d, and not %q", status, x.ready)
	}
	address, client, rang := x.file, x.who, ""
	if n%2 == 1 {
		address, client = x.link, http.DefaultClient
	}
	if n%16 != 0 && n%16 != 5 { // whole now and then
		rang = "bytes=2-99"
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, nil)
	must(s.t, err)
	if rang != "" {
		r.Header.Set("Range", rang)
	}
	status, body, head := s.body(client.Do(r))
	switch {
	case head.Get("Content-Type") != "application/zip":
	case status == http.StatusOK && strings.HasPrefix(body, "PK"):
		return "whole"
	case status == http.StatusPartialContent && len(body) == 98:
		return "piece"
	}
	at, _ := url.Parse(address)
	return fmt.Sprintf("%d of %d bytes, %s from %s", status, len(body), head.Get("Content-Type"), at.Path[:3])
}
