package bundle_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/bundle"
)

// again is what a mark is after it was written down and read.
func again(t fataler, m bundle.Mark) (back bundle.Mark) {
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// pack packs a file with cuts at these places, and dies after some of them: what
// was written since the last cut is lost, and written again.
func pack(t fataler, name string, body []byte, cuts []int, dies func() bool) ([][]byte, bundle.Packed) {
	var kept [][]byte
	p, at := bundle.NewPacker(name), 0
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range cuts {
		_, err := p.Write(body[at:c])
		must(err)
		packed, m, err := p.Cut()
		must(err)
		if len(packed) > 0 {
			kept = append(kept, packed)
		}
		if at = c; dies() {
			_, err = p.Write(body[at:])
			must(err)
			p, err = bundle.Resume(again(t, m))
			must(err)
		}
	}
	_, err := p.Write(body[at:])
	must(err)
	if p.Offset() != int64(len(body)) {
		t.Fatal("it lost count of what was written")
	}
	packed, f, err := p.Close()
	must(err)
	return append(kept, packed), f
}

func TestAnArchiveIsTheSameHoweverOftenItsMakerDied(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type file struct {
			body []byte
			cuts []int
		}
		var files []file
		for range rapid.IntRange(1, 4).Draw(t, "files") {
			// Some that packs well, and some that does not.
			seed := rapid.Uint64().Draw(t, "seed")
			r := rand.New(rand.NewPCG(seed, 1))
			body := make([]byte, rapid.IntRange(0, 3000).Draw(t, "size"))
			for i := range body {
				body[i] = byte(r.IntN(1 + int(seed%256)))
			}
			cuts := rapid.SliceOfN(rapid.IntRange(0, len(body)), 0, 6).Draw(t, "cuts")
			slices.Sort(cuts)
			files = append(files, file{body, cuts})
		}
		build := func(dies func() bool) (*bundle.Archive, [][][]byte) {
			var (
				all      []bundle.Packed
				segments [][][]byte
			)
			for i, f := range files {
				kept, p := pack(t, fmt.Sprintf("data/%d", i), f.body, f.cuts, dies)
				all, segments = append(all, p), append(segments, kept)
			}
			a, err := bundle.NewArchive(root, day, all, func(f, s int) ([]byte, error) { return segments[f][s], nil })
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range files {
				plain, err := io.ReadAll(all[i].Open(func(s int) ([]byte, error) { return segments[i][s], nil }))
				if err != nil || !bytes.Equal(plain, f.body) {
					t.Fatalf("file %d read back: %v", i, err)
				}
			}
			return a, segments
		}
		calm, _ := build(func() bool { return false })
		dying, _ := build(func() bool { return rapid.Bool().Draw(t, "dies") })
		var one, two bytes.Buffer
		if n, err := calm.WriteTo(&one); err != nil || n != calm.Size() || int64(one.Len()) != n {
			t.Fatal(n, err)
		}
		if _, err := dying.WriteTo(&two); err != nil {
			t.Fatal(err)
		}
		whole := one.Bytes()
		if !bytes.Equal(whole, two.Bytes()) {
			t.Fatal("dying changed the archive")
		}
		for range 8 {
			from := rapid.IntRange(0, len(whole)).Draw(t, "from")
			b := make([]byte, rapid.IntRange(0, len(whole)-from+3).Draw(t, "length"))
			n, err := calm.ReadAt(b, int64(from))
			if want := min(len(b), len(whole)-from); n != want || !bytes.Equal(b[:n], whole[from:from+n]) || (err == nil) != (n == len(b)) {
				t.Fatalf("%d of %d bytes from %d: %v", n, len(b), from, err)
			}
		}
		for i, e := range entries(t, whole) {
			if e.name != fmt.Sprintf("%s/data/%d", root, i) || e.body != string(files[i].body) {
				t.Fatalf("file %d is another", i)
			}
		}
	})
}

