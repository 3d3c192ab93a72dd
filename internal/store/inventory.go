package store

import (
	"context"
	"encoding/json"

	"hastaluego/internal/customer"
)

const (
	grantColumns       = `id, customer_id, system, account, kind, depends_on, status, ours`
	deliverableColumns = `id, customer_id, subscription_id, title, due_on, delivered_on, version, format, sha256`

	assetColumns   = `id, customer_id, reference, kind, name, location, owner, renews_on, renewal_minor, renewal_currency, payer`
	balanceColumns = `id, customer_id, reference, kind, about, amount_minor, currency, due_on, status, tax_minor, used, pay_url, billed`
)

var (
	insertGrants = many(`INSERT INTO grant_ (`+grantColumns+`) VALUES `, 8, ` ON CONFLICT (system, account) DO NOTHING`)
	saveGrant    = query(`
		UPDATE grant_ SET system = $1, account = $2, kind = $3, depends_on = $4, status = $5, ours = $6 WHERE id = $7 AND status = $8`)
	setGrantStatus = query(`UPDATE grant_ SET status = $1 WHERE id = $2`)
	grantsOf       = many(`SELECT `+grantColumns+` FROM grant_ WHERE customer_id IN (`, 1, `) ORDER BY id`)
	grantsByName   = many(`
		WITH k (s, a) AS (VALUES `, 2, `)
		SELECT `+grantColumns+` FROM k JOIN grant_ ON system = k.s AND account = k.a`)

	insertDeliverables = many(`INSERT INTO deliverable (`+deliverableColumns+`) VALUES `, 9, ` ON CONFLICT (subscription_id, title) DO NOTHING`)
	saveDeliverable    = query(`UPDATE deliverable SET title = $1, due_on = $2, delivered_on = $3, version = $4, format = $5, sha256 = $6 WHERE id = $7`)
	deliverablesOf     = many(`SELECT `+deliverableColumns+` FROM deliverable WHERE customer_id IN (`, 1, `) ORDER BY id`)

	insertAssets = many(`INSERT INTO asset (`+assetColumns+`) VALUES `, 11, ` ON CONFLICT (customer_id, reference) DO NOTHING`)
	saveAsset    = query(`
		UPDATE asset
		   SET reference = $1, kind = $2, name = $3, location = $4, owner = $5, renews_on = $6, renewal_minor = $7, renewal_currency = $8, payer = $9
		 WHERE id = $10`)
	assetsOf = many(`SELECT `+assetColumns+` FROM asset WHERE customer_id IN (`, 1, `) ORDER BY id`)

	insertBalances = many(`INSERT INTO balance (`+balanceColumns+`) VALUES `, 13, ` ON CONFLICT (reference) DO NOTHING`)
	saveBalance    = query(`
		UPDATE balance
		   SET reference = $1, kind = $2, about = $3, amount_minor = $4, currency = $5, due_on = $6, status = $7, tax_minor = $8, used = $9, pay_url = $10, billed = $11
		 WHERE id = $12 AND status = $13`)
	setBalanceStatus = query(`UPDATE balance SET status = $1 WHERE id = $2`)
	balancesOf       = many(`SELECT `+balanceColumns+` FROM balance WHERE customer_id IN (`, 1, `) ORDER BY due_on, id`)
	balancesByRef    = many(`SELECT `+balanceColumns+` FROM balance WHERE reference IN (`, 1, `)`)
)

// needs writes what a grant depends on.
func needs(g customer.Grant) string {
	if len(g.DependsOn) == 0 {
		return "[]"
	}
	raw, _ := json.Marshal(g.DependsOn) // texts always can be written
	return string(raw)
}

func (t *tx) InsertGrants(ctx context.Context, list ...customer.Grant) (int, error) {
	return t.insert(ctx, "store.InsertGrants", insertGrants, len(list), func(args []any, i int) []any {
		g := list[i]
		return append(args, g.ID, g.Customer, g.System, g.Account, g.Kind, needs(g), g.Status, bit(g.Ours))
	})
}

func (t *tx) SaveGrant(ctx context.Context, g customer.Grant, was customer.GrantStatus) error {
	return t.must(ctx, "store.SaveGrant", saveGrant, g.System, g.Account, g.Kind, needs(g), g.Status, bit(g.Ours), g.ID, was)
}

func (t *tx) SetGrantStatus(ctx context.Context, id customer.GrantID, s customer.GrantStatus) error {
	return t.must(ctx, "store.SetGrantStatus", setGrantStatus, s, id)
}

func (t *tx) grants(ctx context.Context, m manyTexts, n int, add func([]any, int) []any) (list []customer.Grant, err error) {
	err = t.pick(ctx, "store.grants", m, n, add, func(row scanner) error {
		var g customer.Grant
		var depends string
		if err := row.Scan(&g.ID, &g.Customer, &g.System, &g.Account, &g.Kind, &depends, &g.Status, flag{&g.Ours}); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(depends), &g.DependsOn)
		list = append(list, g)
		return err
	})
	return list, err
}

func (t *tx) GrantsOf(ctx context.Context, ids ...customer.ID) ([]customer.Grant, error) {
	return recallList(t, "grant_", ids, func() ([]customer.Grant, error) { return t.grants(ctx, grantsOf, len(ids), keys(ids)) })
}

