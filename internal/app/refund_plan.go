package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/settlement"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// Why a step that gives money back, or lets it be given back, is left out.
const (
	nothingBack  = "refund.nothing"   // nothing is owed to the customer
	backByPerson = "refund.by_person" // somebody of finance is asked to give it back
)

// giver is a step of a plan that gives back what the record owes by then and leaves
// the rest to people; false of any other.
func (a *App) giver(s offboarding.Step) (step.GivesBack, bool) {
	k, ok := a.kinds[s.Kind].(step.GivesBack)
	return k, ok && s.Params[playbook.Otherwise] != "" && s.Params["balance"] == ""
}

// backFirst is asked when the turn of a step has come: one that gives back, or that
// approves nothing but giving back, is left out where it would do nothing, and why
// says so. Somebody of finance is asked to give back what it does not, and the step is
// due while there is time for what it does.
func (a *App) backFirst(ctx context.Context, tx Tx, p *offboarding.Plan, key string, subject *step.Subject) (why string, err error) {
	givers := a.giversOf(p, key)
	if len(givers) == 0 {
		return "", nil
	}
	if err := a.knowBack(ctx, tx, *p, subject); err != nil {
		return "", err
	}
	var gives, byHand []customer.Balance
	for _, s := range givers {
		kind, _ := a.giver(s)
		of := *subject
		of.Step, of.Unapproved = s, unapproved(p, s)
		mine, theirs := kind.Parts(of)
		gives, byHand = append(gives, mine...), append(byHand, theirs...)
	}
	subject.Unapproved = unapproved(p, subject.Step)
	x, err := statementIfAny(ctx, tx, p.Case.ID)
	if err != nil {
		return "", err
	}
	some, err := a.askByHand(p, givingOf(p.Case.Code, x, subject.Balances), x.Doc, byHand, tx.Now())
	if err != nil {
		return "", err
	}
	switch {
	case len(gives) > 0:
		if s := p.Step(key); s.Human {
			s.Due = a.backBy(p, s, gives, tx.Now())
		}
		return "", nil
	case some, slices.ContainsFunc(subject.Open(), func(b customer.Balance) bool { return b.Owed().Minor > 0 && slices.Contains(subject.Asked, b.ID) }):
		return backByPerson, nil
	}
	return nothingBack, nil
}

// giversOf are the steps that give back which a step is, or which it approves and
// nothing else with them.
func (a *App) giversOf(p *offboarding.Plan, key string) (list []offboarding.Step) {
	s := p.Step(key)
	if _, ok := a.giver(*s); ok {
		return []offboarding.Step{*s}
	}
	if !a.kinds[s.Kind].Spec().Approves {
		return nil
	}
	for _, x := range p.Steps {
		if !slices.Contains(x.After, key) {
			continue
		}
		if _, ok := a.giver(x); !ok {
			return nil
		}
		list = append(list, x)
	}
	return list
}

// unapproved reports whether an approval before a step was left out: what is owed
// since then nobody has seen.
func unapproved(p *offboarding.Plan, s offboarding.Step) bool {
	return slices.ContainsFunc(s.After, func(key string) bool {
		before := p.Step(key)
		return before != nil && before.Kind == "approve" && before.State == offboarding.StepSkipped
	})
}

// knowBack adds what a step that gives back must know: which sums are others' to give
// back, and in which currencies the customer owes something by their statement.
func (a *App) knowBack(ctx context.Context, tx Tx, p offboarding.Plan, subject *step.Subject) error {
	var err error
	if subject.Asked, err = askedOf(ctx, tx, p, subject.Balances); err != nil {
		return err
	}
	g, err := givingNow(ctx, tx, p.Case, subject.Balances)
	subject.Owing, subject.ByHand = g.owing(), g.byPeople(subject.Asked)
	return err
}

// askedElsewhere reports whether a sum is another departure's to give back, or of
// something that asked people, or a second person, by steps of its own: a charge after
// the request or after the end, a withdrawal.
func askedElsewhere(p offboarding.Plan, cases []offboarding.Case, b customer.Balance) bool {
	for _, c := range cases {
		if rest, is := strings.CutPrefix(b.Reference, c.Code+"/"); is && c.Code != "" {
			if c.ID != p.Case.ID || !strings.Contains(rest, "/statement") {
				return true
			}
		}
	}
	return false
}

// approved reports whether an approval before a step is over.
func approved(p *offboarding.Plan, s offboarding.Step) bool {
	return slices.ContainsFunc(s.After, func(key string) bool {
		before := p.Step(key)
		return before != nil && before.Kind == "approve" && before.Over()
	})
}

// backBy is when a step of people about sums that go back is due: as it says itself,
// but no later than the day on which the first of them must be there. What is late
// already is due today.
func (a *App) backBy(p *offboarding.Plan, s *offboarding.Step, sums []customer.Balance, now time.Time) time.Time {
	zone := a.Company().Zone
	due, today := p.DueOf(s, now, zone, a.Calendar()), when.DateOf(now, zone).End(zone)
	for _, b := range sums {
		if by := b.DueOn.End(zone); !b.DueOn.IsZero() && by.Before(due) {
			due = by
		}
	}
	if due.Before(today) {
		due = today
	}
	return due
}

// givesBack are the sums that each step is about to give back, and those that the
// decision before it lets be given back: whoever decides sees how much.
func (a *App) givesBack(ctx context.Context, tx Tx, p offboarding.Plan, list []customer.Balance) (map[offboarding.StepID][]customer.Balance, error) {
	out := make(map[offboarding.StepID][]customer.Balance)
	for _, s := range p.Steps {
		kind, gives := a.kinds[s.Kind].(step.GivesBack)
		if !gives || s.Over() {
			continue
		}
		subject := step.Subject{Case: p.Case, Step: s, Balances: list, Unapproved: unapproved(&p, s)}
		if err := a.knowBack(ctx, tx, p, &subject); err != nil {
			return nil, err
		}
		sums, _ := kind.Parts(subject)
		out[s.ID] = append(out[s.ID], sums...)
		for _, key := range s.After {
			if before := p.Step(key); before != nil && before.Kind == "approve" && !before.Over() {
				out[before.ID] = append(out[before.ID], sums...)
			}
		}
	}
	return out, nil
}

// givesUnused reports whether a departure gives back itself what is paid for and not
// used of the contract that a work ends: as a withdrawal, or by its statement, as the
// law of the contract says. Then no billing system is to credit the same.
func (a *App) givesUnused(ctx context.Context, tx Tx, p offboarding.Plan, s step.Subject) (bool, error) {
	sub, ok := s.Subscription()
	if !ok {
		return false, nil
	}
	if _, withdrawn, err := standing(ctx, tx, p.Case.ID); err != nil || withdrawn {
		return withdrawn, err
	}
	if !slices.ContainsFunc(p.Steps, func(x offboarding.Step) bool {
		return a.kinds[x.Kind] != nil && a.kinds[x.Kind].Spec().Settles && x.State != offboarding.StepSkipped && x.State != offboarding.StepCancelled
	}) {
		return false, nil
	}
	x, err := a.termsOf(s.Customer, sub, p.Case.RequestedAt)
	return err == nil && (x.contract.Law.Refund == settlement.Full || x.contract.Law.Refund == settlement.ProRata), err
}
