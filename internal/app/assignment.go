package app

import (
	"context"
	"encoding/json"
	"slices"

	"hastaluego/internal/assignment"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// assignmentSetting holds the rules by which steps are given to people.
const assignmentSetting = "assignment.rules"

// AssignmentView is the rules, who they may name, and how much each has to do.
type AssignmentView struct {
	assignment.Rules
	People []User // who may sign in
	Names  map[string]string
	Load   map[string]int
}

func readRules(ctx context.Context, tx Tx) (r assignment.Rules, err error) {
	raw, found, err := tx.Setting(ctx, assignmentSetting)
	if err != nil || !found {
		return r, err
	}
	err = json.Unmarshal([]byte(raw), &r)
	return r, fault.Wrap("app.readRules", err)
}

// AssignmentRules reads the rules by which steps are given to people.
func (a *App) AssignmentRules(ctx context.Context, by Actor) (v AssignmentView, err error) {
	if err := by.CanRead("assignment"); err != nil {
		return v, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		v = AssignmentView{}
		if v.Rules, err = readRules(ctx, tx); err != nil {
			return err
		}
		if v.Names, v.People, err = people(ctx, tx); err != nil {
			return err
		}
		v.Load, err = tx.LoadOf(ctx)
		return err
	})
	return v, err
}

// SetAssignmentRules replaces the rules; in.Version is that of those which were
// read. They say who gets what becomes ready from now on.
func (a *App) SetAssignmentRules(ctx context.Context, by Actor, in assignment.Rules) error {
	if err := by.mayOrder("assignment"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		now, err := readRules(ctx, tx)
		if err != nil {
			return err
		}
		if now.Version != in.Version {
			return fault.New(fault.Conflict, "assignment.changed")
		}
		_, users, err := people(ctx, tx)
		if err != nil {
			return err
		}
		next := assignment.Rules{Version: in.Version + 1, List: slices.Clone(in.List)}
		wrong := next.Check(Roles, func(user, role string) bool {
			return slices.ContainsFunc(users, func(u User) bool { return u.ID == user && slices.Contains(u.Roles, role) })
		})
		if len(wrong) > 0 {
			return wrong
		}
		for i := range next.List {
			if next.List[i].ID == "" {
				next.List[i].ID = id.New("rul")
			}
		}
		raw, err := json.Marshal(next)
		if err != nil {
			return fault.Wrap("app.SetAssignmentRules", err)
		}
		if err := tx.PutSetting(ctx, assignmentSetting, string(raw)); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"assignment.changed", by.ID, "", house, map[string]any{"version": next.Version, "rules": next.List}})
	})
}

// assignByRule gives a step that became ready to the least busy of those whom
// the first rule names that holds: who is there, or stands in for one who is
// not, and may do it. Whoever may not approve it, or approved it, never gets it.
func (a *App) assignByRule(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, k *picture) error {
	if s.Assignee != "" || !p.Case.State.Open() {
		return nil
	}
	rules, err := readRules(ctx, tx)
	if err != nil || len(rules.List) == 0 {
		return err
	}
	for _, r := range rules.List {
		if r.Role != s.Role {
			continue
		}
		if r.If != "" {
			facts, err := a.factsOf(ctx, tx, k, p.Case)
			if err != nil {
				return err
			}
			if holds, err := a.condition(r.If, facts); err != nil || !holds { // one that cannot be told holds for nobody
				continue
			}
		}
		user, err := a.leastBusy(ctx, tx, p, s, r.People)
		if err != nil {
			return err
		}
		if user == "" {
			continue
		}
		if err := p.Assign(s.Key, user, "engine"); err != nil {
			return err
		}
		p.Annotate(func(e *offboarding.Event) {
			if e.Type == "step.assigned" && e.Args["step"] == s.Key {
				e.Args["rule"] = r.ID
			}
		})
		return nil
	}
	return nil
}

// leastBusy is the one of the people who gets the step; empty if nobody can.
func (a *App) leastBusy(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, from []string) (string, error) {
	staff, err := a.staff(ctx, tx)
	if err != nil {
		return "", err
	}
	hands := p.Approvers(s.Key)
	if kind, ok := a.kinds[s.Kind]; ok && kind.Spec().Approves {
		if err := readActivator(ctx, tx, p); err != nil {
			return "", err
		}
		hands = append(hands, p.Hands(s.Key)...)
	}
	var able []string
	for _, who := range from {
		who = staff.For(who, s.Roles(), tx.Now())
		x, active := staff.Find(who)
		if !active || !x.Holds(s.Roles()...) || slices.Contains(able, who) {
			continue
		}
		own, err := oneHand(ctx, tx, Actor{ID: who}, hands)
		if err != nil {
			return "", err
		}
		if !own {
			able = append(able, who)
		}
	}
	load, err := tx.LoadOf(ctx)
	if err != nil {
		return "", err
	}
	user := staff.Least(able, load, tx.Now())
	if user != "" {
		load[user]++ // of this transaction, which counts once
	}
	return user, nil
}
