package app

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Change is what an import did to a record of somebody who was there before: what
// it was, and what the import left. It goes when its customer is erased.
type Change struct {
	Import   ImportID
	Kind     string // customer, contact, external, subscription, deliverable, grant, asset, balance, reading
	ID       string // of the record; of a number elsewhere and of readings, what tells them apart
	Customer customer.ID
	At       time.Time
	Was, Now string // JSON; Was is empty where the import added it
}

// ChangeTx keeps them.
type ChangeTx interface {
	// PutChanges leaves alone what is known: what was before the import is what
	// stands there first.
	PutChanges(ctx context.Context, list ...Change) error
	ChangesBy(ctx context.Context, run ImportID) ([]Change, error) // by customer
	ChangesAbout(ctx context.Context, c customer.ID) ([]Change, error)
	ForgetChange(ctx context.Context, c Change) error
	// DropPart takes off a deliverable, a grant, an asset or a balance.
	DropPart(ctx context.Context, kind, id string, c customer.ID) error
	// DropPast forgets what a contract was until those instants.
	DropPast(ctx context.Context, s customer.SubscriptionID, at ...time.Time) error
	DropReadings(ctx context.Context, list ...Reading) error
	RecountNewest(ctx context.Context) error
}

// changes are what the rows change of customers who were there.
func (k *known) changes(run ImportID, at time.Time) (out []Change, err error) {
	add := func(kind, id string, of customer.ID, s state, was, now any) {
		if s == same || err != nil || k.byID[of] == nil || k.byID[of].state == fresh {
			return
		}
		c := Change{Import: run, Kind: kind, ID: id, Customer: of, At: at}
		if c.Now, err = asText(now); err == nil && s == different {
			c.Was, err = asText(was)
		}
		out = append(out, c)
	}
	for _, e := range sortedByID(k.byID) {
		if e.state == different && e.was != plain(e.Customer) {
			add("customer", string(e.ID), e.ID, different, e.was, plain(e.Customer))
		}
		for _, c := range e.contacts {
			add("contact", string(c.now.ID), e.ID, c.state, c.was, c.now)
		}
		for _, x := range e.external[len(e.external)-e.fresh:] {
			add("external", x.System+":"+x.Value, e.ID, fresh, nil, x)
		}
		for _, a := range e.assets {
			add("asset", string(a.now.ID), e.ID, a.state, a.was, a.now)
		}
		for _, d := range e.promised {
			add("deliverable", string(d.now.ID), e.ID, d.state, d.was, d.now)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.subs)) {
		if s := k.subs[name]; s.state == different { // a new one is among what the import made
			add("subscription", string(s.now.ID), s.now.Customer, s.state, s.was, s.now)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.grants)) {
		g := k.grants[name]
		add("grant", string(g.now.ID), g.now.Customer, g.state, tidyGrant(g.was), tidyGrant(g.now))
	}
	for _, name := range slices.Sorted(maps.Keys(k.balances)) {
		b := k.balances[name]
		add("balance", string(b.now.ID), b.now.Customer, b.state, b.was, b.now)
	}
	return out, err
}

// plain is a customer without what changes by itself.
func plain(c customer.Customer) customer.Customer {
	c.Version, c.CreatedAt = 0, time.Time{}
	return c
}

// tidyGrant lets nothing and an empty list be the same.
func tidyGrant(g customer.Grant) customer.Grant {
	if len(g.DependsOn) == 0 {
		g.DependsOn = nil
	}
	return g
}

func asText(v any) (string, error) {
	raw, err := json.Marshal(v)
	return string(raw), fault.Wrap("app.asText", err)
}

// readingChange is a reading as a change keeps it.
type readingChange struct {
	Metric string
	Day    when.Date
	Was    *int64 // nil: there was none
	Now    int64
}

// readingChanges are what a batch of readings changes, one for each customer.
func readingChanges(run ImportID, at time.Time, was map[readingPlace]int64, changed []Reading) (out []Change, err error) {
	for i := 0; i < len(changed); {
		j, list := i, []readingChange(nil)
		for ; j < len(changed) && changed[j].Customer == changed[i].Customer; j++ {
			r := readingChange{Metric: changed[j].Metric, Day: changed[j].Day, Now: changed[j].Value}
			if v, there := was[placeOf(changed[j])]; there {
				r.Was = &v
			}
			list = append(list, r)
		}
		c := Change{
			Import: run, Kind: "reading", ID: string(changed[i].Customer) + ":" + changed[i].Metric + ":" + changed[i].Day.String(),
			Customer: changed[i].Customer, At: at,
		}
		if c.Now, err = asText(list); err != nil {
			return nil, err
		}
		out, i = append(out, c), j
	}
	return out, nil
}
