package store

import (
	"context"
	"encoding/json"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offer"
)

const (
	editionColumns     = `id, number, version, source, files, made_of, note, hands, at, by_`
	policyDraftColumns = `id, state, title, source, files, base, note, hands, made_at, changed_at, changed_by, version`
)

var (
	policyHead    = query(`SELECT COALESCE((SELECT id FROM policy_edition ORDER BY number DESC LIMIT 1), '')`)
	editionByID   = query(`SELECT ` + editionColumns + ` FROM policy_edition WHERE id = $1 OR version = $2 ORDER BY number DESC LIMIT 1`)
	listEditions  = query(`SELECT ` + editionColumns + ` FROM policy_edition ORDER BY number DESC LIMIT $1`)
	insertEdition = query(`
		INSERT INTO policy_edition (` + editionColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`)

	policyDraftByID   = query(`SELECT ` + policyDraftColumns + ` FROM policy_draft WHERE id = $1`)
	openPolicyDrafts  = query(`SELECT ` + policyDraftColumns + ` FROM policy_draft WHERE state = 'open' ORDER BY changed_at DESC, id LIMIT 100`)
	insertPolicyDraft = query(`
		INSERT INTO policy_draft (` + policyDraftColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1) ON CONFLICT DO NOTHING`)
	savePolicyDraft = query(`
		UPDATE policy_draft
		   SET state = $1, title = $2, source = $3, files = $4, note = $5, hands = $6, changed_at = $7, changed_by = $8, version = version + 1
		 WHERE id = $9 AND version = $10`)
)

func (t *tx) PolicyHead(ctx context.Context) (id string, err error) {
	return id, t.one(ctx, "store.PolicyHead", policyHead, nil, &id)
}

func (t *tx) FindEdition(ctx context.Context, id string) (app.PolicyEdition, error) {
	v, err := scanEdition(t.row(ctx, editionByID, id, id))
	return v, t.s.translate("store.FindEdition", err)
}

func (t *tx) ListEditions(ctx context.Context, limit int) (list []app.PolicyEdition, err error) {
	err = t.each(ctx, "store.ListEditions", listEditions, []any{limit}, func(row scanner) error {
		v, err := scanEdition(row)
		list = append(list, v)
		return err
	})
	return list, err
}

// offerFile is a file of an offer as it is stored.
type offerFile struct{ Name, Source string }

func filesText(list []offer.File) (string, error) {
	out := make([]offerFile, len(list))
	for i, f := range list {
		out[i] = offerFile{f.Name, string(f.Source)}
	}
	raw, err := json.Marshal(out)
	return string(raw), fault.Wrap("store.filesText", err)
}

func readFiles(raw string) ([]offer.File, error) {
	var in []offerFile
	if err := json.Unmarshal([]byte(raw), &in); err != nil {
		return nil, err
	}
	out := make([]offer.File, len(in))
	for i, f := range in {
		out[i] = offer.File{Name: f.Name, Source: []byte(f.Source)}
	}
	return out, nil
}

func scanEdition(row scanner) (v app.PolicyEdition, err error) {
	var files, hands string
	if err = row.Scan(&v.ID, &v.Number, &v.Version, &v.Source, &files, &v.MadeOf, &v.Note, &hands, instant{&v.At}, &v.By); err != nil {
		return v, err
	}
	v.Hands = strings.Fields(hands)
	v.Files, err = readFiles(files)
	return v, err
}

func (t *tx) InsertEdition(ctx context.Context, v app.PolicyEdition) error {
	files, err := filesText(v.Files)
	if err != nil {
		return err
	}
	return t.must(ctx, "store.InsertEdition", insertEdition, v.ID, v.Number, v.Version, v.Source, files, v.MadeOf, v.Note, strings.Join(v.Hands, " "), micros(v.At), v.By)
}

func (t *tx) FindPolicyDraft(ctx context.Context, id string) (app.PolicyDraft, error) {
	d, err := scanPolicyDraft(t.row(ctx, policyDraftByID, id))
	return d, t.s.translate("store.FindPolicyDraft", err)
}

func (t *tx) OpenPolicyDrafts(ctx context.Context) (list []app.PolicyDraft, err error) {
	err = t.each(ctx, "store.OpenPolicyDrafts", openPolicyDrafts, nil, func(row scanner) error {
		d, err := scanPolicyDraft(row)
		list = append(list, d)
		return err
	})
	return list, err
}

func scanPolicyDraft(row scanner) (d app.PolicyDraft, err error) {
	var files, hands string
	err = row.Scan(&d.ID, &d.State, &d.Title, &d.Source, &files, &d.Base, &d.Note, &hands, instant{&d.MadeAt}, instant{&d.ChangedAt}, &d.ChangedBy, &d.Version)
	if err != nil {
		return d, err
	}
	d.Hands = strings.Fields(hands)
	d.Files, err = readFiles(files)
	return d, err
}

func (t *tx) PutPolicyDraft(ctx context.Context, d app.PolicyDraft) error {
	files, err := filesText(d.Files)
	if err != nil {
		return err
	}
	hands := strings.Join(d.Hands, " ")
	if d.Version > 0 {
		return t.must(ctx, "store.PutPolicyDraft", savePolicyDraft, d.State, d.Title, d.Source, files, d.Note, hands, micros(d.ChangedAt), d.ChangedBy, d.ID, d.Version)
	}
	return t.must(ctx, "store.PutPolicyDraft", insertPolicyDraft, d.ID, d.State, d.Title, d.Source, files, d.Base, d.Note, hands, micros(d.MadeAt), micros(d.ChangedAt), d.ChangedBy)
}
