package app

import (
	"context"

	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
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
