package app

import (
	"time"

	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// Milestone is one stop of a departure that the customer sees.
type Milestone struct {
	Name     string // registered, confirmed, billing_stopped, effective, billing_ended, farewell
	Planned  time.Time
	Asked    time.Time // the far system was asked; zero where nobody is
	Done     time.Time
	Verified time.Time
	Verifies bool   // over only when verified
	Part     int    // items done
	Of       int    // items in all; 0: not counted
	State    string // planned, now, blocked, done, verified, undone
	// Proof is the weakest kind of proof of its items, once all are proved at a far
	// system; Tried counts those that were tried.
	Proof string
	Tried int
}

// milestones tells a plan as the customer sees it.
func milestones(p offboarding.Plan, works []offboarding.Work) []Milestone {
	out := []Milestone{{Name: "registered", Done: p.Case.RequestedAt, Verified: p.Case.RequestedAt, State: "verified"}}
	for i := range p.Steps {
		s := &p.Steps[i]
		// What was not needed is no stop, nor what had not happened when the
		// departure was taken back: nothing of it is to be undone.
		if s.Milestone == "" || s.State == offboarding.StepSkipped || s.State == offboarding.StepCancelled {
			continue
		}
		m := Milestone{Name: s.Milestone, Done: s.DoneAt, Verified: s.VerifiedAt, Verifies: s.Verifies, State: "planned"}
		for _, w := range works {
			if w.Step != s.ID {
				continue
			}
			m.Of++
			if !w.DoneAt.IsZero() {
				m.Part++
			}
			if !w.FirstCall.IsZero() { // a wall instant; what people read is business time
				m.Asked = s.ReadyAt
			}
			if w.State == offboarding.WorkReady && w.RunAt.After(m.Planned) {
				m.Planned = w.RunAt
			}
		}
		if s.State == offboarding.StepVerified || s.State == offboarding.StepAttested {
			m.prove(s.ID, works)
		}
		switch {
		case s.State == offboarding.StepVerified, s.State == offboarding.StepDone && !s.Verifies:
			m.State = "verified"
			// A proof of identity, and a date that has come, need no second look.
			if !s.Verifies && s.Kind != "confirm" && s.Kind != "wait" {
				m.State = "done"
			}
		case s.State == offboarding.StepDone:
			m.State = "done"
		case s.State == offboarding.StepAttested: // nothing is left to be read back
			m.State, m.Verifies = "done", false
		case s.State == offboarding.StepUndone, s.State == offboarding.StepUndoing:
			m.State = "undone"
		case s.State == offboarding.StepBlocked:
			m.State = "blocked"
		case s.State == offboarding.StepReady, s.State == offboarding.StepRunning:
			m.State = "now"
		}
		out = append(out, m)
	}
	return out
}

// prove says how it is known that the step's effects are there.
func (m *Milestone) prove(s offboarding.StepID, works []offboarding.Work) {
	for _, w := range works {
		p, ok := proofOf(w)
		if w.Step != s || !ok {
			continue
		}
		if m.Proof == "" || p.Proof.Weaker(step.ProofKind(m.Proof)) {
			m.Proof = string(p.Proof)
		}
		if p.Proof == step.NegativeTest {
			m.Tried++
		}
	}
}
