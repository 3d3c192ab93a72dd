package spool_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/spool"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func open(t testing.TB, most int) *spool.Folder {
	t.Helper()
	f, err := spool.Open(filepath.Join(t.TempDir(), "spool"), most)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// of is the declaration of one customer.
func of(nonce string, at time.Time) spool.Declaration {
	return spool.Declaration{ID: nonce, Code: id.CodeFor(nonce), At: at, Account: nonce + "@x.example", Receipt: nonce + "@x.example", Language: "es"}
}

func waiting(t testing.TB, f *spool.Folder) []string {
	t.Helper()
	list, err := f.Waiting()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The first instant stands, however many send the same at once, and whoever
// wrote it.
func TestWhatIsSentTwiceIsKeptOnce(t *testing.T) {
	t.Parallel()
	f := open(t, 0)
	var mu sync.Mutex
	var all sync.WaitGroup
	seen := map[time.Time]bool{}
	for k := range 24 {
		all.Go(func() {
			d, err := f.Keep(of("ana", noon.Add(time.Duration(k)*time.Second)), "nonce", "ana")
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			seen[d.At] = true
		})
	}
	all.Wait()
	again, err := spool.Open(f.Dir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	d, err := again.Keep(of("ana", noon.Add(time.Hour)), "nonce", "ana")
	if seen[d.At] = true; err != nil || len(seen) != 1 || len(waiting(t, f)) != 1 {
		t.Errorf("%v, %d files, answered with %v", err, len(waiting(t, f)), seen)
	}
	if _, err := f.Keep(of("ben", noon), "non", "ceana"); err != nil || len(waiting(t, f)) != 2 { // not the same, put together
		t.Errorf("%v, %d files", err, len(waiting(t, f)))
	}
	info, err := os.Stat(filepath.Join(f.Dir(), "waiting", waiting(t, f)[0]+".json"))
	if err != nil || info.Mode().Perm() != 0o600 || strings.Contains(info.Name(), "ana") {
		t.Errorf("%v %v %s", err, info.Mode(), info.Name())
	}
	if left, err := filepath.Glob(filepath.Join(f.Dir(), "waiting", ".*")); err != nil || len(left) != 0 {
		t.Errorf("%v %v", err, left)
	}
}

// whoRegisters remembers what was registered, and fails where it is told to:
// before anything happened, or after it did, as a lost answer of a commit does.
type whoRegisters struct {
	registered map[string]int
	fail       func(spool.Declaration) (before, after error)
}

func (w *whoRegisters) do(d spool.Declaration) (bool, error) {
	before, after := w.fail(d)
	if before != nil {
		return false, before
	}
	fresh := w.registered[d.ID] == 0
	if fresh {
		w.registered[d.ID]++
	}
	return fresh, after
}

// Wherever registering fails, whatever is known of it, however often it is
// begun again: in the end each is registered once and no file is left, but for
// those that can never be registered, which are laid aside.
func TestEachIsRegisteredOnceWhereverItStops(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "s")
		if err != nil {
			t.Fatal(err)
		}
		f, err := spool.Open(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(1, 12).Draw(r, "declarations")
		never := rapid.SliceOfDistinct(rapid.IntRange(0, n-1), rapid.ID).Draw(r, "never")
		for i := range n {
			if _, err := f.Keep(of(fmt.Sprint("n", i), noon), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		w := &whoRegisters{registered: map[string]int{}}
		w.fail = func(d spool.Declaration) (error, error) {
			var i int
			_, _ = fmt.Sscanf(d.ID, "n%d", &i)
			if slices.Contains(never, i) {
				return fault.New(fault.Invalid, "field.email"), nil
			}
			away := fault.New(fault.Transient, "store.unavailable")
			switch rapid.IntRange(0, 4).Draw(r, "what happens") {
			case 0:
				return away, nil
			case 1:
				return nil, away
			case 2:
				return nil, errors.New("a defect")
			}
			return nil, nil
		}
		for range 20 {
			before := len(waiting(t, f))
			out := f.Deliver(w.do)
			if gone := before - len(waiting(t, f)); gone != out.Fresh+out.Known+len(out.Aside) || out.Left != before-gone || (out.Err == nil) != (out.Left == 0) {
				r.Fatalf("%d of %d are gone, and it says %+v", gone, before, out)
			}
		}
		w.fail = func(d spool.Declaration) (error, error) {
			var i int
			_, _ = fmt.Sscanf(d.ID, "n%d", &i)
			if slices.Contains(never, i) {
				return fault.New(fault.Invalid, "field.email"), nil
			}
			return nil, nil
		}
		f.Deliver(w.do)
		aside, err := f.Aside()
		if err != nil || len(waiting(t, f)) != 0 || len(aside) != len(never) || len(w.registered) != n-len(never) {
			r.Fatalf("%v: %d wait, %d are aside of %d, %d are registered of %d", err, len(waiting(t, f)), len(aside), len(never), len(w.registered), n)
		}
	})
}

// A file stays while it is not known that what is in it is registered.
func TestAFileIsRemovedAfterItsRegistrationIsKnown(t *testing.T) {
	t.Parallel()
	f := open(t, 0)
	if _, err := f.Keep(of("ana", noon), "ana"); err != nil {
		t.Fatal(err)
	}
	out := f.Deliver(func(d spool.Declaration) (bool, error) {
		if n := len(waiting(t, f)); n != 1 || !d.At.Equal(noon) || d.Code != id.CodeFor("ana") {
			t.Errorf("%d files while it is registered, %+v", n, d)
		}
		return true, nil
	})
	if out.Fresh != 1 || len(waiting(t, f)) != 0 {
		t.Errorf("%+v", out)
	}
}

func TestWhereNothingCanBeKeptItIsSaid(t *testing.T) {
	t.Parallel()
	f := open(t, 2)
	for _, who := range []string{"ana", "ben"} {
		if _, err := f.Keep(of(who, noon), who); err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.Keep(of("eva", noon), "eva")
	if fault.CodeOf(err) != "spool.full" || fault.KindOf(err) != fault.Transient || len(waiting(t, f)) != 2 {
		t.Errorf("a full one: %v", err)
	}
	if _, err := f.Keep(of("ana", noon), "ana"); err != nil {
		t.Errorf("what is kept already: %v", err)
	}
	f.Deliver(func(spool.Declaration) (bool, error) { return true, nil })
	if _, err := f.Keep(of("eva", noon.Add(time.Minute)), "eva"); err != nil {
		t.Errorf("once there is room: %v", err)
	}
	if err := f.Try(); err != nil {
		t.Error(err)
	}
	// Nobody's rights are taken away by a test that may run as root: the folder is
	// a file.
	folder := filepath.Join(f.Dir(), "waiting")
	if err := errors.Join(os.RemoveAll(folder), os.WriteFile(folder, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	_, err = f.Keep(of("ben", noon), "ben")
	if fault.CodeOf(err) != "spool.unwritable" || fault.KindOf(err) != fault.Transient {
		t.Errorf("no folder: %v", err)
	}
	if err := f.Try(); fault.CodeOf(err) != "spool.unwritable" {
		t.Errorf("tried: %v", err)
	}
	if out := f.Deliver(func(spool.Declaration) (bool, error) { return true, nil }); out.Err == nil {
		t.Error("delivering says nothing")
	}
}

func TestWhatAKilledOneLeftIsNoDeclarationAndGoes(t *testing.T) {
	t.Parallel()
	f := open(t, 0)
	half := filepath.Join(f.Dir(), "waiting", ".new-1")
	if err := os.WriteFile(half, []byte(`{"id":"ana`), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := len(waiting(t, f)); n != 0 {
		t.Errorf("%d wait", n)
	}
	info, err := os.Stat(half)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Sweep(info.ModTime().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(half); err != nil {
		t.Error("somebody may still be writing it")
	}
	if err := f.Sweep(info.ModTime().Add(2 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(half); err == nil {
		t.Error("it is there for ever")
	}
}

func FuzzParse(f *testing.F) {
	whole, err := json.Marshal(of("ana", noon))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(append(slices.Clone(whole), whole...))
	f.Add([]byte(`{"id":"a","code":"` + id.CodeFor("a") + `","at":"9999-12-31T23:59:59.999999999+14:00","account":"\u0000"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := spool.Parse(raw)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || fault.CodeOf(err) != "spool.unreadable" {
				t.Errorf("%v", err)
			}
			return
		}
		if d.ID == "" || d.Code != id.CodeFor(d.ID) || d.At.IsZero() || d.Account == "" {
			t.Errorf("%+v", d)
		}
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", d, err)
		}
		if same, err := spool.Parse(again); err != nil || same != d {
			t.Errorf("%+v, read again %+v: %v", d, same, err)
		}
	})
}
