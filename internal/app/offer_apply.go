package app

import (
	"context"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/playbook"
	"hastaluego/internal/relationship"
	"hastaluego/internal/step"
)

// Steps of the house about what was accepted: at the billing system, by a person where
// none can, and when its time is over.
const (
	offerApply  = "offer_apply"
	offerByHand = "offer_by_hand"
	offerEnding = "offer_ends"
)

// OfferFailedPaper is the letter that what was accepted could not be applied.
const OfferFailedPaper = "offer_failed"

// beginApplying asks the billing system, or a person, to apply what was accepted. The
// departure goes on until it was read back.
func (a *App) beginApplying(ctx context.Context, tx Tx, o offer.Offer) error {
	p, err := tx.FindPlan(ctx, o.Case)
	if err != nil {
		return err
	}
	zone, err := zoneOf(p.Case)
	if err != nil {
		return err
	}
	if !p.CanUndo(tx.Now(), p.Case.Effective.End(zone)) {
		return fault.New(fault.Blocked, "case.not_undoable")
	}
	lines, err := tx.SubscriptionsOf(ctx, o.Customer)
	if err != nil {
		return err
	}
	for _, l := range pick(lines, p.Case.Subscriptions) {
		o.How = o.How.From(a.today(tx), o.Kind, l.Interval)
	}
	o.Version++ // it was put just now
	if err := a.putOffer(ctx, tx, o); err != nil {
		return err
	}
	s := playbook.House(offerByHand)
	if system := a.appliesAt(p, o); system != "" {
		s = playbook.House(offerApply)
		s.Params = map[string]string{"system": system, "apply": o.How.Apply}
		if o.How.Apply == step.OfferPause {
			s.Params["until"] = o.How.Ends.Start(zone).UTC().Format(time.RFC3339)
		} else {
			s.Params["coupon"] = o.How.Coupon
		}
	}
	s.ID, s.Spec.Stays = offboarding.StepID(id.New("step")), true
	if err := p.Ask(s, tx.Now()); err != nil {
		return err
	}
	return a.settle(ctx, tx, &p, "customer")
}

// appliesAt is the billing system at which the departure ends its contract, if that
// can apply the offer; empty: a person does.
func (a *App) appliesAt(p offboarding.Plan, o offer.Offer) string {
	if !o.How.Automatic() || p.Case.Test || len(p.Case.Subscriptions) != 1 {
		return ""
	}
	for _, s := range p.Steps {
		if s.Kind != "cancel_billing" || s.State == offboarding.StepSkipped {
			continue
		}
		sys, ok := a.farSystem(s.Params["system"])
		if ok && (o.How.Apply == step.OfferCoupon && sys.Discounter != nil || o.How.Apply == step.OfferPause && sys.Pauser != nil) {
			return sys.Name
		}
	}
	return ""
}

// applying is the step that applies what was accepted; nil: there is none.
func applying(p *offboarding.Plan) *offboarding.Step {
	if s := p.Step(offerApply); s != nil {
		return s
	}
	return p.Step(offerByHand)
}

// followOffer is what follows from works that apply what was accepted, or take it
// back, whatever became of the departure meanwhile.
func (a *App) followOffer(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step, works, left []offboarding.Work) error {
	o, found, err := tx.OfferOf(ctx, p.Case.ID)
	if err != nil || !found {
		return err
	}
	switch {
	case o.State == offer.Failed || o.State == offer.Reversed:
		if err := a.takeOfferBack(ctx, tx, p, s); err != nil {
			return err
		}
	case !s.Over():
		if err := standsSo(p, s, works, sumUp(left), tx.Now()); err != nil {
			return err
		}
		if err := a.effects(ctx, tx, p, s); err != nil {
			return err
		}
	}
	return a.settle(ctx, tx, p, "engine")
}

// offerApplied is what follows once what was accepted is applied and was seen: the
// departure is undone.
func (a *App) offerApplied(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
	o, found, err := a.offerOf(ctx, tx, p.Case.ID)
	if err != nil || !found || o.State != offer.Accepted || s.State == offboarding.StepCancelled || s.State == offboarding.StepUndone {
		return err
	}
	if err := o.To(offer.Applied); err != nil {
		return err
	}
	by := Actor{ID: "engine"}
	if s.Human {
		by.ID = s.DoneBy
	}
	o.OverBy, o.OverAt, o.Evidence = by.ID, tx.Now(), s.Note
	if err := a.putOffer(ctx, tx, o); err != nil {
		return err
	}
	if err := a.record(ctx, tx, fact{"offer.applied", by.ID, string(o.Case), string(o.Customer), map[string]any{"offer": string(o.ID), "kind": string(o.Kind), "grounds": o.Evidence}}); err != nil {
		return err
	}
	if err := a.endOwed(ctx, tx, by, o, relationship.Kept, o.Evidence); err != nil {
		return err
	}
	if o.How.Expire == offer.ByPerson && !o.How.Ends.IsZero() {
		if err := tx.InsertWork(ctx, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: OfferKind, Item: string(o.ID), System: "house", Key: string(o.ID) + ":ends",
			Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: o.How.Ends.Start(a.Company().Zone),
		}); err != nil {
			return err
		}
	}
	zone, err := zoneOf(p.Case)
	if err != nil {
		return err
	}
	if p.Case.State != offboarding.CaseOpen || !p.CanUndo(tx.Now(), p.Case.Effective.End(zone)) {
		return nil // they stay already
	}
	return a.reverse(ctx, tx, p, "customer")
}

