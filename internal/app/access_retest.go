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
// closed still is, or one that was left to read still only reads.
const RetestKind = "retest"

// RetestAfter are the days after an access was proved closed, or to read alone, at
// which it is tried again.
var RetestAfter = []int{7, 30}

// whileNarrow are the days after which an access that is left to read until the end
// of a day is tried again: those of RetestAfter that come before it, and that day, the
// last on which it is open.
func whileNarrow(today, until when.Date) (days []int) {
	left := today.DaysUntil(until)
	for _, n := range RetestAfter {
		if n < left {
			days = append(days, n)
		}
	}
	if left > 0 {
		days = append(days, left)
	}
	return days
}

// retestLater has the access that a work closed tried again after so many days
// each; the item of a job is that work and the days. Those that wait since it was
// closed before are called off.
func (a *App) retestLater(ctx context.Context, tx Tx, closed offboarding.Work, days ...int) error {
	works, err := tx.WorksOf(ctx, closed.Case)
	if err != nil {
		return err
	}
	for _, w := range works {
		if w.Kind != RetestKind || w.State != offboarding.WorkReady || !strings.HasPrefix(w.Item, string(closed.ID)+":") || !w.RunAt.After(tx.Now()) {
			continue
		}
		if err := w.To(offboarding.WorkCancelled); err != nil {
			return err
		}
		if _, err := tx.PutWork(ctx, w); err != nil {
			return err
		}
	}
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

// Retestable returns what a retest is about: the work that closed the access, or left
// it to read, and its subject. False when there is nothing to try any more: it was opened
// again on purpose, what was left to read is closed by now or was left so anew, which
// has tries of its own, the departure is being taken back, or it is forgotten.
func (a *App) Retestable(ctx context.Context, retest offboarding.Work) (s step.Subject, there bool, err error) {
	wid, _, _ := strings.Cut(retest.Item, ":")
	var w offboarding.Work
	newer := false
	err = a.store.View(ctx, func(tx Tx) (err error) {
		if w, err = tx.FindWork(ctx, offboarding.WorkID(wid)); err != nil || w.Kind != narrowKind {
			return err
		}
		works, err := tx.WorksOf(ctx, w.Case)
		newer = slices.ContainsFunc(works, func(x offboarding.Work) bool {
			return x.Kind == narrowKind && x.Item == w.Item && x.VerifiedAt.After(w.VerifiedAt)
		})
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
	left := customer.Revoked
	if w.Kind == narrowKind {
		left = customer.ReadOnly
	}
	g, ok := s.Grant()
	back := w.Phase == offboarding.Undo || w.Phase == offboarding.VerifyUndo || s.Case.State == offboarding.CaseReversing
	return s, ok && !back && !newer && g.Status == left && w.State != offboarding.WorkUndone, nil
}

// narrowKind is the kind of the works that leave an access to read.
const narrowKind = "narrow_access"

// retestedAs is the event that tells what trying again showed.
func retestedAs(kind string, p step.Proof) (typ string) {
	switch {
	case p.Holds && kind == narrowKind && step.ProofOf(string(p.Evidence)).ReadOnly:
		return "access.still_read_only"
	case p.Holds:
		return "access.retested"
	case !openAgain(p.Why):
		return "access.retest_unclear"
	case kind == narrowKind:
		return "access.widened"
	}
	return "access.reopened"
}

// Retested records what trying an access again showed that was closed, or left to
// read. One that lets in, or that can change something, is on the inventory as open
// again: a person is asked to close the one; the other is left to read again, and a
// person asked who widened it. Where it could not be told, a person is asked to look.
func (a *App) Retested(ctx context.Context, retest offboarding.Work, s step.Subject, p step.Proof) error {
	g, _ := s.Grant()
	return a.tx(ctx, func(tx Tx) error {
		if fresh, err := tx.UseOnce(ctx, RetestKind+":"+string(retest.ID), tx.Wall().Add(reportLife)); err != nil || !fresh {
			return err
		}
		args := map[string]any{"work": string(retest.ID), "name": g.Name(), "days": daysSince(s.Work, tx.Now()), "proof": string(step.ProofOf(string(p.Evidence)).Proof), "why": p.Why}
		typ := retestedAs(s.Work.Kind, p)
		if err := a.record(ctx, tx, fact{typ, "engine", string(s.Case.ID), string(s.Case.Customer), args}); err != nil {
			return err
		}
		switch typ {
		case "access.retest_unclear":
			return a.askToLook(ctx, tx, s.Case.ID, retest, g)
		case "access.reopened", "access.widened":
		default:
			return nil
		}
		if err := tx.SetGrantStatus(ctx, g.ID, customer.Granted); err != nil {
			return err
		}
		if typ == "access.widened" {
			return a.narrowAgain(ctx, tx, s.Case.ID, retest, g)
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
	s := ofRetest(accessBack, retest)
	s.Kind = "close_access"
	s.Items = append(s.Items, lineOf(g))
	return a.addSteps(ctx, tx, cid, s)
}

const (
	// reachBack begins the name of a step that leaves an access to read again which
	// somebody widened.
	reachBack = "reach_back"
	// reachWhy begins the name of the one that asks a person who did that.
	reachWhy = "reach_why"
)

// Widened reports whether the step asks who widened an access that was left to read.
func Widened(s offboarding.Step) bool { return strings.HasPrefix(s.Key, reachWhy+"_") }

// narrowAgain leaves an access to read again that somebody widened, and asks a person
// who that was.
func (a *App) narrowAgain(ctx context.Context, tx Tx, cid offboarding.CaseID, retest offboarding.Work, g customer.Grant) error {
	narrow, why := ofRetest(reachBack, retest), ofRetest(reachWhy, retest)
	narrow.Params = map[string]string{"system": g.System, "grant": string(g.ID)}
	why.Items = append([]offboarding.Item{lineOf(g)}, why.Items...)
	return a.addSteps(ctx, tx, cid, narrow, why)
}

// accessLook begins the name of a step by which a person looks at accesses of which
// it could not be told whether they are still as they were left.
const accessLook = "access_look"

// askToLook asks a person to look at an access that could not be tried again. A
// system at which nothing can be told is one question, however many accesses it has.
func (a *App) askToLook(ctx context.Context, tx Tx, cid offboarding.CaseID, retest offboarding.Work, g customer.Grant) error {
	p, err := tx.FindPlan(ctx, cid)
	if err != nil {
		return err
	}
	system := func(it offboarding.Item) bool { return strings.HasPrefix(it.Title["es"], g.System+": ") }
	for i := range p.Steps {
		s := &p.Steps[i]
		if !strings.HasPrefix(s.Key, accessLook+"_") || s.Over() || !slices.ContainsFunc(s.Items, system) {
			continue
		}
		if line := lineOf(g); !slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return it.Key == line.Key }) {
			s.Items = append([]offboarding.Item{line}, s.Items...)
		}
		return a.settle(ctx, tx, &p, "engine")
	}
	s := ofRetest(accessLook, retest)
	s.Items = append([]offboarding.Item{lineOf(g)}, s.Items...)
	return a.addSteps(ctx, tx, cid, s)
}

// ofRetest is a step of the house that a retest asks for.
func ofRetest(name string, retest offboarding.Work) offboarding.Step {
	s := playbook.House(name)
	s.ID, s.Key = offboarding.StepID(id.New("step")), name+"_"+strings.ToLower(string(retest.ID[len(retest.ID)-8:]))
	return s
}

// lineOf names an access on a checklist.
func lineOf(g customer.Grant) offboarding.Item {
	return offboarding.Item{Key: string(g.ID), Title: offboarding.Same(g.System + ": " + g.Account)}
}

// addSteps adds steps of the house to a departure.
func (a *App) addSteps(ctx context.Context, tx Tx, cid offboarding.CaseID, steps ...offboarding.Step) error {
	p, err := tx.FindPlan(ctx, cid)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if err := p.Ask(s, tx.Now()); err != nil {
			return err
		}
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
