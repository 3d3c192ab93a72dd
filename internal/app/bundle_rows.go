package app

import (
	"context"
	"slices"

	"hastaluego/internal/bundle"
	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// rowsInto packs the rows of a far table.
type rowsInto struct {
	ctx    context.Context
	m      *making
	s      source
	f      *packing
	t      *bundle.Table
	others []bool // by column: it is left out
}

func (m *making) takeTable(ctx context.Context, s source, owner string) error {
	in := &rowsInto{ctx: ctx, m: m, s: s}
	n, r, ok := m.begun(s.name)
	if ok && !s.what.Resumes {
		if err := m.forget(ctx, s.name); err != nil {
			m.ours = err
			return err
		}
		ok = false
	}
	if ok {
		f, err := m.resume(n, r)
		if err != nil {
			m.ours = err
			return err
		}
		in.f = f
	}
	after := ""
	if ok {
		after = r.After
	}
	if err := s.from.ReadRows(ctx, s.what.Name, owner, after, in); err != nil {
		return err
	}
	if in.f == nil { // it said no columns: nothing is held there
		return m.our(m.finish(ctx, s.name))
	}
	state := in.t.State()
	in.f.r.State = &state
	if err := in.f.end(ctx, stagePacked); err != nil {
		return m.our(err)
	}
	return m.our(m.finish(ctx, s.name))
}

// Columns begins the table, or goes on with one that has the same columns.
func (in *rowsInto) Columns(columns []connector.Column) error {
	var fields []bundle.Field
	var left []string
	in.others = make([]bool, len(columns))
	for i, c := range columns {
		// A business is the controller of what it gave us about others; a consumer
		// is not.
		if in.others[i] = in.m.cus.Consumer && slices.Contains(in.s.what.Others, c.Name); in.others[i] {
			left = append(left, c.Name)
			continue
		}
		fields = append(fields, bundle.Field{Name: c.Name, Type: bundle.FieldType(c.Type), Titles: c.Titles})
	}
	var err error
	if in.f == nil {
		in.f = in.m.begin(bundled{Source: in.s.name, Name: in.s.what.Name, Version: in.s.version, Fields: fields, Left: left}, in.s.name+".csv")
		in.t, err = bundle.NewTable(in.f.p, fields)
	} else {
		same := slices.EqualFunc(fields, in.f.r.Fields, func(x, y bundle.Field) bool { return x.Name == y.Name && x.Type == y.Type })
		if !same || in.f.r.State == nil {
			return in.m.changed(in.ctx, in.s)
		}
		in.t, err = bundle.ResumeTable(in.f.p, bundle.CSV, fields, *in.f.r.State)
	}
	if err != nil {
		return fault.New(fault.Invalid, "export.columns", "system", in.s.system, "collection", in.s.what.Name).At("app.Columns", err)
	}
	return nil
}

// changed begins a source anew whose shape is another than when it was begun.
func (m *making) changed(ctx context.Context, s source) error {
	if err := m.forget(ctx, s.name); err != nil {
		return m.our(err)
	}
	return fault.New(fault.Transient, "connector.not_all", "system", s.system)
}

// Row packs a row.
func (in *rowsInto) Row(r connector.Row) error {
	cells := make([]bundle.Cell, 0, len(r.Cells))
	for i, c := range r.Cells {
		switch {
		case i < len(in.others) && in.others[i]:
		case c == nil:
			cells = append(cells, bundle.Null)
		default:
			cells = append(cells, bundle.Cell{Text: *c})
		}
	}
	if in.t == nil {
		return fault.New(fault.Internal, "internal").At("app.Row: rows before columns", nil)
	}
	if err := in.t.Row(cells...); err != nil {
		return fault.New(fault.Invalid, "export.cell", "system", in.s.system, "collection", in.s.what.Name).At("app.Row", err)
	}
	in.f.r.After = r.Key
	pause := in.s.what.Resumes && in.f.p.Full() && in.m.spent()
	if in.f.p.Full() {
		state := in.t.State()
		in.f.r.State = &state
		if err := in.f.cut(in.ctx, false); err != nil {
			return in.m.our(err)
		}
	}
	if pause {
		return errPaused
	}
	return nil
}
