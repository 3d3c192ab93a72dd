package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/authority"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// OrderKind is the kind of the jobs that end an order after its last day; their
// item is its id.
const OrderKind = "order_over"

// SealedOrder is an order of an authority as it is stored: its words are in Body,
// sealed with the customer's key.
type SealedOrder struct {
	authority.Order
	KeyID string
	Body  []byte
}

// OrderTx keeps orders of authorities.
type OrderTx interface {
	// PutOrder stores a new one (Version 0) or, by Version, changes its state.
	PutOrder(ctx context.Context, o SealedOrder) error
	FindOrder(ctx context.Context, id authority.ID) (SealedOrder, error)
	// OrdersOf are those about any departure of a customer, the oldest first.
	OrdersOf(ctx context.Context, id customer.ID) ([]SealedOrder, error)
	// LengthenRetrieval gives so many more days in which the customer can have their
	// data.
	LengthenRetrieval(ctx context.Context, c offboarding.Case, days int) error
}

// OrderInput is what an authority ordered, as somebody writes it down.
type OrderInput struct {
	Case      offboarding.CaseID
	Authority string
	Reference string // of its file there
	Withhold  bool   // the customer may not have their data either
	Named     bool   // they may know who ordered it
	Silent    bool   // they may not even know that there is one
	Until     string // its last day; empty: until it is lifted
}

// AskOrder writes an order down. It holds nothing until a second person agrees.
// Errors: Invalid at authority, reference, until; Blocked (erase.nothing_more).
func (a *App) AskOrder(ctx context.Context, by Actor, in OrderInput) error {
	var o authority.Order
	l := prose(nil, map[string]*string{"authority": &in.Authority, "reference": &in.Reference})
	for field, words := range map[string]string{"authority": in.Authority, "reference": in.Reference} {
		if words == "" {
			l = append(l, fault.New(fault.Invalid, "field.required").On(field))
		}
	}
	o.Words = authority.Words{Authority: in.Authority, Reference: in.Reference}
	if in.Until != "" {
		var err error
		if o.Until, err = when.ParseDate(in.Until); err != nil {
			l = append(l, fault.New(fault.Invalid, "date.unreadable").On("until"))
		}
	}
	if len(l) > 0 {
		return l
	}
	return a.onOrders(ctx, by, in.Case, func(tx Tx, c offboarding.Case, zone *time.Location) error {
		if !o.Until.IsZero() && o.Until.Before(when.DateOf(tx.Now(), zone)) {
			return fault.New(fault.Invalid, "order.past").On("until")
		}
		x := SealedOrder{Order: o}
		x.ID, x.Case, x.Customer, x.State = authority.ID(id.New("ord")), string(c.ID), string(c.Customer), authority.Asked
		x.Withhold, x.Named, x.Silent, x.AskedBy, x.AskedAt = in.Withhold, in.Named && !in.Silent, in.Silent, by.ID, tx.Now()
		var err error
		if x.KeyID, x.Body, err = a.sealJSON(ctx, x.Customer, string(x.ID), x.Words); err != nil {
			return err
		}
		if err := tx.PutOrder(ctx, x); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"order.asked", by.ID, x.Case, x.Customer, map[string]any{
			"order": string(x.ID), "withhold": x.Withhold, "tell": x.Named, "silent": x.Silent, "until": o.Until.String(), // its words are not for everybody who reads the log
		}})
	})
}

// AgreeOrder puts an order in force, as a second person. Blocked
// (erase.nothing_more): there is nothing left to be kept.
func (a *App) AgreeOrder(ctx context.Context, by Actor, c offboarding.CaseID, oid authority.ID) error {
	typ := "order.agreed"
	return a.onOrder(ctx, by, c, oid, typ, func(tx Tx, o *authority.Order, x offboarding.Case, zone *time.Location) error {
		if _, err := tx.AwaitErasing(ctx); err != nil {
			return err
		}
		if erased, err := wasErased(ctx, tx, x.Customer); err != nil {
			return err
		} else if erased {
			return fault.New(fault.Blocked, "erase.nothing_more")
		}
		if err := o.Agree(by.ID, tx.Now()); err != nil || o.Until.IsZero() {
			return err
		}
		return tx.InsertWork(ctx, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: OrderKind, Case: c, Item: string(o.ID), System: house, Key: OrderKind + ":" + string(o.ID),
			Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: o.Until.End(zone),
		})
	})
}

// RefuseOrder takes an order back that holds nothing yet.
func (a *App) RefuseOrder(ctx context.Context, by Actor, c offboarding.CaseID, oid authority.ID) error {
	typ := "order.refused"
	return a.onOrder(ctx, by, c, oid, typ, func(tx Tx, o *authority.Order, _ offboarding.Case, _ *time.Location) error {
		return o.Refuse(by.ID, tx.Now())
	})
}

