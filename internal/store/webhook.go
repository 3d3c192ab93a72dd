package store

import (
	"context"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

const (
	webhookColumns = `id, url, events, active, off_why, secret, old_secret, old_until, key_id, created_at, created_by, tests, version`
	eventColumns   = `id, type, at, body`
)

var (
	insertWebhook = query(`
		INSERT INTO webhook (` + webhookColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`)
	webhookByID    = query(`SELECT ` + webhookColumns + ` FROM webhook WHERE id = $1`)
	listWebhooks   = query(`SELECT ` + webhookColumns + ` FROM webhook ORDER BY created_at, id LIMIT 1000`)
	activeWebhooks = query(`SELECT ` + webhookColumns + ` FROM webhook WHERE active = 1 ORDER BY created_at, id`)
	saveWebhook    = query(`
		UPDATE webhook
		   SET url = $1, events = $2, active = $3, off_why = $4, secret = $5, old_secret = $6, old_until = $7, key_id = $8, tests = $9, version = version + 1
		 WHERE id = $10 AND version = $11`)
	insertWebhookEvent = query(`INSERT INTO webhook_event (` + eventColumns + `) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`)
	webhookEventByID   = query(`SELECT ` + eventColumns + ` FROM webhook_event WHERE id = $1`)
	deliveriesOf       = query(`
		SELECT ` + prefixed("w.", workColumns) + `, e.type, e.at, e.body
		  FROM work w JOIN webhook_event e ON e.id = w.item
		 WHERE w.system = $1 AND w.kind = 'webhook_delivery' AND ($2 = '' OR w.state = $2) AND ($4 = '' OR w.id < $4)
		 ORDER BY w.id DESC LIMIT $3`)
	restSystem = query(`UPDATE work SET retry_at = $1 WHERE system = $2 AND state = 'ready' AND retry_at < $1`)
)

// prefixed puts the name of a table before each column of a list.
func prefixed(table, columns string) string {
	list := strings.FieldsFunc(columns, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
	return table + strings.Join(list, ", "+table)
}

func (t *tx) InsertWebhook(ctx context.Context, w app.Webhook) error {
	t.webhooks = nil
	_, err := t.exec(ctx, "store.InsertWebhook", insertWebhook, w.ID, w.URL, strings.Join(w.Events, " "), bit(w.Active), w.OffWhy, w.Secret,
		orEmpty(w.OldSecret), micros(w.OldUntil), w.KeyID, micros(w.CreatedAt), w.CreatedBy, bit(w.Tests), w.Version)
	return err
}

// orEmpty is b, never NULL.
func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func scanWebhook(row scanner) (w app.Webhook, err error) {
	var events string
	err = row.Scan(&w.ID, &w.URL, &events, flag{&w.Active}, &w.OffWhy, &w.Secret, &w.OldSecret, instant{&w.OldUntil}, &w.KeyID,
		instant{&w.CreatedAt}, &w.CreatedBy, flag{&w.Tests}, &w.Version)
	w.Events = strings.Fields(events)
	return w, err
}

func (t *tx) FindWebhook(ctx context.Context, id string) (app.Webhook, error) {
	w, err := scanWebhook(t.row(ctx, webhookByID, id))
	return w, t.s.translate("store.FindWebhook", err)
}

func (t *tx) SaveWebhook(ctx context.Context, w *app.Webhook) error {
	t.webhooks = nil
	err := t.must(ctx, "store.SaveWebhook", saveWebhook, w.URL, strings.Join(w.Events, " "), bit(w.Active), w.OffWhy, w.Secret,
		orEmpty(w.OldSecret), micros(w.OldUntil), w.KeyID, bit(w.Tests), w.ID, w.Version)
	if err == nil {
		w.Version++
	}
	return err
}

func (t *tx) listWebhooks(ctx context.Context, q string) (list []app.Webhook, err error) {
	list = []app.Webhook{}
	err = t.each(ctx, "store.ListWebhooks", q, nil, func(row scanner) error {
		w, err := scanWebhook(row)
		list = append(list, w)
		return err
	})
	return list, err
}

func (t *tx) ListWebhooks(ctx context.Context) ([]app.Webhook, error) {
	return t.listWebhooks(ctx, listWebhooks)
}

// ActiveWebhooks are asked for with every entry of the log, and so read once in
// a transaction.
func (t *tx) ActiveWebhooks(ctx context.Context) (_ []app.Webhook, err error) {
	if t.webhooks == nil {
		t.webhooks, err = t.listWebhooks(ctx, activeWebhooks)
	}
	return t.webhooks, err
}

func (t *tx) InsertWebhookEvent(ctx context.Context, e app.WebhookEvent) error {
	_, err := t.exec(ctx, "store.InsertWebhookEvent", insertWebhookEvent, e.ID, e.Type, micros(e.At), e.Body)
	return err
}

func (t *tx) FindWebhookEvent(ctx context.Context, id string) (e app.WebhookEvent, err error) {
	err = t.one(ctx, "store.FindWebhookEvent", webhookEventByID, []any{id}, &e.ID, &e.Type, instant{&e.At}, &e.Body)
	return e, err
}

func (t *tx) DeliveriesOf(ctx context.Context, system string, s offboarding.WorkState, p app.Place) (list []app.Delivery, err error) {
	err = t.each(ctx, "store.DeliveriesOf", deliveriesOf, []any{system, s, p.Limit, p.After}, func(row scanner) error {
		var d app.Delivery
		w, err := scanWork(and{row, []any{&d.Event.Type, instant{&d.Event.At}, &d.Event.Body}})
		d.Work, d.Event.ID = w, w.Item
		list = append(list, d)
		return err
	})
	return list, err
}

// and scans further columns after those of somebody else.
type and struct {
	row  scanner
	more []any
}

func (a and) Scan(into ...any) error { return a.row.Scan(append(into, a.more...)...) }

func (t *tx) RestSystem(ctx context.Context, system string, until time.Time) error {
	_, err := t.exec(ctx, "store.RestSystem", restSystem, micros(until), system)
	return err
}
