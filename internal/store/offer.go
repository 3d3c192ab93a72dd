package store

import (
	"context"
	"encoding/json"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
)

const offerColumns = `id, case_id, customer_id, kind, state, until_on, by_on, complaint_id, commitment_id, offered_by, offered_at, answered_at,
	over_by, over_at, key_id, body, policy, line, name, deviates, automatic, how, version`

var (
	// One per departure: a second is not stored.
	insertOffer = query(`
		INSERT INTO offer (` + offerColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, 1)
		ON CONFLICT (case_id) DO NOTHING`)
	saveOffer = query(`
		UPDATE offer SET state = $1, commitment_id = $2, answered_at = $3, over_by = $4, over_at = $5, key_id = $6, body = $7, how = $8, version = version + 1
		 WHERE id = $9 AND version = $10`)
	offerOf   = query(`SELECT ` + offerColumns + ` FROM offer WHERE case_id = $1`)
	offerByID = query(`SELECT ` + offerColumns + ` FROM offer WHERE id = $1`)
	// By the instant at which they were made.
	otherwise = query(`SELECT ` + offerColumns + ` FROM offer WHERE deviates = 1 AND offered_at >= $1 AND offered_at < $2 AND ` + realCustomer("customer_id") + `
		 ORDER BY offered_at, id LIMIT $3`)
	offersTo = many(`SELECT `+offerColumns+` FROM offer WHERE customer_id IN (`, 1, `) ORDER BY offered_at DESC, id`)
)

func (t *tx) PutOffer(ctx context.Context, o app.SealedOffer) error {
	how, err := json.Marshal(o.How)
	if err != nil {
		return fault.Wrap("store.PutOffer", err)
	}
	if o.Version > 0 {
		return t.must(ctx, "store.PutOffer", saveOffer, o.State, o.Commitment, micros(o.AnsweredAt), o.OverBy, micros(o.OverAt), o.KeyID, bytesOf(o.Body), string(how), o.ID, o.Version)
	}
	return t.must(ctx, "store.PutOffer", insertOffer, o.ID, o.Case, o.Customer, o.Kind, o.State, o.Until.String(), o.By.String(), o.Complaint, o.Commitment,
		o.OfferedBy, micros(o.OfferedAt), micros(o.AnsweredAt), o.OverBy, micros(o.OverAt), o.KeyID, bytesOf(o.Body), o.Policy, o.Line, o.Name,
		bit(o.Deviates), bit(o.Automatic), string(how))
}

func scanOffer(row scanner) (o app.SealedOffer, err error) {
	var how string
	err = row.Scan(&o.ID, &o.Case, &o.Customer, &o.Kind, &o.State, date{&o.Until}, date{&o.By}, &o.Complaint, &o.Commitment, &o.OfferedBy,
		instant{&o.OfferedAt}, instant{&o.AnsweredAt}, &o.OverBy, instant{&o.OverAt}, &o.KeyID, &o.Body, &o.Policy, &o.Line, &o.Name, flag{&o.Deviates},
		flag{&o.Automatic}, &how, &o.Version)
	if err != nil || how == "" {
		return o, err
	}
	return o, json.Unmarshal([]byte(how), &o.How)
}

func (t *tx) OfferOf(ctx context.Context, c offboarding.CaseID) (app.SealedOffer, bool, error) {
	var found []app.SealedOffer
	err := t.each(ctx, "store.OfferOf", offerOf, []any{c}, func(row scanner) error {
		o, err := scanOffer(row)
		found = append(found, o)
		return err
	})
	if err != nil || len(found) == 0 {
		return app.SealedOffer{}, false, err
	}
	return found[0], true, nil
}

func (t *tx) FindOffer(ctx context.Context, id offer.ID) (app.SealedOffer, error) {
	o, err := scanOffer(t.row(ctx, offerByID, id))
	return o, t.s.translate("store.FindOffer", err)
}

func (t *tx) OffersTo(ctx context.Context, ids ...customer.ID) (list []app.SealedOffer, err error) {
	err = t.pick(ctx, "store.OffersTo", offersTo, len(ids), keys(ids), func(row scanner) error {
		o, err := scanOffer(row)
		list = append(list, o)
		return err
	})
	return list, err
}

func (t *tx) OffersOtherwise(ctx context.Context, from, until time.Time, limit int) (list []app.SealedOffer, err error) {
	err = t.each(ctx, "store.OffersOtherwise", otherwise, []any{micros(from), micros(until), limit}, func(row scanner) error {
		o, err := scanOffer(row)
		list = append(list, o)
		return err
	})
	return list, err
}
