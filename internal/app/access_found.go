package app

import (
	"context"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// orphans is the code of a step that waits until somebody has decided about the
// accesses that nobody had on the inventory.
const orphans = "access.orphans"

// OwnerAt is the name by which a system knows the customer: their number there
// or, where nobody wrote one down, their reference with us.
func (a *App) OwnerAt(ctx context.Context, c customer.ID, system string) (owner string, err error) {
	err = a.store.View(ctx, func(tx Tx) (err error) { owner, err = ownerAt(ctx, tx, c, system); return err })
	return owner, err
}

func ownerAt(ctx context.Context, tx Tx, c customer.ID, system string) (string, error) {
	known, err := tx.FindCustomer(ctx, c)
	if err != nil {
		return "", err
	}
	list, err := tx.ExternalIDsOf(ctx, c)
	if i := slices.IndexFunc(list, func(x customer.ExternalID) bool { return x.System == system }); i >= 0 {
		return list[i].Value, err
	}
	return known.Reference, err
}

// Listed compares what a system lists with the inventory of the customer. What
// lets in and is not there is put there as found, and a person is asked; what was
// closed and lets in again is found, too, unless a step that is not over has just closed
// it: a list may be older than that, and it is tried again later. The same list again
// changes nothing.
func (a *App) Listed(ctx context.Context, w offboarding.Work, list []connector.FoundAccess) (r Result, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, w.Case)
		if err != nil {
			return err
		}
		names := make([]customer.Grant, len(list))
		for i, f := range list {
			names[i] = customer.Grant{System: w.System, Account: f.Account}
		}
		here, err := tx.GrantsByName(ctx, names...)
		if err != nil {
			return err
		}
		closed, err := justClosed(ctx, tx, w.Case)
		if err != nil {
			return err
		}
		var seen step.Listing
		for i, f := range list {
			if !f.Open {
				seen.Closed++
				continue
			}
			seen.Listed++
			at := slices.IndexFunc(here, func(g customer.Grant) bool { return g.Account == f.Account })
			switch {
			case at < 0:
				err = a.foundGrant(ctx, tx, c, names[i], f.Kind)
			case here[at].Customer != c.Customer:
				seen.Elsewhere++
			case here[at].Status == customer.Revoked && !closed[here[at].ID]:
				now := here[at]
				now.Status = customer.Orphan
				if err = tx.SaveGrant(ctx, now, customer.Revoked); err == nil {
					err = a.record(ctx, tx, fact{"grant.found", "engine", string(c.ID), string(c.Customer), map[string]any{"name": now.Name(), "kind": now.Kind, "was": string(customer.Revoked)}})
				}
			}
			if err != nil {
				return err
			}
		}
		all, err := tx.GrantsOf(ctx, c.Customer)
		if err != nil {
			return err
		}
		for _, g := range all {
			if g.System == w.System && g.Status == customer.Orphan {
				seen.Orphans++
			}
		}
		seen.Known = seen.Listed - seen.Orphans - seen.Elsewhere
		evidence, err := seen.Evidence()
		if r = (Result{Verdict: Confirmed, Evidence: evidence}); seen.Orphans > 0 {
			r.Verdict, r.Code = Failed, orphans
		}
		return err
	})
	return r, err
}

// justClosed are the accesses that steps of the case closed which are not over.
func justClosed(ctx context.Context, tx Tx, c offboarding.CaseID) (map[customer.GrantID]bool, error) {
	p, err := tx.FindPlan(ctx, c)
	if err != nil {
		return nil, err
	}
	works, err := tx.WorksOf(ctx, c)
	closed := map[customer.GrantID]bool{}
	for _, w := range works {
		if s := stepOf(&p, w.Step); w.Kind == "revoke_access" && w.State == offboarding.WorkVerified && s != nil && !s.Over() {
			closed[customer.GrantID(w.Item)] = true
		}
	}
	return closed, err
}

