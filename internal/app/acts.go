package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
	"hastaluego/internal/withdrawal"
)

// ActsView is which acts are open to a customer about their contracts, and what
// each would bring back: never more than is sure.
type ActsView struct {
	Withdraw  []ActLine // of the contracts that can surely be withdrawn from; none: only ending is open
	Terminate []ActLine // the same contracts, ended today instead
	Until     time.Time // the first instant after the soonest right; zero: no end
	RefundBy  when.Date // the last day for the refund; zero: the law says none

	law *jurisdiction.Effective // of the first
}

// Labels are the words of the two buttons for a reader of the language.
func (v ActsView) Labels(lang string) (function, confirm withdrawal.Label) {
	if v.law == nil {
		return function, confirm
	}
	return withdrawal.Labels(v.law, lang)
}

// ActLine is one contract, and what comes back.
type ActLine struct {
	RefundLine
	Until time.Time
}

// Open reports whether both acts are.
func (v ActsView) Open() bool { return len(v.Withdraw) > 0 }

func (v ActsView) sums(lines []ActLine) []money.Amount {
	plain := make([]RefundLine, len(lines))
	for i, l := range lines {
		plain[i] = l.RefundLine
	}
	return backs(plain)
}

// Withdrawn and Ended are what comes back, by currency, in the same order.
func (v ActsView) Withdrawn() []money.Amount { return v.sums(v.Withdraw) }

// Ended is what comes back if the same contracts are ended today.
func (v ActsView) Ended() []money.Amount { return v.sums(v.Terminate) }

// Best is the act that brings back more in every currency; empty where they
// bring the same, or each more of another.
func (v ActsView) Best() offboarding.LegalAct {
	var best offboarding.LegalAct
	ended := v.Ended()
	for i, w := range v.Withdrawn() {
		act := offboarding.LegalAct("")
		switch {
		case i >= len(ended) || w.Minor > ended[i].Minor:
			act = offboarding.Withdrawal
		case w.Minor < ended[i].Minor:
			act = offboarding.Termination
		default:
			continue
		}
		if best != "" && best != act {
			return ""
		}
		best = act
	}
	return best
}

// ActsOpen is which acts are open to a customer now about the contracts, all of
// theirs if none is named.
func (a *App) ActsOpen(ctx context.Context, cid customer.ID, subs ...customer.SubscriptionID) (v ActsView, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		v, err = a.acts(ctx, tx, cid, subs...)
		return err
	})
	return v, err
}

func (a *App) acts(ctx context.Context, tx Tx, cid customer.ID, subs ...customer.SubscriptionID) (v ActsView, err error) {
	cus, err := tx.FindCustomer(ctx, cid)
	if err != nil {
		return v, err
	}
	all, err := tx.SubscriptionsOf(ctx, cid)
	if err != nil {
		return v, err
	}
	for _, s := range wanted(all, offboarding.Request{Subscriptions: subs}) {
		if err := a.addActs(&v, cus, s, tx.Now()); err != nil {
			return v, err
		}
	}
	return v, nil
}

// addActs adds a contract if it can surely be withdrawn from.
func (a *App) addActs(v *ActsView, cus customer.Customer, s customer.Subscription, at time.Time) error {
	zone := a.Company().Zone
	today := when.DateOf(at, zone)
	right, law, _, err := a.rightOf(cus, s, at)
	if err != nil || right.State != withdrawal.Open {
		return err
	}
	if v.law == nil {
		v.law = law
	}
	undone, err := refundLine(s, law, today, today)
	if err != nil {
		return err
	}
	law, _, err = a.actLaw(offboarding.Termination, cus, s, at)
	if err != nil {
		return err
	}
	ended, err := refundLine(s, law, today, today.AddDays(1))
	if err != nil {
		return err
	}
	v.Withdraw = append(v.Withdraw, ActLine{undone, right.Until})
	v.Terminate = append(v.Terminate, ActLine{RefundLine: ended})
	if !right.Until.IsZero() && (v.Until.IsZero() || right.Until.Before(v.Until)) {
		v.Until = right.Until
	}
	w, err := a.decide(offboarding.Request{Act: offboarding.Withdrawal, ReceivedAt: at}, cus, []customer.Subscription{s})
	if err != nil || w.RefundBy.IsZero() {
		return err
	}
	if day := when.DateOf(w.RefundBy.Add(-time.Microsecond), zone); v.RefundBy.IsZero() || day.Before(v.RefundBy) {
		v.RefundBy = day
	}
	return nil
}

// WithdrawInstead lets a customer whose departure was registered as a
// termination withdraw from the contracts of which that is still possible. It
// is a declaration of its own, with its instant, code and receipt; what was
// begun goes on. It fails with fault.Blocked where nothing can be withdrawn from.
func (a *App) WithdrawInstead(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		c, err := tx.FindCase(ctx, l.Case)
		if err != nil {
			return err
		}
		open, err := a.actsInstead(ctx, tx, c)
		if err != nil {
			return err
		}
		if !open.Open() {
			return fault.New(fault.Blocked, "withdrawal.closed")
		}
		began, err := tx.FindRequest(ctx, c.Request)
		if err != nil {
			return err
		}
		r := began
		r.ID, r.Code, r.State, r.Channel, r.Act = offboarding.RequestID(id.New("req")), id.NewCode(), offboarding.RequestReceived, offboarding.Public, offboarding.Withdrawal
		r.Nonce, r.When, r.ReceivedAt, r.Ending, r.EndsOn, r.Via, r.Paper, r.EnteredAt = string(r.ID), offboarding.Now, tx.Now(), "", when.Date{}, "", "", time.Time{}
		r.Customer, r.Case, r.MatchedAt, r.VerifiedAt, r.VerifiedBy = c.Customer, c.ID, time.Time{}, time.Time{}, ""
		r.Subscriptions = nil
		for _, x := range open.Withdraw {
			r.Subscriptions = append(r.Subscriptions, x.Subscription)
		}
		if r, _, err = tx.InsertRequest(ctx, r); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"request.received", "customer", string(r.ID), string(r.ID), map[string]any{
			"code": r.Code, "channel": string(r.Channel), "act": string(r.Act), "when": string(r.When),
		}}); err != nil {
			return err
		}
		if err := r.To(offboarding.RequestMatched); err != nil {
			return err
		}
		r.MatchedAt = tx.Now()
		return a.verify(ctx, tx, &r, "link.case")
	})
}

// actsInstead is which acts are open in a departure that is a termination: none
// where it is a withdrawal already, is over, or the company began it.
func (a *App) actsInstead(ctx context.Context, tx Tx, c offboarding.Case) (v ActsView, err error) {
	if !slices.Contains([]offboarding.CaseState{offboarding.CaseRegistered, offboarding.CaseOpen, offboarding.CaseClosed}, c.State) {
		return v, nil
	}
	if _, err := tx.WithdrawalOf(ctx, c.ID); fault.KindOf(err) != fault.NotFound {
		return v, err
	}
	cus, err := tx.FindCustomer(ctx, c.Customer)
	if err != nil {
		return v, err
	}
	all, err := tx.SubscriptionsOf(ctx, c.Customer)
	if err != nil {
		return v, err
	}
	for _, s := range pick(all, c.Subscriptions) {
		if err := a.addActs(&v, cus, s, tx.Now()); err != nil {
			return v, err
		}
	}
	return v, nil
}
