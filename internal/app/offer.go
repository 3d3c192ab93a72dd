package app

import (
	"context"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/playbook"
	"hastaluego/internal/relationship"
)

// SealedOffer is an offer as it is stored: its words are in Body, sealed with
// the customer's key.
type SealedOffer struct {
	offer.Offer
	KeyID string
	Body  []byte
}

// OfferTx keeps offers, one per departure.
type OfferTx interface {
	// PutOffer stores a new one (Version 0) or, by Version, changes one; fault.Conflict
	// when there is one already, or somebody was faster.
	PutOffer(ctx context.Context, o SealedOffer) error
	OfferOf(ctx context.Context, c offboarding.CaseID) (o SealedOffer, found bool, err error)
	FindOffer(ctx context.Context, id offer.ID) (SealedOffer, error)
	OffersTo(ctx context.Context, ids ...customer.ID) ([]SealedOffer, error) // in all their departures
	// OffersOtherwise are those that people made otherwise than the policy, by their time.
	OffersOtherwise(ctx context.Context, from, until time.Time, limit int) ([]SealedOffer, error)
}

// receiptOut reports whether the receipt of a departure has left the house.
func receiptOut(ctx context.Context, tx Tx, c offboarding.CaseID) (bool, error) {
	letters, err := tx.ListMessages(ctx, c, 1000)
	for _, m := range letters {
		if m.Paper == "receipt" && (m.State == "sent" || m.State == "written" || m.State == "refused") {
			return true, err
		}
	}
	return false, err
}

// unsolvedComplaint reports whether the complaint that a fix names is the
// customer's and still waits for one; none named is fine.
func (a *App) unsolvedComplaint(ctx context.Context, tx Tx, o offer.Offer) (bool, error) {
	if o.Complaint == "" {
		return true, nil
	}
	list, err := tx.ComplaintsOf(ctx, o.Customer)
	for _, c := range list {
		if c.ID == o.Complaint {
			return c.Unsolved(), err
		}
	}
	return false, err
}

// seeWhat is the step that asks a person to answer a customer who wants to hear
// what could be done.
const seeWhat = "see_what"

// AskOffer is the customer asking, of their own accord, what could be done. A
// person is asked, with a date; the departure goes on. Again, it changes
// nothing.
func (a *App) AskOffer(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		if _, err := tx.AwaitErasing(ctx); err != nil { // first of all: an arm that is given beside an erasure would stay behind it
			return err
		}
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		if err := a.answerable(ctx, tx, l.Case, "offer.too_late"); err != nil {
			return err
		}
		if _, made, err := tx.OfferOf(ctx, l.Case); err != nil || made || p.Step(seeWhat) != nil {
			return err
		}
		if p.Case.State != offboarding.CaseOpen || !p.Case.EffectiveAt.IsZero() {
			return fault.New(fault.Blocked, "offer.too_late")
		}
		if err := a.record(ctx, tx, fact{"offer.asked", "customer", string(l.Case), string(p.Case.Customer), nil}); err != nil {
			return err
		}
		if made, err := a.proposeAtOnce(ctx, tx, &p, true); err != nil || made {
			return err
		}
		s := playbook.House(seeWhat)
		s.ID = offboarding.StepID(id.New("step"))
		if err := p.Ask(s, tx.Now()); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, "customer")
	})
}

// AnswerOffer is the customer saying yes or no on their page. Yes makes what was
// offered a commitment of ours and undoes the departure, as undoing it does: now, or
// where it changes what is charged, once it is applied and read back. No changes nothing, and it is not asked again. The same answer again
// changes nothing.
func (a *App) AnswerOffer(ctx context.Context, token string, yes bool) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		if err := a.answerable(ctx, tx, l.Case, "offer.over"); err != nil {
			return err
		}
		o, found, err := a.offerOf(ctx, tx, l.Case)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found")
		}
		if yes && o.State == offer.Accepted || !yes && o.State == offer.Declined {
			return nil
		}
		to, typ := offer.Declined, "offer.declined"
		if yes {
			to, typ = offer.Accepted, "offer.accepted"
		}
		if err := o.To(to); err != nil {
			return err
		}
		o.AnsweredAt = tx.Now()
		if yes {
			if o.Commitment, err = a.owe(ctx, tx, o); err != nil {
				return err
			}
		}
		if err := a.putOffer(ctx, tx, o); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{typ, "customer", string(o.Case), string(o.Customer), map[string]any{
			"offer": string(o.ID), "kind": string(o.Kind), "commitment": string(o.Commitment),
		}}); err != nil || !yes {
			return err
		}
		if o.Waits() {
			return a.beginApplying(ctx, tx, o)
		}
		return a.undo(ctx, tx, o.Case, "customer")
	})
}

