package app

import (
	"context"
	"encoding/base64"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
)

// sealedMark begins a text of a plan that is sealed; the key and the sealed
// bytes follow.
const sealedMark = "sealed:"

// sealPlan closes what people wrote on the steps of a plan before it is stored:
// notes and evidence read by nobody once the customer's key is destroyed.
func (a *App) sealPlan(ctx context.Context, p *offboarding.Plan) (err error) {
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Note, err = a.sealText(ctx, p.Case.Customer, string(s.ID), s.Note); err != nil {
			return err
		}
		for j := range s.Items {
			it := &s.Items[j]
			if it.Evidence, err = a.sealText(ctx, p.Case.Customer, string(s.ID)+":"+it.Key, it.Evidence); err != nil {
				return err
			}
		}
	}
	return nil
}

// openPlan opens what people wrote on the steps of a plan, to be read. What
// cannot be opened any more is empty.
func (a *App) openPlan(ctx context.Context, p *offboarding.Plan) {
	for i := range p.Steps {
		s := &p.Steps[i]
		s.Note = a.openText(ctx, string(s.ID), s.Note)
		for j := range s.Items {
			it := &s.Items[j]
			it.Evidence = a.openText(ctx, string(s.ID)+":"+it.Key, it.Evidence)
		}
	}
}

// sealText closes a text, unless it is empty or sealed; of binds it to where it
// stands.
func (a *App) sealText(ctx context.Context, cid customer.ID, of, s string) (string, error) {
	if s == "" || strings.HasPrefix(s, sealedMark) {
		return s, nil
	}
	keyID, err := a.keys.KeyFor(ctx, string(cid), "account")
	if err != nil {
		return "", err
	}
	body, err := a.keys.Seal(ctx, keyID, []byte(s), []byte(of))
	if err != nil {
		return "", err
	}
	return sealedMark + keyID + ":" + base64.RawStdEncoding.EncodeToString(body), nil
}

// openText opens a text. One that is not sealed was stored before texts were.
func (a *App) openText(ctx context.Context, of, s string) string {
	rest, sealed := strings.CutPrefix(s, sealedMark)
	if !sealed {
		return s
	}
	keyID, body, _ := strings.Cut(rest, ":")
	raw, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil {
		return ""
	}
	plain, err := a.keys.Open(ctx, keyID, raw, []byte(of))
	if err != nil {
		return ""
	}
	return string(plain)
}
