package store

import (
	"context"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

const linkColumns = `id, token_hash, purpose, request_id, case_id, created_at, expires_at, used_at`

var (
	insertLink = query(`
		INSERT INTO link (` + linkColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (token_hash) DO UPDATE SET expires_at = excluded.expires_at`)
	linkByHash = query(`SELECT ` + linkColumns + ` FROM link WHERE token_hash = $1`)
	saveLink   = query(`UPDATE link SET used_at = $1 WHERE id = $2`)
	liveLink   = query(`
		SELECT ` + linkColumns + ` FROM link WHERE case_id = $1 AND purpose = $2 AND used_at = 0 ORDER BY created_at DESC, id DESC LIMIT 1`)
	stopLinks  = query(`UPDATE link SET used_at = $1 WHERE case_id = $2 AND purpose = $3 AND used_at = 0`)
	forgetUsed = query(`DELETE FROM used_once WHERE id IN (SELECT id FROM used_once WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`)
	useOnce    = query(`INSERT INTO used_once (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`)
)

func (t *tx) InsertLink(ctx context.Context, l app.Link) error {
	_, err := t.exec(ctx, "store.InsertLink", insertLink, l.ID, l.TokenHash, l.Purpose, l.Request, l.Case, micros(l.CreatedAt),
		micros(l.ExpiresAt), micros(l.UsedAt))
	return err
}

func linkFields(l *app.Link) []any {
	return []any{&l.ID, &l.TokenHash, &l.Purpose, &l.Request, &l.Case, instant{&l.CreatedAt}, instant{&l.ExpiresAt}, instant{&l.UsedAt}}
}

func (t *tx) FindLink(ctx context.Context, hash string) (l app.Link, err error) {
	err = t.one(ctx, "store.FindLink", linkByHash, []any{hash}, linkFields(&l)...)
	return l, err
}

func (t *tx) LiveLink(ctx context.Context, c offboarding.CaseID, purpose string) (l app.Link, err error) {
	err = t.one(ctx, "store.LiveLink", liveLink, []any{c, purpose}, linkFields(&l)...)
	return l, err
}

func (t *tx) StopLinks(ctx context.Context, c offboarding.CaseID, purpose string) (int, error) {
	n, err := t.exec(ctx, "store.StopLinks", stopLinks, micros(t.Now()), c, purpose)
	return int(n), err
}

func (t *tx) SaveLink(ctx context.Context, l app.Link) error {
	return t.must(ctx, "store.SaveLink", saveLink, micros(l.UsedAt), l.ID)
}

func (t *tx) UseOnce(ctx context.Context, id string, expires time.Time) (bool, error) {
	n, err := t.exec(ctx, "store.UseOnce", useOnce, id, micros(expires))
	return n == 1, err
}

func (t *tx) ForgetUsed(ctx context.Context, before time.Time, most int) (int, error) {
	n, err := t.exec(ctx, "store.ForgetUsed", forgetUsed, micros(before), most)
	return int(n), err
}
