package step

import (
	"context"
	"errors"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
)

// refund gives back what the company owes, by the means by which it was paid:
// each open refund of the record out of a payment that is large enough. Whether
// it was asked for already is looked for at every payment, so that an answer that
// was lost never makes a second one.
type refund struct{ systems Systems }

func (refund) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "refund", Verifies: true, Effect: true, Needs: connector.CanRefund,
		About: "Gives back each open refund of the record by the means by which it was paid, out of one payment at a billing system, and reads back that the money was sent. " +
			"Money that was sent does not come back: let a step of kind approve come before it.",
		Params: billingParams,
	}
}

func (refund) Jobs(s Subject) (jobs []Job) {
	only := s.Step.Params["balance"]
	for _, b := range s.Open() {
		if b.Kind == customer.Refund && b.Amount.Minor > 0 && (only == "" || only == string(b.ID)) {
			jobs = append(jobs, Job{Item: string(b.ID), System: s.Step.Params["system"]})
		}
	}
	return jobs
}

// balance is the sum that the work gives back.
func (s Subject) balance() (customer.Balance, bool) {
	for _, b := range s.Balances {
		if string(b.ID) == s.Work.Item {
			return b, true
		}
	}
	return customer.Balance{}, false
}

func (k refund) system(s Subject) (connector.System, customer.Balance, error) {
	name := s.Step.Params["system"]
	sys, err := k.systems.system(name)
	if err == nil && (sys.Refunder == nil || sys.Ledger == nil && s.Step.Params["payment"] == "") {
		err = lacks(name, connector.CanRefund)
	}
	if err != nil {
		return sys, customer.Balance{}, err
	}
	b, ok := s.balance()
	if !ok {
		return sys, b, fault.New(fault.NotFound, "not_found", "balance", s.Work.Item)
	}
	return sys, b, nil
}

func (k refund) Info(s Subject) (connector.Info, error) {
	sys, _, err := k.system(s)
	if err != nil {
		return connector.Info{}, err
	}
	info := sys.Refunder.Info()
	info.Undo = connector.Final
	return info, nil
}

// payments are those of the subscriptions that the departure ends, the newest
// first. A ledger of which a part is missing tells nothing.
func payments(ctx context.Context, sys connector.System, s Subject) (out []connector.Payment, err error) {
	for _, sub := range s.Subscriptions {
		if sub.Engaged() {
			continue
		}
		l, err := sys.Ledger.ReadLedger(ctx, connector.LedgerInput{Reference: sub.Reference, EndsAt: s.EffectiveAt})
		if err != nil {
			return nil, err
		}
		if l.Cut {
			return nil, fault.New(fault.Blocked, "refund.ledger_cut", "system", sys.Name)
		}
		out = append(out, l.Payments...)
	}
	return out, nil
}

// Observe looks for the refund at every payment, and finds one that it could be
// made of.
func (k refund) Observe(ctx context.Context, s Subject) (Findings, error) {
	sys, b, err := k.system(s)
	if err != nil {
		return Findings{}, err
	}
	// A step of the house says out of which payment: the one that should not have
	// been. Whether so much is left of it, the system says.
	list := []connector.Payment{{Reference: s.Step.Params["payment"], Amount: b.Amount}}
	if s.Step.Params["payment"] == "" {
		if list, err = payments(ctx, sys, s); err != nil {
			return Findings{}, err
		}
	}
	var f Findings
	for _, p := range list {
		if p.Amount.Currency != b.Amount.Currency {
			continue
		}
		st, err := sys.Refunder.ReadRefund(ctx, connector.RefundQuery{Payment: p.Reference, Key: s.Work.Key})
		if err != nil {
			return Findings{}, err
		}
		if st.Found {
			return Findings{
				Found: true, Status: st.Status, Evidence: st.Answer, Reference: p.Reference,
				Ended: st.Stage == connector.RefundDone && st.Amount == b.Amount, Pending: st.Stage == connector.RefundPending, Failed: st.Stage == connector.RefundFailed || st.Amount != b.Amount,
			}, nil
		}
		if f.Reference == "" && p.Amount.Minor-p.Refunded.Minor >= b.Amount.Minor {
			f.Reference = p.Reference
		}
	}
	return f, nil
}

func (k refund) Decide(s Subject, f Findings) (Decision, error) {
	b, ok := s.balance()
	switch {
	case !ok:
		return Decision{}, fault.New(fault.NotFound, "not_found", "balance", s.Work.Item)
	case f.Failed:
		return Decision{}, fault.New(fault.Invalid, "refund.failed")
	case f.Found:
		return Decision{Already: true}, nil
	case f.Reference == "":
		return Decision{}, fault.New(fault.Invalid, "refund.no_payment")
	}
	return Decision{Act: true, Action: Action{System: s.Step.Params["system"], Verb: "refund", Reference: f.Reference, Refund: &connector.RefundInput{Payment: f.Reference, Amount: b.Amount}}}, nil
}

func (k refund) Apply(ctx context.Context, a Action, key string) (Outcome, error) {
	sys, err := k.systems.system(a.System)
	if err != nil {
		return Outcome{}, err
	}
	if sys.Refunder == nil || a.Refund == nil {
		return Outcome{}, fault.Wrap("step.refund", errors.New("neither somebody who refunds nor a sum"))
	}
	in := *a.Refund
	in.Key = key
	r, err := sys.Refunder.Refund(ctx, in)
	return Outcome{Reference: r.Reference, Evidence: r.Answer}, err
}

// Verify reads back that the money was sent. While it is on its way that is
// looked at again.
func (k refund) Verify(ctx context.Context, s Subject) (Proof, error) {
	f, err := k.Observe(ctx, s)
	if err != nil {
		return Proof{}, err
	}
	p := Proof{Holds: f.Ended, Evidence: f.Evidence, Why: "connector.not_so"}
	switch {
	case f.Pending:
		p.Again, p.Why = s.Now.Add(lookAgain), "refund.pending"
	case f.Failed:
		p.Final, p.Why = true, "refund.failed"
	}
	return p, nil
}

// Undo takes nothing back: what was sent is the customer's.
func (refund) Undo(Subject, Findings) (Decision, error) { return Decision{Already: true}, nil }

// VerifyUndo has nothing to read back.
func (refund) VerifyUndo(context.Context, Subject) (Proof, error) { return Proof{Holds: true}, nil }
