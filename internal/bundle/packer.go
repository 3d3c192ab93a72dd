package bundle

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// SegmentSize is how much of a file is written, in bytes, before Full asks for a
// Cut.
const SegmentSize = 2 << 20

// Segment is one piece of a packed file: how many bytes of the file it holds,
// and how many it is itself. Its JSON is [size,packed], as there are many.
type Segment struct{ Size, Packed int64 }

// MarshalJSON writes [size,packed].
func (s Segment) MarshalJSON() ([]byte, error) { return json.Marshal([2]int64{s.Size, s.Packed}) }

// UnmarshalJSON reads [size,packed].
func (s *Segment) UnmarshalJSON(b []byte) error {
	var pair [2]int64
	if err := json.Unmarshal(b, &pair); err != nil {
		return fmt.Errorf("bundle: segment: %w", err)
	}
	s.Size, s.Packed = pair[0], pair[1]
	return nil
}

// Packed is a file that is packed to its end. Name is its path below the root of
// the bag, with slashes: data/invoices.csv. Its segments, one after another, are
// one stream of deflate.
type Packed struct {
	Name       string    `json:"name"`
	Size       int64     `json:"size"`
	PackedSize int64     `json:"packed"`
	CRC32      uint32    `json:"crc32"`
	SHA256     string    `json:"sha256"`
	SHA512     string    `json:"sha512"`
	Segments   []Segment `json:"segments"`
}

// Mark says how far a file is packed. A Packer that is resumed with it goes on
// as if it had never stopped; it wants the bytes of the file from Offset on.
// Whoever keeps the sizes of segments elsewhere may leave Segments out of what
// is written down, and fill it in again.
type Mark struct {
	Name     string    `json:"name"`
	Offset   int64     `json:"offset"`
	CRC32    uint32    `json:"crc32"`
	SHA256   []byte    `json:"sha256"` // state of the checksum
	SHA512   []byte    `json:"sha512"`
	Segments []Segment `json:"segments"`
}

// Packer packs one file in segments. Each holds all that was written since the
// one before, knows nothing of it, and ends on a whole byte: the segments put
// together are one stream of deflate. The same bytes, cut at the same places,
// make the same segments.
//
// It keeps one segment in memory, packed: after every Write ask Full, and Cut when
// it says so. What is written is packed while the next is being written; checksums
// are made beside it, and none of the three waits for another but at a Cut, so that
// all cores have something to do. It is for one goroutine.
type Packer struct {
	mark    Mark
	sum256  hash.Hash
	sum512  hash.Hash
	waiting []byte           // written, and not yet being packed
	taking  []*taken         // being packed, oldest first; at most ahead
	lanes   [3]chan struct{} // of packing and of each checksum: closed when it is through with what it was given last
	failed  error            // what went wrong while packing
	taken   int64            // bytes of the open segment that are packed, or being so
	to      *flate.Writer    // of the open segment, into out; nil while there is none
	out     room
	closed  bool
}

// NewPacker packs the file of that name from its beginning.
func NewPacker(name string) *Packer {
	return &Packer{mark: Mark{Name: name}, sum256: sha256.New(), sum512: sha512.New()}
}

// Resume goes on where a Mark says. It fails when the mark is not whole: then
// the file is packed from its beginning.
func Resume(m Mark) (*Packer, error) {
	p := NewPacker(m.Name)
	var offset int64
	for _, s := range m.Segments {
		offset += s.Size
	}
	if offset != m.Offset {
		return nil, fmt.Errorf("bundle: %s: the mark says byte %d, its segments end at %d", m.Name, m.Offset, offset)
	}
	for _, of := range []struct {
		sum   hash.Hash
		state []byte
	}{{p.sum256, m.SHA256}, {p.sum512, m.SHA512}} {
		if err := of.sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(of.state); err != nil {
			return nil, fmt.Errorf("bundle: %s: state of a checksum: %w", m.Name, err)
		}
	}
	p.mark = m
	p.mark.Segments = append([]Segment(nil), m.Segments...)
	return p, nil
}

// errClosed says that a file was written to after its end.
var errClosed = errors.New("bundle: written after its end")

// takeSize is how much of a file waits at most before it is packed.
const takeSize = 256 << 10

