package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/when"
	"hastaluego/internal/withdrawal"
)

// Withdrawal is what became of a declaration of withdrawal in one departure. It
// is one where its right stands (withdrawal.Right.Stands); else the departure is
// a termination, and this says why.
type Withdrawal struct {
	Case       offboarding.CaseID
	Request    offboarding.RequestID
	State      withdrawal.State
	DeclaredAt time.Time
	Until      time.Time // the first instant after the right; zero: it has no end, or there was none
	RefundBy   time.Time // the first instant at which the refund is late; zero: the law says none
	Grounds
}

// Grounds are why it is so, and what comes back.
type Grounds struct {
	Rule    string       `json:"rule,omitempty"`
	Cite    string       `json:"cite,omitempty"`
	Missing []string     `json:"missing,omitempty"` // what would decide, of a doubt
	Refunds []RefundLine `json:"refunds,omitempty"`
	By      string       `json:"refund_rule,omitempty"` // the rule that sets RefundBy
	// Duties are the time limits that the law counts from the declaration: frozen
	// with it, as those of the departure are with that.
	Duties []limit.Duty `json:"duties,omitempty"`
}

// RefundLine is what comes back of one contract. Where nothing recurs only
// people know what was paid: Unknown.
type RefundLine struct {
	Subscription customer.SubscriptionID `json:"subscription"`
	Product      string                  `json:"product"`
	Reference    string                  `json:"reference"`
	Unknown      bool                    `json:"unknown,omitempty"`
	withdrawal.Refund
}

// Stands reports whether the departure is a withdrawal.
func (w Withdrawal) Stands() bool { return w.State == withdrawal.Open || w.State == withdrawal.Doubt }

// Back is what comes back, by currency.
func (w Withdrawal) Back() []money.Amount { return backs(w.Refunds) }

func backs(lines []RefundLine) (out []money.Amount) {
	for _, l := range lines {
		i := slices.IndexFunc(out, func(m money.Amount) bool { return m.Currency == l.Back.Currency })
		switch {
		case l.Unknown || l.Back.Currency == "":
		case i < 0:
			out = append(out, l.Back)
		default:
			out[i].Minor += l.Back.Minor
		}
	}
	return out
}

// WithdrawalTx keeps them.
type WithdrawalTx interface {
	// InsertWithdrawal stores it unless the departure has one; false: it has.
	InsertWithdrawal(ctx context.Context, w Withdrawal) (stored bool, err error)
	WithdrawalOf(ctx context.Context, c offboarding.CaseID) (Withdrawal, error)
}

// actLaw is the law of an act of a customer about one contract, and what
// happened that its times count from.
func (a *App) actLaw(act offboarding.LegalAct, cus customer.Customer, s customer.Subscription, at time.Time) (*jurisdiction.Effective, map[string]time.Time, error) {
	zone := a.Company().Zone
	day := when.DateOf(at, zone)
	facts := a.lawFacts(CaseView{Customer: cus, Lines: []customer.Subscription{s}}, day)
	facts["request.act"] = string(act)
	law, err := a.Law().Effective(a.Law().Select(facts), facts, day)
	if err != nil {
		return nil, nil, err
	}
	begun := s.Start.Start(zone)
	happened := map[string]time.Time{
		"contract.concluded": begun, "service.contracted": begun, "request.submitted": at, "withdrawal.submitted": at, "withdrawal.informed": at,
	}
	if trial, _ := facts["contract.trial_days"].(int64); trial > 0 {
		happened["trial.end"] = s.Start.AddDays(int(trial)).Start(zone)
	}
	return law, happened, nil
}

// rightOf is the right of a customer to withdraw from a contract at an instant.
func (a *App) rightOf(cus customer.Customer, s customer.Subscription, at time.Time) (withdrawal.Right, *jurisdiction.Effective, map[string]time.Time, error) {
	law, happened, err := a.actLaw(offboarding.Withdrawal, cus, s, at)
	if err != nil {
		return withdrawal.Right{}, nil, nil, err
	}
	return withdrawal.RightOf(law, happened, at, a.calendars, a.Company().Zone), law, happened, nil
}

// refundLine is what comes back of a contract that ends with the last day that
// is still to be paid for, or before any if it is zero.
func refundLine(s customer.Subscription, law *jurisdiction.Effective, asked, free when.Date) (RefundLine, error) {
	l := RefundLine{Subscription: s.ID, Product: s.Product, Reference: s.Reference}
	paid, known := withdrawal.PaidUntil(s, asked)
	way, cite := withdrawal.WayOf(law)
	var err error
	l.Refund, err = withdrawal.Compute(way, paid, free)
	l.Unknown, l.Cite = !known, cite
	return l, fault.Wrap("app.refundLine", err)
}

