package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"

	"hastaluego/internal/app"
	"hastaluego/internal/backup"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/seal"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// place is an installation: a folder and a database.
type place struct {
	t        *testing.T
	dir, url string
}

func aPlace(t *testing.T, e testkit.Engine) place {
	t.Helper()
	return place{t, t.TempDir(), e.URL}
}

func (p place) config() config {
	cfg := config{Dir: p.dir, Database: p.url, PublicURL: "http://127.0.0.1", Company: companyConfig{Name: "Faro", Email: "bajas@faro.example"}}
	cfg.Keys.Dir = filepath.Join(p.dir, "keys")
	return cfg
}

func (p place) file(name string) string { return filepath.Join(p.dir, name) }

// hasta runs a command here and returns what it said and its status.
func (p place) hasta(args ...string) (string, int) {
	var said bytes.Buffer
	status := run(append(args, "--dir", p.dir, "--database", p.url), out{&said, &said})
	return said.String(), status
}

func (p place) must(args ...string) string {
	p.t.Helper()
	said, status := p.hasta(args...)
	if status != 0 {
		p.t.Fatalf("hasta %s: %d\n%s", strings.Join(args, " "), status, said)
	}
	return said
}

func (p place) open() *house {
	p.t.Helper()
	h, err := build(p.t.Context(), p.config(), newLog(io.Discard, "error", ""), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return h
}

// identity makes what opens a file of keys, and keeps it in identity.txt.
func (p place) identity() *age.X25519Identity {
	p.t.Helper()
	i, err := age.GenerateX25519Identity()
	if err == nil {
		err = os.WriteFile(p.file("identity.txt"), []byte(i.String()+"\n"), 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return i
}

// write adds one customer with a contact and a subscription, in one transaction,
// and their request to leave.
func (p place) write(ctx context.Context, h *house, name string) error {
	_, err := h.app.AddCustomer(ctx, app.Actor{ID: "usr_x", Roles: app.Roles}, app.CustomerInput{
		Kind: customer.Person, Name: "Ana " + name, Reference: name, Contacts: []app.ContactInput{{Name: "Ana", Email: name + "@x.example", Role: "owner"}},
		Subscriptions: []app.SubscriptionInput{{Reference: "s-" + name, Product: "Faro", Interval: customer.Monthly, Amount: money.Amount{Minor: 100, Currency: "EUR"}, Start: when.Date{Year: 2026, Month: 1, Day: 1}}},
	})
	if err == nil {
		_, err = h.app.RequestExit(ctx, app.ExitInput{Name: "Ana", AccountEmail: name + "@x.example", When: "now", Language: "es", Nonce: name})
	}
	return err
}

// busy writes from several sides, with the engine and the sequencer at work,
// until fn is over.
func (p place) busy(h *house, fn func()) {
	p.t.Helper()
	stop, cancel := context.WithCancel(p.t.Context())
	var n, after atomic.Int64
	err := h.while(p.t.Context(), func(ctx context.Context) error {
		var writers sync.WaitGroup
		for w := range 3 {
			writers.Go(func() {
				for stop.Err() == nil {
					if err := p.write(ctx, h, fmt.Sprintf("c%d-%d", w, n.Add(1))); err != nil {
						p.t.Error(err)
						return
					}
				}
			})
		}
		for n.Load() < 30 && !p.t.Failed() { // they are at it
			time.Sleep(time.Millisecond)
		}
		h.sequencer.Batch(ctx)
		after.Store(n.Load())
		fn()
		for n.Load() < after.Load()+3 && !p.t.Failed() { // and they still are
			time.Sleep(time.Millisecond)
		}
		cancel()
		writers.Wait()
		return nil
	})
	if err != nil {
		p.t.Error(err)
	}
}

// A backup is one instant, whoever writes: what one transaction wrote is in it
// whole, the log in it verifies, and it comes back on either engine. The log
// says that it did, and what was given up.
func TestABackupUnderLoadComesBack(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		p := aPlace(t, e)
		h := p.open()
		defer h.close()
		file := p.file("a.hasta")
		p.busy(h, func() { p.must("backup", file) })

		var v verifiedBackup
		if err := json.Unmarshal([]byte(p.must("backup", "verify", file, "--json")), &v); err != nil {
			t.Fatal(err)
		}
		if !v.OK || !v.Ours || v.Log.Entries == 0 || v.Rows == 0 {
			t.Errorf("%+v", v)
		}
		r, err := backup.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		rows := map[string]int64{}
		for _, x := range r.Manifest.Tables {
			rows[x.Name] = x.Rows
		}
		if n := rows["customer"]; n < 20 || rows["contact"] != n || rows["subscription"] != n {
			t.Errorf("half of a transaction: %v", rows)
		}

		if said := p.must("audit", "verify"); !strings.Contains(said, "nothing differs") {
			t.Error(said)
		}
		who := p.identity()
		p.must("backup", "keys", p.file("keys.age"), "--to", who.Recipient().String())
		signed := must(os.ReadFile(p.file("keys/checkpoints.log")))(t)
		for _, to := range []testkit.Engine{{Name: "sqlite", URL: p.file("other.db")}, e.Another(t)} {
			q := aPlace(t, to)
			if err := os.MkdirAll(q.file("keys"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(q.file("keys/checkpoints.log"), signed, 0o600); err != nil { // kept elsewhere
				t.Fatal(err)
			}
			var back restored
			if err := json.Unmarshal([]byte(q.must("restore", file, "--reason", "the disk failed", "--json", "--keys", p.file("keys.age"), "--identity", p.file("identity.txt"))), &back); err != nil {
				t.Fatal(err)
			}
			if back.Rows != r.Manifest.Rows() || back.From != r.Manifest.Tree.Size || back.To <= back.From {
				t.Errorf("%+v", back)
			}
			if said, status := q.hasta("audit", "verify"); status != 0 || !strings.Contains(said, fmt.Sprintf("continued after a restore at %d", back.From)) {
				t.Errorf("%d %s", status, said)
			}
			g := q.open()
			if held := must(g.app.Held(t.Context()))(t); held.What != app.HoldAll || !strings.Contains(held.Why, "the disk failed") {
				t.Errorf("after a restore %+v", held)
			}
			err := g.store.View(t.Context(), func(tx app.Tx) error {
				list, err := tx.Entries(t.Context(), 5)
				for _, x := range list {
					if x.Type == "log.restored" {
						return nil
					}
				}
				return errors.Join(err, errors.New("no entry says that it was restored"))
			})
			if err != nil {
				t.Error(err)
			}
			if err := p.write(t.Context(), g, "later"); err != nil { // it works on
				t.Error(err)
			}
			g.close()
			if said, status := q.hasta("restore", file, "--reason", "again"); status != 1 || !strings.Contains(said, "in use") {
				t.Errorf("over a database in use: %d %s", status, said)
			}
		}
	})
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestABackupHoldsNoSecretAndMigratesNothing(t *testing.T) {
	t.Parallel()
	p := aPlace(t, testkit.Engine{Name: "sqlite", URL: filepath.Join(t.TempDir(), "hasta.db")})
	h := p.open()
	if err := p.write(t.Context(), h, "one"); err != nil {
		t.Fatal(err)
	}
	h.sequencer.Batch(t.Context())
	h.close()
	conf := p.file("hasta.yaml")
	if err := os.WriteFile(conf, []byte("mail:\n  smtp: smtp://us:s3cret-word@mail.example:587\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	said := p.must("backup", p.file("a.hasta"), "--config", conf)
	if !strings.Contains(said, "left out") || !strings.Contains(said, "hasta.yaml") {
		t.Error(said)
	}
	raw := must(os.ReadFile(p.file("a.hasta")))(t)
	for _, name := range []string{"master.key", "log.key"} {
		secret := must(os.ReadFile(p.file("keys/" + name)))(t)
		if bytes.Contains(raw, secret[:16]) {
			t.Errorf("%s is in the backup", name)
		}
	}
	r, err := backup.Open(p.file("a.hasta"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, f := range r.Manifest.Files {
		if content := must(r.File(f.Name))(t); bytes.Contains(content, []byte("s3cret")) || bytes.Contains(content, []byte("PRIVATE")) {
			t.Errorf("%s holds a secret", f.Name)
		}
	}
	if _, err := os.Stat(p.file("other.db")); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if said, status := (place{t, p.dir, p.file("other.db")}).hasta("backup", p.file("b.hasta")); status != 1 || !strings.Contains(said, "never used") {
		t.Errorf("of nothing: %d %s", status, said)
	}
	if _, err := os.Stat(p.file("other.db")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a backup made a database")
	}
}

// A backup of a house whose server stands still is as good as any: what waits
// for its place in the log comes back, and gets it.
func TestABackupKeepsWhatWaitsForItsPlaceInTheLog(t *testing.T) {
	t.Parallel()
	p := aPlace(t, testkit.Engine{Name: "sqlite", URL: filepath.Join(t.TempDir(), "hasta.db")})
	h := p.open()
	for i := range 3 {
		ok(t, p.write(t.Context(), h, fmt.Sprint("w", i)))
	}
	h.close()
	db, err := sql.Open("sqlite", p.url)
	ok(t, err)
	_, err = db.Exec(`DROP TRIGGER audit_entry_fixed; UPDATE audit_entry SET stored_at = stored_at - 3600000000`) // an hour ago
	ok(t, errors.Join(err, db.Close()))
	if said, status := p.hasta("audit", "verify"); status != 1 || !strings.Contains(said, "pending_old") {
		t.Fatalf("%d %s", status, said)
	}
	p.must("backup", p.file("a.hasta"))
	p.must("backup", "verify", p.file("a.hasta"))
	q := place{t, p.dir, p.file("new.db")}
	q.must("restore", p.file("a.hasta"), "--reason", "x")
	if said := q.must("audit", "verify"); !strings.Contains(said, "nothing differs") {
		t.Error(said)
	}
}

// A house that lost everything comes back from its two files, and not from one.
func TestTheKeysComeBackEncryptedOnly(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		p := aPlace(t, e)
		h := p.open()
		for i := range 5 {
			if err := p.write(t.Context(), h, fmt.Sprint("k", i)); err != nil {
				t.Fatal(err)
			}
		}
		gone, err := h.keys.KeyFor(t.Context(), "cus_gone", seal.Account)
		if err == nil {
			err = h.keys.Destroy(t.Context(), gone)
		}
		if err != nil {
			t.Fatal(err)
		}
		h.sequencer.Batch(t.Context())
		h.close()
		identity, who := p.identity(), p.file("identity.txt")
		p.must("backup", p.file("a.hasta"))
		if said, status := p.hasta("backup", "keys", p.file("keys.age"), "--passphrase", "env:HOME_"); status != 1 {
			t.Errorf("without a secret: %s", said)
		}
		p.must("backup", "keys", p.file("keys.age"), "--to", identity.Recipient().String())
		info, err := os.Stat(p.file("keys.age"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
		carried := must(os.ReadFile(p.file("keys.age")))(t)
		if bytes.Contains(carried, must(os.ReadFile(p.file("keys/master.key")))(t)) || bytes.Contains(carried, []byte("PRIVATE+KEY")) {
			t.Error("keys in the clear")
		}

		q := aPlace(t, e.Another(t))
		if said, status := q.hasta("restore", p.file("a.hasta"), "--reason", "fire"); status != 1 || !strings.Contains(said, "no keys") {
			t.Errorf("without keys: %d %s", status, said)
		}
		cut := p.file("cut.age")
		if err := os.WriteFile(cut, carried[:len(carried)-40], 0o600); err != nil {
			t.Fatal(err)
		}
		if said, status := q.hasta("restore", p.file("a.hasta"), "--reason", "fire", "--keys", cut, "--identity", who); status != 1 || !strings.Contains(said, "damaged or cut") {
			t.Errorf("keys that are cut: %d %s", status, said)
		}
		q.must("restore", p.file("a.hasta"), "--reason", "fire", "--keys", p.file("keys.age"), "--identity", who, "--files", q.file("back"))
		if said, status := q.hasta("audit", "verify"); status != 0 {
			t.Errorf("%d %s", status, said)
		}
		g := q.open()
		defer g.close()
		if !g.keys.Destroyed(t.Context(), gone) {
			t.Error("a destroyed key came back")
		}
		if must(os.ReadFile(q.file("keys/master.key")))(t)[3] != must(os.ReadFile(p.file("keys/master.key")))(t)[3] {
			t.Error("another master key")
		}
	})
}

// Nothing is written before every sum was compared.
func TestADamagedBackupIsNamedAndWritesNothing(t *testing.T) {
	t.Parallel()
	p := aPlace(t, testkit.Engine{Name: "sqlite", URL: filepath.Join(t.TempDir(), "hasta.db")})
	h := p.open()
	if err := p.write(t.Context(), h, "one"); err != nil {
		t.Fatal(err)
	}
	h.sequencer.Batch(t.Context())
	h.close()
	p.must("backup", p.file("a.hasta"))
	good := must(os.ReadFile(p.file("a.hasta")))(t)
	bad := bytes.Clone(good)
	bad[bytes.Index(good, []byte("rows/contact.jsonl"))+len("rows/contact.jsonl")+9] ^= 4
	for content, want := range map[string]string{string(bad): "rows/contact.jsonl", string(good[:len(good)-9]): "end of this backup is missing"} {
		if err := os.WriteFile(p.file("b.hasta"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		q := place{t, p.dir, p.file("new.db")}
		for _, args := range [][]string{{"backup", "verify", p.file("b.hasta")}, {"restore", p.file("b.hasta"), "--reason", "x"}} {
			if said, status := q.hasta(args...); status != 1 || !strings.Contains(said, want) {
				t.Errorf("%v: %d %s", args, status, said)
			}
		}
		if _, err := os.Stat(p.file("new.db")); !errors.Is(err, os.ErrNotExist) {
			t.Error("a database was made")
		}
	}
}

// Whoever was erased after the backup is erased again: their key stayed
// destroyed, their rows go once more, nothing brings them back, and the restored
// log says all that and verifies.
func TestWhoWasErasedStaysErased(t *testing.T) {
	t.Parallel()
	p := aPlace(t, testkit.Engine{Name: "sqlite", URL: filepath.Join(t.TempDir(), "hasta.db")})
	h := p.open()
	if err := p.write(t.Context(), h, "one"); err != nil {
		t.Fatal(err)
	}
	h.sequencer.Batch(t.Context())
	p.must("backup", p.file("a.hasta"))
	var c customer.Customer
	err := h.store.View(t.Context(), func(tx app.Tx) (err error) { c, err = tx.FindCustomerByReference(t.Context(), "one"); return err })
	if err != nil {
		t.Fatal(err)
	}
	key, err := h.keys.KeyFor(t.Context(), string(c.ID), seal.Account)
	if err == nil {
		err = h.keys.Destroy(t.Context(), key)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.close()
	if said := p.must("backup", "verify", p.file("a.hasta")); !strings.Contains(said, "1 keys were destroyed since") {
		t.Error(said)
	}
	q := place{t, p.dir, p.file("new.db")}
	if said := q.must("restore", p.file("a.hasta"), "--reason", "x"); !strings.Contains(said, "1 customers who had been erased meanwhile were erased again") {
		t.Error(said)
	}
	if said := q.must("audit", "verify"); !strings.Contains(said, "nothing differs") {
		t.Error(said)
	}
	g := q.open()
	defer g.close()
	ok(t, g.store.View(t.Context(), func(tx app.Tx) error {
		now, err := tx.FindCustomer(t.Context(), c.ID)
		if err != nil {
			return err
		}
		contacts, err := tx.ContactsOf(t.Context(), c.ID)
		if strings.Contains(now.Name, "Ana") || len(contacts) > 0 {
			t.Errorf("back again: %+v %+v", now, contacts)
		}
		return err
	}))
	if _, err := g.app.AddCustomer(t.Context(), app.Actor{ID: "key_x", Scopes: []string{"customers:write"}}, app.CustomerInput{Kind: customer.Person, Name: "Ana", Reference: "one"}); fault.CodeOf(err) != "csv.erased" {
		t.Errorf("a program brings them back: %v", err)
	}
	if _, err := g.keys.KeyFor(t.Context(), string(c.ID), seal.Account); fault.CodeOf(err) != "key.destroyed" {
		t.Errorf("%v", err)
	}
}

// A backup of a branch that an earlier restore gave up comes back like any other:
// the log says where they parted and how what is left was signed, the operator is
// told, and receipts of neither branch contradict it.
func TestABranchThatWasGivenUpComesBack(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		p := aPlace(t, e)
		work := func(at place, names ...string) {
			t.Helper()
			for _, n := range names {
				h := at.open()
				ok(t, h.while(t.Context(), func(ctx context.Context) error { return errors.Join(at.write(ctx, h, n), h.sequence(ctx)) }))
				h.close()
			}
		}
		work(p, "a1", "a2")
		p.must("backup", p.file("early.hasta"))
		work(p, "a3", "a4", "a5")
		p.must("backup", p.file("late.hasta"))
		who := p.identity()
		// back restores a backup on a new machine that has the keys of another, and what was
		// signed until then.
		back := func(from place, file string) (q place, r restored) {
			t.Helper()
			q = aPlace(t, e.Another(t))
			ok(t, os.MkdirAll(q.file("keys"), 0o700))
			ok(t, os.WriteFile(q.file("keys/checkpoints.log"), must(os.ReadFile(from.file("keys/checkpoints.log")))(t), 0o600))
			from.must("backup", "keys", q.file("keys.age"), "--to", who.Recipient().String())
			said := q.must("restore", file, "--reason", "the wrong one came back", "--json", "--keys", q.file("keys.age"), "--identity", p.file("identity.txt"))
			ok(t, json.Unmarshal([]byte(said), &r))
			return q, r
		}
		q, first := back(p, p.file("early.hasta"))
		if first.Back || len(first.Heads) != 1 || first.To <= first.From {
			t.Errorf("an older backup: %+v", first)
		}
		work(q, "b1", "b2")
		q.must("backup", q.file("other.hasta"))

		var v verifiedBackup
		ok(t, json.Unmarshal([]byte(q.must("backup", "verify", p.file("late.hasta"), "--json")), &v))
		if !v.OK || !v.Branch {
			t.Errorf("%+v", v)
		}
		r, second := back(q, p.file("late.hasta"))
		if !second.Back || len(second.Heads) == 0 || second.To <= second.From {
			t.Errorf("the branch that was given up: %+v", second)
		}
		said := r.must("audit", "verify")
		for _, want := range append([]string{"nothing differs", fmt.Sprintf("continued after a restore at %d", second.From)}, second.Heads...) {
			if !strings.Contains(said, want) {
				t.Errorf("%q is not said:\n%s", want, said)
			}
		}
		work(r, "c1", "c2")
		s, third := back(r, q.file("other.hasta"))
		if !third.Back { // and to the other once more
			t.Errorf("%+v", third)
		}
		if said := s.must("audit", "verify"); strings.Count(said, "continued after a restore") != 2 {
			t.Error(said)
		}
	})
}
