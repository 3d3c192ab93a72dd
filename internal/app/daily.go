package app

import (
	"context"
	"time"

	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// daily is a job of the house that goes through all customers every day, and sooner
// where somebody asks for it.
type daily struct {
	id   offboarding.WorkID // the one that does it every day
	kind string
	hour time.Duration // when it does, in the company's zone
}

// next is the next time of day after the instant.
func (a *App) next(d daily, now time.Time) time.Time {
	zone := a.Company().Zone
	at := when.DateOf(now, zone).Start(zone).Add(d.hour)
	if !at.After(now) {
		at = when.DateOf(now, zone).AddDays(1).Start(zone).Add(d.hour)
	}
	return at
}

// everyDay sees to it that the job runs every day from now on.
func (a *App) everyDay(ctx context.Context, tx Tx, d daily) error {
	return tx.InsertWork(ctx, offboarding.Work{
		ID: d.id, Kind: d.kind, System: house, Key: d.kind, Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: a.next(d, tx.Now()),
	})
}

// soon runs the job soon: the daily one or, while that is running, another.
func (a *App) soon(ctx context.Context, tx Tx, d daily) error {
	if err := a.everyDay(ctx, tx, d); err != nil {
		return err
	}
	w, err := tx.FindWork(ctx, d.id)
	if err != nil {
		return err
	}
	soon := tx.Now().Add(rateDelay)
	if w.State == offboarding.WorkReady {
		if !w.RunAt.After(soon) && w.Evidence == "" {
			return nil
		}
		w.RunAt, w.Evidence = soon, ""
		if ok, err := tx.PutWork(ctx, w); err != nil || ok {
			return err
		}
	}
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: d.kind, System: house, Key: d.kind + ":" + id.New("run"),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: soon,
	})
}
