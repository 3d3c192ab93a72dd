package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/trial"
	"hastaluego/internal/when"
)

// ExperimentKind is the kind of the job of the house that counts what came of
// experiments, heeds their guards and concludes.
const ExperimentKind = "experiments"

// counting is the job that does it every day.
var counting = daily{"work_daily_experiments", ExperimentKind, 4 * time.Hour}

// Why an experiment stopped by itself.
const (
	StoppedByHarm    = "experiment.why.harm"       // an arm does more harm than is borne
	StoppedByDay     = "experiment.why.expired"    // its day came before everybody who was planned
	StoppedByChange  = "experiment.why.changed"    // an arm no longer shows what was checked
	StoppedByBalance = "experiment.why.unbalanced" // the arms were not given as they should have been
)

// CountExperiments is the daily work: each that runs is counted, and stops or is
// decided by itself where that follows. As long as one runs it comes again tomorrow.
func (a *App) CountExperiments(ctx context.Context, w offboarding.Work) (Result, error) {
	var running []Experiment
	if err := a.store.View(ctx, func(tx Tx) (err error) { running, err = tx.RunningExperiments(ctx); return err }); err != nil {
		return Result{}, err
	}
	var again time.Time
	for _, e := range running {
		if err := a.countExperiment(ctx, e.Name); err != nil {
			return Result{}, err
		}
	}
	err := a.store.View(ctx, func(tx Tx) (err error) {
		again = a.next(counting, tx.Now())
		running, err = tx.RunningExperiments(ctx)
		return err
	})
	if err != nil || len(running) == 0 && w.ID != counting.id {
		return Result{Verdict: Accomplished}, err
	}
	return Result{Verdict: Later, Again: again}, nil
}

// countExperiment counts while nobody waits for it, and then keeps what follows. An
// experiment that changed meanwhile is left as it is: the next day counts it.
func (a *App) countExperiment(ctx context.Context, name string) error {
	var e Experiment
	err := a.store.View(ctx, func(tx Tx) (err error) { e, err = a.counted(ctx, tx, name); return err })
	if err != nil || e.ID == "" {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		now, err := tx.FindExperiment(ctx, name)
		switch {
		case err != nil || now.Version != e.Version:
			return err
		case e.State == experiment.Running:
			return tx.PutExperiment(ctx, e)
		}
		return a.endExperiment(ctx, tx, e, "engine")
	})
}

// counted is a running experiment as what came of it by now leaves it; one that does not
// run is none.
func (a *App) counted(ctx context.Context, tx Tx, name string) (e Experiment, err error) {
	if e, err = tx.FindExperiment(ctx, name); err != nil || e.State != experiment.Running {
		return Experiment{}, err
	}
	if _, err = a.menuOf(ctx, tx, e); fault.CodeOf(err) == "experiment.changed" {
		err = e.Stop(tx.Now(), StoppedByChange)
		return e, err
	} else if err != nil {
		return e, err
	}
	cohort, err := a.cohort(ctx, tx, e)
	if err != nil {
		return e, err
	}
	r := cohort.Report(tx.Now())
	e.LookedAt = tx.Now()
	switch {
	case e.Heed(r):
		e.Why = StoppedByHarm
	case r.Complete() && r.Unbalanced():
		err = e.Stop(tx.Now(), StoppedByBalance)
	case r.Complete():
		err = e.Decide(r)
	case !tx.Now().Before(e.Until) && r.Seen < r.Planned:
		err = e.Stop(tx.Now(), StoppedByDay)
	}
	return e, err
}

