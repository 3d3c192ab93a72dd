package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// KeptKind is the kind of the jobs of the house that tell, when its day is over, that
// something confidential which was kept is to be returned or destroyed.
const KeptKind = "kept_over"

// DestroyInput says how something confidential was destroyed.
type DestroyInput struct {
	Case        offboarding.CaseID
	Step        string
	Item        handover.ID
	Method      handover.Method
	By, Witness string
	On          string // the day
	How         string // what was done with it, for the client to read; may be empty
	// Name and File are the certificate of whoever destroyed it; may be empty.
	Name string
	File []byte
}

// DestroyItem says that something confidential was destroyed. What was kept until its
// day may be destroyed when its step is over, too. Faults: handover.not_confidential.
func (a *App) DestroyItem(ctx context.Context, by Actor, in DestroyInput) error {
	d := handover.Destruction{Method: in.Method}
	var l fault.List
	for field, words := range map[string]struct{ typed, to *string }{"by": {&in.By, &d.By}, "witness": {&in.Witness, &d.Witness}} {
		clean, e := customer.CheckText(field, *words.typed, 200, false)
		l, *words.to = appendFault(l, e), clean
	}
	l = append(l, prose(nil, map[string]*string{"how": &in.How})...)
	var err error
	if d.On, err = typedDay("on", in.On); err != nil {
		l = append(l, fault.Fields(err)...)
	}
	name := ""
	if len(in.File) > 0 {
		if name, err = checkFile(in.Name, in.File); err != nil {
			if len(fault.Fields(err)) == 0 || fault.KindOf(err) != fault.Invalid {
				return err
			}
			l = append(l, fault.Fields(err)...)
		}
	}
	return a.onEnding(ctx, by, in.Case, in.Step, in.Item, l, func(tx Tx, p *offboarding.Plan, s *offboarding.Step, x *handover.Item) error {
		if err := x.Destroy(d, "", tx.Now(), a.today(tx)); err != nil {
			return err
		}
		x.How = in.How
		if len(in.File) > 0 {
			if x.File, err = a.keepFile(ctx, tx, by, p.Case, *s, name, in.File); err != nil {
				return err
			}
		}
		return a.saveItem(ctx, tx, *x, fact{typ: "handover.destroyed", actor: by.ID, args: map[string]any{
			"method": string(d.Method), "by": d.By, "on": d.On.String(), "witness": d.Witness, "how": x.How,
		}})
	})
}

// KeepInput says why something confidential is kept.
type KeepInput struct {
	Case  offboarding.CaseID
	Step  string
	Item  handover.ID
	Basis handover.Basis
	Why   string // for the client to read
	Until string // its last day
}

// KeepItem says that something confidential is kept for a reason, until a day. On the
// day after, whoever looks after the step is told.
func (a *App) KeepItem(ctx context.Context, by Actor, in KeepInput) error {
	l := prose(nil, map[string]*string{"why": &in.Why})
	until, err := typedDay("until", in.Until)
	if err != nil {
		l = append(l, fault.Fields(err)...)
	}
	return a.onEnding(ctx, by, in.Case, in.Step, in.Item, l, func(tx Tx, p *offboarding.Plan, s *offboarding.Step, x *handover.Item) error {
		if err := x.Keep(handover.Keeping{Basis: in.Basis, Why: in.Why, Until: until}, tx.Now(), a.today(tx)); err != nil {
			return err
		}
		if err := tx.InsertWork(ctx, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: KeptKind, Case: p.Case.ID, Step: s.ID, Item: string(x.ID) + ":" + until.String(), System: house,
			Key: KeptKind + ":" + string(x.ID) + ":" + until.String(), Phase: offboarding.Act, State: offboarding.WorkReady,
			RunAt: until.AddDays(1).Start(a.Company().Zone).Add(remindHour * time.Hour),
		}); err != nil {
			return err
		}
		return a.saveItem(ctx, tx, *x, fact{typ: "handover.kept", actor: by.ID, args: map[string]any{"basis": string(in.Basis), "why": in.Why, "until": until.String()}})
	})
}

// typedDay reads a day that somebody typed; none is none.
func typedDay(field, s string) (day when.Date, err error) {
	if s == "" {
		return day, nil
	}
	if day, err = when.ParseDate(s); err != nil {
		err = fault.New(fault.Invalid, "date.unreadable").On(field)
	}
	return day, err
}

