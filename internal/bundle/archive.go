package bundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"sync"
	"time"
)

// Archive is the ZIP of packed files, laid out by their sizes alone: nothing of
// it lies anywhere as one file. Any range of it is read by opening the segments
// in it. Several goroutines may read at once.
type Archive struct {
	files     []placed
	directory []byte // central directory with what ends the file
	size      int64
	open      func(file, segment int) ([]byte, error)

	mu   sync.Mutex
	last struct { // the segment opened last: small reads one after another open it once
		file, segment int
		body          []byte
	}
}

// placed is a file with its place in the archive.
type placed struct {
	start  int64 // of its header
	header []byte
	name   string
	ends   []int64 // of its segments, from the end of the header
}

// Sizes from which ZIP needs its wider fields (APPNOTE 4.4.8, 4.4.16, 4.4.22).
const (
	wide32 = math.MaxUint32
	wide16 = math.MaxUint16
)

// NewArchive lays out the files, in the order given, below a folder with the
// name root. All get the time at, in whole seconds. open returns a segment of a
// file as the Packer made it; it may be called from several goroutines.
func NewArchive(root string, at time.Time, files []Packed, open func(file, segment int) ([]byte, error)) (*Archive, error) {
	if err := goodPath(root); err != nil {
		return nil, fmt.Errorf("bundle: root: %w", err)
	}
	a := &Archive{open: open, files: make([]placed, 0, len(files))}
	a.last.file = -1
	taken := make(map[string]bool, len(files))
	for _, f := range files {
		if err := goodPath(f.Name); err != nil {
			return nil, fmt.Errorf("bundle: %w", err)
		}
		if taken[f.Name] {
			return nil, fmt.Errorf("bundle: %q stands twice", f.Name)
		}
		taken[f.Name] = true
		name := root + "/" + f.Name
		if len(name) > wide16 {
			return nil, fmt.Errorf("bundle: a name of %d bytes is too long", len(name))
		}
		p := placed{start: a.size, name: f.Name, header: localHeader(name, at, f), ends: make([]int64, len(f.Segments))}
		var size, packed int64
		for i, s := range f.Segments {
			if s.Size < 0 || s.Packed < 0 {
				return nil, fmt.Errorf("bundle: %s: segment %d has a size below nothing", f.Name, i)
			}
			size += s.Size
			packed += s.Packed
			p.ends[i] = packed
		}
		if len(f.Segments) == 0 || size != f.Size || packed != f.PackedSize {
			return nil, fmt.Errorf("bundle: %s: its segments are of %d bytes, packed %d, and not of %d, packed %d", f.Name, size, packed, f.Size, f.PackedSize)
		}
		a.files = append(a.files, p)
		a.size += int64(len(p.header)) + packed
		a.directory = appendCentral(a.directory, name, at, f, p.start)
	}
	a.directory = appendEnd(a.directory, len(files), int64(len(a.directory)), a.size)
	a.size += int64(len(a.directory))
	return a, nil
}

// dosTime is the time in the form of MS-DOS, which has steps of two seconds and
// no zone: UTC here. The exact second stands in a field of its own.
func dosTime(t time.Time) (clock, date uint16) {
	t = t.UTC()
	if t.Year() < 1980 {
		return 0, 1<<5 | 1
	}
	return uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2), uint16((t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day())
}

// stamped is the extra field with the time of change in seconds of Unix.
func stamped(b []byte, at time.Time) []byte {
	b = binary.LittleEndian.AppendUint16(b, 0x5455)
	b = binary.LittleEndian.AppendUint16(b, 5)
	b = append(b, 1)
	return binary.LittleEndian.AppendUint32(b, uint32(at.Unix()))
}

const (
	utf8Name   = 0x0800   // bit 11: the name is UTF-8
	deflated   = 8        // method
	unixMode   = 0o100644 // a file that its owner may change and all may read
	fromUnix   = 3 << 8   // who made it: the mode is one of Unix
	sigLocal   = 0x04034b50
	sigCentral = 0x02014b50
	sigEnd     = 0x06054b50
	sigEnd64   = 0x06064b50
	sigFind64  = 0x07064b50
)

// needs is the version of ZIP that reads a file: 2.0 for deflate, 4.5 for wide fields.
func needs(wide bool) uint16 {
	if wide {
		return 45
	}
	return 20
}

func narrow(n int64) uint32 { return uint32(min(n, wide32)) }

// localHeader stands before the body of a file. Its sizes are known, so that
// nothing needs to follow the body.
func localHeader(name string, at time.Time, f Packed) []byte {
	wide := f.Size >= wide32 || f.PackedSize >= wide32
	var extra []byte
	size, packed := narrow(f.Size), narrow(f.PackedSize)
	if wide { // both must stand there (APPNOTE 4.5.3)
		size, packed = wide32, wide32
		extra = binary.LittleEndian.AppendUint16(extra, 1)
		extra = binary.LittleEndian.AppendUint16(extra, 16)
		extra = binary.LittleEndian.AppendUint64(extra, uint64(f.Size))
		extra = binary.LittleEndian.AppendUint64(extra, uint64(f.PackedSize))
	}
	extra = stamped(extra, at)
	clock, date := dosTime(at)
	b := make([]byte, 0, 30+len(name)+len(extra))
	b = binary.LittleEndian.AppendUint32(b, sigLocal)
	for _, v := range []uint16{needs(wide), utf8Name, deflated, clock, date} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	for _, v := range []uint32{f.CRC32, packed, size} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(extra)))
	return append(append(b, name...), extra...)
}

