package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// Verdict is what one try of a work came to.
type Verdict string

// The verdicts.
const (
	Accomplished Verdict = "done"      // the far system said so, or nothing outside was needed
	Confirmed    Verdict = "verified"  // read back, and it is so
	Later        Verdict = "later"     // nothing to do before Again (business time)
	Retry        Verdict = "retry"     // failed in a way that may pass; after Delay (wall time)
	Failed       Verdict = "failed"    // refused for good, or tries used up: a person is asked
	Doubtful     Verdict = "uncertain" // may have happened and cannot be read: a person is asked
	Withheld     Verdict = "withheld"  // its letter may not go out, and need not: the step is left out; or there is nothing left to try
)

// Result is the outcome of one try.
type Result struct {
	Verdict  Verdict
	Evidence string // JSON
	Code     string // message code of what went wrong
	Again    time.Time
	Delay    time.Duration
	Undo     connector.UndoClass // of the act, once done or found so
	Verify   bool                // done, and now to be read back
	Proof    *Proof              // it was read back already, and it is so
	// Untouched says that the call certainly had no effect: its mark is cleared.
	Untouched bool
}

// Proof is what reading back showed.
type Proof struct {
	Evidence string // JSON
}

// Subject reads what a kind may know about the work.
func (a *App) Subject(ctx context.Context, w offboarding.Work) (s step.Subject, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, w.Case)
		if err != nil {
			return err
		}
		for _, st := range p.Steps {
			if st.ID == w.Step {
				if s, err = a.subject(ctx, tx, p.Case, st, w); err != nil {
					return err
				}
				if k, ok := a.kinds[w.Kind]; ok && k.Spec().ErasesFar {
					s.Owner, err = ownerAt(ctx, tx, p.Case.Customer, w.System)
				}
				if err == nil && w.Kind == "cancel_billing" {
					if s.Reason, err = statedCode(ctx, tx, w.Case); err == nil {
						s.GivesBack, err = a.givesUnused(ctx, tx, p, s)
					}
				}
				if err == nil && w.Kind == refundKind {
					s.Sent, err = refundsSent(ctx, tx, p.Case.Customer, w.ID)
				}
				return err
			}
		}
		return fault.New(fault.NotFound, "not_found", "step", string(w.Step))
	})
	return s, err
}

// Calling records that a call is about to be made, with the hash of what will
// be asked: after a crash it is known that the call may have happened. What was
// seen before the first call is kept with it. False: the work is not this
// worker's any more, or its departure is being undone, and the call must not be
// made.
func (a *App) Calling(ctx context.Context, w *offboarding.Work, hash, seen string) (bool, error) {
	var ok bool
	next := *w
	err := a.store.Tx(ctx, func(tx Tx) (err error) {
		next = *w
		if w.Phase == offboarding.Act {
			p, err := tx.FindPlan(ctx, w.Case)
			if err != nil {
				return err
			}
			if (p.Case.State != offboarding.CaseOpen || p.Case.Paused) && !ofHouse(p, *w) { // undone or held meanwhile
				ok = false
				return nil
			}
			if w.Kind == refundKind {
				if owed, err := stillOwed(ctx, tx, p.Case.Customer, *w); err != nil || !owed {
					ok = false
					return err
				}
			}
			if k, known := a.kinds[w.Kind]; known && k.Spec().Erases {
				if again, err := erasingWaits(ctx, tx, p, *w); err != nil || !again.IsZero() { // an order came into force meanwhile
					ok = false
					return err
				}
			}
		}
		next.CallHash, next.CallingAt = hash, tx.Wall()
		args := map[string]any{}
		if next.FirstCall.IsZero() {
			next.FirstCall, next.Before = tx.Wall(), seen
			args["before"] = seen
		}
		if ok, err = tx.SaveWork(ctx, next); err != nil || !ok {
			return err
		}
		if w.CallingAt.IsZero() {
			return a.record(ctx, tx, a.workFact("work.called", next, args))
		}
		return nil
	})
	if err == nil && ok {
		*w = next
	}
	return ok, err
}

