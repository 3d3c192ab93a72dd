package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// AlarmKind is the kind of the jobs of the house that make late steps heard.
const AlarmKind = "alarm"

// beginHuman gives a step of a person its due date and its alarms: timers that
// follow business time like every other.
func (a *App) beginHuman(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, k *picture) error {
	if s.Due.IsZero() {
		zone := a.Company().Zone
		ends, err := stopLimits(ctx, tx, p.Case.ID)
		if err != nil {
			return err
		}
		s.Due = p.NoLater(s, p.DueOf(s, tx.Now(), zone, a.Calendar()), tx.Now(), zone, ends...)
	}
	if err := a.assignByRule(ctx, tx, p, s, k); err != nil {
		return err
	}
	if err := a.tellTask(ctx, tx, s, ""); err != nil {
		return err
	}
	return setAlarms(ctx, tx, s, "")
}

// stopLimits are the ends of the limits of the law that run until a departure's
// charges have stopped.
func stopLimits(ctx context.Context, tx Tx, c offboarding.CaseID) (ends []time.Time, err error) {
	list, err := tx.LimitsOf(ctx, c)
	for _, l := range list {
		if l.Stops() {
			ends = append(ends, l.End)
		}
	}
	return ends, err
}

// beginUndo gives a step that a person is to take back its due date and its
// alarms, as its doing had.
func (a *App) beginUndo(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
	s.Due, s.Escalated = p.DueOf(s, tx.Now(), a.Company().Zone, a.Calendar()), ""
	if err := a.tellTask(ctx, tx, s, "undo"); err != nil {
		return err
	}
	return setAlarms(ctx, tx, s, ":undo")
}

// setAlarms queues the alarms of a step that are still to come; turn tells
// those of its undoing from those of its doing.
func setAlarms(ctx context.Context, tx Tx, s *offboarding.Step, turn string) error {
	var works []offboarding.Work
	for _, al := range s.Alarms() {
		if al.At.Before(tx.Now()) {
			continue
		}
		works = append(works, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: AlarmKind, Case: s.Case, Item: s.Key + ":" + al.Name, System: "house",
			Key: string(s.ID) + ":" + al.Name + turn, Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: al.At,
		})
	}
	return tx.InsertWork(ctx, works...)
}

// hush takes alarms off the queue that have nothing to say any more.
func (a *App) hush(ctx context.Context, tx Tx, p *offboarding.Plan, e offboarding.Event) error {
	switch e.Type {
	case "step.done", "step.needless", "step.undone":
		key, _ := e.Args["step"].(string)
		if s := p.Step(key); s != nil && s.Human {
			return tx.DropAlarms(ctx, p.Case.ID, key)
		}
	case "case.reversing": // its alarms are off the queue already; those of undoing may be on it
		return a.lapse(ctx, tx, p.Case.ID, e.Type)
	case "case.stopped":
		if err := a.lapse(ctx, tx, p.Case.ID, e.Type); err != nil {
			return err
		}
		return tx.DropAlarms(ctx, p.Case.ID, "")
	}
	return nil
}

// Ring makes a late step heard: it is recorded, and after the days that the
// playbook says its escalation role is asked too. A step that is over stays
// silent.
func (a *App) Ring(ctx context.Context, c offboarding.CaseID, key, alarm string) error {
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		if !p.Ring(key, alarm) {
			return nil
		}
		return a.settle(ctx, tx, &p, "engine")
	})
}

// WaitOver says what the end of a wait for an event means: the event came, or
// the time-out is over and the playbook says what then.
func (a *App) WaitOver(s offboarding.Step, w offboarding.Work) Result {
	switch {
	case s.Spec.Else == "", w.Evidence != "":
		return Result{Verdict: Accomplished}
	case s.Spec.Else == "continue":
		return Result{Verdict: Accomplished, Evidence: `{"event":"timed_out"}`}
	default:
		return Result{Verdict: Failed, Code: waitTimedOut}
	}
}

