package app

import (
	"cmp"
	"context"
	"hash/maphash"
	"io"
	"maps"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

// ReadingImport is a file of readings.
type ReadingImport struct {
	By      string // who imports; empty: the system
	File    string // its name, for the list of imports
	Source  io.Reader
	Dates   string // as in ingest.ReadingForm
	Decimal string
	DryRun  bool // decide everything, store nothing
	// Reject is told every row that does not go in, and why. Progress, which may
	// be nil, is told now and then how far the import is.
	Reject   func(ingest.RowError) error
	Progress func(ImportReport)
}

// ReadingMetrics are the metrics that readings may be of: those of signals, and
// those of what customers achieve.
func (a *App) ReadingMetrics() []string {
	out := make([]string, len(signal.Metrics))
	for i, m := range signal.Metrics {
		out[i] = string(m)
	}
	for _, m := range a.achievements.Metrics() {
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// ImportReadings reads what customers use and spend, and what went wrong for
// them. A file says what a metric was on a day: the same file again changes
// nothing, and another one that says something else of that day corrects it.
// Good rows go in, bad rows go to Reject with why; events are counted first,
// and go in when the file was read to its end. Then everybody is rated again.
// Where ctx ends in between, whole batches stay.
func (a *App) ImportReadings(ctx context.Context, in ReadingImport) (ImportReport, error) {
	im := readingImport{a: a, in: in, run: newImport("readings", in.By, in.File), seed: maphash.MakeSeed(), said: map[uint64]saidReading{}, counted: map[readingPlace]counted{}, size: importRead}
	im.hold, im.pause = a.store.Pace()
	if im.hold > 0 {
		im.size = leastBatch
	}
	now, _, err := a.store.Now(ctx)
	if err != nil {
		return im.rep, err
	}
	form := ingest.ReadingForm{Dates: in.Dates, Decimal: in.Decimal, Metrics: a.ReadingMetrics(), Today: when.DateOf(now, a.Company().Zone)}
	err = ingest.ReadReadings(in.Source, form, func(row ingest.ReadingRow) error { return im.add(ctx, row) }, im.refuse)
	// What was read before the file broke is as good as ever, but for a count.
	if e := im.flush(ctx); err == nil {
		err = e
	}
	if err == nil {
		err = im.finish(ctx)
	}
	rep, err := a.finishImport(ctx, im.run, im.rep, in.DryRun, err, a.rateDaily)
	if err != nil || in.DryRun {
		return rep, err
	}
	return rep, a.RateAll(context.WithoutCancel(ctx))
}

// readingImport is an import under way.
type readingImport struct {
	a           *App
	in          ReadingImport
	run         ImportRun
	rows        []ingest.ReadingRow
	seed        maphash.Seed
	said        map[uint64]saidReading // what rows said, by the hash of their place
	counted     map[readingPlace]counted
	rep         ImportReport
	size        int // rows of a batch
	hold, pause time.Duration
}

type readingPlace struct {
	customer customer.ID
	metric   string
	day      when.Date
}

func placeOf(r Reading) readingPlace { return readingPlace{r.Customer, r.Metric, r.Day} }

type saidReading struct {
	value int64
	row   int64
}

type counted struct {
	value int64
	rows  int
}

func (im *readingImport) refuse(e ingest.RowError) error {
	im.rep.Rejected++
	return im.in.Reject(e)
}

func (im *readingImport) add(ctx context.Context, row ingest.ReadingRow) error {
	row.Source = row.Source.Clone()
	if im.rows = append(im.rows, row); len(im.rows) >= im.size {
		return im.flush(ctx)
	}
	return ctx.Err()
}

// flush decides the rows that were read.
func (im *readingImport) flush(ctx context.Context) error {
	rows := im.rows
	im.rows = nil
	if len(rows) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	known := map[string]customer.ID{}
	for _, row := range rows {
		known[row.Customer] = ""
	}
	err := im.a.store.View(ctx, func(tx Tx) error {
		list, err := tx.CustomersByReference(ctx, slices.Sorted(maps.Keys(known))...)
		for _, c := range list {
			if !c.Test() {
				known[c.Reference] = c.ID
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	var list []Reading
	for _, row := range rows {
		r := Reading{Customer: known[row.Customer], Metric: row.Metric, Day: row.Day, Value: row.Value}
		if r.Customer == "" {
			if err := im.refuse(row.Refuse(fault.New(fault.Invalid, "readings.unknown_customer").On("customer"))); err != nil {
				return err
			}
			continue
		}
		if row.One {
			c := im.counted[placeOf(r)]
			im.counted[placeOf(r)] = counted{c.value + r.Value, c.rows + 1}
			continue
		}
		place := maphash.Comparable(im.seed, placeOf(r))
		switch first, twice := im.said[place]; {
		case !twice:
			im.said[place] = saidReading{row.Value, row.Number}
			list = append(list, r)
		case first.value == row.Value:
			im.rep.Unchanged++
		default:
			if err := im.refuse(row.Refuse(fault.New(fault.Invalid, "csv.contradiction", "row", first.row).On("value"))); err != nil {
				return err
			}
		}
	}
	return im.store(ctx, list, func(Reading) int { return 1 })
}

// finish stores what was counted.
func (im *readingImport) finish(ctx context.Context) error {
	list := make([]Reading, 0, len(im.counted))
	for p, c := range im.counted {
		list = append(list, Reading{Customer: p.customer, Metric: p.metric, Day: p.day, Value: c.value})
	}
	sortReadings(list)
	for batch := range slices.Chunk(list, im.size) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := im.store(ctx, batch, func(r Reading) int { return im.counted[placeOf(r)].rows }); err != nil {
			return err
		}
	}
	return nil
}

// sortReadings brings readings in the order in which all who write several of
// them do.
func sortReadings(list []Reading) {
	slices.SortFunc(list, func(a, b Reading) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Metric, b.Metric), b.Day.DaysUntil(a.Day))
	})
}

// store stores what is not so already; rows is how many rows say it.
func (im *readingImport) store(ctx context.Context, list []Reading, rows func(Reading) int) error {
	if len(list) == 0 {
		return nil
	}
	was := map[readingPlace]int64{}
	err := im.a.store.View(ctx, func(tx Tx) error {
		there, err := tx.ReadingsAt(ctx, list...)
		for _, r := range there {
			was[placeOf(r)] = r.Value
		}
		return err
	})
	if err != nil {
		return err
	}
	var changed []Reading
	for _, r := range list {
		if v, there := was[placeOf(r)]; there && v == r.Value {
			im.rep.Unchanged += rows(r)
			continue
		}
		changed = append(changed, r)
		im.rep.Changed += rows(r)
	}
	if im.in.Progress != nil {
		im.in.Progress(im.rep)
	}
	if len(changed) == 0 || im.in.DryRun {
		return nil
	}
	sortReadings(changed)
	run, whole := im.run, context.WithoutCancel(ctx) // a batch that was begun is finished
	err = im.a.store.Tx(whole, func(tx Tx) error {
		im.run = run
		return im.put(whole, tx, changed)
	})
	if err != nil {
		return err
	}
	return rest(ctx, im.pause)
}

// put stores readings, and what they were before.
func (im *readingImport) put(ctx context.Context, tx Tx, changed []Reading) error {
	there, err := tx.ReadingsAt(ctx, changed...)
	if err != nil {
		return err
	}
	was := map[readingPlace]int64{}
	for _, r := range there {
		was[placeOf(r)] = r.Value
	}
	if err := im.run.keep(ctx, tx, im.rep); err != nil {
		return err
	}
	changes, err := readingChanges(im.run.ID, tx.Now(), was, changed)
	if err != nil {
		return err
	}
	if err := tx.PutChanges(ctx, changes...); err != nil {
		return err
	}
	return tx.PutReadings(ctx, changed...)
}

// rest leaves the database to others for a moment.
func rest(ctx context.Context, pause time.Duration) error {
	if pause == 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}
