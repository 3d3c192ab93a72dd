package seal_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"hastaluego/internal/id"
	"hastaluego/internal/seal"
)

// engine is a place for subject keys. Open may be called several times and
// opens the same keys each time; DB looks at their table from outside.
type engine struct {
	Dir  string
	Open func(t *testing.T) *seal.Keys
	DB   *sql.DB
	// Table is the name of the table of subject keys.
	Table string
}

// eachEngine runs the test with keys.db and, where HASTA_TEST_POSTGRES is the
// URL of a server on which databases may be made, with PostgreSQL. Where
// HASTA_REQUIRE_POSTGRES is set it fails without one.
func eachEngine(t *testing.T, test func(t *testing.T, e engine)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dir := folder(t)
		e := engine{Dir: dir, Table: "subject_key", Open: func(t *testing.T) *seal.Keys { return opened(t, dir) }}
		e.Open(t)
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "keys.db")+"?_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		e.DB = db
		test(t, e)
	})
	server := os.Getenv("HASTA_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("HASTA_REQUIRE_POSTGRES") != "" {
			t.Error("HASTA_TEST_POSTGRES is not set")
		}
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dir, database := folder(t), newDatabase(t, server)
		e := engine{Dir: dir, Table: "hasta_keys.subject_key", DB: database(), Open: func(t *testing.T) *seal.Keys {
			t.Helper()
			k, err := seal.OpenKeysPostgres(t.Context(), dir, "test", database())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = k.Close() })
			return k
		}}
		e.Open(t)
		test(t, e)
	})
}

// newDatabase makes a database that goes with the test and returns what opens
// a pool on it.
func newDatabase(t *testing.T, server string) func() *sql.DB {
	t.Helper()
	config, err := pgx.ParseConfig(server)
	if err != nil {
		t.Fatal(err)
	}
	admin := stdlib.OpenDB(*config)
	name := strings.ToLower(id.New("seal"))
	if _, err := admin.ExecContext(t.Context(), `CREATE DATABASE `+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
		_ = admin.Close()
	})
	config = config.Copy()
	config.Database = name
	return func() *sql.DB {
		db := stdlib.OpenDB(*config)
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
}

func folder(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "keys")
}

func opened(t *testing.T, dir string) *seal.Keys {
	t.Helper()
	k, err := seal.OpenKeys(t.Context(), dir, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return k
}
