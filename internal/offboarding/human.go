package offboarding

import (
	"slices"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// workable refuses what a person may not work on now.
func (p *Plan) workable(s *Step) error {
	switch {
	case p.Case.Paused && !s.Spec.House:
		return fault.New(fault.Blocked, "case.paused")
	case !s.Human || s.State != StepReady && s.State != StepRunning:
		return fault.New(fault.Blocked, "step.not_ready")
	}
	return nil
}

// Goes reports whether work on the steps of the plan goes on for s: of a case that
// is open and does not rest; what the house asks of a person, always.
func (p *Plan) Goes(s *Step) bool {
	return s.Spec.House || p.Case.State == CaseOpen && !p.Case.Paused
}

// Workable returns the human step that may be worked on now, or why not.
func (p *Plan) Workable(key string) (*Step, error) {
	s, err := p.find(key)
	if err != nil {
		return nil, err
	}
	return s, p.workable(s)
}

// Skip leaves out a ready step whose condition does not hold; facts are what
// the condition saw.
func (p *Plan) Skip(key string, now time.Time, facts map[string]any) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if err := s.to(StepSkipped); err != nil {
		return err
	}
	p.tell("step.skipped", map[string]any{"step": s.Key, "condition": s.Spec.If, "facts": facts})
	return p.settle(now)
}

// Stalls are why a step could not even begin when its turn came: message
// codes. Nobody was given it, and no work of it exists.
var Stalls = []string{"step.condition", "step.unknown_kind", "customer.no_address"}

// Stalled reports whether the turn of the step came and it could not begin.
func (s *Step) Stalled() bool { return s.State == StepBlocked && slices.Contains(Stalls, s.Blocked) }

// stalled returns a step of an open case that could not begin.
func (p *Plan) stalled(key string) (*Step, error) {
	s, err := p.find(key)
	switch {
	case err != nil:
		return nil, err
	case p.Case.State == CaseReversing || p.Case.State.Over():
		return nil, fault.New(fault.Blocked, "case.closed")
	case !s.Stalled():
		return nil, fault.New(fault.Blocked, "step.not_stalled")
	}
	return s, nil
}

// Retry lets a step begin that could not when its turn came.
func (p *Plan) Retry(key, by string) error {
	s, err := p.stalled(key)
	if err != nil {
		return err
	}
	if err := s.to(StepReady); err != nil {
		return err
	}
	s.Blocked = ""
	p.ready = append(p.ready, key)
	p.tell("step.retried", map[string]any{"step": key, "by": by})
	return nil
}

// SkipStalled leaves out a step that could not begin: somebody answers for it,
// in words.
func (p *Plan) SkipStalled(key, by, evidence string, now time.Time) error {
	s, err := p.stalled(key)
	if err != nil {
		return err
	}
	return p.leaveOut(s, map[string]any{"step": key, "why": s.Blocked, "by": by, "evidence": evidence}, now)
}

// Withheld leaves out a step whose letter may not go out; why is a message
// code.
func (p *Plan) Withheld(key, why string, now time.Time) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	s.Blocked = why
	return p.leaveOut(s, map[string]any{"step": key, "why": why}, now)
}

func (p *Plan) leaveOut(s *Step, args map[string]any, now time.Time) error {
	if err := s.to(StepSkipped); err != nil {
		return err
	}
	p.tell("step.skipped", args)
	return p.settle(now)
}

// Reopen gives a blocked step back to its owner.
func (p *Plan) Reopen(key, by string) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if !s.Human || s.State != StepBlocked || s.Stalled() || p.Case.State == CaseReversing { // what is taken back is not begun again
		return fault.New(fault.Blocked, "step.not_blocked")
	}
	if err := s.to(StepReady); err != nil {
		return err
	}
	s.Blocked = ""
	p.tell("step.reopened", map[string]any{"step": s.Key, "by": by})
	return nil
}

// Assign gives an unfinished human step to somebody; nobody in particular if
// to is empty. It is whose turn it is, not a lock: others of the role may still
// work on it.
func (p *Plan) Assign(key, to, by string) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if !s.Human || s.Over() || !p.Case.State.Open() && !s.Spec.House {
		return fault.New(fault.Blocked, "step.not_assignable")
	}
	if s.Assignee == to {
		return nil
	}
	if s.Assignee = to; to == "" {
		p.tell("step.unassigned", map[string]any{"step": key, "by": by})
		return nil
	}
	p.tell("step.assigned", map[string]any{"step": key, "user": to, "by": by})
	return nil
}

