package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/signal"
	"hastaluego/internal/step"
	"hastaluego/internal/stray"
	"hastaluego/internal/when"
)

// SweepKind is the kind of the jobs of the house that look whether anything
// happens to those who have left. There is one for each far system that can tell,
// and one for the readings of our own record; so a system that does not answer
// delays nobody else's.
const SweepKind = "sweep"

const (
	// sweepEvery is how often everybody who left is looked at, counted from the
	// beginning of a round: what happens is heard of within it.
	sweepEvery = time.Hour
	// sweepPage is how many are listed at once, and sweepFor how long one try of
	// the job reads before it writes down what it found and how far it is.
	sweepPage = 50
	sweepFor  = 5 * time.Second
	// sweepTries is how often one that cannot be read is tried before the round goes
	// on without it.
	sweepTries = 3
	// sweepWait is how long a system that cannot be read is left alone.
	sweepWait = time.Minute
)

// Departed names one thing of somebody who left: a contract, or an access.
type Departed struct {
	Case offboarding.CaseID
	Item string // sub_…, gra_…
}

// LateUse is use of what a customer has no contract for any more.
type LateUse struct {
	Case        offboarding.CaseID
	Customer    customer.ID
	First, Last when.Date // days after the end on which there was any
}

// StrayTx keeps strays, and finds who has left. A departure counts from when it
// took effect, unless it was undone, is a test, or its customer was erased.
type StrayTx interface {
	// PutStray stores a new one (Version 0), unless the same number at the same
	// system is there; then false. By Version it changes one.
	PutStray(ctx context.Context, s stray.Stray) (fresh bool, err error)
	FindStray(ctx context.Context, id stray.ID) (stray.Stray, error)
	StraysOf(ctx context.Context, c offboarding.CaseID) ([]stray.Stray, error) // oldest first
	StraysAbout(ctx context.Context, c customer.ID) ([]stray.Stray, error)
	// ListStrays returns those in the state, or in any, newest first, behind one.
	ListStrays(ctx context.Context, state stray.State, before stray.ID, limit int) ([]stray.Stray, error)
	// ListDeparted returns contracts that departures ended and that may be charged
	// at the system, behind one: where a plan ended them there, or named no system.
	// Those that stand as active on the record are left out: they came back.
	ListDeparted(ctx context.Context, system string, after Departed, limit int) ([]Departed, error)
	// FindDeparture is the newest departure of a customer who has no contract any more;
	// fault.NotFound where there is none.
	FindDeparture(ctx context.Context, id customer.ID) (offboarding.CaseID, error)
	DepartedAbout(ctx context.Context, system, reference string, limit int) ([]Departed, error)
	// ListDoors returns accesses at the system that were closed, and those that a
	// customer has who has no contract any more, with their newest departure.
	ListDoors(ctx context.Context, system string, after string, limit int) ([]Departed, error)
	DoorsAbout(ctx context.Context, system, account string, limit int) ([]Departed, error)
	// UseAfterEnd returns customers without a contract of whom the metric says use
	// after their newest departure, by id behind one.
	UseAfterEnd(ctx context.Context, metric string, after customer.ID, limit int) ([]LateUse, error)
}

// sweepJob is the one job that looks at a system every hour.
func sweepJob(system string) offboarding.WorkID { return offboarding.WorkID("work_sweep_" + system) }

// sweepable are the systems that can tell of those who left, and the readings.
func (a *App) sweepable() []string {
	out := []string{stray.ReadingsSystem}
	for name, spec := range a.on {
		if slices.Contains(spec.Can, connector.CanCharges) || slices.Contains(spec.Can, connector.CanEvery) || slices.Contains(spec.Can, connector.CanSignIns) || slices.Contains(spec.Can, connector.CanBilling) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// keepSweeping sees to it that every system which can tell is looked at every
// hour from now on.
func (a *App) keepSweeping(ctx context.Context, tx Tx) error {
	var works []offboarding.Work
	for _, name := range a.sweepable() {
		works = append(works, offboarding.Work{
			ID: sweepJob(name), Kind: SweepKind, Item: name, System: sweepsAt(name), Key: SweepKind + ":" + name,
			Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now().Add(sweepEvery),
		})
	}
	return tx.InsertWork(ctx, works...)
}

// sweepsAt is the system that a job works at.
func sweepsAt(name string) string {
	if name == stray.ReadingsSystem {
		return house
	}
	return name
}

// sweepAbout has what a system told of looked at now, if it is of somebody who
// left. mark tells one message from another.
func (a *App) sweepAbout(ctx context.Context, tx Tx, system, reference, mark string) error {
	for _, find := range []func(context.Context, string, string, int) ([]Departed, error){tx.DepartedAbout, tx.DoorsAbout} {
		list, err := find(ctx, system, reference, 1)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			continue
		}
		return tx.InsertWork(ctx, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: SweepKind, Item: system + ":" + reference, System: system, Key: SweepKind + ":" + system + ":" + mark,
			Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
		})
	}
	return nil
}

