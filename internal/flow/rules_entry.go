package flow

import (
	"slices"

	"hastaluego/internal/jurisdiction"
)

// pages are the entries that stand on a page.
func (v *View) entryPages() (list []int) {
	for _, i := range v.entries {
		if m := v.node(i).medium(); m == "web" || m == "app" {
			list = append(list, i)
		}
	}
	return list
}

func seeLogin(v *View) (out []sight) {
	wall := func(i int) bool {
		n := v.node(i)
		return n.Kind == "auth" && n.Auth.Mode != "none" && n.Auth.Mode != "non_blocking_email"
	}
	for i := range v.in {
		if v.onTheWay(i) && wall(i) && v.unavoidable(func(j int) bool { return j == i }) {
			seen := "any"
			if v.node(i).Auth.Mode == "existing_session" {
				seen = "existing_ok"
			}
			out = append(out, at(i, ".auth.mode", "login_wall", "mode", v.node(i).Auth.Mode).sees(word(seen)))
		}
	}
	for _, i := range v.entryPages() {
		e := v.node(i).Entry
		if e == nil || e.Login == "" {
			out = append(out, at(i, "", "entry_unknown").sees(nil))
			continue
		}
		seen := map[string]string{"none": "forbid", "existing_session": "existing_ok", "required": "any"}[e.Login]
		out = append(out, at(i, ".entry.login", "entry_login", "login", e.Login).sees(word(seen)))
	}
	return out
}

// locations are where the entries on a page stand; said is false where one does
// not say so.
func (v *View) locations() (where []string, said bool) {
	said = true
	for _, i := range v.entryPages() {
		e := v.node(i).Entry
		if e == nil || len(e.Location) == 0 {
			said = false
			continue
		}
		where = append(where, e.Location...)
	}
	return where, said
}

func seeLocation(v *View) (out []sight) {
	list := v.entryPages()
	if len(list) == 0 {
		return nil
	}
	where, said := v.locations()
	if !said {
		i := slices.IndexFunc(list, func(i int) bool { e := v.node(i).Entry; return e == nil || len(e.Location) == 0 })
		return []sight{at(list[i], "", "entry_unknown").sees(nil)}
	}
	return []sight{at(list[0], ".entry.location", "entry_place", "where", names(where)).sees(&value{Words: where})}
}

func names(words []string) string {
	words = slices.Clone(words)
	slices.Sort(words)
	if words = slices.Compact(words); len(words) == 0 {
		return "–"
	}
	return list(words)
}

func seePermanent(v *View) (out []sight) {
	for _, i := range v.entryPages() {
		s := at(i, ".entry", "entry_passing")
		if e := v.node(i).Entry; e == nil || e.Permanent == nil {
			out = append(out, s.sees(nil))
		} else {
			out = append(out, s.sees(yes(*e.Permanent)))
		}
	}
	return out
}

func seeEntries(why, below string, get func(*Entry) *int) func(*View) []sight {
	return func(v *View) (out []sight) {
		for _, i := range v.entryPages() {
			if e := v.node(i).Entry; e == nil || get(e) == nil {
				out = append(out, at(i, "", "entry_unknown").sees(nil))
			} else {
				n := *get(e)
				out = append(out, at(i, below, why, "clicks", n, "siblings", n, "max", "{max}").sees(num(n)))
			}
		}
		return out
	}
}

// seeLabels sees the labels that a parameter prescribes.
func seeLabels(param string) func(*View) []sight {
	return func(v *View) (out []sight) {
		v.deciding(func(i, j int, a *Action) {
			if prescribedParam(v.node(i), a, v.Flow.Act) == param {
				label, _, _ := v.Label(a)
				out = append(out, at(i, v.labelAt(j, a), "not_prescribed", "label", label, "wanted", "{wanted}").by(a).said(label).sees(&value{}))
			}
		})
		return out
	}
}

func judgeLabel(v *View, want value, s sight) jurisdiction.Result {
	for j := range v.node(s.node).Action {
		if a := &v.node(s.node).Action[j]; a.ID == s.action {
			if v.accepts(a, want.Labels) {
				return jurisdiction.Pass
			}
			return jurisdiction.Fail
		}
	}
	return jurisdiction.Unknown
}

// seeChannels sees by which means one can leave, in the words of channels.min.
func seeChannels(v *View) []sight {
	var by []string
	for _, m := range v.exitMedia() {
		switch m {
		case "web", "app":
			by = append(by, "online", "electronic")
		case "email", "chat":
			by = append(by, m, "electronic")
		default:
			by = append(by, m)
		}
	}
	s := at(-1, ".flow", "channels", "channels", names(by))
	if len(v.entries) > 0 {
		s.node, s.path = v.entries[0], at(v.entries[0], "", "").path
	}
	if len(v.Flow.Concluded) == 0 {
		return []sight{s.sees(nil)}
	}
	switch lacking, known := v.lacking(); {
	case len(lacking) > 0:
	case known:
		by = append(by, "same_as_contract", "any_contracting")
	default:
		return []sight{at(-1, ".concluded", "app_unknown").sees(nil)}
	}
	return []sight{s.sees(&value{Words: by})}
}

func seeParity(v *View) []sight {
	if len(v.Flow.Concluded) == 0 {
		return []sight{at(-1, ".flow", "concluded_unknown").sees(nil)}
	}
	lacking, known := v.lacking()
	if len(lacking) == 0 && !known {
		return []sight{at(-1, ".concluded", "app_unknown").sees(nil)}
	}
	s := at(-1, ".concluded", "no_parity", "media", names(v.Flow.Concluded))
	if len(lacking) > 0 {
		s = at(-1, indexed(".concluded", lacking[0]), "no_parity", "media", names(v.Flow.Concluded))
	}
	return []sight{s.sees(yes(len(lacking) == 0))}
}

func seeOnline(v *View) []sight {
	online := v.reach(v.entryPages(), func(e edge) bool {
		return v.leads(e) && !slices.Contains(offline, v.node(e.to).medium())
	}, nil)
	on := slices.ContainsFunc(v.main(), func(g int) bool { return online[g] })
	return []sight{at(-1, ".nodes", "not_online").sees(yes(on))}
}

func seePhones(v *View) (out []sight) {
	v.met(func(i int, _ *Node) {
		v.numbers(i, func(below, phone string) {
			if costs := rate(phone, v.countries()); costs != "" {
				out = append(out, at(i, below, "premium_phone").said(phone).sees(word(costs)))
			} else {
				out = append(out, at(i, below, "phone_unread").said(phone).sees(nil))
			}
		})
	})
	return out
}
