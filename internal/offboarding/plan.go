// Package offboarding is the departure itself: requests, cases, steps and
// works, how their states change, and what becomes possible next. It is pure:
// an event goes in, changed records and the events that they cause come out.
// It does not store, send, call or look at a clock.
package offboarding

import (
	"slices"
	"time"

	"hastaluego/internal/fault"
)

// Event is something that happened to a case, as the log will tell it.
type Event struct {
	Type string // dotted, past tense: "step.done"
	Args map[string]any
}

// Plan is a case with its steps in the order of Seq: all that is needed to
// decide what happens next.
type Plan struct {
	Case  Case
	Steps []Step
	// Activator is who let new cases follow the plan; empty if the program came
	// with it. It is not stored with the case.
	Activator string
	// NotBefore is when the works of what becomes ready begin at the soonest; zero
	// is at once. It is not stored with the case.
	NotBefore time.Time

	events []Event
	ready  []string
}

// Take returns the events since the last Take and the keys of the steps that
// became ready, in order, and forgets them.
func (p *Plan) Take() (events []Event, ready []string) {
	events, ready = p.events, p.ready
	p.events, p.ready = nil, nil
	return events, ready
}

// Annotate lets fn add to what the events since the last Take say.
func (p *Plan) Annotate(fn func(*Event)) {
	for i := range p.events {
		fn(&p.events[i])
	}
}

func (p *Plan) tell(typ string, args map[string]any) {
	p.events = append(p.events, Event{typ, args})
}

// Step returns the step with the key, nil if the plan has none.
func (p *Plan) Step(key string) *Step {
	for i := range p.Steps {
		if p.Steps[i].Key == key {
			return &p.Steps[i]
		}
	}
	return nil
}

func (p *Plan) find(key string) (*Step, error) {
	s := p.Step(key)
	if s == nil {
		return nil, fault.New(fault.NotFound, "not_found", "step", key)
	}
	return s, nil
}

// Begin registers a fresh case: its first steps become ready.
func (p *Plan) Begin(now time.Time) error {
	if p.Case.State != "" {
		return fault.New(fault.Conflict, "case.state")
	}
	p.Case.State = CaseRegistered
	for i := range p.Steps {
		p.Steps[i].State = StepWaiting
	}
	p.tell("case.registered", map[string]any{"playbook": p.Case.Playbook, "effective": p.Case.Effective.String()})
	return p.settle(now)
}

// Prove says that identity is proved while the case cannot open yet: an earlier
// departure of its subscriptions is still being undone.
func (p *Plan) Prove(now time.Time, by string) error {
	if p.Case.State != CaseRegistered {
		return fault.New(fault.Conflict, "case.state")
	}
	if p.Case.Waits() {
		return nil
	}
	p.Case.OpenedAt = now
	p.tell("case.waits", map[string]any{"by": by})
	return p.dropNeedless()
}

// Confirm opens the case: identity is proved. The step of kind "confirm" is
// done by it.
func (p *Plan) Confirm(now time.Time, by string) error {
	if err := p.Case.to(CaseOpen); err != nil {
		return err
	}
	p.Case.OpenedAt = now
	p.tell("case.opened", map[string]any{"by": by})
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Kind == "confirm" && (s.State == StepReady || s.State == StepBlocked) {
			if err := p.finish(s, now, by); err != nil {
				return err
			}
		}
	}
	if err := p.dropNeedless(); err != nil {
		return err
	}
	return p.settle(now)
}

