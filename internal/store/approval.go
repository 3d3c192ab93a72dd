package store

import (
	"context"

	"hastaluego/internal/approval"
	"hastaluego/internal/offboarding"
)

const approvalColumns = `id, about, subject, case_id, step_key, way, state, asked_at, asked_by, until_at, over_at, over_by, version`

var (
	insertApproval = query(`
		INSERT INTO approval (` + approvalColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1) ON CONFLICT DO NOTHING`)
	saveApproval = query(`
		UPDATE approval SET state = $1, over_at = $2, over_by = $3, version = version + 1 WHERE id = $4 AND version = $5`)
	approvalByID  = query(`SELECT ` + approvalColumns + ` FROM approval WHERE id = $1`)
	approvalsOf   = query(`SELECT ` + approvalColumns + ` FROM approval WHERE case_id = $1 AND case_id <> '' ORDER BY asked_at, id`)
	approvalAsked = query(`SELECT ` + approvalColumns + ` FROM approval WHERE subject = $1 AND state = 'asked'`)
	houseAsked    = query(`SELECT ` + approvalColumns + ` FROM approval WHERE case_id = '' AND state = 'asked' ORDER BY asked_at, id`)
)

func (t *tx) PutApproval(ctx context.Context, a approval.Approval) error {
	if a.Version > 0 {
		return t.must(ctx, "store.PutApproval", saveApproval, a.State, micros(a.OverAt), a.OverBy, a.ID, a.Version)
	}
	return t.must(ctx, "store.PutApproval", insertApproval, a.ID, a.About, a.Subject, a.Case, a.Step, a.Way, a.State, micros(a.AskedAt), a.AskedBy,
		micros(a.Until), micros(a.OverAt), a.OverBy)
}

func scanApproval(row scanner) (a approval.Approval, err error) {
	err = row.Scan(&a.ID, &a.About, &a.Subject, &a.Case, &a.Step, &a.Way, &a.State, instant{&a.AskedAt}, &a.AskedBy, instant{&a.Until}, instant{&a.OverAt},
		&a.OverBy, &a.Version)
	return a, err
}

func (t *tx) FindApproval(ctx context.Context, id approval.ID) (approval.Approval, error) {
	a, err := scanApproval(t.row(ctx, approvalByID, id))
	return a, t.s.translate("store.FindApproval", err)
}

func (t *tx) ApprovalsOf(ctx context.Context, c offboarding.CaseID) ([]approval.Approval, error) {
	return t.listApprovals(ctx, approvalsOf, c)
}

func (t *tx) AskedApproval(ctx context.Context, subject string) (approval.Approval, bool, error) {
	list, err := t.listApprovals(ctx, approvalAsked, subject)
	if err != nil || len(list) == 0 {
		return approval.Approval{}, false, err
	}
	return list[0], true, nil
}

func (t *tx) AskedOfHouse(ctx context.Context) ([]approval.Approval, error) {
	return t.listApprovals(ctx, houseAsked)
}

func (t *tx) listApprovals(ctx context.Context, q string, args ...any) (list []approval.Approval, err error) {
	err = t.each(ctx, "store.listApprovals", q, args, func(row scanner) error {
		a, err := scanApproval(row)
		list = append(list, a)
		return err
	})
	return list, err
}
