package app

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// sealFor closes bytes with the account key of their subject; of binds them to
// the record in which they stand. Of somebody erased nothing more is written
// down: fault.Blocked (erase.nothing_more).
func (a *App) sealFor(ctx context.Context, subject, of string, plain []byte) (keyID string, body []byte, err error) {
	if keyID, err = a.accountKey(ctx, subject); err != nil {
		return "", nil, err
	}
	body, err = a.keys.Seal(ctx, keyID, plain, []byte(of))
	return keyID, body, err
}

// accountKey is the key with which what is of somebody is sealed. Errors as sealFor.
func (a *App) accountKey(ctx context.Context, subject string) (string, error) {
	keyID, err := a.keys.KeyFor(ctx, subject, "account")
	if keyDestroyed(err) {
		err = fault.New(fault.Blocked, "erase.nothing_more")
	}
	return keyID, err
}

// keyDestroyed reports whether somebody's key is no more.
func keyDestroyed(err error) bool { return err != nil && fault.KindOf(err) == fault.Gone }

// unseal opens what sealFor closed. It is nil when nobody is to read it any
// more: its key was destroyed, or erasing emptied it. Whatever else goes wrong
// is returned: a store that does not answer for a moment must not look like
// words that nobody wrote, or the next save would make that true.
func (a *App) unseal(ctx context.Context, keyID, of string, body []byte) ([]byte, error) {
	if len(body) == 0 {
		return nil, nil
	}
	plain, err := a.keys.Open(ctx, keyID, body, []byte(of))
	switch {
	case err == nil:
		return plain, nil
	case keyDestroyed(err):
		return nil, nil
	case fault.KindOf(err) == fault.NotFound: // it is not the record that is missing
		return nil, fault.New(fault.Internal, fault.CodeOf(err)).At("app.unseal "+of, err)
	}
	return nil, err
}

// sealJSON closes words; of whom and where as sealFor.
func (a *App) sealJSON(ctx context.Context, subject, of string, words any) (keyID string, body []byte, err error) {
	plain, err := json.Marshal(words)
	if err != nil {
		return "", nil, fault.Wrap("app.sealJSON "+of, err)
	}
	return a.sealFor(ctx, subject, of, plain)
}

// unsealJSON reads words into a pointer, as unseal; readable is false, and
// nothing is read, when nobody is to read them any more.
func (a *App) unsealJSON(ctx context.Context, keyID, of string, body []byte, into any) (readable bool, err error) {
	plain, err := a.unseal(ctx, keyID, of, body)
	if err != nil || plain == nil {
		return false, err
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return false, fault.Wrap("app.unsealJSON "+of, err)
	}
	return true, nil
}

// unsealed opens every record of a list that was read with that error.
func unsealed[S, T any](list []S, err error, open func(S) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	out := make([]T, len(list))
	for i, s := range list {
		if out[i], err = open(s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

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
func (a *App) openPlan(ctx context.Context, p *offboarding.Plan) (err error) {
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Note, err = a.openText(ctx, string(s.ID), s.Note); err != nil {
			return err
		}
		for j := range s.Items {
			it := &s.Items[j]
			if it.Evidence, err = a.openText(ctx, string(s.ID)+":"+it.Key, it.Evidence); err != nil {
				return err
			}
		}
	}
	return nil
}

// sealText closes a text, unless it is empty or sealed; of binds it to where it
// stands. What a person had to do after the erasure is proof of the departure.
func (a *App) sealText(ctx context.Context, cid customer.ID, of, s string) (string, error) {
	if s == "" || strings.HasPrefix(s, sealedMark) {
		return s, nil
	}
	keyID, err := a.keys.KeyFor(ctx, string(cid), "account")
	if keyDestroyed(err) {
		keyID, err = a.keys.KeyFor(ctx, string(cid), "evidence")
	}
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
func (a *App) openText(ctx context.Context, of, s string) (string, error) {
	rest, sealed := strings.CutPrefix(s, sealedMark)
	if !sealed {
		return s, nil
	}
	keyID, body, _ := strings.Cut(rest, ":")
	raw, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil {
		return "", fault.Wrap("app.openText "+of, err)
	}
	plain, err := a.unseal(ctx, keyID, of, raw)
	return string(plain), err
}
