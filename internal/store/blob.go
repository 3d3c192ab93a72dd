package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

const blobColumns = `id, kind, case_id, step_id, name, media, size, sha256, created_at, created_by, key_id, fetched_at`

var (
	insertBlob = query(`
		INSERT INTO blob (` + blobColumns + `, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO NOTHING`)
	blobByID  = query(`SELECT ` + blobColumns + `, body FROM blob WHERE id = $1`)
	fetchBlob = query(`UPDATE blob SET fetched_at = $1 WHERE id = $2 AND fetched_at = 0`)
	blobsOf   = query(`SELECT ` + blobColumns + ` FROM blob WHERE case_id = $1 ORDER BY created_at, id`)
)

func (t *tx) InsertBlob(ctx context.Context, b app.Blob) error {
	_, err := t.exec(ctx, "store.InsertBlob", insertBlob, b.ID, b.Kind, b.Case, b.Step, b.Name, b.Media, b.Size, b.SHA256,
		micros(b.CreatedAt), b.CreatedBy, b.KeyID, micros(b.FetchedAt), bytesOf(b.Body))
	return err
}

func blobFields(b *app.Blob) []any {
	return []any{&b.ID, &b.Kind, &b.Case, &b.Step, &b.Name, &b.Media, &b.Size, &b.SHA256, instant{&b.CreatedAt}, &b.CreatedBy, &b.KeyID, instant{&b.FetchedAt}}
}

func (t *tx) FindBlob(ctx context.Context, id string) (b app.Blob, err error) {
	err = t.one(ctx, "store.FindBlob", blobByID, []any{id}, append(blobFields(&b), &b.Body)...)
	return b, err
}

func (t *tx) FetchBlob(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "store.FetchBlob", fetchBlob, micros(t.Now()), id)
	return err
}

func (t *tx) BlobsOf(ctx context.Context, c offboarding.CaseID) (list []app.Blob, err error) {
	err = t.each(ctx, "store.BlobsOf", blobsOf, []any{c}, func(row scanner) error {
		var b app.Blob
		if err := row.Scan(blobFields(&b)...); err != nil {
			return err
		}
		list = append(list, b)
		return nil
	})
	return list, err
}
