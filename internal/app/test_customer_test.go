package app_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/ending"
	"hastaluego/internal/form"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/play"
	"hastaluego/internal/risk"
	"hastaluego/internal/step"
	"hastaluego/internal/testkit"
	"hastaluego/internal/winback"
)

const (
	maker    = "grace@faro.example"
	invented = "ana@inventado.example"
)

// madeUp adds a test customer who has a real one's address on file too.
func (w *world) madeUp(t *testing.T, by app.Actor, ref string) customer.ID {
	t.Helper()
	id, err := w.AddCustomer(t.Context(), by, app.CustomerInput{
		Kind: customer.Organisation, Name: "Inventado", Reference: ref, Language: "es", Segment: "inventados", Test: true,
		Contacts:      []app.ContactInput{{Name: "Ana", Email: invented, Role: customer.Owner}, {Name: "Marta", Email: firstMail, Role: customer.Billing}},
		Subscriptions: []app.SubscriptionInput{{Reference: ref + "-1", Product: "Faro", Amount: money.Amount{Minor: 990000, Currency: "EUR"}, Interval: customer.Monthly, Start: w.today(t).AddDays(-100)}},
	})
	must(t, err)
	return id
}

// figures are everything that counts customers, or lists those who count.
type figures struct {
	Figures   app.Figures
	Ideas     []app.Idea
	Risks     map[risk.Band]int
	Rows      []app.RiskView
	Winback   app.WinbackPage
	Voices    app.VoiceList
	Surveys   app.VoiceList
	Book      app.DepartureBook
	Customers int // whom an ending of the product would pick
}

const namesMap = "as_of: 2026-11-01\nfields:\n  customer.reference: {column: Id}\n  customer.name: {column: Name}\n"

func (w *world) figures(t *testing.T) (f figures) {
	t.Helper()
	ctx := t.Context()
	must(t, w.RateAll(ctx))
	l, err := w.OpenLearn(ctx, agent)
	must(t, err)
	f.Figures, f.Ideas = l.Figures, l.Ideas
	for _, b := range risk.Bands {
		list, err := w.ListRisks(ctx, agent, b, 50, 0)
		must(t, err)
		f.Risks = list.Counts
		f.Rows = append(f.Rows, list.Rows...)
	}
	f.Winback, err = w.OpenWinback(ctx, agent, winback.Filter{})
	must(t, err)
	f.Voices, err = w.ListVoices(ctx, agent, "testimonial", 50, 0)
	must(t, err)
	f.Surveys, err = w.ListVoices(ctx, agent, "answers", 50, 0)
	must(t, err)
	f.Book, err = w.OpenDepartureBook(ctx, agent)
	must(t, err)
	must(t, w.store.View(ctx, func(tx app.Tx) (err error) {
		_, f.Customers, err = tx.CountPicked(ctx, ending.Pick{Product: "Faro"})
		return err
	}))
	return f
}

// equal compares them field by field.
func (f figures) equal(t *testing.T, g figures) {
	t.Helper()
	x, y := reflect.ValueOf(f), reflect.ValueOf(g)
	for i := range x.NumField() {
		if a, b := x.Field(i).Interface(), y.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			t.Errorf("%s moved:\nbefore %+v\nafter  %+v", x.Type().Field(i).Name, a, b)
		}
	}
}

