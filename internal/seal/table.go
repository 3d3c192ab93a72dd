package seal

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // driver of keys.db

	"hastaluego/internal/fault"
)

// table is the small table of wrapped keys. Its SQL is one text for both
// engines; only the schema, the names of two types and the lock around the
// first CREATE differ.
type table struct {
	db     *sql.DB
	schema string // "hasta_keys." on PostgreSQL
	file   bool   // keys.db
}

// openFile opens keys.db; it is made first with its mode, which its WAL takes
// over.
func openFile(path string) (*sql.DB, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)",
		"secure_delete(1)", // a destroyed key is overwritten, not only unlinked
	}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	return db, nil
}

// createLock is the key of the advisory lock under which nodes that start at
// once make the schema: IF NOT EXISTS alone is no protection on PostgreSQL.
const createLock = 4_812_007_311

// create makes the tables. Nothing but the row's own identity may be told from
// it: no time, no name.
func (t *table) create(ctx context.Context) error {
	number, bytes, strict := "BIGINT", "BYTEA", ""
	if t.file {
		number, bytes, strict = "INTEGER", "BLOB", " STRICT"
	}
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(err)
	}
	defer func() { _ = tx.Rollback() }()
	var texts []string
	if !t.file {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, createLock); err != nil {
			return unavailable(err)
		}
		texts = append(texts, `CREATE SCHEMA IF NOT EXISTS hasta_keys`)
	}
	texts = append(texts,
		`CREATE TABLE IF NOT EXISTS `+t.schema+`master_proof (
			id    `+number+` NOT NULL PRIMARY KEY CHECK (id = 1),
			proof `+bytes+` NOT NULL)`+strict,
		`CREATE TABLE IF NOT EXISTS `+t.schema+`subject_key (
			id      TEXT NOT NULL PRIMARY KEY,
			subject TEXT NOT NULL,
			class   TEXT NOT NULL,
			wrapped `+bytes+`)`+strict,
		`CREATE UNIQUE INDEX IF NOT EXISTS subject_key_live ON `+t.schema+`subject_key (subject, class) WHERE wrapped IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS subject_key_gone ON `+t.schema+`subject_key (subject, class) WHERE wrapped IS NULL`,
	)
	for _, text := range texts {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return unavailable(err)
		}
	}
	return unavailable(tx.Commit())
}

// proof returns what shows which master key wrapped the keys, nil before the
// first start.
func (t *table) proof(ctx context.Context) ([]byte, error) {
	var proof []byte
	_, err := t.one(ctx, `SELECT proof FROM `+t.schema+`master_proof WHERE id = 1`, nil, &proof)
	return proof, err
}

// putProof stores the proof unless there is one, and returns the one that is
// stored.
func (t *table) putProof(ctx context.Context, proof []byte) ([]byte, error) {
	if _, err := t.db.ExecContext(ctx, `INSERT INTO `+t.schema+`master_proof (id, proof) VALUES (1, $1) ON CONFLICT (id) DO NOTHING`, proof); err != nil {
		return nil, unavailable(err)
	}
	return t.proof(ctx)
}

// live returns the key of a subject and class that is not destroyed.
func (t *table) live(ctx context.Context, subject, class string) (id string, found bool, err error) {
	found, err = t.one(ctx, `SELECT id FROM `+t.schema+`subject_key WHERE subject = $1 AND class = $2 AND wrapped IS NOT NULL`,
		[]any{subject, class}, &id)
	return id, found, err
}

// gone reports whether the key of a subject and class was destroyed.
func (t *table) gone(ctx context.Context, subject, class string) (bool, error) {
	var id string
	return t.one(ctx, `SELECT id FROM `+t.schema+`subject_key WHERE subject = $1 AND class = $2 AND wrapped IS NULL LIMIT 1`,
		[]any{subject, class}, &id)
}

// insertKey stores a key unless the subject and class have one.
func (t *table) insertKey() string {
	return `
		INSERT INTO ` + t.schema + `subject_key (id, subject, class, wrapped) VALUES ($1, $2, $3, $4)
		ON CONFLICT (subject, class) WHERE wrapped IS NOT NULL DO NOTHING`
}

// insert stores a key unless the subject and class have one; then it is false.
func (t *table) insert(ctx context.Context, id, subject, class string, wrapped []byte) (bool, error) {
	res, err := t.db.ExecContext(ctx, t.insertKey(), id, subject, class, wrapped)
	if err != nil {
		return false, unavailable(err)
	}
	n, err := res.RowsAffected()
	return n == 1, unavailable(err)
}

