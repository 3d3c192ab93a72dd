package httpsystem

import (
	"context"
	"encoding/base64"
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
	Call    Operation            // is answered with what it may
	Header  string               // of the answer, in which that stands; or
	Path    string               // where it stands in its body: a list of words, or a text of them
	Claims  []string             // instead of Call: claims of the credential itself, a JWT, in which it stands
	Tries   map[string]Operation // instead of both, by right: a call about {nobody}, which whoever lacks it is refused for that (RFC 6750)
	Implies map[string][]string  // by right: those that it brings along
	// Need is the rights that each thing needs, by its key in the entry ("access") and,
	// of an action, by "actions" and its name with a dot between.
	Need map[string][]string
}

// credentialSlot is our own credential, in the body or form of the call that asks about
// it, and nowhere else.
const credentialSlot = "credential"

const actionsKey = "actions"

func (r reading) rights(where []string) *Rights {
	m := r.Keys(where, "call", "header", "path", "claims", "tries", "implies", "need")
	out := &Rights{Header: r.Word(m, where, "header"), Path: r.Word(m, where, "path"), Claims: r.Words(m, where, "claims")}
	if m.Has("call") {
		out.Call = r.calls(below(where, "call"))
	}
	if at := below(where, "tries"); m.Has("tries") {
		out.Tries = map[string]Operation{}
		for _, right := range r.Names(at) {
			out.Tries[right] = r.calls(below(at, right))
		}
	}
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
		"charges": c.Charges != nil, "ledger": c.Ledger != nil, "export": len(c.Export) > 0, "erase": len(c.Erase) > 0, messagesKey: c.Messages != nil,
	}
	for name := range c.Actions {
		out[actionsKey+"."+name] = true
	}
	return out
}

func (x Rights) check(k *checker, where []string) {
	switch {
	case x.Claims != nil:
		k.words(x.Claims, below(where, "claims"))
		if k.config.Auth.Header == "" {
			k.bad(below(where, "claims"), "system.needs", "key", "claims", "needs", "auth")
		}
	case x.Tries != nil:
		x.checkTries(k, below(where, "tries"))
	default:
		x.checkCall(k, where)
	}
	for _, key := range are(map[string]bool{
		"call": x.Call.declared() && (x.Claims != nil || x.Tries != nil), "tries": x.Tries != nil && x.Claims != nil,
		"header": x.Header != "" && (x.Claims != nil || x.Tries != nil), "path": x.Path != "" && (x.Claims != nil || x.Tries != nil),
	}) {
		k.bad(below(where, key), "system.not_here", "key", key)
	}
	x.checkNeed(k, where)
}

// nobodySlot is the name of nobody, in the path of a call that tries a right: whatever
// the call would change, there is nothing of that name.
const nobodySlot = "nobody"

// checkTries checks the calls by which rights are tried.
func (x Rights) checkTries(k *checker, where []string) {
	if len(x.Tries) == 0 {
		k.bad(where, "field.required")
	}
	for _, right := range slices.Sorted(maps.Keys(x.Tries)) {
		o, at := x.Tries[right], below(where, right)
		wrong := o.lookingUp()
		wrong["already"], wrong["receipt"], wrong["headers"] = len(o.Already) > 0, o.Receipt != "", len(o.Headers) > 0
		for _, key := range are(wrong) {
			k.bad(below(at, key), "system.not_here", "key", key)
		}
		if len(o.Before) > 0 {
			k.bad(at, "system.want_map")
		}
		sc := k.scope(never)
		sc.known[nobodySlot] = true
		k.call(o, at, slices.Concat(reads, writes), sc)
		if !strings.Contains(o.Path, "{"+nobodySlot+"}") {
			k.bad(below(at, "path"), "system.path_slot", "slot", "{"+nobodySlot+"}")
		}
		if !k.needed(x, right) {
			k.bad(at, "system.unknown_key", "key", right)
		}
	}
}

// needed reports whether anything needs the right, by itself or by what it brings.
func (k *checker) needed(x Rights, right string) bool {
	for _, list := range x.Need {
		if oneOf(list, right) {
			return true
		}
	}
	_, implies := x.Implies[right]
	return implies
}

