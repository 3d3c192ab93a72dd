package connector

import (
	"context"
	"time"

	"hastaluego/internal/money"
)

// What a far system can tell of somebody who has left: that it charged them, and
// that they signed in. Both only read. Amounts are as in money.go.

// Charge is money that a billing system asked for, or took, for a subscription.
// What was called off, and what is in the customer's favour, is none.
type Charge struct {
	ID       string       // its number there: the same charge has the same one for ever
	Number   string       // as the customer has it; empty if there is none
	Amount   money.Amount // more than zero
	Refunded money.Amount // of Amount, given back already
	Taken    bool         // the money came in; otherwise it is asked for
	Payment  string       // what a RefundInput names; empty: nothing came in, or several payments did
	At       time.Time    // when it was issued
	From, To time.Time    // what it is for; zero: it does not say
}

// Charges is a billing system that tells what it charged for a subscription.
type Charges interface {
	Info() Info
	// ChargesSince lists what was issued for the subscription since the instant, in
	// any order. The list is whole, or an error. It changes nothing. A subscription
	// that is not known is NotFound; errors are otherwise those of reading.
	ChargesSince(ctx context.Context, reference string, since time.Time) ([]Charge, error)
}

// Charged names whom and what a charge is of, as the far system has it.
type Charged struct {
	Owner        string // number of whoever is charged; empty: it does not say
	Email        string // address of whoever is charged; it is compared and never kept
	Subscription string // empty: of none
}

// ChargedTo is a charge with whom it is of.
type ChargedTo struct {
	Charge
	Charged
}

// EveryCharge is a billing system that tells what it charged anybody at all, and so
// also those of whom we know nothing to ask with.
type EveryCharge interface {
	// EveryChargeSince lists what was issued since the instant, in any order, of those
	// that pick picks: it is asked about many at once, and answers for each. Nothing
	// is read of the others. The list is whole, or an error; an error of pick is
	// returned as it is. It changes nothing. Errors are otherwise those of reading.
	EveryChargeSince(ctx context.Context, since time.Time, pick func([]Charged) ([]bool, error)) ([]ChargedTo, error)
}

// SignIns is a system that tells when an access was last used to sign in.
type SignIns interface {
	// LastSignIn is when the account last got in; zero: never, or the system does
	// not say. An account that is not known never did: that is no error.
	LastSignIn(ctx context.Context, account string) (time.Time, error)
}
