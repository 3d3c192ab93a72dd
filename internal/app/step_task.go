package app

import (
	"context"
	"strconv"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// dueOf is when a human step is due: its param due_days, counted from the day
// it became ready, at the end of that day.
func dueOf(s offboarding.Step, c offboarding.Case, now time.Time, zone *time.Location) time.Time {
	days, err := strconv.Atoi(s.Params["due_days"])
	if err != nil {
		days = 1
	}
	return dateIn(now, zone).AddDays(days).End(zone)
}

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
		return p.Tick(in.Step, in.Item, in.Ticked, by.ID, evidence, tx.Now())
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
	note, ferr := customer.CheckText("note", in.Note, 4000, true)
	if ferr != nil {
		return ferr
	}
	if note == "" {
		return fault.New(fault.Invalid, "step.evidence_required").On("note")
	}
	return a.onStep(ctx, by, in.Case, in.Step, func(tx Tx, p *offboarding.Plan) error {
		s := p.Step(in.Step)
		if !s.Human || s.State != offboarding.StepReady && s.State != offboarding.StepRunning {
			return fault.New(fault.Blocked, "step.not_ready")
		}
		s.Note = note
		return p.Done(in.Step, tx.Now(), by.ID)
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
		if err := refuse(by.MayWork(*s), []string{s.Role}); err != nil {
			return err
		}
		if p.Case.State != offboarding.CaseOpen {
			return fault.New(fault.Blocked, "case.closed")
		}
		if err := fn(tx, &p); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, by.ID)
	})
}
