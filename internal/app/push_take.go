package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/pushed"
)

// pushSystem is the far system in whose place what was pushed stands in a bundle.
const pushSystem = "pushed"

// pushes gives away what was pushed of a customer, as a far system does what it holds:
// it goes into a bundle by the same road as everything else.
type pushes struct {
	a    *App
	list []pushed.Push
}

// pushedSources are what was pushed of a customer. What never came to its end is a
// source that cannot be read: it is missing.
func (a *App) pushedSources(ctx context.Context, tx Tx, c customer.ID) (list []source, err error) {
	all, err := tx.PushesOf(ctx, c)
	from := &pushes{a: a}
	var waiting []pushed.Push
	from.list, waiting = pushed.Taken(all)
	for _, p := range from.list {
		list = append(list, source{pushSystem + "/" + p.Name, pushSystem, from, collectionOf(p), string(p.ID)})
	}
	for _, p := range waiting {
		list = append(list, source{pushSystem + "/" + p.Name, pushSystem, nil, collectionOf(p), string(p.ID)})
	}
	return list, err
}

func collectionOf(p pushed.Push) connector.Collection {
	c := connector.Collection{Name: p.Name, Table: p.Format != pushed.Files, Resumes: true, Titles: p.Titles}
	for _, col := range p.Columns {
		if col.Others {
			c.Others = append(c.Others, col.Name)
		}
	}
	return c
}

// Info implements connector.Exporter.
func (f *pushes) Info() connector.Info { return connector.Info{System: pushSystem} }

// Collections implements connector.Exporter.
func (f *pushes) Collections() (list []connector.Collection) {
	for _, p := range f.list {
		list = append(list, collectionOf(p))
	}
	return list
}

// parts are a push and what came of it. One that another took the place of meanwhile
// is tried again.
func (f *pushes) parts(ctx context.Context, name string) (p pushed.Push, list []openedPart, err error) {
	i := slices.IndexFunc(f.list, func(p pushed.Push) bool { return p.Name == name })
	if i < 0 {
		return p, nil, fault.New(fault.NotFound, "push.none", "name", name)
	}
	p = f.list[i]
	var sealed []SealedPart
	if err := f.a.store.View(ctx, func(tx Tx) (err error) { sealed, err = tx.PartsOf(ctx, p.ID); return err }); err != nil {
		return p, nil, err
	}
	list, err = unsealed(sealed, nil, func(x SealedPart) (openedPart, error) {
		part, err := f.a.openPart(ctx, x)
		return openedPart{part, x.KeyID}, err
	})
	if err == nil && (len(list) != p.Parts || slices.ContainsFunc(list, func(x openedPart) bool { return x.SHA256 == "" })) {
		err = f.changed()
	}
	return p, list, err
}

// changed says that it is another now than when it was listed.
func (f *pushes) changed() error {
	return fault.New(fault.Transient, "connector.not_all", "system", pushSystem)
}

// openedPart is a part with the key that seals its pieces.
type openedPart struct {
	pushed.Part

	key string
}

// partReader reads what came in parts, piece by piece.
type partReader struct {
	ctx   context.Context
	a     *App
	parts []openedPart
	piece int
	left  []byte
}

func (r *partReader) Read(b []byte) (int, error) {
	for len(r.left) == 0 {
		if len(r.parts) == 0 {
			return 0, io.EOF
		}
		p := r.parts[0]
		if r.piece == p.Pieces {
			r.parts, r.piece = r.parts[1:], 0
			continue
		}
		var err error
		r.left, err = r.a.pieceIn(r.ctx, p.key, string(p.ID), 0, r.piece)
		if fault.KindOf(err) == fault.NotFound && err != nil { // a disk was lost, or a backup came back without it
			err = fault.New(fault.Transient, "export.push_lost", "system", pushSystem).At("app.pushes "+string(p.ID), err)
		}
		if err != nil {
			return 0, err
		}
		r.piece++
	}
	n := copy(b, r.left)
	r.left = r.left[n:]
	return n, nil
}

// Close implements io.Closer.
func (r *partReader) Close() error { return nil }

// ReadRows implements connector.Exporter. The key of a row is its part and its place
// in it.
func (f *pushes) ReadRows(ctx context.Context, name, _, after string, to connector.TableSink) error {
	p, parts, err := f.parts(ctx, name)
	if err != nil {
		return err
	}
	from, skip := 0, int64(0)
	if after != "" {
		if _, err := fmt.Sscanf(after, "%d.%d", &from, &skip); err != nil {
			return fault.Wrap("app.pushes "+after, err)
		}
	}
	columns := make([]connector.Column, len(p.Columns))
	for i, c := range p.Columns {
		columns[i] = connector.Column{Name: c.Name, Type: connector.ColumnType(c.Type), Titles: c.Titles}
	}
	if err := to.Columns(columns); err != nil {
		return err
	}
	for _, part := range parts {
		if part.N < from {
			continue
		}
		in := bufio.NewReader(&partReader{ctx: ctx, a: f.a, parts: []openedPart{part}})
		for n := int64(1); ; n++ {
			line, err := in.ReadBytes('\n')
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if part.N == from && n <= skip {
				continue
			}
			row := connector.Row{Key: fmt.Sprintf("%d.%d", part.N, n)}
			if err := json.Unmarshal(line, &row.Cells); err != nil {
				return fault.Wrap("app.pushes "+string(part.ID), err)
			}
			if err := to.Row(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// ListFiles implements connector.Exporter.
func (f *pushes) ListFiles(ctx context.Context, name, _, after string, each func(connector.HeldFile) error) error {
	p, parts, err := f.parts(ctx, name)
	if err != nil {
		return err
	}
	files := map[string]int64{}
	for _, x := range parts {
		if x.File != "" {
			files[x.File] += x.Bytes
		}
	}
	names := make([]string, 0, len(files))
	for file := range files {
		names = append(names, file)
	}
	slices.Sort(names)
	for _, file := range names {
		if file <= after {
			continue
		}
		if err := each(connector.HeldFile{Name: file, Size: files[file], Version: string(p.ID), ModifiedAt: p.Changed}); err != nil {
			return err
		}
	}
	return nil
}

// OpenFile implements connector.Exporter.
func (f *pushes) OpenFile(ctx context.Context, name, _ string, file connector.HeldFile, offset int64) (io.ReadCloser, error) {
	p, parts, err := f.parts(ctx, name)
	if err != nil {
		return nil, err
	}
	if string(p.ID) != file.Version {
		return nil, f.changed()
	}
	r := &partReader{ctx: ctx, a: f.a, parts: slices.DeleteFunc(parts, func(x openedPart) bool { return x.File != file.Name })}
	for len(r.parts) > 0 && offset >= r.parts[0].Bytes {
		offset, r.parts = offset-r.parts[0].Bytes, r.parts[1:]
	}
	_, err = io.CopyN(io.Discard, r, offset)
	return r, err
}
