package store

import (
	"context"
	"embed"
	"io/fs"
	"os"
	"syscall"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"hastaluego/internal/fault"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the database to the newest schema. Any number of processes
// may do it at once: one does, the others wait and find nothing to do.
func (s *Store) Migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations, "migrations/"+s.dialect.name)
	if err != nil {
		return fault.Wrap("store.Migrate", err)
	}
	if s.dialect.name == "postgres" {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fault.Wrap("store.Migrate", err)
		}
		p, err := goose.NewProvider(goose.DialectPostgres, s.write, dir, goose.WithSessionLocker(locker))
		if err != nil {
			return fault.Wrap("store.Migrate", err)
		}
		_, err = p.Up(ctx)
		return s.translate("store.Migrate", err)
	}
	// goose has no lock on SQLite.
	f, err := os.OpenFile(s.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fault.Wrap("store.Migrate", err)
	}
	defer f.Close() // and so unlocks
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return fault.Wrap("store.Migrate", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.write, dir)
	if err != nil {
		return fault.Wrap("store.Migrate", err)
	}
	_, err = p.Up(ctx)
	return s.translate("store.Migrate", err)
}
