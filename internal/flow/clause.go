package flow

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed clauses.yaml
var clauseFile []byte

// clause is where the law says what a pattern is about, by pack, and who described
// the pattern.
type clause struct {
	Guide string            `yaml:"guide"`
	Law   map[string]string `yaml:"law"`
}

var clauses = sync.OnceValue(func() map[string]clause {
	out := map[string]clause{}
	if err := yaml.UnmarshalWithOptions(clauseFile, &out, yaml.Strict()); err != nil {
		panic(fmt.Errorf("clauses: %w", err)) // they are part of the program
	}
	return out
})

// Source is what asks for what a pattern found: words flow.clause.<code>, with
// args.
//
//	law   the law of the customer, refs
//	safe  none of theirs in words of its own: the safe profile asks everywhere
//	      what the law of some places asks, refs
//	none  no law that we read in words of its own: who described it, guide
type Source struct {
	Code string
	Args []any
}

// source is what asks for a pattern where packs hold: the nearest law that says
// so. Packs come with what they extend before them.
func (p pattern) source(packs []string) Source {
	c := clauses()[p.ID]
	for i := len(packs) - 1; i >= 0; i-- {
		if ref := c.Law[packs[i]]; ref != "" {
			return Source{"law", []any{"refs", ref}}
		}
	}
	if slices.Contains(packs, safe) && len(c.Law) > 0 {
		var refs []string
		for _, pack := range slices.Sorted(maps.Keys(c.Law)) {
			refs = append(refs, c.Law[pack]+" ("+pack+")")
		}
		return Source{"safe", []any{"refs", strings.Join(refs, "; ")}}
	}
	return Source{"none", []any{"guide", c.Guide}}
}
