package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/settlement"
)

// Preview is what leaving would cost or bring back, for both choices, before
// anybody asked for anything.
type Preview struct{ Now, End Statement }

// Differ reports whether the choice changes any sum.
func (p Preview) Differ() bool {
	return !slices.EqualFunc(p.Now.Sections, p.End.Sections, func(a, b settlement.Section) bool { return a.Total == b.Total })
}

// preview computes both for somebody who asks at the instant.
func (a *App) preview(ctx context.Context, tx Tx, cus customer.Customer, subs []customer.Subscription, at time.Time) (p Preview, err error) {
	all, err := tx.SubscriptionsOf(ctx, cus.ID)
	if err != nil {
		return p, err
	}
	k := reckoning{cus: cus, subs: subs, asked: at}
	if err := k.gather(ctx, tx, all); err != nil {
		return p, err
	}
	if k.ends, k.own, err = a.ends(offboarding.Now, cus, subs, at); err != nil {
		return p, err
	}
	if p.Now, err = a.reckon(k, settlement.Now); err != nil {
		return p, err
	}
	if k.ends, k.own, err = a.ends(offboarding.PeriodEnd, cus, subs, at); err != nil {
		return p, err
	}
	p.End, err = a.reckon(k, settlement.End)
	return p, err
}

// shownMoney is what the page before the click showed of the money of a departure that
// is being registered: as it stands while nothing happened between.
func (a *App) shownMoney(ctx context.Context, tx Tx, c offboarding.Case) (x offboarding.Shown, err error) {
	s, err := a.draw(ctx, tx, offboarding.Plan{Case: c}, nil)
	for _, section := range s.Sections {
		x.Totals = append(x.Totals, section.Total)
	}
	x.DueOn, x.RefundOn = s.DueOn, s.RefundOn
	return x, err
}