func TestASegmentIsFullInTime(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("0123456789abcdef"), 600<<10) // 9.4 MiB
	p := bundle.NewPacker("data/x")
	kept := 0
	if err := p.Fill(bytes.NewReader(body), func(packed []byte, m bundle.Mark) error {
		if kept++; m.Offset != int64(kept)*bundle.SegmentSize || len(m.Segments) != kept || len(packed) == 0 {
			t.Errorf("segment %d: %d at %d", kept, len(m.Segments), m.Offset)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if kept != 4 || p.Full() {
		t.Errorf("%d segments", kept)
	}
	_, f, err := p.Close()
	if err != nil || f.Size != int64(len(body)) || len(f.Segments) != 5 {
		t.Errorf("%+v: %v", f, err)
	}
	if _, err := p.Write(nil); err == nil {
		t.Error("written after the end")
	}
	if _, _, err := p.Cut(); err == nil {
		t.Error("cut after the end")
	}
	if _, _, err := p.Close(); err == nil {
		t.Error("closed twice")
	}
	if err := bundle.NewPacker("x").Fill(bytes.NewReader(body), func([]byte, bundle.Mark) error { return errDisk }); !errors.Is(err, errDisk) {
		t.Errorf("what could not be kept: %v", err)
	}
}

func TestAMarkThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	p := bundle.NewPacker("x")
	if _, err := io.WriteString(p, "hola"); err != nil {
		t.Fatal(err)
	}
	_, m, err := p.Cut()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*bundle.Mark){
		"offset": func(m *bundle.Mark) { m.Offset++ }, "sha256": func(m *bundle.Mark) { m.SHA256 = m.SHA256[1:] },
		"sha512": func(m *bundle.Mark) { m.SHA512 = nil }, "segments": func(m *bundle.Mark) { m.Segments = nil },
	} {
		bad := again(t, m)
		change(&bad)
		if _, err := bundle.Resume(bad); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestOthersReadTheArchive(t *testing.T) {
	t.Parallel()
	unzip, err := exec.LookPath("unzip")
	if err != nil {
		t.Fatal("unzip is missing: scripts/provision.sh installs it")
	}
	file := filepath.Join(t.TempDir(), "b.zip")
	if err := os.WriteFile(file, write(t, bundle.File{Name: "ñandú.txt", Body: []byte("hola")}, bundle.File{Name: "leer", Body: nil}), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(unzip, "-t", file).CombinedOutput(); err != nil || strings.Contains(string(out), "warning") {
		t.Errorf("unzip: %v: %s", err, out)
	}
}

// Nothing of five gigabytes is made: one segment stands for all of them.
func TestAnArchiveOfManyGigabytesIsLaidOut(t *testing.T) {
	t.Parallel()
	noise := make([]byte, bundle.SegmentSize)
	if _, err := io.ReadFull(rand.NewChaCha8([32]byte{}), noise); err != nil {
		t.Fatal(err)
	}
	middle, f := pack(t, "data/small", []byte("hola"), nil, nil)
	seg, big := pack(t, "data/large", noise, []int{len(noise)}, func() bool { return false })
	large := bundle.Packed{Name: "data/large", SHA256: big.SHA256, SHA512: big.SHA512}
	const n = 2400
	for i := range n + 1 {
		large.Segments = append(large.Segments, big.Segments[min(i/n, 1)])
		large.Size += large.Segments[i].Size
		large.PackedSize += large.Segments[i].Packed
	}
	last := f
	last.Name = "data/last"
	a, err := bundle.NewArchive(root, day, []bundle.Packed{f, large, last}, func(file, s int) ([]byte, error) {
		if file == 1 {
			return seg[min(s/n, 1)], nil
		}
		return middle[s], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if large.Size <= 1<<32 || a.Size() <= 1<<32 {
		t.Fatal("it is not large")
	}
	z, err := zip.NewReader(a, a.Size())
	if err != nil {
		t.Fatal(err)
	}
	if got := z.File[1]; got.UncompressedSize64 != uint64(large.Size) || got.CompressedSize64 != uint64(large.PackedSize) {
		t.Errorf("%d bytes, packed %d", got.UncompressedSize64, got.CompressedSize64)
	}
	for _, i := range []int{0, 2} {
		in, err := z.File[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(in); err != nil || string(b) != "hola" {
			t.Errorf("file %d: %q, %v", i, b, err)
		}
	}
	in, err := z.File[1].Open()
	if err != nil {
		t.Fatal(err)
	}
	begin := make([]byte, len(noise)+1<<20)
	if _, err := io.ReadFull(in, begin); err != nil || !bytes.Equal(begin[:len(noise)], noise) || !bytes.Equal(begin[len(noise):], noise[:1<<20]) {
		t.Errorf("its first segments are others: %v", err)
	}
}

func TestAnArchiveOfManyFilesIsLaidOut(t *testing.T) {
	t.Parallel()
	body, f := pack(t, "x", nil, nil, nil)
	files := make([]bundle.Packed, 70_000)
	for i := range files {
		files[i] = f
		files[i].Name = fmt.Sprintf("data/%d", i)
	}
	a, err := bundle.NewArchive(root, day, files, func(int, int) ([]byte, error) { return body[0], nil })
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(a, a.Size())
	if err != nil || len(z.File) != len(files) {
		t.Fatal(err)
	}
	if at, err := z.File[len(files)-1].DataOffset(); err != nil || at <= 0 {
		t.Error(at, err)
	}
}

func TestASegmentThatIsAnotherIsFound(t *testing.T) {
	t.Parallel()
	body, f := pack(t, "data/x", []byte("hola"), nil, nil)
	for name, c := range map[string]struct {
		open func(int, int) ([]byte, error)
		want string
	}{
		"lost":    {func(int, int) ([]byte, error) { return nil, errDisk }, "data/x: segment 0: the disk fails"},
		"shorter": {func(int, int) ([]byte, error) { return body[0][1:], nil }, "data/x: segment 0 is of"},
	} {
		a, err := bundle.NewArchive(root, day, []bundle.Packed{f}, c.open)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.WriteTo(io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := io.ReadAll(f.Open(func(s int) ([]byte, error) { return c.open(0, s) })); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*bundle.Packed){
		"size": func(f *bundle.Packed) { f.Size++ }, "packed": func(f *bundle.Packed) { f.PackedSize++ }, "none": func(f *bundle.Packed) { f.Segments = nil },
		"name": func(f *bundle.Packed) { f.Name = "../x" },
	} {
		bad := f
		change(&bad)
		if _, err := bundle.NewArchive(root, day, []bundle.Packed{bad}, nil); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
