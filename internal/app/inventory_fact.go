package app

import (
	"context"
)

// inventoryFacts adds what conditions may see of the customer's inventory.
func (a *App) inventoryFacts(ctx context.Context, tx Tx, k *picture, facts map[string]any) error {
	assets, err := tx.AssetsOf(ctx, k.customer.ID)
	if err != nil {
		return err
	}
	open := 0
	for _, g := range k.grants {
		if g.Open() {
			open++
		}
	}
	owes := false
	for _, b := range k.balances {
		owes = owes || b.Unpaid()
	}
	complaints, err := tx.ComplaintsOf(ctx, k.customer.ID)
	if err != nil {
		return err
	}
	unsolved := 0
	for _, x := range complaints {
		if x.Unsolved() {
			unsolved++
		}
	}
	facts["customer.unsolved"] = unsolved
	facts["customer.grants"], facts["customer.assets"], facts["customer.owes"] = open, len(assets), owes
	return nil
}
