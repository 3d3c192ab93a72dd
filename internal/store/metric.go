package store

import (
	"context"
	"time"

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
	ledger = query(`
		SELECT s.id, s.customer_id, s.amount_minor, s.currency, s.interval_, s.start_on, s.status, s.recorded_at
		  FROM subscription s ORDER BY s.customer_id, s.id`)
	pastOfAll = query(`SELECT subscription_id, until, amount_minor, currency, interval_, status FROM subscription_past ORDER BY subscription_id, until`)
	pastOf    = query(`
		SELECT subscription_id, until, amount_minor, currency, interval_, status FROM subscription_past
		 WHERE subscription_id IN (SELECT id FROM subscription WHERE customer_id = $1) ORDER BY subscription_id, until`)
	goneCases   = query(`SELECT ` + caseColumns + ` FROM case_ WHERE effective_at > 0 AND state IN ('open', 'closed') ORDER BY effective DESC, id DESC`)
	openedCases = query(`SELECT ` + caseColumns + ` FROM case_ WHERE opened_at > 0 ORDER BY requested_at DESC, id DESC LIMIT $1`)
	answersTo   = query(`SELECT ` + answerColumns + ` FROM answer WHERE form > $1 AND form < $2 AND done_at >= $3 AND done_at > 0 ORDER BY done_at DESC, id DESC`)
)

func (t *tx) Ledger(ctx context.Context) (list []app.LedgerLine, err error) {
	err = t.each(ctx, "store.Ledger", ledger, nil, func(row scanner) error {
		var l app.LedgerLine
		err := row.Scan(&l.ID, &l.Customer, &l.Amount.Minor, &l.Amount.Currency, &l.Interval, date{&l.Start}, &l.Status, instant{&l.Recorded})
		list = append(list, l)
		return err
	})
	return list, err
}

func (t *tx) PastPrices(ctx context.Context) ([]app.PastPrice, error) {
	return t.pastPrices(ctx, pastOfAll)
}

func (t *tx) PastPricesOf(ctx context.Context, id customer.ID) ([]app.PastPrice, error) {
	return t.pastPrices(ctx, pastOf, id)
}

func (t *tx) pastPrices(ctx context.Context, q string, args ...any) (list []app.PastPrice, err error) {
	err = t.each(ctx, "store.PastPrices", q, args, func(row scanner) error {
		var p app.PastPrice
		err := row.Scan(&p.Subscription, instant{&p.Until}, &p.Amount.Minor, &p.Amount.Currency, &p.Interval, &p.Status)
		list = append(list, p)
		return err
	})
	return list, err
}

func (t *tx) Departures(ctx context.Context) (list []offboarding.Case, err error) {
	err = t.each(ctx, "store.Departures", goneCases, nil, func(row scanner) error {
		c, err := scanCase(row)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) OpenedCases(ctx context.Context, limit int) (list []offboarding.Case, err error) {
	err = t.each(ctx, "store.OpenedCases", openedCases, []any{limit}, func(row scanner) error {
		c, err := scanCase(row)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) AnswersTo(ctx context.Context, form string, since time.Time) (list []app.Answer, err error) {
	// A version is name@digits; "A" is what follows "@".
	err = t.each(ctx, "store.AnswersTo", answersTo, []any{form + "@", form + "A", micros(since)}, func(row scanner) error {
		x, err := scanAnswer(row)
		list = append(list, x)
		return err
	})
	return list, err
}
