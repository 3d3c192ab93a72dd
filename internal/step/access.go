package step

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// revokeAccess closes every access of the customer, those that need others first. It reads back that each is closed and, where the
// system can be tried, tries that it no longer lets in.
type revokeAccess struct{ systems Systems }

func (revokeAccess) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "revoke_access", Verifies: true, Effect: true, Needs: connector.CanAccess,
		About: "Closes each access of the inventory at a system, or at every connected one that lets people in, in reverse order of what they need, and reads back that it is closed. " +
			"Where the system declares a probe that got in before, it must be refused afterwards.",
		Params: []playbook.ParamSpec{
			{Name: "system", About: "Name of a system in systems.yaml; only grants there are closed. Without it, those at every system that can close them, and where there are none the step is not needed."},
			{Name: playbook.Narrowed, Enum: []string{"close", playbook.Leave}, About: "What becomes of those that narrow_access left to read: they are closed, too (by default), or left until a later revoke_access."},
			{Name: playbook.Whose, Enum: []string{"customer", playbook.Ours}, About: "Whose accesses: those of the customer (by default), or those that our own people hold at the client's systems, after every handover."},
		},
	}
}

func (k revokeAccess) Jobs(s Subject) []Job {
	var out []Job
	for _, g := range customer.RevocationOrder(whose(s)) {
		left := g.Status == customer.ReadOnly && s.Step.Params[playbook.Narrowed] == playbook.Leave
		if g.Open() && !left && k.closes(s, g) {
			out = append(out, Job{Item: string(g.ID), System: g.System})
		}
	}
	return out
}

// closes reports whether the access is at the system of the step or, where it
// names none, at one that can close it.
func (k revokeAccess) closes(s Subject, g customer.Grant) bool {
	if only := s.Step.Params["system"]; only != "" {
		return g.System == only
	}
	return k.systems[g.System].Access != nil
}

// whose are the accesses that a step closes: the customer's, unless it says that
// it takes back our own.
func whose(s Subject) []customer.Grant {
	if s.Step.Params[playbook.Whose] == playbook.Ours {
		return customer.OfOurs(s.Grants)
	}
	return customer.Theirs(s.Grants)
}

// access finds the grant that the work is about, and the system of the step or,
// where it names none, of the grant.
func (k revokeAccess) access(s Subject) (connector.System, customer.Grant, error) {
	g, ok := s.Grant()
	if !ok {
		return connector.System{}, g, fault.New(fault.NotFound, "not_found", "grant", s.Work.Item)
	}
	sys, err := k.systems.access(cmp.Or(s.Step.Params["system"], g.System))
	return sys, g, err
}

func (k revokeAccess) Info(s Subject) (connector.Info, error) {
	sys, _, err := k.access(s)
	if err != nil {
		return connector.Info{}, err
	}
	return sys.Access.Info(), nil
}

// Observe reads the access and, where it is to be closed, tries it: only a
// probe that got in can prove later that it no longer does.
func (k revokeAccess) Observe(ctx context.Context, s Subject) (Findings, error) {
	sys, g, err := k.access(s)
	if err != nil {
		return Findings{}, err
	}
	st, err := sys.Access.ReadAccess(ctx, g.Account)
	if err != nil {
		return Findings{}, err
	}
	f := Findings{Found: st.Found, Status: st.Status, Ended: !st.Open, Evidence: st.Answer}
	if s.Work.Phase != offboarding.Act {
		return f, nil
	}
	saw := AccessProof{Read: st.Answer, Found: st.Found}
	if saw.Control, saw.Why, err = try(ctx, sys.Prober, g.Account, s.Work.Tries); err != nil {
		return f, err
	}
	if saw.entered() { // whatever it reads, it lets in
		f.Ended = false
	}
	f.Evidence, err = json.Marshal(saw)
	return f, err
}

// lookAgain is how long an access waits for those that need it; it is woken
// when they are closed.
const lookAgain = time.Hour

func (k revokeAccess) Decide(s Subject, f Findings) (Decision, error) {
	_, g, err := k.access(s)
	if err != nil {
		return Decision{}, err
	}
	if f.Ended && !seen(s.Work, f.Found) {
		return Decision{}, neverSeen(g.System)
	}
	if f.Ended {
		return Decision{Already: true}, nil
	}
	if k.StillWaits(s) {
		return Decision{Again: s.Now.Add(lookAgain)}, nil
	}
	return Decision{Act: true, Action: Action{System: g.System, Verb: "revoke", Reference: g.Account}}, nil
}

// keepsOrder is how long an access waits for those that need it at other systems: one
// that does not answer delays its own accesses only, after that.
const keepsOrder = 24 * time.Hour

// Orderly is a kind whose works wait for each other.
type Orderly interface {
	// StillWaits reports whether the work must not act yet.
	StillWaits(s Subject) bool
}