// Touch says that somebody had a hand in the step: they ticked or unticked
// something, attached a file, wrote a draft.
func (p *Plan) Touch(key string, who ...string) {
	s := p.Step(key)
	for _, w := range who {
		if s != nil && w != "" && !slices.Contains(s.Hands, w) {
			s.Hands = append(s.Hands, w)
		}
	}
}

// Hands returns who prepared what the step approves: everybody who had a hand
// in what led to it, back to an earlier approval, to the proof of identity or to
// a date that was waited for before anybody began. For what the engine did that
// is whoever activated the plan.
func (p *Plan) Hands(key string) []string {
	var out []string
	seen := map[string]bool{}
	var back func(s *Step, prepared bool)
	back = func(s *Step, prepared bool) {
		for _, key := range s.After {
			before := p.Step(key)
			at := key
			if prepared { // a step may be reached both ways
				at += " prepared"
			}
			if before == nil || seen[at] {
				continue
			}
			seen[at] = true
			prepared := prepared
			switch {
			case before.Kind == "approve", before.Kind == "confirm":
				continue
			case before.Kind == "wait" && prepared:
				continue
			case before.Kind == "wait", before.State == StepSkipped, before.State == StepCancelled:
			case before.Human:
				out = append(append(out, before.DoneBy), before.Hands...)
				for _, it := range before.Items {
					out = append(out, it.By)
				}
				prepared = true
			default:
				out = append(out, p.Activator)
				prepared = true
			}
			back(before, prepared)
		}
	}
	if s := p.Step(key); s != nil {
		back(s, false)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(who string) bool { return who == "" || who == "engine" })
}

// Approvers are those who approved that the step is done: whoever approves a
// thing does not do it.
func (p *Plan) Approvers(key string) (out []string) {
	s := p.Step(key)
	if s == nil {
		return nil
	}
	for _, a := range s.After {
		switch before := p.Step(a); {
		case before == nil:
		case before.Kind == "approve" && before.State == StepDone:
			out = append(out, before.DoneBy)
		case before.State == StepSkipped:
			out = append(out, p.Approvers(a)...)
		}
	}
	return out
}

func (p *Plan) notApprover(key, by string) error {
	if slices.Contains(p.Approvers(key), by) {
		return fault.New(fault.Forbidden, "approval.own_step")
	}
	return nil
}

// Pause keeps the case as it is until it is resumed: no work begins and nobody
// may work on its steps. Dates go on.
func (p *Plan) Pause(by, why string) error {
	if p.Case.State != CaseOpen || p.Case.Paused {
		return fault.New(fault.Blocked, "case.not_pausable")
	}
	p.Case.Paused = true
	p.tell("case.paused", map[string]any{"by": by, "why": why})
	return nil
}

// Resume lets a paused case go on.
func (p *Plan) Resume(by string) error {
	if !p.Case.Paused {
		return fault.New(fault.Blocked, "case.not_paused")
	}
	p.Case.Paused = false
	p.tell("case.resumed", map[string]any{"by": by})
	return nil
}

// DueOf is when a human step that became ready at now is due, by the business
// days of the calendar; never before the end of that day.
func (p *Plan) DueOf(s *Step, now time.Time, zone *time.Location, days *calendar.Calendar) time.Time {
	d := s.Spec.Due
	today := when.DateOf(now, zone)
	from := today
	switch d.From {
	case "", "ready":
	case "request":
		from = when.DateOf(p.Case.RequestedAt, zone)
	case "effective":
		from = p.Case.Effective
	case "end_of_retrieval":
		from = p.Case.RetrievalEnd()
	default:
		if before := p.Step(d.From); before != nil && !before.DoneAt.IsZero() {
			from = when.DateOf(before.DoneAt, zone)
		}
	}
	due := from.AddDays(d.N)
	if d.Business {
		due = days.Add(from, d.N)
	}
	if due.Before(today) {
		due = today
	}
	return due.End(zone)
}

