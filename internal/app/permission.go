package app

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// Actor is who acts: a signed-in person of the company, or a program with an
// API key.
type Actor struct {
	ID    string
	Name  string
	Roles []string
	// Scopes are what an API key may do; a key has no roles.
	Scopes []string
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
	{"case", "agent success admin", "finance privacy auditor"}, // pause, undo
	{"request", "agent success admin", ""},                     // register and tie to a customer
	{"customer", "agent success admin", "finance privacy auditor"},
	{"statement", "finance", "agent success auditor"},            // balances, refunds
	{"work", "agent admin", "privacy auditor"},                   // decide about an uncertain or failed effect
	{"assign", "admin", ""},                                      // give a step to anybody of its role, as those who work on it may
	{"ending", "success admin", "agent finance privacy auditor"}, // contracts that the company ends; a second person agrees
	{"lane", "success admin", "agent finance privacy auditor"},   // customers whom the company lets go; a second person agrees
	{"coming", "success admin", "agent finance privacy auditor"}, // what is announced to customers: another price, the end of a trial
	{"assignment", "admin", "auditor"},                           // by which rules steps are given to people
	{"note", "agent success", "privacy"},
	{"complaint", "agent success", "privacy"},                    // complaints and what both sides promised
	{"obligation", "agent finance", "success privacy auditor"},   // what comes back in kind; charging it is of the statement
	{"letter", "", "agent privacy success"},                      // what a letter says, and files of evidence
	{"risk", "agent success", "finance admin auditor"},           // who is likely to leave, and what is done about it
	{"worth", "success finance admin", "agent auditor"},          // what a customer is worth, and that it is computed now
	{"effort", "agent finance success admin", "privacy auditor"}, // time that was worked for a customer
	{"import", "admin", ""},                                      // files of customers, of those who left before, of readings
	{"data", "admin", "agent success privacy auditor"},           // what host products push of customers
	{"reading", "admin", ""},                                     // what customers use and spend
	{"reason", "agent success", "finance privacy admin auditor"}, // why customers leave; the words about it are read as notes are
	{"voice", "", "agent success privacy"},                       // what leavers answered, and let us say
	{"outbox", "", "agent privacy success admin auditor"},
	{"offer", "agent success", "finance admin auditor"},
	{"segment", "success admin", "agent finance privacy auditor"}, // which customers are alike, by rules, and how many
	{"policy", "success admin", "agent finance auditor"},          // what is proposed to whom: write, publish, roll back
	{"experiment", "success admin", "agent finance auditor"},      // what is tried on customers who leave, and what came of it
	{"metrics", "", "agent finance privacy success admin auditor"},
	{"winback", "success admin", "agent privacy auditor"},             // who allowed a letter, and the letter
	{"improvement", "agent success admin", "finance privacy auditor"}, // what is changed because of leavers
	{"erase", "privacy", "auditor"},                                   // approve an erasure, hold, release
	{"playbook", "admin", "agent finance privacy success auditor"},
	{"flow", "admin", "agent finance privacy success auditor"}, // what customers meet on their way out: publish, roll back
	{"draft", "privacy admin", ""},                             // write one
	{"users", "admin", "auditor"},
	{"keys", "admin", "auditor"}, // of the API
	{"webhook", "admin", "auditor"},
	{"settings", "admin", "auditor"},
	{"company", "admin", "auditor"}, // who the company is to customers
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

// May reports whether the actor may act on what.
func (a Actor) May(what string) bool {
	if a.IsKey() {
		return a.In(actScopes(what)...)
	}
	return a.Holds(acts[what]...)
}

// MayRead reports whether the actor may see what.
func (a Actor) MayRead(what string) bool {
	if a.IsKey() {
		return a.In(readScopes(what)...)
	}
	return a.Holds(reads[what]...)
}

// MayWork reports whether the actor may work on the human step: as its owner,
// or because it was late and they were asked too.
func (a Actor) MayWork(s offboarding.Step) bool {
	if a.IsKey() {
		return a.In(workScopes(s)...)
	}
	return a.Holds(s.Roles()...)
}

func (a Actor) may(what string) error { return a.refuse(a.May(what), acts[what], actScopes(what)) }

// CanRead returns fault.Forbidden unless the actor may see what.
func (a Actor) CanRead(what string) error {
	return a.refuse(a.MayRead(what), reads[what], readScopes(what))
}

func (a Actor) mayWork(s offboarding.Step) error {
	return a.refuse(a.MayWork(s), s.Roles(), workScopes(s))
}

// refuse tells a person which roles may, and a program which scopes.
func (a Actor) refuse(ok bool, roles, scopes []string) error {
	switch {
	case ok:
		return nil
	case !a.IsKey():
		return fault.New(fault.Forbidden, "forbidden.role", "who", strings.Join(roles, ", "))
	case len(scopes) == 0:
		return fault.New(fault.Forbidden, "forbidden.person")
	default:
		return fault.New(fault.Forbidden, "forbidden.scope", "scopes", strings.Join(scopes, ", "))
	}
}

// real is who really acts.
func (a Actor) real() string { return cmp.Or(a.RealID, a.ID) }

// person refuses programs: what a second person decides is decided by a person.
func (a Actor) person() error {
	if a.IsKey() {
		return fault.New(fault.Forbidden, "forbidden.person")
	}
	return nil
}
