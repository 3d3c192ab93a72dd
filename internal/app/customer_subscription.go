package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// SubscriptionInput is a new subscription of a customer.
type SubscriptionInput struct {
	Customer                 customer.ID
	Version                  int64  // of the customer that was looked at; 0: any
	Reference, Product, Plan string // Reference is its number at the billing system
	Amount                   money.Amount
	Interval                 customer.Interval
	Start, PaidUntil, TermEnd,
	RenewsOn, LockIn when.Date
	NoticeDays int
	NotRenewed bool
	Status     customer.Status // empty: active
	// Engagement is work that was agreed; zero: a product. The interval of a
	// project or of hours need not be given.
	Engagement customer.Engagement
	Terms      customer.Terms
	Promised   []customer.Deliverable // Title and Due of each, of an engagement
}

func (in SubscriptionInput) subscription() customer.Subscription {
	s := customer.Subscription{
		ID: customer.SubscriptionID(id.New("sub")), Customer: in.Customer, Reference: in.Reference, Product: in.Product, Plan: in.Plan,
		Amount: in.Amount, Interval: in.Interval, Start: in.Start, PaidUntil: in.PaidUntil, TermEnd: in.TermEnd, RenewsOn: in.RenewsOn,
		LockIn: in.LockIn, Notice: in.NoticeDays, NotRenewed: in.NotRenewed, Status: in.Status, Engagement: in.Engagement, Terms: in.Terms,
	}
	if strings.TrimSpace(s.Reference) == "" && s.Engaged() { // nobody else gives it a number
		s.Reference = newReference("E")
	}
	if s.Status == "" {
		s.Status = customer.Active
	}
	return s
}

// promisedMost is how much can be promised at once.
const promisedMost = 50

// promised are the deliverables of a new contract, and what is wrong with them:
// promised.0.title.
func (in SubscriptionInput) promised(s customer.Subscription) (list []customer.Deliverable, l fault.List) {
	if len(in.Promised) > promisedMost {
		return nil, fault.List{fault.New(fault.Invalid, "deliverable.many", "most", promisedMost).On("promised.0.title")}
	}
	for i, d := range in.Promised {
		d.ID, d.Customer, d.Subscription = customer.DeliverableID(id.New("del")), s.Customer, s.ID
		under := fmt.Sprint("promised.", i)
		l = append(l, d.Tidy().Under(under)...)
		if !s.Engaged() {
			l = append(l, fault.New(fault.Invalid, "deliverable.no_engagement").On(under+".title"))
		}
		if slices.ContainsFunc(list, func(x customer.Deliverable) bool { return x.Title == d.Title }) {
			l = append(l, fault.New(fault.Invalid, "inventory.taken", "name", d.Title).On(under+".title"))
		}
		list = append(list, d)
	}
	return list, l
}

// AddSubscription adds what a customer has bought: a product, or work. Faults:
// reference, product, plan, amount, currency, interval, start, paid_until,
// term_end, renews_on, lock_in_until, notice_days, status, engagement, billed,
// promised.0.title; subscription.taken, with the name of whose it is.
func (a *App) AddSubscription(ctx context.Context, by Actor, in SubscriptionInput) (customer.SubscriptionID, error) {
	s := in.subscription()
	promised, l := in.promised(s)
	if l = append(s.Tidy(), l...); len(l) > 0 {
		return "", refusedUnless(by, "customer", l)
	}
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		if n, err := am.tx.InsertSubscriptions(ctx, s); err != nil {
			return fact{}, err
		} else if n == 0 {
			return fact{}, subscriptionTaken(ctx, am.tx, s.Reference, "reference")
		}
		if err := a.watchTerms(ctx, am.tx, s); err != nil {
			return fact{}, err
		}
		if _, err := am.tx.InsertDeliverables(ctx, promised...); err != nil {
			return fact{}, err
		}
		return fact{typ: "subscription.added", args: map[string]any{
			"reference": s.Reference, "product": s.Product, "amount": s.Amount.String(), "engagement": string(s.Engagement.Kind),
		}}, nil
	})
	return s.ID, err
}

func subscriptionTaken(ctx context.Context, tx Tx, reference, field string) error {
	list, err := tx.SubscriptionsByReference(ctx, reference)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return changedMeanwhile("app.subscriptionTaken")
	}
	return taken(ctx, tx, list[0].Customer, "subscription.taken", field, reference)
}

// SubscriptionPatch changes a subscription: what is nil stays.
type SubscriptionPatch struct {
	Customer                 customer.ID
	Subscription             customer.SubscriptionID
	Version                  int64
	Reference, Product, Plan *string
	Amount                   *money.Amount
	Interval                 *customer.Interval
	Start, PaidUntil, TermEnd,
	RenewsOn, LockIn *when.Date
	NoticeDays *int
	NotRenewed *bool
	Status     *customer.Status
	Billed     *customer.Invoicing
	Terms      TermsPatch
}

// TermsPatch changes the terms of a contract: what is nil stays.
type TermsPatch struct {
	TaxRate                   *int64
	TaxOnTop                  *bool
	Trial                     *when.Date
	Fee                       *customer.FeeKind
	FeeFor                    *string
	FeeFrom                   *when.Date
	FeeSum, FeePercent, Given *int64
	TellsUsers                *bool
	Minimum                   *when.Date
	Prices                    *customer.LaterPrices
}

