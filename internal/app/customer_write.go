package app

import (
	"context"
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/ingest"
)

// write stores what became of the rows. Whoever was faster since the look is
// fault.Conflict (case.changed_meanwhile), and then nothing is stored.
func (k *known) write(ctx context.Context, tx Tx) error {
	// Whoever was erased since the look is not brought back on the strength of it.
	if n, err := tx.AwaitErasing(ctx); err != nil {
		return err
	} else if n != k.erasures {
		return changedMeanwhile("app.write")
	}
	var customers []FoundCustomer
	var contacts []customer.Contact
	var external []customer.ExternalID
	var assets []customer.Asset
	var promised []customer.Deliverable
	var segments []string
	for _, e := range sortedByID(k.byID) {
		if e.state != same {
			e.Words = customer.Found(e.Customer, nowOf(e.contacts), e.external)
			if e.Segment != "" && !slices.Contains(segments, e.Segment) {
				segments = append(segments, e.Segment)
			}
		}
		switch e.state {
		case fresh:
			if e.CreatedAt.IsZero() {
				e.CreatedAt = tx.Now()
			}
			customers = append(customers, e.FoundCustomer)
		case different:
			if err := tx.SaveCustomer(ctx, &e.FoundCustomer); err != nil {
				return err
			}
		}
		external = append(external, e.external[len(e.external)-e.fresh:]...)
		for _, c := range e.contacts {
			switch c.state {
			case fresh:
				contacts = append(contacts, c.now)
			case different:
				if err := tx.SaveContact(ctx, c.now); err != nil {
					return err
				}
			}
		}
		for _, d := range e.promised {
			switch d.state {
			case fresh:
				promised = append(promised, d.now)
			case different:
				if err := tx.SaveDeliverable(ctx, d.now); err != nil {
					return err
				}
			}
		}
		for _, a := range e.assets {
			switch a.state {
			case fresh:
				assets = append(assets, a.now)
			case different:
				if err := tx.SaveAsset(ctx, a.now); err != nil {
					return err
				}
			}
		}
	}
	subs, err := saved(k.subs, func(s *kept[customer.Subscription]) error { return tx.SaveSubscription(ctx, s.now, s.was.Status) })
	if err != nil {
		return err
	}
	grants, err := saved(k.grants, func(g *kept[customer.Grant]) error { return tx.SaveGrant(ctx, g.now, g.was.Status) })
	if err != nil {
		return err
	}
	balances, err := saved(k.balances, func(b *kept[customer.Balance]) error { return tx.SaveBalance(ctx, b.now, b.was.Status) })
	if err != nil {
		return err
	}
	over := map[customer.ID]bool{} // whether all that is not open any more was paid
	for _, b := range k.balances {
		if b.state != different || b.was.Status != customer.Due || b.now.Status == customer.Due {
			continue
		}
		paid, more := over[b.now.Customer]
		over[b.now.Customer] = (paid || !more) && b.now.Status == customer.Paid
	}
	for _, c := range slices.Sorted(maps.Keys(over)) {
		if err := k.settled(ctx, tx, c, over[c]); err != nil {
			return err
		}
	}
	for _, s := range k.subs {
		if s.state != same {
			if err := k.watch(ctx, tx, s.now); err != nil {
				return err
			}
		}
	}
	slices.Sort(segments)
	if err := tx.NoteSegments(ctx, segments...); err != nil {
		return err
	}
	want := []int{len(customers), len(contacts), len(external), len(subs), len(promised), len(grants), len(assets), len(balances)}
	for i, insert := range []func() (int, error){
		func() (int, error) { return tx.InsertCustomers(ctx, customers...) },
		func() (int, error) { return tx.InsertContacts(ctx, contacts...) },
		func() (int, error) { return tx.InsertExternalIDs(ctx, external...) },
		func() (int, error) { return tx.InsertSubscriptions(ctx, subs...) },
		func() (int, error) { return tx.InsertDeliverables(ctx, promised...) },
		func() (int, error) { return tx.InsertGrants(ctx, grants...) },
		func() (int, error) { return tx.InsertAssets(ctx, assets...) },
		func() (int, error) { return tx.InsertBalances(ctx, balances...) },
	} {
		if stored, err := insert(); err != nil {
			return err
		} else if stored != want[i] {
			return changedMeanwhile("app.write")
		}
	}
	if err := k.renewedSince(ctx, tx); err != nil {
		return err
	}
	if err := k.entrustedSince(ctx, tx); err != nil {
		return err
	}
	return k.owedSince(ctx, tx, balances)
}