// decide says what a declaration of withdrawal is for the contracts.
func (a *App) decide(r offboarding.Request, cus customer.Customer, subs []customer.Subscription) (Withdrawal, error) {
	zone := a.Company().Zone
	asked := when.DateOf(r.ReceivedAt, zone)
	w := Withdrawal{Request: r.ID, State: withdrawal.None, DeclaredAt: r.ReceivedAt}
	for _, s := range subs {
		right, law, happened, err := a.rightOf(cus, s, r.ReceivedAt)
		if err != nil {
			return w, err
		}
		if better(right.State, w.State) {
			w.State, w.Until, w.Rule, w.Cite, w.Missing = right.State, right.Until, right.Rule, right.Cite, right.Missing
		}
		if !right.Stands() {
			continue
		}
		l, err := refundLine(s, law, asked, asked)
		if err != nil {
			return w, err
		}
		w.Refunds = append(w.Refunds, l)
		if most, ok := law.Of("refund.max"); ok && most.Outcome == jurisdiction.Settled {
			if d, ok := most.Deadline(happened, a.calendars, zone); ok && (w.RefundBy.IsZero() || d.End.Before(w.RefundBy)) {
				w.RefundBy, w.By = d.End, most.By[0].Rule.ID
				w.Duties = limit.FromEvents(limit.Duties(law), withdrawalEvents...)
			}
		}
	}
	return w, nil
}

// withdrawalEvents are what time limits count from that a declaration of
// withdrawal sets going.
var withdrawalEvents = []string{"withdrawal.submitted", "withdrawal.informed"}

// happened is when they happened: the declaration is both, for it informs the
// company of itself the instant at which it arrives (Directive 2011/83/EU, art.
// 11 and 13(1)).
func (w Withdrawal) happened() map[string]time.Time {
	at := map[string]time.Time{}
	for _, e := range withdrawalEvents {
		at[e] = w.DeclaredAt
	}
	return at
}

// unknown reports whether something comes back of which only people know how
// much.
func (w Withdrawal) unknown() bool {
	return slices.ContainsFunc(w.Refunds, func(l RefundLine) bool { return l.Unknown })
}

// standing is the withdrawal of a departure, if there is one that stands.
func standing(ctx context.Context, tx Tx, c offboarding.CaseID) (w Withdrawal, ok bool, err error) {
	w, err = tx.WithdrawalOf(ctx, c)
	if fault.KindOf(err) == fault.NotFound {
		return w, false, nil
	}
	return w, err == nil && w.Stands(), err
}

// better reports whether a right is better for the customer than another.
func better(a, b withdrawal.State) bool {
	order := []withdrawal.State{withdrawal.None, withdrawal.Over, withdrawal.Doubt, withdrawal.Open}
	return slices.Index(order, a) > slices.Index(order, b)
}

// undone are the contracts that a declaration of withdrawal means: the one whose
// number was typed, else those that can still be withdrawn from, else all.
func (a *App) undone(r offboarding.Request, cus customer.Customer, subs []customer.Subscription) ([]customer.Subscription, error) {
	if r.Act != offboarding.Withdrawal || len(r.Subscriptions) > 0 {
		return subs, nil
	}
	for _, s := range subs {
		if r.Reference != "" && customer.Fold(s.Reference) == customer.Fold(r.Reference) {
			return []customer.Subscription{s}, nil
		}
	}
	stand, _, err := a.apart(r, cus, subs)
	if err != nil || len(stand) == 0 {
		return subs, err
	}
	return stand, nil
}

// actOf is what a request is for contracts of which none was told apart.
func (a *App) actOf(r offboarding.Request, cus customer.Customer, subs []customer.Subscription) (offboarding.LegalAct, error) {
	stand, _, err := a.apart(r, cus, subs)
	if err != nil || len(stand) == 0 {
		return offboarding.Termination, err
	}
	return offboarding.Withdrawal, nil
}

