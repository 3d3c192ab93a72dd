package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

var (
	insertWay = query(`
		INSERT INTO way (request_id, flow, law, language, device, arm, segment, act, place, said, key_id, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	insertWayNode = query(`INSERT INTO way_node (request_id, node, seen_at) VALUES ($1, $2, $3) ON CONFLICT (request_id, node) DO NOTHING`)
	wayOf         = query(`SELECT request_id, flow, law, language, device, arm, segment, act, place, said, key_id, body FROM way WHERE request_id = $1`)
	wayNodes      = query(`SELECT node, seen_at FROM way_node WHERE request_id = $1 ORDER BY seen_at, node`)
)

func (t *tx) InsertWay(ctx context.Context, w app.Way) error {
	_, err := t.exec(ctx, "store.InsertWay", insertWay, w.Request, w.Flow, w.Law, w.Language, w.Device, w.Arm, w.Segment, w.Act, w.Place, w.Said, w.KeyID, w.Body)
	for _, s := range w.Seen {
		if err == nil {
			err = t.SeeNode(ctx, w.Request, s)
		}
	}
	return err
}

func (t *tx) SeeNode(ctx context.Context, r offboarding.RequestID, s app.Seen) error {
	_, err := t.exec(ctx, "store.SeeNode", insertWayNode, r, s.Node, micros(s.At))
	return err
}

func (t *tx) WayOf(ctx context.Context, r offboarding.RequestID) (w app.Way, found bool, err error) {
	err = t.each(ctx, "store.WayOf", wayOf, []any{r}, func(row scanner) error {
		found = true
		return row.Scan(&w.Request, &w.Flow, &w.Law, &w.Language, &w.Device, &w.Arm, &w.Segment, &w.Act, &w.Place, &w.Said, &w.KeyID, &w.Body)
	})
	if err != nil || !found {
		return w, found, err
	}
	err = t.each(ctx, "store.WayOf nodes", wayNodes, []any{r}, func(row scanner) error {
		var s app.Seen
		err := row.Scan(&s.Node, instant{&s.At})
		w.Seen = append(w.Seen, s)
		return err
	})
	return w, true, err
}