// ofHouse reports whether a work is of a step of the house, which is done
// whatever the state of the case.
func ofHouse(p offboarding.Plan, w offboarding.Work) bool {
	return slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool { return s.ID == w.Step && s.Spec.House })
}

func (a *App) workFact(typ string, w offboarding.Work, args map[string]any) fact {
	all := map[string]any{"work": string(w.ID), "item": w.Item, "system": w.System, "attempt": w.Attempt}
	for k, v := range args {
		all[k] = v
	}
	stream, subject := string(w.Case), string(w.Case)
	if stream == "" {
		subject = house
	}
	return fact{typ, "engine", stream, subject, all}
}

// Tried is a claimed work and the result of one try of it.
type Tried struct {
	Work   offboarding.Work
	Result Result
}

// Advance records the result of one try of a claimed work, and what follows
// from it for its step and case, in one transaction. It and AdvanceAll alone
// write the result of a work. False: the work is not this worker's any more, and
// nothing was written.
func (a *App) Advance(ctx context.Context, w offboarding.Work, r Result) (bool, error) {
	mine, err := a.AdvanceAll(ctx, Tried{w, r})
	return mine[0], err
}

// AdvanceAll does for several works of steps of one departure, in one
// transaction, what Advance does for one: what follows for a step is found out
// once. With a fault nothing of any of them was written.
func (a *App) AdvanceAll(ctx context.Context, tries ...Tried) (mine []bool, err error) {
	mine = make([]bool, len(tries))
	err = a.tx(ctx, func(tx Tx) error {
		clear(mine)
		var saved []offboarding.Work
		var facts []fact
		for i, t := range tries {
			next, told, err := a.result(tx, t)
			if err != nil {
				return err
			}
			if mine[i], err = tx.SaveWork(ctx, next); err != nil {
				return err
			}
			if mine[i] {
				saved, facts = append(saved, next), append(facts, told...)
			}
		}
		if len(saved) == 0 {
			return nil
		}
		w := saved[0]
		if w.Kind == DeliveryKind {
			return a.followDelivery(ctx, tx, w)
		}
		if w.Kind == PassOnKind {
			return a.followPassOn(ctx, tx, tries[0].Work, w)
		}
		if asksAtEnd(w) && w.State != offboarding.WorkReady {
			return a.askedAtEnd(ctx, tx, w.Case)
		}
		if w.Case == "" || w.Step == "" {
			return nil
		}
		if err := tx.HoldCase(ctx, w.Case); err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, w.Case)
		if err != nil {
			return err
		}
		for _, f := range facts {
			f.subject = string(p.Case.Customer)
			if err := a.record(ctx, tx, f); err != nil {
				return err
			}
		}
		return a.follow(ctx, tx, &p, saved)
	})
	if err != nil {
		clear(mine)
	}
	return mine, err
}

// result is what a try makes of a work, and what the log tells of it.
func (a *App) result(tx Tx, t Tried) (next offboarding.Work, facts []fact, err error) {
	next, results := t.Work, []Result{t.Result}
	if p := t.Result.Proof; p != nil { // one try, and two things to tell
		results = append(results, Result{Verdict: Confirmed, Evidence: p.Evidence})
	}
	for i, r := range results {
		if i > 0 {
			if err := next.To(offboarding.WorkRunning); err != nil {
				return next, nil, err
			}
		}
		typ, err := apply(&next, r, tx.Now(), tx.Wall())
		if err != nil {
			return next, nil, err
		}
		if typ != "" {
			facts = append(facts, a.workFact(typ, next, map[string]any{"evidence": r.Evidence, "why": r.Code}))
		}
	}
	return next, facts, nil
}

