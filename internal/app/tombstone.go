package app

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
)

// goesBy is every name that a row gives somebody: field → keyed hash.
func (k *known) goesBy(row ingest.Row) map[string]string {
	out := map[string]string{"customer.reference": k.mark("reference", row.Customer.Reference)}
	if row.Contact.Email != "" {
		out["contact.email"] = k.mark("mail", customer.FoldEmail(row.Contact.Email))
	}
	for _, x := range row.External {
		out["external."+x.System] = k.mark("external", x.System, x.Value)
	}
	return out
}

// unearth reads which names in the rows are those of somebody erased.
func (k *known) unearth(ctx context.Context, tx Tx, rows []ingest.Row) (err error) {
	if k.erasures, err = tx.Erasures(ctx); err != nil {
		return err
	}
	any, err := tx.AnyTombstone(ctx)
	if err != nil || !any {
		return err
	}
	var marks []string
	for _, r := range rows {
		marks = slices.AppendSeq(marks, maps.Values(k.goesBy(r)))
	}
	k.erased, err = tx.Tombstones(ctx, marks...)
	return err
}

// buried refuses what would bring back somebody who was erased: a customer who
// is not there with one of their names, or a contact with their address. What
// people enter by hand is theirs to decide.
func (k *known) buried(e *entry, row ingest.Row) *fault.Error {
	if len(k.erased) == 0 {
		return nil
	}
	for field, mark := range k.goesBy(row) {
		if _, gone := k.erased[mark]; !gone || e != nil && (field != "contact.email" || e.has(row.Contact.Email)) {
			continue
		}
		return fault.New(fault.Invalid, "csv.erased").On(field)
	}
	return nil
}

// has reports whether a contact with the address is there.
func (e *entry) has(email string) bool {
	folded := customer.FoldEmail(email)
	return slices.ContainsFunc(e.contacts, func(c *kept[customer.Contact]) bool { return customer.FoldEmail(c.now.Email) == folded })
}

// refuseErased refuses names by which somebody erased went: field → keyed hash.
// Whoever asks took AwaitErasing first.
func (a *App) refuseErased(ctx context.Context, tx Tx, names map[string]string) error {
	erased, err := tx.Tombstones(ctx, slices.Sorted(maps.Values(names))...)
	if err != nil || len(erased) == 0 {
		return err
	}
	for _, field := range slices.Sorted(maps.Keys(names)) {
		if _, gone := erased[names[field]]; gone {
			return fault.New(fault.Conflict, "csv.erased").On(field)
		}
	}
	return nil
}

// namesOf is every name that a new customer goes by.
func (a *App) namesOf(c customer.Customer, contacts []customer.Contact, external []customer.ExternalID) map[string]string {
	out := map[string]string{"reference": a.mark("reference", c.Reference)}
	for i, x := range contacts {
		out[fmt.Sprintf("contacts.%d.email", i)] = a.mark("mail", customer.FoldEmail(x.Email))
	}
	for i, x := range external {
		out[fmt.Sprintf("external.%d.value", i)] = a.mark("external", x.System, x.Value)
	}
	return out
}
