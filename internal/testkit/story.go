package testkit

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"hastaluego/internal/id"
	"hastaluego/internal/store"
)

// EachStory is EachMigrated for what tells of people more than of a database, and takes
// its time: it runs on one of both engines, which its name decides. The other is asked
// about every statement, with its arguments, whether it would take it so, where the
// test opens its database with the engine's Driver. HASTA_STORIES=full runs it on both.
func EachStory(t *testing.T, fn func(t *testing.T, e Engine)) {
	t.Helper()
	server := os.Getenv("HASTA_TEST_POSTGRES")
	if server == "" || os.Getenv("HASTA_STORIES") == "full" {
		EachMigrated(t, fn)
		return
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(t.Name()))
	here, there := "sqlite", "postgres"
	if sum.Sum32()%2 == 1 {
		here, there = there, here
	}
	t.Run(here, func(t *testing.T) {
		t.Parallel()
		e := Engine{Name: here}
		if here == "sqlite" {
			e.URL = migratedSQLite(t)
		} else {
			e.URL = migratedPostgres(t, server)
		}
		e.Driver = asking(t, here, there)
		fn(t, e)
	})
}

// asking registers a driver that is the engine's own, and asks the other engine about
// each statement once. What that would not take fails the test that said it first.
func asking(t testing.TB, here, there string) string {
	t.Helper()
	db, err := sql.Open(sqlDriver(here), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := id.New("asking")
	sql.Register(name, wrapped{db.Driver(), func(c conn) driver.Conn { return &askingConn{conn: c, t: t, there: there} }})
	return name
}

// asked are the statements of this process about which the other engine was asked.
var asked sync.Map

type askingConn struct {
	conn
	t     testing.TB
	there string
}

// CheckNamedValue asks the engine which values it takes.
func (c *askingConn) CheckNamedValue(v *driver.NamedValue) error { return checkValue(c.conn, v) }

func (c *askingConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	c.ask(q, args)
	return c.conn.ExecContext(ctx, q, args)
}

func (c *askingConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	c.ask(q, args)
	return c.conn.QueryContext(ctx, q, args)
}

// theirs are words of statements that one engine alone is asked.
var theirs = []string{"goose_", "CHECKPOINT", "pg_", "clock_timestamp", "PRAGMA", "sqlite_", "VACUUM", "wal_checkpoint", "SKIP LOCKED", "SET TRANSACTION", "ANALYZE", "CREATE ", "ALTER ", "DROP "}

func (c *askingConn) ask(q string, args []driver.NamedValue) {
	if _, before := asked.LoadOrStore(c.there+"\x00"+q, true); before {
		return
	}
	if slices.ContainsFunc(theirs, func(s string) bool { return strings.Contains(q, s) }) {
		return
	}
	// Not the test's own context: whoever is stopped in the middle proves nothing.
	if err := takes(context.Background(), c.t, c.there, q, args); err != nil {
		c.t.Errorf("%s would not take this statement: %v\n%s", c.there, err, q)
	}
}

// takes reports why an engine would not take a statement with these arguments.
func takes(ctx context.Context, t testing.TB, engine, q string, args []driver.NamedValue) error {
	db, err := others(t, engine)
	if err != nil {
		t.Fatalf("the other engine: %v", err)
	}
	if engine == "sqlite" {
		for _, locks := range []string{" FOR SHARE", " FOR NO KEY UPDATE"} {
			q = strings.TrimSuffix(q, locks)
		}
		values := make([]any, len(args))
		for i, a := range args {
			values[i] = a.Value
		}
		rows, err := db.QueryContext(ctx, "EXPLAIN "+q, values...)
		if err != nil {
			return err
		}
		defer rows.Close()
		return rows.Err()
	}
	c, err := db.Conn(ctx)
	if err != nil {
		t.Fatalf("the other engine: %v", err)
	}
	defer c.Close()
	return c.Raw(func(raw any) error {
		pg := raw.(*stdlib.Conn).Conn()
		d, err := pg.Prepare(ctx, "", q)
		if err != nil {
			return err
		}
		for i, a := range args {
			if i >= len(d.ParamOIDs) {
				return fmt.Errorf("%d arguments for %d places", len(args), len(d.ParamOIDs))
			}
			if _, err := pg.TypeMap().Encode(d.ParamOIDs[i], pgtype.TextFormatCode, a.Value, nil); err != nil {
				return fmt.Errorf("argument %d: %w", i+1, err)
			}
		}
		for _, f := range d.Fields {
			if !slices.Contains(scanned, f.DataTypeOID) {
				return fmt.Errorf("column %s has the type %d, which nothing of ours reads: cast it", f.Name, f.DataTypeOID)
			}
		}
		return nil
	})
}

// scanned are the types of columns that are read into values of Go: a sum of BIGINT, for
// one, is NUMERIC, and an integer takes none.
var scanned = []uint32{pgtype.BoolOID, pgtype.ByteaOID, pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.Float8OID, pgtype.TextOID, pgtype.VarcharOID}

var otherEngines = struct {
	sync.Mutex
	db map[string]*sql.DB
}{db: map[string]*sql.DB{}}

// others is an empty database of the engine with the newest schema, to which nothing is
// written: a file that goes with the process, or a database that stays on the server as
// the templates do.
func others(t testing.TB, engine string) (*sql.DB, error) {
	otherEngines.Lock()
	defer otherEngines.Unlock()
	if db := otherEngines.db[engine]; db != nil {
		return db, nil
	}
	db, err := openOther(t, engine)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	otherEngines.db[engine] = db
	return db, db.PingContext(context.Background())
}

func openOther(t testing.TB, engine string) (*sql.DB, error) {
	if engine == "postgres" {
		server := os.Getenv("HASTA_TEST_POSTGRES")
		sum, err := store.SchemaSum("postgres")
		if err != nil {
			return nil, err
		}
		name := "hasta_asked_" + sum
		if err := ensurePostgresTemplate(t, server, name); err != nil {
			return nil, err
		}
		return sql.Open("pgx", postgresURL(t, server, name))
	}
	content, err := sqliteTemplate()
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp("", "asked-*.db")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name()) // whoever has it open keeps it
	_, err = f.Write(content)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+f.Name()+"?immutable=1")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, db.PingContext(context.Background())
}
