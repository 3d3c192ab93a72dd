package connector

import (
	"context"
	"encoding/json"
	"time"

	"hastaluego/internal/money"
)

// What a billing system can do beside ending a subscription and taking that
// back, each a capability of its own. Amounts are minor units of ISO 4217 as
// internal/money has them (4.00 EUR is 400, 400 JPY is 400, 0.400 KWD is 400),
// in whatever units the far system counts: its connector converts without
// rounding, and what cannot be said in the far system's units is Invalid with
// code connector.amount. Errors are as Billing says.

// Ending is a way in which a subscription ends.
type Ending string

// The ways of ending.
const (
	EndNow      Ending = "now"
	EndOfPeriod Ending = "period" // when what is paid for is over
	EndOnDate   Ending = "date"
)

// StatedReason is why a subscription ends, in the far system's own words.
type StatedReason struct {
	Code    string // one of the far system's list: "too_expensive"; empty: nothing was chosen
	Comment string // what the customer wrote. It is never part of evidence: whoever keeps it seals it
	Cause   string // what ended it, as the far system has it: "cancellation_requested", "payment_failed"
}

// IsZero reports whether nothing was said.
func (r StatedReason) IsZero() bool { return r == StatedReason{} }

// EndInput asks for an end, with everything that can be said about it.
type EndInput struct {
	Reference string // number of the subscription at the far system
	How       Ending
	EndsAt    time.Time // for EndOnDate
	Prorate   bool      // what is paid for and not used is credited there
	Bill      bool      // for EndNow: what was used and not billed is billed at once
	Reason    StatedReason
	Key       string // stable over attempts
}

// Ender is a billing system that can be told how a subscription ends. What
// Billing.CancelSubscription does is one of these, as systems.yaml says.
type Ender interface {
	Info() Info
	EndSubscription(ctx context.Context, in EndInput) (Receipt, error)
}

// ReasonInput tells why a subscription ends.
type ReasonInput struct {
	Reference string
	Reason    StatedReason
	Key       string // stable over attempts
}

// Explainer is a billing system that can be told why a subscription ends after it
// was told that it does, also once it has. SubscriptionState.Reason says what came
// of it.
type Explainer interface {
	Info() Info
	// StateReason changes nothing but the reason, and asks for nothing where the
	// system has it already.
	StateReason(ctx context.Context, in ReasonInput) (Receipt, error)
}

// RefundQuery names a refund: a payment, and the key with which it was asked.
type RefundQuery struct {
	Payment string // number of the payment at the far system, as Payment.Reference has it
	Key     string
}

// RefundInput asks to give a payment back, or a part of it, by the means by
// which it was paid.
type RefundInput struct {
	Payment string
	Amount  money.Amount // more than zero, at most what is left of the payment
	Key     string       // stable over attempts; the far system keeps it with the refund
}

// RefundStage is how far a refund is.
type RefundStage string

// The stages of a refund.
const (
	RefundPending RefundStage = "pending" // accepted, on its way; or it waits for somebody
	RefundDone    RefundStage = "done"    // the far system says that the money was sent
	RefundFailed  RefundStage = "failed"  // the money came back, or the refund was called off: nothing was refunded
)

// RefundState is what the far system says of one refund.
type RefundState struct {
	Found     bool
	Stage     RefundStage
	Status    string // the far system's own word
	Reference string // its number there
	Amount    money.Amount
	Answer    json.RawMessage // cut to what is evidence
	ReadAt    time.Time       // business time
}

// Refunder is a system that gives payments back.
//
// Whoever refunds reads first, with the same key: ReadRefund finds a refund
// whose answer was lost, however long ago, and then it is not asked for again.
// A refund that failed is found too; another one needs another key.
type Refunder interface {
	Info() Info
	// ReadRefund looks at the payment for the refund of that key. None is no
	// error: Found is false. A payment that is not known is NotFound.
	ReadRefund(ctx context.Context, q RefundQuery) (RefundState, error)
	// Refund asks once, whatever was asked before: at most one refund comes of a
	// key while the far system remembers it (Info.KeyLife), and afterwards only
	// reading first keeps it one. Receipt.Reference is the number of the refund.
	// Invalid, connector.refused: it is more than is left, or cannot be given
	// back. Uncertain: read before anything else.
	Refund(ctx context.Context, in RefundInput) (Receipt, error)
}

