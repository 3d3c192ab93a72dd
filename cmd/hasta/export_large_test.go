package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
)

// BenchmarkLargeFile makes what a customer takes along who has files of that many
// megabytes each (HASTA_BENCH_LARGE_MB; above 4096 they need Zip64): one that is mostly
// a hole, one that cannot be packed, and a small one behind both. The bundle is read
// back by our verifier, from a byte beyond the fourth gigabyte as a download that goes
// on, and by programs of others, as far as they are installed: unzip, Python's zipfile,
// and after unpacking the second verifier of BagIt. What is unpacked is compared with
// what was there.
func BenchmarkLargeFile(b *testing.B) {
	mb := int64(96)
	if n, err := strconv.ParseInt(os.Getenv("HASTA_BENCH_LARGE_MB"), 10, 64); err == nil {
		mb = n
	}
	dir := b.TempDir()
	share := filepath.Join(dir, "share", "BENCH-one")
	was := largeFiles(b, share, mb<<20)
	x := &exporting{B: b, dir: dir}
	x.say("two files of %d MiB are there", mb)
	x.prepare()
	x.add("portal: none\n")
	x.leave("one")
	x.start()
	made, checked := x.wait("one", 0)
	peak, anon := x.stop(), x.anon
	b.Logf("a bundle of %d MB, made in %v, checked in %v more; %d MB of memory at most, of them %d MB of data", x.packed/1e6, made.Round(time.Second), checked.Round(time.Second), peak>>20, anon>>20)

	file := filepath.Join(dir, "taken.zip")
	x.take("one", file, mb<<20)
	x.forget("one")
	var said bytes.Buffer
	began := time.Now()
	if status := run([]string{"bundle", "check", file}, out{&said, &said}); status != 0 {
		b.Fatalf("our verifier: %s", &said)
	}
	b.Logf("our verifier: whole, in %v", time.Since(began).Round(time.Second))
	x.goZip(file, was)
	x.tool("unzip", "unzip -tq \"$1\"", file)
	x.tool("python3", `python3 -c '
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
bad = z.testzip()
print("Python zipfile:", "bad: " + bad if bad else "whole", max(i.file_size for i in z.infolist()), "bytes in the largest")
sys.exit(1 if bad else 0)' "$1"`, file)
	x.unpacked(file, was)
	b.ReportMetric(float64(anon>>20), "data-MB")
	b.ReportMetric(0, "ns/op")
}

// add adds lines to the configuration.
func (x *exporting) add(lines string) {
	x.Helper()
	f, err := os.OpenFile(x.config, os.O_APPEND|os.O_WRONLY, 0)
	ok(x, err)
	_, err = f.WriteString(lines)
	ok(x, err)
	ok(x, f.Close())
}

// largeFiles writes the files of the bench, and says what each holds, by SHA-256.
func largeFiles(b *testing.B, dir string, size int64) map[string][32]byte {
	b.Helper()
	ok(b, os.MkdirAll(dir, 0o755))
	write := func(name string, fill func(*os.File) error) {
		f, err := os.Create(filepath.Join(dir, name))
		ok(b, err)
		ok(b, fill(f))
		ok(b, f.Close())
	}
	write("disco.img", func(f *os.File) error { // a hole with something at its beginning, its end, and on both sides of each gigabyte
		if err := f.Truncate(size); err != nil {
			return err
		}
		for at := int64(0); at < size; at += 1 << 30 {
			if _, err := f.WriteAt(fmt.Appendf(nil, "aquí %d", at), max(0, at-3)); err != nil {
				return err
			}
		}
		_, err := f.WriteAt([]byte("fin"), size-3)
		return err
	})
	write("ruido.raw", func(f *os.File) error {
		_, err := io.Copy(f, io.LimitReader(rand.NewChaCha8([32]byte{7}), size))
		return err
	})
	write("zz último.txt", func(f *os.File) error { _, err := f.WriteString("detrás de los grandes\n"); return err })
	was := map[string][32]byte{}
	for _, name := range []string{"disco.img", "ruido.raw", "zz último.txt"} {
		f, err := os.Open(filepath.Join(dir, name))
		ok(b, err)
		was[name] = sumOf(b, f)
		ok(b, f.Close())
	}
	return was
}

