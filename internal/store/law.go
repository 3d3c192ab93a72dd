package store

import (
	"context"
	"encoding/json"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
)

const (
	lawColumns   = `case_id, day, chosen, refs, facts, duties, decided_at`
	packColumns  = `digest, pack, version, source, kept_at`
	limitColumns = `id, case_id, customer_id, about, param, rule, body, start_at, end_at, zone, state, over_at, over_by, warned_at, late_at, raised_at, first_end_at,
	extended_at, extended_by, why_key_id, why, version`
)

var (
	insertLaw = query(`INSERT INTO law_case (` + lawColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (case_id) DO NOTHING`)
	lawOf     = query(`SELECT ` + lawColumns + ` FROM law_case WHERE case_id = $1`)
	keepPack  = query(`INSERT INTO law_pack (` + packColumns + `) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest) DO NOTHING`)
	digests   = query(`SELECT digest FROM law_pack ORDER BY digest`)
	packOf    = query(`SELECT ` + packColumns + ` FROM law_pack WHERE digest = $1`)

	insertLimit = query(`
		INSERT INTO law_limit (` + limitColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, 0, '', '', $17, 1)
		ON CONFLICT (customer_id, case_id, param, about) DO NOTHING`)
	saveLimit = query(`
		UPDATE law_limit SET rule = $1, body = $2, start_at = $3, end_at = $4, state = $5, over_at = $6, over_by = $7, warned_at = $8, late_at = $9,
		       raised_at = $10, first_end_at = $11, extended_at = $12, extended_by = $13, why_key_id = $14, why = $15, version = version + 1
		 WHERE id = $16 AND version = $17`)
	limitByID   = query(`SELECT ` + limitColumns + ` FROM law_limit WHERE id = $1`)
	limitsOf    = query(`SELECT ` + limitColumns + ` FROM law_limit WHERE case_id = $1 AND case_id <> '' ORDER BY end_at, id`)
	limitsAbout = query(`SELECT ` + limitColumns + ` FROM law_limit WHERE customer_id = $1 ORDER BY end_at, id`)
	countLimits = query(`
		SELECT param, rule, state, CASE WHEN over_at > 0 THEN 1 ELSE 0 END, COUNT(*) FROM law_limit
		 WHERE end_at >= $1 AND end_at < $2 AND ` + realCustomer("customer_id") + `
		 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`)
	lateLimits = query(`
		SELECT ` + limitColumns + ` FROM law_limit
		 WHERE over_at = 0 AND end_at <= $1 AND ` + realCustomer("customer_id") + ` ORDER BY end_at, id LIMIT $2`)
	comingLimits = query(`
		SELECT ` + limitColumns + ` FROM law_limit
		 WHERE over_at = 0 AND end_at > $1 AND ` + realCustomer("customer_id") + ` ORDER BY end_at, id LIMIT $2`)
	dropLimitJob = query(`UPDATE work SET state = 'cancelled' WHERE key = $1 AND state = 'ready'`)
)

func (t *tx) InsertLaw(ctx context.Context, d app.LawDecision) error {
	body, err := texts(d.Chosen, d.Refs, d.Facts, d.Duties)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "store.InsertLaw", insertLaw, d.Case, d.Day.String(), body[0], body[1], body[2], body[3], micros(d.At))
	return err
}

func (t *tx) LawOf(ctx context.Context, c offboarding.CaseID) (d app.LawDecision, err error) {
	err = t.each(ctx, "store.LawOf", lawOf, []any{c}, func(row scanner) error {
		var chosen, refs, facts, duties string
		if err := row.Scan(&d.Case, date{&d.Day}, &chosen, &refs, &facts, &duties, instant{&d.At}); err != nil {
			return err
		}
		for text, into := range map[string]any{chosen: &d.Chosen, refs: &d.Refs, duties: &d.Duties} {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				return err
			}
		}
		if facts == "" { // erased
			return nil
		}
		d.Facts, err = jurisdiction.ReadFacts([]byte(facts))
		return err
	})
	return d, err
}

