package app_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
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
	cut      bool // it does not tell its books whole
	cutAfter bool // nor after it was asked
	asked    int
	// books are what it says is open, by subscription; what is not there it does not
	// know. fails is what whoever asks for them is answered instead.
	books map[string]connector.LedgerState
	fails error
	read  int // times somebody asked
	// told are the reasons that it was told, with the keys; deaf: the answer is lost.
	told []string
	deaf bool
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
	b.cut = b.cut || b.cutAfter
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

func (b *bank) ReadLedger(_ context.Context, in connector.LedgerInput) (connector.LedgerState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if in.Brief {
		b.read++
		st, known := b.books[in.Reference]
		switch {
		case b.fails != nil:
			return st, b.fails
		case !known:
			return st, fault.New(fault.NotFound, "connector.unknown_reference")
		}
		st.Found = true
		return st, nil
	}
	return connector.LedgerState{Found: true, Cut: b.cut, Payments: append([]connector.Payment(nil), b.payments...)}, nil
}

func (b *bank) StateReason(_ context.Context, in connector.ReasonInput) (connector.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deaf {
		b.deaf = false
		return connector.Receipt{}, fault.New(fault.Uncertain, "connector.uncertain", "system", "billing")
	}
	b.told = append(b.told, in.Reference+" "+in.Reason.Code+" "+in.Reason.Comment)
	return connector.Receipt{Answer: json.RawMessage(`{}`)}, nil
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

// decides is what a person decides about the work that gives back, once it waits for
// one.
func (w *world) decides(t *testing.T, c offboarding.CaseID, decision string) {
	t.Helper()
	x := w.stuck(t, c, "back")
	must(t, w.DecideWork(t.Context(), agent, app.DecideInput{Case: c, Work: x.ID, Decision: decision, Evidence: "visto"}))
}

// What a person paid by a transfer, or made void, while the billing system did not
// answer is not given back a second time once it does.
func TestWhatIsNotOwedAnyMoreIsNotGivenBack(t *testing.T) {
	t.Parallel()
	for _, status := range []customer.BalanceStatus{customer.Paid, customer.Void} {
		testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
			w := newWorldWith(t, e, refunding)
			w.owe(t, 2500)
			w.bank.cut = true
			_, c, page := w.request(t, "period_end")
			w.stuck(t, c, "back")
			v, err := w.OpenCase(t.Context(), agent, c)
			must(t, err)
			must(t, w.SettleBalance(t.Context(), finance, v.Customer.ID, "bal_back", status))
			w.bank.set(func() { w.bank.cut = false })
			w.decides(t, c, "again")
			eventually(t, "there is nothing to give back", func() bool { return w.stepState(t, c, "back") == offboarding.StepVerified })
			for _, b := range w.refundsOf(t, v.Customer.ID) {
				if b.ID == "bal_back" && b.Status != status || w.bank.asked != 0 {
					t.Errorf("asked %d times, and it stands as %s, not %s", w.bank.asked, b.Status, status)
				}
			}
			p, err := w.OpenCasePage(t.Context(), page, "case", "")
			must(t, err)
			if !p.Refunded.IsZero() {
				t.Errorf("the customer is told that the system sent it on %s", p.Refunded)
			}
			w.verifyLog(t)
		})
	}
}

// A person who has a refund called again, because nobody could say what came of it,
// makes no second one: it is found by the key with which it was asked first. Until
// then nobody writes down that it was paid otherwise.
func TestCallingARefundAgainMakesNoSecondOne(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, refunding)
		w.owe(t, 2500)
		w.bank.lose, w.bank.cutAfter = true, true
		_, c, _ := w.request(t, "period_end")
		w.stuck(t, c, "back")
		v, err := w.OpenCase(t.Context(), agent, c)
		must(t, err)
		code(t, w.SettleBalance(t.Context(), finance, v.Customer.ID, "bal_back", customer.Paid), "balance.on_its_way")
		w.bank.set(func() {
			w.bank.cut = false
			// Since then so much else was paid that the books tell of its payment no more.
			w.bank.payments = []connector.Payment{{Reference: "pi_last", Amount: eur(9000), Refunded: eur(0)}}
		})
		w.decides(t, c, "again")
		eventually(t, "the one that was made was found", func() bool { return w.stepState(t, c, "back") == offboarding.StepVerified })
		if len(w.bank.refunds) != 1 {
			t.Errorf("refunds: %+v", w.bank.refunds)
		}
		w.verifyLog(t)
	})
}

