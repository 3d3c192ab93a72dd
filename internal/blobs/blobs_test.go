package blobs_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hastaluego/internal/blobs"
	"hastaluego/internal/fault"
)

// one hands over one piece.
func one(file, piece int, body []byte) func(func(int, int, []byte) error) error {
	return func(put func(int, int, []byte) error) error { return put(file, piece, body) }
}

// Pieces that are kept together are all there; where something goes wrong before, what
// was there stays, and nothing half done is left.
func TestPiecesAreKeptTogether(t *testing.T) {
	ctx := t.Context()
	f := blobs.Open(filepath.Join(t.TempDir(), "blobs"))
	room, wrong := []byte{}, errors.New("cannot be sealed")
	for n, ends := range []error{nil, wrong} {
		err := f.Put(ctx, "att_1", func(put func(int, int, []byte) error) error {
			for i := range 5 {
				room = append(room[:0], byte('a'+n), byte('0'+i)) // lent again for each
				if err := put(0, i, room); err != nil {
					return err
				}
			}
			return ends
		})
		if !errors.Is(err, ends) {
			t.Fatalf("%v", err)
		}
	}
	for i := range 5 {
		if got, err := f.Get(ctx, "att_1", 0, i); err != nil || string(got) != "a"+string(rune('0'+i)) {
			t.Errorf("%d: %q %v", i, got, err)
		}
	}
	if list, err := os.ReadDir(filepath.Join(f.Dir(), "att_1")); err != nil || len(list) != 5 {
		t.Errorf("something half done is left: %v %v", list, err)
	}
}

func TestAPieceIsThereWholeOrNotAtAll(t *testing.T) {
	ctx := t.Context()
	f := blobs.Open(filepath.Join(t.TempDir(), "blobs"))
	if _, err := f.Get(ctx, "att_1", 0, 0); fault.CodeOf(err) != "blobs.missing" {
		t.Errorf("nothing is there: %v", err)
	}
	for _, body := range []string{"one", "another"} { // the second stands in the place of the first
		if err := f.Put(ctx, "att_1", one(3, 7, []byte(body))); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Get(ctx, "att_1", 3, 7); err != nil || string(got) != body {
			t.Errorf("%q %v", got, err)
		}
	}
	if list, err := os.ReadDir(filepath.Join(f.Dir(), "att_1")); err != nil || len(list) != 1 {
		t.Errorf("something half done is left: %v %v", list, err)
	}
	if sets, err := f.Sets(ctx, time.Now().Add(time.Hour)); err != nil || !slices.Equal(sets, []string{"att_1"}) {
		t.Errorf("%v %v", sets, err)
	}
	if sets, err := f.Sets(ctx, time.Now().Add(-time.Hour)); err != nil || len(sets) != 0 {
		t.Errorf("a set that grows is listed: %v %v", sets, err)
	}
	for range 2 {
		if err := f.Drop(ctx, "att_1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Get(ctx, "att_1", 3, 7); fault.KindOf(err) != fault.NotFound {
		t.Errorf("dropped: %v", err)
	}
}

func TestANameThatLeadsOutIsNoName(t *testing.T) {
	if err := blobs.Open("").Put(t.Context(), "att_1", one(0, 0, nil)); fault.KindOf(err) != fault.Internal {
		t.Errorf("pieces would lie wherever the program was started: %v", err)
	}
	f := blobs.Open(t.TempDir())
	for _, set := range []string{"", "..", "../att_1", "att_1/..", "/etc", "att_"} {
		if err := f.Put(t.Context(), set, one(0, 0, nil)); fault.KindOf(err) != fault.Internal {
			t.Errorf("%q: %v", set, err)
		}
		if err := f.Drop(t.Context(), set); fault.KindOf(err) != fault.Internal {
			t.Errorf("%q: %v", set, err)
		}
	}
}
