package jurisdiction_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/jurisdiction"
)

// beyond is where a pack asks for more than what passes everywhere, and why
// that is right. Labels stand side by side in any case.
var beyond = map[string]string{
	"erase.exceptions [ar, co]":        "what may be kept is said by the law of the place; nothing is kept on a ground that only one of them knows",
	"evidence.keep.min [co, us-ca]":    "ten years, and years from another event, are too long to keep of somebody who may live elsewhere",
	"notice.price_change [es-telecom]": "only telecoms tell a month ahead, and they are known by their sector",
	"notice.renewal [mx, us-ca]":       "there the time for saying no ends with the renewal, so that D-35 and D-20 are within both windows",
	"winback.basis [pe]":               "nobody but Peru forbids asking; the consent after the receipt is one that is asked for",
	"fields.allowed [us-mn]":           "a ground for leaving at once is asked by German law and never required",
	"withdraw.period [co, uy]":         "five business days end before the fourteen days of everywhere, but for a fortnight of holidays",
	"withdraw.ext [uy]":                "without an end where nobody was told; everywhere else twelve months",
	"dsr.ext.max [mx, us-ca]":          "everywhere answers within five days and puts nothing off",
	"refund.max [ar, co, uy]":          "counted from another event; at once is what everywhere begins with, and five days is when it has arrived",
}

// Whoever falls under any pack is served by what passes everywhere: asked
// beside it, a pack changes nothing, but for what is listed above.
func TestWhatPassesEverywhereIsTheStrictestOfAllPacks(t *testing.T) {
	t.Parallel()
	l := shipped(t)
	more := map[string][]string{} // parameter → packs that ask for more
	for _, f := range profiles(l) {
		f["customer.residence"] = "ES" // one calendar, whatever packs are asked
		safe := effective(t, l, f, jurisdiction.SafeEverywhere)
		for _, p := range l.Packs() {
			if slices.Contains(l.Chain(l.Pack(jurisdiction.SafeEverywhere)), p) {
				continue
			}
			for _, s := range effective(t, l, f, jurisdiction.SafeEverywhere, p.ID).Settings {
				had, ok := safe.Of(s.Param.Name)
				if !ok || s.Param.Kind == jurisdiction.Label || had.Outcome != jurisdiction.Settled || s.Outcome != jurisdiction.Settled || had.Value.String() == s.Value.String() {
					continue
				}
				if !slices.Contains(more[s.Param.Name], p.ID) {
					more[s.Param.Name] = append(more[s.Param.Name], p.ID)
				}
			}
		}
	}
	found := map[string]bool{}
	for param, packs := range more {
		slices.Sort(packs)
		found[param+" ["+strings.Join(packs, ", ")+"]"] = true
	}
	for what := range found {
		if beyond[what] == "" {
			t.Errorf("more than what passes everywhere: %s", what)
		}
	}
	for what := range beyond {
		if !found[what] {
			t.Errorf("no pack asks for more any longer: %s", what)
		}
	}
}

// A rule of what passes everywhere names packs that have a rule about it.
func TestWhatForcesARuleOfEverywhereIsThere(t *testing.T) {
	t.Parallel()
	l := shipped(t)
	for _, r := range l.Pack(jurisdiction.SafeEverywhere).Rules {
		for _, id := range r.ForcedBy {
			p := l.Pack(id)
			if p == nil {
				t.Errorf("%s is forced by %s, which is not there", r.ID, id)
				continue
			}
			there := slices.ContainsFunc(l.Chain(p), func(c *jurisdiction.Pack) bool {
				return slices.ContainsFunc(c.Rules, func(o *jurisdiction.Rule) bool { return o.Param == r.Param })
			})
			if !there {
				t.Errorf("%s is forced by %s, which has no rule about %s", r.ID, id, r.Param.Name)
			}
		}
	}
}
