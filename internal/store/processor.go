package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/erasure"
	"hastaluego/internal/offboarding"
)

const askedColumns = `id, customer_id, case_id, step_id, system, state, asked_at, due_on, reminded, erased_on, proof, key_sum, sha256, file_id, key_id, body, version`

var (
	insertAsked = query(`
		INSERT INTO processor_asked (` + askedColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)`)
	saveAsked = query(`
		UPDATE processor_asked
		   SET state = $1, asked_at = $2, due_on = $3, reminded = $4, erased_on = $5, proof = $6, key_sum = $7, sha256 = $8, file_id = $9, key_id = $10, body = $11,
		       version = version + 1
		 WHERE id = $12 AND version = $13`)
	askedByID = query(`SELECT ` + askedColumns + ` FROM processor_asked WHERE id = $1`)
	askedOf   = query(`SELECT ` + askedColumns + ` FROM processor_asked WHERE case_id = $1 ORDER BY system, id`)
	askedWith = query(`SELECT id FROM processor_asked WHERE sha256 = $1 AND sha256 <> ''`)
)

func (t *tx) PutAsked(ctx context.Context, x app.SealedAsked) error {
	if x.Version > 0 {
		return t.must(ctx, "store.PutAsked", saveAsked, x.State, micros(x.AskedAt), x.Due.String(), x.Reminded, x.ErasedOn.String(), x.Proof, x.Key, x.SHA256,
			x.File, x.KeyID, bytesOf(x.Body), x.ID, x.Version)
	}
	return t.must(ctx, "store.PutAsked", insertAsked, x.ID, x.Customer, x.Case, x.Step, x.System, x.State, micros(x.AskedAt), x.Due.String(), x.Reminded,
		x.ErasedOn.String(), x.Proof, x.Key, x.SHA256, x.File, x.KeyID, bytesOf(x.Body))
}

func scanAsked(row scanner) (x app.SealedAsked, err error) {
	err = row.Scan(&x.ID, &x.Customer, &x.Case, &x.Step, &x.System, &x.State, instant{&x.AskedAt}, date{&x.Due}, &x.Reminded, date{&x.ErasedOn}, &x.Proof,
		&x.Key, &x.SHA256, &x.File, &x.KeyID, &x.Body, &x.Version)
	return x, err
}

func (t *tx) FindAsked(ctx context.Context, id erasure.AskedID) (app.SealedAsked, error) {
	x, err := scanAsked(t.row(ctx, askedByID, id))
	return x, t.s.translate("store.FindAsked", err)
}

func (t *tx) AskedOf(ctx context.Context, c offboarding.CaseID) (list []app.SealedAsked, err error) {
	err = t.each(ctx, "store.AskedOf", askedOf, []any{c}, func(row scanner) error {
		x, err := scanAsked(row)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) AskedWith(ctx context.Context, sha256 string) (list []erasure.AskedID, err error) {
	err = t.each(ctx, "store.AskedWith", askedWith, []any{sha256}, func(row scanner) error {
		var x erasure.AskedID
		err := row.Scan(&x)
		list = append(list, x)
		return err
	})
	return list, err
}
