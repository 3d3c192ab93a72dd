package bundle_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/bundle"
)

var (
	day  = time.Date(2026, 11, 24, 9, 0, 1, 0, time.UTC)
	info = bundle.Info{Source: "Faro", Identifier: "HL-7K4M-29QX", About: "Datos\nde Ada", Date: day}
)

const root = "HL-7K4M-29QX"

// fataler is what *testing.T and *rapid.T have in common.
type fataler interface{ Fatal(...any) }

func write(t fataler, files ...bundle.File) []byte {
	var b bytes.Buffer
	if err := bundle.Write(&b, root, info, files); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func check(b []byte) (bundle.Report, error) { return bundle.Check(bytes.NewReader(b), int64(len(b))) }

func TestWhatWasWrittenChecksAndIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var files []bundle.File
		octets := int64(0)
		for i := range rapid.IntRange(1, 5).Draw(t, "files") {
			files = append(files, bundle.File{Name: fmt.Sprintf("ñ %d%%.bin", i), Body: rapid.SliceOf(rapid.Byte()).Draw(t, "body")})
			octets += int64(len(files[i].Body))
		}
		got := write(t, files...)
		slices.Reverse(files)
		if !bytes.Equal(got, write(t, files...)) {
			t.Fatal("the same files made other bytes")
		}
		r, err := check(got)
		if err != nil || r.Files != len(files) || r.Octets != octets || r.Tags != 6 || r.Root != root || !slices.Equal(r.Algorithms, []string{"sha256", "sha512"}) {
			t.Fatalf("%+v: %v", r, err)
		}
		if want := (bundle.Info{Source: "Faro", Identifier: "HL-7K4M-29QX", About: "Datos de Ada", Date: day.Truncate(24 * time.Hour)}); r.Info != want {
			t.Fatalf("%+v", r.Info)
		}
	})
}

func TestNoPathLeavesTheBag(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "../x", "/x", "a/../b", "a\nb", `a\b`, "a//b", "./a", "n\u0303", "a\xff"} {
		if err := bundle.Write(io.Discard, "x", bundle.Info{}, []bundle.File{{Name: name}}); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	for _, files := range [][]bundle.File{{{Name: "a"}, {Name: "a"}}, {{Name: "Á"}, {Name: "á"}}, nil} {
		if err := bundle.Write(io.Discard, "x", bundle.Info{}, files); err == nil {
			t.Errorf("%v was taken", files)
		}
	}
	if err := bundle.Write(io.Discard, "../x", bundle.Info{}, []bundle.File{{Name: "a"}}); err == nil {
		t.Error("a root outside was taken")
	}
}

func TestEveryChangedByteIsFound(t *testing.T) {
	t.Parallel()
	table, err := bundle.Sheet("customer.csv", []string{"name"}, [][]string{{"Ada"}, {"=1+1"}})
	if err != nil {
		t.Fatal(err)
	}
	whole := write(t, table)
	silent := 0
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		if _, err := check(changed); err == nil {
			silent++
		} else if !errors.Is(err, bundle.ErrBroken) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	// Of each of the seven files: times, versions and attributes, told twice.
	if silent > 7*40 {
		t.Errorf("%d of %d changed bytes went unseen", silent, len(whole))
	}
	for i := 0; i < len(whole); i += 7 {
		if _, err := check(whole[:i]); !errors.Is(err, bundle.ErrBroken) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
	for name, other := range map[string][]byte{"before": append([]byte("MZ"), whole...), "behind": append(bytes.Clone(whole), 0)} {
		if _, err := check(other); !errors.Is(err, bundle.ErrBroken) {
			t.Errorf("something %s: %v", name, err)
		}
	}
}

// entry is one file of a ZIP, as somebody may have made it.
type entry struct {
	name  string
	body  string
	mode  fs.FileMode
	flags uint16
	after string // behind the end of what is packed
	store bool
}

// zipped makes a ZIP of entries, laid out as ours are.
func zipped(t fataler, entries []entry) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range entries {
		var packed bytes.Buffer
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Flags: 0x800 | e.flags, CRC32: crc32.ChecksumIEEE([]byte(e.body)), UncompressedSize64: uint64(len(e.body))}
		if e.store {
			h.Method = zip.Store
			packed.WriteString(e.body)
		} else {
			w, err := flate.NewWriter(&packed, 1)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, e.body); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		packed.WriteString(e.after)
		h.SetMode(0o644 | e.mode)
		h.CompressedSize64 = uint64(packed.Len())
		w, err := z.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(packed.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// entries are those of a ZIP, unpacked.
func entries(t fataler, b []byte) []entry {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var list []entry
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, entry{name: f.Name, body: string(body)})
	}
	return list
}

