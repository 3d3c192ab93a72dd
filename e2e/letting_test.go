package e2e_test

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/seal"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/trial"
	"hastaluego/internal/when"
)

// inTaxonomy are the reasons of telco_churn_reasons.csv by our codes.
var inTaxonomy = map[string]string{
	"Attitude of support person": "bad_treatment", "Attitude of service provider": "bad_treatment", "Competitor had better devices": "better_elsewhere",
	"Competitor made better offer": "cheaper_elsewhere", "Competitor offered more data": "better_elsewhere", "Competitor offered higher download speeds": "better_elsewhere",
	"Product dissatisfaction": "low_quality", "Network reliability": "outage", "Service dissatisfaction": "service", "Limited range of services": "missing_feature",
	"Lack of self-service on Website": "too_complex", "Poor expertise of online support": "slow_answer", "Poor expertise of phone support": "slow_answer",
	"Don't know": "other", "Moved": "moved", "Deceased": "health", "Price too high": "price_worth", "Long distance charges": "unexpected_charge",
	"Extra data charges": "unexpected_charge", "Lack of affordable download/upload speed": "price",
}

// What happens between "I want to leave" and the end, on the customers of the telco
// table: a policy that two people publish answers one who accepts and stays, one who
// declines, and one whose offer nobody applies; an experiment runs to its decision; and
// why they leave is counted, stated against real, with what they wrote.
func TestWhoLeavesIsAnsweredOnTheTelcoCustomers(t *testing.T) {
	t.Parallel()
	eachStage(t, func(t *testing.T, e testkit.Engine) {
		s := &answered{stage: setStage(t, e.URL), b: openBrowser(t)}
		s.opens()
		s.staff = s.enter("agent", "es")
		s.publishesPolicy()
		s.stays("5575-GNVDE")
		s.declines("7795-CFOCW")
		s.accepts("1452-KIOVK") // and nobody applies it
		s.moves(45)
		s.letter("1452-kiovk@telco.example", "No pudimos aplicar lo que aceptaste")
		s.holds("5575-GNVDE")
		s.experiments()
		s.reasons()
		if out, code := s.hasta("audit", "verify"); code != 0 {
			t.Errorf("audit verify: status %d\n%s", code, out)
		}
	})
}

type answered struct {
	*stage
	staff, b *browser // of the company, of the customers
	store    *store.Store
	keys     *seal.Keys
	verbs    *app.App
	pages    map[string]string // the private page, by customer
}

// opens imports the customers, of a country where one may be asked why before it is
// over, and opens the database beside the demo.
func (s *answered) opens() {
	t := s.t
	t.Helper()
	plain, err := os.ReadFile(filepath.Join(testkit.Root(t), "examples", "telco.map.yaml"))
	s.must(err)
	mapping := filepath.Join(t.TempDir(), "map.yaml")
	s.must(os.WriteFile(mapping, []byte(strings.Replace(string(plain), "customer.country: {value: ES}", "customer.country: {value: PT}", 1)), 0o600))
	if out, code := s.hasta("import", "customers", testkit.Shared(t, "telco_ibm.csv"), "--map", mapping); code != 0 || !strings.Contains(out, "7,043 new") {
		t.Fatalf("import: status %d\n%s", code, out)
	}
	s.store, err = store.Open(t.Context(), store.Config{URL: s.info.Database})
	s.must(err)
	t.Cleanup(func() { _ = s.store.Close() })
	if strings.HasPrefix(s.info.Database, "postgres") {
		db, derr := sql.Open("pgx", s.info.Database)
		s.must(derr)
		t.Cleanup(func() { _ = db.Close() })
		s.keys, err = seal.OpenKeysPostgres(t.Context(), s.info.Keys, "", db)
	} else {
		s.keys, err = seal.OpenKeys(t.Context(), s.info.Keys, "")
	}
	s.must(err)
	t.Cleanup(func() { _ = s.keys.Close() })
	s.verbs = app.New(app.Config{Store: s.store, Keys: s.keys, Company: app.Company{Zone: time.Local}})
	s.pages = map[string]string{}
}

// moves moves business time by days, at the billing system too.
func (s *answered) moves(days int) {
	s.t.Helper()
	now, _, err := s.store.Now(s.t.Context())
	s.must(err)
	to := now.AddDate(0, 0, days)
	s.must(s.billing.SetClock(s.t.Context(), to))
	ahead := fmt.Sprint(to.Sub(when.Machine{}.Wall()).Microseconds())
	s.must(s.store.Tx(s.t.Context(), func(tx app.Tx) error { return tx.PutSetting(s.t.Context(), app.OffsetSetting, ahead) }))
}

