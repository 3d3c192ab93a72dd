package store

import (
	"context"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
)

// counted are real departures that were asked for in a time and not undone, with
// what counts of why.
const counted = `
	  FROM case_ c
	  LEFT JOIN reason s ON s.case_id = c.id AND s.kind = 'stated' AND s.counts = 1
	  LEFT JOIN reason r ON r.case_id = c.id AND r.kind = 'root' AND r.counts = 1
	  LEFT JOIN evaluation e ON e.case_id = c.id`

const countedIn = `
	 WHERE c.test = 0 AND c.state IN ('registered', 'open', 'closed') AND c.requested_at >= $1 AND c.requested_at < $2`

var (
	// A departure with several currencies has a row for each, and counts in the
	// first: it is one departure.
	reasonMatrix = query(`
		WITH paid AS (
			SELECT cs.case_id, s.currency,
			       SUM(s.amount_minor * CASE s.interval_ WHEN 'week' THEN 52 WHEN 'month' THEN 12 WHEN 'quarter' THEN 4 WHEN 'half' THEN 2 WHEN 'year' THEN 1 ELSE 0 END) AS yearly,
			       ROW_NUMBER() OVER (PARTITION BY cs.case_id ORDER BY s.currency) AS nth
			  FROM case_ c JOIN case_subscription cs ON cs.case_id = c.id JOIN subscription s ON s.id = cs.subscription_id` + countedIn + `
			   AND s.interval_ IN ('week', 'month', 'quarter', 'half', 'year')
			 GROUP BY cs.case_id, s.currency),
		each_ AS (
			SELECT COALESCE(s.edition, '') AS stated, COALESCE(s.family, '') AS stated_family, COALESCE(r.edition, '') AS root, COALESCE(r.family, '') AS root_family,
			       COALESCE(r.attribution, s.attribution, 'unknown') AS attribution, c.segment, COALESCE(p.currency, '') AS currency,
			       CASE WHEN COALESCE(p.nth, 1) = 1 THEN 1 ELSE 0 END AS one, COALESCE(p.yearly, 0) AS yearly, COALESCE(s.come_back, -1) AS back,
			       COALESCE(e.renegotiable, '') AS renegotiable, COALESCE(e.fit, '') AS fit, COALESCE(e.hypothesis, '') AS hypothesis, COALESCE(f.code, '') AS found` +
		counted + `
			  LEFT JOIN paid p ON p.case_id = c.id
			  LEFT JOIN reason_edition f ON f.edition = r.family` + countedIn + `)
		SELECT stated, stated_family, root, root_family, attribution, segment, currency,
		       CAST(SUM(one) AS BIGINT), CAST(SUM(yearly) AS BIGINT),
		       CAST(SUM(CASE WHEN back >= 0 THEN back * one ELSE 0 END) AS BIGINT), CAST(SUM(CASE WHEN back >= 0 THEN one ELSE 0 END) AS BIGINT),
		       CAST(SUM(CASE WHEN renegotiable <> '' THEN one ELSE 0 END) AS BIGINT), CAST(SUM(CASE WHEN renegotiable IN ('yes', 'partly') THEN one ELSE 0 END) AS BIGINT),
		       CAST(SUM(CASE WHEN fit = 'fit' THEN one ELSE 0 END) AS BIGINT),
		       CAST(SUM(CASE WHEN hypothesis <> '' AND found <> '' THEN one ELSE 0 END) AS BIGINT),
		       CAST(SUM(CASE WHEN hypothesis <> '' AND hypothesis = found THEN one ELSE 0 END) AS BIGINT)
		  FROM each_
		 GROUP BY stated, stated_family, root, root_family, attribution, segment, currency
		 ORDER BY stated, root, attribution, segment, currency`)
	reasonEditions = query(`SELECT edition, code, family, label_es, label_en FROM reason_edition ORDER BY edition`)
	// Empty arguments ask for all.
	reasonCases = query(`
		SELECT c.id, c.code, c.customer_id, c.requested_at, c.segment, COALESCE(s.edition, ''), COALESCE(r.edition, ''), COALESCE(r.attribution, s.attribution, 'unknown')` +
		counted + countedIn + `
		   AND ($3 = '' OR COALESCE(s.edition, '') = $4) AND ($5 = '' OR COALESCE(r.edition, '') = $6)
		   AND ($7 = '' OR COALESCE(s.family, '') = $8) AND ($9 = '' OR COALESCE(r.family, '') = $10)
		   AND ($11 = '' OR COALESCE(r.attribution, s.attribution, 'unknown') = $12) AND ($13 = '' OR c.segment = $14)
		 ORDER BY c.requested_at DESC, c.id DESC LIMIT $15`)

	evaluationOf = query(`
		SELECT case_id, customer_id, hypothesis, terms, ours_kept, theirs_kept, renegotiable, fit, price_seen, agreed_end, agreed_minor, agreed_currency, agreed_payer, at
		  FROM evaluation WHERE case_id = $1`)
	putEvaluation = query(`
		INSERT INTO evaluation (case_id, customer_id, hypothesis, terms, ours_kept, theirs_kept, renegotiable, fit, price_seen, agreed_end, agreed_minor, agreed_currency, agreed_payer, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		    ON CONFLICT (case_id) DO UPDATE
		   SET hypothesis = excluded.hypothesis, terms = excluded.terms, ours_kept = excluded.ours_kept, theirs_kept = excluded.theirs_kept,
		       renegotiable = excluded.renegotiable, fit = excluded.fit, price_seen = excluded.price_seen, agreed_end = excluded.agreed_end,
		       agreed_minor = excluded.agreed_minor, agreed_currency = excluded.agreed_currency, agreed_payer = excluded.agreed_payer, at = excluded.at`)
)

