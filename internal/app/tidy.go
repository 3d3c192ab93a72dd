package app

import (
	"context"
	"time"
)

// usedFor is how long what can be used once is remembered after it expired: a
// request that came in time may still be under way.
const usedFor = 24 * time.Hour

// toldFor is how long it is remembered who was told what: the log keeps it.
const toldFor = 90 * 24 * time.Hour

// tidyMost is how many rows one transaction of tidying up changes.
const tidyMost = 500

// TidyUp forgets what was used once and could not be used any more anyway, looks
// at answers from before it was stored which of them hold an idea, and sees to it
// that those who left are looked at. Pieces of what was replaced are deleted. Any
// node may do it at any time.
func (a *App) TidyUp(ctx context.Context) error {
	if err := a.dropGoneParts(ctx); err != nil {
		return err
	}
	_, pause := a.store.Pace()
	for _, some := range []func(context.Context, Tx) (int, error){
		func(ctx context.Context, tx Tx) (int, error) {
			return tx.ForgetUsed(ctx, tx.Wall().Add(-usedFor), tidyMost)
		},
		func(ctx context.Context, tx Tx) (int, error) {
			return tx.ForgetTold(ctx, tx.Now().Add(-toldFor), tidyMost)
		},
		func(ctx context.Context, tx Tx) (int, error) {
			return tx.ForgetUploads(ctx, tx.Now().Add(-uploadFor), tidyMost)
		},
		a.lookForIdeas,
		func(ctx context.Context, tx Tx) (int, error) { return 0, a.keepSweeping(ctx, tx) },
	} {
		for {
			n := 0
			err := a.store.Tx(ctx, func(tx Tx) (err error) { n, err = some(ctx, tx); return err })
			if err != nil {
				return err
			}
			if n < tidyMost {
				break
			}
			if err := rest(ctx, pause); err != nil {
				return err
			}
		}
	}
	return nil
}

// MeetClock lets no work wait for a time that a wrong clock told before it was
// set back.
func (a *App) MeetClock(ctx context.Context) error {
	return a.store.Tx(ctx, func(tx Tx) error { _, err := tx.RecallWorks(ctx); return err })
}

// lookForIdeas looks at some answers, and says at how many.
func (a *App) lookForIdeas(ctx context.Context, tx Tx) (int, error) {
	list, err := tx.UnlookedAnswers(ctx, tidyMost)
	if err != nil {
		return 0, err
	}
	for _, x := range list {
		opened, err := a.openAnswers(ctx, []Answer{x})
		if err != nil {
			return 0, err
		}
		holds := len(opened) > 0 && len(ideasOf(opened[0].Answers)) > 0
		if err := tx.MarkIdea(ctx, x.ID, holds); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}
