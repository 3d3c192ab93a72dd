package app

import (
	"context"
	"errors"
	"io"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
)

// ImportReport counts what an import did.
type ImportReport struct {
	Rows      int // read
	Changed   int // customers that are new or different
	Unchanged int
	Rejected  int
}

// SQLite has one writer, and who waits for it asks again every few tens of
// milliseconds at best. So an import holds it for a moment only, and then
// leaves it alone for long enough that a running server gets its turn.
const (
	importRead  = 500 // rows that are read ahead at most
	importHold  = 15 * time.Millisecond
	importPause = 20 * time.Millisecond
)

// ImportCustomers reads customers by a map. Good rows go in, bad rows go to
// reject with why; the same file twice changes nothing. With dryRun nothing is
// stored, and rows about customers that are not there are refused all the same.
func (a *App) ImportCustomers(ctx context.Context, by string, r io.Reader, m *ingest.Map, dryRun bool, reject func(ingest.RowError) error) (ImportReport, error) {
	in := importing{a: a, dryRun: dryRun, reject: reject}
	sum, err := ingest.Read(r, m, func(row ingest.Row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if dryRun && !row.Existing {
			return nil
		}
		row.Source = row.Source.Clone()
		if in.rows = append(in.rows, row); len(in.rows) == importRead {
			return in.flush(ctx)
		}
		return nil
	}, reject)
	if err == nil {
		err = in.flush(ctx)
	}
	rep := ImportReport{Rows: sum.Rows, Changed: in.changed, Unchanged: in.unchanged, Rejected: sum.Rejected + in.refused}
	if err != nil || dryRun {
		return rep, err
	}
	return rep, a.tx(ctx, func(tx Tx) error {
		return a.record(ctx, tx, fact{"import.finished", actorOr(by), "", house, map[string]any{
			"rows": rep.Rows, "changed": rep.Changed, "rejected": rep.Rejected,
		}})
	})
}

// importing is an import under way: the rows that were read and not stored yet,
// and what became of the others.
type importing struct {
	a                           *App
	dryRun                      bool
	reject                      func(ingest.RowError) error
	rows                        []ingest.Row
	changed, unchanged, refused int
}

// flush stores the rows that were read, in as many transactions as it takes.
func (in *importing) flush(ctx context.Context) error {
	rest := in.rows
	in.rows = in.rows[:0]
	for len(rest) > 0 {
		n, err := in.batch(ctx, rest)
		if err != nil {
			return err
		}
		if rest = rest[n:]; in.dryRun {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(importPause):
		}
	}
	return nil
}

