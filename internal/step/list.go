package step

import (
	"maps"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
)

// Systems are the connected systems by their names in systems.yaml; nil: none.
type Systems map[string]connector.System

// Named are these systems by their names.
func Named(list ...connector.System) Systems {
	byName := make(Systems, len(list))
	for _, s := range list {
		byName[s.Name] = s
	}
	return byName
}

// Find finds a system by its name; false if there is none.
func (all Systems) Find(name string) (connector.System, bool) {
	s, ok := all[name]
	return s, ok
}

// listers are the names of the systems that can list accesses, in their order.
func (all Systems) listers() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name].Lister != nil {
			names = append(names, name)
		}
	}
	return names
}

// Ledgers are the names of the systems whose books can be read, in their order.
func (all Systems) Ledgers() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name].Ledger != nil {
			names = append(names, name)
		}
	}
	return names
}

// Explain reports whether any system can be told later why a subscription ends.
func (all Systems) Explain() bool {
	for _, s := range all {
		if s.Explainer != nil {
			return true
		}
	}
	return false
}

// Alone are the names of the systems on which one act is done at a time, in their order.
func (all Systems) Alone() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name].Alone {
			names = append(names, name)
		}
	}
	return names
}

// billing returns what the system can do about subscriptions.
func (all Systems) billing(name string) (connector.Billing, error) {
	s, err := all.system(name)
	if err == nil && s.Billing == nil {
		err = lacks(name, connector.CanBilling)
	}
	return s.Billing, err
}

// access returns a system that lets people or programs in.
func (all Systems) access(name string) (connector.System, error) {
	s, err := all.system(name)
	if err == nil && s.Access == nil {
		err = lacks(name, connector.CanAccess)
	}
	return s, err
}

// narrower returns a system in which accesses can be left to read.
func (all Systems) narrower(name string) (connector.System, error) {
	s, err := all.system(name)
	if err == nil && s.Narrower == nil {
		err = lacks(name, connector.CanNarrow)
	}
	return s, err
}

// actions returns what the system can do beside.
func (all Systems) actions(name string) (connector.Actions, error) {
	s, err := all.system(name)
	if err == nil && s.Actions == nil {
		err = lacks(name, connector.CanAct)
	}
	return s.Actions, err
}

// notifier returns a system that takes messages.
func (all Systems) notifier(name string) (connector.Notifier, error) {
	s, err := all.system(name)
	if err == nil && s.Notifier == nil {
		err = lacks(name, connector.CanNotify)
	}
	return s.Notifier, err
}

func (all Systems) system(name string) (connector.System, error) {
	if s, ok := all[name]; ok {
		return s, nil
	}
	return connector.System{}, fault.New(fault.Blocked, "connector.unknown_system", "system", name)
}

func lacks(name, can string) error {
	return fault.New(fault.Blocked, "connector.cannot", "system", name, "can", can)
}

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
		applyOffer{systems},
		verifyBilling{systems},
		exportData{},
		settle{},
		collect{},
		returnAssets{},
		handOver{},
		ownAccess{},
		report{},
		eraseSystems{systems},
		eraseProcessors{systems},
		eraseRecord{},
		refund{systems},
		findAccess{systems},
		narrowAccess{systems},
		revokeAccess{systems},
		closeAccess{},
		runAction{systems},
		sendWebhook{systems},
		tellUsers{},
		farewell{},
	}
	kinds = append(kinds, asks()...)
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
