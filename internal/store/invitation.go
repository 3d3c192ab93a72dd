package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

const invitationColumns = `id, case_id, step_id, customer_id, format, neutral, starts_at, minutes, sequence, state, made_by, made_at, key_id, body, version`

var (
	insertInvitation = query(`INSERT INTO invitation (` + invitationColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)`)
	saveInvitation   = query(`
		UPDATE invitation
		   SET format = $1, neutral = $2, starts_at = $3, minutes = $4, sequence = $5, state = $6, made_by = $7, made_at = $8, key_id = $9, body = $10, version = version + 1
		 WHERE id = $11 AND version = $12`)
	invitationsOf = query(`SELECT ` + invitationColumns + ` FROM invitation WHERE case_id = $1 ORDER BY made_at DESC, id DESC`)
)

func (t *tx) PutInvitation(ctx context.Context, i app.SealedInvitation) error {
	if i.Version > 0 {
		return t.must(ctx, "store.PutInvitation", saveInvitation, i.Format, bit(i.Neutral), micros(i.Start), int64(i.Minutes), int64(i.Sequence), i.State,
			i.MadeBy, micros(i.MadeAt), i.KeyID, bytesOf(i.Body), i.ID, i.Version)
	}
	return t.must(ctx, "store.PutInvitation", insertInvitation, i.ID, i.Case, i.Step, i.Customer, i.Format, bit(i.Neutral), micros(i.Start),
		int64(i.Minutes), int64(i.Sequence), i.State, i.MadeBy, micros(i.MadeAt), i.KeyID, bytesOf(i.Body))
}

func (t *tx) InvitationsOf(ctx context.Context, c offboarding.CaseID) (list []app.SealedInvitation, err error) {
	err = t.each(ctx, "store.InvitationsOf", invitationsOf, []any{c}, func(row scanner) error {
		var i app.SealedInvitation
		err := row.Scan(&i.ID, &i.Case, &i.Step, &i.Customer, &i.Format, flag{&i.Neutral}, instant{&i.Start}, &i.Minutes, &i.Sequence, &i.State,
			&i.MadeBy, instant{&i.MadeAt}, &i.KeyID, &i.Body, &i.Version)
		list = append(list, i)
		return err
	})
	return list, err
}
