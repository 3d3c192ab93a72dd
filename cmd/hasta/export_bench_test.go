package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	kflate "github.com/klauspost/compress/flate"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/store"
	"hastaluego/internal/when"
)

// exportFile is how large each file of the bench is, in bytes.
const exportFile = 64 << 20

// BenchmarkExport makes what a customer takes along of a folder with that many
// megabytes (HASTA_BENCH_EXPORT_MB): two thirds tables as text, a third that cannot
// be packed. The program is `hasta serve`, a process of its own: one departure in
// one go, and another in whose middle it is killed. Beside it, in the same run,
// the same files are put into a plain ZIP: right after the first departure, and
// before it too where they are not more than two gigabytes.
func BenchmarkExport(b *testing.B) {
	mb := 256
	if n, err := strconv.Atoi(os.Getenv("HASTA_BENCH_EXPORT_MB")); err == nil {
		mb = n
	}
	dir := b.TempDir()
	share := filepath.Join(dir, "share", "BENCH")
	size := generate(b, share, int64(mb)<<20)
	for _, who := range []string{"one", "two"} { // each has the same files, which are there once
		ok(b, os.Mkdir(share+"-"+who, 0o755))
		files, err := os.ReadDir(share)
		ok(b, err)
		for _, f := range files {
			ok(b, os.Link(filepath.Join(share, f.Name()), filepath.Join(share+"-"+who, f.Name())))
		}
	}
	x := &exporting{B: b, dir: dir, size: size}
	x.say("%d MB of files are there", size/1e6)
	x.prepare()

	var before []zipped
	if mb <= 2048 {
		before = x.plain(share)
	}
	x.start()
	time.Sleep(4 * time.Second)
	idle := x.stop()
	x.leave("one")
	x.anon = 0
	x.start()
	made, checked := x.wait("one", 0)
	peak, anon := x.stop(), x.anon
	x.forget("one")
	x.say("made in %v, checked in %v more, %d MB of data in memory at most", made, checked, anon>>20)
	after := x.plain(share)

	pieces := x.packed * 4 / 10 // it dies when so much of it is there
	x.leave("two")
	x.start()
	x.wait("two", pieces)
	died := time.Now()
	b.Logf("killed when %d MB of pieces were there; %d MB of memory at most", x.pieces("two")>>20, x.kill()>>20)
	had := x.have("two")
	time.Sleep(1100 * time.Millisecond) // times of files tell apart what was there from what is made again
	x.start()
	x.wait("two", 0)
	again := x.stop()
	kept := 0
	for piece, at := range x.have("two") {
		if old, ok := had[piece]; ok && old.Equal(at) {
			kept++
		}
	}

	rate := func(d time.Duration) float64 { return float64(size) / d.Seconds() / 1e6 }
	b.Logf("%d files, %d MB; a bundle of %d MB", size/exportFile, size/1e6, x.packed/1e6)
	b.Logf("made in %v (%.0f MB/s), checked in %v more; %v from the kill until the other was checked", made.Round(time.Millisecond), rate(made), checked.Round(time.Millisecond), time.Since(died).Round(time.Second))
	for i, p := range after {
		d := p.took
		if before != nil {
			d = (p.took + before[i].took) / 2
			b.Logf("%s: %.0f MB/s before, %.0f MB/s after", p.name, rate(before[i].took), rate(p.took))
		}
		b.Logf("%s: %.0f MB/s, %d MB; the bundle has %.0f %% of that", p.name, rate(d), p.size/1e6, 100*d.Seconds()/made.Seconds())
	}
	b.Logf("memory at most: %d MB in one go, of them %d MB of data and the rest pages of the program; %d MB after the kill; %d MB with nothing to do", peak>>20, anon>>20, again>>20, idle>>20)
	b.Logf("of %d pieces that were there at the kill %d are still the same", len(had), kept)
	if kept < len(had)-2 { // the one that was being written, and the last of the house
		b.Errorf("it began again: %d of %d pieces", kept, len(had))
	}
	b.ReportMetric(rate(made), "MB/s")
	b.ReportMetric(float64(anon>>20), "data-MB")
	b.ReportMetric(0, "ns/op")
}

