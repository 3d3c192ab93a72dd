package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/bucket"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

const sendColumns = `id, case_id, customer_id, blob_id, state, code, tries, asked_at, over_at, key_id, body, version`

var (
	insertSend = query(`INSERT INTO bucket_send (` + sendColumns + `) VALUES ($1, $2, $3, $4, $5, '', 0, $6, 0, $7, $8, 1) ON CONFLICT DO NOTHING`)
	saveSend   = query(`
		UPDATE bucket_send SET state = $1, code = $2, tries = $3, over_at = $4, key_id = $5, body = $6, version = version + 1
		 WHERE id = $7 AND version = $8`)
	sendByID = query(`SELECT ` + sendColumns + ` FROM bucket_send WHERE id = $1`)
	lastSend = query(`SELECT ` + sendColumns + ` FROM bucket_send WHERE case_id = $1 ORDER BY id DESC LIMIT 1`)
)

func (t *tx) PutSend(ctx context.Context, s app.SealedSend) error {
	if s.Version > 0 {
		return t.must(ctx, "store.PutSend", saveSend, s.State, s.Code, s.Tries, micros(s.OverAt), s.KeyID, bytesOf(s.Body), s.ID, s.Version)
	}
	n, err := t.exec(ctx, "store.PutSend", insertSend, s.ID, s.Case, s.Customer, s.Blob, s.State, micros(s.AskedAt), s.KeyID, bytesOf(s.Body))
	if err == nil && n != 1 { // one is on its way
		return fault.New(fault.Conflict, "bucket.busy").At("store.PutSend", nil)
	}
	return err
}

func scanSend(row scanner) (s app.SealedSend, err error) {
	err = row.Scan(&s.ID, &s.Case, &s.Customer, &s.Blob, &s.State, &s.Code, &s.Tries, instant{&s.AskedAt}, instant{&s.OverAt}, &s.KeyID, &s.Body, &s.Version)
	return s, err
}

func (t *tx) FindSend(ctx context.Context, id bucket.ID) (app.SealedSend, error) {
	s, err := scanSend(t.row(ctx, sendByID, id))
	return s, t.s.translate("store.FindSend", err)
}

func (t *tx) LastSend(ctx context.Context, c offboarding.CaseID) (app.SealedSend, error) {
	s, err := scanSend(t.row(ctx, lastSend, c))
	return s, t.s.translate("store.LastSend", err)
}
