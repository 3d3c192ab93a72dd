package bundle

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// ErrBroken says that a bundle is not what its manifests say. The error that
// wraps it names the file and what is wrong with it.
var ErrBroken = errors.New("bundle: broken")

func broken(name, format string, args ...any) error {
	return fmt.Errorf("%w: %q %w", ErrBroken, name, fmt.Errorf(format, args...))
}

// Report is what a Check found in order.
type Report struct {
	Root       string   // folder that holds the bag
	Files      int      // of payload
	Octets     int64    // of payload
	Tags       int      // files beside the payload
	Algorithms []string // of its manifests: sha256, sha512
	Info       Info     // as its bag-info.txt says
}

// Check reads a bundle from beginning to end, as Archive lays it out, and
// compares every file with every manifest: nothing missing, nothing added,
// nothing changed, no byte outside of what is listed. What is wrong is an
// ErrBroken; an error of r is returned as it is. It holds no file in memory,
// only the lists of them.
func Check(r io.ReaderAt, size int64) (Report, error) { return check(r, size, true) }

// CheckBag is Check for any bag in a ZIP that is valid by RFC 8493, whoever made
// it: manifests may be of other algorithms, and tag files need be in none.
func CheckBag(r io.ReaderAt, size int64) (Report, error) { return check(r, size, false) }

func check(r io.ReaderAt, size int64, ours bool) (Report, error) {
	w := &watched{ReaderAt: r}
	c := checker{ours: ours, items: map[string]*item{}}
	err := c.run(w, size)
	if failed := w.failed(); failed != nil {
		return Report{}, fmt.Errorf("bundle: reading: %w", failed)
	}
	if err != nil {
		return Report{}, err
	}
	return c.report, nil
}

// watched remembers what went wrong with reading, so that a disk that fails is
// not told as a bundle that is broken.
type watched struct {
	io.ReaderAt
	mu  sync.Mutex
	err error
}

func (w *watched) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 { // a directory that lies
		return 0, io.ErrUnexpectedEOF
	}
	n, err := w.ReaderAt.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		w.mu.Lock()
		w.err = cmp.Or(w.err, err)
		w.mu.Unlock()
	}
	return n, err
}

func (w *watched) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// algorithms of manifests, by the names that RFC 8493 §2.4 gives them. The weak
// ones are read in bags of others only, where they find accidents, not malice.
var algorithms = []struct {
	name string
	make func() hash.Hash
	ours bool
}{{"md5", md5.New, false}, {"sha1", sha1.New, false}, {"sha256", sha256.New, true}, {"sha512", sha512.New, true}}

// item is one file of the bag, and what the manifests say of it.
type item struct {
	file *zip.File
	sums [4][]byte // as algorithms
}

type checker struct {
	ours   bool
	items  map[string]*item // by name below the root
	order  []string         // as they lie in the file
	report Report
}

func (c *checker) run(r io.ReaderAt, size int64) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return fmt.Errorf("%w: not a ZIP file: %w", ErrBroken, err)
	}
	if err := c.names(z.File); err != nil {
		return err
	}
	if c.ours {
		if err := layout(r, size, z.File); err != nil {
			return err
		}
	}
	dec, err := c.declaration()
	if err != nil {
		return err
	}
	if err := c.manifests(dec); err != nil {
		return err
	}
	if err := c.sums(); err != nil {
		return err
	}
	return c.oxum(dec)
}

// names judges the names of all files before anything is read of one.
func (c *checker) names(files []*zip.File) error {
	keys := make(map[string]bool, len(files))
	for _, f := range files {
		name, folder := strings.CutSuffix(f.Name, "/")
		if f.NonUTF8 {
			return broken(f.Name, "does not say its encoding")
		}
		if err := readPath(name); err != nil {
			return broken(f.Name, "%w", err)
		}
		if f.Flags&1 != 0 {
			return broken(f.Name, "is encrypted")
		}
		if f.Method != zip.Deflate && f.Method != zip.Store {
			return broken(f.Name, "is packed with method %d", f.Method)
		}
		if mode := f.Mode(); mode&fs.ModeType&^fs.ModeDir != 0 || mode.IsDir() != folder {
			return broken(f.Name, "is no plain file")
		}
		root, below, inside := strings.Cut(name, "/")
		if c.report.Root == "" {
			c.report.Root = root
		}
		if root != c.report.Root {
			return broken(f.Name, "lies outside of the folder %q", c.report.Root)
		}
		if folder {
			if c.ours || f.UncompressedSize64 != 0 {
				return broken(f.Name, "is a folder with something of its own")
			}
			continue
		}
		if !inside {
			return broken(f.Name, "lies in no folder")
		}
		key := nameKey(below)
		if keys[key] {
			return broken(f.Name, "stands twice")
		}
		keys[key] = true
		c.items[below] = &item{file: f}
		c.order = append(c.order, below)
		if strings.HasPrefix(below, "data/") {
			c.report.Files++
		} else {
			c.report.Tags++
		}
	}
	for _, name := range c.order {
		for i := range len(name) {
			if name[i] == '/' && keys[nameKey(name[:i])] {
				return broken(name, "lies in a folder that is a file too")
			}
		}
	}
	if c.report.Files == 0 {
		return broken("data", "holds nothing")
	}
	return nil
}