// onEnding runs fn on a thing of a handover as somebody who may work on its step, and
// ends the step when nothing is left; the letter asks the client to look at what they
// were given once nothing waits for us. What ends late changes nothing of its step.
func (a *App) onEnding(ctx context.Context, by Actor, c offboarding.CaseID, step string, item handover.ID, wrong fault.List,
	fn func(Tx, *offboarding.Plan, *offboarding.Step, *handover.Item) error,
) error {
	return a.tx(ctx, func(tx Tx) error {
		p, s, list, err := a.workedHandover(ctx, tx, by, c, step)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(x handover.Item) bool { return x.ID == item })
		switch {
		case i < 0:
			return fault.New(fault.NotFound, "not_found")
		case len(wrong) > 0:
			return wrong
		}
		x := &list[i]
		if EndsLate(p.Case, *s, *x) {
			if err := fn(tx, &p, s, x); err != nil || x.State != handover.Given {
				return err
			}
			return a.write(ctx, tx, p.Case, "handover") // they are asked whether it is right
		}
		if p.Case.State != offboarding.CaseOpen && !s.Spec.House {
			return fault.New(fault.Blocked, "case.closed")
		}
		if s, err = p.Workable(step); err != nil {
			return err
		}
		if own, err := oneHand(ctx, tx, by, p.Approvers(step)); err != nil {
			return err
		} else if own {
			return fault.New(fault.Forbidden, "approval.own_step")
		}
		if err := fn(tx, &p, s, x); err != nil {
			return err
		}
		if !s.Spec.House {
			if err := a.everythingGiven(ctx, tx, p.Case, list); err != nil {
				return err
			}
		}
		if err := a.endHandover(&p, s, by, list, tx.Now()); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, by.ID)
	})
}

// everythingGiven writes to the client when nothing waits for us any more, and
// something for them.
func (a *App) everythingGiven(ctx context.Context, tx Tx, c offboarding.Case, list []handover.Item) error {
	is := func(states ...handover.State) bool {
		return slices.ContainsFunc(list, func(x handover.Item) bool { return slices.Contains(states, x.State) })
	}
	if is(handover.Open, handover.Missing) || !is(handover.Given) {
		return nil
	}
	return a.write(ctx, tx, c, "handover")
}

// KeptOver tells whoever looks after the step that the day is over until which
// something confidential was kept, unless it was returned or destroyed before. Of
// somebody erased only the departure is known any more.
func (a *App) KeptOver(ctx context.Context, w offboarding.Work) error {
	return a.tx(ctx, func(tx Tx) error {
		which, until := w.Item[:max(0, len(w.Item)-len("2006-01-02")-1)], w.Item[max(0, len(w.Item)-len("2006-01-02")):]
		sealed, err := tx.FindHandover(ctx, handover.ID(which))
		erased := err != nil && fault.KindOf(err) == fault.NotFound
		if err != nil && !erased {
			return err
		}
		subject, name := house, ""
		if !erased {
			x, err := a.openHandover(ctx, sealed)
			if err != nil || x.State != handover.Kept || x.Keeping.Until.String() != until {
				return err
			}
			subject, name = string(x.Customer), x.Name
		}
		p, err := tx.FindPlan(ctx, w.Case)
		if err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"handover.kept_over", "engine", string(w.Case), subject, map[string]any{"item": which, "name": name, "until": until}}); err != nil {
			return err
		}
		if s := stepOf(&p, w.Step); s != nil {
			return a.tellTask(ctx, tx, s, "kept "+w.Item)
		}
		return nil
	})
}

// Entrusted is what became of so many confidential things, as a certificate tells it.
// It names none of them.
type Entrusted struct {
	Outcome string          `json:"outcome"` // returned, given (they had not said that it is right), destroyed, kept or open
	Method  handover.Method `json:"method,omitempty"`
	Basis   handover.Basis  `json:"basis,omitempty"`
	Until   when.Date       `json:"until,omitzero"`
	N       int             `json:"n"`
}

