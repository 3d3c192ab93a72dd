package app

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// APIKey lets a program act by the API. Its times are wall time: a key is a
// credential, and a rehearsal that pushes the clock must not end it.
type APIKey struct {
	ID         string // key_…
	Name       string
	Scopes     []string
	SecretHash string // hex SHA-256; the secret itself is shown once and kept nowhere
	MadeBy     string // usr_…, or system
	MadeAt     time.Time
	ExpiresAt  time.Time // zero: never
	UsedOn     time.Time // start of the last day on which it was used; zero: never
	RevokedAt  time.Time // zero: it works
	RevokedBy  string
}

// Works reports whether the key may be used at the wall instant.
func (k APIKey) Works(wall time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || wall.Before(k.ExpiresAt))
}

// KeyTx keeps API keys.
type KeyTx interface {
	InsertAPIKey(ctx context.Context, k APIKey) error
	FindAPIKey(ctx context.Context, id string) (APIKey, error)
	// SaveAPIKey stores UsedOn, RevokedAt and RevokedBy.
	SaveAPIKey(ctx context.Context, k APIKey) error
	ListAPIKeys(ctx context.Context) ([]APIKey, error) // newest first
}

// KeyInput describes a key that is to be made.
type KeyInput struct {
	Name   string
	Scopes []string
	Days   int // until it expires; 0: never
}

// keyDaysMost is the longest life of a key that ends, in days.
const keyDaysMost = 3660

// secretText writes secrets so that a double click takes them whole.
var secretText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// idLength is how long the id of a key is: its prefix and 26 characters.
const idLength = len("key_") + 26

// MakeKey makes an API key and returns its token, which is told only now.
// Nobody gives a key what their own roles do not reach (key.beyond). The command
// line, which has no person, passes the zero Actor and gives what it likes.
func (a *App) MakeKey(ctx context.Context, by Actor, in KeyInput) (k APIKey, token string, err error) {
	if err := by.mayOrder("keys"); err != nil {
		return k, "", err
	}
	name, e := customer.CheckText("name", in.Name, 100, false)
	l := appendFault(nil, e)
	if e == nil && name == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("name"))
	}
	if len(in.Scopes) == 0 {
		l = append(l, fault.New(fault.Invalid, "field.required").On("scopes"))
	}
	for _, s := range in.Scopes {
		if _, ok := scopes[s]; !ok {
			l = append(l, fault.New(fault.Invalid, "field.choice").On("scopes"))
			break
		}
	}
	if beyond := slices.DeleteFunc(slices.Clone(in.Scopes), func(s string) bool { return by.ID == "" || by.MayGive(s) }); len(l) == 0 && len(beyond) > 0 {
		l = append(l, fault.New(fault.Invalid, "key.beyond", "scopes", strings.Join(beyond, ", ")).On("scopes"))
	}
	if in.Days < 0 || in.Days > keyDaysMost {
		l = append(l, fault.New(fault.Invalid, "field.invalid").On("days"))
	}
	if len(l) > 0 {
		return k, "", l
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // crypto/rand.Read never fails since Go 1.24
	secret := secretText.EncodeToString(raw)
	maker := by.ID
	if by.RealID != "" {
		maker = by.RealID
	}
	k = APIKey{ID: id.New("key"), Name: name, Scopes: slices.Compact(slices.Sorted(slices.Values(in.Scopes))), SecretHash: hashToken(secret), MadeBy: actorOr(maker)}
	err = a.tx(ctx, func(tx Tx) error {
		k.MadeAt = tx.Wall()
		if in.Days > 0 {
			k.ExpiresAt = tx.Wall().AddDate(0, 0, in.Days)
		}
		if err := tx.InsertAPIKey(ctx, k); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"api_key.made", actorOr(by.ID), "", house, map[string]any{"key": k.ID, "name": k.Name, "scopes": k.Scopes}})
	})
	return k, "hl_" + k.ID + "_" + secret, err
}

// RevokeKey ends a key at once, for ever. Again, it changes nothing.
func (a *App) RevokeKey(ctx context.Context, by Actor, keyID string) error {
	if err := by.mayOrder("keys"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		k, err := tx.FindAPIKey(ctx, keyID)
		if err != nil || !k.RevokedAt.IsZero() {
			return err
		}
		k.RevokedAt, k.RevokedBy = tx.Wall(), actorOr(by.ID)
		if err := tx.SaveAPIKey(ctx, k); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"api_key.revoked", actorOr(by.ID), "", house, map[string]any{"key": k.ID, "name": k.Name}})
	})
}

