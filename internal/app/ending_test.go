package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
)

var closing = map[string]ending.Words{
	"es": {Why: "Cerramos Faro Mini.", Alternatives: "Faro Uno, al mismo precio hasta 2028."},
	"en": {Why: "We close Faro Mini.", Alternatives: "Faro Uno, at the same price until 2028."},
}

// mini adds customers of a product that is to be closed.
func (w *world) mini(t *testing.T, n int, change func(i int, in *app.CustomerInput)) (list []customer.ID) {
	t.Helper()
	for i := range n {
		ref := fmt.Sprintf("MI-%02d", i)
		in := app.CustomerInput{
			Kind: customer.Person, Name: "Cliente " + ref, Reference: ref, Language: "es",
			Contacts:      []app.ContactInput{{Name: "Ana", Email: strings.ToLower(ref) + "@mini.example", Role: customer.Owner}},
			Subscriptions: []app.SubscriptionInput{{Reference: ref + "-1", Product: "Faro Mini", Amount: money.Amount{Minor: 900, Currency: "EUR"}, Interval: customer.Monthly, Start: w.today(t).AddDays(-400)}},
		}
		if change != nil {
			change(i, &in)
		}
		id, err := w.AddCustomer(t.Context(), agent, in)
		must(t, err)
		list = append(list, id)
	}
	return list
}

func (w *world) caseOf(t *testing.T, c customer.ID) *offboarding.Case {
	t.Helper()
	var list []offboarding.Case
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) { list, err = tx.CasesOf(t.Context(), c); return err }))
	if len(list) > 1 {
		t.Fatalf("%d departures of one customer", len(list))
	}
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// A product is closed: a second person agrees, everybody who has it is told
// once, has the same rights as whoever leaves, and is not ended before their
// own terms allow; who leaves already is left alone.
func TestTheCompanyEndsAProductWithASecondPerson(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx, ends := t.Context(), w.today(t).AddDays(30)
		list := w.mini(t, 19, func(i int, in *app.CustomerInput) {
			if i == 3 {
				in.Subscriptions[0].NoticeDays = 60
			}
		})
		left, err := w.RegisterOnBehalf(ctx, agent, app.BehalfInput{Customer: list[5], Channel: "phone", Reference: "1", When: "period_end", Proof: "DNI"})
		must(t, err)

		in := app.EndingInput{Pick: ending.Pick{Product: "Faro Mini"}, EndsOn: ends, Words: closing, PerMinute: ending.MostRate}
		_, err = w.ProposeEnding(ctx, finance, in)
		code(t, err, "forbidden.role")
		wrong := in
		wrong.Pick.Product = "Faro Nada"
		_, err = w.ProposeEnding(ctx, agent, wrong)
		refused(t, "nobody", err, "ending.nobody", "product")
		id, err := w.ProposeEnding(ctx, agent, in)
		must(t, err)
		if v, err := w.OpenEnding(ctx, finance, id); err != nil || v.Contracts != 19 || v.Customers != 19 || v.State != ending.Proposed {
			t.Fatalf("%+v %v", v, err)
		}
		code(t, w.DecideEnding(ctx, agent, id, true, ""), "approval.same_person")
		hidden := admin
		hidden.RealID = agent.ID
		code(t, w.DecideEnding(ctx, hidden, id, true, ""), "approval.same_person")
		code(t, w.DecideEnding(ctx, app.Actor{ID: "key_1", Scopes: []string{"endings:write"}}, id, true, ""), "forbidden.person")
		if w.mail.count("ending") != 0 {
			t.Fatal("somebody was told before a second person agreed")
		}
		must(t, w.DecideEnding(ctx, admin, id, true, "Visto en el comité"))
		eventually(t, "everybody was looked at", func() bool {
			v, err := w.OpenEnding(ctx, agent, id)
			must(t, err)
			return v.State == ending.Done
		})
		if v, err := w.OpenEnding(ctx, agent, id); err != nil || v.Opened != 18 || v.Passed != 1 {
			t.Fatalf("%+v %v", v, err)
		}
		eventually(t, "everybody is told", func() bool { return w.mail.count("ending") == 18 })
		eventually(t, "the page says so", func() bool {
			v, err := w.OpenEnding(ctx, agent, id)
			must(t, err)
			return v.Notices == 18 && v.Sent == 18
		})
		for i, cus := range list {
			c := w.caseOf(t, cus)
			switch want := ends; {
			case i == 5:
				if c.ID != left {
					t.Error("whoever was leaving leaves twice")
				}
				continue
			case c == nil:
				t.Fatalf("customer %d has no departure", i)
			case i == 3:
				want = w.today(t).AddDays(60)
				fallthrough
			default:
				if c.State != offboarding.CaseOpen || c.Effective != want {
					t.Errorf("customer %d: %s, ends %s, want %s", i, c.State, c.Effective, want)
				}
			}
		}
		first := w.caseOf(t, list[0])
		letter := w.mail.wait(t, "ending", "mi-00@mini.example")
		if letter.Ending == nil || letter.Ending.Words != closing["es"] || letter.Ending.Channel != offboarding.Company {
			t.Fatalf("the letter says %+v", letter.Ending)
		}
		page := token(letter.Links["case"])
		p, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		if p.Paper.Kind != "ending" || p.MayTell || p.Consent.Ask {
			t.Errorf("their page: %s, asks why %v, asks whether we may write %v", p.Paper.Kind, p.MayTell, p.Consent.Ask)
		}
		for _, m := range p.Paper.Milestones {
			if m.Name == "registered" || m.Name == "confirmed" {
				t.Errorf("the page says that they %s it", m.Name)
			}
		}
		code(t, w.UndoByCustomer(ctx, page), "case.not_undoable")
		must(t, w.UndoByStaff(ctx, agent, first.ID))
		eventually(t, "it is undone", func() bool { return w.state(t, first.ID) == offboarding.CaseReversed })
		if w.logged(t, "ending.passed") != 1 || w.logged(t, "ending.done") != 1 || w.mail.count("receipt") != 1 {
			t.Errorf("passed %d, done %d, receipts %d", w.logged(t, "ending.passed"), w.logged(t, "ending.done"), w.mail.count("receipt"))
		}
		w.verifyLog(t)
	})
}

