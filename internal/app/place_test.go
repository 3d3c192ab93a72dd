package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// A signed link ends one contract; before it ends the customer asks on the
// public page to leave with everything: the other contract leaves too, and they
// have a receipt of it.
func TestWhoeverAsksToLeaveWithEverythingLeavesWithEverything(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		cus, first, second := w.withTwo(t)
		r := w.host(t, cus, first)
		w.mail.wait(t, "receipt", firstMail)

		_, c, _ := w.request(t, "period_end")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if c == r.Case || !slices.Equal(v.Plan.Case.Subscriptions, []customer.SubscriptionID{second}) || v.Plan.Case.State != offboarding.CaseOpen {
			t.Errorf("what was not leaving yet: %+v", v.Plan.Case)
		}
		if lines := w.mail.wait(t, "receipt", "casa@marta.example").Lines; len(lines) != 1 || lines[0].ID != second {
			t.Errorf("the receipt tells of %v", lines)
		}
		// Asked a third time there is nothing left to open: they have what stands.
		again, err := w.RequestExit(ctx, app.ExitInput{AccountEmail: firstMail, ReceiptEmail: "otra@marta.example", Language: "es"})
		must(t, err)
		eventually(t, "another letter to confirm", func() bool { return w.mail.count("confirm") == 2 })
		confirm := w.mail.last(t, "confirm")
		joined, _, err := w.VerifyRequest(ctx, token(confirm.Links["verify"]))
		must(t, err)
		if p := w.mail.wait(t, "receipt", "otra@marta.example"); p.Code == again.Code || joined == "" || p.Case.ID != joined {
			t.Errorf("the receipt of %s says %s", joined, p.Code)
		}
		w.verifyLog(t)
	})
}

// Whoever undoes, and asks to leave again while the undoing waits for a person,
// has a receipt at once; when the old departure is undone the new one begins,
// with the date on which it was asked for.
func TestAskingAgainWhileAnUndoingIsStuckIsNotForgotten(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, byHand)
		ctx := t.Context()
		_, old, page := w.request(t, "period_end")
		must(t, w.Tick(ctx, privacy, app.TickInput{Case: old, Step: "hand", Item: "a", Ticked: true}))
		must(t, w.UndoByCustomer(ctx, page))
		if s := w.state(t, old); s != offboarding.CaseReversing {
			t.Fatalf("the undoing waits for a person: %s", s)
		}

		r, err := w.RequestExit(ctx, app.ExitInput{AccountEmail: firstMail, ReceiptEmail: "otra@marta.example", When: "period_end", Language: "es"})
		must(t, err)
		eventually(t, "another letter to confirm", func() bool { return w.mail.count("confirm") == 2 })
		confirm := w.mail.last(t, "confirm")
		c, mine, err := w.VerifyRequest(ctx, token(confirm.Links["verify"]))
		must(t, err)
		receipt := w.mail.wait(t, "receipt", "otra@marta.example")
		if c == old || receipt.Case.ID != c || !receipt.At.Equal(r.ReceivedAt) || receipt.Code != r.Code {
			t.Errorf("the receipt is about %s, asked for %s", receipt.Case.ID, receipt.At)
		}
		p, err := w.OpenCasePage(ctx, mine, "case", "")
		must(t, err)
		if !p.Paper.Case.Waits() || !p.CanUndo {
			t.Errorf("the page says %+v", p.Paper.Case)
		}
		if s := w.stepState(t, c, "hand"); s != offboarding.StepWaiting {
			t.Errorf("before the old one is undone its first step is %s", s)
		}

		must(t, w.UndoTask(ctx, privacy, app.CompleteInput{Case: old, Step: "hand", Note: "Devuelto"}))
		if s := w.state(t, old); s != offboarding.CaseReversed {
			t.Fatalf("the old departure is %s", s)
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if v.Plan.Case.State != offboarding.CaseOpen || v.Plan.Step("hand").State != offboarding.StepReady || !v.Plan.Case.RequestedAt.Equal(r.ReceivedAt) {
			t.Errorf("the new departure: %+v", v.Plan.Case)
		}
		must(t, w.Tick(ctx, privacy, app.TickInput{Case: c, Step: "hand", Item: "a", Ticked: true}))
		must(t, w.CompleteTask(ctx, privacy, app.CompleteInput{Case: c, Step: "hand", Note: "Hecho"}))
		if s := w.state(t, c); s != offboarding.CaseClosed {
			t.Errorf("in the end it is %s", s)
		}
		w.verifyLog(t)
	})
}

