package app

import (
	"context"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/stray"
)

// StrayWay is what a person decides about a stray.
type StrayWay string

// The ways.
const (
	StraySeen   StrayWay = "seen"   // it was looked into, and nothing is to be given back
	StrayRefund StrayWay = "refund" // the money goes back by the means by which it came, once a second person approved
	StrayByHand StrayWay = "hand"   // a person gives it back
)

// StrayWays are all of them.
var StrayWays = []StrayWay{StraySeen, StrayRefund, StrayByHand}

// Ways are those that a stray can go.
func Ways(s stray.Stray) (ways []StrayWay) {
	if s.State != stray.Open {
		return nil
	}
	if s.Kind == stray.Charge && s.Taken && s.Back.Minor > 0 {
		if s.Payment != "" {
			ways = append(ways, StrayRefund)
		}
		ways = append(ways, StrayByHand)
	}
	return append(ways, StraySeen)
}

// StrayDecision ends that a person is asked about a stray.
type StrayDecision struct {
	Case  offboarding.CaseID
	Stray stray.ID
	Way   StrayWay
	Why   string // what it was; required
}

// DecideStray says what a stray was and, of a charge, whether it is given back:
// by the program out of the payment that it was, when somebody else approved it,
// or by hand.
func (a *App) DecideStray(ctx context.Context, by Actor, in StrayDecision) error {
	why, err := required("why", in.Why, 4000)
	if err != nil {
		return err
	}
	var s stray.Stray
	if err := a.store.View(ctx, func(tx Tx) (err error) { s, err = tx.FindStray(ctx, in.Stray); return err }); err != nil {
		return err
	}
	if s.Case != string(in.Case) {
		return fault.New(fault.NotFound, "not_found")
	}
	return a.onStep(ctx, by, in.Case, s.Step, func(tx Tx, p *offboarding.Plan) error {
		s, err := tx.FindStray(ctx, in.Stray)
		if err != nil {
			return err
		}
		can := false
		for _, w := range Ways(s) {
			can = can || w == in.Way
		}
		switch {
		case s.State != stray.Open:
			return fault.New(fault.Blocked, "stray.over")
		case !can:
			return fault.New(fault.Invalid, "field.choice").On("way")
		}
		if in.Way != StraySeen {
			if err := a.giveBack(ctx, tx, by, p, &s, in.Way); err != nil {
				return err
			}
		}
		step := p.Step(s.Step)
		step.Note = why
		for _, it := range step.Items {
			if err := p.Tick(s.Step, it.Key, true, by.ID, "", tx.Now()); err != nil {
				return err
			}
		}
		ticks(p, by, "")
		if err := p.Done(s.Step, tx.Now(), by.ID); err != nil {
			return err
		}
		p.Touch(s.Step, by.RealID)
		return a.effects(ctx, tx, p, p.Step(s.Step))
	})
}

// giveBack notes the sum that is to be given back, and adds the steps by which
// that is done: a second person approves and the program refunds, or a person
// does.
func (a *App) giveBack(ctx context.Context, tx Tx, by Actor, p *offboarding.Plan, s *stray.Stray, way StrayWay) error {
	b := customer.Balance{
		ID: customer.BalanceID(id.New("bal")), Customer: p.Case.Customer, Reference: p.Case.Code + "/after/" + string(s.ID), Kind: customer.Refund,
		About: s.About, Amount: s.Back, DueOn: a.today(tx).AddDays(strayDays), Status: customer.Due,
	}
	if fresh, err := tx.InsertBalances(ctx, b); err != nil || fresh == 0 {
		return orConflict(err)
	}
	if err := s.To(stray.Refunding, by.ID, tx.Now()); err != nil {
		return err
	}
	s.Balance = string(b.ID)
	if way == StrayByHand { // what somebody approves first is told then
		if err := a.tellCharged(ctx, tx, p.Case, s, tx.Now()); err != nil {
			return err
		}
	}
	if _, err := tx.PutStray(ctx, *s); err != nil {
		return err
	}
	suffix := straySuffix(*s)
	line := strayLine(*s, a.Company().Zone)
	line.Key, line.Sum = string(b.ID), b.Amount
	add := func(name string, after string) string {
		x := playbook.House(name)
		x.ID, x.Key = offboarding.StepID(id.New("step")), x.Key+"_"+suffix
		if x.Human && x.Kind == "task" {
			x.Items = append([]offboarding.Item{line}, x.Items...)
		}
		if x.Kind == "refund" {
			x.Params = map[string]string{"system": s.System, "balance": string(b.ID), "payment": s.Payment}
		}
		p.AskAfter(x, after)
		return x.Key
	}
	if way == StrayByHand {
		add(byHandKey, s.Step)
	} else {
		add(refundAfterKey, add(approveAfterKey, s.Step))
	}
	return a.record(ctx, tx, fact{"stray.refunding", by.ID, string(p.Case.ID), string(p.Case.Customer), map[string]any{
		"stray": string(s.ID), "way": string(way), "minor": b.Amount.Minor, "currency": b.Amount.Currency,
	}})
}

