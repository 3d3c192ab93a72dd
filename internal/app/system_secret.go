package app

import (
	"context"
	"regexp"
	"strings"
	"time"

	"hastaluego/internal/fault"
)

// SystemSecret is the credential of a far system, sealed with a key of the house
// that lies outside the database.
type SystemSecret struct {
	Name  string
	Value []byte // sealed
	KeyID string
	SetAt time.Time
	SetBy string
}

// SystemSecretTx keeps them.
type SystemSecretTx interface {
	// PutSystemSecret stores it in place of one of the same name.
	PutSystemSecret(ctx context.Context, s SystemSecret) error
	// DropSystemSecret and FindSystemSecret: fault.NotFound where there is none.
	DropSystemSecret(ctx context.Context, name string) error
	FindSystemSecret(ctx context.Context, name string) (SystemSecret, error)
	SystemSecrets(ctx context.Context) ([]SystemSecret, error)
}

// secretName is how a secret may be called.
var secretName = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,63}$`)

// systemSecretMost is how long a secret may be, in bytes: a key in PEM is 3 kB.
const systemSecretMost = 16 << 10

// SetSystemSecret seals a credential, in place of one of the same name if there
// is one. A server that runs reads it when it next starts, or at the next call
// where the system's kind says so.
func (a *App) SetSystemSecret(ctx context.Context, by Actor, name, value string) error {
	if err := by.mayOrder("settings"); err != nil {
		return err
	}
	var l fault.List
	if !secretName.MatchString(name) {
		l = append(l, fault.New(fault.Invalid, "secret.name").On("name"))
	}
	switch {
	case value == "":
		l = append(l, fault.New(fault.Invalid, "field.required").On("value"))
	case len(value) > systemSecretMost || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		l = append(l, fault.New(fault.Invalid, "secret.value", "most", systemSecretMost).On("value"))
	}
	if len(l) > 0 {
		return l
	}
	s := SystemSecret{Name: name, SetBy: actorOr(by.ID)}
	var err error
	if s.KeyID, err = a.keys.KeyFor(ctx, house, "account"); err != nil {
		return err
	}
	if s.Value, err = a.keys.Seal(ctx, s.KeyID, []byte(value), secretAAD(name)); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		s.SetAt = tx.Wall()
		if err := tx.PutSystemSecret(ctx, s); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"system_secret.set", s.SetBy, "", house, map[string]any{"name": name}})
	})
}

// DropSystemSecret forgets a credential. Errors: fault.NotFound (secret.unknown).
func (a *App) DropSystemSecret(ctx context.Context, by Actor, name string) error {
	if err := by.mayOrder("settings"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		err := tx.DropSystemSecret(ctx, name)
		if fault.KindOf(err) == fault.NotFound || fault.KindOf(err) == fault.Conflict {
			return fault.New(fault.NotFound, "secret.unknown", "name", name)
		}
		if err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"system_secret.dropped", actorOr(by.ID), "", house, map[string]any{"name": name}})
	})
}

// SystemSecrets lists the credentials that are kept, never what they are.
func (a *App) SystemSecrets(ctx context.Context, by Actor) (list []SystemSecret, err error) {
	if err := by.mayOrder("settings"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list, err = tx.SystemSecrets(ctx)
		return err
	})
	return list, err
}

// OpenSystemSecret opens a credential for whatever connects the systems, which
// is before there is an App. Errors: fault.NotFound; those of the store and the
// keys.
func OpenSystemSecret(ctx context.Context, store Store, keys Keys, name string) (string, error) {
	var s SystemSecret
	err := store.View(ctx, func(tx Tx) (err error) {
		s, err = tx.FindSystemSecret(ctx, name)
		return err
	})
	if err != nil {
		return "", err
	}
	plain, err := keys.Open(ctx, s.KeyID, s.Value, secretAAD(name))
	return string(plain), err
}

// secretAAD binds what is sealed to its name: one cannot stand in for another.
func secretAAD(name string) []byte { return []byte("system_secret " + name) }