// publishesPolicy lets the policy answer at once: one writes it, another publishes it.
func (s *answered) publishesPolicy() {
	t, staff := s.t, s.staff
	t.Helper()
	staff.open(s.info.Portal + "console/offers/policy?lang=es")
	staff.press("new-policy", testid("keep-policy"))
	draft := before(staff.at(), "?")
	ok, err := chromedp.Run(staff.ctx, chromedp.Evaluate[bool](`(() => {
		const e = document.querySelector('#policy-source'), was = e.value;
		e.value = was.replace('answers: person', 'answers: at_once').replace('margin: []', 'margin: [{percent: 60}]');
		return e.value !== was;
	})()`))
	if err != nil || !ok {
		t.Fatalf("the policy is otherwise: %v", err)
	}
	staff.fill("#policy-note", "Quien pregunta tiene respuesta en el acto")
	staff.press("keep-policy", testid("policy-tried"))
	if staff.count(testid("publish-policy")) > 0 || staff.count(testid("same-person")) != 1 {
		t.Error("whoever wrote a policy may publish it")
	}
	staff.shot("letting-1-policy")
	other := openBrowser(t)
	other.open(s.info.Portal + "console?lang=es")
	other.do(chromedp.SendKeys(chromedp.CSS("#login"), s.sample.Users[2].Login), chromedp.SendKeys(chromedp.CSS("#password"), s.sample.Password))
	other.press("signin", testid("me"))
	other.open(draft)
	other.press("publish-policy", testid("said"))
	if got := other.text("main"); !strings.Contains(got, "edición 1") {
		t.Errorf("published: %s", got)
	}
}

func account(ref string) string { return strings.ToLower(ref) + "@telco.example" }

// asks has a customer leave over the price and ask what could be done; they are answered.
func (s *answered) asks(ref string) {
	b := s.b
	s.t.Helper()
	s.must(s.billing.Seed(s.t.Context(), []peer.Subscription{{Reference: ref, Status: "active", AmountMinor: 5695, Currency: "EUR"}}))
	b.open(s.info.Portal + "?lang=es")
	b.do(chromedp.SendKeys(chromedp.CSS("#name"), "Cliente "+ref), chromedp.SendKeys(chromedp.CSS("#account"), account(ref)), chromedp.Click(chromedp.CSS(`input[value="period_end"]`)))
	b.press("confirm", testid("ack"))
	b.open(s.link(s.letter(account(ref), "onfirma"), "/v/"))
	b.press("act", testid("receipt"))
	s.pages[ref] = strings.TrimSuffix(before(b.at(), "?"), "/receipt")
	s.letter(account(ref), "ustificante") // nothing is proposed before
	b.shows(s.pages[ref]+"/receipt", `input[name="reason"][value="price"]`)
	b.do(chromedp.Click(chromedp.CSS(`input[name="reason"][value="price"]`)), chromedp.SendKeys(chromedp.CSS("#words"), "Es demasiado caro para lo que lo uso"))
	b.press("tell-why", testid("why-told"))
	b.open(s.pages[ref] + "/answer")
	if b.count(testid("ask-offer")) > 0 {
		b.press("ask-offer", testid("offer"))
	}
	b.shot("letting-2-answer-" + ref)
}

// casefile opens the departure of a customer.
func (s *answered) casefile(ref string) {
	s.t.Helper()
	s.staff.open(s.info.Portal + "console?view=all")
	s.staff.follow(testid("cases")+" th a", "Cliente "+ref, testid("plan"))
}

// stays accepts, somebody applies it, and the departure is undone.
func (s *answered) stays(ref string) {
	s.t.Helper()
	s.accepts(ref)
	s.casefile(ref)
	s.staff.do(chromedp.Click(chromedp.CSS(testid("end-offer"))))
	s.staff.fill("#offer_end-evidence", "En pausa desde hoy en el panel de cobro")
	s.staff.press("offer-applied", testid("offer-made"))
	s.b.says(s.pages[ref], "Deshecha y comprobada")
	s.staff.shot("letting-3-applied")
	if got := s.staff.text(testid("why")); !strings.Contains(got, "Es demasiado caro") {
		s.t.Errorf("why they leave: %s", got)
	}
}

func (s *answered) accepts(ref string) {
	s.t.Helper()
	s.asks(ref)
	s.b.press("accept", testid("answer-applying"))
}

