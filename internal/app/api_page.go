package app

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/improvement"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
	"hastaluego/internal/risk"
)

// Place is where a page of a list begins: behind the record with the id After,
// or at the beginning. Records are listed newest first, entries of the log
// oldest first.
type Place struct {
	After string
	Limit int
}

// CaseQuery selects cases; zero fields do not select.
type CaseQuery struct {
	State    offboarding.CaseState
	Customer customer.ID
	Query    string // code, customer name or reference
}

// CustomerQuery selects customers; zero fields do not select.
type CustomerQuery struct {
	Query     string // words that the name, the reference, an address or a number elsewhere begin with; then alone
	Reference string // exactly
}

// MessageQuery selects letters; zero fields do not select.
type MessageQuery struct {
	Case  offboarding.CaseID
	State string
	Paper string
	To    string // part of the address
}

// EntryQuery selects entries of the log that have their place in it; zero
// fields do not select.
type EntryQuery struct {
	Stream string // case or request
	Type   string
	After  int64 // index; -1: from the first
	Limit  int
}

// LogQuery selects entries of the log, newest first; zero fields do not
// select.
type LogQuery struct {
	Code   string // of a case or request
	Actor  string
	Type   string
	Before string // id: older than that entry
	Limit  int

	streams [2]string // what Code stands for
}

// Streams are the case and the request that the query is about.
func (q LogQuery) Streams() (a, b string) { return q.streams[0], q.streams[1] }

// PageTx reads lists page by page, by the order of ids, so that what comes in
// between moves nothing.
type PageTx interface {
	PageCases(ctx context.Context, q CaseQuery, p Place) ([]offboarding.Case, error)
	PageCustomers(ctx context.Context, p Place) ([]customer.Customer, error)
	PageRequests(ctx context.Context, state offboarding.RequestState, p Place) ([]offboarding.Request, error)
	PageMessages(ctx context.Context, q MessageQuery, p Place) ([]Message, error)
	PageEntries(ctx context.Context, q EntryQuery) ([]LogEntry, error)
	// PageLog returns entries newest first, sequenced or not.
	PageLog(ctx context.Context, q LogQuery) ([]LogEntry, error)
	// Checkpoint returns the newest signed checkpoint; fault.NotFound before the
	// first.
	Checkpoint(ctx context.Context) (size int64, text string, err error)
}

// page reads one more than the limit, to know whether there is a next page,
// and returns where that one begins.
func page[T any](ctx context.Context, a *App, by Actor, what string, p Place, id func(T) string, read func(Tx, Place) ([]T, error)) (list []T, next string, err error) {
	if err := by.CanRead(what); err != nil {
		return nil, "", err
	}
	limit := p.Limit
	p.Limit++
	err = a.store.View(ctx, func(tx Tx) error { list, err = read(tx, p); return err })
	if err == nil && len(list) > limit {
		list = list[:limit]
		next = id(list[limit-1])
	}
	return list, next, err
}

// PageCases lists cases; next is where the next page begins, empty at the end.
func (a *App) PageCases(ctx context.Context, by Actor, q CaseQuery, p Place) (list []offboarding.Case, next string, err error) {
	if _, e := customer.CheckText("q", q.Query, 200, false); e != nil {
		return nil, "", e
	}
	return page(ctx, a, by, "case", p, func(c offboarding.Case) string { return string(c.ID) },
		func(tx Tx, p Place) ([]offboarding.Case, error) { return tx.PageCases(ctx, q, p) })
}

// PageCustomers lists customers, newest first, or by the words that were found.
func (a *App) PageCustomers(ctx context.Context, by Actor, q CustomerQuery, p Place) (list []customer.Customer, next string, err error) {
	for field, s := range map[string]string{"q": q.Query, "reference": q.Reference} {
		if _, e := customer.CheckText(field, s, 200, false); e != nil {
			return nil, "", e
		}
	}
	switch {
	case q.Query == "" && q.Reference != "":
		return page(ctx, a, by, "customer", p, func(c customer.Customer) string { return string(c.ID) },
			func(tx Tx, _ Place) ([]customer.Customer, error) { return tx.CustomersByReference(ctx, q.Reference) })
	case q.Query == "":
		return page(ctx, a, by, "customer", p, func(c customer.Customer) string { return string(c.ID) },
			func(tx Tx, p Place) ([]customer.Customer, error) { return tx.PageCustomers(ctx, p) })
	}
	found, err := a.ListCustomers(ctx, by, CustomerFilter{Query: q.Query, After: p.After, Limit: p.Limit})
	for _, row := range found.Rows {
		list = append(list, row.Customer)
	}
	return list, found.Next, err
}

