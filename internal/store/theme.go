package store

import (
	"context"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
)

// What a customer wrote: why they leave, but for what they said again with more to
// it, and their idea in the survey.
const (
	textColumns = `id, source, case_id, customer_id, key_id, body`
	toldTexts   = `
		SELECT r.id AS id, 'reason' AS source, r.case_id AS case_id, r.customer_id AS customer_id, r.key_id AS key_id, r.body AS body
		  FROM reason r
		 WHERE r.kind = 'stated' AND LENGTH(r.body) > 0
		   AND NOT EXISTS (SELECT 1 FROM reason x WHERE x.case_id = r.case_id AND x.completes = r.id)`
	ideaTexts = `
		SELECT a.id AS id, 'idea' AS source, a.case_id AS case_id, c.customer_id AS customer_id, a.key_id AS key_id, a.body AS body
		  FROM answer a JOIN case_ c ON c.id = a.case_id
		 WHERE a.form >= 'exit_survey@' AND a.form < 'exit_surveyA' AND a.done_at > 0 AND a.idea <> 0 AND LENGTH(a.body) > 0`
	themeColumns = `id, source, case_id, customer_id, model, likely, permille, label, said, said_by, said_at`
	// themed are the texts of departures that count, with what they are about.
	themed = `
		  FROM theme t JOIN case_ c ON c.id = t.case_id LEFT JOIN reason r ON r.id = t.id` + countedIn + ` AND t.likely <> ''`
)

var (
	themeText = query(`SELECT ` + textColumns + ` FROM (` + toldTexts + ` AND r.id = $1 UNION ALL` + ideaTexts + ` AND a.id = $2) AS texts`)
	// What a person said is not guessed again, nor what says nothing.
	textsToGroup = func() string {
		again := func(of string) string {
			return ` AND NOT EXISTS (SELECT 1 FROM theme t WHERE t.id = ` + of + `.id AND (t.model = $2 OR t.said <> '' OR t.likely = '')) AND ` + of + `.id > $1`
		}
		return query(`SELECT ` + textColumns + ` FROM (` + toldTexts + again("r") + ` UNION ALL` + ideaTexts + again("a") + `) AS texts ORDER BY id LIMIT $3`)
	}()
	putTheme = many(`INSERT INTO theme (`+themeColumns+`) VALUES `, 11, `
		ON CONFLICT (id) DO UPDATE
		SET model = excluded.model, likely = excluded.likely, permille = excluded.permille, label = excluded.label WHERE theme.said = ''`)
	sayTheme    = query(`UPDATE theme SET label = $1, said = $2, said_by = $3, said_at = $4 WHERE id = $5`)
	dropTheme   = query(`DELETE FROM theme WHERE id = $1`)
	themesOf    = query(`SELECT ` + themeColumns + ` FROM theme WHERE case_id = $1 ORDER BY id`)
	taughtTexts = query(`
		SELECT t.id, t.said, t.customer_id, texts.key_id, texts.body
		  FROM (SELECT id, said, customer_id FROM theme WHERE said <> '' AND ` + realCase("case_id") + ` ORDER BY said_at DESC, id LIMIT $1) AS t
		  JOIN (SELECT id, key_id, body FROM reason UNION ALL SELECT id, key_id, body FROM answer) AS texts ON texts.id = t.id
		 ORDER BY t.id`)
	taughtBy = query(`SELECT COUNT(*) FROM theme WHERE said <> '' AND customer_id = $1`)

	countThemes = query(`
		SELECT t.label, COALESCE(r.edition, ''), t.source, CAST(COUNT(*) AS BIGINT), CAST(SUM(CASE WHEN t.said <> '' THEN 1 ELSE 0 END) AS BIGINT),
		       CAST(SUM(CASE WHEN t.said <> '' AND t.permille >= 500 AND t.likely <> 'none' THEN 1 ELSE 0 END) AS BIGINT),
		       CAST(SUM(CASE WHEN t.said <> '' AND t.permille >= 500 AND t.likely <> 'none' AND t.likely = t.said THEN 1 ELSE 0 END) AS BIGINT)` + themed + `
		 GROUP BY t.label, COALESCE(r.edition, ''), t.source ORDER BY t.label, COALESCE(r.edition, ''), t.source`)
	pageThemes = query(`
		SELECT t.id, t.source, t.case_id, t.customer_id, t.model, t.likely, t.permille, t.label, t.said, t.said_by, t.said_at` + themed + `
		   AND ($3 = '' OR t.id < $4) AND ($5 = '' OR t.label = $6) AND ($7 = '' OR COALESCE(r.edition, '') = $8)
		 ORDER BY t.id DESC LIMIT $9`)

	themeNumber = query(`SELECT COALESCE(MAX(number), 0) FROM theme_model`)
	themeModel  = query(`SELECT number, made_at, digest, texts, customers, body FROM theme_model ORDER BY number DESC LIMIT 1`)
	clearModels = query(`DELETE FROM theme_model WHERE number < $1`)
	addThemes   = query(`INSERT INTO theme_model (number, made_at, digest, texts, customers, body) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (number) DO NOTHING`)
)