func sumOf(b testing.TB, r io.Reader) (sum [32]byte) {
	b.Helper()
	h := sha256.New()
	_, err := io.Copy(h, r)
	ok(b, err)
	h.Sum(sum[:0])
	return sum
}

// take writes the bundle of somebody into a file as it is handed over, and reads a part
// of it from beyond a byte, as a download that goes on does.
func (x *exporting) take(who, file string, beyond int64) {
	x.Helper()
	h, err := (&common{Config: x.config}).open(x.Context(), out{io.Discard, io.Discard})
	ok(x, err)
	defer h.close()
	_, whole, err := h.app.TakeBundle(x.Context(), app.Actor{ID: "usr_one", Roles: app.Roles}, x.cases[who])
	ok(x, err)
	f, err := os.Create(file)
	ok(x, err)
	defer func() { _ = f.Close() }()
	n, err := whole.WriteTo(f)
	ok(x, err)
	if n != whole.Size() || n <= beyond {
		x.Fatalf("%d bytes were written of %d", n, whole.Size())
	}
	part, same := make([]byte, 1<<20), make([]byte, 1<<20)
	at := min(beyond, n-int64(len(part)))
	_, err = whole.ReadAt(part, at)
	ok(x, err)
	_, err = f.ReadAt(same, at)
	ok(x, err)
	if !bytes.Equal(part, same) {
		x.Fatalf("what is read on from byte %d is something else", at)
	}
}

// goZip reads the bundle with the library of Go, file by file.
func (x *exporting) goZip(file string, was map[string][32]byte) {
	x.Helper()
	z, err := zip.OpenReader(file)
	ok(x, err)
	defer func() { _ = z.Close() }()
	found := 0
	for _, f := range z.File {
		want, large := was[filepath.Base(f.Name)]
		if !large {
			continue
		}
		found++
		r, err := f.Open()
		ok(x, err)
		if got := sumOf(x, r); got != want {
			x.Errorf("%s is another file in the bundle", f.Name)
		}
		ok(x, r.Close())
	}
	if found != len(was) {
		x.Errorf("%d of %d files are in the bundle", found, len(was))
	}
}

// tool has a program of others read the bundle; where it is not installed, it says so.
func (x *exporting) tool(needs, script, file string) bool {
	x.Helper()
	if _, err := exec.LookPath(needs); err != nil {
		x.Logf("%s is not installed", needs)
		return false
	}
	began := time.Now()
	said, err := exec.CommandContext(x.Context(), "sh", "-c", script, "sh", file).CombinedOutput()
	if err != nil {
		x.Fatalf("%s: %v: %s", needs, err, said)
	}
	x.Logf("%s: %s, in %v", needs, strings.TrimSpace(string(said)), time.Since(began).Round(time.Second))
	return true
}

// unpacked has unzip unpack the bundle, compares the files with what was there, and
// has the second verifier of BagIt judge the folder.
func (x *exporting) unpacked(file string, was map[string][32]byte) {
	x.Helper()
	into := filepath.Join(x.dir, "unpacked")
	if !x.tool("unzip", `unzip -q -o "$1" -d "$(dirname "$1")/unpacked"`, file) {
		return
	}
	ok(x, os.Remove(file))
	for name, want := range was {
		found, err := filepath.Glob(filepath.Join(into, "*", "data", "share", "files", name))
		ok(x, err)
		if len(found) != 1 {
			x.Fatalf("%s was unpacked %d times", name, len(found))
		}
		f, err := os.Open(found[0])
		ok(x, err)
		if got := sumOf(x, f); got != want {
			x.Errorf("unzip unpacks another %s", name)
		}
		ok(x, f.Close())
	}
	if _, err := exec.LookPath("node"); err != nil {
		x.Log("node is not installed")
		return
	}
	bags, err := filepath.Glob(filepath.Join(into, "*"))
	ok(x, err)
	raw, err := exec.CommandContext(x.Context(), "node", append([]string{"../../peers/bagit.mjs", "--json"}, bags...)...).Output()
	if err != nil {
		x.Fatalf("the second verifier: %v: %s", err, raw)
	}
	var verdict map[string]any
	ok(x, json.Unmarshal(bytes.TrimSpace(raw), &verdict))
	x.Logf("the second verifier of BagIt: %.200s", raw)
}