// owe makes what was offered a commitment of ours, due on the day that was
// named; of a fix, the complaint that it answers is promised.
func (a *App) owe(ctx context.Context, tx Tx, o offer.Offer) (relationship.CommitmentID, error) {
	if o.Complaint != "" {
		c, err := a.complaint(ctx, tx, o.Complaint)
		if err != nil {
			return "", err
		}
		if c.Unsolved() {
			if err := c.To(relationship.Promised, a.today(tx)); err != nil {
				return "", err
			}
			c.Answer = o.What
			if err := a.putComplaint(ctx, tx, c); err != nil {
				return "", err
			}
			if err := a.record(ctx, tx, fact{"complaint.promised", "customer", "", string(c.Customer), map[string]any{
				"complaint": string(c.ID), "answer": o.What, "cause": c.Cause, "by": o.By.String(),
			}}); err != nil {
				return "", err
			}
		}
	}
	c := relationship.Commitment{
		ID: relationship.CommitmentID(id.New("com")), Customer: o.Customer, Case: o.Case, Complaint: o.Complaint, By: relationship.Ours, Due: o.By,
		State: relationship.Pending, What: o.What,
	}
	return c.ID, a.promise(ctx, tx, "customer", c)
}

// EndOffer says that what was offered and accepted was applied, or that it is
// taken back, with what shows it.
func (a *App) EndOffer(ctx context.Context, by Actor, cid offboarding.CaseID, s offer.State, evidence string) error {
	if err := by.may("offer"); err != nil {
		return err
	}
	clean, err := required("offer.evidence", evidence, 4000)
	if err != nil {
		return err
	}
	if s != offer.Applied && s != offer.Reversed {
		return fault.New(fault.Invalid, "field.choice").On("offer.state")
	}
	return a.tx(ctx, func(tx Tx) error {
		o, found, err := a.offerOf(ctx, tx, cid)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found")
		}
		if o.Waits() {
			return a.endApplying(ctx, tx, by, o, s, clean)
		}
		if err := o.To(s); err != nil {
			return err
		}
		o.OverBy, o.OverAt, o.Evidence = by.ID, tx.Now(), clean
		if err := a.putOffer(ctx, tx, o); err != nil {
			return err
		}
		typ, end := "offer.applied", relationship.Kept
		if s == offer.Reversed {
			typ, end = "offer.reversed", relationship.Released
		}
		if err := a.record(ctx, tx, fact{typ, by.ID, string(o.Case), string(o.Customer), map[string]any{
			"offer": string(o.ID), "kind": string(o.Kind), "grounds": clean,
		}}); err != nil {
			return err
		}
		if s == offer.Applied {
			if err := a.putRight(ctx, tx, by, o); err != nil {
				return err
			}
		}
		return a.endOwed(ctx, tx, by, o, end, clean)
	})
}

// putRight says that the complaint is fixed which a fix was about, now that it
// is carried out.
func (a *App) putRight(ctx context.Context, tx Tx, by Actor, o offer.Offer) error {
	if o.Complaint == "" {
		return nil
	}
	c, err := a.complaint(ctx, tx, o.Complaint)
	if err != nil || !c.Unsolved() {
		return err
	}
	if err := c.To(relationship.Fixed, a.today(tx)); err != nil {
		return err
	}
	if err := a.putComplaint(ctx, tx, c); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"complaint.fixed", by.ID, "", string(c.Customer), map[string]any{
		"complaint": string(c.ID), "answer": c.Answer, "cause": c.Cause, "by": o.By.String(),
	}})
}

// OfferKind is the kind of the jobs of the house that let an offer lapse when
// its day is over.
const OfferKind = "offer"

// OfferDue lets an offer lapse that nobody answered, and has one ended whose time is
// over.
func (a *App) OfferDue(ctx context.Context, oid offer.ID) error {
	return a.store.Tx(ctx, func(tx Tx) error {
		s, err := tx.FindOffer(ctx, oid)
		if err != nil {
			return err
		}
		if s.State == offer.Applied {
			return a.offerEnds(ctx, tx, s.Offer)
		}
		return a.lapse(ctx, tx, s.Case, "offer.unanswered")
	})
}

