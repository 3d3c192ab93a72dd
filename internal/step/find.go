package step

import (
	"context"
	"encoding/json"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
)

// Finder is a kind whose jobs ask a system which accesses the customer has
// there; app compares them with the inventory.
type Finder interface {
	Kind
	// Find lists what the system ties to the owner. Errors are as
	// connector.Lister says.
	Find(ctx context.Context, system, owner string) ([]connector.FoundAccess, error)
	// Level is what is declared of the system was tried against.
	Level(system string) connector.Level
}

// findAccess asks a system which accesses the customer has there, before any is
// closed: what nobody had on the inventory is decided about by a person.
type findAccess struct{ systems Systems }

func (findAccess) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "find_access", Verifies: true, Needs: connector.CanList,
		About: "Asks a system, or every one that can list them, which accesses the customer has there and compares them with the inventory. What nobody had written down is no longer passed over: " +
			"a person says whether it is the customer's, and then it is closed with the others, or not, and why.",
		Params: []playbook.ParamSpec{{Name: "system", About: "Name of a system in systems.yaml that can list accesses; without it, every one that can is asked, and where none can the step is not needed."}},
	}
}

func (k findAccess) Jobs(s Subject) (jobs []Job) {
	asked := k.systems.listers()
	if only := s.Step.Params["system"]; only != "" {
		asked = []string{only}
	}
	for _, system := range asked {
		jobs = append(jobs, Job{Item: system, System: system})
	}
	return jobs
}

func (k findAccess) Level(system string) connector.Level { return k.systems[system].Level }

func (k findAccess) Find(ctx context.Context, system, owner string) ([]connector.FoundAccess, error) {
	sys, err := k.systems.system(system)
	if err != nil {
		return nil, err
	}
	if sys.Lister == nil {
		return nil, fault.New(fault.Blocked, "connector.cannot", "system", system, "can", connector.CanList)
	}
	return sys.Lister.ListAccesses(ctx, owner)
}

// Listing is the evidence of what a system was asked: counts, since the names of
// accounts are on the inventory.
type Listing struct {
	Listed    int `json:"listed"`              // accesses that the system ties to the customer and that let in
	Closed    int `json:"closed,omitempty"`    // that it lists and that let nobody in
	Known     int `json:"known"`               // on the inventory, or decided about
	Orphans   int `json:"orphans"`             // nobody has decided about
	Elsewhere int `json:"elsewhere,omitempty"` // on the inventory of another customer
}

// Evidence is the listing as evidence.
func (l Listing) Evidence() (string, error) {
	raw, err := json.Marshal(l)
	return string(raw), fault.Wrap("step.Listing", err)
}
