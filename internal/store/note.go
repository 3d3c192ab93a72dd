package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

var (
	insertNote = query(`INSERT INTO note (id, case_id, created_at, created_by, key_id, body) VALUES ($1, $2, $3, $4, $5, $6)`)
	notesOf    = query(`SELECT id, case_id, created_at, created_by, key_id, body FROM note WHERE case_id = $1 ORDER BY created_at DESC, id DESC LIMIT 500`)
)

func (t *tx) InsertNote(ctx context.Context, n app.Note) error {
	_, err := t.exec(ctx, "store.InsertNote", insertNote, n.ID, n.Case, micros(n.CreatedAt), n.CreatedBy, n.KeyID, n.Body)
	return err
}

func (t *tx) NotesOf(ctx context.Context, c offboarding.CaseID) (list []app.Note, err error) {
	err = t.each(ctx, "store.NotesOf", notesOf, []any{c}, func(row scanner) error {
		var n app.Note
		err := row.Scan(&n.ID, &n.Case, instant{&n.CreatedAt}, &n.CreatedBy, &n.KeyID, &n.Body)
		list = append(list, n)
		return err
	})
	return list, err
}
