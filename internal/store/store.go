// Package store keeps everything in SQLite or PostgreSQL, with one SQL text
// for both. It finds, saves and appends; it holds no rule of a departure,
// renders nothing and calls nobody.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver
	_ "modernc.org/sqlite"             // the SQLite driver

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// Config says which database.
type Config struct {
	URL    string     // path of a SQLite file, or postgres://…
	Clock  when.Clock // nil: the machine's; with PostgreSQL, the server's
	Driver string     // of database/sql; empty: the engine's own
	// Hasty lets a crash of the machine damage a SQLite file: for data that can
	// be made again.
	Hasty bool
}

// Store is an open database. It implements app.Store.
type Store struct {
	write   *sql.DB // SQLite: one connection, a fair queue for writers
	read    *sql.DB // SQLite: its own pool, never waits for writers
	dialect dialect
	clock   when.Clock // nil: ask PostgreSQL
	path    string     // of the SQLite file
	turns   *turns     // SQLite: writers share transactions
}

var _ app.Store = (*Store)(nil)

// Open opens the database; Migrate brings it to the newest schema.
func Open(ctx context.Context, c Config) (*Store, error) {
	if strings.HasPrefix(c.URL, "postgres://") || strings.HasPrefix(c.URL, "postgresql://") {
		db, err := sql.Open(cmp.Or(c.Driver, "pgx"), c.URL)
		if err != nil {
			return nil, fault.New(fault.Invalid, "store.url").At("store.Open", err)
		}
		db.SetMaxOpenConns(12)
		db.SetMaxIdleConns(12)
		s := &Store{write: db, read: db, dialect: postgresEngine, clock: c.Clock}
		if err := db.PingContext(ctx); err != nil {
			_ = db.Close()
			return nil, fault.New(fault.Transient, "store.unavailable").At("store.Open", err)
		}
		return s, nil
	}
	if c.Clock == nil {
		c.Clock = when.Machine{}
	}
	file := "file:" + (&url.URL{Path: c.URL}).EscapedPath()
	open := openSQLite
	if c.Driver != "" {
		open = func(dsn string) (*sql.DB, error) { return sql.Open(c.Driver, dsn) }
	}
	if err := private(c.URL); err != nil {
		return nil, err
	}
	w, err := open(file + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(" + synchronous(c.Hasty) + ")&_pragma=temp_store(MEMORY)&_pragma=foreign_keys(1)&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return nil, fault.Wrap("store.Open", err)
	}
	w.SetMaxOpenConns(1)
	w.SetMaxIdleConns(1)
	if err := firstLook(ctx, w); err != nil {
		_ = w.Close()
		return nil, fault.New(fault.Transient, "store.unavailable").At("store.Open "+c.URL, err)
	}
	r, err := open(file + "?_pragma=busy_timeout(10000)&_pragma=query_only(1)&_pragma=cache_size(-65536)")
	if err != nil {
		_ = w.Close()
		return nil, fault.Wrap("store.Open", err)
	}
	r.SetMaxOpenConns(4)
	r.SetMaxIdleConns(4)
	return &Store{write: w, read: r, dialect: sqliteEngine, clock: c.Clock, path: c.URL, turns: newTurns()}, nil
}

// private makes a new file its owner's alone; its write-ahead log takes that
// over. One that is there keeps what its owner chose.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return fault.New(fault.Transient, "store.unavailable").At("store.Open "+path, err)
	}
	return f.Close()
}

