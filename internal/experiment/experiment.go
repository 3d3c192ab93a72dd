// Package experiment tries what is said and offered to customers who leave, on some
// of them, and tells honestly what came of it: who gets which arm, how many are
// needed, what each arm did against a holdout, and when that may be concluded.
// It is pure: it stores nothing, asks no clock and shows nothing to anybody; the
// arithmetic is stat's. Definitions: docs/reference/experiments.md, reasons: ADR 59.
package experiment

import (
	"slices"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/money"
)

// ID identifies an experiment (exp_…).
type ID string

// Whole is what the shares of holdout and arms add up to: hundredths of a percent.
const Whole = 10_000

// Holdout is the arm of those who get nothing of what is tried.
const Holdout = "holdout"

// Arm is one thing that is tried.
type Arm struct {
	ID      string
	Share   int    // of Whole
	Content string // digest of all that it shows: what the flow checker passed, and no other
}

// Condition narrows whom an experiment is about, by one declared fact.
type Condition struct {
	Fact Fact
	In   []string
}

// Fact is something about a situation that an experiment may depend on. Name,
// address, device, hour and agent are none.
type Fact string

// Facts are all that can be declared.
var Facts = []Fact{"reason", "family", "segment", "plan", "kind", "market", "language"}

// Definition is what is written down before anybody sees anything. Once it runs
// nothing of it changes.
type Definition struct {
	Currency  string
	Holdout   int // of Whole: 1 to 20 %
	Arms      []Arm
	Audience  []Condition // all of them; none: everybody who leaves
	Primary   Metric
	Against   string             // arm with which the primary metric is compared; empty: the holdout
	Baseline  float64            // what is expected there: a share, hours, or minor units for each customer
	Effect    float64            // the smallest change that would matter, in the same unit, with its sign
	Spread    float64            // standard deviation between customers, of hours or money
	Power     float64            // with which probability Effect is to be seen
	Tolerance map[Metric]float64 // for each guard: how much more of it in an arm than in the holdout is borne
}

// State is the state of an experiment.
type State string

// The states of an experiment.
const (
	Draft   State = "draft"
	Checked State = "checked" // every arm passed, as it is; nobody sees anything yet
	Running State = "running"
	Decided State = "decided" // everybody planned was seen and their time went by
	Stopped State = "stopped" // before that: nothing is concluded
)

// Transitions is the only truth about how experiments change.
var Transitions = map[State][]State{Draft: {Checked}, Checked: {Draft, Checked, Running}, Running: {Decided, Stopped}}

// Outcome is what may be said of an arm.
type Outcome string

// The outcomes.
const (
	Better  Outcome = "better"  // the interval of its effect lies on the better side of none
	Worse   Outcome = "worse"   // … on the other
	Unshown Outcome = "unshown" // none is in the interval: no difference was shown, which is not that there is none
)

// Verdict is what was concluded of an arm.
type Verdict struct {
	Effect  Effect
	Outcome Outcome
}

// Experiment is a definition and what became of it.
type Experiment struct {
	ID         ID
	Definition Definition
	State      State
	Planned    int // customers, fixed when it starts
	StartedAt  time.Time
	EndedAt    time.Time
	Verdicts   []Verdict
	Alarms     []Guarded // that stopped it
	Why        string    // in words of whoever stopped it
}

const (
	leastHoldout, mostHoldout = Whole / 100, Whole / 5
	mostArms                  = 10
	leastInArm                = 50 // customers: below it intervals of means are promises
)

// Check reports everything that is wrong with a definition.
func (d Definition) Check() fault.List {
	var l fault.List
	wrong := func(field, code string, args ...any) {
		l = append(l, fault.New(fault.Invalid, code, args...).On(field))
	}
	if _, err := money.Digits(d.Currency); err != nil {
		wrong("currency", "experiment.currency")
	}
	if d.Holdout < leastHoldout || d.Holdout > mostHoldout {
		wrong("holdout", "experiment.holdout")
	}
	if len(d.Arms) == 0 || len(d.Arms) > mostArms {
		wrong("arms", "experiment.arms", "most", mostArms)
	}
	sum, names := d.Holdout, []string{Holdout}
	for _, a := range d.Arms {
		if a.ID == "" || slices.Contains(names, a.ID) {
			wrong("arms", "experiment.arm_name")
		}
		if a.Share <= 0 {
			wrong("arms", "experiment.arm_share", "arm", a.ID)
		}
		sum, names = sum+a.Share, append(names, a.ID)
	}
	if sum != Whole && len(d.Arms) > 0 {
		wrong("arms", "experiment.shares")
	}
	for i, c := range d.Audience {
		if !slices.Contains(Facts, c.Fact) || slices.ContainsFunc(d.Audience[:i], func(o Condition) bool { return o.Fact == c.Fact }) {
			wrong("audience", "experiment.fact", "fact", string(c.Fact))
		} else if len(c.In) == 0 {
			wrong("audience", "experiment.nobody", "fact", string(c.Fact))
		}
	}
	if d.Against != "" && (d.Against == Holdout || !slices.Contains(names, d.Against) || len(d.Arms) < 2) {
		wrong("against", "experiment.against")
	}
	for _, g := range Guards {
		if at, said := d.Tolerance[g]; !said || !(at >= 0 && at <= measures[g].most) {
			if measures[g].share {
				wrong("tolerance."+string(g), "experiment.tolerance", "most", int(100*measures[g].most))
			} else {
				wrong("tolerance."+string(g), "experiment.tolerance_hours", "most", int(measures[g].most))
			}
		}
	}
	if len(d.Tolerance) > len(Guards) {
		wrong("tolerance", "experiment.no_guard")
	}
	return append(l, d.checkPlan()...)
}

