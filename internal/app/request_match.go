package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// MatchRequest looks for the customer of a request by the address on file and,
// when that is not enough, by the reference. Found, it registers the case and
// queues the letter with the link to the address on file. Not found, or not
// one, the request stays in the inbox for a person. It is the job "match".
func (a *App) MatchRequest(ctx context.Context, tx Tx, rid offboarding.RequestID) error {
	r, err := tx.FindRequest(ctx, rid)
	if err != nil || r.State != offboarding.RequestReceived {
		return err
	}
	found, err := a.asking(ctx, tx, r)
	if err != nil || len(found) != 1 {
		return err
	}
	_, err = a.attach(ctx, tx, &r, found[0], "engine")
	return err
}

// asking are those who may have made a request.
func (a *App) asking(ctx context.Context, tx Tx, r offboarding.Request) ([]customer.Customer, error) {
	found, err := tx.CustomersByEmail(ctx, customer.FoldEmail(r.AccountEmail))
	if err != nil {
		return nil, err
	}
	if found = realFirst(found); len(found) > 1 && r.Reference != "" {
		found = slices.DeleteFunc(found, func(c customer.Customer) bool {
			return customer.Fold(c.Reference) != customer.Fold(r.Reference)
		})
	}
	return found, nil
}

// MatchByHand ties a request that nobody could be found for to a customer that
// a person recognised. The proof of identity still goes to the address on
// file.
func (a *App) MatchByHand(ctx context.Context, by Actor, rid offboarding.RequestID, cid customer.ID) (offboarding.CaseID, error) {
	if err := by.may("request"); err != nil {
		return "", err
	}
	var c offboarding.CaseID
	err := a.tx(ctx, func(tx Tx) error {
		r, err := tx.FindRequest(ctx, rid)
		if err != nil {
			return err
		}
		cus, err := tx.FindCustomer(ctx, cid)
		if err != nil {
			return err
		}
		if c, err = a.attach(ctx, tx, &r, cus, by.ID); err != nil {
			return err
		}
		if c == "" {
			return fault.New(fault.Blocked, "customer.nothing_to_end", "name", cus.Name).On("customer")
		}
		return nil
	})
	return c, err
}

// attach matches the request to the customer and registers its case, or finds
// the open one. It returns no case when the customer has nothing to end.
func (a *App) attach(ctx context.Context, tx Tx, r *offboarding.Request, cus customer.Customer, by string) (offboarding.CaseID, error) {
	all, err := tx.SubscriptionsOf(ctx, cus.ID)
	if err != nil {
		return "", err
	}
	subs, err := a.undone(*r, cus, wanted(all, *r))
	if err != nil || len(subs) == 0 {
		return "", err
	}
	if err := r.To(offboarding.RequestMatched); err != nil {
		return "", err
	}
	r.Customer, r.MatchedAt, r.Subscriptions = cus.ID, tx.Now(), idsOf(subs)
	if err := a.record(ctx, tx, fact{"request.matched", by, string(r.ID), string(r.ID), map[string]any{"customer": string(cus.ID)}}); err != nil {
		return "", err
	}
	if _, err := a.place(ctx, tx, r, false, by); err != nil {
		return "", err
	}
	if err := tx.SaveRequest(ctx, r); err != nil {
		return "", err
	}
	if r.Channel == offboarding.Host || r.VerifiedBy != "" { // identity is proved already
		return r.Case, nil
	}
	c, err := tx.FindCase(ctx, r.Case)
	if err != nil {
		return "", err
	}
	m := Message{
		ID: offboarding.MessageID(id.New("msg")), Paper: "confirm", Language: r.Language,
		Request: r.ID, Case: r.Case, State: "queued", QueuedAt: tx.Now(),
	}
	if err := a.address(ctx, tx, &m, c); err != nil {
		return "", err
	}
	return r.Case, a.queue(ctx, tx, m, string(cus.ID), true)
}

