package app_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/handover"
	"hastaluego/internal/money"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// endOwn ends a step whose lines have acts of their own.
func (w *world) endOwn(t *testing.T, by app.Actor, c offboarding.CaseID, s offboarding.Step, page string) {
	t.Helper()
	v, err := w.OpenCase(t.Context(), by, c)
	must(t, err)
	for _, o := range v.Returns.List {
		if o.Step == s.ID && !o.Settled() {
			must(t, w.EndObligation(t.Context(), by, app.ObligationEnd{Case: c, Obligation: o.ID, State: obligation.Returned, Evidence: "En el almacén"}))
		}
	}
	for _, x := range v.Handover.List {
		if x.Step != s.ID || x.Over() {
			continue
		}
		way, secret := handover.Transfer, ""
		if x.Credential() {
			way, secret = handover.Envelope, "una clave"
		}
		must(t, w.GiveItem(t.Context(), by, app.GiveInput{Case: c, Step: s.Key, Item: x.ID, Way: way, How: "A su nombre", SecretInput: app.SecretInput{Secret: secret, Key: envelopeKey}}))
		must(t, w.AnswerHandover(t.Context(), page, []app.HandoverAnswer{{Item: x.ID, Right: true}}))
		if x.Credential() {
			must(t, w.ConfirmRotation(t.Context(), page, x.ID))
		}
	}
}

// owing is a playbook with equipment that comes back, a statement and what is
// left to collect.
const owing = `
playbook: owing
title: {es: "Con deudas", en: "With debts"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - id: back
    kind: return_assets
    title: {es: "Dos", en: "Two"}
    after: [confirm]
    params: {how_es: "Llévalo a la tienda", how_en: "Take it to the shop"}
    role: agent
    due: {d: 5, from: ready}
    escalate: {d: 1, to: admin}
    undo: {class: restorable, title: {es: "Devolvérselo", en: "Give it back"}}
  - {id: settle, kind: settle, title: {es: "Tres", en: "Three"}, after: [back]}
  - id: collect
    kind: collect
    title: {es: "Cuatro", en: "Four"}
    after: [settle]
    params: {days: "3, 15, 30"}
    role: finance
    due: {d: 45, from: ready}
    escalate: {d: 5, to: admin}
`

// lent puts things on the inventory of the customer that leaves.
func (w *world) lent(t *testing.T, kinds ...string) customer.ID {
	t.Helper()
	list, err := w.ListCustomers(t.Context(), agent, app.CustomerFilter{Query: "almena"})
	must(t, err)
	cid := list.Rows[0].Customer.ID
	for _, k := range kinds {
		_, err := w.AddAsset(t.Context(), agent, customer.Asset{Customer: cid, Reference: "A-" + k, Kind: k, Name: "Su " + k})
		must(t, err)
	}
	return cid
}

func (w *world) push(t *testing.T, days int) {
	t.Helper()
	now, _, err := w.Now(t.Context())
	must(t, err)
	must(t, w.PushClock(t.Context(), "", now.AddDate(0, 0, days)))
}

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func TestWhatWasLentComesBackWithAReceiptOrIsCharged(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid := w.lent(t, "equipment", "card", "site")
		_, c, page := w.request(t, "period_end")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if len(v.Returns.List) != 2 {
			t.Fatalf("to come back: %+v", v.Returns.List)
		}
		router, card := v.Returns.List[0], v.Returns.List[1]
		if router.Kind != "equipment" {
			router, card = card, router
		}
		code(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "back", Item: string(router.Asset), Ticked: true}), "step.own_end")
		code(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "back", Note: "Ya está"}), "step.not_ready")
		end := app.ObligationEnd{Case: c, Obligation: router.ID, State: obligation.Returned, Evidence: "Llegó en su caja"}
		code(t, w.EndObligation(ctx, app.Actor{ID: "usr_p", Roles: []string{"privacy"}}, end), "forbidden.role")
		must(t, w.EndObligation(ctx, agent, end))
		code(t, w.EndObligation(ctx, agent, end), "obligation.over")
		charge := app.ObligationEnd{Case: c, Obligation: card.ID, State: obligation.Charged, Evidence: "Dice que la perdió", Charge: eur(1500)}
		code(t, w.EndObligation(ctx, agent, charge), "forbidden.role") // money is for finance
		must(t, w.EndObligation(ctx, finance, charge))
		if st := w.stepState(t, c, "back"); st != offboarding.StepDone {
			t.Fatalf("the step is %s", st)
		}
		p, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		seen := p.Returns.List[slices.IndexFunc(p.Returns.List, func(o obligation.Obligation) bool { return o.ID == router.ID })]
		if !strings.HasPrefix(seen.Receipt, "DEV-") || p.Returns.How["en"] != "Take it to the shop" {
			t.Fatalf("the customer sees %+v, %v", seen, p.Returns.How)
		}
		fee := func() (out []customer.Balance) {
			must(t, w.store.View(ctx, func(tx app.Tx) error {
				list, err := tx.BalancesOf(ctx, cid)
				for _, b := range list {
					if strings.HasPrefix(b.Reference, "EQ-") {
						out = append(out, b)
					}
				}
				return err
			}))
			return out
		}
		if f := fee(); len(f) != 1 || f[0].Amount != eur(1500) || f[0].Status != customer.Due || f[0].Kind != customer.Fee {
			t.Fatalf("charged: %+v", f)
		}
		// It turns up after all: the charge goes, the receipt comes.
		must(t, w.EndObligation(ctx, agent, app.ObligationEnd{Case: c, Obligation: card.ID, State: obligation.Returned, Evidence: "La encontró"}))
		if f := fee(); len(f) != 1 || f[0].Status != customer.Void {
			t.Fatalf("after it came back: %+v", f)
		}
		if n := w.logged(t, "refund.proposed"); n != 0 {
			t.Errorf("%d refunds of what was never paid", n)
		}
		w.verifyLog(t)
	})
}