const settledBack = `
playbook: settledback
title: {es: "Liquidar y devolver", en: "Settle and refund"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: statement, kind: settle, title: {es: "Liquidar", en: "Settle"}, after: [confirm]}
  - id: money
    kind: task
    title: {es: "Revisar", en: "Look over"}
    after: [statement]
    role: finance
    due: {d: 5, from: ready}
    escalate: {d: 1, to: admin}
    items: [{id: a, title: {es: "A", en: "A"}}]
  - {id: back, kind: refund, title: {es: "Devolver", en: "Refund"}, after: [money], params: {system: billing}}
  - {id: effective, kind: wait, title: {es: "Fin", en: "End"}, after: [back], params: {until: effective}}
`

// What is on its way to the customer when they disagree is not promised a second
// time; what the statement that was signed anew gives back beyond it somebody of
// finance is asked to give back, since the step that would is past.
func TestWhatASecondStatementGivesBackIsPromisedOnceAndReachesThem(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, settledBack)
		ctx := t.Context()
		w.bank.payments = []connector.Payment{{Reference: "pi_1", Amount: eur(100_000), Refunded: eur(0)}}
		w.bank.pending = true
		cus, email := w.buyer(t, "TWICE", "ES", 40)
		c, page := w.leaves(t, email, "now")
		must(t, w.UntilQuiet(ctx))
		must(t, w.SignStatement(ctx, finance, c))
		first := w.refundsOf(t, cus)
		w.push(t, 1)
		w.mail.wait(t, "statement", email)
		eventually(t, "finance is asked", func() bool { return w.stepState(t, c, "money") == offboarding.StepReady })
		must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: "money", Item: "a", Ticked: true}))
		must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: "money", Note: "Bien"}))
		eventually(t, "it is on its way", func() bool { w.bank.mu.Lock(); defer w.bank.mu.Unlock(); return w.bank.asked == len(first) })

		must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Why: "Pagué más"}))
		v := w.opened(t, cus)
		more := eur(73000)
		must(t, w.EditSubscription(ctx, agent, app.SubscriptionPatch{Customer: cus, Subscription: v.Lines[0].ID, Amount: &more}))
		must(t, w.SignStatement(ctx, finance, c))
		total := func(of ...customer.BalanceStatus) (sum int64) {
			for _, b := range w.refundsOf(t, cus) {
				if slices.Contains(of, b.Status) {
					sum += b.Amount.Minor
				}
			}
			return sum
		}
		var was int64
		for _, b := range first {
			was += b.Amount.Minor
		}
		extra := w.statement(t, c).Doc.Sections[0].Total.Minor
		if extra <= 0 || total(customer.Due) != was+extra {
			t.Fatalf("the second statement gives %d on top of %d, and %d are noted", extra, was, total(customer.Due))
		}
		asks := ""
		now, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		for _, s := range now.Plan.Steps {
			if strings.HasPrefix(s.Key, "statement_refund") && slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return it.Sum == eur(extra) }) {
				asks = s.Key
			}
		}
		if asks == "" {
			t.Fatalf("nobody is asked to give the rest back: %+v", now.Plan.Steps)
		}
		w.bank.set(func() { w.bank.pending = false })
		w.push(t, 1)
		eventually(t, "what was on its way arrived", func() bool { return total(customer.Paid) == was })
		if w.bank.asked != len(first) || total(customer.Due) != extra {
			t.Errorf("asked %d times, %d are due", w.bank.asked, total(customer.Due))
		}
		w.verifyLog(t)
	})
}
