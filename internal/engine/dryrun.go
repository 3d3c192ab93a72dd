package engine

import (
	"context"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// Rehearsal is what a step would do to one item now.
type Rehearsal struct {
	Item   string                `json:"item"` // account, subscription; empty for the case
	System string                `json:"system"`
	Status string                `json:"status,omitempty"` // the far system's own word
	Would  string                `json:"would"`            // nothing, wait, act, ask
	Action *step.Action          `json:"action,omitempty"`
	Effect connector.EffectClass `json:"effect,omitempty"`
	Undo   connector.UndoClass   `json:"undo,omitempty"`
	Code   string                `json:"code,omitempty"` // why a person would be asked, or it would be tried again
	Err    error                 `json:"-"`
}

// DryRun looks at the far systems and decides, as the step would, and does
// nothing: nothing is called that changes anything, and nothing is written.
func (e *Engine) DryRun(ctx context.Context, code, key string) ([]Rehearsal, error) {
	s, works, names, err := e.App.Rehearse(ctx, code, key)
	if err != nil {
		return nil, err
	}
	k, ok := e.Kinds[s.Step.Kind].(step.Effector)
	if !ok {
		return nil, fault.New(fault.Invalid, "step.no_effect", "step", key, "kind", s.Step.Kind)
	}
	out := make([]Rehearsal, len(works))
	for i, w := range works {
		w.Phase = offboarding.Act
		s.Work = w
		out[i] = rehearse(ctx, k, s)
		out[i].Item = names[w.Item]
	}
	return out, nil
}

func rehearse(ctx context.Context, k step.Effector, s step.Subject) Rehearsal {
	r := Rehearsal{System: s.Work.System, Would: "ask"}
	fail := func(err error) Rehearsal {
		r.Code, r.Err = fault.CodeOf(err), err
		if fault.KindOf(err) == fault.Transient {
			r.Would = "wait"
		}
		return r
	}
	info, err := k.Info(s)
	if err != nil {
		return fail(err)
	}
	r.Effect, r.Undo = info.Effect, info.Undo
	found, err := k.Observe(ctx, s)
	if err != nil {
		return fail(err)
	}
	r.Status = found.Status
	d, err := k.Decide(s, found)
	switch {
	case err != nil:
		return fail(err)
	case d.Already:
		r.Would = "nothing"
	case d.Act:
		r.Would, r.Action = "act", &d.Action
	default:
		r.Would = "wait"
	}
	return r
}
