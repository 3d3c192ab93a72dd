package customer_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
)

// What is left is what is owed less what makes up for it, never nothing or less,
// and each open sum of such a currency stands on one side.
func TestWhatIsLeftIsWhatIsOwedLessWhatMakesUpForIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(rapid.Custom(func(t *rapid.T) customer.Balance {
			return customer.Balance{
				Kind:   rapid.SampledFrom(customer.BalanceKinds).Draw(t, "kind"),
				Amount: money.Amount{Minor: rapid.Int64Range(0, 500).Draw(t, "minor"), Currency: rapid.SampledFrom([]string{"EUR", "JPY"}).Draw(t, "currency")},
				Status: rapid.SampledFrom([]customer.BalanceStatus{customer.Due, customer.Paid}).Draw(t, "status"),
			}
		})).Draw(t, "balances")
		n := customer.NetOf(list)
		sums := map[string]int64{}
		for _, b := range append(n.Owed, n.Less...) {
			if b.Status != customer.Due {
				t.Fatalf("%+v is not open", b)
			}
			sums[b.Amount.Currency] -= b.Owed().Minor
		}
		for _, a := range n.Left {
			if a.Minor <= 0 || sums[a.Currency] != a.Minor {
				t.Errorf("left %v, and the sums say %v", a, sums)
			}
			delete(sums, a.Currency)
		}
		if len(sums) > 0 {
			t.Errorf("nothing is said of %v", sums)
		}
	})
}