// happened ends the waits of the case for the event, also one whose time was
// over before it came and that asks a person.
func (a *App) happened(ctx context.Context, tx Tx, c offboarding.CaseID, event string) error {
	works, err := tx.WorksOf(ctx, c)
	if err != nil {
		return err
	}
	for _, w := range works {
		if w.Kind != "wait" || w.Item != event || w.Evidence != "" {
			continue
		}
		if WaitedInVain(w) {
			x, err := tx.FindCase(ctx, c)
			if err != nil {
				return err
			}
			if x.State != offboarding.CaseOpen {
				continue
			}
			if err := w.To(offboarding.WorkReady); err != nil {
				return err
			}
		}
		if w.State != offboarding.WorkReady {
			continue
		}
		w.Evidence, w.RunAt = eventCame(event), tx.Now()
		if ok, err := tx.PutWork(ctx, w); err != nil || !ok {
			return orConflict(err)
		}
	}
	return nil
}

func eventCame(event string) string { return `{"event":"` + event + `"}` }

// came reports whether the event had come before its wait began: the customer
// was quicker than the plan.
func came(ctx context.Context, tx Tx, c offboarding.CaseID, k *picture, event string) (bool, error) {
	switch event {
	case step.Paid:
		return !slices.ContainsFunc(k.balances, customer.Balance.Unpaid), nil
	case step.Downloaded:
		b, err := newestBundle(ctx, tx, c)
		if fault.KindOf(err) == fault.NotFound {
			return false, nil
		}
		return !b.FetchedAt.IsZero(), err
	}
	return false, nil
}

// Approve decides a step that needs a second person: a person, never a program.
func (a *App) Approve(ctx context.Context, by Actor, c offboarding.CaseID, step string, yes bool, note string) error {
	if err := by.person(); err != nil {
		return err
	}
	clean, err := required("note", note, 4000)
	if err != nil {
		return err
	}
	return a.onStep(ctx, by, c, step, func(tx Tx, p *offboarding.Plan) error {
		s, err := a.approveStep(p, step)
		if err != nil {
			return err
		}
		if err := notOwnHand(ctx, tx, by, p, step); err != nil {
			return err
		}
		if err := settled(ctx, tx, string(s.ID), by.real()); err != nil {
			return err
		}
		if err := p.Approve(step, yes, clean, by.ID, tx.Now()); err != nil {
			return err
		}
		return a.approvalSaid(ctx, tx, p, step, yes, by.ID)
	})
}

// ReopenStep gives a blocked human step back to its owner.
func (a *App) ReopenStep(ctx context.Context, by Actor, c offboarding.CaseID, step string) error {
	return a.onStep(ctx, by, c, step, func(_ Tx, p *offboarding.Plan) error { return p.Reopen(step, by.ID) })
}

// PauseCase keeps a case as it is until it is resumed; why is required.
func (a *App) PauseCase(ctx context.Context, by Actor, c offboarding.CaseID, why string) error {
	clean, err := required("why", why, 2000)
	if err != nil {
		return err
	}
	return a.onCase(ctx, by, c, func(_ Tx, p *offboarding.Plan) error { return p.Pause(by.ID, clean) })
}

// ResumeCase lets a paused case go on.
func (a *App) ResumeCase(ctx context.Context, by Actor, c offboarding.CaseID) error {
	return a.onCase(ctx, by, c, func(_ Tx, p *offboarding.Plan) error { return p.Resume(by.ID) })
}

func (a *App) onCase(ctx context.Context, by Actor, c offboarding.CaseID, fn func(Tx, *offboarding.Plan) error) error {
	if err := by.may("case"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		if err := fn(tx, &p); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, by.ID)
	})
}

// Calendar tells the business days of the company: those of the region that it
// was started with, else of its country, else Monday to Friday.
func (a *App) Calendar() *calendar.Calendar {
	c, _ := a.calendars.Of(a.days, a.Company().Country)
	return c
}
