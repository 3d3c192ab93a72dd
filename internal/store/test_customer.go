package store

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
)

// realCustomer and realCase keep what belongs to test customers out of figures
// and of every list that is made of all customers. A query over all of them says
// one of the two, or a test wants to know why it need not.
func realCustomer(column string) string {
	return column + ` NOT IN (SELECT id FROM customer WHERE test_by <> '')`
}

func realCase(column string) string {
	return column + ` NOT IN (SELECT id FROM case_ WHERE test = 1)`
}

const (
	theirCases    = `(SELECT id FROM case_ WHERE customer_id = $1)`
	theirRequests = `(SELECT id FROM request WHERE customer_id = $1)`
	theirLimits   = `step IN (SELECT 'limit:' || id FROM law_limit WHERE customer_id = $1
		UNION ALL SELECT 'document:' || message_id FROM document_check WHERE customer_id = $1)`
)

// forgetting is how a test customer goes whole, in this order: what names
// something goes before it. The argument is the customer.
var forgetting = []struct{ table, text string }{
	{"work", query(`
		DELETE FROM work
		 WHERE case_id ` + theirTakings + ` OR item IN (
		       SELECT id FROM request WHERE customer_id = $1
		       UNION ALL SELECT id FROM data_copy WHERE customer_id = $1
		       UNION ALL SELECT customer_id FROM kept_contact WHERE customer_id = $1
		       UNION ALL SELECT code FROM request WHERE customer_id = $1
		       UNION ALL SELECT id FROM message WHERE request_id IN ` + theirRequests + ` OR case_id ` + theirCopies + `
		       UNION ALL SELECT CAST($1 AS TEXT) || ':' || id FROM subscription WHERE customer_id = $1
		       UNION ALL SELECT id FROM complaint WHERE customer_id = $1
		       UNION ALL SELECT id FROM commitment WHERE customer_id = $1
		       UNION ALL SELECT id FROM offer WHERE customer_id = $1
		       UNION ALL SELECT id FROM handover_item WHERE customer_id = $1
		       UNION ALL SELECT id FROM approval WHERE case_id IN ` + theirCases + `
		       UNION ALL SELECT id FROM law_limit WHERE customer_id = $1
		       UNION ALL SELECT id FROM told WHERE case_id IN ` + theirCases + ` OR ` + theirLimits + `)`)},
	{"told", query(`DELETE FROM told WHERE case_id IN ` + theirCases + ` OR ` + theirLimits)},
	{"document_check", query(`DELETE FROM document_check WHERE customer_id = $1 OR request_id IN ` + theirRequests)},
	{"law_notice", query(`DELETE FROM law_notice WHERE customer_id = $1`)},
	{"coming", query(`DELETE FROM coming WHERE customer_id = $1`)},
	{"law_limit", query(`DELETE FROM law_limit WHERE customer_id = $1`)},
	{"law_case", query(`DELETE FROM law_case WHERE case_id IN ` + theirCases)},
	{"winback_sent", query(`DELETE FROM winback_sent WHERE case_id IN ` + theirCases)},
	{"envelope", query(`DELETE FROM envelope WHERE case_id IN ` + theirCases)},
	{"handover_act", query(`DELETE FROM handover_act WHERE customer_id = $1`)},
	{"handover_item", query(`DELETE FROM handover_item WHERE customer_id = $1`)},
	{"obligation", query(`DELETE FROM obligation WHERE customer_id = $1`)},
	{"improvement", query(`DELETE FROM improvement WHERE case_id IN ` + theirCases)},
	{"kept_contact", query(`DELETE FROM kept_contact WHERE customer_id = $1`)},
	{"retained", query(`DELETE FROM retained WHERE customer_id = $1`)},
	{"bucket_send", query(`DELETE FROM bucket_send WHERE customer_id = $1`)},
	{"processor_asked", query(`DELETE FROM processor_asked WHERE customer_id = $1`)},
	{"authority_order", query(`DELETE FROM authority_order WHERE customer_id = $1`)},
	{"erasure", query(`DELETE FROM erasure WHERE customer_id = $1`)},
	{"tombstone", query(`DELETE FROM tombstone WHERE case_id IN ` + theirCases)},
	{"consent", query(`DELETE FROM consent WHERE customer_id = $1`)},
	{"silence", query(`DELETE FROM silence WHERE customer_id = $1`)},
	{"voice", query(`DELETE FROM voice WHERE customer_id = $1`)},
	{"invitation", query(`DELETE FROM invitation WHERE customer_id = $1`)},
	{"lane_member", query(`DELETE FROM lane_member WHERE customer_id = $1`)},
	{"exposure", query(`DELETE FROM exposure WHERE customer_id = $1`)},
	{"offer", query(`DELETE FROM offer WHERE customer_id = $1`)},
	{"theme", query(`DELETE FROM theme WHERE customer_id = $1`)},
	{"reason", query(`DELETE FROM reason WHERE customer_id = $1`)},
	{"approval", query(`DELETE FROM approval WHERE case_id IN ` + theirCases)},
	{"stray", query(`DELETE FROM stray WHERE case_id IN ` + theirCases)},
	{"instalment_plan", query(`DELETE FROM instalment_plan WHERE customer_id = $1`)},
	{"payment_promise", query(`DELETE FROM payment_promise WHERE customer_id = $1`)},
	{"statement", query(`DELETE FROM statement WHERE case_id IN ` + theirCases)},
	{"withdrawal", query(`DELETE FROM withdrawal WHERE case_id IN ` + theirCases)},
	{"received", query(`DELETE FROM received WHERE customer_id = $1 OR request_id IN ` + theirRequests)},
	{"evaluation", query(`DELETE FROM evaluation WHERE customer_id = $1`)},
	{"answer", query(`DELETE FROM answer WHERE case_id IN ` + theirCases)},
	{"note", query(`DELETE FROM note WHERE case_id IN ` + theirCases)},
	{"bundle_file", query(`DELETE FROM bundle_file WHERE case_id ` + theirTakings)},
	{"blob", query(`DELETE FROM blob WHERE case_id ` + theirTakings)},
	{"message", query(`DELETE FROM message WHERE request_id IN ` + theirRequests + ` OR case_id ` + theirTakings)},
	{"link", query(`DELETE FROM link WHERE request_id IN ` + theirRequests + ` OR case_id ` + theirTakings)},
	{"step", query(`DELETE FROM step WHERE case_id IN ` + theirCases)},
	{"commitment", query(`DELETE FROM commitment WHERE customer_id = $1`)},
	{"complaint", query(`DELETE FROM complaint WHERE customer_id = $1`)},
	{"play", query(`DELETE FROM play WHERE customer_id = $1`)},
	{"risk", query(`DELETE FROM risk WHERE customer_id = $1`)},
	{"worth", query(`DELETE FROM worth WHERE customer_id = $1`)},
	{"effort", query(`DELETE FROM effort WHERE customer_id = $1`)},
	{"reading", query(`DELETE FROM reading WHERE customer_id = $1`)},
	{"import_change", query(`DELETE FROM import_change WHERE customer_id = $1`)},
	{"case_subscription", query(`DELETE FROM case_subscription WHERE case_id IN ` + theirCases)},
	{"import_made", query(`
		DELETE FROM import_made
		 WHERE record_id = $1 OR record_id IN (SELECT id FROM subscription WHERE customer_id = $1) OR record_id IN ` + theirCases)},
	{"data_copy", query(`DELETE FROM data_copy WHERE customer_id = $1`)},
	{"push_part", query(`DELETE FROM push_part WHERE customer_id = $1`)},
	{"push", query(`DELETE FROM push WHERE customer_id = $1`)},
	{"case_", query(`DELETE FROM case_ WHERE customer_id = $1`)},
	{"way_node", query(`DELETE FROM way_node WHERE request_id IN ` + theirRequests)},
	{"way", query(`DELETE FROM way WHERE request_id IN ` + theirRequests)},
	{"request", query(`DELETE FROM request WHERE customer_id = $1`)},
	{"subscription_past", query(`DELETE FROM subscription_past WHERE subscription_id IN (SELECT id FROM subscription WHERE customer_id = $1)`)},
	{"deliverable", query(`DELETE FROM deliverable WHERE customer_id = $1`)},
	{"books", query(`DELETE FROM books WHERE customer_id = $1`)},
	{"subscription", query(`DELETE FROM subscription WHERE customer_id = $1`)},
	{"contact", query(`DELETE FROM contact WHERE customer_id = $1`)},
	{"external_id", query(`DELETE FROM external_id WHERE customer_id = $1`)},
	{"customer_word", query(`DELETE FROM customer_word WHERE customer_id = $1`)},
	{"grant_", query(`DELETE FROM grant_ WHERE customer_id = $1`)},
	{"asset", query(`DELETE FROM asset WHERE customer_id = $1`)},
	{"balance", query(`DELETE FROM balance WHERE customer_id = $1`)},
	{"customer", query(`DELETE FROM customer WHERE id = $1 AND test_by <> ''`)},
}