// apply turns a result into the next state of the work and the type of the
// log entry that it deserves.
func apply(w *offboarding.Work, r Result, now, wall time.Time) (typ string, err error) {
	w.LastError = r.Code
	if r.Evidence != "" {
		w.Evidence = r.Evidence
	}
	if r.Untouched {
		w.CallingAt = time.Time{}
	}
	switch r.Verdict {
	case Later:
		w.RunAt, w.RetryAt = r.Again, time.Time{}
		return "", w.To(offboarding.WorkReady)
	case Retry:
		if r.Code != connector.Held && r.Code != "store.unavailable" { // nothing was tried, or it is our own database that is slow
			w.Tries++
		}
		w.RetryAt, w.FailedAt = wall.Add(r.Delay), wall
		return "", w.To(offboarding.WorkReady)
	case Failed:
		return "work.failed", w.To(offboarding.WorkFailed)
	case Doubtful:
		return "work.uncertain", w.To(offboarding.WorkUncertain)
	case Withheld: // the log says so of the letter
		return "", w.To(offboarding.WorkCancelled)
	case Accomplished:
		if w.RunAt.After(now) { // a clock that was set forward or back holds up no read-back
			w.RunAt = now
		}
		w.Tries, w.RetryAt, w.CallingAt = 0, time.Time{}, time.Time{}
		if w.Phase == offboarding.Undo {
			w.Phase = offboarding.VerifyUndo
			return "work.undo_done", w.To(offboarding.WorkReady)
		}
		w.DoneAt, w.Undo = now, string(r.Undo)
		if !r.Verify {
			return "work.done", w.To(offboarding.WorkDone)
		}
		w.Phase = offboarding.Verify
		return "work.done", w.To(offboarding.WorkReady)
	case Confirmed:
		w.Tries, w.RetryAt = 0, time.Time{}
		if w.Phase == offboarding.VerifyUndo {
			w.UndoneAt = now
			return "work.undone", w.To(offboarding.WorkUndone)
		}
		if w.DoneAt.IsZero() { // nobody heard that it was done: a person had it looked at
			w.DoneAt, w.Undo = now, string(r.Undo)
		}
		w.VerifiedAt = now
		return "work.verified", w.To(offboarding.WorkVerified)
	}
	return "", fault.New(fault.Internal, "internal").At("app.apply "+string(r.Verdict), nil)
}

// follow derives the states of steps from works of theirs that went on, and moves
// the case on.
func (a *App) follow(ctx context.Context, tx Tx, p *offboarding.Plan, works []offboarding.Work) error {
	for len(works) > 0 {
		id := works[0].Step
		var same, others []offboarding.Work
		for _, w := range works {
			if w.Step == id {
				same = append(same, w)
			} else {
				others = append(others, w)
			}
		}
		if err := a.followStep(ctx, tx, p, same); err != nil {
			return err
		}
		works = others
	}
	return nil
}

// followStep is that of works of one step.
func (a *App) followStep(ctx context.Context, tx Tx, p *offboarding.Plan, works []offboarding.Work) error {
	s := stepOf(p, works[0].Step)
	// A step may have hundreds of works, and each of them comes by here: what is
	// verified needs nobody to look at it again.
	left, err := tx.WorksLeft(ctx, p.Case.ID, s.ID)
	if err != nil {
		return err
	}
	for _, w := range works {
		if err := a.followGrant(ctx, tx, w, left); err != nil {
			return err
		}
		if w.Kind == refundKind && (w.State == offboarding.WorkVerified || w.State == offboarding.WorkAttested) {
			if err := a.givenBack(ctx, tx, p, customer.BalanceID(w.Item)); err != nil {
				return err
			}
		}
	}
	s = stepOf(p, works[0].Step) // what was paid may have changed the plan
	if s.Spec.Stays {
		return a.followOffer(ctx, tx, p, s, works, left)
	}
	switch p.Case.State {
	case offboarding.CaseReversing, offboarding.CaseReversed, offboarding.CaseStopped:
		for _, w := range works {
			if asked, err := a.askReissue(ctx, tx, p, w); err != nil {
				return err
			} else if asked && p.Case.State != offboarding.CaseReversing { // nothing else of it is saved any more
				if err := a.settle(ctx, tx, p, "engine"); err != nil {
					return err
				}
			}
			if err := a.followUndo(ctx, tx, p, stepOf(p, w.Step), w); err != nil {
				return err
			}
		}
		return nil
	}
	if !p.Case.State.Open() && !s.Spec.House || s.Over() {
		return nil
	}
	if err := standsSo(p, s, works, sumUp(left), tx.Now()); err != nil {
		return err
	}
	if err := a.effects(ctx, tx, p, s); err != nil {
		return err
	}
	if s.BySystem() && s.Kind != "revoke_access" && slices.ContainsFunc(works, func(w offboarding.Work) bool { return lastAt(w, left) }) {
		if err := a.goOnAfter(ctx, tx, p, s.Key); err != nil {
			return err
		}
	}
	if err := a.settle(ctx, tx, p, "engine"); err != nil || s.Kind != "find_access" {
		return err
	}
	return a.askAgain(ctx, tx, p, works)
}