// LiftOrder ends an order. The customer gets the days back that it took from them.
func (a *App) LiftOrder(ctx context.Context, by Actor, c offboarding.CaseID, oid authority.ID) error {
	typ := "order.lifted"
	return a.onOrder(ctx, by, c, oid, typ, func(tx Tx, o *authority.Order, x offboarding.Case, _ *time.Location) error {
		if err := o.Lift(by.ID, tx.Now()); err != nil {
			return err
		}
		return a.giveDaysBack(ctx, tx, *o, x.Customer)
	})
}

// TellOrder writes down that the customer may know of an order of which nothing might be
// said, and who allowed that: an order that ends does not end the silence about it. From
// then on their evidence has it, and what came after it. Errors: Invalid at release;
// Conflict (order.told).
func (a *App) TellOrder(ctx context.Context, by Actor, c offboarding.CaseID, oid authority.ID, release string) error {
	l := prose(nil, map[string]*string{"release": &release})
	if release == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("release"))
	}
	if len(l) > 0 {
		return l
	}
	return a.onOrders(ctx, by, c, func(tx Tx, x offboarding.Case, _ *time.Location) error {
		o, err := orderAbout(ctx, tx, x, oid)
		if err != nil {
			return err
		}
		if err := o.Tell(); err != nil {
			return err
		}
		if err := tx.PutOrder(ctx, o); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"order.told", by.ID, o.Case, o.Customer, map[string]any{"order": string(o.ID), "release": release}})
	})
}

// orderAbout finds an order about the customer of a departure.
func orderAbout(ctx context.Context, tx Tx, c offboarding.Case, oid authority.ID) (SealedOrder, error) {
	x, err := tx.FindOrder(ctx, oid)
	if err == nil && x.Customer != string(c.Customer) {
		err = fault.New(fault.NotFound, "not_found")
	}
	return x, err
}

// OrderOver ends an order whose last day is past.
func (a *App) OrderOver(ctx context.Context, w offboarding.Work) error {
	return a.tx(ctx, func(tx Tx) error {
		x, err := tx.FindOrder(ctx, authority.ID(w.Item))
		if err != nil || x.State != authority.InForce {
			return err
		}
		if err := x.Lift("engine", tx.Now()); err != nil {
			return err
		}
		if err := a.giveDaysBack(ctx, tx, x.Order, customer.ID(x.Customer)); err != nil {
			return err
		}
		typ := "order.lifted"
		return a.putOrder(ctx, tx, x, "engine", typ)
	})
}

// giveDaysBack adds the days to the windows in which the customer was kept from their
// data, and tells them; what waits for their end waits on.
func (a *App) giveDaysBack(ctx context.Context, tx Tx, o authority.Order, id customer.ID) error {
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range cases {
		if err := lengthen(ctx, tx, o, c); err != nil {
			return err
		}
	}
	return a.tellOver(ctx, tx, o)
}

func lengthen(ctx context.Context, tx Tx, o authority.Order, c offboarding.Case) error {
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	days := o.Lost(c.RetrievalEnd(), zone)
	if days == 0 {
		return nil
	}
	if err := tx.LengthenRetrieval(ctx, c, days); err != nil {
		return err
	}
	c.Retrieval += days
	p, err := tx.FindPlan(ctx, c.ID)
	if err != nil {
		return err
	}
	works, err := tx.WorksOf(ctx, c.ID)
	if err != nil {
		return err
	}
	for _, w := range works {
		s := stepOf(&p, w.Step)
		if w.Kind != "wait" || w.State != offboarding.WorkReady || s == nil || s.Params["until"] != "end_of_retrieval" {
			continue
		}
		w.RunAt = c.RetrievalEnd().End(zone)
		if mine, err := tx.PutWork(ctx, w); err != nil {
			return err
		} else if !mine {
			return fault.New(fault.Conflict, "case.changed_meanwhile")
		}
	}
	return nil
}

// onOrders runs fn on a departure as a person who looks after orders.
func (a *App) onOrders(ctx context.Context, by Actor, cid offboarding.CaseID, fn func(tx Tx, c offboarding.Case, zone *time.Location) error) error {
	if err := by.may("erase"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, cid)
		if err != nil {
			return err
		}
		zone, err := zoneOf(c)
		if err != nil {
			return err
		}
		return fn(tx, c, zone)
	})
}

// onOrder changes an order, with an entry of the log.
func (a *App) onOrder(ctx context.Context, by Actor, cid offboarding.CaseID, oid authority.ID, typ string, change func(Tx, *authority.Order, offboarding.Case, *time.Location) error) error {
	return a.onOrders(ctx, by, cid, func(tx Tx, c offboarding.Case, zone *time.Location) error {
		x, err := orderAbout(ctx, tx, c, oid)
		if err != nil {
			return err
		}
		if err := change(tx, &x.Order, c, zone); err != nil {
			return err
		}
		return a.putOrder(ctx, tx, x, by.ID, typ)
	})
}