// A company sees the whole journey on the installation that is on the air, to
// the last page, in an afternoon and while nothing may leave the house: no far
// system is changed, nobody gets a letter but whoever made the customer up, no
// figure moves, and in the end it is as if they had never been.
func TestARehearsalWalksToItsEndAndMovesNothing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, asking)
		ctx := t.Context()
		grace := w.person(t, "grace", "agent", "success", "admin")
		all, asked := listen(t, nil), listen(t, nil)
		for _, x := range []struct {
			ear   *ear
			tests bool
		}{{all, false}, {asked, true}} {
			_, _, err := w.AddWebhook(ctx, admin, app.AddWebhookInput{URL: x.ear.URL, Events: "*", Tests: x.tests})
			must(t, err)
		}
		cid := w.madeUp(t, grace, "PR-1")
		// Their contract is at the billing system: it could be ended there.
		must(t, w.billing.Seed(ctx, []peer.Subscription{{Reference: "PR-1-1", Status: peer.Active, AmountMinor: 990000, Currency: "EUR"}}))
		// Whoever is real and has the same address is not confused with them.
		_, theirs, page := w.request(t, "period_end")
		must(t, w.UntilQuiet(ctx))
		if yes, err := w.Rehearsed(ctx, token(page)); err != nil || yes {
			t.Errorf("the page of a real customer: %v, %v", yes, err)
		}
		before := w.figures(t)
		if before.Figures.Recorded.IsZero() || len(before.Book.Departures) == 0 || before.Customers == 0 {
			t.Fatalf("there is nothing to move: %+v", before)
		}
		must(t, w.SetHold(ctx, admin, app.HoldOutside, "Ensayamos"))

		_, err := w.RequestExit(ctx, app.ExitInput{Name: "Ana", AccountEmail: invented, ReceiptEmail: invented, When: "period_end", Language: "es"})
		must(t, err)
		confirm := w.mail.wait(t, "confirm", maker)
		if confirm.Rehearsal == nil || confirm.Rehearsal.Would != invented || !confirm.Case.Test {
			t.Errorf("the letter does not say whom it would have reached: %+v", confirm.Rehearsal)
		}
		c, link, err := w.VerifyRequest(ctx, token(confirm.Links["verify"]))
		must(t, err)
		if yes, err := w.Rehearsed(ctx, link); err != nil || !yes {
			t.Errorf("the private page does not say that it is a rehearsal: %v, %v", yes, err)
		}
		w.mail.wait(t, "receipt", maker)
		eventually(t, "the billing step is over", func() bool { return w.stepState(t, c, "stop") == offboarding.StepVerified })
		must(t, w.HurryTest(ctx, grace, c))
		bye := w.mail.wait(t, "farewell", maker)
		eventually(t, "goodbye", func() bool { return w.stepState(t, c, "farewell") == offboarding.StepDone })
		must(t, w.AnswerSurvey(ctx, token(bye.Links["bye"]), form.Answers{"nps": "0", "csat": "1", "idea": "Más barato"}))
		eventually(t, "the window is open", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		must(t, w.HurryTest(ctx, grace, c))
		eventually(t, "a second person is asked", func() bool { return w.stepState(t, c, "agree") == offboarding.StepReady })
		code(t, w.HurryTest(ctx, grace, c), "test.nothing_waits")
		if did, err := w.billing.Effects(ctx, "PR-1-1"); err != nil || len(did) > 0 {
			t.Errorf("done at the billing system: %v, %v", did, err)
		}
		v, err := w.OpenCase(ctx, grace, c)
		must(t, err)
		rehearsed := 0
		for _, x := range v.Works {
			if r, ok := step.RehearsalOf(x.Evidence); ok {
				rehearsed++
				if !x.FirstCall.IsZero() || r.System != "billing" {
					t.Errorf("%s was called, at %q", x.Kind, r.System)
				}
			}
		}
		if stop := v.Proofs[v.Plan.Step("stop").ID]; rehearsed != 2 || len(stop) != 1 || stop[0].Kind != "rehearsed" || stop[0].Why != step.WouldAct {
			t.Errorf("the evidence: %d rehearsed, %+v", rehearsed, stop)
		}
		before.equal(t, w.figures(t))
		must(t, w.SetHold(ctx, admin, app.HoldNothing, ""))
		w.mail.wait(t, "ack", maker)
		must(t, w.UntilQuiet(ctx))

		must(t, w.Approve(ctx, privacy, c, "agree", true, "De acuerdo"))
		w.mail.wait(t, "certificate", maker)
		eventually(t, "erased", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
		must(t, w.CompleteTask(ctx, grace, app.CompleteInput{Case: c, Step: "last", Note: "Hecho"}))
		if s := w.state(t, c); s != offboarding.CaseClosed {
			t.Fatalf("the rehearsal is %s", s)
		}
		must(t, w.UntilQuiet(ctx))
		for _, l := range w.mail.all() {
			if l.to == invented || l.paper.Case.ID == c && l.to != maker {
				t.Errorf("%s of a rehearsal went to %s", l.paper.Kind, l.to)
			}
		}
		eventually(t, "who asked for rehearsals heard of it", func() bool {
			return slices.ContainsFunc(asked.heard(), func(h heard) bool {
				m := h.message(t)
				return m.Type == "case.closed" && m.Data["case"] == string(c) && m.Data["test"] == true
			})
		})
		heardTheirs := false
		for _, h := range all.heard() {
			if m := h.message(t); m.Data["case"] == string(c) || m.Data["customer"] == string(cid) {
				t.Errorf("who did not ask heard of the rehearsal: %s", h.body)
			} else if m.Data["case"] == string(theirs) {
				heardTheirs = heardTheirs || m.Data["test"] == nil
			}
		}
		if !heardTheirs {
			t.Error("nobody heard of the real departure")
		}
		before.equal(t, w.figures(t))

		// They went by addresses of others, which nobody is to be refused for.
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			buried, err := tx.AnyTombstone(ctx)
			if buried {
				t.Error("a rehearsal buried the address of somebody real")
			}
			return err
		}))

		// All of it goes in one act, and nothing of anybody else.
		code(t, last(w.ForgetTest(ctx, grace, w.whose(t, theirs))), "test.real")
		code(t, w.HurryTest(ctx, grace, theirs), "test.real")
		gone, err := w.ForgetTest(ctx, grace, cid)
		must(t, err)
		for _, table := range []string{"customer", "case_", "request", "step", "work", "message", "link", "subscription", "erasure"} {
			if gone.Rows[table] == 0 {
				t.Errorf("nothing was deleted of %s: %v", table, gone.Rows)
			}
		}
		for _, where := range said(t, e, "inventado", string(cid), string(c), strings.ToLower(v.Plan.Case.Code)) {
			switch table, _, _ := strings.Cut(where, "."); table {
			case "audit_entry", "stream", "webhook_event", "customer_segment": // staysWithLog, a counter of it, and a word to choose
			default:
				t.Errorf("something of them stands in %s", where)
			}
		}
		list, _, err := w.OpenLog(ctx, auditor, 1000)
		must(t, err)
		told := false
		for _, x := range list {
			if house := []string{"key.destroyed", "certificate.issued"}; x.Case == string(c) && x.Args != nil && !slices.Contains(house, x.Type) {
				t.Errorf("%s can still be read: %v", x.Type, x.Args)
			}
			told = told || x.Type == "test.forgotten" && x.Args["customer"] == string(cid)
		}
		if !told {
			t.Error("the log does not say what was deleted")
		}
		_, err = w.ForgetTest(ctx, grace, cid)
		code(t, err, "not_found")
		if s := w.state(t, theirs); s != offboarding.CaseOpen {
			t.Errorf("the real departure is %s", s)
		}
		before.equal(t, w.figures(t))
		w.verifyLog(t)
	})
}

