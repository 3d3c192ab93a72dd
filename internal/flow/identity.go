package flow

import (
	"slices"

	"hastaluego/internal/jurisdiction"
)

// Identity is a way of proving who leaves, and what the law says of it where
// nobody comes past it.
type Identity struct {
	Mode string
	Used bool // the customer meets it
	// Says is Pass where every rule that holds allows it, Fail where one does not,
	// Unknown where it is not known whether one that does not holds.
	Says    jurisdiction.Result
	Rules   []*jurisdiction.Applied // that say so; none: no law of there says anything
	Pattern string                  // that forbids it where no law does: DP06 or DP23
}

// AuthModes are all ways of proving who leaves that a flow can name.
func AuthModes() []string { return slices.Clone(authModes) }

// Identities are all of them, under the law of the view.
func (v *View) Identities() (list []Identity) {
	var rules []*jurisdiction.Applied
	if v.law.Effective != nil {
		for _, a := range v.law.Effective.Rules(jurisdiction.Static) {
			if a.Rule.Param.Name == "auth.mode" {
				rules = append(rules, a)
			}
		}
	}
	for _, mode := range authModes {
		x := Identity{Mode: mode, Says: jurisdiction.Pass}
		for i := range v.in {
			if n := v.node(i); v.in[i] && n.Auth != nil && n.Auth.Mode == mode {
				x.Used = true
			}
		}
		var allow, forbid, may []*jurisdiction.Applied
		for _, a := range rules {
			switch allowed := slices.Contains(a.Rule.Value.Words, mode); {
			case allowed && a.Holds == jurisdiction.Pass:
				allow = append(allow, a)
			case !allowed && a.Holds == jurisdiction.Pass:
				forbid = append(forbid, a)
			case !allowed:
				may = append(may, a)
			}
		}
		switch {
		case len(forbid) > 0:
			x.Says, x.Rules = jurisdiction.Fail, forbid
		case mode == "blocking_email":
			x.Says, x.Pattern = jurisdiction.Fail, "DP23"
		case len(allow) == 0 && !slices.Contains(freeModes, mode):
			x.Says, x.Pattern = jurisdiction.Fail, "DP06"
		case len(may) > 0:
			x.Says, x.Rules = jurisdiction.Unknown, may
		default:
			x.Rules = allow
		}
		list = append(list, x)
	}
	return list
}

// Login is what the law of the view says about signing in before the act is
// registered: the strictest word (forbid, existing_ok, or any where no rule says
// anything), the rules that say it, and whether they hold or it is not known.
func (v *View) Login() (word string, rules []*jurisdiction.Applied, holds jurisdiction.Result) {
	if v.law.Effective == nil {
		return "any", nil, jurisdiction.Pass
	}
	strict := []string{"any", "existing_ok", "forbid"}
	for _, holds = range []jurisdiction.Result{jurisdiction.Pass, jurisdiction.Unknown} {
		most := 0
		for _, a := range v.law.Effective.Rules(jurisdiction.Static) {
			if a.Rule.Param.Name != "entry.login" || a.Holds != holds {
				continue
			}
			switch at := slices.Index(strict, a.Rule.Value.Word); {
			case at > most:
				most, rules = at, []*jurisdiction.Applied{a}
			case at == most && at > 0:
				rules = append(rules, a)
			}
		}
		if most > 0 {
			return strict[most], rules, holds
		}
	}
	return "any", nil, jurisdiction.Pass
}
