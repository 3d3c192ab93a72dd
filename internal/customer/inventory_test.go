package customer_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
)

func TestAGrantIsClosedBeforeWhatItNeeds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "n")
		grants := make([]customer.Grant, n)
		for i := range grants {
			grants[i] = customer.Grant{System: "s", Account: fmt.Sprint(i)}
			for j := range i {
				if rapid.Bool().Draw(t, "needs") {
					grants[i].DependsOn = append(grants[i].DependsOn, fmt.Sprint("s/", j))
				}
			}
		}
		grants = rapid.Permutation(grants).Draw(t, "order")
		got := customer.RevocationOrder(grants)
		if len(got) != n {
			t.Fatalf("%d of %d grants", len(got), n)
		}
		for i, g := range got {
			for _, d := range g.DependsOn {
				if slices.ContainsFunc(got[:i], func(x customer.Grant) bool { return x.Name() == d }) {
					t.Fatalf("%s is closed before %s, which needs it", d, g.Name())
				}
			}
		}
	})
}

func TestGrantsInACircleAreNotLost(t *testing.T) {
	t.Parallel()
	circle := []customer.Grant{{System: "s", Account: "a", DependsOn: []string{"s/b"}}, {System: "s", Account: "b", DependsOn: []string{"s/a"}}}
	if got := customer.RevocationOrder(circle); len(got) != 2 {
		t.Fatalf("%d grants", len(got))
	}
}

func TestABalanceKnowsWhoOwesIt(t *testing.T) {
	t.Parallel()
	sum := money.Amount{Minor: 500, Currency: "EUR"}
	for kind, want := range map[customer.BalanceKind]int64{"invoice": -500, "fee": -500, "credit": 500, "deposit": 500, "refund": 500} {
		b := customer.Balance{Reference: "F-1", Kind: kind, Amount: sum, Status: customer.Due}
		if got := b.Owed().Minor; got != want || len(b.Tidy()) != 0 {
			t.Errorf("%s: %d, %v", kind, got, b.Tidy())
		}
	}
	empty := customer.Balance{Amount: money.Amount{Minor: -1}}
	if l := empty.Tidy(); len(l) != 5 {
		t.Errorf("an empty balance: %v", l)
	}
	if l := new(customer.Grant).Tidy(); len(l) != 3 {
		t.Errorf("an empty grant: %v", l)
	}
}
