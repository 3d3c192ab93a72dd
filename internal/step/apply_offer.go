package step

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
)

// applyOffer does at the billing system what a customer accepted instead of leaving:
// it gives the subscription a discount, or lets it rest until a day, and reads that
// back. The house asks for it; what ends the departure waits for what was read.
type applyOffer struct{ systems Systems }

// How an offer is applied.
const (
	OfferCoupon = "coupon"
	OfferPause  = "pause"
)

func (applyOffer) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "apply_offer", Verifies: true, Effect: true, Needs: connector.CanBilling,
		About: "Does at a billing system what a customer accepted instead of leaving, a discount or a pause, and reads it back. The house asks for it when something is accepted; a playbook has no use for it.",
		Params: append(slices.Clone(billingParams),
			playbook.ParamSpec{Name: "apply", Required: true, Enum: []string{OfferCoupon, OfferPause}, About: "What is done."},
			playbook.ParamSpec{Name: "coupon", About: "Number of the discount at the system."},
			playbook.ParamSpec{Name: "until", About: "Instant until which it rests (RFC 3339)."}),
	}
}

func (applyOffer) Jobs(s Subject) []Job { return billingJobs(s) }

func (k applyOffer) system(s Subject) (connector.System, string, error) {
	name := s.Step.Params["system"]
	sys, err := k.systems.system(name)
	switch apply := s.Step.Params["apply"]; {
	case err != nil:
	case sys.Billing == nil:
		err = lacks(name, connector.CanBilling)
	case apply == OfferCoupon && sys.Discounter == nil:
		err = lacks(name, connector.CanDiscount)
	case apply == OfferPause && sys.Pauser == nil:
		err = lacks(name, connector.CanPause)
	}
	if err != nil {
		return sys, "", err
	}
	sub, ok := s.Subscription()
	if !ok {
		return sys, "", fault.New(fault.NotFound, "not_found", "subscription", s.Work.Item)
	}
	return sys, sub.Reference, nil
}

func (k applyOffer) Info(s Subject) (connector.Info, error) {
	sys, _, err := k.system(s)
	switch {
	case err != nil:
		return connector.Info{}, err
	case s.Step.Params["apply"] == OfferPause:
		return sys.Pauser.Info(), nil
	}
	return sys.Discounter.Info(), nil
}

// Observe tells whether it is applied (Ended), or as it was before (Back).
func (k applyOffer) Observe(ctx context.Context, s Subject) (Findings, error) {
	sys, ref, err := k.system(s)
	if err != nil {
		return Findings{}, err
	}
	st, err := sys.Billing.ReadSubscription(ctx, ref)
	if err != nil {
		return Findings{}, err
	}
	f := Findings{Found: st.Found, Status: st.Status, Evidence: st.Answer}
	switch until, _ := time.Parse(time.RFC3339, s.Step.Params["until"]); s.Step.Params["apply"] {
	case OfferPause:
		f.Ended, f.Back = st.Paused && st.Until.Equal(until), !st.Paused
	default:
		f.Ended = slices.Contains(st.Coupons, s.Step.Params["coupon"])
		f.Back = !f.Ended
	}
	f.Ended = f.Ended && st.Found && !st.Ended
	return f, nil
}

func (k applyOffer) Decide(s Subject, f Findings) (Decision, error) {
	if !f.Found {
		return Decision{}, fault.New(fault.NotFound, "connector.unknown_reference")
	}
	if f.Ended {
		return Decision{Already: true}, nil
	}
	return k.act(s, s.Step.Params["apply"])
}

func (applyOffer) act(s Subject, verb string) (Decision, error) {
	sub, _ := s.Subscription()
	a := Action{System: s.Step.Params["system"], Verb: verb, Name: s.Step.Params["coupon"], Reference: sub.Reference}
	if verb == OfferPause {
		until, err := time.Parse(time.RFC3339, s.Step.Params["until"])
		if err != nil {
			return Decision{}, fault.Wrap("step.apply_offer", err)
		}
		a.EndsAt = until
	}
	return Decision{Act: true, Action: a}, nil
}

// What takes it back.
const (
	offerRemove   = "remove"
	offerContinue = "continue"
)

func (k applyOffer) Apply(ctx context.Context, a Action, key string) (Outcome, error) {
	sys, err := k.systems.system(a.System)
	if err != nil {
		return Outcome{}, err
	}
	var r connector.Receipt
	switch coupon := (connector.CouponInput{Reference: a.Reference, Coupon: a.Name, Key: key}); a.Verb {
	case OfferPause:
		r, err = sys.Pauser.PauseBilling(ctx, connector.PauseInput{Reference: a.Reference, Until: a.EndsAt, Key: key})
	case offerContinue:
		r, err = sys.Pauser.ContinueBilling(ctx, connector.ResumeInput{Reference: a.Reference, Key: key})
	case offerRemove:
		r, err = sys.Discounter.RemoveCoupon(ctx, coupon)
	default:
		r, err = sys.Discounter.ApplyCoupon(ctx, coupon)
	}
	return Outcome{Reference: r.Reference, Evidence: r.Answer}, err
}

func (k applyOffer) Verify(ctx context.Context, s Subject) (Proof, error) {
	f, err := k.Observe(ctx, s)
	return Proof{Holds: f.Ended, Evidence: f.Evidence, Why: "connector.not_so"}, err
}

func (k applyOffer) Undo(s Subject, f Findings) (Decision, error) {
	if f.Back || !f.Found { // of what is gone nothing is left to take back
		return Decision{Already: true}, nil
	}
	if s.Step.Params["apply"] == OfferPause {
		return k.act(s, offerContinue)
	}
	return k.act(s, offerRemove)
}

func (k applyOffer) VerifyUndo(ctx context.Context, s Subject) (Proof, error) {
	f, err := k.Observe(ctx, s)
	return Proof{Holds: f.Back || !f.Found, Evidence: f.Evidence, Why: "connector.not_so"}, err
}
