package app

import (
	"context"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/rule"
	"hastaluego/internal/when"
)

// facts are what conditions may see of a departure: playbook.Facts.
func (a *App) facts(r offboarding.Request, c offboarding.Case, cus customer.Customer, subs []customer.Subscription, today when.Date) map[string]any {
	products := make([]string, len(subs))
	for i, s := range subs {
		products[i] = s.Product
	}
	return map[string]any{
		"customer.kind": string(cus.Kind), "customer.consumer": cus.Consumer, "customer.country": cus.Country,
		"customer.region": cus.Region, "customer.language": cus.Language, "customer.segment": cus.Segment,
		"case.act": string(offboarding.Termination), "case.channel": string(r.Channel), "case.when": string(c.When), "case.subscriptions": len(subs),
		"case.days_to_effective": today.DaysUntil(c.Effective), "case.products": strings.Join(products, ", "), laneFactName: "",
	}
}

// holds evaluates the condition of a step with the facts of this moment.
func (a *App) holds(ctx context.Context, tx Tx, k *picture, c offboarding.Case, expr string) (bool, map[string]any, error) {
	facts, err := a.factsOf(ctx, tx, k, c)
	if err != nil {
		return false, nil, err
	}
	ok, err := a.condition(expr, facts)
	if err != nil {
		return false, nil, noCondition(err)
	}
	return ok, facts, nil
}

// factsOf gathers the facts of this moment. Nobody may change them.
func (a *App) factsOf(ctx context.Context, tx Tx, k *picture, c offboarding.Case) (map[string]any, error) {
	if k.facts != nil {
		return k.facts, nil
	}
	r, err := tx.FindRequest(ctx, c.Request)
	if err != nil {
		return nil, err
	}
	facts := a.facts(r, c, k.customer, pick(k.subscriptions, c.Subscriptions), when.DateOf(tx.Now(), a.Company().Zone))
	if r.Act == offboarding.Withdrawal {
		w, err := tx.WithdrawalOf(ctx, c.ID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
		if w.Stands() {
			facts["case.act"] = string(offboarding.Withdrawal)
		}
	}
	if err := a.inventoryFacts(ctx, tx, k, facts); err != nil {
		return nil, err
	}
	if facts[laneFactName], err = a.laneWayOf(ctx, tx, c.ID); err != nil {
		return nil, err
	}
	k.facts = facts
	return facts, nil
}

// condition evaluates a condition, compiled once per process.
func (a *App) condition(expr string, facts map[string]any) (bool, error) {
	known, ok := a.conditions.Load(expr)
	if !ok {
		made, err := playbook.Condition(expr)
		if err != nil {
			return false, err
		}
		known, _ = a.conditions.LoadOrStore(expr, made)
	}
	return known.(*rule.Condition).Holds(facts)
}

// noCondition is the fault of a condition that cannot be evaluated.
func noCondition(why error) error {
	return fault.New(fault.Blocked, "step.condition").At("app.holds", why)
}

// choose returns the playbook that a departure follows.
func (a *App) choose(ctx context.Context, tx Tx, facts map[string]any) (*playbook.Playbook, error) {
	books, last, err := a.active(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, b := range books {
		ok, err := b.Applies(facts)
		if err != nil {
			return nil, fault.Wrap("app.choose "+b.Name, err)
		}
		if ok {
			return b, nil
		}
	}
	if facts["case.channel"] == string(offboarding.Payment) {
		if b, err := a.unpaid(); b != nil || err != nil {
			return b, err
		}
	}
	return last, nil
}
