package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
)

// theirCopies are the copies of a customer, and theirTakings those with their
// departures: what files, letters and jobs hang on.
const (
	theirCopies  = `IN (SELECT id FROM data_copy WHERE customer_id = $1)`
	theirTakings = `IN (SELECT id FROM case_ WHERE customer_id = $1 UNION ALL SELECT id FROM data_copy WHERE customer_id = $1)`
)

// erasing is what becomes of every table that holds something of a customer
// when they are erased, in this order: rows are deleted, or what is personal in
// them is blanked. The first argument is the customer; what was sealed has an empty body as second, and
// the customer the code that stands in the place of their name.
var erasing = []struct{ table, text string }{
	{"contact", query(`DELETE FROM contact WHERE customer_id = $1`)},
	{"external_id", query(`DELETE FROM external_id WHERE customer_id = $1`)},
	{"customer_word", query(`DELETE FROM customer_word WHERE customer_id = $1`)},
	{"grant_", query(`DELETE FROM grant_ WHERE customer_id = $1`)},
	{"deliverable", query(`DELETE FROM deliverable WHERE customer_id = $1`)},
	{"asset", query(`DELETE FROM asset WHERE customer_id = $1`)},
	{"complaint", query(`DELETE FROM complaint WHERE customer_id = $1`)},
	{"commitment", query(`DELETE FROM commitment WHERE customer_id = $1`)},
	{"obligation", query(`DELETE FROM obligation WHERE customer_id = $1`)},
	{"envelope", query(`DELETE FROM envelope WHERE case_id IN (SELECT id FROM case_ WHERE customer_id = $1)`)},
	{"handover_act", query(`DELETE FROM handover_act WHERE customer_id = $1`)},
	{"handover_item", query(`DELETE FROM handover_item WHERE customer_id = $1`)},
	{"reading", query(`DELETE FROM reading WHERE customer_id = $1`)},
	{"risk", query(`DELETE FROM risk WHERE customer_id = $1`)},
	{"worth", query(`DELETE FROM worth WHERE customer_id = $1`)},
	{"effort", query(`DELETE FROM effort WHERE customer_id = $1`)},
	{"play", query(`DELETE FROM play WHERE customer_id = $1`)},
	{"voice", query(`DELETE FROM voice WHERE customer_id = $1`)},
	{"consent", query(`DELETE FROM consent WHERE customer_id = $1`)},
	{"invitation", query(`DELETE FROM invitation WHERE customer_id = $1`)},
	{"reason", query(`UPDATE reason SET body = $2 WHERE customer_id = $1`)}, // of which kind it was is nobody's name
	{"theme", query(`DELETE FROM theme WHERE customer_id = $1`)},
	{"offer", query(`UPDATE offer SET body = $2 WHERE customer_id = $1`)},
	{"exposure", query(`DELETE FROM exposure WHERE customer_id = $1`)}, // what it counted for stays among others, experiment_gone
	{"lane_member", query(`DELETE FROM lane_member WHERE customer_id = $1`)},
	{"received", query(`DELETE FROM received WHERE customer_id = $1`)},
	{"import_change", query(`DELETE FROM import_change WHERE customer_id = $1`)},
	{"answer", query(`DELETE FROM answer WHERE case_id IN (SELECT id FROM case_ WHERE customer_id = $1)`)},
	{"note", query(`DELETE FROM note WHERE case_id IN (SELECT id FROM case_ WHERE customer_id = $1)`)},
	{"bundle_file", query(`DELETE FROM bundle_file WHERE case_id ` + theirTakings)},
	{"blob", query(`DELETE FROM blob WHERE case_id ` + theirTakings)},
	{"push", query(`DELETE FROM push WHERE customer_id = $1`)},
	{"push_part", query(`UPDATE push_part SET sha256 = '', body = $2, gone_at = pushed_at WHERE customer_id = $1`)}, // until their pieces are deleted
	{"message", query(`
		UPDATE message SET to_address = '', to_folded = '', subject = '', body = $2
		 WHERE state <> 'queued' AND (` + lettersOf + `)`)},
	{"way", query(`UPDATE way SET place = '', body = $2 WHERE request_id IN (SELECT id FROM request WHERE customer_id = $1)`)},
	{"request", query(`UPDATE request SET name = '', account_email = '', receipt_email = '', reference = '', paper = '' WHERE customer_id = $1`)},
	{"work", query(`
		UPDATE work SET evidence = '', before_call = ''
		 WHERE state <> 'running' AND case_id ` + theirTakings)},
	{"coming", query(`DELETE FROM coming WHERE customer_id = $1`)},
	{"statement", query(`UPDATE statement SET doc = '' WHERE case_id IN (SELECT id FROM case_ WHERE customer_id = $1)`)},
	{"books", query(`DELETE FROM books WHERE customer_id = $1`)},
	{"bucket_send", query(`DELETE FROM bucket_send WHERE customer_id = $1`)},
	{"stray", query(`UPDATE stray SET far = CASE WHEN far LIKE 'erased:%' THEN far ELSE id END, about = '', payment = '' WHERE customer_id = $1`)},
	{"law_case", query(`UPDATE law_case SET facts = '' WHERE case_id IN (SELECT id FROM case_ WHERE customer_id = $1)`)},
	{"data_copy", query(`UPDATE data_copy SET account = '' WHERE customer_id = $1`)},
	{"case_", query(`UPDATE case_ SET search = LOWER(code), segment = '', shown = '' WHERE customer_id = $1`)},
	{"subscription", query(`UPDATE subscription SET reference = id, plan = '', product = CASE engagement WHEN '' THEN product ELSE '' END, terms = '' WHERE customer_id = $1`)},
	{"balance", query(`UPDATE balance SET reference = id, about = '', used = '', pay_url = '', billed = '' WHERE customer_id = $1`)},
	{"customer", query(`
		UPDATE customer
		   SET name = $2, reference = 'erased:' || id, country = '', region = '', language = '', segment = '', search = '', name_key = '',
		       version = version + 1
		 WHERE id = $1`)},
}

