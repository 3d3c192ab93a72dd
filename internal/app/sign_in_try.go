package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"

	"hastaluego/internal/fault"
)

// restRule says how many passwords may be wrong within a time, counted from the
// first of them, before whoever tries rests.
type restRule struct {
	most   int
	within time.Duration
}

// A login that nobody has rests like any other, or resting would tell which
// exist. A network, which may be an office, has more to try.
var (
	loginRest   = restRule{lockAfter, 24 * time.Hour}
	networkRest = restRule{60, 15 * time.Minute}
)

// TryTx counts wrong passwords by the keyed hash of what they were tried on, on
// the wall clock.
type TryTx interface {
	// CountTry counts one more and returns how many there were in the time that
	// the first of them began.
	CountTry(ctx context.Context, hash string, now time.Time, within time.Duration) (int, error)
	// RestTries lets nothing be tried until then, and counts from none.
	RestTries(ctx context.Context, hash string, until time.Time) error
	// TriesRest returns until when nothing may be tried; zero: it may.
	TriesRest(ctx context.Context, hash string) (time.Time, error)
	ForgetTries(ctx context.Context, hash string) error
}

// hashing are the turns for hashing a password: each takes 19 MiB and a core,
// and nobody who is not signed in may have more of the machine than that.
var hashing = make(chan struct{}, max(1, runtime.NumCPU()/2))

// samePassword compares when it is its turn, if nothing of what is tried rests
// by then: whoever waits with a thousand guesses has no more of them.
func (a *App) samePassword(ctx context.Context, typed, hash string, tried []string) (bool, error) {
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-hashing }()
	if err := a.rests(ctx, tried); err != nil {
		return false, err
	}
	ok, err := argon2id.ComparePasswordAndHash(typed, hash)
	return ok, fault.Wrap("app.samePassword", err)
}

// tried is the keyed hash of a login or a network: what strangers typed is kept
// nowhere.
func (a *App) tried(kind, what string) string {
	mac := hmac.New(sha256.New, a.keys.HMACKey("sign-in"))
	mac.Write([]byte(kind + " " + what))
	return hex.EncodeToString(mac.Sum(nil))
}

// rests refuses a login or a network that rests.
func (a *App) rests(ctx context.Context, hashes []string) error {
	return a.store.View(ctx, func(tx Tx) error {
		for _, h := range hashes {
			until, err := tx.TriesRest(ctx, h)
			if err != nil {
				return err
			}
			if wait := until.Sub(tx.Wall()); wait > 0 {
				return &fault.Error{Kind: fault.TooMany, Code: "auth.locked", RetryAfter: wait}
			}
		}
		return nil
	})
}

// countTry counts a wrong password and lets what had too many rest.
func countTry(ctx context.Context, tx Tx, hash string, rule restRule) error {
	n, err := tx.CountTry(ctx, hash, tx.Wall(), rule.within)
	if err != nil || n < rule.most {
		return err
	}
	return tx.RestTries(ctx, hash, tx.Wall().Add(lockFor))
}