// sweepUse has the readings looked at now.
func (a *App) sweepUse(ctx context.Context, tx Tx) error {
	if err := a.keepSweeping(ctx, tx); err != nil {
		return err
	}
	return tx.MoveTimer(ctx, SweepKind+":"+stray.ReadingsSystem, tx.Now())
}

// swept is how far a round is; it is the evidence of its job.
type swept struct {
	Begun  time.Time `json:"begun,omitzero"`
	Charge Departed  `json:"charges,omitzero"` // looked at last
	Door   string    `json:"sign_ins,omitempty"`
	Use    string    `json:"use,omitempty"`
	Doors  bool      `json:"at_sign_ins,omitempty"` // all charges were looked at
	Looked int       `json:"looked"`
	Unread int       `json:"unread,omitempty"` // that could not be read in this round
	Stuck  int       `json:"stuck,omitempty"`  // tries of the one that is next
	// Of the last round that came to its end.
	Done    time.Time `json:"done,omitzero"`
	DoneN   int       `json:"done_looked,omitempty"`
	DoneBad int       `json:"done_unread,omitempty"`
}

func (s swept) evidence() string {
	raw, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return string(raw)
}

// found is a stray as it was seen, with the departure that it belongs to.
type found struct {
	stray.Stray
	silent func(known []stray.Stray) bool // it was told already
}

// Sweep looks at those who left, for a while, and says when to go on. What it
// found and how far it came commit together or, where the commit of how far is
// lost, are found again and change nothing. It is the job "sweep".
func (a *App) Sweep(ctx context.Context, w offboarding.Work) (Result, error) {
	system, about, one := strings.Cut(w.Item, ":")
	if one {
		return a.sweepOne(ctx, system, about)
	}
	var at swept
	if w.Evidence != "" {
		if err := json.Unmarshal([]byte(w.Evidence), &at); err != nil {
			return Result{}, fault.Wrap("app.Sweep", err)
		}
	}
	now, wall, err := a.store.Now(ctx)
	if err != nil {
		return Result{}, err
	}
	if wall.Sub(now) > 24*time.Hour { // a past is lived: nothing of it is news
		return Result{Verdict: Later, Again: wall, Evidence: at.evidence()}, nil
	}
	if at.Begun.IsZero() {
		at = swept{Begun: now, Done: at.Done, DoneN: at.DoneN, DoneBad: at.DoneBad}
	}
	r := round{a: a, system: system, at: &at, until: wall.Add(sweepFor)}
	over, failed := r.run(ctx)
	switch {
	case failed != nil:
		delay := sweepWait
		var f *fault.Error
		if errors.As(failed, &f) && f.RetryAfter > 0 {
			delay = f.RetryAfter
		}
		return Result{Verdict: Retry, Code: fault.CodeOf(failed), Delay: delay, Evidence: at.evidence()}, nil
	case !over:
		return Result{Verdict: Later, Again: now, Evidence: at.evidence()}, nil
	}
	next := at.Begun.Add(sweepEvery)
	if next.Before(now) {
		next = now.Add(sweepEvery)
	}
	at = swept{Done: now, DoneN: at.Looked, DoneBad: at.Unread}
	return Result{Verdict: Later, Again: next, Evidence: at.evidence()}, nil
}

