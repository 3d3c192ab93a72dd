package store

import (
	"context"
	"encoding/json"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

var (
	insertStatement = query(`
		INSERT INTO statement (case_id, state, doc, made_at, signed_at, signed_by, answered_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
		ON CONFLICT DO NOTHING`)
	saveStatement = query(`
		UPDATE statement SET state = $1, doc = $2, made_at = $3, signed_at = $4, signed_by = $5, answered_at = $6, version = version + 1
		 WHERE case_id = $7 AND version = $8`)
	statementOf = query(`SELECT case_id, state, doc, made_at, signed_at, signed_by, answered_at, version FROM statement WHERE case_id = $1`)
)

func (t *tx) PutStatement(ctx context.Context, x app.CaseStatement) error {
	doc, err := json.Marshal(x.Doc)
	if err != nil {
		return err
	}
	if x.Version > 0 {
		return t.must(ctx, "store.PutStatement", saveStatement, x.State, string(doc), micros(x.MadeAt), micros(x.SignedAt), x.SignedBy, micros(x.AnsweredAt), x.Case, x.Version)
	}
	return t.must(ctx, "store.PutStatement", insertStatement, x.Case, x.State, string(doc), micros(x.MadeAt), micros(x.SignedAt), x.SignedBy, micros(x.AnsweredAt))
}

func (t *tx) StatementOf(ctx context.Context, c offboarding.CaseID) (x app.CaseStatement, err error) {
	var doc string
	err = t.row(ctx, statementOf, c).Scan(&x.Case, &x.State, &doc, instant{&x.MadeAt}, instant{&x.SignedAt}, &x.SignedBy, instant{&x.AnsweredAt}, &x.Version)
	if err != nil || doc == "" { // emptied when the customer was erased
		return x, t.s.translate("store.StatementOf", err)
	}
	return x, json.Unmarshal([]byte(doc), &x.Doc)
}