func (t *tx) CountReasons(ctx context.Context, from, to time.Time) (list []reason.Tally, err error) {
	args := []any{micros(from), micros(to)}
	err = t.each(ctx, "store.CountReasons", reasonMatrix, args, func(row scanner) error {
		var x reason.Tally
		err := row.Scan(&x.Stated, &x.StatedFamily, &x.Root, &x.RootFamily, &x.Attribution, &x.Segment, &x.Currency, &x.N, &x.Yearly, &x.Back, &x.BackN,
			&x.Judged, &x.Mendable, &x.Fitting, &x.Guessed, &x.Right)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) ReasonEditions(ctx context.Context) (list []reason.Edition, err error) {
	err = t.each(ctx, "store.ReasonEditions", reasonEditions, nil, func(row scanner) error {
		var e reason.Edition
		var es, en string
		err := row.Scan(&e.ID, &e.Code, &e.Family, &es, &en)
		e.Label = map[string]string{"es": es, "en": en}
		list = append(list, e)
		return err
	})
	return list, err
}

// asked are the two arguments of what may be asked for: whether it is, and what.
func asked(s *string) (is, what string) {
	if s == nil {
		return "", ""
	}
	return "1", *s
}

func (t *tx) ReasonCases(ctx context.Context, p app.ReasonPick, limit int) (list []app.ReasonCase, err error) {
	args := []any{micros(p.From), micros(p.To)}
	for _, s := range []*string{p.Stated, p.Root, p.StatedFamily, p.RootFamily, p.Attribution, p.Segment} {
		is, what := asked(s)
		args = append(args, is, what)
	}
	err = t.each(ctx, "store.ReasonCases", reasonCases, append(args, limit), func(row scanner) error {
		var x app.ReasonCase
		err := row.Scan(&x.Case, &x.Code, &x.Customer, instant{&x.RequestedAt}, &x.Segment, &x.Stated, &x.Root, &x.Attribution)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) EvaluationOf(ctx context.Context, c offboarding.CaseID) (e app.Evaluation, found bool, err error) {
	err = t.each(ctx, "store.EvaluationOf", evaluationOf, []any{c}, func(row scanner) error {
		found = true
		return row.Scan(&e.Case, &e.Customer, &e.Hypothesis, &e.Terms, &e.OursKept, &e.TheirsKept, &e.Renegotiable, &e.Fit, &e.PriceSeen, date{&e.AgreedEnd},
			&e.Agreed.Minor, &e.Agreed.Currency, &e.AgreedPayer, instant{&e.At})
	})
	return e, found, err
}

func (t *tx) PutEvaluation(ctx context.Context, e app.Evaluation) error {
	t.touch(e.Customer)
	return t.must(ctx, "store.PutEvaluation", putEvaluation, e.Case, e.Customer, e.Hypothesis, e.Terms, e.OursKept, e.TheirsKept, e.Renegotiable, e.Fit, e.PriceSeen,
		e.AgreedEnd.String(), e.Agreed.Minor, e.Agreed.Currency, e.AgreedPayer, micros(e.At))
}
