package app

import (
	"context"
	"errors"
	"maps"
	"mime"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hastaluego/internal/bundle"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// Stages of what a bundle is made of.
const (
	stagePacking = "packing" // a file of which something is packed
	stagePacked  = "packed"  // a file of the payload
	stageTag     = "tag"     // a file about the others
	stageRead    = "read"    // a source that was read to its end
	stageSkipped = "skipped" // a file that cannot be taken along
	stageBase    = "base"    // what the first bundle held
)

// houseSource is our own record.
const houseSource = "house"

// bundled is what the sealed body of a BundleFile says.
type bundled struct {
	Source  string             `json:"source"`         // "crm/invoices", or house
	Name    string             `json:"name,omitempty"` // what the file is called there
	Raw     []byte             `json:"raw,omitempty"`  // the same, where it is no text
	Version string             `json:"version,omitempty"`
	File    *bundle.Packed     `json:"file,omitempty"`  // packed to its end
	Mark    *bundle.Mark       `json:"mark,omitempty"`  // packed so far
	After   string             `json:"after,omitempty"` // key of the last row that is in
	Fields  []bundle.Field     `json:"fields,omitempty"`
	State   *bundle.TableState `json:"state,omitempty"`
	Left    []string           `json:"left,omitempty"` // columns that were left out: personal data of others
	Base    map[string]string  `json:"base,omitempty"` // files of the first bundle, with their SHA-256
	Why     string             `json:"why,omitempty"`  // code of why it cannot be taken along
}

// errPaused says that a source goes on in the next try of the work.
var errPaused = errors.New("app: the bundle goes on later")

// calledThere keeps what a file is called at its source, whatever bytes these are.
func calledThere(r bundled, name string) bundled {
	if r.Name = name; !utf8.ValidString(name) {
		r.Name, r.Raw = strings.ToValidUTF8(name, "\ufffd"), []byte(name)
	}
	return r
}

// at is what the file is called at its source.
func (r bundled) at() string {
	if len(r.Raw) > 0 {
		return string(r.Raw)
	}
	return r.Name
}

// making is a bundle while it is made.
type making struct {
	a     *App
	set   string
	c     offboarding.Case
	cus   customer.Customer
	spent func() bool // it pauses
	rows  map[int]bundled
	stage map[int]string
	next  int
	names *bundle.Names
	held  map[int]bool // rows that are written down together, when their source ends; nil: at once
	ours  error        // what went wrong on our side while a source was read
	busy  chan error   // a piece is being kept; nil: none is
}

// source is something of which a bundle is made.
type source struct {
	name   string // system/collection
	system string
	from   connector.Exporter
	what   connector.Collection
}

// resumeMaking reads how far the bundle of a work is.
func (a *App) resumeMaking(ctx context.Context, w offboarding.Work) (*making, error) {
	m := &making{a: a, set: bundleID(w), rows: map[int]bundled{}, stage: map[int]string{}, names: bundle.NewNames()}
	if a.blobs == nil {
		return nil, fault.New(fault.Internal, "internal").At("app.MakeBundle: nowhere to keep pieces", nil)
	}
	wall := when.Machine{}.Wall
	until := wall().Add(time.Minute)
	if d, ok := ctx.Deadline(); ok {
		until = wall().Add(d.Sub(wall()) / 2)
	}
	m.spent = func() bool { return wall().After(until) }
	err := a.store.View(ctx, func(tx Tx) (err error) {
		if m.c, err = tx.FindCase(ctx, w.Case); err != nil {
			return err
		}
		if m.cus, err = tx.FindCustomer(ctx, m.c.Customer); err != nil {
			return err
		}
		list, err := a.bundleFiles(ctx, tx, m.set)
		if err != nil {
			return err
		}
		for _, f := range list {
			m.rows[f.N], m.stage[f.N] = f.bundled, f.Stage
			m.next = max(m.next, f.N+1)
			if f.Stage == stagePacked {
				m.names.SafeName(f.File.Name)
			}
		}
		return nil
	})
	return m, err
}

// openedFile is a row of a bundle with what it says.
type openedFile struct {
	BundleFile
	bundled
}

func (a *App) bundleFiles(ctx context.Context, tx Tx, set string) (list []openedFile, err error) {
	rows, err := tx.BundleFilesOf(ctx, set)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		f := openedFile{BundleFile: r}
		if readable, err := a.unsealJSON(ctx, r.KeyID, r.Set, r.Body, &f.bundled); err != nil {
			return nil, err
		} else if !readable {
			return nil, fault.New(fault.Gone, "data.erased")
		}
		list = append(list, f)
	}
	return list, nil
}

// sources are the systems that hold something of the customer, after our own
// record: in the order of their names and of what they declare.
func (a *App) sources() (list []source) {
	for _, name := range slices.Sorted(maps.Keys(a.on)) {
		sys, ok := a.farSystem(name)
		if !ok || sys.Exporter == nil {
			continue
		}
		for _, c := range sys.Exporter.Collections() {
			list = append(list, source{name + "/" + c.Name, name, sys.Exporter, c})
		}
	}
	return list
}

