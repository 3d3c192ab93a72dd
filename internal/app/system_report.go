package app

import (
	"context"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// WakeKind is the kind of works that let another work, their item, look again
// now.
const WakeKind = "wake"

// reportLife is how long a message that came in is remembered. One that is
// older than a few minutes is refused by its age.
const reportLife = 24 * time.Hour

// ReportFromSystem takes a signed message of a far system. What it says is not
// believed: the works of that system that wait about what it names look again
// at once, and so is whoever left looked at whom it names; what is read then
// counts. A message that came before is taken
// and does nothing: the sender may not have had our answer. Whoever is not the
// system is fault.Unauthenticated.
func (a *App) ReportFromSystem(ctx context.Context, system string, header func(name string) string, body []byte) error {
	reporter, err := a.reporter(system)
	if err != nil {
		return err
	}
	_, wall, err := a.store.Now(ctx)
	if err != nil {
		return err
	}
	r, err := reporter.ReadReport(header, body, wall)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		fresh, err := tx.UseOnce(ctx, "report:"+system+":"+r.ID, tx.Wall().Add(reportLife))
		if err != nil || !fresh || r.Reference == "" {
			return err
		}
		if err := a.sweepAbout(ctx, tx, system, r.Reference, r.ID); err != nil {
			return err
		}
		return a.lookAgain(ctx, tx, system, r)
	})
}

func (a *App) reporter(system string) (connector.Reporter, error) {
	if s, ok := a.systems.Find(system); ok && s.Reporter != nil {
		return s.Reporter, nil
	}
	return nil, fault.New(fault.NotFound, "not_found")
}

// lookAgain has every work that waits about the reference woken, and says so in
// the log of each case.
func (a *App) lookAgain(ctx context.Context, tx Tx, system string, r connector.Report) error {
	works, err := tx.WorksAbout(ctx, system, r.Reference)
	if err != nil {
		return err
	}
	woken := map[offboarding.CaseID]int{}
	var order []offboarding.CaseID
	for _, w := range works {
		if _, seen := woken[w.Case]; !seen {
			order, woken[w.Case] = append(order, w.Case), 0
		}
		// A work that nobody has begun waits for its own date.
		if w.State != offboarding.WorkRunning && (w.State != offboarding.WorkReady || w.Attempt == 0) {
			continue
		}
		woken[w.Case]++
		err := tx.InsertWork(ctx, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: WakeKind, Item: string(w.ID), System: "house", Key: "wake:" + system + ":" + r.ID + ":" + string(w.ID),
			Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
		})
		if err != nil {
			return err
		}
	}
	for _, c := range order {
		if r.Why {
			if err := a.askWhy(ctx, tx, c, system, r); err != nil {
				return err
			}
		}
		stored, err := tx.FindCase(ctx, c)
		if err != nil {
			return err
		}
		err = a.record(ctx, tx, fact{"system.reported", "system", string(c), string(stored.Customer), map[string]any{
			"system": system, "report": r.ID, "works": woken[c],
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// whileLooking is how long to wait for a try that is under way: it may have
// looked before the far system changed.
const whileLooking = 500 * time.Millisecond

// WakeWork lets the work look again now. One that is being worked on is woken
// when that try is over.
func (a *App) WakeWork(ctx context.Context, w offboarding.Work) (Result, error) {
	r := Result{Verdict: Accomplished}
	err := a.tx(ctx, func(tx Tx) error {
		r = Result{Verdict: Accomplished}
		asleep, err := tx.FindWork(ctx, offboarding.WorkID(w.Item))
		if err != nil {
			return err
		}
		if asleep.State == offboarding.WorkReady {
			asleep.RunAt, asleep.RetryAt = tx.Now(), time.Time{}
			ok, err := tx.PutWork(ctx, asleep)
			if err != nil || ok {
				return err
			}
		} else if asleep.State != offboarding.WorkRunning {
			return nil
		}
		r = Result{Verdict: Retry, Delay: whileLooking}
		return nil
	})
	return r, err
}
