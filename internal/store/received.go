package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
)

const receivedColumns = `id, sha256, state, meaning, customer_id, request_id, case_id, read_at, read_by, over_at, over_by, key_id, body, version`

var (
	insertReceived = query(`
		INSERT INTO received (` + receivedColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1) ON CONFLICT DO NOTHING`)
	saveReceived = query(`
		UPDATE received SET state = $1, meaning = $2, customer_id = $3, request_id = $4, case_id = $5, over_at = $6, over_by = $7, version = version + 1
		 WHERE id = $8 AND version = $9`)
	receivedByID  = query(`SELECT ` + receivedColumns + ` FROM received WHERE id = $1`)
	receivedBySum = query(`SELECT ` + receivedColumns + ` FROM received WHERE sha256 = $1`)
	receivedOf    = query(`SELECT ` + receivedColumns + ` FROM received WHERE customer_id = $1 ORDER BY read_at, id`)
	receivedOpen  = query(`SELECT ` + receivedColumns + ` FROM received WHERE state = 'read' ORDER BY read_at, id LIMIT $1`)
)

func (t *tx) PutReceived(ctx context.Context, r app.Received) error {
	if r.Version > 0 {
		return t.must(ctx, "store.PutReceived", saveReceived, r.State, r.Meaning, r.Customer, r.Request, r.Case, micros(r.OverAt), r.OverBy, r.ID, r.Version)
	}
	return t.must(ctx, "store.PutReceived", insertReceived, r.ID, r.SHA256, r.State, r.Meaning, r.Customer, r.Request, r.Case, micros(r.ReadAt), r.ReadBy,
		micros(r.OverAt), r.OverBy, r.KeyID, bytesOf(r.Body))
}

func scanReceived(row scanner) (r app.Received, err error) {
	err = row.Scan(&r.ID, &r.SHA256, &r.State, &r.Meaning, &r.Customer, &r.Request, &r.Case, instant{&r.ReadAt}, &r.ReadBy, instant{&r.OverAt}, &r.OverBy,
		&r.KeyID, &r.Body, &r.Version)
	return r, err
}

func (t *tx) FindReceived(ctx context.Context, id string) (app.Received, error) {
	r, err := scanReceived(t.row(ctx, receivedByID, id))
	return r, t.s.translate("store.FindReceived", err)
}

func (t *tx) ReceivedBySum(ctx context.Context, sum string) (list []app.Received, err error) {
	return t.listReceived(ctx, receivedBySum, sum)
}

func (t *tx) ReceivedOf(ctx context.Context, c customer.ID) ([]app.Received, error) {
	return t.listReceived(ctx, receivedOf, c)
}

func (t *tx) OpenReceived(ctx context.Context, limit int) ([]app.Received, error) {
	return t.listReceived(ctx, receivedOpen, limit)
}

func (t *tx) listReceived(ctx context.Context, q string, args ...any) (list []app.Received, err error) {
	err = t.each(ctx, "store.listReceived", q, args, func(row scanner) error {
		r, err := scanReceived(row)
		list = append(list, r)
		return err
	})
	return list, err
}
