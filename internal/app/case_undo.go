package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// UndoByCustomer reverses a departure before it takes effect, with the token
// of its private page. Again, it changes nothing.
func (a *App) UndoByCustomer(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		if err := a.answerable(ctx, tx, l.Case, "case.not_undoable"); err != nil {
			return err
		}
		return a.undo(ctx, tx, l.Case, "customer")
	})
}

// UndoByStaff reverses a departure before it takes effect, on the customer's
// behalf.
func (a *App) UndoByStaff(ctx context.Context, by Actor, c offboarding.CaseID) error {
	if err := by.may("case"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error { return a.undo(ctx, tx, c, by.ID) })
}

func (a *App) undo(ctx context.Context, tx Tx, c offboarding.CaseID, by string) error {
	p, err := tx.FindPlan(ctx, c)
	if err != nil {
		return err
	}
	if p.Case.State == offboarding.CaseReversing || p.Case.State == offboarding.CaseReversed {
		return nil
	}
	zone, err := zoneOf(p.Case)
	if err != nil {
		return err
	}
	if !p.CanUndo(tx.Now(), p.Case.Effective.End(zone)) {
		return fault.New(fault.Blocked, "case.not_undoable")
	}
	return a.reverse(ctx, tx, &p, by)
}

// reverse cancels what has not begun and sends every work that may have had an
// effect back to be undone: in the reverse order of the steps, each waiting
// for the one before it by its run time being set only then.
func (a *App) reverse(ctx context.Context, tx Tx, p *offboarding.Plan, by string) error {
	works, err := tx.WorksOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	effects := make(map[offboarding.StepID][]offboarding.Work)
	for _, w := range works {
		if a.mayHaveActed(w) {
			effects[w.Step] = append(effects[w.Step], w)
			continue
		}
		if err := cancelWork(ctx, tx, w); err != nil {
			return err
		}
	}
	_, err = p.Reverse(tx.Now(), by, func(key string) bool {
		s := p.Step(key)
		return len(effects[s.ID]) > 0 || s.Acted()
	})
	if err != nil {
		return err
	}
	if err := a.undoNext(ctx, tx, p, slices.Concat(slices.Collect(maps.Values(effects))...)); err != nil {
		return err
	}
	return a.settle(ctx, tx, p, by)
}

// mayHaveActed reports whether a work changed a far system, may have, or is
// about to: a call was begun, or a worker has it in hand. What was so already
// and was never called is not ours to undo.
func (a *App) mayHaveActed(w offboarding.Work) bool {
	_, effect := a.kinds[w.Kind].(step.Effector)
	return effect && (!w.FirstCall.IsZero() || w.State == offboarding.WorkRunning)
}

// cancelWork takes a work that did nothing off the queue; one that is over, or
// in the hands of a worker, stays as it is.
func cancelWork(ctx context.Context, tx Tx, w offboarding.Work) error {
	switch w.State {
	case offboarding.WorkReady, offboarding.WorkUncertain, offboarding.WorkFailed:
	default:
		return nil
	}
	if err := w.To(offboarding.WorkCancelled); err != nil {
		return err
	}
	_, err := tx.PutWork(ctx, w)
	return err
}

// undoStep sets the works of one step to be undone now.
func (a *App) undoStep(ctx context.Context, tx Tx, works []offboarding.Work) error {
	for _, w := range works {
		if w.State == offboarding.WorkRunning {
			// Its result is not known yet: Advance turns it round when it comes.
			continue
		}
		if err := turnToUndo(&w, tx.Now()); err != nil {
			return err
		}
		if _, err := tx.PutWork(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// turnToUndo makes a work that acted one that is to be undone.
func turnToUndo(w *offboarding.Work, now time.Time) error {
	if w.State != offboarding.WorkReady {
		if err := w.To(offboarding.WorkReady); err != nil {
			return err
		}
	}
	w.Phase, w.RunAt, w.RetryAt, w.Tries = offboarding.Undo, now, time.Time{}, 0
	w.Key, w.CallingAt, w.CallHash = w.Key+":undo", time.Time{}, ""
	return nil
}

// tellReversed queues the letter that says that the departure was undone.
func (a *App) tellReversed(ctx context.Context, tx Tx, c offboarding.Case) error {
	m := a.letter(tx, "reversed", c)
	if err := a.address(ctx, tx, &m, c); err != nil {
		return err
	}
	return a.queue(ctx, tx, m, string(c.Customer), true)
}