// kept are the tables about customers or departures in which nothing personal
// stands that the others do not hold: ids, states and dates, what the erasing
// verb blanks itself, and what erasure is about.
var kept = map[string]string{
	"evaluation":        "codes, a day and a sum of what was found and agreed; the words are in the answers",
	"case_subscription": "ids", "approval": "ids, states and dates", "step": "blanked by the verb", "link": "hashes of tokens", "audit_entry": "sealed with the keys that are destroyed",
	"erasure": "the certificate", "retained": "sealed apart, until its day", "authority_order": "ids, states and dates; its words are sealed with the keys that are destroyed", "tombstone": "keyed hashes", "silent_address": "keyed hashes", "subscription_past": "sums and states", "improvement": "ours, not the customer's",
	"processor_asked": "ids, states, dates and sums: that it was erased there is proved by them; its words are sealed with the keys that are destroyed",
	"kept_contact":    "for what their address may be kept, and the address, sealed under a key of its own until its day or until they take it back",
	"webhook_event":   "ids", "silence": "that nobody writes to them stays true", "winback_sent": "ids", "told": "ids", "import_made": "ids",
	"way_node":        "names of pages and dates",
	"withdrawal":      "rules and sums",
	"payment_promise": "ids, days and states",
	"instalment_plan": "ids, sums, days and states",
	"law_limit":       "rules, states and dates: that the law was kept is proved by them",
	"document_check":  "ids, rules and results: what letters lacked is proved by them",
	"law_notice":      "ids, days and windows of the law: that they were told is proved by them",
}

// lettersOf finds the letters to a customer: about what they asked for, about what is
// coming for their contracts, and about copies of their data.
const lettersOf = `request_id IN (SELECT id FROM request WHERE customer_id = $1) OR id IN (SELECT message_id FROM law_notice WHERE customer_id = $1)
	OR case_id ` + theirCopies

// Erased reports what becomes of a table when a customer is erased: "erased",
// why it is kept, or empty if nobody decided that.
func Erased(table string) string {
	for _, e := range erasing {
		if e.table == table {
			return "erased"
		}
	}
	return kept[table]
}

// Decided returns the tables of which somebody decided what becomes of them.
func Decided() []string {
	out := slices.Collect(maps.Keys(kept))
	for _, e := range erasing {
		out = append(out, e.table)
	}
	return out
}

// EraseCustomer deletes and blanks, and says how many rows of each table.
func (t *tx) EraseCustomer(ctx context.Context, id customer.ID, code string) (map[string]int, error) {
	out := make(map[string]int, len(erasing))
	t.touch(id) // their answers are counted no longer
	for _, e := range erasing {
		args := []any{id}
		switch e.table {
		case "message", "reason", "offer", "way", "push_part":
			args = append(args, []byte{})
		case "customer":
			args = append(args, code)
		}
		n, err := t.exec(ctx, "store.EraseCustomer "+e.table, e.text, args...)
		if err != nil {
			return nil, err
		}
		out[e.table] = int(n)
	}
	return out, nil
}

