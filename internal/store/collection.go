package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"hastaluego/internal/collection"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

const promiseColumns = `id, case_id, customer_id, pay_on, state, made_at, made_by, over_at, version`

var (
	insertPromise = query(`INSERT INTO payment_promise (` + promiseColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)`)
	savePromise   = query(`UPDATE payment_promise SET state = $1, over_at = $2, version = version + 1 WHERE id = $3 AND version = $4`)
	promiseByID   = query(`SELECT ` + promiseColumns + ` FROM payment_promise WHERE id = $1`)
	promisesOf    = query(`SELECT ` + promiseColumns + ` FROM payment_promise WHERE case_id = $1 ORDER BY made_at, id`)
)

func (t *tx) PutPromise(ctx context.Context, p collection.Promise) error {
	if p.Version > 0 {
		return t.must(ctx, "store.PutPromise", savePromise, p.State, micros(p.OverAt), p.ID, p.Version)
	}
	return t.must(ctx, "store.PutPromise", insertPromise, p.ID, p.Case, p.Customer, p.On.String(), p.State, micros(p.MadeAt), p.MadeBy, micros(p.OverAt))
}

func scanPromise(row scanner) (p collection.Promise, err error) {
	err = row.Scan(&p.ID, &p.Case, &p.Customer, date{&p.On}, &p.State, instant{&p.MadeAt}, &p.MadeBy, instant{&p.OverAt}, &p.Version)
	return p, err
}

func (t *tx) FindPromise(ctx context.Context, id collection.PromiseID) (collection.Promise, error) {
	p, err := scanPromise(t.row(ctx, promiseByID, id))
	return p, t.s.translate("store.FindPromise", err)
}

func (t *tx) PromisesOf(ctx context.Context, c offboarding.CaseID) (list []collection.Promise, err error) {
	err = t.each(ctx, "store.PromisesOf", promisesOf, []any{c}, func(row scanner) error {
		p, err := scanPromise(row)
		list = append(list, p)
		return err
	})
	return list, err
}

const planColumns = `id, case_id, customer_id, state, sum_minor, currency, parts, balances, made_at, made_by, agreed_by, over_at, version`

var (
	insertInstalments = query(`INSERT INTO instalment_plan (` + planColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)`)
	saveInstalments   = query(`
		UPDATE instalment_plan SET state = $1, parts = $2, agreed_by = $3, over_at = $4, version = version + 1 WHERE id = $5 AND version = $6`)
	instalmentsOf = query(`SELECT ` + planColumns + ` FROM instalment_plan WHERE case_id = $1 ORDER BY made_at, id`)
)

// writeParts writes parts as their day, sum and day of payment, with commas, one
// after the other with spaces.
func writeParts(list []collection.Part) string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.On.String() + "," + strconv.FormatInt(p.Minor, 10) + "," + p.Paid.String()
	}
	return strings.Join(out, " ")
}

func readParts(s string) (list []collection.Part, err error) {
	for _, f := range strings.Fields(s) {
		x := strings.Split(f, ",")
		if len(x) != 3 {
			return nil, fmt.Errorf("an instalment is stored as %q", f)
		}
		var p collection.Part
		if p.On, err = when.ParseDate(x[0]); err != nil {
			return nil, err
		}
		if p.Minor, err = strconv.ParseInt(x[1], 10, 64); err != nil {
			return nil, err
		}
		if x[2] != "" {
			if p.Paid, err = when.ParseDate(x[2]); err != nil {
				return nil, err
			}
		}
		list = append(list, p)
	}
	return list, nil
}

func (t *tx) PutInstalments(ctx context.Context, p collection.Plan) error {
	if p.Version > 0 {
		return t.must(ctx, "store.PutInstalments", saveInstalments, p.State, writeParts(p.Parts), p.AgreedBy, micros(p.OverAt), p.ID, p.Version)
	}
	return t.must(ctx, "store.PutInstalments", insertInstalments, p.ID, p.Case, p.Customer, p.State, p.Sum.Minor, p.Sum.Currency, writeParts(p.Parts),
		strings.Join(p.Balances, " "), micros(p.MadeAt), p.MadeBy, p.AgreedBy, micros(p.OverAt))
}

func (t *tx) InstalmentsOf(ctx context.Context, c offboarding.CaseID) (list []collection.Plan, err error) {
	err = t.each(ctx, "store.InstalmentsOf", instalmentsOf, []any{c}, func(row scanner) error {
		var p collection.Plan
		var parts, balances string
		err := row.Scan(&p.ID, &p.Case, &p.Customer, &p.State, &p.Sum.Minor, &p.Sum.Currency, &parts, &balances, instant{&p.MadeAt}, &p.MadeBy, &p.AgreedBy,
			instant{&p.OverAt}, &p.Version)
		if err != nil {
			return err
		}
		p.Balances = strings.Fields(balances)
		p.Parts, err = readParts(parts)
		list = append(list, p)
		return err
	})
	return list, err
}