// endOwed ends the commitment that an offer became, if it is still owed.
func (a *App) endOwed(ctx context.Context, tx Tx, by Actor, o offer.Offer, s relationship.CommitmentState, evidence string) error {
	owed, err := tx.FindCommitment(ctx, o.Commitment)
	if err != nil || owed.State != relationship.Pending {
		return err
	}
	c, err := a.openCommitment(ctx, owed)
	if err != nil {
		return err
	}
	return a.endCommitment(ctx, tx, by, c, s, evidence)
}

// offerFailed ends what was accepted and not applied when the departure takes effect:
// that goes through, and the customer is told.
func (a *App) offerFailed(ctx context.Context, tx Tx, p *offboarding.Plan) error {
	o, found, err := a.offerOf(ctx, tx, p.Case.ID)
	if err != nil || !found || o.State != offer.Accepted || !o.Waits() || p.Case.State != offboarding.CaseOpen {
		return err
	}
	if err := o.To(offer.Failed); err != nil {
		return err
	}
	o.OverAt = tx.Now()
	if err := a.putOffer(ctx, tx, o); err != nil {
		return err
	}
	if err := a.record(ctx, tx, fact{"offer.failed", "engine", string(o.Case), string(o.Customer), map[string]any{"offer": string(o.ID), "kind": string(o.Kind)}}); err != nil {
		return err
	}
	if err := a.endOwed(ctx, tx, Actor{ID: "engine"}, o, relationship.Broken, ""); err != nil {
		return err
	}
	if err := a.takeOfferBack(ctx, tx, p, applying(p)); err != nil {
		return err
	}
	return a.tellOfferFailed(ctx, tx, p.Case)
}

func (a *App) tellOfferFailed(ctx context.Context, tx Tx, c offboarding.Case) error {
	m := a.letter(tx, OfferFailedPaper, c)
	if err := a.address(ctx, tx, &m, c); err != nil {
		return err
	}
	return a.queue(ctx, tx, m, string(c.Customer), true)
}

// takeOfferBack takes back what applying did, or may have done, as far as it goes now.
func (a *App) takeOfferBack(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
	if s == nil {
		return nil
	}
	if s.Human { // what they did they take back with their own hands
		if s.Over() || s.State == offboarding.StepDone {
			return nil
		}
		return p.Forgo(s.Key, tx.Now())
	}
	works, err := tx.WorksOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	left, stuck, err := a.takeBack(ctx, tx, p.Case.Customer, works, s.ID)
	switch {
	case err != nil:
		return err
	case stuck != "":
		return p.Block(s.Key, stuck)
	case left:
		return p.GoBack(s.Key)
	case s.State == offboarding.StepUndoing || s.State == offboarding.StepBlocked:
		return p.GoneBack(s.Key, tx.Now())
	}
	return p.Forgo(s.Key, tx.Now())
}

// endApplying is a person saying that they applied what was accepted, or that it is
// taken back. What the billing system applies only it can say; before it is applied,
// taking it back lets the departure go through.
func (a *App) endApplying(ctx context.Context, tx Tx, by Actor, o offer.Offer, to offer.State, evidence string) error {
	p, err := tx.FindPlan(ctx, o.Case)
	if err != nil {
		return err
	}
	s := applying(&p)
	if to == offer.Applied {
		if o.State != offer.Accepted {
			return fault.New(fault.Blocked, "offer.over")
		}
		if s == nil || !s.Human {
			return fault.New(fault.Blocked, "offer.applies_itself")
		}
		for _, it := range s.Items {
			if err := p.Tick(s.Key, it.Key, true, by.ID, "", tx.Now()); err != nil {
				return err
			}
		}
		s.Note = evidence
		if err := p.Done(s.Key, tx.Now(), by.ID); err != nil {
			return err
		}
		if err := a.effects(ctx, tx, &p, p.Step(s.Key)); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, by.ID)
	}
	was := o.State
	if err := o.To(to); err != nil {
		return err
	}
	o.OverBy, o.OverAt, o.Evidence = by.ID, tx.Now(), evidence
	if err := a.putOffer(ctx, tx, o); err != nil {
		return err
	}
	if err := a.record(ctx, tx, fact{"offer.reversed", by.ID, string(o.Case), string(o.Customer), map[string]any{"offer": string(o.ID), "kind": string(o.Kind), "grounds": evidence}}); err != nil {
		return err
	}
	if err := a.endOwed(ctx, tx, by, o, relationship.Released, evidence); err != nil {
		return err
	}
	if err := a.takeOfferBack(ctx, tx, &p, s); err != nil {
		return err
	}
	if was == offer.Accepted && p.Case.State == offboarding.CaseOpen { // they go after all, and did not ask to
		if err := a.tellOfferFailed(ctx, tx, p.Case); err != nil {
			return err
		}
	}
	return a.settle(ctx, tx, &p, by.ID)
}

// offerEnds asks a person to put the billing system back as it was, now that the time
// of what was accepted is over.
func (a *App) offerEnds(ctx context.Context, tx Tx, o offer.Offer) error {
	if o.How.Ends.IsZero() || a.today(tx).Before(o.How.Ends) {
		return nil
	}
	p, err := tx.FindPlan(ctx, o.Case)
	if err != nil {
		return err
	}
	s := playbook.House(offerEnding)
	s.ID = offboarding.StepID(id.New("step"))
	if err := p.Ask(s, tx.Now()); err != nil {
		return err
	}
	return a.settle(ctx, tx, &p, "engine")
}
