package app

import (
	"context"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// ItemProof is how it is known that an effect on one item is there.
type ItemProof struct {
	Name   string    // of the item: an account, a subscription; empty for the case
	Kind   string    // attested, read_back, negative_test, rehearsed
	Why    string    // code of why it proves no more; of a rehearsal, what would have been done
	System string    // of a rehearsal
	Before time.Time // when it got in, where it was tried
	After  time.Time // when it was refused
	Status string    // with what
	Writes bool      // it was tried whether it can change something
}

// proofOf says how a work was proved; false when it was not, or is none on a
// far system.
func proofOf(w offboarding.Work) (step.AccessProof, bool) {
	p := step.ProofOf(w.Evidence)
	switch {
	case w.System == "house" || w.System == "mail":
		return p, false
	case w.State == offboarding.WorkAttested:
		return step.AccessProof{Proof: step.Attested}, true
	case w.UndoneAt.After(w.VerifiedAt):
		return p, false
	case w.State != offboarding.WorkVerified, p.Proof == step.NegativeTest && (p.Control == nil || p.Probe == nil):
		return p, false
	case p.Proof == "":
		p.Proof = step.ReadBack
	}
	return p, true
}

// proofs lists how the effects of each step are known, in order.
func proofs(works []offboarding.Work, names map[string]string) map[offboarding.StepID][]ItemProof {
	out := map[offboarding.StepID][]ItemProof{}
	for _, w := range works {
		if r, test := step.RehearsalOf(w.Evidence); test && !w.DoneAt.IsZero() && w.UndoneAt.IsZero() {
			out[w.Step] = append(out[w.Step], ItemProof{Name: names[w.Item], Kind: string(step.Rehearsed), Why: r.Would, System: r.System})
			continue
		}
		p, ok := proofOf(w)
		if !ok {
			continue
		}
		item := ItemProof{Name: itemOf(w, names), Kind: string(p.Proof), Why: p.Why, Writes: p.ReadOnly}
		if p.Proof == step.NegativeTest {
			item.Before, item.After, item.Status = p.Control.At, p.Probe.At, p.Probe.Status
		}
		out[w.Step] = append(out[w.Step], item)
	}
	return out
}

// itemOf names what a work is about; of a search, that is the system that was asked.
func itemOf(w offboarding.Work, names map[string]string) string {
	if name, known := names[w.Item]; known || w.Item != w.System {
		return name
	}
	return w.System
}

// itemNames names what works are about: accounts and subscriptions.
func itemNames(ctx context.Context, tx Tx, c customer.ID, subs []customer.Subscription) (map[string]string, error) {
	grants, err := tx.GrantsOf(ctx, c)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(grants)+len(subs))
	for _, g := range grants {
		out[string(g.ID)] = g.Account
	}
	for _, s := range subs {
		out[string(s.ID)] = s.Reference
	}
	return out, nil
}

// Unanswered reports whether the work waits for a system that does not answer, as far as
// was written down.
func Unanswered(w offboarding.Work) bool {
	return w.State == offboarding.WorkReady && (w.LastError == connector.Held || w.LastError == "connector.down")
}

// broken lists the steps with works that wait for a system which does not answer, and
// how long yet. What this process found out counts, and what another one wrote down of
// a work that it put off: each knows only of the calls that it made itself.
func (a *App) broken(works []offboarding.Work, wall time.Time) map[offboarding.StepID]time.Duration {
	out := map[offboarding.StepID]time.Duration{}
	for _, w := range works {
		if Unanswered(w) {
			out[w.Step] = max(out[w.Step], w.RetryAt.Sub(wall), 0)
		}
	}
	for _, o := range a.outages() {
		for _, w := range works {
			if w.System == o.System && (w.State == offboarding.WorkReady || w.State == offboarding.WorkRunning) {
				out[w.Step] = max(o.Next.Sub(wall), 0)
			}
		}
	}
	return out
}
