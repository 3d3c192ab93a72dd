package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
)

// offerLaw is what the packs say about proposing something.
type offerLaw struct {
	places []string // nil: after the receipt is fine
	during bool     // nothing that nobody asked for while something is broken
	asks   bool     // only to those who said that they want to hear it
}

func offersUnder(law *jurisdiction.Effective) (x offerLaw) {
	if !limit.Allows(law, "offers.position", offer.AfterReceipt) {
		x.places = []string{"none"}
	}
	on := func(param string) bool {
		s, _ := law.Of(param)
		return slices.ContainsFunc(slices.Concat(s.By, s.Maybe), func(r *jurisdiction.Applied) bool { return r.Value.On })
	}
	x.during, x.asks = on("offers.during_incident"), on("offers.opt_in")
	return x
}

// lawOfOffers is that of a departure, as it was decided under.
func (a *App) lawOfOffers(ctx context.Context, tx Tx, c offboarding.Case) (x offerLaw, err error) {
	d, err := tx.LawOf(ctx, c.ID)
	if err != nil {
		return x, err
	}
	var law *jurisdiction.Effective
	if d.Case != "" {
		law, err = a.decided(ctx, tx, d)
	} else {
		law, err = a.lawToday(ctx, tx, c)
	}
	if err != nil {
		return x, err
	}
	return offersUnder(law), nil
}

func (a *App) lawToday(ctx context.Context, tx Tx, c offboarding.Case) (*jurisdiction.Effective, error) {
	r, err := tx.FindRequest(ctx, c.Request)
	if err != nil {
		return nil, err
	}
	v, err := a.caseLaw(ctx, tx, c, r)
	if err != nil {
		return nil, err
	}
	_, law, err := a.lawNow(v)
	return law, err
}

// situation is what a policy may see of a departure.
func (a *App) situation(ctx context.Context, tx Tx, p offboarding.Plan) (offer.Situation, error) {
	var none offer.Situation
	c := p.Case
	zone, err := zoneOf(c)
	if err != nil {
		return none, err
	}
	r := offer.Record{Today: when.DateOf(tx.Now(), zone), Taxonomy: reason.Builtin(), Zone: zone, Asked: p.Step(seeWhat) != nil}
	if r.Customer, err = tx.FindCustomer(ctx, c.Customer); err != nil {
		return none, err
	}
	lines, err := tx.SubscriptionsOf(ctx, c.Customer)
	if err != nil {
		return none, err
	}
	r.Leaving = pick(lines, c.Subscriptions)
	why, err := a.whyOf(ctx, tx, c.ID)
	if err != nil {
		return none, err
	}
	r.Stated, r.Root = why.Stated, why.Root
	if r.Complaints, err = a.complaints(ctx, tx, c.Customer); err != nil {
		return none, err
	}
	r.Wronged = why.Wronged(r.Complaints, a.Company().Zone)
	past, err := tx.OffersTo(ctx, c.Customer)
	if err != nil {
		return none, err
	}
	for _, o := range past {
		if o.Case == c.ID {
			r.Proposed = true
		} else {
			r.Past = append(r.Past, o.Offer)
		}
	}
	law, err := a.lawOfOffers(ctx, tx, c)
	if err != nil {
		return none, err
	}
	r.Places, r.During = law.places, law.during
	worths, err := tx.WorthOf(ctx, c.Customer)
	if err != nil {
		return none, err
	}
	r.Worth = a.worthOfOffer(r.Leaving, worths)
	standing, err := a.standing(ctx, tx, c.Customer)
	if err != nil {
		return none, err
	}
	r.Worth.Segments, r.Worth.Unsure = a.decisive(standing[c.Customer])
	if _, _, r.LetGo, err = laneOf(ctx, tx, c.ID); err != nil {
		return none, err
	}
	return offer.Observe(r), nil
}

