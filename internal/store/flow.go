package store

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
)

const (
	flowColumns  = `id, number, name, source, signup, facts, hash, made_of, note, hands, law_day, packs, at, by_`
	draftColumns = `id, state, title, source, signup, facts, base, note, hands, made_at, changed_at, changed_by, version`
)

var (
	flowHead   = query(`SELECT COALESCE((SELECT id FROM flow_version ORDER BY number DESC LIMIT 1), '')`)
	flowByID   = query(`SELECT ` + flowColumns + ` FROM flow_version WHERE id = $1`)
	listFlows  = query(`SELECT ` + flowColumns + ` FROM flow_version ORDER BY number DESC LIMIT $1`)
	insertFlow = query(`
		INSERT INTO flow_version (` + flowColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`)

	draftByID   = query(`SELECT ` + draftColumns + ` FROM flow_draft WHERE id = $1`)
	openDrafts  = query(`SELECT ` + draftColumns + ` FROM flow_draft WHERE state = 'open' ORDER BY changed_at DESC, id LIMIT 100`)
	insertDraft = query(`
		INSERT INTO flow_draft (` + draftColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1) ON CONFLICT DO NOTHING`)
	saveDraft = query(`
		UPDATE flow_draft
		   SET state = $1, title = $2, source = $3, signup = $4, facts = $5, note = $6, hands = $7, changed_at = $8, changed_by = $9, version = version + 1
		 WHERE id = $10 AND version = $11`)
)

func (t *tx) FlowHead(ctx context.Context) (id string, err error) {
	return id, t.one(ctx, "store.FlowHead", flowHead, nil, &id)
}

func (t *tx) FindFlow(ctx context.Context, id string) (app.FlowVersion, error) {
	v, err := scanFlow(t.row(ctx, flowByID, id))
	return v, t.s.translate("store.FindFlow", err)
}

func (t *tx) ListFlows(ctx context.Context, limit int) (list []app.FlowVersion, err error) {
	err = t.each(ctx, "store.ListFlows", listFlows, []any{limit}, func(row scanner) error {
		v, err := scanFlow(row)
		list = append(list, v)
		return err
	})
	return list, err
}

func scanFlow(row scanner) (v app.FlowVersion, err error) {
	var facts, hands, packs string
	err = row.Scan(&v.ID, &v.Number, &v.Name, &v.Source, &v.Signup, &facts, &v.Hash, &v.MadeOf, &v.Note, &hands, date{&v.Day}, &packs, instant{&v.At}, &v.By)
	if err != nil {
		return v, err
	}
	v.Hands = strings.Fields(hands)
	return v, errors.Join(json.Unmarshal([]byte(facts), &v.Facts), json.Unmarshal([]byte(packs), &v.Packs))
}

func (t *tx) InsertFlow(ctx context.Context, v app.FlowVersion) error {
	facts, err := json.Marshal(v.Facts)
	if err != nil {
		return fault.Wrap("store.InsertFlow", err)
	}
	packs, err := json.Marshal(v.Packs)
	if err != nil {
		return fault.Wrap("store.InsertFlow", err)
	}
	return t.must(ctx, "store.InsertFlow", insertFlow, v.ID, v.Number, v.Name, v.Source, v.Signup, string(facts), v.Hash, v.MadeOf, v.Note,
		strings.Join(v.Hands, " "), v.Day.String(), string(packs), micros(v.At), v.By)
}

func (t *tx) FindDraft(ctx context.Context, id string) (app.FlowDraft, error) {
	d, err := scanDraft(t.row(ctx, draftByID, id))
	return d, t.s.translate("store.FindDraft", err)
}

func (t *tx) OpenDrafts(ctx context.Context) (list []app.FlowDraft, err error) {
	err = t.each(ctx, "store.OpenDrafts", openDrafts, nil, func(row scanner) error {
		d, err := scanDraft(row)
		list = append(list, d)
		return err
	})
	return list, err
}

func scanDraft(row scanner) (d app.FlowDraft, err error) {
	var facts, hands string
	err = row.Scan(&d.ID, &d.State, &d.Title, &d.Source, &d.Signup, &facts, &d.Base, &d.Note, &hands, instant{&d.MadeAt}, instant{&d.ChangedAt}, &d.ChangedBy, &d.Version)
	if err != nil {
		return d, err
	}
	d.Hands = strings.Fields(hands)
	return d, json.Unmarshal([]byte(facts), &d.Facts)
}

func (t *tx) PutDraft(ctx context.Context, d app.FlowDraft) error {
	raw, err := json.Marshal(d.Facts)
	if err != nil {
		return fault.Wrap("store.PutDraft", err)
	}
	facts, hands := string(raw), strings.Join(d.Hands, " ")
	if d.Version > 0 {
		return t.must(ctx, "store.PutDraft", saveDraft, d.State, d.Title, d.Source, d.Signup, facts, d.Note, hands, micros(d.ChangedAt), d.ChangedBy, d.ID, d.Version)
	}
	return t.must(ctx, "store.PutDraft", insertDraft, d.ID, d.State, d.Title, d.Source, d.Signup, facts, d.Base, d.Note, hands, micros(d.MadeAt),
		micros(d.ChangedAt), d.ChangedBy)
}
