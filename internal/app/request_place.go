package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// wanted are the subscriptions that the request asks to end and that are not
// over yet.
func wanted(all []customer.Subscription, r offboarding.Request) []customer.Subscription {
	live := slices.DeleteFunc(slices.Clone(all), func(s customer.Subscription) bool { return s.Status == customer.Ended })
	if len(r.Subscriptions) > 0 {
		return pick(live, r.Subscriptions)
	}
	return live
}

// place sees to it that every subscription that the request asks to end has a
// case that ends it, and returns those cases; none when there is nothing to
// end. What nobody ends yet gets a case of its own now. What an earlier
// departure is still giving back gets one that waits for that to be over: its
// end and its new beginning must not meet at the far systems. The request is
// tied to the first case made for it. With proved, identity is proved: what a
// case that nobody has proved yet would end beside is left to that case.
func (a *App) place(ctx context.Context, tx Tx, r *offboarding.Request, proved bool, by string) ([]offboarding.CaseID, error) {
	cus, err := tx.FindCustomer(ctx, r.Customer)
	if err != nil {
		return nil, err
	}
	all, err := tx.SubscriptionsOf(ctx, cus.ID)
	if err != nil {
		return nil, err
	}
	subs := wanted(all, *r)
	if proved {
		if err := a.narrow(ctx, tx, *r, all, subs, by); err != nil {
			return nil, err
		}
		if err := a.correct(ctx, tx, *r, subs, by); err != nil {
			return nil, err
		}
		if err := a.overtake(ctx, tx, *r, subs); err != nil {
			return nil, err
		}
	}
	free, waiting, joined, err := a.holders(ctx, tx, cus.ID, subs)
	if err != nil {
		return nil, err
	}
	undone, ended, err := a.apart(*r, cus, free)
	if err != nil {
		return nil, err
	}
	var made []offboarding.CaseID
	for i, group := range append([][]customer.Subscription{undone, ended}, waiting...) {
		if len(group) == 0 {
			continue
		}
		c, err := a.openFor(ctx, tx, *r, cus, group, by)
		if err != nil {
			return nil, err
		}
		if made = append(made, c); i > 1 {
			continue
		}
		if err := tx.ClaimSubscriptions(ctx, c, idsOf(group)...); err != nil {
			return nil, err
		}
	}
	cases := append(made, joined...)
	if len(cases) > 0 && !slices.Contains(cases, r.Case) {
		r.Case = cases[0]
	}
	return cases, nil
}

// narrow takes the subscriptions out of those departures of the customer that
// nobody has proved and that would end others beside them.
func (a *App) narrow(ctx context.Context, tx Tx, r offboarding.Request, all, subs []customer.Subscription, by string) error {
	cases, err := tx.CasesOf(ctx, r.Customer)
	if err != nil {
		return err
	}
	proved := idsOf(subs)
	cus, err := tx.FindCustomer(ctx, r.Customer)
	if err != nil {
		return err
	}
	for _, c := range cases {
		rest := slices.DeleteFunc(slices.Clone(c.Subscriptions), func(s customer.SubscriptionID) bool { return slices.Contains(proved, s) })
		if c.State != offboarding.CaseRegistered || c.Waits() || len(rest) == 0 || len(rest) == len(c.Subscriptions) {
			continue
		}
		c.Subscriptions = rest
		if err := a.setEnds(&c, cus, pick(all, rest)); err != nil {
			return err
		}
		if err := tx.NarrowCase(ctx, c); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"case.narrowed", by, string(c.ID), string(c.Customer), map[string]any{
			"request": string(r.ID), "effective": c.Effective.String(),
		}}); err != nil {
			return err
		}
	}
	return nil
}

// correct lets the request that is proved say when a departure ends that nobody
// had proved until now: whoever asks twice means what they confirm.
func (a *App) correct(ctx context.Context, tx Tx, r offboarding.Request, subs []customer.Subscription, by string) error {
	cases, err := tx.CasesOf(ctx, r.Customer)
	if err != nil {
		return err
	}
	asked := idsOf(subs)
	cus, err := tx.FindCustomer(ctx, r.Customer)
	if err != nil {
		return err
	}
	for _, c := range cases {
		theirs := pick(subs, c.Subscriptions)
		if c.State != offboarding.CaseRegistered || c.Waits() || c.Request == r.ID || len(theirs) != len(c.Subscriptions) || len(theirs) == 0 ||
			slices.ContainsFunc(c.Subscriptions, func(s customer.SubscriptionID) bool { return !slices.Contains(asked, s) }) {
			continue
		}
		c.Request = r.ID
		if r.When != offboarding.Unsaid {
			c.When, c.RequestedAt = r.When, r.ReceivedAt
			if err := a.setEnds(&c, cus, theirs); err != nil {
				return err
			}
		}
		if err := tx.NarrowCase(ctx, c); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"case.corrected", by, string(c.ID), string(c.Customer), map[string]any{
			"request": string(r.ID), "when": string(c.When), "effective": c.Effective.String(),
		}}); err != nil {
			return err
		}
	}
	return nil
}