func replaced(old, with string) func([]entry) []entry {
	return func(list []entry) []entry {
		for i := range list {
			list[i].body = strings.ReplaceAll(list[i].body, old, with)
		}
		return list
	}
}

func added(more ...entry) func([]entry) []entry {
	return func(list []entry) []entry { return append(list, more...) }
}

func changed(name string, change func(*entry)) func([]entry) []entry {
	return func(list []entry) []entry {
		for i := range list {
			if list[i].name == root+"/"+name {
				change(&list[i])
			}
		}
		return list
	}
}

func without(name string) func([]entry) []entry {
	return func(list []entry) []entry {
		return slices.DeleteFunc(list, func(e entry) bool { return e.name == root+"/"+name })
	}
}

func TestABrokenBundleIsNamed(t *testing.T) {
	t.Parallel()
	whole := write(t, bundle.File{Name: "a.txt", Body: []byte("hola")}, bundle.File{Name: "d/b.txt", Body: []byte("adiós")})
	if _, err := check(zipped(t, entries(t, whole))); err != nil {
		t.Fatalf("the same files by another: %v", err)
	}
	for name, c := range map[string]struct {
		change func([]entry) []entry
		names  string // what the error names
	}{
		"a file is missing":            {without("data/a.txt"), "data/a.txt"},
		"a tag file is missing":        {without("bag-info.txt"), "bag-info.txt"},
		"a manifest is missing":        {without("manifest-sha512.txt"), "manifest-sha512.txt"},
		"a tag manifest is missing":    {without("tagmanifest-sha256.txt"), "tagmanifest-sha256.txt"},
		"a file is added":              {added(entry{name: root + "/data/c.txt"}), "data/c.txt"},
		"a tag file is added":          {added(entry{name: root + "/c.txt"}), "c.txt"},
		"a file is changed":            {changed("data/a.txt", func(e *entry) { e.body = "hole" }), "data/a.txt"},
		"a file is longer":             {changed("data/a.txt", func(e *entry) { e.body = "hola." }), "data/a.txt"},
		"a tag file is changed":        {replaced("Faro", "Foro"), "bag-info.txt"},
		"another count":                {replaced("Payload-Oxum: 10.2", "Payload-Oxum: 10.3"), "bag-info.txt"},
		"another version":              {replaced("Version: 1.0", "Version: 2.0"), "bagit.txt"},
		"another encoding":             {replaced("UTF-8", "UTF-7"), "bagit.txt"},
		"a line twice":                 {changed("manifest-sha256.txt", func(e *entry) { e.body += e.body }), "data/a.txt"},
		"a line without a file":        {changed("manifest-sha256.txt", func(e *entry) { e.body = strings.ReplaceAll(e.body, "a.txt", "z.txt") }), "data/z.txt"},
		"a line without a sum":         {changed("manifest-sha256.txt", func(e *entry) { e.body = "x  data/a.txt\n" }), "manifest-sha256.txt"},
		"a tag in the manifest":        {changed("manifest-sha256.txt", func(e *entry) { e.body = strings.ReplaceAll(e.body, "data/a.txt", "bagit.txt") }), "manifest-sha256.txt"},
		"a manifest of md5":            {added(entry{name: root + "/manifest-md5.txt"}), "manifest-md5.txt"},
		"a manifest of something":      {added(entry{name: root + "/manifest-crc.txt"}), "manifest-crc.txt"},
		"a list to fetch":              {added(entry{name: root + "/fetch.txt"}), "fetch.txt"},
		"outside":                      {added(entry{name: "../x"}), "../x"},
		"outside, later":               {added(entry{name: root + "/data/../../x"}), root + "/data/../../x"},
		"absolute":                     {added(entry{name: "/etc/passwd"}), "/etc/passwd"},
		"on a drive":                   {added(entry{name: "C:/x"}), "C:/x"},
		"with a backslash":             {added(entry{name: root + `/data\x`}), `data\\x`},
		"in another folder":            {added(entry{name: "other/x"}), "other/x"},
		"in no folder":                 {added(entry{name: root}), root},
		"an empty element":             {added(entry{name: root + "//x"}), root + "//x"},
		"with a control":               {added(entry{name: root + "/data/a\x00"}), `a\x00`},
		"twice":                        {added(entry{name: root + "/data/a.txt", body: "hola"}), "data/a.txt"},
		"twice in capitals":            {added(entry{name: root + "/data/A.TXT"}), "A.TXT"},
		"twice, composed or not":       {added(entry{name: root + "/data/\u00f1"}, entry{name: root + "/data/n\u0303"}), "data/n"},
		"a folder that is a file":      {added(entry{name: root + "/data/a.txt/x"}), "data/a.txt/x"},
		"a link":                       {added(entry{name: root + "/data/l", body: "/etc/passwd", mode: fs.ModeSymlink}), "data/l"},
		"a device":                     {added(entry{name: root + "/data/l", mode: fs.ModeDevice}), "data/l"},
		"encrypted":                    {changed("data/a.txt", func(e *entry) { e.flags = 1 }), "data/a.txt"},
		"hidden behind the packed end": {changed("data/a.txt", func(e *entry) { e.after = "more" }), "data/a.txt"},
		"stored":                       {changed("data/a.txt", func(e *entry) { e.store = true }), "data/a.txt"},
		"no payload":                   {func(list []entry) []entry { return without("data/a.txt")(without("data/d/b.txt")(list)) }, "data"},
	} {
		_, err := check(zipped(t, c.change(entries(t, whole))))
		if !errors.Is(err, bundle.ErrBroken) || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: %v", name, err)
		}
	}

	latin := bytes.ReplaceAll(zipped(t, added(entry{name: root + "/data/xx", flags: 0})(entries(t, whole))), []byte("/data/xx"), []byte("/data/\xf1x"))
	if _, err := check(latin); !errors.Is(err, bundle.ErrBroken) || !strings.Contains(err.Error(), `data/\xf1x`) {
		t.Errorf("a name that is not UTF-8: %v", err)
	}
	// The header before a file says another name than the directory does.
	two := bytes.Replace(whole, []byte(root+"/data/a.txt"), []byte(root+"/data/b.txt"), 1)
	if _, err := check(two); !errors.Is(err, bundle.ErrBroken) || !strings.Contains(err.Error(), "data/a.txt") {
		t.Errorf("two names: %v", err)
	}
	if _, err := check(nil); !errors.Is(err, bundle.ErrBroken) {
		t.Errorf("nothing at all: %v", err)
	}
}

