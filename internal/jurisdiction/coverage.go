package jurisdiction

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
)

// Predicate is something that the law, as it was read, asks for or allows, and
// what became of it: the rules that say it, or why none does.
type Predicate struct {
	At     string            `yaml:"at" json:"at"`     // where it stands in what was read: a section or article
	Says   string            `yaml:"says" json:"says"` // in its words
	Rules  []string          `yaml:"rules" json:"rules,omitempty"`
	Reason map[string]string `yaml:"reason" json:"reason,omitempty"` // language → why no rule says it
}

// Coverage is the account that a pack gives of everything that was read for it.
type Coverage struct {
	Pack       string      `yaml:"pack" json:"pack"`
	Predicates []Predicate `yaml:"predicates" json:"predicates"`
}

// ShippedCoverage are the texts of the accounts of the packs of the program.
func ShippedCoverage() []File {
	return embedded(func(name string) bool { return strings.HasSuffix(name, coverage) })
}

// Cover reads the accounts and compares them with the packs. A predicate has
// either rules, all of them of the pack or of what it extends, or a reason in
// every language; every rule is asked for by a predicate; every pack has an
// account. Problems are a fault.List with their places.
func (l *Library) Cover(files []File) (list []Coverage, err error) {
	var found fault.List
	named := map[string]bool{}
	for _, f := range files {
		var c Coverage
		at, err := source.Decode(f.Name, f.Source, &c)
		if err == nil {
			l.cover(at, c, strings.TrimSuffix(idOf(f.Name), ".coverage"), named)
		}
		found = append(found, fault.Fields(at.Err())...)
		list = append(list, c)
	}
	for _, p := range l.packs {
		if !slices.ContainsFunc(list, func(c Coverage) bool { return c.Pack == p.ID }) {
			found = append(found, fault.New(fault.Invalid, "law.coverage_missing", "pack", p.ID).On(p.ID))
			continue
		}
		for _, r := range p.Rules {
			if !named[r.ID] {
				at := fmt.Sprintf("%s.yaml:%d:1", p.ID, r.Line)
				found = append(found, fault.New(fault.Invalid, "law.coverage_unasked", "at", at, "id", r.ID).On(at))
			}
		}
	}
	slices.SortFunc(list, func(a, b Coverage) int { return cmp.Compare(a.Pack, b.Pack) })
	return list, found.Or()
}

func (l *Library) cover(at *source.File, c Coverage, id string, named map[string]bool) {
	p := l.byID[c.Pack]
	if p == nil || c.Pack != id {
		at.At("$.pack", "law.pack_name", "pack", c.Pack, "file", id)
		return
	}
	check := checker{File: at}
	for i, x := range c.Predicates {
		place := fmt.Sprintf("$.predicates[%d]", i)
		if x.At == "" || strings.TrimSpace(x.Says) == "" || (len(x.Rules) == 0) == (x.Reason == nil) {
			at.At(place, "law.coverage_empty")
		}
		if x.Reason != nil {
			check.words(place+".reason", x.Reason)
		}
		for j, r := range x.Rules {
			if o := l.rules[r]; o == nil || !slices.Contains(l.along[p], o.Pack) {
				at.At(fmt.Sprintf("%s.rules[%d]", place, j), "law.coverage_rule", "id", r, "pack", p.ID)
			}
			named[r] = true
		}
	}
}