// overtake takes back those departures that the company began and that end
// later than the customer wants to: they leave by their own, with its date. One
// that ends more than they ask for stands.
func (a *App) overtake(ctx context.Context, tx Tx, r offboarding.Request, subs []customer.Subscription) error {
	if r.Channel.Ours() {
		return nil
	}
	cases, err := tx.CasesOf(ctx, r.Customer)
	if err != nil {
		return err
	}
	asked := idsOf(subs)
	cus, err := tx.FindCustomer(ctx, r.Customer)
	if err != nil {
		return err
	}
	for _, c := range cases {
		theirs := pick(subs, c.Subscriptions)
		if c.State != offboarding.CaseOpen || len(theirs) == 0 || slices.ContainsFunc(c.Subscriptions, func(s customer.SubscriptionID) bool { return !slices.Contains(asked, s) }) {
			continue
		}
		if last, _, err := a.ends(r.When, cus, theirs, r.ReceivedAt); err != nil {
			return err
		} else if !last.Before(c.Effective) {
			continue
		}
		if began, err := tx.FindRequest(ctx, c.Request); err != nil {
			return err
		} else if !began.Channel.Ours() {
			continue
		}
		if err := a.undo(ctx, tx, c.ID, "customer"); err != nil && fault.CodeOf(err) != "case.not_undoable" {
			return err
		}
	}
	return nil
}

// holders tells for each subscription who ends it: nobody, an earlier departure
// that is being undone (one group for each), or the cases that are joined. What
// is decided holds: a case that changes meanwhile makes one of the two try
// again.
func (a *App) holders(ctx context.Context, tx Tx, cus customer.ID, subs []customer.Subscription) (free []customer.Subscription, waiting [][]customer.Subscription, joined []offboarding.CaseID, err error) {
	claims, err := tx.ClaimsOf(ctx, cus)
	if err != nil {
		return nil, nil, nil, err
	}
	cases, err := tx.CasesOf(ctx, cus)
	if err != nil {
		return nil, nil, nil, err
	}
	undone := map[offboarding.CaseID][]customer.Subscription{}
	touched := map[offboarding.CaseID]bool{}
	for _, s := range subs {
		c, held := claims[s.ID]
		if held {
			touched[c.Case] = true
		}
		next := waitsFor(cases, claims, s.ID)
		switch {
		case !held:
			free = append(free, s)
		case c.State != offboarding.CaseReversing:
			joined = append(joined, c.Case)
		case next != "":
			touched[next] = true
			joined = append(joined, next)
		default:
			undone[c.Case] = append(undone[c.Case], s)
		}
	}
	for _, c := range slices.Sorted(maps.Keys(touched)) {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return nil, nil, nil, err
		}
		if err := tx.SavePlan(ctx, &p); err != nil {
			return nil, nil, nil, err
		}
	}
	for _, c := range slices.Sorted(maps.Keys(undone)) {
		waiting = append(waiting, undone[c])
	}
	slices.Sort(joined)
	return free, waiting, slices.Compact(joined), nil
}

// waitsFor is the case that ends the subscription once an earlier one has given
// it back; empty if there is none.
func waitsFor(cases []offboarding.Case, claims map[customer.SubscriptionID]Claim, sub customer.SubscriptionID) offboarding.CaseID {
	for _, c := range cases {
		if c.State == offboarding.CaseRegistered && claims[sub].Case != c.ID && slices.Contains(c.Subscriptions, sub) {
			return c.ID
		}
	}
	return ""
}

