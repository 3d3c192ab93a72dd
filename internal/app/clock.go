package app

import (
	"context"
	"math"
	"strconv"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// OffsetSetting is the setting that holds how far business time is ahead of
// wall time, in microseconds.
const OffsetSetting = "clock.offset_us"

// Now returns both clocks.
func (a *App) Now(ctx context.Context) (business, wall time.Time, err error) { return a.store.Now(ctx) }

// NextTimer returns when the next thing that waits for a date happens; zero
// if nothing does.
func (a *App) NextTimer(ctx context.Context) (next time.Time, err error) {
	err = a.store.View(ctx, func(tx Tx) error { next, err = tx.NextTimer(ctx); return err })
	return next, err
}

// PushClock moves business time forward to the instant, timer by timer: it
// stops at each, lets everything that is due happen, and goes on. It never
// moves backwards. settled waits until nothing is due any more.
func (a *App) PushClock(ctx context.Context, by string, to time.Time) error {
	for {
		if err := a.UntilQuiet(ctx); err != nil {
			return err
		}
		now, _, err := a.store.Now(ctx)
		if err != nil || !now.Before(to) {
			return err
		}
		next, err := a.NextTimer(ctx)
		if err != nil {
			return err
		}
		if next.IsZero() || next.After(to) {
			next = to
		}
		if err := a.moved(ctx, next); err != nil {
			return err
		}
		if err := a.setClock(ctx, by, next); err != nil {
			return err
		}
	}
}

func (a *App) setClock(ctx context.Context, by string, to time.Time) error {
	return a.tx(ctx, func(tx Tx) error {
		old, _, err := tx.Setting(ctx, OffsetSetting)
		if err != nil {
			return err
		}
		was, _ := strconv.ParseInt(old, 10, 64) // nothing stored is 0
		offset := was + to.Sub(tx.Now()).Microseconds()
		if offset <= was {
			return nil
		}
		if err := tx.PutSetting(ctx, OffsetSetting, strconv.FormatInt(offset, 10)); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"clock.moved", actorOr(by), "", house, map[string]any{
			"from": tx.Now().Format(time.RFC3339Nano), "to": to.UTC().Format(time.RFC3339Nano),
		}})
	})
}

// UntilQuiet waits until no work is due or running, and gives up after a minute
// in which there was not less of it.
func (a *App) UntilQuiet(ctx context.Context) error {
	var m when.Machine
	pause := time.Millisecond
	a.wake()
	least := math.MaxInt
	for end := m.Wall(); ; {
		var busy int
		err := a.store.View(ctx, func(tx Tx) (err error) { busy, err = tx.Busy(ctx); return err })
		if err != nil || busy == 0 {
			return err
		}
		if busy < least {
			least, end = busy, m.Wall().Add(time.Minute)
		}
		if m.Wall().After(end) {
			return fault.New(fault.Transient, "clock.not_quiet", "n", busy)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		a.wake()
		pause = min(2*pause, 20*time.Millisecond)
	}
}
