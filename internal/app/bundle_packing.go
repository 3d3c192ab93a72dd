package app

import (
	"context"
	"mime"
	"path"
	"slices"
	"sync"

	"hastaluego/internal/bundle"
	"hastaluego/internal/fault"
)

// begun returns the file of a source that was being packed when the last try
// ended.
func (m *making) begun(source string) (n int, r bundled, ok bool) {
	for n, r := range m.rows {
		if m.stage[n] == stagePacking && r.Source == source {
			return n, r, true
		}
	}
	return m.next, bundled{}, false
}

// packing is one file while it is packed.
type packing struct {
	m *making
	n int
	r bundled
	p *bundle.Packer
}

// begin starts a file with a name of its own below data/.
func (m *making) begin(r bundled, wanted string) *packing {
	f := &packing{m, m.next, r, bundle.NewPacker("data/" + m.names.SafeName(wanted))}
	m.next++
	return f
}

// resume goes on with a file.
func (m *making) resume(n int, r bundled) (*packing, error) {
	p, err := bundle.Resume(*r.Mark)
	if err != nil {
		return nil, fault.Wrap("app.MakeBundle", err)
	}
	m.names.SafeName(r.Mark.Name[len("data/"):])
	return &packing{m, n, r, p}, nil
}

// keep keeps a piece and, once it is safe, that it is there: beside what is packed
// next, as disks wait and processors do not have to. It returns what went wrong with
// the pieces before; whoever relies on a piece settles first.
func (f *packing) keep(ctx context.Context, stage string, piece int, packed []byte) error {
	m, k := f.m, keptPiece{f.n, stage, f.r, piece, packed}
	if m.held != nil {
		if err := m.put(ctx, k); err != nil {
			return err
		}
		return m.save(ctx, map[int]string{k.n: k.stage}, map[int]bundled{k.n: k.row})
	}
	if m.keeping == nil {
		m.keeping = m.keepOn(ctx)
	}
	if err := m.keeping.failed(); err != nil {
		return err
	}
	// Should it fail, nobody goes on with what is said here.
	m.rows[k.n], m.stage[k.n] = k.row, k.stage
	m.keeping.queue <- k
	return nil
}

// keptPiece is a piece that is to be kept, and what its file's row says once it is.
type keptPiece struct {
	n      int // of the file
	stage  string
	row    bundled
	piece  int
	packed []byte // empty: there is none
}

// ahead is how many pieces wait at most to be kept. While the disk makes some of them
// safe, those that follow are packed, and are then made safe together.
const ahead = 2

// keeping is what is being kept beside what is packed next.
type keeping struct {
	queue chan keptPiece
	over  chan struct{} // closed once all of it is kept, or something failed
	mu    sync.Mutex
	err   error
}

func (k *keeping) failed() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// keepOn keeps what is put into the queue, in its order, until that is closed or
// something goes wrong.
func (m *making) keepOn(ctx context.Context) *keeping {
	k := &keeping{queue: make(chan keptPiece, ahead), over: make(chan struct{})}
	go func() {
		defer close(k.over)
		for x := range k.queue {
			if k.failed() != nil {
				continue
			}
			list := []keptPiece{x}
			for range len(k.queue) { // nobody else takes of it
				list = append(list, <-k.queue)
			}
			err := m.keepAll(ctx, list)
			k.mu.Lock()
			k.err = err
			k.mu.Unlock()
		}
	}()
	return k
}

// keepAll keeps pieces and, once all of them are safe, that they are there.
func (m *making) keepAll(ctx context.Context, list []keptPiece) error {
	if err := m.put(ctx, list...); err != nil {
		return err
	}
	stages, rows := map[int]string{}, map[int]bundled{}
	for _, k := range list {
		stages[k.n], rows[k.n] = k.stage, k.row
	}
	return m.write(ctx, stages, rows)
}

// put keeps pieces, and says nowhere that they are there.
func (m *making) put(ctx context.Context, list ...keptPiece) error {
	list = slices.DeleteFunc(slices.Clone(list), func(k keptPiece) bool { return len(k.packed) == 0 })
	if len(list) == 0 {
		return nil
	}
	return m.a.putPieces(ctx, m.set, string(m.cus.ID), list...)
}

// settle waits until every piece that is being kept is safe.
func (m *making) settle() error {
	k := m.keeping
	if k == nil {
		return nil
	}
	close(k.queue)
	<-k.over
	m.keeping = nil
	return k.failed()
}

// cut closes a segment where one is full, or all that waits where it is last for
// this try.
func (f *packing) cut(ctx context.Context, last bool) error {
	if !f.p.Full() && !last {
		return nil
	}
	packed, mark, err := f.p.Cut()
	if err != nil {
		return fault.Wrap("app.MakeBundle", err)
	}
	f.r.Mark = &mark
	return f.keep(ctx, stagePacking, len(mark.Segments)-1, packed)
}

// end closes the file. Then it is of the payload.
func (f *packing) end(ctx context.Context, stage string) error {
	packed, file, err := f.p.Close()
	if err != nil {
		return fault.Wrap("app.MakeBundle", err)
	}
	f.r.Mark, f.r.File = nil, &file
	return f.keep(ctx, stage, len(file.Segments)-1, packed)
}

// sealing is lent room in which pieces are sealed.
var sealing = sync.Pool{New: func() any { return new([]byte) }}

// putPieces seals pieces with the key of the customer and keeps them. They are no more
// then.
func (a *App) putPieces(ctx context.Context, set, subject string, list ...keptPiece) error {
	keyID, err := a.accountKey(ctx, subject)
	if err != nil {
		return err
	}
	to := sealing.Get().(*[]byte)
	defer sealing.Put(to)
	return a.blobs.Put(ctx, set, func(put func(file, piece int, sealed []byte) error) error {
		for _, k := range list {
			sealed, err := a.keys.AppendSealed(ctx, (*to)[:0], keyID, k.packed, []byte(pieceOf(set, k.n, k.piece)))
			if err != nil {
				return err
			}
			*to = sealed
			bundle.Recycle(k.packed)
			if err := put(k.n, k.piece, sealed); err != nil {
				return err
			}
		}
		return nil
	})
}

// pieceOf binds a piece to its place.
func pieceOf(set string, file, piece int) string {
	return set + "/" + count(int64(file)) + "-" + count(int64(piece))
}

// mediaByName is the type of media of a file, by its ending.
func mediaByName(name string) string {
	if m := mime.TypeByExtension(path.Ext(name)); m != "" {
		return m
	}
	return "application/octet-stream"
}
