package store

import (
	"context"
	"encoding/json"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
)

var (
	putBooks = query(`
		INSERT INTO books (subscription_id, customer_id, system, at, failed, billed_to, digest, doc)
		SELECT $1, customer.id, $3, $4, $5, $6, $7, $8 FROM customer WHERE id = $2 AND reference <> 'erased:' || id
		    ON CONFLICT (subscription_id) DO UPDATE
		SET customer_id = excluded.customer_id, system = excluded.system, at = excluded.at, failed = excluded.failed, billed_to = excluded.billed_to,
		    digest = excluded.digest, doc = excluded.doc`)
	booksOf = query(`SELECT subscription_id, customer_id, system, at, failed, billed_to, digest, doc FROM books WHERE customer_id = $1 ORDER BY subscription_id`)
)

func (t *tx) PutBooks(ctx context.Context, list ...app.Books) error {
	for _, b := range list {
		doc, err := json.Marshal(b.Said)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, "store.PutBooks", putBooks, b.Subscription, b.Customer, b.System, micros(b.At), b.Failed, b.BilledTo.String(), b.Digest, string(doc)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) BooksOf(ctx context.Context, c customer.ID) (list []app.Books, err error) {
	err = t.each(ctx, "store.BooksOf", booksOf, []any{c}, func(row scanner) error {
		var b app.Books
		var doc string
		if err := row.Scan(&b.Subscription, &b.Customer, &b.System, instant{&b.At}, &b.Failed, date{&b.BilledTo}, &b.Digest, &doc); err != nil {
			return err
		}
		list = append(list, b)
		return json.Unmarshal([]byte(doc), &list[len(list)-1].Said)
	})
	return list, err
}
