package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hastaluego/internal/bundle"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/retrieval"
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
	Changes *BundleChanges     `json:"changes,omitempty"`
	Why     string             `json:"why,omitempty"` // code of why it cannot be taken along
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
	c     Taking
	cus   customer.Customer
	spent func() bool // it pauses
	rows  map[int]bundled
	stage map[int]string
	next  int
	names *bundle.Names
	held  map[int]bool // rows that are written down together, when their source ends; nil: at once
	ours  error        // what went wrong on our side while a source was read
	from  []source     // of what it is made beside our own record
	// keeping is what is being kept; nil: nothing is.
	keeping *keeping
}

// source is something of which a bundle is made.
type source struct {
	name   string // system/collection
	system string
	from   connector.Exporter
	what   connector.Collection
	// version is that of what is read, where the source keeps versions: of one that
	// changed since, what is packed is forgotten.
	version string
}

// resumeMaking reads how far the bundle of a work is. Gone: nobody wants it any more.
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
		if m.c, err = takingOf(ctx, tx, w.Case); err != nil {
			return err
		}
		if m.c.Copy != nil && !m.c.Runs {
			return unwanted()
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

// sources are what is taken along of the customer, after our own record: what
// systems hold, in the order of their names and of what they declare, and what was
// pushed.
func (a *App) sources(ctx context.Context, tx Tx, c customer.ID) (list []source, err error) {
	for _, name := range slices.Sorted(maps.Keys(a.on)) {
		sys, ok := a.farSystem(name)
		if !ok || sys.Exporter == nil {
			continue
		}
		for _, c := range sys.Exporter.Collections() {
			list = append(list, source{name + "/" + c.Name, name, sys.Exporter, c, ""})
		}
	}
	pushed, err := a.pushedSources(ctx, tx, c)
	return append(list, pushed...), err
}

// collect packs what every source holds that was not read to its end before. It
// returns what could not be had, by source, and the error to try again for; what
// is wrong with one source does not hold up the others.
func (m *making) collect(ctx context.Context) (missing map[string]string, again error, err error) {
	missing = map[string]string{}
	if err := m.whole(ctx, houseSource, m.takeHouse); err != nil {
		return nil, nil, err
	}
	if err := m.a.store.View(ctx, func(tx Tx) (err error) { m.from, err = m.a.sources(ctx, tx, m.cus.ID); return err }); err != nil {
		return nil, nil, err
	}
	for _, s := range m.from {
		if m.cus.Test() && s.system != pushSystem { // nobody real is asked about somebody who is not
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
	if s.from == nil {
		return fault.New(fault.Transient, "export.not_pushed", "collection", s.what.Name)
	}
	for _, r := range m.rows {
		if r.Source == s.name && s.version != "" && r.Version != s.version {
			if err := m.forget(ctx, s.name); err != nil {
				return m.our(err)
			}
			break
		}
	}
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
	return m.a.store.Tx(ctx, func(tx Tx) error {
		if err := m.wanted(ctx, tx); err != nil {
			return err
		}
		return tx.PutBundleFiles(ctx, list...)
	})
}

// wanted refuses, as Gone, to keep anything of a copy that ended while it was made.
func (m *making) wanted(ctx context.Context, tx Tx) error {
	if m.c.Copy == nil {
		return nil
	}
	c, err := tx.HoldCopy(ctx, m.c.Copy.ID)
	if err == nil && c.State != retrieval.Open {
		err = unwanted()
	}
	return err
}

func unwanted() error { return fault.New(fault.Gone, "copy.stopped") }

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

// our remembers that what went wrong is not of the source.
func (m *making) our(err error) error {
	if err != nil {
		m.ours = err
	}
	return err
}
