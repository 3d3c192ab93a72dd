package app

import (
	"context"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// AssignStep gives a human step to somebody who may work on it, or to nobody in
// particular. Those who may work on the step may assign it, and administrators.
func (a *App) AssignStep(ctx context.Context, by Actor, c offboarding.CaseID, key, user string) error {
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		s := p.Step(key)
		if s == nil {
			return fault.New(fault.NotFound, "not_found")
		}
		if err := by.refuse(by.MayAssign(*s), append(s.Roles(), acts["assign"]...), workScopes(*s)); err != nil {
			return err
		}
		if user != "" {
			u, err := tx.FindUser(ctx, user)
			if fault.KindOf(err) == fault.NotFound || err == nil && (!u.Active || !Actor{Roles: u.Roles}.MayWork(*s)) {
				return fault.New(fault.Invalid, "step.assignee").On("user")
			} else if err != nil {
				return err
			}
		}
		if err := p.Assign(key, user, by.ID); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, by.ID)
	})
}

// MayAssign reports whether the person may say whose turn the step is.
func (a Actor) MayAssign(s offboarding.Step) bool {
	return s.Human && (a.MayWork(s) || a.May("assign"))
}
