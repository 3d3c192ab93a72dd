package step

import (
	"context"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// revokeAccess closes every access of the customer at one far system, those
// that need others first, and reads back that each is closed.
type revokeAccess struct{ systems Systems }

func (revokeAccess) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "revoke_access", Verifies: true, Effect: true,
		About:  "Closes each access of the inventory at a system, in reverse order of what they need, and reads back that it is closed.",
		Params: []playbook.ParamSpec{{Name: "system", Required: true, About: "Name of a system in systems.yaml; only grants there are closed."}},
	}
}

func (revokeAccess) Jobs(s Subject) []Job {
	var out []Job
	for _, g := range customer.RevocationOrder(s.Grants) {
		if g.System == s.Step.Params["system"] && g.Status == customer.Granted {
			out = append(out, Job{Item: string(g.ID), System: g.System})
		}
	}
	return out
}

func (k revokeAccess) access(s Subject) (connector.Access, customer.Grant, error) {
	name := s.Step.Params["system"]
	b, ok := k.systems(name)
	a, can := b.(connector.Access)
	if !ok || !can {
		return nil, customer.Grant{}, fault.New(fault.Blocked, "connector.unknown_system", "system", name)
	}
	for _, g := range s.Grants {
		if string(g.ID) == s.Work.Item {
			return a, g, nil
		}
	}
	return nil, customer.Grant{}, fault.New(fault.NotFound, "not_found", "grant", s.Work.Item)
}

func (k revokeAccess) Info(s Subject) (connector.Info, error) {
	a, _, err := k.access(s)
	if err != nil {
		return connector.Info{}, err
	}
	return a.Info(), nil
}

func (k revokeAccess) Observe(ctx context.Context, s Subject) (Findings, error) {
	a, g, err := k.access(s)
	if err != nil {
		return Findings{}, err
	}
	st, err := a.ReadAccess(ctx, g.Account)
	return Findings{Found: st.Found, Status: st.Status, Ended: !st.Open, Evidence: st.Answer}, err
}

// lookAgain is how long an access waits for those that need it; it is woken
// when they are closed.
const lookAgain = time.Hour

func (k revokeAccess) Decide(s Subject, f Findings) (Decision, error) {
	_, g, err := k.access(s)
	if err != nil {
		return Decision{}, err
	}
	if f.Ended {
		return Decision{Already: true}, nil
	}
	for _, other := range s.Grants {
		if other.Status != customer.Granted || other.System != g.System {
			continue
		}
		for _, need := range other.DependsOn {
			if need == g.Name() && !needs(s.Grants, g, other.Name()) {
				return Decision{Again: s.Now.Add(lookAgain)}, nil
			}
		}
	}
	return Decision{Act: true, Action: Action{System: g.System, Verb: "revoke", Reference: g.Account}}, nil
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
	b, _ := k.systems(a.System)
	sys, ok := b.(connector.Access)
	if !ok {
		return Outcome{}, fault.New(fault.Blocked, "connector.unknown_system", "system", a.System)
	}
	do := sys.RevokeAccess
	if a.Verb == "restore" {
		do = sys.RestoreAccess
	}
	r, err := do(ctx, connector.AccessInput{Account: a.Reference, Key: key})
	return Outcome{Reference: r.Reference, Evidence: r.Answer}, err
}

func (k revokeAccess) Verify(ctx context.Context, s Subject) (Proof, error) {
	f, err := k.Observe(ctx, s)
	return Proof{Holds: f.Ended, Evidence: f.Evidence, Why: "connector.not_so"}, err
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

func (k revokeAccess) VerifyUndo(ctx context.Context, s Subject) (Proof, error) {
	f, err := k.Observe(ctx, s)
	return Proof{Holds: f.Found && !f.Ended, Evidence: f.Evidence, Why: "connector.not_so"}, err
}

// closeAccess is the same by people: a checklist made of the inventory, in
// order, each item with the proof that it no longer works.
type closeAccess struct{}

func (closeAccess) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "close_access", Human: true, Effect: true, TellUndo: true,
		About:  "People close each access of the inventory that no system closes, in order, and write how they tried that it no longer works.",
		Params: []playbook.ParamSpec{{Name: "except", About: "Systems that revoke_access closes, separated by commas."}},
	}
}
func (closeAccess) Jobs(Subject) []Job { return nil }

// Items is one line per access.
func (closeAccess) Items(s Subject) []offboarding.Item {
	except := split(s.Step.Params["except"])
	var out []offboarding.Item
	for _, g := range customer.RevocationOrder(s.Grants) {
		if g.Status != customer.Granted || except[g.System] {
			continue
		}
		name := g.System + ": " + g.Account
		out = append(out, offboarding.Item{Key: string(g.ID), Title: map[string]string{"es": name, "en": name}})
	}
	return out
}