// PageRequests lists requests.
func (a *App) PageRequests(ctx context.Context, by Actor, state offboarding.RequestState, p Place) (list []offboarding.Request, next string, err error) {
	return page(ctx, a, by, "case", p, func(r offboarding.Request) string { return string(r.ID) },
		func(tx Tx, p Place) ([]offboarding.Request, error) { return tx.PageRequests(ctx, state, p) })
}

// PageMessages lists letters, without what they say.
func (a *App) PageMessages(ctx context.Context, by Actor, q MessageQuery, p Place) (list []Message, next string, err error) {
	return page(ctx, a, by, "outbox", p, func(m Message) string { return string(m.ID) },
		func(tx Tx, p Place) ([]Message, error) {
			list, err := tx.PageMessages(ctx, q, p)
			if err != nil {
				return nil, err
			}
			return list, a.markTests(ctx, tx, list)
		})
}

// PageComplaints lists what went wrong for one customer, or what is unsolved of
// all.
func (a *App) PageComplaints(ctx context.Context, by Actor, of customer.ID, p Place) (list []relationship.Complaint, next string, err error) {
	return page(ctx, a, by, "complaint", p, func(c relationship.Complaint) string { return string(c.ID) },
		func(tx Tx, p Place) ([]relationship.Complaint, error) {
			if err := knows(ctx, tx, of); err != nil {
				return nil, err
			}
			sealed, err := tx.PageComplaints(ctx, of, p)
			return unsealed(sealed, err, func(s SealedComplaint) (relationship.Complaint, error) { return a.openComplaint(ctx, s) })
		})
}

// PageCommitments lists what one customer and we promised, or what is pending of
// all.
func (a *App) PageCommitments(ctx context.Context, by Actor, of customer.ID, p Place) (list []relationship.Commitment, next string, err error) {
	return page(ctx, a, by, "complaint", p, func(c relationship.Commitment) string { return string(c.ID) },
		func(tx Tx, p Place) ([]relationship.Commitment, error) {
			if err := knows(ctx, tx, of); err != nil {
				return nil, err
			}
			sealed, err := tx.PageCommitments(ctx, of, p)
			return unsealed(sealed, err, func(s SealedCommitment) (relationship.Commitment, error) { return a.openCommitment(ctx, s) })
		})
}

// PageImprovements lists what is changed because of leavers.
func (a *App) PageImprovements(ctx context.Context, by Actor, p Place) (list []improvement.Action, next string, err error) {
	return page(ctx, a, by, "improvement", p, func(x improvement.Action) string { return string(x.ID) },
		func(tx Tx, p Place) ([]improvement.Action, error) {
			sealed, err := tx.PageImprovements(ctx, p)
			return unsealed(sealed, err, func(s SealedImprovement) (improvement.Action, error) { return a.openImprovement(ctx, s) })
		})
}

// RiskPlace is where a page of ratings begins: behind a customer with so many
// points.
type RiskPlace struct {
	Points   int
	Customer customer.ID // empty: from the first
	Limit    int
}

// PageRisks lists customers of a band, most points first; more says that the
// list goes on.
func (a *App) PageRisks(ctx context.Context, by Actor, band risk.Band, p RiskPlace) (rows []RiskView, more bool, err error) {
	if err := by.CanRead("risk"); err != nil {
		return nil, false, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list, err := tx.PageRisks(ctx, band, p.Points, p.Customer, p.Limit+1)
		if err != nil {
			return err
		}
		if more = len(list) > p.Limit; more {
			list = list[:p.Limit]
		}
		var filled RiskList
		err = a.fillRisks(ctx, tx, by, list, &filled)
		rows = filled.Rows
		return err
	})
	return rows, more, err
}

// knows is fault.NotFound for a customer that there is not; empty is nobody.
func knows(ctx context.Context, tx Tx, c customer.ID) error {
	if c == "" {
		return nil
	}
	_, err := tx.FindCustomer(ctx, c)
	return err
}

// PageDeliveries lists the messages of an endpoint.
func (a *App) PageDeliveries(ctx context.Context, by Actor, hook string, p Place) (list []Delivery, next string, err error) {
	return page(ctx, a, by, "webhook", p, func(d Delivery) string { return string(d.Work.ID) },
		func(tx Tx, p Place) ([]Delivery, error) {
			w, err := tx.FindWebhook(ctx, hook)
			if err != nil {
				return nil, err
			}
			return tx.DeliveriesOf(ctx, WebhookSystem+w.ID, "", p)
		})
}

