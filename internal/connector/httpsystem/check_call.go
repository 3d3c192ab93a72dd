package httpsystem

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
)

// reservedSlots are filled by us, and named by nobody else.
var reservedSlots = []string{"reference", "owner", "secret", "ends_at", "since", "held", credentialSlot, nobodySlot}

// refs says whether a call names what it is about.
type refs int

const (
	never refs = iota
	once
	maybe
)

// scope is what calls may hold, one after the other.
type scope struct {
	ref   refs
	known map[string]bool // slots; false: of which no more than one may stand in a call
	fixed map[string]bool // those that are the same in every call
	more  []string        // slots of bodies and forms beside
}

// scope of the first call; more are slots of bodies and forms beside.
func (k *checker) scope(ref refs, more ...string) scope {
	s := scope{ref: ref, known: map[string]bool{}, fixed: map[string]bool{}, more: more}
	for name := range k.config.With {
		s.known[name], s.fixed[name] = true, true
	}
	if ref != never {
		s.known["reference"] = true
	}
	return s
}

// list is the slots, for people.
func (s scope) list(more ...string) (all []string) {
	for _, name := range append(slices.Sorted(maps.Keys(s.known)), more...) {
		all = append(all, "{"+name+"}")
	}
	return all
}

// names reports whether a call says which thing it is about. Of a body, only a
// value of its own does.
func (s scope) names(o Operation) bool {
	for name := range s.known {
		text := "{" + name + "}"
		if s.fixed[name] {
			continue
		}
		head := o
		head.Body = nil
		if head.holds(text) || whole(o.Body, text) || o.Where != nil && slices.ContainsFunc(o.Where.Equals, func(w string) bool { return strings.Contains(w, text) }) {
			return true
		}
	}
	return false
}

// whole reports whether a text somewhere in a body template is the slot.
func whole(v any, want string) bool {
	switch v := v.(type) {
	case string:
		return v == want
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return whole(x, want) })
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), func(x any) bool { return whole(x, want) })
	}
	return false
}

// checkCalls checks what all calls share.
func (c Config) checkCalls(k *checker) {
	k.headers(c.Headers, at("headers"))
	for _, name := range slices.Sorted(maps.Keys(c.With)) {
		k.slotName(name, at("with", name))
		if value := c.With[name]; !declaration.IsRef(value) && !usable(value) {
			k.bad(at("with", name), "field.invalid")
		}
	}
	if c.Errors != nil {
		k.path(c.Errors.Path, at("errors", "path"))
	}
}

func (k *checker) slotName(name string, where []string) {
	if !declaration.SystemName.MatchString(name) || slices.Contains(reservedSlots, name) {
		k.bad(where, "system.slot_name", "name", name)
	}
}

// headers checks headers that are the same in every call.
func (k *checker) headers(all map[string]string, where []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if lower := strings.ToLower(name); lower != "accept" {
			k.header(name, below(where, name))
			if strings.EqualFold(name, k.config.Auth.Header) || strings.EqualFold(name, k.config.KeyHeader) || lower == "authorization" {
				k.bad(below(where, name), "system.header")
			}
		}
		if v := all[name]; v == "" || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
			k.bad(below(where, name), "field.invalid")
		}
	}
}

// indexed is the place of one of a list; one that is alone stands for the list.
func indexed(where []string, i, n int) []string {
	if n < 2 {
		return where
	}
	return below(where, strconv.Itoa(i))
}

// reading checks calls that change nothing, and those before them.
func (k *checker) reading(find []Operation, findAt []string, o Operation, where []string, sc scope) {
	if find != nil {
		sc = k.foundFirst(find, findAt, sc)
	}
	all := o.calls()
	for i, one := range all {
		at := indexed(where, i, len(all))
		k.call(one, at, reads, sc)
		k.only(one, at, true)
		sc = k.taken(one, at, sc, i == len(all)-1)
	}
}

// foundFirst checks the calls before all others of a capability. They stand once in
// the declaration, and are checked once.
func (k *checker) foundFirst(find []Operation, where []string, sc scope) scope {
	first := !slices.ContainsFunc(k.seen, func(at []string) bool { return slices.Equal(at, where) })
	k.seen = append(k.seen, where)
	before := len(k.found)
	for i, one := range find {
		at := indexed(where, i, len(find))
		k.call(one, at, reads, sc)
		k.only(one, at, true)
		sc = k.taken(one, at, sc, false)
	}
	if !first {
		k.found = k.found[:before]
	}
	return sc
}