// standsSo says of a step what its works say: some of them went on just now, and
// left sums up those that are not verified.
func standsSo(p *offboarding.Plan, s *offboarding.Step, works []offboarding.Work, left summary, now time.Time) error {
	if i := slices.IndexFunc(works, func(w offboarding.Work) bool { return w.State == offboarding.WorkCancelled }); i >= 0 {
		return p.Withheld(s.Key, works[i].LastError, now)
	}
	if left.stuck != "" {
		if s.State == offboarding.StepReady {
			if err := p.Start(s.Key); err != nil {
				return err
			}
		}
		return p.Block(s.Key, left.stuck)
	}
	if s.State == offboarding.StepReady || s.State == offboarding.StepBlocked {
		if err := p.Start(s.Key); err != nil {
			return err
		}
	}
	if left.done && s.State == offboarding.StepRunning && (!s.BySystem() || p.Complete(s)) {
		if err := p.Done(s.Key, now, "engine"); err != nil {
			return err
		}
	}
	if left.verified && s.Verifies && s.State == offboarding.StepDone {
		finish := p.Verified
		if left.attested {
			finish = p.Attested
		}
		return finish(s.Key, now)
	}
	return nil
}

// followGrant keeps the inventory true to what was proved of an access, and
// wakes the accesses of the step that waited for it.
func (a *App) followGrant(ctx context.Context, tx Tx, w offboarding.Work, left []offboarding.Work) error {
	switch {
	case w.Kind == narrowKind:
		return a.followReach(ctx, tx, w)
	case w.Kind != "revoke_access":
		return nil
	}
	switch w.State {
	case offboarding.WorkVerified, offboarding.WorkAttested:
		if err := tx.SetGrantStatus(ctx, customer.GrantID(w.Item), customer.Revoked); err != nil {
			return err
		}
		for _, o := range left {
			if err := wake(ctx, tx, o, w.Step); err != nil {
				return err
			}
		}
		if c, err := tx.FindCase(ctx, w.Case); err != nil || c.Test {
			return err
		}
		return a.retestLater(ctx, tx, w, RetestAfter...)
	case offboarding.WorkUndone:
		return tx.SetGrantStatus(ctx, customer.GrantID(w.Item), customer.Granted)
	case offboarding.WorkReady:
		return a.stillWaits(ctx, tx, w)
	}
	return nil
}

// followReach keeps the inventory true to how far an access was proved to reach.
// One that was found closed is none that was left to read.
func (a *App) followReach(ctx context.Context, tx Tx, w offboarding.Work) error {
	switch {
	case w.State == offboarding.WorkUndone:
		return tx.SetGrantStatus(ctx, customer.GrantID(w.Item), customer.Granted)
	case w.State == offboarding.WorkAttested, w.State == offboarding.WorkVerified && step.ProofOf(w.Evidence).ReadOnly:
	default:
		return nil
	}
	if err := tx.SetGrantStatus(ctx, customer.GrantID(w.Item), customer.ReadOnly); err != nil {
		return err
	}
	c, err := tx.FindCase(ctx, w.Case)
	if err != nil || c.Test {
		return err
	}
	return a.retestLater(ctx, tx, w, whileNarrow(a.today(tx), c.RetrievalEnd())...)
}