func (d Definition) checkPlan() (l fault.List) {
	wrong := func(field, code string) { l = append(l, fault.New(fault.Invalid, code).On(field)) }
	m := measures[d.Primary]
	if !m.judge {
		wrong("primary", "experiment.primary")
		return l
	}
	finite := func(x, least, most float64) bool { return x > least && x < most } // not for NaN
	const vast = 1e15
	switch after := d.Baseline + d.Effect; {
	case m.share && !finite(d.Baseline, 0, 1), !m.share && !finite(d.Baseline, -vast, vast):
		wrong("baseline", "experiment.baseline")
	case d.Effect == 0 || m.share && !finite(after, 0, 1) || !m.share && !finite(d.Effect, -vast, vast):
		wrong("effect", "experiment.effect")
	case !m.share && !finite(d.Spread, 0, vast):
		wrong("spread", "experiment.spread")
	}
	if !(d.Power >= .5 && d.Power <= .99) {
		wrong("power", "experiment.power")
	}
	return l
}

// arm is the place of an arm in the order holdout, first, second …; −1: none.
func (d *Definition) arm(id string) int {
	for i, a := range d.Arms {
		if a.ID == id {
			return i + 1
		}
	}
	if id == Holdout {
		return 0
	}
	return -1
}

// to changes the state by the table.
func (e *Experiment) to(s State, at time.Time) error {
	if !slices.Contains(Transitions[e.State], s) {
		return fault.New(fault.Blocked, "experiment.state")
	}
	e.State = s
	switch s {
	case Running:
		e.StartedAt = at
	case Stopped, Decided:
		e.EndedAt = at
	}
	return nil
}

// passes reports whether every arm is one that the flow checker passed, as it is:
// passed are the digests of what it did.
func (e *Experiment) passes(passed []string) error {
	for _, a := range e.Definition.Arms {
		if !slices.Contains(passed, a.Content) {
			return fault.New(fault.Blocked, "experiment.unchecked", "arm", a.ID)
		}
	}
	return nil
}

// Pass says that it may start: it can be planned, and every arm was checked. What an arm
// shows can change before it starts, so it may be checked again.
func (e *Experiment) Pass(passed []string) error {
	if _, err := e.Definition.Plan(); err != nil {
		return err
	}
	if err := e.passes(passed); err != nil {
		return err
	}
	return e.to(Checked, time.Time{})
}

// Amend takes another definition before anybody sees anything. It has to be
// checked again.
func (e *Experiment) Amend(d Definition) error {
	if e.State != Draft {
		if err := e.to(Draft, time.Time{}); err != nil {
			return err
		}
	}
	e.Definition = d
	return nil
}

// Start registers the definition and how many customers it asks for. Every arm must
// still be as it was checked.
func (e *Experiment) Start(at time.Time, passed []string) error {
	p, err := e.Definition.Plan()
	if err != nil {
		return err
	}
	if err := e.passes(passed); err != nil {
		return err
	}
	if err := e.to(Running, at); err != nil {
		return err
	}
	e.Planned = p.Customers
	return nil
}

// Stop ends it before its time. Nothing is concluded of it, then or later.
func (e *Experiment) Stop(at time.Time, why string) error {
	if why == "" {
		return fault.New(fault.Invalid, "field.required").On("why")
	}
	if err := e.to(Stopped, at); err != nil {
		return err
	}
	e.Why = why
	return nil
}

// Heed stops it if an arm does harm, and says whether it did.
func (e *Experiment) Heed(r Report) bool {
	alarms := r.Alarms()
	if r.Experiment != e.ID || len(alarms) == 0 || e.to(Stopped, r.At) != nil {
		return false
	}
	e.Alarms = alarms
	return true
}

// Decide concludes what a report shows. It refuses before everybody who was planned
// has been seen and their time has gone by, when the arms were not given as they
// should have been, and when one does harm.
func (e *Experiment) Decide(r Report) error {
	switch {
	case r.Experiment != e.ID:
		return fault.New(fault.Conflict, "experiment.other")
	case e.State != Running:
		return fault.New(fault.Blocked, "experiment.state")
	case !r.Complete():
		return fault.New(fault.Blocked, "experiment.too_early", "planned", r.Planned, "known", r.Known)
	case r.Unbalanced():
		return fault.New(fault.Blocked, "experiment.unbalanced")
	case len(r.Alarms()) > 0:
		return fault.New(fault.Blocked, "experiment.harm", "arm", r.Alarms()[0].Arm)
	}
	if err := e.to(Decided, r.At); err != nil {
		return err
	}
	for _, f := range r.Primary {
		e.Verdicts = append(e.Verdicts, Verdict{f, f.outcome()})
	}
	return nil
}
