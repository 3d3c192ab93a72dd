package app

import (
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/offboarding"
)

// scope is what an API key with it may act on and see, by the permissions
// above, and the roles whose steps it may work.
type scope struct{ acts, reads, works []string }

// scopes is everything that an API key may be given. No scope reaches what
// needs a person: keys, people, and the decisions of a second one.
var scopes = map[string]scope{
	"announcements:read": {reads: []string{"coming"}},
	"announcements:send": {acts: []string{"coming"}},
	"assignment:read":    {reads: []string{"assignment"}},
	"assignment:write":   {acts: []string{"assignment"}},
	"cases:read":         {reads: []string{"case", "reason"}},
	"cases:act":          {acts: []string{"case", "note", "obligation", "reason", "work"}, works: []string{"agent", "admin"}},
	"company:read":       {reads: []string{"company"}},
	"company:write":      {acts: []string{"company"}},
	"endings:read":       {reads: []string{"ending"}},
	"endings:write":      {acts: []string{"ending"}},
	"lanes:read":         {reads: []string{"lane"}},
	"lanes:write":        {acts: []string{"lane"}},
	"erasures:read":      {reads: []string{"erase"}}, // what is erased, orders of authorities
	"requests:write":     {acts: []string{"request"}},
	"customers:read":     {reads: []string{"customer"}},
	"customers:write":    {acts: []string{"customer"}},
	"complaints:read":    {reads: []string{"complaint"}},
	"complaints:write":   {acts: []string{"complaint"}},
	"offers:read":        {reads: []string{"offer", "policy"}},
	"offers:write":       {acts: []string{"offer"}},
	"policies:write":     {acts: []string{"policy"}}, // drafts: a person publishes
	"experiments:read":   {reads: []string{"experiment"}},
	"experiments:write":  {acts: []string{"experiment"}},
	"segments:read":      {reads: []string{"segment"}},
	"risks:read":         {reads: []string{"risk"}},
	"risks:write":        {acts: []string{"risk"}}, // plays
	"hours:read":         {reads: []string{"effort"}},
	"hours:write":        {acts: []string{"effort"}},
	"imports:write":      {acts: []string{"import"}},
	"data:read":          {reads: []string{"data"}},
	"data:write":         {acts: []string{"data"}},
	"readings:write":     {acts: []string{"reading"}},
	"statements:read":    {reads: []string{"statement"}},
	"statements:act":     {acts: []string{"statement"}, works: []string{"finance"}},
	"privacy:act":        {works: []string{"privacy"}},
	"success:act":        {works: []string{"success"}},
	"playbooks:read":     {reads: []string{"playbook"}},
	"playbooks:write":    {acts: []string{"playbook"}},
	"flows:read":         {reads: []string{"flow"}},
	"flows:write":        {acts: []string{"draft", "flow"}},
	"outbox:read":        {reads: []string{"outbox"}},
	"texts:read":         {reads: []string{"letter", "note"}}, // notes, evidence, what letters and the log say
	"metrics:read":       {reads: []string{"metrics", "improvement"}},
	"improvements:write": {acts: []string{"improvement"}},
	"values:read":        {reads: []string{"worth"}},
	"values:write":       {acts: []string{"worth"}}, // have them computed
	"voices:read":        {reads: []string{"voice"}},
	"winback:read":       {reads: []string{"winback"}},
	"winback:send":       {acts: []string{"winback"}},
	"audit:read":         {reads: []string{"audit"}},
	"users:read":         {reads: []string{"users"}},
	"webhooks:read":      {reads: []string{"webhook"}},
	"webhooks:write":     {acts: []string{"webhook"}},
}

// Scopes are everything that an API key may be given, by name.
func Scopes() []string { return slices.Sorted(maps.Keys(scopes)) }

// scoped returns the scopes that the test holds for.
func scoped(test func(scope) bool) (list []string) {
	for _, name := range Scopes() {
		if test(scopes[name]) {
			list = append(list, name)
		}
	}
	return list
}

func actScopes(what string) []string {
	return scoped(func(s scope) bool { return slices.Contains(s.acts, what) })
}

func readScopes(what string) []string {
	return scoped(func(s scope) bool { return slices.Contains(s.reads, what) })
}

func workScopes(s offboarding.Step) []string {
	return scoped(func(x scope) bool {
		return slices.ContainsFunc(s.Roles(), func(role string) bool { return slices.Contains(x.works, role) })
	})
}

// MayGive reports whether the person may give a key the scope: nobody gives
// what their own roles do not reach.
func (a Actor) MayGive(name string) bool {
	s, known := scopes[name]
	all := func(list []string, may func(string) bool) bool {
		return !slices.ContainsFunc(list, func(x string) bool { return !may(x) })
	}
	return known && all(s.acts, a.May) && all(s.reads, a.MayRead) && all(s.works, func(role string) bool { return a.Holds(role) })
}

// IsKey reports whether this is a program with an API key, not a person.
func (a Actor) IsKey() bool { return strings.HasPrefix(a.ID, "key_") }

// In reports whether the key has one of the scopes.
func (a Actor) In(scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(a.Scopes, s) })
}
