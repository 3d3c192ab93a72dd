package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
)

// ExternalInput is the number of a customer in another system.
type ExternalInput struct {
	Customer      customer.ID
	Version       int64
	System, Value string
}

// AddExternalID notes the number of a customer in another system. Faults:
// system, value; external.taken, with the name of whose it is.
func (a *App) AddExternalID(ctx context.Context, by Actor, in ExternalInput) error {
	x := customer.ExternalID{Customer: in.Customer, System: in.System, Value: in.Value}
	if l := x.Tidy(); len(l) > 0 {
		return refusedUnless(by, "customer", l)
	}
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		n, err := am.tx.InsertExternalIDs(ctx, x)
		if err != nil {
			return fact{}, err
		}
		if n == 0 {
			return fact{}, externalTaken(ctx, am.tx, x, "value")
		}
		am.external = append(am.external, x)
		return fact{typ: "external.added", args: map[string]any{"system": x.System, "value": x.Value}}, nil
	})
	return err
}

// externalTaken says whose the number is.
func externalTaken(ctx context.Context, tx Tx, x customer.ExternalID, field string) error {
	list, err := tx.ExternalIDsByName(ctx, x)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return changedMeanwhile("app.externalTaken")
	}
	return taken(ctx, tx, list[0].Customer, "external.taken", field, x.Value)
}

// RemoveExternalID takes the number off the customer.
func (a *App) RemoveExternalID(ctx context.Context, by Actor, in ExternalInput) error {
	x := customer.ExternalID{Customer: in.Customer, System: in.System, Value: in.Value}
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		i := slices.Index(am.external, x)
		if i < 0 {
			return fact{}, fault.New(fault.NotFound, "not_found")
		}
		am.external = slices.Delete(am.external, i, i+1)
		return fact{typ: "external.removed", args: map[string]any{"system": x.System, "value": x.Value}}, am.tx.DeleteExternalID(ctx, x)
	})
	return err
}
