package store

import (
	"context"
	"os"
)

// Health is what SQLite says of its own file. PostgreSQL refuses such rows, and
// checks its pages by its own means.
type Health struct {
	Orphans int64    // rows that refer to what is not there
	Damage  []string // what the file's own check says, the first few
	WAL     int64    // bytes of the write-ahead log
}

// Health looks at the file; it reads all of it.
func (s *Store) Health(ctx context.Context) (h Health, err error) {
	const op = "store.Health"
	if s.dialect.name != "sqlite" {
		return h, nil
	}
	if info, err := os.Stat(s.path + "-wal"); err == nil {
		h.WAL = info.Size()
	}
	rows, err := s.read.QueryContext(ctx, `SELECT COUNT(*) FROM pragma_foreign_key_check`)
	if err != nil {
		return h, s.translate(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&h.Orphans); err != nil {
			return h, s.translate(op, err)
		}
	}
	if err := rows.Err(); err != nil {
		return h, s.translate(op, err)
	}
	check, err := s.read.QueryContext(ctx, `PRAGMA quick_check(5)`)
	if err != nil {
		return h, s.translate(op, err)
	}
	defer check.Close()
	for check.Next() {
		var line string
		if err := check.Scan(&line); err != nil {
			return h, s.translate(op, err)
		}
		if line != "ok" {
			h.Damage = append(h.Damage, line)
		}
	}
	return h, s.translate(op, check.Err())
}
