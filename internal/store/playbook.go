package store

import (
	"context"
	"slices"

	"hastaluego/internal/app"
)

const playbookColumns = `id, name, source, state, created_at, created_by, activated_at, activated_by`

var (
	insertPlaybook = query(`
		INSERT INTO playbook_version (` + playbookColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO NOTHING`)
	playbookByID    = query(`SELECT ` + playbookColumns + ` FROM playbook_version WHERE id = $1`)
	listPlaybooks   = query(`SELECT ` + playbookColumns + ` FROM playbook_version ORDER BY name, created_at DESC, id LIMIT 500`)
	activePlaybooks = query(`SELECT ` + playbookColumns + ` FROM playbook_version WHERE state = 'active' ORDER BY name`)
	retirePlaybook  = query(`UPDATE playbook_version SET state = 'retired' WHERE name = $1 AND state = 'active'`)
	activePlaybook  = query(`UPDATE playbook_version SET state = 'active', activated_at = $1, activated_by = $2 WHERE id = $3`)
)

func (t *tx) InsertPlaybook(ctx context.Context, v app.PlaybookVersion) (bool, error) {
	n, err := t.exec(ctx, "store.InsertPlaybook", insertPlaybook, v.ID, v.Name, v.Source, v.State, micros(v.CreatedAt), v.CreatedBy,
		micros(v.ActivatedAt), v.ActivatedBy)
	return n == 1, err
}

func scanPlaybook(row scanner) (v app.PlaybookVersion, err error) {
	err = row.Scan(&v.ID, &v.Name, &v.Source, &v.State, instant{&v.CreatedAt}, &v.CreatedBy, instant{&v.ActivatedAt}, &v.ActivatedBy)
	return v, err
}

func (t *tx) FindPlaybook(ctx context.Context, id string) (app.PlaybookVersion, error) {
	v, err := scanPlaybook(t.row(ctx, playbookByID, id))
	return v, t.s.translate("store.FindPlaybook", err)
}

func (t *tx) ListPlaybooks(ctx context.Context, active bool) ([]app.PlaybookVersion, error) {
	q := listPlaybooks
	if active {
		q = activePlaybooks
	}
	list, err := recall(t, "playbook_version", active, func() (list []app.PlaybookVersion, err error) {
		err = t.each(ctx, "store.ListPlaybooks", q, nil, func(row scanner) error {
			v, err := scanPlaybook(row)
			list = append(list, v)
			return err
		})
		return list, err
	})
	return slices.Clone(list), err
}

func (t *tx) ActivatePlaybook(ctx context.Context, v app.PlaybookVersion) error {
	if _, err := t.exec(ctx, "store.ActivatePlaybook", retirePlaybook, v.Name); err != nil {
		return err
	}
	return t.must(ctx, "store.ActivatePlaybook", activePlaybook, micros(v.ActivatedAt), v.ActivatedBy, v.ID)
}
