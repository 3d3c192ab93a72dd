package app

import (
	"context"
	"errors"
	"io"

	"hastaluego/internal/bundle"
	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// takeFiles packs the files of a far folder, one after the other.
func (m *making) takeFiles(ctx context.Context, s source, owner string) error {
	after := ""
	for n, r := range m.rows {
		if r.Source == s.name && (m.stage[n] == stagePacked || m.stage[n] == stageSkipped) {
			after = max(after, r.at())
		}
	}
	err := s.from.ListFiles(ctx, s.what.Name, owner, after, func(file connector.HeldFile) error {
		if file.Skipped != "" {
			return m.our(m.skip(ctx, s, file.Name, file.Skipped))
		}
		var rule connector.FileRule
		if m.cus.Consumer { // a business is the controller of what it gave us about others
			rule = s.what.Rule(file.Name)
		}
		if rule.Out {
			return m.our(m.skip(ctx, s, file.Name, aboutOthers))
		}
		if err := m.takeFile(ctx, s, owner, file, rule.Without); err != nil {
			return err
		}
		if m.spent() {
			return errPaused
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.our(m.finish(ctx, s.name))
}

// Why a file is not taken along that is about others than the customer.
const (
	aboutOthers = "export.others"       // it was declared so
	notRedacted = "export.not_redacted" // what of it is about others could not be told from the rest
)

func (m *making) skip(ctx context.Context, s source, name, why string) error {
	return m.add(ctx, stageSkipped, calledThere(bundled{Source: s.name, Why: why}, name))
}

// drop forgets one file of a source.
func (m *making) drop(ctx context.Context, n int) error {
	if err := m.settle(); err != nil {
		return err
	}
	if err := m.a.store.Tx(ctx, func(tx Tx) error { return tx.DropBundleFiles(ctx, m.set, n) }); err != nil {
		return err
	}
	delete(m.rows, n)
	delete(m.stage, n)
	return nil
}

// takeFile packs a file, without some columns where there are any.
func (m *making) takeFile(ctx context.Context, s source, owner string, file connector.HeldFile, without []string) error {
	n, r, ok := m.begun(s.name)
	var f *packing
	if ok && r.at() == file.Name && r.Version == file.Version {
		var err error
		if f, err = m.resume(n, r); err != nil {
			return m.our(err)
		}
	} else {
		if ok { // it is another now, or gone
			if err := m.drop(ctx, n); err != nil {
				return m.our(err)
			}
		}
		f = m.begin(calledThere(bundled{Source: s.name, Version: file.Version, Left: without}, file.Name), s.name+"/"+file.Name)
	}
	from, body, err := m.open(ctx, s, owner, file, f)
	if errors.Is(err, bundle.ErrNotRedacted) {
		return m.our(m.unredacted(ctx, s, file, f))
	}
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	err = f.p.Fill(body, func(packed []byte, mark bundle.Mark) error {
		f.r.Mark = &mark
		if err := f.keep(ctx, stagePacking, len(mark.Segments)-1, packed); err != nil {
			return m.our(err)
		}
		if m.spent() {
			return errPaused
		}
		return nil
	})
	switch {
	case errors.Is(err, errPaused):
		return errPaused
	case m.ours != nil:
		return m.ours
	case errors.Is(err, bundle.ErrNotRedacted):
		return m.our(m.unredacted(ctx, s, file, f))
	case err != nil:
		var known *fault.Error
		if errors.As(err, &known) {
			return known
		}
		return fault.New(fault.Transient, "connector.unreachable", "system", s.system).At("app.takeFile", err)
	case file.Size >= 0 && from.at != file.Size:
		return fault.New(fault.Transient, "connector.not_all", "system", s.system).At("app.takeFile: another size than was listed", nil)
	}
	return m.our(f.end(ctx, stagePacked))
}

// openedThere is a file at its source, and how far it was read.
type openedThere struct {
	io.ReadCloser
	at int64
}

func (o *openedThere) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	o.at += int64(n)
	return n, err
}

// open reads a file on from where it is packed. One that goes without some columns is
// read from its beginning: where its bytes are in the other nobody knows, and they are
// the same each time.
func (m *making) open(ctx context.Context, s source, owner string, file connector.HeldFile, f *packing) (from *openedThere, body io.Reader, err error) {
	at := f.p.Offset()
	if len(f.r.Left) > 0 {
		at = 0
	}
	there, err := s.from.OpenFile(ctx, s.what.Name, owner, file, at)
	if err != nil {
		return nil, nil, err
	}
	from = &openedThere{there, at}
	if len(f.r.Left) == 0 {
		return from, from, nil
	}
	if body, err = bundle.Redacted(from, file.Name, f.r.Left); err == nil {
		_, err = io.CopyN(io.Discard, body, f.p.Offset())
	}
	if err != nil {
		_ = from.Close()
		var known *fault.Error
		if !errors.Is(err, bundle.ErrNotRedacted) && !errors.As(err, &known) {
			err = fault.New(fault.Transient, "connector.not_all", "system", s.system).At("app.takeFile", err)
		}
	}
	return from, body, err
}

// unredacted leaves out a file that is not the table as which it was declared: nobody
// knows what of it is about others, and nothing of it is kept.
func (m *making) unredacted(ctx context.Context, s source, file connector.HeldFile, f *packing) error {
	if _, begun := m.rows[f.n]; begun {
		if err := m.drop(ctx, f.n); err != nil {
			return err
		}
	}
	return m.skip(ctx, s, file.Name, notRedacted)
}
