package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/trial"
	"hastaluego/internal/when"
)

// Experiment is an experiment as it is kept: what was written, by whom, and what became
// of it.
type Experiment struct {
	experiment.Experiment
	Name      string
	Place     trial.Place
	Source    string
	MadeAt    time.Time
	MadeBy    string
	CheckedAt time.Time // zero: it was not, or changed since
	StartedBy string    // who is told what becomes of it
	Until     time.Time // from then on nobody new is shown an arm
	EndedBy   string    // engine: by itself
	LookedAt  time.Time // when outcomes were last counted
	Version   int64
}

// Exposure is which arm a customer was given in a departure, and when they first saw
// where the arms differ.
type Exposure struct {
	Experiment experiment.ID
	Case       offboarding.CaseID
	Customer   customer.ID
	Arm        string
	Given      time.Time
	Until      time.Time // until when it can be seen
	Seen       time.Time // zero: it was not
}

// LeftOnce is a departure of a customer, as far as outcomes are counted by it.
type LeftOnce struct {
	Case      offboarding.CaseID
	Customer  customer.ID
	State     offboarding.CaseState
	Ends      []customer.SubscriptionID
	Asked     time.Time
	Effective time.Time // zero: it did not take effect
	Closed    time.Time
}

// MinutesOfDay is how long was worked for a customer on a day.
type MinutesOfDay struct {
	Customer customer.ID
	Day      when.Date
	Minutes  int64
}

// ExperimentTx keeps experiments, and counts what came of them.
type ExperimentTx interface {
	// PutExperiment stores a new one (Version 0) or, by Version, changes one;
	// fault.Conflict where there is one of its name, or somebody was faster.
	PutExperiment(ctx context.Context, e Experiment) error
	FindExperiment(ctx context.Context, name string) (Experiment, error)
	ExperimentByID(ctx context.Context, id experiment.ID) (Experiment, error)
	ListExperiments(ctx context.Context, limit int) ([]Experiment, error) // newest first
	RunningExperiments(ctx context.Context) ([]Experiment, error)

	// GiveArm keeps which arm was given in a departure; false if one was before.
	GiveArm(ctx context.Context, x Exposure) (bool, error)
	// SeeArm keeps when it was first seen; false if it was before.
	SeeArm(ctx context.Context, e experiment.ID, c offboarding.CaseID, at time.Time) (bool, error)
	ExposuresIn(ctx context.Context, c offboarding.CaseID) ([]Exposure, error)
	ExposuresOf(ctx context.Context, c customer.ID) ([]Exposure, error)
	// FirstSeen are those who saw an arm, each with the first time, in its order.
	FirstSeen(ctx context.Context, e experiment.ID, limit int) ([]Exposure, error)
	GoneOf(ctx context.Context, e experiment.ID) ([]experiment.Gone, error)
	// PutGone keeps what stays of whoever was erased, in the place of what was kept before.
	PutGone(ctx context.Context, e experiment.ID, list []experiment.Gone) error

	DeparturesOf(ctx context.Context, ids ...customer.ID) ([]LeftOnce, error) // by when they were asked for
	ComplainedOn(ctx context.Context, ids ...customer.ID) ([]Since, error)    // by day
	MinutesOn(ctx context.Context, ids ...customer.ID) ([]MinutesOfDay, error)
}

// experimentsMost is how many experiments are listed.
const experimentsMost = 200

// trialOf reads the file of an experiment that was kept, once per process as long as it
// is the same.
func (a *App) trialOf(e Experiment) (*trial.Trial, error) {
	key := "experiment\x00" + e.Name + "\x00" + e.Source
	if t, ok := a.parsed.Load(key); ok {
		return t.(*trial.Trial), nil
	}
	t, err := trial.Load(e.Name+".yaml", []byte(e.Source))
	if err != nil {
		return nil, fault.Wrap("app.trialOf "+e.Name, err)
	}
	a.parsed.Store(key, t)
	return t, nil
}

// menuOf is what the arms show now; fault.Blocked with experiment.changed where that is
// not what was checked before it started.
func (a *App) menuOf(ctx context.Context, tx Tx, e Experiment) (*trial.Menu, error) {
	t, err := a.trialOf(e)
	if err != nil {
		return nil, err
	}
	m, err := a.onMenu(ctx, tx, t)
	if err != nil || !slices.EqualFunc(m.Definition.Arms, e.Definition.Arms, func(now, was experiment.Arm) bool { return now == was }) {
		return nil, fault.New(fault.Blocked, "experiment.changed", "experiment", e.Name)
	}
	return m, nil
}

func (a *App) onMenu(ctx context.Context, tx Tx, t *trial.Trial) (*trial.Menu, error) {
	p, err := a.policy(ctx, tx)
	if err != nil {
		return nil, err
	}
	f, err := a.flowInForce(ctx, tx)
	if err != nil {
		return nil, err
	}
	return t.On(p, f.flow)
}

