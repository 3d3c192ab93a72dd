package stripesystem

import (
	"context"
	"slices"
	"time"

	stripe "github.com/stripe/stripe-go/v85"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

// told are the fields of a subscription that are evidence. What the customer
// wrote is none of them.
var told = []string{
	"id", "status", "cancel_at", "cancel_at_period_end", "canceled_at", "ended_at", "cancellation_details.reason", "cancellation_details.feedback",
	"pause_collection.behavior", "pause_collection.resumes_at", "schedule",
}

// look reads the subscription as it is now. The answer is evidence, also beside
// an error.
func (s *System) look(ctx context.Context, op, reference string) (*stripe.Subscription, httpcall.Answer, error) {
	if err := s.usable(op, reference); err != nil {
		return nil, httpcall.Answer{}, err
	}
	ctx, one := follow(ctx, false)
	sub, unread := s.lib().V1Subscriptions.Retrieve(ctx, reference, &stripe.SubscriptionRetrieveParams{Expand: []*string{stripe.String("discounts")}})
	return sub, one.ans, s.outcome(op, one, unread, "subscription", reference)
}

// over reports whether nothing will ever be charged again.
func over(sub *stripe.Subscription) bool {
	return sub.Status == stripe.SubscriptionStatusCanceled || sub.Status == stripe.SubscriptionStatusIncompleteExpired
}

// endsAt is when it will end, as it stands. Portals of Stripe leave
// cancel_at_period_end false and say the date; older ones do the opposite.
func endsAt(sub *stripe.Subscription) time.Time {
	switch {
	case sub.CancelAt != 0:
		return instant(sub.CancelAt)
	case sub.CancelAtPeriodEnd:
		return paidTo(sub)
	}
	return time.Time{}
}

// paidTo is when its period is over.
func paidTo(sub *stripe.Subscription) time.Time {
	var last int64
	if sub.Items != nil {
		for _, item := range sub.Items.Data {
			last = max(last, item.CurrentPeriodEnd)
		}
	}
	return instant(last)
}

// instant is a moment of Stripe: seconds since 1970, 0 for none.
func instant(second int64) time.Time {
	if second == 0 {
		return time.Time{}
	}
	return time.Unix(second, 0).UTC()
}

// ReadSubscription asks for the subscription as it is now.
func (s *System) ReadSubscription(ctx context.Context, reference string) (connector.SubscriptionState, error) {
	state := connector.SubscriptionState{Location: "GET /v1/subscriptions/" + reference, ReadAt: s.Clock.Now()}
	sub, ans, err := s.look(ctx, "stripesystem.ReadSubscription", reference)
	if ans.Status != 0 {
		state.Answer = ans.Evidence(told...)
	}
	if err != nil {
		return state, err
	}
	state.Found, state.Status, state.Ended, state.EndsAt, state.PaidTo = true, string(sub.Status), over(sub), endsAt(sub), paidTo(sub)
	if p := sub.PauseCollection; p != nil && p.Behavior != "" {
		state.Paused, state.Until = true, instant(p.ResumesAt)
	}
	for _, d := range sub.Discounts {
		if c := coupon(d); c != "" {
			state.Coupons = append(state.Coupons, c)
		}
	}
	if d := sub.CancellationDetails; d != nil {
		state.Reason = connector.StatedReason{Code: string(d.Feedback), Comment: d.Comment, Cause: string(d.Reason)}
	}
	return state, nil
}

func coupon(d *stripe.Discount) string {
	if d == nil || d.Source == nil || d.Source.Coupon == nil {
		return ""
	}
	return d.Source.Coupon.ID
}

// CancelSubscription ends the subscription now, on a date or with its period, and
// credits and bills as the declaration says. Where what is not used is given back
// otherwise, it credits nothing: the customer would have it twice.
func (s *System) CancelSubscription(ctx context.Context, in connector.CancelInput) (connector.Receipt, error) {
	how := connector.EndNow
	switch {
	case in.Period:
		how = connector.EndOfPeriod
	case !in.EndsAt.IsZero():
		how = connector.EndOnDate
	}
	return s.EndSubscription(ctx, connector.EndInput{
		Reference: in.Reference, How: how, EndsAt: in.EndsAt, Prorate: s.cfg.Prorate && !in.NoCredit, Bill: s.cfg.InvoiceNow, Reason: in.Reason, Key: in.Key,
	})
}

// feedback are the reasons that Stripe has words for.
var feedback = []stripe.SubscriptionCancellationDetailsFeedback{
	stripe.SubscriptionCancellationDetailsFeedbackCustomerService, stripe.SubscriptionCancellationDetailsFeedbackLowQuality,
	stripe.SubscriptionCancellationDetailsFeedbackMissingFeatures, stripe.SubscriptionCancellationDetailsFeedbackOther,
	stripe.SubscriptionCancellationDetailsFeedbackSwitchedService, stripe.SubscriptionCancellationDetailsFeedbackTooComplex,
	stripe.SubscriptionCancellationDetailsFeedbackTooExpensive, stripe.SubscriptionCancellationDetailsFeedbackUnused,
}

// reasons are the stated reason as Stripe takes it: a code that it has no word
// for is "other".
func reasons(r connector.StatedReason) (code, comment *string) {
	if r.Code != "" {
		word := stripe.SubscriptionCancellationDetailsFeedback(r.Code)
		if !slices.Contains(feedback, word) {
			word = stripe.SubscriptionCancellationDetailsFeedbackOther
		}
		code = stripe.String(string(word))
	}
	if r.Comment != "" {
		comment = stripe.String(r.Comment)
	}
	return code, comment
}

// EndSubscription looks, and asks once for the end unless it is there already.
func (s *System) EndSubscription(ctx context.Context, in connector.EndInput) (connector.Receipt, error) {
	const op = "stripesystem.EndSubscription"
	sub, ans, err := s.look(ctx, op, in.Reference)
	if err != nil {
		return connector.Receipt{}, err
	}
	code, comment := reasons(in.Reason)
	said := code != nil || comment != nil
	ends := endsAt(sub)
	switch {
	case over(sub),
		!said && in.How == connector.EndOfPeriod && !ends.IsZero() && ends.Equal(paidTo(sub)),
		!said && in.How == connector.EndOnDate && ends.Unix() == in.EndsAt.Unix():
		return s.receipt("", ans.Evidence(told...)), nil
	case in.How == connector.EndNow:
		return s.cancel(ctx, op, in, code, comment)
	}
	if err := s.unscheduled(op, sub); err != nil {
		return connector.Receipt{}, err
	}
	p := &stripe.SubscriptionUpdateParams{}
	switch in.How {
	case connector.EndOfPeriod:
		p.CancelAtPeriodEnd = stripe.Bool(true)
	case connector.EndOnDate:
		p.CancelAt = stripe.Int64(in.EndsAt.Unix())
		p.ProrationBehavior = stripe.String("none")
		if in.Prorate {
			p.ProrationBehavior = stripe.String("create_prorations")
		}
	default:
		return connector.Receipt{}, s.Say(fault.Invalid, "connector.refused", 0).At(op, nil)
	}
	if said {
		p.CancellationDetails = &stripe.SubscriptionUpdateCancellationDetailsParams{Feedback: code, Comment: comment}
	}
	return s.update(ctx, op, in.Reference, in.Key, p)
}

// StateReason says why a subscription ends, or has ended: of one that is over
// Stripe lets nothing else be changed. Where it has that reason nothing is asked.
func (s *System) StateReason(ctx context.Context, in connector.ReasonInput) (connector.Receipt, error) {
	const op = "stripesystem.StateReason"
	sub, ans, err := s.look(ctx, op, in.Reference)
	if err != nil {
		return connector.Receipt{}, err
	}
	code, comment := reasons(in.Reason)
	d := sub.CancellationDetails
	if code == nil && comment == nil || d != nil && (code == nil || string(d.Feedback) == *code) && (comment == nil || d.Comment == *comment) {
		return s.receipt("", ans.Evidence(told...)), nil
	}
	return s.update(ctx, op, in.Reference, in.Key, &stripe.SubscriptionUpdateParams{
		CancellationDetails: &stripe.SubscriptionUpdateCancellationDetailsParams{Feedback: code, Comment: comment},
	})
}

// cancel ends it now.
func (s *System) cancel(ctx context.Context, op string, in connector.EndInput, code, comment *string) (connector.Receipt, error) {
	p := &stripe.SubscriptionCancelParams{InvoiceNow: stripe.Bool(in.Bill), Prorate: stripe.Bool(in.Prorate)}
	if code != nil || comment != nil {
		p.CancellationDetails = &stripe.SubscriptionCancelCancellationDetailsParams{Feedback: code, Comment: comment}
	}
	ctx, one := follow(ctx, true)
	_, unread := s.lib().V1Subscriptions.Cancel(ctx, in.Reference, p)
	if err := s.outcome(op, one, unread, "subscription", in.Reference); err != nil {
		return connector.Receipt{}, err
	}
	return s.receipt("", one.ans.Evidence(told...)), nil
}

// unscheduled refuses what Stripe would refuse: the end of a subscription that a
// schedule governs is the schedule's, and whoever made it must let it go.
func (s *System) unscheduled(op string, sub *stripe.Subscription) error {
	if sub.Schedule != nil && sub.Schedule.ID != "" {
		return fault.New(fault.Invalid, "connector.scheduled", "system", s.cfg.System).At(op, nil)
	}
	return nil
}

// update asks once for a state of the subscription.
func (s *System) update(ctx context.Context, op, reference, key string, p *stripe.SubscriptionUpdateParams) (connector.Receipt, error) {
	ctx, one := follow(ctx, true)
	p.IdempotencyKey = stripe.String(key)
	_, unread := s.lib().V1Subscriptions.Update(ctx, reference, p)
	if one.failed == nil && one.ans.Replayed && one.ans.Status >= 500 {
		// For a day Stripe answers a key with what it answered first, a failure of
		// its own too. That call is over and had no effect: we have just looked.
		// What is asked for is a state, so asking anew cannot do it twice.
		p.IdempotencyKey = stripe.String(key + ".anew")
		_, unread = s.lib().V1Subscriptions.Update(ctx, reference, p)
	}
	if err := s.outcome(op, one, unread, "subscription", reference); err != nil {
		return connector.Receipt{}, err
	}
	return s.receipt("", one.ans.Evidence(told...)), nil
}

// ResumeSubscription takes an end back that has not come. One that has is
// Invalid, connector.cannot_resume: at Stripe a new subscription is made.
func (s *System) ResumeSubscription(ctx context.Context, in connector.ResumeInput) (connector.Receipt, error) {
	const op = "stripesystem.ResumeSubscription"
	sub, _, err := s.look(ctx, op, in.Reference)
	switch {
	case err != nil:
		return connector.Receipt{}, err
	case over(sub):
		return connector.Receipt{}, s.Say(fault.Invalid, "connector.cannot_resume", 0).At(op, nil)
	}
	if err := s.unscheduled(op, sub); err != nil {
		return connector.Receipt{}, err
	}
	p := &stripe.SubscriptionUpdateParams{}
	if sub.CancelAtPeriodEnd {
		p.CancelAtPeriodEnd = stripe.Bool(false)
	} else {
		p.AddUnsetField(stripe.SubscriptionUpdateParamsUnsetFieldCancelAt)
	}
	return s.update(ctx, op, in.Reference, in.Key, p)
}

// PauseBilling charges nothing until then; what becomes of invoices meanwhile
// the declaration says.
func (s *System) PauseBilling(ctx context.Context, in connector.PauseInput) (connector.Receipt, error) {
	const op = "stripesystem.PauseBilling"
	if _, _, err := s.look(ctx, op, in.Reference); err != nil {
		return connector.Receipt{}, err
	}
	pause := &stripe.SubscriptionUpdatePauseCollectionParams{Behavior: stripe.String(s.cfg.Pause)}
	if !in.Until.IsZero() {
		pause.ResumesAt = stripe.Int64(in.Until.Unix())
	}
	return s.update(ctx, op, in.Reference, in.Key, &stripe.SubscriptionUpdateParams{PauseCollection: pause})
}

// ContinueBilling charges again.
func (s *System) ContinueBilling(ctx context.Context, in connector.ResumeInput) (connector.Receipt, error) {
	const op = "stripesystem.ContinueBilling"
	if _, _, err := s.look(ctx, op, in.Reference); err != nil {
		return connector.Receipt{}, err
	}
	p := &stripe.SubscriptionUpdateParams{}
	p.AddUnsetField(stripe.SubscriptionUpdateParamsUnsetFieldPauseCollection)
	return s.update(ctx, op, in.Reference, in.Key, p)
}

// ApplyCoupon adds a discount to those that the subscription has.
func (s *System) ApplyCoupon(ctx context.Context, in connector.CouponInput) (connector.Receipt, error) {
	return s.discounts(ctx, "stripesystem.ApplyCoupon", in, true)
}

// RemoveCoupon takes a discount away, and leaves the others.
func (s *System) RemoveCoupon(ctx context.Context, in connector.CouponInput) (connector.Receipt, error) {
	return s.discounts(ctx, "stripesystem.RemoveCoupon", in, false)
}

// discounts sets the whole list, as Stripe wants it: what is not named is gone.
func (s *System) discounts(ctx context.Context, op string, in connector.CouponInput, want bool) (connector.Receipt, error) {
	sub, ans, err := s.look(ctx, op, in.Reference)
	if err != nil {
		return connector.Receipt{}, err
	}
	p := &stripe.SubscriptionUpdateParams{}
	for _, d := range sub.Discounts {
		switch has := coupon(d) == in.Coupon; {
		case has && want: // once more would begin its months anew
			return s.receipt(d.ID, ans.Evidence(told...)), nil
		case !has:
			p.Discounts = append(p.Discounts, &stripe.SubscriptionUpdateDiscountParams{Discount: stripe.String(d.ID)})
		}
	}
	if want {
		p.Discounts = append(p.Discounts, &stripe.SubscriptionUpdateDiscountParams{Coupon: stripe.String(in.Coupon)})
	}
	if len(p.Discounts) == 0 {
		p.AddUnsetField(stripe.SubscriptionUpdateParamsUnsetFieldDiscounts)
	}
	return s.update(ctx, op, in.Reference, in.Key, p)
}
