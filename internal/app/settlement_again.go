package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/settlement"
)

// againKey begins the name of the step by which finance signs a statement anew,
// because something happened after it had been told.
const againKey = "statement_again"

// asksAgain reports whether a step of the house is one by which finance signs a
// statement anew.
func asksAgain(s *offboarding.Step) bool {
	return s.Spec.House && strings.HasPrefix(s.Key, againKey)
}

// Replaced is what a statement says of the one that it stands in the place of.
type Replaced struct {
	At    time.Time // of the one before
	New   []settlement.Line
	Gone  []settlement.Line
	Whole bool // nothing was open before
}

// ended looks once more at the statement of a departure whose contract has ended:
// what it says then is what counts. Billing systems are asked first.
func (a *App) ended(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
	if !a.settled(p) {
		return nil
	}
	cus, err := tx.FindCustomer(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	all, err := tx.SubscriptionsOf(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	if !p.Case.Test {
		if ask, err := a.unread(ctx, tx, cus, pick(all, p.Case.Subscriptions), stepFresh, true); err != nil {
			return err
		} else if len(ask) > 0 {
			return a.askBooks(ctx, tx, p.Case.ID, "ended:"+string(s.ID))
		}
	}
	return a.compareAtEnd(ctx, tx, p)
}

// settled reports whether a step of the plan has made the statement, or found nothing
// open.
func (a *App) settled(p *offboarding.Plan) bool {
	return p.Case.Customer != "" && slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool {
		kind, known := a.kinds[s.Kind]
		return known && kind.Spec().Settles && (s.State == offboarding.StepRunning || s.State == offboarding.StepDone)
	})
}

// compareAtEnd draws the statement of a departure whose contract has ended again.
// Where it is not what was told, finance is asked to sign it anew, nobody is reminded
// of anything meanwhile, and nothing is given back or erased; where it is the same,
// nobody is asked and nothing is sent.
func (a *App) compareAtEnd(ctx context.Context, tx Tx, p *offboarding.Plan) error {
	if p.Case.State != offboarding.CaseOpen || p.Case.EffectiveAt.IsZero() || !a.settled(p) {
		return nil
	}
	if gone, err := wasErased(ctx, tx, p.Case.Customer); err != nil || gone {
		return err
	}
	x, err := statementIfAny(ctx, tx, p.Case.ID)
	if err != nil || x.Version > 0 && !x.MayAnswer() && x.State != StatementAccepted {
		return err // somebody of finance is asked already
	}
	now, err := a.draw(ctx, tx, *p, asTold(x.Doc))
	if err != nil {
		return err
	}
	fresh, gone := a.differ(p.Case, x.Doc, now)
	if len(fresh)+len(gone) == 0 {
		return nil
	}
	if x.Version == 0 {
		x = CaseStatement{Case: p.Case.ID, State: StatementDrawn, MadeAt: tx.Now(), Doc: now}
	} else if err := x.to(StatementChanged); err != nil {
		return err
	}
	if err := tx.PutStatement(ctx, x); err != nil {
		return err
	}
	ask := playbook.House(againKey)
	ask.ID = offboarding.StepID(id.New("step"))
	if p.Step(ask.Key) != nil {
		ask.Key = fmt.Sprintf("%s_%d", ask.Key, x.Version)
	}
	if slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool { return s.Milestone == settledStop }) {
		ask.Milestone = settledStop
	}
	a.eraseAfter(p, ask.Key)
	if err := p.Ask(ask, tx.Now()); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"statement.changed", "engine", string(p.Case.ID), string(p.Case.Customer), map[string]any{"told": totals(x.Doc), "totals": totals(now)}})
}

// settledStop is the stop of a departure by which its money is settled.
const settledStop = "settled"

// eraseAfter has what erases wait for a step, if its turn has not come.
func (a *App) eraseAfter(p *offboarding.Plan, key string) {
	for i := range p.Steps {
		s := &p.Steps[i]
		if kind, known := a.kinds[s.Kind]; known && kind.Spec().Erases && s.State == offboarding.StepWaiting && !slices.Contains(s.After, key) {
			s.After = append(s.After, key)
		}
	}
}

