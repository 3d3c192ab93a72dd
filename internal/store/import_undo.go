package store

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// aboutCustomer are the tables in which people, or a departure, leave something
// about a customer: what an import makes stands in others.
var aboutCustomer = []string{
	"request", "case_", "reason", "complaint", "commitment", "obligation", "handover_item", "handover_act", "offer", "exposure", "lane_member", "invitation", "play", "voice", "consent", "silence",
	"erasure", "retained", "kept_contact", "authority_order", "processor_asked", "bucket_send", "data_copy", "push", "reading", "effort", "received", "coming", "law_notice", "payment_promise", "instalment_plan",
}

// aboutCase are those in which something stands about a departure beside its
// reason.
var aboutCase = []string{
	"step", "work", "message", "link", "note", "answer", "evaluation", "blob", "bundle_file", "consent", "kept_contact", "obligation", "handover_item", "handover_act", "offer", "exposure", "invitation", "voice", "improvement",
	"envelope", "winback_sent", "received", "stray", "payment_promise", "instalment_plan",
}

// ofCustomer are the tables of what a customer is and has, in the order in which
// they are emptied.
var ofCustomer = []string{
	"deliverable", "books", "subscription", "contact", "external_id", "customer_word", "grant_", "asset", "balance", "risk", "worth", "import_change",
}

// unasked are tables about departures that undoing an import neither asks nor
// empties, and why.
var unasked = map[string]string{
	"case_subscription": "goes with the departure", "audit_entry": "the log stays", "approval": "of a step, which keeps its departure",
	"theme":      "of what they wrote, which keeps its departure",
	"withdrawal": "of a request, which keeps its customer", "statement": "of a departure, which keeps its customer",
	"law_case": "of a departure that somebody asked for", "law_limit": "of one, or of a complaint, which keep their customer",
	"push_part":      "of what was pushed, which keeps its customer",
	"document_check": "of a letter of a departure, or of what was told of a contract, which keep their customer",
	"told":           "of a step, which keeps its departure", "tombstone": "of an erasure, which keeps its customer",
}

// Undone reports what undoing an import asks of a table: "keeps", where what
// stands in it keeps the customer or the departure; "goes", where it goes with
// them; why neither; or empty if nobody decided that.
func Undone(table string) string {
	switch {
	case slices.Contains(aboutCustomer, table), slices.Contains(aboutCase, table):
		return "keeps"
	case slices.Contains(ofCustomer, table):
		return "goes"
	}
	return unasked[table]
}

// standing asks in which of the tables anything stands.
func standing(tables []string, column string) string {
	parts := make([]string, len(tables))
	for i, table := range tables {
		parts[i] = `SELECT '` + table + `' WHERE EXISTS (SELECT 1 FROM ` + table + ` WHERE ` + column + ` = $1)`
	}
	return strings.Join(parts, ` UNION ALL `)
}

var (
	touchedCustomer = query(standing(aboutCustomer, "customer_id") + `
		UNION ALL SELECT 'other_import' WHERE EXISTS (
			SELECT 1 FROM subscription s JOIN import_made m ON m.record_id = s.id AND m.import_id <> $2 WHERE s.customer_id = $1)
		UNION ALL SELECT 'balance' WHERE EXISTS (SELECT 1 FROM balance WHERE customer_id = $1 AND status <> 'open')`)
	touchedCase = query(standing(aboutCase, "case_id") + `
		UNION ALL SELECT 'reason' WHERE 1 < (SELECT COUNT(*) FROM reason WHERE case_id = $1)`)

	forgetMade      = query(`DELETE FROM import_made WHERE import_id = $1 AND kind = $2 AND record_id = $3`)
	deletePast      = query(`DELETE FROM subscription_past WHERE subscription_id = $1`)
	deletePastAt    = query(`DELETE FROM subscription_past WHERE subscription_id = $1 AND until = $2`)
	deletePromised  = query(`DELETE FROM deliverable WHERE subscription_id = $1`)
	deleteBooks     = query(`DELETE FROM books WHERE subscription_id = $1`)
	deleteLine      = query(`DELETE FROM subscription WHERE id = $1`)
	deletePastOf    = query(`DELETE FROM subscription_past WHERE subscription_id IN (SELECT id FROM subscription WHERE customer_id = $1)`)
	deleteReasons   = query(`DELETE FROM reason WHERE case_id = $1`)
	deleteClaims    = query(`DELETE FROM case_subscription WHERE case_id = $1`)
	deleteCase      = query(`DELETE FROM case_ WHERE id = $1 AND version = $2`)
	deleteRequest   = query(`DELETE FROM request WHERE id = $1`)
	deleteCustomer  = query(`DELETE FROM customer WHERE id = $1`)
	subscriptionNow = query(`SELECT ` + subscriptionColumns + ` FROM subscription WHERE id = $1`)

	deletesOfCustomer = func() (out []string) {
		for _, table := range ofCustomer {
			out = append(out, query(`DELETE FROM `+table+` WHERE customer_id = $1`))
		}
		return out
	}()
)

func (t *tx) standing(ctx context.Context, op, q string, args ...any) (list []string, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		var name string
		err := row.Scan(&name)
		list = append(list, name)
		return err
	})
	return list, err
}

func (t *tx) TouchedCustomer(ctx context.Context, id customer.ID, run app.ImportID) ([]string, error) {
	return t.standing(ctx, "store.TouchedCustomer", touchedCustomer, id, run)
}

func (t *tx) TouchedCase(ctx context.Context, id offboarding.CaseID) ([]string, error) {
	return t.standing(ctx, "store.TouchedCase", touchedCase, id)
}

func (t *tx) ForgetMade(ctx context.Context, run app.ImportID, m app.Made) error {
	return t.must(ctx, "store.ForgetMade", forgetMade, run, m.Kind, m.ID)
}

func (t *tx) FindSubscription(ctx context.Context, id customer.SubscriptionID) (s customer.Subscription, err error) {
	found := false
	err = t.each(ctx, "store.FindSubscription", subscriptionNow, []any{id}, func(row scanner) (err error) {
		found = true
		s, err = scanSubscription(row)
		return err
	})
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found").At("store.FindSubscription", nil)
	}
	return s, err
}

func (t *tx) DeleteSubscription(ctx context.Context, s customer.Subscription) error {
	const op = "store.DeleteSubscription"
	t.touch(s.Customer)
	for _, q := range []string{deletePast, deletePromised, deleteBooks, deleteLine} {
		if _, err := t.exec(ctx, op, q, s.ID); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) DeletePastCase(ctx context.Context, c offboarding.Case) error {
	const op = "store.DeletePastCase"
	t.touch(c.Customer)
	for _, s := range c.Subscriptions {
		if _, err := t.exec(ctx, op, deletePastAt, s, micros(c.EffectiveAt)); err != nil {
			return err
		}
	}
	for _, q := range []string{deleteReasons, deleteClaims} {
		if _, err := t.exec(ctx, op, q, c.ID); err != nil {
			return err
		}
	}
	if err := t.must(ctx, op, deleteCase, c.ID, c.Version); err != nil {
		return err
	}
	return t.must(ctx, op, deleteRequest, c.Request)
}

func (t *tx) DeleteCustomer(ctx context.Context, id customer.ID) error {
	const op = "store.DeleteCustomer"
	t.touch(id)
	if _, err := t.exec(ctx, op, deletePastOf, id); err != nil {
		return err
	}
	for _, q := range deletesOfCustomer {
		if _, err := t.exec(ctx, op, q, id); err != nil {
			return err
		}
	}
	return t.must(ctx, op, deleteCustomer, id)
}