// plan makes the case of a request from the playbook.
func (a *App) plan(ctx context.Context, tx Tx, r offboarding.Request, cus customer.Customer, subs []customer.Subscription) (offboarding.Plan, error) {
	c := offboarding.Case{
		ID: offboarding.CaseID(id.New("case")), Code: r.Code, Request: r.ID, Customer: r.Customer, Subscriptions: idsOf(subs),
		Language: r.Language, Zone: a.Company().Zone.String(), When: r.When,
		RequestedAt: r.ReceivedAt,
	}
	if err := a.setEnds(&c, cus, subs); err != nil {
		return offboarding.Plan{}, err
	}
	if c.Test = cus.Test(); !r.EndsOn.IsZero() {
		c.Effective, c.Ends = r.EndsOn, nil
	}
	act, err := a.actOf(r, cus, subs)
	if err != nil {
		return offboarding.Plan{}, err
	}
	if act == offboarding.Withdrawal { // it is undone at once, whatever was chosen
		c.When, c.Effective, c.Ends = offboarding.Now, when.DateOf(r.ReceivedAt, a.Company().Zone), nil
	}
	facts := a.facts(r, c, cus, subs, when.DateOf(r.ReceivedAt, a.Company().Zone))
	facts["case.act"] = string(act)
	k, err := pictureOf(ctx, tx, cus.ID)
	if err != nil {
		return offboarding.Plan{}, err
	}
	if err := a.inventoryFacts(ctx, tx, k, facts); err != nil {
		return offboarding.Plan{}, err
	}
	book, err := a.bookFor(ctx, tx, facts, cus.ID)
	if err != nil {
		return offboarding.Plan{}, err
	}
	c.Playbook, c.Retrieval = book.Version(), book.Retrieval
	law, err := a.caseLaw(ctx, tx, c, r)
	if err != nil {
		return offboarding.Plan{}, err
	}
	if r.Channel == offboarding.Host && act != offboarding.Withdrawal {
		if c.Shown, err = a.shownMoney(ctx, tx, c); err != nil {
			return offboarding.Plan{}, err
		}
	}
	least, err := a.leastRetrieval(law)
	if err != nil {
		return offboarding.Plan{}, err
	}
	c.Retrieval = max(c.Retrieval, least) // a playbook may give more than the law, never less
	steps := book.Steps()
	for i := range steps {
		steps[i].ID, steps[i].Case = offboarding.StepID(id.New("step")), c.ID
	}
	return offboarding.Plan{Case: c, Steps: steps}, nil
}

// setEnds says when a departure takes effect that is asked for as it stands, and
// which of its contracts end on another day.
func (a *App) setEnds(c *offboarding.Case, cus customer.Customer, subs []customer.Subscription) (err error) {
	c.Effective, c.Ends, err = a.ends(c.When, cus, subs, c.RequestedAt)
	return err
}

// ends is the last day of a departure that was asked for at an instant, and of those
// contracts that end on another. Whoever leaves now uses nothing from tomorrow on,
// whatever a contract says about notice: it ends, and is charged, when its terms let
// it. Whoever leaves at the end of what is paid uses each to its own end.
func (a *App) ends(t offboarding.Timing, cus customer.Customer, subs []customer.Subscription, asked time.Time) (last when.Date, own map[customer.SubscriptionID]when.Date, err error) {
	last = when.DateOf(asked, a.Company().Zone)
	days := make([]when.Date, len(subs))
	for i, s := range subs {
		x, err := a.termsOf(cus, s, asked)
		if err != nil {
			return last, nil, err
		}
		today := when.DateOf(asked, a.Company().Zone)
		if days[i] = x.contract.Last(today, choiceOf(t)).On; t == offboarding.PeriodEnd && last.Before(days[i]) {
			last = days[i]
		}
	}
	for i, s := range subs {
		if days[i] != last {
			if own == nil {
				own = map[customer.SubscriptionID]when.Date{}
			}
			own[s.ID] = days[i]
		}
	}
	return last, own, nil
}

// pick returns the subscriptions with the ids, in their order.
func pick(all []customer.Subscription, ids []customer.SubscriptionID) []customer.Subscription {
	out := make([]customer.Subscription, 0, len(ids))
	for _, s := range all {
		if slices.Contains(ids, s.ID) {
			out = append(out, s)
		}
	}
	return out
}