// worthOfOffer is what is known of what a customer brings and costs, in the words of
// policies: what is left of the one contract that they end, after its goods and after
// everything that serving them costs.
func (a *App) worthOfOffer(leaving []customer.Subscription, worths []Worth) (w offer.Worth) {
	var serving int64
	if len(worths) > 0 && worths[0].Known() {
		w.Expected, serving = &worths[0].Sum, worths[0].Serving()
		w.Band = a.borders().Of(worths[0].Value)
	}
	if len(leaving) != 1 {
		return w
	}
	s := leaving[0]
	months, recurs := map[customer.Interval][2]int64{
		customer.Weekly: {12, 52}, customer.Monthly: {1, 1}, customer.Quarterly: {3, 1}, customer.HalfYearly: {6, 1}, customer.Yearly: {12, 1},
	}[s.Interval]
	left, known := a.rates().Left(s.Product, s.WithoutTax().Minor)
	if !recurs || !known || len(worths) > 0 && worths[0].Known() && worths[0].Currency != s.Amount.Currency {
		return w
	}
	left -= (serving*months[0] + months[1] - 1) / months[1] // rounded against us
	w.Margin = &left
	return w
}

// OfferTally is how a policy decides for customers of the company, if they left today
// for each of the reasons, or for one.
type OfferTally struct {
	Policy   *offer.Policy
	People   int // customers that were looked at; there may be more
	Reasons  int
	Tally    offer.Tally
	Warnings fault.List // for each of the reasons
	Rows     []OfferRow // for one reason: what each of the first would get
}

// OfferRow is what one customer would get, and why.
type OfferRow struct {
	Who      customer.Customer
	Decision offer.Decision
}

const (
	offerPeople = 400 // how many customers a policy is tried on at most
	offerRows   = 50  // how many of them are told one by one
)

// TryPolicy tries a policy on customers of the company as they are now; nil is the one
// that counts. code is a reason; empty: each of them.
func (a *App) TryPolicy(ctx context.Context, by Actor, p *offer.Policy, code string) (t OfferTally, err error) {
	if err := by.CanRead("offer"); err != nil {
		return t, err
	}
	var reasons []string
	for _, r := range reason.Builtin().Reasons {
		if code == "" || r.Code == code {
			reasons = append(reasons, r.Code)
		}
	}
	if len(reasons) == 0 {
		return t, fault.New(fault.Invalid, "field.choice").On("reason")
	}
	err = a.store.View(ctx, func(tx Tx) error {
		t = OfferTally{Policy: p, Reasons: len(reasons)}
		if p == nil {
			if t.Policy, err = a.policy(ctx, tx); err != nil {
				return err
			}
		}
		ids, err := tx.CustomersToValue(ctx, "", offerPeople)
		if err != nil {
			return err
		}
		records, err := a.whatIf(ctx, tx, ids)
		if err != nil {
			return err
		}
		t.People = len(records)
		var all []offer.Situation
		for _, r := range records {
			for _, code := range reasons {
				found, _ := reason.Builtin().Find(code)
				r.Stated = &reason.Given{Kind: reason.Stated, Code: code, Attribution: found.Attribution}
				s := offer.Observe(r)
				all = append(all, s)
				if len(reasons) == 1 && len(t.Rows) < offerRows {
					d, err := t.Policy.Decide(s)
					if err != nil {
						return err
					}
					t.Rows = append(t.Rows, OfferRow{r.Customer, d})
				}
			}
		}
		if t.Tally, err = t.Policy.Count(all); err != nil {
			return err
		}
		if len(reasons) > 1 { // for one reason, most lines speak of nobody
			t.Warnings = t.Policy.Warn(t.Tally)
		}
		return nil
	})
	return t, err
}

