package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"hastaluego/internal/customer"
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
		c, err := tx.FindCase(ctx, l.Case)
		if err != nil {
			return err
		}
		if r, err := tx.FindRequest(ctx, c.Request); err != nil {
			return err
		} else if r.Channel.Ours() { // what the company ends, it takes back
			return fault.New(fault.Blocked, "case.not_undoable")
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

// reverse cancels what has not begun and takes back what may have had an
// effect: in the reverse order of the steps, each waiting for the one before
// it.
func (a *App) reverse(ctx context.Context, tx Tx, p *offboarding.Plan, by string) error {
	works, err := tx.WorksOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	acted := make(map[offboarding.StepID]bool)
	for _, w := range works {
		if s := stepOf(p, w.Step); s != nil && s.Spec.Stays {
			continue
		}
		if a.mayHaveActed(w) {
			acted[w.Step] = true
			continue
		}
		if err := cancelWork(ctx, tx, w); err != nil {
			return err
		}
	}
	_, err = p.Reverse(tx.Now(), by, func(key string) bool {
		s := p.Step(key)
		return acted[s.ID] || s.Acted()
	})
	if err != nil {
		return err
	}
	if err := a.undoOn(ctx, tx, p); err != nil {
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

// OwnTime are the kinds of jobs whose time comes whatever becomes of the departure in
// which they were asked for: nothing that undoes it takes them off the queue, and
// nothing that holds it holds them. A secret is not kept longer for it, nor an order
// in force, and what somebody had sent to themselves arrives.
var OwnTime = []string{OrderKind, EnvelopeKind, SendKind}

// cancelWork takes a work that did nothing off the queue; one that is over, has a time
// of its own, or is in the hands of a worker, stays as it is. A worker that takes it meanwhile
// makes it a conflict: whoever cancels looks again.
func cancelWork(ctx context.Context, tx Tx, w offboarding.Work) error {
	if slices.Contains(OwnTime, w.Kind) {
		return nil
	}
	switch w.State {
	case offboarding.WorkReady, offboarding.WorkUncertain, offboarding.WorkFailed:
	default:
		return nil
	}
	if err := w.To(offboarding.WorkCancelled); err != nil {
		return err
	}
	return putWork(ctx, tx, w)
}

// putWork stores a work that no worker has in hand.
func putWork(ctx context.Context, tx Tx, w offboarding.Work) error {
	if ok, err := tx.PutWork(ctx, w); err != nil || !ok {
		return orConflict(err)
	}
	return nil
}

// followUndo is what follows from a work of a departure that is, or was,
// undone: its step is taken back when its turn has come. What still waits for
// a step that is not to be taken back is cancelled.
func (a *App) followUndo(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, w offboarding.Work) error {
	if p.Case.State != offboarding.CaseReversing || s.State != offboarding.StepUndoing && s.State != offboarding.StepBlocked {
		if w.State == offboarding.WorkReady {
			return cancelWork(ctx, tx, w)
		}
		return nil
	}
	var err error
	switch {
	case p.UndoTurn() == s:
		err = a.undoOn(ctx, tx, p)
	case !a.mayHaveActed(w):
		err = cancelWork(ctx, tx, w)
	}
	if err != nil {
		return err
	}
	// Saved even if nothing changed: whoever moves the turn at this moment has
	// not seen this result, and looks again.
	return a.settle(ctx, tx, p, "engine")
}

// undoOn takes a reversal as far as it goes now: until a far system, or a
// person, has something to take back, or to its end.
func (a *App) undoOn(ctx context.Context, tx Tx, p *offboarding.Plan) error {
	works, err := tx.WorksOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	for s := p.UndoTurn(); s != nil; s = p.UndoTurn() {
		if s.Human {
			return a.beginUndo(ctx, tx, p, s)
		}
		left, stuck, err := a.takeBack(ctx, tx, p.Case.Customer, works, s.ID)
		switch {
		case err != nil:
			return err
		case stuck != "":
			return p.Block(s.Key, stuck)
		case left:
			return p.UndoAgain(s.Key)
		}
		if err := p.Undone(s.Key, tx.Now()); err != nil {
			return err
		}
	}
	if err := widenFound(ctx, tx, p.Case, works); err != nil {
		return err
	}
	for _, sub := range p.Case.Subscriptions {
		if ended(works, sub) {
			continue
		}
		if err := tx.SetSubscriptionStatus(ctx, sub, customer.Active); err != nil {
			return err
		}
	}
	return a.tellReversed(ctx, tx, p.Case)
}

// widenFound writes on the inventory again what it said of accesses that were found to
// read alone, and so not changed: of a departure that was taken back none is left to read.
func widenFound(ctx context.Context, tx Tx, c offboarding.Case, works []offboarding.Work) error {
	grants, err := tx.GrantsOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	for _, g := range grants {
		found := slices.ContainsFunc(works, func(w offboarding.Work) bool {
			return w.Kind == narrowKind && w.Item == string(g.ID) && w.State == offboarding.WorkVerified && w.FirstCall.IsZero()
		})
		if g.Status != customer.ReadOnly || !found {
			continue
		}
		if err := tx.SetGrantStatus(ctx, g.ID, customer.Granted); err != nil {
			return err
		}
	}
	return nil
}

// takeBack sets the works of a step that may have acted to be undone, and
// reports whether any is left to wait for, and what a person must decide
// about. A work that a worker has in hand is turned round when its result
// comes. An access that needs another is opened again after that one.
func (a *App) takeBack(ctx context.Context, tx Tx, c customer.ID, works []offboarding.Work, s offboarding.StepID) (left bool, stuck string, err error) {
	works = slices.DeleteFunc(slices.Clone(works), func(w offboarding.Work) bool { return w.Step != s })
	grants, err := tx.GrantsOf(ctx, c)
	if err != nil {
		return false, "", err
	}
	closed := a.stillClosed(works, grants)
	for _, w := range works {
		if g, is := closed[w.Item]; is && len(g.DependsOn) > 0 && opensLater(grants, g, closed) {
			left = true
			continue
		}
		acts := w.Phase == offboarding.Act || w.Phase == offboarding.Verify
		switch {
		case w.State == offboarding.WorkRunning:
			left = true
		case w.State == offboarding.WorkUndone, w.State == offboarding.WorkCancelled, w.State == offboarding.WorkAttested && !acts:
		case !a.mayHaveActed(w):
			if err := cancelWork(ctx, tx, w); err != nil {
				return false, "", err
			}
		case acts:
			left = true
			if err := turnToUndo(&w, tx.Now()); err != nil {
				return false, "", err
			}
			if err := putWork(ctx, tx, w); err != nil {
				return false, "", err
			}
		default:
			left = true
			stuck = cmp.Or(stuck, stuckOn(w))
		}
	}
	return left, stuck, nil
}

// stillClosed are the accesses that works closed and that are not open again, by
// their ids.
func (a *App) stillClosed(works []offboarding.Work, grants []customer.Grant) map[string]customer.Grant {
	out := map[string]customer.Grant{}
	for _, w := range works {
		if w.Kind == "revoke_access" && w.State != offboarding.WorkUndone && w.State != offboarding.WorkCancelled && a.mayHaveActed(w) {
			out[w.Item] = customer.Grant{}
		}
	}
	for _, g := range grants {
		if _, is := out[string(g.ID)]; is {
			out[string(g.ID)] = g
		}
	}
	return out
}

// opensLater reports whether an access needs another that is to be opened before it.
func opensLater(all []customer.Grant, g customer.Grant, closed map[string]customer.Grant) bool {
	for _, other := range closed {
		if step.OpensAfter(all, g, other) {
			return true
		}
	}
	return false
}

// ended reports whether a subscription had been ended without us: the step that
// was to end it found it so, or a person did it, and nothing was called that
// could be taken back. A rehearsal ends nothing.
func ended(works []offboarding.Work, sub customer.SubscriptionID) bool {
	return slices.ContainsFunc(works, func(w offboarding.Work) bool {
		so := w.State == offboarding.WorkVerified || w.State == offboarding.WorkAttested
		_, test := step.RehearsalOf(w.Evidence)
		return w.Kind == "cancel_billing" && w.Item == string(sub) && so && w.FirstCall.IsZero() && !test
	})
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

// tellReversed queues the letters that say that the departure was undone: to the
// customer, and to those of their users who were told of it.
func (a *App) tellReversed(ctx context.Context, tx Tx, c offboarding.Case) error {
	if err := a.tellUsersBack(ctx, tx, c); err != nil {
		return err
	}
	m := a.letter(tx, "reversed", c)
	if err := a.address(ctx, tx, &m, c); err != nil {
		return err
	}
	return a.queue(ctx, tx, m, string(c.Customer), true)
}
