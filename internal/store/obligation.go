package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
)

const obligationColumns = `id, customer_id, case_id, step_id, asset_id, kind, name, due, state, over_on, receipt, charge_minor, currency,
	balance_id, key_id, body, version`

var (
	insertObligation = query(`
		INSERT INTO obligation (` + obligationColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)`)
	saveObligation = query(`
		UPDATE obligation
		   SET state = $1, over_on = $2, receipt = $3, charge_minor = $4, currency = $5, balance_id = $6, key_id = $7, body = $8,
		       version = version + 1
		 WHERE id = $9 AND version = $10`)
	obligationByID = query(`SELECT ` + obligationColumns + ` FROM obligation WHERE id = $1`)
	obligationsOf  = query(`SELECT ` + obligationColumns + ` FROM obligation WHERE case_id = $1 ORDER BY due, id`)
)

func (t *tx) PutObligation(ctx context.Context, o app.SealedObligation) error {
	if o.Version > 0 {
		return t.must(ctx, "store.PutObligation", saveObligation, o.State, o.Over.String(), o.Receipt, o.Charge.Minor, o.Charge.Currency, o.Balance,
			o.KeyID, bytesOf(o.Body), o.ID, o.Version)
	}
	return t.must(ctx, "store.PutObligation", insertObligation, o.ID, o.Customer, o.Case, o.Step, o.Asset, o.Kind, o.Name, o.Due.String(), o.State,
		o.Over.String(), o.Receipt, o.Charge.Minor, o.Charge.Currency, o.Balance, o.KeyID, bytesOf(o.Body))
}

func scanObligation(row scanner) (o app.SealedObligation, err error) {
	err = row.Scan(&o.ID, &o.Customer, &o.Case, &o.Step, &o.Asset, &o.Kind, &o.Name, date{&o.Due}, &o.State, date{&o.Over}, &o.Receipt,
		&o.Charge.Minor, &o.Charge.Currency, &o.Balance, &o.KeyID, &o.Body, &o.Version)
	return o, err
}

func (t *tx) FindObligation(ctx context.Context, id obligation.ID) (app.SealedObligation, error) {
	o, err := scanObligation(t.row(ctx, obligationByID, id))
	return o, t.s.translate("store.FindObligation", err)
}

func (t *tx) ObligationsOf(ctx context.Context, c offboarding.CaseID) (list []app.SealedObligation, err error) {
	err = t.each(ctx, "store.ObligationsOf", obligationsOf, []any{c}, func(row scanner) error {
		o, err := scanObligation(row)
		list = append(list, o)
		return err
	})
	return list, err
}
