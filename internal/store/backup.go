package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/app"
	"hastaluego/internal/backup"
	"hastaluego/internal/fault"
)

// catalog is how an engine tells what tables it has: their names, the columns
// of one in order, and which refers to which (child, parent).
type catalog struct{ tables, columns, refers, begin string }

var (
	catalogSQLite = catalog{
		tables:  `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version' ORDER BY name`,
		columns: `SELECT name FROM pragma_table_info($1) ORDER BY cid`,
		refers: `SELECT DISTINCT m.name, f."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) f
			WHERE m.type = 'table' AND f."table" <> m.name`,
		begin: `BEGIN IMMEDIATE`,
	}
	catalogPostgres = catalog{
		tables: `SELECT table_name FROM information_schema.tables
			WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> 'goose_db_version' ORDER BY table_name`,
		columns: `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`,
		refers: `SELECT DISTINCT c.relname, p.relname FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid
			WHERE f.contype = 'f' AND c.relnamespace = current_schema()::regnamespace AND c.oid <> p.oid`,
		begin: `BEGIN`,
	}
)

func (s *Store) catalog() catalog {
	if s.dialect.name == "postgres" {
		return catalogPostgres
	}
	return catalogSQLite
}

// fleeting are tables whose rows are worth nothing once time has passed: nobody
// stays signed in, and nobody holds a lease, through a backup.
var fleeting = []string{"lease", "session"}

// Backup writes every row of one instant into w, and says in its manifest which
// instant of the log it is. Those who write meanwhile wait for nothing.
func (s *Store) Backup(ctx context.Context, w *backup.Writer) error {
	const op = "store.Backup"
	raw, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: s.dialect.snapshot})
	if err != nil {
		return s.translate(op, err)
	}
	defer func() { _ = raw.Rollback() }()
	t := &tx{raw: raw, s: s}
	m := &w.Manifest
	m.Engine = s.dialect.name
	if err := t.one(ctx, op, newestSchema, nil, &m.Schema); err != nil {
		return err
	}
	var root tlog.Hash
	var at time.Time
	err = t.one(ctx, op, sourceHead, nil, &m.Tree.Size, hash{&root}, instant{&at})
	if err != nil {
		return err
	}
	m.Tree.Root = hex.EncodeToString(root[:])
	var of int64
	if err := t.one(ctx, op, newestCheckpoint, nil, &of, &m.Tree.Checkpoint); err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	tables, err := t.texts(ctx, op, s.catalog().tables)
	if err != nil {
		return err
	}
	for _, name := range tables {
		if slices.Contains(fleeting, name) {
			continue
		}
		if err := t.backupTable(ctx, w, name); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) texts(ctx context.Context, op, q string, args ...any) (list []string, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		var s string
		err := row.Scan(&s)
		list = append(list, s)
		return err
	})
	return list, err
}

func (t *tx) backupTable(ctx context.Context, w *backup.Writer, name string) error {
	op := "store.Backup " + name
	columns, err := t.texts(ctx, op, t.s.catalog().columns, name)
	if err != nil {
		return err
	}
	to, err := w.Table(name, columns)
	if err != nil {
		return err
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	return t.each(ctx, op, `SELECT `+quoted(columns)+` FROM `+quoted([]string{name}), nil, func(row scanner) error {
		if err := row.Scan(into...); err != nil {
			return err
		}
		return to.Row(values)
	})
}

// quoted lists names of the catalog. They come from this program's own schema.
func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = `"` + strings.ReplaceAll(n, `"`, `""`) + `"`
	}
	return strings.Join(out, ", ")
}

// Unused reports whether nothing was ever done with the database: it has no
// tables, or no entry of the log, customer or person who may sign in.
func (s *Store) Unused(ctx context.Context) (bool, error) {
	const op = "store.Unused"
	raw, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return false, s.translate(op, err)
	}
	defer func() { _ = raw.Rollback() }()
	t := &tx{raw: raw, s: s}
	tables, err := t.texts(ctx, op, s.catalog().tables)
	if err != nil {
		return false, err
	}
	for _, name := range []string{"audit_entry", "customer", "request", "staff_user"} {
		if !slices.Contains(tables, name) {
			continue
		}
		var n int
		if err := t.one(ctx, op, `SELECT COUNT(*) FROM (SELECT 1 FROM `+name+` LIMIT 1) AS t`, nil, &n); err != nil || n > 0 {
			return false, err
		}
	}
	return true, nil
}

