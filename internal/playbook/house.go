package playbook

import (
	_ "embed"
	"sync"

	"github.com/goccy/go-yaml"

	"hastaluego/internal/offboarding"
)

//go:embed house.yaml
var house []byte

var houseSteps = sync.OnceValue(func() map[string]offboarding.Step {
	var list []stepFile
	if err := yaml.UnmarshalWithOptions(house, &list, yaml.Strict()); err != nil {
		panic(err) // the program was built with a file that a test reads
	}
	out := make(map[string]offboarding.Step, len(list))
	for _, s := range list {
		step := snapshot(0, s, []KindSpec{{Name: "task", Human: true}, {Name: "approve", Human: true, Approves: true}, {Name: "collect", Human: true, Collects: true}, {Name: "refund", Verifies: true, Effect: true}, {Name: "narrow_access", Verifies: true, Effect: true}, {Name: "apply_offer", Verifies: true, Effect: true}, {Name: "handover", Human: true, HandsOver: true}})
		step.Spec.House = true
		out[s.ID] = step
	}
	return out
})

// House returns a fresh copy of a step that the house asks of a person beside
// what the plan of a departure says.
func House(name string) offboarding.Step {
	s, ok := houseSteps()[name]
	if !ok {
		panic("playbook: the house has no step " + name)
	}
	s.Items = append([]offboarding.Item(nil), s.Items...)
	return s
}

// HouseSteps are the names of those steps.
func HouseSteps() []string {
	var names []string
	for name := range houseSteps() {
		names = append(names, name)
	}
	return names
}
