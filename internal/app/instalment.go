package app

import (
	"context"
	"fmt"
	"slices"

	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// InstalmentInput is in how many parts what is owed is paid, and from which day.
type InstalmentInput struct {
	Parts int
	First when.Date
}

// dividable is what a plan of instalments covers: what is owed in the currency of
// the first sum that is, less what makes up for some of it.
func dividable(list []customer.Balance) (sum money.Amount, balances []string) {
	owed := step.Subject{Balances: list}.Owed()
	if len(owed) == 0 {
		return sum, nil
	}
	sum.Currency = owed[0].Amount.Currency
	for _, b := range list {
		if b.Status == customer.Due && b.Amount.Currency == sum.Currency {
			if sum.Minor -= b.Owed().Minor; b.ID != "" {
				balances = append(balances, string(b.ID))
			}
		}
	}
	return sum, balances
}

// AskInstalments takes the wish of a customer, on their private page, to pay in
// parts: somebody of the company answers. Faults: parts, first;
// collection.nothing_owed, collection.stopped, collection.plan_waits,
// collection.plans_over.
func (a *App) AskInstalments(ctx context.Context, token string, in InstalmentInput) error {
	return a.onOwnCollection(ctx, token, func(tx Tx, p *offboarding.Plan) error {
		return a.beginInstalments(ctx, tx, *p, in, collection.Asked, collection.ByCustomer)
	})
}

// ProposeInstalments proposes to a customer to pay in parts: they answer on their
// private page.
func (a *App) ProposeInstalments(ctx context.Context, by Actor, c offboarding.CaseID, in InstalmentInput) error {
	return a.onCollection(ctx, by, c, func(tx Tx, p *offboarding.Plan) error {
		return a.beginInstalments(ctx, tx, *p, in, collection.Proposed, by.ID)
	})
}

// onOwnCollection runs fn on the plan of the departure of a private page.
func (a *App) onOwnCollection(ctx context.Context, token string, fn func(Tx, *offboarding.Plan) error) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		return fn(tx, &p)
	})
}

func (a *App) beginInstalments(ctx context.Context, tx Tx, p offboarding.Plan, in InstalmentInput, state collection.PlanState, by string) error {
	c, err := a.collection(ctx, tx, p)
	switch {
	case err != nil:
		return err
	case len(c.Owed) == 0:
		return fault.New(fault.Blocked, "collection.nothing_owed")
	case c.Stopped:
		return fault.New(fault.Blocked, "collection.stopped")
	}
	if err := collection.MayPlan(c.Plans); err != nil {
		return err
	}
	stand, err := a.owingOf(ctx, tx, p.Case.Customer)
	if err != nil {
		return err
	}
	x := collection.Plan{
		ID: collection.PlanID(id.New("ins")), Case: string(p.Case.ID), Customer: string(p.Case.Customer), State: state, MadeAt: tx.Now(), MadeBy: by,
	}
	x.Sum, x.Balances = dividable(stand.list)
	if x.Parts, err = collection.Divide(x.Sum, in.Parts, in.First, a.today(tx)); err != nil {
		return err
	}
	typ := "instalments.asked"
	if state == collection.Proposed {
		typ = "instalments.proposed"
	}
	return a.putInstalments(ctx, tx, x, typ, by)
}

func (a *App) putInstalments(ctx context.Context, tx Tx, x collection.Plan, typ, by string) error {
	if err := tx.PutInstalments(ctx, x); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{typ, by, x.Case, x.Customer, map[string]any{
		"plan": string(x.ID), "n": len(x.Parts), "value": x.Sum.String(), "day": x.Parts[0].On.String(),
	}})
}

// AnswerInstalments is the word of the customer, on their private page, about
// instalments that the company proposed.
func (a *App) AnswerInstalments(ctx context.Context, token string, yes bool) error {
	return a.onOwnCollection(ctx, token, func(tx Tx, p *offboarding.Plan) error {
		return a.answerInstalments(ctx, tx, *p, true, yes, collection.ByCustomer)
	})
}

// DecideInstalments is the word of the company about instalments that the customer
// asked for.
func (a *App) DecideInstalments(ctx context.Context, by Actor, c offboarding.CaseID, yes bool) error {
	return a.onCollection(ctx, by, c, func(tx Tx, p *offboarding.Plan) error {
		return a.answerInstalments(ctx, tx, *p, false, yes, by.ID)
	})
}

func (a *App) answerInstalments(ctx context.Context, tx Tx, p offboarding.Plan, customer, yes bool, by string) error {
	list, err := tx.InstalmentsOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	x := collection.OpenPlan(list)
	if x == nil {
		return fault.New(fault.Blocked, "collection.plan_over")
	}
	if yes {
		if err := a.stillSo(ctx, tx, p, *x); err != nil {
			return err
		}
	}
	if err := x.Answer(customer, yes, by, tx.Now()); err != nil {
		return err
	}
	typ := "instalments.agreed"
	if !yes {
		typ = "instalments.refused"
	}
	if err := a.putInstalments(ctx, tx, *x, typ, by); err != nil || !yes {
		return err
	}
	if err := a.endPromises(ctx, tx, p.Case.ID, collection.Released); err != nil { // the parts say the days from now on
		return err
	}
	if p.Case.Effective.Before(x.Parts[len(x.Parts)-1].On) {
		if err := a.endsAnyway(ctx, tx, &p); err != nil {
			return err
		}
		if err := a.settle(ctx, tx, &p, "engine"); err != nil {
			return err
		}
	}
	return a.write(ctx, tx, p.Case, "instalments")
}

