package app

import (
	"slices"
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
	// Attested is how many accesses are closed on the word of a person.
	Attested int
	// Reading is how many accesses are left to read.
	Reading int
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
		if j := slices.IndexFunc(out, func(x Milestone) bool { return x.Name == m.Name }); j >= 0 {
			out[j] = out[j].with(m)
			continue
		}
		out = append(out, m)
	}
	return out
}

// with is a stop that several steps bring about: it is as far as the one that is
// least far, and only as sure as the one that is known least.
func (m Milestone) with(other Milestone) Milestone {
	both := Milestone{
		Name: m.Name, Planned: later(m.Planned, other.Planned), Asked: m.Asked, Done: bothAt(m.Done, other.Done), Verified: bothAt(m.Verified, other.Verified),
		Verifies: m.Verifies && m.State != "verified" || other.Verifies && other.State != "verified", State: "now", Tried: m.Tried + other.Tried,
	}
	if both.Asked.IsZero() {
		both.Asked = other.Asked
	}
	if m.Of > 0 && other.Of > 0 { // what people do is not counted
		both.Part, both.Of = m.Part+other.Part, m.Of+other.Of
	}
	for _, state := range []string{"blocked", "undone"} {
		if m.State == state || other.State == state {
			both.State = state
			return both
		}
	}
	over := func(x Milestone) bool { return x.State == "done" || x.State == "verified" }
	switch {
	case m.State == "verified" && other.State == "verified":
		both.State, both.Verifies, both.Proof = "verified", m.Verifies || other.Verifies, m.Proof
		if step.ProofKind(other.Proof).Weaker(step.ProofKind(m.Proof)) {
			both.Proof = other.Proof
		}
	case over(m) && over(other):
		both.State = "done"
	case m.State == "planned" && other.State == "planned":
		both.State = "planned"
	}
	return both
}

// later is the later of two instants.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// bothAt is when both had happened; zero while one has not.
func bothAt(a, b time.Time) time.Time {
	if a.IsZero() || b.IsZero() {
		return time.Time{}
	}
	return later(a, b)
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
