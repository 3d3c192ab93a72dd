package breaker

import (
	"context"
	"time"

	"hastaluego/internal/connector"
)

// Watch returns the system behind a breaker of its own.
func (s *Set) Watch(sys connector.System) connector.System {
	b := &breaker{Options: s.o, system: sys.Name}
	s.mu.Lock()
	s.list = append(s.list, b)
	s.mu.Unlock()
	out := connector.System{Name: sys.Name, Titles: sys.Titles, Level: sys.Level, Drive: sys.Drive, Alone: sys.Alone, Checker: sys.Checker, Reporter: sys.Reporter, Processor: sys.Processor}
	if sys.Billing != nil {
		out.Billing = billing{sys.Billing, b}
	}
	if sys.Ender != nil {
		out.Ender = ender{sys.Ender, b}
	}
	if sys.Explainer != nil {
		out.Explainer = explainer{sys.Explainer, b}
	}
	if sys.Pauser != nil {
		out.Pauser = pauser{sys.Pauser, b}
	}
	if sys.Discounter != nil {
		out.Discounter = discounter{sys.Discounter, b}
	}
	if sys.Refunder != nil {
		out.Refunder = refunder{sys.Refunder, b}
	}
	if sys.Ledger != nil {
		out.Ledger = ledger{sys.Ledger, b}
	}
	if sys.Access != nil {
		out.Access = access{sys.Access, b}
	}
	if sys.Prober != nil {
		out.Prober = prober{sys.Prober, b}
	}
	if sys.Lister != nil {
		out.Lister = lister{sys.Lister, b}
	}
	if sys.Narrower != nil {
		out.Narrower = narrower{sys.Narrower, b}
	}
	if sys.Writes != nil {
		out.Writes = writeProber{sys.Writes, b}
	}
	if sys.Charges != nil {
		out.Charges = charges{sys.Charges, b}
	}
	if sys.Every != nil {
		out.Every = every{sys.Every, b}
	}
	if sys.SignIns != nil {
		out.SignIns = signIns{sys.SignIns, b}
	}
	if sys.Actions != nil {
		out.Actions = actions{sys.Actions, b}
	}
	if sys.Exporter != nil {
		out.Exporter = exporter{sys.Exporter, b}
	}
	if sys.Eraser != nil {
		out.Eraser = eraser{sys.Eraser, b}
	}
	if sys.Notifier != nil {
		out.Notifier = notifier{sys.Notifier, b}
	}
	return out
}

type billing struct {
	connector.Billing
	b *breaker
}

func (w billing) ReadSubscription(ctx context.Context, reference string) (connector.SubscriptionState, error) {
	return through(w.b, func() (connector.SubscriptionState, error) { return w.Billing.ReadSubscription(ctx, reference) })
}

func (w billing) CancelSubscription(ctx context.Context, in connector.CancelInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Billing.CancelSubscription(ctx, in) })
}

func (w billing) ResumeSubscription(ctx context.Context, in connector.ResumeInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Billing.ResumeSubscription(ctx, in) })
}

type ender struct {
	connector.Ender
	b *breaker
}

func (w ender) EndSubscription(ctx context.Context, in connector.EndInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Ender.EndSubscription(ctx, in) })
}

type explainer struct {
	connector.Explainer
	b *breaker
}

func (w explainer) StateReason(ctx context.Context, in connector.ReasonInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Explainer.StateReason(ctx, in) })
}

type pauser struct {
	connector.Pauser
	b *breaker
}

func (w pauser) PauseBilling(ctx context.Context, in connector.PauseInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Pauser.PauseBilling(ctx, in) })
}

func (w pauser) ContinueBilling(ctx context.Context, in connector.ResumeInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Pauser.ContinueBilling(ctx, in) })
}

type discounter struct {
	connector.Discounter
	b *breaker
}

func (w discounter) ApplyCoupon(ctx context.Context, in connector.CouponInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Discounter.ApplyCoupon(ctx, in) })
}

func (w discounter) RemoveCoupon(ctx context.Context, in connector.CouponInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Discounter.RemoveCoupon(ctx, in) })
}

type refunder struct {
	connector.Refunder
	b *breaker
}

func (w refunder) ReadRefund(ctx context.Context, q connector.RefundQuery) (connector.RefundState, error) {
	return through(w.b, func() (connector.RefundState, error) { return w.Refunder.ReadRefund(ctx, q) })
}

func (w refunder) Refund(ctx context.Context, in connector.RefundInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Refunder.Refund(ctx, in) })
}

type ledger struct {
	connector.Ledger
	b *breaker
}

