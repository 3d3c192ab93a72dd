package store

import (
	"context"
	"encoding/json"

	"hastaluego/internal/customer"
)

const (
	grantColumns   = `id, customer_id, system, account, kind, depends_on, status`
	assetColumns   = `id, customer_id, reference, kind, name, location`
	balanceColumns = `id, customer_id, reference, kind, about, amount_minor, currency, due_on, status`
)

// An import never opens again what was closed, and never takes a record from
// one customer to another.
var (
	putGrant = query(`
		INSERT INTO grant_ (` + grantColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (system, account) DO UPDATE
		   SET kind = excluded.kind, depends_on = excluded.depends_on
		 WHERE grant_.customer_id = excluded.customer_id
		   AND (grant_.kind, grant_.depends_on) IS DISTINCT FROM (excluded.kind, excluded.depends_on)`)
	setGrantStatus = query(`UPDATE grant_ SET status = $1 WHERE id = $2`)
	grantsOf       = query(`SELECT ` + grantColumns + ` FROM grant_ WHERE customer_id = $1 ORDER BY id`)
	putAsset       = query(`
		INSERT INTO asset (` + assetColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (customer_id, reference) DO UPDATE
		   SET kind = excluded.kind, name = excluded.name, location = excluded.location
		 WHERE (asset.kind, asset.name, asset.location) IS DISTINCT FROM (excluded.kind, excluded.name, excluded.location)`)
	assetsOf   = query(`SELECT ` + assetColumns + ` FROM asset WHERE customer_id = $1 ORDER BY id`)
	putBalance = query(`
		INSERT INTO balance (` + balanceColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (reference) DO UPDATE
		   SET kind = excluded.kind, about = excluded.about, amount_minor = excluded.amount_minor, currency = excluded.currency,
		       due_on = excluded.due_on, status = excluded.status
		 WHERE balance.customer_id = excluded.customer_id AND balance.status = 'open'
		   AND (balance.kind, balance.about, balance.amount_minor, balance.currency, balance.due_on, balance.status)
		    IS DISTINCT FROM (excluded.kind, excluded.about, excluded.amount_minor, excluded.currency, excluded.due_on, excluded.status)`)
	setBalanceStatus    = query(`UPDATE balance SET status = $1 WHERE id = $2`)
	balancesOf          = query(`SELECT ` + balanceColumns + ` FROM balance WHERE customer_id = $1 ORDER BY due_on, id`)
	customerByReference = query(`SELECT ` + customerColumns + ` FROM customer WHERE reference = $1`)
)

func (t *tx) FindCustomerByReference(ctx context.Context, ref string) (customer.Customer, error) {
	c, err := scanCustomer(t.row(ctx, customerByReference, ref))
	return c, t.s.translate("store.FindCustomerByReference", err)
}

func (t *tx) PutGrant(ctx context.Context, g customer.Grant) (bool, error) {
	if g.DependsOn == nil {
		g.DependsOn = []string{}
	}
	depends, err := json.Marshal(g.DependsOn)
	if err != nil {
		return false, err
	}
	n, err := t.exec(ctx, "store.PutGrant", putGrant, g.ID, g.Customer, g.System, g.Account, g.Kind, string(depends), g.Status)
	return n == 1, err
}

func (t *tx) SetGrantStatus(ctx context.Context, id customer.GrantID, s customer.GrantStatus) error {
	return t.must(ctx, "store.SetGrantStatus", setGrantStatus, s, id)
}

func (t *tx) GrantsOf(ctx context.Context, id customer.ID) (list []customer.Grant, err error) {
	err = t.each(ctx, "store.GrantsOf", grantsOf, []any{id}, func(row scanner) error {
		var g customer.Grant
		var depends string
		if err := row.Scan(&g.ID, &g.Customer, &g.System, &g.Account, &g.Kind, &depends, &g.Status); err != nil {
			return err
		}
		list = append(list, g)
		return json.Unmarshal([]byte(depends), &list[len(list)-1].DependsOn)
	})
	return list, err
}

func (t *tx) PutAsset(ctx context.Context, a customer.Asset) (bool, error) {
	n, err := t.exec(ctx, "store.PutAsset", putAsset, a.ID, a.Customer, a.Reference, a.Kind, a.Name, a.Location)
	return n == 1, err
}

func (t *tx) AssetsOf(ctx context.Context, id customer.ID) (list []customer.Asset, err error) {
	err = t.each(ctx, "store.AssetsOf", assetsOf, []any{id}, func(row scanner) error {
		var a customer.Asset
		err := row.Scan(&a.ID, &a.Customer, &a.Reference, &a.Kind, &a.Name, &a.Location)
		list = append(list, a)
		return err
	})
	return list, err
}

func (t *tx) PutBalance(ctx context.Context, b customer.Balance) (bool, error) {
	n, err := t.exec(ctx, "store.PutBalance", putBalance, b.ID, b.Customer, b.Reference, b.Kind, b.About, b.Amount.Minor,
		b.Amount.Currency, b.DueOn.String(), b.Status)
	return n == 1, err
}

func (t *tx) SetBalanceStatus(ctx context.Context, id customer.BalanceID, s customer.BalanceStatus) error {
	return t.must(ctx, "store.SetBalanceStatus", setBalanceStatus, s, id)
}

func (t *tx) BalancesOf(ctx context.Context, id customer.ID) (list []customer.Balance, err error) {
	err = t.each(ctx, "store.BalancesOf", balancesOf, []any{id}, func(row scanner) error {
		var b customer.Balance
		err := row.Scan(&b.ID, &b.Customer, &b.Reference, &b.Kind, &b.About, &b.Amount.Minor, &b.Amount.Currency, date{&b.DueOn}, &b.Status)
		list = append(list, b)
		return err
	})
	return list, err
}
