package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/totp"
)

// pendingLife is how long somebody may take between the password and the code.
const pendingLife = 5 * time.Minute

// recoveryCodes is how many codes for a lost telephone a person gets.
const recoveryCodes = 10

// factor is the second factor of a person. The secret is sealed.
type factor struct {
	Sealed   []byte   `json:"sealed"`
	KeyID    string   `json:"key"`
	Step     int64    `json:"step"`     // last step that was used
	Recovery []string `json:"recovery"` // hashes of the codes that are left
}

func factorKey(user string, pending bool) string {
	if pending {
		return "factor.pending." + user
	}
	return "factor." + user
}

func readFactor(ctx context.Context, tx Tx, user string, pending bool) (f factor, found bool, err error) {
	raw, ok, err := tx.Setting(ctx, factorKey(user, pending))
	if err != nil || !ok || raw == "" {
		return f, false, err
	}
	return f, true, fault.Wrap("app.factor", json.Unmarshal([]byte(raw), &f))
}

func putFactor(ctx context.Context, tx Tx, user string, pending bool, f factor) error {
	raw, err := json.Marshal(f)
	if err != nil {
		return fault.Wrap("app.factor", err)
	}
	return tx.PutSetting(ctx, factorKey(user, pending), string(raw))
}

// own is the person whose second factor it is; nobody touches one while they
// look as somebody else.
func own(by Actor) error {
	if by.ID == "" || by.RealID != "" {
		return fault.New(fault.Forbidden, "factor.own_only")
	}
	return nil
}

// HasFactor reports whether the person signs in with a code.
func (a *App) HasFactor(ctx context.Context, user string) (has bool, err error) {
	err = a.store.View(ctx, func(tx Tx) error { _, has, err = readFactor(ctx, tx, user, false); return err })
	return has, err
}

// Enrolment is what an authenticator needs.
type Enrolment struct {
	Secret string // to be typed
	URI    string // to be opened
}

// BeginFactor makes a secret for the person's authenticator. It holds only
// when a code was given (ConfirmFactor).
func (a *App) BeginFactor(ctx context.Context, by Actor) (Enrolment, error) {
	if err := own(by); err != nil {
		return Enrolment{}, err
	}
	secret := totp.Secret()
	var login string
	err := a.tx(ctx, func(tx Tx) error {
		u, err := tx.FindUser(ctx, by.ID)
		if err != nil {
			return err
		}
		login = u.Login
		f := factor{}
		if f.KeyID, err = a.keys.KeyFor(ctx, house, "account"); err != nil {
			return err
		}
		if f.Sealed, err = a.keys.Seal(ctx, f.KeyID, secret, []byte(by.ID)); err != nil {
			return err
		}
		return putFactor(ctx, tx, by.ID, true, f)
	})
	return Enrolment{totp.Text(secret), totp.URI("Hasta Luego, "+a.Company().Name, login, secret)}, err
}

// ConfirmFactor turns the second factor on with a first code, and returns the
// codes for a lost telephone; they are shown once.
func (a *App) ConfirmFactor(ctx context.Context, by Actor, code string) (recovery []string, err error) {
	if err := own(by); err != nil {
		return nil, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		recovery = nil
		f, found, err := readFactor(ctx, tx, by.ID, true)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.Conflict, "factor.begin_again")
		}
		if err := a.useCode(ctx, tx, by.ID, &f, code); err != nil {
			return err
		}
		for range recoveryCodes {
			c := strings.TrimPrefix(id.NewCode(), "HL-")
			recovery = append(recovery, c)
			f.Recovery = append(f.Recovery, hashToken(by.ID+":"+c))
		}
		if err := tx.PutSetting(ctx, factorKey(by.ID, true), ""); err != nil {
			return err
		}
		if err := putFactor(ctx, tx, by.ID, false, f); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.factor_on", by.ID, "", house, nil})
	})
	return recovery, err
}

