package store

import (
	"context"
	"encoding/json"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

const (
	announcedColumns = `subscription_id, customer_id, kind, day, minor, currency, made_at, made_by`
	noticeColumns    = `id, customer_id, subscription_id, kind, event_day, day, message_id, state, why, body, made_at`
)

var (
	renewals = query(`
		SELECT ` + subscriptionColumns + ` FROM subscription
		 WHERE id > $1 AND renews_on >= $2 AND renews_on <= $3 AND not_renewed = 0 AND status = 'active' AND ` + realCustomer("customer_id") + `
		 ORDER BY id LIMIT $4`)
	announcements = query(`
		SELECT x.kind, x.day, x.minor, x.currency, ` + subscriptionColumnsOf("s") + `
		  FROM coming x JOIN subscription s ON s.id = x.subscription_id
		 WHERE (x.subscription_id, x.kind) > ($1, $2) AND x.day >= $3 AND x.day <= $4 AND s.status = 'active' AND ` + realCustomer("s.customer_id") + `
		 ORDER BY x.subscription_id, x.kind LIMIT $5`)
	putAnnounced = query(`
		INSERT INTO coming (` + announcedColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (subscription_id, kind) DO UPDATE SET day = excluded.day, minor = excluded.minor, currency = excluded.currency,
		   made_at = excluded.made_at, made_by = excluded.made_by`)
	dropAnnounced   = query(`DELETE FROM coming WHERE subscription_id = $1 AND kind = $2`)
	announcedFor    = query(`SELECT ` + announcedColumns + ` FROM coming WHERE customer_id = $1 ORDER BY day, subscription_id, kind`)
	insertLawNotice = query(`
		INSERT INTO law_notice (` + noticeColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (subscription_id, kind, event_day, day) DO NOTHING`)
	lawNoticesOf  = query(`SELECT ` + noticeColumns + ` FROM law_notice WHERE subscription_id = $1 AND kind = $2 AND event_day = $3 ORDER BY day, id`)
	lawNoticesFor = query(`SELECT ` + noticeColumns + ` FROM law_notice WHERE customer_id = $1 ORDER BY made_at DESC, id DESC`)
	lawNoticeBy   = query(`SELECT ` + noticeColumns + ` FROM law_notice WHERE message_id = $1 AND message_id <> ''`)
)

// subscriptionColumnsOf are the columns of a contract under the name of its table.
func subscriptionColumnsOf(table string) string {
	parts := strings.Split(subscriptionColumns, ",")
	for i, p := range parts {
		parts[i] = table + "." + strings.TrimSpace(p)
	}
	return strings.Join(parts, ", ")
}

// ahead scans columns that stand before those of a record.
type ahead struct {
	scanner
	into []any
}

func (a ahead) Scan(into ...any) error { return a.scanner.Scan(append(a.into, into...)...) }

func (t *tx) Renewals(ctx context.Context, from, until when.Date, after app.ComingLine, most int) (list []app.ComingLine, err error) {
	err = t.each(ctx, "store.Renewals", renewals, []any{after.ID, from.String(), until.String(), most}, func(row scanner) error {
		s, err := scanSubscription(row)
		list = append(list, app.ComingLine{Subscription: s, Kind: limit.Renewal, Day: s.RenewsOn})
		return err
	})
	return list, err
}

func (t *tx) Announcements(ctx context.Context, from, until when.Date, after app.ComingLine, most int) (list []app.ComingLine, err error) {
	err = t.each(ctx, "store.Announcements", announcements, []any{after.ID, after.Kind, from.String(), until.String(), most}, func(row scanner) error {
		var l app.ComingLine
		var err error
		l.Subscription, err = scanSubscription(ahead{row, []any{&l.Kind, date{&l.Day}, &l.Price.Minor, &l.Price.Currency}})
		list = append(list, l)
		return err
	})
	return list, err
}

func (t *tx) PutAnnounced(ctx context.Context, a app.Announced) error {
	_, err := t.exec(ctx, "store.PutAnnounced", putAnnounced, a.Subscription, a.Customer, a.Kind, a.Day.String(), a.Price.Minor, a.Price.Currency, micros(a.MadeAt), a.MadeBy)
	return err
}

func (t *tx) DropAnnounced(ctx context.Context, s customer.SubscriptionID, k limit.Kind) error {
	_, err := t.exec(ctx, "store.DropAnnounced", dropAnnounced, s, k)
	return err
}

func (t *tx) AnnouncedFor(ctx context.Context, c customer.ID) (list []app.Announced, err error) {
	err = t.each(ctx, "store.AnnouncedFor", announcedFor, []any{c}, func(row scanner) error {
		var a app.Announced
		err := row.Scan(&a.Subscription, &a.Customer, &a.Kind, date{&a.Day}, &a.Price.Minor, &a.Price.Currency, instant{&a.MadeAt}, &a.MadeBy)
		list = append(list, a)
		return err
	})
	return list, err
}

func (t *tx) InsertLawNotice(ctx context.Context, n app.LawNotice) (bool, error) {
	body, err := texts(n.Told)
	if err != nil {
		return false, err
	}
	rows, err := t.exec(ctx, "store.InsertLawNotice", insertLawNotice, n.ID, n.Customer, n.Subscription, n.Kind, n.EventDay.String(), n.Day.String(),
		n.Message, n.State, n.Why, body[0], micros(n.MadeAt))
	return rows == 1, err
}

func scanLawNotice(row scanner) (n app.LawNotice, err error) {
	var body string
	err = row.Scan(&n.ID, &n.Customer, &n.Subscription, &n.Kind, date{&n.EventDay}, date{&n.Day}, &n.Message, &n.State, &n.Why, &body, instant{&n.MadeAt})
	if err != nil {
		return n, err
	}
	return n, json.Unmarshal([]byte(body), &n.Told)
}

func (t *tx) lawNotices(ctx context.Context, op, q string, args ...any) (list []app.LawNotice, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		n, err := scanLawNotice(row)
		list = append(list, n)
		return err
	})
	return list, err
}

func (t *tx) LawNoticesOf(ctx context.Context, s customer.SubscriptionID, k limit.Kind, day when.Date) ([]app.LawNotice, error) {
	return t.lawNotices(ctx, "store.LawNoticesOf", lawNoticesOf, s, k, day.String())
}

func (t *tx) LawNoticesFor(ctx context.Context, c customer.ID) ([]app.LawNotice, error) {
	return t.lawNotices(ctx, "store.LawNoticesFor", lawNoticesFor, c)
}

func (t *tx) LawNoticeBy(ctx context.Context, m offboarding.MessageID) (app.LawNotice, error) {
	n, err := scanLawNotice(t.row(ctx, lawNoticeBy, m))
	return n, t.s.translate("store.LawNoticeBy", err)
}
