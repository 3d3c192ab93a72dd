package app

import (
	"context"
	"slices"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/relationship"
	"hastaluego/internal/trial"
	"hastaluego/internal/when"
)

// OfferInput is what somebody of the company proposes: an offer of the library by its
// name, or something in words of their own.
type OfferInput struct {
	Case      offboarding.CaseID
	Name      string // of the library; empty: own words
	Kind      offer.Kind
	Complaint relationship.ComplaintID // that a fix puts right
	Heard     string                   // empty with a name: as the policy says
	What      string
	Changes   string
	Until, By when.Date
	Spoken    bool   // they asked, in a conversation, to be told
	Reason    string // why something else than the policy proposes
}

// deciding is what the policy says of a departure.
type deciding struct {
	offer.Decision
	policy    *offer.Policy
	situation offer.Situation
	today     when.Date
	tried     *tried // the experiment that they are in; nil: none
	lasts     int    // days for which what it gives can be seen
}

func (a *App) deciding(ctx context.Context, tx Tx, p offboarding.Plan) (d deciding, err error) {
	zone, err := zoneOf(p.Case)
	if err != nil {
		return d, err
	}
	d.today = when.DateOf(tx.Now(), zone)
	if d.policy, err = a.policy(ctx, tx); err != nil {
		return d, err
	}
	if d.situation, err = a.situation(ctx, tx, p); err != nil {
		return d, err
	}
	if d.Decision, err = d.policy.Decide(d.situation); err != nil {
		return d, err
	}
	return d, a.decideTried(ctx, tx, p, &d)
}

// MakeOffer proposes one thing to a customer whose departure is registered and
// whose receipt is out. The departure goes on. A letter tells of it only if
// they asked to hear what could be done; else it waits on their page. Whoever
// does otherwise than the policy says why, and no guard lets them further than
// the policy.
func (a *App) MakeOffer(ctx context.Context, by Actor, in OfferInput) error {
	if err := by.may("offer"); err != nil {
		return err
	}
	l := prose(nil, map[string]*string{"offer.heard": &in.Heard, "offer.what": &in.What, "offer.changes": &in.Changes, "offer.reason": &in.Reason})
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, in.Case)
		if err != nil {
			return err
		}
		if err := a.mayPropose(ctx, tx, p); err != nil {
			return err
		}
		d, err := a.deciding(ctx, tx, p)
		if err != nil {
			return err
		}
		var o offer.Offer
		var wrong fault.List
		if in.Name != "" {
			o, err = a.chosen(ctx, tx, p, d, in)
		} else {
			o, wrong, err = a.inOwnWords(ctx, tx, p, d, in)
		}
		if err != nil {
			return err
		}
		if o.Deviates && in.Reason == "" {
			wrong = append(wrong, fault.New(fault.Invalid, "offer.otherwise").On("offer.reason"))
		}
		if o.Deviates {
			o.Reason = in.Reason
		}
		if wrong = append(l[:len(l):len(l)], wrong...); len(wrong) > 0 {
			return wrong
		}
		return a.propose(ctx, tx, &p, by.ID, o, in.Spoken)
	})
}

// mayPropose reports whether something may be proposed in a departure now.
func (a *App) mayPropose(ctx context.Context, tx Tx, p offboarding.Plan) error {
	c := p.Case
	if _, made, err := tx.OfferOf(ctx, c.ID); err != nil {
		return err
	} else if made {
		return fault.New(fault.Blocked, "offer.once")
	}
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	if c.State != offboarding.CaseOpen || !p.CanUndo(tx.Now(), c.Effective.End(zone)) {
		return fault.New(fault.Blocked, "offer.too_late")
	}
	if out, err := receiptOut(ctx, tx, c.ID); err != nil {
		return err
	} else if !out {
		return fault.New(fault.Blocked, "offer.before_receipt")
	}
	return nil
}

func turned(why offer.Guard, args []any) error {
	return fault.New(fault.Blocked, "offer.guard."+string(why), args...)
}

