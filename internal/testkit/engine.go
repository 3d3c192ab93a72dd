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
	Name string // sqlite or postgres
	URL  string
}

// Another returns a further fresh database of the same engine.
func (e Engine) Another(t testing.TB) Engine {
	t.Helper()
	if e.Name == "postgres" {
		return Engine{e.Name, FreshPostgres(t, os.Getenv("HASTA_TEST_POSTGRES"))}
	}
	return Engine{e.Name, filepath.Join(t.TempDir(), "hasta.db")}
}

// EachEngine runs fn on a fresh SQLite file and, where HASTA_TEST_POSTGRES
// names a server, on a fresh PostgreSQL database. With
// HASTA_REQUIRE_POSTGRES=1 a missing server fails the test: in CI no engine is
// left out quietly.
func EachEngine(t *testing.T, fn func(t *testing.T, e Engine)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, Engine{"sqlite", filepath.Join(t.TempDir(), "hasta.db")})
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
		fn(t, Engine{"postgres", FreshPostgres(t, server)})
	})
}

// FreshPostgres makes a database on the server and drops it when the test is
// over. It returns its URL.
func FreshPostgres(t testing.TB, server string) string {
	t.Helper()
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "t_" + strings.TrimPrefix(id.New("t"), "t_")
	ctx := context.Background()
	// Copying files takes a quarter of what logging every page does.
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8' STRATEGY FILE_COPY"); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(ctx, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Errorf("drop database: %v", err)
		}
		_ = db.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
