package bundle_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/bundle"
)

var day = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func write(t interface{ Fatal(...any) }, files []bundle.File) []byte {
	var b bytes.Buffer
	if err := bundle.Write(&b, "HL-7K4M-29QX", bundle.Info{Source: "Faro", Identifier: "HL-7K4M-29QX", About: "Datos\nde Ada", Date: day}, files); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatWasWrittenChecksAndIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var files []bundle.File
		for i := range rapid.IntRange(0, 5).Draw(t, "files") {
			files = append(files, bundle.File{Name: fmt.Sprintf("ñ %d%%.bin", i), Body: rapid.SliceOf(rapid.Byte()).Draw(t, "body")})
		}
		got := write(t, files)
		if !bytes.Equal(got, write(t, files)) {
			t.Fatal("the same files made other bytes")
		}
		if n, err := bundle.Check(bytes.NewReader(got), int64(len(got))); err != nil || n != len(files) {
			t.Fatalf("%d files: %v", n, err)
		}
	})
}

func TestEveryChangedByteIsFound(t *testing.T) {
	t.Parallel()
	table, err := bundle.Table("customer.csv", []string{"name"}, [][]string{{"Ada"}, {"=1+1"}})
	if err != nil {
		t.Fatal(err)
	}
	whole := write(t, []bundle.File{table})
	silent := 0
	for i := range whole {
		broken := bytes.Clone(whole)
		broken[i] ^= 1
		if _, err := bundle.Check(bytes.NewReader(broken), int64(len(broken))); err == nil {
			silent++ // times and attributes of the ZIP are not content
		} else if !errors.Is(err, bundle.ErrBroken) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if silent > len(whole)/2 {
		t.Errorf("%d of %d changed bytes went unseen", silent, len(whole))
	}
	if _, err := bundle.Check(bytes.NewReader(nil), 0); !errors.Is(err, bundle.ErrBroken) {
		t.Errorf("nothing at all: %v", err)
	}
}

func TestNoPathLeavesTheBag(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "../x", "/x", "a/../b", "a\nb", `a\b`} {
		if err := bundle.Write(&bytes.Buffer{}, "x", bundle.Info{}, []bundle.File{{Name: name}}); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	if err := bundle.Write(&bytes.Buffer{}, "x", bundle.Info{}, []bundle.File{{Name: "a"}, {Name: "a"}}); err == nil {
		t.Error("the same name twice was taken")
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte("PK"))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = bundle.Check(bytes.NewReader(b), int64(len(b))) })
}
