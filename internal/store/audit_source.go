package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
)

var (
	sourceHead   = query(`SELECT size, root, at FROM audit_head WHERE name = 'log'`)
	sourceCounts = query(`
		SELECT (SELECT COUNT(*) FROM audit_entry), (SELECT COUNT(*) FROM audit_leaf), (SELECT COUNT(*) FROM audit_pending),
		       (SELECT COALESCE(MIN(e.stored_at), 0) FROM audit_pending p JOIN audit_entry e ON e.id = p.entry_id)`)
	sourceRows = query(`
		SELECT ` + entryColumns + `, l.idx, l.leaf_hash FROM audit_leaf l JOIN audit_entry e ON e.id = l.entry_id
		 WHERE l.idx >= $1 ORDER BY l.idx LIMIT $2`)
	sourceHashes      = query(`SELECT place, hash FROM audit_hash WHERE place >= $1 ORDER BY place LIMIT $2`)
	sourceCheckpoints = query(`SELECT text FROM checkpoint ORDER BY size`)
)

// mapped is how much of a SQLite file is looked at where it lies in memory
// while the log is read: copying its pages takes a third of the time.
const mapped = 1 << 31

// AuditSource is the log in one snapshot, for audit.Verify. It must be closed.
type AuditSource struct {
	t    *tx
	conn *sql.Conn
}

var _ audit.Source = (*AuditSource)(nil)

// AuditSource opens the log in one snapshot.
func (s *Store) AuditSource(ctx context.Context) (*AuditSource, error) {
	const op = "store.AuditSource"
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return nil, s.translate(op, err)
	}
	a := &AuditSource{&tx{s: s}, conn}
	if err := a.mapFile(ctx, mapped); err != nil {
		_ = conn.Close()
		return nil, s.translate(op, err)
	}
	if a.t.raw, err = conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: s.dialect.snapshot}); err != nil {
		_ = a.mapFile(ctx, 0)
		_ = conn.Close()
		return nil, s.translate(op, err)
	}
	return a, nil
}

func (a *AuditSource) mapFile(ctx context.Context, most int) error {
	if a.t.s.dialect.name != "sqlite" {
		return nil
	}
	_, err := a.conn.ExecContext(ctx, "PRAGMA mmap_size = "+strconv.Itoa(most))
	return err
}

// Close ends the snapshot.
func (a *AuditSource) Close() error {
	return errors.Join(a.t.raw.Rollback(), a.mapFile(context.Background(), 0), a.conn.Close())
}

// hash scans bytes that should be a hash; what is not 32 bytes long becomes a
// hash that fits nothing, so that verification finds it instead of stopping.
type hash struct{ h *tlog.Hash }

func (h hash) Scan(v any) error {
	b, _ := v.([]byte)
	*h.h = tlog.Hash{}
	if len(b) == len(h.h) {
		copy(h.h[:], b)
	}
	return nil
}

// Head returns the stored size and root.
func (a *AuditSource) Head(ctx context.Context) (h audit.Head, err error) {
	err = a.t.one(ctx, "audit.Head", sourceHead, nil, &h.Size, hash{&h.Root}, instant{&h.At})
	if err == nil && h.Size == 0 && h.At.IsZero() { // nothing was ever sequenced: there is no root to store yet
		h.Root, err = audit.Root(0, nil)
	}
	return h, err
}

// Tally counts what is stored.
func (a *AuditSource) Tally(ctx context.Context) (c audit.Tally, err error) {
	var oldest time.Time
	err = a.t.one(ctx, "audit.Tally", sourceCounts, nil, &c.Entries, &c.Leaves, &c.Pending, instant{&oldest})
	c.Oldest = oldest
	return c, err
}

// Rows returns entries by their index.
func (a *AuditSource) Rows(ctx context.Context, from int64, limit int) (page []audit.Row, err error) {
	err = a.t.each(ctx, "audit.Rows", sourceRows, []any{from, limit}, func(row scanner) error {
		var r audit.Row
		var c tlog.Hash
		e := &r.Entry
		err := row.Scan(&e.ID, &e.Type, instant{&e.At}, &e.Actor, &e.Case, &e.CaseN, &e.KeyID, hash{&c}, &r.Sealed, &r.Index, hash{&r.StoredLeafHash})
		e.Commitment = c
		page = append(page, r)
		return err
	})
	return page, err
}

// Hashes returns hashes of the tree by their place.
func (a *AuditSource) Hashes(ctx context.Context, from int64, limit int) (page []audit.StoredHash, err error) {
	err = a.t.each(ctx, "audit.Hashes", sourceHashes, []any{from, limit}, func(row scanner) error {
		var h audit.StoredHash
		err := row.Scan(&h.Place, hash{&h.Hash})
		page = append(page, h)
		return err
	})
	return page, err
}

// Checkpoints calls fn with every signed checkpoint, oldest first.
func (a *AuditSource) Checkpoints(ctx context.Context, fn func(text string) error) error {
	var texts []string
	err := a.t.each(ctx, "audit.Checkpoints", sourceCheckpoints, nil, func(row scanner) error {
		var s string
		err := row.Scan(&s)
		texts = append(texts, s)
		return err
	})
	for _, s := range texts {
		if err == nil {
			err = fn(s)
		}
	}
	if err != nil {
		return fault.Wrap("audit.Checkpoints", err)
	}
	return nil
}
