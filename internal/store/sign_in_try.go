package store

import (
	"context"
	"time"

	"hastaluego/internal/fault"
)

var (
	dropOldTries = query(`DELETE FROM sign_in_try WHERE expires_at <= $1`)
	countTry     = query(`
		INSERT INTO sign_in_try (hash, failures, rests_until, expires_at) VALUES ($1, 1, 0, $2)
		ON CONFLICT (hash) DO UPDATE SET failures = sign_in_try.failures + 1
		RETURNING failures`)
	restTries   = query(`UPDATE sign_in_try SET failures = 0, rests_until = $1, expires_at = $1 WHERE hash = $2`)
	triesRest   = query(`SELECT rests_until FROM sign_in_try WHERE hash = $1`)
	forgetTries = query(`DELETE FROM sign_in_try WHERE hash = $1`)
)

func (t *tx) CountTry(ctx context.Context, hash string, now time.Time, within time.Duration) (n int, err error) {
	if _, err := t.exec(ctx, "store.CountTry", dropOldTries, micros(now)); err != nil {
		return 0, err
	}
	err = t.one(ctx, "store.CountTry", countTry, []any{hash, micros(now.Add(within))}, &n)
	return n, err
}

func (t *tx) RestTries(ctx context.Context, hash string, until time.Time) error {
	_, err := t.exec(ctx, "store.RestTries", restTries, micros(until), hash)
	return err
}

func (t *tx) TriesRest(ctx context.Context, hash string) (until time.Time, err error) {
	err = t.one(ctx, "store.TriesRest", triesRest, []any{hash}, instant{&until})
	if fault.KindOf(err) == fault.NotFound {
		return time.Time{}, nil
	}
	return until, err
}

func (t *tx) ForgetTries(ctx context.Context, hash string) error {
	_, err := t.exec(ctx, "store.ForgetTries", forgetTries, hash)
	return err
}
