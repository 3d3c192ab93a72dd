package app

import (
	"context"
	"io"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
)

// ImportInput is a file of customers.
type ImportInput struct {
	By     string // who imports; empty: the system
	File   string // its name, for the list of imports
	Source io.Reader
	Map    *ingest.Map
	DryRun bool // decide everything, store nothing
	// Reject is told every row that does not go in, and why. Progress, which may
	// be nil, is told now and then how far the import is.
	Reject   func(ingest.RowError) error
	Progress func(ImportReport)
}

// ImportReport counts what became of the rows: Rows is the sum of the others.
type ImportReport struct {
	Rows      int
	Changed   int // new, or different from what was there
	Unchanged int
	Rejected  int
	Stopped   bool // before the end of the file, between two batches
}

// importRead is how many rows are decided at once at most.
const importRead = 512

// ImportCustomers reads customers by a map. Good rows go in, bad rows go to
// Reject with why; the same file twice changes nothing, and a row that says of a
// record something else than a row before it is refused. It writes in batches
// that hold the database for a moment only, so that a running server stays
// quick. Where ctx ends in between, whole batches stay, Stopped says so, and the
// same import again goes on.
func (a *App) ImportCustomers(ctx context.Context, in ImportInput) (ImportReport, error) {
	if in.Map.Departures() {
		return ImportReport{}, fault.New(fault.Invalid, "map.of_departures")
	}
	im := importing{a: a, in: in, run: newImport("customers", in.By, in.File), seen: ingest.NewSeen(), size: importRead}
	im.hold, im.pause = a.store.Pace()
	if im.hold > 0 {
		im.size = 64
	}
	_, err := ingest.Read(in.Source, in.Map, func(row ingest.Row) error {
		if refused := im.seen.Add(row); refused != nil {
			im.rep.Rejected++
			return in.Reject(row.Refuse(refused))
		}
		row.Source = row.Source.Clone()
		if im.rows = append(im.rows, row); len(im.rows) == importRead {
			return im.flush(ctx)
		}
		return ctx.Err()
	}, func(e ingest.RowError) error {
		im.rep.Rejected++
		return in.Reject(e)
	})
	// What was read before the file broke is as good as ever.
	if e := im.flush(ctx); err == nil {
		err = e
	}
	return a.finishImport(ctx, im.run, im.rep, in.DryRun, err)
}

// importing is an import under way: the rows that were read and not decided
// yet, and what became of the others.
type importing struct {
	a           *App
	in          ImportInput
	run         ImportRun
	seen        *ingest.Seen
	rows        []ingest.Row
	rep         ImportReport
	size        int // rows of a batch
	analyzed    int // rows that had changed when the database last looked at its tables
	hold, pause time.Duration
}

// flush stores the rows that were read, in as many transactions as it takes.
func (im *importing) flush(ctx context.Context) error {
	rest := im.rows
	im.rows = nil
	for len(rest) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(im.size, len(rest))
		wrote, err := im.batch(ctx, rest[:n])
		if err != nil {
			return err
		}
		rest = rest[n:]
		if im.in.Progress != nil {
			im.in.Progress(im.rep)
		}
		if !wrote || im.pause == 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(im.pause):
		}
	}
	return nil
}

// leastBatch is the fewest rows of a batch: smaller ones spend more on commits
// and pauses than they spare those who wait.
const leastBatch = 128

// patient is how often a batch is decided beside the writers before it is
// decided as one of them, where nobody can be faster.
const patient = 4

// batch decides some rows and stores what became of them. It looks without
// holding anybody up, and looks again when somebody was faster.
func (im *importing) batch(ctx context.Context, rows []ingest.Row) (wrote bool, err error) {
	var changed int
	var refused []ingest.RowError
	decide := func(tx Tx) (k *known, err error) {
		if k, err = im.a.look(ctx, tx, rows); err != nil {
			return nil, err
		}
		changed, refused = 0, nil
		for _, row := range rows {
			did, why := k.put(row)
			switch {
			case why != nil:
				refused = append(refused, row.Refuse(why))
			case did:
				changed++
			}
		}
		return k, nil
	}
	for try := range again {
		if try < patient {
			var k *known
			if err := im.a.store.View(ctx, func(tx Tx) (err error) { k, err = decide(tx); return err }); err != nil {
				return false, err
			}
			if changed == 0 || im.in.DryRun { // there is nothing that anybody could be faster at
				err = nil
				break
			}
			err = im.write(ctx, k)
		} else {
			err = im.a.store.Tx(context.WithoutCancel(ctx), func(tx Tx) error {
				k, err := decide(tx)
				if err != nil || changed == 0 {
					return err
				}
				return im.keep(ctx, tx, k)
			})
		}
		if fault.CodeOf(err) == "case.changed_meanwhile" {
			continue
		}
		if err != nil {
			return false, err
		}
		wrote = changed > 0
		break
	}
	if err != nil {
		return false, err
	}
	im.rep.Changed += changed
	if im.rep.Changed >= 2*max(im.analyzed, importRead) && !im.in.DryRun {
		im.analyzed = im.rep.Changed
		if err := im.a.store.Analyze(ctx); err != nil {
			return wrote, err
		}
	}
	im.rep.Unchanged += len(rows) - changed - len(refused)
	im.rep.Rejected += len(refused)
	for _, e := range refused {
		if err := im.in.Reject(e); err != nil {
			return wrote, err
		}
	}
	return wrote, nil
}

// keep stores what became of a batch, and what it made.
func (im *importing) keep(ctx context.Context, tx Tx, k *known) error {
	if err := k.write(ctx, tx); err != nil {
		return err
	}
	if err := im.run.keep(ctx, tx, im.rep); err != nil {
		return err
	}
	return k.made(ctx, tx, im.run.ID)
}

// write stores what became of a batch. How many rows the next one has follows
// how long this one held the database.
func (im *importing) write(ctx context.Context, k *known) error {
	long := false
	ctx = context.WithoutCancel(ctx) // a batch that was begun is finished
	err := im.a.store.Tx(ctx, func(tx Tx) error {
		if im.hold == 0 {
			return im.keep(ctx, tx, k)
		}
		over := time.NewTimer(im.hold)
		defer over.Stop()
		err := im.keep(ctx, tx, k)
		select {
		case <-over.C:
			long = true
		default:
		}
		return err
	})
	switch {
	case im.hold == 0:
	case long:
		im.size = max(im.size/2, leastBatch)
	default:
		im.size = min(im.size+im.size/4, importRead)
	}
	return err
}
