package stripesystem

import (
	"context"
	"slices"
	"time"

	stripe "github.com/stripe/stripe-go/v85"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

var (
	_ connector.Charges     = (*System)(nil)
	_ connector.EveryCharge = (*System)(nil)
)

// ChargesSince lists the invoices of a subscription that were made since the
// instant: those that are asked for or paid, not drafts and not what was called
// off. It needs one call, and one more for each payment that came in.
func (s *System) ChargesSince(ctx context.Context, reference string, since time.Time) ([]connector.Charge, error) {
	const op = "stripesystem.ChargesSince"
	if err := s.usable(op, reference); err != nil {
		return nil, err
	}
	list, _, cut, err := all(ctx, s, op, func(ctx context.Context) *stripe.V1List[*stripe.Invoice] {
		return s.lib().V1Invoices.List(ctx, &stripe.InvoiceListParams{
			Subscription: stripe.String(reference), CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()},
			Expand: []*string{stripe.String("data.payments")}, ListParams: stripe.ListParams{Limit: stripe.Int64(page)},
		})
	})
	if err != nil {
		return nil, err
	}
	if cut {
		return nil, s.Say(fault.Invalid, "connector.not_all", 0).At(op, nil)
	}
	var out []connector.Charge
	for _, x := range list {
		if x.Status == stripe.InvoiceStatusDraft || x.Status == stripe.InvoiceStatusVoid || issued(x).Before(since) {
			continue
		}
		c, err := s.charge(ctx, op, x)
		if err != nil {
			return nil, err
		}
		if c.Amount.Minor > 0 {
			out = append(out, c)
		}
	}
	return out, nil
}

// window is for how long a time the invoices of everybody are listed at once: a
// list holds no more than most.
const window = 6 * time.Hour

// EveryChargeSince lists the invoices of everybody that were made since the
// instant. The payments of those that are not picked are not read.
func (s *System) EveryChargeSince(ctx context.Context, since time.Time, pick func([]connector.Charged) ([]bool, error)) ([]connector.ChargedTo, error) {
	const op = "stripesystem.EveryChargeSince"
	var out []connector.ChargedTo
	for from, last := since, false; !last; from = from.Add(window) {
		made := &stripe.RangeQueryParams{GreaterThanOrEqual: from.Unix(), LesserThan: from.Add(window).Unix()}
		if last = from.Add(window).After(s.Clock.Now()); last { // without an end: the clock there may be ahead of ours
			made.LesserThan = 0
		}
		list, _, cut, err := all(ctx, s, op, func(ctx context.Context) *stripe.V1List[*stripe.Invoice] {
			return s.lib().V1Invoices.List(ctx, &stripe.InvoiceListParams{
				CreatedRange: made, Expand: []*string{stripe.String("data.payments")}, ListParams: stripe.ListParams{Limit: stripe.Int64(page)},
			})
		})
		if err != nil {
			return nil, err
		}
		if cut {
			return nil, s.Say(fault.Invalid, "connector.not_all", 0).At(op, nil)
		}
		list = slices.DeleteFunc(list, func(x *stripe.Invoice) bool {
			return x.Status == stripe.InvoiceStatusDraft || x.Status == stripe.InvoiceStatusVoid
		})
		of := make([]connector.Charged, len(list))
		for i, x := range list {
			of[i] = charged(x)
		}
		picked, err := pick(of)
		if err != nil {
			return nil, err
		}
		for i, x := range list {
			if !picked[i] {
				continue
			}
			c, err := s.charge(ctx, op, x)
			if err != nil {
				return nil, err
			}
			if c.Amount.Minor > 0 {
				out = append(out, connector.ChargedTo{Charge: c, Charged: of[i]})
			}
		}
	}
	return out, nil
}

// charged is whom and what an invoice is of.
func charged(x *stripe.Invoice) (c connector.Charged) {
	c.Email = x.CustomerEmail
	if x.Customer != nil {
		c.Owner = x.Customer.ID
	}
	if p := x.Parent; p != nil && p.SubscriptionDetails != nil && p.SubscriptionDetails.Subscription != nil {
		c.Subscription = p.SubscriptionDetails.Subscription.ID
	}
	return c
}

// charge is an invoice as a charge. One that was paid is as much as came in; what
// was paid out of a credit of the customer's is as much as it says.
func (s *System) charge(ctx context.Context, op string, x *stripe.Invoice) (connector.Charge, error) {
	out := connector.Charge{ID: x.ID, Number: x.Number, Taken: x.Status == stripe.InvoiceStatusPaid, At: issued(x)}
	out.From, out.To = covered(x)
	asked, back := x.AmountRemaining, x.PostPaymentCreditNotesAmount
	if out.Taken {
		var came, returned int64
		if x.Payments != nil {
			for _, p := range x.Payments.Data {
				number := paidBy(p)
				if p.Status != "paid" || number == "" {
					continue
				}
				had, _, err := s.payment(ctx, op, number)
				if err != nil {
					return out, err
				}
				came, returned = came+p.AmountPaid, returned+had.refunded
				if out.Payment = number; came != p.AmountPaid { // several: which of them to give back is a person's to say
					out.Payment = ""
				}
			}
		}
		asked, back = x.Total, max(back, returned) // a credit note may be what the refund was made by
		if came > 0 {
			asked = came
		}
	}
	var err error
	if out.Amount, err = fromStripe(asked, x.Currency); err == nil {
		out.Refunded, err = fromStripe(back, x.Currency)
	}
	if err != nil {
		return out, s.Say(fault.Transient, "connector.unreadable", 0).At(op, err)
	}
	return out, nil
}
