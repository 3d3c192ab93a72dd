package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"hastaluego/internal/app"
)

var (
	revocations = query(`
		SELECT w.system, COALESCE(g.kind, ''), w.state, s.ready_at, CASE WHEN w.verified_at > 0 THEN w.verified_at ELSE w.done_at END, w.evidence
		  FROM work w JOIN step s ON s.id = w.step_id LEFT JOIN grant_ g ON g.id = w.item
		 WHERE w.kind = 'revoke_access' AND w.state IN ('verified', 'attested') AND (w.verified_at >= $1 OR w.done_at >= $1) AND ` + realCase("w.case_id") + `
		 ORDER BY w.id`)
	closedByHand = query(`
		SELECT items, done_at FROM step
		 WHERE kind = 'close_access' AND key NOT LIKE 'access_back%' AND state IN ('done', 'verified', 'attested') AND done_at >= $1 AND ` + realCase("case_id") + ` ORDER BY id`)
	grantPlace = many(`SELECT id, system, kind FROM grant_ WHERE id IN (`, 1, `)`)
	retests    = query(`
		SELECT w.system, w.item, w.state, w.last_error, COUNT(*) FROM work w
		 WHERE w.kind = 'retest' AND w.state IN ('done', 'failed') AND w.run_at >= $1 AND ` + realCase("w.case_id") + `
		 GROUP BY w.system, w.item, w.state, w.last_error ORDER BY w.system, w.item`)
	leftBehind = query(`
		SELECT c.id, g.id FROM grant_ g JOIN case_ c ON c.id = ` + lastOver("g.customer_id") + `
		 WHERE g.status IN ('active', 'read_only', 'found') AND ` + hasLeft("g.customer_id") + ` AND g.id > $1 ORDER BY g.id LIMIT $2`)
)

func (t *tx) Revocations(ctx context.Context, from time.Time, each func(app.Revocation)) error {
	err := t.each(ctx, "store.Revocations", revocations, []any{micros(from)}, func(row scanner) error {
		var r app.Revocation
		if err := row.Scan(&r.System, &r.Kind, &r.State, instant{&r.ReadyAt}, instant{&r.At}, &r.Evidence); err != nil {
			return err
		}
		each(r)
		return nil
	})
	if err != nil {
		return err
	}
	// What people closed stands on the checklists of their steps.
	at := map[string]time.Time{}
	var ids []string
	err = t.each(ctx, "store.Revocations by hand", closedByHand, []any{micros(from)}, func(row scanner) error {
		var raw string
		var done time.Time
		if err := row.Scan(&raw, instant{&done}); err != nil {
			return err
		}
		var items []struct{ Key string }
		if err := json.Unmarshal([]byte(raw), &items); err != nil {
			return err
		}
		for _, it := range items {
			if _, twice := at[it.Key]; strings.HasPrefix(it.Key, "gra_") && !twice {
				at[it.Key] = done
				ids = append(ids, it.Key)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	place := map[string][2]string{}
	err = t.pick(ctx, "store.grantPlace", grantPlace, len(ids), keys(ids), func(row scanner) error {
		var id, system, kind string
		err := row.Scan(&id, &system, &kind)
		place[id] = [2]string{system, kind}
		return err
	})
	for _, id := range ids {
		each(app.Revocation{System: place[id][0], Kind: place[id][1], State: "attested", At: at[id]})
	}
	return err
}

func (t *tx) Retests(ctx context.Context, from time.Time) (list []app.Retest, err error) {
	err = t.each(ctx, "store.Retests", retests, []any{micros(from)}, func(row scanner) error {
		var r app.Retest
		var item string
		err := row.Scan(&r.System, &item, &r.State, &r.Why, &r.N)
		_, r.Days, _ = strings.Cut(item, ":")
		list = append(list, r)
		return err
	})
	return list, err
}

func (t *tx) LeftBehind(ctx context.Context, after string, limit int) ([]app.Departed, error) {
	return t.places(ctx, "store.LeftBehind", leftBehind, after, limit)
}
