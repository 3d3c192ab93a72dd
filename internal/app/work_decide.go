package app

import (
	"context"
	"encoding/json"
	"fmt"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// DecideInput is what a person decides about an effect that the program
// cannot be sure of, or that the far system refused.
type DecideInput struct {
	Case     offboarding.CaseID // that the work must belong to; empty: any
	Work     offboarding.WorkID
	Decision string // look: read it back; again: call it again; attest: it is so
	Evidence string // required for attest and again
}

// DecideWork settles an uncertain or failed work. Calling again uses a new
// key: the person answers for it that the first call had no effect.
func (a *App) DecideWork(ctx context.Context, by Actor, in DecideInput) error {
	if err := by.may("work"); err != nil {
		return err
	}
	evidence, ferr := customer.CheckText("evidence", in.Evidence, 2000, true)
	if ferr != nil {
		return ferr
	}
	if evidence == "" && in.Decision != "look" {
		return fault.New(fault.Invalid, "step.evidence_required").On("evidence")
	}
	return a.tx(ctx, func(tx Tx) error {
		w, err := tx.FindWork(ctx, in.Work)
		if err != nil {
			return err
		}
		if in.Case != "" && w.Case != in.Case {
			return fault.New(fault.NotFound, "not_found")
		}
		if w.State != offboarding.WorkUncertain && w.State != offboarding.WorkFailed {
			return fault.New(fault.Conflict, "case.changed_meanwhile")
		}
		typ := "work.resumed"
		switch in.Decision {
		case "look":
			err = w.To(offboarding.WorkReady)
			switch w.Phase {
			case offboarding.Act:
				w.Phase, w.DoneAt, w.Undo = offboarding.Verify, tx.Now(), "restorable"
			case offboarding.Undo:
				w.Phase = offboarding.VerifyUndo
			}
		case "again":
			err = w.To(offboarding.WorkReady)
			switch w.Phase {
			case offboarding.Verify:
				w.Phase = offboarding.Act
			case offboarding.VerifyUndo:
				w.Phase = offboarding.Undo
			}
			w.Key = fmt.Sprintf("%s:%d", w.Key, w.Attempt)
		case "attest":
			err = w.To(offboarding.WorkAttested)
			typ = "work.attested"
			body, jerr := json.Marshal(map[string]string{"attested_by": by.ID, "evidence": evidence})
			if jerr != nil {
				return fault.Wrap("app.DecideWork", jerr)
			}
			w.Evidence, w.DoneAt, w.VerifiedAt = string(body), tx.Now(), tx.Now()
		default:
			return fault.New(fault.Invalid, "field.choice").On("decision")
		}
		if err != nil {
			return err
		}
		w.RunAt, w.Tries, w.LastError = tx.Now(), 0, ""
		w.RetryAt, w.CallingAt = offboarding.Work{}.RetryAt, offboarding.Work{}.CallingAt
		if ok, err := tx.PutWork(ctx, w); err != nil || !ok {
			return orConflict(err)
		}
		p, err := tx.FindPlan(ctx, w.Case)
		if err != nil {
			return err
		}
		f := a.workFact(typ, w, map[string]any{"decision": in.Decision, "evidence": evidence})
		f.actor, f.subject = by.ID, string(p.Case.Customer)
		if err := a.record(ctx, tx, f); err != nil {
			return err
		}
		return a.follow(ctx, tx, &p, w)
	})
}

func orConflict(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "case.changed_meanwhile")
}