// stillSo refuses to agree to parts of a sum that is not owed any more as it was.
func (a *App) stillSo(ctx context.Context, tx Tx, p offboarding.Plan, x collection.Plan) error {
	stand, err := a.owingOf(ctx, tx, p.Case.Customer)
	if err != nil {
		return err
	}
	if sum, covers := dividable(stand.list); collecting(p) == nil || sum != x.Sum || !slices.Equal(covers, x.Balances) {
		return fault.New(fault.Blocked, "collection.plan_differs")
	}
	return nil
}

// PayInstalment notes that a part was paid (1 is the first): so much less is open
// of what the plan covers, whatever becomes of the plan. With the last, all of it
// is paid.
func (a *App) PayInstalment(ctx context.Context, by Actor, c offboarding.CaseID, part int) error {
	return a.onCollection(ctx, by, c, func(tx Tx, p *offboarding.Plan) error {
		list, err := tx.InstalmentsOf(ctx, c)
		if err != nil {
			return err
		}
		x := collection.OpenPlan(list)
		if x == nil {
			return fault.New(fault.Blocked, "collection.plan_over")
		}
		if err := x.Pay(part-1, a.today(tx), tx.Now()); err != nil {
			return err
		}
		if err := tx.PutInstalments(ctx, *x); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"instalments.paid", by.ID, x.Case, x.Customer, map[string]any{"plan": string(x.ID), "number": part}}); err != nil {
			return err
		}
		if x.State == collection.Done {
			if err := a.record(ctx, tx, fact{"instalments.done", by.ID, x.Case, x.Customer, map[string]any{"plan": string(x.ID)}}); err != nil {
				return err
			}
		}
		return a.paidInParts(ctx, tx, by, *x, part)
	})
}

// paidInParts brings what is open of all that a plan covers to what is left of the
// plan, the sums that were due first before the others: also where the billing
// system told meanwhile that a part came in, or told the whole sum again. With the
// last part all of it is paid, also what made up for some of it.
func (a *App) paidInParts(ctx context.Context, tx Tx, by Actor, x collection.Plan, part int) error {
	list, err := tx.BalancesOf(ctx, customer.ID(x.Customer))
	if err != nil {
		return err
	}
	list = slices.Clone(list)
	take := covered(list, x) - x.Left()
	for i := range list {
		b := &list[i]
		if b.Status != customer.Due || !slices.Contains(x.Balances, string(b.ID)) {
			continue
		}
		if x.State != collection.Done {
			if !b.Unpaid() || take <= 0 {
				continue
			}
			if b.Amount.Minor > take {
				paid, left := b.PayPart(take, customer.BalanceID(id.New("bal")), fmt.Sprintf("%s%s-%d", partsOf(b.Reference), x.ID, part))
				if err := tx.SaveBalance(ctx, left, customer.Due); err != nil {
					return err
				}
				if n, err := tx.InsertBalances(ctx, paid); err != nil || n == 0 {
					return orConflict(err)
				}
				*b, take = left, 0
				continue
			}
			take -= b.Amount.Minor
		}
		b.Status = customer.Paid
		if err := tx.SetBalanceStatus(ctx, b.ID, b.Status); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"balance.settled", by.ID, "", x.Customer, map[string]any{"reference": b.Reference, "status": string(b.Status)}}); err != nil {
			return err
		}
	}
	return a.collectedAll(ctx, tx, by, customer.ID(x.Customer), list, collection.Kept)
}

// partsOf begins the numbers of what was paid in parts of the sum with a number.
func partsOf(reference string) string { return reference + "/" }

// covered is what is open of all that a plan covers, less what accounts at billing
// systems have in its currency, in the smallest unit.
func covered(list []customer.Balance, x collection.Plan) (minor int64) {
	for _, b := range list {
		if b.Status == customer.Due && (slices.Contains(x.Balances, string(b.ID)) || b.ID == "" && b.Amount.Currency == x.Sum.Currency) {
			minor -= b.Owed().Minor
		}
	}
	return minor
}

// endInstalments ends the plan that is open in a departure, if one is.
func (a *App) endInstalments(ctx context.Context, tx Tx, c offboarding.CaseID, paid bool) error {
	list, err := tx.InstalmentsOf(ctx, c)
	if err != nil {
		return err
	}
	x := collection.OpenPlan(list)
	if x == nil {
		return nil
	}
	to, typ := collection.Ended, "instalments.ended"
	if paid && x.State == collection.Agreed {
		to, typ = collection.Done, "instalments.done"
	}
	if err := x.To(to, tx.Now()); err != nil {
		return err
	}
	if err := tx.PutInstalments(ctx, *x); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{typ, "engine", x.Case, x.Customer, map[string]any{"plan": string(x.ID)}})
}

// planCovers reports whether as much is open of what the open plan of a departure
// covers as is left of the plan: nobody pays parts of a sum that was paid
// otherwise, or let go.
func (a *App) planCovers(ctx context.Context, tx Tx, c offboarding.CaseID, list []customer.Balance) (bool, error) {
	plans, err := tx.InstalmentsOf(ctx, c)
	if err != nil {
		return false, err
	}
	x := collection.OpenPlan(plans)
	return x == nil || covered(list, *x) >= x.Left() || !slices.ContainsFunc(list, func(b customer.Balance) bool {
		return b.Status != customer.Due && slices.Contains(x.Balances, string(b.ID))
	}), nil
}
