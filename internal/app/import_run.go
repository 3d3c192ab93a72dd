package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"hastaluego/internal/id"
)

// ImportID identifies an import (imp_…).
type ImportID string

// ImportRun is one import that stored something.
type ImportRun struct {
	ID                      ImportID
	Kind                    string // customers, readings, departures
	By                      string // usr_…, or engine
	File                    string
	At                      time.Time
	Rows, Changed, Rejected int
	UndoneAt                time.Time
	UndoneBy                string
}

// Made is a record that an import made; a customer with their version as the
// import left them.
type Made struct {
	Kind    string // customer, subscription, case
	ID      string
	Version int64
}

// ImportTx keeps imports and what they made.
type ImportTx interface {
	InsertImport(ctx context.Context, x ImportRun) error
	SaveImport(ctx context.Context, x ImportRun) error
	UndoImport(ctx context.Context, id ImportID, by string) error // fault.Conflict if it was undone
	FindImport(ctx context.Context, id ImportID) (ImportRun, error)
	ListImports(ctx context.Context, before ImportID, limit int) ([]ImportRun, error) // newest first
	PutMade(ctx context.Context, id ImportID, list ...Made) error
	// Remade keeps the versions of what the import made before and changed again.
	Remade(ctx context.Context, id ImportID, list ...Made) error
	MadeBy(ctx context.Context, id ImportID) ([]Made, error)
}

// newImport is an import that begins; it is stored with the first thing that it
// makes.
func newImport(kind, by, file string) ImportRun {
	return ImportRun{ID: ImportID(id.New("imp")), Kind: kind, By: actorOr(by), File: file}
}

// keep stores an import with its counts.
func (x *ImportRun) keep(ctx context.Context, tx Tx, rep ImportReport) error {
	if x.At.IsZero() {
		x.At = tx.Now()
	}
	if err := tx.InsertImport(ctx, *x); err != nil { // once: what failed is tried again
		return err
	}
	x.Rows, x.Changed, x.Rejected = rep.Changed+rep.Unchanged+rep.Rejected, rep.Changed, rep.Rejected
	return tx.SaveImport(ctx, *x)
}

// finishImport says what became of an import that was read, and keeps that, with
// what else is to happen then, unless nothing is stored. One that ctx ended has
// not failed: whole batches stay.
func (a *App) finishImport(ctx context.Context, run ImportRun, rep ImportReport, dry bool, err error, also ...func(context.Context, Tx) error) (ImportReport, error) {
	rep.Rows = rep.Changed + rep.Unchanged + rep.Rejected
	if rep.Stopped = ctx.Err() != nil; rep.Stopped {
		err = nil
	}
	if err != nil || dry {
		return rep, err
	}
	ctx = context.WithoutCancel(ctx)
	return rep, a.tx(ctx, func(tx Tx) error {
		if err := run.keep(ctx, tx, rep); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(ctx, tx); err != nil {
				return err
			}
		}
		return a.record(ctx, tx, fact{"import.finished", run.By, "", house, map[string]any{
			"rows": rep.Rows, "changed": rep.Changed, "rejected": rep.Rejected, "stopped": rep.Stopped,
		}})
	})
}

// made keeps what a batch made: customers, and contracts of those who were there;
// and what it changed of them.
func (k *known) made(ctx context.Context, tx Tx, run ImportID) error {
	var made, again []Made
	for _, e := range sortedByID(k.byID) {
		switch m := (Made{"customer", string(e.ID), e.Version}); e.state {
		case fresh:
			made = append(made, m)
		case different:
			again = append(again, m)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.subs)) {
		if s := k.subs[name]; s.state == fresh && k.byID[s.now.Customer].state != fresh {
			made = append(made, Made{"subscription", string(s.now.ID), 0})
		}
	}
	if err := tx.Remade(ctx, run, again...); err != nil {
		return err
	}
	changes, err := k.changes(run, tx.Now())
	if err != nil {
		return err
	}
	if err := tx.PutChanges(ctx, changes...); err != nil {
		return err
	}
	return tx.PutMade(ctx, run, made...)
}

// Imports lists the imports, the newest first.
func (a *App) Imports(ctx context.Context, by Actor) (list []ImportRun, users map[string]string, err error) {
	if err := by.CanRead("customer"); err != nil {
		return nil, nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if users, err = names(ctx, tx); err != nil {
			return err
		}
		list, err = tx.ListImports(ctx, "", importsMost)
		return err
	})
	return list, users, err
}

// importsMost is how many imports a list has.
const importsMost = 200
