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

// Resolution is what is done about a parameter that is in conflict, by
// language; nil: nobody looked at it yet.
func (s Setting) Resolution() map[string]string {
	packs := map[string]bool{}
	for _, a := range s.By {
		packs[a.Rule.Pack.ID] = true
	}
	for _, k := range KnownConflicts() {
		if s.Param.Name != k.Param && s.Param.Name != k.With {
			continue
		}
		for _, pair := range k.Pairs {
			if slices.ContainsFunc(pair, func(id string) bool { return packs[id] }) {
				return k.Resolution
			}
		}
	}
	return nil
}