// appendCentral adds the line of a file to the central directory.
func appendCentral(b []byte, name string, at time.Time, f Packed, start int64) []byte {
	var wide []byte // only what does not fit, in this order
	for _, n := range []int64{f.Size, f.PackedSize, start} {
		if n >= wide32 {
			wide = binary.LittleEndian.AppendUint64(wide, uint64(n))
		}
	}
	var extra []byte
	if len(wide) > 0 {
		extra = binary.LittleEndian.AppendUint16(extra, 1)
		extra = binary.LittleEndian.AppendUint16(extra, uint16(len(wide)))
		extra = append(extra, wide...)
	}
	extra = stamped(extra, at)
	version := needs(len(wide) > 0)
	clock, date := dosTime(at)
	b = binary.LittleEndian.AppendUint32(b, sigCentral)
	for _, v := range []uint16{fromUnix | version, version, utf8Name, deflated, clock, date} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	for _, v := range []uint32{f.CRC32, narrow(f.PackedSize), narrow(f.Size)} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for _, v := range []uint16{uint16(len(name)), uint16(len(extra)), 0, 0, 0} { // comment, disk, attributes within
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = binary.LittleEndian.AppendUint32(b, unixMode<<16)
	b = binary.LittleEndian.AppendUint32(b, narrow(start))
	return append(append(b, name...), extra...)
}

// appendEnd adds what ends the archive: how many files, and where the central
// directory lies.
func appendEnd(b []byte, files int, size, start int64) []byte {
	if files >= wide16 || size >= wide32 || start >= wide32 {
		end := start + size
		b = binary.LittleEndian.AppendUint32(b, sigEnd64)
		b = binary.LittleEndian.AppendUint64(b, 44) // what follows
		b = binary.LittleEndian.AppendUint16(b, fromUnix|45)
		b = binary.LittleEndian.AppendUint16(b, 45)
		b = binary.LittleEndian.AppendUint64(b, 0) // disks
		for _, n := range []int64{int64(files), int64(files), size, start} {
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		}
		b = binary.LittleEndian.AppendUint32(b, sigFind64)
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = binary.LittleEndian.AppendUint64(b, uint64(end))
		b = binary.LittleEndian.AppendUint32(b, 1)
	}
	b = binary.LittleEndian.AppendUint32(b, sigEnd)
	b = binary.LittleEndian.AppendUint32(b, 0) // disks
	n := uint16(min(files, wide16))
	b = binary.LittleEndian.AppendUint16(b, n)
	b = binary.LittleEndian.AppendUint16(b, n)
	b = binary.LittleEndian.AppendUint32(b, narrow(size))
	b = binary.LittleEndian.AppendUint32(b, narrow(start))
	return binary.LittleEndian.AppendUint16(b, 0) // comment
}

// Size is how many bytes the archive is.
func (a *Archive) Size() int64 { return a.size }

// at returns the piece of the archive that holds the byte at off, from there on.
func (a *Archive) at(off int64) ([]byte, error) {
	if start := a.size - int64(len(a.directory)); off >= start {
		return a.directory[off-start:], nil
	}
	// The last file that begins at or before it.
	i := sort.Search(len(a.files), func(i int) bool { return a.files[i].start > off }) - 1
	f := &a.files[i]
	off -= f.start
	if off < int64(len(f.header)) {
		return f.header[off:], nil
	}
	off -= int64(len(f.header))
	s := sort.Search(len(f.ends), func(i int) bool { return f.ends[i] > off })
	begin := int64(0)
	if s > 0 {
		begin = f.ends[s-1]
	}
	body, err := a.segment(i, s, f.ends[s]-begin)
	if err != nil {
		return nil, err
	}
	return body[off-begin:], nil
}

func (a *Archive) segment(file, segment int, size int64) ([]byte, error) {
	a.mu.Lock()
	last := a.last
	a.mu.Unlock()
	if last.file == file && last.segment == segment {
		return last.body, nil
	}
	body, err := a.open(file, segment)
	if err != nil {
		return nil, fmt.Errorf("bundle: %s: segment %d: %w", a.files[file].name, segment, err)
	}
	if int64(len(body)) != size {
		return nil, fmt.Errorf("bundle: %s: segment %d is of %d bytes, not of %d", a.files[file].name, segment, len(body), size)
	}
	a.mu.Lock()
	a.last.file, a.last.segment, a.last.body = file, segment, body
	a.mu.Unlock()
	return body, nil
}

// ReadAt reads any range (io.ReaderAt).
func (a *Archive) ReadAt(b []byte, off int64) (int, error) { return readAt(b, off, a.size, a.at) }

// WriteTo writes the whole archive, each segment opened once (io.WriterTo).
func (a *Archive) WriteTo(w io.Writer) (int64, error) { return writeTo(w, a.size, a.at) }

// readAt reads a range of what lies in pieces: at returns one from a byte on.
func readAt(b []byte, off, size int64, at func(int64) ([]byte, error)) (int, error) {
	if off < 0 {
		return 0, errors.New("bundle: an offset below nothing")
	}
	n := 0
	for n < len(b) && off < size {
		piece, err := at(off)
		if err != nil {
			return n, err
		}
		m := copy(b[n:], piece)
		n += m
		off += int64(m)
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// writeTo writes all that lies in pieces.
func writeTo(w io.Writer, size int64, at func(int64) ([]byte, error)) (int64, error) {
	var off int64
	for off < size {
		piece, err := at(off)
		if err != nil {
			return off, err
		}
		n, err := w.Write(piece)
		off += int64(n)
		if err != nil {
			return off, err
		}
	}
	return off, nil
}