// insertAll is insert of many, all or none, and returns those that it stored.
func (t *table) insertAll(ctx context.Context, list []carried) (stored []carried, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, unavailable(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, c := range list {
		res, err := tx.ExecContext(ctx, t.insertKey(), c.ID, c.Subject, c.Class, c.Wrapped)
		if err != nil {
			return nil, unavailable(err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return nil, unavailable(err)
		} else if n == 1 {
			stored = append(stored, c)
		}
	}
	return stored, unavailable(tx.Commit())
}

// had returns those of the subjects that have a key of a class, or had one that
// is destroyed.
func (t *table) had(ctx context.Context, class string, subjects []string) (map[string]bool, error) {
	had := map[string]bool{}
	for part := range slices.Chunk(subjects, 100) {
		args, places := []any{class}, make([]string, len(part))
		for i, s := range part {
			args = append(args, s)
			places[i] = "$" + strconv.Itoa(i+2)
		}
		rows, err := t.db.QueryContext(ctx, `SELECT subject FROM `+t.schema+`subject_key WHERE class = $1 AND subject IN (`+strings.Join(places, ", ")+`)`, args...)
		if err != nil {
			return nil, unavailable(err)
		}
		if err := eachText(rows, func(s string) { had[s] = true }); err != nil {
			return nil, err
		}
	}
	return had, nil
}

// eachText reads and closes rows of one text.
func eachText(rows *sql.Rows, fn func(string)) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return unavailable(err)
		}
		fn(s)
	}
	return unavailable(rows.Err())
}

// wrapped returns a key as it is stored; nil when it was destroyed.
func (t *table) wrapped(ctx context.Context, id string) (wrapped []byte, found bool, err error) {
	found, err = t.one(ctx, `SELECT wrapped FROM `+t.schema+`subject_key WHERE id = $1`, []any{id}, &wrapped)
	return wrapped, found, err
}

// destroy forgets a key for ever and keeps its id.
func (t *table) destroy(ctx context.Context, id string) (found bool, err error) {
	r, err := t.db.ExecContext(ctx, `UPDATE `+t.schema+`subject_key SET wrapped = NULL WHERE id = $1`, id)
	if err != nil {
		return false, unavailable(err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return false, unavailable(err)
	}
	if t.file {
		// Until it is copied over, the WAL still holds the page with the key.
		if _, err := t.db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
			return n > 0, unavailable(err)
		}
	}
	return n > 0, nil
}

// every calls fn with every key, destroyed ones too, of one instant.
func (t *table) every(ctx context.Context, fn func(carried) error) error {
	rows, err := t.db.QueryContext(ctx, `SELECT id, subject, class, wrapped FROM `+t.schema+`subject_key`)
	if err != nil {
		return unavailable(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c carried
		if err := rows.Scan(&c.ID, &c.Subject, &c.Class, &c.Wrapped); err != nil {
			return unavailable(err)
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	return unavailable(rows.Err())
}

// subjects returns those who have a key of a class, or had one that is destroyed.
func (t *table) subjects(ctx context.Context, class string, live bool) (list []string, err error) {
	which := `NULL`
	if live {
		which = `NOT NULL`
	}
	rows, err := t.db.QueryContext(ctx, `SELECT DISTINCT subject FROM `+t.schema+`subject_key WHERE class = $1 AND wrapped IS `+which+` ORDER BY subject`, class)
	if err != nil {
		return nil, unavailable(err)
	}
	err = eachText(rows, func(s string) { list = append(list, s) })
	return list, err
}

// empty reports whether there is no key, not even a destroyed one.
func (t *table) empty(ctx context.Context) (bool, error) {
	var id string
	found, err := t.one(ctx, `SELECT id FROM `+t.schema+`subject_key LIMIT 1`, nil, &id)
	return !found, err
}

// fill stores the proof and the keys that fn puts, all or none, in a table that
// has no keys: fault.Conflict (seal.in_use).
func (t *table) fill(ctx context.Context, proof []byte, fn func(put func(carried) error) error) error {
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(err)
	}
	defer func() { _ = tx.Rollback() }()
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+t.schema+`subject_key`).Scan(&n); err != nil {
		return unavailable(err)
	}
	if n > 0 {
		return fault.New(fault.Conflict, "seal.in_use")
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO `+t.schema+`master_proof (id, proof) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET proof = excluded.proof`, proof); err != nil {
		return unavailable(err)
	}
	put, err := tx.PrepareContext(ctx, `INSERT INTO `+t.schema+`subject_key (id, subject, class, wrapped) VALUES ($1, $2, $3, $4)`)
	if err != nil {
		return unavailable(err)
	}
	defer func() { _ = put.Close() }()
	if err := fn(func(c carried) error {
		_, err := put.ExecContext(ctx, c.ID, c.Subject, c.Class, c.Wrapped)
		return unavailable(err)
	}); err != nil {
		return err
	}
	return unavailable(tx.Commit())
}

// one reads a single row into out; false when there is none.
func (t *table) one(ctx context.Context, text string, args []any, out any) (bool, error) {
	rows, err := t.db.QueryContext(ctx, text, args...)
	if err != nil {
		return false, unavailable(err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return false, unavailable(rows.Err())
	}
	if err := rows.Scan(out); err != nil {
		return false, unavailable(err)
	}
	return true, unavailable(rows.Close())
}

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Transient, "store.unavailable").At("seal.keys", err)
}