// OpenKeys lists the keys, newest first, with the names of the people who made
// them and the wall time that their expiry is compared with.
func (a *App) OpenKeys(ctx context.Context, by Actor) (list []APIKey, users map[string]string, wall time.Time, err error) {
	return credentials(ctx, a, by, "keys", Tx.ListAPIKeys)
}

// credentials lists what opens doors for programs, with the names of people and
// the wall time. The command line, which has no person, passes the zero Actor.
func credentials[T any](ctx context.Context, a *App, by Actor, what string, read func(Tx, context.Context) ([]T, error)) (list []T, users map[string]string, wall time.Time, err error) {
	if by.ID != "" {
		if err := by.CanRead(what); err != nil {
			return nil, nil, wall, err
		}
	}
	err = a.store.View(ctx, func(tx Tx) error {
		wall = tx.Wall()
		if list, err = read(tx, ctx); err != nil {
			return err
		}
		users, err = names(ctx, tx)
		return err
	})
	return list, users, wall, err
}

// mayOrder refuses who may not act on what, unless nobody is acting: the command
// line passes the zero Actor, and whoever has the machine has everything.
func (a Actor) mayOrder(what string) error {
	if a.ID == "" {
		return nil
	}
	return a.may(what)
}

// KeyActor returns who a token lets act; fault.Unauthenticated (auth.key) for
// one that is not known, revoked or expired alike. It acts in those of its
// scopes that whoever made it could still give. The first use on a day leaves its
// mark.
func (a *App) KeyActor(ctx context.Context, token string) (Actor, error) {
	wrong := fault.New(fault.Unauthenticated, "auth.key")
	rest, ok := strings.CutPrefix(token, "hl_")
	if !ok || len(rest) < idLength+2 || rest[idLength] != '_' || !id.Valid("key", rest[:idLength]) {
		return Actor{}, wrong
	}
	keyID, secret := rest[:idLength], rest[idLength+1:]
	var k APIKey
	var wall time.Time
	err := a.store.View(ctx, func(tx Tx) (err error) {
		wall = tx.Wall()
		if k, err = tx.FindAPIKey(ctx, keyID); err != nil {
			return err
		}
		return cutScopes(ctx, tx, &k)
	})
	if fault.KindOf(err) == fault.NotFound {
		return Actor{}, wrong
	}
	if err != nil {
		return Actor{}, err
	}
	if subtle.ConstantTimeCompare([]byte(hashToken(secret)), []byte(k.SecretHash)) != 1 || !k.Works(wall) {
		return Actor{}, wrong
	}
	if today := wall.Truncate(24 * time.Hour); k.UsedOn.Before(today) {
		err = a.store.Tx(ctx, func(tx Tx) error {
			fresh, err := tx.FindAPIKey(ctx, keyID)
			if err != nil || !fresh.UsedOn.Before(today) {
				return err
			}
			fresh.UsedOn = today
			return tx.SaveAPIKey(ctx, fresh)
		})
	}
	return Actor{ID: k.ID, Name: k.Name, Scopes: k.Scopes}, err
}

// cutScopes leaves a key those scopes that whoever made it could still give it:
// none when they may not sign in any more. One that the command line made keeps
// all of them.
func cutScopes(ctx context.Context, tx Tx, k *APIKey) error {
	u, err := tx.FindUser(ctx, k.MadeBy)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	maker := Actor{ID: u.ID, Roles: u.Roles}
	k.Scopes = slices.DeleteFunc(k.Scopes, func(s string) bool { return !u.Active || !maker.MayGive(s) })
	return err
}

// oneHand reports whether the actor is one of the hands, really or as whom
// they are seen, or made the key that was.
func oneHand(ctx context.Context, tx Tx, by Actor, hands []string) (bool, error) {
	same := func(who string) bool { return who != "" && (who == by.ID || who == by.RealID) }
	for _, hand := range hands {
		if same(hand) {
			return true, nil
		}
		if !strings.HasPrefix(hand, "key_") {
			continue
		}
		k, err := tx.FindAPIKey(ctx, hand)
		if err != nil {
			return false, err
		}
		if same(k.MadeBy) {
			return true, nil
		}
	}
	return false, nil
}

// notOwnHand refuses to let somebody approve what they, or a key of theirs,
// prepared.
func notOwnHand(ctx context.Context, tx Tx, by Actor, p *offboarding.Plan, step string) error {
	if err := readActivator(ctx, tx, p); err != nil {
		return err
	}
	own, err := oneHand(ctx, tx, by, p.Hands(step))
	if err == nil && own {
		err = fault.New(fault.Forbidden, "approval.same_person")
	}
	return err
}