// openFor registers the case of a request for the subscriptions. The first of a
// request bears its code.
func (a *App) openFor(ctx context.Context, tx Tx, r offboarding.Request, cus customer.Customer, subs []customer.Subscription, by string) (offboarding.CaseID, error) {
	earlier, err := tx.CasesOf(ctx, cus.ID)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(earlier, func(c offboarding.Case) bool { return c.Code == r.Code }) {
		r.Code = id.NewCode()
	}
	p, err := a.plan(ctx, tx, r, cus, subs)
	if err != nil {
		return "", err
	}
	if err := tx.InsertCase(ctx, p.Case, p.Steps); err != nil {
		return "", err
	}
	if err := a.declareWithdrawal(ctx, tx, r, p.Case, cus, subs); err != nil {
		return "", err
	}
	if err := p.Begin(tx.Now()); err != nil {
		return "", err
	}
	if err := a.settle(ctx, tx, &p, by); err != nil {
		return "", err
	}
	if r.Channel != offboarding.Host && r.VerifiedBy == "" {
		if err := a.watchCharges(ctx, tx, p.Case, subs); err != nil {
			return "", err
		}
	}
	return p.Case.ID, nil
}

// openWaiting gives the subscriptions that an undone departure held to those
// cases of the customer that waited for them. Where identity is proved already
// the case opens.
func (a *App) openWaiting(ctx context.Context, tx Tx, cus customer.ID) error {
	cases, err := tx.CasesOf(ctx, cus)
	if err != nil {
		return err
	}
	claims, err := tx.ClaimsOf(ctx, cus)
	if err != nil {
		return err
	}
	for _, c := range slices.Backward(cases) { // who asked first
		held := func(s customer.SubscriptionID) bool { return claims[s].Case != "" }
		if c.State != offboarding.CaseRegistered || slices.ContainsFunc(c.Subscriptions, held) {
			continue
		}
		if err := tx.ClaimSubscriptions(ctx, c.ID, c.Subscriptions...); err != nil {
			return err
		}
		for _, s := range c.Subscriptions {
			claims[s] = Claim{c.ID, c.State}
		}
		if !c.Waits() {
			continue
		}
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		if err := a.confirm(ctx, tx, &p, "case.reversed"); err != nil {
			return err
		}
	}
	return nil
}

// confirm opens a registered case.
func (a *App) confirm(ctx context.Context, tx Tx, p *offboarding.Plan, by string) error {
	if err := p.Confirm(tx.Now(), by); err != nil {
		return err
	}
	if err := a.intoLane(ctx, tx, p.Case); err != nil {
		return err
	}
	if err := dropCharges(ctx, tx, p.Case.ID); err != nil {
		return err
	}
	if err := a.refundLateCharges(ctx, tx, p); err != nil {
		return err
	}
	if err := a.refundWithdrawal(ctx, tx, p); err != nil {
		return err
	}
	return a.settle(ctx, tx, p, "customer")
}

// prove says that the identity behind a request for the case is proved: it
// opens, or waits to. It reports whether that was news.
func (a *App) prove(ctx context.Context, tx Tx, cid offboarding.CaseID, by string) (bool, error) {
	return a.proveFrom(ctx, tx, cid, by, time.Time{})
}

// proveFrom is prove of a departure whose first works wait until an instant.
func (a *App) proveFrom(ctx context.Context, tx Tx, cid offboarding.CaseID, by string, from time.Time) (bool, error) {
	p, err := tx.FindPlan(ctx, cid)
	if err != nil || p.Case.State != offboarding.CaseRegistered || p.Case.Waits() {
		return false, err
	}
	p.NotBefore = from
	claims, err := tx.ClaimsOf(ctx, p.Case.Customer)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(p.Case.Subscriptions, func(s customer.SubscriptionID) bool { return claims[s].Case != cid }) {
		if err := p.Prove(tx.Now(), by); err != nil {
			return false, err
		}
		if err := dropCharges(ctx, tx, cid); err != nil {
			return false, err
		}
		return true, a.settle(ctx, tx, &p, "customer")
	}
	return true, a.confirm(ctx, tx, &p, by)
}

func idsOf(subs []customer.Subscription) []customer.SubscriptionID {
	out := make([]customer.SubscriptionID, len(subs))
	for i, s := range subs {
		out[i] = s.ID
	}
	return out
}

// theirs are the cases that stand on the request.
func (a *App) theirs(ctx context.Context, tx Tx, r offboarding.Request) ([]offboarding.Case, error) {
	cases, err := tx.CasesOf(ctx, r.Customer)
	return slices.DeleteFunc(cases, func(c offboarding.Case) bool { return c.ID != r.Case && c.Request != r.ID }), err
}
