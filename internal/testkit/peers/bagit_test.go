package peers_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/peers"
)

// bag is an unpacked bag: what stands in each file, by its path.
type bag map[string]string

// good is a bag with everything that RFC 8493 has, and is valid without a note.
func good() bag {
	b := bag{
		"bagit.txt":        "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
		"data/a.txt":       "one",
		"data/empty":       "",
		"data/sub/año.txt": "two",
		"data/100%\n\r":    "three", // a name that is written 100%25%0A%0D
		"meta/picture.bin": "\xff\xfe\x00",
	}
	b["bag-info.txt"] = "Source-Organization: Sol\nExternal-Description: what was\n    taken along\nWho Packed-It: Ana\nPayload-Oxum: " + oxum(b) + "\n"
	list(b)
	return b
}

func oxum(b bag) string {
	octets, files := 0, 0
	for name, body := range b {
		if strings.HasPrefix(name, "data/") {
			octets, files = octets+len(body), files+1
		}
	}
	return fmt.Sprintf("%d.%d", octets, files)
}

var written = strings.NewReplacer("%", "%25", "\n", "%0A", "\r", "%0d")

func line(algorithm, name, body string) string {
	if algorithm == "sha256" {
		sum := sha256.Sum256([]byte(body))
		return hex.EncodeToString(sum[:]) + "  " + written.Replace(name) + "\n"
	}
	sum := sha512.Sum512([]byte(body))
	return strings.ToUpper(hex.EncodeToString(sum[:])) + "\t" + written.Replace(name) + "\n"
}

// list writes the payload manifests.
func list(b bag) {
	manifests(b, "manifest-", func(name string) bool { return strings.HasPrefix(name, "data/") })
}

// seal writes the tag manifests.
func seal(b bag) {
	manifests(b, "tagmanifest-", func(name string) bool {
		return !strings.HasPrefix(name, "data/") && !strings.HasPrefix(name, "tagmanifest-")
	})
}

func manifests(b bag, kind string, which func(name string) bool) {
	for _, algorithm := range []string{"sha256", "sha512"} {
		var text strings.Builder
		for _, name := range slices.Sorted(maps.Keys(b)) {
			if which(name) {
				text.WriteString(line(algorithm, name, b[name]))
			}
		}
		b[kind+algorithm+".txt"] = text.String()
	}
}

