package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
)

// ours is how the sums that a statement gives back are noted.
func ours(code, reference string) string { return code + "/" + reference + "/statement" }

// noted reports whether a sum is one that a statement of the departure gave back
// of the contract.
func noted(reference, code, contract string) bool {
	rest, ok := strings.CutPrefix(reference, ours(code, contract))
	return ok && (rest == "" || rest[0] == '-')
}

// feeOf is how a fee that a statement asks is noted; no billing system knows it.
func feeOf(code, reference string) string { return ours(code, reference) + ".fee" }

// ofStatements reports the same of any contract.
func ofStatements(reference, code string) bool {
	rest, ok := strings.CutPrefix(reference, code+"/")
	return code != "" && ok && strings.Contains(rest, "/statement")
}

// refundKey begins the name of the step by which somebody gives back what a
// statement says; its items are the sums.
const refundKey = "statement_refund"

// noteRefunds notes what a statement gives back of each contract, and the credits that
// stand at billing systems alone. What an older one of the departure noted and nobody
// paid is void.
func (a *App) noteRefunds(ctx context.Context, tx Tx, c offboarding.Case, x CaseStatement) error {
	if err := a.dropRefunds(ctx, tx, c); err != nil {
		return err
	}
	list, err := tx.BalancesOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	due := x.Doc.RefundOn
	if due.IsZero() {
		due = a.today(tx).AddDays(settlement.DaysToPay)
	}
	for _, b := range backOf(c.Code, x, list) {
		b.ID, b.Customer, b.Status, b.DueOn = customer.BalanceID(id.New("bal")), c.Customer, customer.Due, due
		fresh, err := tx.InsertBalances(ctx, b)
		if err != nil || fresh == 0 {
			return err
		}
		if err := a.record(ctx, tx, fact{"refund.proposed", "engine", string(c.ID), string(c.Customer), map[string]any{
			"reference": b.Reference, "on": due.String(), "minor": b.Amount.Minor, "currency": b.Amount.Currency,
		}}); err != nil {
			return err
		}
	}
	return nil
}

// backOf are the sums that a statement gives back and that no record has, under numbers
// that are new with each statement: one for each contract, and one of credits for each
// currency in which they are more than debts.
func backOf(code string, x CaseStatement, list []customer.Balance) (out []customer.Balance) {
	for _, section := range x.Doc.Sections {
		back := map[string]int64{}
		var order []settlement.Line
		for _, l := range section.Lines {
			if l.Kind == settlement.LineRefund && l.Contract != "" {
				if _, seen := back[l.Contract]; !seen {
					order = append(order, l)
				}
				back[l.Contract] += l.Amount.Minor
			}
		}
		for _, l := range order {
			if sum := back[l.Contract]; sum > 0 {
				out = append(out, customer.Balance{Reference: ours(code, l.Contract), Kind: customer.Refund, About: l.What, Amount: money.Amount{Minor: sum, Currency: section.Currency}})
			}
		}
		if b := creditsAway(section, list); section.Total.Minor > 0 && b.Amount.Minor > 0 {
			b.Reference = creditOf(code, section.Currency)
			out = append(out, b)
		}
	}
	if x.Version > 0 {
		for i := range out {
			out[i].Reference = fmt.Sprintf("%s-%d", out[i].Reference, x.Version+1)
		}
	}
	return out
}

// creditsAway are the credits of a section that no record has: a billing system does.
func creditsAway(section settlement.Section, list []customer.Balance) customer.Balance {
	b := customer.Balance{Kind: customer.Credit, Amount: money.Amount{Currency: section.Currency}}
	recorded := map[string]bool{}
	for _, o := range list {
		recorded[o.Reference] = recorded[o.Reference] || o.Kind == customer.Credit && o.Status == customer.Due && o.Amount.Currency == section.Currency
	}
	for _, l := range section.Lines {
		switch {
		case l.Kind == settlement.LineCredit && recorded[l.Ref]:
			recorded[l.Ref] = false // another line of that number is not the record's
		case l.Kind == settlement.LineCredit:
			b.Amount.Minor += l.Amount.Minor
			b.About = cmp.Or(b.About, l.What, l.Ref)
		case l.Kind == settlement.LineRefund && l.Contract == "" && l.Why == string(settlement.Repaid):
			b.Amount.Minor += l.Amount.Minor
		}
	}
	return b
}

// noteFees notes what a statement asks for leaving early, so that it is looked
// after and paid like any other sum.
func (a *App) noteFees(ctx context.Context, tx Tx, c offboarding.Case, x CaseStatement) error {
	due := x.Doc.DueOn
	if due.IsZero() {
		due = a.today(tx).AddDays(settlement.DaysToPay)
	}
	for _, section := range x.Doc.Sections {
		for _, l := range section.Lines {
			if l.Kind != settlement.LineFee || l.Amount.Minor == 0 {
				continue
			}
			ref := feeOf(c.Code, l.Contract)
			if x.Version > 0 {
				ref = fmt.Sprintf("%s-%d", ref, x.Version+1)
			}
			b := customer.Balance{
				ID: customer.BalanceID(id.New("bal")), Customer: c.Customer, Reference: ref, Kind: customer.Fee, About: l.What, Amount: l.Amount.Neg(), Tax: -l.Tax, DueOn: due, Status: customer.Due,
			}
			if n, err := tx.InsertBalances(ctx, b); err != nil {
				return err
			} else if n == 0 { // it is noted
				continue
			}
			if err := a.record(ctx, tx, fact{"fee.noted", "engine", string(c.ID), string(c.Customer), map[string]any{
				"reference": ref, "on": due.String(), "minor": b.Amount.Minor, "currency": b.Amount.Currency,
			}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropRefunds makes void what a statement of the departure noted and nobody
// paid. What may be on its way to the customer is not.
func (a *App) dropRefunds(ctx context.Context, tx Tx, c offboarding.Case) error {
	list, err := tx.BalancesOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	sent, err := refundsSent(ctx, tx, c.Customer, "")
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.Status == customer.Due && ofStatements(b.Reference, c.Code) && !slices.Contains(sent, b.ID) {
			if err := tx.SetBalanceStatus(ctx, b.ID, customer.Void); err != nil {
				return err
			}
			if err := a.record(ctx, tx, fact{"balance.settled", "engine", "", string(c.Customer), map[string]any{"reference": b.Reference, "status": string(customer.Void)}}); err != nil {
				return err
			}
		}
	}
	return nil
}