// BeforeEnd reports whether the charges cannot stop, or the contract cannot end,
// before the step is over: it is that step, or one that it waits for.
func (p *Plan) BeforeEnd(s *Step) bool {
	if s.Milestone == "billing_stopped" {
		return true
	}
	var waits func(of *Step, seen map[string]bool) bool
	waits = func(of *Step, seen map[string]bool) bool {
		for _, key := range of.After {
			if key == s.Key {
				return true
			}
			if before := p.Step(key); before != nil && !seen[key] {
				if seen[key] = true; waits(before, seen) {
					return true
				}
			}
		}
		return false
	}
	for i := range p.Steps {
		if t := &p.Steps[i]; (t.Milestone == "billing_stopped" || t.Milestone == "effective") && waits(t, map[string]bool{}) {
			return true
		}
	}
	return false
}

// NoLater is a due date of a human step, moved before what may not wait for it:
// the end of the contract, and the instants in by, if it stands before the end.
// It is never before the end of the day of now: what should have been done
// yesterday is due today.
func (p *Plan) NoLater(s *Step, due, now time.Time, zone *time.Location, by ...time.Time) time.Time {
	if !p.BeforeEnd(s) {
		return due
	}
	today := when.DateOf(now, zone).End(zone)
	for _, end := range append(by, p.Case.Effective.End(zone)) {
		if end.Before(today) {
			end = today
		}
		if end.Before(due) {
			due = end
		}
	}
	return due
}

// Alarm is a date on which an unfinished human step makes itself heard.
type Alarm struct {
	Name string // alert, overdue, escalate
	At   time.Time
}

// Alarms are the dates of a human step with a due date, in order.
func (s *Step) Alarms() []Alarm {
	var out []Alarm
	if s.Spec.Alert > 0 {
		out = append(out, Alarm{"alert", s.Due.AddDate(0, 0, -s.Spec.Alert)})
	}
	out = append(out, Alarm{"overdue", s.Due})
	if s.Spec.Escalate.To != "" {
		out = append(out, Alarm{"escalate", s.Due.AddDate(0, 0, s.Spec.Escalate.Days)})
	}
	return out
}

// Ring tells that a date of an unfinished step, or of one that is to be undone
// now, has come; a step that is over stays silent. It reports whether anything was told.
func (p *Plan) Ring(key, alarm string) bool {
	s := p.Step(key)
	if s == nil {
		return false
	}
	doing := s.State == StepReady || s.State == StepRunning || s.State == StepBlocked
	if turn := p.UndoTurn() == s && s.State == StepUndoing; !turn && (!doing || p.Case.State != CaseOpen && !s.Spec.House) {
		return false
	}
	switch alarm {
	case "alert":
		p.tell("step.due_soon", map[string]any{"step": key, "role": s.Role})
	case "overdue":
		p.tell("step.overdue", map[string]any{"step": key, "role": s.Role})
	case "escalate":
		s.Escalated = s.Spec.Escalate.To
		p.tell("step.escalated", map[string]any{"step": key, "role": s.Role, "to": s.Escalated})
	default:
		return false
	}
	return true
}

// UndoTurn is the step that is to be undone now, blocked or not: in a reversal
// what was done last is taken back first. Nil if there is none.
func (p *Plan) UndoTurn() *Step {
	if p.Case.State != CaseReversing {
		return nil
	}
	for i := len(p.Steps) - 1; i >= 0; i-- {
		if s := &p.Steps[i]; !s.Spec.Stays && (s.State == StepUndoing || s.State == StepBlocked) {
			return s
		}
	}
	return nil
}

// UndoAgain says that undoing the step goes on: what it was blocked by, if
// anything, was decided.
func (p *Plan) UndoAgain(key string) error {
	s, err := p.find(key)
	if err != nil {
		return err
	}
	if s.State == StepUndoing {
		return nil
	}
	s.Blocked = ""
	return s.to(StepUndoing)
}

// Acted reports whether a human step changed something outside that can be
// taken back: it was done, or some of its list was ticked.
func (s *Step) Acted() bool {
	if !s.Human || s.Spec.Undo.Class == "" || s.Spec.Undo.Class == "final" {
		return false
	}
	if s.State == StepDone {
		return true
	}
	return s.State != StepUndone && slices.ContainsFunc(s.Items, func(it Item) bool { return it.Ticked })
}

// Final returns the steps that were done and cannot be taken back.
func (p *Plan) Final() []*Step {
	var out []*Step
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Spec.Undo.Class == "final" && s.Holds() {
			out = append(out, s)
		}
	}
	return out
}
