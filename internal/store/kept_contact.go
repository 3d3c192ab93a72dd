package store

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
)

const keptContactColumns = `customer_id, case_id, told, back, wording, language, said_at, kept_at, until_on, key_id, body, ended_at, why, version`

var (
	insertKeptContact = query(`
		INSERT INTO kept_contact (` + keptContactColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)
		ON CONFLICT (customer_id) DO NOTHING`)
	saveKeptContact = query(`
		UPDATE kept_contact
		   SET case_id = $1, told = $2, back = $3, wording = $4, language = $5, said_at = $6, kept_at = $7, until_on = $8, key_id = $9, body = $10,
		       ended_at = $11, why = $12, version = version + 1
		 WHERE customer_id = $13 AND version = $14`)
	keptContactOf = query(`SELECT ` + keptContactColumns + ` FROM kept_contact WHERE customer_id = $1`)
)

func (t *tx) PutKeptContact(ctx context.Context, c erasure.Contact) error {
	args := []any{c.Case, bit(c.Told), bit(c.Back), c.Wording, c.Language, micros(c.SaidAt), micros(c.KeptAt), c.Until.String(), c.KeyID, bytesOf(c.Body), micros(c.EndedAt), c.Why}
	if c.Version > 0 {
		return t.must(ctx, "store.PutKeptContact", saveKeptContact, append(args, c.Customer, c.Version)...)
	}
	return t.must(ctx, "store.PutKeptContact", insertKeptContact, append([]any{c.Customer}, args...)...)
}

func (t *tx) KeptContactOf(ctx context.Context, id customer.ID) (c erasure.Contact, found bool, err error) {
	err = t.one(ctx, "store.KeptContactOf", keptContactOf, []any{id}, &c.Customer, &c.Case, flag{&c.Told}, flag{&c.Back}, &c.Wording, &c.Language,
		instant{&c.SaidAt}, instant{&c.KeptAt}, date{&c.Until}, &c.KeyID, &c.Body, instant{&c.EndedAt}, &c.Why, &c.Version)
	if fault.KindOf(err) == fault.NotFound {
		return erasure.Contact{Customer: string(id)}, false, nil
	}
	return c, err == nil, err
}
