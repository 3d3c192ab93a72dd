package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"hastaluego/internal/bundle"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// bundleID is the id of the bundle that a work makes: the same at every try.
func bundleID(w offboarding.Work) string { return "att_" + string(w.ID[len("work_"):]) }

// MakeBundle makes the file of what is held about the customer of a case and
// keeps it, sealed. Again it changes nothing. It returns evidence as JSON.
func (a *App) MakeBundle(ctx context.Context, w offboarding.Work) (evidence string, err error) {
	err = a.store.Tx(ctx, func(tx Tx) error {
		if old, err := tx.FindBlob(ctx, bundleID(w)); err == nil {
			evidence = bundleEvidence(old, 0)
			return nil
		} else if fault.KindOf(err) != fault.NotFound {
			return err
		}
		p, err := tx.FindPlan(ctx, w.Case)
		if err != nil {
			return err
		}
		files, err := a.held(ctx, tx, p)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		info := bundle.Info{Source: a.Company().LegalName, Identifier: p.Case.Code, About: "hasta-luego export_data", Date: tx.Now()}
		if err := bundle.Write(&out, p.Case.Code, info, files); err != nil {
			return fault.Wrap("app.MakeBundle", err)
		}
		b := Blob{
			ID: bundleID(w), Kind: "bundle", Case: w.Case, Step: w.Step, Name: p.Case.Code + ".zip", Media: "application/zip",
			CreatedAt: tx.Now(), CreatedBy: "engine",
		}
		if err := a.putBlob(ctx, tx, &b, string(p.Case.Customer), out.Bytes()); err != nil {
			return err
		}
		evidence = bundleEvidence(b, len(files))
		if err := a.record(ctx, tx, fact{"bundle.ready", "engine", string(w.Case), string(p.Case.Customer), map[string]any{
			"blob": b.ID, "sha256": b.SHA256, "size": strconv.FormatInt(b.Size, 10), "files": len(files),
		}}); err != nil {
			return err
		}
		none, err := a.noPortal(ctx, tx)
		if err != nil || !none { // they fetch it from their page
			return err
		}
		if err := a.write(ctx, tx, p.Case, "data"); err != nil {
			return err
		}
		return a.askToHand(ctx, tx, &p, b.Size)
	})
	return evidence, err
}

func bundleEvidence(b Blob, files int) string {
	raw, err := json.Marshal(map[string]any{"blob": b.ID, "sha256": b.SHA256, "size": b.Size, "files": files})
	if err != nil {
		return ""
	}
	return string(raw)
}

// putBlob seals a body with the key of its subject and keeps it.
func (a *App) putBlob(ctx context.Context, tx Tx, b *Blob, subject string, plain []byte) error {
	if b.ID == "" {
		b.ID = id.New("att")
	}
	sum := sha256.Sum256(plain)
	b.Size, b.SHA256 = int64(len(plain)), hex.EncodeToString(sum[:])
	var err error
	if b.KeyID, b.Body, err = a.sealFor(ctx, subject, b.ID, plain); err != nil {
		return err
	}
	return tx.InsertBlob(ctx, *b)
}

// openBlob returns the plain body of a file.
func (a *App) openBlob(ctx context.Context, b Blob) ([]byte, error) {
	plain, err := a.keys.Open(ctx, b.KeyID, b.Body, []byte(b.ID))
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(plain); hex.EncodeToString(sum[:]) != b.SHA256 {
		return nil, fault.New(fault.Internal, "internal").At("app.openBlob "+b.ID, nil)
	}
	return plain, nil
}

// CheckBundle opens the bundle that a work made and compares every file with
// its checksums.
func (a *App) CheckBundle(ctx context.Context, w offboarding.Work) (evidence string, err error) {
	var b Blob
	if err := a.store.View(ctx, func(tx Tx) error { b, err = tx.FindBlob(ctx, bundleID(w)); return err }); err != nil {
		return "", err
	}
	plain, err := a.openBlob(ctx, b)
	if err != nil {
		return "", err
	}
	report, err := bundle.Check(bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		return "", fault.New(fault.Invalid, "bundle.broken").At("app.CheckBundle", err)
	}
	return bundleEvidence(b, report.Files), nil
}
