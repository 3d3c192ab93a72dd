package app

import (
	"context"
	"errors"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// stall blocks a step that cannot begin: one of offboarding.Stalls. The log
// keeps what was behind it.
func stall(p *offboarding.Plan, key string, why error) error {
	if err := p.Block(key, fault.CodeOf(why)); err != nil {
		return err
	}
	var f *fault.Error
	if !errors.As(why, &f) || f.Err == nil {
		return nil
	}
	p.Annotate(func(e *offboarding.Event) {
		if e.Type == "step.blocked" && e.Args["step"] == key {
			e.Args["cause"] = f.Err.Error()
		}
	})
	return nil
}

// RetryStep lets a step begin that could not when its turn came.
func (a *App) RetryStep(ctx context.Context, by Actor, c offboarding.CaseID, step string) error {
	return a.onCase(ctx, by, c, func(_ Tx, p *offboarding.Plan) error { return p.Retry(step, by.ID) })
}

// SkipStep leaves out a step that could not begin; the reason is required.
func (a *App) SkipStep(ctx context.Context, by Actor, in CompleteInput) error {
	note, err := required("note", in.Note, 4000)
	if err != nil {
		return err
	}
	return a.onCase(ctx, by, in.Case, func(tx Tx, p *offboarding.Plan) error {
		return p.SkipStalled(in.Step, by.ID, note, tx.Now())
	})
}
