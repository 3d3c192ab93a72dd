package engine

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// find asks a system which accesses the customer has there. For somebody who was
// made up nothing is there to be found.
func (t *try) find(ctx context.Context, k step.Finder, w offboarding.Work) (app.Result, error) {
	s, err := t.App.Subject(ctx, w)
	if err != nil {
		return app.Result{}, err
	}
	if s.Case.Test {
		evidence, err := step.Rehearsal{System: w.Item, Would: step.WouldNothing}.Evidence()
		return app.Result{Verdict: app.Confirmed, Evidence: evidence}, err
	}
	owner, err := t.App.OwnerAt(ctx, s.Case.Customer, w.Item)
	if err != nil {
		return app.Result{}, err
	}
	reading, end := t.reading(ctx)
	defer end()
	list, err := k.Find(reading, w.Item, owner)
	if err != nil {
		return app.Result{}, err
	}
	return t.App.Listed(ctx, w, list)
}

// retest tries again, days later, whether an access that was closed still is, or one
// that was left to read still only reads.
func (t *try) retest(ctx context.Context, w offboarding.Work) (app.Result, error) {
	done := app.Result{Verdict: app.Accomplished}
	s, there, err := t.App.Retestable(ctx, w)
	if err != nil || !there {
		return app.Result{Verdict: app.Withheld}, err
	}
	k, ok := t.Kinds[s.Work.Kind].(step.Observer)
	if !ok {
		return done, nil
	}
	s.Work.Tries = w.Tries
	reading, end := t.reading(ctx)
	defer end()
	p, err := k.Verify(reading, s)
	if err != nil {
		return app.Result{}, err
	}
	if p.Why == step.NeverSeen && s.Work.State == offboarding.WorkAttested { // a person answered for just that
		return app.Result{Verdict: app.Withheld}, nil
	}
	if done.Evidence = string(p.Evidence); !p.Holds {
		done.Code = p.Why // the report counts by it
	}
	return done, t.App.Retested(ctx, w, s, p)
}
