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

// importBatch bounds how long an import holds the one writer of SQLite, so
// that a running server's writes stay fast beside it.
const (
	importBatch = 200
	importPause = 2 * time.Millisecond
)

// ImportCustomers reads customers by a map. Good rows go in, bad rows go to
// reject with why; the same file twice changes nothing. With dryRun nothing is
// stored.
func (a *App) ImportCustomers(ctx context.Context, by string, r io.Reader, m *ingest.Map, dryRun bool, reject func(ingest.RowError) error) (ImportReport, error) {
	var rep ImportReport
	batch := make([]ingest.Row, 0, importBatch)
	late := 0 // rows that read well but belong to nobody
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		var changed int
		var refused []ingest.RowError
		err := a.store.Tx(ctx, func(tx Tx) error {
			changed, refused = 0, nil
			for _, row := range batch {
				did, err := putRow(ctx, tx, row)
				if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.NotFound {
					refused = append(refused, row.Refuse("customer.reference", row.Customer.Reference, fault.New(fault.Invalid, "csv.unknown_customer", "value", row.Customer.Reference)))
					continue
				}
				if err != nil {
					return err
				}
				if did {
					changed++
				}
			}
			return nil
		})
		rep.Changed += changed
		rep.Unchanged += len(batch) - changed - len(refused)
		late += len(refused)
		batch = batch[:0]
		for _, e := range refused {
			if err == nil {
				err = reject(e)
			}
		}
		time.Sleep(importPause)
		return err
	}
	sum, err := ingest.Read(r, m, func(row ingest.Row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if dryRun {
			return nil
		}
		row.Source = row.Source.Clone()
		if batch = append(batch, row); len(batch) == importBatch {
			return flush()
		}
		return nil
	}, func(e ingest.RowError) error {
		return reject(e)
	})
	if err == nil {
		err = flush()
	}
	rep.Rows, rep.Rejected = sum.Rows, sum.Rejected+late
	if err != nil || dryRun {
		return rep, err
	}
	return rep, a.tx(ctx, func(tx Tx) error {
		return a.record(ctx, tx, fact{"import.finished", actorOr(by), "", house, map[string]any{
			"rows": rep.Rows, "changed": rep.Changed, "rejected": rep.Rejected,
		}})
	})
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
