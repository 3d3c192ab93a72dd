package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
)

const reasonColumns = `id, case_id, customer_id, kind, code, taxonomy, attribution, controllable, bad_service, given_by, given_at, complaint_id, key_id, body, edition, family, come_back, completes`

var (
	insertReason = query(`INSERT INTO reason (` + reasonColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`)
	keepEdition  = query(`
		INSERT INTO reason_edition (edition, code, family, label_es, label_en, since) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (edition) DO NOTHING`)
	countReason = query(`UPDATE reason SET counts = CASE WHEN id = $1 THEN 1 ELSE 0 END WHERE case_id = $2 AND kind = $3`)
	reasonsOf   = query(`SELECT ` + reasonColumns + ` FROM reason WHERE case_id = $1 ORDER BY given_at DESC, id DESC LIMIT 500`)
)

func (t *tx) InsertReason(ctx context.Context, r app.SealedReason, means reason.Reason) error {
	const op = "store.InsertReason"
	back := unsaid
	if r.Return != nil {
		back = *r.Return
	}
	if _, err := t.exec(ctx, op, keepEdition, means.Edition, means.Code, means.Family, means.Label["es"], means.Label["en"], micros(t.now)); err != nil {
		return err
	}
	_, err := t.exec(ctx, op, insertReason, r.ID, r.Case, r.Customer, r.Kind, r.Code, r.Taxonomy, r.Attribution,
		bit(r.Controllable), bit(r.BadService), r.By, micros(r.At), r.Complaint, r.KeyID, bytesOf(r.Body), r.Edition, r.InFamily, back, r.Completes)
	return err
}

// unsaid is how likely somebody comes back who did not say.
const unsaid = -1

func (t *tx) CountReason(ctx context.Context, c offboarding.CaseID, kind reason.Kind, counts reason.GivenID) error {
	_, err := t.exec(ctx, "store.CountReason", countReason, counts, c, kind)
	return err
}

func (t *tx) ReasonsOf(ctx context.Context, c offboarding.CaseID) (list []app.SealedReason, err error) {
	err = t.each(ctx, "store.ReasonsOf", reasonsOf, []any{c}, func(row scanner) error {
		var r app.SealedReason
		var back int
		err := row.Scan(&r.ID, &r.Case, &r.Customer, &r.Kind, &r.Code, &r.Taxonomy, &r.Attribution, flag{&r.Controllable}, flag{&r.BadService}, &r.By,
			instant{&r.At}, &r.Complaint, &r.KeyID, &r.Body, &r.Edition, &r.InFamily, &back, &r.Completes)
		if back != unsaid {
			r.Return = &back
		}
		list = append(list, r)
		return err
	})
	return list, err
}
