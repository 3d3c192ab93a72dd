package playbook

import (
	"maps"
	"slices"
)

// turns is what comes before what in the steps of a playbook.
type turns struct {
	steps map[string]stepFile
	known map[string]map[string]bool
}

func inOrder(f file) *turns {
	t := &turns{map[string]stepFile{}, map[string]map[string]bool{}}
	for _, s := range f.Steps {
		t.steps[s.ID] = s
	}
	return t
}

// before are the steps that are over when the one of this key begins. The steps
// are known to have no cycle.
func (t *turns) before(id string) map[string]bool {
	if got, ok := t.known[id]; ok {
		return got
	}
	out := map[string]bool{}
	for _, a := range t.steps[id].After {
		out[a] = true
		maps.Copy(out, t.before(a))
	}
	t.known[id] = out
	return out
}

// has reports whether such a step comes before the one of this key.
func (t *turns) has(id string, what func(stepFile) bool) bool {
	for a := range t.before(id) {
		if what(t.steps[a]) {
			return true
		}
	}
	return false
}

// waits finds a wait until then that nobody is spared.
func waits(until string) func(stepFile) bool {
	return func(s stepFile) bool { return s.Kind == "wait" && s.Params["until"] == until && s.If == "" }
}

// approves finds an approval that nobody is spared.
func approves(kinds []KindSpec) func(stepFile) bool {
	return func(s stepFile) bool {
		return s.If == "" && slices.ContainsFunc(kinds, func(k KindSpec) bool { return k.Name == s.Kind && k.Approves })
	}
}