// acting checks what changes something: what is looked up, and then the calls
// that do.
func (k *checker) acting(find []Operation, findAt []string, o Operation, where []string, sc scope) {
	if find != nil {
		sc = k.foundFirst(find, findAt, sc)
	}
	all, changes := o.calls(), 0
	for i, one := range all {
		at := indexed(where, i, len(all))
		if one.Method == http.MethodGet && i < len(all)-1 {
			if changes > 0 {
				k.bad(below(at, "method"), "system.read_late")
			}
			k.call(one, at, reads, sc)
			k.only(one, at, true)
			sc = k.taken(one, at, sc, false)
			continue
		}
		if changes++; changes > 1 && k.config.Effect == connector.Ask {
			k.bad(at, "system.calls_ask")
		}
		k.call(one, at, writes, sc)
		k.only(one, at, false)
		if k.config.Effect == connector.Ask && sc.each(one) {
			k.bad(at, "system.calls_ask")
		}
	}
}

// each reports whether a call is made once for each of a list.
func (s scope) each(o Operation) bool {
	for name, one := range s.known {
		if !one && o.holds("{"+name+"}") {
			return true
		}
	}
	return false
}

// taken adds what later calls may hold; last: there are none.
func (k *checker) taken(o Operation, where []string, sc scope, last bool) scope {
	sc.known = maps.Clone(sc.known)
	for _, from := range []struct {
		key   string
		slots map[string]string
		one   bool
	}{{"take", o.Take, true}, {"each", o.Each, false}} {
		for _, name := range slices.Sorted(maps.Keys(from.slots)) {
			at := below(below(where, from.key), name)
			k.slotName(name, at)
			k.path(from.slots[name], at)
			if _, there := sc.known[name]; there && !slices.Contains(reservedSlots, name) {
				k.bad(at, "system.slot_name", "name", name)
			}
			sc.known[name] = from.one
		}
		if last && len(from.slots) > 0 {
			k.bad(below(where, from.key), "system.not_here", "key", from.key)
		}
	}
	return sc
}

// only checks the keys that have a meaning only in readings, or only in acts.
func (k *checker) only(o Operation, where []string, reading bool) {
	wrong := map[string]bool{}
	if reading {
		for _, key := range are(map[string]bool{"body": o.Body != nil, "form": o.Form != nil}) {
			k.bad(below(where, key), "system.read_body")
		}
		if o.Receipt != "" {
			k.bad(below(where, "receipt"), "system.unknown_key", "key", "receipt")
		}
		wrong["already"] = len(o.Already) > 0
		wrong["take"] = len(o.Take) > 0 && len(o.Each) > 0
		for _, key := range are(map[string]bool{"left_out": o.LeftOut, "where": o.Where != nil, "pages": o.Pages != nil, "each": len(o.Each) > 0}) {
			if o.Items == "" {
				k.bad(below(where, key), "system.needs", "key", key, "needs", "items")
			}
		}
		if o.Items != "" {
			k.path(o.Items, below(where, "items"))
		}
		if o.Where != nil {
			o.Where.check(k, below(where, "where"))
		}
		if o.Pages != nil {
			o.Pages.check(k, below(where, "pages"))
		}
	} else {
		wrong = o.lookingUp()
		k.statuses(o.Already, below(where, "already"))
	}
	for _, key := range are(wrong) {
		k.bad(below(where, key), "system.not_here", "key", key)
	}
}

// are is the keys that are there, sorted.
func are(keys map[string]bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(keys)), func(key string) bool { return !keys[key] })
}

// paths checks optional paths.
func (k *checker) paths(where []string, paths map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(paths)) {
		if paths[key] != "" {
			k.path(paths[key], below(where, key))
		}
	}
}

// lookingUp is the keys with a meaning only where something is looked up.
func (o Operation) lookingUp() map[string]bool {
	return map[string]bool{
		"take": len(o.Take) > 0, "each": len(o.Each) > 0, "items": o.Items != "", "left_out": o.LeftOut, "where": o.Where != nil, "pages": o.Pages != nil,
	}
}

