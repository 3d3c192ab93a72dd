package store

import (
	"context"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
)

const changeColumns = `import_id, kind, record_id, customer_id, at, was, now_`

var (
	putChanges   = many(`INSERT INTO import_change (`+changeColumns+`) VALUES `, 7, ` ON CONFLICT (import_id, kind, record_id) DO NOTHING`)
	changesBy    = query(`SELECT ` + changeColumns + ` FROM import_change WHERE import_id = $1 ORDER BY customer_id, kind, record_id`)
	changesAbout = query(`SELECT ` + changeColumns + ` FROM import_change WHERE customer_id = $1 ORDER BY import_id, kind, record_id`)
	forgetChange = query(`DELETE FROM import_change WHERE import_id = $1 AND kind = $2 AND record_id = $3`)

	dropPart = map[string]string{
		"deliverable": query(`DELETE FROM deliverable WHERE id = $1`), "grant": query(`DELETE FROM grant_ WHERE id = $1`),
		"asset": query(`DELETE FROM asset WHERE id = $1`), "balance": query(`DELETE FROM balance WHERE id = $1`),
	}
	dropReading  = query(`DELETE FROM reading WHERE customer_id = $1 AND metric = $2 AND day = $3`)
	forgetNewest = query(`DELETE FROM reading_newest`)
	countNewest  = query(`INSERT INTO reading_newest (metric, day) SELECT metric, MAX(day) FROM reading GROUP BY metric`)
)

func (t *tx) PutChanges(ctx context.Context, list ...app.Change) error {
	_, err := t.insert(ctx, "store.PutChanges", putChanges, len(list), func(args []any, i int) []any {
		c := list[i]
		return append(args, c.Import, c.Kind, c.ID, c.Customer, micros(c.At), c.Was, c.Now)
	})
	return err
}

func (t *tx) changes(ctx context.Context, op, q string, arg any) (list []app.Change, err error) {
	err = t.each(ctx, op, q, []any{arg}, func(row scanner) error {
		var c app.Change
		err := row.Scan(&c.Import, &c.Kind, &c.ID, &c.Customer, instant{&c.At}, &c.Was, &c.Now)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) ChangesBy(ctx context.Context, run app.ImportID) ([]app.Change, error) {
	return t.changes(ctx, "store.ChangesBy", changesBy, run)
}

func (t *tx) ChangesAbout(ctx context.Context, c customer.ID) ([]app.Change, error) {
	return t.changes(ctx, "store.ChangesAbout", changesAbout, c)
}

func (t *tx) ForgetChange(ctx context.Context, c app.Change) error {
	_, err := t.exec(ctx, "store.ForgetChange", forgetChange, c.Import, c.Kind, c.ID)
	return err
}

func (t *tx) DropPart(ctx context.Context, kind, id string, c customer.ID) error {
	q, known := dropPart[kind]
	if !known {
		return fault.New(fault.Internal, "internal").At("store.DropPart "+kind, nil)
	}
	t.touch(c)
	return t.must(ctx, "store.DropPart", q, id)
}

func (t *tx) DropPast(ctx context.Context, s customer.SubscriptionID, at ...time.Time) error {
	for _, x := range at {
		if _, err := t.exec(ctx, "store.DropPast", deletePastAt, s, micros(x)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) DropReadings(ctx context.Context, list ...app.Reading) error {
	for _, r := range list {
		if _, err := t.exec(ctx, "store.DropReadings", dropReading, r.Customer, r.Metric, r.Day.String()); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) RecountNewest(ctx context.Context) error {
	for _, q := range []string{forgetNewest, countNewest} {
		if _, err := t.exec(ctx, "store.RecountNewest", q); err != nil {
			return err
		}
	}
	return nil
}