func (s *answered) declines(ref string) {
	s.t.Helper()
	s.asks(ref)
	s.b.press("decline", testid("answer-declined"))
	if s.b.count(testid("accept")) > 0 {
		s.t.Error("they are asked again")
	}
}

// holds looks at who stayed, more than a month later: their contract runs, and the
// departure of whoever nobody gave what they accepted went through.
func (s *answered) holds(ref string) {
	t := s.t
	t.Helper()
	s.b.says(s.pages[ref], "Deshecha y comprobada")
	for of, want := range map[string]customer.Status{ref: customer.Active, "1452-KIOVK": customer.Ended} {
		s.b.until(s.pages[of], func() bool {
			var got []customer.Subscription
			s.must(s.store.View(t.Context(), func(tx app.Tx) error {
				c, err := tx.FindCustomerByReference(t.Context(), of)
				if err == nil {
					got, err = tx.SubscriptionsOf(t.Context(), c.ID)
				}
				return err
			}))
			return len(got) == 1 && got[0].Status == want
		})
	}
	s.casefile("1452-KIOVK")
	s.staff.shot("letting-4-failed")
	if got := s.staff.text(testid("offer")); !strings.Contains(got, "no se aplicó") && !strings.Contains(got, "No se aplicó") {
		t.Errorf("what nobody applied: %s", got)
	}
}

// experiments runs one to its decision: written and begun in the browser; who was
// planned leaves, sees an arm, and stays or goes.
func (s *answered) experiments() {
	t, staff := s.t, s.staff
	t.Helper()
	file := strings.NewReplacer("experiment: pause_or_less", "experiment: a_pause", "  - {id: less, share: 45, offer: discount}\n", "", "{id: pause, share: 45,", "{id: pause, share: 80,",
		"holdout: 10", "holdout: 20", "primary: held_90_paid", "primary: held_30", "effect: 15", "effect: 40").Replace(string(trial.Example()))
	staff.open(s.info.Portal + "console/learn/experiments?lang=es")
	staff.fill("#source", file)
	staff.press("write-experiment", testid("stands"))
	staff.press("check-experiment", testid("begin-experiment"))
	staff.press("begin-experiment", testid("to-stop"))
	page := before(staff.at(), "?")
	s.crowd("a_pause")
	s.moves(150)
	staff.until(page, func() bool { return strings.Contains(staff.text("main"), "Decidido") })
	staff.shot("letting-5-decided")
	if staff.count("figure.plot") == 0 || staff.count("figure.plot svg") == 0 {
		t.Error("nothing is drawn of it")
	}
	if got := staff.text("main"); !strings.Contains(got, "Mejor") && !strings.Contains(got, "mejor") {
		t.Errorf("decided: %s", got)
	}
}

