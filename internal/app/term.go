package app

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// TermKind is the kind of the jobs of the house that open the departure of a
// contract that ends with its term.
const TermKind = "term"

// termNotice is how many days before the end of its term a customer is told
// that a contract is not renewed, if the contract asks for no longer notice.
const termNotice = 30

// watchTerms puts on the queue the opening of the departures of contracts that
// are not renewed, once for each contract and term, and the telling of those that
// are.
func (a *App) watchTerms(ctx context.Context, tx Tx, subs ...customer.Subscription) error {
	if err := a.watchNotices(ctx, tx, subs...); err != nil {
		return err
	}
	for _, s := range subs {
		if !s.NotRenewed || s.Status != customer.Active {
			continue
		}
		at := s.TermEnd.AddDays(-max(termNotice, s.Notice)).Start(a.Company().Zone).Add(rating.hour)
		if at.Before(tx.Now()) {
			at = tx.Now()
		}
		if err := tx.InsertWork(ctx, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: TermKind, Item: string(s.Customer) + ":" + string(s.ID), System: house, Key: termKey(s),
			Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
		}); err != nil {
			return err
		}
	}
	return nil
}

func termKey(s customer.Subscription) string {
	return TermKind + ":" + string(s.ID) + ":" + s.TermEnd.String()
}

// RunTerm opens the departure of a contract whose term ends, unless what was
// agreed is another by now. While the customer has no address to be told at it
// looks again every day. It is the job "term".
func (a *App) RunTerm(ctx context.Context, w offboarding.Work) (r Result, err error) {
	cid, sid, _ := strings.Cut(w.Item, ":")
	err = a.tx(ctx, func(tx Tx) error {
		r = Result{Verdict: Accomplished}
		today := a.today(tx)
		cus, err := tx.FindCustomer(ctx, customer.ID(cid))
		if fault.KindOf(err) == fault.NotFound { // erased meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		same := func(s customer.Subscription) bool { // the contract and the term that the job is of
			return s.Status == customer.Active && termKey(s) == w.Key && !s.TermEnd.Before(today)
		}
		opened, why, err := a.endFor(ctx, tx, cus, toEnd{
			channel: offboarding.Term, by: "engine", takes: func(s customer.Subscription) bool { return s.NotRenewed && same(s) }, sendAt: tx.Now(),
			last: func(s customer.Subscription) when.Date { return s.TermEnd },
		})
		if err != nil || opened != "" {
			return err
		}
		if why != "customer.no_address" {
			// It was taken back that it is not renewed: until its term is over that may
			// be said once more.
			list, err := tx.SubscriptionsOf(ctx, cus.ID)
			if slices.ContainsFunc(list, func(s customer.Subscription) bool { return !s.NotRenewed && same(s) }) {
				r = Result{Verdict: Later, Again: a.next(rating, tx.Now())}
			}
			return err
		}
		r = Result{Verdict: Later, Again: a.next(rating, tx.Now()), Evidence: why}
		if w.Evidence == why { // told already
			return nil
		}
		return a.record(ctx, tx, fact{"term.passed", "engine", "", cid, map[string]any{"customer": cid, "subscription": sid, "why": why}})
	})
	return r, err
}
