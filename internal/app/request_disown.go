package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// DisownPage is what whoever says "this was not me" is shown.
type DisownPage struct {
	Request offboarding.Request
	Over    bool // said already
	// About the departure, if the link is about one and not about a request
	// alone: what a stranger and a customer are shown is then the same.
	State offboarding.CaseState
	Final []string // one of Abouts each: what was done and does not come back
}

// OpenDisownPage reads a link of a letter, or of a private page, without doing
// anything.
func (a *App) OpenDisownPage(ctx context.Context, token string) (v DisownPage, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		v = DisownPage{}
		l, err := a.link(ctx, tx, token, "not_me", "case", "bye")
		if err != nil {
			return err
		}
		if v.Request, err = tx.FindRequest(ctx, l.Request); err != nil {
			return err
		}
		v.Over = v.Request.State == offboarding.RequestDisowned
		if l.Case == "" {
			return nil
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		v.State, v.Over = p.Case.State, p.Case.State == offboarding.CaseStopped || p.Step("not_me") != nil
		for _, s := range p.Final() {
			if about := aboutOf(*s); !slices.Contains(v.Final, about) {
				v.Final = append(v.Final, about)
			}
		}
		return nil
	})
	return v, err
}

// DisownRequest is "this was not me", said with a link of a letter or with that
// of a private page. The request is disowned. The departure that stands on it
// stops: nothing final begins any more, what was done is undone, and a person is
// asked. Said about one of several requests for a departure, the departure goes
// on if it stands on another. Again, it changes nothing.
func (a *App) DisownRequest(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "not_me", "case", "bye")
		if err != nil {
			return err
		}
		r, err := tx.FindRequest(ctx, l.Request)
		if err != nil {
			return err
		}
		proved := r.State == offboarding.RequestVerified
		if r.State != offboarding.RequestDisowned && r.State != offboarding.RequestReleased {
			if err := r.To(offboarding.RequestDisowned); err != nil {
				return err
			}
			if err := tx.SaveRequest(ctx, &r); err != nil {
				return err
			}
			if err := a.record(ctx, tx, fact{"request.disowned", "customer", string(r.ID), string(r.ID), map[string]any{"with": l.Purpose}}); err != nil {
				return err
			}
		}
		if r.Case == "" {
			return nil
		}
		cases, err := a.theirs(ctx, tx, r)
		if err != nil {
			return err
		}
		for _, c := range cases {
			if l.Case == "" && !proved {
				if another, err := a.standsOnAnother(ctx, tx, c); err != nil {
					return err
				} else if another {
					continue
				}
			}
			if err := a.stop(ctx, tx, c.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// standsOnAnother reports whether somebody else's request, or another of theirs,
// asks for the departure too: it is tied to it, or to another that moves, and
// means one of its subscriptions.
func (a *App) standsOnAnother(ctx context.Context, tx Tx, c offboarding.Case) (bool, error) {
	all, err := tx.CasesOf(ctx, c.Customer)
	if err != nil {
		return false, err
	}
	for _, o := range all {
		if o.ID != c.ID && o.State != offboarding.CaseRegistered && o.State != offboarding.CaseOpen {
			continue
		}
		requests, err := tx.RequestsOf(ctx, o.ID)
		if err != nil {
			return false, err
		}
		for _, r := range requests {
			stands := r.State == offboarding.RequestMatched || r.State == offboarding.RequestVerified
			means := o.ID == c.ID || slices.ContainsFunc(r.Subscriptions, func(s customer.SubscriptionID) bool { return slices.Contains(c.Subscriptions, s) })
			if stands && means {
				return true, nil
			}
		}
	}
	return false, nil
}

// stop ends a departure that its customer did not ask for.
func (a *App) stop(ctx context.Context, tx Tx, c offboarding.CaseID) error {
	p, err := tx.FindPlan(ctx, c)
	if err != nil {
		return err
	}
	switch p.Case.State {
	case offboarding.CaseStopped:
		return nil
	case offboarding.CaseRegistered: // nothing had an effect outside yet
		if err := p.Stop(tx.Now(), "customer"); err != nil {
			return err
		}
		if err := dropCharges(ctx, tx, c); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, "customer")
	case offboarding.CaseOpen:
		if err := a.reverse(ctx, tx, &p, "customer"); err != nil {
			return err
		}
		if p, err = tx.FindPlan(ctx, c); err != nil {
			return err
		}
	}
	s := playbook.House("not_me")
	s.ID = offboarding.StepID(id.New("step"))
	if err := p.Ask(s, tx.Now()); err != nil {
		return err
	}
	return a.settle(ctx, tx, &p, "customer")
}
