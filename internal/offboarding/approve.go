package offboarding

import (
	"slices"
	"time"

	"hastaluego/internal/fault"
)

// Approve decides a step that needs a second person: nobody approves what they
// prepared. Refused, the step is blocked until somebody reopens it.
func (p *Plan) Approve(key string, yes bool, note, by string, now time.Time) error {
	s, err := p.Workable(key)
	if err != nil {
		return err
	}
	if slices.Contains(p.Hands(key), by) {
		return fault.New(fault.Forbidden, "approval.same_person")
	}
	s.Note = note
	return p.decide(s, yes, note, by, now)
}

// ApproveOtherwise decides such a step where one person works: by is the
// customer who was asked, or the time that was waited for. What the customer
// says is missing stands where the words of the asking stood.
func (p *Plan) ApproveOtherwise(key string, yes bool, lacks, by string, now time.Time) error {
	s, err := p.Workable(key)
	if err != nil {
		return err
	}
	if lacks != "" {
		s.Note = lacks
	}
	return p.decide(s, yes, lacks, by, now)
}

func (p *Plan) decide(s *Step, yes bool, why, by string, now time.Time) error {
	if !yes {
		p.tell("approval.refused", map[string]any{"step": s.Key, "by": by, "why": why})
		return p.Block(s.Key, "approval.refused")
	}
	p.tell("approval.given", map[string]any{"step": s.Key, "by": by, "of": p.Hands(s.Key)})
	return p.Done(s.Key, now, by)
}

// PutTo tells that a step was put to the customer, or to a time that is waited
// for, instead of a second person. Whoever did is one of its hands.
func (p *Plan) PutTo(key, way, by string, until time.Time) {
	p.Touch(key, by)
	p.tell("approval.asked", map[string]any{"step": key, "way": way, "by": by, "until": until.UTC().Format(time.RFC3339)})
}

// TakeBack tells that whoever put it there took it back.
func (p *Plan) TakeBack(key, by string) {
	p.tell("approval.withdrawn", map[string]any{"step": key, "by": by})
}

// Renew presents a step anew: it waits since now.
func (p *Plan) Renew(key, by string, now time.Time) error {
	s, err := p.Workable(key)
	if err != nil {
		return err
	}
	s.ReadyAt = now
	p.tell("approval.renewed", map[string]any{"step": key, "by": by})
	return nil
}
