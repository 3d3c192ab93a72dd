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
	name, err := checkFile(name, body)
	if err != nil {
		return err
	}
	return a.onStep(ctx, by, c, step, func(tx Tx, p *offboarding.Plan) error {
		s, err := p.Workable(step)
		if err != nil {
			return err
		}
		p.Touch(step, by.ID, by.RealID)
		_, err = a.keepFile(ctx, tx, by, p.Case, *s, name, body)
		return err
	})
}

// AddFile keeps a file with the case, beside its notes: whoever may write notes
// may add one.
func (a *App) AddFile(ctx context.Context, by Actor, cid offboarding.CaseID, name string, body []byte) (id string, err error) {
	if err := by.may("note"); err != nil {
		return "", err
	}
	if name, err = checkFile(name, body); err != nil {
		return "", err
	}
	err = a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, cid)
		if err != nil {
			return err
		}
		id, err = a.keepFile(ctx, tx, by, c, offboarding.Step{}, name, body)
		return err
	})
	return id, err
}

func checkFile(name string, body []byte) (string, error) {
	name, ferr := customer.CheckText("file", path.Base(strings.ReplaceAll(name, "\\", "/")), 200, false)
	switch {
	case ferr != nil:
		return "", ferr
	case name == "" || name == "." || len(body) == 0:
		return "", fault.New(fault.Invalid, "field.required").On("file")
	case len(body) > MaxEvidence:
		return "", fault.New(fault.TooLarge, "evidence.too_large", "max", MaxEvidence>>20).On("file")
	}
	return name, nil
}

func (a *App) keepFile(ctx context.Context, tx Tx, by Actor, c offboarding.Case, s offboarding.Step, name string, body []byte) (id string, err error) {
	b := Blob{Kind: "evidence", Case: c.ID, Step: s.ID, Name: name, Media: mediaOf(body), CreatedAt: tx.Now(), CreatedBy: by.ID}
	if err := a.putBlob(ctx, tx, &b, string(c.Customer), body); err != nil {
		return "", err
	}
	f := fact{"file.added", by.ID, string(c.ID), string(c.Customer), map[string]any{"blob": b.ID, "name": name, "sha256": b.SHA256}}
	if s.ID != "" {
		f.typ, f.args["step"] = "evidence.added", s.Key
	}
	return b.ID, a.record(ctx, tx, f)
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
