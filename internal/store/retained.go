package store

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/erasure"
	"hastaluego/internal/offboarding"
)

const retainedColumns = `id, case_id, customer_id, system, holding, blocked, until_on, records, key_id, body, held_at, held_by, asked_at, asked_by, destroyed_at, version`

var (
	insertRetained = query(`
		INSERT INTO retained (` + retainedColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '', 0, '', 0, 1)
		ON CONFLICT (case_id, system, holding) DO NOTHING`)
	saveRetained = query(`
		UPDATE retained SET records = $1, body = $2, held_at = $3, held_by = $4, asked_at = $5, asked_by = $6, destroyed_at = $7, version = version + 1
		 WHERE id = $8 AND version = $9`)
	retainedByID  = query(`SELECT ` + retainedColumns + ` FROM retained WHERE id = $1`)
	retainedOf    = query(`SELECT ` + retainedColumns + ` FROM retained WHERE case_id = $1 ORDER BY system, holding`)
	retainedAbout = query(`SELECT ` + retainedColumns + ` FROM retained WHERE customer_id = $1 ORDER BY case_id, system, holding`)
	retainedSoon  = query(`SELECT ` + retainedColumns + ` FROM retained WHERE destroyed_at = 0 ORDER BY until_on, id LIMIT $1`)
)

func (t *tx) PutRetained(ctx context.Context, r erasure.Retained) error {
	if r.Version > 0 {
		return t.must(ctx, "store.PutRetained", saveRetained, r.Rows, bytesOf(r.Body), micros(r.HeldAt), r.HeldBy, micros(r.AskedAt), r.AskedBy, micros(r.DestroyedAt), r.ID, r.Version)
	}
	_, err := t.exec(ctx, "store.PutRetained", insertRetained, r.ID, r.Case, r.Customer, r.System, r.Holding, bit(r.Blocked), r.Until.String(), r.Rows, r.KeyID, bytesOf(r.Body))
	return err
}

func scanRetained(row scanner) (r erasure.Retained, err error) {
	err = row.Scan(&r.ID, &r.Case, &r.Customer, &r.System, &r.Holding, flag{&r.Blocked}, date{&r.Until}, &r.Rows, &r.KeyID, &r.Body,
		instant{&r.HeldAt}, &r.HeldBy, instant{&r.AskedAt}, &r.AskedBy, instant{&r.DestroyedAt}, &r.Version)
	return r, err
}

func (t *tx) FindRetained(ctx context.Context, id erasure.ID) (erasure.Retained, error) {
	r, err := scanRetained(t.row(ctx, retainedByID, id))
	return r, t.s.translate("store.FindRetained", err)
}

func (t *tx) retained(ctx context.Context, op, text string, arg any) (list []erasure.Retained, err error) {
	err = t.each(ctx, op, text, []any{arg}, func(row scanner) error {
		r, err := scanRetained(row)
		list = append(list, r)
		return err
	})
	return list, err
}

func (t *tx) RetainedOf(ctx context.Context, c offboarding.CaseID) ([]erasure.Retained, error) {
	return t.retained(ctx, "store.RetainedOf", retainedOf, c)
}

func (t *tx) RetainedAbout(ctx context.Context, id customer.ID) ([]erasure.Retained, error) {
	return t.retained(ctx, "store.RetainedAbout", retainedAbout, id)
}

func (t *tx) RetainedSoon(ctx context.Context, most int) ([]erasure.Retained, error) {
	return t.retained(ctx, "store.RetainedSoon", retainedSoon, most)
}
