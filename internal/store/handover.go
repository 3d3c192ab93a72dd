package store

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
)

const (
	handoverColumns = `id, customer_id, case_id, step_id, asset_id, kind, name, state, way, given_at, accepted_at, accepted_by, rotation, rotate_by,
	rotated_at, owner, key_id, body, version`
	actColumns      = `id, customer_id, case_id, number, language, made_at, made_by, file_id, sha256, accepted_at, proof_id, proof_sha256, key_id, body, version`
	envelopeColumns = `id, case_id, item_id, message_id, token_hash, state, expires_at, opened_at, kind, lock, guesses, key_id, body, version`
)

var (
	insertHandover = query(`
		INSERT INTO handover_item (` + handoverColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 1)`)
	saveHandover = query(`
		UPDATE handover_item
		   SET state = $1, way = $2, given_at = $3, accepted_at = $4, accepted_by = $5, rotation = $6, rotate_by = $7, rotated_at = $8,
		       key_id = $9, body = $10, owner = $11, version = version + 1
		 WHERE id = $12 AND version = $13`)
	handoverByID = query(`SELECT ` + handoverColumns + ` FROM handover_item WHERE id = $1`)
	handoverOf   = query(`SELECT ` + handoverColumns + ` FROM handover_item WHERE case_id = $1 ORDER BY kind, name, id`)

	insertAct = query(`
		INSERT INTO handover_act (` + actColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)`)
	saveAct = query(`
		UPDATE handover_act
		   SET accepted_at = $1, proof_id = $2, proof_sha256 = $3, key_id = $4, body = $5, version = version + 1
		 WHERE id = $6 AND version = $7`)
	actsOf = query(`SELECT ` + actColumns + ` FROM handover_act WHERE case_id = $1 ORDER BY number`)

	insertEnvelope = query(`
		INSERT INTO envelope (` + envelopeColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)`)
	saveEnvelope = query(`
		UPDATE envelope SET token_hash = $1, state = $2, opened_at = $3, guesses = $4, key_id = $5, body = $6, version = version + 1
		 WHERE id = $7 AND version = $8`)
	envelopeByToken = query(`SELECT ` + envelopeColumns + ` FROM envelope WHERE token_hash = $1 AND token_hash <> ''`)
	envelopesOf     = query(`SELECT ` + envelopeColumns + ` FROM envelope WHERE case_id = $1 ORDER BY expires_at, id`)
)

func (t *tx) PutHandover(ctx context.Context, h app.SealedHandover) error {
	if h.Version > 0 {
		return t.must(ctx, "store.PutHandover", saveHandover, h.State, h.Way, micros(h.GivenAt), micros(h.AcceptedAt), h.AcceptedBy, h.Rotation,
			h.RotateBy.String(), micros(h.RotatedAt), h.KeyID, bytesOf(h.Body), h.Owner, h.ID, h.Version)
	}
	return t.must(ctx, "store.PutHandover", insertHandover, h.ID, h.Customer, h.Case, h.Step, h.Asset, h.Kind, h.Name, h.State, h.Way, micros(h.GivenAt),
		micros(h.AcceptedAt), h.AcceptedBy, h.Rotation, h.RotateBy.String(), micros(h.RotatedAt), h.Owner, h.KeyID, bytesOf(h.Body))
}

func scanHandover(row scanner) (h app.SealedHandover, err error) {
	err = row.Scan(&h.ID, &h.Customer, &h.Case, &h.Step, &h.Asset, &h.Kind, &h.Name, &h.State, &h.Way, instant{&h.GivenAt}, instant{&h.AcceptedAt},
		&h.AcceptedBy, &h.Rotation, date{&h.RotateBy}, instant{&h.RotatedAt}, &h.Owner, &h.KeyID, &h.Body, &h.Version)
	return h, err
}

func (t *tx) FindHandover(ctx context.Context, id handover.ID) (app.SealedHandover, error) {
	h, err := scanHandover(t.row(ctx, handoverByID, id))
	return h, t.s.translate("store.FindHandover", err)
}

func (t *tx) HandoverOf(ctx context.Context, c offboarding.CaseID) (list []app.SealedHandover, err error) {
	err = t.each(ctx, "store.HandoverOf", handoverOf, []any{c}, func(row scanner) error {
		h, err := scanHandover(row)
		list = append(list, h)
		return err
	})
	return list, err
}

func (t *tx) PutAct(ctx context.Context, x app.SealedAct) error {
	if x.Version > 0 {
		return t.must(ctx, "store.PutAct", saveAct, micros(x.AcceptedAt), x.Proof, x.ProofSum, x.KeyID, bytesOf(x.Body), x.ID, x.Version)
	}
	return t.must(ctx, "store.PutAct", insertAct, x.ID, x.Customer, x.Case, x.Number, x.Language, micros(x.MadeAt), x.MadeBy, x.File, x.SHA256,
		micros(x.AcceptedAt), x.Proof, x.ProofSum, x.KeyID, bytesOf(x.Body))
}

func (t *tx) ActsOf(ctx context.Context, c offboarding.CaseID) (list []app.SealedAct, err error) {
	err = t.each(ctx, "store.ActsOf", actsOf, []any{c}, func(row scanner) error {
		var x app.SealedAct
		err := row.Scan(&x.ID, &x.Customer, &x.Case, &x.Number, &x.Language, instant{&x.MadeAt}, &x.MadeBy, &x.File, &x.SHA256, instant{&x.AcceptedAt}, &x.Proof,
			&x.ProofSum, &x.KeyID, &x.Body, &x.Version)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) PutEnvelope(ctx context.Context, x app.SealedEnvelope) error {
	if x.Version > 0 {
		return t.must(ctx, "store.PutEnvelope", saveEnvelope, x.TokenHash, x.State, micros(x.OpenedAt), x.Guesses, x.KeyID, bytesOf(x.Body), x.ID, x.Version)
	}
	return t.must(ctx, "store.PutEnvelope", insertEnvelope, x.ID, x.Case, x.Item, x.Message, x.TokenHash, x.State, micros(x.Expires),
		micros(x.OpenedAt), x.Kind, x.Lock, x.Guesses, x.KeyID, bytesOf(x.Body))
}

func scanEnvelope(row scanner) (x app.SealedEnvelope, err error) {
	err = row.Scan(&x.ID, &x.Case, &x.Item, &x.Message, &x.TokenHash, &x.State, instant{&x.Expires}, instant{&x.OpenedAt}, &x.Kind, &x.Lock, &x.Guesses, &x.KeyID,
		&x.Body, &x.Version)
	return x, err
}

func (t *tx) FindEnvelope(ctx context.Context, tokenHash string) (app.SealedEnvelope, error) {
	x, err := scanEnvelope(t.row(ctx, envelopeByToken, tokenHash))
	return x, t.s.translate("store.FindEnvelope", err)
}

func (t *tx) EnvelopesOf(ctx context.Context, c offboarding.CaseID) (list []app.SealedEnvelope, err error) {
	err = t.each(ctx, "store.EnvelopesOf", envelopesOf, []any{c}, func(row scanner) error {
		x, err := scanEnvelope(row)
		list = append(list, x)
		return err
	})
	return list, err
}
