// Package assignment says who gets a step of a person the moment it becomes
// ready: by rules in an order, each for a role, under a condition, with the
// people among whom the least busy gets it. It is pure, and looks at no clock.
package assignment

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/rule"
)

// Rule gives steps of a role to people.
type Rule struct {
	ID     string   `json:"id"` // rul_…
	Role   string   `json:"role"`
	If     string   `json:"if,omitempty"` // condition over the facts of playbooks; empty: always
	People []string `json:"people"`       // usr_…
}

// Rules are tried in their order: the first that holds and has somebody who is
// there and may do it gives the step away. Version counts how often they were
// changed.
type Rules struct {
	Version int64  `json:"version"`
	List    []Rule `json:"list"`
}

// Bounds of rules.
const (
	Most       = 50
	mostPeople = 100
	mostIf     = 1000
)

// Check reports everything that is wrong, each with the field rules.N.… that it
// is wrong in. may says whether somebody may sign in and has the role.
func (r Rules) Check(roles []string, may func(user, role string) bool) fault.List {
	var l fault.List
	if len(r.List) > Most {
		l = append(l, fault.New(fault.Invalid, "assignment.too_many", "max", Most).On("rules"))
	}
	for i, x := range r.List {
		add := func(field, code string, args ...any) {
			l = append(l, fault.New(fault.Invalid, code, args...).On(fmt.Sprintf("rules.%d.%s", i, field)))
		}
		if !slices.Contains(roles, x.Role) {
			add("role", "field.choice")
		}
		switch {
		case len(x.People) == 0:
			add("people", "field.required")
		case len(x.People) > mostPeople:
			add("people", "assignment.too_many", "max", mostPeople)
		}
		for _, who := range x.People {
			if !may(who, x.Role) {
				add("people", "assignment.person")
				break
			}
		}
		if len(x.If) > mostIf {
			add("if", "field.too_long", "max", mostIf)
			continue
		}
		if list := Problems(x.If); len(list) > 0 { // what follows from the first says little
			p := list[0]
			add("if", "assignment.condition", "line", p.Line, "column", p.Column, "what", p.What, "known", strings.Join(slices.Sorted(maps.Keys(playbook.Facts)), ", "))
		}
	}
	return l
}

// Problems are what is wrong with a condition, by line and column; none for an
// empty one.
func Problems(expr string) rule.Problems {
	if expr == "" {
		return nil
	}
	_, err := playbook.Condition(expr)
	var problems rule.Problems
	errors.As(err, &problems)
	return problems
}

// Move puts the rule one place up, or down; at the end of the list, and where
// there is none with the id, it changes nothing.
func (r Rules) Move(id string, up bool) Rules {
	list := slices.Clone(r.List)
	i := slices.IndexFunc(list, func(x Rule) bool { return x.ID == id })
	j := i + 1
	if up {
		j = i - 1
	}
	if i >= 0 && j >= 0 && j < len(list) {
		list[i], list[j] = list[j], list[i]
	}
	r.List = list
	return r
}

// Drop takes the rule off the list.
func (r Rules) Drop(id string) Rules {
	r.List = slices.DeleteFunc(slices.Clone(r.List), func(x Rule) bool { return x.ID == id })
	return r
}
