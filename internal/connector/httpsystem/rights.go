package httpsystem

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

// Rights says how it is found out what our credential may do, and what each thing that
// the system can do needs. Nothing is changed for it.
type Rights struct {
	Call    Operation           // is answered with what it may
	Header  string              // of the answer, in which that stands; or
	Path    string              // where it stands in its body: a list of words, or a text of them
	Implies map[string][]string // by right: those that it brings along
	// Need is the rights that each thing needs, by its key in the entry ("access") and,
	// of an action, by "actions" and its name with a dot between.
	Need map[string][]string
}

// credentialSlot is our own credential, in the body or form of the call that asks about
// it, and nowhere else.
const credentialSlot = "credential"

const actionsKey = "actions"

func (r reading) rights(where []string) *Rights {
	m := r.Keys(where, "call", "header", "path", "implies", "need")
	out := &Rights{Call: r.calls(below(where, "call")), Header: r.Word(m, where, "header"), Path: r.Word(m, where, "path")}
	if m.Has("implies") {
		out.Implies = r.wordLists(below(where, "implies"))
	}
	if need := below(where, "need"); m.Has("need") {
		names := r.Names(need)
		things := r.Keys(need, names...)
		out.Need = map[string][]string{}
		for _, name := range names {
			if name != actionsKey {
				out.Need[name] = r.Words(things, need, name)
				continue
			}
			for action, words := range r.wordLists(below(need, actionsKey)) {
				out.Need[actionsKey+"."+action] = words
			}
		}
	}
	return out
}

// wordLists reads lists of words by names that may be anything.
func (r reading) wordLists(where []string) map[string][]string {
	out, names := map[string][]string{}, r.Names(where)
	m := r.Keys(where, names...)
	for _, name := range names {
		out[name] = r.Words(m, where, name)
	}
	return out
}

// can are the things that the declaration says its system can do, as Need names them.
func (c Config) can() map[string]bool {
	out := map[string]bool{
		"operations": c.Billing != nil, "access": c.Access != nil, "read_only": c.Access != nil && c.Access.Reading != nil, "inventory": len(c.Inventory) > 0,
		"charges": c.Charges != nil, "ledger": c.Ledger != nil, "export": len(c.Export) > 0, "erase": len(c.Erase) > 0,
	}
	for name := range c.Actions {
		out[actionsKey+"."+name] = true
	}
	return out
}

func (x Rights) check(k *checker, where []string) {
	wrong := x.Call.lookingUp()
	wrong["already"], wrong["receipt"] = len(x.Call.Already) > 0, x.Call.Receipt != ""
	for _, key := range are(wrong) {
		k.bad(below(below(where, "call"), key), "system.not_here", "key", key)
	}
	if len(x.Call.Before) > 0 {
		k.bad(below(where, "call"), "system.want_map")
	}
	k.call(x.Call, below(where, "call"), probes, k.scope(never, credentialSlot))
	for _, key := range are(map[string]bool{"body": x.Call.Body != nil, "form": x.Call.Form != nil}) {
		if x.Call.Method == http.MethodGet {
			k.bad(below(below(where, "call"), key), "system.read_body")
		}
	}
	switch {
	case x.Header == "" && x.Path == "":
		k.bad(below(where, "header"), "field.required")
	case x.Header != "" && x.Path != "":
		k.bad(below(where, "path"), "system.not_here", "key", "path")
	case x.Path != "":
		k.path(x.Path, below(where, "path"))
	case !headerName.MatchString(x.Header):
		k.bad(below(where, "header"), "system.header")
	}
	lists := func(at []string, all map[string][]string) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			place := below(at, name)
			if action, is := strings.CutPrefix(name, actionsKey+"."); is {
				place = below(below(at, actionsKey), action)
			}
			k.words(all[name], place)
		}
	}
	lists(below(where, "implies"), x.Implies)
	lists(below(where, "need"), x.Need)
	if len(x.Need) == 0 {
		k.bad(below(where, "need"), "field.required")
	}
	can := k.config.can()
	for _, name := range slices.Sorted(maps.Keys(x.Need)) {
		place := below(below(where, "need"), name)
		if action, is := strings.CutPrefix(name, actionsKey+"."); is {
			place = below(below(below(where, "need"), actionsKey), action)
		}
		if !can[name] {
			k.bad(place, "system.unknown_key", "key", name)
		}
	}
}

// mayAll asks what our credential may do and names what it may not, and should.
func (s *System) mayAll(ctx context.Context, op string, x Rights) error {
	v := s.values(credentialSlot, s.bare())
	req, err := s.request(ctx, op, x.Call, v)
	if err != nil {
		return err
	}
	ans, err := s.get(op, req)
	var has []string
	told := false
	switch code := fault.CodeOf(err); {
	case err == nil, x.Header != "" && code == "connector.unreadable": // what stands below the header is its own business
		has, told = x.granted(ans)
	case fault.KindOf(err) == fault.Transient && code != "connector.unreadable", code == "connector.credential":
		return err
	}
	if !told { // it does not let us ask, has no such call, or says it in another way
		return s.Say(fault.Invalid, connector.RightsUnclear, ans.Status).At(op, err)
	}
	if lacks := x.lacks(has); len(lacks) > 0 {
		return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", strings.Join(lacks, ", ")).At(op, nil)
	}
	return nil
}

// bare is our credential without the scheme before it.
func (s *System) bare() string {
	if s.cfg.Auth.Header == "" {
		return ""
	}
	return strings.TrimPrefix(s.secret(), s.cfg.Auth.Scheme+" ")
}

// granted reads what the answer says that our credential may do; false: nothing.
func (x Rights) granted(ans httpcall.Answer) (has []string, told bool) {
	split := func(text string) []string {
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == ';' })
	}
	if x.Header != "" {
		values := ans.Header.Values(x.Header)
		for _, v := range values {
			has = append(has, split(v)...)
		}
		return has, len(values) > 0
	}
	switch v := ans.At(x.Path).(type) {
	case string:
		return split(v), v != ""
	case []any:
		for _, one := range v {
			word, ok := one.(string)
			if !ok {
				return nil, false
			}
			has = append(has, word)
		}
		return has, true
	}
	return nil, false
}

// lacks names every right that is needed and that none of those brings, each with what
// needs it.
func (x Rights) lacks(has []string) (out []string) {
	for i := 0; i < len(has); i++ { // what is brought along brings more along
		for right, more := range x.Implies {
			if !strings.EqualFold(right, has[i]) {
				continue
			}
			for _, m := range more {
				if !oneOf(has, m) {
					has = append(has, m)
				}
			}
		}
	}
	by := map[string][]string{}
	for _, thing := range slices.Sorted(maps.Keys(x.Need)) {
		for _, right := range x.Need[thing] {
			if !oneOf(has, right) {
				by[right] = append(by[right], thing)
			}
		}
	}
	for _, right := range slices.Sorted(maps.Keys(by)) {
		out = append(out, right+" ("+strings.Join(by[right], ", ")+")")
	}
	return out
}