// sweepOne looks at what a system told of.
func (a *App) sweepOne(ctx context.Context, system, about string) (Result, error) {
	r := round{a: a, system: system, at: &swept{}}
	for _, x := range []struct {
		find func(Tx) ([]Departed, error)
		look func(context.Context, Departed) error
	}{
		{func(tx Tx) ([]Departed, error) { return tx.DepartedAbout(ctx, system, about, sweepPage) }, r.contract},
		{func(tx Tx) ([]Departed, error) { return tx.DoorsAbout(ctx, system, about, sweepPage) }, r.door},
	} {
		var list []Departed
		if err := a.store.View(ctx, func(tx Tx) (err error) { list, err = x.find(tx); return err }); err != nil {
			return Result{}, err
		}
		for _, d := range list {
			if err := x.look(ctx, d); err != nil && !unknownThere(err) {
				return Result{}, err
			}
		}
	}
	return Result{Verdict: Accomplished}, nil
}

// unknownThere reports whether a system says that it knows no such thing.
func unknownThere(err error) bool { return err != nil && fault.KindOf(err) == fault.NotFound }

// round is one try of a sweep.
type round struct {
	a      *App
	system string
	at     *swept
	until  time.Time // wall
}

// run looks at one after the other until the time is over; over says that
// everybody was looked at. What fails is the system, or one that cannot be read:
// that one is left behind after a few tries, so that it hides nobody else.
func (r *round) run(ctx context.Context) (over bool, failed error) {
	if r.system == stray.ReadingsSystem {
		return r.readings(ctx)
	}
	for {
		var list []Departed
		err := r.a.store.View(ctx, func(tx Tx) (err error) {
			if r.at.Doors {
				list, err = tx.ListDoors(ctx, r.system, r.at.Door, sweepPage)
			} else {
				list, err = tx.ListDeparted(ctx, r.system, r.at.Charge, sweepPage)
			}
			return err
		})
		if err != nil {
			return false, err
		}
		for _, d := range list {
			look := r.contract
			if r.at.Doors {
				look = r.door
			}
			err := look(ctx, d)
			switch {
			case unknownThere(err):
			case ctx.Err() != nil:
				return false, nil
			case err != nil && ofSystem(err), err != nil && r.at.Stuck < sweepTries-1:
				if !ofSystem(err) {
					r.at.Stuck++
				}
				return false, err
			case err != nil:
				r.at.Unread++
			}
			r.at.Stuck = 0
			r.at.Looked++
			if r.at.Doors {
				r.at.Door = d.Item
			} else {
				r.at.Charge = d
			}
			if _, wall, err := r.a.store.Now(ctx); err != nil || wall.After(r.until) {
				return false, err
			}
		}
		if len(list) == sweepPage {
			continue
		}
		if r.at.Doors {
			return r.everyone(ctx)
		}
		r.at.Doors = true
	}
}

// ofSystem reports whether a failure says nothing of the one that was asked
// about: the system answers nobody, or wants to be asked later.
func ofSystem(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && (f.Code == connector.Held || f.Kind == fault.Transient && f.RetryAfter > 0)
}

// contract looks what was charged for a contract since the departure that ended
// it, and whether it runs again.
func (r *round) contract(ctx context.Context, d Departed) error {
	sys, ok := r.a.farSystem(r.system)
	if !ok {
		return nil
	}
	var c offboarding.Case
	var sub customer.Subscription
	var asked map[string]bool
	var now time.Time
	err := r.a.store.View(ctx, func(tx Tx) (err error) {
		now = tx.Now()
		if c, err = tx.FindCase(ctx, d.Case); err != nil {
			return err
		}
		if sub, err = tx.FindSubscription(ctx, customer.SubscriptionID(d.Item)); err != nil {
			return err
		}
		asked, err = askedFor(ctx, tx, c.Customer)
		return err
	})
	if err != nil {
		return err
	}
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	end := c.EndOf(sub.ID).End(zone)
	if sys.Billing != nil {
		st, err := sys.Billing.ReadSubscription(ctx, sub.Reference)
		if err != nil {
			return err
		}
		if st.Found && now.After(end) && !st.Ended && !st.Paused && (st.EndsAt.IsZero() || st.EndsAt.After(now.Add(stray.Slack))) {
			if err := r.a.runsAgain(ctx, r.system, c, sub); err != nil {
				return err
			}
		}
	}
	if sys.Charges == nil {
		return nil
	}
	since := c.RequestedAt
	if end.Before(since) {
		since = end
	}
	list, err := sys.Charges.ChargesSince(ctx, sub.Reference, since)
	if err != nil {
		return err
	}
	late := r.a.lateCharges(c, []customer.Subscription{sub}) // a person looks at them already
	for _, x := range list {
		if day := when.DateOf(x.At, zone); slices.ContainsFunc(late, func(l Charge) bool { return l.On == day }) && !x.At.After(end) {
			continue
		}
		if s, is := r.charged(x, since, end, asked); is {
			s.About = sub.Reference
			if err := r.a.strayed(ctx, c, found{Stray: s}); err != nil {
				return err
			}
		}
	}
	return nil
}