// batch stores as many of the rows as fit into one hold of the writer, at least
// one, and returns how many.
func (in *importing) batch(ctx context.Context, rows []ingest.Row) (int, error) {
	var done, changed int
	var refused []ingest.RowError
	run, one := in.a.store.Tx, putRow
	if in.dryRun {
		run, one = in.a.store.View, lookUpRow
	}
	err := run(ctx, func(tx Tx) error {
		done, changed, refused = 0, 0, nil
		over := time.NewTimer(importHold)
		defer over.Stop()
		for _, row := range rows {
			did, err := one(ctx, tx, row)
			switch f, ok := errors.AsType[*fault.Error](err); {
			case ok && f.Kind == fault.NotFound:
				refused = append(refused, row.Refuse("customer.reference", row.Customer.Reference, fault.New(fault.Invalid, "csv.unknown_customer", "value", row.Customer.Reference)))
			case err != nil:
				return err
			case did:
				changed++
			}
			done++
			select {
			case <-over.C:
				return nil
			default:
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	in.refused += len(refused)
	if !in.dryRun {
		in.changed += changed
		in.unchanged += done - changed - len(refused)
	}
	for _, e := range refused {
		if err := in.reject(e); err != nil {
			return done, err
		}
	}
	return done, nil
}

// lookUpRow says fault.NotFound where the row is about a customer that is not
// there.
func lookUpRow(ctx context.Context, tx Tx, row ingest.Row) (bool, error) {
	_, err := tx.FindCustomerByReference(ctx, row.Customer.Reference)
	return false, err
}

// putRow stores what one row has. A row about a customer that is not there is
// fault.NotFound.
func putRow(ctx context.Context, tx Tx, row ingest.Row) (changed bool, err error) {
	var cid customer.ID
	if row.Existing {
		cus, err := tx.FindCustomerByReference(ctx, row.Customer.Reference)
		if err != nil {
			return false, err
		}
		cid = cus.ID
	} else {
		cus := row.Customer
		cus.ID = customer.ID(id.New("cus"))
		if cid, changed, err = tx.PutCustomer(ctx, cus); err != nil {
			return false, err
		}
	}
	for _, put := range []struct {
		there bool
		do    func() (bool, error)
	}{
		{row.Contact.Email != "", func() (bool, error) {
			row.Contact.ID, row.Contact.Customer = customer.ContactID(id.New("con")), cid
			return tx.PutContact(ctx, row.Contact)
		}},
		{row.Subscription.Reference != "", func() (bool, error) {
			row.Subscription.ID, row.Subscription.Customer = customer.SubscriptionID(id.New("sub")), cid
			return tx.PutSubscription(ctx, row.Subscription)
		}},
		{row.Grant.Account != "", func() (bool, error) {
			row.Grant.ID, row.Grant.Customer = customer.GrantID(id.New("gra")), cid
			return tx.PutGrant(ctx, row.Grant)
		}},
		{row.Asset.Reference != "", func() (bool, error) {
			row.Asset.ID, row.Asset.Customer = customer.AssetID(id.New("ast")), cid
			return tx.PutAsset(ctx, row.Asset)
		}},
		{row.Balance.Reference != "", func() (bool, error) {
			row.Balance.ID, row.Balance.Customer = customer.BalanceID(id.New("bal")), cid
			return tx.PutBalance(ctx, row.Balance)
		}},
	} {
		if !put.there {
			continue
		}
		did, err := put.do()
		if err != nil {
			return false, err
		}
		changed = changed || did
	}
	return changed, nil
}

// AddCustomer stores a customer typed by hand, with one contact and one
// subscription.
func (a *App) AddCustomer(ctx context.Context, by Actor, cus customer.Customer, con customer.Contact, sub customer.Subscription) (customer.ID, error) {
	if err := by.may("customer"); err != nil {
		return "", err
	}
	var l fault.List
	for field, s := range map[string]*string{
		"name": &cus.Name, "reference": &cus.Reference, "contact_name": &con.Name, "product": &sub.Product,
		"plan": &sub.Plan, "subscription_reference": &sub.Reference,
	} {
		clean, e := customer.CheckText(field, *s, 200, false)
		l, *s = appendFault(l, e), clean
	}
	var e *fault.Error
	con.Email, e = customer.CheckEmail("email", con.Email)
	l = append(appendFault(l, e), cus.Check()...)
	if l = append(l, sub.Check()...); len(l) > 0 {
		return "", l
	}
	cus.ID, con.ID, sub.ID = customer.ID(id.New("cus")), customer.ContactID(id.New("con")), customer.SubscriptionID(id.New("sub"))
	cus.Language, con.Role, sub.Status = con.Language, customer.Owner, customer.Active
	err := a.tx(ctx, func(tx Tx) error {
		list, _, err := tx.ListCustomers(ctx, cus.Reference, 50)
		if err != nil {
			return err
		}
		for _, old := range list {
			if old.Reference == cus.Reference {
				return fault.New(fault.Conflict, "customer.reference_taken", "name", old.Name).On("reference")
			}
		}
		cus.CreatedAt = tx.Now()
		if _, _, err := tx.PutCustomer(ctx, cus); err != nil {
			return err
		}
		con.Customer, sub.Customer = cus.ID, cus.ID
		if _, err := tx.PutContact(ctx, con); err != nil {
			return err
		}
		if _, err := tx.PutSubscription(ctx, sub); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"customer.added", by.ID, "", string(cus.ID), map[string]any{"reference": cus.Reference}})
	})
	return cus.ID, err
}

// PutRows stores customers that somebody already checked, in one transaction;
// the same again changes nothing.
func (a *App) PutRows(ctx context.Context, rows []ingest.Row) error {
	return a.tx(ctx, func(tx Tx) error {
		for _, row := range rows {
			if _, err := putRow(ctx, tx, row); err != nil {
				return err
			}
		}
		return nil
	})
}
