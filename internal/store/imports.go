package store

import (
	"context"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
)

const importColumns = `id, kind, by_, file, began_at, rows_, changed, rejected, undone_at, undone_by`

var (
	insertImport = query(`INSERT INTO import_run (` + importColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING`)
	saveImport   = query(`UPDATE import_run SET rows_ = $1, changed = $2, rejected = $3 WHERE id = $4`)
	undoImport   = query(`UPDATE import_run SET undone_at = $1, undone_by = $2 WHERE id = $3 AND undone_at = 0`)
	findImport   = query(`SELECT ` + importColumns + ` FROM import_run WHERE id = $1`)
	listImports  = query(`SELECT ` + importColumns + ` FROM import_run WHERE ($1 = '' OR id < $1) ORDER BY id DESC LIMIT $2`)

	insertMade = many(`INSERT INTO import_made (import_id, kind, record_id, version) VALUES `, 4, ` ON CONFLICT (import_id, kind, record_id) DO UPDATE SET version = excluded.version`)
	remade     = query(`UPDATE import_made SET version = $1 WHERE import_id = $2 AND kind = $3 AND record_id = $4`)
	madeBy     = query(`SELECT kind, record_id, version FROM import_made WHERE import_id = $1 ORDER BY kind, record_id`)

	backdate = query(`UPDATE subscription SET recorded_at = CAST($1 AS BIGINT) WHERE id = $2 RETURNING customer_id`)
	putPast  = query(`
		INSERT INTO subscription_past (subscription_id, until, amount_minor, currency, interval_, status)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (subscription_id, until) DO NOTHING`)
)

func (t *tx) InsertImport(ctx context.Context, x app.ImportRun) error {
	_, err := t.exec(ctx, "store.InsertImport", insertImport, x.ID, x.Kind, x.By, x.File, micros(x.At), x.Rows, x.Changed, x.Rejected, micros(x.UndoneAt), x.UndoneBy)
	return err
}

func (t *tx) SaveImport(ctx context.Context, x app.ImportRun) error {
	return t.must(ctx, "store.SaveImport", saveImport, x.Rows, x.Changed, x.Rejected, x.ID)
}

func (t *tx) UndoImport(ctx context.Context, id app.ImportID, by string) error {
	return t.must(ctx, "store.UndoImport", undoImport, micros(t.now), by, id)
}

func scanImport(row scanner) (x app.ImportRun, err error) {
	err = row.Scan(&x.ID, &x.Kind, &x.By, &x.File, instant{&x.At}, &x.Rows, &x.Changed, &x.Rejected, instant{&x.UndoneAt}, &x.UndoneBy)
	return x, err
}

func (t *tx) FindImport(ctx context.Context, id app.ImportID) (app.ImportRun, error) {
	x, err := scanImport(t.row(ctx, findImport, id))
	return x, t.s.translate("store.FindImport", err)
}

func (t *tx) ListImports(ctx context.Context, before app.ImportID, limit int) (list []app.ImportRun, err error) {
	err = t.each(ctx, "store.ListImports", listImports, []any{before, limit}, func(row scanner) error {
		x, err := scanImport(row)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) PutMade(ctx context.Context, id app.ImportID, list ...app.Made) error {
	_, err := t.insert(ctx, "store.PutMade", insertMade, len(list), func(args []any, i int) []any {
		return append(args, id, list[i].Kind, list[i].ID, list[i].Version)
	})
	return err
}

func (t *tx) Remade(ctx context.Context, id app.ImportID, list ...app.Made) error {
	for _, m := range list {
		if _, err := t.exec(ctx, "store.Remade", remade, m.Version, id, m.Kind, m.ID); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) MadeBy(ctx context.Context, id app.ImportID) (list []app.Made, err error) {
	err = t.each(ctx, "store.MadeBy", madeBy, []any{id}, func(row scanner) error {
		var m app.Made
		err := row.Scan(&m.Kind, &m.ID, &m.Version)
		list = append(list, m)
		return err
	})
	return list, err
}

func (t *tx) PutPast(ctx context.Context, p app.PastPrice) error {
	_, err := t.exec(ctx, "store.PutPast", putPast, p.Subscription, micros(p.Until), p.Amount.Minor, p.Amount.Currency, p.Interval, p.Status)
	return err
}

func (t *tx) Backdate(ctx context.Context, id customer.SubscriptionID, at time.Time) error {
	return t.touching(ctx, "store.Backdate", backdate, micros(at), id)
}
