// Package play is what a company does about a customer at risk: one thing
// before anything happened, one because something did, each with an owner, a
// stage and an outcome. It is pure, and contacts nobody.
package play

import (
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

// ID identifies a play (ply_…).
type ID string

// Kind is what is done.
type Kind string

// The plays.
const (
	CheckIn  Kind = "check_in"  // proactive: somebody asks how it goes, and listens; no offer
	MakeGood Kind = "make_good" // reactive: what went wrong is put right first, then somebody tells
)

// Kinds are all plays.
var Kinds = []Kind{CheckIn, MakeGood}

// Proactive reports whether the play comes before anything went wrong.
func (k Kind) Proactive() bool { return k == CheckIn }

// Suits is the play that the signals call for: incidents are put right before
// anybody asks how it goes.
func Suits(list []signal.Signal) Kind {
	if signal.Of(list, signal.RepeatedIncidents).State == signal.Yes {
		return MakeGood
	}
	return CheckIn
}

// Stage is how far a play is.
type Stage string

// The stages.
const (
	Opened   Stage = "opened"   // somebody saw the risk
	Planned  Stage = "planned"  // it has an owner, a day and a plan
	Acting   Stage = "acting"   // the owner is at it
	Finished Stage = "finished" // it has an outcome
)

// Transitions is the only truth about how plays change.
var Transitions = map[Stage][]Stage{
	Opened:  {Planned, Finished},
	Planned: {Planned, Acting, Finished}, // a plan may be changed
	Acting:  {Planned, Finished},
}

// Outcome is what became of it.
type Outcome string

// The outcomes.
const (
	Recovered Outcome = "recovered" // they are well again
	Unchanged Outcome = "unchanged" // it made no difference
	Lost      Outcome = "lost"      // they leave
)

// Outcomes are all outcomes.
var Outcomes = []Outcome{Recovered, Unchanged, Lost}

// Play is one thing that is done about one customer. What is written in words
// is sealed at rest.
type Play struct {
	ID       ID
	Customer customer.ID
	Kind     Kind
	Stage    Stage
	Owner    string // usr_…; empty: nobody yet
	Due      when.Date
	Outcome  Outcome
	OpenedAt time.Time
	OpenedBy string
	OverAt   time.Time
	Plan     string
	Note     string // what happened
	Version  int64
}

// Over reports whether the play has an outcome.
func (p Play) Over() bool { return p.Stage == Finished }

// Late reports whether its day has passed and it is not over.
func (p Play) Late(today when.Date) bool { return !p.Over() && !p.Due.IsZero() && p.Due.Before(today) }

func (p *Play) to(s Stage) error {
	if !slices.Contains(Transitions[p.Stage], s) {
		return fault.New(fault.Blocked, "play.over")
	}
	p.Stage = s
	return nil
}

// Assign gives the play an owner, a day and a plan.
func (p *Play) Assign(owner string, due when.Date, plan string, today when.Date) error {
	var wrong fault.List
	if owner == "" {
		wrong = append(wrong, fault.New(fault.Invalid, "field.required").On("owner"))
	}
	if plan == "" {
		wrong = append(wrong, fault.New(fault.Invalid, "field.required").On("plan"))
	}
	if due.IsZero() || due.Before(today) || today.AddDays(366).Before(due) {
		wrong = append(wrong, fault.New(fault.Invalid, "play.due").On("due"))
	}
	if len(wrong) > 0 {
		return wrong
	}
	if err := p.to(Planned); err != nil {
		return err
	}
	p.Owner, p.Due, p.Plan = owner, due, plan
	return nil
}

// Begin says that its owner is at it.
func (p *Play) Begin() error { return p.to(Acting) }

// Finish says what became of it.
func (p *Play) Finish(o Outcome, note string, now time.Time) error {
	var wrong fault.List
	if !slices.Contains(Outcomes, o) {
		wrong = append(wrong, fault.New(fault.Invalid, "field.choice").On("outcome"))
	}
	if note == "" {
		wrong = append(wrong, fault.New(fault.Invalid, "field.required").On("note"))
	}
	if len(wrong) > 0 {
		return wrong
	}
	if err := p.to(Finished); err != nil {
		return err
	}
	p.Outcome, p.Note, p.OverAt = o, note, now
	return nil
}

// Depart ends a play because its customer leaves; false if it was over.
func (p *Play) Depart(now time.Time) bool {
	if p.to(Finished) != nil {
		return false
	}
	p.Outcome, p.OverAt = Lost, now
	return true
}