// checkCall checks the call that is answered with rights.
func (x Rights) checkCall(k *checker, where []string) {
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
}

// checkNeed checks what brings what along, and what needs what.
func (x Rights) checkNeed(k *checker, where []string) {
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
	has, err := s.may(ctx, op, x)
	if err != nil {
		return err
	}
	if lacks := x.lacks(has); len(lacks) > 0 {
		return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", strings.Join(lacks, ", ")).At(op, nil)
	}
	return nil
}

// may finds out what our credential may do, in the way that is declared.
func (s *System) may(ctx context.Context, op string, x Rights) (has []string, err error) {
	switch {
	case x.Claims != nil:
		has, told := claimed(s.bare(), x.Claims)
		if !told {
			return nil, s.Say(fault.Invalid, connector.RightsUnclear, 0).At(op, nil)
		}
		return has, nil
	case x.Tries != nil:
		return s.tried(ctx, op, x)
	}
	return s.asked(ctx, op, x)
}

// claimed reads the words of claims of a JWT (RFC 7519). Its signature is not ours to
// check: whoever made it checks it at each call. false: it is none, or says nothing of
// the kind.
func claimed(token string, claims []string) (has []string, told bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, false
	}
	var ans httpcall.Answer
	if ans.Read(raw); ans.Err != nil {
		return nil, false
	}
	payload, _ := ans.Body.(map[string]any)
	for _, claim := range claims {
		if words, ok := rightWords(payload[claim]); ok {
			has, told = append(has, words...), true
		}
	}
	return has, told
}

// insufficient is the word for a credential that lacks a right (RFC 6750 section 3.1).
const insufficient = "insufficient_scope"

// tried makes every call that tries a right, about nobody, and returns those that were
// not refused.
func (s *System) tried(ctx context.Context, op string, x Rights) (has []string, err error) {
	v := s.values(nobodySlot, nowhere)
	for _, right := range slices.Sorted(maps.Keys(x.Tries)) {
		req, err := s.request(ctx, op, x.Tries[right], v)
		if err != nil {
			return nil, err
		}
		ans, err := s.get(op, req)
		code := fault.CodeOf(err)
		switch {
		case code == "connector.no_right" && strings.Contains(strings.Join(ans.Header.Values("WWW-Authenticate"), " "), insufficient):
			continue
		case code == "connector.no_right", ans.Status >= 300 && ans.Status < 400: // refused for what it does not say, or it is somewhere else
			return nil, s.Say(fault.Invalid, connector.RightsUnclear, ans.Status).At(op, err)
		case code == "connector.credential", fault.KindOf(err) == fault.Transient && code != "connector.unreadable":
			return nil, err
		}
		has = append(has, right)
	}
	return has, nil
}

// asked makes the call that is answered with what our credential may do.
func (s *System) asked(ctx context.Context, op string, x Rights) (has []string, err error) {
	v := s.values(credentialSlot, s.bare())
	req, err := s.request(ctx, op, x.Call, v)
	if err != nil {
		return nil, err
	}
	ans, err := s.get(op, req)
	told := false
	switch code := fault.CodeOf(err); {
	case err == nil, x.Header != "" && code == "connector.unreadable": // what stands below the header is its own business
		has, told = x.granted(ans)
	case fault.KindOf(err) == fault.Transient && code != "connector.unreadable", code == "connector.credential":
		return nil, err
	}
	if !told { // it does not let us ask, has no such call, or says it in another way
		return nil, s.Say(fault.Invalid, connector.RightsUnclear, ans.Status).At(op, err)
	}
	return has, nil
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
	if x.Header != "" {
		values := ans.Header.Values(x.Header)
		for _, v := range values {
			has = append(has, parted(v)...)
		}
		return has, len(values) > 0
	}
	return rightWords(ans.At(x.Path))
}

// parted are the words of a text, with commas, spaces or semicolons between.
func parted(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == ';' })
}

// rightWords are those of a list, or of a text; false: it is neither.
func rightWords(v any) (has []string, told bool) {
	switch v := v.(type) {
	case string:
		return parted(v), v != ""
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
