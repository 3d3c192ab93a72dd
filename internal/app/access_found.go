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
// closed and lets in again is found, too. The same list again changes nothing.
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
			case here[at].Status == customer.Revoked:
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

// orphansDecided lets the steps look again that wait for what was decided about
// the system's accesses, once nothing there is undecided.
func (a *App) orphansDecided(ctx context.Context, tx Tx, by Actor, g customer.Grant) error {
	all, err := tx.GrantsOf(ctx, g.Customer)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.System == g.System && x.Status == customer.Orphan && x.ID != g.ID {
			return nil
		}
	}
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
			if w.System != g.System || w.State != offboarding.WorkFailed || w.LastError != orphans {
				continue
			}
			if err := a.resumeListing(ctx, tx, by, w); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *App) resumeListing(ctx context.Context, tx Tx, by Actor, w offboarding.Work) error {
	p, err := tx.FindPlan(ctx, w.Case)
	if err != nil {
		return err
	}
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
	return a.follow(ctx, tx, &p, []offboarding.Work{w})
}
