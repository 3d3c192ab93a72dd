package app

import (
	"context"
	"encoding/json"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// restoring is the customer whose records are put back.
type restoring struct {
	a         *App
	tx        Tx
	dry       bool
	u         *Undoing
	c         customer.Customer
	contacts  []customer.Contact
	external  []customer.ExternalID
	grants    []customer.Grant
	assets    []customer.Asset
	balances  []customer.Balance
	promised  []customer.Deliverable
	reindexed bool // names, addresses or numbers were put back
}

// restore puts back what an import changed of one customer, where nobody changed
// it since, and says of the rest why it stays. While they leave, all stays: the
// departure stands on it.
func (a *App) restore(ctx context.Context, tx Tx, u *Undoing, changes []Change, dry bool) error {
	c, err := tx.FindCustomer(ctx, changes[0].Customer)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	} else if err != nil {
		return err
	}
	r := &restoring{a: a, tx: tx, dry: dry, u: u, c: c}
	cases, err := tx.CasesOf(ctx, c.ID)
	if err != nil {
		return err
	}
	leaving := slices.ContainsFunc(cases, func(x offboarding.Case) bool { return x.State.Open() })
	if err := r.read(ctx); err != nil {
		return err
	}
	for _, x := range changes {
		switch {
		case leaving && x.Kind != "reading":
			r.stays(x, x.ID, "case_")
			continue
		case x.Kind == "reading":
			err = r.readings(ctx, x)
		default:
			err = r.record(ctx, x)
		}
		if err != nil {
			return err
		}
	}
	if !r.reindexed || dry {
		return nil
	}
	return tx.SaveCustomer(ctx, &FoundCustomer{Customer: r.c, Words: customer.Found(r.c, r.contacts, r.external)})
}

