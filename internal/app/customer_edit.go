package app

import (
	"context"

	"hastaluego/internal/customer"
)

// CustomerPatch changes a customer: what is nil stays.
type CustomerPatch struct {
	Customer customer.ID
	Version  int64 // that was looked at; 0 changes whatever there is
	Kind     *customer.Kind
	Consumer *bool
	Name, Reference, Country,
	Region, Language, Segment *string
}

// EditCustomer changes who a customer is. Faults name the field, as in
// CustomerInput; customer.changed_meanwhile and customer.reference_taken are
// conflicts.
func (a *App) EditCustomer(ctx context.Context, by Actor, in CustomerPatch) (customer.Customer, error) {
	return a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		was, c := am.Customer, am.Customer
		patch(&c.Kind, in.Kind)
		patch(&c.Consumer, in.Consumer)
		patch(&c.Name, in.Name)
		patch(&c.Reference, in.Reference)
		patch(&c.Country, in.Country)
		patch(&c.Region, in.Region)
		patch(&c.Language, in.Language)
		patch(&c.Segment, in.Segment)
		if l := c.Tidy(); len(l) > 0 {
			return fact{}, l
		}
		if c == was {
			return fact{}, nil
		}
		if c.Reference != was.Reference {
			if old, err := am.tx.CustomersByReference(ctx, c.Reference); err != nil {
				return fact{}, err
			} else if len(old) > 0 {
				return fact{}, taken(ctx, am.tx, old[0].ID, "customer.reference_taken", "reference", c.Reference)
			}
		}
		if c.Segment != "" && c.Segment != was.Segment {
			if err := am.tx.NoteSegments(ctx, c.Segment); err != nil {
				return fact{}, err
			}
		}
		am.Customer = c
		ch := changes{}
		differ(ch, "kind", was.Kind, c.Kind)
		differ(ch, "consumer", was.Consumer, c.Consumer)
		differ(ch, "name", was.Name, c.Name)
		differ(ch, "reference", was.Reference, c.Reference)
		differ(ch, "country", was.Country, c.Country)
		differ(ch, "region", was.Region, c.Region)
		differ(ch, "language", was.Language, c.Language)
		differ(ch, "segment", was.Segment, c.Segment)
		return fact{typ: "customer.changed", args: map[string]any{"reference": c.Reference, "changed": ch}}, nil
	})
}