// What was paid for a thing that turns up after all is owed back, and the log
// says so.
func TestAChargeThatWasPaidIsOwedBackWhenTheThingTurnsUp(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid := w.lent(t, "card")
		_, c, _ := w.request(t, "period_end")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		card := v.Returns.List[0]
		must(t, w.EndObligation(ctx, finance, app.ObligationEnd{Case: c, Obligation: card.ID, State: obligation.Charged, Evidence: "Dice que la perdió", Charge: eur(1500)}))
		sums := func() (out []customer.Balance) {
			must(t, w.store.View(ctx, func(tx app.Tx) error {
				list, err := tx.BalancesOf(ctx, cid)
				out = slices.DeleteFunc(list, func(b customer.Balance) bool { return !strings.HasPrefix(b.Reference, "EQ-") })
				return err
			}))
			return out
		}
		paid := sums()[0]
		must(t, w.SettleBalance(ctx, finance, cid, paid.ID, customer.Paid))
		back := app.ObligationEnd{Case: c, Obligation: card.ID, State: obligation.Returned, Evidence: "La encontró"}
		// A number that is taken already must not swallow what is owed.
		taken, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: paid.Reference + "-R", Kind: customer.Fee, Amount: eur(1)})
		must(t, err)
		code(t, w.EndObligation(ctx, agent, back), "inventory.taken")
		must(t, w.store.Tx(ctx, func(tx app.Tx) error {
			list, err := tx.BalancesOf(ctx, cid)
			if err != nil {
				return err
			}
			b := list[slices.IndexFunc(list, func(b customer.Balance) bool { return b.ID == taken })]
			b.Reference += "x"
			return tx.SaveBalance(ctx, b, b.Status)
		}))
		must(t, w.EndObligation(ctx, agent, back))
		var refund []customer.Balance
		for _, b := range sums() {
			if b.Kind == customer.Refund {
				refund = append(refund, b)
			}
		}
		if len(refund) != 1 || refund[0].Amount != eur(1500) || refund[0].Status != customer.Due || refund[0].Reference != paid.Reference+"-R" {
			t.Errorf("owed back: %+v", refund)
		}
		if n := w.logged(t, "refund.proposed"); n != 1 {
			t.Errorf("%d entries say so", n)
		}
		w.verifyLog(t)
	})
}

// Reminders go out on the days of the playbook, three at most, in one tone, and
// stop with the payment, which ends the step.
func TestRemindersAreFewAndStopWhenItIsPaid(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid := w.lent(t)
		for _, ref := range []string{"F-90", "F-91"} {
			_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: ref, Kind: customer.Invoice, About: "Avisos", Amount: eur(2472)})
			must(t, err)
		}
		_, c, page := w.request(t, "period_end")
		eventually(t, "the statement is sent", func() bool { return w.stepState(t, c, "collect") == offboarding.StepReady })
		w.push(t, 4)
		first := w.mail.wait(t, "reminder", firstMail)
		if first.Notice != 1 || first.Last || len(first.Balances) == 0 {
			t.Fatalf("the first reminder: %+v", first)
		}
		p, err := w.OpenCasePage(ctx, page, "case", "")
		must(t, err)
		owed := map[string]customer.BalanceID{}
		for _, b := range p.Collection.Owed {
			owed[b.Reference] = b.ID
		}
		if owed["F-90"] == "" || owed["F-91"] == "" {
			t.Fatalf("the customer sees %+v", p.Collection.Owed)
		}
		w.push(t, 12)
		eventually(t, "a second reminder", func() bool { return w.mail.count("reminder") == 2 })
		for _, id := range owed {
			must(t, w.SettleBalance(ctx, finance, cid, id, customer.Paid))
		}
		if st := w.stepState(t, c, "collect"); st != offboarding.StepDone {
			t.Fatalf("paid, and the step is %s", st)
		}
		w.push(t, 40)
		eventually(t, "the timer is over", func() bool {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return !slices.ContainsFunc(v.Works, func(x offboarding.Work) bool {
				return x.Kind == app.ReminderKind && (x.State == offboarding.WorkReady || x.State == offboarding.WorkRunning)
			})
		})
		if n := w.mail.count("reminder"); n != 2 {
			t.Errorf("%d reminders, and it was paid after the second", n)
		}
		w.verifyLog(t)
	})
}

func TestTheLastReminderSaysSoAndNoneFollows(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid := w.lent(t)
		_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-90", Kind: customer.Invoice, About: "Avisos", Amount: eur(2472)})
		must(t, err)
		_, c, _ := w.request(t, "period_end")
		eventually(t, "the statement is sent", func() bool { return w.stepState(t, c, "collect") == offboarding.StepReady })
		for i, days := range []int{4, 12, 15} {
			w.push(t, days)
			eventually(t, "the next reminder", func() bool { return w.mail.count("reminder") == i+1 })
		}
		if p := w.mail.last(t, "reminder"); p.Notice != 3 || !p.Last {
			t.Errorf("the third: notice %d, last %v", p.Notice, p.Last)
		}
		w.push(t, 60)
		eventually(t, "the step is told to be late", func() bool { return w.logged(t, "step.overdue") > 0 })
		if n := w.mail.count("reminder"); n != 3 {
			t.Errorf("%d reminders", n)
		}
	})
}