// cohort are the customers of whom an experiment is judged, as far as is known now.
func (a *App) cohort(ctx context.Context, tx Tx, e Experiment) (*experiment.Cohort, error) {
	seen, err := tx.FirstSeen(ctx, e.ID, e.Planned)
	if err != nil {
		return nil, err
	}
	units, err := a.units(ctx, tx, e, seen)
	if err != nil {
		return nil, err
	}
	gone, err := tx.GoneOf(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	return e.Gather(units, gone...)
}

// units are customers who saw an arm, with what they did since.
func (a *App) units(ctx context.Context, tx Tx, e Experiment, seen []Exposure) ([]experiment.Unit, error) {
	ids := make([]customer.ID, len(seen))
	for i, x := range seen {
		ids[i] = x.Customer
	}
	did, err := a.didSince(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	units := make([]experiment.Unit, len(seen))
	for i, x := range seen {
		units[i] = a.unit(e, x, did[x.Customer], tx.Now())
	}
	return units, nil
}

// deeds are what is on record of a customer that outcomes are counted by.
type deeds struct {
	departures []LeftOnce
	offers     []offer.Offer
	complaints []when.Date
	minutes    []MinutesOfDay
	contracts  []customer.Subscription
	balances   []customer.Balance
}

func (a *App) didSince(ctx context.Context, tx Tx, ids []customer.ID) (map[customer.ID]*deeds, error) {
	did := make(map[customer.ID]*deeds, len(ids))
	for _, id := range ids {
		did[id] = &deeds{}
	}
	if len(ids) == 0 {
		return did, nil
	}
	departures, err := tx.DeparturesOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, d := range departures {
		did[d.Customer].departures = append(did[d.Customer].departures, d)
	}
	offers, err := tx.OffersTo(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, o := range offers {
		did[o.Customer].offers = append(did[o.Customer].offers, o.Offer)
	}
	complaints, err := tx.ComplainedOn(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, c := range complaints {
		did[c.Customer].complaints = append(did[c.Customer].complaints, c.Day)
	}
	minutes, err := tx.MinutesOn(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, m := range minutes {
		did[m.Customer].minutes = append(did[m.Customer].minutes, m)
	}
	contracts, err := tx.SubscriptionsOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, s := range contracts {
		did[s.Customer].contracts = append(did[s.Customer].contracts, s)
	}
	balances, err := tx.BalancesOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, b := range balances {
		did[b.Customer].balances = append(did[b.Customer].balances, b)
	}
	return did, nil
}

// unit is what a customer who saw an arm did since.
func (a *App) unit(e Experiment, x Exposure, d *deeds, now time.Time) experiment.Unit {
	zone := a.Company().Zone
	u := experiment.Unit{Customer: x.Customer, Arm: x.Arm, Seen: x.Seen}
	own := slices.IndexFunc(d.departures, func(p LeftOnce) bool { return p.Case == x.Case })
	for _, p := range d.departures[max(own, 0):] {
		u.Departures = append(u.Departures, p.counted())
	}
	for _, o := range d.offers {
		if took := o.State != offer.Declined && !o.AnsweredAt.IsZero(); took && !o.AnsweredAt.Before(x.Seen) && (u.Accepted.IsZero() || o.AnsweredAt.Before(u.Accepted)) {
			u.Accepted = o.AnsweredAt
		}
	}
	for _, day := range d.complaints {
		// Of a complaint its day is known: one of the day on which they saw it counts.
		if at := day.End(zone).Add(-time.Microsecond); !at.Before(x.Seen) && (u.Complained.IsZero() || at.Before(u.Complained)) {
			u.Complained = at
		}
	}
	u.Payments = trial.Payments(trial.Account{
		Zone: zone, Currency: e.Definition.Currency, Seen: x.Seen, Now: now, Hour: a.rates().Hour,
		Contracts: d.contracts, Ends: d.ends(zone), Balances: d.balances, Offers: d.offers, Minutes: d.worked(),
	})
	return u
}

// counted is a departure as experiments count it. One that is neither under way nor
// done, because it was taken back or stopped, is taken back.
func (p LeftOnce) counted() experiment.Departure {
	d := experiment.Departure{Asked: p.Asked, Ended: p.Effective}
	if p.State == offboarding.CaseReversed || p.State == offboarding.CaseStopped {
		d.TakenBack, d.Ended = p.Closed, time.Time{}
	}
	return d
}

// ends are from when on contracts are no longer charged, because a departure took
// effect.
func (d *deeds) ends(zone *time.Location) map[customer.SubscriptionID]when.Date {
	out := map[customer.SubscriptionID]when.Date{}
	for _, p := range d.departures {
		if p.Effective.IsZero() || p.State == offboarding.CaseReversed || p.State == offboarding.CaseStopped {
			continue
		}
		for _, s := range p.Ends {
			out[s] = when.DateOf(p.Effective.Add(-time.Microsecond), zone) // it takes effect at the end of its last day
		}
	}
	return out
}

func (d *deeds) worked() (out []trial.Worked) {
	for _, m := range d.minutes {
		out = append(out, trial.Worked{Day: m.Day, Minutes: m.Minutes})
	}
	return out
}

// experimentMark begins the step of a ToldItem that is about an experiment.
const experimentMark = "experiment/"

// tellExperiment tells whoever began an experiment that it stopped by itself, or that
// it is decided; where that is nobody who signs in, everybody who may begin one.
func (a *App) tellExperiment(ctx context.Context, tx Tx, e Experiment) error {
	n := news{kind: notification.Stuck, step: &offboarding.Step{ID: offboarding.StepID(e.ID), Key: experimentMark + e.Name}, cause: string(e.State), roles: []string{"success"}}
	if e.State == experiment.Decided {
		n.kind = notification.Task
	}
	people, err := a.staff(ctx, tx)
	if err != nil {
		return err
	}
	if _, active := people.Find(e.StartedBy); active {
		n.to, n.roles = e.StartedBy, nil
	}
	return a.tellNews(ctx, tx, n)
}

// experimentLine says of an experiment no more than its name and how it ended.
func (a *App) experimentLine(ctx context.Context, tx Tx, x ToldItem, lang string) (ToldLine, bool, error) {
	e, err := tx.FindExperiment(ctx, x.Step[len(experimentMark):])
	if err != nil {
		return ToldLine{}, false, err
	}
	t, err := a.trialOf(e)
	if err != nil {
		return ToldLine{}, false, err
	}
	return ToldLine{Code: e.Name, Title: offboarding.Worded(t.Title, lang), Link: a.Company().PublicURL + "/console/learn/experiments/" + e.Name}, true, nil
}

// ExperimentView is an experiment, and how it stands.
type ExperimentView struct {
	Experiment
	Trial   *trial.Trial
	Plan    experiment.Plan
	Report  *experiment.Report  // nil: nobody sees it yet
	Course  []experiment.Report // how it stood from its start until now, the oldest first
	Shows   []ArmView           // what each arm shows, in their order
	Costed  bool                // it is known what an hour of a person costs
	Zone    *time.Location      // of days
	Starter string              // name of who started it
}

// ArmView is what an arm shows, in the words of customers.
type ArmView struct {
	Arm   trial.Arm
	Texts map[string]map[string]string // by code and language; none: an arm of the flow, or changed since
}

// courseMost is at how many instants the course of an experiment is told at most.
const courseMost = 40

// OpenExperiment reads how an experiment stands now.
func (a *App) OpenExperiment(ctx context.Context, by Actor, name string) (v ExperimentView, err error) {
	if err := by.CanRead("experiment"); err != nil {
		return v, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		e, err := tx.FindExperiment(ctx, name)
		if err != nil {
			return err
		}
		v = ExperimentView{Experiment: e, Costed: a.rates().Hour >= 0, Zone: a.Company().Zone}
		if v.Trial, err = a.trialOf(e); err != nil {
			return err
		}
		if v.Plan, err = v.Trial.Definition.Plan(); err != nil {
			return err
		}
		users, err := names(ctx, tx)
		if err != nil {
			return err
		}
		v.Starter = users[e.StartedBy]
		m, err := a.onMenu(ctx, tx, v.Trial)
		for i, arm := range v.Trial.Arms {
			shows := ArmView{Arm: arm}
			if err == nil {
				shows.Texts = m.Shown(i)
			}
			v.Shows = append(v.Shows, shows)
		}
		if e.StartedAt.IsZero() {
			return nil
		}
		cohort, err := a.cohort(ctx, tx, e)
		if err != nil {
			return err
		}
		at := tx.Now()
		if !e.EndedAt.IsZero() { // it stands as it did when it ended
			at = e.EndedAt
		}
		r := cohort.Report(at)
		v.Report = &r
		days := int(at.Sub(e.StartedAt).Hours() / 24)
		for i, n := 0, min(courseMost, days); i < n; i++ {
			v.Course = append(v.Course, cohort.Report(e.StartedAt.Add(at.Sub(e.StartedAt)*time.Duration(i+1)/time.Duration(n))))
		}
		return nil
	})
	return v, err
}

// ListExperiments lists experiments, the newest first.
func (a *App) ListExperiments(ctx context.Context, by Actor) (list []Experiment, err error) {
	if err := by.CanRead("experiment"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) (err error) { list, err = tx.ListExperiments(ctx, experimentsMost); return err })
	return list, err
}
