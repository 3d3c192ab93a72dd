package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// DeliverableInput is something that is promised within an engagement.
type DeliverableInput struct {
	Customer     customer.ID
	Subscription customer.SubscriptionID
	Title        string
	Due          when.Date
}

// AddDeliverable promises something within an engagement. Faults:
// deliverable.title; inventory.taken; deliverable.no_engagement where the
// contract is none.
func (a *App) AddDeliverable(ctx context.Context, by Actor, in DeliverableInput) (customer.DeliverableID, error) {
	d := customer.Deliverable{
		ID: customer.DeliverableID(id.New("del")), Customer: in.Customer, Subscription: in.Subscription, Title: in.Title, Due: in.Due,
	}
	if l := d.Tidy(); len(l) > 0 {
		return "", refusedUnless(by, "customer", l.Under("deliverable"))
	}
	_, err := a.amend(ctx, by, in.Customer, 0, func(am *amending) (fact, error) {
		lines, err := am.tx.SubscriptionsOf(ctx, am.ID)
		if err != nil {
			return fact{}, err
		}
		i := slices.IndexFunc(lines, func(s customer.Subscription) bool { return s.ID == in.Subscription })
		if i < 0 {
			return fact{}, fault.New(fault.NotFound, "not_found")
		}
		if !lines[i].Engaged() {
			return fact{}, fault.New(fault.Blocked, "deliverable.no_engagement").On("deliverable.title")
		}
		if n, err := am.tx.InsertDeliverables(ctx, d); err != nil {
			return fact{}, err
		} else if n == 0 {
			return fact{}, inventoryTaken("deliverable.title", d.Title)
		}
		return fact{typ: "deliverable.promised", args: map[string]any{"title": d.Title, "due": d.Due.String(), "reference": lines[i].Reference}}, nil
	})
	return d.ID, err
}

// DeliverablePatch changes what was promised: what is nil stays.
type DeliverablePatch struct {
	Customer       customer.ID
	Deliverable    customer.DeliverableID
	Title          *string
	Due, Delivered *when.Date // a zero Delivered: it is not there after all
	Piece          *customer.Piece
}

// EditDeliverable changes what was promised, or says that it was delivered.
func (a *App) EditDeliverable(ctx context.Context, by Actor, in DeliverablePatch) error {
	_, err := a.amend(ctx, by, in.Customer, 0, func(am *amending) (fact, error) {
		list, err := am.tx.DeliverablesOf(ctx, am.ID)
		if err != nil {
			return fact{}, err
		}
		i := slices.IndexFunc(list, func(d customer.Deliverable) bool { return d.ID == in.Deliverable })
		if i < 0 {
			return fact{}, fault.New(fault.NotFound, "not_found")
		}
		was := list[i]
		now := was
		patch(&now.Title, in.Title)
		patch(&now.Due, in.Due)
		patch(&now.Delivered, in.Delivered)
		patch(&now.Piece, in.Piece)
		l := now.Tidy()
		if a.today(am.tx).Before(now.Delivered) {
			l = append(l, fault.New(fault.Invalid, "deliverable.ahead").On("delivered"))
		}
		if slices.ContainsFunc(list, func(d customer.Deliverable) bool {
			return d.ID != now.ID && d.Subscription == now.Subscription && d.Title == now.Title
		}) {
			l = append(l, fault.New(fault.Conflict, "inventory.taken", "name", now.Title).On("title"))
		}
		if len(l) > 0 {
			return fact{}, l.Under("deliverable")
		}
		if now == was {
			return fact{}, nil
		}
		ch := changes{}
		differ(ch, "title", was.Title, now.Title)
		differ(ch, "due", was.Due.String(), now.Due.String())
		differ(ch, "delivered", was.Delivered.String(), now.Delivered.String())
		differ(ch, "version", was.Piece.Version, now.Piece.Version)
		differ(ch, "format", was.Piece.Format, now.Piece.Format)
		differ(ch, "sha256", was.Piece.SHA256, now.Piece.SHA256)
		return fact{typ: "deliverable.changed", args: map[string]any{"title": now.Title, "changed": ch}}, am.tx.SaveDeliverable(ctx, now)
	})
	return err
}

// handedOver are the things of a departure that change hands: what stands in the
// inventory, and what was promised within what is left and is not delivered.
func handedOver(ctx context.Context, tx Tx, c offboarding.Case) ([]customer.Asset, error) {
	assets, err := tx.AssetsOf(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	promised, err := tx.DeliverablesOf(ctx, c.Customer)
	for _, d := range promised {
		if d.Delivered.IsZero() && slices.Contains(c.Subscriptions, d.Subscription) {
			assets = append(assets, customer.Asset{ID: customer.AssetID(d.ID), Customer: d.Customer, Kind: handover.Deliverable, Name: d.Title, Owner: customer.OwnerHouse})
		}
	}
	return assets, err
}

// delivered says of what was promised that the client has it, once they accept
// it in a handover.
func (a *App) delivered(ctx context.Context, tx Tx, x handover.Item) error {
	if x.Kind != handover.Deliverable || x.State != handover.Accepted {
		return nil
	}
	list, err := tx.DeliverablesOf(ctx, x.Customer)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.ID == customer.DeliverableID(x.Asset) && d.Delivered.IsZero() {
			d.Delivered, d.Piece = a.today(tx), x.Piece
			return tx.SaveDeliverable(ctx, d)
		}
	}
	return nil
}
