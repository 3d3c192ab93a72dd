package app

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// ReminderKind is the kind of the jobs of the house that remind of what is
// owed.
const ReminderKind = "reminder"

// remindHour is when reminders go out: in the morning.
const remindHour = 9

// reminderDays are the days of a step on which a letter reminds, in order.
func reminderDays(s offboarding.Step) (out []int) {
	for _, d := range strings.Split(s.Params["days"], ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(d)); err == nil {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// planReminders sets the clock of the reminders: they count from the day on
// which the last sum is due, and never from one that is past.
func (a *App) planReminders(ctx context.Context, tx Tx, s *offboarding.Step, subject step.Subject) error {
	from := a.today(tx)
	for _, b := range subject.Owed() {
		if from.Before(b.DueOn) {
			from = b.DueOn
		}
	}
	var works []offboarding.Work
	for _, n := range reminderDays(*s) {
		works = append(works, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: ReminderKind, Case: s.Case, Item: s.Key, System: house, Key: string(s.ID) + ":remind:" + strconv.Itoa(n),
			Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: from.AddDays(n).Start(a.Company().Zone).Add(remindHour * time.Hour),
		})
	}
	return tx.InsertWork(ctx, works...)
}

// RemindDebt queues a reminder if the step still waits for money. Where nobody
// can be written to, the person who looks after it sees that in the letters.
func (a *App) RemindDebt(ctx context.Context, c offboarding.CaseID, key string) error {
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		owed, err := a.owedOf(ctx, tx, p)
		if s := p.Step(key); err != nil || s == nil || s.Over() || len(owed) == 0 {
			return err
		}
		if no, err := disputed(ctx, tx, c); err != nil || no { // the clock stands still
			return err
		}
		m := a.letter(tx, "reminder", p.Case)
		if err := a.address(ctx, tx, &m, p.Case); fault.KindOf(err) == fault.Blocked && err != nil {
			return nil
		} else if err != nil {
			return err
		}
		return a.queue(ctx, tx, m, string(p.Case.Customer), true)
	})
}

// owedOf is what the customer owes while somebody looks after it, in an open
// departure.
func (a *App) owedOf(ctx context.Context, tx Tx, p offboarding.Plan) ([]customer.Balance, error) {
	collecting := slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool {
		return s.Kind == "collect" && (s.State == offboarding.StepReady || s.State == offboarding.StepRunning || s.State == offboarding.StepBlocked)
	})
	if !collecting || p.Case.State != offboarding.CaseOpen {
		return nil, nil
	}
	list, err := tx.BalancesOf(ctx, p.Case.Customer)
	return step.Subject{Balances: list}.Owed(), err
}

// noticeOf is which reminder goes out now, and whether it is the last one of
// the plan.
func (a *App) noticeOf(ctx context.Context, tx Tx, c offboarding.Case) (n int, last bool, err error) {
	p, err := tx.FindPlan(ctx, c.ID)
	if err != nil {
		return 0, false, err
	}
	letters, err := tx.ListMessages(ctx, c.ID, 1000)
	if err != nil {
		return 0, false, err
	}
	n, all := 1, 0
	for _, l := range letters {
		if l.Paper == "reminder" && l.State == "sent" {
			n++
		}
	}
	for _, s := range p.Steps {
		if s.Kind == "collect" {
			all += len(reminderDays(s))
		}
	}
	return n, n >= min(all, step.MostReminders), nil
}

// collected ticks in the open departures of a customer what is not owed any
// more; a step that waits for nothing else is over.
func (a *App) collected(ctx context.Context, tx Tx, by Actor, c offboarding.CaseID, open []customer.Balance) error {
	p, err := tx.FindPlan(ctx, c)
	if err != nil {
		return err
	}
	owed := step.Subject{Balances: open}.Owed()
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Kind != "collect" || s.State != offboarding.StepReady && s.State != offboarding.StepRunning || p.Case.Paused {
			continue
		}
		for _, it := range s.Items {
			still := slices.ContainsFunc(owed, func(b customer.Balance) bool { return string(b.ID) == it.Key })
			if it.Ticked || still || !strings.HasPrefix(it.Key, "bal_") {
				continue
			}
			if err := p.Tick(s.Key, it.Key, true, by.ID, "", tx.Now()); err != nil {
				return err
			}
		}
		ticks(&p, by, "")
		if len(owed) == 0 && !slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return !it.Ticked }) {
			if err := p.Done(s.Key, tx.Now(), by.ID); err != nil {
				return err
			}
		}
	}
	return a.settle(ctx, tx, &p, by.ID)
}
