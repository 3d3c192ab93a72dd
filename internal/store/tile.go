package store

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// inTile is app.TileOf in SQL, as it is indexed.
func inTile(table string) string {
	return `substr(` + table + `.customer_id, length(` + table + `.customer_id) - 1) IN (`
}

var (
	tileVersions = query(`SELECT tile, version FROM figure_tile`)
	touchTiles   = many(`INSERT INTO figure_tile (tile, version) VALUES `, 2, ` ON CONFLICT (tile) DO UPDATE SET version = figure_tile.version + 1`)
	ledgerOf     = many(`
		SELECT s.id, s.customer_id, s.amount_minor, s.currency, s.interval_, s.start_on, s.status, s.recorded_at, s.product
		  FROM subscription s WHERE `+realCustomer("s.customer_id")+` AND `+inTile("s"), 1, `) ORDER BY s.customer_id, s.id`)
	pastInTiles = many(`
		SELECT p.subscription_id, p.until, p.amount_minor, p.currency, p.interval_, p.status
		  FROM subscription s JOIN subscription_past p ON p.subscription_id = s.id
		 WHERE `+realCustomer("s.customer_id")+` AND `+inTile("s"), 1, `) ORDER BY p.subscription_id, p.until`)
	endingsIn = many(`
		SELECT c.subscriptions, c.effective, r.channel
		  FROM case_ c JOIN request r ON r.id = c.request_id WHERE c.test = 0 AND c.effective_at > 0 AND c.state IN ('open', 'closed') AND `+inTile("c"), 1, `) ORDER BY c.id`)
	answersIn = many(`
		SELECT c.customer_id, a.id, a.case_id, a.step_id, a.form, a.answered_by, a.saved_at, a.done_at, a.key_id, a.body, a.version
		  FROM case_ c JOIN answer a ON a.case_id = c.id
		 WHERE c.test = 0 AND a.done_at > 0 AND `+inTile("c"), 1, `) ORDER BY a.done_at DESC, a.id DESC`)
	customerOfCase = query(`SELECT customer_id FROM case_ WHERE id = $1`)
)

// touch says that a figure of the customer's tile may have moved.
func (t *tx) touch(id customer.ID) {
	if t.touched == nil {
		t.touched = map[app.Tile]bool{}
	}
	t.touched[app.TileOf(id)] = true
}

// finish is the end of a transaction, where rows are written that others wait
// for: they are locked no longer than the commit takes, and in one order, so
// that no two transactions wait for each other.
func (t *tx) finish(ctx context.Context) error {
	if err := t.flush(ctx); err != nil {
		return err
	}
	tiles := slices.Sorted(maps.Keys(t.touched))
	t.touched = nil
	_, err := t.insert(ctx, "store.finish", touchTiles, len(tiles), func(args []any, i int) []any { return append(args, tiles[i], 1) })
	return err
}

func (t *tx) TileVersions(ctx context.Context) (map[app.Tile]int64, error) {
	out := map[app.Tile]int64{}
	err := t.each(ctx, "store.TileVersions", tileVersions, nil, func(row scanner) error {
		var tile app.Tile
		var version int64
		err := row.Scan(&tile, &version)
		out[tile] = version
		return err
	})
	return out, err
}

func (t *tx) LedgerOf(ctx context.Context, tiles ...app.Tile) (list []app.LedgerLine, err error) {
	err = t.pick(ctx, "store.LedgerOf", ledgerOf, len(tiles), keys(tiles), func(row scanner) error {
		var l app.LedgerLine
		err := row.Scan(&l.ID, &l.Customer, &l.Amount.Minor, &l.Amount.Currency, &l.Interval, date{&l.Start}, &l.Status, instant{&l.Recorded}, &l.Product)
		list = append(list, l)
		return err
	})
	return list, err
}

func (t *tx) PastPricesIn(ctx context.Context, tiles ...app.Tile) (list []app.PastPrice, err error) {
	err = t.pick(ctx, "store.PastPricesIn", pastInTiles, len(tiles), keys(tiles), func(row scanner) error {
		p, err := scanPast(row)
		list = append(list, p)
		return err
	})
	return list, err
}

func (t *tx) EndingsIn(ctx context.Context, tiles ...app.Tile) (list []app.Ending, err error) {
	err = t.pick(ctx, "store.EndingsIn", endingsIn, len(tiles), keys(tiles), func(row scanner) error {
		var e app.Ending
		var subs string
		var channel offboarding.Channel
		if err := row.Scan(&subs, date{&e.Last}, &channel); err != nil {
			return err
		}
		e.Past = channel == offboarding.Past
		list = append(list, e)
		return json.Unmarshal([]byte(subs), &list[len(list)-1].Subscriptions)
	})
	return list, err
}

func (t *tx) AnswersIn(ctx context.Context, tiles ...app.Tile) (list []app.AnswerOf, err error) {
	err = t.pick(ctx, "store.AnswersIn", answersIn, len(tiles), keys(tiles), func(row scanner) error {
		var x app.AnswerOf
		err := row.Scan(&x.Customer, &x.ID, &x.Case, &x.Step, &x.Form, &x.By, instant{&x.SavedAt}, instant{&x.DoneAt}, &x.KeyID, &x.Body, &x.Version)
		list = append(list, x)
		return err
	})
	return list, err
}

// touchCase is touch for whose departure it is.
func (t *tx) touchCase(ctx context.Context, op string, c offboarding.CaseID) error {
	var id customer.ID
	if err := t.one(ctx, op, customerOfCase, []any{c}, &id); err != nil {
		return err
	}
	t.touch(id)
	return nil
}

// touching runs a statement that has to change one row and says whose it is.
func (t *tx) touching(ctx context.Context, op, q string, args ...any) error {
	var id customer.ID
	err := t.one(ctx, op, q, args, &id)
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Conflict, "case.changed_meanwhile").At(op, nil)
	}
	if err == nil {
		t.touch(id)
	}
	return err
}

// told is whether a case ended something that figures tell of, in one of its
// versions.
type told struct {
	version int64
	ended   bool
}

func ended(c offboarding.Case) bool {
	return !c.EffectiveAt.IsZero() && (c.State == offboarding.CaseOpen || c.State == offboarding.CaseClosed)
}

// rememberCase keeps what saving the case will be compared with.
func (t *tx) rememberCase(c offboarding.Case) {
	if t.told == nil {
		t.told = map[offboarding.CaseID]told{}
	}
	t.told[c.ID] = told{c.Version, ended(c)}
}

// touchSaved is touch for the customer of a case that is saved over the version
// that it has, if that moves a figure.
func (t *tx) touchSaved(c offboarding.Case) {
	if was, known := t.told[c.ID]; !known || was != (told{c.Version, ended(c)}) {
		t.touch(c.Customer)
	}
}