// byHand is a playbook whose undoing waits for a person.
const byHand = `
playbook: by-hand
title: {es: "A mano", en: "By hand"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}, milestone: confirmed}
  - id: hand
    kind: erase_data
    params: {on: person_request}
    title: {es: "Apagar", en: "Switch off"}
    after: [confirm]
    role: privacy
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    undo: {class: restorable, title: {es: "Encender", en: "Switch on"}}
    items: [{id: a, title: {es: "A", en: "A"}}]
`

// withTwo gives Marta a second contract.
func (w *world) withTwo(t *testing.T) (cus customer.ID, first, second customer.SubscriptionID) {
	t.Helper()
	list, err := w.ListCustomers(t.Context(), agent, app.CustomerFilter{Query: firstMail})
	must(t, err)
	row := list.Rows[0]
	second, err = w.AddSubscription(t.Context(), agent, app.SubscriptionInput{
		Customer: row.Customer.ID, Reference: "FE-EXTRA-1", Product: "Faro", Plan: "Otro", Amount: money.Amount{Minor: 900, Currency: "EUR"},
		Interval: "month", Start: when.Date{Year: 2026, Month: 1, Day: 1},
	})
	must(t, err)
	return row.Customer.ID, row.Lines[0].ID, second
}

// host asks to leave by a signed link of the host product.
func (w *world) host(t testing.TB, cus customer.ID, subs ...customer.SubscriptionID) offboarding.Request {
	t.Helper()
	_, wall, err := w.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	link, err := app.SignHostLink(w.keys.HMACKey(app.HostLinkKey), app.HostClaim{
		Customer: cus, Subscriptions: subs, Expires: wall.Add(time.Minute), ID: fmt.Sprint(cus, subs, w.links.Add(1)), Language: "es",
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.RequestExit(t.Context(), app.ExitInput{AccountEmail: firstMail, When: "period_end", Language: "es", Host: link})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whatever customers ask and take back in whatever order: what they proved that
// they want to leave is being ended, or waits only for an undoing to be over, and
// what they took back is not.
func TestNothingThatWasAskedForIsForgotten(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, byHand)
		w.stopEngine()
		ctx := t.Context()
		n, done, broken := 0, 0, false
		rapid.Check(t, func(rt *rapid.T) {
			if done == 15 && !broken { // each walks through the whole database: more cost more than they find
				return
			}
			fine := false
			defer func() {
				if broken = broken || !fine; fine {
					done++
				}
			}()
			n++
			ok := func(err error) {
				if err != nil {
					rt.Helper()
					rt.Fatal(err)
				}
			}
			in := app.CustomerInput{Kind: "person", Consumer: true, Name: "Ana", Reference: fmt.Sprint("P-", n), Language: "es", Contacts: []app.ContactInput{{Name: "Ana", Email: fmt.Sprintf("ana%d@x.example", n), Role: customer.Owner}}}
			for i := range 3 {
				in.Subscriptions = append(in.Subscriptions, app.SubscriptionInput{
					Reference: fmt.Sprint("P-", n, "-", i), Product: "Faro", Amount: money.Amount{Minor: 900, Currency: "EUR"}, Interval: "month", Start: when.Date{Year: 2026, Month: 1, Day: 1},
				})
			}
			cus, err := w.AddCustomer(ctx, agent, in)
			ok(err)
			page, err := w.OpenCustomer(ctx, agent, cus)
			ok(err)
			var subs []customer.SubscriptionID
			for _, s := range page.Lines {
				subs = append(subs, s.ID)
			}
			leaving := map[customer.SubscriptionID]bool{}
			receipts := 0
			cases := func() (list []offboarding.Case) {
				ok(w.store.View(ctx, func(tx app.Tx) error { list, err = tx.CasesOf(ctx, cus); return err }))
				return list
			}
			some := func(state offboarding.CaseState) (offboarding.Case, bool) {
				list := slices.DeleteFunc(cases(), func(c offboarding.Case) bool {
					return c.State != state && (state != offboarding.CaseOpen || !c.Waits())
				})
				if len(list) == 0 {
					return offboarding.Case{}, false
				}
				return rapid.SampledFrom(list).Draw(rt, "case"), true
			}
			rt.Repeat(map[string]func(*rapid.T){
				"by a signed link": func(rt *rapid.T) {
					which := rapid.SliceOfNDistinct(rapid.SampledFrom(subs), 1, 3, rapid.ID).Draw(rt, "which")
					w.host(t, cus, which...)
					receipts++
					for _, s := range which {
						leaving[s] = true
					}
				},
				"by telephone": func(*rapid.T) {
					_, err := w.RegisterOnBehalf(ctx, agent, app.BehalfInput{Customer: cus, Channel: "phone", Reference: "1", Proof: "DNI"})
					ok(err)
					receipts++
					for _, s := range subs {
						leaving[s] = true
					}
				},
				"by telephone, not proved": func(*rapid.T) {
					_, err := w.RegisterOnBehalf(ctx, agent, app.BehalfInput{Customer: cus, Channel: "phone", Reference: "1"})
					ok(err)
				},
				"a hand": func(rt *rapid.T) {
					if c, found := some(offboarding.CaseOpen); found && !c.Waits() {
						ok(w.Tick(ctx, privacy, app.TickInput{Case: c.ID, Step: "hand", Item: "a", Ticked: true}))
					}
				},
				"undone": func(rt *rapid.T) {
					if c, found := some(offboarding.CaseOpen); found {
						ok(w.UndoByStaff(ctx, agent, c.ID))
						for _, s := range c.Subscriptions {
							leaving[s] = false
						}
					}
				},
				"given back": func(rt *rapid.T) {
					if c, found := some(offboarding.CaseReversing); found {
						ok(w.UndoTask(ctx, privacy, app.CompleteInput{Case: c.ID, Step: "hand", Note: "Devuelto"}))
					}
				},
				"": func(rt *rapid.T) {
					ends, held := map[customer.SubscriptionID]int{}, map[customer.SubscriptionID]bool{}
					for _, c := range cases() {
						for _, s := range c.Subscriptions {
							held[s] = held[s] || c.State == offboarding.CaseReversing
							if c.State == offboarding.CaseOpen || c.Waits() {
								ends[s]++
							}
						}
					}
					for _, s := range subs {
						want := 0
						if leaving[s] {
							want = 1
						}
						if ends[s] != want {
							rt.Fatalf("%s: %d departures end it, want %d: %+v", s, ends[s], want, cases())
						}
					}
					for _, c := range cases() {
						if c.Waits() && !slices.ContainsFunc(c.Subscriptions, func(s customer.SubscriptionID) bool { return held[s] }) {
							rt.Fatalf("%s waits for nothing", c.ID)
						}
					}
					sent := 0
					for _, c := range cases() {
						ok(w.store.View(ctx, func(tx app.Tx) error {
							list, err := tx.ListMessages(ctx, c.ID, 1000)
							for _, m := range list {
								if m.Paper == "receipt" && strings.Contains(m.To, "@") {
									sent++
								}
							}
							return err
						}))
					}
					if sent < receipts {
						rt.Fatalf("%d receipts for %d requests", sent, receipts)
					}
				},
			})
			fine = true
		})
	})
}

// Whoever asks twice means what they confirm: the end and the date of that
// request.
func TestWhoAsksTwiceMeansWhatTheyConfirm(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		ask := func(when string) offboarding.Request {
			r, err := w.RequestExit(ctx, app.ExitInput{Name: "Marta", AccountEmail: firstMail, When: when, Language: "es"})
			must(t, err)
			return r
		}
		ask("now")
		w.mail.wait(t, "confirm", firstMail)
		second := ask("period_end")
		eventually(t, "the second letter", func() bool { return w.mail.count("confirm") == 2 })
		confirm := w.mail.last(t, "confirm")
		if confirm.Request.ID != second.ID {
			t.Fatalf("the last letter is about %s", confirm.Request.Code)
		}
		c, _, err := w.VerifyRequest(ctx, token(confirm.Links["verify"]))
		must(t, err)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if p := v.Plan.Case; p.When != offboarding.PeriodEnd || p.Request != second.ID || !w.today(t).Before(p.Effective) || v.Request.VerifiedAt.IsZero() {
			t.Errorf("%s by %s, ends %s, identity proved %v", p.When, p.Request, p.Effective, v.Request.VerifiedAt)
		}
		w.verifyLog(t)
	})
}
