package store

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/play"
	"hastaluego/internal/risk"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

const (
	riskColumns = `id, customer_id, case_id, scored_at, score`
	playColumns = `id, customer_id, kind, stage, owner, due, outcome, opened_at, opened_by, over_at, score, key_id, body, version`
)

var (
	putReadings = many(`INSERT INTO reading (customer_id, metric, day, value) VALUES `, 4,
		` ON CONFLICT (customer_id, metric, day) DO UPDATE SET value = excluded.value`)
	noteNewest = query(`
		INSERT INTO reading_newest (metric, day) VALUES ($1, $2)
		    ON CONFLICT (metric) DO UPDATE SET day = excluded.day WHERE reading_newest.day < excluded.day`)
	readingsOf = query(`SELECT metric, day, value FROM reading WHERE customer_id = $1 AND day >= $2 ORDER BY metric, day`)
	readingsAt = many(`
		WITH k (c, m, d) AS (VALUES `, 3, `)
		SELECT customer_id, metric, day, value FROM k JOIN reading ON customer_id = k.c AND metric = k.m AND day = k.d`)
	newestReadings = query(`SELECT metric, day FROM reading_newest`)
	// Whoever is leaving, or has left and has nothing any more, is not rated.
	toRate = query(`
		SELECT id FROM customer
		 WHERE id > $1 AND test_by = ''
		   AND EXISTS (SELECT 1 FROM reading WHERE reading.customer_id = customer.id)
		   AND NOT EXISTS (SELECT 1 FROM case_ WHERE case_.customer_id = customer.id AND case_.state IN ('open', 'reversing'))
		   AND (NOT EXISTS (SELECT 1 FROM case_ WHERE case_.customer_id = customer.id AND case_.state = 'closed')
		        OR EXISTS (SELECT 1 FROM subscription WHERE subscription.customer_id = customer.id AND subscription.status <> 'ended'))
		 ORDER BY id LIMIT $2`)

	putRisk = query(`
		INSERT INTO risk (` + riskColumns + `, band, points) VALUES ($1, $2, $3, $4, $5, $6, $7)
		    ON CONFLICT (customer_id, case_id) DO UPDATE
		   SET scored_at = excluded.scored_at, score = excluded.score, band = excluded.band, points = excluded.points`)
	dropRisk  = query(`DELETE FROM risk WHERE customer_id = $1 AND case_id = ''`)
	risksOf   = query(`SELECT ` + riskColumns + ` FROM risk WHERE customer_id = $1 ORDER BY case_id <> '', scored_at DESC, id`)
	listRisks = query(`
		SELECT ` + riskColumns + ` FROM risk
		 WHERE case_id = '' AND band = $1 AND ` + realCustomer("customer_id") + ` ORDER BY points DESC, customer_id LIMIT $2 OFFSET $3`)
	pageRisks = query(`
		SELECT ` + riskColumns + ` FROM risk
		 WHERE case_id = '' AND band = $1 AND ` + realCustomer("customer_id") + ` AND ($2 = '' OR points < $3 OR points = $3 AND customer_id > $2)
		 ORDER BY points DESC, customer_id LIMIT $4`)
	countRisks = query(`SELECT band, COUNT(*) FROM risk WHERE case_id = '' AND ` + realCustomer("customer_id") + ` GROUP BY band`)

	insertPlay = query(`
		INSERT INTO play (` + playColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)
		    ON CONFLICT DO NOTHING`)
	savePlay = query(`
		UPDATE play
		   SET stage = $1, owner = $2, due = $3, outcome = $4, over_at = $5, key_id = $6, body = $7, version = version + 1
		 WHERE id = $8 AND version = $9`)
	playByID = query(`SELECT ` + playColumns + ` FROM play WHERE id = $1`)
	playsOf  = many(`SELECT `+playColumns+` FROM play WHERE customer_id IN (`, 1, `) ORDER BY opened_at DESC, id DESC`)
)

func (t *tx) PutReadings(ctx context.Context, list ...app.Reading) error {
	newest := map[string]when.Date{}
	for _, r := range list {
		if newest[r.Metric].Before(r.Day) {
			newest[r.Metric] = r.Day
		}
	}
	if _, err := t.insert(ctx, "store.PutReadings", putReadings, len(list), func(args []any, i int) []any {
		r := list[i]
		return append(args, r.Customer, r.Metric, r.Day.String(), r.Value)
	}); err != nil {
		return err
	}
	known, err := t.NewestReadings(ctx)
	if err != nil {
		return err
	}
	for _, metric := range slices.Sorted(maps.Keys(newest)) { // in one order, so that no two transactions wait for each other
		if !known[signal.Metric(metric)].Before(newest[metric]) {
			continue
		}
		if _, err := t.exec(ctx, "store.PutReadings", noteNewest, metric, newest[metric].String()); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) ReadingsOf(ctx context.Context, c customer.ID, since when.Date) (map[signal.Metric][]signal.Reading, error) {
	out := map[signal.Metric][]signal.Reading{}
	err := t.each(ctx, "store.ReadingsOf", readingsOf, []any{c, since.String()}, func(row scanner) error {
		var m signal.Metric
		var r signal.Reading
		err := row.Scan(&m, date{&r.Day}, &r.Value)
		out[m] = append(out[m], r)
		return err
	})
	return out, err
}

func (t *tx) ReadingsAt(ctx context.Context, places ...app.Reading) (list []app.Reading, err error) {
	err = t.pick(ctx, "store.ReadingsAt", readingsAt, len(places), func(args []any, i int) []any {
		return append(args, places[i].Customer, places[i].Metric, places[i].Day.String())
	}, func(row scanner) error {
		var r app.Reading
		err := row.Scan(&r.Customer, &r.Metric, date{&r.Day}, &r.Value)
		list = append(list, r)
		return err
	})
	return list, err
}

func (t *tx) NewestReadings(ctx context.Context) (map[signal.Metric]when.Date, error) {
	out := map[signal.Metric]when.Date{}
	err := t.each(ctx, "store.NewestReadings", newestReadings, nil, func(row scanner) error {
		var m signal.Metric
		var d when.Date
		err := row.Scan(&m, date{&d})
		out[m] = d
		return err
	})
	return out, err
}

func (t *tx) CustomersToRate(ctx context.Context, after customer.ID, limit int) (list []customer.ID, err error) {
	err = t.each(ctx, "store.CustomersToRate", toRate, []any{after, limit}, func(row scanner) error {
		var c customer.ID
		err := row.Scan(&c)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) PutRisk(ctx context.Context, r app.Risk) error {
	raw, err := json.Marshal(r.Score)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "store.PutRisk", putRisk, r.ID, r.Customer, r.Case, micros(r.At), string(raw), r.Score.Band, r.Score.Points)
	return err
}

func (t *tx) DropRisk(ctx context.Context, c customer.ID) error {
	_, err := t.exec(ctx, "store.DropRisk", dropRisk, c)
	return err
}

func scanRisk(row scanner) (r app.Risk, err error) {
	var raw string
	if err = row.Scan(&r.ID, &r.Customer, &r.Case, instant{&r.At}, &raw); err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(raw), &r.Score)
}

func (t *tx) risks(ctx context.Context, q string, args ...any) (list []app.Risk, err error) {
	err = t.each(ctx, "store.risks", q, args, func(row scanner) error {
		r, err := scanRisk(row)
		list = append(list, r)
		return err
	})
	return list, err
}

func (t *tx) RisksOf(ctx context.Context, c customer.ID) ([]app.Risk, error) {
	return t.risks(ctx, risksOf, c)
}

func (t *tx) ListRisks(ctx context.Context, b risk.Band, limit, offset int) ([]app.Risk, error) {
	return t.risks(ctx, listRisks, b, limit, offset)
}

func (t *tx) PageRisks(ctx context.Context, b risk.Band, points int, behind customer.ID, limit int) ([]app.Risk, error) {
	return t.risks(ctx, pageRisks, b, behind, points, limit)
}

func (t *tx) CountRisks(ctx context.Context) (map[risk.Band]int, error) {
	out := map[risk.Band]int{}
	err := t.each(ctx, "store.CountRisks", countRisks, nil, func(row scanner) error {
		var b risk.Band
		var n int
		err := row.Scan(&b, &n)
		out[b] = n
		return err
	})
	return out, err
}

func (t *tx) InsertPlay(ctx context.Context, p app.SealedPlay) (bool, error) {
	raw, err := json.Marshal(p.Score)
	if err != nil {
		return false, err
	}
	n, err := t.exec(ctx, "store.InsertPlay", insertPlay, p.ID, p.Customer, p.Kind, p.Stage, p.Owner, p.Due.String(), p.Outcome,
		micros(p.OpenedAt), p.OpenedBy, micros(p.OverAt), string(raw), p.KeyID, bytesOf(p.Body))
	return n == 1, err
}

func (t *tx) SavePlay(ctx context.Context, p app.SealedPlay) error {
	return t.must(ctx, "store.SavePlay", savePlay, p.Stage, p.Owner, p.Due.String(), p.Outcome, micros(p.OverAt), p.KeyID, bytesOf(p.Body), p.ID, p.Version)
}

func scanPlay(row scanner) (p app.SealedPlay, err error) {
	var raw string
	if err = row.Scan(&p.ID, &p.Customer, &p.Kind, &p.Stage, &p.Owner, date{&p.Due}, &p.Outcome, instant{&p.OpenedAt}, &p.OpenedBy,
		instant{&p.OverAt}, &raw, &p.KeyID, &p.Body, &p.Version); err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(raw), &p.Score)
}

func (t *tx) FindPlay(ctx context.Context, id play.ID) (app.SealedPlay, error) {
	p, err := scanPlay(t.row(ctx, playByID, id))
	return p, t.s.translate("store.FindPlay", err)
}

func (t *tx) PlaysOf(ctx context.Context, ids ...customer.ID) (list []app.SealedPlay, err error) {
	err = t.pick(ctx, "store.PlaysOf", playsOf, len(ids), keys(ids), func(row scanner) error {
		p, err := scanPlay(row)
		list = append(list, p)
		return err
	})
	return list, err
}
