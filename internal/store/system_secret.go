package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
)

const secretColumns = `name, value, key_id, set_at, set_by`

var (
	putSystemSecret = query(`
		INSERT INTO system_secret (` + secretColumns + `) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, key_id = excluded.key_id, set_at = excluded.set_at, set_by = excluded.set_by`)
	dropSystemSecret = query(`DELETE FROM system_secret WHERE name = $1`)
	systemSecrets    = query(`SELECT ` + secretColumns + ` FROM system_secret ORDER BY name`)
	systemSecretOf   = query(`SELECT ` + secretColumns + ` FROM system_secret WHERE name = $1`)
)

func (t *tx) PutSystemSecret(ctx context.Context, s app.SystemSecret) error {
	_, err := t.exec(ctx, "store.PutSystemSecret", putSystemSecret, s.Name, s.Value, s.KeyID, micros(s.SetAt), s.SetBy)
	return err
}

func (t *tx) DropSystemSecret(ctx context.Context, name string) error {
	return t.must(ctx, "store.DropSystemSecret", dropSystemSecret, name)
}

func (t *tx) SystemSecrets(ctx context.Context) ([]app.SystemSecret, error) {
	return t.secrets(ctx, "store.SystemSecrets", systemSecrets)
}

func (t *tx) FindSystemSecret(ctx context.Context, name string) (app.SystemSecret, error) {
	const op = "store.FindSystemSecret"
	list, err := t.secrets(ctx, op, systemSecretOf, name)
	if err != nil || len(list) > 0 {
		return append(list, app.SystemSecret{})[0], err
	}
	return app.SystemSecret{}, fault.New(fault.NotFound, "not_found").At(op, nil)
}

func (t *tx) secrets(ctx context.Context, op, q string, args ...any) (list []app.SystemSecret, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		var s app.SystemSecret
		err := row.Scan(&s.Name, &s.Value, &s.KeyID, instant{&s.SetAt}, &s.SetBy)
		list = append(list, s)
		return err
	})
	return list, err
}
