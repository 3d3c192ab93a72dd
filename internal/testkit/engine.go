package testkit

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver

	"hastaluego/internal/id"
)

// Engine is a fresh, empty database of one engine. URL opens it with
// store.Open, from any process.
type Engine struct {
	Name   string // sqlite or postgres
	URL    string
	Driver string // to open it with (store.Config); empty: the engine's own
}

// Another returns a further fresh database of the same engine.
func (e Engine) Another(t testing.TB) Engine {
	t.Helper()
	if e.Name == "postgres" {
		return Engine{Name: e.Name, URL: FreshPostgres(t, os.Getenv("HASTA_TEST_POSTGRES"))}
	}
	return Engine{Name: e.Name, URL: freshSQLite(t)}
}

// EachEngine runs fn on a fresh SQLite file and, where HASTA_TEST_POSTGRES
// names a server, on a fresh PostgreSQL database. With
// HASTA_REQUIRE_POSTGRES=1 a missing server fails the test: in CI no engine is
// left out quietly.
func EachEngine(t *testing.T, fn func(t *testing.T, e Engine)) {
	t.Helper()
	eachEngine(t, freshSQLite, FreshPostgres, fn)
}

func freshSQLite(t testing.TB) string { return filepath.Join(t.TempDir(), "hasta.db") }

// eachEngine runs fn on what the two make.
func eachEngine(t *testing.T, sqlite func(testing.TB) string, postgres func(t testing.TB, server string) string, fn func(t *testing.T, e Engine)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, Engine{Name: "sqlite", URL: sqlite(t)})
	})
	server := os.Getenv("HASTA_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("HASTA_REQUIRE_POSTGRES") == "1" {
			t.Error("HASTA_REQUIRE_POSTGRES is set and HASTA_TEST_POSTGRES is not")
		}
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, Engine{Name: "postgres", URL: postgres(t, server)})
	})
}

// EachMigrated is EachEngine on databases that have the newest schema already:
// copies of one that was migrated once.
func EachMigrated(t *testing.T, fn func(t *testing.T, e Engine)) {
	t.Helper()
	eachEngine(t, migratedSQLite, migratedPostgres, fn)
}

// FreshPostgres makes a database on the server and drops it when the test is
// over. It returns its URL.
func FreshPostgres(t testing.TB, server string) string {
	t.Helper()
	return postgresFrom(t, server, "template0")
}

func postgresFrom(t testing.TB, server, template string) string {
	t.Helper()
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "t_" + strings.TrimPrefix(id.New("t"), "t_")
	if err := createPostgres(db, name, template); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Errorf("drop database: %v", err)
		}
		_ = db.Close()
	})
	return postgresURL(t, server, name)
}

func createPostgres(db *sql.DB, name, template string) error {
	// Copying files takes a quarter of what logging every page does.
	_, err := db.ExecContext(context.Background(), "CREATE DATABASE "+name+" TEMPLATE "+template+" ENCODING 'UTF8' STRATEGY FILE_COPY")
	return err
}

func postgresURL(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
