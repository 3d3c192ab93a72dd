package step

import (
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/form"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// assetLines is one line per asset of the kinds.
func assetLines(assets []customer.Asset, kinds []string) (out []offboarding.Item) {
	for _, k := range kinds {
		for _, a := range assets {
			if a.Kind == k {
				out = append(out, line(string(a.ID), a.Name))
			}
		}
	}
	return out
}

// handOver gives back what is the client's, thing by thing; the client alone
// accepts, and credentials are changed afterwards.
type handOver struct{}

func (handOver) Spec() playbook.KindSpec {
	days := `^[1-9][0-9]{0,2}$`
	return playbook.KindSpec{
		Name: "handover", Human: true, TellUndo: true, HandsOver: true,
		About: "Sites, domains, accounts, documents, confidential material and credentials of the inventory are handed over. The client alone accepts, on their page or with a signed slip; credentials go by an envelope that opens once, and are changed afterwards. Confidential material is returned, destroyed or kept until a day, each thing for itself. Over when all is accepted and changed.",
		Params: []playbook.ParamSpec{
			{Name: "kinds", Form: listOf(handover.Kinds), Example: "confidential", About: "Kinds of asset, separated by commas; by default all that are handed over."},
			{Name: "envelope_days", Form: days, Example: "7", About: "Days that an envelope can be opened; 7 if nothing is said."},
			{Name: "rotate_days", Form: days, Example: "10", About: "Days in which the client changes a credential; 10 if nothing is said. Reminded on the day after and three days later, a person is asked a week after."},
		},
	}
}
func (handOver) Jobs(Subject) []Job { return nil }
func (handOver) OwnEnd()            {}
func (handOver) AssetItems(s Subject, assets []customer.Asset) []offboarding.Item {
	kinds := handover.Kinds
	if only := s.Step.Params["kinds"]; only != "" {
		wanted := split(only)
		kinds = slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return !wanted[k] })
	}
	return assetLines(assets, kinds)
}

// ownAccess takes our own access back, last of all.
type ownAccess struct{}

func (ownAccess) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "own_access", Human: true, TellUndo: true, Leaves: true,
		Params: []playbook.ParamSpec{{Name: "except", About: "Systems at which revoke_access closes what our own people hold, separated by commas."}},
		About:  "We leave the client's sites, domains and accounts, and close the accesses that our own people hold at the client's systems and that no system closes: one line each, ticked when it was tried that we no longer enter. Only after every handover.",
	}
}
func (ownAccess) Jobs(Subject) []Job { return nil }
func (ownAccess) AssetItems(s Subject, assets []customer.Asset) []offboarding.Item {
	out, except := assetLines(assets, handover.Enterable), split(s.Step.Params["except"])
	for _, g := range customer.RevocationOrder(customer.OfOurs(s.Grants)) {
		if g.Open() && !except[g.System] {
			out = append(out, line(string(g.ID), g.System+": "+g.Account))
		}
	}
	return out
}

// report is the final report of an engagement: words and figures in a form,
// pictures as files of the step.
type report struct{}

func (report) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "report", Human: true,
		About: "A person writes the final report with its figures; pictures attached to the step go with it. The client reads it on their page and as PDF.",
	}
}
func (report) Jobs(Subject) []Job                { return nil }
func (report) Form(map[string]string) *form.Form { return form.Builtin()["final_report"] }