func scanText(row scanner) (x app.SealedText, err error) {
	err = row.Scan(&x.ID, &x.Source, &x.Case, &x.Customer, &x.KeyID, &x.Body)
	return x, err
}

func (t *tx) FindText(ctx context.Context, id string) (app.SealedText, error) {
	x, err := scanText(t.row(ctx, themeText, id, id))
	return x, t.s.translate("store.FindText", err)
}

func (t *tx) TextsToGroup(ctx context.Context, model int64, after string, limit int) (list []app.SealedText, err error) {
	err = t.each(ctx, "store.TextsToGroup", textsToGroup, []any{after, model, limit}, func(row scanner) error {
		x, err := scanText(row)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) TaughtTexts(ctx context.Context, limit int) (list []app.TaughtText, err error) {
	err = t.each(ctx, "store.TaughtTexts", taughtTexts, []any{limit}, func(row scanner) error {
		var x app.TaughtText
		err := row.Scan(&x.ID, &x.Said, &x.Customer, &x.KeyID, &x.Body)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) PutThemes(ctx context.Context, list ...app.Theme) error {
	_, err := t.insert(ctx, "store.PutThemes", putTheme, len(list), func(args []any, i int) []any {
		x := list[i]
		return append(args, x.Text, x.Source, x.Case, x.Customer, x.Model, x.Likely, x.Permille, x.Label(), x.Said, x.SaidBy, micros(x.SaidAt))
	})
	return err
}

func (t *tx) SayTheme(ctx context.Context, x app.Theme) error {
	return t.must(ctx, "store.SayTheme", sayTheme, x.Label(), x.Said, x.SaidBy, micros(x.SaidAt), x.Text)
}

func (t *tx) DropTheme(ctx context.Context, text string) error {
	_, err := t.exec(ctx, "store.DropTheme", dropTheme, text)
	return err
}

func (t *tx) themes(ctx context.Context, op, q string, args ...any) (list []app.Theme, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		var x app.Theme
		var label string // follows from the others
		err := row.Scan(&x.Text, &x.Source, &x.Case, &x.Customer, &x.Model, &x.Likely, &x.Permille, &label, &x.Said, &x.SaidBy, instant{&x.SaidAt})
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) ThemesOf(ctx context.Context, c offboarding.CaseID) ([]app.Theme, error) {
	return t.themes(ctx, "store.ThemesOf", themesOf, c)
}

func (t *tx) PageThemes(ctx context.Context, from, to time.Time, p app.ThemePick, at app.Place) ([]app.Theme, error) {
	args := []any{micros(from), micros(to), at.After, at.After}
	for _, s := range []*string{p.Label, p.Chosen} {
		is, what := asked(s)
		args = append(args, is, what)
	}
	return t.themes(ctx, "store.PageThemes", pageThemes, append(args, at.Limit)...)
}

func (t *tx) CountThemes(ctx context.Context, from, to time.Time) (list []app.ThemeTally, err error) {
	err = t.each(ctx, "store.CountThemes", countThemes, []any{micros(from), micros(to)}, func(row scanner) error {
		var x app.ThemeTally
		err := row.Scan(&x.Label, &x.Chosen, &x.Source, &x.Texts, &x.Said, &x.Named, &x.Right)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) Taught(ctx context.Context, c customer.ID) (bool, error) {
	var n int
	err := t.one(ctx, "store.Taught", taughtBy, []any{c}, &n)
	return n > 0, err
}

func (t *tx) ThemeModelNumber(ctx context.Context) (n int64, err error) {
	err = t.one(ctx, "store.ThemeModelNumber", themeNumber, nil, &n)
	return n, err
}

func (t *tx) ThemeModel(ctx context.Context) (m app.ThemeModel, err error) {
	err = t.one(ctx, "store.ThemeModel", themeModel, nil, &m.Number, instant{&m.At}, &m.Digest, &m.Texts, &m.Customers, &m.Body)
	return m, err
}

func (t *tx) PutThemeModel(ctx context.Context, m app.ThemeModel) (bool, error) {
	n, err := t.exec(ctx, "store.PutThemeModel", addThemes, m.Number, micros(m.At), m.Digest, m.Texts, m.Customers, m.Body)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = t.exec(ctx, "store.PutThemeModel", clearModels, m.Number)
	return true, err
}
