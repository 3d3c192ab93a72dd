package step_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// till is a billing system that has payments and gave nothing back yet.
type till struct{ payments []connector.Payment }

func (till) Info() connector.Info { return connector.Info{System: "billing"} }

func (till) ReadRefund(context.Context, connector.RefundQuery) (connector.RefundState, error) {
	return connector.RefundState{}, nil
}

func (till) Refund(context.Context, connector.RefundInput) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

func (x till) ReadLedger(context.Context, connector.LedgerInput) (connector.LedgerState, error) {
	return connector.LedgerState{Found: true, Payments: x.payments}, nil
}

// Sums that go back at the same time are looked for by works that know nothing of each
// other: no payment is asked for more than is left of it, and one that some payment is
// large enough for alone is never lost behind a larger one's.
func TestSumsThatGoBackTogetherFitTheirPayments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		eur := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: "EUR"} }
		var x till
		left := map[string]int64{}
		for i := range rapid.IntRange(0, 4).Draw(t, "payments") {
			p := connector.Payment{Reference: fmt.Sprint("pi_", i), Amount: eur(rapid.Int64Range(1, 100).Draw(t, "paid"))}
			p.Refunded = eur(rapid.Int64Range(0, p.Amount.Minor).Draw(t, "refunded"))
			left[p.Reference] = p.Amount.Minor - p.Refunded.Minor
			x.payments = append(x.payments, p)
		}
		var sums []customer.Balance
		for i := range rapid.IntRange(1, 4).Draw(t, "sums") {
			sums = append(sums, customer.Balance{ID: customer.BalanceID(fmt.Sprint("bal_", i)), Kind: customer.Refund, Amount: eur(rapid.Int64Range(1, 100).Draw(t, "sum")), Status: customer.Due})
		}
		kind := step.All(step.Named(connector.System{Name: "billing", Refunder: x, Ledger: x}))["refund"].(step.Effector)
		for i, b := range sums {
			s := step.Subject{
				Step: offboarding.Step{Params: map[string]string{"system": "billing"}}, Work: offboarding.Work{Item: string(b.ID), Key: "k"}, Balances: sums,
				Subscriptions: []customer.Subscription{{ID: "sub_1", Reference: "S-1", Interval: customer.Monthly}}, Zone: time.UTC,
			}
			f, err := kind.Observe(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			if f.Reference == "" {
				for p, n := range left {
					if n >= b.Amount.Minor {
						t.Fatalf("sum %d of %s finds no payment, and of %s %d are left", i, b.Amount, p, n)
					}
				}
				continue
			}
			if left[f.Reference] -= b.Amount.Minor; left[f.Reference] < 0 {
				t.Fatalf("payment %s is asked for %d too much", f.Reference, -left[f.Reference])
			}
		}
	})
}
