package store

import (
	"context"
	"encoding/json"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/pushed"
)

const (
	pushColumns = `id, customer_id, name, number, format, titles, columns, state, parts, highest, total, row_count, bytes, begun_at, changed_at, version`
	partColumns = `id, push_id, customer_id, n, last, sha256, row_count, bytes, pieces, pushed_at, key_id, body`
)

var (
	insertPush = query(`
		INSERT INTO push (` + pushColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1) ON CONFLICT DO NOTHING`)
	savePush = query(`
		UPDATE push SET state = $1, parts = $2, highest = $3, total = $4, row_count = $5, bytes = $6, changed_at = $7, version = version + 1
		 WHERE id = $8 AND version = $9`)
	pushesOf    = query(`SELECT ` + pushColumns + ` FROM push WHERE customer_id = $1 ORDER BY name, number`)
	dropPush    = query(`DELETE FROM push WHERE id = $1`)
	insertPart  = query(`INSERT INTO push_part (` + partColumns + `, gone_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0) ON CONFLICT DO NOTHING`)
	findPart    = query(`SELECT ` + partColumns + ` FROM push_part WHERE push_id = $1 AND n = $2`)
	partsOf     = query(`SELECT ` + partColumns + ` FROM push_part WHERE push_id = $1 ORDER BY n`)
	partsAbout  = query(`SELECT id FROM push_part WHERE customer_id = $1 ORDER BY id`)
	partIsThere = query(`SELECT COUNT(*) FROM push_part WHERE id = $1`)
	losePart    = query(`UPDATE push_part SET sha256 = '', body = $1, gone_at = $2 WHERE push_id = $3 AND gone_at = 0`)
	goneParts   = query(`SELECT id FROM push_part WHERE gone_at > 0 AND gone_at < $1 ORDER BY gone_at, id LIMIT $2`)
	forgetPart  = query(`DELETE FROM push_part WHERE id = $1`)
)

// PutPush fails with Conflict where another of its number was begun meanwhile.
func (t *tx) PutPush(ctx context.Context, p *pushed.Push) error {
	titles, err := json.Marshal(p.Titles)
	if err != nil {
		return fault.Wrap("store.PutPush", err)
	}
	columns, err := json.Marshal(p.Columns)
	if err != nil {
		return fault.Wrap("store.PutPush", err)
	}
	if p.Version > 0 {
		err = t.must(ctx, "store.PutPush", savePush, p.State, p.Parts, p.Highest, p.Total, p.Rows, p.Bytes, micros(p.Changed), p.ID, p.Version)
	} else {
		err = t.must(ctx, "store.PutPush", insertPush, p.ID, p.Customer, p.Name, p.Number, p.Format, string(titles), string(columns), p.State, p.Parts, p.Highest, p.Total,
			p.Rows, p.Bytes, micros(p.At), micros(p.Changed))
	}
	if err == nil {
		p.Version++
	}
	return err
}

func (t *tx) PushesOf(ctx context.Context, c customer.ID) (list []pushed.Push, err error) {
	err = t.each(ctx, "store.PushesOf", pushesOf, []any{c}, func(row scanner) error {
		var p pushed.Push
		var titles, columns string
		err := row.Scan(&p.ID, &p.Customer, &p.Name, &p.Number, &p.Format, &titles, &columns, &p.State, &p.Parts, &p.Highest, &p.Total, &p.Rows, &p.Bytes,
			instant{&p.At}, instant{&p.Changed}, &p.Version)
		if err == nil {
			err = json.Unmarshal([]byte(titles), &p.Titles)
		}
		if err == nil {
			err = json.Unmarshal([]byte(columns), &p.Columns)
		}
		list = append(list, p)
		return err
	})
	return list, err
}

func (t *tx) DropPush(ctx context.Context, p pushed.ID) error {
	if _, err := t.exec(ctx, "store.DropPush", losePart, []byte{}, micros(t.wall), p); err != nil {
		return err
	}
	return t.must(ctx, "store.DropPush", dropPush, p)
}

func (t *tx) InsertPart(ctx context.Context, p app.SealedPart) error {
	return t.must(ctx, "store.InsertPart", insertPart, p.ID, p.Push, p.Customer, p.N, bit(p.Last), p.SHA256, p.Rows, p.Bytes, p.Pieces, micros(p.At), p.KeyID, bytesOf(p.Body))
}

func scanPart(row scanner) (p app.SealedPart, err error) {
	err = row.Scan(&p.ID, &p.Push, &p.Customer, &p.N, flag{&p.Last}, &p.SHA256, &p.Rows, &p.Bytes, &p.Pieces, instant{&p.At}, &p.KeyID, &p.Body)
	return p, err
}

func (t *tx) FindPart(ctx context.Context, p pushed.ID, n int) (app.SealedPart, error) {
	part, err := scanPart(t.row(ctx, findPart, p, n))
	return part, t.s.translate("store.FindPart", err)
}

func (t *tx) PartsOf(ctx context.Context, p pushed.ID) (list []app.SealedPart, err error) {
	err = t.each(ctx, "store.PartsOf", partsOf, []any{p}, func(row scanner) error {
		part, err := scanPart(row)
		list = append(list, part)
		return err
	})
	return list, err
}

func (t *tx) PartsAbout(ctx context.Context, c customer.ID) ([]string, error) {
	return t.words(ctx, partsAbout, c)
}

func (t *tx) PartIsThere(ctx context.Context, p pushed.PartID) (bool, error) {
	var n int
	err := t.one(ctx, "store.PartIsThere", partIsThere, []any{p}, &n)
	return n > 0, err
}

func (t *tx) GoneParts(ctx context.Context, before time.Time, most int) ([]string, error) {
	return t.words(ctx, goneParts, micros(before), most)
}

func (t *tx) ForgetParts(ctx context.Context, ids ...string) error {
	for _, id := range ids {
		if _, err := t.exec(ctx, "store.ForgetParts", forgetPart, id); err != nil {
			return err
		}
	}
	return nil
}
