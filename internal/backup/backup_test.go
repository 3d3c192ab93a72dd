package backup_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hastaluego/internal/backup"
	"hastaluego/internal/fault"
)

func write(t testing.TB, path string, tables map[string][][]any) string {
	t.Helper()
	w, err := backup.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"customer", "message"} {
		rows, ok := tables[name]
		if !ok {
			continue
		}
		tw, err := w.Table(name, []string{"a", "b"})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if err := tw.Row(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.File("checkpoints.log", strings.NewReader("\"signed\"\n")); err != nil {
		t.Fatal(err)
	}
	sum, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func sample(t testing.TB) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a.hasta")
	write(t, path, map[string][][]any{
		"customer": {{"cus_1", "Ana Peña"}, {"cus_2", nil}},
		"message":  {{int64(7), bytes.Repeat([]byte{0, 1, 2, 255}, 3000)}},
	})
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content
}

func TestWhatGoesInComesOut(t *testing.T) {
	t.Parallel()
	value := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Int64(), func(n int64) any { return n }), rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return append([]byte{}, b...) }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
	)
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(value, 2, 2), 0, 5).Draw(rt, "rows")
		path := filepath.Join(t.TempDir(), rapid.StringMatching(`[a-z]{20}`).Draw(rt, "name"))
		sum := write(t, path, map[string][][]any{"customer": rows})
		r, err := backup.Open(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer r.Close()
		if r.Sum != sum || r.Manifest.Rows() != int64(len(rows)) {
			rt.Fatalf("sum %s instead of %s, %d rows", r.Sum, sum, r.Manifest.Rows())
		}
		next, done, err := r.Rows(r.Manifest.Tables[0])
		if err != nil {
			rt.Fatal(err)
		}
		defer done()
		for _, want := range rows {
			got, err := next()
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				rt.Fatalf("%v %s", err, diff)
			}
		}
		if _, err := next(); !errors.Is(err, io.EOF) {
			rt.Fatalf("after the last row: %v", err)
		}
	})
}

func TestEveryChangedByteIsFound(t *testing.T) {
	t.Parallel()
	path, good := sample(t)
	places := rand.Perm(len(good))[:min(400, len(good))]
	for _, at := range append(places, 0, 1, len(good)-1) {
		bad := bytes.Clone(good)
		bad[at] ^= 0x20
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := backup.Open(path); err == nil {
			r.Close()
			t.Errorf("byte %d of %d was changed and nobody saw it", at, len(good))
		}
	}
}

func TestWhatWasChangedIsNamed(t *testing.T) {
	t.Parallel()
	path, good := sample(t)
	for _, member := range []string{"rows/message.jsonl", "files/checkpoints.log", "manifest.json"} {
		bad := bytes.Clone(good)
		bad[bytes.Index(good, []byte(member))+len(member)+3] ^= 1 // inside of its content
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := backup.Open(path)
		if fault.CodeOf(err) != "backup.damaged" || !strings.Contains(err.Error(), "member="+member) {
			t.Errorf("%s was changed: %v", member, err)
		}
	}
}

func TestACutFileSaysSo(t *testing.T) {
	t.Parallel()
	path, good := sample(t)
	for _, n := range []int{len(good) - 1, len(good) - 200, len(good) / 2, 100} {
		if err := os.WriteFile(path, good[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Open(path); fault.CodeOf(err) != "backup.cut" {
			t.Errorf("%d of %d bytes: %v", n, len(good), err)
		}
	}
	if err := os.WriteFile(path, []byte("no backup at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Open(path); fault.CodeOf(err) != "backup.none" {
		t.Errorf("some other file: %v", err)
	}
}

func TestABackupReplacesNothingAndIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	path, good := sample(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := backup.Create(path); fault.CodeOf(err) != "backup.exists" {
		t.Errorf("over a backup that is there: %v", err)
	}
	late := filepath.Join(t.TempDir(), "late.hasta")
	w, err := backup.Create(late)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(late, []byte("somebody was faster"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); fault.CodeOf(err) != "backup.exists" {
		t.Errorf("somebody was faster: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(late), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, good) {
		t.Error("the backup was touched")
	}
}

func FuzzOpen(f *testing.F) {
	_, good := sample(f)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := backup.Open(path)
		if err == nil {
			r.Close()
			if !bytes.Equal(content, good) {
				t.Error("taken for a backup")
			}
		}
	})
}
