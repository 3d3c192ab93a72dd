package app

import (
	"context"

	"hastaluego/internal/bundle"
	"hastaluego/internal/fault"
)

// takeHouse packs what our own record holds. It is little, and begins again.
func (m *making) takeHouse(ctx context.Context) (err error) {
	if err := m.forget(ctx, houseSource); err != nil {
		return err
	}
	m.held = map[int]bool{}
	defer func() {
		held := m.held
		m.held = nil
		if err != nil {
			return
		}
		stages, rows := map[int]string{}, map[int]bundled{}
		for n := range held {
			stages[n], rows[n] = m.stage[n], m.rows[n]
		}
		err = m.save(ctx, stages, rows)
	}()
	var files []heldTable
	var attached []Blob
	err = m.a.store.View(ctx, func(tx Tx) (err error) {
		files, attached, err = m.a.held(ctx, tx, m.c.Customer)
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range files {
		f := m.begin(bundled{Source: houseSource, Name: t.name, Fields: t.fields}, t.name)
		table, err := bundle.NewTable(f.p, t.fields)
		if err != nil {
			return fault.Wrap("app.held "+t.name, err)
		}
		for _, row := range t.rows {
			if err := table.Row(bundle.Cells(row)...); err != nil {
				return fault.Wrap("app.held "+t.name, err)
			}
			if err := f.cut(ctx, false); err != nil {
				return err
			}
		}
		state := table.State()
		f.r.State = &state
		if err := f.end(ctx, stagePacked); err != nil {
			return err
		}
	}
	for _, b := range attached {
		if err := m.a.store.View(ctx, func(tx Tx) (err error) { b, err = tx.FindBlob(ctx, b.ID); return err }); err != nil {
			return err
		}
		plain, err := m.a.openBlob(ctx, b)
		if err != nil {
			return err
		}
		f := m.begin(bundled{Source: houseSource, Name: b.Name}, fileOf(b))
		for len(plain) > 0 {
			n := min(len(plain), bundle.SegmentSize)
			if _, err := f.p.Write(plain[:n]); err != nil {
				return fault.Wrap("app.held "+b.ID, err)
			}
			plain = plain[n:]
			if err := f.cut(ctx, false); err != nil {
				return err
			}
		}
		if err := f.end(ctx, stagePacked); err != nil {
			return err
		}
	}
	return m.finish(ctx, houseSource)
}