func (p TermsPatch) to(t *customer.Terms) {
	patch(&t.Tax.Rate, p.TaxRate)
	patch(&t.Tax.OnTop, p.TaxOnTop)
	patch(&t.Trial, p.Trial)
	patch(&t.ExitFee.Kind, p.Fee)
	patch(&t.ExitFee.For, p.FeeFor)
	patch(&t.ExitFee.From, p.FeeFrom)
	patch(&t.ExitFee.Sum, p.FeeSum)
	patch(&t.ExitFee.Percent, p.FeePercent)
	patch(&t.ExitFee.Given, p.Given)
	patch(&t.TellsUsers, p.TellsUsers)
	patch(&t.Minimum, p.Minimum)
	patch(&t.Prices, p.Prices)
}

// EditSubscription changes a subscription. While it is part of a departure its
// status is the departure's (subscription.leaving).
func (a *App) EditSubscription(ctx context.Context, by Actor, in SubscriptionPatch) error {
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		list, err := am.tx.SubscriptionsOf(ctx, am.ID)
		if err != nil {
			return fact{}, err
		}
		i := slices.IndexFunc(list, func(s customer.Subscription) bool { return s.ID == in.Subscription })
		if i < 0 {
			return fact{}, fault.New(fault.NotFound, "not_found")
		}
		was := list[i]
		now := was
		patch(&now.Reference, in.Reference)
		patch(&now.Product, in.Product)
		patch(&now.Plan, in.Plan)
		patch(&now.Amount, in.Amount)
		patch(&now.Interval, in.Interval)
		patch(&now.Start, in.Start)
		patch(&now.PaidUntil, in.PaidUntil)
		patch(&now.TermEnd, in.TermEnd)
		patch(&now.RenewsOn, in.RenewsOn)
		patch(&now.LockIn, in.LockIn)
		patch(&now.Notice, in.NoticeDays)
		patch(&now.NotRenewed, in.NotRenewed)
		patch(&now.Status, in.Status)
		patch(&now.Engagement.Billed, in.Billed)
		in.Terms.to(&now.Terms)
		if l := now.Tidy(); len(l) > 0 {
			return fact{}, l
		}
		if now == was {
			return fact{}, nil
		}
		if now.Reference != was.Reference {
			if other, err := am.tx.SubscriptionsByReference(ctx, now.Reference); err != nil {
				return fact{}, err
			} else if len(other) > 0 {
				return fact{}, taken(ctx, am.tx, other[0].Customer, "subscription.taken", "reference", now.Reference)
			}
		}
		if now.Status != was.Status {
			if err := am.notLeaving(ctx, was.ID); err != nil {
				return fact{}, err
			}
		}
		if err := a.watchTerms(ctx, am.tx, now); err != nil {
			return fact{}, err
		}
		return fact{typ: "subscription.changed", args: map[string]any{"reference": now.Reference, "changed": differences(was, now)}},
			am.tx.SaveSubscription(ctx, now, was.Status)
	})
	return err
}

func differences(was, now customer.Subscription) changes {
	ch := changes{}
	differ(ch, "reference", was.Reference, now.Reference)
	differ(ch, "product", was.Product, now.Product)
	differ(ch, "plan", was.Plan, now.Plan)
	differ(ch, "amount", was.Amount.String(), now.Amount.String())
	differ(ch, "interval", was.Interval, now.Interval)
	differ(ch, "start", was.Start, now.Start)
	differ(ch, "paid_until", was.PaidUntil, now.PaidUntil)
	differ(ch, "term_end", was.TermEnd, now.TermEnd)
	differ(ch, "renews_on", was.RenewsOn, now.RenewsOn)
	differ(ch, "lock_in_until", was.LockIn, now.LockIn)
	differ(ch, "notice_days", was.Notice, now.Notice)
	differ(ch, "not_renewed", was.NotRenewed, now.NotRenewed)
	differ(ch, "status", was.Status, now.Status)
	differ(ch, "billed", was.Engagement.Billed, now.Engagement.Billed)
	differTerms(ch, was, now)
	return ch
}

// differTerms notes what changed in the terms of a contract.
func differTerms(ch changes, was, now customer.Subscription) {
	had, has := was.Terms, now.Terms
	sum := func(s customer.Subscription, minor int64) string {
		if minor == 0 {
			return ""
		}
		return money.Amount{Minor: minor, Currency: s.Amount.Currency}.String()
	}
	differ(ch, "tax_percent", customer.Percent(had.Tax.Rate), customer.Percent(has.Tax.Rate))
	differ(ch, "tax_on_top", had.Tax.OnTop, has.Tax.OnTop)
	differ(ch, "trial_until", had.Trial, has.Trial)
	differ(ch, "exit_fee", had.ExitFee.Kind, has.ExitFee.Kind)
	differ(ch, "exit_fee_for", had.ExitFee.For, has.ExitFee.For)
	differ(ch, "exit_fee_from", had.ExitFee.From, has.ExitFee.From)
	differ(ch, "exit_fee_amount", sum(was, had.ExitFee.Sum), sum(now, has.ExitFee.Sum))
	differ(ch, "exit_fee_percent", had.ExitFee.Percent, has.ExitFee.Percent)
	differ(ch, "benefit_amount", sum(was, had.ExitFee.Given), sum(now, has.ExitFee.Given))
	differ(ch, "minimum_until", had.Minimum, has.Minimum)
	differ(ch, "later_prices", customer.PricesText(had.Prices, was.Amount.Currency), customer.PricesText(has.Prices, now.Amount.Currency))
	differ(ch, "tells_users", had.TellsUsers, has.TellsUsers)
}

// notLeaving refuses where a case that is not over is about the subscription.
func (am *amending) notLeaving(ctx context.Context, sub customer.SubscriptionID) error {
	open, err := openCases(ctx, am.tx, am.ID)
	if err != nil {
		return err
	}
	for _, c := range open {
		if slices.Contains(c.Subscriptions, sub) {
			return fault.New(fault.Blocked, "subscription.leaving", "code", c.Code).On("status")
		}
	}
	return nil
}
