package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hastaluego/internal/id"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
)

// news is something about a step that people are told.
type news struct {
	kind  notification.Kind
	step  *offboarding.Step
	cause string   // tells it from other news of the same kind about the step
	roles []string // whose people are told
	to    string   // whom alone; empty: whoever the step is given to, or the team
}

// tellNews queues news for everybody who is to hear of it, in the transaction in
// which it happened.
func (a *App) tellNews(ctx context.Context, tx Tx, n news) error {
	people, err := a.staff(ctx, tx)
	if err != nil {
		return err
	}
	chans, err := channels(ctx, tx)
	if err != nil {
		return err
	}
	who := []string{n.to}
	if n.to == "" {
		owner := n.step.Assignee
		if n.kind == notification.Escalation { // its owner knows
			owner = ""
		}
		who = people.Told(owner, n.roles, tx.Now())
	}
	for _, user := range who {
		p, active := people.Find(user)
		_, chat := chans[user]
		if !active || p.Address == "" && !chat {
			continue
		}
		if err := a.digestLater(ctx, tx, p); err != nil {
			return err
		}
		if !p.Wants(n.kind) {
			continue
		}
		at := p.At(n.kind, tx.Now())
		if p.Address != "" {
			if err := queueTold(ctx, tx, n.item(user, tx.Now()), at); err != nil {
				return err
			}
		}
		if chat {
			if err := queueTold(ctx, tx, n.item(Channel+user, tx.Now()), at); err != nil {
				return err
			}
		}
	}
	for _, role := range n.roles {
		if _, chat := chans[role]; chat {
			if err := queueTold(ctx, tx, n.item(Channel+role, tx.Now()), tx.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n news) item(to string, now time.Time) ToldItem {
	return ToldItem{
		Key: fmt.Sprint(n.kind, ":", n.step.ID, ":", n.cause, ":", to), To: to, Kind: n.kind, Case: n.step.Case, Step: n.step.Key, QueuedAt: now,
	}
}

// queueTold puts it on the queue; what is there with its key stays as it is.
func queueTold(ctx context.Context, tx Tx, t ToldItem, at time.Time) error {
	t.ID, t.State = id.New("tld"), "queued"
	fresh, err := tx.InsertTold(ctx, t)
	if err != nil || !fresh {
		return err
	}
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: TellKind, Item: t.ID, System: t.system(), Key: TellKind + ":" + t.Key,
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
	})
}

// digestLater sees to it that the next digest of a person is looked after.
func (a *App) digestLater(ctx context.Context, tx Tx, p notification.Person) error {
	if !p.Wants(notification.Digest) {
		return nil
	}
	at, day := p.NextDigest(tx.Now())
	item := p.ID + ":" + day.String()
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: DigestKind, Item: item, System: house, Key: DigestKind + ":" + item,
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
	})
}

// tellTask tells that a step of a person is ready, or to be taken back.
func (a *App) tellTask(ctx context.Context, tx Tx, s *offboarding.Step, cause string) error {
	return a.tellNews(ctx, tx, news{kind: notification.Task, step: s, cause: cause, roles: s.Roles()})
}

// tellEvent tells people of what happened to a step, where that is theirs to
// know.
func (a *App) tellEvent(ctx context.Context, tx Tx, p *offboarding.Plan, e offboarding.Event) error {
	key, _ := e.Args["step"].(string)
	s := p.Step(key)
	if s == nil {
		return nil
	}
	n := news{step: s, roles: s.Roles(), cause: fmt.Sprint(s.Due.Unix())}
	switch e.Type {
	case "step.due_soon":
		n.kind = notification.DueSoon
	case "step.overdue":
		n.kind = notification.Overdue
	case "step.escalated":
		n.kind, n.roles = notification.Escalation, []string{s.Escalated}
	case "step.reopened":
		n.kind, n.cause = notification.Task, fmt.Sprint("again ", tx.Now().UnixMicro())
	case "step.blocked":
		n.kind, n.cause = notification.Stuck, fmt.Sprint(tx.Now().UnixMicro())
		if !s.Human {
			n.roles = acts["work"]
		}
	case "step.assigned": // whoever takes it, or is given it by rule when it is ready, is told by that
		user, _ := e.Args["user"].(string)
		by, _ := e.Args["by"].(string)
		if user == by || by == "engine" {
			return nil
		}
		people, err := a.staff(ctx, tx)
		if err != nil {
			return err
		}
		n.kind, n.cause, n.to = notification.Task, fmt.Sprint("given ", tx.Now().UnixMicro()), people.For(user, s.Roles(), tx.Now())
	default:
		return nil
	}
	return a.tellNews(ctx, tx, n)
}

// stillNews reports whether what waits to be told is worth telling: the step
// waits, and nobody else has taken it.
func stillNews(people notification.People, t ToldItem, p offboarding.Plan, now time.Time) bool {
	s := p.Step(t.Step)
	if s == nil || p.Case.State.Over() && !s.Spec.House {
		return false
	}
	switch s.State {
	case offboarding.StepReady, offboarding.StepRunning, offboarding.StepUndoing:
		if t.Kind == notification.Stuck {
			return false
		}
	case offboarding.StepBlocked:
	default:
		return false
	}
	if x, person := people.Find(t.owner()); person {
		switch t.Kind {
		case notification.Escalation:
			return x.Holds(s.Escalated)
		case notification.Stuck:
			return x.Holds(append(s.Roles(), acts["work"]...)...)
		}
		return s.Assignee == x.ID || slices.Contains(people.Told(s.Assignee, s.Roles(), now), x.ID)
	}
	return true
}
