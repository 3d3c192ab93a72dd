package app

import (
	"context"
	"encoding/json"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/play"
	"hastaluego/internal/risk"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

// RateKind is the kind of the jobs of the house that rate customers by what
// they use, spend and suffer.
const RateKind = "score"

// RatedSetting is the setting that holds when everybody was last rated, RFC
// 3339.
const RatedSetting = "risk.rated"

// rating is the job that rates everybody every day.
var rating = daily{"work_daily_rating", RateKind, 6 * time.Hour}

const (
	// rateDelay lets what comes in quick succession be rated once.
	rateDelay = 2 * time.Second
	// ratePage is how many customers are rated in one transaction at most.
	ratePage = 256
	// looksBack is how far back readings matter, in days: what signals compare,
	// and a silence before it.
	looksBack = 400
)

// rateDaily sees to it that everybody is rated every day from now on.
func (a *App) rateDaily(ctx context.Context, tx Tx) error { return a.everyDay(ctx, tx, rating) }

// rateSoon rates everybody soon.
func (a *App) rateSoon(ctx context.Context, tx Tx) error { return a.soon(ctx, tx, rating) }

// rated is how far a rating of everybody is; it is the evidence of its job.
type rated struct {
	After customer.ID `json:"after,omitempty"`
}

// Rate rates a page of customers for a job, which goes on where it was.
func (a *App) Rate(ctx context.Context, w offboarding.Work) (Result, error) {
	var at rated
	if w.Evidence != "" {
		if err := json.Unmarshal([]byte(w.Evidence), &at); err != nil {
			return Result{}, fault.Wrap("app.Rate", err)
		}
	}
	next, now, err := a.ratePage(ctx, at.After)
	if err != nil {
		return Result{}, err
	}
	raw, err := json.Marshal(rated{next})
	switch {
	case err != nil:
		return Result{}, fault.Wrap("app.Rate", err)
	case next != "":
		return Result{Verdict: Later, Again: now, Evidence: string(raw)}, nil
	case w.ID == rating.id:
		return Result{Verdict: Later, Again: a.next(rating, now), Evidence: string(raw)}, nil
	default:
		return Result{Verdict: Accomplished, Evidence: string(raw)}, nil
	}
}

// RateAll rates every customer that has readings and is not leaving.
func (a *App) RateAll(ctx context.Context) error {
	_, pause := a.store.Pace()
	for after := customer.ID(""); ; {
		next, _, err := a.ratePage(ctx, after)
		if err != nil || next == "" {
			return err
		}
		after = next
		if err := rest(ctx, pause); err != nil {
			return err
		}
	}
}

// ratePage rates the customers behind one; next is empty when there are no
// more.
func (a *App) ratePage(ctx context.Context, after customer.ID) (next customer.ID, now time.Time, err error) {
	size := ratePage
	if hold, _ := a.store.Pace(); hold > 0 {
		size = ratePage / 4
	}
	var list []customer.ID
	rated := map[customer.ID]risk.Score{}
	err = a.store.View(ctx, func(tx Tx) error {
		now, next = tx.Now(), ""
		clear(rated)
		if list, err = tx.CustomersToRate(ctx, after, size); err != nil {
			return err
		}
		newest, err := tx.NewestReadings(ctx)
		if err != nil {
			return err
		}
		for _, c := range list {
			if rated[c], err = a.score(ctx, tx, c, newest); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", now, err
	}
	if len(list) == size {
		next = list[size-1]
	}
	return next, now, a.tx(ctx, func(tx Tx) error {
		for _, c := range list {
			if err := a.putRating(ctx, tx, c, rated[c]); err != nil {
				return err
			}
		}
		if next != "" {
			return nil
		}
		return tx.PutSetting(ctx, RatedSetting, tx.Now().UTC().Format(time.RFC3339))
	})
}

// score rates a customer by what is known of them today.
func (a *App) score(ctx context.Context, tx Tx, c customer.ID, newest map[signal.Metric]when.Date) (risk.Score, error) {
	today := a.today(tx)
	list, err := tx.ReadingsOf(ctx, c, today.AddDays(-looksBack))
	return risk.Rate(today, signal.Find(signal.Input{Today: today, Newest: newest, Readings: list})), err
}

// putRating stores a rating that says something new; the log is told when it
// becomes, or stops being, a reason to look.
func (a *App) putRating(ctx context.Context, tx Tx, c customer.ID, s risk.Score) error {
	list, err := tx.RisksOf(ctx, c)
	if err != nil {
		return err
	}
	r := Risk{ID: id.New("rsk"), Customer: c, At: tx.Now(), Score: s}
	was := risk.Low
	if len(list) > 0 && list[0].Case == "" {
		r.ID, was = list[0].ID, list[0].Score.Band
		if list[0].Score.Same(s) {
			return nil
		}
	}
	if err := tx.PutRisk(ctx, r); err != nil {
		return err
	}
	urgent := func(b risk.Band) bool { return b == risk.High || b == risk.Medium }
	if was == s.Band || !urgent(was) && !urgent(s.Band) {
		return nil
	}
	return a.record(ctx, tx, fact{"risk.changed", "engine", "", string(c), map[string]any{"was": string(was), "band": string(s.Band), "points": s.Points}})
}

// freezeRating keeps how a customer was rated when they left: later readings do
// not change it. What was being done about it is over.
func (a *App) freezeRating(ctx context.Context, tx Tx, c offboarding.Case) error {
	newest, err := tx.NewestReadings(ctx)
	if err != nil {
		return err
	}
	if len(newest) > 0 {
		s, err := a.score(ctx, tx, c.Customer, newest)
		if err != nil {
			return err
		}
		if err := tx.DropRisk(ctx, c.Customer); err != nil {
			return err
		}
		if err := tx.PutRisk(ctx, Risk{ID: id.New("rsk"), Customer: c.Customer, Case: c.ID, At: tx.Now(), Score: s}); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"risk.frozen", "engine", string(c.ID), string(c.Customer), map[string]any{"band": string(s.Band), "points": s.Points}}); err != nil {
			return err
		}
	}
	plays, err := a.plays(ctx, tx, c.Customer)
	if err != nil {
		return err
	}
	for _, p := range plays {
		if !p.Depart(tx.Now()) {
			continue
		}
		if err := a.savePlay(ctx, tx, p, fact{typ: "play.finished", actor: "engine", args: map[string]any{"outcome": string(play.Lost)}}); err != nil {
			return err
		}
	}
	return nil
}

// ratingAt is how a customer was rated when they left by the case.
func (a *App) ratingAt(ctx context.Context, tx Tx, c offboarding.Case) (risk.Score, error) {
	list, err := tx.RisksOf(ctx, c.Customer)
	for _, r := range list {
		if r.Case == c.ID {
			return r.Score, err
		}
	}
	return risk.Score{}, err
}
