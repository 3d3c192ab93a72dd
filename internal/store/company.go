package store

import (
	"context"
	"encoding/json"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/fault"
)

var (
	companyHead     = query(`SELECT (SELECT COALESCE(MAX(version), 0) FROM company_version), (SELECT COALESCE(MAX(version), 0) FROM own_word)`)
	companyVersions = query(`SELECT version, profile, made_at, made_by FROM company_version ORDER BY version DESC LIMIT $1`)
	insertCompany   = query(`INSERT INTO company_version (version, profile, made_at, made_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`)
	insertLogo      = query(`INSERT INTO company_logo (digest, media, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`)
	logoByDigest    = query(`SELECT digest, media, body FROM company_logo WHERE digest = $1`)
	insertOwnWord   = query(`INSERT INTO own_word (version, language, key, words, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`)
	ownWords        = query(`
		SELECT version, language, key, words, made_at, made_by FROM own_word
		 WHERE version IN (SELECT MAX(version) FROM own_word GROUP BY key, language) AND words <> '' ORDER BY key, language`)
	ownWordsOf = query(`SELECT version, language, key, words, made_at, made_by FROM own_word WHERE key = $1 OR key LIKE $2 ESCAPE '!' ORDER BY version DESC LIMIT $3`)
)

func (t *tx) CompanyHead(ctx context.Context) (profile, words int, err error) {
	err = t.one(ctx, "store.CompanyHead", companyHead, nil, &profile, &words)
	return profile, words, err
}

func (t *tx) CompanyVersions(ctx context.Context, limit int) (list []app.CompanyVersion, err error) {
	err = t.each(ctx, "store.CompanyVersions", companyVersions, []any{limit}, func(row scanner) error {
		var v app.CompanyVersion
		var raw string
		if err := row.Scan(&v.Version, &raw, instant{&v.At}, &v.By); err != nil {
			return err
		}
		list = append(list, v)
		return json.Unmarshal([]byte(raw), &list[len(list)-1].Profile)
	})
	return list, err
}

func (t *tx) PutCompany(ctx context.Context, v app.CompanyVersion) error {
	raw, err := json.Marshal(v.Profile)
	if err != nil {
		return fault.Wrap("store.PutCompany", err)
	}
	return t.must(ctx, "store.PutCompany", insertCompany, v.Version, string(raw), micros(v.At), v.By)
}

func (t *tx) PutLogo(ctx context.Context, l company.Logo) error {
	_, err := t.exec(ctx, "store.PutLogo", insertLogo, l.Digest, l.Media, l.Body)
	return err
}

func (t *tx) FindLogo(ctx context.Context, digest string) (l company.Logo, err error) {
	return l, t.one(ctx, "store.FindLogo", logoByDigest, []any{digest}, &l.Digest, &l.Media, &l.Body)
}

func (t *tx) PutOwnWord(ctx context.Context, w app.OwnWord) error {
	return t.must(ctx, "store.PutOwnWord", insertOwnWord, w.Version, w.Language, w.Key, w.Text, micros(w.At), w.By)
}

func (t *tx) OwnWords(ctx context.Context) ([]app.OwnWord, error) {
	return t.ownWords(ctx, ownWords)
}

func (t *tx) OwnWordVersions(ctx context.Context, code string, limit int) ([]app.OwnWord, error) {
	forms := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(code) + "|%"
	return t.ownWords(ctx, ownWordsOf, code, forms, limit)
}

func (t *tx) ownWords(ctx context.Context, q string, args ...any) (list []app.OwnWord, err error) {
	err = t.each(ctx, "store.ownWords", q, args, func(row scanner) error {
		var w app.OwnWord
		err := row.Scan(&w.Version, &w.Language, &w.Key, &w.Text, instant{&w.At}, &w.By)
		list = append(list, w)
		return err
	})
	return list, err
}
