package app

import (
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// Actor is a signed-in person of the company.
type Actor struct {
	ID    string
	Name  string
	Roles []string
	// RealID is who really acts when the demo's "view as" is on; empty else.
	RealID string
}

// Roles are the roles that a person may hold.
var Roles = []string{"agent", "finance", "privacy", "success", "admin", "auditor"}

// acts says which roles may do what; reads, which may see it.
var (
	acts = map[string][]string{
		"case":      {"agent", "success", "admin"},
		"customer":  {"agent", "success", "admin"},
		"statement": {"finance"},
		"playbook":  {"admin"},
		"users":     {"admin"},
		"work":      {"agent", "admin"}, // decide about an uncertain or failed effect
	}
	reads = map[string][]string{
		"case":     {"agent", "finance", "privacy", "success", "admin", "auditor"},
		"customer": {"agent", "finance", "privacy", "success", "admin", "auditor"},
		"playbook": {"agent", "finance", "privacy", "success", "admin", "auditor"},
		"outbox":   {"agent", "privacy", "success", "admin", "auditor"},
		"letter":   {"agent", "privacy", "success"}, // what a letter says
		"audit":    {"privacy", "admin", "auditor"},
	}
)

// Permissions are everything that a role may act on or see, by name.
func Permissions() []string {
	all := slices.Collect(maps.Keys(acts))
	for what := range reads {
		if !slices.Contains(all, what) {
			all = append(all, what)
		}
	}
	slices.Sort(all)
	return all
}

// Holds reports whether the person has one of the roles.
func (a Actor) Holds(roles ...string) bool {
	return slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(a.Roles, r) })
}

// May reports whether the person may act on what.
func (a Actor) May(what string) bool { return a.Holds(acts[what]...) }

// MayRead reports whether the person may see what.
func (a Actor) MayRead(what string) bool { return a.Holds(reads[what]...) }

// MayWork reports whether the person may work on the human step.
func (a Actor) MayWork(s offboarding.Step) bool { return a.Holds(s.Role) }

func (a Actor) may(what string) error { return refuse(a.May(what), acts[what]) }

// CanRead returns fault.Forbidden unless the person may see what.
func (a Actor) CanRead(what string) error { return refuse(a.MayRead(what), reads[what]) }

func refuse(ok bool, who []string) error {
	if ok {
		return nil
	}
	return fault.New(fault.Forbidden, "forbidden.role", "who", strings.Join(who, ", "))
}