func (t *tx) KeepPacks(ctx context.Context, list ...app.KeptPack) error {
	for _, p := range list {
		if _, err := t.exec(ctx, "store.KeepPacks", keepPack, p.Digest, p.Pack, p.Version, p.Source, micros(p.At)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) KeptDigests(ctx context.Context) (map[string]bool, error) {
	list, err := recall(t, "law_pack", nil, func() ([]string, error) { return t.words(ctx, digests) })
	out := make(map[string]bool, len(list))
	for _, d := range list {
		out[d] = true
	}
	return out, err
}

func (t *tx) FindPack(ctx context.Context, digest string) (p app.KeptPack, err error) {
	err = t.one(ctx, "store.FindPack", packOf, []any{digest}, &p.Digest, &p.Pack, &p.Version, &p.Source, instant{&p.At})
	return p, err
}

// limitBody is what of a limit is never asked for by itself.
type limitBody struct {
	Rule limit.Rule        `json:"rule"`
	Time jurisdiction.Time `json:"time"`
}

func (t *tx) PutLimit(ctx context.Context, l limit.Limit) error {
	body, err := texts(limitBody{l.Rule, l.Time})
	if err != nil {
		return err
	}
	if l.Version > 0 {
		return t.must(ctx, "store.PutLimit", saveLimit, l.Rule.ID, body[0], micros(l.Start), micros(l.End), l.State, micros(l.Over), l.By,
			micros(l.Warned), micros(l.Late), micros(l.Raised), micros(l.First), micros(l.Extended), l.Deferrer, l.KeyID, bytesOf(l.Sealed), l.ID, l.Version)
	}
	_, err = t.exec(ctx, "store.PutLimit", insertLimit, l.ID, l.Case, l.Customer, l.About, l.Param, l.Rule.ID, body[0], micros(l.Start), micros(l.End),
		l.Zone, l.State, micros(l.Over), l.By, micros(l.Warned), micros(l.Late), micros(l.Raised), bytesOf(nil))
	return err
}

func scanLimit(row scanner) (l limit.Limit, err error) {
	var body string
	err = row.Scan(&l.ID, &l.Case, &l.Customer, &l.About, &l.Param, &l.Rule.ID, &body, instant{&l.Start}, instant{&l.End}, &l.Zone, &l.State, instant{&l.Over},
		&l.By, instant{&l.Warned}, instant{&l.Late}, instant{&l.Raised}, instant{&l.First}, instant{&l.Extended}, &l.Deferrer, &l.KeyID, &l.Sealed, &l.Version)
	if err != nil {
		return l, err
	}
	var b limitBody
	err = json.Unmarshal([]byte(body), &b)
	l.Rule, l.Time = b.Rule, b.Time
	return l, err
}

func (t *tx) FindLimit(ctx context.Context, id string) (limit.Limit, error) {
	l, err := scanLimit(t.row(ctx, limitByID, id))
	return l, t.s.translate("store.FindLimit", err)
}

func (t *tx) limits(ctx context.Context, op, q string, args ...any) (list []limit.Limit, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		l, err := scanLimit(row)
		list = append(list, l)
		return err
	})
	return list, err
}

func (t *tx) LimitsOf(ctx context.Context, c offboarding.CaseID) ([]limit.Limit, error) {
	return t.limits(ctx, "store.LimitsOf", limitsOf, c)
}

func (t *tx) LimitsAbout(ctx context.Context, c customer.ID) ([]limit.Limit, error) {
	return t.limits(ctx, "store.LimitsAbout", limitsAbout, c)
}

func (t *tx) LateLimits(ctx context.Context, now time.Time, most int) ([]limit.Limit, error) {
	return t.limits(ctx, "store.LateLimits", lateLimits, micros(now), most)
}

func (t *tx) ComingLimits(ctx context.Context, now time.Time, most int) ([]limit.Limit, error) {
	return t.limits(ctx, "store.ComingLimits", comingLimits, micros(now), most)
}

func (t *tx) CountLimits(ctx context.Context, from, until time.Time) (list []app.LimitCount, err error) {
	err = t.each(ctx, "store.CountLimits", countLimits, []any{micros(from), micros(until)}, func(row scanner) error {
		var c app.LimitCount
		err := row.Scan(&c.Param, &c.Rule, &c.State, flag{&c.Done}, &c.N)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) DropLimitJob(ctx context.Context, key string) error {
	_, err := t.exec(ctx, "store.DropLimitJob", dropLimitJob, key)
	return err
}
