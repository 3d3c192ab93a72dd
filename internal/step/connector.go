package step

import (
	"context"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
)

// What a declared action is run on.
const (
	eachCase         = "case"
	eachSubscription = "subscription"
	eachGrant        = "grant"
)

// runAction runs an act that systems.yaml declares, reads back that it is as
// declared, and takes it back as declared. What it does is the system's own
// business: an account in a forum, a label, a device.
type runAction struct{ systems Systems }

func (runAction) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "connector", Verifies: true, Effect: true, Needs: connector.CanAct,
		About: "Runs an action that a system declares in systems.yaml, and reads back that it is as declared there. Undoing is declared there too.",
		Params: []playbook.ParamSpec{
			{Name: "system", Required: true, About: "Name of a system in systems.yaml."},
			{Name: "action", Required: true, About: "Name of one of its actions."},
			{
				Name: "each", Enum: []string{eachCase, eachSubscription, eachGrant},
				About: "What it is run on: once for the case, with the customer's reference (by default); each subscription; each access at the system that is open.",
			},
		},
	}
}

func (runAction) Jobs(s Subject) []Job {
	system := s.Step.Params["system"]
	switch s.Step.Params["each"] {
	case eachSubscription:
		return billingJobs(s)
	case eachGrant:
		var out []Job
		for _, g := range customer.RevocationOrder(s.Grants) {
			if g.System == system && g.Open() {
				out = append(out, Job{Item: string(g.ID), System: system})
			}
		}
		return out
	default:
		return []Job{{Item: eachCase, System: system}}
	}
}

// target finds the system, the action and what it is run on.
func (k runAction) target(s Subject) (a connector.Actions, action, reference string, err error) {
	action = s.Step.Params["action"]
	if a, err = k.systems.actions(s.Step.Params["system"]); err != nil {
		return nil, "", "", err
	}
	switch s.Step.Params["each"] {
	case eachSubscription:
		sub, ok := s.Subscription()
		if !ok {
			return nil, "", "", fault.New(fault.NotFound, "not_found", "subscription", s.Work.Item)
		}
		reference = sub.Reference
	case eachGrant:
		g, ok := s.Grant()
		if !ok {
			return nil, "", "", fault.New(fault.NotFound, "not_found", "grant", s.Work.Item)
		}
		reference = g.Account
	default:
		reference = s.Customer.Reference
	}
	return a, action, reference, nil
}

func (k runAction) Info(s Subject) (connector.Info, error) {
	a, action, _, err := k.target(s)
	if err != nil {
		return connector.Info{}, err
	}
	info, ok := a.ActionInfo(action)
	if !ok {
		return info, fault.New(fault.Blocked, "connector.unknown_action", "system", s.Step.Params["system"], "action", action)
	}
	return info, nil
}

func (k runAction) Observe(ctx context.Context, s Subject) (Findings, error) {
	a, action, reference, err := k.target(s)
	if err != nil {
		return Findings{}, err
	}
	st, err := a.ReadAction(ctx, action, reference)
	return Findings{Found: err == nil && !st.Missing, Ended: st.Holds, Back: st.Back, Evidence: st.Answer}, err
}

func (k runAction) Decide(s Subject, f Findings) (Decision, error) {
	if f.Ended && !seen(s.Work, f.Found) {
		return Decision{}, neverSeen(s.Step.Params["system"])
	}
	if f.Ended {
		return Decision{Already: true}, nil
	}
	return k.decide(s, "act")
}

func (k runAction) decide(s Subject, verb string) (Decision, error) {
	_, action, reference, err := k.target(s)
	if err != nil {
		return Decision{}, err
	}
	return Decision{Act: true, Action: Action{System: s.Step.Params["system"], Verb: verb, Name: action, Reference: reference}}, nil
}

func (k runAction) Apply(ctx context.Context, a Action, key string) (Outcome, error) {
	sys, err := k.systems.actions(a.System)
	if err != nil {
		return Outcome{}, err
	}
	do := sys.Act
	if a.Verb == "take_back" {
		do = sys.TakeBack
	}
	r, err := do(ctx, connector.ActionInput{Action: a.Name, Reference: a.Reference, Key: key})
	return Outcome{Reference: r.Reference, Evidence: r.Answer}, err
}

func (k runAction) Verify(ctx context.Context, s Subject) (Proof, error) {
	f, err := k.Observe(ctx, s)
	if err == nil && f.Ended && !seen(s.Work, f.Found) {
		return Proof{Evidence: f.Evidence, Why: NeverSeen, Final: true}, nil
	}
	return Proof{Holds: f.Ended, Evidence: f.Evidence, Why: "connector.not_so"}, err
}

func (k runAction) Undo(s Subject, f Findings) (Decision, error) {
	if f.Back {
		return Decision{Already: true}, nil
	}
	return k.decide(s, "take_back")
}

func (k runAction) VerifyUndo(ctx context.Context, s Subject) (Proof, error) {
	f, err := k.Observe(ctx, s)
	return Proof{Holds: f.Back, Evidence: f.Evidence, Why: "connector.not_so"}, err
}