// askedFor are the numbers of the sums on our record that a customer is asked for.
func askedFor(ctx context.Context, tx Tx, id customer.ID) (map[string]bool, error) {
	list, err := tx.BalancesOf(ctx, id)
	asked := map[string]bool{}
	for _, b := range list {
		asked[b.Reference] = b.Kind == customer.Invoice || b.Kind == customer.Fee
	}
	return asked, err
}

// charged is a charge as a stray, where it is one: what is for the time before the
// end is none, nor is one that the departure left open.
func (r *round) charged(x connector.Charge, since, end time.Time, asked map[string]bool) (s stray.Stray, is bool) {
	back, is := stray.AfterEnd(since, end, stray.Bill{Amount: x.Amount, Refunded: x.Refunded, At: x.At, From: x.From, To: x.To})
	if !is || x.To.IsZero() && (asked[x.ID] || asked[x.Number]) {
		return s, false
	}
	left := money.Amount{Minor: x.Amount.Minor - x.Refunded.Minor, Currency: x.Amount.Currency}
	s = stray.Stray{Kind: stray.Charge, System: r.system, Far: x.ID, HappenedAt: x.At, Amount: left, Back: back, Taken: x.Taken}
	if sys, ok := r.a.farSystem(r.system); ok && sys.Refunder != nil && x.Taken {
		s.Payment = x.Payment
	}
	return s, true
}

// saidAgain is how long a person's word holds that a contract which runs again is
// as it should be.
const saidAgain = 7 * 24 * time.Hour

// runsAgain tells that a contract which ended is alive at its system.
func (a *App) runsAgain(ctx context.Context, system string, c offboarding.Case, sub customer.Subscription) error {
	now, _, err := a.store.Now(ctx)
	if err != nil {
		return err
	}
	return a.strayed(ctx, c, found{
		Stray: stray.Stray{Kind: stray.Running, System: system, Far: sub.Reference + "/" + now.UTC().Format(time.RFC3339), About: sub.Reference, HappenedAt: now},
		silent: func(known []stray.Stray) bool {
			return slices.ContainsFunc(known, func(k stray.Stray) bool {
				return k.Kind == stray.Running && k.System == system && k.About == sub.Reference && (!k.Over() || now.Before(k.OverAt.Add(saidAgain)))
			})
		},
	})
}

// door looks whether somebody got in by an access since it was closed or, where
// it was left open, since the customer may not use it any more.
func (r *round) door(ctx context.Context, d Departed) error {
	sys, ok := r.a.farSystem(r.system)
	if !ok || sys.SignIns == nil {
		return nil
	}
	var c offboarding.Case
	var g customer.Grant
	var since time.Time
	var ours []time.Time // when we tried the access ourselves
	err := r.a.store.View(ctx, func(tx Tx) (err error) {
		if c, err = tx.FindCase(ctx, d.Case); err != nil {
			return err
		}
		g, since, ours, err = r.a.doorOf(ctx, tx, c, customer.GrantID(d.Item))
		return err
	})
	if err != nil || g.ID == "" {
		return err
	}
	at, err := sys.SignIns.LastSignIn(ctx, g.Account)
	if err != nil || !at.After(since) || slices.ContainsFunc(ours, func(o time.Time) bool { return at.Sub(o).Abs() < tryWindow }) {
		return err
	}
	return r.a.strayed(ctx, c, found{
		Stray:  stray.Stray{Kind: stray.SignIn, System: r.system, Far: g.Account + "/" + at.UTC().Format(time.RFC3339), About: g.Account, HappenedAt: at},
		silent: toldUntil(stray.SignIn, r.system, g.Account, at),
	})
}

