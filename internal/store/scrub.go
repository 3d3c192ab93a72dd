package store

import (
	"context"

	"hastaluego/internal/fault"
)

// Scrub takes what was deleted or overwritten out of the files of the database:
// until then an engine keeps it in free pages, dead rows and its write-ahead log.
// It needs the room of the database once more and holds up who writes; on
// PostgreSQL, tables one after the other, and rights that not every role has: then
// fault.Forbidden with code store.scrub_right, and what could be done was.
//
// On PostgreSQL old segments of the log are only gone with wal_recycle off, and
// archived ones when their own rule says.
func (s *Store) Scrub(ctx context.Context) error {
	const op = "store.Scrub"
	if s.path == "" {
		return s.scrubPostgres(ctx, op)
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