func TestAnEndingThatIsRefusedOrStoppedTellsNobodyMore(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		w.stopEngine()
		w.mini(t, 20, nil)
		in := app.EndingInput{Pick: ending.Pick{Product: "Faro Mini"}, EndsOn: w.today(t).AddDays(30), Words: closing}
		id, err := w.ProposeEnding(ctx, agent, in)
		must(t, err)
		refused(t, "without a word", w.DecideEnding(ctx, admin, id, false, " "), "field.required", "note")
		must(t, w.DecideEnding(ctx, admin, id, false, "Todavía no"))
		again, err := w.RunEnding(ctx, id)
		must(t, err)
		if !again.IsZero() {
			t.Error("a refused ending goes on")
		}
		id, err = w.ProposeEnding(ctx, agent, in)
		must(t, err)
		must(t, w.DecideEnding(ctx, admin, id, true, ""))
		if again, err = w.RunEnding(ctx, id); err != nil || again.IsZero() {
			t.Fatalf("%v %v", again, err)
		}
		must(t, w.StopEnding(ctx, agent, id, "Nos equivocamos de tarifa"))
		if again, err = w.RunEnding(ctx, id); err != nil || !again.IsZero() {
			t.Fatalf("%v %v", again, err)
		}
		v, err := w.OpenEnding(ctx, agent, id)
		must(t, err)
		if v.State != ending.Stopped || v.Opened == 0 || v.Opened >= 20 {
			t.Errorf("%+v", v)
		}
	})
}