// staysWithLog are the tables in which something about a test customer stays.
var staysWithLog = map[string]string{
	"audit_entry":   "what happened is never unsaid; its words are shredded with the keys",
	"webhook_event": "ids, as they were told to endpoints that asked for rehearsals",
}

// Forgotten reports what becomes of a table when a test customer is forgotten:
// "deleted", why it stays, or empty if nobody decided that.
func Forgotten(table string) string {
	for _, f := range forgetting {
		if f.table == table {
			return "deleted"
		}
	}
	return staysWithLog[table]
}

var (
	streamsOf = query(`
		SELECT id FROM case_ WHERE customer_id = $1 UNION ALL SELECT id FROM request WHERE customer_id = $1
		UNION ALL SELECT id FROM data_copy WHERE customer_id = $1 ORDER BY id`)
	testCustomers = query(`SELECT ` + customerColumns + ` FROM customer WHERE test_by <> '' ORDER BY id DESC LIMIT $1`)
	hurryCase     = query(`
		UPDATE work SET run_at = $1
		 WHERE case_id = $2 AND kind = 'wait' AND state = 'ready' AND run_at > $1 AND case_id IN (SELECT id FROM case_ WHERE test = 1)`)
)

func (t *tx) DeleteTestCustomer(ctx context.Context, id customer.ID) (map[string]int, error) {
	const op = "store.DeleteTestCustomer"
	t.touch(id)
	out := map[string]int{}
	for _, f := range forgetting {
		n, err := t.exec(ctx, op+" "+f.table, f.text, id)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out[f.table] = int(n)
		}
	}
	return out, nil
}

func (t *tx) StreamsOf(ctx context.Context, id customer.ID) ([]string, error) {
	return t.words(ctx, streamsOf, id)
}

func (t *tx) TestCustomers(ctx context.Context, limit int) ([]customer.Customer, error) {
	return t.customers(ctx, testCustomers, limit)
}

func (t *tx) HurryWaits(ctx context.Context, c offboarding.CaseID) (int, error) {
	n, err := t.exec(ctx, "store.HurryWaits", hurryCase, micros(t.now), c)
	return int(n), err
}
