package store

import (
	"context"
	"encoding/json"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

var (
	insertWithdrawal = query(`
		INSERT INTO withdrawal (case_id, request_id, state, declared_at, until_, refund_by, doc) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING`)
	withdrawalOf = query(`SELECT case_id, request_id, state, declared_at, until_, refund_by, doc FROM withdrawal WHERE case_id = $1`)
)

func (t *tx) InsertWithdrawal(ctx context.Context, w app.Withdrawal) (bool, error) {
	doc, err := json.Marshal(w.Grounds)
	if err != nil {
		return false, err
	}
	n, err := t.exec(ctx, "store.InsertWithdrawal", insertWithdrawal, w.Case, w.Request, w.State, micros(w.DeclaredAt), micros(w.Until), micros(w.RefundBy), string(doc))
	return n > 0, err
}

func (t *tx) WithdrawalOf(ctx context.Context, c offboarding.CaseID) (w app.Withdrawal, err error) {
	var doc string
	err = t.row(ctx, withdrawalOf, c).Scan(&w.Case, &w.Request, &w.State, instant{&w.DeclaredAt}, instant{&w.Until}, instant{&w.RefundBy}, &doc)
	if err != nil {
		return w, t.s.translate("store.WithdrawalOf", err)
	}
	return w, json.Unmarshal([]byte(doc), &w.Grounds)
}
