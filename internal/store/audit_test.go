package store_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/app"
	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/store"
)

func anEntry(stream string) audit.Entry {
	return audit.Entry{ID: id.New("aud"), Type: "case.opened", At: noon, Actor: "engine", Case: stream, KeyID: "key_1", Commitment: [32]byte{1}}
}

// openBench is a SQLite database with a backlog.
func openBench(b *testing.B) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Config{URL: filepath.Join(b.TempDir(), "hasta.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	err = s.Tx(b.Context(), func(tx app.Tx) error {
		for i := range 10_000 {
			w := offboarding.Work{
				ID: offboarding.WorkID(id.New("work")), Kind: "k", System: fmt.Sprint("s", i%5), Key: id.New("k"), Phase: offboarding.Act,
				State: offboarding.WorkReady, RunAt: noon.AddDate(-1, 0, 0),
			}
			if err := tx.InsertWork(b.Context(), w); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

type keyPair struct {
	signer   note.Signer
	verifier note.Verifier
}

func keys(t testing.TB) keyPair {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, "hasta-luego/test")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{s, v}
}

func (k keyPair) sign(size int64, root []byte) (string, error) {
	return audit.Sign(k.signer, size, tlog.Hash(root))
}

func (b *bundle) verify(k keyPair) audit.Report {
	b.t.Helper()
	src, err := b.AuditSource(b.t.Context())
	b.must(err)
	defer src.Close()
	rep, err := audit.Verify(b.t.Context(), src, audit.Options{Verifiers: []note.Verifier{k.verifier}, Now: noon, Grace: time.Hour})
	b.must(err)
	return rep
}

// Writers that are slow, or roll back, beside two sequencers at once: no entry
// is lost, none stands twice, and within a case they stand in their order.
func TestEveryCommittedEntryGetsItsPlace(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx, k := b.t.Context(), keys(b.t)
		stop := make(chan struct{})
		var writers, sequencers sync.WaitGroup
		for range 2 {
			sequencers.Go(func() {
				for {
					if _, err := b.Sequence(ctx, k.sign); err != nil && fault.KindOf(err) != fault.Conflict {
						b.t.Error(err)
						return
					}
					select {
					case <-stop:
						return
					case <-time.After(3 * time.Millisecond):
					}
				}
			})
		}
		committed := make(chan string, 10_000)
		for w := range 12 {
			writers.Go(func() {
				for i := range 20 {
					e := anEntry(fmt.Sprintf("case_%d", (w+i)%5))
					err := b.Tx(ctx, func(tx app.Tx) error {
						if err := tx.Append(ctx, e, []byte("sealed")); err != nil {
							return err
						}
						if w%4 == 0 {
							time.Sleep(time.Millisecond)
						}
						if i%7 == 3 {
							return context.Canceled // rolls back
						}
						return nil
					})
					if err == nil {
						committed <- e.ID
					}
				}
			})
		}
		writers.Wait()
		close(stop)
		sequencers.Wait()
		close(committed)
		for n := 1; n > 0; {
			var err error
			n, err = b.Sequence(ctx, k.sign)
			b.must(err)
		}
		rep := b.verify(k)
		if !rep.OK() || rep.Entries != int64(len(committed)) {
			b.t.Fatalf("%d committed, %d in the log: %v", len(committed), rep.Entries, rep.Findings)
		}
		for e := range committed {
			b.tx(func(tx app.Tx) error {
				p, err := tx.Proof(ctx, e)
				if err != nil {
					return err
				}
				entries, err := tx.Entries(ctx, 10_000)
				if err != nil {
					return err
				}
				for _, x := range entries {
					if x.ID != e {
						continue
					}
					path := make([]tlog.Hash, len(p.Path))
					for i := range p.Path {
						path[i] = tlog.Hash(p.Path[i])
					}
					return audit.CheckInclusion(path, p.Size, tlog.Hash(p.Root), p.Index, audit.LeafHash(x.Entry))
				}
				b.t.Errorf("%s is not listed", e)
				return nil
			})
			break // one proof is enough here; audit tests all of them
		}
	})
}

