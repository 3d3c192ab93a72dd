package seal_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/seal"
)

// known makes a key and seals something with it.
func known(t *testing.T, k *seal.Keys) (keyID string, sealed []byte) {
	t.Helper()
	keyID, err := k.KeyFor(t.Context(), "cus_a", seal.Account)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err = k.Seal(t.Context(), keyID, []byte("her name"), []byte("aud_1"))
	if err != nil {
		t.Fatal(err)
	}
	return keyID, sealed
}

func code(_ []byte, err error) string { return fmt.Sprint(fault.KindOf(err), " ", fault.CodeOf(err)) }

func TestWhatWasSealedOpensAgainHereAndInAnotherProcess(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		a, b := e.Open(t), e.Open(t)
		keyID, sealed := known(t, a)
		if !id.Valid("key", keyID) || bytes.Contains(sealed, []byte("name")) || sealed[0] != 1 || len(sealed) != 1+12+8+16 {
			t.Errorf("%s %x", keyID, sealed)
		}
		for _, k := range []*seal.Keys{a, b} {
			more, err := k.AppendSealed(t.Context(), []byte("x"), keyID, []byte("as well"), []byte("aud_1"))
			if err != nil || more[0] != 'x' {
				t.Errorf("%q, %v", more, err)
			}
			if plain, err := k.OpenInPlace(t.Context(), keyID, more[1:], []byte("aud_1")); err != nil || string(plain) != "as well" {
				t.Errorf("%q, %v", plain, err)
			}
			if plain, err := k.OpenInPlace(t.Context(), keyID, nil, []byte("aud_1")); err == nil {
				t.Errorf("nothing was opened: %q", plain)
			}
			if plain, err := k.Open(t.Context(), keyID, sealed, []byte("aud_1")); err != nil || string(plain) != "her name" {
				t.Error(string(plain), err)
			}
			if again, err := k.KeyFor(t.Context(), "cus_a", seal.Account); err != nil || again != keyID {
				t.Error(again, err)
			}
			if other, err := k.KeyFor(t.Context(), "cus_a", seal.Evidence); err != nil || other == keyID {
				t.Error("another class has another key", err)
			}
		}
	})
}

func TestEverybodyWhoAsksAtOnceGetsTheSameKey(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		handles := []*seal.Keys{e.Open(t), e.Open(t), e.Open(t)}
		const subjects = 20
		got := make([][]string, len(handles)*2)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				for s := range subjects {
					keyID, err := handles[i%len(handles)].KeyFor(t.Context(), fmt.Sprint("cus_", s), seal.Account)
					if err != nil {
						t.Error(err)
						return
					}
					got[i] = append(got[i], keyID)
				}
			})
		}
		wg.Wait()
		for _, g := range got {
			if fmt.Sprint(g) != fmt.Sprint(got[0]) {
				t.Errorf("%v\n%v", g, got[0])
			}
		}
		var n int
		if err := e.DB.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+e.Table).Scan(&n); err != nil || n != subjects {
			t.Error(n, err)
		}
	})
}

