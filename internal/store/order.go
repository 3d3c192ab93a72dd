package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/authority"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
)

const orderColumns = `id, case_id, customer_id, state, withhold, tell, silent, until_on, asked_by, asked_at, agreed_by, agreed_at, over_by, over_at, key_id, body, version`

var (
	insertOrder = query(`
		INSERT INTO authority_order (` + orderColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', 0, '', 0, $11, $12, 1)`)
	saveOrder = query(`
		UPDATE authority_order SET state = $1, agreed_by = $2, agreed_at = $3, over_by = $4, over_at = $5, silent = $6, version = version + 1
		 WHERE id = $7 AND version = $8`)
	orderByID   = query(`SELECT ` + orderColumns + ` FROM authority_order WHERE id = $1`)
	ordersOf    = query(`SELECT ` + orderColumns + ` FROM authority_order WHERE customer_id = $1 ORDER BY id`)
	longerFetch = query(`UPDATE case_ SET retrieval_days = retrieval_days + $1, version = version + 1 WHERE id = $2 AND version = $3`)
)

func (t *tx) PutOrder(ctx context.Context, o app.SealedOrder) error {
	if o.Version > 0 {
		return t.must(ctx, "store.PutOrder", saveOrder, o.State, o.AgreedBy, micros(o.AgreedAt), o.OverBy, micros(o.OverAt), bit(o.Silent), o.ID, o.Version)
	}
	_, err := t.exec(ctx, "store.PutOrder", insertOrder, o.ID, o.Case, o.Customer, o.State, bit(o.Withhold), bit(o.Named), bit(o.Silent), o.Until.String(),
		o.AskedBy, micros(o.AskedAt), o.KeyID, bytesOf(o.Body))
	return err
}

func scanOrder(row scanner) (o app.SealedOrder, err error) {
	err = row.Scan(&o.ID, &o.Case, &o.Customer, &o.State, flag{&o.Withhold}, flag{&o.Named}, flag{&o.Silent}, date{&o.Until}, &o.AskedBy, instant{&o.AskedAt},
		&o.AgreedBy, instant{&o.AgreedAt}, &o.OverBy, instant{&o.OverAt}, &o.KeyID, &o.Body, &o.Version)
	return o, err
}

func (t *tx) FindOrder(ctx context.Context, id authority.ID) (app.SealedOrder, error) {
	o, err := scanOrder(t.row(ctx, orderByID, id))
	return o, t.s.translate("store.FindOrder", err)
}

func (t *tx) OrdersOf(ctx context.Context, id customer.ID) (list []app.SealedOrder, err error) {
	err = t.each(ctx, "store.OrdersOf", ordersOf, []any{id}, func(row scanner) error {
		o, err := scanOrder(row)
		list = append(list, o)
		return err
	})
	return list, err
}

func (t *tx) LengthenRetrieval(ctx context.Context, c offboarding.Case, days int) error {
	t.touch(c.Customer)
	return t.must(ctx, "store.LengthenRetrieval", longerFetch, days, c.ID, c.Version)
}
