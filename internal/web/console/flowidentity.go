package console

import (
	"slices"
	"strings"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
)

// identityRow is how it is proved who leaves under one law.
type identityRow struct {
	Place     string
	Used      []badge
	Allowed   ruledModes
	Forbidden []ruledModes
	Unknown   []ruledModes
	Login     ruledModes // whether one may be asked to sign in before
}

// ruledModes are proofs of identity of which the same rules say the same.
type ruledModes struct {
	Modes string
	Rules []ruleView
}

// ruleView is a rule, or a pattern where no law says anything.
type ruleView struct{ ID, Cite, URL, Says string }

func (v *visit) viewIdentity(l flow.Law, view *flow.View) identityRow {
	row := identityRow{Place: v.placeName(l.Place)}
	groups := map[jurisdiction.Result][]ruledModes{}
	keys := map[jurisdiction.Result][]string{}
	for _, x := range view.Identities() {
		name := flowWord(v.lang, "identity.mode."+x.Mode)
		if x.Used {
			b := badge{"check", "", name}
			if x.Says == jurisdiction.Fail {
				b = badge{"x", "bad", name}
			}
			row.Used = append(row.Used, b)
		}
		rules := v.viewRules(x.Rules, x.Pattern)
		key := ""
		for _, r := range rules {
			key += r.ID + "\n"
		}
		if x.Says == jurisdiction.Pass {
			key = ""
		}
		i := slices.Index(keys[x.Says], key)
		if i < 0 {
			keys[x.Says], groups[x.Says] = append(keys[x.Says], key), append(groups[x.Says], ruledModes{name, rules})
			continue
		}
		g := &groups[x.Says][i]
		g.Modes += ", " + name
		if len(g.Rules) == 0 {
			g.Rules = rules
		}
	}
	if list := groups[jurisdiction.Pass]; len(list) > 0 {
		row.Allowed = list[0]
	}
	row.Forbidden, row.Unknown = groups[jurisdiction.Fail], groups[jurisdiction.Unknown]
	word, rules, holds := view.Login()
	row.Login = ruledModes{flowWord(v.lang, "identity.login."+word), v.viewRules(rules, "")}
	if holds == jurisdiction.Unknown {
		row.Login.Modes = flowWord(v.lang, "identity.login.unknown", "what", row.Login.Modes)
	}
	return row
}

func (v *visit) viewRules(list []*jurisdiction.Applied, pattern string) (rules []ruleView) {
	for _, a := range list {
		if r := a.Rule; !slices.ContainsFunc(rules, func(x ruleView) bool { return x.ID == r.ID }) {
			rules = append(rules, ruleView{r.ID, r.Cite.Ref, r.Cite.URL, r.Message[v.lang]})
		}
	}
	if pattern != "" {
		rules = append(rules, ruleView{ID: pattern, Cite: strings.TrimSpace(text.Say(v.lang, "flow.pattern."+pattern))})
	}
	return rules
}