// collect packs what every source holds that was not read to its end before. It
// returns what could not be had, by source, and the error to try again for; what
// is wrong with one source does not hold up the others.
func (m *making) collect(ctx context.Context) (missing map[string]string, again error, err error) {
	missing = map[string]string{}
	if err := m.whole(ctx, houseSource, m.takeHouse); err != nil {
		return nil, nil, err
	}
	for _, s := range m.a.sources() {
		if m.cus.Test() { // nobody real is asked about somebody who is not
			missing[s.name] = "export.rehearsal"
			continue
		}
		err := m.whole(ctx, s.name, func(ctx context.Context) error { return m.take(ctx, s) })
		switch {
		case err == nil:
		case m.ours != nil:
			return nil, nil, m.ours
		case errors.Is(err, errPaused) || ctx.Err() != nil:
			return nil, nil, err
		default:
			missing[s.name] = fault.CodeOf(err)
			if k := fault.KindOf(err); again == nil || k == fault.Transient && fault.KindOf(again) != fault.Transient {
				again = err
			}
		}
	}
	return missing, again, nil
}

// whole has a source read once.
func (m *making) whole(ctx context.Context, name string, take func(context.Context) error) error {
	for n, r := range m.rows {
		if m.stage[n] == stageRead && r.Source == name {
			return nil
		}
	}
	if m.spent() {
		return errPaused
	}
	err := take(ctx)
	if e := m.settle(); e != nil {
		return m.our(e)
	}
	return err
}

// take reads a collection of a far system.
func (m *making) take(ctx context.Context, s source) error {
	owner, err := m.a.OwnerAt(ctx, m.cus.ID, s.system)
	if err != nil {
		m.ours = err
		return err
	}
	if s.what.Table {
		return m.takeTable(ctx, s, owner)
	}
	return m.takeFiles(ctx, s, owner)
}

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

// save writes down how far it is.
func (m *making) save(ctx context.Context, stages map[int]string, rows map[int]bundled) error {
	if m.held != nil {
		for n, r := range rows {
			m.rows[n], m.stage[n], m.held[n] = r, stages[n], true
		}
		return nil
	}
	if err := m.settle(); err != nil {
		return err
	}
	err := m.write(ctx, stages, rows)
	if err == nil {
		maps.Copy(m.rows, rows)
		maps.Copy(m.stage, stages)
	}
	return err
}

// write has rows of the bundle in the database.
func (m *making) write(ctx context.Context, stages map[int]string, rows map[int]bundled) error {
	var list []BundleFile
	for _, n := range slices.Sorted(maps.Keys(rows)) {
		keyID, body, err := m.a.sealJSON(ctx, string(m.cus.ID), m.set, rows[n])
		if err != nil {
			return err
		}
		list = append(list, BundleFile{m.set, n, m.c.ID, stages[n], keyID, body})
	}
	return m.a.store.Tx(ctx, func(tx Tx) error { return tx.PutBundleFiles(ctx, list...) })
}

// finish writes down that a source was read to its end.
func (m *making) finish(ctx context.Context, source string) error {
	return m.add(ctx, stageRead, bundled{Source: source})
}

func (m *making) add(ctx context.Context, stage string, r bundled) error {
	n := m.next
	m.next++
	return m.save(ctx, map[int]string{n: stage}, map[int]bundled{n: r})
}

// forget drops what is packed of a source that begins again.
func (m *making) forget(ctx context.Context, source string) error {
	var ns []int
	for n, r := range m.rows {
		if r.Source == source && m.stage[n] != stageTag {
			ns = append(ns, n)
		}
	}
	if len(ns) == 0 {
		return nil
	}
	if err := m.settle(); err != nil {
		return err
	}
	slices.Sort(ns)
	if err := m.a.store.Tx(ctx, func(tx Tx) error { return tx.DropBundleFiles(ctx, m.set, ns...) }); err != nil {
		return err
	}
	for _, n := range ns {
		delete(m.rows, n)
		delete(m.stage, n)
	}
	m.names = bundle.NewNames()
	for n, r := range m.rows {
		if m.stage[n] == stagePacked {
			m.names.SafeName(r.File.Name[len("data/"):])
		}
	}
	return nil
}

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
		files, attached, err = m.a.held(ctx, tx, m.c)
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

// our remembers that what went wrong is not of the source.
func (m *making) our(err error) error {
	if err != nil {
		m.ours = err
	}
	return err
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
		in.f = in.m.begin(bundled{Source: in.s.name, Name: in.s.what.Name, Fields: fields, Left: left}, in.s.name+".csv")
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

// putPiece seals a piece with the key of the customer and keeps it.
func (a *App) putPiece(ctx context.Context, set, subject string, file, piece int, packed []byte) error {
	_, sealed, err := a.sealFor(ctx, subject, pieceOf(set, file, piece), packed)
	if err != nil {
		return err
	}
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