// entrusted counts what became of the confidential things of a customer, each once,
// however many of their departures listed it; what stands on the inventory and was on no
// list is open.
func (a *App) entrusted(ctx context.Context, tx Tx, id customer.ID) (out []Entrusted, err error) {
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	assets, err := tx.AssetsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	var things []handover.Item
	for _, c := range cases {
		list, err := tx.HandoverOf(ctx, c.ID)
		items, err := unsealed(list, err, func(s SealedHandover) (handover.Item, error) { return a.openHandover(ctx, s) })
		if err != nil {
			return nil, err
		}
		for _, x := range items {
			if !x.Secret() {
				continue
			}
			// A departure that was taken back may have left open what a later one ended.
			switch i := slices.IndexFunc(things, func(o handover.Item) bool { return o.Asset == x.Asset }); {
			case i < 0:
				things = append(things, x)
			case x.Over() || !things[i].Over():
				things[i] = x
			}
		}
	}
	for _, x := range assets {
		if x.Kind == handover.Confidential && !slices.ContainsFunc(things, func(o handover.Item) bool { return o.Asset == x.ID }) {
			things = append(things, handover.Item{State: handover.Open})
		}
	}
	for _, x := range things {
		e := outcome(x)
		i := slices.IndexFunc(out, func(o Entrusted) bool { o.N = 0; return o == e })
		if i < 0 {
			i, out = len(out), append(out, e)
		}
		out[i].N++
	}
	return out, nil
}

// outcome is what became of something confidential.
func outcome(x handover.Item) Entrusted {
	switch x.State {
	case handover.Accepted:
		return Entrusted{Outcome: "returned"}
	case handover.Given:
		return Entrusted{Outcome: "given"}
	case handover.Gone:
		return Entrusted{Outcome: "destroyed", Method: x.Destruction.Method}
	case handover.Kept:
		return Entrusted{Outcome: "kept", Basis: x.Keeping.Basis, Until: x.Keeping.Until}
	}
	return Entrusted{Outcome: "open"}
}

// joinHandover puts something confidential that is found late on the list of a handover
// that was drawn up already, and tells whoever looks after it: it may not be forgotten
// for having been noted last.
func (a *App) joinHandover(ctx context.Context, tx Tx, by string, x customer.Asset) error {
	if x.Kind != handover.Confidential {
		return nil
	}
	cases, err := tx.CasesOf(ctx, x.Customer)
	if err != nil {
		return err
	}
	for _, c := range cases {
		if c.State != offboarding.CaseOpen {
			continue
		}
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		s, lines := a.joins(&p, x)
		if s == nil {
			continue
		}
		s.Items = append(s.Items, lines...)
		if err := a.putHandover(ctx, tx, handover.Item{
			ID: handover.ID(id.New("hov")), Customer: c.Customer, Case: c.ID, Step: s.ID, Asset: x.ID, Kind: x.Kind, Name: x.Name, State: handover.Open, Owner: x.Owner,
		}); err != nil {
			return err
		}
		if err := a.tellTask(ctx, tx, s, "joined "+string(x.ID)); err != nil {
			return err
		}
		if err := a.settle(ctx, tx, &p, by); err != nil {
			return err
		}
	}
	return nil
}

// joins is the handover whose list something confidential goes on, with its line there:
// one that is under way, or the last that is over where none comes that would list it.
func (a *App) joins(p *offboarding.Plan, x customer.Asset) (s *offboarding.Step, lines []offboarding.Item) {
	comes := false
	for i := range p.Steps {
		at := &p.Steps[i]
		k, lists := a.kinds[at.Kind].(step.AssetLister)
		if at.Kind != "handover" || at.Spec.House || !lists || slices.ContainsFunc(at.Items, func(it offboarding.Item) bool { return it.Key == string(x.ID) }) {
			continue
		}
		mine := k.AssetItems(step.Subject{Case: p.Case, Step: *at}, []customer.Asset{x})
		switch {
		case len(mine) == 0:
		case at.State == offboarding.StepWaiting, at.Stalled():
			comes = true
		case at.State == offboarding.StepReady, at.State == offboarding.StepRunning, at.State == offboarding.StepBlocked:
			return at, mine
		case at.Holds():
			s, lines = at, mine
		}
	}
	if comes {
		return nil, nil
	}
	return s, lines
}

// EndsLate reports whether something confidential may still be returned, destroyed or
// kept although its step is over: the day came until which it was kept, or it was found
// when everything else had been handed over.
func EndsLate(c offboarding.Case, s offboarding.Step, x handover.Item) bool {
	return x.Secret() && x.State != handover.Accepted && x.State != handover.Gone && s.Holds() && (c.State == offboarding.CaseOpen || c.State == offboarding.CaseClosed)
}
