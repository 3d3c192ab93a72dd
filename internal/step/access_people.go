package step

import (
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// closeAccess is the same by people: a checklist made of the inventory, in
// order, each item with the proof that it no longer works.
type closeAccess struct{}

func (closeAccess) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "close_access", Human: true, Effect: true, TellUndo: true,
		About:  "People close each access of the inventory that no system closes, in order, and write how they tried that it no longer works.",
		Params: []playbook.ParamSpec{{Name: "except", About: "Systems that revoke_access closes, separated by commas."}},
	}
}
func (closeAccess) Jobs(Subject) []Job { return nil }

// Items is one line per access.
func (closeAccess) Items(s Subject) []offboarding.Item {
	except := split(s.Step.Params["except"])
	var out []offboarding.Item
	for _, g := range customer.RevocationOrder(customer.Theirs(s.Grants)) {
		if g.Status != customer.Granted || except[g.System] {
			continue
		}
		name := g.System + ": " + g.Account
		out = append(out, offboarding.Item{Key: string(g.ID), Title: offboarding.Same(name)})
	}
	return out
}
