package app

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// TickInput sets or clears one item of a checklist.
type TickInput struct {
	Case     offboarding.CaseID
	Step     string
	Item     string
	Ticked   bool
	Evidence string // what was seen, or where; optional
}

// Tick sets or clears one item of a human step's checklist.
func (a *App) Tick(ctx context.Context, by Actor, in TickInput) error {
	evidence, ferr := customer.CheckText("evidence", in.Evidence, 2000, true)
	if ferr != nil {
		return ferr
	}
	return a.onStep(ctx, by, in.Case, in.Step, func(tx Tx, p *offboarding.Plan) error {
		if a.OwnEnd(p.Step(in.Step).Kind) {
			return fault.New(fault.Blocked, "step.own_end")
		}
		err := p.Tick(in.Step, in.Item, in.Ticked, by.ID, evidence, tx.Now())
		ticks(p, by, evidence)
		p.Touch(in.Step, by.RealID)
		return err
	})
}

// CompleteInput finishes a human step.
type CompleteInput struct {
	Case offboarding.CaseID
	Step string
	Note string // evidence in words; required
}

// CompleteTask finishes a human step with its evidence. Every item must be
// ticked.
func (a *App) CompleteTask(ctx context.Context, by Actor, in CompleteInput) error {
	note, err := required("note", in.Note, 4000)
	if err != nil {
		return err
	}
	return a.onStep(ctx, by, in.Case, in.Step, func(tx Tx, p *offboarding.Plan) error {
		s, err := p.Workable(in.Step)
		if err != nil {
			return err
		}
		if a.kinds[s.Kind].Spec().Approves || a.formOf(*s) != nil || a.OwnEnd(s.Kind) || s.Key == HandKey {
			return fault.New(fault.Blocked, "step.not_ready")
		}
		if a.kinds[s.Kind].Spec().Erases {
			if err := notKept(ctx, tx, *p, s.ID); err != nil {
				return err
			}
		}
		s.Note = note
		if err := p.Done(in.Step, tx.Now(), by.ID); err != nil {
			return err
		}
		p.Touch(in.Step, by.RealID)
		again := asksAgain(s)
		if s.Spec.House && s.Key == signKey || again { // finished, it is signed: nobody presses twice, and no letter waits for ever
			if err := a.signNow(ctx, tx, p, by); err != nil {
				return err
			}
		}
		if again {
			if err := a.releaseHeld(ctx, tx, p); err != nil {
				return err
			}
			s = p.Step(in.Step)
		}
		return a.effects(ctx, tx, p, s)
	})
}

// OwnEnd reports whether steps of the kind end by acts of their own.
func (a *App) OwnEnd(kind string) bool {
	_, own := a.kinds[kind].(step.Ender)
	return own
}

// required checks a text that must be there.
func required(field, s string, limit int) (string, error) {
	clean, err := customer.CheckText(field, s, limit, true)
	if err != nil {
		return "", err
	}
	if clean == "" {
		return "", fault.New(fault.Invalid, "step.evidence_required").On(field)
	}
	return clean, nil
}

// UndoTask says that a person took back what a human step had done, in a
// departure that is being undone. What was done last is taken back first.
func (a *App) UndoTask(ctx context.Context, by Actor, in CompleteInput) error {
	note, err := required("note", in.Note, 4000)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, in.Case)
		if err != nil {
			return err
		}
		s := p.Step(in.Step)
		if s == nil {
			return fault.New(fault.NotFound, "not_found")
		}
		if err := by.mayWork(*s); err != nil {
			return err
		}
		if turn := p.UndoTurn(); turn != s || !s.Human {
			return fault.New(fault.Blocked, "step.not_ready")
		}
		s.Note = note
		if err := p.Undone(s.Key, tx.Now()); err != nil {
			return err
		}
		if s.Kind == "close_access" || s.Kind == "own_access" {
			for _, g := range closedBy(s) {
				if err := tx.SetGrantStatus(ctx, g, customer.Granted); err != nil {
					return err
				}
			}
		}
		if err := a.undoOn(ctx, tx, &p); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, by.ID)
	})
}

// onStep runs fn on the plan of an open case as somebody who may work on the
// step, and saves what follows.
func (a *App) onStep(ctx context.Context, by Actor, c offboarding.CaseID, key string, fn func(Tx, *offboarding.Plan) error) error {
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		s := p.Step(key)
		if s == nil {
			return fault.New(fault.NotFound, "not_found")
		}
		if err := by.mayWork(*s); err != nil {
			return err
		}
		if p.Case.State != offboarding.CaseOpen && !s.Spec.House {
			return fault.New(fault.Blocked, "case.closed")
		}
		if own, err := oneHand(ctx, tx, by, p.Approvers(key)); err != nil {
			return err
		} else if own {
			return fault.New(fault.Forbidden, "approval.own_step")
		}
		if err := fn(tx, &p); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, by.ID)
	})
}
