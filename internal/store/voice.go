package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/voice"
)

const voiceColumns = `id, case_id, customer_id, kind, given_at, until_on, withdrawn_at, blob_id, key_id, body, version`

var (
	insertVoice = query(`
		INSERT INTO voice (` + voiceColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)
		    ON CONFLICT (case_id, kind) DO NOTHING`)
	saveVoice = query(`
		UPDATE voice SET withdrawn_at = $1, key_id = $2, body = $3, version = version + 1 WHERE id = $4 AND version = $5`)
	voicesOf    = query(`SELECT ` + voiceColumns + ` FROM voice WHERE case_id = $1 ORDER BY given_at, id`)
	listVoices  = query(`SELECT ` + voiceColumns + ` FROM voice WHERE kind = $1 AND ` + realCase("case_id") + ` ORDER BY given_at DESC, id DESC LIMIT $2 OFFSET $3`)
	pageVoices  = query(`SELECT ` + voiceColumns + ` FROM voice WHERE kind = $1 AND ($2 = '' OR id < $2) AND ` + realCase("case_id") + ` ORDER BY id DESC LIMIT $3`)
	pageAnswers = query(`
		SELECT ` + answerColumns + ` FROM answer
		 WHERE form >= $1 AND form < $2 AND done_at > 0 AND ($3 = '' OR id < $3) AND ` + realCase("case_id") + ` ORDER BY id DESC LIMIT $4`)
	listAnswers = query(`
		SELECT ` + answerColumns + ` FROM answer
		 WHERE form >= $1 AND form < $2 AND done_at > 0 AND ` + realCase("case_id") + ` ORDER BY done_at DESC, id DESC LIMIT $3 OFFSET $4`)
	listIdeas = query(`
		SELECT ` + answerColumns + ` FROM answer
		 WHERE form >= $1 AND form < $2 AND done_at > 0 AND idea <> 0 AND ` + realCase("case_id") + ` ORDER BY done_at DESC, id DESC LIMIT $3 OFFSET $4`)
)

func (t *tx) InsertVoice(ctx context.Context, v app.SealedVoice) (bool, error) {
	n, err := t.exec(ctx, "store.InsertVoice", insertVoice, v.ID, v.Case, v.Customer, v.Kind, micros(v.GivenAt), v.Until.String(),
		micros(v.Withdrawn), v.Blob, v.KeyID, bytesOf(v.Body))
	return n == 1, err
}

func (t *tx) SaveVoice(ctx context.Context, v app.SealedVoice) error {
	return t.must(ctx, "store.SaveVoice", saveVoice, micros(v.Withdrawn), v.KeyID, bytesOf(v.Body), v.ID, v.Version)
}

func (t *tx) voiceRows(ctx context.Context, q string, args ...any) (list []app.SealedVoice, err error) {
	err = t.each(ctx, "store.voices", q, args, func(row scanner) error {
		var v app.SealedVoice
		err := row.Scan(&v.ID, &v.Case, &v.Customer, &v.Kind, instant{&v.GivenAt}, date{&v.Until}, instant{&v.Withdrawn}, &v.Blob, &v.KeyID, &v.Body, &v.Version)
		list = append(list, v)
		return err
	})
	return list, err
}

func (t *tx) VoicesOf(ctx context.Context, c offboarding.CaseID) ([]app.SealedVoice, error) {
	return t.voiceRows(ctx, voicesOf, c)
}

func (t *tx) ListVoices(ctx context.Context, k voice.Kind, limit, offset int) ([]app.SealedVoice, error) {
	return t.voiceRows(ctx, listVoices, k, limit, offset)
}

func (t *tx) PageVoices(ctx context.Context, k voice.Kind, p app.Place) ([]app.SealedVoice, error) {
	return t.voiceRows(ctx, pageVoices, k, p.After, p.Limit)
}

func (t *tx) PageAnswers(ctx context.Context, form string, p app.Place) ([]app.Answer, error) {
	return t.answers(ctx, "store.PageAnswers", pageAnswers, form+"@", form+"A", p.After, p.Limit)
}

func (t *tx) ListAnswers(ctx context.Context, form string, limit, offset int) ([]app.Answer, error) {
	return t.answers(ctx, "store.ListAnswers", listAnswers, form+"@", form+"A", limit, offset)
}

func (t *tx) ListIdeas(ctx context.Context, form string, limit, offset int) ([]app.Answer, error) {
	return t.answers(ctx, "store.ListIdeas", listIdeas, form+"@", form+"A", limit, offset)
}
