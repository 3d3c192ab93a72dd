package engine

import (
	"context"
	"strconv"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// Rehearsal is what a step would do to one item now.
type Rehearsal struct {
	Item   string                `json:"item"` // account, subscription; empty for the case
	System string                `json:"system"`
	Status string                `json:"status,omitempty"` // the far system's own word; of a list, how many are on it
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
	var look func() Rehearsal
	switch k := e.Kinds[s.Step.Kind].(type) {
	case step.Effector:
		look = func() Rehearsal { return rehearse(ctx, k, s) }
	case step.Observer:
		look = func() Rehearsal { return readOnly(ctx, k, s) }
	case step.Finder:
		look = func() Rehearsal { return e.lists(ctx, k, s) }
	default:
		return nil, fault.New(fault.Invalid, "step.no_effect", "step", key, "kind", s.Step.Kind)
	}
	out := make([]Rehearsal, len(works))
	for i, w := range works {
		w.Phase = offboarding.Act
		s.Work = w
		out[i] = look()
		out[i].Item = names[w.Item]
	}
	return out, nil
}

// failed is what comes of a look that brought an error.
func (r Rehearsal) failed(err error) Rehearsal {
	r.Would, r.Code, r.Err = "ask", fault.CodeOf(err), err
	if fault.KindOf(err) == fault.Transient {
		r.Would = "wait"
	}
	return r
}

// readOnly is a step that only looks: it has nothing to do, or would look again.
func readOnly(ctx context.Context, k step.Observer, s step.Subject) Rehearsal {
	r := Rehearsal{System: s.Work.System, Would: "nothing"}
	info, err := k.Info(s)
	if err != nil {
		return r.failed(err)
	}
	s.Work.Phase = offboarding.Verify
	p, err := k.Verify(ctx, s)
	switch {
	case err != nil:
		return r.failed(err)
	case p.Holds && !proves(info.Level):
		r.Would, r.Code = "ask", exampleOnly
	case !p.Holds && p.Final:
		r.Would, r.Code = "ask", p.Why
	case !p.Holds:
		r.Would, r.Code = "wait", p.Why
	}
	return r
}

// lists is a step that asks which accesses the customer has: how many it is told of.
func (e *Engine) lists(ctx context.Context, k step.Finder, s step.Subject) Rehearsal {
	r := Rehearsal{System: s.Work.Item, Would: "nothing"}
	owner, err := e.App.OwnerAt(ctx, s.Case.Customer, s.Work.Item)
	if err != nil {
		return r.failed(err)
	}
	list, err := k.Find(ctx, s.Work.Item, owner)
	if err != nil {
		return r.failed(err)
	}
	known := map[string]bool{}
	for _, g := range s.Grants {
		if g.System == s.Work.Item && g.Open() {
			known[g.Account] = true
		}
	}
	for _, f := range list {
		if f.Open && !known[f.Account] { // a person would be asked whose it is
			r.Would = "ask"
		}
	}
	if r.Status = strconv.Itoa(len(list)); r.Would == "nothing" && !proves(k.Level(s.Work.Item)) {
		r.Would, r.Code = "ask", exampleOnly
	}
	return r
}

func rehearse(ctx context.Context, k step.Effector, s step.Subject) Rehearsal {
	r := Rehearsal{System: s.Work.System, Would: "ask"}
	info, err := k.Info(s)
	if err != nil {
		return r.failed(err)
	}
	r.Effect, r.Undo = info.Effect, info.Undo
	found, err := k.Observe(ctx, s)
	if err != nil {
		return r.failed(err)
	}
	r.Status = found.Status
	d, err := k.Decide(s, found)
	switch {
	case err != nil:
		return r.failed(err)
	case d.Already:
		r.Would = "nothing"
	case d.Act:
		r.Would, r.Action = "act", &d.Action
	default:
		r.Would = "wait"
	}
	return r
}