// lapse ends the offer of a departure that nobody answered; why is a code.
func (a *App) lapse(ctx context.Context, tx Tx, c offboarding.CaseID, why string) error {
	o, found, err := a.offerOf(ctx, tx, c)
	if err != nil || !found || o.State != offer.Offered {
		return err
	}
	if err := o.To(offer.Lapsed); err != nil {
		return err
	}
	o.OverAt = tx.Now()
	if err := a.putOffer(ctx, tx, o); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"offer.lapsed", "engine", string(o.Case), string(o.Customer), map[string]any{"offer": string(o.ID), "kind": string(o.Kind), "why": why}})
}

// offerWords are the words of an offer.
type offerWords struct {
	Heard    string `json:"heard"`
	What     string `json:"what"`
	Changes  string `json:"changes"`
	Evidence string `json:"evidence,omitempty"`
	Cost     string `json:"cost,omitempty"`
	Why      string `json:"why,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

func (a *App) putOffer(ctx context.Context, tx Tx, o offer.Offer) error {
	s := SealedOffer{Offer: o}
	var err error
	if s.KeyID, s.Body, err = a.sealJSON(ctx, string(o.Customer), string(o.ID), offerWords{o.Heard, o.What, o.Changes, o.Evidence, o.Cost, o.Why, o.Reason}); err != nil {
		return err
	}
	return tx.PutOffer(ctx, s)
}

// offerOf reads the offer of a departure; its words are empty when their key
// was destroyed.
func (a *App) offerOf(ctx context.Context, tx Tx, c offboarding.CaseID) (offer.Offer, bool, error) {
	s, found, err := tx.OfferOf(ctx, c)
	if err != nil || !found {
		return offer.Offer{}, false, err
	}
	o, err := a.openOffer(ctx, s)
	return o, err == nil, err
}

func (a *App) openOffer(ctx context.Context, s SealedOffer) (offer.Offer, error) {
	var w offerWords
	_, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &w)
	s.Heard, s.What, s.Changes, s.Evidence, s.Cost, s.Why, s.Reason = w.Heard, w.What, w.Changes, w.Evidence, w.Cost, w.Why, w.Reason
	return s.Offer, err
}

// readOffer adds to a case what was proposed.
func (a *App) readOffer(ctx context.Context, tx Tx, by Actor, v *CaseView) error {
	x, err := a.answering(ctx, tx, v.Plan)
	if err != nil {
		return err
	}
	v.Offer, v.Asked = wordless(x.Offer, by), x.Asked
	if x.Offer == nil && v.Plan.Case.State == offboarding.CaseOpen {
		d, err := a.deciding(ctx, tx, v.Plan)
		if err != nil {
			return err
		}
		v.Decision, v.Library = &d.Decision, d.policy.Library
	}
	return nil
}

// wordless takes its words out of an offer for those who may not read notes.
func wordless(o *offer.Offer, by Actor) *offer.Offer {
	if o != nil && !by.MayRead("note") {
		o.Heard, o.What, o.Changes, o.Evidence, o.Cost, o.Why, o.Reason = "", "", "", "", "", "", ""
	}
	return o
}

// OpenOffer reads what was proposed in a departure, without its words for those
// who may not read notes.
func (a *App) OpenOffer(ctx context.Context, by Actor, c offboarding.CaseID) (out Answering, err error) {
	if err := by.CanRead("offer"); err != nil {
		return out, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		if out, err = a.answering(ctx, tx, p); err != nil || out.Offer != nil || p.Case.State != offboarding.CaseOpen {
			return err
		}
		d, err := a.deciding(ctx, tx, p)
		out.Decision = &d.Decision
		return err
	})
	out.Offer = wordless(out.Offer, by)
	return out, err
}

// Answering is what the page of a departure says about an offer.
type Answering struct {
	Offer   *offer.Offer // nil: there is none
	Asked   bool         // they asked what could be done
	Nothing bool         // and there is nothing
	// Unlooked says that nobody looked for it: they are those with whom an experiment
	// compares.
	Unlooked bool
	MayAsk   bool // they may still ask
	// AnswerDue is by when a person answers what they asked.
	AnswerDue time.Time
	Decision  *offer.Decision // what the policy says, for those who work here; nil: something was proposed
}

func (a *App) answering(ctx context.Context, tx Tx, p offboarding.Plan) (out Answering, err error) {
	o, found, err := a.offerOf(ctx, tx, p.Case.ID)
	if err != nil {
		return out, err
	}
	if found {
		out.Offer = &o
	}
	if s := p.Step(seeWhat); s != nil {
		out.Asked, out.AnswerDue = true, s.Due
		out.Nothing = !found && s.Over()
		out.Unlooked = out.Nothing && s.DoneBy == byPolicy
	}
	out.MayAsk = !found && !out.Asked && p.Case.State == offboarding.CaseOpen && p.Case.EffectiveAt.IsZero()
	return out, nil
}
