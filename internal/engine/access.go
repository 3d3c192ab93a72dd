package engine

import (
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
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
	r, err := t.App.Listed(ctx, w, list)
	if err == nil && r.Verdict == app.Confirmed && !proves(k.Level(w.Item)) { // that nothing else is there, it cannot tell
		r.Verdict, r.Code = app.Failed, exampleOnly
	}
	return r, err
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
	var p step.Proof
	info, err := k.Info(s)
	if err == nil {
		p, err = k.Verify(reading, s)
	}
	if err != nil {
		if t.goesOn(w, err) {
			return app.Result{}, err
		}
		p = step.Proof{Why: fault.CodeOf(err)} // it cannot be told, and a person is to know that
	}
	word := s.Work.State == offboarding.WorkAttested
	if p.Holds && !proves(info.Level) || p.Why == step.NeverSeen && word { // it says no more than a person did
		return app.Result{Verdict: app.Withheld}, nil
	}
	if done.Evidence = string(p.Evidence); !p.Holds {
		done.Code = p.Why // the report counts by it
	}
	return done, t.App.Retested(ctx, w, s, p)
}

// goesOn reports whether a try that failed is tried again before it is said that
// nothing could be told.
func (t *try) goesOn(w offboarding.Work, err error) bool {
	code := fault.CodeOf(err)
	switch {
	case t.stop.Err() != nil, code == connector.Held, code == "store.unavailable":
		return true
	case t.verdict(w, err).Verdict == app.Failed:
		return false
	}
	return w.Tries+1 < t.Tries
}