// PageEntries lists entries of the log by their index, with what they say where
// it can be read.
func (a *App) PageEntries(ctx context.Context, by Actor, q EntryQuery) (list []TimelineEntry, more bool, err error) {
	if err := by.CanRead("audit"); err != nil {
		return nil, false, err
	}
	limit := q.Limit
	q.Limit++
	var entries []LogEntry
	err = a.store.View(ctx, func(tx Tx) error { entries, err = tx.PageEntries(ctx, q); return err })
	if more = len(entries) > limit; more {
		entries = entries[:limit]
	}
	for _, e := range entries {
		list = append(list, TimelineEntry{LogEntry: e, Args: a.openBody(ctx, e)})
	}
	return list, more, err
}

// LogPage is a page of the log with what its entries speak of.
type LogPage struct {
	Entries []TimelineEntry // newest first, with what they say where it can be read
	Users   map[string]string
	Cases   map[string]LogCase // by stream
	Older   string             // where older entries begin; "" at the end
}

// LogCase is what gives the entries of a case their words.
type LogCase struct {
	Steps []offboarding.Step
	Works []offboarding.Work
}

// PageLog lists entries of the log.
func (a *App) PageLog(ctx context.Context, by Actor, q LogQuery) (page LogPage, err error) {
	if err := by.CanRead("audit"); err != nil {
		return LogPage{}, err
	}
	limit := q.Limit
	q.Limit++
	err = a.store.View(ctx, func(tx Tx) error {
		page = LogPage{Cases: map[string]LogCase{}}
		if page.Users, err = names(ctx, tx); err != nil {
			return err
		}
		if q.Code != "" {
			r, err := tx.FindRequestByCode(ctx, q.Code)
			if fault.KindOf(err) == fault.NotFound {
				return nil // nothing bears that code
			} else if err != nil {
				return err
			}
			q.streams = [2]string{string(r.ID), string(r.Case)}
			if r.Case == "" {
				q.streams[1] = q.streams[0]
			}
		}
		entries, err := tx.PageLog(ctx, q)
		if err != nil {
			return err
		}
		if len(entries) > limit {
			entries = entries[:limit]
			page.Older = entries[limit-1].ID
		}
		for _, e := range entries {
			page.Entries = append(page.Entries, TimelineEntry{LogEntry: e, Args: a.openBody(ctx, e)})
			if page.Cases[e.Case], err = a.logCase(ctx, tx, page.Cases, e.Case); err != nil {
				return err
			}
		}
		return nil
	})
	return page, err
}

// logCase finds the plan of a stream once; a stream that is no case has none.
func (a *App) logCase(ctx context.Context, tx Tx, known map[string]LogCase, stream string) (LogCase, error) {
	if c, ok := known[stream]; ok {
		return c, nil
	}
	p, err := tx.FindPlan(ctx, offboarding.CaseID(stream))
	if fault.KindOf(err) == fault.NotFound {
		return LogCase{}, nil
	} else if err != nil {
		return LogCase{}, err
	}
	works, err := tx.WorksOf(ctx, p.Case.ID)
	return LogCase{Steps: p.Steps, Works: works}, err
}

// OpenCheckpoint returns the newest signed checkpoint of the log.
func (a *App) OpenCheckpoint(ctx context.Context, by Actor) (size int64, text string, err error) {
	if err := by.CanRead("audit"); err != nil {
		return 0, "", err
	}
	err = a.store.View(ctx, func(tx Tx) error { size, text, err = tx.Checkpoint(ctx); return err })
	return size, text, err
}

// OpenProof returns the proof of an entry of the log, as a file to keep;
// fault.NotFound while no signed checkpoint contains it.
func (a *App) OpenProof(ctx context.Context, by Actor, entry string) ([]byte, error) {
	if err := by.CanRead("audit"); err != nil {
		return nil, err
	}
	var p LogProof
	err := a.store.View(ctx, func(tx Tx) (err error) { p, err = tx.Proof(ctx, entry); return err })
	if err != nil {
		return nil, err
	}
	return Paper{Proof: &p}.ProofFile()
}

// OpenUsers lists the people who may sign in.
func (a *App) OpenUsers(ctx context.Context, by Actor) ([]User, error) {
	if err := by.CanRead("users"); err != nil {
		return nil, err
	}
	return a.Users(ctx)
}
