package app

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/limit"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
)

// RingLimit tells whoever a time limit concerns that one of its dates has come,
// and waits for the next. It is the job "limit".
func (a *App) RingLimit(ctx context.Context, w offboarding.Work) (r Result, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		r = Result{Verdict: Accomplished}
		l, err := tx.FindLimit(ctx, w.Item)
		if fault.KindOf(err) == fault.NotFound && err != nil { // of a test customer who was forgotten
			return nil
		}
		if err != nil {
			return err
		}
		var rang []limit.Alarm
		for {
			alarm, ok := l.Ring(tx.Now())
			if !ok {
				break
			}
			rang = append(rang, alarm)
		}
		if len(rang) > 0 {
			if err := tx.PutLimit(ctx, l); err != nil {
				return err
			}
		}
		for i, alarm := range rang {
			if err := a.rang(ctx, tx, l, alarm, i == len(rang)-1); err != nil {
				return err
			}
		}
		if _, at := l.Next(); !at.IsZero() {
			r = Result{Verdict: Later, Again: at}
		}
		return nil
	})
	return r, err
}

// rang records an alarm; the last of several that came at once is told.
func (a *App) rang(ctx context.Context, tx Tx, l limit.Limit, alarm limit.Alarm, last bool) error {
	var typ string
	var kind notification.Kind
	roles := []string{l.Role()}
	switch alarm {
	case limit.Warn:
		typ, kind = "limit.due_soon", notification.DueSoon
	case limit.Late:
		typ, kind = "limit.missed", notification.Overdue
	default:
		typ, kind, roles = "limit.escalated", notification.Escalation, []string{"admin"}
	}
	if err := a.limitFact(ctx, tx, typ, "engine", l, nil); err != nil || !last {
		return err
	}
	s, err := a.limitStep(ctx, tx, l)
	if err != nil {
		return err
	}
	return a.tellNews(ctx, tx, news{kind: kind, step: &s, cause: string(alarm), roles: roles})
}

// limitMark is what the step of a ToldItem begins with that tells of a limit.
const limitMark = "limit:"

// limitStep is a limit as what somebody has to do. It is for whoever works on the
// departure in its role already, if there is somebody.
func (a *App) limitStep(ctx context.Context, tx Tx, l limit.Limit) (offboarding.Step, error) {
	s := offboarding.Step{
		ID: offboarding.StepID(l.ID), Case: offboarding.CaseID(l.Case), Key: limitMark + l.ID, Title: l.Rule.Message, Role: l.Role(), Due: l.End, Human: true,
	}
	if l.Case == "" {
		return s, nil
	}
	p, err := tx.FindPlan(ctx, s.Case)
	if err != nil {
		return s, err
	}
	i := slices.IndexFunc(p.Steps, func(x offboarding.Step) bool {
		return x.Human && x.Assignee != "" && x.Role == s.Role && slices.Contains([]offboarding.StepState{offboarding.StepReady, offboarding.StepRunning, offboarding.StepBlocked}, x.State)
	})
	if i >= 0 {
		s.Assignee = p.Steps[i].Assignee
	}
	return s, nil
}

// limitLine is what is told of a limit; false where it is over, or asks another
// by now.
func (a *App) limitLine(ctx context.Context, tx Tx, t ToldItem, people notification.People, lang string) (ToldLine, bool, error) {
	l, err := tx.FindLimit(ctx, strings.TrimPrefix(t.Step, limitMark))
	if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && !l.Over.IsZero() {
		return ToldLine{}, false, nil
	}
	if err != nil {
		return ToldLine{}, false, err
	}
	if x, person := people.Find(t.owner()); person && t.Kind != notification.Escalation && !x.Holds(l.Role()) && people.For(x.ID, []string{l.Role()}, tx.Now()) != x.ID {
		return ToldLine{}, false, nil
	}
	task := Task{Case: offboarding.CaseID(l.Case), Customer: customer.ID(l.Customer), Key: "law", Title: l.Rule.Message, Due: l.End}
	if l.Case == "" {
		line, err := a.toldLine(ctx, tx, task, lang)
		line.Link = a.Company().PublicURL + "/console/customers/" + l.Customer
		return line, true, err
	}
	c, err := tx.FindCase(ctx, task.Case)
	if err != nil {
		return ToldLine{}, false, err
	}
	task.Code = c.Code
	line, err := a.toldLine(ctx, tx, task, lang)
	return line, true, err
}
