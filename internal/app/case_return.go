package app

import (
	"cmp"
	"context"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// Comeback is what becomes of one thing that was done when the customer
// changes their mind.
type Comeback struct {
	About string // one of Abouts; the titles of steps are words among the staff
	// Class is restorable, reissuable or final; anew once a contract has ended: it
	// can only begin again.
	Class string
}

// Anew is the class of a contract that has ended.
const Anew = "anew"

var classes = []string{string(connector.Restorable), string(connector.Reissuable), Anew, string(connector.Final)}

// Abouts are what steps are about, in what customers are told of them.
var Abouts = []string{"plan", "access", "data", "handover", "things", "money", "our_access", "erased", "other"}

// aboutKinds is what the steps of a kind are about; of every other it is "other".
var aboutKinds = map[string]string{
	"cancel_billing": "plan", "verify_billing": "plan", "narrow_access": "access", "revoke_access": "access", "close_access": "access", "own_access": "our_access", "export_data": "data",
	"erase_data": "erased", "erase_systems": "erased", "erase_processors": "erased", "erase_record": "erased", "handover": "handover", "return_assets": "things", "settle": "money", "refund": "money", "collect": "money",
}

// aboutStops is the same by stop that the customer sees, for steps of kinds that
// may be about anything.
var aboutStops = map[string]string{
	"billing_stopped": "plan", "billing_ended": "plan", "access_closed": "access", "data_ready": "data", "settled": "money", "erased": "erased",
}

// aboutOf says what a step is about, in a word that customers can be told.
func aboutOf(s offboarding.Step) string {
	if s.Kind == "revoke_access" && s.Params[playbook.Whose] == playbook.Ours {
		return "our_access"
	}
	return cmp.Or(aboutKinds[s.Kind], aboutStops[s.Milestone], "other")
}

// comebacks tells for everything that was done whether it comes back, the best
// first. A step is as good as the worst of its parts, and of several about the same
// thing the worst is told; what has no name of its own stands in every class.
func comebacks(p offboarding.Plan, works []offboarding.Work) []Comeback {
	var out []Comeback
	for _, s := range p.Steps {
		if !s.Holds() {
			continue
		}
		class := s.Spec.Undo.Class
		for _, w := range works {
			if w.Step == s.ID && !w.DoneAt.IsZero() && slices.Index(classes, w.Undo) > slices.Index(classes, class) {
				class = w.Undo
			}
		}
		if class == "" {
			continue
		}
		if s.Kind == "cancel_billing" && class != string(connector.Final) && !p.Case.EffectiveAt.IsZero() {
			class = Anew
		}
		about := aboutOf(s)
		i := slices.IndexFunc(out, func(c Comeback) bool { return c.About == about && (about != "other" || c.Class == class) })
		switch {
		case i < 0:
			out = append(out, Comeback{about, class})
		case slices.Index(classes, class) > slices.Index(classes, out[i].Class):
			out[i].Class = class
		}
	}
	slices.SortStableFunc(out, func(a, b Comeback) int { return slices.Index(classes, a.Class) - slices.Index(classes, b.Class) })
	return out
}

// returnable reports whether a departure is past undoing, so that coming back
// is what can be offered.
func returnable(p offboarding.Plan) bool {
	return !p.Case.EffectiveAt.IsZero() && (p.Case.State == offboarding.CaseOpen || p.Case.State == offboarding.CaseClosed)
}

// AskReturn says that a customer wants to come back after their departure took
// effect: a person is asked, with a date. Again, it changes nothing.
func (a *App) AskReturn(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case", "bye", "back")
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		if err := a.answerable(ctx, tx, l.Case, "case.not_returnable"); err != nil {
			return err
		}
		if !returnable(p) {
			return fault.New(fault.Blocked, "case.not_returnable")
		}
		if p.Step("came_back") != nil {
			return nil
		}
		if err := a.record(ctx, tx, fact{"return.asked", "customer", string(p.Case.ID), string(p.Case.Customer), nil}); err != nil {
			return err
		}
		s := playbook.House("came_back")
		s.ID = offboarding.StepID(id.New("step"))
		if err := p.Ask(s, tx.Now()); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, "customer")
	})
}