// dropNeedless ends what the house asked of people for as long as nobody had
// confirmed.
func (p *Plan) dropNeedless() error {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Spec.UntilConfirmed && !s.Over() && s.State != StepDone {
			if err := p.drop(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// drop ends a step of the house that nobody need do any more.
func (p *Plan) drop(s *Step) error {
	if err := s.to(StepCancelled); err != nil {
		return err
	}
	p.tell("step.needless", map[string]any{"step": s.Key})
	return nil
}

// Ask adds a step of the house: something happened that no plan foresees, and a
// person is asked, whatever the state of the case. Asked again under the same
// key it changes nothing. The state of the case stays what it is.
func (p *Plan) Ask(s Step, now time.Time) error {
	if p.Step(s.Key) != nil {
		return nil
	}
	for i := range p.Steps {
		s.Seq = max(s.Seq, p.Steps[i].Seq+1)
	}
	s.Case, s.State, s.After = p.Case.ID, StepWaiting, nil
	if err := s.to(StepReady); err != nil {
		return err
	}
	s.ReadyAt = now
	p.Steps = append(p.Steps, s)
	p.ready = append(p.ready, s.Key)
	p.tell("step.ready", map[string]any{"step": s.Key})
	return nil
}

// AskAfter adds a step of the house that waits for another one. Asked again
// under the same key it changes nothing. Its turn comes with what that step is
// over by; where it is over already, when something else happens to the plan.
func (p *Plan) AskAfter(s Step, after string) {
	if p.Step(s.Key) != nil {
		return
	}
	for i := range p.Steps {
		s.Seq = max(s.Seq, p.Steps[i].Seq+1)
	}
	s.Case, s.State, s.After = p.Case.ID, StepWaiting, []string{after}
	p.Steps = append(p.Steps, s)
}

// Start says that work on the step has begun.
func (p *Plan) Start(key string) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if s.State == StepRunning {
		return nil
	}
	s.Blocked = ""
	return s.to(StepRunning)
}

// Done says that the step was done: by the engine when every far system said
// so, or by a person. What waited for it may become ready.
func (p *Plan) Done(key string, now time.Time, by string) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if err := p.finish(s, now, by); err != nil {
		return err
	}
	return p.settle(now)
}

func (p *Plan) finish(s *Step, now time.Time, by string) error {
	if s.Human {
		if err := p.notApprover(s.Key, by); err != nil {
			return err
		}
		p.Touch(s.Key, by)
		for _, it := range s.Items {
			if !it.Ticked {
				return fault.New(fault.Blocked, "step.items_open").On("items")
			}
		}
	}
	if err := s.to(StepDone); err != nil {
		return err
	}
	s.DoneAt, s.DoneBy, s.Blocked = now, by, ""
	p.tell("step.done", map[string]any{"step": s.Key, "by": by})
	return nil
}

// Verified says that what the step did was read back and is so.
func (p *Plan) Verified(key string, now time.Time) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if err := s.to(StepVerified); err != nil {
		return err
	}
	s.VerifiedAt = now
	p.tell("step.verified", map[string]any{"step": s.Key})
	return p.settle(now)
}

// Attested says that a person answers for a part of what the step did, which
// could not be read back.
func (p *Plan) Attested(key string, now time.Time) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if err := s.to(StepAttested); err != nil {
		return err
	}
	p.tell("step.attested", map[string]any{"step": s.Key})
	return p.settle(now)
}

// Block says that the step cannot go on without a person; code says why.
func (p *Plan) Block(key, code string) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if s.State == StepBlocked {
		return nil
	}
	if s.Over() { // others may have begun because of it
		return move(StepTransitions, "step", StepVerified, StepBlocked)
	}
	if err := s.to(StepBlocked); err != nil {
		return err
	}
	s.Blocked = code
	p.tell("step.blocked", map[string]any{"step": s.Key, "why": code})
	return nil
}

// Tick sets or clears one item of a human step's checklist.
func (p *Plan) Tick(key, item string, ticked bool, by, evidence string, now time.Time) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if err := p.workable(s); err != nil {
		return err
	}
	for i := range s.Items {
		it := &s.Items[i]
		if it.Key != item {
			continue
		}
		if it.Ticked == ticked {
			return nil
		}
		if err := p.notApprover(key, by); err != nil {
			return err
		}
		p.Touch(key, by, it.By)
		it.Ticked, it.By, it.At, it.Evidence = ticked, by, now, evidence
		typ := "item.ticked"
		if !ticked {
			typ = "item.unticked"
		}
		p.tell(typ, map[string]any{"step": s.Key, "item": item, "by": by})
		return nil
	}
	return fault.New(fault.NotFound, "not_found", "item", item)
}

// CanUndo reports whether the departure may still be reversed: before it
// takes effect.
func (p *Plan) CanUndo(now, effective time.Time) bool {
	return (p.Case.State == CaseOpen || p.Case.State == CaseRegistered) && now.Before(effective)
}

// Reverse begins to undo the departure, paused or not: steps not begun are
// cancelled, and what was done is to be undone. It returns the keys of the steps to undo in
// the order in which that must happen: the reverse of their order. When there
// is none, the case is reversed at once.
func (p *Plan) Reverse(now time.Time, by string, acted func(key string) bool) ([]string, error) {
	if p.Case.State == CaseRegistered { // nothing had an outward effect yet
		if err := p.Case.to(CaseOpen); err != nil {
			return nil, err
		}
	}
	if err := p.Case.to(CaseReversing); err != nil {
		return nil, err
	}
	if p.Case.Paused { // nothing of a paused case moves, and this must
		p.Case.Paused = false
		p.tell("case.resumed", map[string]any{"by": by})
	}
	var final []string
	for _, s := range p.Final() {
		final = append(final, s.Key)
	}
	p.tell("case.reversing", map[string]any{"by": by, "final": final})
	var undo []string
	for i := len(p.Steps) - 1; i >= 0; i-- {
		s := &p.Steps[i]
		switch {
		case s.Spec.Stays:
		case acted(s.Key):
			if err := s.to(StepUndoing); err != nil {
				return nil, err
			}
			undo = append(undo, s.Key)
		case !s.Over() && s.State != StepDone:
			if err := s.to(StepCancelled); err != nil {
				return nil, err
			}
		}
	}
	return undo, p.endReversal(now)
}

