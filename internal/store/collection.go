package store

import (
	"context"

	"hastaluego/internal/collection"
	"hastaluego/internal/offboarding"
)

const promiseColumns = `id, case_id, customer_id, pay_on, state, made_at, made_by, over_at, version`

var (
	insertPromise = query(`INSERT INTO payment_promise (` + promiseColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)`)
	savePromise   = query(`UPDATE payment_promise SET state = $1, over_at = $2, version = version + 1 WHERE id = $3 AND version = $4`)
	promiseByID   = query(`SELECT ` + promiseColumns + ` FROM payment_promise WHERE id = $1`)
	promisesOf    = query(`SELECT ` + promiseColumns + ` FROM payment_promise WHERE case_id = $1 ORDER BY made_at, id`)
)

func (t *tx) PutPromise(ctx context.Context, p collection.Promise) error {
	if p.Version > 0 {
		return t.must(ctx, "store.PutPromise", savePromise, p.State, micros(p.OverAt), p.ID, p.Version)
	}
	return t.must(ctx, "store.PutPromise", insertPromise, p.ID, p.Case, p.Customer, p.On.String(), p.State, micros(p.MadeAt), p.MadeBy, micros(p.OverAt))
}

func scanPromise(row scanner) (p collection.Promise, err error) {
	err = row.Scan(&p.ID, &p.Case, &p.Customer, date{&p.On}, &p.State, instant{&p.MadeAt}, &p.MadeBy, instant{&p.OverAt}, &p.Version)
	return p, err
}

func (t *tx) FindPromise(ctx context.Context, id collection.PromiseID) (collection.Promise, error) {
	p, err := scanPromise(t.row(ctx, promiseByID, id))
	return p, t.s.translate("store.FindPromise", err)
}

func (t *tx) PromisesOf(ctx context.Context, c offboarding.CaseID) (list []collection.Promise, err error) {
	err = t.each(ctx, "store.PromisesOf", promisesOf, []any{c}, func(row scanner) error {
		p, err := scanPromise(row)
		list = append(list, p)
		return err
	})
	return list, err
}