var (
	insertErasure = query(`
		INSERT INTO erasure (case_id, customer_id, erased_at, destroyed_at, key_id, body, version) VALUES ($1, $2, $3, $4, $5, $6, 1)`)
	saveErasure = query(`UPDATE erasure SET destroyed_at = $1, completed_at = $2, key_id = $3, body = $4, version = version + 1 WHERE case_id = $5 AND version = $6`)
	erasureOf   = query(`SELECT case_id, customer_id, erased_at, destroyed_at, completed_at, key_id, body, version FROM erasure WHERE case_id = $1`)
	erasedAt    = query(`SELECT COALESCE(MIN(erased_at), 0) FROM erasure WHERE customer_id = $1`)
	lettersTo   = query(`
		SELECT ` + messageColumns + ` FROM message
		 WHERE to_address <> '' AND (` + lettersOf + `) ORDER BY queued_at, id`)
	lettersEver = query(`
		SELECT ` + messageColumns + ` FROM message
		 WHERE ` + lettersOf + ` ORDER BY queued_at, id`)
	forgetWorks   = query(`UPDATE work SET evidence = '', before_call = '' WHERE case_id ` + theirTakings)
	forgetMessage = query(`UPDATE message SET to_address = '', to_folded = '', subject = '', body = $2 WHERE id = $1`)

	holdErasing      = query(`UPDATE identity_lock SET n = n + 1 WHERE name = 'erasing'`)
	erasures         = query(`SELECT n FROM identity_lock WHERE name = 'erasing'`)
	insertTombstones = many(`INSERT INTO tombstone (hash, erased_at, case_id) VALUES `, 3, ` ON CONFLICT (hash) DO NOTHING`)
	tombstones       = many(`SELECT hash, case_id FROM tombstone WHERE hash IN (`, 1, `)`)
	anyTombstone     = query(`SELECT COUNT(*) FROM (SELECT 1 FROM tombstone LIMIT 1) AS t`)
)

func (t *tx) PutErasure(ctx context.Context, e app.Erasure) error {
	if e.Version > 0 {
		return t.must(ctx, "store.PutErasure", saveErasure, micros(e.DestroyedAt), micros(e.CompletedAt), e.KeyID, bytesOf(e.Body), e.Case, e.Version)
	}
	return t.must(ctx, "store.PutErasure", insertErasure, e.Case, e.Customer, micros(e.ErasedAt), micros(e.DestroyedAt), e.KeyID, bytesOf(e.Body))
}

func (t *tx) FindErasure(ctx context.Context, c offboarding.CaseID) (e app.Erasure, err error) {
	err = t.one(ctx, "store.FindErasure", erasureOf, []any{c}, &e.Case, &e.Customer, instant{&e.ErasedAt}, instant{&e.DestroyedAt}, instant{&e.CompletedAt}, &e.KeyID, &e.Body, &e.Version)
	return e, err
}

func (t *tx) ErasedAt(ctx context.Context, id customer.ID) (at time.Time, err error) {
	err = t.one(ctx, "store.ErasedAt", erasedAt, []any{id}, instant{&at})
	return at, err
}

func (t *tx) LettersTo(ctx context.Context, id customer.ID) (list []app.Message, err error) {
	err = t.each(ctx, "store.LettersTo", lettersTo, []any{id}, func(row scanner) error {
		m, err := scanMessage(row)
		list = append(list, m)
		return err
	})
	return list, err
}

func (t *tx) LettersEver(ctx context.Context, id customer.ID) (list []app.Message, err error) {
	err = t.each(ctx, "store.LettersEver", lettersEver, []any{id}, func(row scanner) error {
		m, err := scanMessage(row)
		list = append(list, m)
		return err
	})
	return list, err
}

func (t *tx) ForgetMessage(ctx context.Context, id offboarding.MessageID) error {
	_, err := t.exec(ctx, "store.ForgetMessage", forgetMessage, id, []byte{})
	return err
}

func (t *tx) ForgetWorks(ctx context.Context, id customer.ID) error {
	_, err := t.exec(ctx, "store.ForgetWorks", forgetWorks, id)
	return err
}

func (t *tx) HoldErasing(ctx context.Context) error {
	return t.must(ctx, "store.HoldErasing", holdErasing)
}

func (t *tx) Erasures(ctx context.Context) (n int64, err error) {
	err = t.one(ctx, "store.Erasures", erasures, nil, &n)
	return n, err
}

// AwaitErasing takes a lock on PostgreSQL; SQLite has one writer at a time
// anyway.
func (t *tx) AwaitErasing(ctx context.Context) (n int64, err error) {
	err = t.one(ctx, "store.AwaitErasing", erasures+t.s.dialect.share, nil, &n)
	t.known = nil // it may have waited for somebody who changed it
	return n, err
}

func (t *tx) InsertTombstones(ctx context.Context, c offboarding.CaseID, hashes ...string) error {
	_, err := t.insert(ctx, "store.InsertTombstones", insertTombstones, len(hashes), func(args []any, i int) []any {
		return append(args, hashes[i], micros(t.now), c)
	})
	return err
}

func (t *tx) AnyTombstone(ctx context.Context) (bool, error) {
	var n int
	err := t.one(ctx, "store.AnyTombstone", anyTombstone, nil, &n)
	return n > 0, err
}

func (t *tx) Tombstones(ctx context.Context, hashes ...string) (map[string]offboarding.CaseID, error) {
	out := map[string]offboarding.CaseID{}
	err := t.pick(ctx, "store.Tombstones", tombstones, len(hashes), keys(hashes), func(row scanner) error {
		var h string
		var c offboarding.CaseID
		err := row.Scan(&h, &c)
		out[h] = c
		return err
	})
	return out, err
}
