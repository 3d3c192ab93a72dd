package store

import (
	"cmp"
	"context"
	"encoding/json"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

const requestColumns = `id, code, state, channel, name, account_email, receipt_email, reference, timing, language, nonce,
	received_at, customer_id, case_id, subscriptions, matched_at, verified_at, verified_by, via, paper, entered_at, ends_on, ending, act, version`

var (
	insertRequest = query(`
		INSERT INTO request (` + requestColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, 1)
		ON CONFLICT DO NOTHING`)
	requestByNonce = query(`SELECT ` + requestColumns + ` FROM request WHERE nonce = $1`)
	requestByID    = query(`SELECT ` + requestColumns + ` FROM request WHERE id = $1`)
	requestByCode  = query(`SELECT ` + requestColumns + ` FROM request WHERE code = $1`)
	requestsOf     = query(`SELECT ` + requestColumns + ` FROM request WHERE case_id = $1 AND case_id <> '' ORDER BY received_at, id`)
	unmatched      = query(`SELECT ` + requestColumns + ` FROM request WHERE state = 'received' ORDER BY received_at, id LIMIT $1 OFFSET $2`)
	saveRequest    = query(`
		UPDATE request
		   SET state = $1, customer_id = $2, case_id = $3, subscriptions = $4, matched_at = $5, verified_at = $6, verified_by = $7,
		       receipt_email = $8, version = version + 1
		 WHERE id = $9 AND version = $10`)
)

func (t *tx) InsertRequest(ctx context.Context, r offboarding.Request) (offboarding.Request, bool, error) {
	subs, err := json.Marshal(r.Subscriptions)
	if err != nil {
		return r, false, err
	}
	n, err := t.exec(ctx, "store.InsertRequest", insertRequest, r.ID, r.Code, r.State, r.Channel, r.Name, r.AccountEmail,
		r.ReceiptEmail, r.Reference, r.When, r.Language, r.Nonce, micros(r.ReceivedAt), r.Customer, r.Case, string(subs),
		micros(r.MatchedAt), micros(r.VerifiedAt), r.VerifiedBy, r.Via, r.Paper, micros(r.EnteredAt), r.EndsOn.String(), r.Ending, cmp.Or(r.Act, offboarding.Termination))
	if err != nil {
		return r, false, err
	}
	if n == 0 {
		same, err := t.request(ctx, requestByNonce, r.Nonce)
		if fault.KindOf(err) == fault.NotFound {
			return r, false, fault.New(fault.Invalid, "request.code_taken", "code", r.Code).At("store.InsertRequest", nil)
		}
		return same, false, err
	}
	r.Version = 1
	return r, true, nil
}

func scanRequest(row scanner) (offboarding.Request, error) {
	var r offboarding.Request
	var subs string
	err := row.Scan(&r.ID, &r.Code, &r.State, &r.Channel, &r.Name, &r.AccountEmail, &r.ReceiptEmail, &r.Reference, &r.When,
		&r.Language, &r.Nonce, instant{&r.ReceivedAt}, &r.Customer, &r.Case, &subs, instant{&r.MatchedAt},
		instant{&r.VerifiedAt}, &r.VerifiedBy, &r.Via, &r.Paper, instant{&r.EnteredAt}, date{&r.EndsOn}, &r.Ending, &r.Act, &r.Version)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(subs), &r.Subscriptions)
}

func (t *tx) request(ctx context.Context, q string, arg any) (offboarding.Request, error) {
	r, err := scanRequest(t.row(ctx, q, arg))
	return r, t.s.translate("store.request", err)
}

func (t *tx) FindRequest(ctx context.Context, id offboarding.RequestID) (offboarding.Request, error) {
	return t.request(ctx, requestByID, id)
}

func (t *tx) FindRequestByCode(ctx context.Context, code string) (offboarding.Request, error) {
	return t.request(ctx, requestByCode, code)
}

func (t *tx) SaveRequest(ctx context.Context, r *offboarding.Request) error {
	subs, err := json.Marshal(r.Subscriptions)
	if err != nil {
		return err
	}
	err = t.must(ctx, "store.SaveRequest", saveRequest, r.State, r.Customer, r.Case, string(subs), micros(r.MatchedAt),
		micros(r.VerifiedAt), r.VerifiedBy, r.ReceiptEmail, r.ID, r.Version)
	if err == nil {
		r.Version++
	}
	return err
}

func (t *tx) RequestsOf(ctx context.Context, c offboarding.CaseID) (list []offboarding.Request, err error) {
	err = t.each(ctx, "store.RequestsOf", requestsOf, []any{c}, func(row scanner) error {
		r, err := scanRequest(row)
		list = append(list, r)
		return err
	})
	return list, err
}

func (t *tx) ListUnmatched(ctx context.Context, limit, offset int) (list []offboarding.Request, err error) {
	err = t.each(ctx, "store.ListUnmatched", unmatched, []any{limit, offset}, func(row scanner) error {
		r, err := scanRequest(row)
		list = append(list, r)
		return err
	})
	return list, err
}
