package store

import (
	"context"
	"encoding/json"

	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
)

const endingColumns = `id, state, pick, ends_on, per_minute, made_at, made_by, decided_at, decided_by, note, cursor_, opened, passed, body, version`

// picked are the contracts that are live and have what a pick says. A test
// customer is picked by name only.
const picked = `
	  FROM subscription s JOIN customer c ON c.id = s.customer_id
	 WHERE s.status <> 'ended' AND (c.test_by = '' OR $1 <> '') AND ($1 = '' OR s.customer_id = $2) AND ($3 = '' OR s.product = $4) AND ($5 = '' OR s.plan = $6)
	   AND ($7 = '' OR c.country = $8) AND ($9 = '' OR c.segment = $10)`

var (
	insertEnding = query(`INSERT INTO ending (` + endingColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)`)
	saveEnding   = query(`
		UPDATE ending SET state = $1, decided_at = $2, decided_by = $3, note = $4, cursor_ = $5, opened = $6, passed = $7, version = version + 1
		 WHERE id = $8 AND version = $9`)
	endingByID  = query(`SELECT ` + endingColumns + ` FROM ending WHERE id = $1`)
	endings     = query(`SELECT ` + endingColumns + ` FROM ending ORDER BY made_at DESC, id DESC LIMIT $1`)
	countPicked = query(`SELECT COUNT(*), COUNT(DISTINCT s.customer_id)` + picked)
	// Each departure of an ending has one notice.
	countNotices = query(`
		SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN m.state = 'sent' THEN 1 ELSE 0 END), 0) AS BIGINT)
		  FROM request r JOIN message m ON m.case_id = r.case_id AND m.paper = 'ending'
		 WHERE r.ending = $1 AND r.case_id <> ''`)
	listPicked = query(`SELECT DISTINCT s.customer_id` + picked + ` AND s.customer_id > $11 ORDER BY s.customer_id LIMIT $12`)
)

func (t *tx) PutEnding(ctx context.Context, e ending.Ending) error {
	if e.Version > 0 {
		return t.must(ctx, "store.PutEnding", saveEnding, e.State, micros(e.DecidedAt), e.DecidedBy, e.Note, e.Cursor, e.Opened, e.Passed, e.ID, e.Version)
	}
	pick, err := json.Marshal(e.Pick)
	if err != nil {
		return err
	}
	words, err := json.Marshal(e.Words)
	if err != nil {
		return err
	}
	return t.must(ctx, "store.PutEnding", insertEnding, e.ID, e.State, string(pick), e.EndsOn.String(), e.PerMinute, micros(e.MadeAt), e.MadeBy,
		micros(e.DecidedAt), e.DecidedBy, e.Note, e.Cursor, e.Opened, e.Passed, string(words))
}

func scanEnding(row scanner) (e ending.Ending, err error) {
	var pick, words string
	err = row.Scan(&e.ID, &e.State, &pick, date{&e.EndsOn}, &e.PerMinute, instant{&e.MadeAt}, &e.MadeBy, instant{&e.DecidedAt}, &e.DecidedBy, &e.Note,
		&e.Cursor, &e.Opened, &e.Passed, &words, &e.Version)
	if err == nil {
		err = json.Unmarshal([]byte(pick), &e.Pick)
	}
	if err == nil {
		err = json.Unmarshal([]byte(words), &e.Words)
	}
	return e, err
}

func (t *tx) FindEnding(ctx context.Context, id ending.ID) (ending.Ending, error) {
	e, err := scanEnding(t.row(ctx, endingByID, id))
	return e, t.s.translate("store.FindEnding", err)
}

func (t *tx) Endings(ctx context.Context, limit int) (list []ending.Ending, err error) {
	err = t.each(ctx, "store.Endings", endings, []any{limit}, func(row scanner) error {
		e, err := scanEnding(row)
		list = append(list, e)
		return err
	})
	return list, err
}

func pickArgs(p ending.Pick) []any {
	return []any{p.Customer, p.Customer, p.Product, p.Product, p.Plan, p.Plan, p.Country, p.Country, p.Segment, p.Segment}
}

func (t *tx) CountPicked(ctx context.Context, p ending.Pick) (contracts, customers int, err error) {
	err = t.row(ctx, countPicked, pickArgs(p)...).Scan(&contracts, &customers)
	return contracts, customers, t.s.translate("store.CountPicked", err)
}

func (t *tx) CountNotices(ctx context.Context, id ending.ID) (written, sent int, err error) {
	err = t.row(ctx, countNotices, id).Scan(&written, &sent)
	return written, sent, t.s.translate("store.CountNotices", err)
}

func (t *tx) ListPicked(ctx context.Context, p ending.Pick, after customer.ID, limit int) (list []customer.ID, err error) {
	err = t.each(ctx, "store.ListPicked", listPicked, append(pickArgs(p), after, limit), func(row scanner) error {
		var c customer.ID
		err := row.Scan(&c)
		list = append(list, c)
		return err
	})
	return list, err
}