func TestADestroyedKeyOpensNothingAndThereIsNoOtherAfterIt(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		k := e.Open(t)
		keyID, sealed := known(t, k)
		for i := range 8 { // neighbours on the page
			if _, err := k.KeyFor(t.Context(), fmt.Sprint("cus_", i), seal.Account); err != nil {
				t.Fatal(err)
			}
		}
		var wrapped []byte
		if err := e.DB.QueryRowContext(t.Context(), `SELECT wrapped FROM `+e.Table+` WHERE id = $1`, keyID).Scan(&wrapped); err != nil {
			t.Fatal(err)
		}
		for range 2 { // destroying twice is fine
			if err := k.Destroy(t.Context(), keyID); err != nil {
				t.Fatal(err)
			}
		}
		for _, k := range []*seal.Keys{k, e.Open(t)} {
			if got := code(k.Open(t.Context(), keyID, sealed, []byte("aud_1"))); got != "gone key.destroyed" {
				t.Error(got)
			}
			if got := code(k.Seal(t.Context(), keyID, nil, nil)); got != "gone key.destroyed" {
				t.Error(got)
			}
		}
		for _, k := range []*seal.Keys{k, e.Open(t)} {
			if next, err := k.KeyFor(t.Context(), "cus_a", seal.Account); next != "" || fault.CodeOf(err) != "key.destroyed" {
				t.Error("a new key of somebody whose key was destroyed:", next, err)
			}
		}
		if _, err := k.KeyFor(t.Context(), "cus_a", seal.Evidence); err != nil {
			t.Error("another class is destroyed too:", err)
		}
		if err := k.Destroy(t.Context(), "key_none"); fault.CodeOf(err) != "key.unknown" {
			t.Error(err)
		}
		if e.Table != "subject_key" {
			return
		}
		for _, name := range []string{"keys.db", "keys.db-wal"} {
			b, err := os.ReadFile(filepath.Join(e.Dir, name))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			for part := range slices.Chunk(wrapped, 12) { // a part may have been written over by chance
				if bytes.Contains(b, part) {
					t.Errorf("%s still holds a part of the wrapped key", name)
				}
			}
		}
	})
}

// Keys made together are those that each would have got, and nobody whose key
// was destroyed gets another.
func TestKeysMadeTogetherAreThoseThatEachGets(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		a, b := e.Open(t), e.Open(t)
		gone, _ := known(t, a)
		if err := a.Destroy(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		had, err := a.KeyFor(t.Context(), "cus_had", seal.Account)
		if err != nil {
			t.Fatal(err)
		}
		subjects := []string{"cus_a", "cus_had"}
		for i := range 130 {
			subjects = append(subjects, fmt.Sprint("cus_", i))
		}
		for range 2 {
			if err := b.Prepare(t.Context(), seal.Account, subjects...); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range subjects {
			one, err := a.KeyFor(t.Context(), s, seal.Account)
			two, again := b.KeyFor(t.Context(), s, seal.Account)
			switch {
			case s == "cus_a":
				if fault.CodeOf(err) != "key.destroyed" || fault.CodeOf(again) != "key.destroyed" {
					t.Error("a new key of somebody whose key was destroyed:", one, two, err, again)
				}
			case err != nil || again != nil || one != two || s == "cus_had" && one != had:
				t.Fatalf("%s: %s %v, %s %v", s, one, err, two, again)
			}
		}
		sealed, err := b.Seal(t.Context(), had, []byte("x"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := a.Open(t.Context(), had, sealed, nil); err != nil || string(plain) != "x" {
			t.Error(string(plain), err)
		}
		var n int
		if err := e.DB.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+e.Table).Scan(&n); err != nil || n != len(subjects) {
			t.Error(n, err)
		}
		if got := code(nil, b.Prepare(t.Context(), seal.Account, "")); got != "internal seal.subject_unfit" {
			t.Error(got)
		}
	})
}

// A process that remembers a key forgets it before long.
func TestADestroyedKeyIsForgottenByTheOtherProcessesToo(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	a := opened(t, dir)
	keyID, sealed := known(t, a)
	synctest.Test(t, func(t *testing.T) {
		b, err := seal.OpenKeys(t.Context(), dir, "test")
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if _, err := b.Open(t.Context(), keyID, sealed, []byte("aud_1")); err != nil {
			t.Fatal(err)
		}
		if err := a.Destroy(context.Background(), keyID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(seal.Memory)
		synctest.Wait()
		if got := code(b.Open(t.Context(), keyID, sealed, []byte("aud_1"))); got != "gone key.destroyed" {
			t.Error(got)
		}
	})
}

func TestNoChangedByteOpens(t *testing.T) {
	t.Parallel()
	k := opened(t, folder(t))
	keyID, sealed := known(t, k)
	other, err := k.KeyFor(t.Context(), "cus_b", seal.Account)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		b := bytes.Clone(sealed)
		b[rapid.IntRange(0, len(b)-1).Draw(r, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(r, "bits"))
		if got := code(k.Open(t.Context(), keyID, b, []byte("aud_1"))); got != "internal seal.broken" {
			r.Fatal(got)
		}
		if got := code(k.Open(t.Context(), keyID, sealed[:rapid.IntRange(0, len(sealed)-1).Draw(r, "cut")], []byte("aud_1"))); got != "internal seal.broken" {
			r.Fatal(got)
		}
	})
	if got := code(k.Open(t.Context(), keyID, sealed, []byte("aud_2"))); got != "internal seal.broken" {
		t.Error("a body moved to another entry:", got)
	}
	if got := code(k.Open(t.Context(), other, sealed, []byte("aud_1"))); got != "internal seal.broken" {
		t.Error("a body with another key:", got)
	}
	if got := code(k.Open(t.Context(), "key_none", sealed, []byte("aud_1"))); got != "not_found key.unknown" {
		t.Error(got)
	}
}

func TestAKeyPutInAnothersPlaceIsBroken(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		k := e.Open(t)
		keyID, sealed := known(t, k)
		other, err := k.KeyFor(t.Context(), "cus_b", seal.Account)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.DB.ExecContext(t.Context(), `UPDATE `+e.Table+` SET wrapped = (SELECT wrapped FROM `+e.Table+` WHERE id = $1) WHERE id = $2`, other, keyID); err != nil {
			t.Fatal(err)
		}
		if got := code(e.Open(t).Open(t.Context(), keyID, sealed, []byte("aud_1"))); got != "internal seal.broken" {
			t.Error(got)
		}
	})
}

