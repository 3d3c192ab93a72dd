package store

import (
	"context"
	"time"

	"hastaluego/internal/fault"
)

// Scrub takes what was deleted or overwritten out of the files of the database:
// until then an engine keeps it in free pages, dead rows, what its planner knows and
// its write-ahead log.
// It needs the room of the database once more and holds up who writes; on
// PostgreSQL, tables one after the other, and rights that not every role has: then
// fault.Forbidden with code store.scrub_right, and what could be done was.
//
// On PostgreSQL old segments of the log are only gone with wal_recycle off, and
// archived ones when their own rule says; and what a transaction may still see is
// waited for: fault.Transient where one goes on for too long.
func (s *Store) Scrub(ctx context.Context) error {
	const op = "store.Scrub"
	if s.path == "" {
		return s.scrubPostgres(ctx, op)
	}
	var sampled bool // whoever ran ANALYZE has samples of what stood in the indexes
	if err := s.write.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat4')`).Scan(&sampled); err != nil {
		return s.translate(op, err)
	}
	if sampled {
		if _, err := s.write.ExecContext(ctx, `DELETE FROM sqlite_stat4`); err != nil {
			return s.translate(op, err)
		}
	}
	if _, err := s.write.ExecContext(ctx, `VACUUM`); err != nil {
		return s.translate(op, err)
	}
	var busy, pages, moved int
	if err := s.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved); err != nil {
		return s.translate(op, err)
	}
	if busy != 0 { // somebody reads what the log still has
		return fault.New(fault.Transient, "store.unavailable").At(op, nil)
	}
	return nil
}

func (s *Store) scrubPostgres(ctx context.Context, op string) error {
	var may bool
	if err := s.write.QueryRowContext(ctx, `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`).Scan(&may); err != nil {
		return s.translate(op, err)
	}
	if may {
		// What the planner knows of columns are values that stand in them, and it forgets
		// none of those of a table that has become empty.
		if _, err := s.write.ExecContext(ctx, `DELETE FROM pg_statistic`); err != nil {
			return s.translate(op, err)
		}
	}
	if err := s.seen(ctx, op); err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, `VACUUM (FULL, ANALYZE)`); err != nil {
		return s.translate(op, err)
	}
	if !may { // the log belongs to the server
		return fault.New(fault.Forbidden, "store.scrub_right").At(op, nil)
	}
	for _, q := range []string{`CHECKPOINT`, `SELECT pg_switch_wal()`, `CHECKPOINT`} {
		if _, err := s.write.ExecContext(ctx, q); err != nil {
			return s.translate(op, err)
		}
	}
	return nil
}

// seenFor is how often it is looked whether old transactions are over, and seenEvery
// how long lies in between.
const (
	seenFor   = 300
	seenEvery = 100 * time.Millisecond
)

// seen waits until no transaction of the server may still see what was deleted
// before: until then rewriting a table keeps it. One of another database counts while
// it writes.
func (s *Store) seen(ctx context.Context, op string) error {
	var last int64
	if err := s.write.QueryRowContext(ctx, `SELECT pg_current_xact_id()::text::bigint`).Scan(&last); err != nil {
		return s.translate(op, err)
	}
	for range seenFor {
		var over bool
		if err := s.write.QueryRowContext(ctx, `
			SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > $1 AND NOT EXISTS (
				SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND age(backend_xmin) > age(($1 % 4294967296)::text::xid))`, last).Scan(&over); err != nil {
			return s.translate(op, err)
		}
		if over {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(seenEvery):
		}
	}
	return fault.New(fault.Transient, "store.unavailable").At(op, nil)
}
