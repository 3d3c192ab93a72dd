package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
)

// InboxRow is one case in the inbox.
type InboxRow struct {
	Plan     offboarding.Plan
	Customer customer.Customer
	Lines    []customer.Subscription
	Next     *offboarding.Step // that waits for a person: of those that the filter asks for, the first to be due
	Over, Of int               // steps that are over, and all; without those that were skipped
}

// Inbox is what waits for people.
type Inbox struct {
	Cases     []InboxRow
	Total     int
	Unmatched []offboarding.Request // the first of them
	Count     Waiting
	Playbooks []string // names that open cases follow
	Segments  []string // of open cases
	Users     map[string]string
}

// OpenInbox lists cases and the requests that nobody could be found for.
func (a *App) OpenInbox(ctx context.Context, by Actor, f CaseFilter) (Inbox, error) {
	var in Inbox
	if err := by.CanRead("case"); err != nil {
		return in, err
	}
	err := a.store.View(ctx, func(tx Tx) error {
		plans, total, err := tx.ListCases(ctx, f)
		if err != nil {
			return err
		}
		in = Inbox{Total: total}
		for _, p := range plans {
			row, err := inboxRow(ctx, tx, p, by, f)
			if err != nil {
				return err
			}
			in.Cases = append(in.Cases, row)
		}
		if in.Unmatched, err = tx.ListUnmatched(ctx, 50, 0); err != nil {
			return err
		}
		if in.Count, err = tx.CountWaiting(ctx, by.ID, by.Roles, by.May("work"), tx.Now()); err != nil {
			return err
		}
		if in.Playbooks, in.Segments, err = tx.OpenCaseFacets(ctx); err != nil {
			return err
		}
		for i, p := range in.Playbooks {
			in.Playbooks[i], _, _ = strings.Cut(p, "@")
		}
		in.Playbooks = slices.Compact(in.Playbooks) // they come sorted
		in.Users, err = names(ctx, tx)
		return err
	})
	return in, err
}

func inboxRow(ctx context.Context, tx Tx, p offboarding.Plan, by Actor, f CaseFilter) (row InboxRow, err error) {
	row.Plan = p
	if row.Customer, err = tx.FindCustomer(ctx, p.Case.Customer); err != nil {
		return row, err
	}
	subs, err := tx.SubscriptionsOf(ctx, p.Case.Customer)
	row.Lines = pick(subs, p.Case.Subscriptions)
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.State != offboarding.StepSkipped {
			row.Of++
		}
		if s.Over() && s.State != offboarding.StepSkipped {
			row.Over++
		}
		if waitsForPerson(s) && (row.Next == nil || sooner(by, f, s, row.Next)) {
			row.Next = s
		}
	}
	return row, err
}

func waitsForPerson(s *offboarding.Step) bool {
	return s.Human && (s.State == offboarding.StepReady || s.State == offboarding.StepUndoing) || s.State == offboarding.StepBlocked
}

// sooner reports whether the step comes before the other in a row: what the
// filter asks for, then what is this person's, then what is due first.
func sooner(by Actor, f CaseFilter, s, than *offboarding.Step) bool {
	for _, test := range []func(*offboarding.Step) bool{
		f.asksFor,
		func(s *offboarding.Step) bool { return s.Assignee == by.ID },
		by.worksOn,
	} {
		if a, b := test(s), test(than); a != b {
			return a
		}
	}
	return dueOr(s).Before(dueOr(than))
}

// asksFor reports whether the filter speaks of the step; the store selects by
// the same conditions.
func (f CaseFilter) asksFor(s *offboarding.Step) bool {
	return (len(f.Roles) == 0 || slices.Contains(f.Roles, s.Role) || slices.Contains(f.Roles, s.Escalated) || f.Decides && !s.Human) &&
		(f.Assignee == "" || s.Assignee == f.Assignee) && (!f.Unassigned || s.Human && s.Assignee == "") &&
		(!f.Blocked || s.State == offboarding.StepBlocked) && (f.DueBefore.IsZero() || !s.Due.IsZero() && !s.Due.After(f.DueBefore))
}

func (a Actor) worksOn(s *offboarding.Step) bool {
	if !s.Human {
		return a.May("work")
	}
	return a.MayWork(*s)
}

func dueOr(s *offboarding.Step) time.Time {
	if s.Due.IsZero() {
		return time.Unix(1<<40, 0) // no date comes after every date
	}
	return s.Due
}

// OpenUnmatched lists the requests that nobody could be found for, oldest
// first, with the counts of the inbox.
func (a *App) OpenUnmatched(ctx context.Context, by Actor, limit, offset int) (list []offboarding.Request, count Waiting, err error) {
	if err := by.CanRead("case"); err != nil {
		return nil, count, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if list, err = tx.ListUnmatched(ctx, limit, offset); err != nil {
			return err
		}
		count, err = tx.CountWaiting(ctx, by.ID, by.Roles, by.May("work"), tx.Now())
		return err
	})
	return list, count, err
}
