package store

import (
	"context"
	"encoding/json"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
)

const documentColumns = `message_id, case_id, request_id, customer_id, paper, language, checked_at, body, lacking, mended_at, mended_by, version`

var (
	// lacking selects letters that lack something which nobody made up for; the
	// partial index has the first two conditions.
	lacking        = `lacking > 0 AND mended_at = 0 AND ` + realCustomer("customer_id")
	insertDocument = query(`
		INSERT INTO document_check (` + documentColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)`)
	saveDocument = query(`
		UPDATE document_check SET checked_at = $1, body = $2, lacking = $3, mended_at = $4, mended_by = $5, version = version + 1
		 WHERE message_id = $6 AND version = $7`)
	documentBy  = query(`SELECT ` + documentColumns + ` FROM document_check WHERE message_id = $1`)
	documentsOf = query(`
		SELECT ` + documentColumns + ` FROM document_check
		 WHERE case_id = $1 OR request_id IN (SELECT id FROM request WHERE case_id = $1) ORDER BY checked_at, message_id`)
	documentsAbout = query(`
		SELECT ` + documentColumns + ` FROM document_check
		 WHERE customer_id = $1 OR request_id IN (SELECT id FROM request WHERE customer_id = $1) ORDER BY checked_at, message_id`)
	lackingDocuments = query(`SELECT ` + documentColumns + ` FROM document_check WHERE ` + lacking + ` ORDER BY checked_at, message_id LIMIT $1 OFFSET $2`)
)

func (t *tx) PutDocument(ctx context.Context, d app.CheckedDocument) error {
	body, err := texts(d.Checks)
	if err != nil {
		return err
	}
	if d.Version > 0 {
		return t.must(ctx, "store.PutDocument", saveDocument, micros(d.At), body[0], d.Lacking, micros(d.MendedAt), d.MendedBy, d.Message, d.Version)
	}
	_, err = t.exec(ctx, "store.PutDocument", insertDocument, d.Message, d.Case, d.Request, d.Customer, d.Paper, d.Language, micros(d.At), body[0], d.Lacking,
		micros(d.MendedAt), d.MendedBy)
	return err
}

func scanDocument(row scanner) (d app.CheckedDocument, err error) {
	var body string
	err = row.Scan(&d.Message, &d.Case, &d.Request, &d.Customer, &d.Paper, &d.Language, instant{&d.At}, &body, &d.Lacking, instant{&d.MendedAt}, &d.MendedBy, &d.Version)
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal([]byte(body), &d.Checks)
}

func (t *tx) FindDocument(ctx context.Context, m offboarding.MessageID) (app.CheckedDocument, error) {
	d, err := scanDocument(t.row(ctx, documentBy, m))
	return d, t.s.translate("store.FindDocument", err)
}

func (t *tx) documents(ctx context.Context, op, q string, args ...any) (list []app.CheckedDocument, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		d, err := scanDocument(row)
		list = append(list, d)
		return err
	})
	return list, err
}

func (t *tx) DocumentsOf(ctx context.Context, c offboarding.CaseID) ([]app.CheckedDocument, error) {
	return t.documents(ctx, "store.DocumentsOf", documentsOf, c)
}

func (t *tx) DocumentsAbout(ctx context.Context, c customer.ID) ([]app.CheckedDocument, error) {
	return t.documents(ctx, "store.DocumentsAbout", documentsAbout, c)
}

func (t *tx) LackingDocuments(ctx context.Context, most, offset int) ([]app.CheckedDocument, error) {
	return t.documents(ctx, "store.LackingDocuments", lackingDocuments, most, offset)
}
