package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"hastaluego/internal/bundle"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// RemakeKind is the kind of the job of the house that makes what a customer takes
// along again, or for the first time where no step of their departure does.
const RemakeKind = "remake"

// remakeAfter is for how long a bundle is not made again: it would hold the same.
const remakeAfter = time.Hour

// changesSource is what a bundle tells of the one before.
const changesSource = "changes"

// MayRemake reports whether the newest of the files is old enough to be made
// again; without one it may be made.
func MayRemake(list []Blob, now time.Time) bool {
	return len(list) == 0 || !now.Before(list[len(list)-1].CreatedAt.Add(remakeAfter))
}

// AskBundle has what the customer takes along made again, until the window ends;
// the one that is there can be fetched until then. Whoever has one gave the code;
// without one nothing is told by making it. Pressing twice, or soon after it was
// made, changes nothing.
func (a *App) AskBundle(ctx context.Context, token, key string) error {
	return a.tx(ctx, func(tx Tx) error {
		c, err := a.taking(ctx, tx, token)
		if err != nil {
			return err
		}
		list, err := bundlesOf(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		newest := "none"
		if len(list) > 0 {
			if !a.proved(ctx, tx, key, c.ID) {
				return fault.New(fault.Unauthenticated, "code.needed")
			}
			newest = list[len(list)-1].ID
		}
		under, err := remaking(ctx, tx, c.ID)
		if err != nil || under || !MayRemake(list, tx.Now()) {
			return err
		}
		if err := a.makeAgain(ctx, tx, c, "bundle", newest); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"bundle.asked", customerActor, string(c.ID), string(c.Customer), nil})
	})
}

// makeAgain sets the work to make the file again that is newest; item says who wants
// it.
func (a *App) makeAgain(ctx context.Context, tx Tx, c Taking, item, newest string) error {
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: RemakeKind, Case: c.ID, Item: item, System: house, Key: RemakeKind + "." + string(c.ID) + "." + newest,
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
	})
}

// bundlesOf are the files that a customer can take along, the newest last.
func bundlesOf(ctx context.Context, tx Tx, c offboarding.CaseID) ([]Blob, error) {
	list, err := tx.BlobsOf(ctx, c)
	return slices.DeleteFunc(list, func(b Blob) bool { return b.Kind != "bundle" }), err
}

// remaking reports whether one is being made again.
func remaking(ctx context.Context, tx Tx, c offboarding.CaseID) (bool, error) {
	works, err := tx.WorksOf(ctx, c)
	return slices.ContainsFunc(works, func(w offboarding.Work) bool {
		return w.Kind == RemakeKind && (w.State == offboarding.WorkReady || w.State == offboarding.WorkRunning)
	}), err
}

// base remembers, in the bundle that is made again, what the first one held: it is
// there when the first is gone.
func (m *making) base(ctx context.Context, w offboarding.Work) error {
	for _, s := range m.stage {
		if s == stageBase {
			return nil
		}
	}
	var first bundled
	err := m.a.store.View(ctx, func(tx Tx) error {
		list, err := bundlesOf(ctx, tx, w.Case)
		if err != nil || len(list) == 0 {
			return err
		}
		files, err := m.a.bundleFiles(ctx, tx, list[len(list)-1].ID)
		if err != nil {
			return err
		}
		first = bundled{Source: changesSource, Base: map[string]string{}}
		for _, f := range files {
			switch {
			case f.Stage == stageBase:
				first = f.bundled
				return nil
			case f.Stage == stagePacked && f.Source != changesSource:
				first.Base[f.File.Name] = f.File.SHA256
			}
		}
		return nil
	})
	if err != nil || first.Base == nil {
		return err
	}
	return m.add(ctx, stageBase, first)
}

// packChanges packs what is other than in the first bundle, file by file, once all of
// them are packed.
func (m *making) packChanges(ctx context.Context) error {
	var first map[string]string
	for n, s := range m.stage {
		if s == stageBase {
			first = m.rows[n].Base
		}
	}
	if first == nil {
		return nil
	}
	for n, s := range m.stage { // of a try before this one
		if s == stagePacked && m.rows[n].Source == changesSource {
			if err := m.settle(); err != nil {
				return err
			}
			if err := m.a.store.Tx(ctx, func(tx Tx) error { return tx.DropBundleFiles(ctx, m.set, n) }); err != nil {
				return err
			}
			delete(m.rows, n)
			delete(m.stage, n)
		}
	}
	now := map[string]string{}
	m.names = bundle.NewNames()
	for n, s := range m.stage {
		if s == stagePacked {
			f := m.rows[n].File
			now[f.Name] = f.SHA256
			m.names.SafeName(f.Name[len("data/"):])
		}
	}
	fields, err := bundle.Fields("change file sha256_first sha256_now")
	if err != nil {
		return fault.Wrap("app.changes", err)
	}
	f := m.begin(bundled{Source: changesSource, Name: "changes.csv", Fields: fields}, "changes.csv")
	table, err := bundle.NewTable(f.p, fields)
	if err != nil {
		return fault.Wrap("app.changes", err)
	}
	all := maps.Clone(now)
	maps.Copy(all, first)
	f.r.Changes = &BundleChanges{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		was, had := first[name]
		is, has := now[name]
		what := "changed"
		switch {
		case was == is:
			continue
		case !had:
			what = "added"
		case !has:
			what = "removed"
		}
		f.r.Changes.count(name, what)
		if err := table.Row(bundle.Cells([]string{what, name, was, is})...); err != nil {
			return fault.Wrap("app.changes", err)
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
	return m.settle()
}

// DropOlderBundles forgets the bundles in whose place this one stands, once it is
// whole and checked. Their pieces go when pieces are tidied up: whoever is
// downloading one is not cut off.
func (a *App) DropOlderBundles(ctx context.Context, w offboarding.Work) error {
	return a.tx(ctx, func(tx Tx) error {
		list, err := bundlesOf(ctx, tx, w.Case)
		if err != nil {
			return err
		}
		for _, b := range list {
			if b.ID == bundleID(w) {
				return nil
			}
			if err := dropSet(ctx, tx, b.ID); err != nil {
				return err
			}
			if err := tx.DropBlob(ctx, b.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// dropSet forgets what a bundle is made of.
func dropSet(ctx context.Context, tx Tx, set string) error {
	files, err := tx.BundleFilesOf(ctx, set)
	if err != nil {
		return err
	}
	ns := make([]int, len(files))
	for i, f := range files {
		ns[i] = f.N
	}
	return tx.DropBundleFiles(ctx, set, ns...)
}