// tryWindow is how near to one of our own tries a sign-in is that one.
const tryWindow = time.Minute

// toldUntil reports whether a person is asked about the same thing, or said what
// it was after this happened.
func toldUntil(kind stray.Kind, system, about string, at time.Time) func([]stray.Stray) bool {
	return func(known []stray.Stray) bool {
		return slices.ContainsFunc(known, func(k stray.Stray) bool {
			return k.Kind == kind && k.System == system && k.About == about && (!k.Over() || !at.After(k.HappenedAt) || at.Before(k.OverAt))
		})
	}
}

// doorOf reads an access of somebody who left: since when nobody should get in by
// it, and when we tried to. Without an id it is none to look at.
func (a *App) doorOf(ctx context.Context, tx Tx, c offboarding.Case, gid customer.GrantID) (g customer.Grant, since time.Time, ours []time.Time, err error) {
	all, err := tx.GrantsOf(ctx, c.Customer)
	if err != nil {
		return g, since, nil, err
	}
	i := slices.IndexFunc(all, func(x customer.Grant) bool { return x.ID == gid })
	if i < 0 {
		return g, since, nil, nil
	}
	zone, err := zoneOf(c)
	if err != nil {
		return g, since, nil, err
	}
	since = c.Effective.End(zone)
	if all[i].Open() {
		if since = c.RetrievalEnd().End(zone); tx.Now().Before(since) { // it may be there for the data
			return g, since, nil, nil
		}
	}
	cases, err := tx.CasesOf(ctx, c.Customer)
	if err != nil {
		return g, since, nil, err
	}
	for _, x := range cases {
		works, err := tx.WorksOf(ctx, x.ID)
		if err != nil {
			return g, since, nil, err
		}
		tried := map[string]bool{}
		for _, w := range works {
			if w.Kind == "revoke_access" && w.Item == string(gid) {
				tried[string(w.ID)] = true
				if w.DoneAt.After(since) {
					since = w.DoneAt
				}
			}
		}
		for _, w := range works {
			work, _, _ := strings.Cut(w.Item, ":")
			if again := w.Kind == RetestKind && tried[work]; !again && !tried[string(w.ID)] {
				continue
			}
			ours = append(ours, w.DoneAt, w.VerifiedAt)
			p := step.ProofOf(w.Evidence)
			for _, probe := range []*connector.Probe{p.Control, p.Probe} {
				if probe != nil {
					ours = append(ours, probe.At)
				}
			}
		}
	}
	return all[i], since, ours, nil
}

// readings looks who uses what they have no contract for any more.
func (r *round) readings(ctx context.Context) (over bool, err error) {
	for {
		var list []LateUse
		err := r.a.store.View(ctx, func(tx Tx) (err error) {
			list, err = tx.UseAfterEnd(ctx, string(signal.Use), customer.ID(r.at.Use), sweepPage)
			return err
		})
		if err != nil {
			return false, err
		}
		for _, u := range list {
			if err := r.a.used(ctx, u); err != nil {
				return false, err
			}
			r.at.Use = string(u.Customer)
			r.at.Looked++
		}
		if len(list) < sweepPage {
			return true, nil
		}
		if _, wall, err := r.a.store.Now(ctx); err != nil || wall.After(r.until) {
			return false, err
		}
	}
}

func (a *App) used(ctx context.Context, u LateUse) error {
	var c offboarding.Case
	if err := a.store.View(ctx, func(tx Tx) (err error) { c, err = tx.FindCase(ctx, u.Case); return err }); err != nil {
		return err
	}
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	at := u.Last.Start(zone)
	about := string(signal.Use)
	return a.strayed(ctx, c, found{
		Stray:  stray.Stray{Kind: stray.Use, System: stray.ReadingsSystem, Far: fmt.Sprintf("%s/%s/%s", c.Customer, about, u.Last), About: about, HappenedAt: at},
		silent: toldUntil(stray.Use, stray.ReadingsSystem, about, at),
	})
}

// askedBy are the steps of the house by which a person is asked, by kind.
var askedBy = map[stray.Kind]string{
	stray.Charge: "charged_after", stray.Running: "running_after", stray.Use: "used_after", stray.SignIn: "signed_in_after",
}

