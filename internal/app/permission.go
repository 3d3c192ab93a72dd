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

// permission is one line of the table of roles: who may act on something, and
// who may see it without acting.
type permission struct{ what, act, see string }

// permissions are everything that a role may do. What needs two people needs
// two people, whatever their roles; who works on a step of a case is said by
// its playbook.
var permissions = []permission{
	{"case", "agent success admin", "finance privacy auditor"}, // open on behalf, pause, undo, tie a request
	{"customer", "agent success admin", "finance privacy auditor"},
	{"statement", "finance", "agent success auditor"}, // balances, refunds
	{"work", "agent admin", "privacy auditor"},        // decide about an uncertain or failed effect
	{"assign", "admin", ""},                           // give a step to anybody of its role, as those who work on it may
	{"note", "agent success", "privacy"},
	{"letter", "", "agent privacy success"}, // what a letter says, and files of evidence
	{"outbox", "", "agent privacy success admin auditor"},
	{"offer", "agent success", "finance auditor"},
	{"erase", "privacy", "auditor"}, // approve an erasure, hold, release
	{"playbook", "admin", "agent finance privacy success auditor"},
	{"users", "admin", "auditor"},
	{"keys", "admin", "auditor"}, // of the API, and of webhooks
	{"settings", "admin", "auditor"},
	{"audit", "auditor", "privacy admin"},
}

// acts says which roles may do what; reads, which may see it.
var acts, reads = func() (acts, reads map[string][]string) {
	acts, reads = map[string][]string{}, map[string][]string{}
	for _, p := range permissions {
		acts[p.what] = strings.Fields(p.act)
		for _, r := range Roles { // in their order
			if slices.Contains(strings.Fields(p.act+" "+p.see), r) {
				reads[p.what] = append(reads[p.what], r)
			}
		}
	}
	return acts, reads
}()

// Permissions are everything that a role may act on or see, by name.
func Permissions() []string {
	all := slices.Collect(maps.Keys(reads))
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