func (a *App) foundGrant(ctx context.Context, tx Tx, c offboarding.Case, g customer.Grant, kind string) error {
	g.ID, g.Customer, g.Kind, g.Status = customer.GrantID(id.New("gra")), c.Customer, kind, customer.Orphan
	if !slices.Contains(customer.GrantKinds, kind) {
		g.Kind = "other"
	}
	if l := g.Tidy(); len(l) > 0 {
		return l
	}
	if _, err := tx.InsertGrants(ctx, g); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"grant.found", "engine", string(c.ID), string(c.Customer), map[string]any{"name": g.Name(), "kind": g.Kind, "was": ""}})
}

// GrantDecision says whether an access that a system listed is the customer's.
type GrantDecision struct {
	Customer customer.ID
	Grant    customer.GrantID
	Version  int64
	Theirs   bool   // it is closed with the others
	Why      string // required where it is not theirs
}

// DecideGrant decides about an access that nobody had on the inventory. With the
// last of a system, what waited for it goes on.
func (a *App) DecideGrant(ctx context.Context, by Actor, in GrantDecision) error {
	why, e := customer.CheckText("why", in.Why, 500, true)
	if e == nil && why == "" && !in.Theirs {
		e = fault.New(fault.Invalid, "field.required").On("why")
	}
	if e != nil {
		return refusedUnless(by, "customer", fault.List{e})
	}
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		g, err := am.grant(ctx, in.Grant)
		if err != nil {
			return fact{}, err
		}
		if g.Status != customer.Orphan {
			return fact{}, fault.New(fault.Blocked, "grant.decided", "name", g.Name())
		}
		f := fact{typ: "grant.taken_on", args: map[string]any{"name": g.Name(), "evidence": why}}
		if g.Status = customer.Granted; !in.Theirs {
			f.typ, g.Status = "grant.foreign", customer.Foreign
		}
		if err := am.tx.SaveGrant(ctx, g, customer.Orphan); err != nil {
			return fact{}, err
		}
		return f, a.orphansDecided(ctx, am.tx, by, g)
	})
	return err
}

// orphansDecided closes, with the others, an access that is theirs, and lets the steps
// look again that wait for what was decided about the system's accesses, once nothing
// there is undecided.
func (a *App) orphansDecided(ctx context.Context, tx Tx, by Actor, g customer.Grant) error {
	all, err := tx.GrantsOf(ctx, g.Customer)
	if err != nil {
		return err
	}
	undecided := slices.ContainsFunc(all, func(x customer.Grant) bool {
		return x.System == g.System && x.Status == customer.Orphan && x.ID != g.ID
	})
	cases, err := tx.CasesOf(ctx, g.Customer)
	if err != nil {
		return err
	}
	for _, c := range cases {
		if !c.State.Open() {
			continue
		}
		works, err := tx.WorksOf(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, w := range works {
			if w.System != g.System || !Undecided(w) {
				continue
			}
			p, err := tx.FindPlan(ctx, c.ID)
			if err != nil {
				return err
			}
			next := a.resumeListing
			if undecided {
				next = a.afterListing
			}
			if err := next(ctx, tx, by, &p, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// resumeListing asks a system once more which accesses there are.
func (a *App) resumeListing(ctx context.Context, tx Tx, by Actor, p *offboarding.Plan, w offboarding.Work) error {
	if err := w.To(offboarding.WorkReady); err != nil {
		return err
	}
	w.RunAt, w.RetryAt, w.Tries, w.LastError = tx.Now(), offboarding.Work{}.RetryAt, 0, ""
	if ok, err := tx.PutWork(ctx, w); err != nil || !ok {
		return orConflict(err)
	}
	f := a.workFact("work.resumed", w, map[string]any{"decision": "look", "evidence": ""})
	f.actor, f.subject = by.ID, string(p.Case.Customer)
	if err := a.record(ctx, tx, f); err != nil {
		return err
	}
	return a.follow(ctx, tx, p, []offboarding.Work{w})
}

// afterListing goes on with what comes after a listing that waits for other decisions.
func (a *App) afterListing(ctx context.Context, tx Tx, by Actor, p *offboarding.Plan, w offboarding.Work) error {
	s := stepOf(p, w.Step)
	if s == nil {
		return nil
	}
	if err := a.goOnAfter(ctx, tx, p, s.Key); err != nil {
		return err
	}
	return a.settle(ctx, tx, p, by.ID)
}