// putOrder writes an order down as it is now, and tells the customer what it keeps from
// now on.
func (a *App) putOrder(ctx context.Context, tx Tx, x SealedOrder, by, typ string) error {
	if err := tx.PutOrder(ctx, x); err != nil {
		return err
	}
	if x.State == authority.InForce {
		cases, err := tx.CasesOf(ctx, customer.ID(x.Customer))
		if err != nil {
			return err
		}
		for _, c := range cases {
			p, err := tx.FindPlan(ctx, c.ID)
			if err != nil {
				return err
			}
			if err := a.tellKept(ctx, tx, p); err != nil {
				return err
			}
		}
	}
	return a.record(ctx, tx, fact{typ, by, x.Case, x.Customer, map[string]any{"order": string(x.ID), "withhold": x.Withhold}})
}

// orders reads those about a customer. Of somebody erased nobody reads the words.
func (a *App) orders(ctx context.Context, tx Tx, id customer.ID) ([]authority.Order, error) {
	list, err := tx.OrdersOf(ctx, id)
	return unsealed(list, err, func(x SealedOrder) (authority.Order, error) {
		_, err := a.unsealJSON(ctx, x.KeyID, string(x.ID), x.Body, &x.Words)
		return x.Order, err
	})
}

// withheld refuses, as Withheld, the data of a customer that an order keeps from
// everybody.
func withheld(ctx context.Context, tx Tx, t Taking) error {
	list, err := tx.OrdersOf(ctx, t.Customer)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(x SealedOrder) bool { return !x.Withholds(when.DateOf(tx.Now(), t.Zone)) })
	switch {
	case len(list) == 0:
		return nil
	case slices.ContainsFunc(list, func(x SealedOrder) bool { return !x.Silent }):
		return fault.New(fault.Withheld, "data.ordered")
	default: // they may not know of an order
		return fault.New(fault.Withheld, "data.withheld")
	}
}

// toldOrders are those in force that keep the customer from their data and of which
// they may know.
func (a *App) toldOrders(ctx context.Context, tx Tx, t Taking) ([]authority.Order, error) {
	list, err := a.orders(ctx, tx, t.Customer)
	return slices.DeleteFunc(list, func(o authority.Order) bool { return !o.Withholds(when.DateOf(tx.Now(), t.Zone)) || !o.Named }), err
}

// hiddenOrders are the ids of those about a customer of which they may not know.
func hiddenOrders(ctx context.Context, tx Tx, id customer.ID) (map[string]bool, error) {
	list, err := tx.OrdersOf(ctx, id)
	hidden := map[string]bool{}
	for _, x := range list {
		if !x.Named {
			hidden[string(x.ID)] = true
		}
	}
	return hidden, err
}

// lookAgain is how long erasing, and a letter with the data, wait before it is looked
// whether an order is over.
const lookAgain = 24 * time.Hour

// ErasingWaits is when to try again to erase what an order keeps, or what a customer
// may fetch longer because of one; zero: nothing keeps it.
func (a *App) ErasingWaits(ctx context.Context, w offboarding.Work) (again time.Time, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, w.Case)
		if err == nil {
			again, err = erasingWaits(ctx, tx, p, w)
		}
		return err
	})
	return again, err
}

// notKept refuses, as Blocked (order.keeps), that a person says of a step that something
// is erased, or asks for it, while an order keeps it.
func notKept(ctx context.Context, tx Tx, p offboarding.Plan, s offboarding.StepID) error {
	again, err := erasingWaits(ctx, tx, p, offboarding.Work{Step: s})
	if err == nil && !again.IsZero() {
		err = fault.New(fault.Blocked, "order.keeps")
	}
	return err
}

func erasingWaits(ctx context.Context, tx Tx, p offboarding.Plan, w offboarding.Work) (time.Time, error) {
	list, err := tx.OrdersOf(ctx, p.Case.Customer)
	if err != nil || len(list) == 0 {
		return time.Time{}, err
	}
	zone, err := zoneOf(p.Case)
	if err != nil {
		return time.Time{}, err
	}
	kept := false
	for _, x := range list {
		if x.Holds(when.DateOf(tx.Now(), zone)) {
			return tx.Now().Add(lookAgain), nil
		}
		kept = kept || x.AgreedBy != "" && x.Withhold
	}
	if !kept {
		return time.Time{}, nil
	}
	// What the person asked for waits for no window.
	if s := stepOf(&p, w.Step); s != nil && s.Params["on"] == "person_request" || !tx.Now().Before(p.Case.RetrievalEnd().End(zone)) {
		return time.Time{}, nil
	}
	return p.Case.RetrievalEnd().End(zone), nil
}