// strayed writes down what was found, once, and asks a person; of a charge that was
// asked for, again when it is paid.
func (a *App) strayed(ctx context.Context, c offboarding.Case, f found) error {
	return a.tx(ctx, func(tx Tx) error {
		known, err := tx.StraysAbout(ctx, c.Customer)
		if err != nil {
			return err
		}
		s := f.Stray
		if i := slices.IndexFunc(known, func(k stray.Stray) bool { return k.System == s.System && k.Kind == s.Kind && k.Far == s.Far }); i >= 0 {
			return a.strayTaken(ctx, tx, known[i], s)
		}
		if f.silent != nil && f.silent(known) {
			return nil
		}
		ask := playbook.House(askedBy[s.Kind])
		s.ID, s.Case, s.Customer, s.FoundAt, s.State = stray.ID(id.New("str")), string(c.ID), string(c.Customer), tx.Now(), stray.Open
		s.Step = ask.Key + "_" + strings.ToLower(string(s.ID[len(s.ID)-8:]))
		ask.ID, ask.Key = offboarding.StepID(id.New("step")), s.Step
		if fresh, err := tx.PutStray(ctx, s); err != nil || !fresh {
			return err
		}
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		ask.Items = append([]offboarding.Item{strayLine(s, a.Company().Zone)}, ask.Items...)
		if err := a.record(ctx, tx, fact{"stray.found", "engine", string(c.ID), string(c.Customer), strayArgs(s)}); err != nil {
			return err
		}
		if err := p.Ask(ask, tx.Now()); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, "engine")
	})
}

// strayTaken writes down that a charge that a person was asked about came in since,
// and asks anew: on the step that asked, where it is still open, with the sum that
// came in; on another one, where somebody had said that there is nothing to give back.
func (a *App) strayTaken(ctx context.Context, tx Tx, k, seen stray.Stray) error {
	was := k.Step
	again := k.Over()
	if !k.Paid(seen) {
		return nil
	}
	p, err := tx.FindPlan(ctx, offboarding.CaseID(k.Case))
	if err != nil {
		return err
	}
	line := strayLine(k, a.Company().Zone)
	if again {
		ask := playbook.House(askedBy[k.Kind])
		k.Step = ask.Key + "_taken_" + straySuffix(k)
		ask.ID, ask.Key, ask.Items = offboarding.StepID(id.New("step")), k.Step, append([]offboarding.Item{line}, ask.Items...)
		if err := p.Ask(ask, tx.Now()); err != nil {
			return err
		}
	} else if s := p.Step(was); s != nil {
		for i := range s.Items { // what was ticked was said of something else
			if s.Items[i].Key == line.Key {
				s.Items[i] = line
			}
		}
		if err := a.tellTask(ctx, tx, s, "taken "+string(k.ID)); err != nil {
			return err
		}
	}
	if _, err := tx.PutStray(ctx, k); err != nil {
		return err
	}
	if err := a.record(ctx, tx, fact{"stray.taken", "engine", k.Case, k.Customer, strayArgs(k)}); err != nil {
		return err
	}
	return a.settle(ctx, tx, &p, "engine")
}

// strayArgs is what the log says of a stray.
func strayArgs(s stray.Stray) map[string]any {
	args := map[string]any{"stray": string(s.ID), "kind": string(s.Kind), "system": s.System, "far": s.Far, "name": s.About, "at": s.HappenedAt.UTC().Format(time.RFC3339)}
	if s.Kind == stray.Charge {
		args["minor"], args["back"], args["currency"] = s.Amount.Minor, s.Back.Minor, s.Amount.Currency
	}
	return args
}

// strayLine is what was found, as a line of the step that asks about it.
func strayLine(s stray.Stray, zone *time.Location) offboarding.Item {
	it := offboarding.Item{Key: string(s.ID), Day: when.DateOf(s.HappenedAt, zone), Clock: s.HappenedAt.In(zone).Format("15:04")}
	parts := []string{s.System, s.About}
	switch s.Kind {
	case stray.Charge:
		it.Sum = s.Amount
		if parts = []string{s.System}; !s.Erased() { // of whom nothing is kept, the hour is all there is to find it by
			parts, it.Clock = append(parts, s.Far, s.About), ""
		}
	case stray.Use:
		parts, it.Clock = []string{s.About}, ""
	}
	it.Title = offboarding.Same(strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " · "))
	return it
}