// Write takes the next bytes of the file.
func (p *Packer) Write(b []byte) (int, error) {
	if p.closed {
		return 0, fmt.Errorf("%w: %s", errClosed, p.mark.Name)
	}
	for rest := b; len(rest) > 0; {
		n := copy(p.space(), rest)
		rest = rest[n:]
		p.wrote(n)
	}
	return len(b), nil
}

// space is where the next bytes of the file go, at least one.
func (p *Packer) space() []byte {
	if p.waiting == nil {
		p.waiting = (*takes.Get().(*[]byte))[:0]
	}
	return p.waiting[len(p.waiting):takeSize]
}

// wrote says that so many bytes are in its space.
func (p *Packer) wrote(n int) {
	if p.waiting = p.waiting[:len(p.waiting)+n]; len(p.waiting) == takeSize {
		p.take()
	}
}

// Full says that a segment's worth was written.
func (p *Packer) Full() bool { return p.taken+int64(len(p.waiting)) >= SegmentSize }

// Offset is how many bytes of the file were written so far.
func (p *Packer) Offset() int64 { return p.mark.Offset + p.taken + int64(len(p.waiting)) }

// Cut closes a segment of all that was written since the last. The segment belongs
// to the caller, who may give it back with Recycle: it is to be kept, together with
// the mark, before anything relies on it. Where nothing was written there is no
// segment, packed is empty, and the mark is the last.
func (p *Packer) Cut() (packed []byte, m Mark, err error) {
	if p.closed {
		return nil, m, fmt.Errorf("%w: %s", errClosed, p.mark.Name)
	}
	if p.taken > 0 || len(p.waiting) > 0 {
		if packed, err = p.segment((*flate.Writer).Flush); err != nil { // ends on a whole byte, and the stream goes on
			return nil, m, err
		}
	}
	m = p.mark
	m.Segments = append([]Segment(nil), p.mark.Segments...)
	if m.SHA256, err = p.sum256.(encoding.BinaryMarshaler).MarshalBinary(); err != nil {
		return nil, m, fmt.Errorf("bundle: %w", err)
	}
	if m.SHA512, err = p.sum512.(encoding.BinaryMarshaler).MarshalBinary(); err != nil {
		return nil, m, fmt.Errorf("bundle: %w", err)
	}
	return packed, m, nil
}

// Close ends the file. There is always a last segment, with what was written or
// with nothing but the end of the stream.
func (p *Packer) Close() (packed []byte, f Packed, err error) {
	if p.closed {
		return nil, f, fmt.Errorf("%w: %s", errClosed, p.mark.Name)
	}
	if packed, err = p.segment((*flate.Writer).Close); err != nil {
		return nil, f, err
	}
	p.closed = true
	f = Packed{
		Name: p.mark.Name, Size: p.mark.Offset, CRC32: p.mark.CRC32, Segments: p.mark.Segments,
		SHA256: hex.EncodeToString(p.sum256.Sum(nil)), SHA512: hex.EncodeToString(p.sum512.Sum(nil)),
	}
	for _, s := range f.Segments {
		f.PackedSize += s.Packed
	}
	return packed, f, nil
}