func TestADiskThatFailsIsNoBrokenBundle(t *testing.T) {
	t.Parallel()
	whole := write(t, bundle.File{Name: "a.txt", Body: bytes.Repeat([]byte("hola"), 1000)})
	for at := 1; ; at++ {
		reads := 0
		_, err := bundle.Check(readerAt(func(b []byte, off int64) (int, error) {
			if reads++; reads == at {
				return 0, errDisk
			}
			return bytes.NewReader(whole).ReadAt(b, off)
		}), int64(len(whole)))
		if reads < at {
			if err != nil || at < 20 {
				t.Errorf("after %d reads: %v", reads, err)
			}
			return
		}
		if !errors.Is(err, errDisk) || errors.Is(err, bundle.ErrBroken) {
			t.Fatalf("read %d: %v", at, err)
		}
	}
}

var errDisk = errors.New("the disk fails")

type readerAt func([]byte, int64) (int, error)

func (f readerAt) ReadAt(b []byte, off int64) (int, error) { return f(b, off) }

// Bags as RFC 8493 shows them (§4), and as others write them: what is in them is
// ours, their form is not.
func TestBagsOfOthersAreRead(t *testing.T) {
	t.Parallel()
	const (
		md5sum  = "4d186321c1a7f0f354b297e8914ab240" // of "hola"
		sha512s = "e83e8535d6f689493e5819bd60aa3e5fdcba940e6d111ab6fb5c34f24f86496bf3726e2bf4ec59d6d2f5a2aeb1e4f103283e7d64e4f49c03b4c4725cb361e773"
	)
	basic := []entry{
		{name: "myfirstbag/", mode: fs.ModeDir, store: true},
		{name: "myfirstbag/manifest-md5.txt", body: md5sum + " *data/27613-h/images/q172.txt\r\n"},
		{name: "myfirstbag/bagit.txt", body: "BagIt-Version: 0.97\r\nTag-File-Character-Encoding: UTF-16\r\n"},
		{name: "myfirstbag/data/27613-h/images/q172.txt", body: "hola"},
	}
	basic[1].body = "\xfe\xff" + wide(basic[1].body)
	r, err := bundle.CheckBag(bytes.NewReader(zipped(t, basic)), int64(len(zipped(t, basic))))
	if err != nil || r.Files != 1 || !slices.Equal(r.Algorithms, []string{"md5"}) {
		t.Errorf("%+v: %v", r, err)
	}
	full := []entry{
		{name: "b/bagit.txt", body: "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8"},
		{name: "b/bag-info.txt", body: "Source-organization: FOO\n University\nPayload-Oxum: 4.1\nContact-Name: x\nContact-Name: y\n"},
		{name: "b/manifest-sha512.txt", body: strings.ToUpper(sha512s) + "\tdata/100%25.txt\n"},
		{name: "b/notes.txt", body: "in no manifest"},
		{name: "b/data/100%.txt", body: "hola", store: true},
	}
	whole := zipped(t, full)
	if r, err = bundle.CheckBag(bytes.NewReader(whole), int64(len(whole))); err != nil || r.Info.Source != "FOO University" || r.Tags != 4 {
		t.Errorf("%+v: %v", r, err)
	}
	if _, err := check(whole); !errors.Is(err, bundle.ErrBroken) {
		t.Error("a bag of others was taken for ours")
	}
	for name, break_ := range map[string]func(e []entry){
		"changed":     func(e []entry) { e[4].body = "hole" },
		"to fetch":    func(e []entry) { e[2].body += sha512s + "  data/absent\n" },
		"no manifest": func(e []entry) { e[2].name = "b/other" },
		"no version":  func(e []entry) { e[0].body = "BagIt-Version: x\nTag-File-Character-Encoding: UTF-8" },
		"a line more": func(e []entry) { e[0].body += "\n\n" },
		"no encoding": func(e []entry) { e[0].body = "BagIt-Version: 1.0\nTag-File-Character-Encoding: KOI-99" },
		"count":       func(e []entry) { e[1].body = "Payload-Oxum: 5.1\n" },
		"no label":    func(e []entry) { e[1].body = "nothing\n" },
	} {
		bad := slices.Clone(full)
		break_(bad)
		whole := zipped(t, bad)
		if _, err := bundle.CheckBag(bytes.NewReader(whole), int64(len(whole))); !errors.Is(err, bundle.ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func wide(s string) string {
	var b []byte
	for _, r := range s {
		b = binary.BigEndian.AppendUint16(b, uint16(r))
	}
	return string(b)
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte("PK"))
	whole := write(f, bundle.File{Name: "a.txt", Body: []byte("hola")})
	f.Add(whole)
	f.Add(zipped(f, entries(f, whole)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := check(b)
		if err != nil && !errors.Is(err, bundle.ErrBroken) {
			t.Fatal(err)
		}
		if err == nil && (r.Files == 0 || r.Root == "") {
			t.Fatalf("%+v", r)
		}
		if _, other := bundle.CheckBag(bytes.NewReader(b), int64(len(b))); err == nil && other != nil {
			t.Fatalf("ours, but no bag: %v", other)
		}
	})
}
