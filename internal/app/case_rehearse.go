package app

import (
	"context"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// Rehearse reads what a step of the case with the code would be about, for a
// dry run: its works or, before its turn has come, those that it would have. It
// writes nothing.
func (a *App) Rehearse(ctx context.Context, code, key string) (s step.Subject, works []offboarding.Work, names map[string]string, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		r, err := tx.FindRequestByCode(ctx, code)
		if err != nil {
			return err
		}
		if r.Case == "" {
			return fault.New(fault.NotFound, "not_found", "case", code)
		}
		p, err := tx.FindPlan(ctx, r.Case)
		if err != nil {
			return err
		}
		st := p.Step(key)
		if st == nil {
			keys := make([]string, len(p.Steps))
			for i, x := range p.Steps {
				keys[i] = x.Key
			}
			return fault.New(fault.NotFound, "case.no_step", "case", code, "step", key, "steps", strings.Join(keys, ", "))
		}
		if s, err = a.subject(ctx, tx, p.Case, *st, offboarding.Work{}); err != nil {
			return err
		}
		if names, err = itemNames(ctx, tx, p.Case.Customer, s.Subscriptions); err != nil {
			return err
		}
		all, err := tx.WorksOf(ctx, p.Case.ID)
		if err != nil {
			return err
		}
		works = nil
		for _, w := range all {
			if w.Step == st.ID {
				works = append(works, w)
			}
		}
		if kind, ok := a.kinds[st.Kind]; ok && len(works) == 0 {
			for _, j := range kind.Jobs(s) {
				works = append(works, offboarding.Work{Kind: st.Kind, Case: p.Case.ID, Step: st.ID, Item: j.Item, System: j.System, Phase: offboarding.Act})
			}
		}
		return nil
	})
	return s, works, names, err
}