func TestOnlyKnownClassesHaveKeys(t *testing.T) {
	t.Parallel()
	k := opened(t, folder(t))
	for _, c := range [][2]string{{"cus_a", "diary"}, {"", seal.Account}} {
		if _, err := k.KeyFor(t.Context(), c[0], c[1]); fault.CodeOf(err) != "seal.subject_unfit" {
			t.Error(err)
		}
	}
}

func TestAnUnreachableTableIsNoLostKey(t *testing.T) {
	t.Parallel()
	k := opened(t, folder(t))
	keyID, sealed := known(t, k)
	_ = k.Close()
	for _, got := range []string{
		code(k.Open(t.Context(), keyID, sealed, []byte("aud_1"))),
		code(nil, k.Destroy(t.Context(), keyID)),
	} {
		if !strings.HasPrefix(got, "transient ") {
			t.Error(got)
		}
	}
}

// The verifier of the log opens bodies with these keys.
var _ audit.Opener = (*seal.Keys)(nil)

// What a body costs the verifier of the log, with its key at hand and without.
func BenchmarkOpen(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "keys")
	k, err := seal.OpenKeys(b.Context(), dir, "test")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = k.Close() }()
	const subjects = 500
	keyIDs, sealed := make([]string, subjects), make([][]byte, subjects)
	for i := range subjects {
		if keyIDs[i], err = k.KeyFor(b.Context(), fmt.Sprint("cus_", i), seal.Account); err != nil {
			b.Fatal(err)
		}
		if sealed[i], err = k.Seal(b.Context(), keyIDs[i], make([]byte, 300), []byte("aud_1")); err != nil {
			b.Fatal(err)
		}
	}
	open := func(b *testing.B, i int) {
		if _, err := k.Open(b.Context(), keyIDs[i], sealed[i], []byte("aud_1")); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("remembered", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			open(b, i%subjects)
		}
	})
	b.Run("read", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if i%subjects == 0 { // a handle that has just been opened remembers nothing
				_ = k.Close()
				if k, err = seal.OpenKeys(b.Context(), dir, "test"); err != nil {
					b.Fatal(err)
				}
			}
			open(b, i%subjects)
		}
	})
}
