package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// ContactInput is a new contact of a customer.
type ContactInput struct {
	Customer              customer.ID
	Version               int64 // of the customer that was looked at; 0: any
	Name, Email, Language string
	Role                  customer.Role
}

// AddContact adds a person who speaks for a customer, or uses what they have.
// Faults: name, email, role, language; contact.taken where the address is there
// already.
func (a *App) AddContact(ctx context.Context, by Actor, in ContactInput) (customer.ContactID, error) {
	c := customer.Contact{ID: customer.ContactID(id.New("con")), Customer: in.Customer, Name: in.Name, Email: in.Email, Role: in.Role, Language: in.Language}
	if l := c.Tidy(); len(l) > 0 {
		return "", refusedUnless(by, "customer", l)
	}
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		if n, err := am.tx.InsertContacts(ctx, c); err != nil {
			return fact{}, err
		} else if n == 0 {
			return fact{}, fault.New(fault.Conflict, "contact.taken", "value", c.Email).On("email")
		}
		am.contacts = append(am.contacts, c)
		return fact{typ: "contact.added", args: map[string]any{"name": c.Name, "email": c.Email, "role": c.Role}}, nil
	})
	return c.ID, err
}

// ContactPatch changes a contact: what is nil stays.
type ContactPatch struct {
	Customer              customer.ID
	Contact               customer.ContactID
	Version               int64
	Name, Email, Language *string
	Role                  *customer.Role
}

// EditContact changes a contact. While a departure is under way somebody who may
// end contracts must stay on file (contact.last_on_file).
func (a *App) EditContact(ctx context.Context, by Actor, in ContactPatch) error {
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		i, err := am.contact(in.Contact)
		if err != nil {
			return fact{}, err
		}
		was := am.contacts[i]
		now := was
		patch(&now.Name, in.Name)
		patch(&now.Email, in.Email)
		patch(&now.Language, in.Language)
		patch(&now.Role, in.Role)
		if l := now.Tidy(); len(l) > 0 {
			return fact{}, l
		}
		if now == was {
			return fact{}, nil
		}
		folded := customer.FoldEmail(now.Email)
		for j, other := range am.contacts {
			if j != i && customer.FoldEmail(other.Email) == folded {
				return fact{}, fault.New(fault.Conflict, "contact.taken", "value", now.Email).On("email")
			}
		}
		am.contacts[i] = now
		if was.Role.Speaks() && !now.Role.Speaks() {
			if err := am.onFile(ctx, "role"); err != nil {
				return fact{}, err
			}
		}
		ch := changes{}
		differ(ch, "name", was.Name, now.Name)
		differ(ch, "email", was.Email, now.Email)
		differ(ch, "role", was.Role, now.Role)
		differ(ch, "language", was.Language, now.Language)
		return fact{typ: "contact.changed", args: map[string]any{"email": now.Email, "changed": ch}}, am.tx.SaveContact(ctx, now)
	})
	return err
}

// ContactRemoval takes a contact off a customer.
type ContactRemoval struct {
	Customer customer.ID
	Contact  customer.ContactID
	Version  int64
}

// RemoveContact takes a contact off a customer. Somebody who may end contracts
// must stay on file while a departure is under way (contact.last_on_file).
func (a *App) RemoveContact(ctx context.Context, by Actor, in ContactRemoval) error {
	_, err := a.amend(ctx, by, in.Customer, in.Version, func(am *amending) (fact, error) {
		i, err := am.contact(in.Contact)
		if err != nil {
			return fact{}, err
		}
		was := am.contacts[i]
		am.contacts = slices.Delete(am.contacts, i, i+1)
		if was.Role.Speaks() {
			if err := am.onFile(ctx, ""); err != nil {
				return fact{}, err
			}
		}
		return fact{typ: "contact.removed", args: map[string]any{"name": was.Name, "email": was.Email, "role": was.Role}}, am.tx.DeleteContact(ctx, was.ID)
	})
	return err
}

func (am *amending) contact(id customer.ContactID) (int, error) {
	i := slices.IndexFunc(am.contacts, func(c customer.Contact) bool { return c.ID == id })
	if i < 0 {
		return 0, fault.New(fault.NotFound, "not_found")
	}
	return i, nil
}

// onFile refuses to leave a customer who is leaving without an address.
func (am *amending) onFile(ctx context.Context, field string) error {
	if address, _ := onFile(am.contacts); address != "" {
		return nil
	}
	open, err := openCases(ctx, am.tx, am.ID)
	if err != nil || len(open) == 0 {
		return err
	}
	return fault.New(fault.Blocked, "contact.last_on_file", "code", open[0].Code).On(field)
}

// refusedUnless tells first that a person may not do something at all.
func refusedUnless(by Actor, permission string, l fault.List) error {
	if err := by.may(permission); err != nil {
		return err
	}
	return l
}
