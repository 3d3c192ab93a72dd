package httpsystem

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
)

// ledger is a system that declares how what is open with a customer is listed.
type ledger struct {
	*System
	is Ledger
}

var _ connector.Ledger = ledger{}

// ledgerRead is one ledger while it is read; the first error ends it.
type ledgerRead struct {
	ledger
	ctx    context.Context
	v      values
	state  connector.LedgerState
	hashes []string
}

const ledgerOp = "httpsystem.ReadLedger"

// ReadLedger lists the open invoices of a subscription, what waits for an invoice,
// and what the account has. What is not declared is none. Payments and a preview
// are never told. It reads the subscription first: a list that is filtered by a number
// is empty, and no error, where nobody knows the number.
func (l ledger) ReadLedger(ctx context.Context, in connector.LedgerInput) (connector.LedgerState, error) {
	r := &ledgerRead{ledger: l, ctx: ctx, v: l.values("reference", in.Reference), state: connector.LedgerState{ReadAt: l.Clock.Now()}}
	sub, err := billing{l.System, *l.cfg.Billing}.ReadSubscription(ctx, in.Reference)
	if err != nil {
		return r.state, err
	}
	r.state.Found = true
	for _, list := range []struct {
		of   *Sums
		each func(*httpcall.Answer, Sums) error
	}{{&l.is.Invoices, r.invoice}, {l.is.Unbilled, r.unbilled}, {l.is.Balances, r.balance}} {
		if list.of == nil {
			continue
		}
		if err := r.sums(*list.of, list.each); err != nil {
			return r.state, err
		}
	}
	slices.SortStableFunc(r.state.Open, func(x, y connector.Invoice) int { return x.IssuedAt.Compare(y.IssuedAt) })
	r.state.Answer, err = json.Marshal(map[string]any{
		"status": sub.Status, "open": len(r.state.Open), "unbilled": len(r.state.Unbilled), "balances": len(r.state.Credits), "body_sha256": r.hashes,
	})
	return r.state, fault.Wrap(ledgerOp, err)
}

// sums reads one list. What cannot be read is an error: a sum that is not
// understood is not taken for none.
func (r *ledgerRead) sums(of Sums, each func(*httpcall.Answer, Sums) error) error {
	if _, err := r.look(r.ctx, ledgerOp, of.List.Before, r.v); err != nil {
		return err
	}
	items, first, err := r.list(r.ctx, ledgerOp, of.List, r.v, []string{of.ID + of.Currency})
	if err != nil {
		return err
	}
	r.hashes = append(r.hashes, first.Hash)
	for _, item := range items {
		ans := httpcall.Answer{Body: item}
		if of.List.Where != nil && !of.List.Where.filled(r.v).holds(ans, false) {
			continue
		}
		if err := each(&ans, of); err != nil {
			return r.Say(fault.Transient, "connector.unreadable", first.Status).At(ledgerOp, err)
		}
	}
	return nil
}

func (r *ledgerRead) invoice(ans *httpcall.Answer, of Sums) (err error) {
	x := connector.Invoice{Reference: ans.Scalar(of.ID), Number: ans.Scalar(of.Number), PayAt: ans.Scalar(of.PayAt)}
	if !usable(x.Reference) {
		return fmt.Errorf("an invoice has no %s", of.ID)
	}
	if x.Total, x.Tax, err = r.amounts(ans, of); err != nil {
		return err
	}
	x.Due = x.Total
	if of.Due != "" {
		if x.Due, err = r.amount(ans.Scalar(of.Due), x.Total.Currency); err != nil {
			return err
		}
	}
	if err := instants(ans, map[string]*time.Time{of.At: &x.IssuedAt, of.DueAt: &x.DueAt, of.From: &x.From, of.To: &x.To}); err != nil {
		return err
	}
	if x.Due.Minor > 0 {
		r.state.Open = append(r.state.Open, x)
	}
	return nil
}

func (r *ledgerRead) unbilled(ans *httpcall.Answer, of Sums) (err error) {
	x := connector.LedgerLine{Reference: ans.Scalar(of.ID), Text: ans.Scalar(of.Text)}
	if !usable(x.Reference) {
		return fmt.Errorf("what is unbilled has no %s", of.ID)
	}
	if x.Amount, x.Tax, err = r.amounts(ans, of); err != nil {
		return err
	}
	x.Used = of.Used != nil && of.Used.filled(r.v).holds(*ans, false)
	r.state.Unbilled = append(r.state.Unbilled, x)
	return instants(ans, map[string]*time.Time{of.From: &r.state.Unbilled[len(r.state.Unbilled)-1].From, of.To: &r.state.Unbilled[len(r.state.Unbilled)-1].To})
}

func (r *ledgerRead) balance(ans *httpcall.Answer, of Sums) error {
	x, _, err := r.amounts(ans, of)
	if err != nil || x.Minor == 0 {
		return err
	}
	if of.Positive == PositiveOwes {
		x = x.Neg()
	}
	if account := ans.Scalar(of.Account); account != "" {
		r.state.Customer = account
	}
	r.state.Credits = append(r.state.Credits, x)
	return nil
}

// amounts are a sum with its tax, and that tax; without a currency nobody says it.
func (r *ledgerRead) amounts(ans *httpcall.Answer, of Sums) (whole, tax money.Amount, err error) {
	currency := strings.ToUpper(ans.Scalar(of.Currency))
	if whole, err = r.amount(ans.Scalar(of.Amount), currency); err != nil || of.Tax == "" {
		return whole, tax, err
	}
	tax, err = r.amount(ans.Scalar(of.Tax), currency)
	return whole, tax, err
}

func (r *ledgerRead) amount(text, currency string) (money.Amount, error) {
	if r.is.Units == UnitsMajor {
		return money.Parse(text, currency)
	}
	return money.ParseMinor(text, currency)
}

// instants reads those that are declared.
func instants(ans *httpcall.Answer, at map[string]*time.Time) (err error) {
	for path, into := range at {
		if path == "" {
			continue
		}
		if *into, err = instantAt(ans, path); err != nil {
			return err
		}
	}
	return nil
}