// renewedSince has what is renewed of those who are leaving told in its time.
func (k *known) renewedSince(ctx context.Context, tx Tx) error {
	var renew []customer.ID
	for _, e := range k.byID {
		if slices.ContainsFunc(e.assets, func(x *kept[customer.Asset]) bool { return x.state != same && !x.now.RenewsOn.IsZero() }) {
			renew = append(renew, e.ID)
		}
	}
	return eachLeaving(ctx, tx, renew, func(c customer.ID) error { return k.renews(ctx, tx, c) })
}

// entrustedSince puts what is confidential, and new, of those who are leaving on the list of
// what is handed over.
func (k *known) entrustedSince(ctx context.Context, tx Tx) error {
	of := map[customer.ID][]customer.Asset{}
	for _, e := range k.byID {
		for _, x := range e.assets {
			if x.now.Kind == handover.Confidential && (x.state == fresh || x.state == different && x.was.Kind != x.now.Kind) {
				of[e.ID] = append(of[e.ID], x.now)
			}
		}
	}
	return eachLeaving(ctx, tx, slices.Collect(maps.Keys(of)), func(c customer.ID) error {
		for _, x := range of[c] {
			if err := k.joins(ctx, tx, "engine", x); err != nil {
				return err
			}
		}
		return nil
	})
}

// owedSince has somebody look after the new sums of those who are leaving.
func (k *known) owedSince(ctx context.Context, tx Tx, balances []customer.Balance) error {
	var owe []customer.ID
	for _, b := range balances {
		if b.Unpaid() {
			owe = append(owe, b.Customer)
		}
	}
	return eachLeaving(ctx, tx, owe, func(c customer.ID) error { return k.owes(ctx, tx, c, "engine") })
}

// eachLeaving runs fn on those of customers who are leaving, once each, in the order of
// their ids.
func eachLeaving(ctx context.Context, tx Tx, of []customer.ID, fn func(customer.ID) error) error {
	slices.Sort(of)
	leaving, err := tx.Leaving(ctx, slices.Compact(of)...)
	if err != nil {
		return err
	}
	slices.Sort(leaving)
	for _, c := range leaving {
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

func changedMeanwhile(op string) error {
	return fault.New(fault.Conflict, "case.changed_meanwhile").At(op, nil)
}

// sortedByID returns the customers in the order of their ids, in which all who
// write several of them do.
func sortedByID(m map[customer.ID]*entry) []*entry {
	out := make([]*entry, 0, len(m))
	for _, e := range m {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *entry) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

func nowOf[T any](list []*kept[T]) []T {
	out := make([]T, len(list))
	for i, x := range list {
		out[i] = x.now
	}
	return out
}

// saved saves what is different and returns what is fresh, both in the order
// of their names.
func saved[T any](m map[string]*kept[T], save func(*kept[T]) error) (list []T, err error) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		switch x := m[name]; x.state {
		case fresh:
			list = append(list, x.now)
		case different:
			if err := save(x); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// PutRows stores customers that somebody already checked, in one transaction;
// the same again changes nothing.
func (a *App) PutRows(ctx context.Context, rows []ingest.Row) error {
	return a.tx(ctx, func(tx Tx) error {
		k, err := a.look(ctx, tx, rows)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if _, refused := k.put(row); refused != nil {
				return refused
			}
		}
		return k.write(ctx, tx)
	})
}
