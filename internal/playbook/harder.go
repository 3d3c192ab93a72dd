package playbook

import (
	"slices"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// Harder is everything by which leaving by one playbook is harder for the customer than
// by another: something that the other does for them and this does not, or only
// sometimes; a longer way to it, or one on which more people or waits stand; more that
// they are asked; less time to fetch their data. Nothing: it is not harder.
func Harder(own, ordinary *Playbook, kinds []KindSpec) (wrong fault.List) {
	if own.version == ordinary.version {
		return nil
	}
	refuse := func(code string, args ...any) {
		args = append([]any{"playbook", own.version, "than", ordinary.version}, args...)
		wrong = append(wrong, fault.New(fault.Invalid, code, args...).On("way"))
	}
	for _, k := range kinds {
		mine, theirs := own.of(k.Name), ordinary.of(k.Name)
		switch {
		case k.serves():
			for _, missing := range unserved(mine, theirs) {
				refuse("lane.harder.missing", "kind", k.Name, "step", missing)
			}
			if a, b := own.far(mine), ordinary.far(theirs); len(theirs) > 0 && (a.steps > b.steps || a.held > b.held) {
				refuse("lane.harder.longer", "kind", k.Name, "n", a.steps, "than_n", b.steps)
			}
		case (k.Asks || k.Talks || k.Approves) && len(mine) > len(theirs):
			refuse("lane.harder.asks", "kind", k.Name, "n", len(mine), "than_n", len(theirs))
		}
	}
	if own.Retrieval < ordinary.Retrieval {
		refuse("lane.harder.retrieval", "n", own.Retrieval, "than_n", ordinary.Retrieval)
	}
	return wrong
}

// serves reports whether a step of the kind does something for the customer.
func (k KindSpec) serves() bool {
	return k.Exports || k.Settles || k.HandsOver || k.Erases || k.Forgets || k.Effect || k.Writes && !k.Asks && !k.Collects && !k.Talks
}

func (p *Playbook) of(kind string) (list []offboarding.Step) {
	for _, s := range p.steps {
		if s.Kind == kind {
			list = append(list, s)
		}
	}
	return list
}

// unserved are the steps of theirs that nothing in mine stands for: at the same system,
// under the same condition or always.
func unserved(mine, theirs []offboarding.Step) (keys []string) {
	for _, t := range theirs {
		if !slices.ContainsFunc(mine, func(m offboarding.Step) bool {
			return m.Params["system"] == t.Params["system"] && (m.Spec.If == "" || m.Spec.If == t.Spec.If)
		}) {
			keys = append(keys, t.Key)
		}
	}
	return keys
}

// way is how far it is to a step: how many steps stand on the longest way to it, and how
// many of people and waits have to be over before it.
type way struct{ steps, held int }

// far is the furthest of the steps.
func (p *Playbook) far(list []offboarding.Step) (w way) {
	for _, s := range list {
		before := map[string]bool{}
		w.steps = max(w.steps, p.depth(s.Key, before))
		held := 0
		for key := range before {
			if x := p.find(key); x.Human || x.Kind == waitKind {
				held++
			}
		}
		w.held = max(w.held, held)
	}
	return w
}

const waitKind = "wait"

// depth is how many steps stand on the longest way to a step, with it; before collects
// everything that has to be over first.
func (p *Playbook) depth(key string, before map[string]bool) (n int) {
	for _, k := range p.find(key).After {
		before[k] = true
		n = max(n, p.depth(k, before))
	}
	return n + 1
}

func (p *Playbook) find(key string) offboarding.Step {
	i := slices.IndexFunc(p.steps, func(s offboarding.Step) bool { return s.Key == key })
	if i < 0 {
		return offboarding.Step{}
	}
	return p.steps[i]
}