// StillWaits reports whether the access must stay open because another that is still
// open needs it: one at its system, or one elsewhere that the same step closes, for as
// long as keepsOrder.
func (k revokeAccess) StillWaits(s Subject) bool {
	g, ok := s.Grant()
	if !ok {
		return false
	}
	if waits(s.Grants, g, func(other customer.Grant) bool { return other.System == g.System }) {
		return true
	}
	if !s.Now.Before(s.Step.ReadyAt.Add(keepsOrder)) {
		return false
	}
	mine := whose(s)
	return waits(s.Grants, g, func(other customer.Grant) bool {
		return k.closes(s, other) && slices.ContainsFunc(mine, func(x customer.Grant) bool { return x.ID == other.ID })
	})
}

// waits reports whether one of some accesses that are still open needs the access. One
// that was left to read waits for its own time, and nothing that can change something
// stays open for its sake.
func waits(all []customer.Grant, g customer.Grant, some func(customer.Grant) bool) bool {
	for _, other := range all {
		if !other.Open() || other.Status == customer.ReadOnly && g.Status != customer.ReadOnly || !some(other) {
			continue
		}
		for _, need := range other.DependsOn {
			if need == g.Name() && !needs(all, g, other.Name()) {
				return true
			}
		}
	}
	return false
}

// OpensAfter reports whether the access is opened again after the other, since it
// needs that one: the reverse of the order in which they were closed.
func OpensAfter(all []customer.Grant, g, other customer.Grant) bool {
	return slices.Contains(g.DependsOn, other.Name()) && !needs(all, other, g.Name())
}

// needs reports whether g needs the named grant too, over any number of
// others: a circle has no order and must not wait for itself.
func needs(all []customer.Grant, g customer.Grant, name string) bool {
	byName := make(map[string]customer.Grant, len(all))
	for _, x := range all {
		byName[x.Name()] = x
	}
	seen, todo := map[string]bool{}, []string{g.Name()}
	for len(todo) > 0 {
		n := todo[0]
		todo = todo[1:]
		if seen[n] {
			continue
		}
		seen[n] = true
		for _, d := range byName[n].DependsOn {
			if d == name {
				return true
			}
			todo = append(todo, d)
		}
	}
	return false
}

func (k revokeAccess) Apply(ctx context.Context, a Action, key string) (Outcome, error) {
	sys, err := k.systems.access(a.System)
	if err != nil {
		return Outcome{}, err
	}
	do := sys.Access.RevokeAccess
	if a.Verb == "restore" {
		do = sys.Access.RestoreAccess
	}
	r, err := do(ctx, connector.AccessInput{Account: a.Reference, Key: key})
	return Outcome{Reference: r.Reference, Evidence: r.Answer}, err
}

// Verify reads back that the access is closed, and tries it. Tried again days
// later it says the same, out of the same control.
func (k revokeAccess) Verify(ctx context.Context, s Subject) (Proof, error) {
	return k.prove(ctx, s, false)
}

// prove compares what the system says, and what trying shows, with whether the
// access should be open.
func (k revokeAccess) prove(ctx context.Context, s Subject, open bool) (Proof, error) {
	sys, g, err := k.access(s)
	if err != nil {
		return Proof{}, err
	}
	st, err := sys.Access.ReadAccess(ctx, g.Account)
	if err != nil {
		return Proof{}, err
	}
	if st.Open != open {
		return Proof{Evidence: st.Answer, Why: "connector.not_so"}, nil
	}
	if !seen(s.Work, st.Found) {
		return Proof{Evidence: st.Answer, Why: NeverSeen, Final: true}, nil
	}
	ev := AccessProof{Read: st.Answer, Found: st.Found}
	before := ProofOf(s.Work.Before)
	tries := s.Work.Tries
	if before.entered() {
		// What can be proved is not given up because the system is unwell.
		ev.Control, tries = before.Control, 0
	}
	if ev.Probe, ev.Why, err = try(ctx, sys.Prober, g.Account, tries); err != nil {
		return Proof{}, err
	}
	p := ev.judge(before, open, s.Work.Tries)
	p.Evidence, err = json.Marshal(ev)
	return p, err
}

func (k revokeAccess) Undo(s Subject, f Findings) (Decision, error) {
	_, g, err := k.access(s)
	if err != nil {
		return Decision{}, err
	}
	if f.Found && !f.Ended {
		return Decision{Already: true}, nil
	}
	return Decision{Act: true, Action: Action{System: g.System, Verb: "restore", Reference: g.Account}}, nil
}

// VerifyUndo reads back that the access is open again, and tries it.
func (k revokeAccess) VerifyUndo(ctx context.Context, s Subject) (Proof, error) {
	return k.prove(ctx, s, true)
}
