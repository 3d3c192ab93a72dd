package playbook

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

func asYAML(err error, y *yaml.Error) bool { return errors.As(err, y) }

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// longestDue bounds how many days a step may take.
const longestDue = 365

func (c *checker) check(f file, kinds []KindSpec) {
	if !regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`).MatchString(f.Playbook) {
		c.at("$.playbook", "playbook.name")
	}
	c.words("$.title", f.Title)
	if len(f.Steps) == 0 {
		c.at("$.steps", "playbook.no_steps")
	}
	seen := map[string]int{}
	for i, s := range f.Steps {
		at := fmt.Sprintf("$.steps[%d]", i)
		if !keyForm.MatchString(s.ID) {
			c.at(at+".id", "playbook.key", "key", s.ID)
		} else if first, ok := seen[s.ID]; ok {
			c.at(at+".id", "playbook.twice", "key", s.ID, "first", first+1)
		} else {
			seen[s.ID] = i
		}
		c.step(at, s, kinds)
	}
	for i, s := range f.Steps {
		for j, a := range s.After {
			if _, ok := seen[a]; !ok {
				c.at(fmt.Sprintf("$.steps[%d].after[%d]", i, j), "playbook.unknown_step", "key", a)
			}
		}
	}
	if len(c.found) == 0 {
		c.cycles(f)
	}
}

func (c *checker) words(at string, title map[string]string) {
	for _, l := range Languages {
		if strings.TrimSpace(title[l]) == "" {
			c.at(at, "playbook.words", "lang", l)
		}
	}
	// An unquoted comma in {es: …, en: …} makes a stray key: words would be lost.
	for _, l := range slices.Sorted(maps.Keys(title)) {
		if !slices.Contains(Languages, l) {
			c.at(at, "playbook.language", "lang", l, "known", strings.Join(Languages, ", "))
		}
	}
}

func (c *checker) step(at string, s stepFile, kinds []KindSpec) {
	c.words(at+".title", s.Title)
	if s.Milestone != "" && !slices.Contains(Milestones, s.Milestone) {
		c.at(at+".milestone", "playbook.milestone", "name", s.Milestone, "known", strings.Join(Milestones, ", "))
	}
	i := slices.IndexFunc(kinds, func(k KindSpec) bool { return k.Name == s.Kind })
	if i < 0 {
		var names []string
		for _, k := range kinds {
			names = append(names, k.Name)
		}
		slices.Sort(names)
		c.at(at+".kind", "playbook.unknown_kind", "kind", s.Kind, "known", strings.Join(names, ", "))
		return
	}
	c.params(at, s, kinds[i])
	if kinds[i].Human {
		c.human(at, s)
		return
	}
	for _, x := range []struct {
		field string
		set   bool
	}{{"role", s.Role != ""}, {"due", s.Due != nil}, {"items", len(s.Items) > 0}} {
		if x.set {
			c.at(at+"."+x.field, "playbook.not_human", "field", x.field, "kind", s.Kind)
		}
	}
}

func (c *checker) params(at string, s stepFile, k KindSpec) {
	for _, p := range k.Params {
		v, ok := s.Params[p.Name]
		switch {
		case p.Required && v == "":
			c.at(at+".params", "playbook.param_missing", "name", p.Name, "kind", k.Name)
		case ok && len(p.Enum) > 0 && !slices.Contains(p.Enum, v):
			c.at(at+".params."+p.Name, "playbook.param_value", "name", p.Name, "value", v, "known", strings.Join(p.Enum, ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Params)) {
		if !slices.ContainsFunc(k.Params, func(p ParamSpec) bool { return p.Name == name }) {
			c.at(at+".params."+name, "playbook.param_unknown", "name", name, "kind", k.Name)
		}
	}
}

// human checks what only steps of people have. A step that nobody owns, or
// that is never due, could wait for ever.
func (c *checker) human(at string, s stepFile) {
	if !slices.Contains(Roles, s.Role) {
		c.at(at+".role", "playbook.role", "role", s.Role, "known", strings.Join(Roles, ", "))
	}
	if s.Due == nil || s.Due.D < 1 || s.Due.D > longestDue || s.Due.From != "ready" {
		c.at(at+".due", "playbook.due", "max", longestDue)
	}
	seen := map[string]bool{}
	for j, it := range s.Items {
		item := fmt.Sprintf("%s.items[%d]", at, j)
		if !keyForm.MatchString(it.ID) || seen[it.ID] {
			c.at(item+".id", "playbook.key", "key", it.ID)
		}
		seen[it.ID] = true
		c.words(item+".title", it.Title)
	}
}

// cycles finds steps that wait for each other, and names them in order.
func (c *checker) cycles(f file) {
	index := map[string]int{}
	for i, s := range f.Steps {
		index[s.ID] = i
	}
	const (
		fresh = iota
		open
		over
	)
	state := make([]int, len(f.Steps))
	var path []string
	var visit func(i int) bool
	visit = func(i int) bool {
		s := f.Steps[i]
		switch state[i] {
		case over:
			return false
		case open:
			loop := append(slices.Clone(path[slices.Index(path, s.ID):]), s.ID)
			c.at(fmt.Sprintf("$.steps[%d].after", i), "playbook.cycle", "steps", strings.Join(loop, " → "))
			return true
		}
		state[i] = open
		path = append(path, s.ID)
		for _, a := range s.After {
			if visit(index[a]) {
				return true
			}
		}
		path = path[:len(path)-1]
		state[i] = over
		return false
	}
	for i := range f.Steps {
		if visit(i) {
			return
		}
	}
}