// body is a file with the place where it begins.
type body struct {
	*zip.File
	at int64
}

// layout compares what stands before each file with what the directory at the
// end says of it, since programs believe the one or the other; and finds bytes
// that belong to nothing.
func layout(r io.ReaderAt, size int64, files []*zip.File) error {
	bodies := make([]body, 0, len(files))
	var directory int64
	for _, f := range files {
		at, err := f.DataOffset()
		if err != nil {
			return broken(f.Name, "has no header: %w", err)
		}
		bodies = append(bodies, body{f, at})
		directory += 46 + int64(len(f.Name)) + int64(len(f.Extra)) + int64(len(f.Comment))
	}
	slices.SortStableFunc(bodies, func(a, b body) int { return cmp.Compare(a.at, b.at) })
	var pos int64
	var buf []byte
	for _, f := range bodies {
		n := f.at - pos
		if n < 30 || n > 30+2*wide16 {
			return broken(f.Name, "does not begin where the one before it ends")
		}
		buf = slices.Grow(buf[:0], int(n))
		head := buf[:n]
		if _, err := r.ReadAt(head, pos); err != nil {
			return broken(f.Name, "has no header: %w", err)
		}
		if !f.agrees(head) {
			return broken(f.Name, "is told in another way before it than in the directory")
		}
		pos = f.at + int64(f.CompressedSize64)
	}
	rest := size - pos - directory
	if rest != 22 && rest != 22+20+56 {
		return fmt.Errorf("%w: there are bytes that belong to no file", ErrBroken)
	}
	end := make([]byte, rest)
	if _, err := r.ReadAt(end, pos+directory); err != nil {
		return fmt.Errorf("%w: its end cannot be read: %w", ErrBroken, err)
	}
	start := binary.LittleEndian.Uint32(end[rest-6:])
	if binary.LittleEndian.Uint32(end[rest-22:]) != sigEnd || int64(start) != pos && start != wide32 {
		return fmt.Errorf("%w: its directory does not begin where its files end", ErrBroken)
	}
	return nil
}

// agrees says that the header before a file tells what the directory tells.
func (f body) agrees(head []byte) bool {
	le := binary.LittleEndian
	if le.Uint32(head) != sigLocal || le.Uint16(head[6:]) != f.Flags || f.Flags != utf8Name || le.Uint16(head[8:]) != f.Method || f.Method != deflated || le.Uint32(head[14:]) != f.CRC32 {
		return false
	}
	names := int(le.Uint16(head[26:]))
	if len(head) != 30+names+int(le.Uint16(head[28:])) || string(head[30:30+names]) != f.Name || f.Comment != "" {
		return false
	}
	packed, size := uint64(le.Uint32(head[18:])), uint64(le.Uint32(head[22:]))
	for extra := head[30+names:]; len(extra) > 0; {
		if len(extra) < 4 || len(extra) < 4+int(le.Uint16(extra[2:])) {
			return false
		}
		field := extra[4 : 4+le.Uint16(extra[2:])]
		switch le.Uint16(extra) {
		case 1:
			if len(field) != 16 || packed != wide32 || size != wide32 {
				return false
			}
			size, packed = le.Uint64(field), le.Uint64(field[8:])
		case 0x5455:
			if len(field) != 5 {
				return false
			}
		default:
			return false
		}
		extra = extra[4+len(field):]
	}
	return packed == f.CompressedSize64 && size == f.UncompressedSize64
}

// tagLimit is the most that a tag file of which we need the text may be long.
const tagLimit = 1 << 20

// text returns a short tag file.
func (c *checker) text(name string, dec encoding.Encoding) (string, error) {
	it, ok := c.items[name]
	if !ok {
		return "", broken(name, "is missing")
	}
	if it.file.UncompressedSize64 > tagLimit {
		return "", broken(name, "is longer than it may be")
	}
	in, err := it.file.Open()
	if err != nil {
		return "", broken(name, "cannot be opened: %w", err)
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(dec.NewDecoder().Reader(in), 2*tagLimit))
	if err != nil {
		return "", broken(name, "cannot be read: %w", err)
	}
	return string(b), nil
}

