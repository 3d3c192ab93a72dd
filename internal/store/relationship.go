package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/relationship"
)

const (
	complaintColumns  = `id, customer_id, received, answer_by, state, answer_on, over_on, key_id, body, version`
	commitmentColumns = `id, customer_id, case_id, complaint_id, side, due, state, over_on, key_id, body, version`
)

var (
	insertComplaint = query(`INSERT INTO complaint (` + complaintColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)`)
	saveComplaint   = query(`
		UPDATE complaint SET state = $1, answer_on = $2, over_on = $3, key_id = $4, body = $5, version = version + 1
		 WHERE id = $6 AND version = $7`)
	complaintByID  = query(`SELECT ` + complaintColumns + ` FROM complaint WHERE id = $1`)
	complaintsOf   = query(`SELECT ` + complaintColumns + ` FROM complaint WHERE customer_id = $1 ORDER BY received DESC, id DESC`)
	openComplaints = query(`SELECT ` + complaintColumns + ` FROM complaint WHERE state IN ('open', 'promised') ORDER BY answer_by, id LIMIT $1`)

	insertCommitment = query(`INSERT INTO commitment (` + commitmentColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)`)
	saveCommitment   = query(`
		UPDATE commitment SET state = $1, over_on = $2, key_id = $3, body = $4, version = version + 1
		 WHERE id = $5 AND version = $6`)
	commitmentByID = query(`SELECT ` + commitmentColumns + ` FROM commitment WHERE id = $1`)
	commitmentsOf  = query(`SELECT ` + commitmentColumns + ` FROM commitment WHERE customer_id = $1 ORDER BY due DESC, id DESC`)
	pageComplaints = query(`
		SELECT ` + complaintColumns + ` FROM complaint
		 WHERE ($1 = '' OR id < $1) AND ($2 = '' AND state IN ('open', 'promised') OR customer_id = $2) ORDER BY id DESC LIMIT $3`)
	pageCommitments = query(`
		SELECT ` + commitmentColumns + ` FROM commitment
		 WHERE ($1 = '' OR id < $1) AND ($2 = '' AND state = 'pending' OR customer_id = $2) ORDER BY id DESC LIMIT $3`)
	pendingCommitments = query(`SELECT ` + commitmentColumns + ` FROM commitment WHERE state = 'pending' ORDER BY due, id LIMIT $1`)
)

func (t *tx) PutComplaint(ctx context.Context, c app.SealedComplaint) error {
	if c.Version > 0 {
		return t.must(ctx, "store.PutComplaint", saveComplaint, c.State, c.AnswerOn.String(), c.Over.String(), c.KeyID, bytesOf(c.Body), c.ID, c.Version)
	}
	return t.must(ctx, "store.PutComplaint", insertComplaint, c.ID, c.Customer, c.Received.String(), c.AnswerBy.String(), c.State,
		c.AnswerOn.String(), c.Over.String(), c.KeyID, bytesOf(c.Body))
}

func scanComplaint(row scanner) (c app.SealedComplaint, err error) {
	err = row.Scan(&c.ID, &c.Customer, date{&c.Received}, date{&c.AnswerBy}, &c.State, date{&c.AnswerOn}, date{&c.Over}, &c.KeyID, &c.Body, &c.Version)
	return c, err
}

func (t *tx) complaints(ctx context.Context, q string, args ...any) (list []app.SealedComplaint, err error) {
	err = t.each(ctx, "store.complaints", q, args, func(row scanner) error {
		c, err := scanComplaint(row)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) FindComplaint(ctx context.Context, id relationship.ComplaintID) (app.SealedComplaint, error) {
	c, err := scanComplaint(t.raw.QueryRowContext(ctx, complaintByID, id))
	return c, t.s.translate("store.FindComplaint", err)
}

func (t *tx) ComplaintsOf(ctx context.Context, id customer.ID) ([]app.SealedComplaint, error) {
	return t.complaints(ctx, complaintsOf, id)
}

func (t *tx) OpenComplaints(ctx context.Context, limit int) ([]app.SealedComplaint, error) {
	return t.complaints(ctx, openComplaints, limit)
}

func (t *tx) PutCommitment(ctx context.Context, c app.SealedCommitment) error {
	if c.Version > 0 {
		return t.must(ctx, "store.PutCommitment", saveCommitment, c.State, c.Over.String(), c.KeyID, bytesOf(c.Body), c.ID, c.Version)
	}
	return t.must(ctx, "store.PutCommitment", insertCommitment, c.ID, c.Customer, c.Case, c.Complaint, c.By, c.Due.String(), c.State,
		c.Over.String(), c.KeyID, bytesOf(c.Body))
}

func scanCommitment(row scanner) (c app.SealedCommitment, err error) {
	err = row.Scan(&c.ID, &c.Customer, &c.Case, &c.Complaint, &c.By, date{&c.Due}, &c.State, date{&c.Over}, &c.KeyID, &c.Body, &c.Version)
	return c, err
}

func (t *tx) commitments(ctx context.Context, q string, args ...any) (list []app.SealedCommitment, err error) {
	err = t.each(ctx, "store.commitments", q, args, func(row scanner) error {
		c, err := scanCommitment(row)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) FindCommitment(ctx context.Context, id relationship.CommitmentID) (app.SealedCommitment, error) {
	c, err := scanCommitment(t.raw.QueryRowContext(ctx, commitmentByID, id))
	return c, t.s.translate("store.FindCommitment", err)
}

func (t *tx) CommitmentsOf(ctx context.Context, id customer.ID) ([]app.SealedCommitment, error) {
	return t.commitments(ctx, commitmentsOf, id)
}

func (t *tx) PendingCommitments(ctx context.Context, limit int) ([]app.SealedCommitment, error) {
	return t.commitments(ctx, pendingCommitments, limit)
}

func (t *tx) PageComplaints(ctx context.Context, of customer.ID, p app.Place) ([]app.SealedComplaint, error) {
	return t.complaints(ctx, pageComplaints, p.After, of, p.Limit)
}

func (t *tx) PageCommitments(ctx context.Context, of customer.ID, p app.Place) ([]app.SealedCommitment, error) {
	return t.commitments(ctx, pageCommitments, p.After, of, p.Limit)
}
