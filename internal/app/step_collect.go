package app

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
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

// RemindDebt queues a reminder if the step still waits for money and nobody
// agreed otherwise; not zero: when to look again. Where nobody can be written to,
// the person who looks after it sees that in the letters.
func (a *App) RemindDebt(ctx context.Context, c offboarding.CaseID, key string) (again time.Time, err error) {
	if again, err = a.heedBooksOfStep(ctx, c, key); err != nil || !again.IsZero() {
		return again, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		again = time.Time{}
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		s := p.Step(key)
		if s == nil || s.Over() {
			return nil
		}
		if err := holdMoney(ctx, tx, p.Case.Customer); err != nil { // another departure of theirs may be about to
			return err
		}
		r, err := a.reminding(ctx, tx, p, *s)
		if err != nil {
			return err
		}
		out, day := r.Due(a.today(tx))
		if !day.IsZero() {
			again = day.Start(a.Company().Zone).Add(remindHour * time.Hour)
		}
		if !out {
			return nil
		}
		m := a.letter(tx, "reminder", p.Case)
		if err := a.address(ctx, tx, &m, p.Case); fault.KindOf(err) == fault.Blocked && err != nil {
			return nil
		} else if err != nil {
			return err
		}
		return a.queue(ctx, tx, m, string(p.Case.Customer), true)
	})
	return again, err
}

// heedBooksOfStep asks the billing systems before a step reminds that may do so now.
func (a *App) heedBooksOfStep(ctx context.Context, c offboarding.CaseID, key string) (again time.Time, err error) {
	due := false
	err = a.store.View(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		s := p.Step(key)
		if due = s != nil && !s.Over(); !due {
			return nil
		}
		r, err := a.reminding(ctx, tx, p, *s)
		r.Owed = true // what they said last may be over
		due, _ = r.Due(a.today(tx))
		return err
	})
	if err != nil || !due {
		return again, err
	}
	return a.heedBooks(ctx, c)
}

// reminding is what decides about a reminder of a step that is due.
func (a *App) reminding(ctx context.Context, tx Tx, p offboarding.Plan, s offboarding.Step) (r collection.Reminding, err error) {
	c, err := a.collection(ctx, tx, p)
	if err != nil {
		return r, err
	}
	r = collection.Reminding{Owed: len(c.Owed) > 0, Stopped: c.Stopped, Gap: collection.Gap(reminderDays(s))}
	if r.Rest, err = a.agreedUntil(ctx, tx, p.Case); err != nil {
		return r, err
	}
	n, last, err := remindersOf(ctx, tx, p.Case)
	if r.Sent = n; n > 0 {
		r.Last = when.DateOf(last, a.Company().Zone)
	}
	return r, err
}

// agreedUntil is the last day on which nobody is reminded of what is owed in a
// departure, since a day was promised or parts are, in whichever of the customer's;
// zero: nothing was agreed.
func (a *App) agreedUntil(ctx context.Context, tx Tx, k offboarding.Case) (last when.Date, err error) {
	cases, err := sameDebt(ctx, tx, k)
	if err != nil {
		return last, err
	}
	for _, id := range cases {
		var c Collection
		if c.Promises, err = tx.PromisesOf(ctx, id); err != nil {
			return last, err
		}
		if c.Plans, err = tx.InstalmentsOf(ctx, id); err != nil {
			return last, err
		}
		if x := c.Standing(); x != nil && last.Before(x.On) {
			last = x.On
		}
		if x := c.Plan(); x != nil {
			stand, err := a.owingOf(ctx, tx, k.Customer)
			if err != nil {
				return last, err
			}
			if day := x.Heed(covered(stand.list, *x), a.today(tx)).Rest(a.today(tx), when.DateOf(x.MadeAt, a.Company().Zone)); last.Before(day) {
				last = day
			}
		}
	}
	return last, nil
}

// owedOf is what the customer owes while somebody looks after it, in an open
// departure.
func (a *App) owedOf(ctx context.Context, tx Tx, p offboarding.Plan) ([]customer.Balance, error) {
	if collecting(p) == nil {
		return nil, nil
	}
	stand, err := a.owingOf(ctx, tx, p.Case.Customer)
	return customer.NetOf(stand.list).Owed, err
}