// declaration reads bagit.txt and says in which encoding the other tag files are.
func (c *checker) declaration() (encoding.Encoding, error) {
	text, err := c.text(bagitName, unicode.UTF8)
	if err != nil {
		return nil, err
	}
	if c.ours {
		if text != bagit {
			return nil, broken(bagitName, "is not of BagIt 1.0 in UTF-8")
		}
		return unicode.UTF8, nil
	}
	var lines []string
	for l := range strings.Lines(text) {
		lines = append(lines, strings.TrimRight(l, "\r\n"))
	}
	if len(lines) != 2 {
		return nil, broken(bagitName, "has %d lines instead of two", len(lines))
	}
	version, ok := strings.CutPrefix(lines[0], "BagIt-Version: ")
	if major, minor, dot := strings.Cut(version, "."); !ok || !dot || !digits(major) || !digits(minor) {
		return nil, broken(bagitName, "says no version")
	}
	name, ok := strings.CutPrefix(lines[1], "Tag-File-Character-Encoding: ")
	if !ok {
		return nil, broken(bagitName, "says no encoding")
	}
	switch strings.ToUpper(name) {
	case "UTF-8", "US-ASCII":
		return unicode.UTF8, nil
	case "UTF-16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), nil
	case "ISO-8859-1":
		return charmap.ISO8859_1, nil
	}
	return nil, broken(bagitName, "says an encoding that is not known here: %q", name)
}

func digits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// manifests reads all of them into the items, and finds what they leave out.
func (c *checker) manifests(dec encoding.Encoding) error {
	if _, ok := c.items["fetch.txt"]; ok && c.ours {
		return broken("fetch.txt", "does not belong here")
	}
	for _, name := range c.order {
		known := false
		for _, a := range algorithms {
			known = known || name == "manifest-"+a.name+".txt" || name == "tagmanifest-"+a.name+".txt"
		}
		if isManifest(name) && !known {
			return broken(name, "is of an algorithm that is not known here")
		}
	}
	for i, a := range algorithms {
		for _, tags := range []bool{false, true} {
			name := "manifest-" + a.name + ".txt"
			if tags {
				name = "tag" + name
			}
			_, there := c.items[name]
			if c.ours && there != a.ours {
				return broken(name, "should be there: %t", a.ours)
			}
			if !there {
				continue
			}
			if err := c.manifest(name, dec, i, tags); err != nil {
				return err
			}
			if !tags {
				c.report.Algorithms = append(c.report.Algorithms, a.name)
			}
			for _, file := range c.order {
				payload := strings.HasPrefix(file, "data/")
				due := !tags && payload || tags && c.ours && !payload && !strings.HasPrefix(file, "tagmanifest-")
				if due && c.items[file].sums[i] == nil {
					return broken(file, "is not in %s", name)
				}
			}
		}
	}
	if len(c.report.Algorithms) == 0 {
		return broken("manifest-sha512.txt", "is missing, and any other manifest too")
	}
	return nil
}

// manifest reads one. It holds a line at a time, and what it keeps is of files
// that are there: a long one costs time, not memory.
func (c *checker) manifest(name string, dec encoding.Encoding, algorithm int, tags bool) error {
	in, err := c.items[name].file.Open()
	if err != nil {
		return broken(name, "cannot be opened: %w", err)
	}
	defer in.Close()
	lines := bufio.NewScanner(dec.NewDecoder().Reader(in))
	lines.Buffer(make([]byte, 0, 4096), 256<<10)
	length := algorithms[algorithm].make().Size()
	for n := 1; lines.Scan(); n++ {
		l := strings.TrimRight(lines.Text(), "\r")
		text, file, ok := strings.Cut(l, " ")
		if !ok && !c.ours {
			text, file, ok = strings.Cut(l, "\t")
		}
		if c.ours {
			ok = ok && strings.HasPrefix(file, " ") && text == strings.ToLower(text)
			file = strings.TrimPrefix(file, " ")
		} else {
			file = strings.TrimPrefix(strings.TrimLeft(file, " \t"), "*") // as md5sum writes it
		}
		sum, err := hex.DecodeString(text)
		if !ok || err != nil || len(sum) != length {
			return broken(name, "has no checksum in line %d", n)
		}
		file = unescape.Replace(file)
		if payload := strings.HasPrefix(file, "data/"); payload == tags || strings.HasPrefix(file, "tagmanifest-") {
			return broken(name, "may not list %q", file)
		}
		it, there := c.items[file]
		if !there {
			return broken(file, "is missing; %s lists it", name)
		}
		if it.sums[algorithm] != nil {
			return broken(file, "stands twice in %s", name)
		}
		it.sums[algorithm] = sum
	}
	if err := lines.Err(); err != nil {
		return broken(name, "cannot be read: %w", err)
	}
	return nil
}

// unescape turns what RFC 8493 §2.1.3 asks to be escaped in a manifest.
var unescape = strings.NewReplacer("%25", "%", "%0A", "\n", "%0a", "\n", "%0D", "\r", "%0d", "\r")