func (p Pages) check(k *checker, where []string) {
	ways := 0
	for _, there := range []bool{p.Next != "", p.Link, p.Cursor != "" || p.Into != "", p.Number != "" || p.Size != 0} {
		if there {
			ways++
		}
	}
	if ways != 1 || (p.Cursor == "") != (p.Into == "") || (p.Number == "") != (p.Size == 0) || p.Size < 0 {
		k.bad(where, "system.pages")
	}
	k.paths(where, map[string]string{"next": p.Next, "cursor": p.Cursor, "more": p.More})
	if p.Most < 0 || p.Most > maxPages {
		k.bad(below(where, "most"), "system.range", "min", "1", "max", strconv.Itoa(maxPages))
	}
}

// call checks one call.
func (k *checker) call(o Operation, where, methods []string, sc scope) {
	switch {
	case o.Method == "":
		k.bad(below(where, "method"), "field.required")
	case !slices.Contains(methods, o.Method):
		k.bad(below(where, "method"), "system.word", "words", strings.Join(methods, ", "))
	}
	k.callPath(o, where, sc)
	more := sc.more
	for _, texts := range []struct {
		key string
		all map[string]string
	}{{"query", o.Query}, {"form", o.Form}} {
		allowed := sc.list()
		if texts.key == "form" {
			allowed = sc.list(slices.DeleteFunc(slices.Clone(more), func(s string) bool { return s == "ends_at" })...)
		}
		for _, key := range slices.Sorted(maps.Keys(texts.all)) {
			k.slots(texts.all[key], allowed, below(below(where, texts.key), key))
		}
	}
	k.headers(o.Headers, below(where, "headers"))
	if o.Receipt != "" {
		k.path(o.Receipt, below(where, "receipt"))
	}
	if o.Body != nil && o.Form != nil {
		k.bad(below(where, "form"), "system.bodies")
	}
	if o.Where != nil {
		for _, text := range o.Where.Equals {
			k.slots(text, sc.list(), below(below(where, "where"), "equals"))
		}
	}
	if o.Body != nil && o.Method != http.MethodGet {
		allowed := sc.list(more...)
		if s := wrongSlot(o.Body, allowed); s != "" {
			k.bad(below(where, "body"), "system.body_slot", "slot", s, "allowed", strings.Join(allowed, ", "))
		} else if _, err := json.Marshal(o.Body); err != nil {
			k.bad(below(where, "body"), "field.invalid")
		}
	}
	once := 0
	for name, one := range sc.known {
		if !one && o.holds("{"+name+"}") {
			once++
		}
	}
	if once > 1 || once == 1 && slices.Equal(methods, reads) {
		k.bad(where, "system.each")
	}
}

// callPath checks that a call stays where it is and says what it is about.
func (k *checker) callPath(o Operation, where []string, sc scope) {
	code := "system.path_slot"
	if sc.ref != once {
		code = "system.path_plain"
	}
	where = below(where, "path")
	switch {
	case !rightPath(o.Path), sc.ref == never && strings.Contains(o.Path, "{reference}"):
		k.bad(where, code, "slot", "{reference}")
	case !k.slots(o.Path, sc.list(), where):
	case sc.ref == once && len(o.Take) == 0 && len(o.Each) == 0 && !sc.names(o):
		k.bad(where, code, "slot", "{reference}")
	}
}

// slots checks that a text holds only slots that are known.
func (k *checker) slots(text string, allowed, where []string) bool {
	for _, s := range slot.FindAllString(text, -1) {
		if !slices.Contains(allowed, s) {
			k.bad(where, "system.slot", "slot", s, "allowed", strings.Join(allowed, ", "))
			return false
		}
	}
	return true
}

// rightPath reports whether a path stays where it is.
func rightPath(p string) bool {
	if !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "?#\\ ") || strings.Contains(p, "//") || strings.Count(p, "{reference}") > 1 {
		return false
	}
	u, err := url.Parse(slot.ReplaceAllString(p, "r"))
	return err == nil && !slices.Contains(strings.Split(u.Path, "/"), "..")
}