// Streams are counted however many there are, and an old entry is found among
// many, without reading the others.
func TestEntriesAreCountedAndFoundByTypeInAnyNumberOfStreams(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		var streams []string
		last := anEntry("case_0")
		last.Type = "certificate.issued"
		b.tx(func(tx app.Tx) error {
			for i := range 5 {
				streams = append(streams, fmt.Sprintf("case_%d", i))
				for range i + 1 {
					if err := tx.Append(ctx, anEntry(streams[i]), []byte("sealed")); err != nil {
						return err
					}
				}
			}
			if err := tx.Append(ctx, last, []byte("sealed")); err != nil {
				return err
			}
			twin := last
			twin.ID += "z"
			return tx.Append(ctx, twin, []byte("sealed"))
		})
		b.tx(func(tx app.Tx) error {
			if n, err := tx.CountEntries(ctx, streams...); err != nil || n != 17 {
				b.t.Errorf("%d entries: %v", n, err)
			}
			if list, err := tx.Entries(ctx, 3, "case_4"); err != nil || len(list) != 3 || list[0].CaseN != 3 || list[2].CaseN != 5 {
				b.t.Errorf("the newest three of five, oldest first: %+v %v", list, err)
			}
			if id, err := tx.FirstEntry(ctx, "case_0", last.Type); err != nil || id != last.ID {
				b.t.Errorf("the first is %s: %v", id, err)
			}
			if _, err := tx.FirstEntry(ctx, "case_1", last.Type); fault.KindOf(err) != fault.NotFound {
				b.t.Errorf("found in another stream: %v", err)
			}
			return nil
		})
	})
}

// Whatever column of the log is changed behind our back, it is found.
func TestAChangedByteIsFound(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx, k := b.t.Context(), keys(b.t)
		b.tx(func(tx app.Tx) error {
			for i := range 9 {
				if err := tx.Append(ctx, anEntry(fmt.Sprintf("case_%d", i%2)), []byte("sealed")); err != nil {
					return err
				}
			}
			return nil
		})
		_, err := b.Sequence(ctx, k.sign)
		b.must(err)
		if rep := b.verify(k); !rep.OK() {
			b.t.Fatal(rep.Findings)
		}
		db := b.raw()
		trigger := "DROP TRIGGER audit_entry_fixed"
		if b.e.Name == "postgres" {
			trigger += " ON audit_entry"
		}
		_, err = db.ExecContext(ctx, trigger)
		b.must(err)
		first := "id = (SELECT entry_id FROM audit_leaf WHERE idx = 4)"
		for what, q := range map[string][2]string{
			"type":       {"UPDATE audit_entry SET type = 'case.opener' WHERE " + first, "UPDATE audit_entry SET type = 'case.opened' WHERE " + first},
			"time":       {"UPDATE audit_entry SET at = at + 1 WHERE " + first, "UPDATE audit_entry SET at = at - 1 WHERE " + first},
			"actor":      {"UPDATE audit_entry SET actor = 'enginf' WHERE " + first, "UPDATE audit_entry SET actor = 'engine' WHERE " + first},
			"case":       {"UPDATE audit_entry SET case_id = 'case_9' WHERE " + first, "UPDATE audit_entry SET case_id = 'case_0' WHERE " + first},
			"case_n":     {"UPDATE audit_entry SET case_n = case_n + 9 WHERE " + first, "UPDATE audit_entry SET case_n = case_n - 9 WHERE " + first},
			"key":        {"UPDATE audit_entry SET key_id = 'key_2' WHERE " + first, "UPDATE audit_entry SET key_id = 'key_1' WHERE " + first},
			"head":       {"UPDATE audit_head SET size = size - 1", "UPDATE audit_head SET size = size + 1"},
			"checkpoint": {"UPDATE checkpoint SET text = replace(text, 'hasta-luego/test', 'hasta-luego/tesu')", "UPDATE checkpoint SET text = replace(text, 'hasta-luego/tesu', 'hasta-luego/test')"},
		} {
			_, err := db.ExecContext(ctx, q[0])
			b.must(err)
			if rep := b.verify(k); rep.OK() {
				b.t.Errorf("a changed %s is not found", what)
			}
			_, err = db.ExecContext(ctx, q[1])
			b.must(err)
			if rep := b.verify(k); !rep.OK() {
				b.t.Errorf("after putting %s back: %v", what, rep.Findings)
			}
		}
	})
}

func TestTheAgeOfTheLogIsThatOfItsOldestEntryWithoutAPlace(t *testing.T) {
	conform(t, func(b *bundle) {
		ctx := b.t.Context()
		age := func() time.Duration {
			d, err := b.LogAge(ctx)
			b.must(err)
			return d
		}
		if d := age(); d != 0 {
			b.t.Errorf("an empty log is %v old", d)
		}
		b.tx(func(tx app.Tx) error { return tx.Append(ctx, anEntry("a"), []byte("sealed")) })
		b.clock.Advance(time.Minute)
		b.tx(func(tx app.Tx) error { return tx.Append(ctx, anEntry("a"), []byte("sealed")) })
		if d := age(); d != time.Minute {
			b.t.Errorf("age %v", d)
		}
	})
}

// A house that was just made has a log with nothing in it, and nothing wrong.
func TestALogWithNothingInItHolds(t *testing.T) {
	conform(t, func(b *bundle) {
		if rep := b.verify(keys(b.t)); !rep.OK() {
			b.t.Errorf("found %v", rep.Findings)
		}
	})
}
