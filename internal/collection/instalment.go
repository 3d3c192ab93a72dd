package collection

import (
	"slices"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// PlanID identifies a plan of instalments (ins_…).
type PlanID string

// PlanState is where a plan of instalments stands.
type PlanState string

// The states.
const (
	Asked    PlanState = "asked"    // by the customer; the company has not answered
	Proposed PlanState = "proposed" // by the company; the customer has not answered
	Agreed   PlanState = "agreed"
	Refused  PlanState = "refused"
	Done     PlanState = "done"  // every part was paid, or all that was owed
	Ended    PlanState = "ended" // it binds nobody: disputed, complained about, or no longer owed for another reason
)

// PlanStates are all of them.
var PlanStates = []PlanState{Asked, Proposed, Agreed, Refused, Done, Ended}

// planMoves is the only truth about how plans change.
var planMoves = map[PlanState][]PlanState{Asked: {Agreed, Refused, Ended}, Proposed: {Agreed, Refused, Ended}, Agreed: {Done, Ended}}

// Limits of plans.
const (
	LeastParts = 2
	MostParts  = 12
	MostPlans  = 3  // per departure, those that ended not counted
	firstDays  = 45 // within how many days the first part is due
	askRests   = 14 // days that reminders rest while the customer waits for an answer
)

// Part is one instalment.
type Part struct {
	On    when.Date // by the end of which it is due
	Minor int64     // in the smallest unit
	Paid  when.Date // zero: not yet
}

// Plan is an agreement, or a wish for one, to pay what is owed in parts.
type Plan struct {
	ID       PlanID
	Case     string // case_…
	Customer string // cus_…
	State    PlanState
	Sum      money.Amount
	Parts    []Part   // in order; together they are the sum
	Balances []string // bal_… that it covers: what is owed, and what makes up for some of it
	MadeAt   time.Time
	MadeBy   string // customer, or usr_…, key_…
	AgreedBy string
	OverAt   time.Time
	Version  int64 // 0: not stored yet
}

// Divide splits a sum into n parts by largest remainder, the first due on a day
// and the others on the same day of the months after it, or the last day of those
// that have no such day. Faults: parts, first, both Invalid.
func Divide(sum money.Amount, n int, first, today when.Date) ([]Part, error) {
	if n < LeastParts || n > MostParts || sum.Minor < int64(n) {
		return nil, fault.New(fault.Invalid, "collection.parts", "least", LeastParts, "most", MostParts).On("parts")
	}
	if first.IsZero() || first.Before(today) || today.AddDays(firstDays).Before(first) {
		return nil, fault.New(fault.Invalid, "collection.day", "days", firstDays).On("first")
	}
	parts := make([]Part, n)
	for i, x := range sum.Split(make([]uint64, n)) {
		parts[i] = Part{On: first.AddMonths(i), Minor: x.Minor}
	}
	return parts, nil
}

// To moves it on.
func (p *Plan) To(next PlanState, now time.Time) error {
	if !slices.Contains(planMoves[p.State], next) {
		return fault.New(fault.Blocked, "collection.plan_over")
	}
	if p.State = next; next != Agreed {
		p.OverAt = now
	}
	return nil
}

// Answer agrees to it or refuses it: what one side asked, the other answers.
func (p *Plan) Answer(customer, yes bool, by string, now time.Time) error {
	if customer != (p.State == Proposed) {
		return fault.New(fault.Blocked, "collection.plan_over")
	}
	if !yes {
		return p.To(Refused, now)
	}
	p.AgreedBy = by
	return p.To(Agreed, now)
}

// Pay notes that a part was paid (0 is the first); with the last the plan is
// done. A part that was paid stays so.
func (p *Plan) Pay(part int, day when.Date, now time.Time) error {
	if p.State != Agreed || part < 0 || part >= len(p.Parts) || !p.Parts[part].Paid.IsZero() {
		return fault.New(fault.Blocked, "collection.plan_over")
	}
	p.Parts = slices.Clone(p.Parts)
	p.Parts[part].Paid = day
	if p.Left() == 0 {
		return p.To(Done, now)
	}
	return nil
}

// Left is what of it was not paid, in the smallest unit.
func (p Plan) Left() (minor int64) {
	for _, x := range p.Parts {
		if x.Paid.IsZero() {
			minor += x.Minor
		}
	}
	return minor
}

// Heed is the plan as if its first parts had been paid by a day, as far as less is open
// than is left of it: somebody paid elsewhere, and nobody noted it.
func (p Plan) Heed(open int64, day when.Date) Plan {
	p.Parts = slices.Clone(p.Parts)
	spare := p.Left() - open
	for i := range p.Parts {
		x := &p.Parts[i]
		if !x.Paid.IsZero() {
			continue
		}
		if spare -= x.Minor; spare < 0 {
			break
		}
		x.Paid = day
	}
	return p
}

// State is paid, late or due, on a day.
func (x Part) State(today when.Date) string {
	switch {
	case !x.Paid.IsZero():
		return "paid"
	case x.On.Before(today):
		return "late"
	default:
		return "due"
	}
}

// Rest is the last day until which nobody is reminded because of the plan; zero:
// it holds nothing back, since a part is late or nothing was agreed.
func (p Plan) Rest(today, made when.Date) when.Date {
	switch p.State {
	case Asked:
		if last := made.AddDays(askRests); !last.Before(today) {
			return today
		}
	case Agreed:
		for _, x := range p.Parts {
			if x.Paid.IsZero() {
				if x.On.Before(today) {
					return when.Date{}
				}
				return x.On
			}
		}
	}
	return when.Date{}
}

// OpenPlan is the plan that was asked, proposed or agreed; nil: there is none.
func OpenPlan(list []Plan) *Plan {
	i := slices.IndexFunc(list, func(p Plan) bool { return len(planMoves[p.State]) > 0 })
	if i < 0 {
		return nil
	}
	return &list[i]
}

// MayPlan refuses another plan while one is open, and after the most allowed
// (fault.Blocked).
func MayPlan(list []Plan) error {
	n := 0
	for _, p := range list {
		if p.State != Ended {
			n++
		}
	}
	switch {
	case OpenPlan(list) != nil:
		return fault.New(fault.Blocked, "collection.plan_waits")
	case n >= MostPlans:
		return fault.New(fault.Blocked, "collection.plans_over", "n", MostPlans)
	default:
		return nil
	}
}