const (
	// strayDays is within how many days what is given back is noted as due.
	strayDays = 5
	// The beginnings of the names of steps: a person gives something back; or
	// somebody approves that, and then the program does.
	byHandKey       = "after_end_by_hand"
	approveAfterKey = "after_end_approve"
	refundAfterKey  = "after_end_refund"
)

// straySuffix ends the names of the steps by which what a stray took is given back.
func straySuffix(s stray.Stray) string { return strings.ToLower(string(s.ID[len(s.ID)-8:])) }

// StrayStep is the step of the plan at which a stray stands: the one that asks a
// person what it was or, once that is decided, the one by which the money goes
// back whose turn it is. nil if the plan has none.
func StrayStep(p *offboarding.Plan, s stray.Stray) (at *offboarding.Step) {
	if s.State == stray.Open || s.Balance == "" {
		return p.Step(s.Step)
	}
	for _, name := range []string{approveAfterKey, refundAfterKey, byHandKey} {
		if x := p.Step(name + "_" + straySuffix(s)); x != nil {
			if at = x; !x.Over() {
				break
			}
		}
	}
	return at
}

// strayStep ends the stray that a person was asked about by a step that is over,
// unless what was charged is on its way back.
func (a *App) strayStep(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
	list, err := tx.StraysOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	typ := "stray.resolved"
	for _, x := range list {
		if x.Step != s.Key || x.State != stray.Open {
			continue
		}
		if err := x.To(stray.Resolved, s.DoneBy, tx.Now()); err != nil {
			return err
		}
		if err := a.putStray(ctx, tx, p, x, typ, s.DoneBy); err != nil {
			return err
		}
	}
	return nil
}

// strayPaid ends the strays whose sums were given back.
func (a *App) strayPaid(ctx context.Context, tx Tx, p *offboarding.Plan, balance customer.BalanceID, by string) error {
	list, err := tx.StraysOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	typ := "stray.refunded"
	for _, x := range list {
		if x.Balance != string(balance) || x.State != stray.Refunding {
			continue
		}
		if err := x.To(stray.Refunded, by, tx.Now()); err != nil {
			return err
		}
		if err := a.tellBack(ctx, tx, p.Case, &x); err != nil {
			return err
		}
		if err := a.putStray(ctx, tx, p, x, typ, by); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) putStray(ctx context.Context, tx Tx, p *offboarding.Plan, x stray.Stray, typ, by string) error {
	if _, err := tx.PutStray(ctx, x); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{typ, by, string(p.Case.ID), string(p.Case.Customer), map[string]any{"stray": string(x.ID), "kind": string(x.Kind)}})
}

// straysMost is how many strays are listed at once at most.
const straysMost = 200

// StrayView is a stray with whose departure it is of.
type StrayView struct {
	stray.Stray
	Code, Name string
	Ways       []StrayWay
}

// ListStrays lists strays in the state, or in any, newest first; next is where to
// go on.
func (a *App) ListStrays(ctx context.Context, by Actor, state stray.State, before stray.ID, limit int) (list []StrayView, next stray.ID, err error) {
	if err := by.CanRead("case"); err != nil {
		return nil, "", err
	}
	if limit < 1 || limit > straysMost {
		limit = straysMost
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list, next = nil, ""
		all, err := tx.ListStrays(ctx, state, before, limit+1)
		if err != nil {
			return err
		}
		if len(all) > limit {
			all = all[:limit]
			next = all[limit-1].ID
		}
		for _, s := range all {
			v, err := strayView(ctx, tx, s)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		return nil
	})
	return list, next, err
}

func strayView(ctx context.Context, tx Tx, s stray.Stray) (v StrayView, err error) {
	c, err := tx.FindCase(ctx, offboarding.CaseID(s.Case))
	if err != nil {
		return v, err
	}
	cus, err := tx.FindCustomer(ctx, c.Customer)
	return StrayView{Stray: s, Code: c.Code, Name: cus.Name, Ways: Ways(s)}, err
}
