package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/stray"
)

const strayColumns = `id, case_id, customer_id, kind, system, far, about, happened_at, found_at, amount_minor, back_minor, currency, taken, payment, state,
	step_key, balance_id, promise_id, word_id, over_at, over_by, version`

// over is a departure that took effect, of somebody who is no test.
func over(c string) string {
	return c + `.test = 0 AND ` + c + `.effective_at > 0 AND ` + c + `.state IN ('open', 'closed')`
}

// lastOver is the newest such departure of a customer.
func lastOver(customer string) string {
	return `(SELECT x.id FROM case_ x WHERE x.customer_id = ` + customer + ` AND ` + over("x") + ` ORDER BY x.effective_at DESC, x.id DESC LIMIT 1)`
}

// hasLeft says that a customer has no contract any more but those that a departure
// ended.
func hasLeft(customer string) string {
	return `NOT EXISTS (
		SELECT 1 FROM subscription l
		 WHERE l.customer_id = ` + customer + ` AND (l.status = 'active' OR l.status = 'cancelling' AND NOT EXISTS (
		       SELECT 1 FROM case_subscription lc JOIN case_ y ON y.id = lc.case_id WHERE lc.subscription_id = l.id AND ` + over("y") + `)))`
}

var (
	insertStray = query(`
		INSERT INTO stray (` + strayColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 1)
		ON CONFLICT (system, kind, far) DO NOTHING`)
	saveStray = query(`
		UPDATE stray SET state = $1, balance_id = $2, promise_id = $3, word_id = $4, over_at = $5, over_by = $6, amount_minor = $7, back_minor = $8, taken = $9,
		       payment = $10, step_key = $11, version = version + 1
		 WHERE id = $12 AND version = $13`)
	strayByID   = query(`SELECT ` + strayColumns + ` FROM stray WHERE id = $1`)
	straysOf    = query(`SELECT ` + strayColumns + ` FROM stray WHERE case_id = $1 ORDER BY found_at, id`)
	straysKnown = query(`SELECT ` + strayColumns + ` FROM stray WHERE customer_id = $1 ORDER BY found_at, id`)
	listStrays  = query(`
		SELECT ` + strayColumns + ` FROM stray
		 WHERE ($1 = '' OR state = $1) AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`)

	// Who left is looked for by the contracts that a departure ended: those that
	// run again on our own record came back.
	departed = `
		SELECT cs.case_id, cs.subscription_id FROM case_subscription cs
		  JOIN case_ c ON c.id = cs.case_id
		  JOIN subscription s ON s.id = cs.subscription_id
		 WHERE ` + over("c") + ` AND s.engagement = '' AND s.status <> 'active' AND s.reference <> s.id AND s.reference NOT LIKE 'LEFT:%'
		   AND (EXISTS (SELECT 1 FROM work w WHERE w.case_id = c.id AND w.system = $1 AND w.kind IN ('cancel_billing', 'verify_billing'))
		     OR NOT EXISTS (SELECT 1 FROM work w WHERE w.case_id = c.id AND w.kind IN ('cancel_billing', 'verify_billing')))`
	listDeparted = query(departed + `
		   AND (cs.case_id > $2 OR cs.case_id = $2 AND cs.subscription_id > $3)
		 ORDER BY cs.case_id, cs.subscription_id LIMIT $4`)
	departedAbout = query(departed + ` AND s.reference = $2 ORDER BY cs.case_id, cs.subscription_id LIMIT $3`)

	departureOf = query(`SELECT c.id FROM case_ c WHERE c.id = ` + lastOver("$1") + ` AND ` + hasLeft("$1"))

	// What was closed, and what a customer who has nothing any more still has.
	doors = `
		SELECT c.id, g.id FROM grant_ g JOIN case_ c ON c.id = ` + lastOver("g.customer_id") + `
		 WHERE g.system = $1 AND (g.status = 'revoked' OR g.status IN ('active', 'read_only') AND g.ours = 0 AND ` + hasLeft("g.customer_id") + `)`
	listDoors  = query(doors + ` AND g.id > $2 ORDER BY g.id LIMIT $3`)
	doorsAbout = query(doors + ` AND g.account = $2 ORDER BY g.id LIMIT $3`)

	lateUse = query(`
		SELECT c.id, r.customer_id, MIN(r.day), MAX(r.day) FROM reading r JOIN case_ c ON c.id = ` + lastOver("r.customer_id") + `
		 WHERE r.customer_id > $1 AND r.metric = $2 AND r.value > 0 AND r.day > c.effective AND ` + hasLeft("r.customer_id") + `
		 GROUP BY c.id, r.customer_id ORDER BY r.customer_id LIMIT $3`)
)

func (t *tx) PutStray(ctx context.Context, s stray.Stray) (fresh bool, err error) {
	if s.Version > 0 {
		return false, t.must(ctx, "store.PutStray", saveStray, s.State, s.Balance, s.Promise, s.Word, micros(s.OverAt), s.OverBy,
			s.Amount.Minor, s.Back.Minor, bit(s.Taken), s.Payment, s.Step, s.ID, s.Version)
	}
	n, err := t.exec(ctx, "store.PutStray", insertStray, s.ID, s.Case, s.Customer, s.Kind, s.System, s.Far, s.About, micros(s.HappenedAt), micros(s.FoundAt),
		s.Amount.Minor, s.Back.Minor, s.Amount.Currency, bit(s.Taken), s.Payment, s.State, s.Step, s.Balance, s.Promise, s.Word, micros(s.OverAt), s.OverBy)
	return n == 1, err
}

func scanStray(row scanner) (s stray.Stray, err error) {
	err = row.Scan(&s.ID, &s.Case, &s.Customer, &s.Kind, &s.System, &s.Far, &s.About, instant{&s.HappenedAt}, instant{&s.FoundAt}, &s.Amount.Minor,
		&s.Back.Minor, &s.Amount.Currency, flag{&s.Taken}, &s.Payment, &s.State, &s.Step, &s.Balance, &s.Promise, &s.Word, instant{&s.OverAt}, &s.OverBy, &s.Version)
	s.Back.Currency = s.Amount.Currency
	return s, err
}

func (t *tx) FindStray(ctx context.Context, id stray.ID) (stray.Stray, error) {
	s, err := scanStray(t.row(ctx, strayByID, id))
	return s, t.s.translate("store.FindStray", err)
}

func (t *tx) strays(ctx context.Context, op, q string, args ...any) (list []stray.Stray, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		s, err := scanStray(row)
		list = append(list, s)
		return err
	})
	return list, err
}

func (t *tx) StraysOf(ctx context.Context, c offboarding.CaseID) ([]stray.Stray, error) {
	return t.strays(ctx, "store.StraysOf", straysOf, c)
}

func (t *tx) StraysAbout(ctx context.Context, id customer.ID) ([]stray.Stray, error) {
	return t.strays(ctx, "store.StraysAbout", straysKnown, id)
}

func (t *tx) ListStrays(ctx context.Context, state stray.State, before stray.ID, limit int) ([]stray.Stray, error) {
	return t.strays(ctx, "store.ListStrays", listStrays, state, before, limit)
}

func (t *tx) places(ctx context.Context, op, q string, args ...any) (list []app.Departed, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		var d app.Departed
		err := row.Scan(&d.Case, &d.Item)
		list = append(list, d)
		return err
	})
	return list, err
}

func (t *tx) ListDeparted(ctx context.Context, system string, after app.Departed, limit int) ([]app.Departed, error) {
	return t.places(ctx, "store.ListDeparted", listDeparted, system, after.Case, after.Item, limit)
}

func (t *tx) DepartedAbout(ctx context.Context, system, reference string, limit int) ([]app.Departed, error) {
	return t.places(ctx, "store.DepartedAbout", departedAbout, system, reference, limit)
}

func (t *tx) FindDeparture(ctx context.Context, id customer.ID) (c offboarding.CaseID, err error) {
	err = t.s.translate("store.FindDeparture", t.row(ctx, departureOf, id).Scan(&c))
	return c, err
}

func (t *tx) ListDoors(ctx context.Context, system string, after string, limit int) ([]app.Departed, error) {
	return t.places(ctx, "store.ListDoors", listDoors, system, after, limit)
}

func (t *tx) DoorsAbout(ctx context.Context, system, account string, limit int) ([]app.Departed, error) {
	return t.places(ctx, "store.DoorsAbout", doorsAbout, system, account, limit)
}

func (t *tx) UseAfterEnd(ctx context.Context, metric string, after customer.ID, limit int) (list []app.LateUse, err error) {
	err = t.each(ctx, "store.UseAfterEnd", lateUse, []any{after, metric, limit}, func(row scanner) error {
		var u app.LateUse
		err := row.Scan(&u.Case, &u.Customer, date{&u.First}, date{&u.Last})
		list = append(list, u)
		return err
	})
	return list, err
}