// Nothing of a departure is carried out before the customer is told that they
// leave; whoever works is told at once what will be theirs to do.
func TestNothingOfAnEndingBeginsBeforeTheCustomerIsTold(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		w.stopEngine()
		list := w.mini(t, 5, nil)
		id, err := w.ProposeEnding(ctx, agent, app.EndingInput{
			Pick: ending.Pick{Product: "Faro Mini"}, EndsOn: w.today(t).AddDays(30), Words: closing, PerMinute: 1,
		})
		must(t, err)
		must(t, w.DecideEnding(ctx, admin, id, true, ""))
		if again, err := w.RunEnding(ctx, id); err != nil || !again.IsZero() {
			t.Fatal(again, err)
		}
		v, err := w.OpenEnding(ctx, agent, id)
		must(t, err)
		for i, cus := range list {
			c := w.caseOf(t, cus)
			told := v.DecidedAt.Add(time.Duration(i) * time.Minute)
			var works []offboarding.Work
			must(t, w.store.View(ctx, func(tx app.Tx) (err error) { works, err = tx.WorksOf(ctx, c.ID); return err }))
			carried := 0
			for _, x := range works {
				if x.Step == "" { // an alarm
					continue
				}
				if carried++; x.RunAt.Before(told) {
					t.Errorf("%s of customer %d begins at %s, and they are told at %s", x.Kind, i, x.RunAt, told)
				}
			}
			if c.State != offboarding.CaseOpen || carried == 0 {
				t.Errorf("customer %d: %s, %d works", i, c.State, carried)
			}
		}
	})
}

// With each call of the database failing in turn, everybody has one departure
// and one notice in the end.
func TestAnEndingSurvivesEveryFailureOfTheDatabase(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		driver, faults := testkit.FailingDriver(t, e)
		w := newWorldOn(t, e, string(playbook.Builtin()["saas-b2c"]), driver, 10*time.Second)
		w.stopEngine()
		ctx := t.Context()
		list := w.mini(t, 2, nil)
		id, err := w.ProposeEnding(ctx, agent, app.EndingInput{Pick: ending.Pick{Product: "Faro Mini"}, EndsOn: w.today(t).AddDays(30), Words: closing})
		must(t, err)
		exhaust(t, faults, "agree", func() error {
			err := w.DecideEnding(ctx, admin, id, true, "")
			if fault.CodeOf(err) == "ending.over" { // the answer to the commit was lost: it is decided
				return nil
			}
			return err
		})
		exhaust(t, faults, "run", func() error { _, err := w.RunEnding(ctx, id); return err })
		v, err := w.OpenEnding(ctx, agent, id)
		must(t, err)
		if v.State != ending.Done || v.Opened != 2 || v.Passed != 0 {
			t.Fatalf("%+v", v)
		}
		for _, cus := range list {
			c := w.caseOf(t, cus)
			var letters []app.Message
			must(t, w.store.View(ctx, func(tx app.Tx) (err error) { letters, err = tx.ListMessages(ctx, c.ID, 100); return err }))
			if len(letters) != 1 || letters[0].Paper != "ending" {
				t.Errorf("letters: %+v", letters)
			}
		}
	})
}

// Who did not pay is told, may pay until the last day, and then goes on.
func TestWhoDidNotPayHasUntilTheLastDay(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		cus := w.customerOf(t, almena)
		bill, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus.ID, Reference: "F-2026-118", Kind: customer.Invoice, About: "Octubre", Amount: eur(2472), DueOn: w.today(t).AddDays(-20)})
		must(t, err)
		in := app.UnpaidInput{Customer: cus.ID, Reference: "F-2026-118", EndsOn: w.today(t).AddDays(3)}
		_, err = w.EndUnpaid(ctx, agent, in)
		refused(t, "in three days", err, "ending.ends_on", "ends_on")
		in.EndsOn = w.today(t).AddDays(14)
		soon, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cus.ID, Reference: "F-2026-119", Kind: customer.Invoice, Amount: eur(100), DueOn: w.today(t)})
		must(t, err)
		_, err = w.EndUnpaid(ctx, agent, app.UnpaidInput{Customer: cus.ID, Reference: "F-2026-119", EndsOn: in.EndsOn})
		refused(t, "due today", err, "ending.not_due", "reference")
		must(t, w.SettleBalance(ctx, finance, cus.ID, soon, customer.Paid))
		_, err = w.EndUnpaid(ctx, agent, app.UnpaidInput{Customer: cus.ID, Reference: "F-2026-119", EndsOn: in.EndsOn})
		refused(t, "paid", err, "ending.not_owed", "reference")
		c, err := w.EndUnpaid(ctx, agent, in)
		must(t, err)
		letter := w.mail.wait(t, "ending", firstMail)
		if letter.Ending.Channel != offboarding.Payment || letter.Ending.Reference != "F-2026-118" || letter.Case.Effective != in.EndsOn {
			t.Errorf("%+v ends %s", letter.Ending, letter.Case.Effective)
		}
		_, err = w.EndUnpaid(ctx, agent, in)
		code(t, err, "customer.nothing_to_end")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if v.Request.Channel != offboarding.Payment || v.Plan.Case.State != offboarding.CaseOpen || !strings.HasPrefix(v.Plan.Case.Playbook, "payment-failed@") {
			t.Errorf("%s %s follows %s", v.Request.Channel, v.Plan.Case.State, v.Plan.Case.Playbook)
		}
		// They are reminded before the last day, and no access ends before it.
		for n := range 2 {
			w.push(t, 3)
			eventually(t, "they are reminded", func() bool {
				var letters []app.Message
				must(t, w.store.View(ctx, func(tx app.Tx) (err error) { letters, err = tx.ListMessages(ctx, c, 100); return err }))
				sent := slices.DeleteFunc(letters, func(m app.Message) bool { return m.Paper != "reminder" || m.State != "sent" })
				return len(sent) == n+1
			})
		}
		if s := w.stepState(t, c, "access"); s != offboarding.StepWaiting {
			t.Errorf("six days before the end the accesses are %s", s)
		}
		must(t, w.SettleBalance(ctx, finance, cus.ID, bill, customer.Paid))
		eventually(t, "it goes on", func() bool { return w.state(t, c) == offboarding.CaseReversed })
		w.verifyLog(t)
	})
}

