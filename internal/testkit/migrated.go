package testkit

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"hastaluego/internal/store"
)

// sqliteTemplate is a migrated SQLite file, made once per process.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "template")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "hasta.db")
	if err := migrate(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLite is a SQLite file that has the newest schema, for what is the same on every
// engine.
func SQLite(t testing.TB) Engine {
	t.Helper()
	return Engine{Name: "sqlite", URL: migratedSQLite(t)}
}

// AnotherMigrated returns a further database of the same engine that has the newest
// schema.
func (e Engine) AnotherMigrated(t testing.TB) Engine {
	t.Helper()
	if e.Name == "postgres" {
		return Engine{Name: e.Name, URL: migratedPostgres(t, os.Getenv("HASTA_TEST_POSTGRES"))}
	}
	return SQLite(t)
}

func migratedSQLite(t testing.TB) string {
	t.Helper()
	content, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("migrate a template: %v", err)
	}
	path := freshSQLite(t)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// migratedPostgres copies a template that stays on the server: one for each
// schema, made by the first test of the first process that asks for it.
func migratedPostgres(t testing.TB, server string) string {
	t.Helper()
	sum, err := store.SchemaSum("postgres")
	if err != nil {
		t.Fatal(err)
	}
	template := "hasta_template_" + sum
	if err := ensurePostgresTemplate(t, server, template); err != nil {
		t.Fatalf("migrate a template: %v", err)
	}
	return postgresFrom(t, server, template)
}

var postgresTemplate sync.Mutex

func ensurePostgresTemplate(t testing.TB, server, template string) error {
	t.Helper()
	postgresTemplate.Lock()
	defer postgresTemplate.Unlock()
	ctx := context.Background()
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)        // the lock and what it guards are one session's
	const templates = 0x68617374 // any number that nothing else locks
	if _, err := db.ExecContext(ctx, "SELECT pg_advisory_lock($1)", templates); err != nil {
		return err
	}
	var there int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM pg_database WHERE datname = $1", template).Scan(&there); err != nil || there > 0 {
		return err
	}
	// Under its name only when it is whole.
	unfinished := template + "_unfinished"
	if _, err := db.ExecContext(ctx, "DROP DATABASE IF EXISTS "+unfinished+" WITH (FORCE)"); err != nil {
		return err
	}
	if err := createPostgres(db, unfinished, "template0"); err != nil {
		return err
	}
	if err := migrate(postgresURL(t, server, unfinished)); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "ALTER DATABASE "+unfinished+" RENAME TO "+template)
	return err
}

func migrate(database string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{URL: database})
	if err != nil {
		return err
	}
	if err := s.Migrate(ctx); err != nil {
		_ = s.Close()
		return err
	}
	return s.Close()
}
