package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/when"
)

// ChargeKind is the kind of the job that watches the charges of a departure
// that nobody has confirmed yet.
const ChargeKind = "charge"

// chargeNotice is how long before a charge a person is asked about a departure
// that is still unconfirmed.
const chargeNotice = 48 * time.Hour

// chargePatience is how long whoever asks within that time is waited for first;
// a quarter of what is left if that is less.
const chargePatience = time.Hour

// Charged reports whether a system charges anybody: a live contract that is not
// work which was agreed.
func (a *App) Charged(ctx context.Context) (yes bool, err error) {
	err = a.store.View(ctx, func(tx Tx) error { yes, err = tx.AnyCharged(ctx); return err })
	return yes, err
}

// Charge is one charge of a subscription that a departure ends.
type Charge struct {
	Subscription customer.Subscription
	On           when.Date
}

// nextCharge returns the first day after the day on which one of the
// subscriptions is charged; zero if none is.
func nextCharge(subs []customer.Subscription, after when.Date) when.Date {
	var first when.Date
	for _, s := range subs {
		if s.Status == customer.Ended {
			continue
		}
		if on := s.NextCharge(after); !on.IsZero() && (first.IsZero() || on.Before(first)) {
			first = on
		}
	}
	return first
}

// watchAt is when to look before the charge of that day.
func (a *App) watchAt(on when.Date, now time.Time) time.Time {
	charge := on.Start(a.Company().Zone)
	at := charge.Add(-chargeNotice)
	if at.Before(now) {
		at = now.Add(min(chargePatience, charge.Sub(now)/4))
	}
	return at
}

// watchCharges puts the job on the queue that looks before each charge of a
// departure that waits for the proof of identity.
func (a *App) watchCharges(ctx context.Context, tx Tx, c offboarding.Case, subs []customer.Subscription) error {
	on := nextCharge(subs, when.DateOf(tx.Now(), a.Company().Zone))
	if on.IsZero() {
		return nil
	}
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: ChargeKind, Case: c.ID, System: house, Key: ChargeKind + ":" + string(c.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: a.watchAt(on, tx.Now()),
	})
}

// WatchCharge asks a person when the departure is still unconfirmed and one of
// its subscriptions is about to be charged. It returns when to look again, zero
// when there is nothing more to watch. It is the job "charge".
func (a *App) WatchCharge(ctx context.Context, cid offboarding.CaseID) (again time.Time, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		again = time.Time{}
		p, err := tx.FindPlan(ctx, cid)
		if err != nil || p.Case.State != offboarding.CaseRegistered {
			return err
		}
		all, err := tx.SubscriptionsOf(ctx, p.Case.Customer)
		if err != nil {
			return err
		}
		subs := pick(all, p.Case.Subscriptions)
		on := nextCharge(subs, when.DateOf(tx.Now(), a.Company().Zone))
		if on.IsZero() {
			return nil
		}
		charge := on.Start(a.Company().Zone)
		if tx.Now().Before(charge.Add(-chargeNotice)) {
			again = charge.Add(-chargeNotice)
			return nil
		}
		again = a.watchAt(nextCharge(subs, on), tx.Now())
		s := playbook.House("unconfirmed")
		s.ID, s.Due, s.Spec.UntilConfirmed = offboarding.StepID(id.New("step")), charge, true
		s.Key = "unconfirmed_" + strings.ReplaceAll(on.String(), "-", "")
		if err := p.Ask(s, tx.Now()); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, "engine")
	})
	return again, err
}

// lateCharges are the charges between the day on which a departure was asked
// for and the day on which it was confirmed, after its end: what the customer
// must have back, since the date of asking counts.
func (a *App) lateCharges(c offboarding.Case, subs []customer.Subscription) []Charge {
	if c.OpenedAt.IsZero() {
		return nil
	}
	asked, opened := when.DateOf(c.RequestedAt, a.Company().Zone), when.DateOf(c.OpenedAt, a.Company().Zone)
	var out []Charge
	for _, s := range subs {
		for _, on := range s.Charges(asked, opened) {
			if c.EndOf(s.ID).Before(on) {
				out = append(out, Charge{s, on})
			}
		}
	}
	return out
}

// refundLateCharges proposes to give back what was charged after the customer
// asked to leave: sums that the company owes, and a person who looks whether
// they were really charged and pays them.
func (a *App) refundLateCharges(ctx context.Context, tx Tx, p *offboarding.Plan) error {
	all, err := tx.SubscriptionsOf(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	charges := a.lateCharges(p.Case, pick(all, p.Case.Subscriptions))
	if len(charges) == 0 {
		return nil
	}
	for _, c := range charges {
		ref := fmt.Sprintf("%s/%s/%s", p.Case.Code, c.Subscription.Reference, c.On)
		sum, _ := c.Subscription.PriceOn(c.On)
		fresh, err := tx.InsertBalances(ctx, customer.Balance{
			ID: customer.BalanceID(id.New("bal")), Customer: p.Case.Customer, Reference: ref, Kind: customer.Refund,
			About: c.Subscription.Product, Amount: sum, DueOn: c.On, Status: customer.Due,
		})
		if err != nil {
			return err
		}
		if fresh == 0 {
			continue
		}
		if err := a.record(ctx, tx, fact{"refund.proposed", "engine", string(p.Case.ID), string(p.Case.Customer), map[string]any{
			"reference": ref, "on": c.On.String(), "minor": sum.Minor, "currency": sum.Currency,
		}}); err != nil {
			return err
		}
	}
	s := playbook.House("late_charge")
	s.ID = offboarding.StepID(id.New("step"))
	return p.Ask(s, tx.Now())
}

// dropCharges takes the watch over the charges of a departure off the queue.
func dropCharges(ctx context.Context, tx Tx, cid offboarding.CaseID) error {
	works, err := tx.WorksOf(ctx, cid)
	if err != nil {
		return err
	}
	for _, w := range works {
		if w.Kind != ChargeKind {
			continue
		}
		if err := cancelWork(ctx, tx, w); err != nil {
			return err
		}
	}
	return nil
}
