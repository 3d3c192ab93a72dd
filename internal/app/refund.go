package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// refundKind is the kind of the works that give a sum back at a billing system.
const refundKind = "refund"

// mayHaveSent reports whether a work may have given money back of which nobody
// knows yet that it arrived, or that it came to nothing.
func mayHaveSent(w offboarding.Work) bool {
	if w.Kind != refundKind || w.State == offboarding.WorkFailed && w.LastError == step.RefundFailed {
		return false
	}
	switch w.State {
	case offboarding.WorkReady, offboarding.WorkRunning, offboarding.WorkUncertain, offboarding.WorkFailed:
		return !w.CallingAt.IsZero() || !w.DoneAt.IsZero() || len(w.Keys()) > 1
	default:
		return false
	}
}

// refundsSent are the sums of a customer that works of any of their departures may
// have given back, but for one work.
func refundsSent(ctx context.Context, tx Tx, id customer.ID, but offboarding.WorkID) (sent []customer.BalanceID, err error) {
	works, err := worksFor(ctx, tx, id)
	for _, w := range works {
		if w.ID != but && mayHaveSent(w) {
			sent = append(sent, customer.BalanceID(w.Item))
		}
	}
	return sent, err
}

// worksFor are the works of all departures of a customer.
func worksFor(ctx context.Context, tx Tx, id customer.ID) (all []offboarding.Work, err error) {
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		works, err := tx.WorksOf(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, works...)
	}
	return all, nil
}

// holdMoney keeps the departures of a customer to the end of the transaction:
// whoever pays a sum, makes it void or is about to send it does so one after the
// other.
func holdMoney(ctx context.Context, tx Tx, id customer.ID) error {
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return err
	}
	slices.SortFunc(cases, func(a, b offboarding.Case) int { return strings.Compare(string(a.ID), string(b.ID)) })
	for _, c := range cases {
		if err := tx.HoldCase(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// stillOwed reports whether the sum that a work is about to give back is owed, and
// no other work may have given it back. It holds to the end of the transaction.
func stillOwed(ctx context.Context, tx Tx, id customer.ID, w offboarding.Work) (bool, error) {
	if err := holdMoney(ctx, tx, id); err != nil {
		return false, err
	}
	list, err := tx.BalancesOf(ctx, id)
	if err != nil {
		return false, err
	}
	sent, err := refundsSent(ctx, tx, id, w.ID)
	bid := customer.BalanceID(w.Item)
	due := slices.ContainsFunc(list, func(b customer.Balance) bool { return b.ID == bid && b.Status == customer.Due })
	return due && !slices.Contains(sent, bid), err
}

// givenBack notes as paid what a work gave back. What was paid by a person or made
// void meanwhile stays as it is.
func (a *App) givenBack(ctx context.Context, tx Tx, p *offboarding.Plan, id customer.BalanceID) error {
	list, err := tx.BalancesOf(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(b customer.Balance) bool { return b.ID == id })
	if i < 0 || list[i].Status != customer.Due {
		return nil
	}
	if err := tx.SetBalanceStatus(ctx, id, customer.Paid); err != nil {
		return err
	}
	return a.strayPaid(ctx, tx, p, id, "engine")
}

// RefundProof is how it is known that a sum was given back, and once.
type RefundProof struct {
	Sum    money.Amount
	System string    // where it was read back
	Far    string    // number of the refund there; empty: it said none
	Key    string    // under which it was asked for, however often
	Found  int64     // refunds that stand there under the key; 0: it did not say how many
	Tries  int64     // times that it was taken up
	At     time.Time // when it was read back
}

// givenBackAt are the sums that were given back and read back, by step.
func givenBackAt(works []offboarding.Work, list []customer.Balance) map[offboarding.StepID][]RefundProof {
	out := map[offboarding.StepID][]RefundProof{}
	for _, w := range works {
		i := slices.IndexFunc(list, func(b customer.Balance) bool { return string(b.ID) == w.Item })
		if w.Kind != refundKind || w.State != offboarding.WorkVerified || w.FirstCall.IsZero() || i < 0 {
			continue
		}
		var said struct {
			Fields struct {
				ID    string `json:"id"`
				Found int64  `json:"found"`
			} `json:"fields"`
		}
		_ = json.Unmarshal([]byte(w.Evidence), &said) // what a system says otherwise names no number
		out[w.Step] = append(out[w.Step], RefundProof{list[i].Amount, w.System, said.Fields.ID, w.Key, said.Fields.Found, w.Attempt, w.VerifiedAt})
	}
	return out
}