// LedgerInput asks what stands between us and a customer for one subscription.
type LedgerInput struct {
	Reference string    // number of the subscription
	EndsAt    time.Time // for the preview: it ends then; zero: now
	Prorate   bool      // for the preview: what is paid for and not used is credited
	Brief     bool      // payments are not needed: fewer calls
}

// LedgerState is what the far system has in its books. Taxes are what it says.
type LedgerState struct {
	Found    bool
	Customer string          // its number for the customer
	Open     []Invoice       // issued and not paid, oldest first
	Unbilled []LedgerLine    // recorded, and on no invoice yet; negative: in the customer's favour
	Credits  []money.Amount  // one per currency: positive, the customer has it; negative, the customer owes it
	Credited []LedgerLine    // negative: what of Credits the system put there itself when a subscription of the customer ended
	BilledTo time.Time       // what it was billed for ends then; zero: it does not say
	Payments []Payment       // the newest first
	Preview  InvoicePreview  // what would still be billed if it ended at EndsAt
	Cut      bool            // there is more than was read: no statement may be made of this
	Answer   json.RawMessage // cut to what is evidence: counts and totals, without names and texts
	ReadAt   time.Time       // business time
}

// Invoice is a bill that was issued.
type Invoice struct {
	Reference string // its number in the interface of the far system
	Number    string // as the customer has it
	Status    string // the far system's own word
	Total     money.Amount
	Tax       money.Amount // of Total
	Due       money.Amount // still to be paid
	IssuedAt  time.Time
	DueAt     time.Time // zero: at once
	From, To  time.Time // what it is for; zero: for no span
	PayAt     string    // address at which it can be paid; empty if there is none
}

// LedgerLine is something that will be on a bill.
type LedgerLine struct {
	Reference string
	Of        string       // number of the subscription that it is of, where that is said
	Text      string       // as the far system words it, for the customer
	Amount    money.Amount // with its tax, as far as the far system says one
	Tax       money.Amount // of Amount; no currency: the far system does not say
	From, To  time.Time    // what it is for; zero: for no span
	Prorated  bool         // a part of something: credit for what is not used, or charge for what came between
	Used      bool         // it is use, counted as it came
}

// Payment is money that came in.
type Payment struct {
	Reference string // what a RefundInput names
	Invoice   string // Reference of the invoice that it paid
	Amount    money.Amount
	Refunded  money.Amount // of Amount, given back already
	At        time.Time
	From, To  time.Time // what it paid for; zero: for no span
}

// InvoicePreview is a bill that was not issued.
type InvoicePreview struct {
	Lines []LedgerLine
	Total money.Amount // with tax; negative: in the customer's favour
	Tax   money.Amount // of Total
	Due   money.Amount // after credits; never negative
}

// Ledger is a billing system whose books can be read for one customer. It
// changes nothing.
type Ledger interface {
	Info() Info
	// ReadLedger reads everything, or fails: half a ledger is no statement.
	ReadLedger(ctx context.Context, in LedgerInput) (LedgerState, error)
}

// PauseInput asks to charge nothing for a while.
type PauseInput struct {
	Reference string
	Until     time.Time // zero: until it is told to go on
	Key       string
}

// Pauser is a billing system that can stop charging for a while.
// SubscriptionState.Paused says what came of it.
type Pauser interface {
	Info() Info
	PauseBilling(ctx context.Context, in PauseInput) (Receipt, error)
	ContinueBilling(ctx context.Context, in ResumeInput) (Receipt, error)
}

// CouponInput names a discount that the far system knows.
type CouponInput struct {
	Reference string
	Coupon    string // its number at the far system
	Key       string
}

// Discounter is a billing system whose subscriptions can be given a discount,
// and have it taken away. Others that a subscription has stay.
// SubscriptionState.Coupons says what came of it.
type Discounter interface {
	Info() Info
	ApplyCoupon(ctx context.Context, in CouponInput) (Receipt, error)
	RemoveCoupon(ctx context.Context, in CouponInput) (Receipt, error)
}
