package app

import (
	"context"
	"slices"

	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// beginBySystem gives a step that goes system by system the works that wait for
// nothing, and goes on with those after it. It reports whether the step was over at once.
func (a *App) beginBySystem(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, subject step.Subject) (over bool, err error) {
	if !underWay(s) { // over since what came before it is
		return false, nil
	}
	works, err := tx.WorksOf(ctx, p.Case.ID)
	if err != nil {
		return false, err
	}
	if err := a.giveWorks(ctx, tx, p, s, subject, works); err != nil || !p.Step(s.Key).Over() {
		return false, err
	}
	return true, a.goOnAfter(ctx, tx, p, s.Key)
}

// goOnAfter gives the steps after one that goes system by system, which have begun already,
// the works that waited for what came of it, and ends those that have nothing left to
// wait for.
func (a *App) goOnAfter(ctx context.Context, tx Tx, p *offboarding.Plan, after string) error {
	if p.Case.State != offboarding.CaseOpen {
		return nil
	}
	var k *picture
	var works []offboarding.Work
	reached := map[string]bool{after: true}
	for i := range p.Steps {
		s := &p.Steps[i]
		if !s.BySystem() || s.Spec.House || !slices.ContainsFunc(s.After, func(key string) bool { return reached[key] }) {
			continue
		}
		reached[s.Key] = true
		if !underWay(s) || s.Spec.If != "" { // with a condition it begins when everything before it is over
			continue
		}
		var err error
		if k == nil {
			if k, err = pictureOf(ctx, tx, p.Case.Customer); err != nil {
				return err
			}
		}
		if works, err = tx.WorksOf(ctx, p.Case.ID); err != nil {
			return err
		}
		subject, err := k.subject(tx, p.Case, *s, offboarding.Work{})
		if err != nil {
			return err
		}
		if err := a.giveWorks(ctx, tx, p, s, subject, works); err != nil {
			return err
		}
	}
	return nil
}

func underWay(s *offboarding.Step) bool {
	return s.State == offboarding.StepReady || s.State == offboarding.StepRunning || s.State == offboarding.StepBlocked && !s.Stalled()
}

// giveWorks inserts the works of the step that are due and not there. With none of
// them left, and nothing before it that may bring another, the step is over.
func (a *App) giveWorks(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, subject step.Subject, works []offboarding.Work) error {
	var due []offboarding.Work
	for _, j := range a.kinds[s.Kind].Jobs(subject) {
		if workOn(works, s.ID, j.Item) == nil && !a.mustWait(p, s, j, subject, works) {
			due = append(due, a.workFor(tx, p, s, j))
		}
	}
	if len(due) > 0 {
		return tx.InsertWork(ctx, due...)
	}
	if !p.Complete(s) {
		return nil
	}
	if !slices.ContainsFunc(works, func(w offboarding.Work) bool { return w.Step == s.ID }) {
		return p.Skip(s.Key, tx.Now(), nil) // nothing was done and nothing read back: it is not verified by there being nothing
	}
	left, err := tx.WorksLeft(ctx, p.Case.ID, s.ID)
	if err != nil {
		return err
	}
	if sum := sumUp(left); sum.stuck == "" {
		return standsSo(p, s, nil, sum, tx.Now())
	}
	return nil
}

// mustWait reports whether a job at a system must wait for what comes before its step:
// that the system itself has said which accesses there are, and that the access was left
// to read as far as it is to be. What another system owes us it does not wait for.
func (a *App) mustWait(p *offboarding.Plan, s *offboarding.Step, j step.Job, subject step.Subject, works []offboarding.Work) bool {
	if s.Kind == "find_access" { // it asks anew
		return false
	}
	for _, key := range s.After {
		before := p.Step(key)
		if before == nil || before.Over() || !before.BySystem() {
			continue
		}
		subject.Step = *before
		finds := before.Kind == "find_access"
		for _, b := range a.kinds[before.Kind].Jobs(subject) {
			if (finds && b.System == j.System || b.Item == j.Item) && workOn(works, before.ID, b.Item) == nil { // still to begin
				return true
			}
		}
		for _, w := range works {
			if w.Step == before.ID && (finds && w.Item == j.System || w.Item == j.Item) && !answered(w) {
				return true
			}
		}
		if !finds && a.mustWait(p, before, j, subject, works) {
			return true
		}
	}
	return false
}

// answered reports whether what comes after a work at its system may go on. Of a listing
// that found what nobody had written down the rest is known: only that waits for whoever
// decides about it.
func answered(w offboarding.Work) bool {
	switch w.State {
	case offboarding.WorkReady, offboarding.WorkRunning, offboarding.WorkUncertain:
		return false
	case offboarding.WorkFailed:
		return Undecided(w)
	}
	return true
}

// lastAt reports whether nothing else that the step does at the system of the work is
// on its way, and what comes after it may go on there.
func lastAt(w offboarding.Work, left []offboarding.Work) bool {
	return answered(w) && !slices.ContainsFunc(left, func(o offboarding.Work) bool { return o.System == w.System && !answered(o) })
}

func workOn(works []offboarding.Work, s offboarding.StepID, item string) *offboarding.Work {
	if i := slices.IndexFunc(works, func(w offboarding.Work) bool { return w.Step == s && w.Item == item }); i >= 0 {
		return &works[i]
	}
	return nil
}

// askAgain asks a system once more that has just answered, where an earlier step of the
// plan gave up asking it: nobody need decide about that.
func (a *App) askAgain(ctx context.Context, tx Tx, p *offboarding.Plan, listed []offboarding.Work) error {
	listed = slices.DeleteFunc(slices.Clone(listed), func(w offboarding.Work) bool { return w.State != offboarding.WorkVerified })
	if len(listed) == 0 || !p.Case.State.Open() {
		return nil
	}
	works, err := tx.WorksOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	for _, w := range works {
		answers := slices.ContainsFunc(listed, func(x offboarding.Work) bool { return x.Item == w.Item && x.Step != w.Step })
		if w.Kind != "find_access" || w.State != offboarding.WorkFailed || Undecided(w) || !answers {
			continue
		}
		if err := a.resumeListing(ctx, tx, Actor{ID: "engine"}, p, w); err != nil {
			return err
		}
	}
	return nil
}

// unasked lists, by the steps that close accesses or leave them to read and have begun,
// the systems that have not said yet which accesses there are.
func unasked(p *offboarding.Plan, works []offboarding.Work) map[offboarding.StepID][]string {
	out := map[offboarding.StepID][]string{}
	for i := range p.Steps {
		s := &p.Steps[i]
		if !s.BySystem() || s.Kind == "find_access" || !underWay(s) {
			continue
		}
		for _, w := range works {
			if w.Kind == "find_access" && !answered(w) && comesAfter(p, s, w.Step) {
				out[s.ID] = append(out[s.ID], w.Item)
			}
		}
		slices.Sort(out[s.ID])
	}
	return out
}

// comesAfter reports whether the step comes after that one with none between that does
// not go system by system.
func comesAfter(p *offboarding.Plan, s *offboarding.Step, first offboarding.StepID) bool {
	return slices.ContainsFunc(s.After, func(key string) bool {
		before := p.Step(key)
		return before != nil && (before.ID == first || before.Kind == "narrow_access" && comesAfter(p, before, first))
	})
}