// noticeOf is which reminder goes out now, and whether it is the last one of
// the plan.
func (a *App) noticeOf(ctx context.Context, tx Tx, c offboarding.Case) (n int, last bool, err error) {
	p, err := tx.FindPlan(ctx, c.ID)
	if err != nil {
		return 0, false, err
	}
	letters, err := reminderLetters(ctx, tx, c)
	if err != nil {
		return 0, false, err
	}
	n, all := 1, 0
	for _, l := range letters {
		if l.State == "sent" {
			n++
		}
	}
	for _, s := range p.Steps {
		if s.Kind == "collect" {
			all += len(reminderDays(s))
		}
	}
	return n, n >= min(all, collection.MostReminders), nil
}

// brokenSince is the day of a promise that was not kept since the last reminder;
// zero: there is none.
func (a *App) brokenSince(ctx context.Context, tx Tx, m Message) (when.Date, error) {
	list, err := tx.PromisesOf(ctx, m.Case)
	if err != nil || !collection.LastBroken(list) {
		return when.Date{}, err
	}
	letters, err := tx.ListMessages(ctx, m.Case, 1000)
	if err != nil {
		return when.Date{}, err
	}
	var broken collection.Promise
	for _, x := range list {
		if x.State == collection.Broken {
			broken = x
		}
	}
	for _, l := range letters {
		if l.Paper == "reminder" && l.State == "sent" && l.ID != m.ID && l.SentAt.After(broken.OverAt) { // it was said
			return when.Date{}, nil
		}
	}
	return broken.On, nil
}

// collected ticks in a departure of a customer what is not owed any more; a step
// that waits for nothing else is over.
func (a *App) collected(ctx context.Context, tx Tx, by Actor, c offboarding.CaseID, open []customer.Balance, end collection.PromiseState) error {
	p, err := tx.FindPlan(ctx, c)
	if err != nil {
		return err
	}
	if err := a.collectedOn(ctx, tx, &p, by, open, end); err != nil {
		return err
	}
	return a.settle(ctx, tx, &p, by.ID)
}

// collectedOn is that of a plan that whoever calls it settles. Where nothing is
// owed any more, the promise that waits ends as end says.
func (a *App) collectedOn(ctx context.Context, tx Tx, p *offboarding.Plan, by Actor, open []customer.Balance, end collection.PromiseState) error {
	owed := step.Subject{Balances: open}.Owed()
	is := func(key string) bool {
		return slices.ContainsFunc(owed, func(b customer.Balance) bool { return string(b.ID) == key })
	}
	if len(owed) == 0 {
		if err := a.endPromises(ctx, tx, p.Case.ID, end); err != nil {
			return err
		}
		if err := a.endInstalments(ctx, tx, p.Case.ID, end == collection.Kept); err != nil {
			return err
		}
	}
	if covers, err := a.planCovers(ctx, tx, p.Case.ID, open); err != nil {
		return err
	} else if len(owed) > 0 && !covers {
		if err := a.endInstalments(ctx, tx, p.Case.ID, false); err != nil {
			return err
		}
	}
	if s := writeOffStep(*p); s != nil && !p.Case.Paused {
		let := p.Step(writeOffKey + strings.TrimPrefix(s.Key, writeOffApproval))
		if !slices.ContainsFunc(let.Items, func(it offboarding.Item) bool { return is(it.Key) }) {
			if err := settled(ctx, tx, string(s.ID), by.real()); err != nil {
				return err
			}
			if err := p.Withheld(s.Key, "collection.nothing_owed", tx.Now()); err != nil {
				return err
			}
		}
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Kind != "collect" || s.State != offboarding.StepReady && s.State != offboarding.StepRunning || p.Case.Paused {
			continue
		}
		for _, it := range s.Items {
			if it.Ticked || is(it.Key) || !strings.HasPrefix(it.Key, "bal_") {
				continue
			}
			if err := p.Tick(s.Key, it.Key, true, by.ID, "", tx.Now()); err != nil {
				return err
			}
		}
		ticks(p, by, "")
		if len(owed) == 0 && !slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return !it.Ticked }) {
			if err := p.Done(s.Key, tx.Now(), by.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
