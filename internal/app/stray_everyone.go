package app

import (
	"context"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/stray"
)

// sweepBack is how far behind the end of the last round charges of everybody are
// looked at: some are made long before they are issued.
const sweepBack = 72 * time.Hour

// against is the departure that a charge is held against.
type against struct {
	departure offboarding.CaseID
	erased    bool // nothing of the customer is kept but keyed hashes
}

// everyone looks at what anybody at all was charged. So two are found of whom no
// contract says anything: those who left and are charged for something else, and
// those who were erased, whose names there have the keyed hashes that we kept. Of
// everybody else nothing is read but whose a charge is, and nothing is kept.
func (r *round) everyone(ctx context.Context) (over bool, failed error) {
	sys, ok := r.a.farSystem(r.system)
	if !ok || sys.Every == nil {
		return true, nil
	}
	now, _, err := r.a.store.Now(ctx)
	if err != nil {
		return false, err
	}
	since := now
	if !r.at.Done.IsZero() {
		since = r.at.Done
	}
	of := map[connector.Charged]against{}
	var broken error // what our own record said, which says nothing of the system
	list, err := sys.Every.EveryChargeSince(ctx, since.Add(-sweepBack), func(all []connector.Charged) ([]bool, error) {
		broken = r.a.store.View(ctx, func(tx Tx) error { return r.a.allAgainst(ctx, tx, r.system, all, of) })
		picked := make([]bool, len(all))
		for i, x := range all {
			_, picked[i] = of[x]
		}
		return picked, broken
	})
	switch {
	case broken != nil:
		return false, broken
	case ctx.Err() != nil:
		return false, nil
	case err != nil && (ofSystem(err) || r.at.Stuck < sweepTries-1):
		if !ofSystem(err) {
			r.at.Stuck++
		}
		return false, err
	case err != nil: // the round ends without it, and says so
		r.at.Stuck = 0
		r.at.Unread++
		return true, nil
	}
	for _, x := range list {
		if err := r.foreign(ctx, x, of[x.Charged]); err != nil {
			return false, err
		}
	}
	r.at.Stuck = 0
	return true, nil
}

// allAgainst finds of each charge the departure that it is held against, if any.
func (a *App) allAgainst(ctx context.Context, tx Tx, system string, all []connector.Charged, into map[connector.Charged]against) error {
	var subs, owners []string
	var names []customer.ExternalID
	for _, x := range all {
		if x.Subscription != "" {
			subs = append(subs, x.Subscription)
		}
		if x.Owner != "" {
			owners = append(owners, x.Owner)
			names = append(names, customer.ExternalID{System: system, Value: x.Owner})
		}
	}
	ours := map[string]bool{} // numbers of contracts on our record: their own round looks at them
	if list, err := tx.SubscriptionsByReference(ctx, subs...); err != nil {
		return err
	} else {
		for _, s := range list {
			ours[s.Reference] = true
		}
	}
	known := map[string]customer.ID{} // by their number there
	if list, err := tx.CustomersByReference(ctx, owners...); err != nil {
		return err
	} else {
		for _, c := range list {
			known[c.Reference] = c.ID
		}
	}
	if list, err := tx.ExternalIDsByName(ctx, names...); err != nil {
		return err
	} else {
		for _, x := range list {
			known[x.Value] = x.Customer
		}
	}
	for _, x := range all {
		if _, done := into[x]; done || x.Subscription != "" && ours[x.Subscription] {
			continue
		}
		w, err := a.against(ctx, tx, system, x, known[x.Owner])
		if err != nil {
			return err
		}
		if w.departure != "" {
			into[x] = w
		}
	}
	return nil
}

// against finds the departure of whoever is charged: of a customer on our record, and
// otherwise of somebody who was erased.
func (a *App) against(ctx context.Context, tx Tx, system string, x connector.Charged, known customer.ID) (w against, err error) {
	who := []customer.ID{known}
	if known == "" {
		who = nil
		if x.Email != "" {
			list, err := tx.CustomersByEmail(ctx, customer.FoldEmail(x.Email))
			if err != nil {
				return w, err
			}
			for _, c := range list {
				who = append(who, c.ID)
			}
		}
	}
	if len(who) > 0 {
		for _, id := range who {
			c, err := tx.FindDeparture(ctx, id)
			if fault.KindOf(err) == fault.NotFound { // a customer, or no departure is over: one of several is enough
				return against{}, nil
			}
			if err != nil {
				return w, err
			}
			w.departure = c
		}
		return w, nil
	}
	var marks []string
	if x.Owner != "" {
		marks = append(marks, a.mark("external", system, x.Owner), a.mark("reference", x.Owner))
	}
	if x.Email != "" {
		marks = append(marks, a.mark("mail", customer.FoldEmail(x.Email)))
	}
	erased, err := tx.Tombstones(ctx, marks...)
	if err != nil {
		return w, err
	}
	for _, m := range marks { // the surest first
		if c := erased[m]; c != "" {
			return against{departure: c, erased: true}, nil
		}
	}
	return w, nil
}

// foreign tells of a charge that belongs to no contract of ours, where it is one
// after the end.
func (r *round) foreign(ctx context.Context, x connector.ChargedTo, w against) error {
	var c offboarding.Case
	var asked map[string]bool
	told := false
	mark := r.a.mark("charge", r.system, x.ID)
	err := r.a.store.View(ctx, func(tx Tx) (err error) {
		if c, err = tx.FindCase(ctx, w.departure); err != nil {
			return err
		}
		if asked, err = askedFor(ctx, tx, c.Customer); err != nil || !w.erased {
			return err
		}
		marks := []string{mark}
		if !x.Taken {
			marks = append(marks, r.a.mark("asked", r.system, x.ID))
		}
		before, err := tx.Tombstones(ctx, marks...)
		told = len(before) > 0
		return err
	})
	if err != nil || told || c.Test {
		return err
	}
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	end := c.Effective.End(zone)
	s, is := r.charged(x.Charge, end, end, asked)
	if !is {
		return nil
	}
	if w.erased { // nothing of this leads back to anybody
		s.Far, s.Payment = stray.ErasedFar+mark, ""
	} else if s.About = x.Subscription; s.About == "" {
		s.About = x.Owner
	}
	if s.About == "" && !w.erased {
		s.About = r.system
	}
	return r.a.strayed(ctx, c, found{Stray: s})
}
