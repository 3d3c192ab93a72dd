package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
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
	if _, err := s.migrateTo(ctx, newest); err != nil {
		return err
	}
	return s.wordOldCustomers(ctx)
}

// NewestSchema is the number of the newest migration that this program has.
func (s *Store) NewestSchema() (n int64, err error) {
	names, err := fs.Glob(migrations, "migrations/"+s.dialect.name+"/*.sql")
	if err != nil {
		return 0, fault.Wrap("store.NewestSchema", err)
	}
	for _, name := range names {
		v, err := goose.NumericComponent(path.Base(name))
		if err != nil {
			return 0, fault.Wrap("store.NewestSchema", err)
		}
		n = max(n, v)
	}
	return n, nil
}

// SchemaSum names the schema of an engine, sqlite or postgres: a sum of all its
// migrations.
func SchemaSum(engine string) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrations, "migrations/"+engine, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := migrations.ReadFile(path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:8]), fault.Wrap("store.SchemaSum", err)
}

// newest is a version beyond all migrations.
const newest = math.MaxInt64

// migrateTo runs the migrations up to the version and says which is the newest
// that this program has.
func (s *Store) migrateTo(ctx context.Context, version int64) (last int64, err error) {
	const op = "store.Migrate"
	dir, err := fs.Sub(migrations, "migrations/"+s.dialect.name)
	if err != nil {
		return 0, fault.Wrap(op, err)
	}
	engine, options := goose.DialectSQLite3, []goose.ProviderOption(nil)
	if s.dialect.name == "postgres" {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return 0, fault.Wrap(op, err)
		}
		engine, options = goose.DialectPostgres, []goose.ProviderOption{goose.WithSessionLocker(locker)}
	} else {
		// goose has no lock on SQLite.
		f, err := os.OpenFile(s.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return 0, fault.Wrap(op, err)
		}
		defer f.Close() // and so unlocks
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			return 0, fault.Wrap(op, err)
		}
	}
	p, err := goose.NewProvider(engine, s.write, dir, options...)
	if err != nil {
		return 0, fault.Wrap(op, err)
	}
	if last, err = s.NewestSchema(); err != nil {
		return 0, err
	}
	if version > last {
		if version != newest {
			return last, nil
		}
		version = last
	}
	_, err = p.UpTo(ctx, version)
	return last, s.translate(op, err)
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