// asTold takes what is recorded as if nothing of what a statement asks or gives back
// had been paid since: a payment changes what is left, not what was said.
func asTold(told Statement) func([]customer.Balance) []customer.Balance {
	open := func(ref string) bool {
		for _, s := range told.Sections {
			if slices.ContainsFunc(s.Lines, func(l settlement.Line) bool { return l.Ref == ref && isSum(l) }) {
				return true
			}
		}
		return false
	}
	return func(list []customer.Balance) []customer.Balance {
		list = slices.Clone(list)
		for i := range list {
			b := &list[i]
			if !open(b.Reference) || b.Status != customer.Due && b.Status != customer.Paid && b.Status != customer.WrittenOff {
				continue
			}
			b.Status = customer.Due
			for _, part := range list { // which stand on no statement of their own
				if part.Status == customer.Paid && part.Kind == b.Kind && strings.HasPrefix(part.Reference, partsOf(b.Reference)) && part.Amount.Currency == b.Amount.Currency {
					b.Amount.Minor, b.Tax = b.Amount.Minor+part.Amount.Minor, b.Tax+part.Tax
					if b.Kind == customer.Usage {
						b.Used.Price, b.Used.Quantity, b.Used.Per, b.Used.Free = b.Amount.Minor, 1, 1, 0
					}
				}
			}
		}
		return slices.DeleteFunc(list, func(b customer.Balance) bool {
			base, _, part := cutLast(b.Reference)
			return part && b.Status == customer.Paid && open(base)
		})
	}
}

// cutLast cuts a number at its last part.
func cutLast(ref string) (base, name string, ok bool) {
	i := strings.LastIndex(ref, partsOf(""))
	if i < 0 {
		return ref, "", false
	}
	return ref[:i], ref[i+1:], true
}

// isSum reports whether a line is a sum that stands on record or in books, which
// somebody pays.
func isSum(l settlement.Line) bool {
	switch l.Kind {
	case settlement.LineInvoice, settlement.LineUsage, settlement.LineCharge, settlement.LineCredit, settlement.LineDeposit:
		return true
	case settlement.LineRefund:
		return l.Why == "promised"
	}
	return false
}

// differ are the lines of a statement that the one that was told has not, and those
// of that one which are not in it any more. What a statement of the departure gave back
// or was paid is in neither. What the customer owed by books and is not in them any
// more was paid there.
func (a *App) differ(c offboarding.Case, told, now Statement) (fresh, gone []settlement.Line) {
	lines := func(s Statement) (list []settlement.Line) {
		for _, x := range s.Sections {
			for _, l := range x.Lines {
				if !ofStatements(l.Ref, c.Code) {
					list = append(list, l)
				}
			}
		}
		return list
	}
	gone = lines(told)
	for _, l := range lines(now) {
		if i := slices.IndexFunc(gone, func(o settlement.Line) bool { return sameLine(l, o) }); i >= 0 {
			gone = slices.Delete(gone, i, i+1)
			continue
		}
		fresh = append(fresh, l)
	}
	if slices.ContainsFunc(told.From, func(f FiguresFrom) bool { return f.Failed == "" }) {
		gone = slices.DeleteFunc(gone, func(l settlement.Line) bool {
			return isSum(l) && l.Amount.Minor < 0 && !slices.ContainsFunc(fresh, func(o settlement.Line) bool { return o.Ref == l.Ref })
		})
	}
	return fresh, gone
}

// sameLine reports whether two lines say the same of the same thing.
func sameLine(x, y settlement.Line) bool {
	return x.Kind == y.Kind && x.Contract == y.Contract && x.Ref == y.Ref && x.From == y.From && x.Until == y.Until && x.Quantity == y.Quantity && x.Amount == y.Amount && x.Tax == y.Tax
}

