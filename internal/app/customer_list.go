package app

import (
	"context"

	"hastaluego/internal/customer"
)

// CustomerView is one customer with what they have.
type CustomerView struct {
	Customer customer.Customer
	Contacts []customer.Contact
	External []customer.ExternalID
	Lines    []customer.Subscription
	Worth    *Worth // nil: nobody computed it, or it is not for whoever asks
}

// CustomerList is a page of customers.
type CustomerList struct {
	Rows  []CustomerView
	Next  string // After of the page that follows; empty at the end
	Total int    // of all pages, counted as far as CountMost
	More  bool   // there are more than Total
}

// CountMost is how far customers are counted: beyond, nobody reads a list to its
// end.
const CountMost = 1000

// pageMost is how many customers a page may have.
const pageMost = 200

// ListCustomers finds customers: by words that the name, the reference, an
// address or a number elsewhere begin with, and by what the filter asks. Without
// words they come by name.
func (a *App) ListCustomers(ctx context.Context, by Actor, f CustomerFilter) (list CustomerList, err error) {
	if err := by.CanRead("customer"); err != nil {
		return list, err
	}
	for field, s := range map[string]*string{"q": &f.Query, "segment": &f.Segment, "country": &f.Country} {
		clean, e := customer.CheckText(field, *s, 200, false)
		if *s = clean; e != nil {
			return list, e
		}
	}
	f.Limit = min(max(f.Limit, 1), pageMost)
	err = a.store.View(ctx, func(tx Tx) error {
		found, next, err := tx.ListCustomers(ctx, f)
		if err != nil {
			return err
		}
		list = CustomerList{Rows: make([]CustomerView, len(found)), Next: next, Total: len(found)}
		at, ids := map[customer.ID]*CustomerView{}, make([]customer.ID, len(found))
		for i, c := range found {
			list.Rows[i].Customer = c
			at[c.ID], ids[i] = &list.Rows[i], c.ID
		}
		contacts, err := tx.ContactsOf(ctx, ids...)
		if err != nil {
			return err
		}
		for _, c := range contacts {
			at[c.Customer].Contacts = append(at[c.Customer].Contacts, c)
		}
		external, err := tx.ExternalIDsOf(ctx, ids...)
		if err != nil {
			return err
		}
		for _, x := range external {
			at[x.Customer].External = append(at[x.Customer].External, x)
		}
		lines, err := tx.SubscriptionsOf(ctx, ids...)
		if err != nil {
			return err
		}
		for _, s := range lines {
			at[s.Customer].Lines = append(at[s.Customer].Lines, s)
		}
		if err := worthIn(ctx, tx, by, ids, func(w Worth) { at[w.Customer].Worth = &w }); err != nil {
			return err
		}
		if next == "" && f.After == "" {
			return nil
		}
		list.Total, err = tx.CountCustomers(ctx, f, CountMost+1)
		if list.More = list.Total > CountMost; list.More {
			list.Total = CountMost
		}
		return err
	})
	return list, err
}

// Segments returns the segments to filter by, at most limit.
func (a *App) Segments(ctx context.Context, by Actor, limit int) (list []string, err error) {
	if err := by.CanRead("customer"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list, err = tx.Segments(ctx, limit)
		return err
	})
	return list, err
}
