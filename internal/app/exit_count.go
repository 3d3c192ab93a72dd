package app

import (
	"context"
	"sync"
	"time"

	"hastaluego/internal/when"
)

// Counted is what is counted of the way out: counts, of nobody.
type Counted string

// What is counted. The times are those that pages took, in milliseconds.
const (
	ExitEntry     Counted = "entry"      // the page on which one leaves was shown
	ExitConfirmed Counted = "confirmed"  // somebody left on it
	ExitRefused   Counted = "refused"    // what was typed was sent back
	ExitFailed    Counted = "failed"     // it did not work, and that was our fault
	ExitTime      Counted = "exit_time"  // of that page and of leaving
	OtherTime     Counted = "other_time" // of every other page
)

// ExitCount is how often something was seen on a day, and the sum of what it took.
type ExitCount struct {
	Day   when.Date
	Name  Counted
	N     int
	Total int64
}

// ExitTx keeps what was seen of the way out.
type ExitTx interface {
	AddExitCounts(ctx context.Context, list ...ExitCount) error
	ExitCounts(ctx context.Context, from, until when.Date) ([]ExitCount, error) // summed over the days, both with them
	// KeptThenLeft counts departures of real customers asked for between two
	// instants that were undone, and those whose customer asked again within so
	// long.
	KeptThenLeft(ctx context.Context, from, until time.Time, within time.Duration) (kept, left int, err error)
}

// seen is what was counted since it was last kept.
type seen struct {
	mu     sync.Mutex
	counts map[Counted]ExitCount
}

// Count counts what was seen of the way out. It is kept a little later; what a
// crash loses is a few counts.
func (a *App) Count(name Counted, took time.Duration) {
	a.seen.mu.Lock()
	defer a.seen.mu.Unlock()
	if a.seen.counts == nil {
		a.seen.counts = map[Counted]ExitCount{}
	}
	c := a.seen.counts[name]
	a.seen.counts[name] = ExitCount{Name: name, N: c.N + 1, Total: c.Total + took.Milliseconds()}
}

// KeepCounts stores what was counted. What cannot be stored now is kept for the
// next time.
func (a *App) KeepCounts(ctx context.Context) error {
	a.seen.mu.Lock()
	counts := a.seen.counts
	a.seen.counts = nil
	a.seen.mu.Unlock()
	if len(counts) == 0 {
		return nil
	}
	err := a.store.Tx(ctx, func(tx Tx) error {
		var list []ExitCount
		for _, c := range counts {
			c.Day = a.today(tx)
			list = append(list, c)
		}
		return tx.AddExitCounts(ctx, list...)
	})
	if err == nil {
		return nil
	}
	a.seen.mu.Lock()
	defer a.seen.mu.Unlock()
	if a.seen.counts == nil {
		a.seen.counts = map[Counted]ExitCount{}
	}
	for name, c := range counts {
		now := a.seen.counts[name]
		a.seen.counts[name] = ExitCount{Name: name, N: now.N + c.N, Total: now.Total + c.Total}
	}
	return err
}

// ExitFigures are how the way out works, over some days.
type ExitFigures struct {
	Days                                int
	Entries, Confirmed, Refused, Failed int
	ExitMS, OtherMS                     int64 // mean time of a page; 0: not known
	Kept, KeptThenLeft                  int
}

// What of it is too much. No pack of rules gives a figure; a way out that fails,
// or is slower than everything else, obstructs.
const (
	ExitDays       = 30
	exitFailedMost = 100 // hundredths of a percent: 1 %
	exitSlowMost   = 20_000
	exitFew        = 20 // below that many nothing is concluded
	keptWithin     = 30 * 24 * time.Hour
)

func share(part, whole int) (hundredths int64, ok bool) {
	if whole == 0 {
		return 0, false
	}
	return int64(part) * 10_000 / int64(whole), true
}

// FailedShare is how many of the attempts to leave failed through our fault.
func (f ExitFigures) FailedShare() (hundredths int64, ok bool) {
	return share(f.Failed, f.Confirmed+f.Refused+f.Failed)
}

// AbandonedShare is how many of the looks at the page led to no departure. One
// person may look often: it is no share of people.
func (f ExitFigures) AbandonedShare() (hundredths int64, ok bool) {
	return share(max(0, f.Entries-f.Confirmed), f.Entries)
}

// SlowShare is the time of leaving against that of other pages.
func (f ExitFigures) SlowShare() (hundredths int64, ok bool) {
	if f.ExitMS == 0 || f.OtherMS == 0 {
		return 0, false
	}
	return f.ExitMS * 10_000 / f.OtherMS, true
}

// KeptShare is how many of those who stayed wanted to leave again within thirty
// days.
func (f ExitFigures) KeptShare() (hundredths int64, ok bool) { return share(f.KeptThenLeft, f.Kept) }

// Failing reports whether leaving fails too often.
func (f ExitFigures) Failing() bool {
	n, ok := f.FailedShare()
	return ok && f.Failed > 2 && n > exitFailedMost
}

// Slow reports whether leaving takes twice as long as anything else, and so long
// that one notices.
func (f ExitFigures) Slow() bool {
	n, ok := f.SlowShare()
	return ok && f.Entries >= exitFew && n > exitSlowMost && f.ExitMS > 500
}

// ExitFigures are how the way out works, over the last days.
func (a *App) ExitFigures(ctx context.Context, by Actor) (f ExitFigures, err error) {
	if err := by.CanRead("metrics"); err != nil {
		return f, err
	}
	if err := a.KeepCounts(ctx); err != nil {
		return f, err
	}
	err = a.store.View(ctx, func(tx Tx) (err error) { f, err = ReadExitFigures(ctx, tx, a.Company().Zone); return err })
	return f, err
}

// ReadExitFigures reads them from a database.
func ReadExitFigures(ctx context.Context, tx Tx, zone *time.Location) (f ExitFigures, err error) {
	f.Days = ExitDays
	today := when.DateOf(tx.Now(), zone)
	list, err := tx.ExitCounts(ctx, today.AddDays(1-ExitDays), today)
	if err != nil {
		return f, err
	}
	mean := func(c ExitCount) int64 { return c.Total / int64(max(1, c.N)) }
	for _, c := range list {
		switch c.Name {
		case ExitEntry:
			f.Entries = c.N
		case ExitConfirmed:
			f.Confirmed = c.N
		case ExitRefused:
			f.Refused = c.N
		case ExitFailed:
			f.Failed = c.N
		case ExitTime:
			f.ExitMS = mean(c)
		case OtherTime:
			f.OtherMS = mean(c)
		}
	}
	// Whoever stayed has had thirty days to think again.
	from := today.AddDays(-ExitDays * 4).Start(zone)
	f.Kept, f.KeptThenLeft, err = tx.KeptThenLeft(ctx, from, tx.Now(), keptWithin)
	return f, err
}
