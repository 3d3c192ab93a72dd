package store

import (
	"context"
	"embed"
	"io/fs"
	"os"
	"syscall"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
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
		if _, err = p.Up(ctx); err != nil {
			return s.translate("store.Migrate", err)
		}
		return s.wordOldCustomers(ctx)
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
	if _, err = p.Up(ctx); err != nil {
		return s.translate("store.Migrate", err)
	}
	return s.wordOldCustomers(ctx)
}

var (
	unworded = query(`SELECT ` + customerColumns + ` FROM customer WHERE name_key = '' ORDER BY id LIMIT 200`)
	unsearch = query(`UPDATE customer SET search = '' WHERE id = $1`)
)

// wordOldCustomers gives customers of older databases what they are sorted and
// found by now: SQL cannot fold names.
func (s *Store) wordOldCustomers(ctx context.Context) error {
	for {
		n := 0
		err := s.Tx(ctx, func(raw app.Tx) error {
			t := raw.(*tx)
			var list []customer.Customer
			if err := t.each(ctx, "store.wordOldCustomers", unworded, nil, func(row scanner) error {
				c, err := scanCustomer(row)
				list = append(list, c)
				return err
			}); err != nil {
				return err
			}
			n = len(list)
			for _, c := range list {
				if _, err := t.exec(ctx, "store.wordOldCustomers", unsearch, c.ID); err != nil {
					return err
				}
				contacts, err := t.ContactsOf(ctx, c.ID)
				if err != nil {
					return err
				}
				external, err := t.ExternalIDsOf(ctx, c.ID)
				if err != nil {
					return err
				}
				if err := t.SaveCustomer(ctx, &app.FoundCustomer{Customer: c, Words: customer.Found(c, contacts, external)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

var newestSchema = query(`SELECT MAX(version_id) FROM goose_db_version`)

// Schema is the number of the newest migration that the database has.
func (s *Store) Schema(ctx context.Context) (n int64, err error) {
	err = s.read.QueryRowContext(ctx, newestSchema).Scan(&n)
	return n, s.translate("store.Schema", err)
}
