package step

import (
	"hastaluego/internal/connector"
	"hastaluego/internal/playbook"
)

// Systems finds a connected billing system by its name in systems.yaml; false
// if there is none.
type Systems func(name string) (connector.Billing, bool)

// All returns every kind of step by name. A new kind is a file here and a line
// in this list.
func All(systems Systems) map[string]Kind {
	kinds := []Kind{
		confirm{},
		task{},
		approve{},
		evaluate{},
		meeting{},
		decide{},
		wait{},
		eraseData{},
		cancelBilling{systems},
		verifyBilling{systems},
		exportData{},
		settle{},
		revokeAccess{systems},
		closeAccess{},
		farewell{},
	}
	out := make(map[string]Kind, len(kinds))
	for _, k := range kinds {
		out[k.Spec().Name] = k
	}
	return out
}

// Specs returns what playbooks may say about the kinds.
func Specs() []playbook.KindSpec {
	var out []playbook.KindSpec
	for _, k := range All(nil) {
		out = append(out, k.Spec())
	}
	return out
}