// generate writes files until so many bytes are there.
func generate(b *testing.B, dir string, size int64) (total int64) {
	b.Helper()
	ok(b, os.MkdirAll(dir, 0o755))
	noise := rand.NewChaCha8([32]byte{1})
	for i := 0; total < size; i++ {
		name := "tabla-" + fmt.Sprintf("%03d", i) + ".ndjson"
		if i%3 == 2 {
			name = "foto-" + fmt.Sprintf("%03d", i) + ".raw"
		}
		f, err := os.Create(filepath.Join(dir, name))
		ok(b, err)
		var buf bytes.Buffer
		for n := int64(0); n < exportFile; {
			buf.Reset()
			if i%3 == 2 {
				for range 8192 {
					buf.Write(binary.LittleEndian.AppendUint64(nil, noise.Uint64()))
				}
			}
			for row := 0; i%3 != 2 && buf.Len() < 64<<10; row++ {
				v := noise.Uint64()
				fmt.Fprintf(&buf, `{"id":%d,"invoice":"F-2026-%07d","customer":"cus_%x","amount":"%d.%02d","currency":"EUR","state":"%s","at":"2026-%02d-%02dT%02d:%02d:00Z"}`+"\n",
					n+int64(row), v%9999999, v>>32, v%9000, v%100, []string{"paid", "open", "void"}[v%3], 1+v%12, 1+v%28, v%24, v%60)
			}
			piece := buf.Bytes()[:min(int64(buf.Len()), exportFile-n)]
			_, err := f.Write(piece)
			ok(b, err)
			n += int64(len(piece))
		}
		ok(b, f.Close())
		total += exportFile
	}
	return total
}

// exporting is the program of the bench and its folder.
type exporting struct {
	*testing.B
	dir    string
	size   int64
	packed int64 // bytes of the bundle
	config string
	cases  map[string]offboarding.CaseID
	child  *exec.Cmd
	anon   int64 // bytes of data that the program was seen to hold at most
}

// say tells how far it is: a benchmark's own log comes at its end only.
func (x *exporting) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

func (x *exporting) write(name, body string) string {
	x.Helper()
	path := filepath.Join(x.dir, name)
	ok(x, os.MkdirAll(filepath.Dir(path), 0o755))
	ok(x, os.WriteFile(path, []byte(body), 0o600))
	return path
}

// prepare makes a house with two customers who have the same folder.
func (x *exporting) prepare() {
	x.Helper()
	systems := x.write("systems.yaml", fmt.Sprintf("systems:\n  share:\n    kind: folder\n    root: %s\n    export:\n      files: {title: {es: Ficheros, en: Files}, path: \"{owner}\"}\n", filepath.Join(x.dir, "share")))
	playbook := x.write("takes.yaml", "playbook: takes\ntitle: {es: Llevarse, en: Take, de: Mitnehmen, fr: Emporter}\nsteps:\n  - {id: confirm, kind: confirm, title: {es: Uno, en: One, de: Eins, fr: Un}}\n  - {id: export, kind: export_data, title: {es: Datos, en: Data, de: Daten, fr: Données}, after: [confirm], milestone: data_ready}\n")
	x.config = x.write("hasta.yaml", fmt.Sprintf("dir: %s\nlisten: 127.0.0.1:0\npublic_url: http://127.0.0.1\nsystems: %s\nplaybook: %s\ncompany: {name: Banco, legal_name: \"Banco, S.L.\", email: a@b.example, complaints: a@b.example, zone: Europe/Madrid}\n",
		filepath.Join(x.dir, "data"), systems, playbook))
	x.cases = map[string]offboarding.CaseID{}
	h, err := (&common{Config: x.config}).open(x.Context(), out{io.Discard, io.Discard})
	ok(x, err)
	h.close()
}

