package app_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// bank is a billing system that loses the answers of refunds, if it is told to.
// It refunds again whenever it is asked again: only reading first keeps it one.
type bank struct {
	mu       sync.Mutex
	payments []connector.Payment
	refunds  []refunded
	lose     bool // the answer, after the effect
	pending  bool // what was asked is on its way
	asked    int
}

type refunded struct {
	payment, key string
	amount       money.Amount
}

func (*bank) Info() connector.Info {
	return connector.Info{System: "billing", Kind: "memory", Level: connector.RealPeer, Effect: connector.Verifiable, Undo: connector.Final}
}

func (b *bank) ReadRefund(_ context.Context, q connector.RefundQuery) (st connector.RefundState, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.refunds {
		if r.payment == q.Payment && r.key == q.Key {
			st = connector.RefundState{Found: true, Stage: connector.RefundDone, Status: "succeeded", Reference: "re_1", Amount: r.amount, Answer: json.RawMessage(`{"status":"succeeded"}`)}
			if b.pending {
				st.Stage, st.Status = connector.RefundPending, "pending"
			}
		}
	}
	return st, nil
}

func (b *bank) Refund(_ context.Context, in connector.RefundInput) (connector.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	b.refunds = append(b.refunds, refunded{in.Payment, in.Key, in.Amount})
	for i := range b.payments {
		if b.payments[i].Reference == in.Payment {
			b.payments[i].Refunded.Minor += in.Amount.Minor
		}
	}
	if b.lose {
		return connector.Receipt{}, fault.New(fault.Uncertain, "connector.uncertain", "system", "billing")
	}
	return connector.Receipt{Reference: "re_1", Answer: json.RawMessage(`{"id":"re_1"}`)}, nil
}

func (b *bank) ReadLedger(context.Context, connector.LedgerInput) (connector.LedgerState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return connector.LedgerState{Found: true, Payments: append([]connector.Payment(nil), b.payments...)}, nil
}

func (b *bank) set(fn func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fn()
}

const refunding = `
playbook: refunding
title: {es: "Devolver", en: "Refund"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: back, kind: refund, title: {es: "Devolver", en: "Refund"}, after: [confirm], params: {system: billing}, milestone: settled}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [back], params: {until: effective}}
`

// owe writes down what the company owes the first customer of the demo, who paid
// twice: once little and lately, and once more than it.
func (w *world) owe(t *testing.T, minor int64) {
	t.Helper()
	ctx := t.Context()
	eur := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: "EUR"} }
	w.bank.payments = []connector.Payment{{Reference: "pi_new", Amount: eur(500), Refunded: eur(0)}, {Reference: "pi_old", Amount: eur(4000), Refunded: eur(0)}, {Reference: "pi_older", Amount: eur(4000), Refunded: eur(0)}}
	must(t, w.store.Tx(ctx, func(tx app.Tx) error {
		c, err := tx.FindCustomerByReference(ctx, "FE-20418")
		if err != nil {
			return err
		}
		old, err := tx.BalancesOf(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, b := range old {
			if err := tx.SetBalanceStatus(ctx, b.ID, customer.Void); err != nil {
				return err
			}
		}
		_, err = tx.InsertBalances(ctx, customer.Balance{ID: "bal_back", Customer: c.ID, Reference: "BACK-1", Kind: customer.Refund, Amount: eur(minor), Status: customer.Due})
		return err
	}))
}

// An answer that is lost after the money was sent makes no second refund, though
// less is left of the payment by then than is owed.
func TestARefundWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, refunding)
		w.owe(t, 2500)
		w.bank.lose, w.bank.pending = true, true
		_, c, _ := w.request(t, "period_end")
		eventually(t, "it was asked for", func() bool { w.bank.mu.Lock(); defer w.bank.mu.Unlock(); return w.bank.asked == 1 })
		eventually(t, "it is on its way", func() bool { return w.stepState(t, c, "back") == offboarding.StepDone })
		w.bank.set(func() { w.bank.pending = false })
		now, _, err := w.Now(t.Context())
		must(t, err)
		must(t, w.PushClock(t.Context(), "", now.Add(2*time.Hour)))
		eventually(t, "the money was sent", func() bool { return w.stepState(t, c, "back") == offboarding.StepVerified })
		if len(w.bank.refunds) != 1 || w.bank.refunds[0].payment != "pi_old" || w.bank.refunds[0].amount.Minor != 2500 {
			t.Errorf("refunds: %+v", w.bank.refunds)
		}
		v, err := w.OpenCase(t.Context(), agent, c)
		must(t, err)
		must(t, w.store.View(t.Context(), func(tx app.Tx) error {
			list, err := tx.BalancesOf(t.Context(), v.Customer.ID)
			for _, b := range list {
				if b.ID == "bal_back" && b.Status != customer.Paid {
					t.Errorf("the record has it as %s", b.Status)
				}
			}
			return err
		}))
		w.verifyLog(t)
	})
}

// What no payment is large enough for is nobody's to split: a person is asked.
func TestARefundThatNoPaymentIsLargeEnoughForAsksAPerson(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, refunding)
		w.owe(t, 4001)
		_, c, _ := w.request(t, "period_end")
		if x := w.stuck(t, c, "back"); x.LastError != "refund.no_payment" || w.bank.asked != 0 {
			t.Errorf("%s, asked %d times", x.LastError, w.bank.asked)
		}
	})
}
