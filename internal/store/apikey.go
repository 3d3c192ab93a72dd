package store

import (
	"context"
	"encoding/json"

	"hastaluego/internal/app"
)

const (
	keyColumns  = `id, name, scopes, secret_hash, made_by, made_at, expires_at, used_on, revoked_at, revoked_by`
	onceColumns = `api_key, name_hash, request_hash, holder, held_until, expires_at, answer, sealed_by`
)

var (
	insertAPIKey = query(`INSERT INTO api_key (` + keyColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	apiKeyByID   = query(`SELECT ` + keyColumns + ` FROM api_key WHERE id = $1`)
	listAPIKeys  = query(`SELECT ` + keyColumns + ` FROM api_key ORDER BY id DESC LIMIT 1000`)
	saveAPIKey   = query(`UPDATE api_key SET used_on = $1, revoked_at = $2, revoked_by = $3 WHERE id = $4`)

	// A row is taken when it is new, too old, or held by an attempt that is over
	// its time and left no answer.
	holdOnce = query(`
		INSERT INTO once (` + onceColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '')
		ON CONFLICT (api_key, name_hash) DO UPDATE
		   SET request_hash = excluded.request_hash, holder = excluded.holder, held_until = excluded.held_until,
		       expires_at = excluded.expires_at, answer = excluded.answer, sealed_by = ''
		 WHERE once.expires_at <= $8 OR once.sealed_by = '' AND once.held_until <= $8`)
	dropOldOnce = query(`DELETE FROM once WHERE expires_at <= $1`)
	findOnce    = query(`SELECT ` + onceColumns + ` FROM once WHERE api_key = $1 AND name_hash = $2`)
	answerOnce  = query(`
		UPDATE once SET answer = $1, sealed_by = $2
		 WHERE api_key = $3 AND name_hash = $4 AND holder = $5 AND sealed_by = ''`)
	dropOnce = query(`DELETE FROM once WHERE api_key = $1 AND name_hash = $2 AND holder = $3 AND sealed_by = ''`)
)

func (t *tx) InsertAPIKey(ctx context.Context, k app.APIKey) error {
	docs, err := texts(k.Scopes)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "store.InsertAPIKey", insertAPIKey, k.ID, k.Name, docs[0], k.SecretHash, k.MadeBy, micros(k.MadeAt), micros(k.ExpiresAt),
		micros(k.UsedOn), micros(k.RevokedAt), k.RevokedBy)
	return err
}

func scanAPIKey(row scanner) (k app.APIKey, err error) {
	var scopes string
	err = row.Scan(&k.ID, &k.Name, &scopes, &k.SecretHash, &k.MadeBy, instant{&k.MadeAt}, instant{&k.ExpiresAt}, instant{&k.UsedOn},
		instant{&k.RevokedAt}, &k.RevokedBy)
	if err != nil {
		return k, err
	}
	return k, json.Unmarshal([]byte(scopes), &k.Scopes)
}

func (t *tx) FindAPIKey(ctx context.Context, id string) (app.APIKey, error) {
	k, err := scanAPIKey(t.raw.QueryRowContext(ctx, apiKeyByID, id))
	return k, t.s.translate("store.FindAPIKey", err)
}

func (t *tx) SaveAPIKey(ctx context.Context, k app.APIKey) error {
	return t.must(ctx, "store.SaveAPIKey", saveAPIKey, micros(k.UsedOn), micros(k.RevokedAt), k.RevokedBy, k.ID)
}

func (t *tx) ListAPIKeys(ctx context.Context) (list []app.APIKey, err error) {
	err = t.each(ctx, "store.ListAPIKeys", listAPIKeys, nil, func(row scanner) error {
		k, err := scanAPIKey(row)
		list = append(list, k)
		return err
	})
	return list, err
}

func (t *tx) HoldOnce(ctx context.Context, r app.OnceRow) (bool, error) {
	if _, err := t.exec(ctx, "store.HoldOnce", dropOldOnce, micros(t.wall)); err != nil {
		return false, err
	}
	n, err := t.exec(ctx, "store.HoldOnce", holdOnce, r.Key, r.NameHash, r.Hash, r.Holder, micros(r.HeldUntil), micros(r.ExpiresAt), []byte{},
		micros(t.wall))
	return n == 1, err
}

func (t *tx) FindOnce(ctx context.Context, key, nameHash string) (r app.OnceRow, err error) {
	err = t.one(ctx, "store.FindOnce", findOnce, []any{key, nameHash}, &r.Key, &r.NameHash, &r.Hash, &r.Holder, instant{&r.HeldUntil},
		instant{&r.ExpiresAt}, &r.Answer, &r.SealedBy)
	return r, err
}

func (t *tx) AnswerOnce(ctx context.Context, r app.OnceRow) (bool, error) {
	n, err := t.exec(ctx, "store.AnswerOnce", answerOnce, r.Answer, r.SealedBy, r.Key, r.NameHash, r.Holder)
	return n == 1, err
}

func (t *tx) DropOnce(ctx context.Context, r app.OnceRow) error {
	_, err := t.exec(ctx, "store.DropOnce", dropOnce, r.Key, r.NameHash, r.Holder)
	return err
}
