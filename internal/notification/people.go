package notification

import (
	"slices"
	"time"
)

// Person is somebody who may be told, and what they do.
type Person struct {
	ID    string
	Roles []string
	Preference
}

// Holds reports whether the person has one of the roles.
func (p Person) Holds(roles ...string) bool {
	return slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(p.Roles, r) })
}

// People are those who may sign in.
type People []Person

// Find returns the person; false if they may not sign in.
func (p People) Find(id string) (Person, bool) {
	i := slices.IndexFunc(p, func(x Person) bool { return x.ID == id })
	if i < 0 {
		return Person{}, false
	}
	return p[i], true
}

// For is who does at the instant what is somebody's: they themselves or, while
// they are away, whoever stands in for them, or for that one. Only people of the
// roles stand in. Where nobody does it stays theirs.
func (p People) For(id string, roles []string, at time.Time) string {
	seen := map[string]bool{}
	for next := id; !seen[next]; {
		x, active := p.Find(next)
		if !active || next != id && !x.Holds(roles...) {
			return id
		}
		if !x.Absent(at) {
			return next
		}
		seen[next], next = true, x.Stands
	}
	return id
}

// Team are those of the roles who are there at the instant; all of them where
// everybody is away: somebody has to hear of it.
func (p People) Team(roles []string, at time.Time) (out []string) {
	var all []string
	for _, x := range p {
		if !x.Holds(roles...) {
			continue
		}
		all = append(all, x.ID)
		if !x.Absent(at) {
			out = append(out, x.ID)
		}
	}
	if len(out) == 0 {
		return all
	}
	return out
}

// Told are those who hear of a step: whoever it is given to, or the team of its
// roles where it is nobody's in particular or its owner may not sign in any
// more.
func (p People) Told(assignee string, roles []string, at time.Time) []string {
	if _, active := p.Find(assignee); active {
		return []string{p.For(assignee, roles, at)}
	}
	return p.Team(roles, at)
}

// Least is the one of the candidates who has least to do and is there at the
// instant; load is how much each has. The first of several; empty where nobody
// is there.
func (p People) Least(candidates []string, load map[string]int, at time.Time) (best string) {
	for _, id := range candidates {
		x, active := p.Find(id)
		if !active || x.Absent(at) {
			continue
		}
		if best == "" || load[id] < load[best] {
			best = id
		}
	}
	return best
}
