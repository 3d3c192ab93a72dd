package store

import (
	"context"
	"time"

	"hastaluego/internal/app"
)

var (
	insertUpload  = query(`INSERT INTO import_upload (id, kind, file, by_, at, key_id, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	findUpload    = query(`SELECT id, kind, file, by_, at, key_id, body FROM import_upload WHERE id = $1`)
	dropUpload    = query(`DELETE FROM import_upload WHERE id = $1`)
	forgetUploads = query(`DELETE FROM import_upload WHERE id IN (SELECT id FROM import_upload WHERE at < $1 ORDER BY id LIMIT $2)`)
)

func (t *tx) InsertUpload(ctx context.Context, u app.Upload) error {
	_, err := t.exec(ctx, "store.InsertUpload", insertUpload, u.ID, u.Kind, u.File, u.By, micros(u.At), u.KeyID, u.Body)
	return err
}

func (t *tx) FindUpload(ctx context.Context, id string) (u app.Upload, err error) {
	err = t.row(ctx, findUpload, id).Scan(&u.ID, &u.Kind, &u.File, &u.By, instant{&u.At}, &u.KeyID, &u.Body)
	return u, t.s.translate("store.FindUpload", err)
}

func (t *tx) DropUpload(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "store.DropUpload", dropUpload, id)
	return err
}

func (t *tx) ForgetUploads(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := t.exec(ctx, "store.ForgetUploads", forgetUploads, micros(before), limit)
	return int(n), err
}
