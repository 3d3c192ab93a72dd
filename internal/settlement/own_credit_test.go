package settlement_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/money"
	"hastaluego/internal/settlement"
)

// Whatever a billing system put into the balance of an account for contracts that ended,
// what stays of the balance and what is taken out of it add up to what it was: once,
// however many books tell of the account, and nothing of what nobody reads.
func TestOwnCreditsLeaveEverySumWhereItIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		balance := rapid.Int64Range(-500, 2000).Draw(t, "balance")
		contracts := []string{"A", "B", "C"}[:rapid.IntRange(1, 3).Draw(t, "contracts")]
		var own []settlement.Credited
		for i := range rapid.IntRange(0, 4).Draw(t, "credits") {
			own = append(own, settlement.Credited{
				Contract: rapid.SampledFrom([]string{"A", "B", "C", "elsewhere"}).Draw(t, "of"),
				Item:     settlement.Item{Ref: fmt.Sprint("il_", i), Amount: money.Amount{Minor: -rapid.Int64Range(1, 900).Draw(t, "credit"), Currency: "EUR"}, Prorated: true},
			})
		}
		var list []settlement.Books
		for _, c := range contracts {
			list = append(list, settlement.Books{System: "billing", Account: "cus_1", Contract: c, Balances: []money.Amount{{Minor: balance, Currency: "EUR"}, {Minor: 70, Currency: "JPY"}}, Credited: own})
		}
		out := settlement.OwnCredits(list)
		var items, most int64
		for _, x := range own {
			if slices.Contains(contracts, x.Contract) {
				most += -x.Item.Amount.Minor
			}
		}
		for i, b := range out {
			if len(b.Credited) > 0 || b.Balances[0] != out[0].Balances[0] || b.Balances[1] != list[i].Balances[1] || list[i].Balances[0].Minor != balance || len(list[i].Items) > 0 {
				t.Fatalf("books %d are %+v, and were %+v", i, b, list[i])
			}
			for _, x := range b.Items {
				if items += -x.Amount.Minor; x.Amount.Minor >= 0 {
					t.Fatalf("an item of %+v", x)
				}
			}
		}
		if want := min(most, max(balance, 0)); items != want || out[0].Balances[0].Minor != balance-want {
			t.Fatalf("of %d, %d were credited of its own: %d are items and %+v is left", balance, most, items, out[0].Balances)
		}
	})
}