func (t *tx) GrantsByName(ctx context.Context, names ...customer.Grant) ([]customer.Grant, error) {
	return t.grants(ctx, grantsByName, len(names), func(args []any, i int) []any {
		return append(args, names[i].System, names[i].Account)
	})
}

func (t *tx) InsertAssets(ctx context.Context, list ...customer.Asset) (int, error) {
	return t.insert(ctx, "store.InsertAssets", insertAssets, len(list), func(args []any, i int) []any {
		a := list[i]
		return append(args, a.ID, a.Customer, a.Reference, a.Kind, a.Name, a.Location, a.Owner, a.RenewsOn.String(), a.Renewal.Minor, a.Renewal.Currency, a.Payer)
	})
}

func (t *tx) SaveAsset(ctx context.Context, a customer.Asset) error {
	return t.must(ctx, "store.SaveAsset", saveAsset, a.Reference, a.Kind, a.Name, a.Location, a.Owner, a.RenewsOn.String(), a.Renewal.Minor, a.Renewal.Currency,
		a.Payer, a.ID)
}

func (t *tx) AssetsOf(ctx context.Context, ids ...customer.ID) ([]customer.Asset, error) {
	return recallList(t, "asset", ids, func() (list []customer.Asset, err error) {
		err = t.pick(ctx, "store.AssetsOf", assetsOf, len(ids), keys(ids), func(row scanner) error {
			var a customer.Asset
			err := row.Scan(&a.ID, &a.Customer, &a.Reference, &a.Kind, &a.Name, &a.Location, &a.Owner, date{&a.RenewsOn}, &a.Renewal.Minor, &a.Renewal.Currency, &a.Payer)
			list = append(list, a)
			return err
		})
		return list, err
	})
}

func (t *tx) InsertDeliverables(ctx context.Context, list ...customer.Deliverable) (int, error) {
	return t.insert(ctx, "store.InsertDeliverables", insertDeliverables, len(list), func(args []any, i int) []any {
		d := list[i]
		return append(args, d.ID, d.Customer, d.Subscription, d.Title, d.Due.String(), d.Delivered.String(), d.Piece.Version, d.Piece.Format, d.Piece.SHA256)
	})
}

func (t *tx) SaveDeliverable(ctx context.Context, d customer.Deliverable) error {
	return t.must(ctx, "store.SaveDeliverable", saveDeliverable, d.Title, d.Due.String(), d.Delivered.String(), d.Piece.Version, d.Piece.Format, d.Piece.SHA256, d.ID)
}

func (t *tx) DeliverablesOf(ctx context.Context, ids ...customer.ID) (list []customer.Deliverable, err error) {
	err = t.pick(ctx, "store.DeliverablesOf", deliverablesOf, len(ids), keys(ids), func(row scanner) error {
		var d customer.Deliverable
		err := row.Scan(&d.ID, &d.Customer, &d.Subscription, &d.Title, date{&d.Due}, date{&d.Delivered}, &d.Piece.Version, &d.Piece.Format, &d.Piece.SHA256)
		list = append(list, d)
		return err
	})
	return list, err
}

func (t *tx) InsertBalances(ctx context.Context, list ...customer.Balance) (int, error) {
	return t.insert(ctx, "store.InsertBalances", insertBalances, len(list), func(args []any, i int) []any {
		b := list[i]
		return append(args, b.ID, b.Customer, b.Reference, b.Kind, b.About, b.Amount.Minor, b.Amount.Currency, b.DueOn.String(), b.Status, b.Tax, pack(b.Used), b.PayURL, pack(b.Billed))
	})
}

func (t *tx) SaveBalance(ctx context.Context, b customer.Balance, was customer.BalanceStatus) error {
	return t.must(ctx, "store.SaveBalance", saveBalance, b.Reference, b.Kind, b.About, b.Amount.Minor, b.Amount.Currency, b.DueOn.String(),
		b.Status, b.Tax, pack(b.Used), b.PayURL, pack(b.Billed), b.ID, was)
}

func (t *tx) SetBalanceStatus(ctx context.Context, id customer.BalanceID, s customer.BalanceStatus) error {
	return t.must(ctx, "store.SetBalanceStatus", setBalanceStatus, s, id)
}

func (t *tx) balances(ctx context.Context, m manyTexts, n int, add func([]any, int) []any) (list []customer.Balance, err error) {
	err = t.pick(ctx, "store.balances", m, n, add, func(row scanner) error {
		var b customer.Balance
		err := row.Scan(&b.ID, &b.Customer, &b.Reference, &b.Kind, &b.About, &b.Amount.Minor, &b.Amount.Currency, date{&b.DueOn}, &b.Status, &b.Tax, packed[customer.Used]{&b.Used}, &b.PayURL, packed[customer.Billed]{&b.Billed})
		list = append(list, b)
		return err
	})
	return list, err
}

func (t *tx) BalancesOf(ctx context.Context, ids ...customer.ID) ([]customer.Balance, error) {
	return recallList(t, "balance", ids, func() ([]customer.Balance, error) { return t.balances(ctx, balancesOf, len(ids), keys(ids)) })
}

func (t *tx) BalancesByReference(ctx context.Context, references ...string) ([]customer.Balance, error) {
	return t.balances(ctx, balancesByRef, len(references), keys(references))
}