// Undone says that everything the step did was taken back and read back.
func (p *Plan) Undone(key string, now time.Time) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if err := s.to(StepUndone); err != nil {
		return err
	}
	p.tell("step.undone", map[string]any{"step": s.Key})
	return p.endReversal(now)
}

// GoBack begins to take back what one step did, whatever becomes of the departure:
// only a step that stays when it is undone.
func (p *Plan) GoBack(key string) error {
	s, err := p.find(key)
	if err != nil || s.State == StepUndoing || s.State == StepUndone || s.State == StepCancelled {
		return err
	}
	if !s.Spec.Stays {
		return fault.New(fault.Conflict, "step.state")
	}
	if err := s.to(StepUndoing); err != nil {
		return err
	}
	p.tell("step.taken_back", map[string]any{"step": s.Key})
	return nil
}

// GoneBack says that what the step did is gone, and was read back.
func (p *Plan) GoneBack(key string, now time.Time) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if err := s.to(StepUndone); err != nil {
		return err
	}
	p.tell("step.undone", map[string]any{"step": s.Key})
	return p.settle(now)
}

// Forgo ends a step that stays and did nothing yet.
func (p *Plan) Forgo(key string, now time.Time) error {
	s, err := p.find(key)
	if err != nil || s.Over() {
		return err
	}
	if err := p.drop(s); err != nil {
		return err
	}
	return p.settle(now)
}

func (p *Plan) endReversal(now time.Time) error {
	for i := range p.Steps {
		if s := &p.Steps[i]; !s.Spec.Stays && (s.State == StepUndoing || s.State == StepBlocked) {
			return nil
		}
	}
	if err := p.Case.to(CaseReversed); err != nil {
		return err
	}
	p.Case.ClosedAt = now
	p.tell("case.reversed", nil)
	return nil
}

// Stop ends a case whose request the customer disowned before anything was
// done outside.
func (p *Plan) Stop(now time.Time, by string) error {
	if err := p.Case.to(CaseStopped); err != nil {
		return err
	}
	p.Case.ClosedAt = now
	p.tell("case.stopped", map[string]any{"by": by})
	for i := range p.Steps {
		if s := &p.Steps[i]; !s.Over() && s.State != StepDone {
			if err := s.to(StepCancelled); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle makes ready what can be, and closes the case when all is over.
func (p *Plan) settle(now time.Time) error {
	before := make(map[string]*Step, len(p.Steps))
	for i := range p.Steps {
		before[p.Steps[i].Key] = &p.Steps[i]
	}
	open := false
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.State == StepWaiting && !slices.ContainsFunc(s.After, func(key string) bool { return !s.mayBegin(before[key]) }) {
			if err := s.to(StepReady); err != nil {
				return err
			}
			s.ReadyAt = now
			p.ready = append(p.ready, s.Key)
			p.tell("step.ready", map[string]any{"step": s.Key})
		}
		open = open || !s.Over()
	}
	if open || p.Case.State != CaseOpen {
		return nil
	}
	if err := p.Case.to(CaseClosed); err != nil {
		return err
	}
	p.Case.ClosedAt = now
	p.tell("case.closed", nil)
	return nil
}

// mayBegin reports whether a step need not wait for the one before it any more. One
// that goes system by system need not until another such one is over, only until that
// has begun: app says which of its works wait. What its condition says is known only
// when the other is over, and with one it waits.
func (s *Step) mayBegin(before *Step) bool {
	switch {
	case before == nil:
		return false
	case before.Over():
		return true
	}
	return s.BySystem() && s.Spec.If == "" && before.BySystem() && before.Kind != "revoke_access" && before.begun()
}

// BySystem reports whether what the step does at one system waits for nothing at
// another: listing accesses, leaving them to read, closing them.
func (s *Step) BySystem() bool {
	return s.Kind == "find_access" || s.Kind == "narrow_access" || s.Kind == "revoke_access"
}

func (s *Step) begun() bool {
	switch s.State {
	case StepReady, StepRunning, StepDone:
		return true
	case StepBlocked:
		return !s.Stalled()
	}
	return false
}

// Complete reports whether everything that comes before the step is over: until
// then more of what it is to do may come up.
func (p *Plan) Complete(s *Step) bool {
	return !slices.ContainsFunc(s.After, func(key string) bool { before := p.Step(key); return before != nil && !before.Over() })
}
