package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/improvement"
)

const improvementColumns = `id, heading, owner, due, case_id, state, over_on, made_at, made_by, key_id, body, version`

var (
	insertImprovement = query(`INSERT INTO improvement (` + improvementColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)`)
	saveImprovement   = query(`
		UPDATE improvement SET state = $1, over_on = $2, key_id = $3, body = $4, version = version + 1
		 WHERE id = $5 AND version = $6`)
	improvementByID  = query(`SELECT ` + improvementColumns + ` FROM improvement WHERE id = $1`)
	pageImprovements = query(`SELECT ` + improvementColumns + ` FROM improvement WHERE $1 = '' OR id < $1 ORDER BY id DESC LIMIT $2`)
	improvements     = query(`SELECT ` + improvementColumns + ` FROM improvement ORDER BY CASE WHEN state = 'open' THEN 0 ELSE 1 END, due, id LIMIT $1`)
)

func (t *tx) PutImprovement(ctx context.Context, x app.SealedImprovement) error {
	if x.Version > 0 {
		return t.must(ctx, "store.PutImprovement", saveImprovement, x.State, x.Over.String(), x.KeyID, bytesOf(x.Body), x.ID, x.Version)
	}
	return t.must(ctx, "store.PutImprovement", insertImprovement, x.ID, x.Heading, x.Owner, x.Due.String(), x.Case, x.State, x.Over.String(),
		micros(x.MadeAt), x.MadeBy, x.KeyID, bytesOf(x.Body))
}

func scanImprovement(row scanner) (x app.SealedImprovement, err error) {
	err = row.Scan(&x.ID, &x.Heading, &x.Owner, date{&x.Due}, &x.Case, &x.State, date{&x.Over}, instant{&x.MadeAt}, &x.MadeBy, &x.KeyID, &x.Body, &x.Version)
	return x, err
}

func (t *tx) FindImprovement(ctx context.Context, id improvement.ID) (app.SealedImprovement, error) {
	x, err := scanImprovement(t.row(ctx, improvementByID, id))
	return x, t.s.translate("store.FindImprovement", err)
}

func (t *tx) PageImprovements(ctx context.Context, p app.Place) ([]app.SealedImprovement, error) {
	return t.improvements(ctx, pageImprovements, p.After, p.Limit)
}

func (t *tx) Improvements(ctx context.Context, limit int) ([]app.SealedImprovement, error) {
	return t.improvements(ctx, improvements, limit)
}

func (t *tx) improvements(ctx context.Context, q string, args ...any) (list []app.SealedImprovement, err error) {
	err = t.each(ctx, "store.improvements", q, args, func(row scanner) error {
		x, err := scanImprovement(row)
		list = append(list, x)
		return err
	})
	return list, err
}