// whatIf is what would be written down of customers if they ended their contracts now,
// without a reason.
func (a *App) whatIf(ctx context.Context, tx Tx, ids []customer.ID) (list []offer.Record, err error) {
	today := a.today(tx)
	lines, err := tx.SubscriptionsOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	past, err := tx.OffersTo(ctx, ids...)
	if err != nil {
		return nil, err
	}
	worths, err := tx.WorthOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	standing, err := a.standing(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	laws := map[string]offerLaw{}
	for _, id := range ids {
		r := offer.Record{Today: today, Taxonomy: reason.Builtin(), Zone: a.Company().Zone}
		if r.Customer, err = tx.FindCustomer(ctx, id); err != nil {
			return nil, err
		}
		for _, s := range lines {
			if s.Customer == id && s.Status == customer.Active {
				r.Leaving = append(r.Leaving, s)
			}
		}
		for _, o := range past {
			if o.Customer == id {
				r.Past = append(r.Past, o.Offer)
			}
		}
		complaints, err := tx.ComplaintsOf(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, c := range complaints {
			r.Complaints = append(r.Complaints, c.Complaint)
		}
		r.Wronged = slices.ContainsFunc(r.Complaints, relationship.Complaint.Unsolved)
		var own []Worth
		for _, w := range worths {
			if w.Customer == id {
				own = append(own, w)
			}
		}
		r.Worth = a.worthOfOffer(r.Leaving, own)
		r.Worth.Segments, r.Worth.Unsure = a.decisive(standing[id])
		key := r.Customer.Place() + string(r.Customer.Kind)
		law, known := laws[key]
		if !known {
			facts := a.lawFacts(CaseView{Customer: r.Customer, Lines: r.Leaving}, today)
			of, err := a.Law().Effective(a.Law().Select(facts), facts, today)
			if err != nil {
				return nil, err
			}
			law = offersUnder(of)
			laws[key] = law
		}
		r.Places, r.During = law.places, law.during
		list = append(list, r)
	}
	return list, nil
}

// OfferExplained is what the policy that counts would propose to one customer.
type OfferExplained struct {
	Who      customer.Customer
	Case     offboarding.CaseID // empty: they do not leave
	Reason   string
	Policy   *offer.Policy
	Decision offer.Decision
}

// ExplainOffer says what the policy that counts proposes to a customer: in their
// departure, if they are leaving and no other reason is asked about; else as if they
// left today for a reason.
func (a *App) ExplainOffer(ctx context.Context, by Actor, id customer.ID, code string) (x OfferExplained, err error) {
	if err := by.CanRead("offer"); err != nil {
		return x, err
	}
	given, known := reason.Builtin().Find(code)
	if code != "" && !known {
		return x, fault.New(fault.Invalid, "field.choice").On("reason")
	}
	err = a.store.View(ctx, func(tx Tx) error {
		x = OfferExplained{}
		var err error
		if x.Who, err = tx.FindCustomer(ctx, id); err != nil {
			return err
		}
		if x.Policy, err = a.policy(ctx, tx); err != nil {
			return err
		}
		cases, err := tx.CasesOf(ctx, id)
		if err != nil {
			return err
		}
		for _, c := range cases {
			if code != "" || !c.State.Open() {
				continue
			}
			p, err := tx.FindPlan(ctx, c.ID)
			if err != nil {
				return err
			}
			s, err := a.situation(ctx, tx, p)
			if err != nil {
				return err
			}
			x.Case, x.Reason = c.ID, s.Reason
			x.Decision, err = x.Policy.Decide(s)
			return err
		}
		records, err := a.whatIf(ctx, tx, []customer.ID{id})
		if err != nil {
			return err
		}
		if known {
			records[0].Stated = &reason.Given{Kind: reason.Stated, Code: code, Attribution: given.Attribution}
		}
		x.Reason = code
		x.Decision, err = x.Policy.Decide(offer.Observe(records[0]))
		return err
	})
	return x, err
}

// policy is the one that counts.
func (a *App) policy(ctx context.Context, tx Tx) (*offer.Policy, error) {
	r, err := a.policyInForce(ctx, tx)
	return r.policy, err
}

// OfferPolicy is the policy that counts.
func (a *App) OfferPolicy(ctx context.Context, by Actor) (p *offer.Policy, err error) {
	if err := by.CanRead("offer"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) (err error) { p, err = a.policy(ctx, tx); return err })
	return p, err
}
