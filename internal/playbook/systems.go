package playbook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
)

// Connected is what the connected systems can do, by their names.
type Connected map[string]SystemSpec

// SystemSpec is what one system can do.
type SystemSpec struct {
	Can       []string // as KindSpec.Needs says it
	Actions   []string // names that a step of kind connector may say
	Level     string   // what it was tried against, as connector.Level says it
	Closing   string   // class of undoing the closing of an access there; empty: not known
	Narrowing string   // and of leaving it to read; empty: it is widened again
	Undo      map[string]Undoing
}

// Undoing is what taking an action back brings back, and what is gone for good
// where that is nothing.
type Undoing struct {
	Class string // restorable, reissuable or final
	Loses string // of a final one: data or access; empty: data
}

// Otherwise is the parameter by which a step says who does what its system cannot.
const Otherwise = "otherwise"

const (
	final       = "final"
	losesAccess = "access"
)

// CheckSystems reports every step of a checked playbook that names a system
// which is not connected, which cannot do what the step needs, or which has no
// action of that name, or which may do there too early what cannot be taken back.
// Its errors are those of Load.
func CheckSystems(name string, src []byte, kinds []KindSpec, on Connected) error {
	var f file
	c, err := source.Decode(name, src, &f)
	if err != nil {
		return fault.Wrap("playbook.CheckSystems", err) // Load has told what is wrong
	}
	early := finality{c, kinds, on, inOrder(f)}
	for i, s := range f.Steps {
		k := slices.IndexFunc(kinds, func(k KindSpec) bool { return k.Name == s.Kind })
		if k < 0 || kinds[k].Needs == "" {
			continue
		}
		if s.Params["system"] == "" {
			early.closing(fmt.Sprintf("$.steps[%d]", i), s, kinds[k])
			continue // whatever is connected: Load has told where that is not enough
		}
		at := fmt.Sprintf("$.steps[%d].params", i)
		sys, ok := on[s.Params["system"]]
		switch {
		case !ok:
			c.At(at+".system", "playbook.unknown_system", "system", s.Params["system"], "known", listed(slices.Sorted(maps.Keys(on))))
		case !slices.Contains(sys.Can, kinds[k].Needs) && s.Params[Otherwise] == "":
			c.At(at+".system", "playbook.system_cannot", "system", s.Params["system"], "need", kinds[k].Needs, "can", listed(sys.Can))
		case s.Params["action"] != "" && !slices.Contains(sys.Actions, s.Params["action"]):
			c.At(at+".action", "playbook.unknown_action", "action", s.Params["action"], "system", s.Params["system"], "known", listed(sys.Actions))
		default:
			early.closing(at+".system", s, kinds[k])
			early.acting(at+".action", s)
			early.sending(at+".system", s)
		}
	}
	return c.Err()
}

func listed(words []string) string {
	if len(words) == 0 {
		return "–"
	}
	return strings.Join(words, ", ")
}
