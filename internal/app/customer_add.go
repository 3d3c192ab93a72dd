package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// CustomerInput is a new customer with what is known of them.
type CustomerInput struct {
	Kind                      customer.Kind
	Consumer                  bool
	Name, Reference, Country  string
	Region, Language, Segment string
	// Test makes up a customer for a rehearsal: never counted, nothing outside is
	// changed for them, and their letters go to whoever made them.
	Test          bool
	External      []ExternalInput
	Contacts      []ContactInput
	Subscriptions []SubscriptionInput
}

// AddCustomer stores a customer typed by hand, all of it or nothing. Whoever or
// whatever has no number of its own gets one. Faults name
// the field, those of parts as contacts.0.email; customer.reference_taken,
// external.taken and subscription.taken say whose it is.
func (a *App) AddCustomer(ctx context.Context, by Actor, in CustomerInput) (customer.ID, error) {
	if err := by.may("customer"); err != nil {
		return "", err
	}
	if strings.TrimSpace(in.Reference) == "" {
		in.Reference = newReference("C")
	}
	c := customer.Customer{
		ID: customer.ID(id.New("cus")), Kind: in.Kind, Consumer: in.Consumer, Name: in.Name, Reference: in.Reference, Country: in.Country,
		Region: in.Region, Language: in.Language, Segment: in.Segment, Version: 1,
	}
	l := c.Tidy()
	external := make([]customer.ExternalID, len(in.External))
	for i, x := range in.External {
		external[i] = customer.ExternalID{Customer: c.ID, System: x.System, Value: x.Value}
		l = append(l, external[i].Tidy().Under(fmt.Sprint("external.", i))...)
	}
	contacts := make([]customer.Contact, len(in.Contacts))
	for i, x := range in.Contacts {
		contacts[i] = customer.Contact{ID: customer.ContactID(id.New("con")), Customer: c.ID, Name: x.Name, Email: x.Email, Role: x.Role, Language: x.Language}
		under := fmt.Sprint("contacts.", i)
		l = append(l, contacts[i].Tidy().Under(under)...)
		for _, y := range contacts[:i] {
			if customer.FoldEmail(y.Email) == customer.FoldEmail(contacts[i].Email) && y.Email != "" {
				l = append(l, fault.New(fault.Conflict, "contact.taken", "value", y.Email).On(under+".email"))
			}
		}
	}
	subs, promised := make([]customer.Subscription, len(in.Subscriptions)), []customer.Deliverable{}
	for i, x := range in.Subscriptions {
		x.Customer = c.ID
		if strings.TrimSpace(x.Reference) == "" {
			x.Reference = newReference("S")
		}
		subs[i] = x.subscription()
		deliver, wrong := x.promised(subs[i])
		promised = append(promised, deliver...)
		l = append(l, append(subs[i].Tidy(), wrong...).Under(fmt.Sprint("subscriptions.", i))...)
	}
	if len(l) > 0 {
		return "", l
	}
	err := a.tx(ctx, func(tx Tx) error {
		c.CreatedAt = tx.Now()
		if in.Test {
			c.TestBy = actorOr(by.real())
			if to, err := a.testAddress(ctx, tx, c.TestBy); err != nil {
				return err
			} else if to == "" {
				return fault.New(fault.Invalid, noTestAddress).On("test")
			}
		}
		if by.IsKey() && !in.Test { // a person who was erased comes back by the hand of a person
			if _, err := tx.AwaitErasing(ctx); err != nil {
				return err
			}
			if err := a.refuseErased(ctx, tx, a.namesOf(c, contacts, external)); err != nil {
				return err
			}
		}
		if n, err := tx.InsertCustomers(ctx, FoundCustomer{c, customer.Found(c, contacts, external)}); err != nil {
			return err
		} else if n == 0 {
			old, err := tx.FindCustomerByReference(ctx, c.Reference)
			if err != nil {
				return err
			}
			return taken(ctx, tx, old.ID, "customer.reference_taken", "reference", c.Reference)
		}
		if _, err := tx.InsertContacts(ctx, contacts...); err != nil {
			return err
		}
		for i, x := range external {
			if n, err := tx.InsertExternalIDs(ctx, x); err != nil {
				return err
			} else if n == 0 {
				return externalTaken(ctx, tx, x, fmt.Sprintf("external.%d.value", i))
			}
		}
		for i, s := range subs {
			if n, err := tx.InsertSubscriptions(ctx, s); err != nil {
				return err
			} else if n == 0 {
				return subscriptionTaken(ctx, tx, s.Reference, fmt.Sprintf("subscriptions.%d.reference", i))
			}
		}
		if err := a.watchTerms(ctx, tx, subs...); err != nil {
			return err
		}
		if _, err := tx.InsertDeliverables(ctx, promised...); err != nil {
			return err
		}
		if c.Segment != "" {
			if err := tx.NoteSegments(ctx, c.Segment); err != nil {
				return err
			}
		}
		return a.record(ctx, tx, fact{"customer.added", by.ID, "", string(c.ID), map[string]any{"reference": c.Reference, "name": c.Name, "test": in.Test}})
	})
	return c.ID, err
}

// newReference is a number of the house for what has none: C-7K4M-29QX.
func newReference(prefix string) string {
	return prefix + strings.TrimPrefix(id.NewCode(), "HL")
}

// Likeness is a customer who may be the one that is being typed.
type Likeness struct {
	Customer customer.Customer
	By       string // email, domain or name
}

// likeMost is how many of each are told.
const likeMost = 5

// shared are domains of which an address says nothing about whose it is.
var shared = []string{
	"gmail.com", "googlemail.com", "hotmail.com", "hotmail.es", "outlook.com", "outlook.es", "live.com", "yahoo.com", "yahoo.es", "icloud.com", "me.com",
	"proton.me", "protonmail.com", "gmx.com", "gmx.es", "aol.com", "telefonica.net", "movistar.es", "terra.es", "terra.com.mx", "prodigy.net.mx",
}

// CustomersLike finds those who are there already and may be the same: by the
// address, by its domain, by the name. The surest come first, each once.
func (a *App) CustomersLike(ctx context.Context, by Actor, name, email string) (list []Likeness, err error) {
	folded := customer.FoldEmail(email)
	_, domain, _ := strings.Cut(folded, "@")
	for _, x := range []struct{ by, query string }{{"email", folded}, {"domain", domain}, {"name", name}} {
		if x.query == "" || x.by == "email" && domain == "" || x.by == "domain" && slices.Contains(shared, domain) {
			continue
		}
		found, err := a.ListCustomers(ctx, by, CustomerFilter{Query: x.query, Limit: 4 * likeMost})
		if err != nil {
			return nil, err
		}
		n := 0
		for _, c := range found.Rows {
			if n < likeMost && like(c, x.by, customer.Fold(name), folded, domain) &&
				!slices.ContainsFunc(list, func(l Likeness) bool { return l.Customer.ID == c.Customer.ID }) {
				list = append(list, Likeness{c.Customer, x.by})
				n++
			}
		}
	}
	return list, nil
}

// like reports whether the words that were found mean what was asked: a search
// finds more than what is the same.
func like(c CustomerView, by, name, email, domain string) bool {
	switch {
	case c.Customer.Test(): // nobody is made twice by a rehearsal
		return false
	case by == "name":
		return customer.Fold(c.Customer.Name) == name
	}
	return slices.ContainsFunc(c.Contacts, func(x customer.Contact) bool {
		theirs := customer.FoldEmail(x.Email)
		return by == "email" && theirs == email || by == "domain" && strings.HasSuffix(theirs, "@"+domain)
	})
}
