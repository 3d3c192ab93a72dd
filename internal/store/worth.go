package store

import (
	"context"
	"encoding/json"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/effort"
)

const effortColumns = `id, customer_id, on_day, minutes, reference, recorded_at, recorded_by, key_id, body`

var (
	insertEffort = query(`
		INSERT INTO effort (` + effortColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		    ON CONFLICT (customer_id, reference) WHERE reference <> '' DO NOTHING`)
	effortByID   = query(`SELECT ` + effortColumns + ` FROM effort WHERE id = $1`)
	deleteEffort = query(`DELETE FROM effort WHERE id = $1`)
	effortOf     = query(`SELECT ` + effortColumns + ` FROM effort WHERE customer_id = $1 ORDER BY on_day DESC, recorded_at DESC, id DESC`)

	putWorth = many(`INSERT INTO worth (customer_id, at, why, currency, low_minor, sum_minor, high_minor, body) VALUES `, 8, `
		ON CONFLICT (customer_id) DO UPDATE
		SET at = excluded.at, why = excluded.why, currency = excluded.currency, low_minor = excluded.low_minor, sum_minor = excluded.sum_minor,
		    high_minor = excluded.high_minor, body = excluded.body`)
	worthOf   = many(`SELECT customer_id, at, body FROM worth WHERE customer_id IN (`, 1, `) ORDER BY customer_id`)
	pageWorth = query(`SELECT customer_id, at, body FROM worth WHERE customer_id > $1 ORDER BY customer_id LIMIT $2`)
	// Whoever asked to leave keeps what they were worth before.
	toValue = query(`
		SELECT id FROM customer
		 WHERE id > $1 AND test_by = '' AND reference <> 'erased:' || id
		   AND EXISTS (SELECT 1 FROM subscription WHERE subscription.customer_id = customer.id AND subscription.status = 'active')
		   AND NOT EXISTS (SELECT 1 FROM case_ WHERE case_.customer_id = customer.id AND case_.state IN ('open', 'reversing'))
		 ORDER BY id LIMIT $2`)
	incidentsSince = many(`
		WITH k (c, d) AS (VALUES `, 2, `)
		SELECT customer_id, CAST(SUM(value) AS BIGINT) FROM k JOIN reading ON customer_id = k.c AND metric = 'incidents' AND day >= k.d GROUP BY customer_id`)
	minutesSince = many(`
		WITH k (c, d) AS (VALUES `, 2, `)
		SELECT customer_id, CAST(SUM(minutes) AS BIGINT) FROM k JOIN effort ON customer_id = k.c AND on_day >= k.d GROUP BY customer_id`)
	overdueAt = many(`
		WITH k (c, d) AS (VALUES `, 2, `)
		SELECT customer_id, currency, CAST(SUM(amount_minor) AS BIGINT) FROM k JOIN balance ON customer_id = k.c
		 WHERE status = 'open' AND kind IN ('invoice', 'fee', 'usage') AND due_on <> '' AND due_on < k.d GROUP BY customer_id, currency`)
	anyHours = query(`SELECT COUNT(*) FROM (SELECT 1 FROM effort WHERE ` + realCustomer("customer_id") + ` LIMIT 1) AS one`)
	anySums  = query(`SELECT COUNT(*) FROM (SELECT 1 FROM balance WHERE ` + realCustomer("customer_id") + ` LIMIT 1) AS one`)
)

func (t *tx) InsertEffort(ctx context.Context, e app.SealedEffort) (bool, error) {
	n, err := t.exec(ctx, "store.InsertEffort", insertEffort, e.ID, e.Customer, e.Day.String(), e.Minutes, e.Reference, micros(e.RecordedAt), e.RecordedBy, e.KeyID, e.Body)
	return n == 1, err
}

func scanEffort(row scanner) (e app.SealedEffort, err error) {
	err = row.Scan(&e.ID, &e.Customer, date{&e.Day}, &e.Minutes, &e.Reference, instant{&e.RecordedAt}, &e.RecordedBy, &e.KeyID, &e.Body)
	return e, err
}

func (t *tx) FindEffort(ctx context.Context, id effort.ID) (app.SealedEffort, error) {
	e, err := scanEffort(t.row(ctx, effortByID, id))
	return e, t.s.translate("store.FindEffort", err)
}

func (t *tx) DeleteEffort(ctx context.Context, id effort.ID) error {
	_, err := t.exec(ctx, "store.DeleteEffort", deleteEffort, id)
	return err
}

func (t *tx) EffortOf(ctx context.Context, c customer.ID) (list []app.SealedEffort, err error) {
	err = t.each(ctx, "store.EffortOf", effortOf, []any{c}, func(row scanner) error {
		e, err := scanEffort(row)
		list = append(list, e)
		return err
	})
	return list, err
}

func (t *tx) PutWorth(ctx context.Context, list ...app.Worth) error {
	bodies := make([]string, len(list))
	for i, w := range list {
		raw, err := json.Marshal(w.Value)
		if err != nil {
			return err
		}
		bodies[i] = string(raw)
	}
	_, err := t.insert(ctx, "store.PutWorth", putWorth, len(list), func(args []any, i int) []any {
		w := list[i]
		return append(args, w.Customer, micros(w.At), w.Why, w.Currency, w.Low, w.Sum, w.High, bodies[i])
	})
	return err
}

func scanWorth(list *[]app.Worth) func(scanner) error {
	return func(row scanner) error {
		var w app.Worth
		var raw string
		if err := row.Scan(&w.Customer, instant{&w.At}, &raw); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(raw), &w.Value)
		*list = append(*list, w)
		return err
	}
}

func (t *tx) WorthOf(ctx context.Context, ids ...customer.ID) (list []app.Worth, err error) {
	err = t.pick(ctx, "store.WorthOf", worthOf, len(ids), keys(ids), scanWorth(&list))
	return list, err
}

func (t *tx) PageWorth(ctx context.Context, after customer.ID, limit int) (list []app.Worth, err error) {
	err = t.each(ctx, "store.PageWorth", pageWorth, []any{after, limit}, scanWorth(&list))
	return list, err
}

func (t *tx) CustomersToValue(ctx context.Context, after customer.ID, limit int) (list []customer.ID, err error) {
	err = t.each(ctx, "store.CustomersToValue", toValue, []any{after, limit}, func(row scanner) error {
		var c customer.ID
		err := row.Scan(&c)
		list = append(list, c)
		return err
	})
	return list, err
}

// sumOf reads a sum for each customer.
func (t *tx) sumOf(ctx context.Context, op string, m manyTexts, from []app.Since) (map[customer.ID]int64, error) {
	out := map[customer.ID]int64{}
	err := t.pick(ctx, op, m, len(from), sinceArgs(from), func(row scanner) error {
		var c customer.ID
		var n int64
		err := row.Scan(&c, &n)
		out[c] += n
		return err
	})
	return out, err
}

func sinceArgs(from []app.Since) func(args []any, i int) []any {
	return func(args []any, i int) []any { return append(args, from[i].Customer, from[i].Day.String()) }
}

func (t *tx) IncidentsSince(ctx context.Context, from ...app.Since) (map[customer.ID]int64, error) {
	return t.sumOf(ctx, "store.IncidentsSince", incidentsSince, from)
}

func (t *tx) MinutesSince(ctx context.Context, from ...app.Since) (map[customer.ID]int64, error) {
	return t.sumOf(ctx, "store.MinutesSince", minutesSince, from)
}

func (t *tx) OverdueAt(ctx context.Context, at ...app.Since) (map[customer.ID]map[string]int64, error) {
	out := map[customer.ID]map[string]int64{}
	err := t.pick(ctx, "store.OverdueAt", overdueAt, len(at), sinceArgs(at), func(row scanner) error {
		var c customer.ID
		var currency string
		var n int64
		err := row.Scan(&c, &currency, &n)
		if out[c] == nil {
			out[c] = map[string]int64{}
		}
		out[c][currency] = n
		return err
	})
	return out, err
}

func (t *tx) Counted(ctx context.Context) (hours, sums bool, err error) {
	var h, s int
	if err := t.one(ctx, "store.Counted", anyHours, nil, &h); err != nil {
		return false, false, err
	}
	err = t.one(ctx, "store.Counted", anySums, nil, &s)
	return h > 0, s > 0, err
}