// Fill packs all that r gives, and hands each segment but the last to keep.
func (p *Packer) Fill(r io.Reader, keep func(packed []byte, m Mark) error) error {
	if p.closed {
		return fmt.Errorf("%w: %s", errClosed, p.mark.Name)
	}
	for {
		n, err := r.Read(p.space())
		p.wrote(n)
		if p.Full() {
			packed, m, cerr := p.Cut()
			if cerr != nil {
				return cerr
			}
			if kerr := keep(packed, m); kerr != nil {
				return kerr
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("bundle: %s: %w", p.mark.Name, err)
		}
	}
}

// taken is what is being packed and summed.
type taken struct {
	b    []byte
	busy sync.WaitGroup
}

// ahead is how many pieces of takeSize are in memory at once while they are packed.
const ahead = 3

// take begins to pack what waits, and makes room for what comes next.
func (p *Packer) take() {
	if p.to == nil {
		p.to = deflaters.Get().(*flate.Writer)
		p.to.Reset(&p.out)
	}
	if len(p.waiting) == 0 {
		return
	}
	t := &taken{b: p.waiting}
	if p.taken == 0 && len(t.b) == takeSize { // more is to come: room for all of it at once, as growing leaves garbage
		p.out.b = (*rooms.Get().(*[]byte))[:0]
	}
	to := p.to
	p.taken += int64(len(t.b))
	p.taking = append(p.taking, t)
	for lane, work := range [...]func(){
		func() {
			if _, err := to.Write(t.b); err != nil {
				p.failed = err
			}
		},
		func() { p.sum512.Write(t.b) },
		func() {
			p.sum256.Write(t.b)
			p.mark.CRC32 = crc32.Update(p.mark.CRC32, crc32.IEEETable, t.b)
		},
	} {
		before, over := p.lanes[lane], make(chan struct{})
		p.lanes[lane] = over
		t.busy.Go(func() {
			defer close(over)
			if before != nil {
				<-before
			}
			work()
		})
	}
	if p.waiting = nil; len(p.taking) == ahead {
		p.await(1)
	}
}

// await waits until the oldest n of what is taken are packed.
func (p *Packer) await(n int) {
	for _, t := range p.taking[:n] {
		t.busy.Wait()
		takes.Put(&t.b)
	}
	p.taking = append(p.taking[:0], p.taking[n:]...)
}

// segment closes the open one.
func (p *Packer) segment(end func(*flate.Writer) error) ([]byte, error) {
	p.take()
	p.await(len(p.taking))
	if p.failed == nil {
		p.failed = end(p.to)
	}
	if p.failed != nil {
		return nil, fmt.Errorf("bundle: %s: %w", p.mark.Name, p.failed)
	}
	deflaters.Put(p.to)
	packed := p.out.b
	p.mark.Offset += p.taken
	p.mark.Segments = append(p.mark.Segments, Segment{p.taken, int64(len(packed))})
	p.to, p.out.b, p.taken = nil, nil, 0
	return packed, nil
}

// deflaters are lent because each is over half a megabyte. Level 1 of this
// implementation is the fastest there is, and packs tables better than level 1
// of the standard library (docs/adr/0048).
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(io.Discard, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant that is known
	}
	return w
}}

// room holds a segment while it is packed.
type room struct{ b []byte }

// takes are lent, to hold what waits.
var takes = sync.Pool{New: func() any { b := make([]byte, 0, takeSize); return &b }}

// roomSize has room for a segment that could not be made smaller.
const roomSize = SegmentSize + SegmentSize/8

// rooms are lent, as a program that packs would else do little but tidy them up.
var rooms = sync.Pool{New: func() any { b := make([]byte, 0, roomSize); return &b }}

// Write takes packed bytes. Little files stay little.
func (r *room) Write(b []byte) (int, error) {
	if n := len(r.b) + len(b); n > cap(r.b) && n > takeSize && n <= roomSize {
		r.b = append((*rooms.Get().(*[]byte))[:0], r.b...)
	}
	r.b = append(r.b, b...)
	return len(b), nil
}

// Recycle takes back a segment that nobody reads any more.
func Recycle(packed []byte) {
	if cap(packed) == roomSize {
		packed = packed[:0]
		rooms.Put(&packed)
	}
}

// Open reads a packed file from its segments.
func (f Packed) Open(open func(segment int) ([]byte, error)) io.Reader {
	return flate.NewReader(&segments{name: f.Name, sizes: f.Segments, open: open})
}

// segments reads one packed segment after another.
type segments struct {
	name  string
	sizes []Segment
	open  func(int) ([]byte, error)
	next  int
	rest  []byte
}

// fill opens segments until there is something to read.
func (s *segments) fill() error {
	for len(s.rest) == 0 {
		if s.next == len(s.sizes) {
			return io.EOF
		}
		b, err := s.open(s.next)
		if err != nil {
			return fmt.Errorf("bundle: %s: segment %d: %w", s.name, s.next, err)
		}
		if int64(len(b)) != s.sizes[s.next].Packed {
			return fmt.Errorf("bundle: %s: segment %d is of %d bytes, not of %d", s.name, s.next, len(b), s.sizes[s.next].Packed)
		}
		s.rest = b
		s.next++
	}
	return nil
}

func (s *segments) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if err := s.fill(); err != nil {
		return 0, err
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// ReadByte spares the reader of deflate a buffer of its own.
func (s *segments) ReadByte() (byte, error) {
	if err := s.fill(); err != nil {
		return 0, err
	}
	b := s.rest[0]
	s.rest = s.rest[1:]
	return b, nil
}