// A rehearsal is undone without anything being called, and the contract goes on.
func TestARehearsalIsUndone(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), asking)
	ctx := t.Context()
	grace := w.person(t, "grace", "agent", "success", "admin")
	cid := w.madeUp(t, grace, "PR-2") // whom the billing system does not know
	c, err := w.RegisterOnBehalf(ctx, grace, app.BehalfInput{Customer: cid, Channel: "phone", Reference: "L-1", When: "period_end", Proof: "Ensayo"})
	must(t, err)
	eventually(t, "the billing step is over", func() bool { return w.stepState(t, c, "stop") == offboarding.StepVerified })
	v, err := w.OpenCase(ctx, grace, c)
	must(t, err)
	if p := v.Proofs[v.Plan.Step("stop").ID]; len(p) != 1 || p[0].Why != step.WouldNotFind {
		t.Errorf("the evidence: %+v", p)
	}
	must(t, w.UndoByStaff(ctx, grace, c))
	eventually(t, "undone", func() bool { return w.state(t, c) == offboarding.CaseReversed })
	if p := w.opened(t, cid); p.Lines[0].Status != customer.Active {
		t.Errorf("the contract is %s", p.Lines[0].Status)
	}
}

// What would let somebody made up into what everybody is measured by is refused.
func TestNothingOfARehearsalGetsAmongTheReal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	ctx := t.Context()
	// Nobody to send their letters to: neither an address of their maker nor one of
	// the company.
	in := app.CustomerInput{Kind: customer.Person, Name: "Nadie", Reference: "PR-0", Test: true}
	refused(t, "nobody to write to", last(w.AddCustomer(ctx, agent, in)), "test.no_address", "test")
	grace := w.person(t, "grace", "agent", "success", "admin")
	cid := w.madeUp(t, grace, "PR-3")
	code(t, last(w.OpenPlay(ctx, agent, cid, play.CheckIn)), "test.no_play")
	refused(t, "a reading", w.AddReadings(ctx, admin, []app.ReadingInput{{Customer: "PR-3", Metric: "use", Day: w.today(t), Value: 1}}), "readings.test_customer", "readings.0.customer")
	_, errs := w.imported(t, namesMap, "Id,Name\nPR-3,De verdad\n", false)
	if len(errs) != 1 || errs[0].Fault.Code != "csv.test_customer" {
		t.Errorf("an import: %v", errs)
	}
	if list, err := w.CustomersLike(ctx, agent, "Inventado", invented); err != nil || len(list) > 0 {
		t.Errorf("somebody real is said to be like them: %v, %v", list, err)
	}
	name := "Inventada"
	_, err := w.EditCustomer(ctx, grace, app.CustomerPatch{Customer: cid, Name: &name})
	must(t, err)
	if p := w.opened(t, cid); !p.Customer.Test() {
		t.Error("the mark went with a change")
	}
}

// whose is the customer of a departure.
func (w *world) whose(t *testing.T, c offboarding.CaseID) customer.ID {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	return v.Plan.Case.Customer
}

func last[T any](_ T, err error) error { return err }

// all is everything that was handed to the mail system.
func (l *letters) all() []letter {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.sent)
}
