package app

import (
	"context"
	"maps"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
)

// collectLater begins the name of the step by which somebody looks after what was
// noted once everything else had been paid.
const collectLater = "collect_later"

// owedLater asks a person to look after what the customer of a departure owes,
// where whoever looked after it is done: a bill that came late, a thing that did
// not come back. Where the playbook lets nobody collect, nobody is asked.
func (a *App) owedLater(ctx context.Context, tx Tx, p *offboarding.Plan) error {
	if p.Case.State != offboarding.CaseOpen {
		return nil
	}
	var planned *offboarding.Step
	for i := range p.Steps {
		switch s := &p.Steps[i]; {
		case s.Kind != "collect":
		case !s.Over():
			return nil
		case !s.Spec.House && s.Spec.If == "":
			planned = s
		}
	}
	if planned == nil {
		return nil
	}
	list, err := tx.BalancesOf(ctx, p.Case.Customer)
	if err != nil {
		return err
	}
	items := step.Collected(step.Subject{Balances: list})
	if len(items) == 0 {
		return nil
	}
	s := playbook.House(collectLater)
	s.ID = offboarding.StepID(id.New("step"))
	s.Key += "_" + strings.ToLower(tail(string(s.ID)))
	s.Items, s.Params, s.Role = items, maps.Clone(planned.Params), planned.Role
	return p.Ask(s, tx.Now())
}

// owesLater is owedLater of all departures of a customer.
func (a *App) owesLater(ctx context.Context, tx Tx, cid customer.ID, by string) error {
	cases, err := tx.CasesOf(ctx, cid)
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
		if err := a.owedLater(ctx, tx, &p); err != nil {
			return err
		}
		if err := a.settle(ctx, tx, &p, by); err != nil {
			return err
		}
	}
	return nil
}