// firstLook opens the file. Switching a new file to the write-ahead log does
// not wait for others that do the same, whatever busy_timeout says.
func firstLook(ctx context.Context, db *sql.DB) (err error) {
	for range 100 {
		if err = db.PingContext(ctx); err == nil || !sqliteEngine.lost(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return err
}

func synchronous(hasty bool) string {
	if hasty {
		return "OFF"
	}
	return "FULL"
}

// Close closes the database.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	return err
}

// tries of a transaction that lost against another.
const tries = 4

// Tx runs fn in one transaction, again when the database says that it lost
// against another.
func (s *Store) Tx(ctx context.Context, fn func(app.Tx) error) error {
	for try := 1; ; try++ {
		err := s.writing(ctx, fn)
		if errors.Is(err, errAgain) { // not this one's fault
			try--
			continue
		}
		if err == nil || try == tries || !s.dialect.lost(err) {
			return err
		}
	}
}

func (s *Store) writing(ctx context.Context, fn func(app.Tx) error) error {
	if s.turns != nil {
		return s.grouped(ctx, fn)
	}
	return s.once(ctx, s.write, nil, fn)
}

// View runs fn in one transaction that only reads.
func (s *Store) View(ctx context.Context, fn func(app.Tx) error) error {
	return s.once(ctx, s.read, &sql.TxOptions{ReadOnly: true}, fn)
}

func (s *Store) once(ctx context.Context, db *sql.DB, o *sql.TxOptions, fn func(app.Tx) error) (err error) {
	raw, err := db.BeginTx(ctx, o)
	if err != nil {
		return s.translate("store.Begin", err)
	}
	defer func() { _ = raw.Rollback() }() // after a commit it does nothing
	t := &tx{raw: raw, s: s}
	if t.now, t.wall, err = s.now(ctx, raw); err != nil {
		return err
	}
	if err := fn(t); err != nil {
		return err
	}
	if err := t.finish(ctx); err != nil {
		return err
	}
	return s.translate("store.Commit", raw.Commit())
}

// SQLite has one writer, and who waits for it asks again every few tens of
// milliseconds at best: many transactions in a row hold it for a moment only,
// and then leave it alone for long enough that others get their turn.
const (
	hold  = 15 * time.Millisecond
	pause = 20 * time.Millisecond
)

// Pace is how long one transaction of many may hold the database and how long
// to leave it alone afterwards.
func (s *Store) Pace() (time.Duration, time.Duration) {
	if s.dialect.name == "postgres" {
		return 0, 0
	}
	return hold, pause
}

// Analyze has PostgreSQL gather its statistics, and so plan anew: a statement
// that was prepared while a table was small goes on to read all of it. SQLite
// takes an index whenever there is one.
func (s *Store) Analyze(ctx context.Context) error {
	if s.dialect.name != "postgres" {
		return nil
	}
	_, err := s.write.ExecContext(ctx, `ANALYZE`)
	return s.translate("store.Analyze", err)
}

// Now returns business and wall time, the same for all nodes.
func (s *Store) Now(ctx context.Context) (business, wall time.Time, err error) {
	return s.now(ctx, s.read)
}

type queryer interface {
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}

var readOffset = query(`SELECT value FROM setting WHERE key = $1`)

func (s *Store) now(ctx context.Context, q queryer) (business, wall time.Time, err error) {
	var offset string
	if s.clock == nil {
		var us int64
		err = q.QueryRowContext(ctx, serverClock, app.OffsetSetting).Scan(&us, &offset)
		wall, business = when.FromMicros(us), when.FromMicros(us)
	} else {
		wall = s.clock.Wall()
		// One look at one clock: the two differ by what was pushed, and by nothing else.
		if m, plain := s.clock.(when.Machine); plain && m.Offset == nil {
			business = wall
		} else {
			business = s.clock.Now()
		}
		err = q.QueryRowContext(ctx, readOffset, app.OffsetSetting).Scan(&offset)
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err != nil || offset == "" {
		return business, wall, s.translate("store.Now", err)
	}
	us, err := strconv.ParseInt(offset, 10, 64)
	if err != nil {
		return business, wall, fault.Wrap("store.Now", fmt.Errorf("setting %s: %w", app.OffsetSetting, err))
	}
	return business.Add(time.Duration(us) * time.Microsecond), wall, nil
}

// tx is one transaction.
type tx struct {
	raw       *sql.Tx
	s         *Store
	now, wall time.Time
	shared    bool                                    // others' parts are in it too
	log       []appended                              // entries to be stored at its end
	stored    map[offboarding.StepID]offboarding.Step // steps as they are in the database
	webhooks  []app.Webhook                           // active ones; nil: not read yet
	users     []app.User                              // likewise
	people    []app.ToldPerson                        // likewise
	channels  []app.ToldChannel                       // likewise
	load      map[string]int                          // likewise; whoever gives something away counts on
	touched   map[app.Tile]bool                       // whose figures may have moved
	told      map[offboarding.CaseID]told             // cases as they are in the database
	known     known
	made      map[offboarding.CaseID]made
}

// own is the context of a statement. In a shared transaction a statement is
// not interrupted: that would take down the parts of others.
func (t *tx) own(ctx context.Context) context.Context {
	if t.shared {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (t *tx) Now() time.Time  { return t.now }
func (t *tx) Wall() time.Time { return t.wall }

func (t *tx) exec(ctx context.Context, op, q string, args ...any) (int64, error) {
	t.forget(q)
	res, err := t.raw.ExecContext(t.own(ctx), q, args...)
	if err != nil {
		return 0, t.s.translate(op, err)
	}
	n, err := res.RowsAffected()
	return n, t.s.translate(op, err)
}

// must runs a statement that has to touch exactly one row of a record with a
// version; none means that somebody was faster.
func (t *tx) must(ctx context.Context, op, q string, args ...any) error {
	n, err := t.exec(ctx, op, q, args...)
	if err == nil && n != 1 {
		return fault.New(fault.Conflict, "case.changed_meanwhile").At(op, nil)
	}
	return err
}

// one scans the only row of a query; no row is fault.NotFound.
func (t *tx) one(ctx context.Context, op, q string, args []any, into ...any) error {
	return t.s.translate(op, t.row(ctx, q, args...).Scan(into...))
}

func (t *tx) row(ctx context.Context, q string, args ...any) *sql.Row {
	t.forget(q)
	return t.raw.QueryRowContext(t.own(ctx), q, args...)
}

// each scans every row of a query with scan.
func (t *tx) each(ctx context.Context, op, q string, args []any, scan func(scanner) error) error {
	t.forget(q)
	rows, err := t.raw.QueryContext(t.own(ctx), q, args...)
	if err != nil {
		return t.s.translate(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return t.s.translate(op, err)
		}
	}
	return t.s.translate(op, rows.Err())
}

type scanner interface{ Scan(into ...any) error }

// queries is every SQL text, so that a test can prepare each on both engines.
var queries []string

func query(q string) string {
	queries = append(queries, q)
	return q
}

// Queries returns every SQL text that both engines must take.
func Queries() []string { return queries }

func micros(t time.Time) int64 { return when.Micros(t) }

// instant scans microseconds into an instant.
type instant struct{ t *time.Time }

func (i instant) Scan(v any) error {
	us, ok := v.(int64)
	if !ok {
		return fmt.Errorf("an instant is stored as %T", v)
	}
	*i.t = when.FromMicros(us)
	return nil
}

// date scans text into a civil date.
type date struct{ d *when.Date }

func (d date) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a date is stored as %T", v)
	}
	if s == "" {
		*d.d = when.Date{}
		return nil
	}
	var err error
	*d.d, err = when.ParseDate(s)
	return err
}

// pack writes a value that is read as one whole: nothing where it is the zero
// value.
func pack[T comparable](v T) string {
	var zero T
	if v == zero {
		return ""
	}
	raw, _ := json.Marshal(v) // texts, numbers and dates always can be written
	return string(raw)
}

// packed scans what pack wrote.
type packed[T comparable] struct{ v *T }

func (p packed[T]) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a packed value is stored as %T", v)
	}
	var out T
	if s != "" {
		if err := json.Unmarshal([]byte(s), &out); err != nil {
			return err
		}
	}
	*p.v = out
	return nil
}

// flag scans 0 or 1 into a bool.
type flag struct{ b *bool }

func (f flag) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a flag is stored as %T", v)
	}
	*f.b = n != 0
	return nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
