package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

const answerColumns = `id, case_id, step_id, form, answered_by, saved_at, done_at, key_id, body, version`

var (
	insertAnswer = query(`
		INSERT INTO answer (` + answerColumns + `, idea)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)
		ON CONFLICT (step_id) DO NOTHING`)
	// What was finished is never written again.
	saveAnswer = query(`
		UPDATE answer
		   SET form = $1, answered_by = $2, saved_at = $3, done_at = $4, key_id = $5, body = $6, idea = $7, version = version + 1
		 WHERE id = $8 AND version = $9 AND done_at = 0`)
	unlooked  = query(`SELECT ` + answerColumns + ` FROM answer WHERE idea < 0 ORDER BY id LIMIT $1`)
	markIdea  = query(`UPDATE answer SET idea = $1 WHERE id = $2 AND idea < 0`)
	answersOf = query(`SELECT ` + answerColumns + ` FROM answer WHERE case_id = $1 ORDER BY saved_at, id`)
)

func (t *tx) PutAnswer(ctx context.Context, x app.Answer) error {
	var err error
	if x.Version > 0 {
		err = t.must(ctx, "store.PutAnswer", saveAnswer, x.Form, x.By, micros(x.SavedAt), micros(x.DoneAt), x.KeyID, bytesOf(x.Body), bit(x.Idea), x.ID, x.Version)
	} else {
		err = t.must(ctx, "store.PutAnswer", insertAnswer, x.ID, x.Case, x.Step, x.Form, x.By, micros(x.SavedAt), micros(x.DoneAt), x.KeyID, bytesOf(x.Body), bit(x.Idea))
	}
	if err != nil || x.DoneAt.IsZero() {
		return err
	}
	return t.touchCase(ctx, "store.PutAnswer", x.Case)
}

func scanAnswer(row scanner) (x app.Answer, err error) {
	err = row.Scan(&x.ID, &x.Case, &x.Step, &x.Form, &x.By, instant{&x.SavedAt}, instant{&x.DoneAt}, &x.KeyID, &x.Body, &x.Version)
	return x, err
}

func (t *tx) answers(ctx context.Context, op, q string, args ...any) (list []app.Answer, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		x, err := scanAnswer(row)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) AnswersOf(ctx context.Context, c offboarding.CaseID) ([]app.Answer, error) {
	return t.answers(ctx, "store.AnswersOf", answersOf, c)
}

func (t *tx) UnlookedAnswers(ctx context.Context, limit int) ([]app.Answer, error) {
	return t.answers(ctx, "store.UnlookedAnswers", unlooked, limit)
}

func (t *tx) MarkIdea(ctx context.Context, id string, holds bool) error {
	_, err := t.exec(ctx, "store.MarkIdea", markIdea, bit(holds), id)
	return err
}
