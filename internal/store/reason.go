package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

const reasonColumns = `id, case_id, customer_id, kind, code, taxonomy, attribution, controllable, bad_service, given_by, given_at, complaint_id, key_id, body`

var (
	insertReason = query(`INSERT INTO reason (` + reasonColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`)
	reasonsOf    = query(`SELECT ` + reasonColumns + ` FROM reason WHERE case_id = $1 ORDER BY given_at DESC, id DESC LIMIT 500`)
)

func (t *tx) InsertReason(ctx context.Context, r app.SealedReason) error {
	_, err := t.exec(ctx, "store.InsertReason", insertReason, r.ID, r.Case, r.Customer, r.Kind, r.Code, r.Taxonomy, r.Attribution,
		bit(r.Controllable), bit(r.BadService), r.By, micros(r.At), r.Complaint, r.KeyID, bytesOf(r.Body))
	return err
}

func (t *tx) ReasonsOf(ctx context.Context, c offboarding.CaseID) (list []app.SealedReason, err error) {
	err = t.each(ctx, "store.ReasonsOf", reasonsOf, []any{c}, func(row scanner) error {
		var r app.SealedReason
		err := row.Scan(&r.ID, &r.Case, &r.Customer, &r.Kind, &r.Code, &r.Taxonomy, &r.Attribution, flag{&r.Controllable}, flag{&r.BadService}, &r.By,
			instant{&r.At}, &r.Complaint, &r.KeyID, &r.Body)
		list = append(list, r)
		return err
	})
	return list, err
}
