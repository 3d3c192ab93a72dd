package app

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/segment"
)

// UseOffers lets another policy count, before anybody is asked.
func (a *App) UseOffers(p *offer.Policy) { a.offers = p }

// NewestBundle opens what the customer of a departure takes along, without their
// code.
func NewestBundle(ctx context.Context, a *App, c offboarding.CaseID) (whole Content, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		b, err := newestBundle(ctx, tx, c)
		if err == nil {
			whole, err = a.openBundle(ctx, tx, b)
		}
		return err
	})
	return whole, err
}

// Forget does to what is counted of a customer in experiments what erasing them does.
func (a *App) Forget(ctx context.Context, tx Tx, id customer.ID) error {
	given, err := tx.ExposuresOf(ctx, id)
	if err != nil {
		return err
	}
	if err := a.forgetTried(ctx, tx, given); err != nil {
		return err
	}
	_, err = tx.EraseCustomer(ctx, id, "HL-GONE")
	return err
}

// PassedOn is whether we told a system that code as the reason of a departure.
var PassedOn = passedOn

// UseSegments lets other segments count.
func (a *App) UseSegments(s *segment.Set) { a.segments = s }
