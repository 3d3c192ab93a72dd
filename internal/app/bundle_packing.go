package app

import (
	"context"
	"mime"
	"path"
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
// next, as disks wait and processors do not have to. It returns what went wrong
// with the piece before; whoever relies on a piece settles first.
func (f *packing) keep(ctx context.Context, stage string, piece int, packed []byte) error {
	m, n, r := f.m, f.n, f.r
	put := func() error {
		if len(packed) == 0 {
			return nil
		}
		return m.a.putPiece(ctx, m.set, string(m.cus.ID), n, piece, packed)
	}
	stages, rows := map[int]string{n: stage}, map[int]bundled{n: r}
	if m.held != nil {
		if err := put(); err != nil {
			return err
		}
		return m.save(ctx, stages, rows)
	}
	if err := m.settle(); err != nil {
		return err
	}
	// Should it fail, nobody goes on with what is said here.
	m.rows[n], m.stage[n] = r, stage
	busy := make(chan error, 1)
	m.busy = busy
	go func() {
		err := put()
		if err == nil {
			err = m.write(ctx, stages, rows)
		}
		busy <- err
	}()
	return nil
}

// settle waits until the piece that is being kept is safe.
func (m *making) settle() error {
	if m.busy == nil {
		return nil
	}
	err := <-m.busy
	m.busy = nil
	return err
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

// putPiece seals a piece with the key of the customer and keeps it. The piece is
// no more then.
func (a *App) putPiece(ctx context.Context, set, subject string, file, piece int, packed []byte) error {
	keyID, err := a.accountKey(ctx, subject)
	if err != nil {
		return err
	}
	to := sealing.Get().(*[]byte)
	defer sealing.Put(to)
	sealed, err := a.keys.AppendSealed(ctx, (*to)[:0], keyID, packed, []byte(pieceOf(set, file, piece)))
	if err != nil {
		return err
	}
	*to = sealed
	bundle.Recycle(packed)
	return a.blobs.Put(ctx, set, file, piece, sealed)
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
