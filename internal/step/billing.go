package step

import (
	"context"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// billingParams is what a step about a billing system must say.
var billingParams = []playbook.ParamSpec{{Name: "system", Required: true, About: "Name of a system in systems.yaml."}}

// billingJobs is one work per subscription. No system charges an engagement by
// itself.
func billingJobs(s Subject) (jobs []Job) {
	for _, sub := range s.Subscriptions {
		if !sub.Engaged() {
			jobs = append(jobs, Job{Item: string(sub.ID), System: s.Step.Params["system"]})
		}
	}
	return jobs
}

// reader reads one subscription at the system that the step names.
type reader struct{ systems Systems }

func (r reader) billing(s Subject) (connector.Billing, string, error) {
	b, err := r.systems.billing(s.Step.Params["system"])
	if err != nil {
		return nil, "", err
	}
	sub, ok := s.Subscription()
	if !ok {
		return nil, "", fault.New(fault.NotFound, "not_found", "subscription", s.Work.Item)
	}
	return b, sub.Reference, nil
}

func (r reader) Observe(ctx context.Context, s Subject) (Findings, error) {
	b, ref, err := r.billing(s)
	if err != nil {
		return Findings{}, err
	}
	st, err := b.ReadSubscription(ctx, ref)
	if err != nil {
		return Findings{}, err
	}
	return Findings{Found: st.Found, Status: st.Status, Ended: st.Ended, EndsAt: st.EndsAt, PaidTo: st.PaidTo, Evidence: st.Answer}, nil
}

// cancelBilling ends each subscription at the billing system on its last day,
// and reads back that it will end.
type cancelBilling struct{ systems Systems }

func (cancelBilling) Spec() playbook.KindSpec {
	return playbook.KindSpec{Name: "cancel_billing", Verifies: true, Effect: true, Needs: connector.CanBilling, About: "Ends each subscription at the billing system on its last day (the effective date, or the day that its own terms say) and reads back that it will end.", Params: billingParams}
}
func (cancelBilling) Jobs(s Subject) []Job { return billingJobs(s) }

func (k cancelBilling) Info(s Subject) (connector.Info, error) {
	b, _, err := reader(k).billing(s)
	if err != nil {
		return connector.Info{}, err
	}
	return b.Info(), nil
}

func (k cancelBilling) Observe(ctx context.Context, s Subject) (Findings, error) {
	return reader(k).Observe(ctx, s)
}

// endsInTime reports whether the subscription is ended, or will be by the end
// of its last day.
func endsInTime(f Findings, s Subject) bool {
	return f.Ended || !f.EndsAt.IsZero() && (!f.EndsAt.After(s.EndsAt()) || withPeriod(f, s) && f.EndsAt.Equal(f.PaidTo))
}

// sameEnd is how far the end of a period at a billing system may be from that of the
// last day and still be the same: the hour of the renewal, the day on which it is
// counted, and the widths of zones.
const sameEnd = 48 * time.Hour

// withPeriod reports whether a subscription of somebody who leaves at the end of what
// is paid is to end with its period. On a date that lies hours after it, it would
// renew once more.
func withPeriod(f Findings, s Subject) bool {
	return s.Case.When == offboarding.PeriodEnd && !f.PaidTo.IsZero() && f.PaidTo.Sub(s.EndsAt()).Abs() <= sameEnd
}

func (cancelBilling) Decide(s Subject, f Findings) (Decision, error) {
	if !f.Found {
		return Decision{}, fault.New(fault.NotFound, "connector.unknown_reference")
	}
	if endsInTime(f, s) {
		return Decision{Already: true}, nil
	}
	sub, _ := s.Subscription()
	a := Action{System: s.Step.Params["system"], Verb: "cancel", Reference: sub.Reference}
	if end := s.EndsAt(); end.After(s.Now) {
		a.EndsAt, a.Period = end, withPeriod(f, s)
	}
	a.Reason, a.NoCredit = s.Reason, s.GivesBack
	return Decision{Act: true, Action: a}, nil
}

func (k cancelBilling) Apply(ctx context.Context, a Action, key string) (Outcome, error) {
	b, err := k.systems.billing(a.System)
	if err != nil {
		return Outcome{}, err
	}
	var r connector.Receipt
	if a.Verb == "resume" {
		r, err = b.ResumeSubscription(ctx, connector.ResumeInput{Reference: a.Reference, Key: key})
	} else {
		r, err = b.CancelSubscription(ctx, connector.CancelInput{
			Reference: a.Reference, EndsAt: a.EndsAt, Period: a.Period, Reason: connector.StatedReason{Code: a.Reason}, NoCredit: a.NoCredit, Key: key,
		})
	}
	return Outcome{Reference: r.Reference, Evidence: r.Answer}, err
}

func (k cancelBilling) Verify(ctx context.Context, s Subject) (Proof, error) {
	f, err := k.Observe(ctx, s)
	return Proof{Holds: f.Found && endsInTime(f, s), Evidence: f.Evidence, Why: "connector.not_so"}, err
}

func (cancelBilling) Undo(s Subject, f Findings) (Decision, error) {
	if renews(f) {
		return Decision{Already: true}, nil
	}
	sub, _ := s.Subscription()
	return Decision{Act: true, Action: Action{System: s.Step.Params["system"], Verb: "resume", Reference: sub.Reference}}, nil
}

// renews reports whether the subscription goes on.
func renews(f Findings) bool { return f.Found && !f.Ended && f.EndsAt.IsZero() }

func (k cancelBilling) VerifyUndo(ctx context.Context, s Subject) (Proof, error) {
	f, err := k.Observe(ctx, s)
	return Proof{Holds: renews(f), Evidence: f.Evidence, Why: "connector.not_so"}, err
}

// verifyBilling reads back, after their last days, that subscriptions have really
// ended. It never writes.
type verifyBilling struct{ systems Systems }

func (verifyBilling) Spec() playbook.KindSpec {
	return playbook.KindSpec{Name: "verify_billing", Verifies: true, Needs: connector.CanBilling, About: "Reads back after the effective date, and after the last day of each subscription where that is later, that it has ended; never writes.", Params: billingParams}
}
func (verifyBilling) Jobs(s Subject) []Job { return billingJobs(s) }

func (k verifyBilling) Info(s Subject) (connector.Info, error) { return cancelBilling(k).Info(s) }

// graceOfEnding is how long after the last day a billing system may
// take to say that a subscription has ended, before a person is asked.
const graceOfEnding = 24 * time.Hour

func (k verifyBilling) Verify(ctx context.Context, s Subject) (Proof, error) {
	f, err := reader(k).Observe(ctx, s)
	if err != nil {
		return Proof{}, err
	}
	p := Proof{Holds: f.Found && f.Ended, Evidence: f.Evidence, Why: "connector.not_ended"}
	if end := s.EndsAt(); !p.Holds && s.Now.Before(end) {
		p.Again = end
	} else if !p.Holds && s.Now.Before(end.Add(graceOfEnding)) {
		p.Again = s.Now.Add(15 * time.Minute)
	}
	return p, nil
}
