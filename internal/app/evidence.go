package app

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// MaxEvidence is how large a file may be, in bytes.
const MaxEvidence = 25 << 20

// AddEvidence keeps a file as evidence of a step, sealed with the key of the
// customer.
func (a *App) AddEvidence(ctx context.Context, by Actor, c offboarding.CaseID, step, name string, body []byte) error {
	name, ferr := customer.CheckText("file", path.Base(strings.ReplaceAll(name, "\\", "/")), 200, false)
	switch {
	case ferr != nil:
		return ferr
	case name == "" || name == "." || len(body) == 0:
		return fault.New(fault.Invalid, "field.required").On("file")
	case len(body) > MaxEvidence:
		return fault.New(fault.TooLarge, "evidence.too_large", "max", MaxEvidence>>20).On("file")
	}
	return a.onStep(ctx, by, c, step, func(tx Tx, p *offboarding.Plan) error {
		s, err := p.Workable(step)
		if err != nil {
			return err
		}
		b := Blob{Kind: "evidence", Case: c, Step: s.ID, Name: name, Media: mediaOf(body), CreatedAt: tx.Now(), CreatedBy: by.ID}
		if err := a.putBlob(ctx, tx, &b, string(p.Case.Customer), body); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"evidence.added", by.ID, string(c), string(p.Case.Customer), map[string]any{
			"step": step, "blob": b.ID, "name": name, "sha256": b.SHA256,
		}})
	})
}

// mediaOf tells the few kinds of file that are worth a name by their first
// bytes; what the sender called it is not believed.
func mediaOf(body []byte) string {
	for _, k := range []struct{ magic, media string }{
		{"%PDF-", "application/pdf"}, {"\x89PNG\r\n\x1a\n", "image/png"}, {"\xff\xd8\xff", "image/jpeg"}, {"PK\x03\x04", "application/zip"},
	} {
		if bytes.HasPrefix(body, []byte(k.magic)) {
			return k.media
		}
	}
	return "application/octet-stream"
}

// OpenEvidence returns a file of a case.
func (a *App) OpenEvidence(ctx context.Context, by Actor, c offboarding.CaseID, id string) (b Blob, plain []byte, err error) {
	if err := by.CanRead("letter"); err != nil {
		return b, nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if b, err = tx.FindBlob(ctx, id); err != nil || b.Case != c || b.Kind != "evidence" {
			return fault.New(fault.NotFound, "not_found")
		}
		return nil
	})
	if err != nil {
		return b, nil, err
	}
	plain, err = a.openBlob(ctx, b)
	return b, plain, err
}

// evidenceOf returns the files of a step, out of those of its case.
func evidenceOf(all []Blob, s offboarding.StepID) []Blob {
	return slices.DeleteFunc(slices.Clone(all), func(b Blob) bool { return b.Step != s || b.Kind != "evidence" })
}

// Evidence returns the files of a step.
func (c CaseView) Evidence(s offboarding.StepID) []Blob { return evidenceOf(c.Blobs, s) }