// inOwnWords is an offer that a person words.
func (a *App) inOwnWords(ctx context.Context, tx Tx, p offboarding.Plan, d deciding, in OfferInput) (o offer.Offer, wrong fault.List, err error) {
	o = offer.Offer{
		Kind: in.Kind, Until: in.Until, By: in.By, Complaint: in.Complaint, Heard: in.Heard, What: in.What, Changes: in.Changes,
		Basis: offer.Basis{Policy: d.Policy, Line: d.Line, Deviates: d.Otherwise(in.Kind)},
	}
	wrong = o.Check(d.today, p.Case.Effective, d.situation.Wronged)
	o.Case, o.Customer = p.Case.ID, p.Case.Customer
	if ok, err := a.unsolvedComplaint(ctx, tx, o); err != nil {
		return o, nil, err
	} else if !ok {
		wrong = append(wrong, fault.New(fault.Invalid, "field.choice").On("offer.complaint"))
	}
	if len(wrong) > 0 {
		return o, wrong, nil
	}
	why, args := d.policy.Own(in.Kind, d.situation)
	if spec, _ := in.Kind.Spec(); why == "" && spec.Gives && d.tried.holds() {
		why, args = offer.GuardHoldout, []any{"experiment", d.tried.of.Name}
	}
	if why != "" {
		return o, nil, turned(why, args)
	}
	return o, nil, nil
}

// chosen is an offer of the library: the one that the policy proposes, or another.
func (a *App) chosen(ctx context.Context, tx Tx, p offboarding.Plan, d deciding, in OfferInput) (o offer.Offer, err error) {
	def, why, args, err := d.policy.Consider(in.Name, d.situation)
	if err != nil {
		return o, err
	}
	if why != "" {
		return o, turned(why, args)
	}
	tries := d.tried != nil && slices.ContainsFunc(d.tried.menu.Arms, func(x trial.Arm) bool { return x.Offer == def.Name })
	if d.tried.holds() && (tries || def.Kind.Gives()) {
		return o, turned(offer.GuardHoldout, []any{"experiment", d.tried.of.Name})
	}
	deviates := d.Offer == nil || d.Offer.Name != def.Name
	if deviates {
		d.Offer = def
	}
	o, err = a.ofLibrary(ctx, tx, p, d, in.Complaint)
	if err != nil {
		return o, err
	}
	if o.Deviates = deviates; deviates {
		o.Heard, o.Why = in.Heard, "" // the sentence is about another offer
		if in.Heard == "" {
			return o, fault.New(fault.Invalid, "field.required").On("offer.heard")
		}
	}
	return o, nil
}

// ofLibrary is the offer that was decided for, in the words of its file.
func (a *App) ofLibrary(ctx context.Context, tx Tx, p offboarding.Plan, d deciding, complaint relationship.ComplaintID) (o offer.Offer, err error) {
	lines, err := tx.SubscriptionsOf(ctx, p.Case.Customer)
	if err != nil {
		return o, err
	}
	t := offer.Terms{Until: earlier(d.today.AddDays(d.Offer.Answer), p.Case.Effective), By: d.today.AddDays(d.Offer.By)}
	if (offer.Offer{Kind: d.Offer.Kind, How: d.Offer.How()}).Waits() { // after it takes effect nothing is left to apply it to
		t.By = earlier(t.By, p.Case.Effective)
	}
	if leaving := pick(lines, p.Case.Subscriptions); len(leaving) == 1 {
		t.Contract = leaving[0]
	}
	if d.Offer.Kind == offer.Fix {
		if complaint, err = a.toPutRight(ctx, tx, p, complaint); err != nil {
			return o, err
		}
	}
	lang := p.Case.Language
	if !slices.Contains(offer.Spoken, lang) {
		lang = offer.Spoken[0]
	}
	w := d.Say(lang, t)
	return offer.Offer{
		Kind: d.Offer.Kind, Until: t.Until, By: t.By, Complaint: complaint, Heard: w.Heard, What: w.What, Changes: w.Changes, Cost: w.Cost, Why: w.Why,
		Basis: offer.Basis{Policy: d.Policy, Line: d.Line, Name: d.Offer.Version()}, How: d.Offer.How(),
	}, nil
}

// toPutRight is the complaint that a fix is about: the one that was named, else the
// oldest that waits for it.
func (a *App) toPutRight(ctx context.Context, tx Tx, p offboarding.Plan, named relationship.ComplaintID) (relationship.ComplaintID, error) {
	list, err := tx.ComplaintsOf(ctx, p.Case.Customer)
	if err != nil {
		return "", err
	}
	slices.Reverse(list) // the oldest first
	i := slices.IndexFunc(list, func(c SealedComplaint) bool { return c.Unsolved() && (named == "" || c.ID == named) })
	if i < 0 {
		return "", fault.New(fault.Invalid, "field.choice").On("offer.complaint")
	}
	return list[i].ID, nil
}

// byPolicy is who proposes what nobody looked at before.
const byPolicy = "policy"