// leave has a customer leave, before the program runs.
func (x *exporting) leave(who string) {
	x.Helper()
	ctx := x.Context()
	h, err := (&common{Config: x.config}).open(ctx, out{io.Discard, io.Discard})
	ok(x, err)
	defer h.close()
	now, _, err := h.store.Now(ctx)
	ok(x, err)
	ok(x, h.app.PutRows(ctx, []ingest.Row{{
		Customer: customer.Customer{Kind: customer.Organisation, Name: who, Reference: "BENCH-" + who},
		Contact:  customer.Contact{Name: "Ana", Email: who + "@bench.example", Role: customer.Owner},
		Subscription: customer.Subscription{
			Reference: "S-" + who, Product: "Banco", Amount: money.Amount{Minor: 900, Currency: "EUR"}, Interval: customer.Monthly,
			Start: when.DateOf(now, time.UTC).AddDays(-400), Status: customer.Active,
		},
	}}))
	by := app.Actor{ID: "usr_one", Roles: []string{"agent", "admin"}}
	list, err := h.app.ListCustomers(ctx, by, app.CustomerFilter{Query: "BENCH-" + who, Limit: 1})
	ok(x, err)
	x.cases[who], err = h.app.RegisterOnBehalf(ctx, by, app.BehalfInput{Customer: list.Rows[0].Customer.ID, Channel: "phone", Reference: "1", When: "period_end", Proof: "DNI"})
	ok(x, err)
}

// start begins `hasta serve`.
func (x *exporting) start() {
	x.Helper()
	self, err := os.Executable()
	ok(x, err)
	x.child = &exec.Cmd{Path: self, Args: []string{"hasta", "serve", "--config", x.config}, Stderr: io.Discard}
	ok(x, x.child.Start())
}

// stop ends it, and says how much memory it held at most, in bytes.
func (x *exporting) stop() int64 {
	x.Helper()
	peak := x.peak()
	ok(x, x.child.Process.Signal(syscall.SIGTERM))
	_ = x.child.Wait()
	return peak
}

// kill is kill -9.
func (x *exporting) kill() int64 {
	x.Helper()
	peak := x.peak()
	ok(x, x.child.Process.Kill())
	_ = x.child.Wait()
	return peak
}

// peak is what the system says that the process held at most.
func (x *exporting) peak() int64 { return x.memory("VmHWM:") }

func (x *exporting) memory(which string) int64 {
	x.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", x.child.Process.Pid))
	ok(x, err)
	for line := range strings.Lines(string(raw)) {
		if rest, found := strings.CutPrefix(line, which); found {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			ok(x, err)
			return kb << 10
		}
	}
	x.Fatal("the system does not say how much memory it holds")
	return 0
}

// set is the folder of the pieces of somebody's bundle, empty while there is none.
func (x *exporting) set(who string) string {
	x.Helper()
	sets, err := filepath.Glob(filepath.Join(x.dir, "data", "blobs", "att_*"))
	ok(x, err)
	for _, s := range sets {
		if who == "two" || len(sets) == 1 {
			return s
		}
	}
	return ""
}

// have are the pieces of a bundle, with when they were written.
func (x *exporting) have(who string) map[string]time.Time {
	x.Helper()
	list := map[string]time.Time{}
	_ = filepath.WalkDir(x.set(who), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			if info, err := d.Info(); err == nil {
				list[path] = info.ModTime()
			}
		}
		return nil
	})
	return list
}

