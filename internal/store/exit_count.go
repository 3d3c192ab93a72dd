package store

import (
	"context"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/when"
)

var (
	addExitCount = query(`
		INSERT INTO exit_count (day, name, n, total) VALUES ($1, $2, $3, $4)
		ON CONFLICT (day, name) DO UPDATE SET n = exit_count.n + excluded.n, total = exit_count.total + excluded.total`)
	exitCounts   = query(`SELECT name, SUM(n), SUM(total) FROM exit_count WHERE day >= $1 AND day <= $2 GROUP BY name ORDER BY name`)
	keptThenLeft = query(`
		SELECT COUNT(*), COALESCE(SUM(CASE WHEN EXISTS (
		           SELECT 1 FROM case_ n WHERE n.customer_id = k.customer_id AND n.requested_at > k.requested_at AND n.requested_at <= k.requested_at + $3)
		       THEN 1 ELSE 0 END), 0)
		  FROM case_ k WHERE k.state = 'reversed' AND k.requested_at >= $1 AND k.requested_at < $2 AND k.test = 0`)
)

func (t *tx) AddExitCounts(ctx context.Context, list ...app.ExitCount) error {
	for _, c := range list {
		if _, err := t.exec(ctx, "store.AddExitCounts", addExitCount, c.Day.String(), c.Name, c.N, c.Total); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) ExitCounts(ctx context.Context, from, until when.Date) (list []app.ExitCount, err error) {
	err = t.each(ctx, "store.ExitCounts", exitCounts, []any{from.String(), until.String()}, func(row scanner) error {
		var c app.ExitCount
		err := row.Scan(&c.Name, &c.N, &c.Total)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) KeptThenLeft(ctx context.Context, from, until time.Time, within time.Duration) (kept, left int, err error) {
	err = t.one(ctx, "store.KeptThenLeft", keptThenLeft, []any{micros(from), micros(until), within.Microseconds()}, &kept, &left)
	return kept, left, err
}
