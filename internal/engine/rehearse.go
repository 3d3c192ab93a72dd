package engine

import (
	"cmp"
	"context"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/step"
)

// unknown reports whether a far system does not know somebody who was made up,
// which is no failure.
func unknown(s step.Subject, err error) bool {
	return s.Case.Test && err != nil && fault.KindOf(err) == fault.NotFound
}

// rehearsed is the result of an act that was rehearsed. The departure goes on as
// if it had been done and read back: it is to be seen to its end.
func rehearsed(k step.Effector, s step.Subject, info connector.Info, r step.Rehearsal) (app.Result, error) {
	r.System = cmp.Or(s.Step.Params["system"], s.Work.System)
	evidence, err := r.Evidence()
	if err != nil {
		return app.Result{}, err
	}
	out := app.Result{Verdict: app.Accomplished, Evidence: evidence, Undo: info.Undo}
	if _, told := k.(step.Teller); !told {
		out.Verify, out.Proof = true, &app.Proof{Evidence: evidence}
	}
	return out, nil
}

// rehearse is what reading back comes to for a test customer: what was not done
// is not looked for, and what only looks looks once. A system that
// does not answer is a failure as ever: that is what a rehearsal is for.
func (t *try) rehearse(ctx context.Context, o step.Observer, k step.Effector, s step.Subject) (app.Result, error) {
	r := step.Rehearsal{System: cmp.Or(s.Step.Params["system"], s.Work.System), Would: step.WouldNothing}
	if k == nil {
		p, err := t.readBack(ctx, o, nil, s)
		switch {
		case unknown(s, err):
			r.Would, r.Code = step.WouldNotFind, fault.CodeOf(err)
		case err != nil:
			return app.Result{}, err
		case !p.Holds:
			r.Would, r.Code, r.Seen = step.WouldWait, p.Why, p.Evidence
		default:
			r.Seen = p.Evidence
		}
	}
	evidence, err := r.Evidence()
	if err != nil {
		return app.Result{}, err
	}
	return app.Result{Verdict: app.Confirmed, Evidence: evidence}, nil
}