// passes are the digests of the arms that the flow checker lets pass, under every law
// that customers can be under; and why the others do not.
func (a *App) passes(ctx context.Context, tx Tx, m *trial.Menu) (passed []string, wrong fault.List, err error) {
	f, err := a.flowInForce(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	c, err := a.checkFlow(FlowText{Source: f.version.Source, Signup: f.version.Signup, Facts: f.version.Facts}, a.dayOf(tx))
	if err != nil {
		return nil, nil, err
	}
	usual := map[string]bool{}
	for _, x := range c.Blocking() {
		usual[x.ID] = true
	}
	for i, arm := range m.Definition.Arms {
		blocking := c.Blocking() // an arm of a flow is checked with it
		if m.Place == trial.AtOffer {
			shown, found := c.Flow.Showing(flowOffer(m.Kind(i)), flowWords(m.Shown(i)))
			if !found {
				wrong = append(wrong, m.At(fmt.Sprintf("$.arms[%d]", i), "experiment.no_offer_page", "flow", f.flow.Name))
				continue
			}
			blocking = slices.DeleteFunc(FlowCheck{Report: flow.Check(shown, c.Laws, c.Signup)}.Blocking(), func(x flow.Finding) bool { return usual[x.ID] })
		}
		if len(blocking) == 0 {
			passed = append(passed, arm.Content)
			continue
		}
		for _, x := range blocking {
			wrong = append(wrong, m.At(fmt.Sprintf("$.arms[%d]", i), "experiment.arm_refused", "arm", arm.ID, "rule", x.Rule, "words", x.Words))
		}
	}
	return passed, wrong, nil
}

// flowOffer is an offer in the words of flows.
func flowOffer(k offer.Kind) flow.Offer {
	kind := map[offer.Kind]string{offer.Discount: "discount", offer.Pause: "pause", offer.Skip: "pause", offer.Plan: "downgrade", offer.Extension: "extension", offer.Help: "human"}[k]
	if kind == "" {
		kind = "other"
	}
	improves := true // a guard that nobody switches off
	return flow.Offer{Kind: kind, Improves: &improves, CooldownDays: offer.LeastCooldown}
}

func flowWords(texts map[string]map[string]string) map[string]flow.Words {
	out := make(map[string]flow.Words, len(texts))
	for code, words := range texts {
		out["arm_"+code] = words
	}
	return out
}

// PutExperiment writes an experiment down, or writes it again as long as nobody sees
// anything of it. Its name is in its file.
func (a *App) PutExperiment(ctx context.Context, by Actor, file string, source []byte) (name string, err error) {
	if err := by.may("experiment"); err != nil {
		return "", err
	}
	t, err := trial.Load(file, source)
	if err != nil {
		return "", err
	}
	return t.Name, a.tx(ctx, func(tx Tx) error {
		e, err := tx.FindExperiment(ctx, t.Name)
		switch {
		case fault.KindOf(err) == fault.NotFound && err != nil:
			e = Experiment{Name: t.Name, MadeAt: tx.Now(), MadeBy: by.ID}
			e.ID, e.State, e.Definition = experiment.ID(id.New("exp")), experiment.Draft, t.Definition
		case err != nil:
			return err
		case e.Source == string(source):
			return nil
		default:
			if err := e.Amend(t.Definition); err != nil {
				return err
			}
			e.CheckedAt = time.Time{}
		}
		e.Place, e.Source = t.Place, string(source)
		if err := tx.PutExperiment(ctx, e); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"experiment.written", by.ID, "", house, map[string]any{"experiment": e.Name, "version": t.Version()}})
	})
}

// ExperimentCheck is what came of checking an experiment.
type ExperimentCheck struct {
	Trial  *trial.Trial
	Plan   experiment.Plan
	PerDay float64 // customers a day that it would have been about, of the last 90 days' departures; before any audience
	Days   int     // that it takes with them; 0: nobody knows
}

// checkTrial checks an experiment against the policy, the flow and the law that count,
// and against what runs.
func (a *App) checkTrial(ctx context.Context, tx Tx, t *trial.Trial) (*trial.Menu, []string, ExperimentCheck, error) {
	c := ExperimentCheck{Trial: t}
	m, err := a.onMenu(ctx, tx, t)
	if err != nil {
		return nil, nil, c, err
	}
	running, err := tx.RunningExperiments(ctx)
	if err != nil {
		return nil, nil, c, err
	}
	var wrong fault.List
	for _, e := range running {
		o, err := a.trialOf(e)
		if err != nil {
			return nil, nil, c, err
		}
		if e.Name != t.Name && t.Overlaps(o) {
			wrong = append(wrong, t.At("$.audience", "experiment.overlap", "other", e.Name))
		}
	}
	passed, refused, err := a.passes(ctx, tx, m)
	if err != nil {
		return nil, nil, c, err
	}
	if wrong = append(wrong, refused...); len(wrong) > 0 {
		return nil, nil, c, wrong
	}
	if c.Plan, err = m.Definition.Plan(); err != nil {
		return nil, nil, c, err
	}
	c.PerDay, err = a.leaversADay(ctx, tx)
	c.Days = c.Plan.Days(c.PerDay)
	return m, passed, c, err
}