// apart tells the contracts that a declaration withdraws from from those that
// it ends.
func (a *App) apart(r offboarding.Request, cus customer.Customer, subs []customer.Subscription) (stand, rest []customer.Subscription, err error) {
	if r.Act != offboarding.Withdrawal {
		return nil, subs, nil
	}
	for _, s := range subs {
		right, _, _, err := a.rightOf(cus, s, r.ReceivedAt)
		if err != nil {
			return nil, nil, err
		}
		if right.Stands() {
			stand = append(stand, s)
		} else {
			rest = append(rest, s)
		}
	}
	return stand, rest, nil
}

// declareWithdrawal writes down what a declaration of withdrawal is in a departure; once.
func (a *App) declareWithdrawal(ctx context.Context, tx Tx, r offboarding.Request, c offboarding.Case, cus customer.Customer, subs []customer.Subscription) error {
	if r.Act != offboarding.Withdrawal {
		return nil
	}
	w, err := a.decide(r, cus, subs)
	if err != nil {
		return err
	}
	w.Case = c.ID
	if fresh, err := tx.InsertWithdrawal(ctx, w); err != nil || !fresh {
		return err
	}
	args := map[string]any{"request": string(r.ID), "state": string(w.State), "rule": w.Rule, "missing": w.Missing}
	if !w.Until.IsZero() {
		args["until"] = w.Until.UTC().Format(time.RFC3339)
	}
	return a.record(ctx, tx, fact{"withdrawal.declared", "customer", string(c.ID), string(c.Customer), args})
}

// alsoWithdraw does so in departures that were there before the declaration was
// proved: what was a termination becomes a withdrawal beside it, with its refund.
func (a *App) alsoWithdraw(ctx context.Context, tx Tx, r offboarding.Request, cases []offboarding.CaseID) error {
	if r.Act != offboarding.Withdrawal {
		return nil
	}
	cus, err := tx.FindCustomer(ctx, r.Customer)
	if err != nil {
		return err
	}
	all, err := tx.SubscriptionsOf(ctx, r.Customer)
	if err != nil {
		return err
	}
	for _, cid := range cases {
		p, err := tx.FindPlan(ctx, cid)
		if err != nil {
			return err
		}
		if err := a.declareWithdrawal(ctx, tx, r, p.Case, cus, pick(all, p.Case.Subscriptions)); err != nil {
			return err
		}
		if p.Case.State != offboarding.CaseOpen && p.Case.State != offboarding.CaseClosed {
			continue // its refund is proposed when it opens
		}
		if err := a.refundWithdrawal(ctx, tx, &p); err != nil {
			return err
		}
		if err := a.settle(ctx, tx, &p, "customer"); err != nil {
			return err
		}
	}
	return nil
}

// refundWithdrawal writes down what comes back after a withdrawal as sums that
// the company owes, and asks a person to pay them in time. Again it changes
// nothing.
func (a *App) refundWithdrawal(ctx context.Context, tx Tx, p *offboarding.Plan) error {
	w, err := tx.WithdrawalOf(ctx, p.Case.ID)
	if fault.KindOf(err) == fault.NotFound || err == nil && !w.Stands() {
		return nil
	}
	if err != nil {
		return err
	}
	due := when.DateOf(w.DeclaredAt, a.Company().Zone)
	if !w.RefundBy.IsZero() {
		due = when.DateOf(w.RefundBy.Add(-time.Microsecond), a.Company().Zone)
	}
	for _, l := range w.Refunds {
		if l.Back.Minor <= 0 {
			continue
		}
		ref := fmt.Sprintf("%s/%s/withdrawal", p.Case.Code, l.Reference)
		fresh, err := tx.InsertBalances(ctx, customer.Balance{
			ID: customer.BalanceID(id.New("bal")), Customer: p.Case.Customer, Reference: ref, Kind: customer.Refund,
			About: l.Product, Amount: l.Back, DueOn: due, Status: customer.Due,
		})
		if err != nil {
			return err
		}
		if fresh == 0 {
			continue // this one stands already; of the others that is not known
		}
		if err := a.record(ctx, tx, fact{"refund.proposed", "engine", string(p.Case.ID), string(p.Case.Customer), map[string]any{
			"reference": ref, "on": due.String(), "minor": l.Back.Minor, "currency": l.Back.Currency,
		}}); err != nil {
			return err
		}
	}
	if len(w.Refunds) == 0 {
		return nil
	}
	name := "withdrawal_refund"
	if w.State == withdrawal.Doubt {
		name = "withdrawal_doubt"
	}
	s := playbook.House(name)
	s.ID = offboarding.StepID(id.New("step"))
	if !w.RefundBy.IsZero() {
		s.Due = w.RefundBy
	}
	return p.Ask(s, tx.Now())
}