// Restore puts a backup into an unused database, in one transaction, with
// everything held back, and brings it to the newest schema. Errors: fault.Conflict (restore.in_use);
// fault.Invalid (restore.newer) for a backup of a newer program, and
// (restore.foreign) for one that has other tables than its schema.
func (s *Store) Restore(ctx context.Context, r *backup.Reader) error {
	const op = "store.Restore"
	unused, err := s.Unused(ctx)
	if err != nil {
		return err
	}
	if !unused {
		return fault.New(fault.Conflict, "restore.in_use")
	}
	if newest, err := s.migrateTo(ctx, r.Manifest.Schema); err != nil {
		return err
	} else if newest < r.Manifest.Schema {
		return fault.New(fault.Invalid, "restore.newer", "program", r.Manifest.Program)
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return s.translate(op, err)
	}
	defer conn.Close()
	if err := s.load(ctx, conn, r); err != nil {
		return s.translate(op, err)
	}
	if err := conn.Close(); err != nil { // SQLite has only this one
		return s.translate(op, err)
	}
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	return s.Analyze(ctx)
}

var holdRestored = query(`INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`)

func (s *Store) load(ctx context.Context, conn *sql.Conn, r *backup.Reader) (err error) {
	if _, err := conn.ExecContext(ctx, s.catalog().begin); err != nil {
		return err
	}
	defer func() {
		if err != nil { // the context may be over
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
		}
	}()
	order, err := s.parentsFirst(ctx, conn)
	if err != nil {
		return err
	}
	for _, t := range r.Manifest.Tables {
		if !slices.Contains(order, t.Name) {
			return fault.New(fault.Invalid, "restore.foreign", "table", t.Name)
		}
	}
	for _, name := range slices.Backward(order) { // what the migrations put there
		if _, err := conn.ExecContext(ctx, `DELETE FROM `+quoted([]string{name})); err != nil {
			return err
		}
	}
	for _, name := range order {
		i := slices.IndexFunc(r.Manifest.Tables, func(t backup.Table) bool { return t.Name == name })
		if i < 0 {
			if slices.Contains(fleeting, name) {
				continue
			}
			return fault.New(fault.Invalid, "restore.foreign", "table", name)
		}
		if err := s.loadTable(ctx, conn, r, r.Manifest.Tables[i]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	// A server that runs on this database already must not begin anything: what
	// was done after the backup would be done again.
	if _, err := conn.ExecContext(ctx, holdRestored, app.HoldSetting, string(app.HoldAll)); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, `COMMIT`)
	return err
}

// parentsFirst orders the tables so that none comes before what it refers to.
func (s *Store) parentsFirst(ctx context.Context, conn *sql.Conn) (order []string, err error) {
	pairs := func(q string, n int, add func(a, b string)) error {
		rows, err := conn.QueryContext(ctx, q)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v [2]string
			if err := rows.Scan([]any{&v[0], &v[1]}[:n]...); err != nil {
				return err
			}
			add(v[0], v[1])
		}
		return rows.Err()
	}
	var all []string
	parents := map[string][]string{}
	if err := errors.Join(
		pairs(s.catalog().tables, 1, func(name, _ string) { all = append(all, name) }),
		pairs(s.catalog().refers, 2, func(child, parent string) { parents[child] = append(parents[child], parent) }),
	); err != nil {
		return nil, err
	}
	for len(order) < len(all) {
		before := len(order)
		for _, name := range all {
			if !slices.Contains(order, name) && !slices.ContainsFunc(parents[name], func(p string) bool { return !slices.Contains(order, p) }) {
				order = append(order, name)
			}
		}
		if len(order) == before {
			return nil, errors.New("tables refer to each other in a circle")
		}
	}
	return order, nil
}

func (s *Store) loadTable(ctx context.Context, conn *sql.Conn, r *backup.Reader, t backup.Table) error {
	var n int64
	next, done, err := r.Rows(t)
	if err != nil {
		return err
	}
	defer done()
	row := func() ([]any, error) {
		values, err := next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err == nil && len(values) != len(t.Columns) {
			err = fmt.Errorf("a row has %d values for %d columns", len(values), len(t.Columns))
		}
		return values, err
	}
	if s.dialect.name == "postgres" {
		err = conn.Raw(func(driver any) error {
			_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.Name}, t.Columns, pgx.CopyFromFunc(row))
			return err
		})
	} else {
		err = insertRows(ctx, conn, t, row)
	}
	if err != nil {
		return err
	}
	// What the database says that it has now, not what we think we gave it.
	if err := conn.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+quoted([]string{t.Name})).Scan(&n); err != nil {
		return err
	}
	if n != t.Rows {
		return fmt.Errorf("%d rows instead of %d", n, t.Rows)
	}
	return nil
}

func insertRows(ctx context.Context, conn *sql.Conn, t backup.Table, row func() ([]any, error)) error {
	places := make([]string, len(t.Columns))
	for i := range places {
		places[i] = fmt.Sprint("$", i+1)
	}
	put, err := conn.PrepareContext(ctx, `INSERT INTO `+quoted([]string{t.Name})+` (`+quoted(t.Columns)+`) VALUES (`+strings.Join(places, ", ")+`)`)
	if err != nil {
		return err
	}
	defer put.Close()
	for {
		values, err := row()
		if err != nil || values == nil {
			return err
		}
		if _, err := put.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
}