// leaversADay is how many customers asked to leave a day, in the last 90 days.
func (a *App) leaversADay(ctx context.Context, tx Tx) (float64, error) {
	const days = 90
	list, err := tx.CountReasons(ctx, tx.Now().AddDate(0, 0, -days), tx.Now())
	n := 0
	for _, x := range list {
		n += x.N
	}
	return float64(n) / days, err
}

// TryExperiment checks a file without keeping it.
func (a *App) TryExperiment(ctx context.Context, by Actor, t *trial.Trial) (c ExperimentCheck, err error) {
	if err := by.CanRead("experiment"); err != nil {
		return c, err
	}
	err = a.store.View(ctx, func(tx Tx) (err error) { _, _, c, err = a.checkTrial(ctx, tx, t); return err })
	return c, err
}

// CheckExperiment says that an experiment may start: every arm passes the flow checker
// and is on the menu of the policy, and nothing that runs is about the same customers.
func (a *App) CheckExperiment(ctx context.Context, by Actor, name string) (c ExperimentCheck, err error) {
	if err := by.may("experiment"); err != nil {
		return c, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		e, err := tx.FindExperiment(ctx, name)
		if err != nil {
			return err
		}
		t, err := a.trialOf(e)
		if err != nil {
			return err
		}
		var m *trial.Menu
		var passed []string
		if m, passed, c, err = a.checkTrial(ctx, tx, t); err != nil {
			return err
		}
		e.Definition = m.Definition
		if err := e.Pass(passed); err != nil {
			return err
		}
		e.CheckedAt = tx.Now()
		if err := tx.PutExperiment(ctx, e); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"experiment.checked", by.ID, "", house, map[string]any{"experiment": e.Name, "version": t.Version(), "planned": c.Plan.Customers}})
	})
	return c, err
}

// experimentGate is the setting that whoever starts an experiment writes first, so that
// two never start at once: each must see what runs.
const experimentGate = "experiment.started"

// StartExperiment registers what was checked, and shows it to customers from now on.
func (a *App) StartExperiment(ctx context.Context, by Actor, name string) error {
	if err := by.may("experiment"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		if err := tx.PutSetting(ctx, experimentGate, tx.Now().UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		e, err := tx.FindExperiment(ctx, name)
		if err != nil {
			return err
		}
		if e.State != experiment.Checked {
			return fault.New(fault.Blocked, "experiment.state")
		}
		t, err := a.trialOf(e)
		if err != nil {
			return err
		}
		_, passed, _, err := a.checkTrial(ctx, tx, t) // what was checked may have changed since
		if err != nil {
			return err
		}
		if err := e.Start(tx.Now(), passed); err != nil {
			return err
		}
		e.StartedBy, e.Until = by.ID, tx.Now().AddDate(0, 0, t.Days)
		if err := tx.PutExperiment(ctx, e); err != nil {
			return err
		}
		if err := a.everyDay(ctx, tx, counting); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"experiment.started", by.ID, "", house, map[string]any{
			"experiment": e.Name, "version": t.Version(), "planned": e.Planned, "primary": string(e.Definition.Primary), "until": e.Until.UTC().Format(time.RFC3339),
		}})
	})
}

// StopExperiment ends an experiment before its time. Nothing is concluded of it.
func (a *App) StopExperiment(ctx context.Context, by Actor, name, why string) error {
	if err := by.may("experiment"); err != nil {
		return err
	}
	clean, wrong := customer.CheckText("why", why, 1000, true)
	if wrong != nil {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		e, err := tx.FindExperiment(ctx, name)
		if err != nil {
			return err
		}
		if err := e.Stop(tx.Now(), clean); err != nil {
			return err
		}
		return a.endExperiment(ctx, tx, e, by.ID)
	})
}

// endExperiment keeps that an experiment ended, by whom, and tells whoever began it.
func (a *App) endExperiment(ctx context.Context, tx Tx, e Experiment, by string) error {
	e.EndedBy = by
	if err := tx.PutExperiment(ctx, e); err != nil {
		return err
	}
	typ := "experiment.stopped"
	args := map[string]any{"experiment": e.Name, "why": e.Why}
	if e.State == experiment.Decided {
		typ = "experiment.decided"
		args = map[string]any{"experiment": e.Name, "outcomes": outcomes(e.Verdicts)}
	}
	if err := a.record(ctx, tx, fact{typ, by, "", house, args}); err != nil || by != "engine" {
		return err
	}
	return a.tellExperiment(ctx, tx, e)
}

func outcomes(list []experiment.Verdict) (out []string) {
	for _, v := range list {
		out = append(out, fmt.Sprintf("%s %s", v.Effect.Arm, v.Outcome))
	}
	return out
}