// pieces is how many bytes of a bundle are there.
func (x *exporting) pieces(who string) (n int64) {
	x.Helper()
	_ = filepath.WalkDir(x.set(who), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// wait waits until so many bytes of the bundle are there; with none, until it is
// made and checked, and says how long either took.
func (x *exporting) wait(who string, bytes int64) (made, checked time.Duration) {
	x.Helper()
	ctx := x.Context()
	s, err := store.Open(ctx, store.Config{URL: filepath.Join(x.dir, "data", "hasta.db")})
	ok(x, err)
	defer func() { _ = s.Close() }()
	var began, ready time.Time
	for {
		time.Sleep(20 * time.Millisecond)
		x.anon = max(x.anon, x.memory("RssAnon:"))
		if began.IsZero() && x.set(who) != "" {
			began = time.Now()
		}
		if bytes > 0 {
			if x.pieces(who) >= bytes {
				return 0, 0
			}
			continue
		}
		done := false
		ok(x, s.View(ctx, func(tx app.Tx) error {
			list, err := tx.BlobsOf(ctx, x.cases[who])
			if err != nil {
				return err
			}
			if len(list) > 0 && ready.IsZero() {
				ready, x.packed = time.Now(), list[0].Size
			}
			p, err := tx.FindPlan(ctx, x.cases[who])
			if err == nil {
				done = p.Step("export").State == offboarding.StepVerified
			}
			return err
		}))
		if done {
			return ready.Sub(began), time.Since(ready)
		}
	}
}

// forget gives the room of a bundle back.
func (x *exporting) forget(who string) {
	x.Helper()
	if s := x.set(who); s != "" {
		ok(x, os.RemoveAll(s))
	}
}

// zipped is a plain ZIP of the same files.
type zipped struct {
	name string
	took time.Duration
	size int64
}

// plain packs the files with archive/zip as it comes, with the packer and the level
// of the bundle, and with the programs zip and zstd where they are installed, each
// into one file, and with zstd together with the programs that make both checksums
// of a bag. What Go writes is synced once.
func (x *exporting) plain(share string) (list []zipped) {
	x.Helper()
	for _, how := range []struct {
		name string
		pack func(io.Writer) (io.WriteCloser, error)
	}{
		{"archive/zip", func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 5) }}, // its own level
		{"archive/zip with the packer of the bundle", func(w io.Writer) (io.WriteCloser, error) { return kflate.NewWriter(w, kflate.BestSpeed) }},
	} {
		began := time.Now()
		path := filepath.Join(x.dir, "plain.zip")
		f, err := os.Create(path)
		ok(x, err)
		z := zip.NewWriter(f)
		z.RegisterCompressor(zip.Deflate, how.pack)
		ok(x, z.AddFS(os.DirFS(share)))
		ok(x, z.Close())
		ok(x, f.Sync())
		info, err := f.Stat()
		ok(x, err)
		ok(x, f.Close())
		list = append(list, zipped{how.name, time.Since(began), info.Size()})
		x.say("%s: %v", how.name, list[len(list)-1].took)
		ok(x, os.Remove(path))
	}
	for _, tool := range []struct{ name, needs, script string }{
		{"the program zip", "zip", `zip -q -r plain.out "$1"`},
		{"the program zstd", "zstd", `zstd -q -f -r -o plain.out "$1"`},
		{"the programs zstd, sha256sum and sha512sum, all at once", "zstd", `sha256sum "$1"/* >sums & sha512sum "$1"/* >>sums & zstd -q -f -r -o plain.out "$1"; wait`},
	} {
		if _, err := exec.LookPath(tool.needs); err != nil {
			x.Logf("%s is not installed", tool.needs)
			continue
		}
		began := time.Now()
		cmd := exec.CommandContext(x.Context(), "sh", "-c", tool.script, "sh", share)
		cmd.Dir = x.dir
		if said, err := cmd.CombinedOutput(); err != nil {
			x.Fatalf("%s: %v: %s", tool.name, err, said)
		}
		took := time.Since(began)
		made, err := filepath.Glob(filepath.Join(x.dir, "plain.out*")) // zip adds its ending
		ok(x, err)
		info, err := os.Stat(made[0])
		ok(x, err)
		list = append(list, zipped{tool.name, took, info.Size()})
		x.say("%s: %v", tool.name, took)
		ok(x, os.Remove(made[0]))
	}
	return list
}
