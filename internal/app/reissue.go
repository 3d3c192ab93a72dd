package app

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/handover"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// newSecret begins the names of steps by which a person gives the new secrets of what
// was taken back.
const newSecret = "new_secret"

// askReissue asks a person for the new secret of what a work has just taken back, where
// that comes back with another one: the old one holds no more, and the far system
// alone knows what holds now. Asked again for the same work it changes nothing.
func (a *App) askReissue(ctx context.Context, tx Tx, p *offboarding.Plan, w offboarding.Work) (asked bool, err error) {
	if w.State != offboarding.WorkUndone || w.Undo != string(connector.Reissuable) || p.Case.Test {
		return false, nil
	}
	line, err := reissued(ctx, tx, p, w)
	if err != nil {
		return false, err
	}
	s := reissueStep(p)
	if s == nil {
		x := playbook.House(newSecret)
		x.ID, x.Key = offboarding.StepID(id.New("step")), newSecret+"_"+strings.ToLower(string(w.ID[len(w.ID)-8:]))
		if p.Step(x.Key) != nil {
			return false, nil
		}
		if err := p.Ask(x, tx.Now()); err != nil {
			return false, err
		}
		s = p.Step(x.Key)
	}
	if slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return it.Key == line.Key }) {
		return false, nil
	}
	s.Items = append(s.Items, line)
	return true, a.putHandover(ctx, tx, handover.Item{
		ID: handover.ID(id.New("hov")), Customer: p.Case.Customer, Case: p.Case.ID, Step: s.ID, Asset: customer.AssetID(line.Key), Kind: handover.Reissued,
		Name: offboarding.Worded(line.Title, p.Case.Language), State: handover.Open,
	})
}

// reissueStep is the step that still asks for new secrets; nil: there is none.
func reissueStep(p *offboarding.Plan) *offboarding.Step {
	for i := range p.Steps {
		if s := &p.Steps[i]; strings.HasPrefix(s.Key, newSecret+"_") && !s.Over() {
			return s
		}
	}
	return nil
}

// reissued names what a work took back: the access or, of another act, its system and
// what it did there.
func reissued(ctx context.Context, tx Tx, p *offboarding.Plan, w offboarding.Work) (offboarding.Item, error) {
	grants, err := tx.GrantsOf(ctx, p.Case.Customer)
	if err != nil {
		return offboarding.Item{}, err
	}
	if i := slices.IndexFunc(grants, func(g customer.Grant) bool { return string(g.ID) == w.Item }); i >= 0 {
		return lineOf(grants[i]), nil
	}
	name := w.System
	if s := stepOf(p, w.Step); s != nil && s.Params["action"] != "" {
		name += ": " + s.Params["action"]
	}
	return offboarding.Item{Key: string(w.ID), Title: offboarding.Same(name)}, nil
}

// reissuedArrived says that the new secret of an access was taken out of its envelope:
// with the last one nothing is left to be told.
func (a *App) reissuedArrived(ctx context.Context, tx Tx, item handover.ID) error {
	sealed, err := tx.FindHandover(ctx, item)
	if err != nil || sealed.Kind != handover.Reissued {
		return err
	}
	p, err := tx.FindPlan(ctx, sealed.Case)
	if err != nil {
		return err
	}
	s := stepOf(&p, sealed.Step)
	if s == nil {
		return nil
	}
	list, err := a.handoverOf(ctx, tx, *s)
	if err != nil {
		return err
	}
	for i := range list {
		x := &list[i]
		if x.ID != item || x.State != handover.Given {
			continue
		}
		if err := x.Accept(handover.Client, tx.Now()); err != nil {
			return err
		}
		if err := a.putHandover(ctx, tx, *x); err != nil { // the log has it: the envelope was opened
			return err
		}
	}
	if s.Over() {
		return nil
	}
	if err := a.endHandover(&p, s, Actor{ID: "customer"}, list, tx.Now()); err != nil {
		return err
	}
	return a.settle(ctx, tx, &p, "customer")
}
