package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
	"hastaluego/internal/step"
)

// drawnStatement is a statement with any lines, and what of them people recorded.
func drawnStatement(t *rapid.T, code string) (x CaseStatement, list []customer.Balance) {
	x.State = StatementSigned
	kinds := map[customer.BalanceKind]int64{customer.Refund: 1, customer.Credit: 1, customer.Deposit: 1, customer.Invoice: -1, customer.Fee: -1, customer.Usage: -1}
	for _, cur := range []string{"EUR", "USD"}[:rapid.IntRange(1, 2).Draw(t, "currencies")] {
		s := settlement.Section{Currency: cur}
		line := func(kind settlement.Kind, contract, ref, why string, minor int64) {
			s.Lines = append(s.Lines, settlement.Line{Kind: kind, Contract: contract, Ref: ref, Why: why, Amount: money.Amount{Minor: minor, Currency: cur}})
		}
		sum := func(name string) int64 { return rapid.Int64Range(1, 90).Draw(t, name) }
		for i := range rapid.IntRange(0, 5).Draw(t, "recorded") {
			kind := rapid.SampledFrom(customer.BalanceKinds).Draw(t, "kind")
			b := customer.Balance{
				ID: customer.BalanceID(fmt.Sprintf("bal_%s%d", cur, i)), Reference: fmt.Sprintf("R-%s%d", cur, i), Kind: kind, Amount: money.Amount{Minor: sum("sum"), Currency: cur}, Status: customer.Due,
			}
			list = append(list, b)
			line(recordKind[kind], "", b.Reference, "promised", kinds[kind]*b.Amount.Minor)
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "contracts") {
			line(settlement.LineRefund, fmt.Sprint("C-", i), "bill", "refund.days", sum("unused"))
			if rapid.Bool().Draw(t, "repaid") {
				line(settlement.LineRefund, fmt.Sprint("C-", i), "old"+cur, "repaid", -sum("repaid sum"))
			}
		}
		for _, k := range []settlement.Kind{settlement.LineRecurring, settlement.LineUsage, settlement.LineInvoice} {
			if rapid.Bool().Draw(t, string(k)) {
				line(k, "C-0", "far", string(k), -sum("owed"))
			}
		}
		if rapid.Bool().Draw(t, "at the billing system") {
			line(settlement.LineCredit, "", "cus_1", "credit", sum("credit"))
		}
		for _, l := range s.Lines {
			s.Total.Minor += l.Amount.Minor
		}
		s.Total.Currency = cur
		x.Doc.Sections = append(x.Doc.Sections, s)
	}
	for i, b := range backOf(code, x, list) {
		b.ID, b.Status = customer.BalanceID(fmt.Sprint("bal_noted", i)), customer.Due
		list = append(list, b)
	}
	return x, list
}

// till is a billing system that can give back; nobody asks it here.
type (
	till   struct{ connector.Refunder }
	ledger struct{ connector.Ledger }
)

// What steps are asked to send and people to give by hand is, together, what the customer
// reads that they get: every sum once, and nothing where they owe more.
func TestWhatIsAskedForIsWhatTheStatementGivesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, list := drawnStatement(t, "HL-1")
		g := givingOf("HL-1", x, list)
		far := connector.System{Name: "billing"}
		if rapid.Bool().Draw(t, "connected") {
			far.Refunder, far.Ledger = till{}, ledger{}
		}
		kind := step.All(step.Named(far))["refund"].(step.GivesBack)
		gives, byHand := kind.Parts(step.Subject{
			Step: offboarding.Step{Params: map[string]string{"system": "billing", "otherwise": "person", "payment": "pi"}}, Balances: list, Owing: g.owing(), ByHand: g.byPeople(nil),
		})
		p := &offboarding.Plan{}
		sums, over := g.net(p, byHand)
		got, once := map[string]int64{}, map[customer.BalanceID]bool{}
		for _, b := range slices.Concat(gives, sums) {
			if got[b.Amount.Currency] += b.Amount.Minor; once[b.ID] || b.Amount.Minor <= 0 {
				t.Fatalf("%s is asked for twice, or for nothing: %+v", b.Reference, b.Amount)
			}
			once[b.ID] = true
		}
		for _, s := range x.Doc.Sections {
			if want := max(0, s.Total.Minor); got[s.Currency] != want {
				t.Fatalf("the statement gives back %d %s, and %d are asked for", want, s.Currency, got[s.Currency])
			}
		}
		// A step that asks for them keeps everything else from being asked for again.
		asks := offboarding.Step{Key: refundKey + "_1", State: offboarding.StepReady, Params: map[string]string{}}
		asks.Spec.House = true
		for _, b := range sums {
			asks.Items = append(asks.Items, offboarding.Item{Key: string(b.ID), Sum: b.Amount})
		}
		var ids []string
		for _, id := range over {
			if ids = append(ids, string(id)); once[id] {
				t.Fatalf("%s is asked for and over", id)
			}
		}
		asks.Params[setOffWith] = strings.Join(ids, " ")
		p.Steps = append(p.Steps, asks)
		var asked []customer.BalanceID
		for _, b := range list {
			if byHandIn(p, b.ID) {
				asked = append(asked, b.ID)
			}
		}
		if again, _ := g.net(p, g.byPeople(asked)); len(again) > 0 {
			for _, b := range again {
				if got[b.Amount.Currency] > 0 {
					t.Fatalf("%+v is asked for again", b)
				}
			}
		}
	})
}
