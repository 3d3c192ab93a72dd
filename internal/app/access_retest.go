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
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// RetestKind is the kind of the jobs that look again whether an access that was
// closed still is.
const RetestKind = "retest"

// RetestAfter are the days after an access was proved closed at which it is tried
// again.
var RetestAfter = []int{7, 30}

// retestLater has the access that a work closed tried again after so many days
// each; the item of a job is that work and the days.
func (a *App) retestLater(ctx context.Context, tx Tx, closed offboarding.Work, days ...int) error {
	jobs := make([]offboarding.Work, len(days))
	for i, n := range days {
		key := id.New("work") // each time that it was closed is tried
		jobs[i] = offboarding.Work{
			ID: offboarding.WorkID(key), Kind: RetestKind, Case: closed.Case, Item: string(closed.ID) + ":" + strconv.Itoa(n), System: closed.System,
			Key: RetestKind + ":" + key, Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now().AddDate(0, 0, n),
		}
	}
	return tx.InsertWork(ctx, jobs...)
}

// Closed returns what a retest is about: the work that closed the access, and its
// subject. False when there is nothing to try any more: it was opened again on
// purpose, the departure was taken back, or it is forgotten.
func (a *App) Closed(ctx context.Context, retest offboarding.Work) (s step.Subject, there bool, err error) {
	wid, _, _ := strings.Cut(retest.Item, ":")
	var w offboarding.Work
	err = a.store.View(ctx, func(tx Tx) (err error) {
		w, err = tx.FindWork(ctx, offboarding.WorkID(wid))
		return err
	})
	if err == nil {
		s, err = a.Subject(ctx, w)
	}
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	s.Work = w
	g, ok := s.Grant()
	return s, ok && g.Status == customer.Revoked && w.State != offboarding.WorkUndone, nil
}

// Retested records what trying a closed access again showed. One that lets in is
// on the inventory as open again, and a person is asked to close it.
func (a *App) Retested(ctx context.Context, retest offboarding.Work, s step.Subject, p step.Proof) error {
	g, _ := s.Grant()
	return a.tx(ctx, func(tx Tx) error {
		if fresh, err := tx.UseOnce(ctx, RetestKind+":"+string(retest.ID), tx.Wall().Add(reportLife)); err != nil || !fresh {
			return err
		}
		args := map[string]any{"work": string(retest.ID), "name": g.Name(), "days": daysSince(s.Work, tx.Now()), "proof": string(step.ProofOf(string(p.Evidence)).Proof), "why": p.Why}
		typ := "access.retested"
		switch {
		case p.Holds:
		case p.Why == "connector.not_so" || p.Why == "access.still_open":
			typ = "access.reopened"
		default:
			typ = "access.retest_unclear"
		}
		if err := a.record(ctx, tx, fact{typ, "engine", string(s.Case.ID), string(s.Case.Customer), args}); err != nil || typ != "access.reopened" {
			return err
		}
		if err := tx.SetGrantStatus(ctx, g.ID, customer.Granted); err != nil {
			return err
		}
		return a.askToClose(ctx, tx, s.Case.ID, retest, g)
	})
}

func daysSince(closed offboarding.Work, now time.Time) int {
	since := closed.VerifiedAt
	if since.IsZero() {
		since = closed.DoneAt
	}
	return when.DateOf(since, time.UTC).DaysUntil(when.DateOf(now, time.UTC))
}

// accessBack begins the name of a step by which a person closes an access again.
const accessBack = "access_back"

// ClosesAgain reports whether the step is about an access that was closed and lets
// in again.
func ClosesAgain(s offboarding.Step) bool { return strings.HasPrefix(s.Key, accessBack+"_") }

// askToClose asks a person to close an access that is open again.
func (a *App) askToClose(ctx context.Context, tx Tx, cid offboarding.CaseID, retest offboarding.Work, g customer.Grant) error {
	p, err := tx.FindPlan(ctx, cid)
	if err != nil {
		return err
	}
	s := playbook.House(accessBack)
	s.ID, s.Kind = offboarding.StepID(id.New("step")), "close_access"
	s.Key = accessBack + "_" + strings.ToLower(string(retest.ID[len(retest.ID)-8:]))
	s.Items = append(s.Items, offboarding.Item{Key: string(g.ID), Title: offboarding.Same(g.System + ": " + g.Account)})
	if err := p.Ask(s, tx.Now()); err != nil {
		return err
	}
	return a.settle(ctx, tx, &p, "engine")
}

// closedBy are the accesses that a person closed in the step.
func closedBy(s *offboarding.Step) (out []customer.GrantID) {
	for _, it := range s.Items {
		if strings.HasPrefix(it.Key, "gra_") {
			out = append(out, customer.GrantID(it.Key))
		}
	}
	return out
}

// closedByWord does what follows when somebody answers for it that an access is
// closed: where a system can try it, that is done at once and again later, and
// whoever was asked to close it again is done. The case is the one in which it had
// been closed; empty: none.
func (a *App) closedByWord(ctx context.Context, tx Tx, by Actor, g customer.Grant, how string) (in offboarding.CaseID, err error) {
	cases, err := tx.CasesOf(ctx, g.Customer)
	if err != nil {
		return "", err
	}
	for _, c := range cases {
		works, err := tx.WorksOf(ctx, c.ID)
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(works, func(w offboarding.Work) bool {
			return w.Kind == "revoke_access" && w.Item == string(g.ID) && w.State == offboarding.WorkVerified
		})
		if i < 0 {
			continue
		}
		asked, err := a.closedAgain(ctx, tx, by, c.ID, g, how)
		if err == nil && !asked {
			err = a.retestLater(ctx, tx, works[i], append([]int{0}, RetestAfter...)...)
		}
		return c.ID, err
	}
	return "", nil
}

// closedAgain ends the steps by which somebody was asked to close an access again,
// and reports whether there was one.
func (a *App) closedAgain(ctx context.Context, tx Tx, by Actor, cid offboarding.CaseID, g customer.Grant, how string) (asked bool, err error) {
	p, err := tx.FindPlan(ctx, cid)
	if err != nil {
		return false, err
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		if _, err := p.Workable(s.Key); err != nil || !ClosesAgain(*s) || !slices.Contains(closedBy(s), g.ID) {
			continue
		}
		for _, it := range s.Items {
			if err := p.Tick(s.Key, it.Key, true, by.ID, how, tx.Now()); err != nil {
				return false, err
			}
		}
		ticks(&p, by, how)
		s.Note = how
		if err := p.Done(s.Key, tx.Now(), by.ID); err != nil {
			return false, err
		}
		p.Touch(s.Key, by.RealID)
		if err := a.effects(ctx, tx, &p, s); err != nil {
			return false, err
		}
		asked = true
	}
	return asked, a.settle(ctx, tx, &p, by.ID)
}

// retestNow has accesses that a person closed again tried at once, and again
// later.
func (a *App) retestNow(ctx context.Context, tx Tx, s *offboarding.Step) error {
	works, err := tx.WorksOf(ctx, s.Case)
	if err != nil {
		return err
	}
	for _, w := range works {
		if w.Kind == "revoke_access" && slices.Contains(closedBy(s), customer.GrantID(w.Item)) {
			if err := a.retestLater(ctx, tx, w, append([]int{0}, RetestAfter...)...); err != nil {
				return err
			}
		}
	}
	return nil
}
