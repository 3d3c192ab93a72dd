package step

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// narrowAccess leaves every access of the customer at the systems that can to read
// what is still to be fetched, and to change nothing. It reads that back and, where
// the system can be tried, tries that nothing can be changed any more and that what
// is to be fetched still can be.
type narrowAccess struct{ systems Systems }

func (narrowAccess) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "narrow_access", Verifies: true, Effect: true, Narrows: true, Needs: connector.CanNarrow,
		About: "Leaves each access at a system, or at every connected one that can, to read what is still to be fetched, and to change nothing there; reads that back, and tries it where the system can be tried. " +
			"A later revoke_access closes them once the time to fetch the data is over.",
		Params: []playbook.ParamSpec{
			{Name: "system", About: "Name of a system in systems.yaml; only grants there are narrowed. Without it, those at every system that declares read_only, and where there are none the step is not needed."},
		},
	}
}

func (k narrowAccess) Jobs(s Subject) []Job {
	only, one := s.Step.Params["system"], s.Step.Params["grant"] // a step of the house names one
	var out []Job
	for _, g := range customer.RevocationOrder(customer.Theirs(s.Grants)) {
		if one != "" && one != string(g.ID) {
			continue
		}
		if g.Status == customer.Granted && (g.System == only || only == "" && k.systems[g.System].Narrower != nil) {
			out = append(out, Job{Item: string(g.ID), System: g.System})
		}
	}
	return out
}

// access finds the grant that the work is about, and its system.
func (k narrowAccess) access(s Subject) (connector.System, customer.Grant, error) {
	g, ok := s.Grant()
	if !ok {
		return connector.System{}, g, fault.New(fault.NotFound, "not_found", "grant", s.Work.Item)
	}
	sys, err := k.systems.narrower(cmp.Or(s.Step.Params["system"], g.System))
	return sys, g, err
}

func (k narrowAccess) Info(s Subject) (connector.Info, error) {
	sys, _, err := k.access(s)
	if err != nil {
		return connector.Info{}, err
	}
	return sys.Narrower.NarrowInfo(), nil
}

// writing tries to change something where another would try to get in.
type writing struct{ connector.WriteProber }

func (w writing) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	return w.ProbeWrite(ctx, account)
}

func writes(sys connector.System) connector.Prober {
	if sys.Writes == nil {
		return nil
	}
	return writing{sys.Writes}
}

// Observe reads how far the access reaches and, where it is to be narrowed, tries
// what it can: only what could be done can prove later that it no longer can, and
// only what got in that it still does.
func (k narrowAccess) Observe(ctx context.Context, s Subject) (Findings, error) {
	sys, g, err := k.access(s)
	if err != nil {
		return Findings{}, err
	}
	r, err := sys.Narrower.ReadReach(ctx, g.Account)
	if err != nil {
		return Findings{}, err
	}
	f := Findings{Found: r.Found, Status: r.Status, Ended: r.ReadOnly || !r.Open, Back: back(s, r), Evidence: r.Answer}
	if s.Work.Phase != offboarding.Act {
		return f, nil
	}
	saw := AccessProof{Read: r.Answer, Found: r.Found, Held: r.Held}
	if saw.Control, saw.Why, err = try(ctx, writes(sys), g.Account, s.Work.Tries); err != nil {
		return f, err
	}
	if saw.Entry, _, err = try(ctx, sys.Prober, g.Account, s.Work.Tries); err != nil {
		return f, err
	}
	if saw.entered() { // whatever it reads, it can change something
		f.Ended = false
	}
	f.Evidence, err = json.Marshal(saw)
	return f, err
}

func (k narrowAccess) Decide(s Subject, f Findings) (Decision, error) {
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
	return Decision{Act: true, Action: Action{System: g.System, Verb: "narrow", Reference: g.Account}}, nil
}

func (k narrowAccess) Apply(ctx context.Context, a Action, key string) (Outcome, error) {
	sys, err := k.systems.narrower(a.System)
	if err != nil {
		return Outcome{}, err
	}
	in := connector.AccessInput{Account: a.Reference, Key: key}
	var r connector.Receipt
	if a.Verb == "widen" {
		r, err = sys.Narrower.WidenAccess(ctx, connector.WidenInput{AccessInput: in, Held: a.Held})
	} else {
		r, err = sys.Narrower.NarrowAccess(ctx, in)
	}
	return Outcome{Reference: r.Reference, Evidence: r.Answer}, err
}

// Verify reads back that nothing can be changed by the access, tries it, and tries
// that it still lets in whoever it let in before. One that lets nobody in by now is
// narrow enough.
func (k narrowAccess) Verify(ctx context.Context, s Subject) (Proof, error) {
	sys, g, err := k.access(s)
	if err != nil {
		return Proof{}, err
	}
	r, err := sys.Narrower.ReadReach(ctx, g.Account)
	if err != nil {
		return Proof{}, err
	}
	if r.Open && !r.ReadOnly {
		return Proof{Evidence: r.Answer, Why: "connector.not_so"}, nil
	}
	if !seen(s.Work, r.Found) {
		return Proof{Evidence: r.Answer, Why: NeverSeen, Final: true}, nil
	}
	before, tries := ProofOf(s.Work.Before), s.Work.Tries
	ev := AccessProof{Read: r.Answer, Found: r.Found, Held: before.Held, ReadOnly: r.Open}
	if before.entered() {
		// What can be proved is not given up because the system is unwell.
		ev.Control, tries = before.Control, 0
	}
	if ev.Probe, ev.Why, err = try(ctx, writes(sys), g.Account, tries); err != nil {
		return Proof{}, err
	}
	if ev.Entry, _, err = try(ctx, sys.Prober, g.Account, s.Work.Tries); err != nil {
		return Proof{}, err
	}
	p := ev.judge(before, false, s.Work.Tries)
	switch {
	case p.Why == "access.still_open":
		p.Why = "access.still_writes"
	case p.Holds && r.Open && before.Entry != nil && before.Entry.In && ev.Entry != nil && !ev.Entry.In:
		p = Proof{Why: "access.still_closed", Final: s.Work.Tries >= patience}
	}
	p.Evidence, err = json.Marshal(ev)
	return p, err
}

func (k narrowAccess) Undo(s Subject, f Findings) (Decision, error) {
	_, g, err := k.access(s)
	if err != nil {
		return Decision{}, err
	}
	if f.Back {
		return Decision{Already: true}, nil
	}
	return Decision{Act: true, Action: Action{System: g.System, Verb: "widen", Reference: g.Account, Held: ProofOf(s.Work.Before).Held}}, nil
}

// VerifyUndo reads back that the access reaches as far as before.
func (k narrowAccess) VerifyUndo(ctx context.Context, s Subject) (Proof, error) {
	sys, g, err := k.access(s)
	if err != nil {
		return Proof{}, err
	}
	r, err := sys.Narrower.ReadReach(ctx, g.Account)
	return Proof{Holds: back(s, r), Evidence: r.Answer, Why: "connector.not_so"}, err
}

// back reports whether an access reaches as far as before it was narrowed.
func back(s Subject, r connector.Reach) bool {
	lost := slices.ContainsFunc(ProofOf(s.Work.Before).Held, func(had string) bool { return !slices.Contains(r.Held, had) })
	return r.Open && !r.ReadOnly && !lost
}
