package app

import (
	"context"
	"slices"

	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/playbook"
	"hastaluego/internal/trial"
)

// experimentSecret names the key from which it follows who is given which arm.
const experimentSecret = "experiment"

// tried is the experiment that a departure is in, with the arm that the customer has.
type tried struct {
	of    Experiment
	menu  *trial.Menu
	arm   string
	about bool      // it is about them as they stand now: what they were given before stays theirs, and is not shown where it no longer fits
	had   *Exposure // as it was given before; nil: it was not
}

// holds reports whether they are those with whom it compares.
func (t *tried) holds() bool { return t != nil && t.arm == experiment.Holdout }

// silences reports whether nothing is proposed to them because of that.
func (t *tried) silences() bool { return t.holds() && t.about }

// trying finds the experiment of a place that a departure is in, or would be in now;
// nil: none. Which arm follows from the customer and the experiment alone.
func (a *App) trying(ctx context.Context, tx Tx, p offboarding.Plan, at trial.Place, d offer.Decision, s offer.Situation) (*tried, error) {
	if p.Case.Test {
		return nil, nil
	}
	running, err := tx.RunningExperiments(ctx)
	if err != nil || len(running) == 0 {
		return nil, err
	}
	given, err := tx.ExposuresIn(ctx, p.Case.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range running {
		if e.Place != at {
			continue
		}
		m, err := a.menuOf(ctx, tx, e)
		if fault.CodeOf(err) == "experiment.changed" { // the daily work stops it
			continue
		}
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(given, func(x Exposure) bool { return x.Experiment == e.ID })
		if i < 0 && !tx.Now().Before(e.Until) {
			continue
		}
		facts, about, err := triedOn(ctx, tx, p, m, d, s)
		switch {
		case err != nil:
			return nil, err
		case i >= 0:
			return &tried{e, m, given[i].Arm, about, &given[i]}, nil
		case !about:
			continue
		}
		g, err := e.Assigner(a.keys.HMACKey(experimentSecret))
		if err != nil {
			return nil, err
		}
		if arm, in := g.Place(p.Case.Customer, facts); in {
			return &tried{e, m, arm, about, nil}, nil
		}
	}
	return nil, nil
}

// triedOn reports whether an experiment is about a departure as it stands now, with the
// facts of which its audience asks.
func triedOn(ctx context.Context, tx Tx, p offboarding.Plan, m *trial.Menu, d offer.Decision, s offer.Situation) (map[experiment.Fact]string, bool, error) {
	cus, err := tx.FindCustomer(ctx, p.Case.Customer)
	if err != nil {
		return nil, false, err
	}
	return m.About(d, s, trial.Who{Market: cus.Country, Language: p.Case.Language, Segment: cus.Segment, Kind: string(cus.Kind), Plan: s.Plan})
}

// decideTried is the decision as the experiment that they are in changes it. Where it is
// no longer about them, because they say now that something of ours is broken, what the
// policy decides stands.
func (a *App) decideTried(ctx context.Context, tx Tx, p offboarding.Plan, d *deciding) (err error) {
	if d.tried, err = a.trying(ctx, tx, p, trial.AtOffer, d.Decision, d.situation); err != nil || d.tried == nil || !d.tried.about {
		return err
	}
	d.lasts = d.Offer.Answer
	for _, o := range d.policy.Library { // all arms, and the holdout, can be seen for as long
		if slices.ContainsFunc(d.tried.menu.Arms, func(x trial.Arm) bool { return x.Offer == o.Name }) {
			d.lasts = min(d.lasts, o.Answer)
		}
	}
	d.Decision = d.tried.menu.Give(d.Decision, d.tried.arm)
	return nil
}

// giveArm keeps which arm was given in a departure. Whoever asks took AwaitErasing first.
func (a *App) giveArm(ctx context.Context, tx Tx, p *offboarding.Plan, d deciding) error {
	if d.tried == nil || !d.tried.about {
		return nil
	}
	zone, err := zoneOf(p.Case)
	if err != nil {
		return err
	}
	until := earlier(d.today.AddDays(d.lasts), p.Case.Effective).End(zone)
	_, err = tx.GiveArm(ctx, Exposure{Experiment: d.tried.of.ID, Case: p.Case.ID, Customer: p.Case.Customer, Arm: d.tried.arm, Given: tx.Now(), Until: until})
	return err
}

// answerNothing tells whoever asked what could be done, and is one of those with whom
// an experiment compares, that there is nothing: by the same road as a person would.
func (a *App) answerNothing(ctx context.Context, tx Tx, p *offboarding.Plan) error {
	if p.Step(seeWhat) == nil {
		s := playbook.House(seeWhat)
		s.ID = offboarding.StepID(id.New("step"))
		if err := p.Ask(s, tx.Now()); err != nil {
			return err
		}
	}
	for _, it := range p.Step(seeWhat).Items {
		if err := p.Tick(seeWhat, it.Key, true, byPolicy, "", tx.Now()); err != nil {
			return err
		}
	}
	if err := p.Done(seeWhat, tx.Now(), byPolicy); err != nil {
		return err
	}
	return a.settle(ctx, tx, p, byPolicy)
}

// MeetArms says that the customer sees the page on which what is proposed stands, or
// would stand. Each experiment counts it once in a departure, with its entry in the
// log; later looks change nothing.
func (a *App) MeetArms(ctx context.Context, token string) error {
	waiting := false
	err := a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		list, err := tx.ExposuresIn(ctx, l.Case)
		waiting = slices.ContainsFunc(list, func(x Exposure) bool { return x.Seen.IsZero() })
		return err
	})
	if err != nil || !waiting {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		zone, err := zoneOf(p.Case)
		if err != nil || p.Case.State != offboarding.CaseOpen || !p.CanUndo(tx.Now(), p.Case.Effective.End(zone)) {
			return err
		}
		list, err := tx.ExposuresIn(ctx, l.Case)
		if err != nil {
			return err
		}
		for _, x := range list {
			if !x.Seen.IsZero() || !tx.Now().Before(x.Until) {
				continue
			}
			if err := a.seeArm(ctx, tx, x); err != nil {
				return err
			}
		}
		return nil
	})
}

