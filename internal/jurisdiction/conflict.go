package jurisdiction

import (
	_ "embed"
	"slices"
	"sync"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
)

//go:embed conflicts.yaml
var conflicts []byte

// Known is a conflict between packs that somebody looked at, and what is done
// about it.
type Known struct {
	Param      string            `yaml:"param"`
	With       string            `yaml:"with"`  // the parameter it cannot hold together with, if it is another one
	Pairs      [][]string        `yaml:"pairs"` // of packs
	Resolution map[string]string `yaml:"resolution"`
}

// KnownConflicts is the list that the program ships.
var KnownConflicts = sync.OnceValue(func() []Known {
	var list []Known
	if _, err := source.Decode("conflicts.yaml", conflicts, &list); err != nil {
		panic(fault.Wrap("law", err)) // a test reads it
	}
	return list
})

// solve says of every clash what is done about it, if somebody looked at it: every
// two rules that cannot hold together have to belong to the two packs of a known
// pair, or to what those extend.
func (l *Library) solve(e *Effective) {
	for i := range e.Settings {
		s := &e.Settings[i]
		if s.Outcome != Conflict && s.Outcome != Unsatisfiable {
			continue
		}
		pairs := clashing(*s, e)
		for _, k := range KnownConflicts() {
			about := s.Param.Name == k.Param && s.With == k.With || s.Param.Name == k.With && s.With == k.Param
			foreign := func(p [2]*Pack) bool { return !l.knows(k, p) }
			if about && len(pairs) > 0 && !slices.ContainsFunc(pairs, foreign) {
				s.Solved = k.Resolution
			}
		}
	}
}

// knows reports whether two packs are those of a pair, or what they extend.
func (l *Library) knows(k Known, two [2]*Pack) bool {
	along := func(id string, p *Pack) bool { return l.byID[id] != nil && slices.Contains(l.chain(l.byID[id]), p) }
	return two[0] != two[1] && slices.ContainsFunc(k.Pairs, func(pair []string) bool {
		return along(pair[0], two[0]) && along(pair[1], two[1]) || along(pair[0], two[1]) && along(pair[1], two[0])
	})
}

// clashing are the packs of every two rules that cannot hold together.
func clashing(s Setting, e *Effective) (pairs [][2]*Pack) {
	rules := s.By
	other := rules
	if s.With != "" {
		o, _ := e.Of(s.With)
		other = o.By
	}
	for _, a := range rules {
		for _, b := range other {
			if a != b && Clash(a, b) {
				pairs = append(pairs, [2]*Pack{a.Rule.Pack, b.Rule.Pack})
			}
		}
	}
	return pairs
}

// Clash reports whether two rules that both hold cannot both be obeyed.
func Clash(a, b *Applied) bool {
	p, q := a.Rule.Param, b.Rule.Param
	switch {
	case p == q:
		_, ok := p.Join(a.Value, b.Value)
		return !ok
	case p.Excludes != q.Name && q.Excludes != p.Name:
		return false
	case p.Excludes != q.Name:
		return Clash(b, a)
	case p.Kind == Set:
		return slices.ContainsFunc(a.Value.Words, func(w string) bool { return !slices.Contains(b.Value.Words, w) })
	}
	return a.Value.On && b.Value.On
}