// sums reads every file and compares its checksums.
func (c *checker) sums() error {
	largest := uint64(0)
	for _, it := range c.items {
		largest = max(largest, it.file.UncompressedSize64)
	}
	room := min(largest+1, 256<<10)
	bufs := [2][]byte{make([]byte, room), make([]byte, room)}
	u := newUnpacker()
	for _, name := range c.order {
		it := c.items[name]
		var (
			sums []hash.Hash
			want [][]byte
			of   []string
		)
		for i, s := range it.sums {
			if s != nil {
				sums, want, of = append(sums, algorithms[i].make()), append(want, s), append(of, algorithms[i].name)
			}
		}
		in, err := u.open(it.file)
		if err != nil {
			return broken(name, "cannot be opened: %w", err)
		}
		crc := crc32.NewIEEE()
		n, err := sumAll(in, int64(it.file.UncompressedSize64), append(sums, crc), bufs)
		if err == nil {
			err = u.ended()
		}
		if err == nil && crc.Sum32() != it.file.CRC32 {
			err = zip.ErrChecksum
		}
		if err != nil {
			return broken(name, "cannot be read: %w", err)
		}
		for i, s := range sums {
			if !bytes.Equal(s.Sum(nil), want[i]) {
				return broken(name, "is not what its manifest of %s says", of[i])
			}
		}
		if strings.HasPrefix(name, "data/") {
			c.report.Octets += n
		}
	}
	return nil
}

// unpacker reads one file after another with the standard library, which is not
// what packed them.
type unpacker struct {
	raw   *bufio.Reader
	plain io.ReadCloser
}

func newUnpacker() *unpacker {
	u := &unpacker{raw: bufio.NewReaderSize(nil, 64<<10)}
	u.plain = flate.NewReader(u.raw)
	return u
}

func (u *unpacker) open(f *zip.File) (io.Reader, error) {
	raw, err := f.OpenRaw()
	if err != nil {
		return nil, err
	}
	u.raw.Reset(raw)
	if f.Method == zip.Store {
		return u.raw, nil
	}
	return u.plain, u.plain.(flate.Resetter).Reset(u.raw, nil) // takes no byte more than it needs
}

// ended says whether the packed body held anything behind its end.
func (u *unpacker) ended() error {
	if _, err := u.raw.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind its end")
	}
	return nil
}

// sumAll reads to the end, at most a little more than is declared. Checksums are
// made beside the reading.
func sumAll(in io.Reader, declared int64, sums []hash.Hash, bufs [2][]byte) (n int64, err error) {
	free, full, done := make(chan []byte, 2), make(chan []byte, 2), make(chan struct{})
	free <- bufs[0]
	free <- bufs[1]
	go func() {
		defer close(done)
		for b := range full {
			for _, s := range sums {
				s.Write(b)
			}
			free <- b[:cap(b)]
		}
	}()
	for err == nil && n <= declared {
		b, got := <-free, 0
		for err == nil && got < len(b) {
			var m int
			m, err = in.Read(b[got:])
			got += m
		}
		n += int64(got)
		full <- b[:got]
	}
	close(full)
	<-done
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err == nil && n != declared {
		err = fmt.Errorf("%d bytes instead of %d", n, declared)
	}
	return n, err
}

// oxum reads bag-info.txt and compares its count of payload with what is there.
func (c *checker) oxum(dec encoding.Encoding) error {
	if _, there := c.items[infoName]; !there && !c.ours {
		return nil
	}
	text, err := c.text(infoName, dec)
	if err != nil {
		return err
	}
	var (
		labels []string
		values = map[string]string{}
	)
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, "\r\n")
		if l == "" {
			continue
		}
		if (l[0] == ' ' || l[0] == '\t') && len(labels) > 0 { // goes on
			values[labels[len(labels)-1]] += " " + strings.TrimSpace(l)
			continue
		}
		label, value, ok := strings.Cut(l, ":")
		if !ok {
			return broken(infoName, "has a line without a label: %q", l)
		}
		label = strings.ToLower(strings.TrimSpace(label)) // RFC 8493 §2.2.2: no case
		labels = append(labels, label)
		values[label] = strings.TrimSpace(value)
	}
	c.report.Info = Info{Source: values["source-organization"], Identifier: values["external-identifier"], About: values["external-description"]}
	if day, err := time.Parse(time.DateOnly, values["bagging-date"]); err == nil {
		c.report.Info.Date = day
	}
	want := strconv.FormatInt(c.report.Octets, 10) + "." + strconv.Itoa(c.report.Files)
	if got, there := values["payload-oxum"]; got != want && (there || c.ours) {
		return broken(infoName, "counts the payload as %q; it is %s", got, want)
	}
	return nil
}
