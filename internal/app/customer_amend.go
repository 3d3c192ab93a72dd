package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// amending is a customer while a person changes something about them.
type amending struct {
	tx Tx
	FoundCustomer
	contacts []customer.Contact
	external []customer.ExternalID
}

// amend changes a customer, or what is kept under their version, and writes the
// fact to the log; without a type nothing changed. A version other than zero must be the customer's: whoever looked
// at something older is told fault.Conflict (customer.changed_meanwhile). Nothing
// is written down about somebody erased (fault.Blocked, erase.nothing_more), and
// no program brings in a name of theirs (csv.erased).
func (a *App) amend(ctx context.Context, by Actor, id customer.ID, version int64, change func(*amending) (fact, error)) (customer.Customer, error) {
	if err := by.may("customer"); err != nil {
		return customer.Customer{}, err
	}
	var c customer.Customer
	err := a.tx(ctx, func(tx Tx) error {
		found, err := tx.FindCustomer(ctx, id)
		if err != nil {
			return err
		}
		if err := a.mayWrite(ctx, tx, id); err != nil {
			return err
		}
		if by.IsKey() { // before anything is written, as everybody does
			if _, err := tx.AwaitErasing(ctx); err != nil {
				return err
			}
		}
		if version != 0 && version != found.Version {
			return fault.New(fault.Conflict, "customer.changed_meanwhile", "name", found.Name)
		}
		am := &amending{tx: tx, FoundCustomer: FoundCustomer{Customer: found}}
		if am.contacts, err = tx.ContactsOf(ctx, id); err != nil {
			return err
		}
		if am.external, err = tx.ExternalIDsOf(ctx, id); err != nil {
			return err
		}
		before := amending{FoundCustomer: am.FoundCustomer, contacts: slices.Clone(am.contacts), external: slices.Clone(am.external)}
		f, err := change(am)
		if err != nil {
			return err
		}
		if by.IsKey() {
			if err := a.refuseErased(ctx, tx, a.broughtIn(before, *am)); err != nil {
				return err
			}
		}
		if c = am.Customer; f.typ == "" {
			return nil
		}
		am.Words = customer.Found(am.Customer, am.contacts, am.external)
		if err := tx.SaveCustomer(ctx, &am.FoundCustomer); err != nil {
			return err
		}
		c = am.Customer
		f.actor, f.subject = by.ID, string(id)
		return a.record(ctx, tx, f)
	})
	return c, err
}

// mayWrite refuses to write anything down about somebody erased.
func (a *App) mayWrite(ctx context.Context, tx Tx, id customer.ID) error {
	gone, err := wasErased(ctx, tx, id)
	if err == nil && gone {
		err = fault.New(fault.Blocked, "erase.nothing_more")
	}
	return err
}

// broughtIn is every name that a change gives a customer, by its field.
func (a *App) broughtIn(before, now amending) map[string]string {
	out := map[string]string{}
	if now.Reference != before.Reference {
		out["reference"] = a.mark("reference", now.Reference)
	}
	for _, c := range now.contacts {
		folded := customer.FoldEmail(c.Email)
		if !slices.ContainsFunc(before.contacts, func(o customer.Contact) bool { return customer.FoldEmail(o.Email) == folded }) {
			out["email"] = a.mark("mail", folded)
		}
	}
	for _, x := range now.external {
		if !slices.Contains(before.external, x) {
			out["value"] = a.mark("external", x.System, x.Value)
		}
	}
	return out
}

// changes collects what is different, for the log.
type changes map[string]any

func differ[T comparable](ch changes, field string, was, now T) {
	if was != now {
		ch[field] = map[string]any{"was": was, "now": now}
	}
}

// patch sets a value that was given.
func patch[T any](into, given *T) {
	if given != nil {
		*into = *given
	}
}

// openCases returns the customer's cases that are not over.
func openCases(ctx context.Context, tx Tx, id customer.ID) ([]offboarding.Case, error) {
	all, err := tx.CasesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	var open []offboarding.Case
	for _, c := range all {
		if !c.State.Over() {
			open = append(open, c)
		}
	}
	return open, nil
}

// taken says whose something is that can be there only once.
func taken(ctx context.Context, tx Tx, owner customer.ID, code, field, name string) error {
	c, err := tx.FindCustomer(ctx, owner)
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, code, "value", name, "name", c.Name).On(field)
}
