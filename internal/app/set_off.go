package app

import (
	"context"
	"maps"

	"hastaluego/internal/customer"
	"hastaluego/internal/id"
)

// setOff pays sums that are about to be let go with what the company owes the same
// customer, as far as nothing else of theirs is left that it makes up for: a
// deposit is not given back to somebody whose bill was let go beside it. It changes
// the list to how it stands then; name tells the parts of this time from others.
func (a *App) setOff(ctx context.Context, tx Tx, by string, list []customer.Balance, lets func(customer.Balance) bool, name string) error {
	net := customer.NetOf(list)
	spare := map[string]int64{} // what the company owes, less what the customer goes on owing
	for _, b := range net.Less {
		spare[b.Amount.Currency] += b.Amount.Minor
	}
	if len(spare) == 0 {
		return nil
	}
	for _, b := range net.Owed {
		if !lets(b) {
			spare[b.Amount.Currency] -= b.Amount.Minor
		}
	}
	ours := func(b customer.Balance) bool { return !b.Unpaid() }
	theirs := func(b customer.Balance) bool { return b.Unpaid() && lets(b) }
	for _, of := range []func(customer.Balance) bool{ours, theirs} {
		left := maps.Clone(spare)
		for i := range list {
			b := &list[i]
			take := min(left[b.Amount.Currency], b.Amount.Minor)
			if b.Status != customer.Due || take <= 0 || !of(*b) {
				continue
			}
			left[b.Amount.Currency] -= take
			if err := a.paySome(ctx, tx, by, b, take, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// paySome notes so much of a sum as paid, all of it or a part.
func (a *App) paySome(ctx context.Context, tx Tx, by string, b *customer.Balance, minor int64, name string) error {
	if minor < b.Amount.Minor {
		paid, left := b.PayPart(minor, customer.BalanceID(id.New("bal")), partsOf(b.Reference)+name)
		if err := tx.SaveBalance(ctx, left, customer.Due); err != nil {
			return err
		}
		*b = left
		if n, err := tx.InsertBalances(ctx, paid); err != nil || n == 0 {
			return orConflict(err)
		}
		return nil
	}
	b.Status = customer.Paid
	if err := tx.SetBalanceStatus(ctx, b.ID, b.Status); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"balance.settled", by, "", string(b.Customer), map[string]any{"reference": b.Reference, "status": string(b.Status)}})
}