// drawAnew makes a statement that was told once more, with what is different in it.
// What the customer owes is due no sooner than whoever is told it now has time to pay.
func (a *App) drawAnew(ctx context.Context, tx Tx, p *offboarding.Plan, x *CaseStatement) error {
	told, at := x.Doc, x.MadeAt
	var err error
	if x.Doc, err = a.draw(ctx, tx, *p, nil); err != nil {
		return err
	}
	x.MadeAt = tx.Now()
	switch x.State {
	case StatementChanged:
		if soonest := a.today(tx).AddDays(settlement.DaysToPay); x.Doc.Owes() && x.Doc.DueOn.Before(soonest) {
			x.Doc.DueOn = soonest
		}
		fallthrough
	case StatementDisputed:
		r := Replaced{At: at, Whole: len(told.Sections) == 0}
		if r.New, r.Gone = a.differ(p.Case, told, x.Doc); len(r.New)+len(r.Gone) > 0 {
			x.Doc.Replaces = &r
		}
	}
	return nil
}

// signsAnew reports whether finance is asked to sign a statement anew and has not.
func signsAnew(p *offboarding.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool { return asksAgain(&s) && !s.Over() })
}

// heldBack reports whether the turn of a step that gives back has come while nobody
// knows whether the statement of which it gives back still stands: billing systems
// are being asked, or finance is.
func (a *App) heldBack(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, k *picture) (bool, error) {
	if s.Kind != refundKind || s.Spec.House || p.Case.EffectiveAt.IsZero() {
		return false, nil
	}
	if signsAnew(p) || k.asked {
		return signsAnew(p), nil
	}
	works, err := tx.WorksOf(ctx, p.Case.ID)
	return slices.ContainsFunc(works, func(w offboarding.Work) bool {
		return asksAtEnd(w) && (w.State == offboarding.WorkReady || w.State == offboarding.WorkRunning)
	}), err
}

// asksAtEnd reports whether a work asks billing systems once a contract has ended.
func asksAtEnd(w offboarding.Work) bool {
	return w.Kind == BooksKind && strings.Contains(w.Key, ":ended:")
}

// askedAtEnd lets what was held begin once such a work is over, however it ended: what
// had its turn after the systems had answered found it still asking.
func (a *App) askedAtEnd(ctx context.Context, tx Tx, c offboarding.CaseID) error {
	if err := tx.HoldCase(ctx, c); err != nil {
		return err
	}
	p, err := tx.FindPlan(ctx, c)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil || p.Case.State != offboarding.CaseOpen || signsAnew(&p) {
		return err
	}
	if err := a.releaseHeld(ctx, tx, &p); err != nil {
		return err
	}
	return a.settle(ctx, tx, &p, "engine")
}

// releaseHeld begins the steps that give back and were held.
func (a *App) releaseHeld(ctx context.Context, tx Tx, p *offboarding.Plan) error {
	if p.Case.State != offboarding.CaseOpen || p.Case.EffectiveAt.IsZero() {
		return nil
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Kind != refundKind || s.Spec.House || s.State != offboarding.StepReady {
			continue
		}
		if left, err := tx.WorksLeft(ctx, p.Case.ID, s.ID); err != nil {
			return err
		} else if len(left) > 0 {
			continue
		}
		k, err := pictureOf(ctx, tx, p.Case.Customer)
		if err != nil {
			return err
		}
		k.asked = true
		if _, err := a.begin(ctx, tx, p, s.Key, k); err != nil {
			return err
		}
	}
	return nil
}

// lookAtEnd is what a departure does with what billing systems said once its contract
// had ended.
func (a *App) lookAtEnd(ctx context.Context, tx Tx, c offboarding.CaseID) error {
	p, err := tx.FindPlan(ctx, c)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil || p.Case.State != offboarding.CaseOpen || p.Case.EffectiveAt.IsZero() {
		return err
	}
	if err := a.compareAtEnd(ctx, tx, &p); err != nil {
		return err
	}
	if err := a.releaseHeld(ctx, tx, &p); err != nil {
		return err
	}
	return a.settle(ctx, tx, &p, "engine")
}
