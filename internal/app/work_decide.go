package app

import (
	"context"
	"encoding/json"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// DecideInput is what a person decides about an effect that the program
// cannot be sure of, or that the far system refused.
type DecideInput struct {
	Case     offboarding.CaseID // that the work must belong to; empty: any
	Work     offboarding.WorkID
	Decision string // look: read it back; again: call it again; wait: wait longer; attest: it is so, or, in an undoing, it is taken back
	Evidence string // required for attest and again
	Days     int    // to wait from now on; 0: as many as the playbook gave the step
}

// Undecided reports whether the work waits until somebody has decided about
// accesses that nobody had on the inventory.
func Undecided(w offboarding.Work) bool {
	return w.State == offboarding.WorkFailed && w.LastError == orphans
}

// longestWait is how many days a person may let a wait go on for at once.
const longestWait = 90

// waitTimedOut is why a wait asks a person.
const waitTimedOut = "step.wait_timed_out"

// WaitedInVain reports whether the work is a wait whose time was over before
// what it waited for came.
func WaitedInVain(w offboarding.Work) bool {
	return w.State == offboarding.WorkFailed && w.LastError == waitTimedOut
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
	if evidence == "" && in.Decision != "look" && in.Decision != "wait" {
		return fault.New(fault.Invalid, "step.evidence_required").On("evidence")
	}
	if in.Days < 0 || in.Days > longestWait {
		return fault.New(fault.Invalid, "work.days", "most", longestWait).On("days")
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
		if in.Decision == "attest" && Undecided(w) { // that would pass over them: each is decided about
			return fault.New(fault.Blocked, orphans)
		}
		p, err := tx.FindPlan(ctx, w.Case)
		if err != nil {
			return err
		}
		typ, runAt, args := "work.resumed", tx.Now(), map[string]any{"decision": in.Decision, "evidence": evidence}
		decision := in.Decision
		if decision == "again" && WaitedInVain(w) { // at once it would be in vain again
			decision = "wait"
		}
		switch decision {
		case "look":
			if !a.CanLook(w.Kind) {
				return fault.New(fault.Blocked, "work.not_readable")
			}
			err = w.To(offboarding.WorkReady)
			switch w.Phase {
			case offboarding.Act:
				w.Phase = offboarding.Verify
			case offboarding.Undo:
				w.Phase = offboarding.VerifyUndo
			}
		case "again":
			err = w.To(offboarding.WorkReady)
			switch w.Phase {
			case offboarding.Verify:
				w.Phase, w.DoneAt = a.firstPhase(w.Kind), offboarding.Work{}.DoneAt
			case offboarding.VerifyUndo:
				w.Phase = offboarding.Undo
			}
			w.Renew()
			if _, letter := a.kinds[w.Kind].(step.Courier); letter && err == nil {
				err = a.sendAgain(ctx, tx, w)
			}
		case "wait":
			if !WaitedInVain(w) {
				return fault.New(fault.Blocked, "work.no_wait")
			}
			days := in.Days
			if s := stepOf(&p, w.Step); days == 0 && s != nil {
				days = s.Spec.Timeout
			}
			runAt = runAt.AddDate(0, 0, days)
			typ, args = "wait.extended", map[string]any{"days": days, "until": runAt.UTC().Format(time.RFC3339), "evidence": evidence}
			err = w.To(offboarding.WorkReady)
		case "attest":
			typ = "work.attested"
			body, jerr := json.Marshal(map[string]string{"attested_by": by.ID, "evidence": evidence})
			if jerr != nil {
				return fault.Wrap("app.DecideWork", jerr)
			}
			w.Evidence = string(body)
			if w.Phase == offboarding.Undo || w.Phase == offboarding.VerifyUndo {
				w.UndoneAt, err = tx.Now(), w.To(offboarding.WorkUndone)
				break
			}
			w.DoneAt, err = tx.Now(), w.To(offboarding.WorkAttested)
		default:
			return fault.New(fault.Invalid, "field.choice").On("decision")
		}
		if err != nil {
			return err
		}
		w.RunAt, w.Tries, w.LastError = runAt, 0, ""
		w.RetryAt, w.CallingAt = offboarding.Work{}.RetryAt, offboarding.Work{}.CallingAt
		if ok, err := tx.PutWork(ctx, w); err != nil || !ok {
			return orConflict(err)
		}
		f := a.workFact(typ, w, args)
		f.actor, f.subject = by.ID, string(p.Case.Customer)
		if err := a.record(ctx, tx, f); err != nil {
			return err
		}
		return a.follow(ctx, tx, &p, []offboarding.Work{w})
	})
}

// CanLook reports whether what works of the kind did can be read back.
func (a *App) CanLook(kind string) bool {
	switch a.kinds[kind].(type) {
	case step.Teller:
		return false
	case step.Observer, step.Maker, step.Eraser, step.Finder:
		return true
	}
	return false
}

// firstPhase is what a work of the kind does first: one that only reads has
// nothing to do before.
func (a *App) firstPhase(kind string) offboarding.Phase {
	k := a.kinds[kind]
	if _, reads := k.(step.Observer); !reads {
		return offboarding.Act
	}
	if _, effects := k.(step.Effector); effects {
		return offboarding.Act
	}
	return offboarding.Verify
}

func orConflict(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "case.changed_meanwhile")
}