// drawn are reasons of the telco table, as often as they are in it: the i-th of n.
func (s *answered) drawn(i, n int) (words, code string) {
	s.t.Helper()
	f, err := os.Open(testkit.Shared(s.t, "telco_churn_reasons.csv"))
	s.must(err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	s.must(err)
	total := 0
	count := make([]int, len(rows))
	for k, r := range rows[1:] {
		count[k+1], err = strconv.Atoi(r[2])
		s.must(err)
		total += count[k+1]
	}
	at := (i*total + total/2) / n
	for k, r := range rows[1:] {
		if at -= count[k+1]; at < 0 {
			return r[1], inTaxonomy[r[1]]
		}
	}
	s.t.Fatalf("%d of %d is none of %d", i, n, total)
	return "", ""
}

// crowd has as many customers as are planned leave, an hour after each other, see the
// arm that they have, and stay or go: of the holdout a fifth stays, of the arm seven
// of ten.
func (s *answered) crowd(name string) {
	t := s.t
	ctx := t.Context()
	t.Helper()
	var e app.Experiment
	var people []customer.Customer
	s.must(s.store.View(ctx, func(tx app.Tx) (err error) {
		if e, err = tx.FindExperiment(ctx, name); err != nil {
			return err
		}
		people, err = tx.PageCustomers(ctx, app.Place{Limit: 3000})
		return err
	}))
	a, err := e.Assigner(s.keys.HMACKey("experiment"))
	s.must(err)
	people = slices.DeleteFunc(people, func(c customer.Customer) bool {
		return !strings.Contains(c.Reference, "-") || s.pages[c.Reference] != ""
	})[:e.Planned]
	count := map[string]int{}
	for page := range slices.Chunk(people, 50) {
		s.must(s.store.Tx(ctx, func(tx app.Tx) error {
			for _, c := range page {
				arm := a.Arm(c.ID)
				count[arm]++
				stays := count[arm]%10 < 7
				if arm == experiment.Holdout {
					stays = count[arm]%5 == 0
				}
				if err := s.left(tx, c, e.ID, arm, stays); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	for i, c := range people {
		words, code := s.drawn(i, len(people))
		leaves := offboarding.CaseID("case_" + c.Reference)
		by := app.Actor{ID: "usr_e2e", Name: "Eva", Roles: []string{"agent", "success"}}
		said := code
		if i%3 == 0 { // what they say first is often the price
			said = "price"
		}
		s.must(s.verbs.RecordReason(ctx, by, app.ReasonInput{Case: leaves, Kind: reason.Stated, Code: said, Text: words}))
		s.must(s.verbs.RecordReason(ctx, by, app.ReasonInput{Case: leaves, Kind: reason.Root, Code: code, Evidence: "En la llamada de despedida"}))
	}
}

// left writes down one departure that saw an arm.
func (s *answered) left(tx app.Tx, c customer.Customer, of experiment.ID, arm string, stays bool) error {
	ctx, at := s.t.Context(), tx.Now()
	subs, err := tx.SubscriptionsOf(ctx, c.ID)
	if err != nil {
		return err
	}
	r := offboarding.Request{
		ID: offboarding.RequestID("req_" + c.Reference), Code: "HL-" + c.Reference, State: offboarding.RequestMatched, Channel: offboarding.Public, Language: "es", Nonce: "n" + c.Reference, ReceivedAt: at, Customer: c.ID,
	}
	if _, _, err := tx.InsertRequest(ctx, r); err != nil {
		return err
	}
	today := when.DateOf(at, time.Local)
	x := offboarding.Case{
		ID: offboarding.CaseID("case_" + c.Reference), Code: r.Code, Request: r.ID, Customer: c.ID, Subscriptions: []customer.SubscriptionID{subs[0].ID}, State: offboarding.CaseClosed,
		Playbook: "telco@1", Language: "es", Zone: "Europe/Madrid", Effective: today.AddDays(2), RequestedAt: at, OpenedAt: at, EffectiveAt: at.AddDate(0, 0, 2), ClosedAt: at.AddDate(0, 0, 3),
	}
	if stays {
		x.State, x.EffectiveAt = offboarding.CaseReversed, time.Time{}
	}
	if err := tx.InsertCase(ctx, x, nil); err != nil {
		return err
	}
	if err := tx.ClaimSubscriptions(ctx, x.ID, subs[0].ID); err != nil {
		return err
	}
	if !stays {
		if err := tx.SetSubscriptionStatus(ctx, subs[0].ID, customer.Ended); err != nil {
			return err
		}
	}
	if _, err := tx.GiveArm(ctx, app.Exposure{Experiment: of, Case: x.ID, Customer: c.ID, Arm: arm, Given: at, Until: at.AddDate(0, 0, 10)}); err != nil {
		return err
	}
	_, err = tx.SeeArm(ctx, of, x.ID, at.Add(time.Minute))
	return err
}

// reasons reads why they left: the matrix, stated against real, and what they wrote.
func (s *answered) reasons() {
	t, staff := s.t, s.staff
	t.Helper()
	base := s.info.Portal + "console/learn/"
	staff.open(base + "themes?lang=es")
	staff.press("learn-themes", testid("learning"))
	staff.until(base+"themes?lang=es", func() bool { return staff.count(testid("themes")+" tbody tr") >= 2 })
	staff.shot("letting-6-themes")
	staff.open(base + "reasons?lang=es")
	staff.narrow("letting-7-reasons")
	if wide, err := chromedp.Run(staff.ctx, chromedp.Evaluate[int](`(() => { const e = document.querySelector('[data-testid="matrix"]').closest('.scroll'); return e.scrollWidth - e.clientWidth })()`)); err != nil || wide > 0 {
		t.Errorf("the matrix is wider than its place by %d (%v)", wide, err)
	}
	for id, least := range map[string]int{"matrix": 8, "confusion": 5, "written": 2} {
		if n := staff.count(testid(id) + " tbody tr"); n < least {
			t.Errorf("%s has %d rows", id, n)
		}
	}
	if n := staff.count(testid("confusion") + " a.strong"); n == 0 {
		t.Error("what was said is never what was found")
	}
	staff.turn(testid("matrix")+" tbody td a", testid("reason-cases"))
	staff.open(base + "reasons?lang=es")
	staff.turn(testid("written")+" tbody td a", testid("theme-texts"))
	staff.shot("letting-8-texts")
}
