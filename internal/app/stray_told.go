package app

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/stray"
	"hastaluego/internal/when"
)

// ChargedAfterPaper is the letter that something was charged after the end and is given
// back, and GivenBackPaper the one that it was. Each goes out once for each charge; what
// is back before the first one goes out has the second alone.
const (
	ChargedAfterPaper = "charged_after"
	GivenBackPaper    = "given_back"
)

// promiseAfter is how long the letter that something is given back waits where a system
// does it: most say within that time that it went back, and one letter says both.
const promiseAfter = time.Hour

// AfterEnd is a charge after the end of a contract, of which something is given back.
type AfterEnd struct {
	Charged  when.Date
	Back     money.Amount
	Due      when.Date // by when
	Refunded when.Date // zero: not yet
	ByPerson bool      // somebody gave it back, and says so; else it was read back
}

// afterEnd are those of a departure, in the order in which they happened. What a second
// person has not approved is promised to nobody.
func (a *App) afterEnd(ctx context.Context, tx Tx, p offboarding.Plan) (list []AfterEnd, err error) {
	c := p.Case
	strays, err := tx.StraysAbout(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	sums, err := tx.BalancesOf(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	for _, x := range strays {
		if x.Case == string(c.ID) && x.Balance != "" && (x.State == stray.Refunding && decided(&p, x) || x.State == stray.Refunded) {
			list = append(list, a.givenAfter(x, sums))
		}
	}
	slices.SortStableFunc(list, func(a, b AfterEnd) int { return cmp.Compare(a.Charged.String(), b.Charged.String()) })
	return list, nil
}

// decided reports whether what a charge took goes back for certain: somebody gives it back
// by hand, or a second person approved.
func decided(p *offboarding.Plan, x stray.Stray) bool {
	s := p.Step(approveAfterKey + "_" + straySuffix(x))
	return s == nil || s.Over() || s.State == offboarding.StepDone
}

// givenAfter tells a charge whose money goes back, or did.
func (a *App) givenAfter(x stray.Stray, sums []customer.Balance) AfterEnd {
	zone := a.Company().Zone
	e := AfterEnd{Charged: when.DateOf(x.HappenedAt, zone), Back: x.Back}
	if i := slices.IndexFunc(sums, func(b customer.Balance) bool { return string(b.ID) == x.Balance }); i >= 0 {
		e.Due = sums[i].DueOn
	}
	if x.State == stray.Refunded {
		e.Refunded, e.ByPerson = when.DateOf(x.OverAt, zone), x.OverBy != "engine"
	}
	return e
}

// afterOf is the charge that a letter is about.
func (a *App) afterOf(ctx context.Context, tx Tx, m Message, c offboarding.Case) (stray.Stray, AfterEnd, error) {
	strays, err := tx.StraysOf(ctx, c.ID)
	if err != nil {
		return stray.Stray{}, AfterEnd{}, err
	}
	i := slices.IndexFunc(strays, func(x stray.Stray) bool { return x.Promise == string(m.ID) || x.Word == string(m.ID) })
	if i < 0 {
		return stray.Stray{}, AfterEnd{}, fault.New(fault.NotFound, "not_found")
	}
	sums, err := tx.BalancesOf(ctx, c.Customer)
	return strays[i], a.givenAfter(strays[i], sums), err
}

// tellCharged writes the letter that a charge is given back; tellBack the one that it
// was. Both note in the stray that they did, for the caller to keep.
func (a *App) tellCharged(ctx context.Context, tx Tx, c offboarding.Case, x *stray.Stray, at time.Time) (err error) {
	if x.Promise == "" {
		x.Promise, err = a.tellAfter(ctx, tx, c, *x, ChargedAfterPaper, at)
	}
	return err
}

func (a *App) tellBack(ctx context.Context, tx Tx, c offboarding.Case, x *stray.Stray) (err error) {
	if x.Word == "" {
		x.Word, err = a.tellAfter(ctx, tx, c, *x, GivenBackPaper, tx.Now())
	}
	return err
}

// tellAfter writes a letter about a charge; without an address, or to whoever was
// erased, none.
func (a *App) tellAfter(ctx context.Context, tx Tx, c offboarding.Case, x stray.Stray, paper string, at time.Time) (string, error) {
	if x.Kind != stray.Charge || x.Erased() {
		return "", nil
	}
	m := a.letter(tx, paper, c)
	switch err := a.address(ctx, tx, &m, c); {
	case err != nil && fault.KindOf(err) == fault.Blocked:
		return "", nil
	case err != nil:
		return "", err
	}
	return string(m.ID), a.queueAt(ctx, tx, m, string(c.Customer), at)
}

// approvalSaid does what follows when a step that asks for a second person was approved, or
// refused.
func (a *App) approvalSaid(ctx context.Context, tx Tx, p *offboarding.Plan, step string, yes bool, by string) error {
	if yes && strings.HasPrefix(step, approveAfterKey) && p.Step(step).Spec.House {
		if err := a.promised(ctx, tx, p, step); err != nil {
			return err
		}
	}
	return a.writeOffDecided(ctx, tx, p, step, yes, by)
}

// promised tells the customer of the charge whose refund was just approved.
func (a *App) promised(ctx context.Context, tx Tx, p *offboarding.Plan, step string) error {
	strays, err := tx.StraysOf(ctx, p.Case.ID)
	if err != nil {
		return err
	}
	for _, x := range strays {
		if x.State != stray.Refunding || step != approveAfterKey+"_"+straySuffix(x) {
			continue
		}
		if err := a.tellCharged(ctx, tx, p.Case, &x, tx.Now().Add(promiseAfter)); err != nil {
			return err
		}
		if _, err := tx.PutStray(ctx, x); err != nil {
			return err
		}
	}
	return nil
}