func (r *restoring) read(ctx context.Context) (err error) {
	for _, read := range []func() error{
		func() error { r.contacts, err = r.tx.ContactsOf(ctx, r.c.ID); return err },
		func() error { r.external, err = r.tx.ExternalIDsOf(ctx, r.c.ID); return err },
		func() error { r.grants, err = r.tx.GrantsOf(ctx, r.c.ID); return err },
		func() error { r.assets, err = r.tx.AssetsOf(ctx, r.c.ID); return err },
		func() error { r.balances, err = r.tx.BalancesOf(ctx, r.c.ID); return err },
		func() error { r.promised, err = r.tx.DeliverablesOf(ctx, r.c.ID); return err },
	} {
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

func (r *restoring) stays(x Change, id string, why ...string) {
	r.u.Stay = append(r.u.Stay, Staying{Made: Made{Kind: x.Kind, ID: id}, Customer: r.c.ID, Name: r.c.Name, Reference: r.c.Reference, Why: why})
}

// back puts one record back, unless it is not any more as the import left it: then
// somebody else's change is in it, which is not to be lost.
func back[T any](ctx context.Context, r *restoring, x Change, now *T, save func(context.Context, T) error, drop func(context.Context) error) error {
	is := ""
	if now != nil {
		text, err := asText(*now)
		if err != nil {
			return err
		}
		is = text
	}
	if is != x.Now {
		if is != x.Was { // as it was before, all the same
			r.stays(x, x.ID, "changed")
		}
		return nil
	}
	r.u.Restored++
	if r.dry {
		return nil
	}
	if x.Was == "" {
		if err := drop(ctx); err != nil {
			return err
		}
	} else {
		var was T
		if err := json.Unmarshal([]byte(x.Was), &was); err != nil {
			return fault.Wrap("app.back "+x.Kind, err)
		}
		if err := save(ctx, was); err != nil {
			return err
		}
	}
	return r.tx.ForgetChange(ctx, x)
}

func find[T any](list []T, is func(T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return &list[i]
	}
	return nil
}

func (r *restoring) record(ctx context.Context, x Change) error {
	drop := func(ctx context.Context) error { return r.tx.DropPart(ctx, x.Kind, x.ID, r.c.ID) }
	switch x.Kind {
	case "customer":
		now := plain(r.c)
		return back(ctx, r, x, &now, func(_ context.Context, was customer.Customer) error {
			was.Version, was.CreatedAt, r.reindexed = r.c.Version, r.c.CreatedAt, true
			r.c = was
			return nil
		}, nil)
	case "contact":
		now := find(r.contacts, func(c customer.Contact) bool { return string(c.ID) == x.ID })
		return back(ctx, r, x, now, func(ctx context.Context, was customer.Contact) error {
			*now, r.reindexed = was, true
			return r.tx.SaveContact(ctx, was)
		}, func(ctx context.Context) error {
			id := now.ID
			r.contacts, r.reindexed = slices.DeleteFunc(r.contacts, func(c customer.Contact) bool { return c.ID == id }), true
			return r.tx.DeleteContact(ctx, id)
		})
	case "external":
		now := find(r.external, func(e customer.ExternalID) bool { return e.System+":"+e.Value == x.ID })
		return back(ctx, r, x, now, nil, func(ctx context.Context) error {
			gone := *now
			r.external, r.reindexed = slices.DeleteFunc(r.external, func(e customer.ExternalID) bool { return e == gone }), true
			return r.tx.DeleteExternalID(ctx, gone)
		})
	case "subscription":
		s, err := r.tx.FindSubscription(ctx, customer.SubscriptionID(x.ID))
		if fault.KindOf(err) == fault.NotFound {
			r.stays(x, x.ID, "changed")
			return nil
		} else if err != nil {
			return err
		}
		return back(ctx, r, x, &s, func(ctx context.Context, was customer.Subscription) error {
			if err := r.tx.SaveSubscription(ctx, was, s.Status); err != nil {
				return err
			}
			if err := r.tx.DropPast(ctx, s.ID, x.At, r.tx.Now()); err != nil { // what it was never called for
				return err
			}
			return r.a.watchTerms(ctx, r.tx, was)
		}, nil)
	case "deliverable":
		now := find(r.promised, func(d customer.Deliverable) bool { return string(d.ID) == x.ID })
		return back(ctx, r, x, now, r.tx.SaveDeliverable, drop)
	case "grant":
		now := find(r.grants, func(g customer.Grant) bool { return string(g.ID) == x.ID })
		if now != nil {
			*now = tidyGrant(*now)
		}
		return back(ctx, r, x, now, func(ctx context.Context, was customer.Grant) error { return r.tx.SaveGrant(ctx, was, now.Status) }, drop)
	case "asset":
		now := find(r.assets, func(a customer.Asset) bool { return string(a.ID) == x.ID })
		return back(ctx, r, x, now, r.tx.SaveAsset, drop)
	case "balance":
		now := find(r.balances, func(b customer.Balance) bool { return string(b.ID) == x.ID })
		return back(ctx, r, x, now, func(ctx context.Context, was customer.Balance) error { return r.tx.SaveBalance(ctx, was, now.Status) }, drop)
	}
	return fault.New(fault.Internal, "internal").At("app.restore "+x.Kind, nil)
}

// readings puts back those that are as the import left them.
func (r *restoring) readings(ctx context.Context, x Change) error {
	var list []readingChange
	if err := json.Unmarshal([]byte(x.Now), &list); err != nil {
		return fault.Wrap("app.readings", err)
	}
	places := make([]Reading, len(list))
	for i, l := range list {
		places[i] = Reading{Customer: r.c.ID, Metric: l.Metric, Day: l.Day}
	}
	there, err := r.tx.ReadingsAt(ctx, places...)
	if err != nil {
		return err
	}
	is := map[readingPlace]int64{}
	for _, t := range there {
		is[placeOf(t)] = t.Value
	}
	var put, drop []Reading
	for i, l := range list {
		v, known := is[placeOf(places[i])]
		switch {
		case !known || v != l.Now:
			r.stays(x, l.Metric+" "+l.Day.String(), "changed")
		case l.Was == nil:
			drop = append(drop, places[i])
		default:
			places[i].Value = *l.Was
			put = append(put, places[i])
		}
	}
	r.u.Restored += len(put) + len(drop)
	if r.dry {
		return nil
	}
	if len(put) > 0 {
		if err := r.tx.PutReadings(ctx, put...); err != nil {
			return err
		}
	}
	if len(drop) > 0 {
		if err := r.tx.DropReadings(ctx, drop...); err != nil {
			return err
		}
	}
	return r.tx.ForgetChange(ctx, x)
}
