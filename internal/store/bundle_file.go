package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

var (
	putBundleFile = many(`INSERT INTO bundle_file (set_id, n, case_id, stage, key_id, body) VALUES `, 6, `
		ON CONFLICT (set_id, n) DO UPDATE SET stage = excluded.stage, key_id = excluded.key_id, body = excluded.body`)
	bundleFilesOf    = query(`SELECT set_id, n, case_id, stage, key_id, body FROM bundle_file WHERE set_id = $1 ORDER BY n`)
	bundleSetsOf     = query(`SELECT DISTINCT set_id FROM bundle_file WHERE case_id = $1 ORDER BY set_id`)
	dropBundleFile   = query(`DELETE FROM bundle_file WHERE set_id = $1 AND n = $2`)
	bundleSetIsThere = query(`SELECT COUNT(*) FROM (SELECT 1 FROM bundle_file WHERE set_id = $1 LIMIT 1) b`)
	dropBlob         = query(`DELETE FROM blob WHERE id = $1`)
)

func (t *tx) PutBundleFiles(ctx context.Context, list ...app.BundleFile) error {
	_, err := t.insert(ctx, "store.PutBundleFiles", putBundleFile, len(list), func(args []any, i int) []any {
		f := list[i]
		return append(args, f.Set, f.N, f.Case, f.Stage, f.KeyID, bytesOf(f.Body))
	})
	return err
}

func (t *tx) BundleFilesOf(ctx context.Context, set string) (list []app.BundleFile, err error) {
	err = t.each(ctx, "store.BundleFilesOf", bundleFilesOf, []any{set}, func(row scanner) error {
		var f app.BundleFile
		err := row.Scan(&f.Set, &f.N, &f.Case, &f.Stage, &f.KeyID, &f.Body)
		list = append(list, f)
		return err
	})
	return list, err
}

func (t *tx) BundleSetsOf(ctx context.Context, c offboarding.CaseID) (sets []string, err error) {
	err = t.each(ctx, "store.BundleSetsOf", bundleSetsOf, []any{c}, func(row scanner) error {
		var set string
		err := row.Scan(&set)
		sets = append(sets, set)
		return err
	})
	return sets, err
}

func (t *tx) BundleSetIsThere(ctx context.Context, set string) (bool, error) {
	var n int
	err := t.one(ctx, "store.BundleSetIsThere", bundleSetIsThere, []any{set}, &n)
	return n > 0, err
}

func (t *tx) DropBundleFiles(ctx context.Context, set string, ns ...int) error {
	for _, n := range ns {
		if _, err := t.exec(ctx, "store.DropBundleFiles", dropBundleFile, set, n); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) DropBlob(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "store.DropBlob", dropBlob, id)
	return err
}

func (t *tx) ReplaceBlob(ctx context.Context, b app.Blob) error {
	if err := t.DropBlob(ctx, b.ID); err != nil {
		return err
	}
	return t.InsertBlob(ctx, b)
}