// stillWaits wakes an access that decided to wait for one which was closed
// between its looking and now.
func (a *App) stillWaits(ctx context.Context, tx Tx, w offboarding.Work) error {
	k, ok := a.kinds[w.Kind].(step.Orderly)
	if !ok {
		return nil
	}
	p, err := tx.FindPlan(ctx, w.Case)
	if err != nil {
		return err
	}
	grants, err := tx.GrantsOf(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	for i := range p.Steps {
		if p.Steps[i].ID == w.Step && !k.StillWaits(step.Subject{Case: p.Case, Step: p.Steps[i], Work: w, Grants: grants, Now: tx.Now()}) {
			return wake(ctx, tx, w, w.Step)
		}
	}
	return nil
}

// wake brings forward a work of the step that waits for its time.
func wake(ctx context.Context, tx Tx, w offboarding.Work, s offboarding.StepID) error {
	if w.Step != s || w.State != offboarding.WorkReady || w.Phase != offboarding.Act || !w.RunAt.After(tx.Now()) {
		return nil
	}
	w.RunAt = tx.Now()
	_, err := tx.PutWork(ctx, w)
	return err
}

// effects keeps our own record of what a finished step means.
func (a *App) effects(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
	if !s.Over() {
		return nil
	}
	status := map[string]customer.Status{"cancel_billing": customer.Cancelling, "verify_billing": customer.Ended}[s.Kind]
	if status != "" {
		for _, sub := range p.Case.Subscriptions {
			if err := tx.SetSubscriptionStatus(ctx, sub, status); err != nil {
				return err
			}
		}
	}
	if s.Kind == "close_access" || s.Kind == "own_access" {
		for _, g := range closedBy(s) {
			if err := tx.SetGrantStatus(ctx, g, customer.Revoked); err != nil {
				return err
			}
		}
		if s.Spec.House {
			if err := a.retestNow(ctx, tx, s); err != nil {
				return err
			}
		}
	}
	if s.Spec.House && (strings.HasPrefix(s.Key, refundKey) || strings.HasPrefix(s.Key, byHandKey)) {
		if err := a.refunded(ctx, tx, p, s); err != nil {
			return err
		}
	}
	if s.Spec.House {
		if err := a.strayStep(ctx, tx, p, s); err != nil {
			return err
		}
	}
	if s.Spec.Stays {
		return a.offerApplied(ctx, tx, p, s)
	}
	if s.Kind == "wait" && s.Params["until"] == "effective" && p.Case.EffectiveAt.IsZero() {
		p.Case.EffectiveAt = tx.Now()
		if err := a.lapse(ctx, tx, p.Case.ID, "case.effective"); err != nil {
			return err
		}
		if err := a.offerFailed(ctx, tx, p); err != nil {
			return err
		}
		if err := a.keepSweeping(ctx, tx); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"case.effective", "engine", string(p.Case.ID), string(p.Case.Customer), nil}); err != nil {
			return err
		}
		return a.ended(ctx, tx, p, s)
	}
	if s.Kind == "verify_billing" && !p.Case.EffectiveAt.IsZero() {
		return a.ended(ctx, tx, p, s)
	}
	return nil
}

type summary struct {
	done     bool
	verified bool   // each was read back, or a person answers for it
	attested bool   // a person answers for one at least
	stuck    string // message code of the first work that a person must decide about
}

// sumUp derives from the works of a step that are not verified how far it is:
// what is verified was done too.
func sumUp(left []offboarding.Work) summary {
	sum := summary{done: true, verified: true}
	for _, w := range left {
		if code := stuckOn(w); code != "" {
			sum.stuck = code
		}
		sum.done = sum.done && !w.DoneAt.IsZero()
		sum.attested = sum.attested || w.State == offboarding.WorkAttested
		sum.verified = sum.verified && w.State == offboarding.WorkAttested
	}
	return sum
}

// stuckOn is the message code of what a person must decide about a work; empty
// if nothing.
func stuckOn(w offboarding.Work) string {
	switch w.State {
	case offboarding.WorkUncertain:
		return "work.uncertain"
	case offboarding.WorkFailed:
		return w.LastError
	}
	return ""
}