func (w ledger) ReadLedger(ctx context.Context, in connector.LedgerInput) (connector.LedgerState, error) {
	return through(w.b, func() (connector.LedgerState, error) { return w.Ledger.ReadLedger(ctx, in) })
}

type eraser struct {
	connector.Eraser
	b *breaker
}

func (w eraser) CountHeld(ctx context.Context, holding, owner string) (connector.HeldCount, error) {
	return through(w.b, func() (connector.HeldCount, error) { return w.Eraser.CountHeld(ctx, holding, owner) })
}

func (w eraser) EraseHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Eraser.EraseHeld(ctx, in) })
}

func (w eraser) DestroyHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Eraser.DestroyHeld(ctx, in) })
}

type notifier struct {
	connector.Notifier
	b *breaker
}

func (w notifier) Notify(ctx context.Context, in connector.NotifyInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Notifier.Notify(ctx, in) })
}

type access struct {
	connector.Access
	b *breaker
}

func (w access) ReadAccess(ctx context.Context, account string) (connector.AccessState, error) {
	return through(w.b, func() (connector.AccessState, error) { return w.Access.ReadAccess(ctx, account) })
}

func (w access) RevokeAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Access.RevokeAccess(ctx, in) })
}

func (w access) RestoreAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Access.RestoreAccess(ctx, in) })
}

type lister struct {
	connector.Lister
	b *breaker
}

func (w lister) ListAccesses(ctx context.Context, owner string) ([]connector.FoundAccess, error) {
	return through(w.b, func() ([]connector.FoundAccess, error) { return w.Lister.ListAccesses(ctx, owner) })
}

type narrower struct {
	connector.Narrower
	b *breaker
}

func (w narrower) ReadReach(ctx context.Context, account string) (connector.Reach, error) {
	return through(w.b, func() (connector.Reach, error) { return w.Narrower.ReadReach(ctx, account) })
}

func (w narrower) NarrowAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Narrower.NarrowAccess(ctx, in) })
}

func (w narrower) WidenAccess(ctx context.Context, in connector.WidenInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Narrower.WidenAccess(ctx, in) })
}

type charges struct {
	connector.Charges
	b *breaker
}

func (w charges) ChargesSince(ctx context.Context, reference string, since time.Time) ([]connector.Charge, error) {
	return through(w.b, func() ([]connector.Charge, error) { return w.Charges.ChargesSince(ctx, reference, since) })
}

type every struct {
	connector.EveryCharge
	b *breaker
}

func (w every) EveryChargeSince(ctx context.Context, since time.Time, pick func([]connector.Charged) ([]bool, error)) ([]connector.ChargedTo, error) {
	var ours error // what picking failed of, which says nothing of the system: it had answered
	list, err := through(w.b, func() ([]connector.ChargedTo, error) {
		list, err := w.EveryCharge.EveryChargeSince(ctx, since, func(of []connector.Charged) (picked []bool, err error) {
			picked, err = pick(of)
			ours = err
			return picked, err
		})
		if ours != nil {
			return nil, nil
		}
		return list, err
	})
	if ours != nil {
		return nil, ours
	}
	return list, err
}

type signIns struct {
	connector.SignIns
	b *breaker
}

func (w signIns) LastSignIn(ctx context.Context, account string) (time.Time, error) {
	return through(w.b, func() (time.Time, error) { return w.SignIns.LastSignIn(ctx, account) })
}

// prober goes to the door that customers use, often another program than the
// API: it waits with the system, but says nothing about it.
type prober struct {
	connector.Prober
	b *breaker
}

func (w prober) ProbeAccess(ctx context.Context, account string) (connector.Probe, error) {
	if err := w.b.waits(); err != nil {
		return connector.Probe{}, err
	}
	return w.Prober.ProbeAccess(ctx, account)
}

type writeProber struct {
	connector.WriteProber
	b *breaker
}

func (w writeProber) ProbeWrite(ctx context.Context, account string) (connector.Probe, error) {
	if err := w.b.waits(); err != nil {
		return connector.Probe{}, err
	}
	return w.WriteProber.ProbeWrite(ctx, account)
}

type actions struct {
	connector.Actions
	b *breaker
}

func (w actions) ReadAction(ctx context.Context, name, reference string) (connector.ActionState, error) {
	return through(w.b, func() (connector.ActionState, error) { return w.Actions.ReadAction(ctx, name, reference) })
}

func (w actions) Act(ctx context.Context, in connector.ActionInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Actions.Act(ctx, in) })
}

func (w actions) TakeBack(ctx context.Context, in connector.ActionInput) (connector.Receipt, error) {
	return through(w.b, func() (connector.Receipt, error) { return w.Actions.TakeBack(ctx, in) })
}