// Somebody who complains, or pays in parts that reach beyond the last day, is not
// ended without a person deciding so.
func TestAPersonDecidesWhetherADisputedDebtEndsAnything(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(t *testing.T, w *world, cus customer.ID, c offboarding.CaseID){
		"complains": func(t *testing.T, w *world, cus customer.ID, _ offboarding.CaseID) {
			_, err := w.RecordComplaint(t.Context(), agent, relationship.Complaint{Customer: cus, Received: w.today(t), What: "No es mía"})
			must(t, err)
		},
		"pays in parts": func(t *testing.T, w *world, _ customer.ID, c offboarding.CaseID) {
			must(t, w.ProposeInstalments(t.Context(), finance, c, app.InstalmentInput{Parts: 3, First: w.today(t).AddDays(3)}))
			must(t, w.AnswerInstalments(t.Context(), token(w.mail.wait(t, "ending", firstMail).Links["case"]), true))
		},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
				w := newWorld(t, e)
				cus := w.customerOf(t, almena)
				_, err := w.AddBalance(t.Context(), finance, customer.Balance{Customer: cus.ID, Reference: "F-1", Kind: customer.Invoice, Amount: eur(2472), DueOn: w.today(t).AddDays(-20)})
				must(t, err)
				c, err := w.EndUnpaid(t.Context(), agent, app.UnpaidInput{Customer: cus.ID, Reference: "F-1", EndsOn: w.today(t).AddDays(14)})
				must(t, err)
				if v, err := w.OpenCase(t.Context(), agent, c); err != nil || v.Plan.Step("ends_anyway") != nil {
					t.Fatalf("somebody is asked before anything happened, or %v", err)
				}
				happens(t, w, cus.ID, c)
				if st := w.stepState(t, c, "ends_anyway"); st != offboarding.StepReady {
					t.Errorf("nobody is asked: %s", st)
				}
				w.verifyLog(t)
			})
		})
	}
}

// Whoever is to be ended may leave before, by their own departure.
func TestWhoIsEndedMayLeaveBefore(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		cus := w.customerOf(t, almena)
		ours, err := w.EndUnpaid(ctx, agent, app.UnpaidInput{Customer: cus.ID, Reference: "F-1", EndsOn: w.today(t).AddDays(60)})
		must(t, err)
		w.mail.wait(t, "ending", firstMail)
		_, theirs, page := w.request(t, "now")
		eventually(t, "ours is taken back", func() bool { return w.state(t, ours) == offboarding.CaseReversed })
		eventually(t, "theirs is open", func() bool { return w.state(t, theirs) == offboarding.CaseOpen })
		p, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		if theirs == ours || p.Paper.Kind != "receipt" || p.Paper.Case.Effective != w.today(t) {
			t.Errorf("%s, ends %s", p.Paper.Kind, p.Paper.Case.Effective)
		}
		w.verifyLog(t)
	})
}