// seeArm keeps, with its entry in the log, that an arm was seen for the first time,
// while the experiment runs.
func (a *App) seeArm(ctx context.Context, tx Tx, x Exposure) error {
	e, err := tx.ExperimentByID(ctx, x.Experiment)
	if err != nil || e.State != experiment.Running {
		return err
	}
	fresh, err := tx.SeeArm(ctx, x.Experiment, x.Case, tx.Now())
	if err != nil || !fresh {
		return err
	}
	return a.record(ctx, tx, fact{"experiment.seen", "customer", string(x.Case), string(x.Customer), map[string]any{"experiment": e.Name, "arm": x.Arm}})
}

// FlowArm is the arm of the flow that a customer meets on the pages after the receipt
// of a request; empty: that which everybody does. It is given, and seen, with the first
// of them that they meet once it is proved that the request is theirs.
func (a *App) FlowArm(ctx context.Context, code string) (string, error) {
	var p offboarding.Plan
	var t *tried
	look := func(tx Tx) (err error) { p, t, err = a.tryingFlow(ctx, tx, code); return err }
	if err := a.store.View(ctx, look); err != nil || t == nil {
		return "", err
	}
	if t.had == nil || t.had.Seen.IsZero() && p.Case.State == offboarding.CaseOpen {
		if err := a.tx(ctx, func(tx Tx) error {
			if _, err := tx.AwaitErasing(ctx); err != nil { // first of all: what is given beside an erasure would stay behind it
				return err
			}
			if err := look(tx); err != nil || t == nil {
				return err
			}
			return a.meetFlow(ctx, tx, p, t)
		}); err != nil || t == nil {
			return "", err
		}
	}
	return t.menu.FlowArm(t.arm), nil
}

// tryingFlow finds the experiment on the flow that the departure of a request is in, or
// would be in now; nil: none.
func (a *App) tryingFlow(ctx context.Context, tx Tx, code string) (p offboarding.Plan, t *tried, err error) {
	running, err := tx.RunningExperiments(ctx)
	if err != nil || !slices.ContainsFunc(running, func(e Experiment) bool { return e.Place == trial.AtFlow }) {
		return p, nil, err
	}
	r, err := tx.FindRequestByCode(ctx, code)
	switch {
	case fault.KindOf(err) == fault.NotFound && err != nil: // of a departure that is the second of its request
		return p, nil, nil
	case err != nil || r.Case == "" || unproved(r):
		return p, nil, err
	}
	if p, err = tx.FindPlan(ctx, r.Case); err != nil {
		return p, nil, err
	}
	if gone, err := wasErased(ctx, tx, p.Case.Customer); err != nil || gone {
		return p, nil, err
	}
	s, err := a.situation(ctx, tx, p)
	if err != nil {
		return p, nil, err
	}
	t, err = a.trying(ctx, tx, p, trial.AtFlow, offer.Decision{}, s)
	return p, t, err
}

// meetFlow keeps which arm of the flow was given in a departure, and that it is seen.
func (a *App) meetFlow(ctx context.Context, tx Tx, p offboarding.Plan, t *tried) error {
	x := Exposure{Experiment: t.of.ID, Case: p.Case.ID, Customer: p.Case.Customer, Arm: t.arm, Given: tx.Now(), Until: t.of.Until}
	if t.had != nil {
		x = *t.had
	} else if _, err := tx.GiveArm(ctx, x); err != nil {
		return err
	}
	if p.Case.State != offboarding.CaseOpen || !x.Seen.IsZero() || !tx.Now().Before(x.Until) {
		return nil
	}
	return a.seeArm(ctx, tx, x)
}

// forgetTried counts a customer who is erased on, as one of many.
func (a *App) forgetTried(ctx context.Context, tx Tx, list []Exposure) error {
	for _, x := range list {
		if x.Seen.IsZero() {
			continue
		}
		e, err := tx.ExperimentByID(ctx, x.Experiment)
		if err != nil {
			return err
		}
		first, err := tx.FirstSeen(ctx, e.ID, e.Planned)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(first, func(f Exposure) bool { return f.Customer == x.Customer && f.Case == x.Case })
		if i < 0 {
			continue // it counts for another departure, or came after the planned ones
		}
		gone, err := tx.GoneOf(ctx, e.ID)
		if err != nil {
			return err
		}
		n := 0
		for _, g := range gone {
			n += g.Seen
		}
		if i+n >= e.Planned {
			continue
		}
		units, err := a.units(ctx, tx, e, first[i:i+1])
		if err != nil {
			return err
		}
		g, err := e.Go(units[0])
		if err != nil {
			return err
		}
		if err := tx.PutGone(ctx, e.ID, experiment.Among(gone, g)); err != nil {
			return err
		}
	}
	return nil
}