func (b bag) write(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "bag")
	if err := os.MkdirAll(filepath.Join(folder, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, body := range b {
		at := filepath.Join(folder, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, []byte(body), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// add adds to the end of a file, put replaces text in it, drop takes files away.
func add(name, text string) func(bag) { return func(b bag) { b[name] += text } }

func put(name, old, text string) func(bag) {
	return func(b bag) {
		if !strings.Contains(b[name], old) {
			panic(name + " has no " + old)
		}
		b[name] = strings.Replace(b[name], old, text, 1)
	}
}

func drop(names ...string) func(bag) {
	return func(b bag) {
		for _, name := range names {
			delete(b, name)
		}
	}
}

func all(changes ...func(bag)) func(bag) {
	return func(b bag) {
		for _, change := range changes {
			change(b)
		}
	}
}

// texts changes every text tag file but bagit.txt, which the tag manifests do not
// know yet (tags false), or the tag manifests themselves.
func texts(tags bool, change func(string) string) func(bag) {
	return func(b bag) {
		for name, body := range b {
			if !strings.Contains(name, "/") && name != "bagit.txt" && strings.HasPrefix(name, "tagmanifest-") == tags {
				b[name] = change(body)
			}
		}
	}
}

func inUTF16(text string) string {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return string(out)
}

func inLatin1(text string) string { return strings.ReplaceAll(text, "ñ", "\xf1") }

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

func cr(text string) string { return strings.ReplaceAll(text, "\n", "\r") }

const (
	bad256  = "0000000000000000000000000000000000000000000000000000000000000000"
	info    = "bag-info.txt"
	m256    = "manifest-sha256.txt"
	m512    = "manifest-sha512.txt"
	t256    = "tagmanifest-sha256.txt"
	fetched = "https://example.com/a 3 data/a.txt\n"
)

// cases are bags that differ from the good one. A bag that breaks a rule breaks one:
// its faults, as "file section", are all that is told of it. Where a manifest of
// each algorithm sees it, it is told for each.
var cases = []struct {
	name   string
	change func(bag)                 // before the tag manifests are made
	after  func(bag)                 // after it
	disk   func(folder string) error // once it is written
	faults []string
	says   string // in one of the faults, or of the notes
	notes  []string
	unread bool // it cannot be judged
}{
	{name: "everything", change: all()},
	{name: "lines that end with CRLF", change: all(put("bagit.txt", "1.0\n", "1.0\r\n"), texts(false, crlf)), after: texts(true, crlf)},
	{name: "lines that end with CR", change: all(put("bagit.txt", "1.0\n", "1.0\r"), texts(false, cr)), after: texts(true, cr)},
	{name: "UTF-16", change: all(put("bagit.txt", "UTF-8", "UTF-16"), texts(false, inUTF16)), after: texts(true, inUTF16)},
	{name: "ISO-8859-1", change: all(put("bagit.txt", "UTF-8", "ISO-8859-1"), texts(false, inLatin1)), after: texts(true, inLatin1)},
	{name: "no tag manifest", after: drop(t256, "tagmanifest-sha512.txt")},
	{name: "an empty payload", change: func(b bag) {
		maps.DeleteFunc(b, func(name, _ string) bool { return strings.HasPrefix(name, "data/") })
		b[info] = "Payload-Oxum: 0.0\n"
		list(b)
	}},
	{name: "fetched already", change: add("fetch.txt", fetched)},
	{name: "fetched, of another length", change: add("fetch.txt", strings.Replace(fetched, " 3 ", " 4 ", 1)), notes: []string{"data/a.txt 5.3"}},
	{name: "the label as the examples print it", change: put("bagit.txt", "BagIt-Version", "BagIt-version"), notes: []string{"bagit.txt 2.1.1"}},
	{name: "a last line without an end", change: add(info, "Bag-Size: 1 MB"), notes: []string{info + " 2.3"}},
	{name: "a date and a count of another form", change: add(info, "Bagging-Date: 2008.04.15\nBag-Count: one\n"), notes: []string{info + " 2.2.2", info + " 2.2.2"}},
	{name: "a size twice", change: add(info, "Bag-Size: 1 MB\nBAG-SIZE: 2 MB\n"), notes: []string{info + " 2.2.2"}},
	{name: "a tag file in no tag manifest", after: add("more.txt", "x"), notes: []string{"more.txt 2.2.1", "more.txt 2.2.1"}},
	{name: "tag manifests of fewer algorithms", after: drop("tagmanifest-sha512.txt"), notes: []string{t256 + " 2.2.1"}},
	{name: "a manifest only by its case", change: add("MANIFEST-sha1.txt", "x"), notes: []string{"MANIFEST-sha1.txt 6.1.1.3"}},
	{name: "names that differ in case", change: func(b bag) { b["data/A.txt"] = b["data/a.txt"]; relist(b) }, notes: []string{"data/a.txt 6.1.1.3"}, says: "upper and lower case"},
	{name: "names that differ in normalisation", change: func(b bag) { b["data/sub/an\u0303o.txt"] = "x"; relist(b) }, notes: []string{"data/sub/año.txt 6.1.1.3"}, says: "normalisation"},
	{name: "another normalisation on the disk", disk: rename("data/sub/año.txt", "data/sub/an\u0303o.txt"), notes: []string{"data/sub/an\u0303o.txt 6.1.1.3", "data/sub/an\u0303o.txt 6.1.1.3"}},
	{name: "a name that Windows cannot have", change: func(b bag) { b["data/nul.txt"] = "x"; relist(b) }, notes: []string{"data/nul.txt 6.1.2"}},
	{name: "a path with ./", change: put(m256, " data/a.txt", " ./data/a.txt"), notes: []string{m256 + " 2.1.3"}},

	{name: "no declaration", change: drop("bagit.txt"), faults: []string{"bagit.txt 2.1.1"}},
	{name: "an empty declaration", change: func(b bag) { b["bagit.txt"] = "" }, faults: []string{"bagit.txt 2.1.1", "bagit.txt 2.1.1"}},
	{name: "a declaration of one line", change: put("bagit.txt", "Tag-File-Character-Encoding: UTF-8\n", ""), faults: []string{"bagit.txt 2.1.1"}},
	{name: "a declaration of three lines", change: add("bagit.txt", "\n"), faults: []string{"bagit.txt 2.1.1"}},
	{name: "a declaration in another order", change: func(b bag) {
		b["bagit.txt"] = "Tag-File-Character-Encoding: UTF-8\nBagIt-Version: 1.0\n"
	}, faults: []string{"bagit.txt 2.1.1", "bagit.txt 2.1.1"}},
	{name: "a space before the colon", change: put("bagit.txt", "Version:", "Version :"), faults: []string{"bagit.txt 2.1.1"}},
	{name: "two spaces before the version", change: put("bagit.txt", "Version:", "Version: "), faults: []string{"bagit.txt 2.1.1"}},
	{name: "a version of one number", change: put("bagit.txt", "1.0", "1"), faults: []string{"bagit.txt 2.1.1"}},
	{name: "another version", change: put("bagit.txt", "1.0", "0.97"), faults: []string{"bagit.txt 2.1.1"}, says: "0.97"},
	{name: "no encoding", change: put("bagit.txt", "UTF-8", ""), faults: []string{"bagit.txt 2.1.1"}},
	{name: "a byte order mark in the declaration", change: func(b bag) { b["bagit.txt"] = "\ufeff" + b["bagit.txt"] }, faults: []string{"bagit.txt 2.1.1"}},
	{name: "a declaration that is no UTF-8", change: put("bagit.txt", "UTF-8", "\xff"), faults: []string{"bagit.txt 2.1.1"}},
	{name: "no payload folder", change: func(b bag) {
		maps.DeleteFunc(b, func(name, _ string) bool { return strings.HasPrefix(name, "data/") })
		b[info] = "Payload-Oxum: 0.0\n"
		list(b)
	}, disk: func(folder string) error { return os.Remove(filepath.Join(folder, "data")) }, faults: []string{"data 2.1.2"}},
	{name: "no payload manifest", change: drop(m256, m512), faults: []string{m512 + " 2.1.3"}, notes: []string{t256 + " 2.2.1"}},
	{name: "a payload file in one manifest only", change: put(m256, line("sha256", "data/a.txt", "one"), ""), faults: []string{"data/a.txt 3"}, says: m256},
	{name: "a payload file in no manifest", change: put(info, "11.4", "11.5"), after: add("data/b.txt", ""), faults: []string{"data/b.txt 3", "data/b.txt 3"}},
	{name: "a payload file that is missing", change: add(m512, line("sha512", "data/gone.txt", "x")), faults: []string{"data/gone.txt 3"}, says: m512 + " line 5"},
	{name: "a payload file listed twice", change: add(m512, line("sha512", "data/a.txt", "one")), faults: []string{"data/a.txt 2.1.3"}},
	{name: "a payload file listed twice by normalisation", change: add(m512, line("sha512", "data/sub/an\u0303o.txt", "two")), faults: []string{"data/sub/año.txt 2.1.3"}, notes: []string{"data/sub/año.txt 6.1.1.3"}},
	{name: "a changed payload file", after: put("data/a.txt", "one", "two"), faults: []string{"data/a.txt 3", "data/a.txt 3"}},
	{name: "a changed tag file that is no text", after: put("meta/picture.bin", "\x00", "\x01"), faults: []string{"meta/picture.bin 3", "meta/picture.bin 3"}},
	{name: "a changed manifest", after: put(m256, "  data/a", "   data/a"), faults: []string{m256 + " 3", m256 + " 3"}},
	{name: "a checksum that is too short", change: put(m256, line("sha256", "data/a.txt", "one"), "abcd  data/a.txt\n"), faults: []string{m256 + " 2.1.3"}},
	{name: "a checksum that is no hexadecimal number", change: add(m256, "xyz  data/x\n"), faults: []string{m256 + " 2.1.3"}},
	{name: "a line without a path", change: add(m256, bad256+"\n"), faults: []string{m256 + " 2.1.3"}},
	{name: "an empty line", change: add(m256, "\n"), faults: []string{m256 + " 2.1.3"}},
	{name: "a space before the checksum", change: add(m256, " "+bad256+"  data/x\n"), faults: []string{m256 + " 2.1.3"}},
	{name: "an asterisk before the path", change: add(m256, bad256+" *data/x\n"), faults: []string{m256 + " 2.1.3"}, says: "md5sum"},
	{name: "a folder in a manifest", change: add(m256, bad256+"  data/sub\n"), faults: []string{m256 + " 2.1.3"}, says: "folder"},
	{name: "a folder with a slash", change: add(m256, bad256+"  data/sub/\n"), faults: []string{m256 + " 2.1.3"}, says: "folder"},
	{name: "a payload manifest with a tag file", change: add(m256, bad256+"  bag-info.txt\n"), faults: []string{m256 + " 2.1.3"}},
	{name: "a path upwards", change: add(m256, bad256+"  data/../../x\n"), faults: []string{m256 + " 5.1"}},
	{name: "a path upwards with backslashes", change: add(m256, bad256+"  data\\..\\..\\x\n"), faults: []string{m256 + " 5.1"}},
	{name: "an absolute path", after: add(t256, bad256+"  /etc/passwd\n"), faults: []string{t256 + " 5.1"}},
	{name: "a path to a home", after: add(t256, bad256+"  ~root/x\n"), faults: []string{t256 + " 5.1"}},
	{name: "a path with a drive", after: add(t256, bad256+"  C:\\x\n"), faults: []string{t256 + " 5.1"}},
	{name: "a path in the network", after: add(t256, bad256+"  \\\\?\\UNC\\host\\x\n"), faults: []string{t256 + " 5.1"}},
	{name: "a percent sign that is not encoded", change: put(m256, "100%25", "100%"), faults: []string{m256 + " 2.1.3"}},
	{name: "a letter that is encoded", change: func(b bag) {
		b["data/%41"] = "x"
		relist(b)
		put(m256, "data/%2541", "data/%41")(b)
	}, faults: []string{m256 + " 2.1.3"}},
	{name: "an algorithm that is not normalised", change: func(b bag) { b["manifest-SHA-256.txt"] = b[m256] }, faults: []string{"manifest-SHA-256.txt 2.4"}, notes: []string{t256 + " 2.2.1"}},
	{name: "a manifest that is a folder", change: add("manifest-md5.txt/x", "x"), faults: []string{"manifest-md5.txt 2.1.3"}},
	{name: "a tag manifest with a payload file", after: add(t256, line("sha256", "data/a.txt", "one")), faults: []string{t256 + " 2.2.1"}},
	{name: "a tag manifest with a tag manifest", after: add(t256, bad256+"  "+t256+"\n"), faults: []string{t256 + " 2.2.1"}},
	{name: "a tag manifest without a payload manifest", after: func(b bag) { put(t256, line("sha256", m512, b[m512]), "")(b) }, faults: []string{t256 + " 2.2.1"}, says: m512},
	{name: "a tag file that is missing", after: add(t256, line("sha256", "gone.txt", "x")), faults: []string{"gone.txt 3"}},
	{name: "a tag file listed twice", after: func(b bag) { add(t256, line("sha256", info, b[info]))(b) }, faults: []string{info + " 2.2.1"}},
	{name: "metadata without a space", change: add(info, "Bag-Size:1 MB\n"), faults: []string{info + " 2.2.2"}},
	{name: "metadata without a colon", change: add(info, "Bag-Size\n"), faults: []string{info + " 2.2.2"}},
	{name: "metadata without a value", change: add(info, "Bag-Size: \n"), faults: []string{info + " 2.2.2"}},
	{name: "metadata without a label", change: add(info, ": x\n"), faults: []string{info + " 2.2.2"}},
	{name: "a label that ends with a space", change: add(info, "Bag-Size : 1 MB\n"), faults: []string{info + " 2.2.2"}},
	{name: "metadata with an empty line", change: add(info, "\n"), faults: []string{info + " 2.2.2"}},
	{name: "metadata that goes on with nothing", change: func(b bag) { b[info] = "  x\n" + b[info] }, faults: []string{info + " 2.2.2"}},
	{name: "Payload-Oxum of another form", change: put(info, "11.4", "11 octets"), faults: []string{info + " 2.2.2"}},
	{name: "Payload-Oxum with other octets", change: put(info, "11.4", "12.4"), faults: []string{info + " 2.2.2"}},
	{name: "Payload-Oxum with other files", change: put(info, "11.4", "11.5"), faults: []string{info + " 2.2.2"}},
	{name: "Payload-Oxum twice", change: add(info, "payload-oxum: 11.4\n"), faults: []string{info + " 2.2.2"}},
	{name: "not fetched yet", change: func(b bag) { put(info, "11.4", "8.3")(b); add("fetch.txt", fetched)(b) }, after: drop("data/a.txt"), faults: []string{"data/a.txt 2.2.3", "data/a.txt 2.2.3"}},
	{name: "fetched from an address without a scheme", change: add("fetch.txt", "example.com/a 3 data/a.txt\n"), faults: []string{"fetch.txt 2.2.3"}},
	{name: "fetched from an address with a fragment", change: add("fetch.txt", "https://example.com/#a 3 data/a.txt\n"), faults: []string{"fetch.txt 2.2.3"}},
	{name: "fetched without a length", change: add("fetch.txt", "https://example.com/a data/a.txt\n"), faults: []string{"fetch.txt 2.2.3"}},
	{name: "a tag file that is fetched", change: add("fetch.txt", "https://example.com/a - bag-info.txt\n"), faults: []string{"fetch.txt 2.2.3"}},
	{name: "fetched out of the bag", change: add("fetch.txt", "https://example.com/a - data/../../x\n"), faults: []string{"fetch.txt 5.1"}},
	{name: "fetched, and in no manifest", change: add("fetch.txt", "https://example.com/a - data/b.txt\n"), faults: []string{"data/b.txt 2.2.3", "data/b.txt 2.2.3"}},
	{name: "a byte order mark in UTF-8", change: func(b bag) { b[info] = "\ufeff" + b[info] }, faults: []string{info + " 2.3"}},
	{name: "another encoding than declared", change: add(info, "Contact-Name: A\xf1a\n"), faults: []string{info + " 2.3"}},
	{name: "more than US-ASCII", change: all(put("bagit.txt", "UTF-8", "US-ASCII"), drop("data/sub/año.txt"), func(b bag) { relist(b); add(info, "Contact-Name: Aña\n")(b) }), faults: []string{info + " 2.3"}},
	{name: "a link to a file", disk: link("/etc/passwd", "data/link"), faults: []string{"data/link 5.1"}},
	{name: "a link to a folder", disk: link("/etc", "meta/etc"), faults: []string{"meta/etc 5.1"}},
	{name: "a link in the place of a file", change: put(info, "11.4", "8.3"), disk: func(folder string) error {
		return errors.Join(os.Rename(filepath.Join(folder, "data/a.txt"), filepath.Join(folder, "meta/a.txt")), link("../meta/a.txt", "data/a.txt")(folder))
	}, faults: []string{"data/a.txt 5.1"}, notes: []string{"meta/a.txt 2.2.1", "meta/a.txt 2.2.1"}},
	{name: "a pipe", disk: func(folder string) error { return syscall.Mkfifo(filepath.Join(folder, "data", "pipe"), 0o600) }, faults: []string{"data/pipe 5.1"}},
	{name: "a name that is no UTF-8", disk: func(folder string) error { return os.WriteFile(filepath.Join(folder, "data", "\xff"), nil, 0o600) }, faults: []string{"data/ÿ 2.1.3"}},

	{name: "an encoding that nobody knows", change: put("bagit.txt", "UTF-8", "EBCDIC-XX"), unread: true},
	{name: "an algorithm that nobody knows", change: func(b bag) { b["manifest-crc7.txt"] = b[m256] }, unread: true, notes: []string{t256 + " 2.2.1"}},
}

func relist(b bag) {
	before, _, _ := strings.Cut(b[info], "Payload-Oxum")
	b[info] = before + "Payload-Oxum: " + oxum(b) + "\n"
	list(b)
}

func rename(from, to string) func(string) error {
	return func(folder string) error { return os.Rename(filepath.Join(folder, from), filepath.Join(folder, to)) }
}

func link(to, name string) func(string) error {
	return func(folder string) error { return os.Symlink(to, filepath.Join(folder, name)) }
}

// problem is one line of a report.
type problem struct{ File, Section, Reason string }

func places(problems []problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.File+" "+p.Section)
	}
	slices.Sort(out)
	return out
}

// report is what bagit.mjs --json says of one folder.
type report struct {
	Folder, Verdict, Encoding string
	Complete                  bool
	Info                      []struct{ Label, Value string }
	Payload                   struct{ Files, Octets int64 }
	Faults, Unread, Notes     []problem
}

// verified runs the verifier over folders and returns its reports and its status.
func verified(t *testing.T, folders ...string) ([]report, int) {
	t.Helper()
	out, err := peers.RunNode(testkit.Root(t), "bagit.mjs", append([]string{"--json"}, folders...)...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var reports []report
	for dec := json.NewDecoder(strings.NewReader(out)); dec.More(); {
		var r report
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		reports = append(reports, r)
	}
	if len(reports) != len(folders) {
		t.Fatalf("%d reports of %d folders: %v", len(reports), len(folders), err)
	}
	if exit != nil {
		return reports, exit.ExitCode()
	}
	return reports, 0
}

// The bags of RFC 8493 itself, and bags that break one of its rules each.
func TestTheSecondVerifierAgreesWithTheRFC(t *testing.T) {
	t.Parallel()
	var folders []string
	for _, c := range cases {
		b := good()
		if c.change != nil {
			c.change(b)
		}
		seal(b)
		if c.after != nil {
			c.after(b)
		}
		folder := b.write(t)
		if c.disk != nil {
			if err := c.disk(folder); err != nil {
				t.Fatal(c.name, err)
			}
		}
		folders = append(folders, folder)
	}
	reports, status := verified(t, folders...)
	if status != 1 {
		t.Errorf("the status is %d where bags are broken", status)
	}
	for i, c := range cases {
		r := reports[i]
		want := "valid"
		switch {
		case c.unread:
			want = "cannot be read"
		case c.faults != nil:
			want = "not valid"
		}
		slices.Sort(c.faults)
		slices.Sort(c.notes)
		if r.Verdict != want || !slices.Equal(places(r.Faults), c.faults) || !slices.Equal(places(r.Notes), c.notes) {
			t.Errorf("%s: %s\nfaults %q\nwant   %q\nnotes %q\nwant  %q\nunread %q", c.name, r.Verdict, r.Faults, c.faults, r.Notes, c.notes, r.Unread)
		}
		if !slices.ContainsFunc(append(r.Faults, r.Notes...), func(p problem) bool { return strings.Contains(p.Reason, c.says) }) && c.says != "" {
			t.Errorf("%s: nothing says %q: %q %q", c.name, c.says, r.Faults, r.Notes)
		}
	}
	if r := reports[0]; r.Payload.Files != 4 || r.Payload.Octets != 11 || !r.Complete || r.Info[1].Value != "what was\ntaken along" {
		t.Errorf("of the good bag it says %+v", r)
	}
}

// The files stand as Section 4 prints them, without the spaces that align its
// parentheses; of what the files hold it prints a placeholder only.
func TestTheSecondVerifierReadsTheExamplesOfTheRFC(t *testing.T) {
	t.Parallel()
	declared := "BagIt-version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
	first := bag{
		"bagit.txt": declared,
		"manifest-md5.txt": "49afbd86a1ca9f34b677a3f09655eae9 data/27613-h/images/q172.png\n" +
			"408ad21d50cef31da4df6d9ed81b01a7 data/27613-h/images/q172.txt\n",
		"data/27613-h/images/q172.png": "... image bytes ...",
		"data/27613-h/images/q172.txt": "... OCR text ...",
	}
	second := bag{
		"bagit.txt":        declared,
		"manifest-md5.txt": "102b0e6effe208ef9b29864946de9e22 data/23364a.tif\n",
		"fetch.txt":        "https://cdn.loc.gov/master/pnp/highsm/23300/23364a.tif 216951362 data/23364a.tif\n",
		info:               "Internal-Sender-Description: Download link found at\n  https://www.loc.gov/resource/highsm.23364/\n",
	}
	// 2.2.2 prints metadata, with the sum of a payload of 260 GiB.
	third := bag{
		"bagit.txt":        declared,
		"manifest-md5.txt": "",
		info: `Source-Organization: FOO University
Organization-Address: 1 Main St., Cupertino, California, 11111
Contact-Name: Jane Doe
Contact-Phone: +1 111-111-1111
Contact-Email: example@example.com
External-Description: Uncompressed greyscale TIFF images from the
      FOO papers colle...
Bagging-Date: 2008-01-15
External-Identifier: university_foo_001
Payload-Oxum: 279164409832.1198
Bag-Group-Identifier: university_foo
Bag-Count: 1 of 15
Internal-Sender-Identifier: /storage/images/foo
Internal-Sender-Description: Uncompressed greyscale TIFFs created
      from microfilm and are...
`,
	}
	reports, status := verified(t, first.write(t), second.write(t), third.write(t))
	if status != 1 {
		t.Errorf("the status is %d", status)
	}
	for i, want := range [][]string{
		{"data/27613-h/images/q172.png 3", "data/27613-h/images/q172.txt 3"}, // complete, and of other content
		{"data/23364a.tif 2.2.3"}, // not complete until it is fetched
		{info + " 2.2.2"},         // only the sum is of another payload
	} {
		r := reports[i]
		if !slices.Equal(places(r.Faults), want) || r.Complete != (i == 0) || !slices.Equal(places(r.Notes), []string{"bagit.txt 2.1.1"}) {
			t.Errorf("example %d: complete %v, faults %q, notes %q, unread %q", i+1, r.Complete, r.Faults, r.Notes, r.Unread)
		}
	}
	if r := reports[1]; len(r.Info) != 1 || r.Info[0].Value != "Download link found at\nhttps://www.loc.gov/resource/highsm.23364/" {
		t.Errorf("its metadata are %q", r.Info)
	}
	if r := reports[2]; len(r.Info) != 13 || r.Info[5].Value != "Uncompressed greyscale TIFF images from the\nFOO papers colle..." {
		t.Errorf("its metadata are %q", r.Info)
	}
}

// What it says to people: a line for each reason on stderr, and its status.
func TestTheSecondVerifierSaysEachReasonOnALine(t *testing.T) {
	t.Parallel()
	b := good()
	seal(b)
	valid := b.write(t)
	delete(b, "bagit.txt")
	b["data/100%\n\r"] = "changed"
	for _, c := range []struct {
		folder string
		status int
		says   []string
	}{
		{valid, 0, nil},
		{b.write(t), 1, []string{"bagit.txt: is missing (RFC 8493, Section 2.1.1)", "data/100%25%0A%0D: its sha256 is "}},
		{filepath.Join(valid, "nowhere"), 2, []string{".: ENOENT"}},
		{filepath.Join(valid, "bagit.txt"), 2, []string{".: is no folder"}},
		{"--what", 2, []string{"FOLDER"}},
	} {
		out, err := peers.RunNode(testkit.Root(t), "bagit.mjs", c.folder)
		status, said := 0, ""
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			status, said = exit.ExitCode(), err.Error()
		}
		if status != c.status || (status == 0) != strings.HasPrefix(out, "valid: 4 payload files of 11 octets, by sha256, sha512") {
			t.Errorf("%s: status %d, %q, %v", c.folder, status, out, err)
		}
		for _, want := range c.says {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is not in %s", c.folder, want, said)
			}
		}
	}
}
