package app_test

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// shared is a folder of files with a data map.
const sharedFolder = `
  share:
    kind: folder
    root: "ROOT"
    erase:
      files:
        title: {es: Ficheros, en: Files}
        fields: [files]
        category: content
        role: processor
        basis: contract
        after: erase
        path: "{owner}"
`

// where are the files in which an engine keeps a database. PostgreSQL is told to
// write over nothing of its log, but to delete it.
func where(t *testing.T, e testkit.Engine) (dirs []string) {
	t.Helper()
	if e.Name == "sqlite" {
		return []string{filepath.Dir(e.URL)}
	}
	db, err := sql.Open("pgx", e.URL)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	var data, oid string
	must(t, db.QueryRowContext(t.Context(), `SELECT current_setting('data_directory'), oid::text FROM pg_database WHERE datname = current_database()`).Scan(&data, &oid))
	for _, q := range []string{`ALTER SYSTEM SET wal_recycle = off`, `SELECT pg_reload_conf()`} {
		_, err := db.ExecContext(t.Context(), q)
		must(t, err)
	}
	return []string{filepath.Join(data, "base", oid), filepath.Join(data, "pg_wal")}
}

// found are the markers that stand in the bytes or names of files below folders.
func found(t *testing.T, marker *regexp.Regexp, dirs ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, dir := range dirs {
		must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) { // engines take files away while they are looked through
				return nil
			}
			if err != nil {
				return err
			}
			for _, m := range marker.FindAllString(d.Name(), -1) {
				out[m] = path
			}
			if !d.Type().IsRegular() {
				return nil
			}
			raw, err := os.ReadFile(path)
			if os.IsNotExist(err) {
				return nil
			}
			for _, m := range marker.FindAll(raw, -1) {
				out[string(m)] = path
			}
			return err
		}))
	}
	return out
}

// A hundred and more markers of a person in our tables, their indexes and log, the
// pieces of bundles, a far database and a far folder: after the erasure and what
// each engine needs, the bytes of all their files hold those that the certificate
// says stay, and no other.
func TestOfAHundredMarkersThoseStayThatTheCertificateTells(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		ctx := t.Context()
		prefix := "mk" + strings.ToLower(rand.Text()[:12])
		marker, n := regexp.MustCompile(prefix+`x[0-9]{3}`), 0
		mark := func() string { n++; return fmt.Sprintf("%sx%03d", prefix, n) }

		far := t.TempDir()
		file, root := filepath.Join(far, "crm.db"), filepath.Join(far, "share")
		crm, err := sql.Open("sqlite", file)
		must(t, err)
		defer crm.Close()
		for _, q := range []string{
			"CREATE TABLE contact (owner TEXT, name TEXT)", "CREATE INDEX contact_name ON contact(name)",
			"CREATE TABLE claim (owner TEXT, what TEXT, blocked INTEGER NOT NULL DEFAULT 0)", "CREATE TABLE invoice (owner TEXT, number TEXT)",
		} {
			_, err := crm.ExecContext(ctx, q)
			must(t, err)
		}
		w := newWorldOn(t, e, farAndOurs, "", 10*time.Second, func(systems string) string {
			return systems + strings.Replace(mapped, "FILE", file, 1) + strings.Replace(sharedFolder, "ROOT", root, 1)
		})
		dirs := where(t, e)
		cid := w.lent(t)
		var ref string
		must(t, w.store.View(ctx, func(tx app.Tx) error {
			c, err := tx.FindCustomer(ctx, cid)
			ref = c.Reference
			return err
		}))
		stays := map[string]bool{}
		for table, many := range map[string]int{"contact (owner, name)": 25, "claim (owner, what)": 10, "invoice (owner, number)": 10} {
			for range many {
				m := mark()
				stays[m] = !strings.HasPrefix(table, "contact")
				_, err := crm.ExecContext(ctx, "INSERT INTO "+table+" VALUES ($1, $2)", ref, m)
				must(t, err)
			}
		}
		must(t, os.MkdirAll(filepath.Join(root, ref, "deep"), 0o700))
		for range 15 {
			must(t, os.WriteFile(filepath.Join(root, ref, "deep", mark()+".txt"), []byte("it says "+mark()), 0o600))
		}
		for range 15 {
			_, err := w.AddAsset(ctx, agent, customer.Asset{Customer: cid, Reference: mark(), Kind: "site", Name: "Web " + mark()})
			must(t, err)
			_, err = w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: mark(), Kind: customer.Invoice, About: "Por " + mark(), Amount: eur(100)})
			must(t, err)
		}
		w.clear(t, cid)
		_, c, _ := w.request(t, "period_end")
		for range 5 { // sealed: nobody finds them as they are, before and after
			_, err := w.AddNote(ctx, agent, c, "Dijo "+mark())
			must(t, err)
		}
		sealed := 5
		if n < 100 {
			t.Fatalf("only %d markers were planted", n)
		}
		if before := found(t, marker, append(dirs, far, w.blobs)...); len(before) != n-sealed {
			t.Fatalf("of %d markers that are not sealed %d are found", n-sealed, len(before))
		}

		w.approved(t, c)
		eventually(t, "erased and looked at", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
		letter := w.mail.wait(t, "certificate", firstMail)
		w.quietly(t)
		must(t, w.store.Scrub(ctx))
		_, err = crm.ExecContext(ctx, "VACUUM")
		must(t, err)

		after := found(t, marker, append(dirs, far, w.blobs)...)
		told := 0
		for _, f := range letter.Certificate.Far {
			if f.Stays() {
				told += f.Rows
			}
		}
		for m := range stays {
			if stays[m] != (after[m] != "") {
				t.Errorf("%s stays: %v, and it is found in %q", m, stays[m], after[m])
			}
		}
		for _, m := range slices.Sorted(maps.Keys(after)) {
			if !stays[m] || !strings.HasPrefix(after[m], file) {
				t.Errorf("%s is found in %s", m, after[m])
			}
		}
		if told != len(after) || told != 20 {
			t.Errorf("the certificate tells of %d records that stay, and %d are found", told, len(after))
		}
	})
}