// useCode takes a code of the authenticator, or one for a lost telephone, once.
func (a *App) useCode(ctx context.Context, tx Tx, user string, f *factor, code string) error {
	secret, err := a.keys.Open(ctx, f.KeyID, f.Sealed, []byte(user))
	if err != nil {
		return err
	}
	typed := strings.ToUpper(strings.Join(strings.Fields(code), ""))
	if used, ok := totp.Check(secret, typed, tx.Wall(), f.Step); ok {
		f.Step = used
		return nil
	}
	if clean, ok := id.ParseCode("HL-" + typed); ok {
		hash := hashToken(user + ":" + strings.TrimPrefix(clean, "HL-"))
		if i := slices.Index(f.Recovery, hash); i >= 0 {
			f.Recovery = slices.Delete(f.Recovery, i, i+1)
			return nil
		}
	}
	return fault.New(fault.Invalid, "factor.wrong").On("code")
}

// RemoveFactor turns the second factor of a person off: they themselves with a
// code, or an administrator for somebody who lost theirs.
func (a *App) RemoveFactor(ctx context.Context, by Actor, user, code string) error {
	self := user == by.ID
	if self {
		if err := own(by); err != nil {
			return err
		}
	} else if err := by.may("users"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		f, found, err := readFactor(ctx, tx, user, false)
		if err != nil || !found {
			return err
		}
		if self {
			if err := a.useCode(ctx, tx, user, &f, code); err != nil {
				return err
			}
		}
		if err := tx.PutSetting(ctx, factorKey(user, false), ""); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.factor_off", by.ID, "", house, map[string]any{"user": user}})
	})
}

// NeedsCode reports whether a session waits for the code of its person.
func (a *App) NeedsCode(ctx context.Context, token string) (pending bool, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		s, _, err := readSession(ctx, tx, token)
		pending = err == nil && s.Pending
		return nil
	})
	return pending, err
}

// SignInCode finishes signing in with a code and returns the token of the
// session. Wrong codes count like wrong passwords.
func (a *App) SignInCode(ctx context.Context, pending, code string) (token string, err error) {
	token = id.Token()
	wrong := fault.New(fault.Invalid, "factor.wrong").On("code")
	var refused error
	err = a.tx(ctx, func(tx Tx) error {
		refused = nil
		s, _, err := readSession(ctx, tx, pending)
		if err != nil {
			return err
		}
		u, err := tx.FindUser(ctx, s.User)
		if err != nil || !u.Active || !s.Pending {
			return fault.New(fault.Unauthenticated, "auth.required")
		}
		if tx.Wall().Before(u.LockedUntil) {
			return &fault.Error{Kind: fault.TooMany, Code: "auth.locked", RetryAfter: u.LockedUntil.Sub(tx.Wall())}
		}
		f, found, err := readFactor(ctx, tx, u.ID, false)
		if err != nil {
			return err
		}
		if found {
			if err := a.useCode(ctx, tx, u.ID, &f, code); fault.CodeOf(err) == "factor.wrong" {
				refused = wrong // and counted: the transaction is kept
				if u.Failures++; u.Failures >= lockAfter {
					u.Failures, u.LockedUntil = 0, tx.Wall().Add(lockFor)
				}
				return tx.SaveUser(ctx, u)
			} else if err != nil {
				return err
			}
			if err := putFactor(ctx, tx, u.ID, false, f); err != nil {
				return err
			}
		}
		u.Failures, u.LockedUntil = 0, time.Time{}
		if err := tx.SaveUser(ctx, u); err != nil {
			return err
		}
		if err := tx.DeleteSession(ctx, hashToken(pending)); err != nil {
			return err
		}
		if err := putSession(ctx, tx, token, session{User: u.ID}); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"staff.signed_in", u.ID, "", house, nil})
	})
	if err == nil {
		err = refused
	}
	return token, err
}