// proposeAtOnce proposes what the policy decides, where it answers without a person.
// What nobody asked for is proposed only where the packs do not want it to be asked
// for; it waits on the page, and no letter tells of it.
func (a *App) proposeAtOnce(ctx context.Context, tx Tx, p *offboarding.Plan, asked bool) (made bool, err error) {
	pol, err := a.policy(ctx, tx)
	if err != nil || !pol.AtOnce {
		return false, err
	}
	if err := a.mayPropose(ctx, tx, *p); fault.KindOf(err) == fault.Blocked && err != nil {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if !asked && p.Step(seeWhat) == nil {
		law, err := a.lawOfOffers(ctx, tx, p.Case)
		if err != nil || law.asks {
			return false, err
		}
	}
	d, err := a.deciding(ctx, tx, *p)
	if err != nil {
		return false, err
	}
	if err := a.giveArm(ctx, tx, p, d); err != nil {
		return false, err
	}
	if d.tried.silences() && asked {
		return true, a.answerNothing(ctx, tx, p)
	}
	if d.Offer == nil {
		return false, nil
	}
	o, err := a.ofLibrary(ctx, tx, *p, d, "")
	if err != nil {
		return false, err
	}
	o.Automatic = true
	return true, a.propose(ctx, tx, p, byPolicy, o, asked)
}

// propose stores an offer, and tells of it whoever asked.
func (a *App) propose(ctx context.Context, tx Tx, p *offboarding.Plan, by string, o offer.Offer, spoken bool) error {
	c := p.Case
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	o.ID, o.Case, o.Customer, o.State, o.OfferedBy, o.OfferedAt = offer.ID(id.New("ofr")), c.ID, c.Customer, offer.Offered, by, tx.Now()
	if err := a.putOffer(ctx, tx, o); err != nil {
		return err
	}
	if err := tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: OfferKind, Item: string(o.ID), System: "house", Key: string(o.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: o.Until.End(zone),
	}); err != nil {
		return err
	}
	if err := a.record(ctx, tx, fact{"offer.made", by, string(c.ID), string(c.Customer), map[string]any{
		"offer": string(o.ID), "kind": string(o.Kind), "until": o.Until.String(), "due": o.By.String(), "what": o.What, "spoken": spoken,
		"policy": o.Policy, "line": o.Line, "name": o.Name, "deviates": o.Deviates, "grounds": o.Reason,
	}}); err != nil {
		return err
	}
	asked := p.Step(seeWhat)
	if spoken || asked != nil {
		m := a.letter(tx, "offer", c)
		if err := a.address(ctx, tx, &m, c); err != nil {
			return err
		}
		if err := a.queue(ctx, tx, m, string(c.Customer), true); err != nil {
			return err
		}
	}
	if asked == nil || asked.Over() || asked.State == offboarding.StepBlocked {
		return nil
	}
	for _, it := range asked.Items {
		if err := p.Tick(seeWhat, it.Key, true, by, "", tx.Now()); err != nil {
			return err
		}
	}
	if err := p.Done(seeWhat, tx.Now(), by); err != nil {
		return err
	}
	return a.settle(ctx, tx, p, by)
}

// OtherwiseLine is an offer that a person made otherwise than the policy.
type OtherwiseLine struct {
	offer.Offer
	Code string // of the departure
	Who  string // name of who made it
}

// otherwiseMost is how many of a month are listed.
const otherwiseMost = 1000

// OffersOtherwise lists what people proposed otherwise than the policy in the month
// of a day, with why.
func (a *App) OffersOtherwise(ctx context.Context, by Actor, month when.Date) (list []OtherwiseLine, err error) {
	if err := by.CanRead("offer"); err != nil {
		return nil, err
	}
	zone := a.Company().Zone
	first := when.Date{Year: month.Year, Month: month.Month, Day: 1}
	err = a.store.View(ctx, func(tx Tx) error {
		list = nil
		found, err := tx.OffersOtherwise(ctx, first.Start(zone), first.AddMonths(1).Start(zone), otherwiseMost)
		if err != nil {
			return err
		}
		users, err := names(ctx, tx)
		if err != nil {
			return err
		}
		for _, s := range found {
			o, err := a.openOffer(ctx, s)
			if err != nil {
				return err
			}
			c, err := tx.FindCase(ctx, o.Case)
			if err != nil {
				return err
			}
			grounds := o.Reason // is about what a colleague did; the rest is read as notes are
			line := OtherwiseLine{*wordless(&o, by), c.Code, users[o.OfferedBy]}
			line.Reason = grounds
			list = append(list, line)
		}
		return nil
	})
	return list, err
}
