package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
)

var (
	// What a subscription was is kept before it is changed. The first of several
	// changes at one instant is the one that held before them.
	keepPast = query(`
		INSERT INTO subscription_past (subscription_id, until, amount_minor, currency, interval_, status)
		SELECT id, CAST($1 AS BIGINT), amount_minor, currency, interval_, status FROM subscription
		 WHERE id = $2 AND (amount_minor <> $3 OR currency <> $4 OR interval_ <> $5 OR status <> $6)
		ON CONFLICT (subscription_id, until) DO NOTHING`)
	keepPastStatus = query(`
		INSERT INTO subscription_past (subscription_id, until, amount_minor, currency, interval_, status)
		SELECT id, CAST($1 AS BIGINT), amount_minor, currency, interval_, status FROM subscription
		 WHERE id = $2 AND status <> $3
		ON CONFLICT (subscription_id, until) DO NOTHING`)
	pastOf = query(`
		SELECT subscription_id, until, amount_minor, currency, interval_, status FROM subscription_past
		 WHERE subscription_id IN (SELECT id FROM subscription WHERE customer_id = $1) ORDER BY subscription_id, until`)
	openedCases = query(`SELECT ` + caseColumns + ` FROM case_ WHERE opened_at > 0 AND test = 0 ORDER BY requested_at DESC, id DESC LIMIT $1`)
)

func (t *tx) PastPricesOf(ctx context.Context, id customer.ID) (list []app.PastPrice, err error) {
	err = t.each(ctx, "store.PastPricesOf", pastOf, []any{id}, func(row scanner) error {
		p, err := scanPast(row)
		list = append(list, p)
		return err
	})
	return list, err
}

func scanPast(row scanner) (p app.PastPrice, err error) {
	err = row.Scan(&p.Subscription, instant{&p.Until}, &p.Amount.Minor, &p.Amount.Currency, &p.Interval, &p.Status)
	return p, err
}

func (t *tx) OpenedCases(ctx context.Context, limit int) (list []offboarding.Case, err error) {
	err = t.each(ctx, "store.OpenedCases", openedCases, []any{limit}, func(row scanner) error {
		c, err := scanCase(row)
		list = append(list, c)
		return err
	})
	return list, err
}
