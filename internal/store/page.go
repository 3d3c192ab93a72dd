package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
)

// Ids sort by the time they were made, so the order of a list is that of its
// primary key, and a page begins where the last one ended.
var (
	pageCases = query(`
		SELECT ` + caseColumns + ` FROM case_
		 WHERE ($1 = '' OR id < $1) AND ($2 = '' OR state = $2) AND ($3 = '' OR customer_id = $3) AND search LIKE $4 ESCAPE '\'
		 ORDER BY id DESC LIMIT $5`)
	pageCustomers = query(`
		SELECT ` + customerColumns + ` FROM customer WHERE ($1 = '' OR id < $1) ORDER BY id DESC LIMIT $2`)
	pageRequests = query(`
		SELECT ` + requestColumns + ` FROM request WHERE ($1 = '' OR id < $1) AND ($2 = '' OR state = $2) ORDER BY id DESC LIMIT $3`)
	// An acknowledgement is older than the case that it is about.
	pageMessages = query(`
		SELECT id, paper, to_address, language, request_id,
		       CASE WHEN case_id = '' THEN COALESCE((SELECT r.case_id FROM request r WHERE r.id = request_id), '') ELSE case_id END,
		       state, queued_at, sent_at, subject, header_id, last_error, body, key_id FROM message
		 WHERE ($1 = '' OR id < $1) AND ($2 = '' OR case_id = $2 OR case_id = '' AND request_id IN (SELECT id FROM request WHERE case_id = $2)) AND ($3 = '' OR state = $3) AND ($5 = '' OR paper = $5)
		   AND to_folded LIKE $6 ESCAPE '\'
		 ORDER BY id DESC LIMIT $4`)
	// The same filter by four roads, each with an index to walk.
	logFilter = ` AND ($1 = '' OR e.id < $1) AND ($2 = '' OR e.type = $2) AND ($3 = '' OR e.actor = $3)
		 ORDER BY e.id DESC LIMIT $4`
	logSelect   = `SELECT ` + entryColumns + `, COALESCE(l.idx, -1) FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry_id = e.id WHERE `
	logNewest   = query(logSelect + `TRUE` + logFilter)
	logOfCase   = query(logSelect + `e.case_id IN ($5, $6)` + logFilter)
	logOfType   = query(logSelect + `e.type = $5` + logFilter)
	logOfPerson = query(logSelect + `e.actor = $5 AND e.actor NOT IN ('engine', 'system', 'customer')` + logFilter)
	pageEntries = query(`
		SELECT ` + entryColumns + `, l.idx FROM audit_leaf l JOIN audit_entry e ON e.id = l.entry_id
		 WHERE l.idx > $1 AND ($2 = '' OR e.case_id = $2) AND ($3 = '' OR e.type = $3)
		 ORDER BY l.idx LIMIT $4`)
)

func (t *tx) PageCases(ctx context.Context, q app.CaseQuery, p app.Place) (list []offboarding.Case, err error) {
	err = t.each(ctx, "store.PageCases", pageCases, []any{p.After, q.State, q.Customer, like(q.Query), p.Limit}, func(row scanner) error {
		c, err := scanCase(row)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) PageCustomers(ctx context.Context, p app.Place) ([]customer.Customer, error) {
	return t.customers(ctx, pageCustomers, p.After, p.Limit)
}

func (t *tx) PageRequests(ctx context.Context, state offboarding.RequestState, p app.Place) (list []offboarding.Request, err error) {
	err = t.each(ctx, "store.PageRequests", pageRequests, []any{p.After, state, p.Limit}, func(row scanner) error {
		r, err := scanRequest(row)
		list = append(list, r)
		return err
	})
	return list, err
}

func (t *tx) PageMessages(ctx context.Context, q app.MessageQuery, p app.Place) (list []app.Message, err error) {
	err = t.each(ctx, "store.PageMessages", pageMessages, []any{p.After, q.Case, q.State, p.Limit, q.Paper, "%" + escapeLike(customer.FoldEmail(q.To)) + "%"}, func(row scanner) error {
		m, err := scanMessage(row)
		list = append(list, m)
		return err
	})
	return list, err
}

func (t *tx) PageEntries(ctx context.Context, q app.EntryQuery) (list []app.LogEntry, err error) {
	err = t.each(ctx, "store.PageEntries", pageEntries, []any{q.After, q.Stream, q.Type, q.Limit}, func(row scanner) error {
		var l app.LogEntry
		var err error
		l.Entry, l.Sealed, err = scanEntry(row, &l.Index)
		list = append(list, l)
		return err
	})
	return list, err
}

func (t *tx) PageLog(ctx context.Context, q app.LogQuery) (list []app.LogEntry, err error) {
	text, args := logNewest, []any{q.Before, q.Type, q.Actor, q.Limit}
	switch a, b := q.Streams(); {
	case a != "":
		text, args = logOfCase, append(args, a, b)
	case q.Type != "":
		text, args = logOfType, append(args, q.Type)
	case q.Actor != "" && q.Actor != "engine" && q.Actor != "system" && q.Actor != "customer":
		text, args = logOfPerson, append(args, q.Actor)
	}
	err = t.each(ctx, "store.PageLog", text, args, func(row scanner) error {
		var l app.LogEntry
		var err error
		l.Entry, l.Sealed, err = scanEntry(row, &l.Index)
		list = append(list, l)
		return err
	})
	return list, err
}

func (t *tx) Checkpoint(ctx context.Context) (size int64, text string, err error) {
	err = t.one(ctx, "store.Checkpoint", newestCheckpoint, nil, &size, &text)
	return size, text, err
}
