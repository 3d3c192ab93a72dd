package app

import (
	"context"
	"errors"

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
			return m.our(m.add(ctx, stageSkipped, calledThere(bundled{Source: s.name, Why: file.Skipped}, file.Name)))
		}
		if err := m.takeFile(ctx, s, owner, file); err != nil {
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

func (m *making) takeFile(ctx context.Context, s source, owner string, file connector.HeldFile) error {
	n, r, ok := m.begun(s.name)
	var f *packing
	if ok && r.at() == file.Name && r.Version == file.Version {
		var err error
		if f, err = m.resume(n, r); err != nil {
			return m.our(err)
		}
	} else {
		if ok { // it is another now, or gone
			if err := m.settle(); err != nil {
				return m.our(err)
			}
			if err := m.a.store.Tx(ctx, func(tx Tx) error { return tx.DropBundleFiles(ctx, m.set, n) }); err != nil {
				return m.our(err)
			}
			delete(m.rows, n)
			delete(m.stage, n)
		}
		f = m.begin(calledThere(bundled{Source: s.name, Version: file.Version}, file.Name), s.name+"/"+file.Name)
	}
	body, err := s.from.OpenFile(ctx, s.what.Name, owner, file, f.p.Offset())
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
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
	case err != nil:
		var known *fault.Error
		if errors.As(err, &known) {
			return known
		}
		return fault.New(fault.Transient, "connector.unreachable", "system", s.system).At("app.takeFile", err)
	case file.Size >= 0 && f.p.Offset() != file.Size:
		return fault.New(fault.Transient, "connector.not_all", "system", s.system).At("app.takeFile: another size than was listed", nil)
	}
	return m.our(f.end(ctx, stagePacked))
}
