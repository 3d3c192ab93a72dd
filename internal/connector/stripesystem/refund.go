package stripesystem

import (
	"context"
	"strings"

	stripe "github.com/stripe/stripe-go/v85"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

// keyName is the name under which a refund keeps the key with which it was asked
// for. Stripe forgets idempotency keys after a day; this it keeps.
const keyName = "hasta_key"

// refunder gives payments back. It is a type of its own because money that was
// sent does not come back by undoing.
type refunder struct{ *System }

// Info describes refunds.
func (r refunder) Info() connector.Info {
	info := r.cfg.Info()
	info.Undo = connector.Final
	return info
}

// means is which of Stripe's two words for a payment a number is.
func means(payment string) (intent, charge *string) {
	if strings.HasPrefix(payment, "pi_") {
		return stripe.String(payment), nil
	}
	return nil, stripe.String(payment)
}

// evidence are the fields of a refund that are kept.
var evidence = []string{"id", "status", "amount", "currency", "created", "failure_reason"}

// ReadRefund reads all refunds of the payment and looks for the key.
func (r refunder) ReadRefund(ctx context.Context, q connector.RefundQuery) (connector.RefundState, error) {
	const op = "stripesystem.ReadRefund"
	state := connector.RefundState{ReadAt: r.Clock.Now()}
	if err := r.usable(op, q.Payment); err != nil {
		return state, err
	}
	intent, charge := means(q.Payment)
	refunds, hashes, cut, err := all(ctx, r.System, op, func(ctx context.Context) *stripe.V1List[*stripe.Refund] {
		return r.lib().V1Refunds.List(ctx, &stripe.RefundListParams{
			PaymentIntent: intent, Charge: charge, ListParams: stripe.ListParams{Limit: stripe.Int64(page)},
		})
	})
	if err != nil {
		return state, err
	}
	state.Answer = listed(len(refunds), hashes)
	found := 0 // of this key: more than one would be somebody else's doing
	for _, x := range refunds {
		if x.Metadata[keyName] == q.Key {
			found++
		}
	}
	for _, x := range refunds {
		if x.Metadata[keyName] != q.Key {
			continue
		}
		amount, err := fromStripe(x.Amount, x.Currency)
		if err != nil || x.ID == "" {
			return state, r.Say(fault.Transient, "connector.unreadable", 0).At(op, err)
		}
		state.Found, state.Reference, state.Status, state.Amount, state.Stage = true, x.ID, string(x.Status), amount, stage(x.Status)
		state.Answer = kept(map[string]any{"id": x.ID, "status": x.Status, "amount": x.Amount, "currency": x.Currency, "created": x.Created, "failure_reason": x.FailureReason, "found": found}, hashes)
		return state, nil
	}
	if cut { // it may stand among those that were not read
		return state, r.Say(fault.Invalid, "connector.not_all", 0).At(op, nil)
	}
	return state, nil
}

// stage of a refund by Stripe's word. A word that is not known yet is not taken
// for done.
func stage(s stripe.RefundStatus) connector.RefundStage {
	switch s {
	case stripe.RefundStatusSucceeded:
		return connector.RefundDone
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		return connector.RefundFailed
	default:
		return connector.RefundPending
	}
}

// Refund looks for a refund of the same key, and asks once where there is none.
// That the answer to an earlier call was lost makes no second one, however long
// ago it was. What is found with another amount is Invalid, connector.key_reused.
func (r refunder) Refund(ctx context.Context, in connector.RefundInput) (connector.Receipt, error) {
	const op = "stripesystem.Refund"
	before, err := r.ReadRefund(ctx, connector.RefundQuery{Payment: in.Payment, Key: in.Key})
	switch {
	case err != nil:
		return connector.Receipt{}, err
	case before.Found && before.Amount != in.Amount:
		return connector.Receipt{}, fault.New(fault.Invalid, "connector.key_reused", "system", r.cfg.System).At(op, nil)
	case before.Found:
		return r.receipt(before.Reference, before.Answer), nil
	}
	// Stripe takes a number and gives it back in the payment's currency.
	currency, err := r.currency(ctx, op, in.Payment)
	if err != nil {
		return connector.Receipt{}, err
	}
	units, err := r.toStripe(in.Amount)
	if err != nil {
		return connector.Receipt{}, err
	}
	if in.Amount.Minor <= 0 || !strings.EqualFold(string(currency), in.Amount.Currency) {
		return connector.Receipt{}, fault.New(fault.Invalid, "connector.amount", "system", r.cfg.System, "amount", in.Amount.String()).At(op, nil)
	}
	intent, charge := means(in.Payment)
	ctx, one := follow(ctx, true)
	_, unread := r.lib().V1Refunds.Create(ctx, &stripe.RefundCreateParams{
		PaymentIntent: intent, Charge: charge, Amount: stripe.Int64(units), Reason: stripe.String(string(stripe.RefundReasonRequestedByCustomer)),
		Metadata: map[string]string{keyName: in.Key}, Params: stripe.Params{IdempotencyKey: stripe.String(in.Key)},
	})
	if err := r.outcome(op, one, unread, "refund", ""); err != nil {
		return connector.Receipt{}, err
	}
	return r.receipt(one.ans.Text("id"), one.ans.Evidence(evidence...)), nil
}

// currency is the one of the payment.
func (r refunder) currency(ctx context.Context, op, payment string) (stripe.Currency, error) {
	p, _, err := r.payment(ctx, op, payment)
	return p.currency, err
}

// paid is what Stripe says of a payment.
type paid struct {
	currency         stripe.Currency
	amount, refunded int64 // in Stripe's units
	at               int64
}

// payment reads a payment by either of its numbers.
func (s *System) payment(ctx context.Context, op, reference string) (paid, httpcall.Answer, error) {
	if err := s.usable(op, reference); err != nil {
		return paid{}, httpcall.Answer{}, err
	}
	ctx, one := follow(ctx, false)
	if intent, _ := means(reference); intent == nil {
		c, unread := s.lib().V1Charges.Retrieve(ctx, reference, nil)
		if err := s.outcome(op, one, unread, "charge", reference); err != nil {
			return paid{}, one.ans, err
		}
		return paid{c.Currency, c.AmountCaptured, c.AmountRefunded, c.Created}, one.ans, nil
	}
	p, unread := s.lib().V1PaymentIntents.Retrieve(ctx, reference, &stripe.PaymentIntentRetrieveParams{Expand: []*string{stripe.String("latest_charge")}})
	if err := s.outcome(op, one, unread, "payment_intent", reference); err != nil {
		return paid{}, one.ans, err
	}
	out := paid{p.Currency, p.AmountReceived, 0, p.Created}
	if c := p.LatestCharge; c != nil {
		out.refunded, out.at = c.AmountRefunded, c.Created
	}
	return out, one.ans, nil
}
