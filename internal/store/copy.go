package store

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/retrieval"
)

const copyColumns = `id, code, state, asked_by, account, customer_id, language, zone, days, asked_at, opened_at, over_at, last_on, version`

var (
	insertCopy = query(`
		INSERT INTO data_copy (` + copyColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1) ON CONFLICT DO NOTHING`)
	saveCopy = query(`
		UPDATE data_copy
		   SET state = $1, account = $2, customer_id = $3, days = $4, opened_at = $5, over_at = $6, last_on = $7, version = version + 1
		 WHERE id = $8 AND version = $9`)
	copyByID = query(`SELECT ` + copyColumns + ` FROM data_copy WHERE id = $1`)
	copiesOf = query(`SELECT ` + copyColumns + ` FROM data_copy WHERE customer_id = $1 ORDER BY asked_at DESC, id DESC`)
)

// PutCopy fails with Conflict where its customer has another one that is alive.
func (t *tx) PutCopy(ctx context.Context, c *retrieval.Copy) (err error) {
	if c.Version > 0 {
		err = t.must(ctx, "store.PutCopy", saveCopy, c.State, c.Account, c.Customer, c.Days, micros(c.OpenedAt), micros(c.OverAt), c.Last.String(), c.ID, c.Version)
	} else {
		err = t.must(ctx, "store.PutCopy", insertCopy, c.ID, c.Code, c.State, c.AskedBy, c.Account, c.Customer, c.Language, c.Zone, c.Days,
			micros(c.AskedAt), micros(c.OpenedAt), micros(c.OverAt), c.Last.String())
	}
	if err == nil {
		c.Version++
	}
	return err
}

func scanCopy(row scanner) (c retrieval.Copy, err error) {
	err = row.Scan(&c.ID, &c.Code, &c.State, &c.AskedBy, &c.Account, &c.Customer, &c.Language, &c.Zone, &c.Days, instant{&c.AskedAt}, instant{&c.OpenedAt},
		instant{&c.OverAt}, date{&c.Last}, &c.Version)
	return c, err
}

func (t *tx) FindCopy(ctx context.Context, id retrieval.ID) (retrieval.Copy, error) {
	c, err := scanCopy(t.row(ctx, copyByID, id))
	return c, t.s.translate("store.FindCopy", err)
}

// HoldCopy takes a lock on PostgreSQL; SQLite has one writer at a time anyway.
func (t *tx) HoldCopy(ctx context.Context, id retrieval.ID) (retrieval.Copy, error) {
	c, err := scanCopy(t.row(ctx, copyByID+t.s.dialect.share, id))
	return c, t.s.translate("store.HoldCopy", err)
}

func (t *tx) CopiesOf(ctx context.Context, id customer.ID) (list []retrieval.Copy, err error) {
	err = t.each(ctx, "store.CopiesOf", copiesOf, []any{id}, func(row scanner) error {
		c, err := scanCopy(row)
		list = append(list, c)
		return err
	})
	return list, err
}
